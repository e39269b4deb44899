# SPDX-License-Identifier: GPL-2.0
"""What packets of ours go over: a connection, or a path of datagrams, by hand."""

import collections
import os
import select
import socket
import struct
import time

from .address import addr16
from .datagram import (IP_MTU_DISCOVER, IP_TOS, IPV6_MTU_DISCOVER, IPV6_TCLASS, PROBE, PROTOCOL)
from .handshake import TRANSPORT_RAW
from .header import Type
from .net import plain_host
from .stream import Framer

SILENCE = 0.3
SLOW = float(os.environ.get("POOL_SLOW", "1"))


def patience(seconds):
    """Longer on slow rigs, for waits that are to see something happen."""
    return seconds * SLOW if seconds >= 1 else seconds


def quiet(seconds):
    """Longer on slow rigs too, for waits that are to see nothing happen."""
    return min(seconds * SLOW, 0.99)


class Wire:
    """A TCP connection; counts what goes over it. REKEY comes when the target likes, and most
    scenarios are not about it: it is passed over, as by a peer of the first revision, unless
    `rekeys` is set."""
    datagram = False

    def __init__(self, sock):
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.settimeout(10)
        self.sock = sock
        self.framer = Framer(lenient=True)
        self.bytes_in = self.bytes_out = 0
        self.closed = False
        self.rekeys = False
        self.packets = []               # what was received
        self.all = []                   # with those passed over
        self.addr16 = addr16(plain_host(sock.getpeername()[0]))

    def send(self, data):
        """Errors are found by reading."""
        try:
            self.sock.sendall(data)
            self.bytes_out += len(data)
            return True
        except OSError:
            return False

    def send_all(self, packets):
        return self.send(b"".join(packets))

    def send_bytewise(self, data):
        for n in range(len(data)):
            if not self.send(data[n:n + 1]):
                return False
        return True

    def _fill(self, timeout):
        if self.closed or not select.select([self.sock], [], [], max(timeout, 0))[0]:
            return False
        try:
            data = self.sock.recv(65536)
        except OSError:
            data = b""
        if not data:
            self.closed = True
            return False
        self.bytes_in += len(data)
        self.framer.feed(data)
        return True

    def drain(self, timeout=0.002):
        """Takes what has come, to be looked at later."""
        return self._fill(timeout)

    def recv(self, timeout=2.0):
        """The next packet, or None."""
        end = time.monotonic() + patience(timeout)
        while True:
            packet = self.framer.next()
            if packet is not None:
                self.all.append(packet)
                if packet[0] & 15 == Type.REKEY and not self.rekeys:
                    continue
                self.packets.append(packet)
                return packet
            filled = self._fill(end - time.monotonic())
            if self.closed or not filled and time.monotonic() >= end:
                return None

    def listen_for(self, seconds):
        """All packets that come in that time."""
        end = time.monotonic() + seconds
        out = []
        while time.monotonic() < end and not self.closed:
            packet = self.recv(min(end - time.monotonic(), 0.5))
            if packet is not None:
                out.append(packet)
        return out

    def closes(self, timeout=3.0):
        """The other end closes it, and so does this one."""
        end = time.monotonic() + patience(timeout)
        while not self.closed and time.monotonic() < end:
            self.recv(min(end - time.monotonic(), 0.5))
        closed = self.closed
        if closed:
            self.close()
        return closed

    def stays(self, seconds=0.3):
        self.listen_for(seconds)
        return not self.closed

    def close(self):
        self.closed = True
        self.sock.close()

    def reset(self):
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close()


class Datagrams(collections.deque):
    """In the place of a Framer."""

    def next(self):
        return self.popleft() if self else None


class DatagramWire(Wire):
    """The same verbs on a socket of its own, towards one address and port of the target. Nothing
    ever closes it: what has to close a connection has to be met by silence here."""
    datagram = True

    def __init__(self, transport, host, port, source=None):
        self.transport = transport
        self.raw = transport == TRANSPORT_RAW
        v6 = ":" in host
        family = socket.AF_INET6 if v6 else socket.AF_INET
        sock = socket.socket(family, socket.SOCK_RAW if self.raw else socket.SOCK_DGRAM,
                             PROTOCOL if self.raw else 0)
        sock.setsockopt(socket.IPPROTO_IPV6 if v6 else socket.IPPROTO_IP,
                        IPV6_MTU_DISCOVER if v6 else IP_MTU_DISCOVER, PROBE)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 21)
        if source:
            sock.bind((source, 0))
        sock.connect((host, 0 if self.raw else port))
        self.sock, self.v6, self.framer = sock, v6, Datagrams()
        self.bytes_in = self.bytes_out = 0
        self.closed = self.rekeys = False
        self.packets, self.all = [], []
        self.addr16 = addr16(plain_host(host))
        self.sids = set()               # raw sockets get what is for others too

    def send(self, data, ecn=0):
        """One datagram."""
        marks = []
        if ecn:
            marks = [(socket.IPPROTO_IPV6, IPV6_TCLASS, ecn.to_bytes(4, "little"))
                     if self.v6 else (socket.IPPROTO_IP, IP_TOS, ecn.to_bytes(4, "little"))]
        self.sids.add(bytes(data[20:36]))
        try:
            self.sock.sendmsg([data], marks)
        except OSError:                 # an ICMP error of before
            return False
        self.bytes_out += len(data)
        return True

    def send_all(self, packets):
        return all([self.send(p) for p in packets])

    def _fill(self, timeout):
        if self.closed or not select.select([self.sock], [], [], max(timeout, 0))[0]:
            return False
        try:
            data = self.sock.recv(65600)
        except OSError:
            return False
        if self.raw:
            if not self.v6:
                data = data[(data[0] & 15) * 4:]
            if data[20:36] not in self.sids:
                return False
        self.bytes_in += len(data)
        self.framer.append(data)
        return True

    def closes(self, _timeout=0):
        """There is nothing to close: a while in which something could have been said."""
        self.listen_for(quiet(SILENCE))
        return True

    def reset(self):
        self.close()
