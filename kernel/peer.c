// SPDX-License-Identifier: GPL-2.0
#include "peer.h"
#include "device.h"
#include "handshake.h"
#include "session.h"

#include <linux/slab.h>

enum {
	DIAL_MIN_MS = 250,
	DIAL_MAX_MS = 4000,
	REAP_DELAY = HZ / 10,	/* the rest of a batch should have come by then */
};

static struct kmem_cache *peer_cache;
static atomic64_t peer_ids = ATOMIC64_INIT(0);

static struct hlist_head *peer_bucket(struct pool_device *device, const u8 *key)
{
	u64 hash = siphash(key, POOL_KEY_LEN, &device->hash_key);

	return &device->peer_hash[hash & (BIT(POOL_HASH_BITS) - 1)];
}

struct pool_peer *pool_peer_get_maybe_zero(struct pool_peer *peer)
{
	RCU_LOCKDEP_WARN(!rcu_read_lock_bh_held(), "taking a peer reference without RCU");
	if (!peer || !kref_get_unless_zero(&peer->refcount))
		return NULL;
	return peer;
}

struct pool_peer *pool_peer_lookup(struct pool_device *device, const u8 key[POOL_KEY_LEN])
{
	struct pool_peer *peer;

	rcu_read_lock_bh();
	hlist_for_each_entry_rcu_bh(peer, peer_bucket(device, key), hash) {
		if (!memcmp(peer->key, key, POOL_KEY_LEN) && pool_peer_get_maybe_zero(peer))
			goto out;
	}
	peer = NULL;
out:
	rcu_read_unlock_bh();
	return peer;
}

struct pool_peer *pool_peer_create(struct pool_device *device, const u8 key[POOL_KEY_LEN],
				   struct netlink_ext_ack *extack)
{
	struct pool_peer *peer;

	lockdep_assert_held(&device->update_lock);
	if (device->has_identity && !memcmp(device->identity.public, key, POOL_KEY_LEN)) {
		NL_SET_ERR_MSG(extack, "this is the device's own key: a peer has another");
		return ERR_PTR(-EADDRINUSE);
	}
	if (device->n_peers >= POOL_PEERS_MAX) {
		NL_SET_ERR_MSG(extack, "the device has 65536 peers, which is the most it can have");
		return ERR_PTR(-ENOSPC);
	}
	/* One with this key may be on its way out: first things first. */
	pool_peer_reap(device);
	peer = kmem_cache_zalloc(peer_cache, GFP_KERNEL);
	if (!peer) {
		NL_SET_ERR_MSG(extack, "out of memory");
		return ERR_PTR(-ENOMEM);
	}
	peer->device = device;
	atomic_inc(&device->n_refs);
	kref_init(&peer->refcount);
	INIT_LIST_HEAD(&peer->allowedips_list);
	peer->internal_id = atomic64_inc_return(&peer_ids);
	memcpy(peer->key, key, POOL_KEY_LEN);
	peer->heartbeat_s = -1;
	pool_queue_init(&peer->staged);
	INIT_WORK(&peer->tx_work, pool_tx_work);
	INIT_DELAYED_WORK(&peer->tick, pool_peer_tick);
	spin_lock_init(&peer->lock);
	mutex_init(&peer->state_lock);
	INIT_LIST_HEAD(&peer->sessions);
	INIT_LIST_HEAD(&peer->paths);
	pool_fragments_setup(&peer->fragments);

	list_add_tail(&peer->list, &device->peers);
	++device->n_peers;
	pool_device_touch(device);
	spin_lock_bh(&device->peer_hash_lock);
	hlist_add_head_rcu(&peer->hash, peer_bucket(device, key));
	spin_unlock_bh(&device->peer_hash_lock);
	pr_debug("%s: peer %llu created\n", device->dev->name, peer->internal_id);
	return peer;
}

static void peer_rcu_free(struct rcu_head *rcu)
{
	struct pool_peer *peer = container_of(rcu, struct pool_peer, rcu);

	memzero_explicit(peer, sizeof(*peer));
	kmem_cache_free(peer_cache, peer);
}

static void peer_release(struct kref *kref)
{
	struct pool_peer *peer = container_of(kref, struct pool_peer, refcount);

	pr_debug("%s: peer %llu destroyed\n", peer->device->dev->name, peer->internal_id);
	pool_queue_destroy(&peer->staged);
	pool_fragments_free(&peer->fragments);
	atomic_dec(&peer->device->n_refs);
	call_rcu(&peer->rcu, peer_rcu_free);
}

void pool_peer_put(struct pool_peer *peer)
{
	if (peer)
		kref_put(&peer->refcount, peer_release);
}

/* Out of every look-up; after a grace period nothing finds or queues it. */
static void make_dead(struct pool_peer *peer)
{
	struct pool_device *device = peer->device;

	lockdep_assert_held(&device->update_lock);
	list_move_tail(&peer->list, &device->dead_peers);
	--device->n_peers;
	pool_device_touch(device);
	pool_allowedips_remove_by_peer(&device->allowedips, peer, &peer->allowedips_list);
	spin_lock_bh(&device->peer_hash_lock);
	hlist_del_init_rcu(&peer->hash);
	spin_unlock_bh(&device->peer_hash_lock);
	WRITE_ONCE(peer->dead, true);
}

/*
 * After make_dead() and a grace period. Who may still hold a reference: works
 * in flight (waited for here), sessions and paths (dropped here), an attempt
 * that is being solved (cancelled here; lets go by itself), netlink dumps.
 */
static void remove_after_dead(struct pool_peer *peer)
{
	cancel_delayed_work_sync(&peer->tick);
	pool_peer_stop(peer, POOL_REASON_PEER_REMOVED, true);
	cancel_delayed_work_sync(&peer->tick);
	cancel_work_sync(&peer->tx_work);
	pool_peer_purge_staged(peer, POOL_A_DROPS_TX_DOWN, false);
	pool_netlink_event(peer->device, POOL_EVENT_TYPE_PEER_REMOVED, POOL_REASON_PEER_REMOVED,
			   peer, NULL, NULL, NULL, 0);
	pool_peer_put(peer);
}

void pool_peer_reap(struct pool_device *device)
{
	struct pool_peer *peer, *next;

	lockdep_assert_held(&device->update_lock);
	if (list_empty(&device->dead_peers))
		return;
	synchronize_net();
	list_for_each_entry_safe(peer, next, &device->dead_peers, list) {
		list_del_init(&peer->list);
		remove_after_dead(peer);
	}
	/* A recorded RESPONSE of a removed peer must not build its session again. */
	pool_device_renew_secrets(device);
}

void pool_peer_reap_work(struct work_struct *work)
{
	struct pool_device *device = container_of(to_delayed_work(work), struct pool_device,
						  reap_work);

	mutex_lock(&device->update_lock);
	pool_peer_reap(device);
	mutex_unlock(&device->update_lock);
}

void pool_peer_remove(struct pool_peer *peer, bool more)
{
	struct pool_device *device = peer->device;

	make_dead(peer);
	if (more)
		queue_delayed_work(device->ctl_wq, &device->reap_work, REAP_DELAY);
	else
		pool_peer_reap(device);
}

void pool_peer_remove_all(struct pool_device *device)
{
	struct pool_peer *peer, *next;

	lockdep_assert_held(&device->update_lock);
	list_for_each_entry_safe(peer, next, &device->peers, list)
		make_dead(peer);
	pool_peer_reap(device);
}

void pool_peer_kick(struct pool_peer *peer)
{
	rcu_read_lock_bh();
	if (!READ_ONCE(peer->dead) && READ_ONCE(peer->device->running))
		queue_work(peer->device->io_wq, &peer->tx_work);
	rcu_read_unlock_bh();
}

/* Never later than it was already going to run. */
static void tick_by(struct pool_peer *peer, u64 ns)
{
	struct workqueue_struct *wq = peer->device->ctl_wq;

	if (!ns)
		mod_delayed_work(wq, &peer->tick, 0);
	else if (!delayed_work_pending(&peer->tick) ||
		 time_after(peer->tick.timer.expires, jiffies + nsecs_to_jiffies(ns) + 1))
		mod_delayed_work(wq, &peer->tick, nsecs_to_jiffies(ns) + 1);
}

void pool_peer_tick_in(struct pool_peer *peer, u64 ns)
{
	rcu_read_lock_bh();
	if (!READ_ONCE(peer->dead) && READ_ONCE(peer->device->running))
		tick_by(peer, ns);
	rcu_read_unlock_bh();
}

void pool_peer_purge_staged(struct pool_peer *peer, u32 drop_reason, bool reject)
{
	struct sk_buff_head list;
	struct sk_buff *skb;

	__skb_queue_head_init(&list);
	pool_queue_splice(&peer->staged, &list);
	pool_drop_n(peer->device, peer, drop_reason, skb_queue_len(&list));
	while ((skb = __skb_dequeue(&list))) {
		if (reject) {
			local_bh_disable();
			pool_device_reject(peer->device, skb);
			local_bh_enable();
		}
		kfree_skb(skb);
	}
}

void pool_peer_stop(struct pool_peer *peer, u32 reason, bool close)
{
	struct pool_session *s;
	struct pool_path *path;

	mutex_lock(&peer->state_lock);
	pool_handshake_stop(peer);
	WRITE_ONCE(peer->wanted, false);
	WRITE_ONCE(peer->redial, false);
	peer->wanted_since_ns = 0;
	peer->surplus_at_ns = 0;
	peer->reattach_at_ns = 0;
	mutex_unlock(&peer->state_lock);

	for (;;) {
		spin_lock_bh(&peer->lock);
		s = list_first_entry_or_null(&peer->sessions, struct pool_session, list);
		if (s)
			pool_session_get(s);
		spin_unlock_bh(&peer->lock);
		if (!s)
			break;
		pool_session_drop(s, reason, close);
		pool_session_put(s);
	}
	for (;;) {
		spin_lock_bh(&peer->lock);
		path = list_first_entry_or_null(&peer->paths, struct pool_path, peer_list);
		if (path)
			pool_path_get(path);
		spin_unlock_bh(&peer->lock);
		if (!path)
			break;
		path->ops->close(path, reason);
		/* One that was closed already while it became the peer's is still listed. */
		pool_peer_path_down(peer, path, reason);
		pool_path_put(path);
		cond_resched();	/* somebody else may be closing it */
	}
	pool_report_stop(peer);
	pool_peer_purge_staged(peer, POOL_A_DROPS_TX_DOWN, false);
}

/*
 * Datagrams need no connection: the session goes where the operator says. No path to
 * the old place stays that it could be attached to.
 */
static void leave_paths(struct pool_peer *peer)
{
	struct pool_path *path, *leave[POOL_PATHS_PER_PEER + 1];
	struct pool_session *s = pool_peer_session_get(peer);
	unsigned int i, n = 0;

	path = s ? pool_session_path_get(s) : NULL;
	if (path && !path->ops->is_stream)
		WRITE_ONCE(peer->redial, true);
	pool_path_put(path);
	pool_session_put(s);

	spin_lock_bh(&peer->lock);
	list_for_each_entry(path, &peer->paths, peer_list) {
		if (!path->ops->is_stream && n < ARRAY_SIZE(leave)) {
			pool_path_get(path);
			leave[n++] = path;
		}
	}
	spin_unlock_bh(&peer->lock);
	for (i = 0; i < n; ++i) {
		leave[i]->ops->close(leave[i], POOL_REASON_REPLACED);
		pool_path_put(leave[i]);
	}
}

int pool_peer_set_endpoint(struct pool_peer *peer, const union pool_endpoint *ep)
{
	bool changed;

	spin_lock_bh(&peer->lock);
	changed = !pool_endpoint_equal(&peer->endpoint, ep);
	peer->endpoint = *ep;
	peer->dial_at_ns = 0;
	peer->dial_failures = 0;
	spin_unlock_bh(&peer->lock);
	if (changed && ep->sa.sa_family != AF_UNSPEC)
		leave_paths(peer);
	pool_peer_tick_in(peer, 0);
	return 0;
}

void pool_peer_set_psk(struct pool_peer *peer, const u8 psk[POOL_KEY_LEN])
{
	static const u8 none[POOL_KEY_LEN];
	bool changed;

	mutex_lock(&peer->state_lock);
	changed = pool_differ(peer->psk, psk, POOL_KEY_LEN);
	memcpy(peer->psk, psk, POOL_KEY_LEN);
	peer->has_psk = pool_differ(psk, none, POOL_KEY_LEN);
	mutex_unlock(&peer->state_lock);
	if (changed)
		pool_peer_stop(peer, POOL_REASON_KEY_CHANGED, true);
}

bool pool_peer_has_endpoint(struct pool_peer *peer)
{
	return READ_ONCE(peer->endpoint.sa.sa_family) != AF_UNSPEC;
}

bool pool_peer_path_add(struct pool_peer *peer, struct pool_path *path)
{
	bool added = false;

	spin_lock_bh(&peer->lock);
	if (!peer->dead && peer->device->running) {
		path->peer = pool_peer_get(peer);
		pool_path_get(path);
		list_add(&path->peer_list, &peer->paths);
		added = true;
	}
	spin_unlock_bh(&peer->lock);
	return added;
}

void pool_peer_path_up(struct pool_peer *peer, struct pool_path *path)
{
	spin_lock_bh(&peer->lock);
	WRITE_ONCE(path->up, true);
	peer->connecting = false;
	spin_unlock_bh(&peer->lock);
	pool_peer_tick_in(peer, 0);
}

void pool_peer_hang_up(struct pool_peer *peer)
{
	struct pool_path *path, *found = NULL;

	spin_lock_bh(&peer->lock);
	list_for_each_entry(path, &peer->paths, peer_list) {
		if (path->dialled && !path->up) {
			pool_path_get(path);
			found = path;
			break;
		}
	}
	spin_unlock_bh(&peer->lock);
	if (!found)
		return;
	found->ops->close(found, POOL_REASON_CONNECT_FAILED);
	pool_path_put(found);
}

/* After the failure that was just counted. */
static u64 dial_delay(struct pool_peer *peer)
{
	u32 ms = min_t(u32, DIAL_MAX_MS, DIAL_MIN_MS << min_t(u32, peer->dial_failures - 1, 8));

	return (u64)(ms * 3 / 4 + get_random_u32_below(ms / 2)) * NSEC_PER_MSEC;
}

void pool_peer_dial_failed(struct pool_peer *peer)
{
	spin_lock_bh(&peer->lock);
	++peer->dial_failures;
	peer->dial_at_ns = pool_now() + dial_delay(peer);
	spin_unlock_bh(&peer->lock);
}

void pool_peer_dial_worked(struct pool_peer *peer)
{
	spin_lock_bh(&peer->lock);
	peer->dial_failures = 0;
	spin_unlock_bh(&peer->lock);
}

void pool_peer_path_down(struct pool_peer *peer, struct pool_path *path, u32 reason)
{
	bool was_proven = READ_ONCE(path->proven), listed;
	unsigned int puts = 0;
	struct pool_session *s;

	spin_lock_bh(&peer->lock);
	listed = !list_empty(&path->peer_list);
	if (listed) {
		list_del_init(&path->peer_list);
		++puts;
	}
	if (listed && path->dialled && !path->up) {
		peer->connecting = false;
		WRITE_ONCE(peer->autos.dial_failed, true);
	}
	if (listed && path->dialled && !was_proven) {
		++peer->dial_failures;
		peer->dial_at_ns = pool_now() + dial_delay(peer);
	}
	list_for_each_entry(s, &peer->sessions, list) {
		spin_lock(&s->path_lock);
		if (s->path == path) {
			s->path = NULL;
			++puts;
			if (path->dialled)
				WRITE_ONCE(peer->redial, true);
		}
		spin_unlock(&s->path_lock);
	}
	spin_unlock_bh(&peer->lock);

	if (was_proven && listed && path->ops->is_stream)
		pool_netlink_event(peer->device, POOL_EVENT_TYPE_CONNECTION_DOWN, reason, peer,
				   NULL, NULL, &path->remote, 0);
	if (listed && (reason == POOL_REASON_CONNECT_FAILED || reason == POOL_REASON_FRAMING))
		pool_peer_error(peer, reason);
	while (puts--)
		pool_path_put(path);
	pool_peer_tick_in(peer, 0);
}

struct pool_path *pool_peer_path_for(struct pool_peer *peer, const struct pool_transport_ops *ops,
				     bool fresh)
{
	bool can_dial = pool_peer_has_endpoint(peer);
	u64 silent_since = READ_ONCE(peer->last_receive_ns);
	struct pool_path *path, *best = NULL;

	spin_lock_bh(&peer->lock);
	list_for_each_entry(path, &peer->paths, peer_list) {
		if (!path->up || READ_ONCE(path->closed) || (ops && path->ops != ops))
			continue;
		if (can_dial && (path->tired || (fresh && path->created_ns < silent_since)))
			continue;
		if (!best || path->last_receive_ns > best->last_receive_ns)
			best = path;
	}
	if (best)
		pool_path_get(best);
	spin_unlock_bh(&peer->lock);
	return best;
}

u64 pool_peer_dial(struct pool_peer *peer, const struct pool_transport_ops *ops, u64 now)
{
	union pool_endpoint ep;
	u64 wait = U64_MAX;
	bool go = false;

	lockdep_assert_held(&peer->state_lock);
	spin_lock_bh(&peer->lock);
	if (!peer->connecting && peer->endpoint.sa.sa_family != AF_UNSPEC) {
		if (now < peer->dial_at_ns) {
			wait = peer->dial_at_ns - now;
		} else {
			peer->connecting = true;
			ep = peer->endpoint;
			go = true;
		}
	}
	spin_unlock_bh(&peer->lock);
	if (!go)
		return wait;
	if (ops->connect(peer, &ep)) {
		spin_lock_bh(&peer->lock);
		peer->connecting = false;
		++peer->dial_failures;
		wait = dial_delay(peer);
		peer->dial_at_ns = now + wait;
		spin_unlock_bh(&peer->lock);
		pool_peer_error(peer, POOL_REASON_CONNECT_FAILED);
	}
	return wait;
}

void pool_peer_learn_hello(struct pool_peer *peer, const struct pool_hello *hello)
{
	u16 present = hello->present;
	u8 node[POOL_NODE_ID_LEN];

	if (!present)
		return;
	if (present & BIT(POOL_TLV_ADDRESS)) {
		/* Only an address that its key backs is the peer's. */
		pool_node_id(node, peer->key);
		if (pool_addr_check(hello->address) ||
		    memcmp(hello->address + 20, node, sizeof(node)))
			present &= ~BIT(POOL_TLV_ADDRESS);
	}
	spin_lock_bh(&peer->lock);
	if (present & BIT(POOL_TLV_TRANSPORTS))
		peer->hello.transports = hello->transports;
	if (present & BIT(POOL_TLV_MAX_PLAINTEXT))
		WRITE_ONCE(peer->hello.max_plaintext, hello->max_plaintext);
	if (present & BIT(POOL_TLV_OFFLOAD))
		peer->hello.offload = hello->offload;
	if (present & BIT(POOL_TLV_ADDRESS))
		memcpy(peer->hello.address, hello->address, POOL_ADDR_LEN);
	if (present & BIT(POOL_TLV_NAME)) {
		peer->hello.name_len = hello->name_len;
		memcpy(peer->hello.name, hello->name, sizeof(hello->name));
	}
	peer->hello.present |= present;
	spin_unlock_bh(&peer->lock);
}

void pool_peer_error(struct pool_peer *peer, u32 reason)
{
	spin_lock_bh(&peer->lock);
	peer->last_error = reason;
	peer->last_error_ns = pool_now();
	spin_unlock_bh(&peer->lock);
	pool_device_error(peer->device, reason, peer, NULL, NULL);
}

u16 pool_peer_heartbeat_s(struct pool_peer *peer)
{
	s32 own = READ_ONCE(peer->heartbeat_s);

	return own >= 0 ? own : READ_ONCE(peer->device->heartbeat_s);
}

void pool_peer_limits(const struct pool_peer *peer, struct pool_key_limits *l)
{
	const struct pool_key_limits *own = &peer->limits, *device = &peer->device->limits;

	l->rekey_packets = READ_ONCE(own->rekey_packets) ?: READ_ONCE(device->rekey_packets);
	l->reject_packets = READ_ONCE(own->reject_packets) ?: READ_ONCE(device->reject_packets);
	l->rekey_s = READ_ONCE(own->rekey_s) ?: READ_ONCE(device->rekey_s);
	l->reject_s = READ_ONCE(own->reject_s) ?: READ_ONCE(device->reject_s);
	/* One of the two may be the device's, and higher. */
	l->rekey_packets = min(l->rekey_packets, l->reject_packets - 1);
	l->rekey_s = min(l->rekey_s, l->reject_s - 1);
}

u8 pool_peer_transport(const struct pool_peer *peer)
{
	return READ_ONCE(peer->transport) ?: READ_ONCE(peer->device->transport);
}

u8 pool_peer_dial_transport(const struct pool_peer *peer)
{
	u8 id = pool_peer_transport(peer);

	return id == POOL_TRANSPORT_AUTO ? pool_auto_transport(peer) : id;
}

void pool_peer_move(struct pool_peer *peer)
{
	struct pool_session *s;

	mutex_lock(&peer->state_lock);
	memset(&peer->autos, 0, sizeof(peer->autos));
	s = pool_peer_session_get(peer);
	if (s && pool_peer_has_endpoint(peer) &&
	    !(pool_transport_mask(pool_peer_transport(peer)) & BIT(s->transport - 1)))
		WRITE_ONCE(peer->wanted, true);
	pool_session_put(s);
	mutex_unlock(&peer->state_lock);
	pool_peer_tick_in(peer, 0);
}

int pool_peer_set_transport(struct pool_peer *peer, u8 transport, struct netlink_ext_ack *extack)
{
	u8 now = pool_peer_transport(peer);
	int ret = 0;

	lockdep_assert_held(&peer->device->update_lock);
	if (transport)
		ret = pool_device_open(peer->device, pool_transport_mask(transport), extack);
	if (ret)
		return ret;
	WRITE_ONCE(peer->transport, transport);
	if (pool_peer_transport(peer) != now)
		pool_peer_move(peer);
	return 0;
}

enum pool_peer_state pool_peer_state(struct pool_peer *peer)
{
	u64 interval = POOL_S_TO_NS(pool_peer_heartbeat_s(peer));
	struct pool_session *s = pool_peer_session_get(peer);
	enum pool_peer_state state;

	if (s && READ_ONCE(s->phase) == POOL_PHASE_CONFIRMED) {
		state = interval && pool_now() - READ_ONCE(s->last_receive_ns) >=
				    POOL_SUSPECT_HEARTBEATS * interval ?
			POOL_PEER_STATE_SUSPECT : POOL_PEER_STATE_UP;
	} else if (s || READ_ONCE(peer->connecting) || READ_ONCE(peer->attempt)) {
		state = POOL_PEER_STATE_CONNECTING;
	} else if (READ_ONCE(peer->wanted)) {
		state = pool_peer_has_endpoint(peer) ? POOL_PEER_STATE_CONNECTING :
						       POOL_PEER_STATE_UNREACHABLE;
	} else {
		state = POOL_PEER_STATE_IDLE;
	}
	pool_session_put(s);
	return state;
}

int pool_peer_init(void)
{
	peer_cache = KMEM_CACHE(pool_peer, 0);
	return peer_cache ? 0 : -ENOMEM;
}

void pool_peer_exit(void)
{
	kmem_cache_destroy(peer_cache);
}
