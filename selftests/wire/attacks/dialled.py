# SPDX-License-Identifier: GPL-2.0
"""What a malicious responder can do to a target that calls it. Each scenario ends with an honest
answer to the same INIT, so the attempt must have survived."""

import functools
import os
import time

from pool import handshake as hs
from pool import puzzle
from pool.crypto import PUB, secret
from pool.header import ENCRYPTED, HEADER, REQUIRE_ACK, TELEMETRY, Header, Type
from pool.session import seal

from . import TCP, flipped
from . import scenario as any_scenario

scenario = functools.partial(any_scenario, on=TCP)


def no_response(t, fake, text, seconds=1.0):
    t.expect(fake.wait(Type.RESPONSE, seconds) is None and not fake.wire.closed,
             "%s: no RESPONSE, the connection stays" % text)


def finish(t, fake, challenge=None):
    """The honest end."""
    live = fake.complete(challenge)
    if t.expect(live is not None, "an honest CHALLENGE then completes the handshake"):
        t.lives.append(live)
        t.expect_alive(live)
    return live


@scenario("dialled", needs=("listen",))
def dialled(t):
    """The target calls an honest responder. Every field of its packets is as it has to be."""
    fake = t.accept()
    t.expect(len(fake.packet) == 152, "INIT is 152 bytes")
    h = fake.header
    t.expect(not (h.flags or h.seq or h.ack or h.channel or h.reserved1 or h.reserved47),
             "INIT: header fields are zero")
    t.expect(fake.packet[HEADER + 32:] == bytes(40), "INIT: not filled, and zero")
    t.expect(h.sid == hs.sid_of(fake.init.E_i), "INIT: Session ID")
    t.expect(abs(h.timestamp - time.time_ns()) < 5 * 10 ** 9, "INIT: the clock")
    fake.wire.send(fake.challenge())
    response = fake.wait(Type.RESPONSE)
    if not t.expect(response is not None, "RESPONSE comes"):
        return
    live = fake.accept(response)
    t.lives.append(live)
    t.expect(puzzle.solves(live.seed, live.clear.solution, 16), "its work is right")
    t.expect(live.S_i == t.S_t, "its identity")
    t.expect(live.tlvs.transports is not None and live.tlvs.transports & 1, "its TLVs say TCP")
    t.expect(response[HEADER + 46:HEADER + 48] == bytes(2), "its zero bytes")
    t.expect(not fake.wire.listen_for(0.4), "nothing more before the first ACK")
    fake.first_ack(live)
    t.expect(live.read(2.0, lambda: live.heartbeats > 0), "HEARTBEAT at once")
    beats = [Header.parse(p) for p in fake.wire.packets if p[0] & 15 == Type.HEARTBEAT]
    if beats:
        # DATA that waited may go before it.
        first = min(Header.parse(p).seq for p in fake.wire.packets if p[0] & 15 > 2)
        t.expect(first == live.session.rx.isn, "the initial sequence comes first")
        t.expect(beats[0].flags == ENCRYPTED | REQUIRE_ACK | TELEMETRY, "it has flags 0x0061")
        t.expect(beats[0].ack == live.session.tx.isn, "its acknowledgment field")
    t.expect_alive(live)
    if t.mine:
        t.expect(live.ping(), "DATA goes through")


@scenario("dialled-difficulty", "hs-difficulty:4", needs=("listen",))
def dialled_difficulty(t):
    """CHALLENGE with difficulty 0, 15, 23, 255: not solved."""
    fake = t.accept()
    for difficulty in (0, 15, 23, 255):
        fake.wire.send(fake.challenge(difficulty=difficulty, note=False))
    no_response(t, fake, "difficulty")
    finish(t, fake)


@scenario("dialled-two", needs=("listen",), also=("rx-sequence", "rx-no-session"))
def dialled_two(t):
    """Two different CHALLENGEs to one INIT: both get a RESPONSE, and one session comes of it."""
    fake = t.accept()
    fake.wire.send(fake.challenge())
    fake.wire.send(fake.challenge())
    responses = [fake.wait(Type.RESPONSE), fake.wait(Type.RESPONSE)]
    if not t.expect(all(responses), "two RESPONSEs"):
        return
    lives = [fake.accept(r) for r in responses]
    t.expect(lives[0].session.rx.isn != lives[1].session.rx.isn, "they differ")
    second = lives[1]
    t.lives.append(second)
    fake.first_ack(second)
    t.expect(second.read(2.0, lambda: second.heartbeats > 0), "the second one is confirmed")
    fake.first_ack(lives[0])
    lives[0].read(0.4)
    t.expect(not lives[0].heartbeats, "the first one is not any more")
    t.expect_alive(second)


@scenario("dialled-four", "hs-attempt", needs=("listen",))
def dialled_four(t):
    """Four different CHALLENGEs: three are answered; the same one again: none."""
    fake = t.accept()
    first = fake.challenge()
    fake.wire.send(first)
    responses = [fake.wait(Type.RESPONSE)]
    fake.wire.send(first)
    t.expect(fake.wait(Type.RESPONSE, 0.7) is None, "the same CHALLENGE again is not answered")
    for _ in range(3):
        fake.wire.send(fake.challenge())
    for _ in range(2):
        responses.append(fake.wait(Type.RESPONSE))
    t.expect(all(responses), "three RESPONSEs")
    t.expect(fake.wait(Type.RESPONSE, 1.0) is None, "not a fourth")
    live = responses[-1] and fake.accept(responses[-1])
    if t.expect(live, "the third is sound"):
        fake.first_ack(live)
        t.lives.append(live)
        t.expect(live.read(2.0, lambda: live.heartbeats > 0), "and is confirmed")


@scenario("dialled-prove-work", needs=("listen",))
def dialled_prove_work(t):
    """"Prove work first": a filled INIT comes, with work that is right, and then a RESPONSE."""
    fake = t.accept()
    seed = os.urandom(32)
    asked = fake.challenge(full=False, seed=seed, difficulty=17)
    c = hs.Challenge.unpack(asked[HEADER:])
    fake.wire.send(asked)
    packet = fake.wait(Type.INIT)
    if not t.expect(packet is not None, "a filled INIT comes"):
        return
    init = hs.Init.unpack(packet[HEADER:])
    t.expect((init.E_i, init.issue, init.index, init.difficulty, init.prefix)
             == (fake.init.E_i, c.issue, c.index, c.difficulty, c.seed[:8]),
             "with what the CHALLENGE said")
    t.expect(puzzle.solves(seed, init.solution, 17), "and a solution")
    t.expect(packet[36 + HEADER + 2:HEADER + 40] == bytes(2) and packet[-16:] == bytes(16),
             "and zeros")
    header = Header.parse(packet)
    t.expect((header.sid, header.timestamp) == (fake.header.sid, fake.header.timestamp),
             "the same attempt")
    live = finish(t, fake, fake.challenge(seed=seed, difficulty=17))
    if live:
        t.notes["solved_once"] = live.clear.solution == init.solution


@scenario("dialled-prove-work-twice", "hs-attempt", needs=("listen",))
def dialled_prove_work_twice(t):
    """A second "prove work first" is not answered, and does no harm."""
    fake = t.accept()
    seed = os.urandom(32)
    fake.wire.send(fake.challenge(full=False, seed=seed))
    t.expect(fake.wait(Type.INIT) is not None, "a filled INIT comes")
    fake.wire.send(fake.challenge(full=False))
    t.expect(fake.wait(Type.INIT, 1.0) is None, "a second one does not")
    finish(t, fake, fake.challenge(seed=seed))


@scenario("dialled-corrupt", "hs-hmac:4", "hs-attempt:2", "hs-key:2", "hs-type:4", needs=("listen",))
def dialled_corrupt(t):
    """CHALLENGEs that are forged, for another attempt, with low-order keys, with fields set."""
    fake = t.accept()
    good = fake.challenge(note=False)
    for packet in (
            fake.challenge(note=False, key=hs.key_challenge(fake.init.E_i, PUB(secret()))),
            fake.challenge(note=False, key=hs.key_challenge(PUB(secret()), t.public)),
            flipped(good, 100), flipped(good, 47),
            fake.challenge(note=False, sid=os.urandom(16)),
            fake.challenge(note=False, timestamp=fake.header.timestamp + 1),
            fake.challenge(note=False, E_r=b"\1" + bytes(31)),
            fake.challenge(note=False, E_r=bytes.fromhex(
                "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f")),
            fake.challenge(note=False, flags=1), fake.challenge(note=False, seq=1),
            fake.challenge(note=False, ack=1), fake.challenge(note=False, channel=1)):
        fake.wire.send(packet)
    no_response(t, fake, "corrupt", 1.5)
    finish(t, fake)


@scenario("dialled-elsewhere", "hs-attempt", needs=("listen",))
def dialled_elsewhere(t):
    """The right CHALLENGE, delivered on another connection: dropped."""
    fake = t.accept()
    challenge = fake.challenge()
    other = t.connect()
    other.send(challenge)
    t.expect_silence(other, "on another connection")
    no_response(t, fake, "on another connection", 0.5)
    finish(t, fake, challenge)


@scenario("dialled-impostor", needs=("listen",), also=("rx-sequence", "rx-no-session"))
def dialled_impostor(t):
    """A responder that does not have the identity: it gets a RESPONSE, cannot open it, and nothing
    it sends confirms a session."""
    fake = t.accept()
    fake.wire.send(fake.challenge())
    response = fake.wait(Type.RESPONSE)
    if not t.expect(response is not None, "a RESPONSE comes"):
        return
    live = fake.accept(response)        # only to know the range of sequences
    keys = type(live.session.tx)(secret(), secret(), b"", 0)
    for seq in (0, live.session.tx.isn + 2 ** 40):
        fake.wire.send(seal(keys, live.session.header(Type.ACK, seq=seq), bytes(80)))
    live.read(0.5)
    t.expect(not live.heartbeats, "no HEARTBEAT")
    t.expect(not fake.wire.closed, "the connection stays")
    fake.first_ack(live)
    t.lives.append(live)
    t.expect(live.read(2.0, lambda: live.heartbeats > 0), "the true ACK still confirms")


@scenario("dialled-late-ack", needs=("listen",), slow=True)
def dialled_late_ack(t):
    """The first ACK comes after 8 s, within the attempt: taken."""
    fake = t.accept()
    fake.wire.send(fake.challenge())
    response = fake.wait(Type.RESPONSE)
    live = response and fake.accept(response)
    if not t.expect(live, "a RESPONSE comes"):
        return
    t.lives.append(live)
    time.sleep(8 * t.unproven_time / 10)
    fake.first_ack(live)
    t.expect(live.read(2.0, lambda: live.heartbeats > 0), "it is confirmed")


@scenario("dialled-restarted", needs=("listen",), slow=True, also=("rx-no-session",))
def dialled_restarted(t):
    """The connection of a confirmed session breaks, and on the next one nobody knows the
    session: a handshake starts on the same connection within about 3 s."""
    fake = t.accept()
    live = fake.complete()
    if not t.expect(live is not None, "a session"):
        return
    live.wire.reset()
    wire = t.accept_again()
    end = time.monotonic() + 8
    packet = None
    while time.monotonic() < end and not wire.closed:
        packet = wire.recv(1.0)
        if packet and packet[0] & 15 == Type.INIT:
            break
    if t.expect(packet and packet[0] & 15 == Type.INIT, "an INIT comes on it"):
        again = type(fake)(t, wire, packet)
        finish(t, again)


@scenario("dialled-no-ack", needs=("listen",), slow=True)
def dialled_no_ack(t):
    """Neither a CHALLENGE nor a first ACK comes: the attempt ends within 12 s, a new one has
    another key and a higher timestamp."""
    fake = t.accept()
    again = t.accept(25.0)
    t.expect(again.init.E_i != fake.init.E_i, "another key")
    t.expect(again.header.timestamp > fake.header.timestamp, "a higher timestamp")
    finish(t, again)


@scenario("dialled-reattach", needs=("listen",))
def dialled_reattach(t):
    """The connection of a confirmed session breaks: the target calls again and goes on with the
    session, HEARTBEAT first, without a handshake."""
    fake = t.accept()
    live = fake.complete()
    if not t.expect(live is not None, "a session"):
        return
    t.lives.append(live)
    live.wire.reset()
    for _ in range(3):
        if t.trigger:
            t.trigger()
    wire = t.accept_again()
    packet = wire.recv(3.0)
    if not t.expect(packet is not None and packet[0] & 15 == Type.HEARTBEAT,
                    "the first packet on the new connection is a HEARTBEAT"):
        return
    t.expect(Header.parse(packet).sid == live.session.sid, "of the same session")
    t.expect(not wire.listen_for(0.5), "no DATA before something authentic has come")
    live.wire = wire
    live.take(packet)
    t.expect_alive(live)
    if t.trigger:
        t.expect(live.read(3.0, lambda: bool(live.data)), "then DATA")
