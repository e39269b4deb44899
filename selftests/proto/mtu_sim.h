/* SPDX-License-Identifier: GPL-2.0 */
/* A simulated path that loses, shrinks and grows, and the search on it. */
#ifndef _POOL_MTU_SIM_H
#define _POOL_MTU_SIM_H

#include "test.h"

#define MS	1000000ULL
#define S	1000000000ULL

enum {
	UDP4 = 28,		/* from a path MTU to the longest POOL packet */
	FLOOR = POOL_MTU_FLOOR4 - UDP4,
	EVENTS = 64,
};

/* What is on its way back. */
struct event {
	u64 at;
	bool probe;
	u16 size;
	u64 id;
};

struct sim {
	struct pool_mtu m;
	u64 now, due, rng, rtt;
	u16 path;		/* the longest packet that gets through */
	unsigned int loss;	/* percent, each way */
	struct event events[EVENTS];
	unsigned int n_events;
	u64 seq, last_probe;
	unsigned int probes, falls;
	u16 sizes[64];		/* of probes, each once */
	unsigned int n_sizes;
};

static inline void sim_init(struct sim *s, u16 path, u16 ceiling, unsigned int loss, u64 seed)
{
	memset(s, 0, sizeof(*s));
	s->now = 7 * MS;	/* less than a second: the clock has just begun */
	s->due = s->now;
	s->rng = seed;
	s->rtt = 20 * MS;
	s->path = path - UDP4;
	s->loss = loss;
	pool_mtu_init(&s->m, FLOOR, ceiling - UDP4, s->now);
}

static inline bool arrives(struct sim *s, u16 size)
{
	bool there = test_rand(&s->rng) % 100 >= s->loss;
	bool back = test_rand(&s->rng) % 100 >= s->loss;

	return size <= s->path && there && back;
}

static inline void send(struct sim *s, bool probe, u16 size, u64 id)
{
	if (!arrives(s, size))
		return;
	assert_true(s->n_events < EVENTS);
	s->events[s->n_events++] = (struct event){ s->now + s->rtt, probe, size, id };
}

static inline void note_probe(struct sim *s, u16 size)
{
	unsigned int i;

	assert_in_range(size, s->m.size, s->m.ceiling);
	if (s->probes++)
		assert_true(s->now - s->last_probe >= S);
	s->last_probe = s->now;
	for (i = 0; i < s->n_sizes && s->sizes[i] != size; i++)
		;
	if (i == s->n_sizes && i < ARRAY_SIZE(s->sizes))
		s->sizes[s->n_sizes++] = size;
}

static inline void tick(struct sim *s)
{
	struct pool_mtu early = s->m;
	u16 before = s->m.size, size;
	u32 id = (u32)test_rand(&s->rng);
	u64 next;

	if (s->now < s->due) {
		/* What it did not want to be called for does not happen. */
		assert_int_equal(pool_mtu_tick(&early, s->now, id, &next), 0);
		assert_int_equal(early.size, s->m.size);
		assert_int_equal(early.strikes, s->m.strikes);
		return;
	}
	size = pool_mtu_tick(&s->m, s->now, id, &next);
	assert_in_range(next, 1, POOL_MTU_AGAIN_MS * MS);
	s->due = s->now + next;
	s->falls += s->m.size < before;
	if (size) {
		note_probe(s, size);
		send(s, true, size, id);
	}
	assert_in_range(s->m.size, s->m.floor, s->m.ceiling);
}

/* A millisecond. */
static inline void step(struct sim *s)
{
	unsigned int i = 0;

	s->now += MS;
	while (i < s->n_events) {
		struct event e = s->events[i];

		if (e.at > s->now) {
			i++;
			continue;
		}
		s->events[i] = s->events[--s->n_events];
		if (!e.probe)
			pool_mtu_acked(&s->m, e.id, s->now);
		else if (pool_mtu_answered(&s->m, e.size, (u32)e.id, s->now))
			s->due = s->now;
	}
	tick(s);
}

static inline void run(struct sim *s, u64 ns)
{
	u64 end = s->now + ns;

	while (s->now < end)
		step(s);
}

/* A DATA packet, no longer than packets are now. */
static inline void data(struct sim *s, u16 len)
{
	u64 seq = s->seq++;

	if (len > s->m.size)
		len = s->m.size;
	if (!pool_mtu_wants_check(&s->m, len, s->now))
		return;
	assert_true(len > s->m.floor);
	pool_mtu_checked(&s->m, seq, len, s->now, s->rtt);
	if (s->now + POOL_MTU_CHECK_MIN_MS * MS < s->due)
		s->due = s->now + POOL_MTU_CHECK_MIN_MS * MS;
	send(s, false, len, seq);
}

static inline bool found(const struct sim *s)
{
	u16 most = s->path < s->m.ceiling ? s->path : s->m.ceiling;

	return s->m.size <= most && s->m.size + POOL_MTU_GRAIN > most;
}

/* ms until the search has found the path; fails if that is more than @limit_ms. */
static inline unsigned int search(struct sim *s, unsigned int limit_ms)
{
	unsigned int ms;

	for (ms = 0; !found(s); ms++) {
		assert_true(ms < limit_ms);
		step(s);
	}
	return ms;
}

static const u16 paths[] = { 512, 576, 1280, 1400, 1500, 9000 };
static const u16 ceilings[] = { 1500, 9000 };

#endif /* _POOL_MTU_SIM_H */
