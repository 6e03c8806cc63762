"""Attribute values, their bytes and scalars, and civil dates: docs/protocol.md sections 2 and 6.

A value is a pair (type, content): ("absent", None), ("date", day number), ("uint", n), ("flags", mask), ("code", string), ("text", string).
"""

import datetime
import functools
import re
import unicodedata

from ristretto import Refused, scalar_from_wide
from strobe import Transcript

LAST_DAY = 3_652_058  # 9999-12-31, "no end"
_TAGS = {"absent": 0, "date": 1, "uint": 2, "flags": 3, "code": 4, "text": 5}
_TYPES = {tag: name for name, tag in _TAGS.items()}


def day_number(text):
    """Days since 0001-01-01 of YYYY-MM-DD."""
    # fromisoformat knows other spellings of ten characters.
    if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", text, re.ASCII):
        raise Refused(f"not a day: {text!r}")
    try:
        return datetime.date.fromisoformat(text).toordinal() - 1
    except ValueError as error:
        raise Refused(f"not a day: {text!r}") from error


def day_text(number):
    """YYYY-MM-DD of days since 0001-01-01."""
    return datetime.date.fromordinal(number + 1).isoformat()


def request_day(issued_at):
    """The civil day in China at a number of seconds since 1970, at most the last day there is."""
    return min((issued_at + 8 * 3600) // 86_400 + datetime.date(1970, 1, 1).toordinal() - 1, LAST_DAY)


def latest_birth(day, years):
    """The latest birth date whose anniversary number `years` has come on `day`; None if there is none."""
    today = datetime.date.fromordinal(day + 1)
    if today.year - years < 1:
        return None
    try:
        birth = today.replace(year=today.year - years)
    except ValueError:
        # 29 February with no such day in the year of birth.
        return datetime.date(today.year - years, 2, 28).toordinal() - 1
    if (today.month, today.day) == (2, 28) and not _leap(today.year) and _leap(birth.year):
        # Who was born on 29 February has the anniversary today.
        birth = birth.replace(day=29)
    return birth.toordinal() - 1


def _leap(year):
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


# Invisible formatting characters that no printable text has, as ranges.
_INVISIBLE = [
    (0x00AD, 0x00AD), (0x061C, 0x061C), (0x115F, 0x115F), (0x1160, 0x1160), (0x180E, 0x180E), (0x200B, 0x200F),
    (0x2028, 0x202E), (0x2060, 0x206F), (0x3164, 0x3164), (0xFEFF, 0xFEFF), (0xFFA0, 0xFFA0), (0xFFF9, 0xFFFB),
    (0xE0000, 0xE007F),
]  # fmt: skip


def check_printable(text, longest):
    """Refuses a text that is empty, too long or not printable."""
    if not 1 <= len(text) <= longest:
        raise Refused("text too short or too long")
    for character in text:
        if unicodedata.category(character) == "Cc" or any(a <= ord(character) <= b for a, b in _INVISIBLE):
            raise Refused("text with an invisible character")
    return text


def check_string(text, longest=256):
    """Refuses what is no string value: a printable text in normalisation form C."""
    check_printable(text, longest)
    if unicodedata.normalize("NFC", text) != text:
        raise Refused("string not in normalisation form C")
    return text


@functools.lru_cache(maxsize=None)
def string_scalar(text):
    """The scalar of a code or text."""
    transcript = Transcript("glimpse/1 string attribute 2026-11")
    transcript.append("nfc", unicodedata.normalize("NFC", text).encode("utf-8"))
    return scalar_from_wide(transcript.challenge("m", 64))


@functools.lru_cache(maxsize=None)
def absent_scalar():
    """The scalar of an attribute that has no value."""
    return scalar_from_wide(Transcript("glimpse/1 absent attribute 2026-11").challenge("m", 64))


def scalar(value):
    """The scalar that stands for a value in a credential."""
    kind, content = value
    if kind == "absent":
        return absent_scalar()
    if kind in ("code", "text"):
        return string_scalar(content)
    return content


def encode(value):
    """A value's bytes."""
    kind, content = value
    out = bytes([_TAGS[kind]])
    if kind == "absent":
        return out
    if kind in ("date", "flags"):
        return out + content.to_bytes(4, "little")
    if kind == "uint":
        return out + content.to_bytes(8, "little")
    text = content.encode("utf-8")
    return out + len(text).to_bytes(2, "little") + text


def decode(reader):
    """Reads one value; refuses everything that is not its one spelling."""
    kind = _TYPES.get(reader.byte())
    if kind is None:
        raise Refused("unknown type of value")
    if kind == "absent":
        return kind, None
    if kind == "date":
        number = int.from_bytes(reader.take(4), "little")
        if number > LAST_DAY:
            raise Refused("day out of range")
        return kind, number
    if kind == "uint":
        number = int.from_bytes(reader.take(8), "little")
        if number >= 1 << 63:
            raise Refused("uint out of range")
        return kind, number
    if kind == "flags":
        return kind, int.from_bytes(reader.take(4), "little")
    data = reader.take(int.from_bytes(reader.take(2), "little"))
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Refused("string not UTF-8") from error
    return kind, check_string(text)


class Reader:
    """Reads bytes from the front and refuses to read past the end."""

    def __init__(self, data):
        self.data = data
        self.offset = 0

    def take(self, size):
        """The next bytes."""
        if self.offset + size > len(self.data):
            raise Refused("too short")
        self.offset += size
        return self.data[self.offset - size : self.offset]

    def byte(self):
        """The next byte."""
        return self.take(1)[0]

    def end(self):
        """Refuses bytes that are left."""
        if self.offset != len(self.data):
            raise Refused("too long")
