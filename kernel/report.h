/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Reports (spec, "Reports: errors and overload"): what is told to the other end
 * of a session about its packets, and what it tells about ours. Counts and
 * hints: no decision but the length of a queue hangs on them.
 */
#ifndef _POOL_REPORT_H
#define _POOL_REPORT_H

#include <linux/atomic.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>

#include "proto/packet.h"
#include "proto/tlv.h"

struct pool_device;
struct pool_path;
struct pool_peer;
struct pool_session;

enum pool_report_limits {
	POOL_CODE_OTHER = POOL_VERSION_MISMATCH + 1,	/* all above, and 0 */
	POOL_CODES,
	/* seconds */
	POOL_OVERLOAD_CALM_S = 10,	/* without a drop: we are no longer overloaded */
	POOL_OVERLOAD_HOLD_S = 15,	/* without a report: the peer is not */
	POOL_REPORT_EVENT_S = 10,	/* one event per code and peer in that time */
	/* bytes */
	POOL_REPORT_MAX = POOL_ERRORS_MAX * POOL_ERROR_TLV + POOL_OVERLOAD_TLV,
};

/* Errors by code; netlink shows entry n as attribute n + 1. */
struct pool_codes {
	atomic64_t n[POOL_CODES];
};

/* A session's: what the other end has not been told yet. */
struct pool_session_report {
	atomic_t errors[POOL_CODE_OTHER];
	u8 next;			/* code to begin with; WRITE_ONCE */
	u64 overload_told_ns;		/* the since_ns that it knows of; WRITE_ONCE */
};

/* A peer's: what it has told us. Under peer->lock. */
struct pool_peer_report {
	u64 overload_ns;		/* last TLV 8; 0: not overloaded */
	u32 overload_s;			/* as it says */
	struct {
		u64 last_ns;		/* of its event */
		u32 since;		/* errors told of no event yet */
	} errors[POOL_CODES];
};

/* A device's: whether it is overloaded. */
struct pool_overload {
	spinlock_t lock;		/* of both times */
	u64 since_ns, last_ns;		/* CLOCK_BOOTTIME; last_ns 0: never */
	struct work_struct tell_work;
};

/* What one HEARTBEAT carries. */
struct pool_report {
	u8 n_errors;
	struct pool_tlv_error errors[POOL_ERRORS_MAX];
	bool overload;
};

/* ---- errors */

/* A packet of @s was dropped for @drop, authentic or not: count it if it has a code. */
void pool_report_drop(struct pool_session *s, u32 drop);
/* It was a CONFIG or ROLLBACK, which is not spoken here. */
void pool_report_config(struct pool_session *s);
/* The peer has closed @s with a @code other than 0. */
void pool_report_closed(struct pool_session *s, u8 code);
/* A packet of another version came on @path: counted and told here, nowhere else. Sleeps. */
void pool_report_version(struct pool_path *path);

/*
 * The TLVs for the next HEARTBEAT of @s into @buf, at most POOL_REPORT_MAX bytes
 * are used; returns how many. If it could not be sent, give back what @r has.
 */
size_t pool_report_write(struct pool_session *s, struct pool_report *r, u8 *buf, size_t room);
void pool_report_unsent(struct pool_session *s, const struct pool_report *r);

/* The TLVs of an authentic packet of @s. Process context. */
void pool_report_receive(struct pool_session *s, const struct pool_tlvs *tlvs);

/* ---- overload */

void pool_overload_init(struct pool_device *device);
/* @n authentic packets found no memory or no room in the stack. Process context, sleeps. */
void pool_overload_note(struct pool_device *device, u32 n);
bool pool_overloaded(struct pool_device *device);
/* Should the other end of @s hear at once, and has not yet? */
bool pool_overload_untold(struct pool_session *s);

/* The peer's clock: ns until it wants to be asked again, or U64_MAX. */
u64 pool_report_tick(struct pool_peer *peer, u64 now);
/* The peer's sessions are gone: nobody is there to be overloaded. Process context. */
void pool_report_stop(struct pool_peer *peer);

#endif /* _POOL_REPORT_H */
