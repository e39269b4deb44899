// SPDX-License-Identifier: GPL-2.0
#include "report.h"
#include "device.h"
#include "peer.h"
#include "session.h"

#include <linux/overflow.h>

/* The code of a drop, or 0 if it has none (spec, "Codes"). */
static u8 code_of_drop(u32 drop)
{
	switch (drop) {
	case POOL_A_DROPS_RX_AUTH:
	case POOL_A_DROPS_RX_NOT_ENCRYPTED:
		return POOL_AUTH_FAIL;
	case POOL_A_DROPS_RX_DECRYPT:
		return POOL_DECRYPT_FAIL;
	case POOL_A_DROPS_RX_REPLAYED:
	case POOL_A_DROPS_RX_TOO_OLD:
	case POOL_A_DROPS_RX_SEQUENCE:
		return POOL_SEQ_INVALID;
	case POOL_A_DROPS_RX_FRAGMENT_TIMEOUT:
		return POOL_FRAG_TIMEOUT;
	default:
		return 0;
	}
}

static void count(struct pool_session *s, u8 code)
{
	atomic_inc(&s->report.errors[code]);
	atomic64_inc(&s->peer->stats.errors.n[code]);
}

void pool_report_drop(struct pool_session *s, u32 drop)
{
	u8 code = code_of_drop(drop);

	if (code)
		count(s, code);
}

void pool_report_config(struct pool_session *s)
{
	count(s, POOL_CONFIG_REJECT);
}

void pool_report_closed(struct pool_session *s, u8 code)
{
	atomic64_inc(&s->peer->stats.peer_errors.n[min_t(u8, code, POOL_CODE_OTHER)]);
}

void pool_report_version(struct pool_path *path)
{
	struct pool_peer *peer = READ_ONCE(path->proven) ? path->peer : NULL;

	if (peer)
		atomic64_inc(&peer->stats.errors.n[POOL_VERSION_MISMATCH]);
	pool_device_error(path->device, POOL_REASON_VERSION_MISMATCH, peer, NULL, &path->remote);
}

/* Ever rising clocks, but another CPU may have looked a moment later than we. */
static bool within(u64 now, u64 then, u64 seconds)
{
	return (s64)(now - then) < (s64)POOL_S_TO_NS(seconds);
}

static bool overloaded(struct pool_overload *o, u64 now, u64 *since)
{
	bool yes;

	spin_lock_bh(&o->lock);
	yes = o->last_ns && within(now, o->last_ns, POOL_OVERLOAD_CALM_S);
	*since = o->since_ns;
	spin_unlock_bh(&o->lock);
	return yes;
}

size_t pool_report_write(struct pool_session *s, struct pool_report *r, u8 *buf, size_t room)
{
	u64 now = pool_now(), since;
	unsigned int i, code, first = READ_ONCE(s->report.next);
	size_t len = 0;
	u32 n;

	memset(r, 0, sizeof(*r));
	/* Each time another code is the first, so that none has to wait for ever. */
	for (i = 0; i < POOL_CODE_OTHER && r->n_errors < POOL_ERRORS_MAX; ++i) {
		code = (first + i) % POOL_CODE_OTHER;
		n = atomic_xchg(&s->report.errors[code], 0);
		if (!n)
			continue;
		r->errors[r->n_errors].code = code;
		r->errors[r->n_errors++].count = n;
		len += pool_error_write(buf + len, room - len, code, n);
	}
	WRITE_ONCE(s->report.next, (first + i) % POOL_CODE_OTHER);
	if (overloaded(&s->device->overload, now, &since)) {
		r->overload = true;
		WRITE_ONCE(s->report.overload_told_ns, since);
		len += pool_overload_write(buf + len, room - len,
					   min_t(u64, 255, div_u64(now - since, NSEC_PER_SEC)));
	}
	return len;
}

void pool_report_unsent(struct pool_session *s, const struct pool_report *r)
{
	unsigned int i;

	for (i = 0; i < r->n_errors; ++i)
		atomic_add(r->errors[i].count, &s->report.errors[r->errors[i].code]);
	if (r->overload)
		WRITE_ONCE(s->report.overload_told_ns, 0);
}

static void hear_error(struct pool_peer *peer, const struct pool_tlv_error *e)
{
	unsigned int entry = e->code && e->code < POOL_CODE_OTHER ? e->code : POOL_CODE_OTHER;
	u64 now = pool_now();
	bool tell = false;
	u32 n;

	if (!e->count)
		return;
	atomic64_add(e->count, &peer->stats.peer_errors.n[entry]);
	spin_lock_bh(&peer->lock);
	if (check_add_overflow(peer->report.errors[entry].since, e->count, &n))
		n = U32_MAX;
	if (!peer->report.errors[entry].last_ns ||
	    !within(now, peer->report.errors[entry].last_ns, POOL_REPORT_EVENT_S)) {
		peer->report.errors[entry].last_ns = now;
		tell = true;
	}
	peer->report.errors[entry].since = tell ? 0 : n;
	spin_unlock_bh(&peer->lock);
	if (tell)
		pool_netlink_report(peer, POOL_EVENT_TYPE_PEER_ERROR, e->code, n);
}

static void hear_overload(struct pool_peer *peer, u8 seconds)
{
	bool begins;

	spin_lock_bh(&peer->lock);
	begins = !peer->report.overload_ns;
	peer->report.overload_ns = pool_now();
	peer->report.overload_s = seconds;
	WRITE_ONCE(peer->staged.shrunk, true);
	spin_unlock_bh(&peer->lock);
	if (begins)
		pool_netlink_report(peer, POOL_EVENT_TYPE_OVERLOAD, 0, seconds);
	pool_peer_tick_in(peer, POOL_S_TO_NS(POOL_OVERLOAD_HOLD_S));
}

void pool_report_receive(struct pool_session *s, const struct pool_tlvs *tlvs)
{
	unsigned int i;

	for (i = 0; i < tlvs->n_errors; ++i)
		hear_error(s->peer, &tlvs->errors[i]);
	if (tlvs->has_overload)
		hear_overload(s->peer, tlvs->overload_s);
}

/* Have every peer with a session look at it: pool_overload_untold(). */
static void tell_work(struct work_struct *work)
{
	struct pool_device *device = container_of(work, struct pool_device, overload.tell_work);
	struct pool_peer *peer;
	unsigned int i;

	for (i = 0; i < BIT(POOL_HASH_BITS); ++i) {
		rcu_read_lock_bh();
		hlist_for_each_entry_rcu_bh(peer, &device->peer_hash[i], hash)
			if (rcu_access_pointer(peer->current_session))
				pool_peer_tick_in(peer, 0);
		rcu_read_unlock_bh();
		cond_resched();
	}
}

void pool_overload_init(struct pool_device *device)
{
	spin_lock_init(&device->overload.lock);
	INIT_WORK(&device->overload.tell_work, tell_work);
}

void pool_overload_note(struct pool_device *device, u32 n)
{
	struct pool_overload *o = &device->overload;
	u64 now = pool_now();
	bool begins;

	spin_lock_bh(&o->lock);
	begins = !o->last_ns || !within(now, o->last_ns, POOL_OVERLOAD_CALM_S);
	if (begins)
		o->since_ns = now;
	o->last_ns = now;
	spin_unlock_bh(&o->lock);
	if (begins)
		queue_work(device->ctl_wq, &o->tell_work);
	pool_device_errors(device, POOL_REASON_OVERLOADED, n, NULL, NULL, NULL);
}

bool pool_overloaded(struct pool_device *device)
{
	u64 since;

	return overloaded(&device->overload, pool_now(), &since);
}

bool pool_overload_untold(struct pool_session *s)
{
	u64 since;

	return overloaded(&s->device->overload, pool_now(), &since) &&
	       READ_ONCE(s->report.overload_told_ns) != since &&
	       pool_peer_state(s->peer) == POOL_PEER_STATE_UP;
}

static void overload_end(struct pool_peer *peer)
{
	lockdep_assert_held(&peer->lock);
	peer->report.overload_ns = 0;
	peer->report.overload_s = 0;
	WRITE_ONCE(peer->staged.shrunk, false);
}

u64 pool_report_tick(struct pool_peer *peer, u64 now)
{
	u64 next = U64_MAX;
	bool ends = false;

	spin_lock_bh(&peer->lock);
	if (peer->report.overload_ns) {
		ends = !within(now, peer->report.overload_ns, POOL_OVERLOAD_HOLD_S);
		if (ends)
			overload_end(peer);
		else
			next = peer->report.overload_ns + POOL_S_TO_NS(POOL_OVERLOAD_HOLD_S) - now;
	}
	spin_unlock_bh(&peer->lock);
	if (ends)
		pool_netlink_report(peer, POOL_EVENT_TYPE_OVERLOAD_END, 0, 0);
	return next;
}

void pool_report_stop(struct pool_peer *peer)
{
	bool ends;

	spin_lock_bh(&peer->lock);
	ends = peer->report.overload_ns;
	overload_end(peer);
	spin_unlock_bh(&peer->lock);
	if (ends)
		pool_netlink_report(peer, POOL_EVENT_TYPE_OVERLOAD_END, 0, 0);
}
