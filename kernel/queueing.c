// SPDX-License-Identifier: GPL-2.0
#include "queueing.h"

#include <linux/if_ether.h>
#include <linux/pkt_sched.h>
#include <net/dsfield.h>
#include <net/gso.h>
#include <net/inet_ecn.h>

void pool_queue_init(struct pool_queue *q)
{
	unsigned int band;

	spin_lock_init(&q->lock);
	for (band = 0; band < POOL_BANDS; ++band)
		__skb_queue_head_init(&q->bands[band].skbs);
}

static u8 dsfield(const struct sk_buff *skb)
{
	return skb->protocol == htons(ETH_P_IP) ? ipv4_get_dsfield(ip_hdr(skb)) :
						  ipv6_get_dsfield(ipv6_hdr(skb));
}

void pool_queue_classify(struct sk_buff *skb)
{
	struct pool_skb_cb *cb = POOL_SKB_CB(skb);

	BUILD_BUG_ON(sizeof(*cb) > SKB_GSO_CB_OFFSET);
	cb->dscp = dsfield(skb) >> 2;
	cb->band = cb->dscp >= POOL_URGENT_DSCP || skb->priority == TC_PRIO_INTERACTIVE ||
		   skb->priority == TC_PRIO_CONTROL ? POOL_URGENT : POOL_NORMAL;
}

static size_t limit_bytes(const struct pool_queue *q)
{
	return POOL_STAGED_BYTES >> (READ_ONCE(q->shrunk) ? POOL_OVERLOAD_SHIFT : 0);
}

void pool_queue_push(struct pool_queue *q, struct sk_buff *skb, struct sk_buff_head *dropped)
{
	unsigned int band = POOL_SKB_CB(skb)->band;
	struct sk_buff_head *skbs = &q->bands[band].skbs;
	size_t *bytes = &q->bands[band].bytes;

	spin_lock_bh(&q->lock);
	__skb_queue_tail(skbs, skb);
	*bytes += skb->len;
	while (skb_queue_len(skbs) > pool_queue_limit(q) ||
	       (*bytes > limit_bytes(q) && skb_queue_len(skbs) > 1)) {
		skb = __skb_dequeue(skbs);
		*bytes -= skb->len;
		__skb_queue_tail(dropped, skb);
	}
	spin_unlock_bh(&q->lock);
}

static bool normal_turn(const struct pool_queue *q)
{
	return q->urgent_run >= POOL_URGENT_RUN &&
	       !skb_queue_empty_lockless(&q->bands[POOL_NORMAL].skbs);
}

struct sk_buff *pool_queue_pop(struct pool_queue *q)
{
	unsigned int band = POOL_URGENT;
	struct sk_buff *skb;

	spin_lock_bh(&q->lock);
	if (skb_queue_empty(&q->bands[POOL_URGENT].skbs) || normal_turn(q))
		band = POOL_NORMAL;
	skb = __skb_dequeue(&q->bands[band].skbs);
	if (skb)
		q->bands[band].bytes -= skb->len;
	spin_unlock_bh(&q->lock);
	return skb;
}

void pool_queue_unpop(struct pool_queue *q, struct sk_buff *skb)
{
	unsigned int band = POOL_SKB_CB(skb)->band;

	spin_lock_bh(&q->lock);
	__skb_queue_head(&q->bands[band].skbs, skb);
	q->bands[band].bytes += skb->len;
	spin_unlock_bh(&q->lock);
}

bool pool_queue_yields(const struct pool_queue *q, const struct sk_buff *skb)
{
	return POOL_SKB_CB(skb)->band == POOL_URGENT && normal_turn(q);
}

void pool_queue_sent(struct pool_queue *q, const struct sk_buff *skb)
{
	if (POOL_SKB_CB(skb)->band == POOL_NORMAL)
		q->urgent_run = 0;
	else if (q->urgent_run < POOL_URGENT_RUN)
		++q->urgent_run;
}

void pool_queue_splice(struct pool_queue *q, struct sk_buff_head *to)
{
	unsigned int band;

	spin_lock_bh(&q->lock);
	for (band = 0; band < POOL_BANDS; ++band) {
		skb_queue_splice_tail_init(&q->bands[band].skbs, to);
		q->bands[band].bytes = 0;
	}
	spin_unlock_bh(&q->lock);
}

void pool_queue_orphan(struct pool_queue *q)
{
	unsigned int band;
	struct sk_buff *skb;

	spin_lock_bh(&q->lock);
	for (band = 0; band < POOL_BANDS; ++band)
		skb_queue_walk(&q->bands[band].skbs, skb)
			skb_orphan(skb);
	spin_unlock_bh(&q->lock);
}

bool pool_queue_pressed(const struct pool_queue *q, const struct sk_buff *skb)
{
	unsigned int band = POOL_SKB_CB(skb)->band;

	return skb_queue_len_lockless(&q->bands[band].skbs) > pool_queue_limit(q) / 2 ||
	       READ_ONCE(q->bands[band].bytes) > limit_bytes(q) / 2;
}

u8 pool_queue_ecn(const struct sk_buff *skb)
{
	const u8 *p = skb->data;

	return (p[0] >> 4 == 4 ? p[1] : p[1] >> 4) & INET_ECN_MASK;
}

bool pool_queue_mark_ce(struct sk_buff *skb)
{
	/* Whoever else holds this data, a capture or a retransmit queue, keeps it as it is. */
	return !INET_ECN_is_ce(dsfield(skb)) && !skb_cow_head(skb, 0) && INET_ECN_set_ce(skb);
}
