// SPDX-License-Identifier: GPL-2.0
/* Answers of the kernel, sound and not. */
#include "unit.h"

#include <arpa/inet.h>
#include <linux/genetlink.h>
#include <stdio.h>
#include <stdlib.h>

#include "../lib/json.h"
#include "../lib/names.h"

static char buf[65536] __attribute__((aligned(8)));

static struct nlmsghdr *start(void)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);

	nlh->nlmsg_type = 0x20;
	mnl_nlmsg_put_extra_header(nlh, sizeof(struct genlmsghdr));
	return nlh;
}

static void put_ip(struct nlmsghdr *nlh, u16 family, size_t len, u8 prefix_len)
{
	static const u8 addr[32] = { 10, 1 };
	struct nlattr *nest = mnl_attr_nest_start(nlh, POOL_A_PEER_ALLOWED_IP);

	mnl_attr_put_u16(nlh, POOL_A_ALLOWED_IP_FAMILY, family);
	mnl_attr_put(nlh, POOL_A_ALLOWED_IP_ADDRESS, len, addr);
	mnl_attr_put_u8(nlh, POOL_A_ALLOWED_IP_PREFIX_LEN, prefix_len);
	mnl_attr_nest_end(nlh, nest);
}

static void put_key(struct nlmsghdr *nlh, u8 first)
{
	u8 key[POOL_KEY_LEN] = { first };

	mnl_attr_put(nlh, POOL_A_PEER_PUBLIC_KEY, sizeof(key), key);
}

static void test_peers(void **state)
{
	struct device_state d = { 0 };
	struct nlmsghdr *nlh;
	struct err e;

	(void)state;
	nlh = start();
	put_key(nlh, 1);
	mnl_attr_put_u64(nlh, POOL_A_PEER_RX_BYTES, 1ULL << 40);
	put_ip(nlh, AF_INET, 4, 8);
	assert_int_equal(state_add_peer(&d, nlh, &e), 0);
	/* More of the same peer, then another one. */
	nlh = start();
	put_key(nlh, 1);
	put_ip(nlh, AF_INET6, 16, 128);
	put_ip(nlh, AF_INET, 4, 32);
	assert_int_equal(state_add_peer(&d, nlh, &e), 0);
	nlh = start();
	put_key(nlh, 2);
	assert_int_equal(state_add_peer(&d, nlh, &e), 0);
	assert_int_equal(d.peers_here, 2);
	assert_int_equal(d.peers[0].n_ips, 3);
	assert_int_equal(d.peers[0].rx_bytes, 1ULL << 40);
	assert_int_equal(d.peers[1].n_ips, 0);
	nlh = start();
	assert_int_equal(state_add_peer(&d, nlh, &e), -1);
	assert_says(&e, "public-key");
	state_free_device(&d);
}

static void test_bad_ips(void **state)
{
	static const struct {
		u16 family;
		size_t len;
		u8 prefix_len;
	} bad[] = {
		{ AF_INET, 4, 33 }, { AF_INET, 16, 8 }, { AF_INET6, 4, 8 }, { AF_INET6, 16, 129 },
		{ AF_INET, 3, 8 }, { AF_INET6, 32, 8 }, { 0, 4, 8 }, { AF_INET, 0, 0 },
	};
	struct err e;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		struct device_state d = { 0 };
		struct nlmsghdr *nlh = start();

		put_key(nlh, 1);
		put_ip(nlh, bad[i].family, bad[i].len, bad[i].prefix_len);
		assert_int_equal(state_add_peer(&d, nlh, &e), -1);
		assert_says(&e, "\"allowed-ip\" is malformed");
		state_free_device(&d);
	}
}

/* Every field with every length: only its own one is taken, nothing is overrun. */
static void test_lengths(void **state)
{
	static const u8 bytes[64];
	const struct field_set *sets[] = { &device_fields, &session_fields, &event_fields };
	size_t s, i, len;
	struct err e;

	(void)state;
	for (s = 0; s < ARRAY_SIZE(sets); s++) {
		for (i = 0; i < sets[s]->n; i++) {
			const struct field *f = &sets[s]->field[i];
			unsigned int taken = 0;

			if (f->type == FIELD_DROPS)
				continue;
			for (len = 0; len <= sizeof(bytes); len++) {
				union {
					struct device_state d;
					struct session_state s;
					struct event_state ev;
				} obj;
				struct nlmsghdr *nlh = start();

				memset(&obj, 0, sizeof(obj));
				mnl_attr_put(nlh, f->attr, len, bytes);
				if (!state_decode(nlh, sets[s], &obj, &e))
					taken++;
				else
					assert_says(&e, f->name);
			}
			/* Zeros are an empty nest. */
			if (f->type == FIELD_FLAG || f->type == FIELD_STRING ||
			    f->type == FIELD_DRIVER || f->type == FIELD_NEST)
				assert_int_equal(taken, sizeof(bytes) + 1);
			else if (f->type == FIELD_IP)		/* 4 and 16 */
				assert_int_equal(taken, 2);
			else if (f->type == FIELD_SOCKADDR)	/* AF_UNSPEC */
				assert_int_equal(taken, sizeof(bytes) - 1);
			else
				assert_int_equal(taken, 1);
		}
	}
}

static void test_strings(void **state)
{
	char name[STATE_STRING_LEN + 8];
	struct device_state d = { 0 };
	struct nlmsghdr *nlh;
	struct err e;

	(void)state;
	memset(name, 'x', sizeof(name));
	nlh = start();
	mnl_attr_put(nlh, POOL_A_DEVICE_NAME, POOL_NAME_MAX, name);	/* no terminator */
	assert_int_equal(state_decode(nlh, &device_fields, &d, &e), 0);
	assert_int_equal(strlen(d.name), POOL_NAME_MAX);
	nlh = start();
	mnl_attr_put(nlh, POOL_A_DEVICE_NAME, sizeof(name), name);
	assert_int_equal(state_decode(nlh, &device_fields, &d, &e), -1);
}

static void test_drivers(void **state)
{
	char name[STATE_DRIVER_LEN];
	struct device_state d = { 0 };
	struct nlmsghdr *nlh;
	struct err e;

	(void)state;
	memset(name, 'x', sizeof(name));
	nlh = start();
	mnl_attr_put(nlh, POOL_A_DEVICE_HMAC_DRIVER, sizeof(name) - 1, name);
	assert_int_equal(state_decode(nlh, &device_fields, &d, &e), 0);
	assert_int_equal(strlen(d.hmac_driver), sizeof(name) - 1);
	nlh = start();
	mnl_attr_put(nlh, POOL_A_DEVICE_HMAC_DRIVER, sizeof(name), name);
	assert_int_equal(state_decode(nlh, &device_fields, &d, &e), -1);
}

static void test_sockaddr(void **state)
{
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons(9253) };
	struct event_state ev = { 0 };
	struct nlmsghdr *nlh;
	struct err e;
	size_t len;

	(void)state;
	for (len = 2; len < sizeof(in); len++) {
		nlh = start();
		mnl_attr_put(nlh, POOL_A_EVENT_REMOTE, len, &in);
		assert_int_equal(state_decode(nlh, &event_fields, &ev, &e), -1);
	}
	nlh = start();
	mnl_attr_put(nlh, POOL_A_EVENT_REMOTE, sizeof(in), &in);
	assert_int_equal(state_decode(nlh, &event_fields, &ev, &e), 0);
	assert_int_equal(ev.remote.len, sizeof(in));
	in.sin_family = AF_UNIX;
	nlh = start();
	mnl_attr_put(nlh, POOL_A_EVENT_REMOTE, sizeof(in), &in);
	assert_int_equal(state_decode(nlh, &event_fields, &ev, &e), -1);
}

static void test_join(void **state)
{
	struct device_state d = { 0 };
	struct err e;
	unsigned int i;

	(void)state;
	for (i = 0; i < 300; i++) {
		struct nlmsghdr *nlh = start();

		put_key(nlh, (u8)(i % 200));
		if (i < 100)
			assert_int_equal(state_add_peer(&d, nlh, &e), 0);
		nlh = start();
		put_key(nlh, (u8)(i % 150));
		mnl_attr_put_u64(nlh, POOL_A_SESSION_AGE, i);
		if (i >= 150)
			mnl_attr_put(nlh, POOL_A_SESSION_CURRENT, 0, NULL);
		assert_int_equal(state_add_session(&d, nlh, &e), 0);
	}
	state_join(&d);
	for (i = 0; i < d.peers_here; i++) {
		assert_int_equal(d.peers[i].sessions_here, 2);
		/* The current one first, though it is older. */
		assert_int_equal(d.peers[i].sessions[0].age, i + 150);
		assert_int_equal(d.peers[i].sessions[1].age, i);
	}
	state_free_device(&d);
}

static void test_drops(void **state)
{
	struct device_state d = { 0 };
	struct nlmsghdr *nlh = start();
	struct nlattr *nest;
	struct err e;

	(void)state;
	nest = mnl_attr_nest_start(nlh, POOL_A_DEVICE_DROPS);
	mnl_attr_put(nlh, POOL_A_DROPS_PAD, 0, NULL);
	mnl_attr_put_u64(nlh, POOL_A_DROPS_RX_REPLAYED, 3);
	mnl_attr_put_u64(nlh, POOL_A_DROPS_MAX, 4);
	mnl_attr_put_u64(nlh, POOL_A_DROPS_MAX + 1, 99);
	mnl_attr_nest_end(nlh, nest);
	assert_int_equal(state_decode(nlh, &device_fields, &d, &e), 0);
	assert_int_equal(state_drops_total(d.drops), 7);
	assert_int_equal(state_drops_total(NULL), 0);
	nlh = start();
	nest = mnl_attr_nest_start(nlh, POOL_A_DEVICE_DROPS);
	mnl_attr_put_u32(nlh, POOL_A_DROPS_RX_REPLAYED, 3);
	mnl_attr_nest_end(nlh, nest);
	assert_int_equal(state_decode(nlh, &device_fields, &d, &e), -1);
	state_free_device(&d);
}

/* Each figure of each view with each length, and what is behind the known ones. */
static void test_telemetry(void **state)
{
	static const u16 nests[] = { POOL_A_SESSION_TELEMETRY, POOL_A_SESSION_PEER_TELEMETRY };
	static const u8 bytes[16] = { 1, 2, 3, 4, 5, 6, 7, 8 };
	size_t n, i, len;
	struct err e;

	(void)state;
	for (n = 0; n < ARRAY_SIZE(nests); n++) {
		for (i = 0; i < peer_telemetry_fields.n; i++) {
			const struct field *f = &peer_telemetry_fields.field[i];
			unsigned int taken = 0;

			for (len = 0; len <= sizeof(bytes); len++) {
				struct session_state s = { 0 };
				struct nlmsghdr *nlh = start();
				struct nlattr *nest = mnl_attr_nest_start(nlh, nests[n]);

				mnl_attr_put(nlh, POOL_A_TELEMETRY_MAX + 1, len, bytes);
				mnl_attr_put(nlh, f->attr, len, bytes);
				mnl_attr_nest_end(nlh, nest);
				if (!state_decode(nlh, &session_fields, &s, &e))
					taken++;
				else
					assert_says(&e, f->name);
			}
			/* Our own figures have no age: it is like an unknown attribute. */
			if (nests[n] == POOL_A_SESSION_TELEMETRY && f->attr == POOL_A_TELEMETRY_AGE)
				assert_int_equal(taken, sizeof(bytes) + 1);
			else
				assert_int_equal(taken, 1);
		}
	}
}

static void test_codes(void **state)
{
	struct device_state d = { 0 };
	struct nlmsghdr *nlh = start();
	struct nlattr *nest;
	struct err e;

	(void)state;
	put_key(nlh, 1);
	nest = mnl_attr_nest_start(nlh, POOL_A_PEER_ERRORS);
	mnl_attr_put(nlh, POOL_A_CODES_PAD, 0, NULL);
	mnl_attr_put_u64(nlh, POOL_A_CODES_AUTH_FAIL, 3);
	mnl_attr_put_u64(nlh, POOL_A_CODES_OTHER, UINT64_MAX);
	mnl_attr_put_u64(nlh, POOL_A_CODES_MAX + 1, 99);
	mnl_attr_nest_end(nlh, nest);
	assert_int_equal(state_add_peer(&d, nlh, &e), 0);
	assert_int_equal(d.peers[0].errors[POOL_A_CODES_AUTH_FAIL], 3);
	assert_int_equal(d.peers[0].errors[POOL_A_CODES_OTHER], UINT64_MAX);
	assert_int_equal(d.peers[0].errors[POOL_A_CODES_PAD], 0);
	assert_int_equal(d.peers[0].peer_errors[POOL_A_CODES_AUTH_FAIL], 0);
	nlh = start();
	put_key(nlh, 1);
	nest = mnl_attr_nest_start(nlh, POOL_A_PEER_PEER_ERRORS);
	mnl_attr_put_u32(nlh, POOL_A_CODES_AUTH_FAIL, 3);
	mnl_attr_nest_end(nlh, nest);
	assert_int_equal(state_add_peer(&d, nlh, &e), -1);
	assert_says(&e, "\"codes\" is malformed");
	state_free_device(&d);

	assert_string_equal(name_wire_code(0x00), "none");
	assert_string_equal(name_wire_code(0x01), "auth-fail");
	assert_string_equal(name_wire_code(0x0a), "version-mismatch");
	assert_string_equal(name_wire_code(0x0b), "other");
	assert_string_equal(name_wire_code(0xff), "other");
}

/* What is told of a session as JSON. */
static const char *session_json(const struct nlmsghdr *nlh)
{
	struct json j = { .one_line = true };
	struct session_state s = { 0 };
	static char text[2048];
	struct err e;

	assert_int_equal(state_decode(nlh, &session_fields, &s, &e), 0);
	j.out = fmemopen(text, sizeof(text), "w");
	assert_non_null(j.out);
	json_open(&j, NULL, '{');
	json_fields(&j, &session_fields, &s);
	json_close(&j, '}');
	fclose(j.out);
	return text;
}

static void test_session_json(void **state)
{
	struct nlmsghdr *nlh = start();
	struct nlattr *nest;
	const char *text;

	(void)state;
	text = session_json(nlh);
	assert_non_null(strstr(text, ",\"rekeys\":null,\"epoch_age_ms\":null,\"telemetry\":null,"
			       "\"peer_telemetry\":null,\"mismatch\":[]}"));
	nlh = start();
	mnl_attr_put_u32(nlh, POOL_A_SESSION_REKEYS, 2);
	mnl_attr_put_u64(nlh, POOL_A_SESSION_EPOCH_AGE, 1234);
	nest = mnl_attr_nest_start(nlh, POOL_A_SESSION_TELEMETRY);
	mnl_attr_put_u64(nlh, POOL_A_TELEMETRY_RTT, 80);
	mnl_attr_put_u64(nlh, POOL_A_TELEMETRY_JITTER, 0);
	mnl_attr_put_u32(nlh, POOL_A_TELEMETRY_LOSS, 1000000);
	mnl_attr_put_u64(nlh, POOL_A_TELEMETRY_THROUGHPUT, 1ULL << 40);
	mnl_attr_put_u32(nlh, POOL_A_TELEMETRY_MTU, 1448);
	mnl_attr_put_u32(nlh, POOL_A_TELEMETRY_QUEUE, 7);
	mnl_attr_put_u64(nlh, POOL_A_TELEMETRY_UPTIME, UINT64_MAX);
	mnl_attr_put_u32(nlh, POOL_A_TELEMETRY_REKEYS, 2);
	mnl_attr_put_u32(nlh, POOL_A_TELEMETRY_CONFIG_VERSION, 0);
	mnl_attr_put_u32(nlh, POOL_A_TELEMETRY_DIGEST, UINT32_MAX);
	mnl_attr_put_u64(nlh, POOL_A_TELEMETRY_JOURNAL, 0);
	mnl_attr_nest_end(nlh, nest);
	nest = mnl_attr_nest_start(nlh, POOL_A_SESSION_PEER_TELEMETRY);
	mnl_attr_put_u64(nlh, POOL_A_TELEMETRY_AGE, 1500);
	mnl_attr_nest_end(nlh, nest);
	mnl_attr_put_u32(nlh, POOL_A_SESSION_MISMATCH, POOL_MISMATCH_RTT | POOL_MISMATCH_DIGEST |
			 1U << 31);
	text = session_json(nlh);
	assert_non_null(strstr(text, ",\"rekeys\":2,\"epoch_age_ms\":1234,\"telemetry\":{\"rtt_ns\":80,"
			       "\"jitter_ns\":0,\"loss_ppm\":1000000,"
			       "\"throughput_bps\":1099511627776,\"mtu\":1448,\"queue\":7,"
			       "\"uptime_ns\":18446744073709551615,\"rekeys\":2,"
			       "\"config_version\":0,\"digest\":4294967295,\"journal\":0},"
			       "\"peer_telemetry\":{\"rtt_ns\":null,"));
	assert_non_null(strstr(text, ",\"journal\":null,\"age_ms\":1500},"
			       "\"mismatch\":[\"rtt\",\"digest\",\"unknown\"]}"));
}

static void test_json(void **state)
{
	struct json j = { .one_line = true };
	char *text = NULL;
	size_t len;

	(void)state;
	j.out = open_memstream(&text, &len);
	assert_non_null(j.out);
	json_open(&j, NULL, '{');
	json_string(&j, "a", "\"\\\x1b\n\x7f\xff\xc3\xbc\xe2\x80\xae");
	json_number(&j, "b", UINT64_MAX);
	json_signed(&j, "c", -45);
	json_open(&j, "d", '[');
	json_close(&j, ']');
	json_open(&j, "e", '[');
	json_bool(&j, NULL, true);
	json_null(&j, NULL);
	json_open(&j, NULL, '{');
	json_close(&j, '}');
	json_close(&j, ']');
	json_close(&j, '}');
	fclose(j.out);
	assert_string_equal(text, "{\"a\":\"\\\"\\\\\\u001b\\u000a\\u007f\\ufffd\xc3\xbc\\u202e\","
			    "\"b\":18446744073709551615,\"c\":-45,\"d\":[],\"e\":[true,null,{}]}");
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_peers),
		cmocka_unit_test(test_bad_ips),
		cmocka_unit_test(test_lengths),
		cmocka_unit_test(test_strings),
		cmocka_unit_test(test_drivers),
		cmocka_unit_test(test_sockaddr),
		cmocka_unit_test(test_join),
		cmocka_unit_test(test_drops),
		cmocka_unit_test(test_telemetry),
		cmocka_unit_test(test_codes),
		cmocka_unit_test(test_session_json),
		cmocka_unit_test(test_json),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
