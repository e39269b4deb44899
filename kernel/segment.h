/* SPDX-License-Identifier: GPL-2.0 */
/* Large packets, which travel whole and are cut behind the other end (spec section 6.18). */
#ifndef _POOL_SEGMENT_H
#define _POOL_SEGMENT_H

#include <linux/types.h>

#include "proto/segment.h"

enum { POOL_CHANNEL_LARGE = 1 };

struct pool_path;
struct pool_session;
struct sk_buff;

/* May @skb, a GSO packet of the stack, go to the peer whole? */
bool pool_segment_fits(struct pool_session *s, const struct pool_path *path,
		       const struct sk_buff *skb);
/* The metadata of one that may, to stand before it; returns their length. */
size_t pool_segment_write(const struct sk_buff *skb, u8 *to);
/* May DATA on @channel, which is not 0, come on @path? */
bool pool_segment_offered(const struct pool_session *s, u8 channel, const struct pool_path *path);
/*
 * The plaintext of DATA on channel 1, as a GSO packet in *@out that the stack can have. A drop
 * reason or 0. Process context.
 */
u32 pool_segment_take(struct pool_session *s, const u8 *plain, size_t len, struct sk_buff **out);

#endif /* _POOL_SEGMENT_H */
