// SPDX-License-Identifier: GPL-2.0
/* pool genkey, genpsk, pubkey and address */
#include <arpa/inet.h>
#include <sys/stat.h>
#include <unistd.h>

#include "pool.h"
#include "../../kernel/proto/address.h"
#include "../lib/key.h"
#include "../lib/parse.h"

static void warn_if_open(void)
{
	struct stat st;

	if (!fstat(STDOUT_FILENO, &st) && S_ISREG(st.st_mode) && st.st_mode & 07)
		warn("every user may open the file this key is written to: umask 077 first, or chmod 600");
}

/* Around stdio, whose buffer would keep it. */
static int put_key(const char *command, const u8 key[POOL_KEY_LEN])
{
	char text[KEY_TEXT_LEN];
	size_t done = 0;
	ssize_t n = 0;

	key_format(text, key);
	text[KEY_TEXT_LEN - 1] = '\n';
	while (done < KEY_TEXT_LEN) {
		n = write(STDOUT_FILENO, text + done, KEY_TEXT_LEN - done);
		if (n < 0 && errno != EINTR)
			break;
		if (n > 0)
			done += (size_t)n;
	}
	pool_wipe(text, sizeof(text));
	if (done < KEY_TEXT_LEN) {
		fprintf(stderr, "pool: %s: the output could not be written: %s\n", command,
			strerror(errno));
		return POOL_REFUSED;
	}
	return POOL_OK;
}

static int generate(const char *command, bool clamp)
{
	u8 key[POOL_KEY_LEN];
	int ret;

	warn_if_open();
	pool_random(key, sizeof(key));
	if (clamp) {
		/* RFC 7748, 5: as every implementation would read it anyway */
		key[0] &= 248;
		key[31] &= 127;
		key[31] |= 64;
	}
	ret = put_key(command, key);
	pool_wipe(key, sizeof(key));
	return ret;
}

int cmd_genkey(int argc, char **argv)
{
	if (argc > 1)
		return fail_usage("genkey", "\"%.64s\": genkey takes no words", argv[1]);
	return generate("genkey", true);
}

int cmd_genpsk(int argc, char **argv)
{
	if (argc > 1)
		return fail_usage("genpsk", "\"%.64s\": genpsk takes no words", argv[1]);
	return generate("genpsk", false);
}

/* One key from standard input, whole and sound. */
static int key_from_stdin(u8 key[POOL_KEY_LEN], struct err *e)
{
	int ret = key_read(key, STDIN_FILENO, e);

	if (!ret)
		return err_set(e, "standard input: a key is missing");
	return ret < 0 ? err_prepend(e, "standard input: ") : 0;
}

int cmd_pubkey(int argc, char **argv)
{
	u8 key[POOL_KEY_LEN], public_key[POOL_KEY_LEN];
	struct err e;
	bool ok;

	if (argc > 1)
		return fail_usage("pubkey", "\"%.64s\": the private key comes from standard input: pool pubkey < FILE",
				  key_parse(key, argv[1]) ? "(a key)" : argv[1]);
	if (key_from_stdin(key, &e))
		return fail("pubkey", &e, POOL_REFUSED);
	ok = pool_x25519_public(public_key, key);
	pool_wipe(key, sizeof(key));
	if (!ok) {
		err_set(&e, "standard input: no public key belongs to this");
		return fail("pubkey", &e, POOL_REFUSED);
	}
	return put_key("pubkey", public_key);
}

static void address_text(char text[POOL_ADDR_TEXT_LEN], char ipv6[INET6_ADDRSTRLEN],
			 const u8 addr[POOL_ADDR_LEN])
{
	u8 mapped[16];

	pool_addr_format(text, addr);
	pool_addr_to_ipv6(mapped, addr);
	inet_ntop(AF_INET6, mapped, ipv6, INET6_ADDRSTRLEN);
}

/* Of one device, or of all, a line for each. */
static int address_of_devices(const char *word)
{
	char text[POOL_ADDR_TEXT_LEN], ipv6[INET6_ADDRSTRLEN];
	struct device_list list = { 0 };
	struct nl_dev dev;
	struct nl nl;
	struct err e;
	size_t i;
	int ret;

	if (word && nl_dev_parse(&dev, word, &e))
		return fail("address", &e, POOL_USAGE);
	if (nl_open(&nl, &e))
		return fail("address", &e, POOL_REFUSED);
	ret = state_get_devices(&nl, word ? &dev : NULL, &list, &e);
	nl_close(&nl);
	if (ret && word)
		err_prepend(&e, "%s: ", word);
	for (i = 0; i < list.n && !ret; i++) {
		const struct device_state *d = &list.dev[i];

		if (STATE_HAS(d, POOL_A_DEVICE_ADDRESS)) {
			address_text(text, ipv6, d->address);
			if (word)
				printf("%s\n%s\n", text, ipv6);
			else
				printf("%s\t%s\t%s\n", d->ifname, text, ipv6);
		} else if (word) {
			ret = err_set(&e, "%s: it has no private key, so it has no address: pool set %s private-key FILE",
				      word, word);
		} else {
			printf("%s\t(none)\t(none)\n", d->ifname);
		}
	}
	state_free_list(&list);
	return ret ? fail("address", &e, POOL_REFUSED) : finish("address", POOL_OK);
}

static int address_of_key(const u8 key[POOL_KEY_LEN], int argc, char **argv)
{
	char text[POOL_ADDR_TEXT_LEN], ipv6[INET6_ADDRSTRLEN];
	u64 organisation = 0, segment = 0;
	u8 addr[POOL_ADDR_LEN];
	struct err e;
	int i;

	for (i = 0; i < argc; i += 2) {
		u64 *value = NULL;

		if (!strcmp(argv[i], "organisation"))
			value = &organisation;
		else if (!strcmp(argv[i], "segment"))
			value = &segment;
		if (!value)
			return fail_usage("address", "\"%.64s\": must be organisation or segment",
					  argv[i]);
		if (i + 1 == argc)
			return fail_usage("address", "\"%s\": a value is missing behind it",
					  argv[i]);
		if (parse_hex64(argv[i + 1], value, &e)) {
			err_prepend(&e, "\"%s\": ", argv[i]);
			return fail("address", &e, POOL_USAGE);
		}
	}
	pool_addr_make(addr, organisation, segment, key);
	address_text(text, ipv6, addr);
	printf("%s\n%s\n", text, ipv6);
	return finish("address", POOL_OK);
}

int cmd_address(int argc, char **argv)
{
	u8 key[POOL_KEY_LEN];
	struct err e;

	if (argc < 2)
		return address_of_devices(NULL);
	if (!strcmp(argv[1], "-")) {
		if (key_from_stdin(key, &e))
			return fail("address", &e, POOL_REFUSED);
	} else if (!key_parse(key, argv[1])) {
		if (argc > 2 && strlen(argv[1]) < 16)
			return fail_usage("address", "\"%.64s\": a device has its own organisation and segment, they go with a key only",
					  argv[2]);
		if (strlen(argv[1]) >= 16)
			return fail_usage("address", "%.64s: neither a device nor a public key",
					  argv[1]);
		return address_of_devices(argv[1]);
	}
	return address_of_key(key, argc - 2, argv + 2);
}
