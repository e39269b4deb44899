#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""A man in the middle: a TCP proxy that knows POOL packets.

Packets are counted from 0 in each direction, over all connections: c2s is what the end that
dialled sends, s2c what the other one sends. Prints a JSON line for every packet.

  mitm.py --listen PORT --connect HOST:PORT [--drop c2s:3] [--corrupt s2c:1:80]
          [--delay c2s:2:1.5] [--double c2s:4] [--withhold c2s:2:FILE (until FILE exists)]
          [--swap e_i|e_r|both --responder-key FILE.pub] [--time SECONDS]
          [--drop-type c2s:6[:COUNT[:SKIP]]] [--lose c2s:100] [--swing c2s:35:45[:TYPE]]
          [--hold c2s:3[:TYPE[:SKIP]]]

--drop-type loses the packets of a type, all of them (COUNT 0) or COUNT, after the first SKIP. --lose loses every Nth
DATA packet. --swing delays the packets of a direction (or those of TYPE, and what is
behind them) by so many milliseconds, one and the other in turn; their order stays. --hold keeps a direction's stream back for so many seconds,
from its first packet of TYPE on (after SKIP of them; default: from the start of the session),
and then passes it on in order, as a TCP stream that was stuck would.
"""

import argparse
import heapq
import json
import os
import selectors
import signal
import socket
import sys
import threading
import time

from pool import handshake as hs
from pool import keyfile
from pool.crypto import HMAC, PUB, secret
from pool.header import HEADER, LEADING, Type
from pool.net import host_port, listen
from pool.stream import Framer

C2S, S2C = "c2s", "s2c"


class Swap:
    """Puts keys of its own in the place of E_i and E_r, as well as anybody can who knows S_r:
    Session IDs and HMACs of INIT and CHALLENGE are made to fit."""

    def __init__(self, what, S_r):
        self.e_i, self.e_r = what in ("e_i", "both"), what in ("e_r", "both")
        self.S_r = S_r
        self.E_m = PUB(secret())
        self.sid_m = hs.sid_of(self.E_m)
        self.E_i = self.sid = None

    def remade(self, packet, key, sid, payload):
        leading = packet[:20] + sid + packet[36:LEADING]
        return leading + HMAC(key, leading + payload) + payload

    def __call__(self, direction, packet):
        kind, payload = packet[0] & 15, packet[HEADER:]
        if kind == Type.INIT:
            self.E_i, self.sid = payload[:32], packet[20:36]
            if self.e_i:
                return self.remade(packet, hs.key_init(self.S_r), self.sid_m,
                                   self.E_m + payload[32:])
        elif kind == Type.CHALLENGE and self.E_i:
            if self.e_r and payload[:32] != hs.ZERO32:
                payload = PUB(secret()) + payload[32:]
            return self.remade(packet, hs.key_challenge(self.E_i, self.S_r), self.sid, payload)
        elif kind == Type.RESPONSE and self.e_i:
            return packet[:20] + self.sid_m + packet[36:HEADER] + self.E_m + payload[32:]
        return packet


class At(float):
    """For a hook that says when, not how much later."""


class Mitm:
    """hook(direction, packet) gives the packet to pass on, a list of (seconds, packet), or
    None. counts says how many packets came in each direction."""

    def __init__(self, connect, port=0, hooks=(), source=None, say=None):
        self.connect, self.hooks, self.source = connect, list(hooks), source
        self.say = say or (lambda **_: None)
        self.listener = listen("", port)
        self.port = self.listener.getsockname()[1]
        self.selector = selectors.DefaultSelector()
        self.selector.register(self.listener, selectors.EVENT_READ, None)
        self.counts = {C2S: 0, S2C: 0}
        self.captured = []
        self.late = []                  # heap of (when, n, socket, packet)
        self.n = 0
        self.stopping = False
        self.thread = None

    def accept(self):
        client, _ = self.listener.accept()
        try:
            server = socket.create_connection(self.connect, timeout=5,
                                              source_address=(self.source, 0) if self.source
                                              else None)
        except OSError:
            client.close()
            return
        for sock, other, direction in ((client, server, C2S), (server, client, S2C)):
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            sock.settimeout(5)
            self.selector.register(sock, selectors.EVENT_READ,
                                   (other, direction, Framer(lenient=True)))

    def end(self, *socks):
        for sock in socks:
            try:
                self.selector.unregister(sock)
            except (KeyError, ValueError):
                pass
            sock.close()

    def pass_on(self, sock, packet):
        try:
            sock.sendall(packet)
        except OSError:
            pass

    def packet(self, other, direction, packet):
        number = self.counts[direction]
        self.counts[direction] += 1
        self.captured.append((direction, packet))
        out = [(0, packet)]
        for hook in self.hooks:
            following = []
            for delay, p in out:
                result = hook(direction, p, number) if getattr(hook, "numbered", False) \
                    else hook(direction, p)
                if isinstance(result, list):
                    following += [(delay + d if delay else d, q) for d, q in result]
                elif result is not None:
                    following.append((delay, result))
            out = following
        self.say(direction=direction, number=number, type=packet[0] & 15, length=len(packet),
                 passed=[len(p) for _, p in out])
        for delay, p in out:
            if delay:
                self.n += 1
                when = delay if isinstance(delay, At) else time.monotonic() + delay
                heapq.heappush(self.late, (when, self.n, other, p))
            else:
                self.pass_on(other, p)

    def step(self):
        wait = 0.05
        if self.late:
            wait = min(wait, max(0, self.late[0][0] - time.monotonic()))
        for key, _ in self.selector.select(wait):
            if key.fileobj.fileno() < 0:
                continue                # closed with its other end, just now
            if key.fileobj is self.listener:
                self.accept()
                continue
            other, direction, framer = key.data
            try:
                data = key.fileobj.recv(65536)
            except OSError:
                data = b""
            if not data:
                self.end(key.fileobj, other)
                continue
            framer.feed(data)
            packet = framer.next()
            while packet is not None:
                self.packet(other, direction, packet)
                packet = framer.next()
        while self.late and self.late[0][0] <= time.monotonic():
            _, _, sock, packet = heapq.heappop(self.late)
            self.pass_on(sock, packet)

    def run(self):
        while not self.stopping:
            self.step()
        for key in list(self.selector.get_map().values()):
            key.fileobj.close()
        self.selector.close()

    # In a thread, for tests in Python.

    def __enter__(self):
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.stopping = True
        self.thread.join(5)


def nth(direction, number, action):
    """A hook for one packet."""
    def hook(d, packet, n):
        return action(packet) if (d, n) == (direction, number) else packet
    hook.numbered = True
    return hook


def drop(_):
    return None


def corrupt(at):
    def action(packet):
        packet = bytearray(packet)
        packet[at if at < len(packet) else -1] ^= 1
        return bytes(packet)
    return action


def delay(seconds):
    return lambda packet: [(seconds, packet)]


def double(packet):
    return [(0, packet), (0, packet)]


class Withhold:
    """Keeps a packet until release(), and then sends it behind the next one of its direction."""
    numbered = True

    def __init__(self, direction, number, released):
        self.direction, self.number, self.released = direction, number, released
        self.kept = None

    def __call__(self, direction, packet, number):
        if direction != self.direction:
            return packet
        if number == self.number:
            self.kept = packet
            return None
        if self.kept and self.released():
            kept, self.kept = self.kept, None
            return [(0, packet), (0, kept)]
        return packet


class DropType:
    """Loses packets of a type: all, or count of them, after the first skip."""

    def __init__(self, direction, kind, count=0, skip=0):
        self.direction, self.kind, self.count, self.skip = direction, kind, count, skip
        self.dropped = self.passed = 0

    def __call__(self, direction, packet):
        if direction != self.direction or packet[0] & 15 != self.kind:
            return packet
        if self.passed < self.skip:
            self.passed += 1
            return packet
        if self.count and self.dropped >= self.count:
            return packet
        self.dropped += 1
        return None


class Lose:
    """Loses every Nth DATA packet of a direction."""

    def __init__(self, direction, every):
        self.direction, self.every = direction, every
        self.seen = self.lost = 0

    def __call__(self, direction, packet):
        if direction != self.direction or packet[0] & 15 != Type.DATA:
            return packet
        self.seen += 1
        if self.seen % self.every:
            return packet
        self.lost += 1
        return None


class InOrder:
    """A hook that delays without changing the order."""

    def __init__(self, direction):
        self.direction = direction
        self.last = 0.0                 # when the one before it goes

    def wait(self, packet):
        raise NotImplementedError

    def __call__(self, direction, packet):
        if direction != self.direction:
            return packet
        now = time.monotonic()
        self.last = max(self.last, now + self.wait(packet))
        return [(At(self.last), packet)]


class Swing(InOrder):
    """Delays of a and b seconds in turn, of all packets or those of a type."""

    def __init__(self, direction, a, b, kind=None):
        super().__init__(direction)
        self.delays, self.n, self.kind = (a, b), 0, kind

    def wait(self, packet):
        if self.kind is not None and packet[0] & 15 != self.kind:
            return 0.0
        self.n += 1
        return self.delays[self.n % 2 - 1]


class Hold(InOrder):
    """A stream that is stuck for so many seconds from the first packet of a type on."""

    def __init__(self, direction, seconds, kind=None, skip=0):
        super().__init__(direction)
        self.seconds, self.kind, self.skip, self.until = seconds, kind, skip, None

    def begins(self, packet):
        kind = packet[0] & 15
        if kind <= Type.RESPONSE if self.kind is None else kind != self.kind:
            return False
        self.skip -= 1
        return self.skip < 0

    def wait(self, packet):
        now = time.monotonic()
        if self.until is None and self.begins(packet):
            self.until = now + self.seconds
        return max(0.0, self.until - now) if self.until else 0.0


def parse_hook(name, text):
    parts = text.split(":")
    direction, number = parts[0], float(parts[1]) if name == "hold" else int(parts[1])
    if direction not in (C2S, S2C):
        raise ValueError("%s: c2s or s2c" % text)
    more = [int(x) for x in parts[2:]] if name in ("drop-type", "swing", "hold") else []
    if name == "drop-type":
        return DropType(direction, number, *more)
    if name == "lose":
        return Lose(direction, number)
    if name == "swing":
        return Swing(direction, number / 1000, more[0] / 1000, *more[1:])
    if name == "hold":
        return Hold(direction, number, *more)
    if name == "withhold":
        return Withhold(direction, number, lambda: os.path.exists(parts[2]))
    action = dict(drop=lambda: drop, double=lambda: double,
                  corrupt=lambda: corrupt(int(parts[2]) if len(parts) > 2 else 80),
                  delay=lambda: delay(float(parts[2])))[name]()
    return nth(direction, number, action)


HOOKS = ("drop", "drop-type", "lose", "corrupt", "double", "withhold", "delay", "swing", "hold")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--listen", type=int, required=True)
    parser.add_argument("--connect", required=True)
    for name in HOOKS:
        parser.add_argument("--" + name, action="append", default=[])
    parser.add_argument("--swap", choices=("e_i", "e_r", "both"))
    parser.add_argument("--responder-key")
    parser.add_argument("--time", type=float, default=60)
    args = parser.parse_args()
    hooks = [parse_hook(name, text) for name in HOOKS
             for text in getattr(args, name.replace("-", "_"))]
    if args.swap:
        hooks.append(Swap(args.swap, keyfile.load(args.responder_key)))
    mitm = Mitm(host_port(args.connect), args.listen, hooks,
                say=lambda **what: print(json.dumps(what), flush=True))
    signal.signal(signal.SIGTERM, lambda *_: setattr(mitm, "stopping", True))
    end = threading.Timer(args.time, lambda: setattr(mitm, "stopping", True))
    end.daemon = True
    end.start()
    print(json.dumps(dict(event="listening", port=mitm.port)), flush=True)
    mitm.run()
    return 0


if __name__ == "__main__":
    sys.exit(main())
