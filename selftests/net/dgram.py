#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Datagrams of POOL, as seen on the underlay and forged there.

dgram.py packets FILE SOURCE         a line "seconds iplength type flags length ecn" for each POOL
                                     datagram (UDP 9253, protocol 253) of SOURCE in a capture of
                                     Ethernet; length is that of the POOL packet
dgram.py toobig SOURCE DEST MTU N    N ICMP messages to SOURCE, a second apart, that say that its
                                     datagram to DEST was too big for a path of MTU
dgram.py garbage DEST PORT N         N datagrams of nothing sensible, to UDP or protocol 253
dgram.py sink ADDRESS PORT           a TCP stream in: a line "milliseconds bytes", of the clock and
                                     of all so far, at most every 20 ms
dgram.py source ADDRESS PORT         a TCP stream out, until somebody ends it
"""
import os
import random
import socket
import struct
import sys
import time

PROTO = 253


def checksum(data):
    data += b"\0" * (len(data) % 2)
    n = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    while n >> 16:
        n = (n & 0xffff) + (n >> 16)
    return 0xffff - n


def payload(frame, source):
    """(IP length, ECN, POOL packet length, what was captured of it) of a frame, or None."""
    if frame[12:14] == b"\x08\0" and frame[26:30] == source:
        start, proto, ecn = 14 + (frame[14] & 15) * 4, frame[23], frame[15] & 3
        length = struct.unpack_from("!H", frame, 16)[0]
    elif frame[12:14] == b"\x86\xdd" and frame[22:38] == source:
        start, proto, ecn = 54, frame[20], frame[15] >> 4 & 3
        length = 40 + struct.unpack_from("!H", frame, 18)[0]
    else:
        return None
    if proto == socket.IPPROTO_UDP and 9253 in struct.unpack_from("!HH", frame, start):
        start += 8
    elif proto != PROTO:
        return None
    return length, ecn, 14 + length - start, frame[start:]


def packets(path, source):
    source = socket.inet_pton(socket.AF_INET6 if ":" in source else socket.AF_INET, source)
    with open(path, "rb") as file:
        data = file.read()
    at = 24
    while at + 16 <= len(data):
        sec, usec, length = struct.unpack_from("<III", data, at)
        found = payload(data[at + 16:at + 16 + length], source)
        at += 16 + length
        if found:
            size, ecn, plen, pkt = found
            print("%d.%06d %d %d %d %d %d" % (sec, usec, size, pkt[0] & 15,
                  struct.unpack_from("!H", pkt, 2)[0], plen, ecn))


def toobig(source, dest, mtu, count):
    v6 = ":" in source
    udp = struct.pack("!HHHH", 9253, 9253, 1400, 0)
    if v6:
        inner = struct.pack("!IHBB", 6 << 28, 1400, 17, 64) + \
            socket.inet_pton(socket.AF_INET6, source) + socket.inet_pton(socket.AF_INET6, dest)
        msg = struct.pack("!BBHI", 2, 0, 0, int(mtu)) + inner + udp
        sock = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6)
    else:
        inner = struct.pack("!BBHHHBBH", 0x45, 0, 1420, 1, 0x4000, 64, 17, 0) + \
            socket.inet_aton(source) + socket.inet_aton(dest)
        inner = inner[:10] + struct.pack("!H", checksum(inner)) + inner[12:]
        msg = struct.pack("!BBHHH", 3, 4, 0, 0, int(mtu)) + inner + udp
        msg = msg[:2] + struct.pack("!H", checksum(msg)) + msg[4:]
        sock = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
    for _ in range(int(count)):
        sock.sendto(msg, (source, 0))
        time.sleep(1)


def garbage(dest, port, count):
    family = socket.AF_INET6 if ":" in dest else socket.AF_INET
    socks = (socket.socket(family, socket.SOCK_DGRAM), socket.socket(family, socket.SOCK_RAW, PROTO))
    for _ in range(int(count)):
        data = bytearray(os.urandom(random.choice((0, 1, 45, 79, 80, 96, 104, 152, 264, 1000))))
        if len(data) >= 80 and random.random() < 0.8:
            # What gets past the first look at a header.
            data[0] = 0x10 | random.randrange(16)
            struct.pack_into("!HH", data, 2, random.choice((1, 9, 25, 0)), 0)
            struct.pack_into("!H", data, 44, len(data) - 80)
        sock = random.choice(socks)
        sock.sendto(data, (dest, int(port) if sock is socks[0] else 0))


def sink(address, port):
    listener = socket.create_server((address, int(port)),
                                    family=socket.AF_INET6 if ":" in address else socket.AF_INET)
    print("listening", flush=True)
    conn, _ = listener.accept()
    total, told = 0, 0
    while data := conn.recv(1 << 20):
        total += len(data)
        now = time.monotonic_ns() // 1000000
        if now >= told + 20:
            print(now, total, flush=True)
            told = now


def source(address, port):
    conn = socket.create_connection((address, int(port)))
    data = os.urandom(1 << 16)
    while True:
        conn.sendall(data)


if __name__ == "__main__":
    globals()[sys.argv[1]](*sys.argv[2:])
