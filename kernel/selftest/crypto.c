// SPDX-License-Identifier: GPL-2.0
/*
 * Known answers for the primitives, run by every load: they cost less than a
 * millisecond, and a key exchange that computes something else is no secret.
 * Included by crypto.c.
 */

/* FIPS 180-4: "abc" */
static const u8 sha256_abc[] __initconst = {
	0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01, 0xcf, 0xea, 0x41, 0x41, 0x40, 0xde,
	0x5d, 0xae, 0x22, 0x23, 0xb0, 0x03, 0x61, 0xa3, 0x96, 0x17, 0x7a, 0x9c,
	0xb4, 0x10, 0xff, 0x61, 0xf2, 0x00, 0x15, 0xad,
};

/* RFC 4231, 4.3 and 4.7 */
static const u8 hmac_jefe[] __initconst = {
	0x5b, 0xdc, 0xc1, 0x46, 0xbf, 0x60, 0x75, 0x4e, 0x6a, 0x04, 0x24, 0x26,
	0x08, 0x95, 0x75, 0xc7, 0x5a, 0x00, 0x3f, 0x08, 0x9d, 0x27, 0x39, 0x83,
	0x9d, 0xec, 0x58, 0xb9, 0x64, 0xec, 0x38, 0x43,
};

static const u8 hmac_long_key[] __initconst = {
	0x60, 0xe4, 0x31, 0x59, 0x1e, 0xe0, 0xb6, 0x7f, 0x0d, 0x8a, 0x26, 0xaa,
	0xcb, 0xf5, 0xb7, 0x7f, 0x8e, 0x0b, 0xc6, 0x21, 0x37, 0x28, 0xc5, 0x14,
	0x05, 0x46, 0x04, 0x0f, 0x0e, 0xe3, 0x7f, 0x54,
};

/* RFC 5869, A.1 */
static const u8 hkdf_okm[] __initconst = {
	0x3c, 0xb2, 0x5f, 0x25, 0xfa, 0xac, 0xd5, 0x7a, 0x90, 0x43, 0x4f, 0x64,
	0xd0, 0x36, 0x2f, 0x2a, 0x2d, 0x2d, 0x0a, 0x90, 0xcf, 0x1a, 0x5a, 0x4c,
	0x5d, 0xb0, 0x2d, 0x56, 0xec, 0xc4, 0xc5, 0xbf, 0x34, 0x00, 0x72, 0x08,
	0xd5, 0xb8, 0x87, 0x18, 0x58, 0x65,
};

/* RFC 7748, 5.2 */
static const u8 x25519_scalar[] __initconst = {
	0xa5, 0x46, 0xe3, 0x6b, 0xf0, 0x52, 0x7c, 0x9d, 0x3b, 0x16, 0x15, 0x4b,
	0x82, 0x46, 0x5e, 0xdd, 0x62, 0x14, 0x4c, 0x0a, 0xc1, 0xfc, 0x5a, 0x18,
	0x50, 0x6a, 0x22, 0x44, 0xba, 0x44, 0x9a, 0xc4,
};

static const u8 x25519_point[] __initconst = {
	0xe6, 0xdb, 0x68, 0x67, 0x58, 0x30, 0x30, 0xdb, 0x35, 0x94, 0xc1, 0xa4,
	0x24, 0xb1, 0x5f, 0x7c, 0x72, 0x66, 0x24, 0xec, 0x26, 0xb3, 0x35, 0x3b,
	0x10, 0xa9, 0x03, 0xa6, 0xd0, 0xab, 0x1c, 0x4c,
};

static const u8 x25519_result[] __initconst = {
	0xc3, 0xda, 0x55, 0x37, 0x9d, 0xe9, 0xc6, 0x90, 0x8e, 0x94, 0xea, 0x4d,
	0xf2, 0x8d, 0x08, 0x4f, 0x32, 0xec, 0xcf, 0x03, 0x49, 0x1c, 0x71, 0xf7,
	0x54, 0xb4, 0x07, 0x55, 0x77, 0xa2, 0x85, 0x52,
};

static const u8 x25519_iterated[] __initconst = {
	0x42, 0x2c, 0x8e, 0x7a, 0x62, 0x27, 0xd7, 0xbc, 0xa1, 0x35, 0x0b, 0x3e,
	0x2b, 0xb7, 0x27, 0x9f, 0x78, 0x97, 0xb8, 0x7b, 0xb6, 0x85, 0x4b, 0x78,
	0x3c, 0x60, 0xe8, 0x03, 0x11, 0xae, 0x30, 0x79,
};

/* RFC 8439, 2.8.2 */
static const char aead_plain[] __initconst =
	"Ladies and Gentlemen of the class of '99: If I could offer you "
	"only one tip for the future, sunscreen would be it.";

static const u8 aead_nonce[] __initconst = {
	0x07, 0x00, 0x00, 0x00, 0x40, 0x41, 0x42, 0x43, 0x44, 0x45, 0x46, 0x47,
};

static const u8 aead_ad[] __initconst = {
	0x50, 0x51, 0x52, 0x53, 0xc0, 0xc1, 0xc2, 0xc3, 0xc4, 0xc5, 0xc6, 0xc7,
};

static const u8 aead_sealed[] __initconst = {
	0xd3, 0x1a, 0x8d, 0x34, 0x64, 0x8e, 0x60, 0xdb, 0x7b, 0x86, 0xaf, 0xbc,
	0x53, 0xef, 0x7e, 0xc2, 0xa4, 0xad, 0xed, 0x51, 0x29, 0x6e, 0x08, 0xfe,
	0xa9, 0xe2, 0xb5, 0xa7, 0x36, 0xee, 0x62, 0xd6, 0x3d, 0xbe, 0xa4, 0x5e,
	0x8c, 0xa9, 0x67, 0x12, 0x82, 0xfa, 0xfb, 0x69, 0xda, 0x92, 0x72, 0x8b,
	0x1a, 0x71, 0xde, 0x0a, 0x9e, 0x06, 0x0b, 0x29, 0x05, 0xd6, 0xa5, 0xb6,
	0x7e, 0xcd, 0x3b, 0x36, 0x92, 0xdd, 0xbd, 0x7f, 0x2d, 0x77, 0x8b, 0x8c,
	0x98, 0x03, 0xae, 0xe3, 0x28, 0x09, 0x1b, 0x58, 0xfa, 0xb3, 0x24, 0xe4,
	0xfa, 0xd6, 0x75, 0x94, 0x55, 0x85, 0x80, 0x8b, 0x48, 0x31, 0xd7, 0xbc,
	0x3f, 0xf4, 0xde, 0xf0, 0x8e, 0x4b, 0x7a, 0x9d, 0xe5, 0x76, 0xd2, 0x65,
	0x86, 0xce, 0xc6, 0x4b, 0x61, 0x16, 0x1a, 0xe1, 0x0b, 0x59, 0x4f, 0x09,
	0xe2, 0x6a, 0x7e, 0x90, 0x2e, 0xcb, 0xd0, 0x60, 0x06, 0x91,
};

static bool __init sha256_ok(void)
{
	const struct pool_vec v[] = { { "a", 1 }, { "", 0 }, { "bc", 2 } };
	u8 out[POOL_HASH_LEN];

	pool_sha256(out, v, ARRAY_SIZE(v));
	return !memcmp(out, sha256_abc, sizeof(out));
}

static bool __init hmac_ok(void)
{
	static const char long_text[] __initconst =
		"Test Using Larger Than Block-Size Key - Hash Key First";
	const struct pool_vec jefe[] = { { "what do ya want ", 16 }, { "for nothing?", 12 } };
	const struct pool_vec text = { long_text, sizeof(long_text) - 1 };
	u8 key[131], out[POOL_HASH_LEN];

	pool_hmac(out, "Jefe", 4, jefe, ARRAY_SIZE(jefe));
	if (memcmp(out, hmac_jefe, sizeof(out)))
		return false;
	memset(key, 0xaa, sizeof(key));
	pool_hmac(out, key, sizeof(key), &text, 1);
	return !memcmp(out, hmac_long_key, sizeof(out));
}

static bool __init hkdf_ok(void)
{
	static const u8 info[] __initconst = {
		0xf0, 0xf1, 0xf2, 0xf3, 0xf4, 0xf5, 0xf6, 0xf7, 0xf8, 0xf9,
	};
	const struct pool_vec v = { info, sizeof(info) };
	u8 salt[13], ikm[22], prk[POOL_HASH_LEN], okm[sizeof(hkdf_okm)];
	unsigned int i;

	for (i = 0; i < sizeof(salt); i++)
		salt[i] = i;
	memset(ikm, 0x0b, sizeof(ikm));
	pool_hkdf_extract(prk, salt, sizeof(salt), ikm, sizeof(ikm));
	return !pool_hkdf_expand(okm, sizeof(okm), prk, &v, 1) &&
	       !memcmp(okm, hkdf_okm, sizeof(okm));
}

static bool __init x25519_ok(void)
{
	u8 nine[POOL_KEY_LEN] = { 9 }, zero[POOL_KEY_LEN] = {};
	u8 out[POOL_KEY_LEN];

	return pool_x25519(out, x25519_scalar, x25519_point) &&
	       !memcmp(out, x25519_result, sizeof(out)) &&
	       pool_x25519(out, nine, nine) &&
	       !memcmp(out, x25519_iterated, sizeof(out)) &&
	       pool_x25519_public(out, nine) &&
	       !memcmp(out, x25519_iterated, sizeof(out)) &&
	       !pool_x25519(out, nine, zero) &&
	       !memcmp(out, zero, sizeof(out));
}

static bool __init shash_ok(void)
{
	u8 out[POOL_HASH_LEN];

	return !crypto_shash_setkey(probe.hmac, "Jefe", 4) &&
	       !hmac2(probe.hmac, "what do ya want ", 16, "for nothing?", 12, out) &&
	       !memcmp(out, hmac_jefe, sizeof(out));
}

/* The packet of the RFC, there and back, and back with a bit changed. */
static bool __init aead_ok(void *scratch, u8 *packet)
{
	u8 *ad = packet, *buf = packet + POOL_HDR_LEN;
	size_t len = sizeof(aead_sealed);
	u8 key[POOL_KEY_LEN];
	unsigned int i;

	BUILD_BUG_ON(sizeof(aead_sealed) != sizeof(aead_plain) - 1 + POOL_TAG_LEN);
	for (i = 0; i < sizeof(key); i++)
		key[i] = 0x80 + i;
	memcpy(ad, aead_ad, sizeof(aead_ad));
	memcpy(buf, aead_plain, sizeof(aead_plain));
	if (cipher_key(&probe, key, key) ||
	    aead_crypt(probe.aead, scratch, true, aead_nonce, ad, sizeof(aead_ad), buf, len) ||
	    memcmp(buf, aead_sealed, len) ||
	    aead_crypt(probe.aead, scratch, false, aead_nonce, ad, sizeof(aead_ad), buf, len) ||
	    memcmp(buf, aead_plain, sizeof(aead_plain) - 1))
		return false;
	memcpy(buf, aead_sealed, len);
	ad[0] ^= 1;
	return aead_crypt(probe.aead, scratch, false, aead_nonce, ad, sizeof(aead_ad), buf,
			  len) == -EBADMSG;
}

/*
 * Under a zero nonce the library and the crypto API must agree, whatever the
 * length, and at any place in a page.
 */
static bool __init aead_agrees(void *scratch, u8 *packet, u8 *other, size_t max)
{
	static const u16 lens[] __initconst = { 0, 1, 16, 63, 64, 65, 1420, 4096, 9001 };
	u8 nonce[POOL_NONCE_LEN] = {};
	u8 *ad = packet, *buf = packet + POOL_HDR_LEN;
	u8 key[POOL_KEY_LEN];
	unsigned int i;
	size_t j, len;

	for (i = 0; i < ARRAY_SIZE(lens); i++) {
		len = lens[i];
		if (POOL_HDR_LEN + len + POOL_TAG_LEN > max)
			return false;
		for (j = 0; j < POOL_HDR_LEN + len; j++)
			packet[j] = j * 7 + i;
		memset(key, i + 1, sizeof(key));
		pool_seal_once(other, buf, len, ad, POOL_AD_LEN, key);
		if (cipher_key(&probe, key, key) ||
		    pool_cipher_seal(&probe, scratch, nonce, ad, buf, len) ||
		    memcmp(buf, other, len + POOL_TAG_LEN) ||
		    !pool_open_once(other, other, len + POOL_TAG_LEN, ad, POOL_AD_LEN, key) ||
		    pool_cipher_open(&probe, scratch, nonce, ad, buf, len + POOL_TAG_LEN) ||
		    memcmp(buf, other, len))
			return false;
		for (j = 0; j < len; j++)
			if (buf[j] != (u8)((j + POOL_HDR_LEN) * 7 + i))
				return false;
	}
	return true;
}

/* Null, or the name of what failed. */
static const char * __init crypto_selftest(void)
{
	const size_t size = 10000;
	const char *failed = NULL;
	u8 *packet, *other;
	void *scratch;

	scratch = kmalloc(scratch_size, GFP_KERNEL);
	packet = kmalloc(size, GFP_KERNEL);
	other = kmalloc(size, GFP_KERNEL);
	if (!scratch || !packet || !other)
		failed = "out of memory";
	else if (!sha256_ok())
		failed = "SHA-256";
	else if (!hmac_ok())
		failed = "HMAC-SHA256";
	else if (!hkdf_ok())
		failed = "HKDF-SHA256";
	else if (!x25519_ok())
		failed = "X25519";
	else if (!shash_ok())
		failed = crypto_tfm_alg_driver_name(crypto_shash_tfm(probe.hmac));
	else if (!aead_ok(scratch, packet) || !aead_agrees(scratch, packet, other, size))
		failed = crypto_tfm_alg_driver_name(crypto_aead_tfm(probe.aead));
	kfree_sensitive(scratch);
	kfree(packet);
	kfree(other);
	return failed;
}
