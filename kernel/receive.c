// SPDX-License-Identifier: GPL-2.0
/*
 * From a packet on a path to the stack. Order, cheapest first (spec, "Receiving"):
 * type and flags, session, replay peek, AEAD, HMAC, replay update, then meaning.
 * Only what passed all of it changes any state.
 */
#include "device.h"
#include "fragment.h"
#include "handshake.h"
#include "peer.h"
#include "segment.h"
#include "session.h"
#include "trace.h"

#include <linux/etherdevice.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <net/inet_ecn.h>

enum { RX_BATCH = 64 };	/* GRO flushes its queues at about that many */

/* Is it exactly one IP packet, by its own header? */
static bool inner_sound(const u8 *p, size_t len, __be16 *protocol)
{
	size_t total, hdr;

	if (len < sizeof(struct iphdr))
		return false;
	switch (p[0] >> 4) {
	case 4:
		hdr = (p[0] & 0xf) * 4;
		total = pool_get16(p + offsetof(struct iphdr, tot_len));
		if (hdr < sizeof(struct iphdr) || total < hdr || total != len)
			return false;
		*protocol = htons(ETH_P_IP);
		return true;
	case 6:
		if (len < sizeof(struct ipv6hdr))
			return false;
		total = pool_get16(p + offsetof(struct ipv6hdr, payload_len)) +
			sizeof(struct ipv6hdr);
		if (total != len)
			return false;
		*protocol = htons(ETH_P_IPV6);
		return true;
	default:
		return false;
	}
}

void pool_rx_deliver(struct pool_rx *rx)
{
	u32 refused;

	if (skb_queue_empty(&rx->packets))
		return;
	local_bh_disable();
	refused = pool_cell_receive(rx->cell, &rx->packets);
	local_bh_enable();
	if (refused) {
		pool_drop_n(rx->device, READ_ONCE(rx->path->peer), POOL_A_DROPS_RX_CONGESTED,
			    refused);
		/* A device that is going down takes nothing either. */
		if (netif_running(rx->device->dev))
			pool_overload_note(rx->device, refused);
	}
}

/* An inner packet for the stack, which came in datagrams marked with @ecn. Eats @skb. */
static u32 deliver(struct pool_session *s, struct sk_buff *skb, u8 ecn, struct pool_rx *rx)
{
	struct pool_device *device = s->device;
	struct pool_peer *peer = s->peer, *owner;
	struct pool_cell *cell;
	__be16 protocol;

	if (!inner_sound(skb->data, skb->len, &protocol)) {
		kfree_skb(skb);
		return POOL_A_DROPS_RX_MALFORMED;
	}
	skb_reset_mac_header(skb);
	skb_reset_network_header(skb);
	skb->protocol = protocol;
	/* What the inner checksum protects against has been ruled out already. */
	if (!skb_is_gso(skb)) {
		skb->ip_summed = CHECKSUM_UNNECESSARY;
		skb->csum_level = ~0;
	}

	rcu_read_lock_bh();
	owner = pool_allowedips_lookup_src(&device->allowedips, skb);
	rcu_read_unlock_bh();
	if (owner != peer) {	/* compared, never followed */
		kfree_skb(skb);
		return POOL_A_DROPS_RX_SOURCE;
	}
	if (ecn && INET_ECN_decapsulate(skb, ecn, pool_queue_ecn(skb)) > 1) {
		kfree_skb(skb);
		return POOL_A_DROPS_RX_ECN;
	}
	/* Where ECN is spoken, nothing need be lost for want of time. */
	if (rx->pressed)
		pool_queue_mark_ce(skb);
	atomic64_inc(&peer->stats.rx_packets);
	if (skb_is_gso(skb))
		atomic64_inc(&peer->stats.rx_large);
	cell = pool_cell_of(device->cells, peer->internal_id);
	if (cell != rx->cell)
		pool_rx_deliver(rx);
	rx->cell = cell;
	__skb_queue_tail(&rx->packets, skb);
	if (skb_queue_len(&rx->packets) >= RX_BATCH)
		pool_rx_deliver(rx);
	return 0;
}

static u32 take_data(struct pool_session *s, struct pool_epoch *epoch, const struct pool_hdr *hdr,
		     const u8 *plain, size_t len, struct pool_rx *rx)
{
	bool fragment = hdr->flags & POOL_F_FRAGMENT;
	struct net_device *dev = s->device->dev;
	struct sk_buff *skb;
	u8 ecn = rx->ecn;
	u32 drop;

	if (hdr->channel && !pool_segment_offered(s, hdr->channel, rx->path))
		return POOL_A_DROPS_RX_CHANNEL;
	if (unlikely(!netif_running(dev)))
		return POOL_A_DROPS_RX_DOWN;
	if (fragment) {
		drop = pool_fragment_take(s, epoch, hdr->flags & POOL_F_LAST_FRAG, ecn, plain, len,
					  &skb);
		if (drop || !skb)
			return drop;
		ecn = pool_fragment_ecn(skb);
	} else if (hdr->channel) {
		drop = pool_segment_take(s, plain, len, &skb);
		if (drop)
			return drop;
	} else {
		skb = __netdev_alloc_skb(dev, len, GFP_KERNEL);
		if (!skb) {
			pool_overload_note(s->device, 1);
			return POOL_A_DROPS_RX_NO_MEMORY;
		}
		skb_put_data(skb, plain, len);
	}
	drop = deliver(s, skb, ecn, rx);
	/* A fragment that was taken is answered, whatever becomes of its message. */
	if (drop && fragment) {
		pool_drop(s->device, s->peer, drop);
		drop = 0;
	}
	return drop;
}

/* Fragments are of DATA, and of transports that cut (spec section 6.17). */
static bool flags_sound(const struct pool_hdr *hdr, const struct pool_path *path)
{
	if (!(hdr->flags & (POOL_F_FRAGMENT | POOL_F_LAST_FRAG)))
		return true;
	return hdr->type == POOL_DATA && (hdr->flags & POOL_F_FRAGMENT) && !path->ops->is_stream;
}

static void want_ack(struct pool_session *s, u64 seq)
{
	spin_lock_bh(&s->ack_lock);
	if (s->n_acks < POOL_ACKED_MAX)
		s->acks[s->n_acks++] = seq;
	spin_unlock_bh(&s->ack_lock);
	pool_send_acks(s);
}

/* Meaning of an authentic packet. Returns a drop reason or 0. */
static u32 act(struct pool_session *s, struct pool_epoch *epoch, const struct pool_hdr *hdr,
	       const u8 *plain, size_t len, struct pool_rx *rx)
{
	struct pool_telemetry report;
	bool reports = false;
	struct pool_tlvs tlvs;

	if (hdr->flags & POOL_F_COMPRESSED)
		return POOL_A_DROPS_RX_COMPRESSED;
	if (!flags_sound(hdr, rx->path))
		return POOL_A_DROPS_RX_FRAGMENT;
	switch (hdr->type) {
	case POOL_DATA:
		return take_data(s, epoch, hdr, plain, len, rx);
	case POOL_HEARTBEAT:
		if (hdr->flags & POOL_F_TELEMETRY) {
			if (pool_telemetry_decode(&report, plain, len))
				return POOL_A_DROPS_RX_TLV;
			plain += POOL_TELEMETRY_LEN;
			len -= POOL_TELEMETRY_LEN;
			reports = true;
		}
		fallthrough;
	case POOL_ACK:
		if (pool_tlvs_parse(&tlvs, plain, len))
			return POOL_A_DROPS_RX_TLV;
		pool_session_learn_hello(s, &tlvs.hello);
		pool_telemetry_acked(s, &tlvs);
		pool_mtu_take_acks(s, &tlvs);
		if (reports)
			pool_telemetry_report(s, epoch, &report);
		pool_report_receive(s, &tlvs);
		/* Our heartbeat was answered, so our hello has arrived. */
		if (s->role == POOL_ROLE_INITIATOR && tlvs.n_acked)
			WRITE_ONCE(s->hello_due, false);
		return 0;
	case POOL_REKEY:
		return pool_rekey_take(s, epoch, plain, len);
	case POOL_DISCOVER:
		return pool_discover_take(s, rx->path, plain, len, POOL_OVERHEAD + len);
	case POOL_CLOSE:
		if (len < 4)
			return POOL_A_DROPS_RX_TLV;
		s->close_code = plain[0];
		if (plain[0])
			pool_report_closed(s, plain[0]);
		pool_session_drop(s, POOL_REASON_CLOSED_BY_PEER, false);
		return 0;
	case POOL_CONFIG:
	case POOL_ROLLBACK:
		pool_report_config(s);
		fallthrough;
	default:
		return POOL_A_DROPS_RX_TYPE;
	}
}

/*
 * The epoch @seq belongs to, with a reference: while pending, the candidate whose
 * range has it. No two ranges meet, so at most one has more to say than "not mine".
 */
static struct pool_epoch *find_epoch(struct pool_session *s, u64 seq, u32 *drop)
{
	enum pool_replay_verdict verdict = POOL_REPLAY_RANGE;
	struct pool_epoch *epoch = NULL;
	unsigned int i;

	BUILD_BUG_ON(ARRAY_SIZE(s->candidates) < 3);
	spin_lock_bh(&s->epoch_lock);
	for (i = 0; i < ARRAY_SIZE(s->candidates) && verdict == POOL_REPLAY_RANGE; ++i) {
		epoch = !s->epoch ? s->candidates[i] : i == 0 ? s->epoch : i == 1 ? s->next :
			i == 2 ? s->prev : NULL;
		if (!epoch)
			continue;
		spin_lock(&epoch->rx_lock);
		verdict = pool_replay_peek(&epoch->replay, seq);
		spin_unlock(&epoch->rx_lock);
	}
	if (verdict == POOL_REPLAY_OK)
		pool_epoch_get(epoch);
	spin_unlock_bh(&s->epoch_lock);
	switch (verdict) {
	case POOL_REPLAY_OK:
		return epoch;
	case POOL_REPLAY_SEEN:
		*drop = POOL_A_DROPS_RX_REPLAYED;
		return NULL;
	case POOL_REPLAY_OLD:
		*drop = POOL_A_DROPS_RX_TOO_OLD;
		return NULL;
	default:
		*drop = POOL_A_DROPS_RX_SEQUENCE;
		return NULL;
	}
}

/* A packet of @s is dropped: counted here, and the other end will hear of it. */
static void refuse(struct pool_session *s, u32 drop)
{
	pool_drop(s->device, s->peer, drop);
	pool_report_drop(s, drop);
}

/* Beyond its hard stop, in time or in packets? */
static bool expired(struct pool_session *s, const struct pool_epoch *epoch, u64 seq, u64 now)
{
	struct pool_key_limits limits;

	if (READ_ONCE(s->phase) == POOL_PHASE_DEAD)
		return true;
	pool_peer_limits(s->peer, &limits);
	return now - epoch->created_ns >= POOL_S_TO_NS(limits.reject_s) ||
	       seq - epoch->replay.first > limits.reject_packets;
}

void pool_session_moved(struct pool_session *s, struct pool_path *path)
{
	WRITE_ONCE(s->untested, false);
	pool_peer_kick(s->peer);
	if (READ_ONCE(s->reattached))	/* the first connection is no move */
		pool_netlink_event(s->device, POOL_EVENT_TYPE_ROAMED, POOL_REASON_NONE, s->peer, s,
				   NULL, &path->remote, 0);
}

/* Take @seq; @newest: it is the highest of the newest epoch that was ever heard. */
static bool take_sequence(struct pool_session *s, struct pool_epoch *epoch, u64 seq, bool *newest)
{
	enum pool_replay_verdict verdict;

	spin_lock_bh(&s->epoch_lock);
	spin_lock(&epoch->rx_lock);
	*newest = seq > epoch->replay.highest || epoch->replay.highest + 1 == epoch->replay.first;
	verdict = pool_replay_update(&epoch->replay, seq);
	spin_unlock(&epoch->rx_lock);
	if (epoch == s->prev && s->epoch->heard)
		*newest = false;
	spin_unlock_bh(&s->epoch_lock);
	return verdict == POOL_REPLAY_OK;
}

/* On a connection: where the newest packet comes from is where the session is. */
static void note_connection(struct pool_session *s, struct pool_path *path, u64 now, bool newest)
{
	WRITE_ONCE(path->last_receive_ns, now);
	pool_path_prove(path, s->peer);
	if (newest && READ_ONCE(s->path) != path) {
		pool_session_set_path(s, path);
		pool_session_moved(s, path);
	} else if (READ_ONCE(s->untested)) {
		pool_session_moved(s, path);
	}
}

/* A datagram: from where the session is, or from where it may be; see mtu.c. */
static void note_datagram(struct pool_session *s, struct pool_path *from, size_t len, u64 now,
			  bool newest)
{
	struct pool_path *path = pool_session_path_get(s);

	if (path && pool_path_same(path, from)) {
		WRITE_ONCE(path->last_receive_ns, now);
		pool_path_prove(path, s->peer);
		path->ops->heard(path, from);
		if (newest)
			pool_roam_settled(s);
		if (READ_ONCE(s->untested))
			pool_session_moved(s, path);
	} else if (newest && !READ_ONCE(s->untested) && (path || !READ_ONCE(s->peer->redial))) {
		/* Where we have gone ourselves, we wait for the peer to follow. */
		pool_roam_heard(s, from, len);
	}
	pool_path_put(path);
}

/* An authentic packet came on @path: sign of life, and maybe where the session is now. */
static void note_alive(struct pool_session *s, struct pool_path *path, size_t len, u64 now,
		       bool newest)
{
	struct pool_peer *peer = s->peer;

	atomic64_add(len, &peer->stats.rx_bytes);
	WRITE_ONCE(s->last_receive_ns, now);
	WRITE_ONCE(peer->last_receive_ns, now);
	if (path->ops->is_stream)
		note_connection(s, path, now, newest);
	else
		note_datagram(s, path, len, now, newest);
}

/* @epoch is the caller's. */
static enum pool_verdict receive_in_epoch(struct pool_path *path, struct pool_session *s,
					  struct pool_epoch *epoch, struct pool_hdr *hdr,
					  const struct pool_rec *rec, struct pool_rx *rx)
{
	struct pool_device *device = s->device;
	struct pool_peer *peer = s->peer;
	size_t len = rec->len;
	u64 now = pool_now();
	u8 *pkt = rec->pkt;
	bool newest;
	u32 drop;
	int err;

	if (expired(s, epoch, hdr->seq, now)) {
		pool_drop(device, peer, POOL_A_DROPS_RX_EXPIRED);
		return POOL_VERDICT_DROPPED;
	}
	err = rec->epoch ? rec->err : pool_packet_open(&epoch->rx, rx->scratch, pkt, len);
	if (err) {
		refuse(s, err == -EKEYREJECTED ? POOL_A_DROPS_RX_AUTH :
			  err == -ENOMEM ? POOL_A_DROPS_RX_NO_MEMORY : POOL_A_DROPS_RX_DECRYPT);
		return err == -ENOMEM ? POOL_VERDICT_DROPPED : POOL_VERDICT_BREAK;
	}
	if (READ_ONCE(path->peer) && path->peer != peer) {
		/* One connection, one peer: somebody carries another's packets here. */
		pool_drop(device, peer, POOL_A_DROPS_RX_NO_SESSION);
		return POOL_VERDICT_BREAK;
	}
	if (!take_sequence(s, epoch, hdr->seq, &newest)) {	/* its twin was quicker */
		refuse(s, POOL_A_DROPS_RX_REPLAYED);
		return POOL_VERDICT_DROPPED;
	}
	trace_pool_rx(s, hdr->type, hdr->seq, len);
	pool_rekey_used(s, epoch, hdr->seq - epoch->replay.first + 1);
	note_alive(s, path, len, now, newest);
	pool_telemetry_received(s, epoch, hdr, len - POOL_OVERHEAD);
	if (READ_ONCE(s->phase) != POOL_PHASE_CONFIRMED) {
		pool_session_confirm(s, epoch);
		/* The responder waits for a first packet to know that we are there. */
		if (s->role == POOL_ROLE_INITIATOR)
			pool_send_heartbeat(s);
	}
	if (!READ_ONCE(epoch->heard))
		pool_rekey_heard(s, epoch);

	drop = act(s, epoch, hdr, pkt + POOL_HDR_LEN, len - POOL_OVERHEAD, rx);
	if (drop)
		pool_drop(device, peer, drop);
	else if ((hdr->flags & POOL_F_REQUIRE_ACK) && hdr->type != POOL_ACK &&
		 hdr->type != POOL_CLOSE && hdr->type != POOL_DISCOVER)
		want_ack(s, hdr->seq);
	return POOL_VERDICT_OK;
}

static enum pool_verdict receive_session(struct pool_path *path, struct pool_session *s,
					 struct pool_hdr *hdr, const struct pool_rec *rec,
					 struct pool_rx *rx)
{
	enum pool_verdict verdict;
	struct pool_epoch *epoch;
	u32 drop;

	epoch = find_epoch(s, hdr->seq, &drop);
	if (!epoch) {
		refuse(s, drop);
		return POOL_VERDICT_DROPPED;
	}
	if (rec->epoch && rec->epoch != epoch) {
		/* Opened for a session that has gone since; a new one has its ID. */
		refuse(s, POOL_A_DROPS_RX_SEQUENCE);
		verdict = POOL_VERDICT_DROPPED;
	} else {
		verdict = receive_in_epoch(path, s, epoch, hdr, rec, rx);
	}
	pool_epoch_put(epoch);
	return verdict;
}

/* Is this, of type DATA or a later one, something for a session? A drop reason or 0. */
static u32 look_at_header(const struct pool_hdr *hdr, size_t len)
{
	if (hdr->version != POOL_VERSION)
		return POOL_A_DROPS_RX_VERSION;
	if (len < POOL_OVERHEAD)
		return POOL_A_DROPS_RX_LENGTH;
	if (hdr->type > POOL_INTEGRITY)
		return POOL_A_DROPS_RX_TYPE;
	if (!(hdr->flags & POOL_F_ENCRYPTED))
		return POOL_A_DROPS_RX_NOT_ENCRYPTED;
	return 0;
}

void pool_receive_ahead(struct pool_path *path, struct pool_rec *rec, void *scratch)
{
	struct pool_epoch *epoch = NULL;
	struct pool_session *s;
	struct pool_hdr hdr;
	u32 drop;

	pool_hdr_decode(&hdr, rec->pkt);
	if (hdr.type <= POOL_RESPONSE || look_at_header(&hdr, rec->len))
		return;
	s = pool_session_lookup(path->device, hdr.sid);
	if (s && s->transport == path->ops->id)
		epoch = find_epoch(s, hdr.seq, &drop);
	if (epoch && expired(s, epoch, hdr.seq, pool_now())) {
		pool_epoch_put(epoch);
		epoch = NULL;
	}
	if (epoch)
		rec->err = pool_packet_open(&epoch->rx, scratch, rec->pkt, rec->len);
	rec->epoch = epoch;
	pool_session_put(s);
}

enum pool_verdict pool_receive(struct pool_path *path, const struct pool_rec *rec,
			       struct pool_rx *rx)
{
	struct pool_device *device = path->device;
	struct pool_session *s;
	enum pool_verdict verdict;
	struct pool_hdr hdr;
	u32 drop;

	pool_hdr_decode(&hdr, rec->pkt);
	if (hdr.type <= POOL_RESPONSE)
		return pool_handshake_receive(path, rec->pkt, rec->len);

	drop = look_at_header(&hdr, rec->len);
	if (drop) {
		pool_drop(device, NULL, drop);
		if (drop == POOL_A_DROPS_RX_VERSION)
			pool_report_version(path);
		if (drop != POOL_A_DROPS_RX_NOT_ENCRYPTED)
			return POOL_VERDICT_BREAK;
		s = pool_session_lookup(device, hdr.sid);
		if (s)
			pool_report_drop(s, drop);
		pool_session_put(s);
		return POOL_VERDICT_DROPPED;
	}

	s = pool_session_lookup(device, hdr.sid);
	if (!s) {
		pool_drop(device, NULL, POOL_A_DROPS_RX_NO_SESSION);
		return POOL_VERDICT_UNKNOWN;
	}
	if (s->transport != path->ops->id) {
		/* A session belongs to the transport of its handshake. */
		pool_drop(device, NULL, POOL_A_DROPS_RX_NO_SESSION);
		verdict = POOL_VERDICT_UNKNOWN;
	} else {
		verdict = receive_session(path, s, &hdr, rec, rx);
	}
	pool_session_put(s);
	return verdict;
}
