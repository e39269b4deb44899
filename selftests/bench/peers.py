#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Configuration files with many peers, read by `pool addconf` and `wg addconf` alike.

Usage: peers.py FILE FROM TO: the peers number FROM to TO, of nobody in particular.
"""
import base64
import os
import sys


def main():
    name, first, last = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    with open(name, "w", encoding="ascii") as file:
        for n in range(first, last + 1):
            # Clamped like a key that is made, so that no tool refuses it.
            key = bytearray(os.urandom(32))
            key[31] &= 127
            print(
                f"[Peer]\nPublicKey = {base64.b64encode(key).decode()}\n"
                f"Endpoint = 10.99.0.77:9999\nAllowedIPs = 10.128.{n >> 8}.{n & 255}/32",
                file=file,
            )


main()
