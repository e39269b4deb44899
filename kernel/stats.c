// SPDX-License-Identifier: GPL-2.0
#include "stats.h"
#include "device.h"
#include "peer.h"
#include "trace.h"

void pool_drop_n(struct pool_device *device, struct pool_peer *peer, u32 reason, u64 n)
{
	struct net_device *dev = device->dev;

	if (!n)
		return;
	atomic64_add(n, &device->stats.drops.n[reason]);
	if (peer)
		atomic64_add(n, &peer->stats.drops.n[reason]);
	trace_pool_drop(device, peer, reason, n);

	switch (reason) {
	case POOL_A_DROPS_TX_NOT_IP ... POOL_A_DROPS_TX_DOWN:
	case POOL_A_DROPS_TX_UNREACHABLE:
	case POOL_A_DROPS_TX_LOOP:
	case POOL_A_DROPS_TX_CODEL:
		DEV_STATS_ADD(dev, tx_dropped, n);
		if (reason == POOL_A_DROPS_TX_CRYPTO || reason == POOL_A_DROPS_TX_NOT_IP)
			DEV_STATS_ADD(dev, tx_errors, n);
		break;
	case POOL_A_DROPS_RX_LENGTH:
		DEV_STATS_ADD(dev, rx_length_errors, n);
		DEV_STATS_ADD(dev, rx_errors, n);
		break;
	case POOL_A_DROPS_RX_MALFORMED:
	case POOL_A_DROPS_RX_SOURCE:
	case POOL_A_DROPS_RX_SEGMENT:
		DEV_STATS_ADD(dev, rx_frame_errors, n);
		DEV_STATS_ADD(dev, rx_errors, n);
		break;
	case POOL_A_DROPS_RX_NO_MEMORY:
	case POOL_A_DROPS_RX_DOWN:
	case POOL_A_DROPS_RX_CONGESTED:
		DEV_STATS_ADD(dev, rx_dropped, n);
		break;
	default:
		DEV_STATS_ADD(dev, rx_errors, n);
	}
}

u32 pool_drop_of_handshake(enum pool_hs_error err)
{
	static const u32 reason[] = {
		[POOL_HS_LENGTH] = POOL_A_DROPS_HS_LENGTH,
		[POOL_HS_TYPE] = POOL_A_DROPS_HS_TYPE,
		[POOL_HS_VERSION] = POOL_A_DROPS_HS_VERSION,
		[POOL_HS_TIME] = POOL_A_DROPS_HS_TIME,
		[POOL_HS_HMAC] = POOL_A_DROPS_HS_HMAC,
		[POOL_HS_SECRET] = POOL_A_DROPS_HS_SECRET,
		[POOL_HS_DIFFICULTY] = POOL_A_DROPS_HS_DIFFICULTY,
		[POOL_HS_SID] = POOL_A_DROPS_HS_SID,
		[POOL_HS_SEED] = POOL_A_DROPS_HS_SEED,
		[POOL_HS_SOLUTION] = POOL_A_DROPS_HS_SOLUTION,
		[POOL_HS_SPENT] = POOL_A_DROPS_HS_SPENT,
		[POOL_HS_KEY] = POOL_A_DROPS_HS_KEY,
		[POOL_HS_SEAL] = POOL_A_DROPS_HS_SEAL,
		[POOL_HS_TLV] = POOL_A_DROPS_HS_TLV,
		[POOL_HS_ATTEMPT] = POOL_A_DROPS_HS_ATTEMPT,
	};

	return reason[err];
}
