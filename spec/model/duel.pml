/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Handshakes of both ends at once, and which session carries traffic (PROTOCOL.md 5.9), with the
 * liveness of 6.12 that picks up the pieces. README.md says what is left out.
 *
 * Each end starts a handshake once of its own accord, at any time; further ones when its current
 * session is suspect, or when it has no session. Each session has a path of its own in each
 * direction, in order, and nothing is said about the order between sessions: they may use two
 * connections. FAULTS says how many things may go wrong: a packet lost (any one, CLOSE too), an
 * unconfirmed session that ends before its HEARTBEAT is there, a suspicion without reason.
 *
 * Timers are otherwise prompt: those that stand for silence fire when nothing of that session is
 * under way any more.
 *
 * Every run must come to rest, and then the ends have one and the same session and no other.
 *
 * MUTANT_x breaks one rule, and must be caught. With DATA each end also sends on its current
 * session all the time, and a packet that comes to an end without that session is an error: the
 * rules do not promise this, and README.md says so.
 */

#ifndef FAULTS
#define FAULTS		2
#endif
#ifndef SLOTS
#define SLOTS		4
#endif
#define ROOM		4
#define LOWER		0		/* the end with the lower identity key */
#define HIGHER		1
#define NO		SLOTS		/* "no session" */

mtype = { RESPONSE, FIRST_ACK, HEARTBEAT, ACK, CLOSE, TRAFFIC };
mtype = { NONE, TRYING, UNCONFIRMED, CONFIRMED };

typedef End {
	mtype state[SLOTS];
	byte rank[SLOTS];		/* confirmed first, second ... of those left; 0 not yet */
	bit surplus[SLOTS];		/* LOWER will close it */
	byte current;
	bit started;			/* has begun a handshake of its own accord */
};
End end[2];
byte initiator[SLOTS];
byte faults;
/* At LOWER: */
bit aged[SLOTS];			/* confirmed more than 10 s ago */
bit due[SLOTS];				/* surplus for 10 s */
bit told;				/* it has sent a HEARTBEAT since it chose */

typedef Pipe {
	chan c = [ROOM] of { mtype };
};
typedef Pipes {
	Pipe s[SLOTS];
};
Pipes to[2];

/* Nothing of these outlives a step. */
mtype m;
byte i, last, old;

#define QUIET(x)	((len(to[0].s[x].c) == 0) && (len(to[1].s[x].c) == 0))
#define FREE(x)		(end[0].state[x] == NONE && end[1].state[x] == NONE && QUIET(x))
#define DEAD(e, x)	(end[1 - (e)].state[x] == NONE && QUIET(x))

inline emit(e, x, m)
{
	assert(nfull(to[1 - e].s[x].c));	/* else the model, not POOL, would block */
	if
	:: to[1 - e].s[x].c!m
	:: faults < FAULTS -> faults++
	fi
}

/* remove - session @x ends at end @e; of those left, the one confirmed last is current */
inline remove(e, x)
{
	old = end[e].rank[x];
	end[e].state[x] = NONE;
	end[e].rank[x] = 0;
	end[e].surplus[x] = 0;
	if
	:: e == LOWER -> aged[x] = 0; due[x] = 0
	:: else -> skip
	fi;
	if
	:: end[e].current == x -> end[e].current = NO
	:: else -> skip
	fi;
	i = 0;
	last = NO;
	do
	:: i < SLOTS ->
		if
		:: old && end[e].rank[i] > old -> end[e].rank[i]--
		:: else -> skip
		fi;
		if
		:: end[e].rank[i] && (last == NO || end[e].rank[i] > end[e].rank[last]) -> last = i
		:: else -> skip
		fi;
		i++
	:: else -> break
	od;
	if
	:: end[e].current == NO && last != NO ->
		end[e].current = last;
		end[e].surplus[last] = 0;
		if
		:: e == LOWER -> due[last] = 0
		:: else -> skip
		fi
	:: else -> skip
	fi;
	i = 0; old = 0; last = 0
}

/* confirm - session @x is confirmed at end @e: which one carries traffic now? */
inline confirm(e, x)
{
	end[e].state[x] = CONFIRMED;
	i = 0;
	last = 0;
	do
	:: i < SLOTS ->
		last = (end[e].rank[i] > last -> end[e].rank[i] : last);
		i++
	:: else -> break
	od;
	end[e].rank[x] = last + 1;
	i = 0;
	last = 0;
	old = end[e].current;
	if
	:: old == NO -> end[e].current = x
#ifdef MUTANT_BOTH_CLOSE
	:: old != NO ->
#else
	:: old != NO && e == HIGHER -> end[e].current = x
	:: old != NO && e == LOWER ->
#endif
		/* Within 10 s of each other, and one of them its own: that one. Else the last. */
		if
		:: (initiator[old] == e) != (initiator[x] == e) && !aged[old] ->
			end[e].current = (initiator[old] == e -> old : x)
		:: else -> end[e].current = x
		fi;
		told = 0;
		end[e].surplus[old] = (end[e].current != old);
		end[e].surplus[x] = (end[e].current != x)
	fi;
	old = 0;
	if
	:: initiator[x] == e -> emit(e, x, HEARTBEAT)
	:: else -> skip
	fi
}

/* got - packet @m of session @x arrives at end @e */
inline got(e, x)
{
	if
	:: m == RESPONSE ->
		if
		:: end[e].state[x] == NONE ->
			end[e].state[x] = UNCONFIRMED;
			emit(e, x, FIRST_ACK)
		:: else -> assert(false)	/* it is never repeated here */
		fi
	:: m != RESPONSE && end[e].state[x] == NONE ->
		/* no session */
#ifdef DATA
		assert(m != TRAFFIC)
#else
		skip
#endif
	:: else ->
		if
		:: end[e].state[x] != CONFIRMED -> confirm(e, x)
		:: else -> skip
		fi;
		if
		:: m == HEARTBEAT -> emit(e, x, ACK)
		:: m == CLOSE -> remove(e, x)
		:: else -> skip
		fi
	fi;
	m = 0
}

inline start(e)
{
	i = 0;
	do
	:: i < SLOTS && !FREE(i) -> i++
	:: else -> break
	od;
	assert(i < SLOTS);	/* there is no end of new sessions */
	initiator[i] = e;
	end[e].state[i] = TRYING;
	emit(e, i, RESPONSE);
	i = 0
}

#define IS(e, x, what)	(end[e].state[x] == what)
#define ANY(e, what)	(IS(e, 0, what) || IS(e, 1, what) || IS(e, 2, what) || IS(e, 3, what))
#define HAS(e)		(end[e].current != NO)
#define CURRENT(e, x)	(end[e].current == x)

/* What the timers of 6.12 see */
#define SUSPECT(e)	(HAS(e) && DEAD(e, end[e].current))

proctype Node(byte me)
{
endless:
	do
	/* A handshake beside whatever there is: this is the duel. */
	:: atomic { !end[me].started -> end[me].started = 1; start(me) }
	/* Traffic waits, and nothing is there or about to be. */
	:: atomic { end[me].started && !HAS(me) && !ANY(me, TRYING) && !ANY(me, UNCONFIRMED) ->
		start(me) }
	/* The current session is suspect: a handshake starts beside it. Or it seems so. */
	:: atomic { SUSPECT(me) && !ANY(me, TRYING) && !ANY(me, UNCONFIRMED) -> start(me) }
	:: atomic { HAS(me) && !ANY(me, TRYING) && faults < FAULTS -> faults++; start(me) }
	/* And then dead. */
	:: atomic { SUSPECT(me) && !ANY(me, TRYING) -> remove(me, end[me].current) }
	od
}

#define CLOSE_DUE(x)	(due[x] && IS(LOWER, x, CONFIRMED))

/*
 * Ten seconds pass. Whatever was sent before has come by then. (With DATA a HEARTBEAT of LOWER is
 * among it.)
 */
#define ALL_QUIET	(QUIET(0) && QUIET(1) && QUIET(2) && QUIET(3))
#define AGES(x)		(IS(LOWER, x, CONFIRMED) && (!aged[x] || (end[LOWER].surplus[x] && !due[x])))
#ifdef DATA
#define TOLD		told
#else
#define TOLD		true
#endif

proctype Clock()
{
endless:
	do
	:: atomic { ALL_QUIET && TOLD && (AGES(0) || AGES(1) || AGES(2) || AGES(3)) ->
		do
		:: i < SLOTS ->
			aged[i] = IS(LOWER, i, CONFIRMED);
			due[i] = end[LOWER].surplus[i];
			i++
		:: else -> break
		od;
		i = 0 }
	od
}

/* One session at one end */
proctype Session(byte me, x)
{
endless:
	do
	:: atomic { to[me].s[x].c?m -> got(me, x) }

	/* 12 s, 10 s: the attempt or the unconfirmed session ends. */
	:: atomic { IS(me, x, TRYING) && QUIET(x) && !IS(1 - me, x, UNCONFIRMED) -> remove(me, x) }
	:: atomic { IS(me, x, UNCONFIRMED) && QUIET(x) -> remove(me, x) }
	:: atomic { IS(me, x, UNCONFIRMED) && faults < FAULTS -> faults++; remove(me, x) }

	/* The next HEARTBEAT, where it would change anything. */
	:: atomic { CURRENT(me, x) && QUIET(x) && IS(1 - me, x, UNCONFIRMED) ->
		emit(me, x, HEARTBEAT) }

#ifdef MUTANT_BOTH_CLOSE
	:: atomic { end[me].surplus[x] && IS(me, x, CONFIRMED) ->
#elif defined(MUTANT_NONE_CLOSES)
	:: atomic { false ->
#else
	:: atomic { me == LOWER && CLOSE_DUE(x) ->
#endif
		emit(me, x, CLOSE); remove(me, x) }

	/* 60 s of silence on a superseded session */
	:: atomic { IS(me, x, CONFIRMED) && !CURRENT(me, x) && DEAD(me, x) -> remove(me, x) }

#ifdef DATA
	:: atomic { CURRENT(me, x) && empty(to[1 - me].s[x].c) -> emit(me, x, TRAFFIC) }
	:: atomic { me == LOWER && CURRENT(me, x) && !told && empty(to[1 - me].s[x].c) ->
		told = 1; emit(me, x, HEARTBEAT) }
#endif
	od
}

#define ALONE(e, x)	((IS(e, 0, NONE) + IS(e, 1, NONE) + IS(e, 2, NONE) + IS(e, 3, NONE)) == 3 && \
			 IS(e, x, CONFIRMED))

init
{
	atomic {
		end[0].current = NO;
		end[1].current = NO;
		do
		:: i < SLOTS ->
			end[0].state[i] = NONE;
			end[1].state[i] = NONE;
			run Session(0, i);
			run Session(1, i);
			i++
		:: else -> break
		od;
		i = 0;
		run Node(0);
		run Node(1);
		run Clock()
	}
#ifdef WITNESS
	assert(!(WITNESS))
#else
	timeout -> assert(HAS(0) && end[0].current == end[1].current &&
			  ALONE(0, end[0].current) && ALONE(1, end[0].current))
#endif
}
