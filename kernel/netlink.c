// SPDX-License-Identifier: GPL-2.0
/*
 * The generic netlink family "pool", as Documentation/netlink/specs/pool.yaml
 * describes it. A request is checked from end to end before anything is
 * changed; what cannot be checked beforehand is undone. Keys come in, are wiped
 * from the message, and never go out.
 */

#include "netlink.h"

#include <linux/rtnetlink.h>
#include <net/sock.h>

#include "crypto.h"
#include "device.h"
#include "netlink_priv.h"
#include "peer.h"
#include "session.h"

/* Requests name their device by the same attributes in all sets. */
enum {
	A_IFINDEX = POOL_A_DEVICE_IFINDEX,
	A_IFNAME = POOL_A_DEVICE_IFNAME,
};

static_assert(A_IFINDEX == (int)POOL_A_PEER_IFINDEX && A_IFNAME == (int)POOL_A_PEER_IFNAME);
static_assert(A_IFINDEX == (int)POOL_A_SESSION_IFINDEX &&
	      A_IFNAME == (int)POOL_A_SESSION_IFNAME);

/* True between pool_netlink_init() and pool_netlink_exit(). */
bool pool_nl_registered;

/* ------------------------------------------------------- finding the device */

/* A device of @net with a tracked reference, or an ERR_PTR and the reason in @extack. */
struct pool_device *pool_nl_device_get(struct net *net, struct nlattr **attrs,
				       netdevice_tracker *tracker,
				       struct netlink_ext_ack *extack)
{
	struct nlattr *index = attrs ? attrs[A_IFINDEX] : NULL;
	struct nlattr *name = attrs ? attrs[A_IFNAME] : NULL;
	struct net_device *dev;
	int err = 0;

	if (!index && !name) {
		NL_SET_ERR_MSG(extack, "which device? name it by ifindex or ifname");
		return ERR_PTR(-EINVAL);
	}

	rcu_read_lock();
	if (index)
		dev = dev_get_by_index_rcu(net, nla_get_u32(index));
	else
		dev = dev_get_by_name_rcu(net, nla_data(name));
	if (!dev) {
		NL_SET_ERR_MSG_ATTR(extack, index ?: name, "no such device");
		err = -ENODEV;
	} else if (index && name && nla_strcmp(name, dev->name)) {
		NL_SET_ERR_MSG_ATTR(extack, name, "ifindex and ifname mean different devices");
		err = -EINVAL;
	} else if (!pool_device_is(dev)) {
		NL_SET_ERR_MSG_ATTR(extack, index ?: name, "not a device of kind pool");
		err = -EOPNOTSUPP;
	} else {
		netdev_hold(dev, tracker, GFP_ATOMIC);
	}
	rcu_read_unlock();
	return err ? ERR_PTR(err) : netdev_priv(dev);
}

static netdevice_tracker *info_tracker(struct genl_info *info)
{
	BUILD_BUG_ON(sizeof(netdevice_tracker) > sizeof(info->user_ptr[1]));
	return (netdevice_tracker *)&info->user_ptr[1];
}

/* Every occurrence: the message may hold more than the one that counts. */
static void wipe_secrets(struct genl_info *info)
{
	struct nlattr *attr;
	int rem, secret;

	switch (info->genlhdr->cmd) {
	case POOL_CMD_DEVICE_SET:
		secret = POOL_A_DEVICE_PRIVATE_KEY;
		break;
	case POOL_CMD_PEER_SET:
		secret = POOL_A_PEER_PRESHARED_KEY;
		break;
	default:
		return;
	}
	nla_for_each_attr(attr, genlmsg_data(info->genlhdr), genlmsg_len(info->genlhdr), rem)
		if (nla_type(attr) == secret)
			memzero_explicit(nla_data(attr), nla_len(attr));
}

int pool_nl_pre_doit(const struct genl_split_ops *ops, struct sk_buff *skb,
		     struct genl_info *info)
{
	struct pool_device *device;

	device = pool_nl_device_get(genl_info_net(info), info->attrs, info_tracker(info),
				    info->extack);
	if (IS_ERR(device)) {
		wipe_secrets(info);
		return PTR_ERR(device);
	}
	info->user_ptr[0] = device;
	return 0;
}

void pool_nl_post_doit(const struct genl_split_ops *ops, struct sk_buff *skb,
		       struct genl_info *info)
{
	wipe_secrets(info);
	netdev_put(pool_nl_info_device(info)->dev, info_tracker(info));
}

/* RTNL and update_lock; fails when the device has gone, or gone elsewhere. */
int pool_nl_lock_for_change(struct pool_device *device, struct genl_info *info)
{
	rtnl_lock();
	if (device->dev->reg_state != NETREG_REGISTERED ||
	    !net_eq(dev_net(device->dev), genl_info_net(info))) {
		rtnl_unlock();
		GENL_SET_ERR_MSG(info, "the device is being removed, or was moved away");
		return -ENODEV;
	}
	mutex_lock(&device->update_lock);
	return 0;
}

void pool_nl_unlock_after_change(struct pool_device *device)
{
	mutex_unlock(&device->update_lock);
	rtnl_unlock();
}

/* -------------------------------------------------------- what is the same */

void pool_nl_warn_heartbeat(struct nlattr *attr, struct genl_info *info)
{
	if (attr && !nla_get_u16(attr))
		GENL_SET_ERR_MSG(info, "no heartbeats: no telemetry, dead peers stay unnoticed");
}

int pool_nl_put_names(struct sk_buff *skb, const struct pool_device *device)
{
	return nla_put_u32(skb, A_IFINDEX, device->dev->ifindex) ||
	       nla_put_string(skb, A_IFNAME, device->dev->name) ? -EMSGSIZE : 0;
}

int pool_nl_put_drops(struct sk_buff *skb, int attr, const struct pool_drops *drops)
{
	struct nlattr *nest = nla_nest_start(skb, attr);
	unsigned int i;
	u64 n;

	if (!nest)
		return -EMSGSIZE;
	for (i = POOL_A_DROPS_PAD + 1; i <= POOL_A_DROPS_MAX; i++) {
		n = atomic64_read(&drops->n[i]);
		if (n && nla_put_u64_64bit(skb, i, n, POOL_A_DROPS_PAD))
			return -EMSGSIZE;
	}
	nla_nest_end(skb, nest);
	return 0;
}

int pool_nl_put_endpoint(struct sk_buff *skb, int attr, const union pool_endpoint *ep)
{
	if (ep->sa.sa_family == AF_UNSPEC)
		return 0;
	return nla_put(skb, attr, pool_endpoint_len(ep), ep);
}

/* ---------------------------------------------------------------- device-get */

static int put_gate(struct sk_buff *skb, struct pool_device *device)
{
	struct pool_gate *gate = &device->gate;
	u64 curve_ops = 0;
	u8 difficulty;
	s32 skew;

	mutex_lock(&gate->lock);
	difficulty = gate->responder ? gate->responder->difficulty : POOL_DIFFICULTY_MIN;
	if (gate->responder)
		curve_ops = gate->responder->curve_ops;
	skew = gate->skew_seen_s;
	mutex_unlock(&gate->lock);

	return nla_put_u8(skb, POOL_A_DEVICE_DIFFICULTY, difficulty) ||
	       nla_put_u64_64bit(skb, POOL_A_DEVICE_CURVE_OPERATIONS, curve_ops,
				 POOL_A_DEVICE_PAD) ||
	       (skew && nla_put_s32(skb, POOL_A_DEVICE_SKEW_SEEN, skew)) ? -EMSGSIZE : 0;
}

static int put_identity(struct sk_buff *skb, struct pool_device *device)
{
	u8 addr[POOL_ADDR_LEN];

	if (!device->has_identity)
		return 0;
	pool_device_address(device, device->identity.public, addr);
	return nla_put(skb, POOL_A_DEVICE_PUBLIC_KEY, POOL_KEY_LEN, device->identity.public) ||
	       nla_put(skb, POOL_A_DEVICE_ADDRESS, sizeof(addr), addr) ? -EMSGSIZE : 0;
}

/* What cannot be found out now is left out. */
static int put_drivers(struct sk_buff *skb)
{
	struct pool_crypto_names *names = kmalloc(sizeof(*names), GFP_KERNEL);
	int err = 0;

	if (names && !pool_crypto_names(names))
		err = nla_put_string(skb, POOL_A_DEVICE_AEAD_DRIVER, names->aead) ||
		      nla_put_string(skb, POOL_A_DEVICE_HMAC_DRIVER, names->hmac) ? -EMSGSIZE : 0;
	kfree(names);
	return err;
}

/* Those that peers have; not what is still being tried. */
static u32 count_sessions(struct pool_device *device)
{
	struct pool_peer *peer;
	u32 n = 0;

	lockdep_assert_held(&device->update_lock);
	list_for_each_entry(peer, &device->peers, list)
		n += READ_ONCE(peer->n_sessions);
	return n;
}

static int fill_device(struct sk_buff *skb, struct pool_device *device, u32 portid, u32 seq,
		       int flags, struct netlink_callback *cb)
{
	struct pool_device_stats *stats = &device->stats;
	void *hdr;

	lockdep_assert_held(&device->update_lock);
	hdr = genlmsg_put(skb, portid, seq, &pool_nl_family, flags, POOL_CMD_DEVICE_GET);
	if (!hdr)
		return -EMSGSIZE;
	if (cb)
		genl_dump_check_consistent(cb, hdr);

	if (pool_nl_put_names(skb, device) || put_identity(skb, device) ||
	    nla_put_u16(skb, POOL_A_DEVICE_LISTEN_PORT,
			device->bound_port ?: device->listen_port) ||
	    nla_put_u32(skb, POOL_A_DEVICE_TRANSPORT, device->transport) ||
	    nla_put_u32(skb, POOL_A_DEVICE_FWMARK, device->fwmark) ||
	    nla_put_u16(skb, POOL_A_DEVICE_HEARTBEAT, device->heartbeat_s) ||
	    nla_put_u8(skb, POOL_A_DEVICE_DSCP, device->dscp) ||
	    (pool_overloaded(device) && nla_put_flag(skb, POOL_A_DEVICE_OVERLOADED)) ||
	    (device->name[0] && nla_put_string(skb, POOL_A_DEVICE_NAME, device->name)) ||
	    nla_put_u64_64bit(skb, POOL_A_DEVICE_ORGANISATION, device->organisation,
			      POOL_A_DEVICE_PAD) ||
	    nla_put_u64_64bit(skb, POOL_A_DEVICE_SEGMENT, device->segment, POOL_A_DEVICE_PAD) ||
	    nla_put_u32(skb, POOL_A_DEVICE_INIT_SKEW, device->init_skew_s) ||
	    nla_put_u32(skb, POOL_A_DEVICE_PEERS, device->n_peers) ||
	    nla_put_u32(skb, POOL_A_DEVICE_SESSIONS, count_sessions(device)) ||
	    nla_put_u32(skb, POOL_A_DEVICE_CONNECTIONS, READ_ONCE(device->tcp.n_conns)) ||
	    nla_put_u32(skb, POOL_A_DEVICE_UNPROVEN, READ_ONCE(device->tcp.n_unproven)) ||
	    nla_put_u64_64bit(skb, POOL_A_DEVICE_INITS_RECEIVED,
			      atomic64_read(&stats->inits_received), POOL_A_DEVICE_PAD) ||
	    nla_put_u64_64bit(skb, POOL_A_DEVICE_CHALLENGES_SENT,
			      atomic64_read(&stats->challenges_sent), POOL_A_DEVICE_PAD) ||
	    nla_put_u64_64bit(skb, POOL_A_DEVICE_PROVE_WORK_SENT,
			      atomic64_read(&stats->prove_work_sent), POOL_A_DEVICE_PAD) ||
	    nla_put_u64_64bit(skb, POOL_A_DEVICE_RESPONSES_RECEIVED,
			      atomic64_read(&stats->responses_received), POOL_A_DEVICE_PAD) ||
	    nla_put_u64_64bit(skb, POOL_A_DEVICE_HANDSHAKES,
			      atomic64_read(&stats->handshakes), POOL_A_DEVICE_PAD) ||
	    nla_put_u64_64bit(skb, POOL_A_DEVICE_REKEYS, atomic64_read(&stats->rekeys),
			      POOL_A_DEVICE_PAD) ||
	    pool_nl_put_limits(skb, POOL_A_DEVICE_REKEY_AFTER_PACKETS, &device->limits) ||
	    pool_nl_put_bind(skb, device) || put_drivers(skb) || put_gate(skb, device) ||
	    pool_nl_put_drops(skb, POOL_A_DEVICE_DROPS, &stats->drops)) {
		genlmsg_cancel(skb, hdr);
		return -EMSGSIZE;
	}
	genlmsg_end(skb, hdr);
	return 0;
}

int pool_nl_device_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct pool_device *device = pool_nl_info_device(info);
	struct sk_buff *reply;
	int err;

	reply = genlmsg_new(GENLMSG_DEFAULT_SIZE, GFP_KERNEL);
	if (!reply)
		return -ENOMEM;
	mutex_lock(&device->update_lock);
	err = fill_device(reply, device, info->snd_portid, info->snd_seq, 0, NULL);
	mutex_unlock(&device->update_lock);
	if (WARN_ON_ONCE(err)) {
		nlmsg_free(reply);
		return err;
	}
	return genlmsg_reply(reply, info);
}

int pool_nl_device_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct net *net = sock_net(skb->sk);
	struct net_device *dev;
	long at = 0;
	int err = 0;

	rtnl_lock();
	cb->seq = net->dev_base_seq;
	for_each_netdev(net, dev) {
		struct pool_device *device = netdev_priv(dev);

		if (!pool_device_is(dev) || at++ < cb->args[0])
			continue;
		mutex_lock(&device->update_lock);
		err = fill_device(skb, device, NETLINK_CB(cb->skb).portid, cb->nlh->nlmsg_seq,
				  NLM_F_MULTI, cb);
		mutex_unlock(&device->update_lock);
		if (err)
			break;
		cb->args[0] = at;
	}
	rtnl_unlock();
	return skb->len ?: err;
}

/* ---------------------------------------------------------------- device-set */

/* May the sender of @skb touch what lives in the netns of the device's sockets? */
static int check_creating_net(struct sk_buff *skb, struct pool_device *device,
			      struct genl_info *info)
{
	struct net *net = pool_device_net_get(device);
	bool capable;

	if (!net) {
		GENL_SET_ERR_MSG(info, "the network namespace of the device's sockets is gone");
		return -ENODEV;
	}
	capable = netlink_ns_capable(skb, net->user_ns, CAP_NET_ADMIN);
	put_net(net);
	if (!capable) {
		GENL_SET_ERR_MSG(info,
				 "needs CAP_NET_ADMIN in the network namespace of the device's sockets");
		return -EPERM;
	}
	return 0;
}

int pool_nl_check_transport(struct nlattr *attr, struct genl_info *info)
{
	if (!attr || pool_transport_known(nla_get_u32(attr)))
		return 0;
	NL_SET_ERR_MSG_ATTR(info->extack, attr, "this transport is not supported");
	return -EOPNOTSUPP;
}

static int check_device_set(struct sk_buff *skb, struct pool_device *device,
			    struct genl_info *info, struct pool_bind *bind)
{
	struct nlattr **attrs = info->attrs;
	struct nlattr *name = attrs[POOL_A_DEVICE_NAME];
	struct pool_key_limits limits;
	size_t len;
	int err;

	if (attrs[POOL_A_DEVICE_LISTEN_PORT] || attrs[POOL_A_DEVICE_FWMARK] ||
	    attrs[POOL_A_DEVICE_BIND_ADDRESS] || attrs[POOL_A_DEVICE_BIND_DEVICE]) {
		err = check_creating_net(skb, device, info);
		if (err)
			return err;
	}
	if (name) {
		len = strnlen(nla_data(name), nla_len(name));
		if (len && !pool_name_valid(nla_data(name), len)) {
			NL_SET_ERR_MSG_ATTR(info->extack, name,
					    "a name is UTF-8 without control characters, at most 32 bytes");
			return -EINVAL;
		}
	}
	err = pool_nl_parse_limits(info, POOL_A_DEVICE_REKEY_AFTER_PACKETS, &device->limits, NULL,
				   &limits);
	if (err)
		return err;
	err = pool_nl_parse_bind(device, info, bind);
	if (err)
		return err;
	return pool_nl_check_transport(attrs[POOL_A_DEVICE_TRANSPORT], info);
}

/* The parts that can fail, so arranged that a failure leaves all as it was. */
static int set_door_peers_identity(struct pool_device *device, struct genl_info *info,
				   const struct pool_bind *bind)
{
	struct nlattr *flags = info->attrs[POOL_A_DEVICE_FLAGS];
	struct nlattr *port = info->attrs[POOL_A_DEVICE_LISTEN_PORT];
	struct nlattr *key = info->attrs[POOL_A_DEVICE_PRIVATE_KEY];
	struct nlattr *mark = info->attrs[POOL_A_DEVICE_FWMARK];
	struct nlattr *transport = info->attrs[POOL_A_DEVICE_TRANSPORT];
	struct pool_bind old_bind = device->bind;
	u8 old_transport = device->transport;
	u16 old_port = device->listen_port;
	u32 old_mark = device->fwmark;
	int err;

	if (transport) {
		err = pool_device_set_transport(device, nla_get_u32(transport), info->extack);
		if (err)
			return err;
	}
	if (port) {
		err = pool_device_set_port(device, nla_get_u16(port), info->extack);
		if (err)
			goto back_to_transport;
	}
	if (mark) {
		err = pool_device_set_fwmark(device, nla_get_u32(mark), info->extack);
		if (err)
			goto back_to_port;
	}
	err = pool_device_set_bind(device, bind, info->extack);
	if (err)
		goto back_to_mark;
	/*
	 * Before the identity, which may be the one of a peer that goes. Without
	 * such a peer only a lack of memory can still stop us.
	 */
	if (flags && nla_get_u32(flags) & POOL_DEVICE_FLAGS_REPLACE_PEERS)
		pool_peer_remove_all(device);
	if (key) {
		err = pool_device_set_identity(device, nla_data(key), info->extack);
		if (err)
			goto back_to_bind;
	}
	return 0;

back_to_bind:
	if (pool_device_set_bind(device, &old_bind, NULL))
		netdev_warn(device->dev, "cannot go back to the old address or interface\n");
back_to_mark:
	if (mark && pool_device_set_fwmark(device, old_mark, NULL))
		netdev_warn(device->dev, "cannot go back to fwmark %#x\n", old_mark);
back_to_port:
	/* A port that was ours a moment ago can be had again. */
	if (port && pool_device_set_port(device, old_port, NULL))
		netdev_warn(device->dev, "cannot go back to port %u\n", old_port);
back_to_transport:
	if (transport && pool_device_set_transport(device, old_transport, NULL))
		netdev_warn(device->dev, "cannot go back to the old transport\n");
	return err;
}

static void set_rest(struct pool_device *device, struct genl_info *info)
{
	struct nlattr **attrs = info->attrs;
	struct pool_key_limits limits;
	struct pool_peer *peer;

	if (attrs[POOL_A_DEVICE_DSCP])
		pool_device_set_dscp(device, nla_get_u8(attrs[POOL_A_DEVICE_DSCP]));
	if (attrs[POOL_A_DEVICE_HEARTBEAT])
		WRITE_ONCE(device->heartbeat_s, nla_get_u16(attrs[POOL_A_DEVICE_HEARTBEAT]));
	/* They were checked: this cannot fail. */
	if (!pool_nl_parse_limits(info, POOL_A_DEVICE_REKEY_AFTER_PACKETS, &device->limits, NULL,
				  &limits))
		pool_nl_set_limits(&device->limits, &limits);
	/* Intervals and limits: the clocks have slept by the old ones. */
	list_for_each_entry(peer, &device->peers, list)
		pool_peer_tick_in(peer, 0);
	if (attrs[POOL_A_DEVICE_INIT_SKEW])
		WRITE_ONCE(device->init_skew_s, nla_get_u32(attrs[POOL_A_DEVICE_INIT_SKEW]));
	/* What hellos are made of is read under this lock. */
	mutex_lock(&device->gate.lock);
	if (attrs[POOL_A_DEVICE_NAME])
		nla_strscpy(device->name, attrs[POOL_A_DEVICE_NAME], sizeof(device->name));
	if (attrs[POOL_A_DEVICE_ORGANISATION])
		device->organisation = nla_get_u64(attrs[POOL_A_DEVICE_ORGANISATION]);
	if (attrs[POOL_A_DEVICE_SEGMENT])
		device->segment = nla_get_u64(attrs[POOL_A_DEVICE_SEGMENT]);
	mutex_unlock(&device->gate.lock);
}

int pool_nl_device_set_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct pool_device *device = pool_nl_info_device(info);
	struct pool_bind bind;
	int err;

	err = pool_nl_lock_for_change(device, info);
	if (err)
		return err;
	err = check_device_set(skb, device, info, &bind);
	if (err)
		goto out;
	err = set_door_peers_identity(device, info, &bind);
	if (err)
		goto out;
	set_rest(device, info);
	pool_device_touch(device);
	pool_nl_warn_heartbeat(info->attrs[POOL_A_DEVICE_HEARTBEAT], info);
out:
	pool_nl_unlock_after_change(device);
	return err;
}

/* ---------------------------------------------------------------- the family */

int __init pool_netlink_init(void)
{
	int err = genl_register_family(&pool_nl_family);

	WRITE_ONCE(pool_nl_registered, !err);
	return err;
}

void pool_netlink_exit(void)
{
	WRITE_ONCE(pool_nl_registered, false);
	genl_unregister_family(&pool_nl_family);
}
