// SPDX-License-Identifier: GPL-2.0
/* CHALLENGE at the initiator, and the RESPONSE it makes of it. */
#include "fuzz.h"

static struct fuzz_world w;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	fuzz_world(&w);
	fuzz_seed("one", "\0", 1);
	fuzz_seed("two", "\0\x50\0\1\x50\0\1\x50\0\1\x50\0\0\1", 14);
	return 0;
}

static enum pool_hs_error one(struct pool_initiator *i, const u8 *pkt, size_t len)
{
	static const u8 zero[32], x[8];
	struct pool_initiator before = *i;
	struct pool_epoch_keys keys;
	u8 out[POOL_RESPONSE_LEN];
	struct pool_challenge c;
	enum pool_hs_error err;

	err = pool_initiator_challenge(i, pkt, len, &c);
	if (err) {
		MUST(!memcmp(&before, i, sizeof(before)));
		return err;
	}
	MUST(len == POOL_CHALLENGE_LEN && pkt[0] == 0x11);
	MUST(c.difficulty >= POOL_DIFFICULTY_MIN && c.difficulty <= POOL_DIFFICULTY_MAX);
	MUST(c.full == !!memcmp(c.E_r, zero, 32));
	MUST(i->n_seen <= POOL_CHALLENGES_MAX);
	if (c.full)
		pool_initiator_response(i, &c, x, NULL, 0, out, &keys);
	else
		pool_initiator_fill(i, &c, x, out);
	return err;
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	struct pool_initiator i = w.i;
	u8 pkt[POOL_CHALLENGE_LEN];
	unsigned int full = 0, prove = 0, n;
	size_t part;
	u8 *copy;

	copy = fuzz_copy(data, size);
	MUST(one(&i, copy, size));
	free(copy);

	/* several in one attempt, cut from the input */
	for (n = 0; n < 6 && size; n++) {
		part = size < 13 ? size : 13;
		memcpy(pkt, data[0] & 1 ? w.prove : w.challenge, sizeof(pkt));
		if (fuzz_change(pkt, sizeof(pkt), data + 1, part - 1))
			MUST(one(&i, pkt, sizeof(pkt)));
		/* everybody who saw the INIT and knows the responder can do this */
		pool_hs_mac_challenge(pkt + POOL_AD_LEN, i.E, w.b.public, pkt);
		full -= i.n_seen;
		prove -= i.worked;
		one(&i, pkt, sizeof(pkt));
		full += i.n_seen;
		prove += i.worked;
		data += part;
		size -= part;
	}
	MUST(full <= POOL_CHALLENGES_MAX && prove <= 1);
	return 0;
}
