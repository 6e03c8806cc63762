//! Which of the wallet's credentials answer a request.

use glimpse_circuits::relation::{Accepted, Relation, RelationCredential, RelationInterval};
use glimpse_circuits::request::AttributeRef;
use glimpse_circuits::schema::SchemaDigest;
use glimpse_circuits::text::Text;
use glimpse_circuits::words;
use glimpse_prover::{Credential, Interval, can_present};

use crate::contents::StoredCredential;
use crate::display::{clean_text, moment};
use crate::obstacle::{Obstacle, Warning};
use crate::review::{Choice, Review, Shown};
use crate::standing::Standing;
use crate::wallet::{SecretWords, Wallet};

/// Most combinations of credentials that are tried.
const MAX_TRIED: usize = 512;
/// Most issuers that are named where no licence would do.
const MAX_NAMED: usize = 5;

/// A credential of the right kind for one place of a request, with its interval where the request asks for one.
struct Candidate<'a> {
    stored: &'a StoredCredential,
    credential: Credential,
    interval: Option<Interval>,
}

impl Wallet {
    /// Tries every combination of credentials that are of the right kind, and not revoked where that is asked.
    pub(crate) fn choose(&self, review: &mut Review, relation: &Relation, now: u64) {
        let mut fitting: Vec<Vec<Candidate<'_>>> =
            relation.credentials().iter().map(|requested| self.fitting(requested)).collect();
        let missing: Vec<&RelationCredential> = (fitting.iter().zip(relation.credentials()))
            .filter(|(fitting, _)| fitting.is_empty())
            .map(|(_, requested)| requested)
            .collect();
        if !missing.is_empty() {
            return self.nothing_fits(review, &missing, now);
        }
        let unlisted = self.find_intervals(&mut fitting, relation, now);
        if fitting.iter().any(Vec::is_empty) {
            return review.obstacles.extend(unlisted);
        }
        let Ok(secret) = self.contents.link_secret() else { return review.obstacles.push(Obstacle::NotTrue) };
        for (tried, combination) in combinations(&fitting).enumerate() {
            if tried == MAX_TRIED {
                review.warnings.push(Warning::ManyChoices);
                break;
            }
            let held: Vec<_> =
                combination.iter().map(|one| (&one.credential, one.interval.as_ref())).collect();
            if can_present(relation, &secret, &held).is_ok() {
                self.warn_of_revoked(review, &combination);
                review.choices.push(Choice {
                    credentials: combination.iter().map(|one| self.summary(one.stored)).collect(),
                    shown: shown(relation, &held),
                });
            }
        }
        match review.choices.len() {
            0 => {
                review.obstacles.push(Obstacle::NotTrue);
                // It might be true of those.
                review.obstacles.extend(unlisted);
            }
            1 => review.chosen = Some(0),
            _ => {}
        }
    }

    /// The credentials of a requested kind, from an issuer that is accepted.
    fn fitting(&self, requested: &RelationCredential) -> Vec<Candidate<'_>> {
        let candidate = |stored| {
            Some(Candidate { stored, credential: self.contents.credential(stored).ok()?, interval: None })
        };
        let fitting = self.contents.credentials.iter().filter(|stored| fits(requested, stored));
        fitting.filter_map(candidate).collect()
    }

    /// Why no credential fits in some places of a request: of each kind, who is asked for where a list of issuers says it,
    /// and which credentials would do if the list still had their issuers.
    fn nothing_fits(&self, review: &mut Review, missing: &[&RelationCredential], now: u64) {
        let title = |requested: &&RelationCredential| requested.schema.title().clone();
        if self.contents.trust.is_none() {
            return review.obstacles.push(Obstacle::NoLicence(missing.iter().map(title).collect()));
        }
        for requested in missing {
            let mut issuers: Vec<Text> = Vec::new();
            for issuer in requested.accepted.iter().filter_map(|accepted| accepted.issuer.as_ref()) {
                let name = clean_text(&issuer.name);
                if !issuers.contains(&name) {
                    issuers.push(name);
                }
            }
            let more = issuers.len().saturating_sub(MAX_NAMED);
            issuers.truncate(MAX_NAMED);
            let licence = clean_text(&title(requested));
            review.obstacles.push(Obstacle::NoLicenceOf { licence, issuers, more });
        }
        let schemas = missing.iter().map(|requested| requested.schema.digest()).collect::<Vec<_>>();
        self.point_out_unlisted(review, &schemas, now);
    }

    /// Names the credentials of these kinds that the list of issuers does not vouch for at the moment.
    pub(crate) fn point_out_unlisted(&self, review: &mut Review, schemas: &[SchemaDigest], now: u64) {
        for stored in self.contents.credentials.iter().filter(|stored| schemas.contains(&stored.schema)) {
            let listing = self.contents.listing(stored);
            if let Some(listing) = listing.filter(|listing| !listing.holds(now)) {
                let licence = self.summary(stored).title;
                let obstacle = Obstacle::NotListed { licence, listing, at: now };
                if !review.obstacles.contains(&obstacle) {
                    review.obstacles.push(obstacle);
                }
            }
        }
    }

    /// Gives each candidate its interval where the request asks for one, and takes out those that have none that will do.
    /// Returns why they have none, each reason once.
    fn find_intervals(
        &self,
        fitting: &mut [Vec<Candidate<'_>>],
        relation: &Relation,
        now: u64,
    ) -> Vec<Obstacle> {
        let mut reasons = Vec::new();
        for asked in relation.intervals() {
            let Some(place) = fitting.get_mut(asked.credential) else { continue };
            place.retain_mut(|candidate| match self.interval(candidate.stored, asked, relation, now) {
                Ok(interval) => {
                    candidate.interval = Some(interval);
                    true
                }
                Err(reason) => {
                    if !reasons.contains(&reason) {
                        reasons.push(reason);
                    }
                    false
                }
            });
        }
        reasons
    }

    /// The interval that a credential shows where a request asks whether it is revoked, or why it has none that will do.
    pub(crate) fn interval(
        &self,
        stored: &StoredCredential,
        asked: &RelationInterval,
        relation: &Relation,
        now: u64,
    ) -> Result<Interval, Obstacle> {
        let title =
            self.contents.schema(&stored.schema).map(|it| clean_text(it.title())).unwrap_or_else(|| {
                // Cannot be: the credential was read with its schema.
                Text { zh_cn: stored.id.clone(), en: stored.id.clone() }
            });
        match self.contents.standing(stored) {
            Standing::NoLists => return Err(Obstacle::NoLists { title }),
            Standing::NotFetched => return Err(Obstacle::ListNotFetched { title }),
            Standing::Out { since, .. } => return Err(Obstacle::RevokedOrSuspended { title, since }),
            Standing::Good { as_of, next } => {
                let asked_at = relation.request().document().issued_at;
                if as_of.saturating_add(asked.max_age) < asked_at {
                    let age = asked_at.saturating_sub(as_of);
                    return Err(Obstacle::ListTooOld { title, age, max_age: asked.max_age });
                }
                if now >= next {
                    return Err(Obstacle::ListOverdue { title, since: next });
                }
            }
        }
        let interval = stored.list.as_ref().and_then(|list| list.interval().ok()?);
        interval.ok_or(Obstacle::ListNotFetched { title })
    }

    /// Says so where a credential would be used that is revoked or suspended, though nobody asks.
    fn warn_of_revoked(&self, review: &mut Review, combination: &[&Candidate<'_>]) {
        for one in combination {
            let Standing::Out { since, .. } = self.contents.standing(one.stored) else { continue };
            let title = clean_text(one.credential.schema().title());
            let warning = Warning::RevokedOrSuspended { title, since };
            if !review.warnings.contains(&warning) {
                review.warnings.push(warning);
            }
        }
    }
}

/// Whether a credential is of the requested kind, and under a key that is accepted and known.
pub(crate) fn fits(requested: &RelationCredential, stored: &StoredCredential) -> bool {
    let is_its = |accepted: &Accepted| accepted.key == stored.issuer.key && accepted.issuer.is_some();
    stored.schema == requested.schema.digest() && requested.accepted.iter().any(is_its)
}

/// All ways to take one of each, the last place changing fastest.
fn combinations<T>(places: &[Vec<T>]) -> impl Iterator<Item = Vec<&T>> {
    let total = places.iter().fold(1usize, |product, place| product.saturating_mul(place.len()));
    (0..total).map(move |mut index| {
        let mut taken: Vec<&T> = Vec::with_capacity(places.len());
        for place in places.iter().rev() {
            taken.push(&place[index % place.len()]);
            index /= place.len();
        }
        taken.reverse();
        taken
    })
}

/// The values of these credentials that are shown, and the moments of their lists where the request asks for those.
fn shown(relation: &Relation, held: &[(&Credential, Option<&Interval>)]) -> Vec<Shown> {
    let attributes = relation.disclosed().iter().flat_map(|disclosed| &disclosed.attributes);
    let shown = attributes.filter_map(|&(index, position)| {
        let (credential, _) = held.get(index)?;
        let (attribute, value) =
            credential.schema().attributes().get(position).zip(credential.values().get(position))?;
        let reference = reference(relation, index, position)?;
        let title = clean_text(&words::attribute_title(relation, &reference));
        Some(Shown { title, value: SecretWords::new(words::value(attribute, value)) })
    });
    let moments = relation.intervals().iter().filter_map(|asked| {
        let (credential, interval) = held.get(asked.credential)?;
        let title = list_title(credential.schema().title(), held.len() > 1);
        Some(Shown { title, value: SecretWords::new(moment(interval.as_ref()?.scope().issued_at)) })
    });
    shown.chain(moments).collect()
}

/// What the moment of a list is called.
fn list_title(licence: &Text, several: bool) -> Text {
    if !several {
        return Text { zh_cn: "吊销名单签发时间".into(), en: "Revocation list issued at".into() };
    }
    clean_text(&Text {
        zh_cn: format!("{}的吊销名单签发时间", licence.zh_cn),
        en: format!("Revocation list of the {} issued at", licence.en.to_lowercase()),
    })
}

/// An attribute of one of the request's credentials, by its position.
pub(crate) fn reference(relation: &Relation, index: usize, position: usize) -> Option<AttributeRef> {
    let credential = relation.credentials().get(index)?;
    let attribute = credential.schema.attributes().get(position)?.name.clone();
    Some(AttributeRef { credential: credential.id.clone(), attribute })
}
