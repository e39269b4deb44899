#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Marked datagrams, and what became of the marks.

marks.py send ADDRESS PORT COUNT SIZE TOS [PRIORITY]   numbered datagrams, with that TOS or
                                     traffic class; with PRIORITY of SO_PRIORITY too
marks.py recv PORT COUNT SECONDS     so many datagrams or so long: a line "TOS number" for
                                     each, in the order of their arrival
marks.py headers FILE SOURCE PORT    the POOL packets that SOURCE sent in a capture of TCP on
                                     PORT: a line "type flags length" for each; retransmitted
                                     bytes count once
"""
import socket
import struct
import sys
import time
from collections import defaultdict


def send(address, port, count, size, tos, priority=None):
    v6 = ":" in address
    sock = socket.socket(socket.AF_INET6 if v6 else socket.AF_INET, socket.SOCK_DGRAM)
    # What waits in the device counts as in this buffer, and must not hold us up.
    sock.setsockopt(socket.SOL_SOCKET, 32, 32 << 20)    # SO_SNDBUFFORCE
    if v6:
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_TCLASS, int(tos, 0))
    else:
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_TOS, int(tos, 0))
    if priority is not None:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_PRIORITY, int(priority))
    for number in range(int(count)):
        data = struct.pack("!I", number).ljust(int(size), b"m")
        sock.sendto(data, (address, int(port)))


def recv(port, count, seconds):
    sock = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    sock.setsockopt(socket.SOL_SOCKET, 33, 32 << 20)    # SO_RCVBUFFORCE
    sock.setsockopt(socket.IPPROTO_IP, socket.IP_RECVTOS, 1)
    sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVTCLASS, 1)
    sock.bind(("::", int(port)))
    print("listening", flush=True)
    end, got = time.monotonic() + float(seconds), []
    while len(got) < int(count) and time.monotonic() < end:
        sock.settimeout(max(0.01, end - time.monotonic()))
        try:
            data, extra, _, _ = sock.recvmsg(1 << 16, 256)
        except TimeoutError:
            break
        tos = next(value[0] for level, _, value in extra
                   if level in (socket.IPPROTO_IP, socket.IPPROTO_IPV6))
        got.append("%d %d" % (tos, struct.unpack_from("!I", data)[0]))
    print("\n".join(got), flush=True)


def segments(path, source, port):
    """By connection: (sequence, payload) of what SOURCE sent, Ethernet and IPv4."""
    out = defaultdict(list)
    with open(path, "rb") as file:
        data = file.read()
    at = 24
    while at + 16 <= len(data):
        length = struct.unpack_from("<I", data, at + 8)[0]
        frame = data[at + 16:at + 16 + length]
        at += 16 + length
        if frame[12:14] != b"\x08\0" or frame[23] != 6 or frame[26:30] != source:
            continue
        tcp = 14 + (frame[14] & 15) * 4
        sport, dport, seq = struct.unpack_from("!HHI", frame, tcp)
        if port not in (sport, dport):
            continue
        end = 14 + struct.unpack_from("!H", frame, 16)[0]
        syn = frame[tcp + 13] & 2
        out[sport, dport].append(((seq + 1) & 0xffffffff if syn else seq, bool(syn),
                                  frame[tcp + (frame[tcp + 12] >> 4) * 4:end]))
    return out


def headers(path, source, port):
    for parts in segments(path, socket.inet_aton(source), int(port)).values():
        start = next((seq for seq, syn, _ in parts if syn), None)
        if start is None:
            sys.exit("a connection without its beginning")
        stream = bytearray()
        for offset, data in sorted(((seq - start) & 0xffffffff, data) for seq, _, data in parts):
            if offset > len(stream):
                sys.exit("the capture misses bytes of a connection")
            stream += data[len(stream) - offset:]
        at = 0
        while at + 80 <= len(stream):
            length = struct.unpack_from("!H", stream, at + 44)[0]
            print(stream[at] & 15, struct.unpack_from("!H", stream, at + 2)[0], length)
            at += 80 + length


if __name__ == "__main__":
    globals()[sys.argv[1]](*sys.argv[2:])
