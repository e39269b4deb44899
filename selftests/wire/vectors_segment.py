# SPDX-License-Identifier: GPL-2.0
"""Vectors of channel 1: segment.json."""

import struct

from pool import segment
from pool.segment import ACK, CWR, FIN, PSH, Broken
from vectors_common import rnd

V4 = "10.8.0.1", "10.8.0.2"
V6 = "fd08::1", "fd08::2"
PORTS = 40000, 443


def edited(data, at, form, *values):
    data = bytearray(data)
    struct.pack_into(form, data, at, *values)
    return bytes(data)


def payload(n):
    return (rnd("segment", 1000) * (n // 1000 + 1))[:n]


def segments():
    cases = []

    def case(name, plain, rule=0):
        """rule: the one that is broken."""
        try:
            meta, packet = segment.unpack(plain)
        except Broken as e:
            assert e.rule == rule, (name, e.rule)
            cases.append(dict(name=name, plain=plain, valid=False, rule=rule))
            return
        assert not rule, name
        parts = segment.cut(meta, packet)
        cases.append(dict(name=name, plain=plain, valid=True, type=meta.type, flags=meta.flags,
                          size=meta.size, header=meta.header, start=meta.start,
                          offset=meta.offset, count=len(parts)))
        if len(plain) < 1000:
            cases[-1]["segments"] = parts

    def of(packet, size):
        return segment.judge(packet, size).pack() + packet

    def tcp(ends, n=250, size=100, flags=ACK | PSH, options=b"", ip_options=b"", seq=0x01020304):
        return of(segment.tcp(*ends, PORTS, payload(n), seq, 0x05060708, flags, options,
                              ip_options), size)

    def udp(ends, n=250, size=100, ip_options=b""):
        return of(segment.udp(*ends, PORTS, payload(n), ip_options), size)

    nops = b"\1" * 12
    for ends, text in ((V4, "IPv4"), (V6, "IPv6")):
        case("TCP over %s" % text, tcp(ends))
        case("UDP over %s" % text, udp(ends))
        case("TCP over %s, options" % text, tcp(ends, options=nops))
        case("TCP over %s: CWR is of the first, FIN and PSH of the last" % text,
             tcp(ends, flags=ACK | CWR | FIN | PSH))
        case("TCP over %s: the sequence wraps" % text, tcp(ends, seq=2 ** 32 - 150))
        case("UDP over %s: two segments, the second of one byte" % text, udp(ends, 89, 88))
        case("TCP over %s: segments of equal length" % text, tcp(ends, 300))
    case("128 segments", udp(V4, 128 * 88, 88))
    case("IPv4 options", tcp(V4, ip_options=nops))
    case("IPv4 and TCP options, as many as there can be",
         tcp(V4, ip_options=b"\1" * 40, options=b"\1" * 40))
    case("UDP and IPv4 options", udp(V4, ip_options=nops))
    wrapped = bytearray(udp(V4))
    wrapped[12 + 4:12 + 6] = b"\xff\xff"
    case("the identification wraps", bytes(wrapped))
    # A payload for which the first segment's checksum is zero.
    plain = bytearray(udp(V4, 250))
    meta, packet = segment.unpack(bytes(plain))
    first = segment.cut(meta, packet)[0]
    word = segment.get16(first, 28) + segment.get16(first, 26)
    plain[12 + 28:12 + 30] = struct.pack(">H", word % 0xFFFF)
    assert segment.get16(segment.cut(*segment.unpack(bytes(plain)))[0], 26) == 0xFFFF
    case("a UDP checksum that is zero is 0xFFFF", bytes(plain))
    # Addresses for which the pseudo-header's sum is zero: it is 0xFFFF, and 0 is the same.
    packet = segment.udp("10.8.0.0", "10.8.0.2", PORTS, payload(250))
    low = 0xFFFF - segment.get16(packet, 26)
    plain = of(segment.udp("10.8.%d.%d" % divmod(low, 256), "10.8.0.2", PORTS,
                           payload(250)), 100)
    assert segment.get16(plain, 12 + 26) == 0xFFFF
    case("a sum of 0xFFFF", plain)
    case("the same as 0", edited(plain, 12 + 26, ">H", 0))
    case("and 1 is not", edited(plain, 12 + 26, ">H", 1), 12)

    t4, u4, t6, u6 = tcp(V4), udp(V4), tcp(V6), udp(V6)
    for n in (0, 11):
        case("%d bytes" % n, t4[:n], 1)
    case("bytes 10 and 11", edited(t4, 11, "B", 1), 1)
    case("no packet", t4[:12], 3)
    case("version 5", edited(t4, 12, "B", 0x55), 3)
    case("19 bytes of IPv4", t4[:31], 3)
    case("39 bytes of IPv6", t6[:51], 3)
    case("a header of 16 bytes", edited(t4, 12, "B", 0x44), 4)
    case("total length one less", edited(t4, 14, ">H", len(t4) - 13), 4)
    case("total length one more", edited(t4, 14, ">H", len(t4) - 11), 4)
    case("a byte behind the packet", t4 + b"\0", 4)
    case("more fragments", edited(t4, 18, ">H", 0x2000), 4)
    case("a fragment offset", edited(t4, 18, ">H", 1), 4)
    case("IPv6 payload length one less", edited(t6, 16, ">H", len(t6) - 53), 5)
    case("a byte behind the packet, IPv6", t6 + b"\0", 5)
    for kind in (0, 43, 44, 60):
        case("IPv6 extension header %d" % kind, edited(t6, 18, "B", kind), 5)
    case("ICMP", edited(t4, 21, "B", 1), 6)
    case("IPv6 in IPv4", edited(t4, 21, "B", 41), 6)
    case("a TCP header of 16 bytes", edited(t4, 44, "B", 0x40), 6)
    short = segment.tcp(*V4, PORTS, b"")
    case("a TCP header that ends outside", t4[:12] + edited(short, 32, "B", 0x60), 6)
    for name, bit in (("SYN", 2), ("RST", 4), ("URG", 0x20)):
        case(name, edited(t4, 45, "B", ACK | bit), 7)
        case(name + " over IPv6", edited(t6, 65, "B", ACK | bit), 7)
    case("UDP length one less", edited(u4, 36, ">H", 257), 8)
    case("UDP length 0", edited(u6, 56, ">H", 0), 8)
    for kind in (0, 3, 4, 5, 0x81, 0x21):
        case("type %d on TCP over IPv4" % kind, edited(t4, 0, "B", kind), 9)
    for kind in (1, 5, 0x84):
        case("type %d on TCP over IPv6" % kind, edited(t6, 0, "B", kind), 9)
    for kind in (1, 3, 0x85):
        case("type %d on UDP" % kind, edited(u4, 0, "B", kind), 9)
    case("CWR and type 1", edited(t4, 45, "B", ACK | CWR), 9)
    for flags in (0, 2, 3, 5):
        case("flags %d" % flags, edited(t4, 1, "B", flags), 10)
    for at, name in ((4, "header length"), (6, "checksum start"), (8, "checksum offset")):
        for plain, of_ in ((t4, "TCP over IPv4"), (u6, "UDP over IPv6")):
            right = segment.get16(plain, at)
            for value in (0, right - 2, right + 2, 65535):
                case("%s %d, %s" % (name, value, of_), edited(plain, at, ">H", value), 11)
    for plain, at, name in ((t4, 48, "TCP over IPv4"), (u4, 38, "UDP over IPv4"),
                            (t6, 68, "TCP over IPv6"), (u6, 58, "UDP over IPv6")):
        right = segment.get16(plain, at)
        case("the complement of the sum, " + name, edited(plain, at, ">H", right ^ 0xFFFF), 12)
        case("another sum, " + name, edited(plain, at, ">H", right + 1), 12)
        for size in (0, 1, 87, 250, 251, 65535):
            case("size %d, %s" % (size, name), edited(plain, 2, ">H", size), 13)
    packet = segment.udp(*V4, PORTS, payload(128 * 88 + 1))
    case("129 segments", segment.judge(packet, 1000).but(size=88).pack() + packet, 13)
    case("nothing but headers", t4[:12] + short, 13)
    return "Large packets on channel 1, section 6.18", cases
