// SPDX-License-Identifier: GPL-2.0
/*
 * Handshakes around the protocol core: the responder's gate, which keeps no
 * state before a RESPONSE is accepted, and the initiator's attempts.
 */
#include "auto.h"
#include "device.h"
#include "handshake.h"
#include "peer.h"
#include "session.h"
#include "trace.h"

#include <linux/slab.h>

enum {
	ATTEMPT_S = 12,		/* without success, solving not counted */
	GIVE_UP_S = 90,		/* then waiting traffic is dropped */
	REPLAY_MEMORY_S = 1000,	/* no RESPONSE of that age can verify */
	SOLVE_CHUNK = 2048,	/* hashes between looks at the world */
	INITS_PER_STREAM = 8,	/* while it is not proven */
};

/* Our side of one INIT, with its ephemeral key. */
struct pool_attempt {
	struct kref refcount;
	struct pool_peer *peer;		/* strong */
	struct pool_session *session;	/* strong; pending, found by its SID */
	struct pool_path *path;		/* strong */
	struct pool_initiator initiator;
	u64 deadline_ns;
	u64 solving_since_ns;		/* 0: not solving */
	u64 sent_ns;			/* pkt, for the first time */
	u16 pkt_len;
	u8 repeats;			/* of pkt */
	bool cancelled;			/* WRITE_ONCE under state_lock */
	struct work_struct solve_work;
	u8 n_challenges, next_challenge;
	struct pool_challenge challenges[POOL_CHALLENGES_MAX + 1];
	u8 pkt[POOL_RESPONSE_LEN];
};

/* ------------------------------------------------------------ the responder */

static bool budget_take(struct pool_budget *b, u32 per_second)
{
	u64 second = ktime_get_boottime_seconds();

	if (b->second != second) {
		b->second = second;
		b->used = 0;
	}
	if (b->used >= per_second)
		return false;
	++b->used;
	return true;
}

/*
 * Under gate->lock. Difficulty rises by one per doubling of refused RESPONSEs;
 * only of those that work was done for, or garbage would raise it for everybody.
 */
static void gate_refused(struct pool_gate *gate, u32 drop)
{
	u64 now = pool_now();

	switch (drop) {
	case POOL_A_DROPS_HS_SPENT:
	case POOL_A_DROPS_HS_KEY:
	case POOL_A_DROPS_HS_SEAL:
	case POOL_A_DROPS_HS_TLV:
	case POOL_A_DROPS_HS_PSK:
	case POOL_A_DROPS_HS_UNKNOWN_PEER:
		break;
	default:
		return;
	}
	if (now - gate->last_refused_ns >= POOL_S_TO_NS(POOL_CALM_S))
		gate->refused = 0;
	gate->last_refused_ns = now;
	if (!gate->responder || ++gate->refused < gate->refused_threshold)
		return;
	gate->refused = 0;
	if (gate->responder->difficulty < POOL_DIFFICULTY_MAX) {
		++gate->responder->difficulty;
		gate->refused_threshold *= 2;
	}
}

static void gate_relax(struct pool_gate *gate)
{
	if (gate->responder->difficulty > POOL_DIFFICULTY_MIN &&
	    pool_now() - gate->last_refused_ns >= POOL_S_TO_NS(POOL_CALM_S)) {
		--gate->responder->difficulty;
		gate->last_refused_ns = pool_now();
		gate->refused = 0;
		if (gate->refused_threshold > POOL_REFUSED_THRESHOLD)
			gate->refused_threshold /= 2;
	}
}

/* Returns the drop reason, or 0 and the CHALLENGE, @full or not, in @out. Under gate->lock. */
static u32 answer_init(struct pool_path *path, const u8 *pkt, size_t len,
		       u8 out[POOL_CHALLENGE_LEN], bool *full)
{
	struct pool_device *device = path->device;
	struct pool_gate *gate = &device->gate;
	struct pool_claim claim;
	enum pool_hs_error err;
	u64 now;

	if (!gate->responder)
		return POOL_A_DROPS_HS_DOWN;
	pool_gate_refresh(device);
	gate_relax(gate);
	now = ktime_get_real_ns();
	err = pool_responder_init(gate->responder, pkt, len, now,
				  POOL_S_TO_NS(READ_ONCE(device->init_skew_s)), &claim);
	if (err == POOL_HS_TIME) {
		struct pool_hdr hdr;

		pool_hdr_decode(&hdr, pkt);
		gate->skew_seen_s = clamp_t(s64, div_s64((s64)(hdr.timestamp - now), NSEC_PER_SEC),
					    S32_MIN, S32_MAX);
	}
	if (err)
		return pool_drop_of_handshake(err);
	trace_pool_handshake(device, NULL, POOL_STAGE_INIT_TAKEN);

	if (claim.filled) {
		err = pool_responder_check_work(gate->responder, &claim, path->addr16, false);
		if (err)
			return pool_drop_of_handshake(err);
		if (!pool_ratelimiter_allow(&device->ratelimiter, path->addr16))
			return POOL_A_DROPS_HS_LIMITED;
		*full = true;
	} else {
		/*
		 * Nothing that an unproven source sends is charged to that source; but
		 * where a connection has proven its address, one INIT is an attempt and
		 * more of them are not.
		 */
		if (path->ops->is_stream && (READ_ONCE(path->proven) || path->n_inits > 1) &&
		    !pool_ratelimiter_allow(&device->ratelimiter, path->addr16))
			return POOL_A_DROPS_HS_LIMITED;
		*full = !path->busy && budget_take(&gate->full, POOL_FULL_CHALLENGES_PER_S);
		if (!*full && !budget_take(&gate->work, POOL_WORK_CHALLENGES_PER_S))
			return POOL_A_DROPS_HS_LIMITED;
	}
	pool_responder_challenge(gate->responder, &claim, path->addr16,
				 (u32)ktime_get_boottime_seconds(), *full, out);
	return 0;
}

static enum pool_verdict receive_init(struct pool_path *path, const u8 *pkt, size_t len)
{
	struct pool_device *device = path->device;
	u8 out[POOL_CHALLENGE_LEN];
	bool full = false;
	u32 drop;

	atomic64_inc(&device->stats.inits_received);
	/* One connection is one attempt; the budget is for many. */
	if (path->ops->is_stream && !READ_ONCE(path->proven) &&
	    ++path->n_inits > INITS_PER_STREAM) {
		pool_drop(device, NULL, POOL_A_DROPS_HS_LIMITED);
		return POOL_VERDICT_BREAK;
	}
	mutex_lock(&device->gate.lock);
	drop = answer_init(path, pkt, len, out, &full);
	mutex_unlock(&device->gate.lock);
	if (!drop) {
		if (!pool_path_send(path, out, sizeof(out))) {
			atomic64_inc(full ? &device->stats.challenges_sent :
					    &device->stats.prove_work_sent);
			trace_pool_handshake(device, NULL, full ? POOL_STAGE_CHALLENGE_SENT :
								  POOL_STAGE_PROVE_WORK_SENT);
		}
		return POOL_VERDICT_OK;
	}
	pool_drop(device, NULL, drop);
	if (drop == POOL_A_DROPS_HS_TIME)
		pool_device_error(device, POOL_REASON_CLOCK_SKEW, NULL, NULL, &path->remote);
	return drop == POOL_A_DROPS_HS_LENGTH || drop == POOL_A_DROPS_HS_VERSION ?
	       POOL_VERDICT_BREAK : POOL_VERDICT_DROPPED;
}

/*
 * The very RESPONSE that made a session, come again: its ACK may have been
 * lost. Anybody may have sent it, so the answer goes where the session is, and
 * nothing else happens.
 */
static bool answer_repeat(struct pool_path *path, const u8 *pkt, const u8 digest[POOL_HASH_LEN])
{
	struct pool_session *s;
	bool repeat = false;
	struct pool_hdr hdr;
	u64 now = pool_now();

	pool_hdr_decode(&hdr, pkt);
	s = pool_session_lookup(path->device, hdr.sid);
	if (!s)
		return false;
	if (s->role == POOL_ROLE_RESPONDER && s->transport == path->ops->id &&
	    READ_ONCE(s->phase) == POOL_PHASE_UNCONFIRMED &&
	    !pool_differ(s->response_digest, digest, POOL_HASH_LEN)) {
		repeat = true;
		if (now - READ_ONCE(s->first_ack_ns) >= POOL_FIRST_ACK_REPEAT_MS * NSEC_PER_MSEC)
			pool_send_first_ack(s);
	}
	pool_session_put(s);
	return repeat;
}

/* Under peer->state_lock: one RESPONSE is accepted or it is not. */
static u32 accept_response(struct pool_peer *peer, struct pool_path *path,
			   struct pool_response *rsp, const struct pool_hello *hello,
			   const struct pool_epoch_keys *keys,
			   const u8 digest[POOL_HASH_LEN], u32 generation)
{
	struct pool_gate *gate = &peer->device->gate;
	struct pool_session *s;
	u64 now = pool_now();
	u32 drop = 0;
	bool stale;

	lockdep_assert_held(&peer->state_lock);
	if (READ_ONCE(peer->dead) || !READ_ONCE(peer->device->running))
		return POOL_A_DROPS_HS_DOWN;
	if (path->ops->is_stream && path->peer && path->peer != peer)
		return POOL_A_DROPS_RX_NO_SESSION;	/* one connection, one peer */
	/* Secrets or identity changed since it was opened: too late. */
	mutex_lock(&gate->lock);
	stale = gate->generation != generation;
	mutex_unlock(&gate->lock);
	if (stale)
		return POOL_A_DROPS_HS_SECRET;
	if (peer->accepted_ns && now - peer->accepted_ns < POOL_S_TO_NS(REPLAY_MEMORY_S) &&
	    rsp->claim.timestamp <= peer->accepted_timestamp)
		return POOL_A_DROPS_HS_REPLAYED;

	path = pool_path_keep(path);
	s = path ? pool_session_create(peer, rsp->claim.sid, POOL_ROLE_RESPONDER, path->ops->id) :
		   NULL;
	if (!s) {
		drop = POOL_A_DROPS_HS_NO_MEMORY;
		goto out;
	}
	memcpy(s->response_digest, digest, POOL_HASH_LEN);
	s->epoch = pool_epoch_create(keys, 0, POOL_ROLE_RESPONDER);
	if (!s->epoch) {
		drop = POOL_A_DROPS_HS_NO_MEMORY;
		goto out;
	}
	if (pool_session_publish(s)) {
		drop = POOL_A_DROPS_HS_SID_USED;
		goto out;
	}
	peer->accepted_timestamp = rsp->claim.timestamp;
	peer->accepted_ns = now;
	pool_session_learn_hello(s, hello);
	pool_path_prove(path, peer);
	pool_session_set_path(s, path);
	pool_session_link(s);
	pool_send_first_ack(s);
out:
	if (path && drop && !path->ops->is_stream)
		path->ops->close(path, POOL_REASON_REFUSED);	/* it was made for this */
	pool_session_put(s);
	pool_path_put(path);
	return drop;
}

/* What takes too much stack, and must be wiped. */
struct response_work {
	struct pool_claim claim;
	struct pool_response rsp;
	struct pool_epoch_keys keys;
	struct pool_tlvs tlvs;
	u8 psk[POOL_KEY_LEN];
	u8 digest[POOL_HASH_LEN];
	u32 generation;
	bool opened;
};

static u32 answer_response(struct pool_path *path, const u8 *pkt, size_t len,
			   struct response_work *w)
{
	const struct pool_vec whole = { pkt, len };
	struct pool_device *device = path->device;
	struct pool_gate *gate = &device->gate;
	enum pool_hs_error err;
	struct pool_peer *peer;
	bool own = false;
	u32 drop;

	pool_sha256(w->digest, &whole, 1);
	if (len == POOL_RESPONSE_LEN && answer_repeat(path, pkt, w->digest))
		return 0;
	mutex_lock(&gate->lock);
	if (!gate->responder) {
		mutex_unlock(&gate->lock);
		return POOL_A_DROPS_HS_DOWN;
	}
	pool_gate_refresh(device);
	gate_relax(gate);
	w->generation = gate->generation;
	err = pool_responder_check_response(gate->responder, pkt, len, path->addr16, &w->claim);
	if (!err && !pool_ratelimiter_allow(&device->ratelimiter, path->addr16)) {
		mutex_unlock(&gate->lock);
		return POOL_A_DROPS_HS_LIMITED;
	}
	if (!err)
		err = pool_responder_unseal(gate->responder, pkt, path->addr16, path->ops->id,
					    &w->claim, &w->rsp);
	if (err)
		gate_refused(gate, pool_drop_of_handshake(err));
	else
		own = !memcmp(w->rsp.S_i, gate->responder->self.public, POOL_KEY_LEN);
	mutex_unlock(&gate->lock);
	if (err)
		return pool_drop_of_handshake(err);
	w->opened = true;
	if (own) {
		pool_device_error(device, POOL_REASON_OWN_KEY, NULL, w->rsp.S_i, &path->remote);
		return POOL_A_DROPS_HS_UNKNOWN_PEER;
	}

	peer = pool_peer_lookup(device, w->rsp.S_i);
	if (!peer) {
		pool_device_error(device, POOL_REASON_UNKNOWN_PEER, NULL, w->rsp.S_i,
				  &path->remote);
		return POOL_A_DROPS_HS_UNKNOWN_PEER;
	}
	mutex_lock(&peer->state_lock);
	memcpy(w->psk, peer->psk, POOL_KEY_LEN);
	if (pool_responder_finish(&w->rsp, w->psk, pkt, &w->keys)) {
		drop = POOL_A_DROPS_HS_PSK;
	} else if (pool_tlvs_parse(&w->tlvs, w->rsp.hello, sizeof(w->rsp.hello))) {
		drop = POOL_A_DROPS_HS_TLV;
	} else {
		drop = accept_response(peer, path, &w->rsp, &w->tlvs.hello, &w->keys,
				       w->digest, w->generation);
		if (!drop)
			trace_pool_handshake(device, peer, POOL_STAGE_RESPONSE_TAKEN);
	}
	mutex_unlock(&peer->state_lock);
	if (drop) {
		atomic64_inc(&peer->stats.drops.n[drop]);
		if (drop == POOL_A_DROPS_HS_PSK)
			pool_peer_error(peer, POOL_REASON_PSK_MISMATCH);
		else if (drop == POOL_A_DROPS_HS_REPLAYED)
			pool_peer_error(peer, POOL_REASON_REPLAYED);
	}
	pool_peer_put(peer);
	return drop;
}

static enum pool_verdict receive_response(struct pool_path *path, const u8 *pkt, size_t len)
{
	struct pool_device *device = path->device;
	struct response_work *w;
	u32 drop;

	atomic64_inc(&device->stats.responses_received);
	/* Not per packet of a flood: one worker's stack would not hold it. */
	w = kzalloc(sizeof(*w), GFP_KERNEL);
	drop = w ? answer_response(path, pkt, len, w) : POOL_A_DROPS_HS_NO_MEMORY;
	if (w && drop && w->opened) {
		mutex_lock(&device->gate.lock);
		gate_refused(&device->gate, drop);
		mutex_unlock(&device->gate.lock);
	}
	kfree_sensitive(w);
	if (!drop)
		return POOL_VERDICT_OK;
	pool_drop(device, NULL, drop);
	/* Without an answer the other end would wait for its time-out. */
	return READ_ONCE(path->proven) && drop != POOL_A_DROPS_RX_NO_SESSION ?
	       POOL_VERDICT_DROPPED : POOL_VERDICT_BREAK;
}

/* ------------------------------------------------------------ the initiator */

static void attempt_release(struct kref *kref)
{
	struct pool_attempt *a = container_of(kref, struct pool_attempt, refcount);

	pool_session_put(a->session);
	pool_path_put(a->path);
	pool_peer_put(a->peer);
	kfree_sensitive(a);
}

static void attempt_put(struct pool_attempt *a)
{
	kref_put(&a->refcount, attempt_release);
}

void pool_handshake_stop(struct pool_peer *peer)
{
	struct pool_attempt *a = peer->attempt;

	lockdep_assert_held(&peer->state_lock);
	if (!a)
		return;
	peer->attempt = NULL;
	WRITE_ONCE(a->cancelled, true);
	/* A confirmed one lives on; a pending one has no use without its attempt. */
	pool_session_drop_pending(a->session);
	attempt_put(a);
}

void pool_handshake_done(struct pool_peer *peer, struct pool_session *s)
{
	trace_pool_handshake(peer->device, peer, POOL_STAGE_CONFIRMED);
	mutex_lock(&peer->state_lock);
	if (peer->attempt && peer->attempt->session == s)
		pool_handshake_stop(peer);
	pool_auto_confirmed(peer, s);
	peer->wanted_since_ns = 0;
	mutex_unlock(&peer->state_lock);
}

/* Under state_lock: what is in pkt, for the first time. */
static int attempt_send(struct pool_attempt *a, size_t len)
{
	a->pkt_len = len;
	a->sent_ns = pool_now();
	a->repeats = 0;
	return pool_path_send(a->path, a->pkt, len);
}

/*
 * Datagrams get lost: the same bytes again 1, 3 and 7 s after the first time. Returns ns
 * until the next time, U64_MAX when there is none.
 */
static u64 attempt_repeat(struct pool_attempt *a, u64 now)
{
	static const u8 after_s[] = { 1, 3, 7 };
	u64 due;

	if (a->path->ops->is_stream)
		return U64_MAX;
	while (a->repeats < ARRAY_SIZE(after_s)) {
		due = a->sent_ns + POOL_S_TO_NS(after_s[a->repeats]);
		if (now < due)
			return due - now;
		++a->repeats;
		pool_path_send(a->path, a->pkt, a->pkt_len);
	}
	return U64_MAX;
}

/* Under state_lock, with the solution of @c. */
static void attempt_answer(struct pool_attempt *a, const struct pool_challenge *c, const u8 x[8])
{
	struct pool_peer *peer = a->peer;
	struct pool_device *device = peer->device;
	u8 hello_tlvs[POOL_HELLO_MAX];
	struct pool_epoch_keys keys;
	struct pool_hello hello;
	struct pool_epoch *epoch;
	enum pool_hs_error err;
	unsigned int i;
	size_t len;

	if (!c->full) {
		pool_initiator_fill(&a->initiator, c, x, a->pkt);
		attempt_send(a, POOL_INIT_LEN);
		trace_pool_handshake(device, peer, POOL_STAGE_INIT_SENT);
		return;
	}
	pool_session_hello(a->session, &hello);
	len = pool_hello_write(hello_tlvs, sizeof(hello_tlvs), &hello);
	err = pool_initiator_response(&a->initiator, c, x, hello_tlvs, len, a->pkt, &keys);
	if (err) {
		pool_drop(device, peer, pool_drop_of_handshake(err));
		return;
	}
	epoch = pool_epoch_create(&keys, 0, POOL_ROLE_INITIATOR);
	pool_wipe(&keys, sizeof(keys));
	if (!epoch) {
		pool_drop(device, peer, POOL_A_DROPS_HS_NO_MEMORY);
		return;
	}
	spin_lock_bh(&a->session->epoch_lock);
	/* One that was confirmed meanwhile has its epoch, and needs no candidate. */
	for (i = 0; !a->session->epoch && i < ARRAY_SIZE(a->session->candidates); ++i) {
		if (!a->session->candidates[i]) {
			swap(a->session->candidates[i], epoch);
			break;
		}
	}
	spin_unlock_bh(&a->session->epoch_lock);
	if (epoch) {
		pool_epoch_put(epoch);
		return;
	}
	attempt_send(a, POOL_RESPONSE_LEN);
	trace_pool_handshake(device, peer, POOL_STAGE_RESPONSE_SENT);
}

static void solve_work(struct work_struct *work)
{
	struct pool_attempt *a = container_of(work, struct pool_attempt, solve_work);
	struct pool_peer *peer = a->peer;
	struct pool_challenge *c;
	u8 x[8];

	for (;;) {
		mutex_lock(&peer->state_lock);
		if (a->cancelled || a->next_challenge == a->n_challenges) {
			/* the time spent here is not the peer's */
			a->deadline_ns += pool_now() - a->solving_since_ns;
			a->solving_since_ns = 0;
			break;
		}
		c = &a->challenges[a->next_challenge++];
		mutex_unlock(&peer->state_lock);

		pool_random(x, sizeof(x));
		while (!READ_ONCE(a->cancelled) &&
		       !pool_puzzle_search(c->seed, c->difficulty, x, SOLVE_CHUNK))
			cond_resched();

		mutex_lock(&peer->state_lock);
		if (!a->cancelled)
			attempt_answer(a, c, x);
		mutex_unlock(&peer->state_lock);
	}
	mutex_unlock(&peer->state_lock);
	pool_peer_tick_in(peer, 0);
	attempt_put(a);
}

static u64 next_timestamp(struct pool_peer *peer)
{
	u64 ts = (ktime_get_real_ns() & ~0xfffffULL) | (get_random_u32() & 0xfffff);
	u64 now = pool_now();

	/* The peer has forgotten what is that old: a clock mistake of ours may heal. */
	if (ts <= peer->sent_timestamp && now - peer->sent_ns < POOL_S_TO_NS(REPLAY_MEMORY_S))
		ts = peer->sent_timestamp + 1;
	peer->sent_timestamp = ts;
	peer->sent_ns = now;
	return ts;
}

/* Under state_lock: a fresh INIT over @path. */
static int attempt_start(struct pool_peer *peer, struct pool_path *path)
{
	struct pool_device *device = peer->device;
	struct pool_attempt *a;
	enum pool_hs_error err;
	int ret;

	if (!READ_ONCE(device->has_identity))
		return -ENOKEY;
	a = kzalloc(sizeof(*a), GFP_KERNEL);
	if (!a)
		return -ENOMEM;
	kref_init(&a->refcount);
	INIT_WORK(&a->solve_work, solve_work);
	mutex_lock(&device->gate.lock);	/* guards the identity */
	err = pool_initiator_start(&a->initiator, &device->identity, peer->key, peer->psk,
				   path->ops->id, next_timestamp(peer), a->pkt);
	mutex_unlock(&device->gate.lock);
	if (err) {
		kfree_sensitive(a);
		return -EKEYREJECTED;
	}
	a->session = pool_session_create(peer, a->initiator.sid, POOL_ROLE_INITIATOR,
					 path->ops->id);
	if (!a->session) {
		kfree_sensitive(a);
		return -ENOMEM;
	}
	a->peer = pool_peer_get(peer);
	pool_path_get(path);
	a->path = path;
	ret = pool_session_publish(a->session);
	if (!ret) {
		pool_session_set_path(a->session, path);
		a->deadline_ns = pool_now() + POOL_S_TO_NS(pool_auto_is(peer) ?
							   POOL_AUTO_ATTEMPT_S : ATTEMPT_S);
		peer->attempt = a;
		ret = attempt_send(a, POOL_INIT_LEN);
		if (ret)
			pool_handshake_stop(peer);
		else
			trace_pool_handshake(device, peer, POOL_STAGE_INIT_SENT);
	} else {
		attempt_put(a);
	}
	return ret;
}

/* A connection says where its packets come from; a datagram may come from any address. */
static bool came_on(const struct pool_path *path, const struct pool_attempt *a)
{
	return path->ops->is_stream ? path == a->path : path->ops == a->path->ops;
}

static enum pool_verdict receive_challenge(struct pool_path *path, const u8 *pkt, size_t len)
{
	struct pool_device *device = path->device;
	enum pool_hs_error err = POOL_HS_ATTEMPT;
	struct pool_attempt *a;
	struct pool_session *s;
	struct pool_path *way;
	struct pool_hdr hdr;

	pool_hdr_decode(&hdr, pkt);
	s = pool_session_lookup(device, hdr.sid);
	if (s) {
		struct pool_peer *peer = s->peer;

		mutex_lock(&peer->state_lock);
		a = peer->attempt;
		if (a && a->session == s && came_on(path, a) &&
		    a->n_challenges < ARRAY_SIZE(a->challenges)) {
			err = pool_initiator_challenge(&a->initiator, pkt, len,
						       &a->challenges[a->n_challenges]);
			if (!err) {
				++a->n_challenges;
				if (!a->solving_since_ns) {
					a->solving_since_ns = pool_now();
					kref_get(&a->refcount);
					if (!queue_work(device->solve_wq, &a->solve_work))
						attempt_put(a);
				}
			}
		}
		way = a && !err ? a->path : NULL;
		if (way)
			pool_path_get(way);
		mutex_unlock(&peer->state_lock);
		if (!err) {
			pool_path_prove(way, peer);
			pool_path_put(way);
			trace_pool_handshake(device, peer, POOL_STAGE_CHALLENGE_TAKEN);
		} else {
			atomic64_inc(&peer->stats.drops.n[pool_drop_of_handshake(err)]);
		}
		pool_session_put(s);
	}
	if (!err)
		return POOL_VERDICT_OK;
	pool_drop(device, NULL, pool_drop_of_handshake(err));
	return err == POOL_HS_LENGTH || err == POOL_HS_VERSION ? POOL_VERDICT_BREAK :
								 POOL_VERDICT_DROPPED;
}

enum pool_verdict pool_handshake_receive(struct pool_path *path, const u8 *pkt, size_t len)
{
	switch (pkt[0] & 0xf) {
	case POOL_INIT:
		return receive_init(path, pkt, len);
	case POOL_CHALLENGE:
		return receive_challenge(path, pkt, len);
	default:
		return receive_response(path, pkt, len);
	}
}

/* --------------------------------------------------------------- the attempts */

void pool_handshake_want(struct pool_peer *peer)
{
	if (READ_ONCE(peer->wanted))
		return;
	WRITE_ONCE(peer->wanted, true);
	pool_peer_tick_in(peer, 0);
}

/* Waiting traffic has waited long enough. */
static void give_up(struct pool_peer *peer)
{
	peer->wanted_since_ns = 0;
	if (!READ_ONCE(peer->wanted))
		return;
	WRITE_ONCE(peer->wanted, false);
	pool_peer_purge_staged(peer, POOL_A_DROPS_TX_NO_SESSION, true);
}

/*
 * Under state_lock, when the peer wants a session: one step towards it.
 * Returns ns until the next step is due, U64_MAX when something will call.
 */
u64 pool_handshake_tick(struct pool_peer *peer, u64 now, bool want, bool fresh_path)
{
	const struct pool_transport_ops *ops;
	struct pool_attempt *a = peer->attempt;
	struct pool_path *path;
	bool upgrading;
	u64 next, again;

	lockdep_assert_held(&peer->state_lock);
	if (a && READ_ONCE(a->path->closed)) {
		/* One that has not proven itself was counted when it went down. */
		if (READ_ONCE(a->path->proven))
			pool_peer_dial_failed(peer);
		pool_handshake_stop(peer);
		/* We asked; it hung up, or was cut off. */
		pool_auto_failed(peer);
		pool_peer_error(peer, POOL_REASON_NO_ANSWER);
		a = NULL;
	}
	if (a) {
		if (a->solving_since_ns)
			return U64_MAX;
		next = attempt_repeat(a, now);
		if (now < a->deadline_ns)
			return min(next, a->deadline_ns - now);
		WRITE_ONCE(a->path->tired, true);
		path = a->path;
		pool_path_get(path);
		pool_handshake_stop(peer);
		if (!READ_ONCE(path->proven))
			path->ops->close(path, POOL_REASON_NO_ANSWER);
		pool_path_put(path);
		upgrading = peer->autos.upgrading;
		want &= pool_auto_failed(peer) || !upgrading;
		if (!upgrading)	/* else nothing has got worse */
			pool_peer_error(peer, POOL_REASON_NO_ANSWER);
	}
	if (!want) {
		peer->wanted_since_ns = 0;
		return U64_MAX;
	}
	if (!peer->wanted_since_ns)
		peer->wanted_since_ns = now;
	if (now - peer->wanted_since_ns >= POOL_S_TO_NS(GIVE_UP_S)) {
		give_up(peer);
		return U64_MAX;
	}
	again = pool_auto_check_dial(peer, now);
	ops = pool_transport(pool_peer_dial_transport(peer));
	path = pool_peer_path_for(peer, pool_peer_has_endpoint(peer) ? ops : NULL, fresh_path);
	if (path) {
		int ret = attempt_start(peer, path);

		if (!ret) {
			next = min(attempt_repeat(peer->attempt, now),
				   peer->attempt->deadline_ns - now);
			pool_path_put(path);
			return next;
		}
		/* One that the host does not send to is no way. */
		if (!path->ops->is_stream && ret != -ENOKEY && ret != -EKEYREJECTED) {
			WRITE_ONCE(path->tired, true);
			if (!READ_ONCE(path->proven))
				path->ops->close(path, POOL_REASON_CONNECT_FAILED);
			pool_auto_failed(peer);
		}
		pool_path_put(path);
		if (ret == -ENOKEY || ret == -EKEYREJECTED) {
			pool_peer_error(peer, POOL_REASON_REFUSED);
			give_up(peer);
			return U64_MAX;
		}
		return NSEC_PER_SEC;
	}
	next = min(pool_peer_dial(peer, ops, now), again);
	if (!pool_peer_has_endpoint(peer)) {
		pool_peer_error(peer, POOL_REASON_NO_ENDPOINT);
		/* The peer may still call us: its packets wait for it until we give up. */
		next = peer->wanted_since_ns + POOL_S_TO_NS(GIVE_UP_S) - now;
	}
	return next;
}
