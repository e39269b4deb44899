// SPDX-License-Identifier: GPL-2.0
/* What changes peers: the requests peer-set and peer-del. */
#include "netlink_priv.h"

#include "device.h"
#include "peer.h"
#include "session.h"

/* ------------------------------------------------------------------ peer-set */

/* peer-set, checked: nothing in it can be refused any more. */
struct peer_change {
	u8 key[POOL_KEY_LEN];
	u32 flags;
	bool set_endpoint;
	union pool_endpoint endpoint;
	unsigned int n_allowed_ips;	/* upper bound of those to add */
	struct pool_key_limits limits;	/* of the peer, when all is done */
};

int pool_nl_parse_key(struct genl_info *info, u8 key[POOL_KEY_LEN])
{
	static const u8 none[POOL_KEY_LEN];
	struct nlattr *attr = info->attrs[POOL_A_PEER_PUBLIC_KEY];

	if (GENL_REQ_ATTR_CHECK(info, POOL_A_PEER_PUBLIC_KEY)) {
		GENL_SET_ERR_MSG(info, "which peer? name it by its public key");
		return -EINVAL;
	}
	if (!memcmp(nla_data(attr), none, sizeof(none))) {
		NL_SET_ERR_MSG_ATTR(info->extack, attr, "a public key is not zero");
		return -EINVAL;
	}
	memcpy(key, nla_data(attr), POOL_KEY_LEN);
	return 0;
}

static int check_endpoint(struct nlattr *attr, const union pool_endpoint *ep,
			  struct netlink_ext_ack *extack)
{
	__be32 in = ep->in.sin_addr.s_addr;
	bool one_host, v4 = ep->sa.sa_family == AF_INET;
	int type = 0;

	if (v4) {
		one_host = !ipv4_is_zeronet(in) && !ipv4_is_multicast(in) && !ipv4_is_lbcast(in);
	} else {
		type = ipv6_addr_type(&ep->in6.sin6_addr);
		one_host = type != IPV6_ADDR_ANY && !(type & IPV6_ADDR_MULTICAST);
	}
	if (!one_host) {
		NL_SET_ERR_MSG_ATTR(extack, attr, "an endpoint is the address of one host");
		return -EINVAL;
	}
	if (type & IPV6_ADDR_LINKLOCAL && !ep->in6.sin6_scope_id) {
		NL_SET_ERR_MSG_ATTR(extack, attr, "a link-local endpoint needs its interface");
		return -EINVAL;
	}
	return 0;
}

/* None stands for the one that a device has if it is told nothing. */
static __be16 port_or_default(__be16 port)
{
	return port ?: htons(POOL_PORT_DEFAULT);
}

static int parse_endpoint(struct nlattr *attr, struct netlink_ext_ack *extack,
			  union pool_endpoint *ep)
{
	union pool_endpoint given = {};
	size_t len = nla_len(attr);

	memset(ep, 0, sizeof(*ep));
	memcpy(&given, nla_data(attr), min(len, sizeof(given)));
	if (given.sa.sa_family == AF_UNSPEC)
		return 0;
	if (given.sa.sa_family != AF_INET && given.sa.sa_family != AF_INET6) {
		NL_SET_ERR_MSG_ATTR(extack, attr, "an endpoint is of AF_INET or AF_INET6");
		return -EAFNOSUPPORT;
	}
	if (len != pool_endpoint_len(&given)) {
		NL_SET_ERR_MSG_ATTR(extack, attr,
				    "an endpoint is a struct sockaddr_in or sockaddr_in6");
		return -EINVAL;
	}
	/* Only what means something, so that equal endpoints are equal bytes. */
	if (given.sa.sa_family == AF_INET) {
		ep->in.sin_family = AF_INET;
		ep->in.sin_port = port_or_default(given.in.sin_port);
		ep->in.sin_addr = given.in.sin_addr;
	} else if (ipv6_addr_v4mapped(&given.in6.sin6_addr)) {
		ep->in.sin_family = AF_INET;
		ep->in.sin_port = port_or_default(given.in6.sin6_port);
		ep->in.sin_addr.s_addr = given.in6.sin6_addr.s6_addr32[3];
	} else {
		ep->in6 = given.in6;
		ep->in6.sin6_port = port_or_default(given.in6.sin6_port);
		ep->in6.sin6_flowinfo = 0;
	}
	return check_endpoint(attr, ep, extack);
}

struct allowed_ip {
	u16 family;
	u8 cidr;
	bool remove;
	const void *addr;
};

static int parse_allowed_ip(struct nlattr *nest, struct netlink_ext_ack *extack,
			    struct allowed_ip *ip)
{
	struct nlattr *attrs[POOL_A_ALLOWED_IP_MAX + 1];
	struct nlattr *addr;
	unsigned int len;
	int err;

	err = nla_parse_nested(attrs, POOL_A_ALLOWED_IP_MAX, nest, pool_allowed_ip_nl_policy,
			       extack);
	if (err)
		return err;
	addr = attrs[POOL_A_ALLOWED_IP_ADDRESS];
	if (!attrs[POOL_A_ALLOWED_IP_FAMILY] || !addr || !attrs[POOL_A_ALLOWED_IP_PREFIX_LEN]) {
		NL_SET_ERR_MSG_ATTR(extack, nest,
				    "an allowed-ip has a family, an address and a prefix length");
		return -EINVAL;
	}
	ip->family = nla_get_u16(attrs[POOL_A_ALLOWED_IP_FAMILY]);
	if (ip->family != AF_INET && ip->family != AF_INET6) {
		NL_SET_ERR_MSG_ATTR(extack, attrs[POOL_A_ALLOWED_IP_FAMILY],
				    "an allowed-ip is of AF_INET or AF_INET6");
		return -EAFNOSUPPORT;
	}
	len = ip->family == AF_INET ? 4 : 16;
	if (nla_len(addr) != len) {
		NL_SET_ERR_MSG_ATTR(extack, addr, "an address has 4 bytes for IPv4, 16 for IPv6");
		return -EINVAL;
	}
	ip->addr = nla_data(addr);
	ip->cidr = nla_get_u8(attrs[POOL_A_ALLOWED_IP_PREFIX_LEN]);
	if (ip->cidr > 8 * len) {
		NL_SET_ERR_MSG_ATTR(extack, attrs[POOL_A_ALLOWED_IP_PREFIX_LEN],
				    "a prefix is no longer than its address");
		return -EINVAL;
	}
	ip->remove = attrs[POOL_A_ALLOWED_IP_FLAGS] &&
		     nla_get_u32(attrs[POOL_A_ALLOWED_IP_FLAGS]) & POOL_ALLOWED_IP_FLAGS_REMOVE;
	return 0;
}

static int check_peer_set(struct genl_info *info, struct peer_change *c)
{
	struct nlattr **attrs = info->attrs, *attr;
	struct allowed_ip ip;
	int err, rem;

	memset(c, 0, sizeof(*c));
	err = pool_nl_parse_key(info, c->key);
	if (err)
		return err;
	if (attrs[POOL_A_PEER_FLAGS])
		c->flags = nla_get_u32(attrs[POOL_A_PEER_FLAGS]);
	if (c->flags & POOL_PEER_FLAGS_UPDATE_ONLY && c->flags & POOL_PEER_FLAGS_CREATE_ONLY) {
		NL_SET_ERR_MSG_ATTR(info->extack, attrs[POOL_A_PEER_FLAGS],
				    "a peer cannot be both there and not there");
		return -EINVAL;
	}
	if (attrs[POOL_A_PEER_ENDPOINT]) {
		c->set_endpoint = true;
		err = parse_endpoint(attrs[POOL_A_PEER_ENDPOINT], info->extack, &c->endpoint);
		if (err)
			return err;
	}
	err = pool_nl_check_transport(attrs[POOL_A_PEER_TRANSPORT], info);
	if (err)
		return err;
	c->n_allowed_ips = !!attrs[POOL_A_PEER_ALLOWED_IP_AUTO];
	nla_for_each_attr(attr, genlmsg_data(info->genlhdr), genlmsg_len(info->genlhdr), rem) {
		if (nla_type(attr) != POOL_A_PEER_ALLOWED_IP)
			continue;
		err = parse_allowed_ip(attr, info->extack, &ip);
		if (err)
			return err;
		c->n_allowed_ips++;
	}
	return 0;
}

/* Memory has been set aside, and all is checked: nothing can fail. */
static void change_allowed_ips(struct pool_device *device, struct pool_peer *peer,
			       struct genl_info *info, const struct peer_change *c)
{
	struct pool_allowedips *table = &device->allowedips;
	u8 addr[POOL_ADDR_LEN], ip6[16];
	struct allowed_ip ip;
	struct nlattr *attr;
	LIST_HEAD(old);
	int rem;

	/* What is named again stays in the table all the time, and loses no packet. */
	if (c->flags & POOL_PEER_FLAGS_REPLACE_ALLOWED_IPS)
		list_splice_init(&peer->allowedips_list, &old);
	nla_for_each_attr(attr, genlmsg_data(info->genlhdr), genlmsg_len(info->genlhdr), rem) {
		if (nla_type(attr) != POOL_A_PEER_ALLOWED_IP)
			continue;
		if (WARN_ON_ONCE(parse_allowed_ip(attr, NULL, &ip)))
			continue;
		/* That it was not there, or not this peer's, is as well. */
		if (ip.remove)
			pool_allowedips_remove(table, ip.family, ip.addr, ip.cidr, peer);
		else
			WARN_ON_ONCE(pool_allowedips_insert(table, ip.family, ip.addr, ip.cidr,
							    peer, &peer->allowedips_list));
	}
	if (info->attrs[POOL_A_PEER_ALLOWED_IP_AUTO]) {
		pool_device_address(device, peer->key, addr);
		pool_addr_to_ipv6(ip6, addr);
		WARN_ON_ONCE(pool_allowedips_insert(table, AF_INET6, ip6, 128, peer,
						    &peer->allowedips_list));
	}
	pool_allowedips_remove_by_peer(table, peer, &old);
}

/* What depends on the peer as it is; @peer is NULL if it is to be made. */
static int check_peer_change(struct pool_device *device, struct pool_peer *peer,
			     struct genl_info *info, struct peer_change *c)
{
	static const struct pool_key_limits none;
	struct pool_session *s;
	int err;

	err = pool_nl_parse_limits(info, POOL_A_PEER_REKEY_AFTER_PACKETS,
				   peer ? &peer->limits : &none, &device->limits, &c->limits);
	if (err)
		return err;
	if (c->flags & POOL_PEER_FLAGS_REKEY) {
		s = peer ? pool_peer_session_get(peer) : NULL;
		if (!s || READ_ONCE(s->phase) != POOL_PHASE_CONFIRMED)
			err = -ENOTCONN;
		pool_session_put(s);
		if (err)
			NL_SET_ERR_MSG_ATTR(info->extack, info->attrs[POOL_A_PEER_FLAGS],
					    "the peer has no session whose keys could be replaced");
	}
	return err;
}

static void change_peer(struct pool_device *device, struct pool_peer *peer,
			struct genl_info *info, const struct peer_change *c)
{
	struct nlattr **attrs = info->attrs;

	if (attrs[POOL_A_PEER_PRESHARED_KEY])
		pool_peer_set_psk(peer, nla_data(attrs[POOL_A_PEER_PRESHARED_KEY]));
	if (attrs[POOL_A_PEER_HEARTBEAT])
		WRITE_ONCE(peer->heartbeat_s, nla_get_u16(attrs[POOL_A_PEER_HEARTBEAT]));
	pool_nl_set_limits(&peer->limits, &c->limits);
	change_allowed_ips(device, peer, info, c);
	if (c->set_endpoint)
		pool_peer_set_endpoint(peer, &c->endpoint);
	if (c->flags & POOL_PEER_FLAGS_REKEY)
		pool_peer_rekey(peer);	/* a session that ended just now needs no new keys */
	pool_device_touch(device);
	pool_peer_tick_in(peer, 0);
}

int pool_nl_peer_set_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct pool_device *device = pool_nl_info_device(info);
	struct peer_change c;
	struct pool_peer *peer;
	bool created = false;
	int err;

	err = check_peer_set(info, &c);
	if (err)
		return err;
	err = pool_nl_lock_for_change(device, info);
	if (err)
		return err;

	err = pool_allowedips_reserve(&device->allowedips, c.n_allowed_ips);
	if (err)
		goto out_unlock;
	peer = pool_peer_lookup(device, c.key);
	if (peer && c.flags & POOL_PEER_FLAGS_CREATE_ONLY) {
		NL_SET_ERR_MSG_ATTR(info->extack, info->attrs[POOL_A_PEER_PUBLIC_KEY],
				    "there is a peer with this key");
		err = -EEXIST;
		goto out_put;
	}
	if (!peer && c.flags & POOL_PEER_FLAGS_UPDATE_ONLY) {
		NL_SET_ERR_MSG_ATTR(info->extack, info->attrs[POOL_A_PEER_PUBLIC_KEY],
				    "there is no peer with this key");
		err = -ENOENT;
		goto out_put;
	}
	err = check_peer_change(device, peer, info, &c);
	if (err)
		goto out_put;
	if (!peer) {
		peer = pool_peer_create(device, c.key, info->extack);
		if (IS_ERR(peer)) {
			err = PTR_ERR(peer);
			peer = NULL;
			goto out_put;
		}
		/* The device's own reference stays with it; this one is ours. */
		pool_peer_get(peer);
		created = true;
		pool_netlink_event(device, POOL_EVENT_TYPE_PEER_ADDED, POOL_REASON_NONE, peer,
				   NULL, NULL, NULL, 0);
	}
	if (info->attrs[POOL_A_PEER_TRANSPORT]) {
		err = pool_peer_set_transport(peer, nla_get_u32(info->attrs[POOL_A_PEER_TRANSPORT]),
					      info->extack);
		if (err) {
			if (created)
				pool_peer_remove(peer, false);
			goto out_put;
		}
	}
	change_peer(device, peer, info, &c);
	pool_nl_warn_heartbeat(info->attrs[POOL_A_PEER_HEARTBEAT], info);
out_put:
	pool_peer_put(peer);
	pool_allowedips_unreserve(&device->allowedips);
out_unlock:
	pool_nl_unlock_after_change(device);
	return err;
}

/* Is there another request behind this one, in what was sent in one go? */
static bool more_to_come(const struct sk_buff *skb, const struct genl_info *info)
{
	const u8 *end = (const u8 *)info->nlhdr + NLMSG_ALIGN(info->nlhdr->nlmsg_len);

	return end + NLMSG_HDRLEN <= skb_tail_pointer(skb);
}

int pool_nl_peer_del_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct pool_device *device = pool_nl_info_device(info);
	struct pool_peer *peer;
	u8 key[POOL_KEY_LEN];
	int err;

	err = pool_nl_parse_key(info, key);
	if (err)
		return err;
	err = pool_nl_lock_for_change(device, info);
	if (err)
		return err;
	peer = pool_peer_lookup(device, key);
	if (peer) {
		pool_peer_remove(peer, more_to_come(skb, info));
		pool_peer_put(peer);
	} else {
		NL_SET_ERR_MSG_ATTR(info->extack, info->attrs[POOL_A_PEER_PUBLIC_KEY],
				    "there is no peer with this key");
		err = -ENOENT;
	}
	pool_nl_unlock_after_change(device);
	return err;
}
