#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Reads a capture of one POOL session over TCP, in both directions, and looks at the sequences
in the clear headers: those of one direction must form so many runs (epochs), each of which
counts up by one; no sequence may come twice, and no two runs may meet.

  sequences.py CAPTURE EPOCHS
"""

import struct
import sys

SPAN = (1 << 28) + (1 << 20)


def segments(path):
    """(source port, TCP sequence, payload) of every segment; Ethernet, IPv4."""
    with open(path, "rb") as file:
        data = file.read()
    order = "<" if data[:4] in (b"\xd4\xc3\xb2\xa1", b"\x4d\x3c\xb2\xa1") else ">"
    at = 24
    while at + 16 <= len(data):
        taken, = struct.unpack_from(order + "I", data, at + 8)
        frame = data[at + 16:at + 16 + taken]
        at += 16 + taken
        if frame[12:14] != b"\x08\x00":
            continue
        ip = frame[14:]
        total = struct.unpack_from(">H", ip, 2)[0]
        tcp = ip[(ip[0] & 15) * 4:total]
        if len(ip) < total:
            sys.exit("a segment was cut: capture more of each")
        yield struct.unpack_from(">H", tcp)[0], struct.unpack_from(">I", tcp, 4)[0], tcp[(tcp[12] >> 4) * 4:]


def streams(path):
    """The byte stream of each direction, without what was sent again."""
    streams, expected = {}, {}
    for port, seq, payload in segments(path):
        if not payload:
            continue
        new = expected.get(port, seq)
        skip = (new - seq) & 0xffffffff
        if skip >= 1 << 31:
            sys.exit("a hole in the capture")
        if skip < len(payload):
            streams.setdefault(port, bytearray()).extend(payload[skip:])
            expected[port] = (seq + len(payload)) & 0xffffffff
    return streams


def sequences(stream):
    at = 0
    while at + 80 <= len(stream):
        length, = struct.unpack_from(">H", stream, at + 44)
        if stream[at] & 15 > 2:
            yield struct.unpack_from(">Q", stream, at + 4)[0]
        at += 80 + length


def main():
    path, epochs = sys.argv[1], int(sys.argv[2])
    found = streams(path)
    if len(found) != 2:
        sys.exit("%d streams, not the two of one connection" % len(found))
    for port, stream in found.items():
        seen, runs = set(), []
        for seq in sequences(stream):
            if seq in seen:
                sys.exit("sequence %d twice from port %d" % (seq, port))
            seen.add(seq)
            for run in runs:
                if seq == run[1] + 1:
                    run[1] = seq
                    break
            else:
                runs.append([seq, seq])
        print("port %d: %d packets, runs of %s" % (port, len(seen), ", ".join(
            "%d from %d on" % (b - a + 1, a) for a, b in runs)))
        if len(runs) != epochs:
            sys.exit("%d epochs, not %d" % (len(runs), epochs))
        starts = sorted(a for a, _ in runs)
        if any(b - a <= SPAN for a, b in zip(starts, starts[1:])):
            sys.exit("ranges meet")


if __name__ == "__main__":
    main()
