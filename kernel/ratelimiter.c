// SPDX-License-Identifier: GPL-2.0
/*
 * Each bucket is one number: when it will be full again. A full bucket and
 * none at all are the same, so idle sources need no collecting; what else does
 * not fit loses the bucket that is fullest. The table is keyed, and a source
 * can only displace others of its set.
 */

#include "ratelimiter.h"

#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/random.h>
#include <linux/unaligned.h>

enum {
	WAYS = 8,
	SETS = POOL_RATELIMIT_SLOTS / WAYS,
	COST_NS = NSEC_PER_SEC / POOL_RATELIMIT_PER_S,
};

#define DEPTH_NS ((u64)COST_NS * POOL_RATELIMIT_BURST)

struct pool_ratelimiter_slot {
	u64 tag;	/* keyed hash of the source */
	u64 full_at;	/* CLOCK_MONOTONIC ns; in the past: not in use */
};

static u64 hash_source(const struct pool_ratelimiter *rl, const u8 addr16[16])
{
	u64 hi = get_unaligned_be64(addr16), lo = get_unaligned_be64(addr16 + 8);

	/* ::ffff:a.b.c.d counts by all of its bits. */
	if (hi || lo >> 32 != 0xffff)
		lo = 0;
	return siphash_2u64(hi, lo, &rl->key);
}

static bool allow_at(struct pool_ratelimiter *rl, const u8 addr16[16], u64 now)
{
	struct pool_ratelimiter_slot *set, *slot, *fullest;
	u64 tag = hash_source(rl, addr16), full_at;
	bool allowed;

	set = rl->slots + (tag & (SETS - 1)) * WAYS;
	spin_lock_bh(&rl->lock);
	fullest = set;
	for (slot = set; slot < set + WAYS; slot++) {
		if (slot->tag == tag)
			break;
		if (slot->full_at < fullest->full_at)
			fullest = slot;
	}
	if (slot == set + WAYS) {
		slot = fullest;
		slot->tag = tag;
		/*
		 * Who displaces a bucket in use gets one attempt and no burst:
		 * it may be honest, but many such are a flood.
		 */
		if (slot->full_at > now)
			slot->full_at = now + DEPTH_NS - COST_NS;
	}
	full_at = max(slot->full_at, now) + COST_NS;
	allowed = full_at - now <= DEPTH_NS;
	if (allowed)
		slot->full_at = full_at;
	spin_unlock_bh(&rl->lock);
	return allowed;
}

bool pool_ratelimiter_allow(struct pool_ratelimiter *rl, const u8 addr16[16])
{
	return allow_at(rl, addr16, ktime_get_ns());
}

int pool_ratelimiter_init(struct pool_ratelimiter *rl)
{
	BUILD_BUG_ON(SETS & (SETS - 1));

	spin_lock_init(&rl->lock);
	get_random_bytes(&rl->key, sizeof(rl->key));
	rl->slots = kvcalloc(POOL_RATELIMIT_SLOTS, sizeof(*rl->slots), GFP_KERNEL);
	return rl->slots ? 0 : -ENOMEM;
}

void pool_ratelimiter_free(struct pool_ratelimiter *rl)
{
	kvfree(rl->slots);
	rl->slots = NULL;
}

#ifdef DEBUG
#include "selftest/ratelimiter.c"
#endif
