/* SPDX-License-Identifier: GPL-2.0 */
/* A replay window too slow to be wrong: a list of what was taken. */
#ifndef _POOL_REPLAY_REF_H
#define _POOL_REPLAY_REF_H

#include "../../kernel/proto/keys.h"
#include "../../kernel/proto/replay.h"

enum { REF_MAX = 1 << 14 };

struct replay_ref {
	u64 first;
	u32 bits;
	size_t n;
	u64 taken[REF_MAX];
};

static inline enum pool_replay_verdict ref_take(struct replay_ref *r, u64 seq)
{
	u64 highest = 0;
	size_t i;

	if (seq < r->first || seq - r->first > POOL_EPOCH_SPAN)
		return POOL_REPLAY_RANGE;
	for (i = 0; i < r->n; i++)
		if (r->taken[i] > highest)
			highest = r->taken[i];
	if (r->n && seq < highest && highest - seq >= r->bits)
		return POOL_REPLAY_OLD;
	for (i = 0; i < r->n; i++)
		if (r->taken[i] == seq)
			return POOL_REPLAY_SEEN;
	if (r->n < REF_MAX)
		r->taken[r->n++] = seq;
	return POOL_REPLAY_OK;
}

#endif /* _POOL_REPLAY_REF_H */
