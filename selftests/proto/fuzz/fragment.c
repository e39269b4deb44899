// SPDX-License-Identifier: GPL-2.0
/* Fragments: any series of them, at any time; what is complete was given, all memory comes back. */
#include "fuzz.h"

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	static const u8 whole[] = { 2, 0, 0, 1, 0, 0, 0, 0, 1 };
	static const u8 two[] = { 0, 1, 44, 1, 0, 0, 2, 88, 1, 2, 1, 44, 1, 1, 44, 2, 88, 1 };

	(void)argc;
	(void)argv;
	fuzz_seed("whole", whole, sizeof(whole));
	fuzz_seed("two", two, sizeof(two));
	return 0;
}

/* The byte that every message has at @at: any two fragments agree. */
static u8 content(u32 id, size_t at)
{
	return (u8)(at * 7 + (at >> 8) + id);
}

static void give(struct pool_reasm *r, u64 owner, const struct pool_frag *f, const u8 *bytes,
		 u64 now)
{
	struct pool_reasm_slot *slot;
	enum pool_reasm_verdict ret;
	void *memory;
	size_t i;

	slot = pool_reasm_slot(r, owner, f, now, &memory);
	free(memory);
	if (!slot->memory) {
		slot->memory = malloc(f->total);
		MUST(slot->memory);
		slot->data = slot->memory;
	}
	ret = pool_reasm_add(slot, f, bytes, now, &memory);
	MUST((ret == POOL_REASM_MORE) == !memory);
	if (ret == POOL_REASM_MORE)
		MUST(slot->n_ranges <= POOL_REASM_RANGES && slot->have < f->total);
	if (ret == POOL_REASM_DONE)
		for (i = 0; i < f->total; i++)
			MUST(((u8 *)memory)[i] == content(f->id, i));
	free(memory);
}

/* Nine bytes each: what happens, length, id, offset, total, and how much later. */
int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	static struct pool_reasm r;
	struct pool_frag f, head;
	u64 now = 0, next, owner;
	size_t len, i;
	u8 *plain;
	void *memory;

	if (!pool_frag_decode(&f, size & 1, data, size))
		MUST(f.len && f.offset + f.len <= f.total);
	for (; size >= 9; data += 9, size -= 9) {
		len = pool_get16(data + 1);
		owner = data[0] >> 6;
		head = (struct pool_frag){ .id = data[3], .offset = pool_get16(data + 4),
					   .total = pool_get16(data + 6) };
		now += (u64)data[8] << 24;
		plain = malloc(POOL_FRAG_HDR + len);
		MUST(plain);
		pool_frag_encode(plain, &head);
		/* 2: as long as it takes to the end */
		if (data[0] & 2 && head.total > head.offset &&
		    (size_t)(head.total - head.offset) < len)
			len = head.total - head.offset;
		for (i = 0; i < len; i++)
			plain[POOL_FRAG_HDR + i] = content(head.id, head.offset + i);
		if (data[0] & 4)
			while ((memory = pool_reasm_expire(&r, now, &next)))
				free(memory);
		if (data[0] & 8)
			free(pool_reasm_forget(&r, owner, data[0] & 16 ? 1 : 3));
		if (!pool_frag_decode(&f, head.offset + len == head.total, plain,
				      POOL_FRAG_HDR + len))
			give(&r, owner, &f, plain + POOL_FRAG_HDR, now);
		else
			free(pool_reasm_void(&r, owner, head.id));
		free(plain);
	}
	while ((memory = pool_reasm_forget(&r, 0, 0)))
		free(memory);
	for (i = 0; i < POOL_REASM_SLOTS; i++)
		MUST(!r.slots[i].total && !r.slots[i].memory);
	return 0;
}
