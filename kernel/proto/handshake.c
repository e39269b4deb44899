// SPDX-License-Identifier: GPL-2.0
/* What both ends of the handshake compute alike. */
#include "handshake_common.h"

void pool_sid(u8 out[POOL_SID_LEN], const u8 ephemeral[POOL_KEY_LEN])
{
	struct pool_vec v[] = { POOL_LABEL("pool1 sid"), { ephemeral, POOL_KEY_LEN } };
	u8 hash[POOL_HASH_LEN];

	pool_sha256(hash, v, 2);
	memcpy(out, hash, POOL_SID_LEN);
}

void pool_hs_header(u8 out[POOL_AD_LEN], enum pool_type type, const u8 sid[POOL_SID_LEN],
		    u64 timestamp, u16 payload_len)
{
	struct pool_hdr h = {
		.version = POOL_VERSION,
		.type = (u8)type,
		.timestamp = timestamp,
		.payload_len = payload_len,
	};

	memcpy(h.sid, sid, POOL_SID_LEN);
	pool_hdr_encode(out, &h);
}

enum pool_hs_error pool_hs_check_header(struct pool_hdr *h, const u8 *pkt, size_t len,
					enum pool_type type, size_t want)
{
	if (len != want)
		return POOL_HS_LENGTH;
	pool_hdr_decode(h, pkt);
	if (h->type != type)
		return POOL_HS_TYPE;
	if (h->version != POOL_VERSION)
		return POOL_HS_VERSION;
	if (h->payload_len != want - POOL_HDR_LEN)
		return POOL_HS_LENGTH;
	/* The canonical form in the transcript would hide them. */
	if (h->flags & POOL_F_KNOWN || h->seq || h->ack || h->channel)
		return POOL_HS_TYPE;
	return POOL_HS_OK;
}

/* HMAC over the header without its HMAC field, and the payload */
static void mac_packet(u8 out[POOL_HASH_LEN], const u8 key[POOL_HASH_LEN], const u8 *pkt,
		       size_t payload)
{
	struct pool_vec v[] = { { pkt, POOL_AD_LEN }, { pkt + POOL_HDR_LEN, payload } };

	pool_hmac(out, key, POOL_HASH_LEN, v, 2);
}

void pool_hs_mac_init(u8 out[POOL_HASH_LEN], const u8 S_r[POOL_KEY_LEN],
		      const u8 pkt[POOL_INIT_LEN])
{
	struct pool_vec v[] = { POOL_LABEL("pool1 init"), { S_r, POOL_KEY_LEN } };
	u8 key[POOL_HASH_LEN];

	pool_sha256(key, v, 2);
	mac_packet(out, key, pkt, POOL_INIT_PAYLOAD);
	pool_wipe(key, sizeof(key));
}

void pool_hs_mac_challenge(u8 out[POOL_HASH_LEN], const u8 E_i[POOL_KEY_LEN],
			   const u8 S_r[POOL_KEY_LEN], const u8 pkt[POOL_CHALLENGE_LEN])
{
	struct pool_vec v[] = {
		POOL_LABEL("pool1 challenge"),
		{ E_i, POOL_KEY_LEN },
		{ S_r, POOL_KEY_LEN },
	};
	u8 key[POOL_HASH_LEN];

	pool_sha256(key, v, 3);
	mac_packet(out, key, pkt, POOL_CHALLENGE_PAYLOAD);
	pool_wipe(key, sizeof(key));
}

void pool_hs_mac_response(u8 out[POOL_HASH_LEN], const u8 mac_key[POOL_KEY_LEN],
			  const u8 pkt[POOL_RESPONSE_LEN],
			  const u8 S_i[POOL_KEY_LEN], const u8 tlvs[POOL_HELLO_MAX])
{
	struct pool_vec v[] = {
		{ pkt, POOL_AD_LEN },
		{ pkt + POOL_HDR_LEN, POOL_RESPONSE_CLEAR },
		{ S_i, POOL_KEY_LEN },
		{ tlvs, POOL_HELLO_MAX },
	};

	pool_hmac(out, mac_key, POOL_KEY_LEN, v, 4);
}

void pool_hs_step1(struct pool_symmetric *s, const u8 S_r[POOL_KEY_LEN], u8 transport,
		   const u8 sid[POOL_SID_LEN], u64 timestamp, const u8 E_i[POOL_KEY_LEN])
{
	struct pool_vec v[2] = { { S_r, POOL_KEY_LEN }, { &transport, 1 } };
	u8 ad[POOL_AD_LEN];

	pool_symmetric_init(s);
	pool_mix_hash(s, v, 2);

	pool_hs_header(ad, POOL_INIT, sid, timestamp, POOL_INIT_PAYLOAD);
	v[0].p = ad;
	v[0].len = sizeof(ad);
	v[1].p = E_i;
	v[1].len = POOL_KEY_LEN;
	pool_mix_hash(s, v, 2);
}

void pool_hs_seal_key(u8 out[POOL_KEY_LEN], const struct pool_symmetric *s)
{
	struct pool_vec v[] = { POOL_LABEL("pool1 seal"), { s->h, POOL_HASH_LEN } };

	pool_hkdf_expand(out, POOL_KEY_LEN, s->k, v, 2);
}
