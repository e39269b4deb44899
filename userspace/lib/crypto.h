/* SPDX-License-Identifier: GPL-2.0 */
/*
 * libsodium behind kernel/proto/crypto.h. Call sodium_init() first: without it
 * everything works, only slower.
 */
#ifndef _POOL_LIB_CRYPTO_H
#define _POOL_LIB_CRYPTO_H

#include "../../kernel/proto/keys.h"

/* One direction of one epoch; wants no scratch. */
struct pool_cipher {
	u8 enc[POOL_KEY_LEN];
	u8 mac[POOL_KEY_LEN];
};

/* The caller wipes @keys, and @c with pool_wipe(). */
void pool_cipher_init(struct pool_cipher *c, const struct pool_dir_keys *keys);

#endif /* _POOL_LIB_CRYPTO_H */
