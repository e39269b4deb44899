/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The rekey of PROTOCOL.md 6.14, with the "who may offer" of 6.13 left open: both ends may offer
 * at any time the rules allow it. README.md says what is left out.
 *
 * One of three channels is chosen when it is compiled:
 *
 *	CH_FIFO		one TCP connection: in order, nothing lost. Traffic at any time.
 *	CH_NET		the worst network: whatever was ever sent may arrive at any time, in any order,
 *			any number of times, or never. (The replay window takes a packet once; the
 *			rules hold even without it.)
 *	CH_LOSS		in order, at most LOSSES packets are lost, one by one or all that is under way
 *			when a connection breaks and is made anew (7.5). No traffic of its own, so that
 *			a rekey that does not come to its end by itself is seen: every cycle and every
 *			stop where the ends are not in one epoch is an error.
 *
 * MUTANT_x breaks one rule, and must be caught. WITHOUT_x takes out a rule that was added because of
 * this model: what it then shows is a fault the text had.
 */

#define ENDS		2
#ifndef EPOCHS
#define EPOCHS		4		/* 0 to 3 */
#endif
#ifndef LOSSES
#define LOSSES		2
#endif
#define ROOM		7		/* packets in a channel; never the limit, see emit() */

/*
 * An ephemeral is named by what drew it: an offer by its epoch and owner, an answer by its epoch
 * and whether it is the first for that epoch. (A second one is drawn in mutants alone.) The keys
 * of an epoch are named by the pair; those of epoch 0 are 1.
 */
#define OFFER_OF(e, n)	((n) * 2 + (e) + end[e].redrawn * 8)
#define ANSWER_OF(n, again)	((n) * 2 + (again))
#define KEY(off, ans)	((off) * 16 + (ans))

mtype = { OFFER, ANSWER, HEARTBEAT, OTHER };

typedef End {
	byte send;			/* the epoch it sends in */
	bit receive[EPOCHS];		/* receive keys it has */
	byte key[EPOCHS];		/* keys of each epoch, 0 if it never had any */
	bit offer;			/* a running offer for send + 1 */
	bit redrawn;			/* with its second ephemeral, in a mutant */
	byte answered;			/* the offer answered for send + 1, 0 for none */
	byte answer;			/* and the ephemeral of that answer */
	bit heard;			/* something authentic came in epoch `send` */
	bit attached;			/* its packets go to the connection that stands */
};

End end[ENDS];
byte lower[EPOCHS];			/* the end whose offer for this epoch has the lower ephemeral */
byte lost;				/* packets and connections lost so far */
byte turn;				/* the end that repeats next */

#ifdef CH_NET
/* What was sent, as sets: bit n of these is a packet sent in epoch n. */
typedef Sent {
	byte offer;
	byte answer;
	byte again;			/* answers with the second ephemeral */
	byte other;
};
Sent sent[ENDS];
#else
typedef Pipe {
	/* type, epoch it is sealed in, the key it is sealed under, epoch in REKEY, ephemeral */
	chan c = [ROOM] of { mtype, byte, byte, byte, byte };
};
Pipe to[ENDS];
#endif

#define OLD(e)		(end[e].send > 0 && end[e].receive[end[e].send - 1])

/* emit - seal a packet at end @e in the epoch it sends in, and let it go */
inline emit(e, what, number, eph)
{
#ifdef CH_FIFO
	/* No end sends in an epoch that the other cannot receive in. */
	assert(end[1 - e].receive[end[e].send] &&
	       end[1 - e].key[end[e].send] == end[e].key[end[e].send]);
#else
	/* Nor before it can; it may have wiped the keys since. */
	assert(end[1 - e].key[end[e].send] == end[e].key[end[e].send]);
#endif
#ifdef CH_NET
	if
	:: what == OFFER -> sent[e].offer = sent[e].offer | (1 << end[e].send)
	:: what == ANSWER && (eph & 1) -> sent[e].again = sent[e].again | (1 << end[e].send)
	:: what == ANSWER && !(eph & 1) -> sent[e].answer = sent[e].answer | (1 << end[e].send)
	:: else -> sent[e].other = sent[e].other | (1 << end[e].send)
	fi
#else
	assert(nfull(to[1 - e].c));	/* else the model, not POOL, would block */
#ifdef CH_LOSS
	if
	:: end[e].attached -> to[1 - e].c!what, end[e].send, end[e].key[end[e].send], number, eph
	:: end[e].attached && lost < LOSSES -> lost++
	:: !end[e].attached -> skip	/* into a connection that is gone */
	fi
#else
	to[1 - e].c!what, end[e].send, end[e].key[end[e].send], number, eph
#endif
#endif
}

/* check - after every change: keys agree, and no more than two receive epochs */
inline check(e)
{
	live = 0;
	n = 0;
	do
	:: n < EPOCHS ->
		live = live + end[e].receive[n];
		assert(!end[0].key[n] || !end[1].key[n] || end[0].key[n] == end[1].key[n]);
		n++
	:: else -> break
	od;
	assert(live <= 2);
	n = 0
}

inline take_offer(e, eph)
{
#ifndef MUTANT_THREE_EPOCHS
	if
	:: OLD(e) -> end[e].receive[end[e].send - 1] = 0
	:: else -> skip
	fi;
#endif
	end[e].offer = 0;
	end[e].answered = eph;
	end[e].answer = ANSWER_OF(end[e].send + 1, 0);
	end[e].key[end[e].send + 1] = KEY(eph, end[e].answer);
	end[e].receive[end[e].send + 1] = 1;
	emit(e, ANSWER, end[e].send + 1, end[e].answer);
#ifdef MUTANT_ANSWERER_SWITCHES
	switch_answerer(e);
#endif
}

inline switch_answerer(e)
{
	end[e].send++;
	end[e].answered = 0;
	end[e].answer = 0;
	end[e].heard = 1;
#ifdef MUTANT_ANSWERER_SWITCHES
	end[e].heard = 0;
#endif
}

inline switch_offerer(e, eph)
{
	end[e].key[end[e].send + 1] = KEY(OFFER_OF(e, end[e].send + 1), eph);
	end[e].receive[end[e].send + 1] = 1;
#ifdef MUTANT_OFFERER_WIPES
	end[e].receive[end[e].send] = 0;
#endif
	end[e].send++;
	end[e].offer = 0;
	end[e].heard = 0;
	emit(e, OTHER, 0, 0)
}

/* Has the own running offer the lower ephemeral? */
#ifdef MUTANT_HIGHER_WINS
#define STANDS(e)	((lower[end[e].send + 1] == e) != (e == 0))
#else
#define STANDS(e)	(lower[end[e].send + 1] == e)
#endif

#ifdef MUTANT_OFFER_OF_ANY_EPOCH
#define RIGHT_OFFER(e)	(number <= end[e].send + 1 && end[e].send + 1 < EPOCHS)
#else
#define RIGHT_OFFER(e)	(number == end[e].send + 1 && epoch == end[e].send)
#endif

#define RIGHT_ANSWER(e)	(number == end[e].send + 1 && epoch == end[e].send)

/* got - a packet arrives at end @e: `what`, sealed in `epoch` under `key`, for epoch `number` */
inline got(e)
{
	if
	:: !end[e].receive[epoch] || end[e].key[epoch] != key ->
#ifdef CH_FIFO
		assert(false)		/* lost, on a path that loses nothing */
#else
		skip
#endif
	:: else ->
#ifdef CH_LOSS
		/* 7.5: the session moves to the connection that brought this */
		if
#ifdef WITHOUT_NEWEST_HEARD
		:: epoch + 1 < EPOCHS && end[e].receive[epoch + 1] -> skip
#endif
		:: else -> end[e].attached = 1
		fi;
#endif
		if
		:: epoch == end[e].send -> end[e].heard = 1
		:: epoch == end[e].send + 1 && end[e].answered ->
			switch_answerer(e);
			emit(e, OTHER, 0, 0)
		:: else -> skip
		fi;
		if
		:: what == OFFER ->
			if
			:: end[e].answered ->
				if
				:: number == end[e].send + 1 && eph == end[e].answered ->
#ifdef MUTANT_NEW_ANSWER
					end[e].answer = ANSWER_OF(number, 1);
					end[e].key[number] = KEY(eph, end[e].answer);
#endif
					emit(e, ANSWER, number, end[e].answer)
				:: else -> skip
				fi
			:: !end[e].answered && RIGHT_OFFER(e) ->
				if
				:: end[e].offer && STANDS(e) -> skip
				:: else -> take_offer(e, eph)
				fi
			:: else -> skip
			fi
		:: what == ANSWER ->
			if
			:: end[e].offer && RIGHT_ANSWER(e) ->
				switch_offerer(e, eph)
#ifndef WITHOUT_REPEAT_ACK
			:: !end[e].offer && number == end[e].send && epoch + 1 == number ->
				/* the answer again: the answerer has not heard the new epoch */
				emit(e, OTHER, 0, 0)
#endif
			:: else -> skip
			fi
		:: what == HEARTBEAT -> emit(e, OTHER, 0, 0)
		:: else -> skip
		fi
	fi;
	check(e)
}

#ifdef MUTANT_OFFERS_UNHEARD
#define MAY_OFFER(e)	(end[e].send + 1 < EPOCHS && !end[e].offer && !end[e].answered)
#elif defined(MUTANT_OFFERS_AFTER_ANSWER)
#define MAY_OFFER(e)	(end[e].send + 1 < EPOCHS && !end[e].offer && end[e].heard && !OLD(e))
#else
#define MAY_OFFER(e)	(end[e].send + 1 < EPOCHS && !end[e].offer && !end[e].answered && \
			 end[e].heard && !OLD(e))
#endif

#ifdef CH_NET
#define ANY(e)		(sent[1 - e].offer | sent[1 - e].answer | sent[1 - e].again | \
			 sent[1 - e].other)
#endif
#ifdef MUTANT_OFFER_ONCE
#define DUE(e)		(end[e].attached && end[e].answered)
#else
#define DUE(e)		(end[e].attached && (end[e].offer || end[e].answered))
#endif
#define UNDER_WAY	(len(to[0].c) + len(to[1].c))
#define QUIET		(UNDER_WAY == 0)
#ifndef FEW
#define FEW		(UNDER_WAY < 3)	/* else the ends do nothing of their own accord */
#endif

proctype Node(byte me)
{
	mtype what;
	byte epoch, key, number, eph, n, live;

endless:
	do
	/* 6.13, 6.14: offer */
	:: atomic { MAY_OFFER(me) ->
		end[me].offer = 1;
		emit(me, OFFER, end[me].send + 1, OFFER_OF(me, end[me].send + 1)) }

	/* The old receive key goes: 1 s after the new epoch was heard. */
	:: atomic { OLD(me) && end[me].heard -> end[me].receive[end[me].send - 1] = 0 }

#ifdef CH_FIFO
	/* Or after 60 s. All that was under way has come by then. */
	:: atomic { OLD(me) && QUIET -> end[me].receive[end[me].send - 1] = 0 }
	:: atomic { FEW -> emit(me, OTHER, 0, 0) }
	:: atomic { end[me].offer && FEW ->
#ifdef MUTANT_REDRAW
		end[me].redrawn = 1;
#endif
		emit(me, OFFER, end[me].send + 1, OFFER_OF(me, end[me].send + 1)) }
	:: atomic { end[me].answered && FEW ->
		emit(me, ANSWER, end[me].send + 1, end[me].answer) }
	:: atomic { to[me].c?what, epoch, key, number, eph -> got(me);
		what = 0; epoch = 0; key = 0; number = 0; eph = 0 }
#endif

#ifdef CH_LOSS
	/* Repetitions come when all that was under way has come or is lost; and since the timers
	 * are the same at both ends, in turns where both have something to repeat. */
	:: atomic { DUE(me) && QUIET && (turn == me || !DUE(1 - me)) ->
		turn = 1 - me;
		if
		:: end[me].offer -> emit(me, OFFER, end[me].send + 1, OFFER_OF(me, end[me].send + 1))
		:: else -> emit(me, ANSWER, end[me].send + 1, end[me].answer)
		fi }
	/* The connection breaks, and this end makes a new one. */
	:: atomic { lost < LOSSES ->
		lost++;
		do
		:: to[0].c?_, _, _, _, _
		:: to[1].c?_, _, _, _, _
		:: empty(to[0].c) && empty(to[1].c) -> break
		od;
		end[1 - me].attached = 0;
		end[me].attached = 1;
		emit(me, HEARTBEAT, 0, 0) }
	/* It is sent again when that broke as well: by whoever dials then. */
	:: atomic { QUIET && end[me].attached && !end[1 - me].attached ->
		emit(me, HEARTBEAT, 0, 0) }
	:: atomic { to[me].c?what, epoch, key, number, eph -> got(me);
		what = 0; epoch = 0; key = 0; number = 0; eph = 0 }
#endif

#ifdef CH_NET
	/* Or after 60 s, whatever has been heard. */
	:: atomic { OLD(me) -> end[me].receive[end[me].send - 1] = 0 }
	:: atomic { emit(me, OTHER, 0, 0) }
	/* Repetitions are in the network: nothing in it is used up. */
	:: atomic { ANY(me) ->
		epoch = 0;
		do
		:: epoch < EPOCHS - 1 -> epoch++
		:: break
		od;
		if
		:: sent[1 - me].offer & (1 << epoch) ->
			what = OFFER; eph = OFFER_OF(1 - me, epoch + 1)
		:: sent[1 - me].answer & (1 << epoch) ->
			what = ANSWER; eph = ANSWER_OF(epoch + 1, 0)
		:: sent[1 - me].again & (1 << epoch) ->
			what = ANSWER; eph = ANSWER_OF(epoch + 1, 1)
		:: sent[1 - me].other & (1 << epoch) ->
			what = OTHER
		:: else -> what = 0
		fi;
		if
		:: what -> number = epoch + 1; key = end[1 - me].key[epoch]; got(me)
		:: else -> skip
		fi;
		what = 0; epoch = 0; key = 0; number = 0; eph = 0 }
#endif
	od
}

#define ONE_EPOCH	(end[0].send == end[1].send && !end[0].offer && !end[1].offer && \
			 !end[0].answered && !end[1].answered)

init
{
	byte n;

	atomic {
		do
		:: n < ENDS ->
			end[n].receive[0] = 1;
			end[n].key[0] = 1;
			end[n].attached = 1;
			n++
		:: else -> break
		od;
		n = 1;
		do
		:: n < EPOCHS -> lower[n] = 0; n++
		:: n < EPOCHS -> lower[n] = 1; n++
		:: else -> break
		od;
		n = 0;
		/* End 0 is the initiator. Its session is confirmed, its HEARTBEAT under way. */
		end[0].heard = 1;
#ifdef CH_NET
		sent[0].other = 1;
#else
		to[1].c!HEARTBEAT, 0, 1, 0, 0;
#endif
		run Node(0);
		run Node(1)
	}
#ifdef CH_LOSS
	timeout -> assert(ONE_EPOCH && end[0].send == EPOCHS - 1)
#endif
#ifdef WITNESS
	/* Not a property: it must fail, and so shows that the last epoch is reached at all. */
	assert(!(end[0].send == EPOCHS - 1 && end[1].send == EPOCHS - 1 && WITNESS))
#endif
}
