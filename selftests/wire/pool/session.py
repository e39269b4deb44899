# SPDX-License-Identifier: GPL-2.0
"""Section 6: seal, open, and the counters of one session, epoch by epoch."""

import collections
import os
import time

from .crypto import BadTag, H, HMAC, OPEN, SEAL, be64, equal
from .drop import Drop
from .header import (ENCRYPTED, HEADER, LAST_TYPE, LEADING, TAG, VERSION, Header, Type)
from .replay import OLD, OUT, RANGE, SEEN, Window

REFUSED = {OUT: "rx-sequence", OLD: "rx-too-old", SEEN: "rx-replayed"}
U64 = 2 ** 64 - 1


def nonce(direction, seq):
    return direction.mac[:4] + be64(seq)


def seal(direction, header, plain):
    """6.2, sending. header.length is filled in if it is zero."""
    if not header.length:
        header = header.with_(length=len(plain) + TAG)
    leading = header.leading()
    return (leading + HMAC(direction.mac, leading + plain)
            + SEAL(direction.enc, nonce(direction, header.seq), leading, plain))


def check(packet):
    """6.2, steps 1 and 2."""
    if len(packet) < HEADER:
        raise Drop("rx-length", closes=True)
    header = Header.parse(packet)
    if header.version != VERSION:
        raise Drop("rx-version", closes=True)
    if not Type.DATA <= header.type <= LAST_TYPE:
        raise Drop("rx-type", closes=header.type > LAST_TYPE)
    if header.length < TAG or header.length != len(packet) - HEADER:
        raise Drop("rx-length", closes=True)
    if not header.flags & ENCRYPTED:
        raise Drop("rx-not-encrypted")
    return header


def open_(direction, header, packet):
    """6.2, steps 5 and 6: the plaintext."""
    leading = packet[:LEADING]
    try:
        plain = OPEN(direction.enc, nonce(direction, header.seq), leading, packet[HEADER:])
    except BadTag:
        raise Drop("rx-decrypt", closes=True) from None
    if not equal(HMAC(direction.mac, leading + plain), packet[LEADING:HEADER]):
        raise Drop("rx-auth", closes=True)
    return plain


def fingerprint(direction):
    return H(b"key log" + direction.enc + direction.mac).hex()[:16]


class KeyLog:
    """Every (key, sequence) that was sealed, and every one that was accepted: each once.

    The nonces are a function of key and sequence, so this is what AEAD must not see twice.
    """

    def __init__(self):
        self.sealed, self.opened = (collections.defaultdict(set) for _ in range(2))

    @staticmethod
    def once(where, direction, seq):
        if seq in where[direction.enc]:
            raise AssertionError("sequence %d again under key %s" % (seq, fingerprint(direction)))
        where[direction.enc].add(seq)

    def seal(self, direction, seq):
        self.once(self.sealed, direction, seq)

    def open(self, direction, seq):
        self.once(self.opened, direction, seq)


class SessionEpoch:
    """One generation of keys at one end. tx is None when the send keys are wiped."""

    def __init__(self, keys, number, initiator, window, now=0.0):
        self.keys, self.number = keys, number
        self.tx, self.rx = (keys.i2r, keys.r2i) if initiator else (keys.r2i, keys.i2r)
        self.chain = keys.chain
        self.next_seq = self.first_seq = self.tx.isn
        self.window = Window(self.rx.isn, window)
        self.installed = now
        self.first_heard = None         # when the first authentic packet came in it
        self.next_message = 0           # of the messages sent in fragments

    @property
    def sent(self):
        return self.next_seq - self.first_seq

    @property
    def received(self):
        """Counted as 6.13 does: by the highest sequence."""
        return 0 if self.window.highest is None else self.window.highest - self.rx.isn + 1

    def in_range(self, seq):
        return self.rx.isn <= seq <= self.rx.isn + RANGE

    def wipe_sending(self):
        self.tx = self.chain = self.keys = None


class Session:
    """Keys, sequences and windows. When epochs change is the affair of rekey.py, and what a node
    does with it that of node.py."""

    def __init__(self, keys, sid, initiator, window=8192, log=None):
        self.sid, self.initiator = sid, initiator
        self.bits, self.log = window, log
        self.sending = SessionEpoch(keys, 0, initiator, window)     # n of 6.14
        self.epochs = {0: self.sending}     # those whose receive keys live
        self.heard = None                   # the newest epoch in which something came
        self.clock_offset = int.from_bytes(os.urandom(8), "big")
        self.confirmed = False
        self.came_in, self.is_newest = None, False      # of the packet that open() took last

    # What the attacks look at and turn: the epoch in which we send.

    @property
    def tx(self):
        return self.sending.tx

    @property
    def rx(self):
        return self.sending.rx

    @property
    def window(self):
        return self.sending.window

    @property
    def next_seq(self):
        return self.sending.next_seq

    @next_seq.setter
    def next_seq(self, seq):
        self.sending.next_seq = seq

    @property
    def sent(self):
        return self.sending.sent

    @property
    def epoch(self):
        return self.sending.number

    def adopt(self, other):
        """Goes on where a trial of the same keys was."""
        self.sending, self.epochs, self.heard = other.sending, other.epochs, other.heard
        self.came_in, self.is_newest = other.came_in, other.is_newest

    # -- epochs

    def install(self, keys, number, now):
        """Receive keys; sending goes on where it was."""
        self.epochs[number] = SessionEpoch(keys, number, self.initiator, self.bits, now)

    def switch(self, number):
        """Everything is sent in that epoch from now on."""
        old, self.sending = self.sending, self.epochs[number]
        old.wipe_sending()

    def retire(self, number):
        """The receive keys go."""
        del self.epochs[number]

    # -- packets

    @property
    def ack(self):
        """6.5."""
        if self.heard is None:
            return (self.rx.isn - 1) & U64
        return self.heard.window.highest

    def header(self, kind, flags=0, clear=0, **fields):
        """clear: flags to leave out, for those that want to be refused."""
        stamp = time.clock_gettime_ns(time.CLOCK_BOOTTIME) + self.clock_offset & U64
        return Header(type=kind, flags=(flags | ENCRYPTED) & ~clear, ack=self.ack, sid=self.sid,
                      timestamp=stamp).with_(**fields)

    def seal(self, kind, plain=b"", flags=0, **fields):
        """The next packet. A seq among the fields leaves the counter alone."""
        if "seq" not in fields:
            if self.sent > RANGE:
                raise OverflowError("the epoch's sequences are used up")
            fields["seq"] = self.next_seq
            self.next_seq += 1
            if self.log:
                self.log.seal(self.tx, fields["seq"])
        return seal(self.tx, self.header(kind, flags, **fields), plain)

    def in_range(self, seq):
        return any(e.in_range(seq) for e in self.epochs.values())

    def open(self, packet, now=0.0):
        """Steps 4 to 7, after check(): (header, plaintext)."""
        header = Header.parse(packet)
        epoch = next((e for e in self.epochs.values() if e.in_range(header.seq)), None)
        if not epoch:
            raise Drop("rx-sequence")
        verdict = epoch.window.peek(header.seq)
        if verdict in REFUSED:
            raise Drop(REFUSED[verdict])
        plain = open_(epoch.rx, header, packet)
        before = epoch.window.highest
        verdict = epoch.window.update(header.seq)
        if verdict in REFUSED:
            raise Drop(REFUSED[verdict])
        if self.log:
            self.log.open(epoch.rx, header.seq)
        if epoch.first_heard is None:
            epoch.first_heard = now
        if self.heard is None or epoch.number > self.heard.number:
            self.heard = epoch
        self.came_in = epoch.number
        self.is_newest = epoch is self.heard and (before is None or header.seq > before)
        return header, plain
