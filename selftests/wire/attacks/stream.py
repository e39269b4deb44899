# SPDX-License-Identifier: GPL-2.0
"""Connections and byte streams, sections 7.2 to 7.6."""

import functools
import os
import socket
import time

from pool.header import REQUIRE_ACK, Header, Type
from pool.probe import SLOW

from . import TCP
from . import scenario as any_scenario

scenario = functools.partial(any_scenario, on=TCP)


def bytewise(wire):
    """From now on the wire sends a segment for every byte."""
    whole = wire.send

    def send(data):
        return all(whole(data[n:n + 1]) for n in range(len(data)))

    wire.send = send
    return wire


@scenario("one-byte")
def one_byte(t):
    """A handshake and a session in segments of one byte."""
    live = t.handshake(bytewise(t.connect()))
    t.expect_alive(live)
    if t.mine:
        t.expect(live.ping(), "DATA goes through")


@scenario("odd-pieces")
def odd_pieces(t):
    """Packets cut at and around the end of their headers, and several in one segment."""
    live = t.handshake()
    for cut in (1, 47, 48, 79, 80, 81, 95):
        packet = live.seal(Type.HEARTBEAT, b"", REQUIRE_ACK)
        live.wire.send(packet[:cut])
        time.sleep(0.02)
        live.wire.send(packet[cut:])
        t.expect(live.answered(Header.parse(packet).seq), "cut at %d" % cut)
    one, two = (live.seal(Type.HEARTBEAT, b"", REQUIRE_ACK) for _ in range(2))
    live.wire.send(one + two[:50])
    t.expect(live.answered(Header.parse(one).seq), "one and a half packets: the first")
    live.wire.send(two[50:])
    t.expect(live.answered(Header.parse(two).seq), "and the second")


@scenario("garbage", "rx-version|rx-type|rx-length|hs-version|hs-length:6",
          also=("conn-not-allowed", "rx-no-session", "rx-not-encrypted"))
def garbage(t):
    """Streams that are not POOL: no answer, the connection is closed; other connections live."""
    live = t.handshake()
    for text, stream in (
            ("zeros", bytes(65536)), ("ones", b"\xff" * 65536),
            ("HTTP", b"GET / HTTP/1.1\r\nHost: pool\r\n\r\n" * 50),
            ("TLS", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + os.urandom(2000)),
            ("random", b"\xe7" + os.urandom(1 << 20)), ("type 13", b"\x1d" + bytes(200)),
            ("INIT of no length", b"\x10" + bytes(79))):
        wire = t.connect()
        wire.send(stream)
        t.expect_refused(wire, text)
    wire = t.connect()
    wire.send(os.urandom(1 << 20))
    wire.close()
    t.expect_alive(live)


@scenario("garbage-behind", "rx-version|rx-type")
def garbage_behind(t):
    """Garbage after sound packets: what came before stays valid, the session lives."""
    live = t.handshake()
    packet = live.seal(Type.HEARTBEAT, b"", REQUIRE_ACK)
    live.wire.send(packet + b"\xff" * 5000)
    live.wire.closes()
    t.expect_alive(live)
    t.expect(live.session.tx.isn < Header.parse(packet).seq, "sent")


@scenario("unproven-limits", "conn-not-allowed:8",
          also=("rx-type", "rx-length"))
def unproven_limits(t):
    """An unproven connection may send INIT, CHALLENGE, RESPONSE, HEARTBEAT of up to 512 bytes;
    anything else closes it as soon as the header is there, even of a live session."""
    live = t.handshake()
    for kind in (Type.DATA, Type.ACK, Type.REKEY, Type.CLOSE, Type.INTEGRITY):
        wire = t.connect()
        wire.send(live.seal(kind, b"\0\0\0\0"))
        t.expect_refused(wire, kind.name)
    for size in (513, 65535):
        wire = t.connect()
        wire.send(live.seal(Type.HEARTBEAT, bytes(size - 16), REQUIRE_ACK))
        t.expect_refused(wire, "HEARTBEAT of %d bytes" % size)
    wire = t.connect()
    wire.send(live.session.header(Type.HEARTBEAT, seq=5, length=60000).leading() + bytes(32))
    t.expect(wire.closes(), "closed on the header alone")
    wire = t.connect()
    seq = live.beat(bytes(512 - 16), wire=wire)
    t.expect(live.answered(seq, wire=wire), "HEARTBEAT of 512 bytes re-attaches")
    live.wire = wire
    t.expect(live.answered(live.beat(bytes(60000))), "and then any size goes")


@scenario("silent", "conn-timeout:3", slow=True)
def silent(t):
    """Connections that say nothing, little by little, or INITs only are closed after 10 s."""
    wires = [t.connect() for _ in range(3)]
    attempt = t.attempt()
    init = attempt.init()
    t.challenge(wires[2], attempt)
    began = time.monotonic()
    sent = 0
    while time.monotonic() < began + 0.8 * t.unproven_time:
        wires[1].send(init[sent:sent + 1])
        sent += 1
        time.sleep(t.unproven_time / 20)
    t.expect(all(w.stays(0.01) for w in wires), "open until then")
    for wire, text in zip(wires, ("silent", "a byte now and then", "after a CHALLENGE")):
        t.expect(wire.closes(0.2 * t.unproven_time + 4), text)
    t.notes["seconds"] = round(time.monotonic() - began, 1)


@scenario("silent-many", "conn-limited:10")
def silent_many(t):
    """100 silent connections of one source: at most 64 stay open, a live session goes on, and
    once they are gone a handshake succeeds."""
    live = t.handshake()
    wires = []
    for _ in range(100):
        t.pace.tokens = 2.0
        try:
            wires.append(t.connect())
        except OSError:
            pass
    t.expect_alive(live)
    still, end = len(wires), time.monotonic() + 3 * SLOW    # it may still be accepting
    while still > 64 and time.monotonic() < end:
        for wire in wires:
            wire.listen_for(0.005)
        still = sum(not w.closed for w in wires)
    t.notes["still_open"] = still
    t.expect(still <= 64, "at most 64 unproven of one source, not %d" % still)
    t.expect_alive(live)
    for wire in wires:
        wire.close()
    time.sleep(3)           # the limit per source is also one of rate
    t.pace.tokens = 0
    t.expect_alive(t.handshake(), "a new session")


@scenario("reset")
def reset(t):
    """RST in the middle of a packet: the session lives, on a new connection."""
    live = t.handshake()
    for part in (0, 30, 80, 90):
        live.wire.send(live.seal(Type.HEARTBEAT, b"", REQUIRE_ACK)[:part])
        live.wire.reset()
        t.expect(live.reattach(), "after %d bytes" % part)
    live.wire.send(live.seal(Type.HEARTBEAT, b"", REQUIRE_ACK)[:60])
    live.wire.sock.shutdown(socket.SHUT_WR)
    live.wire.listen_for(0.2)
    live.wire.close()
    t.expect(live.reattach(), "after FIN")


@scenario("slow-reader", needs=("inner",), also=("tx-congested", "tx-staged-full"))
def slow_reader(t):
    """A peer that makes the target send and does not read: other connections and handshakes go
    on, and when it reads again so does its session."""
    wire = t.connect(rcvbuf=4096)
    live = t.handshake(wire)
    wire.sock.settimeout(2.0)
    packets, most = 0, 2 * t.flood
    big = live.echo(size=1200)
    end = time.monotonic() + 4 * SLOW
    while packets < most and time.monotonic() < end:
        if not wire.send(live.seal(Type.DATA, big)):
            break
        packets += 1
    t.notes["requests"] = packets
    other = t.connect()
    attempt = t.attempt()
    t.challenge(other, attempt)     # Unfit if it is not answered
    wire.sock.settimeout(10)
    live.read(1.0)
    for _ in range(20):
        before = len(live.data)
        live.read(0.5)
        if len(live.data) == before:
            break
    t.notes["replies"] = len(live.data)
    t.expect(bool(live.data), "replies come when it reads")
    if packets < most:
        # A packet may have been cut by the time-out: the stream is lost, not the session.
        live.wire.close()
        t.expect(live.reattach(), "the session lives on a new connection")
    t.expect_alive(live)


@scenario("half-open")
def half_open(t):
    """Connections left behind without FIN: the session moves, and the old ones do no harm."""
    live = t.handshake()
    for _ in range(5):
        t.expect(live.reattach(), "on a new connection")
    t.expect_alive(live)


@scenario("other-peer", "rx-no-session|hs-unknown-peer:2", needs=("second",))
def other_peer(t):
    """A session packet, and a RESPONSE, of another peer than the one the connection is proven
    for: the connection is closed, both sessions live."""
    one = t.handshake()
    two = t.handshake(s_i=t.second)
    wire = t.connect()
    t.expect(two.alive(wire=wire), "the second peer's session moves to a new connection")
    one.beat(wire=wire)
    t.expect(wire.closes(), "a packet of the first peer's closes it")
    t.expect(two.reattach(), "the second session lives")
    t.expect_alive(one, "the first session")
    _, _, candidate = t.prepare(one.wire, s_i=t.second)
    t.respond(one.wire, candidate.response)
    t.expect(one.wire.closes(), "a RESPONSE of the second peer's closes the first one's")
    t.expect_alive(one, "the first session")
    t.expect_alive(two, "the second session")


@scenario("any-initiator")
def any_initiator(t):
    """Several handshakes one after the other on one connection."""
    wire = t.connect()
    lives = [t.handshake(wire) for _ in range(2)]
    t.expect_alive(lives[0], "the first session")
    t.expect_alive(lives[1], "the second session")
