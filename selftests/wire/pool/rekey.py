# SPDX-License-Identifier: GPL-2.0
"""Section 6.14: the two packets and the keys they make."""

import struct
from dataclasses import dataclass

from .crypto import BadKey, DH, H, PUB, be32, hkdf_extract, secret
from .drop import Drop
from .keys import epoch_keys
from .replay import RANGE

OFFER, ANSWER = 1, 2
LENGTH = 40
_format = struct.Struct(">B3xI32s")
assert _format.size == LENGTH


@dataclass(frozen=True)
class Rekey:
    """The plaintext of a REKEY."""
    step: int
    epoch: int
    ephemeral: bytes

    def pack(self):
        return _format.pack(self.step, self.epoch, self.ephemeral)

    @classmethod
    def unpack(cls, plain):
        """What is behind the 40 bytes is ignored, and so are bytes 1 to 3."""
        if len(plain) < LENGTH:
            raise Drop("rx-tlv")
        new = cls(*_format.unpack_from(plain))
        if new.step not in (OFFER, ANSWER):
            raise Drop("rx-tlv")
        return new


def transcript(sid, epoch, E_o, E_a):
    return H(b"pool1 rekey" + sid + be32(epoch) + E_o + E_a)


def derive(chain, sid, epoch, dh_ephemeral, dh_static, E_o, E_a):
    """Epoch number `epoch` from the chain key of the one before it."""
    ck = hkdf_extract(chain, dh_ephemeral + dh_static)
    return epoch_keys(ck, transcript(sid, epoch, E_o, E_a), epoch)


def meet(one, other):
    """The ranges of two epochs have a sequence in common, in either direction."""
    return any(abs(a.isn - b.isn) <= RANGE
               for a, b in ((one.i2r, other.i2r), (one.r2i, other.r2i)))


def answer(chain, sid, epoch, dh_static, E_o, others=(), draw=secret):
    """The answerer's side: (E_a, keys). others: epochs whose keys it still has."""
    while True:
        e_a = draw()
        E_a = PUB(e_a)
        keys = derive(chain, sid, epoch, DH(e_a, E_o), dh_static, E_o, E_a)
        if not any(meet(keys, other) for other in others):
            return E_a, keys


REPEAT = (1.0, 1.0, 2.0, 5.0)           # after 1, 2, 4, then every 5 s


class Repeated:
    """A REKEY that goes out again and again, always as a new packet."""

    def __init__(self, plain, now):
        self.plain, self.began, self.times = plain, now, 0
        self.next = now + REPEAT[0]

    def due(self, now):
        if now < self.next:
            return False
        self.times += 1
        self.next += REPEAT[min(self.times, len(REPEAT) - 1)]
        if self.next <= now:            # it could not be sent for long
            self.next = now + REPEAT[-1]
        return True


KNOWN = "known"         # what Rekeyer.take says of an answer that came again


class Rekeyer:
    """The state of 6.14 at one end of a session. It sends nothing: its methods give plaintexts of
    REKEY packets, and tell whether the epoch has changed."""
    DRAIN, DRAIN_MOST = 1.0, 60.0

    def __init__(self, session, dh_static, draw=secret):
        self.session, self.dh_static, self.draw = session, dh_static, draw
        self.offer = self.e_o = self.E_o = None         # a running offer of ours
        self.answer = self.answered = None              # a Repeated, and the E_o it answers
        self.retire_at = None                           # receive keys of the epoch before
        self.completed = 0
        self.taken = None               # the ephemeral of the answer that was taken last

    @property
    def n(self):
        return self.session.epoch

    # -- the offerer

    def may_offer(self):
        s = self.session
        return (self.offer is None and self.answer is None and s.sending.first_heard is not None
                and min(s.epochs) >= self.n)

    def start(self, now, above=None, below=None):
        """The plaintext of an offer. above, below: what its ephemeral has to compare with, for
        tests of both offering at once."""
        while True:
            self.e_o = self.draw()
            self.E_o = PUB(self.e_o)
            if (above is None or self.E_o > above) and (below is None or self.E_o < below):
                break
        self.offer = Repeated(Rekey(OFFER, self.n + 1, self.E_o).pack(), now)
        return self.offer.plain

    def wipe_offer(self):
        self.offer = self.e_o = self.E_o = None

    # -- what comes

    def take(self, r, came_in, now):
        """A REKEY. The plaintext to answer an offer with; None if it was an answer and we send
        in the new epoch now; KNOWN if we had that answer before; raises Drop."""
        if (r.step == ANSWER and r.epoch == self.n and came_in == self.n - 1
                and r.ephemeral == self.taken):
            return KNOWN
        if r.epoch != self.n + 1 or came_in != self.n:
            raise Drop("rx-rekey")
        return self.take_offer(r, now) if r.step == OFFER else self.take_answer(r, now)

    def take_offer(self, r, now):
        if self.answer:
            if r.ephemeral != self.answered:
                raise Drop("rx-rekey")
            return self.answer.plain
        if self.offer and self.E_o <= r.ephemeral:      # ours stands, or they are equal
            raise Drop("rx-rekey")
        s = self.session
        others = [e.keys for e in s.epochs.values() if e.keys and e.number >= self.n]
        try:
            E_a, keys = answer(s.sending.chain, s.sid, r.epoch, self.dh_static, r.ephemeral,
                               others, self.draw)
        except BadKey:
            raise Drop("rx-rekey") from None
        self.wipe_offer()
        for number in [k for k in s.epochs if k < self.n]:
            s.retire(number)
        self.retire_at = None
        s.install(keys, r.epoch, now)
        self.answer = Repeated(Rekey(ANSWER, r.epoch, E_a).pack(), now)
        self.answered = r.ephemeral
        return self.answer.plain

    def take_answer(self, r, now):
        if not self.offer:
            raise Drop("rx-rekey")
        s = self.session
        try:
            shared = DH(self.e_o, r.ephemeral)
        except BadKey:
            raise Drop("rx-rekey") from None
        s.install(derive(s.sending.chain, s.sid, r.epoch, shared, self.dh_static, self.E_o,
                         r.ephemeral), r.epoch, now)
        s.switch(r.epoch)
        self.wipe_offer()
        self.retire_at = now + self.DRAIN_MOST
        self.taken = r.ephemeral
        self.completed += 1

    def heard(self, came_in, now):
        """After every authentic packet. True if we switch by it."""
        if came_in != self.n + (self.answer is not None):
            return False
        if not self.answer:
            if self.retire_at is not None:
                self.retire_at = min(self.retire_at, now + self.DRAIN)
            return False
        self.session.switch(came_in)
        self.answer = self.answered = None
        self.retire_at = now + self.DRAIN
        self.completed += 1
        return True

    # -- time

    def drain(self, now, too_old=None):
        """Wipes the receive keys of before, when their time has come or when they were installed
        before too_old."""
        s = self.session
        for number in [k for k in s.epochs if k < self.n]:
            if (self.retire_at is not None and now >= self.retire_at
                    or too_old is not None and s.epochs[number].installed <= too_old):
                s.retire(number)
                self.retire_at = None

    def repeats(self, now):
        """The plaintexts that are to be sent again."""
        return [r.plain for r in (self.offer, self.answer) if r and r.due(now)]
