#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""On the host: tell a guest how much processor time it has used.

Usage: cputime.py PID DIR. For each file DIR/NAME that the guest makes, DIR/NAME.is
gets three numbers, in CPU seconds: what all descendants of PID have used, dead ones
included; what the whole host has; and what it could have.
"""
import os
import sys
import time

TICK = os.sysconf("SC_CLK_TCK")


def processes():
    """Of each process its parent, and its ticks with those of its dead children."""
    table = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                with open(f"/proc/{name}/stat") as file:
                    words = file.read().rpartition(")")[2].split()
            except OSError:
                continue  # it ended
            table[int(name)] = int(words[1]), sum(map(int, words[11:15]))
    return table


def descendants(table, root):
    """All processes below root, but not this one."""
    found = {root}
    grown = True
    while grown:
        more = {pid for pid, (parent, _) in table.items() if parent in found}
        grown = not more <= found
        found |= more
    return found - {root, os.getpid()}


def host():
    """Ticks in which the host's processors were busy, and all of them."""
    with open("/proc/stat") as file:
        ticks = list(map(int, file.readline().split()[1:9]))
    return sum(ticks) - ticks[3] - ticks[4], sum(ticks)


def main():
    root, folder = int(sys.argv[1]), sys.argv[2]
    while os.path.exists(f"/proc/{root}"):
        names = set(os.listdir(folder))
        for name in names:
            if name.endswith((".is", ".new")) or name + ".is" in names:
                continue
            table = processes()
            ticks = sum(table[pid][1] for pid in descendants(table, root))
            # Renamed when it is complete.
            with open(f"{folder}/{name}.new", "w") as file:
                file.write(" ".join(f"{n / TICK}" for n in (ticks, *host())))
            os.rename(f"{folder}/{name}.new", f"{folder}/{name}.is")
        time.sleep(0.01)


main()
