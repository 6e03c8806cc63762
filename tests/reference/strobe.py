"""Keccak-f[1600], STROBE-128 and Merlin 1.0 transcripts.

Implements what docs/protocol.md section 1 hashes with. Only the operations that Merlin needs: meta-AD, AD and PRF.
"""

_MASK = (1 << 64) - 1
_RATE = 166


def _keccak_tables():
    """Round constants, and for each lane of pi's output its source lane and rotation, computed from their definitions."""
    constants = []
    lfsr = 1
    for _ in range(24):
        constant = 0
        for j in range(7):
            if lfsr & 1:
                constant |= 1 << ((1 << j) - 1)
            lfsr <<= 1
            if lfsr & 0x100:
                lfsr ^= 0x171
        constants.append(constant)
    rho_pi = [(0, 0)] * 25
    x, y, rotation = 1, 0, 0
    for t in range(24):
        rotation = (rotation + t + 1) % 64
        target = y + 5 * ((2 * x + 3 * y) % 5)
        rho_pi[target] = (x + 5 * y, rotation)
        x, y = y, (2 * x + 3 * y) % 5
    return constants, rho_pi


_ROUND_CONSTANTS, _RHO_PI = _keccak_tables()


def keccak_f1600(lanes):
    """The permutation on 25 lanes of 64 bits, lane x + 5y."""
    for constant in _ROUND_CONSTANTS:
        c0, c1, c2, c3, c4 = (lanes[x] ^ lanes[x + 5] ^ lanes[x + 10] ^ lanes[x + 15] ^ lanes[x + 20] for x in range(5))
        d = (
            c4 ^ ((c1 << 1 | c1 >> 63) & _MASK),
            c0 ^ ((c2 << 1 | c2 >> 63) & _MASK),
            c1 ^ ((c3 << 1 | c3 >> 63) & _MASK),
            c2 ^ ((c4 << 1 | c4 >> 63) & _MASK),
            c3 ^ ((c0 << 1 | c0 >> 63) & _MASK),
        )
        b = []
        for source, rotation in _RHO_PI:
            lane = lanes[source] ^ d[source % 5]
            b.append((lane << rotation | lane >> (64 - rotation)) & _MASK)
        lanes = []
        for y in (0, 5, 10, 15, 20):
            b0, b1, b2, b3, b4 = b[y : y + 5]
            lanes += (b0 ^ (~b1 & b2), b1 ^ (~b2 & b3), b2 ^ (~b3 & b4), b3 ^ (~b4 & b0), b4 ^ (~b0 & b1))
        lanes[0] ^= constant
    return lanes


def permute(state):
    """Keccak-f[1600] on 200 bytes, lanes little-endian."""
    lanes = [int.from_bytes(state[8 * i : 8 * i + 8], "little") for i in range(25)]
    return bytearray(b"".join(lane.to_bytes(8, "little") for lane in keccak_f1600(lanes)))


class Strobe128:
    """STROBE-128 v1.0.2, restricted to meta-AD, AD and PRF."""

    _I, _A, _C, _M = 1, 2, 4, 16

    def __init__(self, label):
        state = bytearray(200)
        state[0:6] = bytes([1, _RATE + 2, 1, 0, 1, 96])
        state[6:18] = b"STROBEv1.0.2"
        self.state = permute(state)
        self.position = 0
        self.begin = 0
        self.meta_ad(label)

    def clone(self):
        """A copy that goes on independently."""
        copy = object.__new__(Strobe128)
        copy.state = bytearray(self.state)
        copy.position = self.position
        copy.begin = self.begin
        return copy

    def meta_ad(self, data):
        """Absorb framing."""
        self._operate(self._M | self._A)
        self._absorb(data)

    def ad(self, data):
        """Absorb data."""
        self._operate(self._A)
        self._absorb(data)

    def prf(self, size):
        """Squeeze pseudorandom bytes."""
        self._operate(self._I | self._A | self._C)
        out = bytearray()
        while len(out) < size:
            take = min(size - len(out), _RATE - self.position)
            end = self.position + take
            out += self.state[self.position : end]
            self.state[self.position : end] = bytes(take)
            self._advance(end)
        return bytes(out)

    def _operate(self, flags):
        begin = self.begin
        self.begin = self.position + 1
        self._absorb(bytes([begin, flags]))
        if flags & self._C and self.position:
            self._run()

    def _absorb(self, data):
        offset = 0
        while offset < len(data):
            take = min(len(data) - offset, _RATE - self.position)
            end = self.position + take
            mixed = int.from_bytes(self.state[self.position : end], "little") ^ int.from_bytes(data[offset : offset + take], "little")
            self.state[self.position : end] = mixed.to_bytes(take, "little")
            offset += take
            self._advance(end)

    def _advance(self, position):
        self.position = position
        if position == _RATE:
            self._run()

    def _run(self):
        self.state[self.position] ^= self.begin
        self.state[self.position + 1] ^= 0x04
        self.state[_RATE + 1] ^= 0x80
        self.state = permute(self.state)
        self.position = 0
        self.begin = 0


class Transcript:
    """A Merlin 1.0 transcript. Labels are ASCII strings."""

    def __init__(self, label):
        self.strobe = Strobe128(b"Merlin v1.0")
        self.append("dom-sep", label.encode("ascii"))

    def clone(self):
        """A fork of the transcript."""
        copy = object.__new__(Transcript)
        copy.strobe = self.strobe.clone()
        return copy

    def append(self, name, message):
        """`append_message`: the name and the length are framing."""
        # Merlin's continued meta-AD (`more`) opens no new operation, so that name and length are one absorption.
        self.strobe.meta_ad(name.encode("ascii") + len(message).to_bytes(4, "little"))
        self.strobe.ad(message)

    def append_u64(self, name, number):
        """A number of eight bytes, little-endian."""
        self.append(name, number.to_bytes(8, "little"))

    def challenge(self, name, size):
        """`challenge_bytes`."""
        self.strobe.meta_ad(name.encode("ascii") + size.to_bytes(4, "little"))
        return self.strobe.prf(size)
