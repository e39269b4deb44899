// SPDX-License-Identifier: GPL-2.0
/* POOL addresses. */
#include "test.h"

static void crc32_vectors(void **state)
{
	(void)state;
	assert_int_equal(pool_crc32("", 0), 0);
	assert_int_equal(pool_crc32("a", 1), 0xe8b7be43);
	assert_int_equal(pool_crc32("123456789", 9), 0xcbf43926);
	assert_int_equal(pool_crc32("The quick brown fox jumps over the lazy dog", 43),
			 0x414fa339);
}

static void make(u8 addr[POOL_ADDR_LEN])
{
	u8 identity[POOL_KEY_LEN];

	memset(identity, 0x42, sizeof(identity));
	pool_addr_make(addr, 0x0011223344556677, 0x8899aabbccddeeff, identity);
}

static void layout(void **state)
{
	u8 addr[POOL_ADDR_LEN], identity[POOL_KEY_LEN], hash[POOL_HASH_LEN], crc[4];
	struct pool_vec v = { identity, sizeof(identity) };

	(void)state;
	memset(identity, 0x42, sizeof(identity));
	make(addr);
	assert_hex(addr, "11000000" "0011223344556677" "8899aabbccddeeff");
	pool_sha256(hash, &v, 1);
	assert_memory_equal(addr + 20, hash, 8);
	pool_put32(crc, pool_crc32(addr, 28));
	assert_memory_equal(addr + 28, crc, 4);
	assert_int_equal(pool_addr_check(addr), 0);
}

static void text_round_trip(void **state)
{
	u8 addr[POOL_ADDR_LEN], back[POOL_ADDR_LEN], identity[POOL_KEY_LEN];
	char text[POOL_ADDR_TEXT_LEN], again[POOL_ADDR_TEXT_LEN];
	u64 seed = 1;
	int i;

	(void)state;
	for (i = 0; i < 200; i++) {
		test_fill(identity, sizeof(identity), &seed);
		pool_addr_make(addr, test_rand(&seed), test_rand(&seed), identity);
		pool_addr_format(text, addr);
		assert_int_equal(strlen(text), POOL_ADDR_TEXT_LEN - 1);
		assert_int_equal(pool_addr_parse(back, text), 0);
		assert_memory_equal(back, addr, sizeof(addr));
		pool_addr_format(again, back);
		assert_string_equal(text, again);
	}
	make(addr);
	pool_addr_format(text, addr);
	assert_memory_equal(text, "pool1:11000000-O0011223344556677-S8899aabbccddeeff-N", 52);
	assert_memory_equal(text + 52 + 16, "-C", 2);
}

static void every_flipped_bit_fails(void **state)
{
	u8 addr[POOL_ADDR_LEN], back[POOL_ADDR_LEN];
	char text[POOL_ADDR_TEXT_LEN], copy[POOL_ADDR_TEXT_LEN];
	size_t bit;
	int err;

	(void)state;
	make(addr);
	for (bit = 0; bit < 8 * sizeof(addr); bit++) {
		addr[bit / 8] ^= (u8)(1 << bit % 8);
		err = pool_addr_check(addr);
		assert_int_equal(err, bit < 32 ? -EINVAL : -EBADMSG);
		/* in its text form as well */
		pool_addr_format(text, addr);
		assert_int_equal(pool_addr_parse(back, text), err);
		addr[bit / 8] ^= (u8)(1 << bit % 8);
	}
	pool_addr_format(text, addr);
	for (bit = 0; bit < 8 * strlen(text); bit++) {
		memcpy(copy, text, sizeof(text));
		copy[bit / 8] = (char)(copy[bit / 8] ^ 1 << bit % 8);
		assert_true(pool_addr_parse(back, copy) < 0);
	}
}

static void text_is_exact(void **state)
{
	u8 addr[POOL_ADDR_LEN], back[POOL_ADDR_LEN];
	char text[POOL_ADDR_TEXT_LEN + 1], *cut;
	size_t n;

	(void)state;
	make(addr);
	pool_addr_format(text, addr);
	/* every prefix, at its exact size: no read beyond the terminator */
	for (n = 0; n < POOL_ADDR_TEXT_LEN - 1; n++) {
		cut = malloc(n + 1);
		assert_non_null(cut);
		memcpy(cut, text, n);
		cut[n] = '\0';
		assert_int_equal(pool_addr_parse(back, cut), -EINVAL);
		free(cut);
	}
	memcpy(text + POOL_ADDR_TEXT_LEN - 1, "0", 2);
	assert_int_equal(pool_addr_parse(back, text), -EINVAL);
	memcpy(text + POOL_ADDR_TEXT_LEN - 1, "\n", 2);
	assert_int_equal(pool_addr_parse(back, text), -EINVAL);
	text[POOL_ADDR_TEXT_LEN - 1] = '\0';
	assert_int_equal(pool_addr_parse(back, text), 0);
	for (n = 6; n < strlen(text); n++)
		if (text[n] >= 'a' && text[n] <= 'f') {
			text[n] = (char)(text[n] - 'a' + 'A');
			assert_int_equal(pool_addr_parse(back, text), -EINVAL);
			text[n] = (char)(text[n] - 'A' + 'a');
		}
}

static void ipv6_image(void **state)
{
	u8 addr[POOL_ADDR_LEN], ip[16], other[16], org[8], hash[POOL_HASH_LEN];
	struct pool_vec v[] = { { "pool1 org", 9 }, { org, 8 } };
	u8 identity[POOL_KEY_LEN] = { 0 };

	(void)state;
	make(addr);
	pool_addr_to_ipv6(ip, addr);
	pool_put64(org, 0x0011223344556677);
	pool_sha256(hash, v, 2);
	assert_int_equal(ip[0], 0xfd);
	assert_memory_equal(ip + 1, hash, 5);
	assert_hex(ip + 6, "eeff");
	assert_memory_equal(ip + 8, addr + 20, 8);

	/* one /48 per organisation, one /64 per segment */
	pool_addr_make(addr, 0x0011223344556677, 1, identity);
	pool_addr_to_ipv6(other, addr);
	assert_memory_equal(ip, other, 6);
	assert_memory_not_equal(ip, other, 8);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(crc32_vectors),
		cmocka_unit_test(layout),
		cmocka_unit_test(text_round_trip),
		cmocka_unit_test(every_flipped_bit_fails),
		cmocka_unit_test(text_is_exact),
		cmocka_unit_test(ipv6_image),
	};

	return cmocka_run_group_tests_name("address", tests, NULL, NULL);
}
