# SPDX-License-Identifier: GPL-2.0
"""Section 6.16: the DISCOVER packet, and a search by it."""

import os
import struct
from dataclasses import dataclass, field

from .drop import Drop
from .header import HEADER, TAG

PROBE, ANSWER = 1, 2
_head = struct.Struct(">BBH4s")
HEAD = _head.size
LEAST = HEADER + TAG + HEAD             # of a probe's packet, and of every answer's
LARGEST = 65535
PACE, AGAIN = 1.0, 60.0
NEAR = 8                                # a search that has come so near ends
TRIES = 2
REMEMBERED = 8                          # probes whose answer may still come


@dataclass
class Discover:
    op: int
    size: int
    id: bytes = field(default_factory=lambda: os.urandom(4))

    def pack(self):
        """A probe as long as it has to be, an answer short."""
        plain = _head.pack(self.op, 0, self.size, self.id)
        return plain.ljust(self.size - HEADER - TAG, b"\0") if self.op == PROBE else plain

    @classmethod
    def unpack(cls, plain):
        if len(plain) < HEAD:
            raise Drop("rx-malformed")
        op, _, size, ident = _head.unpack_from(plain)
        if op not in (PROBE, ANSWER) or op == PROBE and size != len(plain) + HEADER + TAG:
            raise Drop("rx-malformed")
        return cls(op, size, ident)

    def answer(self):
        return Discover(ANSWER, self.size, self.id)


class Search:
    """Of the longest packet a path takes: the upper bound first, then by halving.

    `size` is what works, from the floor on. `upper` is what the interface takes until it was
    probed in vain; then it is a size that does not work.
    """

    def __init__(self, floor):
        self.floor = self.size = floor
        self.upper = None
        self.refused = False            # upper does not work
        self.probed, self.tries = None, 0
        self.outstanding = {}           # (size, id), in their order
        self.sent_at = self.began = None

    @property
    def ended(self):
        return self.upper is not None and (self.upper - self.size < NEAR or self.size >= self.upper)

    def due(self, now, top):
        """The probe to be sent now, or None. top: what the interface takes."""
        if self.sent_at is not None and now - self.sent_at < PACE:
            return None
        if self.upper is None or self.ended and now - self.began >= AGAIN:
            self.upper, self.refused, self.began = min(top, LARGEST), False, now
            self.probed, self.tries = None, 0
        if self.probed is not None and self.size < self.probed and self.tries >= TRIES:
            self.fails(self.probed)
        if self.ended:
            return None
        size = (self.size + self.upper) // 2 if self.refused else self.upper
        if size != self.probed:
            self.probed, self.tries = size, 0
        self.tries += 1
        self.sent_at = now
        probe = Discover(PROBE, size)
        self.outstanding[size, probe.id] = now
        while len(self.outstanding) > REMEMBERED:
            del self.outstanding[next(iter(self.outstanding))]
        return probe

    def fails(self, size):
        """It was not answered for, or the host itself does not send it."""
        if size > self.size:
            self.upper, self.refused = size, True
            self.probed, self.tries = None, 0

    def answered(self, answer):
        """True if the size has grown."""
        if self.outstanding.pop((answer.size, answer.id), None) is None:
            return False
        if answer.size <= self.size:
            return False
        self.size = answer.size
        return True

    def shrinks(self, top):
        """The host does not send what worked until now; the search begins anew."""
        self.size = top if self.floor <= top < self.size else self.floor
        self.upper = self.sent_at = None
