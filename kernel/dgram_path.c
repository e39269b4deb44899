// SPDX-License-Identifier: GPL-2.0
/*
 * Paths of datagrams: an address of the peer, our own towards it, and how long
 * a packet may be there. Sealed packets gather in a borrowed buffer and leave by
 * the device's socket, on UDP as one batch of equal segments (UDP_SEGMENT).
 */
#include "batch.h"
#include "device.h"
#include "peer.h"
#include "session.h"
#include "transport_dgram.h"

#include <linux/inetdevice.h>
#include <linux/slab.h>
#include <linux/udp.h>
#include <net/ip6_route.h>
#include <net/route.h>
#include <net/sock.h>

enum {
	UDP_HDR = 8,
	BATCH_MAX = 64,			/* segments that every kernel takes in one go */
	BATCH_BYTES = 65535 - 40 - UDP_HDR,
};

void pool_dgram_path_init(struct dgram_path *dp, const struct pool_transport_ops *ops,
			  struct pool_device *device)
{
	pool_path_init(&dp->path, ops, device);
	dp->path.up = true;
	INIT_LIST_HEAD(&dp->list);
	mutex_init(&dp->lock);
}

void pool_dgram_path_set(struct dgram_path *dp, const union pool_endpoint *remote,
			 const union pool_endpoint *local)
{
	dp->path.remote = *remote;
	dp->path.local = *local;
	pool_endpoint_to_addr16(dp->path.addr16, remote);
	dp->path.overhead = (remote->sa.sa_family == AF_INET6 ? 40 : 20) +
			    (dp->path.ops->id == POOL_TRANSPORT_UDP ? UDP_HDR : 0);
}

/* ----------------------------------------------------------------- the way */

static struct dst_entry *route4(struct pool_path *path, struct net *net)
{
	struct flowi4 fl = {
		.daddr = path->remote.in.sin_addr.s_addr,
		.saddr = path->local.in.sin_addr.s_addr,
		.flowi4_oif = READ_ONCE(path->device->bind.ifindex),
		.flowi4_mark = READ_ONCE(path->device->fwmark),
		.flowi4_proto = path->ops->id == POOL_TRANSPORT_UDP ? IPPROTO_UDP : POOL_IPPROTO,
		.fl4_dport = path->remote.in.sin_port,
	};
	struct rtable *rt = ip_route_output_key(net, &fl);

	return IS_ERR(rt) ? NULL : &rt->dst;
}

static struct dst_entry *route6(struct pool_path *path, struct net *net)
{
	struct flowi6 fl = {
		.daddr = path->remote.in6.sin6_addr,
		.saddr = path->local.in6.sin6_addr,
		.flowi6_oif = path->remote.in6.sin6_scope_id ?:
			      READ_ONCE(path->device->bind.ifindex),
		.flowi6_mark = READ_ONCE(path->device->fwmark),
		.flowi6_proto = path->ops->id == POOL_TRANSPORT_UDP ? IPPROTO_UDP : POOL_IPPROTO,
		.fl6_dport = path->remote.in6.sin6_port,
	};
	struct dst_entry *dst;

	if (!ipv6_mod_enabled())
		return NULL;
	dst = ip6_route_output(net, NULL, &fl);
	if (!dst->error)
		return dst;
	dst_release(dst);
	return NULL;
}

static u16 floor_of(const struct pool_path *path)
{
	return (path->remote.sa.sa_family == AF_INET6 ? POOL_MTU_FLOOR6 : POOL_MTU_FLOOR4) -
	       path->overhead;
}

/*
 * What the interface takes, and whether it is a tunnel of this kind: there a fragment
 * would be cut again, and in a loop of tunnels doubled each time round. @believed: the
 * path MTU that the host goes by, from ICMP or its configuration; 0: no route.
 */
static u16 look_at_route(struct pool_path *path, u32 *believed)
{
	struct net *net = pool_device_net_get(path->device);
	struct dst_entry *dst = NULL;
	u16 ceiling = floor_of(path);
	u32 mtu;

	*believed = 0;
	if (net)
		dst = path->remote.sa.sa_family == AF_INET6 ? route6(path, net) :
							      route4(path, net);
	if (dst) {
		rcu_read_lock();
		mtu = min_t(u32, READ_ONCE(dst->dev->mtu), IP_MAX_MTU);
		mtu = max_t(u32, mtu, path->overhead + POOL_DISCOVER_MIN);
		ceiling = min_t(u32, mtu - path->overhead, POOL_OVERHEAD + POOL_MAX_PLAINTEXT);
		*believed = dst_mtu(dst);
		WRITE_ONCE(path->no_fragments, pool_device_is(dst->dev));
		rcu_read_unlock();
		dst_release(dst);
	}
	if (net)
		put_net(net);
	return ceiling;
}

/*
 * The host believes whoever sends ICMP, for minutes. One probe is what that is worth: more
 * would keep the search from going on.
 */
void pool_dgram_look(struct pool_path *path)
{
	u32 believed;
	u16 ceiling = look_at_route(path, &believed);
	struct dgram_path *dp = to_dgram(path);
	u64 now = pool_now();

	spin_lock_bh(&path->mtu_lock);
	pool_mtu_ceiling(&path->mtu, ceiling, now);
	if (believed && believed != dp->believed &&
	    believed < path->mtu.size + path->overhead)
		pool_mtu_doubt(&path->mtu, now);
	dp->believed = believed;
	spin_unlock_bh(&path->mtu_lock);
}

u32 pool_dgram_mtu(struct pool_path *path)
{
	return READ_ONCE(path->mtu.size) + path->overhead;
}

/* ------------------------------------------------------------ lives of paths */

/* A path that lasts, one reference, listed; NULL without memory or when closing. */
static struct dgram_path *path_create(struct pool_device *device,
				      const struct pool_transport_ops *ops,
				      const union pool_endpoint *remote,
				      const union pool_endpoint *local)
{
	struct pool_dgram *dgram = pool_dgram_of(device, ops);
	struct dgram_path *dp = kzalloc(sizeof(*dp), GFP_KERNEL);
	u16 ceiling;
	bool ok;

	if (!dp)
		return NULL;
	pool_dgram_path_init(dp, ops, device);
	pool_dgram_path_set(dp, remote, local);
	ceiling = look_at_route(&dp->path, &dp->believed);
	pool_mtu_init(&dp->path.mtu, floor_of(&dp->path), ceiling, pool_now());
	dp->path.looked_ns = pool_now();

	spin_lock_bh(&dgram->lock);
	ok = !dgram->stopping;
	if (ok) {
		pool_path_get(&dp->path);
		list_add_tail(&dp->list, &dgram->paths);
		atomic_inc(&dgram->n_paths);
	}
	spin_unlock_bh(&dgram->lock);
	if (!ok) {
		kfree(dp);
		return NULL;
	}
	return dp;
}

int pool_dgram_connect(struct pool_peer *peer, const struct pool_transport_ops *ops,
		       const union pool_endpoint *ep)
{
	const union pool_endpoint none = { .sa.sa_family = ep->sa.sa_family };
	union pool_endpoint remote = *ep;
	struct dgram_path *dp;
	int ret = 0;

	if (ops->id == POOL_TRANSPORT_RAW)
		remote.in.sin_port = 0;	/* at the same place in both families */
	dp = path_create(peer->device, ops, &remote, &none);
	if (!dp)
		return -ENOMEM;
	dp->path.dialled = true;
	if (pool_peer_path_add(peer, &dp->path)) {
		pool_peer_path_up(peer, &dp->path);
	} else {
		pool_dgram_close(&dp->path, POOL_REASON_DEVICE_DOWN);
		ret = -ENETDOWN;
	}
	pool_path_put(&dp->path);
	return ret;
}

struct pool_path *pool_dgram_keep(struct pool_path *path)
{
	struct dgram_path *dp;

	if (!to_dgram(path)->transient) {
		pool_path_get(path);
		return path;
	}
	dp = path_create(path->device, path->ops, &path->remote, &path->local);
	return dp ? &dp->path : NULL;
}

void pool_dgram_close(struct pool_path *path, u32 reason)
{
	struct pool_dgram *dgram = pool_dgram_of(path->device, path->ops);

	spin_lock_bh(&dgram->lock);
	if (path->closed) {
		spin_unlock_bh(&dgram->lock);
		return;
	}
	WRITE_ONCE(path->closed, true);
	list_del_init(&to_dgram(path)->list);
	spin_unlock_bh(&dgram->lock);
	smp_mb();	/* see pool_path_prove() */
	if (READ_ONCE(path->peer))
		pool_peer_path_down(path->peer, path, reason);
	pool_path_put(path);
}

void pool_dgram_release(struct pool_path *path)
{
	struct pool_dgram *dgram = pool_dgram_of(path->device, path->ops);
	struct dgram_path *dp = to_dgram(path);

	pool_buf_put(dp->tx);
	pool_peer_put(path->peer);
	kfree(dp);
	if (atomic_dec_and_test(&dgram->n_paths))
		wake_up_all(&dgram->released);
}

void pool_dgram_heard(struct pool_path *path, const struct pool_path *from)
{
	if (pool_endpoint_equal(&path->local, &from->local))
		return;
	mutex_lock(&to_dgram(path)->lock);
	path->local = from->local;
	mutex_unlock(&to_dgram(path)->lock);
}

/* ----------------------------------------------------------------- sending */

void pool_dgram_lock(struct pool_path *path)
{
	mutex_lock(&to_dgram(path)->lock);
}

void pool_dgram_unlock(struct pool_path *path)
{
	mutex_unlock(&to_dgram(path)->lock);
}

u8 *pool_dgram_reserve(struct pool_path *path, size_t len, bool control)
{
	struct dgram_path *dp = to_dgram(path);

	lockdep_assert_held(&dp->lock);
	if (READ_ONCE(path->closed))
		return NULL;
	if (!dp->tx) {
		dp->tx = pool_buf_get();
		if (!dp->tx)
			return NULL;
	}
	if (dp->tx->len + len > POOL_BUF_SIZE)
		return NULL;
	return dp->tx->data + dp->tx->len;
}

struct pool_buf *pool_dgram_buf(struct pool_path *path)
{
	return to_dgram(path)->tx;
}

/* Room for what one sendmsg() is told: our address, DSCP and ECN, the length of segments. */
union send_control {
	struct cmsghdr align;
	u8 room[CMSG_SPACE(sizeof(struct in6_pktinfo)) + CMSG_SPACE(sizeof(int)) +
		CMSG_SPACE(sizeof(u16))];
};

static void *add_cmsg(struct msghdr *msg, int level, int type, size_t len)
{
	struct cmsghdr *c = msg->msg_control + msg->msg_controllen;

	c->cmsg_level = level;
	c->cmsg_type = type;
	c->cmsg_len = CMSG_LEN(len);
	msg->msg_controllen += CMSG_SPACE(len);
	return CMSG_DATA(c);
}

/* From the address that the peer knows us by, if it is still ours. */
static void add_source(struct msghdr *msg, const union pool_endpoint *local)
{
	if (local->sa.sa_family == AF_INET && local->in.sin_addr.s_addr) {
		struct in_pktinfo *info = add_cmsg(msg, SOL_IP, IP_PKTINFO, sizeof(*info));

		info->ipi_spec_dst = local->in.sin_addr;
	} else if (local->sa.sa_family == AF_INET6 && !ipv6_addr_any(&local->in6.sin6_addr)) {
		struct in6_pktinfo *info = add_cmsg(msg, SOL_IPV6, IPV6_PKTINFO, sizeof(*info));

		info->ipi6_addr = local->in6.sin6_addr;
	}
}

static bool has_source(const union pool_endpoint *local)
{
	return local->sa.sa_family == AF_INET ? local->in.sin_addr.s_addr :
						!ipv6_addr_any(&local->in6.sin6_addr);
}

static int send_to(struct socket *sock, struct pool_path *path, const union pool_endpoint *local,
		   const u8 *data, size_t len, size_t segment, u8 tos)
{
	struct kvec vec = { .iov_base = (void *)data, .iov_len = len };
	union send_control control = {};
	struct msghdr msg = {
		.msg_name = &path->remote,
		.msg_namelen = pool_endpoint_len(&path->remote),
		.msg_flags = MSG_NOSIGNAL,
		.msg_control = &control,
	};
	bool v6 = path->remote.sa.sa_family == AF_INET6;
	int ret;

	add_source(&msg, local);
	if (tos)
		*(int *)add_cmsg(&msg, v6 ? SOL_IPV6 : SOL_IP, v6 ? IPV6_TCLASS : IP_TOS,
				 sizeof(int)) = tos;
	if (segment < len)
		*(u16 *)add_cmsg(&msg, SOL_UDP, UDP_SEGMENT, sizeof(u16)) = segment;
	if (!msg.msg_controllen)
		msg.msg_control = NULL;
	ret = kernel_sendmsg(sock, &msg, &vec, 1, len);
	return ret < 0 ? ret : 0;
}

/* One datagram, or a batch of datagrams of @segment bytes each but the last. */
static int transmit(struct pool_path *path, union pool_endpoint *local, const u8 *data, size_t len,
		    size_t segment, u8 tos)
{
	struct pool_dgram *dgram = pool_dgram_of(path->device, path->ops);
	struct socket *sock;
	int ret = -ENETUNREACH;

	down_read(&dgram->sock_sem);
	sock = path->remote.sa.sa_family == AF_INET6 ? dgram->v6.sock : dgram->v4.sock;
	if (sock) {
		ret = send_to(sock, path, local, data, len, segment, tos);
		/* Our address may have gone: whatever the host would choose now, then. */
		if (ret && ret != -EAGAIN && ret != -EMSGSIZE && ret != -EIO && has_source(local)) {
			union pool_endpoint any = { .sa.sa_family = local->sa.sa_family };

			if (!send_to(sock, path, &any, data, len, segment, tos)) {
				*local = any;
				ret = 0;
			}
		}
	}
	up_read(&dgram->sock_sem);
	return ret;
}

static u8 tos_of(const struct pool_path *path)
{
	u8 dscp = READ_ONCE(path->device->dscp);

	return (dscp == POOL_DSCP_INHERIT ? path->dscp : dscp) << 2 | path->ecn;
}

int pool_dgram_send(struct pool_path *path, const u8 *pkt, size_t len)
{
	struct dgram_path *dp = to_dgram(path);
	u8 dscp = READ_ONCE(path->device->dscp);
	int ret = -EPIPE;

	mutex_lock(&dp->lock);
	if (!READ_ONCE(path->closed))
		ret = transmit(path, &path->local, pkt, len, len,
			       dscp == POOL_DSCP_INHERIT ? 0 : dscp << 2);
	mutex_unlock(&dp->lock);
	if (ret)
		pool_drop(path->device, path->peer, POOL_A_DROPS_TX_UNREACHABLE);
	return ret;
}

/* The packets at @data that can go in one batch; they say their lengths themselves. */
static size_t batch(const struct dgram_path *dp, const u8 *data, size_t have, size_t *segment,
		    unsigned int *n)
{
	size_t len = POOL_HDR_LEN + pool_get16(data + 44), next;

	*segment = len;
	*n = 1;
	if (dp->no_gso || dp->path.ops->id != POOL_TRANSPORT_UDP)
		return len;
	while (len < have && *n < BATCH_MAX) {
		next = POOL_HDR_LEN + pool_get16(data + len + 44);
		if (next > *segment || len + next > BATCH_BYTES)
			break;
		len += next;
		++*n;
		if (next < *segment)
			break;
	}
	return len;
}

/* They are lost, as datagrams may be. */
static void not_sent(struct pool_path *path, int err, unsigned int n)
{
	u32 drop = err == -EAGAIN ? POOL_A_DROPS_TX_CONGESTED : POOL_A_DROPS_TX_UNREACHABLE;

	pool_drop_n(path->device, path->peer, drop, n);
	if (err != -EMSGSIZE)
		return;
	spin_lock_bh(&path->mtu_lock);
	pool_mtu_refused(&path->mtu, pool_now());
	spin_unlock_bh(&path->mtu_lock);
	path->looked_ns = 0;
	if (path->peer)
		pool_peer_tick_in(path->peer, 0);
}

int pool_dgram_flush(struct pool_path *path)
{
	struct dgram_path *dp = to_dgram(path);
	size_t pos = 0, len, segment;
	unsigned int n;
	int err;

	lockdep_assert_held(&dp->lock);
	if (READ_ONCE(path->closed))
		return -EPIPE;
	if (!dp->tx)
		return 0;
	while (pos < dp->tx->len) {
		len = batch(dp, dp->tx->data + pos, dp->tx->len - pos, &segment, &n);
		err = transmit(path, &path->local, dp->tx->data + pos, len, segment, tos_of(path));
		if (n > 1 && (err == -EIO || err == -EINVAL)) {
			dp->no_gso = true;	/* its interface leaves checksums to us */
			continue;
		}
		if (err)
			not_sent(path, err, n);
		pos += len;
	}
	pool_buf_put(dp->tx);
	dp->tx = NULL;
	return 0;
}
