use glimpse_api::Stage::*;
use proptest::prelude::*;

use super::*;

fn suspend() -> LicenceChange {
    LicenceChange::Suspend { reason: "r".into() }
}

fn resume() -> LicenceChange {
    LicenceChange::Resume { reason: "r".into() }
}

fn end(ended: EndedAs) -> LicenceChange {
    LicenceChange::End { ended, reason: "r".into() }
}

fn dispute(suspend: bool) -> LicenceChange {
    LicenceChange::OpenDispute { suspend, reason: "r".into() }
}

fn reject() -> LicenceChange {
    LicenceChange::RejectDispute { reason: "r".into() }
}

fn status(code: &str) -> LicenceChange {
    LicenceChange::Status { code: code.into(), reason: "r".into() }
}

/// A table of status codes.
fn meaning(code: &str) -> Option<Status> {
    match code {
        "A" => Some(Status::Valid),
        "B" => Some(Status::Suspended),
        "C" => Some(Status::Ended(Ending::Transferred)),
        _ => None,
    }
}

fn credential(handle: u32) -> IssuedCredential {
    let key = IssuerPublicKey::from_point(curve25519_dalek::constants::RISTRETTO_BASEPOINT_POINT).unwrap();
    IssuedCredential { key, handle }
}

fn issued() -> Standing {
    let mut standing = Standing::new();
    standing.offer().ok().unwrap();
    standing.issue(credential(7)).ok().unwrap();
    standing
}

fn apply(standing: &mut Standing, change: &LicenceChange) -> Result<Act, Impossible> {
    standing.apply(change, meaning)
}

#[test]
fn from_registration_to_the_end() {
    let mut standing = Standing::new();
    assert_eq!(standing.issue(credential(7)), Err(Impossible::NotOffered));
    assert_eq!((standing.stage(), standing.revision), (Registered, 0));
    standing.offer().unwrap();
    standing.offer().unwrap();
    assert_eq!((standing.stage(), standing.revision), (Offered, 2));
    standing.issue(credential(7)).unwrap();
    // A second credential, for a second offer, is the same wallet's.
    standing.issue(credential(8)).unwrap();
    assert_eq!((standing.stage(), standing.credentials.len()), (Valid, 2));
    assert_eq!(apply(&mut standing, &resume()), Err(Impossible::NotSuspended));
    assert_eq!(apply(&mut standing, &suspend()), Ok(Act::Suspended));
    assert_eq!(apply(&mut standing, &suspend()), Err(Impossible::Suspended));
    assert_eq!(standing.offer(), Err(Impossible::Suspended));
    assert_eq!(standing.issue(credential(9)), Err(Impossible::Suspended));
    assert_eq!(apply(&mut standing, &resume()), Ok(Act::Resumed));
    assert_eq!(standing.stage(), Valid);
    assert_eq!(apply(&mut standing, &end(EndedAs::Corrected)), Err(Impossible::Correction));
    assert_eq!(apply(&mut standing, &end(EndedAs::Cancelled)), Ok(Act::Ended));
    assert_eq!((standing.stage(), standing.ended), (Ended, Some(EndedAs::Cancelled)));
}

#[test]
fn nothing_follows_the_end() {
    for suspended in [false, true] {
        let mut standing = issued();
        if suspended {
            apply(&mut standing, &suspend()).unwrap();
        }
        apply(&mut standing, &end(EndedAs::Revoked)).unwrap();
        let changes =
            [suspend(), resume(), end(EndedAs::Expired), dispute(true), reject(), status("A"), status("C")];
        for change in changes {
            assert_eq!(apply(&mut standing, &change), Err(Impossible::Ended), "{change:?}");
        }
        assert_eq!(standing.offer(), Err(Impossible::Ended));
        assert_eq!(standing.issue(credential(1)), Err(Impossible::Ended));
        assert_eq!(standing.correct(Id::random()).err(), Some(Impossible::Ended));
        assert_eq!(standing.change_wallet().err(), Some(Impossible::Ended));
    }
}

#[test]
fn a_licence_that_was_never_issued_is_suspended_and_goes_back() {
    let mut standing = Standing::new();
    apply(&mut standing, &suspend()).unwrap();
    apply(&mut standing, &resume()).unwrap();
    assert_eq!(standing.stage(), Registered);
}

#[test]
fn codes_of_the_registry() {
    let mut standing = issued();
    assert_eq!(apply(&mut standing, &status("A")), Err(Impossible::Unchanged));
    assert_eq!(apply(&mut standing, &status("?")), Err(Impossible::Code));
    assert_eq!(apply(&mut standing, &status("B")), Ok(Act::Suspended));
    assert_eq!(apply(&mut standing, &status("B")), Err(Impossible::Unchanged));
    assert_eq!(apply(&mut standing, &status("A")), Ok(Act::Resumed));
    assert_eq!(apply(&mut standing, &status("C")), Ok(Act::Ended));
    assert_eq!(standing.ended, Some(EndedAs::Transferred));
}

#[test]
fn disputes() {
    // One that suspends: only its end lifts that.
    let mut standing = issued();
    assert_eq!(apply(&mut standing, &reject()), Err(Impossible::NoDispute));
    apply(&mut standing, &dispute(true)).unwrap();
    assert!(standing.disputed() && standing.stage() == Suspended);
    assert_eq!(apply(&mut standing, &resume()), Err(Impossible::Disputed));
    assert_eq!(apply(&mut standing, &status("A")), Err(Impossible::Disputed));
    assert_eq!(apply(&mut standing, &dispute(false)), Err(Impossible::DisputeOpen));
    apply(&mut standing, &reject()).unwrap();
    assert!(!standing.disputed() && standing.stage() == Valid);

    // One that does not.
    apply(&mut standing, &dispute(false)).unwrap();
    assert!(standing.disputed() && standing.stage() == Valid);
    apply(&mut standing, &suspend()).unwrap();
    apply(&mut standing, &reject()).unwrap();
    assert_eq!(standing.stage(), Suspended);

    // One that is opened while the licence is suspended for something else does not lift that, and the other way round:
    // each of them holds as long as it does.
    apply(&mut standing, &dispute(true)).unwrap();
    apply(&mut standing, &reject()).unwrap();
    assert_eq!(standing.stage(), Suspended);
    apply(&mut standing, &dispute(true)).unwrap();
    assert_eq!(apply(&mut standing, &resume()), Ok(Act::Resumed));
    assert_eq!(standing.stage(), Suspended);
    assert_eq!(apply(&mut standing, &resume()), Err(Impossible::Disputed));
    assert_eq!(apply(&mut standing, &suspend()), Ok(Act::Suspended));
    assert_eq!(apply(&mut standing, &status("B")), Err(Impossible::Unchanged));
    apply(&mut standing, &reject()).unwrap();
    assert_eq!(standing.stage(), Suspended);
    apply(&mut standing, &resume()).unwrap();
    assert_eq!(standing.stage(), Valid);

    // One that is right ends with a correction.
    apply(&mut standing, &dispute(true)).unwrap();
    let next = Id::random();
    let (_, corrected) = standing.correct(next).unwrap();
    // The dispute is over with it.
    assert_eq!((corrected.stage(), corrected.disputed()), (Registered, false));
    assert_eq!((standing.ended, standing.corrected_by), (Some(EndedAs::Corrected), Some(next)));
    assert!(!standing.disputed());
}

#[test]
fn a_correction_lifts_no_suspension() {
    for disputed in [false, true] {
        let mut standing = issued();
        apply(&mut standing, &suspend()).unwrap();
        if disputed {
            apply(&mut standing, &dispute(true)).unwrap();
        }
        let (_, mut next) = standing.correct(Id::random()).unwrap();
        assert_eq!((next.stage(), next.disputed()), (Suspended, false));
        assert_eq!(next.offer(), Err(Impossible::Suspended));
        apply(&mut next, &resume()).unwrap();
        assert_eq!(next.stage(), Registered);
        next.offer().unwrap();
    }
}

#[test]
fn a_new_wallet() {
    let mut standing = issued();
    let (_, taken) = standing.change_wallet().unwrap();
    assert!(taken == [credential(7)] && standing.credentials.is_empty());
    assert_eq!((standing.stage(), standing.wallet), (Registered, 1));
    assert_eq!(standing.issue(credential(8)), Err(Impossible::NotOffered));

    let mut standing = issued();
    apply(&mut standing, &suspend()).unwrap();
    standing.change_wallet().unwrap();
    assert_eq!(standing.stage(), Suspended);
    apply(&mut standing, &resume()).unwrap();
    assert_eq!(standing.stage(), Registered);
}

proptest! {
    /// Whatever is tried in whatever order: what is refused changes nothing, what is done counts up by one, and where it
    /// leads is a step that there is.
    #[test]
    fn only_steps_that_there_are(acts in prop::collection::vec(0u8..14, 0..40)) {
        let mut standing = Standing::new();
        for act in acts {
            let before = standing.clone();
            let done = match act {
                0 => standing.offer(),
                1 => standing.issue(credential(u32::from(act) + 1)),
                2 => standing.correct(Id([9; 16])).map(|(act, _)| act),
                3 => standing.change_wallet().map(|(act, _)| act),
                4 => apply(&mut standing, &suspend()),
                5 => apply(&mut standing, &resume()),
                6 => apply(&mut standing, &end(EndedAs::Revoked)),
                7 => apply(&mut standing, &dispute(true)),
                8 => apply(&mut standing, &dispute(false)),
                9 => apply(&mut standing, &reject()),
                10 => apply(&mut standing, &status("A")),
                11 => apply(&mut standing, &status("B")),
                12 => apply(&mut standing, &status("C")),
                _ => apply(&mut standing, &status("?")),
            };
            match done {
                Err(_) => prop_assert!(standing == before),
                Ok(_) => {
                    prop_assert_eq!(standing.revision, before.revision + 1);
                    prop_assert!(before.stage() != Ended);
                    // Valid comes of an issuance or of a resumption alone.
                    if standing.stage() == Valid && before.stage() != Valid {
                        prop_assert!(act == 1 || before.stage() == Suspended);
                        prop_assert!(standing.is_good());
                    }
                    prop_assert_eq!(standing.ended.is_some(), standing.stage() == Ended);
                    prop_assert!(standing.stage() != Registered || standing.credentials.is_empty());
                }
            }
        }
    }
}
