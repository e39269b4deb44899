# SPDX-License-Identifier: GPL-2.0
"""Attack scenarios by name.

A scenario is a function of a Trial. It says what a sound target does on the wire with
trial.expect(), and in its decorator which drop counters of the target must rise:
"hs-seed" (by one or more), "hs-seed:3" (by three or more), "hs-length|rx-length" (one of
them). Counters that rise beside these are a fault, unless they are in `also` or ALSO.
"""

from pool.handshake import TRANSPORT_RAW, TRANSPORT_TCP, TRANSPORT_UDP
from pool.header import Type
from pool.probe import Target, Unfit, quiet

TCP = (TRANSPORT_TCP,)
DATAGRAMS = (TRANSPORT_RAW, TRANSPORT_UDP)
ALL = TCP + DATAGRAMS

SCENARIOS = {}
# Counted beside the reason for which a connection was closed; and by a busy machine.
ALSO = ("conn-framing", "tx-codel")


class Skip(Exception):
    """This machine cannot show it."""


class Scenario:
    def __init__(self, name, function, drops, also, needs, slow, on):
        self.name, self.function, self.on = name, function, on
        self.drops, self.also, self.needs, self.slow = drops, also, needs, slow

    @property
    def about(self):
        return " ".join((self.function.__doc__ or "").split())


def scenario(name, *drops, also=(), needs=(), slow=False, on=ALL):
    """needs: "inner" addresses, "listen" (be dialled), "pause" (--wait-file), a
    "second" identity, a target with the "load" policy of 5.8, many "sources", other "places" to
    send from, a target that can be reached over "tcp" too, a target that is "modest" and takes no
    large packets. on: the transports it is for; what it
    says of closed connections is silence on datagrams."""
    def note(function):
        assert name not in SCENARIOS, name
        assert function.__doc__, name
        SCENARIOS[name] = Scenario(name, function, drops, also, needs, slow, on)
        return function
    return note


class Trial(Target):
    """A target, and a list of what it did wrong."""
    pause = staticmethod(lambda: None)
    unproven_time = 10.0        # how long the target bears a silent connection
    unconfirmed_time = 10.0
    flood = 3000
    second = None               # the secret of another configured identity
    sources = ()                # other addresses of ours
    places = True               # connect() can come from elsewhere

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.faults, self.checks = [], 0
        self.notes = {}

    def expect(self, truth, text):
        self.checks += 1
        if not truth:
            self.faults.append(text)
        return truth

    def elsewhere(self, n=0):
        """A wire from another place than connect()'s: another port, on raw IP another address."""
        return self.connect(self.sources[n] if self.transport == TRANSPORT_RAW else None)

    def expect_refused(self, wire, text="it"):
        """A RESPONSE was refused: no answer, and an unproven connection goes."""
        before = len(wire.packets)
        self.expect(wire.closes(), "%s: the connection is closed" % text)
        self.expect(len(wire.packets) == before, "%s: no answer" % text)

    def expect_silence(self, wire, text="it", seconds=0.4):
        """No answer, and the connection stays. HEARTBEATs come when they come, and so do probes."""
        before = len(wire.packets)
        self.expect(wire.stays(quiet(seconds)), "%s: the connection stays" % text)
        usual = (Type.HEARTBEAT, Type.DISCOVER) if wire.datagram else (Type.HEARTBEAT,)
        self.expect(all(p[0] & 15 in usual for p in wire.packets[before:]),
                    "%s: no answer" % text)

    def expect_alive(self, live, text="the session"):
        """Where it is attached, or on a new connection."""
        alive = not live.wire.closed and live.alive()
        if live.wire.closed:
            return self.expect(live.reattach(), text + " lives, on a new connection")
        return self.expect(alive, text + " lives")


def flipped(packet, at, mask=1):
    packet = bytearray(packet)
    packet[at] ^= mask
    return bytes(packet)


def parse_drops(spec):
    """"a|b:3" as (["a", "b"], 3)."""
    names, _, least = spec.partition(":")
    return names.split("|"), int(least or 1)


def judge_counters(s, trial, before, after):
    """Faults in how the target counted. before and after: {"drops", "curve", "challenges"}."""
    moved = {k: v - before["drops"].get(k, 0) for k, v in after["drops"].items()
             if v != before["drops"].get(k, 0)}
    faults, known = [], set(s.also) | set(ALSO)
    for spec in s.drops:
        names, least = parse_drops(spec)
        known.update(names)
        got = sum(moved.get(n, 0) for n in names)
        if got < least:
            faults.append("counter %s rose by %d, not by %d" % ("|".join(names), got, least))
    for name in sorted(set(moved) - known):
        faults.append("counter %s rose by %d" % (name, moved[name]))
    curve = after["curve"] - before["curve"]
    challenges = after["challenges"] - before["challenges"]
    allowed = challenges + 4 * trial.paid
    if curve > allowed:
        faults.append("%d curve operations, where %d are paid for (%d CHALLENGEs, %d RESPONSEs)"
                      % (curve, allowed, challenges, trial.paid))
    return moved, curve, faults


def run(s, trial, counters=None):
    """The verdict, as a dict. ok is None if it could not be set up."""
    before = counters() if counters else None      # counters(enough): waits a little for it
    unfit = None
    try:
        s.function(trial)
    except Unfit as e:
        unfit = str(e)
    except Skip as e:
        trial.notes["skipped"] = str(e)
    except OSError as e:
        unfit = "%s: %s" % (type(e).__name__, e)
    verdict = dict(scenario=s.name, about=s.about, checks=trial.checks, **trial.totals())
    verdict.update(trial.notes)
    faults = list(trial.faults)
    if counters and not unfit:
        after = counters(lambda now: not judge_counters(s, trial, before, now)[2])
        moved, curve, more = judge_counters(s, trial, before, after)
        verdict.update(drops=moved, curve=curve)
        faults += more
    trial.tidy()
    verdict.update(faults=faults, ok=not faults)
    if unfit:
        verdict.update(unfit=unfit, ok=None if not faults else False)
    return verdict


def load_all():
    from . import (datagram, dialled, fragment, init, mitm, rekey, response, roaming, segment,
                   session, stream)
    assert (datagram and dialled and fragment and init and mitm and rekey and response
            and roaming and segment and session and stream)
    return SCENARIOS
