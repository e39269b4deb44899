#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Writes spec/vectors/*.json; with --check fails if a file there differs.

Everything is deterministic. The layout is that of spec/vectors/README.md.
"""

import argparse
import json
import os
import random
import struct
import sys
import zlib

from pool import handshake as hs
from pool import inner, puzzle, rekey, session, telemetry, tlv
from pool.address import Address, AddressError, addr16, node_id
from pool.crypto import (BadKey, DH, HMAC, H, PUB, SEAL, be16, be32, be64, clamp, hkdf_expand,
                         hkdf_extract)
from pool.header import (COMPRESSED, ENCRYPTED, FRAGMENT, HEADER, LEADING, PRIORITY,
                         REQUIRE_ACK, TELEMETRY, Header, Type)
from pool.keys import NO_PSK, Direction, epoch_keys
from pool.replay import RANGE, Window
from vectors_common import rnd, rnd64, u64
from vectors_datagram import discovers, fragments
from vectors_segment import segments

HERE = os.path.dirname(os.path.abspath(__file__))
DIRECTORY = os.path.join(HERE, "..", "..", "spec", "vectors")


def plain_json(value):
    if isinstance(value, (bytes, bytearray)):
        return value.hex()
    if isinstance(value, dict):
        return {k: plain_json(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain_json(v) for v in value]
    return value


# -- hkdf.json

def hkdf():
    def case(name, salt, ikm, info, length):
        prk = hkdf_extract(salt, ikm)
        return dict(name=name, salt=salt, ikm=ikm, info=info, length=length, prk=prk,
                    okm=hkdf_expand(prk, info, length))

    cases = [
        case("RFC 5869 A.1", bytes(range(13)), b"\x0b" * 22, bytes(range(0xF0, 0xFA)), 42),
        case("RFC 5869 A.2", bytes(range(0x60, 0xB0)), bytes(range(0x50)),
             bytes(range(0xB0, 0x100)), 82),
        case("RFC 5869 A.3", b"", b"\x0b" * 22, b"", 42),
        case("MixKey: 64 bytes, no info", rnd("ck"), rnd("dh"), b"", 64),
        case("MixKey without a psk", rnd("ck"), NO_PSK, b"", 64),
        case("enc i2r: info of 45 bytes", rnd("ck"), rnd("dh"), b"pool1 enc i2r" + rnd("h"), 32),
        case("isn: 8 bytes", rnd("ck"), rnd("dh"), b"pool1 isn" + be32(0), 8),
        case("one byte, long info", rnd("ck"), b"", rnd("long info", 120), 1),
    ]
    # RFC 5869, A.1 to A.3: the last bytes, so that this file stands on something else too.
    for case_, tail in zip(cases, ("34007208d5b887185865", "cc30c58179ec3e87c14c01d5c1f3434f1d87",
                                   "9d201395faa4b61a96c8")):
        assert case_["okm"].hex().endswith(tail), case_["name"]
    return "HKDF with SHA-256 (RFC 5869)", cases


# -- header.json

def headers():
    def case(name, encode=True, **fields):
        h = Header(**fields)
        return dict(name=name, version=h.version, type=h.type, flags=h.flags, channel=h.channel,
                    payload_len=h.length, seq=u64(h.seq), ack=u64(h.ack),
                    timestamp=u64(h.timestamp), sid=h.sid, encode=encode, bytes=h.leading())

    sid = rnd("sid", 16)
    stamp = 0x18A1B2C3D4E5F607
    cases = [
        case("INIT", type=Type.INIT, sid=sid, timestamp=stamp, length=72),
        case("CHALLENGE", type=Type.CHALLENGE, sid=sid, timestamp=stamp, length=72),
        case("RESPONSE", type=Type.RESPONSE, sid=sid, timestamp=stamp, length=184),
        case("every field another value", type=Type.DATA, flags=ENCRYPTED | PRIORITY,
             seq=0x0102030405060708, ack=0x1112131415161718, sid=bytes(range(0x20, 0x30)),
             timestamp=0x3132333435363738, length=0x4142, channel=0x51),
        case("all ones", type=Type.INTEGRITY, flags=0x03FF, seq=2 ** 64 - 1, ack=2 ** 64 - 1,
             sid=b"\xff" * 16, timestamp=2 ** 64 - 1, length=65535, channel=255),
    ]
    for kind in range(Type.ACK, Type.INTEGRITY + 1):
        cases.append(case("type %d" % kind, type=kind, flags=ENCRYPTED, sid=sid, length=16))
    cases += [case("flag bit %d" % bit, type=Type.HEARTBEAT, flags=1 << bit, sid=sid, length=16)
              for bit in range(16)]
    cases += [
        case("reserved byte 1", encode=False, type=Type.DATA, flags=ENCRYPTED, length=16,
             reserved1=0xA5),
        case("reserved byte 47", encode=False, type=Type.DATA, flags=ENCRYPTED, length=16,
             reserved47=0x5A),
    ]
    return "The leading header, section 3.1", cases


# -- tlv.json

def tlvs():
    cases = []
    item = tlv.item
    address = Address.of(rnd("tlv identity"), 7, 9).pack()

    def good(name, data, write=False, **members):
        members.setdefault("acked", [])
        parsed = tlv.parse(data)
        assert (parsed.transports == members.get("transports")
                and parsed.max_plaintext == members.get("max_plaintext")
                and parsed.offload == members.get("offload")
                and parsed.address == members.get("address")
                and parsed.name == members.get("name_hex")
                and parsed.overload == members.get("overload")
                and [u64(s) for s in parsed.acked] == members["acked"]), name
        case = dict(name=name, bytes=data, valid=True, **members)
        if write:
            assert tlv.write(parsed) == data, name
            case["write"] = True
        cases.append(case)

    def bad(name, data):
        try:
            tlv.parse(data)
        except tlv.Malformed:
            cases.append(dict(name=name, bytes=data, valid=False))
        else:
            raise AssertionError(name)

    one, two = item(1, b"\1"), item(2, be16(1356))
    good("empty", b"")
    good("nothing but padding", bytes(80))
    good("transports", one, write=True, transports=1)
    good("all three transports", item(1, b"\7"), write=True, transports=7)
    good("largest plaintext", two, write=True, max_plaintext=1356)
    good("largest plaintext 65519", item(2, be16(65519)), write=True, max_plaintext=65519)
    good("largest plaintext 0, which counts as absent", item(2, be16(0)))
    good("largest plaintext 0 first, and it counts", item(2, be16(0)) + two)
    good("offload 0", item(3, b"\0"), write=True, offload=0)
    good("address", item(4, address), write=True, address=address)
    good("name of one byte", item(5, b"a"), write=True, name_hex=b"a")
    good("name of 32 bytes", item(5, b"n" * 32), write=True, name_hex=b"n" * 32)
    whole = one + item(2, be16(65519)) + item(3, b"\0") + item(4, address) + item(5, b"x" * 32)
    good("all of hello, 78 bytes", whole, write=True, transports=1, max_plaintext=65519,
         offload=0, address=address, name_hex=b"x" * 32)
    good("all of hello, padded to 80", whole + bytes(2), transports=1, max_plaintext=65519,
         offload=0, address=address, name_hex=b"x" * 32)
    good("padding between and before", b"\0" + one + b"\0\0\0" + two, transports=1,
         max_plaintext=1356)
    good("descending order", two + one, transports=1, max_plaintext=1356)
    good("of a repeated type the first counts", one + item(1, b"\3") + two + item(2, be16(9000))
         + item(5, b"first") + item(5, b"second") + item(8, b"\1") + item(8, b"\2"),
         transports=1, max_plaintext=1356, name_hex=b"first", overload=1)
    good("unknown types are skipped", item(9, b"") + one + item(255, b"\xff" * 255)
         + item(100, b"\0\1\1\1") + two, transports=1, max_plaintext=1356)
    good("unknown type at the end, empty", one + item(9, b""), transports=1)
    good("acknowledged sequence", item(6, be64(2 ** 62 + 5)), acked=[u64(2 ** 62 + 5)])
    good("eight acknowledged", tlv.acked(range(1, 9)), acked=[u64(n) for n in range(1, 9)])
    good("the ninth is ignored", tlv.acked(range(1, 10)) + one, transports=1,
         acked=[u64(n) for n in range(1, 9)])
    good("the same sequence twice", tlv.acked([3, 3]), acked=[u64(3)] * 2)
    good("error", item(7, b"\x03\x00\x00\x00" + be32(65537)),
         error=dict(code=3, subcode=0, count=65537))
    good("four errors: the first is shown in `error`, all in `errors`",
         b"".join(tlv.error(code, count) for code, count in ((3, 7), (1, 1), (200, 2 ** 32 - 1),
                                                             (2, 0))),
         error=dict(code=3, subcode=0, count=7),
         errors=[dict(code=code, subcode=0, count=count) for code, count in
                 ((3, 7), (1, 1), (200, 2 ** 32 - 1), (2, 0))])
    good("overload", item(8, b"\x0f"), overload=15)
    good("overload and error", item(8, b"\xff") + tlv.error(5, 12), overload=255,
         error=dict(code=5, subcode=0, count=12))

    for text, what in (("knoten-ä", "two"), ("漢字", "three"), ("\U0001F680\U0010FFFF", "four"),
                       (" space ", "one"), ("\u00a0\ue000\ufffd", "odd but allowed")):
        good("name, UTF-8 of %s bytes" % what, item(5, text.encode()), write=True,
             name_hex=text.encode())

    bad("type without a length byte", b"\1")
    bad("type without a length byte, after others", one + two + b"\5")
    bad("unknown type without a length byte", one + b"\x63")
    bad("length past the end", b"\5\5name")
    bad("length past the end, unknown type", b"\xc8\1")
    for kind, (low, high) in tlv.LENGTHS.items():
        bad("type %d too short" % kind, item(kind, b"a" * (low - 1)))
        bad("type %d too long" % kind, item(kind, b"a" * (high + 1)))
    bad("a repeated item of a wrong length", one + item(1, b"\1\1"))
    bad("a ninth type 6 of a wrong length", tlv.acked(range(8)) + item(6, bytes(7)))
    for raw, what in ((b"a\nb", "line feed"), (b"a\0", "U+0000"), (b"\x1f", "U+001F"),
                      (b"\x7f", "U+007F"), (b"\xc2\x80", "U+0080"), (b"\xc2\x9f", "U+009F"),
                      (b"\xc0\xaf", "two bytes for one"), (b"\xc1\xbf", "two bytes for U+007F"),
                      (b"\xe0\x9f\xbf", "three bytes for two"),
                      (b"\xf0\x8f\xbf\xbf", "four bytes for three"),
                      (b"\xed\xa0\x80", "surrogate U+D800"),
                      (b"\xed\xbf\xbf", "surrogate U+DFFF"),
                      (b"\xf4\x90\x80\x80", "U+110000"), (b"\xf8\x88\x80\x80\x80", "five bytes"),
                      (b"\x80", "lone continuation"), (b"a\xe6\xbc", "cut short"),
                      (b"\xc3a", "no continuation"), (b"\xff", "0xFF")):
        bad("name: " + what, item(5, raw))
    bad("a second name that is not sound", item(5, b"good") + item(5, b"\xff"))
    return "TLV lists, section 3.4", cases


# -- puzzle.json

def puzzles():
    cases = []
    for name, address, difficulty, index in (
            ("IPv4", "192.0.2.1", 16, 0), ("IPv4, another address", "192.0.2.2", 16, 0),
            ("IPv6", "2001:db8::1", 17, 1), ("IPv6, 18 bits", "fe80::1%eth0", 18, 2),
            ("IPv4, 20 bits", "10.0.0.1", 20, 3), ("22 bits", "2001:db8::2", 22, 4)):
        secret = hs.ChallengeSecret(index, K=rnd("puzzle K %d" % index),
                                    secret8=rnd("puzzle secret8 %d" % index, 8))
        E_i = PUB(rnd("puzzle e_i %d" % index))
        sid = hs.sid_of(E_i)
        stamp = rnd64("puzzle stamp %d" % index)
        issue = struct.unpack(">I", rnd("puzzle issue %d" % index, 4))[0]
        source = addr16(address)
        seed = secret.seed(source, issue, sid, E_i, stamp, difficulty)
        search = puzzle.solutions(seed, difficulty)
        found = [next(search) for _ in range(3 if difficulty < 18 else 1)]
        wrong = [puzzle.wrong(seed, difficulty)]
        if difficulty < 18:
            # One with a zero bit too few, and a solution read backwards.
            wrong.append(next(x for x in puzzle.solutions(seed, difficulty - 1)
                              if not puzzle.solves(seed, x, difficulty)))
            wrong.append(next(x[::-1] for x in found
                              if not puzzle.solves(seed, x[::-1], difficulty)))
        cases.append(dict(name=name, K=secret.K, secret8=secret.secret8, addr16=source,
                          issue=issue, E_i=E_i, timestamp=u64(stamp), difficulty=difficulty,
                          sid=sid, seed=seed, solutions=found, wrong=wrong))
    return "Seed and solutions, section 5.3", cases


# -- epoch.json

def keys_json(keys):
    def direction(d):
        return dict(enc=d.enc, mac=d.mac, seq=d.seq, isn=u64(d.isn))

    return dict(i2r=direction(keys.i2r), r2i=direction(keys.r2i), chain=keys.chain)


def epochs():
    cases = []
    for n in range(4):
        ck, h = rnd("epoch ck %d" % n), rnd("epoch h %d" % n)
        cases.append(dict(name="epoch 0, %d" % n, ck=ck, h=h, epoch=0,
                          keys=keys_json(epoch_keys(ck, h))))
    for epoch in (1, 0x01020304):
        cases.append(dict(name="epoch %d" % epoch, ck=ck, h=h, epoch=epoch,
                          keys=keys_json(epoch_keys(ck, h, epoch))))
    for r in (r for run in REKEYS for r in run.rekeys()):
        cases.append(dict(name="rekey: " + r.name, old_chain=r.old.chain, e_o=r.e_o, e_a=r.e_a,
                          dh_ephemeral=r.dh_ephemeral, dh_static=r.dh_static, sid=r.run.sid,
                          offer=r.E_o, answer=r.E_a, ck=r.ck, h=r.h, epoch=r.epoch,
                          keys=keys_json(r.new)))
    return "Keys of an epoch, section 5.6 lines 13 and 14, and section 6.14", cases


# -- rekey.json

class OneRekey:
    """From epoch - 1 (keys `old`) to epoch, offered by one of the two roles."""

    def __init__(self, run, name, epoch, old, offerer):
        label = "rekey %s %d " % (run.name, epoch)
        self.run, self.name, self.epoch, self.old, self.offerer = run, name, epoch, old, offerer
        self.e_o, self.e_a = rnd(label + "e_o"), rnd(label + "e_a")
        self.E_o, self.E_a = PUB(self.e_o), PUB(self.e_a)
        self.dh_ephemeral = DH(self.e_o, self.E_a)
        self.dh_static = DH(run.s_i, PUB(run.s_r))
        assert self.dh_ephemeral == DH(self.e_a, self.E_o)
        assert self.dh_static == DH(run.s_r, PUB(run.s_i))
        self.ck = hkdf_extract(old.chain, self.dh_ephemeral + self.dh_static)
        self.h = rekey.transcript(run.sid, epoch, self.E_o, self.E_a)
        self.new = rekey.derive(old.chain, run.sid, epoch, self.dh_ephemeral, self.dh_static,
                                self.E_o, self.E_a)
        E_a, keys = rekey.answer(old.chain, run.sid, epoch, self.dh_static, self.E_o, [old],
                                 lambda: self.e_a)
        assert (E_a, keys) == (self.E_a, self.new)

    def case(self):
        def sealed(keys, sender, kind, seq, ack, plain, flags=ENCRYPTED):
            direction = getattr(keys, sender)
            header = Header(type=kind, flags=flags, seq=direction.isn + seq, ack=ack,
                            sid=self.run.sid, timestamp=rnd64("%s %d %s" % (
                                self.name, kind, sender)))
            return session.seal(direction, header, plain)

        answerer = {"i2r": "r2i", "r2i": "i2r"}[self.offerer]
        offered, answered = 5, 9        # the how-manieth packets they are in their epoch
        to_offerer, to_answerer = getattr(self.old, answerer), getattr(self.old, self.offerer)
        offer = rekey.Rekey(rekey.OFFER, self.epoch, self.E_o).pack()
        answer = rekey.Rekey(rekey.ANSWER, self.epoch, self.E_a).pack()
        asks = ENCRYPTED | REQUIRE_ACK
        return dict(
            name=self.name, s_i=self.run.s_i, s_r=self.run.s_r, S_i=PUB(self.run.s_i),
            S_r=PUB(self.run.s_r), sid=self.run.sid, offerer=self.offerer, epoch=self.epoch,
            old=keys_json(self.old), e_o=self.e_o, e_a=self.e_a, E_o=self.E_o, E_a=self.E_a,
            dh_ephemeral=self.dh_ephemeral, dh_static=self.dh_static, ck=self.ck, h=self.h,
            keys=keys_json(self.new), offer_plain=offer, answer_plain=answer,
            offer_packet=sealed(self.old, self.offerer, Type.REKEY, offered,
                                to_offerer.isn + answered - 1, offer, asks),
            answer_packet=sealed(self.old, answerer, Type.REKEY, answered,
                                 to_answerer.isn + offered, answer, asks),
            ack_packet=sealed(self.new, self.offerer, Type.ACK, 0, to_offerer.isn + answered,
                              tlv.acked([to_offerer.isn + answered])))


class RekeyRun:
    """A session that is rekeyed several times; offerers says by whom."""

    def __init__(self, name, offerers):
        label = "rekey run " + name
        self.name, self.offerers = name, offerers
        self.s_i, self.s_r = rnd(label + " s_i"), rnd(label + " s_r")
        self.sid = rnd(label + " sid", 16)
        self.first = epoch_keys(rnd(label + " ck"), rnd(label + " h"))

    def rekeys(self):
        old = self.first
        for number, offerer in enumerate(self.offerers, 1):
            one = OneRekey(self, "%s, epoch %d, offered by the %s" % (
                self.name, number, {"i2r": "initiator", "r2i": "responder"}[offerer]),
                number, old, offerer)
            yield one
            old = one.new


REKEYS = (RekeyRun("a session", ("r2i", "i2r", "r2i")),
          RekeyRun("another", ("i2r", "i2r")))


def rekeys():
    cases = [r.case() for run in REKEYS for r in run.rekeys()]
    good = rekey.Rekey(rekey.OFFER, 1, PUB(rnd("rekey payload"))).pack()

    def payload(name, plain, **fields):
        """fields: what it says, or none if it is malformed."""
        try:
            got = rekey.Rekey.unpack(plain)
            assert dict(step=got.step, epoch=got.epoch, ephemeral=got.ephemeral) == fields, name
        except session.Drop:
            assert not fields, name
        cases.append(dict(name="payload: " + name, plain=plain, valid=bool(fields), **fields))

    key = good[8:]
    payload("offer", good, step=1, epoch=1, ephemeral=key)
    payload("answer", b"\2" + good[1:], step=2, epoch=1, ephemeral=key)
    payload("bytes 1 to 3 are ignored", good[:1] + b"\xff\1\x80" + good[4:], step=1, epoch=1,
            ephemeral=key)
    payload("what is behind is ignored", good + b"more", step=1, epoch=1, ephemeral=key)
    payload("the highest epoch", good[:4] + b"\xff" * 4 + key, step=1, epoch=2 ** 32 - 1,
            ephemeral=key)
    for step in (0, 3, 0x81, 255):
        payload("step %d" % step, bytes([step]) + good[1:])
    for n in (0, 1, 8, 39):
        payload("%d bytes" % n, good[:n])
    for n, low in enumerate((bytes(32), b"\1" + bytes(31), bytes.fromhex(
            "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800"),
            bytes.fromhex("5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157"),
            bytes.fromhex("ec" + "ff" * 30 + "7f"))):
        e = rnd("rekey low order %d" % n)
        try:
            DH(e, low)
        except BadKey:
            cases.append(dict(name="low order, %d: the DH fails" % n, e=e, low_order=low))
        else:
            raise AssertionError(n)
    return "Rekey, section 6.14", cases


# -- telemetry.json, digest.json, rtt.json, loss.json

def telemetries():
    cases = []
    names = [("rtt", 8), ("jitter", 8), ("loss", 4), ("throughput", 4), ("mtu", 2), ("queue", 2),
             ("uptime", 8), ("rekeys", 4), ("config", 4), ("digest", 4), ("journal", 8)]

    def case(name, tail=b"", **fields):
        block = telemetry.Block(**fields)
        plain = block.pack() + tail
        assert telemetry.Block.unpack(plain) == block
        cases.append(dict(name=name, bytes=plain[:56], **{
            n: u64(v) if n in ("rtt", "jitter", "uptime", "journal") else v
            for n, v in block.show().items()}))

    case("zeros")
    case("all ones", **{n: 256 ** size - 1 for n, size in names})
    case("a link of 40 ms", rtt=40_123_456, jitter=1_500_000, loss=10_000, throughput=95_000_000,
         mtu=1448, queue=3, uptime=3_600_000_000_123, rekeys=2, digest=0x89ABCDEF)
    case("everything lost", loss=1_000_000)
    for name, size in names:
        value = int.from_bytes(rnd("telemetry " + name, size), "big")
        case("%s alone" % name, **{name: value})
    return "The telemetry block, section 6.8", cases


def digests():
    cases = []

    def case(name, one, other, epoch=0, config=0, transport=1, sid="digest sid"):
        S_a, S_b = PUB(rnd(one)), PUB(rnd(other))
        sid = rnd(sid, 16)
        value = telemetry.digest(sid, epoch, config, transport, S_a, S_b)
        assert value == telemetry.digest(sid, epoch, config, transport, S_b, S_a)
        nodes = sorted((node_id(S_a), node_id(S_b)))
        cases.append(dict(name=name, sid=sid, epoch=epoch, config=config, transport=transport,
                          S_a=S_a, S_b=S_b, low=nodes[0], high=nodes[1], digest=value))

    case("epoch 0", "digest one", "digest two")
    case("the other way round", "digest two", "digest one")
    case("epoch 1", "digest one", "digest two", epoch=1)
    case("epoch 0x01020304, configuration 0x05060708, transport 3", "digest one", "digest two",
         0x01020304, 0x05060708, 3)
    case("another session", "digest one", "digest two", sid="digest other sid")
    for n in range(4):
        case("other ends, %d" % n, "digest three %d" % n, "digest four %d" % n, epoch=n)
    return "State digest, section 6.8", cases


def round_trips():
    chance = random.Random(6298)
    ms = 1_000_000

    def case(name, samples):
        rtt, after = telemetry.RoundTrip(), []
        for R in samples:
            rtt.sample(R)
            after.append([u64(rtt.srtt), u64(rtt.rttvar)])
        return dict(name=name, samples=[u64(R) for R in samples], after=after)

    cases = [
        case("one sample", [40 * ms]),
        case("one odd sample", [41]),
        case("zero", [0, 0, 8, 0]),
        case("constant", [40 * ms] * 20),
        case("35 and 45 ms in turn", [35 * ms, 45 * ms] * 20),
        case("up: rounding is toward zero", [1000, 1007, 1015, 1001, 1009]),
        case("down: rounding is toward zero", [1000, 993, 985, 999, 1, 2]),
        case("small numbers, down", [9, 8, 7, 6, 5, 4, 3, 2, 1, 0]),
        case("a jump up and back", [ms] * 5 + [3_000 * ms] + [ms] * 10),
        case("an hour", [3600 * 1000 * ms, ms, 3600 * 1000 * ms]),
        case("at random", [chance.randrange(200 * ms) for _ in range(60)]),
    ]
    return "Round-trip time and jitter, section 6.8", cases


def losses():
    cases = []

    def case(name, *epochs):
        """epochs: (isn, offsets in the order of arrival)."""
        loss, steps = telemetry.Loss(), []
        for number, (isn, offsets) in enumerate(epochs):
            for n in offsets:
                loss.note(number, isn, isn + n)
            sent, received = loss.totals()
            steps.append(dict(first=u64(isn), arrivals=[u64(isn + n) for n in offsets],
                              sent=sent, received=received, ppm=loss.rate()))
        cases.append(dict(name=name, epochs=steps))

    base, high = 0x0123456789ABCDEF, 2 ** 62 - 7
    case("nothing is lost", (base, range(100)))
    case("one in ten", (base, [n for n in range(100) if n % 10 != 5]))
    case("one in a hundred", (base, [n for n in range(1000) if n % 100 != 50]))
    case("two in three", (base, [n for n in range(300) if n % 3 == 0] + [299]))
    case("one in three: rounded down", (base, [0, 2]))
    case("late ones are not lost", (base, [0, 3, 1, 2, 7, 5, 6, 4]))
    case("a gap that is filled in part", (base, [0, 9, 4, 5]))
    case("a rekey is not a gap", (base, range(50)), (high, range(50)))
    case("lost in both epochs", (base, [n for n in range(50) if n % 10 != 4]),
         (high, [n for n in range(50) if n % 5 != 2]))
    case("downwards across a rekey", (high, range(10)), (base, [0, 1, 3, 9]))
    return "Loss, section 6.8, all of it within one window", cases


# -- handshake.json

class Run:
    """One deterministic handshake."""

    def __init__(self, name, address, psk=NO_PSK, transport=1, difficulty=16, hello=b"",
                 work_first=False):
        label = "handshake " + name
        self.name, self.psk, self.hello = name, psk, hello
        self.transport, self.difficulty, self.work_first = transport, difficulty, work_first
        self.s_i, self.s_r = rnd(label + " s_i"), rnd(label + " s_r")
        self.e_i = rnd(label + " e_i")
        self.S_i, self.S_r, self.E_i = PUB(self.s_i), PUB(self.s_r), PUB(self.e_i)
        self.timestamp = 1_760_000_000_000_000_000 + rnd64(label) % 10 ** 17
        self.addr16 = addr16(address)
        self.issue = struct.unpack(">I", rnd(label + " issue", 4))[0]
        self.index = rnd(label + " index", 1)[0]
        self.secret = hs.ChallengeSecret(self.index, K=rnd(label + " K"),
                                         secret8=rnd(label + " secret8", 8))
        self.attempt = self.new_attempt()
        self.sid = self.attempt.sid
        self.responder = self.new_responder()

    def new_attempt(self):
        return hs.Attempt(self.s_i, self.S_r, self.psk, self.hello, self.e_i, self.timestamp,
                          self.transport)

    def new_responder(self):
        responder = hs.Responder(self.s_r, real=lambda: self.timestamp, mono=lambda: 0,
                                 transport=self.transport)
        responder.secrets = [hs.ChallengeSecret(self.index, self.secret.K, self.secret.secret8)]
        responder.difficulty = self.difficulty
        return responder

    def seed(self, issue=None, difficulty=None, E_i=None, sid=None):
        return self.secret.seed(self.addr16, self.issue if issue is None else issue,
                                self.sid if sid is None else sid, E_i or self.E_i,
                                self.timestamp,
                                self.difficulty if difficulty is None else difficulty)

    def E_r(self, issue=None, E_i=None, sid=None):
        return PUB(self.secret.e_r(self.addr16, self.issue if issue is None else issue,
                                   self.sid if sid is None else sid, E_i or self.E_i,
                                   self.timestamp))

    def challenge(self, E_r=None, issue=None, difficulty=None, tail=bytes(2), key=None,
                  **header):
        issue = self.issue if issue is None else issue
        difficulty = self.difficulty if difficulty is None else difficulty
        payload = hs.Challenge(self.E_r(issue) if E_r is None else E_r,
                               self.seed(issue, difficulty), issue, self.index,
                               difficulty).pack()[:70] + tail
        return hs.assemble(Type.CHALLENGE, header.pop("sid", self.sid),
                           header.pop("timestamp", self.timestamp),
                           key or hs.key_challenge(self.E_i, self.S_r), payload, **header)

    def init(self, E_i=None, **header):
        return hs.assemble(Type.INIT, self.sid, self.timestamp, hs.key_init(self.S_r),
                           hs.Init(E_i or self.E_i).pack(), **header)

    def filled(self, issue=None, difficulty=None, index=None, solution=None, prefix=None,
               **header):
        """A filled INIT, whose work is right but for what is named."""
        issue = self.issue if issue is None else issue
        difficulty = self.difficulty if difficulty is None else difficulty
        seed = self.seed(issue, difficulty)
        if solution is None:
            solution = (puzzle.solve(seed, difficulty) if 16 <= difficulty <= 22
                        else puzzle.solve(seed, 8))
        payload = hs.Init(self.E_i, issue, self.index if index is None else index, difficulty,
                          solution, seed[:8] if prefix is None else prefix).pack()
        sid = header.pop("sid", self.sid)
        return hs.assemble(Type.INIT, sid, self.timestamp, hs.key_init(self.S_r), payload,
                           **header)

    def response(self, issue=None, clear=None, plain=None, **header):
        """A RESPONSE to the CHALLENGE with that issue time."""
        candidate = self.new_attempt().response(self.challenge(issue=issue), clear, plain,
                                                **header)
        return candidate.response

    def clear(self, issue=None, **changes):
        issue = self.issue if issue is None else issue
        seed = self.seed(issue)
        fields = dict(E_i=self.E_i, prefix=seed[:8], issue=issue, index=self.index,
                      difficulty=self.difficulty, solution=None)
        fields.update(changes)
        if fields["solution"] is None:
            fields["solution"] = puzzle.solve(seed, self.difficulty)
        return hs.Clear(**fields)

    def case(self, reject=()):
        """Runs both ends and checks that they agree."""
        init = self.attempt.init()
        out = dict(name=self.name, s_i=self.s_i, s_r=self.s_r, e_i=self.e_i, psk=self.psk,
                   transport=self.transport, timestamp=u64(self.timestamp), addr16=self.addr16,
                   issue=self.issue, index=self.index, K=self.secret.K, K_eph=self.secret.K_eph,
                   secret8=self.secret.secret8, difficulty=self.difficulty,
                   solution=puzzle.solve(self.seed(), self.difficulty), hello=self.hello,
                   work_first=self.work_first, S_i=self.S_i, S_r=self.S_r, E_i=self.E_i,
                   sid=self.sid,
                   e_r=self.secret.e_r(self.addr16, self.issue, self.sid, self.E_i,
                                       self.timestamp),
                   E_r=self.E_r(), seed=self.seed(), key_init=hs.key_init(self.S_r),
                   key_challenge=hs.key_challenge(self.E_i, self.S_r), init=init)
        assert out["e_r"] == clamp(out["e_r"])
        if self.work_first:
            out["prove_work"] = self.challenge(E_r=hs.ZERO32)
            out["init_filled"] = self.attempt.on_challenge(out["prove_work"])
            assert self.responder.on_init(out["init_filled"], self.addr16) == self.challenge()
        out["challenge"] = self.challenge()
        out["response"] = self.attempt.on_challenge(out["challenge"])
        accepted = self.responder.on_response(out["response"], self.addr16, lambda S: self.psk)
        candidate = self.attempt.candidates[0]
        assert accepted.keys == candidate.keys and accepted.trace == candidate.trace
        assert accepted.S_i == self.S_i
        out.update(candidate.trace)
        out["keys"] = keys_json(candidate.keys)
        if reject:
            out["reject"] = self.checked(reject)
        return out

    def checked(self, reject):
        """Every entry is refused by us for the reason given."""
        fresh, responder = self.new_attempt(), self.new_responder()
        for entry in reject:
            responder.real = lambda: int(entry.get("now", u64(self.timestamp)), 16)
            try:
                if entry["at"] == "init":
                    responder.on_init(entry["packet"], self.addr16)
                elif entry["at"] == "challenge":
                    fresh.on_challenge(entry["packet"])
                else:
                    responder.on_response(entry["packet"], entry.get("addr16", self.addr16),
                                          lambda S: self.psk)
            except hs.Drop as drop:
                reason = drop.reason.partition("-")[2]
                reason = {"psk": "hmac"}.get(reason, reason)
                assert reason == entry["error"], (entry["name"], reason)
            else:
                assert entry["error"] == "ok", entry["name"]
        return list(reject)


def flipped(packet, at, mask=1):
    packet = bytearray(packet)
    packet[at] ^= mask
    return bytes(packet)


SKEW = 30 * 10 ** 9
HEADER_FIELDS = [("flag bit %d" % bit, dict(flags=1 << bit)) for bit in range(10)] + [
    ("sequence", dict(seq=1)), ("acknowledgment", dict(ack=1 << 63)), ("channel", dict(channel=1))]


def reject_init(run):
    out = []

    def add(name, error, packet, **more):
        out.append(dict(name="INIT: " + name, at="init", packet=packet, error=error, **more))

    good = run.init()
    add("one byte short", "length", good[:-1])
    add("one byte long", "length", good + b"\0")
    add("short and of another type: length comes first", "length", b"\x13" + good[1:-1])
    add("another type", "type", b"\x11" + good[1:])
    add("another type and version: type comes first", "type", b"\x21" + good[1:])
    add("version 2", "version", b"\x20" + good[1:])
    add("version 0", "version", b"\x00" + good[1:])
    add("payload length 71", "length", run.init(length=71))
    add("payload length 73, and a flag: length comes first", "length",
        run.init(length=73, flags=1))
    for name, change in HEADER_FIELDS:
        add(name, "type", run.init(**change))
    add("a flag, and too old: header comes first", "type", run.init(flags=1),
        now=u64(run.timestamp + SKEW + 1))
    add("30 s and 1 ns old", "time", good, now=u64(run.timestamp + SKEW + 1))
    add("30 s and 1 ns ahead", "time", good, now=u64(run.timestamp - SKEW - 1))
    add("old and forged: time comes first", "time", flipped(good, 48),
        now=u64(run.timestamp + SKEW + 1))
    add("exactly 30 s old is in time, but forged", "hmac", flipped(good, 48),
        now=u64(run.timestamp + SKEW))
    add("exactly 30 s ahead is in time, but forged", "hmac", flipped(good, 48),
        now=u64(run.timestamp - SKEW))
    add("HMAC, last bit", "hmac", flipped(good, 79))
    add("reserved byte 1 is covered", "hmac", flipped(good, 1))
    add("reserved flags are covered", "hmac", flipped(good, 2, 0x80))
    add("reserved byte 47 is covered", "hmac", flipped(good, 47))
    add("E_i is covered", "hmac", flipped(good, 80))
    add("last payload byte is covered", "hmac", flipped(good, 151))
    add("made for another responder", "hmac",
        hs.assemble(Type.INIT, run.sid, run.timestamp, hs.key_init(rnd("somebody else")),
                    hs.Init(run.E_i).pack()))
    other = (run.index + 128) % 256
    add("filled, unknown secret", "secret", run.filled(index=other))
    add("filled, unknown secret and difficulty 15: secret comes first", "secret",
        run.filled(index=other, difficulty=15))
    add("filled, difficulty 15", "difficulty", run.filled(difficulty=15))
    add("filled, difficulty 1", "difficulty", run.filled(difficulty=1))
    add("filled, difficulty 23", "difficulty", run.filled(difficulty=23))
    add("filled, another Session ID", "sid", run.filled(sid=flipped(run.sid, 15)))
    add("filled, Session ID and difficulty: difficulty comes first", "difficulty",
        run.filled(sid=flipped(run.sid, 0), difficulty=23))
    add("filled, unseen seed", "seed", run.filled(prefix=rnd("unseen", 8)))
    add("filled, another issue time", "seed",
        run.filled(issue=run.issue ^ 1, prefix=run.seed()[:8]))
    add("filled, another difficulty than the seed's", "seed",
        run.filled(difficulty=17, prefix=run.seed()[:8]))
    add("filled, not solved", "solution",
        run.filled(solution=puzzle.wrong(run.seed(), run.difficulty)))
    add("filled, solved but forged: HMAC comes first", "hmac", flipped(run.filled(), 60))
    return out


def reject_challenge(run):
    out = []

    def add(name, error, packet):
        out.append(dict(name="CHALLENGE: " + name, at="challenge", packet=packet, error=error))

    good = run.challenge()
    key = rnd("not the key")
    add("one byte short", "length", good[:-1])
    add("another type", "type", b"\x10" + good[1:])
    add("version 2", "version", b"\x21" + good[1:])
    add("payload length 184", "length", run.challenge(length=184))
    for name, change in HEADER_FIELDS:
        add(name, "type", run.challenge(**change))
    add("another Session ID", "attempt", run.challenge(sid=flipped(run.sid, 15)))
    add("another timestamp", "attempt", run.challenge(timestamp=run.timestamp + 1))
    add("another timestamp, forged: attempt comes first", "attempt",
        run.challenge(timestamp=run.timestamp + 1, key=key))
    add("forged", "hmac", run.challenge(key=key))
    add("keyed as an INIT", "hmac", run.challenge(key=hs.key_init(run.S_r)))
    add("E_r is covered", "hmac", flipped(good, 80))
    add("the two zero bytes are covered", "hmac", flipped(good, 151))
    add("reserved byte 47 is covered", "hmac", flipped(good, 47))
    add("difficulty 15", "difficulty", run.challenge(difficulty=15))
    add("difficulty 0", "difficulty", run.challenge(difficulty=0))
    add("difficulty 23", "difficulty", run.challenge(difficulty=23))
    add("difficulty 23, forged: HMAC comes first", "hmac", run.challenge(difficulty=23, key=key))
    add("prove work first, difficulty 23", "difficulty",
        run.challenge(E_r=hs.ZERO32, difficulty=23))
    return out


def reject_bad_key(run):
    """E_r of low order: refused by the DH only. Each counts as one of the three."""
    out = []
    low = (b"\1" + bytes(31),
           bytes.fromhex("e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800"),
           bytes.fromhex("ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"))

    def add(name, error, packet):
        out.append(dict(name="CHALLENGE: " + name, at="challenge", packet=packet, error=error))

    for n, E_r in enumerate(low):
        add("E_r of low order, %d" % n, "key", run.challenge(E_r=E_r, issue=n))
    add("the same again", "attempt", run.challenge(E_r=low[0], issue=0))
    add("a fourth different one", "attempt", run.challenge())
    return out


def reject_many(run):
    """What is allowed once, twice, three times."""
    out = []

    def add(at, name, error, packet, **more):
        out.append(dict(name="%s: %s" % (at.upper(), name), at=at, packet=packet, error=error,
                        **more))

    init = run.init()
    add("init", "exactly 30 s old", "ok", init, now=u64(run.timestamp + SKEW))
    add("init", "exactly 30 s ahead", "ok", init, now=u64(run.timestamp - SKEW))
    add("init", "the same again", "ok", init)
    add("init", "reserved bytes and flags set", "ok",
        run.init(reserved1=0xFF, reserved47=0xFF, flags=0xFC00))
    rest = hs.Init(run.E_i).pack()[:32] + rnd("rest", 5) + b"\0" + rnd("rest", 34)
    add("init", "not filled, bytes after E_i are ignored", "ok",
        hs.assemble(Type.INIT, run.sid, run.timestamp, hs.key_init(run.S_r), rest))
    low = run.difficulty - 1
    add("init", "filled, two below the difficulty asked", "difficulty",
        run.filled(difficulty=low - 1))
    add("init", "filled, one below the difficulty asked", "ok", run.filled(difficulty=low))
    good = run.filled(issue=5)
    add("init", "filled", "ok", good)
    add("init", "filled, second use", "ok", good)
    add("init", "filled, third use", "spent", good)
    add("init", "filled, other solution, same seed", "spent",
        run.filled(issue=5, solution=puzzle.solve(
            run.seed(5), run.difficulty,
            int.from_bytes(puzzle.solve(run.seed(5), run.difficulty), "big") + 1)))
    add("response", "RESPONSEs are counted apart", "ok", run.response(5))
    add("response", "second use", "ok", run.response(5))
    add("response", "third use", "spent", run.response(5))

    prove = run.challenge(E_r=hs.ZERO32)
    add("challenge", "prove work first", "ok", prove)
    add("challenge", "prove work first, the same again", "attempt", prove)
    add("challenge", "prove work first, another", "attempt",
        run.challenge(E_r=hs.ZERO32, issue=1))
    for n in range(3):
        add("challenge", "full, %d" % n, "ok", run.challenge(issue=n))
        add("challenge", "full, %d again" % n, "attempt", run.challenge(issue=n))
    add("challenge", "full, a fourth", "attempt", run.challenge(issue=3))
    return out


def reject_response(run):
    out = []
    issues = iter(range(1000, 2000))

    def add(name, error, packet, **more):
        out.append(dict(name="RESPONSE: " + name, at="response", packet=packet, error=error,
                        **more))

    def respond(error, name, plain=None, mutate=None, **header):
        """With work of its own, so that nothing is spent."""
        packet = run.response(next(issues), plain=plain, **header)
        add(name, error, mutate(packet) if mutate else packet)

    good = run.response()
    add("one byte short", "length", good[:-1])
    add("another type", "type", b"\x10" + good[1:])
    add("version 2", "version", b"\x22" + good[1:])
    add("payload length 72", "length", run.response(length=72))
    for name, change in HEADER_FIELDS[::3]:
        add(name, "type", run.response(**change))
    clear = run.clear

    def with_clear(c, **header):
        return run.response(clear=c, **header)

    other = (run.index + 128) % 256
    add("unknown secret", "secret", with_clear(clear(index=other)))
    add("unknown secret, difficulty 0: secret comes first", "secret",
        with_clear(clear(index=other, difficulty=0)))
    add("difficulty 0", "difficulty", with_clear(clear(difficulty=0)))
    add("difficulty 15", "difficulty", with_clear(clear(difficulty=15)))
    add("difficulty 23", "difficulty", with_clear(clear(difficulty=23)))
    add("difficulty 255", "difficulty", with_clear(clear(difficulty=255)))
    add("another Session ID", "sid", with_clear(clear(), sid=flipped(run.sid, 0)))
    add("another ephemeral key", "sid", with_clear(clear(E_i=PUB(rnd("another e_i")))))
    another = PUB(rnd("another e_i"))
    add("solution of another ephemeral key", "seed",
        with_clear(clear(E_i=another), sid=hs.sid_of(another)))
    add("another timestamp than its INIT's", "seed",
        with_clear(clear(), timestamp=run.timestamp + 1))
    add("unseen seed", "seed", with_clear(clear(prefix=rnd("unseen", 8))))
    add("another issue time", "seed", with_clear(clear(issue=run.issue ^ 1,
                                                       prefix=run.seed()[:8])))
    add("another difficulty than the seed's", "seed", with_clear(clear(difficulty=17)))
    add("from another address", "seed", good, addr16=addr16("203.0.113.99"))
    add("not solved", "solution",
        with_clear(clear(solution=puzzle.wrong(run.seed(), run.difficulty))))
    add("solution zero bits short by one", "solution",
        with_clear(clear(solution=next(
            x for x in puzzle.solutions(run.seed(), run.difficulty - 1)
            if not puzzle.solves(run.seed(), x, run.difficulty)))))

    # E_i of low order: nobody has e_i, so the rest is whatever it is.
    E_i = b"\1" + bytes(31)
    sid = hs.sid_of(E_i)
    seed = run.seed(E_i=E_i, sid=sid)
    fields = hs.Clear(E_i, seed[:8], run.issue, run.index, run.difficulty,
                      puzzle.solve(seed, run.difficulty)).pack()
    add("E_i of low order", "key",
        hs.assemble(Type.RESPONSE, sid, run.timestamp, bytes(32), fields + rnd("sealed", 128)))

    respond("seal", "first byte of the sealed part", mutate=lambda p: flipped(p, 136))
    respond("seal", "last byte of the tag", mutate=lambda p: flipped(p, 263, 0x80))
    respond("seal", "the two zero bytes of the clear part", mutate=lambda p: flipped(p, 126))
    respond("hmac", "HMAC", mutate=lambda p: flipped(p, 48))
    respond("hmac", "reserved byte 1 is covered", mutate=lambda p: flipped(p, 1))
    respond("hmac", "reserved byte 47 is covered", mutate=lambda p: flipped(p, 47))
    respond("hmac", "reserved flags are covered", mutate=lambda p: flipped(p, 2, 0x04))

    def hello(tail):
        return run.S_i + tail.ljust(80, b"\0")

    respond("tlv", "malformed TLV", plain=hello(b"\1\2\1\1"))
    respond("tlv", "TLV past the end of the list", plain=run.S_i + bytes(78) + b"\5\1")
    respond("tlv", "no length byte", plain=run.S_i + bytes(79) + b"\1")
    respond("tlv", "control character in the name", plain=hello(b"\5\3a\nb"))
    respond("tlv", "malformed TLV, and HMAC wrong: TLV comes first", plain=hello(b"\1\0"),
            mutate=lambda p: flipped(p, 48))

    # A session that is made with another psk differs in the HMAC only.
    attempt = hs.Attempt(run.s_i, run.S_r, rnd("another psk"), run.hello, run.e_i, run.timestamp,
                         run.transport)
    add("another pre-shared key", "hmac",
        attempt.response(run.challenge(issue=next(issues))).response)
    # A transcript that differs in what the CHALLENGE's zero bytes were.
    add("CHALLENGE with its two zero bytes changed", "seal",
        run.new_attempt().response(run.challenge(issue=next(issues), tail=b"\0\1")).response)
    other_transport = hs.Attempt(run.s_i, run.S_r, run.psk, run.hello, run.e_i, run.timestamp,
                                 run.transport % 3 + 1)
    add("another transport in the transcript", "seal",
        other_transport.response(run.challenge(issue=next(issues))).response)

    issue = next(issues)
    spent = flipped(run.response(issue), 200)
    add("work used once", "seal", spent)
    add("work used twice", "seal", spent)
    add("work used a third time", "spent", spent)
    add("work used up, and now a good RESPONSE", "spent", run.response(issue))
    return out


def reject_spent(run):
    issue = 77
    broken = flipped(run.response(issue), 200)
    out = []
    for n, error in enumerate(("seal", "seal", "spent")):
        out.append(dict(name="RESPONSE %d under one seed" % n, at="response", packet=broken,
                        error=error))
    return out


def handshakes():
    address = Address.of(PUB(rnd("handshake everything s_i")), 1, 2).pack()
    runs = [
        Run("plain", "192.0.2.33", hello=tlv.hello()),
        Run("IPv6, psk, name", "2001:db8::7", psk=rnd("psk"), hello=tlv.hello(b"knoten-a")),
        Run("work first", "198.51.100.4", difficulty=17, work_first=True),
        Run("everything", "2001:db8:1::9", psk=rnd("psk 2"), difficulty=18, work_first=True,
            hello=tlv.write(tlv.Tlvs(1, 65519, 0, address, b"n" * 32))),
        Run("raw IP", "192.0.2.34", transport=2),
        Run("UDP", "2001:db8::8", transport=3, psk=rnd("psk 3")),
    ]
    cases = [run.case() for run in runs]
    for name, function in (("refused INITs", reject_init),
                           ("refused CHALLENGEs", reject_challenge),
                           ("refused RESPONSEs", reject_response),
                           ("work spent", reject_spent),
                           ("CHALLENGEs with bad keys", reject_bad_key),
                           ("how often", reject_many)):
        run = Run(name, "192.0.2.35", psk=rnd("psk 4"), hello=tlv.hello(),
                  difficulty=18 if function is reject_many else 16)
        cases.append(run.case(function(run)))
    return "Handshakes, section 5", cases


# -- packet.json

def packets():
    direction = Direction(rnd("packet enc"), rnd("packet mac"), b"", 0)
    sid = rnd("packet sid", 16)
    isn = rnd64("packet isn") >> 2
    stamp = rnd64("packet stamp")
    cases = []

    def case(name, kind, plain, flags=ENCRYPTED, seq=isn, channel=0):
        header = Header(type=kind, flags=flags, seq=seq, ack=isn ^ 0xFFFF, sid=sid,
                        timestamp=stamp, length=len(plain) + 16, channel=channel)
        packet = session.seal(direction, header, plain)
        assert session.open_(direction, session.check(packet), packet) == plain
        cases.append(dict(name=name, enc=direction.enc, mac=direction.mac, type=kind, flags=flags,
                          seq=u64(seq), ack=u64(header.ack), sid=sid, timestamp=u64(stamp),
                          channel=channel, plain=plain, nonce=session.nonce(direction, seq),
                          hmac=packet[48:80], packet=packet))
        return packet

    case("first ACK", Type.ACK, tlv.hello().ljust(80, b"\0"))
    good = case("HEARTBEAT without TLVs", Type.HEARTBEAT, b"", ENCRYPTED | REQUIRE_ACK)
    case("HEARTBEAT with hello", Type.HEARTBEAT, tlv.hello(b"a"), ENCRYPTED | REQUIRE_ACK, isn + 1)
    case("HEARTBEAT with telemetry", Type.HEARTBEAT, rnd("telemetry", 56) + tlv.hello(),
         ENCRYPTED | REQUIRE_ACK | TELEMETRY)
    case("ACK of eight", Type.ACK, tlv.acked(range(isn, isn + 8)))
    case("CLOSE", Type.CLOSE, bytes(4), seq=2 ** 62 + 2 ** 28)
    case("CLOSE with a code", Type.CLOSE, b"\7\0\0\0more")
    case("DATA, IPv4", Type.DATA, inner.echo_request("10.9.0.1", "10.9.0.2", 1, 2))
    case("DATA, IPv6, urgent", Type.DATA, inner.echo_request("fd00::1", "fd00::2", 1, 2),
         ENCRYPTED | PRIORITY, seq=0)
    case("DATA of 63 bytes", Type.DATA, rnd("odd", 63))
    case("DATA of 64 bytes", Type.DATA, rnd("even", 64))
    case("DATA of 65 bytes", Type.DATA, rnd("more", 65))
    case("DATA of 1356 bytes", Type.DATA, rnd("mtu", 1356))
    case("sequence 2^64 - 1", Type.DATA, b"x", seq=2 ** 64 - 1)
    case("reserved type, other channel, all flags", Type.INTEGRITY, b"?", 0xFFFF, channel=200)
    case("COMPRESSED and FRAGMENT are authenticated", Type.DATA, b"x",
         ENCRYPTED | COMPRESSED | FRAGMENT)

    def bad(name, error, packet, enc=None, mac=None):
        cases.append(dict(name=name, enc=enc or direction.enc, mac=mac or direction.mac,
                          packet=packet, error=error))

    packet = session.seal(direction, Header(type=Type.DATA, flags=ENCRYPTED, seq=isn, sid=sid,
                                            timestamp=stamp), b"sixteen bytes   ")
    bad("cut by one byte", "length", packet[:-1])
    bad("one byte more", "length", packet + b"\0")
    bad("payload of 15 bytes", "length",
        Header(type=Type.DATA, flags=ENCRYPTED, sid=sid, length=15).leading() + bytes(32 + 15))
    bad("header only", "length",
        Header(type=Type.DATA, flags=ENCRYPTED, sid=sid, length=0).leading() + bytes(32))
    for at, what in ((0, "type"), (1, "reserved byte 1"), (2, "reserved flags"), (11, "sequence"),
                     (4, "sequence, high byte"), (19, "acknowledgment"), (20, "Session ID"),
                     (43, "timestamp"), (46, "channel"), (47, "reserved byte 47"),
                     (80, "ciphertext"), (len(packet) - 17, "ciphertext, last byte"),
                     (len(packet) - 16, "tag"), (len(packet) - 1, "tag, last byte")):
        bad("changed: " + what, "decrypt", flipped(packet, at, 4 if at in (0, 2) else 1))
    for at, what in ((48, "first"), (63, "middle"), (79, "last")):
        bad("changed: HMAC, %s byte" % what, "auth", flipped(packet, at))
    bad("changed: HMAC and tag", "decrypt", flipped(flipped(packet, 48), -1))
    bad("keys of the other direction", "decrypt", packet, rnd("other enc"), rnd("other mac"))
    bad("another encryption key", "decrypt", packet, enc=rnd("other enc"))
    # The nonce begins with the HMAC key, so another one there hides the HMAC.
    other = direction.mac[:4] + rnd("other mac")[4:]
    bad("another HMAC key with the same first four bytes", "auth", packet, mac=other)
    leading = packet[:LEADING]
    sealed = SEAL(direction.enc, session.nonce(direction, isn), leading, b"swapped it all  ")
    bad("HMAC of another plaintext", "auth", packet[:HEADER] + sealed)
    bad("HMAC over the whole header", "auth",
        leading + HMAC(direction.mac, leading + bytes(32) + b"sixteen bytes   ")
        + packet[HEADER:])
    bad("HMAC over the ciphertext", "auth",
        leading + HMAC(direction.mac, leading + packet[HEADER:]) + packet[HEADER:])
    assert good
    return "Session packets, section 6.2", cases


# -- address.json

def addresses():
    cases = []
    for name, identity, org, segment in (
            ("section 8.5", bytes(range(32)), 1, 0x0102030405060708),
            ("organisation and segment 0", rnd("address 1"), 0, 0),
            ("all ones", rnd("address 2"), 2 ** 64 - 1, 2 ** 64 - 1),
            ("segment 0x10000: low bits zero", rnd("address 3"), 42, 0x10000),
            ("organisation 2^63", rnd("address 4"), 2 ** 63, 0xABCD)):
        a = Address.of(identity, org, segment)
        assert Address.from_text(str(a)) == a and len(str(a)) == 78
        cases.append(dict(name=name, identity=identity, org=u64(org), segment=u64(segment),
                          node_id=a.node, address=a.pack(), text=str(a), ipv6=a.ipv6().packed))
    assert cases[0]["text"].endswith("C085d4a81")
    good = cases[0]["text"]

    def bad(name, text, error):
        try:
            Address.from_text(text)
        except AddressError as refusal:
            assert refusal.kind == error, name
        else:
            raise AssertionError(name)
        cases.append(dict(name=name, text=text, error=error))

    def sealed(first):
        """With a checksum that is right."""
        body = first + Address.of(bytes(32), 1, 2).pack()[4:28]
        x = (body + struct.pack(">I", zlib.crc32(body))).hex()
        return "pool1:%s-O%s-S%s-N%s-C%s" % (x[:8], x[8:24], x[24:40], x[40:56], x[56:])

    bad("empty", "", "format")
    bad("prefix only", "pool1:", "format")
    bad("another prefix", "pool2:" + good[6:], "format")
    bad("no prefix", good[6:], "format")
    bad("prefix in upper case", "POOL1:" + good[6:], "format")
    bad("upper-case digit", good.replace("dcd", "DCD"), "format")
    bad("lower-case letter of a group", good.replace("-O", "-o"), "format")
    bad("groups in another order", good.replace("-O", "-x").replace("-S", "-O")
        .replace("-x", "-S"), "format")
    bad("leading blank", " " + good, "format")
    bad("trailing blank", good + " ", "format")
    bad("trailing newline", good + "\n", "format")
    bad("one digit short", good[:-1], "format")
    bad("one digit more", good + "0", "format")
    bad("a shortened group", good.replace("O0000000000000001", "O1"), "format")
    bad("not hexadecimal", good.replace("c43366", "g43366"), "format")
    bad("a blank for a digit", good.replace("O0", "O "), "format")
    bad("0x for two digits", good.replace("O00", "O0x"), "format")
    bad("type 2", sealed(b"\x21\0\0\0"), "format")
    bad("version 2", sealed(b"\x12\0\0\0"), "format")
    bad("version 0", sealed(b"\x10\0\0\0"), "format")
    bad("reserved bit, first", sealed(b"\x11\x80\0\0"), "format")
    bad("reserved bit, last", sealed(b"\x11\0\0\1"), "format")
    bad("wrong digit in the checksum", good[:-1] + "0", "checksum")
    bad("wrong digit in the node ID", good.replace("N6", "N7"), "checksum")
    bad("wrong digit in the organisation", good.replace("1-S", "2-S"), "checksum")
    bad("two digits swapped in the segment", good.replace("S0102", "S0201"), "checksum")
    return "POOL addresses, section 8", cases


# -- replay.json

def replays():
    cases = []

    def case(name, bits, first, sequences):
        window = Window(first, bits)
        cases.append(dict(name=name, bits=bits, first=u64(first),
                          ops=[[u64(s), window.update(s)] for s in sequences]))

    base = 0x0123456789ABCDEF
    for bits in (64, 1024, 8192):
        case("edges, %d" % bits, bits, base,
             [base, base, base + 1, base - 1, base + bits, base + 1, base, base + bits - 1,
              base + 2, base + 2, base + 2 * bits + 1, base + bits + 1, base + bits + 2,
              base + bits, base + 2 * bits + 1])
        case("a far jump forgets everything, %d" % bits, bits, base,
             [base + n for n in (0, 1, 2, 10 * bits, 10 * bits - 1, 9 * bits + 1, 9 * bits,
                                 10 * bits + 1, 9 * bits + 1, 9 * bits + 2, 2)])
        case("jumps of the window's size, %d" % bits, bits, base,
             [base + n for k in range(5) for n in (k * bits, k * bits + 1, (k - 1) * bits + 1,
                                                   (k - 1) * bits + 2) if n >= 0])
    top = base + RANGE
    case("the range of an epoch", 8192, base,
         [top, top + 1, top, top - 1, top - 8191, top - 8192, base, base - 1, 0, 2 ** 64 - 1])
    case("the first sequence need not be the first heard", 64, base,
         [base + 63, base, base + 1, base, base + 64, base, base + 2])
    case("first 0", 64, 0, [0, 1, 0, 2 ** 64 - 1, 64, 63, 0, RANGE, RANGE + 1, 65])
    case("first 2^62 - 1", 64, 2 ** 62 - 1,
         [2 ** 62 - 1, 2 ** 62, 2 ** 62 - 2, 2 ** 62 - 1, 2 ** 62 - 1 + RANGE,
          2 ** 62 + RANGE])
    case("nothing is taken out of range", 64, base, [top + 1, base - 1, base, base + 1, top + 1])
    chance = random.Random(9253)
    for bits in (64, 8192):
        # Small steps, and a jump now and then.
        at, sequences = base, []
        for _ in range(150):
            at += chance.choice((1, 1, 1, 2, bits // 2, bits + 1)) if chance.random() < .4 else 0
            sequences.append(max(base, at - chance.choice((0, 1, 2, 3, bits // 2, bits - 1, bits,
                                                           bits + 1))))
        case("at random, %d" % bits, bits, base, sequences)
    return "The replay window, section 6.4", cases


FILES = dict(hkdf=hkdf, header=headers, tlv=tlvs, puzzle=puzzles, epoch=epochs,
             handshake=handshakes, packet=packets, address=addresses, replay=replays,
             rekey=rekeys, telemetry=telemetries, digest=digests, rtt=round_trips,
             loss=losses, fragment=fragments, discover=discovers, segment=segments)


def text_of(function):
    comment, cases = function()
    lines = ",\n".join("  " + json.dumps(plain_json(c), ensure_ascii=False) for c in cases)
    return '{"comment": %s,\n "cases": [\n%s\n ]}\n' % (
        json.dumps(comment + ". Made by selftests/wire/vectors.py."), lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="write nothing, compare")
    parser.add_argument("--dir", default=DIRECTORY)
    parser.add_argument("names", nargs="*", help="hkdf, header, ... (default: all)")
    args = parser.parse_args()
    bad = 0
    for name in args.names or FILES:
        path = os.path.join(args.dir, name + ".json")
        text = text_of(FILES[name])
        if args.check:
            try:
                with open(path, encoding="utf-8") as f:
                    same = f.read() == text
            except FileNotFoundError:
                same = False
            bad += not same
            print("%s: %s" % (name, "same" if same else "DIFFERS"))
        else:
            with open(path, "w", encoding="utf-8") as f:
                f.write(text)
            print("%s: %d bytes" % (path, len(text)))
    sys.exit(bool(bad))


if __name__ == "__main__":
    main()
