// SPDX-License-Identifier: GPL-2.0
#include "fragment.h"
#include "packet.h"

int pool_frag_decode(struct pool_frag *f, bool last, const u8 *plain, size_t len)
{
	if (len <= POOL_FRAG_HDR || len - POOL_FRAG_HDR > 0xffff)
		return -1;
	f->id = pool_get32(plain);
	f->offset = pool_get16(plain + 4);
	f->total = pool_get16(plain + 6);
	f->len = (u16)(len - POOL_FRAG_HDR);
	f->last = last;
	if (!f->total || f->total > POOL_MAX_PLAINTEXT || (u32)f->offset + f->len > f->total)
		return -1;
	if (last != ((u32)f->offset + f->len == f->total))
		return -1;
	if (!last && f->len < POOL_FRAG_MIN)
		return -1;
	return 0;
}

void pool_frag_encode(u8 out[POOL_FRAG_HDR], const struct pool_frag *f)
{
	pool_put32(out, f->id);
	pool_put16(out + 4, f->offset);
	pool_put16(out + 6, f->total);
}

u16 pool_frag_next(u16 total, u16 offset, u16 room)
{
	u16 left = (u16)(total - offset);

	return left < room ? left : room;
}

struct pool_reasm_slot *pool_reasm_slot(struct pool_reasm *r, u64 owner,
					const struct pool_frag *f, u64 now, void **evicted)
{
	struct pool_reasm_slot *slot, *take = NULL;
	unsigned int i;

	*evicted = NULL;
	for (i = 0; i < POOL_REASM_SLOTS; i++) {
		slot = &r->slots[i];
		if (!slot->total) {
			if (!take || take->total)
				take = slot;
			continue;
		}
		if (slot->owner == owner && slot->id == f->id)
			return slot;
		if (!take || (take->total && slot->touched_ns < take->touched_ns))
			take = slot;
	}
	if (take->total)
		*evicted = pool_reasm_free(take);
	take->owner = owner;
	take->id = f->id;
	take->total = f->total;
	take->have = 0;
	take->n_ranges = 0;
	take->born_ns = now;
	take->touched_ns = now;
	take->memory = NULL;
	take->data = NULL;
	return take;
}

/* Note from <= n < to as there. False: some of it was. */
static bool add_range(struct pool_reasm_slot *slot, u16 from, u16 to)
{
	unsigned int i, n = slot->n_ranges;
	bool left, right;

	/* The first that begins behind it. */
	for (i = 0; i < n && slot->ranges[i].from < from; i++)
		;
	if ((i && slot->ranges[i - 1].to > from) || (i < n && slot->ranges[i].from < to))
		return false;
	left = i && slot->ranges[i - 1].to == from;
	right = i < n && slot->ranges[i].from == to;
	if (left && right) {
		slot->ranges[i - 1].to = slot->ranges[i].to;
		memmove(&slot->ranges[i], &slot->ranges[i + 1],
			(n - i - 1) * sizeof(slot->ranges[0]));
		slot->n_ranges--;
	} else if (left) {
		slot->ranges[i - 1].to = to;
	} else if (right) {
		slot->ranges[i].from = from;
	} else {
		if (n == POOL_REASM_RANGES)
			return false;
		memmove(&slot->ranges[i + 1], &slot->ranges[i], (n - i) * sizeof(slot->ranges[0]));
		slot->ranges[i].from = from;
		slot->ranges[i].to = to;
		slot->n_ranges++;
	}
	return true;
}

enum pool_reasm_verdict pool_reasm_add(struct pool_reasm_slot *slot, const struct pool_frag *f,
				       const u8 *bytes, u64 now, void **memory)
{
	u16 to = (u16)(f->offset + f->len);

	*memory = NULL;
	if (f->total != slot->total || !add_range(slot, f->offset, to)) {
		*memory = pool_reasm_free(slot);
		return POOL_REASM_BAD;
	}
	memcpy(slot->data + f->offset, bytes, f->len);
	slot->have = (u16)(slot->have + f->len);
	slot->touched_ns = now;
	if (slot->have < slot->total)
		return POOL_REASM_MORE;
	*memory = pool_reasm_free(slot);
	return POOL_REASM_DONE;
}

void *pool_reasm_free(struct pool_reasm_slot *slot)
{
	void *memory = slot->memory;

	slot->total = 0;
	slot->memory = NULL;
	slot->data = NULL;
	return memory;
}

void *pool_reasm_expire(struct pool_reasm *r, u64 now, u64 *next_ns)
{
	const u64 limit = POOL_REASM_S * 1000000000ULL;
	unsigned int i;

	*next_ns = ~0ULL;
	for (i = 0; i < POOL_REASM_SLOTS; i++) {
		struct pool_reasm_slot *slot = &r->slots[i];
		u64 age;

		if (!slot->total)
			continue;
		/* It may have begun after the caller looked at the clock. */
		age = now > slot->born_ns ? now - slot->born_ns : 0;
		if (age >= limit)
			return pool_reasm_free(slot);
		if (limit - age < *next_ns)
			*next_ns = limit - age;
	}
	return NULL;
}

void *pool_reasm_void(struct pool_reasm *r, u64 owner, u32 id)
{
	unsigned int i;

	for (i = 0; i < POOL_REASM_SLOTS; i++)
		if (r->slots[i].total && r->slots[i].owner == owner && r->slots[i].id == id)
			return pool_reasm_free(&r->slots[i]);
	return NULL;
}

void *pool_reasm_forget(struct pool_reasm *r, u64 owner, u64 mask)
{
	unsigned int i;

	for (i = 0; i < POOL_REASM_SLOTS; i++)
		if (r->slots[i].total && !((r->slots[i].owner ^ owner) & mask))
			return pool_reasm_free(&r->slots[i]);
	return NULL;
}
