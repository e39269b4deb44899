/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the fuzz targets share. A target whose input must get past an HMAC, an
 * AEAD or a proof of work starts from a good packet and applies the input as
 * changes to it, then repairs what an attacker could repair, too.
 */
#ifndef _POOL_FUZZ_H
#define _POOL_FUZZ_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../../userspace/lib/crypto.h"
#include "../../../kernel/proto/fragment.h"
#include "../../../kernel/proto/handshake_common.h"
#include "../../../kernel/proto/mtu.h"
#include "../../../kernel/proto/replay.h"
#include "../../../kernel/proto/segment.h"
#include "../../../kernel/proto/telemetry.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);

#define MUST(cond) do {								\
	if (!(cond)) {								\
		fprintf(stderr, "%s:%d: " #cond "\n", __FILE__, __LINE__);	\
		abort();							\
	}									\
} while (0)

/* A copy at its exact size: the sanitizer sees any access beyond. */
static inline void *fuzz_copy(const void *data, size_t size)
{
	void *p = malloc(size ? size : 1);

	MUST(p);
	if (size)
		memcpy(p, data, size);
	return p;
}

/*
 * Three bytes each: a position (little-endian, modulo @len) and what to xor
 * there. True if @pkt is another one afterwards.
 */
static inline bool fuzz_change(u8 *pkt, size_t len, const u8 *data, size_t size)
{
	u8 *before = fuzz_copy(pkt, len);
	bool differs;

	for (; size >= 3; data += 3, size -= 3)
		pkt[(data[0] | data[1] << 8) % len] ^= data[2];
	differs = memcmp(before, pkt, len);
	free(before);
	return differs;
}

/*
 * Called by LLVMFuzzerInitialize(), which libFuzzer calls before it reads the
 * corpus: put one seed into it, if run-fuzz.sh says where it is.
 */
static inline void fuzz_seed(const char *name, const void *data, size_t size)
{
	const char *dir = getenv("POOL_FUZZ_SEEDS");
	char path[4096];
	FILE *f;

	if (!dir)
		return;
	snprintf(path, sizeof(path), "%s/seed-%s", dir, name);
	f = fopen(path, "wb");
	MUST(f);
	MUST(fwrite(data, 1, size, f) == size);
	MUST(!fclose(f));
}

/* The two ends of every handshake here, and one handshake between them. */
struct fuzz_world {
	struct pool_identity a, b;
	u8 psk[32], addr[16], x[8];
	u64 time;
	struct pool_responder r;
	struct pool_initiator i;
	struct pool_challenge c;
	struct pool_claim claim;
	u8 init[POOL_INIT_LEN];
	u8 prove[POOL_CHALLENGE_LEN];
	u8 filled[POOL_INIT_LEN];
	u8 challenge[POOL_CHALLENGE_LEN];
	u8 response[POOL_RESPONSE_LEN];
};

static inline void fuzz_world(struct fuzz_world *w)
{
	static const u8 hello[] = { 1, 1, 7, 5, 2, 'h', 'i' };
	u8 key[32], value[8], e[32];
	struct pool_epoch_keys keys;
	struct pool_initiator i;

	memset(w, 0, sizeof(*w));
	memset(w->a.secret, 1, 32);
	memset(w->b.secret, 2, 32);
	MUST(pool_x25519_public(w->a.public, w->a.secret));
	MUST(pool_x25519_public(w->b.public, w->b.secret));
	memset(key, 3, 32);
	memset(value, 4, 8);
	memset(e, 5, 32);
	w->addr[15] = 1;
	w->time = 1800000000000000000ULL;
	pool_responder_reset_with(&w->r, &w->b, key, value, 9);
	MUST(!pool_initiator_start_with(&w->i, &w->a, w->b.public, w->psk,
					POOL_TRANSPORT_TCP, w->time, e, w->init));
	MUST(!pool_responder_init(&w->r, w->init, sizeof(w->init), w->time, 0, &w->claim));
	i = w->i;
	pool_responder_challenge(&w->r, &w->claim, w->addr, 6, false, w->prove);
	MUST(!pool_initiator_challenge(&i, w->prove, sizeof(w->prove), &w->c));
	while (!pool_puzzle_search(w->c.seed, w->c.difficulty, w->x, 1000))
		;
	pool_initiator_fill(&i, &w->c, w->x, w->filled);
	pool_responder_challenge(&w->r, &w->claim, w->addr, 6, true, w->challenge);
	MUST(!pool_initiator_challenge(&i, w->challenge, sizeof(w->challenge), &w->c));
	MUST(!pool_initiator_response(&i, &w->c, w->x, hello, sizeof(hello), w->response,
				      &keys));
	w->r.curve_ops = 0;
}

/* Nothing is spent any more. */
static inline void fuzz_forget_spent(struct fuzz_world *w)
{
	memset(w->r.secret[0].spent, 0, sizeof(w->r.secret[0].spent));
}

#endif /* _POOL_FUZZ_H */
