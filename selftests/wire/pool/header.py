# SPDX-License-Identifier: GPL-2.0
"""Section 3: the header."""

import enum
import struct
from dataclasses import dataclass, replace

VERSION = 1
HEADER = 80
LEADING = 48
TAG = 16
MAX_PAYLOAD = 65535


class Type(enum.IntEnum):
    INIT = 0
    CHALLENGE = 1
    RESPONSE = 2
    DATA = 3
    ACK = 4
    HEARTBEAT = 5
    REKEY = 6
    CLOSE = 7
    CONFIG = 8
    ROLLBACK = 9
    DISCOVER = 10
    JOURNAL = 11
    INTEGRITY = 12


HANDSHAKE = (Type.INIT, Type.CHALLENGE, Type.RESPONSE)
LAST_TYPE = Type.INTEGRITY

ENCRYPTED = 0x0001
COMPRESSED = 0x0002
PRIORITY = 0x0004
FRAGMENT = 0x0008
LAST_FRAG = 0x0010
REQUIRE_ACK = 0x0020
TELEMETRY = 0x0040
DEFINED_FLAGS = 0x03FF

# Payload lengths of the handshake packets, 3.2.
PAYLOAD = {Type.INIT: 72, Type.CHALLENGE: 72, Type.RESPONSE: 184}

_leading = struct.Struct(">BBHQQ16sQHBB")
assert _leading.size == LEADING


@dataclass
class Header:
    """Bytes 0 to 47. reserved1 and reserved47 are ignored, but authenticated."""
    type: int = 0
    flags: int = 0
    seq: int = 0
    ack: int = 0
    sid: bytes = bytes(16)
    timestamp: int = 0
    length: int = 0
    channel: int = 0
    version: int = VERSION
    reserved1: int = 0
    reserved47: int = 0

    def leading(self):
        return _leading.pack(self.version << 4 | self.type, self.reserved1, self.flags,
                             self.seq, self.ack, self.sid, self.timestamp, self.length,
                             self.channel, self.reserved47)

    @classmethod
    def parse(cls, data):
        (first, reserved1, flags, seq, ack, sid, timestamp, length, channel,
         reserved47) = _leading.unpack_from(data)
        return cls(first & 15, flags, seq, ack, sid, timestamp, length, channel,
                   first >> 4, reserved1, reserved47)

    def with_(self, **fields):
        return replace(self, **fields)


def payload_length_possible(kind, length):
    if kind in PAYLOAD:
        return length == PAYLOAD[kind]
    return length >= TAG


def canon(kind, sid, timestamp, length):
    """The canonical header of a handshake packet, 5.6."""
    return Header(type=kind, sid=sid, timestamp=timestamp, length=length).leading()
