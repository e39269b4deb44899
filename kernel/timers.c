// SPDX-License-Identifier: GPL-2.0
/*
 * The clock of a peer. One delayed work item looks at everything that is due,
 * does it, and sleeps until the next; events that change what is due have it
 * look again at once. Nothing is armed for a peer without sessions and wishes.
 *
 *   heartbeat      every interval on the current session
 *   unconfirmed    dies after 10 s
 *   suspect        three silent intervals: a handshake beside the session
 *   dead           45 s of silence: the session goes, a new one is tried for
 *   superseded     not the current one, and silent for 60 s: goes
 *   rekey          3540 s (initiator) or 3600 s, or 2^24 packets before the
 *                  limit: new keys in the session (rekey.c)
 *   refresh        60 s or 2^19 packets before the hard limit, or a day old:
 *                  a handshake beside the session
 *   hard limit     3780 s or the epoch's last sequence number: goes
 *   surplus        10 s after there were two sessions or two connections, the
 *                  end with the lower key keeps one
 *   re-attach      3 s after a session moved to a new connection without an
 *                  authentic packet: a handshake beside it
 *   path MTU       at most one probe a second (mtu.c); fragments 5 s (fragment.c)
 *   candidate      probes of where the peer may have moved to, 3 s (mtu.c)
 *   auto           2 s without an answer, 60 s on a lesser transport (auto.c)
 *   overload       15 s after the peer said so last (report.c)
 *   attempt        12 s, and 90 s in all (handshake.c)
 */
#include "device.h"
#include "handshake.h"
#include "peer.h"
#include "session.h"

#include <linux/slab.h>

struct due {
	u64 now;
	u64 next;		/* ns from now */
	bool refresh, suspect;
	bool other;		/* transport, under auto */
};

static bool is_due(struct due *d, u64 at)
{
	if (d->now >= at)
		return true;
	d->next = min(d->next, at - d->now);
	return false;
}

static bool we_decide(struct pool_peer *peer)
{
	return memcmp(peer->device->identity.public, peer->key, POOL_KEY_LEN) < 0;
}

/* Why this session must go now, or POOL_REASON_NONE. Under peer->lock. */
static u32 session_verdict(struct due *d, struct pool_session *s, bool is_current, u64 interval)
{
	struct pool_epoch_use use = {};
	struct pool_key_limits limits;

	if (s->phase == POOL_PHASE_UNCONFIRMED)
		return is_due(d, s->created_ns + POOL_S_TO_NS(POOL_UNCONFIRMED_S)) ?
		       POOL_REASON_NOT_CONFIRMED : POOL_REASON_NONE;

	pool_session_use(s, &use);
	pool_peer_limits(s->peer, &limits);
	if (is_due(d, use.created_ns + POOL_S_TO_NS(limits.reject_s)) ||
	    max(use.sent, use.received) >= limits.reject_packets)
		/* Another has taken over in time: nothing has failed. */
		return is_current ? POOL_REASON_EXPIRED : POOL_REASON_REPLACED;
	if (!is_current)
		return is_due(d, s->last_receive_ns + POOL_S_TO_NS(POOL_SUPERSEDED_S)) ?
		       POOL_REASON_REPLACED : POOL_REASON_NONE;

	if (interval) {
		if (is_due(d, s->last_receive_ns +
			      max(POOL_S_TO_NS(POOL_DEAD_S),
				  POOL_SUSPECT_HEARTBEATS * interval +
				  POOL_S_TO_NS(POOL_DEAD_AFTER_SUSPECT_S))))
			return POOL_REASON_DEAD;
		d->suspect = is_due(d, s->last_receive_ns + POOL_SUSPECT_HEARTBEATS * interval);
	}
	d->refresh = is_due(d, use.created_ns + POOL_S_TO_NS(limits.reject_s) -
			       pool_limits_lead_ns(&limits)) ||
		     is_due(d, s->confirmed_ns + POOL_S_TO_NS(POOL_SESSION_MAX_S) +
			       (s->role == POOL_ROLE_RESPONDER ? POOL_S_TO_NS(60) : 0)) ||
		     max(use.sent, use.received) >=
		     limits.reject_packets - pool_limits_lead_packets(&limits);
	return POOL_REASON_NONE;
}

static void check_sessions(struct pool_peer *peer, struct due *d)
{
	struct pool_session *s, *drop[POOL_SESSIONS_PER_PEER + 1];
	u64 interval = POOL_S_TO_NS(pool_peer_heartbeat_s(peer));
	u32 reason[POOL_SESSIONS_PER_PEER + 1];
	unsigned int i, n = 0;

	spin_lock_bh(&peer->lock);
	list_for_each_entry(s, &peer->sessions, list) {
		reason[n] = session_verdict(d, s, rcu_access_pointer(peer->current_session) == s,
					    interval);
		if (reason[n] != POOL_REASON_NONE && n < ARRAY_SIZE(drop))
			drop[n++] = pool_session_get(s);
		if (n == ARRAY_SIZE(drop))
			break;
	}
	spin_unlock_bh(&peer->lock);

	for (i = 0; i < n; ++i) {
		if (reason[i] == POOL_REASON_DEAD || reason[i] == POOL_REASON_EXPIRED) {
			pool_peer_error(peer, reason[i]);
			if (reason[i] == POOL_REASON_EXPIRED)
				atomic64_inc(&peer->stats.errors.n[POOL_REKEY_FAIL]);
			/* Try for a new one without waiting for traffic. */
			if (pool_peer_has_endpoint(peer))
				WRITE_ONCE(peer->wanted, true);
		}
		/* At the hard stop one packet is left, to say so. */
		pool_session_drop(drop[i], reason[i], reason[i] == POOL_REASON_EXPIRED);
		pool_peer_kick(peer);	/* what waits wants another session */
		pool_session_put(drop[i]);
	}
}

/* All of a peer's sessions may be rekeying or moving; only the current one begins a rekey. */
static void tend_sessions(struct pool_peer *peer, struct due *d)
{
	struct pool_session *s, *all[POOL_SESSIONS_PER_PEER + 1], *current_one;
	unsigned int i, n = 0;
	u64 next;

	spin_lock_bh(&peer->lock);
	current_one = rcu_dereference_protected(peer->current_session,
						lockdep_is_held(&peer->lock));
	list_for_each_entry(s, &peer->sessions, list)
		if (n < ARRAY_SIZE(all))
			all[n++] = pool_session_get(s);
	spin_unlock_bh(&peer->lock);
	for (i = 0; i < n; ++i) {
		next = pool_rekey_tick(all[i], d->now, all[i] == current_one);
		d->next = min(d->next, next);
		next = pool_roam_tick(all[i], d->now);
		d->next = min(d->next, next);
		pool_session_put(all[i]);
	}
}

/* Of two confirmed sessions the lower key's end keeps one. */
static void close_surplus_sessions(struct pool_peer *peer)
{
	struct pool_session *s, *keep = NULL, *second = NULL, *drop[POOL_SESSIONS_PER_PEER];
	unsigned int i, n = 0;
	bool twins;

	spin_lock_bh(&peer->lock);
	list_for_each_entry(s, &peer->sessions, list) {
		if (s->phase != POOL_PHASE_CONFIRMED)
			continue;
		if (!keep || s->confirmed_ns > keep->confirmed_ns) {
			second = keep;
			keep = s;
		} else if (!second || s->confirmed_ns > second->confirmed_ns) {
			second = s;
		}
	}
	twins = second && keep->confirmed_ns - second->confirmed_ns <=
			  POOL_S_TO_NS(POOL_SURPLUS_S);
	if (twins && keep->role != POOL_ROLE_INITIATOR && second->role == POOL_ROLE_INITIATOR)
		keep = second;
	list_for_each_entry(s, &peer->sessions, list)
		if (second && s != keep && s->phase == POOL_PHASE_CONFIRMED && n < ARRAY_SIZE(drop))
			drop[n++] = pool_session_get(s);
	spin_unlock_bh(&peer->lock);

	for (i = 0; i < n; ++i) {
		pool_session_drop(drop[i], twins ? POOL_REASON_SURPLUS : POOL_REASON_REPLACED,
				  true);
		pool_session_put(drop[i]);
	}
}

/* Of two proven connections it closes the longer silent one. (Paths of datagrams cost nothing.) */
static void close_surplus_paths(struct pool_peer *peer)
{
	struct pool_path *path, *keep = NULL, *drop[POOL_PATHS_PER_PEER];
	unsigned int i, n = 0;

	spin_lock_bh(&peer->lock);
	list_for_each_entry(path, &peer->paths, peer_list)
		if (path->proven && path->ops->is_stream &&
		    (!keep || path->last_receive_ns > keep->last_receive_ns))
			keep = path;
	list_for_each_entry(path, &peer->paths, peer_list) {
		if (path->proven && path->ops->is_stream && path != keep &&
		    n < ARRAY_SIZE(drop)) {
			pool_path_get(path);
			drop[n++] = path;
		}
	}
	spin_unlock_bh(&peer->lock);
	for (i = 0; i < n; ++i) {
		drop[i]->ops->close(drop[i], POOL_REASON_SURPLUS);
		pool_path_put(drop[i]);
	}
}

/* A path that closed before the session was one of its peer's could not tell it. */
static void detach_closed(struct pool_peer *peer, struct pool_session *s)
{
	struct pool_path *path;

	spin_lock_bh(&s->path_lock);
	path = s->path;
	if (path && READ_ONCE(path->closed))
		s->path = NULL;
	else
		path = NULL;
	spin_unlock_bh(&s->path_lock);
	if (path && path->dialled)
		WRITE_ONCE(peer->redial, true);
	pool_path_put(path);
}

/* The session's connection is gone: find another, or have one made. */
static void attach(struct pool_peer *peer, struct pool_session *s, struct due *d)
{
	const struct pool_transport_ops *ops = pool_transport(s->transport);
	struct pool_path *path = pool_peer_path_for(peer, ops, false);
	u64 next;

	if (path) {
		WRITE_ONCE(peer->redial, false);
		/*
		 * A peer that has lost the session would close a connection full
		 * of its packets, and with it the handshake that makes another.
		 */
		pool_session_set_path(s, path);
		pool_path_put(path);
		/* Since the last move something has come: this one has its own 3 s. */
		if (!READ_ONCE(s->untested) || !peer->reattach_at_ns)
			peer->reattach_at_ns = d->now + POOL_S_TO_NS(POOL_REATTACH_S);
		WRITE_ONCE(s->untested, true);
		is_due(d, peer->reattach_at_ns);
		if (READ_ONCE(s->phase) == POOL_PHASE_CONFIRMED)
			pool_send_heartbeat(s);
		else
			pool_send_first_ack(s);
		return;
	}
	if (READ_ONCE(peer->redial)) {
		next = pool_peer_dial(peer, ops, d->now);
		d->next = min(d->next, next);
	}
}

static void check_current(struct pool_peer *peer, struct due *d)
{
	u64 interval = POOL_S_TO_NS(pool_peer_heartbeat_s(peer));
	struct pool_session *s = pool_peer_session_get(peer);
	u64 next;

	if (!s)
		return;
	if (peer->reattach_at_ns && is_due(d, peer->reattach_at_ns)) {
		/* Nothing has come on the connection it is on by now. */
		if (READ_ONCE(s->untested) ||
		    s->last_receive_ns < peer->reattach_at_ns - POOL_S_TO_NS(POOL_REATTACH_S))
			WRITE_ONCE(peer->wanted, true);
		else
			pool_peer_dial_worked(peer);
		peer->reattach_at_ns = 0;
	}
	detach_closed(peer, s);
	if (!READ_ONCE(s->path))
		attach(peer, s, d);
	next = pool_mtu_tick_session(s, d->now);
	d->next = min(d->next, next);
	d->other = pool_auto_tick(peer, s, d->now, &d->next);
	pool_send_acks(s);
	if (pool_overload_untold(s))
		pool_send_heartbeat(s);
	if (interval && s->phase == POOL_PHASE_CONFIRMED &&
	    is_due(d, s->last_heartbeat_ns + interval)) {
		pool_send_heartbeat(s);
		d->next = min(d->next, interval);
	}
	pool_session_put(s);
}

/* Listeners hear of it when it begins; that it ends, they see by what follows. */
static void note_suspicion(struct pool_peer *peer, bool suspect)
{
	struct pool_session *s;

	if (suspect == peer->suspected)
		return;
	peer->suspected = suspect;
	if (!suspect)
		return;
	s = pool_peer_session_get(peer);
	if (s)
		pool_netlink_event(peer->device, POOL_EVENT_TYPE_SUSPECT, POOL_REASON_NONE, peer, s,
				   NULL, NULL, 0);
	pool_session_put(s);
}

void pool_peer_tick(struct work_struct *work)
{
	struct pool_peer *peer = container_of(work, struct pool_peer, tick.work);
	struct due d = { .now = pool_now(), .next = U64_MAX };
	bool want;
	u64 next;

	mutex_lock(&peer->state_lock);
	if (READ_ONCE(peer->dead) || !READ_ONCE(peer->device->running))
		goto out;

	check_sessions(peer, &d);
	tend_sessions(peer, &d);
	if (peer->surplus_at_ns && is_due(&d, peer->surplus_at_ns)) {
		peer->surplus_at_ns = 0;
		if (we_decide(peer)) {
			close_surplus_sessions(peer);
			close_surplus_paths(peer);
		}
	}
	check_current(peer, &d);
	note_suspicion(peer, d.suspect);
	next = pool_report_tick(peer, d.now);
	d.next = min(d.next, next);
	next = pool_fragment_tick(peer, d.now);
	d.next = min(d.next, next);
	next = pool_queue_tick(&peer->staged);
	d.next = min(d.next, next);

	want = READ_ONCE(peer->wanted) || d.refresh || d.suspect || d.other;
	if (want || peer->attempt) {
		next = pool_handshake_tick(peer, d.now, want, d.suspect);
		d.next = min(d.next, next);
	} else {
		peer->wanted_since_ns = 0;
	}
	if (d.next != U64_MAX)
		pool_peer_tick_in(peer, d.next);	/* or earlier, as was asked meanwhile */
out:
	mutex_unlock(&peer->state_lock);
}
