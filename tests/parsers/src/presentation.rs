//! Bytes for a relation.

use glimpse_circuits::presentation::{Presentation, in_profile_of};
use glimpse_fixtures::NOW;
use glimpse_verifier::Cause;

use crate::bytes::Bytes;
use crate::scene::{stock, verifier};
use crate::seeds::Seeds;

/// First byte: which request. Then the presentation.
pub(crate) fn read(input: &[u8]) {
    let mut input = Bytes::new(input);
    let asked = input.pick(&stock().asked);
    let bytes = input.rest();
    let relation = in_profile_of(&asked.relation, bytes);
    let read = Presentation::from_bytes(&relation, bytes);
    if let Ok(read) = &read {
        assert_eq!(read.to_bytes(), bytes, "written back differently");
    }
    let verdict = verifier().verify_compiled(&asked.relation, bytes, NOW);
    match (&verdict, &read) {
        (Ok(verdict), Ok(_)) => {
            assert!(asked.is_answer(bytes), "accepted");
            assert_eq!(verdict.request, *asked.relation.request().digest());
        }
        (Err(failure), Ok(_)) => {
            assert!(!asked.is_answer(bytes), "a sound one was refused");
            assert_eq!(failure.cause(), &Cause::Proof);
        }
        (Err(failure), Err(error)) => assert_eq!(failure.cause(), &Cause::Decode(*error)),
        (Ok(_), Err(_)) => panic!("accepted what cannot be read"),
    }
    let whole = verifier().verify(asked.relation.request(), bytes, NOW);
    assert_eq!(whole.is_ok(), verdict.is_ok());
}

/// What is accepted, and the header alone.
pub(crate) fn seeds(seeds: &mut Seeds) {
    for (place, asked) in stock().asked.iter().enumerate() {
        let which = [u8::try_from(place).unwrap()];
        for answer in &asked.answers {
            seeds.add([&which[..], &answer.bytes].concat());
        }
        seeds.add([&which[..], &asked.answers[0].bytes[..answer_header(place)]].concat());
    }
}

fn answer_header(place: usize) -> usize {
    stock().asked[place].answers[0].layout.values.end
}
