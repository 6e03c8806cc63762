//! Versions of revocation lists, a bucket of each: what the valid presentations show intervals of.

use curve25519_dalek::scalar::Scalar;
use glimpse_circuits::generators::H_ATTRIBUTES;
use glimpse_circuits::interval::{Bucket, Ends, Scope, SignedInterval, interval_point};
use glimpse_fixtures::NOW;
use glimpse_fixtures::open::OpenCredential;
use glimpse_issuer::{IntervalSigner, gaps};
use glimpse_prover::Token;
use rand_core::RngCore;

use crate::holdings::{Holding, OpenToken, find};
use crate::scene::{FIRST, SECOND, Scene, rng, secret_scalar};

/// The greatest age that most requests allow.
pub(crate) const DAY: u64 = 86_400;

/// A bucket of one version.
#[derive(Clone)]
pub(crate) struct List {
    pub(crate) name: &'static str,
    /// The issuer key's name.
    pub(crate) key: &'static str,
    /// The schema's name.
    pub(crate) schema: &'static str,
    /// The handles that the bucket is about.
    pub(crate) bounds: Ends,
    pub(crate) scope: Scope,
    pub(crate) bucket: Bucket,
    /// w.
    secret: Scalar,
}

/// All of them in the order of the file.
pub(crate) fn all(scene: &Scene, holdings: &[Holding]) -> Vec<List> {
    let handle = |name: &str| find(holdings, name).credential.handle();
    let (own, other) = (handle("unbound with a holder"), handle("all types"));
    let of = |name, issued_at, bounds, revoked: &[u32]| {
        List::new(scene, name, (FIRST, "test.unbound with a holder"), issued_at, bounds, revoked)
    };
    let at = |first, last| Ends { first, last };
    let near = bits_of(own, 8);
    let beside = [own - 70_000, own + 3];
    let one_in_100 = |bounds: Ends| (bounds.first..=bounds.last).step_by(100).collect::<Vec<u32>>();
    vec![
        of("near the holder", NOW - 600, near, &beside),
        of("the same a minute later", NOW - 540, near, &beside),
        of("an interval of one handle", NOW, near, &[own - 1, own + 1]),
        of("the first handle of an interval", NOW, near, &[own - 1]),
        of("the last handle of an interval", NOW, near, &[own + 1]),
        of("the holder is revoked", NOW, near, &[own]),
        of("a day old", NOW - DAY, near, &beside),
        of("older than a day", NOW - DAY - 60, near, &beside),
        of("60 s from the future", NOW + 60, near, &beside),
        of("120 s from the future", NOW + 120, near, &beside),
        of("of 1970", 0, near, &beside),
        of("the last moment there is", u64::MAX - 15, near, &[]),
        of(
            "nobody is left",
            NOW,
            bits_of(own, 16),
            &(bits_of(own, 16).first..=bits_of(own, 16).last).collect::<Vec<_>>(),
        ),
        of("of one handle", NOW, at(own, own), &[]),
        of("of two long intervals", NOW, at(0, (1 << 25) - 1), &[]),
        of("the last handles there are", NOW, at(u32::MAX - 255, u32::MAX), &[u32::MAX - 7]),
        of("of many", NOW, bits_of(own, 21), &one_in_100(bits_of(own, 21))),
        List::new(
            scene,
            "of test.all",
            (FIRST, "test.all"),
            NOW - 60,
            bits_of(other, 8),
            &[other - 9, other + 2],
        ),
        {
            let handle = handle("all types of the second key");
            let revoked = [handle - 1_000_000, handle + 1];
            List::new(
                scene,
                "of the second key",
                (SECOND, "test.all"),
                NOW - 120,
                bits_of(handle, 7),
                &revoked,
            )
        },
    ]
}

/// All handles that begin with the same bits as this one.
fn bits_of(handle: u32, bits: u32) -> Ends {
    let rest = u32::MAX >> bits;
    Ends { first: handle & !rest, last: handle | rest }
}

impl List {
    fn new(
        scene: &Scene,
        name: &'static str,
        (key, schema): (&'static str, &'static str),
        issued_at: u64,
        bounds: Ends,
        revoked: &[u32],
    ) -> Self {
        let (public, digest) = (*scene.public(key), scene.schema(schema).digest());
        let revocation = scene.revocation(key).unwrap();
        let signer = IntervalSigner::new(revocation, public, digest, issued_at).unwrap();
        let intervals: Vec<Ends> = gaps(bounds, revoked.iter().copied()).collect();
        let bucket = signer.sign(&intervals, &mut rng(&format!("list {name}"))).unwrap();
        let secret = secret_scalar(revocation);
        Self { name, key, schema, bounds, scope: *signer.scope(), bucket, secret }
    }

    /// The same about other handles.
    pub(crate) fn within(&self, bounds: Ends) -> Self {
        Self { bounds, ..self.clone() }
    }

    /// The interval that holds this handle.
    pub(crate) fn open(&self, handle: u32) -> OpenInterval {
        let signed = self.bucket.find(handle).unwrap_or_else(|| panic!("{}: no interval", self.name));
        OpenInterval::new(&self.scope, signed, self.secret)
    }

    /// A token for the interval of a holding.
    pub(crate) fn sealed_token(&self, holding: &Holding, rng: &mut impl RngCore) -> Token {
        let interval = self.open(holding.credential.handle());
        OpenToken::draw(&interval.open, &interval.secret, rng).sealed(&interval.open)
    }
}

/// An interval as a cheating prover holds it.
#[derive(Clone)]
pub(crate) struct OpenInterval {
    /// The slots are the two ends, after three that are 0.
    pub(crate) open: OpenCredential,
    /// What the prover says about when the version was issued.
    pub(crate) issued_at: u64,
    /// The secret of the key that tokens are made with.
    pub(crate) secret: Scalar,
}

impl OpenInterval {
    /// Of these ends with a signature under the key with this secret.
    pub(crate) fn new(scope: &Scope, signed: &SignedInterval, secret: Scalar) -> Self {
        let SignedInterval { ends, a, e } = signed;
        let mut slots = vec![Scalar::ZERO; H_ATTRIBUTES];
        slots.extend([ends.first, ends.last].map(Scalar::from));
        let open = OpenCredential {
            key: scope.revocation,
            a: a.point,
            e: *e,
            signed: interval_point(&scope.domain(), *ends) - a.point * e,
            slots,
            values: Vec::new(),
        };
        Self { open, issued_at: scope.issued_at, secret }
    }
}

/// An interval signed with any key: an issuer's own code signs none that it should not.
pub(crate) fn sign(scope: &Scope, ends: Ends, secret: &Scalar, e: Scalar) -> SignedInterval {
    let a = interval_point(&scope.domain(), ends) * (secret + e).invert();
    SignedInterval { ends, a: a.into(), e }
}
