//! Checks presentations: one call, one decision.
