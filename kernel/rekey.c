// SPDX-License-Identifier: GPL-2.0
/*
 * Rekey of a session: the protocol core (proto/rekey.c) says what an offer or an
 * answer means; here its keys are installed, repeats are timed, and what is no
 * longer sent or received in is wiped. "Both" is to send and to receive.
 *
 *            epoch n   epoch n + 1
 *   offerer  both
 *            receives  both            from the answer on
 *   answerer both      receives        from its answer on
 *            receives  both            from a first packet in n + 1 on
 *
 * Old receive keys go 1 s after the first packet in n + 1.
 */
#include "device.h"
#include "peer.h"
#include "session.h"
#include "trace.h"

enum { OFFER_PACE_S = 1 };	/* new epochs, at most one in that time */

static void isns(const struct pool_session *s, u64 isn[2])
{
	bool initiator = s->role == POOL_ROLE_INITIATOR;

	isn[initiator ? POOL_I2R : POOL_R2I] = s->epoch->tx_first;
	isn[initiator ? POOL_R2I : POOL_I2R] = s->epoch->replay.first;
}

/* DH of the two identities, which enters every rekey. */
static bool identities(struct pool_peer *peer, u8 out[POOL_KEY_LEN])
{
	struct pool_device *device = peer->device;
	u8 secret[POOL_KEY_LEN];
	bool ok;

	/* The curve operation is outside of the lock that all handshakes need. */
	mutex_lock(&device->gate.lock);
	ok = device->has_identity;
	memcpy(secret, device->identity.secret, sizeof(secret));
	mutex_unlock(&device->gate.lock);
	ok = ok && pool_x25519(out, secret, peer->key);
	pool_wipe(secret, sizeof(secret));
	return ok;
}

/* The sending keys of an epoch that is no longer sent in. Under tx_lock. */
static void wipe_tx(struct pool_session *s, struct pool_epoch *epoch)
{
	lockdep_assert_held(&s->tx_lock);
	pool_cipher_destroy(&epoch->tx);
}

/* This end sends under new keys. Not under tx_lock. */
static void completed(struct pool_session *s)
{
	struct pool_epoch_use use;

	if (pool_session_use(s, &use))
		trace_pool_rekey(s, use.number, POOL_TRACE_REKEY_DONE);
	WRITE_ONCE(s->rekey_wanted, false);	/* whoever began it */
	atomic64_inc(&s->peer->stats.rekeys);
	atomic64_inc(&s->device->stats.rekeys);
	pool_netlink_event(s->device, POOL_EVENT_TYPE_REKEYED, POOL_REASON_NONE, s->peer, s,
			   NULL, NULL, 0);
	pool_peer_tick_in(s->peer, 0);
}

/* The answer to our offer: from now on all goes out under the new keys. Under tx_lock. */
static struct pool_epoch *install(struct pool_session *s, struct pool_epoch *fresh, u64 now)
{
	struct pool_epoch *gone, *old = s->epoch;

	lockdep_assert_held(&s->tx_lock);
	spin_lock_bh(&s->epoch_lock);
	gone = s->prev;
	s->prev = old;
	s->epoch = fresh;
	s->prev_until_ns = now + POOL_S_TO_NS(POOL_DRAIN_MAX_S);
	spin_unlock_bh(&s->epoch_lock);
	wipe_tx(s, old);
	++s->rekeys;
	return gone;
}

/* The peer may send under the new keys from now on. Under tx_lock. */
static struct pool_epoch *expect(struct pool_session *s, struct pool_epoch *fresh)
{
	struct pool_epoch *gone;

	lockdep_assert_held(&s->tx_lock);
	spin_lock_bh(&s->epoch_lock);
	gone = s->prev;
	s->prev = NULL;
	s->next = fresh;
	spin_unlock_bh(&s->epoch_lock);
	return gone;
}

static void arm_repeat(struct pool_session *s, u64 now)
{
	static const u8 after_s[] = { 1, 2, 4, 5 };
	u8 i = min_t(u8, s->rekey_repeats, ARRAY_SIZE(after_s) - 1);

	lockdep_assert_held(&s->tx_lock);
	s->rekey_at_ns = now + POOL_S_TO_NS(after_s[i]);
	s->rekey_repeats = i + 1;
}

static void send_rekey(struct pool_session *s, const u8 plain[POOL_REKEY_LEN])
{
	trace_pool_rekey(s, pool_get32(plain + 4), plain[0] == POOL_REKEY_OFFER ?
			 POOL_TRACE_OFFER_SENT : POOL_TRACE_ANSWER_SENT);
	pool_send_control(s, POOL_REKEY, POOL_F_REQUIRE_ACK, plain, POOL_REKEY_LEN);
}

static bool too_soon(u64 *last, u64 now)
{
	if (*last && now - *last < POOL_S_TO_NS(OFFER_PACE_S))
		return true;
	*last = now;
	return false;
}

/* Before any curve operation; with REPEAT @answer is what to send again. */
static enum pool_rekey_verdict look(struct pool_session *s, const struct pool_epoch *epoch,
				    const u8 *plain, size_t len, u64 now,
				    u8 answer[POOL_REKEY_LEN])
{
	enum pool_rekey_verdict verdict = POOL_REKEY_DROP;

	mutex_lock(&s->tx_lock);
	if (s->chained && READ_ONCE(s->phase) == POOL_PHASE_CONFIRMED)
		verdict = pool_rekey_look(&s->rekey, epoch->number, plain, len);
	/* Too soon after the last that cost as much, whatever came of it: it will be repeated. */
	if (verdict == POOL_REKEY_ACCEPT && too_soon(&s->offer_tried_ns, now))
		verdict = POOL_REKEY_DROP;
	else if (verdict == POOL_REKEY_INSTALL && too_soon(&s->answer_tried_ns, now))
		verdict = POOL_REKEY_DROP;
	else if (verdict == POOL_REKEY_REPEAT && !pool_rekey_answer(&s->rekey, answer))
		verdict = POOL_REKEY_DROP;
	mutex_unlock(&s->tx_lock);
	return verdict;
}

u32 pool_rekey_take(struct pool_session *s, struct pool_epoch *epoch, const u8 *plain, size_t len)
{
	struct pool_epoch *fresh = NULL, *gone = NULL;
	u8 dh[POOL_KEY_LEN], answer[POOL_REKEY_LEN];
	enum pool_rekey_verdict verdict;
	struct pool_epoch_keys keys;
	struct pool_rekey trial;
	u64 now = pool_now();
	bool answered;
	u64 isn[2];
	u32 drop = 0;

	verdict = look(s, epoch, plain, len, now, answer);
	if (verdict == POOL_REKEY_DROP)
		return POOL_A_DROPS_RX_REKEY;
	if (verdict == POOL_REKEY_MALFORMED)
		return POOL_A_DROPS_RX_TLV;
	if (verdict == POOL_REKEY_KNOWN)
		return 0;
	if (verdict == POOL_REKEY_REPEAT) {
		send_rekey(s, answer);
		return 0;
	}
	if (!identities(s->peer, dh))
		return POOL_A_DROPS_RX_REKEY;

	/* The state may have moved on meanwhile: judged again. */
	mutex_lock(&s->tx_lock);
	trial = s->rekey;
	isns(s, isn);
	verdict = pool_rekey_receive(&trial, epoch->number, plain, len, dh, isn, &keys);
	switch (verdict) {
	case POOL_REKEY_ACCEPT:
	case POOL_REKEY_INSTALL:
		fresh = pool_epoch_create(&keys, epoch->number + 1, s->role);
		if (!fresh) {
			drop = POOL_A_DROPS_RX_NO_MEMORY;
			break;
		}
		pool_wipe(fresh->chain, sizeof(fresh->chain));
		s->rekey = trial;
		if (verdict == POOL_REKEY_INSTALL) {
			gone = install(s, fresh, now);
			break;
		}
		gone = expect(s, fresh);
		s->rekey_repeats = 0;
		arm_repeat(s, now);
		break;
	case POOL_REKEY_REPEAT:
	case POOL_REKEY_KNOWN:
		break;
	case POOL_REKEY_MALFORMED:
		drop = POOL_A_DROPS_RX_TLV;
		break;
	case POOL_REKEY_DROP:
		drop = POOL_A_DROPS_RX_REKEY;
		break;
	}
	answered = !drop && verdict != POOL_REKEY_INSTALL && pool_rekey_answer(&s->rekey, answer);
	mutex_unlock(&s->tx_lock);

	pool_wipe(&trial, sizeof(trial));
	pool_wipe(&keys, sizeof(keys));
	pool_wipe(dh, sizeof(dh));
	pool_epoch_put(gone);
	if (drop)
		return drop;
	trace_pool_rekey(s, pool_get32(plain + 4), plain[0] == POOL_REKEY_OFFER ?
			 POOL_TRACE_OFFER_TAKEN : POOL_TRACE_ANSWER_TAKEN);
	if (verdict == POOL_REKEY_INSTALL) {
		completed(s);	/* the ACK that the answer asks for is the first new packet */
	} else if (answered) {
		send_rekey(s, answer);
		pool_peer_tick_in(s->peer, POOL_S_TO_NS(1));
	}
	return 0;
}

void pool_rekey_heard(struct pool_session *s, struct pool_epoch *epoch)
{
	u64 until = pool_now() + POOL_S_TO_NS(POOL_DRAIN_S);
	bool switched = false;

	mutex_lock(&s->tx_lock);
	spin_lock_bh(&s->epoch_lock);
	WRITE_ONCE(epoch->heard, true);
	if (epoch == s->next) {
		/* prev went when the offer was taken */
		s->prev = s->epoch;
		s->epoch = epoch;
		s->next = NULL;
		switched = true;
	}
	if (epoch == s->epoch && s->prev)
		s->prev_until_ns = until;
	spin_unlock_bh(&s->epoch_lock);
	if (switched) {
		wipe_tx(s, s->prev);
		pool_rekey_switched(&s->rekey);
		++s->rekeys;
	}
	mutex_unlock(&s->tx_lock);
	if (switched) {
		completed(s);
		/* The offerer waits for something under the new keys. */
		pool_send_control(s, POOL_ACK, 0, NULL, 0);
	}
	pool_peer_tick_in(s->peer, 0);	/* an offer may be due now, a drain soon */
}

static void due_at(u64 at, u64 now, u64 *next)
{
	*next = min(*next, at > now ? at - now : 0);
}

/* Is it time for new keys, and may we offer them? Under tx_lock, in IDLE. */
static bool offer_due(struct pool_session *s, u64 now, u64 *next)
{
	struct pool_epoch *epoch = s->epoch;
	bool responder = s->role == POOL_ROLE_RESPONDER;
	struct pool_epoch_use use;
	struct pool_key_limits limits;
	u64 at;

	/* Two epochs at most are live at either end; the clock runs again when one has gone. */
	if (!epoch->heard || s->prev)
		return false;
	pool_session_use(s, &use);
	pool_peer_limits(s->peer, &limits);
	at = use.created_ns + POOL_S_TO_NS(limits.rekey_s) +
	     (responder ? pool_limits_lead_ns(&limits) : 0);
	if (!READ_ONCE(s->rekey_wanted) && !(responder && !use.number) && now < at &&
	    max(use.sent, use.received) < limits.rekey_packets) {
		due_at(at, now, next);
		return false;
	}
	at = use.created_ns + POOL_S_TO_NS(OFFER_PACE_S);
	if (use.number && now < at) {
		due_at(at, now, next);
		return false;
	}
	return true;
}

/* What the clock has to look at, in the order in which it comes. */
enum pool_epoch_alarm {
	ALARM_NONE,
	ALARM_REKEY,
	ALARM_HANDSHAKE,
	ALARM_STOP,
};

void pool_rekey_used(struct pool_session *s, struct pool_epoch *epoch, u64 used)
{
	struct pool_key_limits limits;
	u8 alarm = ALARM_NONE;

	pool_peer_limits(s->peer, &limits);
	if (likely(used < limits.rekey_packets))
		return;
	if (used >= limits.reject_packets)
		alarm = ALARM_STOP;
	else if (used >= limits.reject_packets - pool_limits_lead_packets(&limits))
		alarm = ALARM_HANDSHAKE;
	else
		alarm = ALARM_REKEY;
	if (alarm <= READ_ONCE(epoch->alarm))
		return;
	WRITE_ONCE(epoch->alarm, alarm);
	pool_peer_tick_in(s->peer, 0);
}

u64 pool_rekey_tick(struct pool_session *s, u64 now, bool may_offer)
{
	struct pool_epoch *gone = NULL;
	u8 plain[POOL_REKEY_LEN];
	u64 next = U64_MAX;
	bool send = false;

	mutex_lock(&s->tx_lock);
	if (!s->chained || READ_ONCE(s->phase) != POOL_PHASE_CONFIRMED)
		goto out;
	spin_lock_bh(&s->epoch_lock);
	if (s->prev && now >= s->prev_until_ns) {
		gone = s->prev;
		s->prev = NULL;
	} else if (s->prev) {
		due_at(s->prev_until_ns, now, &next);
	}
	spin_unlock_bh(&s->epoch_lock);

	if (s->rekey.phase == POOL_REKEY_IDLE) {
		send = may_offer && offer_due(s, now, &next);
		if (send)
			s->rekey_repeats = 0;
	} else if (may_offer || s->rekey.phase == POOL_REKEY_ANSWERED) {
		send = now >= s->rekey_at_ns;
	}
	if (send) {
		if (!pool_rekey_answer(&s->rekey, plain))
			pool_rekey_offer(&s->rekey, plain);
		arm_repeat(s, now);
	}
	if (s->rekey.phase == POOL_REKEY_ANSWERED ||
	    (s->rekey.phase == POOL_REKEY_OFFERED && may_offer))
		due_at(s->rekey_at_ns, now, &next);
out:
	mutex_unlock(&s->tx_lock);
	if (gone)
		trace_pool_rekey(s, gone->number + 1, POOL_TRACE_REKEY_DRAINED);
	pool_epoch_put(gone);
	if (send)
		send_rekey(s, plain);
	return next;
}

int pool_peer_rekey(struct pool_peer *peer)
{
	struct pool_session *s = pool_peer_session_get(peer);
	int ret = -ENOTCONN;

	if (s && READ_ONCE(s->phase) == POOL_PHASE_CONFIRMED) {
		WRITE_ONCE(s->rekey_wanted, true);
		pool_peer_tick_in(peer, 0);
		ret = 0;
	}
	pool_session_put(s);
	return ret;
}
