/* SPDX-License-Identifier: GPL-2.0 */
/* TCP's two halves: transport_tcp.c has the connections, transport_tcp_listen.c the door. */
#ifndef _POOL_TRANSPORT_TCP_H
#define _POOL_TRANSPORT_TCP_H

#include "device.h"

enum {
	POOL_TCP_UNPROVEN_S = 10,	/* to show whose it is; dialled: to connect */
};

struct tcp_conn {
	struct pool_path path;
	struct socket *sock;
	struct list_head list;		/* tcp->conns */
	struct list_head unproven;	/* tcp->unproven: accepted, or not connected yet */
	struct delayed_work rx_work;
	struct work_struct tx_work;
	void (*saved_data_ready)(struct sock *sk);
	void (*saved_state_change)(struct sock *sk);
	void (*saved_write_space)(struct sock *sk);

	/* rx_work only */
	u8 *rest;			/* the beginning of a packet */
	u32 rest_len;
	u8 unknown_run;

	struct mutex lock;		/* all below */
	struct pool_buf *tx;
	size_t tx_sent;
	bool tx_blocked;		/* the socket is full; it will call */
	bool tx_starved;		/* of a buffer; WRITE_ONCE */
	u8 dscp;			/* the socket's */
};

static inline struct tcp_conn *to_tcp_conn(struct pool_path *path)
{
	return container_of(path, struct tcp_conn, path);
}

/* Connections */

/* Takes over @sock if it succeeds. One reference, the caller's. */
struct tcp_conn *pool_tcp_conn_create(struct pool_device *device, struct socket *sock);
/* One more of the device's; false if that is closing its sockets. */
bool pool_tcp_conn_register(struct tcp_conn *conn);
/* A connected one: from here on it is read. */
void pool_tcp_conn_run(struct tcp_conn *conn);
/* Under tcp->lock. */
void pool_tcp_no_longer_unproven(struct pool_tcp *tcp, struct tcp_conn *conn);
void pool_tcp_close(struct pool_path *path, u32 reason);

/* Sockets */

void pool_tcp_tune(struct socket *sock);
void pool_tcp_set_dscp(struct socket *sock, u8 dscp);
/* What a socket begins with. */
u8 pool_tcp_first_dscp(const struct pool_device *device);

/* The door: 0 or a negative errno. Under RTNL and update_lock, as pool_transport_ops. */

int pool_tcp_relisten(struct pool_device *device);
void pool_tcp_unlisten(struct pool_device *device);
void pool_tcp_dscp_changed(struct pool_device *device);

#endif /* _POOL_TRANSPORT_TCP_H */
