"""Generators, issuer keys and what is hashed from them: docs/protocol.md sections 1, 3 and 5a."""

import functools
import hashlib

import ristretto
from strobe import Transcript

SUITE = b"ristretto255-merlin3-glimpse1"


@functools.lru_cache(maxsize=None)
def generator(name, index=0):
    """One of P, Q, K, M, H_i, D_i."""
    transcript = Transcript("glimpse/1 generator 2026-11")
    transcript.append("suite", SUITE)
    transcript.append("name", name.encode("ascii"))
    transcript.append("index", index.to_bytes(4, "little"))
    return ristretto.from_uniform(transcript.challenge("point", 64))


@functools.lru_cache(maxsize=None)
def bulletproof_generators(family, slot):
    """The 64 generators of the bits of one slot, family G or H (section 8)."""
    stream = hashlib.shake_256(b"GeneratorsChain" + family.encode("ascii") + slot.to_bytes(4, "little")).digest(64 * 64)
    return [ristretto.from_uniform(stream[64 * i : 64 * i + 64]) for i in range(64)]


def domain(public, schema_digest):
    """The scalar d of a key and a schema."""
    transcript = Transcript("glimpse/1 domain 2026-11")
    transcript.append("X", public)
    transcript.append("schema", schema_digest)
    return ristretto.scalar_from_wide(transcript.challenge("d", 64))


def interval_domain(revocation, public, schema_digest, issued_at):
    """The scalar d of the intervals of one version of a list."""
    transcript = Transcript("glimpse/1 interval domain 2026-11")
    transcript.append("W", revocation)
    transcript.append("X", public)
    transcript.append("schema", schema_digest)
    transcript.append_u64("issued_at", issued_at)
    return ristretto.scalar_from_wide(transcript.challenge("d", 64))


def registration_base(public):
    """The base of a key's registration points."""
    transcript = Transcript("glimpse/1 registration base 2026-11")
    transcript.append("X", public)
    return ristretto.from_uniform(transcript.challenge("base", 64))


def credential_point(public, schema_digest, slots):
    """C of a credential on pairs (i, m_i)."""
    return signed_point(domain(public, schema_digest), slots)


def interval_point(d, first, last):
    """C of an interval."""
    return signed_point(d, [(3, first), (4, last)])


def signed_point(d, slots):
    """C = P + d·Q + Σ m_i·H_i over pairs (i, m_i)."""
    terms = [(1, generator("P")), (d, generator("Q"))]
    return ristretto.msm(terms + [(m, generator("H", i)) for i, m in slots])


@functools.lru_cache(maxsize=4096)
def decoded(public):
    """A public key or other point that occurs often, from its bytes."""
    return ristretto.decode(public)
