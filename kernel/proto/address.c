// SPDX-License-Identifier: GPL-2.0
/* POOL addresses: binary form, text form, IPv6 image. */
#include "address.h"

enum {
	OFF_ORG = 4,
	OFF_SEGMENT = 12,
	OFF_NODE = 20,
	OFF_CRC = 28,
	ADDR_TYPE_VERSION = 0x11,	/* type 1, version 1 */
	ADDR_FIELDS = 5,	/* of the text form */
};

static const char addr_prefix[] = "pool1:";

/* The fields of the text form: the mark before each, and its bytes. */
static const struct addr_field {
	char mark;	/* after a '-'; 0 for the first, which has neither */
	u8 off;
	u8 len;
} addr_fields[ADDR_FIELDS] = {
	{ 0, 0, 4 },
	{ 'O', OFF_ORG, 8 },
	{ 'S', OFF_SEGMENT, 8 },
	{ 'N', OFF_NODE, POOL_NODE_ID_LEN },
	{ 'C', OFF_CRC, 4 },
};

/* Four bits at a time: small, and no address is on a hot path. */
u32 pool_crc32(const void *p, size_t len)
{
	static const u32 table[16] = {
		0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac,
		0x76dc4190, 0x6b6b51f4, 0x4db26158, 0x5005713c,
		0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c,
		0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c,
	};
	const u8 *s = p;
	u32 crc = 0xffffffff;

	while (len--) {
		crc ^= *s++;
		crc = crc >> 4 ^ table[crc & 0xf];
		crc = crc >> 4 ^ table[crc & 0xf];
	}
	return ~crc;
}

void pool_node_id(u8 out[POOL_NODE_ID_LEN], const u8 identity[POOL_KEY_LEN])
{
	struct pool_vec v = { identity, POOL_KEY_LEN };
	u8 hash[POOL_HASH_LEN];

	pool_sha256(hash, &v, 1);
	memcpy(out, hash, POOL_NODE_ID_LEN);
}

void pool_addr_make(u8 out[POOL_ADDR_LEN], u64 org, u64 segment,
		    const u8 identity[POOL_KEY_LEN])
{
	out[0] = ADDR_TYPE_VERSION;
	memset(out + 1, 0, OFF_ORG - 1);
	pool_put64(out + OFF_ORG, org);
	pool_put64(out + OFF_SEGMENT, segment);
	pool_node_id(out + OFF_NODE, identity);
	pool_put32(out + OFF_CRC, pool_crc32(out, OFF_CRC));
}

int pool_addr_check(const u8 addr[POOL_ADDR_LEN])
{
	if (addr[0] != ADDR_TYPE_VERSION || addr[1] | addr[2] | addr[3])
		return -EINVAL;
	return pool_get32(addr + OFF_CRC) == pool_crc32(addr, OFF_CRC) ? 0 : -EBADMSG;
}

void pool_addr_format(char out[POOL_ADDR_TEXT_LEN], const u8 addr[POOL_ADDR_LEN])
{
	static const char digits[] = "0123456789abcdef";
	unsigned int f, i;

	memcpy(out, addr_prefix, sizeof(addr_prefix) - 1);
	out += sizeof(addr_prefix) - 1;
	for (f = 0; f < ADDR_FIELDS; f++) {
		if (addr_fields[f].mark) {
			*out++ = '-';
			*out++ = addr_fields[f].mark;
		}
		for (i = 0; i < addr_fields[f].len; i++) {
			*out++ = digits[addr[addr_fields[f].off + i] >> 4];
			*out++ = digits[addr[addr_fields[f].off + i] & 0xf];
		}
	}
	*out = '\0';
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

int pool_addr_parse(u8 out[POOL_ADDR_LEN], const char *text)
{
	unsigned int f, i;
	int hi, lo;

	/* A short text ends at its terminator, which matches nothing below. */
	for (i = 0; i < sizeof(addr_prefix) - 1; i++)
		if (*text++ != addr_prefix[i])
			return -EINVAL;
	for (f = 0; f < ADDR_FIELDS; f++) {
		if (addr_fields[f].mark) {
			if (*text++ != '-')
				return -EINVAL;
			if (*text++ != addr_fields[f].mark)
				return -EINVAL;
		}
		for (i = 0; i < addr_fields[f].len; i++) {
			hi = hex_digit(*text++);
			if (hi < 0)
				return -EINVAL;
			lo = hex_digit(*text++);
			if (lo < 0)
				return -EINVAL;
			out[addr_fields[f].off + i] = (u8)(hi << 4 | lo);
		}
	}
	if (*text)
		return -EINVAL;
	return pool_addr_check(out);
}

void pool_addr_to_ipv6(u8 out[16], const u8 addr[POOL_ADDR_LEN])
{
	static const char label[] = "pool1 org";
	struct pool_vec v[] = {
		{ label, sizeof(label) - 1 },
		{ addr + OFF_ORG, 8 },
	};
	u8 hash[POOL_HASH_LEN];

	pool_sha256(hash, v, 2);
	out[0] = 0xfd;
	memcpy(out + 1, hash, 5);
	memcpy(out + 6, addr + OFF_SEGMENT + 6, 2);
	memcpy(out + 8, addr + OFF_NODE, POOL_NODE_ID_LEN);
}
