//! Revocation lists that come at moments which were settled beforehand: versions of other moments are not taken.
#![allow(clippy::unwrap_used, clippy::panic)]

mod support;

use glimpse_circuits::schedule::Schedule;
use glimpse_circuits::text::Language;
use glimpse_trust::{Manifest, ManifestError};
use glimpse_wallet::{Change, ListFrom, NotListed, Pinning, Standing, Wallet, WalletError};
use serde_json::json;
use support::{BASE, Domain, Lists, NOW, Stage, roots};

/// Ten minutes. At [`NOW`] a period begins.
const PERIOD: u64 = 600;

fn schedule() -> Schedule {
    Schedule::every(PERIOD).unwrap()
}

/// An issuer whose lists come every ten minutes.
fn stage(seed: u64) -> Stage {
    let stage = Stage::new(seed);
    let mut lists = Lists::new(seed);
    lists.schedule = Some(schedule());
    stage.service().lists = Some(lists);
    stage
}

fn good(as_of: u64) -> Standing {
    Standing::Good { as_of, next: schedule().next(as_of) }
}

/// Where the first credential stands after its list was refreshed, or why it was not.
fn refresh(stage: &mut Stage, wallet: &mut Wallet, now: u64) -> Result<Standing, WalletError> {
    wallet.refresh(now, &mut stage.rng).remove(0).result.map(|credential| credential.standing)
}

/// The newest version is not one of the schedule, and nothing is changed.
#[track_caller]
fn off_schedule(stage: &mut Stage, wallet: &mut Wallet, now: u64) {
    let mut rng = stage.rng.clone();
    let error = stage.unchanged(|| wallet.refresh(now, &mut rng)).remove(0).result.unwrap_err();
    assert!(matches!(error, WalletError::List(ManifestError::OffSchedule)), "{error}");
}

#[test]
fn versions_of_other_moments_are_refused() {
    let mut stage = stage(1);
    let mut wallet = stage.create();
    assert_eq!(wallet.issuers()[0].schedule, Some(schedule()));
    stage.obtain(&mut wallet);
    // The one of two periods ago is nobody's any more.
    stage.service().publish_list(NOW - 2 * PERIOD);
    off_schedule(&mut stage, &mut wallet, NOW);
    stage.service().publish_list(NOW - PERIOD);
    assert_eq!(refresh(&mut stage, &mut wallet, NOW - 1).unwrap(), good(NOW - PERIOD));
    assert!(!wallet.refresh_due(NOW - 1) && wallet.refresh_due(NOW));
    assert_eq!(refresh(&mut stage, &mut wallet, NOW).unwrap(), good(NOW - PERIOD));
    let uri = stage.request(json!([{"not_revoked": {"credential": "l", "max_age": "600"}}]));
    stage.answer(&mut wallet, &uri, NOW + 1).unwrap();

    // One for this wallet, by the minute that it was made in.
    for moment in [NOW - 540, NOW - 60] {
        stage.service().publish_list(moment);
        off_schedule(&mut stage, &mut wallet, NOW);
    }
    // Or by when it says that the next one is due.
    stage.service().publish_list(NOW);
    let mut document = stage.service().lists.as_ref().unwrap().manifest.clone().unwrap().document().clone();
    document.next += 60;
    stage.service().lists.as_mut().unwrap().sign(Manifest::try_from(document).unwrap());
    off_schedule(&mut stage, &mut wallet, NOW);
    assert_eq!(wallet.list()[0].standing, good(NOW - PERIOD));

    stage.service().publish_list(NOW);
    assert_eq!(refresh(&mut stage, &mut wallet, NOW + PERIOD).unwrap(), good(NOW));
    // It has the one of this period, and keeps it for as long as nothing follows.
    stage.service().publish_list(NOW + PERIOD);
    assert_eq!(refresh(&mut stage, &mut wallet, NOW + PERIOD).unwrap(), good(NOW + PERIOD));
    assert!(!wallet.refresh_due(NOW + PERIOD + 599));
    assert_eq!(refresh(&mut stage, &mut wallet, NOW + 50 * PERIOD).unwrap(), good(NOW + PERIOD));
}

#[test]
fn a_schedule_is_pinned() {
    let mut stage = stage(2);
    stage.service().publish_list(NOW);
    let mut wallet = stage.create();
    stage.obtain(&mut wallet);
    assert_eq!(refresh(&mut stage, &mut wallet, NOW).unwrap(), good(NOW));
    for other in [None, Schedule::every(60)] {
        stage.service().lists.as_mut().unwrap().schedule = other;
        let Pinning::Changed(changed) = stage.unchanged(|| wallet.pin_issuer(BASE, NOW)).unwrap() else {
            panic!("another schedule is a change");
        };
        assert_eq!(changed.changes(), [Change::Schedule(other)]);
        let said =
            [Language::Chinese, Language::English].map(|language| changed.changes()[0].to_text(language));
        assert_eq!(said[0].contains("单独"), other.is_none(), "{}", said[0]);
        assert_eq!(said[1].contains("1 minute"), other.is_some(), "{}", said[1]);
        stage.service().publish_list(NOW + 60);
        off_schedule(&mut stage, &mut wallet, NOW + 60);
        stage.service().lists.as_mut().unwrap().manifest = None;
        stage.service().publish_list(NOW);
    }
    // Until its holder takes it.
    let Pinning::Changed(changed) = wallet.pin_issuer(BASE, NOW).unwrap() else { panic!("still") };
    wallet.repin(changed, NOW).unwrap();
    stage.service().publish_list(NOW + 60);
    let minutely = Schedule::every(60).unwrap();
    let expected = Standing::Good { as_of: NOW + 60, next: minutely.next(NOW + 60) };
    assert_eq!(refresh(&mut stage, &mut wallet, NOW + 60).unwrap(), expected);
}

/// With a list of issuers, its schedule counts, and not what the issuer says.
#[test]
fn a_schedule_comes_with_the_list_of_issuers() {
    let mut stage = stage(3);
    stage.service().publish_list(NOW);
    let mut domain = Domain::of(&stage.service());
    let mut wallet = stage.create_empty();
    wallet.trust_list(&[ListFrom::Text(&domain.signed(&[1]))], &roots(&[1]), NOW).unwrap();
    stage.obtain(&mut wallet);
    assert_eq!(refresh(&mut stage, &mut wallet, NOW).unwrap(), good(NOW));

    stage.service().lists.as_mut().unwrap().schedule = None;
    let refused = stage.unchanged(|| wallet.pin_issuer(BASE, NOW)).unwrap_err();
    assert!(matches!(refused, WalletError::NotListed(NotListed::Schedule(_))), "{refused}");
    stage.service().publish_list(NOW + 60);
    off_schedule(&mut stage, &mut wallet, NOW + 60);

    let next = domain.next(|it| {
        it.issuers[0].keys[0].revocation.as_mut().unwrap().schedule = None;
    });
    let noticed = wallet.next_trust_list(&[ListFrom::Text(&next)], NOW + 60).unwrap().changes;
    assert_eq!(noticed, [Change::Schedule(None)]);
    let expected = Standing::Good { as_of: NOW + 60, next: NOW + 60 + support::PERIOD };
    assert_eq!(refresh(&mut stage, &mut wallet, NOW + 60).unwrap(), expected);
}

/// What an issuer said of its schedule counts no longer once the wallet goes by a list, and that is said.
#[test]
fn a_list_without_a_schedule_takes_the_pinned_one_away() {
    let mut stage = stage(4);
    stage.service().publish_list(NOW);
    let mut wallet = stage.create();
    stage.obtain(&mut wallet);
    let mut domain = Domain::of(&stage.service());
    domain.document.issuers[0].keys[0].revocation.as_mut().unwrap().schedule = None;
    let noticed =
        wallet.trust_list(&[ListFrom::Text(&domain.signed(&[1]))], &roots(&[1]), NOW).unwrap().changes;
    assert_eq!(noticed, [Change::Schedule(None)]);
}

/// A version from before the schedule was known, with a moment of its own, is shown no more.
#[test]
fn what_is_not_on_the_schedule_is_not_shown_once_there_is_one() {
    let mut stage = Stage::with_list(5, NOW - 60);
    let mut wallet = stage.create();
    stage.obtain(&mut wallet);
    let before = Standing::Good { as_of: NOW - 60, next: NOW - 60 + support::PERIOD };
    assert_eq!(refresh(&mut stage, &mut wallet, NOW).unwrap(), before);
    stage.service().lists.as_mut().unwrap().schedule = Some(schedule());
    let Pinning::Changed(changed) = wallet.pin_issuer(BASE, NOW).unwrap() else { panic!("a schedule") };
    wallet.repin(changed, NOW).unwrap();
    assert_eq!(wallet.list()[0].standing, Standing::NotFetched);
    // The same document once more does not help.
    assert_eq!(refresh(&mut stage, &mut wallet, NOW).unwrap(), Standing::NotFetched);
    let uri = stage.request(json!([{"not_revoked": {"credential": "l", "max_age": "600"}}]));
    assert!(matches!(stage.answer(&mut wallet, &uri, NOW), Err(WalletError::NotAnswerable)));
    stage.service().publish_list(NOW);
    assert_eq!(refresh(&mut stage, &mut wallet, NOW).unwrap(), good(NOW));
}
