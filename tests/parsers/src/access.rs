//! Access files.

use std::fs;
use std::sync::LazyLock;

use glimpse_service::Access;
use sha2::{Digest, Sha256};
use tempfile::TempDir;

use crate::seeds::Seeds;

/// The text of an access file.
pub(crate) fn read(input: &[u8]) {
    static FOLDER: LazyLock<TempDir> = LazyLock::new(|| tempfile::tempdir().unwrap());
    let path = FOLDER.path().join("access.toml");
    fs::write(&path, input).unwrap();
    match Access::from_file(&path, []) {
        Ok(access) => {
            let principals = access.principals();
            assert!(principals.iter().all(|principal| !principal.id.is_empty()));
            assert!(!access.reload().unwrap(), "the same file says something else");
            let _ = format!("{access:?}");
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

/// One of everything that an access file can say.
pub(crate) fn seeds(seeds: &mut Seeds) {
    let hash: String = Sha256::digest(b"a").iter().map(|byte| format!("{byte:02x}")).collect();
    let key = format!(
        "{{ sha256 = \"{hash}\", label = \"2026\", not_before = \"2026-01-01T00:00:00Z\", not_after = 2027-01-01T00:00:00Z }}"
    );
    let issuer = format!("[[principal]]\nid = \"registry\"\nrole = \"issuer\"\nkeys = [{key}]\n");
    let certificate =
        format!("[[principal]]\nid = \"auditor\"\nrole = \"auditor\"\ncertificates = [\"{hash}\"]\n");
    let party = format!(
        "[[principal]]\nid = \"bar\"\nrole = \"relying_party\"\nname = {{ zh-CN = \"酒吧\", en = \"Bar\" }}\nkeys = [{key}]\n\
         [principal.may_ask]\nschemas = [\"cn.driving_licence\"]\nstatements = [\"age\"]\nchecks = [\"token\"]\n\
         prove = [\"cn.driving_licence.birth_date\"]\ndisclose = \"any\"\n"
    );
    seeds.add(&issuer);
    seeds.add(&certificate);
    seeds.add(&party);
    seeds.add(format!("{issuer}{certificate}{party}"));
    seeds.add("");
}
