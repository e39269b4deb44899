# SPDX-License-Identifier: GPL-2.0
"""A whole end: sections 5.5 to 6.15 and 7.3 to 7.6, without sockets. Datagrams: paths.py.

It is given bytes and connections (net.py) and gives bytes back. Every refusal counts in
drops, under the names of Documentation/netlink/specs/pool.yaml.
"""

import collections
import hashlib
import ipaddress
import time

from . import inner, telemetry, tlv
from .address import Address, AddressError, node_id
from .crypto import DH, PUB
from .discover import Search
from .drop import Drop
from .fragment import Reassembly
from .handshake import Attempt, Responder, check_header, new_timestamp
from .header import (COMPRESSED, FRAGMENT, HANDSHAKE, LAST_FRAG, PRIORITY, REQUIRE_ACK,
                     TELEMETRY, Type)
from .keys import NO_PSK
from .paths import Paths
from .rekey import KNOWN, OFFER, Rekey, Rekeyer
from .segment import OFFER as OFFER_LARGE
from .segment import Large
from .session import KeyLog, Session, check, fingerprint

FIRST_ACK = 80
QUEUE = 64
UNPROVEN_INITS = 8
URGENT_DSCP = 32
BEATS = 8                               # HEARTBEATs whose answer gives a sample, 6.8
REKEY_FAIL = 7
IN_A_ROW = 3
OVERLOAD_HOLDS = 15.0
# 9.1: what is told to the peer.
CODES = {"rx-auth": 1, "rx-not-encrypted": 1, "rx-decrypt": 2, "rx-replayed": 3, "rx-too-old": 3,
         "rx-sequence": 3, "rx-fragment-timeout": 4, "rx-too-big": 5, "rx-config": 6}


class Timers:
    """In seconds, and the limits of an epoch in packets. Tests shorten them."""
    attempt = 12.0
    series = 90.0
    unconfirmed = 10.0
    surplus = 10.0
    silent = 60.0
    repeat_ack = 0.2
    ack_pace = 0.001
    record = 1000.0
    dead = 45.0
    renew_initiator = 86400.0           # a full handshake, after confirmation
    renew_responder = 86460.0
    rekey = 3540.0                      # R and X of 6.13
    hard_stop = 3780.0
    rekey_packets = 2 ** 28 - 2 ** 24
    reject_packets = 2 ** 28 + 2 ** 20
    unproven = 10.0
    reattach = 3.0
    no_lead = False                     # L of 6.13 is 0: a responder offers as an initiator

    @property
    def lead(self):
        return 0.0 if self.no_lead else max(0.0, min(60.0, (self.hard_stop - self.rekey) / 4))

    @property
    def lead_packets(self):
        return max(0, min(2 ** 19, (self.reject_packets - self.rekey_packets) // 32))


class Peer:
    def __init__(self, public, psk=NO_PSK, allowed=(), endpoint=None):
        self.public, self.psk = public, psk
        self.allowed = [ipaddress.ip_network(a) for a in allowed]
        self.endpoint = endpoint
        self.sessions = []
        self.current = None
        self.attempt = None
        self.stamp, self.stamp_at = None, None
        self.queue = collections.deque()
        self.overloaded_until = None    # what it says of itself
        self.overload = None
        self.reports = collections.Counter()    # TLV 7 heard, by code
        self.closed_with = None         # the code of its last CLOSE
        self.name = self.transports = self.max_plaintext = self.address = None
        self.drops = collections.Counter()
        self.messages = Reassembly()
        self.probed_at = 0.0            # when a search last sent a probe

    @property
    def confirmed(self):
        """In the order of their confirmation."""
        return sorted((s for s in self.sessions if s.confirmed), key=lambda s: s.rank)


class NodeSession(Session):
    def __init__(self, keys, sid, initiator, peer, now, dh_static, log=None):
        super().__init__(keys, sid, initiator, log=log)
        self.peer = peer
        self.sending.installed = now
        self.rekeyer = Rekeyer(self, dh_static)
        self.rtt = telemetry.RoundTrip()
        self.beats = collections.OrderedDict()      # sequence: when, of HEARTBEATs
        self.loss = telemetry.Loss()
        self.errors = collections.Counter()         # to be reported, by code
        self.rx_bytes = self.tx_bytes = self.rx_priority = 0
        self.rx_rate, self.tx_rate = telemetry.Rate(now), telemetry.Rate(now)
        self.own = self.theirs = None               # the two views
        self.mismatch = []
        self.in_a_row = collections.Counter()       # reports that did not fit
        self.mismatches = collections.Counter()
        self.created = self.last_rx = now
        self.conn = None
        self.transport = self.search = None
        self.candidate, self.candidate_at = None, 0.0
        self.home_at = now              # when something came over conn
        self.moved = 0
        self.confirmed_at = self.rank = None
        self.close_at = None
        self.response_hash = None
        self.due = []                   # sequences to acknowledge
        self.last_ack = -1.0
        self.hello_heard = False        # the other end has heard ours
        self.next_heartbeat = None
        self.renewing = False
        self.reattach_by = None
        self.reattached = 0
        self.rx_packets = self.tx_packets = 0
        self.takes_large = False        # the other end
        self.rx_large = self.tx_large = 0


class RunningAttempt(Attempt):
    conn = None
    deadline = None
    repeats = ()


class Node(Paths, Large):
    def __init__(self, secret, name=None, heartbeat=5.0, prove_work=False, organisation=0,
                 segment=0, timers=None, real=time.time_ns, mono=time.monotonic, rekey=True,
                 first_rekey=True, at_once=False, on_offer=None, use_telemetry=True, lies=None,
                 max_plaintext=65519, priority=None, key_log=False, transports=tlv.TCP,
                 mtu_search=False, large=True):
        """rekey: as the first revision without it. first_rekey: offer epoch 1 as a responder;
        at_once: as an initiator too. on_offer: answer an offer with one of our own that "wins"
        or "loses", as if both had offered at once. priority: PRIORITY on all DATA or on none."""
        self.secret, self.public = secret, PUB(secret)
        self.mono = mono
        self.timers = timers or Timers()
        self.responder = Responder(secret, real, mono)
        self.prove_work = prove_work
        self.heartbeat = heartbeat
        self.hello = tlv.hello(name, Address.of(self.public, organisation, segment).pack(),
                               max_plaintext, transports, OFFER_LARGE if large else 0)
        self.large = large
        self.mtu_search = mtu_search
        self.max_plaintext = max_plaintext
        self.rekey, self.first_rekey = rekey, first_rekey
        self.at_once, self.on_offer = at_once, on_offer
        self.use_telemetry, self.lies = use_telemetry, lies or {}
        self.priority = priority
        self.key_log = KeyLog() if key_log else None
        self.overloaded_since = self.overloaded_until = None
        self.peers = {}
        self.sessions = {}
        self.conns = []
        self.drops = collections.Counter()
        self.count = collections.Counter()
        self.rank = 0
        self.on_event = lambda what, **detail: None
        self.deliver = lambda peer, packet: None

    # -- configuration

    def add_peer(self, peer):
        if peer.public == self.public:
            raise ValueError("our own key")
        self.peers[peer.public] = peer
        peer.dh_static = DH(self.secret, peer.public)
        peer.messages.largest = self.max_plaintext
        return peer

    def remove_peer(self, peer):
        for session in list(peer.sessions):
            self.close(session)
        self.end_attempt(peer)
        del self.peers[peer.public]
        self.responder.renew()

    # -- connections

    def add_connection(self, conn):
        conn.proven = False
        conn.proven_at = conn.peer = None
        conn.unknown = conn.inits = 0
        conn.born = conn.last_rx = self.mono()
        self.conns.append(conn)

    def connection_gone(self, conn):
        """It is closed, by whoever."""
        if conn in self.conns:
            self.conns.remove(conn)
        for peer in self.peers.values():
            if peer.attempt and peer.attempt.conn is conn:
                self.end_attempt(peer)
            for session in peer.sessions:
                if session.conn is conn:
                    session.conn = None
        self.on_event("connection-down", remote=conn.remote)

    def shut(self, conn, reason):
        if conn in self.conns:
            self.drops[reason] += 1
            conn.close()
            self.connection_gone(conn)

    def prove(self, conn, peer):
        conn.peer = peer
        if not conn.proven:
            conn.proven = True
            conn.proven_at = self.mono()

    def drop(self, conn, refusal, peer=None, session=None):
        self.drops[refusal.reason] += 1
        if peer:
            peer.drops[refusal.reason] += 1
        code = CODES.get(refusal.detail.get("code", refusal.reason))
        if session and code:
            session.errors[code] += 1
        if refusal.closes and conn in self.conns:
            self.drops["conn-framing"] += 1
            conn.close()
            self.connection_gone(conn)

    def receive(self, conn, data):
        """Bytes from a connection."""
        conn.framer.feed(data)
        try:
            while conn in self.conns:
                packet = conn.framer.next(unproven=not conn.proven and not conn.dialled)
                if packet is None:
                    return
                self.packet(conn, packet)
        except Drop as refusal:         # of the framing
            self.drop(conn, refusal)

    # -- packets

    def packet(self, conn, packet):
        self.count["rx"] += 1
        kind = packet[0] & 15
        try:
            if kind in HANDSHAKE:
                (self.on_init, self.on_challenge, self.on_response)[kind](conn, packet)
            else:
                self.on_session(conn, packet)
        except Drop as refusal:
            named = self.sessions.get(packet[20:36]) if kind not in HANDSHAKE else None
            self.drop(conn, refusal, conn.peer, named)

    def on_init(self, conn, packet):
        self.count["inits"] += 1
        if not conn.proven and not conn.dialled:
            conn.inits += 1
            if conn.inits > UNPROVEN_INITS:
                raise Drop("hs-limited", closes=True)
        reply = self.responder.on_init(packet, conn.addr16, self.prove_work)
        self.count["challenges"] += 1
        conn.send(reply)

    def on_challenge(self, conn, packet):
        header = check_header(packet, Type.CHALLENGE)
        for peer in self.peers.values():
            attempt = peer.attempt
            if attempt and attempt.sid == header.sid and (
                    conn.datagram and conn.transport == attempt.conn.transport
                    or attempt.conn is conn):
                began = self.mono()
                reply = attempt.on_challenge(packet)
                attempt.deadline += self.mono() - began
                self.prove(conn, peer)
                self.repeat(attempt, reply, conn, instead=not attempt.candidates[1:])
                conn.send(reply)
                return
        raise Drop("hs-attempt")

    def on_response(self, conn, packet):
        self.count["responses"] += 1
        try:
            self.accept_response(conn, packet)
        except Drop:
            if not conn.proven and not conn.dialled and conn in self.conns:
                conn.close()
                self.connection_gone(conn)
            raise

    def find(self, S_i):
        if S_i == self.public or S_i not in self.peers:
            raise Drop("hs-unknown-peer")
        return self.peers[S_i].psk

    def accept_response(self, conn, packet):
        now = self.mono()
        header = check_header(packet, Type.RESPONSE)
        digest = hashlib.sha256(packet).digest()
        session = self.sessions.get(header.sid)
        if (session and not session.confirmed and session.response_hash == digest
                and session.transport == conn.transport):
            if now - session.last_ack >= self.timers.repeat_ack:
                self.first_ack(session)
            return
        accepted = self.responder.on_response(packet, conn.addr16, self.find, conn.transport)
        peer = self.peers[accepted.S_i]
        self.same_peer(conn, peer)
        if peer.stamp is not None and now - peer.stamp_at > self.timers.record:
            peer.stamp = None
        if peer.stamp is not None and header.timestamp <= peer.stamp:
            raise Drop("hs-replayed")
        if header.sid in self.sessions or any(
                p.attempt and p.attempt.sid == header.sid for p in self.peers.values()):
            raise Drop("hs-sid-used")
        peer.stamp, peer.stamp_at = header.timestamp, now
        session = self.new_session(accepted.keys, header.sid, False, peer, conn)
        session.response_hash = digest
        self.learn(peer, accepted.tlvs, session)
        self.prove(conn, peer)
        conn.unknown = 0
        self.first_ack(session)

    @staticmethod
    def same_peer(conn, peer):
        if conn.peer not in (None, peer):
            raise Drop("rx-no-session", closes=True)

    def first_ack(self, session):
        session.last_ack = self.mono()
        self.send(session, Type.ACK, self.hello.ljust(FIRST_ACK, b"\0"))

    def new_session(self, keys, sid, initiator, peer, conn):
        session = NodeSession(keys, sid, initiator, peer, self.mono(), peer.dh_static,
                              self.key_log)
        session.conn, session.transport = conn, conn.transport
        if conn.datagram:
            session.search = Search(conn.floor)
        if len(peer.sessions) >= 3:
            unconfirmed = [s for s in peer.sessions if not s.confirmed]
            superseded = [s for s in peer.sessions if s is not peer.current]
            self.forget((unconfirmed or superseded)[0], "replaced")
        peer.sessions.append(session)
        self.sessions[sid] = session
        return session

    def learn(self, peer, t, session):
        """Hello TLVs; a later value replaces an earlier one."""
        self.learn_large(session, t)
        for what in ("name", "transports", "max_plaintext"):
            if getattr(t, what) is not None:
                setattr(peer, what, getattr(t, what))
        if t.address is not None:
            try:
                if Address.unpack(t.address).node == node_id(peer.public):
                    peer.address = t.address
            except AddressError:
                pass

    # -- session packets

    def on_session(self, conn, packet):
        header = check(packet)
        session = self.sessions.get(header.sid)
        now = self.mono()
        if session and session.transport != conn.transport:
            raise Drop("rx-no-session")
        if session:
            self.same_peer(conn, session.peer)
            header, plain = session.open(packet, now)
        else:
            session, header, plain = self.open_candidate(conn, packet, header)
        conn.unknown = 0
        conn.last_rx = session.last_rx = now
        self.prove(conn, session.peer)
        epoch = session.epochs[session.came_in]
        session.loss.note(session.came_in, epoch.rx.isn, header.seq)
        if conn.datagram:
            self.came_from(session, conn, len(packet))
        elif session.is_newest:
            if session.conn is not conn:
                session.reattached += 1
            session.conn = conn
        session.reattach_by = None
        if not session.confirmed:
            self.confirm(session)
        switched = session.rekeyer.heard(session.came_in, now)
        if switched:
            self.rekeyed(session, "answerer")
        self.flush_queue(session.peer)
        try:
            self.meaning(session, header, plain, conn)
        finally:
            if self.sessions.get(session.sid) is session:
                if switched and not session.sent:
                    self.send(session, Type.ACK)
                self.rekey_tick(session, now)

    def open_candidate(self, conn, packet, header):
        """Step 3 and 4 for a session that does not exist yet."""
        for peer in self.peers.values():
            attempt = peer.attempt
            if (not attempt or attempt.sid != header.sid or not attempt.candidates
                    or attempt.conn.transport != conn.transport):
                continue
            self.same_peer(conn, peer)
            for candidate in attempt.candidates:
                trial = Session(candidate.keys, header.sid, True, log=self.key_log)
                if not trial.in_range(header.seq):
                    continue
                header, plain = trial.open(packet, self.mono())
                session = self.new_session(candidate.keys, header.sid, True, peer,
                                           attempt.conn if conn.datagram else conn)
                trial.sending.installed = session.created
                session.adopt(trial)
                peer.attempt = None         # the other candidates go with it
                return session, header, plain
            raise Drop("rx-sequence")
        conn.unknown += 1
        raise Drop("rx-no-session", closes=conn.unknown == 8)

    def meaning(self, session, header, plain, conn):
        """Step 8."""
        if header.flags & COMPRESSED:
            raise Drop("rx-compressed")
        pieces = header.flags & (FRAGMENT | LAST_FRAG)
        if pieces and (header.type != Type.DATA or pieces == LAST_FRAG or not conn.datagram):
            raise Drop("rx-fragment")
        peer = session.peer
        if header.type == Type.DATA:
            if header.channel:
                self.on_large(session, header, plain, conn)
                self.acknowledge(session, header)
                return
            outer = conn.ecn if conn.datagram else 0
            if pieces:
                whole = self.on_fragment(session, header, plain, conn)
                self.acknowledge(session, header)       # the fragment, whatever the message is
                if whole:
                    self.on_data(session, header, *whole)
                return
            self.on_data(session, header, plain, outer)
        elif header.type in (Type.ACK, Type.HEARTBEAT):
            block = None
            if header.type == Type.HEARTBEAT and header.flags & TELEMETRY:
                if len(plain) < telemetry.LENGTH:
                    raise Drop("rx-tlv")
                block, plain = telemetry.Block.unpack(plain), plain[telemetry.LENGTH:]
            try:
                t = tlv.parse(plain)
            except tlv.Malformed:
                raise Drop("rx-tlv") from None
            self.learn(peer, t, session)
            self.learn_reports(peer, t)
            if block:
                self.compare(session, block)
            for seq in t.acked:
                sent_at = session.beats.pop(seq, None)
                if sent_at is not None:
                    session.rtt.sample(int((self.mono() - sent_at) * 1e9))
            if t.acked and session.initiator:
                session.hello_heard = True
        elif header.type == Type.CLOSE:
            if len(plain) < 4:
                raise Drop("rx-tlv")
            peer.closed_with = plain[0]
            self.forget(session, "closed-by-peer", code=plain[0])
            return
        elif header.type == Type.REKEY and self.rekey:
            self.on_rekey(session, Rekey.unpack(plain), header)
            return
        elif header.type == Type.DISCOVER and conn.datagram:
            self.on_discover(session, conn, plain)
            return
        else:
            config = header.type in (Type.CONFIG, Type.ROLLBACK)
            raise Drop("rx-type", code="rx-config" if config else None)
        self.acknowledge(session, header)

    def acknowledge(self, session, header, at_once=False):
        if header.flags & REQUIRE_ACK and header.type != Type.ACK:
            session.due = (session.due + [header.seq])[-tlv.MAX_ACKED:]
            self.flush_acks(session, at_once)

    def on_data(self, session, header, plain, outer=0):
        if len(plain) > self.max_plaintext:
            raise Drop("rx-too-big")
        if not inner.is_sound(plain):
            raise Drop("rx-malformed")
        if self.route(inner.addresses(plain)[0]) is not session.peer:
            raise Drop("rx-source")
        plain = self.decapsulate(plain, outer)
        session.rx_packets += 1
        session.rx_bytes += len(plain)
        session.rx_priority += bool(header.flags & PRIORITY)
        self.deliver(session.peer, plain)

    def flush_acks(self, session, at_once=False):
        now = self.mono()
        if not session.due or now - session.last_ack < self.timers.ack_pace and not at_once:
            return
        plain = tlv.acked(session.due)
        if not session.hello_heard and not session.initiator:
            plain += self.hello
            session.hello_heard = True
        session.due = []
        session.last_ack = now
        self.send(session, Type.ACK, plain)

    def send(self, session, kind, plain=b"", flags=0, **fields):
        """False if there is no connection to send it on."""
        if session.conn is None:
            return False
        session.conn.send(session.seal(kind, plain, flags, **fields))
        return True

    def send_heartbeat(self, session):
        now = self.mono()
        session.next_heartbeat = now + self.heartbeat if self.heartbeat else None
        if session.conn is None:
            return False
        plain = b"" if session.hello_heard else self.hello
        for code, count in sorted(session.errors.items())[:tlv.MAX_ERRORS]:
            plain += tlv.error(code, count)
            del session.errors[code]
        if self.overloaded_until is not None and now < self.overloaded_until:
            plain += tlv.overload(now - self.overloaded_since)
        flags = REQUIRE_ACK
        if self.use_telemetry:
            flags |= TELEMETRY
            plain = self.view(session, now).pack() + plain
        session.beats[session.next_seq] = now
        while len(session.beats) > BEATS:
            session.beats.popitem(last=False)
        return self.send(session, Type.HEARTBEAT, plain, flags)

    # -- 6.8: telemetry

    def view(self, session, now):
        """The block that is sent now; keeps the true one in session.own."""
        mss = getattr(session.conn, "mss", None)
        mtu = mss() if mss else 0
        if session.search:
            mtu = session.search.size + session.conn.overhead
        session.own = telemetry.Block(
            rtt=session.rtt.srtt, jitter=session.rtt.rttvar, loss=session.loss.rate(),
            throughput=min(2 ** 32 - 1, session.rx_rate.at(now, 8 * session.rx_bytes)),
            mtu=mtu, queue=min(65535, len(session.peer.queue)),
            uptime=int((now - session.created) * 1e9), rekeys=session.epoch,
            digest=self.digest(session, session.epoch))
        return telemetry.Block(**dict(session.own.show(), **self.lies))

    def digest(self, session, epoch):
        return telemetry.digest(session.sid, epoch, 0, session.transport, self.public,
                                session.peer.public)

    def compare(self, session, theirs):
        """What of the peer's view contradicts ours."""
        now = self.mono()
        sent = session.tx_rate.at(now, 8 * session.tx_bytes)
        rtt = session.rtt.srtt
        wrong = []
        if rtt and theirs.rtt and abs(rtt - theirs.rtt) > max(rtt, theirs.rtt) // 2 + 20_000_000:
            wrong.append("rtt")
        if theirs.loss > telemetry.PPM:
            wrong.append("loss")
        if theirs.throughput > 2 * sent + 1_000_000:
            wrong.append("throughput")
        if abs(theirs.uptime - (now - session.created) * 1e9) > 10 * 10 ** 9 + rtt:
            wrong.append("uptime")
        if theirs.rekeys != session.came_in:
            wrong.append("rekeys")
        if theirs.digest != self.digest(session, session.came_in):
            wrong.append("digest")
        for what in ("rtt", "throughput"):      # one report proves little
            session.in_a_row[what] = session.in_a_row[what] + 1 if what in wrong else 0
            if 0 < session.in_a_row[what] < IN_A_ROW:
                wrong.remove(what)
        session.theirs = theirs
        session.mismatches.update(wrong)
        if wrong != session.mismatch:
            session.mismatch = wrong
            self.on_event("mismatch", fields=wrong)

    # -- 6.15: reports

    def learn_reports(self, peer, t):
        for code, _, count in t.errors:
            peer.reports[code] += count
            self.on_event("reported", code=code, number=count)
        if t.overload is not None:
            if peer.overloaded_until is None:
                self.on_event("overloaded", seconds=t.overload)
            peer.overload = t.overload
            peer.overloaded_until = self.mono() + OVERLOAD_HOLDS
            self.trim(peer)

    def claim_overload(self, seconds):
        self.overloaded_since = self.mono()
        self.overloaded_until = self.overloaded_since + seconds
        for session in self.sessions.values():
            if session is session.peer.current:
                self.send_heartbeat(session)

    def trim(self, peer):
        """The queue has its length, or a quarter of it; the oldest go."""
        room = QUEUE if peer.overloaded_until is None else QUEUE // 4
        while len(peer.queue) > room:
            peer.queue.popleft()
            self.drops["tx-congested" if peer.current else "tx-staged-full"] += 1

    # -- 6.14: rekey

    def on_rekey(self, session, r, header):
        k, now = session.rekeyer, self.mono()
        if (self.on_offer and r.step == OFFER and r.epoch == k.n + 1 and session.came_in == k.n
                and k.may_offer()):
            bound = dict(wins=dict(below=r.ephemeral), loses=dict(above=r.ephemeral))
            self.send_rekey(session, k.start(now, **bound[self.on_offer]))
        reply = k.take(r, session.came_in, now)
        if reply is None:
            self.rekeyed(session, "offerer")
        elif reply is not KNOWN:
            self.send_rekey(session, reply)
        self.acknowledge(session, header, at_once=reply is None)

    def send_rekey(self, session, plain):
        self.count["tx-rekey"] += 1
        self.send(session, Type.REKEY, plain, REQUIRE_ACK)

    def rekeyed(self, session, role):
        self.count["rekeys"] += 1
        self.on_event("rekeyed", sid=session.sid.hex(), epoch=session.epoch, role=role)
        self.log_keys(session)

    def log_keys(self, session):
        if self.key_log:
            keys = session.sending.keys
            self.on_event("keys", sid=session.sid.hex(), epoch=session.epoch,
                          i2r=fingerprint(keys.i2r), r2i=fingerprint(keys.r2i))

    def rekey_tick(self, session, now):
        t, k = self.timers, session.rekeyer
        k.drain(now, now - t.hard_stop)
        if not self.rekey or session.conn is None or session.reattach_by is not None:
            return
        for plain in k.repeats(now):
            self.send_rekey(session, plain)
        if session is not session.peer.current or not k.may_offer():
            return
        e = session.sending
        first = self.at_once if session.initiator else self.first_rekey or self.at_once
        if (e.number == 0 and first
                or now - e.installed >= t.rekey + (0 if session.initiator else t.lead)
                or max(e.sent, e.received) >= t.rekey_packets):
            self.send_rekey(session, k.start(now))

    # -- sessions

    def lower(self, peer):
        return self.public < peer.public

    def confirm(self, session):
        now = self.mono()
        peer = session.peer
        session.confirmed = True
        session.confirmed_at = now
        self.rank += 1
        session.rank = self.rank
        self.count["handshakes"] += 1
        self.choose(peer)
        self.on_event("session-up", sid=session.sid.hex(), peer=peer.public.hex(),
                      role="initiator" if session.initiator else "responder")
        self.log_keys(session)
        session.next_heartbeat = now + self.heartbeat if self.heartbeat else None
        if session.initiator:
            self.send_heartbeat(session)
        self.flush_queue(peer)

    def choose(self, peer):
        """The current session, 5.9."""
        confirmed = peer.confirmed
        if not confirmed or not self.lower(peer):
            peer.current = confirmed[-1] if confirmed else None
            return
        kept = confirmed[0]
        for session in confirmed[1:]:
            other, near = kept, session.confirmed_at - kept.confirmed_at <= self.timers.surplus
            if near and kept.initiator and not session.initiator:
                other = session
            else:
                kept = session
            if other.close_at is None:
                other.close_at = session.confirmed_at + self.timers.surplus
        peer.current = kept

    def forget(self, session, why, **detail):
        """The session ends; nothing is sent."""
        peer = session.peer
        if self.sessions.get(session.sid) is not session:
            return
        del self.sessions[session.sid]
        peer.sessions.remove(session)
        peer.messages.forget(session.sid)
        if peer.current is session:
            self.choose(peer)
        self.on_event("session-down", sid=session.sid.hex(), peer=peer.public.hex(), reason=why,
                      **detail)

    def close(self, session, code=0, why="local"):
        # 7.6 may have closed its connection a moment before 5.9 ends the session.
        session.conn = session.conn or next(
            (c for c in self.conns if c.proven and c.peer is session.peer), None)
        if session.confirmed:
            self.send(session, Type.CLOSE, bytes([code, 0, 0, 0]))
        self.forget(session, why, code=code)

    def attempt(self, peer, conn):
        """Starts a handshake on a connection."""
        attempt = RunningAttempt(self.secret, peer.public, peer.psk, self.hello,
                                 timestamp=new_timestamp(self.responder.real()),
                                 transport=conn.transport)
        attempt.conn = conn
        attempt.deadline = self.mono() + self.timers.attempt
        peer.attempt = attempt
        init = attempt.init()
        self.repeat(attempt, init, conn, instead=True)
        conn.send(init)

    def end_attempt(self, peer):
        if peer.attempt:
            peer.attempt = None
            self.on_event("attempt-ended", peer=peer.public.hex())

    def reattach(self, peer, conn):
        """A new connection stands; True if there is a session for it."""
        session = peer.current
        if not session:
            return False
        session.conn = conn
        session.reattach_by = self.mono() + self.timers.reattach
        self.send_heartbeat(session)
        return True

    # -- inner packets

    def route(self, address):
        best = None, -1
        for peer in self.peers.values():
            for net in peer.allowed:
                if address in net and net.prefixlen > best[1]:
                    best = peer, net.prefixlen
        return best[0]

    def send_ip(self, packet):
        """False if nobody is reached that way."""
        peer = self.route(inner.addresses(packet)[1]) if inner.is_sound(packet) else None
        if not peer:
            self.drops["tx-no-peer"] += 1
            return False
        return self.send_data(peer, packet)

    def flush_queue(self, peer):
        session = peer.current
        while peer.queue and session and session.conn and session.reattach_by is None:
            self.send_data(peer, peer.queue.popleft())

    def send_data(self, peer, packet):
        session = peer.current
        if not session:
            waiting = [s for s in peer.sessions if not s.initiator]
            session = waiting[-1] if waiting else None
        if not session or session.conn is None or session.reattach_by is not None:
            peer.queue.append(packet)
            self.trim(peer)
            return True
        if len(packet) > (peer.max_plaintext or 65519):
            self.drops["tx-too-big"] += 1
            return False
        session.tx_packets += 1
        session.tx_bytes += len(packet)
        urgent = self.priority
        if urgent is None:
            urgent = inner.dscp(packet) >= URGENT_DSCP
        flags = PRIORITY if urgent else 0
        if session.conn.datagram:
            return self.send_datagrams(session, packet, flags)
        return self.send(session, Type.DATA, packet, flags)

    # -- time

    def tick(self):
        now, t = self.mono(), self.timers
        for conn in list(self.conns):
            if not conn.proven and not conn.dialled and now - conn.born >= t.unproven:
                self.shut(conn, "conn-timeout")
        for peer in list(self.peers.values()):
            if peer.attempt and now >= peer.attempt.deadline:
                conn = peer.attempt.conn
                self.end_attempt(peer)
                if conn.dialled and not conn.datagram and not peer.sessions:
                    conn.close()
                    self.connection_gone(conn)
            elif peer.attempt:
                self.repeat_tick(peer.attempt, now)
            for session in list(peer.sessions):
                self.tick_session(session, now)
            self.expire(peer)
            if peer.overloaded_until is not None and now >= peer.overloaded_until:
                peer.overloaded_until = peer.overload = None
                self.on_event("overload-ended")
            self.surplus_connection(peer, now)

    def tick_session(self, session, now):
        t, peer, e = self.timers, session.peer, session.sending
        age = now - e.installed
        current = session is peer.current
        if not session.confirmed:
            if now - session.created >= t.unconfirmed:
                self.forget(session, "not-confirmed")
            return
        session.loss.mark(now)
        if session.candidate:
            self.probe_candidate(session, now)
        if age >= t.hard_stop or e.received >= t.reject_packets or e.sent >= t.reject_packets - 1:
            self.count["rekey-fail"] += current         # one that was replaced has not failed
            self.close(session, REKEY_FAIL, "expired")      # the last packet that may be sent
            return
        self.rekey_tick(session, now)
        if session.close_at is not None and now >= session.close_at and not current:
            self.close(session, 0, "surplus")
            return
        silence = now - session.last_rx
        if not current:
            superseded_at = max(s.confirmed_at for s in peer.confirmed)
            if now - max(session.last_rx, superseded_at) >= t.silent:
                self.forget(session, "replaced")
            return
        if session.next_heartbeat is not None:
            if silence >= max(t.dead, 3 * self.heartbeat + 30):
                self.forget(session, "dead")
                return
            if now >= session.next_heartbeat and session.conn:
                self.send_heartbeat(session)
        if session.search:
            self.search_tick(session, now)
        suspect = self.heartbeat and silence >= 3 * self.heartbeat
        renew = t.renew_initiator if session.initiator else t.renew_responder
        stale = (now - session.confirmed_at >= renew or age >= t.hard_stop - t.lead
                 or max(e.sent, e.received) >= t.reject_packets - t.lead_packets)
        lost = session.reattach_by is not None and now >= session.reattach_by
        if (suspect or stale or lost) and session.conn and not peer.attempt:
            if lost:
                session.reattach_by = None
            self.attempt(peer, session.conn)
        self.flush_acks(session)

    def surplus_connection(self, peer, now):
        """7.6."""
        ours = [c for c in self.conns if c.proven and c.peer is peer]
        if len(ours) < 2 or not self.lower(peer):
            return
        if now - sorted(c.proven_at for c in ours)[1] >= self.timers.surplus:
            victim = min(ours, key=lambda c: c.last_rx)
            victim.close()
            self.connection_gone(victim)

    def wants_tick(self):
        """Seconds until tick() has something to do, roughly."""
        return 0.002 if any(s.due for s in self.sessions.values()) else 0.05

    def state(self):
        return dict(
            public=self.public.hex(), count=dict(self.count), drops=dict(self.drops),
            curve_operations=self.responder.curve_operations,
            connections=len(self.conns), peers=[dict(
                public=p.public.hex(), name=p.name.decode() if p.name else None,
                address=p.address.hex() if p.address else None, max_plaintext=p.max_plaintext,
                transports=p.transports, reports=dict(p.reports), closed_with=p.closed_with,
                overload=p.overload, sessions=[dict(
                    sid=s.sid.hex(), confirmed=s.confirmed, current=s is p.current,
                    initiator=s.initiator, rx_packets=s.rx_packets, tx_packets=s.tx_packets,
                    rx_large=s.rx_large, tx_large=s.tx_large, takes_large=s.takes_large,
                    sent=s.sent, reattached=s.reattached, moved=s.moved,
                    transport=s.transport, remote=s.conn.remote if s.conn else None,
                    size=s.search.size if s.search else None, epoch=s.epoch,
                    epochs=sorted(s.epochs), rekeys=s.rekeyer.completed,
                    rx_priority=s.rx_priority, rtt=s.rtt.srtt, jitter=s.rtt.rttvar,
                    rtt_samples=s.rtt.samples, lost=s.loss.lost, loss=s.loss.rate(),
                    own=s.own.show() if s.own else None,
                    theirs=s.theirs.show() if s.theirs else None, mismatch=s.mismatch,
                    mismatches=dict(s.mismatches)) for s in p.sessions])
                for p in self.peers.values()])
