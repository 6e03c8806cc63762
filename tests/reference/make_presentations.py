"""Makes the valid presentations of a file of vectors anew, with prover.py: python3 make_presentations.py FILE OUT [--kinds]

OUT is FILE with them in place of its own and no invalid ones, for the other implementation to verify: docs/protocol.md section 8.
With --kinds, one of each kind: the shortest of all that are in the same profile, ask for as many credentials and have the same kinds
of statements and checks.
"""

import json
import sys

import issuance
import prover
import values
from check_vectors import Checker
from presentation import decode
from relation import compile_request
from request import Request
from ristretto import multiply
from verify import draw_challenges
from written import scalar, scalar_hex


def held(checker, vector):
    """An issued credential as prover.py wants it."""
    key = checker.keys[vector["key"]]
    schema = checker.schemas[vector["schema"]]
    secrets = [scalar(vector[name]) if name in vector else 0 for name in ("link_secret", "blinding")]
    a, e, handle, issued, _ = issuance.check_issued(bytes.fromhex(vector["issued"]), bytes.fromhex(key["public"]), schema, *secrets)
    revocation = scalar(key["revocation"]["secret"]) if "revocation" in key else None
    issuer = prover.Issuer(scalar(key["secret"]), revocation)
    slots = [*secrets, handle] + [values.scalar(value) for value in issued]
    return {"issuer": issuer, "values": issued, "slots": slots, "a": a, "e": e, "b": multiply(issuer.secret, a)}


def intervals(checker, vector, request, credentials):
    """The intervals that hold the credentials' handles, for each statement `not_revoked`."""
    named = iter(vector.get("lists", []))
    places = {asked.id: place for place, asked in enumerate(request.credentials)}
    found = []
    for name, content in request.statements:
        if name == "not_revoked":
            bucket, handle = checker.buckets[next(named)], credentials[places[content[0]]]["slots"][2]
            (one,) = [one for one in checker.bucket(bucket) if one.first <= handle <= one.last]
            slots = [0, 0, 0, one.first, one.last]
            found.append({"issued_at": int(bucket["issued_at"]), "slots": slots, "a": one.a, "e": one.e, "b": one.b})
    return found


def kinds(vectors, requests):
    """The shortest vector of each kind, in their order."""
    shortest = {}
    for vector in vectors:
        request = requests[vector["request"]]
        checks = len(request.credentials), frozenset(asked.token for asked in request.credentials)
        kind = vector["profile"], checks, frozenset(name for name, _ in request.statements)
        if kind not in shortest or len(vector["bytes"]) < len(shortest[kind]["bytes"]):
            shortest[kind] = vector
    return [vector for vector in vectors if vector in shortest.values()]


def main(source, target, only_kinds):
    """Reads one file and writes the other."""
    with open(source, encoding="utf-8") as file:
        vectors = json.load(file)
    checker = Checker(vectors)
    requests = {vector["name"]: Request(vector["canonical"]) for vector in vectors["requests"]["valid"]}
    holdings = {vector["name"]: vector for vector in vectors["issuance"]["valid"]}
    if only_kinds:
        vectors["presentations"]["valid"] = kinds(vectors["presentations"]["valid"], requests)
    for vector in vectors["presentations"]["valid"]:
        request = requests[vector["request"]]
        credentials = [held(checker, holdings[name]) for name in vector["holdings"]]
        places = [asked.issuers.index(one["issuer"].public) for asked, one in zip(request.credentials, credentials)]
        shown = intervals(checker, vector, request, credentials)
        data = prover.present(request, checker.registry, credentials, vector["profile"] == "compact", places, intervals=shown)
        shown = decode(data, request, compile_request(request, checker.registry), checker.registry)
        y, c, _ = draw_challenges(request, shown)
        vector["bytes"] = data.hex()
        vector["challenges"] = {"y": y and scalar_hex(y), "c": scalar_hex(c)}
        if sys.stdout.isatty():
            print(".", end="", flush=True)
    vectors["presentations"]["invalid"] = []
    with open(target, "w", encoding="utf-8") as file:
        json.dump(vectors, file, ensure_ascii=False, indent=2)
    print(f"{len(vectors['presentations']['valid'])} presentations")


if __name__ == "__main__":
    if len(sys.argv) not in (3, 4) or sys.argv[3:] not in ([], ["--kinds"]):
        sys.exit("usage: python3 make_presentations.py FILE OUT [--kinds]")
    main(*sys.argv[1:3], sys.argv[3:] == ["--kinds"])
