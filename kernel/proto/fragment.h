/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Fragments of messages that are longer than the path takes, and what puts them
 * together again (spec section 6.17). No allocation: the caller gives and
 * takes back the memory that messages stand in. No lock: the caller has one.
 */
#ifndef _POOL_PROTO_FRAGMENT_H
#define _POOL_PROTO_FRAGMENT_H

#include "types.h"

enum pool_fragment_limits {
	POOL_FRAG_HDR = 8,	/* in front of the bytes of each fragment */
	POOL_FRAG_MIN = 256,	/* bytes of all but the last */
	POOL_FRAGS_MAX = 256,	/* of one message */
	POOL_REASM_SLOTS = 16,	/* incomplete messages of one peer */
	POOL_REASM_RANGES = 129,	/* 256 fragments, every second one missing */
	POOL_REASM_S = 5,
};

struct pool_frag {
	u32 id;
	u16 offset, total, len;
	bool last;
};

/*
 * @plain: plaintext of a DATA packet with FRAGMENT, @len bytes; @last: it has LAST_FRAG.
 * 0, or -1 when it breaks a rule by itself. Its bytes begin at plain + POOL_FRAG_HDR.
 */
int pool_frag_decode(struct pool_frag *f, bool last, const u8 *plain, size_t len);
void pool_frag_encode(u8 out[POOL_FRAG_HDR], const struct pool_frag *f);
/*
 * The fragment of a message of @total bytes that begins at @offset, where a fragment
 * takes @room bytes of the message (at least POOL_FRAG_MIN): its length. All but the
 * last are full, so no rule is broken.
 */
u16 pool_frag_next(u16 total, u16 offset, u16 room);

struct pool_reasm_slot {
	u64 owner;		/* of the caller: session and epoch */
	u32 id;
	u16 total, have;	/* bytes; total 0: the slot is free */
	u16 n_ranges;
	u64 born_ns, touched_ns;
	void *memory;		/* of the caller */
	u8 *data;		/* total bytes in it */
	struct {
		u16 from, to;	/* bytes that are there: from <= n < to; sorted, not adjacent */
	} ranges[POOL_REASM_RANGES];
};

struct pool_reasm {
	struct pool_reasm_slot slots[POOL_REASM_SLOTS];
};

enum pool_reasm_verdict {
	POOL_REASM_MORE,	/* taken; the message is not complete */
	POOL_REASM_DONE,	/* complete: the slot's memory is the caller's, the slot free */
	POOL_REASM_BAD,		/* overlap or another total: the same, and the message is void */
};

/*
 * The slot of the fragment's message; a free one where there is none yet, with memory NULL
 * for the caller to fill in (memory and data) before pool_reasm_add(), or to leave so and
 * call pool_reasm_free(). When all are taken the one that was touched longest ago
 * is emptied: *@evicted is its memory then, else NULL.
 */
struct pool_reasm_slot *pool_reasm_slot(struct pool_reasm *r, u64 owner,
					const struct pool_frag *f, u64 now, void **evicted);
/* *@memory: what DONE and BAD give back. @bytes: f->len of them. */
enum pool_reasm_verdict pool_reasm_add(struct pool_reasm_slot *slot, const struct pool_frag *f,
				       const u8 *bytes, u64 now, void **memory);
/* Empty a slot; its memory. */
void *pool_reasm_free(struct pool_reasm_slot *slot);
/*
 * The memory of one message that is POOL_REASM_S old, its slot free now; or NULL, and then
 * *@next_ns is how long until there may be one (U64_MAX: none waits).
 */
void *pool_reasm_expire(struct pool_reasm *r, u64 now, u64 *next_ns);
/* The memory of the message @id of @owner, its slot free now; or NULL. */
void *pool_reasm_void(struct pool_reasm *r, u64 owner, u32 id);
/* The memory of one message of @owner (all bits of @mask equal), its slot free now; or NULL. */
void *pool_reasm_forget(struct pool_reasm *r, u64 owner, u64 mask);

#endif /* _POOL_PROTO_FRAGMENT_H */
