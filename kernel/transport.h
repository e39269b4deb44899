/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What carries POOL packets. Common code never looks behind this: it has a
 * path (a TCP connection; with datagrams, an address) and writes packets on it.
 */
#ifndef _POOL_TRANSPORT_H
#define _POOL_TRANSPORT_H

#include <linux/in6.h>
#include <net/ipv6.h>
#include <linux/kref.h>
#include <linux/mutex.h>

#include "proto/handshake.h"
#include "proto/mtu.h"

struct netlink_ext_ack;
struct pool_buf;
struct pool_device;
struct pool_path;
struct pool_peer;
struct sk_buff;

/* An address and port of either family; sa.sa_family 0 is none. */
union pool_endpoint {
	struct sockaddr sa;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
};

/* What the receiver of a packet tells the transport that brought it. */
enum pool_verdict {
	POOL_VERDICT_OK,
	POOL_VERDICT_DROPPED,	/* counted; the path is as good as before */
	POOL_VERDICT_UNKNOWN,	/* counted; no such session */
	POOL_VERDICT_BREAK,	/* counted; a stream cannot be trusted any more */
};

/**
 * struct pool_transport_ops - one transport
 * @id: enum pool_transport
 * @name: as users write it
 * @start: open the device's sockets; 0 or a negative errno
 * @stop: close them and every path; on return no socket is left
 * @relisten: the port changed: listen there too, then no longer on the old one;
 *	an error changes nothing
 * @dscp_changed: the device's DSCP did: new paths have it at once, those that
 *	there are with what they send next
 * @connect: make a path to @ep in the background: pool_peer_path_add() now,
 *	then pool_peer_path_up() or pool_peer_path_down(). Where there are no
 *	connections it is up at once.
 * @keep: a path that lasts, to where the last packet on @path came from; it has a
 *	reference. NULL without memory, or when the device closes its sockets. Only
 *	where there are no connections.
 * @send: one ready-made packet, at once; 0 or a negative errno. Without it
 *	@reserve and @flush do.
 * @reserve: room for @len bytes of one packet, or NULL: no room now (the peer
 *	is kicked when there is) or, with @control, no room at all. Under @lock. The
 *	packet is there when the buffer's len counts it.
 * @buf: what is reserved from; NULL: nothing stands there
 * @flush: hand what the buffer has to the network, all of it sealed. 0; -EAGAIN when
 *	some must wait (the peer is kicked when it can go on); another errno when
 *	the path is broken.
 * @mtu: bytes of the largest segment or IP datagram it sends now, 0 if that is not
 *	known; any context
 * @heard: the peer was heard from @from, where @path leads: there it knows us by the
 *	address it sent to. Only where there are no connections.
 * @look: has the way to the peer changed? Process context, once a second at most.
 * @proved: the path has shown whose it is
 * @close: the path is of no use any more; does not sleep for the network
 * @release: the last reference is gone
 */
struct pool_transport_ops {
	u8 id;
	const char *name;
	bool is_stream;

	int (*start)(struct pool_device *device);
	void (*stop)(struct pool_device *device);
	int (*relisten)(struct pool_device *device);
	void (*dscp_changed)(struct pool_device *device);
	int (*connect)(struct pool_peer *peer, const union pool_endpoint *ep);
	struct pool_path *(*keep)(struct pool_path *path);

	int (*send)(struct pool_path *path, const u8 *pkt, size_t len);
	void (*lock)(struct pool_path *path);
	void (*unlock)(struct pool_path *path);
	u8 *(*reserve)(struct pool_path *path, size_t len, bool control);
	struct pool_buf *(*buf)(struct pool_path *path);
	int (*flush)(struct pool_path *path);
	u32 (*mtu)(struct pool_path *path);
	void (*heard)(struct pool_path *path, const struct pool_path *from);
	void (*look)(struct pool_path *path);

	void (*proved)(struct pool_path *path);
	void (*close)(struct pool_path *path, u32 reason);
	void (*release)(struct pool_path *path);
};

/* A way to one place. Holders have a reference; a dead path stays harmless. */
struct pool_path {
	const struct pool_transport_ops *ops;
	struct pool_device *device;
	struct kref refcount;
	bool dialled;			/* by us */
	bool up;			/* WRITE_ONCE, false to true */
	bool proven;			/* WRITE_ONCE, false to true */
	bool closed;			/* WRITE_ONCE, false to true */
	bool tired;			/* a handshake over it was not answered */
	u8 n_inits;			/* received; by its one reader */
	u8 dscp;			/* of what is flushed, where the device inherits; lock() */
	u8 ecn;				/* of what is flushed; datagrams, lock() */
	bool busy;			/* handshakes queue up; by its one reader */
	bool no_fragments;		/* it leads into a tunnel like ours; WRITE_ONCE */
	struct pool_peer *peer;		/* strong; set once: on dialling, or when proven */
	struct list_head peer_list;	/* peer->paths, under peer->lock */
	union pool_endpoint local, remote;
	u8 addr16[16];			/* remote address, IPv4 as v4-mapped */
	u64 created_ns;			/* CLOCK_BOOTTIME */
	u64 last_receive_ns;		/* authentic packet; WRITE_ONCE */

	/* datagrams only */
	u8 overhead;			/* bytes of IP and UDP header around a packet */
	spinlock_t mtu_lock;		/* of mtu; innermost */
	struct pool_mtu mtu;
	u64 looked_ns;			/* of look(); by the peer's clock */
};

/* Bytes of plaintext that one packet takes on this path. Any context. */
static inline size_t pool_path_room(const struct pool_path *path)
{
	if (path->ops->is_stream)
		return POOL_MAX_PLAINTEXT;
	return READ_ONCE(path->mtu.size) - POOL_OVERHEAD;
}

static inline void pool_path_get(struct pool_path *path)
{
	kref_get(&path->refcount);
}

void pool_path_put(struct pool_path *path);	/* process context; NULL is fine */
void pool_path_init(struct pool_path *path, const struct pool_transport_ops *ops,
		    struct pool_device *device);

/* Send one ready-made packet (handshake); 0 or a negative errno. */
int pool_path_send(struct pool_path *path, const u8 *pkt, size_t len);

/*
 * A reference to the path where a packet came from that is authentic, or a new one that
 * lasts; NULL without memory. Process context.
 */
struct pool_path *pool_path_keep(struct pool_path *path);

/* Do both lead to the same place? */
bool pool_path_same(const struct pool_path *a, const struct pool_path *b);

/* The path has shown whose it is; @peer gets a reference taken. Idempotent. */
void pool_path_prove(struct pool_path *path, struct pool_peer *peer);

const struct pool_transport_ops *pool_transport(u8 id);	/* NULL if there is no such */
/* As people configure it: one of them, or auto. */
bool pool_transport_known(u32 id);
/* The transports that @id stands for: bit 0 is TCP, as in TLV 1. */
u8 pool_transport_mask(u32 id);

void pool_endpoint_to_addr16(u8 out[16], const union pool_endpoint *ep);
/* As limits see it: the same IPv4 address, or the same IPv6 /64. */
static inline bool pool_same_source(const u8 a[16], const u8 b[16])
{
	return !memcmp(a, b, ipv6_addr_v4mapped((const struct in6_addr *)a) ? 16 : 8);
}

bool pool_endpoint_equal(const union pool_endpoint *a, const union pool_endpoint *b);
size_t pool_endpoint_len(const union pool_endpoint *ep);

extern const struct pool_transport_ops pool_transport_tcp, pool_transport_udp, pool_transport_raw;

#endif /* _POOL_TRANSPORT_H */
