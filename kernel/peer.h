/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _POOL_PEER_H
#define _POOL_PEER_H

#include <linux/kref.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/workqueue.h>

#include "auto.h"
#include "fragment.h"
#include "limits.h"
#include "queueing.h"
#include "stats.h"
#include "transport.h"

struct netlink_ext_ack;
struct pool_attempt;
struct pool_session;

enum pool_peer_limits {
	POOL_SESSIONS_PER_PEER = 3,
	POOL_PATHS_PER_PEER = 4,
};

struct pool_peer {
	struct pool_device *device;
	struct kref refcount;
	struct rcu_head rcu;
	struct list_head list;		/* device->peers, update_lock */
	struct hlist_node hash;
	struct list_head allowedips_list;
	u64 internal_id;
	bool dead;			/* WRITE_ONCE; nothing is queued for it any more */

	u8 key[POOL_KEY_LEN];
	u8 psk[POOL_KEY_LEN];		/* state_lock */
	bool has_psk;
	u8 transport;			/* 0: the device's */
	s32 heartbeat_s;		/* -1: the device's */
	struct pool_key_limits limits;	/* 0: the device's; WRITE_ONCE each */

	/* data path: what waits, and who takes it */
	struct pool_queue staged;
	struct work_struct tx_work;
	struct pool_session __rcu *current_session;	/* under lock */

	/*
	 * lock: sessions, paths, endpoint, hello, last error; innermost.
	 * state_lock: the attempt and the order of handshake events; sleeps.
	 */
	spinlock_t lock;		/* see above */
	struct mutex state_lock;	/* see above */
	struct list_head sessions;	/* newest first; each holds a reference */
	u32 n_sessions;
	struct list_head paths;		/* newest first; each holds a reference */
	union pool_endpoint endpoint;
	struct pool_hello hello;
	u32 last_error;
	u64 last_error_ns;

	struct pool_attempt *attempt;	/* state_lock */
	struct delayed_work tick;	/* the peer's clock: timers.c */
	bool wanted;			/* traffic waits for a session; WRITE_ONCE */
	bool connecting;		/* the transport makes a path; under lock */
	bool redial;			/* a live session needs a path; WRITE_ONCE */
	bool suspected;			/* listeners were told; by the tick */
	u32 dial_failures;
	u64 dial_at_ns;			/* not before */
	u64 wanted_since_ns;		/* 90 s from here we give up */
	u64 surplus_at_ns;		/* decide between sessions, and paths; 0 is never */
	u64 reattach_at_ns;		/* no authentic packet by then: handshake; 0 is never */

	u64 sent_timestamp;		/* of our last INIT; state_lock */
	u64 sent_ns;			/* CLOCK_BOOTTIME of that */
	u64 accepted_timestamp;		/* highest INIT timestamp accepted; state_lock */
	u64 accepted_ns;		/* CLOCK_BOOTTIME of that; 0 is never */

	time64_t last_handshake_s;	/* CLOCK_REALTIME */
	u64 last_receive_ns;		/* CLOCK_BOOTTIME; WRITE_ONCE */
	union pool_endpoint confirmed_from;	/* to tell a flapping key; state_lock */
	u64 confirmed_ns;
	u32 flaps;

	struct pool_peer_report report;	/* lock */
	struct pool_fragments fragments;
	struct pool_auto autos;		/* state_lock */

	struct pool_peer_stats stats;
};

/* Under update_lock. -EEXIST, -EADDRINUSE (own key), -ENOSPC, -ENOMEM; extack says. */
struct pool_peer *pool_peer_create(struct pool_device *device, const u8 key[POOL_KEY_LEN],
				   struct netlink_ext_ack *extack);
/*
 * Under update_lock. CLOSE goes out on its sessions. @more: others follow at once, and what
 * waits for a grace period may wait for the last of them: nothing reaches the peer any more,
 * and the rest is up to pool_peer_reap(), or else to the work soon after.
 */
void pool_peer_remove(struct pool_peer *peer, bool more);
void pool_peer_reap(struct pool_device *device);	/* under update_lock */
void pool_peer_reap_work(struct work_struct *work);
void pool_peer_remove_all(struct pool_device *device);

/* A strong reference, or NULL. */
struct pool_peer *pool_peer_lookup(struct pool_device *device, const u8 key[POOL_KEY_LEN]);
struct pool_peer *pool_peer_get_maybe_zero(struct pool_peer *peer);
void pool_peer_put(struct pool_peer *peer);

static inline struct pool_peer *pool_peer_get(struct pool_peer *peer)
{
	kref_get(&peer->refcount);
	return peer;
}

/* Under update_lock; 0 or a negative errno with extack. */
int pool_peer_set_endpoint(struct pool_peer *peer, const union pool_endpoint *ep);
void pool_peer_set_psk(struct pool_peer *peer, const u8 psk[POOL_KEY_LEN]);
bool pool_peer_has_endpoint(struct pool_peer *peer);

/* Have the peer's queue looked at; any context. */
void pool_peer_kick(struct pool_peer *peer);
/* Have its clock run in @ns from now at the latest; any context. */
void pool_peer_tick_in(struct pool_peer *peer, u64 ns);

/*
 * The transport's reports; process context. A path that is dialled is the
 * peer's from the start (false: the peer is gone), usable when it is up, and
 * after down the sessions have let go of it.
 */
bool pool_peer_path_add(struct pool_peer *peer, struct pool_path *path);
void pool_peer_path_up(struct pool_peer *peer, struct pool_path *path);
void pool_peer_path_down(struct pool_peer *peer, struct pool_path *path, u32 reason);
/*
 * A living path of a transport, or of any (NULL), with a reference, or NULL. With @fresh
 * only one that is younger than the peer's silence, if there is an endpoint to call.
 */
struct pool_path *pool_peer_path_for(struct pool_peer *peer, const struct pool_transport_ops *ops,
				     bool fresh);
/*
 * Have a transport make a path, if it is time. Returns ns until it is, or
 * U64_MAX: under way, or impossible. Under state_lock.
 */
u64 pool_peer_dial(struct pool_peer *peer, const struct pool_transport_ops *ops, u64 now);
/* Give up what is being dialled. */
void pool_peer_hang_up(struct pool_peer *peer);
/* A path was made and led to nothing: call less often. */
void pool_peer_dial_failed(struct pool_peer *peer);
/* It led to the peer: call at once when it breaks. */
void pool_peer_dial_worked(struct pool_peer *peer);
void pool_peer_learn_hello(struct pool_peer *peer, const struct pool_hello *hello);

/* Remember what went wrong and tell listeners. */
void pool_peer_error(struct pool_peer *peer, u32 reason);

/*
 * Stop attempt, sessions, paths and queue; the peer stays. @reason of the event;
 * @close: tell the other end.
 */
void pool_peer_stop(struct pool_peer *peer, u32 reason, bool close);
void pool_peer_purge_staged(struct pool_peer *peer, u32 drop_reason, bool reject);

u16 pool_peer_heartbeat_s(struct pool_peer *peer);
/* In force for @peer: its own, else the device's; each rekey limit below its hard stop. */
void pool_peer_limits(const struct pool_peer *peer, struct pool_key_limits *l);
/* New keys for its current session now. -ENOTCONN without one. */
int pool_peer_rekey(struct pool_peer *peer);
/* As configured for it or its device; and, where that is auto, the one to call it by now. */
u8 pool_peer_transport(const struct pool_peer *peer);
u8 pool_peer_dial_transport(const struct pool_peer *peer);
/*
 * Under RTNL and update_lock. A peer that can be called moves at once, by a handshake beside
 * its session. An error says why in @extack and changes nothing. 0: the device's.
 */
int pool_peer_set_transport(struct pool_peer *peer, u8 transport, struct netlink_ext_ack *extack);
/* What it is called by has changed. */
void pool_peer_move(struct pool_peer *peer);
enum pool_peer_state pool_peer_state(struct pool_peer *peer);

/* timers.c */
void pool_peer_tick(struct work_struct *work);

int pool_peer_init(void);
void pool_peer_exit(void);

#endif /* _POOL_PEER_H */
