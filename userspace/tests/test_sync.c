// SPDX-License-Identifier: GPL-2.0
/* From what a device is to what a file wants. */
#include "unit.h"

#include <arpa/inet.h>
#include <stdlib.h>

#include "../../kernel/proto/crypto.h"
#include "../lib/apply.h"

static struct device_state now;
static struct config want;
static struct sync_plan plan;
static struct err e;

/* A device with a key and the peers 1, 2 and 3, of which 2 has a secret. */
static int setup(void **state)
{
	static const u16 attrs[] = {
		POOL_A_DEVICE_LISTEN_PORT, POOL_A_DEVICE_TRANSPORT, POOL_A_DEVICE_HEARTBEAT,
	};
	size_t i;

	(void)state;
	memset(&now, 0, sizeof(now));
	memset(&want, 0, sizeof(want));
	for (i = 0; i < ARRAY_SIZE(attrs); i++)
		now.has |= 1ULL << attrs[i];
	now.listen_port = CONFIG_LISTEN_PORT;
	now.transport = POOL_TRANSPORT_TCP;
	now.heartbeat = CONFIG_HEARTBEAT;
	now.init_skew = CONFIG_INIT_SKEW;
	now.peers_here = 3;
	now.peers = calloc(3, sizeof(*now.peers));
	for (i = 0; i < 3; i++) {
		now.peers[i].public_key[0] = (u8)(3 - i);	/* not sorted */
		now.peers[i].transport = POOL_TRANSPORT_TCP;
		now.peers[i].has = 1ULL << POOL_A_PEER_TRANSPORT;
	}
	now.peers[1].has |= 1ULL << POOL_A_PEER_HAS_PRESHARED_KEY;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	sync_free(&plan);
	config_free(&want);
	state_free_device(&now);
	return 0;
}

static struct config_peer *want_peer(u8 first)
{
	struct config_peer *p = config_add_peer(&want);

	p->public_key[0] = first;
	p->has = HAS_PUBLIC_KEY;
	p->line = 1;
	return p;
}

static void give_ip(struct peer_state *p, const struct cidr *ip)
{
	p->ips = reallocarray(p->ips, p->n_ips + 1, sizeof(*ip));
	p->ips[p->n_ips++] = *ip;
	p->max_ips = p->n_ips;
}

static void test_nothing(void **state)
{
	(void)state;
	want_peer(1);
	want_peer(2);
	want_peer(3);
	assert_int_equal(sync_make(&want, &now, SYNC_KEEP, &plan, &e), 0);
	assert_int_equal(want.dev.has, 0);
	assert_false(want.dev.replace_peers);
	assert_int_equal(plan.n_remove, 0);
	assert_true(want.peers[0].unchanged && want.peers[1].unchanged &&
		    want.peers[2].unchanged);
}

static void test_defaults(void **state)
{
	(void)state;
	now.listen_port = 5;
	now.fwmark = 1;
	now.heartbeat = 0;
	strcpy(now.name, "x");
	now.organisation = 1;
	now.segment = 1;
	now.init_skew = 60;
	assert_int_equal(sync_make(&want, &now, SYNC_KEEP, &plan, &e), 0);
	assert_int_equal(want.dev.has, HAS_LISTEN_PORT | HAS_FWMARK | HAS_HEARTBEAT | HAS_NAME |
			 HAS_ORGANISATION | HAS_SEGMENT | HAS_INIT_SKEW);
	assert_int_equal(want.dev.listen_port, 9253);
	assert_int_equal(want.dev.heartbeat, 5);
	assert_int_equal(want.dev.init_skew, 30);
	assert_int_equal(want.dev.fwmark, 0);
	assert_string_equal(want.dev.name, "");
}

static void test_bind(void **state)
{
	(void)state;
	assert_int_equal(parse_bind("192.0.2.1", &now.bind_address, &e), 0);
	strcpy(now.bind_device, "eth0");
	now.bind_ifindex = 2;
	want.dev.bind = now.bind_address;
	strcpy(want.dev.bind_device, "eth0");
	want.dev.has = HAS_BIND | HAS_BIND_DEVICE;
	assert_int_equal(sync_make(&want, &now, SYNC_KEEP, &plan, &e), 0);
	assert_int_equal(want.dev.has, 0);
	sync_free(&plan);

	/* The interface has gone, and one of its name has come. */
	now.bind_device[0] = '\0';
	assert_int_equal(sync_make(&want, &now, SYNC_KEEP, &plan, &e), 0);
	assert_int_equal(want.dev.has, HAS_BIND_DEVICE);
	sync_free(&plan);

	/* Not named: neither address nor interface, not even one that is gone. */
	memset(&want.dev.bind, 0, sizeof(want.dev.bind));
	want.dev.bind_device[0] = '\0';
	want.dev.has = 0;
	assert_int_equal(sync_make(&want, &now, SYNC_KEEP, &plan, &e), 0);
	assert_int_equal(want.dev.has, HAS_BIND | HAS_BIND_DEVICE);
}

static void test_any_port(void **state)
{
	(void)state;
	want.dev.has = HAS_LISTEN_PORT;
	now.listen_port = 40123;
	assert_int_equal(sync_make(&want, &now, SYNC_KEEP, &plan, &e), 0);
	assert_int_equal(want.dev.has, 0);
}

static void test_private_key(void **state)
{
	struct key_source *k = &want.dev.private_key;

	(void)state;
	memset(k->key, 0x41, sizeof(k->key));
	k->kind = KEY_INLINE;
	want.dev.has = HAS_PRIVATE_KEY;
	pool_x25519_public(now.public_key, k->key);
	now.has |= 1ULL << POOL_A_DEVICE_PUBLIC_KEY;
	assert_int_equal(sync_make(&want, &now, SYNC_KEEP, &plan, &e), 0);
	assert_int_equal(want.dev.has, 0);
	sync_free(&plan);

	want.dev.has = HAS_PRIVATE_KEY;
	k->key[0] ^= 8;
	assert_int_equal(sync_make(&want, &now, SYNC_KEEP, &plan, &e), 0);
	assert_int_equal(want.dev.has, HAS_PRIVATE_KEY);
	sync_free(&plan);

	want.dev.has = HAS_PRIVATE_KEY;
	k->kind = KEY_REMOVE;
	assert_int_equal(sync_make(&want, &now, SYNC_KEEP, &plan, &e), 0);
	assert_int_equal(want.dev.has, HAS_PRIVATE_KEY);
	sync_free(&plan);

	want.dev.has = HAS_PRIVATE_KEY;
	now.has &= ~(1ULL << POOL_A_DEVICE_PUBLIC_KEY);
	assert_int_equal(sync_make(&want, &now, SYNC_KEEP, &plan, &e), 0);
	assert_int_equal(want.dev.has, 0);
}

static void test_removal(void **state)
{
	(void)state;
	want_peer(2);
	want_peer(9);
	assert_int_equal(sync_make(&want, &now, SYNC_KEEP, &plan, &e), 0);
	assert_int_equal(plan.n_remove, 2);
	assert_int_equal(plan.remove[0][0], 1);
	assert_int_equal(plan.remove[1][0], 3);
	assert_true(want.peers[0].unchanged);
	assert_false(want.peers[1].unchanged);
}

static void test_allowed_ips(void **state)
{
	static const struct cidr a = { .family = AF_INET, .prefix_len = 8, .addr = { 10 } };
	static const struct cidr b = { .family = AF_INET, .prefix_len = 16, .addr = { 10, 2 } };
	struct config_peer *p;
	struct cidr mapped;

	(void)state;
	apply_auto_prefix(&mapped, (const u8 [32]){ 3 }, 0x11, 0x22);
	give_ip(&now.peers[0], &b);
	give_ip(&now.peers[0], &mapped);
	give_ip(&now.peers[0], &a);
	give_ip(&now.peers[2], &a);
	/* The same in another order, twice, and one of them as "auto". */
	want.dev.has = HAS_ORGANISATION | HAS_SEGMENT;
	want.dev.organisation = 0x11;
	want.dev.segment = 0x22;
	p = want_peer(3);
	p->has |= HAS_ALLOWED_IPS;
	p->auto_add = true;
	assert_int_equal(config_add_ip(p, &a, &e), 0);
	assert_int_equal(config_add_ip(p, &b, &e), 0);
	assert_int_equal(config_add_ip(p, &a, &e), 0);
	/* One that has an address which the file does not name. */
	want_peer(1);
	assert_int_equal(sync_make(&want, &now, SYNC_KEEP, &plan, &e), 0);
	assert_true(want.peers[0].unchanged);
	assert_false(want.peers[1].unchanged);
	assert_true(want.peers[1].has & HAS_ALLOWED_IPS);
	assert_true(want.peers[1].replace_allowed_ips);
	assert_int_equal(want.peers[1].n_ips, 0);
}

static void set_in(struct saddr *sa, u16 port)
{
	memset(sa, 0, sizeof(*sa));
	sa->in.sin_family = AF_INET;
	sa->in.sin_port = htons(port);
	sa->len = sizeof(sa->in);
}

static void test_endpoint(void **state)
{
	struct config_peer *p;

	(void)state;
	set_in(&now.peers[0].endpoint, 1);
	set_in(&now.peers[1].endpoint, 2);
	set_in(&now.peers[2].endpoint, 3);
	p = want_peer(3);
	p->has |= HAS_ENDPOINT;
	set_in(&p->endpoint, 1);
	p = want_peer(2);
	p->has |= HAS_ENDPOINT;
	set_in(&p->endpoint, 77);
	want_peer(1);
	assert_int_equal(sync_make(&want, &now, SYNC_KEEP, &plan, &e), 0);
	assert_true(want.peers[0].unchanged);
	assert_true(want.peers[1].has & HAS_ENDPOINT);
	/* Not in the file: taken away. */
	assert_true(want.peers[2].has & HAS_ENDPOINT);
	assert_int_equal(want.peers[2].endpoint.len, 0);
}

static void test_heartbeat(void **state)
{
	struct config_peer *p;

	(void)state;
	now.peers[0].has |= 1ULL << POOL_A_PEER_HEARTBEAT;
	now.peers[0].heartbeat = 60;
	now.peers[1].has |= 1ULL << POOL_A_PEER_HEARTBEAT;
	now.peers[1].heartbeat = 0;
	want_peer(3);
	p = want_peer(2);
	p->has |= HAS_HEARTBEAT;
	p = want_peer(1);
	p->has |= HAS_HEARTBEAT;
	p->heartbeat = 0;
	assert_int_equal(sync_make(&want, &now, SYNC_KEEP, &plan, &e), 0);
	/* Was its own, is not named: the device's. */
	assert_true(want.peers[0].has & HAS_HEARTBEAT);
	assert_int_equal(want.peers[0].heartbeat, CONFIG_HEARTBEAT);
	assert_true(want.peers[1].unchanged);
	/* Followed the device, shall be off. */
	assert_true(want.peers[2].has & HAS_HEARTBEAT);
	assert_int_equal(want.peers[2].heartbeat, 0);
}

static void test_limits(void **state)
{
	struct config_peer *p;
	u32 i;

	(void)state;
	for (i = 0; i < LIMITS; i++) {
		now.has |= 1ULL << (POOL_A_DEVICE_REKEY_AFTER_PACKETS + i);
		now.limit[i] = 100 + i;
	}
	now.dscp = 10;
	/* One is kept, one changed, and the others get their defaults. */
	want.dev.has = HAS_REKEY_PACKETS | HAS_REKEY_TIME;
	want.dev.limit[LIMIT_REKEY_PACKETS] = 100;
	want.dev.limit[LIMIT_REKEY_TIME] = 50;
	/* The first peer has one of its own that is not named, and one that is. */
	now.peers[0].has |= 1ULL << POOL_A_PEER_REKEY_AFTER_TIME |
			    1ULL << POOL_A_PEER_REJECT_AFTER_TIME;
	now.peers[0].limit[LIMIT_REKEY_TIME] = 7;
	now.peers[0].limit[LIMIT_REJECT_TIME] = 8;
	p = want_peer(3);
	p->has |= HAS_REJECT_TIME;
	p->limit[LIMIT_REJECT_TIME] = 8;
	/* The second follows the device, and shall not in one. */
	p = want_peer(2);
	p->has |= HAS_REJECT_PACKETS;
	p->limit[LIMIT_REJECT_PACKETS] = 9;
	/* The third has what the device shall have, by itself. */
	now.peers[2].has |= 1ULL << POOL_A_PEER_REKEY_AFTER_TIME;
	now.peers[2].limit[LIMIT_REKEY_TIME] = 50;
	want_peer(1);
	assert_int_equal(sync_make(&want, &now, SYNC_KEEP, &plan, &e), 0);
	assert_int_equal(want.dev.has, HAS_REKEY_TIME | HAS_REJECT_PACKETS | HAS_REJECT_TIME |
			 HAS_DSCP);
	assert_int_equal(want.dev.limit[LIMIT_REKEY_TIME], 50);
	assert_int_equal(want.dev.limit[LIMIT_REJECT_PACKETS], 269484032);
	assert_int_equal(want.dev.limit[LIMIT_REJECT_TIME], 3780);
	assert_int_equal(want.dev.dscp, 0);
	assert_int_equal(want.peers[0].has, HAS_PUBLIC_KEY | HAS_REKEY_TIME);
	assert_int_equal(want.peers[0].limit[LIMIT_REKEY_TIME], 50);
	assert_int_equal(want.peers[1].has, HAS_PUBLIC_KEY | HAS_REJECT_PACKETS);
	assert_true(want.peers[2].unchanged);
}

static void test_preshared_key(void **state)
{
	struct config_peer *p;

	(void)state;
	p = want_peer(2);
	p->has |= HAS_PRESHARED_KEY;
	p->preshared_key.kind = KEY_REMOVE;
	p = want_peer(3);
	p->has |= HAS_PRESHARED_KEY;
	p->preshared_key.kind = KEY_REMOVE;
	p = want_peer(1);
	p->has |= HAS_PRESHARED_KEY;
	p->preshared_key.kind = KEY_INLINE;
	assert_int_equal(sync_make(&want, &now, SYNC_KEEP, &plan, &e), 0);
	assert_true(want.peers[0].has & HAS_PRESHARED_KEY);
	assert_true(want.peers[1].unchanged);
	assert_true(want.peers[2].has & HAS_PRESHARED_KEY);
}

static void test_fresh(void **state)
{
	struct config_peer *p;

	(void)state;
	p = want_peer(1);
	p->has |= HAS_PRESHARED_KEY;
	p->preshared_key.kind = KEY_INLINE;
	want_peer(3);
	assert_int_equal(sync_make(&want, &now, SYNC_FRESH, &plan, &e), 0);
	assert_true(want.dev.replace_peers);
	assert_int_equal(plan.n_remove, 0);
	assert_false(want.peers[0].unchanged || want.peers[1].unchanged);
}

/* A secret that the file does not give must not get lost on the way. */
static void test_fresh_with_secret(void **state)
{
	(void)state;
	want_peer(1);
	want_peer(2);
	assert_int_equal(sync_make(&want, &now, SYNC_FRESH, &plan, &e), 0);
	assert_false(want.dev.replace_peers);
	assert_int_equal(plan.n_remove, 2);
	assert_int_equal(plan.remove[0][0], 1);
	assert_int_equal(plan.remove[1][0], 3);
	assert_false(want.peers[0].unchanged);
	assert_true(want.peers[1].unchanged);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_nothing),
		TEST(test_defaults),
		TEST(test_bind),
		TEST(test_any_port),
		TEST(test_private_key),
		TEST(test_removal),
		TEST(test_allowed_ips),
		TEST(test_endpoint),
		TEST(test_heartbeat),
		TEST(test_limits),
		TEST(test_preshared_key),
		TEST(test_fresh),
		TEST(test_fresh_with_secret),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
