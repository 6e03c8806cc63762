"""Tests of revocation lists, buckets and `not_revoked`, against the directory's own prover."""

import unittest

import keys
import lists
import prover
import ristretto
from presentation import decode
from prover import present
from relation import compile_request
from resolve import Registry
from ristretto import Refused
from test_presentations import NOW, Scene
from verify import StageError, Verifier, draw_challenges

MOMENT = NOW // 60 * 60  # of the version that a request's moment is in
WIDE = 1 << 24


class Lists(Scene):
    """A list for the licences, with the handle of the first credential in one of its intervals."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        known = {issuer.public: issuer.revocation.public for issuer in cls.issuers}
        cls.registry = Registry(cls.registry.schemas, cls.registry.keys, known)
        secrets = {key.public: key.secret for issuer in cls.issuers for key in (issuer, issuer.revocation)}
        cls.verifier = Verifier("me", cls.registry, secrets)
        cls.handle = cls.credentials[0]["slots"][2]
        cls.other = cls.issuers[0].issue(cls.licence, cls.credentials[0]["slots"][0], cls.credentials[0]["values"])

    def interval(self, first, last, issued_at=MOMENT, issuer=0, schema=None):
        """An interval of a list of an issuer."""
        return self.issuers[issuer].interval(schema or self.licence, issued_at, first, last)

    def around(self, credential=None, issued_at=MOMENT):
        """An interval that holds a credential's handle."""
        handle = (credential or self.credentials[0])["slots"][2]
        return self.interval(max(handle - 7, 0), handle, issued_at)

    def asked(self, max_age="3600", credential="l"):
        """The statement."""
        return {"not_revoked": {"credential": credential, "max_age": max_age}}


class Shown(Lists):
    """What is accepted, and what is refused at which stage."""

    def show(self, request, intervals, compact=False, count=1, cheat=False):
        """Presents, reads and verifies."""
        data = present(request, self.registry, self.credentials[:count], compact, [0, 1][:count], cheat, intervals)
        return self.verifier.verify(request, NOW, data)

    def refused(self, stage, request, intervals, compact=False):
        """Presents what is to be refused."""
        with self.assertRaises(StageError) as caught:
            self.show(request, intervals, compact, cheat=True)
        self.assertEqual(caught.exception.stage, stage, caught.exception)
        return str(caught.exception)

    def asked_of(self, check="token", **more):
        """A request for the licence only, with one statement."""
        asked = {"id": "l", "schema": self.licence.digest.hex(), "check": check, "issuers": [one.public.hex() for one in self.issuers]}
        return self.request([self.asked()], credentials=[asked], **more)

    def test_accepted(self):
        mixed = [{"age": {"of": "l.born", "at_least": "18"}}, self.asked(), {"disclose": {"of": "l.name"}}]
        for statements, count in ([self.asked()], 1), (mixed, 2):
            request = self.request(statements, count)
            for compact in (False, True):
                shown = self.show(request, [self.around()], compact, count)
                self.assertEqual([one.issued_at for one in shown.intervals], [MOMENT])
        for compact in (False, True):
            self.show(self.asked_of("keyed"), [self.around()], compact)

    def test_two_lists(self):
        schema, issuers = self.licence.digest.hex(), [one.public.hex() for one in self.issuers]
        asked = [{"id": id_, "schema": schema, "check": check, "issuers": issuers} for id_, check in (("l", "token"), ("m", "keyed"))]
        request = self.request([self.asked(credential="m"), self.asked()], credentials=asked)
        held = [self.credentials[0], self.other]
        for compact in (False, True):
            data = present(request, self.registry, held, compact, None, False, [self.around(self.other), self.around()])
            self.verifier.verify(request, NOW, data)
            data = present(request, self.registry, held, compact, None, True, [self.around(), self.around(self.other)])
            with self.assertRaises(StageError):
                self.verifier.verify(request, NOW, data)

    def test_ends(self):
        for first, last in ((max(self.handle - WIDE + 1, 0), self.handle), (self.handle, self.handle + WIDE - 1)):
            for compact in (False, True):
                self.show(self.request([self.asked()]), [self.interval(first, last)], compact)

    def test_other_intervals(self):
        request = self.request([self.asked()])
        for first, last in ((self.handle + 1, self.handle + 9), (self.handle - 9, self.handle - 1)):
            self.assertEqual(self.refused("proof", request, [self.interval(first, last)]), "proof: digits")
            self.assertEqual(self.refused("proof", request, [self.interval(first, last)], True), "proof: ranges")

    def test_other_scopes(self):
        """An interval of another schema, issuer or version, or a credential in its place."""
        ends = self.handle, self.handle
        others = [self.interval(*ends, schema=self.company), self.interval(*ends, issuer=1), self.interval(*ends, issued_at=MOMENT - 60)]
        for other in others:
            found = self.refused("proof", self.request([self.asked()]), [{**other, "issued_at": MOMENT}])
            self.assertIn("credential 1", found)
        credential = {**self.credentials[0], "issued_at": MOMENT, "slots": [0, 0, 0, *ends]}
        self.assertIn("credential 1", self.refused("proof", self.request([self.asked()]), [credential]))

    def test_key(self):
        """An interval under a key that is not the revocation key."""
        fake = prover.Issuer(self.issuers[0].secret)
        interval = {**self.around(), "a": None}
        d = keys.interval_domain(self.issuers[0].revocation.public, self.issuers[0].public, self.licence.digest, MOMENT)
        interval |= fake.revocation.sign(keys.interval_point(d, *interval["slots"][3:]))
        self.assertEqual(self.refused("proof", self.asked_of(), [interval]), "proof: token 1")
        self.assertEqual(self.refused("proof", self.asked_of("keyed"), [interval]), "proof: keyed check")

    def test_moments(self):
        request = self.request([self.asked("600")])
        oldest = -(-(NOW - 600) // 60) * 60
        self.show(request, [self.around(issued_at=oldest)])
        self.assertEqual(self.refused("list", request, [self.around(issued_at=oldest - 60)]), "list: too old")
        newest = (NOW + 60) // 60 * 60
        self.show(request, [self.around(issued_at=newest)])
        self.assertEqual(self.refused("list", request, [self.around(issued_at=newest + 60)]), "list: from the future")
        self.refused("decode", request, [self.around(issued_at=MOMENT - 1)])

    def test_old_by_any_age(self):
        request = self.request([self.asked(str((1 << 64) - 1))])
        self.show(request, [self.around(issued_at=0)])

    def test_changed_bytes(self):
        request = self.request([self.asked()])
        for compact in (False, True):
            data = present(request, self.registry, self.credentials[:1], compact, None, False, [self.around()])
            # The moment of the version stands at 3: two bytes and the issuer are before it.
            for offset in [*range(3, 12, 2), *range(20, len(data), 211)]:
                changed = bytearray(data)
                changed[offset] ^= 4
                with self.assertRaises(StageError, msg=offset):
                    self.verifier.verify(request, NOW, bytes(changed))
            later = data[:3] + (MOMENT - 60).to_bytes(8, "little") + data[11:]
            with self.assertRaises(StageError) as caught:
                self.verifier.verify(request, NOW, later)
            self.assertEqual(caught.exception.stage, "proof")
            with self.assertRaises(StageError) as caught:
                self.verifier.verify(request, NOW, data[:-32])
            self.assertEqual(caught.exception.stage, "decode")

    def test_hashed(self):
        """The revocation key, the moment and d are hashed before c."""
        request = self.request([self.asked()])
        data = present(request, self.registry, self.credentials[:1], False, None, False, [self.around()])
        shown = decode(data, request, compile_request(request, self.registry), self.registry)
        before = draw_challenges(request, shown)
        for name, value in (("key", self.issuers[1].public), ("issued_at", MOMENT + 60), ("d", shown.intervals[0].d + 1)):
            kept = getattr(shown.intervals[0], name)
            setattr(shown.intervals[0], name, value)
            self.assertNotEqual(draw_challenges(request, shown)[1], before[1], name)
            setattr(shown.intervals[0], name, kept)
        self.assertEqual(draw_challenges(request, shown), before)


class Asked(Lists):
    """Requests: their form, what is refused, and the relation."""

    def test_form(self):
        bad = [
            {"credential": "l"}, {"max_age": "60"}, {"credential": "l", "max_age": "60", "of": "l.born"},
            {"credential": ["l"], "max_age": "60"}, {"credential": "l", "max_age": "-1"}, {"credential": "l", "max_age": "060"},
            {"credential": "l", "max_age": str(1 << 64)},
        ]  # fmt: skip
        for content in bad:
            with self.assertRaises(Refused, msg=content):
                self.request([{"not_revoked": content}])

    def test_refused(self):
        for statements in ([self.asked(credential="x")], [self.asked(credential="l.born")], [self.asked(), self.asked("60")], [self.asked(credential="c")]):
            with self.assertRaises(Refused, msg=statements):
                compile_request(self.request(statements, 2), self.registry)

    def test_keys_without_lists(self):
        """They count as unknown, for the credentials that the statement is about."""
        one, other = (issuer.public for issuer in self.issuers)
        registry = Registry(self.registry.schemas, self.registry.keys, {one: self.registry.revocation[one]})
        request = self.request([self.asked()], 2)
        self.assertEqual(compile_request(request, registry)[0].resolved.accepted, [[one], [one, other]])
        credential = self.issuers[1].issue(self.licence, prover.draw(), self.credentials[0]["values"])
        data = present(request, self.registry, [credential, self.credentials[1]], False, [1, 1], True, [self.around()])
        with self.assertRaises(StageError) as caught:
            Verifier("me", registry, self.verifier.secrets).verify(request, NOW, data)
        self.assertEqual(caught.exception.stage, "decode")
        with self.assertRaises(Refused):
            compile_request(request, Registry(self.registry.schemas, self.registry.keys))

    def test_relation(self):
        fast, compact = compile_request(self.request([self.asked()]), self.registry)
        self.assertEqual((len(fast.digits), fast.free, len(fast.residuals)), (48, 46, 0))
        self.assertEqual((len(compact.digits), [one.ends for one in compact.ranges], compact.range_bits()), (0, [1, 1], 32))
        self.assertEqual(fast.hidden, 3 + len(self.licence.attributes) + 2)
        self.assertEqual(compact.ranges[0].value.terms, [(0, 2, 1), (0, fast.hidden - 2, -1)])
        self.assertEqual(compact.ranges[1].value.terms, [(0, fast.hidden - 1, 1), (0, 2, -1)])


class Buckets(Lists):
    """What a wallet takes from an issuer."""

    ENDS = [(0, 5), (7, 7), (8, 8 + WIDE - 1), ((1 << 32) - 3, (1 << 32) - 1)]

    def read(self, data, issued_at=MOMENT, schema=None, bounds=(0, (1 << 32) - 1)):
        """Reads a bucket of the first issuer's list."""
        issuer, digest = self.issuers[0], (schema or self.licence).digest
        return lists.read_bucket(data, issuer.revocation.public, issuer.public, digest, issued_at, bounds)

    def bucket(self, ends, **more):
        """A bucket of intervals with these ends."""
        return self.issuers[0].bucket(self.licence, MOMENT, [self.interval(*one) for one in ends], **more)

    def refused(self, stage, *arguments, **more):
        """A bucket that is refused."""
        with self.assertRaises(Refused) as caught:
            self.read(*arguments, **more)
        self.assertEqual(caught.exception.stage, stage, caught.exception)

    def test_accepted(self):
        self.assertEqual([(one.first, one.last) for one in self.read(self.bucket(self.ENDS))], self.ENDS)
        self.assertEqual(self.read(self.bucket([])), [])
        for one in self.read(self.bucket(self.ENDS[:2])):
            self.assertTrue(ristretto.equal(one.b, ristretto.multiply(self.issuers[0].revocation.secret, one.a)))

    def test_order(self):
        for ends in ([(5, 4)], [(0, WIDE)], [(0, 5), (5, 9)], [(3, 5), (3, 5)], [(6, 9), (0, 5)]):
            self.refused("decode", self.bucket(ends))
        data = self.bucket(self.ENDS[:2])
        self.assertEqual(len(self.read(data, bounds=(0, 7))), 2)
        for bounds in ((1, 7), (0, 6)):
            self.refused("decode", data, bounds=bounds)

    def test_proof(self):
        data = self.bucket(self.ENDS[:2])
        self.refused("proof", data, issued_at=MOMENT + 60)
        self.refused("proof", data, schema=self.company)
        self.refused("proof", self.bucket(self.ENDS[:2], secret=7))
        self.refused("proof", data[:-72])
        wrong = [self.interval(*one) for one in self.ENDS[:2]]
        wrong[0]["e"], wrong[1]["e"] = wrong[1]["e"], wrong[0]["e"]
        self.refused("proof", self.issuers[0].bucket(self.licence, MOMENT, wrong))

    def test_bytes(self):
        data = self.bucket(self.ENDS[:2])
        self.refused("decode", data, issued_at=MOMENT + 1)
        for wrong in (data[:-1], data + b"\0", data[:63], b"", data[:72] + bytes(32) + data[104:], data[:32] + bytes([255] * 32) + data[64:]):
            self.refused("decode", wrong)


if __name__ == "__main__":
    unittest.main()
