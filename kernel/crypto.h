/* SPDX-License-Identifier: GPL-2.0 */
/* The kernel behind proto/crypto.h; see there for what the primitives promise. */
#ifndef _POOL_CRYPTO_H
#define _POOL_CRYPTO_H

#include <linux/crypto.h>
#include <linux/skbuff.h>

#include "proto/keys.h"

struct crypto_aead;
struct crypto_shash;

enum { POOL_SKB_PIECES = MAX_SKB_FRAGS + 1 };

/*
 * One direction of one epoch. After pool_cipher_init() nothing in it changes,
 * so any number of CPUs may use it at once, each with a scratch of its own.
 */
struct pool_cipher {
	struct crypto_aead *aead;
	struct crypto_shash *hmac;
	u8 prefix[4];
};

/*
 * Context of what is declared in proto/crypto.h:
 *
 * - pool_random() may wait for the seed of the kernel's generator: process
 *   context, nothing held.
 * - pool_cipher_seal/open/hmac() do not sleep and are not for hard interrupts.
 *   They are meant for kernel threads, where SIMD is to be had; in softirq
 *   they work, at the price of its latency. @ad and @buf must be memory that
 *   has a struct page (kmalloc, the linear part of an skb): no stack, no
 *   vmalloc. @ad may stand anywhere, also in the same packet before @buf.
 *   An errno that proto/crypto.h does not name (-ENOMEM: the kernel's crypto
 *   allocates where a block straddles two pages) leaves @buf undefined.
 * - All others: any context.
 */

/*
 * A packet whose plaintext is @ready bytes in it, behind the header, and then all of @skb;
 * the packet need not hold that. pool_cipher_takes() says whether @skb will do.
 */
bool pool_cipher_takes(const struct sk_buff *skb);
int pool_cipher_hmac_skb(const struct pool_cipher *c, const u8 *pkt, size_t ready,
			 const struct sk_buff *skb, u8 out[POOL_HASH_LEN]);
/* Into the packet, and the tag behind. The errors of pool_cipher_seal(). */
int pool_cipher_seal_skb(const struct pool_cipher *c, void *scratch,
			 const u8 nonce[POOL_NONCE_LEN], u8 *pkt, size_t ready,
			 struct sk_buff *skb);

/**
 * pool_crypto_init() - look for the algorithms and test them
 * Called by the load of the module before anything else of this file, and
 * undone by pool_crypto_exit().
 * Return: 0; -ENOENT when the kernel has not got an algorithm, -ENOTRECOVERABLE
 * when one does not compute what its RFC says; both are logged by name.
 */
int pool_crypto_init(void);
void pool_crypto_exit(void);

/* Which drivers the kernel chooses by now: the next pool_cipher_init() has the same. */
struct pool_crypto_names {
	char aead[CRYPTO_MAX_ALG_NAME], hmac[CRYPTO_MAX_ALG_NAME];
};

/* May sleep. 0 or a negative errno. */
int pool_crypto_names(struct pool_crypto_names *names);

/*
 * Bytes of the scratch that pool_cipher_seal() and pool_cipher_open() want,
 * aligned as kmalloc() does. It holds one-time keys: kfree_sensitive() it.
 */
size_t pool_crypto_scratch_size(void);

/**
 * pool_cipher_init() - key one direction
 * May sleep. The caller wipes @keys.
 * Return: 0 or a negative errno; @c then holds nothing.
 */
int pool_cipher_init(struct pool_cipher *c, const struct pool_dir_keys *keys);

/*
 * Wipe the keys and free; nobody may use @c any more. May sleep. Does nothing
 * to a cipher that is all zero, so it may be called twice.
 */
void pool_cipher_destroy(struct pool_cipher *c);

#endif /* _POOL_CRYPTO_H */
