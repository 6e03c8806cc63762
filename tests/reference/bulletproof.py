"""The aggregated range proof of the compact profile: docs/protocol.md section 8, Bünz et al. 2018 (S&P) section 4.2.

Transcript and bytes are those of the `bulletproofs` crate, version 5. The two equations, 65 and 66 to 68 of the paper, are checked apart.
"""

import ristretto
from keys import bulletproof_generators, generator
from ristretto import ORDER, scalar_from_wide


def _draw(transcript, name):
    return scalar_from_wide(transcript.challenge(name, 64))


def verify(transcript, proof, commitments, bits):
    """Whether each commitment v·G + γ·K, a pair of bytes and point, holds a v below 2^bits. Their number is a power of two."""
    count = len(commitments)
    length = bits * count
    transcript.append("dom-sep", b"rangeproof v1")
    transcript.append_u64("n", bits)
    transcript.append_u64("m", count)
    for encoded, _ in commitments:
        transcript.append("V", encoded)
    transcript.append("A", proof.a.encoded)
    transcript.append("S", proof.s.encoded)
    y = _draw(transcript, "y")
    z = _draw(transcript, "z")
    transcript.append("T_1", proof.t1.encoded)
    transcript.append("T_2", proof.t2.encoded)
    x = _draw(transcript, "x")
    for name, scalar in [("t_x", proof.t_x), ("t_x_blinding", proof.t_x_blinding), ("e_blinding", proof.e_blinding)]:
        transcript.append(name, ristretto.encode_scalar(scalar))
    w = _draw(transcript, "w")
    transcript.append("dom-sep", b"ipp v1")
    transcript.append_u64("n", length)
    challenges = []
    for left, right in proof.rounds:
        transcript.append("L", left.encoded)
        transcript.append("R", right.encoded)
        challenges.append(_draw(transcript, "u"))
    if 0 in challenges + [y]:
        return False
    base, blinding = ristretto.BASE, generator("K")

    # Equation 65: t_x is the value of t at x, whose constant term is delta + sum of z^(2+j) v_j.
    powers_z = [pow(z, 2 + j, ORDER) for j in range(count)]
    sum_y = sum(pow(y, i, ORDER) for i in range(length))
    sum_two = (1 << bits) - 1
    delta = ((z - z * z) * sum_y - sum(zj * z for zj in powers_z) * sum_two) % ORDER
    terms = [(proof.t_x - delta, base), (proof.t_x_blinding, blinding), (-x, proof.t1.point), (-x * x, proof.t2.point)]
    terms += [(-zj, point) for zj, (_, point) in zip(powers_z, commitments)]
    if not ristretto.is_identity(ristretto.msm(terms)):
        return False

    # Equations 66 to 68 with the inner-product argument's recursion unrolled: s_i is the product of u_k^(±1), u_1's sign the
    # highest bit of i.
    s = [1]
    for u in challenges:
        inverse = pow(u, -1, ORDER)
        s = [value * factor % ORDER for value in s for factor in (inverse, u)]
    gs = [point for slot in range(count) for point in bulletproof_generators("G", slot)[:bits]]
    hs = [point for slot in range(count) for point in bulletproof_generators("H", slot)[:bits]]
    inverse_y = pow(y, -1, ORDER)
    a, b = proof.final_a, proof.final_b
    terms = [(1, proof.a.point), (x, proof.s.point), (-proof.e_blinding, blinding), (w * (proof.t_x - a * b), base)]
    power = 1
    for i in range(length):
        weight = powers_z[i // bits] * (1 << i % bits)
        terms.append((-z - a * s[i], gs[i]))
        terms.append((z + power * (weight - b * s[length - 1 - i]), hs[i]))
        power = power * inverse_y % ORDER
    for u, (left, right) in zip(challenges, proof.rounds):
        square = u * u % ORDER
        terms.append((square, left.point))
        terms.append((pow(square, -1, ORDER), right.point))
    return ristretto.is_identity(ristretto.msm(terms))
