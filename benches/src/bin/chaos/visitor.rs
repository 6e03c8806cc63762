//! What wallets and a relying party do, and what they remember of the answers.

use std::sync::atomic::Ordering;
use std::thread::{self, sleep};
use std::time::Duration;

use glimpse_api::{
    OfferCreated, OfferDetails, RegisteredLicence, RequestCreated, RequestStatus, ResultReport, paths,
};
use glimpse_benches::nodes::{ADMIN, Answer, Call, Holder, PROFILE, RELYING_PARTY, policy};
use glimpse_circuits::request::CheckKind;
use glimpse_fixtures::rng;
use glimpse_profiles::sample::Persona;
use glimpse_prover::{Credential, Token};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::RngCore;
use serde_json::{Map, Value, json};

use crate::caller::Caller;
use crate::ledger::{Breach, Kind};
use crate::scene::Scene;

/// Tokens fetched at once: the least that an issuer answers.
const TOKENS: usize = 4;

/// A wallet, and the desk at which its licence is registered.
pub(crate) struct Visitor<'a> {
    scene: &'a Scene,
    caller: Caller<'a>,
    holder: Holder,
    reference: String,
    rng: ChaCha20Rng,
    credential: Option<Credential>,
    tokens: Vec<Token>,
    /// An answer to an earlier request, which answers no other.
    earlier: Option<Value>,
}

/// A stateless verification that is answered 200, made while everything works.
pub(crate) fn probe(scene: &Scene, seed: u64) -> Call {
    let mut visitor = Visitor::new(scene, seed, u64::from(u32::MAX));
    visitor.issue(1).unwrap();
    let credential = visitor.credential.take().unwrap();
    let (_, request) = visitor.request(CheckKind::Keyed).unwrap();
    let mut body = visitor.holder.present(&request.body, &credential, None);
    body["request"] = request.read();
    Call::post(paths::VERIFY, &body).by(RELYING_PARTY)
}

impl<'a> Visitor<'a> {
    pub(crate) fn new(scene: &'a Scene, seed: u64, number: u64) -> Self {
        let caller = Caller::new(scene);
        let metadata = caller.insist(&Call::get(paths::METADATA)).unwrap();
        let own = seed.wrapping_mul(1 << 32).wrapping_add(number);
        Self {
            scene,
            caller,
            holder: Holder::new(&metadata, rng(own)),
            reference: format!("holder-{number}"),
            rng: rng(own ^ u64::MAX),
            credential: None,
            tokens: Vec::new(),
            earlier: None,
        }
    }

    /// Visits until it is over. What goes wrong is in the ledger.
    pub(crate) fn visit(mut self, rest: Duration) {
        while !self.scene.is_over() {
            let racers = 2 + self.rng.next_u32() as usize % 2;
            // `None`: something went wrong, and was written down.
            let _ = match (self.credential.take(), self.rng.next_u32() % 10) {
                (None, _) | (_, 0) => self.issue(1),
                (_, 1) => self.issue(racers),
                (Some(credential), what) => {
                    let visited = match what {
                        2 => self.fetch_tokens(&credential),
                        3 => self.mislead(&credential),
                        4 | 5 => self.present(&credential, 1, 1),
                        6 | 7 => self.present(&credential, 1, racers),
                        _ => self.present(&credential, racers, 1),
                    };
                    self.credential = Some(credential);
                    visited
                }
            };
            sleep(rest);
        }
    }

    /// A licence is registered and offered, and so many different requests for its credential are sent at the same time.
    fn issue(&mut self, racers: usize) -> Option<()> {
        let (ledger, caller) = (&self.scene.ledger, &self.caller);
        let body = json!({ "profile": PROFILE, "holder": self.reference, "attributes": licence() });
        let registered = caller.expect(&Call::post(paths::LICENCES, &body).by(ADMIN), 201, Kind::Licence)?;
        let licence = registered.read::<RegisteredLicence>().licence;
        let offer = Call::post(paths::LICENCE_OFFERS.replace("{licence}", &licence), &Value::Null).by(ADMIN);
        ledger.add(Kind::Licence, offer.clone(), 201, None);
        let code = caller.expect(&offer, 201, Kind::Licence)?.read::<OfferCreated>().code;
        let redeem = Call::post(paths::OFFERS_REDEEM, &json!({ "code": code }));
        let redeemed = caller.expect(&redeem, 200, Kind::Offer)?;
        let details: OfferDetails = redeemed.read();
        ledger.add(Kind::Offer, redeem, 200, Some(&redeemed));
        let (pending, calls): (Vec<_>, Vec<_>) = (0..racers)
            .map(|_| {
                let (pending, body) = self.holder.ask(&code, &details);
                (pending, Call::post(paths::CREDENTIALS, &body))
            })
            .unzip();
        let answers = self.race(&calls)?;
        let winner = self.only_winner(&calls, &answers, Kind::Credential)?;
        ledger.add(Kind::Credential, calls[winner].clone(), 200, Some(&answers[winner]));
        let pending = pending.into_iter().nth(winner)?;
        match self.holder.accept(&details, pending, &answers[winner]) {
            Some((credential, handle)) => {
                ledger.add_handle(handle);
                self.credential = Some(credential);
                self.tokens.clear();
            }
            None => ledger.breach(Breach::Wrong, "a credential that does not hold".to_owned()),
        }
        Some(())
    }

    /// Tokens, in two requests to different nodes; and once more with other challenges, which nobody may answer: with
    /// two answers under one k the issuer's key could be computed.
    fn fetch_tokens(&mut self, credential: &Credential) -> Option<()> {
        let scene = self.scene;
        let (pending, body) = self.holder.begin_tokens(credential, TOKENS);
        let opened = self.caller.expect(&Call::post(paths::TOKENS, &body), 200, Kind::Credential)?;
        let (exchange, blinded, challenges) = self.holder.challenge(pending, &opened);
        let path = paths::TOKEN_EXCHANGE.replace("{exchange}", &exchange);
        let answer = self.caller.insist(&Call::post(path.clone(), &challenges))?;
        match answer.status {
            200 => match self.holder.tokens(blinded, &answer) {
                Some(tokens) => {
                    self.tokens = tokens;
                    scene.exchanges.fetch_add(1, Ordering::Relaxed);
                }
                None => scene.ledger.breach(Breach::Wrong, "tokens that do not hold".to_owned()),
            },
            // The answer was lost, or the node: the wallet starts again.
            404 => drop(scene.exchanges_lost.fetch_add(1, Ordering::Relaxed)),
            other => scene.ledger.breach(Breach::Wrong, format!("token exchange: answered {other}")),
        }
        let again = self.caller.insist(&Call::post(path, &altered(&challenges)))?;
        if again.status == 200 {
            scene.ledger.breach(Breach::DoubleUse, "a token exchange was answered twice".to_owned());
        }
        Some(())
    }

    /// So many different presentations for one request, each sent so often, all at the same time.
    fn present(&mut self, credential: &Credential, different: usize, times: usize) -> Option<()> {
        let check = if self.tokens.len() >= different { CheckKind::Token } else { CheckKind::Keyed };
        let (id, request) = self.request(check)?;
        let mut calls = Vec::new();
        for _ in 0..different {
            let token = if check == CheckKind::Token { self.tokens.pop() } else { None };
            let body = self.holder.present(&request.body, credential, token);
            let call = self.submission(&id, &body);
            calls.extend((0..times).map(|_| call.clone()));
            self.earlier = Some(body);
        }
        let answers = self.race(&calls)?;
        if different == 1 {
            // A repetition is no second use.
            if let Some(other) = answers.iter().find(|answer| answer.status != 200) {
                let what = format!("a repeated presentation: answered {}", other.status);
                self.scene.ledger.breach(Breach::Wrong, what);
                return None;
            }
            self.decided(&id, calls.swap_remove(0), &answers[0], RequestStatus::Accepted)
        } else {
            let winner = self.only_winner(&calls, &answers, Kind::Decision)?;
            self.decided(&id, calls.swap_remove(winner), &answers[winner], RequestStatus::Accepted)
        }
    }

    /// A presentation for another request: refused, and the true one comes too late.
    fn mislead(&mut self, credential: &Credential) -> Option<()> {
        let Some(earlier) = self.earlier.take() else { return Some(()) };
        let (id, request) = self.request(CheckKind::Keyed)?;
        let misled = self.submission(&id, &earlier);
        let refused = self.caller.expect(&misled, 422, Kind::Request)?;
        let honest = self.holder.present(&request.body, credential, None);
        let honest = self.submission(&id, &honest);
        self.caller.expect(&honest, 409, Kind::Decision)?;
        self.scene.ledger.add(Kind::Refusal, honest, 409, None);
        self.decided(&id, misled, &refused, RequestStatus::Refused)
    }

    /// A request is made at one node and read at the next.
    fn request(&mut self, check: CheckKind) -> Option<(String, Answer)> {
        let create = Call::post(paths::REQUESTS, &policy(check)).by(RELYING_PARTY);
        let created: RequestCreated = self.caller.expect(&create, 201, Kind::Request)?.read();
        let read = Call::get(paths::REQUEST.replace("{request}", &created.id));
        let request = self.caller.expect(&read, 200, Kind::Request)?;
        self.scene.ledger.add(Kind::Request, read, 200, Some(&request));
        Some((created.id, request))
    }

    fn submission(&mut self, id: &str, body: &Value) -> Call {
        let key = format!("{:016x}{:016x}", self.rng.next_u64(), self.rng.next_u64());
        Call::post(paths::PRESENTATION.replace("{request}", id), body).keyed(key)
    }

    /// A decision is told again to whoever took it to the desk, and to the relying party.
    fn decided(&self, id: &str, call: Call, answer: &Answer, status: RequestStatus) -> Option<()> {
        let ledger = &self.scene.ledger;
        ledger.add(Kind::Decision, call, answer.status, Some(answer));
        let read = Call::get(paths::RESULT.replace("{request}", id)).by(RELYING_PARTY);
        let result = self.caller.expect(&read, 200, Kind::Decision)?;
        if result.read::<ResultReport>().status != status {
            ledger.breach(Breach::Lost, "decision: the relying party is told another".to_owned());
        }
        ledger.add(Kind::Decision, read, 200, Some(&result));
        Some(())
    }

    /// Sends all at the same time, each beginning at another node.
    fn race(&self, calls: &[Call]) -> Option<Vec<Answer>> {
        if let [only] = calls {
            return Some(vec![self.caller.insist(only)?]);
        }
        self.scene.races.fetch_add(1, Ordering::Relaxed);
        thread::scope(|scope| {
            let racing: Vec<_> = calls.iter().map(|call| scope.spawn(|| self.caller.insist(call))).collect();
            racing.into_iter().map(|thread| thread.join().unwrap()).collect()
        })
    }

    /// Of different attempts exactly one succeeds, and the others are told that it was too late.
    fn only_winner(&self, calls: &[Call], answers: &[Answer], kind: Kind) -> Option<usize> {
        let ledger = &self.scene.ledger;
        let mut winners = Vec::new();
        for (number, answer) in answers.iter().enumerate() {
            match answer.status {
                200 => winners.push(number),
                409 => ledger.add(Kind::Refusal, calls[number].clone(), 409, None),
                404 | 410 => {
                    ledger.breach(Breach::Lost, format!("{kind}: what it is for, {}", answer.status))
                }
                other => ledger.breach(Breach::Wrong, format!("{kind}: answered {other}")),
            }
        }
        match winners[..] {
            [winner] => return Some(winner),
            [] => ledger.breach(Breach::Wrong, format!("{kind}: none of all attempts")),
            _ => ledger.breach(Breach::DoubleUse, format!("{kind}: to {} at once", winners.len())),
        }
        None
    }
}

/// The first two challenges exchanged: others than those that were answered.
fn altered(challenges: &Value) -> Value {
    let mut altered = challenges.clone();
    if let Some(list) = altered["challenges"].as_array_mut() {
        list.swap(0, 1);
    }
    altered
}

fn licence() -> Map<String, Value> {
    let profile = glimpse_profiles::builtin_by_schema_id(PROFILE).unwrap();
    profile.sample(&Persona::new(1).with_birth_date("1990-05-17".parse().unwrap()))
}
