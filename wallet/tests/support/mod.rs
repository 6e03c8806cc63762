//! A service in memory, built from issuer and verifier crates, and transports to it that fail on demand.

#![allow(dead_code, unreachable_pub, unused_imports)]
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

mod domain;
mod lists;
mod service;
mod transport;

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard};

use glimpse_circuits::attribute::Value;
use glimpse_circuits::schema::Schema;
use glimpse_wallet::{
    Consent, CredentialSummary, KdfParams, Outcome, Passphrase, Pinning, Wallet, WalletError,
};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use serde_json::json;
use tempfile::TempDir;

pub use domain::{DAY, Domain, listed, roots, stranger};
pub use lists::{Lists, PERIOD};
pub use service::{Seen, Service, Tamper};
pub use transport::{Crash, Fake, Fault};

/// 2026-11-22T04:00:00Z, noon in China.
pub const NOW: u64 = 1_795_320_000;
/// Where the service is.
pub const BASE: &str = "https://service.example";

/// A wallet file, a service, and a transport between them.
pub struct Stage {
    pub service: Arc<Mutex<Service>>,
    pub fake: Fake,
    pub rng: ChaCha20Rng,
    directory: TempDir,
}

impl Stage {
    pub fn new(seed: u64) -> Self {
        let service = Arc::new(Mutex::new(Service::new(seed, BASE)));
        let fake = Fake::new(service.clone());
        let rng = ChaCha20Rng::seed_from_u64(seed ^ 0xfeed);
        Self { service, fake, rng, directory: tempfile::tempdir().unwrap() }
    }

    /// The same, with an empty revocation list of this moment.
    pub fn with_list(seed: u64, issued_at: u64) -> Self {
        let stage = Self::new(seed);
        stage.service().lists = Some(Lists::new(seed));
        stage.service().publish_list(issued_at);
        stage
    }

    pub fn path(&self) -> PathBuf {
        self.directory.path().join("wallet")
    }

    pub fn service(&self) -> MutexGuard<'_, Service> {
        self.service.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// A new wallet that knows nobody.
    pub fn create_empty(&mut self) -> Wallet {
        let wallet =
            Wallet::create(&self.path(), &passphrase(), KdfParams::FOR_TESTS, &mut self.rng).unwrap();
        wallet.with_transport(Box::new(self.fake.clone()))
    }

    /// A new wallet with the service's issuer pinned.
    pub fn create(&mut self) -> Wallet {
        let mut wallet = self.create_empty();
        assert!(matches!(wallet.pin_issuer(BASE, NOW).unwrap(), Pinning::Pinned(_)));
        wallet
    }

    /// What is tried, and the wallet's file is what it was.
    #[track_caller]
    pub fn unchanged<R>(&self, attempt: impl FnOnce() -> R) -> R {
        let before = std::fs::read(self.path()).unwrap();
        let result = attempt();
        assert_eq!(std::fs::read(self.path()).unwrap(), before, "the wallet's file");
        result
    }

    pub fn open(&self) -> Wallet {
        Wallet::open(&self.path(), &passphrase()).unwrap().with_transport(Box::new(self.fake.clone()))
    }

    /// Obtains the licence of [`values`].
    pub fn obtain(&mut self, wallet: &mut Wallet) -> CredentialSummary {
        self.obtain_with(wallet, values())
    }

    pub fn obtain_with(&mut self, wallet: &mut Wallet, values: Vec<Value>) -> CredentialSummary {
        let code = self.service().offer("test.licence", values);
        wallet.accept_offer(BASE, &code, NOW, &mut self.rng).unwrap()
    }

    /// Agrees to what a request asks for, and answers it.
    pub fn answer(&mut self, wallet: &mut Wallet, uri: &str, now: u64) -> Result<Outcome, WalletError> {
        let review = wallet.review(uri, now)?;
        let consent = Consent::given_to(&review)?;
        wallet.present(review, consent, now, &mut self.rng)
    }

    /// The address of a new request with these statements about one licence `l`.
    pub fn request(&self, statements: serde_json::Value) -> String {
        self.service().request(&[("l", "test.licence", "token")], statements)
    }
}

pub fn passphrase() -> Passphrase {
    Passphrase::new("right")
}

/// Zhang San, born 1990-05-17, good until 2030-01-01.
pub fn values() -> Vec<Value> {
    vec![
        Value::Text("张三".into()),
        Value::Date("1990-05-17".parse().unwrap()),
        Value::Date("2030-01-01".parse().unwrap()),
        Value::Flags(0b010),
        Value::Code("31".into()),
        Value::Text("X123".into()),
    ]
}

pub fn schema() -> Arc<Schema> {
    let text = |zh: &str, en: &str| json!({ "zh-CN": zh, "en": en });
    let code = |code: &str, zh: &str, en: &str| json!({ "code": code, "title": text(zh, en) });
    let json = json!({
        "id": "test.licence", "version": "1", "title": text("测试驾驶证", "Test driving licence"), "binding": "holder",
        "attributes": [
            {"name":"name","title":text("姓名","Name"),"type":{"text":{"max_chars":"64"}},"required":true,"grade":"disclose"},
            {"name":"birth_date","title":text("出生日期","Date of birth"),"type":{"date":{"min":"1900-01-01","max":"2099-12-31"}},"required":true,"grade":"predicate"},
            {"name":"valid_until","title":text("有效期止","Valid until"),"type":{"date":{"min":"1900-01-01","max":"9999-12-31"}},"required":true,"grade":"predicate"},
            {"name":"classes","title":text("准驾车型","Classes"),"type":{"flags":{"flags":[code("B2","大型货车","Lorry"),code("C1","小型汽车","Car"),code("D","三轮摩托车","Tricycle")]}},"required":true,"grade":"predicate"},
            {"name":"region","title":text("地区","Region"),"type":{"code":{"table":[code("11","北京","Beijing"),code("31","上海","Shanghai"),code("44","广东","Guangdong")]}},"required":true,"grade":"disclose"},
            {"name":"number","title":text("证号","Number"),"type":{"text":{"max_chars":"32"}},"required":true,"grade":"never"}
        ]
    });
    Arc::new(Schema::from_json(&json.to_string()).unwrap())
}

/// A kind of licence that is nobody's in particular.
pub fn unbound_schema() -> Arc<Schema> {
    let text = |t: &str| json!({ "zh-CN": t, "en": t });
    let json = json!({
        "id": "test.company", "version": "1", "title": text("Company"), "binding": "none",
        "attributes": [
            {"name":"name","title":text("Company name"),"type":{"text":{"max_chars":"64"}},"required":true,"grade":"disclose"}
        ]
    });
    Arc::new(Schema::from_json(&json.to_string()).unwrap())
}
