//! What the demonstration runs on: a service with a temporary store, an issuer nobody trusts, and people.

use std::error::Error;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use glimpse_api::{LicenceRegistration, Metadata, OfferCreated, RegisteredLicence, paths};
use glimpse_circuits::date::Date;
use glimpse_circuits::key::{Issuer, Registry};
use glimpse_circuits::text::Text;
use glimpse_profiles::sample::Persona;
use glimpse_service::{
    Access, ApiToken, Clock, Config, IssuerConfig, Principal, RevocationConfig, Running, VerifierConfig,
    spawn,
};
use rand_core::{OsRng, RngCore};

use crate::http::Client;
use crate::output::hex;

pub(crate) type DemoResult<T> = Result<T, Box<dyn Error>>;

/// A running service with its administrator's and its relying party's clients.
pub(crate) struct Service {
    pub(crate) running: Running,
    pub(crate) admin: Client,
    pub(crate) relying_party: Client,
    clock: Arc<AtomicU64>,
}

impl Service {
    /// Starts a service on a free loopback port, with fresh tokens and a store in `directory`. It trusts its own issuer
    /// and those given.
    pub(crate) fn start(directory: &Path, name: Text, trusted: Vec<Issuer>) -> DemoResult<Self> {
        Self::start_with(directory, name, |config| {
            if let Some(verifier) = &mut config.verifier {
                verifier.trusted_issuers = trusted;
            }
        })
    }

    /// Starts a service that is not quite like the others.
    pub(crate) fn start_with(
        directory: &Path,
        name: Text,
        change: impl FnOnce(&mut Config),
    ) -> DemoResult<Self> {
        let (admin_token, api_token) = (token(), token());
        // The service's clock is the system's, shifted by what the demonstration lets pass.
        let clock = Arc::new(AtomicU64::new(0));
        let shift = clock.clone();
        let mut config = Config::new("127.0.0.1:0".parse()?, directory);
        config.clock = Clock::new(move || unix_seconds().saturating_add(shift.load(Ordering::Relaxed)));
        config.stop_on_signals = false;
        let mut issuer = IssuerConfig::new("demo-issuer", name.clone(), directory.join("issuer.key"));
        let [revocation, manifest] = ["revocation.key", "manifest.key"].map(|name| directory.join(name));
        issuer.revocation = Some(RevocationConfig::new(revocation, manifest));
        config.issuer = Some(issuer);
        config.verifier = Some(VerifierConfig::new(name));
        config.access = Access::new([
            Principal::sole_administrator(&ApiToken::new(admin_token.clone())?),
            Principal::sole_relying_party(&ApiToken::new(api_token.clone())?),
        ])?;
        change(&mut config);
        let running = spawn(config)?;
        let admin = Client::new(running.base_url(), Some(admin_token));
        let relying_party = Client::new(running.base_url(), Some(api_token));
        Ok(Self { running, admin, relying_party, clock })
    }

    /// Its address.
    pub(crate) fn url(&self) -> &str {
        self.running.base_url()
    }

    /// Lets time pass for the service.
    pub(crate) fn advance(&self, seconds: u64) {
        self.clock.fetch_add(seconds, Ordering::Relaxed);
    }

    /// What time it is for the service.
    pub(crate) fn now(&self) -> u64 {
        unix_seconds().saturating_add(self.clock.load(Ordering::Relaxed))
    }

    /// Registers a persona's licence and makes an offer for it.
    pub(crate) fn offer(&self, profile: &str, holder: &str, persona: &Persona) -> DemoResult<OfferCreated> {
        Ok(self.register(profile, holder, persona)?.1)
    }

    /// The same, with the licence's reference.
    pub(crate) fn register(
        &self,
        profile: &str,
        holder: &str,
        persona: &Persona,
    ) -> DemoResult<(String, OfferCreated)> {
        let known = glimpse_profiles::builtin_by_schema_id(profile).ok_or("no such profile")?;
        let registration = LicenceRegistration {
            profile: profile.to_owned(),
            holder: holder.to_owned(),
            attributes: known.sample(persona),
            overrides: Vec::new(),
        };
        let registered: RegisteredLicence = self.admin.post(paths::LICENCES, &registration)?;
        let offer = self.offer_again(&registered.licence)?;
        Ok((registered.licence, offer))
    }

    /// An offer for a licence that is registered.
    pub(crate) fn offer_again(&self, licence: &str) -> DemoResult<OfferCreated> {
        let offers = paths::LICENCE_OFFERS.replace("{licence}", licence);
        Ok(self.admin.post(&offers, &serde_json::json!({}))?)
    }

    /// What the service publishes, as wallets and verifiers pin it.
    pub(crate) fn registry(&self) -> DemoResult<Registry> {
        let metadata: Metadata = self.admin.get(paths::METADATA)?;
        let mut registry = Registry::default();
        metadata.schemas.into_iter().for_each(|schema| registry.add_schema(Arc::new(schema)));
        metadata.issuers.into_iter().for_each(|issuer| registry.add_issuer(issuer));
        Ok(registry)
    }
}

/// An adult with a driving licence and a company in the Yangtze delta.
pub(crate) fn adult() -> DemoResult<Persona> {
    Ok(Persona::new(1)
        .with_birth_date(day("1990-05-17")?)
        .with_region("310000")
        .with_classes(&["B2", "C1"])
        .with_valid_until(day("2036-05-16")?)
        .with_capital(5_000_000)
        .with_established(day("2015-03-02")?))
}

/// Somebody of 17 on the day of the demonstration.
pub(crate) fn minor(today: Date) -> DemoResult<Persona> {
    let too_late = today.latest_birth_for_age(18).ok_or("no such date")?;
    let birth = Date::from_days(too_late.days() + 100).ok_or("no such date")?;
    Ok(Persona::new(2).with_birth_date(birth).with_region("370100"))
}

/// The head of another company, outside the delta.
pub(crate) fn outsider() -> DemoResult<Persona> {
    Ok(Persona::new(3)
        .with_birth_date(day("1985-11-30")?)
        .with_region("370100")
        .with_classes(&["C2"])
        .with_capital(2_000_000)
        .with_established(day("2012-08-01")?))
}

pub(crate) fn text(zh_cn: &str, en: &str) -> Text {
    Text { zh_cn: zh_cn.to_owned(), en: en.to_owned() }
}

pub(crate) fn unix_seconds() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

fn day(text: &str) -> DemoResult<Date> {
    Ok(text.parse()?)
}

/// A token of 32 random bytes.
fn token() -> String {
    let mut bytes = [0u8; 32];
    OsRng.fill_bytes(&mut bytes);
    hex(&bytes)
}
