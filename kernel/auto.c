// SPDX-License-Identifier: GPL-2.0
#include "auto.h"
#include "device.h"
#include "peer.h"
#include "session.h"

/* What costs least goes first. */
static const u8 order[] = { POOL_TRANSPORT_RAW, POOL_TRANSPORT_UDP, POOL_TRANSPORT_TCP };

static u8 after(u8 id)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(order); ++i)
		if (order[i] == id)
			return order[(i + 1) % ARRAY_SIZE(order)];
	return order[0];
}

bool pool_auto_is(const struct pool_peer *peer)
{
	return pool_peer_transport(peer) == POOL_TRANSPORT_AUTO;
}

u8 pool_auto_transport(const struct pool_peer *peer)
{
	return READ_ONCE(peer->autos.id) ?: order[0];
}

bool pool_auto_failed(struct pool_peer *peer)
{
	struct pool_auto *a = &peer->autos;
	u8 id = after(pool_auto_transport(peer));
	struct pool_session *s;

	lockdep_assert_held(&peer->state_lock);
	if (!pool_auto_is(peer))
		return false;
	WRITE_ONCE(a->id, id);
	if (!a->upgrading)
		return true;
	s = pool_peer_session_get(peer);
	/* All that are better have been tried. */
	if (s && s->transport == id) {
		a->upgrading = false;
		a->again_ns = pool_now() + POOL_S_TO_NS(POOL_AUTO_AGAIN_S);
	}
	pool_session_put(s);
	return a->upgrading;
}

u64 pool_auto_check_dial(struct pool_peer *peer, u64 now)
{
	u64 limit = POOL_S_TO_NS(POOL_AUTO_ATTEMPT_S);
	struct pool_auto *a = &peer->autos;

	lockdep_assert_held(&peer->state_lock);
	if (!pool_auto_is(peer))
		return U64_MAX;
	if (!READ_ONCE(peer->connecting)) {
		a->dial_ns = 0;
	} else if (!a->dial_ns) {
		a->dial_ns = now;
	} else if (now - a->dial_ns >= limit) {
		a->dial_ns = 0;
		pool_peer_hang_up(peer);
	}
	if (READ_ONCE(a->dial_failed)) {
		WRITE_ONCE(a->dial_failed, false);
		pool_auto_failed(peer);
	}
	return a->dial_ns ? a->dial_ns + limit - now : limit;
}

bool pool_auto_wants_ack(struct pool_session *s)
{
	u64 now;

	if (!pool_auto_is(s->peer))
		return false;
	lockdep_assert_held(&s->tx_lock);
	now = pool_now();
	if (s->auto_asked_ns && now - s->auto_asked_ns < POOL_AUTO_DATA_MS * NSEC_PER_MSEC)
		return false;
	s->auto_asked_ns = now;
	pool_session_asked(s, now);
	pool_peer_tick_in(s->peer, POOL_AUTO_ASK_MS * NSEC_PER_MSEC);
	return true;
}

void pool_auto_confirmed(struct pool_peer *peer, const struct pool_session *s)
{
	struct pool_auto *a = &peer->autos;

	lockdep_assert_held(&peer->state_lock);
	WRITE_ONCE(a->id, s->transport);
	a->upgrading = false;
	a->doubting = false;
	a->again_ns = s->transport == order[0] ? 0 :
		      pool_now() + POOL_S_TO_NS(POOL_AUTO_AGAIN_S);
}

/*
 * Has what asks for an answer had none for too long? One that is lost says nothing,
 * so it is asked again meanwhile.
 */
static bool silent(struct pool_auto *a, struct pool_session *s, u64 now, u64 *next_ns)
{
	u64 asked = READ_ONCE(s->asked_ns), due;

	if (!asked) {
		a->asks = 0;
		return false;
	}
	/* It may have been asked after the caller looked at the clock. */
	if (now >= asked + POOL_S_TO_NS(POOL_AUTO_DOUBT_S))
		return true;
	due = asked + (a->asks + 1) * POOL_AUTO_ASK_MS * NSEC_PER_MSEC;
	if (now >= due) {
		++a->asks;
		pool_send_heartbeat(s);
		due += POOL_AUTO_ASK_MS * NSEC_PER_MSEC;
	}
	*next_ns = min(*next_ns, due > now ? due - now : 0);
	return false;
}

bool pool_auto_tick(struct pool_peer *peer, struct pool_session *s, u64 now, u64 *next_ns)
{
	struct pool_auto *a = &peer->autos;

	lockdep_assert_held(&peer->state_lock);
	if (!pool_auto_is(peer) || !pool_peer_has_endpoint(peer) ||
	    s->phase != POOL_PHASE_CONFIRMED)
		return false;
	if (silent(a, s, now, next_ns)) {
		if (!a->doubting) {
			a->doubting = true;
			a->upgrading = false;
			WRITE_ONCE(a->id, after(s->transport));
		}
		return true;
	}
	a->doubting = false;
	if (a->upgrading)
		return true;
	if (!a->again_ns)
		return false;
	if (now < a->again_ns) {
		*next_ns = min(*next_ns, a->again_ns - now);
		return false;
	}
	a->upgrading = true;
	WRITE_ONCE(a->id, order[0]);
	return true;
}
