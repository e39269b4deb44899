// SPDX-License-Identifier: GPL-2.0
/*
 * A binary trie for each family, with every path compressed: a node stands for
 * a prefix, and its children for longer ones within it. A node either has a
 * peer or two children, or both; so there are never more than twice as many
 * nodes as prefixes, and no walk is longer than an address has bits.
 *
 * A change never alters what a reader may be looking at, but for single
 * pointers: new nodes are complete before they are linked, and removed ones
 * keep their children until a grace period is over.
 */

#include "allowedips.h"

#include <linux/bitops.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/mutex.h>
#include <linux/rcupdate.h>
#include <linux/skbuff.h>
#include <linux/slab.h>
#include <linux/unaligned.h>

/* An address as a number; IPv4 in the upper half of @hi. */
struct ipkey {
	u64 hi, lo;
};

struct pool_allowedips_node {
	struct pool_allowedips_node __rcu *child[2];
	struct pool_peer __rcu *peer;	/* NULL: only a fork */
	union {
		struct list_head list;	/* while it has a peer: the peer's */
		struct rcu_head rcu;	/* once it is unlinked */
	};
	struct ipkey key;			/* zero beyond cidr */
	u8 cidr;
	bool v6;
};

static struct kmem_cache *node_cache;

static unsigned int family_bits(bool v6)
{
	return v6 ? 128 : 32;
}

static struct ipkey key_of(bool v6, const void *addr)
{
	if (v6)
		return (struct ipkey){ get_unaligned_be64(addr), get_unaligned_be64(addr + 8) };
	return (struct ipkey){ (u64)get_unaligned_be32(addr) << 32, 0 };
}

static struct ipkey key_mask(struct ipkey k, unsigned int cidr)
{
	if (cidr <= 64) {
		k.lo = 0;
		k.hi &= cidr ? ~0ULL << (64 - cidr) : 0;
	} else {
		k.lo &= ~0ULL << (128 - cidr);
	}
	return k;
}

static unsigned int key_bit(struct ipkey k, unsigned int at)
{
	return (at < 64 ? k.hi >> (63 - at) : k.lo >> (127 - at)) & 1;
}

/* How many bits two keys have in common from the left, 0 to 128. */
static unsigned int key_common(struct ipkey a, struct ipkey b)
{
	u64 hi = a.hi ^ b.hi, lo = a.lo ^ b.lo;

	if (hi)
		return 64 - fls64(hi);
	return 128 - fls64(lo);
}

static struct pool_allowedips_node *locked(const struct pool_allowedips *table,
					   struct pool_allowedips_node __rcu *p)
{
	return rcu_dereference_protected(p, lockdep_is_held(table->lock));
}

static struct pool_peer *peer_locked(const struct pool_allowedips *table,
				     const struct pool_allowedips_node *node)
{
	return rcu_dereference_protected(node->peer, lockdep_is_held(table->lock));
}

static struct pool_peer *lookup(struct pool_allowedips_node __rcu *const *root, bool v6,
				const void *addr)
{
	const struct pool_allowedips_node *node;
	unsigned int bits = family_bits(v6);
	struct pool_peer *best = NULL, *peer;
	struct ipkey key = key_of(v6, addr);

	node = rcu_dereference_check(*root, rcu_read_lock_bh_held());
	while (node && key_common(node->key, key) >= node->cidr) {
		peer = rcu_dereference_check(node->peer, rcu_read_lock_bh_held());
		if (peer)
			best = peer;
		if (node->cidr == bits)
			break;
		node = rcu_dereference_check(node->child[key_bit(key, node->cidr)],
					     rcu_read_lock_bh_held());
	}
	return best;
}

struct pool_peer *pool_allowedips_lookup_dst(struct pool_allowedips *table,
					     const struct sk_buff *skb)
{
	if (skb->protocol == htons(ETH_P_IP))
		return lookup(&table->root4, false, &ip_hdr(skb)->daddr);
	if (skb->protocol == htons(ETH_P_IPV6))
		return lookup(&table->root6, true, &ipv6_hdr(skb)->daddr);
	return NULL;
}

struct pool_peer *pool_allowedips_lookup_src(struct pool_allowedips *table,
					     const struct sk_buff *skb)
{
	if (skb->protocol == htons(ETH_P_IP))
		return lookup(&table->root4, false, &ip_hdr(skb)->saddr);
	if (skb->protocol == htons(ETH_P_IPV6))
		return lookup(&table->root6, true, &ipv6_hdr(skb)->saddr);
	return NULL;
}

/* Where a walk for one prefix has come to. */
struct place {
	struct pool_allowedips_node __rcu **slot;	/* the pointer to @node */
	struct pool_allowedips_node *node;		/* may be NULL */
	struct pool_allowedips_node __rcu **parent_slot;	/* the pointer to @parent */
	struct pool_allowedips_node *parent;		/* NULL at the root */
	unsigned int common;				/* bits of @node's prefix that fit */
};

/* Go as far down as nodes contain the prefix; true if the last is the very one. */
static bool find(struct pool_allowedips *table, bool v6, struct ipkey key, unsigned int cidr,
		 struct place *p)
{
	lockdep_assert_held(table->lock);

	*p = (struct place){ .slot = v6 ? &table->root6 : &table->root4 };
	while ((p->node = locked(table, *p->slot))) {
		p->common = min3(key_common(p->node->key, key), (unsigned int)p->node->cidr,
				 cidr);
		if (p->common < p->node->cidr)
			return false;
		if (p->node->cidr == cidr)
			return true;
		p->parent_slot = p->slot;
		p->parent = p->node;
		p->slot = &p->node->child[key_bit(key, p->node->cidr)];
	}
	return false;
}

static int parse(int family, const void *addr, u8 cidr, bool *v6, struct ipkey *key)
{
	if (family != AF_INET && family != AF_INET6)
		return -EAFNOSUPPORT;
	*v6 = family == AF_INET6;
	if (cidr > family_bits(*v6))
		return -EINVAL;
	*key = key_mask(key_of(*v6, addr), cidr);
	return 0;
}

static struct pool_allowedips_node *node_alloc(struct pool_allowedips *table, bool v6,
					       struct ipkey key, unsigned int cidr)
{
	struct pool_allowedips_node *node;

	node = list_first_entry_or_null(&table->spare, struct pool_allowedips_node, list);
	if (node)
		list_del(&node->list);
	else
		node = kmem_cache_zalloc(node_cache, GFP_KERNEL);
	if (node) {
		node->key = key_mask(key, cidr);
		node->cidr = cidr;
		node->v6 = v6;
	}
	return node;
}

static void node_free_rcu(struct rcu_head *rcu)
{
	kmem_cache_free(node_cache, container_of(rcu, struct pool_allowedips_node, rcu));
}

void pool_allowedips_init(struct pool_allowedips *table, struct mutex *lock)
{
	RCU_INIT_POINTER(table->root4, NULL);
	RCU_INIT_POINTER(table->root6, NULL);
	INIT_LIST_HEAD(&table->spare);
	table->lock = lock;
}

int pool_allowedips_reserve(struct pool_allowedips *table, unsigned int prefixes)
{
	struct pool_allowedips_node *node;
	unsigned int i;

	lockdep_assert_held(table->lock);
	/* Each may need a fork besides its own. */
	for (i = 0; i < 2 * prefixes; i++) {
		node = kmem_cache_zalloc(node_cache, GFP_KERNEL);
		if (!node) {
			pool_allowedips_unreserve(table);
			return -ENOMEM;
		}
		list_add(&node->list, &table->spare);
	}
	return 0;
}

void pool_allowedips_unreserve(struct pool_allowedips *table)
{
	struct pool_allowedips_node *node, *next;

	lockdep_assert_held(table->lock);
	list_for_each_entry_safe(node, next, &table->spare, list) {
		list_del(&node->list);
		kmem_cache_free(node_cache, node);
	}
}

int pool_allowedips_insert(struct pool_allowedips *table, int family, const void *addr,
			   u8 cidr, struct pool_peer *peer, struct list_head *list)
{
	struct pool_allowedips_node *node, *fork = NULL;
	struct pool_peer *old;
	struct place p;
	struct ipkey key;
	bool v6;
	int err;

	lockdep_assert_held(table->lock);
	err = parse(family, addr, cidr, &v6, &key);
	if (err)
		return err;

	if (find(table, v6, key, cidr, &p)) {
		old = peer_locked(table, p.node);
		if (old)
			list_move_tail(&p.node->list, list);
		else
			list_add_tail(&p.node->list, list);
		rcu_assign_pointer(p.node->peer, peer);
		return 0;
	}

	node = node_alloc(table, v6, key, cidr);
	if (!node)
		return -ENOMEM;
	if (p.node && p.common < cidr) {
		/* The two part before either ends. */
		fork = node_alloc(table, v6, key, p.common);
		if (!fork) {
			kmem_cache_free(node_cache, node);
			return -ENOMEM;
		}
	}

	RCU_INIT_POINTER(node->peer, peer);
	list_add_tail(&node->list, list);
	if (fork) {
		RCU_INIT_POINTER(fork->child[key_bit(key, p.common)], node);
		RCU_INIT_POINTER(fork->child[!key_bit(key, p.common)], p.node);
		rcu_assign_pointer(*p.slot, fork);
	} else {
		if (p.node)	/* lies within the new one */
			RCU_INIT_POINTER(node->child[key_bit(p.node->key, cidr)], p.node);
		rcu_assign_pointer(*p.slot, node);
	}
	return 0;
}

/* Put the only child of @node, or nothing, in its place. */
static void splice_out(struct pool_allowedips *table,
		       struct pool_allowedips_node __rcu **slot,
		       struct pool_allowedips_node *node)
{
	struct pool_allowedips_node *child = locked(table, node->child[0]);

	if (!child)
		child = locked(table, node->child[1]);
	rcu_assign_pointer(*slot, child);
	call_rcu(&node->rcu, node_free_rcu);
}

static bool is_full(const struct pool_allowedips *table, const struct pool_allowedips_node *node)
{
	return locked(table, node->child[0]) && locked(table, node->child[1]);
}

/* Take the entry at @p from its peer, and out of the trie what it leaves useless. */
static void unlink_entry(struct pool_allowedips *table, struct place *p)
{
	list_del(&p->node->list);
	RCU_INIT_POINTER(p->node->peer, NULL);
	if (is_full(table, p->node))
		return;
	splice_out(table, p->slot, p->node);
	if (p->parent && !peer_locked(table, p->parent) && !is_full(table, p->parent))
		splice_out(table, p->parent_slot, p->parent);
}

int pool_allowedips_remove(struct pool_allowedips *table, int family, const void *addr,
			   u8 cidr, struct pool_peer *peer)
{
	struct place p;
	struct ipkey key;
	bool v6;
	int err;

	lockdep_assert_held(table->lock);
	err = parse(family, addr, cidr, &v6, &key);
	if (err)
		return err;
	if (!find(table, v6, key, cidr, &p) || peer_locked(table, p.node) != peer)
		return -ENOENT;
	unlink_entry(table, &p);
	return 0;
}

void pool_allowedips_remove_by_peer(struct pool_allowedips *table, struct pool_peer *peer,
				    struct list_head *list)
{
	struct pool_allowedips_node *node, *next;
	struct place p;

	lockdep_assert_held(table->lock);
	list_for_each_entry_safe(node, next, list, list) {
		if (WARN_ON_ONCE(!find(table, node->v6, node->key, node->cidr, &p) ||
				 peer_locked(table, node) != peer))
			continue;
		unlink_entry(table, &p);
	}
}

static void free_trie(struct pool_allowedips *table, struct pool_allowedips_node __rcu **root)
{
	struct pool_allowedips_node *node = locked(table, *root), *child;
	LIST_HEAD(todo);
	unsigned int i;

	RCU_INIT_POINTER(*root, NULL);
	if (!node)
		return;
	/* Readers may still be below: the nodes are strung on their lists. */
	if (peer_locked(table, node))
		list_del(&node->list);
	list_add(&node->list, &todo);
	while ((node = list_first_entry_or_null(&todo, struct pool_allowedips_node, list))) {
		list_del(&node->list);
		for (i = 0; i < ARRAY_SIZE(node->child); i++) {
			child = locked(table, node->child[i]);
			if (!child)
				continue;
			if (peer_locked(table, child))
				list_del(&child->list);
			list_add(&child->list, &todo);
		}
		call_rcu(&node->rcu, node_free_rcu);
	}
}

void pool_allowedips_free(struct pool_allowedips *table)
{
	lockdep_assert_held(table->lock);
	free_trie(table, &table->root4);
	free_trie(table, &table->root6);
}

bool pool_allowedips_next(struct pool_allowedips *table, struct pool_peer *peer,
			  struct list_head *list, struct pool_allowedip *entry)
{
	struct pool_allowedips_node *node;
	struct list_head *at = list;
	struct place p;
	struct ipkey key;
	bool v6;

	lockdep_assert_held(table->lock);
	if (entry->family) {
		if (parse(entry->family, entry->addr, entry->cidr, &v6, &key) ||
		    !find(table, v6, key, entry->cidr, &p) ||
		    peer_locked(table, p.node) != peer)
			return false;
		at = &p.node->list;
	}
	if (list_is_last(at, list))
		return false;

	node = list_next_entry(list_entry(at, struct pool_allowedips_node, list), list);
	memset(entry, 0, sizeof(*entry));
	entry->family = node->v6 ? AF_INET6 : AF_INET;
	entry->cidr = node->cidr;
	if (node->v6) {
		put_unaligned_be64(node->key.hi, entry->addr);
		put_unaligned_be64(node->key.lo, entry->addr + 8);
	} else {
		put_unaligned_be32(node->key.hi >> 32, entry->addr);
	}
	return true;
}

int __init pool_allowedips_module_init(void)
{
	node_cache = KMEM_CACHE(pool_allowedips_node, 0);
	return node_cache ? 0 : -ENOMEM;
}

void pool_allowedips_module_exit(void)
{
	rcu_barrier();
	kmem_cache_destroy(node_cache);
}

#ifdef DEBUG
#include "selftest/allowedips.c"
#endif
