/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _POOL_DEVICE_H
#define _POOL_DEVICE_H

#include <linux/mutex.h>
#include <linux/netdevice.h>
#include <linux/siphash.h>
#include <linux/workqueue.h>

#include "allowedips.h"
#include "cells.h"
#include "limits.h"
#include "ratelimiter.h"
#include "report.h"
#include "stats.h"
#include "transport.h"
#include "transport_dgram.h"

enum pool_device_limits {
	POOL_PORT_DEFAULT = 9253,
	POOL_MTU_DEFAULT = 1356,	/* 1500 - 40 - 8 - 80 - 16: fits every transport */
	POOL_PEERS_MAX = 65536,
	POOL_HEARTBEAT_DEFAULT_S = 5,
	POOL_HASH_BITS = 12,
	POOL_FULL_CHALLENGES_PER_S = 2000,	/* for sources that proved no work */
	POOL_WORK_CHALLENGES_PER_S = 20000,	/* "prove work first": no curve operation */
	POOL_CALM_S = 10,		/* without refusals, then difficulty falls */
	POOL_DSCP_INHERIT = 64,		/* outer packets take that of the inner ones */
};

/* A budget per second, for what no proven source can be charged with. */
struct pool_budget {
	u64 second;
	u32 used;
};

/* The responder's half of handshakes; all under @lock. */
struct pool_gate {
	struct mutex lock;		/* of all of it, and of the device's identity */
	struct pool_responder *responder;	/* kvmalloc'ed; NULL without identity */
	struct pool_budget full, work;
	u64 refused;			/* RESPONSEs with good work, since the last rise */
	u64 refused_threshold;
	u64 last_refused_ns;
	u32 generation;			/* of identity and secrets */
	s32 skew_seen_s;
};

/* TCP sockets of a device; see transport_tcp.c for what guards what. */
struct pool_tcp {
	spinlock_t lock;		/* of the lists and numbers */
	struct list_head conns;		/* every one that is not closed */
	struct list_head unproven;	/* accepted ones, oldest first */
	u32 n_conns, n_unproven;
	atomic_t n_sockets;		/* not yet released */
	wait_queue_head_t released;
	struct mutex listen_lock;	/* of listener */
	struct socket *listener;
	struct work_struct accept_work;
	struct delayed_work reap_work;
	bool stopping;
};

/* What the device's sockets are bound to, in the namespace of these. */
struct pool_bind {
	union pool_endpoint addr;	/* no port; of no family: any address */
	int ifindex;			/* 0: any; whether it is still there or not */
};

struct pool_device {
	struct net_device *dev;
	struct net __rcu *creating_net;	/* sockets live there; no reference */
	struct list_head device_list;	/* under RTNL */

	/* Configuration. Lock order: RTNL, update_lock, peer->state_lock, gate.lock. */
	struct mutex update_lock;
	bool running;			/* up, sockets open */
	u8 open;			/* transports with sockets, as in TLV 1; WRITE_ONCE */
	bool has_identity;
	struct pool_identity identity;	/* written under update_lock and gate.lock */
	u16 listen_port, bound_port;
	u8 transport;
	u32 fwmark;
	struct pool_bind bind;		/* changed only while no socket is there */
	u8 dscp;			/* of outer packets, or POOL_DSCP_INHERIT; WRITE_ONCE */
	u16 heartbeat_s;
	struct pool_key_limits limits;	/* WRITE_ONCE each */
	char name[POOL_NAME_MAX + 1];
	u64 organisation, segment;
	u32 init_skew_s;
	u32 update_gen;			/* for consistent dumps; no two devices share one */

	struct list_head peers;		/* update_lock */
	struct list_head dead_peers;	/* update_lock: to be reaped */
	struct delayed_work reap_work;	/* in case nobody does */
	u32 n_peers;
	struct pool_allowedips allowedips;

	/* peers by public key, sessions by Session ID */
	siphash_key_t hash_key;
	spinlock_t peer_hash_lock, session_hash_lock;
	struct hlist_head *peer_hash, *session_hash;
	atomic_t n_sessions;
	atomic_t n_refs;		/* peers not yet released */

	struct pool_gate gate;
	struct pool_ratelimiter ratelimiter;
	struct workqueue_struct *io_wq;		/* sealing, opening, sockets */
	struct workqueue_struct *ctl_wq;	/* clocks of peers, housekeeping */
	struct workqueue_struct *solve_wq;	/* one puzzle at a time */
	struct delayed_work rotate_work;
	struct pool_tcp tcp;
	struct pool_dgram udp, raw;
	struct pool_cells *cells;
	atomic_long_t staged_bytes;		/* that peers hold beyond their own */
	struct pool_device_stats stats;
	struct pool_overload overload;
	struct {
		u64 last_ns;
		u32 suppressed;
	} errors[POOL_REASON_AGED + 1];	/* under error_lock */
	spinlock_t error_lock;
};

void pool_tcp_init(struct pool_device *device);	/* transport_tcp_listen.c */

int pool_device_init(void);
void pool_device_exit(void);
bool pool_device_is(const struct net_device *dev);

/*
 * All under update_lock (and RTNL for those that touch sockets). They say what
 * is wrong in @extack and then have changed nothing.
 */
int pool_device_set_identity(struct pool_device *device, const u8 secret[POOL_KEY_LEN],
			     struct netlink_ext_ack *extack);
int pool_device_set_port(struct pool_device *device, u16 port, struct netlink_ext_ack *extack);
/* Of a running device it ends all sessions and connections: its sockets are made anew. */
int pool_device_set_fwmark(struct pool_device *device, u32 mark, struct netlink_ext_ack *extack);
/* The same. @bind is what an address and an index can be: not checked for sense. */
int pool_device_set_bind(struct pool_device *device, const struct pool_bind *bind,
			 struct netlink_ext_ack *extack);
/* Also of a running device: peers that follow it move, as pool_peer_set_transport() says. */
int pool_device_set_transport(struct pool_device *device, u8 transport,
			      struct netlink_ext_ack *extack);
/* Sockets of more transports, if it is running. They stay open until it is set down. */
int pool_device_open(struct pool_device *device, u8 mask, struct netlink_ext_ack *extack);
void pool_device_set_dscp(struct pool_device *device, u8 dscp);

/* The device's peers changed. */
void pool_device_touch(struct pool_device *device);

/* Challenge secrets drawn anew: what was recorded before is void. */
void pool_device_renew_secrets(struct pool_device *device);
/* Secrets too old for use replaced; before each use. Under gate.lock. ns until the next. */
u64 pool_gate_refresh(struct pool_device *device);

/* Sessions and secrets gone, with CLOSE or without a word. Under update_lock. */
void pool_device_forget_sessions(struct pool_device *device, u32 reason, bool close);

/* What this end says of itself (hello TLVs). */
void pool_device_hello(struct pool_device *device, struct pool_hello *hello);
void pool_device_address(struct pool_device *device, const u8 key[POOL_KEY_LEN],
			 u8 addr[POOL_ADDR_LEN]);

/* The creating netns with a reference, or NULL when it is going away. */
struct net *pool_device_net_get(struct pool_device *device);

/*
 * Tell the sender of a packet of the stack that it is refused: ICMP unreachable,
 * or that it is larger than @mtu bytes. BH disabled. The packet stays the caller's.
 */
void pool_device_reject(struct pool_device *device, struct sk_buff *skb);
void pool_device_too_big(struct pool_device *device, struct sk_buff *skb, u32 mtu);

#endif /* _POOL_DEVICE_H */
