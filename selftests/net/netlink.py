#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Generic netlink by hand, to say to the family "pool" what no tool would say.

usage: netlink.py abuse DEV PEERKEY OWNPUB PEERPRIV   one line a case: ok|fail TEXT
       netlink.py fuzz DEV COUNT SEED                 mutated requests; no answer matters
       netlink.py dump DEV HEX...                     tells messages and allowed-ips of
                                                      each peer, and whether HEX is in it
       netlink.py many DEV COUNT                      one request with COUNT allowed-ips
       netlink.py perm DEV                            errno of each command
       netlink.py rekey DEV PEERKEY                   errno
       netlink.py noport DEV PEERKEY                  endpoint 192.0.2.9 without a port: errno
       netlink.py heartbeat DEV PEERKEY               off and on, for both: errno and message
"""
import base64
import errno
import random
import socket
import struct
import sys

NLM_F_REQUEST, NLM_F_MULTI, NLM_F_ACK, NLM_F_DUMP = 1, 2, 4, 0x300
NLMSG_ERROR, NLMSG_DONE = 2, 3
SOL_NETLINK, NETLINK_CAP_ACK, NETLINK_EXT_ACK = 270, 10, 11
SO_SNDBUFFORCE = 32

# Documentation/netlink/specs/pool.yaml
DEVICE_GET, DEVICE_SET, PEER_SET, PEER_DEL, PEER_GET, SESSION_GET, EVENT = range(1, 8)
IFINDEX, IFNAME = 2, 3
(D_FLAGS, D_PRIVATE_KEY, D_PUBLIC_KEY, D_PORT, D_TRANSPORT, D_FWMARK, D_HEARTBEAT, D_NAME, D_ORG, D_SEGMENT,
 D_ADDRESS, D_SKEW, D_PEERS) = range(4, 17)
D_BIND, D_BIND_DEVICE, D_BIND_IFINDEX = range(36, 39)
(P_KEY, P_FLAGS, P_PSK, P_HAS_PSK, P_ENDPOINT, P_TRANSPORT, P_HEARTBEAT, P_IP, P_AUTO, P_STATE) = range(4, 14)
IP_FAMILY, IP_ADDRESS, IP_PREFIX, IP_FLAGS = range(1, 5)
NESTED = 0x8000


def attr(kind, data=b'', length=None):
    length = 4 + len(data) if length is None else length
    return struct.pack('=HH', length, kind) + data + b'\0' * (-len(data) % 4)


def u8(n): return struct.pack('=B', n)
def u16(n): return struct.pack('=H', n)
def u32(n): return struct.pack('=I', n)
def u64(n): return struct.pack('=Q', n)


def text(s):
    return s.encode() + b'\0'


def ip(family=socket.AF_INET, addr=b'\x0a\x01\x02\x03', prefix=32, flags=None, nested=NESTED):
    data = b''
    if family is not None:
        data += attr(IP_FAMILY, u16(family))
    if addr is not None:
        data += attr(IP_ADDRESS, addr)
    if prefix is not None:
        data += attr(IP_PREFIX, u8(prefix))
    if flags is not None:
        data += attr(IP_FLAGS, u32(flags))
    return attr(P_IP | nested, data)


def in4(addr, port, extra=b'\0' * 8):
    return struct.pack('=H', socket.AF_INET) + struct.pack('!H', port) + socket.inet_aton(addr) + extra


def in6(addr, port, scope=0, cut=0):
    d = struct.pack('=H', socket.AF_INET6) + struct.pack('!HI', port, 0)
    d += socket.inet_pton(socket.AF_INET6, addr) + struct.pack('=I', scope)
    return d[:len(d) - cut] if cut else d


class Netlink:
    def __init__(self):
        self.sock = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 16)
        self.sock.bind((0, 0))
        self.sock.settimeout(20)
        self.sock.setsockopt(SOL_NETLINK, NETLINK_EXT_ACK, 1)
        self.sock.setsockopt(SOL_NETLINK, NETLINK_CAP_ACK, 1)
        try:
            self.sock.setsockopt(socket.SOL_SOCKET, SO_SNDBUFFORCE, 8 << 20)
        except OSError:
            pass
        self.seq = 0
        self.family = 16
        err, replies = self.ask(3, attr(2, text('pool')))
        if err:
            raise SystemExit('no family pool: %s' % errno.errorcode.get(err, err))
        at = replies[0][20:]
        while at:
            length, kind = struct.unpack_from('=HH', at)
            if kind == 1:
                self.family = struct.unpack_from('=H', at, 4)[0]
            at = at[(length + 3) & ~3:]

    def message(self, cmd, data, flags=NLM_F_ACK, version=1):
        self.seq += 1
        body = struct.pack('=BBH', cmd, version, 0) + data
        return struct.pack('=IHHII', 16 + len(body), self.family, NLM_F_REQUEST | flags, self.seq, 0) + body

    def ask(self, cmd, data=b'', flags=NLM_F_ACK, version=1):
        return self.raw(self.message(cmd, data, flags, version))

    def raw(self, msg):
        """errno and replies; None for the errno if nothing comes."""
        self.said = ''
        self.sock.send(msg)
        replies = []
        while True:
            try:
                got = self.sock.recv(1 << 18)
            except socket.timeout:
                return None, replies
            while got:
                length, kind, flags, seq, _ = struct.unpack_from('=IHHII', got)
                one, got = got[:length], got[(length + 3) & ~3:]
                if seq != self.seq and seq != 0:
                    continue
                if kind in (NLMSG_ERROR, NLMSG_DONE):
                    err = -struct.unpack_from('=i', one, 16)[0]
                    at = one[36 if kind == NLMSG_ERROR else 20:] if flags & 0x200 else b''
                    while len(at) >= 4:
                        alen, akind = struct.unpack_from('=HH', at)
                        if akind == 1:
                            self.said = at[4:alen - 1].decode()
                        at = at[(alen + 3) & ~3:]
                    return err, replies
                replies.append(one)


def names(codes):
    return '/'.join(errno.errorcode[c] for c in codes)


def abuse(dev, peer, own, peer_priv):
    nl = Netlink()
    peer, own, peer_priv = (base64.b64decode(x) for x in (peer, own, peer_priv))
    fresh = bytes(range(1, 33))
    d, k, new = attr(IFNAME, text(dev)), attr(P_KEY, peer), attr(P_KEY, fresh)
    index, lo = socket.if_nametoindex(dev), socket.if_nametoindex('lo')
    INVAL, RANGE = errno.EINVAL, errno.ERANGE
    BAD = (INVAL, RANGE)

    def case(what, codes, cmd, data, flags=NLM_F_ACK, version=1, said=True):
        codes = codes if isinstance(codes, tuple) else (codes,)
        err, replies = nl.ask(cmd, data, flags, version)
        if err in codes and not replies and (nl.said or not said):
            print('ok %s: %s%s' % (what, names((err,)), ', "%s"' % nl.said if nl.said else ''))
        else:
            print('fail %s: wanted %s with a message, got %s, "%s", %d replies'
                  % (what, names(codes), errno.errorcode.get(err, err), nl.said, len(replies)))

    # which device
    for cmd in (DEVICE_GET, DEVICE_SET, PEER_SET, PEER_DEL, PEER_GET):
        case('command %d: no device named' % cmd, INVAL, cmd, new if cmd > 2 else b'')
        case('command %d: no such name' % cmd, errno.ENODEV, cmd, attr(IFNAME, text('nope')) + (new if cmd > 2 else b''))
        case('command %d: no such index' % cmd, errno.ENODEV, cmd, attr(IFINDEX, u32(999999)) + (new if cmd > 2 else b''))
        case('command %d: a device of another kind' % cmd, errno.EOPNOTSUPP, cmd, attr(IFINDEX, u32(lo)) + (new if cmd > 2 else b''))
        case('command %d: name and index of two devices' % cmd, INVAL, cmd, d + attr(IFINDEX, u32(lo)))
    for cmd in (PEER_GET, SESSION_GET):
        case('dump %d: no device named' % cmd, INVAL, cmd, b'', NLM_F_DUMP)
        case('dump %d: no such device' % cmd, errno.ENODEV, cmd, attr(IFNAME, text('nope')), NLM_F_DUMP)
        case('dump %d: a device of another kind' % cmd, errno.EOPNOTSUPP, cmd, attr(IFNAME, text('lo')), NLM_F_DUMP)
    case('index 0', errno.ENODEV, DEVICE_GET, attr(IFINDEX, u32(0)))
    case('index of 2 bytes', BAD, DEVICE_GET, attr(IFINDEX, u16(index)))
    case('index of 8 bytes', BAD, DEVICE_GET, attr(IFINDEX, u64(index)))
    case('empty name', (errno.ENODEV, INVAL), DEVICE_GET, attr(IFNAME, b'\0'))
    case('name without end', BAD, DEVICE_GET, attr(IFNAME, dev.encode()))
    case('name of 16', BAD, DEVICE_GET, attr(IFNAME, b'p' * 16 + b'\0'))
    case('name of nothing', BAD, DEVICE_GET, attr(IFNAME))
    # messages
    for cmd in (0, 8, 99, 255):
        case('no such command %d' % cmd, errno.EOPNOTSUPP, cmd, d, said=False)
    case('an event as a request', errno.EOPNOTSUPP, EVENT, d, said=False)
    case('sessions without a dump', errno.EOPNOTSUPP, SESSION_GET, d, said=False)
    case('a dump of a set', errno.EOPNOTSUPP, DEVICE_SET, d, NLM_F_DUMP, said=False)
    case('attribute 0', INVAL, DEVICE_SET, d + attr(0, u32(1)))
    case('an attribute beyond all', INVAL, DEVICE_SET, d + attr(1000, u32(1)))
    case('one only for reading: public key', INVAL, DEVICE_SET, d + attr(D_PUBLIC_KEY, fresh))
    case('one only for reading: peers', INVAL, DEVICE_SET, d + attr(D_PEERS, u32(1)))
    case('one only for reading: state', INVAL, PEER_SET, d + k + attr(P_STATE, u32(1)))
    case('one only for reading: has-preshared-key', INVAL, PEER_SET, d + k + attr(P_HAS_PSK))
    case('a setting in a get', INVAL, DEVICE_GET, d + attr(D_PORT, u16(1)))
    case('bytes behind the attributes', INVAL, DEVICE_SET, d + b'\1\2\3')
    case('an attribute longer than the message', INVAL, DEVICE_SET, d + attr(D_FWMARK, u32(1), 400))
    case('an attribute shorter than its header', INVAL, DEVICE_SET, d + attr(D_FWMARK, u32(1), 3))
    case('a number called a nest', INVAL, DEVICE_SET, d + attr(D_FWMARK | NESTED, u32(1)))
    # device-set
    for n in (0, 1, 31, 33, 64):
        case('private key of %d bytes' % n, BAD, DEVICE_SET, d + attr(D_PRIVATE_KEY, b'\x11' * n))
    case("a peer's private key", errno.EADDRINUSE, DEVICE_SET, d + attr(D_PRIVATE_KEY, peer_priv))
    case("a peer's private key, with all else good", errno.EADDRINUSE, DEVICE_SET,
         d + attr(D_PORT, u16(9777)) + attr(D_NAME, text('changed')) + attr(D_FWMARK, u32(7)) + attr(D_HEARTBEAT, u16(9))
         + attr(D_PRIVATE_KEY, peer_priv))
    for data in (u8(1), u32(1), b''):
        case('port of %d bytes' % len(data), BAD, DEVICE_SET, d + attr(D_PORT, data))
    for n in (0, 5, 99, 0xffffffff):
        case('transport %d' % n, BAD, DEVICE_SET, d + attr(D_TRANSPORT, u32(n)))
    case('transport of 1 byte', BAD, DEVICE_SET, d + attr(D_TRANSPORT, u8(1)))
    for n in (3601, 65535):
        case('heartbeat %d' % n, BAD, DEVICE_SET, d + attr(D_HEARTBEAT, u16(n)))
    for n in (0, 29):
        case('init-skew %d' % n, BAD, DEVICE_SET, d + attr(D_SKEW, u32(n)))
    for n in (2, 0x80000001, 0xffffffff):
        case('flags %#x' % n, BAD, DEVICE_SET, d + attr(D_FLAGS, u32(n)))
    case('organisation of 4 bytes', BAD, DEVICE_SET, d + attr(D_ORG, u32(1)))
    for what, data in (('of 33 bytes', b'n' * 33 + b'\0'), ('without end', b'n' * 32), ('with a tab', b'a\tb\0'),
                       ('with an escape', b'\x1b[2J\0'), ('not UTF-8', b'a\xffb\0'), ('with a surrogate', b'\xed\xa0\x80\0'),
                       ('overlong', b'\xc0\xaf\0'), ('cut in a character', b'gr\xc3\0'), ('with a C1 control', b'a\xc2\x85\0')):
        case('name ' + what, BAD, DEVICE_SET, d + attr(D_NAME, data))
    case('good, good, bad', BAD, DEVICE_SET,
         d + attr(D_PORT, u16(9777)) + attr(D_NAME, text('changed')) + attr(D_FLAGS, u32(1)) + attr(D_HEARTBEAT, u16(3601)))
    case('good, good, not there', errno.ENODEV, DEVICE_SET,
         d + attr(D_PORT, u16(9777)) + attr(D_NAME, text('changed')) + attr(D_FLAGS, u32(1)) + attr(D_BIND_DEVICE, text('none0')))
    for n in (1, 3, 5, 15):
        case('an address of %d bytes' % n, INVAL, DEVICE_SET, d + attr(D_BIND, b'\x7f' * n))
    case('an address of 17 bytes', BAD, DEVICE_SET, d + attr(D_BIND, b'\x7f' * 17))
    for what, addr in (('0.0.0.0', bytes(4)), ('::', bytes(16)), ('::ffff:0.0.0.0', bytes(10) + b'\xff\xff' + bytes(4)),
                       ('::ffff:224.0.0.1', bytes(10) + b'\xff\xff\xe0\0\0\1'), ('fe80::1', b'\xfe\x80' + bytes(13) + b'\1')):
        case('bound to ' + what, INVAL, DEVICE_SET, d + attr(D_BIND, addr))
    case("bound to another's address", errno.EADDRNOTAVAIL, DEVICE_SET, d + attr(D_BIND, socket.inet_aton('192.0.2.77')))
    case('bound to an interface of 16 letters', BAD, DEVICE_SET, d + attr(D_BIND_DEVICE, text('x' * 16)))
    case('bound to a number', INVAL, DEVICE_SET, d + attr(D_BIND_IFINDEX, u32(1)))
    # peer-set
    case('no key', INVAL, PEER_SET, d)
    for n in (0, 31, 33):
        case('public key of %d bytes' % n, BAD, PEER_SET, d + attr(P_KEY, b'\x11' * n))
    case('public key of zeros', INVAL, PEER_SET, d + attr(P_KEY, bytes(32)))
    case("the device's own key", errno.EADDRINUSE, PEER_SET, d + attr(P_KEY, own))
    for n in (16, 0xffffffff):
        case('flags %#x' % n, BAD, PEER_SET, d + new + attr(P_FLAGS, u32(n)))
    case('both there and not there', INVAL, PEER_SET, d + new + attr(P_FLAGS, u32(3)))
    case('update-only of what is not there', errno.ENOENT, PEER_SET, d + new + attr(P_FLAGS, u32(1)))
    case('create-only of what is there', errno.EEXIST, PEER_SET, d + k + attr(P_FLAGS, u32(2)) + attr(P_HEARTBEAT, u16(3)))
    case('removal of what is not there', errno.ENOENT, PEER_DEL, d + new)
    case('a look at what is not there', errno.ENOENT, PEER_GET, d + new)
    case('removal without a key', INVAL, PEER_DEL, d)
    for n in (0, 31, 33):
        case('pre-shared key of %d bytes' % n, BAD, PEER_SET, d + k + attr(P_PSK, b'\x11' * n))
    AF = errno.EAFNOSUPPORT
    for what, data, codes in (
            ('of nothing', b'', BAD), ('of 1 byte', b'\2', BAD), ('of AF_UNIX', u16(1) + b'/x\0', AF), ('of AF_PACKET', u16(17) + bytes(18), AF),
            ('of 4 bytes', in4('192.0.2.1', 1)[:4], INVAL), ('of 15 bytes', in4('192.0.2.1', 1)[:15], INVAL),
            ('of 17 bytes', in4('192.0.2.1', 1) + b'\0', INVAL), ('IPv6 of 24 bytes', in6('2001:db8::1', 1, cut=4), INVAL),
            ('IPv6 of 29 bytes', in6('2001:db8::1', 1) + b'\0', INVAL), ('IPv6 of 16 bytes', in6('2001:db8::1', 1)[:16], INVAL),
            ('of 1000 bytes', in4('192.0.2.1', 1) + bytes(984), INVAL),
            ('0.0.0.0', in4('0.0.0.0', 1), INVAL), ('multicast', in4('224.0.0.1', 1), INVAL),
            ('broadcast', in4('255.255.255.255', 1), INVAL), ('::', in6('::', 1), INVAL), ('ff02::1', in6('ff02::1', 1), INVAL),
            ('link-local without interface', in6('fe80::1', 1), INVAL), ('::ffff:0.0.0.0', in6('::ffff:0.0.0.0', 1), INVAL),
            ('::ffff:224.0.0.1', in6('::ffff:224.0.0.1', 1), INVAL)):
        case('endpoint ' + what, codes, PEER_SET, d + k + attr(P_ENDPOINT, data))
    v6 = bytes(16)
    for what, nest, codes in (
            ('without family', ip(family=None), INVAL), ('without address', ip(addr=None), INVAL), ('without prefix', ip(prefix=None), INVAL),
            ('of AF_UNIX', ip(family=1), AF), ('of family 0', ip(family=0), AF), ('IPv4 of 16 bytes', ip(addr=v6), INVAL),
            ('IPv4 of 5 bytes', ip(addr=b'12345'), INVAL), ('of 3 bytes', ip(addr=b'123'), BAD), ('IPv6 of 4 bytes', ip(socket.AF_INET6), INVAL),
            ('IPv6 of 17 bytes', ip(socket.AF_INET6, bytes(17)), INVAL), ('/33', ip(prefix=33), INVAL), ('/255', ip(prefix=255), INVAL),
            ('IPv6 /129', ip(socket.AF_INET6, v6, 129), INVAL), ('flags 2', ip(flags=2), BAD), ('no nest', ip(nested=0), INVAL),
            ('empty', attr(P_IP | NESTED), INVAL), ('garbage', attr(P_IP | NESTED, b'\xff' * 20), INVAL),
            ('with an unknown attribute', attr(P_IP | NESTED, ip()[4:] + attr(9, u32(1))), INVAL),
            ('one of three', ip(addr=b'\x0a\x08\0\0', prefix=16) + ip(addr=b'\x0a\x09\0\0', prefix=16) + ip(prefix=40), INVAL)):
        case('allowed-ip ' + what, codes, PEER_SET, d + k + nest)
        case('allowed-ip of a new peer ' + what, codes, PEER_SET, d + new + nest)
    case('auto with a value', BAD, PEER_SET, d + k + attr(P_AUTO, u32(1)))
    case('peer transport 5', BAD, PEER_SET, d + new + attr(P_TRANSPORT, u32(5)))
    case('peer transport 9', BAD, PEER_SET, d + new + attr(P_TRANSPORT, u32(9)))
    case('peer heartbeat 3601', BAD, PEER_SET, d + new + attr(P_HEARTBEAT, u16(3601)))
    # lengths that lie: whatever is said, the next request is answered
    good = nl.message(DEVICE_GET, d)
    nl.sock.settimeout(0.3)
    for what, msg in (('a length beyond the message', struct.pack('=I', 5000) + good[4:]), ('a length of 15', struct.pack('=I', 15) + good[4:]),
                      ('a length of 0', struct.pack('=I', 0) + good[4:]), ('a length without the command', struct.pack('=I', 18) + good[4:]),
                      ('3 bytes', good[:3]), ('a bare header', struct.pack('=IHHII', 16, nl.family, 5, nl.seq, 0)),
                      ('64 KB of zeros', bytes(65536)), ('2 MB of attributes', nl.message(DEVICE_SET, d + attr(D_FWMARK, u32(1)) * 262144)[:16] +
                      good[16:] + attr(99, bytes(60000)) * 34)):
        try:
            nl.raw(msg)
        except OSError as e:
            print('# %s: %s' % (what, e))
        nl2 = Netlink()
        err, replies = nl2.ask(DEVICE_GET, d)
        print('%s %s: the family answers after that' % ('ok' if err == 0 and len(replies) == 1 else 'fail', what))


def fuzz(dev, count, seed):
    nl = Netlink()
    rnd = random.Random(int(seed))
    nl.sock.settimeout(0.5)
    d, key = attr(IFNAME, text(dev)), bytes(range(1, 33))
    good = [
        (PEER_SET, d + attr(P_KEY, key) + attr(P_FLAGS, u32(4)) + attr(P_PSK, key) + attr(P_ENDPOINT, in4('192.0.2.1', 9)) +
         attr(P_HEARTBEAT, u16(9)) + ip() + ip(socket.AF_INET6, key[:16], 64) + attr(P_AUTO)),
        (DEVICE_SET, d + attr(D_FLAGS, u32(1)) + attr(D_NAME, text('name')) + attr(D_FWMARK, u32(1)) + attr(D_SKEW, u32(60)) +
         attr(D_ORG, u64(1)) + attr(D_TRANSPORT, u32(1)) + attr(D_PRIVATE_KEY, key)),
        (DEVICE_SET, d + attr(D_BIND, socket.inet_aton('127.0.0.1')) + attr(D_BIND_DEVICE, text('lo'))),
        (PEER_GET, d + attr(P_KEY, key)), (PEER_DEL, d + attr(P_KEY, key)), (DEVICE_GET, d), (SESSION_GET, d)]
    ok = 0
    for _ in range(int(count)):
        cmd, data = rnd.choice(good)
        data = bytearray(data)
        for _ in range(rnd.choice((0, 1, 1, 2, 8))):
            at = rnd.randrange(len(data))
            kind = rnd.randrange(5)
            if kind == 0:
                data[at] = rnd.randrange(256)
            elif kind == 1:
                data[at] ^= 1 << rnd.randrange(8)
            elif kind == 2:
                del data[at:at + rnd.choice((1, 4, 16))]
            elif kind == 3:
                data[at:at] = rnd.randbytes(rnd.choice((1, 4, 16)))
            else:
                struct.pack_into('=H', data, min(at & ~3, len(data) - 2), rnd.choice((0, 3, 4, 5, 36, 37, 0xffff)))
            if len(data) < 4:
                data = bytearray(d)
        err, _ = nl.ask(cmd, bytes(data), rnd.choice((NLM_F_ACK, NLM_F_ACK, NLM_F_DUMP, 0x5)))
        ok += err == 0
    print('%d of %s taken' % (ok, count))


def attrs_of(data):
    while len(data) >= 4:
        length, kind = struct.unpack_from('=HH', data)
        if length < 4:
            break
        yield kind & 0x3fff, data[4:length]
        data = data[(length + 3) & ~3:]


def dump(dev, *secrets):
    nl = Netlink()
    everything, peers = b'', {}
    for cmd in (DEVICE_GET, PEER_GET, SESSION_GET):
        err, replies = nl.ask(cmd, b'' if cmd == DEVICE_GET else attr(IFNAME, text(dev)), NLM_F_DUMP)
        if err:
            raise SystemExit('dump %d: %d' % (cmd, err))
        for r in replies:
            everything += r
            if cmd == PEER_GET:
                a = list(attrs_of(r[20:]))
                one = peers.setdefault(dict(a)[P_KEY], [0, []])
                one[0] += 1
                one[1] += [v for t, v in a if t == P_IP]
    for key, (messages, ips) in peers.items():
        print('peer', base64.b64encode(key).decode(), 'messages', messages, 'allowed-ips', len(ips), 'different', len(set(ips)))
    for s in secrets:
        print('secret', 'found' if bytes.fromhex(s) in everything else 'absent')


def many(dev, count):
    nl = Netlink()
    data = attr(IFNAME, text(dev)) + attr(P_KEY, bytes(range(1, 33)))
    data += b''.join(ip(addr=struct.pack('!I', 0x0b000000 + i)) for i in range(int(count)))
    print(nl.ask(PEER_SET, data)[0], nl.said)


def perm(dev):
    nl = Netlink()
    d, k = attr(IFNAME, text(dev)), attr(P_KEY, bytes(range(1, 33)))
    for cmd, data, flags in ((DEVICE_GET, d, 4), (DEVICE_SET, d + attr(D_NAME, text('x')), 4), (PEER_SET, d + k, 4), (PEER_DEL, d + k, 4),
                             (PEER_GET, d + k, 4), (DEVICE_GET, b'', NLM_F_DUMP), (PEER_GET, d, NLM_F_DUMP), (SESSION_GET, d, NLM_F_DUMP)):
        print(errno.errorcode.get(nl.ask(cmd, data, flags)[0], 'OK'))


def rekey(dev, key):
    data = attr(IFNAME, text(dev)) + attr(P_KEY, base64.b64decode(key)) + attr(P_FLAGS, u32(8))
    err = Netlink().ask(PEER_SET, data)[0]
    print(errno.errorcode.get(err, 'OK'))


def noport(dev, key):
    data = attr(IFNAME, text(dev)) + attr(P_KEY, base64.b64decode(key)) + attr(P_ENDPOINT, in4('192.0.2.9', 0))
    err = Netlink().ask(PEER_SET, data)[0]
    print(errno.errorcode.get(err, 'OK'))


def heartbeat(dev, key):
    nl = Netlink()
    d, k = attr(IFNAME, text(dev)), attr(P_KEY, base64.b64decode(key))
    for cmd, data in ((DEVICE_SET, d + attr(D_HEARTBEAT, u16(0))), (DEVICE_SET, d + attr(D_HEARTBEAT, u16(1))),
                      (PEER_SET, d + k + attr(P_HEARTBEAT, u16(0))), (PEER_SET, d + k + attr(P_HEARTBEAT, u16(1)))):
        print(errno.errorcode.get(nl.ask(cmd, data)[0], 'OK'), nl.said)


{'abuse': abuse, 'noport': noport, 'heartbeat': heartbeat, 'rekey': rekey, 'fuzz': fuzz, 'dump': dump, 'many': many, 'perm': perm}[sys.argv[1]](*sys.argv[2:])
