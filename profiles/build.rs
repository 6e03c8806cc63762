//! Lists the files of `data/`, so that a new profile or a new code table is one file and no code.

use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let variable = |name: &str| env::var_os(name).map(PathBuf::from).ok_or(io::ErrorKind::NotFound);
    let data = variable("CARGO_MANIFEST_DIR")?.join("data");
    let out = variable("OUT_DIR")?;
    fs::write(out.join("profiles.rs"), list(&data)?)?;
    fs::write(out.join("tables.rs"), list(&data.join("tables"))?)
}

/// An expression: the texts of the JSON files right in a folder, in the order of their names.
fn list(folder: &Path) -> io::Result<String> {
    println!("cargo::rerun-if-changed={}", folder.display());
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "json") {
            files.push(path);
        }
    }
    files.sort();
    let included: String = files.iter().map(|path| format!("    include_str!({path:?}),\n")).collect();
    Ok(format!("&[\n{included}]\n"))
}
