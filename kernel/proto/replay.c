// SPDX-License-Identifier: GPL-2.0
/*
 * Anti-replay window: a ring of words with one word more than the window needs,
 * so that advancing clears whole words and never shifts.
 */
#include "keys.h"
#include "replay.h"

void pool_replay_init(struct pool_replay *r, u64 first, u32 bits)
{
	/* A wrong size must not become a write outside of the map. */
	if (bits > POOL_REPLAY_BITS)
		bits = POOL_REPLAY_BITS;
	if (bits < 64)
		bits = 64;
	memset(r, 0, sizeof(*r));
	r->first = first;
	r->highest = first - 1;
	r->bits = bits & ~63U;
}

/* Offsets into the epoch's range fit 32 bits: no 64-bit division anywhere. */
static enum pool_replay_verdict judge(const struct pool_replay *r, u64 seq, u32 *off)
{
	u32 taken = (u32)(r->highest + 1 - r->first);	/* offset after the highest */
	u64 o = seq - r->first;

	if (o > POOL_EPOCH_SPAN)
		return POOL_REPLAY_RANGE;
	*off = (u32)o;
	if (*off >= taken)
		return POOL_REPLAY_OK;
	if (taken - 1 - *off >= r->bits)
		return POOL_REPLAY_OLD;
	if (r->map[(*off >> 6) % (r->bits / 64 + 1)] >> (*off & 63) & 1)
		return POOL_REPLAY_SEEN;
	return POOL_REPLAY_OK;
}

enum pool_replay_verdict pool_replay_peek(const struct pool_replay *r, u64 seq)
{
	u32 off;

	return judge(r, seq, &off);
}

enum pool_replay_verdict pool_replay_update(struct pool_replay *r, u64 seq)
{
	u32 words = r->bits / 64 + 1;
	u32 taken = (u32)(r->highest + 1 - r->first);
	enum pool_replay_verdict v;
	u32 off, word, fresh;

	v = judge(r, seq, &off);
	if (v != POOL_REPLAY_OK)
		return v;
	if (off >= taken) {
		if (taken) {
			word = (taken - 1) >> 6;
			fresh = (off >> 6) - word;
			if (fresh > words)
				fresh = words;
			while (fresh--)
				r->map[++word % words] = 0;
		}
		r->highest = seq;
	}
	r->map[(off >> 6) % words] |= 1ULL << (off & 63);
	return POOL_REPLAY_OK;
}
