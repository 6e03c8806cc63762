"""What the test vectors write, as this directory has it: docs/vectors.md."""

import ristretto
import strict_json
import values


def scalar_hex(scalar):
    """A scalar as the vectors write it."""
    return ristretto.encode_scalar(scalar).hex()


def scalar(text):
    """A scalar from its hexadecimal encoding."""
    return ristretto.decode_scalar(bytes.fromhex(text))


def point(text):
    """A point from its hexadecimal encoding."""
    return ristretto.decode(bytes.fromhex(text))


def pair(text):
    """Two points from 64 bytes."""
    return point(text[:64]), point(text[64:])


def read_value(written):
    """A value as the vectors write it."""
    if written == "absent":
        return "absent", None
    kind, content = strict_json.single(written)
    if kind == "date":
        return kind, values.day_number(content)
    return kind, content if kind in ("code", "text") else int(content)
