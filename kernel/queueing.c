// SPDX-License-Identifier: GPL-2.0
#include "queueing.h"
#include "device.h"
#include "peer.h"
#include "session.h"

#include <linux/if_ether.h>
#include <linux/pkt_sched.h>
#include <linux/slab.h>
#include <net/codel_impl.h>
#include <net/dsfield.h>
#include <net/gso.h>
#include <net/inet_ecn.h>

/*
 * Each band of a peer is an FQ-CoDel queue (RFC 8290): packets are hashed to flows, the
 * flows take turns by deficit round robin, those that have just begun first, and within a
 * flow CoDel (RFC 8289) sheds what has waited too long. A ping never stands behind a
 * transfer, and a transfer is told early to go slower: by CE where it knows ECN, by a drop
 * where not.
 *
 * CoDel's law is the kernel's, <net/codel_impl.h>. The flows are ours: <net/fq_impl.h>
 * would have one lock and one table for all peers of a device, so that a peer that stalls
 * takes flows from the others and every peer's worker waits for every other's; it has
 * bounds for the whole only, and nothing can be put back at its head, which a full socket
 * makes necessary. A table for each peer made of its structures would be no idle peer's
 * size. So there is one, of 8 KiB, from when packets of the peer have to wait until they
 * have not had to for a while. In its sets of eight ways two busy flows hardly ever share
 * one; where they do they stay together until all of their packets are gone, for a flow
 * keeps its order.
 *
 * Drop policy. CoDel (tx-codel): 5 ms in the queue are fine; after 100 ms with never less
 * it drops, or marks, at intervals that shrink with the square root of their number. It
 * looks when packets leave, so what waits for a session, or behind a connection that is
 * stuck, is shed by the bounds alone. The bounds (tx-congested, without a session
 * tx-staged-full): packets and memory of a band, and memory of the device, of which a peer
 * may use as much as is left unused (a dynamic threshold: those who stall leave
 * room for others); the oldest packet of the flow with the most bytes goes first.
 * ECN-capable packets are marked from half of the bounds on.
 *
 * Deficits are bytes, and one of 64 KiB that is yet to be segmented makes its flow wait
 * for as many turns as it has MTUs; CoDel counts it as one.
 */
enum {
	FLOW_SETS = 14,
	FLOW_WAYS = 8,
	QUANTUM = 1514,
	CHARGE_STEP = 64 << 10,
	TABLE_IDLE_S = 2,		/* then it goes */
};

struct pool_flows {
	bool used;			/* since the last tick */
	struct pool_flow flow[FLOW_SETS][FLOW_WAYS];
};

static struct codel_params codel __ro_after_init;

static struct pool_peer *peer_of(struct pool_queue *q)
{
	return container_of(q, struct pool_peer, staged);
}

static void flow_init(struct pool_flow *flow)
{
	INIT_LIST_HEAD(&flow->list);
	codel_vars_init(&flow->codel);
}

void pool_queue_init(struct pool_queue *q)
{
	unsigned int band;

	spin_lock_init(&q->lock);
	for (band = 0; band < POOL_BANDS; ++band) {
		INIT_LIST_HEAD(&q->bands[band].fresh);
		INIT_LIST_HEAD(&q->bands[band].old);
		flow_init(&q->bands[band].alone);
		__skb_queue_head_init(&q->bands[band].returned);
	}
}

void pool_queue_destroy(struct pool_queue *q)
{
	WARN_ON(!pool_queue_empty(q) || q->charged);
	kfree(q->flows);
	q->flows = NULL;
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

/* ------------------------------------------------------------------ memory */

/* Let the device know, in steps, what is used beyond the peer's own. */
static void charge(struct pool_queue *q)
{
	size_t used = q->bands[POOL_URGENT].bytes + q->bands[POOL_NORMAL].bytes, want = 0;

	if (used > POOL_PEER_OWN_BYTES)
		want = round_up(used - POOL_PEER_OWN_BYTES, CHARGE_STEP);
	if (want == q->charged || (want && want < q->charged && want + CHARGE_STEP >= q->charged))
		return;
	atomic_long_add((long)want - (long)q->charged, &peer_of(q)->device->staged_bytes);
	q->charged = want;
}

static void account(struct pool_queue *q, const struct sk_buff *skb, int n)
{
	unsigned int band = POOL_SKB_CB(skb)->band;

	WRITE_ONCE(q->bands[band].packets, q->bands[band].packets + n);
	WRITE_ONCE(q->bands[band].bytes, q->bands[band].bytes + n * (ssize_t)skb->truesize);
	charge(q);
}

static size_t limit_bytes(const struct pool_queue *q)
{
	return POOL_STAGED_BYTES >> (READ_ONCE(q->shrunk) ? POOL_OVERLOAD_SHIFT : 0);
}

/* One packet may be as large as it wants. */
static bool band_over(const struct pool_queue *q, unsigned int band)
{
	return q->bands[band].packets > pool_queue_limit(q) ||
	       (q->bands[band].bytes > limit_bytes(q) && q->bands[band].packets > 1);
}

static bool device_over(struct pool_queue *q)
{
	long left = POOL_DEVICE_BYTES - atomic_long_read(&peer_of(q)->device->staged_bytes);

	return (long)q->charged > max(left, 0L);
}

/* ------------------------------------------------------------------- flows */

/*
 * A flow whose set is full shares the band's own with others like it, and so does every
 * later one of that set until that one is empty: their packets stay in order.
 */
static struct pool_flow *flow_of(struct pool_queue *q, struct sk_buff *skb)
{
	unsigned int band = POOL_SKB_CB(skb)->band, i;
	struct pool_flow *ways, *unused = NULL;
	u32 hash, set, tag;

	if (!q->flows)
		return &q->bands[band].alone;
	hash = skb_get_hash(skb);
	tag = (hash & ~1) | band;
	set = reciprocal_scale(hash, FLOW_SETS);
	ways = q->flows->flow[set];
	for (i = 0; i < FLOW_WAYS; ++i) {
		if (ways[i].tag == tag)
			return &ways[i];
		if (!unused && list_empty(&ways[i].list))
			unused = &ways[i];
	}
	if (!unused || q->bands[band].spilled & BIT(set)) {
		q->bands[band].spilled |= BIT(set);
		return &q->bands[band].alone;
	}
	unused->tag = tag;
	codel_vars_init(&unused->codel);
	return unused;
}

static void flow_push(struct pool_queue *q, struct sk_buff *skb)
{
	unsigned int band = POOL_SKB_CB(skb)->band;
	struct pool_flow *flow = flow_of(q, skb);

	skb_mark_not_on_list(skb);
	if (flow->head)
		flow->tail->next = skb;
	else
		flow->head = skb;
	flow->tail = skb;
	flow->bytes += skb->len;
	if (list_empty(&flow->list)) {
		flow->deficit = QUANTUM;
		list_add_tail(&flow->list, &q->bands[band].fresh);
	}
}

static struct sk_buff *flow_pop(struct pool_flow *flow)
{
	struct sk_buff *skb = flow->head;

	if (!skb)
		return NULL;
	flow->head = skb->next;
	flow->bytes -= skb->len;
	skb_mark_not_on_list(skb);
	return skb;
}

/* All that waits to @to. Returns the table, which is the caller's to free. */
static struct pool_flows *drain(struct pool_queue *q, struct sk_buff_head *to)
{
	struct pool_flows *flows = q->flows;
	struct pool_flow *flow, *next;
	struct sk_buff *skb;
	unsigned int band;

	lockdep_assert_held(&q->lock);
	for (band = 0; band < POOL_BANDS; ++band) {
		skb_queue_splice_tail_init(&q->bands[band].returned, to);
		list_splice_init(&q->bands[band].old, &q->bands[band].fresh);
		list_for_each_entry_safe(flow, next, &q->bands[band].fresh, list) {
			while ((skb = flow_pop(flow)))
				__skb_queue_tail(to, skb);
			codel_vars_init(&flow->codel);
			list_del_init(&flow->list);
		}
		q->bands[band].spilled = 0;
		WRITE_ONCE(q->bands[band].packets, 0);
		WRITE_ONCE(q->bands[band].bytes, 0);
	}
	charge(q);
	WRITE_ONCE(q->flows, NULL);
	return flows;
}

/* From now on packets have flows of their own, and those that wait already as well. */
static void use_flows(struct pool_queue *q, struct pool_flows *flows)
{
	struct sk_buff *skb, *next;
	unsigned int band;

	lockdep_assert_held(&q->lock);
	WRITE_ONCE(q->flows, flows);
	for (band = 0; band < POOL_BANDS; ++band) {
		skb = q->bands[band].alone.head;
		q->bands[band].alone.head = NULL;
		q->bands[band].alone.bytes = 0;
		codel_vars_init(&q->bands[band].alone.codel);
		for (; skb; skb = next) {
			next = skb->next;
			flow_push(q, skb);
		}
	}
}

/* Without memory for it all packets of a band are one flow. */
static bool make_flows(struct pool_queue *q)
{
	struct pool_flows *flows;
	unsigned int set, way;

	BUILD_BUG_ON(sizeof(*flows) > 8 << 10);
	flows = kzalloc(sizeof(*flows), GFP_ATOMIC | __GFP_NOWARN);
	if (!flows)
		return false;
	for (set = 0; set < FLOW_SETS; ++set)
		for (way = 0; way < FLOW_WAYS; ++way)
			flow_init(&flows->flow[set][way]);
	spin_lock_bh(&q->lock);
	if (!q->flows) {
		use_flows(q, flows);
		flows = NULL;
	}
	spin_unlock_bh(&q->lock);
	kfree(flows);
	pool_peer_tick_in(peer_of(q), POOL_S_TO_NS(TABLE_IDLE_S));
	return true;
}

u64 pool_queue_tick(struct pool_queue *q)
{
	struct pool_flows *flows = NULL;
	struct sk_buff_head none;
	u64 next = U64_MAX;

	if (!READ_ONCE(q->flows))
		return next;
	__skb_queue_head_init(&none);
	spin_lock_bh(&q->lock);
	if (q->flows && (q->flows->used || !pool_queue_empty(q))) {
		q->flows->used = false;
		next = POOL_S_TO_NS(TABLE_IDLE_S);
	} else if (q->flows) {
		flows = drain(q, &none);
	}
	spin_unlock_bh(&q->lock);
	kfree(flows);
	return next;
}

/* ---------------------------------------------------------------- the way in */

/* The oldest of the flow that has most. What was returned has had its turn, and stays. */
static struct sk_buff *pop_fattest(struct pool_queue *q, unsigned int band)
{
	struct list_head *lists[] = { &q->bands[band].fresh, &q->bands[band].old };
	struct pool_flow *flow, *fattest = NULL;
	struct sk_buff *skb;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(lists); ++i)
		list_for_each_entry(flow, lists[i], list)
			if (flow->head && (!fattest || flow->bytes > fattest->bytes))
				fattest = flow;
	if (!fattest)
		return NULL;
	skb = flow_pop(fattest);
	account(q, skb, -1);
	return skb;
}

/* The band that has to give something up, since @pushed has grown; POOL_BANDS: none. */
static unsigned int over(struct pool_queue *q, unsigned int pushed)
{
	if (band_over(q, pushed))
		return pushed;
	if (!device_over(q))
		return POOL_BANDS;
	/* What was returned stays, so it is nothing to give. */
	return q->bands[POOL_NORMAL].packets > skb_queue_len(&q->bands[POOL_NORMAL].returned) ?
	       POOL_NORMAL : POOL_URGENT;
}

void pool_queue_push(struct pool_queue *q, struct sk_buff *skb, bool fair,
		     struct sk_buff_head *dropped)
{
	unsigned int band = POOL_SKB_CB(skb)->band, victim;

	POOL_SKB_CB(skb)->queued = codel_get_time();
	if (READ_ONCE(q->flows) || (fair && !pool_queue_empty(q) && make_flows(q)))
		skb_get_hash(skb);	/* it is remembered: not under the lock */

	spin_lock_bh(&q->lock);
	flow_push(q, skb);
	account(q, skb, 1);
	if (q->flows)
		q->flows->used = true;
	while ((victim = over(q, band)) != POOL_BANDS) {
		skb = pop_fattest(q, victim);
		if (!skb)
			break;
		__skb_queue_tail(dropped, skb);
	}
	spin_unlock_bh(&q->lock);
}

/* --------------------------------------------------------------- the way out */

/* Where CoDel takes packets from, and puts what it drops. */
struct departure {
	struct pool_queue *q;
	struct sk_buff_head shed;
};

static u32 codel_len(const struct sk_buff *skb)
{
	return skb->len;
}

static codel_time_t codel_queued(const struct sk_buff *skb)
{
	return POOL_SKB_CB(skb)->queued;
}

static void codel_shed(struct sk_buff *skb, void *ctx)
{
	struct departure *d = ctx;

	__skb_queue_tail(&d->shed, skb);
}

static struct sk_buff *codel_pop(struct codel_vars *vars, void *ctx)
{
	struct sk_buff *skb = flow_pop(container_of(vars, struct pool_flow, codel));
	struct departure *d = ctx;

	if (!skb)
		return NULL;
	account(d->q, skb, -1);
	/* It may get a mark, which is not for others who hold this data; if there is memory. */
	if (vars->first_above_time)
		(void)skb_cow_head(skb, 0);
	return skb;
}

/* Deficit round robin, as RFC 8290 section 4.2 has it. */
static struct sk_buff *band_pop(struct departure *d, unsigned int band, struct codel_stats *stats)
{
	struct list_head *fresh = &d->q->bands[band].fresh, *old = &d->q->bands[band].old, *list;
	struct pool_flow *flow;
	struct sk_buff *skb;

	skb = __skb_dequeue(&d->q->bands[band].returned);
	if (skb) {
		account(d->q, skb, -1);
		return skb;
	}
	for (;;) {
		list = list_empty(fresh) ? old : fresh;
		flow = list_first_entry_or_null(list, struct pool_flow, list);
		if (!flow)
			return NULL;
		if (flow->deficit <= 0) {
			flow->deficit += QUANTUM;
			list_move_tail(&flow->list, old);
			continue;
		}
		skb = codel_dequeue(d, &flow->bytes, &codel, &flow->codel, stats, codel_len,
				    codel_queued, codel_shed, codel_pop);
		if (skb) {
			flow->deficit -= skb->len;
			return skb;
		}
		/* Who comes and goes all the time is not new each time. */
		if (list == fresh && !list_empty(old)) {
			list_move_tail(&flow->list, old);
			continue;
		}
		list_del_init(&flow->list);
		if (flow == &d->q->bands[band].alone)
			d->q->bands[band].spilled = 0;
	}
}

static bool normal_turn(const struct pool_queue *q)
{
	return q->urgent_run >= POOL_URGENT_RUN && READ_ONCE(q->bands[POOL_NORMAL].packets);
}

struct sk_buff *pool_queue_pop(struct pool_queue *q)
{
	struct departure d = { .q = q };
	struct pool_peer *peer = peer_of(q);
	unsigned int band = POOL_URGENT;
	struct codel_stats stats = {};
	struct sk_buff *skb;

	codel_stats_init(&stats);
	__skb_queue_head_init(&d.shed);
	spin_lock_bh(&q->lock);
	if (!q->bands[POOL_URGENT].packets || normal_turn(q))
		band = POOL_NORMAL;
	skb = band_pop(&d, band, &stats);
	spin_unlock_bh(&q->lock);

	if (unlikely(stats.ecn_mark))
		atomic64_inc(&peer->stats.tx_marked);
	if (unlikely(!skb_queue_empty(&d.shed))) {
		pool_drop_n(peer->device, peer, POOL_A_DROPS_TX_CODEL, skb_queue_len(&d.shed));
		__skb_queue_purge(&d.shed);
	}
	return skb;
}

void pool_queue_unpop(struct pool_queue *q, struct sk_buff *skb)
{
	spin_lock_bh(&q->lock);
	__skb_queue_head(&q->bands[POOL_SKB_CB(skb)->band].returned, skb);
	account(q, skb, 1);
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
	struct pool_flows *flows;

	spin_lock_bh(&q->lock);
	flows = drain(q, to);
	spin_unlock_bh(&q->lock);
	kfree(flows);
}

static void not_waited(struct sk_buff *skb, codel_time_t now)
{
	skb_orphan(skb);
	POOL_SKB_CB(skb)->queued = now;
}

void pool_queue_orphan(struct pool_queue *q)
{
	codel_time_t now = codel_get_time();
	struct pool_flow *flow;
	unsigned int band, i;
	struct sk_buff *skb;

	spin_lock_bh(&q->lock);
	for (band = 0; band < POOL_BANDS; ++band) {
		struct list_head *lists[] = { &q->bands[band].fresh, &q->bands[band].old };

		skb_queue_walk(&q->bands[band].returned, skb)
			not_waited(skb, now);
		for (i = 0; i < ARRAY_SIZE(lists); ++i)
			list_for_each_entry(flow, lists[i], list) {
				for (skb = flow->head; skb; skb = skb->next)
					not_waited(skb, now);
				/* What was measured before is not of the path that comes. */
				codel_vars_init(&flow->codel);
			}
	}
	spin_unlock_bh(&q->lock);
}

/* ------------------------------------------------------------------ marking */

bool pool_queue_pressed(const struct pool_queue *q, const struct sk_buff *skb)
{
	unsigned int band = POOL_SKB_CB(skb)->band;

	return READ_ONCE(q->bands[band].packets) > pool_queue_limit(q) / 2 ||
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

void __init pool_queueing_init(void)
{
	codel_params_init(&codel);
	codel.mtu = QUANTUM;
	codel.ecn = true;
}
