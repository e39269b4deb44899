/* SPDX-License-Identifier: GPL-2.0 */
/*
 * UDP and raw IP: what the sockets (transport_dgram.c) and the paths
 * (dgram_path.c) know of each other.
 */
#ifndef _POOL_TRANSPORT_DGRAM_H
#define _POOL_TRANSPORT_DGRAM_H

#include <linux/mutex.h>
#include <linux/rwsem.h>
#include <linux/spinlock.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include "transport.h"

struct pool_buf;

enum { POOL_IPPROTO = 253 };	/* RFC 3692; the draft, section 12 */

/*
 * A way to an address. What is received stands for a moment in one that is the
 * reader's own, transient: it is in no list, and nobody may keep it.
 */
struct dgram_path {
	struct pool_path path;
	bool transient;
	bool no_gso;			/* the interface does not take batches; lock */
	u32 believed;			/* path MTU, by the host; path.mtu_lock */
	struct list_head list;		/* dgram->paths */
	struct mutex lock;		/* of tx, and of path.local */
	struct pool_buf *tx;
};

static inline struct dgram_path *to_dgram(struct pool_path *path)
{
	return container_of(path, struct dgram_path, path);
}

/* A handshake packet that waits. */
struct dgram_hs {
	union pool_endpoint local, remote;
	u16 len;
	u8 pkt[POOL_RESPONSE_LEN];
};

enum { POOL_HS_RING = 128 };

/* Handshake packets in a fixed space; what does not fit is dropped. */
struct dgram_ring {
	struct dgram_hs *slots;		/* POOL_HS_RING of them */
	u32 head, tail;
};

/* What the socket says of a datagram. */
struct dgram_seen {
	union pool_endpoint remote, local;
	size_t len;
	size_t segment;			/* several of that length, the last may be shorter */
	u8 tos;
	bool unicast;
};

enum { POOL_DGRAMS_SEEN = 64 };		/* read in one go */

/* The socket of one family. */
struct dgram_sock {
	struct pool_device *device;
	const struct pool_transport_ops *ops;
	struct socket *sock;		/* NULL: this family is not there */
	struct work_struct rx_work;
	struct dgram_path from;		/* rx_work: where the current packet came from */
	struct dgram_seen *seen;	/* rx_work: POOL_DGRAMS_SEEN of them */
	int overflows;			/* rx_work: datagrams the socket had no room for, so far */
};

/* One transport of a device. */
struct pool_dgram {
	const struct pool_transport_ops *ops;
	struct dgram_sock v4, v6;
	struct rw_semaphore sock_sem;	/* who sends against who closes */
	spinlock_t lock;		/* of the rest */
	struct list_head paths;		/* every one that is not closed */
	bool stopping;
	atomic_t n_paths;		/* not yet released */
	wait_queue_head_t released;

	/* handshakes: those that show work, and those that do not */
	struct dgram_ring worked, plain;
	struct work_struct hs_work;
	struct dgram_path hs_from;	/* hs_work */
	struct dgram_hs hs;		/* hs_work: the one being looked at */
};

struct pool_dgram *pool_dgram_of(struct pool_device *device, const struct pool_transport_ops *ops);

/* An empty path of the caller's memory. */
void pool_dgram_path_init(struct dgram_path *dp, const struct pool_transport_ops *ops,
			  struct pool_device *device);
/* Where a packet came from. */
void pool_dgram_path_set(struct dgram_path *dp, const union pool_endpoint *remote,
			 const union pool_endpoint *local);
/* Of struct pool_transport_ops. */
int pool_dgram_connect(struct pool_peer *peer, const struct pool_transport_ops *ops,
		       const union pool_endpoint *ep);
struct pool_path *pool_dgram_keep(struct pool_path *path);
int pool_dgram_send(struct pool_path *path, const u8 *pkt, size_t len);
void pool_dgram_lock(struct pool_path *path);
void pool_dgram_unlock(struct pool_path *path);
u8 *pool_dgram_reserve(struct pool_path *path, size_t len, bool control);
int pool_dgram_flush(struct pool_path *path);
struct pool_buf *pool_dgram_buf(struct pool_path *path);
u32 pool_dgram_mtu(struct pool_path *path);
void pool_dgram_heard(struct pool_path *path, const struct pool_path *from);
void pool_dgram_look(struct pool_path *path);
void pool_dgram_close(struct pool_path *path, u32 reason);
void pool_dgram_release(struct pool_path *path);

/* Is it one of the device's own datagram sockets? Any context. */
bool pool_dgram_owns(const struct pool_device *device, const struct sock *sk);
void pool_dgram_init(struct pool_device *device, struct pool_dgram *dgram,
		     const struct pool_transport_ops *ops);

#endif /* _POOL_TRANSPORT_DGRAM_H */
