/* SPDX-License-Identifier: GPL-2.0 */
/* What initiator and responder share; not for users of the core. */
#ifndef _POOL_PROTO_HANDSHAKE_COMMON_H
#define _POOL_PROTO_HANDSHAKE_COMMON_H

#include "handshake.h"

/* A label without its terminator, as a piece of input. */
#define POOL_LABEL(s) { (s), sizeof(s) - 1 }

enum {
	POOL_INIT_PAYLOAD = POOL_INIT_LEN - POOL_HDR_LEN,
	POOL_CHALLENGE_PAYLOAD = POOL_CHALLENGE_LEN - POOL_HDR_LEN,
	POOL_RESPONSE_PAYLOAD = POOL_RESPONSE_LEN - POOL_HDR_LEN,

	/* INIT; E_i is first */
	POOL_INIT_ISSUE = 32,
	POOL_INIT_INDEX = 36,
	POOL_INIT_DIFFICULTY = 37,
	POOL_INIT_X = 40,
	POOL_INIT_SEED8 = 48,

	/* CHALLENGE; E_r is first */
	POOL_CHALLENGE_SEED = 32,
	POOL_CHALLENGE_ISSUE = 64,
	POOL_CHALLENGE_INDEX = 68,
	POOL_CHALLENGE_DIFFICULTY = 69,

	/* RESPONSE; E_i is first */
	POOL_RESPONSE_SEED8 = 32,
	POOL_RESPONSE_ISSUE = 40,
	POOL_RESPONSE_INDEX = 44,
	POOL_RESPONSE_DIFFICULTY = 45,
	POOL_RESPONSE_X = 48,

	/* flags with a meaning; the others are ignored on receipt */
	POOL_F_KNOWN = POOL_F_JOURNAL_SYNC * 2 - 1,
};

/*
 * Bytes 0-47 as they are sent, which is also their canonical form in the
 * transcript: the responder rebuilds those of INIT and CHALLENGE from RESPONSE.
 */
void pool_hs_header(u8 out[POOL_AD_LEN], enum pool_type type, const u8 sid[POOL_SID_LEN],
		    u64 timestamp, u16 payload_len);

/* Length, type, version and the fields that must be zero; decodes into @h. */
enum pool_hs_error pool_hs_check_header(struct pool_hdr *h, const u8 *pkt, size_t len,
					enum pool_type type, size_t want);

/* HMAC fields of the packets that have no session keys yet. */
void pool_hs_mac_init(u8 out[POOL_HASH_LEN], const u8 S_r[POOL_KEY_LEN],
		      const u8 pkt[POOL_INIT_LEN]);
void pool_hs_mac_challenge(u8 out[POOL_HASH_LEN], const u8 E_i[POOL_KEY_LEN],
			   const u8 S_r[POOL_KEY_LEN], const u8 pkt[POOL_CHALLENGE_LEN]);

/* Of RESPONSE: @plain is S_i and the TLVs before sealing. */
void pool_hs_mac_response(u8 out[POOL_HASH_LEN], const u8 mac_key[POOL_KEY_LEN],
			  const u8 pkt[POOL_RESPONSE_LEN],
			  const u8 S_i[POOL_KEY_LEN], const u8 tlvs[POOL_HELLO_MAX]);

/* Step 1 of the key schedule. */
void pool_hs_step1(struct pool_symmetric *s, const u8 S_r[POOL_KEY_LEN], u8 transport,
		   const u8 sid[POOL_SID_LEN], u64 timestamp, const u8 E_i[POOL_KEY_LEN]);

/* Key of the RESPONSE's seal, from k and h of @s. */
void pool_hs_seal_key(u8 out[POOL_KEY_LEN], const struct pool_symmetric *s);

#endif /* _POOL_PROTO_HANDSHAKE_COMMON_H */
