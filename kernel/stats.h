/* SPDX-License-Identifier: GPL-2.0 */
/* Counters: every drop has a reason, and every reason a counter. */
#ifndef _POOL_STATS_H
#define _POOL_STATS_H

#include <linux/atomic.h>
#include <uapi/linux/pool.h>

#include "proto/handshake.h"
#include "report.h"

struct pool_device;
struct pool_peer;

/* Indexed by the netlink attribute of the reason, POOL_A_DROPS_*. */
struct pool_drops {
	atomic64_t n[POOL_A_DROPS_MAX + 1];
};

struct pool_device_stats {
	atomic64_t inits_received;
	atomic64_t challenges_sent;
	atomic64_t prove_work_sent;
	atomic64_t responses_received;
	atomic64_t handshakes;
	atomic64_t rekeys;
	struct pool_drops drops;
};

struct pool_peer_stats {
	atomic64_t rx_packets, rx_bytes;
	atomic64_t tx_packets, tx_bytes;
	atomic64_t tx_urgent, tx_marked;
	atomic64_t rx_large, tx_large;	/* on channel 1 */
	atomic64_t handshakes;
	atomic64_t rekeys;
	struct pool_drops drops;
	struct pool_codes errors;	/* of its packets, as dropped here */
	struct pool_codes peer_errors;	/* of our packets, as it says */
};

/* Count @n drops at the device and, unless NULL, at @peer; netdev counters too. */
void pool_drop_n(struct pool_device *device, struct pool_peer *peer, u32 reason, u64 n);

static inline void pool_drop(struct pool_device *device, struct pool_peer *peer, u32 reason)
{
	pool_drop_n(device, peer, reason, 1);
}

/* The drop reason of a refused handshake packet. */
u32 pool_drop_of_handshake(enum pool_hs_error err);

#endif /* _POOL_STATS_H */
