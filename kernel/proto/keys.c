// SPDX-License-Identifier: GPL-2.0
/* HKDF-SHA256, the symmetric state of the handshake, the keys of an epoch. */
#include "keys.h"

enum { INFO_MAX = 4 };	/* pieces of HKDF info, and of a transcript step */

int pool_hkdf_expand(u8 *out, size_t out_len, const u8 prk[POOL_HASH_LEN],
		     const struct pool_vec *info, unsigned int n)
{
	struct pool_vec v[INFO_MAX + 2];
	u8 block[POOL_HASH_LEN];
	unsigned int i;
	u8 counter = 0;
	size_t take;

	if (out_len > 255 * POOL_HASH_LEN || n > INFO_MAX)
		return -EINVAL;

	/* T(0) is empty */
	v[0].p = block;
	v[0].len = 0;
	for (i = 0; i < n; i++)
		v[i + 1] = info[i];
	v[n + 1].p = &counter;
	v[n + 1].len = 1;

	while (out_len) {
		counter++;
		pool_hmac(block, prk, POOL_HASH_LEN, v, n + 2);
		v[0].len = POOL_HASH_LEN;
		take = out_len < POOL_HASH_LEN ? out_len : POOL_HASH_LEN;
		memcpy(out, block, take);
		out += take;
		out_len -= take;
	}
	pool_wipe(block, sizeof(block));
	return 0;
}

void pool_hkdf_extract(u8 prk[POOL_HASH_LEN], const u8 *salt, size_t salt_len,
		       const u8 *ikm, size_t ikm_len)
{
	struct pool_vec v = { ikm, ikm_len };

	pool_hmac(prk, salt, salt_len, &v, 1);
}

void pool_symmetric_init(struct pool_symmetric *s)
{
	static const char protocol[] = "POOL1_XK_25519_ChaChaPoly_SHA256";

	memcpy(s->ck, protocol, POOL_HASH_LEN);
	memcpy(s->h, protocol, POOL_HASH_LEN);
	memset(s->k, 0, sizeof(s->k));
}

void pool_mix_hash(struct pool_symmetric *s, const struct pool_vec *v, unsigned int n)
{
	struct pool_vec all[INFO_MAX + 1];
	u8 out[POOL_HASH_LEN];
	unsigned int i;

	if (n > INFO_MAX)
		n = INFO_MAX;
	all[0].p = s->h;
	all[0].len = POOL_HASH_LEN;
	for (i = 0; i < n; i++)
		all[i + 1] = v[i];
	pool_sha256(out, all, n + 1);
	memcpy(s->h, out, POOL_HASH_LEN);
}

void pool_mix_key(struct pool_symmetric *s, const u8 *ikm, size_t len)
{
	u8 prk[POOL_HASH_LEN], out[2 * POOL_HASH_LEN];

	pool_hkdf_extract(prk, s->ck, POOL_HASH_LEN, ikm, len);
	pool_hkdf_expand(out, sizeof(out), prk, NULL, 0);
	memcpy(s->ck, out, POOL_HASH_LEN);
	memcpy(s->k, out + POOL_HASH_LEN, POOL_KEY_LEN);
	pool_wipe(prk, sizeof(prk));
	pool_wipe(out, sizeof(out));
}

/* HKDF-Expand(ck, label || direction || h, 32) */
static void derive(u8 out[POOL_KEY_LEN], const u8 *ck, const u8 *h, const char *label,
		   size_t label_len, const char *dir)
{
	struct pool_vec v[] = {
		{ label, label_len },
		{ dir, 3 },
		{ h, POOL_HASH_LEN },
	};

	pool_hkdf_expand(out, POOL_KEY_LEN, ck, v, 3);
}

void pool_epoch_derive(struct pool_epoch_keys *out, const u8 ck[POOL_HASH_LEN],
		       const u8 h[POOL_HASH_LEN], u32 epoch)
{
	static const char * const dirs[] = { "i2r", "r2i" };
	static const char enc[] = "pool1 enc ", mac[] = "pool1 mac ", sq[] = "pool1 seq ";
	static const char isn[] = "pool1 isn", chain[] = "pool1 chain";
	u8 seq[POOL_KEY_LEN], be[4], first[8];
	struct pool_vec v[2];
	unsigned int d;

	pool_put32(be, epoch);
	for (d = POOL_I2R; d <= POOL_R2I; d++) {
		derive(out->dir[d].enc, ck, h, enc, sizeof(enc) - 1, dirs[d]);
		derive(out->dir[d].mac, ck, h, mac, sizeof(mac) - 1, dirs[d]);
		derive(seq, ck, h, sq, sizeof(sq) - 1, dirs[d]);
		v[0].p = isn;
		v[0].len = sizeof(isn) - 1;
		v[1].p = be;
		v[1].len = sizeof(be);
		pool_hkdf_expand(first, sizeof(first), seq, v, 2);
		out->dir[d].isn = pool_get64(first) & POOL_ISN_MASK;
	}
	v[0].p = chain;
	v[0].len = sizeof(chain) - 1;
	v[1].p = h;
	v[1].len = POOL_HASH_LEN;
	pool_hkdf_expand(out->chain, POOL_KEY_LEN, ck, v, 2);
	pool_wipe(seq, sizeof(seq));
	pool_wipe(first, sizeof(first));
}
