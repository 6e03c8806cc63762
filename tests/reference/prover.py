"""A prover for the tests of the verifier, so that these need no vectors: docs/protocol.md sections 3, 5, 5a, 7 and 8.

Only for tests: its randomness is predictable and nothing runs in constant time.
"""

import random

import keys
import presentation as presentations
import ristretto
import tokens
import values
import verify
from keys import generator
from relation import HIDDEN, Relation
from resolve import Resolved
from ristretto import ORDER, encode, encode_scalar, msm, multiply
from strobe import Transcript

RNG = random.Random(20261122)


def draw():
    """A scalar other than 0."""
    return RNG.randrange(1, ORDER)


def encoded(point):
    """A point with its encoding."""
    return presentations.Point(encode(point), point)


class Key:
    """A secret and its public key."""

    def __init__(self, secret=None):
        self.secret = secret or draw()
        self.public = encode(multiply(self.secret, ristretto.BASE))

    def sign(self, point):
        """A, e and B over a point C."""
        e = draw()
        a = multiply(pow(self.secret + e, -1, ORDER), point)
        return {"a": a, "e": e, "b": multiply(self.secret, a)}


class Issuer(Key):
    """A key that issues; `revocation` is the key that signs its intervals."""

    def __init__(self, secret=None, revocation=None):
        super().__init__(secret)
        self.revocation = Key(revocation)

    def issue(self, schema, link_secret, contents):
        """A credential: its values, the scalars of its slots, A, e and B."""
        slots = [link_secret, draw(), RNG.getrandbits(32)] if schema.holder else [0, 0, 0]
        for attribute, value in zip(schema.attributes, contents):
            attribute.check(value)
            slots.append(values.scalar(value))
        point = keys.credential_point(self.public, schema.digest, enumerate(slots))
        return {"issuer": self, "values": contents, "slots": slots, **self.sign(point)}

    def interval(self, schema, issued_at, first, last):
        """An interval of a version of a list, to show beside a credential."""
        d = keys.interval_domain(self.revocation.public, self.public, schema.digest, issued_at)
        signed = self.revocation.sign(keys.interval_point(d, first, last))
        return {"issued_at": issued_at, "slots": [0, 0, 0, first, last], **signed}

    def bucket(self, schema, issued_at, intervals, secret=None):
        """The bytes of a bucket of such intervals; `secret` is what its proof is about, if not the key's."""
        secret = secret or self.revocation.secret
        d = keys.interval_domain(self.revocation.public, self.public, schema.digest, issued_at)
        body = b""
        for one in intervals:
            body += b"".join(end.to_bytes(4, "little") for end in one["slots"][3:]) + encode(one["a"]) + encode_scalar(one["e"])
        transcript = Transcript("glimpse/1 interval bucket 2026-11")
        for name, message in (("W", self.revocation.public), ("d", encode_scalar(d)), ("intervals", body)):
            transcript.append(name, message)
        weights = [int.from_bytes(transcript.challenge("weight", 16), "little") for _ in intervals]
        m = msm([(weight, one["a"]) for weight, one in zip(weights, intervals)])
        k = draw()
        points = m, multiply(secret, m), multiply(k, ristretto.BASE), multiply(k, m)
        for name, point in zip(("M", "Z", "TG", "TM"), points):
            transcript.append(name, encode(point))
        c = ristretto.scalar_from_wide(transcript.challenge("c", 64))
        return encode_scalar(c) + encode_scalar(k + c * secret) + body


class Witnessed(Relation):
    """The relation together with the digits that a prover puts in, found while it is lowered."""

    def __init__(self, resolved, compact, credentials, intervals=(), cheat=False):
        self._credentials = credentials
        self._intervals_held = intervals
        self._cheat = cheat
        self._bits, self._picks = [], []
        super().__init__(resolved, compact)

    def _number(self):
        super()._number()
        self.witness = [0] * self.hidden
        self.shown = [None] * len(self.resolved.disclosed)
        for row, credential in zip(self.slots, self._credentials):
            for slot, (kind, index) in enumerate(row):
                if kind == HIDDEN:
                    self.witness[index] = credential["slots"][slot]
                elif slot >= 3:
                    self.shown[index] = credential["values"][slot - 3]
        for interval, held in zip(self.intervals, self._intervals_held, strict=True):
            for slot, index in presentations.hidden_slots(interval.slots):
                self.witness[index] = held["slots"][slot]
        self.plain, self.bits = [], []

    def value(self, expression):
        """An expression's value for the witness, between -ORDER/2 and ORDER/2."""
        value = expression.evaluate(1, (self.witness, [values.scalar(value) for value in self.shown], self.plain))
        return value if value < ORDER // 2 else value - ORDER

    def _free_digit(self):
        self.bits.append(self._bits.pop(0))
        self.plain.append(self.bits[-1])
        return super()._free_digit()

    def _derived_digit(self, expression):
        self.plain.append(self.value(expression))
        assert self._cheat or self.plain[-1] in (0, 1), "the statement does not hold"
        return super()._derived_digit(expression)

    def _row(self, size):
        pick = self._picks.pop(0)
        if size > 1:
            self._bits = [int(pick == element) for element in range(1, size)]
        return super()._row(size)

    def _within(self, expression, width):
        value, rest = self.value(expression), width
        self._bits = []
        while rest > 1:
            weight, rest = (rest + 1) // 2, rest // 2
            self._bits.append(int(value >= weight))
            value -= weight * self._bits[-1]
        super()._within(expression, width)

    def _intervals(self, expression, intervals):
        value = self.value(expression)
        self._picks = [next((i for i, (lo, hi) in enumerate(intervals) if lo <= value <= hi), 0)]
        super()._intervals(expression, intervals)

    def _choice(self, statement):
        value = self._credentials[statement.attribute[0]]["values"][statement.attribute[1]]
        place = statement.values.index(value) if value in statement.values else 0
        columns = next(n for n in range(1, 65) if n * n >= len(statement.values))
        self._picks = [place // columns, place % columns]
        super()._choice(statement)

    def _flags(self, statement):
        mask = self._credentials[statement.attribute[0]]["values"][statement.attribute[1]][1]
        size = len(self.resolved.attribute(statement.attribute).codes)
        free = [k for k in range(size) if not (statement.set | statement.clear) >> k & 1]
        self._bits = [mask >> k & 1 for k in free[1:]]
        wanted = [k for k in free[1:] + free[:1] if statement.any >> k & 1]
        self._picks = [next((i for i, k in enumerate(wanted) if mask >> k & 1), 0)]
        super()._flags(statement)


def token(key, a, b):
    """A token for (Ā, B̄), made with the key itself instead of blindly."""
    k = draw()
    r1, r2 = encoded(multiply(k, ristretto.BASE)), encoded(multiply(k, a.point))
    c = tokens.challenge(key.public, a.encoded, b.encoded, r1.encoded, r2.encoded)
    return r1, r2, (k + c * key.secret) % ORDER


def present(request, registry, credentials, compact=False, issuers=None, cheat=False, intervals=()):
    """A presentation's bytes. `issuers` are the keys' places in the request's lists, `intervals` those for its statements `not_revoked`."""
    relation = Witnessed(Resolved(request, registry), compact, credentials, intervals, cheat)
    masks = [draw() for _ in range(relation.hidden)]
    shown = presentations.Presentation(
        int(compact), relation, [], [], relation.shown, None, None, [], None, None, None, None, None
    )
    secrets = []
    for held, key, d, slots, with_token in _shown(request, relation, credentials, intervals):
        r, rho_mask, eps_mask = draw(), draw(), draw()
        a, b = encoded(multiply(r, held["a"])), encoded(multiply(r, held["b"]))
        rho = pow(r, -1, ORDER)
        eps = held["e"] * rho % ORDER
        terms = [(rho_mask, b.point), (eps_mask, a.point)]
        terms += [(-masks[index], generator("H", slot)) for slot, index in presentations.hidden_slots(slots)]
        one = presentations.Shown(key.public, d, slots, a, b, encoded(msm(terms)), held.get("issued_at"))
        if with_token:
            one.r1, one.r2, one.zt = token(key, a, b)
        (shown.credentials if one.issued_at is None else shown.intervals).append(one)
        secrets.append((rho, rho_mask, eps, eps_mask))
    challenge = verify.Challenges(request, shown)
    blindings = []
    if compact:
        entries = [relation.value(entry.value) for entry in relation.ranges]
        blindings = [draw() for _ in entries]
        shown.commitments = [
            encoded(msm([(v, ristretto.BASE), (g, generator("K"))])) for v, g in zip(entries, blindings)
        ]
        shown.range_proof = range_proof(challenge.range_fork(), relation, entries, blindings)
    free_masks = [draw() for _ in relation.bits]
    w0, w1, mu = draw(), draw(), draw()
    proves = relation.has_residues() or relation.ranges
    y = 0
    if relation.has_residues():
        terms = [(w1, generator("K")), (mu, generator("M"))]
        shown.e1 = encoded(msm(terms + [(b, generator("D", k)) for k, b in enumerate(relation.bits)]))
    else:
        w1 = 0
    if proves:
        y = challenge.y()
        scalars = [values.scalar(value) for value in relation.shown]

        def at(c):
            hidden = [(m + c * v) % ORDER for m, v in zip(masks, relation.witness)]
            free = [(a + c * b) % ORDER for a, b in zip(free_masks, relation.bits)]
            return relation.evaluate(c, y, hidden, scalars, free)

        (q0, l0), (q_at_1, _) = at(0), at(1)
        terms = [(w0, generator("K")), (l0, ristretto.BASE), (-q0, generator("M"))]
        if not relation.has_residues():
            terms.pop()
        shown.e0 = encoded(msm(terms + [(a, generator("D", k)) for k, a in enumerate(free_masks)]))
        if relation.has_residues():
            # The c² coefficient is 0, so that two values give q_1.
            shown.tau = (mu + q_at_1 - q0) % ORDER
    c = challenge.c()
    for one, (rho, rho_mask, eps, eps_mask) in zip(shown.credentials + shown.intervals, secrets):
        one.z_rho, one.z_eps = (rho_mask + c * rho) % ORDER, (eps_mask + c * eps) % ORDER
    shown.responses = [(m + c * v) % ORDER for m, v in zip(masks, relation.witness)]
    shown.digits = [(a + c * b) % ORDER for a, b in zip(free_masks, relation.bits)]
    if proves:
        linked = sum(pow(y, k + 1, ORDER) * g for k, g in enumerate(blindings))
        shown.z_k = (w0 + c * (w1 + linked)) % ORDER
    return to_bytes(request, shown, issuers or [0] * len(credentials))


def _shown(request, relation, credentials, intervals):
    """For each credential, then for each interval: what is held, the key, the domain, the slots, and whether a token is asked for."""
    for held, asked, slots in zip(credentials, request.credentials, relation.slots):
        yield held, held["issuer"], keys.domain(held["issuer"].public, asked.schema), slots, asked.token
    for held, one in zip(intervals, relation.intervals):
        issuer, asked = credentials[one.credential]["issuer"], request.credentials[one.credential]
        d = keys.interval_domain(issuer.revocation.public, issuer.public, asked.schema, held["issued_at"])
        yield held, issuer.revocation, d, one.slots, asked.token


def range_proof(transcript, relation, entries, blindings):
    """The aggregated Bulletproof of the compact profile's entries; only its bytes are filled in."""
    openings = []
    for entry, v, blinding in zip(relation.ranges, entries, blindings):
        openings.append((v, blinding))
        if entry.ends == 2:
            openings.append((entry.width - v, -blinding))
    openings += [(0, 0)] * (relation.range_slots() - len(openings))
    return presentations.RangeProof(aggregate(transcript, openings, relation.range_bits()), *[None] * 10)


def aggregate(transcript, openings, bits, shift=0):
    """An aggregated Bulletproof's bytes for openings (v, γ); `shift` is added to every γ that it is made with, to spoil it."""
    length = bits * len(openings)
    gs = [point for slot in range(len(openings)) for point in keys.bulletproof_generators("G", slot)[:bits]]
    hs = [point for slot in range(len(openings)) for point in keys.bulletproof_generators("H", slot)[:bits]]
    base, blind = ristretto.BASE, generator("K")

    def absorb(name, point):
        transcript.append(name, encode(point))
        return encode(point)

    def challenge(name):
        return ristretto.scalar_from_wide(transcript.challenge(name, 64))

    transcript.append("dom-sep", b"rangeproof v1")
    transcript.append_u64("n", bits)
    transcript.append_u64("m", len(openings))
    for v, blinding in openings:
        absorb("V", msm([(v, base), (blinding, blind)]))
    left = [v >> i & 1 for v, _ in openings for i in range(bits)]
    right = [bit - 1 for bit in left]
    left_mask, right_mask = ([draw() for _ in range(length)] for _ in range(2))
    alpha, rho, tau1, tau2 = (draw() for _ in range(4))
    out = absorb("A", msm([(alpha, blind), *zip(left, gs), *zip(right, hs)]))
    out += absorb("S", msm([(rho, blind), *zip(left_mask, gs), *zip(right_mask, hs)]))
    y, z = challenge("y"), challenge("z")
    ys = [pow(y, i, ORDER) for i in range(length)]
    extra = [pow(z, 2 + i // bits, ORDER) << i % bits for i in range(length)]
    l0 = [bit - z for bit in left]
    r0 = [p * (bit + z) + more for p, bit, more in zip(ys, right, extra)]
    r1 = [p * mask for p, mask in zip(ys, right_mask)]
    t1 = _inner(l0, r1) + _inner(left_mask, r0)
    t2 = _inner(left_mask, r1)
    out += absorb("T_1", msm([(t1, base), (tau1, blind)])) + absorb("T_2", msm([(t2, base), (tau2, blind)]))
    x = challenge("x")
    a = [(one + mask * x) % ORDER for one, mask in zip(l0, left_mask)]
    b = [(one + mask * x) % ORDER for one, mask in zip(r0, r1)]
    t_x_blinding = sum(pow(z, 2 + j, ORDER) * (blinding + shift) for j, (_, blinding) in enumerate(openings)) + x * tau1 + x * x * tau2
    for name, scalar in [("t_x", _inner(a, b)), ("t_x_blinding", t_x_blinding), ("e_blinding", alpha + rho * x)]:
        transcript.append(name, encode_scalar(scalar))
        out += encode_scalar(scalar)
    q = multiply(challenge("w"), base)
    transcript.append("dom-sep", b"ipp v1")
    transcript.append_u64("n", length)
    hs = [multiply(pow(p, -1, ORDER), h) for p, h in zip(ys, hs)]
    while len(a) > 1:
        half = len(a) // 2
        al, ar, bl, br, gl, gr, hl, hr = (part for row in (a, b, gs, hs) for part in (row[:half], row[half:]))
        out += absorb("L", msm([*zip(al, gr), *zip(br, hl), (_inner(al, br), q)]))
        out += absorb("R", msm([*zip(ar, gl), *zip(bl, hr), (_inner(ar, bl), q)]))
        u = challenge("u")
        v = pow(u, -1, ORDER)
        a = [(one * u + other * v) % ORDER for one, other in zip(al, ar)]
        b = [(one * v + other * u) % ORDER for one, other in zip(bl, br)]
        gs = [msm([(v, one), (u, other)]) for one, other in zip(gl, gr)]
        hs = [msm([(u, one), (v, other)]) for one, other in zip(hl, hr)]
    return out + encode_scalar(a[0]) + encode_scalar(b[0])


def _inner(a, b):
    return sum(x * y for x, y in zip(a, b)) % ORDER


def to_bytes(request, shown, issuers):
    """A presentation's bytes."""
    out = bytes([1, shown.profile]) + bytes(issuers) + b"".join(values.encode(value) for value in shown.disclosed)
    out += b"".join(one.issued_at.to_bytes(8, "little") for one in shown.intervals)
    points, scalars = [], []
    for one, with_token in shown.shown(request):
        points += [one.a, one.b, one.t] + ([one.r1, one.r2] if with_token else [])
        scalars += ([one.zt] if with_token else []) + [one.z_rho, one.z_eps]
    points += [one for one in (shown.e1, shown.e0) if one] + shown.commitments
    scalars += shown.responses + [one for one in (shown.tau, *shown.digits, shown.z_k) if one is not None]
    out += b"".join(one.encoded for one in points) + b"".join(encode_scalar(one) for one in scalars)
    return out + (shown.range_proof.encoded if shown.range_proof else b"")
