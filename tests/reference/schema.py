"""Schemas and the values they allow: docs/protocol.md section 2."""

from dataclasses import dataclass

import strict_json as sj
import values
from ristretto import Refused
from strobe import Transcript


@dataclass
class Attribute:
    """One attribute of a schema. `low` and `high` bound dates, uints and flags; `codes` are a table's or the flags' codes."""

    name: str
    type: str
    required: bool
    grade: str
    min_choices: int
    low: int = 0
    high: int = 0
    codes: list = None
    max_chars: int = 256

    def check(self, value):
        """Refuses a value that the schema does not allow."""
        kind, content = value
        if kind == "absent":
            if self.required:
                raise Refused(f"{self.name} is required")
            return
        if kind != self.type:
            raise Refused(f"{self.name} has another type")
        if kind in ("date", "uint") and not self.low <= content <= self.high:
            raise Refused(f"{self.name} is out of bounds")
        if kind == "flags" and content >> len(self.codes):
            raise Refused(f"{self.name} has a flag without a name")
        if kind in ("code", "text"):
            values.check_string(content, self.max_chars)
            if kind == "code" and self.codes is not None and content not in self.codes:
                raise Refused(f"{self.name} is not in the code table")


class Schema:
    """A schema read from its JSON object."""

    def __init__(self, document):
        id_, version, title, binding, attributes = sj.members(document, ["id", "version", "title", "binding", "attributes"])
        if len(sj.string(id_)) > 128:
            raise Refused("id too long")
        for part in id_.split("."):
            sj.identifier(part)
        sj.integer(version, 1, (1 << 32) - 1)
        check_title(title)
        if binding not in ("holder", "none"):
            raise Refused("unknown binding")
        self.holder = binding == "holder"
        self.attributes_json = attributes
        self.attributes = [_attribute(attribute) for attribute in sj.array(attributes, 1, 31)]
        self.index = {attribute.name: i for i, attribute in enumerate(self.attributes)}
        if len(self.index) != len(self.attributes):
            raise Refused("two attributes of one name")
        transcript = Transcript("glimpse/1 schema 2026-11")
        transcript.append("canonical", sj.canonical(document))
        self.digest = transcript.challenge("digest", 32)

    def slots(self):
        """Number of slots of a credential."""
        return 3 + len(self.attributes)


def check_title(title, longest=120):
    """A text in both languages."""
    for text in sj.members(title, ["zh-CN", "en"]):
        values.check_printable(sj.string(text), longest)


def _attribute(document):
    name, title, type_, required, grade, min_choices = sj.members(
        document, ["name", "title", "type", "required", "grade"], ["min_choices"]
    )
    check_title(title)
    if not isinstance(required, bool):
        raise Refused("required is no boolean")
    if grade not in ("disclose", "predicate", "never"):
        raise Refused("unknown grade")
    # Two is the least of a predicate attribute, whatever its schema says.
    choices = 2 if min_choices is None else max(2, sj.integer(min_choices, 1, (1 << 64) - 1))
    kind, content = sj.single(type_)
    attribute = Attribute(sj.identifier(name), kind, required, grade, choices)
    if kind == "date":
        attribute.low, attribute.high = (values.day_number(sj.string(day)) for day in sj.members(content, ["min", "max"]))
    elif kind == "uint":
        attribute.low, attribute.high = (sj.integer(bound, 0, (1 << 63) - 1) for bound in sj.members(content, ["min", "max"]))
    elif kind == "flags":
        (flags,) = sj.members(content, ["flags"])
        attribute.codes = _codes(sj.array(flags, 1, 32))
        attribute.high = (1 << len(attribute.codes)) - 1
    elif kind == "code":
        (table,) = sj.members(content, [], ["table"])
        attribute.codes = None if table is None else _codes(sj.array(table, 1, 4096))
    elif kind == "text":
        attribute.max_chars = sj.integer(sj.members(content, ["max_chars"])[0], 1, 256)
    else:
        raise Refused("unknown type of attribute")
    if attribute.low > attribute.high:
        raise Refused("empty bounds")
    return attribute


def _codes(entries):
    codes = []
    for entry in entries:
        code, title = sj.members(entry, ["code", "title"])
        check_title(title)
        codes.append(values.check_string(sj.string(code), 64))
    if len(set(codes)) != len(codes):
        raise Refused("repeated code")
    return codes
