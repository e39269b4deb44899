/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Batches: packets that are sealed, or opened, in one go, and the CPUs that take
 * part in that.
 *
 * A batch has one owner, the worker that sends for a peer or reads a socket. It
 * gathers records in the order of the stream, has them sealed or opened by
 * whoever has time (itself included), and goes on when all of them are done, in
 * the order in which they stood. So packets stay in order, and sessions, epochs
 * and paths are touched by the owner alone; what the others see, the keys and the
 * bytes of a record, nobody changes meanwhile.
 */
#ifndef _POOL_BATCH_H
#define _POOL_BATCH_H

#include <linux/list.h>
#include <linux/types.h>

struct pool_cipher;
struct pool_epoch;
struct pool_path;
struct sk_buff;

enum pool_batch_limits {
	POOL_BUF_SIZE = 128 << 10,	/* bytes of records: nearly two of the largest */
	POOL_BUF_CONTROL = 4 << 10,	/* of it, what DATA over TCP leaves to control packets */
	POOL_BATCH_BYTES = 64 << 10,	/* sealed in one go before the socket is asked */
	POOL_BATCH_RECS = 96,		/* packets of usual size in that */
};

/* One packet of a batch. */
struct pool_rec {
	u8 *pkt;
	u32 len;		/* of all of it */
	int err;		/* of sealing or opening: 0 or a negative errno */
	struct sk_buff *skb;	/* to seal: the rest of the plaintext is there */
	u32 ready;		/* to seal: bytes of plaintext that stand in the packet already */
	bool sum;		/* to seal: with the checksum that skb wants filled in */
	u16 from;		/* to open: the reader's own */
	struct pool_epoch *epoch;	/* opened with its keys; a reference. NULL: not opened */
};

/*
 * Room for a batch of records and for one crypto request. Borrowed while a
 * worker runs (and while a socket owes us room), so that an idle peer costs none.
 */
struct pool_buf {
	struct list_head list;
	void *scratch;
	u8 *data;		/* POOL_BUF_SIZE bytes */
	size_t len;		/* used */
	unsigned int n_recs;	/* not sealed, or not looked at, yet */
	struct pool_rec recs[POOL_BATCH_RECS];
};

struct pool_buf *pool_buf_get(void);	/* process context; empty; NULL when out of memory */
void pool_buf_put(struct pool_buf *buf);

/**
 * pool_batch_seal() - seal the records of @buf
 * @buf: its records have their headers, and their plaintext in the packet or in skb
 * @path: where they are to go
 * @c: keys of the epoch, which live as long as this runs
 *
 * Packets that come from an skb are encrypted from its pages into the record; the skb
 * stays the caller's. Process context; other CPUs take part if they are idle. Each record
 * says in err how it went.
 */
void pool_batch_seal(struct pool_buf *buf, struct pool_path *path, const struct pool_cipher *c);

/**
 * pool_batch_open() - open what can be opened of the records of @buf ahead of its turn
 * @buf: whole packets of the network, in the order they came in
 * @path: where from
 *
 * Nothing is said about a record without an epoch: it is looked at when its turn comes.
 * Changes nothing but the records' payload. Process context, as above.
 */
void pool_batch_open(struct pool_buf *buf, struct pool_path *path);

/* The records have been looked at. */
void pool_batch_close(struct pool_buf *buf);

int pool_batch_init(void);
void pool_batch_exit(void);

#endif /* _POOL_BATCH_H */
