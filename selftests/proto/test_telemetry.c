// SPDX-License-Identifier: GPL-2.0
/* Telemetry: the block, the estimators against series computed by hand, the judgement. */
#include "test.h"

#define MS	1000000ULL
#define S	1000000000ULL

/* ------------------------------------------------------------------- block */

static void block_layout(void **state)
{
	const struct pool_telemetry t = {
		.rtt_ns = 0x0102030405060708, .jitter_ns = 0x1112131415161718,
		.loss_ppm = 0x21222324, .throughput = 0x31323334, .mtu = 0x4142, .queue = 0x5152,
		.uptime_ns = 0x6162636465666768, .rekeys = 0x71727374,
		.config_version = 0x81828384, .digest = 0x91929394,
		.journal = 0xa1a2a3a4a5a6a7a8,
	};
	struct pool_telemetry back;
	u8 block[POOL_TELEMETRY_LEN + 1];
	size_t len;

	(void)state;
	pool_telemetry_encode(block, &t);
	assert_hex(block, "0102030405060708" "1112131415161718" "21222324" "31323334" "4142"
		   "5152" "6162636465666768" "71727374" "81828384" "91929394"
		   "a1a2a3a4a5a6a7a8");
	for (len = 0; len < POOL_TELEMETRY_LEN; len++)
		assert_int_equal(pool_telemetry_decode(&back, block, len), -EBADMSG);
	for (; len <= POOL_TELEMETRY_LEN + 1; len++) {
		memset(&back, 0, sizeof(back));
		assert_int_equal(pool_telemetry_decode(&back, block, len), 0);
		assert_memory_equal(&back, &t, sizeof(t));
	}
}

static void block_saturates(void **state)
{
	struct pool_telemetry t = { .throughput = 0xffffffff, .mtu = 0xffff, .queue = 0xffff };
	u8 most[POOL_TELEMETRY_LEN], block[POOL_TELEMETRY_LEN];

	(void)state;
	pool_telemetry_encode(most, &t);
	assert_hex(most + 20, "ffffffff" "ffff" "ffff");
	t.throughput = 0x100000000;
	t.mtu = 0x10000;
	t.queue = 0x10000;
	pool_telemetry_encode(block, &t);
	assert_memory_equal(block, most, sizeof(most));
	t.throughput = ~0ULL;
	t.mtu = ~0U;
	t.queue = ~0U;
	pool_telemetry_encode(block, &t);
	assert_memory_equal(block, most, sizeof(most));
}

static void digest(void **state)
{
	static const u8 low[8] = { 16, 16, 16, 16, 16, 16, 16, 16 }, high[8] = { 17 };
	u8 sid[POOL_SID_LEN];
	int i;

	(void)state;
	for (i = 0; i < POOL_SID_LEN; i++)
		sid[i] = (u8)i;
	/* zlib's words */
	assert_int_equal(pool_state_digest(sid, 7, 0, 1, low, high), 0x824480da);
	assert_int_equal(pool_state_digest(sid, 7, 0, 1, high, low), 0x824480da);
	assert_int_equal(pool_state_digest(sid, 7, 9, 1, low, high), 0x7a479837);
	assert_int_not_equal(pool_state_digest(sid, 8, 0, 1, low, high), 0x824480da);
	assert_int_not_equal(pool_state_digest(sid, 7, 0, 2, low, high), 0x824480da);
	assert_int_not_equal(pool_state_digest(sid, 7, 0, 1, low, low), 0x824480da);
	sid[15]++;
	assert_int_not_equal(pool_state_digest(sid, 7, 0, 1, low, high), 0x824480da);
}

/* --------------------------------------------------------------------- rtt */

static void rtt_series(void **state)
{
	static const struct { u64 sample, srtt, rttvar; } series[] = {
		{ 100, 100, 50 },
		{ 200, 112, 62 },		/* 100 + 100/8; 50 + (100 - 50)/4 */
		{ 50, 105, 62 },		/* 112 - 62/8; 62 + (62 - 62)/4 */
		{ 105, 105, 47 },		/* as it is; 62 - 62/4 */
		{ 1000000105, 125000105, 250000035 },	/* a spike: an eighth, a quarter of it */
		{ 105, 109375105, 218750027 },	/* 250000035 - 125000035/4 */
		{ 112, 95703231, 191406269 },
		{ 0, 83740328, 167480510 },
	};
	struct pool_rtt rtt = { 0 };
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(series); i++) {
		pool_rtt_sample(&rtt, series[i].sample);
		assert_int_equal(rtt.srtt, series[i].srtt);
		assert_int_equal(rtt.rttvar, series[i].rttvar);
	}
}

static void rtt_settles(void **state)
{
	struct pool_rtt rtt = { 0 };
	int i;

	(void)state;
	/* 35 and 45 ms in turn: 40 ms, 5 ms apart */
	for (i = 0; i < 200; i++)
		pool_rtt_sample(&rtt, (i & 1 ? 45 : 35) * MS);
	assert_in_range(rtt.srtt, 39 * MS, 41 * MS);
	assert_in_range(rtt.rttvar, 49 * MS / 10, 56 * MS / 10);
	/* a steady one brings the deviation down, to what the divisions leave */
	for (i = 0; i < 300; i++)
		pool_rtt_sample(&rtt, 40 * MS);
	assert_in_range(rtt.srtt, 40 * MS - 7, 40 * MS + 7);
	assert_in_range(rtt.rttvar, 0, 10);
}

static void rtt_no_overflow(void **state)
{
	struct pool_rtt rtt = { 0 };

	(void)state;
	pool_rtt_sample(&rtt, ~0ULL);
	assert_true(rtt.srtt == ~0ULL && rtt.rttvar == ~0ULL / 2);
	pool_rtt_sample(&rtt, 0);
	assert_true(rtt.srtt == ~0ULL - (~0ULL >> 3));
	assert_true(rtt.rttvar == ~0ULL / 2 + ((~0ULL - ~0ULL / 2) >> 2));
	pool_rtt_sample(&rtt, ~0ULL);
	assert_true(rtt.srtt > ~0ULL - (~0ULL >> 3));
}

static void beats_are_matched_once(void **state)
{
	struct pool_beats beats = { 0 };
	u64 took = 77, i;

	(void)state;
	assert_false(pool_beats_acked(&beats, 0, 5, &took));
	for (i = 0; i < POOL_BEATS_KEPT + 3; i++)
		pool_beats_sent(&beats, 1000 + i, 10 * i);
	for (i = 0; i < 3; i++)		/* forgotten */
		assert_false(pool_beats_acked(&beats, 1000 + i, 5000, &took));
	assert_false(pool_beats_acked(&beats, 1000 + POOL_BEATS_KEPT + 3, 5000, &took));
	assert_int_equal(took, 77);
	/* in any order, each by its own time */
	for (i = POOL_BEATS_KEPT + 2; i >= 3; i--) {
		assert_true(pool_beats_acked(&beats, 1000 + i, 5000 - i, &took));
		assert_int_equal(took, 5000 - i - 10 * i);
		assert_false(pool_beats_acked(&beats, 1000 + i, 5000, &took));
	}
	/* a clock that is a little behind */
	pool_beats_sent(&beats, 1, 100);
	assert_true(pool_beats_acked(&beats, 1, 99, &took));
	assert_int_equal(took, 0);
}

/* -------------------------------------------------------------------- loss */

static void come(struct pool_loss *loss, u32 epoch, u64 first, u64 from, u64 to, u64 now)
{
	u64 seq;

	for (seq = from; seq <= to; seq++)
		pool_loss_received(loss, epoch, first, seq, now);
}

static void loss_of_one_percent(void **state)
{
	struct pool_loss loss = { 0 };
	u64 seq;

	(void)state;
	assert_int_equal(pool_loss_ppm(&loss, 0), 0);
	assert_int_equal(pool_loss_ppm(&loss, 99 * S), 0);
	for (seq = 0; seq < 1000; seq++)
		if (seq % 100 != 50)
			pool_loss_received(&loss, 0, 4000, 4000 + seq, S);
	assert_int_equal(pool_loss_ppm(&loss, S), 10000);
}

static void loss_slides(void **state)
{
	struct pool_loss loss = { 0 };
	u64 seq, now = 0;

	(void)state;
	/* 100 a second for three minutes: one in 50 is lost in the second of them */
	for (seq = 0; seq < 18000; seq++) {
		now = 1000 * S + seq * 10 * MS;
		if (seq == 6000)
			assert_int_equal(pool_loss_ppm(&loss, now), 0);
		if (seq == 12000)
			assert_int_equal(pool_loss_ppm(&loss, now), 20000);
		if (seq >= 6000 && seq < 12000 && seq % 50 == 25)
			continue;
		pool_loss_received(&loss, 0, 0, seq, now);
		/* 30 s of either kind: half of it */
		if (seq == 9000)
			assert_in_range(pool_loss_ppm(&loss, now), 10000, 11000);
	}
	assert_int_equal(pool_loss_ppm(&loss, now), 0);
}

static void loss_window_bounds(void **state)
{
	struct pool_loss loss = { 0 };

	(void)state;
	come(&loss, 0, 10, 10, 18, 100 * S);
	come(&loss, 0, 10, 20, 20, 100 * S);
	assert_int_equal(pool_loss_ppm(&loss, 100 * S), 90909);
	assert_int_equal(pool_loss_ppm(&loss, 110 * S), 90909);	/* at least 10 s */
	assert_int_equal(pool_loss_ppm(&loss, 160 * S - 1), 90909);
	assert_int_equal(pool_loss_ppm(&loss, 160 * S), 0);	/* and not for ever */
	/* a clock that is a little behind */
	assert_int_equal(pool_loss_ppm(&loss, 100 * S - 1), 90909);
	come(&loss, 0, 10, 21, 21, 99 * S);
	/* what is lost over a long silence is found when it ends */
	come(&loss, 0, 10, 23, 23, 4000 * S);
	assert_int_equal(pool_loss_ppm(&loss, 4000 * S), 500000);
}

static void reordering_is_no_loss(void **state)
{
	struct pool_loss loss = { 0 };
	u64 seq;

	(void)state;
	for (seq = 0; seq < 1000; seq += 2) {
		pool_loss_received(&loss, 0, 0, seq + 1, seq * 20 * MS);
		assert_int_not_equal(pool_loss_ppm(&loss, seq * 20 * MS), 0);
		pool_loss_received(&loss, 0, 0, seq, seq * 20 * MS);
		assert_int_equal(pool_loss_ppm(&loss, seq * 20 * MS), 0);
	}
}

static void late_by_buckets_is_no_loss(void **state)
{
	struct pool_loss loss = { 0 };
	u64 t;

	(void)state;
	come(&loss, 0, 0, 0, 6, 0);
	come(&loss, 0, 0, 8, 9, 0);
	for (t = 1; t <= 8; t++)
		pool_loss_received(&loss, 0, 0, 9 + t, 6 * t * S);
	assert_int_equal(pool_loss_ppm(&loss, 48 * S), 55555);	/* 1 of 18 */
	pool_loss_received(&loss, 0, 0, 7, 48 * S);
	assert_int_equal(pool_loss_ppm(&loss, 48 * S), 0);
	/* it was credited to its own bucket: there is none too much when that leaves */
	pool_loss_received(&loss, 0, 0, 19, 60 * S);
	assert_int_equal(pool_loss_ppm(&loss, 60 * S), 100000);	/* 18, of 10 to 19 */
}

static void first_packets_lost(void **state)
{
	struct pool_loss loss = { 0 };

	(void)state;
	come(&loss, 0, 50, 53, 53, 0);
	assert_int_equal(pool_loss_ppm(&loss, 0), 750000);
	come(&loss, 0, 50, 50, 52, 0);
	assert_int_equal(pool_loss_ppm(&loss, 0), 0);
}

static void rekey_is_no_loss(void **state)
{
	struct pool_loss loss = { 0 };
	u64 first = 1ULL << 61, t;
	u32 epoch;

	(void)state;
	/* anywhere above or below, packets of the old epoch behind those of the new */
	for (epoch = 0, t = 0; epoch < 50; epoch++, t += S) {
		u64 next = epoch & 1 ? first + 123456789 : first / 3;

		come(&loss, epoch, first, first, first + 19, t);
		come(&loss, epoch + 1, next, next, next + 4, t);
		come(&loss, epoch, first, first + 21, first + 25, t);
		assert_int_not_equal(pool_loss_ppm(&loss, t), 0);
		come(&loss, epoch, first, first + 20, first + 20, t);
		assert_int_equal(pool_loss_ppm(&loss, t), 0);
		first = next + 5;
	}
}

static void rekeys_keep_the_window(void **state)
{
	struct pool_loss loss = { 0 };
	u32 t;

	(void)state;
	come(&loss, 0, 7, 8, 8, 0);
	for (t = 1; t <= 10; t++)
		come(&loss, t, 1000 * t, 1000 * t, 1000 * t + 1, t * S);
	assert_int_equal(pool_loss_ppm(&loss, 10 * S), 45454);	/* 1 of 22 */
}

static void lost_end_of_an_epoch_is_no_gap(void **state)
{
	struct pool_loss loss = { 0 };

	(void)state;
	come(&loss, 3, 100, 100, 149, 0);
	come(&loss, 4, 1000000, 1000000, 1000049, 0);
	assert_int_equal(pool_loss_ppm(&loss, 0), 0);
	/* a gap inside of either is one */
	come(&loss, 3, 100, 151, 151, 0);
	assert_int_equal(pool_loss_ppm(&loss, 0), 9803);	/* 1 of 102 */
	come(&loss, 4, 1000000, 1000051, 1000051, 0);
	assert_int_equal(pool_loss_ppm(&loss, 0), 19230);	/* 2 of 104 */
}

static void restart_is_no_loss(void **state)
{
	struct pool_loss loss = { 0 };

	(void)state;
	come(&loss, 0, 0, 900, 999, 0);
	assert_int_equal(pool_loss_ppm(&loss, 0), 900000);
	memset(&loss, 0, sizeof(loss));	/* a new session */
	come(&loss, 0, 77, 77, 80, S);
	assert_int_equal(pool_loss_ppm(&loss, S), 0);
}

static void extremes(void **state)
{
	const u64 first = POOL_ISN_MASK, last = first + POOL_EPOCH_SPAN;
	struct pool_loss loss = { 0 };
	u32 i;

	(void)state;
	for (i = 0; i < 2 * POOL_LOSS_BUCKETS; i++)
		come(&loss, i, first, last, last, 0);
	assert_int_equal(pool_loss_ppm(&loss, 0), 999999);
	/* of epochs and buckets that are forgotten: nothing happens */
	come(&loss, 0, first, first, first + 100, 0);
	assert_int_equal(pool_loss_ppm(&loss, 0), 999999);
	/* more than can have been sent is not below nothing */
	for (i = 0; i < 40; i++)
		come(&loss, 99, 5, 5, 5, 70 * S);
	assert_int_equal(pool_loss_ppm(&loss, 70 * S), 0);
}

/* -------------------------------------------------------------- throughput */

static void rate_series(void **state)
{
	struct pool_rate rate;

	(void)state;
	pool_rate_init(&rate, 1000, 5 * S);
	assert_int_equal(pool_rate_peek(&rate, 9000000, 5 * S), 0);
	assert_false(pool_rate_look(&rate, 9000000, 6 * S - 1));
	assert_int_equal(pool_rate_peek(&rate, 251000, 7 * S), 1000000);
	assert_true(pool_rate_look(&rate, 251000, 7 * S));
	assert_int_equal(rate.bps, 1000000);
	/* a burst right after it is seen with the next look */
	assert_false(pool_rate_look(&rate, 351000, 7 * S + 1000));
	assert_int_equal(pool_rate_peek(&rate, 351000, 7 * S + 1000), 1000000);
	assert_true(pool_rate_look(&rate, 351000, 12 * S));
	assert_int_equal(rate.bps, 160000);
	assert_true(pool_rate_look(&rate, 351000, 13 * S));
	assert_int_equal(rate.bps, 0);
	/* a clock that is a little behind */
	assert_false(pool_rate_look(&rate, 351000, 12 * S));
}

static void rate_wraps_and_saturates(void **state)
{
	struct pool_telemetry t = { 0 };
	u8 block[POOL_TELEMETRY_LEN];
	struct pool_rate rate;

	(void)state;
	pool_rate_init(&rate, ~0ULL - 99, 0);
	assert_true(pool_rate_look(&rate, 400, S));
	assert_int_equal(rate.bps, 4000);
	/* 100 Gbit/s for an hour is no overflow */
	assert_true(pool_rate_look(&rate, 400 + 45000000000000, 3601 * S));
	assert_int_equal(rate.bps, 100000000000);
	t.throughput = rate.bps;
	pool_telemetry_encode(block, &t);
	assert_hex(block + 20, "ffffffff");
	/* nor is anything else */
	pool_rate_init(&rate, 0, 0);
	assert_true(pool_rate_look(&rate, ~0ULL, S));
	assert_true(rate.bps > 1000000000000000);
	assert_true(pool_rate_look(&rate, 1, ~0ULL));
	assert_int_equal(rate.bps, 0);
}

/* --------------------------------------------------------------- two views */

static const struct pool_own_view own_view = {
	.rtt_ns = 100 * MS, .uptime_ns = 60 * S, .sent = 3000000, .sent_known = true,
	.epoch = 4, .digest = 0xabcdef01,
};

static const struct pool_telemetry peer_view = {
	.rtt_ns = 110 * MS, .uptime_ns = 61 * S, .throughput = 3000000, .rekeys = 4,
	.digest = 0xabcdef01,
};

/* The flags that the Nth equal report raises, N being 1 to 4; all from the third on. */
static void judged(const struct pool_own_view *own, const struct pool_telemetry *peer,
		   u32 at_once, u32 in_the_end)
{
	struct pool_views views = { 0 };
	int i;

	for (i = 1; i <= 4; i++)
		assert_int_equal(pool_views_judge(&views, own, peer),
				 i < 3 ? at_once : in_the_end);
	/* one that agrees ends it */
	assert_int_equal(pool_views_judge(&views, &own_view, &peer_view), 0);
	assert_int_equal(pool_views_judge(&views, own, peer), at_once);
}

static void judge_rtt(void **state)
{
	static const struct { u64 own, peer; bool contradict; } cases[] = {
		{ 100 * MS, 240 * MS, false },		/* 140 = 240/2 + 20 */
		{ 100 * MS, 240 * MS + 2, true },
		{ 240 * MS, 100 * MS, false },
		{ 240 * MS + 2, 100 * MS, true },
		{ 1, 40 * MS, false },
		{ 1, 40 * MS + 3, true },
		{ 0, 10 * S, false },			/* not known */
		{ 10 * S, 0, false },
		{ 1, ~0ULL, true },
		{ ~0ULL, 1, true },
		{ ~0ULL, ~0ULL, false },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct pool_own_view own = own_view;
		struct pool_telemetry peer = peer_view;

		own.rtt_ns = cases[i].own;
		peer.rtt_ns = cases[i].peer;
		judged(&own, &peer, 0, cases[i].contradict ? POOL_MISMATCH_RTT : 0);
	}
}

static void judge_throughput(void **state)
{
	struct pool_own_view own = own_view;
	struct pool_telemetry peer = peer_view;
	struct pool_views views = { 0 };
	int i;

	(void)state;
	peer.throughput = 7000000;
	judged(&own, &peer, 0, 0);
	peer.throughput = 7000001;
	judged(&own, &peer, 0, POOL_MISMATCH_THROUGHPUT);
	own.sent = 0;
	peer.throughput = 1000000;
	judged(&own, &peer, 0, 0);
	own.sent = ~0ULL;
	peer.throughput = ~0ULL >> 2;
	judged(&own, &peer, 0, 0);
	/* where the own rate is not known nothing is said, and what was said stays */
	own.sent = 0;
	own.sent_known = false;
	judged(&own, &peer, 0, 0);
	for (i = 1; i <= 5; i++) {
		own.sent_known = i != 2;
		assert_int_equal(pool_views_judge(&views, &own, &peer),
				 i < 4 ? 0 : POOL_MISMATCH_THROUGHPUT);
	}
	own.sent_known = false;
	assert_int_equal(pool_views_judge(&views, &own, &peer), POOL_MISMATCH_THROUGHPUT);
}

static void judge_the_rest(void **state)
{
	struct pool_own_view own = own_view;
	struct pool_telemetry peer = peer_view;

	(void)state;
	judged(&own, &peer, 0, 0);
	peer.loss_ppm = 1000000;
	judged(&own, &peer, 0, 0);
	peer.loss_ppm = 1000001;
	judged(&own, &peer, POOL_MISMATCH_LOSS, POOL_MISMATCH_LOSS);
	peer = peer_view;

	peer.uptime_ns = 70 * S + 100 * MS;
	judged(&own, &peer, 0, 0);
	peer.uptime_ns++;
	judged(&own, &peer, POOL_MISMATCH_UPTIME, POOL_MISMATCH_UPTIME);
	peer.uptime_ns = 50 * S - 100 * MS;
	judged(&own, &peer, 0, 0);
	peer.uptime_ns--;
	judged(&own, &peer, POOL_MISMATCH_UPTIME, POOL_MISMATCH_UPTIME);
	peer = peer_view;

	peer.rekeys = 5;
	judged(&own, &peer, POOL_MISMATCH_REKEYS, POOL_MISMATCH_REKEYS);
	peer.digest ^= 1;
	judged(&own, &peer, POOL_MISMATCH_REKEYS | POOL_MISMATCH_DIGEST,
	       POOL_MISMATCH_REKEYS | POOL_MISMATCH_DIGEST);
	peer.rtt_ns = 10 * S;
	judged(&own, &peer, POOL_MISMATCH_REKEYS | POOL_MISMATCH_DIGEST,
	       POOL_MISMATCH_RTT | POOL_MISMATCH_REKEYS | POOL_MISMATCH_DIGEST);
}

static void judge_a_spike(void **state)
{
	struct pool_telemetry lie = peer_view;
	struct pool_views views = { 0 };
	int i;

	(void)state;
	lie.rtt_ns = 10 * S;
	lie.throughput = 1000000000;
	for (i = 0; i < 12; i++)	/* two of three, never three in a row */
		assert_int_equal(pool_views_judge(&views, &own_view,
						  i % 3 ? &lie : &peer_view), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(block_layout),
		cmocka_unit_test(block_saturates),
		cmocka_unit_test(digest),
		cmocka_unit_test(rtt_series),
		cmocka_unit_test(rtt_settles),
		cmocka_unit_test(rtt_no_overflow),
		cmocka_unit_test(beats_are_matched_once),
		cmocka_unit_test(loss_of_one_percent),
		cmocka_unit_test(loss_slides),
		cmocka_unit_test(loss_window_bounds),
		cmocka_unit_test(reordering_is_no_loss),
		cmocka_unit_test(late_by_buckets_is_no_loss),
		cmocka_unit_test(first_packets_lost),
		cmocka_unit_test(rekey_is_no_loss),
		cmocka_unit_test(rekeys_keep_the_window),
		cmocka_unit_test(lost_end_of_an_epoch_is_no_gap),
		cmocka_unit_test(restart_is_no_loss),
		cmocka_unit_test(extremes),
		cmocka_unit_test(rate_series),
		cmocka_unit_test(rate_wraps_and_saturates),
		cmocka_unit_test(judge_rtt),
		cmocka_unit_test(judge_throughput),
		cmocka_unit_test(judge_the_rest),
		cmocka_unit_test(judge_a_spike),
	};

	return cmocka_run_group_tests_name("telemetry", tests, NULL, NULL);
}
