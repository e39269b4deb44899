// SPDX-License-Identifier: GPL-2.0
/* Fragments: how messages are cut, and put together again whatever comes. */
#include "test.h"

#define S	1000000000ULL

enum {
	LONGEST = POOL_MAX_PLAINTEXT,
	OWNER = 77,
};

static u8 message[LONGEST];
static struct pool_reasm reasm;
static unsigned int live;	/* memories of messages that are not given back */

static int setup(void **state)
{
	u64 rng = 1;

	(void)state;
	test_fill(message, sizeof(message), &rng);
	memset(&reasm, 0, sizeof(reasm));
	live = 0;
	return 0;
}

static void give_back(void *memory)
{
	if (!memory)
		return;
	assert_true(live > 0);
	live--;
	free(memory);
}

/* As the device does it. *@out is a complete message, of the caller's. */
static enum pool_reasm_verdict add(u64 owner, const struct pool_frag *f, const u8 *bytes, u64 now,
				   u8 **out)
{
	struct pool_reasm_slot *slot;
	enum pool_reasm_verdict ret;
	void *memory;

	*out = NULL;
	slot = pool_reasm_slot(&reasm, owner, f, now, &memory);
	give_back(memory);
	if (!slot->memory) {
		/* of its size, so that the sanitizer sees what is beyond */
		slot->memory = malloc(f->total);
		assert_non_null(slot->memory);
		slot->data = slot->memory;
		live++;
	}
	ret = pool_reasm_add(slot, f, bytes, now, &memory);
	if (ret == POOL_REASM_MORE) {
		assert_null(memory);
		return ret;
	}
	assert_non_null(memory);
	assert_int_equal(slot->total, 0);
	assert_null(slot->memory);
	if (ret == POOL_REASM_DONE)
		*out = memory;
	else
		give_back(memory);
	return ret;
}

static unsigned int slots_taken(void)
{
	unsigned int i, n = 0;

	for (i = 0; i < POOL_REASM_SLOTS; i++)
		n += reasm.slots[i].total != 0;
	assert_int_equal(n, live);
	return n;
}

static void forget_all(void)
{
	void *memory;

	while ((memory = pool_reasm_forget(&reasm, 0, 0)))
		give_back(memory);
	assert_int_equal(slots_taken(), 0);
}

static struct pool_frag frag(u32 id, u16 offset, u16 len, u16 total)
{
	return (struct pool_frag){ id, offset, total, len, offset + len == total };
}

/* Give it @offset, @len of the message. */
static enum pool_reasm_verdict give(u32 id, u16 offset, u16 len, u16 total, u64 now)
{
	struct pool_frag f = frag(id, offset, len, total);
	enum pool_reasm_verdict ret;
	u8 *out;

	ret = add(OWNER, &f, message + offset, now, &out);
	if (ret == POOL_REASM_DONE) {
		assert_memory_equal(out, message, total);
		give_back(out);
	}
	return ret;
}

/* All fragments of a message; how many. */
static unsigned int cut(struct pool_frag frags[POOL_FRAGS_MAX], u32 id, u16 total, u16 room)
{
	unsigned int n = 0;
	u16 offset, len;

	for (offset = 0; offset < total; offset += len) {
		assert_true(n < POOL_FRAGS_MAX);
		len = pool_frag_next(total, offset, room);
		frags[n++] = frag(id, offset, len, total);
	}
	return n;
}

static void shuffle(struct pool_frag *f, unsigned int n, u64 *rng)
{
	while (n > 1) {
		unsigned int j = (unsigned int)(test_rand(rng) % n--);
		struct pool_frag t = f[n];

		f[n] = f[j];
		f[j] = t;
	}
}

/* ------------------------------------------------------------------ format */

/* What decode makes of a fragment of @len bytes in all, header included. */
static int decode(u16 offset, u16 total, bool last, size_t len)
{
	const struct pool_frag f = { .id = 5, .offset = offset, .total = total };
	struct pool_frag back = { 0 };
	u8 *plain = calloc(1, len > POOL_FRAG_HDR ? len : POOL_FRAG_HDR);
	int ret;

	assert_non_null(plain);
	pool_frag_encode(plain, &f);
	ret = pool_frag_decode(&back, last, plain, len);
	if (!ret) {
		assert_int_equal(back.id, 5);
		assert_int_equal(back.offset, offset);
		assert_int_equal(back.total, total);
		assert_int_equal(back.len, len - POOL_FRAG_HDR);
		assert_int_equal(back.last, last);
	}
	free(plain);
	return ret;
}

static void layout(void **state)
{
	const struct pool_frag f = { .id = 0x01020304, .offset = 0x1112, .total = 0x2122 };
	u8 plain[POOL_FRAG_HDR];
	size_t len;

	(void)state;
	pool_frag_encode(plain, &f);
	assert_hex(plain, "01020304" "1112" "2122");
	for (len = 0; len <= POOL_FRAG_HDR; len++)
		assert_int_equal(decode(0, 256, true, len), -1);
	assert_int_equal(decode(0, 1, true, 9), 0);
	assert_int_equal(decode(0, 0, true, 9), -1);
	/* the least length, of all but the last */
	assert_int_equal(decode(0, 1000, false, 8 + 256), 0);
	assert_int_equal(decode(0, 1000, false, 8 + 255), -1);
	assert_int_equal(decode(999, 1000, true, 8 + 1), 0);
	/* the flag on the one that ends the message, and on no other */
	assert_int_equal(decode(744, 1000, false, 8 + 256), -1);
	assert_int_equal(decode(743, 1000, true, 8 + 256), -1);
	assert_int_equal(decode(744, 1000, true, 8 + 256), 0);
	/* beyond the end, of 16 bits, too */
	assert_int_equal(decode(744, 1000, true, 8 + 257), -1);
	assert_int_equal(decode(744, 1000, false, 8 + 257), -1);
	assert_int_equal(decode(1000, 1000, true, 8 + 1), -1);
	assert_int_equal(decode(65535, 1000, true, 8 + 1001), -1);
	assert_int_equal(decode(65280, LONGEST, true, 8 + 239), 0);
	assert_int_equal(decode(65280, LONGEST, true, 8 + 256), -1);
	assert_int_equal(decode(65000, 300, false, 8 + 836), -1);
	assert_int_equal(decode(0, LONGEST, true, 8 + LONGEST), 0);
	assert_int_equal(decode(0, LONGEST + 1, true, 8 + LONGEST + 1), -1);
	assert_int_equal(decode(0, 1, true, 8 + 65537), -1);
	assert_int_equal(decode(0, 65535, true, 8 + 65536), -1);
}

static void every_total(void **state)
{
	static const u16 rooms[] = { 256, 257, 360, 444, 1200 };
	u8 plain[POOL_FRAG_HDR + 1200] = { 0 };
	unsigned int i, n, k, total, at;
	struct pool_frag f[POOL_FRAGS_MAX], back;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rooms); i++) {
		for (total = 1; total <= LONGEST; total++) {
			n = cut(f, 3, (u16)total, rooms[i]);
			for (k = at = 0; k < n; k++) {
				/* in order and without a gap; each as decode wants it */
				if (f[k].offset != at || f[k].len > rooms[i])
					fail_msg("total %u, room %u", total, rooms[i]);
				at += f[k].len;
				pool_frag_encode(plain, &f[k]);
				if (pool_frag_decode(&back, k == n - 1, plain,
						     POOL_FRAG_HDR + f[k].len))
					fail_msg("total %u, room %u", total, rooms[i]);
			}
			if (at != total)
				fail_msg("total %u, room %u", total, rooms[i]);
		}
	}
}

/* ---------------------------------------------------------------- together */

static void orders(void **state)
{
	static const u16 totals[] = { 1, 256, 257, 1000, 9000, 65279, 65280, 65281, LONGEST };
	struct pool_frag f[POOL_FRAGS_MAX];
	unsigned int i, k, n, round;
	u64 rng = 2;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(totals); i++) {
		for (round = 0; round < 40; round++) {
			n = cut(f, round, totals[i], round & 2 ? 256 : 444);
			if (round > 3)
				shuffle(f, n, &rng);
			for (k = 0; k < n; k++) {
				/* round 1 and 3: the last one first */
				const struct pool_frag *x = &f[round & 1 ? n - 1 - k : k];

				assert_int_equal(give(x->id, x->offset, x->len, x->total, 0),
						 k < n - 1 ? POOL_REASM_MORE : POOL_REASM_DONE);
			}
			assert_int_equal(slots_taken(), 0);
		}
	}
}

/* As many ranges as there can be, of messages that are cut as they have to be. */
static void every_second(void **state)
{
	struct pool_frag f[POOL_FRAGS_MAX];
	unsigned int k, n, pass;

	(void)state;
	for (pass = 0; pass < 2; pass++) {
		n = cut(f, 1, LONGEST, 256);
		assert_int_equal(n, POOL_FRAGS_MAX);
		for (k = pass; k < n; k += 2)
			assert_int_equal(give(1, f[k].offset, f[k].len, LONGEST, 0),
					 POOL_REASM_MORE);
		assert_int_equal(reasm.slots[0].n_ranges, n / 2);
		for (k = !pass; k < n; k += 2)
			assert_int_equal(give(1, f[k].offset, f[k].len, LONGEST, 0),
					 k + 2 < n ? POOL_REASM_MORE : POOL_REASM_DONE);
	}
	assert_int_equal(slots_taken(), 0);
	/* Gaps that no fragment fits into: one too many of them, and the message is void. */
	for (k = 0; k < POOL_REASM_RANGES; k++)
		assert_int_equal(give(2, (u16)(k * 257), 256, LONGEST, 0), POOL_REASM_MORE);
	assert_int_equal(give(2, (u16)(k * 257), 256, LONGEST, 0), POOL_REASM_BAD);
	assert_int_equal(slots_taken(), 0);
}

static void interleaved(void **state)
{
	struct pool_frag f[POOL_REASM_SLOTS][POOL_FRAGS_MAX], *x;
	unsigned int i, k, n = 0;
	u64 rng = 3;

	(void)state;
	for (i = 0; i < POOL_REASM_SLOTS; i++) {
		n = cut(f[i], i, 20000, 300);
		shuffle(f[i], n, &rng);
	}
	for (k = 0; k < n; k++) {
		for (i = 0; i < POOL_REASM_SLOTS; i++) {
			x = &f[i][k];
			assert_int_equal(give(i, x->offset, x->len, x->total, k),
					 k < n - 1 ? POOL_REASM_MORE : POOL_REASM_DONE);
		}
	}
	assert_int_equal(slots_taken(), 0);
}

/* ---------------------------------------------------------------- refusals */

static void overlaps(void **state)
{
	static const struct { u16 offset, len; } bad[] = {
		{ 1000, 300 },				/* the same again */
		{ 1000, 256 }, { 1044, 256 }, { 1020, 256 },	/* a part of it */
		{ 900, 500 },				/* all of it, and more */
		{ 745, 256 }, { 1299, 256 },		/* by one byte, at either end */
		{ 2900, 300 },				/* of another one */
		{ 1300, 1701 },				/* fills the gap, and one byte */
		{ 999, 2500 },
	};
	unsigned int i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		assert_int_equal(give(1, 1000, 300, 9000, 0), POOL_REASM_MORE);
		assert_int_equal(give(1, 3000, 300, 9000, 0), POOL_REASM_MORE);
		assert_int_equal(give(1, bad[i].offset, bad[i].len, 9000, 0), POOL_REASM_BAD);
		assert_int_equal(slots_taken(), 0);
	}
	/* what only touches is fine; and what comes after it is void begins anew */
	assert_int_equal(give(1, 1000, 300, 9000, 0), POOL_REASM_MORE);
	assert_int_equal(give(1, 1300, 300, 9000, 0), POOL_REASM_MORE);
	assert_int_equal(give(1, 744, 256, 9000, 0), POOL_REASM_MORE);
	assert_int_equal(reasm.slots[0].n_ranges, 1);
	assert_int_equal(give(1, 700, 256, 9000, 0), POOL_REASM_BAD);
	assert_int_equal(give(1, 0, 4500, 9000, 0), POOL_REASM_MORE);
	assert_int_equal(give(1, 4500, 4500, 9000, 0), POOL_REASM_DONE);
	assert_int_equal(slots_taken(), 0);
}

static void another_total(void **state)
{
	(void)state;
	assert_int_equal(give(1, 0, 300, 9000, 0), POOL_REASM_MORE);
	assert_int_equal(give(2, 0, 300, 9000, 0), POOL_REASM_MORE);
	assert_int_equal(give(1, 300, 300, 9001, 0), POOL_REASM_BAD);
	assert_int_equal(give(2, 8900, 200, 9100, 0), POOL_REASM_BAD);
	assert_int_equal(give(1, 0, 300, 9000, 0), POOL_REASM_MORE);
	assert_int_equal(give(1, 300, 300, 600, 0), POOL_REASM_BAD);
	assert_int_equal(slots_taken(), 0);
}

/* What breaks a rule by itself takes the message it names with it, if there is one. */
static void void_message(void **state)
{
	(void)state;
	assert_int_equal(give(1, 0, 300, 9000, 0), POOL_REASM_MORE);
	assert_int_equal(give(2, 0, 300, 9000, 0), POOL_REASM_MORE);
	assert_null(pool_reasm_void(&reasm, OWNER, 3));
	assert_null(pool_reasm_void(&reasm, OWNER + 1, 1));
	assert_null(pool_reasm_void(&reasm, 0, 0));	/* as free slots are */
	give_back(pool_reasm_void(&reasm, OWNER, 1));
	assert_int_equal(slots_taken(), 1);
	assert_null(pool_reasm_void(&reasm, OWNER, 1));
	give_back(pool_reasm_void(&reasm, OWNER, 2));
	assert_int_equal(slots_taken(), 0);
}

/* ------------------------------------------------------------------- slots */

static bool waits(u64 owner, u32 id)
{
	unsigned int i;

	for (i = 0; i < POOL_REASM_SLOTS; i++)
		if (reasm.slots[i].total && reasm.slots[i].owner == owner &&
		    reasm.slots[i].id == id)
			return true;
	return false;
}

static void seventeenth(void **state)
{
	unsigned int i;

	(void)state;
	for (i = 0; i < POOL_REASM_SLOTS; i++)
		give(i, 0, 300, 9000, 100 + i);
	give(0, 300, 300, 9000, 200);
	give(2, 300, 300, 9000, 201);
	assert_int_equal(slots_taken(), POOL_REASM_SLOTS);
	/* 0 is the oldest, but 1 was touched longest ago; then 3 */
	give(100, 0, 300, 9000, 300);
	assert_false(waits(OWNER, 1));
	give(101, 0, 300, 9000, 301);
	assert_false(waits(OWNER, 3));
	assert_int_equal(slots_taken(), POOL_REASM_SLOTS);
	for (i = 0; i < POOL_REASM_SLOTS; i++)
		assert_int_equal(waits(OWNER, i), i != 1 && i != 3);
	/* a slot that is free comes first, wherever it is */
	give_back(pool_reasm_void(&reasm, OWNER, 9));
	give(102, 0, 300, 9000, 302);
	assert_true(waits(OWNER, 0) && waits(OWNER, 4) && waits(OWNER, 102));
	/* a whole message evicts, too, and leaves a free slot */
	assert_int_equal(give(103, 0, 300, 300, 303), POOL_REASM_DONE);
	assert_false(waits(OWNER, 4));
	assert_int_equal(slots_taken(), POOL_REASM_SLOTS - 1);
	forget_all();
}

static void no_memory(void **state)
{
	const struct pool_frag f = frag(1, 0, 300, 9000);
	struct pool_reasm_slot *slot;
	void *evicted;

	(void)state;
	slot = pool_reasm_slot(&reasm, OWNER, &f, 0, &evicted);
	assert_null(slot->memory);
	assert_null(evicted);
	assert_null(pool_reasm_free(slot));
	assert_int_equal(slots_taken(), 0);
	assert_int_equal(give(1, 0, 300, 9000, 0), POOL_REASM_MORE);
	forget_all();
}

static void timeout(void **state)
{
	u64 next;

	(void)state;
	assert_null(pool_reasm_expire(&reasm, 0, &next));
	assert_true(next == ~0ULL);
	give(1, 0, 300, 9000, 1000);
	give(2, 0, 300, 9000, 1000 + S);
	give(3, 0, 300, 9000, 1000 + S);
	give(1, 300, 300, 9000, 1000 + 4 * S);	/* its birth counts, not this */
	assert_null(pool_reasm_expire(&reasm, 1000 + 4 * S, &next));
	assert_int_equal(next, S);
	assert_null(pool_reasm_expire(&reasm, 999 + 5 * S, &next));
	assert_int_equal(next, 1);
	give_back(pool_reasm_expire(&reasm, 1000 + 5 * S, &next));
	assert_false(waits(OWNER, 1));
	assert_null(pool_reasm_expire(&reasm, 1000 + 5 * S, &next));
	assert_int_equal(next, S);
	assert_int_equal(slots_taken(), 2);
	/* both of one moment, one at a time */
	give_back(pool_reasm_expire(&reasm, 60 * S, &next));
	assert_int_equal(slots_taken(), 1);
	give_back(pool_reasm_expire(&reasm, 60 * S, &next));
	assert_null(pool_reasm_expire(&reasm, 60 * S, &next));
	assert_true(next == ~0ULL);
	assert_int_equal(slots_taken(), 0);
}

static void forget(void **state)
{
	const u64 session = 0xffffffff00000000ULL;
	struct pool_frag f = frag(1, 0, 300, 9000);
	unsigned int i;
	u8 *out;

	(void)state;
	/* the same id of four epochs: four messages */
	for (i = 0; i < 4; i++)
		add((u64)(7 + i / 2) << 32 | i % 2, &f, message, 0, &out);
	assert_int_equal(slots_taken(), 4);
	assert_null(pool_reasm_forget(&reasm, 9ULL << 32, session));
	assert_null(pool_reasm_forget(&reasm, 0, session));
	give_back(pool_reasm_forget(&reasm, 7ULL << 32, session));
	give_back(pool_reasm_forget(&reasm, 7ULL << 32 | 99, session));
	assert_null(pool_reasm_forget(&reasm, 7ULL << 32, session));
	assert_int_equal(slots_taken(), 2);
	give_back(pool_reasm_forget(&reasm, 8ULL << 32 | 1, ~0ULL));
	assert_true(waits(8ULL << 32, 1));
	forget_all();
}

/* -------------------------------------------------------------------- model */

/* Random fragments of few messages, against a map of bytes for each. */
static void property(void **state)
{
	enum { MESSAGES = 6, SHORT = 4000 };
	static bool there[MESSAGES][SHORT];
	u16 total[MESSAGES] = { 0 }, have[MESSAGES] = { 0 };
	unsigned int round, done = 0, bad = 0;
	u64 rng = 4;

	(void)state;
	for (round = 0; round < 200000; round++) {
		unsigned int id = (unsigned int)(test_rand(&rng) % MESSAGES), i;
		u16 of = total[id] && test_rand(&rng) % 50 ? total[id] :
			 (u16)(1 + test_rand(&rng) % SHORT);
		/* mostly of a grid, so that messages come to their end */
		u16 grid = test_rand(&rng) % 20 ? 400 : 1;
		u16 offset = (u16)(test_rand(&rng) % of / grid * grid);
		u16 len = (u16)(of - offset), last = len;
		enum pool_reasm_verdict want, got;
		bool overlap = false;

		if (len > 400)
			len = (u16)(400 * (1 + test_rand(&rng) % 3));
		len = len < last ? len : last;
		for (i = 0; total[id] && i < len && offset + i < total[id]; i++)
			overlap |= there[id][offset + i];
		if (total[id] && (overlap || of != total[id])) {
			want = POOL_REASM_BAD;
		} else {
			total[id] = of;
			memset(&there[id][offset], 1, len);
			have[id] += len;
			want = have[id] == of ? POOL_REASM_DONE : POOL_REASM_MORE;
		}
		got = give(id, offset, len, of, round);
		assert_int_equal(got, want);
		if (want == POOL_REASM_MORE)
			continue;
		done += want == POOL_REASM_DONE;
		bad += want == POOL_REASM_BAD;
		total[id] = 0;
		have[id] = 0;
		memset(there[id], 0, SHORT);
	}
	assert_true(done > 1000 && bad > 1000);
	forget_all();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(layout, setup),
		cmocka_unit_test_setup(every_total, setup),
		cmocka_unit_test_setup(orders, setup),
		cmocka_unit_test_setup(every_second, setup),
		cmocka_unit_test_setup(interleaved, setup),
		cmocka_unit_test_setup(overlaps, setup),
		cmocka_unit_test_setup(another_total, setup),
		cmocka_unit_test_setup(void_message, setup),
		cmocka_unit_test_setup(seventeenth, setup),
		cmocka_unit_test_setup(no_memory, setup),
		cmocka_unit_test_setup(timeout, setup),
		cmocka_unit_test_setup(forget, setup),
		cmocka_unit_test_setup(property, setup),
	};

	return cmocka_run_group_tests_name("fragment", tests, NULL, NULL);
}
