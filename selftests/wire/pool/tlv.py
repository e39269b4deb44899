# SPDX-License-Identifier: GPL-2.0
"""Section 3.4."""

import struct
from dataclasses import dataclass, field
from typing import List, Optional, Tuple

from .crypto import be16, be32, be64

PADDING, TRANSPORTS, MAX_PLAINTEXT, OFFLOAD, ADDRESS, NAME, ACKED, ERROR, OVERLOAD = range(9)
LENGTHS = {TRANSPORTS: (1, 1), MAX_PLAINTEXT: (2, 2), OFFLOAD: (1, 1), ADDRESS: (32, 32),
           NAME: (1, 32), ACKED: (8, 8), ERROR: (8, 8), OVERLOAD: (1, 1)}
MAX_ACKED = 8
MAX_ERRORS = 4
TCP, RAW, UDP = 1, 2, 4         # bits of transports


class Malformed(Exception):
    pass


@dataclass
class Tlvs:
    transports: Optional[int] = None
    max_plaintext: Optional[int] = None
    offload: Optional[int] = None
    address: Optional[bytes] = None
    name: Optional[bytes] = None
    acked: List[int] = field(default_factory=list)
    errors: List[Tuple[int, int, int]] = field(default_factory=list)
    overload: Optional[int] = None

    @property
    def error(self):
        return self.errors[0] if self.errors else None

    def is_hello(self):
        return any(x is not None for x in (self.transports, self.max_plaintext, self.offload,
                                           self.address, self.name))


def item(kind, value):
    return bytes([kind, len(value)]) + value


def name_is_sound(raw):
    try:
        text = raw.decode("utf-8", "strict")   # shortest form, no surrogates
    except UnicodeDecodeError:
        return False
    return not any(ord(c) < 0x20 or 0x7F <= ord(c) <= 0x9F for c in text)


def parse(data):
    out = Tlvs()
    seen = set()
    at = 0
    while at < len(data):
        kind = data[at]
        at += 1
        if kind == PADDING:
            continue
        if at == len(data):
            raise Malformed("no length byte")
        length = data[at]
        at += 1
        if length > len(data) - at:
            raise Malformed("past the end")
        value = data[at:at + length]
        at += length
        if kind not in LENGTHS:
            continue
        low, high = LENGTHS[kind]
        if not low <= length <= high:
            raise Malformed("length of type %d" % kind)
        if kind == NAME and not name_is_sound(value):
            raise Malformed("name")
        if kind == ACKED:
            if len(out.acked) < MAX_ACKED:
                out.acked.append(struct.unpack(">Q", value)[0])
            continue
        if kind == ERROR:               # one for each code, 6.15
            if len(out.errors) < MAX_ERRORS:
                code, subcode, _, count = struct.unpack(">BBHI", value)
                out.errors.append((code, subcode, count))
            continue
        if kind in seen:
            continue
        seen.add(kind)
        if kind == TRANSPORTS:
            out.transports = value[0]
        elif kind == MAX_PLAINTEXT:
            out.max_plaintext = struct.unpack(">H", value)[0] or None   # 0 is absent
        elif kind == OFFLOAD:
            out.offload = value[0]
        elif kind == ADDRESS:
            out.address = value
        elif kind == NAME:
            out.name = value
        elif kind == OVERLOAD:
            out.overload = value[0]
    return out


def write(t):
    """In ascending order of type, without padding."""
    out = b""
    if t.transports is not None:
        out += item(TRANSPORTS, bytes([t.transports]))
    if t.max_plaintext is not None:
        out += item(MAX_PLAINTEXT, be16(t.max_plaintext))
    if t.offload is not None:
        out += item(OFFLOAD, bytes([t.offload]))
    if t.address is not None:
        out += item(ADDRESS, t.address)
    if t.name is not None:
        out += item(NAME, t.name)
    return out + acked(t.acked)


def acked(sequences):
    return b"".join(item(ACKED, be64(s)) for s in sequences)


def error(code, count, subcode=0):
    return item(ERROR, bytes([code, subcode, 0, 0]) + be32(min(count, 0xFFFFFFFF)))


def overload(seconds):
    return item(OVERLOAD, bytes([min(int(seconds), 255)]))


def hello(name=None, address=None, max_plaintext=65519, transports=TCP, offload=0):
    return write(Tlvs(transports=transports, max_plaintext=max_plaintext, offload=offload,
                      name=name, address=address))
