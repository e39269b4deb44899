# SPDX-License-Identifier: GPL-2.0
"""Rekey, section 6.14: an honest one in each role, and every REKEY that must not be taken."""

import os
import time

from pool import tlv
from pool.crypto import PUB, secret
from pool.header import ENCRYPTED, REQUIRE_ACK, Header, Type
from pool.probe import Unfit
from pool.rekey import ANSWER, OFFER, Rekey
from pool.session import Session

from . import TCP, scenario
from .session import expect_ignored

LOW_ORDER = (bytes(32), b"\1" + bytes(31),
             bytes.fromhex("e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800"),
             bytes.fromhex("5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157"),
             bytes.fromhex("ec" + "ff" * 30 + "7f"))


def somebody():
    """An ephemeral key."""
    return PUB(secret())


def fresh(t):
    """A session in epoch 0, with the target's offer of epoch 1."""
    wire = t.connect()
    wire.rekeys = True
    live = t.handshake(wire)
    offer = live.offered()
    if offer is None:
        raise Unfit("no offer of epoch 1 after the handshake")
    return live, offer


def in_epoch_1(t):
    """The target's offer is answered; it has no running one now."""
    live, offer = fresh(t)
    live.answer(offer)
    if not live.read(3.0, lambda: live.session.epoch == 1) or not live.alive():
        raise Unfit("our answer to the offer of epoch 1 was not taken")
    return live


def expect_epoch(t, live, epoch, text="both ends"):
    """Both send in that epoch, and take what the other sends."""
    live.alive()                # what was under way has come then
    before = len(live.came)
    if t.expect(live.alive(), "%s: the session lives" % text):
        t.expect(live.session.epoch == epoch
                 and all(e == epoch for _, e in live.came[before:]),
                 "%s: in epoch %d" % (text, epoch))


def expect_refused(t, live, text, step, epoch, ephemeral=None):
    """That REKEY is dropped, neither answered nor acknowledged; the session goes on. The target
    may repeat in that time what it has answered before."""
    before = len(live.rekeys)
    known = [r for _, r, _ in live.rekeys]
    expect_ignored(t, live, live.rekey, text, step=step, epoch=epoch,
                   ephemeral=ephemeral or somebody())
    new = [r for _, r, _ in live.rekeys[before:]]
    t.expect(not any(r.step == ANSWER and r not in known for r in new), "%s: not answered" % text)


@scenario("rekey-offered")
def rekey_offered(t):
    """The responder offers epoch 1 right after the handshake; the answer is taken, and an ACK
    for it comes at once in the new epoch. Every field is as it has to be."""
    live, offer = fresh(t)
    header, _, came_in = live.rekeys[0]
    t.expect(header.flags == ENCRYPTED | REQUIRE_ACK and header.channel == 0
             and not header.reserved1 and not header.reserved47, "flags 0x0021, channel 0")
    t.expect(header.length == 40 + 16, "40 bytes of plaintext")
    t.expect((offer.step, offer.epoch, came_in) == (OFFER, 1, 0), "an offer of epoch 1, in epoch 0")
    seq = live.answer(offer)
    if not t.expect(live.read(3.0, lambda: live.session.epoch == 1), "the answer is taken"):
        return
    # Its clock may have something to say in the new epoch too, before or behind it.
    if not t.expect(live.answered(seq), "an ACK for the answer comes"):
        return
    header = next(h for h, t_ in live.acks if seq in t_.acked)
    isn = live.session.rx.isn
    t.expect(isn <= header.seq < isn + 3, "among the first packets of epoch 1")
    t.expect(header.ack >= seq, "and its header has heard of the answer")
    expect_epoch(t, live, 1)
    if t.mine:
        t.expect(live.ping(), "DATA goes through")


@scenario("rekey-offer", also=("rx-rekey",))
def rekey_offer(t):
    """We offer epoch 2 and then 3: the target answers, goes on in the old epoch until it hears
    the new one, and is then in it at once."""
    live = in_epoch_1(t)
    for epoch in (2, 3):
        r = live.offer()
        if not t.expect(r is not None, "an answer for epoch %d" % epoch):
            return
        header, _, came_in = live.rekeys[-1]
        t.expect(header.flags == ENCRYPTED | REQUIRE_ACK and header.length == 56 and came_in
                 == epoch - 1, "flags 0x0021, 40 bytes, in epoch %d" % (epoch - 1))
        before = len(live.came)
        t.expect(live.alive(), "before we switch the session lives")
        t.expect(all(e == epoch - 1 for _, e in live.came[before:]),
                 "the target sends in epoch %d until we switch" % (epoch - 1))
        live.switch(r)
        before = len(live.came)
        live.send(Type.ACK, b"")
        t.expect(live.read(2.0, lambda n=before: len(live.came) > n)
                 and live.came[before] == (Type.ACK, epoch),
                 "an ACK in epoch %d as soon as it hears us there" % epoch)
        expect_epoch(t, live, epoch)
        if t.mine:
            t.expect(live.ping(), "DATA goes through in epoch %d" % epoch)


@scenario("rekey-repeated")
def rekey_repeated(t):
    """An offer that is not answered is repeated after 1, 2 and 4 s, as a new packet with the
    same ephemeral; the session goes on, and a late answer is taken."""
    live, offer = fresh(t)
    live.read(4.0, lambda: len(live.rekeys) >= 3)
    t.expect(len(live.rekeys) >= 3, "it is repeated")
    t.expect(len({r.ephemeral for _, r, _ in live.rekeys}) == 1, "with the same ephemeral")
    t.expect(len({h.seq for h, _, _ in live.rekeys}) == len(live.rekeys), "as new packets")
    expect_epoch(t, live, 0, "meanwhile")
    live.answer(offer)
    t.expect(live.read(3.0, lambda: live.session.epoch == 1), "a late answer is taken")
    expect_epoch(t, live, 1)


@scenario("rekey-same-offer", also=("rx-rekey",))
def rekey_same_offer(t):
    """The same offer again, as a new packet: the same answer again."""
    live = in_epoch_1(t)
    first = live.offer()
    if not t.expect(first is not None, "an answer"):
        return
    time.sleep(1.1)
    second = live.offer_again(live.rekeyer.offer.plain)
    t.expect(second == first, "the same answer")
    live.switch(first)
    expect_epoch(t, live, 2)


@scenario("rekey-replayed", "rx-replayed:2", "rx-sequence")
def rekey_replayed(t):
    """The bytes of an offer and of an answer again: dropped by the replay window while the epoch
    is live, and by their sequence when it is retired."""
    live, offer = fresh(t)
    plain = live.rekeyer.take(offer, 0, time.monotonic())
    answer = live.seal(Type.REKEY, plain, REQUIRE_ACK)
    live.wire.send_all([answer] * 2)
    t.expect(live.read(3.0, lambda: live.session.epoch == 1), "the answer is taken")
    expect_epoch(t, live, 1)
    plain = live.rekeyer.start(time.monotonic())
    packet = live.seal(Type.REKEY, plain, REQUIRE_ACK)
    live.wire.send_all([packet] * 2)
    t.expect(live.read(3.0, lambda: bool(live.answers())), "the offer is answered")
    live.read(0.3)
    t.expect(len(live.answers()) == 1, "once")
    live.switch(live.answers()[0])
    expect_epoch(t, live, 2)
    time.sleep(1.5)
    before = len(live.rekeys)
    live.wire.send(packet)
    live.read(0.3)
    t.expect(len(live.rekeys) == before, "no answer to it in epoch 2")
    expect_epoch(t, live, 2)


@scenario("rekey-wrong-epoch", "rx-rekey:5")
def rekey_wrong_epoch(t):
    """Offers of any epoch but the next: dropped, not acknowledged."""
    live = in_epoch_1(t)
    for epoch in (0, 1, 3, 4, 2 ** 32 - 1):
        expect_refused(t, live, "an offer of epoch %d" % epoch, OFFER, epoch)
    t.expect(live.rekey_whole(), "an offer of epoch 2 is taken")
    expect_epoch(t, live, 2)


@scenario("rekey-unasked", "rx-rekey:4")
def rekey_unasked(t):
    """Answers that nobody asked for, and of another epoch than was offered: dropped."""
    live, offer = fresh(t)
    for epoch in (0, 2):
        expect_refused(t, live, "an answer of epoch %d to an offer of 1" % epoch, ANSWER, epoch)
    live.answer(offer)
    t.expect(live.read(3.0, lambda: live.session.epoch == 1), "the sound answer is taken")
    for epoch in (1, 2):
        expect_refused(t, live, "an answer of epoch %d, unasked" % epoch, ANSWER, epoch)
    expect_epoch(t, live, 1)


@scenario("rekey-answered-twice", "rx-rekey:1")
def rekey_answered_twice(t):
    """A second answer in epoch 0: with another key it is dropped, the same again is acknowledged
    and has no effect; the first one counts."""
    live, offer = fresh(t)
    old, first = live.session.sending, live.session.tx
    live.answer(offer)
    seq = live.session.next_seq
    same = Rekey(ANSWER, 1, live.rekeyer.answer and Rekey.unpack(live.rekeyer.answer.plain)
                 .ephemeral or bytes(32)).pack()
    other = Rekey(ANSWER, 1, somebody()).pack()
    live.wire.send_all([live.sealed_in(first, seq, Type.REKEY, other, REQUIRE_ACK),
                        live.sealed_in(first, seq + 1, Type.REKEY, same, REQUIRE_ACK)])
    old.next_seq += 2
    t.expect(live.read(3.0, lambda: live.session.epoch == 1), "the first answer is taken")
    live.read(0.3)
    t.expect(seq not in live.acked, "another is not acknowledged")
    t.expect(live.answered(seq + 1), "the same again is")
    expect_epoch(t, live, 1)


@scenario("rekey-other-offer", "rx-rekey:2")
def rekey_other_offer(t):
    """A second, different offer for the same epoch: dropped; the first one is completed."""
    live = in_epoch_1(t)
    r = live.offer()
    if not t.expect(r is not None, "the first is answered"):
        return
    for ephemeral in (bytes([1]) * 32, b"\xff" * 31 + b"\x3f"):
        expect_refused(t, live, "another offer of epoch 2", OFFER, 2, ephemeral)
    live.switch(r)
    expect_epoch(t, live, 2)


@scenario("rekey-malformed", "rx-tlv|rx-malformed:8")
def rekey_malformed(t):
    """A step that is none, and less than 40 bytes: dropped, not acknowledged. More than 40 bytes,
    and anything in bytes 1 to 3: accepted."""
    live = in_epoch_1(t)
    good = Rekey(OFFER, 2, somebody()).pack()
    for text, plain in [("step %d" % n, bytes([n]) + good[1:]) for n in (0, 3, 129, 255)] + [
            ("%d bytes" % n, good[:n]) for n in (0, 1, 8, 39)]:
        expect_ignored(t, live, live.send, text, kind=Type.REKEY, plain=plain, flags=REQUIRE_ACK)
    plain = live.rekeyer.start(time.monotonic())
    odd = plain[:1] + b"\xff\1\x80" + plain[4:] + os.urandom(60)
    r = live.offer_again(odd)
    if t.expect(r is not None, "bytes 1 to 3 and behind 40 are ignored"):
        live.switch(r)
        expect_epoch(t, live, 2)


@scenario("rekey-low-order", "rx-rekey|hs-key:9")
def rekey_low_order(t):
    """Ephemerals of low order, in an answer and in an offer: dropped, and a sound one is taken
    afterwards."""
    live, offer = fresh(t)
    for n, ephemeral in enumerate(LOW_ORDER):
        expect_refused(t, live, "answer of low order, %d" % n, ANSWER, 1, ephemeral)
    live.read(1.2, lambda: False)       # what costs curve operations may come once a second
    live.answer(offer)
    t.expect(live.read(3.0, lambda: live.session.epoch == 1), "a sound answer is taken")
    expect_epoch(t, live, 1)
    for n, ephemeral in enumerate(LOW_ORDER):
        expect_refused(t, live, "offer of low order, %d" % n, OFFER, 2, ephemeral)
    live.read(1.2, lambda: False)
    t.expect(live.rekey_whole(), "a sound offer is taken")
    expect_epoch(t, live, 2)


@scenario("rekey-flood", "rx-rekey:100")
def rekey_flood(t):
    """Hundreds of different offers for one epoch: one is answered, however they come; and
    hundreds of the same: the session goes on."""
    live = in_epoch_1(t)
    plain = live.rekeyer.start(time.monotonic())
    first = live.offer_again(plain)
    if not t.expect(first is not None, "the first is answered"):
        return
    count = min(t.flood, 300)
    keys = [os.urandom(31) + b"\1" for _ in range(count)]
    live.wire.send_all([live.seal(Type.REKEY, Rekey(OFFER, 2, k).pack(), REQUIRE_ACK)
                        for k in keys])
    expect_epoch(t, live, 1, "after many different offers")
    t.expect(set(live.answers()) == {first}, "only one is answered")
    before = len(live.answers())
    live.wire.send_all([live.seal(Type.REKEY, plain, REQUIRE_ACK) for _ in range(count)])
    expect_epoch(t, live, 1, "after the same offer many times")
    t.notes["answers_to_the_same"] = len(live.answers()) - before
    t.expect(set(live.answers()) == {first}, "and always in the same way")
    live.switch(first)
    expect_epoch(t, live, 2)


@scenario("rekey-race", "rx-rekey:2")
def rekey_race(t):
    """Both offer epoch 1 at once, ours with the higher ephemeral, or with the target's very own:
    ours is dropped, the target's stands."""
    live, offer = fresh(t)
    higher = somebody()
    while higher < offer.ephemeral:
        higher = somebody()
    expect_refused(t, live, "the same ephemeral", OFFER, 1, offer.ephemeral)
    expect_refused(t, live, "a higher ephemeral", OFFER, 1, higher)
    t.expect(all(r.ephemeral == offer.ephemeral for _, r, _ in live.rekeys), "its offer stands")
    live.answer(offer)
    t.expect(live.read(3.0, lambda: live.session.epoch == 1), "our answer is taken")
    expect_epoch(t, live, 1)


@scenario("rekey-race-won", "rx-rekey")
def rekey_race_won(t):
    """Both offer epoch 1 at once, ours with the lower ephemeral: the target answers ours, and an
    answer to the one that it has given up is dropped."""
    live, offer = fresh(t)
    plain = live.rekeyer.start(time.monotonic(), below=offer.ephemeral)
    r = live.offer_again(plain)
    if not t.expect(r is not None, "ours is answered"):
        return
    expect_refused(t, live, "an answer to its own", ANSWER, 1)
    live.switch(r)
    expect_epoch(t, live, 1)


@scenario("rekey-old-epoch", "rx-rekey:3")
def rekey_old_epoch(t):
    """REKEY under the keys of the epoch before, while those still drain: dropped by the epoch in
    which it came, whatever it says. DATA and HEARTBEAT there are taken."""
    live = in_epoch_1(t)
    old, keys = live.session.sending, live.session.tx
    r = live.offer()
    if not t.expect(r is not None, "an answer"):
        return
    offer = live.rekeyer.offer.plain
    live.switch(r)
    seq = old.next_seq
    # One segment, so that all of it comes while the keys drain.
    beat = live.sealed_in(keys, seq + 3, Type.HEARTBEAT, b"", REQUIRE_ACK)
    live.wire.send_all([live.seal(Type.ACK, b"")] + [
        live.sealed_in(keys, seq + n, Type.REKEY, plain, REQUIRE_ACK) for n, plain in enumerate((
            offer, Rekey(OFFER, 3, somebody()).pack(), Rekey(ANSWER, 2, somebody()).pack()))]
        + [beat])
    t.expect(live.answered(seq + 3), "a HEARTBEAT of the old epoch is answered")
    t.expect(not {seq, seq + 1, seq + 2} & live.acked, "the REKEYs are not acknowledged")
    expect_epoch(t, live, 2)


@scenario("rekey-retired", "rx-sequence:4")
def rekey_retired(t):
    """Packets of an epoch whose keys are gone, a second after the switch: dropped by their
    sequence; a CLOSE among them ends nothing, and the connection stays."""
    live = in_epoch_1(t)
    old, keys = live.session.sending, live.session.tx
    r = live.offer()
    if not t.expect(r is not None, "an answer"):
        return
    live.switch(r)
    expect_epoch(t, live, 2)
    live.read(2.0)
    seq = old.next_seq
    for n, (kind, plain) in enumerate((
            (Type.HEARTBEAT, b""), (Type.REKEY, Rekey(OFFER, 3, somebody()).pack()),
            (Type.DATA, live.echo() if t.mine else b"x"), (Type.CLOSE, bytes(4)))):
        live.wire.send(live.sealed_in(keys, seq + n, kind, plain, REQUIRE_ACK))
    before = len(live.data)
    live.read(0.5)
    t.expect(not live.wire.closed, "the connection stays")
    t.expect(not live.acked & set(range(seq, seq + 4)), "not acknowledged")
    t.expect(len(live.data) == before and not live.closed, "without effect")
    expect_epoch(t, live, 2)


@scenario("rekey-ahead", "rx-sequence")
def rekey_ahead(t):
    """A packet of the next epoch before the target has its keys: dropped; the rekey then
    completes."""
    live, offer = fresh(t)
    plain = live.rekeyer.take(offer, 0, time.monotonic())
    ahead = Session.__new__(Session)
    ahead.__dict__.update(live.session.__dict__)
    ahead.sending = live.session.epochs[1]
    live.wire.send(ahead.seal(Type.HEARTBEAT, b"", REQUIRE_ACK))
    live.read(0.4)
    t.expect(live.session.epoch == 0 and not live.wire.closed, "nothing happens")
    live.send(Type.REKEY, plain, REQUIRE_ACK)
    t.expect(live.read(3.0, lambda: live.session.epoch == 1), "the answer is taken")
    expect_epoch(t, live, 1)


@scenario("rekey-moves", "rx-replayed", on=TCP)
def rekey_moves(t):
    """A session that was rekeyed moves to a new connection; an old packet of the epoch before,
    which is authentic, does not move it back."""
    live = in_epoch_1(t)
    old, keys = live.session.sending, live.session.tx
    r = live.offer()
    if not t.expect(r is not None, "an answer"):
        return
    live.switch(r)
    first = live.wire
    second = t.connect()
    second.rekeys = True
    seq = live.beat(wire=second)
    t.expect(live.answered(seq, wire=second), "the answer comes on the new connection")
    late = live.sealed_in(keys, old.next_seq, Type.HEARTBEAT, b"", REQUIRE_ACK)
    first.send(late)
    t.expect(live.answered(old.next_seq, wire=second),
             "the answer to a late one of the old epoch too")
    first.send(late)
    live.read(0.2, wire=second)
    live.wire = second
    expect_epoch(t, live, 2)


@scenario("rekey-pending-moves")
def rekey_pending_moves(t):
    """The connection breaks between offer and answer: the session lives, and the answer is taken
    on the next one."""
    live, offer = fresh(t)
    live.wire.reset()
    live.wire = t.connect()
    live.wire.rekeys = True
    expect_epoch(t, live, 0, "on a new connection")
    live.answer(offer)
    t.expect(live.read(3.0, lambda: live.session.epoch == 1), "the answer is taken there")
    expect_epoch(t, live, 1)


@scenario("rekey-many", also=("rx-rekey",))
def rekey_many(t):
    """Six rekeys in a row, at the pace that the target allows (it may drop more than one offer in
    a second): each makes new keys, no two
    ranges meet, and what was sealed before is of no use."""
    live = in_epoch_1(t)
    seen = {live.session.tx.enc, live.session.rx.enc}
    for epoch in range(2, 8):
        if not t.expect(live.rekey_whole(), "to epoch %d" % epoch):
            return
        seen |= {live.session.tx.enc, live.session.rx.enc}
    t.expect(len(seen) == 14, "14 different keys")
    expect_epoch(t, live, 7)


@scenario("dialled-rekey", "rx-rekey", needs=("listen",))
def dialled_rekey(t):
    """The target has called: it does not offer epoch 1, and answers our offer."""
    fake = t.accept()
    fake.wire.rekeys = True
    live = fake.complete()
    if not t.expect(live is not None, "a session"):
        return
    t.lives.append(live)
    live.read(0.5)
    t.expect(not live.rekeys, "no offer, as it is the initiator")
    expect_refused(t, live, "an offer of epoch 2", OFFER, 2)
    t.expect(live.rekey_whole(), "our offer is taken")
    expect_epoch(t, live, 1)


@scenario("dialled-rekey-reattach", needs=("listen",))
def dialled_rekey_reattach(t):
    """The connection breaks after a rekey: the target calls again, and its first packet is a
    HEARTBEAT of the new epoch."""
    fake = t.accept()
    fake.wire.rekeys = True
    live = fake.complete()
    if not t.expect(live is not None, "a session"):
        return
    t.lives.append(live)
    if not t.expect(live.rekey_whole(), "our offer is taken"):
        return
    live.wire.reset()
    wire = t.accept_again()
    wire.rekeys = True
    packet = wire.recv(3.0)
    if not t.expect(packet is not None and packet[0] & 15 == Type.HEARTBEAT,
                    "the first packet on the new connection is a HEARTBEAT"):
        return
    t.expect(live.session.epochs[1].in_range(Header.parse(packet).seq), "of epoch 1")
    live.wire = wire
    live.take(packet)
    expect_epoch(t, live, 1)


@scenario("reports", "rx-replayed:3", "rx-type:2")
def reports(t):
    """Packets that were dropped are told in the next HEARTBEAT, TLV 7, by code and with their
    number; reports of ours, of any code, are taken and not reported."""
    live = t.handshake()
    packet = live.seal(Type.HEARTBEAT, b"", REQUIRE_ACK)
    live.wire.send_all([packet] * 4)
    for kind in (Type.CONFIG, Type.ROLLBACK):
        live.send(kind, b"")
    plain = b"".join(tlv.error(code, n) for code, n in ((4, 1), (11, 2), (255, 2 ** 32 - 1),
                                                        (3, 0)))
    t.expect(live.answered(live.beat(plain + tlv.overload(255))), "our reports are taken")
    told = {}

    def heard():
        for _, errors in live.reports:
            for code, _, n in errors:
                told[code] = told.get(code, 0) + n
        live.reports.clear()
        return told.get(3, 0) >= 3 and told.get(6, 0) >= 2

    t.expect(live.read(8.0, heard), "SEQ_INVALID and CONFIG_REJECT are told")
    t.expect(told == {3: 3, 6: 2}, "exactly: %s" % told)
