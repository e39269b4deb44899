// SPDX-License-Identifier: GPL-2.0
/*
 * The trie against a plain list of prefixes that is searched from end to end,
 * with random changes and questions. Few distinct bits, so that prefixes
 * overlap and collide. Included by allowedips.c.
 */

#include <linux/random.h>

enum {
	TEST_PEERS = 16,
	TEST_ENTRIES = 512,
	TEST_STEPS = 20000,
};

struct test_entry {
	bool used, v6;
	u8 cidr;
	u8 peer;
	u8 addr[16];	/* masked */
};

struct test {
	struct mutex lock;	/* what the table wants held */
	struct pool_allowedips table;
	struct list_head lists[TEST_PEERS];
	struct test_entry entries[TEST_ENTRIES];
};

/* Never looked into: any address does that is not NULL. */
static struct pool_peer *__init test_peer(unsigned int i)
{
	return (struct pool_peer *)(8 * (i + 1UL));
}

static struct pool_peer *__init test_ask(struct test *t, bool v6, const u8 *addr)
{
	struct pool_peer *peer;

	rcu_read_lock();
	peer = lookup(v6 ? &t->table.root6 : &t->table.root4, v6, addr);
	rcu_read_unlock();
	return peer;
}

/* Bit by bit, so as to have nothing in common with what is tested. */
static bool __init test_match(const struct test_entry *e, const u8 *addr)
{
	unsigned int i;

	for (i = 0; i < e->cidr; i++)
		if ((e->addr[i / 8] ^ addr[i / 8]) & 0x80 >> i % 8)
			return false;
	return true;
}

static void __init test_addr(u8 addr[16])
{
	unsigned int i;

	get_random_bytes(addr, 16);
	for (i = 0; i < 16; i++)
		addr[i] &= i % 4 ? 0x81 : 0xc1;
}

static struct test_entry *__init test_find(struct test *t, bool v6, const u8 *addr, u8 cidr)
{
	unsigned int i;

	for (i = 0; i < TEST_ENTRIES; i++) {
		struct test_entry *e = &t->entries[i];

		if (e->used && e->v6 == v6 && e->cidr == cidr && test_match(e, addr))
			return e;
	}
	return NULL;
}

static struct pool_peer *__init test_lookup(struct test *t, bool v6, const u8 *addr)
{
	struct test_entry *best = NULL;
	unsigned int i;

	for (i = 0; i < TEST_ENTRIES; i++) {
		struct test_entry *e = &t->entries[i];

		if (e->used && e->v6 == v6 && (!best || e->cidr > best->cidr) &&
		    test_match(e, addr))
			best = e;
	}
	return best ? test_peer(best->peer) : NULL;
}

static const char *__init test_insert(struct test *t, bool v6, const u8 *addr, u8 cidr)
{
	struct test_entry *e = test_find(t, v6, addr, cidr);
	unsigned int i, peer = get_random_u32_below(TEST_PEERS);

	for (i = 0; !e && i < TEST_ENTRIES; i++)
		if (!t->entries[i].used)
			e = &t->entries[i];
	if (!e)
		return NULL;
	if (pool_allowedips_insert(&t->table, v6 ? AF_INET6 : AF_INET, addr, cidr,
				   test_peer(peer), &t->lists[peer]))
		return "insert";
	e->used = true;
	e->v6 = v6;
	e->cidr = cidr;
	e->peer = peer;
	memset(e->addr, 0, sizeof(e->addr));
	for (i = 0; i < cidr; i++)
		e->addr[i / 8] |= addr[i / 8] & 0x80 >> i % 8;
	return NULL;
}

static const char *__init test_remove(struct test *t, bool v6, const u8 *addr, u8 cidr)
{
	struct test_entry *e = test_find(t, v6, addr, cidr);
	unsigned int peer = get_random_u32_below(TEST_PEERS);
	int expect = -ENOENT;

	if (e && get_random_u32_below(4))
		peer = e->peer;
	if (e && e->peer == peer) {
		expect = 0;
		e->used = false;
	}
	if (pool_allowedips_remove(&t->table, v6 ? AF_INET6 : AF_INET, addr, cidr,
				   test_peer(peer)) != expect)
		return "remove";
	return NULL;
}

/* Each list has the entries of its peer, all of them, once. */
static const char *__init test_lists(struct test *t)
{
	unsigned int i, peer, expect, n;

	for (peer = 0; peer < TEST_PEERS; peer++) {
		struct pool_allowedip at = {};
		struct test_entry *e;

		for (i = 0, expect = 0; i < TEST_ENTRIES; i++)
			expect += t->entries[i].used && t->entries[i].peer == peer;
		for (n = 0; pool_allowedips_next(&t->table, test_peer(peer), &t->lists[peer],
						 &at); n++) {
			e = test_find(t, at.family == AF_INET6, at.addr, at.cidr);
			if (!e || e->peer != peer || memcmp(e->addr, at.addr, e->v6 ? 16 : 4))
				return "list";
		}
		if (n != expect)
			return "length of list";
	}
	return NULL;
}

/* Each node has a peer or two children, and its children lie within it. */
static bool __init test_sound(struct test *t, struct pool_allowedips_node *node,
			      unsigned int depth)
{
	unsigned int i;

	if (depth > family_bits(node->v6) ||
	    (!peer_locked(&t->table, node) && !is_full(&t->table, node)))
		return false;
	for (i = 0; i < 2; i++) {
		struct pool_allowedips_node *child = locked(&t->table, node->child[i]);

		if (child && (child->cidr <= node->cidr || child->v6 != node->v6 ||
			      key_common(child->key, node->key) < node->cidr ||
			      key_bit(child->key, node->cidr) != i ||
			      !test_sound(t, child, depth + 1)))
			return false;
	}
	return true;
}

static const char *__init test_steps(struct test *t)
{
	struct pool_allowedips_node *root;
	const char *failed = NULL;
	unsigned int i, peer, step;
	u8 addr[16], cidr;
	bool v6;

	for (step = 0; !failed && step < TEST_STEPS; step++) {
		v6 = get_random_u32_below(2);
		cidr = get_random_u32_below(family_bits(v6) + 1);
		test_addr(addr);
		/* Often something that is there. */
		i = get_random_u32_below(2 * TEST_ENTRIES);
		if (i < TEST_ENTRIES && t->entries[i].used) {
			v6 = t->entries[i].v6;
			cidr = t->entries[i].cidr;
			memcpy(addr, t->entries[i].addr, sizeof(addr));
		}

		switch (get_random_u32_below(10)) {
		case 0 ... 2:
			failed = test_insert(t, v6, addr, cidr);
			break;
		case 3:
			failed = test_remove(t, v6, addr, cidr);
			break;
		default:
			if (test_ask(t, v6, addr) != test_lookup(t, v6, addr))
				failed = "lookup";
		}
		if (failed || step % 1000)
			continue;
		root = locked(&t->table, t->table.root4);
		if (root && !test_sound(t, root, 0))
			return "shape of the trie";
		root = locked(&t->table, t->table.root6);
		if (root && !test_sound(t, root, 0))
			return "shape of the trie";
		failed = test_lists(t);
		if (!failed && !(step % 4000)) {
			peer = get_random_u32_below(TEST_PEERS);
			pool_allowedips_remove_by_peer(&t->table, test_peer(peer),
						       &t->lists[peer]);
			for (i = 0; i < TEST_ENTRIES; i++)
				if (t->entries[i].peer == peer)
					t->entries[i].used = false;
			failed = test_lists(t);
		}
	}
	return failed;
}

static const char *__init test_edges(struct test *t)
{
	static const u8 addr[16] __initconst = { 10, 1, 2, 3 };
	struct pool_peer *p = test_peer(0);
	u8 other[16] = { 11 };

	if (pool_allowedips_insert(&t->table, AF_INET, addr, 33, p, &t->lists[0]) != -EINVAL ||
	    pool_allowedips_insert(&t->table, AF_INET6, addr, 129, p, &t->lists[0]) != -EINVAL ||
	    pool_allowedips_insert(&t->table, AF_UNIX, addr, 8, p, &t->lists[0]) !=
		    -EAFNOSUPPORT ||
	    pool_allowedips_remove(&t->table, AF_INET, addr, 0, p) != -ENOENT)
		return "errors";
	if (pool_allowedips_reserve(&t->table, 2) ||
	    pool_allowedips_insert(&t->table, AF_INET, addr, 0, p, &t->lists[0]) ||
	    pool_allowedips_insert(&t->table, AF_INET, addr, 32, test_peer(1), &t->lists[1]) ||
	    test_ask(t, false, other) != p ||
	    test_ask(t, false, addr) != test_peer(1) ||
	    test_ask(t, true, addr) ||
	    pool_allowedips_remove(&t->table, AF_INET, addr, 0, test_peer(1)) != -ENOENT ||
	    pool_allowedips_remove(&t->table, AF_INET, other, 0, p) ||
	    test_ask(t, false, other))
		return "default route and host route";
	pool_allowedips_unreserve(&t->table);
	if (!list_empty(&t->table.spare))
		return "spare nodes";
	pool_allowedips_remove_by_peer(&t->table, test_peer(1), &t->lists[1]);
	return locked(&t->table, t->table.root4) ? "empty again" : NULL;
}

bool __init pool_allowedips_selftest(void)
{
	struct test *t = kvzalloc(sizeof(*t), GFP_KERNEL);
	const char *failed;
	unsigned int i;

	if (!t)
		return false;
	mutex_init(&t->lock);
	pool_allowedips_init(&t->table, &t->lock);
	for (i = 0; i < TEST_PEERS; i++)
		INIT_LIST_HEAD(&t->lists[i]);

	mutex_lock(&t->lock);
	failed = test_edges(t);
	if (!failed)
		failed = test_steps(t);
	pool_allowedips_free(&t->table);
	for (i = 0; !failed && i < TEST_PEERS; i++)
		if (!list_empty(&t->lists[i]))
			failed = "free";
	mutex_unlock(&t->lock);
	kvfree(t);
	if (failed)
		pr_err("self-test of allowed-ips: %s\n", failed);
	else
		pr_info("self-test of allowed-ips: pass\n");
	return !failed;
}
