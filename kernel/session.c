// SPDX-License-Identifier: GPL-2.0
#include "session.h"
#include "device.h"
#include "fragment.h"
#include "handshake.h"
#include "peer.h"

#include <linux/slab.h>

static struct kmem_cache *session_cache, *epoch_cache;
static atomic64_t session_ids = ATOMIC64_INIT(0);

static void epoch_free(struct pool_epoch *epoch)
{
	memzero_explicit(epoch, sizeof(*epoch));
	kmem_cache_free(epoch_cache, epoch);
}

struct pool_epoch *pool_epoch_create(const struct pool_epoch_keys *keys, u32 number, u8 role)
{
	u8 out = role == POOL_ROLE_INITIATOR ? POOL_I2R : POOL_R2I;
	u8 in = role == POOL_ROLE_INITIATOR ? POOL_R2I : POOL_I2R;
	struct pool_epoch *epoch;

	epoch = kmem_cache_zalloc(epoch_cache, GFP_KERNEL);
	if (!epoch)
		return NULL;
	if (pool_cipher_init(&epoch->tx, &keys->dir[out]))
		goto err_free;
	if (pool_cipher_init(&epoch->rx, &keys->dir[in]))
		goto err_tx;
	kref_init(&epoch->refcount);
	epoch->number = number;
	memcpy(epoch->chain, keys->chain, sizeof(epoch->chain));
	epoch->tx_first = keys->dir[out].isn;
	spin_lock_init(&epoch->rx_lock);
	pool_replay_init(&epoch->replay, keys->dir[in].isn, POOL_REPLAY_BITS);
	epoch->created_ns = pool_now();
	return epoch;

err_tx:
	pool_cipher_destroy(&epoch->tx);
err_free:
	epoch_free(epoch);
	return NULL;
}

static void epoch_release(struct kref *kref)
{
	struct pool_epoch *epoch = container_of(kref, struct pool_epoch, refcount);

	pool_cipher_destroy(&epoch->tx);
	pool_cipher_destroy(&epoch->rx);
	epoch_free(epoch);
}

void pool_epoch_put(struct pool_epoch *epoch)
{
	if (epoch)
		kref_put(&epoch->refcount, epoch_release);
}

bool pool_session_use(struct pool_session *s, struct pool_epoch_use *use)
{
	struct pool_epoch *epoch;

	spin_lock_bh(&s->epoch_lock);
	epoch = s->epoch;
	if (epoch) {
		use->number = epoch->number;
		use->created_ns = epoch->created_ns;
		use->sent = READ_ONCE(epoch->tx_used);
		spin_lock(&epoch->rx_lock);
		use->received = epoch->replay.highest + 1 - epoch->replay.first;
		spin_unlock(&epoch->rx_lock);
	}
	spin_unlock_bh(&s->epoch_lock);
	return epoch;
}

struct pool_session *pool_session_create(struct pool_peer *peer, const u8 sid[POOL_SID_LEN],
					 u8 role, u8 transport)
{
	struct pool_session *s = kmem_cache_zalloc(session_cache, GFP_KERNEL);

	if (!s)
		return NULL;
	s->device = peer->device;
	s->peer = pool_peer_get(peer);
	kref_init(&s->refcount);
	INIT_HLIST_NODE(&s->hash);
	INIT_LIST_HEAD(&s->list);
	s->internal_id = atomic64_inc_return(&session_ids);
	memcpy(s->sid, sid, POOL_SID_LEN);
	s->role = role;
	s->transport = transport;
	s->phase = role == POOL_ROLE_INITIATOR ? POOL_PHASE_PENDING : POOL_PHASE_UNCONFIRMED;
	spin_lock_init(&s->path_lock);
	spin_lock_init(&s->epoch_lock);
	spin_lock_init(&s->ack_lock);
	mutex_init(&s->tx_lock);
	get_random_bytes(&s->ts_offset, sizeof(s->ts_offset));
	s->created_ns = pool_now();
	s->last_receive_ns = s->created_ns;
	s->hello_due = true;
	s->takes_large = s->device->dev->features & NETIF_F_GRO;
	pool_telemetry_init(s);
	atomic_inc(&s->device->n_sessions);
	pr_debug("%s: session %llu created for peer %llu\n", s->device->dev->name,
		 s->internal_id, peer->internal_id);
	return s;
}

static void session_rcu_free(struct rcu_head *rcu)
{
	struct pool_session *s = container_of(rcu, struct pool_session, rcu);

	memzero_explicit(s, sizeof(*s));
	kmem_cache_free(session_cache, s);
}

static void session_release(struct kref *kref)
{
	struct pool_session *s = container_of(kref, struct pool_session, refcount);
	unsigned int i;

	pr_debug("%s: session %llu destroyed\n", s->device->dev->name, s->internal_id);
	for (i = 0; i < ARRAY_SIZE(s->candidates); ++i)
		pool_epoch_put(s->candidates[i]);
	pool_epoch_put(s->epoch);
	pool_epoch_put(s->next);
	pool_epoch_put(s->prev);
	pool_path_put(s->path);
	atomic_dec(&s->device->n_sessions);
	pool_peer_put(s->peer);
	call_rcu(&s->rcu, session_rcu_free);
}

void pool_session_hello(struct pool_session *s, struct pool_hello *hello)
{
	pool_device_hello(s->device, hello);
	hello->present |= BIT(POOL_TLV_OFFLOAD);
	hello->offload = s->takes_large ? POOL_OFFLOAD_LARGE : 0;
}

void pool_session_learn_hello(struct pool_session *s, const struct pool_hello *hello)
{
	pool_peer_learn_hello(s->peer, hello);
	if (hello->present & BIT(POOL_TLV_OFFLOAD))
		WRITE_ONCE(s->peer_takes_large, hello->offload & POOL_OFFLOAD_LARGE);
}

void pool_session_put(struct pool_session *s)
{
	if (s)
		kref_put(&s->refcount, session_release);
}

static struct hlist_head *session_bucket(struct pool_device *device, const u8 *sid)
{
	u64 hash = siphash(sid, POOL_SID_LEN, &device->hash_key);

	return &device->session_hash[hash & (BIT(POOL_HASH_BITS) - 1)];
}

int pool_session_publish(struct pool_session *s)
{
	struct pool_device *device = s->device;
	struct hlist_head *head = session_bucket(device, s->sid);
	struct pool_session *other;

	spin_lock_bh(&device->session_hash_lock);
	hlist_for_each_entry(other, head, hash) {
		if (!memcmp(other->sid, s->sid, POOL_SID_LEN)) {
			spin_unlock_bh(&device->session_hash_lock);
			return -EEXIST;
		}
	}
	pool_session_get(s);
	hlist_add_head_rcu(&s->hash, head);
	spin_unlock_bh(&device->session_hash_lock);
	return 0;
}

struct pool_session *pool_session_lookup(struct pool_device *device, const u8 sid[POOL_SID_LEN])
{
	struct pool_session *s;

	rcu_read_lock_bh();
	hlist_for_each_entry_rcu_bh(s, session_bucket(device, sid), hash) {
		if (!memcmp(s->sid, sid, POOL_SID_LEN) && kref_get_unless_zero(&s->refcount))
			goto out;
	}
	s = NULL;
out:
	rcu_read_unlock_bh();
	return s;
}

/* Under peer->lock. The newest confirmed one; else, as responder, the newest at all. */
void pool_peer_choose_session(struct pool_peer *peer)
{
	struct pool_session *s, *best = NULL;

	lockdep_assert_held(&peer->lock);
	list_for_each_entry(s, &peer->sessions, list) {
		if (s->phase == POOL_PHASE_CONFIRMED) {
			if (!best || best->phase != POOL_PHASE_CONFIRMED ||
			    s->confirmed_ns > best->confirmed_ns)
				best = s;
		} else if (s->phase == POOL_PHASE_UNCONFIRMED && !best) {
			best = s;
		}
	}
	rcu_assign_pointer(peer->current_session, best);
}

struct pool_session *pool_peer_session_get(struct pool_peer *peer)
{
	struct pool_session *s;

	rcu_read_lock_bh();
	s = rcu_dereference_bh(peer->current_session);
	if (s && !kref_get_unless_zero(&s->refcount))
		s = NULL;
	rcu_read_unlock_bh();
	return s;
}

/*
 * Under peer->lock. Returns the one that is too many, with a reference: the
 * oldest unconfirmed one, so that withheld RESPONSEs displace nothing that
 * works; else the oldest that is not in use.
 */
static struct pool_session *link_locked(struct pool_session *s)
{
	struct pool_peer *peer = s->peer;
	struct pool_session *other, *extra = NULL;

	lockdep_assert_held(&peer->lock);
	list_add(&pool_session_get(s)->list, &peer->sessions);
	++peer->n_sessions;
	pool_peer_choose_session(peer);
	if (peer->n_sessions <= POOL_SESSIONS_PER_PEER)
		return NULL;
	list_for_each_entry(other, &peer->sessions, list) {
		if (other == s || rcu_access_pointer(peer->current_session) == other)
			continue;
		if (!extra || other->phase == POOL_PHASE_UNCONFIRMED ||
		    extra->phase != POOL_PHASE_UNCONFIRMED)
			extra = other;
	}
	return pool_session_get(extra);
}

static void drop_oldest(struct pool_session *oldest)
{
	if (!oldest)
		return;
	pool_session_drop(oldest, POOL_REASON_REPLACED, false);
	pool_session_put(oldest);
}

void pool_session_link(struct pool_session *s)
{
	struct pool_session *oldest = NULL;

	spin_lock_bh(&s->peer->lock);
	/* It can be found since before: its peer may have confirmed and closed it already. */
	if (s->phase != POOL_PHASE_DEAD)
		oldest = link_locked(s);
	spin_unlock_bh(&s->peer->lock);
	drop_oldest(oldest);
	pool_peer_tick_in(s->peer, 0);
}

/*
 * A key that two hosts use shows as sessions that replace each other from
 * different places, again and again.
 */
static void note_flapping(struct pool_peer *peer, struct pool_session *s, u64 now)
{
	struct pool_path *path = pool_session_path_get(s);
	bool flapping = false;

	if (!path)
		return;
	mutex_lock(&peer->state_lock);
	if (s->role == POOL_ROLE_RESPONDER) {
		union pool_endpoint from = path->remote;

		if (peer->confirmed_ns && now - peer->confirmed_ns < POOL_S_TO_NS(30) &&
		    !ipv6_addr_equal((struct in6_addr *)path->addr16,
				     &peer->confirmed_from.in6.sin6_addr))
			flapping = ++peer->flaps >= 3;
		else if (now - peer->confirmed_ns >= POOL_S_TO_NS(30))
			peer->flaps = 0;
		peer->confirmed_from.in6.sin6_family = from.sa.sa_family;
		memcpy(&peer->confirmed_from.in6.sin6_addr, path->addr16, 16);
		peer->confirmed_ns = now;
	}
	mutex_unlock(&peer->state_lock);
	pool_path_put(path);
	if (flapping)
		pool_peer_error(peer, POOL_REASON_FLAPPING);
}

/*
 * The candidate that has proven itself is the epoch, the others are wiped. With
 * the chain key the session can rekey.
 */
static void choose_epoch(struct pool_session *s, struct pool_epoch *epoch)
{
	struct pool_epoch *gone[POOL_CHALLENGES_MAX];
	unsigned int i;

	mutex_lock(&s->tx_lock);
	spin_lock_bh(&s->epoch_lock);
	memcpy(gone, s->candidates, sizeof(gone));
	memset(s->candidates, 0, sizeof(s->candidates));
	if (!s->epoch)
		s->epoch = pool_epoch_get(epoch);
	spin_unlock_bh(&s->epoch_lock);
	if (s->epoch == epoch && !s->chained) {
		s->chained = true;
		pool_rekey_init(&s->rekey, s->sid, epoch->chain);
		pool_wipe(epoch->chain, sizeof(epoch->chain));
	}
	mutex_unlock(&s->tx_lock);
	for (i = 0; i < ARRAY_SIZE(gone); ++i)
		pool_epoch_put(gone[i]);
}

void pool_session_confirm(struct pool_session *s, struct pool_epoch *epoch)
{
	struct pool_peer *peer = s->peer;
	struct pool_session *other, *oldest = NULL;
	u64 now = pool_now();
	bool fresh = false, several = false;

	choose_epoch(s, epoch);
	spin_lock_bh(&peer->lock);
	if (s->phase == POOL_PHASE_PENDING || s->phase == POOL_PHASE_UNCONFIRMED) {
		s->confirmed_ns = now;
		if (s->phase == POOL_PHASE_PENDING)
			oldest = link_locked(s);
		WRITE_ONCE(s->phase, POOL_PHASE_CONFIRMED);
		fresh = true;
		list_for_each_entry(other, &peer->sessions, list)
			several |= other != s && other->phase == POOL_PHASE_CONFIRMED;
		if (several)
			peer->surplus_at_ns = now + POOL_S_TO_NS(POOL_SURPLUS_S);
		peer->last_handshake_s = ktime_get_real_seconds();
		peer->dial_failures = 0;
		pool_peer_choose_session(peer);
	}
	spin_unlock_bh(&peer->lock);
	if (!fresh)
		return;
	drop_oldest(oldest);

	atomic64_inc(&peer->stats.handshakes);
	atomic64_inc(&s->device->stats.handshakes);
	WRITE_ONCE(peer->wanted, false);
	pool_handshake_done(peer, s);
	note_flapping(peer, s, now);
	pool_netlink_event(s->device, POOL_EVENT_TYPE_SESSION_UP, POOL_REASON_NONE, peer, s,
			   NULL, NULL, 0);
	pool_peer_tick_in(peer, 0);
	pool_peer_kick(peer);
}

static void session_drop(struct pool_session *s, u32 reason, bool close, bool only_pending)
{
	struct pool_peer *peer = s->peer;
	struct pool_path *path;
	bool was_confirmed;

	spin_lock_bh(&peer->lock);
	if (s->phase == POOL_PHASE_DEAD || (only_pending && s->phase != POOL_PHASE_PENDING)) {
		spin_unlock_bh(&peer->lock);
		return;
	}
	was_confirmed = s->phase == POOL_PHASE_CONFIRMED;
	if (close && was_confirmed) {
		spin_unlock_bh(&peer->lock);
		pool_send_close(s, reason == POOL_REASON_EXPIRED ? POOL_REKEY_FAIL :
								   POOL_CLOSE_END, 0);
		spin_lock_bh(&peer->lock);
		if (s->phase == POOL_PHASE_DEAD) {
			spin_unlock_bh(&peer->lock);
			return;
		}
	}
	WRITE_ONCE(s->phase, POOL_PHASE_DEAD);
	if (!list_empty(&s->list)) {
		list_del_init(&s->list);
		--peer->n_sessions;
		pool_peer_choose_session(peer);
	} else {
		/* a pending one belongs to its attempt, not to the list */
		s = pool_session_get(s);
	}
	spin_unlock_bh(&peer->lock);

	spin_lock_bh(&s->device->session_hash_lock);
	if (!hlist_unhashed(&s->hash)) {
		hlist_del_init_rcu(&s->hash);
		/* the caller holds one more */
		kref_put(&s->refcount, session_release);
	}
	spin_unlock_bh(&s->device->session_hash_lock);

	spin_lock_bh(&s->path_lock);
	path = s->path;
	s->path = NULL;
	spin_unlock_bh(&s->path_lock);
	pool_path_put(path);
	pool_roam_end(s);
	pool_fragment_forget(s);

	if (was_confirmed)
		pool_netlink_event(s->device, POOL_EVENT_TYPE_SESSION_DOWN, reason, peer, s,
				   NULL, NULL, 0);
	pool_peer_tick_in(peer, 0);
	pool_session_put(s);	/* the list's, or the one taken above */
}

void pool_session_drop(struct pool_session *s, u32 reason, bool close)
{
	session_drop(s, reason, close, false);
}

void pool_session_drop_pending(struct pool_session *s)
{
	session_drop(s, POOL_REASON_NOT_CONFIRMED, false, true);
}

void pool_session_set_path(struct pool_session *s, struct pool_path *path)
{
	struct pool_path *old;

	pool_path_get(path);
	spin_lock_bh(&s->path_lock);
	/* Both looks at .closed and at .phase order against close and drop. */
	if (READ_ONCE(path->closed) || READ_ONCE(s->phase) == POOL_PHASE_DEAD) {
		old = path;
	} else {
		old = s->path;
		if (old != path && s->attached)
			++s->reattached;
		s->path = path;
		s->attached = true;
	}
	spin_unlock_bh(&s->path_lock);
	pool_path_put(old);
}

struct pool_path *pool_session_path_get(struct pool_session *s)
{
	struct pool_path *path;

	spin_lock_bh(&s->path_lock);
	path = s->path;
	if (path)
		pool_path_get(path);
	spin_unlock_bh(&s->path_lock);
	return path;
}

/* By their size: kmalloc() would give each of them 2 KiB. */
int __init pool_session_init(void)
{
	session_cache = KMEM_CACHE(pool_session, SLAB_HWCACHE_ALIGN);
	epoch_cache = KMEM_CACHE(pool_epoch, SLAB_HWCACHE_ALIGN);
	if (session_cache && epoch_cache)
		return 0;
	pool_session_exit();
	return -ENOMEM;
}

void pool_session_exit(void)
{
	kmem_cache_destroy(session_cache);
	kmem_cache_destroy(epoch_cache);
}
