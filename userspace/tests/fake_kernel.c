// SPDX-License-Identifier: GPL-2.0
/* The socket of the fake kernel: requests in, datagrams out. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "fake_kernel.h"

struct datagram {
	struct datagram *next;
	size_t len;
	char data[8192] __attribute__((aligned(8)));
};

struct mnl_socket {
	struct datagram *first;
	struct datagram **last;
	unsigned int torn;
	unsigned int received;
	unsigned int events;
	unsigned int gets;
	bool listening;
};

bool fake_fault(const char *name, unsigned int *number)
{
	const char *list = getenv("POOL_FAKE_FAULT");
	size_t len = strlen(name);

	for (; list && *list; list = strchr(list, ',') ? strchr(list, ',') + 1 : NULL) {
		if (strncmp(list, name, len) || (list[len] && !strchr(",=", list[len])))
			continue;
		if (number)
			*number = list[len] == '=' ? (unsigned int)atoi(list + len + 1) : 0;
		return true;
	}
	return false;
}

static struct datagram *enqueue(struct mnl_socket *s)
{
	struct datagram *d = calloc(1, sizeof(*d));

	if (!d)
		abort();
	*s->last = d;
	s->last = &d->next;
	return d;
}

/* An answer to @req in its own datagram. */
static struct nlmsghdr *answer(struct datagram *d, const struct nlmsghdr *req, u16 flags)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(d->data);

	nlh->nlmsg_type = FAKE_FAMILY;
	nlh->nlmsg_flags = flags;
	nlh->nlmsg_seq = req ? req->nlmsg_seq : 0;
	nlh->nlmsg_pid = req ? FAKE_PORTID : 0;
	mnl_nlmsg_put_extra_header(nlh, sizeof(struct genlmsghdr));
	return nlh;
}

static void done(struct datagram *d, struct nlmsghdr *nlh)
{
	d->len = nlh->nlmsg_len;
}

static void put_text(struct nlmsghdr *nlh, const char *text)
{
	if (!text || fake_fault("noext", NULL))
		return;
	nlh->nlmsg_flags |= NLM_F_ACK_TLVS;
	mnl_attr_put_strz(nlh, NLMSGERR_ATTR_MSG, text);
}

static void ack(struct mnl_socket *s, const struct nlmsghdr *req, int code, const char *text)
{
	struct datagram *d = enqueue(s);
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(d->data);
	struct nlmsgerr *err;

	nlh->nlmsg_type = NLMSG_ERROR;
	nlh->nlmsg_flags = NLM_F_CAPPED;
	nlh->nlmsg_seq = req->nlmsg_seq;
	nlh->nlmsg_pid = FAKE_PORTID;
	err = mnl_nlmsg_put_extra_header(nlh, sizeof(*err));
	err->error = code;
	err->msg = *req;
	put_text(nlh, text);
	done(d, nlh);
}

static void end_of_dump(struct mnl_socket *s, const struct nlmsghdr *req, bool torn)
{
	struct datagram *d = enqueue(s);
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(d->data);

	nlh->nlmsg_type = NLMSG_DONE;
	nlh->nlmsg_flags = (u16)(NLM_F_MULTI | (torn ? NLM_F_DUMP_INTR : 0));
	nlh->nlmsg_seq = req->nlmsg_seq;
	nlh->nlmsg_pid = FAKE_PORTID;
	mnl_nlmsg_put_extra_header(nlh, sizeof(int));
	done(d, nlh);
}

static void log_request(const struct nlmsghdr *req, int code)
{
	static const char * const name[] = {
		[POOL_CMD_DEVICE_GET] = "DEVICE_GET", [POOL_CMD_DEVICE_SET] = "DEVICE_SET",
		[POOL_CMD_PEER_SET] = "PEER_SET", [POOL_CMD_PEER_DEL] = "PEER_DEL",
		[POOL_CMD_PEER_GET] = "PEER_GET", [POOL_CMD_SESSION_GET] = "SESSION_GET",
	};
	const struct genlmsghdr *genl = mnl_nlmsg_get_payload(req);
	const char *file = getenv("POOL_FAKE_LOG");
	const struct nlattr *attr;
	u16 last = 0;
	FILE *f;

	if (!file)
		return;
	f = fopen(file, "a");
	if (!f)
		abort();
	fprintf(f, "%s%s", name[genl->cmd], req->nlmsg_flags & NLM_F_DUMP ? " dump" : "");
	mnl_attr_for_each(attr, req, sizeof(*genl)) {
		if (mnl_attr_get_type(attr) != last)
			fprintf(f, " %u", mnl_attr_get_type(attr));
		last = mnl_attr_get_type(attr);
		if (genl->cmd == POOL_CMD_PEER_SET && last == POOL_A_PEER_FLAGS)
			fprintf(f, ":%u", mnl_attr_get_u32(attr));
	}
	fprintf(f, " = %d\n", code);
	fclose(f);
}

static void get_family(struct mnl_socket *s, const struct nlmsghdr *req)
{
	struct nlattr *groups, *group;
	struct nlmsghdr *nlh;
	struct datagram *d;

	if (fake_fault("nofamily", NULL)) {
		ack(s, req, -ENOENT, NULL);
		return;
	}
	d = enqueue(s);
	nlh = answer(d, req, 0);
	nlh->nlmsg_type = GENL_ID_CTRL;
	mnl_attr_put_strz(nlh, CTRL_ATTR_FAMILY_NAME, POOL_FAMILY_NAME);
	mnl_attr_put_u16(nlh, CTRL_ATTR_FAMILY_ID, FAKE_FAMILY);
	groups = mnl_attr_nest_start(nlh, CTRL_ATTR_MCAST_GROUPS);
	group = mnl_attr_nest_start(nlh, 1);
	mnl_attr_put_strz(nlh, CTRL_ATTR_MCAST_GRP_NAME, POOL_MCGRP_EVENTS);
	mnl_attr_put_u32(nlh, CTRL_ATTR_MCAST_GRP_ID, FAKE_GROUP);
	mnl_attr_nest_end(nlh, group);
	mnl_attr_nest_end(nlh, groups);
	done(d, nlh);
	ack(s, req, 0, NULL);
}

static void dump_peer(struct mnl_socket *s, const struct nlmsghdr *req,
		      const struct fake_device *dev, const struct fake_peer *p, u16 flags)
{
	u32 from = 0;

	do {
		struct datagram *d = enqueue(s);
		struct nlmsghdr *nlh = answer(d, req, flags);

		from = fake_put_peer(nlh, dev, p, from);
		done(d, nlh);
	} while (from);
}

static void dump_sessions(struct mnl_socket *s, const struct nlmsghdr *req,
			  const struct fake_device *dev, const struct fake_peer *p, u16 flags)
{
	unsigned int i;

	for (i = 0; i < 2 && fake_busy(); i++) {
		struct datagram *d = enqueue(s);
		struct nlmsghdr *nlh = answer(d, req, flags);

		fake_put_session(nlh, dev, p, i);
		done(d, nlh);
	}
}

static void put_device(struct mnl_socket *s, const struct nlmsghdr *req,
		       const struct fake_device *dev, u16 flags)
{
	struct datagram *d = enqueue(s);
	struct nlmsghdr *nlh = answer(d, req, flags);

	fake_put_device(nlh, dev);
	if (fake_fault("truncate", NULL))
		mnl_attr_put_u8(nlh, POOL_A_DEVICE_FWMARK, 1);
	done(d, nlh);
}

static void dump(struct mnl_socket *s, const struct nlmsghdr *req)
{
	const struct genlmsghdr *genl = mnl_nlmsg_get_payload(req);
	struct fake_device *dev = fake_device_of(req);
	u16 flags = NLM_F_MULTI;
	unsigned int times, i;

	if ((fake_fault("intr", &times) && s->torn < times) || fake_fault("always-intr", NULL)) {
		s->torn++;
		flags |= NLM_F_DUMP_INTR;
	}
	if (genl->cmd == POOL_CMD_DEVICE_GET && fake_fault("gone", &times) && s->gets++ == times) {
		ack(s, req, -ENODEV, NULL);
		return;
	}
	if (genl->cmd != POOL_CMD_DEVICE_GET && !dev) {
		ack(s, req, -ENODEV, NULL);
		return;
	}
	for (i = 0; i < FAKE_DEVICES && genl->cmd == POOL_CMD_DEVICE_GET; i++)
		put_device(s, req, &fake_devices[i], flags);
	for (i = 0; dev && i < dev->n_peers; i++) {
		if (genl->cmd == POOL_CMD_PEER_GET)
			dump_peer(s, req, dev, &dev->peers[i], flags);
		else if (genl->cmd == POOL_CMD_SESSION_GET)
			dump_sessions(s, req, dev, &dev->peers[i], flags);
	}
	end_of_dump(s, req, flags & NLM_F_DUMP_INTR);
}

static void request(struct mnl_socket *s, const struct nlmsghdr *req)
{
	const struct genlmsghdr *genl = mnl_nlmsg_get_payload(req);
	struct fake_device *dev;
	const char *text = NULL;
	unsigned int times;
	int code = 0;

	if (req->nlmsg_type == GENL_ID_CTRL) {
		get_family(s, req);
		return;
	}
	if (req->nlmsg_type != FAKE_FAMILY || genl->version != POOL_FAMILY_VERSION)
		abort();
	if (fake_fault("eperm", NULL)) {
		code = -EPERM;
	} else if ((req->nlmsg_flags & NLM_F_DUMP) == NLM_F_DUMP) {
		dump(s, req);
		log_request(req, 0);
		return;
	} else {
		code = fake_set(req, &dev, &text);
		if (genl->cmd == POOL_CMD_DEVICE_GET && fake_fault("gone", &times) &&
		    s->gets++ == times)
			code = -ENODEV;
		if (!code && genl->cmd == POOL_CMD_DEVICE_GET)
			put_device(s, req, dev, 0);
	}
	log_request(req, code);
	if (code || req->nlmsg_flags & NLM_F_ACK)
		ack(s, req, code, text);
}

struct mnl_socket *mnl_socket_open2(int bus, int flags)
{
	struct mnl_socket *s = calloc(1, sizeof(*s));

	if (!s || bus != NETLINK_GENERIC || flags != SOCK_CLOEXEC)
		abort();
	s->last = &s->first;
	fake_load();
	return s;
}

int mnl_socket_close(struct mnl_socket *s)
{
	struct datagram *d;

	while ((d = s->first)) {
		s->first = d->next;
		free(d);
	}
	free(s);
	fake_save();
	return 0;
}

int mnl_socket_bind(struct mnl_socket *s, unsigned int groups, pid_t pid)
{
	(void)s;
	return groups || pid ? -1 : 0;
}

unsigned int mnl_socket_get_portid(const struct mnl_socket *s)
{
	(void)s;
	return FAKE_PORTID;
}

int mnl_socket_get_fd(const struct mnl_socket *s)
{
	(void)s;
	return -1;
}

int mnl_socket_setsockopt(const struct mnl_socket *s, int type, void *buf, socklen_t len)
{
	(void)len;
	if (type == NETLINK_ADD_MEMBERSHIP) {
		if (*(u32 *)buf != FAKE_GROUP)
			abort();
		((struct mnl_socket *)s)->listening = true;
	}
	return 0;
}

ssize_t mnl_socket_sendto(const struct mnl_socket *s, const void *buf, size_t len)
{
	const struct nlmsghdr *nlh = buf;
	int left = (int)len;

	for (; mnl_nlmsg_ok(nlh, left); nlh = mnl_nlmsg_next(nlh, &left))
		request((struct mnl_socket *)s, nlh);
	if (left)
		abort();
	return (ssize_t)len;
}

ssize_t mnl_socket_recvfrom(const struct mnl_socket *cs, void *buf, size_t size)
{
	struct mnl_socket *s = (struct mnl_socket *)cs;
	struct datagram *d = s->first;
	ssize_t len;

	if (!d && s->listening && s->events < FAKE_EVENTS) {
		struct nlmsghdr *nlh;

		d = enqueue(s);
		nlh = answer(d, NULL, 0);
		fake_put_event(nlh, s->events++);
		done(d, nlh);
	} else if (!d && s->listening && s->events++ == FAKE_EVENTS) {
		errno = ENOBUFS;
		return -1;
	}
	if (!d || (fake_fault("eintr", NULL) && s->received++ % 2)) {
		errno = d ? EINTR : ECONNABORTED;
		return -1;
	}
	if (d->len > size)
		abort();
	memcpy(buf, d->data, d->len);
	len = (ssize_t)d->len;
	s->first = d->next;
	if (!s->first)
		s->last = &s->first;
	free(d);
	return len;
}
