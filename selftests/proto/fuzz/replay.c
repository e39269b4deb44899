// SPDX-License-Identifier: GPL-2.0
/* Replay window against the slow reference. */
#include "fuzz.h"
#include "../replay_ref.h"

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	static const u8 ops[] = { 0, 0, 0, 0, 0, 0, 0, 0, 5, 1, 0, 0, 1, 0, 1, 5, 0, 1, 1, 0, 70,
				  5, 0, 64, 1, 0, 2, 8, 0, 1, 5, 0, 63 };

	(void)argc;
	(void)argv;
	fuzz_seed("ops", ops, sizeof(ops));
	return 0;
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	static const u32 sizes[] = { 64, 128, 192, 8192 };
	static struct replay_ref ref;
	struct pool_replay r, before;
	enum pool_replay_verdict want;
	u64 seq;

	if (size < 9)
		return 0;
	memset(&ref, 0, offsetof(struct replay_ref, taken));
	ref.bits = sizes[data[0] % 4];
	ref.first = pool_get64(data + 1) & POOL_ISN_MASK;
	seq = ref.first;
	pool_replay_init(&r, ref.first, ref.bits);
	for (data += 9, size -= 9; size >= 3; data += 3, size -= 3) {
		u64 step = pool_get16(data + 1);

		/* near or far, forwards or backwards */
		if (data[0] & 1)
			step &= 0xff;
		if (data[0] & 2 && (data[0] & 0xf0) == 0xf0)
			step <<= 13;
		seq = data[0] & 4 ? seq - step : seq + step;
		if ((data[0] & 0xf8) == 8)
			seq = ref.first + POOL_EPOCH_SPAN + (data[1] & 3) - 1;
		before = r;
		want = ref_take(&ref, seq);
		MUST(pool_replay_peek(&r, seq) == want);
		MUST(!memcmp(&before, &r, sizeof(r)));
		MUST(pool_replay_update(&r, seq) == want);
		MUST(want == POOL_REPLAY_OK || !memcmp(&before, &r, sizeof(r)));
		MUST(want != POOL_REPLAY_OK || pool_replay_peek(&r, seq) != POOL_REPLAY_OK);
	}
	return 0;
}
