# SPDX-License-Identifier: GPL-2.0
"""Session packets, section 6, and what of them closes a connection, 7.4."""

import ipaddress
import os
import random
import time

from pool import inner, tlv
from pool.crypto import secret
from pool.header import (COMPRESSED, ENCRYPTED, FRAGMENT, HEADER, LAST_FRAG, LAST_TYPE, PRIORITY,
                         REQUIRE_ACK, TELEMETRY, VERSION, Header, Type,
                         payload_length_possible)
from pool.keys import Direction
from pool.probe import quiet
from pool.replay import OK, RANGE
from pool.session import seal

from . import TCP, flipped, scenario

U64 = 2 ** 64
SPOKEN_LATER = (Type.CONFIG, Type.ROLLBACK, Type.JOURNAL, Type.INTEGRITY)


def padding(n):
    """A TLV list of n bytes that says nothing."""
    return bytes(n)


def expect_ignored(t, live, send, text, **more):
    """Something with REQUIRE_ACK is authentic and not answered; the session goes on."""
    seq = send(**more)
    t.expect(not live.answered(seq, quiet(0.3)), "%s: not acknowledged" % text)
    t.expect(not live.wire.closed, "%s: the connection stays" % text)
    t.expect_alive(live, "%s: the session" % text)


@scenario("reflect", "rx-sequence:2", "hs-attempt")
def reflect(t):
    """Everything received is sent back to its sender: dropped, the connection stays."""
    live = t.handshake()
    for _ in range(3):
        live.alive()
    received = list(live.wire.packets)
    for packet in received:
        live.wire.send(packet)
    t.expect(live.wire.stays(), "the connection stays")
    t.expect_alive(live)


def predicted(live_window, changed, original):
    """What a changed session packet does to its connection: "closes", "stays", "waits"."""
    header = Header.parse(changed)
    if (header.version != VERSION or header.type > LAST_TYPE
            or not payload_length_possible(header.type, header.length)):
        return "closes"
    if header.length > len(original) - HEADER:
        return "waits"
    if not header.flags & ENCRYPTED or header.sid != original[20:36]:
        return "stays"
    return "closes" if live_window(header.seq) == OK else "stays"


@scenario("flip", "rx-decrypt", "rx-auth", "rx-version", "rx-type",
          "rx-not-encrypted", "rx-no-session", "rx-sequence",
          also=("rx-length", "hs-length", "rx-replayed", "rx-too-old"))
def flip(t):
    """A bit of every header byte and of some payload bytes is flipped: dropped or the connection
    is closed, as 7.4 says; the session lives, on a new connection, without a handshake."""
    live = t.handshake()
    chance = random.Random(1)
    places = [(at, 1 << bit) for at in (0, 3, 45) for bit in range(8)]
    places += [(at, 1 << chance.randrange(8)) for at in range(80) if at not in (0, 3, 45)]
    size = HEADER + 64 + 16
    places += [(at, 1 << chance.randrange(8)) for at in (80, 81, 143, 144, 159)]
    seen = {"closes": 0, "stays": 0, "waits": 0}
    # The target's window, kept in step with ours.
    heard = set(range(live.session.tx.isn, live.session.next_seq))

    def window(seq):
        first = live.session.tx.isn
        if not first <= seq <= first + RANGE:
            return "range"
        return "seen" if seq in heard else OK

    for at, mask in places:
        where = "byte %d, bit 0x%02x" % (at, mask)
        packet = live.seal(Type.HEARTBEAT, padding(64), REQUIRE_ACK)
        assert len(packet) == size
        changed = flipped(packet, at, mask)
        verdict = "stays" if t.datagram else predicted(window, changed, packet)
        seen[verdict] += 1
        live.wire.send(changed)
        if verdict == "waits":
            live.wire.send(bytes(Header.parse(changed).length - 80))
        if verdict == "stays":
            t.expect(live.wire.stays(0.05), "%s: the connection stays" % where)
        else:
            t.expect(live.wire.closes(), "%s: the connection is closed" % where)
        before = live.session.next_seq
        if live.wire.closed:
            if not t.expect(live.reattach(), "%s: the session goes on elsewhere" % where):
                return
        elif not t.expect(live.alive(), "%s: the session goes on" % where):
            return
        heard.update(range(before, live.session.next_seq))
    t.notes["flips"] = seen
    t.expect(live.alive(), "the session lives")


@scenario("replay", "rx-replayed:3")
def replay(t):
    """A session packet again: dropped without an answer, on its connection and on another."""
    live = t.handshake()
    packet = live.seal(Type.HEARTBEAT, b"", REQUIRE_ACK)
    seq = Header.parse(packet).seq
    for _ in range(3):
        live.wire.send(packet)
    live.read(2.0, lambda: any(seq in a.acked for _, a in live.acks))
    live.read(quiet(0.3))
    t.expect(sum(a.acked.count(seq) for _, a in live.acks) == 1, "acknowledged once")
    other = t.connect()
    other.send(packet)
    t.expect_silence(other, "on another connection")
    t.expect_alive(live)


@scenario("old-sequence", "rx-too-old")
def old_sequence(t):
    """A packet from far below the window: dropped without an answer."""
    live = t.handshake()
    old = live.seal(Type.HEARTBEAT, b"", REQUIRE_ACK)
    live.session.next_seq += 10000
    t.expect_alive(live, "after a jump the session")
    live.wire.send(old)
    t.expect(not live.answered(Header.parse(old).seq, quiet(0.3)), "not answered")
    t.expect(not live.wire.closed, "the connection stays")
    t.expect_alive(live)


@scenario("late-sequence")
def late_sequence(t):
    """Packets out of order, 60 and 8,000 apart: taken, once."""
    live = t.handshake()
    for apart in (60, 8000):
        early = live.seal(Type.HEARTBEAT, b"", REQUIRE_ACK)
        live.session.next_seq += apart
        t.expect_alive(live)
        live.wire.send(early)
        t.expect(live.answered(Header.parse(early).seq), "one %d behind is answered" % apart)


@scenario("late-sequence-twice", "rx-replayed")
def late_sequence_twice(t):
    """A packet 8,000 behind again: dropped, as the window reaches so far."""
    live = t.handshake()
    early = live.seal(Type.HEARTBEAT, b"", REQUIRE_ACK)
    live.wire.send(early)
    t.expect(live.answered(Header.parse(early).seq), "it is answered at first")
    live.session.next_seq += 8000
    t.expect_alive(live)
    live.wire.send(early)
    live.read(quiet(0.3))
    t.expect(sum(a.acked.count(Header.parse(early).seq) for _, a in live.acks) == 1,
             "acknowledged once")
    t.expect_alive(live)


@scenario("no-epoch", "rx-sequence:4")
def no_epoch(t):
    """Sequences that belong to no live epoch: dropped, the connection stays."""
    live = t.handshake()
    first = live.session.tx.isn
    for seq in ((first - 1) % U64, first + RANGE + 1, 2 ** 64 - 1, (first + 2 ** 63) % U64):
        live.beat(seq=seq)
    t.expect_silence(live.wire)
    t.expect_alive(live)


@scenario("not-encrypted", "rx-not-encrypted:2")
def not_encrypted(t):
    """A session packet without ENCRYPTED, sealed all the same, and one in the clear."""
    live = t.handshake()
    live.beat(clear=ENCRYPTED)
    header = live.session.header(Type.DATA, clear=ENCRYPTED, seq=live.session.next_seq,
                                 length=84)
    live.wire.send(header.leading() + bytes(32) + bytes(84))
    t.expect_silence(live.wire)
    t.expect_alive(live)


@scenario("reserved-flags", needs=("inner",))
def reserved_flags(t):
    """Flags that are reserved, ignored, or meant for other types: accepted."""
    live = t.handshake()
    for bit in (7, 8, 9, 10, 11, 12, 13, 14, 15, 2):
        t.expect(live.answered(live.beat(flags=1 << bit)), "HEARTBEAT with flag bit %d" % bit)
    for flags in (PRIORITY, TELEMETRY, 0xFF80):
        seq = live.send(Type.DATA, live.echo(), flags | REQUIRE_ACK)
        t.expect(live.answered(seq), "DATA with flags 0x%04x" % flags)
    t.expect(live.read(2.0, lambda: len(live.data) >= 3), "and delivered")


@scenario("reserved-bytes")
def reserved_bytes(t):
    """Header bytes 1 and 47: any value is accepted."""
    live = t.handshake()
    for change in (dict(reserved1=0xFF), dict(reserved47=0xFF), dict(reserved1=1, reserved47=1)):
        t.expect(live.answered(live.beat(**change)), "%s" % change)


@scenario("reserved-types", "rx-type:4")
def reserved_types(t):
    """Types of later revisions, and on TCP DISCOVER: authenticated, dropped, not acknowledged."""
    live = t.handshake()
    for kind in SPOKEN_LATER + (() if t.datagram else (Type.DISCOVER,)):
        expect_ignored(t, live, live.send, kind.name, kind=kind, plain=bytes(8), flags=REQUIRE_ACK)


@scenario("no-such-types", "rx-type:3")
def no_such_types(t):
    """Types 0xD to 0xF: the connection is closed, the session lives."""
    live = t.handshake()
    for kind in (13, 14, 15):
        live.beat(type=kind)
        t.expect(live.wire.closes(), "type %d closes" % kind)
        t.expect_alive(live)


@scenario("compressed", "rx-compressed:2")
def compressed(t):
    """COMPRESSED: authenticated, dropped, not acknowledged."""
    live = t.handshake()
    for kind in (Type.HEARTBEAT, Type.DATA):
        expect_ignored(t, live, live.send, kind.name, kind=kind, flags=COMPRESSED | REQUIRE_ACK)


@scenario("fragments", "rx-fragment:3")
def fragments(t):
    """FRAGMENT and LAST_FRAG on what is no fragment: the same."""
    live = t.handshake()
    for flags in (FRAGMENT, LAST_FRAG, FRAGMENT | LAST_FRAG):
        expect_ignored(t, live, live.send, "flags 0x%x" % flags, kind=Type.DATA,
                       flags=flags | REQUIRE_ACK)


@scenario("channel", "rx-channel:2", needs=("inner",))
def channel(t):
    """DATA on another channel: dropped. Other types: the channel is ignored."""
    live = t.handshake()
    for number in (2, 255):
        expect_ignored(t, live, live.send, "channel %d" % number, kind=Type.DATA,
                       plain=live.echo(), flags=REQUIRE_ACK, channel=number)
    t.expect(not live.data, "not delivered")
    t.expect(live.answered(live.beat(channel=7)), "HEARTBEAT on channel 7")


@scenario("data", needs=("inner",))
def data(t):
    """DATA is delivered and, with REQUIRE_ACK, acknowledged."""
    live = t.handshake()
    t.expect(live.ping(), "the echo comes back")
    seq = live.send(Type.DATA, live.echo(), REQUIRE_ACK)
    t.expect(live.answered(seq), "acknowledged")
    for size in (0, 1, 1200):
        before = len(live.data)
        live.send(Type.DATA, live.echo(size=size))
        t.expect(live.read(2.0, lambda n=before: len(live.data) > n), "%d bytes" % size)


@scenario("spoofed", "rx-source:3", needs=("inner",))
def spoofed(t):
    """DATA with an inner source that is not ours: dropped, not delivered."""
    live = t.handshake()
    sources = ["203.0.113.5", t.theirs, "2001:db8::5"]
    for source in sources:
        destination = t.theirs
        if ipaddress.ip_address(source).version != ipaddress.ip_address(destination).version:
            destination = "2001:db8::6" if ":" in source else "203.0.113.6"
        expect_ignored(t, live, live.send, source, kind=Type.DATA,
                       plain=live.echo(source, destination), flags=REQUIRE_ACK)
    t.expect(not live.data, "not delivered")


@scenario("malformed-data", "rx-malformed:9", needs=("inner",))
def malformed_data(t):
    """DATA that is not exactly one IP packet: dropped."""
    live = t.handshake()
    good = live.echo()
    v6 = inner.echo_request("2001:db8::1", "2001:db8::2", 1, 1)
    for text, plain in (
            ("empty", b""), ("one byte", b"\x45"), ("version 5", b"\x55" + good[1:]),
            ("version 0", bytes(64)), ("a byte too long", good + b"\0"),
            ("a byte too short", good[:-1]),
            ("a header cut short", b"\x45\0\0\x0a" + bytes(6)),
            ("IPv6, padded", v6 + bytes(4)), ("IPv6, cut", v6[:-1]),
            ("IPv6, header cut", v6[:39])):
        expect_ignored(t, live, live.send, text, kind=Type.DATA, plain=plain, flags=REQUIRE_ACK)
    t.expect(not live.data, "not delivered")


@scenario("tlv-malformed", "rx-tlv:6")
def tlv_malformed(t):
    """HEARTBEAT and ACK with malformed TLVs: dropped, not acknowledged."""
    live = t.handshake()
    for plain in (b"\1", b"\1\2\1\1", b"\5\5name", b"\5\2a\n", b"\6\7" + bytes(7), b"\xff\1"):
        expect_ignored(t, live, live.beat, plain.hex(), plain=plain)
    live.send(Type.ACK, b"\6\x08\0")
    t.expect_alive(live)


@scenario("tlv-odd")
def tlv_odd(t):
    """Unknown TLVs, padding, repeated ones, more than eight of type 6, at any time: accepted."""
    live = t.handshake()
    for plain in (b"\x63\2ab", bytes(30), b"\1\1\1\1\1\3", tlv.acked(range(12)),
                  b"\2\2\0\0", b"\7\x08" + bytes(8) + b"\x08\1\5", t.hello, b"\xff\0" * 20,
                  b"\4\x20" + bytes(32)):
        t.expect(live.answered(live.beat(plain)), plain[:8].hex())


@scenario("telemetry", "rx-tlv|rx-malformed:2")
def telemetry(t):
    """HEARTBEAT with a telemetry block: the block is skipped; a short one is malformed."""
    live = t.handshake()
    for tail in (b"", b"\1\1\1", bytes(9)):
        t.expect(live.answered(live.beat(os.urandom(56) + tail, TELEMETRY)),
                 "a block and %d bytes" % len(tail))
    for plain in (b"", os.urandom(55)):
        expect_ignored(t, live, live.beat, "%d bytes" % len(plain), plain=plain, flags=TELEMETRY)


@scenario("ack-of-ack")
def ack_of_ack(t):
    """An ACK is never acknowledged, whatever its flags."""
    live = t.handshake()
    seq = live.send(Type.ACK, b"", REQUIRE_ACK)
    t.expect(not live.answered(seq, quiet(0.4)), "not acknowledged")
    t.expect_alive(live)


@scenario("ack-many")
def ack_many(t):
    """Eight HEARTBEATs in one segment: all acknowledged, at most eight to an ACK."""
    live = t.handshake()
    before = len(live.acks)
    packets = [live.seal(Type.HEARTBEAT, b"", REQUIRE_ACK) for _ in range(8)]
    live.wire.send_all(packets)
    want = {Header.parse(p).seq for p in packets}
    t.expect(live.read(2.0, lambda: want <= live.acked), "all eight")
    more = [live.seal(Type.HEARTBEAT, b"", REQUIRE_ACK) for _ in range(200)]
    live.wire.send_all(more)
    live.read(0.5)
    t.expect(all(len(a.acked) <= 8 for _, a in live.acks[before:]), "at most eight to an ACK")
    t.expect(all(h.channel == 0 and h.flags == ENCRYPTED for h, _ in live.acks),
             "ACKs have the flag ENCRYPTED alone")
    t.notes["acks_for_200"] = len(live.acks) - before
    t.expect_alive(live)


@scenario("close", "rx-no-session")
def close(t):
    """CLOSE ends the session and nothing is sent; the connection serves a new handshake."""
    live = t.handshake()
    live.wire.listen_for(quiet(0.1))
    live.send(Type.CLOSE, b"\0\0\0\0")
    t.expect_silence(live.wire, "CLOSE")
    t.expect(not live.alive(quiet(0.5)), "the session is gone")
    t.expect_alive(t.handshake(live.wire), "a new session on the connection")


@scenario("close-odd", "rx-tlv|rx-malformed:3", "rx-no-session")
def close_odd(t):
    """CLOSE of less than four bytes is dropped; of an unknown code, with bytes behind, obeyed."""
    live = t.handshake()
    for n in (0, 1, 3):
        expect_ignored(t, live, live.send, "%d bytes" % n, kind=Type.CLOSE, plain=bytes(n),
                       flags=REQUIRE_ACK)
    live.send(Type.CLOSE, b"\xee\xff\1\2more")
    t.expect(not live.alive(quiet(0.5)), "an unknown code ends the session")


@scenario("close-forged", "rx-decrypt", "rx-sequence", on=TCP)
def close_forged(t):
    """CLOSE under other keys, and one that is replayed back: no session ends by it."""
    live = t.handshake()
    keys = Direction(secret(), secret(), b"", 0)
    wire = t.connect()
    header = live.session.header(Type.CLOSE, seq=live.session.next_seq + 1)
    live.alive(wire=wire)
    wire.send(seal(keys, header, bytes(4)))
    t.expect(wire.closes(), "the connection it came on is closed")
    t.expect(live.reattach(), "the session lives, on a new connection")
    live.wire.send(seal(live.session.rx, header.with_(seq=live.session.rx.isn + 99), bytes(4)))
    t.expect(live.wire.stays(), "sealed for the other direction: dropped")
    t.expect_alive(live)


@scenario("unknown-session", "rx-no-session:22")
def unknown_session(t):
    """Seven unknown Session IDs in a row do nothing, an authentic packet starts the count anew,
    the eighth closes the connection, not the session."""
    live = t.handshake()

    def strange(wire, n):
        for _ in range(n):
            wire.send(live.seal(Type.HEARTBEAT, b"", sid=os.urandom(16)))

    strange(live.wire, 7)
    t.expect_silence(live.wire, "seven")
    t.expect_alive(live)
    strange(live.wire, 7)
    t.expect_silence(live.wire, "seven more")
    strange(live.wire, 1)
    t.expect(live.wire.closes(), "the eighth closes it")
    t.expect_alive(live)
    wire = t.connect()
    strange(wire, 7)
    t.expect_silence(wire, "unproven, seven")
    strange(wire, 1)
    t.expect(wire.closes(), "unproven, the eighth closes it")


@scenario("reattach", on=TCP)
def reattach(t):
    """HEARTBEAT on a new connection moves the session there, without a handshake; what comes
    late on the old one is taken and does not move it back."""
    live = t.handshake()
    old = live.wire
    old.listen_for(0.2)
    early = live.seal(Type.HEARTBEAT, b"", REQUIRE_ACK)
    new = t.connect()
    t.expect(live.alive(wire=new), "the answer comes on the new connection")
    old.send(early)
    t.expect(live.answered(Header.parse(early).seq, wire=new),
             "the answer to a late one too")
    t.expect(not old.listen_for(quiet(0.1)), "nothing comes on the old one")
    live.wire = new
    if t.mine:
        t.expect(live.ping(), "DATA goes through")
    t.expect(live.alive(wire=old), "and back by a later packet")


@scenario("reattach-low", on=TCP)
def reattach_low(t):
    """A packet that is authentic but not the highest does not move the session."""
    live = t.handshake()
    early = live.seal(Type.HEARTBEAT, b"", REQUIRE_ACK)
    t.expect_alive(live)
    other = t.connect()
    other.send(early)
    t.expect(live.answered(Header.parse(early).seq), "the answer comes where it was")
    t.expect(not other.listen_for(quiet(0.1)), "and not on the other connection")


@scenario("clock")
def clock(t):
    """Timestamps of session packets are not looked at."""
    live = t.handshake()
    for stamp in (0, 1, 2 ** 64 - 1, time.time_ns()):
        t.expect(live.answered(live.beat(timestamp=stamp)), "timestamp %d" % stamp)
    t.expect(live.answered(live.beat(ack=2 ** 64 - 1)), "any acknowledgment field")


@scenario("headers-of-answers")
def headers_of_answers(t):
    """What the target sends has the fields the specification says."""
    live = t.handshake()
    for _ in range(3):
        seq = live.beat()
        live.answered(seq)
        # Our ACK to a HEARTBEAT of the target's may have come after the one asked about.
        t.expect(seq <= live.acks[-1][0].ack < live.session.next_seq,
                 "acknowledgment field: highest sequence received")
    headers = [Header.parse(p) for p in live.wire.all
               if p[0] & 15 > Type.RESPONSE and p[20:36] == live.session.sid]
    for h in headers:
        allowed = {Type.ACK: ENCRYPTED, Type.REKEY: ENCRYPTED | REQUIRE_ACK,
                   Type.HEARTBEAT: ENCRYPTED | REQUIRE_ACK | TELEMETRY,
                   Type.DISCOVER: ENCRYPTED if t.datagram else None}.get(h.type)
        t.expect(h.flags == allowed and not (h.reserved1 or h.reserved47 or h.channel), "%s" % h)
    t.expect([h.seq - live.session.rx.isn for h in headers] == list(range(len(headers))),
             "sequences go up by 1")
    first = [a for h, a in live.acks if h.seq == live.session.rx.isn][0]
    t.expect(first.transports is not None and first.transports & 1 << t.transport - 1,
             "it says that it does this transport")
    t.expect(any(a.acked and a.is_hello() for _, a in live.acks),
             "its hello is repeated in the first ACK with TLV 6")
