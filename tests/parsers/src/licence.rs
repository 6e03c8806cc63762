//! Licences to be admitted, and identifiers.

use glimpse_api::value_to_json;
use glimpse_circuits::attribute::Value;
use glimpse_circuits::encoding::Reader;
use glimpse_profiles::builtin;
use glimpse_profiles::identifiers::{LicenceIdentifier, citizen_id, licence_identifier, uscc};
use glimpse_profiles::sample::Persona;
use serde_json::{Map, Value as Json};

use crate::bytes::Bytes;
use crate::scene::written;
use crate::seeds::Seeds;

/// First byte: which profile. Then a licence's JSON, or an identifier.
pub(crate) fn read(input: &[u8]) {
    let mut input = Bytes::new(input);
    let profile = input.pick(builtin());
    let Ok(text) = std::str::from_utf8(input.rest()) else { return };
    identifiers(text);
    let Ok(licence) = serde_json::from_str::<Map<String, Json>>(text) else { return };
    let values = match profile.admit(&licence) {
        Ok(values) => values,
        Err(refusals) => {
            assert!(refusals.iter().next().is_some() && !refusals.to_string().is_empty());
            return;
        }
    };
    profile.schema().check(&values).expect("what is admitted is the schema's");
    // As a store keeps it.
    let bytes = written(&values);
    let mut reader = Reader::new(&bytes);
    let again: Vec<Value> = values.iter().map(|_| reader.value().unwrap()).collect();
    reader.finish().unwrap();
    assert!(again == values, "a value is kept as another");
    // As a report shows it: that is admitted as the same.
    let mut shown = Map::new();
    for (attribute, value) in profile.schema().attributes().iter().zip(&values) {
        if *value != Value::Absent {
            shown.insert(attribute.name.clone(), value_to_json(&attribute.kind, value));
        }
    }
    assert!(profile.admit(&shown).is_ok_and(|again| again == values), "what is shown is another licence");
}

/// No identifier has a neighbour that differs in one character: that is what check characters are for.
fn identifiers(text: &str) {
    let refused_with = |check: fn(&str) -> bool, alphabet: &str| {
        if !check(text) {
            return;
        }
        assert!(text.is_ascii());
        for (at, old) in text.char_indices() {
            for new in alphabet.chars().filter(|new| *new != old) {
                let mut other = text.to_owned();
                other.replace_range(at..=at, &new.to_string());
                assert!(!check(&other), "two identifiers differ in character {at} alone");
            }
        }
    };
    refused_with(|text| citizen_id(text).is_ok(), "0123456789X");
    refused_with(|text| uscc(text).is_ok(), "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ");
    refused_with(|text| licence_identifier(text).is_ok(), "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ.");
    if let Ok(identifier) = text.parse::<LicenceIdentifier>() {
        assert_eq!(identifier.to_string(), text, "an identifier is written as another");
    }
    if let Ok(citizen) = citizen_id(text) {
        assert_eq!(citizen.birth_date().to_string().replace('-', ""), text[6..14]);
        assert_eq!(citizen.is_male(), text.as_bytes()[16] % 2 == 1);
    }
}

/// Samples of every profile, and identifiers.
pub(crate) fn seeds(seeds: &mut Seeds) {
    for (which, profile) in builtin().iter().enumerate() {
        for persona in 1..4 {
            let licence = Json::from(profile.sample(&Persona::new(persona)));
            seeds.add([&[which as u8][..], licence.to_string().as_bytes()].concat());
            for text in licence.as_object().unwrap().values().filter_map(Json::as_str) {
                if citizen_id(text).is_ok() || uscc(text).is_ok() || licence_identifier(text).is_ok() {
                    seeds.add([&[0][..], text.as_bytes()].concat());
                }
            }
        }
    }
    for identifier in ["11010519491231002X", "91350100M000100Y43", "914403001922038216"] {
        seeds.add([&[0][..], identifier.as_bytes()].concat());
    }
}
