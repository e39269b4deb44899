/* SPDX-License-Identifier: GPL-2.0 */
/* What is measured in a session, here and by the peer. */
#ifndef _POOL_TELEMETRY_H
#define _POOL_TELEMETRY_H

#include <linux/atomic.h>
#include <linux/spinlock.h>

#include "proto/telemetry.h"
#include "proto/tlv.h"

struct pool_epoch;
struct pool_path;
struct pool_session;

/* Of one session: it starts anew with each, and outlives rekeys and connections. */
struct pool_session_telemetry {
	atomic64_t tx_bytes;		/* of DATA plaintext sent */
	u8 own_node[POOL_NODE_ID_LEN], peer_node[POOL_NODE_ID_LEN];	/* never change */

	spinlock_t lock;		/* of all below; innermost */
	u64 born_ns;			/* there were keys; 0: not yet */
	struct pool_rtt rtt;
	struct pool_beats beats;
	struct pool_loss loss;
	u64 rx_bytes;			/* of DATA plaintext received */
	struct pool_rate rx_rate;	/* a look with each HEARTBEAT we send */
	struct pool_rate tx_rate;	/* with each report of the peer's */

	struct pool_telemetry peer;	/* its last report */
	u64 peer_ns;			/* CLOCK_BOOTTIME of that; 0: none yet */
	struct pool_views views;
	u32 mismatch;			/* enum pool_mismatch: what that contradicts */
	u32 told;			/* of these, what listeners know */
	u64 told_ns;
};

/* Both views, for people. */
struct pool_telemetry_views {
	struct pool_telemetry own, peer;
	u64 peer_age_ns;		/* of peer, if that is known */
	bool peer_known;
	u32 mismatch;			/* enum pool_mismatch */
};

/* @s is complete but for this. */
void pool_telemetry_init(struct pool_session *s);

/*
 * HEARTBEAT @seq is about to be sealed in @epoch and sent on @path: fill in its
 * block, and remember it until the ACK comes.
 */
void pool_telemetry_fill(struct pool_session *s, const struct pool_epoch *epoch,
			 struct pool_path *path, u64 seq, u8 block[POOL_TELEMETRY_LEN]);

/* An authentic packet with @len bytes of plaintext has come in @epoch. */
void pool_telemetry_received(struct pool_session *s, const struct pool_epoch *epoch,
			     const struct pool_hdr *hdr, size_t len);

/* It acknowledged these. */
void pool_telemetry_acked(struct pool_session *s, const struct pool_tlvs *tlvs);

/*
 * It was a HEARTBEAT with this block, all of it well-formed: judge, and tell
 * listeners of contradictions that are new. May sleep.
 */
void pool_telemetry_report(struct pool_session *s, const struct pool_epoch *epoch,
			   const struct pool_telemetry *report);

/* DATA of @len bytes was sent. */
static inline void pool_telemetry_sent(struct pool_session_telemetry *t, size_t len)
{
	atomic64_add(len, &t->tx_bytes);
}

/* The views as of now, of @s sending in epoch number @epoch. May sleep. */
void pool_telemetry_get(struct pool_session *s, u32 epoch, struct pool_telemetry_views *v);

#endif /* _POOL_TELEMETRY_H */
