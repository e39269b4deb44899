# SPDX-License-Identifier: GPL-2.0
"""Section 8."""

import ipaddress
import re
import struct
import zlib
from dataclasses import dataclass

from .crypto import H, be64

FIRST = bytes([0x11, 0, 0, 0])
_text = re.compile(r"pool1:([0-9a-f]{8})-O([0-9a-f]{16})-S([0-9a-f]{16})"
                   r"-N([0-9a-f]{16})-C([0-9a-f]{8})\Z")


class AddressError(Exception):
    """.kind is "format" or "checksum"."""

    def __init__(self, kind):
        super().__init__(kind)
        self.kind = kind


def node_id(identity):
    return H(identity)[:8]


@dataclass(frozen=True)
class Address:
    organisation: int
    segment: int
    node: bytes

    @classmethod
    def of(cls, identity, organisation=0, segment=0):
        return cls(organisation, segment, node_id(identity))

    def pack(self):
        body = FIRST + struct.pack(">QQ", self.organisation, self.segment) + self.node
        return body + struct.pack(">I", zlib.crc32(body))

    @classmethod
    def unpack(cls, data):
        if len(data) != 32 or data[:4] != FIRST:
            raise AddressError("format")
        if struct.unpack(">I", data[28:])[0] != zlib.crc32(data[:28]):
            raise AddressError("checksum")
        return cls(*struct.unpack(">QQ", data[4:20]), data[20:28])

    def __str__(self):
        x = self.pack().hex()
        return "pool1:%s-O%s-S%s-N%s-C%s" % (x[:8], x[8:24], x[24:40], x[40:56], x[56:])

    @classmethod
    def from_text(cls, text):
        match = _text.match(text)
        if not match:
            raise AddressError("format")
        return cls.unpack(bytes.fromhex("".join(match.groups())))

    def ipv6(self):
        return ipaddress.IPv6Address(
            b"\xfd" + H(b"pool1 org" + be64(self.organisation))[:5]
            + struct.pack(">H", self.segment & 0xFFFF) + self.node)


def addr16(host):
    """An IP address as 16 bytes, 5.3."""
    ip = ipaddress.ip_address(host.split("%")[0])
    if ip.version == 4:
        return bytes(10) + b"\xff\xff" + ip.packed
    return ip.packed
