// SPDX-License-Identifier: GPL-2.0
/* The proof of work: search and check. */
#include "handshake.h"

bool pool_puzzle_check(const u8 seed[POOL_HASH_LEN], u8 difficulty, const u8 x[8])
{
	struct pool_vec v[] = { { seed, POOL_HASH_LEN }, { x, 8 } };
	u8 hash[POOL_HASH_LEN];
	unsigned int i;

	/* Nothing here is secret: the seed was sent in the clear. */
	pool_sha256(hash, v, 2);
	for (i = 0; i < difficulty / 8; i++)
		if (hash[i])
			return false;
	return !(difficulty % 8) || !(hash[i] >> (8 - difficulty % 8));
}

bool pool_puzzle_search(const u8 seed[POOL_HASH_LEN], u8 difficulty, u8 x[8], u32 tries)
{
	u64 n = pool_get64(x);

	for (; tries; tries--) {
		if (pool_puzzle_check(seed, difficulty, x))
			return true;
		pool_put64(x, ++n);
	}
	return false;
}
