# SPDX-License-Identifier: GPL-2.0
"""Section 6.18: large packets, whole on channel 1, and how they are cut."""

import ipaddress
import struct
from dataclasses import dataclass, replace

from . import inner
from .drop import Drop
from .header import PRIORITY, Type

CHANNEL = 1
OFFER = 1                               # bit 0 of TLV 3
TCP4, TCP6, UDP, ECN = 1, 4, 5, 0x80    # types
NEEDS_CSUM = 1                          # flags
LARGEST, LEAST, MOST = 65507, 88, 128
TCP_PROTOCOL, UDP_PROTOCOL = 6, 17
FIN, SYN, RST, PSH, ACK, URG, CWR = 1, 2, 4, 8, 0x10, 0x20, 0x80
_meta = struct.Struct(">BBHHHHH")
HEAD = _meta.size


class Broken(Exception):
    """A rule of the section, by its number."""

    def __init__(self, rule):
        super().__init__("rule %d" % rule)
        self.rule = rule


@dataclass
class Meta:
    type: int
    flags: int
    size: int
    header: int
    start: int
    offset: int
    zero: int = 0

    def pack(self):
        return _meta.pack(self.type, self.flags, self.size, self.header, self.start, self.offset,
                          self.zero)

    def but(self, **fields):
        return replace(self, **fields)


def need(truth, rule):
    if not truth:
        raise Broken(rule)


def get16(p, at):
    return struct.unpack_from(">H", p, at)[0]


def add16(data):
    """The sum of RFC 1071, not complemented."""
    return inner.checksum(data) ^ 0xFFFF


def pseudo(packet, protocol, start, length):
    """The pseudo-header of what begins at `start`, `length` bytes long."""
    a = packet[12:20] if packet[0] >> 4 == 4 else packet[8:40]
    return a + struct.pack(">HH", protocol, length)


def judge(packet, size):
    """The metadata of a packet that is cut every `size` bytes. Broken if it may not be sent."""
    need(len(packet) <= LARGEST, 2)
    version = packet[0] >> 4 if packet else 0
    need(version in (4, 6) and len(packet) >= (20 if version == 4 else 40), 3)
    if version == 4:
        start, protocol = (packet[0] & 15) * 4, packet[9]
        need(start >= 20 and get16(packet, 2) == len(packet), 4)
        need(not get16(packet, 6) & 0x3FFF, 4)
    else:
        start, protocol = 40, packet[6]
        need(40 + get16(packet, 4) == len(packet), 5)
    need(protocol in (TCP_PROTOCOL, UDP_PROTOCOL), 5 if version == 6 else 6)
    body = packet[start:]
    if protocol == TCP_PROTOCOL:
        need(len(body) >= 20, 6)
        length = (body[12] >> 4) * 4
        need(20 <= length <= len(body), 6)
        need(not body[13] & (SYN | RST | URG), 7)
        kind, offset = TCP4 if version == 4 else TCP6, 16
        if body[13] & CWR:
            kind |= ECN
    else:
        need(len(body) >= 8, 6)
        length = 8
        need(get16(body, 4) == len(body), 8)
        kind, offset = UDP, 6
    left, right = get16(body, offset), add16(pseudo(packet, protocol, start, len(body)))
    need(left == right or {left, right} == {0, 0xFFFF}, 12)
    payload = len(body) - length
    need(LEAST <= size < payload and payload <= MOST * size, 13)
    return Meta(kind, NEEDS_CSUM, size, start + length, start, offset)


def unpack(plain):
    """(Meta, packet) of the plaintext of DATA on channel 1. Broken if it is to be dropped."""
    need(len(plain) >= HEAD, 1)
    said, packet = Meta(*_meta.unpack_from(plain)), plain[HEAD:]
    need(said.zero == 0, 1)
    own = judge(packet, said.size)
    need(said.type == own.type, 9)
    need(said.flags == own.flags, 10)
    need((said.header, said.start, said.offset) == (own.header, own.start, own.offset), 11)
    return said, packet


def take(plain):
    try:
        return unpack(plain)
    except Broken:
        raise Drop("rx-segment") from None


def cut(meta, packet):
    """The segments, each a packet that is complete."""
    headers, payload = packet[:meta.header], packet[meta.header:]
    parts = [payload[at:at + meta.size] for at in range(0, len(payload), meta.size)]
    return [segment(meta, headers, k, part, k == len(parts) - 1) for k, part in enumerate(parts)]


def segment(meta, headers, k, part, last):
    p = bytearray(headers + part)
    if p[0] >> 4 == 4:
        struct.pack_into(">HH", p, 2, len(p), get16(headers, 4) + k & 0xFFFF)
        p[10:12] = b"\0\0"
        p[10:12] = struct.pack(">H", inner.checksum(bytes(p[:meta.start])))
    else:
        struct.pack_into(">H", p, 4, len(p) - 40)
    length = len(p) - meta.start
    at = meta.start + meta.offset
    protocol = TCP_PROTOCOL
    if meta.type == UDP:
        protocol = UDP_PROTOCOL
        struct.pack_into(">H", p, meta.start + 4, length)
    else:
        seq = struct.unpack_from(">I", headers, meta.start + 4)[0]
        struct.pack_into(">I", p, meta.start + 4, seq + k * meta.size & 0xFFFFFFFF)
        p[meta.start + 13] &= ~((0 if last else FIN | PSH) | (CWR if k else 0)) & 0xFF
    p[at:at + 2] = b"\0\0"
    total = inner.checksum(bytes(pseudo(p, protocol, meta.start, length) + p[meta.start:]))
    if meta.type == UDP and total == 0:
        total = 0xFFFF
    p[at:at + 2] = struct.pack(">H", total)
    return bytes(p)


def with_sum(packet, protocol, start):
    """The packet with the sum of its pseudo-header in the place of the checksum."""
    at = start + (16 if protocol == TCP_PROTOCOL else 6)
    total = add16(pseudo(packet, protocol, start, len(packet) - start))
    return packet[:at] + struct.pack(">H", total) + packet[at + 2:]


def with_options(packet, options):
    """An IPv4 packet that has none, with them."""
    assert packet[0] == 0x45 and len(options) % 4 == 0
    head = bytearray(packet[:20] + options)
    head[0] += len(options) // 4
    struct.pack_into(">H", head, 2, len(packet) + len(options))
    head[10:12] = b"\0\0"
    head[10:12] = struct.pack(">H", inner.checksum(bytes(head)))
    return bytes(head) + packet[20:]


def tcp(source, destination, ports, payload, seq=1, ack=1, flags=ACK, options=b"", ip_options=b""):
    """A large packet as a stack hands it to a device."""
    assert len(options) % 4 == 0
    body = struct.pack(">HHIIBBHHH", *ports, seq, ack, 5 + len(options) // 4 << 4, flags, 512, 0,
                       0) + options + payload
    return finish(source, destination, TCP_PROTOCOL, body, ip_options)


def udp(source, destination, ports, payload, ip_options=b""):
    body = struct.pack(">HHHH", *ports, 8 + len(payload), 0) + payload
    return finish(source, destination, UDP_PROTOCOL, body, ip_options)


def finish(source, destination, protocol, body, ip_options):
    packet = inner.ip(source, destination, protocol, body)
    if ip_options:
        packet = with_options(packet, ip_options)
    start = 40 if ipaddress.ip_address(source).version == 6 else 20 + len(ip_options)
    return with_sum(packet, protocol, start)


class Large:
    """What a Node has to do with them."""

    @staticmethod
    def learn_large(session, t):
        if t.offload is not None:
            session.takes_large = bool(t.offload & OFFER)

    def on_large(self, session, header, plain, conn):
        """DATA on a channel that is not 0."""
        if header.channel != CHANNEL or conn.datagram or not self.large:
            raise Drop("rx-channel")
        if len(plain) > self.max_plaintext:
            raise Drop("rx-too-big")
        meta, packet = take(plain)
        if self.route(inner.addresses(packet)[0]) is not session.peer:
            raise Drop("rx-source")
        session.rx_packets += 1
        session.rx_large += 1
        session.rx_bytes += len(plain)
        session.rx_priority += bool(header.flags & PRIORITY)
        for part in cut(meta, packet):
            self.deliver(session.peer, part)

    def send_large(self, peer, packet, size):
        """To be cut every `size` bytes of payload, there or here. There must be a session."""
        session, meta = peer.current, judge(packet, size)
        plain = meta.pack() + packet
        if (not session.takes_large or session.conn.datagram
                or len(plain) > (peer.max_plaintext or 65519)):
            return all([self.send_ip(part) for part in cut(meta, packet)])
        session.tx_packets += 1
        session.tx_large += 1
        session.tx_bytes += len(plain)
        return self.send(session, Type.DATA, plain, channel=CHANNEL)
