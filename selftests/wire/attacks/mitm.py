# SPDX-License-Identifier: GPL-2.0
"""A man in the middle between an honest initiator and the target."""

import contextlib
import functools

import mitm
from mitm import C2S, Mitm, Swap, Withhold, nth
from pool.header import REQUIRE_ACK, Header, Type
from pool.probe import quiet

from . import TCP
from . import scenario as any_scenario

scenario = functools.partial(any_scenario, on=TCP)

# Of a handshake without "prove work first": c2s 0 INIT, 1 RESPONSE, 2 HEARTBEAT;
# s2c 0 CHALLENGE, 1 first ACK.
RESPONSE, HEARTBEAT = 1, 2


@contextlib.contextmanager
def between(t, *hooks):
    """What t connects to is the man in the middle."""
    real = t.host, t.port
    with Mitm(real, hooks=hooks, source=t.source) as man:
        t.host, t.port = "127.0.0.1", man.port
        source, t.source = t.source, None
        try:
            yield man
        finally:
            (t.host, t.port), t.source = real, source


def swapped(t, what):
    with between(t, Swap(what, t.S_t)):
        wire, attempt, candidate = t.prepare()
        t.respond(wire, candidate.response)
        t.expect_refused(wire, what)


@scenario("mitm-pass")
def mitm_pass(t):
    """A relay that changes nothing: the handshake succeeds."""
    with between(t):
        live = t.handshake()
        if t.mine:
            t.expect(live.ping(), "DATA goes through")


@scenario("mitm-swap-ei", "hs-seal")
def mitm_swap_ei(t):
    """E_i is replaced, Session ID and HMACs fit: refused."""
    swapped(t, "e_i")


@scenario("mitm-swap-er", "hs-seal")
def mitm_swap_er(t):
    """E_r is replaced: refused."""
    swapped(t, "e_r")


@scenario("mitm-swap-both", "hs-seal")
def mitm_swap_both(t):
    """Both are replaced: refused."""
    swapped(t, "both")


@scenario("mitm-drop")
def mitm_drop(t):
    """The first HEARTBEAT is lost: the next packet confirms."""
    with between(t, nth(C2S, HEARTBEAT, mitm.drop)):
        live = t.unconfirmed()
        t.expect(not live.alive(quiet(0.3)), "the lost one is not answered")
        t.expect_alive(live)


@scenario("mitm-corrupt", "rx-decrypt")
def mitm_corrupt(t):
    """A session packet is changed: the connection goes, the session lives on the next."""
    with between(t, nth(C2S, HEARTBEAT + 1, mitm.corrupt(90))):
        live = t.handshake()
        live.beat()
        t.expect(live.wire.closes(), "the connection is closed")
        t.expect_alive(live)


@scenario("mitm-corrupt-response", "hs-seal")
def mitm_corrupt_response(t):
    """The RESPONSE is changed: refused, and the next attempt succeeds."""
    with between(t, nth(C2S, RESPONSE, mitm.corrupt(140))):
        wire, _, candidate = t.prepare()
        t.respond(wire, candidate.response)
        t.expect_refused(wire)
        t.expect_alive(t.handshake())


@scenario("mitm-delay")
def mitm_delay(t):
    """The RESPONSE is held up for two seconds: accepted."""
    with between(t, nth(C2S, RESPONSE, mitm.delay(2.0))):
        t.expect_alive(t.handshake())


@scenario("mitm-double", "rx-replayed")
def mitm_double(t):
    """A session packet is doubled: taken once."""
    with between(t, nth(C2S, HEARTBEAT + 1, mitm.double)):
        live = t.handshake()
        t.expect_alive(live)
        t.expect_alive(live)


@scenario("mitm-reorder")
def mitm_reorder(t):
    """A session packet comes after later ones: taken."""
    released = []
    with between(t, Withhold(C2S, HEARTBEAT + 1, lambda: bool(released))):
        live = t.handshake()
        packet = live.seal(Type.HEARTBEAT, b"", REQUIRE_ACK)
        live.wire.send(packet)
        for _ in range(3):
            t.expect_alive(live)
        released.append(1)
        t.expect_alive(live)
        t.expect(live.answered(Header.parse(packet).seq), "the late one is answered")
