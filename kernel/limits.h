/* SPDX-License-Identifier: GPL-2.0 */
/* How long one epoch's keys are used (spec, "Age and packet limits"). */
#ifndef _POOL_LIMITS_H
#define _POOL_LIMITS_H

#include <linux/minmax.h>
#include <linux/time64.h>
#include <linux/types.h>

#include "proto/keys.h"

enum {
	POOL_REKEY_PACKETS_MAX = POOL_REKEY_PACKETS - (1 << 24),
	POOL_REKEY_S_MAX = 3540,
	POOL_REJECT_PACKETS_MAX = POOL_EPOCH_SPAN,
	POOL_REJECT_S_MAX = 3780,
};

/* Packets in a direction and seconds: of the offer of new keys, and of the hard stop. */
struct pool_key_limits {
	u32 rekey_packets, reject_packets;
	u32 rekey_s, reject_s;
};

/* How much later the responder offers, and how long before the hard stop a handshake starts. */
static inline u64 pool_limits_lead_ns(const struct pool_key_limits *l)
{
	return min((u64)60 * NSEC_PER_SEC, (u64)(l->reject_s - l->rekey_s) * (NSEC_PER_SEC / 4));
}

static inline u32 pool_limits_lead_packets(const struct pool_key_limits *l)
{
	return min_t(u32, 1 << 19, (l->reject_packets - l->rekey_packets) / 32);
}

#endif /* _POOL_LIMITS_H */
