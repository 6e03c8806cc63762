//! `cmz`: keyed-verification credentials of Chase, Meiklejohn and Zaverucha, as CMZ14 and as µCMZ.
//!
//! A presentation is a protocol of the crate that shows one credential and issues none. The range is a statement of
//! its own language, `(first..=last).contains(x)`, with bounds given at run time: the crate commits to bits of
//! x − first and shows each to be 0 or 1. Nothing here helps it or works around it.
// The crate's macros write items without documentation, and want credentials in capitals.
#![allow(missing_docs, non_snake_case, unused_imports)]

use std::cell::RefCell;

use cmz::*;
use curve25519_dalek::ristretto::RistrettoPoint as G;
use curve25519_dalek::scalar::Scalar;
use group::Group;
use rand::rngs::StdRng;
use rand::{CryptoRng, RngCore, SeedableRng};
use sha2::Sha512;

use crate::scheme::{ATTRIBUTES, About, BIRTH, Days, NONCE, Scheme, Verification, adult, minor};
use crate::schemes::other_attribute;

CMZ! { Licence: name, number, birth, issued, until, nationality, region, authority, address, file, points, classes }

CMZ14Protocol! { age14<first, last>,
  L: Licence { name: H, number: H, birth: H, issued: H, until: H, nationality: H, region: H, authority: H,
    address: H, file: H, points: H, classes: H },
  ,
  (first..=last).contains(L.birth),
}

muCMZProtocol! { age_mu<first, last>,
  L: Licence { name: H, number: H, birth: H, issued: H, until: H, nationality: H, region: H, authority: H,
    address: H, file: H, points: H, classes: H },
  ,
  (first..=last).contains(L.birth),
}

/// Which of the two constructions.
#[derive(Clone, Copy)]
enum Kind {
    Cmz14,
    Mu,
}

/// An issuer that verifies, and two holders.
pub struct Cmz {
    about: About,
    kind: Kind,
    secret: CMZPrivkey<G>,
    public: CMZPubkey<G>,
    adult: Licence,
    minor: Licence,
    rng: RefCell<StdRng>,
}

impl Cmz {
    /// The MAC of 2014, in the generic group model.
    pub fn cmz14() -> Self {
        Self::new("cmz14", "CMZ14 credential, birth date in range (bits)", Kind::Cmz14)
    }

    /// µCMZ, the crate's first choice.
    pub fn mu() -> Self {
        Self::new("mucmz", "µCMZ credential, birth date in range (bits)", Kind::Mu)
    }

    fn new(name: &'static str, statement: &'static str, kind: Kind) -> Self {
        let mut rng = StdRng::seed_from_u64(4);
        cmz_group_init(G::hash_from_bytes::<Sha512>(b"glimpse-peers: generator A"));
        let (secret, public) = Licence::gen_keys(&mut rng, matches!(kind, Kind::Mu));
        let points = public.X.len() + usize::from(public.X0.is_some()) + usize::from(public.Xr.is_some());
        let scalars = secret.x.len() + 2;
        let about = About {
            name,
            package: "cmz",
            statement,
            verification: Verification::Keyed,
            curve: "ristretto255",
            // The verifier keeps the public key beside the secret one, so as not to compute it each time.
            setup_prover_bytes: 32 * points,
            setup_verifier_bytes: 32 * (scalars + points),
        };
        let [adult, minor] = [adult(), minor()].map(|birth| licence(birth, &secret, &public, &mut rng));
        Self { about, kind, secret, public, adult, minor, rng: rng.into() }
    }

    fn prove(&self, licence: &Licence, days: Days) -> Option<Vec<u8>> {
        let rng = &mut *self.rng.borrow_mut();
        let (first, last) = (days.first.into(), days.last.into());
        match self.kind {
            Kind::Cmz14 => {
                let days = age14::Params { first, last };
                Some(age14::prepare(rng, NONCE, licence, &days).ok()?.0.as_bytes())
            }
            Kind::Mu => {
                let days = age_mu::Params { first, last };
                Some(age_mu::prepare(rng, NONCE, licence, &days).ok()?.0.as_bytes())
            }
        }
    }

    fn verify(&self, proof: &[u8], days: Days) -> bool {
        let rng = &mut *self.rng.borrow_mut();
        let (first, last) = (days.first.into(), days.last.into());
        match self.kind {
            Kind::Cmz14 => {
                let Ok(request) = age14::Request::try_from(proof) else { return false };
                let keys = |shown: &mut Licence| {
                    shown.set_keypair(&self.secret, &self.public);
                    Ok(age14::Params { first, last })
                };
                age14::handle(rng, NONCE, request, keys, |_| Ok(())).is_ok()
            }
            Kind::Mu => {
                let Ok(request) = age_mu::Request::try_from(proof) else { return false };
                let keys = |shown: &mut Licence| {
                    shown.set_keypair(&self.secret, &self.public);
                    Ok(age_mu::Params { first, last })
                };
                age_mu::handle(rng, NONCE, request, keys, |_| Ok(())).is_ok()
            }
        }
    }
}

/// The issuer's MAC on twelve attributes.
fn licence(birth: u32, secret: &CMZPrivkey<G>, public: &CMZPubkey<G>, rng: &mut StdRng) -> Licence {
    let mut licence = Licence::using_privkey(secret);
    assert_eq!(Licence::num_attrs(), ATTRIBUTES);
    for (i, name) in Licence::attrs().into_iter().enumerate() {
        *licence.attr_mut(name) = Some(Scalar::from(other_attribute(i)));
    }
    assert_eq!(Licence::attr_num("birth"), BIRTH);
    licence.birth = Some(Scalar::from(birth));
    licence.create_MAC(rng, secret).expect("every attribute has a value");
    // A holder has no secret key of the issuer.
    licence.set_keypair(&CMZPrivkey::default(), public);
    licence
}

impl Scheme for Cmz {
    fn about(&self) -> &About {
        &self.about
    }

    fn prove(&self) -> Vec<u8> {
        self.prove(&self.adult, Days::over_18()).expect("the holder is an adult")
    }

    fn verify(&self, proof: &[u8]) -> bool {
        self.verify(proof, Days::over_18())
    }

    fn false_proofs(&self) -> Vec<(&'static str, Option<Vec<u8>>)> {
        let over_10 = self.prove(&self.minor, Days::over_10()).expect("the minor is over 10");
        assert!(self.verify(&over_10, Days::over_10()));
        vec![
            ("a minor's proof of being 10", Some(over_10)),
            ("a minor's proof of being 18", self.prove(&self.minor, Days::over_18())),
        ]
    }
}
