/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Where received packets enter the stack: a NAPI instance for each CPU that there may be.
 * Packets of one peer always go through the same one, so that they stay in order whichever
 * CPU has opened them; that is what the stack's own gro_cells do not do for workers.
 */
#ifndef _POOL_CELLS_H
#define _POOL_CELLS_H

#include <linux/netdevice.h>
#include <linux/skbuff.h>

struct pool_cell {
	struct sk_buff_head skbs;	/* at most net.core.netdev_max_backlog; then dropped */
	struct napi_struct napi;
};

struct pool_cells {
	struct rcu_head rcu;		/* the stack may still look along the device's instances */
	unsigned int n;
	struct pool_cell cells[];
};

/* The one for the packets of a peer with that number. */
static inline struct pool_cell *pool_cell_of(struct pool_cells *cells, u64 id)
{
	return &cells->cells[(u32)id % cells->n];
}

struct pool_cells *pool_cells_create(struct net_device *dev);	/* NULL without memory */
/* Nobody receives any more. Process context; NULL is fine. */
void pool_cells_destroy(struct pool_cells *cells);

/*
 * @skbs to the stack; returns how many had to be freed for want of room, or since the
 * device is down. BH disabled.
 */
unsigned int pool_cell_receive(struct pool_cell *cell, struct sk_buff_head *skbs);

#endif /* _POOL_CELLS_H */
