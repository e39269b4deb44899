#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""What bench.json says, as a table and a plot.

Usage: report.py DIR [--update-doc FILE]
Reads DIR/bench.json and DIR/bench-run.json, writes DIR/bench.md, prints it, draws
DIR/bench.svg and DIR/bench.png. FILE gets the tables between its two marks.
"""
import json
import sys

import plot
import targets

TUNNELS = ["pool-tcp", "pool-udp", "pool-raw", "wireguard", "ovpn-tcp", "ovpn-udp", "veth"]
BEGIN, END = "<!-- begin of the last run -->", "<!-- end of the last run -->"


def number(value):
    """Three digits are more than any of this is good for."""
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"


def cell(row, rounds, base):
    """Median, half of the range in percent of it, and the ratio to WireGuard."""
    median = targets.value(row, rounds)
    text = number(median)
    if len(rounds) > 1 and median:
        text += f" ±{(max(rounds) - min(rounds)) / 2 / median * 100:.0f} %"
    if base:
        text += f", {median / targets.value(row, base):.2f}"
    return text


def table(data, rows, units):
    """A line for each row, a column for each tunnel."""
    subjects = [s for s in TUNNELS if any((row, s) in data for row in rows)]
    yield "| row | " + " | ".join(subjects) + " |"
    yield "|---" * (len(subjects) + 1) + "|"
    for row in rows:
        base = data.get((row, "wireguard"))
        cells = []
        for subject in subjects:
            rounds = data.get((row, subject))
            cells.append(cell(row, rounds, subject != "wireguard" and base) if rounds else "")
        yield f"| `{row}`, {units[row]} | " + " | ".join(cells) + " |"


def environment(env):
    """What the figures depend on, in a sentence."""
    options = "".join(f" {k.upper()}='{env[k]}'" for k in ("rows", "subjects") if env[k])
    options += " AWAKE=1" if env["awake"] else ""
    return (
        f"`make bench RIG={env['rig']} ROUNDS={env['rounds']} SECONDS={env['seconds']}{options}`, "
        f"{env['date']}, commit {env['commit']}, kernel {env['kernel']} with {env['cpus']} CPUs "
        f"on {env['host']} ({env['host_cpus']} CPUs, of which other programs took {env['others']} %). "
        f"Crypto drivers: {env['drivers'] or 'not asked for'}."
    )


def report(entries, env):
    data = {(e["row"], e["subject"]): e["rounds"] for e in entries}
    units = {e["row"]: e["unit"] for e in entries}
    rows = list(dict.fromkeys(e["row"] for e in entries))
    few = min(len(e["rounds"]) for e in entries)
    yield environment(env)
    yield ""
    yield "In each cell: the median of the rounds, half of their range in percent of it, and the"
    yield "ratio of the median to WireGuard's."
    if few < 5:
        yield f"**Only {few} round(s): too few to conclude anything.**"
    if int(env["others"]) > 10:
        yield "**The host was busy with other things: a guest that has to wait for it is no measure,"
        yield "and what wakes up most often, as WireGuard does, suffers most.**"
    yield ""
    yield from table(data, [r for r in rows if any((r, s) in data for s in TUNNELS)], units)
    alone = [e for e in entries if e["subject"] not in TUNNELS]
    if alone:
        yield ""
        yield "| primitive, one core | |"
        yield "|---|---|"
        for e in alone:
            yield f"| `{e['row']}`, {e['unit']} | {cell(e['row'], e['rounds'], None)} |"
    yield ""
    yield from targets.table(data)


def update(path, text):
    with open(path, encoding="utf-8") as file:
        old = file.read()
    head, rest = old.split(BEGIN)
    tail = rest.split(END)[1]
    with open(path, "w", encoding="utf-8") as file:
        file.write(f"{head}{BEGIN}\n{text}{END}{tail}")


def main():
    folder = sys.argv[1]
    with open(folder + "/bench.json", encoding="utf-8") as file:
        entries = json.load(file)
    with open(folder + "/bench-run.json", encoding="utf-8") as file:
        env = json.load(file)
    if not entries:
        sys.exit("nothing was measured")
    text = "\n".join(report(entries, env)) + "\n"
    with open(folder + "/bench.md", "w", encoding="utf-8") as file:
        file.write(text)
    sys.stdout.write(text)
    if sys.argv[2:3] == ["--update-doc"]:
        update(sys.argv[3], text)
    plot.draw(entries, TUNNELS, folder + "/bench")


main()
