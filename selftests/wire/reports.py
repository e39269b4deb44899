#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Reports, from the specification (6.15) alone: makes packets that a POOL end must drop and
report, reads what it says of them, and reports something itself. Prints a JSON line for each step
and exits with 1 if the end did not do as the specification says.

  reports.py --target HOST:PORT --key FILE --peer-key FILE.pub [--close CODE]
"""

import argparse
import json
import sys

from pool import keyfile, tlv
from pool.header import ENCRYPTED, REQUIRE_ACK, Type
from pool.net import host_port
from pool.probe import Target

AUTH_FAIL, DECRYPT_FAIL, SEQ_INVALID, CONFIG_REJECT = 1, 2, 3, 6
failed = []


def say(step, ok, **detail):
    print(json.dumps(dict(step=step, ok=bool(ok), **detail)), flush=True)
    if not ok:
        failed.append(step)


def told(live):
    """What the reports in its HEARTBEATs add up to, by code."""
    out = {}
    for _, errors in live.reports:
        for code, subcode, count in errors:
            out[code] = out.get(code, 0) + count + (1 << 32) * subcode
    return out


def changed(packet, at):
    out = bytearray(packet)
    out[at] ^= 1
    return bytes(out)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--target", required=True)
    parser.add_argument("--key", required=True)
    parser.add_argument("--peer-key", required=True)
    parser.add_argument("--close", type=int, default=0)
    args = parser.parse_args()
    target = Target(*host_port(args.target), keyfile.load(args.peer_key), keyfile.load(args.key))
    live = target.handshake()
    say("session", True, session=live.session.sid.hex())

    # Two without ENCRYPTED; one three times, so two replayed; one beyond the range.
    for _ in range(2):
        live.send(Type.DATA, b"", clear=ENCRYPTED)
    packet = live.seal(Type.HEARTBEAT, b"", REQUIRE_ACK)
    for _ in range(3):
        live.wire.send(packet)
    live.send(Type.HEARTBEAT, b"", seq=live.session.tx.isn + (1 << 29))
    live.send(Type.CONFIG, b"x")
    live.send(Type.ROLLBACK, b"x")
    # Not spoken either, but without a code.
    live.send(Type.JOURNAL, b"x")
    say("the connection stays", live.alive())
    # A byte of the ciphertext, and one of the HMAC field: these close it.
    for at in (80, 50):
        live.wire.send(changed(live.seal(Type.HEARTBEAT, b"", REQUIRE_ACK), at))
        say("byte %d closes it" % at, live.wire.closes())
        say("and the session goes on", live.reattach())

    want = {AUTH_FAIL: 3, DECRYPT_FAIL: 1, SEQ_INVALID: 3, CONFIG_REJECT: 2}
    live.read(20, lambda: told(live) == want)
    say("each is reported, with its count", told(live) == want, told=told(live), want=want)
    beats = live.heartbeats
    live.read(20, lambda: live.heartbeats > beats + 1)
    say("once", told(live) == want and live.heartbeats > beats + 1, told=told(live))

    # Our reports. One of no count says nothing; the second of the same code adds up.
    live.beat(tlv.error(AUTH_FAIL, 5) + tlv.error(11, 2) + tlv.error(SEQ_INVALID, 0)
              + tlv.error(AUTH_FAIL, 1) + tlv.error(DECRYPT_FAIL, 99))
    live.beat(tlv.overload(7))
    say("reports are taken", live.alive())
    beats = live.heartbeats
    live.read(20, lambda: live.heartbeats > beats + 1)
    say("and not reported back", told(live) == want, told=told(live))

    # Another version: dropped, and the connection with it.
    wire = target.connect()
    live.alive(wire=wire)
    packet = live.seal(Type.HEARTBEAT, b"", REQUIRE_ACK)
    wire.send(bytes([0x20 | packet[0] & 15]) + packet[1:])
    say("another version closes the connection", wire.closes())
    wire = target.connect()
    wire.send(bytes([0x20]) + bytes(151))
    say("in a handshake too", wire.closes())
    say("the session goes on", live.reattach())

    live.ended = True
    live.send(Type.CLOSE, bytes([args.close, 0, 0, 0]))
    live.wire.listen_for(0.2)
    target.tidy()
    return int(bool(failed))


if __name__ == "__main__":
    sys.exit(main())
