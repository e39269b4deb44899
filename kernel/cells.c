// SPDX-License-Identifier: GPL-2.0
#include "cells.h"

#include <linux/slab.h>
#include <net/hotdata.h>

static int poll(struct napi_struct *napi, int budget)
{
	struct pool_cell *cell = container_of(napi, struct pool_cell, napi);
	struct sk_buff *skb;
	int done = 0;

	while (done < budget) {
		spin_lock(&cell->skbs.lock);
		skb = __skb_dequeue(&cell->skbs);
		spin_unlock(&cell->skbs.lock);
		if (!skb)
			break;
		dev_sw_netstats_rx_add(napi->dev, skb->len);
		napi_gro_receive(napi, skb);
		++done;
	}
	if (done < budget)
		napi_complete_done(napi, done);
	return done;
}

unsigned int pool_cell_receive(struct pool_cell *cell, struct sk_buff_head *skbs)
{
	unsigned int refused, max = pool_compat_max_backlog();
	struct sk_buff *skb;

	if (unlikely(!(cell->napi.dev->flags & IFF_UP))) {
		refused = skb_queue_len(skbs);
		__skb_queue_purge(skbs);
		return refused;
	}
	spin_lock(&cell->skbs.lock);
	if (likely(skb_queue_len(&cell->skbs) + skb_queue_len(skbs) <= max)) {
		skb_queue_splice_tail_init(skbs, &cell->skbs);
	} else {
		while (skb_queue_len(&cell->skbs) < max &&
		       (skb = __skb_dequeue(skbs)))
			__skb_queue_tail(&cell->skbs, skb);
	}
	spin_unlock(&cell->skbs.lock);
	napi_schedule(&cell->napi);
	refused = skb_queue_len(skbs);
	__skb_queue_purge(skbs);
	return refused;
}

struct pool_cells *pool_cells_create(struct net_device *dev)
{
	unsigned int i, n = num_possible_cpus();
	struct pool_cells *cells = kvzalloc(struct_size(cells, cells, n), GFP_KERNEL);

	if (!cells)
		return NULL;
	cells->n = n;
	for (i = 0; i < n; ++i) {
		struct pool_cell *cell = &cells->cells[i];

		skb_queue_head_init(&cell->skbs);
		/* Nobody can name it to busy-poll. */
		set_bit(NAPI_STATE_NO_BUSY_POLL, &cell->napi.state);
		netif_napi_add(dev, &cell->napi, poll);
		napi_enable(&cell->napi);
	}
	return cells;
}

void pool_cells_destroy(struct pool_cells *cells)
{
	unsigned int i;

	if (!cells)
		return;
	for (i = 0; i < cells->n; ++i) {
		napi_disable(&cells->cells[i].napi);
		__netif_napi_del(&cells->cells[i].napi);
		__skb_queue_purge(&cells->cells[i].skbs);
	}
	kvfree_rcu(cells, rcu);
}
