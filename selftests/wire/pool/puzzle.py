# SPDX-License-Identifier: GPL-2.0
"""Section 5.3."""

import hashlib
import struct

from .crypto import H, be64

LOWEST, HIGHEST = 16, 22


def solves(seed, x, difficulty):
    return int.from_bytes(H(seed + x), "big") >> (256 - difficulty) == 0


def solutions(seed, difficulty, start=0):
    """All of them, in ascending order."""
    prefix = hashlib.sha256(seed)
    pack = struct.Struct(">Q").pack
    zeros = bytes(difficulty // 8)
    n = start
    while True:
        h = prefix.copy()
        h.update(pack(n))
        digest = h.digest()
        if digest.startswith(zeros) and solves(seed, pack(n), difficulty):
            yield pack(n)
        n += 1


def solve(seed, difficulty, start=0):
    return next(solutions(seed, difficulty, start))


def wrong(seed, difficulty):
    """The lowest x that is no solution."""
    return next(be64(n) for n in range(1 << 20) if not solves(seed, be64(n), difficulty))
