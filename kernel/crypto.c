// SPDX-License-Identifier: GPL-2.0
/*
 * The primitives of proto/crypto.h. The handshake's are the kernel's crypto
 * library, whose functions cannot fail. The data path's are transforms of the
 * crypto API: the library's ChaCha20-Poly1305 has a nonce of 64 bits, and P01
 * asks for all of RFC 8439's 96.
 */

#include "crypto.h"

#include <crypto/aead.h>
#include <crypto/chacha20poly1305.h>
#include <crypto/curve25519.h>
#include <crypto/hash.h>
#include <crypto/sha2.h>
#include <crypto/utils.h>
#include <linux/highmem.h>
#include <linux/kmod.h>
#include <linux/random.h>
#include <linux/scatterlist.h>
#include <linux/skbuff.h>
#include <linux/slab.h>

static const char aead_name[] = "rfc7539(chacha20,poly1305)";
static const char hmac_name[] = "hmac(sha256)";

enum { SCRATCH_SPARE = 256 };	/* for drivers that come later, and want more */

/* Kept so that the drivers stay; never keyed outside of the tests. */
static struct pool_cipher probe;
static size_t scratch_size __ro_after_init;

void pool_sha256(u8 out[POOL_HASH_LEN], const struct pool_vec *v, unsigned int n)
{
	struct sha256_ctx ctx;
	unsigned int i;

	sha256_init(&ctx);
	for (i = 0; i < n; i++)
		sha256_update(&ctx, v[i].p, v[i].len);
	sha256_final(&ctx, out);
	memzero_explicit(&ctx, sizeof(ctx));
}

/* The library has HMAC only since 6.17. */
void pool_hmac(u8 out[POOL_HASH_LEN], const u8 *key, size_t key_len,
	       const struct pool_vec *v, unsigned int n)
{
	u8 pad[SHA256_BLOCK_SIZE] = {};
	struct sha256_ctx ctx;
	unsigned int i;

	if (key_len > sizeof(pad))
		sha256(key, key_len, pad);
	else if (key_len)
		memcpy(pad, key, key_len);

	for (i = 0; i < sizeof(pad); i++)
		pad[i] ^= 0x36;
	sha256_init(&ctx);
	sha256_update(&ctx, pad, sizeof(pad));
	for (i = 0; i < n; i++)
		sha256_update(&ctx, v[i].p, v[i].len);
	sha256_final(&ctx, out);

	for (i = 0; i < sizeof(pad); i++)
		pad[i] ^= 0x36 ^ 0x5c;
	sha256_init(&ctx);
	sha256_update(&ctx, pad, sizeof(pad));
	sha256_update(&ctx, out, POOL_HASH_LEN);
	sha256_final(&ctx, out);

	memzero_explicit(pad, sizeof(pad));
	memzero_explicit(&ctx, sizeof(ctx));
}

bool pool_x25519(u8 out[POOL_KEY_LEN], const u8 secret[POOL_KEY_LEN],
		 const u8 point[POOL_KEY_LEN])
{
	u8 scalar[CURVE25519_KEY_SIZE];
	bool ok;

	/* Not every implementation in the kernel clamps. */
	memcpy(scalar, secret, sizeof(scalar));
	curve25519_clamp_secret(scalar);
	ok = curve25519(out, scalar, point);
	memzero_explicit(scalar, sizeof(scalar));
	return ok;
}

bool pool_x25519_public(u8 out[POOL_KEY_LEN], const u8 secret[POOL_KEY_LEN])
{
	u8 scalar[CURVE25519_KEY_SIZE];
	bool ok;

	memcpy(scalar, secret, sizeof(scalar));
	curve25519_clamp_secret(scalar);
	ok = curve25519_generate_public(out, scalar);
	memzero_explicit(scalar, sizeof(scalar));
	return ok;
}

void pool_seal_once(u8 *dst, const u8 *src, size_t len, const u8 *ad, size_t ad_len,
		    const u8 key[POOL_KEY_LEN])
{
	chacha20poly1305_encrypt(dst, src, len, ad, ad_len, 0, key);
}

bool pool_open_once(u8 *dst, const u8 *src, size_t len, const u8 *ad, size_t ad_len,
		    const u8 key[POOL_KEY_LEN])
{
	return chacha20poly1305_decrypt(dst, src, len, ad, ad_len, 0, key);
}

void pool_random(void *buf, size_t len)
{
	might_sleep();
	/* Interrupted by a signal, we have to wait again: the caller cannot fail. */
	while (wait_for_random_bytes())
		schedule_timeout_uninterruptible(HZ / 10);
	get_random_bytes(buf, len);
}

bool pool_differ(const void *a, const void *b, size_t len)
{
	return crypto_memneq(a, b, len);
}

void pool_wipe(void *p, size_t len)
{
	memzero_explicit(p, len);
}

/* What one call in flight takes: see pool_crypto_scratch_size(). */
struct scratch {
	struct scatterlist src[POOL_SKB_PIECES + 2], dst[2];
	struct aead_request req;	/* and the driver's part of it */
};

static size_t aead_scratch_size(struct crypto_aead *aead)
{
	return sizeof(struct scratch) + crypto_aead_reqsize(aead);
}

static int cipher_alloc(struct pool_cipher *c)
{
	int err;

	/* The mask keeps asynchronous drivers out: nobody waits for them here. */
	c->aead = crypto_alloc_aead(aead_name, 0, CRYPTO_ALG_ASYNC);
	if (IS_ERR(c->aead)) {
		err = PTR_ERR(c->aead);
		c->aead = NULL;
		return err;
	}
	c->hmac = crypto_alloc_shash(hmac_name, 0, 0);
	if (IS_ERR(c->hmac)) {
		err = PTR_ERR(c->hmac);
		c->hmac = NULL;
		pool_cipher_destroy(c);
		return err;
	}
	return 0;
}

static int cipher_key(struct pool_cipher *c, const u8 *enc, const u8 *mac)
{
	int err;

	err = crypto_aead_setkey(c->aead, enc, POOL_KEY_LEN);
	if (!err)
		err = crypto_aead_setauthsize(c->aead, POOL_TAG_LEN);
	if (!err)
		err = crypto_shash_setkey(c->hmac, mac, POOL_KEY_LEN);
	return err;
}

int pool_cipher_init(struct pool_cipher *c, const struct pool_dir_keys *keys)
{
	int err;

	memset(c, 0, sizeof(*c));
	err = cipher_alloc(c);
	if (err)
		return err;
	err = cipher_key(c, keys->enc, keys->mac);
	/* A better driver may have come since the module was loaded, which wants more. */
	if (!err && aead_scratch_size(c->aead) > scratch_size)
		err = -EOVERFLOW;
	if (err) {
		pool_cipher_destroy(c);
		return err;
	}
	memcpy(c->prefix, keys->mac, sizeof(c->prefix));
	return 0;
}

void pool_cipher_destroy(struct pool_cipher *c)
{
	/* These wipe the keys, and take NULL. */
	crypto_free_aead(c->aead);
	crypto_free_shash(c->hmac);
	memzero_explicit(c, sizeof(*c));
}

/*
 * From src to dst of the scratch, both of them the additional data first. @len: of what is
 * encrypted, or of what is decrypted and its tag.
 */
static int aead_run(struct crypto_aead *aead, struct scratch *sc, bool seal,
		    const u8 nonce[POOL_NONCE_LEN], size_t ad_len, struct scatterlist *dst,
		    size_t len)
{
	struct aead_request *req = &sc->req;
	u8 iv[POOL_NONCE_LEN];

	memcpy(iv, nonce, sizeof(iv));
	aead_request_set_tfm(req, aead);
	/* Without CRYPTO_TFM_REQ_MAY_SLEEP, as callers may be in an RCU section. */
	aead_request_set_callback(req, 0, NULL, NULL);
	aead_request_set_ad(req, ad_len);
	aead_request_set_crypt(req, sc->src, dst, len, iv);
	return seal ? crypto_aead_encrypt(req) : crypto_aead_decrypt(req);
}

static void set_dst(struct scatterlist *sg, const u8 *ad, size_t ad_len, u8 *buf, size_t len)
{
	sg_init_table(sg, 2);
	sg_set_buf(&sg[0], ad, ad_len);
	sg_set_buf(&sg[1], buf, len);
}

/* In place. @buf_len counts the tag either way. */
static int aead_crypt(struct crypto_aead *aead, void *scratch, bool seal,
		      const u8 nonce[POOL_NONCE_LEN], const u8 *ad, size_t ad_len,
		      u8 *buf, size_t buf_len)
{
	struct scratch *sc = scratch;

	set_dst(sc->src, ad, ad_len, buf, buf_len);
	return aead_run(aead, sc, seal, nonce, ad_len, sc->src,
			seal ? buf_len - POOL_TAG_LEN : buf_len);
}

int pool_cipher_seal(const struct pool_cipher *c, void *scratch,
		     const u8 nonce[POOL_NONCE_LEN], const u8 *ad, u8 *buf, size_t len)
{
	return aead_crypt(c->aead, scratch, true, nonce, ad, POOL_AD_LEN, buf,
			  len + POOL_TAG_LEN);
}

int pool_cipher_open(const struct pool_cipher *c, void *scratch,
		     const u8 nonce[POOL_NONCE_LEN], const u8 *ad, u8 *buf, size_t len)
{
	if (len < POOL_TAG_LEN)
		return -EBADMSG;
	return aead_crypt(c->aead, scratch, false, nonce, ad, POOL_AD_LEN, buf, len);
}

static int hmac2(struct crypto_shash *hmac, const u8 *a, size_t a_len, const u8 *b,
		 size_t b_len, u8 out[POOL_HASH_LEN])
{
	SHASH_DESC_ON_STACK(desc, hmac);
	int err;

	desc->tfm = hmac;
	err = crypto_shash_init(desc);
	if (!err)
		err = crypto_shash_update(desc, a, a_len);
	if (!err)
		err = crypto_shash_finup(desc, b, b_len, out);
	shash_desc_zero(desc);
	return err;
}

int pool_cipher_hmac(const struct pool_cipher *c, const u8 *ad, const u8 *buf, size_t len,
		     u8 out[POOL_HASH_LEN])
{
	return hmac2(c->hmac, ad, POOL_AD_LEN, buf, len, out);
}

bool pool_cipher_takes(const struct sk_buff *skb)
{
	/*
	 * There are two looks at the plaintext, for the HMAC and for the encryption. Pages
	 * that a user may write to meanwhile would let that user break the session. Of TCP
	 * the stack says which those are; of UDP (splice) many kernels do not.
	 */
	if (!skb_is_nonlinear(skb))
		return true;
	return skb_is_gso(skb) && skb_is_gso_tcp(skb) &&
	       !skb_has_frag_list(skb) && !skb_has_shared_frag(skb) &&
	       skb_shinfo(skb)->nr_frags < POOL_SKB_PIECES;
}

static int hmac_skb(struct shash_desc *desc, const struct sk_buff *skb)
{
	int err = crypto_shash_update(desc, skb->data, skb_headlen(skb));
	unsigned int i;

	for (i = 0; !err && i < skb_shinfo(skb)->nr_frags; ++i) {
		const skb_frag_t *f = &skb_shinfo(skb)->frags[i];
		u32 off, len, copied;
		struct page *page;
		u8 *p;

		skb_frag_foreach_page(f, skb_frag_off(f), skb_frag_size(f), page, off, len,
				      copied) {
			p = kmap_local_page(page);
			err = err ?: crypto_shash_update(desc, p + off, len);
			kunmap_local(p);
		}
	}
	return err;
}

int pool_cipher_hmac_skb(const struct pool_cipher *c, const u8 *pkt, size_t ready,
			 const struct sk_buff *skb, u8 out[POOL_HASH_LEN])
{
	SHASH_DESC_ON_STACK(desc, c->hmac);
	int err;

	desc->tfm = c->hmac;
	err = crypto_shash_init(desc);
	if (!err)
		err = crypto_shash_update(desc, pkt, POOL_AD_LEN);
	if (!err && ready)
		err = crypto_shash_update(desc, pkt + POOL_HDR_LEN, ready);
	if (!err)
		err = hmac_skb(desc, skb);
	if (!err)
		err = crypto_shash_final(desc, out);
	shash_desc_zero(desc);
	return err;
}

int pool_cipher_seal_skb(const struct pool_cipher *c, void *scratch,
			 const u8 nonce[POOL_NONCE_LEN], u8 *pkt, size_t ready,
			 struct sk_buff *skb)
{
	size_t len = ready + skb->len;
	struct scratch *sc = scratch;
	unsigned int n = 0;
	int ret;

	sg_init_table(sc->src, ARRAY_SIZE(sc->src));
	sg_set_buf(&sc->src[n++], pkt, POOL_AD_LEN);
	if (ready)
		sg_set_buf(&sc->src[n++], pkt + POOL_HDR_LEN, ready);
	ret = skb_to_sgvec(skb, &sc->src[n], 0, skb->len);
	if (ret < 0)
		return ret;
	set_dst(sc->dst, pkt, POOL_AD_LEN, pkt + POOL_HDR_LEN, len + POOL_TAG_LEN);
	return aead_run(c->aead, sc, true, nonce, POOL_AD_LEN, sc->dst, len);
}

void pool_cipher_nonce_prefix(const struct pool_cipher *c, u8 out[4])
{
	memcpy(out, c->prefix, sizeof(c->prefix));
}

size_t pool_crypto_scratch_size(void)
{
	return scratch_size;
}

int pool_crypto_names(struct pool_crypto_names *names)
{
	struct pool_cipher c = {};
	int err = cipher_alloc(&c);

	if (err)
		return err;
	strscpy(names->aead, crypto_tfm_alg_driver_name(crypto_aead_tfm(c.aead)),
		sizeof(names->aead));
	strscpy(names->hmac, crypto_tfm_alg_driver_name(crypto_shash_tfm(c.hmac)),
		sizeof(names->hmac));
	pool_cipher_destroy(&c);
	return 0;
}

#include "selftest/crypto.c"

int __init pool_crypto_init(void)
{
	const char *failed;
	int err;

	/*
	 * The crypto API asks for modules only when it has nothing at all: where
	 * plain code is built in or was loaded alone, the CPU's own instructions
	 * stay unused. What has been made with plain code is made anew with better.
	 */
	request_module("crypto-chacha20");
	request_module("crypto-poly1305");
	request_module("crypto-sha256");
	err = cipher_alloc(&probe);
	if (err) {
		pr_err("the kernel has not got %s: error %d\n",
		       probe.aead ? hmac_name : aead_name, err);
		return err;
	}
	scratch_size = ALIGN(aead_scratch_size(probe.aead) + SCRATCH_SPARE, CRYPTO_MINALIGN);

	failed = crypto_selftest();
	if (failed) {
		pr_err("self-test failed: %s\n", failed);
		pool_crypto_exit();
		return -ENOTRECOVERABLE;
	}
	return 0;
}

void pool_crypto_exit(void)
{
	pool_cipher_destroy(&probe);
}
