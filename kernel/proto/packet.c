// SPDX-License-Identifier: GPL-2.0
/* Header codec, sealing and opening of session packets. */
#include "packet.h"

enum {
	OFF_FLAGS = 2,
	OFF_SEQ = 4,
	OFF_ACK = 12,
	OFF_SID = 20,
	OFF_TIME = 36,
	OFF_LEN = 44,
	OFF_CHANNEL = 46,
};

void pool_hdr_encode(u8 out[POOL_AD_LEN], const struct pool_hdr *h)
{
	out[0] = (u8)(h->version << 4 | (h->type & 0xf));
	out[1] = 0;
	pool_put16(out + OFF_FLAGS, h->flags);
	pool_put64(out + OFF_SEQ, h->seq);
	pool_put64(out + OFF_ACK, h->ack);
	memcpy(out + OFF_SID, h->sid, POOL_SID_LEN);
	pool_put64(out + OFF_TIME, h->timestamp);
	pool_put16(out + OFF_LEN, h->payload_len);
	out[OFF_CHANNEL] = h->channel;
	out[POOL_AD_LEN - 1] = 0;
}

void pool_hdr_decode(struct pool_hdr *h, const u8 in[POOL_AD_LEN])
{
	h->version = in[0] >> 4;
	h->type = in[0] & 0xf;
	h->flags = pool_get16(in + OFF_FLAGS);
	h->seq = pool_get64(in + OFF_SEQ);
	h->ack = pool_get64(in + OFF_ACK);
	memcpy(h->sid, in + OFF_SID, POOL_SID_LEN);
	h->timestamp = pool_get64(in + OFF_TIME);
	h->payload_len = pool_get16(in + OFF_LEN);
	h->channel = in[OFF_CHANNEL];
}

void pool_nonce(u8 out[POOL_NONCE_LEN], const u8 prefix[4], u64 seq)
{
	memcpy(out, prefix, 4);
	pool_put64(out + 4, seq);
}

static void packet_nonce(const struct pool_cipher *c, const u8 *pkt, u8 out[POOL_NONCE_LEN])
{
	u8 prefix[4];

	pool_cipher_nonce_prefix(c, prefix);
	pool_nonce(out, prefix, pool_get64(pkt + OFF_SEQ));
	pool_wipe(prefix, sizeof(prefix));
}

int pool_packet_seal(const struct pool_cipher *c, void *scratch, u8 *pkt, size_t plain_len)
{
	u8 nonce[POOL_NONCE_LEN];
	int err;

	/* A length field that lies would be authenticated, and break a stream. */
	if (plain_len > POOL_MAX_PLAINTEXT ||
	    pool_get16(pkt + OFF_LEN) != plain_len + POOL_TAG_LEN)
		return -EMSGSIZE;

	/* The HMAC covers the plaintext, so it comes first. */
	err = pool_cipher_hmac(c, pkt, pkt + POOL_HDR_LEN, plain_len, pkt + POOL_AD_LEN);
	if (err)
		return err;
	packet_nonce(c, pkt, nonce);
	err = pool_cipher_seal(c, scratch, nonce, pkt, pkt + POOL_HDR_LEN, plain_len);
	pool_wipe(nonce, sizeof(nonce));
	return err;
}

int pool_packet_open(const struct pool_cipher *c, void *scratch, u8 *pkt, size_t len)
{
	u8 nonce[POOL_NONCE_LEN], mac[POOL_HASH_LEN];
	int err;

	if (len < POOL_OVERHEAD ||
	    pool_get16(pkt + OFF_LEN) != len - POOL_HDR_LEN)
		return -EMSGSIZE;

	packet_nonce(c, pkt, nonce);
	err = pool_cipher_open(c, scratch, nonce, pkt, pkt + POOL_HDR_LEN,
			       len - POOL_HDR_LEN);
	pool_wipe(nonce, sizeof(nonce));
	if (err)
		return err;
	err = pool_cipher_hmac(c, pkt, pkt + POOL_HDR_LEN, len - POOL_OVERHEAD, mac);
	if (!err && pool_differ(mac, pkt + POOL_AD_LEN, POOL_HASH_LEN))
		err = -EKEYREJECTED;
	pool_wipe(mac, sizeof(mac));
	return err;
}
