// SPDX-License-Identifier: GPL-2.0
/*
 * The responder's side of the handshake. It keeps nothing between CHALLENGE and
 * RESPONSE but its own secrets: seed and ephemeral key are computed again.
 */
#include "handshake_common.h"

/* ---------------------------------------------------------------- secrets */

static void subkey(u8 out[POOL_KEY_LEN], const struct pool_secret *s, const char *label,
		   size_t len)
{
	struct pool_vec v = { label, len };

	pool_hmac(out, s->key, POOL_KEY_LEN, &v, 1);
}

/* @s has its key and value */
static void secret_open(struct pool_secret *s, u8 index)
{
	static const char eph[] = "pool1 ephemeral key", slot[] = "pool1 spent slot";

	subkey(s->eph_key, s, eph, sizeof(eph) - 1);
	subkey(s->slot_key, s, slot, sizeof(slot) - 1);
	s->index = index;
	s->live = true;
}

static void secret_draw(struct pool_responder *r, u8 slot)
{
	struct pool_secret *s = &r->secret[slot];

	pool_wipe(s, sizeof(*s));
	pool_random(s->key, sizeof(s->key));
	pool_random(s->value, sizeof(s->value));
	secret_open(s, r->next_index++);
	r->newest = slot;
}

static struct pool_secret *secret_find(struct pool_responder *r, u8 index)
{
	unsigned int n;

	for (n = 0; n < POOL_SECRETS; n++)
		if (r->secret[n].live && r->secret[n].index == index)
			return &r->secret[n];
	return NULL;
}

/* All of it but what counts for the device's life. */
static void responder_clear(struct pool_responder *r, const struct pool_identity *self)
{
	u64 ops = r->curve_ops;
	u8 difficulty = r->difficulty;

	pool_wipe(r, sizeof(*r));
	r->self = *self;
	r->curve_ops = ops;
	r->difficulty = difficulty;
	if (difficulty < POOL_DIFFICULTY_MIN || difficulty > POOL_DIFFICULTY_MAX)
		r->difficulty = POOL_DIFFICULTY_MIN;
}

void pool_responder_reset(struct pool_responder *r, const struct pool_identity *self)
{
	responder_clear(r, self);
	/* Anywhere: so that an old index seldom even names a live secret. */
	pool_random(&r->next_index, sizeof(r->next_index));
	secret_draw(r, 0);
}

void pool_responder_rotate(struct pool_responder *r)
{
	secret_draw(r, (u8)((r->newest + 1) % POOL_SECRETS));
}

u64 pool_responder_refresh(struct pool_responder *r, u64 now)
{
	const u64 rotate = POOL_SECRET_ROTATE_S * 1000000000ULL, life = POOL_SECRETS * rotate;
	struct pool_secret *s;
	u64 age, next;
	unsigned int n;

	for (n = 0; n < POOL_SECRETS; n++)
		if (r->secret[n].live && !r->secret[n].drawn_ns)
			r->secret[n].drawn_ns = now;
	if (now - r->secret[r->newest].drawn_ns >= rotate) {
		pool_responder_rotate(r);
		r->secret[r->newest].drawn_ns = now;
	}
	next = rotate - (now - r->secret[r->newest].drawn_ns);
	for (n = 0; n < POOL_SECRETS; n++) {
		s = &r->secret[n];
		if (!s->live)
			continue;
		age = now - s->drawn_ns;
		if (age >= life)
			pool_wipe(s, sizeof(*s));
		else if (life - age < next)
			next = life - age;
	}
	return next;
}

void pool_responder_reset_with(struct pool_responder *r, const struct pool_identity *self,
			       const u8 key[POOL_KEY_LEN], const u8 value[8], u8 index)
{
	responder_clear(r, self);
	memcpy(r->secret[0].key, key, POOL_KEY_LEN);
	memcpy(r->secret[0].value, value, sizeof(r->secret[0].value));
	secret_open(&r->secret[0], index);
	r->next_index = (u8)(index + 1);
	r->newest = 0;
}

/* --------------------------------------------------------- seed, ephemeral */

static void make_seed(u8 out[POOL_HASH_LEN], const struct pool_secret *s,
		      const struct pool_claim *c, const u8 addr16[16], const u8 issue[4],
		      u8 difficulty)
{
	struct pool_vec v[7];
	u8 time[8];

	pool_put64(time, c->timestamp);
	v[0] = (struct pool_vec){ addr16, 16 };
	v[1] = (struct pool_vec){ s->value, sizeof(s->value) };
	v[2] = (struct pool_vec){ issue, 4 };
	v[3] = (struct pool_vec){ c->sid, POOL_SID_LEN };
	v[4] = (struct pool_vec){ c->E_i, POOL_KEY_LEN };
	v[5] = (struct pool_vec){ time, sizeof(time) };
	v[6] = (struct pool_vec){ &difficulty, 1 };
	pool_hmac(out, s->key, POOL_KEY_LEN, v, 7);
}

/* X25519 clamps; nothing else ever uses these bytes. */
static void make_ephemeral(u8 e_r[POOL_KEY_LEN], const struct pool_secret *s,
			   const struct pool_claim *c, const u8 addr16[16], const u8 issue[4])
{
	struct pool_vec v[6] = { POOL_LABEL("pool1 ephemeral") };
	u8 time[8];

	pool_put64(time, c->timestamp);
	v[1] = (struct pool_vec){ addr16, 16 };
	v[2] = (struct pool_vec){ issue, 4 };
	v[3] = (struct pool_vec){ c->sid, POOL_SID_LEN };
	v[4] = (struct pool_vec){ c->E_i, POOL_KEY_LEN };
	v[5] = (struct pool_vec){ time, sizeof(time) };
	pool_hmac(e_r, s->eph_key, POOL_KEY_LEN, v, 6);
}

static bool count_dh(struct pool_responder *r, u8 out[POOL_KEY_LEN],
		     const u8 secret[POOL_KEY_LEN], const u8 point[POOL_KEY_LEN])
{
	r->curve_ops++;
	return pool_x25519(out, secret, point);
}

/* ------------------------------------------------------------ INIT, its work */

enum pool_hs_error pool_responder_init(const struct pool_responder *r, const u8 *pkt,
				       size_t len, u64 now, u64 skew, struct pool_claim *c)
{
	const u64 least = POOL_INIT_SKEW_S * 1000000000ULL;
	const u8 *payload = pkt + POOL_HDR_LEN;
	enum pool_hs_error err;
	u8 mac[POOL_HASH_LEN];
	struct pool_hdr h;

	err = pool_hs_check_header(&h, pkt, len, POOL_INIT, POOL_INIT_LEN);
	if (err)
		return err;
	if (skew < least)
		skew = least;
	if ((now > h.timestamp ? now - h.timestamp : h.timestamp - now) > skew)
		return POOL_HS_TIME;
	pool_hs_mac_init(mac, r->self.public, pkt);
	if (pool_differ(mac, pkt + POOL_AD_LEN, POOL_HASH_LEN))
		return POOL_HS_HMAC;

	memset(c, 0, sizeof(*c));
	memcpy(c->E_i, payload, POOL_KEY_LEN);
	memcpy(c->sid, h.sid, POOL_SID_LEN);
	c->timestamp = h.timestamp;
	c->difficulty = payload[POOL_INIT_DIFFICULTY];
	c->filled = c->difficulty;
	if (!c->filled)
		return POOL_HS_OK;
	memcpy(c->issue, payload + POOL_INIT_ISSUE, sizeof(c->issue));
	c->index = payload[POOL_INIT_INDEX];
	memcpy(c->x, payload + POOL_INIT_X, sizeof(c->x));
	memcpy(c->seed8, payload + POOL_INIT_SEED8, sizeof(c->seed8));
	return POOL_HS_OK;
}

/* False when this seed has bought all that it can buy. */
static bool spend(struct pool_secret *s, const u8 seed8[8], bool response)
{
	struct pool_vec v = { seed8, 8 };
	u64 prefix = pool_get64(seed8);
	struct pool_spent *slot;
	u8 hash[POOL_HASH_LEN];
	u8 *count;

	/* Keyed, so that nobody can choose whose slot his own work overwrites. */
	pool_hmac(hash, s->slot_key, POOL_KEY_LEN, &v, 1);
	slot = &s->spent[pool_get16(hash) % POOL_SPENT_SLOTS];
	if (!slot->used || slot->prefix != prefix) {
		slot->used = true;
		slot->prefix = prefix;
		slot->inits = 0;
		slot->responses = 0;
	}
	count = response ? &slot->responses : &slot->inits;
	if (*count >= POOL_SPENT_LIMIT)
		return false;
	++*count;
	return true;
}

enum pool_hs_error pool_responder_check_work(struct pool_responder *r, struct pool_claim *c,
					     const u8 addr16[16], bool response)
{
	struct pool_secret *s = secret_find(r, c->index);
	u8 sid[POOL_SID_LEN], seed[POOL_HASH_LEN];

	if (!s)
		return POOL_HS_SECRET;
	if (c->difficulty < POOL_DIFFICULTY_MIN || c->difficulty > POOL_DIFFICULTY_MAX)
		return POOL_HS_DIFFICULTY;
	/* One step below is in flight whenever the difficulty has just risen. */
	if (c->difficulty + 2 <= r->difficulty)
		return POOL_HS_DIFFICULTY;
	pool_sid(sid, c->E_i);
	if (memcmp(sid, c->sid, POOL_SID_LEN))
		return POOL_HS_SID;
	make_seed(seed, s, c, addr16, c->issue, c->difficulty);
	if (pool_differ(seed, c->seed8, sizeof(c->seed8)))
		return POOL_HS_SEED;
	if (!pool_puzzle_check(seed, c->difficulty, c->x))
		return POOL_HS_SOLUTION;
	if (!spend(s, c->seed8, response))
		return POOL_HS_SPENT;
	memcpy(c->seed, seed, POOL_HASH_LEN);
	return POOL_HS_OK;
}

/* --------------------------------------------------------------- CHALLENGE */

void pool_responder_challenge(struct pool_responder *r, const struct pool_claim *c,
			      const u8 addr16[16], u32 issue, bool full,
			      u8 pkt[POOL_CHALLENGE_LEN])
{
	struct pool_secret *s = c->filled ? secret_find(r, c->index) : NULL;
	u8 *payload = pkt + POOL_HDR_LEN;
	u8 e_r[POOL_KEY_LEN];

	memset(pkt, 0, POOL_CHALLENGE_LEN);
	pool_hs_header(pkt, POOL_CHALLENGE, c->sid, c->timestamp, POOL_CHALLENGE_PAYLOAD);
	if (s) {
		memcpy(payload + POOL_CHALLENGE_SEED, c->seed, POOL_HASH_LEN);
		memcpy(payload + POOL_CHALLENGE_ISSUE, c->issue, sizeof(c->issue));
		payload[POOL_CHALLENGE_DIFFICULTY] = c->difficulty;
	} else {
		s = &r->secret[r->newest];
		pool_put32(payload + POOL_CHALLENGE_ISSUE, issue);
		payload[POOL_CHALLENGE_DIFFICULTY] = r->difficulty;
		make_seed(payload + POOL_CHALLENGE_SEED, s, c, addr16,
			  payload + POOL_CHALLENGE_ISSUE, r->difficulty);
	}
	payload[POOL_CHALLENGE_INDEX] = s->index;
	if (full) {
		make_ephemeral(e_r, s, c, addr16, payload + POOL_CHALLENGE_ISSUE);
		r->curve_ops++;
		pool_x25519_public(payload, e_r);
		pool_wipe(e_r, sizeof(e_r));
	}
	pool_hs_mac_challenge(pkt + POOL_AD_LEN, c->E_i, r->self.public, pkt);
}

/* ---------------------------------------------------------------- RESPONSE */

/* The CHALLENGE that this RESPONSE answers, once more: step 2's transcript. */
static bool mix_challenge(struct pool_responder *r, struct pool_symmetric *sym,
			  const struct pool_claim *c, const u8 e_r[POOL_KEY_LEN])
{
	u8 ad[POOL_AD_LEN], payload[POOL_CHALLENGE_PAYLOAD];
	struct pool_vec v[] = { { ad, sizeof(ad) }, { payload, sizeof(payload) } };

	memset(payload, 0, sizeof(payload));
	r->curve_ops++;
	if (!pool_x25519_public(payload, e_r))
		return false;
	memcpy(payload + POOL_CHALLENGE_SEED, c->seed, POOL_HASH_LEN);
	memcpy(payload + POOL_CHALLENGE_ISSUE, c->issue, sizeof(c->issue));
	payload[POOL_CHALLENGE_INDEX] = c->index;
	payload[POOL_CHALLENGE_DIFFICULTY] = c->difficulty;
	pool_hs_header(ad, POOL_CHALLENGE, c->sid, c->timestamp, POOL_CHALLENGE_PAYLOAD);
	pool_mix_hash(sym, v, 2);
	return true;
}

static void read_response(struct pool_claim *c, const struct pool_hdr *h, const u8 *clear)
{
	memset(c, 0, sizeof(*c));
	memcpy(c->E_i, clear, POOL_KEY_LEN);
	memcpy(c->sid, h->sid, POOL_SID_LEN);
	c->timestamp = h->timestamp;
	c->filled = true;
	memcpy(c->seed8, clear + POOL_RESPONSE_SEED8, sizeof(c->seed8));
	memcpy(c->issue, clear + POOL_RESPONSE_ISSUE, sizeof(c->issue));
	c->index = clear[POOL_RESPONSE_INDEX];
	c->difficulty = clear[POOL_RESPONSE_DIFFICULTY];
	memcpy(c->x, clear + POOL_RESPONSE_X, sizeof(c->x));
}

/* S_i and the TLVs into @out; the sealed part enters the transcript. */
static enum pool_hs_error unseal(struct pool_response *out, const u8 *sealed)
{
	const size_t len = POOL_RESPONSE_SEALED + POOL_TAG_LEN;
	struct pool_vec v = { sealed, len };
	enum pool_hs_error err = POOL_HS_OK;
	u8 plain[POOL_RESPONSE_SEALED];
	struct pool_tlvs tlvs;
	u8 key[POOL_KEY_LEN];

	pool_hs_seal_key(key, &out->sym);
	if (!pool_open_once(plain, sealed, len, out->sym.h, POOL_HASH_LEN, key))
		err = POOL_HS_SEAL;
	else if (pool_tlvs_parse(&tlvs, plain + POOL_KEY_LEN, POOL_HELLO_MAX))
		err = POOL_HS_TLV;
	if (!err) {
		memcpy(out->S_i, plain, POOL_KEY_LEN);
		memcpy(out->hello, plain + POOL_KEY_LEN, POOL_HELLO_MAX);
		pool_mix_hash(&out->sym, &v, 1);
	}
	pool_wipe(key, sizeof(key));
	pool_wipe(plain, sizeof(plain));
	return err;
}

/* Everything that costs curve operations; the work has been checked. */
static enum pool_hs_error open_sealed(struct pool_responder *r, const u8 *pkt,
				      const u8 e_r[POOL_KEY_LEN], u8 transport,
				      struct pool_response *out)
{
	const struct pool_claim *c = &out->claim;
	const u8 *clear = pkt + POOL_HDR_LEN;
	enum pool_hs_error err = POOL_HS_KEY;
	u8 shared[POOL_KEY_LEN], ad[POOL_AD_LEN];
	struct pool_vec v[] = { { ad, sizeof(ad) }, { clear, POOL_RESPONSE_CLEAR } };

	pool_hs_step1(&out->sym, r->self.public, transport, c->sid, c->timestamp, c->E_i);
	if (!mix_challenge(r, &out->sym, c, e_r))
		goto out;
	if (!count_dh(r, shared, e_r, c->E_i))
		goto out;
	pool_mix_key(&out->sym, shared, sizeof(shared));
	if (!count_dh(r, shared, r->self.secret, c->E_i))
		goto out;
	pool_mix_key(&out->sym, shared, sizeof(shared));

	pool_hs_header(ad, POOL_RESPONSE, c->sid, c->timestamp, POOL_RESPONSE_PAYLOAD);
	pool_mix_hash(&out->sym, v, 2);
	err = unseal(out, clear + POOL_RESPONSE_CLEAR);
	if (err)
		goto out;
	if (count_dh(r, shared, e_r, out->S_i))
		pool_mix_key(&out->sym, shared, sizeof(shared));
	else
		err = POOL_HS_KEY;
out:
	pool_wipe(shared, sizeof(shared));
	return err;
}

enum pool_hs_error pool_responder_check_response(struct pool_responder *r, const u8 *pkt,
						 size_t len, const u8 addr16[16],
						 struct pool_claim *c)
{
	enum pool_hs_error err;
	struct pool_hdr h;

	err = pool_hs_check_header(&h, pkt, len, POOL_RESPONSE, POOL_RESPONSE_LEN);
	if (err)
		return err;
	read_response(c, &h, pkt + POOL_HDR_LEN);
	return pool_responder_check_work(r, c, addr16, true);
}

enum pool_hs_error pool_responder_unseal(struct pool_responder *r, const u8 *pkt,
					 const u8 addr16[16], u8 transport,
					 const struct pool_claim *c, struct pool_response *out)
{
	const struct pool_secret *secret = secret_find(r, c->index);
	enum pool_hs_error err;
	u8 e_r[POOL_KEY_LEN];

	if (!secret)
		return POOL_HS_SECRET;
	memset(out, 0, sizeof(*out));
	out->claim = *c;
	make_ephemeral(e_r, secret, c, addr16, c->issue);
	err = open_sealed(r, pkt, e_r, transport, out);
	pool_wipe(e_r, sizeof(e_r));
	if (err)
		pool_wipe(out, sizeof(*out));
	return err;
}

enum pool_hs_error pool_responder_open(struct pool_responder *r, const u8 *pkt, size_t len,
				       const u8 addr16[16], u8 transport,
				       struct pool_response *out)
{
	struct pool_claim c;
	enum pool_hs_error err;

	err = pool_responder_check_response(r, pkt, len, addr16, &c);
	return err ? err : pool_responder_unseal(r, pkt, addr16, transport, &c, out);
}

enum pool_hs_error pool_responder_finish(struct pool_response *rsp,
					 const u8 psk[POOL_KEY_LEN],
					 const u8 pkt[POOL_RESPONSE_LEN],
					 struct pool_epoch_keys *keys)
{
	struct pool_symmetric s = rsp->sym;
	u8 mac[POOL_HASH_LEN];
	bool bad;

	pool_mix_key(&s, psk, POOL_KEY_LEN);
	pool_epoch_derive(keys, s.ck, s.h, 0);
	pool_hs_mac_response(mac, keys->dir[POOL_I2R].mac, pkt, rsp->S_i, rsp->hello);
	bad = pool_differ(mac, pkt + POOL_AD_LEN, POOL_HASH_LEN);
	if (bad)
		pool_wipe(keys, sizeof(*keys));
	pool_wipe(mac, sizeof(mac));
	pool_wipe(&s, sizeof(s));
	return bad ? POOL_HS_HMAC : POOL_HS_OK;
}
