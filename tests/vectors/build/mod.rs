//! Makes the whole file from the seed.

mod alter;
mod ask;
mod basics;
pub(crate) mod book;
mod forgeries;
mod issuance;
mod lies;
mod lists;
mod requests;
mod shows;
mod tokens;
mod values;

use glimpse_circuits::labels;
use glimpse_fixtures::AUDIENCE;

use crate::format::{FORMAT, File, Presentations, Protocol, RegistryNames, Requests};
use crate::holdings;
use crate::scene::{KNOWN_KEYS, SEED, Scene};

/// The file, the same in every run.
pub(crate) fn file() -> File {
    let scene = Scene::new();
    let holdings = holdings::all(&scene);
    let mut book = book::Book::new(scene, holdings);
    shows::all().iter().for_each(|show| book.show(show));
    alter::all(&mut book);
    values::all(&mut book);
    lies::all(&mut book);
    forgeries::all(&mut book);
    requests::at_the_limits(&mut book);
    lists::all(&mut book);
    let scene = &book.scene;
    File {
        format: FORMAT.to_owned(),
        protocol: Protocol {
            version: labels::VERSION,
            suite: String::from_utf8(labels::SUITE.to_vec()).unwrap(),
        },
        seed: hex::encode(SEED),
        generators: basics::all_generators(),
        bulletproof_generators: basics::bulletproof_generators(),
        strings: basics::strings(),
        absent: basics::absent(),
        values: basics::values(),
        refused_values: basics::refused_values(),
        days: basics::days(),
        request_days: basics::request_days(),
        ages: basics::ages(),
        schemas: basics::schemas(scene),
        keys: basics::keys(scene),
        registry: RegistryNames {
            schemas: scene.known_schemas(),
            keys: KNOWN_KEYS.map(str::to_owned).to_vec(),
        },
        requests: Requests {
            audience: AUDIENCE.to_owned(),
            valid: book.valid_requests(),
            invalid: requests::invalid(scene),
        },
        issuance: issuance::issuance(scene, &book.holdings),
        tokens: tokens::tokens(scene, &book.holdings),
        lists: lists::lists(&book),
        presentations: Presentations { valid: book.valid, invalid: book.invalid },
    }
}
