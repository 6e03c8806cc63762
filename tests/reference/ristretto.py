"""The group ristretto255 (RFC 9496) and its scalars: docs/protocol.md sections 1 and 3.

Points are extended Edwards coordinates (X, Y, Z, T) in tuples of plain integers. Nothing here runs in constant time.
"""

P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493

_D = -121665 * pow(121666, -1, P) % P
_D2 = 2 * _D % P
_SQRT_M1 = pow(2, (P - 1) // 4, P)
_SQRT_AD_MINUS_ONE = 25063068953384623474111414158702152701244531502492656460079210482610430750235
_INVSQRT_A_MINUS_D = 54469307008909316920995813868745141605393597292927456921205312896311721017578
_ONE_MINUS_D_SQ = (1 - _D * _D) % P
_D_MINUS_ONE_SQ = (_D - 1) ** 2 % P

IDENTITY = (0, 1, 1, 0)


class Refused(ValueError):
    """Bytes, a document or a proof that the protocol refuses; `stage` is the check that does."""

    def __init__(self, reason, stage="decode"):
        super().__init__(reason)
        self.stage = stage


def _sqrt_ratio(u, v):
    """(was u/v a square, its non-negative root): RFC 9496 section 4.2."""
    v3 = v * v % P * v % P
    r = u * v3 % P * pow(u * v3 % P * v3 % P * v % P, (P - 5) // 8, P) % P
    check = v * r % P * r % P
    correct = check == u % P
    flipped = check == -u % P
    flipped_i = check == -u * _SQRT_M1 % P
    if flipped or flipped_i:
        r = r * _SQRT_M1 % P
    return correct or flipped, _abs(r)


def _abs(a):
    return P - a if a & 1 else a


def decode(data):
    """The point of a canonical encoding; refuses every other: RFC 9496 section 4.3.1."""
    s = int.from_bytes(data, "little")
    if len(data) != 32 or s >= P or s & 1:
        raise Refused("not a canonical point encoding")
    ss = s * s % P
    u1, u2 = (1 - ss) % P, (1 + ss) % P
    u2_sqr = u2 * u2 % P
    v = (-_D * u1 * u1 - u2_sqr) % P
    square, inverse = _sqrt_ratio(1, v * u2_sqr % P)
    den_x = inverse * u2 % P
    den_y = inverse * den_x % P * v % P
    x = _abs(2 * s * den_x % P)
    y = u1 * den_y % P
    t = x * y % P
    if not square or t & 1 or y == 0:
        raise Refused("not a point")
    return x, y, 1, t


def encode(point):
    """The 32 bytes of a point: RFC 9496 section 4.3.2."""
    x0, y0, z0, t0 = point
    u1 = (z0 + y0) * (z0 - y0) % P
    u2 = x0 * y0 % P
    _, inverse = _sqrt_ratio(1, u1 * u2 % P * u2 % P)
    den1, den2 = inverse * u1 % P, inverse * u2 % P
    z_inv = den1 * den2 % P * t0 % P
    if t0 * z_inv % P & 1:
        x, y = y0 * _SQRT_M1 % P, x0 * _SQRT_M1 % P
        den_inv = den1 * _INVSQRT_A_MINUS_D % P
    else:
        x, y, den_inv = x0, y0, den2
    if x * z_inv % P & 1:
        y = -y
    return _abs(den_inv * (z0 - y) % P).to_bytes(32, "little")


def _map(t):
    """MAP of RFC 9496 section 4.3.4."""
    r = _SQRT_M1 * t * t % P
    u = (r + 1) * _ONE_MINUS_D_SQ % P
    v = (-1 - r * _D) * (r + _D) % P
    square, s = _sqrt_ratio(u, v)
    c = -1
    if not square:
        s = -_abs(s * t % P) % P
        c = r
    n = (c * (r - 1) * _D_MINUS_ONE_SQ - v) % P
    w0, w1, w2, w3 = 2 * s * v % P, n * _SQRT_AD_MINUS_ONE % P, (1 - s * s) % P, (1 + s * s) % P
    return w0 * w3 % P, w2 * w1 % P, w1 * w3 % P, w0 * w2 % P


def from_uniform(data):
    """The one-way map from 64 bytes: RFC 9496 section 4.3.4."""
    halves = [int.from_bytes(data[i : i + 32], "little") & (2**255 - 1) for i in (0, 32)]
    return add(_map(halves[0] % P), _map(halves[1] % P))


def add(p, q):
    """p + q, complete."""
    x1, y1, z1, t1 = p
    x2, y2, z2, t2 = q
    a = (y1 - x1) * (y2 - x2) % P
    b = (y1 + x1) * (y2 + x2) % P
    c = t1 * _D2 % P * t2 % P
    d = 2 * z1 * z2 % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


def double(p):
    """2p."""
    x, y, z, _ = p
    a, b = x * x % P, y * y % P
    h = a + b
    e = h - (x + y) ** 2 % P
    g = a - b
    f = 2 * z * z % P + g
    return e * f % P, g * h % P, f * g % P, e * h % P


def negate(p):
    """-p."""
    x, y, z, t = p
    return -x % P, y, z, -t % P


def equal(p, q):
    """Whether two representatives are the same element: RFC 9496 section 4.3.3."""
    return (p[0] * q[1] - p[1] * q[0]) % P == 0 or (p[1] * q[1] - p[0] * q[0]) % P == 0


def is_identity(p):
    """Whether p is the identity."""
    return equal(p, IDENTITY)


def multiply(scalar, point):
    """scalar * point."""
    return msm([(scalar, point)])


def msm(terms):
    """The sum of scalar * point over pairs, by Pippenger's buckets of signed digits."""
    terms = [(scalar % ORDER, point) for scalar, point in terms]
    terms = [(scalar, point) for scalar, point in terms if scalar]
    if not terms:
        return IDENTITY
    width = max(4, min(10, len(terms).bit_length() - 1))
    digits = [(_signed_digits(scalar, width), point, negate(point)) for scalar, point in terms]
    total = IDENTITY
    for place in reversed(range(max(len(row) for row, _, _ in digits))):
        for _ in range(width):
            total = double(total)
        buckets = [None] * ((1 << (width - 1)) + 1)
        for row, point, minus in digits:
            digit = row[place] if place < len(row) else 0
            if digit:
                summand = point if digit > 0 else minus
                bucket = buckets[abs(digit)]
                buckets[abs(digit)] = add(bucket, summand) if bucket else summand
        running = window = None
        for bucket in reversed(buckets[1:]):
            if bucket:
                running = add(running, bucket) if running else bucket
            if running:
                window = add(window, running) if window else running
        if window:
            total = add(total, window)
    return total


def _signed_digits(scalar, width):
    """Digits of a positive number in base 2^width, each of size at most 2^(width-1), the lowest first."""
    digits = []
    while scalar:
        digit = scalar & ((1 << width) - 1)
        scalar >>= width
        if digit > 1 << (width - 1):
            digit -= 1 << width
            scalar += 1
        digits.append(digit)
    return digits


def scalar_from_wide(data):
    """A drawn scalar: 64 bytes, little-endian, reduced."""
    return int.from_bytes(data, "little") % ORDER


def encode_scalar(scalar):
    """32 bytes, little-endian."""
    return (scalar % ORDER).to_bytes(32, "little")


def decode_scalar(data):
    """A scalar below the order; refuses every other."""
    scalar = int.from_bytes(data, "little")
    if len(data) != 32 or scalar >= ORDER:
        raise Refused("not a canonical scalar")
    return scalar


BASE = decode(bytes.fromhex("e2f2ae0a6abc4e71a884a961c500515f58e30b6aa582dd8db6a65945e08d2d76"))
