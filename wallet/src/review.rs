//! What a request asks for, checked and ready to be put into words, before anything is answered.

use std::sync::Arc;

use glimpse_circuits::relation::{Reason, Relation, RelationCredential, RelationError};
use glimpse_circuits::request::{AttributeRef, CheckKind, Request, Statement};
use glimpse_circuits::text::Text;
use glimpse_circuits::words;

use crate::address::Address;
use crate::choose::reference;
use crate::client::MAX_REQUEST_BYTES;
use crate::display::{asked_about, clean_text};
use crate::error::WalletError;
use crate::ledger::{LedgerOutcome, over_budget};
use crate::obstacle::{Obstacle, Warning};
use crate::wallet::{CredentialSummary, SecretWords, Wallet};

/// Seconds by which a request's moment of issue may lie ahead of this clock.
const CLOCK_SKEW_SECONDS: u64 = 300;

/// A request, checked, with the credentials that would answer it. Nothing was sent yet.
#[derive(Debug)]
pub struct Review {
    pub(crate) request: Arc<Request>,
    pub(crate) relation: Option<Relation>,
    pub(crate) response: Option<Address>,
    pub(crate) obstacles: Vec<Obstacle>,
    pub(crate) warnings: Vec<Warning>,
    pub(crate) choices: Vec<Choice>,
    pub(crate) chosen: Option<usize>,
}

/// One combination of credentials that answers a request.
#[derive(Clone, Debug)]
pub struct Choice {
    /// The credentials in the request's order. The same may stand in two places.
    pub credentials: Vec<CredentialSummary>,
    /// What would be shown of them, beside kind and issuer.
    pub shown: Vec<Shown>,
}

/// An attribute that is shown with its value.
#[derive(Clone, Debug)]
pub struct Shown {
    /// What it is called.
    pub title: Text,
    /// Its value.
    pub value: SecretWords,
}

/// The attributes of one credential whose values stay hidden.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hidden {
    /// The licence.
    pub licence: Text,
    /// Attributes of which nothing is said.
    pub untouched: Vec<Text>,
    /// Attributes of which something is proven, and nothing else is said.
    pub proven: Vec<Text>,
}

impl Wallet {
    /// Fetches a request from the address that a QR code or a link carries, and reviews it.
    pub fn review(&self, request_uri: &str, now: u64) -> Result<Review, WalletError> {
        let address = Address::parse(request_uri)?;
        let text = self.client.get_text(&address, MAX_REQUEST_BYTES)?;
        Ok(self.review_parsed(Request::from_json(&text)?, Some(&address), now))
    }

    /// Reviews a request that came another way, as JSON.
    pub fn review_json(&self, request: &str, now: u64) -> Result<Review, WalletError> {
        Ok(self.review_parsed(Request::from_json(request)?, None, now))
    }

    fn review_parsed(&self, request: Request, from: Option<&Address>, now: u64) -> Review {
        let mut review = Review {
            request: Arc::new(request),
            relation: None,
            response: None,
            obstacles: Vec::new(),
            warnings: Vec::new(),
            choices: Vec::new(),
            chosen: None,
        };
        review.check_times(now);
        self.check_addresses(&mut review, from);
        self.check_ledger(&mut review);
        let registry = match self.contents.registry(now) {
            Ok(registry) => registry,
            Err(expired) => {
                review.obstacles.push(Obstacle::NoList(expired));
                return review;
            }
        };
        match Relation::compile(review.request.clone(), &registry) {
            Err(error) => self.not_acceptable(&mut review, error, now),
            Ok(relation) => {
                self.choose(&mut review, &relation, now);
                self.check_budget(&mut review, &relation, now);
                review.relation = Some(relation);
            }
        }
        review
    }

    /// To pin an issuer again is of no use where a list decides who is one.
    fn not_acceptable(&self, review: &mut Review, error: RelationError, now: u64) {
        let Some(list) = self.trusted_list() else {
            return review.obstacles.push(Obstacle::NotAcceptable(error));
        };
        match error.reason {
            Reason::UnknownIssuer => {
                review.obstacles.push(Obstacle::NoListedIssuer { list: list.name });
                let asked = &review.request.document().credentials;
                let schemas: Vec<_> = asked.iter().map(|requested| requested.schema).collect();
                self.point_out_unlisted(review, &schemas, now);
            }
            Reason::NoLists(_) => review.obstacles.push(Obstacle::NoListedLists { list: list.name }),
            _ => review.obstacles.push(Obstacle::NotAcceptable(error)),
        }
    }

    fn check_addresses(&self, review: &mut Review, from: Option<&Address>) {
        let document = review.request.document();
        let response = Address::parse(&document.response_uri);
        let response = response.and_then(|address| self.client.permits(&address).map(|()| address));
        let response = match response {
            Ok(response) => response,
            Err(error) => return review.obstacles.push(Obstacle::ResponseAddress(error)),
        };
        let to = response.origin();
        match from.map(Address::origin) {
            None => review.warnings.push(Warning::UnknownOrigin),
            Some(from) if from != to => {
                review.obstacles.push(Obstacle::ForeignResponse { from, to: to.clone() });
            }
            Some(_) => {}
        }
        if Address::parse(&document.audience).is_ok_and(|audience| audience.origin() != to) {
            review.warnings.push(Warning::ForeignAudience { audience: document.audience.clone(), to });
        }
        review.response = Some(response);
    }

    fn check_ledger(&self, review: &mut Review) {
        let digest = *review.request.digest();
        let earlier = || self.contents.ledger.iter().filter(|entry| entry.request == digest);
        let heard = |outcome| matches!(outcome, LedgerOutcome::Accepted | LedgerOutcome::Refused);
        if earlier().any(|entry| heard(entry.outcome)) {
            review.obstacles.push(Obstacle::Answered);
        } else if earlier().next().is_some() {
            review.warnings.push(Warning::SentBefore);
        }
    }

    fn check_budget(&self, review: &mut Review, relation: &Relation, now: u64) {
        let origin = review.response.as_ref().map(Address::origin).unwrap_or_default();
        let statements = &review.request.document().statements;
        for (name, count) in over_budget(&self.contents.ledger, &review.request, &origin, now) {
            let mut asked = statements.iter().flat_map(asked_about);
            let Some(reference) = asked.find(|reference| reference.attribute == name) else { continue };
            let title = words::attribute_title(relation, reference);
            review.warnings.push(Warning::Budget { title, count });
        }
    }
}

impl Review {
    fn check_times(&mut self, now: u64) {
        let document = self.request.document();
        if now >= document.expires_at {
            self.obstacles.push(Obstacle::Expired);
        } else if document.issued_at > now.saturating_add(CLOCK_SKEW_SECONDS) {
            self.obstacles.push(Obstacle::NotYetValid);
        }
    }

    /// The request.
    pub fn request(&self) -> &Request {
        &self.request
    }

    /// Why the wallet will not answer; nothing if it can.
    pub fn obstacles(&self) -> &[Obstacle] {
        &self.obstacles
    }

    /// What the holder should know.
    pub fn warnings(&self) -> &[Warning] {
        &self.warnings
    }

    /// Whether the wallet can answer.
    pub fn can_answer(&self) -> bool {
        self.obstacles.is_empty() && !self.choices.is_empty()
    }

    /// The combinations of credentials that answer the request.
    pub fn choices(&self) -> &[Choice] {
        &self.choices
    }

    /// The one that will be used: the only one, or the one that was chosen.
    pub fn chosen(&self) -> Option<&Choice> {
        self.choices.get(self.chosen?)
    }

    /// Chooses one of [`Review::choices`] by its position.
    pub fn choose(&mut self, choice: usize) -> Result<(), WalletError> {
        if choice >= self.choices.len() {
            return Err(WalletError::NoSuchChoice);
        }
        self.chosen = Some(choice);
        Ok(())
    }

    /// Where the answer goes: scheme, host and port.
    pub fn response_origin(&self) -> Option<String> {
        self.response.as_ref().map(Address::origin)
    }

    /// What will be proven without being shown, in words.
    pub fn proven(&self) -> Vec<Text> {
        let Some(relation) = &self.relation else { return Vec::new() };
        let statements = self.request.document().statements.iter().zip(relation.statements_in_words().iter());
        let kept = statements.filter(|(statement, _)| !matches!(statement, Statement::Disclose { .. }));
        kept.map(|(_, text)| clean_text(text)).collect()
    }

    /// The attributes that are asked about so narrowly that the answer gives them away.
    pub fn revealing(&self) -> Vec<Text> {
        let Some(relation) = &self.relation else { return Vec::new() };
        relation.revealing().iter().map(|r| clean_text(&words::attribute_title(relation, r))).collect()
    }

    /// What stays hidden of each credential.
    pub fn hidden(&self) -> Vec<Hidden> {
        let Some(relation) = &self.relation else { return Vec::new() };
        let statements = &self.request.document().statements;
        let asked: Vec<&AttributeRef> = statements.iter().flat_map(asked_about).collect();
        let of_credential = |(index, credential): (usize, &RelationCredential)| {
            let mut hidden = Hidden {
                licence: clean_text(credential.schema.title()),
                untouched: Vec::new(),
                proven: Vec::new(),
            };
            for (position, attribute) in credential.schema.attributes().iter().enumerate() {
                let Some(reference) = reference(relation, index, position) else { continue };
                let disclosed =
                    relation.disclosed().iter().any(|value| value.attributes.contains(&(index, position)));
                if disclosed || relation.revealing().contains(&reference) {
                    continue;
                }
                let list =
                    if asked.contains(&&reference) { &mut hidden.proven } else { &mut hidden.untouched };
                list.push(clean_text(&attribute.title));
            }
            hidden
        };
        relation.credentials().iter().enumerate().map(of_credential).collect()
    }

    /// How each credential is checked, in the request's order.
    pub(crate) fn checks(&self) -> Vec<CheckKind> {
        self.request.document().credentials.iter().map(|credential| credential.check).collect()
    }
}
