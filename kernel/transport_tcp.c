// SPDX-License-Identifier: GPL-2.0
/*
 * POOL over TCP: kernel-owned connections, and a kernel-owned listener
 * (transport_tcp_listen.c), in the network namespace the device was created in.
 *
 * A connection is a path. Its socket's callbacks only queue work; the work
 * reads what has come, cuts it into packets and hands them on. Packets to send
 * stand in a borrowed buffer, until the socket takes them: what it does not
 * take stays there, and nothing but control packets may join it.
 *
 * References: tcp->conns (one), the peer's list of paths, every session that
 * sends here, an attempt that runs over it, each queued work item. Closing
 * takes the callbacks off the socket, shuts it and lets go of all of these;
 * the last one releases the socket, with a reset, so that nothing of it
 * lingers in a namespace that may be going away.
 */
#include "batch.h"
#include "peer.h"
#include "session.h"
#include "socket.h"
#include "transport_tcp.h"

#include <linux/slab.h>
#include <net/ipv6.h>
#include <net/sock.h>
#include <net/tcp.h>

enum {
	UNPROVEN_PAYLOAD = 512,
	UNKNOWN_RUN = 8,		/* packets of no session in a row */
	RX_RUN_BYTES = 512 << 10,	/* then let others have the worker */
	UNSENT_MAX = 128 << 10,		/* bytes in the socket that TCP has not sent yet */
	UNSENT_MIN = 4 << 10,
	USER_TIMEOUT_MS = 30000,
	KEEPIDLE_S = 15,
	KEEPINTVL_S = 5,
	KEEPCNT = 4,
	RETRY_MS = 10,			/* after running out of memory */
};

/* ------------------------------------------------------------------- works */

static void never_last(struct kref *kref)
{
	WARN_ON_ONCE(1);
}

/* The caller has a reference, or keeps close() from dropping one; any context. */
static void queue_rx(struct tcp_conn *conn, unsigned int ms)
{
	kref_get(&conn->path.refcount);
	if (!queue_delayed_work(conn->path.device->io_wq, &conn->rx_work, msecs_to_jiffies(ms)))
		kref_put(&conn->path.refcount, never_last);
}

static void queue_tx(struct tcp_conn *conn)
{
	kref_get(&conn->path.refcount);
	if (!queue_work(conn->path.device->io_wq, &conn->tx_work))
		kref_put(&conn->path.refcount, never_last);
}

/* --------------------------------------------------------------- callbacks */

static void conn_data_ready(struct sock *sk)
{
	struct tcp_conn *conn;

	read_lock_bh(&sk->sk_callback_lock);
	conn = sk->sk_user_data;
	if (conn)
		queue_rx(conn, 0);
	read_unlock_bh(&sk->sk_callback_lock);
}

static void conn_write_space(struct sock *sk)
{
	struct tcp_conn *conn;

	read_lock_bh(&sk->sk_callback_lock);
	conn = sk->sk_user_data;
	if (conn && sk_stream_is_writeable(sk)) {
		if (sk->sk_socket)
			clear_bit(SOCK_NOSPACE, &sk->sk_socket->flags);
		queue_tx(conn);
	}
	read_unlock_bh(&sk->sk_callback_lock);
}

static void install_callbacks(struct tcp_conn *conn)
{
	struct sock *sk = conn->sock->sk;

	write_lock_bh(&sk->sk_callback_lock);
	/* Closed already? Then nobody would take them off before the last reference goes. */
	if (!READ_ONCE(conn->path.closed)) {
		conn->saved_data_ready = sk->sk_data_ready;
		conn->saved_state_change = sk->sk_state_change;
		conn->saved_write_space = sk->sk_write_space;
		sk->sk_user_data = conn;
		sk->sk_data_ready = conn_data_ready;
		sk->sk_state_change = conn_data_ready;
		sk->sk_write_space = conn_write_space;
	}
	write_unlock_bh(&sk->sk_callback_lock);
}

static void remove_callbacks(struct tcp_conn *conn)
{
	struct sock *sk = conn->sock->sk;

	write_lock_bh(&sk->sk_callback_lock);
	if (sk->sk_user_data == conn) {
		sk->sk_user_data = NULL;
		sk->sk_data_ready = conn->saved_data_ready;
		sk->sk_state_change = conn->saved_state_change;
		sk->sk_write_space = conn->saved_write_space;
	}
	write_unlock_bh(&sk->sk_callback_lock);
}

/* The ECN bits are TCP's own, and stay as they are. */
void pool_tcp_set_dscp(struct socket *sock, u8 dscp)
{
	int tos = dscp << 2;

	ip_sock_set_tos(sock->sk, tos);	/* IPv6 sockets carry v4-mapped connections too */
	if (sock->sk->sk_family == AF_INET6)
		sock->ops->setsockopt(sock, SOL_IPV6, IPV6_TCLASS, KERNEL_SOCKPTR(&tos),
				      sizeof(tos));
}

u8 pool_tcp_first_dscp(const struct pool_device *device)
{
	u8 dscp = READ_ONCE(device->dscp);

	return dscp == POOL_DSCP_INHERIT ? 0 : dscp;
}

void pool_tcp_tune(struct socket *sock)
{
	struct sock *sk = sock->sk;

	tcp_sock_set_nodelay(sk);
	sock_set_keepalive(sk);
	tcp_sock_set_keepidle(sk, KEEPIDLE_S);
	tcp_sock_set_keepintvl(sk, KEEPINTVL_S);
	tcp_sock_set_keepcnt(sk, KEEPCNT);
	tcp_sock_set_user_timeout(sk, USER_TIMEOUT_MS);
}

/* ------------------------------------------------------------- connections */

static void conn_rx_work(struct work_struct *work);
static void conn_tx_work(struct work_struct *work);

struct tcp_conn *pool_tcp_conn_create(struct pool_device *device, struct socket *sock)
{
	struct tcp_conn *conn = kzalloc(sizeof(*conn), GFP_KERNEL);

	if (!conn)
		return NULL;
	pool_path_init(&conn->path, &pool_transport_tcp, device);
	conn->sock = sock;
	conn->dscp = pool_tcp_first_dscp(device);
	pool_tcp_set_dscp(sock, conn->dscp);
	INIT_LIST_HEAD(&conn->list);
	INIT_LIST_HEAD(&conn->unproven);
	INIT_DELAYED_WORK(&conn->rx_work, conn_rx_work);
	INIT_WORK(&conn->tx_work, conn_tx_work);
	mutex_init(&conn->lock);
	atomic_inc(&device->tcp.n_sockets);
	return conn;
}

bool pool_tcp_conn_register(struct tcp_conn *conn)
{
	struct pool_tcp *tcp = &conn->path.device->tcp;
	bool ok;

	spin_lock_bh(&tcp->lock);
	ok = !tcp->stopping && !conn->path.closed;
	if (ok) {
		pool_path_get(&conn->path);
		list_add_tail(&conn->list, &tcp->conns);
		list_add_tail(&conn->unproven, &tcp->unproven);
		++tcp->n_conns;
		if (!conn->path.dialled)
			++tcp->n_unproven;
	}
	spin_unlock_bh(&tcp->lock);
	if (ok)
		queue_delayed_work(conn->path.device->ctl_wq, &tcp->reap_work,
				   POOL_TCP_UNPROVEN_S * HZ + 1);
	return ok;
}

void pool_tcp_no_longer_unproven(struct pool_tcp *tcp, struct tcp_conn *conn)
{
	if (list_empty(&conn->unproven))
		return;
	list_del_init(&conn->unproven);
	if (!conn->path.dialled)
		--tcp->n_unproven;
}

static void tcp_path_proved(struct pool_path *path)
{
	struct pool_tcp *tcp = &path->device->tcp;

	spin_lock_bh(&tcp->lock);
	pool_tcp_no_longer_unproven(tcp, to_tcp_conn(path));
	spin_unlock_bh(&tcp->lock);
}

void pool_tcp_close(struct pool_path *path, u32 reason)
{
	struct pool_tcp *tcp = &path->device->tcp;
	struct tcp_conn *conn = to_tcp_conn(path);
	bool listed;

	spin_lock_bh(&tcp->lock);
	if (path->closed) {
		spin_unlock_bh(&tcp->lock);
		return;
	}
	WRITE_ONCE(path->closed, true);
	pool_tcp_no_longer_unproven(tcp, conn);
	listed = !list_empty(&conn->list);
	if (listed) {
		list_del_init(&conn->list);
		--tcp->n_conns;
	}
	spin_unlock_bh(&tcp->lock);

	remove_callbacks(conn);
	kernel_sock_shutdown(conn->sock, SHUT_RDWR);
	smp_mb();	/* see pool_path_prove() */
	if (READ_ONCE(path->peer))
		pool_peer_path_down(path->peer, path, reason);
	if (listed)
		pool_path_put(path);
}

static void tcp_path_release(struct pool_path *path)
{
	struct pool_device *device = path->device;
	struct tcp_conn *conn = to_tcp_conn(path);

	remove_callbacks(conn);
	sock_no_linger(conn->sock->sk);
	sock_release(conn->sock);
	pool_buf_put(conn->tx);
	kvfree(conn->rest);
	pool_peer_put(path->peer);
	kfree(conn);
	if (atomic_dec_and_test(&device->tcp.n_sockets))
		wake_up_all(&device->tcp.released);
}

/* ----------------------------------------------------------------- sending */

static void tcp_path_lock(struct pool_path *path)
{
	mutex_lock(&to_tcp_conn(path)->lock);
}

static void tcp_path_unlock(struct pool_path *path)
{
	mutex_unlock(&to_tcp_conn(path)->lock);
}

/*
 * What waits should wait in the peer's queue, where it takes turns, is marked and shed: the
 * socket gets what it sends within 2 ms, beside what is under way. That is the time a
 * worker has to bring more.
 */
static u32 unsent_limit(const struct sock *sk)
{
	return clamp(READ_ONCE(sk->sk_pacing_rate) >> 9, (unsigned long)UNSENT_MIN,
		     (unsigned long)UNSENT_MAX);
}

/* Has the socket, with what stands in our buffer, got as much? Then it calls back. */
static bool socket_full(struct tcp_conn *conn)
{
	struct sock *sk = conn->sock->sk;
	struct tcp_sock *tp = tcp_sk(sk);
	u32 limit = unsent_limit(sk);
	u32 ours = conn->tx ? conn->tx->len - conn->tx_sent : 0;

	if (ours + READ_ONCE(tp->write_seq) - READ_ONCE(tp->snd_nxt) < limit)
		return false;
	if (ours)
		return true;	/* flush it, and look again */
	WRITE_ONCE(tp->notsent_lowat, limit);
	set_bit(SOCK_NOSPACE, &conn->sock->flags);
	smp_mb__after_atomic();	/* with tcp_check_space() */
	conn->tx_blocked = !sk_stream_is_writeable(sk);
	return conn->tx_blocked;
}

static u8 *tcp_path_reserve(struct pool_path *path, size_t len, bool control)
{
	struct tcp_conn *conn = to_tcp_conn(path);

	lockdep_assert_held(&conn->lock);
	if (READ_ONCE(path->closed) || (!control && (conn->tx_blocked || socket_full(conn))))
		return NULL;
	if (!conn->tx) {
		conn->tx = pool_buf_get();
		if (!conn->tx) {
			conn->tx_blocked = true;	/* as if the socket were full */
			WRITE_ONCE(conn->tx_starved, true);
			queue_rx(conn, RETRY_MS);
			return NULL;
		}
		conn->tx_sent = 0;
	}
	/* While the socket is full what stands here stays, and a HEARTBEAT must find room. */
	if (conn->tx->len + len > POOL_BUF_SIZE - (control ? 0 : POOL_BUF_CONTROL))
		return NULL;
	return conn->tx->data + conn->tx->len;
}

static struct pool_buf *tcp_path_buf(struct pool_path *path)
{
	return to_tcp_conn(path)->tx;
}

/* The socket is there as long as the path. */
static u32 tcp_path_mtu(struct pool_path *path)
{
	return READ_ONCE(tcp_sk(to_tcp_conn(path)->sock->sk)->mss_cache);
}

/* What is sent from here on has the DSCP that it should have. */
static void follow_dscp(struct tcp_conn *conn)
{
	u8 dscp = READ_ONCE(conn->path.device->dscp);

	if (dscp == POOL_DSCP_INHERIT)
		dscp = conn->path.dscp;
	if (dscp == conn->dscp)
		return;
	pool_tcp_set_dscp(conn->sock, dscp);
	conn->dscp = dscp;
}

static int tcp_path_flush(struct pool_path *path)
{
	struct tcp_conn *conn = to_tcp_conn(path);
	struct msghdr msg = { .msg_flags = MSG_DONTWAIT | MSG_NOSIGNAL };
	struct kvec vec;
	int n;

	lockdep_assert_held(&conn->lock);
	if (READ_ONCE(path->closed))
		return -EPIPE;
	follow_dscp(conn);
	if (!conn->tx) {
		n = conn->tx_blocked ? -EAGAIN : 0;
		return n;
	}
	WRITE_ONCE(tcp_sk(conn->sock->sk)->notsent_lowat, unsent_limit(conn->sock->sk));
	while (conn->tx_sent < conn->tx->len) {
		vec.iov_base = conn->tx->data + conn->tx_sent;
		vec.iov_len = conn->tx->len - conn->tx_sent;
		n = kernel_sendmsg(conn->sock, &msg, &vec, 1, vec.iov_len);
		if (n == -EAGAIN) {
			conn->tx_blocked = true;
			return -EAGAIN;
		}
		if (n < 0)
			return n;
		conn->tx_sent += n;
	}
	pool_buf_put(conn->tx);
	conn->tx = NULL;
	conn->tx_blocked = false;
	return 0;
}

/* The socket has room again. */
static void conn_tx_work(struct work_struct *work)
{
	struct tcp_conn *conn = container_of(work, struct tcp_conn, tx_work);
	struct pool_path *path = &conn->path;
	int ret;

	mutex_lock(&conn->lock);
	WRITE_ONCE(conn->tx_starved, false);
	if (!conn->tx)
		conn->tx_blocked = false;
	ret = tcp_path_flush(path);
	mutex_unlock(&conn->lock);
	if (ret && ret != -EAGAIN)
		pool_tcp_close(path, POOL_REASON_RESET);
	else if (!ret && path->peer)
		pool_peer_kick(path->peer);
	pool_path_put(path);
}

/* --------------------------------------------------------------- receiving */

/*
 * The length of the packet that starts at @p (POOL_HDR_LEN bytes are there), or
 * 0 if it cannot be one: counted, and the stream is of no use any more.
 */
static size_t packet_len(struct tcp_conn *conn, const u8 *p)
{
	struct pool_path *path = &conn->path;
	size_t payload = pool_get16(p + 44);
	u8 type = p[0] & 0xf;
	u32 drop = 0;

	if (p[0] >> 4 != POOL_VERSION)
		drop = type <= POOL_RESPONSE ? POOL_A_DROPS_HS_VERSION : POOL_A_DROPS_RX_VERSION;
	else if (type > POOL_INTEGRITY)
		drop = POOL_A_DROPS_RX_TYPE;
	else if (type <= POOL_CHALLENGE && payload != POOL_INIT_LEN - POOL_HDR_LEN)
		drop = POOL_A_DROPS_HS_LENGTH;
	else if (type == POOL_RESPONSE && payload != POOL_RESPONSE_LEN - POOL_HDR_LEN)
		drop = POOL_A_DROPS_HS_LENGTH;
	else if (type > POOL_RESPONSE && payload < POOL_TAG_LEN)
		drop = POOL_A_DROPS_RX_LENGTH;
	else if (!READ_ONCE(path->proven) && !path->dialled &&
		 ((type > POOL_RESPONSE && type != POOL_HEARTBEAT) || payload > UNPROVEN_PAYLOAD))
		drop = POOL_A_DROPS_CONN_NOT_ALLOWED;
	if (!drop)
		return POOL_HDR_LEN + payload;
	pool_drop(path->device, READ_ONCE(path->proven) ? path->peer : NULL, drop);
	if (drop == POOL_A_DROPS_HS_VERSION || drop == POOL_A_DROPS_RX_VERSION)
		pool_report_version(path);
	return 0;
}

/*
 * The whole packets at @data + pos, as records. Until we know who is there each decides
 * how the next is looked at. -EPROTO: something else comes behind them.
 */
static int cut(struct tcp_conn *conn, struct pool_buf *buf, size_t pos, size_t have)
{
	unsigned int max = READ_ONCE(conn->path.proven) ? POOL_BATCH_RECS : 1;
	size_t len;

	while (buf->n_recs < max && have - pos >= POOL_HDR_LEN) {
		len = packet_len(conn, buf->data + pos);
		if (!len)
			return -EPROTO;
		if (have - pos < len)
			break;
		buf->recs[buf->n_recs++] = (struct pool_rec){ .pkt = buf->data + pos, .len = len };
		pos += len;
	}
	return 0;
}

/* 0: go on. */
static int judge(struct tcp_conn *conn, enum pool_verdict verdict)
{
	switch (verdict) {
	case POOL_VERDICT_OK:
		if (READ_ONCE(conn->path.proven))
			conn->unknown_run = 0;
		break;
	case POOL_VERDICT_DROPPED:
		break;
	case POOL_VERDICT_UNKNOWN:
		if (++conn->unknown_run < UNKNOWN_RUN)
			break;
		fallthrough;
	case POOL_VERDICT_BREAK:
		return -EPROTO;
	}
	return READ_ONCE(conn->path.closed) ? -EPIPE : 0;
}

/* Hand on every whole packet of the first @have bytes; returns those used, or an errno. */
static ssize_t conn_consume(struct tcp_conn *conn, struct pool_rx *rx, struct pool_buf *buf,
			    size_t have)
{
	struct pool_rec *rec;
	size_t pos = 0;
	int ret, err;

	do {
		err = cut(conn, buf, pos, have);
		if (!buf->n_recs)
			return err ?: pos;
		pool_batch_open(buf, &conn->path);
		ret = 0;
		for (rec = buf->recs; rec < buf->recs + buf->n_recs && !ret; ++rec) {
			ret = judge(conn, pool_receive(&conn->path, rec, rx));
			pos += rec->len;
			cond_resched();
		}
		pool_batch_close(buf);
	} while (!ret && !err);
	return ret ?: err;
}

static int keep_rest(struct tcp_conn *conn, const u8 *data, size_t len)
{
	kvfree(conn->rest);
	conn->rest = NULL;
	conn->rest_len = 0;
	if (!len)
		return 0;
	conn->rest = kvmalloc(len, GFP_KERNEL);
	if (!conn->rest)
		return -ENOMEM;
	memcpy(conn->rest, data, len);
	conn->rest_len = len;
	return 0;
}

/* Read until the socket is empty. 1: there is more. 0: empty. Else the end. */
static int conn_read(struct tcp_conn *conn, struct pool_buf *buf)
{
	struct pool_rx rx = {
		.device = conn->path.device,
		.path = &conn->path,
		.scratch = buf->scratch,
	};
	size_t have = conn->rest_len, total = 0;
	struct kvec vec;
	ssize_t n;

	__skb_queue_head_init(&rx.packets);

	if (have)
		memcpy(buf->data, conn->rest, have);
	for (;;) {
		struct msghdr msg = {};

		vec.iov_base = buf->data + have;
		vec.iov_len = POOL_BUF_SIZE - have;
		n = kernel_recvmsg(conn->sock, &msg, &vec, 1, vec.iov_len,
				   MSG_DONTWAIT | MSG_NOSIGNAL);
		if (n <= 0)
			break;
		have += n;
		total += n;
		n = conn_consume(conn, &rx, buf, have);
		pool_rx_deliver(&rx);
		if (n < 0)
			break;
		have -= n;
		memmove(buf->data, buf->data + n, have);
		if (total >= RX_RUN_BYTES) {
			n = 1;
			break;
		}
	}
	if (n == 1 || n == -EAGAIN)
		/* Without room for the rest the stream cannot go on; the session can. */
		return keep_rest(conn, buf->data, have) ?: n == 1;
	if (!n && have)
		return -ENODATA;	/* the end, in the middle of a packet */
	return n ?: -EPIPE;
}

static void conn_connected(struct tcp_conn *conn)
{
	kernel_getsockname(conn->sock, &conn->path.local.sa);
	pool_peer_path_up(conn->path.peer, &conn->path);
}

static void conn_rx_work(struct work_struct *work)
{
	struct tcp_conn *conn = container_of(work, struct tcp_conn, rx_work.work);
	struct pool_path *path = &conn->path;
	struct pool_buf *buf;
	int ret;

	if (READ_ONCE(path->closed))
		goto out;
	if (path->dialled && !READ_ONCE(path->up)) {
		switch (READ_ONCE(conn->sock->sk->sk_state)) {
		case TCP_SYN_SENT:
		case TCP_SYN_RECV:
			goto out;
		case TCP_ESTABLISHED:
		case TCP_CLOSE_WAIT:
			conn_connected(conn);
			break;
		default:
			pool_tcp_close(path, POOL_REASON_CONNECT_FAILED);
			goto out;
		}
	}
	buf = pool_buf_get();
	if (!buf) {
		queue_rx(conn, RETRY_MS);
		goto out;
	}
	ret = conn_read(conn, buf);
	pool_buf_put(buf);
	if (ret > 0) {
		queue_rx(conn, 0);
	} else if (ret < 0) {
		if (ret == -EPROTO || (ret == -ENODATA && !READ_ONCE(path->proven)))
			pool_drop(path->device, NULL, POOL_A_DROPS_CONN_FRAMING);
		pool_tcp_close(path, ret == -EPROTO ? POOL_REASON_FRAMING : POOL_REASON_RESET);
	} else if (READ_ONCE(conn->tx_starved)) {
		queue_tx(conn);	/* there was no memory for a buffer */
	}
out:
	pool_path_put(path);
}

void pool_tcp_conn_run(struct tcp_conn *conn)
{
	install_callbacks(conn);
	/* What came, or ended, before the callbacks were there. */
	queue_rx(conn, 0);
}

/* --------------------------------------------------------------- dialling */

static int tcp_dial(struct pool_peer *peer, const union pool_endpoint *ep)
{
	struct pool_device *device = peer->device;
	struct net *net = pool_device_net_get(device);
	struct tcp_conn *conn;
	struct socket *sock;
	int ret;

	if (!net)
		return -ENONET;
	ret = pool_socket_create(device, net, ep->sa.sa_family, SOCK_STREAM, IPPROTO_TCP, &sock);
	put_net(net);
	if (ret)
		return ret;
	ret = pool_socket_bind_caller(device, sock);
	if (ret) {
		sock_release(sock);
		return ret;
	}
	pool_tcp_tune(sock);
	conn = pool_tcp_conn_create(device, sock);
	if (!conn) {
		sock_release(sock);
		return -ENOMEM;
	}
	conn->path.dialled = true;
	conn->path.remote = *ep;
	pool_endpoint_to_addr16(conn->path.addr16, ep);
	if (!pool_peer_path_add(peer, &conn->path) || !pool_tcp_conn_register(conn)) {
		pool_tcp_close(&conn->path, POOL_REASON_DEVICE_DOWN);
		ret = -ENETDOWN;
		goto out;
	}
	install_callbacks(conn);
	ret = kernel_connect(sock, (struct sockaddr_unsized *)&conn->path.remote,
			     pool_endpoint_len(ep), O_NONBLOCK);
	if (ret && ret != -EINPROGRESS)
		pool_tcp_close(&conn->path, POOL_REASON_CONNECT_FAILED);
	else if (!ret)
		queue_rx(conn, 0);
	ret = 0;	/* from here on the path tells */
out:
	pool_path_put(&conn->path);
	return ret;
}

/* ------------------------------------------------------------ up and down */

static int tcp_start(struct pool_device *device)
{
	struct pool_tcp *tcp = &device->tcp;

	spin_lock_bh(&tcp->lock);
	tcp->stopping = false;
	spin_unlock_bh(&tcp->lock);
	return pool_tcp_relisten(device);
}

static void tcp_stop(struct pool_device *device)
{
	struct pool_tcp *tcp = &device->tcp;
	struct tcp_conn *conn;

	pool_tcp_unlisten(device);
	spin_lock_bh(&tcp->lock);
	tcp->stopping = true;
	while ((conn = list_first_entry_or_null(&tcp->conns, struct tcp_conn, list))) {
		pool_path_get(&conn->path);
		spin_unlock_bh(&tcp->lock);
		pool_tcp_close(&conn->path, POOL_REASON_DEVICE_DOWN);
		/* Their queue may be frozen (suspend), and nobody thaws it while we wait. */
		if (cancel_delayed_work(&conn->rx_work))
			pool_path_put(&conn->path);
		if (cancel_work(&conn->tx_work))
			pool_path_put(&conn->path);
		pool_path_put(&conn->path);
		spin_lock_bh(&tcp->lock);
	}
	spin_unlock_bh(&tcp->lock);
	cancel_delayed_work_sync(&tcp->reap_work);
	wait_event(tcp->released, !atomic_read(&tcp->n_sockets));
}

const struct pool_transport_ops pool_transport_tcp = {
	.id = POOL_TRANSPORT_TCP,
	.name = "tcp",
	.is_stream = true,
	.start = tcp_start,
	.stop = tcp_stop,
	.relisten = pool_tcp_relisten,
	.dscp_changed = pool_tcp_dscp_changed,
	.connect = tcp_dial,
	.lock = tcp_path_lock,
	.unlock = tcp_path_unlock,
	.reserve = tcp_path_reserve,
	.buf = tcp_path_buf,
	.flush = tcp_path_flush,
	.mtu = tcp_path_mtu,
	.proved = tcp_path_proved,
	.close = pool_tcp_close,
	.release = tcp_path_release,
};
