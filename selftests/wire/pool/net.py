# SPDX-License-Identifier: GPL-2.0
"""Sockets, a TUN device and a loop for a node."""

import errno
import fcntl
import os
import selectors
import socket
import struct

from .address import addr16
from .datagram import Datagrams
from .handshake import TRANSPORT_TCP
from .stream import Framer

PORT = 9253
LIMIT_DEVICE, LIMIT_SOURCE = 256, 64


def host_port(text, default=PORT):
    """HOST:PORT, [V6]:PORT, or just PORT or HOST."""
    if text.startswith("["):
        host, _, rest = text[1:].partition("]")
        return host, int(rest[1:] or default)
    host, colon, port = text.rpartition(":")
    if not colon:
        return ("", int(port)) if port.isdigit() else (port, default)
    return host, int(port)


def plain_host(host):
    """Without a scope, and an IPv4 address as IPv4."""
    host = host.split("%")[0]
    return host[7:] if host.lower().startswith("::ffff:") and "." in host else host


def listen(host, port):
    """Both families, unless host says which."""
    if host and ":" not in host:
        return socket.create_server((host, port), backlog=128)
    return socket.create_server((host or "::", port), family=socket.AF_INET6, backlog=128,
                                dualstack_ipv6=not host)


class Conn:
    """What a node wants of a connection."""
    transport, datagram = TRANSPORT_TCP, False

    def __init__(self, sock, dialled):
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sock, self.dialled = sock, dialled
        self.framer = Framer()
        self.out = bytearray()
        self.closed = False
        self.remote = ""
        self.addr16 = bytes(16)
        self.bytes_in = self.bytes_out = 0
        self.selector = None

    def name(self):
        peer = self.sock.getpeername()
        self.remote = "%s %d" % (plain_host(peer[0]), peer[1])
        self.addr16 = addr16(plain_host(peer[0]))

    def send(self, data, _ecn=0):
        if not self.closed:
            self.out += data
            self.flush()

    def flush(self):
        try:
            while self.out:
                n = self.sock.send(self.out)
                self.bytes_out += n
                del self.out[:n]
        except BlockingIOError:
            pass
        except OSError:
            self.out.clear()        # reading will tell

    def mss(self):
        """Of the connection now; 0 is unknown."""
        try:
            return self.sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG)
        except OSError:
            return 0

    def close(self):
        if not self.closed:
            self.closed = True
            if self.selector:
                self.selector.unregister(self.sock)
            self.sock.close()


class Loop:
    """One node, its listeners, the endpoint it dials, and its TUN device."""

    def __init__(self, node):
        self.node = node
        self.selector = selectors.DefaultSelector()
        self.listeners = []
        self.conns = []
        self.tun = None
        self.dialling = {}              # peer -> state
        self.datagrams = []
        self.called = {}                # peer -> path
        self.initiate = True            # a dialled connection starts a handshake
        self.initiate_accepted = False  # so does an accepted one
        self.initiate_peer = None
        self.backoff = (0, 1, 2, 4, 8)
        self.timers = []

    def add_listener(self, host, port):
        sock = listen(host, port)
        sock.setblocking(False)
        self.listeners.append(sock)
        self.selector.register(sock, selectors.EVENT_READ, self.accept)
        return sock.getsockname()[1]

    def add_datagrams(self, transport, host="", port=0):
        """Sockets of UDP or raw IP; .port is the port."""
        sockets = Datagrams(transport, self.node.datagram)
        sockets.refused = self.node.not_unicast
        sockets.open(host, port, self.selector)
        self.datagrams.append(sockets)
        return sockets

    def call(self, peer, sockets):
        """Handshakes with the peer's endpoint until there is a session, and again."""
        self.called[peer] = sockets.path(*peer.endpoint)

    def keep_called(self):
        for peer, path in self.called.items():
            if self.initiate and not peer.current and not peer.attempt:
                self.node.attempt(peer, path)

    def accept(self, sock, _):
        try:
            new, _ = sock.accept()
            conn = Conn(new, dialled=False)
            conn.name()
        except OSError:
            return
        unproven = [c for c in self.conns if not c.proven and not c.closed]
        mine = [c for c in unproven if self.source(c) == self.source(conn)]
        if len(mine) >= LIMIT_SOURCE or len(unproven) >= LIMIT_DEVICE:
            self.node.shut(min(mine if len(mine) >= LIMIT_SOURCE else unproven,
                               key=lambda c: c.born), "conn-limited")
        self.add(conn)
        if self.initiate_accepted and self.initiate_peer:
            if not self.initiate_peer.current and not self.initiate_peer.attempt:
                self.node.attempt(self.initiate_peer, conn)

    @staticmethod
    def source(conn):
        a = conn.addr16
        return a if a.startswith(bytes(10) + b"\xff\xff") else a[:8]

    def add(self, conn):
        self.conns.append(conn)
        self.node.add_connection(conn)
        conn.selector = self.selector
        self.selector.register(conn.sock, selectors.EVENT_READ, lambda *_: self.readable(conn))

    def dial(self, peer):
        """Keeps one connection to the peer's endpoint."""
        self.dialling[peer] = dict(conn=None, next=self.node.mono(), tries=0)

    def keep_dialled(self):
        now = self.node.mono()
        for peer, state in list(self.dialling.items()):
            conn = state["conn"]
            if conn is not None and conn.closed:
                state["conn"] = conn = None
                state["next"] = now + self.wait(state)
                state["tries"] += 1
            # 7.5 does not say so, but with 7.6 two ends would dial and close for ever.
            other = any(c.proven and c.peer is peer for c in self.node.conns)
            if conn is None and now >= state["next"] and not other:
                self.connect(peer, state)
            elif conn is not None and not peer.current and not peer.attempt and self.initiate:
                if conn in self.node.conns and now >= state["next"]:
                    state["next"] = now + 1
                    self.node.attempt(peer, conn)

    def wait(self, state):
        return self.backoff[min(state["tries"], len(self.backoff) - 1)]

    def connect(self, peer, state):
        host, port = peer.endpoint
        try:
            sock = socket.create_connection((host, port), timeout=5)
        except OSError:
            state["next"] = self.node.mono() + self.wait(state)
            state["tries"] += 1
            return
        conn = Conn(sock, dialled=True)
        conn.name()
        self.add(conn)
        state["conn"] = conn
        state["next"] = self.node.mono() + 1
        if not self.node.reattach(peer, conn) and self.initiate:
            self.node.attempt(peer, conn)
        if peer.current or peer.attempt:
            state["tries"] = max(state["tries"], 1)

    def readable(self, conn):
        try:
            data = conn.sock.recv(65536)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            conn.close()
            self.node.connection_gone(conn)
            return
        conn.bytes_in += len(data)
        self.node.receive(conn, data)
        if conn.proven and conn.peer in self.dialling:
            self.dialling[conn.peer]["tries"] = 0

    def open_tun(self, name):
        """A device without packet information."""
        self.tun = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
        tunsetiff, iff_tun, iff_no_pi = 0x400454CA, 0x0001, 0x1000
        fcntl.ioctl(self.tun, tunsetiff, struct.pack("16sH22x", name.encode(),
                                                     iff_tun | iff_no_pi))
        self.selector.register(self.tun, selectors.EVENT_READ, self.tun_readable)

    def tun_readable(self, *_):
        for _ in range(64):
            try:
                packet = os.read(self.tun, 65536)
            except BlockingIOError:
                return
            except OSError as e:
                if e.errno != errno.EIO:
                    raise
                return                  # it is down
            self.node.send_ip(packet)

    def write_tun(self, packet):
        try:
            os.write(self.tun, packet)
        except OSError:
            self.node.drops["tun-write"] += 1

    def at(self, when, function):
        """Once, on the node's clock."""
        self.timers.append((when, function))

    def step(self, timeout=None):
        self.keep_dialled()
        self.keep_called()
        wait = self.node.wants_tick() if timeout is None else timeout
        for key, _ in self.selector.select(wait):
            if key.fileobj in self.selector.get_map():      # not closed by one before it
                key.data(key.fileobj, None)
        self.node.tick()
        now = self.node.mono()
        due = [t for t in self.timers if t[0] <= now]
        for t in due:
            self.timers.remove(t)
            t[1]()
        for conn in list(self.conns):
            if conn.closed:
                self.conns.remove(conn)
            elif conn.out:
                conn.flush()

    def run(self, until, timeout):
        """True if until() came true in time."""
        end = self.node.mono() + timeout
        while self.node.mono() < end:
            if until():
                return True
            self.step()
        return bool(until())

    def stop(self):
        for conn in self.conns:
            conn.close()
        for sock in self.listeners:
            sock.close()
        for sockets in self.datagrams:
            sockets.close()
        self.selector.close()
        if self.tun is not None:
            os.close(self.tun)
