/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The primitives the protocol core asks of its host. In pool.ko the kernel's
 * crypto stands behind them (kernel/crypto.c), in user space libsodium
 * (userspace/lib/crypto.c). All sizes are in bytes.
 */
#ifndef _POOL_PROTO_CRYPTO_H
#define _POOL_PROTO_CRYPTO_H

#include "types.h"
#include "../uapi/linux/pool.h"	/* POOL_KEY_LEN: X25519, AEAD, HMAC keys, PSK */

enum pool_crypto_sizes {
	POOL_HASH_LEN = 32,	/* SHA-256 and HMAC-SHA256 */
	POOL_TAG_LEN = 16,	/* Poly1305 */
	POOL_NONCE_LEN = 12,	/* RFC 8439 */
};

/* One piece of a scattered input. */
struct pool_vec {
	const void *p;
	size_t len;
};

/* SHA-256 over @n pieces. */
void pool_sha256(u8 out[POOL_HASH_LEN], const struct pool_vec *v, unsigned int n);

/* HMAC-SHA256 (RFC 2104) over @n pieces; any key length. */
void pool_hmac(u8 out[POOL_HASH_LEN], const u8 *key, size_t key_len,
	       const struct pool_vec *v, unsigned int n);

/*
 * X25519 (RFC 7748); @secret need not be clamped, @out may alias nothing.
 * False when the result is all zero (a low-order point); @out is then zero.
 */
bool pool_x25519(u8 out[POOL_KEY_LEN], const u8 secret[POOL_KEY_LEN],
		 const u8 point[POOL_KEY_LEN]);

/* The public key of @secret. False as above (never for a random secret). */
bool pool_x25519_public(u8 out[POOL_KEY_LEN], const u8 secret[POOL_KEY_LEN]);

/*
 * ChaCha20-Poly1305 (RFC 8439) under an all-zero nonce, for keys that seal
 * exactly one message. @dst takes len + POOL_TAG_LEN; src and dst may be equal.
 */
void pool_seal_once(u8 *dst, const u8 *src, size_t len, const u8 *ad, size_t ad_len,
		    const u8 key[POOL_KEY_LEN]);

/* The inverse; @len counts the tag, @dst takes len - POOL_TAG_LEN. */
bool pool_open_once(u8 *dst, const u8 *src, size_t len, const u8 *ad, size_t ad_len,
		    const u8 key[POOL_KEY_LEN]);

/* Cryptographically secure random bytes; never fails, may wait for the seed. */
void pool_random(void *buf, size_t len);

/* True if the two differ; takes the same time either way (P03). */
bool pool_differ(const void *a, const void *b, size_t len);

/* Zero memory in a way the compiler keeps. */
void pool_wipe(void *p, size_t len);

/*
 * One direction of one epoch, keyed once, used many times: the only objects
 * on the data path. The host defines the struct. @scratch is memory the host
 * wants per call in flight (a crypto request); NULL where it wants none.
 */
struct pool_cipher;

/*
 * Encrypt @len bytes at @buf in place and append the tag. 0 or a negative errno.
 * @ad is POOL_AD_LEN bytes.
 */
int pool_cipher_seal(const struct pool_cipher *c, void *scratch,
		     const u8 nonce[POOL_NONCE_LEN], const u8 *ad, u8 *buf, size_t len);

/* Decrypt in place; @len counts the tag. 0, -EBADMSG (tag), or another errno. */
int pool_cipher_open(const struct pool_cipher *c, void *scratch,
		     const u8 nonce[POOL_NONCE_LEN], const u8 *ad, u8 *buf, size_t len);

/* HMAC-SHA256 under the direction's mac key over @ad (POOL_AD_LEN) and @buf. */
int pool_cipher_hmac(const struct pool_cipher *c, const u8 *ad, const u8 *buf, size_t len,
		     u8 out[POOL_HASH_LEN]);

/* The first four bytes of the direction's mac key, the nonce prefix of P01. */
void pool_cipher_nonce_prefix(const struct pool_cipher *c, u8 out[4]);

#endif /* _POOL_PROTO_CRYPTO_H */
