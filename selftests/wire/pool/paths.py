# SPDX-License-Identifier: GPL-2.0
"""What a node does on datagrams: repeats (5.7), path MTU (6.16), fragments (6.17), ECN (6.10), and
peers that move (7.8). Without sockets; a path is what datagram.py says it is."""

from . import inner
from .discover import LEAST, PACE, PROBE, Discover, Search
from .drop import Drop
from .fragment import split
from .header import HEADER, LAST_FRAG, TAG, Header, Type

REPEATS = (1.0, 3.0, 7.0)               # after the first time, 5.7
CANDIDATE_PROBES = (0.0, 1.0, 2.0)     # after the first one
OLD_PATH_QUIET = 0.25
CANDIDATE_PROBE = 512
CANDIDATE_PACE = 0.1
AMPLIFICATION = 3


class Repeat:
    """A packet of a handshake that goes out again, as identical bytes."""

    def __init__(self, conn, packet, now):
        self.conn, self.packet, self.first, self.times = conn, packet, now, 0

    def due(self, now):
        if self.times < len(REPEATS) and now - self.first >= REPEATS[self.times]:
            self.times += 1
            return True
        return False


class MovedTo:
    """The candidate of 7.8: where the peer says it is."""

    def __init__(self, path):
        self.path, self.since = path, None      # since: of the first probe
        self.got = self.sent = self.probes = 0
        self.asked = set()              # (size, id) of our probes to it

    @property
    def allowed(self):
        return AMPLIFICATION * self.got - self.sent


class Paths:
    """The part of a Node that knows datagrams."""
    mtu_search = False

    def datagram(self, path, packet):
        """One datagram."""
        if len(packet) < HEADER or len(packet) != HEADER + Header.parse(packet).length:
            self.count["rx"] += 1
            self.drop(path, Drop("rx-length"))
            return
        self.packet(path, packet)

    def not_unicast(self):
        """A datagram that is not from one host to this one."""
        self.drops["rx-not-unicast"] += 1

    # -- 5.7

    def repeat(self, attempt, packet, conn, instead=False):
        """From now on; instead of what was repeated before."""
        if conn.datagram:
            if instead:
                attempt.repeats = []
            attempt.repeats.append(Repeat(conn, packet, self.mono()))

    def repeat_tick(self, attempt, now):
        for r in attempt.repeats:
            if r.due(now):
                self.count["repeats"] += 1
                r.conn.send(r.packet)

    # -- 7.8

    def came_from(self, session, path, length):
        """An authentic packet came over that path."""
        now, candidate = self.mono(), session.candidate
        if path.same(session.conn):
            session.home_at = now
            if session.is_newest:
                session.conn.local, session.conn.interface = path.local, path.interface
                session.candidate = None
            return
        if not (candidate and path.same(candidate.path)):
            if not session.is_newest or now - session.candidate_at < CANDIDATE_PACE:
                return
            session.candidate_at = now
            candidate = session.candidate = MovedTo(path)
            self.on_event("candidate", sid=session.sid.hex(), remote=path.remote)
        elif session.is_newest:
            candidate.path = path           # it may use another address of ours
        candidate.got += length
        self.probe_candidate(session, now)

    def probe_candidate(self, session, now):
        """If one is due and allowed."""
        c = session.candidate
        if c.since is None and now - session.home_at < OLD_PATH_QUIET:
            return
        while c.probes < len(CANDIDATE_PROBES) and (
                c.since is None or now - c.since >= CANDIDATE_PROBES[c.probes]):
            size = min(CANDIDATE_PROBE, c.allowed, c.path.floor)
            if size < LEAST:
                return
            c.since = c.since or now
            c.probes += 1
            probe = Discover(PROBE, size)
            c.asked.add((probe.size, probe.id))
            c.sent += size
            self.count["candidate-probes"] += 1
            c.path.send(session.seal(Type.DISCOVER, probe.pack()))

    def move(self, session):
        session.conn = session.candidate.path
        session.candidate, session.home_at = None, self.mono()
        session.moved += 1
        session.search = Search(session.conn.floor)
        self.on_event("moved", sid=session.sid.hex(), remote=session.conn.remote)

    # -- 6.16

    def on_discover(self, session, path, plain):
        d = Discover.unpack(plain)
        c = session.candidate
        at_candidate = c is not None and path.same(c.path)
        if d.op == PROBE:
            self.count["probes"] += 1
            if at_candidate:
                if c.allowed < LEAST:
                    return
                c.sent += LEAST
            path.send(session.seal(Type.DISCOVER, d.answer().pack()))
        elif at_candidate and (d.size, d.id) in c.asked:
            self.move(session)
        elif path.same(session.conn) and session.search.answered(d):
            self.tell_mtu(session)

    def tell_mtu(self, session):
        self.on_event("mtu", sid=session.sid.hex(), size=session.search.size,
                      mtu=session.search.size + session.conn.overhead)

    def search_tick(self, session, now):
        """Of the current session; one probe per second to a peer, whatever its sessions."""
        peer = session.peer
        if not self.mtu_search or now - peer.probed_at < PACE:
            return
        probe = session.search.due(now, session.conn.top)
        if probe:
            peer.probed_at = now
            self.count["mtu-probes"] += 1
            if not session.conn.send(session.seal(Type.DISCOVER, probe.pack())):
                session.search.fails(probe.size)

    # -- 6.10, 6.17

    def send_datagrams(self, session, packet, flags):
        """An inner packet, whole or in pieces; False if the host sends neither."""
        search = session.search
        while not self.send_pieces(session, packet, flags):
            # The interface takes less than it did. Once more, in smaller pieces.
            if search.size == search.floor:
                return False
            search.shrinks(session.conn.top)
            self.tell_mtu(session)
        return True

    def send_pieces(self, session, packet, flags):
        pieces = [(packet, 0)]
        if HEADER + TAG + len(packet) > session.search.size:
            sending = session.sending
            pieces = [(f.pack(), f.flags) for f in split(sending.next_message, packet,
                                                         session.search.size)]
            sending.next_message = sending.next_message + 1 & 0xFFFFFFFF
            self.count["tx-fragments"] += len(pieces)
        mark = inner.ecn(packet)
        return all(session.conn.send(session.seal(Type.DATA, plain, flags | more), mark)
                   for plain, more in pieces)

    def on_fragment(self, session, header, plain, conn):
        """(message, outer ECN) when it is complete."""
        self.count["rx-fragments"] += 1
        messages = session.peer.messages
        self.expire(session.peer)
        before = messages.evicted
        try:
            return messages.take((session.sid, session.came_in), plain,
                                 bool(header.flags & LAST_FRAG), self.mono(), conn.ecn)
        finally:
            for _ in range(messages.evicted - before):
                self.drop(conn, Drop("rx-fragment-evicted"), session.peer)

    def expire(self, peer):
        for sid, _ in peer.messages.expire(self.mono()):
            session = self.sessions.get(sid)
            self.drop(session.conn, Drop("rx-fragment-timeout"), peer, session)

    def decapsulate(self, packet, outer):
        found = inner.decapsulated(packet, outer)
        if found is None:
            raise Drop("rx-ecn")
        return found
