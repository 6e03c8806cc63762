"""Tests of the reference verifier against public vectors: python3 -m unittest discover -s tests/reference"""

import hashlib
import random
import unittest

import ristretto
import strobe
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


if __name__ == "__main__":
    unittest.main()
