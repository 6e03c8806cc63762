"""A request against the schemas and keys that a reader knows: docs/protocol.md section 6, what is refused.

Every statement becomes one of four plain ones: Combination, Choice, Flags or NotRevoked.
"""

import unicodedata
from dataclasses import dataclass, field

import strict_json as sj
import values
from ristretto import Refused


@dataclass
class Registry:
    """Schemas by digest, for each key's bytes the digests of the schemas it is known for, and the revocation keys of keys that have one."""

    schemas: dict
    keys: dict
    revocation: dict = field(default_factory=dict)


@dataclass
class Combination:
    """lo ≤ Σ coefficient·attribute ≤ hi for one of the intervals, already cut down to `least` … `greatest`."""

    terms: list  # (attribute, coefficient)
    intervals: list  # (lo, hi), unreachable ones dropped
    least: int
    greatest: int
    single: bool  # a range, not one-of-several
    unbounded: tuple = (False, False)  # whether lo, hi are at or beyond what can be reached


@dataclass
class Choice:
    """The attribute is one of the values, by `kind`: "equals" or "member"."""

    attribute: tuple
    values: list
    kind: str


@dataclass
class Flags:
    """Masks of flags that are set, clear, and of which one at least is set (0: no such list)."""

    attribute: tuple
    set: int
    clear: int
    any: int


@dataclass
class NotRevoked:
    """The credential at a place lies in an interval of a version that is at most `max_age` seconds older than the request."""

    credential: int
    max_age: int


class Resolved:
    """A request that names only what there is; attributes are pairs (credential's place, attribute's place).

    `accepted` are, for each credential, the keys that are known for what is asked of it.
    """

    def __init__(self, request, registry):
        self.request = request
        self.schemas = []
        for asked in request.credentials:
            schema = registry.schemas.get(asked.schema)
            if schema is None:
                raise Refused("unknown schema")
            self.schemas.append(schema)
        self._places = {asked.id: i for i, asked in enumerate(request.credentials)}
        self._find_accepted(registry)
        self._find_classes()
        self._find_disclosed()
        self.statements = []
        for name, content in request.statements:
            if name not in ("disclose", "equal"):
                self.statements.append(getattr(self, "_" + name)(*content))

    def _find_accepted(self, registry):
        lists = {content[0] for name, content in self.request.statements if name == "not_revoked"}
        self.accepted = []
        for asked in self.request.credentials:
            known = [key for key in asked.issuers if asked.schema in registry.keys.get(key, ())]
            if asked.id in lists:
                known = [key for key in known if key in registry.revocation]
            if not known:
                raise Refused("no known issuer key")
            self.accepted.append(known)

    def attribute(self, place):
        """The schema's description of an attribute."""
        return self.schemas[place[0]].attributes[place[1]]

    def _place(self, reference):
        credential, name = reference
        if credential not in self._places:
            raise Refused(f"no credential {credential}")
        i = self._places[credential]
        if name not in self.schemas[i].index:
            raise Refused(f"no attribute {name}")
        place = i, self.schemas[i].index[name]
        if self.attribute(place).grade == "never":
            raise Refused(f"{name} is never used")
        return place

    def _find_classes(self):
        """`self.classes`: from each attribute to the list of its class, shared by all members, in order of place."""
        self.classes = {(i, j): [(i, j)] for i, schema in enumerate(self.schemas) for j in range(len(schema.attributes))}
        for name, content in self.request.statements:
            if name != "equal":
                continue
            left, right = (self._place(reference) for reference in content)
            one, other = self.attribute(left), self.attribute(right)
            if left == right:
                raise Refused("an attribute equated with itself")
            if not (one.required and other.required):
                raise Refused("an optional attribute in equal")
            if one.type != other.type or (one.type == "flags" and one.codes != other.codes):
                raise Refused("different types or flags equated")
            joined = sorted(set(self.classes[left] + self.classes[right]))
            for place in joined:
                self.classes[place] = joined

    def _find_disclosed(self):
        """`self.disclosed`: the disclosed classes' lists, in the order of their statements."""
        self.disclosed = []
        for name, content in self.request.statements:
            if name != "disclose":
                continue
            members = self.classes[self._place(content)]
            if any(self.attribute(place).grade == "predicate" for place in members):
                raise Refused("a predicate attribute disclosed")
            if members in self.disclosed:
                raise Refused("a class disclosed twice")
            self.disclosed.append(members)

    # Lists.

    def _not_revoked(self, credential, max_age):
        if credential not in self._places:
            raise Refused(f"no credential {credential}")
        place = self._places[credential]
        if not self.schemas[place].holder:
            raise Refused("not_revoked without a holder")
        if any(isinstance(one, NotRevoked) and one.credential == place for one in self.statements):
            raise Refused("not_revoked twice of one credential")
        return NotRevoked(place, max_age)

    # Combinations.

    def _combination(self, references, intervals, single):
        if not 1 <= len(references) <= 64 or not 1 <= len(intervals) <= 512:
            raise Refused("number of terms or intervals")
        terms, seen, least, greatest = [], [], 0, 0
        for reference, coefficient in references:
            place = self._place(reference)
            attribute = self.attribute(place)
            if attribute.type not in ("date", "uint") or not attribute.required:
                raise Refused("an attribute that is optional or no number in a combination")
            if self.classes[place] in seen:
                raise Refused("a class twice in a combination")
            if coefficient in (0, -(1 << 63)):
                raise Refused("coefficient out of range")
            seen.append(self.classes[place])
            terms.append((place, coefficient))
            ends = sorted((coefficient * attribute.low, coefficient * attribute.high))
            least, greatest = least + ends[0], greatest + ends[1]
            if max(abs(least), abs(greatest)) > 1 << 126:
                raise Refused("combination too large")
        cut = []
        for lo, hi in intervals:
            if lo > hi:
                raise Refused("empty interval")
            reached = max(lo, least), min(hi, greatest)
            if reached[0] <= reached[1]:
                cut.append(reached)
        if not cut:
            raise Refused("nothing of it can be reached")
        if max(hi - lo for lo, hi in cut) >= 1 << 63:
            raise Refused("interval too wide")
        unbounded = (intervals[0][0] <= least, intervals[0][1] >= greatest)
        return Combination(terms, cut, least, greatest, single, unbounded)

    def _range(self, references, lo, hi):
        return self._combination(references, [(lo, hi)], True)

    def _intervals(self, references, intervals):
        return self._combination(references, intervals, False)

    def _days(self, reference, first, last):
        attribute = self.attribute(self._place(reference))
        if attribute.type != "date":
            raise Refused("not a date")
        # A bound that is not given is what the schema allows, or beyond.
        lo = min(attribute.low, last if last is not None else attribute.low) if first is None else first
        hi = max(attribute.high, first if first is not None else attribute.high) if last is None else last
        return self._combination([(reference, 1)], [(lo, hi)], True)

    def _age(self, reference, at_least, below):
        if at_least is None and below is None:
            raise Refused("no bound of age")
        day = values.request_day(self.request.issued_at)
        latest = []
        for years in (at_least, below):
            birth = None if years is None else values.latest_birth(day, years)
            if years is not None and birth is None:
                raise Refused("birthday before year 1")
            latest.append(birth)
        return self._days(reference, None if below is None else latest[1] + 1, latest[0])

    def _date(self, reference, first, last):
        if first is None and last is None:
            raise Refused("no bound of date")
        days = [values.request_day(self.request.issued_at) if day == "today" else day for day in (first, last)]
        return self._days(reference, *days)

    # Values.

    def _values(self, reference, texts):
        place = self._place(reference)
        attribute = self.attribute(place)
        if not 1 <= len(texts) <= 4096:
            raise Refused("number of values")
        read = []
        for text in texts:
            if attribute.type == "date":
                content = values.day_number(text)
            elif attribute.type == "uint":
                content = sj.integer(text, 0, (1 << 63) - 1)
            elif attribute.type in ("code", "text"):
                content = unicodedata.normalize("NFC", text)
            else:
                raise Refused("flags compared with a value")
            attribute.check((attribute.type, content))
            read.append((attribute.type, content))
        if len(set(read)) != len(read):
            raise Refused("a value twice")
        return place, read

    def _compared(self, reference, texts, kind):
        place, read = self._values(reference, texts)
        for member in self.classes[place]:
            attribute = self.attribute(member)
            if attribute.grade == "predicate" and attribute.type in ("code", "text") and attribute.codes is None:
                raise Refused("a predicate string compared with given values")
        return Choice(place, read, kind)

    def _equals(self, reference, text):
        return self._compared(reference, [text], "equals")

    def _member(self, reference, texts):
        return self._compared(reference, texts, "member")

    def _not_member(self, reference, texts):
        place, read = self._values(reference, texts)
        attribute = self.attribute(place)
        if attribute.type != "code" or attribute.codes is None:
            raise Refused("not_member without a table")
        rest = [("code", code) for code in attribute.codes if ("code", code) not in set(read)]
        if not rest:
            raise Refused("nothing left of the table")
        return Choice(place, rest, "member")

    # Flags.

    def _flags(self, reference, *lists):
        place = self._place(reference)
        attribute = self.attribute(place)
        if attribute.type != "flags" or not attribute.required:
            raise Refused("not flags, or optional")
        names = [name for one in lists for name in one]
        if not names or len(set(names)) != len(names):
            raise Refused("no flags, or a flag twice")
        if any(name not in attribute.codes for name in names):
            raise Refused("unknown flag")
        return Flags(place, *(sum(1 << attribute.codes.index(name) for name in one) for one in lists))
