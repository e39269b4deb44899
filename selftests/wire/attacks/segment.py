# SPDX-License-Identifier: GPL-2.0
"""Large packets, section 6.18: every rule is broken, each by itself."""

import os
import struct

from pool import segment
from pool.header import FRAGMENT, LAST_FRAG, REQUIRE_ACK, Type
from pool.probe import quiet
from pool.segment import ACK, CWR, ECN, FIN, PSH, RST, SYN, URG

from . import DATAGRAMS, TCP, scenario

PORTS = 9, 9
V6 = "fd0f::2", "fd0f::1"       # of nobody: what is sound comes to the check of its source


def data(size=3000):
    return os.urandom(size)


def send(live, plain, flags=0):
    """The sequence it went out with."""
    return live.send(Type.DATA, plain, flags, channel=1)


def made(packet, size=1000):
    """(Meta, packet) of a sound one."""
    return segment.judge(packet, size), packet


def edited(packet, at, form, *values):
    packet = bytearray(packet)
    struct.pack_into(form, packet, at, *values)
    return bytes(packet)


def refused(t, live, cases, flags=0, channel=1):
    """(text, plaintext) each: not acknowledged, and nothing else comes of it."""
    sent = [(live.send(Type.DATA, plain, flags | REQUIRE_ACK, channel=channel), text)
            for text, plain in cases]
    live.read(quiet(0.3))
    for seq, text in sent:
        t.expect(seq not in live.acked, "%s: not acknowledged" % text)
    t.expect(not live.wire.closed, "the connection stays")
    t.expect_alive(live)
    t.expect(not live.data, "nothing is delivered")


def kinds(t):
    yield "TCP, IPv4", made(segment.tcp(t.mine, t.theirs, PORTS, data()))
    yield "UDP, IPv4", made(segment.udp(t.mine, t.theirs, PORTS, data()))
    yield "TCP, IPv6", made(segment.tcp(*V6, PORTS, data()))
    yield "UDP, IPv6", made(segment.udp(*V6, PORTS, data()))


@scenario("segment", on=TCP, needs=("inner",))
def segment_(t):
    """Sound large packets of every kind and of the bounds of sizes: taken."""
    live = t.handshake()
    a, b = t.mine, t.theirs
    nops = b"\1" * 12
    for text, (meta, packet) in (
            ("TCP", made(segment.tcp(a, b, PORTS, data()))),
            ("UDP", made(segment.udp(a, b, PORTS, data()))),
            ("TCP with options", made(segment.tcp(a, b, PORTS, data(), options=nops * 3))),
            ("TCP with options of IPv4",
             made(segment.tcp(a, b, PORTS, data(), options=nops, ip_options=nops))),
            ("UDP with options of IPv4", made(segment.udp(a, b, PORTS, data(), nops))),
            ("TCP with CWR, FIN and PSH",
             made(segment.tcp(a, b, PORTS, data(), flags=ACK | CWR | FIN | PSH))),
            ("two segments, the second of one byte", made(segment.tcp(a, b, PORTS, data(89)), 88)),
            ("128 segments", made(segment.udp(a, b, PORTS, data(128 * 88)), 88)),
            ("the longest TCP", made(segment.tcp(a, b, PORTS, data(65507 - 40)), 1304)),
            ("the longest UDP", made(segment.udp(a, b, PORTS, data(65507 - 28)), 40000))):
        t.expect(live.answered(send(live, meta.pack() + packet, REQUIRE_ACK)), "%s: taken" % text)
    t.expect_alive(live)
    t.expect(live.ping(), "an echo afterwards")


@scenario("segment-source", "rx-source:3", on=TCP, needs=("inner",))
def segment_source(t):
    """Sound large packets from a source that is not ours: dropped."""
    live = t.handshake()
    refused(t, live, [(text, meta.pack() + packet) for text, (meta, packet) in (
        ("IPv4", made(segment.tcp("203.0.113.5", t.theirs, PORTS, data()))),
        ("TCP, IPv6", made(segment.tcp(*V6, PORTS, data()))),
        ("UDP, IPv6", made(segment.udp(*V6, PORTS, data()))))])


@scenario("segment-short", "rx-segment:8", on=TCP, needs=("inner",))
def segment_short(t):
    """Rules 1 to 3: no metadata, no packet, no header of one, too long, the zeros not zero."""
    live = t.handshake()
    meta, packet = made(segment.tcp(t.mine, t.theirs, PORTS, data()))
    refused(t, live, (
        ("nothing", b""), ("11 bytes", meta.pack()[:11]), ("no packet", meta.pack()),
        ("19 bytes of IPv4", meta.pack() + packet[:19]),
        ("39 bytes of IPv6", meta.pack() + b"\x60" + bytes(38)),
        ("not zero", meta.but(zero=1).pack() + packet),
        ("not zero either", meta.but(zero=0x8000).pack() + packet),
        ("version 5", meta.pack() + b"\x55" + packet[1:])))


@scenario("segment-ip", "rx-segment:16", on=TCP, needs=("inner",))
def segment_ip(t):
    """Rules 4 and 5: lengths, fragments and headers of IP that are not sound."""
    live = t.handshake()
    meta, packet = made(segment.tcp(t.mine, t.theirs, PORTS, data()))
    refused(t, live, [("IPv4: " + text, meta.pack() + changed) for text, changed in (
        ("a header of 16 bytes", edited(packet, 0, "B", 0x44)),
        ("a header of 24 bytes that has 20", edited(packet, 0, "B", 0x46)),
        ("total length 0", edited(packet, 2, ">H", 0)),
        ("total length one less", edited(packet, 2, ">H", len(packet) - 1)),
        ("total length one more", edited(packet, 2, ">H", len(packet) + 1)),
        ("total length 65535", edited(packet, 2, ">H", 65535)),
        ("more fragments", edited(packet, 6, ">H", 0x2000)),
        ("an offset", edited(packet, 6, ">H", 0x0001)),
        ("the last offset", edited(packet, 6, ">H", 0x1FFF)))])
    meta, packet = made(segment.tcp(*V6, PORTS, data()))
    refused(t, live, [("IPv6: " + text, meta.pack() + changed) for text, changed in (
        ("length 0", edited(packet, 4, ">H", 0)),
        ("one less", edited(packet, 4, ">H", len(packet) - 41)),
        ("one more", edited(packet, 4, ">H", len(packet) - 39)))])
    # Extension headers, with metadata that knows about them.
    longer = edited(packet, 4, ">H", len(packet) - 32)
    extension = bytes([6, 0, 1, 4, 0, 0, 0, 0])
    refused(t, live, [
        ("IPv6: extension header %d" % kind, meta.but(header=meta.header + 8, start=48).pack()
         + edited(longer[:40], 6, "B", kind) + extension + packet[40:])
        for kind in (0, 43, 44, 60)])


@scenario("segment-protocol", "rx-segment:8", on=TCP, needs=("inner",))
def segment_protocol(t):
    """Rule 6: protocols that are not cut, headers that are not inside."""
    live = t.handshake()
    meta, packet = made(segment.tcp(t.mine, t.theirs, PORTS, data()))
    short = segment.tcp(t.mine, t.theirs, PORTS, b"")
    refused(t, live, [
        ("protocol %d" % n, meta.pack() + edited(packet, 9, "B", n)) for n in (1, 4, 17, 47, 132)
    ] + [
        ("a TCP header of 16 bytes", meta.but(header=36).pack() + edited(packet, 32, "B", 0x40)),
        ("one that ends outside", meta.but(header=80).pack() + edited(short, 32, "B", 0xF0)),
        ("half of one", meta.pack() + edited(short[:30], 2, ">H", 30))])


@scenario("segment-flags", "rx-segment:7", on=TCP, needs=("inner",))
def segment_flags(t):
    """Rules 7 and 8: SYN, RST, URG; lengths in UDP that are another's."""
    live = t.handshake()
    meta, packet = made(segment.tcp(t.mine, t.theirs, PORTS, data()))
    refused(t, live, [("flags 0x%x" % flags, meta.pack() + edited(packet, 33, "B", flags))
                      for flags in (SYN, SYN | ACK, RST, URG | ACK)])
    meta, packet = made(segment.udp(t.mine, t.theirs, PORTS, data()))
    refused(t, live, [("UDP of %d bytes" % n, meta.pack() + edited(packet, 24, ">H", n))
                      for n in (0, 8, len(packet) - 21)])


@scenario("segment-metadata", "rx-segment:109", on=TCP, needs=("inner",))
def segment_metadata(t):
    """Rules 9 to 11: types, flags and offsets that are not those of the packet."""
    live = t.handshake()
    for name, (meta, packet) in kinds(t):
        others = [n for n in (0, 1, 3, 4, 5, 0x20, 0x40) if n != meta.type]
        changes = [dict(type=n) for n in others]
        changes += [dict(type=meta.type | ECN), dict(type=meta.type | 0x60)]
        changes += [dict(flags=n) for n in (0, 2, 3, 5, 0x81)]
        changes += [dict(header=n) for n in (0, meta.start, meta.header - 4, meta.header + 4, 65535)]
        changes += [dict(start=n) for n in (0, meta.start - 2, meta.start + 2, len(packet) - 2, 65535)]
        changes += [dict(offset=n) for n in (0, 2, 22 - meta.offset, 65535)]
        refused(t, live, [("%s: %s" % (name, change), meta.but(**change).pack() + packet)
                          for change in changes])
    meta, packet = made(segment.tcp(t.mine, t.theirs, PORTS, data(), flags=ACK | CWR))
    refused(t, live, [("CWR without 0x80", meta.but(type=segment.TCP4).pack() + packet)])


@scenario("segment-sum", "rx-segment:16", on=TCP, needs=("inner",))
def segment_sum(t):
    """Rule 12: what stands in the place of the checksum is not the pseudo-header's sum."""
    live = t.handshake()
    for name, (meta, packet) in kinds(t):
        at = meta.start + meta.offset
        good = segment.get16(packet, at)
        done = segment.get16(segment.cut(meta, packet)[0], at)
        refused(t, live, [
            ("%s: %s" % (name, text), meta.pack() + edited(packet, at, ">H", value))
            for text, value in (("its complement", good ^ 0xFFFF), ("one more", good + 1 & 0xFFFF),
                                ("zero", 0), ("a computed checksum", done))])


@scenario("segment-size", "rx-segment:16", on=TCP, needs=("inner",))
def segment_size(t):
    """Rule 13 and 2: segments too small, too many, too few; a packet too long."""
    live = t.handshake()
    for make, name in ((segment.tcp, "TCP"), (segment.udp, "UDP")):
        meta, packet = made(make(t.mine, t.theirs, PORTS, data()))
        many = make(t.mine, t.theirs, PORTS, data(128 * 88 + 1))
        refused(t, live, [("%s: size %d" % (name, size), meta.but(size=size).pack() + packet)
                          for size in (0, 1, 8, 87, 3000, 3001, 65535)]
                + [("%s: 129 segments" % name, meta.but(size=88).pack() + many)])
        wire_most = make(t.mine, t.theirs, PORTS, data(65508 - meta.header))
        t.expect(len(wire_most) == 65508, "a packet of 65,508 bytes")
        seq = live.session.next_seq
        try:
            send(live, meta.pack() + wire_most)
            t.expect(False, "it cannot be put in a packet")
        except struct.error:
            live.session.next_seq = seq
    t.expect_alive(live)


@scenario("segment-fragment", "rx-fragment", on=TCP, needs=("inner",))
def segment_fragment(t):
    """FRAGMENT on channel 1: dropped as on channel 0."""
    live = t.handshake()
    meta, packet = made(segment.tcp(t.mine, t.theirs, PORTS, data()))
    refused(t, live, [("FRAGMENT", meta.pack() + packet)], FRAGMENT)


@scenario("segment-channel", "rx-channel:2", on=TCP, needs=("inner",))
def segment_channel(t):
    """A sound large packet on a channel that is not 1: dropped."""
    live = t.handshake()
    meta, packet = made(segment.tcp(t.mine, t.theirs, PORTS, data()))
    for number in (2, 129):
        refused(t, live, [("channel %d" % number, meta.pack() + packet)], channel=number)


@scenario("segment-datagram", "rx-channel:2", on=DATAGRAMS, needs=("inner",))
def segment_datagram(t):
    """Channel 1 on datagrams, in one piece and in a fragment: dropped."""
    live = t.handshake()
    meta, packet = made(segment.tcp(t.mine, t.theirs, PORTS, data(200)), 100)
    plain = meta.pack() + packet
    refused(t, live, [("in one piece", plain)])
    refused(t, live, [("in a fragment", struct.pack(">IHH", 0, 0, len(plain)) + plain)],
            FRAGMENT | LAST_FRAG)


@scenario("segment-modest", "rx-channel:2", on=TCP, needs=("inner", "modest"))
def segment_modest(t):
    """Channel 1 to who did not offer it: dropped."""
    live = t.handshake()
    offers = [a.offload for _, a in live.acks if a.offload is not None]
    t.expect(not any(offers), "it is not offered")
    refused(t, live, [(name, meta.pack() + packet)
                      for name, (meta, packet) in list(kinds(t))[:2]])
