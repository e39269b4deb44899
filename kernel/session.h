/* SPDX-License-Identifier: GPL-2.0 */
/* Sessions, their epochs, and the table that finds them by Session ID. */
#ifndef _POOL_SESSION_H
#define _POOL_SESSION_H

#include <linux/kref.h>
#include <linux/list.h>
#include <linux/mutex.h>

#include "batch.h"
#include "crypto.h"
#include "limits.h"
#include "mtu.h"
#include "proto/handshake.h"
#include "proto/rekey.h"
#include "proto/replay.h"
#include "report.h"
#include "telemetry.h"
#include "transport.h"

struct pool_device;
struct pool_peer;

#define POOL_S_TO_NS(s) ((u64)(s) * NSEC_PER_SEC)

enum pool_session_limits {
	/* seconds */
	POOL_UNCONFIRMED_S = 10,
	POOL_SUSPECT_HEARTBEATS = 3,
	POOL_DEAD_S = 45,		/* or three intervals and 30 s, if that is longer */
	POOL_DEAD_AFTER_SUSPECT_S = 30,
	POOL_SURPLUS_S = 10,
	POOL_SUPERSEDED_S = 60,
	POOL_REATTACH_S = 3,
	POOL_SESSION_MAX_S = 24 * 3600,	/* then a full handshake; the responder's a minute later */
	POOL_DRAIN_MAX_S = 60,		/* old receive keys, from the switch on */
	POOL_DRAIN_S = 1,		/* and from the first packet under the new ones */
	/* milliseconds */
	POOL_FIRST_ACK_REPEAT_MS = 200,
};

/*
 * The keys of one epoch, both directions, and what was sent and received. Whoever
 * receives holds a reference; sending is under session->tx_lock, and tx is
 * wiped there as soon as the next epoch is sent in.
 */
struct pool_epoch {
	struct kref refcount;
	u32 number;
	struct pool_cipher tx, rx;
	u64 tx_first;
	u32 tx_used;			/* sequences; session->tx_lock, WRITE_ONCE */
	spinlock_t rx_lock;		/* of replay */
	struct pool_replay replay;	/* rx_lock */
	bool heard;			/* something authenticated in it; epoch_lock */
	u8 alarm;			/* enum pool_epoch_alarm the clock was told; WRITE_ONCE */
	u64 created_ns;
	u8 chain[POOL_KEY_LEN];		/* until the session has taken it */
	u32 messages;			/* sent in fragments; session->tx_lock */
};

enum pool_session_phase {
	POOL_PHASE_PENDING,	/* initiator: nothing has come under r2i yet */
	POOL_PHASE_UNCONFIRMED,	/* responder: nothing has come under i2r yet */
	POOL_PHASE_CONFIRMED,
	POOL_PHASE_DEAD,
};

struct pool_session {
	struct pool_device *device;
	struct pool_peer *peer;		/* strong */
	struct kref refcount;
	struct rcu_head rcu;
	struct hlist_node hash;
	struct list_head list;		/* peer->sessions, under peer->lock */
	u64 internal_id;
	u8 sid[POOL_SID_LEN];
	u8 role;			/* enum pool_role */
	u8 transport;
	enum pool_session_phase phase;	/* written under peer->lock */

	/*
	 * epoch is the one in use; while PENDING the candidates are, one per
	 * CHALLENGE answered. next is only received in: we have answered an
	 * offer. prev is only received in: it drains. They change under
	 * epoch_lock, and once the session is confirmed under tx_lock too.
	 */
	spinlock_t epoch_lock;		/* see above */
	struct pool_epoch *epoch, *next, *prev;
	struct pool_epoch *candidates[POOL_CHALLENGES_MAX];
	u64 prev_until_ns;		/* epoch_lock */
	bool chained;			/* rekey is initialised; tx_lock */
	struct pool_rekey rekey;	/* tx_lock */
	u64 rekey_at_ns;		/* tx_lock: repeat offer or answer */
	u64 offer_tried_ns;		/* tx_lock: when an offer last cost us curve operations */
	u64 answer_tried_ns;		/* tx_lock: the same for an answer */
	u8 rekey_repeats;		/* tx_lock */
	bool rekey_wanted;		/* by the operator; WRITE_ONCE */
	u32 rekeys;			/* tx_lock */

	spinlock_t path_lock;		/* of path */
	struct pool_path *path;		/* path_lock; holds a reference */
	bool attached;			/* it has had one */
	bool untested;			/* re-attached, nothing has come back yet; WRITE_ONCE */
	u32 reattached;
	struct pool_roam roam;		/* path_lock */
	u64 auto_asked_ns;		/* when DATA last asked for auto's sake; tx_lock */
	u64 asked_ns;			/* for an ACK; none came since; 0: not so; WRITE_ONCE */

	struct mutex tx_lock;		/* the order of sequence numbers */
	u64 ts_offset;			/* of our timestamps */
	u64 created_ns, confirmed_ns;
	u64 last_receive_ns, last_heartbeat_ns;	/* WRITE_ONCE */
	u64 first_ack_ns;
	bool hello_due;			/* the peer may not know our hello yet */
	bool takes_large;		/* we do, as our hello says */
	bool peer_takes_large;		/* as its hello says; WRITE_ONCE */
	u8 response_digest[POOL_HASH_LEN];	/* responder: of the RESPONSE that made it */

	/* sequences to acknowledge */
	spinlock_t ack_lock;		/* of the four below */
	u8 n_acks;
	u64 last_ack_ns;
	u64 acks[POOL_ACKED_MAX];

	struct pool_session_telemetry telemetry;

	struct pool_session_report report;
	u8 close_code;			/* of the peer's CLOSE */
};

/* One reference; the caller wipes @keys. NULL without memory. May sleep. */
struct pool_epoch *pool_epoch_create(const struct pool_epoch_keys *keys, u32 number, u8 role);
/* Process context; NULL is fine. The last one wipes the keys. */
void pool_epoch_put(struct pool_epoch *epoch);

static inline struct pool_epoch *pool_epoch_get(struct pool_epoch *epoch)
{
	kref_get(&epoch->refcount);
	return epoch;
}

/* What is used up of an epoch. */
struct pool_epoch_use {
	u32 number;
	u64 created_ns;
	u64 sent, received;		/* packets; received by the highest sequence */
};

/* Of the epoch in use; false while there is none. Any context. */
bool pool_session_use(struct pool_session *s, struct pool_epoch_use *use);

/* A session of @peer with one reference, in no list and no table. */
struct pool_session *pool_session_create(struct pool_peer *peer, const u8 sid[POOL_SID_LEN],
					 u8 role, u8 transport);
void pool_session_put(struct pool_session *s);	/* process context; NULL is fine */

static inline struct pool_session *pool_session_get(struct pool_session *s)
{
	kref_get(&s->refcount);
	return s;
}

/* -EEXIST when the Session ID is in use. Takes a reference for the table. */
int pool_session_publish(struct pool_session *s);
/* A strong reference, or NULL. */
struct pool_session *pool_session_lookup(struct pool_device *device,
					 const u8 sid[POOL_SID_LEN]);

/* What this end says of itself in @s, and what the other end has said. */
void pool_session_hello(struct pool_session *s, struct pool_hello *hello);
void pool_session_learn_hello(struct pool_session *s, const struct pool_hello *hello);

/* Make @s one of its peer's; beyond POOL_SESSIONS_PER_PEER the oldest goes. */
void pool_session_link(struct pool_session *s);
/* Something authenticated under its keys for the first time. */
void pool_session_confirm(struct pool_session *s, struct pool_epoch *epoch);
/*
 * Out of table and peer, keys of no more use. @close: tell the other end
 * first, if there is a path. Idempotent. Process context, peer->lock not held.
 */
void pool_session_drop(struct pool_session *s, u32 reason, bool close);
/* The same, if nothing has authenticated under its keys yet. */
void pool_session_drop_pending(struct pool_session *s);

void pool_session_set_path(struct pool_session *s, struct pool_path *path);
struct pool_path *pool_session_path_get(struct pool_session *s);
/* It is on @path, and the peer was heard there. */
void pool_session_moved(struct pool_session *s, struct pool_path *path);

/* Something was sent that asks for an answer. */
static inline void pool_session_asked(struct pool_session *s, u64 now)
{
	if (!READ_ONCE(s->asked_ns))
		WRITE_ONCE(s->asked_ns, now);
}

/* The session new traffic goes to, with a reference, or NULL. */
struct pool_session *pool_peer_session_get(struct pool_peer *peer);
/* Choose it anew. Under peer->lock. */
void pool_peer_choose_session(struct pool_peer *peer);

/* send.c: one control packet, at once. 0, -EAGAIN (no room or no path), or worse. */
int pool_send_control(struct pool_session *s, u8 type, u16 flags, const u8 *plain, size_t len);
/* The same on @path, wherever the session is, with @pad zero bytes behind @plain. */
int pool_send_on(struct pool_session *s, struct pool_path *path, u8 type, u16 flags,
		 const u8 *plain, size_t len, size_t pad);
int pool_send_heartbeat(struct pool_session *s);
int pool_send_first_ack(struct pool_session *s);
int pool_send_acks(struct pool_session *s);
int pool_send_close(struct pool_session *s, u8 code, u8 subcode);
void pool_tx_work(struct work_struct *work);

/*
 * rekey.c. All in process context.
 *
 * pool_rekey_take: an authentic REKEY that came in @epoch; a drop reason or 0.
 * pool_rekey_heard: something authenticated in @epoch, which may be the next one.
 * pool_rekey_tick: offer, repeat, wipe what has drained. @may_offer: it is its
 *	peer's current session. Returns ns until it wants to be called again.
 */
u32 pool_rekey_take(struct pool_session *s, struct pool_epoch *epoch, const u8 *plain,
		    size_t len);
void pool_rekey_heard(struct pool_session *s, struct pool_epoch *epoch);
u64 pool_rekey_tick(struct pool_session *s, u64 now, bool may_offer);
/* @used packets of @epoch in a direction: tells the clock once at each limit it acts on. */
void pool_rekey_used(struct pool_session *s, struct pool_epoch *epoch, u64 used);

/* What one reader of a transport carries along. */
struct pool_rx {
	struct pool_device *device;
	struct pool_path *path;		/* held by the reader */
	void *scratch;			/* for the crypto */
	u8 ecn;				/* of the current packet's IP header; datagrams */
	bool pressed;			/* more comes than we can take; datagrams */
	struct sk_buff_head packets;	/* opened, not yet given to the stack */
	struct pool_cell *cell;		/* where those go */
};

/* Give the stack what has gathered, in one go: that is what GRO lives on. */
void pool_rx_deliver(struct pool_rx *rx);

/**
 * pool_receive() - one packet from a transport
 * @path: where it came from
 * @rec: the whole packet, writable, header and payload; its length is at least
 *	POOL_HDR_LEN and exactly what the header says
 * @rx: of the caller, which calls pool_rx_deliver() before it sleeps
 *
 * Process context.
 */
enum pool_verdict pool_receive(struct pool_path *path, const struct pool_rec *rec,
			       struct pool_rx *rx);
/*
 * Open @rec before its turn has come, if the session and the epoch are there already. It
 * then holds a reference to the epoch. For pool_batch_open(); any number at a time.
 */
void pool_receive_ahead(struct pool_path *path, struct pool_rec *rec, void *scratch);

/*
 * netlink.c: tell listeners. Process context. @peer, @s, @remote may be NULL.
 * @count: 0 is not told; with POOL_EVENT_TYPE_MISMATCH bits of enum pool_mismatch.
 */
void pool_netlink_event(struct pool_device *device, u32 type, u32 reason,
			struct pool_peer *peer, struct pool_session *s, const u8 *key,
			const union pool_endpoint *remote, u32 count);
/*
 * What @peer reports: @number is the count of errors with @code, or of seconds of
 * overload. Process context.
 */
void pool_netlink_report(struct pool_peer *peer, u32 type, u8 code, u32 number);
/*
 * @n errors, at most one event per reason and 10 s. @key is told where there is
 * no peer (NULL: nothing to tell).
 */
void pool_device_errors(struct pool_device *device, u32 reason, u32 n, struct pool_peer *peer,
			const u8 *key, const union pool_endpoint *remote);

static inline void pool_device_error(struct pool_device *device, u32 reason,
				     struct pool_peer *peer, const u8 *key,
				     const union pool_endpoint *remote)
{
	pool_device_errors(device, reason, 1, peer, key, remote);
}

/* Of the module. Exit: after what RCU has yet to free. */
int pool_session_init(void);
void pool_session_exit(void);

static inline u64 pool_now(void)
{
	return ktime_get_boottime_ns();
}

#endif /* _POOL_SESSION_H */
