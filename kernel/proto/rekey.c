// SPDX-License-Identifier: GPL-2.0
/* Offers, answers and the keys of the next epoch. */
#include "rekey.h"

enum {
	AT_STEP = 0,
	AT_EPOCH = 4,
	AT_EPHEMERAL = 8,
};

void pool_rekey_init(struct pool_rekey *r, const u8 sid[POOL_SID_LEN],
		     const u8 chain[POOL_KEY_LEN])
{
	memset(r, 0, sizeof(*r));
	memcpy(r->sid, sid, POOL_SID_LEN);
	memcpy(r->chain, chain, POOL_KEY_LEN);
}

static void write_packet(u8 out[POOL_REKEY_LEN], u8 step, u32 epoch, const u8 *ephemeral)
{
	memset(out, 0, POOL_REKEY_LEN);
	out[AT_STEP] = step;
	pool_put32(out + AT_EPOCH, epoch);
	memcpy(out + AT_EPHEMERAL, ephemeral, POOL_KEY_LEN);
}

static void draw(u8 secret[POOL_KEY_LEN], u8 public[POOL_KEY_LEN])
{
	do
		pool_random(secret, POOL_KEY_LEN);
	while (!pool_x25519_public(public, secret));
}

bool pool_rekey_offer(struct pool_rekey *r, u8 out[POOL_REKEY_LEN])
{
	if (r->phase == POOL_REKEY_ANSWERED)
		return false;
	if (r->phase == POOL_REKEY_IDLE) {
		draw(r->secret, r->own);
		r->phase = POOL_REKEY_OFFERED;
	}
	write_packet(out, POOL_REKEY_OFFER, r->epoch + 1, r->own);
	return true;
}

bool pool_rekey_answer(const struct pool_rekey *r, u8 out[POOL_REKEY_LEN])
{
	if (r->phase != POOL_REKEY_ANSWERED)
		return false;
	write_packet(out, POOL_REKEY_ANSWER, r->epoch + 1, r->own);
	return true;
}

void pool_rekey_derive(struct pool_epoch_keys *out, const u8 chain[POOL_KEY_LEN],
		       const u8 sid[POOL_SID_LEN], u32 epoch, const u8 offer[POOL_KEY_LEN],
		       const u8 answer[POOL_KEY_LEN], u8 dh[2 * POOL_KEY_LEN])
{
	static const char label[] = "pool1 rekey";
	u8 ck[POOL_HASH_LEN], h[POOL_HASH_LEN], be[4];
	const struct pool_vec v[] = {
		{ label, sizeof(label) - 1 },
		{ sid, POOL_SID_LEN },
		{ be, sizeof(be) },
		{ offer, POOL_KEY_LEN },
		{ answer, POOL_KEY_LEN },
	};

	pool_put32(be, epoch);
	pool_hkdf_extract(ck, chain, POOL_KEY_LEN, dh, 2 * POOL_KEY_LEN);
	pool_sha256(h, v, 5);
	pool_epoch_derive(out, ck, h, epoch);
	pool_wipe(ck, sizeof(ck));
	pool_wipe(dh, 2 * POOL_KEY_LEN);
}

static bool derive(const struct pool_rekey *r, const u8 secret[POOL_KEY_LEN], const u8 *theirs,
		   const u8 *identities, const u8 *offer, const u8 *answer,
		   struct pool_epoch_keys *keys)
{
	u8 dh[2 * POOL_KEY_LEN];

	if (!pool_x25519(dh, secret, theirs))
		return false;
	memcpy(dh + POOL_KEY_LEN, identities, POOL_KEY_LEN);
	pool_rekey_derive(keys, r->chain, r->sid, r->epoch + 1, offer, answer, dh);
	return true;
}

static bool ranges_meet(const struct pool_epoch_keys *keys, const u64 isn[2])
{
	unsigned int d;
	u64 a, b;

	for (d = POOL_I2R; d <= POOL_R2I; d++) {
		a = keys->dir[d].isn;
		b = isn[d];
		if ((a > b ? a - b : b - a) <= POOL_EPOCH_SPAN)
			return true;
	}
	return false;
}

enum pool_rekey_verdict pool_rekey_look(const struct pool_rekey *r, u32 came_in, const u8 *plain,
					size_t len)
{
	const u8 *theirs = plain + AT_EPHEMERAL;

	if (len < POOL_REKEY_LEN ||
	    (plain[AT_STEP] != POOL_REKEY_OFFER && plain[AT_STEP] != POOL_REKEY_ANSWER))
		return POOL_REKEY_MALFORMED;
	/* The other end has not heard yet that we switched. */
	if (plain[AT_STEP] == POOL_REKEY_ANSWER && r->epoch && came_in == r->epoch - 1 &&
	    pool_get32(plain + AT_EPOCH) == r->epoch &&
	    !memcmp(r->theirs, theirs, POOL_KEY_LEN))
		return POOL_REKEY_KNOWN;
	if (came_in != r->epoch || pool_get32(plain + AT_EPOCH) != r->epoch + 1)
		return POOL_REKEY_DROP;
	if (plain[AT_STEP] == POOL_REKEY_ANSWER)
		return r->phase == POOL_REKEY_OFFERED ? POOL_REKEY_INSTALL : POOL_REKEY_DROP;
	if (r->phase == POOL_REKEY_ANSWERED)
		return memcmp(r->theirs, theirs, POOL_KEY_LEN) ? POOL_REKEY_DROP :
								POOL_REKEY_REPEAT;
	/* Both at once: the lower ephemeral stands. */
	if (r->phase == POOL_REKEY_OFFERED && memcmp(r->own, theirs, POOL_KEY_LEN) <= 0)
		return POOL_REKEY_DROP;
	return POOL_REKEY_ACCEPT;
}

static enum pool_rekey_verdict accept_offer(struct pool_rekey *r, const u8 *theirs,
					    const u8 *identities, const u64 isn[2],
					    struct pool_epoch_keys *keys)
{
	u8 secret[POOL_KEY_LEN], own[POOL_KEY_LEN];

	do {
		draw(secret, own);
		if (!derive(r, secret, theirs, identities, theirs, own, keys)) {
			pool_wipe(secret, sizeof(secret));
			return POOL_REKEY_DROP;
		}
	} while (ranges_meet(keys, isn));
	pool_wipe(secret, sizeof(secret));
	pool_wipe(r->secret, sizeof(r->secret));
	memcpy(r->own, own, POOL_KEY_LEN);
	memcpy(r->theirs, theirs, POOL_KEY_LEN);
	memcpy(r->next_chain, keys->chain, POOL_KEY_LEN);
	r->phase = POOL_REKEY_ANSWERED;
	return POOL_REKEY_ACCEPT;
}

static enum pool_rekey_verdict install_answer(struct pool_rekey *r, const u8 *theirs,
					      const u8 *identities, struct pool_epoch_keys *keys)
{
	if (!derive(r, r->secret, theirs, identities, r->own, theirs, keys))
		return POOL_REKEY_DROP;
	memcpy(r->chain, keys->chain, POOL_KEY_LEN);
	memcpy(r->theirs, theirs, POOL_KEY_LEN);
	pool_wipe(r->secret, sizeof(r->secret));
	r->epoch++;
	r->phase = POOL_REKEY_IDLE;
	return POOL_REKEY_INSTALL;
}

enum pool_rekey_verdict pool_rekey_receive(struct pool_rekey *r, u32 came_in, const u8 *plain,
					   size_t len, const u8 identities[POOL_KEY_LEN],
					   const u64 isn[2], struct pool_epoch_keys *keys)
{
	enum pool_rekey_verdict verdict = pool_rekey_look(r, came_in, plain, len);

	if (verdict == POOL_REKEY_ACCEPT)
		return accept_offer(r, plain + AT_EPHEMERAL, identities, isn, keys);
	if (verdict == POOL_REKEY_INSTALL)
		return install_answer(r, plain + AT_EPHEMERAL, identities, keys);
	return verdict;
}

void pool_rekey_switched(struct pool_rekey *r)
{
	if (r->phase != POOL_REKEY_ANSWERED)
		return;
	memcpy(r->chain, r->next_chain, POOL_KEY_LEN);
	pool_wipe(r->next_chain, sizeof(r->next_chain));
	r->epoch++;
	r->phase = POOL_REKEY_IDLE;
}
