"""Buckets of revocation lists: docs/protocol.md section 5a, what a wallet checks before it takes an interval."""

from dataclasses import dataclass

import keys
import ristretto
from keys import decoded
from presentation import Reader
from ristretto import Refused, encode
from strobe import Transcript

MOST_WIDE = 1 << 24  # last - first is below
MINUTE = 60  # a version's moment is a multiple of


@dataclass
class Interval:
    """One interval as a bucket holds it, with B = C − e·A."""

    first: int
    last: int
    a: tuple
    e: int
    b: tuple


def read_bucket(data, revocation, public, schema_digest, issued_at, bounds=(0, (1 << 32) - 1)):
    """The intervals of a bucket, which holds the handles between the bounds, of one version of a list.

    Refuses bytes and intervals that may not be (stage "decode") and a proof that does not hold ("proof").
    """
    if issued_at % MINUTE:
        raise Refused("the moment of a version is no whole minute")
    reader = Reader(data)
    challenge, response = reader.scalar(), reader.scalar()
    start = reader.offset
    d = keys.interval_domain(revocation, public, schema_digest, issued_at)
    intervals = []
    while reader.offset < len(data):
        intervals.append(_interval(reader, d))
    _check_order(intervals, bounds)
    if not _proof_holds(data[start:], revocation, d, intervals, challenge, response):
        raise Refused("the bucket's proof does not hold", "proof")
    return intervals


def _interval(reader, d):
    first, last = (int.from_bytes(reader.take(4), "little") for _ in range(2))
    a, e = reader.point(), reader.scalar()
    if ristretto.is_identity(a.point):
        raise Refused("A is 0")
    b = ristretto.msm([(1, keys.interval_point(d, first, last)), (-e, a.point)])
    return Interval(first, last, a.point, e, b)


def _check_order(intervals, bounds):
    """They rise, are disjoint, within the bounds and not too wide."""
    before = bounds[0] - 1
    for one in intervals:
        if not before < one.first <= one.last <= bounds[1] or one.last - one.first >= MOST_WIDE:
            raise Refused("intervals that do not rise, overlap, reach out of the bucket or are too wide")
        before = one.last


def _proof_holds(body, revocation, d, intervals, challenge, response):
    transcript = Transcript("glimpse/1 interval bucket 2026-11")
    transcript.append("W", revocation)
    transcript.append("d", ristretto.encode_scalar(d))
    transcript.append("intervals", body)
    weights = [int.from_bytes(transcript.challenge("weight", 16), "little") for _ in intervals]
    m = ristretto.msm([(weight, one.a) for weight, one in zip(weights, intervals)])
    z = ristretto.msm([(weight, one.b) for weight, one in zip(weights, intervals)])
    tg = ristretto.msm([(response, ristretto.BASE), (-challenge, decoded(revocation))])
    tm = ristretto.msm([(response, m), (-challenge, z)])
    for name, point in (("M", m), ("Z", z), ("TG", tg), ("TM", tm)):
        transcript.append(name, encode(point))
    return ristretto.scalar_from_wide(transcript.challenge("c", 64)) == challenge
