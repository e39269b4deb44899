// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "../../kernel/proto/address.h"
#include "apply.h"

enum {
	TELL_MAX = 20,		/* refused peers told one by one */
	/* family, address, length and flags in their nest, with all headers */
	ALLOWED_IP_BYTES = 4 + 8 + 20 + 8 + 8,
};

struct applying {
	struct nl_batch batch;
	const struct nl_dev *dev;
	size_t refused;
	size_t warned;
	const struct apply_out *out;
};

/* Taken, but with a word of warning. */
static void warned(struct applying *a, const u8 *public_key, const struct nl_error *ne)
{
	char key[KEY_TEXT_LEN];
	struct err e;

	if (a->warned++ >= TELL_MAX)
		return;
	err_set(&e, "peer %s: %s", key_format(key, public_key), ne->text);
	a->out->warn(e.text);
}

/* What a request in a batch is about. */
static void peer_answer(void *ctx, void *tag, const struct nl_error *ne)
{
	struct applying *a = ctx;
	struct config_peer *p = tag;
	char key[KEY_TEXT_LEN];
	struct err e;

	if (!ne->code) {
		warned(a, p->public_key, ne);
		return;
	}
	/* A continuation follows a refusal only if it was sent for certain. */
	if (p->failed)
		return;
	p->failed = true;
	if (a->refused++ >= TELL_MAX)
		return;
	if (ne->code == ENOENT && !ne->text[0])
		err_set(&e, "there is no such peer");
	else if (ne->code == EEXIST && !ne->text[0])
		err_set(&e, "there is such a peer already");
	else
		nl_explain(ne, &e);
	err_prepend(&e, "peer %s: ", key_format(key, p->public_key));
	a->out->tell(e.text);
}

/* A removal that a plan asks for: that it is gone already is as good. */
static void removal_answer(void *ctx, void *tag, const struct nl_error *ne)
{
	struct applying *a = ctx;
	char key[KEY_TEXT_LEN];
	struct err e;

	if (!ne->code) {
		warned(a, tag, ne);
		return;
	}
	if (ne->code == ENOENT || a->refused++ >= TELL_MAX)
		return;
	nl_explain(ne, &e);
	err_prepend(&e, "peer %s: ", key_format(key, tag));
	a->out->tell(e.text);
}

static void put_key(struct nlmsghdr *nlh, u16 attr, const struct key_source *src)
{
	static const u8 none[POOL_KEY_LEN];

	mnl_attr_put(nlh, attr, POOL_KEY_LEN, src->kind == KEY_INLINE ? src->key : none);
}

static void put_allowed_ip(struct nlmsghdr *nlh, const struct cidr *ip)
{
	struct nlattr *nest = mnl_attr_nest_start(nlh, POOL_A_PEER_ALLOWED_IP);

	mnl_attr_put_u16(nlh, POOL_A_ALLOWED_IP_FAMILY, ip->family);
	mnl_attr_put(nlh, POOL_A_ALLOWED_IP_ADDRESS, ip->family == AF_INET ? 4 : 16, ip->addr);
	mnl_attr_put_u8(nlh, POOL_A_ALLOWED_IP_PREFIX_LEN, ip->prefix_len);
	if (ip->remove)
		mnl_attr_put_u32(nlh, POOL_A_ALLOWED_IP_FLAGS, POOL_ALLOWED_IP_FLAGS_REMOVE);
	mnl_attr_nest_end(nlh, nest);
}

static void put_endpoint(struct nlmsghdr *nlh, const struct saddr *sa)
{
	const sa_family_t none = AF_UNSPEC;

	if (sa->len)
		mnl_attr_put(nlh, POOL_A_PEER_ENDPOINT, sa->len, &sa->sa);
	else
		mnl_attr_put(nlh, POOL_A_PEER_ENDPOINT, sizeof(none), &none);
}

static void put_limits(struct nlmsghdr *nlh, u16 first, u32 has, const u32 limit[LIMITS])
{
	u16 i;

	for (i = 0; i < LIMITS; i++) {
		if (has & HAS_LIMIT(i))
			mnl_attr_put_u32(nlh, (u16)(first + i), limit[i]);
	}
}

/* All but the allowed-ips. */
static void put_peer(struct nlmsghdr *nlh, const struct config_peer *p)
{
	u32 flags = 0;

	/* A peer that is not there has no keys to replace, and shall not be made. */
	if (p->update_only || p->rekey)
		flags |= POOL_PEER_FLAGS_UPDATE_ONLY;
	if (p->rekey)
		flags |= POOL_PEER_FLAGS_REKEY;
	if (p->create_only)
		flags |= POOL_PEER_FLAGS_CREATE_ONLY;
	if (p->has & HAS_ALLOWED_IPS && p->replace_allowed_ips)
		flags |= POOL_PEER_FLAGS_REPLACE_ALLOWED_IPS;
	if (flags)
		mnl_attr_put_u32(nlh, POOL_A_PEER_FLAGS, flags);
	if (p->has & HAS_PRESHARED_KEY)
		put_key(nlh, POOL_A_PEER_PRESHARED_KEY, &p->preshared_key);
	if (p->has & HAS_ENDPOINT)
		put_endpoint(nlh, &p->endpoint);
	if (p->has & HAS_TRANSPORT)
		mnl_attr_put_u32(nlh, POOL_A_PEER_TRANSPORT, p->transport);
	if (p->has & HAS_HEARTBEAT)
		mnl_attr_put_u16(nlh, POOL_A_PEER_HEARTBEAT, p->heartbeat);
	put_limits(nlh, POOL_A_PEER_REKEY_AFTER_PACKETS, p->has, p->limit);
	if (p->auto_add)
		mnl_attr_put(nlh, POOL_A_PEER_ALLOWED_IP_AUTO, 0, NULL);
}

/*
 * One message, or several if the allowed-ips are many. The later ones add to
 * what the first one made, so they wait until that is known to be accepted.
 */
static int send_peer(struct applying *a, struct config_peer *p, struct err *e)
{
	struct nlmsghdr *nlh;
	size_t i = 0;

	do {
		bool first = !i;

		if (!first && nl_batch_flush(&a->batch, e))
			return -1;
		if (!first && p->failed)
			return 0;
		nlh = nl_batch_start(&a->batch, POOL_CMD_PEER_SET, a->dev, e);
		if (!nlh)
			return -1;
		mnl_attr_put(nlh, POOL_A_PEER_PUBLIC_KEY, POOL_KEY_LEN, p->public_key);
		if (first)
			put_peer(nlh, p);
		else
			mnl_attr_put_u32(nlh, POOL_A_PEER_FLAGS, POOL_PEER_FLAGS_UPDATE_ONLY);
		for (; i < p->n_ips && nlh->nlmsg_len + ALLOWED_IP_BYTES <= NL_MSG_MAX; i++)
			put_allowed_ip(nlh, &p->ips[i]);
		nl_batch_commit(&a->batch, nlh, p);
	} while (i < p->n_ips);
	return 0;
}

static int send_removal(struct applying *a, const u8 *key, void *tag, struct err *e)
{
	struct nlmsghdr *nlh = nl_batch_start(&a->batch, POOL_CMD_PEER_DEL, a->dev, e);

	if (!nlh)
		return -1;
	mnl_attr_put(nlh, POOL_A_PEER_PUBLIC_KEY, POOL_KEY_LEN, key);
	nl_batch_commit(&a->batch, nlh, tag);
	return 0;
}

static int send_device(struct nl *nl, const struct nl_dev *dev, const struct config_device *d,
		       const struct apply_out *out, struct err *e)
{
	char buf[1024] __attribute__((aligned(NLMSG_ALIGNTO)));
	struct nlmsghdr *nlh;
	struct nl_error ne;
	int ret;

	if (!d->has && !d->replace_peers)
		return 0;
	nlh = nl_start(nl, buf, POOL_CMD_DEVICE_SET, dev);
	if (d->replace_peers)
		mnl_attr_put_u32(nlh, POOL_A_DEVICE_FLAGS, POOL_DEVICE_FLAGS_REPLACE_PEERS);
	if (d->has & HAS_PRIVATE_KEY)
		put_key(nlh, POOL_A_DEVICE_PRIVATE_KEY, &d->private_key);
	if (d->has & HAS_LISTEN_PORT)
		mnl_attr_put_u16(nlh, POOL_A_DEVICE_LISTEN_PORT, d->listen_port);
	if (d->has & HAS_TRANSPORT)
		mnl_attr_put_u32(nlh, POOL_A_DEVICE_TRANSPORT, d->transport);
	if (d->has & HAS_FWMARK)
		mnl_attr_put_u32(nlh, POOL_A_DEVICE_FWMARK, d->fwmark);
	if (d->has & HAS_HEARTBEAT)
		mnl_attr_put_u16(nlh, POOL_A_DEVICE_HEARTBEAT, d->heartbeat);
	if (d->has & HAS_BIND)
		mnl_attr_put(nlh, POOL_A_DEVICE_BIND_ADDRESS,
			     d->bind.family ? d->bind.prefix_len / 8 : 0, d->bind.addr);
	if (d->has & HAS_BIND_DEVICE)
		mnl_attr_put_strz(nlh, POOL_A_DEVICE_BIND_DEVICE, d->bind_device);
	if (d->has & HAS_NAME)
		mnl_attr_put_strz(nlh, POOL_A_DEVICE_NAME, d->name);
	if (d->has & HAS_ORGANISATION)
		mnl_attr_put_u64(nlh, POOL_A_DEVICE_ORGANISATION, d->organisation);
	if (d->has & HAS_SEGMENT)
		mnl_attr_put_u64(nlh, POOL_A_DEVICE_SEGMENT, d->segment);
	if (d->has & HAS_INIT_SKEW)
		mnl_attr_put_u32(nlh, POOL_A_DEVICE_INIT_SKEW, d->init_skew);
	put_limits(nlh, POOL_A_DEVICE_REKEY_AFTER_PACKETS, d->has, d->limit);
	if (d->has & HAS_DSCP)
		mnl_attr_put_u8(nlh, POOL_A_DEVICE_DSCP, d->dscp);
	ret = nl_request(nl, nlh, NULL, NULL, &ne, e);
	pool_wipe(buf, sizeof(buf));
	if (!ret && ne.text[0])
		out->warn(ne.text);
	/* A key can be in use as well, but then the kernel says so. */
	if (ret && ne.code == EADDRINUSE && !(d->has & HAS_PRIVATE_KEY))
		err_append(e, ": choose another listen-port, or 0; ss -ltnp shows who has it");
	return ret;
}

void apply_auto_prefix(struct cidr *out, const u8 key[POOL_KEY_LEN], u64 organisation,
		       u64 segment)
{
	u8 addr[POOL_ADDR_LEN];

	memset(out, 0, sizeof(*out));
	pool_addr_make(addr, organisation, segment, key);
	pool_addr_to_ipv6(out->addr, addr);
	out->family = AF_INET6;
	out->prefix_len = 128;
}

/* The kernel adds "auto" by itself, but takes it away only by its value. */
static int resolve_auto_removals(struct nl *nl, const struct nl_dev *dev, struct config *c,
				 struct err *e)
{
	struct device_list list = { 0 };
	u64 organisation, segment;
	int ret = 0;
	size_t i;

	for (i = 0; i < c->n_peers && !c->peers[i].auto_remove; i++)
		;
	if (i == c->n_peers)
		return 0;
	if (state_get_devices(nl, dev, &list, e)) {
		state_free_list(&list);
		return -1;
	}
	organisation = c->dev.has & HAS_ORGANISATION ? c->dev.organisation :
						       list.dev[0].organisation;
	segment = c->dev.has & HAS_SEGMENT ? c->dev.segment : list.dev[0].segment;
	state_free_list(&list);
	for (; i < c->n_peers && !ret; i++) {
		struct cidr ip;

		if (!c->peers[i].auto_remove)
			continue;
		apply_auto_prefix(&ip, c->peers[i].public_key, organisation, segment);
		ip.remove = 1;
		ret = config_add_ip(&c->peers[i], &ip, e);
	}
	return ret;
}

static int send_plan(struct nl *nl, struct applying *a, const struct sync_plan *plan,
		     struct err *e)
{
	int ret = 0;
	size_t i;

	if (nl_batch_init(&a->batch, nl, removal_answer, a, e))
		return -1;
	for (i = 0; i < plan->n_remove && !ret; i++)
		ret = send_removal(a, plan->remove[i], plan->remove[i], e);
	if (!ret)
		ret = nl_batch_flush(&a->batch, e);
	nl_batch_uninit(&a->batch);
	return ret;
}

static int send_peers(struct nl *nl, struct applying *a, struct config *c, struct err *e)
{
	int ret = 0;
	size_t i;

	if (nl_batch_init(&a->batch, nl, peer_answer, a, e))
		return -1;
	for (i = 0; i < c->n_peers && !ret; i++) {
		struct config_peer *p = &c->peers[i];

		if (p->unchanged)
			continue;
		ret = p->remove ? send_removal(a, p->public_key, p, e) : send_peer(a, p, e);
	}
	if (!ret)
		ret = nl_batch_flush(&a->batch, e);
	nl_batch_uninit(&a->batch);
	return ret;
}

int apply(struct nl *nl, const struct nl_dev *dev, struct config *c,
	  const struct sync_plan *plan, const struct apply_out *out, struct err *e)
{
	struct applying a = { .dev = dev, .out = out };

	if (resolve_auto_removals(nl, dev, c, e) || send_device(nl, dev, &c->dev, out, e))
		return -1;
	if (plan && plan->n_remove && send_plan(nl, &a, plan, e))
		return -1;
	if (c->n_peers && send_peers(nl, &a, c, e))
		return -1;
	if (!a.refused)
		return 0;
	return err_set(e, "%zu peer%s refused, the rest is done", a.refused,
		       a.refused == 1 ? " was" : "s were");
}
