// SPDX-License-Identifier: GPL-2.0
/*
 * Plays `ip` for link_pool.c, under the sanitizers: options in, attributes
 * out, and back. With the name of a file it writes there what `ip monitor
 * file` reads: two POOL devices as the kernel tells of them.
 */
#include <linux/if_link.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linux/if_pool.h>
#include <linux/pool.h>

/* As in link_pool.c. */
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

extern struct link_util pool_link_util;

/* What the plugin calls in `ip`. */
int addattr16(struct nlmsghdr *n, int maxlen, int type, __u16 data);
int addattr32(struct nlmsghdr *n, int maxlen, int type, __u32 data);
int get_u16(__u16 *val, const char *arg, int base);
int get_u32(__u32 *val, const char *arg, int base);
void invarg(const char *msg, const char *arg);
void incomplete_command(void);
void duparg(const char *key, const char *arg);
int print_color_uint(int type, int color, const char *key, const char *fmt, unsigned int value);
int print_color_string(int type, int color, const char *key, const char *fmt,
		       const char *value);
int print_color_0xhex(int type, int color, const char *key, const char *fmt,
		      unsigned long long value);

static jmp_buf refusal;
static char printed[400];
static char complaint[200];
static unsigned int count, failed;

static void add(struct nlmsghdr *n, int type, const void *data, size_t len)
{
	struct rtattr *rta = (struct rtattr *)((char *)n + NLMSG_ALIGN(n->nlmsg_len));

	rta->rta_type = (unsigned short)type;
	rta->rta_len = (unsigned short)RTA_LENGTH(len);
	if (len)
		memcpy(RTA_DATA(rta), data, len);
	n->nlmsg_len = NLMSG_ALIGN(n->nlmsg_len) + RTA_ALIGN(rta->rta_len);
}

int addattr16(struct nlmsghdr *n, int maxlen, int type, __u16 data)
{
	(void)maxlen;
	add(n, type, &data, sizeof(data));
	return 0;
}

int addattr32(struct nlmsghdr *n, int maxlen, int type, __u32 data)
{
	(void)maxlen;
	add(n, type, &data, sizeof(data));
	return 0;
}

static int number(unsigned long max, unsigned long *val, const char *arg, int base)
{
	char *end;

	*val = strtoul(arg, &end, base);
	return !*arg || *end || *val > max ? -1 : 0;
}

int get_u16(__u16 *val, const char *arg, int base)
{
	unsigned long n;
	int ret = number(0xffff, &n, arg, base);

	*val = (__u16)n;
	return ret;
}

int get_u32(__u32 *val, const char *arg, int base)
{
	unsigned long n;
	int ret = number(0xffffffff, &n, arg, base);

	*val = (__u32)n;
	return ret;
}

void invarg(const char *msg, const char *arg)
{
	snprintf(complaint, sizeof(complaint), "%s: %s", arg, msg);
	longjmp(refusal, 1);
}

void incomplete_command(void)
{
	snprintf(complaint, sizeof(complaint), "incomplete");
	longjmp(refusal, 1);
}

void duparg(const char *key, const char *arg)
{
	snprintf(complaint, sizeof(complaint), "duplicate %s: %s", key, arg);
	longjmp(refusal, 1);
}

static int print(const char *key, const char *fmt, ...)
{
	size_t used = strlen(printed);
	va_list ap;

	used += (size_t)snprintf(printed + used, sizeof(printed) - used, "%s=", key);
	va_start(ap, fmt);
	vsnprintf(printed + used, sizeof(printed) - used, fmt, ap);
	va_end(ap);
	return 0;
}

int print_color_uint(int type, int color, const char *key, const char *fmt, unsigned int value)
{
	return type == 4 && color == 6 ? print(key, fmt, value) : -1;
}

int print_color_string(int type, int color, const char *key, const char *fmt, const char *value)
{
	return type == 4 && color == 6 ? print(key, fmt, value) : -1;
}

int print_color_0xhex(int type, int color, const char *key, const char *fmt,
		      unsigned long long value)
{
	return type == 4 && color == 6 ? print(key, fmt, value) : -1;
}

static void result(bool ok, const char *name)
{
	count++;
	failed += !ok;
	printf("%sok %u - %s\n", ok ? "" : "not ", count, name);
	if (!ok)
		printf("#   printed: %s\n#   complaint: %s\n", printed, complaint);
}

/* Parse @words, print what came of it; @want is that, or a complaint. */
static void round_trip(const char *words, const char *want)
{
	char copy[200], *argv[20], *rest = copy, *word;
	struct rtattr *tb[IFLA_POOL_MAX + 1] = { NULL };
	union {
		struct nlmsghdr n;
		char room[1024];
	} req = { .n = { .nlmsg_len = NLMSG_LENGTH(0) } };
	struct rtattr *rta;
	int argc = 0, left, ret = 0;

	snprintf(copy, sizeof(copy), "%s", words);
	while (argc < 20 && (word = strsep(&rest, " ")))
		argv[argc++] = word;
	printed[0] = complaint[0] = '\0';
	if (setjmp(refusal)) {
		result(!strcmp(complaint, want), words);
		return;
	}
	ret = pool_link_util.parse_opt(&pool_link_util, argc, argv, &req.n);
	if (ret) {
		result(!strcmp("usage", want), words);
		return;
	}
	rta = NLMSG_DATA(&req.n);
	left = (int)(req.n.nlmsg_len - NLMSG_LENGTH(0));
	for (; RTA_OK(rta, left); rta = RTA_NEXT(rta, left)) {
		if (rta->rta_type <= IFLA_POOL_MAX)
			tb[rta->rta_type] = rta;
	}
	pool_link_util.print_opt(&pool_link_util, stdout, tb);
	result(!strcmp(printed, want), words);
}

/* A device as in RTM_NEWLINK; @data: with the options. */
static void write_link(FILE *f, const char *name, int index, bool data)
{
	union {
		struct nlmsghdr n;
		char room[1024];
	} msg = { .n = { .nlmsg_len = NLMSG_LENGTH(sizeof(struct ifinfomsg)),
			 .nlmsg_type = RTM_NEWLINK } };
	struct ifinfomsg *ifi = NLMSG_DATA(&msg.n);
	const __u32 mark = 0x10, transport = POOL_TRANSPORT_TCP, stamp[2] = { 1, 2 }, mtu = 1300;
	struct nlmsghdr time = { .nlmsg_len = NLMSG_LENGTH(sizeof(stamp)), .nlmsg_type = 15 };
	struct rtattr *info, *nest;
	const __u16 port = 9300;

	ifi->ifi_index = index;
	add(&msg.n, IFLA_IFNAME, name, strlen(name) + 1);
	add(&msg.n, IFLA_MTU, &mtu, sizeof(mtu));
	info = (struct rtattr *)(msg.room + msg.n.nlmsg_len);
	add(&msg.n, IFLA_LINKINFO, NULL, 0);
	add(&msg.n, IFLA_INFO_KIND, "pool", 5);
	if (data) {
		nest = (struct rtattr *)(msg.room + msg.n.nlmsg_len);
		add(&msg.n, IFLA_INFO_DATA, NULL, 0);
		addattr16(&msg.n, 1024, IFLA_POOL_LISTEN_PORT, port);
		addattr32(&msg.n, 1024, IFLA_POOL_TRANSPORT, transport);
		addattr32(&msg.n, 1024, IFLA_POOL_FWMARK, mark);
		nest->rta_len = (unsigned short)(msg.room + msg.n.nlmsg_len - (char *)nest);
	}
	info->rta_len = (unsigned short)(msg.room + msg.n.nlmsg_len - (char *)info);
	fwrite(&time, sizeof(time), 1, f);
	fwrite(stamp, sizeof(stamp), 1, f);
	fwrite(&msg, msg.n.nlmsg_len, 1, f);
}

static int write_dump(const char *file)
{
	FILE *f = fopen(file, "w");

	if (!f)
		return 1;
	write_link(f, "pool0", 7, true);
	write_link(f, "pool1", 8, false);
	return fclose(f) ? 1 : 0;
}

int main(int argc, char **argv)
{
	struct rtattr *tb[IFLA_POOL_MAX + 1] = { NULL };
	struct {
		struct rtattr rta;
		__u32 value;
	} odd = { { RTA_LENGTH(1), IFLA_POOL_TRANSPORT }, 0 };

	if (argc > 1)
		return write_dump(argv[1]);
	round_trip("listen-port 9300", "listen_port=listen-port 9300 ");
	round_trip("listen-port 0", "listen_port=listen-port 0 ");
	round_trip("transport udp fwmark 0x10 listen-port 65535",
		   "listen_port=listen-port 65535 transport=transport udp fwmark=fwmark 0x10 ");
	round_trip("fwmark 4294967295", "fwmark=fwmark 0xffffffff ");
	round_trip("fwmark off", "");
	round_trip("transport raw", "transport=transport raw ");
	round_trip("transport auto", "transport=transport auto ");
	round_trip("listen-port 65536", "65536: \"listen-port\" must be a number from 0 to 65535");
	round_trip("listen-port x", "x: \"listen-port\" must be a number from 0 to 65535");
	round_trip("listen-port 0x10", "0x10: \"listen-port\" must be a number from 0 to 65535");
	round_trip("transport TCP", "TCP: \"transport\" must be tcp, raw, udp or auto");
	round_trip("fwmark 4294967296",
		   "4294967296: \"fwmark\" must be a number up to 0xffffffff, or off");
	round_trip("fwmark on", "on: \"fwmark\" must be a number up to 0xffffffff, or off");
	round_trip("listen-port", "incomplete");
	round_trip("transport tcp fwmark", "incomplete");
	round_trip("fwmark 1 fwmark 2", "duplicate fwmark: 2");
	round_trip("help", "usage");
	round_trip("listen-port 1 help", "usage");
	round_trip("listen 1", "usage");

	printed[0] = '\0';
	pool_link_util.print_opt(&pool_link_util, stdout, NULL);
	result(!printed[0], "no data at all");
	pool_link_util.print_opt(&pool_link_util, stdout, tb);
	result(!printed[0], "no attributes");
	tb[IFLA_POOL_TRANSPORT] = &odd.rta;
	pool_link_util.print_opt(&pool_link_util, stdout, tb);
	result(!printed[0], "an attribute that is too short");
	odd.rta.rta_len = RTA_LENGTH(4);
	odd.value = 77;
	pool_link_util.print_opt(&pool_link_util, stdout, tb);
	result(!strcmp(printed, "transport=transport unknown "), "a transport of a newer kernel");
	result(pool_link_util.maxattr == IFLA_POOL_MAX && !strcmp(pool_link_util.id, "pool"),
	       "kind and size");
	return failed ? 1 : 0;
}
