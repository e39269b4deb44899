/* SPDX-License-Identifier: GPL-2.0 */
/* What the unit tests share. */
#ifndef _POOL_TEST_H
#define _POOL_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "../../userspace/lib/crypto.h"
#include "../../kernel/proto/fragment.h"
#include "../../kernel/proto/handshake_common.h"
#include "../../kernel/proto/mtu.h"
#include "../../kernel/proto/replay.h"
#include "../../kernel/proto/segment.h"
#include "../../kernel/proto/telemetry.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

static inline int hex_nibble(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Bytes written, or -1 when @text is not lower-case hex of at most @room bytes. */
static inline long hex_bytes(u8 *out, size_t room, const char *text)
{
	size_t n = strlen(text), i;

	if (n % 2 || n / 2 > room)
		return -1;
	for (i = 0; i < n; i += 2) {
		int hi = hex_nibble(text[i]), lo = hex_nibble(text[i + 1]);

		if (hi < 0 || lo < 0)
			return -1;
		out[i / 2] = (u8)(hi << 4 | lo);
	}
	return (long)(n / 2);
}

static inline size_t unhex(u8 *out, size_t room, const char *text)
{
	long n = hex_bytes(out, room, text);

	assert_true(n >= 0);
	return (size_t)n;
}

#define assert_hex(bytes, text) do {						\
	u8 want_[4096];								\
	size_t len_ = unhex(want_, sizeof(want_), text);			\
										\
	assert_memory_equal(bytes, want_, len_);				\
} while (0)

/* A generator of our own, so that a failure comes back (SplitMix64's shape). */
static inline u64 test_rand(u64 *state)
{
	u64 z = *state += 0x9e3779b97f4a7c15ULL;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
	return z ^ z >> 31;
}

static inline void test_fill(u8 *p, size_t len, u64 *state)
{
	while (len--)
		*p++ = (u8)test_rand(state);
}

#endif /* _POOL_TEST_H */
