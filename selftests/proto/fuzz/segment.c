// SPDX-License-Identifier: GPL-2.0
/*
 * Metadata and packet of channel 1: what is taken is cut into segments here, by what the
 * metadata says alone, as a stack would, and must be what the packet says.
 */
#include "fuzz.h"

enum { TAIL = 400 };	/* of a packet whose end the input does not have */

static const u8 tcp4[] = {
	1, 1, 0, 88, 0, 40, 0, 20, 0, 16, 0, 0,
	0x45, 0, 1, 0, 0, 1, 0x40, 0, 64, 6, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2,
	0, 80, 0, 80, 0, 0, 0, 1, 0, 0, 0, 1, 0x50, 0x10, 1, 0, 0, 0, 0, 6,
};

static const u8 udp6[] = {
	5, 1, 0, 100, 0, 48, 0, 40, 0, 6, 0, 0,
	0x60, 0, 0, 0, 1, 0, 17, 64,
	0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1,
	0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2,
	0, 80, 0, 80, 1, 0, 0, 6,
};

static volatile u8 sink;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	fuzz_seed("tcp4", tcp4, sizeof(tcp4));
	fuzz_seed("udp6", udp6, sizeof(udp6));
	return 0;
}

/* Lengths and the sum are often wrong, and then nothing else is seen: put them right. */
static void repair(u8 *p, size_t len, bool lengths, bool sums)
{
	bool v6 = p[0] >> 4 == 6;
	size_t start = v6 ? 40 : (size_t)(p[0] & 0xf) * 4, at;
	u8 protocol = p[v6 ? 6 : 9];
	const u8 *a = p + (v6 ? 8 : 12);
	u32 sum = protocol, i;

	at = start + (protocol == 6 ? 16 : 6);
	if (len < at + 2)
		return;
	if (lengths)
		pool_put16(p + (v6 ? 4 : 2), (u16)(len - (v6 ? 40 : 0)));
	if (lengths && protocol == 17)
		pool_put16(p + start + 4, (u16)(len - start));
	if (!sums)
		return;
	sum += (u32)(len - start);
	for (i = 0; i < (v6 ? 32 : 8); i += 2)
		sum += pool_get16(a + i);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	pool_put16(p + at, (u16)sum);
}

static void cut(const struct pool_segment *m, const u8 *p, size_t len)
{
	size_t done = 0, payload = len - m->hdr_len, n = 0;
	const u8 *t = p + m->csum_start;

	MUST(m->hdr_len < len && m->size >= POOL_SEGMENT_MIN && len <= POOL_LARGE_MAX);
	MUST(m->csum_start + m->csum_offset + 2 <= m->hdr_len && m->hdr_len <= POOL_LARGE_HEADERS);
	MUST(p[0] >> 4 == 6 ? m->csum_start == 40 : m->csum_start == (p[0] & 0xf) * 4);
	if ((m->type & 0x7f) == POOL_SEGMENT_UDP)
		MUST(m->hdr_len - m->csum_start == 8 && pool_get16(t + 4) == payload + 8);
	else
		MUST((t[12] >> 4) * 4 == m->hdr_len - m->csum_start && !(t[13] & 0x26));
	for (; done < payload; n++) {
		size_t part = payload - done < m->size ? payload - done : m->size;

		/* The last byte of it is read, where the sanitizer sees it. */
		sink += p[m->hdr_len + done + part - 1];
		done += part;
	}
	MUST(n == pool_segment_count(m, len) && n >= 2 && n <= POOL_SEGMENTS_MAX);
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	u8 back[POOL_SEGMENT_HDR], *p, *head;
	struct pool_segment m, own;
	size_t len, have;
	bool whole;

	if (size < POOL_SEGMENT_HDR + 1)
		return 0;
	whole = data[size - 1] & 1;
	len = size - POOL_SEGMENT_HDR + (whole ? 0 : TAIL);
	p = calloc(1, len);
	MUST(p);
	memcpy(p, data + POOL_SEGMENT_HDR, size - POOL_SEGMENT_HDR);
	if (len >= 40)
		repair(p, len, data[size - 1] & 2, data[size - 1] & 4);

	if (!pool_segment_decode(&m, data)) {
		pool_segment_encode(back, &m);
		MUST(!memcmp(back, data, sizeof(back)));
		/* It looks at no more than this. */
		have = len < POOL_LARGE_HEADERS ? len : POOL_LARGE_HEADERS;
		head = fuzz_copy(p, have);
		if (!pool_segment_check(&m, head, len)) {
			cut(&m, p, len);
			MUST(!pool_segment_describe(&own, m.size, head, len));
			MUST(!memcmp(&own, &m, sizeof(m)));
		}
		free(head);
	}
	free(p);
	return 0;
}
