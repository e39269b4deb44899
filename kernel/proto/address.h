/* SPDX-License-Identifier: GPL-2.0 */
/* The 256-bit POOL address (draft section 6) and its IPv6 image. */
#ifndef _POOL_PROTO_ADDRESS_H
#define _POOL_PROTO_ADDRESS_H

#include "crypto.h"

enum {
	POOL_ADDR_LEN = 32,
	POOL_NODE_ID_LEN = 8,
	/* "pool1:TTTTTTTT-O{16}-S{16}-N{16}-C{8}" and its terminator */
	POOL_ADDR_TEXT_LEN = 6 + 8 + 2 + 16 + 2 + 16 + 2 + 16 + 2 + 8 + 1,
};

/* node ID = H(identity key)[0..7] */
void pool_node_id(u8 out[POOL_NODE_ID_LEN], const u8 identity[POOL_KEY_LEN]);

/* Type 1, version 1 address of @identity in @org and @segment, with its CRC32. */
void pool_addr_make(u8 out[POOL_ADDR_LEN], u64 org, u64 segment,
		    const u8 identity[POOL_KEY_LEN]);

/* 0, -EINVAL (type, version or reserved bits), or -EBADMSG (checksum). */
int pool_addr_check(const u8 addr[POOL_ADDR_LEN]);

void pool_addr_format(char out[POOL_ADDR_TEXT_LEN], const u8 addr[POOL_ADDR_LEN]);

/* Exactly the text form, lower-case hex; errors as pool_addr_check(). */
int pool_addr_parse(u8 out[POOL_ADDR_LEN], const char *text);

/* The IPv6 address @addr maps to (16 bytes). */
void pool_addr_to_ipv6(u8 out[16], const u8 addr[POOL_ADDR_LEN]);

/* CRC-32 of IEEE 802.3, as zlib computes it. */
u32 pool_crc32(const void *p, size_t len);

#endif /* _POOL_PROTO_ADDRESS_H */
