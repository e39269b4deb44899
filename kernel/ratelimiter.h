/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How often one source may ask for something: a token bucket for each IPv4
 * address and each IPv6 /64, in a table of fixed size.
 */
#ifndef _POOL_RATELIMITER_H
#define _POOL_RATELIMITER_H

#include <linux/siphash.h>
#include <linux/spinlock.h>
#include <linux/types.h>

enum pool_ratelimiter_limits {
	POOL_RATELIMIT_PER_S = 20,
	POOL_RATELIMIT_BURST = 40,
	POOL_RATELIMIT_SLOTS = 2048,	/* buckets that are not full, at a time */
};

struct pool_ratelimiter_slot;

struct pool_ratelimiter {
	spinlock_t lock;	/* of the slots */
	siphash_key_t key;
	struct pool_ratelimiter_slot *slots;
};

/* 0 or -ENOMEM. May sleep. */
int pool_ratelimiter_init(struct pool_ratelimiter *rl);

/* Nobody uses @rl any more. Does nothing to one that is all zero. */
void pool_ratelimiter_free(struct pool_ratelimiter *rl);

/**
 * pool_ratelimiter_allow() - charge a source for one attempt
 * @addr16: its address, IPv4 as v4-mapped
 *
 * Never allocates: of more sources than there is room for, those are forgotten
 * that asked least. Any context but hard interrupts.
 * Return: false when the source is over its rate.
 */
bool pool_ratelimiter_allow(struct pool_ratelimiter *rl, const u8 addr16[16]);

#ifdef DEBUG
bool pool_ratelimiter_selftest(void);
#else
static inline bool pool_ratelimiter_selftest(void)
{
	return true;
}
#endif

#endif /* _POOL_RATELIMITER_H */
