#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""A POOL peer for tests.

Prints a JSON line for everything that happens, and its state at the end. Ends after --time
seconds, on SIGTERM, or as soon as all pings are answered. Exit code: 0, or 1 if a ping
or (with --need-session) a session did not come.

  peer.py genkey FILE          makes FILE and FILE.pub
  peer.py pubkey FILE          prints the public key of FILE
  peer.py run --key FILE --peer-key FILE.pub (--connect HOST:PORT | --listen [HOST:]PORT)
              [--transport tcp|udp|raw] ...

Raw IP needs root; its ports mean nothing, and may be left out. On datagrams --connect and --listen
together use one socket.
"""

import argparse
import json
import os
import random
import signal
import sys
import time

from pool import inner, keyfile, segment, tlv
from pool.crypto import PUB
from pool.handshake import TRANSPORT_RAW, TRANSPORT_TCP, TRANSPORT_UDP
from pool.keys import NO_PSK
from pool.net import Loop, host_port
from pool.node import Node, Peer, Timers
from pool.probe import SLOW
from pool.telemetry import Block

TRANSPORTS = dict(tcp=(TRANSPORT_TCP, tlv.TCP), raw=(TRANSPORT_RAW, tlv.RAW),
                  udp=(TRANSPORT_UDP, tlv.UDP))
stopping = []


def say(event, **detail):
    print(json.dumps(dict(event=event, t=round(time.monotonic(), 3), **detail)), flush=True)


class Pinger:
    """--ping SOURCE DESTINATION COUNT: one every interval until so many are answered."""

    def __init__(self, node, source, destination, count, interval, size=None):
        self.size = size
        self.node, self.source, self.destination = node, source, destination
        self.count, self.interval = int(count), interval
        self.ident = random.randrange(65536)
        self.done = self.sent = 0
        self.next = 0.0
        self.outstanding = {}

    def step(self, now):
        if self.done < self.count and now >= self.next:
            self.next = now + (self.interval or 1.0)
            self.sent += 1
            self.outstanding[self.sent & 0xFFFF] = now
            size = random.randrange(1, 200) if self.size is None else self.size
            data = random.randbytes(size)
            self.node.send_ip(inner.echo_request(self.source, self.destination, self.ident,
                                                 self.sent & 0xFFFF, data))

    def heard(self, found):
        what, source, _, ident, seq, _ = found
        if what != "reply" or ident != self.ident or str(source) != self.destination:
            return
        if self.outstanding.pop(seq, None) is not None:
            self.done += 1
            self.next = 0 if self.interval == 0 else self.next
            if self.done == self.count:
                say("pings-done", destination=self.destination, sent=self.sent)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0],
                                     epilog="See the head of this file.")
    sub = parser.add_subparsers(dest="command", required=True)
    for name in ("genkey", "pubkey"):
        sub.add_parser(name).add_argument("file")
    run = sub.add_parser("run")
    run.add_argument("--key", required=True, help="our secret key")
    run.add_argument("--peer-key", required=True, help="the peer's public key")
    run.add_argument("--psk")
    run.add_argument("--transport", choices=sorted(TRANSPORTS), default="tcp")
    run.add_argument("--connect", metavar="HOST:PORT")
    run.add_argument("--connect-after", type=float, default=0, metavar="SECONDS")
    run.add_argument("--listen", metavar="[HOST:]PORT")
    run.add_argument("--role", choices=("initiator", "responder"),
                     help="default: initiator if we connect")
    run.add_argument("--name")
    run.add_argument("--allowed", action="append", metavar="PREFIX",
                     help="the peer's inner addresses (default: all)")
    run.add_argument("--tun", metavar="NAME")
    run.add_argument("--answer", action="append", default=[], metavar="ADDRESS",
                     help="answer echo requests to this address")
    run.add_argument("--ping", action="append", nargs=3, default=[],
                     metavar=("SOURCE", "DESTINATION", "COUNT"))
    run.add_argument("--large", action="append", nargs=5, default=[],
                     metavar=("SOURCE", "DESTINATION", "PORT", "BYTES", "SIZE"),
                     help="send one large UDP packet, in segments of that size, when the first "
                          "session is up; the bytes count up from 0")
    run.add_argument("--no-large", action="store_true", help="take no large packets")
    run.add_argument("--interval", type=float, default=0.1, help="between pings")
    run.add_argument("--time", type=float, default=60)
    run.add_argument("--stay", action="store_true", help="stay after the last ping")
    run.add_argument("--need-session", action="store_true")
    run.add_argument("--heartbeat", type=float, default=5)
    run.add_argument("--prove-work", action="store_true", help="answer INITs with it")
    run.add_argument("--difficulty", type=int, default=16)
    run.add_argument("--renew", type=float, help="seconds until a new handshake")
    run.add_argument("--rekey-after", type=float, metavar="SECONDS",
                     help="offer new keys that often; without --hard-stop in both roles")
    run.add_argument("--rekey-packets", type=int, metavar="N", help="and after so many packets")
    run.add_argument("--hard-stop", type=float, metavar="SECONDS")
    run.add_argument("--reject-packets", type=int, metavar="N", help="the hard stop in packets")
    run.add_argument("--no-rekey", action="store_true",
                     help="drop REKEY and offer none, as the first revision did")
    run.add_argument("--no-first-rekey", action="store_true",
                     help="as a responder, do not offer epoch 1 after the handshake")
    run.add_argument("--offer-at-once", action="store_true",
                     help="offer epoch 1 after the handshake as an initiator too")
    run.add_argument("--offer-on-offer", choices=("wins", "loses"),
                     help="meet every offer with one of our own, as if both were under way")
    run.add_argument("--key-log", action="store_true",
                     help="print a hash of the keys of every epoch, and fail if a sequence is "
                          "used twice under a key")
    run.add_argument("--no-telemetry", action="store_true", help="HEARTBEAT without the block")
    run.add_argument("--lie", action="append", default=[], metavar="FIELD=VALUE",
                     help="send that in the telemetry block: %s" % ", ".join(Block().show()))
    run.add_argument("--overload", type=float, metavar="SECONDS",
                     help="claim to be overloaded for so long")
    run.add_argument("--overload-after", type=float, default=0, metavar="SECONDS",
                     help="beginning so long after the first session came up")
    run.add_argument("--max-plaintext", type=int, default=65519, metavar="BYTES",
                     help="TLV 2: drop longer DATA")
    run.add_argument("--priority", action="store_true", default=None,
                     help="set PRIORITY on all DATA (default: by DSCP)")
    run.add_argument("--ping-size", type=int, metavar="BYTES", help="of data in an echo request")
    run.add_argument("--reconnect", type=float,
                     help="break the connection so long after the first session came up")
    run.add_argument("--rst", action="store_true", help="--reconnect with a reset")
    run.add_argument("--mtu-search", action="store_true",
                     help="on datagrams: look for the path MTU (default: stay at the floor)")
    run.add_argument("--move", type=float, action="append", default=[], metavar="SECONDS",
                     help="on datagrams: go to another socket so long after the first session "
                          "came up; may be repeated")
    run.add_argument("--move-to", metavar="[HOST:]PORT",
                     help="where --move goes (default: any port, any address)")
    run.add_argument("--close", action="store_true", help="send CLOSE at the end")
    run.add_argument("--skew", type=float, default=0, help="our clock is that much ahead")
    args = parser.parse_args()
    if args.command == "run":
        if not (args.connect or args.listen):
            run.error("--connect or --listen")
        if args.transport == "tcp" and (args.mtu_search or args.move or args.move_to):
            run.error("--mtu-search and --move are for datagrams")
        if args.transport != "tcp" and (args.reconnect or args.rst):
            run.error("--reconnect is for TCP; see --move")
        args.lies = {}
        for lie in args.lie:
            field, _, value = lie.partition("=")
            if field not in Block().show():
                run.error("--lie: no field %s" % field)
            args.lies[field] = int(value, 0)
    return args


def main():
    args = arguments()
    if args.command == "genkey":
        keyfile.generate(args.file)
        return 0
    if args.command == "pubkey":
        print(keyfile.encode(PUB(keyfile.load(args.file))))
        return 0
    signal.signal(signal.SIGTERM, lambda *_: stopping.append(1))
    signal.signal(signal.SIGINT, lambda *_: stopping.append(1))

    timers = Timers()
    if args.renew:
        timers.renew_initiator = timers.renew_responder = args.renew
    if args.rekey_after:
        timers.rekey = args.rekey_after
        timers.no_lead = not args.hard_stop
    if args.hard_stop:
        timers.hard_stop = args.hard_stop
    if args.rekey_packets:
        timers.rekey_packets = args.rekey_packets
    if args.reject_packets:
        timers.reject_packets = args.reject_packets
    # How fast the target answers is not what this is about.
    timers.reattach *= 2 * SLOW
    node = Node(keyfile.load(args.key), args.name.encode() if args.name else None,
                args.heartbeat, args.prove_work, timers=timers,
                real=lambda: time.time_ns() + int(args.skew * 1e9), rekey=not args.no_rekey,
                first_rekey=not args.no_first_rekey, at_once=args.offer_at_once,
                on_offer=args.offer_on_offer, use_telemetry=not args.no_telemetry,
                lies=args.lies, max_plaintext=args.max_plaintext, priority=args.priority,
                key_log=args.key_log, transports=TRANSPORTS[args.transport][1],
                mtu_search=args.mtu_search, large=not args.no_large)
    node.responder.difficulty = args.difficulty
    endpoint = host_port(args.connect) if args.connect else None
    peer = node.add_peer(Peer(keyfile.load(args.peer_key),
                              keyfile.load(args.psk) if args.psk else NO_PSK,
                              args.allowed or ["0.0.0.0/0", "::/0"], endpoint))
    loop = Loop(node)
    pings = [Pinger(node, *p, args.interval, args.ping_size) for p in args.ping]
    happened = set()

    def move():
        say("own-move", port=sockets.open(*host_port(args.move_to or "0"), loop.selector))

    def event(what, **detail):
        if what == "session-up" and what not in happened and args.overload:
            loop.at(node.mono() + args.overload_after,
                    lambda: node.claim_overload(args.overload))
        if what == "session-up" and what not in happened:
            for seconds in args.move:
                loop.at(node.mono() + seconds, move)
        happened.add(what)
        say(what, **detail)

    def deliver(_, packet):
        found = inner.echo(packet)
        if found and found[0] == "request" and str(found[2]) in args.answer:
            reply = inner.echo_reply(packet)
            node.send_ip(reply)
            node.count["echoes"] += 1
            return
        if found and found[0] == "reply":
            for p in pings:
                p.heard(found)
        if loop.tun is not None:
            loop.write_tun(packet)

    node.on_event, node.deliver = event, deliver
    if args.tun:
        loop.open_tun(args.tun)
        say("tun", name=args.tun)
    sockets = None
    if args.transport != "tcp":
        sockets = loop.add_datagrams(TRANSPORTS[args.transport][0],
                                     *host_port(args.listen or "0"))
    if args.listen:
        say("listening", port=sockets.port if sockets
            else loop.add_listener(*host_port(args.listen)))
    role = args.role or ("initiator" if args.connect else "responder")
    loop.initiate = role == "initiator"
    loop.initiate_accepted = args.role == "initiator" and bool(args.listen)
    loop.initiate_peer = peer
    if endpoint:
        loop.at(node.mono() + args.connect_after,
                lambda: loop.call(peer, sockets) if sockets else loop.dial(peer))

    end = node.mono() + args.time
    break_at = None
    while node.mono() < end and not stopping:
        if pings and not args.stay and all(p.done == p.count for p in pings):
            break
        if peer.current or peer.sessions:
            for p in pings:
                p.step(node.mono())
        if peer.current and args.large:
            for source, destination, port, length, size in args.large:
                data = bytes(n % 256 for n in range(int(length)))
                node.send_large(peer, segment.udp(source, destination, (7000, int(port)), data),
                                int(size))
            args.large = []
        if args.reconnect and peer.current and break_at is None:
            break_at = node.mono() + args.reconnect
        if args.reconnect and break_at and node.mono() >= break_at:
            args.reconnect = None
            for conn in list(loop.conns):
                if args.rst:
                    conn.sock.setsockopt(1, 13, b"\1\0\0\0\0\0\0\0")     # SO_LINGER 0
                conn.close()
                node.connection_gone(conn)
        loop.step()
    missing = [p.destination for p in pings if p.done < p.count]
    state = node.state()                # with the sessions that --close ends
    if args.close:
        for session in list(peer.sessions):
            node.close(session)
    say("end", missing=missing, pings=[dict(destination=p.destination, sent=p.sent,
                                            answered=p.done) for p in pings], **state)
    loop.stop()
    sys.stdout.flush()
    return int(bool(missing) or (args.need_session and "session-up" not in happened))


if __name__ == "__main__":
    os.environ.setdefault("PYTHONDONTWRITEBYTECODE", "1")
    sys.exit(main())
