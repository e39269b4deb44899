# SPDX-License-Identifier: GPL-2.0
"""A small chart for each row: a bar per subject, with a line from least to most."""
import statistics

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt  # noqa: E402

COLOURS = {"pool": "#1b6ca8", "wire": "#88304e", "ovpn": "#e08e45", "veth": "#9a9a9a"}


def panel(axes, row, unit, bars):
    names = [name for name, _ in bars]
    medians = [statistics.median(rounds) for _, rounds in bars]
    spread = [
        [m - min(rounds) for m, (_, rounds) in zip(medians, bars)],
        [max(rounds) - m for m, (_, rounds) in zip(medians, bars)],
    ]
    colours = [COLOURS.get(name[:4], "#555555") for name in names]
    axes.barh(names, medians, xerr=spread, color=colours, ecolor="#333333", capsize=2)
    axes.invert_yaxis()
    axes.set_title(f"{row} ({unit})", fontsize=9)
    axes.tick_params(labelsize=7)
    # veth, which encrypts nothing, would make all others look alike.
    others = [max(rounds) for name, rounds in bars if name != "veth"]
    if others and max(others) > 0:
        axes.set_xlim(0, max(others) * 1.15)


def draw(entries, order, name):
    rows = list(dict.fromkeys(e["row"] for e in entries))
    columns = min(4, len(rows))
    lines = -(-len(rows) // columns)
    figure, grid = plt.subplots(
        lines, columns, figsize=(4 * columns, 2.3 * lines), squeeze=False, layout="constrained"
    )
    cells = [axes for line in grid for axes in line]
    for axes, row in zip(cells, rows):
        mine = [e for e in entries if e["row"] == row]
        mine.sort(key=lambda e: order.index(e["subject"]) if e["subject"] in order else len(order))
        panel(axes, row, mine[0]["unit"], [(e["subject"], e["rounds"]) for e in mine])
    for axes in cells[len(rows):]:
        axes.set_visible(False)
    for kind in ("svg", "png"):
        figure.savefig(f"{name}.{kind}", dpi=110)
