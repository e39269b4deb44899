// SPDX-License-Identifier: GPL-2.0
/*
 * The stack hands us packets that it would have a device cut. Over TCP to a peer that takes
 * them they go as they are: one header, one HMAC and one AEAD for up to 64 KB. What the peer
 * would refuse (proto/segment.c) is cut here, as everything is on other paths.
 */
#include "segment.h"
#include "device.h"
#include "peer.h"
#include "session.h"

#include <linux/skbuff.h>

static int describe(struct pool_segment *m, const struct sk_buff *skb)
{
	unsigned int have = min_t(unsigned int, skb->len, POOL_LARGE_HEADERS);
	u8 copy[POOL_LARGE_HEADERS];
	const u8 *p = skb_header_pointer(skb, 0, have, copy);

	return p ? pool_segment_describe(m, skb_shinfo(skb)->gso_size, p, skb->len) : -1;
}

bool pool_segment_fits(struct pool_session *s, const struct pool_path *path,
		       const struct sk_buff *skb)
{
	/* CWR in all segments (accurate ECN), tunnels and lists of packets are not among them. */
	const unsigned int types = SKB_GSO_TCPV4 | SKB_GSO_TCPV6 | SKB_GSO_UDP_L4 |
				   SKB_GSO_TCP_ECN | SKB_GSO_TCP_FIXEDID | SKB_GSO_DODGY;
	size_t max = READ_ONCE(s->peer->hello.max_plaintext) ?: POOL_MAX_PLAINTEXT;
	unsigned int type = skb_shinfo(skb)->gso_type;
	struct pool_segment m;

	if (!path->ops->is_stream || !READ_ONCE(s->peer_takes_large) || (type & ~types) ||
	    skb->encapsulation || skb->ip_summed != CHECKSUM_PARTIAL ||
	    skb->len + POOL_SEGMENT_HDR > max || describe(&m, skb))
		return false;
	/* To us the headers say it; the stack must mean the same. */
	return m.hdr_len <= skb_headlen(skb) &&
	       skb_checksum_start_offset(skb) == m.csum_start &&
	       skb->csum_offset == m.csum_offset &&
	       !(type & SKB_GSO_UDP_L4) == (m.type != POOL_SEGMENT_UDP);
}

size_t pool_segment_write(const struct sk_buff *skb, u8 *to)
{
	struct pool_segment m;

	WARN_ON_ONCE(describe(&m, skb));	/* it did fit */
	pool_segment_encode(to, &m);
	return POOL_SEGMENT_HDR;
}

/* Headers in the linear part, where the stack looks for them, and the payload in pages. */
static struct sk_buff *alloc(struct net_device *dev, size_t headers, size_t payload)
{
	struct sk_buff *skb;
	int err;

	skb = alloc_skb_with_frags(NET_SKB_PAD + headers, payload, PAGE_ALLOC_COSTLY_ORDER, &err,
				   GFP_KERNEL);
	if (!skb)
		return NULL;
	skb_reserve(skb, NET_SKB_PAD);
	skb_put(skb, headers);
	skb->data_len = payload;
	skb->len += payload;
	skb->dev = dev;
	return skb;
}

bool pool_segment_offered(const struct pool_session *s, u8 channel, const struct pool_path *path)
{
	return channel == POOL_CHANNEL_LARGE && path->ops->is_stream && s->takes_large;
}

u32 pool_segment_take(struct pool_session *s, const u8 *plain, size_t len, struct sk_buff **out)
{
	static const unsigned int types[] = {
		[POOL_SEGMENT_TCPV4] = SKB_GSO_TCPV4,
		[POOL_SEGMENT_TCPV6] = SKB_GSO_TCPV6,
		[POOL_SEGMENT_UDP] = SKB_GSO_UDP_L4,
	};
	const u8 *p = plain + POOL_SEGMENT_HDR;
	struct skb_shared_info *shinfo;
	struct pool_segment m;
	struct sk_buff *skb;

	if (len < POOL_SEGMENT_HDR || pool_segment_decode(&m, plain))
		return POOL_A_DROPS_RX_SEGMENT;
	len -= POOL_SEGMENT_HDR;
	if (pool_segment_check(&m, p, len))
		return POOL_A_DROPS_RX_SEGMENT;

	skb = alloc(s->device->dev, m.hdr_len, len - m.hdr_len);
	if (!skb) {
		pool_overload_note(s->device, 1);
		return POOL_A_DROPS_RX_NO_MEMORY;
	}
	skb_store_bits(skb, 0, p, len);
	skb_partial_csum_set(skb, m.csum_start, m.csum_offset);
	shinfo = skb_shinfo(skb);
	shinfo->gso_size = m.size;
	shinfo->gso_segs = pool_segment_count(&m, len);
	/* As from any guest: whoever takes it looks once more. */
	shinfo->gso_type = types[m.type & ~POOL_SEGMENT_ECN] | SKB_GSO_DODGY;
	if (m.type & POOL_SEGMENT_ECN)
		shinfo->gso_type |= SKB_GSO_TCP_ECN;
	*out = skb;
	return 0;
}
