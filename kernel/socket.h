/* SPDX-License-Identifier: GPL-2.0 */
/* The device's own sockets: where they are, and how they are marked and bound. */
#ifndef _POOL_SOCKET_H
#define _POOL_SOCKET_H

#include <linux/types.h>

struct net;
struct pool_bind;
struct pool_device;
struct socket;

/*
 * A socket in @net with the device's fwmark, bound to its interface if it has one.
 * 0 or a negative errno (-ENODEV: that interface is gone). Process context.
 */
int pool_socket_create(struct pool_device *device, struct net *net, int family, int type,
		       int protocol, struct socket **out);
/*
 * Bind it to @port (0 for any) of the device's address, or of all. -EAFNOSUPPORT: the
 * device's address is of the other family.
 */
int pool_socket_bind(struct pool_device *device, struct socket *sock, u16 port);
/*
 * A socket that will call: bind it to the device's address, any port of it. Without an
 * address it is left to the route. Errors as of pool_socket_bind().
 */
int pool_socket_bind_caller(struct pool_device *device, struct socket *sock);
/* Could a socket be bound like that, now? 0 or a negative errno. */
int pool_socket_try_bind(struct pool_device *device, const struct pool_bind *bind);

#endif /* _POOL_SOCKET_H */
