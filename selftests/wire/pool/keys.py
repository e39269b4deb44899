# SPDX-License-Identifier: GPL-2.0
"""Section 5.6: the key schedule."""

from dataclasses import dataclass

from .crypto import H, be32, hkdf_expand, hkdf_extract
from .header import Type, canon

PROTOCOL = b"POOL1_XK_25519_ChaChaPoly_SHA256"
assert len(PROTOCOL) == 32
NO_PSK = bytes(32)
ISN_MASK = 2 ** 62 - 1


@dataclass
class Direction:
    enc: bytes
    mac: bytes
    seq: bytes
    isn: int


@dataclass
class Epoch:
    i2r: Direction
    r2i: Direction
    chain: bytes


def epoch_keys(ck, h, epoch=0):
    """Lines 13 and 14."""
    def direction(d):
        seq = hkdf_expand(ck, b"pool1 seq " + d + h, 32)
        isn = int.from_bytes(hkdf_expand(seq, b"pool1 isn" + be32(epoch), 8), "big")
        return Direction(hkdf_expand(ck, b"pool1 enc " + d + h, 32),
                         hkdf_expand(ck, b"pool1 mac " + d + h, 32), seq, isn & ISN_MASK)

    return Epoch(direction(b"i2r"), direction(b"r2i"), hkdf_expand(ck, b"pool1 chain" + h, 32))


class Schedule:
    """ck, h and k, moved on line by line; trace keeps what the vectors show."""

    def __init__(self, S_r, transport, sid, timestamp, E_i):
        self.sid, self.timestamp = sid, timestamp
        self.trace = {}
        self.ck = self.h = PROTOCOL                                     # 1
        self.k = None
        self.mix_hash(S_r + bytes([transport]))                         # 2
        self.mix_hash(canon(Type.INIT, sid, timestamp, 72) + E_i)       # 3
        self.trace["h_1"] = self.h

    def copy(self):
        new = Schedule.__new__(Schedule)
        new.__dict__.update(self.__dict__, trace=dict(self.trace))
        return new

    def mix_hash(self, x):
        self.h = H(self.h + x)

    def mix_key(self, x):
        t = hkdf_expand(hkdf_extract(self.ck, x), b"", 64)
        self.ck, self.k = t[:32], t[32:]

    def challenge(self, payload, dh):
        self.mix_hash(canon(Type.CHALLENGE, self.sid, self.timestamp, 72) + payload)  # 4
        self.mix_key(dh)                                                # 5
        self.trace.update(h_2=self.h, ck_2=self.ck)

    def seal_key(self, clear, dh):
        self.mix_key(dh)                                                # 6
        self.mix_hash(canon(Type.RESPONSE, self.sid, self.timestamp, 184) + clear)    # 7
        ks = hkdf_expand(self.k, b"pool1 seal" + self.h, 32)            # 8
        self.trace.update(seal_key=ks, h_seal=self.h)
        return ks

    def finish(self, sealed, dh, psk):
        self.mix_hash(sealed)                                           # 10
        self.mix_key(dh)                                                # 11
        self.mix_key(psk)                                               # 12
        self.trace.update(h_3=self.h, ck_3=self.ck)
        return epoch_keys(self.ck, self.h)                              # 13, 14
