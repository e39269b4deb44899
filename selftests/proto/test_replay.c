// SPDX-License-Identifier: GPL-2.0
/* The replay window, against a reference and at its edges. */
#include "test.h"
#include "replay_ref.h"

static struct replay_ref ref;

static void take(struct pool_replay *w, u64 seq, enum pool_replay_verdict want)
{
	struct pool_replay before = *w;

	/* peeking agrees, and changes nothing */
	assert_int_equal(pool_replay_peek(w, seq), want);
	assert_memory_equal(&before, w, sizeof(before));
	assert_int_equal(pool_replay_update(w, seq), want);
	if (want != POOL_REPLAY_OK)
		assert_memory_equal(&before, w, sizeof(before));
}

static void against_reference(u32 bits, u64 first, u64 seed)
{
	struct pool_replay w;
	u64 top = first, seq;
	int i;

	memset(&ref, 0, sizeof(ref));
	ref.first = first;
	ref.bits = bits;
	pool_replay_init(&w, first, bits);
	for (i = 0; i < 5000; i++) {
		u64 kind = test_rand(&seed) % 100, r = test_rand(&seed);

		if (kind < 50)
			seq = top + r % 3;			/* in order, nearly */
		else if (kind < 80)
			seq = top - r % (bits + bits / 8);	/* late, or too late */
		else if (kind < 85)
			seq = top - bits + 2 - r % 4;		/* at the very edge */
		else if (kind < 90)
			seq = top + r % (bits + 100);		/* a jump */
		else if (kind < 95)
			seq = (top | 63) + r % 3 - 1;		/* at a word's border */
		else
			seq = first + r % 16 - 8;
		take(&w, seq, ref_take(&ref, seq));
		if (seq >= first && seq - first <= POOL_EPOCH_SPAN && seq > top)
			top = seq;
	}
}

static void random_64(void **state)
{
	u64 seed;

	(void)state;
	for (seed = 1; seed <= 6; seed++)
		against_reference(64, seed * 1000003, seed);
}

static void random_8192(void **state)
{
	u64 seed;

	(void)state;
	for (seed = 11; seed <= 14; seed++)
		against_reference(8192, POOL_ISN_MASK - seed * 77777, seed);
}

static void random_128_from_zero(void **state)
{
	(void)state;
	against_reference(128, 0, 21);
}

static void range_edges(void **state)
{
	static const u64 firsts[] = { 0, 1, 63, 64, 12345678901234567ULL, POOL_ISN_MASK };
	struct pool_replay w;
	size_t n;

	(void)state;
	for (n = 0; n < ARRAY_SIZE(firsts); n++) {
		u64 f = firsts[n];

		pool_replay_init(&w, f, POOL_REPLAY_BITS);
		assert_true(w.highest == f - 1);
		take(&w, f - 1, POOL_REPLAY_RANGE);
		take(&w, f + POOL_EPOCH_SPAN + 1, POOL_REPLAY_RANGE);
		take(&w, ~0ULL, POOL_REPLAY_RANGE);
		take(&w, f, POOL_REPLAY_OK);
		take(&w, f, POOL_REPLAY_SEEN);
		assert_true(w.highest == f);
		/* the whole range in one jump */
		take(&w, f + POOL_EPOCH_SPAN, POOL_REPLAY_OK);
		take(&w, f + POOL_EPOCH_SPAN, POOL_REPLAY_SEEN);
		take(&w, f, POOL_REPLAY_OLD);
		take(&w, f + POOL_EPOCH_SPAN - POOL_REPLAY_BITS, POOL_REPLAY_OLD);
		take(&w, f + POOL_EPOCH_SPAN - POOL_REPLAY_BITS + 1, POOL_REPLAY_OK);
		take(&w, f + POOL_EPOCH_SPAN - POOL_REPLAY_BITS + 1, POOL_REPLAY_SEEN);
		assert_true(w.highest == f + POOL_EPOCH_SPAN);
	}
}

static void first_packet_may_be_any(void **state)
{
	struct pool_replay w;

	(void)state;
	pool_replay_init(&w, 1000, 64);
	take(&w, 1010, POOL_REPLAY_OK);
	take(&w, 1000, POOL_REPLAY_OK);
	take(&w, 1000, POOL_REPLAY_SEEN);
	take(&w, 1063, POOL_REPLAY_OK);
	take(&w, 1001, POOL_REPLAY_OK);
	take(&w, 1064, POOL_REPLAY_OK);
	take(&w, 1000, POOL_REPLAY_OLD);
}

static void each_once_in_any_order(void **state)
{
	static u16 order[POOL_REPLAY_BITS];
	struct pool_replay w;
	u64 seed = 5;
	int i, j;
	u16 t;

	(void)state;
	for (i = 0; i < POOL_REPLAY_BITS; i++)
		order[i] = (u16)i;
	for (i = POOL_REPLAY_BITS - 1; i > 0; i--) {
		j = (int)(test_rand(&seed) % (u64)(i + 1));
		t = order[i];
		order[i] = order[j];
		order[j] = t;
	}
	pool_replay_init(&w, 7, POOL_REPLAY_BITS);
	for (i = 0; i < POOL_REPLAY_BITS; i++)
		assert_int_equal(pool_replay_update(&w, 7ULL + order[i]), POOL_REPLAY_OK);
	for (i = 0; i < POOL_REPLAY_BITS; i++)
		assert_int_equal(pool_replay_update(&w, 7ULL + order[i]), POOL_REPLAY_SEEN);
}

static void wrong_sizes_stay_inside(void **state)
{
	static const u32 sizes[] = { 0, 1, 63, 65, 8191, 8193, 100000, ~0U };
	struct pool_replay w;
	u64 seed = 9;
	size_t n;
	int i;

	(void)state;
	for (n = 0; n < ARRAY_SIZE(sizes); n++) {
		pool_replay_init(&w, 0, sizes[n]);
		assert_true(w.bits >= 64 && w.bits <= POOL_REPLAY_BITS && w.bits % 64 == 0);
		for (i = 0; i < 1000; i++)
			pool_replay_update(&w, test_rand(&seed) % 100000);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_64),
		cmocka_unit_test(random_8192),
		cmocka_unit_test(random_128_from_zero),
		cmocka_unit_test(range_edges),
		cmocka_unit_test(first_packet_may_be_any),
		cmocka_unit_test(each_once_in_any_order),
		cmocka_unit_test(wrong_sizes_stay_inside),
	};

	return cmocka_run_group_tests_name("replay", tests, NULL, NULL);
}
