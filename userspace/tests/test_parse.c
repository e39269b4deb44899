// SPDX-License-Identifier: GPL-2.0
/* Words to values, and values to text. */
#include "unit.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "../lib/key.h"
#include "../lib/names.h"
#include "../lib/parse.h"

static void test_units(void **state)
{
	static const struct {
		const char *(*fn)(char *buf, u64 value);
		u64 value;
		const char *want;
	} cases[] = {
		{ text_rate, 0, "0 bit/s" }, { text_rate, 999, "999 bit/s" },
		{ text_rate, 1000, "1.00 kbit/s" }, { text_rate, 12345, "12.35 kbit/s" },
		{ text_rate, 999994, "999.99 kbit/s" }, { text_rate, 999996, "1.00 Mbit/s" },
		{ text_rate, 10000000000, "10.00 Gbit/s" },
		{ text_rate, UINT64_MAX, "18446744.07 Tbit/s" },
		{ text_nanoseconds, 480, "480 ns" }, { text_nanoseconds, 1500, "1.50 us" },
		{ text_nanoseconds, 80412345, "80.41 ms" },
		{ text_nanoseconds, 999999999, "1.00 s" },
		{ text_nanoseconds, 3600000000000, "3600.00 s" },
		{ text_span_short, 0, "0 s" }, { text_span_short, 59, "59 s" },
		{ text_span_short, 60, "1 min 0 s" }, { text_span_short, 3599, "59 min 59 s" },
		{ text_span_short, 3661, "1 h 1 min" }, { text_span_short, 90000, "1 d 1 h" },
		{ text_span_short, UINT64_MAX / 1000000000, "213503 d 23 h" },
	};
	char text[TEXT_NUMBER_LEN];
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++)
		assert_string_equal(cases[i].fn(text, cases[i].value), cases[i].want);
}

static void test_limits(void **state)
{
	struct err e;
	u32 i, value;
	u8 dscp;

	(void)state;
	for (i = 0; i < LIMITS; i++) {
		const struct {
			u32 n;
			int ret;
		} cases[] = {
			{ 0, -1 }, { limit_info[i].least - 1, -1 }, { limit_info[i].least, 0 },
			{ limit_info[i].most, 0 }, { limit_info[i].most + 1, -1 },
			{ UINT32_MAX, -1 },
		};
		char word[16];
		u32 k;

		for (k = 0; k < ARRAY_SIZE(cases); k++) {
			snprintf(word, sizeof(word), "%u", cases[k].n);
			value = 0;
			assert_int_equal(parse_limit(word, i, &value, &e), cases[k].ret);
			assert_int_equal(value, cases[k].ret ? 0 : cases[k].n);
		}
		assert_int_equal(parse_limit("4294967299", i, &value, &e), -1);	/* 2^32 + 3 */
		assert_int_equal(parse_limit("5s", i, &value, &e), -1);
	}
	assert_int_equal(parse_dscp("0", &dscp, &e), 0);
	assert_int_equal(dscp, 0);
	assert_int_equal(parse_dscp("63", &dscp, &e), 0);
	assert_int_equal(dscp, 63);
	assert_int_equal(parse_dscp("inherit", &dscp, &e), 0);
	assert_int_equal(dscp, DSCP_INHERIT);
	assert_int_equal(parse_dscp("64", &dscp, &e), -1);
	assert_int_equal(parse_dscp("inheri", &dscp, &e), -1);
}

static void test_cidr(void **state)
{
	static const struct {
		const char *word, *want;	/* NULL: refused */
	} cases[] = {
		{ "10.0.0.0/8", "10.0.0.0/8" },
		{ "10.1.2.3/8", "10.0.0.0/8" },
		{ "10.1.2.3", "10.1.2.3/32" },
		{ "255.255.255.255/31", "255.255.255.254/31" },
		{ "255.255.255.255/25", "255.255.255.128/25" },
		{ "1.2.3.4/0", "0.0.0.0/0" },
		{ "fd00::1", "fd00::1/128" },
		{ "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/65", "ffff:ffff:ffff:ffff:8000::/65" },
		{ "FD00::A/127", "fd00::a/127" },
		{ "::/0", "::/0" },
		{ "::ffff:10.0.0.1", "::ffff:10.0.0.1/128" },
		{ "10.0.0.0/08", "10.0.0.0/8" },
		{ "", NULL }, { "/", NULL }, { "10.0.0.0/", NULL }, { "10.0.0.0/33", NULL },
		{ "::/129", NULL }, { "10.0.0.0/8 ", NULL }, { " 10.0.0.0/8", NULL },
		{ "10.0.0/8", NULL }, { "10.0.0.0//8", NULL }, { "10.0.0.0/8/8", NULL },
		{ "10.0.0.0/+8", NULL }, { "10.0.0.0/0x8", NULL }, { "1::2::3", NULL },
		{ "10.0.0.0/18446744073709551624", NULL },	/* 2^64 + 8 */
		{ "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa/8", NULL },
	};
	char text[TEXT_CIDR_LEN];
	struct cidr c;
	struct err e;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		int ret = parse_cidr(cases[i].word, &c, &e);

		if (!cases[i].want) {
			assert_int_equal(ret, -1);
			continue;
		}
		assert_int_equal(ret, 0);
		assert_string_equal(text_cidr(text, &c), cases[i].want);
	}
}

static void test_key(void **state)
{
	static const char * const bad[] = {
		"", "=", "AAAA", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
		"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
		"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==",
		"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB=",	/* bits behind the key */
		"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA-A=",
		"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA A=",
		"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==",
	};
	u8 key[POOL_KEY_LEN], again[POOL_KEY_LEN];
	char text[KEY_TEXT_LEN];
	unsigned int n, i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		assert_false(key_parse(key, bad[i]));
	for (n = 0; n < 200; n++) {
		for (i = 0; i < sizeof(key); i++)
			key[i] = (u8)(n * 37 + i * i * 11);
		key_format(text, key);
		assert_int_equal(strlen(text), 44);
		assert_true(key_parse(again, text));
		assert_memory_equal(key, again, sizeof(key));
	}
}

/* A file that holds @len bytes of @text. */
static int file_with(const char *text, size_t len)
{
	FILE *f = tmpfile();
	int fd;

	assert_non_null(f);
	assert_int_equal(fwrite(text, 1, len, f), len);
	assert_int_equal(fflush(f), 0);
	fd = dup(fileno(f));
	fclose(f);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	return fd;
}

static void test_key_read(void **state)
{
	static const char good[] = "AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA=";
	static const struct {
		const char *text;
		int want;
	} cases[] = {
		{ "AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA=", 1 },
		{ "AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA=\n", 1 },
		{ " \t\r\n AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA= \n\n", 1 },
		{ "", 0 }, { "\n", 0 }, { " \r\n\t", 0 },
		{ "AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA=x", -1 },
		{ "AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA= x", -1 },
		{ "# comment\n", -1 },
	};
	char big[1000], with_zero[50] = "AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA=";
	u8 key[POOL_KEY_LEN];
	struct err e;
	size_t i;
	int fd;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		fd = file_with(cases[i].text, strlen(cases[i].text));
		memset(key, 0, sizeof(key));
		assert_int_equal(key_read(key, fd, &e), cases[i].want);
		if (cases[i].want == 1)
			assert_int_equal(key[31], 32);
		close(fd);
	}
	memset(big, ' ', sizeof(big));
	memcpy(big + 900, good, 44);
	fd = file_with(big, sizeof(big));
	assert_int_equal(key_read(key, fd, &e), 0);	/* more blanks than anybody writes */
	close(fd);
	with_zero[45] = 'x';
	fd = file_with(with_zero, 46);
	assert_int_equal(key_read(key, fd, &e), -1);
	close(fd);
	assert_int_equal(key_read(key, -1, &e), -1);
}

static void test_endpoint(void **state)
{
	static const struct {
		const char *word, *host, *port;	/* NULL: refused */
	} cases[] = {
		{ "192.0.2.1:9253", "192.0.2.1", "9253" },
		{ "host.example:1", "host.example", "1" },
		{ "[2001:db8::1]:65535", "2001:db8::1", "65535" },
		{ "[fe80::1%eth0]:09253", "fe80::1%eth0", "9253" },
		{ "192.0.2.1", "192.0.2.1", "9253" }, { "host.example", "host.example", "9253" },
		{ "[2001:db8::1]", "2001:db8::1", "9253" }, { "[a]", "a", "9253" },
		{ "2001:db8::1", NULL, NULL }, { "::", NULL, NULL }, { "[]", NULL, NULL },
		{ "[a]x", NULL, NULL }, { "[a]:", NULL, NULL },
		{ "", NULL, NULL }, { ":", NULL, NULL }, { "a:", NULL, NULL },
		{ ":1", NULL, NULL }, { "a:0", NULL, NULL }, { "a:65536", NULL, NULL },
		{ "[]:1", NULL, NULL }, { "[a:1", NULL, NULL },
		{ "a:1:2", NULL, NULL }, { "[a]1", NULL, NULL }, { "[a]:1 ", NULL, NULL },
		{ "a:http", NULL, NULL },
	};
	char host[ENDPOINT_HOST_LEN], port[ENDPOINT_PORT_LEN], longest[400];
	struct err e;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		int ret = parse_endpoint(cases[i].word, host, port, &e);

		assert_int_equal(ret, cases[i].host ? 0 : -1);
		if (ret)
			continue;
		assert_string_equal(host, cases[i].host);
		assert_string_equal(port, cases[i].port);
	}
	for (i = 250; i < 260; i++) {
		memset(longest, 'a', i);
		strcpy(longest + i, ":1");
		assert_int_equal(parse_endpoint(longest, host, port, &e),
				 i < ENDPOINT_HOST_LEN ? 0 : -1);
	}
}

static void test_bind(void **state)
{
	static const struct {
		const char *word, *want;	/* NULL: refused */
	} cases[] = {
		{ "192.0.2.1", "192.0.2.1" }, { "2001:DB8::1", "2001:db8::1" },
		{ "::ffff:192.0.2.1", "192.0.2.1" }, { "none", "(none)" },
		{ "", NULL }, { "None", NULL }, { "192.0.2.1/32", NULL }, { "192.0.2", NULL },
		{ "192.0.2.1 ", NULL }, { "[::1]", NULL }, { "fe80::1%lo", NULL },
	};
	char text[TEXT_CIDR_LEN], name[IFNAME_LEN];
	struct cidr ip, again;
	struct err e;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		int ret = parse_bind(cases[i].word, &ip, &e);

		assert_int_equal(ret, cases[i].want ? 0 : -1);
		if (!ret)
			assert_string_equal(text_ip(text, &ip), cases[i].want);
	}
	/* Equal addresses are equal bytes. */
	assert_int_equal(parse_bind("::ffff:192.0.2.1", &ip, &e), 0);
	assert_int_equal(parse_bind("192.0.2.1", &again, &e), 0);
	assert_memory_equal(&ip, &again, sizeof(ip));

	assert_int_equal(parse_bind_device("abcdefghijklmno", name, &e), 0);
	assert_string_equal(name, "abcdefghijklmno");
	assert_int_equal(parse_bind_device("none", name, &e), 0);
	assert_string_equal(name, "");
	assert_int_equal(parse_bind_device("abcdefghijklmnop", name, &e), -1);
	assert_int_equal(parse_bind_device("", name, &e), -1);
	assert_int_equal(parse_bind_device("a/b", name, &e), -1);
	assert_int_equal(parse_bind_device("a\x1b", name, &e), -1);
}

static void test_resolve(void **state)
{
	char text[TEXT_SOCKADDR_LEN];
	struct saddr sa;
	struct err e;

	(void)state;
	assert_int_equal(endpoint_resolve("192.0.2.1:9253", &sa, &e), 0);
	assert_string_equal(text_sockaddr(text, &sa), "192.0.2.1:9253");
	assert_int_equal(sa.len, sizeof(struct sockaddr_in));
	assert_int_equal(endpoint_resolve("[2001:db8::1]:1", &sa, &e), 0);
	assert_string_equal(text_sockaddr(text, &sa), "[2001:db8::1]:1");
	assert_int_equal(sa.len, sizeof(struct sockaddr_in6));
	assert_int_equal(endpoint_resolve("192.0.2.1", &sa, &e), 0);
	assert_string_equal(text_sockaddr(text, &sa), "192.0.2.1:9253");
	assert_int_equal(endpoint_resolve("[2001:db8::1]", &sa, &e), 0);
	assert_string_equal(text_sockaddr(text, &sa), "[2001:db8::1]:9253");
	assert_int_equal(endpoint_resolve("localhost:80", &sa, &e), 0);
	assert_int_equal(endpoint_resolve("[192.0.2.1]:80", &sa, &e), -1);
	sa.in6.sin6_port = 0;	/* at the same place in both families */
	assert_string_equal(text_sockaddr(text, &sa),
			    sa.sa.sa_family == AF_INET ? "127.0.0.1" : "::1");
	memset(&sa, 0, sizeof(sa));
	assert_string_equal(text_sockaddr(text, &sa), "(none)");
}

static void test_utf8(void **state)
{
	static const char * const clean[] = {
		"", "a", "gr\xc3\xbcn", "\xe2\x82\xac", "\xf0\x9f\x98\x80", "\xf4\x8f\xbf\xbf",
	};
	static const char * const dirty[] = {
		"\n", "\x1b[2J", "\x7f", "\xc2\x85", "\xff", "\xc3", "\xc0\x80", "\xe0\x80\x80",
		"\xed\xa0\x80", "\xf4\x90\x80\x80", "\xf8\x88\x80\x80\x80", "\x80", "\xe2\x82",
		"\xe2\x80\xae", "\xe2\x81\xa6", "\xe2\x80\xa8", "\xef\xbb\xbf",
	};
	char text[40];
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(clean); i++)
		assert_true(text_is_clean(clean[i], strlen(clean[i])));
	for (i = 0; i < ARRAY_SIZE(dirty); i++) {
		assert_false(text_is_clean(dirty[i], strlen(dirty[i])));
		snprintf(text, sizeof(text), "a%sb", dirty[i]);
		text_sanitise(text);
		assert_true(text_is_clean(text, strlen(text)));
		assert_int_equal(strlen(text), strlen(dirty[i]) + 2);
	}
}

static void test_spans(void **state)
{
	static const struct {
		u64 seconds;
		const char *want;
	} cases[] = {
		{ 0, "now" }, { 1, "1 second ago" }, { 12, "12 seconds ago" },
		{ 60, "1 minute ago" }, { 3661, "1 hour, 1 minute, 1 second ago" },
		{ 86400 * 3 + 5, "3 days, 5 seconds ago" },
		{ 31536000ULL * 2, "2 years ago" },
	};
	char text[TEXT_SPAN_LEN];
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++)
		assert_string_equal(text_ago(text, cases[i].seconds), cases[i].want);
	assert_string_equal(text_span(text, 0), "0 seconds");
	text_ago(text, UINT64_MAX);
}

static void test_bytes(void **state)
{
	static const struct {
		u64 bytes;
		const char *want;
	} cases[] = {
		{ 0, "0 B" }, { 1023, "1023 B" }, { 1024, "1.00 KiB" }, { 1536, "1.50 KiB" },
		{ 1 << 20, "1.00 MiB" }, { 5ULL << 30, "5.00 GiB" }, { 1ULL << 40, "1.00 TiB" },
		{ UINT64_MAX, "16.00 EiB" },
	};
	char text[TEXT_NUMBER_LEN];
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++)
		assert_string_equal(text_bytes(text, cases[i].bytes), cases[i].want);
}

static void test_err(void **state)
{
	char big[2000];
	struct err e;
	int i;

	(void)state;
	memset(big, 'x', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	err_set(&e, "%s", big);
	assert_int_equal(strlen(e.text), sizeof(e.text) - 1);
	for (i = 0; i < 100; i++)
		assert_int_equal(err_prepend(&e, "front %d: ", i), -1);
	err_append(&e, "%s", big);
	assert_int_equal(strlen(e.text), sizeof(e.text) - 1);
	err_set(&e, "b");
	err_prepend(&e, "a");
	err_append(&e, "c");
	assert_string_equal(e.text, "abc");
}

static void test_names(void **state)
{
	(void)state;
	assert_string_equal(name_transport(POOL_TRANSPORT_TCP), "tcp");
	assert_string_equal(name_transport(POOL_TRANSPORT_UDP), "udp");
	assert_string_equal(name_transport(POOL_TRANSPORT_AUTO), "auto");
	assert_string_equal(name_transport(0), "unknown");
	assert_string_equal(name_transport(77), "unknown");
	assert_string_equal(name_reason(POOL_REASON_PSK_MISMATCH), "psk-mismatch");
	assert_string_equal(name_reason(POOL_REASON_NO_ENDPOINT), "no-endpoint");
	assert_string_equal(name_drop(POOL_A_DROPS_RX_REPLAYED), "rx-replayed");
	assert_string_equal(name_drop(POOL_A_DROPS_CONN_NOT_ALLOWED), "conn-not-allowed");
	assert_string_equal(name_drop(POOL_A_DROPS_RX_FRAGMENT_TIMEOUT), "rx-fragment-timeout");
	assert_string_equal(name_drop(POOL_A_DROPS_TX_LOOP), "tx-loop");
	assert_string_equal(name_drop(POOL_A_DROPS_RX_SEGMENT), "rx-segment");
	assert_string_equal(name_code(POOL_A_CODES_FRAG_TIMEOUT), "frag-timeout");
	assert_string_equal(why_drop(POOL_A_DROPS_RX_REPLAYED), "a sequence number seen before");
	assert_string_equal(name_event_type(POOL_EVENT_TYPE_ERROR), "error");
	assert_string_equal(name_peer_state(POOL_PEER_STATE_UNREACHABLE), "unreachable");
	assert_string_equal(name_session_state(POOL_SESSION_STATE_CONFIRMED), "confirmed");
	assert_string_equal(name_role(POOL_ROLE_RESPONDER), "responder");
	assert_string_equal(why_reason(1000), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_units),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_cidr),
		cmocka_unit_test(test_key),
		cmocka_unit_test(test_key_read),
		cmocka_unit_test(test_endpoint),
		cmocka_unit_test(test_bind),
		cmocka_unit_test(test_resolve),
		cmocka_unit_test(test_utf8),
		cmocka_unit_test(test_spans),
		cmocka_unit_test(test_bytes),
		cmocka_unit_test(test_err),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
