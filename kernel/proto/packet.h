/* SPDX-License-Identifier: GPL-2.0 */
/* The 80-byte header, and sealing and opening of session packets (spec 3). */
#ifndef _POOL_PROTO_PACKET_H
#define _POOL_PROTO_PACKET_H

#include "crypto.h"

enum pool_packet_sizes {
	POOL_HDR_LEN = 80,
	POOL_AD_LEN = 48,	/* header without its HMAC: what the AEAD binds */
	POOL_SID_LEN = 16,
	POOL_OVERHEAD = POOL_HDR_LEN + POOL_TAG_LEN,
	POOL_MAX_PAYLOAD = 65535,	/* of the length field; counts the tag */
	POOL_MAX_PLAINTEXT = POOL_MAX_PAYLOAD - POOL_TAG_LEN,
	POOL_MAX_PACKET = POOL_HDR_LEN + POOL_MAX_PAYLOAD,
};

enum { POOL_VERSION = 1 };

enum pool_type {
	POOL_INIT = 0x0,
	POOL_CHALLENGE = 0x1,
	POOL_RESPONSE = 0x2,
	POOL_DATA = 0x3,
	POOL_ACK = 0x4,
	POOL_HEARTBEAT = 0x5,
	POOL_REKEY = 0x6,
	POOL_CLOSE = 0x7,
	POOL_CONFIG = 0x8,
	POOL_ROLLBACK = 0x9,
	POOL_DISCOVER = 0xa,
	POOL_JOURNAL = 0xb,
	POOL_INTEGRITY = 0xc,
};

enum pool_flags {
	POOL_F_ENCRYPTED = 1 << 0,
	POOL_F_COMPRESSED = 1 << 1,
	POOL_F_PRIORITY = 1 << 2,
	POOL_F_FRAGMENT = 1 << 3,
	POOL_F_LAST_FRAG = 1 << 4,
	POOL_F_REQUIRE_ACK = 1 << 5,
	POOL_F_TELEMETRY = 1 << 6,
	POOL_F_ROLLBACK_READY = 1 << 7,
	POOL_F_CONFIG_LOCKED = 1 << 8,
	POOL_F_JOURNAL_SYNC = 1 << 9,
};

/* Error codes of the draft's Table 4, as CLOSE carries them. */
enum pool_close_code {
	POOL_CLOSE_END = 0x00,
	POOL_AUTH_FAIL = 0x01,
	POOL_DECRYPT_FAIL = 0x02,
	POOL_SEQ_INVALID = 0x03,
	POOL_FRAG_TIMEOUT = 0x04,
	POOL_MTU_EXCEEDED = 0x05,
	POOL_CONFIG_REJECT = 0x06,
	POOL_REKEY_FAIL = 0x07,
	POOL_JOURNAL_FULL = 0x08,
	POOL_OVERLOAD = 0x09,
	POOL_VERSION_MISMATCH = 0x0a,
};

/* Bytes 0-47 in host order; reserved bytes are written zero and not kept. */
struct pool_hdr {
	u8 version;
	u8 type;
	u16 flags;
	u64 seq;
	u64 ack;
	u8 sid[POOL_SID_LEN];
	u64 timestamp;		/* ns */
	u16 payload_len;	/* bytes after the header, tag included */
	u8 channel;
};

void pool_hdr_encode(u8 out[POOL_AD_LEN], const struct pool_hdr *h);
void pool_hdr_decode(struct pool_hdr *h, const u8 in[POOL_AD_LEN]);

/* nonce = first four bytes of the mac key || sequence (P01). */
void pool_nonce(u8 out[POOL_NONCE_LEN], const u8 prefix[4], u64 seq);

/**
 * pool_packet_seal() - finish a session packet in place
 * @c: the sending direction
 * @scratch: see struct pool_cipher
 * @pkt: bytes 0-47 hold the encoded header, the plaintext stands at byte 80;
 *	room for POOL_TAG_LEN more behind it
 * @plain_len: bytes of plaintext; the header's payload length must be
 *	plain_len + POOL_TAG_LEN
 *
 * HMAC over header and plaintext into bytes 48-79, then the AEAD.
 * Return: 0, -EMSGSIZE when the lengths do not fit each other, or an errno of the
 * host's crypto; never -EBADMSG.
 */
int pool_packet_seal(const struct pool_cipher *c, void *scratch, u8 *pkt, size_t plain_len);

/**
 * pool_packet_open() - authenticate and decrypt a session packet in place
 * @c: the receiving direction
 * @scratch: see struct pool_cipher
 * @pkt: header and payload, exactly @len bytes
 * @len: at least POOL_OVERHEAD
 *
 * Return: 0; -EBADMSG when the AEAD tag is wrong (DECRYPT_FAIL), -EKEYREJECTED
 * when the HMAC is (AUTH_FAIL), -EMSGSIZE when lengths cannot be, or an errno
 * of the host's crypto. On failure the payload's content is undefined.
 */
int pool_packet_open(const struct pool_cipher *c, void *scratch, u8 *pkt, size_t len);

#endif /* _POOL_PROTO_PACKET_H */
