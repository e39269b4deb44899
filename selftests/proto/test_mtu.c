// SPDX-License-Identifier: GPL-2.0
/* The path MTU: DISCOVER, the search, and what counts against and for a size. */
#include "mtu_sim.h"

/* ---------------------------------------------------------------- DISCOVER */

static void discover_layout(void **state)
{
	const struct pool_discover d = { POOL_DISCOVER_PROBE, 0x1234, 0x56789abc };
	struct pool_discover back;
	u8 plain[POOL_DISCOVER_LEN];
	size_t len;

	(void)state;
	pool_discover_encode(plain, &d);
	assert_hex(plain, "01" "00" "1234" "56789abc");
	for (len = 0; len < POOL_DISCOVER_LEN; len++)
		assert_int_equal(pool_discover_decode(&back, plain, len, 0x1234), -1);
	plain[1] = 0xff;	/* ignored */
	assert_int_equal(pool_discover_decode(&back, plain, sizeof(plain), 0x1234), 0);
	assert_int_equal(back.op, d.op);
	assert_int_equal(back.size, d.size);
	assert_int_equal(back.id, d.id);
	/* a probe has the size it says, an answer has not */
	assert_int_equal(pool_discover_decode(&back, plain, sizeof(plain), 0x1233), -1);
	assert_int_equal(pool_discover_decode(&back, plain, sizeof(plain), 0x11234), -1);
	plain[0] = POOL_DISCOVER_ANSWER;
	assert_int_equal(pool_discover_decode(&back, plain, sizeof(plain), 104), 0);
	plain[0] = 0;
	assert_int_equal(pool_discover_decode(&back, plain, sizeof(plain), 0x1234), -1);
	plain[0] = 3;
	assert_int_equal(pool_discover_decode(&back, plain, sizeof(plain), 0x1234), -1);
}

/* ------------------------------------------------------------------ search */

static void search_converges(void **state)
{
	unsigned int i, j, probes;
	struct sim s;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(paths); i++) {
		for (j = 0; j < ARRAY_SIZE(ceilings); j++) {
			sim_init(&s, paths[i], ceilings[j], 0, 1);
			run(&s, 30 * S);
			assert_true(found(&s));
			/* the ceiling, and halvings of 988 or 8488 bytes to less than 8 */
			assert_in_range(s.n_sizes, 1, j ? 12 : 9);
			/* It has ended, and begins again after a minute, with the same end. */
			probes = s.probes;
			run(&s, 25 * S);
			assert_int_equal(s.probes, probes);
			run(&s, 600 * S);
			assert_true(found(&s));
			assert_int_equal(s.falls, 0);
		}
	}
	/* The interface's own size is first, and at once. */
	sim_init(&s, 1500, 1500, 0, 1);
	run(&s, 25 * MS);
	assert_int_equal(s.m.size, 1500 - UDP4);
	assert_int_equal(s.probes, 1);
}

static void search_with_loss(void **state)
{
	static const unsigned int losses[] = { 1, 5, 20 };
	unsigned int i, j, k, seed;
	struct sim s;

	(void)state;
	/* Two lost of one size mislead it, for a minute; it never takes what does not fit. */
	for (i = 0; i < ARRAY_SIZE(paths); i++)
		for (j = 0; j < ARRAY_SIZE(ceilings); j++)
			for (k = 0; k < ARRAY_SIZE(losses); k++)
				for (seed = 0; seed < 5; seed++) {
					sim_init(&s, paths[i], ceilings[j], losses[k], seed);
					search(&s, 900000);
					run(&s, 120 * S);
					assert_true(found(&s));
				}
}

static void floor_is_ceiling(void **state)
{
	struct sim s;

	(void)state;
	sim_init(&s, 1500, POOL_MTU_FLOOR4, 0, 1);
	pool_mtu_doubt(&s.m, s.now);
	pool_mtu_refused(&s.m, s.now);
	assert_false(pool_mtu_wants_check(&s.m, FLOOR, s.now));
	run(&s, 200 * S);
	assert_int_equal(s.m.size, FLOOR);
	assert_int_equal(s.probes, 0);
	/* an interface that takes less than the floor */
	sim_init(&s, 1500, 400, 0, 1);
	run(&s, 200 * S);
	assert_int_equal(s.m.size, 400 - UDP4);
	assert_int_equal(s.m.floor, 400 - UDP4);
	assert_int_equal(s.probes, 0);
}

static void answers_that_do_not_count(void **state)
{
	struct pool_mtu m;
	u64 next, now = 1;
	u16 size, other;

	(void)state;
	pool_mtu_init(&m, FLOOR, 1472, now);
	assert_false(pool_mtu_answered(&m, 1472, 0, now));	/* of no probe */
	assert_int_equal(pool_mtu_tick(&m, now, 7, &next), 1472);
	assert_false(pool_mtu_answered(&m, 1472, 8, now));
	assert_false(pool_mtu_answered(&m, 1471, 7, now));
	assert_false(pool_mtu_answered(&m, 0, 7, now));
	assert_int_equal(m.size, FLOOR);
	/* given up: the one before the one before */
	now += S;
	assert_int_equal(pool_mtu_tick(&m, now, 9, &next), 1472);
	now += S;
	size = pool_mtu_tick(&m, now, 11, &next);
	assert_int_equal(size, (FLOOR + 1472) / 2);
	assert_false(pool_mtu_answered(&m, 1472, 7, now));
	assert_int_equal(m.size, FLOOR);
	assert_true(pool_mtu_answered(&m, size, 11, now));
	assert_int_equal(m.size, size);
	/* once */
	assert_false(pool_mtu_answered(&m, size, 11, now));
	assert_int_equal(pool_mtu_tick(&m, now, 13, &next), 0);
	now += S;
	other = pool_mtu_tick(&m, now, 13, &next);
	assert_true(other > size);
	assert_false(pool_mtu_answered(&m, size, 11, now));
	assert_int_equal(m.size, size);
	assert_true(pool_mtu_answered(&m, other, 13, now));
}

/* Where the round trip takes more than the second between two probes. */
static void late_answers(void **state)
{
	struct pool_mtu m;
	u64 next, now = 1;

	(void)state;
	pool_mtu_init(&m, FLOOR, 1472, now);
	assert_int_equal(pool_mtu_tick(&m, now, 7, &next), 1472);
	now += S;
	assert_int_equal(pool_mtu_tick(&m, now, 9, &next), 1472);
	now += S;
	assert_int_equal(pool_mtu_tick(&m, now, 11, &next), (FLOOR + 1472) / 2);
	now += S / 2;
	assert_true(pool_mtu_answered(&m, 1472, 9, now));
	assert_int_equal(m.size, 1472);
	assert_false(pool_mtu_answered(&m, 1472, 9, now));	/* once */
	/* the one that is out has nothing to add, and the search has ended */
	assert_false(pool_mtu_answered(&m, (FLOOR + 1472) / 2, 11, now));
	now += S;
	assert_int_equal(pool_mtu_tick(&m, now, 13, &next), 0);
	assert_int_equal(m.size, 1472);
}

/* ----------------------------------------------------------------- strikes */

/* Three strikes, not two; and what arrives ends the row, late or not. */
static void strikes(void **state)
{
	struct pool_mtu m;
	u64 next, now = 1;
	unsigned int i;

	(void)state;
	pool_mtu_init(&m, FLOOR, 1472, now);
	pool_mtu_tick(&m, now, 1, &next);
	assert_true(pool_mtu_answered(&m, 1472, 1, now));
	for (i = 0; i < 20; i++) {
		now += S / 2;
		assert_true(pool_mtu_wants_check(&m, FLOOR + 1, now));
		assert_false(pool_mtu_wants_check(&m, FLOOR, now));
		pool_mtu_checked(&m, i, 1472, now, 0);
		assert_false(pool_mtu_wants_check(&m, 1472, now + S / 2 - 1));
		pool_mtu_tick(&m, now + 200 * MS - 1, 0, &next);
		assert_true(m.checking);
		pool_mtu_tick(&m, now + 200 * MS, i, &next);
		assert_false(m.checking);
		pool_mtu_acked(&m, i + 1, now + 201 * MS);
		assert_int_equal(m.strikes, 1);
		pool_mtu_acked(&m, i, now + 202 * MS);
		assert_int_equal(m.strikes, 0);
		pool_mtu_answered(&m, 1472, i, now + 203 * MS);
	}
	assert_int_equal(m.size, 1472);
	/* one that was shorter than all that struck ends nothing; once it counts, then not */
	for (i = 1; i <= 3; i++) {
		now += S / 2;
		pool_mtu_checked(&m, 100, 1000, now, 0);
		pool_mtu_acked(&m, 100, now);
		assert_int_equal(m.strikes, i - 1);
		pool_mtu_checked(&m, 101, 1200, now, 0);
		pool_mtu_acked(&m, 100, now);
		assert_int_equal(m.size, 1472);
		pool_mtu_tick(&m, now + 200 * MS, 5, &next);
		pool_mtu_answered(&m, 0, 5, now);
		m.probe_size = 0;	/* the checks alone */
	}
	assert_int_equal(m.size, FLOOR);
	/* of before the fall */
	pool_mtu_acked(&m, 101, now);
	assert_int_equal(m.size, FLOOR);
}

/* A new search while a probe of the size in use is out does not forget that. */
static void search_keeps_doubts(void **state)
{
	struct pool_mtu m;
	u64 next, now = 1;

	(void)state;
	pool_mtu_init(&m, FLOOR, 1472, now);
	pool_mtu_tick(&m, now, 1, &next);
	pool_mtu_answered(&m, 1472, 1, now);
	pool_mtu_tick(&m, now, 1, &next);
	now += POOL_MTU_AGAIN_MS * MS - S / 2;
	pool_mtu_doubt(&m, now);
	assert_int_equal(pool_mtu_tick(&m, now, 2, &next), 1472);
	assert_int_equal(pool_mtu_tick(&m, now + S / 2, 3, &next), 0);
	assert_in_range(next, 1, S / 2);
	assert_int_equal(pool_mtu_tick(&m, now + S, 4, &next), 1472);
	assert_int_equal(m.strikes, 1);
}

/* An ACK that is repeated is no second one; nor does a search keep a doubt waiting for long. */
static void repeated_ack(void **state)
{
	struct pool_mtu m;
	u64 next, now = 1;

	(void)state;
	pool_mtu_init(&m, FLOOR, 1472, now);
	pool_mtu_tick(&m, now, 1, &next);
	pool_mtu_answered(&m, 1472, 1, now);
	pool_mtu_checked(&m, 5, 1472, now, 0);
	pool_mtu_acked(&m, 5, now);
	pool_mtu_ceiling(&m, 8000, now);
	now += S;
	pool_mtu_doubt(&m, now);
	assert_int_equal(pool_mtu_tick(&m, now, 2, &next), 1472);
	now += S;
	pool_mtu_doubt(&m, now);
	assert_int_equal(pool_mtu_tick(&m, now, 3, &next), 1472);	/* for the strike */
	assert_int_equal(m.strikes, 1);
	pool_mtu_acked(&m, 5, now);
	assert_int_equal(m.strikes, 1);
	assert_false(pool_mtu_answered(&m, 1472, 3, now));
	assert_int_equal(m.strikes, 0);
	pool_mtu_doubt(&m, now);
	now += S;
	assert_int_equal(pool_mtu_tick(&m, now, 4, &next), 8000);
}

/* A size that was found at once: what the next tests begin with. */
static void find(struct pool_mtu *m, u64 *now)
{
	u64 next;

	pool_mtu_init(m, FLOOR, 1472, *now);
	assert_int_equal(pool_mtu_tick(m, *now, 1, &next), 1472);
	assert_true(pool_mtu_answered(m, 1472, 1, *now));
	*now += S;
}

/* A check waits as long as the round trip may take, not 200 ms. */
static void slow_check(void **state)
{
	struct pool_mtu m;
	u64 next, now = 1;

	(void)state;
	find(&m, &now);
	pool_mtu_checked(&m, 1, 1472, now, 900 * MS);
	assert_int_equal(pool_mtu_tick(&m, now, 2, &next), 0);
	assert_int_equal(next, 900 * MS);
	assert_false(pool_mtu_wants_check(&m, 1472, now + 900 * MS - 1));
	pool_mtu_tick(&m, now + 900 * MS - 1, 2, &next);
	assert_int_equal(next, 1);
	assert_int_equal(m.strikes, 0);
	pool_mtu_tick(&m, now + 900 * MS, 2, &next);
	assert_int_equal(m.strikes, 1);
	assert_true(pool_mtu_wants_check(&m, 1472, now + 900 * MS));
}

/* The shortest of a row decides what ends it, not the first. */
static void shortest_strike(void **state)
{
	struct pool_mtu m;
	u64 next, now = 1;

	(void)state;
	find(&m, &now);
	pool_mtu_checked(&m, 1, 1472, now, 0);
	now += S / 2;
	pool_mtu_tick(&m, now, 2, &next);
	pool_mtu_checked(&m, 2, 1000, now, 0);
	now += S / 4;
	pool_mtu_tick(&m, now, 3, &next);
	assert_int_equal(m.strikes, 2);
	now += S / 4;
	pool_mtu_checked(&m, 3, 1200, now, 0);
	pool_mtu_acked(&m, 3, now);
	assert_int_equal(m.strikes, 0);
}

/* A late answer ends a row, once. */
static void late_answer_ends_row(void **state)
{
	struct pool_mtu m;
	u64 next, now = 1;

	(void)state;
	find(&m, &now);
	pool_mtu_doubt(&m, now);
	assert_int_equal(pool_mtu_tick(&m, now, 2, &next), 1472);
	now += S;
	assert_int_equal(pool_mtu_tick(&m, now, 3, &next), 1472);
	assert_int_equal(m.strikes, 1);
	assert_false(pool_mtu_answered(&m, 1472, 2, now));
	assert_int_equal(m.strikes, 0);
	pool_mtu_checked(&m, 1, 1472, now, 0);
	now += S / 2;
	pool_mtu_tick(&m, now, 4, &next);
	assert_int_equal(m.strikes, 1);
	assert_false(pool_mtu_answered(&m, 1472, 2, now));
	assert_int_equal(m.strikes, 1);
}

/* While a probe of the size in use is out, a doubt asks for no second one. */
static void doubt_while_probing(void **state)
{
	struct pool_mtu m;
	u64 next, now = 1;

	(void)state;
	find(&m, &now);
	pool_mtu_doubt(&m, now);
	assert_int_equal(pool_mtu_tick(&m, now, 2, &next), 1472);
	pool_mtu_doubt(&m, now);
	assert_false(pool_mtu_answered(&m, 1472, 2, now));
	now += 2 * S;
	assert_int_equal(pool_mtu_tick(&m, now, 3, &next), 0);
}

/* Every size has its two probes, whatever was lost before. */
static void two_probes_each(void **state)
{
	struct pool_mtu m;
	u64 next, now = 1;
	u16 size;

	(void)state;
	pool_mtu_init(&m, FLOOR, 1472, now);
	assert_int_equal(pool_mtu_tick(&m, now, 1, &next), 1472);
	assert_int_equal(pool_mtu_tick(&m, now += S, 2, &next), 1472);
	size = pool_mtu_tick(&m, now += S, 3, &next);
	assert_int_equal(pool_mtu_tick(&m, now += S, 4, &next), size);
	assert_true(pool_mtu_answered(&m, size, 4, now));
	size = pool_mtu_tick(&m, now += S, 5, &next);
	assert_true(size > m.size);
	assert_int_equal(pool_mtu_tick(&m, now += S, 6, &next), size);
	assert_in_range(pool_mtu_tick(&m, now += S, 7, &next), m.size + 1, size - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(discover_layout),
		cmocka_unit_test(search_converges),
		cmocka_unit_test(search_with_loss),
		cmocka_unit_test(floor_is_ceiling),
		cmocka_unit_test(answers_that_do_not_count),
		cmocka_unit_test(late_answers),
		cmocka_unit_test(strikes),
		cmocka_unit_test(search_keeps_doubts),
		cmocka_unit_test(repeated_ack),
		cmocka_unit_test(slow_check),
		cmocka_unit_test(shortest_strike),
		cmocka_unit_test(late_answer_ends_row),
		cmocka_unit_test(doubt_while_probing),
		cmocka_unit_test(two_probes_each),
	};

	return cmocka_run_group_tests_name("mtu", tests, NULL, NULL);
}
