/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Channel 1: one large IP packet behind the metadata by which it is to be cut into
 * segments (spec section 6.18). But for the size of a segment the metadata says nothing
 * that the packet's own headers do not, so it is never believed: it is computed from
 * them, and compared.
 */
#ifndef _POOL_PROTO_SEGMENT_H
#define _POOL_PROTO_SEGMENT_H

#include "types.h"

enum pool_segment_limits {
	POOL_SEGMENT_HDR = 12,		/* metadata in front of the packet */
	POOL_LARGE_MAX = 65507,		/* bytes of the packet */
	POOL_LARGE_HEADERS = 120,	/* the most its IP and TCP headers take */
	POOL_SEGMENTS_MAX = 128,
	POOL_SEGMENT_MIN = 88,		/* bytes of payload in all segments but the last */
};

/* Types and flags are those of struct virtio_net_hdr. */
enum pool_segment_type {
	POOL_SEGMENT_TCPV4 = 1,
	POOL_SEGMENT_TCPV6 = 4,
	POOL_SEGMENT_UDP = 5,
	POOL_SEGMENT_ECN = 0x80,	/* with TCP: CWR is for the first segment alone */
};

enum pool_segment_flags {
	POOL_SEGMENT_CSUM = 1,		/* the checksum is still to be computed */
};

struct pool_segment {
	u8 type, flags;
	u16 size;
	u16 hdr_len;			/* IP and TCP or UDP header */
	u16 csum_start, csum_offset;
};

/* @plain has at least POOL_SEGMENT_HDR bytes. -1: what must be zero is not. */
int pool_segment_decode(struct pool_segment *m, const u8 *plain);
void pool_segment_encode(u8 out[POOL_SEGMENT_HDR], const struct pool_segment *m);

/*
 * @p: the first bytes of a packet of @len, POOL_LARGE_HEADERS of them or all there are.
 *
 * pool_segment_describe: the metadata by which it is cut every @size bytes of payload.
 * pool_segment_check: is @m that? Both return 0, or -1: a packet that does not go on channel 1.
 */
int pool_segment_describe(struct pool_segment *m, u16 size, const u8 *p, size_t len);
int pool_segment_check(const struct pool_segment *m, const u8 *p, size_t len);

/* Segments that a packet of @len bytes becomes. */
static inline u16 pool_segment_count(const struct pool_segment *m, size_t len)
{
	return (u16)((len - m->hdr_len + m->size - 1) / m->size);
}

#endif /* _POOL_PROTO_SEGMENT_H */
