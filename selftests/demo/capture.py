#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Is a capture of the underlay POOL on TCP and nothing else?

capture.py FILE MARKER PORT

Puts each direction of each TCP connection together from its segments and walks
it, packet by packet, by spec/PROTOCOL.md sections 3.1 and 7.2. Fails on any
frame that is neither TCP on PORT nor what Ethernet needs to find a neighbour,
on any byte that is not part of a POOL packet, and on the marker anywhere.
"""
import struct
import sys
from collections import Counter, defaultdict

TYPES = ("INIT", "CHALLENGE", "RESPONSE", "DATA", "ACK", "HEARTBEAT", "REKEY", "CLOSE")
HEADER = 80


def frames(path):
    with open(path, "rb") as file:
        data = file.read()
    magic = struct.unpack_from("<I", data)[0]
    if magic not in (0xA1B2C3D4, 0xA1B23C4D):
        sys.exit("not a capture")
    at = 24
    while at + 16 <= len(data):
        length, original = struct.unpack_from("<II", data, at + 8)
        if length != original:
            sys.exit("the capture has cut a frame")
        yield data[at + 16 : at + 16 + length]
        at += 16 + length


def segment(frame, port):
    """(connection and direction, sequence, flags, payload); None for a
    neighbour's question; a text for anything else."""
    ethertype = struct.unpack_from("!H", frame, 12)[0]
    if ethertype == 0x0806:
        return None
    if ethertype == 0x0800:
        ihl = (frame[14] & 15) * 4
        end = 14 + struct.unpack_from("!H", frame, 16)[0]
        protocol, source, dest = frame[23], frame[26:30], frame[30:34]
        at = 14 + ihl
    elif ethertype == 0x86DD:
        end = 54 + struct.unpack_from("!H", frame, 18)[0]
        protocol, source, dest = frame[20], frame[22:38], frame[38:54]
        at = 54
        # Hop-by-hop and then ICMPv6: a multicast report. ICMPv6 133 to 137: neighbours.
        if protocol == 0 or (protocol == 58 and 133 <= frame[54] <= 137):
            return None
    else:
        return f"ethertype {ethertype:#06x}"
    if protocol != 6:
        return f"IP protocol {protocol}"
    sport, dport, seq = struct.unpack_from("!HHI", frame, at)
    if port not in (sport, dport):
        return f"TCP {sport} to {dport}"
    flags = frame[at + 13]
    return (source, sport, dest, dport), seq, flags, frame[at + (frame[at + 12] >> 4) * 4 : end]


def stream(segments):
    """The bytes of one direction, from its segments in any order."""
    start = next((seq + 1 for seq, flags, _ in segments if flags & 2), None)
    if start is None:
        sys.exit("a connection without its beginning: the capture is not whole")
    parts = sorted(((seq - start) & 0xFFFFFFFF, data) for seq, flags, data in segments
                   if data and not flags & 2)
    whole = bytearray()
    for offset, data in parts:
        if offset > len(whole):
            sys.exit(f"the capture misses {offset - len(whole)} bytes of a connection")
        whole += data[len(whole) - offset :]
    return bytes(whole)


def walk(data, count):
    """Count the POOL packets of one direction; the bytes of the last, unfinished one."""
    at = 0
    while at + HEADER <= len(data):
        kind, length = data[at] & 15, struct.unpack_from("!H", data, at + 44)[0]
        if data[at] >> 4 != 1 or kind >= len(TYPES):
            sys.exit(f"no POOL packet at byte {at} of a connection: {data[at:at + 16].hex()}")
        if at + HEADER + length > len(data):
            break
        count[TYPES[kind]] += 1
        at += HEADER + length
    if at < len(data) and (data[at] >> 4 != 1 or data[at] & 15 >= len(TYPES)):
        sys.exit(f"no POOL packet at the end of a connection: {data[at:at + 16].hex()}")
    return len(data) - at


def main():
    path, marker, port = sys.argv[1], sys.argv[2].encode(), int(sys.argv[3])
    connections, other, number, neighbours, size = defaultdict(list), Counter(), 0, 0, 0
    for frame in frames(path):
        number += 1
        size += len(frame)
        if marker in frame:
            sys.exit(f"FAIL: the marker is in frame {number} of the underlay")
        found = segment(frame, port)
        if found is None:
            neighbours += 1
        elif isinstance(found, str):
            other[found] += 1
        else:
            connections[found[0]].append(found[1:])
    if other:
        sys.exit(f"FAIL: not POOL on TCP {port}: {dict(other)}")
    count, total, rest = Counter(), 0, 0
    killed = {key for (a, b, c, d), segments in connections.items()
              for key in ((a, b, c, d), (c, d, a, b)) if any(flags & 4 for _, flags, _ in segments)}
    for key, segments in connections.items():
        data = stream(segments)
        if marker in data:
            sys.exit("FAIL: the marker is in a connection of the underlay")
        total += len(data)
        tail = walk(data, count)
        if tail and key not in killed:
            sys.exit(f"FAIL: {tail} bytes of no whole packet end a connection that nobody killed")
        rest += tail
    if count["DATA"] < 1000:
        sys.exit(f"FAIL: only {count['DATA']} DATA packets")
    print(f"ok - {number} frames of the underlay, {size} bytes: TCP port {port}, "
          f"and {neighbours} of ARP and neighbour discovery")
    print(f"ok - every byte of the {len(connections) // 2} TCP connections is POOL: {total} bytes in "
          + ", ".join(f"{n} {kind}" for kind, n in count.items())
          + (f", and {rest} bytes of a packet that a killed connection cut" if rest else ""))
    print("ok - the marker is nowhere in it")


main()
