// SPDX-License-Identifier: GPL-2.0
#include "segment.h"

enum {
	IPV4_HDR = 20,
	IPV4_FRAGMENT = 0x3fff,		/* more fragments, or an offset */
	IPV6_HDR = 40,
	PROTO_TCP = 6,
	PROTO_UDP = 17,
	TCP_HDR = 20,
	TCP_CSUM = 16,
	TCP_SYN = 0x02,
	TCP_RST = 0x04,
	TCP_URG = 0x20,
	TCP_CWR = 0x80,
	UDP_HDR = 8,
	UDP_CSUM = 6,
};

int pool_segment_decode(struct pool_segment *m, const u8 *plain)
{
	m->type = plain[0];
	m->flags = plain[1];
	m->size = pool_get16(plain + 2);
	m->hdr_len = pool_get16(plain + 4);
	m->csum_start = pool_get16(plain + 6);
	m->csum_offset = pool_get16(plain + 8);
	return pool_get16(plain + 10) ? -1 : 0;
}

void pool_segment_encode(u8 out[POOL_SEGMENT_HDR], const struct pool_segment *m)
{
	out[0] = m->type;
	out[1] = m->flags;
	pool_put16(out + 2, m->size);
	pool_put16(out + 4, m->hdr_len);
	pool_put16(out + 6, m->csum_start);
	pool_put16(out + 8, m->csum_offset);
	pool_put16(out + 10, 0);
}

/* An even number of bytes; not folded. */
static u32 sum16(const u8 *p, size_t len)
{
	u32 sum = 0;

	for (; len; len -= 2, p += 2)
		sum += pool_get16(p);
	return sum;
}

/* From @start on: a TCP header that every segment can have a copy of. */
static int describe_tcp(struct pool_segment *m, const u8 *p, size_t len, size_t start)
{
	size_t hdr;

	if (len < start + TCP_HDR)
		return -1;
	hdr = (p[start + 12] >> 4) * 4;
	if (hdr < TCP_HDR || (p[start + 13] & (TCP_SYN | TCP_RST | TCP_URG)))
		return -1;
	m->type = p[0] >> 4 == 4 ? POOL_SEGMENT_TCPV4 : POOL_SEGMENT_TCPV6;
	if (p[start + 13] & TCP_CWR)
		m->type |= POOL_SEGMENT_ECN;
	m->hdr_len = (u16)(start + hdr);
	m->csum_offset = TCP_CSUM;
	return 0;
}

static int describe_udp(struct pool_segment *m, const u8 *p, size_t len, size_t start)
{
	if (len < start + UDP_HDR || pool_get16(p + start + 4) != len - start)
		return -1;
	m->type = POOL_SEGMENT_UDP;
	m->hdr_len = (u16)(start + UDP_HDR);
	m->csum_offset = UDP_CSUM;
	return 0;
}

int pool_segment_describe(struct pool_segment *m, u16 size, const u8 *p, size_t len)
{
	size_t start, segments;
	u8 protocol;
	u32 sum;

	if (len < IPV4_HDR || len > POOL_LARGE_MAX)
		return -1;
	if (p[0] >> 4 == 4) {
		start = (p[0] & 0xf) * 4;
		if (start < IPV4_HDR || pool_get16(p + 2) != len ||
		    (pool_get16(p + 6) & IPV4_FRAGMENT))
			return -1;
		protocol = p[9];
		sum = sum16(p + 12, 8);
	} else if (p[0] >> 4 == 6 && len >= IPV6_HDR) {
		start = IPV6_HDR;
		if (pool_get16(p + 4) != len - IPV6_HDR)
			return -1;
		protocol = p[6];	/* no extension headers */
		sum = sum16(p + 8, 32);
	} else {
		return -1;
	}
	if (protocol == PROTO_TCP ? describe_tcp(m, p, len, start) :
	    protocol == PROTO_UDP ? describe_udp(m, p, len, start) : -1)
		return -1;
	m->flags = POOL_SEGMENT_CSUM;
	m->size = size;
	m->csum_start = (u16)start;

	/* In place of the checksum stands what the rest is added to: the pseudo-header's sum. */
	sum += protocol + (u32)(len - start);
	if (pool_get16(p + start + m->csum_offset) % 0xffff != sum % 0xffff)
		return -1;
	if (size < POOL_SEGMENT_MIN || len <= m->hdr_len)
		return -1;
	segments = pool_segment_count(m, len);
	return segments < 2 || segments > POOL_SEGMENTS_MAX ? -1 : 0;
}

int pool_segment_check(const struct pool_segment *m, const u8 *p, size_t len)
{
	struct pool_segment own;

	if (pool_segment_describe(&own, m->size, p, len))
		return -1;
	return own.type != m->type || own.flags != m->flags || own.hdr_len != m->hdr_len ||
	       own.csum_start != m->csum_start || own.csum_offset != m->csum_offset ? -1 : 0;
}
