// SPDX-License-Identifier: GPL-2.0
/*
 * POOL over UDP, and over IP itself as protocol 253: one socket for each family,
 * in the network namespace the device was created in.
 *
 * Datagrams wait in the socket, whose buffer is the bound on them, until rx_work
 * takes them. Session packets it handles at once. Handshake packets, which anybody
 * can send, it puts into a ring of fixed size, for hs_work to look at, so that
 * curve operations do not hold up the traffic of those who have a session; those
 * that show work are kept apart from those that do not.
 */
#include "transport_dgram.h"
#include "batch.h"
#include "device.h"
#include "peer.h"
#include "proto/handshake_common.h"
#include "session.h"
#include "socket.h"

#include <linux/delay.h>
#include <linux/slab.h>
#include <linux/udp.h>
#include <net/inet_ecn.h>
#include <net/ipv6.h>
#include <net/sock.h>

enum {
	RX_BUFFER = 4 << 20,
	TX_BUFFER = 4 << 20,
	SEND_PATIENCE_MS = 100,		/* for a full interface; then what is sent is dropped */
	RX_RUN_BYTES = 512 << 10,	/* then let others have the worker */
	RETRY_MS = 10,
};

struct pool_dgram *pool_dgram_of(struct pool_device *device, const struct pool_transport_ops *ops)
{
	return ops->id == POOL_TRANSPORT_UDP ? &device->udp : &device->raw;
}

bool pool_dgram_owns(const struct pool_device *device, const struct sock *sk)
{
	const struct dgram_sock *ds;

	/* TCP sends for sockets that are not, or no longer, whole ones. */
	if (!sk_fullsock(sk))
		return false;
	ds = READ_ONCE(sk->sk_user_data);
	return ds && (ds == &device->udp.v4 || ds == &device->udp.v6 || ds == &device->raw.v4 ||
		      ds == &device->raw.v6);
}

/* -------------------------------------------------------------- handshakes */

static struct dgram_ring *ring_of(struct pool_dgram *dgram, const u8 *pkt)
{
	bool plain = (pkt[0] & 0xf) == POOL_INIT &&
		     !pkt[POOL_HDR_LEN + POOL_INIT_DIFFICULTY];

	return plain ? &dgram->plain : &dgram->worked;
}

/* @pkt is that of a handshake packet, by its type. False: dropped. */
static void hs_push(struct pool_dgram *dgram, struct pool_path *from, const u8 *pkt, size_t len)
{
	struct pool_device *device = from->device;
	struct dgram_ring *ring;
	struct dgram_hs *hs;
	bool room;

	/* The kinds that there are; the handshake says the same, but later. */
	if (len != POOL_INIT_LEN && len != POOL_RESPONSE_LEN) {
		pool_drop(device, NULL, POOL_A_DROPS_HS_LENGTH);
		return;
	}
	ring = ring_of(dgram, pkt);
	spin_lock_bh(&dgram->lock);
	room = ring->head - ring->tail < POOL_HS_RING && !dgram->stopping;
	if (room) {
		hs = &ring->slots[ring->head++ % POOL_HS_RING];
		hs->local = from->local;
		hs->remote = from->remote;
		hs->len = len;
		memcpy(hs->pkt, pkt, len);
	}
	spin_unlock_bh(&dgram->lock);
	if (room)
		queue_work(device->ctl_wq, &dgram->hs_work);
	else
		pool_drop(device, NULL, POOL_A_DROPS_HS_LIMITED);
}

/* The next one; work first. @busy: those without it take more than an eighth of their space. */
static bool hs_pop(struct pool_dgram *dgram, bool *busy)
{
	struct dgram_ring *ring;
	bool some;

	spin_lock_bh(&dgram->lock);
	*busy = dgram->plain.head - dgram->plain.tail > POOL_HS_RING / 8;
	ring = dgram->worked.head != dgram->worked.tail ? &dgram->worked : &dgram->plain;
	some = ring->head != ring->tail;
	if (some)
		dgram->hs = ring->slots[ring->tail++ % POOL_HS_RING];
	spin_unlock_bh(&dgram->lock);
	return some;
}

static void hs_work(struct work_struct *work)
{
	struct pool_dgram *dgram = container_of(work, struct pool_dgram, hs_work);
	struct pool_path *from = &dgram->hs_from.path;
	struct dgram_hs *hs = &dgram->hs;

	while (hs_pop(dgram, &from->busy)) {
		const struct pool_rec rec = { .pkt = hs->pkt, .len = hs->len };

		pool_dgram_path_set(&dgram->hs_from, &hs->remote, &hs->local);
		pool_receive(from, &rec, NULL);
		cond_resched();
	}
}

/* --------------------------------------------------------------- receiving */

union receive_control {
	struct cmsghdr align;
	u8 room[CMSG_SPACE(sizeof(struct in6_pktinfo)) + 2 * CMSG_SPACE(sizeof(int))];
};

static void read_cmsg(struct dgram_seen *d, const struct cmsghdr *c)
{
	const void *data = CMSG_DATA(c);

	if (c->cmsg_level == SOL_IP && c->cmsg_type == IP_PKTINFO) {
		const struct in_pktinfo *info = data;

		d->local.in.sin_family = AF_INET;
		d->local.in.sin_addr = info->ipi_addr;
		/* They differ where the packet was for many. */
		d->unicast = info->ipi_addr.s_addr == info->ipi_spec_dst.s_addr &&
			     !ipv4_is_multicast(info->ipi_addr.s_addr);
	} else if (c->cmsg_level == SOL_IPV6 && c->cmsg_type == IPV6_PKTINFO) {
		const struct in6_pktinfo *info = data;

		d->local.in6.sin6_family = AF_INET6;
		d->local.in6.sin6_addr = info->ipi6_addr;
		d->unicast = !ipv6_addr_is_multicast(&info->ipi6_addr);
	} else if (c->cmsg_level == SOL_IP && c->cmsg_type == IP_TOS) {
		d->tos = *(const u8 *)data;
	} else if (c->cmsg_level == SOL_IPV6 && c->cmsg_type == IPV6_TCLASS) {
		d->tos = *(const int *)data;
	} else if (c->cmsg_level == SOL_UDP && c->cmsg_type == UDP_GRO) {
		d->segment = *(const int *)data;
	}
}

/* An address of one host, that an answer can be sent to. */
static bool sound_source(const struct dgram_sock *ds, const union pool_endpoint *ep)
{
	if (ds->ops->id == POOL_TRANSPORT_UDP && !ep->in.sin_port)
		return false;
	if (ep->sa.sa_family == AF_INET)
		return !ipv4_is_multicast(ep->in.sin_addr.s_addr) &&
		       !ipv4_is_lbcast(ep->in.sin_addr.s_addr) &&
		       !ipv4_is_zeronet(ep->in.sin_addr.s_addr);
	return !ipv6_addr_is_multicast(&ep->in6.sin6_addr) &&
	       !ipv6_addr_any(&ep->in6.sin6_addr);
}

/* One datagram, or a batch that came as one. The bytes put at @data, or a negative errno. */
static ssize_t receive_one(struct dgram_sock *ds, u8 *data, size_t room, struct dgram_seen *d)
{
	union receive_control control = {};
	struct msghdr msg = {
		.msg_name = &d->remote,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	struct kvec vec = { .iov_base = data, .iov_len = room };
	struct cmsghdr *c;
	size_t used;
	ssize_t n;

	memset(d, 0, sizeof(*d));
	n = kernel_recvmsg(ds->sock, &msg, &vec, 1, room, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (n < 0)
		return n;
	d->len = n;
	d->segment = n;
	/* put_cmsg() has moved on from where it began. */
	used = sizeof(control) - msg.msg_controllen;
	for (c = &control.align; (u8 *)c + sizeof(*c) <= control.room + used;
	     c = (void *)c + CMSG_ALIGN(c->cmsg_len)) {
		if (c->cmsg_len < sizeof(*c))
			break;
		read_cmsg(d, c);
	}
	/* The port is at the same place in both families; raw IPv6 shows the protocol there. */
	if (ds->ops->id == POOL_TRANSPORT_RAW)
		d->remote.in.sin_port = 0;
	else
		d->local.in.sin_port = htons(READ_ONCE(ds->device->bound_port));
	if (d->remote.sa.sa_family == AF_INET6) {
		d->remote.in6.sin6_flowinfo = 0;
		if (!(ipv6_addr_type(&d->remote.in6.sin6_addr) & IPV6_ADDR_LINKLOCAL))
			d->remote.in6.sin6_scope_id = 0;
	}
	d->unicast &= sound_source(ds, &d->remote);
	return n;
}

/* What has gathered, in its order. */
static void take_records(struct dgram_sock *ds, struct pool_buf *buf, struct pool_rx *rx)
{
	struct pool_rec *rec;

	pool_batch_open(buf, &ds->from.path);
	for (rec = buf->recs; rec < buf->recs + buf->n_recs; ++rec) {
		const struct dgram_seen *d = &ds->seen[rec->from];

		pool_dgram_path_set(&ds->from, &d->remote, &d->local);
		rx->ecn = d->tos & INET_ECN_MASK;
		pool_receive(&ds->from.path, rec, rx);
		cond_resched();
	}
	pool_batch_close(buf);
}

static void take_packet(struct dgram_sock *ds, struct pool_buf *buf, u8 *pkt, size_t len,
			unsigned int from, struct pool_rx *rx)
{
	if (len < POOL_HDR_LEN || len != POOL_HDR_LEN + pool_get16(pkt + 44)) {
		pool_drop(ds->device, NULL, POOL_A_DROPS_RX_LENGTH);
	} else if ((pkt[0] & 0xf) > POOL_RESPONSE) {
		if (buf->n_recs == POOL_BATCH_RECS)
			take_records(ds, buf, rx);
		buf->recs[buf->n_recs++] = (struct pool_rec){
			.pkt = pkt, .len = len, .from = from,
		};
	} else {
		pool_dgram_path_set(&ds->from, &ds->seen[from].remote, &ds->seen[from].local);
		if (pkt[0] >> 4 == POOL_VERSION) {
			hs_push(pool_dgram_of(ds->device, ds->ops), &ds->from.path, pkt, len);
		} else {
			pool_drop(ds->device, NULL, POOL_A_DROPS_HS_VERSION);
			pool_report_version(&ds->from.path);
		}
	}
}

static void take_datagram(struct dgram_sock *ds, struct pool_buf *buf, u8 *data, unsigned int from,
			  struct pool_rx *rx)
{
	const struct dgram_seen *d = &ds->seen[from];
	size_t pos = 0, len = d->len, n;

	if (!d->unicast) {
		pool_drop(ds->device, NULL, POOL_A_DROPS_RX_NOT_UNICAST);
		return;
	}
	if (ds->ops->id == POOL_TRANSPORT_RAW && d->remote.sa.sa_family == AF_INET) {
		/* Raw IPv4 sockets show the IP header too. */
		n = len ? (data[0] & 0xf) * 4 : 0;
		if (n > len) {
			pool_drop(ds->device, NULL, POOL_A_DROPS_RX_LENGTH);
			return;
		}
		data += n;
		len -= n;
	}
	do {
		n = min(len - pos, d->segment);
		take_packet(ds, buf, data + pos, n, from, rx);
		pos += n;
	} while (pos < len);
}

/* Fill @buf from the socket and take what it has. The bytes read; 0: the socket is empty. */
static size_t take_some(struct dgram_sock *ds, struct pool_buf *buf, struct pool_rx *rx)
{
	struct sock *sk = ds->sock->sk;
	unsigned int n_seen = 0;
	size_t total = 0;
	ssize_t n;

	rx->pressed = atomic_read(&sk->sk_rmem_alloc) > READ_ONCE(sk->sk_rcvbuf) / 2;
	buf->len = 0;
	while (n_seen < POOL_DGRAMS_SEEN && buf->len + IP_MAX_MTU <= POOL_BUF_SIZE) {
		u8 *data = buf->data + buf->len;

		n = receive_one(ds, data, POOL_BUF_SIZE - buf->len, &ds->seen[n_seen]);
		if (n == -EAGAIN || n == -EWOULDBLOCK)
			break;
		if (n < 0) {
			total += PAGE_SIZE;	/* a bad checksum, or the socket is shut */
			if (total >= RX_RUN_BYTES)
				break;
			continue;
		}
		total += max_t(size_t, n, POOL_HDR_LEN);
		take_datagram(ds, buf, data, n_seen++, rx);
		buf->len += ALIGN(n, sizeof(u64));
	}
	take_records(ds, buf, rx);
	return total;
}

/* What the socket had to drop, which is the only queue between it and us. */
static void count_overflows(struct dgram_sock *ds)
{
	int n = sk_drops_read(ds->sock->sk);

	if (likely(n == ds->overflows))
		return;
	pool_drop_n(ds->device, NULL, POOL_A_DROPS_RX_CONGESTED, n - ds->overflows);
	ds->overflows = n;
}

static void rx_work(struct work_struct *work)
{
	struct dgram_sock *ds = container_of(work, struct dgram_sock, rx_work);
	struct pool_buf *buf = pool_buf_get();
	struct pool_rx rx = {
		.device = ds->device,
		.path = &ds->from.path,
	};
	size_t total = 0, n;

	if (!buf) {
		/* With the socket's buffer full no datagram would wake us. */
		msleep(RETRY_MS);
		queue_work(ds->device->io_wq, &ds->rx_work);
		return;
	}
	rx.scratch = buf->scratch;
	__skb_queue_head_init(&rx.packets);
	do {
		n = take_some(ds, buf, &rx);
		total += n;
	} while (n && total < RX_RUN_BYTES);
	pool_rx_deliver(&rx);
	pool_buf_put(buf);
	count_overflows(ds);
	if (n)
		queue_work(ds->device->io_wq, &ds->rx_work);
}

static void data_ready(struct sock *sk)
{
	struct dgram_sock *ds;

	read_lock_bh(&sk->sk_callback_lock);
	ds = sk->sk_user_data;
	if (ds)
		queue_work(ds->device->io_wq, &ds->rx_work);
	read_unlock_bh(&sk->sk_callback_lock);
}

/* ----------------------------------------------------------------- sockets */

static int set_option(struct socket *sock, int level, int option, int value)
{
	return sock->ops->setsockopt(sock, level, option, KERNEL_SOCKPTR(&value), sizeof(value));
}

/* Nobody fragments what we send; we hear where it came to, and with which mark. */
static int tune(struct socket *sock, int family)
{
	int ret;

	if (family == AF_INET)
		return set_option(sock, SOL_IP, IP_MTU_DISCOVER, IP_PMTUDISC_PROBE) ?:
		       set_option(sock, SOL_IP, IP_PKTINFO, 1) ?:
		       set_option(sock, SOL_IP, IP_RECVTOS, 1);
	ret = set_option(sock, SOL_IPV6, IPV6_MTU_DISCOVER, IPV6_PMTUDISC_PROBE) ?:
	      set_option(sock, SOL_IPV6, IPV6_DONTFRAG, 1) ?:
	      set_option(sock, SOL_IPV6, IPV6_RECVPKTINFO, 1) ?:
	      set_option(sock, SOL_IPV6, IPV6_RECVTCLASS, 1);
	return ret;
}

/* A socket that nothing is read from yet. */
static int make_socket(const struct dgram_sock *ds, struct net *net, int family, u16 port,
		       struct socket **out)
{
	bool udp = ds->ops->id == POOL_TRANSPORT_UDP;
	struct socket *sock;
	struct sock *sk;
	int ret;

	ret = pool_socket_create(ds->device, net, family, udp ? SOCK_DGRAM : SOCK_RAW,
				 udp ? IPPROTO_UDP : POOL_IPPROTO, &sock);
	if (ret)
		return ret;
	sk = sock->sk;
	if (udp && family == AF_INET6)
		ret = set_option(sock, SOL_IPV6, IPV6_V6ONLY, 1);
	if (!ret)
		ret = tune(sock, family);
	if (!ret)
		ret = pool_socket_bind(ds->device, sock, udp ? port : 0);
	if (ret) {
		sock_release(sock);
		return ret;
	}
	if (udp)
		set_option(sock, SOL_UDP, UDP_GRO, 1);
	lock_sock(sk);
	sk->sk_userlocks |= SOCK_RCVBUF_LOCK | SOCK_SNDBUF_LOCK;
	WRITE_ONCE(sk->sk_rcvbuf, RX_BUFFER);
	WRITE_ONCE(sk->sk_sndbuf, TX_BUFFER);
	WRITE_ONCE(sk->sk_sndtimeo, msecs_to_jiffies(SEND_PATIENCE_MS));
	release_sock(sk);
	*out = sock;
	return 0;
}

static u16 port_of(struct socket *sock)
{
	union pool_endpoint ep = {};

	if (kernel_getsockname(sock, &ep.sa) < 0)
		return 0;
	return ntohs(ep.in.sin_port);	/* at the same place in both families */
}

struct pair {
	struct socket *v4, *v6;
};

static void release_pair(struct pair *pair)
{
	if (pair->v4)
		sock_release(pair->v4);
	if (pair->v6)
		sock_release(pair->v6);
}

/* Both families; one that the host, or the device's address, does not have is left out. */
static int make_pair(struct pool_dgram *dgram, u16 port, struct pair *pair)
{
	struct net *net = pool_device_net_get(dgram->v4.device);
	int ret4, ret6 = -EAFNOSUPPORT;

	*pair = (struct pair){};
	if (!net)
		return -ENONET;
	ret4 = make_socket(&dgram->v4, net, AF_INET, port, &pair->v4);
	if (!ret4 && dgram->ops->id == POOL_TRANSPORT_UDP)
		port = port_of(pair->v4);
	if (ipv6_mod_enabled() && (!ret4 || ret4 == -EAFNOSUPPORT))
		ret6 = make_socket(&dgram->v6, net, AF_INET6, port, &pair->v6);
	put_net(net);
	if (ret4 && ret4 != -EAFNOSUPPORT)
		return ret4;
	if (ret6 && (ret4 || ret6 != -EAFNOSUPPORT)) {
		release_pair(pair);
		return ret6;
	}
	return 0;
}

static void open_socket(struct pool_dgram *dgram, struct dgram_sock *ds, struct socket *sock)
{
	if (!sock)
		return;
	ds->overflows = 0;
	down_write(&dgram->sock_sem);
	ds->sock = sock;
	up_write(&dgram->sock_sem);
	write_lock_bh(&sock->sk->sk_callback_lock);
	sock->sk->sk_user_data = ds;
	sock->sk->sk_data_ready = data_ready;
	write_unlock_bh(&sock->sk->sk_callback_lock);
	queue_work(ds->device->io_wq, &ds->rx_work);	/* what came before */
}

/* After it nothing reads from it, and nobody sends there. */
static void close_socket(struct pool_dgram *dgram, struct dgram_sock *ds)
{
	struct socket *sock = ds->sock;

	if (!sock)
		return;
	write_lock_bh(&sock->sk->sk_callback_lock);
	sock->sk->sk_user_data = NULL;
	write_unlock_bh(&sock->sk->sk_callback_lock);
	cancel_work_sync(&ds->rx_work);
	down_write(&dgram->sock_sem);
	ds->sock = NULL;
	up_write(&dgram->sock_sem);
	sock_release(sock);
	/* An answer that could not be sealed. */
	pool_buf_put(ds->from.tx);
	ds->from.tx = NULL;
}

static void open_pair(struct pool_dgram *dgram, const struct pair *pair)
{
	struct socket *any = pair->v4 ?: pair->v6;

	if (dgram->ops->id == POOL_TRANSPORT_UDP)
		dgram->v4.device->bound_port = port_of(any);
	open_socket(dgram, &dgram->v4, pair->v4);
	open_socket(dgram, &dgram->v6, pair->v6);
}

static void close_both(struct pool_dgram *dgram)
{
	close_socket(dgram, &dgram->v4);
	close_socket(dgram, &dgram->v6);
}

static void free_rings(struct pool_dgram *dgram)
{
	kvfree(dgram->worked.slots);
	kvfree(dgram->plain.slots);
	kvfree(dgram->v4.seen);
	kvfree(dgram->v6.seen);
	dgram->v4.seen = NULL;
	dgram->v6.seen = NULL;
	dgram->worked = (struct dgram_ring){};
	dgram->plain = (struct dgram_ring){};
}

static int start(struct pool_device *device, struct pool_dgram *dgram)
{
	struct pair pair;
	int ret;

	dgram->worked.slots = kvcalloc(POOL_HS_RING, sizeof(*dgram->worked.slots), GFP_KERNEL);
	dgram->plain.slots = kvcalloc(POOL_HS_RING, sizeof(*dgram->plain.slots), GFP_KERNEL);
	dgram->v4.seen = kvcalloc(POOL_DGRAMS_SEEN, sizeof(*dgram->v4.seen), GFP_KERNEL);
	dgram->v6.seen = kvcalloc(POOL_DGRAMS_SEEN, sizeof(*dgram->v6.seen), GFP_KERNEL);
	if (!dgram->worked.slots || !dgram->plain.slots || !dgram->v4.seen || !dgram->v6.seen) {
		free_rings(dgram);
		return -ENOMEM;
	}
	spin_lock_bh(&dgram->lock);
	dgram->stopping = false;
	spin_unlock_bh(&dgram->lock);
	/* The port that TCP was given, if it was given one. */
	ret = make_pair(dgram, device->listen_port ?: device->bound_port, &pair);
	if (ret) {
		dgram->stopping = true;
		free_rings(dgram);
		return ret;
	}
	open_pair(dgram, &pair);
	return 0;
}

static void stop(struct pool_dgram *dgram)
{
	struct dgram_path *dp;

	spin_lock_bh(&dgram->lock);
	dgram->stopping = true;
	while ((dp = list_first_entry_or_null(&dgram->paths, struct dgram_path, list))) {
		pool_path_get(&dp->path);
		spin_unlock_bh(&dgram->lock);
		pool_dgram_close(&dp->path, POOL_REASON_DEVICE_DOWN);
		pool_path_put(&dp->path);
		spin_lock_bh(&dgram->lock);
	}
	spin_unlock_bh(&dgram->lock);
	close_both(dgram);
	cancel_work_sync(&dgram->hs_work);
	wait_event(dgram->released, !atomic_read(&dgram->n_paths));
	free_rings(dgram);
}

static int udp_start(struct pool_device *device)
{
	return start(device, &device->udp);
}

static void udp_stop(struct pool_device *device)
{
	stop(&device->udp);
}

/* The old ones stay until there are new ones. */
static int udp_relisten(struct pool_device *device)
{
	struct pool_dgram *dgram = &device->udp;
	struct pair pair;
	int ret = make_pair(dgram, device->listen_port, &pair);

	if (ret)
		return ret;
	close_both(dgram);
	open_pair(dgram, &pair);
	return 0;
}

static int raw_start(struct pool_device *device)
{
	return start(device, &device->raw);
}

static void raw_stop(struct pool_device *device)
{
	stop(&device->raw);
}

static int raw_relisten(struct pool_device *device)
{
	return 0;	/* it has no port */
}

static int udp_connect(struct pool_peer *peer, const union pool_endpoint *ep)
{
	return pool_dgram_connect(peer, &pool_transport_udp, ep);
}

static int raw_connect(struct pool_peer *peer, const union pool_endpoint *ep)
{
	return pool_dgram_connect(peer, &pool_transport_raw, ep);
}

/* It is told with each datagram. */
static void dscp_changed(struct pool_device *device)
{
}

static void proved(struct pool_path *path)
{
}

static void init_sock(struct dgram_sock *ds, struct pool_device *device,
		      const struct pool_transport_ops *ops)
{
	ds->device = device;
	ds->ops = ops;
	INIT_WORK(&ds->rx_work, rx_work);
	pool_dgram_path_init(&ds->from, ops, device);
	ds->from.transient = true;
}

void pool_dgram_init(struct pool_device *device, struct pool_dgram *dgram,
		     const struct pool_transport_ops *ops)
{
	dgram->ops = ops;
	init_sock(&dgram->v4, device, ops);
	init_sock(&dgram->v6, device, ops);
	init_rwsem(&dgram->sock_sem);
	spin_lock_init(&dgram->lock);
	INIT_LIST_HEAD(&dgram->paths);
	init_waitqueue_head(&dgram->released);
	INIT_WORK(&dgram->hs_work, hs_work);
	pool_dgram_path_init(&dgram->hs_from, ops, device);
	dgram->hs_from.transient = true;
	dgram->stopping = true;
}

#define DGRAM_OPS					\
	.dscp_changed = dscp_changed,			\
	.keep = pool_dgram_keep,			\
	.send = pool_dgram_send,			\
	.lock = pool_dgram_lock,			\
	.unlock = pool_dgram_unlock,			\
	.reserve = pool_dgram_reserve,			\
	.flush = pool_dgram_flush,			\
	.buf = pool_dgram_buf,				\
	.mtu = pool_dgram_mtu,				\
	.heard = pool_dgram_heard,			\
	.look = pool_dgram_look,			\
	.proved = proved,				\
	.close = pool_dgram_close,			\
	.release = pool_dgram_release

const struct pool_transport_ops pool_transport_udp = {
	.id = POOL_TRANSPORT_UDP,
	.name = "udp",
	.start = udp_start,
	.connect = udp_connect,
	.stop = udp_stop,
	.relisten = udp_relisten,
	DGRAM_OPS,
};

const struct pool_transport_ops pool_transport_raw = {
	.id = POOL_TRANSPORT_RAW,
	.name = "raw",
	.start = raw_start,
	.connect = raw_connect,
	.stop = raw_stop,
	.relisten = raw_relisten,
	DGRAM_OPS,
};
