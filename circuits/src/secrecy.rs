//! What secrets are kept in, what is done about copies of them, and what types that hold them must not be able to do.
//!
//! Moving a value copies its bytes, and Rust wipes what a value was moved to but never what it was moved from. So secret
//! scalars stand in a place of their own ([`SecretScalar`]), and what computes with them does so in stack frames that are
//! wiped when it is done ([`apart`]). Registers, and what an operating system writes to disk, are beyond that.

use std::ops::{Deref, DerefMut};

use curve25519_dalek::scalar::Scalar;
use zeroize::{Zeroize, Zeroizing};

/// So much of the stack is wiped. What is called from [`apart`] goes no deeper with anything that is secret, which the
/// test `memory` looks after.
const WIPED_BYTES: usize = 64 * 1024;

/// A secret scalar in a place of its own: whatever holds it can be moved and leaves no copy behind. Wiped on drop.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretScalar(Box<Zeroizing<Scalar>>);

impl SecretScalar {
    /// Takes a scalar. The copy that it is given stays where it is: call it [`apart`].
    pub fn new(scalar: Scalar) -> Self {
        Self(Box::new(Zeroizing::new(scalar)))
    }
}

impl Deref for SecretScalar {
    type Target = Scalar;

    fn deref(&self) -> &Scalar {
        &self.0
    }
}

impl DerefMut for SecretScalar {
    fn deref_mut(&mut self) -> &mut Scalar {
        &mut self.0
    }
}

/// Computes in stack frames of its own and wipes them when it is done. What it returns is moved out: secrets in it should
/// stand elsewhere, as those of a [`SecretScalar`] or of a list do.
#[inline(never)]
pub fn apart<T>(work: impl FnOnce() -> T) -> T {
    let result = own_frames(work);
    wipe();
    result
}

#[inline(never)]
fn own_frames<T>(work: impl FnOnce() -> T) -> T {
    work()
}

/// Its frame lies where those were that have returned.
#[inline(never)]
fn wipe() {
    let mut area = [0u64; WIPED_BYTES / size_of::<u64>()];
    // Written in a way that is not optimised away.
    area.zeroize();
}

/// Does not compile if a type implements one of these traits: `lacks!(Nonce: Debug, Clone)`.
///
/// Without the trait the constant of `Otherwise` is what the name means; with it the inherent one is found first.
///
/// ```
/// struct Nonce([u8; 32]);
/// glimpse_circuits::lacks!(Nonce: std::fmt::Debug, Clone);
/// ```
/// The same with one of these traits does not compile:
///
/// ```compile_fail,E0080
/// #[derive(Clone)]
/// struct Nonce([u8; 32]);
/// glimpse_circuits::lacks!(Nonce: std::fmt::Debug, Clone);
/// ```
/// ```compile_fail,E0080
/// #[derive(Debug)]
/// struct Nonce([u8; 32]);
/// glimpse_circuits::lacks!(Nonce: std::fmt::Debug, Clone);
/// ```
#[macro_export]
macro_rules! lacks {
    ($type:ty: $($name:path),+ $(,)?) => {$(
        const _: () = {
            #[allow(dead_code)]
            struct Asked<T: ?Sized>(::core::marker::PhantomData<T>);
            #[allow(dead_code)]
            trait Otherwise {
                const IMPLEMENTS: bool = false;
            }
            impl<T: ?Sized> Otherwise for Asked<T> {}
            #[allow(dead_code)]
            impl<T: ?Sized + $name> Asked<T> {
                const IMPLEMENTS: bool = true;
            }
            assert!(
                !Asked::<$type>::IMPLEMENTS,
                concat!(stringify!($type), " holds secrets and must not implement ", stringify!($name))
            );
        };
    )+};
}

/// `Debug` for types that others around them need to have it, and that show nothing: the name and `(..)`.
#[macro_export]
macro_rules! opaque_debug {
    ($($type:ident),+ $(,)?) => {$(
        impl ::core::fmt::Debug for $type {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                f.write_str(concat!(stringify!($type), "(..)"))
            }
        }
    )+};
}

lacks!(SecretScalar: std::fmt::Debug, std::fmt::Display, Copy, serde::Serialize);
