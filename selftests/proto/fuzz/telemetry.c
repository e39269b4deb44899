// SPDX-License-Identifier: GPL-2.0
/* The telemetry block: what parses is written the same; no series breaks an estimator. */
#include "fuzz.h"

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	u8 block[POOL_TELEMETRY_LEN + 16];
	size_t i;

	(void)argc;
	(void)argv;
	for (i = 0; i < sizeof(block); i++)
		block[i] = (u8)(0x80 | i);
	fuzz_seed("block", block, POOL_TELEMETRY_LEN);
	fuzz_seed("more", block, sizeof(block));
	fuzz_seed("less", block, POOL_TELEMETRY_LEN - 1);
	return 0;
}

/* Seventeen bytes each: what happens, and two numbers. */
static void series(const u8 *data, size_t size)
{
	struct pool_loss loss = { 0 };
	struct pool_beats beats = { 0 };
	struct pool_rtt rtt = { 0 };
	struct pool_rate rate;
	u64 a, b, took;

	pool_rate_init(&rate, 0, 0);
	for (; size >= 17; data += 17, size -= 17) {
		a = pool_get64(data + 1);
		b = pool_get64(data + 9);
		switch (data[0] & 3) {
		case 0:
			pool_loss_received(&loss, data[0] >> 2, a & POOL_ISN_MASK,
					   (a & POOL_ISN_MASK) + (b & 0xffff), b >> 16);
			MUST(pool_loss_ppm(&loss, b >> 16) <= POOL_PPM);
			MUST(loss.n <= POOL_LOSS_BUCKETS && loss.newest < POOL_LOSS_BUCKETS);
			break;
		case 1:
			pool_beats_sent(&beats, a, b);
			MUST(beats.next < POOL_BEATS_KEPT);
			break;
		case 2:
			took = 0;
			if (pool_beats_acked(&beats, a, b, &took))
				pool_rtt_sample(&rtt, took);
			MUST(!pool_beats_acked(&beats, a, b, &took) || !took || took == b ||
			     took < b);
			break;
		case 3:
			pool_rate_look(&rate, a, b);
			break;
		}
	}
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	struct pool_own_view own = { .sent_known = size & 1 };
	u8 *buf = fuzz_copy(data, size), again[POOL_TELEMETRY_LEN];
	struct pool_views views = { 0 };
	struct pool_telemetry t;

	if (!pool_telemetry_decode(&t, buf, size)) {
		MUST(size >= POOL_TELEMETRY_LEN);
		pool_telemetry_encode(again, &t);
		MUST(!memcmp(again, buf, sizeof(again)));
		pool_views_judge(&views, &own, &t);
		own.rtt_ns = t.jitter_ns;
		own.uptime_ns = t.journal;
		own.sent = t.rtt_ns;
		MUST(pool_views_judge(&views, &own, &t) < 2 * POOL_MISMATCH_DIGEST);
	} else {
		MUST(size < POOL_TELEMETRY_LEN);
	}
	free(buf);
	series(data, size);
	return 0;
}
