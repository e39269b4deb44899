// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <linux/genetlink.h>
#include <linux/pool.h>
#include <net/if.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <time.h>

#include "array.h"
#include "nl.h"

static const struct {
	int code;
	bool with_text;		/* also behind the kernel's own words */
	const char *what;
} advice[] = {
	{ EPERM, false, "run as root" },
	{ EACCES, false, "run as root" },
	{ ENODEV, true, "ip link add NAME type pool makes one, pool show interfaces lists them" },
	{ EOPNOTSUPP, false, "the kernel module may be older than this tool" },
};

int nl_explain(const struct nl_error *ne, struct err *e)
{
	bool text = ne->text[0] && strcasecmp(ne->text, strerror(ne->code));
	size_t i;

	/* The kernel's own words say more than errno, but for rights. */
	if (!text)
		err_set(e, "%s", strerror(ne->code));
	else if (ne->code == EPERM)
		err_set(e, "%s: %s", strerror(ne->code), ne->text);
	else
		err_set(e, "%s", ne->text);
	for (i = 0; i < ARRAY_SIZE(advice); i++) {
		if (advice[i].code == ne->code && (!text || advice[i].with_text))
			return err_append(e, ": %s", advice[i].what);
	}
	return -1;
}

/* The text among the attributes behind an error or the end of a dump. */
static void read_extack(const struct nlmsghdr *nlh, size_t offset, struct nl_error *ne)
{
	size_t left = mnl_nlmsg_get_payload_len(nlh);
	const struct nlattr *attr;
	const char *text = NULL;
	u32 missing = 0;

	ne->text[0] = '\0';
	if (!(nlh->nlmsg_flags & NLM_F_ACK_TLVS) || left <= offset)
		return;
	mnl_attr_for_each(attr, nlh, offset) {
		if (mnl_attr_get_type(attr) == NLMSGERR_ATTR_MSG &&
		    mnl_attr_validate(attr, MNL_TYPE_NUL_STRING) >= 0)
			text = mnl_attr_get_str(attr);
		/* NLMSGERR_ATTR_MISS_TYPE, younger than Debian's header */
		if (mnl_attr_get_type(attr) == 5 && mnl_attr_validate(attr, MNL_TYPE_U32) >= 0)
			missing = mnl_attr_get_u32(attr);
	}
	if (text)
		snprintf(ne->text, sizeof(ne->text), "%s", text);
	else if (missing)
		snprintf(ne->text, sizeof(ne->text), "attribute %u is missing", missing);
}

/* Of NLMSG_ERROR or NLMSG_DONE: 0 or a positive errno. */
static int read_error(const struct nlmsghdr *nlh, struct nl_error *ne)
{
	const struct nlmsgerr *msg;
	size_t offset;
	int code;

	memset(ne, 0, sizeof(*ne));
	if (mnl_nlmsg_get_payload_len(nlh) < sizeof(code))
		return nlh->nlmsg_type == NLMSG_DONE ? 0 : (ne->code = EPROTO);
	memcpy(&code, mnl_nlmsg_get_payload(nlh), sizeof(code));
	ne->code = code < 0 ? -code : code;
	if (nlh->nlmsg_type == NLMSG_DONE) {
		read_extack(nlh, sizeof(code), ne);
		return ne->code;
	}
	if (mnl_nlmsg_get_payload_len(nlh) < sizeof(*msg))
		return ne->code;
	msg = mnl_nlmsg_get_payload(nlh);
	offset = sizeof(*msg);
	if (!(nlh->nlmsg_flags & NLM_F_CAPPED) && ne->code &&
	    msg->msg.nlmsg_len >= sizeof(msg->msg))
		offset += MNL_ALIGN(msg->msg.nlmsg_len - sizeof(msg->msg));
	read_extack(nlh, offset, ne);
	return ne->code;
}

static int sock_err(struct err *e, const char *what)
{
	return err_set(e, "netlink: %s: %s", what, strerror(errno));
}

static u32 next_seq(struct nl *nl)
{
	if (!++nl->seq)
		nl->seq = 1;
	return nl->seq;
}

struct nlmsghdr *nl_start(const struct nl *nl, void *buf, u8 cmd, const struct nl_dev *dev)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct genlmsghdr *genl;

	nlh->nlmsg_type = nl->family;
	nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
	genl = mnl_nlmsg_put_extra_header(nlh, sizeof(*genl));
	genl->cmd = cmd;
	genl->version = POOL_FAMILY_VERSION;
	/* Every attribute set of the family numbers these two alike. */
	if (dev && dev->ifindex)
		mnl_attr_put_u32(nlh, POOL_A_DEVICE_IFINDEX, dev->ifindex);
	else if (dev)
		mnl_attr_put_strz(nlh, POOL_A_DEVICE_IFNAME, dev->name);
	return nlh;
}

_Static_assert((int)POOL_A_DEVICE_IFINDEX == (int)POOL_A_PEER_IFINDEX &&
	       (int)POOL_A_DEVICE_IFINDEX == (int)POOL_A_SESSION_IFINDEX &&
	       (int)POOL_A_DEVICE_IFNAME == (int)POOL_A_PEER_IFNAME &&
	       (int)POOL_A_DEVICE_IFNAME == (int)POOL_A_SESSION_IFNAME,
	       "nl_start() does not know which device attributes to use");

/* Answers to one request. 0: done; 1: interrupted, again; -1: @e, perhaps @ne. */
static int receive(struct nl *nl, u32 seq, nl_cb cb, void *data, struct nl_error *ne,
		   struct err *e)
{
	bool torn = false;

	for (;;) {
		const struct nlmsghdr *nlh = (const struct nlmsghdr *)nl->rx;
		ssize_t n = mnl_socket_recvfrom(nl->sock, nl->rx, NL_RECV_BYTES);
		int left = (int)n;

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return sock_err(e, "receive");
		for (; mnl_nlmsg_ok(nlh, left); nlh = mnl_nlmsg_next(nlh, &left)) {
			if (nlh->nlmsg_seq != seq || !mnl_nlmsg_portid_ok(nlh, nl->portid))
				continue;
			if (nlh->nlmsg_flags & NLM_F_DUMP_INTR)
				torn = true;
			if (nlh->nlmsg_type == NLMSG_ERROR || nlh->nlmsg_type == NLMSG_DONE) {
				if (read_error(nlh, ne) == EINTR)
					return 1;
				if (ne->code)
					return nl_explain(ne, e);
				return torn;
			}
			if (nlh->nlmsg_type >= NLMSG_MIN_TYPE && cb && cb(nlh, data, e))
				return -1;
		}
	}
}

static int transmit(struct nl *nl, struct nlmsghdr *nlh, struct err *e)
{
	nlh->nlmsg_seq = next_seq(nl);
	if (mnl_socket_sendto(nl->sock, nlh, nlh->nlmsg_len) < 0)
		return sock_err(e, "send");
	return 0;
}

int nl_request(struct nl *nl, struct nlmsghdr *nlh, nl_cb cb, void *data, struct nl_error *ne,
	       struct err *e)
{
	struct nl_error unused = { 0 };

	ne = ne ? ne : &unused;
	memset(ne, 0, sizeof(*ne));
	if (transmit(nl, nlh, e))
		return -1;
	return receive(nl, nlh->nlmsg_seq, cb, data, ne, e) ? -1 : 0;
}

int nl_dump(struct nl *nl, struct nlmsghdr *nlh, nl_cb cb, void (*restart)(void *data),
	    void *data, struct nl_error *ne, struct err *e)
{
	const struct timespec pause = { .tv_nsec = 2000000 };
	struct nl_error unused = { 0 };
	unsigned int i;
	int ret;

	ne = ne ? ne : &unused;
	memset(ne, 0, sizeof(*ne));
	nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	for (i = 0; i < NL_DUMP_TRIES; i++) {
		restart(data);
		if (transmit(nl, nlh, e))
			return -1;
		ret = receive(nl, nlh->nlmsg_seq, cb, data, ne, e);
		if (ret <= 0)
			return ret;
		nanosleep(&pause, NULL);
	}
	ne->code = EAGAIN;
	return err_set(e, "the configuration kept changing while it was read: try again");
}

static int find_group(const struct nlattr *groups, struct nl *nl)
{
	const struct nlattr *group, *attr;

	mnl_attr_for_each_nested(group, groups) {
		const char *name = NULL;
		u32 id = 0;

		mnl_attr_for_each_nested(attr, group) {
			if (mnl_attr_get_type(attr) == CTRL_ATTR_MCAST_GRP_NAME &&
			    mnl_attr_validate(attr, MNL_TYPE_NUL_STRING) >= 0)
				name = mnl_attr_get_str(attr);
			if (mnl_attr_get_type(attr) == CTRL_ATTR_MCAST_GRP_ID &&
			    mnl_attr_validate(attr, MNL_TYPE_U32) >= 0)
				id = mnl_attr_get_u32(attr);
		}
		if (name && !strcmp(name, POOL_MCGRP_EVENTS))
			nl->events = id;
	}
	return 0;
}

static int family_cb(const struct nlmsghdr *nlh, void *data, struct err *e)
{
	const struct nlattr *attr;
	struct nl *nl = data;

	(void)e;
	mnl_attr_for_each(attr, nlh, sizeof(struct genlmsghdr)) {
		if (mnl_attr_get_type(attr) == CTRL_ATTR_FAMILY_ID &&
		    mnl_attr_validate(attr, MNL_TYPE_U16) >= 0)
			nl->family = mnl_attr_get_u16(attr);
		if (mnl_attr_get_type(attr) == CTRL_ATTR_MCAST_GROUPS)
			find_group(attr, nl);
	}
	return 0;
}

static int find_family(struct nl *nl, struct err *e)
{
	char buf[256] __attribute__((aligned(NLMSG_ALIGNTO)));
	struct genlmsghdr *genl;
	struct nlmsghdr *nlh;
	struct nl_error ne;

	nlh = mnl_nlmsg_put_header(buf);
	nlh->nlmsg_type = GENL_ID_CTRL;
	nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
	genl = mnl_nlmsg_put_extra_header(nlh, sizeof(*genl));
	genl->cmd = CTRL_CMD_GETFAMILY;
	genl->version = 1;
	mnl_attr_put_strz(nlh, CTRL_ATTR_FAMILY_NAME, POOL_FAMILY_NAME);
	if (nl_request(nl, nlh, family_cb, nl, &ne, e)) {
		if (ne.code == ENOENT)
			return err_set(e, "the kernel module is not loaded: modprobe pool");
		return -1;
	}
	if (!nl->family)
		return err_set(e, "netlink: the kernel does not say which family \"%s\" is",
			       POOL_FAMILY_NAME);
	return 0;
}

int nl_open(struct nl *nl, struct err *e)
{
	int on = 1;

	memset(nl, 0, sizeof(*nl));
	nl->seq = (u32)time(NULL);
	nl->rx = malloc(NL_RECV_BYTES);
	if (!nl->rx)
		return err_nomem(e);
	nl->sock = mnl_socket_open2(NETLINK_GENERIC, SOCK_CLOEXEC);
	if (!nl->sock) {
		sock_err(e, "socket");
		goto fail;
	}
	if (mnl_socket_bind(nl->sock, 0, MNL_SOCKET_AUTOPID) < 0) {
		sock_err(e, "bind");
		goto fail;
	}
	nl->portid = mnl_socket_get_portid(nl->sock);
	/* Both make errors better to read, and there are no warnings without them. */
	mnl_socket_setsockopt(nl->sock, NETLINK_EXT_ACK, &on, sizeof(on));
	mnl_socket_setsockopt(nl->sock, NETLINK_CAP_ACK, &on, sizeof(on));
	if (find_family(nl, e))
		goto fail;
	return 0;
fail:
	nl_close(nl);
	return -1;
}

void nl_close(struct nl *nl)
{
	if (nl->sock)
		mnl_socket_close(nl->sock);
	free(nl->rx);
	memset(nl, 0, sizeof(*nl));
}

int nl_dev_parse(struct nl_dev *dev, const char *word, struct err *e)
{
	size_t len = strlen(word);

	memset(dev, 0, sizeof(*dev));
	if (!len || len >= sizeof(dev->name) || strchr(word, '/'))
		return err_set(e, "\"%.64s\": not the name of a device (1 to 15 characters) nor its index",
			       word);
	memcpy(dev->name, word, len);
	if (strspn(word, "0123456789") == len && !if_nametoindex(word)) {
		unsigned long n = strtoul(word, NULL, 10);

		if (!n || n > INT32_MAX)
			return err_set(e, "\"%.64s\": not the index of a device", word);
		dev->ifindex = (u32)n;
	}
	return 0;
}

int nl_batch_init(struct nl_batch *b, struct nl *nl,
		  void (*answer)(void *ctx, void *tag, const struct nl_error *ne), void *ctx,
		  struct err *e)
{
	memset(b, 0, sizeof(*b));
	b->nl = nl;
	b->answer = answer;
	b->ctx = ctx;
	b->buf = calloc(1, NL_BATCH_BYTES);
	return b->buf ? 0 : err_nomem(e);
}

void nl_batch_uninit(struct nl_batch *b)
{
	if (b->buf)
		sodium_memzero(b->buf, NL_BATCH_BYTES);
	free(b->buf);
	memset(b, 0, sizeof(*b));
}

struct nlmsghdr *nl_batch_start(struct nl_batch *b, u8 cmd, const struct nl_dev *dev,
				struct err *e)
{
	struct nlmsghdr *nlh;

	if ((b->count == NL_BATCH_MSGS || b->used + NL_MSG_MAX > NL_BATCH_BYTES) &&
	    nl_batch_flush(b, e))
		return NULL;
	nlh = nl_start(b->nl, b->buf + b->used, cmd, dev);
	nlh->nlmsg_seq = next_seq(b->nl);
	if (!b->count)
		b->first_seq = nlh->nlmsg_seq;
	return nlh;
}

void nl_batch_commit(struct nl_batch *b, const struct nlmsghdr *nlh, void *tag)
{
	b->tag[b->count++] = tag;
	b->used += MNL_ALIGN(nlh->nlmsg_len);
}

/* The acks in one datagram. How many they were. */
static unsigned int read_acks(struct nl_batch *b, int left)
{
	const struct nlmsghdr *nlh = (const struct nlmsghdr *)b->nl->rx;
	unsigned int acks = 0;
	struct nl_error ne;

	for (; mnl_nlmsg_ok(nlh, left); nlh = mnl_nlmsg_next(nlh, &left)) {
		/* The sequence may have gone past its end; 0 is never used. */
		u32 i = nlh->nlmsg_seq - b->first_seq;

		if (nlh->nlmsg_seq < b->first_seq)
			i--;
		if (nlh->nlmsg_type != NLMSG_ERROR || i >= b->count ||
		    !mnl_nlmsg_portid_ok(nlh, b->nl->portid))
			continue;
		acks++;
		if (read_error(nlh, &ne) || ne.text[0])
			b->answer(b->ctx, b->tag[i], &ne);
	}
	return acks;
}

int nl_batch_flush(struct nl_batch *b, struct err *e)
{
	unsigned int acks = 0;
	int ret = 0;

	if (!b->count)
		return 0;
	if (mnl_socket_sendto(b->nl->sock, b->buf, b->used) < 0)
		ret = sock_err(e, "send");
	while (!ret && acks < b->count) {
		ssize_t n = mnl_socket_recvfrom(b->nl->sock, b->nl->rx, NL_RECV_BYTES);

		if (n >= 0)
			acks += read_acks(b, (int)n);
		else if (errno != EINTR)
			ret = sock_err(e, "receive");
	}
	sodium_memzero(b->buf, b->used);
	b->count = 0;
	b->used = 0;
	return ret;
}

int nl_listen(struct nl *nl, struct err *e)
{
	int bytes = 4 << 20;

	if (!nl->events)
		return err_set(e, "netlink: the kernel has no events to tell");
	/* Only root may go beyond the limit; not having it costs nothing but safety. */
	setsockopt(mnl_socket_get_fd(nl->sock), SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes));
	if (mnl_socket_setsockopt(nl->sock, NETLINK_ADD_MEMBERSHIP, &nl->events,
				  sizeof(nl->events)) < 0) {
		const struct nl_error ne = { .code = errno };

		return nl_explain(&ne, e);
	}
	return 0;
}

int nl_hear(struct nl *nl, nl_cb cb, void *data, struct err *e)
{
	const struct nlmsghdr *nlh = (const struct nlmsghdr *)nl->rx;
	ssize_t n = mnl_socket_recvfrom(nl->sock, nl->rx, NL_RECV_BYTES);
	int left = (int)n;

	if (n < 0 && errno == ENOBUFS)
		return 0;
	if (n < 0 && errno == EINTR)
		return 1;
	if (n < 0)
		return sock_err(e, "receive");
	for (; mnl_nlmsg_ok(nlh, left); nlh = mnl_nlmsg_next(nlh, &left)) {
		if (nlh->nlmsg_type == nl->family && cb(nlh, data, e))
			return -1;
	}
	return 1;
}
