// SPDX-License-Identifier: GPL-2.0
/* The primitives and HKDF against the vectors of their RFCs. */
#include <sodium.h>

#include "test.h"

static void sha256_pieces(void **state)
{
	struct pool_vec v[] = { { "a", 1 }, { "", 0 }, { "bc", 2 } };
	u8 out[POOL_HASH_LEN];

	(void)state;
	pool_sha256(out, v, 3);
	assert_hex(out, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	pool_sha256(out, NULL, 0);
	assert_hex(out, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

static void hmac_rfc4231(void **state)
{
	static const struct {
		const char *key;	/* hex, or one byte and a count */
		int repeat;
		const char *data;	/* text, or NULL: one byte and a count */
		int data_byte, data_len;
		const char *mac;
	} cases[] = {
		{ "0b", 20, "Hi There", 0, 0,
		  "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7" },
		{ "4a656665", 1, "what do ya want for nothing?", 0, 0,
		  "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843" },
		{ "aa", 20, NULL, 0xdd, 50,
		  "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe" },
		{ "0102030405060708090a0b0c0d0e0f10111213141516171819", 1, NULL, 0xcd, 50,
		  "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b" },
		{ "0c", 20, "Test With Truncation", 0, 0,
		  "a3b6167473100ee06e0c796c2955552b" },
		{ "aa", 131, "Test Using Larger Than Block-Size Key - Hash Key First", 0, 0,
		  "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54" },
		{ "aa", 131, "This is a test using a larger than block-size key and a larger "
		  "than block-size data. The key needs to be hashed before being used by the "
		  "HMAC algorithm.", 0, 0,
		  "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2" },
	};
	u8 key[256], data[256], out[POOL_HASH_LEN];
	struct pool_vec v[2];
	size_t n, len, i;

	(void)state;
	for (n = 0; n < ARRAY_SIZE(cases); n++) {
		len = unhex(key, sizeof(key), cases[n].key);
		if (cases[n].repeat > 1) {
			len = (size_t)cases[n].repeat;
			memset(key, key[0], len);
		}
		if (cases[n].data) {
			i = strlen(cases[n].data);
			memcpy(data, cases[n].data, i);
		} else {
			i = (size_t)cases[n].data_len;
			memset(data, cases[n].data_byte, i);
		}
		v[0].p = data;
		v[0].len = i / 3;
		v[1].p = data + i / 3;
		v[1].len = i - i / 3;
		pool_hmac(out, key, len, v, 2);
		assert_hex(out, cases[n].mac);
	}
}

static void hkdf_rfc5869(void **state)
{
	static const struct {
		const char *ikm, *salt, *info;
		size_t len;
		const char *prk, *okm;
	} cases[] = {
		{ "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b",
		  "000102030405060708090a0b0c", "f0f1f2f3f4f5f6f7f8f9", 42,
		  "077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5",
		  "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf"
		  "34007208d5b887185865" },
		{ "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
		  "202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f"
		  "404142434445464748494a4b4c4d4e4f",
		  "606162636465666768696a6b6c6d6e6f707172737475767778797a7b7c7d7e7f"
		  "808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f"
		  "a0a1a2a3a4a5a6a7a8a9aaabacadaeaf",
		  "b0b1b2b3b4b5b6b7b8b9babbbcbdbebfc0c1c2c3c4c5c6c7c8c9cacbcccdcecf"
		  "d0d1d2d3d4d5d6d7d8d9dadbdcdddedfe0e1e2e3e4e5e6e7e8e9eaebecedeeef"
		  "f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff", 82,
		  "06a6b88c5853361a06104c9ceb35b45cef760014904671014a193f40c15fc244",
		  "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c"
		  "59045a99cac7827271cb41c65e590e09da3275600c2f09b8367793a9aca3db71"
		  "cc30c58179ec3e87c14c01d5c1f3434f1d87" },
		{ "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "", "", 42,
		  "19ef24a32c717b167f33a91d6f648bdf96596776afdb6377ac434c1c293ccb04",
		  "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d"
		  "9d201395faa4b61a96c8" },
	};
	u8 ikm[128], salt[128], info[128], prk[POOL_HASH_LEN], okm[128];
	struct pool_vec v[2];
	size_t n, i, s;

	(void)state;
	for (n = 0; n < ARRAY_SIZE(cases); n++) {
		i = unhex(ikm, sizeof(ikm), cases[n].ikm);
		s = unhex(salt, sizeof(salt), cases[n].salt);
		pool_hkdf_extract(prk, salt, s, ikm, i);
		assert_hex(prk, cases[n].prk);
		i = unhex(info, sizeof(info), cases[n].info);
		v[0].p = info;
		v[0].len = i / 2;
		v[1].p = info + i / 2;
		v[1].len = i - i / 2;
		assert_int_equal(pool_hkdf_expand(okm, cases[n].len, prk, v, 2), 0);
		assert_hex(okm, cases[n].okm);
	}
}

static void hkdf_limits(void **state)
{
	static u8 big[255 * POOL_HASH_LEN + 1];
	u8 prk[POOL_HASH_LEN] = { 1 }, one[POOL_HASH_LEN];
	struct pool_vec v[5] = { { "", 0 }, { "", 0 }, { "", 0 }, { "", 0 }, { "", 0 } };

	(void)state;
	assert_int_equal(pool_hkdf_expand(big, sizeof(big), prk, NULL, 0), -EINVAL);
	assert_int_equal(big[0], 0);
	assert_int_equal(pool_hkdf_expand(big, sizeof(big) - 1, prk, NULL, 0), 0);
	assert_int_equal(pool_hkdf_expand(one, sizeof(one), prk, v, 5), -EINVAL);
	assert_int_equal(pool_hkdf_expand(one, sizeof(one), prk, v, 4), 0);
	/* empty pieces are no pieces */
	assert_memory_equal(one, big, sizeof(one));
	assert_int_equal(pool_hkdf_expand(one, 0, prk, NULL, 0), 0);
}

static void x25519_rfc7748(void **state)
{
	u8 k[32], u[32], out[32];
	int i;

	(void)state;
	unhex(k, 32, "a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4");
	unhex(u, 32, "e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c");
	assert_true(pool_x25519(out, k, u));
	assert_hex(out, "c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552");
	unhex(k, 32, "4b66e9d4d1b4673c5ad22691957d6af5c11b6421e0ea01d42ca4169e7918ba0d");
	unhex(u, 32, "e5210f12786811d3f4b7959d0538ae2c31dbe7106fc03c3efc4cd549c715a493");
	assert_true(pool_x25519(out, k, u));
	assert_hex(out, "95cbde9476e8907d7aade45cb4b873f88b595a68799fa152e6f8f7647aac7957");

	memset(k, 0, 32);
	k[0] = 9;
	memcpy(u, k, 32);
	for (i = 0; i < 1000; i++) {
		assert_true(pool_x25519(out, k, u));
		memcpy(u, k, 32);
		memcpy(k, out, 32);
		if (!i)
			assert_hex(k, "422c8e7a6227d7bca1350b3e2bb7279f"
				   "7897b87bb6854b783c60e80311ae3079");
	}
	assert_hex(k, "684cf59ba83309552800ef566f2f4d3c1c3887c49360e3875f2eb94d99532c51");

	unhex(k, 32, "5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb");
	assert_true(pool_x25519_public(out, k));
	assert_hex(out, "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f");
	unhex(u, 32, "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a");
	assert_true(pool_x25519(out, k, u));
	assert_hex(out, "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742");
}

static void x25519_low_order(void **state)
{
	static const char * const points[] = {
		"0000000000000000000000000000000000000000000000000000000000000000",
		"0100000000000000000000000000000000000000000000000000000000000000",
		"e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
		"5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
		"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	};
	static const u8 zero[32];
	u8 k[32], u[32], out[32];
	size_t n;

	(void)state;
	memset(k, 0x5a, 32);
	for (n = 0; n < ARRAY_SIZE(points); n++) {
		unhex(u, 32, points[n]);
		memset(out, 1, 32);
		assert_false(pool_x25519(out, k, u));
		assert_memory_equal(out, zero, 32);
		/* the top bit is no part of a point */
		u[31] |= 0x80;
		memset(out, 1, 32);
		assert_false(pool_x25519(out, k, u));
		assert_memory_equal(out, zero, 32);
	}
}

static void aead_rfc8439(void **state)
{
	static const char text[] = "Ladies and Gentlemen of the class of '99: If I could offer "
		"you only one tip for the future, sunscreen would be it.";
	u8 key[32], nonce[12], ad[12], out[256];
	unsigned long long len;
	int i;

	(void)state;
	for (i = 0; i < 32; i++)
		key[i] = (u8)(0x80 + i);
	unhex(nonce, 12, "070000004041424344454647");
	unhex(ad, 12, "50515253c0c1c2c3c4c5c6c7");
	/* 2.8.2: our wrappers fix nonce or ad, so this asks the library itself */
	crypto_aead_chacha20poly1305_ietf_encrypt(out, &len, (const u8 *)text,
						  sizeof(text) - 1, ad, sizeof(ad), NULL,
						  nonce, key);
	assert_int_equal(len, sizeof(text) - 1 + POOL_TAG_LEN);
	assert_hex(out, "d31a8d34648e60db7b86afbc53ef7ec2");
	assert_hex(out + len - 16, "1ae10b594f09e26a7e902ecbd0600691");
}

/* RFC 8439's construction by hand, from stream and authenticator. */
static size_t aead_by_hand(u8 *out, const u8 *plain, size_t len, const u8 *ad, size_t ad_len,
			   const u8 *nonce, const u8 *key)
{
	static const u8 zero[64];
	crypto_onetimeauth_state st;
	u8 block[64], le[16] = { 0 };

	crypto_stream_chacha20_ietf_xor_ic(block, zero, 64, nonce, 0, key);
	if (len)
		crypto_stream_chacha20_ietf_xor_ic(out, plain, len, nonce, 1, key);
	crypto_onetimeauth_init(&st, block);
	crypto_onetimeauth_update(&st, ad, ad_len);
	crypto_onetimeauth_update(&st, zero, (16 - ad_len % 16) % 16);
	crypto_onetimeauth_update(&st, out, len);
	crypto_onetimeauth_update(&st, zero, (16 - len % 16) % 16);
	le[0] = (u8)ad_len;
	le[1] = (u8)(ad_len >> 8);
	le[8] = (u8)len;
	le[9] = (u8)(len >> 8);
	crypto_onetimeauth_update(&st, le, 16);
	crypto_onetimeauth_final(&st, out + len);
	return len + 16;
}

static void seal_once(void **state)
{
	static const u8 zero_nonce[12];
	u8 key[32] = { 0 }, plain[100] = { 0 }, ad[32], out[128], want[128], back[128];
	u64 seed = 1;
	size_t len;

	(void)state;
	/* RFC 8439 A.1, vector 2: the block after that of the one-time key */
	pool_seal_once(out, plain, 64, NULL, 0, key);
	assert_hex(out, "9f07e7be5551387a98ba977c732d080dcb0f29a048e3656912c6533e32ee7aed"
		   "29b721769ce64e43d57133b074d839d531ed1f28510afb45ace10a1f4b794d6f");

	for (len = 0; len <= sizeof(plain); len++) {
		test_fill(key, sizeof(key), &seed);
		test_fill(plain, len, &seed);
		test_fill(ad, sizeof(ad), &seed);
		pool_seal_once(out, plain, len, ad, sizeof(ad), key);
		aead_by_hand(want, plain, len, ad, sizeof(ad), zero_nonce, key);
		assert_memory_equal(out, want, len + POOL_TAG_LEN);
		assert_true(pool_open_once(back, out, len + POOL_TAG_LEN, ad, sizeof(ad), key));
		assert_memory_equal(back, plain, len);
		/* in place */
		memcpy(back, plain, len);
		pool_seal_once(back, back, len, ad, sizeof(ad), key);
		assert_memory_equal(back, want, len + POOL_TAG_LEN);
		assert_true(pool_open_once(back, back, len + POOL_TAG_LEN, ad, sizeof(ad), key));
		assert_memory_equal(back, plain, len);
		out[len] ^= 1;
		assert_false(pool_open_once(back, out, len + POOL_TAG_LEN, ad, sizeof(ad), key));
	}
}

static void cipher(void **state)
{
	struct pool_dir_keys keys;
	struct pool_cipher c;
	u8 nonce[12], ad[POOL_AD_LEN], plain[80], buf[96], want[96];
	u64 seed = 2;
	size_t len;

	(void)state;
	for (len = 0; len <= sizeof(plain); len++) {
		test_fill((u8 *)&keys, sizeof(keys), &seed);
		test_fill(nonce, sizeof(nonce), &seed);
		test_fill(ad, sizeof(ad), &seed);
		test_fill(plain, len, &seed);
		pool_cipher_init(&c, &keys);
		memcpy(buf, plain, len);
		assert_int_equal(pool_cipher_seal(&c, NULL, nonce, ad, buf, len), 0);
		aead_by_hand(want, plain, len, ad, sizeof(ad), nonce, keys.enc);
		assert_memory_equal(buf, want, len + POOL_TAG_LEN);
		assert_int_equal(pool_cipher_open(&c, NULL, nonce, ad, buf,
						  len + POOL_TAG_LEN), 0);
		assert_memory_equal(buf, plain, len);
	}
}

static void compare_and_wipe(void **state)
{
	u8 a[64] = { 0 }, b[64] = { 0 };
	size_t i;

	(void)state;
	assert_false(pool_differ(a, b, sizeof(a)));
	for (i = 0; i < 8 * sizeof(a); i++) {
		b[i / 8] ^= (u8)(1 << i % 8);
		assert_true(pool_differ(a, b, sizeof(a)));
		b[i / 8] ^= (u8)(1 << i % 8);
	}
	memset(b, 0xff, sizeof(b));
	pool_wipe(b, sizeof(b));
	assert_false(pool_differ(a, b, sizeof(a)));
	pool_random(a, sizeof(a));
	assert_true(pool_differ(a, b, sizeof(a)));
}

static void epoch_keys_all_differ(void **state)
{
	struct pool_epoch_keys k, l;
	u8 ck[32] = { 1 }, h[32] = { 2 };
	u8 all[5][32];
	size_t i, j;

	(void)state;
	pool_epoch_derive(&k, ck, h, 0);
	memcpy(all[0], k.dir[POOL_I2R].enc, 32);
	memcpy(all[1], k.dir[POOL_I2R].mac, 32);
	memcpy(all[2], k.dir[POOL_R2I].enc, 32);
	memcpy(all[3], k.dir[POOL_R2I].mac, 32);
	memcpy(all[4], k.chain, 32);
	for (i = 0; i < 5; i++)
		for (j = 0; j < i; j++)
			assert_memory_not_equal(all[i], all[j], 32);
	assert_true(k.dir[0].isn != k.dir[1].isn);
	assert_true(k.dir[0].isn <= POOL_ISN_MASK && k.dir[1].isn <= POOL_ISN_MASK);

	/* the epoch is in the initial sequence only; the keys differ by ck and h */
	pool_epoch_derive(&l, ck, h, 1);
	assert_memory_equal(k.dir[0].enc, l.dir[0].enc, 32);
	assert_true(k.dir[0].isn != l.dir[0].isn);
	h[31] ^= 1;
	pool_epoch_derive(&l, ck, h, 0);
	assert_memory_not_equal(k.dir[0].enc, l.dir[0].enc, 32);
	assert_memory_not_equal(k.chain, l.chain, 32);
}

static void isn_always_62_bits(void **state)
{
	struct pool_epoch_keys k;
	u8 ck[32], h[32];
	u64 seed = 3, any = 0;
	int i;

	(void)state;
	for (i = 0; i < 200; i++) {
		test_fill(ck, 32, &seed);
		test_fill(h, 32, &seed);
		pool_epoch_derive(&k, ck, h, (u32)i);
		any |= k.dir[0].isn | k.dir[1].isn;
	}
	assert_true(any == POOL_ISN_MASK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sha256_pieces),
		cmocka_unit_test(hmac_rfc4231),
		cmocka_unit_test(hkdf_rfc5869),
		cmocka_unit_test(hkdf_limits),
		cmocka_unit_test(x25519_rfc7748),
		cmocka_unit_test(x25519_low_order),
		cmocka_unit_test(aead_rfc8439),
		cmocka_unit_test(seal_once),
		cmocka_unit_test(cipher),
		cmocka_unit_test(compare_and_wipe),
		cmocka_unit_test(epoch_keys_all_differ),
		cmocka_unit_test(isn_always_62_bits),
	};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests_name("crypto", tests, NULL, NULL);
}
