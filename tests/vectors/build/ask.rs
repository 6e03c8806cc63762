//! Requests, and what answers them.

use std::sync::Arc;

use glimpse_circuits::relation::Relation;
use glimpse_circuits::request::{Nonce, Request};
use glimpse_fixtures::{AUDIENCE, NOW};
use rand_core::RngCore;
use serde_json::{Value as Json, json};

use crate::scene::{FIRST, SECOND, Scene, rng};

/// A credential that a request asks for.
#[derive(Clone)]
pub(crate) struct Wanted {
    pub(crate) id: String,
    pub(crate) schema: String,
    pub(crate) issuers: Vec<&'static str>,
    pub(crate) check: &'static str,
}

/// A request in the making.
#[derive(Clone)]
pub(crate) struct Ask {
    pub(crate) name: String,
    pub(crate) wanted: Vec<Wanted>,
    pub(crate) statements: Json,
    pub(crate) small: bool,
    pub(crate) issued_at: u64,
}

impl Ask {
    /// Asks for credentials `(id, schema)` of either key, in token mode, answered fast.
    pub(crate) fn new(name: &str, wanted: &[(&str, &str)], statements: Json) -> Self {
        let one = |&(id, schema): &(&str, &str)| Wanted {
            id: id.to_owned(),
            schema: schema.to_owned(),
            issuers: vec![FIRST, SECOND],
            check: "token",
        };
        let wanted = wanted.iter().map(one).collect();
        Self { name: name.to_owned(), wanted, statements, small: false, issued_at: NOW }
    }

    /// Asks about one licence `l` of schema `test.all`.
    pub(crate) fn l(name: &str, statements: Json) -> Self {
        Self::new(name, &[("l", "test.all")], statements)
    }

    /// Asks about one licence `l` of schema `test.short`.
    pub(crate) fn short(name: &str, statements: Json) -> Self {
        Self::new(name, &[("l", "test.short")], statements)
    }

    pub(crate) fn keyed(mut self) -> Self {
        self.wanted.iter_mut().for_each(|wanted| wanted.check = "keyed");
        self
    }

    pub(crate) fn small(mut self) -> Self {
        self.small = true;
        self
    }

    pub(crate) fn issued_at(mut self, moment: u64) -> Self {
        self.issued_at = moment;
        self
    }

    pub(crate) fn issuers(mut self, issuers: &[&'static str]) -> Self {
        self.wanted.iter_mut().for_each(|wanted| wanted.issuers = issuers.to_vec());
        self
    }

    /// As JSON, to be altered. The nonce is drawn for the request's name.
    pub(crate) fn json(&self, scene: &Scene) -> Json {
        let mut nonce = Nonce([0u8; 32]);
        rng(&format!("request {}", self.name)).fill_bytes(&mut nonce.0);
        let credential = |wanted: &Wanted| {
            let issuers: Vec<_> = wanted.issuers.iter().map(|name| *scene.public(name)).collect();
            json!({
                "id": wanted.id, "schema": scene.schema(&wanted.schema).digest(), "issuers": issuers,
                "check": wanted.check,
            })
        };
        let mut json = json!({
            "version": "1",
            "audience": AUDIENCE,
            "audience_name": {"zh-CN": "验证方", "en": "Verifier"},
            "purpose": {"zh-CN": "测试", "en": "Test"},
            "response_uri": "https://verifier.example/responses",
            "nonce": nonce,
            "issued_at": self.issued_at.to_string(),
            "expires_at": (self.issued_at + 300).to_string(),
            "credentials": self.wanted.iter().map(credential).collect::<Vec<_>>(),
            "statements": self.statements,
        });
        if self.small {
            json["prefer"] = json!("small");
        }
        json
    }

    pub(crate) fn request(&self, scene: &Scene) -> Arc<Request> {
        Arc::new(Request::from_json(&self.json(scene).to_string()).unwrap())
    }

    /// The relation in the fast profile.
    pub(crate) fn relation(&self, scene: &Scene) -> Relation {
        let relation = Relation::compile(self.request(scene), &scene.registry);
        relation.unwrap_or_else(|error| panic!("{}: {error}", self.name))
    }
}

/// A request with the holdings that answer it.
pub(crate) struct Show {
    pub(crate) ask: Ask,
    pub(crate) holdings: Vec<&'static str>,
    /// The lists whose intervals are shown, for each statement `not_revoked`.
    pub(crate) lists: Vec<&'static str>,
    /// When it is checked.
    pub(crate) now: u64,
}

impl Show {
    pub(crate) fn new(ask: Ask, holdings: &[&'static str]) -> Self {
        let now = ask.issued_at + 1;
        Self { ask, holdings: holdings.to_vec(), lists: Vec::new(), now }
    }

    pub(crate) fn lists(mut self, lists: &[&'static str]) -> Self {
        self.lists = lists.to_vec();
        self
    }

    pub(crate) fn now(mut self, now: u64) -> Self {
        self.now = now;
        self
    }

    /// Answered with the licence "all types".
    pub(crate) fn l(ask: Ask) -> Self {
        Self::new(ask, &["all types"])
    }

    /// Answered with the licence "short".
    pub(crate) fn short(ask: Ask) -> Self {
        Self::new(ask, &["short"])
    }
}

/// A combination of attributes with coefficients.
pub(crate) fn terms(list: &[(&str, i64)]) -> Json {
    list.iter()
        .map(|(attribute, coefficient)| json!({"attribute": attribute, "coefficient": coefficient.to_string()}))
        .collect()
}

pub(crate) fn range_of(of: &[(&str, i64)], lo: i128, hi: i128) -> Json {
    json!({"range": {"of": terms(of), "lo": lo.to_string(), "hi": hi.to_string()}})
}

pub(crate) fn range(attribute: &str, lo: i128, hi: i128) -> Json {
    range_of(&[(attribute, 1)], lo, hi)
}

pub(crate) fn intervals_of(of: &[(&str, i64)], list: &[(i128, i128)]) -> Json {
    let list: Vec<Json> =
        list.iter().map(|(lo, hi)| json!({"lo": lo.to_string(), "hi": hi.to_string()})).collect();
    json!({"intervals": {"of": terms(of), "intervals": list}})
}

pub(crate) fn intervals(attribute: &str, list: &[(i128, i128)]) -> Json {
    intervals_of(&[(attribute, 1)], list)
}

pub(crate) fn disclose(of: &str) -> Json {
    json!({"disclose": {"of": of}})
}

pub(crate) fn not_revoked(credential: &str, max_age: u64) -> Json {
    json!({"not_revoked": {"credential": credential, "max_age": max_age.to_string()}})
}

pub(crate) fn equal(left: &str, right: &str) -> Json {
    json!({"equal": {"left": left, "right": right}})
}

pub(crate) fn equals(of: &str, value: &str) -> Json {
    json!({"equals": {"of": of, "value": value}})
}

pub(crate) fn member<S: AsRef<str>>(of: &str, values: &[S]) -> Json {
    let values: Vec<&str> = values.iter().map(AsRef::as_ref).collect();
    json!({"member": {"of": of, "values": values}})
}

pub(crate) fn not_member<S: AsRef<str>>(of: &str, values: &[S]) -> Json {
    let values: Vec<&str> = values.iter().map(AsRef::as_ref).collect();
    json!({"not_member": {"of": of, "values": values}})
}

pub(crate) fn flags<S: AsRef<str>>(of: &str, all: &[S], none: &[S], any: &[S]) -> Json {
    let list = |codes: &[S]| -> Vec<String> { codes.iter().map(|code| code.as_ref().to_owned()).collect() };
    json!({"flags": {"of": of, "all": list(all), "none": list(none), "any": list(any)}})
}
