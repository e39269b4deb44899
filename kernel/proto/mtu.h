/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How long a POOL packet may be on a path of datagrams: search by probes, and
 * the suspicion that it is not so any more (spec section 6.16). Sizes are of whole
 * POOL packets. No lock: the caller has one. Times are ns of one clock.
 */
#ifndef _POOL_PROTO_MTU_H
#define _POOL_PROTO_MTU_H

#include "types.h"

enum pool_mtu_limits {
	POOL_MTU_FLOOR4 = 512,	/* path MTU: of the IP datagram */
	POOL_MTU_FLOOR6 = 1280,
	POOL_DISCOVER_LEN = 8,	/* plaintext without padding */
	POOL_DISCOVER_MIN = 104,	/* the shortest probe, and every answer */
	POOL_MTU_STRIKES = 3,
	POOL_MTU_GRAIN = 8,	/* the search ends below that */
	POOL_MTU_TRIES = 2,	/* probes of one size */
	/* milliseconds */
	POOL_MTU_PROBE_MS = 1000,
	POOL_MTU_CHECK_MS = 500,
	POOL_MTU_CHECK_MIN_MS = 200,
	POOL_MTU_AGAIN_MS = 60000,
};

enum pool_discover_op {
	POOL_DISCOVER_PROBE = 1,
	POOL_DISCOVER_ANSWER = 2,
};

struct pool_discover {
	u8 op;
	u16 size;
	u32 id;
};

/* @packet_len: of the whole packet @plain came in. 0, or -1: malformed. */
int pool_discover_decode(struct pool_discover *d, const u8 *plain, size_t len, size_t packet_len);
void pool_discover_encode(u8 out[POOL_DISCOVER_LEN], const struct pool_discover *d);

struct pool_mtu {
	u16 size;		/* in use */
	u16 floor;
	u16 ceiling;		/* what the interface takes */
	/* the rest is for mtu.c */
	u16 least;		/* the floor, if the interface takes that */
	u16 low, high;		/* the search is between them; equal or nearly: done */
	bool top_first;		/* high has not been tried */
	u16 probe_size;		/* outstanding; 0: none */
	u32 probe_id;
	u16 late_size;		/* of the one before, where an answer may take over a second */
	u32 late_id;
	u64 probe_ns;		/* when the last one was sent */
	u8 tries;
	u8 strikes;
	u16 strike_len;		/* the shortest that made one of this row */
	bool confirm;		/* the next probe is one of the size in use */
	bool search_next;	/* the last one was */
	u64 again_ns;		/* search anew */
	bool checking;		/* check_seq's time runs */
	bool unacked;		/* its ACK has not come; a late one counts, too */
	u16 check_len;
	u64 check_seq, check_ns, check_until_ns;
};

/* @floor <= @ceiling; with a lower ceiling the floor is that. */
void pool_mtu_init(struct pool_mtu *m, u16 floor, u16 ceiling, u64 now);
/* The interface takes @ceiling now: less counts at once, more is searched for. */
void pool_mtu_ceiling(struct pool_mtu *m, u16 ceiling, u64 now);

/*
 * Time-outs, and the size of the probe to send now with @id, or 0. At most one in
 * POOL_MTU_PROBE_MS. *@next_ns: until it wants to be called again.
 */
u16 pool_mtu_tick(struct pool_mtu *m, u64 now, u32 id, u64 *next_ns);
/* An answer. True: the size in use has changed. */
bool pool_mtu_answered(struct pool_mtu *m, u16 size, u32 id, u64 now);

/* Should a DATA packet of @len bytes ask for an ACK now? Then pool_mtu_checked() when it has. */
bool pool_mtu_wants_check(const struct pool_mtu *m, size_t len, u64 now);
/*
 * DATA packet @seq of @len bytes asks. @timeout_ns: srtt + 4 rttvar, or 0 where that is not
 * known; the next tick is due when it, or POOL_MTU_CHECK_MIN_MS, is over.
 */
void pool_mtu_checked(struct pool_mtu *m, u64 seq, size_t len, u64 now, u64 timeout_ns);
/* @seq was acknowledged. */
void pool_mtu_acked(struct pool_mtu *m, u64 seq, u64 now);

/* An ICMP message says that something was too big: probe the size in use, in turn with a search. */
void pool_mtu_doubt(struct pool_mtu *m, u64 now);
/* The host itself has refused a packet of the size in use. */
void pool_mtu_refused(struct pool_mtu *m, u64 now);

#endif /* _POOL_PROTO_MTU_H */
