//! What a wallet is told by others: addresses in QR codes and links, and the answers of servers.
//!
//! The wallet is the same each time, and draws the same numbers, so that answers recorded in [`seeds`] are the right
//! ones.

// Issuer and verifier in memory, as the wallet's own tests have them.
#[path = "../../../wallet/tests/support/mod.rs"]
mod support;

use std::collections::VecDeque;
use std::fs;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::path::PathBuf;
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

use glimpse_circuits::text::Language;
use glimpse_fixtures::rng;
use glimpse_trust::list::Roots;
use glimpse_wallet::{
    Consent, HttpRequest, HttpResponse, ListFrom, ListUpdate, Passphrase, Pinning, Review, Transport,
    TransportError, Wallet,
};
use rand_chacha::ChaCha20Rng;
use serde_json::json;
use tempfile::TempDir;
use zeroize::Zeroizing;

use self::support::{BASE, Domain, Fake, Fault, Stage, roots, stranger, values};
use crate::bytes::{Bytes, block};
use crate::scene::SEED;
use crate::seeds::Seeds;
use crate::wallet_file::PASSPHRASE;

pub(crate) use self::support::NOW;

/// Most things that are done one after the other.
const MOST: usize = 6;

const STATUSES: [u16; 12] = [200, 201, 204, 302, 400, 404, 409, 410, 422, 429, 503, 999];
const TYPES: [Option<&str>; 4] =
    [Some("application/json"), Some("application/problem+json"), Some("text/html"), None];

/// Answers that are given in turn, whatever is asked. Then nobody answers any more.
#[derive(Clone, Default)]
struct Script(Arc<Mutex<VecDeque<Answer>>>);

/// Status, media type, body.
type Answer = (u16, Option<String>, Vec<u8>);

impl Transport for Script {
    fn send(&self, request: &HttpRequest<'_>) -> Result<HttpResponse, TransportError> {
        assert!(may_be_asked(request.uri), "asked {}", request.uri);
        let answer = self.0.lock().unwrap().pop_front();
        let (status, content_type, body) = answer.ok_or(TransportError::Unreachable)?;
        Ok(HttpResponse { status, content_type, retry_after: None, body: Zeroizing::new(body) })
    }

    fn wait(&self, _: Duration) -> bool {
        false
    }
}

/// Only https, or this machine; nobody's name before the host; nothing that a line of text could not hold.
fn may_be_asked(uri: &str) -> bool {
    let (open, rest) = match (uri.strip_prefix("https://"), uri.strip_prefix("http://")) {
        (Some(rest), _) => (false, rest),
        (_, Some(rest)) => (true, rest),
        _ => return false,
    };
    let authority = rest.split(['/', '?']).next().unwrap_or_default();
    let host = match authority.strip_prefix('[') {
        Some(literal) => literal.split(']').next().unwrap_or_default(),
        None => authority.split(':').next().unwrap_or_default(),
    };
    let here = host == "localhost"
        || host.parse::<Ipv4Addr>().is_ok_and(|address| address.is_loopback())
        || host.parse::<Ipv6Addr>().is_ok_and(|address| address.is_loopback());
    let plain = !host.is_empty() && !authority.contains('@') && !uri.contains('#');
    plain && uri.bytes().all(|byte| byte > b' ' && byte != 0x7f) && (here || !open)
}

/// So many things to do, then each of them: what, with what, and what is answered.
pub(crate) fn read(input: &[u8]) {
    let mut input = Bytes::new(input);
    let path = path();
    fs::write(&path, filled()).unwrap();
    let script = Script::default();
    let open = || Wallet::open(&path, &Passphrase::new(PASSPHRASE));
    let mut wallet = open().unwrap().with_transport(Box::new(script.clone()));
    let mut rng = rng(SEED);
    for _ in 0..=input.below(MOST) {
        if input.is_empty() {
            break;
        }
        let step = Step::read(&mut input);
        *script.0.lock().unwrap() = answers(&mut input);
        step.take(&mut wallet, &mut rng);
    }
    let credentials = wallet.list().len();
    drop(wallet);
    let again = open().expect("a wallet opens what it saved");
    assert_eq!(again.list().len(), credentials);
}

fn answers(input: &mut Bytes<'_>) -> VecDeque<Answer> {
    (0..input.below(6))
        .map(|_| {
            let (status, kind) = (*input.pick(&STATUSES), input.pick(&TYPES).map(str::to_owned));
            (status, kind, input.block().to_vec())
        })
        .collect()
}

/// One thing that a holder does.
struct Step<'a> {
    what: usize,
    /// An address, a code, a request.
    with: &'a [u8],
    also: &'a [u8],
}

impl<'a> Step<'a> {
    fn read(input: &mut Bytes<'a>) -> Self {
        Self { what: input.below(11), with: input.block(), also: input.block() }
    }

    fn written(what: u8, with: &str, also: &str) -> Vec<u8> {
        [&[what][..], &block(with.as_bytes()), &block(also.as_bytes())].concat()
    }

    fn take(&self, wallet: &mut Wallet, rng: &mut ChaCha20Rng) {
        let (with, also) = (String::from_utf8_lossy(self.with), String::from_utf8_lossy(self.also));
        let first = wallet.list().first().map(|credential| credential.id.clone()).unwrap_or_default();
        match self.what {
            0 => {
                if let Ok(Pinning::Changed(changed)) = wallet.pin_issuer(&with, NOW) {
                    for change in changed.changes() {
                        assert!(!change.to_text(Language::English).is_empty());
                    }
                    let _ = wallet.repin(changed, NOW);
                }
            }
            1 => {
                if let Ok(summary) = wallet.accept_offer(&with, &also, NOW, rng) {
                    wallet.show(&summary.id).expect("what was obtained can be shown");
                }
            }
            2 => drop(wallet.fetch_tokens(&first, 4, NOW, rng)),
            3 => {
                if let Ok(review) = wallet.review(&with, NOW) {
                    answer(wallet, review, rng);
                }
            }
            4 => {
                if let Ok(review) = wallet.review_json(&with, NOW) {
                    answer(wallet, review, rng);
                }
            }
            5 => drop(wallet.resume(NOW)),
            6 => drop(wallet.forget(&first)),
            8 => {
                wallet.refresh(NOW, rng);
                if let Some(Ok(update)) = wallet.take_fetched_list() {
                    changes_in_words(&update);
                }
            }
            // With the root's key, what is taken can only be what was recorded.
            9 => {
                if let Ok(update) = wallet.trust_list(&[ListFrom::Address(&with)], &roots(&[1]), NOW) {
                    changes_in_words(&update);
                }
            }
            10 => match wallet.next_trust_list(&[ListFrom::Text(&with)], NOW) {
                Ok(update) => changes_in_words(&update),
                Err(error) => {
                    let _ = error.to_text(Language::Chinese);
                }
            },
            _ => drop(wallet.drop_tokens()),
        }
    }
}

fn changes_in_words(update: &ListUpdate) {
    assert!(update.changes.iter().all(|change| !change.to_text(Language::Chinese).is_empty()));
}

fn answer(wallet: &mut Wallet, mut review: Review, rng: &mut ChaCha20Rng) {
    for text in [review.to_text(Language::Chinese), review.to_text(Language::English)] {
        // Nothing that a request says can pass for something that the wallet says.
        assert!(!text.contains(['\u{1b}', '\u{202e}', '\r', '\0']), "the holder is shown control characters");
    }
    let _ = review.to_json();
    if review.chosen().is_none() {
        let _ = review.choose(0);
    }
    if let Ok(consent) = Consent::given_to(&review) {
        let _ = wallet.present(review, consent, NOW, rng);
    }
}

fn path() -> PathBuf {
    static FOLDER: LazyLock<TempDir> = LazyLock::new(|| {
        let memory = "/dev/shm";
        if fs::metadata(memory).is_ok() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() }.unwrap()
    });
    FOLDER.path().join("wallet")
}

/// The file of a wallet that was used: an issuer pinned, a licence with its revocation list, tokens, a presentation in
/// the ledger, an issuance that was interrupted.
pub(crate) fn filled() -> Vec<u8> {
    used().0.clone()
}

/// The same, once its holder gave it a list of issuers.
pub(crate) fn filled_by_list() -> Vec<u8> {
    let path = path();
    fs::write(&path, filled()).unwrap();
    let mut wallet = Wallet::open(&path, &Passphrase::new(PASSPHRASE)).unwrap();
    let (text, roots) = first_list();
    wallet.trust_list(&[ListFrom::Text(text)], roots, NOW).unwrap();
    drop(wallet);
    fs::read(&path).unwrap()
}

/// A list that has the service's issuer and another, and who signs it.
fn first_list() -> &'static (String, Roots) {
    static LIST: LazyLock<(String, Roots)> = LazyLock::new(|| {
        let mut domain = Domain::of(&used().1.lock().unwrap().service());
        domain.document.issuers.push(stranger("other", SEED + 1));
        (domain.signed(&[1]), roots(&[1]))
    });
    &LIST
}

/// That, and the service it was used with.
fn used() -> &'static (Vec<u8>, Mutex<Stage>) {
    static USED: LazyLock<(Vec<u8>, Mutex<Stage>)> = LazyLock::new(|| {
        let mut stage = Stage::with_list(SEED, NOW - 600);
        let mut wallet = stage.create();
        let credential = stage.obtain(&mut wallet);
        wallet.fetch_tokens(&credential.id, 4, NOW, &mut stage.rng).unwrap();
        assert!(wallet.refresh(NOW, &mut stage.rng)[0].result.is_ok());
        let uri = stage.request(json!([{"age": {"of": "l.birth_date", "at_least": "18"}}]));
        let review = wallet.review(&uri, NOW).unwrap();
        let consent = Consent::given_to(&review).unwrap();
        wallet.present(review, consent, NOW, &mut stage.rng).unwrap();
        let code = stage.service().offer("test.licence", values());
        // The offer is read, and what is issued for it is lost on its way.
        stage.fake.plan([Fault::None, Fault::ErrorAfter]);
        assert!(wallet.accept_offer(BASE, &code, NOW, &mut stage.rng).is_err());
        assert_eq!(wallet.pending(), 1);
        drop(wallet);
        // So that there is something to refresh.
        stage.service().publish_list(NOW);
        (fs::read(stage.path()).unwrap(), Mutex::new(stage))
    });
    &USED
}

/// Remembers what the service answered.
struct Recorder(Fake, Arc<Mutex<Vec<Vec<u8>>>>);

impl Transport for Recorder {
    fn send(&self, request: &HttpRequest<'_>) -> Result<HttpResponse, TransportError> {
        let answer = self.0.send(request)?;
        let status = STATUSES.iter().position(|known| *known == answer.status).unwrap_or(0) as u8;
        let kind = TYPES.iter().position(|known| *known == answer.content_type.as_deref()).unwrap_or(3) as u8;
        self.1.lock().unwrap().push([&[status, kind][..], &block(&answer.body)].concat());
        Ok(answer)
    }

    fn wait(&self, _: Duration) -> bool {
        false
    }
}

/// Every step with what the service answers to it, and addresses of all sorts.
pub(crate) fn seeds(seeds: &mut Seeds) {
    let list = &first_list().0;
    let address = format!("{BASE}/list.json");
    let stage = used().1.lock().unwrap();
    stage.service().trust_list = list.clone();
    let code = stage.service().offer("test.licence", values());
    let company = stage.service().offer("test.company", vec![values()[0].clone()]);
    let statements =
        json!([{"age": {"of": "l.birth_date", "at_least": "18"}}, {"disclose": {"of": "l.name"}}]);
    let uri = stage.request(statements.clone());
    let request = stage.service().request_json(&[("l", "test.licence", "keyed")], statements).to_string();
    let steps: [(u8, &str, &str); 12] = [
        (0, BASE, ""),
        (1, BASE, &code),
        (1, BASE, &company),
        (2, "", ""),
        (3, &uri, ""),
        (4, &request, ""),
        (5, "", ""),
        (6, "", ""),
        (7, "", ""),
        (8, "", ""),
        (9, &address, ""),
        (10, list, ""),
    ];
    for (what, with, also) in steps {
        fs::write(stage.path(), filled()).unwrap();
        let said = Arc::new(Mutex::new(Vec::new()));
        let recorder = Recorder(stage.fake.clone(), said.clone());
        let mut wallet = Wallet::open(&stage.path(), &Passphrase::new(PASSPHRASE))
            .unwrap()
            .with_transport(Box::new(recorder));
        let step = Step { what: what.into(), with: with.as_bytes(), also: also.as_bytes() };
        step.take(&mut wallet, &mut rng(SEED));
        assert_eq!(wallet.trusted_list().is_some(), what == 9);
        drop(wallet);
        let said = said.lock().unwrap();
        let count = said.len().min(5) as u8;
        let mut bytes = [&[0][..], &Step::written(what, with, also), &[count]].concat();
        said.iter().take(5).for_each(|answer| bytes.extend(answer));
        seeds.add(bytes);
    }
    for address in [
        "https://issuer.example/a?b=c",
        "http://127.0.0.1:80/",
        "http://[::1]:1/x",
        "HTTPS://USER@issuer.example",
        "http://localhost.example/",
        "https://issuer.example#x",
        "https://例子.example/",
        "https://a:0/",
        "http://0x7f.1/",
    ] {
        for what in [0, 3] {
            seeds.add([&[0][..], &Step::written(what, address, ""), &[1, 0, 0], &block(b"{}")].concat());
        }
    }
}
