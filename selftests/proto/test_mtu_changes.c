// SPDX-License-Identifier: GPL-2.0
/* The path MTU when something changes: the path, the interface, what others say. */
#include "mtu_sim.h"

/* TCP with one packet in flight: the last, and when that is lost again. */
static void path_shrinks(void **state)
{
	static const unsigned int after_ms[] = { 0, 200, 600, 1400, 3000 };
	static const u16 to[] = { 576, 1280, 1400 };
	unsigned int phase, i, j, ms, worst = 0;
	struct sim s;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(to); i++) {
		/* before, in and after a new search for what the interface takes */
		for (phase = 0; phase < 5000; phase += 70) {
			sim_init(&s, 1500, phase % 140 ? 1500 : 9000, 0, phase);
			run(&s, 80 * S + phase * MS);
			assert_true(found(&s));
			data(&s, 1472);
			run(&s, phase % 500 * MS);
			s.path = to[i] - UDP4;
			for (ms = j = 0; s.m.size > s.path; ms++) {
				if (j < ARRAY_SIZE(after_ms) && ms == after_ms[j]) {
					data(&s, 1472);
					j++;
				}
				step(&s);
				assert_true(ms < 3000);
			}
			if (ms > worst)
				worst = ms;
			assert_int_equal(s.m.size, FLOOR);
			assert_int_equal(s.falls, 1);
			search(&s, 30000);
		}
	}
	print_message("# detected within %u ms\n", worst);
}

/* Large packets all the time: a check every 500 ms. */
static void path_shrinks_under_load(void **state)
{
	unsigned int phase, ms, worst = 0;
	struct sim s;

	(void)state;
	for (phase = 0; phase < 2000; phase += 30) {
		sim_init(&s, 1500, 1500, 0, phase);
		for (ms = 0; ms < 80000 + phase; ms++) {
			data(&s, 1472);
			step(&s);
		}
		assert_int_equal(s.falls, 0);
		s.path = 1400 - UDP4;
		for (ms = 0; s.m.size > s.path; ms++) {
			assert_true(ms < 3000);
			data(&s, 1472);
			step(&s);
		}
		assert_int_equal(s.falls, 1);
		if (ms > worst)
			worst = ms;
	}
	print_message("# detected within %u ms\n", worst);
}

/* Small packets that get through say nothing of large ones that do not. */
static void path_shrinks_for_some(void **state)
{
	struct sim s;
	unsigned int ms;

	(void)state;
	sim_init(&s, 1500, 1500, 0, 1);
	run(&s, 10 * S);
	s.path = 1000;
	for (ms = 0; s.m.size > s.path; ms++) {
		assert_true(ms < 5000);
		if (ms % 20 == 0)
			data(&s, ms % 200 ? 600 : 1472);
		step(&s);
	}
	search(&s, 30000);
}

static void path_grows(void **state)
{
	unsigned int phase;
	struct sim s;

	(void)state;
	for (phase = 0; phase < 70000; phase += 3500) {
		sim_init(&s, 1400, phase % 7000 ? 1500 : 9000, 0, phase);
		run(&s, 40 * S + phase * MS);
		assert_true(found(&s));
		s.path = 1500 - UDP4;
		search(&s, 60000 + 30000);
		assert_int_equal(s.falls, 0);
	}
}

/* Anybody can forge ICMP: all it does is to make us probe, in turn with a search. */
static void forged_icmp(void **state)
{
	unsigned int i, j, ms, probes;
	struct sim s;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(paths); i++) {
		for (j = 0; j < ARRAY_SIZE(ceilings); j++) {
			sim_init(&s, paths[i], ceilings[j], 0, 1);
			for (ms = 0; ms < 300000; ms++) {
				if (ms == 60000)
					assert_true(found(&s));
				if (ms % 7 == 0) {
					u16 size = s.m.size;

					pool_mtu_doubt(&s.m, s.now);
					s.due = s.now;
					assert_int_equal(s.m.size, size);
				}
				step(&s);
			}
			assert_true(found(&s));
			assert_int_equal(s.falls, 0);
			assert_in_range(s.probes, 1, 301);
		}
	}
	/* One that is true: within three seconds, without any traffic. */
	sim_init(&s, 1500, 1500, 0, 1);
	run(&s, 10 * S);
	probes = s.probes;
	run(&s, 10 * S);
	assert_int_equal(s.probes, probes);
	s.path = 1000;
	pool_mtu_doubt(&s.m, s.now);
	s.due = s.now;
	run(&s, 3 * S + 2 * MS);
	assert_int_equal(s.m.size, FLOOR);
	search(&s, 30000);
}

static void refused(void **state)
{
	struct sim s;
	unsigned int i;
	u64 next;

	(void)state;
	sim_init(&s, 1500, 1500, 0, 1);
	run(&s, 1500 * MS);
	for (i = 0; i < 50; i++) {
		pool_mtu_refused(&s.m, s.now);
		s.due = s.now;
		assert_int_equal(s.m.size, FLOOR);
		run(&s, 130 * MS);
	}
	search(&s, 1100);
	/* at the floor it is no reason to begin again */
	pool_mtu_refused(&s.m, s.now);
	s.now += S;
	assert_int_equal(pool_mtu_tick(&s.m, s.now, 3, &next), 1472);
	pool_mtu_refused(&s.m, s.now);
	assert_true(pool_mtu_answered(&s.m, 1472, 3, s.now));
}

static void ceiling_changes(void **state)
{
	struct sim s;
	u64 next;

	(void)state;
	sim_init(&s, 9000, 1500, 0, 1);
	run(&s, 5 * S);
	assert_int_equal(s.m.size, 1472);
	/* less counts at once */
	pool_mtu_ceiling(&s.m, 1000, s.now);
	assert_int_equal(s.m.size, 1000);
	s.due = s.now;
	run(&s, 5 * S);
	assert_int_equal(s.m.size, 1000);
	/* more is searched for */
	pool_mtu_ceiling(&s.m, 8000, s.now);
	assert_int_equal(s.m.size, 1000);
	s.due = s.now;
	run(&s, 1100 * MS);
	assert_int_equal(s.m.size, 8000);
	/* less than the floor, and back */
	pool_mtu_ceiling(&s.m, 300, s.now);
	assert_int_equal(s.m.size, 300);
	assert_int_equal(s.m.floor, 300);
	s.due = s.now;
	run(&s, 70 * S);
	assert_int_equal(s.m.size, 300);
	pool_mtu_ceiling(&s.m, 1472, s.now);
	assert_int_equal(s.m.size, FLOOR);
	assert_int_equal(s.m.floor, FLOOR);
	s.due = s.now;
	search(&s, 1100);
	/* an answer of more than the interface takes by now is none */
	pool_mtu_ceiling(&s.m, 8000, s.now);
	assert_int_equal(pool_mtu_tick(&s.m, s.now + S, 5, &next), 8000);
	pool_mtu_ceiling(&s.m, 8000, s.now + S);	/* nothing new */
	assert_int_equal(s.m.probe_size, 8000);
	pool_mtu_ceiling(&s.m, 7000, s.now + S);
	assert_false(pool_mtu_answered(&s.m, 8000, 5, s.now + S));
	assert_int_equal(s.m.size, 1472);
	/* nor is one to the last probe but one */
	pool_mtu_ceiling(&s.m, 8000, s.now + S);
	assert_int_equal(pool_mtu_tick(&s.m, s.now + 2 * S, 6, &next), 8000);
	assert_int_equal(pool_mtu_tick(&s.m, s.now + 3 * S, 7, &next), 8000);
	s.now += 3 * S;
	pool_mtu_ceiling(&s.m, 7000, s.now);
	assert_false(pool_mtu_answered(&s.m, 8000, 6, s.now));
	assert_int_equal(s.m.size, 1472);
	/* the largest there is */
	pool_mtu_ceiling(&s.m, 0xffff, s.now);
	s.path = 0xfff0;
	s.now += S;
	s.due = s.now;
	search(&s, 40000);
}

/*
 * 5 % lost each way, 2 checks a second for 10 minutes, 20 times: three in a row are chance.
 * Measured: 1 fall in these 200 minutes, and half a second at the floor.
 */
static void false_alarms(void **state)
{
	unsigned int seed, ms, falls = 0, low = 0;
	struct sim s;

	(void)state;
	for (seed = 0; seed < 20; seed++) {
		sim_init(&s, 1500, 1500, 5, seed);
		search(&s, 200000);
		for (ms = 0; ms < 600000; ms++) {
			if (ms % 5 == 0)
				data(&s, 1472);
			step(&s);
			low += s.m.size == FLOOR;
		}
		falls += s.falls;
	}
	print_message("# %u falls in 200 minutes, %u ms at the floor\n", falls, low);
	assert_in_range(falls, 0, 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(path_shrinks),
		cmocka_unit_test(path_shrinks_under_load),
		cmocka_unit_test(path_shrinks_for_some),
		cmocka_unit_test(path_grows),
		cmocka_unit_test(forged_icmp),
		cmocka_unit_test(refused),
		cmocka_unit_test(ceiling_changes),
		cmocka_unit_test(false_alarms),
	};

	return cmocka_run_group_tests_name("mtu_changes", tests, NULL, NULL);
}
