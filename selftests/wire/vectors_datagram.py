# SPDX-License-Identifier: GPL-2.0
"""Vectors of what is on datagrams alone: fragment.json, discover.json."""

import random

from pool.datagram import FLOOR, MOST, Datagrams, Path
from pool.discover import ANSWER, LEAST, PROBE, Discover
from pool.drop import Drop
from pool.fragment import LARGEST, Fragment, Reassembly, room, split
from pool.handshake import TRANSPORT_RAW, TRANSPORT_UDP
from pool.header import FRAGMENT, LAST_FRAG
from vectors_common import rnd


# -- fragment.json

def decode_cases():
    cases = []

    def case(name, plain, last, largest=LARGEST):
        f = Fragment.unpack(plain)
        sound = f is not None and f.is_sound(last, largest)
        cases.append(dict(name=name, plain=plain, last=last, largest=largest, valid=sound))
        if sound:
            assert f.pack() == plain and f.flags == FRAGMENT | (LAST_FRAG if last else 0)
            cases[-1].update(message=f.message, offset=f.offset, total=f.total, bytes=f.data)

    def of(offset, total, length, message=7):
        return Fragment(message, offset, total, rnd("fragment", length)).pack()

    case("the first of several", of(0, 1000, 380), False)
    case("one in the middle", of(380, 1000, 380), False)
    case("the last", of(760, 1000, 240), True)
    case("the last, one byte", of(999, 1000, 1), True)
    case("a message in one piece", of(0, 300, 300), True)
    case("a message of one byte", of(0, 1, 1), True)
    case("256 bytes and not the last", of(0, 1000, 256), False)
    case("255 bytes and not the last", of(0, 1000, 255), False)
    case("message id 0", of(0, 600, 300, 0), False)
    case("message id 2^32 - 1", of(0, 600, 300, 2 ** 32 - 1), False)
    case("the end of the longest message", of(65263, 65519, 256), True)
    case("total as long as the receiver takes", of(0, 1356, 300), False, 1356)
    case("total longer than the receiver takes", of(0, 1357, 300), False, 1356)
    case("total 65519, which is the most there is", of(0, 65519, 300), False)
    case("total 65520", of(0, 65520, 300), False)
    case("total 65535, the last", of(65235, 65535, 300), True)
    case("offset 65535", of(65535, 65519, 1), True)
    case("offset and length beyond 65535", of(65400, 65519, 300), True)
    case("the end without LAST_FRAG", of(700, 1000, 300), False)
    case("LAST_FRAG before the end", of(0, 1000, 300), True)
    case("past the end, the last", of(800, 1000, 300), True)
    case("past the end, not the last", of(800, 1000, 300), False)
    case("no bytes", of(0, 1000, 0), False)
    case("no bytes at the end", of(1000, 1000, 0), True)
    case("total 0", of(0, 0, 0), True)
    case("total 0 with bytes", of(0, 0, 300), False)
    for n in (0, 1, 7):
        case("%d bytes" % n, of(0, 1000, 300)[:n], False)
    return cases


def split_cases():
    sizes = {"UDP over IPv4, floor": 512 - 28, "raw over IPv4, floor": 512 - 20,
             "UDP over IPv6, floor": 1280 - 48, "raw over IPv6, floor": 1280 - 40,
             "Ethernet, UDP over IPv4": 1472, "the smallest there can be": LEAST + 256}
    cases = []
    for name, size in sizes.items():
        step = room(size)
        for total in (step + 9, 2 * step - 1, 2 * step, 2 * step + 1, 1500, 9000, LARGEST):
            if total <= size - 96:
                continue
            pieces = split(1, bytes(total), size)
            assert len(pieces) <= 256 and all(f.is_sound(f is pieces[-1]) for f in pieces)
            cases.append(dict(name="%s, %d bytes" % (name, total), size=size, room=step,
                              total=total,
                              fragments=[[f.offset, len(f.data)] for f in pieces]))
    return cases


class Script:
    """Fragments that come to one peer, with what becomes of each."""

    def __init__(self, name, largest=LARGEST):
        self.peer = Reassembly(largest)
        self.now = 0
        self.case = dict(name=name, largest=largest, ops=[])
        self.bodies = {}

    def op(self, **members):
        self.case["ops"].append(dict(ms=self.now, **members, held=len(self.peer.messages)))

    def come(self, f, last=None, wait=1, session=0, epoch=0):
        """wait: ms since what came before."""
        self.now += wait
        last = f.end == f.total if last is None else last
        timeout = len(self.peer.expire(self.now / 1000))
        before, result = self.peer.evicted, {}
        try:
            done = self.peer.take((session, epoch), f.pack(), last, self.now / 1000)
            verdict = "done" if done else "wait"
            if done:
                result["message"] = done[0]
        except Drop:
            verdict = "drop"
        evicted = self.peer.evicted - before
        counts = dict(timeout=timeout) if timeout else {}
        counts.update(dict(evicted=evicted) if evicted else {})
        self.op(session=session, epoch=epoch, last=last, plain=f.pack(), verdict=verdict, **counts,
                **result)
        return verdict

    def end(self, session):
        self.peer.forget(session)
        self.op(end=session)

    def message(self, number, total, step=256):
        """Its fragments."""
        data = rnd("%s %d" % (self.case["name"], number), total)
        return split(number, data, step + LEAST)


def scripts():
    made = []

    def script(name, *args):
        made.append(Script(name, *args))
        return made[-1]

    s = script("in order")
    for f in s.message(0, 700):
        s.come(f)
    s = script("backwards")
    for f in reversed(s.message(0, 700)):
        s.come(f)
    s = script("by chance")
    pieces = s.message(0, 1700) + s.message(1, 1300) + s.message(2, 257)
    random.Random(617).shuffle(pieces)
    for f in pieces:
        s.come(f)
    s = script("one piece")
    s.come(s.message(0, 200)[0])
    s = script("pieces of many lengths")
    data = rnd("many lengths", 2000)
    for at, end in ((1999, 2000), (0, 256), (900, 1999), (256, 613), (613, 900)):
        s.come(Fragment(3, at, 2000, data[at:end]))
    s = script("the same message id in two epochs and two sessions")
    one, two = s.message(0, 500), Script("other").message(0, 500)
    for a, b in zip(one, two):
        for session, epoch, f in ((0, 0, a), (0, 1, b), (1, 0, b)):
            s.come(f, session=session, epoch=epoch)
    for name, f in (("the same piece", (0, 256)), ("over the end of a piece", (255, 256)),
                    ("over the start of a piece", (300, 256)), ("inside of a piece", (600, 300)),
                    ("around a piece", (0, 900))):
        s = script("overlap: " + name)
        pieces = [Fragment(0, at, 1500, rnd("overlap", n)) for at, n in
                  ((0, 256), (512, 400), (1100, 400))]
        for piece in pieces:
            s.come(piece)
        assert s.come(Fragment(0, f[0], 1500, rnd("again", f[1]))) == "drop"
        # What follows begins a new message, which nothing completes.
        for at in (256, 912):
            s.come(Fragment(0, at, 1500, rnd("late", 188 + 68)))
    s = script("side by side is no overlap")
    for at, end in ((512, 768), (0, 256), (256, 512), (768, 800)):
        s.come(Fragment(0, at, 800, rnd("side", end - at)))
    s = script("another total")
    first, second, third = s.message(0, 700)
    s.come(first)
    second.total += 1
    s.come(second, last=False)
    second.total -= 1
    s.come(second)
    s.come(third)
    s = script("one that is wrong by itself takes its message along")
    first, second, third = s.message(0, 700)
    s.come(first)
    s.come(second, last=True)
    s.come(second)
    s.come(third)
    s = script("one that is wrong by itself and names no message")
    s.come(Fragment(9, 0, 700, rnd("wrong", 255)))
    s.come(Fragment(9, 0, 70000 % 65536, rnd("wrong", 300)), last=True)
    s = script("longer than the receiver takes", 1356)
    s.come(s.message(0, 1357)[0])
    for f in s.message(1, 1356):
        s.come(f)
    s = script("17 messages: the first one makes room")
    messages = [s.message(n, 300) for n in range(17)]
    for first, _ in messages:
        s.come(first)
    for n in (1, 16, 0):
        s.come(messages[n][1])
    s = script("17 messages: the one that waits longest for its next one makes room")
    messages = [s.message(n, 600) for n in range(17)]
    for first, _, _ in messages[:16]:
        s.come(first)
    for n in (0, 1, 3):
        s.come(messages[n][1])
    s.come(messages[16][0])
    for n in (0, 3, 16, 2):
        for f in messages[n][1 if n in (16, 2) else 2:]:
            s.come(f)
    s = script("a 17th in one piece needs no room")
    for n in range(16):
        s.come(s.message(n, 300)[0])
    s.come(s.message(16, 200)[0])
    s = script("given up 5 s after the first one")
    one, two = s.message(0, 700), s.message(1, 700)
    s.come(one[0])
    s.come(two[0], wait=1000)
    s.come(one[1], wait=3000)
    s.come(one[2], wait=999)
    s.come(two[1], wait=1000)
    s.come(two[2], wait=1)
    s = script("exactly 5 s")
    one = s.message(0, 300)
    s.come(one[0])
    s.come(one[1], wait=5000)
    s = script("1 ms less")
    one = s.message(0, 300)
    s.come(one[0])
    s.come(one[1], wait=4999)
    s = script("a session ends")
    one, two = s.message(0, 300), s.message(0, 400)
    s.come(one[0])
    s.come(two[0], session=1)
    s.end(0)
    s.come(one[1])
    s.come(two[1], session=1)
    return [s.case for s in made]


def fragments():
    return "Fragments, section 6.17", decode_cases() + split_cases() + scripts()


# -- discover.json

def discovers():
    cases = []

    def case(name, plain, encode=False):
        try:
            d = Discover.unpack(plain)
        except Drop:
            cases.append(dict(name=name, plain=plain, valid=False))
            return
        cases.append(dict(name=name, plain=plain, valid=True, op=d.op, size=d.size, id=d.id,
                          encode=encode))
        assert not encode or d.pack() == plain
        if d.op == PROBE:
            cases[-1]["answer"] = d.answer().pack()

    for size in (104, 105, 484, 512, 1472):
        case("probe of %d bytes" % size, Discover(PROBE, size, rnd("id", 4)).pack(), True)
        case("answer to it", Discover(ANSWER, size, rnd("id", 4)).pack(), True)
    case("answer about the largest size", Discover(ANSWER, 65535, bytes(4)).pack(), True)
    case("id of ones", Discover(PROBE, 104, b"\xff" * 4).pack(), True)
    good = Discover(PROBE, 200, rnd("id", 4)).pack()
    case("byte 1 is ignored", good[:1] + b"\xff" + good[2:])
    case("padding is ignored", good[:8] + rnd("padding", 96))
    for n in (0, 1, 7):
        case("%d bytes" % n, good[:n])
    for op in (0, 3, 255):
        case("op %d" % op, bytes([op]) + good[1:])
    case("a byte shorter than it says", good[:-1])
    case("a byte longer than it says", good + b"\0")
    case("a probe that says 0", good[:2] + b"\0\0" + good[4:])
    case("a probe that says the length of its plaintext", good[:2] + b"\0\x68" + good[4:])
    case("a probe without padding that says 512", Discover(ANSWER, 512, bytes(4)).pack()
         .replace(b"\2", b"\1", 1))
    for transport, what in ((TRANSPORT_RAW, "raw IP"), (TRANSPORT_UDP, "UDP")):
        for version, host in ((4, "192.0.2.1"), (6, "2001:db8::1")):
            path = Path(Datagrams(transport, None), (host, 9253))
            for text, mtu in (("floor", FLOOR[version]), ("Ethernet", 1500), ("jumbo", 9000),
                              ("the most there is", MOST)):
                size = mtu - path.overhead
                assert text != "floor" or size == path.floor
                cases.append(dict(name="%s over IPv%d, %s" % (what, version, text),
                                  transport=transport, ip=version, mtu=mtu, path_size=size))
    return "DISCOVER and the sizes of paths, section 6.16", cases
