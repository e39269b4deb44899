# SPDX-License-Identifier: GPL-2.0
"""Section 6.17: DATA that is longer than its path takes."""

import struct
from dataclasses import dataclass

from .drop import Drop
from .header import FRAGMENT, HEADER, LAST_FRAG, TAG

LEAST, SLOTS, TIMEOUT = 256, 16, 5.0
LARGEST = 65519
_head = struct.Struct(">IHH")
HEAD = _head.size
NOT_ECT, CE = 0, 3


def room(size):
    """Bytes of the message in a fragment on a path of that size."""
    return size - HEADER - TAG - HEAD


@dataclass
class Fragment:
    message: int
    offset: int
    total: int
    data: bytes

    @property
    def end(self):
        return self.offset + len(self.data)

    @property
    def flags(self):
        return FRAGMENT | (LAST_FRAG if self.end == self.total else 0)

    def pack(self):
        return _head.pack(self.message, self.offset, self.total) + self.data

    @classmethod
    def unpack(cls, plain):
        """None if it names no message."""
        return cls(*_head.unpack_from(plain), plain[HEAD:]) if len(plain) >= HEAD else None

    def is_sound(self, last, largest=LARGEST):
        """By itself."""
        return (len(self.data) > 0 and self.end <= self.total <= largest
                and last == (self.end == self.total) and (last or len(self.data) >= LEAST))


def split(message, plain, size):
    """The fragments of a message on a path of that size, in order."""
    step = room(size)
    if step < LEAST:
        raise ValueError("no path is that small")
    return [Fragment(message, at, len(plain), plain[at:at + step])
            for at in range(0, len(plain), step)]


class Message:
    """One that is incomplete."""

    def __init__(self, total, now):
        self.total, self.first_at, self.last_at = total, now, now
        self.buffer = bytearray(total)
        self.parts = []                 # (offset, end), none overlapping
        self.ecn = []

    def overlaps(self, f):
        return any(f.offset < end and at < f.end for at, end in self.parts)

    def add(self, f, now, ecn):
        self.last_at = now
        self.parts.append((f.offset, f.end))
        self.buffer[f.offset:f.end] = f.data
        self.ecn.append(ecn)

    @property
    def complete(self):
        return sum(end - at for at, end in self.parts) == self.total


class Reassembly:
    """The incomplete messages of one peer. An owner is (Session ID, epoch)."""

    def __init__(self, largest=LARGEST):
        self.largest = largest
        self.messages = {}              # (owner, id): Message, in the order of their last_at
        self.evicted = 0

    def take(self, owner, plain, last, now, ecn=NOT_ECT):
        """An authentic fragment: (message, outer ECN) if it was the one that was missing, or
        None. Drop if it is refused; its message went with it. expire() comes before."""
        f = Fragment.unpack(plain)
        if f is None:
            raise Drop("rx-fragment")
        key = owner, f.message
        message = self.messages.pop(key, None)
        if not f.is_sound(last, self.largest) or message and (
                f.total != message.total or message.overlaps(f)):
            raise Drop("rx-fragment")
        message = message or Message(f.total, now)
        message.add(f, now, ecn)
        if message.complete:
            return bytes(message.buffer), self.outer(message.ecn)
        if len(self.messages) == SLOTS:
            del self.messages[next(iter(self.messages))]
            self.evicted += 1
        self.messages[key] = message
        return None

    @staticmethod
    def outer(marks):
        """RFC 3168 section 5.3: one that is marked marks all."""
        return CE if CE in marks else marks[0]

    def expire(self, now):
        """The owners of the messages that are given up."""
        old = [key for key, m in self.messages.items() if now - m.first_at >= TIMEOUT]
        for key in old:
            del self.messages[key]
        return [owner for owner, _ in old]

    def forget(self, sid):
        """The session ends."""
        for key in [k for k in self.messages if k[0][0] == sid]:
            del self.messages[key]
