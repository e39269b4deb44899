/* SPDX-License-Identifier: GPL-2.0 */
/* HKDF, the handshake's symmetric state and the keys of an epoch. */
#ifndef _POOL_PROTO_KEYS_H
#define _POOL_PROTO_KEYS_H

#include "packet.h"

enum pool_direction {
	POOL_I2R,	/* sent by the initiator of the handshake */
	POOL_R2I,
};

enum pool_limits {
	POOL_REKEY_PACKETS = 1 << 28,
	/* an epoch owns this many sequences from its initial one on, and one more */
	POOL_EPOCH_SPAN = (1 << 28) + (1 << 20),
};

#define POOL_ISN_MASK ((1ULL << 62) - 1)

struct pool_dir_keys {
	u8 enc[POOL_KEY_LEN];
	u8 mac[POOL_KEY_LEN];
	u64 isn;
};

struct pool_epoch_keys {
	struct pool_dir_keys dir[2];	/* by enum pool_direction */
	u8 chain[POOL_KEY_LEN];
};

/* Noise-shaped symmetric state. */
struct pool_symmetric {
	u8 ck[POOL_HASH_LEN];
	u8 h[POOL_HASH_LEN];
	u8 k[POOL_KEY_LEN];
};

/*
 * RFC 5869. @out_len at most 255 * 32 and @n at most 4, else -EINVAL and @out is
 * untouched.
 */
int pool_hkdf_expand(u8 *out, size_t out_len, const u8 prk[POOL_HASH_LEN],
		     const struct pool_vec *info, unsigned int n);
void pool_hkdf_extract(u8 prk[POOL_HASH_LEN], const u8 *salt, size_t salt_len,
		       const u8 *ikm, size_t ikm_len);

void pool_symmetric_init(struct pool_symmetric *s);
/* @n at most 4 */
void pool_mix_hash(struct pool_symmetric *s, const struct pool_vec *v, unsigned int n);
void pool_mix_key(struct pool_symmetric *s, const u8 *ikm, size_t len);

/* Keys of @epoch from chaining key @ck and transcript @h (step 4). */
void pool_epoch_derive(struct pool_epoch_keys *out, const u8 ck[POOL_HASH_LEN],
		       const u8 h[POOL_HASH_LEN], u32 epoch);

#endif /* _POOL_PROTO_KEYS_H */
