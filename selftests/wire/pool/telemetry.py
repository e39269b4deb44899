# SPDX-License-Identifier: GPL-2.0
"""Section 6.8: the telemetry block, and where its figures come from."""

import collections
import struct
import zlib
from dataclasses import asdict, dataclass, fields

from .address import node_id
from .crypto import be32

LENGTH = 56
PPM = 1_000_000
_format = struct.Struct(">QQIIHHQIIIQ")
assert _format.size == LENGTH


@dataclass
class Block:
    rtt: int = 0
    jitter: int = 0
    loss: int = 0
    throughput: int = 0
    mtu: int = 0
    queue: int = 0
    uptime: int = 0
    rekeys: int = 0
    config: int = 0
    digest: int = 0
    journal: int = 0

    def pack(self):
        return _format.pack(*(getattr(self, f.name) for f in fields(self)))

    @classmethod
    def unpack(cls, plain):
        return cls(*_format.unpack_from(plain))

    def show(self):
        return asdict(self)


def digest(sid, epoch, config, transport, one, other):
    """State digest; one and other are the two identity public keys."""
    low, high = sorted((node_id(one), node_id(other)))
    return zlib.crc32(sid + be32(epoch) + be32(config) + bytes([transport]) + low + high)


def toward_zero(a, b):
    """a / b as C divides; Python's // goes down."""
    return a // b if a >= 0 else -(-a // b)


class RoundTrip:
    """srtt and rttvar in ns."""

    def __init__(self):
        self.srtt = self.rttvar = 0
        self.samples = 0

    def sample(self, R):
        if not self.samples:
            self.srtt, self.rttvar = R, R // 2
        else:
            self.rttvar += toward_zero(abs(self.srtt - R) - self.rttvar, 4)
            self.srtt += toward_zero(R - self.srtt, 8)
        self.samples += 1


class Rate:
    """Per second, of a count that only goes up; over at least a second, as a burst is no rate."""

    def __init__(self, now):
        self.since, self.count, self.rate = now, 0, 0

    def at(self, now, count):
        if now - self.since >= 1.0:
            self.rate = int((count - self.count) / (now - self.since))
            self.since, self.count = now, count
        return self.rate


def parts_per_million(lost, sent):
    return lost * PPM // sent if sent > 0 else 0


class Loss:
    """What has not come of the sequences of one direction, over all epochs.

    note() is told of each authentic sequence once. The window is the last 10 to 60 s: mark() at
    most every 10 s, and rate() counts from the mark that is oldest of those it keeps.
    """
    STEP, MARKS = 10.0, 6

    def __init__(self):
        self.epochs = {}                # epoch: [first, highest, received]
        self.marks = collections.deque([(0, 0)], maxlen=self.MARKS)
        self.marked = None

    def note(self, epoch, first, seq):
        e = self.epochs.setdefault(epoch, [first, first - 1, 0])
        e[1] = max(e[1], seq)
        e[2] += 1

    def totals(self):
        """(sent, received) as far as is known here."""
        return (sum(highest - first + 1 for first, highest, _ in self.epochs.values()),
                sum(received for _, _, received in self.epochs.values()))

    @property
    def lost(self):
        sent, received = self.totals()
        return sent - received

    def mark(self, now):
        if self.marked is None:
            self.marked = now
        elif now - self.marked >= self.STEP:
            self.marked = now
            self.marks.append(self.totals())

    def rate(self):
        """ppm over the window. What came late for an earlier window cannot make it negative."""
        sent, received = (a - b for a, b in zip(self.totals(), self.marks[0]))
        return parts_per_million(min(max(0, sent - received), sent), sent)
