"""Verifying a presentation: docs/protocol.md sections 1, 8 and 9. Each equation is checked by itself, without batching."""

import bulletproof
import keys
import presentation as presentations
import ristretto
import tokens
import values
from keys import generator
from ristretto import ORDER, Refused, encode_scalar
from relation import ONE, compile_request
from strobe import Transcript

MOST_AHEAD = 60  # seconds that a request may lie in the future


class StageError(Exception):
    """A refusal, with the stage that refuses: request, decode or proof."""

    def __init__(self, stage, reason):
        super().__init__(f"{stage}: {reason}")
        self.stage = stage


class Verifier:
    """Verifies presentations to one audience; `secrets` are x by key bytes, for keyed checks."""

    def __init__(self, audience, registry, secrets):
        self.audience = audience
        self.registry = registry
        self.secrets = secrets

    def verify(self, request, now, data, relations=None):
        """The presentation, if it is accepted; raises StageError otherwise. `relations` may be compile_request's, kept."""
        self._check_request(request, now)
        try:
            relations = relations or compile_request(request, self.registry)
        except Refused as error:
            raise StageError("request", error) from error
        try:
            shown = presentations.decode(data, request, relations, self.registry)
        except Refused as error:
            raise StageError("decode", error) from error
        reason = _failing(request, shown) or self._keyed(request, shown)
        if reason:
            raise StageError("proof", reason)
        return shown

    def _check_request(self, request, now):
        if request.audience != self.audience:
            raise StageError("request", "another audience")
        if now >= request.expires_at:
            raise StageError("request", "expired")
        if request.issued_at > now + MOST_AHEAD:
            raise StageError("request", "from the future")

    def _keyed(self, request, shown):
        for one, asked in zip(shown.credentials, request.credentials):
            if asked.token:
                continue
            secret = self.secrets[one.issuer]
            if not ristretto.equal(ristretto.multiply(secret, one.a.point), one.b.point):
                return "keyed check"
        return None


def _failing(request, shown):
    """The name of an equation that does not hold, or None."""
    relation = shown.relation
    transcript = _statement(request, shown)
    for one, asked in zip(shown.credentials, request.credentials):
        transcript.append("A", one.a.encoded)
        transcript.append("B", one.b.encoded)
        transcript.append("T", one.t.encoded)
        if asked.token:
            transcript.append("R1", one.r1.encoded)
            transcript.append("R2", one.r2.encoded)
            transcript.append("zt", encode_scalar(one.zt))
    if shown.profile == presentations.COMPACT:
        transcript.append_u64("ranges", len(relation.ranges))
        for commitment in shown.commitments:
            transcript.append("V", commitment.encoded)
        fork = transcript.clone()
        fork.append("fork", b"range proof")
        transcript.append("range proof", shown.range_proof.encoded)
        if not bulletproof.verify(fork, shown.range_proof, _range_commitments(shown), relation.range_bits()):
            return "range proof"
    y = 0
    if shown.e0:
        if shown.e1:
            transcript.append("E1", shown.e1.encoded)
        y = ristretto.scalar_from_wide(transcript.challenge("y", 64))
        transcript.append("E0", shown.e0.encoded)
        if shown.e1:
            transcript.append("tau", encode_scalar(shown.tau))
    c = ristretto.scalar_from_wide(transcript.challenge("c", 64))
    for i, (one, asked) in enumerate(zip(shown.credentials, request.credentials)):
        if not _credential_holds(relation, shown, i, asked.schema, c):
            return "credential equation"
        if asked.token and not tokens.holds(one.issuer, one.a, one.b, one.r1, one.r2, one.zt):
            return "token"
    if shown.e0 and not _digits_hold(relation, shown, y, c):
        return "digit equation"
    return None


def _statement(request, shown):
    """The transcript's steps 1 to 6."""
    transcript = Transcript("glimpse/1 presentation 2026-11")
    transcript.append("version", bytes([1, shown.profile]))
    transcript.append("suite", keys.SUITE)
    transcript.append("request", request.digest)
    transcript.append("relation", shown.relation.digest())
    transcript.append("credentials", bytes([len(shown.credentials)]))
    for i, (one, asked) in enumerate(zip(shown.credentials, request.credentials)):
        transcript.append("X", one.issuer)
        transcript.append("d", encode_scalar(keys.domain(one.issuer, asked.schema)))
        transcript.append("check", bytes([0 if asked.token else 1]))
        for slot, value in presentations.disclosed_slots(shown.relation, shown.disclosed, i):
            transcript.append("disclosed", bytes([slot]) + values.encode(value))
    return transcript


def _range_commitments(shown):
    """The commitments of the range proof's slots, as pairs of bytes and point."""
    slots = []
    for entry, commitment in zip(shown.relation.ranges, shown.commitments):
        slots.append((commitment.encoded, commitment.point))
        if entry.ends == 2:
            width = ristretto.multiply(entry.width, ristretto.BASE)
            other = ristretto.add(width, ristretto.negate(commitment.point))
            slots.append((ristretto.encode(other), other))
    padding = shown.relation.range_slots() - len(slots)
    return slots + [(bytes(32), ristretto.IDENTITY)] * padding


def _credential_holds(relation, shown, i, schema, c):
    one = shown.credentials[i]
    terms = [(one.z_rho, one.b.point), (one.z_eps, one.a.point), (-1, one.t.point)]
    terms += [(-c, generator("P")), (-c * keys.domain(one.issuer, schema), generator("Q"))]
    terms += [(-shown.responses[index], generator("H", slot)) for slot, index in presentations.hidden_slots(relation, i)]
    for slot, value in presentations.disclosed_slots(relation, shown.disclosed, i):
        terms.append((-c * values.scalar(value), generator("H", slot)))
    return ristretto.is_identity(ristretto.msm(terms))


def _digits_hold(relation, shown, y, c):
    digits = []
    responses = (shown.responses, [c * values.scalar(value) % ORDER for value in shown.disclosed], digits)

    def linear(expression):
        return expression.evaluate(c, responses)

    def factor(index):
        return c if index is ONE else digits[index]

    for digit in relation.digits:
        digits.append(shown.digits[digit] if isinstance(digit, int) else linear(digit))
    q, power = 0, 1
    for f in digits:
        power = power * y % ORDER
        q += power * f % ORDER * (c - f)
    for residual in relation.residuals:
        power = power * y % ORDER
        q += power * (residual.evaluate(c, factor, linear) % ORDER)
    terms = [(shown.z_k, generator("K")), (-1, shown.e0.point)]
    terms += [(f, generator("D", k)) for k, f in enumerate(shown.digits)]
    if shown.e1:
        terms += [(c * shown.tau - q, generator("M")), (-c, shown.e1.point)]
    linked = 0
    for k, (entry, commitment) in enumerate(zip(relation.ranges, shown.commitments)):
        weight = pow(y, k + 1, ORDER)
        linked += weight * linear(entry.value)
        terms.append((-c * weight, commitment.point))
    terms.append((linked, ristretto.BASE))
    return ristretto.is_identity(ristretto.msm(terms))
