"""Tests of the reference verifier against its own prover, accepted and refused."""

import json
import random
import unittest
from unittest import mock

import bulletproof
import narrow
import prover
import ristretto
import tokens
import values
from keys import generator
from presentation import Reader, read_range_proof
from prover import Issuer, draw, present
from relation import compile_request
from request import Request
from resolve import Registry
from ristretto import Refused
from schema import Schema
from strobe import Transcript
from verify import StageError, Verifier

TITLE = {"zh-CN": "驾", "en": "title"}


def attribute(name, type_, required=True, grade="predicate", **more):
    """An attribute's JSON."""
    return {"name": name, "title": TITLE, "type": type_, "required": required, "grade": grade, **more}


CLASSES = [{"code": code, "title": TITLE} for code in ("A1", "A2", "B1", "B2", "C1")]
LICENCE = {
    "id": "cn.licence",
    "version": "1",
    "title": TITLE,
    "binding": "holder",
    "attributes": [
        attribute("born", {"date": {"min": "1900-01-01", "max": "2030-12-31"}}),
        attribute("until", {"date": {"min": "2000-01-01", "max": "9999-12-31"}}),
        attribute("points", {"uint": {"min": "0", "max": "100000"}}),
        attribute("class", {"code": {"table": CLASSES}}),
        attribute("kinds", {"flags": {"flags": CLASSES}}, min_choices="2"),
        attribute("name", {"text": {"max_chars": "20"}}, grade="disclose"),
        attribute("number", {"text": {"max_chars": "40"}}, required=False, grade="disclose"),
        attribute("secret", {"uint": {"min": "0", "max": "9"}}, grade="never"),
    ],
}
COMPANY = {
    "id": "cn.company",
    "version": "3",
    "title": TITLE,
    "binding": "none",
    "attributes": [
        attribute("capital", {"uint": {"min": "0", "max": "9000000000000"}}),
        attribute("head", {"text": {"max_chars": "20"}}, grade="disclose"),
    ],
}
VALUES = [
    ("date", values.day_number("2000-02-29")),
    ("date", values.LAST_DAY),
    ("uint", 777),
    ("code", "B2"),
    ("flags", 0b01101),
    ("text", "王小明"),
    ("absent", None),
    ("uint", 3),
]
NOW = 1_790_000_000


class Scene(unittest.TestCase):
    """Two issuers, two schemas, a credential of each."""

    @classmethod
    def setUpClass(cls):
        cls.licence, cls.company = Schema(LICENCE), Schema(COMPANY)
        cls.issuers = [Issuer(), Issuer()]
        digests = {cls.licence.digest, cls.company.digest}
        cls.registry = Registry(
            {cls.licence.digest: cls.licence, cls.company.digest: cls.company},
            {issuer.public: digests for issuer in cls.issuers},
        )
        cls.verifier = Verifier("me", cls.registry, {issuer.public: issuer.secret for issuer in cls.issuers})
        link_secret = draw()
        cls.credentials = [
            cls.issuers[0].issue(cls.licence, link_secret, VALUES),
            cls.issuers[1].issue(cls.company, 0, [("uint", 5_000_000), ("text", "王小明")]),
        ]

    def request(self, statements, count=1, **more):
        """A request for the first credentials."""
        asked = [("l", self.licence, "token"), ("c", self.company, "keyed")][:count]
        document = {
            "version": "1", "audience": "me", "audience_name": TITLE, "purpose": TITLE, "response_uri": "u", "nonce": "ab" * 32,
            "issued_at": str(NOW), "expires_at": str(NOW + 300), "prefer": "small", "statements": statements,
            "credentials": [
                {"id": id_, "schema": schema.digest.hex(), "check": check, "issuers": [issuer.public.hex() for issuer in self.issuers]}
                for id_, schema, check in asked
            ],
            **more,
        }  # fmt: skip
        return Request(json.dumps(document))

    def both(self, statements, count=1):
        """Presents in each profile that there is; the accepted presentations."""
        request = self.request(statements, count)
        relations = compile_request(request, self.registry)
        accepted = []
        for compact, relation in enumerate(relations):
            if relation:
                data = present(request, self.registry, self.credentials[:count], bool(compact), [0, 1][:count])
                accepted.append(self.verifier.verify(request, NOW, data))
        return accepted


class Presentations(Scene):
    """Statements that hold are accepted in both profiles, all others refused at the right stage."""

    def test_every_statement(self):
        of = lambda name: [{"attribute": f"l.{name}", "coefficient": "1"}]
        statements = {
            "age": {"of": "l.born", "at_least": "18", "below": "60"},
            "date": {"of": "l.until", "from": "today"},
            "range": {"of": of("points"), "lo": "700", "hi": "709000"},
            "intervals": {"of": of("points"), "intervals": [{"lo": "0", "hi": "5"}, {"lo": "700", "hi": "800"}, {"lo": "900", "hi": "950"}]},
            "member": {"of": "l.class", "values": ["A1", "B2", "B1"]},
            "not_member": {"of": "l.class", "values": ["A1", "A2"]},
            "equals": {"of": "l.name", "value": "王小明"},
            "flags": {"of": "l.kinds", "all": ["A1"], "none": ["A2"], "any": ["B1", "B2", "C1"]},
            "disclose": {"of": "l.number"},
        }
        for name, content in statements.items():
            with self.subTest(name):
                self.assertTrue(self.both([{name: content}]))
        self.assertEqual(len(self.both([{name: content} for name, content in statements.items()])), 2)

    def test_no_statement(self):
        self.assertEqual([len(one.commitments) for one in self.both([], 2)], [0])

    def test_two_credentials(self):
        terms = [{"attribute": "l.points", "coefficient": "-2"}, {"attribute": "c.capital", "coefficient": "3"}]
        statements = [
            {"equal": {"left": "l.name", "right": "c.head"}},
            {"disclose": {"of": "c.head"}},
            {"range": {"of": terms, "lo": "14998446", "hi": "14998446000"}},
            {"intervals": {"of": terms, "intervals": [{"lo": "1", "hi": "60"}, {"lo": "14998000", "hi": "14998446"}]}},
        ]
        for one in self.both(statements, 2):
            self.assertEqual(one.disclosed, [("text", "王小明")])

    def test_only_ranges(self):
        (_, compact) = self.both([{"date": {"of": "l.born", "from": "1990-01-01", "to": "2010-12-31"}}])
        self.assertIsNone(compact.e1)
        self.assertEqual(len(compact.commitments), 1)

    def test_lies(self):
        lies = [
            {"age": {"of": "l.born", "at_least": "60"}},
            {"member": {"of": "l.class", "values": ["A1", "B1"]}},
            {"equals": {"of": "l.name", "value": "李"}},
            {"flags": {"of": "l.kinds", "any": ["A2", "C1"]}},
            {"flags": {"of": "l.kinds", "all": ["A2"]}},
            {"intervals": {"of": [{"attribute": "l.points", "coefficient": "1"}], "intervals": [{"lo": "1", "hi": "5"}, {"lo": "9", "hi": "11"}]}},
        ]
        for lie in lies:
            request = self.request([lie])
            data = present(request, self.registry, self.credentials[:1], cheat=True)
            with self.assertRaises(StageError) as caught:
                self.verifier.verify(request, NOW, data)
            self.assertEqual(str(caught.exception), "proof: digits", lie)

    def test_changed_bytes(self):
        statements = [{"age": {"of": "l.born", "at_least": "18"}}, {"disclose": {"of": "l.name"}}, {"member": {"of": "l.class", "values": ["B2", "B1"]}}]
        for compact in (False, True):
            request = self.request(statements, 2)
            data = present(request, self.registry, self.credentials, compact, [0, 1])
            self.verifier.verify(request, NOW, data)
            for offset in [*range(0, 40), *range(40, len(data), 29), len(data) - 32]:
                changed = bytearray(data)
                changed[offset] ^= 2
                with self.assertRaises(StageError, msg=offset) as caught:
                    self.verifier.verify(request, NOW, bytes(changed))
                self.assertIn(caught.exception.stage, ("decode", "proof"))
            for wrong in (data[:-1], data + b"\0", b""):
                with self.assertRaises(StageError) as caught:
                    self.verifier.verify(request, NOW, wrong)
                self.assertEqual(caught.exception.stage, "decode")

    def failing(self, request, compact=False):
        """What refuses a presentation of the first credential."""
        data = present(request, self.registry, self.credentials[:1], compact, cheat=True)
        with self.assertRaises(StageError) as caught:
            self.verifier.verify(request, NOW, data)
        return str(caught.exception)

    def test_false_token(self):
        def half(issuer, a, b):
            """A token of which only one of the two equations holds."""
            k = draw()
            commitments = [prover.encoded(ristretto.multiply(k, ristretto.BASE)), prover.encoded(ristretto.multiply(k, a.point))]
            commitments[false] = prover.encoded(ristretto.multiply(draw(), ristretto.BASE))
            c = tokens.challenge(issuer.public, a.encoded, b.encoded, *(one.encoded for one in commitments))
            return *commitments, (k + c * issuer.secret) % ristretto.ORDER

        for false in (0, 1):
            with mock.patch.object(prover, "token", half):
                self.assertEqual(self.failing(self.request([])), "proof: token 0")

    def test_false_range(self):
        self.assertEqual(self.failing(self.request([{"date": {"of": "l.born", "from": "2005-01-01"}}]), True), "proof: ranges")

    def test_request_stage(self):
        request = self.request([])
        data = present(request, self.registry, self.credentials[:1])
        for audience, now in (("you", NOW), ("me", NOW + 300), ("me", NOW - 61)):
            with self.assertRaises(StageError) as caught:
                Verifier(audience, self.registry, {}).verify(request, now, data)
            self.assertEqual(caught.exception.stage, "request")
        self.verifier.verify(request, NOW - 60, data)
        self.verifier.verify(request, NOW + 299, data)

    def test_wrong_issuer_and_key(self):
        request = self.request([], 2)
        data = present(request, self.registry, self.credentials, False, [0, 0])
        with self.assertRaises(StageError):
            self.verifier.verify(request, NOW, data)
        data = present(request, self.registry, self.credentials, False, [0, 1])
        swapped = Verifier("me", self.registry, {self.issuers[0].public: 1, self.issuers[1].public: 1})
        with self.assertRaises(StageError) as caught:
            swapped.verify(request, NOW, data)
        self.assertEqual(str(caught.exception), "proof: keyed check")


class RangeProofs(unittest.TestCase):
    """The Bulletproof alone: each of its two equations refuses what the other does not see."""

    def verify(self, openings, bits, shift=0, change=lambda proof: proof):
        """Makes, changes and checks a proof."""
        data = change(prover.aggregate(Transcript("test"), openings, bits, shift))
        proof = read_range_proof(Reader(data), bits * len(openings))
        points = [ristretto.msm([(v, ristretto.BASE), (g, generator("K"))]) for v, g in openings]
        return bulletproof.verify(Transcript("test"), proof, [(ristretto.encode(one), one) for one in points], bits)

    def test_sizes(self):
        self.assertTrue(self.verify([(255, draw())], 8))
        self.assertTrue(self.verify([((1 << 64) - 1, draw())], 64))
        self.assertTrue(self.verify([(0, draw()), (65535, draw()), (7, draw()), (0, 0)], 16))

    def test_value_too_large(self):
        self.assertFalse(self.verify([(256, draw())], 8))
        self.assertFalse(self.verify([(1, draw()), (-1, draw())], 8))

    def test_first_equation(self):
        self.assertFalse(self.verify([(3, draw()), (4, draw())], 8, shift=1))

    def test_second_equation(self):
        other_b = lambda data: data[:-32] + ristretto.encode_scalar(int.from_bytes(data[-32:], "little") + 1)
        self.assertFalse(self.verify([(3, draw()), (4, draw())], 8, change=other_b))

    def test_identity(self):
        with self.assertRaises(Refused):
            self.verify([(3, draw())], 8, change=lambda data: bytes(32) + data[32:])


class Requests(Scene):
    """What is refused of requests."""

    def test_refused(self):
        refused = [
            {"disclose": {"of": "l.born"}},
            {"disclose": {"of": "l.secret"}},
            {"equals": {"of": "l.secret", "value": "3"}},
            {"equals": {"of": "l.born", "value": "2000-02-29"}},
            {"equals": {"of": "l.class", "value": "B2"}},
            {"equals": {"of": "l.class", "value": "none"}},
            {"flags": {"of": "l.kinds", "all": ["A1", "A2", "B1"], "none": ["B2", "C1"]}},
            {"flags": {"of": "l.kinds", "all": ["A1", "A2", "B1"], "any": ["B2"], "none": ["C1"]}},
            {"flags": {"of": "l.kinds"}},
            {"date": {"of": "l.born", "from": "2000-01-01", "to": "2000-01-01"}},
            {"date": {"of": "l.born", "from": "2031-01-01"}},
            {"age": {"of": "l.points", "at_least": "3"}},
            {"age": {"of": "l.born"}},
            {"member": {"of": "l.class", "values": ["A1", "A1"]}},
            {"range": {"of": [{"attribute": "l.points", "coefficient": "0"}], "lo": "0", "hi": "9"}},
            {"range": {"of": [], "lo": "0", "hi": "9"}},
        ]
        for statement in refused:
            request = self.request([statement])
            with self.assertRaises(Refused, msg=statement):
                compile_request(request, self.registry)

    def test_no_request(self):
        bad = [{"age": {"of": "l.born", "at_least": "018"}}, {"age": {"of": "l", "at_least": "18"}}, {"ages": {}}, {}, {"disclose": {"of": "l.a", "x": "y"}}]
        for statement in bad:
            with self.assertRaises(Refused, msg=statement):
                self.request([statement])
        text = self.request([]).canonical.decode()
        Request(text)
        for wrong in (text[:-1] + ',"prefer":"small"}', text + "{}", text.replace('"1"', "1", 1), text.replace('"me"', '"\\ud800"')):
            with self.assertRaises(Refused, msg=wrong):
                Request(wrong)
        for more in ({"nonce": "AB" * 32}, {"expires_at": str(NOW)}, {"prefer": None}, {"audience": ""}, {"extra": "1"}):
            with self.assertRaises(Refused, msg=more):
                self.request([], **more)


class Narrow(unittest.TestCase):
    """Counts of what is left."""

    def test_masks(self):
        """Never more than there are; exact with one list."""
        rng = random.Random(7)
        for _ in range(300):
            size = rng.randrange(1, 6)
            masks = narrow.Masks(size, rng.choice([0, 1]), rng.choice([0, 0, 2]) & (1 << size) - 1, [])
            masks.any = [rng.randrange(1, 1 << size) for _ in range(rng.randrange(4))]
            left = [
                mask for mask in range(1 << size)
                if mask & masks.set == masks.set and not mask & masks.clear and all(mask & wanted for wanted in masks.any)
            ]  # fmt: skip
            self.assertLessEqual(masks.count(), len(left), masks)
            self.assertEqual(masks.count() == 0, not left, masks)
            if len(masks.any) < 2:
                self.assertEqual(masks.count(), len(left), masks)

    def test_multiples(self):
        self.assertEqual(list(narrow._quotients([(-7, 7), (10, 11)], -3)), [(-2, 2)])
        self.assertEqual(narrow._joined([(5, 9), (1, 2), (3, 3), (8, 12)]), [(1, 3), (5, 12)])


if __name__ == "__main__":
    unittest.main()
