# SPDX-License-Identifier: GPL-2.0
"""Peers that move on datagrams, section 7.8, and those that only look so."""

import time

from pool.discover import ANSWER, LEAST, PROBE, Discover
from pool.header import REQUIRE_ACK, Header, Type
from pool.probe import quiet

from . import DATAGRAMS, scenario

SETTLED = 3.0           # when the last probe to a candidate has been sent
QUIET = 0.3             # so long nothing has to come from the old path, and a little


def only_probes(t, wire, text):
    """What has come to a candidate: probes alone, and at most three times what it sent."""
    t.expect(all(p[0] & 15 == Type.DISCOVER for p in wire.all), "%s gets probes alone" % text)
    t.expect(all(len(p) <= 512 for p in wire.all), "%s: of at most 512 bytes" % text)
    t.expect(wire.bytes_in <= 3 * wire.bytes_out, "%s: %d bytes for %d, not more than three times"
             % (text, wire.bytes_in, wire.bytes_out))


def probes_at(live, wire):
    """That were taken there."""
    return [d for d, _, w in live.discovers if w is wire and d.op == PROBE]


def candidate(t, live, wire):
    """A HEARTBEAT from there; the probe that comes back, not answered."""
    live.answers_probes = False
    before = len(probes_at(live, wire))
    live.beat(wire=wire)
    live.read(3.0, lambda: len(probes_at(live, wire)) > before, wire)
    found = probes_at(live, wire)
    t.expect(found, "a probe comes to the candidate")
    return found[-1] if found else Discover(PROBE, LEAST)


def stays(t, live, home, wire, text):
    """What the target sends goes home, though the last packet came from elsewhere."""
    if t.mine:
        before = len(live.data)
        live.send(Type.DATA, live.echo(), wire=wire)
        t.expect(live.read(3.0, lambda: len(live.data) > before, home),
                 "%s: the answer to DATA goes to the old place" % text)
    seq = live.beat(wire=wire)
    t.expect(live.answered(seq, 3.0, home), "%s: the ACK goes to the old place" % text)
    live.read(quiet(0.2), wire=wire)
    only_probes(t, wire, text)


@scenario("roam-copied", "rx-replayed:2", on=DATAGRAMS, needs=("places",))
def roam_copied(t):
    """A copied session packet comes from another place before the original: the answer goes to the
    honest place. The other one gets nothing, or if the honest end is quiet a probe of at most three
    times its bytes, and nothing more when it is heard again."""
    live = t.handshake()
    live.answers_probes = False
    home, thief = live.wire, t.elsewhere()
    # So long that three times as much would pay for every probe there is.
    packet = live.seal(Type.HEARTBEAT, bytes(400), REQUIRE_ACK)
    thief.send(packet)
    t.expect(live.answered(Header.parse(packet).seq), "the ACK goes to the honest place")
    home.send(packet)
    t.expect_alive(live)
    thief.listen_for(quiet(QUIET))
    # None, if the target had no time in between in which it was quiet.
    t.expect(len(thief.all) <= 1, "no probe while the honest end is heard")
    only_probes(t, thief, "the other place")
    before = len(thief.all)
    packet = live.seal(Type.HEARTBEAT, bytes(400), REQUIRE_ACK)
    thief.send(packet)
    t.expect(live.answered(Header.parse(packet).seq), "the ACK goes to the honest place")
    t.expect(live.read(3.0, lambda: len(thief.all) > before, thief), "a probe if it is quiet")
    home.send(packet)
    t.expect_alive(live)
    thief.listen_for(quiet(0.1))
    before = len(thief.all)
    only_probes(t, thief, "the other place")
    live.read(SETTLED)
    thief.listen_for(quiet(0.1))
    t.expect(len(thief.all) == before, "and no further one")
    t.expect_alive(live)


@scenario("roam-silent", on=DATAGRAMS, needs=("places",))
def roam_silent(t):
    """A candidate that never answers: the session stays, and so few bytes go there."""
    live = t.handshake()
    home, other = live.wire, t.elsewhere()
    candidate(t, live, other)
    stays(t, live, home, other, "a silent candidate")
    other.listen_for(SETTLED)
    only_probes(t, other, "a silent candidate")
    t.expect(1 <= len(other.all) <= 3, "at most three probes, not %d" % len(other.all))
    stays(t, live, home, other, "after the last probe")
    t.expect(live.alive(wire=home), "the session lives where it was")


@scenario("roam", on=DATAGRAMS, needs=("places",))
def roam(t):
    """A peer that moves and answers the probe: the session goes there, and back again."""
    live = t.handshake()
    home, there = live.wire, t.elsewhere()
    for to, was in (there, home), (home, there):
        live.beat(wire=to)
        t.expect(live.read(3.0, lambda to=to: probes_at(live, to), to), "a probe comes there")
        t.expect(any(live.alive(1.0, wire=to) for _ in range(4)), "the session goes there")
        was.listen_for(quiet(0.1))
        before = len(was.all)
        t.expect(live.alive(wire=to), "and stays")
        if t.mine:
            t.expect(live.ping(wire=to), "DATA goes through")
        was.listen_for(quiet(0.1))
        t.expect(len(was.all) == before, "nothing more goes to the old place")
        live.discovers.clear()
    live.wire = home


@scenario("roam-third", on=DATAGRAMS, needs=("places",))
def roam_third(t):
    """The probe of a candidate is answered from a third place: the session moves to neither."""
    live = t.handshake()
    home, other, third = live.wire, t.elsewhere(), t.elsewhere(1)
    probe = candidate(t, live, other)
    live.send(Type.DISCOVER, probe.answer().pack(), wire=third)
    stays(t, live, home, third, "the third place")
    stays(t, live, home, other, "the candidate")
    # From home it proves nothing either.
    probe = candidate(t, live, other)
    live.send(Type.DISCOVER, probe.answer().pack(), wire=home)
    stays(t, live, home, other, "a candidate whose probe was answered from the old place")
    t.expect(live.alive(wire=home), "the session lives where it was")


@scenario("roam-wrong-answer", on=DATAGRAMS, needs=("places",), also=("rx-malformed",))
def roam_wrong_answer(t):
    """The candidate answers with another id, and with another size: the session does not move.
    The right answer then moves it."""
    live = t.handshake()
    home, other = live.wire, t.elsewhere()
    probe = candidate(t, live, other)
    for wrong in (Discover(ANSWER, probe.size), Discover(ANSWER, probe.size + 1, probe.id),
                  Discover(ANSWER, 0, probe.id)):
        live.send(Type.DISCOVER, wrong.pack(), wire=other)
    seq = live.beat(wire=other)
    t.expect(live.answered(seq, 3.0, home), "the ACK goes to the old place")
    # An ACK of ours from the old place, to a HEARTBEAT that came just now, ends the candidacy.
    for _ in range(3):
        live.send(Type.DISCOVER, probe.answer().pack(), wire=other)
        moved = live.alive(1.0, wire=other)
        if moved:
            break
        probe = candidate(t, live, other)
    t.expect(moved, "the right answer moves it")
    live.wire = other


@scenario("roam-low", on=DATAGRAMS, needs=("places",))
def roam_low(t):
    """An authentic packet that is not the highest, from elsewhere: no candidate."""
    live = t.handshake()
    home, other = live.wire, t.elsewhere()
    early = live.seal(Type.HEARTBEAT, b"", REQUIRE_ACK)
    t.expect_alive(live)
    other.send(early)
    t.expect(live.answered(Header.parse(early).seq, 3.0, home), "the ACK goes to the old place")
    t.expect(not other.listen_for(quiet(0.3)), "nothing comes to the other place")


@scenario("roam-many", on=DATAGRAMS, needs=("places",))
def roam_many(t):
    """Authentic packets from many places in turn: a new candidate at most every 100 ms."""
    live = t.handshake()
    home, others = live.wire, [t.elsewhere(n) for n in range(5)]
    live.answers_probes = False
    time.sleep(QUIET)
    began = time.monotonic()
    for _ in range(10):
        for other in others:
            live.beat(wire=other)
    for other in others:
        live.read(quiet(0.2), wire=other)
    spent = time.monotonic() - began
    probes = sum(len(o.all) for o in others)
    t.notes["probes"] = probes
    # Each candidate may have had all three of its probes.
    t.expect(1 <= probes <= 3 * (1 + spent / 0.1), "%d probes in %.2f s" % (probes, spent))
    for n, other in enumerate(others):
        only_probes(t, other, "place %d" % n)
    live.read(quiet(0.3))
    t.expect(live.alive(wire=home), "the session lives where it was")


@scenario("roam-probe", on=DATAGRAMS, needs=("places",))
def roam_probe(t):
    """A candidate sends probes itself: they are answered there, within three times its bytes."""
    live = t.handshake()
    home, other = live.wire, t.elsewhere()
    live.answers_probes = False
    asked = [Discover(PROBE, size) for size in (104, 104, 300)]
    for d in asked:
        live.send(Type.DISCOVER, d.pack(), wire=other)
    live.read(quiet(0.5), wire=other)
    answers = {d.id for d, _, w in live.discovers if d.op == ANSWER and w is other}
    t.expect(answers and answers <= {d.id for d in asked}, "some are answered there")
    only_probes(t, other, "the candidate")
    t.expect(live.alive(wire=home), "the session lives where it was")
