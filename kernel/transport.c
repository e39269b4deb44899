// SPDX-License-Identifier: GPL-2.0
#include "transport.h"
#include "batch.h"
#include "device.h"
#include "peer.h"
#include "session.h"

const struct pool_transport_ops *pool_transport(u8 id)
{
	switch (id) {
	case POOL_TRANSPORT_TCP:
		return &pool_transport_tcp;
	case POOL_TRANSPORT_RAW:
		return &pool_transport_raw;
	case POOL_TRANSPORT_UDP:
		return &pool_transport_udp;
	default:
		return NULL;
	}
}

bool pool_transport_known(u32 id)
{
	return id >= POOL_TRANSPORT_TCP && id <= POOL_TRANSPORT_AUTO;
}

u8 pool_transport_mask(u32 id)
{
	return id == POOL_TRANSPORT_AUTO ? BIT(POOL_TRANSPORT_UDP) - 1 : BIT(id - 1);
}

void pool_path_init(struct pool_path *path, const struct pool_transport_ops *ops,
		    struct pool_device *device)
{
	path->ops = ops;
	path->device = device;
	kref_init(&path->refcount);
	INIT_LIST_HEAD(&path->peer_list);
	spin_lock_init(&path->mtu_lock);
	path->created_ns = pool_now();
	path->last_receive_ns = path->created_ns;
}

static void path_release(struct kref *kref)
{
	struct pool_path *path = container_of(kref, struct pool_path, refcount);

	path->ops->release(path);
}

void pool_path_put(struct pool_path *path)
{
	if (!path)
		return;
	might_sleep();
	kref_put(&path->refcount, path_release);
}

int pool_path_send(struct pool_path *path, const u8 *pkt, size_t len)
{
	int ret = -EAGAIN;
	u8 *room;

	if (path->ops->send)
		return path->ops->send(path, pkt, len);
	path->ops->lock(path);
	room = path->ops->reserve(path, len, true);
	if (room) {
		memcpy(room, pkt, len);
		path->ops->buf(path)->len += len;
		ret = path->ops->flush(path);
		if (ret == -EAGAIN)
			ret = 0;
	} else if (!READ_ONCE(path->closed)) {
		pool_drop(path->device, path->peer, POOL_A_DROPS_TX_CONGESTED);
	}
	path->ops->unlock(path);
	return ret;
}

struct pool_path *pool_path_keep(struct pool_path *path)
{
	if (path->ops->keep)
		return path->ops->keep(path);
	pool_path_get(path);
	return path;
}

bool pool_path_same(const struct pool_path *a, const struct pool_path *b)
{
	return a == b || (a->ops == b->ops && !a->ops->is_stream &&
			  pool_endpoint_equal(&a->remote, &b->remote));
}

/* Under peer->lock: the oldest but @newest that does not carry the traffic. */
static struct pool_path *oldest_idle(struct pool_peer *peer, struct pool_path *newest)
{
	struct pool_session *s = rcu_dereference_protected(peer->current_session,
							   lockdep_is_held(&peer->lock));
	struct pool_path *path;

	list_for_each_entry_reverse(path, &peer->paths, peer_list)
		if (path != newest && !(s && READ_ONCE(s->path) == path))
			return path;
	return newest;
}

void pool_path_prove(struct pool_path *path, struct pool_peer *peer)
{
	struct pool_path *oldest = NULL;
	unsigned int n = 0;
	struct pool_path *p;

	if (READ_ONCE(path->proven))
		return;
	spin_lock_bh(&peer->lock);
	if (!path->proven && !path->closed && !peer->dead && peer->device->running) {
		if (!path->peer)
			path->peer = pool_peer_get(peer);
		WRITE_ONCE(path->proven, true);
		if (list_empty(&path->peer_list)) {
			pool_path_get(path);
			list_add(&path->peer_list, &peer->paths);
		}
		WRITE_ONCE(path->up, true);
		list_for_each_entry(p, &peer->paths, peer_list)
			++n;
		if (n > 1)
			peer->surplus_at_ns = pool_now() + POOL_S_TO_NS(POOL_SURPLUS_S);
		if (n > POOL_PATHS_PER_PEER) {
			oldest = oldest_idle(peer, path);
			pool_path_get(oldest);
		}
	}
	spin_unlock_bh(&peer->lock);
	if (!n)
		return;
	/* Pairs with the one in close(): one of us sees what the other did. */
	smp_mb();
	if (READ_ONCE(path->closed)) {
		pool_peer_path_down(peer, path, POOL_REASON_RESET);
		return;
	}
	if (path->ops->is_stream) {
		path->ops->proved(path);
		pool_netlink_event(path->device, POOL_EVENT_TYPE_CONNECTION_UP, POOL_REASON_NONE,
				   peer, NULL, NULL, &path->remote, 0);
	}
	if (n > 1)
		pool_peer_tick_in(peer, 0);
	if (oldest) {
		oldest->ops->close(oldest, POOL_REASON_SURPLUS);
		pool_path_put(oldest);
	}
}

void pool_endpoint_to_addr16(u8 out[16], const union pool_endpoint *ep)
{
	struct in6_addr mapped;

	if (ep->sa.sa_family == AF_INET) {
		ipv6_addr_set_v4mapped(ep->in.sin_addr.s_addr, &mapped);
		memcpy(out, &mapped, 16);
	} else {
		memcpy(out, &ep->in6.sin6_addr, 16);
	}
}

bool pool_endpoint_equal(const union pool_endpoint *a, const union pool_endpoint *b)
{
	if (a->sa.sa_family != b->sa.sa_family)
		return false;
	switch (a->sa.sa_family) {
	case AF_INET:
		return a->in.sin_port == b->in.sin_port &&
		       a->in.sin_addr.s_addr == b->in.sin_addr.s_addr;
	case AF_INET6:
		return a->in6.sin6_port == b->in6.sin6_port &&
		       a->in6.sin6_scope_id == b->in6.sin6_scope_id &&
		       ipv6_addr_equal(&a->in6.sin6_addr, &b->in6.sin6_addr);
	default:
		return true;
	}
}

size_t pool_endpoint_len(const union pool_endpoint *ep)
{
	return ep->sa.sa_family == AF_INET ? sizeof(ep->in) : sizeof(ep->in6);
}
