//! Licences live: one is revoked, one is corrected, one is recognised in another province.

use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

use glimpse_api::{
    EndedAs, LicenceChange, LicenceCorrection, LicenceReport, Policy, Publication, Published,
    RegisteredLicence, RequestCreated, RequestCreation, RequestStatus, ResultReport, paths,
};
use glimpse_circuits::text::Language;
use glimpse_profiles::builtin_by_schema_id;
use glimpse_wallet::{Consent, KdfParams, Passphrase, Review, Wallet};
use rand_core::OsRng;
use serde::Serialize;

use crate::demo::policies::{self, DRIVING_LICENCE};
use crate::demo::provinces;
use crate::demo::requests::PASSPHRASE;
use crate::demo::world::{self, DemoResult, Service};

/// Longest wait for the first revocation lists, which are signed while the service runs already.
const PATIENCE: Duration = Duration::from_secs(60);
/// Seconds by which a list may be older than a request.
const HOUR: u64 = 3600;

/// Something that happened, and what came of it.
#[derive(Debug, Serialize)]
pub(crate) struct Step {
    /// What was done.
    pub(crate) step: &'static str,
    /// What came of it, in the words of whoever was told.
    pub(crate) outcome: String,
    /// Whether it is what should have come of it.
    pub(crate) as_it_should_be: bool,
}

/// A driver, the authority and a car hire.
struct Scene<'a> {
    service: &'a Service,
    wallet: Wallet,
    steps: Vec<Step>,
}

/// Plays all of it, with wallets in `directory`.
pub(crate) fn run(service: &Service, directory: &Path) -> DemoResult<Vec<Step>> {
    std::fs::create_dir_all(directory)?;
    let mut scene = Scene { service, wallet: wallet(&directory.join("driver"))?, steps: Vec::new() };
    scene.wait_for_lists()?;
    scene.revocation()?;
    scene.correction()?;
    let mut steps = scene.steps;
    steps.extend(provinces::run(directory)?);
    Ok(steps)
}

/// An empty wallet.
pub(crate) fn wallet(path: &Path) -> DemoResult<Wallet> {
    Ok(Wallet::create(path, &Passphrase::new(PASSPHRASE), KdfParams::DEFAULT, &mut OsRng)?)
}

/// What the relying party reads of a request, once the wallet answered it.
pub(crate) fn answer(
    service: &Service,
    wallet: &mut Wallet,
    created: &RequestCreated,
) -> DemoResult<ResultReport> {
    let review = wallet.review(&created.request_uri, service.now())?;
    if let Some(why) = obstacles(&review) {
        return Err(format!("the wallet does not answer: {why}").into());
    }
    let consent = Consent::given_to(&review)?;
    wallet.present(review, consent, service.now(), &mut OsRng)?;
    Ok(service.relying_party.get(&created.result_uri)?)
}

/// What the relying party reads, in a word.
pub(crate) fn status(result: &ResultReport) -> String {
    format!("{:?}", result.status).to_lowercase()
}

/// Why the wallet does not answer, in its own words.
pub(crate) fn obstacles(review: &Review) -> Option<String> {
    let words: Vec<String> = review.obstacles().iter().map(|it| it.to_text(Language::English)).collect();
    (!words.is_empty()).then(|| words.join("; "))
}

impl Scene<'_> {
    /// Revoked at once, refused from the next version of the list on.
    fn revocation(&mut self) -> DemoResult<()> {
        self.wallet.pin_issuer(self.service.url(), self.service.now())?;
        let driver = world::adult()?;
        let (licence, offer) = self.service.register(DRIVING_LICENCE, "driver", &driver)?;
        let card =
            self.wallet.accept_offer(&offer.issuer_uri, &offer.code, self.service.now(), &mut OsRng)?;
        self.wallet.fetch_tokens(&card.id, 16, world::unix_seconds(), &mut OsRng)?;
        self.step("a driver fetches the revocation list", |scene| scene.refreshed(&card.id, "valid as of"))?;

        self.step("a car hire asks: may drive C1, and not revoked, by a list of the last hour", |scene| {
            let created = scene.ask(HOUR)?;
            let result = answer(scene.service, &mut scene.wallet, &created)?;
            let status = status(&result);
            let since = result.verdict.and_then(|verdict| verdict.licences.first()?.not_revoked_at);
            let accepted = result.status == RequestStatus::Accepted && since.is_some();
            let age = since.map_or(0, |since| scene.service.now().saturating_sub(since));
            Ok((format!("{status}, by a list that is {age} s old"), accepted))
        })?;

        self.step("the authority revokes the licence and publishes a list", |scene| {
            let ended = EndedAs::Revoked;
            let change = LicenceChange::End { ended, reason: "court order".into() };
            let path = paths::LICENCE_CHANGES.replace("{licence}", &licence);
            let report: LicenceReport = scene.service.admin.post(&path, &change)?;
            let list = scene.publish()?;
            Ok((format!("the licence has {}; {list}", report.stage.name()), report.ended == Some(ended)))
        })?;

        self.step(
            "the driver tries with the list from before: a car hire that wants one of the last minute",
            |scene| {
                let created = scene.ask(60)?;
                scene.refused_by_wallet(&created, "older")
            },
        )?;
        self.step("the driver fetches the new list", |scene| scene.refreshed(&card.id, "revoked"))?;
        self.step("the driver tries once more", |scene| {
            let created = scene.ask(HOUR)?;
            scene.refused_by_wallet(&created, "revoked")
        })
    }

    /// What was wrong is corrected: a new version, and the old one is revoked with it.
    fn correction(&mut self) -> DemoResult<()> {
        let wrong = world::adult()?.with_classes(&["D"]);
        let (licence, offer) = self.service.register(DRIVING_LICENCE, "driver", &wrong)?;
        let old = self.wallet.accept_offer(&offer.issuer_uri, &offer.code, self.service.now(), &mut OsRng)?;
        self.wallet.fetch_tokens(&old.id, 4, world::unix_seconds(), &mut OsRng)?;
        self.step("a new licence is issued, by mistake without C1; the car hire asks", |scene| {
            scene.refreshed(&old.id, "valid as of")?;
            let created = scene.ask(HOUR)?;
            scene.refused_by_wallet(&created, "not true")
        })?;

        let mut corrected = None;
        self.step("the driver disputes it; the authority corrects it and publishes a list", |scene| {
            let path = |pattern: &str| pattern.replace("{licence}", &licence);
            let dispute = LicenceChange::OpenDispute { suspend: true, reason: "a class is missing".into() };
            let _: LicenceReport = scene.service.admin.post(&path(paths::LICENCE_CHANGES), &dispute)?;
            let profile = builtin_by_schema_id(DRIVING_LICENCE).ok_or("no such profile")?;
            let attributes = profile.sample(&world::adult()?);
            let reason = "the objection is right".into();
            let correction = LicenceCorrection { attributes, overrides: Vec::new(), reason };
            let next: RegisteredLicence =
                scene.service.admin.post(&path(paths::LICENCE_CORRECTION), &correction)?;
            let report: LicenceReport =
                scene.service.admin.get(&paths::LICENCE.replace("{licence}", &next.licence))?;
            let list = scene.publish()?;
            corrected = Some(next.licence);
            Ok((
                format!("version {} is registered, the one before it ended; {list}", report.version),
                report.version == 2,
            ))
        })?;
        let offer = self.service.offer_again(&corrected.ok_or("there is no correction")?)?;
        let new = self.wallet.accept_offer(&offer.issuer_uri, &offer.code, self.service.now(), &mut OsRng)?;
        self.wallet.fetch_tokens(&new.id, 4, world::unix_seconds(), &mut OsRng)?;
        self.step("the wallet looks at the version that was wrong", |scene| {
            scene.refreshed(&old.id, "revoked")
        })?;
        self.step("the car hire asks again, and the wallet takes the corrected version", |scene| {
            let created = scene.ask(HOUR)?;
            let result = answer(scene.service, &mut scene.wallet, &created)?;
            Ok((status(&result), result.status == RequestStatus::Accepted))
        })
    }

    fn step(
        &mut self,
        step: &'static str,
        play: impl FnOnce(&mut Self) -> DemoResult<(String, bool)>,
    ) -> DemoResult<()> {
        let (outcome, as_it_should_be) = play(self)?;
        self.steps.push(Step { step, outcome, as_it_should_be });
        Ok(())
    }

    /// A request about the driving licence and its list.
    fn ask(&self, max_age: u64) -> DemoResult<RequestCreated> {
        let policy: Policy = policies::may_drive_now(max_age)?;
        Ok(self.service.relying_party.post(paths::REQUESTS, &RequestCreation::Inline(policy))?)
    }

    /// What the wallet says of a credential after it fetched its list.
    fn refreshed(&mut self, id: &str, expected: &str) -> DemoResult<(String, bool)> {
        for refreshed in self.wallet.refresh(self.service.now(), &mut OsRng) {
            refreshed.result?;
        }
        let listed = self.wallet.list();
        let summary = listed.iter().find(|summary| summary.id == id).ok_or("the credential is gone")?;
        let words = summary.standing.to_text(Language::English);
        Ok((format!("the wallet: {words}"), words.contains(expected)))
    }

    fn refused_by_wallet(&self, created: &RequestCreated, expected: &str) -> DemoResult<(String, bool)> {
        let review = self.wallet.review(&created.request_uri, self.service.now())?;
        let why = obstacles(&review).unwrap_or_else(|| "it would answer".into());
        let refused = !review.can_answer() && why.contains(expected);
        Ok((format!("the wallet does not answer: {why}"), refused))
    }

    /// A minute later, for there is one version in a minute.
    fn publish(&self) -> DemoResult<String> {
        self.service.advance(120);
        let wanted = Publication { profile: Some(DRIVING_LICENCE.to_owned()) };
        let published: Published = self.service.admin.post(paths::REVOCATION_LISTS, &wanted)?;
        let list = published.lists.first().ok_or("no list was published")?;
        Ok(format!("list version {} leaves out {}", list.version, list.left_out))
    }

    fn wait_for_lists(&self) -> DemoResult<()> {
        let schema = builtin_by_schema_id(DRIVING_LICENCE).ok_or("no such profile")?.schema().digest();
        let path = paths::MANIFEST.replace("{schema}", &schema.to_string());
        let start = Instant::now();
        while self.service.admin.get::<serde_json::Value>(&path).is_err() {
            if start.elapsed() > PATIENCE {
                return Err("no revocation list is published".into());
            }
            sleep(Duration::from_millis(20));
        }
        Ok(())
    }
}
