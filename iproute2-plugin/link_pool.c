// SPDX-License-Identifier: GPL-2.0
/*
 * ip link add NAME type pool OPTIONS, ip -d link show, ip link help pool.
 *
 * iproute2 gives its plugins no headers, so what is used of `ip` is declared
 * here. The layout of struct link_util has been the same since 4.20; all
 * functions below are in every dynamically linked `ip` since then. Do not use
 * matches(): its return type changed and changed back.
 */
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linux/if_pool.h>
#include <linux/pool.h>

struct link_util {
	struct link_util *next;
	const char *id;
	int maxattr;
	int (*parse_opt)(struct link_util *lu, int argc, char **argv, struct nlmsghdr *n);
	void (*print_opt)(struct link_util *lu, FILE *f, struct rtattr *tb[]);
	void (*print_xstats)(struct link_util *lu, FILE *f, struct rtattr *xstats);
	void (*print_help)(struct link_util *lu, int argc, char **argv, FILE *f);
	int (*parse_ifla_xstats)(struct link_util *lu, int argc, char **argv);
	int (*print_ifla_xstats)(struct nlmsghdr *n, void *arg);
};

_Static_assert(sizeof(void *) != 8 || sizeof(struct link_util) == 72,
	       "struct link_util is not what ip has");

enum {
	PRINT_ANY = 4,		/* enum output_type */
	COLOR_NONE = 6,		/* enum color_attr */
	REQUEST_MAX = 1024,	/* what ip has for a request of ours */
};

int addattr16(struct nlmsghdr *n, int maxlen, int type, __u16 data);
int addattr32(struct nlmsghdr *n, int maxlen, int type, __u32 data);
int get_u16(__u16 *val, const char *arg, int base);
int get_u32(__u32 *val, const char *arg, int base);
void invarg(const char *msg, const char *arg) __attribute__((noreturn));
void incomplete_command(void) __attribute__((noreturn));
void duparg(const char *key, const char *arg) __attribute__((noreturn));
int print_color_uint(int type, int color, const char *key, const char *fmt, unsigned int value);
int print_color_string(int type, int color, const char *key, const char *fmt,
		       const char *value);
int print_color_0xhex(int type, int color, const char *key, const char *fmt,
		      unsigned long long value);

static const char * const transports[] = {
	[POOL_TRANSPORT_TCP] = "tcp",
	[POOL_TRANSPORT_RAW] = "raw",
	[POOL_TRANSPORT_UDP] = "udp",
	[POOL_TRANSPORT_AUTO] = "auto",
};

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

static const char *name_transport(__u32 t)
{
	return t < ARRAY_SIZE(transports) && transports[t] ? transports[t] : "unknown";
}

static void print_usage(FILE *f)
{
	fputs("Usage: ... pool [ listen-port PORT ]\n"
	      "                [ transport TRANSPORT ]\n"
	      "                [ fwmark MARK ]\n"
	      "\n"
	      "Where: PORT      := 0..65535, 0 lets the system choose (9253)\n"
	      "       TRANSPORT := tcp (the default), raw, udp or auto\n"
	      "       MARK      := 0..0xffffffff or off (off)\n"
	      "\n"
	      "Keys and peers are set by pool(8): pool help set\n", f);
}

static __u32 parse_transport(const char *word)
{
	__u32 t;

	for (t = POOL_TRANSPORT_TCP; t < ARRAY_SIZE(transports); t++) {
		if (!strcmp(word, transports[t]))
			return t;
	}
	invarg("\"transport\" must be tcp, raw, udp or auto", word);
}

/* One option and its value. */
static void parse_option(const char *word, const char *value, struct nlmsghdr *n)
{
	__u16 port;
	__u32 mark = 0;

	if (!strcmp(word, "listen-port")) {
		if (get_u16(&port, value, 10))
			invarg("\"listen-port\" must be a number from 0 to 65535", value);
		addattr16(n, REQUEST_MAX, IFLA_POOL_LISTEN_PORT, port);
	} else if (!strcmp(word, "transport")) {
		addattr32(n, REQUEST_MAX, IFLA_POOL_TRANSPORT, parse_transport(value));
	} else {
		if (strcmp(value, "off") && get_u32(&mark, value, 0))
			invarg("\"fwmark\" must be a number up to 0xffffffff, or off", value);
		addattr32(n, REQUEST_MAX, IFLA_POOL_FWMARK, mark);
	}
}

static int parse_opt(struct link_util *lu, int argc, char **argv, struct nlmsghdr *n)
{
	static const char * const known[] = { "listen-port", "transport", "fwmark" };
	bool seen[ARRAY_SIZE(known)] = { false };
	size_t i;

	(void)lu;
	for (; argc > 0; argc -= 2, argv += 2) {
		if (!strcmp(*argv, "help")) {
			print_usage(stderr);
			return -1;
		}
		for (i = 0; i < ARRAY_SIZE(known); i++) {
			if (!strcmp(*argv, known[i]))
				break;
		}
		if (i == ARRAY_SIZE(known)) {
			fprintf(stderr, "pool: unknown option \"%s\"?\n", *argv);
			print_usage(stderr);
			return -1;
		}
		if (argc < 2)
			incomplete_command();
		if (seen[i])
			duparg(known[i], argv[1]);
		seen[i] = true;
		parse_option(known[i], argv[1], n);
	}
	return 0;
}

/* The value of an attribute if it is there and as long as it should be. */
static bool get_value(struct rtattr *attr, void *value, size_t len)
{
	if (!attr || RTA_PAYLOAD(attr) < len)
		return false;
	memcpy(value, RTA_DATA(attr), len);
	return true;
}

static void print_opt(struct link_util *lu, FILE *f, struct rtattr *tb[])
{
	__u32 transport, mark;
	__u16 port;

	(void)lu;
	(void)f;
	/* A kernel that sends no IFLA_INFO_DATA. */
	if (!tb)
		return;
	if (get_value(tb[IFLA_POOL_LISTEN_PORT], &port, sizeof(port)))
		print_color_uint(PRINT_ANY, COLOR_NONE, "listen_port", "listen-port %u ", port);
	if (get_value(tb[IFLA_POOL_TRANSPORT], &transport, sizeof(transport)))
		print_color_string(PRINT_ANY, COLOR_NONE, "transport", "transport %s ",
				   name_transport(transport));
	if (get_value(tb[IFLA_POOL_FWMARK], &mark, sizeof(mark)) && mark)
		print_color_0xhex(PRINT_ANY, COLOR_NONE, "fwmark", "fwmark 0x%llx ", mark);
}

static void print_help(struct link_util *lu, int argc, char **argv, FILE *f)
{
	(void)lu;
	(void)argc;
	(void)argv;
	print_usage(f);
}

/* Found by this name, <kind>_link_util. */
extern struct link_util pool_link_util;
__attribute__((visibility("default"))) struct link_util pool_link_util = {
	.id = "pool",
	.maxattr = IFLA_POOL_MAX,
	.parse_opt = parse_opt,
	.print_opt = print_opt,
	.print_help = print_help,
};
