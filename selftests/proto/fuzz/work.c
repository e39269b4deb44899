// SPDX-License-Identifier: GPL-2.0
/* Claims and the spent table: no claim but the one issued gets through, and not often. */
#include "fuzz.h"

static struct fuzz_world w;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	fuzz_world(&w);
	fuzz_seed("three", "\0\0\0\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0\0\0"
		  "\0\0\0\0\0\0\0\0\0\0", 30);
	MUST(!pool_responder_init(&w.r, w.filled, sizeof(w.filled), w.time, 0, &w.claim));
	return 0;
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	unsigned int taken[2] = { 0 };
	struct pool_claim c;
	enum pool_hs_error err;
	bool response, changed;
	u8 addr[16];

	fuzz_forget_spent(&w);
	w.r.difficulty = 16;
	/* ten bytes are one try */
	for (; size >= 10; data += 10, size -= 10) {
		c = w.claim;
		memcpy(addr, w.addr, 16);
		response = data[0] & 1;
		changed = false;
		if (data[0] & 2)
			changed |= fuzz_change(c.E_i, sizeof(c.E_i), data + 1, 3);
		if (data[0] & 4)
			changed |= fuzz_change(c.sid, sizeof(c.sid), data + 1, 3);
		if (data[0] & 8)
			changed |= fuzz_change(c.seed8, sizeof(c.seed8), data + 4, 3);
		if (data[0] & 16)
			changed |= fuzz_change(c.issue, sizeof(c.issue), data + 4, 3);
		if (data[0] & 32)
			changed |= fuzz_change(addr, sizeof(addr), data + 7, 3);
		if (data[0] & 64) {
			c.difficulty ^= data[7];
			c.index ^= data[8];
			changed |= data[7] || data[8];
		}
		if (data[0] & 128)
			w.r.difficulty = 16 + data[9] % 7;

		err = pool_responder_check_work(&w.r, &c, addr, response);
		MUST(w.r.curve_ops == 0);
		if (changed)
			MUST(err);
		else if (w.r.difficulty > 17)
			MUST(err == POOL_HS_DIFFICULTY);
		else if (taken[response] < POOL_SPENT_LIMIT)
			MUST(!err);
		else
			MUST(err == POOL_HS_SPENT);
		taken[response] += !err;
	}
	return 0;
}
