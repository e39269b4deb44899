/* SPDX-License-Identifier: GPL-2.0 */
/* Bounded queues of waiting packets. */
#ifndef _POOL_QUEUEING_H
#define _POOL_QUEUEING_H

#include <linux/skbuff.h>
#include <net/codel.h>

enum pool_queue_limits {
	POOL_STAGED_PACKETS = 1024,	/* per band of a peer */
	POOL_STAGED_BYTES = 4 << 20,	/* per band of a peer, of memory */
	POOL_OVERLOAD_SHIFT = 2,	/* a quarter of both while the peer is overloaded */
	POOL_DEVICE_BYTES = 64 << 20,	/* of memory, all peers of a device together */
	POOL_PEER_OWN_BYTES = 64 << 10,	/* of memory, that a peer has whatever others use */
	POOL_URGENT_RUN = 15,		/* then a normal one, if one waits */
	POOL_URGENT_DSCP = 32,		/* CS4, and all above */
};

enum pool_band {
	POOL_URGENT,
	POOL_NORMAL,
	POOL_BANDS,
};

/* What the queue knows of a packet; kept by the segments it is cut into. */
struct pool_skb_cb {
	u8 band;		/* enum pool_band */
	u8 dscp;		/* inner */
	codel_time_t queued;
};

#define POOL_SKB_CB(skb) ((struct pool_skb_cb *)(skb)->cb)

/* Packets that stay in their order. With or without some it may be in its turn. */
struct pool_flow {
	struct list_head list;		/* of fresh or old; empty: not in its turn */
	struct sk_buff *head, *tail;
	u32 bytes;			/* of inner packets that wait */
	s32 deficit;			/* what it may send before others come */
	u32 tag;			/* hash of the flow it is for */
	struct codel_vars codel;
};

struct pool_flows;

/* Packets that wait for a session, or for room in its transport. See queueing.c. */
struct pool_queue {
	spinlock_t lock;		/* of all but what is said to be written otherwise */
	struct pool_flows *flows;	/* of both bands; NULL until packets have to wait */
	struct {
		struct list_head fresh, old;	/* struct pool_flow */
		struct pool_flow alone;		/* of all that have none of their own */
		u16 spilled;			/* sets of flows that did not have room for all */
		struct sk_buff_head returned;	/* the first to go */
		u32 packets;			/* in all of these */
		size_t bytes;			/* the memory of these */
	} bands[POOL_BANDS];
	size_t charged;			/* bytes taken from the device */
	u8 urgent_run;			/* sent since the last normal one; by the one consumer */
	bool shrunk;			/* to a quarter; WRITE_ONCE */
};

void pool_queue_init(struct pool_queue *q);
/* It is empty and stays so. */
void pool_queue_destroy(struct pool_queue *q);

/* Choose the band of @skb by its priority and its DSCP; an IP header is linear in it. */
void pool_queue_classify(struct sk_buff *skb);

/*
 * Append @skb, classified, to its flow; while the queue is over its bounds move packets to
 * @dropped, which the caller counts and frees. Without @fair, that is without a session,
 * there is one flow, so that the newest stay. Any context but hard interrupts, as
 * everything below.
 */
void pool_queue_push(struct pool_queue *q, struct sk_buff *skb, bool fair,
		     struct sk_buff_head *dropped);
/*
 * The urgent before the normal, but see POOL_URGENT_RUN. NULL when empty. What has waited
 * too long is shed, and counted, on the way.
 */
struct sk_buff *pool_queue_pop(struct pool_queue *q);
/* Put back one that pool_queue_pop() gave, or a segment of it: it is the first of its band. */
void pool_queue_unpop(struct pool_queue *q, struct sk_buff *skb);
void pool_queue_splice(struct pool_queue *q, struct sk_buff_head *to);
/*
 * Nothing can be sent now. What waits may not pin the socket memory of who sent it, and
 * so far has not waited for the transport.
 */
void pool_queue_orphan(struct pool_queue *q);
/* Give up what an empty queue needs no more. Returns ns until it is to be called again. */
u64 pool_queue_tick(struct pool_queue *q);

/*
 * Of the consumer: must @skb stand back, since it is a normal one's turn? And:
 * @skb was sent.
 */
bool pool_queue_yields(const struct pool_queue *q, const struct sk_buff *skb);
void pool_queue_sent(struct pool_queue *q, const struct sk_buff *skb);

/* Is the band of @skb more than half full? */
bool pool_queue_pressed(const struct pool_queue *q, const struct sk_buff *skb);
/* The ECN field of an inner packet, which begins at its data. */
u8 pool_queue_ecn(const struct sk_buff *skb);
/* ECT to CE (RFC 3168). False: it was not ECT, or CE already, or there was no memory. */
bool pool_queue_mark_ce(struct sk_buff *skb);

static inline u32 pool_queue_len(const struct pool_queue *q)
{
	return READ_ONCE(q->bands[POOL_URGENT].packets) + READ_ONCE(q->bands[POOL_NORMAL].packets);
}

static inline bool pool_queue_empty(const struct pool_queue *q)
{
	return !pool_queue_len(q);
}

/* Packets that may wait now in each band. */
static inline u32 pool_queue_limit(const struct pool_queue *q)
{
	return POOL_STAGED_PACKETS >> (READ_ONCE(q->shrunk) ? POOL_OVERLOAD_SHIFT : 0);
}

void pool_queueing_init(void);	/* with the module */

#endif /* _POOL_QUEUEING_H */
