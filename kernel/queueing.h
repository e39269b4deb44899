/* SPDX-License-Identifier: GPL-2.0 */
/* Bounded queues of waiting packets. */
#ifndef _POOL_QUEUEING_H
#define _POOL_QUEUEING_H

#include <linux/skbuff.h>

enum pool_queue_limits {
	POOL_STAGED_PACKETS = 1024,	/* per band of a peer; the oldest goes first */
	POOL_STAGED_BYTES = 4 << 20,	/* per band of a peer, of inner packets */
	POOL_OVERLOAD_SHIFT = 2,	/* a quarter of both while the peer is overloaded */
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
};

#define POOL_SKB_CB(skb) ((struct pool_skb_cb *)(skb)->cb)

/* Packets that wait for a session, or for room in its transport. */
struct pool_queue {
	spinlock_t lock;		/* of bands */
	struct {
		struct sk_buff_head skbs;
		size_t bytes;
	} bands[POOL_BANDS];
	u8 urgent_run;			/* sent since the last normal one; by the one consumer */
	bool shrunk;			/* to a quarter; WRITE_ONCE */
};

void pool_queue_init(struct pool_queue *q);

/* Choose the band of @skb by its priority and its DSCP; an IP header is linear in it. */
void pool_queue_classify(struct sk_buff *skb);

/*
 * Append @skb, classified, to its band; while that is over its bounds move the
 * oldest of it to @dropped, which the caller counts and frees. Any context but
 * hard interrupts, as everything below.
 */
void pool_queue_push(struct pool_queue *q, struct sk_buff *skb, struct sk_buff_head *dropped);
/* The urgent before the normal, but see POOL_URGENT_RUN. NULL when empty. */
struct sk_buff *pool_queue_pop(struct pool_queue *q);
/* Put back one that pool_queue_pop() gave, or a segment of it: it is the first of its band. */
void pool_queue_unpop(struct pool_queue *q, struct sk_buff *skb);
void pool_queue_splice(struct pool_queue *q, struct sk_buff_head *to);
/* Nothing that waits may pin the socket memory of who sent it. */
void pool_queue_orphan(struct pool_queue *q);

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

static inline bool pool_queue_empty(const struct pool_queue *q)
{
	return skb_queue_empty_lockless(&q->bands[POOL_URGENT].skbs) &&
	       skb_queue_empty_lockless(&q->bands[POOL_NORMAL].skbs);
}

static inline u32 pool_queue_len(const struct pool_queue *q)
{
	return skb_queue_len_lockless(&q->bands[POOL_URGENT].skbs) +
	       skb_queue_len_lockless(&q->bands[POOL_NORMAL].skbs);
}

/* Packets that may wait now in each band. */
static inline u32 pool_queue_limit(const struct pool_queue *q)
{
	return POOL_STAGED_PACKETS >> (READ_ONCE(q->shrunk) ? POOL_OVERLOAD_SHIFT : 0);
}

#endif /* _POOL_QUEUEING_H */
