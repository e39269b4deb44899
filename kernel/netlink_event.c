// SPDX-License-Identifier: GPL-2.0
/* Events, to whoever listens: the notifications of the family. */
#include "netlink_priv.h"

#include "audit.h"
#include "device.h"
#include "peer.h"
#include "session.h"

struct event {
	struct pool_device *device;
	u32 type, reason, count;
	u8 code;
	const u8 *key;
	struct pool_session *session;
	const union pool_endpoint *remote;
};

/* What the number is. */
static int count_attr(u32 type)
{
	switch (type) {
	case POOL_EVENT_TYPE_MISMATCH:
		return POOL_A_EVENT_MISMATCH;
	case POOL_EVENT_TYPE_OVERLOAD:
		return POOL_A_EVENT_SECONDS;
	default:
		return POOL_A_EVENT_COUNT;
	}
}

static bool has_code(const struct event *e)
{
	return e->type == POOL_EVENT_TYPE_PEER_ERROR ||
	       (e->type == POOL_EVENT_TYPE_SESSION_DOWN &&
		e->reason == POOL_REASON_CLOSED_BY_PEER);
}

static int fill_event(struct sk_buff *skb, const struct event *e)
{
	void *hdr = genlmsg_put(skb, 0, 0, &pool_nl_family, 0, POOL_CMD_EVENT);
	struct pool_epoch_use use;

	if (!hdr)
		return -EMSGSIZE;
	if (nla_put_u32(skb, POOL_A_EVENT_IFINDEX, e->device->dev->ifindex) ||
	    nla_put_string(skb, POOL_A_EVENT_IFNAME, e->device->dev->name) ||
	    nla_put_u32(skb, POOL_A_EVENT_TYPE, e->type) ||
	    nla_put_u32(skb, POOL_A_EVENT_REASON, e->reason) ||
	    (e->key && nla_put(skb, POOL_A_EVENT_PUBLIC_KEY, POOL_KEY_LEN, e->key)) ||
	    (e->session &&
	     (nla_put(skb, POOL_A_EVENT_SESSION_ID, POOL_SID_LEN, e->session->sid) ||
	      nla_put_u32(skb, POOL_A_EVENT_ROLE, e->session->role))) ||
	    (e->remote && pool_nl_put_endpoint(skb, POOL_A_EVENT_REMOTE, e->remote)) ||
	    ((e->count || e->type == POOL_EVENT_TYPE_OVERLOAD) &&
	     nla_put_u32(skb, count_attr(e->type), e->count)) ||
	    (has_code(e) && nla_put_u8(skb, POOL_A_EVENT_CODE, e->code)) ||
	    (e->type == POOL_EVENT_TYPE_REKEYED && pool_session_use(e->session, &use) &&
	     nla_put_u32(skb, POOL_A_EVENT_EPOCH, use.number))) {
		genlmsg_cancel(skb, hdr);
		return -EMSGSIZE;
	}
	genlmsg_end(skb, hdr);
	return 0;
}

static void multicast(struct net *net, const struct event *e)
{
	struct sk_buff *skb;

	if (!genl_has_listeners(&pool_nl_family, net, POOL_NLGRP_EVENTS))
		return;
	skb = genlmsg_new(GENLMSG_DEFAULT_SIZE, GFP_KERNEL);
	if (!skb)
		return;
	if (WARN_ON_ONCE(fill_event(skb, e))) {
		nlmsg_free(skb);
		return;
	}
	genlmsg_multicast_netns(&pool_nl_family, net, skb, 0, POOL_NLGRP_EVENTS, GFP_KERNEL);
}

/* The device may have been moved away from its sockets: tell both sides. */
static void tell(const struct event *e)
{
	struct net *net, *creating;

	might_sleep();
	if (!READ_ONCE(pool_nl_registered))
		return;
	rcu_read_lock();
	net = maybe_get_net(dev_net(e->device->dev));
	rcu_read_unlock();
	creating = pool_device_net_get(e->device);
	if (net)
		multicast(net, e);
	if (creating && creating != net)
		multicast(creating, e);
	if (net)
		put_net(net);
	if (creating)
		put_net(creating);
}

void pool_netlink_event(struct pool_device *device, u32 type, u32 reason,
			struct pool_peer *peer, struct pool_session *s, const u8 *key,
			const union pool_endpoint *remote, u32 count)
{
	struct event e = {
		.device = device,
		.type = type,
		.reason = reason,
		.count = count,
		.key = peer ? peer->key : key,
		.session = s,
		.remote = remote,
		.code = s ? s->close_code : 0,
	};
	struct pool_path *path = NULL;

	if (s && (type == POOL_EVENT_TYPE_SESSION_UP || type == POOL_EVENT_TYPE_SESSION_DOWN))
		pool_audit_session(s, type == POOL_EVENT_TYPE_SESSION_UP, reason);
	if (s && !remote) {
		path = pool_session_path_get(s);
		if (path)
			e.remote = &path->remote;
	}
	tell(&e);
	pool_path_put(path);
}

void pool_netlink_report(struct pool_peer *peer, u32 type, u8 code, u32 number)
{
	const struct event e = {
		.device = peer->device,
		.type = type,
		.count = number,
		.key = peer->key,
		.code = code,
	};

	tell(&e);
}
