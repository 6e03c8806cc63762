//! Requests and presentations as they are collected.

use std::sync::Arc;

use glimpse_circuits::encoding::Reader;
use glimpse_circuits::presentation::Presentation;
use glimpse_circuits::presentation::in_profile_of;
use glimpse_circuits::relation::{Profile, Relation};
use glimpse_circuits::request::{CheckKind, Request};
use glimpse_fixtures::AUDIENCE;
use glimpse_fixtures::reference::{broken, challenges};
use glimpse_issuer::IssuerSecretKey;
use glimpse_prover::{Holding as Held, Interval, Showing, present};
use glimpse_verifier::{Cause, Verifier};

use super::ask::{Ask, Show};
use super::basics::written;
use crate::format::{
    Challenges, InvalidPresentation, RelationDigests, Shown, ValidPresentation, ValidRequest,
};
use crate::holdings::{Holding, find};
use crate::lists::{self, List};
use crate::scene::{Scene, link_secret, rng};

/// A request of the file.
pub(crate) struct Known {
    pub(crate) name: String,
    pub(crate) relation: Relation,
    /// Other texts of it.
    pub(crate) written: Vec<String>,
}

/// A valid presentation of the file, to be altered.
pub(crate) struct Made {
    /// The request's name.
    pub(crate) request: String,
    /// In the presentation's profile.
    pub(crate) relation: Relation,
    pub(crate) bytes: Vec<u8>,
    pub(crate) now: u64,
}

/// What is in the file about presentations.
pub(crate) struct Book {
    pub(crate) scene: Scene,
    pub(crate) holdings: Vec<Holding>,
    pub(crate) lists: Vec<List>,
    pub(crate) requests: Vec<Known>,
    pub(crate) valid: Vec<ValidPresentation>,
    pub(crate) invalid: Vec<InvalidPresentation>,
    verifier: Verifier,
}

impl Book {
    pub(crate) fn new(scene: Scene, holdings: Vec<Holding>) -> Self {
        let verifier = verifier(AUDIENCE, &scene);
        let lists = lists::all(&scene, &holdings);
        Self {
            scene,
            holdings,
            lists,
            requests: Vec::new(),
            valid: Vec::new(),
            invalid: Vec::new(),
            verifier,
        }
    }

    pub(crate) fn list(&self, name: &str) -> &List {
        self.lists.iter().find(|list| list.name == name).unwrap_or_else(|| panic!("no list {name}"))
    }

    pub(crate) fn holding(&self, name: &str) -> &Holding {
        find(&self.holdings, name)
    }

    /// Takes a request up, with its relation in the fast profile.
    pub(crate) fn request(&mut self, ask: &Ask) -> Relation {
        let relation = ask.relation(&self.scene);
        self.known(&ask.name, relation.clone());
        relation
    }

    /// The same for a request that was altered.
    pub(crate) fn altered_request(&mut self, name: &str, json: &serde_json::Value) -> Relation {
        let request = Arc::new(Request::from_json(&json.to_string()).unwrap());
        let relation = Relation::compile(request, &self.scene.registry).unwrap();
        self.known(name, relation.clone());
        relation
    }

    fn known(&mut self, name: &str, relation: Relation) {
        assert!(self.requests.iter().all(|known| known.name != name), "two requests {name}");
        self.requests.push(Known { name: name.to_owned(), relation, written: Vec::new() });
    }

    /// Shows what a request asks for, in each profile that it allows.
    pub(crate) fn show(&mut self, show: &Show) {
        let fast = self.request(&show.ask);
        let compact = fast.compact();
        let (plain, small) = (show.ask.name.clone(), format!("{}, compact", show.ask.name));
        self.present(show, &plain, &fast);
        if let Some(compact) = compact {
            self.present(show, &small, &compact);
        }
    }

    fn present(&mut self, show: &Show, name: &str, relation: &Relation) {
        let rng = &mut rng(&format!("presentation {name}"));
        let holdings: Vec<&Holding> = show.holdings.iter().map(|name| self.holding(name)).collect();
        let (_, secret) = link_secret(holdings[0].wallet);
        let shown: Vec<_> = (0..holdings.len()).map(|i| self.interval(show, relation, i)).collect();
        let mut held = Vec::new();
        for ((holding, requested), shown) in holdings.iter().zip(relation.credentials()).zip(&shown) {
            let showing = match requested.check {
                CheckKind::Token => Showing::Token(holding.sealed_token(&self.scene, rng)),
                CheckKind::Keyed => Showing::Keyed,
            };
            let mut one = Held::new(&holding.credential, showing);
            if let Some((list, interval)) = shown {
                let showing = match requested.check {
                    CheckKind::Token => Showing::Token(list.sealed_token(holding, rng)),
                    CheckKind::Keyed => Showing::Keyed,
                };
                one = one.with_interval(interval, showing);
            }
            held.push(one);
        }
        let presentation = present(relation, &secret, held, rng);
        let presentation = presentation.unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(broken(relation, &presentation), Vec::<String>::new(), "{name}");
        let (y, c) = challenges(relation, &presentation);
        let shown = relation.disclosed().iter().zip(&presentation.disclosed).map(|(disclosed, value)| {
            let (credential, position) = disclosed.attributes[0];
            let credential = &relation.credentials()[credential];
            let attribute = &credential.schema.attributes()[position].name;
            Shown { of: format!("{}.{attribute}", credential.id), value: written(value) }
        });
        let issuers = relation.credentials().iter().zip(&presentation.issuers).map(|(credential, index)| {
            let key = &credential.accepted[usize::from(*index)].key;
            self.scene.key_name(key).to_owned()
        });
        self.valid.push(ValidPresentation {
            name: name.to_owned(),
            request: show.ask.name.clone(),
            now: show.now.to_string(),
            profile: match relation.profile() {
                Profile::Fast => "fast".to_owned(),
                Profile::Compact => "compact".to_owned(),
            },
            bytes: hex::encode(presentation.to_bytes()),
            disclosed: shown.collect(),
            issuers: issuers.collect(),
            holdings: show.holdings.iter().map(|name| (*name).to_owned()).collect(),
            lists: show.lists.iter().map(|name| (*name).to_owned()).collect(),
            challenges: Challenges {
                y: relation.has_digit_equation().then(|| hex::encode(y.as_bytes())),
                c: hex::encode(c.as_bytes()),
            },
        });
    }

    /// The interval that is shown beside a credential, and its list.
    fn interval(&self, show: &Show, relation: &Relation, credential: usize) -> Option<(&List, Interval)> {
        assert_eq!(show.lists.len(), relation.intervals().len(), "{}", show.ask.name);
        let place = relation.intervals().iter().position(|interval| interval.credential == credential)?;
        let list = self.list(show.lists[place]);
        let interval =
            Interval::find(&self.holding(show.holdings[credential]).credential, list.scope, &list.bucket);
        Some((list, interval.unwrap_or_else(|error| panic!("{}: {error}", show.ask.name))))
    }

    /// A valid presentation that was made before.
    pub(crate) fn made(&self, name: &str) -> Made {
        let vector = self.valid.iter().find(|vector| vector.name == name);
        let vector = vector.unwrap_or_else(|| panic!("no presentation {name}"));
        let bytes = hex::decode(&vector.bytes).unwrap();
        let relation = in_profile_of(self.relation(&vector.request), &bytes);
        Made { request: vector.request.clone(), relation, bytes, now: vector.now.parse().unwrap() }
    }

    /// The relation of a request in the fast profile.
    pub(crate) fn relation(&self, request: &str) -> &Relation {
        let known = self.requests.iter().find(|known| known.name == request);
        &known.unwrap_or_else(|| panic!("no request {request}")).relation
    }

    /// Takes up bytes that are refused, and how: it is made sure here that they are, at that stage.
    pub(crate) fn refused(&mut self, refused: Refused<'_>) {
        let Refused { name, request, audience, now, bytes, stage, reason } = refused;
        assert!(self.invalid.iter().all(|vector| vector.name != name), "two refusals {name}");
        let relation = self.relation(request);
        let result = match audience {
            Some(audience) => {
                verifier(audience, &self.scene).verify_compiled(relation, &bytes, now).map(|_| ())
            }
            None => self.verifier.verify_compiled(relation, &bytes, now).map(|_| ()),
        };
        let failure = result.expect_err(&name);
        assert_eq!(stage_of(failure.cause()), stage, "{name}: {:?}", failure.cause());
        let equations = (stage == "proof").then(|| {
            let relation = in_profile_of(relation, &bytes);
            broken(&relation, &Presentation::from_bytes(&relation, &bytes).unwrap())
        });
        self.invalid.push(InvalidPresentation {
            name,
            request: request.to_owned(),
            audience: audience.map(str::to_owned),
            now: now.to_string(),
            bytes: hex::encode(bytes),
            stage: stage.to_owned(),
            equations,
            reason: reason.to_owned(),
        });
    }

    /// The requests as the file has them.
    pub(crate) fn valid_requests(&self) -> Vec<ValidRequest> {
        let one = |known: &Known| {
            let request = known.relation.request();
            let compact = known.relation.compact();
            ValidRequest {
                name: known.name.clone(),
                canonical: String::from_utf8(request.to_canonical_json().unwrap()).unwrap(),
                written: known.written.clone(),
                digest: request.digest().to_string(),
                relation: RelationDigests {
                    fast: hex::encode(known.relation.digest()),
                    compact: compact.map(|relation| hex::encode(relation.digest())),
                },
            }
        };
        self.requests.iter().map(one).collect()
    }
}

/// Bytes to be refused.
pub(crate) struct Refused<'a> {
    pub(crate) name: String,
    pub(crate) request: &'a str,
    /// The verifier's, if it is not the request's.
    pub(crate) audience: Option<&'a str>,
    pub(crate) now: u64,
    pub(crate) bytes: Vec<u8>,
    pub(crate) stage: &'static str,
    pub(crate) reason: &'a str,
}

/// The verifier of all vectors: it has the secrets of every key.
pub(crate) fn verifier(audience: &str, scene: &Scene) -> Verifier {
    let verifier = Verifier::new(audience, scene.registry.clone());
    scene.keys.iter().chain(&scene.revocation).fold(verifier, |verifier, (_, key)| {
        let copy = IssuerSecretKey::from_bytes(&key.to_bytes()).unwrap();
        verifier.with_keyed_check(Arc::new(copy))
    })
}

/// The stage at which a presentation was refused.
pub(crate) fn stage_of(cause: &Cause) -> &'static str {
    match cause {
        Cause::Audience | Cause::Expired | Cause::NotYetValid | Cause::Request(_) => "request",
        Cause::Decode(_) => "decode",
        Cause::StaleList | Cause::FutureList => "list",
        Cause::NoIssuerSecret | Cause::Proof => "proof",
    }
}

/// The bytes of the values that a presentation discloses.
pub(crate) fn disclosed_bytes(relation: &Relation, bytes: &[u8]) -> std::ops::Range<usize> {
    let start = 2 + relation.credentials().len();
    let mut reader = Reader::new(&bytes[start..]);
    relation.disclosed().iter().for_each(|_| drop(reader.value().unwrap()));
    let values = bytes.len() - glimpse_circuits::presentation::expected_length(relation);
    reader.expect_remaining(bytes.len() - start - values).unwrap();
    start..start + values
}
