# SPDX-License-Identifier: GPL-2.0
"""Section 6.4, word by word."""

RANGE = 2 ** 28 + 2 ** 20
OK, SEEN, OLD, OUT = "ok", "seen", "old", "range"


class Window:
    def __init__(self, first, bits=8192):
        self.first = first
        self.bits = bits
        self.highest = None
        self.seen = set()

    def peek(self, seq):
        if not self.first <= seq <= self.first + RANGE:
            return OUT
        if self.highest is None or seq > self.highest:
            return OK
        if self.highest - seq >= self.bits:
            return OLD
        return SEEN if seq in self.seen else OK

    def update(self, seq):
        verdict = self.peek(seq)
        if verdict != OK:
            return verdict
        if self.highest is None or seq > self.highest:
            self.highest = seq
            self.seen = {s for s in self.seen if seq - s < self.bits}
        self.seen.add(seq)
        return OK
