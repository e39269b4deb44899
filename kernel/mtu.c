// SPDX-License-Identifier: GPL-2.0
#include "mtu.h"
#include "device.h"
#include "peer.h"
#include "session.h"

enum {
	ROAM_PROBES = 3,
	ROAM_PROBE_S = 1,
	ROAM_MAX_S = 5,
	ROAM_QUIET_MS = 250,		/* of the path it is on, before the first probe */
	ROAM_PROBE_LEN = 512,
	ROAM_EVERY_MS = 100,		/* at most so often another candidate */
	ROAM_FACTOR = 3,
};

/* @size: of the whole packet. */
static int send_discover(struct pool_session *s, struct pool_path *path, u8 op, u16 size, u32 id)
{
	const struct pool_discover d = { .op = op, .size = size, .id = id };
	size_t pad = op == POOL_DISCOVER_PROBE ? size - POOL_DISCOVER_MIN : 0;
	u8 plain[POOL_DISCOVER_LEN];

	pool_discover_encode(plain, &d);
	return pool_send_on(s, path, POOL_DISCOVER, 0, plain, sizeof(plain), pad);
}

/* --------------------------------------------------------------- path MTU */

static u64 check_timeout(struct pool_session *s)
{
	struct pool_session_telemetry *t = &s->telemetry;
	u64 ns;

	spin_lock_bh(&t->lock);
	ns = t->rtt.srtt + 4 * t->rtt.rttvar;
	spin_unlock_bh(&t->lock);
	return ns;
}

bool pool_mtu_check(struct pool_session *s, struct pool_path *path, u64 seq, size_t len)
{
	u64 timeout, now;
	bool ask;

	if (path->ops->is_stream || len <= READ_ONCE(path->mtu.floor))
		return false;
	now = pool_now();
	/* Most of the time it is not; this may be a moment late. */
	if (!pool_mtu_wants_check(&path->mtu, len, now))
		return false;
	timeout = check_timeout(s);
	if (!timeout)
		return false;	/* how long to wait is not known yet */
	spin_lock_bh(&path->mtu_lock);
	ask = pool_mtu_wants_check(&path->mtu, len, now);
	if (ask)
		pool_mtu_checked(&path->mtu, seq, len, now, timeout);
	spin_unlock_bh(&path->mtu_lock);
	if (ask) {
		pool_session_asked(s, now);
		pool_peer_tick_in(s->peer, max_t(u64, timeout,
						 POOL_MTU_CHECK_MIN_MS * NSEC_PER_MSEC));
	}
	return ask;
}

void pool_mtu_take_acks(struct pool_session *s, const struct pool_tlvs *tlvs)
{
	struct pool_path *path;
	u64 now = pool_now();
	unsigned int i;

	if (!tlvs->n_acked)
		return;
	WRITE_ONCE(s->asked_ns, 0);
	path = pool_session_path_get(s);
	if (path && !path->ops->is_stream) {
		spin_lock_bh(&path->mtu_lock);
		for (i = 0; i < tlvs->n_acked; ++i)
			pool_mtu_acked(&path->mtu, tlvs->acked[i], now);
		spin_unlock_bh(&path->mtu_lock);
	}
	pool_path_put(path);
}

u64 pool_mtu_tick_session(struct pool_session *s, u64 now)
{
	struct pool_path *path = pool_session_path_get(s);
	u64 next = U64_MAX;
	u32 id;
	u16 size;

	if (!path || path->ops->is_stream || READ_ONCE(s->phase) != POOL_PHASE_CONFIRMED)
		goto out;
	if (now - path->looked_ns >= NSEC_PER_SEC) {
		path->looked_ns = now;
		path->ops->look(path);
	}
	get_random_bytes(&id, sizeof(id));
	spin_lock_bh(&path->mtu_lock);
	size = pool_mtu_tick(&path->mtu, now, id, &next);
	spin_unlock_bh(&path->mtu_lock);
	if (size)
		send_discover(s, path, POOL_DISCOVER_PROBE, size, id);
out:
	pool_path_put(path);
	return next;
}

/* ------------------------------------------------------------------ roaming */

/* Under path_lock: the size of a probe that may be sent to the candidate, or 0. */
static u16 probe_allowance(const struct pool_roam *roam)
{
	u64 left = (u64)ROAM_FACTOR * roam->rx_bytes - min_t(u64, roam->tx_bytes,
							    (u64)ROAM_FACTOR * roam->rx_bytes);

	left = min3(left, (u64)ROAM_PROBE_LEN, (u64)roam->candidate->mtu.floor);
	return left < POOL_DISCOVER_MIN ? 0 : left;
}

/* Under path_lock; the caller puts what it returns. */
static struct pool_path *forget_candidate(struct pool_session *s)
{
	struct pool_path *path = s->roam.candidate;

	lockdep_assert_held(&s->path_lock);
	s->roam.candidate = NULL;
	return path;
}

/* A path that nobody uses any more. */
static void discard(struct pool_path *path)
{
	if (!path)
		return;
	path->ops->close(path, POOL_REASON_SURPLUS);
	pool_path_put(path);
}

/*
 * Send the candidate a probe, if it is time and it has earned one. A copy that was
 * quicker than its original has been found out by then.
 */
static void probe_candidate(struct pool_session *s, u64 now)
{
	struct pool_roam *roam = &s->roam;
	struct pool_path *path = NULL;
	u16 size = 0;
	u32 id = 0;

	spin_lock_bh(&s->path_lock);
	if (roam->candidate && roam->probes < ROAM_PROBES && now >= roam->probe_ns) {
		size = probe_allowance(roam);
		if (size) {
			path = roam->candidate;
			pool_path_get(path);
			++roam->probes;
			roam->probe_ns = now + POOL_S_TO_NS(ROAM_PROBE_S);
			roam->size = size;
			roam->tx_bytes += size;
			id = roam->id;
		}
	}
	spin_unlock_bh(&s->path_lock);
	if (path)
		send_discover(s, path, POOL_DISCOVER_PROBE, size, id);
	pool_path_put(path);
}

void pool_roam_heard(struct pool_session *s, struct pool_path *from, size_t len)
{
	struct pool_path *path = NULL, *old = NULL;
	struct pool_roam *roam = &s->roam;
	u64 now = pool_now();
	bool known, other;

	spin_lock_bh(&s->path_lock);
	known = roam->candidate && pool_path_same(roam->candidate, from);
	if (known)
		roam->rx_bytes += len;
	other = !known && (!roam->since_ns ||
			   now - roam->since_ns >= ROAM_EVERY_MS * NSEC_PER_MSEC);
	spin_unlock_bh(&s->path_lock);
	if (other) {
		path = pool_path_keep(from);
		if (!path)
			return;
		spin_lock_bh(&s->path_lock);
		old = forget_candidate(s);
		if (READ_ONCE(s->phase) == POOL_PHASE_DEAD) {
			swap(old, path);	/* it will not look after it any more */
		} else {
			roam->candidate = path;
			path = NULL;
		}
		get_random_bytes(&roam->id, sizeof(roam->id));
		roam->probes = 0;
		roam->since_ns = now;
		roam->probe_ns = now;
		if (s->path)
			roam->probe_ns = max(now, READ_ONCE(s->path->last_receive_ns) +
						  ROAM_QUIET_MS * NSEC_PER_MSEC);
		roam->rx_bytes = len;
		roam->tx_bytes = 0;
		spin_unlock_bh(&s->path_lock);
		discard(old);
		discard(path);
	}
	if (known || other) {
		probe_candidate(s, now);
		pool_peer_tick_in(s->peer, ROAM_QUIET_MS * NSEC_PER_MSEC);
	}
}

void pool_roam_settled(struct pool_session *s)
{
	if (READ_ONCE(s->roam.candidate))
		pool_roam_end(s);
}

void pool_roam_end(struct pool_session *s)
{
	struct pool_path *old;

	/* Who comes later sees that the session is dead. */
	spin_lock_bh(&s->path_lock);
	old = forget_candidate(s);
	spin_unlock_bh(&s->path_lock);
	discard(old);
}

u64 pool_roam_tick(struct pool_session *s, u64 now)
{
	struct pool_path *old = NULL;
	u64 next = U64_MAX;

	if (!READ_ONCE(s->roam.candidate))
		return U64_MAX;
	probe_candidate(s, now);
	spin_lock_bh(&s->path_lock);
	if (s->roam.candidate) {
		if (now >= s->roam.since_ns + POOL_S_TO_NS(ROAM_MAX_S))
			old = forget_candidate(s);
		else if (now < s->roam.probe_ns)
			next = s->roam.probe_ns - now;
		else
			next = POOL_S_TO_NS(ROAM_PROBE_S);
	}
	spin_unlock_bh(&s->path_lock);
	discard(old);
	return next;
}

/* An answer came from @from: is it the candidate's? Then the session is there now. */
static bool roam_answered(struct pool_session *s, struct pool_path *from,
			  const struct pool_discover *d)
{
	struct pool_path *path = NULL;

	spin_lock_bh(&s->path_lock);
	if (s->roam.candidate && s->roam.probes && d->id == s->roam.id &&
	    d->size == s->roam.size && pool_path_same(s->roam.candidate, from))
		path = forget_candidate(s);
	spin_unlock_bh(&s->path_lock);
	if (!path)
		return false;
	pool_path_prove(path, s->peer);
	pool_session_set_path(s, path);
	pool_session_moved(s, path);
	pool_path_put(path);
	pool_peer_tick_in(s->peer, 0);	/* how long may packets be there? */
	return true;
}

/* ----------------------------------------------------------------- DISCOVER */

static void mtu_answered(struct pool_session *s, const struct pool_discover *d)
{
	struct pool_path *path = pool_session_path_get(s);
	bool changed = false;

	if (path && !path->ops->is_stream) {
		spin_lock_bh(&path->mtu_lock);
		changed = pool_mtu_answered(&path->mtu, d->size, d->id, pool_now());
		spin_unlock_bh(&path->mtu_lock);
	}
	pool_path_put(path);
	if (changed) {
		pool_peer_kick(s->peer);
		pool_peer_tick_in(s->peer, 0);
	}
}

u32 pool_discover_take(struct pool_session *s, struct pool_path *from, const u8 *plain, size_t len,
		       size_t packet_len)
{
	struct pool_discover d;

	if (from->ops->is_stream)
		return POOL_A_DROPS_RX_TYPE;
	if (pool_discover_decode(&d, plain, len, packet_len))
		return POOL_A_DROPS_RX_TLV;
	if (d.op == POOL_DISCOVER_PROBE)
		send_discover(s, from, POOL_DISCOVER_ANSWER, d.size, d.id);
	else if (!roam_answered(s, from, &d))
		mtu_answered(s, &d);
	return 0;
}
