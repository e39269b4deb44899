/* SPDX-License-Identifier: GPL-2.0 */
/* Transport "auto": which one to call a peer by (spec section 7.9). All under peer->state_lock. */
#ifndef _POOL_AUTO_H
#define _POOL_AUTO_H

#include <linux/types.h>

struct pool_peer;
struct pool_session;

enum {
	POOL_AUTO_ATTEMPT_S = 3,	/* for each transport */
	POOL_AUTO_AGAIN_S = 60,		/* a better one */
	POOL_AUTO_DOUBT_S = 2,		/* without an answer to what asked for one */
	POOL_AUTO_ASK_MS = 500,		/* meanwhile it is asked again */
	POOL_AUTO_DATA_MS = 1000,	/* so often DATA asks */
};

struct pool_auto {
	u8 id;				/* to try now; 0: the first */
	bool upgrading;			/* a better one than that of the session */
	bool doubting;			/* the session's is silent */
	u8 asks;			/* again, since the one that was not answered */
	u64 again_ns;			/* try a better one; 0: not set */
	u64 dial_ns;			/* a connection is under way since; 0: none */
	bool dial_failed;		/* one did not come about; WRITE_ONCE */
};

/* Is @peer configured so? */
bool pool_auto_is(const struct pool_peer *peer);
/* The transport to call by now. */
u8 pool_auto_transport(const struct pool_peer *peer);
/* It did not lead to a session: the next one's turn. True: another attempt, at once. */
bool pool_auto_failed(struct pool_peer *peer);
/*
 * Before one is dialled: a connection that has not come about, or not in time, was its turn.
 * ns until it is to be asked again, U64_MAX: when something happens.
 */
u64 pool_auto_check_dial(struct pool_peer *peer, u64 now);
/* Should a DATA packet of @s ask for an ACK, so that silence is noticed? Under tx_lock. */
bool pool_auto_wants_ack(struct pool_session *s);
/* @s is confirmed. */
void pool_auto_confirmed(struct pool_peer *peer, const struct pool_session *s);
/*
 * Is another handshake wanted beside @s, the current session? *@next_ns is lowered to when it
 * is to be asked again.
 */
bool pool_auto_tick(struct pool_peer *peer, struct pool_session *s, u64 now, u64 *next_ns);

#endif /* _POOL_AUTO_H */
