# SPDX-License-Identifier: GPL-2.0
"""Datagrams, section 7.7: what is no POOL packet, handshakes without a connection, and two
transports at once."""

import contextlib
import os
import random
import socket
import struct

from pool import handshake as hs
from pool.handshake import TRANSPORT_TCP, TRANSPORT_UDP
from pool.header import HEADER, REQUIRE_ACK, Header, Type
from pool.probe import quiet

from . import DATAGRAMS, Skip, flipped, scenario

UDP = (TRANSPORT_UDP,)


@contextlib.contextmanager
def over(t, transport):
    """What t does meanwhile goes over another transport of the target's."""
    mine = t.transport
    t.transport, t.datagram = transport, transport != TRANSPORT_TCP
    try:
        yield
    finally:
        t.transport, t.datagram = mine, mine != TRANSPORT_TCP


@scenario("datagram-length", "rx-length|hs-length:8", on=DATAGRAMS)
def datagram_length(t):
    """Datagrams that are not 80 bytes and the payload length of their header, two packets in one,
    and less than a header: dropped, without an answer."""
    live = t.handshake()
    beat = live.seal(Type.HEARTBEAT, b"", REQUIRE_ACK)
    init = t.attempt().init()
    for packet in (beat + b"\0", beat[:-1], beat + beat, beat[:79], beat[:1], b"", init + b"\0",
                   init[:-1]):
        live.wire.send(packet)
    t.expect_silence(live.wire, "odd lengths")
    live.wire.send(beat)
    t.expect(live.answered(Header.parse(beat).seq), "the packet itself is taken then")


@scenario("datagram-garbage", on=DATAGRAMS,
          also=("rx-length", "rx-version", "rx-type", "rx-not-encrypted", "rx-no-session",
                "hs-length", "hs-version", "hs-type"))
def datagram_garbage(t):
    """Datagrams that are not POOL: no answer, and a session lives."""
    live, chance = t.handshake(), random.Random(253)
    wire = t.connect()
    for packet in (bytes(80), bytes(152), b"\xff" * 1200, b"GET / HTTP/1.1\r\n\r\n" * 10,
                   struct.pack(">6H", 7, 0x100, 1, 0, 0, 0) + b"\4pool\7example\0\0\1\0\1"):
        wire.send(packet)
    for n in range(200):
        packet = bytearray(chance.randbytes(80 + n))
        packet[44:46] = struct.pack(">H", n)
        if n % 2:
            packet[0] = 0x10 | n % 16
        wire.send(bytes(packet))
    t.expect_silence(wire, "garbage")
    t.expect_alive(live)


@scenario("datagram-garbage-sid", "rx-decrypt:12", "rx-auth", "rx-sequence:12", "rx-type:6",
          on=DATAGRAMS, needs=("places",))
def datagram_garbage_sid(t):
    """Garbage with a live Session ID, and sequences and types that can be and that cannot, from the
    session's place and from another: no answer, and the session stays where it is."""
    live = t.handshake()
    other = t.elsewhere()
    for wire in live.wire, other:
        for n in range(8):
            for seq in (live.session.next_seq + n, random.getrandbits(64) | 1 << 63):
                header = live.session.header(3 + n % 8, seq=seq, length=100 + n)
                wire.send(header.leading() + os.urandom(132 + n))
        for kind in (13, 14, 15):
            wire.send(live.session.header(kind, seq=live.session.next_seq,
                                          length=16).leading() + os.urandom(48))
        # The HMAC field is not under the AEAD.
        wire.send(flipped(live.seal(Type.HEARTBEAT, b"", REQUIRE_ACK), 60))
    t.expect_silence(live.wire, "garbage")
    t.expect(not other.all, "nothing comes to the other place")
    t.expect_alive(live)


@scenario("datagram-no-repeat", on=DATAGRAMS)
def datagram_no_repeat(t):
    """INIT and RESPONSE go out once and are answered once: the target repeats nothing by itself."""
    wire, attempt = t.connect(), t.attempt()
    wire.send(attempt.init())
    packets = wire.listen_for(quiet(0.9))
    t.expect([p[0] & 15 for p in packets] == [Type.CHALLENGE], "one CHALLENGE for one INIT")
    if not packets:
        return
    candidate = attempt.response(packets[0])
    t.respond(wire, candidate.response)
    live = t.live(wire, attempt, candidate)
    t.expect([p[0] & 15 for p in wire.listen_for(quiet(0.9))] == [Type.ACK],
             "one ACK for one RESPONSE")
    t.expect_alive(live)


@scenario("datagram-init-again", on=DATAGRAMS, also=("hs-limited",))
def datagram_init_again(t):
    """The same INIT five times: each gets a CHALLENGE of its length, and any of them serves."""
    wire, attempt = t.connect(), t.attempt()
    for _ in range(5):
        wire.send(attempt.init())
    found = [p for p in wire.listen_for(quiet(0.5)) if p[0] & 15 == Type.CHALLENGE]
    t.expect(len(found) == 5, "five answers, not %d" % len(found))
    t.expect(wire.bytes_in <= wire.bytes_out, "not more bytes back than came")
    if found:
        candidate = attempt.response(found[-1])
        t.respond(wire, candidate.response)
        live = t.live(wire, attempt, candidate)
        t.expect(live.read(3.0, lambda: bool(live.acks)), "the last of them serves")
        t.expect_alive(live)


@scenario("datagram-init-flood", on=DATAGRAMS, also=("hs-limited",))
def datagram_init_flood(t):
    """INITs by the hundred: not more bytes back than came, and a handshake still succeeds."""
    wire = t.connect()
    init = t.attempt().init()
    for n in range(t.flood):
        wire.send(init)
        if n % 16 == 15:
            wire.drain(0)
    while wire.bytes_in < t.flood * len(init) and wire.drain(quiet(0.99)):
        pass
    found = wire.listen_for(0.01)
    t.expect(wire.bytes_in <= wire.bytes_out, "not more bytes back than came")
    t.expect(found and all(len(p) == 152 for p in found), "CHALLENGEs only")
    t.notes.update(full=sum(hs.Challenge.unpack(p[HEADER:]).full for p in found),
                   answers=len(found))
    t.expect_alive(t.handshake())


@scenario("datagram-challenge", "hs-attempt:3", on=DATAGRAMS, needs=("places",))
def datagram_challenge(t):
    """A CHALLENGE of the target's, back to it, again and from elsewhere: no such attempt."""
    wire, attempt = t.connect(), t.attempt()
    challenge = t.challenge(wire, attempt)
    other = t.elsewhere()
    for w in wire, wire, other:
        w.send(challenge)
    t.expect_silence(wire)
    t.expect_silence(other)


@scenario("datagram-response-elsewhere", on=DATAGRAMS, needs=("places",))
def datagram_response_elsewhere(t):
    """RESPONSE is repeated from another place before the session is confirmed: the ACK goes to
    where the session is, at most one every 200 ms, and nothing to the other place."""
    live = t.unconfirmed()
    live.read(quiet(0.3))
    other = t.elsewhere()
    for _ in range(5):
        other.send(live.candidate.response)
    t.expect(live.read(2.0, lambda: len(live.acks) > 1), "an ACK comes to the session's place")
    t.expect(not other.listen_for(quiet(0.3)), "nothing comes to the other one")
    t.expect(len(live.acks) == 2, "one ACK for five")
    t.expect_alive(live)


@scenario("datagram-response-replayed", "hs-replayed|hs-seed|hs-spent:3", on=DATAGRAMS,
          needs=("places",))
def datagram_response_replayed(t):
    """RESPONSE of a confirmed session again, from its place and from another: refused, and the
    session stays where it is."""
    live = t.handshake()
    other = t.elsewhere()
    t.respond(live.wire, live.candidate.response)
    t.respond(other, live.candidate.response)
    other.send(live.candidate.response)
    t.expect_silence(live.wire)
    t.expect(not other.listen_for(quiet(0.1)), "nothing comes to the other place")
    t.expect_alive(live)


@scenario("datagram-tcp-session", "rx-no-session:2", on=DATAGRAMS, needs=("tcp",))
def datagram_tcp_session(t):
    """A packet of a TCP session in a datagram, and the other way: no session there, and both
    sessions live."""
    with over(t, TRANSPORT_TCP):
        stream = t.handshake()
    live = t.handshake()
    by_datagram = stream.seal(Type.HEARTBEAT, b"", REQUIRE_ACK)
    live.wire.send(by_datagram)
    t.expect(not stream.answered(Header.parse(by_datagram).seq, quiet(0.3)),
             "TCP's by datagram: no answer by TCP")
    by_stream = live.seal(Type.HEARTBEAT, b"", REQUIRE_ACK)
    stream.wire.send(by_stream)
    t.expect(not live.answered(Header.parse(by_stream).seq, quiet(0.3)),
             "a datagram's by TCP: no answer by datagram")
    t.expect(stream.alive(), "the TCP session lives")
    t.expect_alive(live, "the session on datagrams")


@scenario("datagram-transcript", "hs-seal", on=DATAGRAMS)
def datagram_transcript(t):
    """A RESPONSE made for TCP, by datagram: the transport is part of the transcript."""
    wire = t.connect()
    attempt = t.attempt(transport=TRANSPORT_TCP)
    candidate = attempt.response(t.challenge(wire, attempt))
    t.respond(wire, candidate.response)
    t.expect_silence(wire)


@scenario("datagram-multicast", "rx-not-unicast", on=UDP)
def datagram_multicast(t):
    """INIT to all hosts of the link: no answer."""
    wire, attempt = t.connect(), t.attempt()
    if wire.v6:
        raise Skip("IPv4 only")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF,
                        socket.inet_aton(wire.sock.getsockname()[0]))
        sock.sendto(attempt.init(), ("224.0.0.1", t.port))
        sock.settimeout(quiet(0.5))
        try:
            sock.recv(2048)
            t.expect(False, "no answer")
        except socket.timeout:
            pass
    wire.send(attempt.init())
    t.expect(wire.recv(2.0) is not None, "the same INIT to the target alone is answered")


@scenario("datagram-port-zero", "rx-not-unicast", on=UDP)
def datagram_port_zero(t):
    """INIT from UDP port 0: dropped."""
    wire, attempt = t.connect(), t.attempt()
    if wire.v6 or os.geteuid():
        raise Skip("IPv4 and root only")
    init = attempt.init()
    with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_UDP) as sock:
        if t.source:
            sock.bind((t.source, 0))
        sock.sendto(struct.pack(">4H", 0, t.port, 8 + len(init), 0) + init, (t.host, 0))
    t.expect_silence(wire)
    wire.send(init)
    t.expect(wire.recv(2.0) is not None, "the same INIT from a port is answered")
