// SPDX-License-Identifier: GPL-2.0
/* Link kind "pool": the net device, its life, and what it was told to be. */
#include "device.h"
#include "handshake.h"
#include "peer.h"
#include "segment.h"
#include "session.h"
#include "socket.h"

#include <linux/if_arp.h>
#include <linux/inetdevice.h>
#include <linux/random.h>
#include <linux/rtnetlink.h>
#include <linux/suspend.h>
#include <net/addrconf.h>
#include <net/icmp.h>
#include <net/ip_tunnels.h>
#include <net/route.h>
#include <net/netns/generic.h>
#include <net/rtnetlink.h>
#include <uapi/linux/if_pool.h>

static LIST_HEAD(device_list);	/* under RTNL */

static const struct net_device_ops netdev_ops;

bool pool_device_is(const struct net_device *dev)
{
	return dev->netdev_ops == &netdev_ops;
}

struct net *pool_device_net_get(struct pool_device *device)
{
	struct net *net;

	rcu_read_lock();
	net = rcu_dereference(device->creating_net);
	net = net ? maybe_get_net(net) : NULL;
	rcu_read_unlock();
	return net;
}

/* ------------------------------------------------------------ the way out */

/* ICMP wants the route of what it answers; packets that waited have none. */
static void route_again(struct pool_device *device, struct sk_buff *skb)
{
	struct flowi4 fl4 = { .flowi4_oif = device->dev->ifindex };
	struct rtable *rt;

	if (skb->protocol != htons(ETH_P_IP) || skb_dst(skb))
		return;
	fl4.daddr = ip_hdr(skb)->daddr;
	rt = ip_route_output_key(dev_net(device->dev), &fl4);
	if (!IS_ERR(rt))
		skb_dst_set(skb, &rt->dst);
}

void pool_device_reject(struct pool_device *device, struct sk_buff *skb)
{
	route_again(device, skb);
	if (skb->protocol == htons(ETH_P_IP))
		icmp_ndo_send(skb, ICMP_DEST_UNREACH, ICMP_HOST_UNREACH, 0);
	else if (skb->protocol == htons(ETH_P_IPV6))
		icmpv6_ndo_send(skb, ICMPV6_DEST_UNREACH, ICMPV6_ADDR_UNREACH, 0);
}

void pool_device_too_big(struct pool_device *device, struct sk_buff *skb, u32 mtu)
{
	route_again(device, skb);
	if (skb->protocol == htons(ETH_P_IP))
		icmp_ndo_send(skb, ICMP_DEST_UNREACH, ICMP_FRAG_NEEDED, htonl(mtu));
	else if (skb->protocol == htons(ETH_P_IPV6))
		icmpv6_ndo_send(skb, ICMPV6_PKT_TOOBIG, 0, mtu);
}

static bool peer_reachable(struct pool_peer *peer)
{
	return rcu_access_pointer(peer->current_session) || READ_ONCE(peer->n_sessions) ||
	       !list_empty(&peer->paths) || pool_peer_has_endpoint(peer);
}

static netdev_tx_t pool_xmit(struct sk_buff *skb, struct net_device *dev)
{
	struct pool_device *device = netdev_priv(dev);
	struct sk_buff_head dropped;
	struct pool_peer *peer;
	bool session;
	u32 drop;

	/* What we have sealed ourselves, before another layer has: a route leads it back. */
	if (unlikely(skb->sk && pool_dgram_owns(device, skb->sk))) {
		drop = POOL_A_DROPS_TX_LOOP;
		peer = NULL;
		goto err;
	}
	if (unlikely(!READ_ONCE(device->running))) {
		drop = POOL_A_DROPS_TX_DOWN;
		peer = NULL;
		goto err;
	}
	if (unlikely(ip_tunnel_parse_protocol(skb) != skb->protocol || !skb->protocol)) {
		drop = POOL_A_DROPS_TX_NOT_IP;
		peer = NULL;
		goto err;
	}
	rcu_read_lock_bh();
	peer = pool_peer_get_maybe_zero(pool_allowedips_lookup_dst(&device->allowedips, skb));
	rcu_read_unlock_bh();
	if (unlikely(!peer)) {
		drop = POOL_A_DROPS_TX_NO_PEER;
		goto reject;
	}
	if (unlikely(!peer_reachable(peer))) {
		drop = POOL_A_DROPS_TX_NO_ENDPOINT;
		goto reject;
	}
	skb = skb_share_check(skb, GFP_ATOMIC);
	if (unlikely(!skb)) {
		pool_drop(device, peer, POOL_A_DROPS_TX_NO_MEMORY);
		goto out;
	}
	/* A route must not be pinned by what waits here. */
	skb_dst_drop(skb);
	nf_reset_ct(skb);

	pool_queue_classify(skb);
	session = rcu_access_pointer(peer->current_session);
	/* The peer does not drain: say so before packets are lost. */
	if (unlikely(pool_queue_pressed(&peer->staged, skb)) && session &&
	    pool_queue_mark_ce(skb))
		atomic64_inc(&peer->stats.tx_marked);
	__skb_queue_head_init(&dropped);
	pool_queue_push(&peer->staged, skb, session, &dropped);
	if (unlikely(!skb_queue_empty(&dropped))) {
		pool_drop_n(device, peer, session ? POOL_A_DROPS_TX_CONGESTED :
						    POOL_A_DROPS_TX_STAGED_FULL,
			    skb_queue_len(&dropped));
		__skb_queue_purge(&dropped);
	}
	if (unlikely(READ_ONCE(peer->dead)))
		pool_peer_purge_staged(peer, POOL_A_DROPS_TX_DOWN, false);
	else
		pool_peer_kick(peer);
out:
	pool_peer_put(peer);
	return NETDEV_TX_OK;

reject:
	pool_device_reject(device, skb);
err:
	pool_drop(device, peer, drop);
	kfree_skb(skb);
	pool_peer_put(peer);
	return NETDEV_TX_OK;
}

/* ------------------------------------------------------------ up and down */

/* Under gate.lock, with a responder. */
static void reset_secrets(struct pool_device *device)
{
	struct pool_gate *gate = &device->gate;

	lockdep_assert_held(&gate->lock);
	pool_responder_reset(gate->responder, &device->identity);
	pool_responder_refresh(gate->responder, pool_now());
	++gate->generation;
}

void pool_device_renew_secrets(struct pool_device *device)
{
	mutex_lock(&device->gate.lock);
	if (device->gate.responder)
		reset_secrets(device);
	mutex_unlock(&device->gate.lock);
}

/*
 * By the clock that peers' replay records use, before each use and not only by
 * a timer: a secret must never live longer than the memory of what was accepted
 * under it. Returns ns until there is something to do again.
 */
u64 pool_gate_refresh(struct pool_device *device)
{
	struct pool_gate *gate = &device->gate;

	lockdep_assert_held(&gate->lock);
	if (!gate->responder)
		return POOL_S_TO_NS(POOL_SECRET_ROTATE_S);
	return pool_responder_refresh(gate->responder, pool_now());
}

/* For those that nobody uses: keys are not kept in memory for nothing. */
static void rotate_work(struct work_struct *work)
{
	struct pool_device *device = container_of(work, struct pool_device, rotate_work.work);
	u64 next;

	mutex_lock(&device->gate.lock);
	next = pool_gate_refresh(device);
	mutex_unlock(&device->gate.lock);
	queue_delayed_work(device->ctl_wq, &device->rotate_work, nsecs_to_jiffies(next) + 1);
}

/* The open transport with that bit in TLV 1, or NULL. */
static const struct pool_transport_ops *open_one(const struct pool_device *device,
						 unsigned int bit)
{
	return device->open & BIT(bit) ? pool_transport(bit + 1) : NULL;
}

static void close_transports(struct pool_device *device, u8 mask)
{
	const struct pool_transport_ops *ops;
	unsigned int bit;

	for (bit = 0; bit < POOL_TRANSPORT_UDP; ++bit) {
		ops = mask & BIT(bit) ? open_one(device, bit) : NULL;
		if (!ops)
			continue;
		ops->stop(device);
		WRITE_ONCE(device->open, device->open & ~BIT(bit));
	}
	if (!device->open)
		device->bound_port = 0;
}

/* All of @mask that are not open yet, or none of them. */
static int open_transports(struct pool_device *device, u8 mask)
{
	u8 before = device->open;
	unsigned int bit;
	int ret;

	lockdep_assert_held(&device->update_lock);
	for (bit = 0; bit < POOL_TRANSPORT_UDP; ++bit) {
		if (!(mask & ~device->open & BIT(bit)))
			continue;
		ret = pool_transport(bit + 1)->start(device);
		if (ret) {
			close_transports(device, ~before);
			return ret;
		}
		WRITE_ONCE(device->open, device->open | BIT(bit));
	}
	return 0;
}

int pool_device_open(struct pool_device *device, u8 mask, struct netlink_ext_ack *extack)
{
	int ret = device->running ? open_transports(device, mask) : 0;

	if (ret == -EADDRINUSE)
		NL_SET_ERR_MSG(extack, "something else has the port of this transport");
	else if (ret)
		NL_SET_ERR_MSG(extack, "cannot open sockets of this transport");
	return ret;
}

static int start_running(struct pool_device *device)
{
	u8 mask = pool_transport_mask(device->transport);
	struct pool_peer *peer;
	int ret;

	lockdep_assert_held(&device->update_lock);
	list_for_each_entry(peer, &device->peers, list)
		mask |= pool_transport_mask(pool_peer_transport(peer));
	ret = open_transports(device, mask);
	if (ret)
		return ret;
	WRITE_ONCE(device->running, true);
	queue_delayed_work(device->ctl_wq, &device->rotate_work, POOL_SECRET_ROTATE_S * HZ);
	list_for_each_entry(peer, &device->peers, list)
		pool_peer_kick(peer);
	return 0;
}

/* After it no work of the device runs and no socket is left. */
static void stop_running(struct pool_device *device, u32 reason)
{
	struct pool_peer *peer;

	lockdep_assert_held(&device->update_lock);
	if (!device->running)
		return;
	/* Closing the sockets waits for whoever holds paths: the dead let go of theirs first. */
	pool_peer_reap(device);
	WRITE_ONCE(device->running, false);
	synchronize_net();
	cancel_delayed_work_sync(&device->rotate_work);
	pool_device_renew_secrets(device);
	list_for_each_entry(peer, &device->peers, list) {
		cancel_delayed_work_sync(&peer->tick);
		pool_peer_stop(peer, reason, true);
		cancel_work_sync(&peer->tx_work);
		pool_peer_purge_staged(peer, POOL_A_DROPS_TX_DOWN, false);
	}
	close_transports(device, ~0);
	flush_workqueue(device->solve_wq);
	flush_workqueue(device->io_wq);
}

static int pool_open(struct net_device *dev)
{
	struct pool_device *device = netdev_priv(dev);
	struct in_device *in_dev = __in_dev_get_rtnl(dev);
	struct inet6_dev *in6_dev = __in6_dev_get(dev);
	int ret;

	if (in_dev) {
		/* Hosts behind one peer may reach each other through us; no redirects. */
		IN_DEV_CONF_SET(in_dev, SEND_REDIRECTS, false);
		IPV4_DEVCONF_ALL(dev_net(dev), SEND_REDIRECTS) = false;
	}
	if (in6_dev)
		in6_dev->cnf.addr_gen_mode = IN6_ADDR_GEN_MODE_NONE;

	mutex_lock(&device->update_lock);
	ret = start_running(device);
	mutex_unlock(&device->update_lock);
	return ret;
}

static int pool_stop(struct net_device *dev)
{
	struct pool_device *device = netdev_priv(dev);

	mutex_lock(&device->update_lock);
	stop_running(device, POOL_REASON_DEVICE_DOWN);
	mutex_unlock(&device->update_lock);
	return 0;
}

void pool_device_touch(struct pool_device *device)
{
	static atomic_t generation = ATOMIC_INIT(0);

	device->update_gen = atomic_inc_return(&generation);
}

void pool_device_forget_sessions(struct pool_device *device, u32 reason, bool close)
{
	struct pool_peer *peer;

	lockdep_assert_held(&device->update_lock);
	pool_peer_reap(device);
	pool_device_renew_secrets(device);
	list_for_each_entry(peer, &device->peers, list)
		pool_peer_stop(peer, reason, close);
}

/* ---------------------------------------------------------- configuration */

int pool_device_set_identity(struct pool_device *device, const u8 secret[POOL_KEY_LEN],
			     struct netlink_ext_ack *extack)
{
	static const u8 none[POOL_KEY_LEN];
	struct pool_responder *responder = NULL, *old;
	struct pool_identity identity = {};
	bool set = pool_differ(secret, none, POOL_KEY_LEN);
	struct pool_peer *peer;
	int ret = 0;

	lockdep_assert_held(&device->update_lock);
	if (set) {
		memcpy(identity.secret, secret, POOL_KEY_LEN);
		identity.secret[0] &= 248;
		identity.secret[31] = (identity.secret[31] & 127) | 64;
		if (!pool_x25519_public(identity.public, identity.secret)) {
			NL_SET_ERR_MSG(extack, "this is no private key");
			ret = -EINVAL;
			goto out;
		}
		if (device->has_identity &&
		    !pool_differ(&identity, &device->identity, sizeof(identity)))
			goto out;
		peer = pool_peer_lookup(device, identity.public);
		if (peer) {
			pool_peer_put(peer);
			NL_SET_ERR_MSG(extack, "a peer has the public key of this private key");
			ret = -EADDRINUSE;
			goto out;
		}
		responder = kvzalloc(sizeof(*responder), GFP_KERNEL);
		if (!responder) {
			NL_SET_ERR_MSG(extack, "out of memory");
			ret = -ENOMEM;
			goto out;
		}
		pool_responder_reset(responder, &identity);
	} else if (!device->has_identity) {
		goto out;
	}

	mutex_lock(&device->gate.lock);
	old = device->gate.responder;
	device->gate.responder = responder;
	device->identity = identity;
	device->gate.refused = 0;
	device->gate.refused_threshold = POOL_REFUSED_THRESHOLD;
	if (responder)
		pool_responder_refresh(responder, pool_now());
	++device->gate.generation;
	WRITE_ONCE(device->has_identity, set);
	mutex_unlock(&device->gate.lock);
	kvfree_sensitive(old, sizeof(*old));
	list_for_each_entry(peer, &device->peers, list) {
		pool_peer_stop(peer, POOL_REASON_KEY_CHANGED, true);
		pool_peer_kick(peer);
	}
out:
	memzero_explicit(&identity, sizeof(identity));
	return ret;
}

int pool_device_set_port(struct pool_device *device, u16 port, struct netlink_ext_ack *extack)
{
	const struct pool_transport_ops *ops;
	u16 old = device->listen_port;
	unsigned int bit;
	int ret = 0;

	ASSERT_RTNL();
	lockdep_assert_held(&device->update_lock);
	if (port == old && (port || !device->running))
		return 0;
	device->listen_port = port;
	if (!device->running)
		return 0;
	/* Connections stay: only the door moves. */
	for (bit = 0; !ret && bit < POOL_TRANSPORT_UDP; ++bit) {
		ops = open_one(device, bit);
		if (ops)
			ret = ops->relisten(device);
	}
	if (ret) {
		if (ret == -EADDRINUSE)
			NL_SET_ERR_MSG(extack, "something else listens on that port");
		else
			NL_SET_ERR_MSG(extack, "cannot listen on that port");
		device->listen_port = old;
		/* Those that have moved go back. */
		for (bit = 0; bit < POOL_TRANSPORT_UDP; ++bit) {
			ops = open_one(device, bit);
			if (ops)
				ops->relisten(device);
		}
	}
	return ret;
}

int pool_device_set_transport(struct pool_device *device, u8 transport,
			      struct netlink_ext_ack *extack)
{
	struct pool_peer *peer;
	int ret;

	ASSERT_RTNL();
	lockdep_assert_held(&device->update_lock);
	if (transport == device->transport)
		return 0;
	ret = pool_device_open(device, pool_transport_mask(transport), extack);
	if (ret)
		return ret;
	WRITE_ONCE(device->transport, transport);
	list_for_each_entry(peer, &device->peers, list)
		if (!peer->transport)
			pool_peer_move(peer);
	return 0;
}

int pool_device_set_fwmark(struct pool_device *device, u32 mark, struct netlink_ext_ack *extack)
{
	u32 old = device->fwmark;
	int ret;

	ASSERT_RTNL();
	lockdep_assert_held(&device->update_lock);
	if (mark == old)
		return 0;
	device->fwmark = mark;
	if (!device->running)
		return 0;
	stop_running(device, POOL_REASON_DEVICE_DOWN);
	ret = start_running(device);
	if (!ret)
		return 0;
	device->fwmark = old;
	if (start_running(device))
		NL_SET_ERR_MSG(extack, "cannot listen again: set the device down and up");
	else
		NL_SET_ERR_MSG(extack, "cannot listen with that fwmark: the old one stays");
	return ret;
}

static void explain_bind(int err, struct netlink_ext_ack *extack)
{
	switch (err) {
	case -EADDRNOTAVAIL:
		NL_SET_ERR_MSG(extack,
			       "no address of this host: give it to an interface first (ip address)");
		break;
	case -EADDRINUSE:
		NL_SET_ERR_MSG(extack, "something else has the port of that address");
		break;
	case -EAFNOSUPPORT:
		NL_SET_ERR_MSG(extack, "this host has no IPv6");
		break;
	case -ENODEV:
		NL_SET_ERR_MSG(extack,
			       "the interface it is bound to is gone: bind it to another, or to none");
		break;
	default:
		NL_SET_ERR_MSG(extack, "sockets cannot be bound like that");
	}
}

int pool_device_set_bind(struct pool_device *device, const struct pool_bind *bind,
			 struct netlink_ext_ack *extack)
{
	struct pool_bind old = device->bind;
	int ret;

	ASSERT_RTNL();
	lockdep_assert_held(&device->update_lock);
	if (bind->ifindex == old.ifindex && pool_endpoint_equal(&bind->addr, &old.addr))
		return 0;
	if (!device->running) {
		device->bind = *bind;
		return 0;
	}
	/* What is plainly wrong ends no session. */
	ret = pool_socket_try_bind(device, bind);
	if (ret) {
		explain_bind(ret, extack);
		return ret;
	}
	stop_running(device, POOL_REASON_DEVICE_DOWN);
	device->bind = *bind;
	ret = start_running(device);
	if (!ret)
		return 0;
	device->bind = old;
	if (start_running(device))
		NL_SET_ERR_MSG(extack, "cannot listen again: set the device down and up");
	else
		explain_bind(ret, extack);
	return ret;
}

void pool_device_set_dscp(struct pool_device *device, u8 dscp)
{
	const struct pool_transport_ops *ops;
	unsigned int bit;

	ASSERT_RTNL();
	lockdep_assert_held(&device->update_lock);
	if (dscp == device->dscp)
		return;
	WRITE_ONCE(device->dscp, dscp);
	for (bit = 0; bit < POOL_TRANSPORT_UDP; ++bit) {
		ops = open_one(device, bit);
		if (ops)
			ops->dscp_changed(device);
	}
}

void pool_device_address(struct pool_device *device, const u8 key[POOL_KEY_LEN],
			 u8 addr[POOL_ADDR_LEN])
{
	pool_addr_make(addr, device->organisation, device->segment, key);
}

void pool_device_hello(struct pool_device *device, struct pool_hello *hello)
{
	memset(hello, 0, sizeof(*hello));
	hello->present = BIT(POOL_TLV_TRANSPORTS) | BIT(POOL_TLV_MAX_PLAINTEXT) |
			 BIT(POOL_TLV_ADDRESS);
	hello->transports = READ_ONCE(device->open);
	hello->max_plaintext = POOL_MAX_PLAINTEXT;
	mutex_lock(&device->gate.lock);
	pool_device_address(device, device->identity.public, hello->address);
	hello->name_len = strnlen(device->name, POOL_NAME_MAX);
	memcpy(hello->name, device->name, hello->name_len);
	mutex_unlock(&device->gate.lock);
	if (hello->name_len)
		hello->present |= BIT(POOL_TLV_NAME);
}

void pool_device_errors(struct pool_device *device, u32 reason, u32 n, struct pool_peer *peer,
			const u8 *key, const union pool_endpoint *remote)
{
	u64 now = pool_now();
	bool tell = false;
	u32 count = 0;

	spin_lock_bh(&device->error_lock);
	device->errors[reason].suppressed += n;
	if (!device->errors[reason].last_ns ||
	    now - device->errors[reason].last_ns >= POOL_S_TO_NS(10)) {
		device->errors[reason].last_ns = now;
		count = device->errors[reason].suppressed;
		device->errors[reason].suppressed = 0;
		tell = true;
	}
	spin_unlock_bh(&device->error_lock);
	if (tell)
		pool_netlink_event(device, POOL_EVENT_TYPE_ERROR, reason, peer, NULL, key, remote,
				   count);
}

/* ------------------------------------------------------------ the netdevice */

static const struct net_device_ops netdev_ops = {
	.ndo_open = pool_open,
	.ndo_stop = pool_stop,
	.ndo_start_xmit = pool_xmit,
	.ndo_get_stats64 = dev_get_tstats64,
};

static void free_memory(struct pool_device *device)
{
	if (device->io_wq)
		destroy_workqueue(device->io_wq);
	if (device->solve_wq)
		destroy_workqueue(device->solve_wq);
	if (device->ctl_wq)
		destroy_workqueue(device->ctl_wq);
	pool_cells_destroy(device->cells);
	device->cells = NULL;
	pool_ratelimiter_free(&device->ratelimiter);
	kvfree(device->peer_hash);
	kvfree(device->session_hash);
	kvfree_sensitive(device->gate.responder, sizeof(*device->gate.responder));
	memzero_explicit(&device->identity, sizeof(device->identity));
}

static void pool_destruct(struct net_device *dev)
{
	struct pool_device *device = netdev_priv(dev);

	rtnl_lock();
	list_del(&device->device_list);
	rtnl_unlock();
	mutex_lock(&device->update_lock);
	rcu_assign_pointer(device->creating_net, NULL);
	pool_peer_remove_all(device);
	pool_allowedips_free(&device->allowedips);
	mutex_unlock(&device->update_lock);
	cancel_delayed_work_sync(&device->reap_work);
	free_memory(device);
	WARN_ON(atomic_read(&device->n_refs) || atomic_read(&device->n_sessions) ||
		atomic_read(&device->tcp.n_sockets) || atomic_read(&device->udp.n_paths) ||
		atomic_read(&device->raw.n_paths));
	pr_debug("%s: device destroyed\n", dev->name);
}

static const struct device_type device_type = { .name = KBUILD_MODNAME };

static void pool_setup(struct net_device *dev)
{
	enum { FEATURES = NETIF_F_HW_CSUM | NETIF_F_RXCSUM | NETIF_F_SG | NETIF_F_GSO |
			  NETIF_F_GSO_SOFTWARE | NETIF_F_HIGHDMA };

	dev->netdev_ops = &netdev_ops;
	dev->header_ops = &ip_tunnel_header_ops;
	dev->hard_header_len = 0;
	dev->addr_len = 0;
	dev->needs_free_netdev = true;
	dev->type = ARPHRD_NONE;
	dev->flags = IFF_POINTOPOINT | IFF_NOARP;
	dev->priv_flags |= IFF_NO_QUEUE;
	pool_compat_set_lltx(dev);
	dev->features |= FEATURES;
	dev->hw_features |= FEATURES;
	dev->hw_enc_features |= FEATURES;
	dev->mtu = POOL_MTU_DEFAULT;
	dev->min_mtu = 0;
	dev->max_mtu = POOL_MAX_PLAINTEXT;
	dev->pcpu_stat_type = NETDEV_PCPU_STAT_TSTATS;
	SET_NETDEV_DEVTYPE(dev, &device_type);
	netif_keep_dst(dev);
	netif_set_tso_max_size(dev, GSO_MAX_SIZE);
	netif_set_tso_max_segs(dev, POOL_SEGMENTS_MAX);
}

/* ---------------------------------------------------------------- ip link */

static const struct nla_policy link_policy[IFLA_POOL_MAX + 1] = {
	[IFLA_POOL_LISTEN_PORT] = { .type = NLA_U16 },
	[IFLA_POOL_TRANSPORT] = NLA_POLICY_RANGE(NLA_U32, POOL_TRANSPORT_TCP, POOL_TRANSPORT_AUTO),
	[IFLA_POOL_FWMARK] = { .type = NLA_U32 },
};

static int link_validate(struct nlattr *tb[], struct nlattr *data[],
			 struct netlink_ext_ack *extack)
{
	if (data && data[IFLA_POOL_TRANSPORT] &&
	    !pool_transport_known(nla_get_u32(data[IFLA_POOL_TRANSPORT]))) {
		NL_SET_ERR_MSG_ATTR(extack, data[IFLA_POOL_TRANSPORT],
				    "this transport is not supported");
		return -EOPNOTSUPP;
	}
	return 0;
}

static bool pool_device_may_touch_sockets(struct pool_device *device)
{
	struct net *net = pool_device_net_get(device);
	bool may = net && ns_capable(net->user_ns, CAP_NET_ADMIN);

	if (net)
		put_net(net);
	return may;
}

static int link_change(struct net_device *dev, struct nlattr *tb[], struct nlattr *data[],
		       struct netlink_ext_ack *extack)
{
	struct pool_device *device = netdev_priv(dev);
	int ret = 0;

	if (!data)
		return 0;
	/* The sockets are in the namespace the device was created in: its admin decides. */
	if ((data[IFLA_POOL_LISTEN_PORT] || data[IFLA_POOL_FWMARK]) &&
	    !pool_device_may_touch_sockets(device)) {
		NL_SET_ERR_MSG(extack,
			       "the sockets are in another network namespace, where you are no admin");
		return -EPERM;
	}
	mutex_lock(&device->update_lock);
	if (data[IFLA_POOL_TRANSPORT])
		ret = pool_device_set_transport(device, nla_get_u32(data[IFLA_POOL_TRANSPORT]),
						extack);
	if (!ret && data[IFLA_POOL_LISTEN_PORT])
		ret = pool_device_set_port(device, nla_get_u16(data[IFLA_POOL_LISTEN_PORT]),
					   extack);
	if (!ret && data[IFLA_POOL_FWMARK])
		ret = pool_device_set_fwmark(device, nla_get_u32(data[IFLA_POOL_FWMARK]), extack);
	mutex_unlock(&device->update_lock);
	return ret;
}

static struct workqueue_struct *make_wq(struct net_device *dev, const char *what,
					unsigned int flags, int max_active)
{
	return alloc_workqueue("pool-%s-%s", WQ_UNBOUND | WQ_FREEZABLE | flags, max_active, what,
			       dev->name);
}

static int pool_newlink(struct net_device *dev, struct rtnl_newlink_params *params,
			struct netlink_ext_ack *extack)
{
	struct net *link_net = rtnl_newlink_link_net(params);
	struct pool_device *device = netdev_priv(dev);
	struct nlattr **data = params->data;
	int ret = -ENOMEM;

	device->dev = dev;
	rcu_assign_pointer(device->creating_net, link_net);
	mutex_init(&device->update_lock);
	mutex_init(&device->gate.lock);
	spin_lock_init(&device->peer_hash_lock);
	spin_lock_init(&device->session_hash_lock);
	spin_lock_init(&device->error_lock);
	INIT_LIST_HEAD(&device->peers);
	INIT_LIST_HEAD(&device->dead_peers);
	INIT_DELAYED_WORK(&device->reap_work, pool_peer_reap_work);
	INIT_DELAYED_WORK(&device->rotate_work, rotate_work);
	pool_allowedips_init(&device->allowedips, &device->update_lock);
	pool_tcp_init(device);
	pool_dgram_init(device, &device->udp, &pool_transport_udp);
	pool_dgram_init(device, &device->raw, &pool_transport_raw);
	pool_overload_init(device);
	device->gate.refused_threshold = POOL_REFUSED_THRESHOLD;
	device->transport = POOL_TRANSPORT_TCP;
	device->listen_port = POOL_PORT_DEFAULT;
	device->heartbeat_s = POOL_HEARTBEAT_DEFAULT_S;
	device->limits = (struct pool_key_limits) {
		.rekey_packets = POOL_REKEY_PACKETS_MAX,
		.reject_packets = POOL_REJECT_PACKETS_MAX,
		.rekey_s = POOL_REKEY_S_MAX,
		.reject_s = POOL_REJECT_S_MAX,
	};
	device->init_skew_s = POOL_INIT_SKEW_S;
	pool_device_touch(device);
	get_random_bytes(&device->hash_key, sizeof(device->hash_key));

	device->peer_hash = kvcalloc(BIT(POOL_HASH_BITS), sizeof(*device->peer_hash), GFP_KERNEL);
	device->session_hash = kvcalloc(BIT(POOL_HASH_BITS), sizeof(*device->session_hash),
					GFP_KERNEL);
	device->io_wq = make_wq(dev, "io", WQ_MEM_RECLAIM, 0);
	device->ctl_wq = make_wq(dev, "ctl", 0, 0);
	device->solve_wq = make_wq(dev, "solve", 0, 1);
	if (!device->peer_hash || !device->session_hash || !device->io_wq || !device->ctl_wq ||
	    !device->solve_wq)
		goto err;
	ret = pool_ratelimiter_init(&device->ratelimiter);
	if (ret)
		goto err;
	ret = -ENOMEM;
	device->cells = pool_cells_create(dev);
	if (!device->cells)
		goto err;

	if (data && data[IFLA_POOL_LISTEN_PORT])
		device->listen_port = nla_get_u16(data[IFLA_POOL_LISTEN_PORT]);
	if (data && data[IFLA_POOL_TRANSPORT])
		device->transport = nla_get_u32(data[IFLA_POOL_TRANSPORT]);
	if (data && data[IFLA_POOL_FWMARK])
		device->fwmark = nla_get_u32(data[IFLA_POOL_FWMARK]);

	ret = register_netdevice(dev);
	if (ret)
		goto err;
	list_add(&device->device_list, &device_list);
	/* Only now: a failed registration must not run it. */
	dev->priv_destructor = pool_destruct;
	pr_debug("%s: device created\n", dev->name);
	return 0;

err:
	free_memory(device);
	return ret;
}

POOL_DEFINE_NEWLINK(pool_newlink);

static size_t link_size(const struct net_device *dev)
{
	return nla_total_size(2) + 2 * nla_total_size(4);
}

static int link_fill(struct sk_buff *skb, const struct net_device *dev)
{
	const struct pool_device *device = netdev_priv(dev);

	if (nla_put_u16(skb, IFLA_POOL_LISTEN_PORT,
			READ_ONCE(device->bound_port) ?: READ_ONCE(device->listen_port)) ||
	    nla_put_u32(skb, IFLA_POOL_TRANSPORT, READ_ONCE(device->transport)) ||
	    nla_put_u32(skb, IFLA_POOL_FWMARK, READ_ONCE(device->fwmark)))
		return -EMSGSIZE;
	return 0;
}

static struct net *link_net(const struct net_device *dev)
{
	const struct pool_device *device = netdev_priv(dev);

	/* RTNL keeps it: the pernet exit clears it under RTNL. */
	return rtnl_dereference(device->creating_net) ?: dev_net(dev);
}

static struct rtnl_link_ops link_ops = {
	.kind = KBUILD_MODNAME,
	.priv_size = sizeof(struct pool_device),
	.maxtype = IFLA_POOL_MAX,
	.policy = link_policy,
	.setup = pool_setup,
	.validate = link_validate,
	.newlink = POOL_NEWLINK(pool_newlink),
	.changelink = link_change,
	.get_size = link_size,
	.fill_info = link_fill,
	.get_link_net = link_net,
};

/* -------------------------------------------------- what happens around us */

/* The namespace that has our sockets goes; the device may live on in another. */
static void netns_pre_exit(struct net *net)
{
	struct pool_device *device;

	rtnl_lock();
	list_for_each_entry(device, &device_list, device_list) {
		if (rcu_access_pointer(device->creating_net) != net)
			continue;
		mutex_lock(&device->update_lock);
		netif_carrier_off(device->dev);
		stop_running(device, POOL_REASON_DEVICE_DOWN);
		rcu_assign_pointer(device->creating_net, NULL);
		mutex_unlock(&device->update_lock);
	}
	rtnl_unlock();
}

static struct pernet_operations pernet_ops = {
	.pre_exit = netns_pre_exit,
};

static void forget_everything(u32 reason, bool close)
{
	struct pool_device *device;

	rtnl_lock();
	list_for_each_entry(device, &device_list, device_list) {
		mutex_lock(&device->update_lock);
		pool_device_forget_sessions(device, reason, close);
		mutex_unlock(&device->update_lock);
	}
	rtnl_unlock();
}

/* Whoever restores an image of this memory must not find keys to go on with. */
static int pm_event(struct notifier_block *nb, unsigned long action, void *data)
{
	switch (action) {
	case PM_HIBERNATION_PREPARE:
	case PM_SUSPEND_PREPARE:
		forget_everything(POOL_REASON_RESUMED, true);
		break;
	case PM_POST_HIBERNATION:
	case PM_POST_SUSPEND:
	case PM_POST_RESTORE:
		/* And what was made since: others may have it too. Not a word under its keys. */
		forget_everything(POOL_REASON_RESUMED, false);
		break;
	}
	return 0;
}

/* Another machine has our sequence numbers now: none of ours may be used again. */
static int vmfork_event(struct notifier_block *nb, unsigned long action, void *data)
{
	forget_everything(POOL_REASON_RESUMED, false);
	return 0;
}

static struct notifier_block pm_notifier = { .notifier_call = pm_event };
static struct notifier_block vmfork_notifier = { .notifier_call = vmfork_event };

int __init pool_device_init(void)
{
	int ret;

	ret = register_pm_notifier(&pm_notifier);
	if (ret)
		return ret;
	ret = register_random_vmfork_notifier(&vmfork_notifier);
	if (ret)
		goto err_pm;
	ret = register_pernet_device(&pernet_ops);
	if (ret)
		goto err_vmfork;
	ret = rtnl_link_register(&link_ops);
	if (ret)
		goto err_pernet;
	return 0;

err_pernet:
	unregister_pernet_device(&pernet_ops);
err_vmfork:
	unregister_random_vmfork_notifier(&vmfork_notifier);
err_pm:
	unregister_pm_notifier(&pm_notifier);
	return ret;
}

void pool_device_exit(void)
{
	rtnl_link_unregister(&link_ops);
	unregister_pernet_device(&pernet_ops);
	unregister_random_vmfork_notifier(&vmfork_notifier);
	unregister_pm_notifier(&pm_notifier);
}
