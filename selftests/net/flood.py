#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Files of packets for flood.c, each after its length.

flood.py inits KEYFILE COUNT         INITs that are right, for who has that public key
flood.py garbage PCAP COUNT SIZE     DATA of the session in a capture, with a tag that is wrong
flood.py captured PCAP TYPE          the POOL packets of that type in a capture of UDP
"""
import base64
import os
import struct
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "wire"))


def inits(key_file, count):
    from pool import handshake as hs
    from pool.header import Type
    with open(key_file, encoding="ascii") as file:
        key = hs.key_init(base64.b64decode(file.read()))
    for _ in range(int(count)):
        E_i = os.urandom(32)
        yield hs.assemble(Type.INIT, hs.sid_of(E_i), time.time_ns(), key, hs.Init(E_i).pack())


def garbage(path, count, size):
    """DATA of the session in the capture, further on than it can be by then, with a tag that is wrong."""
    sample, payload = list(captured(path, 3))[-1], int(size) - 80
    sequence = struct.unpack_from(">Q", sample, 4)[0]
    for i in range(int(count)):
        yield (sample[:4] + struct.pack(">Q", sequence + (1 << 24) + i) + sample[12:44] +
               struct.pack(">H", payload) + sample[46:48] + os.urandom(32 + payload))


def captured(path, kind):
    with open(path, "rb") as file:
        data = file.read()
    at = 24
    while at + 16 <= len(data):
        length = struct.unpack_from("<I", data, at + 8)[0]
        frame = data[at + 16:at + 16 + length]
        at += 16 + length
        if frame[12:14] == b"\x08\0" and frame[23] == 17:
            packet = frame[14 + (frame[14] & 15) * 4 + 8:]
            if len(packet) >= 80 and packet[0] & 15 == int(kind):
                yield packet


if __name__ == "__main__":
    for packet in globals()[sys.argv[1]](*sys.argv[2:]):
        sys.stdout.buffer.write(struct.pack(">H", len(packet)) + packet)
