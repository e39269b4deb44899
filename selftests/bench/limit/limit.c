// SPDX-License-Identifier: GPL-2.0
/*
 * What the kernel's crypto does on one CPU: no tunnel can be faster than that. Each
 * reading of debugfs' pool_limit measures anew and has lines of
 *
 *	PRIMITIVE BYTES MEGABYTES_PER_SECOND DRIVER
 *
 * aead and hmac are what pool.ko uses (and ovpn the first of them), lib is what
 * WireGuard uses.
 */

#include <crypto/aead.h>
#include <crypto/chacha20poly1305.h>
#include <crypto/hash.h>
#include <linux/debugfs.h>
#include <linux/kmod.h>
#include <linux/ktime.h>
#include <linux/module.h>
#include <linux/random.h>
#include <linux/scatterlist.h>
#include <linux/seq_file.h>
#include <linux/slab.h>

enum {
	LARGE = 65536,		/* what one record over TCP can carry */
	SMALL = 1400,		/* one packet of a datagram transport */
	AD = 48,		/* POOL's header without its HMAC */
	TAG = 16,
	SLICE = 1 << 20,	/* bytes measured at a time */
	SLICES = 100,
};

static struct dentry *file;
static struct crypto_aead *aead;
static struct crypto_shash *hmac;
static struct aead_request *req;
static u8 key[32], ad[AD];
static u8 *buf;

static int run_aead(unsigned int len)
{
	struct scatterlist sg[2];
	u8 iv[12] = {};

	sg_init_table(sg, ARRAY_SIZE(sg));
	sg_set_buf(&sg[0], ad, AD);
	sg_set_buf(&sg[1], buf, len + TAG);
	aead_request_set_tfm(req, aead);
	aead_request_set_callback(req, 0, NULL, NULL);
	aead_request_set_ad(req, AD);
	aead_request_set_crypt(req, sg, sg, len, iv);
	return crypto_aead_encrypt(req);
}

static int run_hmac(unsigned int len)
{
	SHASH_DESC_ON_STACK(desc, hmac);
	u8 out[32];
	int err;

	desc->tfm = hmac;
	err = crypto_shash_init(desc);
	if (!err)
		err = crypto_shash_update(desc, ad, AD);
	if (!err)
		err = crypto_shash_finup(desc, buf, len, out);
	return err;
}

static int run_lib(unsigned int len)
{
	struct scatterlist sg;

	sg_init_one(&sg, buf, len + TAG);
	return chacha20poly1305_encrypt_sg_inplace(&sg, len, NULL, 0, 0, key) ? 0 : -EIO;
}

/* The fastest of many slices: the others met an interrupt, or a busy host. */
static int measure(struct seq_file *m, const char *name, int (*run)(unsigned int len),
		   unsigned int len, const char *driver)
{
	unsigned int i, n, times = SLICE / len;
	u64 start, best = U64_MAX;
	int err;

	for (i = 0; i < SLICES; i++) {
		start = ktime_get_ns();
		for (n = 0; n < times; n++) {
			err = run(len);
			if (err)
				return err;
		}
		best = min(best, ktime_get_ns() - start);
		cond_resched();
	}
	seq_printf(m, "%s %u %llu %s\n", name, len,
		   div64_u64((u64)times * len * 1000, max(best, 1ULL)), driver);
	return 0;
}

static int limit_show(struct seq_file *m, void *unused)
{
	const char *aead_driver = crypto_tfm_alg_driver_name(crypto_aead_tfm(aead));
	const char *hmac_driver = crypto_tfm_alg_driver_name(crypto_shash_tfm(hmac));
	static const unsigned int lens[] = { LARGE, SMALL };
	unsigned int i;
	int err = 0;

	for (i = 0; !err && i < ARRAY_SIZE(lens); i++) {
		err = measure(m, "aead", run_aead, lens[i], aead_driver);
		if (!err)
			err = measure(m, "hmac", run_hmac, lens[i], hmac_driver);
		if (!err)
			err = measure(m, "lib", run_lib, lens[i], "library");
	}
	return err;
}
DEFINE_SHOW_ATTRIBUTE(limit);

static void limit_free(void)
{
	if (!IS_ERR_OR_NULL(aead) && req)
		aead_request_free(req);
	if (!IS_ERR_OR_NULL(hmac))
		crypto_free_shash(hmac);
	if (!IS_ERR_OR_NULL(aead))
		crypto_free_aead(aead);
	kfree(buf);
}

static int __init limit_init(void)
{
	int err = -ENOMEM;

	/* As pool.ko does, so that both have the same drivers. */
	request_module("crypto-sha256");
	get_random_bytes(key, sizeof(key));
	buf = kzalloc(LARGE + TAG, GFP_KERNEL);
	if (!buf)
		goto fail;
	aead = crypto_alloc_aead("rfc7539(chacha20,poly1305)", 0, CRYPTO_ALG_ASYNC);
	err = PTR_ERR_OR_ZERO(aead);
	if (err)
		goto fail;
	hmac = crypto_alloc_shash("hmac(sha256)", 0, 0);
	err = PTR_ERR_OR_ZERO(hmac);
	if (err)
		goto fail;
	err = -ENOMEM;
	req = aead_request_alloc(aead, GFP_KERNEL);
	if (!req)
		goto fail;
	err = crypto_aead_setkey(aead, key, sizeof(key));
	if (!err)
		err = crypto_aead_setauthsize(aead, TAG);
	if (!err)
		err = crypto_shash_setkey(hmac, key, sizeof(key));
	if (err)
		goto fail;
	file = debugfs_create_file("pool_limit", 0400, NULL, NULL, &limit_fops);
	return 0;

fail:
	limit_free();
	return err;
}

static void __exit limit_exit(void)
{
	debugfs_remove(file);
	limit_free();
}

module_init(limit_init);
module_exit(limit_exit);
MODULE_DESCRIPTION("The limit that the kernel's crypto sets to a tunnel");
MODULE_LICENSE("GPL");
