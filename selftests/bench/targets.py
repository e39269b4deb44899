# SPDX-License-Identifier: GPL-2.0
"""What POOL wants to reach, and whether a run did. Ratios of medians within one run."""
import statistics

# Text; row and subject; divided by row and subject, or nothing; at least or at most.
# "pool-*" is the best of the three.
TARGETS = [
    ("POOL tcp ÷ WireGuard, bulk, one flow",
     ("tcp_bulk_1", "pool-tcp"), ("tcp_bulk_1", "wireguard"), ">=", 0.9),
    ("POOL tcp ÷ its crypto limit",
     ("tcp_bulk_1", "pool-tcp"), ("crypto_limit", "pool-tcp"), ">=", 0.6),
    ("POOL tcp ÷ ovpn tcp, bulk, one flow",
     ("tcp_bulk_1", "pool-tcp"), ("tcp_bulk_1", "ovpn-tcp"), ">=", 1.2),
    ("POOL udp ÷ WireGuard, bulk, one flow",
     ("tcp_bulk_1", "pool-udp"), ("tcp_bulk_1", "wireguard"), ">=", 0.65),
    ("POOL (any) ÷ WireGuard, round trips",
     ("tcp_rr", "pool-*"), ("tcp_rr", "wireguard"), ">=", 0.95),
    ("POOL tcp ÷ WireGuard, p99 of a ping under load",
     ("ping_load_p99", "pool-tcp"), ("ping_load_p99", "wireguard"), "<=", 1.5),
    ("POOL tcp ÷ ovpn tcp, goodput at 1 % loss, 40 ms",
     ("loss_1", "pool-tcp"), ("loss_1", "ovpn-tcp"), ">=", 1.5),
] + [
    (f"POOL {t}, bulk with 10,000 peers ÷ with 1",
     ("peers_10000", f"pool-{t}"), ("peers_1", f"pool-{t}"), ">=", 0.95) for t in ("tcp", "udp", "raw")
] + [
    ("memory of an idle peer, bytes", ("mem_peer_idle", "pool-tcp"), None, "<=", 4096),
] + [
    (f"memory of a peer with a live session, {t}, bytes",
     ("mem_peer_live", f"pool-{t}"), None, "<=", 24576) for t in ("tcp", "udp", "raw")
] + [
    ("10,000 peers configured, s", ("peers_configure_s", "pool-tcp"), None, "<=", 3),
    ("10,000 peers dumped, s", ("peers_dump_s", "pool-tcp"), None, "<=", 1),
    ("500 MiB, POOL tcp ÷ the 24.3 Mbit/s that the author of the draft reports",
     ("copy_500mib", "pool-tcp"), 24.3, ">=", 1),
]


def value(row, rounds):
    """The median; of memory the most, for later rounds find pages that earlier ones left."""
    return max(rounds) if row.startswith("mem_") else statistics.median(rounds)


def of(data, key):
    if not isinstance(key, tuple):
        return key
    row, subject = key
    if subject.endswith("*"):
        found = [v for (r, s), v in data.items() if r == row and s.startswith(subject[:-1])]
        return max((value(row, rounds) for rounds in found), default=None)
    return value(row, data[key]) if key in data else None


def table(data):
    """The targets of which this run knows something."""
    lines = []
    for text, what, base, order, wanted in TARGETS:
        got, divisor = of(data, what), of(data, base) if base else 1
        if got is None or not divisor:
            continue
        got /= divisor
        met = got >= wanted if order == ">=" else got <= wanted
        sign = "≥" if order == ">=" else "≤"
        shown = f"{got:.0f}" if got >= 100 else f"{got:.2f}"
        lines.append(f"| {text} | {sign} {wanted} | {shown} | {'met' if met else '**not met**'} |")
    return ["| target | wanted | got | |", "|---|---|---|---|"] + lines if lines else []
