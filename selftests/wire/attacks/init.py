# SPDX-License-Identifier: GPL-2.0
"""INIT, sections 5.2 and 5.5."""

import os
import time

from pool import handshake as hs
from pool import puzzle
from pool.crypto import PUB, secret
from pool.header import HEADER, Header, Type
from pool.probe import SLOW, quiet

from . import TCP, flipped, scenario

SECOND = 10 ** 9


def expect_challenge(t, wire, attempt, text):
    """The next packet is a full CHALLENGE for it."""
    packet = wire.recv(3.0)
    if t.expect(packet is not None and packet[0] & 15 == Type.CHALLENGE, text):
        return attempt.check(packet)
    return None


@scenario("init-short", "hs-length|rx-length", also=("rx-length",))
def init_short(t):
    """INIT with a payload of 71 bytes, 0 bytes, 73 bytes: the connection is closed."""
    for payload in (hs.Init(bytes(32)).pack()[:71], b"", hs.Init(bytes(32)).pack() + b"\0"):
        wire, attempt = t.connect(), t.attempt()
        wire.send(hs.assemble(Type.INIT, attempt.sid, attempt.timestamp, hs.key_init(t.S_t),
                              payload))
        t.expect_refused(wire, "%d bytes" % len(payload))


def skewed(t, seconds):
    wire = t.connect()
    attempt = t.attempt(timestamp=time.time_ns() + int(seconds * SECOND))
    wire.send(attempt.init())
    return wire, attempt


@scenario("init-old", "hs-time")
def init_old(t):
    """INIT of 31 s ago: no answer. The connection stays, and a sound INIT on it is answered."""
    wire, _ = skewed(t, -31)
    t.expect_silence(wire)
    attempt = t.attempt()
    wire.send(attempt.init())
    expect_challenge(t, wire, attempt, "a sound INIT after it is answered")


@scenario("init-new", "hs-time")
def init_new(t):
    """INIT 31 s ahead of time: no answer."""
    wire, _ = skewed(t, 31)
    t.expect_silence(wire)


@scenario("init-edge")
def init_edge(t):
    """INIT 29 s old, and 29 s ahead: answered."""
    for seconds in (-29, 29):
        wire, attempt = skewed(t, seconds)
        expect_challenge(t, wire, attempt, "%d s off" % seconds)


@scenario("init-wrong-key", "hs-hmac:3")
def init_wrong_key(t):
    """INIT for somebody else, INIT without knowing S_r, INIT with a bit changed: no answer."""
    wire = t.connect()
    wire.send(t.attempt(S_r=PUB(secret())).init())
    attempt = t.attempt()
    good = attempt.init()
    wire.send(good[:48] + os.urandom(32) + good[80:])
    wire.send(flipped(good, 151))
    t.expect_silence(wire)
    wire.send(good)
    expect_challenge(t, wire, attempt, "the sound INIT is answered")


@scenario("init-fields", "hs-type:13")
def init_fields(t):
    """INIT with a flag of 0-9, a sequence, an acknowledgment or a channel: no answer."""
    changes = [dict(flags=1 << bit) for bit in range(10)]
    changes += [dict(seq=1), dict(ack=1), dict(channel=1)]
    for some in changes[:5], changes[5:10], changes[10:]:
        wire = t.connect()
        for change in some:
            wire.send(t.attempt().init(**change))
        t.expect_silence(wire, seconds=0.2)


@scenario("init-reserved")
def init_reserved(t):
    """INIT with reserved bytes and flags set, and with anything after E_i: answered."""
    wire = t.connect()
    for change in (dict(reserved1=0xFF), dict(reserved47=1), dict(flags=0xFC00)):
        attempt = t.attempt()
        wire.send(attempt.init(**change))
        expect_challenge(t, wire, attempt, "%s" % change)
    attempt = t.attempt()
    wire.send(attempt.init(attempt.E_i + os.urandom(5) + b"\0" + os.urandom(34)))
    expect_challenge(t, wire, attempt, "not filled, but not zero")


@scenario("init-version", "rx-version|hs-version:3")
def init_version(t):
    """INIT of version 0, 2, 15: no answer, the connection is closed."""
    for version in (0, 2, 15):
        wire = t.connect()
        wire.send(t.attempt().init(version=version))
        t.expect_refused(wire, "version %d" % version)


@scenario("init-repeated", "hs-limited|conn-limited", on=TCP)
def init_repeated(t):
    """The same INIT 20 times: at most 8 are answered, with not more bytes than came, and the
    connection is closed."""
    wire, attempt = t.connect(), t.attempt()
    for _ in range(20):
        wire.send(attempt.init())
    t.expect(wire.closes(), "the connection is closed")
    t.expect(len(wire.packets) <= 8, "at most 8 answers, not %d" % len(wire.packets))
    t.expect(wire.bytes_in <= wire.bytes_out, "not more bytes back than came")
    t.expect(all(len(p) == 152 for p in wire.packets), "CHALLENGEs only")
    wire = t.connect()
    for n in range(8):
        wire.send(t.attempt().init())
        t.expect(wire.recv(2.0) is not None, "INIT %d is answered" % (n + 1))
    t.expect_silence(wire, "after 8", 0.1)
    wire.send(t.attempt().init())
    t.expect_refused(wire, "the ninth")


@scenario("init-foreign-sid", also=("hs-sid",))
def init_foreign_sid(t):
    """INIT with the Session ID of another key: a CHALLENGE for it, or nothing."""
    wire, attempt = t.connect(), t.attempt()
    wire.send(attempt.init(sid=os.urandom(16)))
    t.expect(len(wire.listen_for(quiet(0.4))) <= 1, "at most one answer")
    t.expect(not wire.closed, "the connection stays")


@scenario("init-filled")
def init_filled(t):
    """A filled INIT: the answer repeats seed, issue time, index, difficulty, and the solution
    serves the RESPONSE too."""
    wire, attempt = t.connect(), t.attempt()
    first = hs.Challenge.unpack(t.challenge(wire, attempt)[HEADER:])
    t.pace.take()
    wire.send(attempt.filled(first))
    packet = wire.recv(3.0)
    if not t.expect(packet is not None, "it is answered"):
        return
    second = hs.Challenge.unpack(packet[HEADER:])
    t.expect(second.full and second == first, "the same CHALLENGE again")
    candidate = attempt.response(packet)
    t.respond(wire, candidate.response)
    live = t.live(wire, attempt, candidate)
    t.expect(live.read(3.0, lambda: bool(live.acks)), "the RESPONSE is accepted")
    t.expect_alive(live)


@scenario("init-filled-wrong", "hs-secret", "hs-difficulty:2", "hs-sid", "hs-seed:3",
          "hs-solution")
def init_filled_wrong(t):
    """Filled INITs whose work is wrong, in every way: no answer, no curve operation."""
    wire, attempt = t.connect(), t.attempt()
    c = hs.Challenge.unpack(t.challenge(wire, attempt)[HEADER:])
    good = attempt.solution(c)
    for some in (
            (dict(index=(c.index + 100) % 256), dict(difficulty=15), dict(difficulty=23),
             dict(prefix=os.urandom(8))),
            (dict(issue=c.issue ^ 1), dict(difficulty=c.difficulty + 1),
             dict(solution=puzzle.wrong(c.seed, c.difficulty)))):
        for change in some:
            wire.send(attempt.filled(c, **dict(dict(solution=good), **change)))
        t.expect_silence(wire)
        wire = t.connect()
    payload = hs.Init(attempt.E_i, c.issue, c.index, c.difficulty, good, c.seed[:8]).pack()
    wire.send(attempt.init(payload, sid=os.urandom(16)))
    t.expect_silence(wire)


@scenario("init-refused-many", "hs-hmac:7", also=("hs-limited",))
def init_refused_many(t):
    """100 INITs that are refused, on one connection: no answer, and others are served."""
    wire, attempt = t.connect(), t.attempt()
    init = attempt.init()
    for n in range(100):
        wire.send(flipped(init, 48 + n % 32))
    t.expect(not wire.listen_for(quiet(0.3)), "no answer")
    t.notes["closed"] = wire.closed
    t.expect_alive(t.handshake())


@scenario("init-filled-spent", "hs-spent")
def init_filled_spent(t):
    """A seed buys two filled INITs: the third is not answered."""
    wire, attempt = t.connect(), t.attempt()
    filled = attempt.filled(hs.Challenge.unpack(t.challenge(wire, attempt)[HEADER:]))
    for n in (1, 2):
        t.pace.take()
        wire.send(filled)
        t.expect(wire.recv(3.0) is not None, "use %d is answered" % n)
    wire.send(filled)
    t.expect_silence(wire, "use 3")


@scenario("init-flood", also=("hs-limited", "conn-limited"), on=TCP)
def init_flood(t):
    """INITs by the hundred on several connections: not more bytes back than came, and a handshake still succeeds."""
    attempt = t.attempt()
    packet = attempt.init()
    wires = [t.connect() for _ in range(8)]
    for wire in wires:
        wire.send(packet * (t.flood // 8))
    for wire in wires:
        t.expect(wire.closes(), "the connection is closed")
        # How much of it came before the reset cannot be known here.
        t.expect(wire.bytes_in <= 8 * len(packet), "at most eight are answered, with no more bytes")
    challenges = [hs.Challenge.unpack(p[HEADER:]) for w in wires for p in w.packets
                  if Header.parse(p).type == Type.CHALLENGE]
    t.notes.update(full=sum(c.full for c in challenges),
                   prove_work=sum(not c.full for c in challenges))
    # All but the first INIT of a connection were charged to our address.
    time.sleep(2.1)
    t.expect_alive(t.handshake())


def challenges(wire, least, seconds=2.0):
    """The CHALLENGEs that come until there are so many of them."""
    out = []
    while len(out) < least:
        packet = wire.recv(seconds)
        if packet is None:
            break
        if packet[0] & 15 == Type.CHALLENGE:
            out.append(hs.Challenge.unpack(packet[HEADER:]))
    return out


def boot_second():
    return int(time.clock_gettime(time.CLOCK_BOOTTIME))


@scenario("init-load", needs=("load", "sources"), also=("hs-limited", "conn-limited"), on=TCP)
def init_load(t):
    """More than 2,000 INITs in a second, from many addresses: the rest is told to prove work
    first, which costs no curve operation, and who does so gets in."""
    most = 0
    for _ in range(5):
        honest, other = t.attempt(), t.connect()
        # Eight INITs to a connection; four connections to an address are within its limit.
        packet = t.attempt().init() * 8
        wires = [t.connect(source, paced=False) for source in t.sources for _ in range(4)]
        # The budget is one of seconds since boot.
        time.sleep(1.01 - time.clock_gettime(time.CLOCK_BOOTTIME) % 1)
        second = boot_second()
        for wire in wires:
            wire.send(packet)
        # The last ones were told to prove work: now it is the same for everybody.
        while boot_second() == second and not wires[-1].drain():
            pass
        other.send(honest.init())
        first = challenges(other, 1)
        if not t.expect(first, "another one is answered"):
            return
        found = [c for wire in wires for c in challenges(wire, 8, 0.02)]
        work = sum(not c.full for c in found)
        most = max(most, len(found))
        t.notes.update(inits=8 * len(wires), answers=len(found), prove_work=work)
        for wire in wires:
            wire.close()
        if work and not first[0].full:
            break
        other.close()
        time.sleep(1)
    else:
        t.expect(False, "2,000 INITs in a second (%d answers)" % most)
        return
    t.expect(len(found) - work > 1000, "and not before")
    other.send(honest.filled(first[0]))
    packet = other.recv(3.0)
    if not t.expect(packet is not None and hs.Challenge.unpack(packet[HEADER:]).full,
                    "a filled INIT is answered in full"):
        return
    candidate = honest.response(packet)
    t.respond(other, candidate.response)
    live = t.live(other, honest, candidate)
    t.expect(live.read(3.0, lambda: bool(live.acks)), "its RESPONSE is accepted")
    t.expect_alive(live, "its session")


@scenario("init-proven", "hs-limited:50", needs=("load",), on=TCP)
def init_proven(t):
    """INITs by the hundred in a proven connection: beyond the limit of their source they are not
    answered, and use up nothing that others need; the session goes on."""
    live = t.handshake()
    live.wire.send(t.attempt().init() * 200)
    found = challenges(live.wire, 200, 0.5)
    t.notes.update(answers=len(found))
    t.expect(0 < len(found) <= 40 + 20 * 8, "only some are answered")
    t.expect_alive(live)
    time.sleep(2.1)     # until the source may ask again
    t.expect_alive(t.handshake(), "another session")


@scenario("difficulty-rises", "hs-seal:64", needs=("load",), slow=True)
def difficulty_rises(t):
    """64 RESPONSEs whose work is right and whose contents are not: the work asked rises by one.
    After 10 s of calm it falls again."""
    live = t.handshake()

    def asked():
        return hs.Challenge.unpack(t.challenge(live.wire, t.attempt())[HEADER:]).difficulty

    t.expect(asked() == puzzle.LOWEST, "the lowest to begin with")
    for _ in range(32):
        attempt = t.attempt()
        good = attempt.response(t.challenge(live.wire, attempt)).response
        for n in (1, 2):
            t.respond(live.wire, flipped(good, -n))
    # Refused at the seal, and a connection in use stays.
    t.expect(asked() == puzzle.LOWEST + 1, "it rises")
    live.read(11.0 / SLOW)          # its HEARTBEATs too, or they would hide the CHALLENGE
    t.expect(asked() == puzzle.LOWEST, "it falls")
    t.expect_alive(live)
