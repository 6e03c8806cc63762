//! What the targets share: accepted presentations, and who verifies them. The same in every run.

use std::sync::LazyLock;

use glimpse_circuits::attribute::Value;
use glimpse_circuits::encoding::write_value;
use glimpse_circuits::key::Registry;
use glimpse_fixtures::World;
use glimpse_fixtures::mutant::Stock;
use glimpse_fixtures::schemas::{all_types, second, unbound};
use glimpse_verifier::Verifier;

/// Decides everything that is made here.
pub(crate) const SEED: u64 = 5;

/// Accepted presentations for many requests.
pub(crate) fn stock() -> &'static Stock {
    static STOCK: LazyLock<Stock> = LazyLock::new(|| Stock::new(SEED));
    &STOCK
}

/// Who accepts them.
pub(crate) fn verifier() -> &'static Verifier {
    static VERIFIER: LazyLock<Verifier> = LazyLock::new(|| stock().verifier());
    &VERIFIER
}

/// The fixtures' schemas and those of all profiles, under two issuers.
pub(crate) fn registry() -> &'static Registry {
    static REGISTRY: LazyLock<Registry> = LazyLock::new(|| {
        let profiles = glimpse_profiles::builtin().iter().map(|profile| profile.schema().clone().into());
        let schemas: Vec<_> = [all_types(), second(), unbound()].into_iter().chain(profiles).collect();
        World::new(SEED, &schemas).registry
    });
    &REGISTRY
}

/// The bytes of values.
pub(crate) fn written(values: &[Value]) -> Vec<u8> {
    let mut bytes = Vec::new();
    values.iter().for_each(|value| write_value(&mut bytes, value));
    bytes
}
