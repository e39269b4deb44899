/* SPDX-License-Identifier: GPL-2.0 */
/* Type-length-value lists of RESPONSE, ACK and HEARTBEAT (spec, "TLVs"). */
#ifndef _POOL_PROTO_TLV_H
#define _POOL_PROTO_TLV_H

#include "address.h"

enum pool_tlv_type {
	POOL_TLV_PAD = 0,	/* one byte, no length */
	POOL_TLV_TRANSPORTS = 1,
	POOL_TLV_MAX_PLAINTEXT = 2,
	POOL_TLV_OFFLOAD = 3,
	POOL_TLV_ADDRESS = 4,
	POOL_TLV_NAME = 5,
	POOL_TLV_ACKED = 6,
	POOL_TLV_ERROR = 7,
	POOL_TLV_OVERLOAD = 8,
};

enum {
	POOL_ACKED_MAX = 8,		/* TLV 6 per packet */
	POOL_ERRORS_MAX = 4,		/* TLV 7 per packet */
	POOL_ERROR_TLV = 10,		/* bytes of one, its head included */
	POOL_OVERLOAD_TLV = 3,
	POOL_OFFLOAD_LARGE = 1,		/* bit 0 of TLV 3: channel 1 */
	POOL_HELLO_MAX = 112 - 32,	/* TLVs of a RESPONSE; its first ACK has 80 too */
};

/* What an end says of itself; @present has bit n for TLV type n. */
struct pool_hello {
	u16 present;
	u8 transports;		/* bit 0 TCP, 1 raw, 2 UDP */
	u16 max_plaintext;
	u8 offload;		/* POOL_OFFLOAD_LARGE */
	u8 address[POOL_ADDR_LEN];
	u8 name_len;
	char name[POOL_NAME_MAX + 1];	/* terminated; checked UTF-8 */
};

struct pool_tlvs {
	struct pool_hello hello;
	u8 n_acked;
	u64 acked[POOL_ACKED_MAX];
	u8 n_errors;
	struct pool_tlv_error {
		u8 code, subcode;
		u32 count;
	} errors[POOL_ERRORS_MAX];
	bool has_overload;
	u8 overload_s;
};

/**
 * pool_tlvs_parse() - read a TLV list
 * Unknown types are skipped; of a repeated type (but 6 and 7) the first counts; a
 * ninth TLV 6 and a fifth TLV 7 are ignored.
 * Return: 0, or -EBADMSG if malformed (a length past the end, a known type of
 * the wrong length, a name that is not 1 to 32 bytes of UTF-8 without control
 * characters).
 */
int pool_tlvs_parse(struct pool_tlvs *t, const u8 *buf, size_t len);

/*
 * Write the present fields of @h at @buf, at most @room bytes; a field without
 * room is left out. Returns the bytes written.
 */
size_t pool_hello_write(u8 *buf, size_t room, const struct pool_hello *h);

/* Write one TLV 6; returns the bytes written, 0 without room. */
size_t pool_acked_write(u8 *buf, size_t room, u64 seq);
/* The same for TLV 7 and TLV 8. */
size_t pool_error_write(u8 *buf, size_t room, u8 code, u32 count);
size_t pool_overload_write(u8 *buf, size_t room, u8 seconds);

/* True for 1 to 32 bytes of UTF-8 without control characters (C0, DEL, C1). */
bool pool_name_valid(const char *name, size_t len);

#endif /* _POOL_PROTO_TLV_H */
