// SPDX-License-Identifier: GPL-2.0
/* Opening session packets: raw input, a changed good packet, and round trips. */
#include "fuzz.h"

static struct pool_cipher ciphers[2];

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	struct pool_epoch_keys k;
	u8 ck[32] = { 1 }, h[32] = { 2 }, pkt[POOL_OVERHEAD + 8] = { 0x13, 0, 0, 1 };

	(void)argc;
	(void)argv;
	pool_epoch_derive(&k, ck, h, 0);
	pool_cipher_init(&ciphers[0], &k.dir[0]);
	pool_cipher_init(&ciphers[1], &k.dir[1]);
	fuzz_seed("plain", pkt, POOL_AD_LEN + 16);
	pool_put16(pkt + 44, 8 + POOL_TAG_LEN);
	MUST(!pool_packet_seal(&ciphers[0], NULL, pkt, 8));
	memset(pkt + POOL_AD_LEN, 0, POOL_HASH_LEN);
	fuzz_seed("wrong-hmac", pkt, sizeof(pkt));
	return 0;
}

static void raw(const u8 *data, size_t size)
{
	u8 *pkt = fuzz_copy(data, size);

	MUST(pool_packet_open(&ciphers[0], NULL, pkt, size));
	/* the right length gets it to the AEAD */
	if (size >= POOL_OVERHEAD) {
		memcpy(pkt, data, size);
		pool_put16(pkt + 44, (u16)(size - POOL_HDR_LEN));
		MUST(pool_packet_open(&ciphers[0], NULL, pkt, size));
	}
	free(pkt);
}

/* Header and plaintext are the input's. */
static void sealed(const u8 *data, size_t size)
{
	size_t plain = size - POOL_AD_LEN, len = plain + POOL_OVERHEAD;
	u8 *pkt = calloc(1, len), *copy;

	MUST(pkt);
	memcpy(pkt, data, POOL_AD_LEN);
	memcpy(pkt + POOL_HDR_LEN, data + POOL_AD_LEN, plain);
	pool_put16(pkt + 44, (u16)(plain + POOL_TAG_LEN));
	MUST(!pool_packet_seal(&ciphers[0], NULL, pkt, plain));

	copy = fuzz_copy(pkt, len);
	MUST(!pool_packet_open(&ciphers[0], NULL, copy, len));
	MUST(!memcmp(copy + POOL_HDR_LEN, data + POOL_AD_LEN, plain));
	MUST(!memcmp(copy, pkt, POOL_HDR_LEN));

	memcpy(copy, pkt, len);
	MUST(pool_packet_open(&ciphers[1], NULL, copy, len) == -EBADMSG);

	memcpy(copy, pkt, len);
	if (fuzz_change(copy, len, data, size < 30 ? size : 30))
		MUST(pool_packet_open(&ciphers[0], NULL, copy, len));
	free(copy);
	free(pkt);
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	raw(data, size);
	if (size >= POOL_AD_LEN && size < 4096)
		sealed(data, size);
	return 0;
}
