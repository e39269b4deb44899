// SPDX-License-Identifier: GPL-2.0
/* Header codec, nonce, sealing and opening. */
#include "test.h"

static const char golden[] =
	"13" "00" "0081"			/* version 1, DATA; ENCRYPTED, ROLLBACK_READY */
	"0102030405060708"			/* sequence */
	"1112131415161718"			/* acknowledgment */
	"202122232425262728292a2b2c2d2e2f"	/* Session ID */
	"3132333435363738"			/* timestamp */
	"4142" "43" "00";			/* payload length, channel */

static const struct pool_hdr golden_hdr = {
	.version = 1,
	.type = POOL_DATA,
	.flags = POOL_F_ENCRYPTED | POOL_F_ROLLBACK_READY,
	.seq = 0x0102030405060708,
	.ack = 0x1112131415161718,
	.sid = { 0x20, 0x21, 0x22, 0x23, 0x24, 0x25, 0x26, 0x27,
		 0x28, 0x29, 0x2a, 0x2b, 0x2c, 0x2d, 0x2e, 0x2f },
	.timestamp = 0x3132333435363738,
	.payload_len = 0x4142,
	.channel = 0x43,
};

static void assert_hdr_equal(const struct pool_hdr *a, const struct pool_hdr *b)
{
	assert_int_equal(a->version, b->version);
	assert_int_equal(a->type, b->type);
	assert_int_equal(a->flags, b->flags);
	assert_true(a->seq == b->seq);
	assert_true(a->ack == b->ack);
	assert_memory_equal(a->sid, b->sid, POOL_SID_LEN);
	assert_true(a->timestamp == b->timestamp);
	assert_int_equal(a->payload_len, b->payload_len);
	assert_int_equal(a->channel, b->channel);
}

static void header_golden(void **state)
{
	u8 out[POOL_AD_LEN];
	struct pool_hdr h;

	(void)state;
	memset(out, 0xff, sizeof(out));
	pool_hdr_encode(out, &golden_hdr);
	assert_int_equal(strlen(golden), 2 * POOL_AD_LEN);
	assert_hex(out, golden);
	memset(&h, 0xff, sizeof(h));
	pool_hdr_decode(&h, out);
	assert_hdr_equal(&h, &golden_hdr);
}

static void header_random(void **state)
{
	u8 in[POOL_AD_LEN], out[POOL_AD_LEN];
	struct pool_hdr h;
	u64 seed = 1;
	int i;

	(void)state;
	for (i = 0; i < 1000; i++) {
		test_fill(in, sizeof(in), &seed);
		pool_hdr_decode(&h, in);
		pool_hdr_encode(out, &h);
		/* all comes back but the reserved bytes, which are written zero */
		in[1] = 0;
		in[47] = 0;
		assert_memory_equal(in, out, sizeof(in));
	}
}

static void flags_and_types(void **state)
{
	(void)state;
	assert_int_equal(POOL_F_ENCRYPTED, 0x0001);
	assert_int_equal(POOL_F_JOURNAL_SYNC, 0x0200);
	assert_int_equal(POOL_F_KNOWN, 0x03ff);
	assert_int_equal(POOL_INTEGRITY, 0xc);
	assert_int_equal(POOL_HDR_LEN, 80);
	assert_int_equal(POOL_INIT_LEN, 152);
	assert_int_equal(POOL_CHALLENGE_LEN, 152);
	assert_int_equal(POOL_RESPONSE_LEN, 264);
}

static void nonce(void **state)
{
	u8 out[POOL_NONCE_LEN];
	const u8 prefix[4] = { 0xaa, 0xbb, 0xcc, 0xdd };

	(void)state;
	pool_nonce(out, prefix, 0x0102030405060708);
	assert_hex(out, "aabbccdd0102030405060708");
}

static void make_ciphers(struct pool_cipher c[2])
{
	struct pool_epoch_keys k;
	u8 ck[32] = { 7 }, h[32] = { 8 };

	pool_epoch_derive(&k, ck, h, 0);
	pool_cipher_init(&c[POOL_I2R], &k.dir[POOL_I2R]);
	pool_cipher_init(&c[POOL_R2I], &k.dir[POOL_R2I]);
}

static size_t make_packet(u8 *pkt, const struct pool_cipher *c, size_t plain_len, u64 seq)
{
	struct pool_hdr h = golden_hdr;
	size_t i;

	h.seq = seq;
	h.channel = 0;
	h.payload_len = (u16)(plain_len + POOL_TAG_LEN);
	pool_hdr_encode(pkt, &h);
	for (i = 0; i < plain_len; i++)
		pkt[POOL_HDR_LEN + i] = (u8)(i * 7 + 1);
	assert_int_equal(pool_packet_seal(c, NULL, pkt, plain_len), 0);
	return plain_len + POOL_OVERHEAD;
}

static void packet_is_what_the_spec_says(void **state)
{
	struct pool_cipher c[2];
	u8 pkt[200], plain[40], ad[POOL_AD_LEN], mac[32], n[12], buf[56];
	struct pool_vec v[2] = { { ad, sizeof(ad) }, { plain, sizeof(plain) } };
	size_t i;

	(void)state;
	make_ciphers(c);
	for (i = 0; i < sizeof(plain); i++)
		plain[i] = (u8)(i * 7 + 1);
	assert_int_equal(make_packet(pkt, &c[0], sizeof(plain), 99), 136);
	memcpy(ad, pkt, sizeof(ad));
	pool_hmac(mac, c[0].mac, 32, v, 2);
	assert_memory_equal(pkt + 48, mac, 32);
	memcpy(n, c[0].mac, 4);
	memcpy(n + 4, "\0\0\0\0\0\0\0\x63", 8);
	memcpy(buf, plain, sizeof(plain));
	pool_cipher_seal(&c[0], NULL, n, ad, buf, sizeof(plain));
	assert_memory_equal(pkt + 80, buf, sizeof(buf));
}

static void round_trip_all_sizes(void **state)
{
	static const size_t sizes[] = { 0, 1, 15, 16, 17, 63, 64, 65, 1356, 9000,
					POOL_MAX_PLAINTEXT - 1, POOL_MAX_PLAINTEXT };
	static u8 pkt[POOL_MAX_PACKET], copy[POOL_MAX_PACKET];
	struct pool_cipher c[2];
	size_t n, i, len;

	(void)state;
	make_ciphers(c);
	for (n = 0; n < ARRAY_SIZE(sizes); n++) {
		len = make_packet(pkt, &c[0], sizes[n], n);
		memcpy(copy, pkt, len);
		assert_int_equal(pool_packet_open(&c[0], NULL, pkt, len), 0);
		assert_memory_equal(pkt, copy, POOL_HDR_LEN);
		for (i = 0; i < sizes[n]; i++)
			assert_int_equal(pkt[POOL_HDR_LEN + i], (u8)(i * 7 + 1));
	}
	/* an empty payload is the tag */
	assert_int_equal(make_packet(pkt, &c[0], 0, 1), 96);
}

static void every_flipped_bit_is_refused(void **state)
{
	struct pool_cipher c[2];
	u8 pkt[160], copy[160];
	size_t len, bit;
	int err, want;

	(void)state;
	make_ciphers(c);
	len = make_packet(pkt, &c[0], 50, 1234);
	for (bit = 0; bit < 8 * len; bit++) {
		memcpy(copy, pkt, len);
		copy[bit / 8] ^= (u8)(1 << bit % 8);
		err = pool_packet_open(&c[0], NULL, copy, len);
		if (bit / 8 == 44 || bit / 8 == 45)
			want = -EMSGSIZE;
		else if (bit / 8 >= POOL_AD_LEN && bit / 8 < POOL_HDR_LEN)
			want = -EKEYREJECTED;	/* the HMAC is no part of the ad */
		else
			want = -EBADMSG;	/* reserved bytes too */
		assert_int_equal(err, want);
	}
	assert_int_equal(pool_packet_open(&c[0], NULL, pkt, len), 0);
}

static void wrong_lengths(void **state)
{
	struct pool_cipher c[2];
	static u8 pkt[POOL_MAX_PACKET + 8], copy[POOL_MAX_PACKET + 8];
	size_t len, cut;

	(void)state;
	make_ciphers(c);
	len = make_packet(pkt, &c[0], 50, 1);
	for (cut = 0; cut < len + 8; cut++) {
		memcpy(copy, pkt, len);
		assert_int_equal(pool_packet_open(&c[0], NULL, copy, cut),
				 cut == len ? 0 : -EMSGSIZE);
	}
	/* cut short with a length field to match: the tag does not */
	memcpy(copy, pkt, len);
	pool_put16(copy + 44, 20);
	assert_int_equal(pool_packet_open(&c[0], NULL, copy, POOL_HDR_LEN + 20), -EBADMSG);
	/* a payload that has no room for a tag */
	pool_put16(copy + 44, 15);
	assert_int_equal(pool_packet_open(&c[0], NULL, copy, POOL_HDR_LEN + 15), -EMSGSIZE);
	assert_int_equal(pool_packet_open(&c[0], NULL, copy, POOL_MAX_PACKET + 1), -EMSGSIZE);

	/* a sender whose length field lies is stopped too */
	memcpy(copy, pkt, len);
	pool_put16(copy + 44, 50 + POOL_TAG_LEN + 1);
	assert_int_equal(pool_packet_seal(&c[0], NULL, copy, 50), -EMSGSIZE);
	pool_put16(copy + 44, (u16)(POOL_MAX_PLAINTEXT + 1 + POOL_TAG_LEN));
	assert_int_equal(pool_packet_seal(&c[0], NULL, copy, POOL_MAX_PLAINTEXT + 1), -EMSGSIZE);
}

static void reflected_packet(void **state)
{
	struct pool_cipher c[2];
	u8 pkt[160];
	size_t len;

	(void)state;
	make_ciphers(c);
	len = make_packet(pkt, &c[POOL_I2R], 50, 1);
	/* its own sender receives under the other direction's keys */
	assert_int_equal(pool_packet_open(&c[POOL_R2I], NULL, pkt, len), -EBADMSG);
}

static void hmac_has_a_key_of_its_own(void **state)
{
	struct pool_cipher c[2], mixed;
	u8 pkt[160];
	size_t len;

	(void)state;
	make_ciphers(c);
	len = make_packet(pkt, &c[0], 50, 1);
	/* same AEAD key and nonce, other mac key: only the HMAC can tell */
	mixed = c[0];
	mixed.mac[31] ^= 1;
	assert_int_equal(pool_packet_open(&mixed, NULL, pkt, len), -EKEYREJECTED);
	/* the nonce prefix comes from the mac key */
	len = make_packet(pkt, &c[0], 50, 1);
	mixed = c[0];
	mixed.mac[0] ^= 1;
	assert_int_equal(pool_packet_open(&mixed, NULL, pkt, len), -EBADMSG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(header_golden),
		cmocka_unit_test(header_random),
		cmocka_unit_test(flags_and_types),
		cmocka_unit_test(nonce),
		cmocka_unit_test(packet_is_what_the_spec_says),
		cmocka_unit_test(round_trip_all_sizes),
		cmocka_unit_test(every_flipped_bit_is_refused),
		cmocka_unit_test(wrong_lengths),
		cmocka_unit_test(reflected_packet),
		cmocka_unit_test(hmac_has_a_key_of_its_own),
	};

	return cmocka_run_group_tests_name("packet", tests, NULL, NULL);
}
