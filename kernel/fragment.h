/* SPDX-License-Identifier: GPL-2.0 */
/* Incomplete messages of a peer (spec section 6.17). */
#ifndef _POOL_FRAGMENT_H
#define _POOL_FRAGMENT_H

#include <linux/mutex.h>
#include <linux/types.h>

struct pool_epoch;
struct pool_peer;
struct pool_reasm;
struct pool_session;
struct sk_buff;

struct pool_fragments {
	struct mutex lock;		/* of slots */
	struct pool_reasm *slots;	/* NULL while no message waits; lock, WRITE_ONCE */
};

/*
 * An authentic fragment, @plain of @len bytes. A drop reason or 0, and then the whole message in
 * *@out, or NULL: it is not complete. Process context.
 */
u32 pool_fragment_take(struct pool_session *s, struct pool_epoch *epoch, bool last, u8 ecn,
		       const u8 *plain, size_t len, struct sk_buff **out);
/* The ECN field it was received with: that of a fragment marked, if one was. */
u8 pool_fragment_ecn(const struct sk_buff *skb);
/* Give up what has waited too long; ns until it wants to be called again. */
u64 pool_fragment_tick(struct pool_peer *peer, u64 now);
/* The session ends. */
void pool_fragment_forget(struct pool_session *s);
/* A peer's, zeroed before. */
void pool_fragments_setup(struct pool_fragments *f);
void pool_fragments_free(struct pool_fragments *f);

/* Of the module. */
int pool_fragment_init(void);
void pool_fragment_exit(void);

#endif /* _POOL_FRAGMENT_H */
