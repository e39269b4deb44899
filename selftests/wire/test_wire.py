#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""The Python end against itself: main paths, and every attack of attacks/.

Run: /usr/bin/python3 -m unittest, here; or ./test_wire.py --tap, several at a time, about half
a minute on two processors.
"""

import concurrent.futures
import ipaddress
import json
import multiprocessing
import os
import random
import socket
import sys
import time
import unittest

import attacks
import mitm
import test_datagram
import vectors
from harness import attack
from mitm import C2S, S2C, DropType, Hold, Lose, Mitm, Swap, Swing, double, drop, nth
from pool import handshake as hs
from pool import inner, puzzle, rekey, replay, session, stream, telemetry, tlv
from pool import node as node_module
from pool.address import Address, addr16
from pool.crypto import DH, PUB, secret
from pool.drop import Drop
from pool.handshake import TRANSPORT_TCP
from pool.header import HEADER, PRIORITY, Header, Type
from pool.keys import NO_PSK, epoch_keys
from pool.net import Loop, host_port
from pool.node import Node, Peer, Timers

LOCAL = addr16("127.0.0.1")
# Those that take more than 2 s run first.
LONG = ("rekey-many", "rekey-repeated", "slow-reader", "unconfirmed-expires", "flip", "silent-many", "init-flood",
        "malformed-data", "tlv-malformed", "mitm-delay", "dialled-four", "silent",
        "dialled-no-ack", "mitm-reorder", "reserved-types")


class Units(unittest.TestCase):
    def test_address_of_the_specification(self):
        a = Address.of(bytes(range(32)), 1, 0x0102030405060708)
        self.assertEqual(str(a), "pool1:11000000-O0000000000000001-S0102030405060708"
                                 "-N630dcd2966c43366-C085d4a81")
        self.assertEqual(a.pack().hex(), "11000000000000000000000101020304"
                                         "05060708630dcd2966c43366085d4a81")
        self.assertEqual(a.ipv6(),
                         ipaddress.ip_address("fdca:ceae:de9:708:630d:cd29:66c4:3366"))

    def test_addr16(self):
        self.assertEqual(addr16("1.2.3.4").hex(), "00" * 10 + "ffff01020304")
        self.assertEqual(addr16("fe80::1%eth0").hex(), "fe80" + "00" * 13 + "01")

    def test_window_against_a_set(self):
        """What the window accepts, said another way."""
        for bits in (64, 100):
            window, taken, chance = replay.Window(1000, bits), set(), random.Random(bits)
            for _ in range(5000):
                top = max(taken, default=1000)
                seq = max(900, top + chance.randrange(-2 * bits, bits // 2))
                sound = (seq >= 1000 and seq not in taken
                         and (not taken or seq > max(taken) - bits))
                self.assertEqual(window.update(seq) == replay.OK, sound)
                if sound:
                    taken.add(seq)

    def test_tlv_never_fails_otherwise(self):
        chance = random.Random(7)
        for _ in range(3000):
            data = bytes(chance.choice((0, 1, 2, 4, 5, 6, 8, 32, 200)) for _ in range(
                chance.randrange(60)))
            try:
                tlv.parse(data)
            except tlv.Malformed:
                pass

    def test_framer(self):
        one = Header(type=Type.HEARTBEAT, length=16).leading() + bytes(48)
        init = Header(type=Type.INIT, length=72).leading() + bytes(104)
        for piece in (1, 79, 80, 81, 1000):
            framer, out = stream.Framer(), []
            data = one + init + one
            for at in range(0, len(data), piece):
                framer.feed(data[at:at + piece])
                packet = framer.next()
                while packet:
                    out.append(packet)
                    packet = framer.next()
            self.assertEqual(out, [one, init, one])

    def test_framer_judges_on_the_header(self):
        for header, unproven, reason in (
                (Header(type=13, length=16), False, "rx-type"),
                (Header(type=5, length=15), False, "rx-length"),
                (Header(type=0, length=71), False, "rx-length"),
                (Header(type=2, length=72), False, "rx-length"),
                (Header(type=5, version=2, length=16), False, "rx-version"),
                (Header(type=3, length=16), True, "conn-not-allowed"),
                (Header(type=5, length=513), True, "conn-not-allowed")):
            framer = stream.Framer()
            framer.feed(header.leading() + bytes(32))
            with self.assertRaises(Drop) as caught:
                framer.next(unproven)
            self.assertEqual(caught.exception.reason, reason)
            self.assertTrue(caught.exception.closes)

    def test_icmp(self):
        for a, b in (("10.0.0.1", "10.0.0.2"), ("fd00::1", "fd00::2")):
            request = inner.echo_request(a, b, 7, 9, b"data")
            self.assertTrue(inner.is_sound(request))
            reply = inner.echo_reply(request)
            what, source, destination, ident, seq, data = inner.echo(reply)
            self.assertEqual((what, str(source), str(destination), ident, seq, data),
                             ("reply", b, a, 7, 9, b"data"))
            self.assertIsNone(inner.echo_reply(reply))

    def test_timestamps_go_up(self):
        stamps = [hs.new_timestamp() for _ in range(100)]
        self.assertEqual(stamps, sorted(set(stamps)))
        self.assertGreater(hs.new_timestamp(5), stamps[-1])

    def test_sequences_run_out(self):
        keys = Handshake().run()[0]
        s = session.Session(keys, bytes(16), True)
        s.next_seq = s.tx.isn + replay.RANGE
        s.seal(Type.HEARTBEAT)
        with self.assertRaises(OverflowError):
            s.seal(Type.HEARTBEAT)

    def test_host_port(self):
        self.assertEqual(host_port("[fd00::1]:5"), ("fd00::1", 5))
        self.assertEqual(host_port("10.0.0.1:5"), ("10.0.0.1", 5))
        self.assertEqual(host_port("5"), ("", 5))
        self.assertEqual(host_port("[fd00::1]"), ("fd00::1", 9253))

    def test_committed_vectors(self):
        """Those that are quick to make; vectors.py --check looks at all."""
        for name in ("hkdf", "header", "tlv", "epoch", "packet", "address", "replay", "rekey",
                     "telemetry", "digest", "rtt", "loss", "segment"):
            with open(os.path.join(vectors.DIRECTORY, name + ".json"), encoding="utf-8") as f:
                text = f.read()
            self.assertEqual(text, vectors.text_of(vectors.FILES[name]), name)
            json.loads(text)


class Handshake:
    """An attempt and a responder without anything between them."""

    def __init__(self, psk_i=NO_PSK, psk_r=NO_PSK, s_r=None, difficulty=16):
        self.s_i, self.s_r = secret(), s_r or secret()
        self.attempt = hs.Attempt(self.s_i, PUB(self.s_r), psk_i, tlv.hello(b"x"))
        self.responder = hs.Responder(self.s_r)
        self.responder.difficulty = difficulty
        self.psk_r = psk_r

    def run(self, prove_work=False):
        packet = self.responder.on_init(self.attempt.init(), LOCAL, prove_work)
        if prove_work:
            packet = self.responder.on_init(self.attempt.on_challenge(packet), LOCAL)
        response = self.attempt.on_challenge(packet)
        accepted = self.responder.on_response(response, LOCAL, lambda S: self.psk_r)
        return self.attempt.candidates[-1].keys, accepted


class Handshakes(unittest.TestCase):
    def refuses(self, reason, function, *args):
        with self.assertRaises(Drop) as caught:
            function(*args)
        self.assertEqual(caught.exception.reason, reason)

    def test_keys_agree(self):
        for prove_work in (False, True):
            for difficulty in (16, 17):
                h = Handshake(difficulty=difficulty)
                keys, accepted = h.run(prove_work)
                self.assertEqual(keys, accepted.keys)
                self.assertEqual(accepted.S_i, PUB(h.s_i))
                self.assertEqual(accepted.tlvs.name, b"x")
                # E_r once per full CHALLENGE, once more and three DH for the RESPONSE.
                self.assertEqual(h.responder.curve_operations, 5)

    def test_psk(self):
        psk = os.urandom(32)
        keys, accepted = Handshake(psk, psk).run()
        self.assertEqual(keys, accepted.keys)
        self.refuses("hs-psk", Handshake(psk, NO_PSK).run)
        self.refuses("hs-psk", Handshake(NO_PSK, psk).run)

    def test_secrets_die(self):
        """The current secret and the two before it are live."""
        h = Handshake()
        response = h.attempt.on_challenge(h.responder.on_init(h.attempt.init(), LOCAL))
        for _ in range(2):
            h.responder.rotate()
        h.responder.on_response(response, LOCAL, lambda S: NO_PSK)
        h.responder.rotate()
        self.refuses("hs-secret", h.responder.on_response, response, LOCAL, lambda S: NO_PSK)

    def test_rotation_by_time(self):
        now = [0.0]
        responder = hs.Responder(secret(), mono=lambda: now[0])
        first = responder.current()
        now[0] = 299.0
        self.assertIs(responder.current(), first)
        now[0] = 300.0
        self.assertIsNot(responder.current(), first)
        self.assertIn(first, responder.secrets)

    def test_one_address_only(self):
        h = Handshake()
        response = h.attempt.on_challenge(h.responder.on_init(h.attempt.init(), LOCAL))
        self.refuses("hs-seed", h.responder.on_response, response, addr16("127.0.0.2"),
                     lambda S: NO_PSK)

    def test_difficulty_while_more_is_asked(self):
        h = Handshake()
        response = h.attempt.on_challenge(h.responder.on_init(h.attempt.init(), LOCAL))
        h.responder.difficulty = 18
        self.refuses("hs-difficulty", h.responder.on_response, response, LOCAL,
                     lambda S: NO_PSK)
        h.responder.difficulty = 17
        h.responder.on_response(response, LOCAL, lambda S: NO_PSK)

    def test_candidates(self):
        """Two CHALLENGEs make two sets of keys with ranges of their own."""
        h = Handshake()
        answers = []
        for _ in range(2):
            h.responder.rotate()
            answers.append(h.attempt.on_challenge(h.responder.on_init(h.attempt.init(), LOCAL)))
        one, two = h.attempt.candidates
        self.assertNotEqual(answers[0], answers[1])
        self.assertNotEqual(one.keys, two.keys)
        self.assertGreater(abs(one.keys.r2i.isn - two.keys.r2i.isn), replay.RANGE)

    def test_puzzle(self):
        seed = os.urandom(32)
        x = puzzle.solve(seed, 16)
        self.assertTrue(puzzle.solves(seed, x, 16))
        self.assertEqual(hs.H(seed + x)[:2], bytes(2))
        self.assertFalse(puzzle.solves(seed, puzzle.wrong(seed, 16), 16))


class Pair:
    """Two nodes with loops, joined by loopback TCP."""

    def __init__(self, case, psk=NO_PSK, timers=None, host="127.0.0.1", port=None, swap=False,
                 **options):
        keys = sorted((secret(), secret()), key=PUB, reverse=swap)
        options.setdefault("key_log", True)
        one = options.pop("one", {})    # of node 1 alone
        self.nodes = [Node(k, b"node%d" % n, timers=timers or Timers(),
                           **dict(options, **(one if n == 1 else {})))
                      for n, k in enumerate(keys)]
        self.got = [[], []]
        self.events = [[], []]
        self.loops, self.peers, self.ports = [], [], []
        for n, node in enumerate(self.nodes):
            peer = Peer(self.nodes[1 - n].public, psk, ["10.9.0.%d/32" % (2 - n)])
            self.peers.append(node.add_peer(peer))
            node.deliver = lambda p, packet, n=n: self.got[n].append(packet)
            node.on_event = lambda what, n=n, **d: self.events[n].append((what, d))
            loop = Loop(node)
            loop.backoff = (0, 0.1)
            self.loops.append(loop)
            self.ports.append(loop.add_listener("", 0))
        self.host = host
        case.addCleanup(self.stop)

    def dial(self, n, port=None):
        self.peers[n].endpoint = self.host, port or self.ports[1 - n]
        self.loops[n].dial(self.peers[n])

    def until(self, condition, seconds=20.0):
        end = self.nodes[0].mono() + seconds
        while self.nodes[0].mono() < end:
            if condition():
                return True
            for loop in self.loops:
                loop.step(0.002)
        return bool(condition())

    def up(self):
        return all(p.current for p in self.peers)

    def epochs(self):
        return [p.current and p.current.epoch for p in self.peers]

    def in_epoch(self, epoch, seconds=20.0):
        return self.until(lambda: self.epochs() == [epoch, epoch], seconds)

    def happened(self, n, what):
        return [d for e, d in self.events[n] if e == what]

    def stream(self, seconds, until=lambda: False, every=0.005):
        """DATA in both directions for so long; what was sent by each end."""
        sent, end, number, at = [[], []], self.nodes[0].mono() + seconds, 0, 0.0
        while self.nodes[0].mono() < end and not until():
            if self.nodes[0].mono() >= at:
                at = self.nodes[0].mono() + every
                number += 1
                for n in (0, 1):
                    packet = inner.echo_request("10.9.0.%d" % (n + 1), "10.9.0.%d" % (2 - n), 77,
                                                number & 0xFFFF)
                    self.nodes[n].send_ip(packet)
                    sent[n].append(packet)
            for loop in self.loops:
                loop.step(0.001)
        return sent

    def arrived(self, sent):
        """All of it, in order and once."""
        def ours(n):
            return [p for p in self.got[n] if (inner.echo(p) or [0] * 4)[3] == 77]
        return self.until(lambda: [ours(1), ours(0)] == sent)

    def data(self, n):
        """A packet from n reaches the other end."""
        packet = inner.echo_request("10.9.0.%d" % (n + 1), "10.9.0.%d" % (2 - n), 1,
                                    random.randrange(65536))
        self.nodes[n].send_ip(packet)
        return self.until(lambda: packet in self.got[1 - n])

    def sids(self):
        return [sorted(s.sid for s in p.sessions) for p in self.peers]

    def stop(self):
        for loop in self.loops:
            loop.stop()


class Nodes(unittest.TestCase):
    def test_calls(self):
        for host in ("127.0.0.1", "::1"):
            for psk in (NO_PSK, os.urandom(32)):
                for prove_work in (False, True):
                    with self.subTest(host=host, psk=psk != NO_PSK, prove_work=prove_work):
                        pair = Pair(self, psk, host=host, prove_work=prove_work)
                        pair.dial(0)
                        self.assertTrue(pair.until(pair.up))
                        self.assertTrue(pair.data(0) and pair.data(1))
                        self.assertEqual(pair.peers[1].name, b"node0")
                        self.assertEqual(pair.peers[0].name, b"node1")
                        self.assertEqual(Address.unpack(pair.peers[0].address),
                                         Address.of(pair.nodes[1].public))
                        for node in pair.nodes:
                            self.assertFalse(node.drops)

    def test_wrong_psk(self):
        pair = Pair(self)
        pair.peers[0].psk = os.urandom(32)
        pair.dial(0)
        self.assertTrue(pair.until(lambda: pair.nodes[1].drops["hs-psk"]))
        self.assertFalse(any(p.sessions for p in pair.peers))

    def test_initiator_accepts_the_connection(self):
        """Roles have nothing to do with who dialled."""
        pair = Pair(self)
        pair.loops[0].initiate = False
        pair.loops[1].initiate_accepted = True
        pair.loops[1].initiate_peer = pair.peers[1]
        pair.dial(0)
        self.assertTrue(pair.until(pair.up))
        self.assertTrue(pair.peers[1].current.initiator)
        self.assertTrue(pair.data(0) and pair.data(1))

    def test_reattach(self):
        pair = Pair(self)
        pair.dial(0)
        self.assertTrue(pair.until(pair.up))
        before = pair.sids()
        for _ in range(3):
            for conn in list(pair.loops[0].conns):
                conn.close()
                pair.nodes[0].connection_gone(conn)
            count = pair.peers[1].current.reattached
            self.assertTrue(pair.until(lambda c=count: pair.peers[1].current.reattached > c))
            self.assertTrue(pair.data(0) and pair.data(1))
        self.assertEqual(pair.sids(), before)
        self.assertEqual(pair.nodes[1].count["inits"], 1)

    def both(self, swap, later):
        """Both handshakes succeed; node 0 has the lower key unless swapped."""
        timers = Timers()
        timers.surplus = 1000.0
        pair = Pair(self, timers=timers, swap=swap)
        first = 1 - later
        pair.dial(first)
        self.assertTrue(pair.until(pair.up))
        conn = pair.loops[later].conns[0]
        pair.nodes[later].attempt(pair.peers[later], conn)
        self.assertTrue(pair.until(lambda: all(len(p.confirmed) == 2 for p in pair.peers)))
        self.assertTrue(pair.data(0) and pair.data(1))
        for s in [s for p in pair.peers for s in p.sessions if s.close_at is not None]:
            s.close_at = 0.0            # as if the 10 s were over
        self.assertTrue(pair.until(lambda: all(len(p.sessions) == 1 for p in pair.peers)))
        self.assertEqual(*pair.sids())
        lower = 1 if swap else 0
        self.assertTrue(pair.peers[lower].current.initiator)
        self.assertIn("surplus", [d.get("reason") for _, d in pair.events[lower]])
        self.assertTrue(pair.data(0) and pair.data(1))

    def test_both_at_once(self):
        for swap in (False, True):
            for later in (0, 1):
                with self.subTest(swap=swap, later=later):
                    self.both(swap, later)

    def test_one_after_the_other(self):
        """More than the surplus time apart: the later one is kept, whoever began it."""
        timers = Timers()
        timers.surplus = 0.3
        timers.renew_initiator = 0.8
        pair = Pair(self, timers=timers)
        pair.dial(0)
        self.assertTrue(pair.until(pair.up))
        first = pair.peers[0].current.sid
        self.assertTrue(pair.until(lambda: pair.up() and all(
            p.current.sid != first for p in pair.peers)))
        self.assertTrue(pair.until(lambda: all(first not in s for s in pair.sids())))
        self.assertTrue(pair.data(0) and pair.data(1))

    def test_superseded_is_forgotten(self):
        """The end with the higher key closes nothing and forgets after a silence."""
        timers = Timers()
        timers.silent = 0.4
        timers.surplus = 60.0
        pair = Pair(self, timers=timers)
        pair.dial(1)
        self.assertTrue(pair.until(pair.up))
        pair.nodes[1].attempt(pair.peers[1], pair.loops[1].conns[0])
        self.assertTrue(pair.until(lambda: len(pair.peers[1].confirmed) == 2))
        self.assertTrue(pair.until(lambda: len(pair.peers[1].sessions) == 1))

    def test_dead(self):
        timers = Timers()
        timers.dead = 0.0
        pair = Pair(self, timers=timers, heartbeat=0.02)
        pair.dial(0)
        self.assertTrue(pair.until(pair.up))
        session_ = pair.peers[0].current
        session_.last_rx -= 100
        pair.nodes[0].tick()
        self.assertNotIn(session_, pair.peers[0].sessions)

    def test_hard_stop(self):
        timers = Timers()
        timers.hard_stop = 0.5
        pair = Pair(self, timers=timers)
        pair.dial(0)
        self.assertTrue(pair.until(pair.up))
        sid = pair.peers[0].current.sid
        self.assertTrue(pair.until(lambda: sid not in pair.nodes[1].sessions))

    def test_remove_peer(self):
        pair = Pair(self)
        pair.dial(0)
        self.assertTrue(pair.until(pair.up))
        secrets = list(pair.nodes[1].responder.secrets)
        pair.nodes[1].remove_peer(pair.peers[1])
        self.assertNotIn(secrets[0], pair.nodes[1].responder.secrets)
        self.assertTrue(pair.until(lambda: "closed-by-peer" in [
            d.get("reason") for _, d in pair.events[0]]))

    def test_own_key(self):
        node = Node(secret())
        with self.assertRaises(ValueError):
            node.add_peer(Peer(node.public))

    def test_waiting_packets(self):
        """What waits for a session goes out when there is one."""
        pair = Pair(self)
        packet = inner.echo_request("10.9.0.1", "10.9.0.2", 1, 1)
        pair.nodes[0].send_ip(packet)
        pair.dial(0)
        self.assertTrue(pair.until(lambda: packet in pair.got[1]))

    def test_mitm(self):
        pair = Pair(self)
        with Mitm(("127.0.0.1", pair.ports[1]),
                  hooks=[nth(C2S, 4, drop), nth(S2C, 3, drop)]) as man:
            pair.dial(0, man.port)
            self.assertTrue(pair.until(pair.up))
            self.assertTrue(any(pair.data(0) for _ in range(3)))
        for what in ("e_i", "e_r", "both"):
            pair = Pair(self)
            swap = Swap(what, pair.nodes[1].public)
            with Mitm(("127.0.0.1", pair.ports[1]), hooks=[swap]) as man:
                pair.dial(0, man.port)
                self.assertTrue(pair.until(lambda p=pair: p.nodes[1].drops["hs-seal"]))
                self.assertFalse(any(p.sessions for p in pair.peers))

    def test_socketpair(self):
        """The primitives of the attacks, over a socket pair, without a loop."""
        one, two = socket.socketpair()
        self.addCleanup(one.close)
        self.addCleanup(two.close)
        keys = Handshake().run()[0]
        a, b = session.Session(keys, bytes(16), True), session.Session(keys, bytes(16), False)
        framer = stream.Framer()
        one.sendall(a.seal(Type.HEARTBEAT, b"", 0x20) + a.seal(Type.DATA, b"x" * 99))
        framer.feed(two.recv(65536))
        self.assertEqual(b.open(framer.next())[1], b"")
        self.assertEqual(b.open(framer.next())[1], b"x" * 99)
        packet = b.seal(Type.ACK, tlv.acked([a.tx.isn]))
        self.assertEqual(Header.parse(packet).ack, a.tx.isn + 1)
        self.assertEqual(tlv.parse(a.open(packet)[1]).acked, [a.tx.isn])
        with self.assertRaises(Drop):
            b.open(packet)              # reflected
        self.assertEqual(len(packet), HEADER + 16 + 10)


class Line:
    """One direction of a path without losses: in order, each packet later by a random time."""

    def __init__(self, chance):
        self.chance, self.queue, self.free = chance, [], 0.0

    def put(self, now, packet):
        self.free = max(self.free, now + self.chance.choice((0.001, 0.02, 0.5, 3.0)))
        self.queue.append((self.free, packet))

    def take(self, now):
        while self.queue and self.queue[0][0] <= now:
            yield self.queue.pop(0)[1]


class RekeyModel:
    """Two ends of a session on a clock of their own, without sockets."""

    def __init__(self, seed, lose=0.0):
        self.chance = random.Random(seed)
        self.lose = lose
        s_i, s_r = secret(), secret()
        keys = epoch_keys(os.urandom(32), os.urandom(32))
        self.now = 0.0
        self.ends, self.lines = [], [Line(self.chance), Line(self.chance)]
        for mine, theirs, initiator in ((s_i, s_r, True), (s_r, s_i, False)):
            s = session.Session(keys, b"model " * 2 + b"sid.", initiator, log=session.KeyLog())
            self.ends.append(rekey.Rekeyer(s, DH(mine, PUB(theirs))))
        self.sent, self.got, self.refused = [0, 0], [0, 0], []
        self.pairs = set()

    def send(self, n, kind, plain=b""):
        packet = self.ends[n].session.seal(kind, plain)
        if kind == Type.REKEY and self.chance.random() < self.lose:
            return
        self.lines[n].put(self.now, packet)

    def data(self, n):
        self.sent[n] += 1
        self.send(n, Type.DATA, b"x")

    def receive(self, n, packet):
        k = self.ends[n]
        header, plain = k.session.open(packet, self.now)
        if k.heard(k.session.came_in, self.now):
            self.send(n, Type.ACK)
        if header.type == Type.DATA:
            self.got[n] += 1
        elif header.type == Type.REKEY:
            try:
                reply = k.take(rekey.Rekey.unpack(plain), k.session.came_in, self.now)
            except Drop as refusal:
                self.refused.append(refusal.reason)
                return
            again = reply is None or reply is rekey.KNOWN
            self.send(n, *((Type.ACK,) if again else (Type.REKEY, reply)))

    def step(self, offer=True):
        self.now += 0.01
        for n, k in enumerate(self.ends):
            for packet in self.lines[1 - n].take(self.now):
                self.receive(n, packet)
            k.drain(self.now)
            for plain in k.repeats(self.now):
                self.send(n, Type.REKEY, plain)
            if self.chance.random() < 0.1:
                self.data(n)
            if offer and self.chance.random() < 0.01 and k.may_offer():
                self.send(n, Type.REKEY, k.start(self.now))
            live = sorted(k.session.epochs)
            assert len(live) <= 2 and live[-1] - live[0] == len(live) - 1, live
        a, b = (k.n for k in self.ends)
        assert abs(a - b) <= 1, (a, b)

    def run(self, seconds, offer=True):
        for _ in range(int(seconds * 100)):
            self.step(offer)


class Rekeys(unittest.TestCase):
    def setUp(self):
        self.repeat = rekey.REPEAT

    def tearDown(self):
        rekey.REPEAT = self.repeat

    def pair(self, **options):
        pair = Pair(self, **options)
        pair.dial(0)
        self.assertTrue(pair.until(pair.up))
        return pair

    def same_keys(self, pair):
        """Both ends have logged the same keys for the same epochs."""
        logs = [{(d["sid"], d["epoch"]): (d["i2r"], d["r2i"]) for d in pair.happened(n, "keys")}
                for n in (0, 1)]
        both = set(logs[0]) & set(logs[1])
        self.assertTrue(both)
        self.assertTrue(all(logs[0][k] == logs[1][k] for k in both))
        every = [x for k in both for x in logs[0][k]]
        self.assertEqual(len(every), len(set(every)))

    def test_nothing_is_lost(self):
        """On any path that keeps the order, with offers at any time, also both at once."""
        crossed = 0
        for seed in range(12):
            m = RekeyModel(seed)
            m.run(60)
            m.run(20, offer=False)
            m.now += 30
            for n, k in enumerate(m.ends):
                for packet in m.lines[1 - n].take(m.now):
                    m.receive(n, packet)
            self.assertEqual(m.sent, m.got[::-1], seed)
            self.assertGreater(m.ends[0].n, 3, seed)
            crossed += len(m.refused)
        self.assertGreater(crossed, 0)          # offers met on the way

    def test_lost_rekeys_are_repeated(self):
        for seed in range(8):
            m = RekeyModel(seed, lose=0.5)
            m.run(150)
            m.run(60, offer=False)
            self.assertGreater(m.ends[0].n, 2, seed)
            self.assertEqual(m.ends[0].n, m.ends[1].n, seed)

    def test_repeats(self):
        """After 1, 2 and 4 s, then every 5 s."""
        r, times = rekey.Repeated(b"", 100.0), []
        for tick in range(2500):
            if r.due(100 + tick / 100):
                times.append(tick / 100)
        self.assertEqual(times, [1, 2, 4, 9, 14, 19, 24])

    def test_ranges_never_meet(self):
        """The answerer draws again until they do not."""
        old = epoch_keys(os.urandom(32), os.urandom(32))
        e_o, draws = secret(), [secret(), secret()]
        first = rekey.derive(old.chain, bytes(16), 1, DH(draws[0], PUB(e_o)), bytes(32), PUB(e_o),
                             PUB(draws[0]))
        for where in ("i2r", "r2i"):
            for shift in (0, replay.RANGE, -replay.RANGE):
                near = epoch_keys(os.urandom(32), os.urandom(32))
                getattr(near, where).isn = getattr(first, where).isn + shift
                E_a, keys = rekey.answer(old.chain, bytes(16), 1, bytes(32), PUB(e_o), [near],
                                         iter(draws).__next__)
                self.assertEqual(E_a, PUB(draws[1]))
                self.assertFalse(rekey.meet(keys, near))
        far = epoch_keys(os.urandom(32), os.urandom(32))
        for d in ("i2r", "r2i"):
            getattr(far, d).isn = getattr(first, d).isn + replay.RANGE + 1
        self.assertEqual(rekey.answer(old.chain, bytes(16), 1, bytes(32), PUB(e_o), [far],
                                      iter(draws).__next__)[0], PUB(draws[0]))

    def test_key_log(self):
        log = session.KeyLog()
        s = session.Session(epoch_keys(bytes(32), bytes(32)), bytes(16), True, log=log)
        s.seal(Type.DATA)
        s.next_seq -= 1
        with self.assertRaises(AssertionError):
            s.seal(Type.DATA)

    def test_after_the_handshake(self):
        pair = self.pair()
        self.assertTrue(pair.in_epoch(1))
        self.assertTrue(pair.data(0) and pair.data(1))
        self.assertEqual([d["role"] for n in (0, 1) for d in pair.happened(n, "rekeyed")],
                         ["answerer", "offerer"])
        self.same_keys(pair)
        for peer in pair.peers:
            self.assertEqual(sorted(peer.current.epochs), [0, 1])
            self.assertIsNone(peer.current.epochs[0].tx)        # wiped at once
        self.assertTrue(pair.until(lambda: all(
            sorted(p.current.epochs) == [1] for p in pair.peers)))
        for node in pair.nodes:
            self.assertFalse(node.drops)

    def test_by_time(self):
        """The initiator offers; DATA runs all the time, nothing is lost, doubled or reordered."""
        timers = Timers()
        timers.rekey, timers.hard_stop = 0.3, 60.0
        pair = self.pair(timers=timers)
        sent = pair.stream(30.0, lambda: min(pair.epochs()) >= 4)
        self.assertTrue(pair.arrived(sent))
        self.assertGreaterEqual(min(pair.epochs()), 4)
        self.assertEqual({d["role"] for d in pair.happened(0, "rekeyed")[1:]}, {"offerer"})
        self.same_keys(pair)
        for node in pair.nodes:
            self.assertFalse(node.drops)

    def test_the_responder_offers_later(self):
        timers = Timers()
        timers.rekey, timers.hard_stop = 3540.0, 3780.0
        self.assertEqual(timers.lead, 60.0)
        self.assertEqual(timers.lead_packets, 2 ** 19)
        timers.rekey, timers.hard_stop = 0.4, 1.6
        self.assertAlmostEqual(timers.lead, 0.3)
        pair = self.pair(timers=timers)
        self.assertTrue(pair.in_epoch(1))
        # An initiator that does not offer, as if its clock were slow.
        for e in pair.peers[0].current.epochs.values():
            e.installed += 1.0
        self.assertTrue(pair.in_epoch(2))
        self.assertEqual(pair.happened(1, "rekeyed")[-1]["role"], "offerer")

    def test_by_packets(self):
        timers = Timers()
        timers.rekey_packets, timers.reject_packets = 60, 2000
        pair = self.pair(timers=timers)
        sent = pair.stream(30.0, lambda: min(pair.epochs()) >= 4)
        self.assertTrue(pair.arrived(sent))
        self.assertGreaterEqual(min(pair.epochs()), 4)
        self.same_keys(pair)

    def test_both_at_once(self):
        """Two offers of the same epoch under way; the lower ephemeral stands."""
        for on_offer, loser in (("wins", 1), ("loses", 0)):
            with self.subTest(on_offer=on_offer):
                pair = self.pair(first_rekey=True, one=dict(on_offer=None))
                pair.nodes[0].on_offer = None
                self.assertTrue(pair.in_epoch(1))
                for peer in pair.peers:
                    self.assertTrue(pair.until(lambda p=peer: min(p.current.epochs) == 1))
                pair.nodes[0].on_offer = on_offer       # meets the offer of node 1 by its own
                s = pair.peers[1].current
                pair.nodes[1].send_rekey(s, s.rekeyer.start(pair.nodes[1].mono()))
                sent = pair.stream(0.5)
                self.assertTrue(pair.in_epoch(2))
                self.assertTrue(pair.arrived(sent))
                self.assertEqual(pair.happened(loser, "rekeyed")[-1]["role"], "answerer")
                self.assertEqual(pair.happened(1 - loser, "rekeyed")[-1]["role"], "offerer")
                # Who stands drops the other's offer, once.
                self.assertEqual(dict(pair.nodes[1 - loser].drops), {"rx-rekey": 1})
                self.assertFalse(pair.nodes[loser].drops)
                self.same_keys(pair)

    def test_both_at_once_by_chance(self):
        for _ in range(4):
            pair = self.pair(at_once=True)
            self.assertTrue(pair.in_epoch(1))
            self.assertTrue(pair.data(0) and pair.data(1))
            self.same_keys(pair)

    def test_lost(self):
        """Offer, answer or both are lost, and come again as new packets."""
        rekey.REPEAT = (0.2, 0.2, 0.4, 1.0)
        for hooks in ([DropType(S2C, Type.REKEY, 2)], [DropType(C2S, Type.REKEY, 2)],
                      [DropType(S2C, Type.REKEY, 1), DropType(C2S, Type.REKEY, 1)]):
            pair = Pair(self)
            with Mitm(("127.0.0.1", pair.ports[1]), hooks=hooks):
                pass
            with Mitm(("127.0.0.1", pair.ports[1]), hooks=hooks) as man:
                pair.dial(0, man.port)
                self.assertTrue(pair.until(pair.up))
                self.assertTrue(pair.in_epoch(1))
                self.assertTrue(pair.data(0) and pair.data(1))
                self.assertTrue(all(h.dropped == h.count for h in hooks))
                self.assertGreaterEqual(sum(n.count["tx-rekey"] for n in pair.nodes), 4)

    def test_the_first_packets_of_an_epoch_are_lost(self):
        """The offerer's ACK is lost: the answer is repeated and acknowledged in the new epoch,
        with nothing else to send."""
        rekey.REPEAT = (0.2, 0.2, 0.4, 1.0)
        pair = Pair(self)

        class Once:
            """Loses the first ACK behind the first REKEY of c2s."""
            armed = lost = False

            def __call__(self, direction, packet):
                kind = packet[0] & 15
                if direction == C2S and kind == Type.REKEY:
                    self.armed = True
                elif direction == S2C and kind == Type.ACK and self.armed and not self.lost:
                    self.lost = True
                    return None
                return packet

        once = Once()
        with Mitm(("127.0.0.1", pair.ports[1]), hooks=[once]) as man:
            pair.dial(0, man.port)
            self.assertTrue(pair.until(lambda: once.lost))
            self.assertTrue(pair.in_epoch(1))
            self.assertEqual(sum(n.drops["rx-rekey"] for n in pair.nodes), 0)
            self.assertTrue(pair.data(0) and pair.data(1))

    def test_a_stream_that_is_stuck(self):
        """Seconds of packets of the old epoch come behind the switch of the other end."""
        for direction in (C2S, S2C):
            timers = Timers()
            timers.rekey, timers.hard_stop = 0.5, 60.0
            pair = Pair(self, timers=timers)
            with Mitm(("127.0.0.1", pair.ports[1]),
                      hooks=[Hold(direction, 2.5, Type.REKEY)]) as man:
                pair.dial(0, man.port)
                self.assertTrue(pair.until(pair.up))
                sent = pair.stream(4.0)
                self.assertTrue(pair.arrived(sent))
                self.assertTrue(pair.until(lambda p=pair: min(p.epochs()) >= 2))
                self.same_keys(pair)
                for node in pair.nodes:
                    self.assertLessEqual(set(node.drops), {"rx-rekey"})     # repeats

    def test_reattach_in_between(self):
        """The connection breaks between offer and answer, and after the rekey."""
        pair = Pair(self)
        rekey.REPEAT = (0.2, 0.2, 0.4, 1.0)
        with Mitm(("127.0.0.1", pair.ports[1]), hooks=[DropType(C2S, Type.REKEY)]) as man:
            pair.dial(0, man.port)
            self.assertTrue(pair.until(pair.up))
            self.assertTrue(pair.until(lambda: pair.peers[0].current.rekeyer.answer))
            pair.peers[0].endpoint = pair.host, pair.ports[1]
        before = pair.sids()
        self.assertTrue(pair.in_epoch(1))
        for conn in list(pair.loops[0].conns):
            conn.close()
            pair.nodes[0].connection_gone(conn)
        self.assertTrue(pair.data(0) and pair.data(1))
        self.assertEqual(pair.sids(), before)
        self.assertEqual(pair.epochs(), [1, 1])

    def test_first_revision(self):
        """One end knows no REKEY: it counts the type; the session goes on in epoch 0, and a full
        handshake comes before the hard stop."""
        timers = Timers()
        timers.rekey, timers.hard_stop, timers.surplus = 600.0, 1000.0, 0.3
        for old in (0, 1):
            with self.subTest(old=old):
                pair = Pair(self, timers=timers)
                pair.nodes[old].rekey = pair.nodes[old].use_telemetry = False
                pair.dial(0)
                self.assertTrue(pair.until(pair.up))
                first = pair.peers[0].current.sid
                for peer in pair.peers:
                    peer.current.sending.installed -= 945       # 55 s before the hard stop
                sent = pair.stream(30.0, lambda: pair.up() and all(
                    p.current.sid != first and len(p.sessions) == 1 for p in pair.peers))
                self.assertTrue(pair.arrived(sent))
                self.assertTrue(all(p.current.sid != first for p in pair.peers))
                self.assertEqual(pair.epochs(), [0, 0])
                self.assertTrue(pair.nodes[old].drops["rx-type"])
                self.assertEqual(pair.nodes[1 - old].count["rekey-fail"], 0)

    def test_hard_stop(self):
        """Who filters REKEY and handshakes ends the session: CLOSE REKEY_FAIL."""
        timers = Timers()
        timers.rekey, timers.hard_stop = 0.3, 1.2
        pair = Pair(self, timers=timers)
        hooks = [DropType(d, Type.REKEY) for d in (C2S, S2C)]
        with Mitm(("127.0.0.1", pair.ports[1]), hooks=hooks) as man:
            pair.dial(0, man.port)
            self.assertTrue(pair.until(pair.up))
            hooks += [DropType(d, Type.INIT) for d in (C2S, S2C)]
            man.hooks = hooks
            sid = pair.peers[0].current.sid
            self.assertTrue(pair.until(lambda: all(sid not in n.sessions for n in pair.nodes)))
        self.assertTrue(any(n.count["rekey-fail"] for n in pair.nodes))
        downs = [d for n in (0, 1) for d in pair.happened(n, "session-down") if
                 d["sid"] == sid.hex()]
        self.assertEqual({d["code"] for d in downs}, {7})

    def test_hard_stop_in_packets(self):
        """Not one packet more than allowed, CLOSE included, is sent under one key."""
        timers = Timers()
        timers.rekey_packets, timers.reject_packets = 30, 62
        pair = Pair(self, timers=timers, rekey=False)
        sealed = []
        pair.dial(0)
        self.assertTrue(pair.until(pair.up))
        sid = pair.peers[0].current.sid
        sealed = [p.current for p in pair.peers]
        pair.stream(3.0, lambda: all(sid not in n.sessions for n in pair.nodes), every=0.02)
        self.assertTrue(all(sid not in n.sessions for n in pair.nodes))
        self.assertLessEqual(max(s.sent for s in sealed), 62)
        self.assertTrue(pair.until(pair.up))            # a new session is there
        self.assertNotEqual(pair.peers[0].current.sid, sid)

    def test_old_keys_never_outlive_the_hard_stop(self):
        s = session.Session(epoch_keys(bytes(32), bytes(32)), bytes(16), True)
        k = rekey.Rekeyer(s, bytes(32))
        s.install(epoch_keys(bytes(32), b"1" * 32), 1, 100.0)
        s.switch(1)
        k.retire_at = 160.0
        k.drain(120.0, too_old=-1.0)
        self.assertEqual(sorted(s.epochs), [0, 1])
        k.drain(121.0, too_old=0.0)
        self.assertEqual(sorted(s.epochs), [1])

    def test_ack_field(self):
        """The highest sequence of the newest epoch heard, 6.5."""
        a, b = (session.Session(epoch_keys(bytes(32), bytes(32)), bytes(16), i)
                for i in (True, False))
        self.assertEqual(b.ack, b.rx.isn - 1)
        early = [a.seal(Type.DATA) for _ in range(3)]
        for packet in (early[0], early[2]):
            b.open(packet)
        self.assertEqual(b.ack, a.tx.isn + 2)
        keys = epoch_keys(bytes(32), b"1" * 32, 1)
        for s in (a, b):
            s.install(keys, 1, 0.0)
        self.assertEqual(b.ack, early and Header.parse(early[2]).seq)   # not heard yet
        a.switch(1)
        b.open(a.seal(Type.DATA))
        self.assertEqual(b.ack, keys.i2r.isn)
        b.open(early[1])                        # an old one that comes late changes nothing
        self.assertEqual(b.ack, keys.i2r.isn)
        self.assertFalse(b.is_newest)


# Two estimates of one path may well differ where processes wait for their turn.
BUSY = {"rtt"}


class Telemetry(unittest.TestCase):
    def through(self, hooks, **options):
        pair = Pair(self, **options)
        man = Mitm(("127.0.0.1", pair.ports[1]), hooks=hooks)
        man.__enter__()
        self.addCleanup(man.__exit__)
        pair.dial(0, man.port)
        self.assertTrue(pair.until(pair.up))
        return pair

    def views(self, pair):
        self.assertTrue(pair.until(lambda: all(p.current.theirs for p in pair.peers)))
        return [p.current for p in pair.peers]

    def test_rounding(self):
        self.assertEqual([telemetry.toward_zero(n, 4) for n in (-9, -8, -1, 0, 3, 4, 9)],
                         [-2, -2, 0, 0, 0, 1, 2])

    def test_rfc6298(self):
        """As the formulas there say, up to what rounding does."""
        chance, rtt, srtt, rttvar = random.Random(1), telemetry.RoundTrip(), None, None
        for n in range(300):
            R = chance.randrange(10 ** 6, 10 ** 8)
            rtt.sample(R)
            if srtt is None:
                srtt, rttvar = R, R / 2
            else:
                rttvar = 3 / 4 * rttvar + 1 / 4 * abs(srtt - R)
                srtt = 7 / 8 * srtt + 1 / 8 * R
            self.assertLess(abs(rtt.srtt - srtt), 10, n)
            self.assertLess(abs(rtt.rttvar - rttvar), 20, n)

    def test_loss_window(self):
        """A loss is forgotten between 10 s and 5 min after it, and late packets are not lost."""
        loss, first = telemetry.Loss(), 1000
        seq, at = first, 0.0
        ever = []
        for tick in range(4000):                # 10 packets a second
            at = tick / 10
            loss.mark(at)
            if not (10 <= at < 11):             # one second is lost
                loss.note(0, first, seq)
            seq += 1
            if at in (15.0, 19.0):
                ever.append(loss.rate())
            if at >= 11 + 300:
                self.assertEqual(loss.rate(), 0)
        self.assertTrue(all(50_000 < r < 100_000 for r in ever), ever)
        late = telemetry.Loss()
        for n in (0, 5, 1, 2, 3, 4):
            late.note(0, 7, 7 + n)
        self.assertEqual((late.rate(), late.lost), (0, 0))

    def test_loss_beyond_a_window_is_never_negative(self):
        loss = telemetry.Loss()
        loss.mark(0.0)
        loss.note(0, 0, 0)
        loss.note(0, 0, 99)
        for n in range(1, 9):
            loss.mark(10.0 * n)
        for n in range(1, 99):
            loss.note(0, 0, n)
        self.assertEqual(loss.rate(), 0)

    def test_rtt_of_a_path(self):
        """80 ms there and back, with 10 ms of swing, measured at both ends; no contradiction."""
        pair = self.through([Swing(C2S, 0.035, 0.045), Swing(S2C, 0.035, 0.045)], heartbeat=0.1)
        self.assertTrue(pair.until(lambda: all(
            p.current.rtt.samples >= 15 for p in pair.peers)))
        for s in self.views(pair):
            self.assertTrue(70e6 < s.rtt.srtt < 400e6, s.rtt.srtt)
            self.assertTrue(0 < s.rtt.rttvar < 400e6, s.rtt.rttvar)
            self.assertTrue(70e6 < s.theirs.rtt < 400e6, s.theirs.rtt)
            self.assertLessEqual(set(s.mismatches), BUSY)
            self.assertGreater(s.theirs.mtu, 500)
            self.assertEqual(s.theirs.rekeys, 1)

    def test_loss_of_a_path(self):
        """One in ten DATA of one direction is lost: the other end measures and tells it."""
        timers = Timers()
        timers.rekey, timers.hard_stop = 0.7, 60.0
        lose = Lose(C2S, 10)
        pair = self.through([lose], heartbeat=0.2, timers=timers)
        pair.stream(30.0, lambda: lose.lost > 30 and pair.peers[1].current.epoch > 2, every=0.004)
        pair.until(lambda: False, 0.5)
        mine, theirs = self.views(pair)
        self.assertGreater(lose.lost, 20)
        # Across epochs; that the last of an epoch is lost nobody sees.
        self.assertTrue(lose.lost - theirs.epoch <= theirs.loss.lost <= lose.lost, theirs.loss.lost)
        self.assertGreater(theirs.epoch, 1)
        self.assertTrue(30_000 < mine.theirs.loss < 110_000, mine.theirs.loss)
        self.assertEqual(mine.loss.lost, 0)
        self.assertEqual(theirs.theirs.loss, 0)
        self.assertLessEqual(set(mine.mismatches) | set(theirs.mismatches), BUSY)

    def test_throughput(self):
        pair = Pair(self, heartbeat=0.25)
        pair.dial(0)
        self.assertTrue(pair.until(pair.up))
        sent = pair.stream(30.0, lambda: pair.up() and all(
            p.current.theirs and p.current.theirs.throughput for p in pair.peers))
        self.assertTrue(pair.arrived(sent))
        best = max(d for d in [p.current.theirs.throughput for p in pair.peers])
        total = 8 * sum(len(p) for p in sent[0])
        self.assertTrue(0 < best <= 2 * total, (best, total))
        self.assertLessEqual({m for p in pair.peers for m in p.current.mismatches}, BUSY)

    def test_lies(self):
        for field, value, mismatch in (
                ("rtt", 500_000_000, "rtt"), ("loss", 1_000_001, "loss"),
                ("throughput", 2 ** 32 - 1, "throughput"), ("uptime", 30 * 10 ** 9, "uptime"),
                ("rekeys", 7, "rekeys"), ("digest", 1, "digest")):
            with self.subTest(field=field):
                pair = Pair(self, heartbeat=0.1, one=dict(lies={field: value}))
                pair.dial(0)
                self.assertTrue(pair.until(lambda p=pair, m=mismatch: p.peers[0].current
                                           and m in p.peers[0].current.mismatches))
                self.assertEqual(set(pair.peers[0].current.mismatches) - BUSY,
                                 {mismatch} - BUSY)
                self.assertLessEqual(set(pair.peers[1].current.mismatches), BUSY)
                self.assertTrue(any(mismatch in d["fields"]
                                    for d in pair.happened(0, "mismatch")))
                self.assertTrue(pair.data(0) and pair.data(1))  # nothing else depends on it

    def test_without(self):
        """A HEARTBEAT of the first revision is taken."""
        pair = Pair(self, heartbeat=0.1, one=dict(use_telemetry=False))
        pair.dial(0)
        self.assertTrue(pair.until(lambda: pair.up() and pair.peers[1].current.theirs))
        self.assertTrue(pair.until(lambda: pair.peers[1].current.rtt.samples > 3))
        self.assertIsNone(pair.peers[0].current.theirs)
        for node in pair.nodes:
            self.assertFalse(node.drops)


class Reports(unittest.TestCase):
    def pair(self, **options):
        pair = Pair(self, heartbeat=0.15, **options)
        pair.dial(0)
        self.assertTrue(pair.until(pair.up))
        return pair

    def test_replays_are_told(self):
        pair = Pair(self, heartbeat=0.15)
        with Mitm(("127.0.0.1", pair.ports[1]),
                  hooks=[nth(C2S, n, double) for n in (5, 6, 7)]) as man:
            pair.dial(0, man.port)
            self.assertTrue(pair.until(lambda: pair.peers[0].reports[3] == 3))
        self.assertEqual(pair.nodes[1].drops["rx-replayed"], 3)
        self.assertFalse(pair.peers[1].reports)

    def test_mtu_exceeded(self):
        pair = self.pair(one=dict(max_plaintext=100))
        self.assertEqual(pair.peers[0].max_plaintext, 100)
        big = inner.echo_request("10.9.0.1", "10.9.0.2", 1, 1, bytes(200))
        pair.nodes[0].send_ip(big)
        self.assertEqual(pair.nodes[0].drops["tx-too-big"], 1)
        pair.peers[0].max_plaintext = None              # a sender that does not care
        for _ in range(2):
            pair.nodes[0].send_ip(big)
        self.assertTrue(pair.until(lambda: pair.peers[0].reports[5] == 2))
        self.assertEqual(pair.nodes[1].drops["rx-too-big"], 2)
        self.assertNotIn(big, pair.got[1])

    def test_config_is_told(self):
        pair = self.pair()
        for kind in (Type.CONFIG, Type.ROLLBACK, Type.JOURNAL):
            pair.nodes[0].send(pair.peers[0].current, kind)
        self.assertTrue(pair.until(lambda: pair.peers[0].reports[6] == 2))
        self.assertEqual(dict(pair.peers[0].reports), {6: 2})
        self.assertEqual(pair.nodes[1].drops["rx-type"], 3)

    def test_four_at_a_time(self):
        pair = self.pair()
        s = pair.peers[1].current
        s.errors.update({1: 1, 2: 2, 3: 3, 5: 5, 6: 6})
        self.assertTrue(pair.until(lambda: len(pair.peers[0].reports) == 5))
        self.assertEqual(dict(pair.peers[0].reports), {1: 1, 2: 2, 3: 3, 5: 5, 6: 6})
        self.assertFalse(s.errors)

    def test_overload(self):
        hold, node_module.OVERLOAD_HOLDS = node_module.OVERLOAD_HOLDS, 0.6
        self.addCleanup(setattr, node_module, "OVERLOAD_HOLDS", hold)
        pair = self.pair()
        pair.nodes[1].claim_overload(0.5)
        self.assertTrue(pair.until(lambda: pair.happened(0, "overloaded")))
        self.assertTrue(pair.data(0))                   # DATA is not stopped
        peer = pair.peers[0]
        pair.nodes[0].peers[peer.public].current.conn.close()
        conn, peer.current.conn = peer.current.conn, None
        for n in range(100):
            pair.nodes[0].send_ip(inner.echo_request("10.9.0.1", "10.9.0.2", 1, n))
        self.assertEqual(len(peer.queue), node_module.QUEUE // 4)
        self.assertEqual(inner.echo(peer.queue[-1])[4], 99)     # the oldest went
        pair.nodes[0].connection_gone(conn)
        self.assertTrue(pair.until(lambda: pair.happened(0, "overload-ended")))
        self.assertIsNone(peer.overload)

    def test_close_codes(self):
        for code in (0, 7, 200):
            pair = self.pair()
            pair.nodes[1].close(pair.peers[1].current, code)
            self.assertTrue(pair.until(lambda p=pair: p.happened(0, "session-down")))
            self.assertEqual(pair.happened(0, "session-down")[0]["code"], code)
            self.assertEqual(pair.peers[0].closed_with, code)

    def test_priority(self):
        """By DSCP, on all, on none; what comes is counted."""
        def packet(dscp, version):
            if version == 6:
                p = inner.echo_request("fd00::1", "fd00::2", 1, 1)
                return bytes([0x60 | dscp >> 2, (dscp & 3) << 6]) + p[2:]
            p = inner.echo_request("10.9.0.1", "10.9.0.2", 1, 1)
            p = p[:1] + bytes([dscp << 2]) + p[2:]
            return p[:10] + bytes(2) + p[12:]
        for dscp in (0, 8, 31, 32, 46, 63):
            for version in (4, 6):
                self.assertEqual(inner.dscp(packet(dscp, version)), dscp)
        for priority, flags in ((None, [0, 0, PRIORITY, PRIORITY]), (True, [PRIORITY] * 4),
                                (False, [0] * 4)):
            pair = self.pair(priority=priority)
            sent = []
            session_ = pair.peers[0].current
            seal = session_.seal
            session_.seal = lambda kind, plain=b"", f=0, o=sent, s=seal, **k: (
                o.append((kind, f)), s(kind, plain, f, **k))[1]
            for dscp in (0, 31, 32, 46):
                pair.nodes[0].send_ip(packet(dscp, 4))
            self.assertTrue(pair.until(lambda p=pair: p.peers[1].current.rx_packets == 4))
            self.assertEqual([f for k, f in sent if k == Type.DATA], flags)
            self.assertEqual(pair.peers[1].current.rx_priority, sum(map(bool, flags)))


class Relay(unittest.TestCase):
    """The hooks of mitm.py as its command line makes them."""

    def test_hooks(self):
        made = [mitm.parse_hook(*x) for x in (
            ("drop-type", "c2s:6"), ("drop-type", "s2c:3:2"), ("lose", "c2s:3"),
            ("swing", "c2s:35:45"), ("hold", "s2c:0.5:4"))]
        data, rekey_, ack = (Header(type=t, length=16).leading() + bytes(48)
                             for t in (Type.DATA, Type.REKEY, Type.ACK))
        self.assertIsNone(made[0](C2S, rekey_))
        self.assertEqual(made[0](S2C, rekey_), rekey_)
        self.assertEqual([made[1](S2C, data) is None for _ in range(4)],
                         [True, True, False, False])
        self.assertEqual([made[2](C2S, p) is None for p in (data, ack, data, data, data)],
                         [False, False, False, True, False])
        times = [made[3](C2S, data)[0][0] for _ in range(4)]
        self.assertEqual(times, sorted(times))
        now = time.monotonic()
        self.assertTrue(0.03 < times[0] - now < 0.05, times[0] - now)
        held = [made[4](S2C, p)[0][0] - now for p in (data, ack, data)]
        self.assertLess(held[0], 0.1)
        self.assertTrue(all(0.4 < h < 0.7 for h in held[1:]), held)
        with self.assertRaises(ValueError):
            mitm.parse_hook("lose", "up:3")


def verdict_of(name):
    return attack(name)


class Attacks(unittest.TestCase):
    """Every scenario, on a Python target of its own; several at a time."""

    def judge(self, verdicts):
        for verdict in verdicts:
            with self.subTest(scenario=verdict["scenario"]):
                self.assertTrue(verdict["ok"], json.dumps(verdict))

    def test_all(self):
        names = [n for n, s in attacks.load_all().items()
                 if "load" not in s.needs and TRANSPORT_TCP in s.on]
        names.sort(key=lambda n: LONG.index(n) if n in LONG else len(LONG))
        context = multiprocessing.get_context("fork")
        with concurrent.futures.ProcessPoolExecutor(12, context) as pool:
            self.judge(pool.map(verdict_of, names, timeout=120))

    def test_datagrams(self):
        jobs = test_datagram.attack_jobs()
        jobs.sort(key=lambda j: LONG.index(j[0]) if j[0] in LONG else len(LONG))
        context = multiprocessing.get_context("fork")
        with concurrent.futures.ProcessPoolExecutor(12, context) as pool:
            self.judge(pool.map(test_datagram.verdict_of, jobs, timeout=180))

    def test_ipv6_and_psk(self):
        self.judge(attack(name, os.urandom(32), "::1") for name in (
            "init-old", "init-filled", "response-psk", "response-replayed", "data", "replay",
            "dialled"))


# -- in parallel, as most of them wait most of the time

def run_one(name):
    result = unittest.TestResult()
    unittest.defaultTestLoader.loadTestsFromName(name).run(result)
    return name, [text for _, text in result.errors + result.failures], len(result.skipped)


def names_of(suite):
    for test in suite:
        if isinstance(test, unittest.TestSuite):
            yield from names_of(test)
        else:
            yield test.id()


def tap():
    """Prints TAP; the exit code says whether all is well."""
    suite = unittest.defaultTestLoader.loadTestsFromNames(("test_wire", "test_datagram"))
    names = sorted(names_of(suite), key=lambda n: ".Attacks." not in n)     # the longest first
    print("1..%d" % len(names), flush=True)
    bad = 0
    with concurrent.futures.ProcessPoolExecutor(4, multiprocessing.get_context("fork")) as pool:
        for number, (name, faults, _) in enumerate(pool.map(run_one, names), 1):
            bad += bool(faults)
            print("%s %d - %s" % ("not ok" if faults else "ok", number,
                                  name.partition(".")[2]), flush=True)
            for line in "\n".join(faults).splitlines():
                print("# " + line, flush=True)
    return int(bool(bad))


if __name__ == "__main__":
    if sys.argv[1:] == ["--tap"]:
        sys.exit(tap())
    unittest.main()
