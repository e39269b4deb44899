# SPDX-License-Identifier: GPL-2.0
"""Fragments (6.17), DISCOVER (6.16) and ECN (6.10) on datagrams."""

import itertools
import os

from pool import fragment, inner
from pool.discover import ANSWER, LEAST, PROBE, Discover
from pool.fragment import Fragment
from pool.header import ENCRYPTED, FRAGMENT, LAST_FRAG, REQUIRE_ACK, Header, Type
from pool.probe import SLOW, quiet

from . import DATAGRAMS, scenario
from .session import expect_ignored

# Incomplete messages that a scenario leaves behind are given up some time.
LEFT = ("rx-fragment-timeout",)
PATH = 256 + 104        # the smallest fragments that may be


def pieces(live, packet, size=PATH):
    """The fragments of a message, with the next message id."""
    live.message = getattr(live, "message", -1) + 1
    return fragment.split(live.message, packet, size)


def send(live, f, flags=0, plain=None):
    """The sequence it went out with."""
    return live.send(Type.DATA, f.pack() if plain is None else plain, f.flags | flags)


def delivered(t, live, packet, text):
    """An echo request that was sent is answered."""
    data = inner.echo(packet)[5]
    t.expect(live.read(3.0, lambda: any((inner.echo(p) or [0] * 6)[5] == data
                                        for p in live.data)), "%s: delivered" % text)


def not_delivered(t, live, packet, text):
    data = inner.echo(packet)[5]
    t.expect(not live.read(quiet(0.3), lambda: any((inner.echo(p) or [0] * 6)[5] == data
                                                   for p in live.data)), "%s: lost" % text)


@scenario("fragment", on=DATAGRAMS, needs=("inner",))
def fragment_(t):
    """Messages in fragments, in order, backwards, mixed, and in one piece: delivered."""
    live = t.handshake()
    for text, order in (("in order", 1), ("backwards", -1)):
        packet = live.echo(size=1100)
        for f in pieces(live, packet)[::order]:
            send(live, f)
        delivered(t, live, packet, text)
    one, two = live.echo(size=900), live.echo(size=1000)
    for pair in itertools.zip_longest(pieces(live, one), pieces(live, two)):
        for f in filter(None, pair):
            send(live, f)
    delivered(t, live, one, "mixed")
    delivered(t, live, two, "mixed")
    packet = live.echo()
    send(live, pieces(live, packet, 1200)[0])
    delivered(t, live, packet, "one piece")


@scenario("fragment-ack", on=DATAGRAMS, needs=("inner",))
def fragment_ack(t):
    """REQUIRE_ACK on fragments: each is acknowledged, before its message is complete."""
    live = t.handshake()
    packet = live.echo(size=700)
    for f in pieces(live, packet):
        t.expect(live.answered(send(live, f, REQUIRE_ACK)), "offset %d" % f.offset)
    delivered(t, live, packet, "the message")


@scenario("fragment-overlap", "rx-fragment:3", on=DATAGRAMS, needs=("inner",), also=LEFT)
def fragment_overlap(t):
    """A fragment that overlaps another one: its message is lost."""
    live = t.handshake()
    for text, change in (("the same bytes", 0), ("one byte", -1), ("other bytes", -100)):
        packet = live.echo(size=900)
        first, *rest = pieces(live, packet)
        send(live, first)
        again = Fragment(first.message, first.end + change if change else 0, first.total,
                         os.urandom(256))
        expect_ignored(t, live, live.send, text, kind=Type.DATA, plain=again.pack(),
                       flags=FRAGMENT | REQUIRE_ACK)
        for f in rest:
            send(live, f)
        not_delivered(t, live, packet, text)


@scenario("fragment-total", "rx-fragment:2", on=DATAGRAMS, needs=("inner",), also=LEFT)
def fragment_total(t):
    """A fragment that says another total than the first one: its message is lost."""
    live = t.handshake()
    for more in (1, -1):
        packet = live.echo(size=900)
        first, second, *rest = pieces(live, packet)
        send(live, first)
        second.total += more
        expect_ignored(t, live, live.send, "total %+d" % more, kind=Type.DATA,
                       plain=second.pack(), flags=FRAGMENT | REQUIRE_ACK)
        second.total -= more
        for f in [second] + rest:
            send(live, f)
        not_delivered(t, live, packet, "total %+d" % more)


@scenario("fragment-many", "rx-fragment-evicted", on=DATAGRAMS, needs=("inner",), also=LEFT)
def fragment_many(t):
    """17 incomplete messages: the one that waits longest goes, and the others can be completed."""
    live = t.handshake()
    packets = [live.echo(size=600) for _ in range(17)]
    rest = []
    for packet in packets:
        first, *others = pieces(live, packet)
        t.expect(live.answered(send(live, first, REQUIRE_ACK)), "it is taken")
        rest.append(others)
    for n in (1, 16):
        for f in rest[n]:
            send(live, f)
        delivered(t, live, packets[n], "message %d" % n)
    for f in rest[0]:
        send(live, f)
    not_delivered(t, live, packets[0], "message 0")
    t.expect_alive(live)


@scenario("fragment-wrong", "rx-fragment:11", on=DATAGRAMS, needs=("inner",), also=LEFT)
def fragment_wrong(t):
    """Fragments that break a rule by themselves: dropped, not acknowledged."""
    live = t.handshake()

    def f(offset, total, length):
        live.message = getattr(live, "message", -1) + 1
        return Fragment(live.message, offset, total, os.urandom(length)).pack()

    for text, plain, flags in (
            ("no head", bytes(7), FRAGMENT), ("nothing", b"", FRAGMENT | LAST_FRAG),
            ("no bytes", f(0, 600, 0), FRAGMENT),
            ("no bytes, last", f(600, 600, 0), FRAGMENT | LAST_FRAG),
            ("255 bytes and not the last", f(0, 600, 255), FRAGMENT),
            ("the end without LAST_FRAG", f(300, 600, 300), FRAGMENT),
            ("LAST_FRAG before the end", f(0, 600, 300), FRAGMENT | LAST_FRAG),
            ("past the end", f(400, 600, 300), FRAGMENT | LAST_FRAG),
            ("past the end, not the last", f(400, 600, 300), FRAGMENT),
            ("longer than TLV 2 of anybody", f(65500, 65535, 35), FRAGMENT | LAST_FRAG),
            ("LAST_FRAG alone", f(300, 600, 300), LAST_FRAG)):
        expect_ignored(t, live, live.send, text, kind=Type.DATA, plain=plain,
                       flags=flags | REQUIRE_ACK)


@scenario("fragment-wrong-joins", "rx-fragment", on=DATAGRAMS, needs=("inner",), also=LEFT)
def fragment_wrong_joins(t):
    """One that breaks a rule by itself takes the message that it names with it."""
    live = t.handshake()
    packet = live.echo(size=900)
    first, second, *rest = pieces(live, packet)
    send(live, first)
    send(live, second, LAST_FRAG)
    for f in [second] + rest:
        send(live, f)
    not_delivered(t, live, packet, "the message")
    t.expect_alive(live)


@scenario("fragment-other-types", "rx-fragment:6", on=DATAGRAMS)
def fragment_other_types(t):
    """FRAGMENT and LAST_FRAG on what is not DATA: dropped, even on CLOSE."""
    live = t.handshake()
    for flags in (FRAGMENT, LAST_FRAG | FRAGMENT):
        for kind, plain in ((Type.HEARTBEAT, b""), (Type.DISCOVER, Discover(PROBE, LEAST).pack()),
                            (Type.CLOSE, bytes(4))):
            expect_ignored(t, live, live.send, "%s, flags 0x%x" % (kind.name, flags), kind=kind,
                           plain=plain, flags=flags | REQUIRE_ACK)
    t.expect(not any(d.op == ANSWER for d, _, _ in live.discovers), "no answer to the probes")


@scenario("fragment-message", "rx-malformed:2", "rx-source", on=DATAGRAMS, needs=("inner",))
def fragment_message(t):
    """Complete messages that are not an inner packet of ours: dropped as DATA would be."""
    live = t.handshake()
    good = live.echo(size=700)
    strange = ("203.0.113.5", t.theirs) if "." in t.theirs else ("2001:db8::5", t.theirs)
    for packet in (b"\x55" + good[1:], good + b"\0", live.echo(*strange, size=700)):
        for f in pieces(live, packet):
            send(live, f)
        t.expect_alive(live)
    t.expect(not live.data, "not delivered")


@scenario("fragment-timeout", "rx-fragment-timeout", on=DATAGRAMS, needs=("inner",), slow=True)
def fragment_timeout(t):
    """A message that is incomplete after 5 s is given up, and that is told to its sender."""
    live = t.handshake()
    packet = live.echo(size=600)
    first, *rest = pieces(live, packet)
    send(live, first)
    live.read(6.0 / SLOW)
    for f in rest:
        send(live, f)
    not_delivered(t, live, packet, "the message")
    t.expect(live.read(8.0, lambda: any(code == 4 for _, errors in live.reports
                                        for code, _, _ in errors)), "FRAG_TIMEOUT is reported")


@scenario("discover", on=DATAGRAMS)
def discover(t):
    """Probes are answered: with their size and id, by 104 bytes, and by no ACK."""
    live = t.handshake()
    for size in (104, 105, 300, 484, 1200, 1400):
        probe = Discover(PROBE, size)
        packet = live.seal(Type.DISCOVER, probe.pack(), REQUIRE_ACK)
        t.expect(len(packet) == size, "our own probe is as long as it says")
        live.wire.send(packet)
        seq = live.session.next_seq - 1
        live.read(3.0, lambda p=probe: any(d.id == p.id for d, _, _ in live.discovers))
        found = [(d, h) for d, h, _ in live.discovers if d.id == probe.id]
        if t.expect(len(found) == 1, "%d bytes: one answer" % size):
            d, h = found[0]
            t.expect(d.op == ANSWER and d.size == size, "%d bytes: size and id" % size)
            t.expect(h.length == 24 and h.flags == ENCRYPTED and h.channel == 0,
                     "%d bytes: 104 bytes of answer, ENCRYPTED alone" % size)
        t.expect(not live.answered(seq, quiet(0.1)), "%d bytes: no ACK" % size)


@scenario("discover-malformed", "rx-tlv|rx-malformed:8", on=DATAGRAMS)
def discover_malformed(t):
    """DISCOVER that cannot be: dropped without an answer."""
    live = t.handshake()
    good = Discover(PROBE, 200).pack()
    for text, plain in (
            ("empty", b""), ("7 bytes", good[:7]), ("op 0", b"\0" + good[1:]),
            ("op 3", b"\3" + good[1:]), ("op 255", b"\xff" + good[1:]), ("a byte short", good[:-1]),
            ("a byte long", good + b"\0"), ("size 0", good[:2] + b"\0\0" + good[4:])):
        expect_ignored(t, live, live.send, text, kind=Type.DISCOVER, plain=plain,
                       flags=REQUIRE_ACK)
    t.expect(not any(d.op == ANSWER for d, _, _ in live.discovers), "no answer")


@scenario("discover-answer", on=DATAGRAMS, needs=("inner",), also=("rx-malformed",))
def discover_answer(t):
    """Answers to no probe: nothing comes of them, nor do larger packets."""
    live = t.unconfirmed()
    live.answers_probes = False         # before the first one can come
    t.expect_alive(live)
    for size in (65535, 9000, 104, 0):
        live.send(Type.DISCOVER, Discover(ANSWER, size).pack())
    t.expect(live.ping(), "a small packet")
    packet = live.echo(size=1100)
    live.send(Type.DATA, packet)
    delivered(t, live, packet, "a larger one")
    # No probe of the target's was answered, so it knows the floor alone.
    lengths = [len(p) for p in live.wire.all if p[0] & 15 == Type.DATA]
    floor = 1280 if live.wire.v6 else 512
    t.expect(max(lengths) <= floor, "what it sends fits the floor: %s" % lengths)


@scenario("ecn", "rx-ecn", on=DATAGRAMS, needs=("inner",))
def ecn(t):
    """Congestion marked outside: dropped if the inner packet cannot carry the mark, else not."""
    live = t.handshake()
    for mark in (1, 2, 3):
        packet = live.echo(size=40 + mark)
        live.wire.send(live.seal(Type.DATA, inner.with_ecn(packet, 2)), mark)
        delivered(t, live, packet, "ECT(0) in %d" % mark)
    for mark in (0, 1, 2):
        packet = live.echo(size=50 + mark)
        live.wire.send(live.seal(Type.DATA, packet), mark)
        delivered(t, live, packet, "Not-ECT in %d" % mark)
    packet = live.echo(size=60)
    live.wire.send(live.seal(Type.DATA, packet), 3)
    not_delivered(t, live, packet, "Not-ECT in CE")
    # A control packet carries no mark, whatever became of it under way.
    packet = live.seal(Type.HEARTBEAT, b"", REQUIRE_ACK)
    live.wire.send(packet, 3)
    t.expect(live.answered(Header.parse(packet).seq), "a HEARTBEAT that was marked is taken")
