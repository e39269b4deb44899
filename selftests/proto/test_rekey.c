// SPDX-License-Identifier: GPL-2.0
/*
 * Rekey: two ends, a path that may lose, and what must hold whatever happens: one
 * epoch each time, the same keys at both ends, and nothing that arrives cannot
 * be opened.
 */
#include "test.h"
#include "../../kernel/proto/rekey.h"

enum { RECEIVED_IN = 2 };	/* epochs, at most */

/* What an end can receive in. */
struct rx {
	u32 epoch;
	u8 key[POOL_KEY_LEN];
};

struct end {
	struct pool_rekey rekey;
	struct pool_epoch_keys keys;	/* of the epoch it sends in */
	struct pool_epoch_keys next;	/* ANSWERED: of the one it receives in already */
	u8 role;			/* direction it sends in */
	struct rx rx[RECEIVED_IN + 1];
	unsigned int n_rx;
	bool heard;			/* in the epoch it sends in */
};

struct packet {
	u32 epoch;
	u8 key[POOL_KEY_LEN];
	bool rekey;
	u8 plain[POOL_REKEY_LEN];
};

enum { QUEUE = 64 };
struct path {
	struct packet q[QUEUE];
	unsigned int n;
};

static u8 identities[POOL_KEY_LEN];
static u64 seed;
static unsigned int undecryptable;

static void rx_add(struct end *e, u32 epoch, const u8 *key)
{
	assert_true(e->n_rx < RECEIVED_IN);
	e->rx[e->n_rx].epoch = epoch;
	memcpy(e->rx[e->n_rx++].key, key, POOL_KEY_LEN);
}

static void rx_keep_from(struct end *e, u32 epoch)
{
	unsigned int i, n = 0;

	for (i = 0; i < e->n_rx; i++)
		if (e->rx[i].epoch >= epoch)
			e->rx[n++] = e->rx[i];
	e->n_rx = n;
}

static void start(struct end *a, struct end *b)
{
	static const u8 sid[POOL_SID_LEN] = { 1, 2, 3 };
	u8 ck[POOL_HASH_LEN], h[POOL_HASH_LEN];
	struct pool_epoch_keys keys;

	test_fill(identities, sizeof(identities), &seed);
	test_fill(ck, sizeof(ck), &seed);
	test_fill(h, sizeof(h), &seed);
	pool_epoch_derive(&keys, ck, h, 0);
	memset(a, 0, sizeof(*a));
	memset(b, 0, sizeof(*b));
	pool_rekey_init(&a->rekey, sid, keys.chain);
	pool_rekey_init(&b->rekey, sid, keys.chain);
	a->keys = b->keys = keys;
	a->role = POOL_I2R;
	b->role = POOL_R2I;
	a->heard = b->heard = true;
	rx_add(a, 0, keys.dir[POOL_R2I].enc);
	rx_add(b, 0, keys.dir[POOL_I2R].enc);
	undecryptable = 0;
}

/* One in @loss_percent of 100 packets is lost. */
static void put(struct path *p, const struct end *from, const u8 *plain, u32 loss_percent)
{
	struct packet *k;

	if (test_rand(&seed) % 100 < loss_percent)
		return;
	assert_true(p->n < QUEUE);
	k = &p->q[p->n++];
	k->epoch = from->rekey.epoch;
	memcpy(k->key, from->keys.dir[from->role].enc, POOL_KEY_LEN);
	k->rekey = plain;
	if (plain)
		memcpy(k->plain, plain, POOL_REKEY_LEN);
}

static void isn_of(const struct end *e, u64 isn[2])
{
	isn[POOL_I2R] = e->keys.dir[POOL_I2R].isn;
	isn[POOL_R2I] = e->keys.dir[POOL_R2I].isn;
}

static void got_rekey(struct end *e, struct path *back, const struct packet *k, u32 loss)
{
	u8 in = e->role == POOL_I2R ? POOL_R2I : POOL_I2R;
	struct pool_epoch_keys keys;
	u8 plain[POOL_REKEY_LEN];
	u64 isn[2];

	isn_of(e, isn);
	switch (pool_rekey_receive(&e->rekey, k->epoch, k->plain, POOL_REKEY_LEN, identities, isn,
				   &keys)) {
	case POOL_REKEY_ACCEPT:
		rx_keep_from(e, e->rekey.epoch);
		rx_add(e, e->rekey.epoch + 1, keys.dir[in].enc);
		e->next = keys;
		/* fall through */
	case POOL_REKEY_REPEAT:
		assert_true(pool_rekey_answer(&e->rekey, plain));
		put(back, e, plain, loss);
		break;
	case POOL_REKEY_INSTALL:
		rx_add(e, e->rekey.epoch, keys.dir[in].enc);
		e->keys = keys;
		e->heard = false;
		put(back, e, NULL, loss);
		break;
	case POOL_REKEY_KNOWN:
		put(back, e, NULL, loss);
		break;
	case POOL_REKEY_DROP:
		break;
	default:
		fail_msg("malformed");
	}
}

/* Deliver the oldest packet on @p to @e. */
static void deliver(struct path *p, struct end *e, struct path *back, u32 loss)
{
	struct packet k = p->q[0];
	unsigned int i;

	memmove(p->q, p->q + 1, --p->n * sizeof(p->q[0]));
	for (i = 0; i < e->n_rx && e->rx[i].epoch != k.epoch; i++)
		;
	if (i == e->n_rx) {
		undecryptable++;
		return;
	}
	/* The same epoch has the same keys at both ends, always. */
	assert_memory_equal(e->rx[i].key, k.key, POOL_KEY_LEN);
	if (k.epoch == e->rekey.epoch + 1) {
		assert_int_equal(e->rekey.phase, POOL_REKEY_ANSWERED);
		pool_rekey_switched(&e->rekey);
		e->keys = e->next;
		e->heard = true;
		put(back, e, NULL, loss);
	} else if (k.epoch == e->rekey.epoch) {
		e->heard = true;
	}
	if (k.rekey)
		got_rekey(e, back, &k, loss);
}

/* What an end sends when its timer runs: its offer, its answer, or just a sign of life. */
static void tick(struct end *e, struct path *out, bool trigger, u32 loss)
{
	u8 plain[POOL_REKEY_LEN];

	/* Its old receive keys have drained by now. */
	if (e->heard && e->rekey.phase == POOL_REKEY_IDLE)
		rx_keep_from(e, e->rekey.epoch);
	if (pool_rekey_answer(&e->rekey, plain) ||
	    ((e->rekey.phase == POOL_REKEY_OFFERED || (trigger && e->heard)) &&
	     pool_rekey_offer(&e->rekey, plain)))
		put(out, e, plain, loss);
	else
		put(out, e, NULL, loss);
}

static void run(unsigned int rounds, u32 loss, unsigned int triggers)
{
	struct path ab = { .n = 0 }, ba = { .n = 0 };
	unsigned int round, steps;
	struct end a, b;

	start(&a, &b);
	for (round = 0; round < rounds; round++) {
		u8 before[2][POOL_KEY_LEN];

		memcpy(before[0], a.keys.dir[0].enc, POOL_KEY_LEN);
		memcpy(before[1], a.keys.dir[1].enc, POOL_KEY_LEN);
		for (steps = 0; a.rekey.epoch != round + 1 || b.rekey.epoch != round + 1 ||
				!a.heard || !b.heard; steps++) {
			bool first = a.rekey.epoch == round && b.rekey.epoch == round;

			assert_true(steps < 1000);
			tick(&a, &ab, first && triggers & 1, loss);
			tick(&b, &ba, first && triggers & 2, loss);
			while (ab.n || ba.n) {
				if (ab.n && (!ba.n || test_rand(&seed) & 1))
					deliver(&ab, &b, &ba, loss);
				else
					deliver(&ba, &a, &ab, loss);
			}
		}
		assert_memory_equal(&a.keys, &b.keys, sizeof(a.keys));
		assert_memory_not_equal(before[0], a.keys.dir[0].enc, POOL_KEY_LEN);
		assert_memory_not_equal(before[1], a.keys.dir[1].enc, POOL_KEY_LEN);
		assert_int_equal(a.rekey.phase, POOL_REKEY_IDLE);
		assert_int_equal(b.rekey.phase, POOL_REKEY_IDLE);
		/* they take turns drawing the lower ephemeral by themselves */
	}
	if (!loss)
		assert_int_equal(undecryptable, 0);
}

static void both_at_once(void **state)
{
	(void)state;
	seed = 1;
	run(10000, 0, 3);
}

static void both_at_once_lossy(void **state)
{
	(void)state;
	seed = 2;
	run(10000, 20, 3);
}

static void one_offers(void **state)
{
	(void)state;
	seed = 3;
	run(500, 0, 1);
	run(500, 0, 2);
	run(500, 60, 1);
}

/* Two ends in epoch 0, and the plaintexts they make. */
struct pair {
	struct end a, b;
	u8 plain[POOL_REKEY_LEN];
	struct pool_epoch_keys keys;
	u64 isn[2];
};

static void make(struct pair *p)
{
	seed = 4;
	start(&p->a, &p->b);
	isn_of(&p->a, p->isn);
}

static enum pool_rekey_verdict give(struct pair *p, struct end *to, u32 came_in)
{
	return pool_rekey_receive(&to->rekey, came_in, p->plain, POOL_REKEY_LEN, identities, p->isn,
				  &p->keys);
}

/* Refused, and the state is as it was. */
static void refused(struct pair *p, struct end *to, u32 came_in, enum pool_rekey_verdict want)
{
	struct pool_rekey before = to->rekey;

	assert_int_equal(give(p, to, came_in), want);
	assert_memory_equal(&before, &to->rekey, sizeof(before));
}

static void what_is_refused(void **state)
{
	struct pair p;
	u8 first[POOL_REKEY_LEN];

	(void)state;
	make(&p);
	/* an answer nobody asked for */
	assert_true(pool_rekey_offer(&p.a.rekey, p.plain));
	memcpy(first, p.plain, sizeof(first));
	p.plain[0] = POOL_REKEY_ANSWER;
	refused(&p, &p.b, 0, POOL_REKEY_DROP);
	/* steps that are none */
	p.plain[0] = 0;
	refused(&p, &p.b, 0, POOL_REKEY_MALFORMED);
	p.plain[0] = 3;
	refused(&p, &p.b, 0, POOL_REKEY_MALFORMED);
	/* too short */
	assert_int_equal(pool_rekey_receive(&p.b.rekey, 0, first, POOL_REKEY_LEN - 1, identities,
					    p.isn, &p.keys), POOL_REKEY_MALFORMED);
	/* other epochs than the next: by number, and by where it came in */
	memcpy(p.plain, first, sizeof(first));
	p.plain[7] = 0;
	refused(&p, &p.b, 0, POOL_REKEY_DROP);
	p.plain[7] = 2;
	refused(&p, &p.b, 0, POOL_REKEY_DROP);
	memcpy(p.plain, first, sizeof(first));
	refused(&p, &p.b, 1, POOL_REKEY_DROP);
	/* a point of low order */
	memset(p.plain + 8, 0, POOL_KEY_LEN);
	refused(&p, &p.b, 0, POOL_REKEY_DROP);
	/* our own offer, come back */
	memcpy(p.plain, first, sizeof(first));
	refused(&p, &p.a, 0, POOL_REKEY_DROP);
	/* the reserved bytes are ignored */
	p.plain[1] = 0xff;
	assert_int_equal(give(&p, &p.b, 0), POOL_REKEY_ACCEPT);
	/* another offer for the same epoch */
	p.plain[8] ^= 1;
	refused(&p, &p.b, 0, POOL_REKEY_DROP);
	/* who has answered does not offer */
	assert_false(pool_rekey_offer(&p.b.rekey, p.plain));
}

static void the_same_answer_again(void **state)
{
	u8 offer[POOL_REKEY_LEN], one[POOL_REKEY_LEN], two[POOL_REKEY_LEN];
	struct pair p;

	(void)state;
	make(&p);
	assert_false(pool_rekey_answer(&p.b.rekey, one));
	assert_true(pool_rekey_offer(&p.a.rekey, offer));
	assert_true(pool_rekey_offer(&p.a.rekey, p.plain));
	assert_memory_equal(offer, p.plain, sizeof(offer));	/* one ephemeral per epoch */
	assert_int_equal(give(&p, &p.b, 0), POOL_REKEY_ACCEPT);
	assert_true(pool_rekey_answer(&p.b.rekey, one));
	assert_int_equal(give(&p, &p.b, 0), POOL_REKEY_REPEAT);
	assert_true(pool_rekey_answer(&p.b.rekey, two));
	assert_memory_equal(one, two, sizeof(one));
	/* the answer, and the answer again */
	memcpy(p.plain, one, sizeof(one));
	assert_int_equal(give(&p, &p.a, 0), POOL_REKEY_INSTALL);
	refused(&p, &p.a, 0, POOL_REKEY_KNOWN);	/* nothing happens, but it is acknowledged */
	refused(&p, &p.a, 1, POOL_REKEY_DROP);
	p.plain[8] ^= 1;
	refused(&p, &p.a, 0, POOL_REKEY_DROP);	/* another one is none that we know */
	p.plain[8] ^= 1;
	p.plain[7] = 2;
	refused(&p, &p.a, 0, POOL_REKEY_DROP);
	assert_int_equal(p.a.rekey.epoch, 1);
	/* nothing of the ephemeral secret is left */
	memset(one, 0, sizeof(one));
	assert_memory_equal(p.a.rekey.secret, one, POOL_KEY_LEN);
	assert_memory_equal(p.b.rekey.secret, one, POOL_KEY_LEN);
	pool_rekey_switched(&p.b.rekey);
	assert_memory_equal(p.a.rekey.chain, p.b.rekey.chain, POOL_KEY_LEN);
	assert_memory_equal(p.b.rekey.next_chain, one, POOL_KEY_LEN);
	pool_rekey_switched(&p.b.rekey);	/* only once */
	assert_int_equal(p.b.rekey.epoch, 1);
}

/* Who stole the session's keys, but no identity, is shut out. */
static void identities_count(void **state)
{
	struct pool_epoch_keys theirs;
	struct pair p;

	(void)state;
	make(&p);
	assert_true(pool_rekey_offer(&p.a.rekey, p.plain));
	assert_int_equal(give(&p, &p.b, 0), POOL_REKEY_ACCEPT);
	theirs = p.keys;
	assert_true(pool_rekey_answer(&p.b.rekey, p.plain));
	identities[0] ^= 1;
	assert_int_equal(give(&p, &p.a, 0), POOL_REKEY_INSTALL);
	assert_memory_not_equal(theirs.dir[0].enc, p.keys.dir[0].enc, POOL_KEY_LEN);
	assert_memory_not_equal(theirs.chain, p.keys.chain, POOL_KEY_LEN);
}

/* Ranges that meet are found at both edges; ephemerals are drawn until none do. */
static void ranges(void **state)
{
	struct pool_epoch_keys keys;
	struct pool_rekey b;
	struct pair p;
	int i;

	(void)state;
	make(&p);
	assert_true(pool_rekey_offer(&p.a.rekey, p.plain));
	for (i = 0; i < 50; i++) {
		b = p.b.rekey;
		assert_int_equal(pool_rekey_receive(&b, 0, p.plain, POOL_REKEY_LEN, identities,
						    p.isn, &keys), POOL_REKEY_ACCEPT);
		assert_true(keys.dir[0].isn > p.isn[0] ?
			    keys.dir[0].isn - p.isn[0] > POOL_EPOCH_SPAN :
			    p.isn[0] - keys.dir[0].isn > POOL_EPOCH_SPAN);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_at_once),
		cmocka_unit_test(both_at_once_lossy),
		cmocka_unit_test(one_offers),
		cmocka_unit_test(what_is_refused),
		cmocka_unit_test(the_same_answer_again),
		cmocka_unit_test(identities_count),
		cmocka_unit_test(ranges),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
