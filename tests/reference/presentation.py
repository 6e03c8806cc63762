"""The bytes of a presentation: docs/protocol.md section 8."""

from dataclasses import dataclass

import keys
import ristretto
import values
from relation import DISCLOSED, HIDDEN
from ristretto import Refused

FAST, COMPACT = 0, 1
MINUTE = 60  # the moment of a version is a multiple of


@dataclass(frozen=True)
class Point:
    """A point and its encoding, which is what is hashed."""

    encoded: bytes
    point: tuple


@dataclass
class Shown:
    """What a presentation says of one credential or interval; the token's parts are None in keyed mode."""

    key: bytes  # X; of an interval W
    d: int
    slots: list  # the relation's, pairs (kind, index)
    a: Point
    b: Point
    t: Point
    issued_at: int = None  # of an interval's version
    r1: Point = None
    r2: Point = None
    zt: int = None
    z_rho: int = None
    z_eps: int = None


@dataclass
class RangeProof:
    """An aggregated Bulletproof in the layout of the `bulletproofs` crate, version 5."""

    encoded: bytes
    a: Point
    s: Point
    t1: Point
    t2: Point
    t_x: int
    t_x_blinding: int
    e_blinding: int
    rounds: list  # (L, R)
    final_a: int
    final_b: int


@dataclass
class Presentation:
    """A presentation's parts; those that its relation has no use for are None."""

    profile: int
    relation: object
    credentials: list
    intervals: list
    disclosed: list
    e1: Point
    e0: Point
    commitments: list
    responses: list
    tau: int
    digits: list
    z_k: int
    range_proof: RangeProof

    def shown(self, request):
        """Pairs of a credential and whether there is a token for it, then those of the intervals."""
        places = [*range(len(self.credentials)), *(interval.credential for interval in self.relation.intervals)]
        return [(one, request.credentials[place].token) for one, place in zip(self.credentials + self.intervals, places)]


class Reader(values.Reader):
    def point(self):
        """A point that decodes canonically."""
        encoded = self.take(32)
        return Point(encoded, ristretto.decode(encoded))

    def scalar(self):
        """A scalar below the order."""
        return ristretto.decode_scalar(self.take(32))


def decode(data, request, relations, registry):
    """Reads a presentation that answers `request`; refuses bytes that are none. `relations` are compile_request's."""
    reader = Reader(data)
    if reader.byte() != 1:
        raise Refused("unknown version")
    profile = reader.byte()
    if profile > COMPACT or (profile == COMPACT and not request.small):
        raise Refused("unknown profile, or one that was not asked for")
    relation = relations[profile]
    if relation is None:
        raise Refused("no such profile of this request")
    accepted = relation.resolved.accepted
    issuers = [_issuer(reader.byte(), asked, known) for asked, known in zip(request.credentials, accepted)]
    disclosed = [_disclosed(reader, members, relation.resolved) for members in relation.resolved.disclosed]
    moments = [_moment(reader) for _ in relation.intervals]
    credentials, intervals = [], []
    for issuer, asked, slots in zip(issuers, request.credentials, relation.slots):
        credentials.append(_shown(reader, asked, issuer, keys.domain(issuer, asked.schema), slots))
    for interval, issued_at in zip(relation.intervals, moments):
        asked, issuer = request.credentials[interval.credential], issuers[interval.credential]
        revocation = registry.revocation[issuer]
        d = keys.interval_domain(revocation, issuer, asked.schema, issued_at)
        intervals.append(_shown(reader, asked, revocation, d, interval.slots))
        intervals[-1].issued_at = issued_at
    proves = relation.has_residues() or relation.ranges
    e1 = reader.point() if relation.has_residues() else None
    e0 = reader.point() if proves else None
    commitments = [reader.point() for _ in relation.ranges]
    for one in credentials + intervals:
        if one.r1:
            one.zt = reader.scalar()
        one.z_rho, one.z_eps = reader.scalar(), reader.scalar()
    responses = [reader.scalar() for _ in range(relation.hidden)]
    tau = reader.scalar() if relation.has_residues() else None
    digits = [reader.scalar() for _ in range(relation.free)]
    z_k = reader.scalar() if proves else None
    proof = read_range_proof(reader, relation.range_bits() * relation.range_slots()) if relation.ranges else None
    reader.end()
    return Presentation(profile, relation, credentials, intervals, disclosed, e1, e0, commitments, responses, tau, digits, z_k, proof)


def _issuer(index, asked, known):
    if index >= len(asked.issuers):
        raise Refused("no issuer of that index")
    key = asked.issuers[index]
    if key not in known:
        raise Refused("an issuer key that is not known for what is asked")
    return key


def _moment(reader):
    issued_at = int.from_bytes(reader.take(8), "little")
    if issued_at % MINUTE:
        raise Refused("the moment of a version is no whole minute")
    return issued_at


def _shown(reader, asked, key, d, slots):
    """The points of a credential or an interval."""
    shown = Shown(key, d, slots, reader.point(), reader.point(), reader.point())
    if ristretto.is_identity(shown.a.point):
        raise Refused("a credential or an interval that is 0")
    if asked.token:
        shown.r1, shown.r2 = reader.point(), reader.point()
    return shown


def _disclosed(reader, members, resolved):
    value = values.decode(reader)
    for place in members:
        resolved.attribute(place).check(value)
    return value


def read_range_proof(reader, length):
    """An aggregated Bulletproof over `length` bits in all."""
    start = reader.offset
    a, s, t1, t2 = (reader.point() for _ in range(4))
    t_x, t_x_blinding, e_blinding = (reader.scalar() for _ in range(3))
    rounds = [(reader.point(), reader.point()) for _ in range(length.bit_length() - 1)]
    final_a, final_b = reader.scalar(), reader.scalar()
    for one in [a, s, t1, t2] + [point for pair in rounds for point in pair]:
        if ristretto.is_identity(one.point):
            raise Refused("a point of the range proof that is 0")
    encoded = reader.data[start : reader.offset]
    return RangeProof(encoded, a, s, t1, t2, t_x, t_x_blinding, e_blinding, rounds, final_a, final_b)


def disclosed_slots(slots, disclosed):
    """Pairs (slot, value) of the disclosed slots, in slot order."""
    return [(slot, disclosed[index]) for slot, (kind, index) in enumerate(slots) if kind == DISCLOSED]


def hidden_slots(slots):
    """Pairs (slot, number of the hidden value)."""
    return [(slot, index) for slot, (kind, index) in enumerate(slots) if kind == HIDDEN]
