# SPDX-License-Identifier: GPL-2.0
"""RESPONSE, sections 5.1 and 5.5."""

import os
import time

from pool import handshake as hs
from pool import puzzle
from pool.crypto import secret
from pool.header import HEADER, REQUIRE_ACK, Type
from pool.probe import quiet

from . import TCP, flipped, scenario


def challenged(t, **changes):
    """(attempt, CHALLENGE packet, CHALLENGE); its work is good on any connection of ours."""
    attempt = t.attempt(**changes)
    packet = t.challenge(t.connect(), attempt)
    return attempt, packet, hs.Challenge.unpack(packet[HEADER:])


def refused(t, packet, text, paid=False, wire=None):
    """A RESPONSE on a fresh connection is refused."""
    wire = wire or t.connect()
    if paid:
        t.respond(wire, packet)
    else:
        wire.send(packet)
    t.expect_refused(wire, text)


def with_clear(t, text, **changes):
    """A RESPONSE whose clear part is wrong in one thing."""
    attempt, packet, c = challenged(t)
    clear = attempt.clear(c)
    for name, value in changes.items():
        setattr(clear, name, value(c) if callable(value) else value)
    refused(t, attempt.response(packet, clear).response, text)


@scenario("response-difficulty", "hs-difficulty:4")
def response_difficulty(t):
    """RESPONSE with difficulty 0, 15, 23, 255."""
    attempt, packet, c = challenged(t)
    for difficulty in (0, 15, 23, 255):
        clear = attempt.clear(c)
        clear.difficulty = difficulty
        refused(t, attempt.response(packet, clear).response, "difficulty %d" % difficulty)


@scenario("response-seed", "hs-seed:3")
def response_seed(t):
    """RESPONSE with a seed that was never issued, and with another issue time."""
    with_clear(t, "unseen seed", prefix=os.urandom(8))
    with_clear(t, "another issue time", issue=lambda c: c.issue ^ 0x100)
    with_clear(t, "another difficulty", difficulty=lambda c: c.difficulty + 1)


@scenario("response-secret", "hs-secret")
def response_secret(t):
    """RESPONSE that names a challenge secret that does not live."""
    with_clear(t, "secret", index=lambda c: (c.index + 100) % 256)


@scenario("response-solution", "hs-solution:2")
def response_solution(t):
    """RESPONSE with a wrong solution, and with one that is a bit short."""
    with_clear(t, "wrong", solution=lambda c: puzzle.wrong(c.seed, c.difficulty))
    with_clear(t, "a bit short", solution=lambda c: next(
        x for x in puzzle.solutions(c.seed, c.difficulty - 1)
        if not puzzle.solves(c.seed, x, c.difficulty)))


@scenario("response-other-key", "hs-seed", "hs-sid")
def response_other_key(t):
    """A solution used with another ephemeral key, with its Session ID and with the old one."""
    attempt, packet, c = challenged(t)
    other = t.attempt(timestamp=attempt.timestamp)
    clear = attempt.clear(c)
    clear.E_i = other.E_i
    refused(t, other.response(packet, clear).response, "its own Session ID")
    refused(t, other.response(packet, clear, sid=attempt.sid).response, "the Session ID of the first")


@scenario("response-spent", "hs-seal:2", "hs-spent:2")
def response_spent(t):
    """Work buys two RESPONSEs: the third is refused before any curve operation, even a sound one."""
    attempt, packet, _ = challenged(t)
    good = attempt.response(packet).response
    refused(t, flipped(good, 200), "first", paid=True)
    refused(t, flipped(good, 201), "second", paid=True)
    refused(t, flipped(good, 202), "third")
    refused(t, good, "fourth, sound")


@scenario("response-timestamp", "hs-seed:2")
def response_timestamp(t):
    """RESPONSE with another timestamp than its INIT's."""
    attempt, packet, _ = challenged(t)
    for step in (1, 10 ** 9):
        refused(t, attempt.response(packet, timestamp=attempt.timestamp + step).response,
                "%d ns later" % step)


@scenario("response-fields", "hs-type:4")
def response_fields(t):
    """RESPONSE with flags, sequence, acknowledgment or channel set."""
    attempt, packet, _ = challenged(t)
    for change in (dict(flags=1), dict(seq=1), dict(ack=1), dict(channel=1)):
        refused(t, attempt.response(packet, **change).response, "%s" % change)


@scenario("response-length", "hs-length|rx-length:2",
          also=("rx-length",))
def response_length(t):
    """RESPONSE whose length cannot be."""
    attempt, packet, _ = challenged(t)
    for length in (72, 183):
        refused(t, attempt.response(packet, length=length).response, "%d bytes" % length)


@scenario("response-unknown", "hs-unknown-peer")
def response_unknown(t):
    """RESPONSE of an identity that is not configured."""
    attempt, packet, _ = challenged(t, s_i=secret())
    refused(t, attempt.response(packet).response, "unknown", paid=True)


@scenario("response-own-key", "hs-unknown-peer")
def response_own_key(t):
    """RESPONSE that claims the target's own identity."""
    attempt, packet, _ = challenged(t)
    refused(t, attempt.response(packet, plain=t.S_t + bytes(80)).response, "own key", paid=True)


@scenario("response-claims", "hs-psk|hs-hmac")
def response_claims(t):
    """RESPONSE of a stranger that claims a configured identity."""
    attempt, packet, _ = challenged(t, s_i=secret())
    refused(t, attempt.response(packet, plain=t.public + bytes(80)).response, "impostor",
            paid=True)


@scenario("response-psk", "hs-psk")
def response_psk(t):
    """RESPONSE with another pre-shared key."""
    attempt, packet, _ = challenged(t, psk=os.urandom(32))
    refused(t, attempt.response(packet).response, "psk", paid=True)


@scenario("response-hmac", "hs-psk|hs-hmac:2")
def response_hmac(t):
    """RESPONSE with a bit of its HMAC, or of a reserved header byte, changed."""
    attempt, packet, _ = challenged(t)
    good = attempt.response(packet).response
    refused(t, flipped(good, 79), "HMAC", paid=True)
    refused(t, flipped(good, 47), "reserved byte", paid=True)


@scenario("response-seal", "hs-seal:2")
def response_seal(t):
    """RESPONSE with a bit of the sealed part, or of the zero bytes before it, changed."""
    attempt, packet, _ = challenged(t)
    good = attempt.response(packet).response
    refused(t, flipped(good, 136), "sealed part", paid=True)
    refused(t, flipped(good, 126), "zero bytes", paid=True)


@scenario("response-tlv", "hs-tlv:2")
def response_tlv(t):
    """RESPONSE with malformed TLVs."""
    attempt, packet, _ = challenged(t)
    refused(t, attempt.response(packet, plain=t.public + b"\1\2\1\1".ljust(80, b"\0")).response,
            "wrong length", paid=True)
    refused(t, attempt.response(packet, plain=t.public + bytes(78) + b"\5\1").response,
            "past the end", paid=True)


@scenario("response-tlv-odd")
def response_tlv_odd(t):
    """RESPONSE with TLVs 6, 7, 8, unknown ones, and of full length: accepted."""
    hello = (t.hello + b"\6\x08" + bytes(8) + b"\7\x08\3" + bytes(7) + b"\x08\1\1" + b"\x7f\2ab")
    t.expect_alive(t.handshake(hello=hello.ljust(78, b"\0") + b"\x63\0"))


@scenario("response-low-order", "hs-key")
def response_low_order(t):
    """RESPONSE with an ephemeral key of low order, and honest work for it."""
    attempt = t.attempt()
    attempt.E_i = b"\1" + bytes(31)
    attempt.sid = hs.sid_of(attempt.E_i)
    c = hs.Challenge.unpack(t.challenge(t.connect(), attempt)[HEADER:])
    packet = hs.assemble(Type.RESPONSE, attempt.sid, attempt.timestamp, os.urandom(32),
                         attempt.clear(c).pack() + os.urandom(128))
    refused(t, packet, "low order", paid=True)


@scenario("response-replayed", "hs-replayed", "hs-spent")
def response_replayed(t):
    """RESPONSE again, while its session lives: refused, and the session goes on."""
    live = t.handshake()
    refused(t, live.candidate.response, "replay", paid=True)
    t.expect_alive(live)
    refused(t, live.candidate.response, "second replay")
    t.expect_alive(live)
    if t.mine:
        t.expect(live.ping(), "DATA goes through")


@scenario("response-replayed-proven", "hs-replayed")
def response_replayed_proven(t):
    """The same on the session's own connection, which is proven and stays."""
    live = t.handshake()
    t.respond(live.wire, live.candidate.response)
    t.expect(live.wire.stays(), "the connection stays")
    t.expect_alive(live)


@scenario("response-replayed-after", "hs-replayed")
def response_replayed_after(t):
    """RESPONSE again after its session was closed."""
    live = t.handshake()
    live.end()
    refused(t, live.candidate.response, "replay", paid=True)


@scenario("response-replayed-removed", "hs-secret|hs-seed|hs-solution", needs=("pause",),
          also=("rx-no-session",))
def response_replayed_removed(t):
    """RESPONSE again after the peer was removed and added anew: its secret is gone."""
    live = t.handshake()
    t.pause()
    refused(t, live.candidate.response, "replay")
    live.wire = t.connect()
    t.expect(not live.alive(1.0), "the session is gone")


@scenario("response-late", "hs-replayed")
def response_late(t):
    """RESPONSE withheld until a later handshake has succeeded."""
    wire, _, candidate = t.prepare()
    live = t.handshake()
    refused(t, candidate.response, "late", paid=True, wire=wire)
    t.expect_alive(live)
    if t.mine:
        t.expect(live.ping(), "DATA goes through")


@scenario("response-late-many")
def response_late_many(t):
    """Five RESPONSEs made after the live session began, delivered and never confirmed: neither
    the session in use nor its connection is displaced."""
    live = t.handshake()
    ready = [t.prepare() for _ in range(5)]
    for wire, attempt, candidate in ready:
        t.respond(wire, candidate.response)
        late = t.live(wire, attempt, candidate)
        t.expect(late.read(3.0, lambda late=late: bool(late.acks)), "it is accepted")
    t.expect(live.wire.stays(quiet(0.1)), "the connection of the session in use stays")
    t.expect_alive(live)
    if t.mine:
        t.expect(live.ping(), "the answer to DATA comes on the confirmed session")


@scenario("squat", "hs-sid-used:2", needs=("second",))
def squat(t):
    """A second handshake with the e_i of a live session, by its own peer and by another."""
    live = t.handshake()
    for who, s_i in ("the peer", t.secret), ("another peer", t.second):
        wire = t.connect()
        attempt = t.attempt(e_i=live.attempt.e_i, s_i=s_i)
        candidate = attempt.response(t.challenge(wire, attempt))
        refused(t, candidate.response, who, paid=True, wire=wire)
        t.expect_alive(live)


@scenario("squat-blind", "hs-seal")
def squat_blind(t):
    """The same by one who saw E_i and does not know e_i."""
    live = t.handshake()
    wire = t.connect()
    attempt = t.attempt()
    attempt.E_i, attempt.sid = live.attempt.E_i, live.attempt.sid
    c = hs.Challenge.unpack(t.challenge(wire, attempt)[HEADER:])
    packet = hs.assemble(Type.RESPONSE, attempt.sid, attempt.timestamp, os.urandom(32),
                         attempt.clear(c).pack() + os.urandom(128))
    refused(t, packet, "squatter", paid=True, wire=wire)
    t.expect_alive(live)


@scenario("first-ack-lost")
def first_ack_lost(t):
    """The first ACK is lost and RESPONSE repeated, on the same connection: a new ACK, but one
    per 200 ms; no more curve operations."""
    live = t.unconfirmed()
    isn = live.session.rx.isn
    header, _ = live.acks[0]
    t.expect(header.seq == isn, "the first ACK has the initial sequence")
    t.expect(header.flags == 1 and header.channel == 0, "it has the flag ENCRYPTED alone")
    t.expect(header.ack == (live.session.tx.isn - 1) % 2 ** 64, "its acknowledgment field")
    t.expect(header.length == 96, "it is 176 bytes long")
    time.sleep(0.3)
    for _ in range(5):
        live.wire.send(live.candidate.response)
    live.read(2.0, lambda: len(live.acks) > 1)
    live.read(quiet(0.15))
    t.expect([h.seq for h, _ in live.acks] == [isn, isn + 1], "one ACK for five, next sequence")
    time.sleep(0.3)
    live.wire.send(live.candidate.response)
    t.expect(live.read(2.0, lambda: len(live.acks) == 3), "and another one later")
    t.expect_alive(live)


@scenario("first-ack-lost-elsewhere", "conn-not-allowed", on=TCP)
def first_ack_lost_elsewhere(t):
    """RESPONSE is repeated on another connection, as anybody could who saw it: the answer
    goes where the session is, and the other connection is proven by nothing."""
    live = t.unconfirmed()
    time.sleep(0.3)
    wire = t.connect()
    wire.send(live.candidate.response)
    t.expect(live.read(2.0, lambda: len(live.acks) == 2), "another ACK comes, on the first one")
    live.send(Type.ACK, b"", wire=wire)
    t.expect(wire.closes(), "an ACK may not come there, as it is not proven")
    t.expect_alive(live)


@scenario("confirm-refused", "rx-type", "hs-replayed")
def confirm_refused(t):
    """A packet that verifies confirms, even if it is dropped for its content: the same
    RESPONSE is then no repetition any more."""
    live = t.unconfirmed()
    seq = live.send(Type.JOURNAL, b"", REQUIRE_ACK)
    time.sleep(0.3)
    t.respond(live.wire, live.candidate.response)
    t.expect(not live.read(quiet(0.5), lambda: len(live.acks) > 1), "no ACK for the RESPONSE")
    t.expect(seq not in live.acked, "no ACK for the JOURNAL")
    t.expect_alive(live)


@scenario("confirm-by-data", needs=("inner",))
def confirm_by_data(t):
    """DATA as the first packet confirms, and is delivered."""
    live = t.unconfirmed()
    t.expect(live.ping(), "it is answered")


@scenario("unconfirmed-expires", "rx-no-session", slow=True)
def unconfirmed_expires(t):
    """A session that is not confirmed within 10 s is gone."""
    live = t.unconfirmed()
    time.sleep(t.unconfirmed_time + 1)
    if live.wire.closed:
        live.wire = t.connect()
    t.expect(not live.alive(1.0), "it is gone")


@scenario("superseded", also=("rx-no-session",))
def superseded(t):
    """A second session takes over: DATA comes on it, and the first one still receives."""
    one, two = t.handshake(), t.handshake()
    t.expect_alive(one, "the first")
    t.expect_alive(two, "the second")
    if t.mine:
        one.send(Type.DATA, one.echo())
        t.expect(two.read(3.0, lambda: bool(two.data)),
                 "the answer to DATA on the first comes on the second")
        t.expect(two.ping(), "DATA on the second")


@scenario("five-sessions", "rx-no-session:2")
def five_sessions(t):
    """At most three sessions per peer: of five on one connection the last three live."""
    wire = t.connect()
    lives = [t.handshake(wire) for _ in range(5)]
    for n in (0, 1):
        t.expect(not lives[n].alive(quiet(0.7)), "session %d is gone" % n)
        lives[n].ended = True
    for n in (2, 3, 4):
        t.expect_alive(lives[n], "session %d" % n)
