# SPDX-License-Identifier: GPL-2.0
"""Section 7.2 to 7.4: packets in a byte stream."""

from .drop import Drop
from .header import HEADER, LAST_TYPE, VERSION, Header, Type, payload_length_possible

UNPROVEN_TYPES = (Type.INIT, Type.CHALLENGE, Type.RESPONSE, Type.HEARTBEAT)
UNPROVEN_PAYLOAD = 512


def judge(header, unproven):
    """What can be said as soon as the header is complete."""
    if header.version != VERSION:
        raise Drop("rx-version", closes=True)
    if header.type > LAST_TYPE:
        raise Drop("rx-type", closes=True)
    if not payload_length_possible(header.type, header.length):
        raise Drop("rx-length", closes=True)
    if unproven and (header.type not in UNPROVEN_TYPES or header.length > UNPROVEN_PAYLOAD):
        raise Drop("conn-not-allowed", closes=True)


class Framer:
    """feed() bytes, then take packets with next() until it gives None."""

    def __init__(self, lenient=False):
        self.buffer = bytearray()
        self.lenient = lenient
        self.judged = False

    def feed(self, data):
        self.buffer += data

    def next(self, unproven=False):
        if len(self.buffer) < HEADER:
            return None
        header = Header.parse(self.buffer)
        if not self.lenient and not self.judged:
            judge(header, unproven)
            self.judged = True
        end = HEADER + header.length
        if len(self.buffer) < end:
            return None
        packet = bytes(self.buffer[:end])
        del self.buffer[:end]
        self.judged = False
        return packet
