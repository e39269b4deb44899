// SPDX-License-Identifier: GPL-2.0
/*
 * Telemetry of sessions: what happens to packets is put before the estimators of
 * the protocol core, and what these say into HEARTBEATs, events and dumps.
 */
#include "telemetry.h"
#include "device.h"
#include "peer.h"
#include "session.h"

enum { MISMATCH_EVENT_S = 10 };		/* at most one in that time */

void pool_telemetry_init(struct pool_session *s)
{
	struct pool_session_telemetry *t = &s->telemetry;

	spin_lock_init(&t->lock);
	pool_node_id(t->own_node, s->device->identity.public);
	pool_node_id(t->peer_node, s->peer->key);
	pool_rate_init(&t->rx_rate, 0, s->created_ns);
	pool_rate_init(&t->tx_rate, 0, s->created_ns);
}

static u32 digest(const struct pool_session *s, u32 epoch)
{
	return pool_state_digest(s->sid, epoch, 0, s->transport, s->telemetry.own_node,
				 s->telemetry.peer_node);
}

static u64 uptime(const struct pool_session_telemetry *t, u64 now)
{
	return t->born_ns && now > t->born_ns ? now - t->born_ns : 0;
}

/* All but the throughput. */
static void measure(struct pool_session *s, u32 epoch, struct pool_path *path, u64 now,
		    struct pool_telemetry *own)
{
	struct pool_session_telemetry *t = &s->telemetry;

	lockdep_assert_held(&t->lock);
	memset(own, 0, sizeof(*own));
	own->rtt_ns = t->rtt.srtt;
	own->jitter_ns = t->rtt.rttvar;
	own->loss_ppm = pool_loss_ppm(&t->loss, now);
	own->mtu = path ? path->ops->mtu(path) : 0;
	own->queue = pool_queue_len(&s->peer->staged);
	own->uptime_ns = uptime(t, now);
	own->rekeys = epoch;
	own->digest = digest(s, epoch);
}

void pool_telemetry_fill(struct pool_session *s, const struct pool_epoch *epoch,
			 struct pool_path *path, u64 seq, u8 block[POOL_TELEMETRY_LEN])
{
	struct pool_session_telemetry *t = &s->telemetry;
	struct pool_telemetry own;
	u64 now = pool_now();

	spin_lock_bh(&t->lock);
	measure(s, epoch->number, path, now, &own);
	pool_rate_look(&t->rx_rate, t->rx_bytes, now);
	own.throughput = t->rx_rate.bps;
	pool_beats_sent(&t->beats, seq, now);
	spin_unlock_bh(&t->lock);
	pool_telemetry_encode(block, &own);
}

void pool_telemetry_received(struct pool_session *s, const struct pool_epoch *epoch,
			     const struct pool_hdr *hdr, size_t len)
{
	struct pool_session_telemetry *t = &s->telemetry;
	u64 now = pool_now();

	spin_lock_bh(&t->lock);
	/* The first to come is of the handshake's keys: both ends have them since then. */
	if (!t->born_ns)
		t->born_ns = epoch->created_ns;
	pool_loss_received(&t->loss, epoch->number, epoch->replay.first, hdr->seq, now);
	if (hdr->type == POOL_DATA)
		t->rx_bytes += len;
	spin_unlock_bh(&t->lock);
}

void pool_telemetry_acked(struct pool_session *s, const struct pool_tlvs *tlvs)
{
	struct pool_session_telemetry *t = &s->telemetry;
	u64 took_ns, now = pool_now();
	unsigned int i;

	spin_lock_bh(&t->lock);
	for (i = 0; i < tlvs->n_acked; i++)
		if (pool_beats_acked(&t->beats, tlvs->acked[i], now, &took_ns))
			pool_rtt_sample(&t->rtt, took_ns);
	spin_unlock_bh(&t->lock);
}

/* Are there contradictions that listeners do not know? */
static bool news(struct pool_session_telemetry *t, u64 now)
{
	lockdep_assert_held(&t->lock);
	t->told &= t->mismatch;
	if (t->told == t->mismatch ||
	    (t->told_ns && now - t->told_ns < POOL_S_TO_NS(MISMATCH_EVENT_S)))
		return false;
	t->told = t->mismatch;
	t->told_ns = now;
	return true;
}

void pool_telemetry_report(struct pool_session *s, const struct pool_epoch *epoch,
			   const struct pool_telemetry *report)
{
	struct pool_session_telemetry *t = &s->telemetry;
	struct pool_own_view own;
	u64 now = pool_now();
	u32 mismatch = 0;

	spin_lock_bh(&t->lock);
	own.rtt_ns = t->rtt.srtt;
	own.uptime_ns = uptime(t, now);
	own.sent_known = pool_rate_look(&t->tx_rate, atomic64_read(&t->tx_bytes), now);
	own.sent = t->tx_rate.bps;
	own.epoch = epoch->number;
	own.digest = digest(s, epoch->number);
	t->peer = *report;
	t->peer_ns = now;
	t->mismatch = pool_views_judge(&t->views, &own, report);
	if (news(t, now))
		mismatch = t->mismatch;
	spin_unlock_bh(&t->lock);

	if (mismatch)
		pool_netlink_event(s->device, POOL_EVENT_TYPE_MISMATCH, POOL_REASON_NONE, s->peer,
				   s, NULL, NULL, mismatch);
}

void pool_telemetry_get(struct pool_session *s, u32 epoch, struct pool_telemetry_views *v)
{
	struct pool_session_telemetry *t = &s->telemetry;
	struct pool_path *path = pool_session_path_get(s);
	u64 now = pool_now();

	spin_lock_bh(&t->lock);
	measure(s, epoch, path, now, &v->own);
	v->own.throughput = pool_rate_peek(&t->rx_rate, t->rx_bytes, now);
	v->peer = t->peer;
	v->peer_known = t->peer_ns;
	v->peer_age_ns = now > t->peer_ns ? now - t->peer_ns : 0;
	v->mismatch = t->mismatch;
	spin_unlock_bh(&t->lock);
	pool_path_put(path);
}
