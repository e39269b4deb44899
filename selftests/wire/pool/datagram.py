# SPDX-License-Identifier: GPL-2.0
"""Section 7.7: sockets of UDP and raw IP, and the paths that lead over them."""

import errno
import fcntl
import ipaddress
import selectors
import socket
import struct

from .address import addr16
from .handshake import TRANSPORT_RAW, TRANSPORT_UDP

PROTOCOL = 253
BUFFER = 1 << 21
MOST = 65535                            # an IP datagram, whatever the interface takes
FLOOR = {4: 512, 6: 1280}
IP_HEADER = {4: 20, 6: 40}
# Linux; not all of it is in the socket module.
IP_PKTINFO, IP_MTU_DISCOVER, IP_RECVTOS, IP_TOS = 8, 10, 13, 1
IPV6_MTU_DISCOVER, IPV6_RECVPKTINFO, IPV6_PKTINFO = 23, 49, 50
IPV6_RECVTCLASS, IPV6_TCLASS = 66, 67
PROBE = 3                               # DF, and no path MTU is remembered
SIOCGIFMTU = 0x8921
ANCILLARY = 256


def many(address):
    """Not an address of one host."""
    ip = ipaddress.ip_address(address.split("%")[0])
    return ip.is_multicast or ip == ipaddress.ip_address("255.255.255.255")


class Path:
    """What a node sends on and what a packet came over; a conn of node.py that never closes."""
    datagram = proven = dialled = True
    closed = False

    def __init__(self, sockets, remote, local=None, interface=0):
        """remote: a socket address; local: the own address, if it is known."""
        self.sockets, self.sockaddr = sockets, remote
        self.local, self.interface = local, interface
        self.version = 6 if ":" in remote[0] else 4
        self.addr16 = addr16(remote[0])
        self.remote = "%s %d" % (remote[0].split("%")[0], remote[1])
        self.peer = None
        self.unknown = self.inits = 0
        self.ecn = 0                    # of the datagram that came

    @property
    def transport(self):
        return self.sockets.transport

    def same(self, other):
        """The peer is at the same place; which of our addresses it uses does not matter."""
        return other is not None and other.datagram and (
            (self.transport, self.addr16, self.sockaddr[1])
            == (other.transport, other.addr16, other.sockaddr[1]))

    @property
    def overhead(self):
        return IP_HEADER[self.version] + (8 if self.transport == TRANSPORT_UDP else 0)

    @property
    def floor(self):
        return FLOOR[self.version] - self.overhead

    @property
    def top(self):
        """The longest packet that the interface takes."""
        return min(self.sockets.interface_mtu(self.interface), MOST) - self.overhead

    def send(self, packet, ecn=0):
        """False if the host does not send anything that long."""
        return self.sockets.send(self, packet, ecn)

    def close(self):
        pass


class Datagrams:
    """The sockets of one transport, one for each address family."""

    def __init__(self, transport, received):
        """received(path, packet) is called for every datagram from one host to this one,
        refused() for every other one."""
        self.transport, self.received = transport, received
        self.refused = lambda: None
        self.socks = {}                 # IP version: socket
        self.bound = False              # to one address of ours
        self.selector = None
        self.port = 0
        self.lost = 0                   # what the host did not send

    def open(self, host="", port=0, selector=None):
        """Both families, unless host says which. What was open before is closed."""
        self.close()
        self.selector, self.bound = selector, bool(host)
        versions = (4, 6) if not host else (6,) if ":" in host else (4,)
        for again in range(20, -1, -1):
            try:
                self.port = port
                for version in versions:
                    self.add(version, host)
                break
            except OSError as e:        # the port is free in one family only
                self.close()
                if port or not again or e.errno != errno.EADDRINUSE:
                    raise
        if selector:
            for version, sock in self.socks.items():
                selector.register(sock, selectors.EVENT_READ,
                                  lambda s, _, v=version: self.readable(s, v))
        return self.port

    def add(self, version, host):
        family = socket.AF_INET if version == 4 else socket.AF_INET6
        if self.transport == TRANSPORT_RAW:
            sock = socket.socket(family, socket.SOCK_RAW, PROTOCOL)
        else:
            sock = socket.socket(family, socket.SOCK_DGRAM)
        self.socks[version] = sock
        sock.setblocking(False)
        for what in (socket.SO_RCVBUF, socket.SO_SNDBUF):
            sock.setsockopt(socket.SOL_SOCKET, what, BUFFER)
        if version == 4:
            for option, value in ((IP_MTU_DISCOVER, PROBE), (IP_PKTINFO, 1), (IP_RECVTOS, 1)):
                sock.setsockopt(socket.IPPROTO_IP, option, value)
            sock.bind((host or "0.0.0.0", self.port))
        else:
            options = [(IPV6_MTU_DISCOVER, PROBE), (IPV6_RECVPKTINFO, 1), (IPV6_RECVTCLASS, 1)]
            if self.transport == TRANSPORT_UDP:     # a raw socket is of one family anyway
                options.append((socket.IPV6_V6ONLY, 1))
            for option, value in options:
                sock.setsockopt(socket.IPPROTO_IPV6, option, value)
            sock.bind(socket.getaddrinfo(host or "::", self.port, family,
                                         socket.SOCK_DGRAM)[0][4])
        if self.transport == TRANSPORT_UDP:
            self.port = sock.getsockname()[1]

    def path(self, host, port):
        """To an endpoint."""
        found = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)
        for family, _, _, _, sockaddr in found:
            if (6 if family == socket.AF_INET6 else 4) in self.socks:
                if self.transport == TRANSPORT_RAW:
                    sockaddr = (sockaddr[0], 0) + sockaddr[2:]
                return Path(self, sockaddr)
        raise OSError(errno.EAFNOSUPPORT, "no socket for %s" % host)

    # -- sending

    def send(self, path, packet, ecn=0):
        sock = self.socks.get(path.version)
        if sock is None:
            self.lost += 1
            return True
        marks, own = [], []
        local = None if self.bound else path.local
        if path.version == 4:
            if ecn:
                marks.append((socket.IPPROTO_IP, IP_TOS, struct.pack("i", ecn)))
            if local:
                own.append((socket.IPPROTO_IP, IP_PKTINFO, struct.pack(
                    "I4s4x", 0, socket.inet_aton(local))))
        else:
            if ecn:
                marks.append((socket.IPPROTO_IPV6, IPV6_TCLASS, struct.pack("i", ecn)))
            if local:
                own.append((socket.IPPROTO_IPV6, IPV6_PKTINFO, struct.pack(
                    "16sI", socket.inet_pton(socket.AF_INET6, local), 0)))
        # Without the own address too: we may have lost it.
        for ancillary in (marks + own, marks):
            try:
                sock.sendmsg([packet], ancillary, 0, path.sockaddr)
                return True
            except OSError as e:
                if e.errno == errno.EMSGSIZE:
                    return False
        self.lost += 1
        return True

    # -- receiving

    def readable(self, sock, version):
        for _ in range(64):
            try:
                packet, ancillary, _, remote = sock.recvmsg(MOST + 60, ANCILLARY)
            except OSError:
                return
            self.took(version, packet, ancillary, remote)
            if self.socks.get(version) is not sock:
                return                  # it was closed by what came

    def took(self, version, packet, ancillary, remote):
        local, interface, ecn, for_many = None, 0, 0, many(remote[0])
        for level, kind, data in ancillary:
            if (level, kind) == (socket.IPPROTO_IP, IP_PKTINFO):
                # The address in the header is not one of ours if it was for many.
                interface, own, header = struct.unpack("I4s4s", data[:12])
                local = socket.inet_ntoa(own)
                for_many |= own != header
            elif (level, kind) == (socket.IPPROTO_IPV6, IPV6_PKTINFO):
                own, interface = struct.unpack("16sI", data[:20])
                local = socket.inet_ntop(socket.AF_INET6, own)
                for_many |= many(local)
            elif (level, kind) in ((socket.IPPROTO_IP, IP_TOS),
                                   (socket.IPPROTO_IPV6, IPV6_TCLASS)):
                ecn = data[0] & 3
        if self.transport == TRANSPORT_RAW:
            if version == 4:
                packet = packet[(packet[0] & 15) * 4:]
            remote = (remote[0], 0) + tuple(remote[2:])
        elif not remote[1]:
            for_many = True
        if for_many:
            self.refused()
            return
        path = Path(self, remote, local, interface)
        path.ecn = ecn
        self.received(path, packet)

    def interface_mtu(self, interface):
        if not interface:
            return 0
        try:
            name = socket.if_indextoname(interface).encode()
            sock = next(iter(self.socks.values()))
            return struct.unpack("16xi", fcntl.ioctl(
                sock, SIOCGIFMTU, struct.pack("16s16x", name))[:20])[0]
        except (OSError, StopIteration):
            return 0                    # it has gone

    def close(self):
        for sock in self.socks.values():
            if self.selector:
                try:
                    self.selector.unregister(sock)
                except KeyError:
                    pass                # open() did not get so far
            sock.close()
        self.socks = {}
