// SPDX-License-Identifier: GPL-2.0
/* Buckets against a clock that we turn ourselves. Included by ratelimiter.c. */

static void __init source(u8 addr16[16], bool v6, u32 net, u32 host)
{
	memset(addr16, 0, 16);
	if (v6) {
		put_unaligned_be32(0x20010db8, addr16);
		put_unaligned_be32(net, addr16 + 4);
		put_unaligned_be32(host, addr16 + 12);
	} else {
		put_unaligned_be16(0xffff, addr16 + 10);
		put_unaligned_be32(net, addr16 + 12);
	}
}

/* How many of @tries at one time pass. */
static unsigned int __init passes(struct pool_ratelimiter *rl, bool v6, u32 net, u64 now,
				  unsigned int tries)
{
	unsigned int i, n = 0;
	u8 addr16[16];

	for (i = 0; i < tries; i++) {
		source(addr16, v6, net, i);
		n += allow_at(rl, addr16, now);
	}
	return n;
}

static const char * __init run(struct pool_ratelimiter *rl)
{
	unsigned int i, n;
	u64 now = NSEC_PER_SEC;

	for (i = 0; i < 2; i++) {
		bool v6 = i;

		if (passes(rl, v6, 1, now, 100) != POOL_RATELIMIT_BURST)
			return "a fresh source does not get its burst";
		if (passes(rl, v6, 2, now, 1) != 1)
			return "one source pays for another";
		if (passes(rl, v6, 1, now + COST_NS - 1, 1))
			return "refilled too early";
		if (passes(rl, v6, 1, now + 3 * COST_NS, 10) != 3)
			return "does not refill at its rate";
		if (passes(rl, v6, 1, now + 3600ULL * NSEC_PER_SEC, 100) != POOL_RATELIMIT_BURST)
			return "an idle bucket is not full";
	}

	/* Empty one bucket; others come, then far more than there are slots. */
	now += 7200ULL * NSEC_PER_SEC;
	passes(rl, false, 1, now, 100);
	for (i = 0, n = 0; i < POOL_RATELIMIT_SLOTS / 2; i++)
		n += passes(rl, false, 1000 + i, now, 1);
	if (passes(rl, false, 1, now, 1))
		return "the emptiest bucket was displaced";
	for (; i < 16 * POOL_RATELIMIT_SLOTS; i++)
		n += passes(rl, false, 1000 + i, now, 1);
	if (n != 16 * POOL_RATELIMIT_SLOTS)
		return "a new source is not let in when the table is full";
	for (i = 0, n = 0; i < POOL_RATELIMIT_SLOTS; i++)
		n += passes(rl, true, 1000 + i, now, 10);
	if (n > 2 * POOL_RATELIMIT_SLOTS)
		return "sources that displace others get bursts";
	return NULL;
}

bool __init pool_ratelimiter_selftest(void)
{
	struct pool_ratelimiter rl;
	const char *failed;

	if (pool_ratelimiter_init(&rl))
		return false;
	failed = run(&rl);
	pool_ratelimiter_free(&rl);
	if (failed)
		pr_err("self-test of ratelimiter: %s\n", failed);
	else
		pr_info("self-test of ratelimiter: pass\n");
	return !failed;
}
