// SPDX-License-Identifier: GPL-2.0
/* TLV lists and names. */
#include "test.h"

/* Parsed from the heap at its exact size: the sanitizer sees any read beyond. */
static int parse(struct pool_tlvs *t, const char *hex)
{
	size_t len = strlen(hex) / 2;
	u8 *buf = malloc(len ? len : 1);
	int err;

	assert_non_null(buf);
	unhex(buf, len, hex);
	memset(t, 0xff, sizeof(*t));
	err = pool_tlvs_parse(t, buf, len);
	free(buf);
	return err;
}

static void empty_and_padding(void **state)
{
	struct pool_tlvs t;

	(void)state;
	assert_int_equal(parse(&t, ""), 0);
	assert_int_equal(t.hello.present, 0);
	assert_int_equal(t.n_acked, 0);
	assert_false(t.n_errors || t.has_overload);
	assert_int_equal(parse(&t, "0000000000"), 0);
	assert_int_equal(t.hello.present, 0);
}

static void every_type(void **state)
{
	struct pool_tlvs t;

	(void)state;
	assert_int_equal(parse(&t,
			       "010105" "02020588" "030101"
			       "0420" "000102030405060708090a0b0c0d0e0f"
			       "101112131415161718191a1b1c1d1e1f"
			       "0504" "6ec3a964"
			       "0608" "0102030405060708"
			       "00"
			       "0708" "0304000000000102"
			       "08010f" "0000"), 0);
	assert_int_equal(t.hello.present, 0x3e);
	assert_int_equal(t.hello.transports, 5);
	assert_int_equal(t.hello.max_plaintext, 0x588);
	assert_int_equal(t.hello.offload, 1);
	assert_int_equal(t.hello.address[0], 0);
	assert_int_equal(t.hello.address[31], 0x1f);
	assert_int_equal(t.hello.name_len, 4);
	assert_string_equal(t.hello.name, "n\xc3\xa9" "d");
	assert_int_equal(t.n_acked, 1);
	assert_true(t.acked[0] == 0x0102030405060708);
	assert_int_equal(t.n_errors, 1);
	assert_int_equal(t.errors[0].code, 3);
	assert_int_equal(t.errors[0].subcode, 4);
	assert_int_equal(t.errors[0].count, 0x102);
	assert_true(t.has_overload);
	assert_int_equal(t.overload_s, 15);
}

static void first_of_a_type_counts(void **state)
{
	struct pool_tlvs t;

	(void)state;
	assert_int_equal(parse(&t, "010101" "010102" "050161" "05026262"
			       "080101" "080102" "02020001" "02020002"), 0);
	assert_int_equal(t.hello.transports, 1);
	assert_string_equal(t.hello.name, "a");
	assert_int_equal(t.hello.name_len, 1);
	assert_int_equal(t.overload_s, 1);
	assert_int_equal(t.hello.max_plaintext, 1);
	/* the second is no licence to be malformed */
	assert_int_equal(parse(&t, "010101" "01020202"), -EBADMSG);
}

static void many_errors(void **state)
{
	struct pool_tlvs t;

	(void)state;
	/* four are taken, in their order; a fifth is not */
	assert_int_equal(parse(&t, "0708" "0100000000000001" "0708" "0200000000000002"
			       "0708" "0b000000ffffffff" "0708" "0100000000000003"
			       "0708" "0500000000000009"), 0);
	assert_int_equal(t.n_errors, 4);
	assert_int_equal(t.errors[0].code, 1);
	assert_int_equal(t.errors[0].count, 1);
	assert_int_equal(t.errors[1].code, 2);
	assert_int_equal(t.errors[1].count, 2);
	assert_int_equal(t.errors[2].code, 11);
	assert_true(t.errors[2].count == 0xffffffff);
	assert_int_equal(t.errors[3].code, 1);
	assert_int_equal(t.errors[3].count, 3);
}

static void reports_written(void **state)
{
	u8 buf[POOL_ERROR_TLV + POOL_OVERLOAD_TLV];
	struct pool_tlvs t;
	size_t n;

	(void)state;
	n = pool_error_write(buf, sizeof(buf), 3, 0x01020304);
	assert_int_equal(n, POOL_ERROR_TLV);
	n += pool_overload_write(buf + n, sizeof(buf) - n, 255);
	assert_int_equal(n, sizeof(buf));
	assert_int_equal(pool_tlvs_parse(&t, buf, n), 0);
	assert_int_equal(t.n_errors, 1);
	assert_int_equal(t.errors[0].code, 3);
	assert_int_equal(t.errors[0].subcode, 0);
	assert_int_equal(t.errors[0].count, 0x01020304);
	assert_true(t.has_overload);
	assert_int_equal(t.overload_s, 255);
	/* no room, no part of it */
	assert_int_equal(pool_error_write(buf, POOL_ERROR_TLV - 1, 1, 1), 0);
	assert_int_equal(pool_overload_write(buf, POOL_OVERLOAD_TLV - 1, 1), 0);
}

static void many_acked(void **state)
{
	struct pool_tlvs t;
	char hex[9 * 20 + 1];
	int i;

	(void)state;
	for (i = 0; i < 9; i++)
		sprintf(hex + 20 * i, "0608%016x", i + 1);
	assert_int_equal(parse(&t, hex), 0);
	assert_int_equal(t.n_acked, POOL_ACKED_MAX);
	for (i = 0; i < POOL_ACKED_MAX; i++)
		assert_true(t.acked[i] == (u64)i + 1);
}

static void unknown_types_are_skipped(void **state)
{
	struct pool_tlvs t;

	(void)state;
	assert_int_equal(parse(&t, "0900" "ff03aabbcc" "0a01ff" "010107" "2000"), 0);
	assert_int_equal(t.hello.present, 2);
	assert_int_equal(t.hello.transports, 7);
}

static void malformed(void **state)
{
	static const char * const bad[] = {
		"01", "0101", "00" "01",		/* cut off */
		"0100", "01020101",			/* wrong length of 1 */
		"020101", "0203010101", "0202ff",	/* of 2 */
		"0300", "03020000",
		"041f" "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e",
		"0421" "000102030405060708090a0b0c0d0e0f"
		"101112131415161718191a1b1c1d1e1f20",
		"0500",
		"0521" "616161616161616161616161616161616161616161616161616161616161616161",
		"0607" "01020304050607", "0609" "010203040506070809",
		"0707" "01020304050607", "0709" "010203040506070809",
		"0800", "08020101",
		"ff", "ff01", "ff02aa",			/* unknown, but past the end */
		"010101" "ff05aa",			/* after something good */
	};
	static const struct pool_tlvs none;
	struct pool_tlvs t;
	size_t n;

	(void)state;
	for (n = 0; n < ARRAY_SIZE(bad); n++) {
		assert_int_equal(parse(&t, bad[n]), -EBADMSG);
		/* nothing of it is left to be acted upon */
		assert_int_equal(t.hello.present, none.hello.present);
		assert_int_equal(t.n_acked, 0);
		assert_false(t.n_errors || t.has_overload);
	}
}

static void names(void **state)
{
	static const char * const good[] = {
		"a", "host-1.example", " ", "~", "\xc2\xa0", "\xdf\xbf", "\xe0\xa0\x80",
		"\xed\x9f\xbf", "\xee\x80\x80", "\xef\xbf\xbf", "\xf0\x90\x80\x80",
		"\xf4\x8f\xbf\xbf", "12345678901234567890123456789012",
		"1234567890123456789012345678\xf0\x9f\x98\x80",
	};
	static const char * const bad[] = {
		"", "123456789012345678901234567890123",
		"\x01", "a\n", "\x1f", "\x7f", "a\x7f",
		"\xc2\x80", "\xc2\x9f",			/* C1 */
		"\x80", "\xbf", "a\x80",		/* no first byte */
		"\xc0\x80", "\xc1\xbf", "\xe0\x80\x80", "\xe0\x9f\xbf",	/* overlong */
		"\xf0\x80\x80\x80", "\xf0\x8f\xbf\xbf",
		"\xed\xa0\x80", "\xed\xbf\xbf",		/* surrogates */
		"\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xf8\x88\x80\x80\x80", "\xff", "\xfe",
		"\xc3", "\xe2\x82", "\xf0\x9f\x98", "\xe2\x82" "a", "\xc3\xc3",
		"1234567890123456789012345678901\xc3\xa9",
	};
	size_t n;

	(void)state;
	for (n = 0; n < ARRAY_SIZE(good); n++)
		assert_true(pool_name_valid(good[n], strlen(good[n])));
	for (n = 0; n < ARRAY_SIZE(bad); n++)
		assert_false(pool_name_valid(bad[n], strlen(bad[n])));
	assert_false(pool_name_valid("a\0b", 3));
	assert_false(pool_name_valid("\0", 1));
}

static void hello_round_trip(void **state)
{
	struct pool_hello h = { .present = 0x3e, .transports = 7, .max_plaintext = 1356,
				.offload = 1, .name_len = 5, .name = "alice" };
	struct pool_tlvs t;
	u8 buf[POOL_HELLO_MAX];
	size_t len;

	(void)state;
	memset(h.address, 0x11, sizeof(h.address));
	len = pool_hello_write(buf, sizeof(buf), &h);
	assert_int_equal(len, 3 + 4 + 3 + 34 + 7);
	assert_hex(buf, "010107" "0202054c" "030101" "0420");
	assert_int_equal(pool_tlvs_parse(&t, buf, len), 0);
	assert_int_equal(t.hello.present, h.present);
	assert_int_equal(t.hello.transports, 7);
	assert_int_equal(t.hello.max_plaintext, 1356);
	assert_int_equal(t.hello.offload, 1);
	assert_memory_equal(t.hello.address, h.address, sizeof(h.address));
	assert_string_equal(t.hello.name, "alice");
}

static void hello_without_room(void **state)
{
	struct pool_hello h = { .present = 0x3e, .name_len = 32 };
	struct pool_tlvs t;
	size_t room, len;
	u8 *buf;

	(void)state;
	memset(h.name, 'x', 32);
	for (room = 0; room <= 3 + 4 + 3 + 34 + 34; room++) {
		buf = malloc(room ? room : 1);
		assert_non_null(buf);
		len = pool_hello_write(buf, room, &h);
		assert_true(len <= room);
		assert_int_equal(pool_tlvs_parse(&t, buf, len), 0);
		if (room < 3)
			assert_int_equal(t.hello.present, 0);
		free(buf);
	}
	/* all of it fits the RESPONSE and the first ACK */
	assert_true(room - 1 <= POOL_HELLO_MAX);
	assert_int_equal(t.hello.present, 0x3e);

	/* a name that the peer would refuse is not sent */
	h.name[3] = '\n';
	buf = malloc(POOL_HELLO_MAX);
	assert_non_null(buf);
	len = pool_hello_write(buf, POOL_HELLO_MAX, &h);
	assert_int_equal(pool_tlvs_parse(&t, buf, len), 0);
	assert_int_equal(t.hello.present, 0x1e);
	/* what is not present is not written */
	h.present = 0;
	assert_int_equal(pool_hello_write(buf, POOL_HELLO_MAX, &h), 0);
	free(buf);
}

static void acked_write(void **state)
{
	u8 buf[10];

	(void)state;
	assert_int_equal(pool_acked_write(buf, 9, 1), 0);
	assert_int_equal(pool_acked_write(buf, 10, 0x0102030405060708), 10);
	assert_hex(buf, "06080102030405060708");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(empty_and_padding),
		cmocka_unit_test(every_type),
		cmocka_unit_test(first_of_a_type_counts),
		cmocka_unit_test(many_errors),
		cmocka_unit_test(reports_written),
		cmocka_unit_test(many_acked),
		cmocka_unit_test(unknown_types_are_skipped),
		cmocka_unit_test(malformed),
		cmocka_unit_test(names),
		cmocka_unit_test(hello_round_trip),
		cmocka_unit_test(hello_without_room),
		cmocka_unit_test(acked_write),
	};

	return cmocka_run_group_tests_name("tlv", tests, NULL, NULL);
}
