"""Requests: reading, canonical form and digest: docs/protocol.md section 6, up to where a request is no request."""

from dataclasses import dataclass

import ristretto
import strict_json as sj
import values
from ristretto import Refused
from schema import check_title
from strobe import Transcript


@dataclass
class Asked:
    """One credential that a request asks for. `issuers` are the accepted keys' bytes."""

    id: str
    schema: bytes
    issuers: list
    token: bool


class Request:
    """A request read from its JSON text; `statements` are pairs (name, content) with numbers read."""

    def __init__(self, text):
        if len(text.encode("utf-8", "surrogatepass")) > 1 << 20:
            raise Refused("request too long")
        document = sj.parse(text)
        names = ["version", "audience", "audience_name", "purpose", "response_uri", "nonce", "issued_at", "expires_at"]
        fields = sj.members(document, names + ["credentials", "statements"], ["prefer"])
        version, self.audience, audience_name, purpose, uri, nonce, issued_at, expires_at, asked, statements, prefer = fields
        if version != "1":
            raise Refused("unknown version")
        values.check_printable(sj.string(self.audience), 255)
        check_title(audience_name, 120)
        check_title(purpose, 500)
        values.check_printable(sj.string(uri), 1024)
        sj.hexadecimal(nonce, 32)
        self.issued_at = sj.integer(issued_at, 0, (1 << 64) - 1)
        self.expires_at = sj.integer(expires_at, 0, (1 << 64) - 1)
        if self.expires_at <= self.issued_at:
            raise Refused("expires before it was issued")
        self.credentials = [_asked(one) for one in sj.array(asked, 1, 8)]
        if len({one.id for one in self.credentials}) != len(self.credentials):
            raise Refused("two credentials of one id")
        self.statements = [_statement(one) for one in sj.array(statements, 0, 64)]
        if prefer not in (None, "small"):
            raise Refused("unknown preference")
        self.small = prefer == "small"
        self.canonical = sj.canonical({**document, "statements": [_without_empty_flags(one) for one in statements]})
        transcript = Transcript("glimpse/1 request 2026-11")
        transcript.append("canonical", self.canonical)
        self.digest = transcript.challenge("digest", 32)


def _asked(document):
    id_, schema, issuers, check = sj.members(document, ["id", "schema", "issuers", "check"])
    keys = [sj.hexadecimal(key, 32) for key in sj.array(issuers, 1, 255)]
    if len(set(keys)) != len(keys):
        raise Refused("an issuer twice")
    for key in keys:
        if ristretto.is_identity(ristretto.decode(key)):
            raise Refused("an issuer key that is 0")
    if check not in ("token", "keyed"):
        raise Refused("unknown check")
    return Asked(sj.identifier(id_), sj.hexadecimal(schema, 32), keys, check == "token")


def _without_empty_flags(statement):
    name, content = sj.single(statement)
    if name != "flags":
        return statement
    return {name: {member: value for member, value in content.items() if value != []}}


def _statement(document):
    name, content = sj.single(document)
    if name not in _READERS:
        raise Refused(f"unknown statement {name}")
    return name, _READERS[name](content)


def _attribute(value):
    """The identifiers of `credential.attribute`."""
    parts = sj.string(value).split(".")
    if len(parts) != 2:
        raise Refused(f"not an attribute: {value!r}")
    return sj.identifier(parts[0]), sj.identifier(parts[1])


def _combination(value):
    terms = []
    for term in sj.array(value):
        attribute, coefficient = sj.members(term, ["attribute", "coefficient"])
        terms.append((_attribute(attribute), sj.integer(coefficient, -(1 << 63), (1 << 63) - 1)))
    return terms


def _bound(value):
    return sj.integer(value, -(1 << 127), (1 << 127) - 1)


def _interval(value):
    lo, hi = sj.members(value, ["lo", "hi"])
    return _bound(lo), _bound(hi)


def _strings(value):
    return [sj.string(one) for one in sj.array(value)]


def _disclose(content):
    return _attribute(*sj.members(content, ["of"]))


def _range(content):
    of, lo, hi = sj.members(content, ["of", "lo", "hi"])
    return _combination(of), _bound(lo), _bound(hi)


def _age(content):
    of, at_least, below = sj.members(content, ["of"], ["at_least", "below"])
    years = [None if value is None else sj.integer(value, 0, (1 << 16) - 1) for value in (at_least, below)]
    return _attribute(of), *years


def _date(content):
    of, first, last = sj.members(content, ["of"], ["from", "to"])
    days = [day if day in (None, "today") else values.day_number(sj.string(day)) for day in (first, last)]
    return _attribute(of), *days


def _equals(content):
    of, value = sj.members(content, ["of", "value"])
    return _attribute(of), sj.string(value)


def _member(content):
    of, choices = sj.members(content, ["of", "values"])
    return _attribute(of), _strings(choices)


def _intervals(content):
    of, intervals = sj.members(content, ["of", "intervals"])
    return _combination(of), [_interval(one) for one in sj.array(intervals)]


def _flags(content):
    of, *lists = sj.members(content, ["of"], ["all", "none", "any"])
    return _attribute(of), *([] if names is None else _strings(names) for names in lists)


def _equal(content):
    left, right = sj.members(content, ["left", "right"])
    return _attribute(left), _attribute(right)


def _not_revoked(content):
    credential, max_age = sj.members(content, ["credential", "max_age"])
    return sj.string(credential), sj.integer(max_age, 0, (1 << 64) - 1)


_READERS = {
    "disclose": _disclose,
    "range": _range,
    "age": _age,
    "date": _date,
    "equals": _equals,
    "member": _member,
    "not_member": _member,
    "intervals": _intervals,
    "flags": _flags,
    "equal": _equal,
    "not_revoked": _not_revoked,
}
