// SPDX-License-Identifier: GPL-2.0
#include <sodium.h>

#include "crypto.h"

_Static_assert(POOL_HASH_LEN == crypto_hash_sha256_BYTES &&
	       POOL_HASH_LEN == crypto_auth_hmacsha256_BYTES &&
	       POOL_KEY_LEN == crypto_scalarmult_curve25519_BYTES &&
	       POOL_KEY_LEN == crypto_aead_chacha20poly1305_ietf_KEYBYTES &&
	       POOL_TAG_LEN == crypto_aead_chacha20poly1305_ietf_ABYTES &&
	       POOL_NONCE_LEN == crypto_aead_chacha20poly1305_ietf_NPUBBYTES,
	       "libsodium and POOL mean the same algorithms");

static const u8 zero_nonce[POOL_NONCE_LEN];

void pool_sha256(u8 out[POOL_HASH_LEN], const struct pool_vec *v, unsigned int n)
{
	crypto_hash_sha256_state st;

	crypto_hash_sha256_init(&st);
	for (; n; n--, v++)
		crypto_hash_sha256_update(&st, v->p, v->len);
	crypto_hash_sha256_final(&st, out);
	sodium_memzero(&st, sizeof(st));
}

void pool_hmac(u8 out[POOL_HASH_LEN], const u8 *key, size_t key_len,
	       const struct pool_vec *v, unsigned int n)
{
	crypto_auth_hmacsha256_state st;

	crypto_auth_hmacsha256_init(&st, key, key_len);
	for (; n; n--, v++)
		crypto_auth_hmacsha256_update(&st, v->p, v->len);
	crypto_auth_hmacsha256_final(&st, out);
	sodium_memzero(&st, sizeof(st));
}

bool pool_x25519(u8 out[POOL_KEY_LEN], const u8 secret[POOL_KEY_LEN],
		 const u8 point[POOL_KEY_LEN])
{
	if (!crypto_scalarmult_curve25519(out, secret, point))
		return true;
	/* libsodium may refuse the point before it writes anything */
	memset(out, 0, POOL_KEY_LEN);
	return false;
}

bool pool_x25519_public(u8 out[POOL_KEY_LEN], const u8 secret[POOL_KEY_LEN])
{
	return !crypto_scalarmult_curve25519_base(out, secret);
}

void pool_seal_once(u8 *dst, const u8 *src, size_t len, const u8 *ad, size_t ad_len,
		    const u8 key[POOL_KEY_LEN])
{
	crypto_aead_chacha20poly1305_ietf_encrypt(dst, NULL, src, len, ad, ad_len, NULL,
						  zero_nonce, key);
}

bool pool_open_once(u8 *dst, const u8 *src, size_t len, const u8 *ad, size_t ad_len,
		    const u8 key[POOL_KEY_LEN])
{
	return !crypto_aead_chacha20poly1305_ietf_decrypt(dst, NULL, NULL, src, len, ad,
							  ad_len, zero_nonce, key);
}

void pool_random(void *buf, size_t len)
{
	randombytes_buf(buf, len);
}

bool pool_differ(const void *a, const void *b, size_t len)
{
	return sodium_memcmp(a, b, len);
}

void pool_wipe(void *p, size_t len)
{
	sodium_memzero(p, len);
}

void pool_cipher_init(struct pool_cipher *c, const struct pool_dir_keys *keys)
{
	memcpy(c->enc, keys->enc, sizeof(c->enc));
	memcpy(c->mac, keys->mac, sizeof(c->mac));
}

int pool_cipher_seal(const struct pool_cipher *c, void *scratch,
		     const u8 nonce[POOL_NONCE_LEN], const u8 *ad, u8 *buf, size_t len)
{
	(void)scratch;
	crypto_aead_chacha20poly1305_ietf_encrypt(buf, NULL, buf, len, ad, POOL_AD_LEN, NULL,
						  nonce, c->enc);
	return 0;
}

int pool_cipher_open(const struct pool_cipher *c, void *scratch,
		     const u8 nonce[POOL_NONCE_LEN], const u8 *ad, u8 *buf, size_t len)
{
	(void)scratch;
	return crypto_aead_chacha20poly1305_ietf_decrypt(buf, NULL, NULL, buf, len, ad,
							 POOL_AD_LEN, nonce, c->enc) ?
	       -EBADMSG : 0;
}

int pool_cipher_hmac(const struct pool_cipher *c, const u8 *ad, const u8 *buf, size_t len,
		     u8 out[POOL_HASH_LEN])
{
	const struct pool_vec v[] = { { ad, POOL_AD_LEN }, { buf, len } };

	pool_hmac(out, c->mac, sizeof(c->mac), v, 2);
	return 0;
}

void pool_cipher_nonce_prefix(const struct pool_cipher *c, u8 out[4])
{
	memcpy(out, c->mac, 4);
}
