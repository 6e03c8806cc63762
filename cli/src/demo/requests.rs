//! The four requests: stored as policies, fetched and answered by a real wallet over HTTP.

use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use glimpse_api::{
    PresentationSubmission, RequestCreated, RequestCreation, RequestStatus, ResultReport, VerdictReport,
    paths,
};
use glimpse_circuits::request::Request;
use glimpse_verifier::Verifier;
use glimpse_wallet::{
    Consent, HttpRequest, HttpResponse, HttpTransport, KdfParams, LedgerOutcome, Passphrase, Transport,
    TransportError, Wallet,
};
use rand_core::OsRng;

use crate::demo::policies::{self, BUSINESS_LICENCE, DRIVING_LICENCE, IDENTITY_CARD, Named};
use crate::demo::report::Answered;
use crate::demo::world::{self, DemoResult, Service};

/// How often each presentation is verified for the median.
pub(crate) const VERIFY_RUNS: usize = 51;

/// The holders' passphrase: the wallets' files live as long as the demonstration.
pub(crate) const PASSPHRASE: &str = "only for this demonstration";

/// Fills a wallet in `directory` and answers every policy.
pub(crate) fn run(service: &Service, directory: &Path) -> DemoResult<Vec<Answered>> {
    fs::create_dir_all(directory)?;
    let sent = Arc::new(Mutex::new(None));
    let mut wallet = Wallet::create(
        &directory.join("wallet"),
        &Passphrase::new(PASSPHRASE),
        KdfParams::DEFAULT,
        &mut OsRng,
    )?
    .with_transport(Box::new(Recorder { inner: HttpTransport::default(), sent: sent.clone() }));
    wallet.pin_issuer(service.url(), service.now())?;
    let adult = world::adult()?;
    for profile in [IDENTITY_CARD, DRIVING_LICENCE, BUSINESS_LICENCE] {
        let offer = service.offer(profile, "adult", &adult)?;
        let credential = wallet.accept_offer(&offer.issuer_uri, &offer.code, service.now(), &mut OsRng)?;
        wallet.fetch_tokens(&credential.id, 4, world::unix_seconds(), &mut OsRng)?;
    }
    let mut answered = Vec::new();
    for policy in policies::all()? {
        answered.push(answer(service, &mut wallet, &sent, policy)?);
    }
    Ok(answered)
}

fn answer(
    service: &Service,
    wallet: &mut Wallet,
    sent: &Mutex<Option<Vec<u8>>>,
    named: Named,
) -> DemoResult<Answered> {
    service.relying_party.put(&paths::POLICY.replace("{policy}", named.name), &named.policy)?;
    let creation = RequestCreation::Policy(named.name.to_owned());
    let created: RequestCreated = service.relying_party.post(paths::REQUESTS, &creation)?;

    let review = wallet.review(&created.request_uri, service.now())?;
    let request = Arc::new(review.request().clone());
    let consent = Consent::given_to(&review)?;
    let outcome = wallet.present(review, consent, service.now(), &mut OsRng)?;
    let result: ResultReport = service.relying_party.get(&created.result_uri)?;
    let accepted = outcome.outcome == LedgerOutcome::Accepted && result.status == RequestStatus::Accepted;
    let verdict = result.verdict.ok_or("there is no verdict")?;

    let presentation = sent
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .take()
        .ok_or("the wallet sent no presentation")?;
    Ok(Answered {
        name: named.name,
        statements: verdict.statements.to_vec(),
        revealed: revealed(&verdict),
        verdict: if accepted { "accepted" } else { "refused" },
        proof_bytes: presentation.len(),
        prove_us: u64::try_from(outcome.proving.as_micros())?,
        verify_us: verify_time(service, &request, &presentation)?,
    })
}

fn revealed(verdict: &VerdictReport) -> serde_json::Map<String, serde_json::Value> {
    verdict.disclosed.iter().map(|disclosed| (disclosed.of.to_string(), disclosed.value.clone())).collect()
}

/// The median time from request and bytes to the verdict.
fn verify_time(service: &Service, request: &Arc<Request>, presentation: &[u8]) -> DemoResult<u64> {
    let verifier = Verifier::new(request.document().audience.as_str(), service.registry()?);
    let mut times = Vec::with_capacity(VERIFY_RUNS);
    for _ in 0..VERIFY_RUNS {
        let started = Instant::now();
        verifier.verify(request, presentation, service.now())?;
        times.push(started.elapsed());
    }
    times.sort_unstable();
    Ok(u64::try_from(times[VERIFY_RUNS / 2].as_micros())?)
}

/// HTTP that keeps the last presentation it carried.
struct Recorder {
    inner: HttpTransport,
    sent: Arc<Mutex<Option<Vec<u8>>>>,
}

impl Transport for Recorder {
    fn send(&self, request: &HttpRequest<'_>) -> Result<HttpResponse, TransportError> {
        if let Some(Ok(submission)) = request.body.map(serde_json::from_slice::<PresentationSubmission>) {
            *self.sent.lock().unwrap_or_else(PoisonError::into_inner) = Some(submission.presentation.0);
        }
        self.inner.send(request)
    }
}
