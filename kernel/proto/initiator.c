// SPDX-License-Identifier: GPL-2.0
/* The initiator's side of the handshake. */
#include "handshake_common.h"

static void write_init(const struct pool_initiator *i, u8 pkt[POOL_INIT_LEN])
{
	memset(pkt, 0, POOL_INIT_LEN);
	pool_hs_header(pkt, POOL_INIT, i->sid, i->timestamp, POOL_INIT_PAYLOAD);
	memcpy(pkt + POOL_HDR_LEN, i->E, POOL_KEY_LEN);
}

enum pool_hs_error pool_initiator_start_with(struct pool_initiator *i,
					     const struct pool_identity *self,
					     const u8 remote[POOL_KEY_LEN],
					     const u8 psk[POOL_KEY_LEN], u8 transport,
					     u64 timestamp, const u8 e[POOL_KEY_LEN],
					     u8 pkt[POOL_INIT_LEN])
{
	u8 shared[POOL_KEY_LEN];
	bool ok;

	memset(i, 0, sizeof(*i));
	i->self = *self;
	memcpy(i->remote, remote, POOL_KEY_LEN);
	memcpy(i->psk, psk, POOL_KEY_LEN);
	i->transport = transport;
	memcpy(i->e, e, POOL_KEY_LEN);
	i->timestamp = timestamp;

	/* Find a useless key of the peer now, not after the answer. */
	ok = pool_x25519_public(i->E, i->e) && pool_x25519(shared, i->e, i->remote);
	pool_wipe(shared, sizeof(shared));
	if (!ok) {
		pool_wipe(i, sizeof(*i));
		return POOL_HS_KEY;
	}

	pool_sid(i->sid, i->E);
	pool_hs_step1(&i->sym, i->remote, i->transport, i->sid, i->timestamp, i->E);
	write_init(i, pkt);
	pool_hs_mac_init(pkt + POOL_AD_LEN, i->remote, pkt);
	return POOL_HS_OK;
}

enum pool_hs_error pool_initiator_start(struct pool_initiator *i,
					const struct pool_identity *self,
					const u8 remote[POOL_KEY_LEN],
					const u8 psk[POOL_KEY_LEN], u8 transport,
					u64 timestamp, u8 pkt[POOL_INIT_LEN])
{
	enum pool_hs_error err;
	u8 e[POOL_KEY_LEN];

	pool_random(e, sizeof(e));
	err = pool_initiator_start_with(i, self, remote, psk, transport, timestamp, e, pkt);
	pool_wipe(e, sizeof(e));
	return err;
}

enum pool_hs_error pool_initiator_challenge(struct pool_initiator *i, const u8 *pkt,
					    size_t len, struct pool_challenge *c)
{
	static const u8 none[POOL_KEY_LEN];
	const u8 *payload = pkt + POOL_HDR_LEN;
	struct pool_vec whole = { pkt, POOL_CHALLENGE_LEN };
	u8 mac[POOL_HASH_LEN], digest[POOL_HASH_LEN];
	enum pool_hs_error err;
	struct pool_hdr h;
	u8 difficulty, n;
	bool full;

	err = pool_hs_check_header(&h, pkt, len, POOL_CHALLENGE, POOL_CHALLENGE_LEN);
	if (err)
		return err;
	if (memcmp(h.sid, i->sid, POOL_SID_LEN) || h.timestamp != i->timestamp)
		return POOL_HS_ATTEMPT;
	pool_hs_mac_challenge(mac, i->E, i->remote, pkt);
	if (pool_differ(mac, pkt + POOL_AD_LEN, POOL_HASH_LEN))
		return POOL_HS_HMAC;
	difficulty = payload[POOL_CHALLENGE_DIFFICULTY];
	if (difficulty < POOL_DIFFICULTY_MIN || difficulty > POOL_DIFFICULTY_MAX)
		return POOL_HS_DIFFICULTY;

	pool_sha256(digest, &whole, 1);
	full = pool_differ(payload, none, POOL_KEY_LEN);
	if (full) {
		for (n = 0; n < i->n_seen; n++)
			if (!memcmp(i->seen[n], digest, POOL_HASH_LEN))
				return POOL_HS_ATTEMPT;
		if (i->n_seen >= POOL_CHALLENGES_MAX)
			return POOL_HS_ATTEMPT;
		memcpy(i->seen[i->n_seen++], digest, POOL_HASH_LEN);
	} else {
		if (i->worked)
			return POOL_HS_ATTEMPT;
		i->worked = true;
	}

	c->full = full;
	memcpy(c->E_r, payload, POOL_KEY_LEN);
	memcpy(c->seed, payload + POOL_CHALLENGE_SEED, POOL_HASH_LEN);
	memcpy(c->issue, payload + POOL_CHALLENGE_ISSUE, sizeof(c->issue));
	c->index = payload[POOL_CHALLENGE_INDEX];
	c->difficulty = difficulty;
	memcpy(c->digest, digest, POOL_HASH_LEN);
	pool_hs_header(c->ad, POOL_CHALLENGE, i->sid, i->timestamp, POOL_CHALLENGE_PAYLOAD);
	memcpy(c->payload, payload, POOL_CHALLENGE_PAYLOAD);
	return POOL_HS_OK;
}

void pool_initiator_fill(const struct pool_initiator *i, const struct pool_challenge *c,
			 const u8 x[8], u8 pkt[POOL_INIT_LEN])
{
	u8 *payload = pkt + POOL_HDR_LEN;

	write_init(i, pkt);
	memcpy(payload + POOL_INIT_ISSUE, c->issue, sizeof(c->issue));
	payload[POOL_INIT_INDEX] = c->index;
	payload[POOL_INIT_DIFFICULTY] = c->difficulty;
	memcpy(payload + POOL_INIT_X, x, 8);
	memcpy(payload + POOL_INIT_SEED8, c->seed, 8);
	pool_hs_mac_init(pkt + POOL_AD_LEN, i->remote, pkt);
}

/* Steps 2 and 3 up to the seal: the header and the clear part stand in @pkt. */
static bool mix_response(struct pool_symmetric *s, const struct pool_initiator *i,
			 const struct pool_challenge *c, const u8 *pkt)
{
	struct pool_vec v[2] = {
		{ c->ad, POOL_AD_LEN },
		{ c->payload, POOL_CHALLENGE_PAYLOAD },
	};
	u8 shared[POOL_KEY_LEN];
	bool ok;

	pool_mix_hash(s, v, 2);
	ok = pool_x25519(shared, i->e, c->E_r);
	if (ok) {
		pool_mix_key(s, shared, sizeof(shared));
		ok = pool_x25519(shared, i->e, i->remote);
	}
	if (ok) {
		pool_mix_key(s, shared, sizeof(shared));
		v[0].p = pkt;
		v[1].p = pkt + POOL_HDR_LEN;
		v[1].len = POOL_RESPONSE_CLEAR;
		pool_mix_hash(s, v, 2);
	}
	pool_wipe(shared, sizeof(shared));
	return ok;
}

enum pool_hs_error pool_initiator_response(const struct pool_initiator *i,
					   const struct pool_challenge *c, const u8 x[8],
					   const u8 *hello, size_t hello_len,
					   u8 pkt[POOL_RESPONSE_LEN],
					   struct pool_epoch_keys *keys)
{
	u8 *clear = pkt + POOL_HDR_LEN, *sealed = clear + POOL_RESPONSE_CLEAR;
	struct pool_vec v = { sealed, POOL_RESPONSE_SEALED + POOL_TAG_LEN };
	enum pool_hs_error err = POOL_HS_KEY;
	u8 plain[POOL_RESPONSE_SEALED];
	struct pool_symmetric s = i->sym;
	u8 key[POOL_KEY_LEN];

	if (hello_len > POOL_HELLO_MAX)
		hello_len = POOL_HELLO_MAX;

	memset(pkt, 0, POOL_RESPONSE_LEN);
	pool_hs_header(pkt, POOL_RESPONSE, i->sid, i->timestamp, POOL_RESPONSE_PAYLOAD);
	memcpy(clear, i->E, POOL_KEY_LEN);
	memcpy(clear + POOL_RESPONSE_SEED8, c->seed, 8);
	memcpy(clear + POOL_RESPONSE_ISSUE, c->issue, sizeof(c->issue));
	clear[POOL_RESPONSE_INDEX] = c->index;
	clear[POOL_RESPONSE_DIFFICULTY] = c->difficulty;
	memcpy(clear + POOL_RESPONSE_X, x, 8);

	memset(plain, 0, sizeof(plain));
	memcpy(plain, i->self.public, POOL_KEY_LEN);
	if (hello_len)
		memcpy(plain + POOL_KEY_LEN, hello, hello_len);

	if (!mix_response(&s, i, c, pkt))
		goto out;
	pool_hs_seal_key(key, &s);
	pool_seal_once(sealed, plain, sizeof(plain), s.h, POOL_HASH_LEN, key);
	pool_mix_hash(&s, &v, 1);

	if (!pool_x25519(key, i->self.secret, c->E_r))
		goto out;
	pool_mix_key(&s, key, sizeof(key));
	pool_mix_key(&s, i->psk, POOL_KEY_LEN);
	pool_epoch_derive(keys, s.ck, s.h, 0);
	pool_hs_mac_response(pkt + POOL_AD_LEN, keys->dir[POOL_I2R].mac, pkt, plain,
			     plain + POOL_KEY_LEN);
	err = POOL_HS_OK;
out:
	if (err)
		memset(pkt, 0, POOL_RESPONSE_LEN);
	pool_wipe(key, sizeof(key));
	pool_wipe(plain, sizeof(plain));
	pool_wipe(&s, sizeof(s));
	return err;
}
