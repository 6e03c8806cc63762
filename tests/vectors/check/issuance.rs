//! Issuances: both sides' checks.

use curve25519_dalek::ristretto::{CompressedRistretto, RistrettoPoint};
use curve25519_dalek::scalar::Scalar;
use glimpse_circuits::attribute::Value;
use glimpse_circuits::generators::generators;
use glimpse_circuits::issuance::{IssuanceRequest, IssuedCredential, credential_point};
use glimpse_circuits::schema::Binding;
use glimpse_issuer::{Issuance, IssueError, issue};
use glimpse_prover::{Credential, LinkSecret, ObtainError};

use super::{KNOWN, array, bytes, distinct, point, scalar, value, x};
use crate::format::ValidIssuance;
use crate::scene::rng;

/// What an issuer says of a request: the values are of little importance.
fn issuer_refuses(
    key: &str,
    schema: &str,
    nonce: &str,
    request: Option<&str>,
    registered: Option<&str>,
) -> Option<&'static str> {
    let request = match request.map(|request| IssuanceRequest::from_bytes(&bytes(request))) {
        Some(Err(_)) => return Some("decode"),
        Some(Ok(request)) => Some(request),
        None => None,
    };
    let like = KNOWN.file.issuance.valid.iter().find(|vector| vector.schema == schema).unwrap();
    let issuance = Issuance {
        schema: &KNOWN.schemas[schema],
        values: like.values.iter().map(value).collect(),
        handle: if request.is_some() && KNOWN.schemas[schema].binding() == Binding::Holder { 1 } else { 0 },
        nonce: nonce.parse().unwrap(),
        request: request.as_ref(),
        registered: registered.map(|point| CompressedRistretto(array(point))),
    };
    match issue(&KNOWN.keys[key], issuance, &mut rng("check")) {
        Ok(_) => None,
        Err(IssueError::Proof) => Some("proof"),
        Err(IssueError::SecondLinkSecret) => Some("registration"),
        Err(IssueError::Binding) => Some("binding"),
        Err(IssueError::Licence(_)) => Some("values"),
        Err(other) => panic!("{other}"),
    }
}

/// What a wallet makes of an answer.
fn accept(
    key: &str,
    schema: &str,
    link_secret: Option<&str>,
    blinding: Option<&str>,
    issued: &str,
) -> Result<Credential, &'static str> {
    let (key, schema) = (*KNOWN.keys[key].public(), KNOWN.schemas[schema].clone());
    let secrets = link_secret.zip(blinding);
    let accepted = match secrets {
        Some((secret, t)) => {
            let secret = LinkSecret::from_bytes(&array(secret)).unwrap();
            Credential::from_bytes(schema, key, &secret, &[bytes(t), bytes(issued)].concat())
        }
        None => {
            let issued = IssuedCredential::from_bytes(&schema, &bytes(issued)).map_err(|_| "decode")?;
            Credential::accept_unbound(schema, &key, issued)
        }
    };
    accepted.map_err(|error| match error {
        ObtainError::Decode(_) => "decode",
        ObtainError::Licence(_) => "values",
        ObtainError::KeyProof => "proof",
        ObtainError::Binding => "binding",
        other => panic!("{other}"),
    })
}

#[test]
fn valid_issuances_are_accepted_by_both_sides() {
    let valid = &KNOWN.file.issuance.valid;
    distinct(valid.iter().map(|vector| vector.name.as_str()));
    for vector in valid {
        let refused = issuer_refuses(
            &vector.key,
            &vector.schema,
            &vector.nonce,
            vector.request.as_deref(),
            vector.registration.as_deref(),
        );
        assert_eq!(refused, None, "{}", vector.name);
        let secrets = (vector.link_secret.as_deref(), vector.blinding.as_deref());
        let credential = accept(&vector.key, &vector.schema, secrets.0, secrets.1, &vector.issued);
        let values: Vec<Value> = vector.values.iter().map(value).collect();
        assert!(credential.unwrap_or_else(|error| panic!("{}: {error}", vector.name)).values() == values);
        derived(vector, &values);
    }
}

/// U, N, C and x·A from their definitions.
fn derived(vector: &ValidIssuance, values: &[Value]) {
    let schema = &KNOWN.schemas[&vector.schema];
    let key = KNOWN.keys[&vector.key].public();
    let issued = IssuedCredential::from_bytes(schema, &bytes(&vector.issued)).unwrap();
    let mut blinded = RistrettoPoint::default();
    assert_eq!(schema.binding() == Binding::Holder, vector.request.is_some());
    if let (Some(s), Some(t), Some(request)) = (&vector.link_secret, &vector.blinding, &vector.request) {
        let (s, t) = (scalar(s), scalar(t));
        blinded = generators().h()[0] * s + generators().h()[1] * t;
        let request = IssuanceRequest::from_bytes(&bytes(request)).unwrap();
        assert_eq!(request.blinded.point, blinded, "{}", vector.name);
        let registration = point(vector.registration.as_deref().unwrap()).point;
        assert_eq!(request.registration.point, registration, "{}", vector.name);
        assert_eq!(registration, key.registration_base() * s, "{}", vector.name);
    }
    let attributes: Vec<Scalar> = values.iter().map(Value::to_scalar).collect();
    let c = credential_point(&key.domain(&schema.digest()), &blinded, issued.handle, &attributes);
    assert_eq!(c, point(&vector.credential_point).point, "{}", vector.name);
    assert_eq!(issued.a.point * (x(&vector.key) + *issued.e), c, "{}", vector.name);
}

#[test]
fn invalid_issuances_are_refused() {
    let invalid = &KNOWN.file.issuance.invalid;
    distinct(invalid.iter().map(|vector| vector.name.as_str()));
    for vector in invalid {
        let refused = match (vector.message.as_str(), &vector.issued) {
            ("request", None) => issuer_refuses(
                &vector.key,
                &vector.schema,
                &vector.nonce,
                Some(vector.request.as_deref().unwrap()),
                vector.registered.as_deref(),
            ),
            ("issued", Some(issued)) => {
                let secrets = (vector.link_secret.as_deref(), vector.blinding.as_deref());
                accept(&vector.key, &vector.schema, secrets.0, secrets.1, issued).err()
            }
            other => panic!("{}: {}", vector.name, other.0),
        };
        assert_eq!(refused, Some(vector.stage.as_str()), "{}", vector.name);
    }
}
