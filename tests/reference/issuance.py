"""Issuance: docs/protocol.md section 4, the issuer's and the wallet's checks."""

import keys
import ristretto
import values
from keys import decoded, generator
from ristretto import Refused, encode
from strobe import Transcript


class _Reader(values.Reader):
    def point(self):
        """A point with its encoding."""
        encoded = self.take(32)
        return encoded, ristretto.decode(encoded)

    def scalar(self):
        """A scalar."""
        return ristretto.decode_scalar(self.take(32))


def check_request(data, public, schema, nonce):
    """(U, N's bytes) of a wallet's request of 192 bytes; refuses what does not hold (step 3)."""
    if not schema.holder:
        raise Refused("a request where there is no holder", "binding")
    reader = _Reader(data)
    (u_bytes, u), (n_bytes, n), (tu_bytes, tu), (tn_bytes, tn) = (reader.point() for _ in range(4))
    z_s, z_t = reader.scalar(), reader.scalar()
    reader.end()
    if ristretto.is_identity(u) or ristretto.is_identity(n):
        raise Refused("U or N is 0")
    transcript = Transcript("glimpse/1 issuance request proof 2026-11")
    for name, message in [("X", public), ("schema", schema.digest), ("nonce", nonce), ("U", u_bytes), ("N", n_bytes)]:
        transcript.append(name, message)
    transcript.append("TU", tu_bytes)
    transcript.append("TN", tn_bytes)
    c = ristretto.scalar_from_wide(transcript.challenge("c", 64))
    first = ristretto.msm([(z_s, generator("H", 0)), (z_t, generator("H", 1)), (-1, tu), (-c, u)])
    second = ristretto.msm([(z_s, keys.registration_base(public)), (-1, tn), (-c, n)])
    if not (ristretto.is_identity(first) and ristretto.is_identity(second)):
        raise Refused("the request's proof does not hold", "proof")
    return u, n_bytes


def check_issued(data, public, schema, link_secret, blinding):
    """(A, e, handle, values, C) of an issuer's answer; refuses what does not hold (step 4). Secrets are 0 without a holder."""
    reader = _Reader(data)
    a_bytes, a = reader.point()
    e = reader.scalar()
    handle = int.from_bytes(reader.take(4), "little")
    c, z = reader.scalar(), reader.scalar()
    issued = [values.decode(reader) for _ in schema.attributes]
    reader.end()
    if ristretto.is_identity(a):
        raise Refused("A is 0")
    for attribute, value in zip(schema.attributes, issued):
        try:
            attribute.check(value)
        except Refused as error:
            raise Refused(str(error), "values") from error
    if not schema.holder and handle:
        raise Refused("a handle without a holder", "binding")
    slots = [(0, link_secret), (1, blinding), (2, handle)]
    slots += [(3 + i, values.scalar(value)) for i, value in enumerate(issued)]
    point = keys.credential_point(public, schema.digest, slots)
    xa = ristretto.msm([(1, point), (-e, a)])
    tg = ristretto.msm([(z, ristretto.BASE), (-c, decoded(public))])
    ta = ristretto.msm([(z, a), (-c, xa)])
    transcript = Transcript("glimpse/1 issuance key proof 2026-11")
    for name, message in [("X", public), ("schema", schema.digest), ("A", a_bytes), ("xA", encode(xa))]:
        transcript.append(name, message)
    transcript.append("TG", encode(tg))
    transcript.append("TA", encode(ta))
    if ristretto.scalar_from_wide(transcript.challenge("c", 64)) != c:
        raise Refused("the key proof does not hold", "proof")
    return a, e, handle, issued, point
