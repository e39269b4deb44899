// SPDX-License-Identifier: GPL-2.0
/* pool showconf, setconf, addconf and syncconf */
#include <inttypes.h>
#include <libgen.h>

#include "pool.h"
#include "../lib/apply.h"
#include "../lib/names.h"
#include "../lib/parse.h"

static void print_heartbeat(u16 seconds)
{
	if (seconds)
		printf("Heartbeat = %u\n", seconds);
	else
		puts("Heartbeat = off");
}

static void print_peer(const struct device_state *d, const struct peer_state *p)
{
	char key[KEY_TEXT_LEN], cidr[TEXT_CIDR_LEN], endpoint[TEXT_SOCKADDR_LEN];
	size_t i;

	printf("\n[Peer]\n");
	if (p->name[0]) {
		printf("# ");
		print_foreign(stdout, p->name);
		putchar('\n');
	}
	printf("PublicKey = %s\n", key_format(key, p->public_key));
	if (STATE_HAS(p, POOL_A_PEER_HAS_PRESHARED_KEY))
		puts("# PresharedKeyFile = (set; the kernel does not give keys out)");
	if (p->endpoint.len)
		printf("Endpoint = %s\n", text_sockaddr(endpoint, &p->endpoint));
	if (STATE_HAS(p, POOL_A_PEER_TRANSPORT) && p->transport != d->transport)
		printf("Transport = %s\n", name_transport(p->transport));
	if (STATE_HAS(p, POOL_A_PEER_HEARTBEAT) && p->heartbeat != d->heartbeat)
		print_heartbeat(p->heartbeat);
	for (i = 0; i < LIMITS; i++) {
		if (p->has >> (POOL_A_PEER_REKEY_AFTER_PACKETS + i) & 1 &&
		    p->limit[i] != d->limit[i])
			printf("%s = %u\n", limit_info[i].file, p->limit[i]);
	}
	for (i = 0; i < p->n_ips; i++)
		printf("%s%s", i ? ", " : "AllowedIPs = ", text_cidr(cidr, &p->ips[i]));
	if (p->n_ips)
		putchar('\n');
}

static void print_bind(const struct device_state *d)
{
	char text[TEXT_CIDR_LEN];

	if (d->bind_address.family)
		printf("BindAddress = %s\n", text_ip(text, &d->bind_address));
	if (d->bind_device[0])
		printf("BindDevice = %s\n", d->bind_device);
	else if (d->bind_ifindex)
		puts("# BindDevice = (the interface is gone)");
}

static void print_conf(const struct device_state *d)
{
	size_t i;

	puts("[Interface]");
	if (STATE_HAS(d, POOL_A_DEVICE_PUBLIC_KEY))
		puts("# PrivateKeyFile = (set; the kernel does not give keys out)");
	printf("ListenPort = %u\n", d->listen_port);
	printf("Transport = %s\n", name_transport(d->transport));
	if (d->fwmark)
		printf("FwMark = 0x%x\n", d->fwmark);
	print_bind(d);
	print_heartbeat(d->heartbeat);
	if (d->name[0] && !strchr(d->name, '#'))
		printf("Name = %s\n", d->name);
	else if (d->name[0])
		puts("# Name = (its # cannot be written in a file)");
	if (d->organisation)
		printf("Organisation = %016" PRIx64 "\n", d->organisation);
	if (d->segment)
		printf("Segment = %016" PRIx64 "\n", d->segment);
	if (d->init_skew != CONFIG_INIT_SKEW)
		printf("InitSkew = %u\n", d->init_skew);
	for (i = 0; i < LIMITS; i++) {
		if (d->has >> (POOL_A_DEVICE_REKEY_AFTER_PACKETS + i) & 1 &&
		    d->limit[i] != limit_info[i].most)
			printf("%s = %u\n", limit_info[i].file, d->limit[i]);
	}
	if (d->dscp == DSCP_INHERIT)
		puts("Dscp = inherit");
	else if (d->dscp)
		printf("Dscp = %u\n", d->dscp);
	for (i = 0; i < d->peers_here; i++)
		print_peer(d, &d->peers[i]);
}

/* The device and its peers as they are. */
static int get_now(struct nl *nl, const struct nl_dev *dev, struct device_list *list,
		   struct err *e)
{
	if (state_get_devices(nl, dev, list, e))
		return -1;
	return state_get_peers(nl, &list->dev[0], false, NULL, e);
}

int cmd_showconf(int argc, char **argv)
{
	struct device_list list = { 0 };
	struct nl_dev dev;
	struct nl nl;
	struct err e;
	int ret;

	if (argc < 2)
		return fail_usage("showconf", "the name of a device is missing");
	if (argc > 2)
		return fail_usage("showconf", "\"%.64s\": one device at a time", argv[2]);
	if (nl_dev_parse(&dev, argv[1], &e))
		return fail("showconf", &e, POOL_USAGE);
	if (nl_open(&nl, &e))
		return fail("showconf", &e, POOL_REFUSED);
	ret = get_now(&nl, &dev, &list, &e);
	nl_close(&nl);
	if (ret) {
		err_prepend(&e, "%s: ", argv[1]);
		ret = fail("showconf", &e, POOL_REFUSED);
	} else {
		print_conf(&list.dev[0]);
		ret = finish("showconf", POOL_OK);
	}
	state_free_list(&list);
	return ret;
}

static bool has_inline_secret(const struct config *c)
{
	size_t i;

	if (c->dev.private_key.kind == KEY_INLINE)
		return true;
	for (i = 0; i < c->n_peers; i++) {
		if (c->peers[i].preshared_key.kind == KEY_INLINE)
			return true;
	}
	return false;
}

/* Everything that can be known before a message is sent. */
static int read_conf(struct config *c, const char *file, struct err *e)
{
	char path[4096], *dir = NULL, *text;
	bool others;
	size_t len;
	int ret;

	if (!strcmp(file, "-") || !strcmp(file, "/dev/stdin")) {
		file = "-";
		c->stdin_used = 1;
	} else if (strlen(file) < sizeof(path)) {
		memcpy(path, file, strlen(file) + 1);
		dir = dirname(path);
	}
	text = file_read(file, &len, &others, e);
	if (!text)
		return -1;
	ret = config_parse_file(c, text, len, dir, e);
	file_free(text, len);
	if (ret)
		return err_prepend(e, "%.200s: ", c->stdin_used && !dir ? "standard input" : file);
	if (others && has_inline_secret(c)) {
		struct err w;

		err_set(&w, "%.200s: every user may open the secrets in it: chmod 600", file);
		warn(w.text);
	}
	return config_load(c, warn, e);
}

static int write_conf(struct nl *nl, const char *command, const struct nl_dev *dev,
		      struct config *c, struct err *e)
{
	struct device_list now = { 0 };
	struct sync_plan plan = { 0 };
	int ret;

	if (!strcmp(command, "addconf"))
		return apply(nl, dev, c, NULL, &apply_out, e);
	ret = get_now(nl, dev, &now, e);
	if (!ret)
		ret = sync_make(c, &now.dev[0],
				strcmp(command, "setconf") ? SYNC_KEEP : SYNC_FRESH, &plan, e);
	if (!ret)
		ret = apply(nl, dev, c, &plan, &apply_out, e);
	sync_free(&plan);
	state_free_list(&now);
	return ret;
}

/* setconf, addconf and syncconf, whichever it is called as */
int cmd_setconf(int argc, char **argv)
{
	const char *command = argv[0];
	struct config c = { 0 };
	struct nl_dev dev;
	struct nl nl;
	struct err e;
	int ret;

	if (argc != 3)
		return fail_usage(command, "the name of a device and of a file (- for standard input) are wanted");
	if (nl_dev_parse(&dev, argv[1], &e))
		return fail(command, &e, POOL_USAGE);
	ret = read_conf(&c, argv[2], &e);
	if (!ret)
		ret = nl_open(&nl, &e);
	if (!ret) {
		ret = write_conf(&nl, command, &dev, &c, &e);
		nl_close(&nl);
		if (ret)
			err_prepend(&e, "%s: ", argv[1]);
	}
	config_free(&c);
	return ret ? fail(command, &e, POOL_REFUSED) : POOL_OK;
}
