// SPDX-License-Identifier: GPL-2.0
#include "batch.h"
#include "crypto.h"
#include "proto/packet.h"
#include "session.h"
#include "trace.h"

#include <linux/cpumask.h>
#include <linux/slab.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

enum {
	BUFS_CACHED_MAX = 16,
	SHARED_MIN = 8 << 10,		/* bytes: below, waking another CPU costs more */
};

static LIST_HEAD(bufs);
static unsigned int bufs_cached;
static DEFINE_SPINLOCK(bufs_lock);

/* A batch that is being worked on; it stands on its owner's stack. */
struct crypt {
	struct list_head list;		/* ring; ring_lock */
	unsigned int helpers;		/* that are at it; ring_lock */
	unsigned int helped;		/* records they took; ring_lock */
	atomic_t next;			/* record that nobody has taken yet */
	struct pool_buf *buf;
	const struct pool_cipher *seal;	/* NULL: open */
	struct pool_path *path;
};

/* A CPU's worth of help. */
struct helper {
	struct work_struct work;
	void *scratch;
};

/*
 * Batches that could do with help, of all devices: first come, first served. No more of
 * them than owners, which are workers. Helpers run on an unbound workqueue, so the
 * scheduler finds them a CPU that is online and has time.
 */
static LIST_HEAD(ring);
static DEFINE_SPINLOCK(ring_lock);
static DECLARE_WAIT_QUEUE_HEAD(helped);
static atomic_t busy;			/* owners and helpers at work */
static struct workqueue_struct *wq;
static struct helper *helpers;
static unsigned int n_helpers;

/* ----------------------------------------------------------------- buffers */

static void buf_free(struct pool_buf *buf)
{
	kfree_sensitive(buf->scratch);
	kfree(buf->data);
	kfree(buf);
}

struct pool_buf *pool_buf_get(void)
{
	struct pool_buf *buf;

	spin_lock(&bufs_lock);
	buf = list_first_entry_or_null(&bufs, struct pool_buf, list);
	if (buf) {
		list_del(&buf->list);
		--bufs_cached;
	}
	spin_unlock(&bufs_lock);
	if (buf) {
		buf->len = 0;
		return buf;
	}

	buf = kzalloc(sizeof(*buf), GFP_KERNEL);
	if (!buf)
		return NULL;
	buf->scratch = kzalloc(pool_crypto_scratch_size(), GFP_KERNEL);
	buf->data = kmalloc(POOL_BUF_SIZE, GFP_KERNEL | __GFP_NOWARN);
	if (!buf->scratch || !buf->data) {
		buf_free(buf);
		return NULL;
	}
	return buf;
}

void pool_buf_put(struct pool_buf *buf)
{
	if (!buf)
		return;
	WARN_ON_ONCE(buf->n_recs);
	spin_lock(&bufs_lock);
	if (bufs_cached < BUFS_CACHED_MAX) {
		list_add(&buf->list, &bufs);
		++bufs_cached;
		buf = NULL;
	}
	spin_unlock(&bufs_lock);
	if (buf)
		buf_free(buf);
}

/* ------------------------------------------------------------- one record */

/* Copy the packet out, with the checksum that the stack left to us. */
static void copy_and_sum(struct sk_buff *skb, u8 *to)
{
	__sum16 *sum;

	skb_copy_and_csum_dev(skb, to);
	sum = (__sum16 *)(to + skb_checksum_start_offset(skb) + skb->csum_offset);
	if (!*sum)	/* to UDP a zero would say "none" */
		*sum = CSUM_MANGLED_0;
}

static int seal_skb(const struct pool_cipher *c, struct pool_rec *rec, void *scratch)
{
	u8 nonce[POOL_NONCE_LEN], prefix[4];
	int err;

	err = pool_cipher_hmac_skb(c, rec->pkt, rec->ready, rec->skb, rec->pkt + POOL_AD_LEN);
	if (err)
		return err;
	pool_cipher_nonce_prefix(c, prefix);
	pool_nonce(nonce, prefix, pool_get64(rec->pkt + 4));
	err = pool_cipher_seal_skb(c, scratch, nonce, rec->pkt, rec->ready, rec->skb);
	pool_wipe(prefix, sizeof(prefix));
	pool_wipe(nonce, sizeof(nonce));
	return err;
}

static int seal(const struct pool_cipher *c, struct pool_rec *rec, void *scratch)
{
	u8 *plain = rec->pkt + POOL_HDR_LEN;
	struct sk_buff *skb = rec->skb;
	int err = 0;

	if (skb && rec->sum)
		copy_and_sum(skb, plain + rec->ready);
	else if (skb && pool_cipher_takes(skb))
		return seal_skb(c, rec, scratch);
	else if (skb)
		err = skb_copy_bits(skb, 0, plain + rec->ready, skb->len);
	return err ?: pool_packet_seal(c, scratch, rec->pkt, rec->len - POOL_OVERHEAD);
}

/* ------------------------------------------------------------ many of them */

/* Returns the records that it took. */
static unsigned int take_part(struct crypt *c, void *scratch)
{
	struct pool_buf *buf = c->buf;
	unsigned int i, n = 0;

	while ((i = atomic_inc_return(&c->next) - 1) < buf->n_recs) {
		if (c->seal)
			buf->recs[i].err = seal(c->seal, &buf->recs[i], scratch);
		else
			pool_receive_ahead(c->path, &buf->recs[i], scratch);
		++n;
		cond_resched();
	}
	return n;
}

static void help(struct work_struct *work)
{
	struct helper *h = container_of(work, struct helper, work);
	struct crypt *c;
	unsigned int n;

	atomic_inc(&busy);
	spin_lock(&ring_lock);
	while ((c = list_first_entry_or_null(&ring, struct crypt, list))) {
		++c->helpers;
		spin_unlock(&ring_lock);
		n = take_part(c, h->scratch);
		spin_lock(&ring_lock);
		c->helped += n;
		/* There is nothing left to take. */
		list_del_init(&c->list);
		if (!--c->helpers)
			wake_up(&helped);
	}
	spin_unlock(&ring_lock);
	atomic_dec(&busy);
}

static bool alone(struct crypt *c)
{
	bool alone;

	spin_lock(&ring_lock);
	list_del_init(&c->list);
	alone = !c->helpers;
	spin_unlock(&ring_lock);
	return alone;
}

/* Call as many as there are CPUs with nothing of ours to do, and records to be had. */
static void call_help(struct crypt *c, int others)
{
	unsigned int i;

	others = min_t(int, others, c->buf->n_recs - 1);
	if (others <= 0)
		return;
	spin_lock(&ring_lock);
	list_add_tail(&c->list, &ring);
	spin_unlock(&ring_lock);
	for (i = 0; i < n_helpers && others; ++i)
		if (queue_work(wq, &helpers[i].work))
			--others;
}

static void run(struct crypt *c)
{
	struct pool_buf *buf = c->buf;
	size_t bytes = 0;
	unsigned int i;

	for (i = 0; i < buf->n_recs; ++i)
		bytes += buf->recs[i].len;
	INIT_LIST_HEAD(&c->list);
	atomic_inc(&busy);
	if (bytes >= SHARED_MIN && buf->n_recs > 1)
		call_help(c, (int)num_online_cpus() - atomic_read(&busy));
	take_part(c, buf->scratch);
	if (!alone(c))
		wait_event(helped, alone(c));
	atomic_dec(&busy);
	trace_pool_batch(c->path, c->seal, buf->n_recs, bytes, c->helped);
}

void pool_batch_seal(struct pool_buf *buf, struct pool_path *path, const struct pool_cipher *cipher)
{
	struct crypt c = { .buf = buf, .path = path, .seal = cipher };

	run(&c);
}

void pool_batch_open(struct pool_buf *buf, struct pool_path *path)
{
	struct crypt c = { .buf = buf, .path = path };

	/* One alone is opened when its turn comes, and never in vain. */
	if (buf->n_recs > 1)
		run(&c);
}

void pool_batch_close(struct pool_buf *buf)
{
	struct pool_rec *rec;

	for (rec = buf->recs; rec < buf->recs + buf->n_recs; ++rec)
		pool_epoch_put(rec->epoch);
	buf->n_recs = 0;
}

/* -------------------------------------------------------------------- init */

void pool_batch_exit(void)
{
	struct pool_buf *buf, *next;
	unsigned int i;

	if (wq)
		destroy_workqueue(wq);
	wq = NULL;
	for (i = 0; i < n_helpers; ++i)
		kfree_sensitive(helpers[i].scratch);
	kfree(helpers);
	helpers = NULL;
	n_helpers = 0;
	list_for_each_entry_safe(buf, next, &bufs, list)
		buf_free(buf);
	INIT_LIST_HEAD(&bufs);
	bufs_cached = 0;
}

int pool_batch_init(void)
{
	unsigned int n = num_possible_cpus() - 1;	/* the owner is one */
	struct pool_buf *buf;

	wq = alloc_workqueue("pool-crypt", WQ_UNBOUND | WQ_MEM_RECLAIM, 0);
	helpers = kcalloc(n, sizeof(*helpers), GFP_KERNEL);
	if (!wq || (n && !helpers))
		goto err;
	for (; n_helpers < n; ++n_helpers) {
		INIT_WORK(&helpers[n_helpers].work, help);
		helpers[n_helpers].scratch = kzalloc(pool_crypto_scratch_size(), GFP_KERNEL);
		if (!helpers[n_helpers].scratch)
			goto err;
	}
	/* The first buffer is kept, so that one worker can always go on. */
	buf = pool_buf_get();
	if (!buf)
		goto err;
	pool_buf_put(buf);
	return 0;

err:
	pool_batch_exit();
	return -ENOMEM;
}
