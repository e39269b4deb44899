// SPDX-License-Identifier: GPL-2.0
/* Messages are put together in the sk_buffs they go on in. */
#include "fragment.h"
#include "device.h"
#include "peer.h"
#include "proto/fragment.h"
#include "session.h"

#include <linux/slab.h>
#include <net/inet_ecn.h>

#define OWNER_SESSION	GENMASK_ULL(63, 32)

static struct kmem_cache *reasm_cache;

static u64 owner_of(const struct pool_session *s, u32 epoch)
{
	return s->internal_id << 32 | epoch;
}

u8 pool_fragment_ecn(const struct sk_buff *skb)
{
	return skb->cb[0];
}

static void note_ecn(struct sk_buff *skb, u8 ecn)
{
	if (skb->cb[0] != INET_ECN_CE)
		skb->cb[0] = ecn;
}

static struct sk_buff *message_alloc(struct pool_session *s, u16 total)
{
	struct sk_buff *skb = __netdev_alloc_skb(s->device->dev, total, GFP_KERNEL);

	if (!skb)
		return NULL;
	skb_put(skb, total);
	skb->cb[0] = 0;
	return skb;
}

/* Under the lock. */
static u32 take(struct pool_session *s, u64 owner, const struct pool_frag *f, const u8 *bytes,
		u8 ecn, struct sk_buff **out)
{
	struct pool_fragments *fragments = &s->peer->fragments;
	struct pool_reasm_slot *slot;
	enum pool_reasm_verdict verdict;
	void *evicted, *memory;
	u64 now = pool_now();

	if (!fragments->slots)
		WRITE_ONCE(fragments->slots, kmem_cache_zalloc(reasm_cache, GFP_KERNEL));
	if (!fragments->slots)
		return POOL_A_DROPS_RX_NO_MEMORY;
	slot = pool_reasm_slot(fragments->slots, owner, f, now, &evicted);
	if (evicted) {
		pool_drop(s->device, s->peer, POOL_A_DROPS_RX_FRAGMENT_EVICTED);
		kfree_skb(evicted);
	}
	if (!slot->memory) {
		struct sk_buff *skb = message_alloc(s, f->total);

		if (!skb) {
			pool_reasm_free(slot);
			return POOL_A_DROPS_RX_NO_MEMORY;
		}
		slot->memory = skb;
		slot->data = skb->data;
		pool_peer_tick_in(s->peer, POOL_S_TO_NS(POOL_REASM_S));
	}
	note_ecn(slot->memory, ecn);
	verdict = pool_reasm_add(slot, f, bytes, now, &memory);
	switch (verdict) {
	case POOL_REASM_DONE:
		*out = memory;
		return 0;
	case POOL_REASM_BAD:
		kfree_skb(memory);
		return POOL_A_DROPS_RX_FRAGMENT;
	default:
		return 0;
	}
}

/* A fragment that breaks a rule takes along the message that it names. */
static void refuse(struct pool_session *s, u64 owner, const u8 *plain, size_t len)
{
	struct pool_fragments *fragments = &s->peer->fragments;

	if (len < POOL_FRAG_HDR || !READ_ONCE(fragments->slots))
		return;
	mutex_lock(&fragments->lock);
	if (fragments->slots)
		kfree_skb(pool_reasm_void(fragments->slots, owner, pool_get32(plain)));
	mutex_unlock(&fragments->lock);
}

u32 pool_fragment_take(struct pool_session *s, struct pool_epoch *epoch, bool last, u8 ecn,
		       const u8 *plain, size_t len, struct sk_buff **out)
{
	struct pool_fragments *fragments = &s->peer->fragments;
	struct pool_frag f;
	u32 drop;

	*out = NULL;
	if (pool_frag_decode(&f, last, plain, len)) {
		refuse(s, owner_of(s, epoch->number), plain, len);
		return POOL_A_DROPS_RX_FRAGMENT;
	}
	if (f.last && !f.offset) {	/* a message in one piece; another of that id is void */
		refuse(s, owner_of(s, epoch->number), plain, len);
		*out = message_alloc(s, f.total);
		if (!*out)
			return POOL_A_DROPS_RX_NO_MEMORY;
		memcpy((*out)->data, plain + POOL_FRAG_HDR, f.len);
		note_ecn(*out, ecn);
		return 0;
	}
	mutex_lock(&fragments->lock);
	/* Who drops the session empties its slots after it is dead. */
	drop = READ_ONCE(s->phase) == POOL_PHASE_DEAD ? POOL_A_DROPS_RX_NO_SESSION :
	       take(s, owner_of(s, epoch->number), &f, plain + POOL_FRAG_HDR, ecn, out);
	mutex_unlock(&fragments->lock);
	return drop;
}

/* None of them is in use. Under the lock, or nobody else is there. */
static void slots_free(struct pool_fragments *f)
{
	if (f->slots)
		kmem_cache_free(reasm_cache, f->slots);
	WRITE_ONCE(f->slots, NULL);
}

u64 pool_fragment_tick(struct pool_peer *peer, u64 now)
{
	struct pool_fragments *fragments = &peer->fragments;
	struct pool_session *s;
	u64 next = U64_MAX;
	void *memory;

	if (!READ_ONCE(fragments->slots))
		return U64_MAX;
	s = pool_peer_session_get(peer);
	mutex_lock(&fragments->lock);
	while (fragments->slots && (memory = pool_reasm_expire(fragments->slots, now, &next))) {
		pool_drop(peer->device, peer, POOL_A_DROPS_RX_FRAGMENT_TIMEOUT);
		if (s)
			pool_report_drop(s, POOL_A_DROPS_RX_FRAGMENT_TIMEOUT);
		kfree_skb(memory);
	}
	if (next == U64_MAX)
		slots_free(fragments);
	mutex_unlock(&fragments->lock);
	pool_session_put(s);
	return next;
}

void pool_fragment_forget(struct pool_session *s)
{
	struct pool_fragments *fragments = &s->peer->fragments;
	void *memory;

	if (!READ_ONCE(fragments->slots))
		return;
	mutex_lock(&fragments->lock);
	while (fragments->slots && (memory = pool_reasm_forget(fragments->slots, owner_of(s, 0),
							       OWNER_SESSION)))
		kfree_skb(memory);
	mutex_unlock(&fragments->lock);
}

void pool_fragments_setup(struct pool_fragments *f)
{
	mutex_init(&f->lock);
}

void pool_fragments_free(struct pool_fragments *f)
{
	unsigned int i;

	for (i = 0; f->slots && i < POOL_REASM_SLOTS; ++i)
		kfree_skb(pool_reasm_free(&f->slots->slots[i]));
	slots_free(f);
}

int __init pool_fragment_init(void)
{
	reasm_cache = KMEM_CACHE(pool_reasm, 0);
	return reasm_cache ? 0 : -ENOMEM;
}

void pool_fragment_exit(void)
{
	kmem_cache_destroy(reasm_cache);
}
