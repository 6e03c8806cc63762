//! The verifier as the threads see it.

use std::sync::Arc;

use glimpse_circuits::request::Request;
use glimpse_verifier::{Cause, Item, Verdict, VerificationFailure};

use super::pool::{Finding, Judging};
use crate::config::Clock;
use crate::verifier::known::Issuers;

/// A presentation and what it answers.
pub(crate) struct Check {
    pub(crate) request: Arc<Request>,
    pub(crate) presentation: Vec<u8>,
}

/// Compiles and verifies, by the clock and the issuers of the moment at which it does.
pub(crate) struct Judge {
    pub(crate) issuers: Arc<Issuers>,
    pub(crate) clock: Clock,
}

impl Judging for Judge {
    type Check = Check;
    type Answer = Result<Verdict, VerificationFailure>;

    fn judge(&self, checks: &[Check]) -> Vec<Self::Answer> {
        let now = self.clock.now();
        let verifier = &self.issuers.at(now).verifier;
        let relations: Vec<_> = checks.iter().map(|check| verifier.relation(&check.request)).collect();
        let compiled = relations.iter().zip(checks).filter_map(|(relation, check)| {
            Some(Item { relation: relation.as_ref().ok()?, presentation: &check.presentation })
        });
        let compiled: Vec<_> = compiled.collect();
        // An empty batch is one of which nothing compiled.
        let verdicts = verifier.verify_batch(&compiled, now).unwrap_or_default();
        let mut verdicts = verdicts.into_iter();
        relations
            .iter()
            .filter_map(|relation| relation.as_ref().map_or_else(refused, |_| verdicts.next()))
            .collect()
    }

    fn finding(answer: &Self::Answer) -> Finding {
        match answer {
            Ok(_) => Finding::Good,
            Err(failure) if *failure.cause() == Cause::Proof => Finding::Costly,
            // Found before any arithmetic.
            Err(_) => Finding::Idle,
        }
    }
}

fn refused(failure: &VerificationFailure) -> Option<Result<Verdict, VerificationFailure>> {
    Some(Err(failure.clone()))
}
