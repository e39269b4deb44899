// SPDX-License-Identifier: GPL-2.0
/* Channel 1: metadata of large packets, each rule of spec section 6.18 by itself. */
#include "test.h"

enum {
	LONGEST = POOL_LARGE_MAX,
	OPTIONS = 12,		/* bytes of options, where there are some */
};

static u8 packet[LONGEST + 100];

static u32 sum_of(const u8 *p, size_t len)
{
	u32 sum = 0;

	for (; len > 1; len -= 2, p += 2)
		sum += (u32)(p[0] << 8 | p[1]);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

struct shape {
	bool v6, udp, options;
	u8 tcp_flags;
	size_t payload;
	u16 size;
};

static size_t ip_len(const struct shape *s)
{
	return s->v6 ? 40 : 20 + (s->options ? OPTIONS : 0);
}

/* The packet, with the pseudo-header's sum in place of its checksum; its length. */
static size_t build(const struct shape *s)
{
	size_t ip = ip_len(s), th = s->udp ? 8 : 20 + (s->options ? OPTIONS : 0);
	size_t len = ip + th + s->payload;
	u8 *p = packet, *t = p + ip, pseudo[36] = { 0 };
	u64 rng = 7;

	assert_true(len <= sizeof(packet));
	test_fill(p, len, &rng);
	if (s->v6) {
		p[0] = 0x60;
		pool_put16(p + 4, (u16)(len - 40));
		p[6] = s->udp ? 17 : 6;
		memcpy(pseudo, p + 8, 32);
	} else {
		p[0] = (u8)(0x40 | ip / 4);
		pool_put16(p + 2, (u16)len);
		pool_put16(p + 6, 0x4000);
		p[9] = s->udp ? 17 : 6;
		memcpy(pseudo, p + 12, 8);
	}
	if (s->udp) {
		pool_put16(t + 4, (u16)(len - ip));
	} else {
		t[12] = (u8)(th / 4 << 4);
		t[13] = s->tcp_flags;
	}
	pool_put16(pseudo + 32, (u16)(s->udp ? 17 : 6));
	pool_put16(pseudo + 34, (u16)(len - ip));
	pool_put16(t + (s->udp ? 6 : 16), (u16)sum_of(pseudo, sizeof(pseudo)));
	return len;
}

/* What the metadata has to be, said once more in other words. */
static struct pool_segment meta(const struct shape *s)
{
	struct pool_segment m = { .flags = 1, .size = s->size };

	m.type = s->udp ? 5 : s->v6 ? 4 : 1;
	if (!s->udp && (s->tcp_flags & 0x80))
		m.type |= 0x80;
	m.csum_start = (u16)ip_len(s);
	m.csum_offset = s->udp ? 6 : 16;
	m.hdr_len = (u16)(m.csum_start + (s->udp ? 8 : 20 + (s->options ? OPTIONS : 0)));
	return m;
}

/* In memory of just the bytes that may be looked at. */
static int check_at(const struct pool_segment *m, size_t len)
{
	size_t have = len < POOL_LARGE_HEADERS ? len : POOL_LARGE_HEADERS;
	u8 *copy = malloc(have ?: 1);
	int ret;

	assert_non_null(copy);
	memcpy(copy, packet, have);
	ret = pool_segment_check(m, copy, len);
	free(copy);
	return ret;
}

static const struct shape tcp4 = { .payload = 4000, .size = 1304, .tcp_flags = 0x18 };
static const struct shape tcp6 = { .v6 = true, .payload = 4000, .size = 1304, .tcp_flags = 0x10 };
static const struct shape udp4 = { .udp = true, .payload = 4000, .size = 1304 };
static const struct shape udp6 = { .v6 = true, .udp = true, .payload = 4000, .size = 1304 };
static const struct shape *all[] = { &tcp4, &tcp6, &udp4, &udp6 };

static void sound(void **state)
{
	unsigned int i;

	(void)state;
	for (i = 0; i < 4 * 2 * 2; i++) {
		struct shape s = *all[i % 4];
		struct pool_segment m, own;
		size_t len;

		s.options = i & 4;
		if (i & 8)
			s.tcp_flags |= 0x81;	/* CWR and FIN */
		len = build(&s);
		m = meta(&s);
		assert_int_equal(check_at(&m, len), 0);
		assert_int_equal(pool_segment_describe(&own, s.size, packet, len), 0);
		assert_memory_equal(&own, &m, sizeof(m));
		assert_int_equal(pool_segment_count(&m, len), 4);
	}
}

/* Every bit of the metadata that is not the size, and every change of a field. */
static void every_bit(void **state)
{
	u8 bytes[POOL_SEGMENT_HDR];
	struct pool_segment m;
	unsigned int i, bit;
	size_t len;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(all); i++) {
		len = build(all[i]);
		m = meta(all[i]);
		pool_segment_encode(bytes, &m);
		for (bit = 0; bit < POOL_SEGMENT_HDR * 8; bit++) {
			struct pool_segment got;
			int ret;

			if (bit / 8 == 2 || bit / 8 == 3)
				continue;
			bytes[bit / 8] ^= (u8)(1 << bit % 8);
			ret = pool_segment_decode(&got, bytes);
			assert_int_equal(ret, bit / 8 >= 10 ? -1 : 0);
			if (!ret)
				assert_int_equal(check_at(&got, len), -1);
			bytes[bit / 8] ^= (u8)(1 << bit % 8);
		}
		assert_int_equal(pool_segment_decode(&m, bytes), 0);
		assert_int_equal(check_at(&m, len), 0);
	}
}

static int sized(struct shape s, size_t payload, u16 size)
{
	struct pool_segment m;
	size_t len;

	s.payload = payload;
	s.size = size;
	len = build(&s);
	m = meta(&s);
	return check_at(&m, len);
}

static void sizes(void **state)
{
	unsigned int i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(all); i++) {
		size_t most = LONGEST - meta(all[i]).hdr_len;

		assert_int_equal(sized(*all[i], 89, 88), 0);
		assert_int_equal(sized(*all[i], 88, 88), -1);	/* one segment */
		assert_int_equal(sized(*all[i], 400, 87), -1);
		assert_int_equal(sized(*all[i], 400, 1), -1);
		assert_int_equal(sized(*all[i], 400, 0), -1);
		assert_int_equal(sized(*all[i], 400, 399), 0);
		assert_int_equal(sized(*all[i], 400, 400), -1);
		assert_int_equal(sized(*all[i], 400, 65535), -1);
		assert_int_equal(sized(*all[i], 0, 88), -1);
		assert_int_equal(sized(*all[i], 128 * 88, 88), 0);
		assert_int_equal(sized(*all[i], 128 * 88 + 1, 88), -1);
		assert_int_equal(sized(*all[i], most, 1304), 0);
		assert_int_equal(sized(*all[i], most, (u16)(most - 1)), 0);
		assert_int_equal(sized(*all[i], most + 1, 1304), -1);
	}
}

static void put8(size_t at, u8 value, const struct shape *s, const char *what)
{
	struct pool_segment m = meta(s);
	size_t len = build(s);
	u8 was = packet[at];

	packet[at] = value;
	if (check_at(&m, len) != -1)
		fail_msg("%s: taken", what);
	packet[at] = was;
	assert_int_equal(check_at(&m, len), 0);
}

static void ip(void **state)
{
	unsigned int i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(all); i++) {
		const struct shape *s = all[i];

		put8(0, 0x55, s, "version 5");
		put8(0, s->v6 ? 0x45 : 0x60, s, "the other version");
		put8(s->v6 ? 6 : 9, s->udp ? 6 : 17, s, "the other protocol");
		put8(s->v6 ? 6 : 9, 1, s, "ICMP");
		put8(s->v6 ? 6 : 9, 41, s, "a tunnel");
		put8(s->v6 ? 6 : 9, 0, s, "protocol 0, hop-by-hop options");
		put8(s->v6 ? 5 : 3, 1, s, "another length");
		put8(s->v6 ? 4 : 2, 0xff, s, "beyond the end");
		if (s->v6) {
			put8(6, 43, s, "routing header");
			put8(6, 44, s, "fragment header");
			put8(6, 60, s, "destination options");
		} else {
			put8(0, 0x44, s, "a header of 16 bytes");
			put8(0, 0x46, s, "a longer header");
			put8(0, 0x4f, s, "the longest header");
			put8(6, 0x60, s, "more fragments");
			put8(6, 0x50, s, "an offset");
			put8(7, 0x01, s, "offset 8");
		}
	}
}

static void transport(void **state)
{
	unsigned int i, bit;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(all); i++) {
		const struct shape *s = all[i];
		size_t t = ip_len(s);
		struct shape flags = *s;

		if (s->udp) {
			put8(t + 5, 0, s, "another length");
			put8(t + 4, 0, s, "a length of less than a header");
			put8(t + 7, (u8)(packet[t + 7] + 1), s, "another sum");
			continue;
		}
		put8(t + 12, 0x40, s, "a header of 16 bytes");
		put8(t + 12, 0x60, s, "a longer header");
		put8(t + 13, 0x90, s, "CWR without 0x80");
		for (bit = 0; bit < 8; bit++) {
			struct pool_segment m;
			bool bad = bit == 1 || bit == 2 || bit == 5;	/* SYN, RST, URG */
			size_t len;

			flags.tcp_flags = (u8)(1 << bit);
			len = build(&flags);
			m = meta(&flags);
			assert_int_equal(check_at(&m, len), bad ? -1 : 0);
		}
	}
}

/* Headers that say they are shorter than they can be, and all the rest agrees with them. */
static void short_headers(void **state)
{
	unsigned int words, v6, udp;

	(void)state;
	for (words = 0; words < 5; words++) {
		for (udp = 0; udp < 2; udp++) {
			struct shape s = { .udp = udp, .payload = 1000, .size = 200 };
			size_t len = build(&s), start = words * 4;
			u8 *t = packet + start;
			struct pool_segment m;
			u32 sum;

			packet[0] = (u8)(0x40 | words);
			if (udp) {
				pool_put16(t + 4, (u16)(len - start));
			} else {
				t[12] = 0x50;
				t[13] = 0x10;
			}
			packet[0] = (u8)(0x40 | words);	/* where t is there too */
			packet[9] = udp ? 17 : 6;
			pool_put16(packet + 2, (u16)len);
			pool_put16(packet + 6, 0);
			pool_put16(t + (udp ? 6 : 16), 0);
			sum = sum_of(packet + 12, 8) + packet[9] + (u32)(len - start);
			pool_put16(t + (udp ? 6 : 16), (u16)((sum & 0xffff) + (sum >> 16)));
			assert_int_equal(pool_segment_describe(&m, s.size, packet, len), -1);
		}
		for (v6 = 0; v6 < 2; v6++) {
			struct shape s = { .v6 = v6, .payload = 1000, .size = 200, .tcp_flags = 0x10 };
			size_t len = build(&s);
			struct pool_segment m;

			packet[ip_len(&s) + 12] = (u8)(words << 4);
			assert_int_equal(pool_segment_describe(&m, s.size, packet, len), -1);
			packet[ip_len(&s) + 12] = 0x50;
			assert_int_equal(pool_segment_describe(&m, s.size, packet, len), 0);
		}
	}
}

/* Both ways to write zero, and nothing else. */
static void sum(void **state)
{
	unsigned int i, n;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(all); i++) {
		struct shape s = *all[i];
		struct pool_segment m = meta(&s);
		size_t len = build(&s), at = m.csum_start + m.csum_offset;
		u16 good = pool_get16(packet + at), low;
		u8 *address = packet + (s.v6 ? 8 : 12);

		for (n = 0; n < 0x10000; n++) {
			pool_put16(packet + at, (u16)n);
			if (check_at(&m, len) != (n == good ? 0 : -1))
				fail_msg("%04x, and %04x is right", n, good);
		}
		/* An address for which the sum is 0xffff. */
		low = pool_get16(address + 2);
		pool_put16(address + 2, (u16)((low + 0xffff - good) % 0xffff));
		pool_put16(packet + at, 0xffff);
		assert_int_equal(check_at(&m, len), 0);
		pool_put16(packet + at, 0);
		assert_int_equal(check_at(&m, len), 0);
		pool_put16(packet + at, 1);
		assert_int_equal(check_at(&m, len), -1);
	}
}

/* Cut anywhere: never a byte beyond what is there. */
static void cut_short(void **state)
{
	unsigned int i;
	size_t len;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(all); i++) {
		struct pool_segment m = meta(all[i]);

		build(all[i]);
		for (len = 0; len < 200; len++) {
			if (all[i]->v6)
				pool_put16(packet + 4, (u16)(len < 40 ? 0 : len - 40));
			else
				pool_put16(packet + 2, (u16)len);
			assert_int_equal(check_at(&m, len), -1);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sound),
		cmocka_unit_test(every_bit),
		cmocka_unit_test(sizes),
		cmocka_unit_test(ip),
		cmocka_unit_test(transport),
		cmocka_unit_test(short_headers),
		cmocka_unit_test(sum),
		cmocka_unit_test(cut_short),
	};

	return cmocka_run_group_tests_name("segment", tests, NULL, NULL);
}
