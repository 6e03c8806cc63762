"""Helper tokens: docs/protocol.md section 5."""

import ristretto
from keys import decoded
from strobe import Transcript


def challenge(public, a, b, r1, r2):
    """c_t over five encoded points."""
    transcript = Transcript("glimpse/1 helper token 2026-11")
    for name, point in zip(("X", "A", "B", "R1", "R2"), (public, a, b, r1, r2)):
        transcript.append(name, point)
    return ristretto.scalar_from_wide(transcript.challenge("ct", 64))


def holds(public, a, b, r1, r2, zt):
    """Whether a token, of points with their encodings, says B̄ = x·Ā."""
    c = challenge(public, a.encoded, b.encoded, r1.encoded, r2.encoded)
    base = ristretto.msm([(zt, ristretto.BASE), (-c, decoded(public)), (-1, r1.point)])
    blinded = ristretto.msm([(zt, a.point), (-c, b.point), (-1, r2.point)])
    return ristretto.is_identity(base) and ristretto.is_identity(blinded)


def response_holds(public, pair, commitments, blinded_challenge, response):
    """The wallet's check of an answer (step 5); pairs are (P', Q') and (R'_1, R'_2)."""
    (p, q), (r1, r2) = pair, commitments
    base = ristretto.msm([(response, ristretto.BASE), (-blinded_challenge, decoded(public)), (-1, r1)])
    blinded = ristretto.msm([(response, p), (-blinded_challenge, q), (-1, r2)])
    return ristretto.is_identity(base) and ristretto.is_identity(blinded)


def pair_holds(secret, p, q):
    """The issuer's check of a pair (step 2)."""
    return not ristretto.is_identity(p) and ristretto.equal(ristretto.multiply(secret, p), q)
