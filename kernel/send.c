// SPDX-License-Identifier: GPL-2.0
/*
 * From staged packets and control messages to sealed records on a path. All of
 * it runs in process context; a session's tx_lock makes the order of sequence
 * numbers the order of bytes.
 */
#include "batch.h"
#include "device.h"
#include "handshake.h"
#include "peer.h"
#include "proto/fragment.h"
#include "segment.h"
#include "session.h"
#include "trace.h"

#include <linux/delay.h>
#include <net/gso.h>

enum {
	TX_RUN_BYTES = 512 << 10,	/* then let others have the worker */
	TX_RETRY_MS = 10,		/* after running out of memory */
};

static u64 session_timestamp(const struct pool_session *s)
{
	return pool_now() + s->ts_offset;
}

/* Of the newest epoch heard (spec 6.5). Under tx_lock, which keeps prev where it is. */
static u64 session_ack(struct pool_session *s)
{
	struct pool_epoch *epoch = READ_ONCE(s->epoch->heard) || !s->prev ? s->epoch : s->prev;
	u64 highest;

	spin_lock_bh(&epoch->rx_lock);
	highest = epoch->replay.highest;
	spin_unlock_bh(&epoch->rx_lock);
	return highest;
}

/* Beyond the hard stop; a CLOSE may use the sequence that is left at it. */
static bool epoch_exhausted(const struct pool_session *s, const struct pool_epoch *epoch, u8 type)
{
	u32 used = epoch->tx_used;
	struct pool_key_limits limits;

	if (type == POOL_CLOSE)
		return used > POOL_EPOCH_SPAN;
	pool_peer_limits(s->peer, &limits);
	return used >= limits.reject_packets ||
	       pool_now() - epoch->created_ns >= POOL_S_TO_NS(limits.reject_s);
}

/* Header into @pkt; the sequence number is used up whatever comes. Under tx_lock. */
static void write_header(struct pool_session *s, struct pool_epoch *epoch, u8 *pkt, u8 type,
			 u16 flags, u8 channel, size_t plain_len)
{
	struct pool_hdr hdr = {
		.version = POOL_VERSION,
		.type = type,
		.flags = flags | POOL_F_ENCRYPTED,
		.channel = channel,
		.seq = epoch->tx_first + epoch->tx_used,
		.ack = session_ack(s),
		.timestamp = session_timestamp(s),
		.payload_len = plain_len + POOL_TAG_LEN,
	};

	lockdep_assert_held(&s->tx_lock);
	WRITE_ONCE(epoch->tx_used, epoch->tx_used + 1);
	memcpy(hdr.sid, s->sid, POOL_SID_LEN);
	pool_hdr_encode(pkt, &hdr);
}

static void count_sent(struct pool_session *s, const u8 *pkt, size_t len)
{
	trace_pool_tx(s, pkt[0] & 0xf, pool_get64(pkt + 4), len);
	atomic64_add(len, &s->peer->stats.tx_bytes);
}

int pool_send_on(struct pool_session *s, struct pool_path *path, u8 type, u16 flags,
		 const u8 *plain, size_t len, size_t pad)
{
	struct pool_epoch *epoch;
	struct pool_buf *buf;
	int ret = -EAGAIN;
	u8 *pkt;

	mutex_lock(&s->tx_lock);
	epoch = s->epoch;
	if (!epoch || epoch_exhausted(s, epoch, type) || READ_ONCE(s->phase) == POOL_PHASE_DEAD) {
		ret = -EKEYEXPIRED;
		goto out;
	}
	path->ops->lock(path);
	path->ecn = 0;
	pkt = path->ops->reserve(path, POOL_OVERHEAD + len + pad, true);
	if (pkt) {
		write_header(s, epoch, pkt, type, flags, 0, len + pad);
		memcpy(pkt + POOL_HDR_LEN, plain, len);
		memset(pkt + POOL_HDR_LEN + len, 0, pad);
		len += pad;
		if (flags & POOL_F_TELEMETRY)
			pool_telemetry_fill(s, epoch, path, epoch->tx_first + epoch->tx_used - 1,
					    pkt + POOL_HDR_LEN);
		buf = path->ops->buf(path);
		ret = pool_packet_seal(&epoch->tx, buf->scratch, pkt, len);
		if (!ret) {
			buf->len += POOL_OVERHEAD + len;
			count_sent(s, pkt, POOL_OVERHEAD + len);
			ret = path->ops->flush(path);
			if (ret == -EAGAIN)	/* it stands in the path's own buffer */
				ret = 0;
		} else {
			pool_drop(s->device, s->peer, POOL_A_DROPS_TX_CRYPTO);
		}
	} else if (!READ_ONCE(path->closed)) {
		pool_drop(s->device, s->peer, POOL_A_DROPS_TX_CONGESTED);
	}
	path->ops->unlock(path);
out:
	mutex_unlock(&s->tx_lock);
	return ret;
}

int pool_send_control(struct pool_session *s, u8 type, u16 flags, const u8 *plain, size_t len)
{
	struct pool_path *path = pool_session_path_get(s);
	int ret = -EAGAIN;

	if (path)
		ret = pool_send_on(s, path, type, flags, plain, len, 0);
	pool_path_put(path);
	return ret;
}

int pool_send_heartbeat(struct pool_session *s)
{
	u8 plain[POOL_TELEMETRY_LEN + POOL_HELLO_MAX + POOL_REPORT_MAX] = {};
	size_t len = POOL_TELEMETRY_LEN;	/* filled in when it is sent */
	struct pool_report report;
	struct pool_hello hello;
	int ret;

	if (READ_ONCE(s->hello_due)) {
		pool_session_hello(s, &hello);
		len += pool_hello_write(plain + len, sizeof(plain) - len, &hello);
	}
	len += pool_report_write(s, &report, plain + len, sizeof(plain) - len);
	WRITE_ONCE(s->last_heartbeat_ns, pool_now());
	ret = pool_send_control(s, POOL_HEARTBEAT, POOL_F_REQUIRE_ACK | POOL_F_TELEMETRY, plain,
				len);
	if (ret)
		pool_report_unsent(s, &report);
	else
		pool_session_asked(s, pool_now());
	return ret;
}

int pool_send_first_ack(struct pool_session *s)
{
	u8 plain[POOL_FIRST_ACK_PLAIN] = {};
	struct pool_hello hello;

	pool_session_hello(s, &hello);
	pool_hello_write(plain, sizeof(plain), &hello);
	WRITE_ONCE(s->first_ack_ns, pool_now());
	return pool_send_control(s, POOL_ACK, 0, plain, sizeof(plain));
}

int pool_send_acks(struct pool_session *s)
{
	u8 plain[POOL_ACKED_MAX * 10 + POOL_HELLO_MAX];
	u64 acks[POOL_ACKED_MAX];
	struct pool_hello hello;
	u64 now = pool_now();
	size_t len = 0;
	u8 i, n;

	if (!READ_ONCE(s->n_acks))
		return 0;
	spin_lock_bh(&s->ack_lock);
	if (now - s->last_ack_ns < NSEC_PER_MSEC) {
		/* The next one takes along what waits, or the clock does. */
		spin_unlock_bh(&s->ack_lock);
		pool_peer_tick_in(s->peer, NSEC_PER_MSEC);
		return 0;
	}
	s->last_ack_ns = now;
	n = s->n_acks;
	memcpy(acks, s->acks, n * sizeof(*acks));
	s->n_acks = 0;
	spin_unlock_bh(&s->ack_lock);
	if (!n)
		return 0;
	for (i = 0; i < n; ++i)
		len += pool_acked_write(plain + len, sizeof(plain) - len, acks[i]);
	if (READ_ONCE(s->hello_due)) {
		pool_session_hello(s, &hello);
		len += pool_hello_write(plain + len, sizeof(plain) - len, &hello);
		/* The initiator answers a heartbeat of ours to end its own. */
		if (s->role == POOL_ROLE_RESPONDER)
			WRITE_ONCE(s->hello_due, false);
	}
	return pool_send_control(s, POOL_ACK, 0, plain, len);
}

int pool_send_close(struct pool_session *s, u8 code, u8 subcode)
{
	const u8 plain[4] = { code, subcode };

	return pool_send_control(s, POOL_CLOSE, 0, plain, sizeof(plain));
}

/* Where the stack wants a checksum must be inside of what is linear. */
static bool checksum_sound(const struct sk_buff *skb)
{
	int start;

	if (skb->ip_summed != CHECKSUM_PARTIAL)
		return true;
	start = skb_checksum_start_offset(skb);
	return start >= 0 && start + skb->csum_offset + sizeof(__sum16) <= skb_headlen(skb);
}

/*
 * What one DATA packet is to carry: all of an inner packet (a GSO one: it fits channel 1), or
 * one fragment of it.
 */
struct piece {
	struct sk_buff *skb;
	struct pool_frag frag;		/* of the fragment; total 0: all of it */
	u16 flags;
};

static size_t piece_len(const struct piece *p)
{
	if (skb_is_gso(p->skb))
		return POOL_SEGMENT_HDR + p->skb->len;
	return p->frag.total ? POOL_FRAG_HDR + p->frag.len : p->skb->len;
}

/*
 * One more record on the path: header now, plaintext and keys when the batch is sealed.
 * Of a whole packet the batch takes the skb. -EAGAIN: no room.
 */
static int send_piece(struct pool_session *s, struct pool_epoch *epoch, struct pool_path *path,
		      const struct piece *p)
{
	bool large = skb_is_gso(p->skb);
	size_t len = piece_len(p);
	struct pool_rec *rec;
	struct pool_buf *buf;
	u16 flags = p->flags;
	u8 *pkt;

	if (epoch_exhausted(s, epoch, POOL_DATA) || READ_ONCE(s->phase) == POOL_PHASE_DEAD)
		return -EKEYEXPIRED;
	pkt = path->ops->reserve(path, POOL_OVERHEAD + len, false);
	buf = path->ops->buf(path);
	if (!pkt || buf->n_recs == POOL_BATCH_RECS)
		return -EAGAIN;
	if (pool_mtu_check(s, path, epoch->tx_first + epoch->tx_used, POOL_OVERHEAD + len) ||
	    pool_auto_wants_ack(s))
		flags |= POOL_F_REQUIRE_ACK;
	write_header(s, epoch, pkt, POOL_DATA, flags, large ? POOL_CHANNEL_LARGE : 0, len);
	rec = &buf->recs[buf->n_recs++];
	*rec = (struct pool_rec){ .pkt = pkt, .len = POOL_OVERHEAD + len };
	if (p->frag.total) {
		pool_frag_encode(pkt + POOL_HDR_LEN, &p->frag);
		skb_copy_bits(p->skb, p->frag.offset, pkt + POOL_HDR_LEN + POOL_FRAG_HDR,
			      p->frag.len);
	} else {
		skb_mark_not_on_list(p->skb);
		rec->skb = p->skb;
		rec->sum = !large && p->skb->ip_summed == CHECKSUM_PARTIAL;
		if (large)
			rec->ready = pool_segment_write(p->skb, pkt + POOL_HDR_LEN);
	}
	buf->len += rec->len;
	return 0;
}

/* The bytes of @rec, which could not be sealed, are no packet. */
static void cut_out(struct pool_buf *buf, struct pool_rec *rec)
{
	u8 *behind = rec->pkt + rec->len, *end = buf->data + buf->len;
	struct pool_rec *r;

	memmove(rec->pkt, behind, end - behind);
	buf->len -= rec->len;
	for (r = rec + 1; r < buf->recs + buf->n_recs; ++r)
		r->pkt -= rec->len;
}

static bool unsealed(struct pool_path *path)
{
	struct pool_buf *buf = path->ops->buf(path);

	return buf && buf->n_recs;
}

/* Seal what has gathered on @path, and send it. As flush(). */
static int send_batch(struct pool_session *s, struct pool_epoch *epoch, struct pool_path *path)
{
	struct pool_buf *buf = path->ops->buf(path);
	struct pool_rec *rec;

	if (unsealed(path)) {
		pool_batch_seal(buf, path, &epoch->tx);
		for (rec = buf->recs; rec < buf->recs + buf->n_recs; ++rec) {
			if (likely(!rec->err)) {
				count_sent(s, rec->pkt, rec->len);
			} else {
				cut_out(buf, rec);
				pool_drop(s->device, s->peer, POOL_A_DROPS_TX_CRYPTO);
			}
			consume_skb(rec->skb);
		}
		buf->n_recs = 0;
	}
	return path->ops->flush(path);
}

/* The same for every fragment of a packet. They may need more than the path's buffer. */
static int send_fragments(struct pool_session *s, struct pool_epoch *epoch, struct pool_path *path,
			  struct piece *p)
{
	size_t room = pool_path_room(path);
	struct pool_frag *f = &p->frag;
	u16 flags = p->flags;
	int ret;

	/* Narrower than longest() has seen it: the next packet's sender is told. */
	if (room < POOL_FRAG_HDR + POOL_FRAG_MIN) {
		pool_drop(s->device, s->peer, POOL_A_DROPS_TX_TOO_BIG);
		return 0;
	}
	if (p->skb->ip_summed == CHECKSUM_PARTIAL && skb_checksum_help(p->skb)) {
		pool_drop(s->device, s->peer, POOL_A_DROPS_TX_NO_MEMORY);
		return 0;
	}
	f->id = epoch->messages++;
	f->total = p->skb->len;
	for (f->offset = 0; f->offset < f->total; f->offset += f->len) {
		f->len = pool_frag_next(f->total, f->offset, room - POOL_FRAG_HDR);
		f->last = f->offset + f->len == f->total;
		p->flags = flags | POOL_F_FRAGMENT | (f->last ? POOL_F_LAST_FRAG : 0);
		ret = send_piece(s, epoch, path, p);
		if (ret == -EAGAIN && f->offset) {
			ret = send_batch(s, epoch, path);
			ret = ret ?: send_piece(s, epoch, path, p);
		}
		if (ret)
			return ret;
	}
	return 0;
}

/* One packet of at most the peer's size. Eats it if it returns 0. */
static int send_one(struct pool_session *s, struct pool_epoch *epoch, struct pool_path *path,
		    struct sk_buff *skb)
{
	bool urgent = POOL_SKB_CB(skb)->band == POOL_URGENT;
	struct piece p = { .skb = skb, .flags = urgent ? POOL_F_PRIORITY : 0 };
	bool whole;
	int ret;

	if (!checksum_sound(skb)) {
		pool_drop(s->device, s->peer, POOL_A_DROPS_TX_NOT_IP);
		kfree_skb(skb);
		return 0;
	}
	whole = skb->len <= pool_path_room(path);
	ret = whole ? send_piece(s, epoch, path, &p) : send_fragments(s, epoch, path, &p);
	if (ret)
		return ret;
	pool_queue_sent(&s->peer->staged, skb);
	atomic64_inc(&s->peer->stats.tx_packets);
	if (urgent)
		atomic64_inc(&s->peer->stats.tx_urgent);
	if (skb_is_gso(skb))
		atomic64_inc(&s->peer->stats.tx_large);
	pool_telemetry_sent(&s->telemetry, skb->len);
	local_bh_disable();
	dev_sw_netstats_tx_add(s->device->dev, 1, skb->len);
	local_bh_enable();
	if (!whole)
		consume_skb(skb);
	return 0;
}

/* A list of segments in place of @skb, or @skb alone; NULL: dropped. */
static struct sk_buff *segment(struct pool_session *s, struct pool_path *path, struct sk_buff *skb)
{
	struct pool_peer *peer = s->peer;
	struct sk_buff *segs;

	if (!skb_is_gso(skb) || pool_segment_fits(s, path, skb)) {
		skb_mark_not_on_list(skb);
		return skb;
	}
	/* Checksums are filled in while the segments are copied out. */
	segs = skb_gso_segment(skb, NETIF_F_SG | NETIF_F_HW_CSUM);
	if (IS_ERR_OR_NULL(segs)) {
		pool_drop(peer->device, peer, POOL_A_DROPS_TX_NO_MEMORY);
		kfree_skb(skb);
		return NULL;
	}
	consume_skb(skb);
	return segs;
}

static void push_back(struct pool_peer *peer, struct sk_buff *list)
{
	struct sk_buff *reversed = NULL, *next;

	for (; list; list = next) {
		next = list->next;
		list->next = reversed;
		reversed = list;
	}
	for (; reversed; reversed = next) {
		next = reversed->next;
		skb_mark_not_on_list(reversed);
		pool_queue_unpop(&peer->staged, reversed);
	}
}

static void too_big(struct pool_session *s, struct sk_buff *skb, u32 max)
{
	pool_drop(s->device, s->peer, POOL_A_DROPS_TX_TOO_BIG);
	local_bh_disable();
	pool_device_too_big(s->device, skb, max);
	local_bh_enable();
	pool_peer_error(s->peer, POOL_REASON_MTU_EXCEEDED);
}

/*
 * Where outer packets take the DSCP of inner ones, those of two do not go out
 * together; the same for the ECN field of datagrams (RFC 6040 section 4.1). 0, or what
 * flushing the first said.
 */
static int follow_dsfield(struct pool_session *s, struct pool_epoch *epoch,
			  struct pool_path *path, const struct sk_buff *skb, size_t *batch)
{
	bool inherit = READ_ONCE(path->device->dscp) == POOL_DSCP_INHERIT;
	u8 dscp = inherit ? POOL_SKB_CB(skb)->dscp : path->dscp;
	u8 ecn = path->ops->is_stream ? path->ecn : pool_queue_ecn(skb);
	int ret = 0;

	if (path->dscp == dscp && path->ecn == ecn)
		return 0;
	if (*batch)
		ret = send_batch(s, epoch, path);
	*batch = 0;
	if (!ret) {
		path->dscp = dscp;
		path->ecn = ecn;
	}
	return ret;
}

/* The longest inner packet that can be sent to the peer on @path. */
static size_t longest(const struct pool_peer *peer, const struct pool_path *path)
{
	size_t max = READ_ONCE(peer->hello.max_plaintext) ?: POOL_MAX_PLAINTEXT;
	size_t room = pool_path_room(path);

	if (READ_ONCE(path->no_fragments) || room < POOL_FRAG_HDR + POOL_FRAG_MIN)
		max = min(max, room);
	return max;
}

/* 0: nothing is left. -EAGAIN: a kick will come. -EINPROGRESS: there is more to do. */
static int send_staged(struct pool_session *s, struct pool_epoch *epoch, struct pool_path *path)
{
	struct pool_peer *peer = s->peer;
	size_t max = longest(peer, path);
	size_t batch = 0, done = 0;
	struct sk_buff *list, *next;
	int ret = 0;

	while (done < TX_RUN_BYTES) {
		list = pool_queue_pop(&peer->staged);
		if (!list)
			break;
		list = segment(s, path, list);
		for (; list; list = next) {
			size_t len = list->len;

			next = list->next;
			if (pool_queue_yields(&peer->staged, list)) {
				push_back(peer, list);
				break;
			}
			if (len > max) {
				too_big(s, list, max);
				skb_mark_not_on_list(list);
				kfree_skb(list);
				continue;
			}
			ret = follow_dsfield(s, epoch, path, list, &batch) ?:
			      send_one(s, epoch, path, list);
			if (ret == -EAGAIN && batch) {
				/* the batch is full: send it, then once more */
				ret = send_batch(s, epoch, path);
				batch = 0;
				if (!ret)
					ret = send_one(s, epoch, path, list);
			}
			if (ret) {
				list->next = next;
				push_back(peer, list);
				if (unsealed(path))
					send_batch(s, epoch, path);
				return ret;
			}
			batch += len + POOL_OVERHEAD;
			done += len;
		}
		if (batch >= POOL_BATCH_BYTES) {
			ret = send_batch(s, epoch, path);
			batch = 0;
			if (ret)
				return ret;
		}
	}
	ret = send_batch(s, epoch, path);
	if (!ret && !pool_queue_empty(&peer->staged))
		ret = -EINPROGRESS;
	return ret;
}

/* The peer's queue: single consumer, since a work item does not run twice at once. */
void pool_tx_work(struct work_struct *work)
{
	struct pool_peer *peer = container_of(work, struct pool_peer, tx_work);
	struct pool_session *s = pool_peer_session_get(peer);
	struct pool_path *path = NULL;
	int ret = 0;

	if (!s || !READ_ONCE(s->epoch)) {
		pool_queue_orphan(&peer->staged);
		if (!pool_queue_empty(&peer->staged))
			pool_handshake_want(peer);
		goto out;
	}
	path = pool_session_path_get(s);
	if (!path) {
		/* The session lives, its connection does not. */
		pool_queue_orphan(&peer->staged);
		if (!pool_queue_empty(&peer->staged) && !READ_ONCE(peer->redial)) {
			WRITE_ONCE(peer->redial, true);
			pool_peer_tick_in(peer, 0);
		}
		goto out;
	}

	if (READ_ONCE(s->untested)) {
		pool_queue_orphan(&peer->staged);
		goto out;
	}

	mutex_lock(&s->tx_lock);
	path->ops->lock(path);
	ret = send_staged(s, s->epoch, path);
	path->ops->unlock(path);
	pool_rekey_used(s, s->epoch, s->epoch->tx_used);
	mutex_unlock(&s->tx_lock);

	if (ret == -EKEYEXPIRED) {
		if (READ_ONCE(s->phase) == POOL_PHASE_DEAD) {
			ret = -EINPROGRESS;	/* there is another, or none */
		} else {
			/* The clock drops it, and says why. */
			pool_peer_tick_in(peer, 0);
			ret = 0;
		}
	} else if (ret == -EAGAIN && !path->ops->is_stream && !READ_ONCE(path->closed)) {
		/* No memory for a buffer, and no socket that would call. */
		msleep(TX_RETRY_MS);
		ret = -EINPROGRESS;
	} else if (ret && ret != -EAGAIN && ret != -EINPROGRESS) {
		path->ops->close(path, POOL_REASON_RESET);
		ret = 0;
	}
	if (ret == -EINPROGRESS)
		pool_peer_kick(peer);
out:
	pool_path_put(path);
	pool_session_put(s);
}
