// SPDX-License-Identifier: GPL-2.0
/* Requests to the fake kernel that change something. */
#include <stdio.h>
#include <stdlib.h>

#include "../../kernel/proto/address.h"
#include "fake_kernel.h"

/* As the policies that are generated from pool.yaml. */
struct rule {
	u16 attr;
	u16 len;	/* exact; 0: at least @min */
	u16 min;
	u16 max;
	bool nested;
};

static const struct rule device_rules[] = {
	{ POOL_A_DEVICE_IFINDEX, 4, 0, 0, false },
	{ POOL_A_DEVICE_IFNAME, 0, 2, 16, false },
	{ POOL_A_DEVICE_FLAGS, 4, 0, 0, false },
	{ POOL_A_DEVICE_PRIVATE_KEY, 32, 0, 0, false },
	{ POOL_A_DEVICE_LISTEN_PORT, 2, 0, 0, false },
	{ POOL_A_DEVICE_TRANSPORT, 4, 0, 0, false },
	{ POOL_A_DEVICE_FWMARK, 4, 0, 0, false },
	{ POOL_A_DEVICE_HEARTBEAT, 2, 0, 0, false },
	{ POOL_A_DEVICE_NAME, 0, 1, POOL_NAME_MAX + 1, false },
	{ POOL_A_DEVICE_ORGANISATION, 8, 0, 0, false },
	{ POOL_A_DEVICE_SEGMENT, 8, 0, 0, false },
	{ POOL_A_DEVICE_INIT_SKEW, 4, 0, 0, false },
	{ POOL_A_DEVICE_REKEY_AFTER_PACKETS, 4, 0, 0, false },
	{ POOL_A_DEVICE_REKEY_AFTER_TIME, 4, 0, 0, false },
	{ POOL_A_DEVICE_REJECT_AFTER_PACKETS, 4, 0, 0, false },
	{ POOL_A_DEVICE_REJECT_AFTER_TIME, 4, 0, 0, false },
	{ POOL_A_DEVICE_DSCP, 1, 0, 0, false },
	{ POOL_A_DEVICE_BIND_ADDRESS, 0, 0, 16, false },
	{ POOL_A_DEVICE_BIND_DEVICE, 0, 1, 16, false },
	{ 0, 0, 0, 0, false },
};

static const struct rule peer_rules[] = {
	{ POOL_A_PEER_IFINDEX, 4, 0, 0, false },
	{ POOL_A_PEER_IFNAME, 0, 2, 16, false },
	{ POOL_A_PEER_PUBLIC_KEY, 32, 0, 0, false },
	{ POOL_A_PEER_FLAGS, 4, 0, 0, false },
	{ POOL_A_PEER_PRESHARED_KEY, 32, 0, 0, false },
	{ POOL_A_PEER_ENDPOINT, 0, 2, sizeof(struct sockaddr_in6), false },
	{ POOL_A_PEER_TRANSPORT, 4, 0, 0, false },
	{ POOL_A_PEER_HEARTBEAT, 2, 0, 0, false },
	{ POOL_A_PEER_ALLOWED_IP, 0, 8, 100, true },
	{ POOL_A_PEER_ALLOWED_IP_AUTO, 0, 0, 0, false },
	{ POOL_A_PEER_REKEY_AFTER_PACKETS, 4, 0, 0, false },
	{ POOL_A_PEER_REKEY_AFTER_TIME, 4, 0, 0, false },
	{ POOL_A_PEER_REJECT_AFTER_PACKETS, 4, 0, 0, false },
	{ POOL_A_PEER_REJECT_AFTER_TIME, 4, 0, 0, false },
	{ 0, 0, 0, 0, false },
};

static const char *check(const struct nlmsghdr *nlh, const struct rule *rules)
{
	const struct nlattr *attr;

	mnl_attr_for_each(attr, nlh, sizeof(struct genlmsghdr)) {
		u16 len = mnl_attr_get_payload_len(attr);
		const struct rule *r;

		for (r = rules; r->attr && r->attr != mnl_attr_get_type(attr); r++)
			;
		if (!r->attr)
			return "Unknown attribute";
		if (!!(attr->nla_type & NLA_F_NESTED) != r->nested)
			return "NLA_F_NESTED is missing";
		if (r->len ? len != r->len : (len < r->min || len > r->max))
			return "invalid attribute length";
	}
	if (mnl_nlmsg_get_payload_tail(nlh) != (const char *)nlh + nlh->nlmsg_len)
		return "trailing bytes";
	return NULL;
}

static const struct nlattr *find(const struct nlmsghdr *nlh, u16 type)
{
	const struct nlattr *attr;

	mnl_attr_for_each(attr, nlh, sizeof(struct genlmsghdr)) {
		if (mnl_attr_get_type(attr) == type)
			return attr;
	}
	return NULL;
}

struct fake_device *fake_device_of(const struct nlmsghdr *nlh)
{
	const struct nlattr *index = find(nlh, POOL_A_DEVICE_IFINDEX);
	const struct nlattr *name = find(nlh, POOL_A_DEVICE_IFNAME);
	u32 i;

	for (i = 0; i < FAKE_DEVICES; i++) {
		struct fake_device *d = &fake_devices[i];

		if (index && mnl_attr_get_u32(index) == d->ifindex)
			return d;
		if (!index && name && !strcmp(mnl_attr_get_str(name), d->ifname))
			return d;
	}
	return NULL;
}

static bool is_zero(const u8 *p)
{
	static const u8 zero[POOL_KEY_LEN];

	return !memcmp(p, zero, sizeof(zero));
}

/* Those that are named, if they are in their range. */
static int set_limits(u32 limit[FAKE_LIMITS], const struct nlmsghdr *nlh, u16 first,
		      const char **text)
{
	static const u32 range[FAKE_LIMITS][2] = {
		{ 1, 251658240 }, { 1, 3540 }, { 2, 269484032 }, { 2, 3780 },
	};
	u16 i;

	for (i = 0; i < FAKE_LIMITS; i++) {
		const struct nlattr *a = find(nlh, (u16)(first + i));

		if (!a)
			continue;
		if (mnl_attr_get_u32(a) < range[i][0] || mnl_attr_get_u32(a) > range[i][1]) {
			*text = "integer out of range";
			return -ERANGE;
		}
		limit[i] = mnl_attr_get_u32(a);
	}
	return 0;
}

/* What the kernel says to those who want none, and does it. */
static const char *heartbeat_warning(u16 seconds)
{
	return seconds ? NULL : "without heartbeats a dead peer is not noticed";
}

static int set_device(struct fake_device *d, const struct nlmsghdr *nlh, const char **text)
{
	const struct nlattr *a;

	*text = check(nlh, device_rules);
	if (*text)
		return -EINVAL;
	a = find(nlh, POOL_A_DEVICE_TRANSPORT);
	if (a && fake_fault("notransport", NULL)) {
		*text = "this transport is not built";
		return -EOPNOTSUPP;
	}
	a = find(nlh, POOL_A_DEVICE_LISTEN_PORT);
	if (a && fake_fault("busyport", NULL)) {
		*text = "something else listens on that port";
		return -EADDRINUSE;
	}
	if (a)
		d->listen_port = mnl_attr_get_u16(a) ? mnl_attr_get_u16(a) : 40123;
	a = find(nlh, POOL_A_DEVICE_TRANSPORT);
	if (a)
		d->transport = mnl_attr_get_u32(a);
	a = find(nlh, POOL_A_DEVICE_FLAGS);
	while (a && mnl_attr_get_u32(a) & POOL_DEVICE_FLAGS_REPLACE_PEERS && d->n_peers)
		fake_del(d, &d->peers[d->n_peers - 1]);
	a = find(nlh, POOL_A_DEVICE_PRIVATE_KEY);
	if (a) {
		memcpy(d->key, mnl_attr_get_payload(a), POOL_KEY_LEN);
		d->has_key = !is_zero(d->key);
	}
	a = find(nlh, POOL_A_DEVICE_FWMARK);
	if (a)
		d->fwmark = mnl_attr_get_u32(a);
	a = find(nlh, POOL_A_DEVICE_HEARTBEAT);
	if (a) {
		d->heartbeat = mnl_attr_get_u16(a);
		*text = heartbeat_warning(d->heartbeat);
	}
	a = find(nlh, POOL_A_DEVICE_NAME);
	if (a)
		snprintf(d->name, sizeof(d->name), "%s", mnl_attr_get_str(a));
	a = find(nlh, POOL_A_DEVICE_ORGANISATION);
	if (a)
		d->organisation = mnl_attr_get_u64(a);
	a = find(nlh, POOL_A_DEVICE_SEGMENT);
	if (a)
		d->segment = mnl_attr_get_u64(a);
	a = find(nlh, POOL_A_DEVICE_INIT_SKEW);
	if (a)
		d->init_skew = mnl_attr_get_u32(a);
	a = find(nlh, POOL_A_DEVICE_DSCP);
	if (a)
		d->dscp = mnl_attr_get_u8(a);
	a = find(nlh, POOL_A_DEVICE_BIND_ADDRESS);
	if (a) {
		d->bind_len = mnl_attr_get_payload_len(a);
		memcpy(d->bind, mnl_attr_get_payload(a), d->bind_len);
	}
	a = find(nlh, POOL_A_DEVICE_BIND_DEVICE);
	if (a)
		snprintf(d->bind_device, sizeof(d->bind_device), "%s", mnl_attr_get_str(a));
	return set_limits(d->limit, nlh, POOL_A_DEVICE_REKEY_AFTER_PACKETS, text);
}

static int set_ip(struct fake_device *d, struct fake_peer *p, const struct nlattr *nest)
{
	struct fake_ip ip = { 0 };
	const struct nlattr *a;
	u32 flags = 0;

	mnl_attr_for_each_nested(a, nest) {
		switch (mnl_attr_get_type(a)) {
		case POOL_A_ALLOWED_IP_FAMILY:
			ip.family = mnl_attr_get_u16(a);
			break;
		case POOL_A_ALLOWED_IP_ADDRESS:
			memcpy(ip.addr, mnl_attr_get_payload(a), mnl_attr_get_payload_len(a));
			break;
		case POOL_A_ALLOWED_IP_PREFIX_LEN:
			ip.prefix_len = mnl_attr_get_u8(a);
			break;
		case POOL_A_ALLOWED_IP_FLAGS:
			flags = mnl_attr_get_u32(a);
			break;
		}
	}
	if (flags & POOL_ALLOWED_IP_FLAGS_REMOVE) {
		fake_del_ip(p, &ip);
		return 0;
	}
	return fake_add_ip(d, p, &ip);
}

static int set_auto(struct fake_device *d, struct fake_peer *p)
{
	struct fake_ip ip = { .family = AF_INET6, .prefix_len = 128 };
	u8 addr[POOL_ADDR_LEN];

	pool_addr_make(addr, d->organisation, d->segment, p->key);
	pool_addr_to_ipv6(ip.addr, addr);
	return fake_add_ip(d, p, &ip);
}

static void set_endpoint(struct fake_peer *p, const struct nlattr *a)
{
	const struct sockaddr *sa = mnl_attr_get_payload(a);

	p->endpoint_len = 0;
	if (sa->sa_family == AF_UNSPEC)
		return;
	p->endpoint_len = mnl_attr_get_payload_len(a);
	memcpy(p->endpoint, sa, p->endpoint_len);
}

static int set_peer(struct fake_device *d, const struct nlmsghdr *nlh, const char **text)
{
	const struct nlattr *a, *key = find(nlh, POOL_A_PEER_PUBLIC_KEY);
	static unsigned int count;
	unsigned int which;
	struct fake_peer *p;
	u32 flags = 0;
	int ret = 0;

	*text = check(nlh, peer_rules);
	if (*text || !key)
		return -EINVAL;
	if (fake_fault("refuse", &which) && ++count == which) {
		*text = "the peer table is full";
		return -ENOSPC;
	}
	a = find(nlh, POOL_A_PEER_FLAGS);
	if (a)
		flags = mnl_attr_get_u32(a);
	p = fake_find(d, mnl_attr_get_payload(key));
	if (!p && flags & POOL_PEER_FLAGS_UPDATE_ONLY)
		return -ENOENT;
	if (p && flags & POOL_PEER_FLAGS_CREATE_ONLY)
		return -EEXIST;
	if (!p)
		p = fake_add(d, mnl_attr_get_payload(key));
	if (flags & POOL_PEER_FLAGS_REPLACE_ALLOWED_IPS)
		p->n_ips = 0;
	a = find(nlh, POOL_A_PEER_PRESHARED_KEY);
	if (a) {
		memcpy(p->psk, mnl_attr_get_payload(a), POOL_KEY_LEN);
		p->has_psk = !is_zero(p->psk);
	}
	a = find(nlh, POOL_A_PEER_ENDPOINT);
	if (a)
		set_endpoint(p, a);
	a = find(nlh, POOL_A_PEER_TRANSPORT);
	if (a)
		p->transport = mnl_attr_get_u32(a);
	a = find(nlh, POOL_A_PEER_HEARTBEAT);
	if (a) {
		p->heartbeat = mnl_attr_get_u16(a);
		p->has_heartbeat = 1;
		*text = heartbeat_warning(p->heartbeat);
	}
	ret = set_limits(p->limit, nlh, POOL_A_PEER_REKEY_AFTER_PACKETS, text);
	mnl_attr_for_each(a, nlh, sizeof(struct genlmsghdr)) {
		if (mnl_attr_get_type(a) == POOL_A_PEER_ALLOWED_IP && !ret)
			ret = set_ip(d, p, a);
	}
	if (!ret && find(nlh, POOL_A_PEER_ALLOWED_IP_AUTO))
		ret = set_auto(d, p);
	return ret;
}

int fake_set(const struct nlmsghdr *nlh, struct fake_device **dev, const char **text)
{
	const struct genlmsghdr *genl = mnl_nlmsg_get_payload(nlh);
	struct fake_device *d = fake_device_of(nlh);
	const struct nlattr *key = find(nlh, POOL_A_PEER_PUBLIC_KEY);
	struct fake_peer *p;

	*text = NULL;
	*dev = d;
	if (!d) {
		*text = "no such device";
		return -ENODEV;
	}
	switch (genl->cmd) {
	case POOL_CMD_DEVICE_SET:
		return set_device(d, nlh, text);
	case POOL_CMD_PEER_SET:
		return set_peer(d, nlh, text);
	case POOL_CMD_PEER_DEL:
		*text = check(nlh, peer_rules);
		if (*text || !key)
			return -EINVAL;
		p = fake_find(d, mnl_attr_get_payload(key));
		if (!p) {
			*text = "there is no peer with this key";
			return -ENOENT;
		}
		fake_del(d, p);
		return 0;
	default:
		return 0;
	}
}
