"""Checks a file of test vectors, format glimpse-vectors/1, against docs/protocol.md: python3 check_vectors.py FILE

Recomputes every derived value, accepts every valid vector, refuses every invalid one at the stage named. Exit code 1 if anything disagrees.
"""

import json
import sys

import issuance
import keys
import ristretto
import tokens
import values
from check_lists import ListChecks
from presentation import COMPACT, FAST
from presentation import Point as EncodedPoint
from relation import compile_request
from report import Report
from request import Request
from resolve import Registry
from ristretto import Refused
from schema import Schema
from verify import StageError, Verifier, draw_challenges
from written import pair, point, read_value, scalar, scalar_hex

SECTIONS = [
    "protocol", "generators", "bulletproof_generators", "strings", "values", "days", "schemas", "keys",
    "requests", "issuance", "tokens", "lists", "presentations",
]  # fmt: skip


class Checker(ListChecks):
    """Checks the sections of one file."""

    def __init__(self, vectors):
        self.vectors = vectors
        self.report = Report()
        self.schemas = {one["name"]: Schema(one["json"]) for one in vectors.get("schemas", [])}
        self.keys = {one["name"]: one for one in vectors.get("keys", [])}
        self.buckets = {one["name"]: one for one in vectors.get("lists", {}).get("valid", [])}
        known = vectors.get("registry", {"schemas": [], "keys": []})
        digests = {name: self.schemas[name].digest for name in known["schemas"]}
        self.registry = Registry(
            {digests[name]: self.schemas[name] for name in digests},
            {
                bytes.fromhex(self.keys[name]["public"]): {digests[schema] for schema in self.keys[name]["schemas"] if schema in digests}
                for name in known["keys"]
            },
            {bytes.fromhex(self.keys[name]["public"]): self._revocation(name) for name in known["keys"] if "revocation" in self.keys[name]},
        )

    def run(self):
        """Checks everything; the exit code."""
        for name in SECTIONS:
            self.report.section(name)
            if name not in self.vectors:
                self.report.disagree("section", "is missing")
            else:
                getattr(self, "_" + name)(self.vectors[name])
            self.report.end()
        return self.report.finish()

    def _each(self, kind, vectors, check):
        for i, vector in enumerate(vectors):
            name = str(vector.get("name", i))
            self.report.item(kind, name, lambda vector=vector, name=name: check(name, vector))

    def _refused(self, name, stage, action, *arguments):
        """One refusal and its stage; any where that is None."""
        refused = "accepted"
        try:
            action(*arguments)
        except Refused as error:
            refused = error.stage
        self.report.equal(name, refused, refused if stage is None and refused != "accepted" else stage)

    # Hashes.

    def _protocol(self, protocol):
        self.report.equal("format", "glimpse-vectors/1", self.vectors["format"])
        self.report.equal("protocol", {"version": 1, "suite": keys.SUITE.decode()}, protocol)

    def _generators(self, generators):
        expected = [(name, 0) for name in "PQKM"] + [("H", i) for i in range(34)] + [("D", i) for i in range(1024)]
        self.report.equal("all of them, in order", expected, [(one["name"], one["index"]) for one in generators])

        def check(name, vector):
            ours = ristretto.encode(keys.generator(vector["name"], vector["index"])).hex()
            self.report.equal(f"{vector['name']}_{vector['index']}", ours, vector["point"])

        self._each("generators", [{**one, "name": one["name"]} for one in generators], check)

    def _bulletproof_generators(self, generators):
        def check(name, vector):
            ours = ristretto.encode(keys.bulletproof_generators(vector["family"], vector["slot"])[vector["index"]]).hex()
            self.report.equal(f"{vector['family']} {vector['slot']} {vector['index']}", ours, vector["point"])

        self._each("generators", generators, check)

    # Values.

    def _strings(self, strings):
        self._each(
            "strings", strings, lambda name, one: self.report.equal(name, scalar_hex(values.string_scalar(one["string"])), one["scalar"])
        )
        self.report.equal("absent", scalar_hex(values.absent_scalar()), self.vectors["absent"])

    def _values(self, vectors):
        def check(name, vector):
            value = read_value(vector["value"])
            self.report.equal(f"{name} bytes", values.encode(value).hex(), vector["bytes"])
            self.report.equal(f"{name} scalar", scalar_hex(values.scalar(value)), vector["scalar"])
            self.report.equal(f"{name} read", self._one_value(vector["bytes"]), value)

        self._each("values", vectors, check)
        self._each(
            "refused", self.vectors.get("refused_values", []), lambda name, one: self._refused(f"refused {name}: {one['reason']}", None, self._one_value, one["bytes"])
        )

    @staticmethod
    def _one_value(text):
        reader = values.Reader(bytes.fromhex(text))
        value = values.decode(reader)
        reader.end()
        return value

    def _days(self, days):
        def day(name, vector):
            self.report.equal(vector["day"], str(values.day_number(vector["day"])), vector["number"])
            self.report.equal(vector["number"], values.day_text(int(vector["number"])), vector["day"])

        def request_day(name, vector):
            self.report.equal(vector["issued_at"], values.day_text(values.request_day(int(vector["issued_at"]))), vector["day"])

        def age(name, vector):
            birth = values.latest_birth(values.day_number(vector["day"]), int(vector["years"]))
            self.report.equal(f"{vector['years']} on {vector['day']}", values.day_text(birth), vector["latest_birth"])

        self._each("days", days, day)
        self._each("days of requests", self.vectors.get("request_days", []), request_day)
        self._each("ages", self.vectors.get("ages", []), age)

    # Schemas and keys.

    def _schemas(self, schemas):
        self._each("schemas", schemas, lambda name, one: self.report.equal(name, self.schemas[name].digest.hex(), one["digest"]))

    def _keys(self, vectors):
        def check(name, vector):
            secret = scalar(vector["secret"])
            public = bytes.fromhex(vector["public"])
            self.report.equal(f"{name} public", ristretto.encode(ristretto.multiply(secret, ristretto.BASE)).hex(), vector["public"])
            if "revocation" in vector:
                ours = ristretto.encode(ristretto.multiply(scalar(vector["revocation"]["secret"]), ristretto.BASE)).hex()
                self.report.equal(f"{name} revocation", ours, vector["revocation"]["public"])
                self.report.holds(name, ours != vector["public"], "W is X")
            self.report.equal(f"{name} base", ristretto.encode(keys.registration_base(public)).hex(), vector["registration_base"])
            for domain in vector["domains"]:
                ours = scalar_hex(keys.domain(public, self.schemas[domain["schema"]].digest))
                self.report.equal(f"{name} {domain['schema']}", ours, domain["d"])

        self._each("keys", vectors, check)

    # Requests.

    def _requests(self, section):
        def valid(name, vector):
            request = Request(vector["canonical"])
            self.report.equal(f"{name} canonical", request.canonical.decode(), vector["canonical"])
            self.report.equal(f"{name} digest", request.digest.hex(), vector["digest"])
            for written in vector.get("written", []):
                self.report.equal(f"{name} written otherwise", Request(written).canonical, request.canonical)
            fast, compact = compile_request(request, self.registry)
            # The vectors give a compact relation only where the request lets the answer be small.
            compact = compact if request.small else None
            self.report.equal(f"{name} fast", fast.digest().hex(), vector["relation"]["fast"])
            self.report.equal(f"{name} compact", compact and compact.digest().hex(), vector["relation"]["compact"])

        def invalid(name, vector):
            stage = "accepted"
            try:
                request = Request(vector["json"])
            except Refused:
                stage = "form"
            else:
                try:
                    compile_request(request, self.registry)
                except Refused:
                    stage = "relation"
            self.report.equal(f"{name} ({vector['reason']})", stage, vector["stage"])

        self._each("valid", section["valid"], valid)
        self._each("invalid", section["invalid"], invalid)

    # Issuance.

    def _key(self, vector):
        public = self.keys[vector["key"]]["public"]
        secret = scalar(self.keys[vector["key"]]["secret"])
        return bytes.fromhex(public), secret

    def _issuance(self, section):
        def valid(name, vector):
            public, secret = self._key(vector)
            schema = self.schemas[vector["schema"]]
            s, t = self._holder(vector)
            self.report.equal(f"{name} holder", schema.holder, "request" in vector)
            if schema.holder:
                u, n = self._checked_request(vector, public, schema)
                ours = ristretto.msm([(s, keys.generator("H", 0)), (t, keys.generator("H", 1))])
                self.report.holds(name, ristretto.equal(ours, u), "U is not s·H_0 + t·H_1")
                base = ristretto.multiply(s, keys.registration_base(public))
                self.report.equal(f"{name} registration", [ristretto.encode(base).hex()] * 2, [n.hex(), vector["registration"]])
            a, e, handle, issued, point_c = issuance.check_issued(bytes.fromhex(vector["issued"]), public, schema, s, t)
            self.report.equal(f"{name} values", issued, [read_value(value) for value in vector["values"]])
            self.report.equal(f"{name} C", ristretto.encode(point_c).hex(), vector["credential_point"])
            self.report.holds(name, ristretto.equal(ristretto.multiply(secret + e, a), point_c), "(x + e)·A is not C")

        def invalid(name, vector):
            self._refused(f"{name} ({vector['reason']})", vector["stage"], self._issuance_message, vector)

        self._each("valid", section["valid"], valid)
        self._each("invalid", section["invalid"], invalid)

    @staticmethod
    def _holder(vector):
        return [scalar(vector[name]) if name in vector else 0 for name in ("link_secret", "blinding")]

    @staticmethod
    def _checked_request(vector, public, schema):
        return issuance.check_request(bytes.fromhex(vector["request"]), public, schema, bytes.fromhex(vector["nonce"]))

    def _issuance_message(self, vector):
        """Refuses, if the vector's message is to be refused."""
        public, _ = self._key(vector)
        schema = self.schemas[vector["schema"]]
        if vector["message"] == "request":
            _, n = self._checked_request(vector, public, schema)
            if n.hex() != vector.get("registered", n.hex()):
                raise Refused("registered with another N", "registration")
        else:
            issuance.check_issued(bytes.fromhex(vector["issued"]), public, schema, *self._holder(vector))

    # Tokens.

    def _tokens(self, section):
        self._each("valid", section["valid"], self._valid_batch)
        self._each(
            "invalid", section["invalid"], lambda name, one: self._refused(f"{name} ({one['reason']})", one["stage"], self._token_message, one)
        )

    def _valid_batch(self, name, vector):
        public, secret = self._key(vector)
        a, signed = point(vector["a"]), point(vector["signed"])
        self.report.holds(name, ristretto.equal(ristretto.multiply(secret, a), signed), "B is not x·A")
        columns = [vector[column] for column in ("blindings", "pairs", "k", "commitments", "challenges", "responses", "tokens")]
        self.report.equal(f"{name} sizes", {len(column) for column in columns}, {len(columns[0])})
        self.report.holds(name, len(columns[0]) in (4, 16, 64), "no size of a batch")
        for i, row in enumerate(zip(*columns)):
            self._valid_token(f"{name} token {i}", public, secret, (a, signed), row)

    def _valid_token(self, name, public, secret, credential, row):
        blindings, pair_text, k_text, commitments_text, challenge_text, response_text, token = row
        r_1, alpha, beta, gamma = (scalar(blindings[part]) for part in ("r1", "alpha", "beta", "gamma"))
        k, blinded, response = scalar(k_text), scalar(challenge_text), scalar(response_text)
        p, q = pair(pair_text)
        ours = b"".join(ristretto.encode(ristretto.multiply(r_1, of)) for of in credential)
        self.report.equal(f"{name} pair", ours.hex(), pair_text)
        commitments = pair(commitments_text)
        self.report.holds(name, tokens.pair_holds(secret, p, q), "Q' is not x·P'")
        ours = ristretto.encode(ristretto.multiply(k, ristretto.BASE)) + ristretto.encode(ristretto.multiply(k, p))
        self.report.equal(f"{name} commitments", ours.hex(), commitments_text)
        self.report.equal(f"{name} response", scalar_hex(k + blinded * secret), response_text)
        self.report.holds(name, tokens.response_holds(public, (p, q), commitments, blinded, response), "the answer does not hold")
        parts = self._token(token)
        ours = tokens.challenge(public, *(part.encoded for part in parts[:4]))
        self.report.equal(f"{name} ct", scalar_hex(ours), token["ct"])
        self.report.holds(name, tokens.holds(public, *parts), "the token does not hold")
        self.report.equal(f"{name} challenge", scalar_hex(ours + gamma), challenge_text)
        a_bar, b_bar, r1, r2, zt = parts
        self.report.equal(f"{name} r", scalar_hex(alpha * r_1), token["r"])
        self.report.equal(f"{name} zt", scalar_hex(response + beta), scalar_hex(zt))
        self.report.holds(name, ristretto.equal(ristretto.multiply(alpha, p), a_bar.point), "Ā is not α·P'")
        self.report.holds(name, ristretto.equal(ristretto.multiply(alpha, q), b_bar.point), "B̄ is not α·Q'")
        expected = ristretto.msm([(1, commitments[0]), (beta, ristretto.BASE), (gamma, keys.decoded(public))])
        self.report.holds(name, ristretto.equal(expected, r1.point), "R_1 is not R'_1 + β·G + γ·X")
        expected = ristretto.msm([(alpha, commitments[1]), (beta, a_bar.point), (gamma, b_bar.point)])
        self.report.holds(name, ristretto.equal(expected, r2.point), "R_2 is not α·R'_2 + β·Ā + γ·B̄")

    @staticmethod
    def _token(token):
        points = [EncodedPoint(bytes.fromhex(token[name]), point(token[name])) for name in ("a_bar", "b_bar", "r1", "r2")]
        return *points, scalar(token["zt"])

    def _token_message(self, vector):
        """Refuses, if the vector's message is to be refused."""
        public, secret = self._key(vector)
        if vector["message"] == "pair":
            p, q = pair(vector["pair"])
            if ristretto.is_identity(p):
                raise Refused("P' is 0")
            holds = tokens.pair_holds(secret, p, q)
        elif vector["message"] == "response":
            scalars = [scalar(vector[name]) for name in ("challenge", "response")]
            holds = tokens.response_holds(public, pair(vector["pair"]), pair(vector["commitment"]), *scalars)
        else:
            parts = self._token(vector["token"])
            ct = tokens.challenge(public, *(part.encoded for part in parts[:4]))
            self.report.equal(f"{vector['name']} ct", scalar_hex(ct), vector["token"]["ct"])
            holds = tokens.holds(public, *parts)
        if not holds:
            raise Refused("does not hold", "proof")

    # Presentations.

    def _presentations(self, section):
        requests = {}
        for vector in self.vectors["requests"]["valid"]:
            try:
                request = Request(vector["canonical"])
                requests[vector["name"]] = request, compile_request(request, self.registry)
            except Refused:
                pass  # the section of requests names it, and so does every presentation for it
        pairs = [*self.keys.values(), *(key["revocation"] for key in self.keys.values() if "revocation" in key)]
        secrets = {bytes.fromhex(key["public"]): scalar(key["secret"]) for key in pairs}
        held = {vector["name"]: vector for vector in self.vectors["issuance"]["valid"]}

        def verify(vector):
            audience = vector.get("audience", self.vectors["requests"]["audience"])
            request, relations = requests[vector["request"]]
            verifier = Verifier(audience, self.registry, secrets)
            return request, verifier.verify(request, int(vector["now"]), bytes.fromhex(vector["bytes"]), relations)

        def valid(name, vector):
            request, shown = verify(vector)
            self.report.equal(f"{name} profile", shown.profile, {"fast": FAST, "compact": COMPACT}[vector["profile"]])
            issuers = [self.keys[key]["public"] for key in vector["issuers"]]
            self.report.equal(f"{name} issuers", [one.key.hex() for one in shown.credentials], issuers)
            theirs = [(one["of"], read_value(one["value"])) for one in vector["disclosed"]]
            self.report.equal(f"{name} disclosed", self._disclosed(request, shown), theirs)
            y, c, _ = draw_challenges(request, shown)
            self.report.equal(f"{name} y", y if y is None else scalar_hex(y), vector["challenges"]["y"])
            self.report.equal(f"{name} c", scalar_hex(c), vector["challenges"]["c"])
            self._holdings(name, vector, request, shown, [held[holding] for holding in vector["holdings"]])

        def invalid(name, vector):
            stage, equations = "accepted", None
            try:
                verify(vector)
            except StageError as error:
                stage = error.stage
                equations = error.equations if stage == "proof" else None
            self.report.equal(f"{name} ({vector['reason']})", stage, vector["stage"])
            self.report.equal(f"{name} ({vector['reason']}) equations", equations, vector.get("equations"))

        self._each("valid", section["valid"], valid)
        self._each("invalid", section["invalid"], invalid)

    def _holdings(self, name, vector, request, shown, holdings):
        """The credentials shown are issued ones, as far as one can see."""
        self.report.equal(f"{name} holdings' keys", [holding["key"] for holding in holdings], vector["issuers"])
        schemas = [self.schemas[holding["schema"]].digest for holding in holdings]
        self.report.equal(f"{name} holdings' schemas", schemas, [asked.schema for asked in request.credentials])
        self._versions(name, vector, shown, holdings)
        for members, value in zip(shown.relation.resolved.disclosed, shown.disclosed):
            for i, j in members:
                self.report.equal(f"{name} held value", read_value(holdings[i]["values"][j]), value)

    @staticmethod
    def _disclosed(request, shown):
        """Pairs of the attribute that a `disclose` statement names and its value."""
        named = [".".join(content) for name, content in request.statements if name == "disclose"]
        return list(zip(named, shown.disclosed))


def main(path):
    """Checks one file."""
    with open(path, encoding="utf-8") as file:
        return Checker(json.load(file)).run()


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python3 check_vectors.py FILE")
    sys.exit(main(sys.argv[1]))
