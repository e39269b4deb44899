// SPDX-License-Identifier: GPL-2.0
/* INIT at the responder: parsing, the check of its work, and the answer. */
#include "fuzz.h"

static struct fuzz_world w;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	fuzz_world(&w);
	fuzz_seed("raw", w.init, sizeof(w.init));
	fuzz_seed("init", "\0", 1);
	fuzz_seed("filled", "\1\x7f\0\1", 4);
	fuzz_seed("prove", "\2\x50\0\1", 4);
	return 0;
}

/* @changed: the claim is not what was issued, so no work for it can be right */
static void one(const u8 *pkt, size_t len, bool prefers_work)
{
	u8 answer[POOL_CHALLENGE_LEN];
	struct pool_initiator i = w.i;
	struct pool_challenge c;
	struct pool_claim claim;
	enum pool_hs_error err;

	err = pool_responder_init(&w.r, pkt, len, w.time, 0, &claim);
	if (err)
		return;
	MUST(len == POOL_INIT_LEN && pkt[0] == 0x10);
	MUST(claim.filled == (claim.difficulty != 0));
	if (claim.filled) {
		fuzz_forget_spent(&w);
		err = pool_responder_check_work(&w.r, &claim, w.addr, false);
		MUST(w.r.curve_ops == 0);
		if (err)
			return;
		/* of all that a claim binds, nothing can have changed */
		MUST(!memcmp(claim.E_i, w.claim.E_i, 32));
		MUST(!memcmp(claim.sid, w.claim.sid, 16));
		MUST(claim.timestamp == w.time && claim.difficulty == 16 && claim.index == 9);
	}
	pool_responder_challenge(&w.r, &claim, w.addr, 6, !prefers_work, answer);
	MUST(w.r.curve_ops == !prefers_work);
	w.r.curve_ops = 0;
	err = pool_initiator_challenge(&i, answer, sizeof(answer), &c);
	if (!memcmp(claim.E_i, i.E, 32) && !memcmp(claim.sid, i.sid, 16) &&
	    claim.timestamp == i.timestamp)
		MUST(!err && c.full == !prefers_work);
	else
		MUST(err);
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	u8 pkt[POOL_INIT_LEN];
	u8 *copy;

	copy = fuzz_copy(data, size);
	one(copy, size, false);
	free(copy);
	if (!size)
		return 0;

	memcpy(pkt, data[0] & 1 ? w.filled : w.init, sizeof(pkt));
	fuzz_change(pkt, sizeof(pkt), data + 1, size - 1);
	one(pkt, sizeof(pkt), data[0] & 2);
	/* everybody who knows our public key can do this */
	pool_hs_mac_init(pkt + POOL_AD_LEN, w.b.public, pkt);
	one(pkt, sizeof(pkt), data[0] & 2);
	return 0;
}
