# SPDX-License-Identifier: GPL-2.0
"""The Python end against itself on datagrams: over UDP, through a small relay, and over raw IP
where that is allowed. Run by test_wire.py."""

import heapq
import os
import random
import selectors
import socket
import time
import unittest

import attacks
from harness import attack
from pool import inner
from pool.crypto import PUB, secret
from pool.datagram import Datagrams, Path
from pool.discover import ANSWER, LEAST, PROBE, Discover, Search
from pool.fragment import CE, LARGEST, SLOTS, Reassembly, split
from pool.handshake import TRANSPORT_RAW, TRANSPORT_UDP
from pool.header import HEADER, Header, Type
from pool.net import Loop
from pool.node import Node, Peer, Timers

MAY_RAW = os.geteuid() == 0


class Relay:
    """Between one end and the other, as a NAT: what comes from the front goes on from a port of the
    relay's own, and the answers back. hook(to_server, packet) gives the packets that go on, each
    as (seconds from now, packet)."""

    def __init__(self, loop, server, hook=lambda _, packet: [(0, packet)]):
        self.loop, self.server, self.hook = loop, server, hook
        self.front, self.client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM), None
        self.front.bind(("127.0.0.1", 0))
        self.port = self.front.getsockname()[1]
        self.back = None
        self.selector = selectors.DefaultSelector()
        self.selector.register(self.front, selectors.EVENT_READ)
        self.waiting, self.number = [], 0
        self.seen = []                  # (to_server, packet), before the hook
        self.rebind()

    def rebind(self):
        """As a NAT that has forgotten: another port towards the server."""
        if self.back:
            self.selector.unregister(self.back)
            self.back.close()
        self.back = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.back.bind(("127.0.0.1", 0))
        self.selector.register(self.back, selectors.EVENT_READ)

    def step(self):
        for key, _ in self.selector.select(0):
            to_server = key.fileobj is self.front
            packet, came_from = key.fileobj.recvfrom(65536)
            if to_server:
                self.client = came_from
            self.seen.append((to_server, packet))
            for delay, p in self.hook(to_server, packet):
                self.number += 1
                heapq.heappush(self.waiting, (time.monotonic() + delay, self.number, to_server, p))
        while self.waiting and self.waiting[0][0] <= time.monotonic():
            _, _, to_server, packet = heapq.heappop(self.waiting)
            if to_server:
                self.back.sendto(packet, self.server)
            else:
                self.front.sendto(packet, self.client)

    def stop(self):
        self.selector.close()
        self.front.close()
        self.back.close()


class Pair:
    """Two nodes; node 0 calls node 1."""

    def __init__(self, case, host="127.0.0.1", transport=TRANSPORT_UDP, hook=None, hosts=None,
                 timers=None, **options):
        self.nodes = [Node(secret(), b"node%d" % n, transports=1 << transport - 1, key_log=True,
                           timers=timers or Timers(), **options) for n in (0, 1)]
        self.loops, self.peers, self.sockets = [], [], []
        self.got, self.events = [[], []], []
        hosts = hosts or ("", "")
        for n, node in enumerate(self.nodes):
            peer = Peer(self.nodes[1 - n].public, allowed=["10.9.0.%d/32" % (2 - n)])
            self.peers.append(node.add_peer(peer))
            node.deliver = lambda _, packet, n=n: self.got[n].append(packet)
            node.on_event = lambda what, n=n, **d: self.events.append((n, what, d))
            self.loops.append(Loop(node))
            self.sockets.append(self.loops[n].add_datagrams(transport, hosts[n]))
        self.relay = None
        endpoint = hosts[1] or host, self.sockets[1].port
        if hook:
            self.relay = Relay(self.loops[0], endpoint, hook)
            endpoint = "127.0.0.1", self.relay.port
        self.peers[0].endpoint = endpoint
        case.addCleanup(self.stop)

    def call(self):
        self.loops[0].call(self.peers[0], self.sockets[0])
        return self

    def until(self, condition, seconds=20.0):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if condition():
                return True
            for loop in self.loops:
                loop.step(0.001)
            if self.relay:
                self.relay.step()
        return bool(condition())

    def up(self):
        return self.until(lambda: all(p.current for p in self.peers))

    def session(self, n):
        return self.peers[n].current

    def send(self, n, size=32, ecn=0):
        """An inner packet from n to the other end, which is returned."""
        packet = inner.with_ecn(inner.echo_request(
            "10.9.0.%d" % (n + 1), "10.9.0.%d" % (2 - n), 1, random.randrange(65536),
            os.urandom(size)), ecn)
        self.nodes[n].send_ip(packet)
        return packet

    def data(self, n, size=32):
        packet = self.send(n, size)
        return self.until(lambda: packet in self.got[1 - n])

    def happened(self, n, what):
        return [d for m, w, d in self.events if (m, w) == (n, what)]

    def stop(self):
        for loop in self.loops:
            loop.stop()
        if self.relay:
            self.relay.stop()


class Datagram(unittest.TestCase):
    def both_ways(self, pair):
        self.assertTrue(pair.up())
        for n in (0, 1):
            self.assertTrue(pair.data(n))
            self.assertTrue(pair.data(n, 3000))
        for node in pair.nodes:
            self.assertFalse(node.drops)
            self.assertGreaterEqual(node.count["rx-fragments"], 3)
        self.assertEqual([s.session(n).transport for s in (pair,) for n in (0, 1)],
                         [pair.sockets[0].transport] * 2)

    def test_udp(self):
        for host in ("127.0.0.1", "::1"):
            self.both_ways(Pair(self, host).call())

    def test_udp_by_name_of_a_family(self):
        self.both_ways(Pair(self, hosts=("127.0.0.1", "127.0.0.1")).call())
        self.both_ways(Pair(self, hosts=("::1", "::1")).call())

    @unittest.skipUnless(MAY_RAW, "raw IP needs root")
    def test_raw(self):
        net = "127.%d.%d." % divmod(os.getpid() % 60000, 256)
        self.both_ways(Pair(self, transport=TRANSPORT_RAW, hosts=(net + "7", net + "8")).call())

    def test_answers_come_from_the_address_asked(self):
        """127.0.0.9 is an address of ours, though no socket is bound to it."""
        pair = Pair(self)
        pair.peers[0].endpoint = "127.0.0.9", pair.sockets[1].port
        pair.call()
        self.assertTrue(pair.up())
        self.assertTrue(pair.data(1))
        self.assertEqual(pair.session(1).conn.local, "127.0.0.9")
        self.assertEqual(pair.session(0).moved + pair.session(1).moved, 0)
        self.assertFalse(pair.happened(0, "candidate"))

    def test_repeats(self):
        """What is lost of a handshake comes again after 1, 3 and 7 s, as the same bytes."""
        for lose, want in (((Type.INIT, 2), Type.INIT), ((Type.CHALLENGE, 1), Type.INIT),
                           ((Type.RESPONSE, 1), Type.RESPONSE), ((Type.ACK, 1), Type.RESPONSE)):
            kind, count = lose
            left = [count]

            def hook(_, packet, kind=kind, left=left):
                if packet[0] & 15 == kind and left[0]:
                    left[0] -= 1
                    return []
                return [(0, packet)]

            pair = Pair(self, hook=hook).call()
            began = time.monotonic()
            self.assertTrue(pair.up(), lose)
            self.assertGreater(time.monotonic() - began, (0, 1, 3)[count])
            sent = [p for to, p in pair.relay.seen if to and p[0] & 15 == want]
            self.assertEqual(len(sent), count + 1)
            self.assertEqual(len(set(sent)), 1)
            self.assertEqual(len(pair.peers[1].sessions), 1)

    def test_the_repeats_end(self):
        """Nobody answers: the INIT goes out four times, in 7 s, and then another attempt begins."""
        now = [1000.0]
        pair = Pair(self, hook=lambda *_: [])
        pair.nodes[0].mono = lambda: now[0]
        pair.call()
        times = []
        while now[0] < 1011.9:
            pair.loops[0].step(0)
            pair.relay.step()
            times += [round(now[0] - 1000.0, 1)] * (len(pair.relay.seen) - len(times))
            now[0] += 0.1
        self.assertEqual(len(times), 4)
        for at, want in zip(times, (0, 1, 3, 7)):
            self.assertLess(abs(at - want), 0.5)

    def test_wrong_length(self):
        pair = Pair(self).call()
        self.assertTrue(pair.up())
        s = pair.session(0)
        packet = s.seal(Type.HEARTBEAT, b"", 0x20)
        for wrong in (packet + b"\0", packet[:-1], packet * 2, packet[:50], b""):
            s.conn.send(wrong)
        self.assertTrue(pair.until(lambda: pair.nodes[1].drops["rx-length"] == 5))
        self.assertTrue(pair.data(0))

    def test_lost_and_reordered(self):
        """Of what is sent in both directions about a tenth is lost and a tenth is late. What a
        message needs for itself comes or does not; nothing is delivered that was not sent."""
        chance = random.Random(5)

        def hook(_, packet):
            if packet[0] & 15 != Type.DATA:
                return [(0, packet)]
            dice = chance.random()
            return [] if dice < .1 else [(0.05 if dice < .2 else 0, packet)]

        pair = Pair(self, hook=hook).call()
        self.assertTrue(pair.up())
        sent = [[], []]
        for size in [40, 900, 2500] * 60:
            for n in (0, 1):
                sent[n].append(pair.send(n, size))
            pair.until(lambda: False, 0.005)
        pair.until(lambda: False, 0.5)
        for n in (0, 1):
            got = pair.got[1 - n]
            self.assertEqual(len(set(got)), len(got))
            self.assertLessEqual(set(got), set(sent[n]))
            self.assertGreater(len(got), 40)
            self.assertLess(len(got), 180)
            self.assertFalse(pair.nodes[n].drops["rx-fragment"])

    def test_ecn(self):
        pair = Pair(self).call()
        self.assertTrue(pair.up())
        marks = []
        received = pair.nodes[1].datagram

        def look(path, packet):
            if packet[0] & 15 == Type.DATA:
                marks.append(path.ecn)
            elif packet[0] & 15 != Type.DATA:
                self.assertEqual(path.ecn, 0)
            received(path, packet)

        pair.sockets[1].received = look
        for ecn in range(4):
            for size in (40, 900):
                del marks[:]
                packet = pair.send(0, size, ecn)
                self.assertTrue(pair.until(lambda p=packet: p in pair.got[1]))
                self.assertEqual(set(marks), {ecn})

    def test_ecn_over_ipv6(self):
        pair = Pair(self, "::1").call()
        self.assertTrue(pair.up())
        s = pair.session(0)
        marked = inner.with_ecn(inner.echo_request("10.9.0.1", "10.9.0.2", 1, 1), 2)
        s.conn.send(s.seal(Type.DATA, marked), CE)
        self.assertTrue(pair.until(lambda: inner.with_ecn(marked, CE) in pair.got[1]))
        s.conn.send(s.seal(Type.DATA, inner.with_ecn(marked, 0)), CE)
        self.assertTrue(pair.until(lambda: pair.nodes[1].drops["rx-ecn"] == 1))


class Moves(unittest.TestCase):
    def test_another_port(self):
        """An end that gets another port needs to do nothing: its next packet moves the session."""
        pair = Pair(self).call()
        self.assertTrue(pair.up())
        for end in (0, 1, 0):
            session, moved = pair.session(end).sid, pair.session(1 - end).moved
            port = pair.sockets[end].open("", 0, pair.loops[end].selector)
            pair.send(end)
            self.assertTrue(pair.until(lambda n=1 - end, m=moved: pair.session(n).moved == m + 1))
            self.assertEqual(pair.session(1 - end).conn.sockaddr[1], port)
            self.assertEqual(pair.session(end).sid, session)
            for n in (0, 1):
                self.assertTrue(pair.data(n))

    def test_another_address(self):
        pair = Pair(self).call()
        self.assertTrue(pair.up())
        pair.sockets[0].open("127.0.0.77", 0, pair.loops[0].selector)
        self.assertTrue(pair.data(0))
        self.assertTrue(pair.until(lambda: pair.session(1).moved == 1))
        self.assertEqual(pair.session(1).conn.sockaddr[0], "127.0.0.77")
        self.assertTrue(pair.data(1))

    def test_a_nat_that_forgets(self):
        pair = Pair(self, hook=lambda _, packet: [(0, packet)]).call()
        self.assertTrue(pair.up())
        pair.relay.rebind()
        self.assertTrue(pair.data(0))
        self.assertTrue(pair.until(lambda: pair.session(1).moved == 1))
        self.assertTrue(pair.data(1))
        self.assertEqual(len(pair.peers[0].sessions), 1)

    def test_a_lost_probe_is_repeated(self):
        """The first two probes to the candidate are lost: the third one moves the session."""
        lost = []

        def hook(to_server, packet):
            if not to_server and packet[0] & 15 == Type.DISCOVER and len(lost) < 2:
                lost.append(packet)
                return []
            return [(0, packet)]

        pair = Pair(self, hook=hook).call()
        self.assertTrue(pair.up())
        pair.relay.rebind()
        pair.send(0, 300)
        self.assertTrue(pair.until(lambda: pair.session(1).moved == 1))
        self.assertEqual(len(lost), 2)
        self.assertEqual(len(set(lost)), 2)
        self.assertTrue(pair.data(1))

    def test_when_a_candidate_is_probed(self):
        """When the old path has been quiet for 250 ms, and 1 and 2 s later."""
        now = [1000.0]
        pair = Pair(self)
        pair.nodes[1].mono = lambda: now[0]
        pair.call()
        self.assertTrue(pair.up())
        pair.until(lambda: False, 0.1)
        s, count = pair.session(0), pair.nodes[1].count
        now[0] += 1
        s.conn.send(s.seal(Type.HEARTBEAT))
        heard = count["rx"]
        self.assertTrue(pair.until(lambda: count["rx"] > heard))
        pair.sockets[0].open("", 0, pair.loops[0].selector)
        now[0] += 0.1
        s.conn.send(s.seal(Type.HEARTBEAT, bytes(500)))
        deadline = time.monotonic() + 10
        while not pair.happened(1, "candidate") and time.monotonic() < deadline:
            pair.loops[1].step(0.01)
        for at, probes in ((1.249, 0), (1.251, 1), (2.24, 1), (2.26, 2), (3.26, 3), (9.0, 3)):
            now[0] = 1000.0 + at
            pair.loops[1].step(0)
            self.assertEqual(count["candidate-probes"], probes, at)
        self.assertEqual(pair.session(1).moved, 0)

    def test_the_path_mtu_is_unknown_again(self):
        pair = Pair(self, mtu_search=True).call()
        self.assertTrue(pair.up())
        self.assertTrue(pair.until(lambda: pair.session(1).search.size > 60000))
        pair.nodes[1].mtu_search = False
        pair.sockets[0].open("", 0, pair.loops[0].selector)
        pair.send(0)
        self.assertTrue(pair.until(lambda: pair.session(1).moved == 1))
        self.assertEqual(pair.session(1).search.size, 512 - 28)

    def test_nothing_is_believed_of_a_copy(self):
        """A copy of every packet comes first, from another place that never answers."""
        pair = Pair(self, hook=lambda _, packet: [(0.01, packet)]).call()
        thief = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.addCleanup(thief.close)
        thief.setblocking(False)
        self.assertTrue(pair.up())
        sent, copied = 0, []

        def hook(to_server, packet):
            nonlocal sent
            if to_server:
                thief.sendto(packet, ("127.0.0.1", pair.sockets[1].port))
                sent += len(packet)
                copied.append(packet)
            return [(0.01, packet)]

        pair.relay.hook = hook
        home = pair.session(1).conn.sockaddr
        end = time.monotonic() + 1
        while time.monotonic() < end:
            self.assertTrue(pair.data(0))
            self.assertTrue(pair.data(1))
        self.assertTrue(copied)
        self.assertEqual(pair.session(1).conn.sockaddr, home)
        self.assertTrue(pair.happened(1, "candidate"))
        got = []
        try:
            while True:
                got.append(thief.recv(65536))
        except BlockingIOError:
            pass
        self.assertTrue(got)
        self.assertTrue(all(p[0] & 15 == Type.DISCOVER for p in got))
        self.assertLessEqual(sum(map(len, got)), 3 * sent)


class PathMtu(unittest.TestCase):
    def find(self, search, top, works, seconds=100, start=0.0):
        """The probes sent, on a path that takes so much."""
        sent = []
        for tenth in range(int(seconds * 10)):
            now = start + tenth / 10
            probe = search.due(now, top)
            if probe:
                sent.append((now, probe.size))
                if probe.size <= works:
                    search.answered(probe.answer())
        return sent

    def test_the_interface_is_right(self):
        search = Search(484)
        self.assertEqual([s for _, s in self.find(search, 1472, 9999, 59)], [1472])
        self.assertEqual(search.size, 1472)

    def test_halving(self):
        for works in (484, 485, 491, 492, 1000, 1399, 1471):
            search = Search(484)
            sent = self.find(search, 1472, works, 50)
            self.assertLessEqual(search.size, works)
            self.assertLess(works - search.size, 8)
            self.assertTrue(all(b - a >= 1 for (a, _), (b, _) in zip(sent, sent[1:])))
            self.assertEqual([s for _, s in sent[:2]], [1472, 1472])
            self.assertTrue(search.ended)

    def test_again_after_a_minute(self):
        search = Search(484)
        self.find(search, 1472, 1000, 50)
        found = search.size
        sent = self.find(search, 1472, 9999, 30, 59.0)
        self.assertEqual([s for _, s in sent], [1472])
        self.assertLess(found, search.size)

    def test_answers_count_once_and_only_if_asked(self):
        search = Search(484)
        probe = search.due(0, 1472)
        for wrong in (Discover(ANSWER, 1472), Discover(ANSWER, 1473, probe.id)):
            self.assertFalse(search.answered(wrong))
        self.assertTrue(search.answered(probe.answer()))
        search.shrinks(1472)
        self.assertEqual(search.size, 484)
        self.assertFalse(search.answered(probe.answer()))

    def test_on_a_path(self):
        """A relay that takes 1,200 bytes: both ends find it, and DATA is cut to it."""
        pair = Pair(self, hook=lambda _, packet: [(0, packet)] if len(packet) <= 1200 else [],
                    mtu_search=True)
        for sockets in pair.sockets:
            sockets.interface_mtu = lambda _: 1500
        pair.call()
        self.assertTrue(pair.up())
        self.assertTrue(pair.until(lambda: all(1192 < pair.session(n).search.size <= 1200
                                               for n in (0, 1)), 40))
        self.assertTrue(pair.happened(0, "mtu") and pair.happened(1, "mtu"))
        sizes = [d["size"] for d in pair.happened(0, "mtu")]
        self.assertEqual(sizes, sorted(set(sizes)))
        del pair.relay.seen[:]
        self.assertTrue(pair.data(0, 3000))
        self.assertEqual(len([p for to, p in pair.relay.seen if to and p[0] & 15 == Type.DATA]), 3)
        self.assertEqual(pair.nodes[0].view(pair.session(0), time.monotonic()).mtu,
                         pair.session(0).search.size + 28)

    def test_the_host_refuses(self):
        """A path larger than what the interface takes: the size falls, and nothing is lost."""
        pair = Pair(self).call()
        self.assertTrue(pair.up())
        pair.session(0).search.size = 80000
        self.assertTrue(pair.data(0, 65450))
        self.assertEqual(pair.session(0).search.size, 65507)
        pair.session(0).search.size = 65530
        pair.session(0).conn.interface = 0
        self.assertTrue(pair.data(0, 65450))
        self.assertEqual(pair.session(0).search.size, 484)


class Fragments(unittest.TestCase):
    def test_largest(self):
        packet = os.urandom(LARGEST)
        for size in (484, 492, 1472):
            pieces = split(9, packet, size)
            self.assertTrue(all(len(f.pack()) + HEADER + 16 <= size for f in pieces))
            random.Random(size).shuffle(pieces)
            r = Reassembly()
            done = [r.take("x", f.pack(), f.end == f.total, 0.0) for f in pieces]
            self.assertEqual(done[-1], (packet, 0))
            self.assertEqual(done[:-1], [None] * (len(pieces) - 1))

    def test_a_mark_on_any(self):
        r = Reassembly()
        pieces = split(0, bytes(1000), 484)
        marks = [1, CE, 1]
        done = [r.take("x", f.pack(), f.end == f.total, 0.0, m) for f, m in zip(pieces, marks)]
        self.assertEqual(done[-1][1], CE)

    def test_evicted_and_given_up(self):
        pair = Pair(self).call()
        self.assertTrue(pair.up())
        s = pair.session(0)
        for n in range(SLOTS + 2):
            f = split(n, bytes(600), 484)[0]
            s.conn.send(s.seal(Type.DATA, f.pack(), f.flags))
        drops = pair.nodes[1].drops
        self.assertTrue(pair.until(lambda: drops["rx-fragment-evicted"] == 2))
        self.assertTrue(pair.until(lambda: drops["rx-fragment-timeout"] == SLOTS))
        # 6.15: the sender is told, of all but those that were evicted.
        pair.nodes[1].send_heartbeat(pair.session(1))
        self.assertTrue(pair.until(lambda: pair.peers[0].reports[4] == SLOTS))

    def test_message_ids_begin_anew_in_an_epoch(self):
        pair = Pair(self, rekey=True).call()
        self.assertTrue(pair.up())
        self.assertTrue(pair.until(lambda: pair.session(0).epoch == pair.session(1).epoch == 1))
        ids = []
        take = pair.peers[1].messages.take

        def look(owner, plain, *rest):
            ids.append((owner[1], int.from_bytes(plain[:4], "big")))
            return take(owner, plain, *rest)

        pair.peers[1].messages.take = look
        for _ in range(2):
            self.assertTrue(pair.data(0, 700))
        first = {i for _, i in ids}
        self.assertEqual({e for e, _ in ids}, {1})
        self.assertEqual(first, {0, 1})


class Packets(unittest.TestCase):
    def test_ecn_table(self):
        """RFC 6040, figure 4: inner down, outer across, in the order 0, 1, 2, 3."""
        table = {0: (0, 0, 0, None), 1: (1, 1, 1, 3), 2: (2, 1, 2, 3), 3: (3, 3, 3, 3)}
        for a, b in (("10.0.0.1", "10.0.0.2"), ("fd00::1", "fd00::2")):
            plain = inner.echo_request(a, b, 7, 9)
            for mine, row in table.items():
                packet = inner.with_ecn(plain, mine)
                self.assertEqual(inner.ecn(packet), mine)
                for outer, want in enumerate(row):
                    got = inner.decapsulated(packet, outer)
                    if want is None:
                        self.assertIsNone(got)
                    else:
                        self.assertEqual(got, inner.with_ecn(plain, want))
                        self.assertTrue(inner.is_sound(got))
                        if a == "10.0.0.1":
                            self.assertEqual(inner.checksum(got[:20]), 0)

    def test_sizes(self):
        for transport, host, size in ((TRANSPORT_UDP, "192.0.2.1", 484),
                                      (TRANSPORT_RAW, "192.0.2.1", 492),
                                      (TRANSPORT_UDP, "2001:db8::1", 1232),
                                      (TRANSPORT_RAW, "2001:db8::1", 1240)):
            self.assertEqual(Path(Datagrams(transport, None), (host, 1)).floor, size)

    def test_discover(self):
        for size in (LEAST, 105, 1400):
            d = Discover(PROBE, size)
            self.assertEqual(len(d.pack()) + HEADER + 16, size)
            self.assertEqual(Discover.unpack(d.pack()), d)
            self.assertEqual(len(d.answer().pack()) + HEADER + 16, LEAST)

    def test_a_probe_is_no_data(self):
        """DISCOVER is neither delivered nor acknowledged, and on TCP it is not spoken."""
        pair = Pair(self).call()
        self.assertTrue(pair.up())
        s = pair.session(0)
        packet = s.seal(Type.DISCOVER, Discover(PROBE, 300).pack(), 0x20)
        s.conn.send(packet)
        self.assertTrue(pair.until(lambda: pair.nodes[1].count["probes"] == 1))
        self.assertFalse(pair.got[1])
        self.assertNotIn(Header.parse(packet).seq, pair.session(1).due)


def verdict_of(job):
    name, transport = job
    return attack(name, transport=transport)


def attack_jobs():
    """Every scenario that is for datagrams, with the transport."""
    return [(n, t) for t in ((TRANSPORT_UDP, TRANSPORT_RAW) if MAY_RAW else (TRANSPORT_UDP,))
            for n, s in attacks.load_all().items() if "load" not in s.needs and t in s.on]
