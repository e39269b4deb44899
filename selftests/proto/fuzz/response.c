// SPDX-License-Identifier: GPL-2.0
/* RESPONSE at the responder, up to the keys. */
#include "fuzz.h"

static struct fuzz_world w;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	fuzz_world(&w);
	fuzz_seed("good", "\0", 1);
	fuzz_seed("changed", "\2\x88\0\1", 4);
	fuzz_seed("sealed", "\1\1\1\7\5\1\x61", 7);
	return 0;
}

static enum pool_hs_error one(const u8 *pkt, size_t len, bool *curves)
{
	struct pool_epoch_keys keys;
	struct pool_response rsp;
	enum pool_hs_error err;

	w.r.curve_ops = 0;
	err = pool_responder_open(&w.r, pkt, len, w.addr, POOL_TRANSPORT_TCP, &rsp);
	MUST(w.r.curve_ops <= 4);
	*curves = w.r.curve_ops;
	if (!err)
		err = pool_responder_finish(&rsp, w.psk, pkt, &keys);
	return err;
}

/*
 * Someone with an e_i who did the work may seal what he likes. As we know the
 * responder's secret, we get the key of the seal from its side.
 */
static void sealed(const u8 *data, size_t size)
{
	u8 pkt[POOL_RESPONSE_LEN], plain[POOL_RESPONSE_SEALED] = { 0 }, dh[32], key[32];
	struct pool_vec v[2] = { { w.c.ad, POOL_AD_LEN }, { w.c.payload, 72 } };
	struct pool_symmetric s = w.i.sym;
	struct pool_response rsp;
	enum pool_hs_error err;
	struct pool_tlvs t;

	memcpy(pkt, w.response, sizeof(pkt));
	memcpy(plain, w.a.public, 32);
	if (data[0] & 4)
		memset(plain, data[0], 32);
	size = size - 1 < POOL_HELLO_MAX ? size - 1 : POOL_HELLO_MAX;
	memcpy(plain + 32, data + 1, size);

	pool_mix_hash(&s, v, 2);
	MUST(pool_x25519(dh, w.i.e, w.c.E_r));
	pool_mix_key(&s, dh, 32);
	MUST(pool_x25519(dh, w.i.e, w.b.public));
	pool_mix_key(&s, dh, 32);
	v[0].p = pkt;
	v[1].p = pkt + POOL_HDR_LEN;
	v[1].len = POOL_RESPONSE_CLEAR;
	pool_mix_hash(&s, v, 2);
	pool_hs_seal_key(key, &s);
	pool_seal_once(pkt + 136, plain, sizeof(plain), s.h, 32, key);

	err = pool_responder_open(&w.r, pkt, sizeof(pkt), w.addr, POOL_TRANSPORT_TCP, &rsp);
	if (pool_tlvs_parse(&t, plain + 32, POOL_HELLO_MAX))
		MUST(err == POOL_HS_TLV);
	else
		MUST(!err || err == POOL_HS_KEY);
	if (!err)
		MUST(!memcmp(rsp.S_i, plain, 32) &&
		     !memcmp(rsp.hello, plain + 32, POOL_HELLO_MAX));
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	u8 pkt[POOL_RESPONSE_LEN], *copy;
	enum pool_hs_error err;
	bool curves, changed;

	copy = fuzz_copy(data, size);
	MUST(one(copy, size, &curves));
	free(copy);
	if (!size)
		return 0;
	if (data[0] & 1) {
		fuzz_forget_spent(&w);
		sealed(data, size);
		return 0;
	}

	memcpy(pkt, w.response, sizeof(pkt));
	changed = fuzz_change(pkt, sizeof(pkt), data + 1, size - 1);
	fuzz_forget_spent(&w);
	err = one(pkt, sizeof(pkt), &curves);
	MUST(changed == !!err);
	/* no curve operation unless SID, time, clear part are those of good work */
	if (memcmp(pkt + 20, w.response + 20, 24) ||
	    memcmp(pkt + 80, w.response + 80, 46))
		MUST(!curves);
	return 0;
}
