/* SPDX-License-Identifier: GPL-2.0 */
/* What an end measures in a session, and tells the other in HEARTBEAT (spec 6.8). */
#ifndef _POOL_PROTO_TELEMETRY_H
#define _POOL_PROTO_TELEMETRY_H

#include "address.h"
#include "packet.h"

enum {
	POOL_TELEMETRY_LEN = 56,
	POOL_BEATS_KEPT = 8,		/* HEARTBEATs that an answer may still come for */
	POOL_LOSS_BUCKETS = 16,
	POOL_PPM = 1000000,
	POOL_MISMATCH_RUN = 3,		/* reports in a row, where one alone proves nothing */
};

/* One end's view; what the block has no room for is saturated when it is encoded. */
struct pool_telemetry {
	u64 rtt_ns;		/* smoothed; 0: no sample yet */
	u64 jitter_ns;
	u32 loss_ppm;		/* of what the other end has sent */
	u64 throughput;		/* bit/s of DATA plaintext that arrived */
	u32 mtu;		/* 0: unknown */
	u32 queue;		/* inner packets */
	u64 uptime_ns;
	u32 rekeys;
	u32 config_version;
	u32 digest;
	u64 journal;
};

void pool_telemetry_encode(u8 out[POOL_TELEMETRY_LEN], const struct pool_telemetry *t);
/* The block at the head of a HEARTBEAT's plaintext. 0, or -EBADMSG when cut short. */
int pool_telemetry_decode(struct pool_telemetry *t, const u8 *buf, size_t len);

/* @a and @b: the node IDs of the two identities, in either order. */
u32 pool_state_digest(const u8 sid[POOL_SID_LEN], u32 epoch, u32 config_version, u8 transport,
		      const u8 a[POOL_NODE_ID_LEN], const u8 b[POOL_NODE_ID_LEN]);

/* ----------------------------------------------------------- round-trip time */

/* All zero is a good start. */
struct pool_rtt {
	u64 srtt, rttvar;	/* ns */
	bool known;
};

void pool_rtt_sample(struct pool_rtt *rtt, u64 sample_ns);

/* The HEARTBEATs that no ACK has named yet; all zero is a good start. */
struct pool_beats {
	struct {
		u64 seq, sent_ns;
		bool waits;
	} ring[POOL_BEATS_KEPT];
	u8 next;
};

/* HEARTBEAT @seq goes out at @now; the oldest one is forgotten for it. */
void pool_beats_sent(struct pool_beats *beats, u64 seq, u64 now);
/* A TLV 6 names @seq: true, once, with the time it took if that was a HEARTBEAT of ours. */
bool pool_beats_acked(struct pool_beats *beats, u64 seq, u64 now, u64 *took_ns);

/* ---------------------------------------------------------------------- loss */

/*
 * Counts the sequences that have come against those that must have been sent. A
 * bucket is a run of sequences of one epoch, opened every 5 s by the packet that
 * comes then, or by the first one of a new epoch; a packet is credited to the
 * bucket its sequence lies in, however late it comes. What was opened in the last
 * 60 s counts. All zero is a good start.
 */
struct pool_loss {
	struct pool_loss_bucket {
		u64 first, end;		/* sequences: [first, end) */
		u64 opened_ns;
		u32 epoch;
		u32 received;
	} bucket[POOL_LOSS_BUCKETS];
	u32 newest;			/* index */
	u32 n;				/* buckets in use */
};

/* @seq has come for the first time, in @epoch, whose first sequence is @first. */
void pool_loss_received(struct pool_loss *loss, u32 epoch, u64 first, u64 seq, u64 now);
/* Parts per million. */
u32 pool_loss_ppm(const struct pool_loss *loss, u64 now);

/* ---------------------------------------------------------------- throughput */

/*
 * Bits per second between two looks at a counter of bytes, which may wrap. Looks
 * within a second count as one: bursts are no rate.
 */
struct pool_rate {
	u64 since_ns, bytes;	/* the last look that counted */
	u64 bps;		/* what it gave */
};

void pool_rate_init(struct pool_rate *rate, u64 bytes, u64 now);
/* What a look would give now. */
u64 pool_rate_peek(const struct pool_rate *rate, u64 bytes, u64 now);
/* Look; false when the last one is less than a second ago, and nothing has changed. */
bool pool_rate_look(struct pool_rate *rate, u64 bytes, u64 now);

/* ----------------------------------------------------------------- two views */

/* How long the contradictions have lasted that one report does not prove. */
struct pool_views {
	u8 rtt_run, throughput_run;
};

/* What this end knows when the peer's report comes. */
struct pool_own_view {
	u64 rtt_ns;		/* 0: unknown */
	u64 uptime_ns;
	u64 sent;		/* bit/s of DATA plaintext sent since the last report... */
	bool sent_known;	/* ...if that was long enough ago to say */
	u32 epoch;		/* that the report came in */
	u32 digest;		/* of that epoch */
};

/* Where @peer contradicts @own: bits of enum pool_mismatch. */
u32 pool_views_judge(struct pool_views *views, const struct pool_own_view *own,
		     const struct pool_telemetry *peer);

#endif /* _POOL_PROTO_TELEMETRY_H */
