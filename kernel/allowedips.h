/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Which peer a prefix belongs to: longest match over IPv4 and IPv6 prefixes,
 * each of which one peer has at most. Lookups run under RCU; changes under the
 * mutex that the table was made with.
 */
#ifndef _POOL_ALLOWEDIPS_H
#define _POOL_ALLOWEDIPS_H

#include <linux/list.h>
#include <linux/types.h>

struct mutex;
struct pool_allowedips_node;
struct pool_peer;
struct sk_buff;

struct pool_allowedips {
	struct pool_allowedips_node __rcu *root4, *root6;
	struct list_head spare;	/* nodes set aside by pool_allowedips_reserve() */
	struct mutex *lock;	/* of changes; the owner's */
};

/* A prefix as users see it; @addr has 4 or 16 bytes in network order. */
struct pool_allowedip {
	u16 family;	/* AF_INET, AF_INET6, or 0 */
	u8 cidr;
	u8 addr[16];
};

/* @lock guards the table and the lists of all peers in it. */
void pool_allowedips_init(struct pool_allowedips *table, struct mutex *lock);

/* Remove everything. Under the lock; the table can be used again. */
void pool_allowedips_free(struct pool_allowedips *table);

/**
 * pool_allowedips_insert() - give a prefix to a peer
 * @addr: 4 or 16 bytes by @family; bits beyond @cidr are ignored
 * @peer: who has it from now on, in place of any other peer
 * @list: where the entry goes, at the end, also if @peer had the prefix already.
 *	All entries of a peer are in lists that its owner knows of.
 *
 * Under the lock. The table holds no reference on @peer: the prefixes of a
 * peer are removed before an RCU grace period and its end.
 * Return: 0; -EAFNOSUPPORT, -EINVAL (@cidr too long) or -ENOMEM, and nothing
 * has changed.
 */
int pool_allowedips_insert(struct pool_allowedips *table, int family, const void *addr,
			   u8 cidr, struct pool_peer *peer, struct list_head *list);

/**
 * pool_allowedips_reserve() - have that many inserts not fail for memory
 * Under the lock, held until pool_allowedips_unreserve().
 * Return: 0 or -ENOMEM, and nothing is set aside.
 */
int pool_allowedips_reserve(struct pool_allowedips *table, unsigned int prefixes);
void pool_allowedips_unreserve(struct pool_allowedips *table);

/*
 * Take a prefix from @peer. Under the lock. 0, errors as above without -ENOMEM,
 * or -ENOENT when it is not in the table just so or belongs to another peer.
 */
int pool_allowedips_remove(struct pool_allowedips *table, int family, const void *addr,
			   u8 cidr, struct pool_peer *peer);

/* Take all prefixes in @list from @peer. Under the lock. */
void pool_allowedips_remove_by_peer(struct pool_allowedips *table, struct pool_peer *peer,
				    struct list_head *list);

/*
 * The peer for the destination, or source, of @skb, whose network header is
 * complete in its linear part; by skb->protocol. NULL if there is none. Under
 * rcu_read_lock() or rcu_read_lock_bh(), which is all that keeps the peer.
 */
struct pool_peer *pool_allowedips_lookup_dst(struct pool_allowedips *table,
					     const struct sk_buff *skb);
struct pool_peer *pool_allowedips_lookup_src(struct pool_allowedips *table,
					     const struct sk_buff *skb);

/**
 * pool_allowedips_next() - go through the prefixes of a peer
 * @list: of @peer
 * @entry: where we are; family 0 to start. Moved on to the next prefix.
 *
 * Under the lock, which may be let go of between calls: the caller then tells
 * by a generation counter whether it has seen a consistent list.
 * Return: false at the end, or when the entry where we were is not the peer's
 * any more; @entry is then unchanged.
 */
bool pool_allowedips_next(struct pool_allowedips *table, struct pool_peer *peer,
			  struct list_head *list, struct pool_allowedip *entry);

/* Of the module. Exit waits for what RCU has yet to free. */
int pool_allowedips_module_init(void);
void pool_allowedips_module_exit(void);

#ifdef DEBUG
bool pool_allowedips_selftest(void);
#else
static inline bool pool_allowedips_selftest(void)
{
	return true;
}
#endif

#endif /* _POOL_ALLOWEDIPS_H */
