// SPDX-License-Identifier: GPL-2.0
/* POOL over TCP: the listener, whom it lets in, and who must go again. */
#include "peer.h"
#include "session.h"
#include "socket.h"
#include "transport_tcp.h"

#include <net/ipv6.h>
#include <net/sock.h>
#include <net/tcp.h>

enum {
	BACKLOG = 128,
	UNPROVEN_MAX = 256,		/* in all */
	UNPROVEN_PER_SOURCE = 64,
	UNPROVEN_CHARGED = 32,		/* per source; from here on by the token bucket */
	ACCEPT_RUN = 64,
};

/* The dual-stack listener shows IPv4 as v4-mapped; people know it as IPv4. */
static void unmap(union pool_endpoint *ep)
{
	union pool_endpoint v4 = {};

	if (ep->sa.sa_family != AF_INET6 || !ipv6_addr_v4mapped(&ep->in6.sin6_addr))
		return;
	v4.in.sin_family = AF_INET;
	v4.in.sin_port = ep->in6.sin6_port;
	v4.in.sin_addr.s_addr = ep->in6.sin6_addr.s6_addr32[3];
	*ep = v4;
}

static void listen_data_ready(struct sock *sk)
{
	struct pool_tcp *tcp;

	/*
	 * A connection inherits this function before it is accepted: it has
	 * nobody to wake, its data is looked at when it is.
	 */
	read_lock_bh(&sk->sk_callback_lock);
	if (sk->sk_state == TCP_LISTEN) {
		tcp = rcu_dereference_sk_user_data(sk);
		if (tcp)
			queue_work(container_of(tcp, struct pool_device, tcp)->ctl_wq,
				   &tcp->accept_work);
	}
	read_unlock_bh(&sk->sk_callback_lock);
}

/* Make room for one from @addr16: the oldest goes. Returns false to refuse. */
static bool admit(struct pool_device *device, const u8 addr16[16])
{
	struct pool_tcp *tcp = &device->tcp;
	struct tcp_conn *conn, *oldest = NULL, *oldest_here = NULL;
	unsigned int here = 0;
	bool ok;

	spin_lock_bh(&tcp->lock);
	list_for_each_entry(conn, &tcp->unproven, unproven) {
		if (conn->path.dialled)
			continue;
		if (!oldest)
			oldest = conn;
		if (pool_same_source(conn->path.addr16, addr16)) {
			++here;
			if (!oldest_here)
				oldest_here = conn;
		}
	}
	if (here >= UNPROVEN_PER_SOURCE)
		oldest = oldest_here;
	else if (tcp->n_unproven < UNPROVEN_MAX)
		oldest = NULL;
	if (oldest)
		pool_path_get(&oldest->path);
	spin_unlock_bh(&tcp->lock);

	ok = here < UNPROVEN_CHARGED || pool_ratelimiter_allow(&device->ratelimiter, addr16);
	if (oldest && ok) {
		pool_drop(device, NULL, POOL_A_DROPS_CONN_LIMITED);
		pool_tcp_close(&oldest->path, POOL_REASON_REFUSED);
	}
	if (oldest)
		pool_path_put(&oldest->path);
	return ok;
}

static void adopt(struct pool_device *device, struct socket *sock)
{
	union pool_endpoint remote = {};
	struct tcp_conn *conn;
	u8 addr16[16] __aligned(8);
	u32 mark;

	if (kernel_getpeername(sock, &remote.sa) < 0)
		goto refuse;	/* gone already, and nothing of it was dropped */
	unmap(&remote);
	pool_endpoint_to_addr16(addr16, &remote);
	if (!admit(device, addr16)) {
		pool_drop(device, NULL, POOL_A_DROPS_CONN_LIMITED);
		goto refuse;
	}
	/* tcp_fwmark_accept may have given it another one. */
	mark = READ_ONCE(device->fwmark);
	if (mark)
		sock_set_mark(sock->sk, mark);
	pool_tcp_tune(sock);
	conn = pool_tcp_conn_create(device, sock);
	if (!conn) {
		pool_drop(device, NULL, POOL_A_DROPS_RX_NO_MEMORY);
		goto refuse;
	}
	conn->path.remote = remote;
	memcpy(conn->path.addr16, addr16, 16);
	kernel_getsockname(sock, &conn->path.local.sa);
	unmap(&conn->path.local);
	if (pool_tcp_conn_register(conn))
		pool_tcp_conn_run(conn);
	else
		pool_tcp_close(&conn->path, POOL_REASON_DEVICE_DOWN);
	pool_path_put(&conn->path);
	return;

refuse:
	sock_no_linger(sock->sk);
	sock_release(sock);
}

static void accept_work(struct work_struct *work)
{
	struct pool_tcp *tcp = container_of(work, struct pool_tcp, accept_work);
	struct pool_device *device = container_of(tcp, struct pool_device, tcp);
	struct socket *sock;
	unsigned int i;

	mutex_lock(&tcp->listen_lock);
	for (i = 0; tcp->listener && i < ACCEPT_RUN; ++i) {
		int ret = kernel_accept(tcp->listener, &sock, O_NONBLOCK);

		/* Empty; killed from outside (ss -K); or no memory, and the next one wakes us. */
		if (ret == -EAGAIN || ret == -EINVAL || ret == -ENOMEM)
			break;
		if (!ret)	/* else this one is lost; there may be others */
			adopt(device, sock);
	}
	if (i == ACCEPT_RUN)
		queue_work(device->ctl_wq, &tcp->accept_work);
	mutex_unlock(&tcp->listen_lock);
}

/* Connections that took too long to connect, or to show whose they are. */
static void reap_work(struct work_struct *work)
{
	struct pool_tcp *tcp = container_of(work, struct pool_tcp, reap_work.work);
	struct pool_device *device = container_of(tcp, struct pool_device, tcp);
	u64 now = pool_now(), limit = POOL_S_TO_NS(POOL_TCP_UNPROVEN_S);
	struct tcp_conn *conn;
	u64 again = 0;

	for (;;) {
		bool expired = false;

		spin_lock_bh(&tcp->lock);
		conn = list_first_entry_or_null(&tcp->unproven, struct tcp_conn, unproven);
		if (conn && now - conn->path.created_ns >= limit) {
			expired = true;
			pool_tcp_no_longer_unproven(tcp, conn);
			pool_path_get(&conn->path);
		} else if (conn) {
			again = conn->path.created_ns + limit - now;
		}
		spin_unlock_bh(&tcp->lock);
		if (!expired)
			break;
		if (!conn->path.dialled) {
			pool_drop(device, NULL, POOL_A_DROPS_CONN_TIMEOUT);
			pool_tcp_close(&conn->path, POOL_REASON_REFUSED);
		} else if (!READ_ONCE(conn->path.up)) {
			pool_tcp_close(&conn->path, POOL_REASON_CONNECT_FAILED);
		}
		pool_path_put(&conn->path);
	}
	if (again)
		queue_delayed_work(device->ctl_wq, &tcp->reap_work, nsecs_to_jiffies(again) + 1);
}

static void listener_release(struct socket *sock)
{
	if (!sock)
		return;
	write_lock_bh(&sock->sk->sk_callback_lock);
	rcu_assign_sk_user_data(sock->sk, NULL);
	write_unlock_bh(&sock->sk->sk_callback_lock);
	sock_release(sock);
}

static int listen_on(struct pool_device *device, struct net *net, int family)
{
	struct pool_tcp *tcp = &device->tcp;
	union pool_endpoint ep = {};
	struct socket *sock;
	struct sock *sk;
	int ret;

	ret = pool_socket_create(device, net, family, SOCK_STREAM, IPPROTO_TCP, &sock);
	if (ret)
		return ret;
	sk = sock->sk;
	if (family == AF_INET6) {
		lock_sock(sk);
		sk->sk_ipv6only = 0;
		release_sock(sk);
	}
	sock_set_reuseaddr(sk);
	pool_tcp_set_dscp(sock, pool_tcp_first_dscp(device));	/* of the answers to a SYN */
	ret = pool_socket_bind(device, sock, device->listen_port);
	if (ret)
		goto err;

	write_lock_bh(&sk->sk_callback_lock);
	__rcu_assign_sk_user_data_with_flags(sk, tcp, SK_USER_DATA_NOCOPY);
	sk->sk_data_ready = listen_data_ready;
	write_unlock_bh(&sk->sk_callback_lock);
	ret = kernel_listen(sock, BACKLOG);
	if (ret)
		goto err;
	if (kernel_getsockname(sock, &ep.sa) > 0)
		device->bound_port = ntohs(family == AF_INET6 ? ep.in6.sin6_port : ep.in.sin_port);
	mutex_lock(&tcp->listen_lock);
	swap(tcp->listener, sock);
	mutex_unlock(&tcp->listen_lock);
	/* Who came before it was there to be accepted from. */
	queue_work(device->ctl_wq, &tcp->accept_work);
	listener_release(sock);
	return 0;
err:
	sock_release(sock);
	return ret;
}

int pool_tcp_relisten(struct pool_device *device)
{
	struct net *net = pool_device_net_get(device);
	int ret;

	if (!net)
		return -ENONET;
	ret = ipv6_mod_enabled() ? listen_on(device, net, AF_INET6) : -EAFNOSUPPORT;
	if (ret == -EAFNOSUPPORT)
		ret = listen_on(device, net, AF_INET);
	put_net(net);
	return ret;
}

void pool_tcp_dscp_changed(struct pool_device *device)
{
	struct pool_tcp *tcp = &device->tcp;

	mutex_lock(&tcp->listen_lock);
	if (tcp->listener)
		pool_tcp_set_dscp(tcp->listener, pool_tcp_first_dscp(device));
	mutex_unlock(&tcp->listen_lock);
}

void pool_tcp_unlisten(struct pool_device *device)
{
	struct pool_tcp *tcp = &device->tcp;
	struct socket *listener;

	mutex_lock(&tcp->listen_lock);
	listener = tcp->listener;
	tcp->listener = NULL;
	mutex_unlock(&tcp->listen_lock);
	listener_release(listener);
	cancel_work_sync(&tcp->accept_work);
}

void pool_tcp_init(struct pool_device *device)
{
	struct pool_tcp *tcp = &device->tcp;

	spin_lock_init(&tcp->lock);
	INIT_LIST_HEAD(&tcp->conns);
	INIT_LIST_HEAD(&tcp->unproven);
	init_waitqueue_head(&tcp->released);
	mutex_init(&tcp->listen_lock);
	INIT_WORK(&tcp->accept_work, accept_work);
	INIT_DELAYED_WORK(&tcp->reap_work, reap_work);
	tcp->stopping = true;
}
