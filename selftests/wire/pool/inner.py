# SPDX-License-Identifier: GPL-2.0
"""Inner packets: section 6.10, and just enough ICMP to ping and be pinged."""

import ipaddress
import struct

ICMP4, ICMP6 = 1, 58
REQUEST = {4: 8, 6: 128}
REPLY = {4: 0, 6: 129}


def checksum(data):
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(">%dH" % (len(data) // 2), data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def is_sound(p):
    """Exactly one IP packet."""
    if not p:
        return False
    if p[0] >> 4 == 4:
        return (len(p) >= 20 and (p[0] & 15) * 4 >= 20 and (p[0] & 15) * 4 <= len(p)
                and struct.unpack_from(">H", p, 2)[0] == len(p))
    if p[0] >> 4 == 6:
        return len(p) >= 40 and struct.unpack_from(">H", p, 4)[0] + 40 == len(p)
    return False


def addresses(p):
    """(source, destination) of a sound packet."""
    if p[0] >> 4 == 4:
        return ipaddress.ip_address(p[12:16]), ipaddress.ip_address(p[16:20])
    return ipaddress.ip_address(p[8:24]), ipaddress.ip_address(p[24:40])


def dscp(p):
    """Of a sound packet."""
    return p[1] >> 2 if p[0] >> 4 == 4 else struct.unpack_from(">H", p)[0] >> 6 & 0x3F


def ip(source, destination, protocol, body):
    source, destination = ipaddress.ip_address(source), ipaddress.ip_address(destination)
    if source.version == 4:
        header = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(body), 0, 0x4000, 64, protocol,
                             0, source.packed, destination.packed)
        return header[:10] + struct.pack(">H", checksum(header)) + header[12:] + body
    return struct.pack(">IHBB16s16s", 6 << 28, len(body), protocol, 64, source.packed,
                       destination.packed) + body


def icmp(source, destination, kind, rest):
    """rest: from the identifier on."""
    source, destination = ipaddress.ip_address(source), ipaddress.ip_address(destination)
    body = struct.pack(">BBH", kind, 0, 0) + rest
    pseudo = b""
    if source.version == 6:
        pseudo = source.packed + destination.packed + struct.pack(">II", len(body), ICMP6)
    body = body[:2] + struct.pack(">H", checksum(pseudo + body)) + body[4:]
    return ip(source, destination, ICMP4 if source.version == 4 else ICMP6, body)


def echo_request(source, destination, ident, seq, data=b"pool"):
    version = ipaddress.ip_address(source).version
    return icmp(source, destination, REQUEST[version], struct.pack(">HH", ident, seq) + data)


def echo(p):
    """("request" or "reply", source, destination, ident, seq, data) or None."""
    if not is_sound(p):
        return None
    version = p[0] >> 4
    if version == 4:
        protocol, at, want = p[9], (p[0] & 15) * 4, ICMP4
        if struct.unpack_from(">H", p, 6)[0] & 0x3FFF:      # a fragment
            return None
    else:
        protocol, at, want = p[6], 40, ICMP6
    body = p[at:]
    if protocol != want or len(body) < 8:
        return None
    what = {REQUEST[version]: "request", REPLY[version]: "reply"}.get(body[0])
    if not what:
        return None
    return (what, *addresses(p), *struct.unpack_from(">HH", body, 4), body[8:])


def echo_reply(p):
    """The answer to an echo request, or None."""
    found = echo(p)
    if not found or found[0] != "request":
        return None
    _, source, destination, ident, seq, data = found
    return icmp(destination, source, REPLY[source.version],
                struct.pack(">HH", ident, seq) + data)


# -- ECN, RFC 6040 section 4.2. The field is 0 Not-ECT, 1 ECT(1), 2 ECT(0), 3 CE.

def ecn(p):
    """Of a sound packet."""
    return p[1] & 3 if p[0] >> 4 == 4 else p[1] >> 4 & 3


def with_ecn(p, value):
    p = bytearray(p)
    if p[0] >> 4 == 6:
        p[1] = p[1] & 0xCF | value << 4
        return bytes(p)
    end = (p[0] & 15) * 4
    p[1] = p[1] & 0xFC | value
    p[10:12] = b"\0\0"
    p[10:12] = struct.pack(">H", checksum(bytes(p[:end])))
    return bytes(p)


def decapsulated(p, outer):
    """A sound packet that came in one of that ECN; None if it has to be dropped."""
    mine = ecn(p)
    if outer == 3:
        return None if mine == 0 else with_ecn(p, 3)
    return with_ecn(p, 1) if outer == 1 and mine == 2 else p
