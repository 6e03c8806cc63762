"""The rule against narrow questions: docs/protocol.md section 6."""

from dataclasses import dataclass, field

from resolve import Choice, Combination, Flags, NotRevoked
from ristretto import Refused


@dataclass
class Integers:
    """Disjoint intervals in rising order."""

    intervals: list

    def intersect(self, other):
        """What both allow."""
        both = [(max(a, c), min(b, d)) for a, b in self.intervals for c, d in other.intervals]
        return Integers(sorted((lo, hi) for lo, hi in both if lo <= hi))

    def count(self):
        """How many integers."""
        return sum(hi - lo + 1 for lo, hi in self.intervals)


@dataclass
class Strings:
    """A set of strings, or None: any."""

    strings: set = None

    def intersect(self, other):
        """What both allow."""
        if self.strings is None or other.strings is None:
            return Strings(other.strings if self.strings is None else self.strings)
        return Strings(self.strings & other.strings)

    def count(self):
        """How many strings."""
        return float("inf") if self.strings is None else len(self.strings)


@dataclass
class Masks:
    """Masks of `size` flags: those set, those clear, and lists of which one at least is set."""

    size: int
    set: int = 0
    clear: int = 0
    any: list = field(default_factory=list)

    def intersect(self, other):
        """What both allow."""
        return Masks(self.size, self.set | other.set, self.clear | other.clear, self.any + other.any)

    def count(self):
        """How many masks at least: what several lists exclude together is counted once for each of them."""
        lists = {wanted & ~self.clear for wanted in self.any}
        set_ = self.set
        for wanted in lists:
            if wanted.bit_count() == 1:
                set_ |= wanted
        if set_ & self.clear or 0 in lists:
            return 0
        lists = {wanted for wanted in lists if not wanted & set_}
        lists = {wanted for wanted in lists if not any(other != wanted and other & wanted == other for other in lists)}
        free = self.size - (set_ | self.clear).bit_count()
        excluded = sum(1 << free - wanted.bit_count() for wanted in lists)
        # Every list has two free flags or more, so that all flags, or all but one, are always left.
        return max((1 << free) - excluded, free + 1)


@dataclass
class Possible:
    """What is left for a class: a set, and the least number that a combination of several attributes leaves."""

    set: object
    least: float = float("inf")

    def intersect(self, other):
        """What both allow."""
        return Possible(self.set.intersect(other.set), min(self.least, other.least))

    def count(self):
        """How many values."""
        return min(self.set.count(), self.least)


def check(resolved):
    """Refuses a resolved request that asks too narrowly."""
    possible = {}
    for members in resolved.classes.values():
        left = _allowed(resolved.attribute(members[0]))
        for place in members[1:]:
            left = left.intersect(_allowed(resolved.attribute(place)))
        possible[tuple(members)] = Possible(left)
    counted = {tuple(members) for members in resolved.classes.values() if len(members) > 1}
    for statement in resolved.statements:
        for place, left in _leaves(statement, resolved):
            key = tuple(resolved.classes[place])
            counted.add(key)
            possible[key] = possible[key].intersect(left)
    for key in sorted(counted):
        if list(key) in resolved.disclosed:
            continue
        for place in key:
            left = _shared(resolved, possible, place)
            attribute = resolved.attribute(place)
            if left.count() < (attribute.min_choices if attribute.grade == "predicate" else 1):
                raise Refused(f"too few values left of {attribute.name}")


def _may_be_one(resolved, place):
    """The classes that may all be one value, that of the attribute first: one credential may answer for others."""
    found = [tuple(resolved.classes[place])]
    for members in found:
        for credential, position in members:
            own = resolved.schemas[credential].attributes_json
            for i, schema in enumerate(resolved.schemas):
                if schema.attributes_json == own:
                    other = tuple(resolved.classes[i, position])
                    if other not in found:
                        found.append(other)
    return found


def _shared(resolved, possible, place):
    """What is left for an attribute, together with other credentials that one credential may answer."""
    own, *others = _may_be_one(resolved, place)
    left = possible[own]
    for other in others:
        both = left.intersect(possible[other])
        if both.count():
            left = both
    return left


def _allowed(attribute):
    """What a schema allows."""
    if attribute.type in ("date", "uint"):
        return Integers([(attribute.low, attribute.high)])
    if attribute.type == "flags":
        return Masks(len(attribute.codes))
    return Strings(None if attribute.codes is None else set(attribute.codes))


def _leaves(statement, resolved):
    """Pairs of an attribute and what a statement leaves of it."""
    if isinstance(statement, NotRevoked):
        return []
    if isinstance(statement, Choice):
        contents = [content for _, content in statement.values]
        if isinstance(contents[0], str):
            return [(statement.attribute, Possible(Strings(set(contents))))]
        return [(statement.attribute, Possible(Integers(sorted((n, n) for n in contents))))]
    if isinstance(statement, Flags):
        size = len(resolved.attribute(statement.attribute).codes)
        lists = [statement.any] if statement.any else []
        return [(statement.attribute, Possible(Masks(size, statement.set, statement.clear, lists)))]
    assert isinstance(statement, Combination)
    joined = _joined(statement.intervals)
    if len(statement.terms) == 1:
        ((place, coefficient),) = statement.terms
        return [(place, Possible(Integers(sorted(_quotients(joined, coefficient)))))]
    leaves = []
    for place, _ in statement.terms:
        least = max(1, sum((hi - lo + 1) // _joint_coefficient(resolved, statement.terms, place) for lo, hi in joined))
        leaves.append((place, Possible(_allowed(resolved.attribute(place)), least)))
    return leaves


def _joint_coefficient(resolved, terms, place):
    """The greatest size that coefficients can add up to where one value stands in several terms."""
    one = _may_be_one(resolved, place)
    sizes = [coefficient for other, coefficient in terms if tuple(resolved.classes[other]) in one]
    return max(sum(c for c in sizes if c > 0), -sum(c for c in sizes if c < 0))


def _joined(intervals):
    """Intervals in rising order, those that overlap or touch joined."""
    joined = []
    for lo, hi in sorted(intervals):
        if joined and lo <= joined[-1][1] + 1:
            joined[-1] = joined[-1][0], max(hi, joined[-1][1])
        else:
            joined.append((lo, hi))
    return joined


def _quotients(intervals, coefficient):
    """The intervals of m with coefficient·m in one of the intervals."""
    for lo, hi in intervals:
        if coefficient < 0:
            lo, hi = -hi, -lo
        size = abs(coefficient)
        first, last = -(-lo // size), hi // size
        if first <= last:
            yield first, last
