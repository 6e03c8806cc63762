"""The relation that a request is lowered to, and its digest: docs/protocol.md section 7."""

import math
from dataclasses import dataclass, field

import narrow
import values
from resolve import Choice, Combination, Flags, NotRevoked, Resolved
from ristretto import ORDER, Refused, encode_scalar
from strobe import Transcript

UNUSED, HIDDEN, DISCLOSED = 0, 1, 2
_HIDDEN_TERM, _DISCLOSED_TERM, _DIGIT_TERM = 0, 1, 2
ONE = None  # the factor that answers c; other factors are digits' indices
COMPACT_WIDTH = 16
INTERVAL_WIDTH = (1 << 24) - 1
HANDLE_SLOT = 2
MOST_DIGITS, MOST_RESIDUALS, MOST_SLOTS = 1024, 64, 16


@dataclass
class Linear:
    """A constant and terms (kind, index, coefficient)."""

    constant: int = 0
    terms: list = field(default_factory=list)

    def plus(self, constant, terms=()):
        """The sum, its new terms behind."""
        return Linear(self.constant + constant, self.terms + list(terms))

    def negated(self):
        """The negative."""
        return Linear(-self.constant, [(kind, index, -coefficient) for kind, index, coefficient in self.terms])

    def encode(self):
        """Its bytes in the relation digest."""
        out = encode_scalar(self.constant)
        for kind, index, coefficient in self.terms:
            out += bytes([kind]) + index.to_bytes(8, "little") + encode_scalar(coefficient)
        return out

    def evaluate(self, c, responses):
        """Its value at the challenge; `responses` are lists for the three kinds of terms."""
        total = self.constant * c
        for kind, index, coefficient in self.terms:
            total += coefficient * responses[kind][index]
        return total % ORDER


def _encode_factors(factors):
    return b"".join(bytes(9) if f is ONE else b"\x01" + f.to_bytes(8, "little") for f in factors)


def _encode_slots(row):
    return b"".join(bytes([kind]) + index.to_bytes(8, "little") for kind, index in row)


@dataclass
class Zero:
    """c·L"""

    value: Linear

    def absorb(self, transcript):
        """Into the relation digest."""
        transcript.append("zero", self.value.encode())

    def evaluate(self, c, factor, linear):
        """Its value, given functions that answer factors and expressions."""
        return c * linear(self.value)


@dataclass
class Member:
    """Σ s_{i·n₂+j}·f_i·g_j − c·L"""

    outer: list
    inner: list
    set: list
    value: Linear

    def absorb(self, transcript):
        """Into the relation digest."""
        transcript.append("outer", _encode_factors(self.outer))
        transcript.append("inner", _encode_factors(self.inner))
        transcript.append("set", b"".join(encode_scalar(s) for s in self.set))
        transcript.append("value", self.value.encode())

    def evaluate(self, c, factor, linear):
        """Its value, given functions that answer factors and expressions."""
        inner = [factor(j) for j in self.inner]
        rows = [self.set[i : i + len(inner)] for i in range(0, len(self.set), len(inner))]
        total = sum(factor(i) * (sum(s * g for s, g in zip(row, inner)) % ORDER) for i, row in zip(self.outer, rows))
        return total - c * linear(self.value)


@dataclass
class Selected:
    """Σ f_i·g_i − c²"""

    selectors: list
    selected: list

    def absorb(self, transcript):
        """Into the relation digest."""
        transcript.append("selectors", _encode_factors(self.selectors))
        transcript.append("selected", _encode_factors(self.selected))

    def evaluate(self, c, factor, linear):
        """Its value, given functions that answer factors and expressions."""
        return sum(factor(f) * factor(g) for f, g in zip(self.selectors, self.selected)) - c * c


@dataclass
class Range:
    """An entry (L, w, ends) of the compact profile."""

    value: Linear
    width: int
    ends: int


@dataclass
class Interval:
    """An interval that is shown beside the credential at a place, its slots, and the greatest age of its version."""

    credential: int
    slots: list
    max_age: int


class Relation:
    """What a presentation proves. `slots[i]` are pairs (UNUSED, HIDDEN or DISCLOSED, index) of credential i."""

    def __init__(self, resolved, compact):
        self.resolved = resolved
        self.compact = compact
        self.digits = []  # the index of a free digit's generator, or a derived digit's expression
        self.free = 0
        self.residuals = []
        self.ranges = []
        self._number()
        for statement in resolved.statements:
            lower = {Combination: self._combination, Choice: self._choice, Flags: self._flags, NotRevoked: self._not_revoked}
            lower[type(statement)](statement)

    def _number(self):
        """Numbers the hidden values and assigns the slots."""
        disclosed = {place: k for k, members in enumerate(self.resolved.disclosed) for place in members}
        hidden = {}
        self.slots = []
        for i, schema in enumerate(self.resolved.schemas):
            row = [(UNUSED, 0)] * 3
            if schema.holder:
                names = ["link secret", ("blinding", i), ("handle", i)]
                row = [(HIDDEN, hidden.setdefault(name, len(hidden))) for name in names]
            for j in range(len(schema.attributes)):
                if (i, j) in disclosed:
                    row.append((DISCLOSED, disclosed[i, j]))
                else:
                    row.append((HIDDEN, hidden.setdefault(tuple(self.resolved.classes[i, j]), len(hidden))))
            self.slots.append(row)
        self.hidden = len(hidden)
        self.intervals = []
        for statement in self.resolved.statements:
            if isinstance(statement, NotRevoked):
                row = [(UNUSED, 0)] * 3 + [(HIDDEN, self.hidden), (HIDDEN, self.hidden + 1)]
                self.intervals.append(Interval(statement.credential, row, statement.max_age))
                self.hidden += 2

    def _term(self, place, coefficient):
        kind, index = self.slots[place[0]][3 + place[1]]
        return (_HIDDEN_TERM if kind == HIDDEN else _DISCLOSED_TERM), index, coefficient

    def _value(self, place):
        return Linear(0, [self._term(place, 1)])

    def _free_digit(self):
        self.digits.append(self.free)
        self.free += 1
        return len(self.digits) - 1

    def _derived_digit(self, expression):
        self.digits.append(expression)
        return len(self.digits) - 1

    def _row(self, size):
        """A one-hot row: its factors from element 1 on."""
        if size == 1:
            return [ONE]
        others = [self._free_digit() for _ in range(size - 1)]
        return [self._derived_digit(Linear(1, [(_DIGIT_TERM, k, -1) for k in others]))] + others

    def _within(self, expression, width):
        """0 ≤ expression ≤ width by digits."""
        if width == 0:
            self.residuals.append(Zero(expression))
            return
        weights = []
        while width:
            weights.append((width + 1) // 2)
            width //= 2
        terms = [(_DIGIT_TERM, self._free_digit(), -weight) for weight in weights[:-1]]
        self._derived_digit(expression.plus(0, terms))

    def _combination(self, statement):
        expression = Linear(0, [self._term(place, coefficient) for place, coefficient in statement.terms])
        if statement.single:
            self._range(expression, *statement.intervals[0], *statement.unbounded)
        else:
            self._intervals(expression, statement.intervals)

    def _range(self, expression, lo, hi, no_lo, no_hi):
        width = hi - lo
        if not self.compact or width < COMPACT_WIDTH:
            self._within(expression.plus(-lo), width)
        elif no_hi or not no_lo:
            self.ranges.append(Range(expression.plus(-lo), width, 1 if no_hi else 2))
        else:
            self.ranges.append(Range(expression.negated().plus(hi), width, 1))

    def _intervals(self, expression, intervals):
        row = self._row(len(intervals))
        above = self._selected(expression, row, [-lo for lo, _ in intervals])
        widths = {hi - lo for lo, hi in intervals}
        width = max(widths)
        expressions = [above]
        if len(widths) > 1:
            expressions.append(self._selected(expression.negated(), row, [hi for _, hi in intervals]))
        for one in expressions:
            if self.compact and width >= COMPACT_WIDTH:
                self.ranges.append(Range(one, width, 2 if len(widths) == 1 else 1))
            else:
                self._within(one, width)

    @staticmethod
    def _selected(expression, row, coefficients):
        """The expression plus the selected coefficient."""
        if row == [ONE]:
            return expression.plus(coefficients[0])
        return expression.plus(0, [(_DIGIT_TERM, k, coefficient) for k, coefficient in zip(row, coefficients)])

    def _choice(self, statement):
        scalars = [values.scalar(value) for value in statement.values]
        value = self._value(statement.attribute)
        if statement.kind == "equals":
            self.residuals.append(Zero(value.plus(-scalars[0])))
            return
        columns = math.isqrt(len(scalars) - 1) + 1
        rows = -(-len(scalars) // columns)
        scalars += scalars[-1:] * (rows * columns - len(scalars))
        outer = self._row(rows)
        inner = self._row(columns)
        self.residuals.append(Member(outer, inner, scalars, value))

    def _flags(self, statement):
        size = len(self.resolved.attribute(statement.attribute).codes)
        value = self._value(statement.attribute).plus(-statement.set)
        free = [k for k in range(size) if not (statement.set | statement.clear) >> k & 1]
        if not free:
            self.residuals.append(Zero(value))
            return
        lowest, others = free[0], free[1:]
        digits = {k: self._free_digit() for k in others}
        rest = value.plus(0, [(_DIGIT_TERM, digits[k], -(1 << k)) for k in others])
        inverse = pow(2, -lowest, ORDER)
        scaled = [(kind, index, coefficient * inverse) for kind, index, coefficient in rest.terms]
        digits[lowest] = self._derived_digit(Linear(rest.constant * inverse, scaled))
        if statement.any:
            wanted = [digits[k] for k in others + [lowest] if statement.any >> k & 1]
            self.residuals.append(Selected(self._row(len(wanted)), wanted))

    def _not_revoked(self, statement):
        interval = next(one for one in self.intervals if one.credential == statement.credential)
        _, handle = self.slots[statement.credential][HANDLE_SLOT]
        (_, first), (_, last) = interval.slots[3:]
        for greater, less in ((handle, first), (last, handle)):
            expression = Linear(0, [(_HIDDEN_TERM, greater, 1), (_HIDDEN_TERM, less, -1)])
            if self.compact:
                self.ranges.append(Range(expression, INTERVAL_WIDTH, 1))
            else:
                self._within(expression, INTERVAL_WIDTH)

    def evaluate(self, c, y, hidden, disclosed, free):
        """Q(c) and Λ(c) from the hidden values' responses, the disclosed scalars and the free digits' responses (section 8)."""
        digits = []
        responses = (hidden, [c * scalar % ORDER for scalar in disclosed], digits)

        def linear(expression):
            return expression.evaluate(c, responses)

        def factor(index):
            return c if index is ONE else digits[index]

        for digit in self.digits:
            digits.append(free[digit] if isinstance(digit, int) else linear(digit))
        q, power = 0, 1
        for f in digits:
            power = power * y % ORDER
            q += power * f % ORDER * (c - f)
        for residual in self.residuals:
            power = power * y % ORDER
            q += power * (residual.evaluate(c, factor, linear) % ORDER)
        linked = sum(pow(y, k + 1, ORDER) * linear(entry.value) for k, entry in enumerate(self.ranges))
        return q % ORDER, linked % ORDER

    def range_slots(self):
        """Number of the range proof's slots, padded to a power of two."""
        used = sum(entry.ends for entry in self.ranges)
        return 1 << (used - 1).bit_length() if used else 0

    def range_bits(self):
        """The bits of each slot."""
        return next(n for n in (8, 16, 32, 64) if all(entry.width < 1 << n for entry in self.ranges))

    def has_residues(self):
        """Whether there are digits or residuals, so that E_1 and τ exist."""
        return bool(self.digits or self.residuals)

    def digest(self):
        """The relation digest."""
        transcript = Transcript("glimpse/1 relation 2026-11")
        transcript.append_u64("hidden", self.hidden)
        transcript.append_u64("credentials", len(self.slots))
        for row in self.slots:
            transcript.append("slots", _encode_slots(row))
        transcript.append_u64("digits", len(self.digits))
        for digit in self.digits:
            if isinstance(digit, int):
                transcript.append_u64("free", digit)
            else:
                transcript.append("derived", digit.encode())
        transcript.append_u64("residuals", len(self.residuals))
        for residual in self.residuals:
            residual.absorb(transcript)
        for entry in self.ranges:
            transcript.append("range", entry.value.encode())
            transcript.append_u64("width", entry.width)
            transcript.append("ends", bytes([entry.ends]))
        for interval in self.intervals:
            transcript.append_u64("interval of", interval.credential)
            transcript.append("slots", _encode_slots(interval.slots))
        return transcript.challenge("digest", 32)


def compile_request(request, registry):
    """The relations of the fast and the compact profile, the latter None if there is none; refuses what everybody refuses."""
    resolved = Resolved(request, registry)
    narrow.check(resolved)
    fast = Relation(resolved, False)
    if len(fast.digits) > MOST_DIGITS or len(fast.residuals) > MOST_RESIDUALS:
        raise Refused("too many digits or residuals")
    compact = Relation(resolved, True)
    if not compact.ranges or compact.range_slots() > MOST_SLOTS:
        compact = None
    return fast, compact
