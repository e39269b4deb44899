# SPDX-License-Identifier: GPL-2.0
"""Primitives for attacks: one hand-driven connection, one hand-driven session.

Nothing here judges by itself; attack.py says what a sound end has to do.
"""

import os
import random
import select
import socket
import time

from . import handshake as hs
from . import inner, telemetry, tlv
from .crypto import DH, PUB, secret
from .discover import PROBE, Discover
from .drop import Drop
from .fragment import Reassembly
from .header import FRAGMENT, HEADER, LAST_FRAG, REQUIRE_ACK, TELEMETRY, Header, Type
from .keys import NO_PSK
from .net import listen
from .rekey import ANSWER, OFFER, Rekey, Rekeyer
from .session import Session, seal
from .wire import SLOW, DatagramWire, Wire, patience, quiet

# pool.ko takes 20 new connections and verified handshakes per second and
# source, 40 at once (5.8); we stay below.
RATE, BURST = 12.0, 12.0


class Pace:
    def __init__(self):
        self.tokens, self.last = BURST, time.monotonic()

    def take(self):
        now = time.monotonic()
        self.tokens = min(BURST, self.tokens + (now - self.last) * RATE)
        self.last = now
        if self.tokens < 1:
            time.sleep((1 - self.tokens) / RATE)
            self.take()
            return
        self.tokens -= 1


class Live:
    """A session of ours with the target, on a wire."""

    def __init__(self, target, wire, keys, sid, initiator=True):
        self.target, self.wire = target, wire
        self.session = Session(keys, sid, initiator)
        self.acked = set()
        self.acks = []                  # (header, TLVs)
        self.data, self.closed, self.refused = [], False, []
        self.heartbeats = 0
        self.ident = random.randrange(65536)
        self.candidate = self.stamp = None
        self.ended = False
        self.rekeys = []                # (header, Rekey, epoch it came in)
        self.blocks, self.reports = [], []      # of its HEARTBEATs
        self.came = []                  # (type, epoch) of all that was taken
        self.secret = target.secret
        self.discovers = []             # (Discover, header, wire) that came
        self.answers_probes = True
        self.messages = Reassembly()
        self._rekeyer = None

    @property
    def rekeyer(self):
        """Our side of 6.14; nothing happens in it unless a scenario says so."""
        if self._rekeyer is None:
            self._rekeyer = Rekeyer(self.session, DH(self.secret, self.target.S_t))
        return self._rekeyer

    def seal(self, kind, plain=b"", flags=0, **fields):
        return self.session.seal(kind, plain, flags, **fields)

    def send(self, kind, plain=b"", flags=0, wire=None, **fields):
        """The sequence it went out with."""
        packet = self.seal(kind, plain, flags, **fields)
        (wire or self.wire).send(packet)
        return Header.parse(packet).seq

    def beat(self, plain=b"", flags=0, wire=None, **fields):
        return self.send(Type.HEARTBEAT, plain, flags | REQUIRE_ACK, wire, **fields)

    def take(self, packet, wire=None):
        """A packet of the target's; its header and plaintext, or None."""
        try:
            header, plain = self.session.open(packet, time.monotonic())
        except Drop as refusal:
            self.refused.append(refusal.reason)
            return None
        self.session.confirmed = True
        self.came.append((header.type, self.session.came_in))
        self.rekeyer.heard(self.session.came_in, time.monotonic())
        if header.type == Type.DATA:
            if header.flags & FRAGMENT:
                plain, _ = self.messages.take(
                    (header.sid, self.session.came_in), plain, bool(header.flags & LAST_FRAG),
                    time.monotonic()) or (None, None)
            if plain is not None:
                self.data.append(plain)
        elif header.type == Type.CLOSE:
            self.closed = True
        elif header.type == Type.ACK:
            t = tlv.parse(plain)
            self.acks.append((header, t))
            self.acked.update(t.acked)
        elif header.type == Type.HEARTBEAT:
            self.heartbeats += 1
            if header.flags & TELEMETRY:
                self.blocks.append(telemetry.Block.unpack(plain))
                plain = plain[telemetry.LENGTH:]
            self.reports.append((header, tlv.parse(plain).errors))
            self.send(Type.ACK, tlv.acked([header.seq]), wire=wire)
        elif header.type == Type.REKEY:
            self.rekeys.append((header, Rekey.unpack(plain), self.session.came_in))
        elif header.type == Type.DISCOVER:
            d = Discover.unpack(plain)
            self.discovers.append((d, header, wire or self.wire))
            if d.op == PROBE and self.answers_probes:
                self.send(Type.DISCOVER, d.answer().pack(), wire=wire)
        return header, plain

    # Rekeys by hand. On wires with `rekeys` set.

    def rekey(self, step, epoch, ephemeral, flags=REQUIRE_ACK, **fields):
        """Any REKEY; the sequence it went out with."""
        return self.send(Type.REKEY, Rekey(step, epoch, ephemeral).pack(), flags, **fields)

    def offered(self, timeout=3.0):
        """An offer of the target's for the next epoch, or None."""
        def newest():
            return [r for _, r, came in self.rekeys
                    if (r.step, r.epoch, came) == (OFFER, self.session.epoch + 1,
                                                   self.session.epoch)]
        self.read(timeout, lambda: bool(newest()))
        return newest()[-1] if newest() else None

    def answer(self, r):
        """Our answer to an offer; its sequence."""
        plain = self.rekeyer.take(r, self.session.epoch, time.monotonic())
        return self.send(Type.REKEY, plain, REQUIRE_ACK)

    def accept_offer(self, timeout=3.0):
        """The target offers, we answer, and it sends in the new epoch."""
        epoch = self.session.epoch
        r = self.offered(timeout)
        if r is None:
            return False
        self.answer(r)
        return self.read(timeout, lambda: self.session.epoch == epoch + 1)

    def answers(self, epoch=None):
        """The target's answers so far, for the next epoch if not said otherwise."""
        epoch = epoch or self.session.epoch + 1
        return [r for _, r, _ in self.rekeys if (r.step, r.epoch) == (ANSWER, epoch)]

    def offer(self, timeout=6.0, **bounds):
        """We offer and repeat it; the target's answer, not yet taken, or None."""
        plain = self.rekeyer.start(time.monotonic(), **bounds)
        return self.offer_again(plain, timeout)

    def offer_again(self, plain, timeout=6.0):
        end = time.monotonic() + patience(timeout)
        before = len(self.answers())
        while time.monotonic() < end and not self.wire.closed:
            self.send(Type.REKEY, plain, REQUIRE_ACK)
            if self.read(1.1, lambda: len(self.answers()) > before):
                return self.answers()[-1]
        return None

    def switch(self, r):
        """Takes the target's answer: we send in the new epoch from now on."""
        self.rekeyer.take(r, self.session.epoch, time.monotonic())

    def rekey_whole(self, timeout=6.0):
        """We offer, it answers, both are in the new epoch."""
        r = self.offer(timeout)
        if r is None:
            return False
        self.switch(r)
        epoch = self.session.epoch
        return self.alive() and self.read(timeout, lambda: self.came[-1][1] == epoch)

    def sealed_in(self, direction, seq, kind, plain=b"", flags=0):
        """A packet under keys that we would have wiped."""
        return seal(direction, self.session.header(kind, flags, seq=seq), plain)

    def read(self, seconds, until=lambda: False, wire=None):
        """Takes what comes, for so long or until something is so."""
        wire = wire or self.wire
        end = time.monotonic() + patience(seconds)
        while not until():
            left = end - time.monotonic()
            if left <= 0 or wire.closed:
                break
            packet = wire.recv(min(left, 0.5))
            if packet is not None and Header.parse(packet).sid == self.session.sid:
                if packet[0] & 15 > Type.RESPONSE:
                    self.take(packet, wire)
        return until()

    def answered(self, seq, timeout=3.0, wire=None):
        return self.read(timeout, lambda: seq in self.acked, wire)

    def alive(self, timeout=3.0, wire=None):
        """It answers a HEARTBEAT."""
        return self.answered(self.beat(wire=wire), timeout, wire)

    def reattach(self):
        """A new connection, or another port: True if the session answers there without a
        handshake. On datagrams what was asked before it has moved is answered elsewhere."""
        self.wire = self.target.connect()
        return any(self.alive(1.0 if self.wire.datagram else 3.0)
                   for _ in range(4 if self.wire.datagram else 1))

    def echo(self, source=None, destination=None, size=32):
        """An echo request, sealed; None if we have no inner addresses."""
        t = self.target
        return inner.echo_request(source or t.mine, destination or t.theirs, self.ident, 1,
                                  os.urandom(size))

    def ping(self, timeout=3.0, wire=None):
        """An echo request through the session comes back."""
        before = len(self.data)
        self.send(Type.DATA, self.echo(), wire=wire)
        return self.read(timeout, lambda: any(
            (inner.echo(p) or [""])[0] == "reply" for p in self.data[before:]), wire)

    def end(self):
        """CLOSE, on a new connection if need be, and the connection goes too."""
        if self.ended:
            return
        self.ended = True
        if self.wire.closed and not (self.session.confirmed and self.reattach()):
            return
        self.send(Type.CLOSE, bytes(4))
        self.wire.listen_for(0.02)
        self.wire.close()


class Fake:
    """A responder to one INIT that came from the target; honest unless told otherwise."""

    def __init__(self, target, wire, init):
        self.target, self.wire = target, wire
        self.packet = init
        self.header = Header.parse(init)
        self.init = hs.Init.unpack(init[HEADER:])
        self.made = []                  # (e_r, challenge payload)

    def challenge(self, full=True, difficulty=16, E_r=None, seed=None, key=None, sid=None,
                  timestamp=None, note=True, **header):
        e_r = secret()
        payload = hs.Challenge(
            hs.ZERO32 if not full else E_r or PUB(e_r), seed or os.urandom(32),
            random.randrange(1 << 32), random.randrange(256), difficulty).pack()
        if full and note:
            self.made.append((e_r, payload))
        return hs.assemble(Type.CHALLENGE, sid or self.header.sid,
                           self.header.timestamp if timestamp is None else timestamp,
                           key or hs.key_challenge(self.init.E_i, self.target.public),
                           payload, **header)

    def accept(self, response):
        """A Live session from a RESPONSE, or None if it fits none of our CHALLENGEs."""
        clear = hs.Clear.unpack(response[HEADER:])
        for e_r, payload in self.made:
            if payload[32:40] != clear.prefix:
                continue
            accepted = hs.open_response(self.target.secret, self.target.public, e_r, payload,
                                        response, lambda S: self.target.psk)
            live = Live(self.target, self.wire, accepted.keys, self.header.sid, initiator=False)
            live.tlvs, live.S_i = accepted.tlvs, accepted.S_i
            live.clear, live.seed = clear, payload[32:64]
            return live
        return None

    def first_ack(self, live):
        live.send(Type.ACK, self.target.hello.ljust(80, b"\0"))

    def complete(self, challenge=None, timeout=10.0):
        """CHALLENGE, RESPONSE, ACK, HEARTBEAT: a Live session or None."""
        self.wire.send(challenge or self.challenge())
        response = self.wait(Type.RESPONSE, timeout)
        live = response and self.accept(response)
        if not live:
            return None
        self.first_ack(live)
        return live if live.read(3.0, lambda: live.heartbeats > 0) else None

    def wait(self, kind, timeout=10.0):
        """The next packet of that type of this attempt."""
        end = time.monotonic() + patience(timeout)
        while time.monotonic() < end and not self.wire.closed:
            packet = self.wire.recv(min(end - time.monotonic(), 0.5))
            if packet and packet[0] & 15 == kind and Header.parse(packet).sid == self.header.sid:
                return packet
        return None


class Target:
    """The end under attack, seen from outside, and who we are."""

    def __init__(self, host, port, S_t, s, psk=NO_PSK, mine=None, theirs=None, name=None,
                 source=None, trigger=None, listen_on=None, transport=hs.TRANSPORT_TCP):
        self.host, self.port, self.S_t = host, port, S_t
        self.secret, self.public, self.psk = s, PUB(s), psk
        self.mine, self.theirs = mine, theirs
        self.source, self.trigger = source, trigger
        self.transport = transport
        self.datagram = transport != hs.TRANSPORT_TCP
        self.hello = tlv.hello(name, transports=1 << transport - 1)
        self.pace = Pace()
        self.wires, self.lives = [], []
        self.paid = 0                   # RESPONSEs that reach a curve operation
        self.listener = None
        self.listen_on = listen_on

    def connect(self, source=None, rcvbuf=None, paced=True):
        if paced:
            self.pace.take()
        source = source or self.source
        if self.datagram:
            return self.keep(DatagramWire(self.transport, self.host, self.port, source))
        family = socket.AF_INET6 if ":" in self.host else socket.AF_INET
        sock = socket.socket(family, socket.SOCK_STREAM)
        if rcvbuf:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, rcvbuf)
        sock.settimeout(10)
        if source:
            sock.bind((source, 0))
        sock.connect((self.host, self.port))
        return self.keep(Wire(sock))

    def keep(self, wire):
        """Until the end of the scenario."""
        self.wires.append(wire)
        return wire

    def attempt(self, **changes):
        changes.setdefault("psk", self.psk)
        changes.setdefault("hello", self.hello)
        changes.setdefault("transport", self.transport)
        return hs.Attempt(changes.pop("s_i", self.secret), changes.pop("S_r", self.S_t),
                          **changes)

    def challenge(self, wire, attempt, init=None, timeout=5.0):
        """INIT and the full CHALLENGE that comes, after work if that is asked first."""
        wire.send(init or attempt.init())
        for _ in range(4):
            packet = wire.recv(timeout)
            if packet is None:
                raise Unfit("no CHALLENGE%s" % (", connection closed" if wire.closed else ""))
            if packet[0] & 15 != Type.CHALLENGE:
                continue
            challenge = attempt.check(packet)
            if challenge.full:
                return packet
            self.pace.take()
            wire.send(attempt.filled(challenge))
        raise Unfit("no full CHALLENGE")

    def prepare(self, wire=None, **changes):
        """A RESPONSE that is ready to be sent: (wire, attempt, candidate)."""
        wire = wire or self.connect()
        attempt = self.attempt(**changes)
        candidate = attempt.response(self.challenge(wire, attempt))
        return wire, attempt, candidate

    def respond(self, wire, packet):
        """Sends a RESPONSE whose work is right."""
        self.pace.take()
        self.paid += 1
        wire.send(packet)

    def live(self, wire, attempt, candidate):
        live = Live(self, wire, candidate.keys, attempt.sid)
        live.candidate, live.stamp = candidate, attempt.timestamp
        live.secret = attempt.s_i
        live.attempt = attempt
        self.lives.append(live)
        return live

    def unconfirmed(self, wire=None, **changes):
        """A handshake up to the first ACK."""
        wire, attempt, candidate = self.prepare(wire, **changes)
        self.respond(wire, candidate.response)
        live = self.live(wire, attempt, candidate)
        if not live.read(5.0, lambda: bool(live.acks)):
            raise Unfit("no first ACK%s" % (", connection closed" if wire.closed else ""))
        return live

    def handshake(self, wire=None, **changes):
        """A whole handshake; the session is confirmed at both ends."""
        live = self.unconfirmed(wire, **changes)
        if not live.alive():
            raise Unfit("no ACK to the first HEARTBEAT")
        return live

    # -- being dialled

    def accept(self, timeout=20.0):
        """A connection of the target's and its INIT, as a Fake."""
        if self.listener is None:
            self.listener = listen(*self.listen_on)
        end = time.monotonic() + patience(timeout)
        waiting = []
        poke = 0
        while time.monotonic() < end:
            if self.trigger and time.monotonic() >= poke:
                self.trigger()
                poke = time.monotonic() + 1
            ready = select.select([self.listener] + [w.sock for w in waiting], [], [], 0.2)[0]
            if self.listener in ready:
                wire = Wire(self.listener.accept()[0])
                self.wires.append(wire)
                waiting.append(wire)
            for wire in list(waiting):
                packet = wire.recv(0)
                while packet is not None:
                    if packet[0] & 15 == Type.INIT:
                        hs.check_hmac(packet, hs.key_init(self.public))
                        return Fake(self, wire, packet)
                    packet = wire.recv(0)
                if wire.closed:
                    waiting.remove(wire)
        raise Unfit("the target does not call")

    def accept_again(self, timeout=15.0):
        """The next connection of the target's."""
        if not select.select([self.listener], [], [], patience(timeout))[0]:
            raise Unfit("the target does not call again")
        wire = Wire(self.listener.accept()[0])
        self.wires.append(wire)
        return wire

    # -- the end of a scenario

    def tidy(self):
        for live in self.lives:
            live.end()
        for wire in self.wires:
            wire.close()
        if self.listener is not None:
            self.listener.close()
            self.listener = None

    def totals(self):
        packets = [p for w in self.wires for p in w.packets]
        return dict(bytes_out=sum(w.bytes_out for w in self.wires),
                    bytes_in=sum(w.bytes_in for w in self.wires),
                    connections=len(self.wires),
                    answers=[Type(p[0] & 15).name for p in packets][:20])


class Unfit(Exception):
    """The scenario could not be set up: no verdict."""


