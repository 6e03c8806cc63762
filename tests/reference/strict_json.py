"""Strict reading of JSON and its canonical form (RFC 8785): docs/protocol.md section 1."""

import json
import re

from ristretto import Refused


def parse(text):
    """The value of a JSON text; refuses repeated members, every number and strings that are not Unicode."""
    try:
        value = json.loads(
            text, object_pairs_hook=_members, parse_int=_number, parse_float=_number, parse_constant=_number
        )
        # A lone surrogate, written as an escape, is no character.
        text.encode("utf-8")
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    except (json.JSONDecodeError, UnicodeEncodeError, RecursionError) as error:
        raise Refused(f"not JSON: {error}") from error
    return value


def _members(pairs):
    members = dict(pairs)
    if len(members) != len(pairs):
        raise Refused("repeated member")
    return members


def _number(text):
    raise Refused(f"number in JSON: {text}")


def canonical(value):
    """The canonical text, as bytes. Member names are ASCII, so that sorting by code points is the order of RFC 8785."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode("utf-8")


def identifier(value):
    """An identifier."""
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,63}", string(value), re.ASCII):
        raise Refused(f"not an identifier: {value!r}")
    return value


def members(value, required, optional=()):
    """An object's members in the order given, None for optional ones that are absent; refuses unknown, missing and null ones."""
    if not isinstance(value, dict) or None in value.values():
        raise Refused("not an object, or null in it")
    unknown = set(value) - set(required) - set(optional)
    missing = set(required) - set(value)
    if unknown or missing:
        raise Refused(f"unknown members {sorted(unknown)}, missing members {sorted(missing)}")
    return [value[name] for name in required] + [value.get(name) for name in optional]


def single(value):
    """The name and content of an object with one member."""
    if not isinstance(value, dict) or len(value) != 1:
        raise Refused("not an object with one member")
    return next(iter(value.items()))


def string(value):
    """A string."""
    if not isinstance(value, str):
        raise Refused(f"not a string: {value!r}")
    return value


def array(value, least=0, most=None):
    """A list with a number of elements within limits."""
    if not isinstance(value, list) or len(value) < least or (most is not None and len(value) > most):
        raise Refused("not a list, or its length is out of bounds")
    return value


def integer(value, least=None, most=None):
    """An integer in its one decimal spelling, within limits."""
    text = string(value)
    digits = text[1:] if text.startswith("-") else text
    if not (digits.isascii() and digits.isdigit()) or (digits[0] == "0" and text != "0") or len(digits) > 60:
        raise Refused(f"not a decimal integer: {text!r}")
    number = int(text)
    if (least is not None and number < least) or (most is not None and number > most):
        raise Refused(f"out of range: {text}")
    return number


def hexadecimal(value, size):
    """Bytes of a given number in lower-case hexadecimal."""
    text = string(value)
    if len(text) != 2 * size or any(digit not in "0123456789abcdef" for digit in text):
        raise Refused("not lower-case hexadecimal of the right length")
    return bytes.fromhex(text)
