"""Verifying a presentation: docs/protocol.md sections 1, 8 and 9. Each equation is checked by itself, without batching."""

import bulletproof
import keys
import presentation as presentations
import ristretto
import tokens
import values
from keys import generator
from ristretto import ORDER, Refused, encode_scalar
from relation import compile_request
from strobe import Transcript

MOST_AHEAD = 60  # seconds that a request, or a version of a list, may lie in the future


class StageError(Exception):
    """A refusal, with the stage that refuses: request, decode, list or proof, and every public equation that does not hold."""

    def __init__(self, stage, reason, equations=()):
        super().__init__(f"{stage}: {reason}")
        self.stage = stage
        self.equations = list(equations)


class Verifier:
    """Verifies presentations to one audience; `secrets` are x and w by key bytes, for keyed checks."""

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
        self._check_lists(request, now, shown)
        equations = failing_equations(request, shown)
        if equations:
            raise StageError("proof", ", ".join(equations), equations)
        # Only who holds x, or w, can check these, and only for presentations that hold otherwise.
        if not self._keyed_hold(request, shown):
            raise StageError("proof", "keyed check")
        return shown

    def _check_request(self, request, now):
        if request.audience != self.audience:
            raise StageError("request", "another audience")
        if now >= request.expires_at:
            raise StageError("request", "expired")
        if request.issued_at > now + MOST_AHEAD:
            raise StageError("request", "from the future")

    @staticmethod
    def _check_lists(request, now, shown):
        for interval, one in zip(shown.relation.intervals, shown.intervals):
            if one.issued_at > now + MOST_AHEAD:
                raise StageError("list", "from the future")
            if one.issued_at + interval.max_age < request.issued_at:
                raise StageError("list", "too old")

    def _keyed_hold(self, request, shown):
        for one, token in shown.shown(request):
            if not token and not ristretto.equal(ristretto.multiply(self.secrets[one.key], one.a.point), one.b.point):
                return False
        return True


def draw_challenges(request, shown):
    """(y, c, the fork for the range proof); y and the fork are None where there is none."""
    challenges = Challenges(request, shown)
    fork = challenges.range_fork() if shown.profile == presentations.COMPACT else None
    y = challenges.y() if shown.e0 else None
    return y, challenges.c(), fork


def failing_equations(request, shown):
    """The names of the equations that do not hold. Intervals are numbered on after the credentials."""
    relation = shown.relation
    y, c, fork = draw_challenges(request, shown)
    failing = []
    for i, (one, token) in enumerate(shown.shown(request)):
        if not _credential_holds(shown, one, c):
            failing.append(f"credential {i}")
        if token and not tokens.holds(one.key, one.a, one.b, one.r1, one.r2, one.zt):
            failing.append(f"token {i}")
    if shown.e0 and not _digits_hold(relation, shown, y, c):
        failing.append("digits")
    if fork and not bulletproof.verify(fork, shown.range_proof, range_commitments(shown), relation.range_bits()):
        failing.append("ranges")
    return failing


class Challenges:
    """The presentation transcript; `shown` is read as far as the step at hand needs it."""

    def __init__(self, request, shown):
        """Steps 1 to 7."""
        self.shown = shown
        self.transcript = transcript = Transcript("glimpse/1 presentation 2026-11")
        transcript.append("version", bytes([1, shown.profile]))
        transcript.append("suite", keys.SUITE)
        transcript.append("request", request.digest)
        transcript.append("relation", shown.relation.digest())
        transcript.append("credentials", bytes([len(shown.credentials)]))
        for one, token in shown.shown(request):
            transcript.append("X" if one.issued_at is None else "W", one.key)
            if one.issued_at is not None:
                transcript.append_u64("issued_at", one.issued_at)
            transcript.append("d", encode_scalar(one.d))
            transcript.append("check", bytes([0 if token else 1]))
            for slot, value in presentations.disclosed_slots(one.slots, shown.disclosed):
                transcript.append("disclosed", bytes([slot]) + values.encode(value))
        for one, token in shown.shown(request):
            transcript.append("A", one.a.encoded)
            transcript.append("B", one.b.encoded)
            transcript.append("T", one.t.encoded)
            if token:
                transcript.append("R1", one.r1.encoded)
                transcript.append("R2", one.r2.encoded)
                transcript.append("zt", encode_scalar(one.zt))

    def range_fork(self):
        """Step 8 up to where the range proof's transcript forks off."""
        self.transcript.append_u64("ranges", len(self.shown.commitments))
        for commitment in self.shown.commitments:
            self.transcript.append("V", commitment.encoded)
        fork = self.transcript.clone()
        fork.append("fork", b"range proof")
        return fork

    def y(self):
        """The rest of step 8, and step 9 up to the draw."""
        if self.shown.profile == presentations.COMPACT:
            self.transcript.append("range proof", self.shown.range_proof.encoded)
        if self.shown.e1:
            self.transcript.append("E1", self.shown.e1.encoded)
        return ristretto.scalar_from_wide(self.transcript.challenge("y", 64))

    def c(self):
        """The rest of step 9, and step 10."""
        if self.shown.e0:
            self.transcript.append("E0", self.shown.e0.encoded)
        if self.shown.e1:
            self.transcript.append("tau", encode_scalar(self.shown.tau))
        return ristretto.scalar_from_wide(self.transcript.challenge("c", 64))


def range_commitments(shown):
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


def _credential_holds(shown, one, c):
    terms = [(one.z_rho, one.b.point), (one.z_eps, one.a.point), (-1, one.t.point)]
    terms += [(-c, generator("P")), (-c * one.d, generator("Q"))]
    terms += [(-shown.responses[index], generator("H", slot)) for slot, index in presentations.hidden_slots(one.slots)]
    for slot, value in presentations.disclosed_slots(one.slots, shown.disclosed):
        terms.append((-c * values.scalar(value), generator("H", slot)))
    return ristretto.is_identity(ristretto.msm(terms))


def _digits_hold(relation, shown, y, c):
    disclosed = [values.scalar(value) for value in shown.disclosed]
    q, linked = relation.evaluate(c, y, shown.responses, disclosed, shown.digits)
    terms = [(shown.z_k, generator("K")), (linked, ristretto.BASE), (-1, shown.e0.point)]
    terms += [(f, generator("D", k)) for k, f in enumerate(shown.digits)]
    if shown.e1:
        terms += [(c * shown.tau - q, generator("M")), (-c, shown.e1.point)]
    terms += [(-c * pow(y, k + 1, ORDER), commitment.point) for k, commitment in enumerate(shown.commitments)]
    return ristretto.is_identity(ristretto.msm(terms))
