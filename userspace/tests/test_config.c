// SPDX-License-Identifier: GPL-2.0
/* The words of pool set, and files. */
#include "unit.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "../lib/config.h"

#define KEY_A "AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA="
#define KEY_B "IB8eHRwbGhkYFxYVFBMSERAPDg0MCwoJCAcGBQQDAgE="
#define SECRET "aIGChIWGh4iJiouMjY6PkJGSk5SVlpeYmZqbnJ2en2A="

/* Parse @text, which may have @len bytes, as a file. */
static int file_len(struct config *c, const char *text, size_t len, const char *dir,
		    struct err *e)
{
	char *copy = malloc(len + 1);
	int ret;

	assert_non_null(copy);
	memcpy(copy, text, len);
	copy[len] = '\0';
	memset(c, 0, sizeof(*c));
	ret = config_parse_file(c, copy, len, dir, e);
	free(copy);
	return ret;
}

static int file(struct config *c, const char *text, struct err *e)
{
	return file_len(c, text, strlen(text), NULL, e);
}

static void test_file(void **state)
{
	static const char text[] =
		"\xef\xbb\xbf# a comment\r\n"
		"[Interface]\r\n"
		"PrivateKey = " SECRET "\r\n"
		"  listenport=1234   # behind a value\n"
		"Transport = tcp\nFwMark = 0x10\nHeartbeat = off\nName = gr\xc3\xbcn \n"
		"Organisation = ff\nSegment = 0x2A\nInitSkew = 60\n"
		"RekeyAfterPackets = 5\nrejectaftertime = 7\nDscp = inherit\n"
		"\n"
		"[peer]\n"
		"PublicKey = " KEY_A "\n"
		"PresharedKeyFile = psk\n"
		"Endpoint = [2001:db8::1]:9253\n"
		"AllowedIPs = 10.0.0.0/8, fd00::/8\n"
		"AllowedIPs = auto,192.0.2.1\n"
		"Heartbeat = 7\n"
		"RekeyAfterTime = 6\n"
		"[Peer]\n"
		"AllowedIPs =\n"
		"PublicKey=" KEY_B;
	struct config c;
	struct err e;

	(void)state;
	assert_int_equal(file_len(&c, text, sizeof(text) - 1, "/etc/pool", &e), 0);
	assert_int_equal(c.dev.has, HAS_PRIVATE_KEY | HAS_LISTEN_PORT | HAS_TRANSPORT |
			 HAS_FWMARK | HAS_HEARTBEAT | HAS_NAME | HAS_ORGANISATION | HAS_SEGMENT |
			 HAS_INIT_SKEW | HAS_REKEY_PACKETS | HAS_REJECT_TIME | HAS_DSCP);
	assert_int_equal(c.dev.limit[LIMIT_REKEY_PACKETS], 5);
	assert_int_equal(c.dev.limit[LIMIT_REJECT_TIME], 7);
	assert_int_equal(c.dev.dscp, 64);
	assert_int_equal(c.peers[0].limit[LIMIT_REKEY_TIME], 6);
	assert_true(c.peers[0].has & HAS_REKEY_TIME);
	assert_int_equal(c.dev.private_key.kind, KEY_INLINE);
	assert_int_equal(c.dev.listen_port, 1234);
	assert_int_equal(c.dev.fwmark, 16);
	assert_int_equal(c.dev.heartbeat, 0);
	assert_string_equal(c.dev.name, "gr\xc3\xbcn");
	assert_int_equal(c.dev.organisation, 255);
	assert_int_equal(c.dev.segment, 42);
	assert_int_equal(c.dev.init_skew, 60);
	assert_int_equal(c.n_peers, 2);
	assert_string_equal(c.peers[0].preshared_key.file, "/etc/pool/psk");
	assert_string_equal(c.peers[0].endpoint_word, "[2001:db8::1]:9253");
	assert_int_equal(c.peers[0].n_ips, 3);
	assert_true(c.peers[0].auto_add);
	assert_int_equal(c.peers[0].heartbeat, 7);
	assert_int_equal(c.peers[0].line, 16);
	assert_int_equal(c.peers[1].has, HAS_PUBLIC_KEY | HAS_ALLOWED_IPS);
	assert_int_equal(c.peers[1].n_ips, 0);
	assert_true(c.peers[1].replace_allowed_ips);
	config_free(&c);
}

static void test_file_keys(void **state)
{
	struct config c;
	struct err e;

	(void)state;
	assert_int_equal(file(&c, "[Interface]\nPrivateKey = none\n[Peer]\nPublicKey = " KEY_A
			      "\nPresharedKey = none\n", &e), 0);
	assert_int_equal(c.dev.private_key.kind, KEY_REMOVE);
	assert_int_equal(c.peers[0].preshared_key.kind, KEY_REMOVE);
	config_free(&c);
	assert_int_equal(file_len(&c, "[Interface]\nPrivateKeyFile = /dev/stdin\n", 40, "/etc", &e),
			 0);
	assert_string_equal(c.dev.private_key.file, "-");
	config_free(&c);
	assert_int_equal(file_len(&c, "[Interface]\nPrivateKeyFile = /k\n", 32, "/etc", &e), 0);
	assert_string_equal(c.dev.private_key.file, "/k");
	config_free(&c);
	assert_int_equal(file(&c, "", &e), 0);
	assert_int_equal(c.dev.has, 0);
	config_free(&c);
}

static void test_file_bad(void **state)
{
	static const struct {
		const char *text, *says;
	} cases[] = {
		{ "ListenPort = 1", "line 1: \"ListenPort\": comes before [Interface]" },
		{ "[Interface]\nListenPort = 99999", "line 2: \"ListenPort\": 99999: must be" },
		{ "[Interface]\nListenPort =", "line 2: \"ListenPort\": the value is missing" },
		{ "[Interface]\n\n\nlisten-port = 1", "line 4: \"listen-port\": no such setting" },
		{ "[Interface]\nEndpoint = a:1", "\"Endpoint\": no such setting in [Interface]" },
		{ "[Interface]\nPublicKey = " KEY_A, "\"PublicKey\": no such setting" },
		{ "[Interface]\nAddress = 10.0.0.1/24", "that is set by ip(8)" },
		{ "[Interface]\nListenPort = 1\nListenPort = 1", "line 3: \"ListenPort\": given twice" },
		{ "[Interface]\nPrivateKey = none\nPrivateKeyFile = a", "given twice, here or by" },
		{ "[Interface]\nPrivateKey = hush-hush", "line 2: \"PrivateKey\": this is no key" },
		{ "[Interface]\nPrivateKeyFile = " SECRET, "is seen by every user" },
		{ "[Interface", "line 1: [Interface: must be" },
		{ "[Device]", "line 1: [Device]: must be [Interface] or [Peer]" },
		{ "[Interface]\nnonsense", "line 2: must be NAME = VALUE" },
		{ "[Interface]\n= 5", "line 2: \"\": no such setting" },
		{ "[Peer]\n[Peer]\nPublicKey = " KEY_A, "line 1: this [Peer] has no PublicKey" },
		{ "[Peer]\nEndpoint = a:1", "line 1: this [Peer] has no PublicKey" },
		{ "[Peer]\nPublicKey = x", "line 2: \"PublicKey\": x: a key is 44 characters" },
		{ "[Peer]\nPublicKey = " KEY_A "\n[Interface]\n[Peer]\nPublicKey = " KEY_A,
		  "line 4: peer " KEY_A " is there already, at line 1" },
		{ "[Peer]\nPublicKey = " KEY_A "\nPublicKey = " KEY_B, "given twice" },
		{ "[Peer]\nPublicKey = " KEY_A "\nPersistentKeepalive = 25", "use Heartbeat" },
		{ "[Peer]\nPublicKey = " KEY_A "\nAllowedIPs = +10.0.0.0/8", "+ and - are for pool set" },
		{ "[Peer]\nPublicKey = " KEY_A "\nAllowedIPs = 10.0.0.0/8,", "an address is missing" },
		{ "[Peer]\nPublicKey = " KEY_A "\nAllowedIPs = 10.0.0.0/8\n[Peer]\nPublicKey = " KEY_B
		  "\nAllowedIPs = 10.9.9.9/8",
		  "10.0.0.0/8 is given to two peers, and only one can have it: " KEY_A
		  " (line 1) and " KEY_B " (line 4)" },
		{ "[Peer]\nPublicKey = " KEY_A "\nremove = 1", "no such setting" },
		{ "[Peer]\nPublicKey = " KEY_A "\nrekey = 1", "no such setting" },
		{ "[Peer]\nPublicKey = " KEY_A "\nDscp = 1", "no such setting" },
		{ "[Interface]\nRekeyAfterTime = 3541", "line 2: \"RekeyAfterTime\": 3541: must be" },
		{ "[Interface]\nRekeyAfterTime = 5\nRejectAfterTime = 5",
		  "\"RekeyAfterTime\": 5: must be less than \"RejectAfterTime\" (5)" },
		{ "[Peer]\nPublicKey = " KEY_A "\nRekeyAfterPackets = 5\nRejectAfterPackets = 4",
		  "peer " KEY_A " (line 1): \"RekeyAfterPackets\": 5: must be less than" },
	};
	struct config c;
	struct err e;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_int_equal(file(&c, cases[i].text, &e), -1);
		assert_says(&e, cases[i].says);
		assert_null(strstr(e.text, "hush"));
		assert_null(strstr(e.text, SECRET));
		config_free(&c);
	}
	assert_int_equal(file_len(&c, "[Interface]\0\n", 13, NULL, &e), -1);
	assert_says(&e, "zero byte");
	config_free(&c);
}

/* Parse the words of @line, which blanks part. */
static int args(struct config *c, const char *line, struct err *e)
{
	char *copy = strdup(line), *rest = copy, *word, *argv[64];
	int argc = 0, ret;

	assert_non_null(copy);
	while ((word = strsep(&rest, " ")) && argc < 64)
		argv[argc++] = word;
	memset(c, 0, sizeof(*c));
	ret = config_parse_args(c, argc, argv, e);
	free(copy);
	return ret;
}

static void test_args(void **state)
{
	struct config c;
	struct err e;

	(void)state;
	assert_int_equal(args(&c, "private-key k listen-port 0 transport udp fwmark 7 heartbeat 9 "
			      "organisation 1 segment 2 init-skew 31 bind ::1 bind-device eth0 "
			      "peer " KEY_A " update-only endpoint a:1 allowed-ips +10.0.0.1,-auto "
			      "peer " KEY_B " remove peer " KEY_B " preshared-key /p endpoint none "
			      "allowed-ips 0.0.0.0/0,auto heartbeat off transport raw", &e), 0);
	assert_int_equal(c.dev.private_key.kind, KEY_FILE);
	assert_string_equal(c.dev.private_key.file, "k");
	assert_int_equal(c.dev.transport, POOL_TRANSPORT_UDP);
	assert_int_equal(c.dev.bind.family, AF_INET6);
	assert_int_equal(c.dev.bind.addr[15], 1);
	assert_string_equal(c.dev.bind_device, "eth0");
	assert_int_equal(c.n_peers, 3);
	assert_true(c.peers[0].update_only);
	assert_true(c.peers[0].auto_remove);
	assert_false(c.peers[0].auto_add);
	assert_false(c.peers[0].replace_allowed_ips);
	assert_int_equal(c.peers[0].n_ips, 1);
	assert_true(c.peers[1].remove);
	assert_true(c.peers[2].has & HAS_ENDPOINT);
	assert_null(c.peers[2].endpoint_word);
	assert_true(c.peers[2].replace_allowed_ips);
	assert_true(c.peers[2].auto_add);
	assert_int_equal(c.peers[2].transport, POOL_TRANSPORT_RAW);
	assert_int_equal(c.peers[2].heartbeat, 0);
	config_free(&c);

	/* The order in which peers are given is the order in which they are sent. */
	assert_int_equal(args(&c, "peer " KEY_B " peer " KEY_A, &e), 0);
	assert_int_equal(c.peers[0].public_key[0], 32);
	assert_int_equal(c.peers[1].public_key[0], 1);
	config_free(&c);

	/* A secret as a word is refused, and wiped where the tool can. */
	{
		char word[] = "private-key", secret[] = SECRET;
		char *argv[] = { word, secret };

		memset(&c, 0, sizeof(c));
		assert_int_equal(config_parse_args(&c, 2, argv, &e), -1);
		assert_says(&e, "is seen by every user");
		assert_int_equal(secret[0], 0);
		config_free(&c);
	}
}

static void test_load(void **state)
{
	char name[] = "/tmp/pool-test-XXXXXX";
	int fd = mkstemp(name);
	struct config c;
	char line[200];
	struct err e;

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(write(fd, SECRET "\n", 45), 45);
	close(fd);
	snprintf(line, sizeof(line), "private-key %s peer " KEY_A " preshared-key /dev/null "
		 "endpoint 192.0.2.1:9253", name);
	assert_int_equal(args(&c, line, &e), 0);
	assert_int_equal(config_load(&c, NULL, &e), 0);
	assert_int_equal(c.dev.private_key.kind, KEY_INLINE);
	assert_int_equal(c.dev.private_key.key[0], 0x68);
	assert_int_equal(c.peers[0].preshared_key.kind, KEY_REMOVE);
	assert_int_equal(c.peers[0].endpoint.len, sizeof(struct sockaddr_in));
	config_free(&c);
	unlink(name);
	assert_int_equal(args(&c, line, &e), 0);
	assert_int_equal(config_load(&c, NULL, &e), -1);
	assert_says(&e, "private key: /tmp/pool-test-");
	config_free(&c);
}

static void test_many(void **state)
{
	struct config c = { 0 };
	struct err e;
	size_t i;

	(void)state;
	for (i = 0; i <= CONFIG_PEERS_MAX; i++) {
		struct config_peer *p = config_add_peer(&c);

		assert_non_null(p);
		p->line = (unsigned int)i;
		memcpy(p->public_key, &i, sizeof(i));
		if (i == CONFIG_PEERS_MAX - 1)
			assert_int_equal(config_check(&c, CONFIG_FILE, &e), 0);
	}
	assert_int_equal(config_check(&c, CONFIG_FILE, &e), -1);
	assert_says(&e, "a device has at most 65536");
	config_free(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_file),
		cmocka_unit_test(test_file_keys),
		cmocka_unit_test(test_file_bad),
		cmocka_unit_test(test_args),
		cmocka_unit_test(test_load),
		cmocka_unit_test(test_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
