"""Checking the section of revocation lists, and the lists that presentations name: part of check_vectors.py."""

import keys
import lists
import ristretto
from written import scalar, scalar_hex


class ListChecks:
    """What a Checker knows about lists; `buckets` are the valid ones by name."""

    def _revocation(self, name):
        """W of a key."""
        return bytes.fromhex(self.keys[name]["revocation"]["public"])

    def _lists(self, section):
        def domain(name, vector):
            ours = keys.interval_domain(*self._version(vector))
            self.report.equal(f"{vector['key']} {vector['schema']} {vector['issued_at']}", scalar_hex(ours), vector["d"])

        def valid(name, vector):
            ours = self.bucket(vector)
            self.report.equal(f"{name} size", len(ours), len(vector["intervals"]))
            d, w = keys.interval_domain(*self._version(vector)), scalar(self.keys[vector["key"]]["revocation"]["secret"])
            for one, theirs in zip(ours, vector["intervals"]):
                self.report.equal(f"{name} ends", [str(one.first), str(one.last)], [theirs["first"], theirs["last"]])
                self.report.equal(f"{name} A, e", [ristretto.encode(one.a).hex(), scalar_hex(one.e)], [theirs["a"], theirs["e"]])
                point_c = keys.interval_point(d, one.first, one.last)
                self.report.equal(f"{name} C", ristretto.encode(point_c).hex(), theirs["interval_point"])
                self.report.holds(name, ristretto.equal(ristretto.multiply(w, one.a), one.b), "B is not w·A")

        self._each("domains", section["domains"], domain)
        self._each("valid", section["valid"], valid)
        self._each("invalid", section["invalid"], lambda name, one: self._refused(f"{name} ({one['reason']})", one["stage"], self.bucket, one))

    def _version(self, vector):
        """W, X, the schema's digest and the moment of a version."""
        public, schema = bytes.fromhex(self.keys[vector["key"]]["public"]), self.schemas[vector["schema"]]
        return self._revocation(vector["key"]), public, schema.digest, int(vector["issued_at"])

    def bucket(self, vector):
        """The intervals of a bucket; refuses it if it is to be refused."""
        bounds = int(vector["bounds"]["first"]), int(vector["bounds"]["last"])
        return lists.read_bucket(bytes.fromhex(vector["bytes"]), *self._version(vector), bounds)

    def _versions(self, name, vector, shown, holdings):
        """The intervals shown are of the versions named."""
        named = [self.buckets[one] for one in vector.get("lists", [])]
        self.report.equal(f"{name} moments", [one.issued_at for one in shown.intervals], [int(one["issued_at"]) for one in named])
        for interval, one in zip(shown.relation.intervals, named):
            holding = holdings[interval.credential]
            self.report.equal(f"{name} list", (one["key"], one["schema"]), (holding["key"], holding["schema"]))
