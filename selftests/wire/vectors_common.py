# SPDX-License-Identifier: GPL-2.0
"""What the makers of vectors share."""

from pool.crypto import H, hkdf_expand


def rnd(label, n=32):
    """n bytes that look random, the same ones every time."""
    return hkdf_expand(H(b"pool test vectors: " + label.encode()), b"", n)


def rnd64(label):
    return int.from_bytes(rnd(label, 8), "big")


def u64(n):
    return "%016x" % n
