/* SPDX-License-Identifier: GPL-2.0 */
/* From what the user asks for to messages to the kernel. */
#ifndef _POOL_LIB_APPLY_H
#define _POOL_LIB_APPLY_H

#include "config.h"
#include "nl.h"
#include "state.h"

/* How a whole file is brought to the device. */
enum sync_mode {
	SYNC_FRESH,	/* every session begins anew */
	SYNC_KEEP,	/* what stays the same is not touched */
};

/* What has to go before the rest comes. */
struct sync_plan {
	u8 (*remove)[POOL_KEY_LEN];
	size_t n_remove;
};

/*
 * Make @c, which is all that a device shall be, into the changes that lead
 * there from @now: what the file does not name gets its default, but keys
 * stay; what is so already is left out. @now has its peers, without sessions.
 */
int sync_make(struct config *c, const struct device_state *now, enum sync_mode mode,
	      struct sync_plan *plan, struct err *e);
void sync_free(struct sync_plan *plan);

/* Where the lines go that apply() has to say on its way. */
struct apply_out {
	void (*tell)(const char *text);	/* a peer was refused */
	void (*warn)(const char *text);	/* it was done, and the kernel has doubts */
};

/*
 * Send. First the device, and nothing else if the kernel refuses that; then
 * the removals of @plan (may be NULL), then the peers. A peer that is refused
 * does not hold up the others: @out is told of each, up to a number, and -1
 * comes back with a summary in @e.
 */
int apply(struct nl *nl, const struct nl_dev *dev, struct config *c,
	  const struct sync_plan *plan, const struct apply_out *out, struct err *e);

/* "auto" as a prefix: the IPv6 address of the peer with @key. */
void apply_auto_prefix(struct cidr *out, const u8 key[POOL_KEY_LEN], u64 organisation,
		       u64 segment);

#endif /* _POOL_LIB_APPLY_H */
