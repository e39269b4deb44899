# SPDX-License-Identifier: GPL-2.0
"""Section 5: the three packets and what each end does with them."""

import os
import struct
import time
from dataclasses import dataclass

from . import puzzle, tlv
from .crypto import (BadKey, BadTag, DH, H, HMAC, OPEN, PUB, SEAL, be32, be64, clamp, equal,
                     secret)
from .drop import Drop
from .header import DEFINED_FLAGS, HEADER, LEADING, PAYLOAD, VERSION, Header, Type
from .keys import NO_PSK, Schedule

TRANSPORT_TCP, TRANSPORT_RAW, TRANSPORT_UDP = 1, 2, 3
WINDOW_NS = 30 * 10 ** 9
MAX_CHALLENGES = 3
LIVE_SECRETS = 3
ROTATION = 300
SPENT_ENTRIES = 4096
SPENT_MAX = 2
ZERO32 = bytes(32)


# -- 5.1, 5.2: packets

def sid_of(E_i):
    return H(b"pool1 sid" + E_i)[:16]


def key_init(S_r):
    return H(b"pool1 init" + S_r)


def key_challenge(E_i, S_r):
    return H(b"pool1 challenge" + E_i + S_r)


class Fields:
    """A payload of fixed layout."""

    def pack(self):
        return self._format.pack(*(getattr(self, name) for name in self._order))

    @classmethod
    def unpack(cls, data):
        return cls(**dict(zip(cls._order, cls._format.unpack_from(data))))


@dataclass
class Init(Fields):
    E_i: bytes
    issue: int = 0
    index: int = 0
    difficulty: int = 0
    solution: bytes = bytes(8)
    prefix: bytes = bytes(8)
    _format = struct.Struct(">32sIBB2x8s8s16x")
    _order = ("E_i", "issue", "index", "difficulty", "solution", "prefix")

    @property
    def filled(self):
        return self.difficulty != 0


@dataclass
class Challenge(Fields):
    E_r: bytes
    seed: bytes
    issue: int
    index: int
    difficulty: int
    _format = struct.Struct(">32s32sIBB2x")
    _order = ("E_r", "seed", "issue", "index", "difficulty")

    @property
    def full(self):
        return self.E_r != ZERO32


@dataclass
class Clear(Fields):
    """The clear part of RESPONSE."""
    E_i: bytes
    prefix: bytes
    issue: int
    index: int
    difficulty: int
    solution: bytes
    _format = struct.Struct(">32s8sIBB2x8s")
    _order = ("E_i", "prefix", "issue", "index", "difficulty", "solution")


assert Init._format.size == Challenge._format.size == 72 and Clear._format.size == 56


def assemble(kind, sid, timestamp, key, payload, mac_over=None, **header):
    """A handshake packet; mac_over stands for the payload under the HMAC (RESPONSE)."""
    header.setdefault("length", len(payload))
    leading = Header(type=kind, sid=sid, timestamp=timestamp).with_(**header).leading()
    return leading + HMAC(key, leading + (payload if mac_over is None else mac_over)) + payload


def check_header(packet, kind):
    """Step 1 of every list in 5.5."""
    if len(packet) != HEADER + PAYLOAD[kind]:
        raise Drop("hs-length")
    header = Header.parse(packet)
    if header.type != kind:
        raise Drop("hs-type")
    if header.version != VERSION:
        raise Drop("hs-version", closes=True)
    if header.length != PAYLOAD[kind]:
        raise Drop("hs-length", closes=True)
    if header.flags & DEFINED_FLAGS or header.seq or header.ack or header.channel:
        raise Drop("hs-type")
    return header


def check_hmac(packet, key):
    if not equal(HMAC(key, packet[:LEADING] + packet[HEADER:]), packet[LEADING:HEADER]):
        raise Drop("hs-hmac")


_last_timestamp = 0


def new_timestamp(now=None):
    """Of an attempt, 5.2. One order for all peers is stricter than asked, and simpler."""
    global _last_timestamp
    low = int.from_bytes(os.urandom(3), "big") & 0xFFFFF
    stamp = (time.time_ns() if now is None else now) & ~0xFFFFF | low
    _last_timestamp = max(stamp, _last_timestamp + 1)
    return _last_timestamp


# -- initiator

@dataclass
class Candidate:
    keys: object                # Epoch
    response: bytes
    trace: dict


class Attempt:
    """One e_i, one Session ID, one timestamp; up to three candidates."""

    def __init__(self, s_i, S_r, psk=NO_PSK, hello=b"", e_i=None, timestamp=None,
                 transport=TRANSPORT_TCP):
        self.s_i, self.S_i, self.S_r, self.psk = s_i, PUB(s_i), S_r, psk
        self.hello = hello
        self.e_i = e_i or secret()
        self.E_i = PUB(self.e_i)
        self.sid = sid_of(self.E_i)
        self.timestamp = new_timestamp() if timestamp is None else timestamp
        self.start = Schedule(S_r, transport, self.sid, self.timestamp, self.E_i)
        self.solved = {}
        self.processed = []
        self.proved = False
        self.candidates = []

    def init(self, payload=None, **header):
        return assemble(Type.INIT, header.pop("sid", self.sid),
                        header.pop("timestamp", self.timestamp), key_init(self.S_r),
                        payload or Init(self.E_i).pack(), **header)

    def check(self, packet):
        """Steps 1 to 6."""
        header = check_header(packet, Type.CHALLENGE)
        if header.sid != self.sid or header.timestamp != self.timestamp:
            raise Drop("hs-attempt")
        check_hmac(packet, key_challenge(self.E_i, self.S_r))
        challenge = Challenge.unpack(packet[HEADER:])
        if not puzzle.LOWEST <= challenge.difficulty <= puzzle.HIGHEST:
            raise Drop("hs-difficulty")
        if not challenge.full:
            if self.proved:
                raise Drop("hs-attempt")
            self.proved = True
        else:
            if packet in self.processed or len(self.processed) == MAX_CHALLENGES:
                raise Drop("hs-attempt")
            self.processed.append(packet)
        return challenge

    def solution(self, challenge):
        key = challenge.seed, challenge.difficulty
        if key not in self.solved:
            self.solved[key] = puzzle.solve(*key)
        return self.solved[key]

    def filled(self, challenge, **changes):
        fields = dict(E_i=self.E_i, issue=challenge.issue, index=challenge.index,
                      difficulty=challenge.difficulty, prefix=challenge.seed[:8])
        fields.update(changes)
        if "solution" not in fields:
            fields["solution"] = self.solution(challenge)
        return self.init(Init(**fields).pack())

    def clear(self, challenge):
        return Clear(self.E_i, challenge.seed[:8], challenge.issue, challenge.index,
                     challenge.difficulty, self.solution(challenge))

    def response(self, packet, clear=None, plain=None, **header):
        """The answer to a full CHALLENGE, as a candidate. The rest is for liars."""
        payload = packet[HEADER:]
        challenge = Challenge.unpack(payload)
        try:
            s = self.start.copy()
            s.challenge(payload, DH(self.e_i, challenge.E_r))
            dh_static = DH(self.e_i, self.S_r)
            dh_identity = DH(self.s_i, challenge.E_r)
        except BadKey:
            raise Drop("hs-key") from None
        clear = (clear or self.clear(challenge)).pack()
        if plain is None:
            plain = self.S_i + self.hello.ljust(80, b"\0")
        ks = s.seal_key(clear, dh_static)
        sealed = SEAL(ks, bytes(12), s.h, plain)
        keys = s.finish(sealed, dh_identity, self.psk)
        out = assemble(Type.RESPONSE, header.pop("sid", self.sid),
                       header.pop("timestamp", self.timestamp), keys.i2r.mac, clear + sealed,
                       clear + plain, **header)
        return Candidate(keys, out, s.trace)

    def on_challenge(self, packet):
        """What to send: a filled INIT or a RESPONSE."""
        challenge = self.check(packet)
        if not challenge.full:
            return self.filled(challenge)
        candidate = self.response(packet)
        self.candidates.append(candidate)
        return candidate.response


# -- responder

class ChallengeSecret:
    """5.4."""

    def __init__(self, index, K=None, secret8=None, K_eph=None):
        self.index = index
        self.K = K or os.urandom(32)
        self.secret8 = secret8 or os.urandom(8)
        self.K_eph = K_eph or HMAC(self.K, b"pool1 ephemeral key")
        self.K_spent = HMAC(self.K, b"pool1 spent slot")
        self.table = {}

    def seed(self, addr16, issue, sid, E_i, timestamp, difficulty):
        return HMAC(self.K, addr16 + self.secret8 + be32(issue) + sid + E_i + be64(timestamp)
                    + bytes([difficulty]))

    def e_r(self, addr16, issue, sid, E_i, timestamp):
        return clamp(HMAC(self.K_eph, b"pool1 ephemeral" + addr16 + be32(issue) + sid + E_i
                          + be64(timestamp)))

    def spend(self, prefix, kind):
        """Step 6 of the work; counts too."""
        at = int.from_bytes(HMAC(self.K_spent, prefix)[:2], "big") % SPENT_ENTRIES
        owner, counts = self.table.get(at, (None, None))
        if owner != prefix:
            counts = {Type.INIT: 0, Type.RESPONSE: 0}
            self.table[at] = prefix, counts
        if counts[kind] == SPENT_MAX:
            raise Drop("hs-spent")
        counts[kind] += 1


@dataclass
class Accepted:
    """A RESPONSE that passed steps 1 to 7."""
    header: Header
    S_i: bytes
    tlvs: tlv.Tlvs
    keys: object
    trace: dict


def open_response(s_r, S_r, e_r, challenge, packet, find, transport=TRANSPORT_TCP,
                  curve=lambda f, *args: f(*args)):
    """Steps 5 to 7 of RESPONSE; challenge is the payload that it answers."""
    header = Header.parse(packet)
    clear_bytes, sealed = packet[HEADER:HEADER + 56], packet[HEADER + 56:]
    E_i = clear_bytes[:32]
    try:
        schedule = Schedule(S_r, transport, header.sid, header.timestamp, E_i)
        schedule.challenge(challenge, curve(DH, e_r, E_i))
        ks = schedule.seal_key(clear_bytes, curve(DH, s_r, E_i))
        plain = OPEN(ks, bytes(12), schedule.h, sealed)
        S_i = plain[:32]
        tlvs = tlv.parse(plain[32:])
        psk = find(S_i)
        keys = schedule.finish(sealed, curve(DH, e_r, S_i), psk)
    except BadKey:
        raise Drop("hs-key") from None
    except BadTag:
        raise Drop("hs-seal") from None
    except tlv.Malformed:
        raise Drop("hs-tlv") from None
    if not equal(HMAC(keys.i2r.mac, packet[:LEADING] + clear_bytes + plain),
                 packet[LEADING:HEADER]):
        raise Drop("hs-psk", S_i=S_i)
    tlvs.acked, tlvs.errors, tlvs.overload = [], [], None
    return Accepted(header, S_i, tlvs, keys, schedule.trace)


class Responder:
    """Steps of the responder that keep no state but the challenge secrets.

    find(S_i) gives the peer's psk or raises Drop; real() is CLOCK_REALTIME in ns.
    """

    def __init__(self, s_r, real=time.time_ns, mono=time.monotonic, transport=TRANSPORT_TCP):
        self.s_r, self.S_r = s_r, PUB(s_r)
        self.real, self.mono, self.transport = real, mono, transport
        self.difficulty = puzzle.LOWEST
        self.window = WINDOW_NS
        self.curve_operations = 0
        self.renew()

    def renew(self):
        """All secrets destroyed and drawn anew."""
        self.secrets = []
        self.next_index = os.urandom(1)[0]
        self.rotate()

    def rotate(self):
        self.secrets.insert(0, ChallengeSecret(self.next_index))
        del self.secrets[LIVE_SECRETS:]
        self.next_index = (self.next_index + 1) % 256
        self.drawn = self.mono()

    def current(self):
        if self.mono() - self.drawn >= ROTATION:
            self.rotate()
        return self.secrets[0]

    def curve(self, function, *args):
        self.curve_operations += 1
        return function(*args)

    def check_init(self, packet):
        """Steps 1 to 3."""
        header = check_header(packet, Type.INIT)
        skew = header.timestamp - self.real()
        if abs(skew) > self.window:
            raise Drop("hs-time", skew=skew)
        check_hmac(packet, key_init(self.S_r))
        return header, Init.unpack(packet[HEADER:])

    def work(self, kind, header, f, addr16):
        """Steps 1 to 6 of "work". f is an Init or a Clear."""
        self.current()
        named = [s for s in self.secrets if s.index == f.index]
        if not named:
            raise Drop("hs-secret")
        lowest = puzzle.LOWEST
        if self.difficulty > puzzle.LOWEST:
            lowest = self.difficulty - 1
        if not lowest <= f.difficulty <= puzzle.HIGHEST:
            raise Drop("hs-difficulty")
        if header.sid != sid_of(f.E_i):
            raise Drop("hs-sid")
        s = named[0]
        seed = s.seed(addr16, f.issue, header.sid, f.E_i, header.timestamp, f.difficulty)
        if not equal(seed[:8], f.prefix):
            raise Drop("hs-seed")
        if not puzzle.solves(seed, f.solution, f.difficulty):
            raise Drop("hs-solution")
        s.spend(f.prefix, kind)
        return s, seed

    def _challenge(self, header, E_i, E_r, seed, issue, index, difficulty):
        return assemble(Type.CHALLENGE, header.sid, header.timestamp,
                        key_challenge(E_i, self.S_r),
                        Challenge(E_r, seed, issue, index, difficulty).pack())

    def on_init(self, packet, addr16, prove_work=False):
        """The CHALLENGE that answers it. prove_work: we are under load."""
        header, init = self.check_init(packet)
        if init.filled:
            s, seed = self.work(Type.INIT, header, init, addr16)
            issue, difficulty = init.issue, init.difficulty
            prove_work = False
        else:
            s, difficulty = self.current(), self.difficulty
            issue = int(self.mono()) & 0xFFFFFFFF
            seed = s.seed(addr16, issue, header.sid, init.E_i, header.timestamp, difficulty)
        E_r = ZERO32
        if not prove_work:
            E_r = self.curve(PUB, s.e_r(addr16, issue, header.sid, init.E_i, header.timestamp))
        return self._challenge(header, init.E_i, E_r, seed, issue, s.index, difficulty)

    def on_response(self, packet, addr16, find, transport=None):
        """Steps 1 and 3 to 7. transport: on which it came, if there is more than one."""
        header = check_header(packet, Type.RESPONSE)
        clear = Clear.unpack(packet[HEADER:])
        s, seed = self.work(Type.RESPONSE, header, clear, addr16)
        e_r = s.e_r(addr16, clear.issue, header.sid, clear.E_i, header.timestamp)
        payload = Challenge(self.curve(PUB, e_r), seed, clear.issue, clear.index,
                            clear.difficulty).pack()
        return open_response(self.s_r, self.S_r, e_r, payload, packet, find,
                             transport or self.transport, self.curve)
