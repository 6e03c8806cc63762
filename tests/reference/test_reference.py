"""Tests of the reference verifier against public vectors: python3 -m unittest discover -s tests/reference"""

import hashlib
import random
import unittest

import ristretto
import strobe
import values
from public_vectors import INVALID, MERLIN_COMPLEX, MERLIN_SIMPLE, MULTIPLES, ONE_WAY_MAP


class Group(unittest.TestCase):
    """RFC 9496 appendix A."""

    def test_multiples(self):
        point = ristretto.IDENTITY
        for i, encoding in enumerate(MULTIPLES):
            self.assertEqual(ristretto.encode(point).hex(), encoding)
            self.assertTrue(ristretto.equal(ristretto.decode(bytes.fromhex(encoding)), point))
            self.assertTrue(ristretto.equal(ristretto.multiply(i, ristretto.BASE), point))
            point = ristretto.add(point, ristretto.BASE)

    def test_invalid_encodings(self):
        for encoding in INVALID:
            with self.assertRaises(ristretto.Refused, msg=encoding):
                ristretto.decode(bytes.fromhex(encoding))

    def test_unreduced_zero(self):
        # 2p is even and stands for 0, which RFC 9496's own list does not have.
        with self.assertRaises(ristretto.Refused):
            ristretto.decode((2 * ristretto.P).to_bytes(32, "little"))

    def test_one_way_map(self):
        for uniform, encoding in ONE_WAY_MAP:
            self.assertEqual(ristretto.encode(ristretto.from_uniform(bytes.fromhex(uniform))).hex(), encoding)

    def test_multiscalar(self):
        rng = random.Random(1)
        for size in (1, 2, 3, 17, 200):
            scalars = [rng.choice([0, 1, ristretto.ORDER - 1, rng.randrange(ristretto.ORDER)]) for _ in range(size)]
            logs = [rng.randrange(1, 1000) for _ in range(size)]
            points = [ristretto.multiply(log, ristretto.BASE) for log in logs]
            expected = ristretto.IDENTITY
            exponent = sum(a * b for a, b in zip(scalars, logs)) % ristretto.ORDER
            for bit in bin(exponent)[2:]:
                expected = ristretto.double(expected)
                if bit == "1":
                    expected = ristretto.add(expected, ristretto.BASE)
            self.assertTrue(ristretto.equal(ristretto.msm(list(zip(scalars, points))), expected))

    def test_order_and_scalars(self):
        self.assertTrue(ristretto.is_identity(ristretto.msm([(ristretto.ORDER - 1, ristretto.BASE), (1, ristretto.BASE)])))
        with self.assertRaises(ristretto.Refused):
            ristretto.decode_scalar(ristretto.ORDER.to_bytes(32, "little"))
        self.assertEqual(ristretto.decode_scalar((ristretto.ORDER - 1).to_bytes(32, "little")), ristretto.ORDER - 1)


class Hashing(unittest.TestCase):
    """Keccak against hashlib, Merlin against its published vectors."""

    def test_keccak(self):
        for message in (b"", b"abc", bytes(range(135))):
            state = bytearray(200)
            state[: len(message)] = message
            state[len(message)] ^= 0x1F
            state[135] ^= 0x80
            state = strobe.permute(state)
            squeezed = bytes(state[:136]) + bytes(strobe.permute(state)[:136])
            self.assertEqual(squeezed, hashlib.shake_256(message).digest(272))

    def test_merlin_simple(self):
        transcript = strobe.Transcript("test protocol")
        transcript.append("some label", b"some data")
        self.assertEqual(transcript.challenge("challenge", 32).hex(), MERLIN_SIMPLE)

    def test_merlin_complex(self):
        transcript = strobe.Transcript("test protocol")
        transcript.append("step1", b"some data")
        for _ in range(32):
            challenge = transcript.challenge("challenge", 32)
            transcript.append("bigdata", b"\x63" * 1024)
            transcript.append("challengedata", challenge)
        self.assertEqual(challenge.hex(), MERLIN_COMPLEX)

    def test_clone(self):
        transcript = strobe.Transcript("test protocol")
        copy = transcript.clone()
        copy.append("x", b"y")
        self.assertNotEqual(copy.clone().challenge("c", 32), transcript.clone().challenge("c", 32))
        transcript.append("x", b"y")
        self.assertEqual(transcript.challenge("d", 300), copy.challenge("d", 300))


class Values(unittest.TestCase):
    """Dates and strings."""

    def test_days(self):
        self.assertEqual(values.day_number("0001-01-01"), 0)
        self.assertEqual(values.day_number("9999-12-31"), values.LAST_DAY)
        for wrong in ("2026-W01-1", "20260101", "2026-02-29", "2026-1-001", "0000-12-31", "２026-01-01"):
            with self.assertRaises(ristretto.Refused, msg=wrong):
                values.day_number(wrong)

    def test_births(self):
        ages = {("2026-02-28", 18): "2008-02-29", ("2026-02-27", 18): "2008-02-27", ("2028-02-29", 18): "2010-02-28", ("2028-02-28", 20): "2008-02-28"}
        for (day, years), birth in ages.items():
            self.assertEqual(values.day_text(values.latest_birth(values.day_number(day), years)), birth)
        self.assertIsNone(values.latest_birth(values.day_number("0018-01-01"), 18))

    def test_day_of_the_request(self):
        self.assertEqual(values.day_text(values.request_day(1_767_196_799)), "2025-12-31")
        self.assertEqual(values.day_text(values.request_day(1_767_196_800)), "2026-01-01")

    def test_strings(self):
        self.assertEqual(values.string_scalar("e\u0301"), values.string_scalar("\u00e9"))
        for wrong in ("", "e\u0301", "a\u200bb", "a\nb", "x" * 257):
            with self.assertRaises(ristretto.Refused, msg=wrong):
                values.check_string(wrong)


if __name__ == "__main__":
    unittest.main()
