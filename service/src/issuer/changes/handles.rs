//! Which handles revocation lists leave out.

use crate::lifecycle::IssuedCredential;
use crate::store::licences::{LicenceRecord, ListId, ListedHandle};

/// The handles that lists leave out from now on, and those that they do not leave out any longer.
pub(super) fn moves(before: &LicenceRecord, after: &LicenceRecord) -> (Vec<ListedHandle>, Vec<ListedHandle>) {
    let handles = listed(before, &after.standing.credentials);
    match (before.standing.is_good(), after.standing.is_good()) {
        (true, false) => (handles, Vec::new()),
        (false, true) => (Vec::new(), handles),
        (true, true) | (false, false) => (Vec::new(), Vec::new()),
    }
}

/// The handles of credentials that lists can leave out.
pub(super) fn listed(licence: &LicenceRecord, credentials: &[IssuedCredential]) -> Vec<ListedHandle> {
    let list = |key: [u8; 32]| ListId { key, schema: licence.schema };
    let with_handles = credentials.iter().filter(|credential| credential.handle != 0);
    with_handles
        .map(|one| ListedHandle { list: list(one.key.encoded().to_bytes()), handle: one.handle })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use glimpse_api::{EndedAs, LicenceChange};
    use glimpse_circuits::key::IssuerPublicKey;
    use glimpse_profiles::builtin;
    use proptest::prelude::*;

    use super::*;
    use crate::ids::Id;

    fn licence() -> LicenceRecord {
        LicenceRecord::new(builtin()[0].schema(), "h".into(), &[], Vec::new(), 0)
    }

    proptest! {
        /// Whatever becomes of a licence: lists leave out every handle that was ever given out for it, but those of the
        /// credentials that its holder has while it is good.
        #[test]
        fn a_handle_is_left_out_unless_its_licence_is_good(acts in prop::collection::vec(0u8..10, 0..60)) {
            let key = IssuerPublicKey::from_point(curve25519_dalek::constants::RISTRETTO_BASEPOINT_POINT).unwrap();
            let reason = || "r".to_owned();
            let (mut licence, mut given, mut withheld) = (licence(), BTreeSet::new(), BTreeSet::new());
            for act in acts {
                let (before, mut gone) = (licence.clone(), None);
                let standing = &mut licence.standing;
                let done = match act {
                    0 => standing.offer().is_ok(),
                    1 => {
                        let handle = u32::try_from(given.len()).unwrap() + 1;
                        let issued = standing.issue(IssuedCredential { key, handle }).is_ok();
                        if issued {
                            given.insert(handle);
                        }
                        issued
                    }
                    2 => standing.correct(Id([1; 16])).is_ok(),
                    3 => {
                        gone = standing.change_wallet().ok().map(|(_, gone)| gone);
                        gone.is_some()
                    }
                    _ => {
                        let change = match act {
                            4 => LicenceChange::Suspend { reason: reason() },
                            5 => LicenceChange::Resume { reason: reason() },
                            6 => LicenceChange::OpenDispute { suspend: true, reason: reason() },
                            7 => LicenceChange::OpenDispute { suspend: false, reason: reason() },
                            8 => LicenceChange::RejectDispute { reason: reason() },
                            _ => LicenceChange::End { ended: EndedAs::Revoked, reason: reason() },
                        };
                        standing.apply(&change, |_| None).is_ok()
                    }
                };
                if done {
                    let (withhold, restore) = match gone {
                        Some(gone) => (listed(&before, &gone), Vec::new()),
                        None => moves(&before, &licence),
                    };
                    withheld.retain(|handle| restore.iter().all(|one| one.handle != *handle));
                    withheld.extend(withhold.iter().map(|one| one.handle));
                }
                let held: BTreeSet<u32> = match licence.standing.is_good() {
                    true => licence.standing.credentials.iter().map(|one| one.handle).collect(),
                    false => BTreeSet::new(),
                };
                prop_assert_eq!(given.difference(&held).copied().collect::<BTreeSet<u32>>(), withheld.clone());
            }
        }
    }
}
