// SPDX-License-Identifier: GPL-2.0
/* What tells of peers and sessions: the requests peer-get and session-get. */
#include "netlink_priv.h"

#include <net/sock.h>

#include "device.h"
#include "peer.h"
#include "session.h"

static u64 ms_since(u64 then_ns)
{
	u64 now = pool_now();

	/* Another CPU may have written it after we looked at the clock. */
	return now > then_ns ? div_u64(now - then_ns, NSEC_PER_MSEC) : 0;
}

/* ------------------------------------------------------------------ peer-get */

static int put_hello(struct sk_buff *skb, const struct pool_hello *hello)
{
	if ((hello->present & BIT(POOL_TLV_TRANSPORTS) &&
	     nla_put_u8(skb, POOL_A_PEER_TRANSPORTS, hello->transports)) ||
	    (hello->present & BIT(POOL_TLV_MAX_PLAINTEXT) &&
	     nla_put_u16(skb, POOL_A_PEER_MAX_PLAINTEXT, hello->max_plaintext)) ||
	    (hello->present & BIT(POOL_TLV_ADDRESS) &&
	     nla_put(skb, POOL_A_PEER_ADDRESS, POOL_ADDR_LEN, hello->address)) ||
	    (hello->present & BIT(POOL_TLV_NAME) &&
	     nla_put_string(skb, POOL_A_PEER_NAME, hello->name)))
		return -EMSGSIZE;
	return 0;
}

static int put_connection(struct sk_buff *skb, struct pool_peer *peer)
{
	struct pool_session *s = pool_peer_session_get(peer);
	struct pool_path *path = s ? pool_session_path_get(s) : NULL;
	int err = path ? pool_nl_put_endpoint(skb, POOL_A_PEER_CONNECTION, &path->remote) : 0;

	pool_path_put(path);
	pool_session_put(s);
	return err;
}

/* Entry n is attribute n + 1; what never occurred is left out. */
static int put_codes(struct sk_buff *skb, int attr, const struct pool_codes *codes)
{
	struct nlattr *nest = nla_nest_start(skb, attr);
	unsigned int i;
	u64 n;

	BUILD_BUG_ON((int)POOL_CODE_OTHER + 1 != POOL_A_CODES_OTHER);
	if (!nest)
		return -EMSGSIZE;
	for (i = POOL_AUTH_FAIL; i <= POOL_CODE_OTHER; i++) {
		n = atomic64_read(&codes->n[i]);
		if (n && nla_put_u64_64bit(skb, i + 1, n, POOL_A_CODES_PAD))
			return -EMSGSIZE;
	}
	nla_nest_end(skb, nest);
	return 0;
}

static int put_peer_stats(struct sk_buff *skb, struct pool_peer *peer)
{
	struct pool_peer_stats *stats = &peer->stats;

	if (nla_put_u64_64bit(skb, POOL_A_PEER_RX_PACKETS, atomic64_read(&stats->rx_packets),
			      POOL_A_PEER_PAD) ||
	    nla_put_u64_64bit(skb, POOL_A_PEER_RX_BYTES, atomic64_read(&stats->rx_bytes),
			      POOL_A_PEER_PAD) ||
	    nla_put_u64_64bit(skb, POOL_A_PEER_TX_PACKETS, atomic64_read(&stats->tx_packets),
			      POOL_A_PEER_PAD) ||
	    nla_put_u64_64bit(skb, POOL_A_PEER_TX_BYTES, atomic64_read(&stats->tx_bytes),
			      POOL_A_PEER_PAD) ||
	    nla_put_u64_64bit(skb, POOL_A_PEER_HANDSHAKES, atomic64_read(&stats->handshakes),
			      POOL_A_PEER_PAD) ||
	    nla_put_u64_64bit(skb, POOL_A_PEER_TX_URGENT, atomic64_read(&stats->tx_urgent),
			      POOL_A_PEER_PAD) ||
	    nla_put_u64_64bit(skb, POOL_A_PEER_TX_MARKED, atomic64_read(&stats->tx_marked),
			      POOL_A_PEER_PAD) ||
	    nla_put_u32(skb, POOL_A_PEER_STAGED, pool_queue_len(&peer->staged)) ||
	    nla_put_u32(skb, POOL_A_PEER_QUEUE_LIMIT, pool_queue_limit(&peer->staged)) ||
	    put_codes(skb, POOL_A_PEER_ERRORS, &stats->errors) ||
	    put_codes(skb, POOL_A_PEER_PEER_ERRORS, &stats->peer_errors))
		return -EMSGSIZE;
	if (nla_put_u64_64bit(skb, POOL_A_PEER_REKEYS, atomic64_read(&stats->rekeys),
			      POOL_A_PEER_PAD) ||
	    nla_put_u64_64bit(skb, POOL_A_PEER_RX_LARGE, atomic64_read(&stats->rx_large),
			      POOL_A_PEER_PAD) ||
	    nla_put_u64_64bit(skb, POOL_A_PEER_TX_LARGE, atomic64_read(&stats->tx_large),
			      POOL_A_PEER_PAD) ||
	    pool_nl_put_limits(skb, POOL_A_PEER_REKEY_AFTER_PACKETS, &peer->limits))
		return -EMSGSIZE;
	return pool_nl_put_drops(skb, POOL_A_PEER_DROPS, &stats->drops);
}

/* All of a peer but its allowed-ips. */
static int put_peer(struct sk_buff *skb, struct pool_peer *peer)
{
	u64 last_receive = READ_ONCE(peer->last_receive_ns), last_error_ns;
	s32 heartbeat = READ_ONCE(peer->heartbeat_s);
	u8 transport = READ_ONCE(peer->transport);
	union pool_endpoint endpoint;
	struct pool_hello hello;
	u32 n_sessions, last_error, overload_s;
	bool overload;
	time64_t handshake;

	spin_lock_bh(&peer->lock);
	endpoint = peer->endpoint;
	hello = peer->hello;
	n_sessions = peer->n_sessions;
	last_error = peer->last_error;
	last_error_ns = peer->last_error_ns;
	handshake = peer->last_handshake_s;
	overload = peer->report.overload_ns;
	overload_s = peer->report.overload_s;
	spin_unlock_bh(&peer->lock);

	if ((READ_ONCE(peer->has_psk) && nla_put_flag(skb, POOL_A_PEER_HAS_PRESHARED_KEY)) ||
	    pool_nl_put_endpoint(skb, POOL_A_PEER_ENDPOINT, &endpoint) ||
	    (transport && nla_put_u32(skb, POOL_A_PEER_TRANSPORT, transport)) ||
	    (heartbeat >= 0 && nla_put_u16(skb, POOL_A_PEER_HEARTBEAT, heartbeat)) ||
	    nla_put_u32(skb, POOL_A_PEER_STATE, pool_peer_state(peer)) ||
	    put_connection(skb, peer) ||
	    (handshake && nla_put_u64_64bit(skb, POOL_A_PEER_LAST_HANDSHAKE, handshake,
					    POOL_A_PEER_PAD)) ||
	    (last_receive && nla_put_u64_64bit(skb, POOL_A_PEER_LAST_RECEIVE,
					       ms_since(last_receive), POOL_A_PEER_PAD)) ||
	    nla_put_u32(skb, POOL_A_PEER_SESSIONS, n_sessions) ||
	    (last_error &&
	     (nla_put_u32(skb, POOL_A_PEER_LAST_ERROR, last_error) ||
	      nla_put_u64_64bit(skb, POOL_A_PEER_LAST_ERROR_AGE, ms_since(last_error_ns),
				POOL_A_PEER_PAD))) ||
	    (overload && nla_put_u32(skb, POOL_A_PEER_OVERLOAD, overload_s)) ||
	    put_hello(skb, &hello))
		return -EMSGSIZE;
	return put_peer_stats(skb, peer);
}

static int put_allowed_ip(struct sk_buff *skb, const struct pool_allowedip *ip)
{
	struct nlattr *nest = nla_nest_start(skb, POOL_A_PEER_ALLOWED_IP);

	if (!nest)
		return -EMSGSIZE;
	if (nla_put_u16(skb, POOL_A_ALLOWED_IP_FAMILY, ip->family) ||
	    nla_put(skb, POOL_A_ALLOWED_IP_ADDRESS, ip->family == AF_INET ? 4 : 16, ip->addr) ||
	    nla_put_u8(skb, POOL_A_ALLOWED_IP_PREFIX_LEN, ip->cidr)) {
		nla_nest_cancel(skb, nest);
		return -EMSGSIZE;
	}
	nla_nest_end(skb, nest);
	return 0;
}

/*
 * One message of a peer: all of it if @at is at its start, else more of its
 * allowed-ips. 0 when the peer is complete, 1 when it goes on after @at in
 * another message, -EMSGSIZE when there is no room for a message.
 */
static int fill_peer(struct sk_buff *skb, struct pool_peer *peer, struct pool_allowedip *at,
		     u32 portid, u32 seq, int flags, struct netlink_callback *cb)
{
	struct pool_device *device = peer->device;
	struct pool_allowedip ip = *at;
	bool any = false;
	void *hdr;

	lockdep_assert_held(&device->update_lock);
	hdr = genlmsg_put(skb, portid, seq, &pool_nl_family, flags, POOL_CMD_PEER_GET);
	if (!hdr)
		return -EMSGSIZE;
	if (cb)
		genl_dump_check_consistent(cb, hdr);
	if (pool_nl_put_names(skb, device) ||
	    nla_put(skb, POOL_A_PEER_PUBLIC_KEY, POOL_KEY_LEN, peer->key) ||
	    (!at->family && put_peer(skb, peer)))
		goto cancel;
	while (pool_allowedips_next(&device->allowedips, peer, &peer->allowedips_list, &ip)) {
		if (put_allowed_ip(skb, &ip)) {
			/* None at all: it would say again what was said. */
			if (!any)
				goto cancel;
			genlmsg_end(skb, hdr);
			return 1;
		}
		*at = ip;
		any = true;
	}
	genlmsg_end(skb, hdr);
	return 0;

cancel:
	genlmsg_cancel(skb, hdr);
	return -EMSGSIZE;
}

static int reply_done(struct genl_info *info)
{
	struct sk_buff *skb = nlmsg_new(sizeof(int), GFP_KERNEL);
	struct nlmsghdr *nlh;

	if (!skb)
		return -ENOMEM;
	nlh = nlmsg_put(skb, info->snd_portid, info->snd_seq, NLMSG_DONE, sizeof(int),
			NLM_F_MULTI);
	if (WARN_ON_ONCE(!nlh)) {
		nlmsg_free(skb);
		return -EMSGSIZE;
	}
	memset(nlmsg_data(nlh), 0, sizeof(int));
	return genlmsg_reply(skb, info);
}

/* One message, or several and an end when the allowed-ips are many. */
int pool_nl_peer_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct pool_device *device = pool_nl_info_device(info);
	struct pool_allowedip at = {};
	struct pool_peer *peer;
	struct sk_buff *reply;
	u8 key[POOL_KEY_LEN];
	bool multi = false;
	int err, more;

	err = pool_nl_parse_key(info, key);
	if (err)
		return err;
	mutex_lock(&device->update_lock);
	peer = pool_peer_lookup(device, key);
	if (!peer) {
		NL_SET_ERR_MSG_ATTR(info->extack, info->attrs[POOL_A_PEER_PUBLIC_KEY],
				    "there is no peer with this key");
		err = -ENOENT;
		goto out;
	}
	do {
		reply = genlmsg_new(GENLMSG_DEFAULT_SIZE, GFP_KERNEL);
		if (!reply) {
			err = -ENOMEM;
			break;
		}
		more = fill_peer(reply, peer, &at, info->snd_portid, info->snd_seq,
				 multi ? NLM_F_MULTI : 0, NULL);
		if (WARN_ON_ONCE(more < 0)) {
			nlmsg_free(reply);
			err = more;
			break;
		}
		if (more && !multi) {
			multi = true;
			nlmsg_hdr(reply)->nlmsg_flags |= NLM_F_MULTI;
		}
		err = genlmsg_reply(reply, info);
		if (err)
			GENL_SET_ERR_MSG(info, "more than the receive buffer takes: use a dump");
	} while (!err && more);
	/* An acknowledgment, if one was asked for, ends it as well. */
	if (!err && multi && !(info->nlhdr->nlmsg_flags & NLM_F_ACK))
		err = reply_done(info);
out:
	pool_peer_put(peer);
	mutex_unlock(&device->update_lock);
	return err;
}

/*
 * Where a dump of peers or sessions is. The pointer saves a search: it is good
 * as long as neither the device's peers nor the netns's devices have changed,
 * and is not looked at otherwise.
 */
struct dump_cursor {
	struct pool_peer *peer;		/* to go on with */
	u64 peer_id;			/* its internal_id; 0: at the start */
	u32 gen, net_seq;
	struct pool_allowedip at;
	bool done;
};

static struct dump_cursor *dump_cursor(struct netlink_callback *cb)
{
	BUILD_BUG_ON(sizeof(struct dump_cursor) > sizeof(cb->ctx));
	return (struct dump_cursor *)cb->ctx;
}

/* The peer to go on with, or NULL at the end. */
static struct pool_peer *dump_resume(struct pool_device *device, struct net *net,
				     struct dump_cursor *cur)
{
	struct pool_peer *peer;

	lockdep_assert_held(&device->update_lock);
	if (cur->done)
		return NULL;
	if (cur->peer_id && cur->gen == device->update_gen &&
	    cur->net_seq == READ_ONCE(net->dev_base_seq))
		return cur->peer;
	/* Identifiers rise along the list. */
	list_for_each_entry(peer, &device->peers, list) {
		if (peer->internal_id < cur->peer_id)
			continue;
		if (peer->internal_id > cur->peer_id)
			memset(&cur->at, 0, sizeof(cur->at));
		return peer;
	}
	return NULL;
}

static struct pool_peer *dump_next(struct pool_device *device, struct dump_cursor *cur,
				   struct pool_peer *peer)
{
	memset(&cur->at, 0, sizeof(cur->at));
	return list_is_last(&peer->list, &device->peers) ? NULL : list_next_entry(peer, list);
}

static void dump_pause(struct pool_device *device, struct net *net, struct dump_cursor *cur,
		       struct pool_peer *peer)
{
	cur->done = !peer;
	cur->peer = peer;
	cur->peer_id = peer ? peer->internal_id : 0;
	cur->gen = device->update_gen;
	cur->net_seq = READ_ONCE(net->dev_base_seq);
}

/* @fill: all of a peer: 0, 1 and -EMSGSIZE as fill_peer(). */
static int dump_peers(struct sk_buff *skb, struct netlink_callback *cb,
		      int (*fill)(struct sk_buff *skb, struct pool_peer *peer,
				  struct pool_allowedip *at, u32 portid, u32 seq, int flags,
				  struct netlink_callback *cb))
{
	struct dump_cursor *cur = dump_cursor(cb);
	struct net *net = sock_net(skb->sk);
	struct pool_device *device;
	netdevice_tracker tracker;
	struct pool_peer *peer;
	int ret = 0;

	device = pool_nl_device_get(net, genl_info_dump(cb)->attrs, &tracker, cb->extack);
	if (IS_ERR(device))
		return PTR_ERR(device);
	mutex_lock(&device->update_lock);
	/* 0 would mean that nothing is known of the last part. */
	cb->seq = device->update_gen + 1;
	peer = dump_resume(device, net, cur);
	while (peer) {
		ret = fill(skb, peer, &cur->at, NETLINK_CB(cb->skb).portid,
			   cb->nlh->nlmsg_seq, NLM_F_MULTI, cb);
		if (ret)
			break;
		peer = dump_next(device, cur, peer);
	}
	dump_pause(device, net, cur, peer);
	mutex_unlock(&device->update_lock);
	netdev_put(device->dev, &tracker);
	if (ret < 0 && !skb->len)
		return ret;
	return skb->len;
}

int pool_nl_peer_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	return dump_peers(skb, cb, fill_peer);
}

/* --------------------------------------------------------------- session-get */

static int put_telemetry(struct sk_buff *skb, int attr, const struct pool_telemetry *t,
			 const u64 *age_ns)
{
	struct nlattr *nest = nla_nest_start(skb, attr);

	if (!nest ||
	    nla_put_u64_64bit(skb, POOL_A_TELEMETRY_RTT, t->rtt_ns, POOL_A_TELEMETRY_PAD) ||
	    nla_put_u64_64bit(skb, POOL_A_TELEMETRY_JITTER, t->jitter_ns,
			      POOL_A_TELEMETRY_PAD) ||
	    nla_put_u32(skb, POOL_A_TELEMETRY_LOSS, t->loss_ppm) ||
	    nla_put_u64_64bit(skb, POOL_A_TELEMETRY_THROUGHPUT, t->throughput,
			      POOL_A_TELEMETRY_PAD) ||
	    nla_put_u32(skb, POOL_A_TELEMETRY_MTU, t->mtu) ||
	    nla_put_u32(skb, POOL_A_TELEMETRY_QUEUE, t->queue) ||
	    nla_put_u64_64bit(skb, POOL_A_TELEMETRY_UPTIME, t->uptime_ns,
			      POOL_A_TELEMETRY_PAD) ||
	    nla_put_u32(skb, POOL_A_TELEMETRY_REKEYS, t->rekeys) ||
	    nla_put_u32(skb, POOL_A_TELEMETRY_CONFIG_VERSION, t->config_version) ||
	    nla_put_u32(skb, POOL_A_TELEMETRY_DIGEST, t->digest) ||
	    nla_put_u64_64bit(skb, POOL_A_TELEMETRY_JOURNAL, t->journal,
			      POOL_A_TELEMETRY_PAD) ||
	    (age_ns && nla_put_u64_64bit(skb, POOL_A_TELEMETRY_AGE,
					 div_u64(*age_ns, NSEC_PER_MSEC), POOL_A_TELEMETRY_PAD)))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

static int put_views(struct sk_buff *skb, struct pool_session *s, u32 epoch)
{
	struct pool_telemetry_views v;

	pool_telemetry_get(s, epoch, &v);
	if (put_telemetry(skb, POOL_A_SESSION_TELEMETRY, &v.own, NULL))
		return -EMSGSIZE;
	if (!v.peer_known)
		return 0;
	return put_telemetry(skb, POOL_A_SESSION_PEER_TELEMETRY, &v.peer, &v.peer_age_ns) ||
	       nla_put_u32(skb, POOL_A_SESSION_MISMATCH, v.mismatch) ? -EMSGSIZE : 0;
}

static int fill_session(struct sk_buff *skb, struct pool_session *s, bool current_one,
			u32 portid, u32 seq, int flags, struct netlink_callback *cb)
{
	struct pool_path *path = pool_session_path_get(s);
	bool confirmed = READ_ONCE(s->phase) == POOL_PHASE_CONFIRMED;
	struct pool_epoch_use use = {};
	void *hdr;

	pool_session_use(s, &use);
	hdr = genlmsg_put(skb, portid, seq, &pool_nl_family, flags, POOL_CMD_SESSION_GET);
	if (!hdr)
		goto err;
	genl_dump_check_consistent(cb, hdr);
	if (pool_nl_put_names(skb, s->device) ||
	    nla_put(skb, POOL_A_SESSION_PUBLIC_KEY, POOL_KEY_LEN, s->peer->key) ||
	    nla_put(skb, POOL_A_SESSION_SESSION_ID, POOL_SID_LEN, s->sid) ||
	    nla_put_u32(skb, POOL_A_SESSION_ROLE, s->role) ||
	    nla_put_u32(skb, POOL_A_SESSION_STATE,
			confirmed ? POOL_SESSION_STATE_CONFIRMED : POOL_SESSION_STATE_PENDING) ||
	    (current_one && nla_put_flag(skb, POOL_A_SESSION_CURRENT)) ||
	    nla_put_u32(skb, POOL_A_SESSION_TRANSPORT, s->transport) ||
	    nla_put_u32(skb, POOL_A_SESSION_EPOCH, use.number) ||
	    nla_put_u64_64bit(skb, POOL_A_SESSION_AGE, ms_since(s->created_ns),
			      POOL_A_SESSION_PAD) ||
	    (confirmed && nla_put_u64_64bit(skb, POOL_A_SESSION_LAST_RECEIVE,
					    ms_since(READ_ONCE(s->last_receive_ns)),
					    POOL_A_SESSION_PAD)) ||
	    nla_put_u64_64bit(skb, POOL_A_SESSION_TX_SEQUENCE, use.sent,
			      POOL_A_SESSION_PAD) ||
	    nla_put_u64_64bit(skb, POOL_A_SESSION_RX_SEQUENCE, use.received,
			      POOL_A_SESSION_PAD) ||
	    (path && (pool_nl_put_endpoint(skb, POOL_A_SESSION_LOCAL, &path->local) ||
		      pool_nl_put_endpoint(skb, POOL_A_SESSION_REMOTE, &path->remote))) ||
	    nla_put_u32(skb, POOL_A_SESSION_REATTACHED, READ_ONCE(s->reattached)) ||
	    nla_put_u32(skb, POOL_A_SESSION_REKEYS, READ_ONCE(s->rekeys)) ||
	    (use.created_ns &&
	     nla_put_u64_64bit(skb, POOL_A_SESSION_EPOCH_AGE, ms_since(use.created_ns),
			       POOL_A_SESSION_PAD)) ||
	    (confirmed && put_views(skb, s, use.number)))
		goto err_cancel;
	genlmsg_end(skb, hdr);
	pool_path_put(path);
	return 0;

err_cancel:
	genlmsg_cancel(skb, hdr);
err:
	pool_path_put(path);
	return -EMSGSIZE;
}

/* All sessions of a peer or none: they come and go, a cursor would be lost. */
static int fill_sessions(struct sk_buff *skb, struct pool_peer *peer, struct pool_allowedip *at,
			 u32 portid, u32 seq, int flags, struct netlink_callback *cb)
{
	struct pool_session *sessions[POOL_SESSIONS_PER_PEER + 1], *s;
	unsigned int i, n = 0, start = skb->len;
	struct pool_session *current_one;
	int err = 0;

	spin_lock_bh(&peer->lock);
	current_one = rcu_dereference_protected(peer->current_session,
						lockdep_is_held(&peer->lock));
	list_for_each_entry(s, &peer->sessions, list) {
		if (n < ARRAY_SIZE(sessions))
			sessions[n++] = pool_session_get(s);
	}
	spin_unlock_bh(&peer->lock);

	for (i = 0; i < n; i++) {
		if (!err)
			err = fill_session(skb, sessions[i], sessions[i] == current_one, portid,
					   seq, flags, cb);
		pool_session_put(sessions[i]);
	}
	if (err)
		skb_trim(skb, start);
	return err;
}

int pool_nl_session_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	return dump_peers(skb, cb, fill_sessions);
}
