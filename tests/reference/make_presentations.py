"""Makes the valid presentations of a file of vectors anew, with prover.py: python3 make_presentations.py FILE OUT

OUT is FILE with them in place of its own and no invalid ones, for the other implementation to verify: docs/protocol.md section 8.
"""

import json
import sys

import issuance
import prover
import values
from check_vectors import Checker, scalar, scalar_hex
from presentation import decode
from relation import compile_request
from request import Request
from ristretto import multiply
from verify import draw_challenges


def held(checker, vector):
    """An issued credential as prover.py wants it."""
    key = checker.keys[vector["key"]]
    schema = checker.schemas[vector["schema"]]
    secrets = [scalar(vector[name]) if name in vector else 0 for name in ("link_secret", "blinding")]
    a, e, handle, issued, _ = issuance.check_issued(bytes.fromhex(vector["issued"]), bytes.fromhex(key["public"]), schema, *secrets)
    issuer = prover.Issuer(scalar(key["secret"]))
    slots = [*secrets, handle] + [values.scalar(value) for value in issued]
    return {"issuer": issuer, "values": issued, "slots": slots, "a": a, "e": e, "b": multiply(issuer.secret, a)}


def main(source, target):
    """Reads one file and writes the other."""
    with open(source, encoding="utf-8") as file:
        vectors = json.load(file)
    checker = Checker(vectors)
    texts = {vector["name"]: vector["canonical"] for vector in vectors["requests"]["valid"]}
    holdings = {vector["name"]: vector for vector in vectors["issuance"]["valid"]}
    for vector in vectors["presentations"]["valid"]:
        request = Request(texts[vector["request"]])
        credentials = [held(checker, holdings[name]) for name in vector["holdings"]]
        places = [asked.issuers.index(one["issuer"].public) for asked, one in zip(request.credentials, credentials)]
        data = prover.present(request, checker.registry, credentials, vector["profile"] == "compact", places)
        shown = decode(data, request, compile_request(request, checker.registry), checker.registry)
        y, c, _ = draw_challenges(request, shown)
        vector["bytes"] = data.hex()
        vector["challenges"] = {"y": y and scalar_hex(y), "c": scalar_hex(c)}
        print(".", end="", flush=True)
    vectors["presentations"]["invalid"] = []
    with open(target, "w", encoding="utf-8") as file:
        json.dump(vectors, file, ensure_ascii=False, indent=2)
    print()


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("usage: python3 make_presentations.py FILE OUT")
    main(*sys.argv[1:])
