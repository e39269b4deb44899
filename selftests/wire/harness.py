# SPDX-License-Identifier: GPL-2.0
"""The Python end as a target of the attacks, in a thread of its own."""

import errno
import os
import threading

import attacks
from pool import inner
from pool.crypto import PUB, secret
from pool.keys import NO_PSK
from pool.handshake import TRANSPORT_RAW, TRANSPORT_TCP, TRANSPORT_UDP
from pool.net import Loop
from pool.node import Node, Peer, Timers

OURS, THEIRS = "10.9.0.1", "10.9.0.2"


class NoPace:
    tokens = 0

    def take(self):
        pass


def short_timers():
    timers = Timers()
    timers.unproven = timers.unconfirmed = 4.0
    timers.attempt = 5.5
    timers.reattach = 1.0
    return timers


class PythonTarget:
    """with PythonTarget() as target: target.trial() is what a scenario wants."""

    def __init__(self, psk=NO_PSK, slow=False, dial=False, host="127.0.0.1",
                 transport=TRANSPORT_TCP, modest=False):
        self.host, self.slow = host, slow
        self.attacker = secret()
        self.transport = transport
        self.node = Node(secret(), b"target", timers=short_timers() if slow else None,
                         transports=1 | 1 << transport - 1, large=not modest)
        self.peer = self.node.add_peer(Peer(PUB(self.attacker), psk, [OURS + "/32"]))
        self.second = secret()
        self.node.add_peer(Peer(PUB(self.second)))
        self.port = self.listen(transport)
        self.loop.backoff = (0, 0.1)
        if transport == TRANSPORT_RAW:
            # Without ports every target needs an address of its own.
            self.host = "127.%d.%d.2" % divmod(1000 + os.getpid() % 60000, 256)
            self.loop.add_datagrams(transport, self.host)
        self.node.deliver = self.deliver
        self.stopping = False
        self.jobs = []
        self.listen_on = None
        if dial:
            probe = Loop(self.node)
            self.listen_on = "127.0.0.1", probe.add_listener("127.0.0.1", 0)
            probe.stop()
            self.peer.endpoint = self.listen_on
            self.loop.dial(self.peer)
        self.thread = threading.Thread(target=self.run, daemon=True)

    def listen(self, transport):
        """On TCP, and on UDP if that is it: on a port that is free on both."""
        for again in range(20, -1, -1):
            loop = Loop(self.node)
            port = loop.add_listener("", 0)
            try:
                if transport == TRANSPORT_UDP:
                    loop.add_datagrams(transport, port=port)
                self.loop = loop
                return port
            except OSError as e:
                loop.stop()
                if not again or e.errno != errno.EADDRINUSE:
                    raise

    def deliver(self, _, packet):
        reply = inner.echo_reply(packet)
        if reply:
            self.node.send_ip(reply)

    def run(self):
        while not self.stopping:
            self.loop.step()
            while self.jobs:
                self.jobs.pop()()
        self.loop.stop()

    def do(self, job):
        """In the thread of the loop."""
        done = threading.Event()
        self.jobs.append(lambda: (job(), done.set()))
        done.wait(5)

    def remove_and_add(self):
        def job():
            self.node.remove_peer(self.peer)
            self.peer = self.node.add_peer(Peer(self.peer.public, self.peer.psk,
                                                [OURS + "/32"]))
        self.do(job)

    def counters(self, _enough=None):
        self.do(lambda: None)
        return dict(drops=dict(self.node.drops), curve=self.node.responder.curve_operations,
                    challenges=self.node.count["challenges"])

    def trial(self):
        trial = attacks.Trial(self.host, self.port, self.node.public, self.attacker,
                              self.peer.psk, OURS, THEIRS, listen_on=self.listen_on,
                              transport=self.transport)
        trial.pace = NoPace()
        trial.flood = 300
        trial.sources = ["127.0.0.%d" % n for n in range(11, 16)] if "." in self.host else ()
        trial.second = self.second
        trial.pause = self.remove_and_add
        if self.slow:
            trial.unproven_time = trial.unconfirmed_time = 4.0
        return trial

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.stopping = True
        self.thread.join(5)


def attack(name, psk=NO_PSK, host="127.0.0.1", transport=TRANSPORT_TCP):
    """The verdict on a Python target of its own."""
    s = attacks.load_all()[name]
    with PythonTarget(psk, s.slow, "listen" in s.needs, host, transport,
                      "modest" in s.needs) as target:
        return attacks.run(s, target.trial(), target.counters)
