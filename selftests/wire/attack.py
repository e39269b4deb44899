#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Attacks on a POOL end, by name; see attacks/.

Prints a JSON verdict per scenario, or TAP with --tap. Exit code: 0 the target behaved as
the specification says, 1 it did not, 2 a scenario could not be set up.

  attack.py --list
  attack.py [options] SCENARIO...       names, or patterns like 'response-*'
"""

import argparse
import fnmatch
import json
import os
import signal
import socket
import subprocess
import sys
import time

import attacks
from pool import keyfile
from pool.keys import NO_PSK
from pool.net import host_port
from pool.probe import SLOW


def arguments():
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument("scenarios", nargs="*", metavar="SCENARIO")
    p.add_argument("--list", action="store_true")
    p.add_argument("--target", metavar="HOST:PORT", default="127.0.0.1:9253")
    p.add_argument("--transport", choices=("tcp", "raw", "udp"), default="tcp",
                   help="scenarios that are not for it are left out; raw IP needs root")
    p.add_argument("--tcp-too", action="store_true",
                   help="the target takes TCP too, on the port of --target")
    p.add_argument("--key", help="our secret key")
    p.add_argument("--peer-key", help="the target's public key")
    p.add_argument("--psk")
    p.add_argument("--second-key", help="the secret key of another identity the target knows")
    p.add_argument("--source", help="our address")
    p.add_argument("--sources", metavar="A.B.C.FIRST-LAST", help="more of our addresses")
    p.add_argument("--inner", nargs=2, metavar=("OURS", "THEIRS"), help="inner addresses")
    p.add_argument("--listen", metavar="[HOST:]PORT", help="where the target calls us")
    p.add_argument("--trigger", help="a command that makes the target call")
    p.add_argument("--counters", help="a command that prints `pool show DEV --json`")
    p.add_argument("--pause", help="a command for scenarios of two steps")
    p.add_argument("--ready-file", help="made when such a scenario pauses")
    p.add_argument("--wait-file", help="and it goes on when this exists")
    p.add_argument("--skip", action="append", default=[], metavar="PATTERN")
    p.add_argument("--slow", action="store_true", help="with the slow ones")
    p.add_argument("--modest", action="store_true", help="the target takes no large packets")
    p.add_argument("--load", action="store_true", help="the target keeps to the numbers of 5.8")
    p.add_argument("--tap", action="store_true")
    p.add_argument("--first", type=int, default=1, help="number of the first TAP line")
    p.add_argument("--limit", type=float, default=60, help="seconds for one scenario")
    return p.parse_args()


def counters_of(text):
    """What judge_counters() wants, from `pool show DEV --json`. A drop of a peer's may count at
    the device too."""
    device = next(iter(json.loads(text).values()))
    drops = dict(device["drops"])
    peers = {}
    for peer in device["peers"]:
        for reason, n in peer["drops"].items():
            peers[reason] = peers.get(reason, 0) + n
    for reason, n in peers.items():
        drops[reason] = max(drops.get(reason, 0), n)
    return dict(drops={k.replace("_", "-"): v for k, v in drops.items()},
                curve=device["curve_operations"], challenges=device["challenges_sent"])


class TimedOut(Exception):
    pass


def main():
    args = arguments()
    scenarios = attacks.load_all()
    if args.list:
        for s in scenarios.values():
            print("%-26s %s%s%s" % (s.name, "[slow] " if s.slow else "",
                                    {attacks.TCP: "[tcp] ", attacks.DATAGRAMS: "[udp raw] "}.get(
                                        s.on, ""), s.about))
        return 0
    transport = dict(tcp=1, raw=2, udp=3)[args.transport]
    names = [n for pattern in args.scenarios or ["*"] for n in scenarios
             if fnmatch.fnmatch(n, pattern) and transport in scenarios[n].on]
    names = list(dict.fromkeys(n for n in names
                               if not any(fnmatch.fnmatch(n, s) for s in args.skip)))
    if not names:
        print("no such scenario", file=sys.stderr)
        return 2

    def counters(enough=lambda _: True):
        # What was sent last may still be on its way through the target.
        end = time.monotonic() + 2 * SLOW
        while True:
            time.sleep(0.05)
            done = subprocess.run(args.counters, shell=True, capture_output=True,
                                  timeout=20 * SLOW, check=True)
            found = counters_of(done.stdout)
            if enough(found) or time.monotonic() > end:
                return found

    def pause():
        if args.pause:
            subprocess.run(args.pause, shell=True, timeout=30, check=True)
        if args.ready_file:
            with open(args.ready_file, "w", encoding="ascii"):
                pass
        end = time.monotonic() + 30
        while args.wait_file and not os.path.exists(args.wait_file):
            if time.monotonic() > end:
                raise attacks.Unfit("nobody made %s" % args.wait_file)
            time.sleep(0.05)

    def trigger():
        subprocess.Popen(args.trigger, shell=True, stdout=subprocess.DEVNULL,
                         stderr=subprocess.DEVNULL)

    def too_long(*_):
        raise TimedOut

    signal.signal(signal.SIGALRM, too_long)
    host, port = host_port(args.target)
    host = socket.getaddrinfo(host or "127.0.0.1", port)[0][4][0]
    code, number = 0, args.first - 1
    can = dict(inner=bool(args.inner), listen=bool(args.listen),
               pause=bool(args.pause or args.wait_file), second=bool(args.second_key), load=args.load,
               sources=bool(args.sources), places=args.transport != "raw" or bool(args.sources),
               modest=args.modest, tcp=args.transport != "tcp" and args.tcp_too)
    for name in names:
        s = scenarios[name]
        number += 1
        missing = [n for n in s.needs if not can[n]] + ["--slow"] * (s.slow and not args.slow)
        if missing:
            if args.tap:
                print("ok %d - %s # SKIP needs %s" % (number, name, ", ".join(missing)))
            else:
                print(json.dumps(dict(scenario=name, ok=None, skipped=missing)))
            continue
        trial = attacks.Trial(
            host, port, keyfile.load(args.peer_key), keyfile.load(args.key),
            keyfile.load(args.psk) if args.psk else NO_PSK, *(args.inner or (None, None)),
            source=args.source, trigger=trigger if args.trigger else None,
            listen_on=host_port(args.listen) if args.listen else None, transport=transport)
        trial.pause = pause
        trial.second = keyfile.load(args.second_key) if args.second_key else None
        if args.sources:
            net, _, hosts = args.sources.rpartition(".")
            first, last = hosts.split("-")
            trial.sources = ["%s.%d" % (net, n) for n in range(int(first), int(last) + 1)]
        began = time.monotonic()
        signal.setitimer(signal.ITIMER_REAL, args.limit * SLOW)
        try:
            verdict = attacks.run(s, trial, counters if args.counters else None)
        except TimedOut:
            trial.tidy()
            verdict = dict(scenario=name, about=s.about, ok=False, faults=trial.faults + [
                "not done within %g s" % args.limit], **trial.totals())
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
        verdict["time"] = round(time.monotonic() - began, 2)
        if verdict["ok"] is None:
            code = code or 2
        elif not verdict["ok"]:
            code = 1
        if args.tap:
            bad = verdict["faults"] + ([verdict["unfit"]] if verdict.get("unfit") else [])
            skip = " # SKIP " + verdict["skipped"] if verdict.get("skipped") and not bad else ""
            print("%s %d - %s: %s%s" % ("not ok" if bad else "ok", number, name, s.about, skip))
            for fault in bad:
                print("#   %s" % fault)
            if bad:
                print("#   %s" % json.dumps(verdict))
        else:
            print(json.dumps(verdict))
        sys.stdout.flush()
    if args.tap:
        print("# last %d" % number)
    return code


if __name__ == "__main__":
    sys.exit(main())
