/* SPDX-License-Identifier: GPL-2.0 */
/* Anti-replay window of one direction of one epoch (N02, RFC 6479's bitmap). */
#ifndef _POOL_PROTO_REPLAY_H
#define _POOL_PROTO_REPLAY_H

#include "types.h"

enum {
	POOL_REPLAY_BITS = 8192,	/* the draft asks for at least 64 */
	POOL_REPLAY_WORDS = POOL_REPLAY_BITS / 64 + 1,
};

enum pool_replay_verdict {
	POOL_REPLAY_OK,
	POOL_REPLAY_SEEN,	/* inside the window, already taken */
	POOL_REPLAY_OLD,	/* below the window */
	POOL_REPLAY_RANGE,	/* outside of the epoch's sequence range */
};

/* The caller serialises; @bits is the window, a multiple of 64. */
struct pool_replay {
	u64 first;		/* the epoch's initial sequence */
	u64 highest;		/* first - 1 while nothing came */
	u32 bits;
	u64 map[POOL_REPLAY_WORDS];
};

/* @bits: 64 to POOL_REPLAY_BITS, a multiple of 64. */
void pool_replay_init(struct pool_replay *r, u64 first, u32 bits);

/* Would @seq be taken? Changes nothing: for use before authentication. */
enum pool_replay_verdict pool_replay_peek(const struct pool_replay *r, u64 seq);

/* Take @seq, which has been authenticated. POOL_REPLAY_OK at most once per @seq. */
enum pool_replay_verdict pool_replay_update(struct pool_replay *r, u64 seq);

#endif /* _POOL_PROTO_REPLAY_H */
