// SPDX-License-Identifier: GPL-2.0
#include "socket.h"
#include "device.h"

#include <net/sock.h>

/* It must be there: a socket bound to the index of none is deaf, and says nothing. */
static int bind_interface(struct net *net, struct socket *sock, int ifindex)
{
	bool there;

	rcu_read_lock();
	there = dev_get_by_index_rcu(net, ifindex);
	rcu_read_unlock();
	return there ? sock_bindtoindex(sock->sk, ifindex, true) : -ENODEV;
}

static int create(struct net *net, const struct pool_bind *bind, int family, int type,
		  int protocol, struct socket **out)
{
	struct socket *sock;
	int ret;

	ret = sock_create_kern(net, family, type, protocol, &sock);
	if (ret)
		return ret;
	if (bind->ifindex) {
		ret = bind_interface(net, sock, bind->ifindex);
		if (ret) {
			sock_release(sock);
			return ret;
		}
	}
	*out = sock;
	return 0;
}

int pool_socket_create(struct pool_device *device, struct net *net, int family, int type,
		       int protocol, struct socket **out)
{
	u32 mark = READ_ONCE(device->fwmark);
	int ret = create(net, &device->bind, family, type, protocol, out);

	if (!ret && mark)
		sock_set_mark((*out)->sk, mark);
	return ret;
}

static int bind_address(const struct pool_bind *bind, struct socket *sock, u16 port)
{
	union pool_endpoint ep = bind->addr;

	if (ep.sa.sa_family == AF_UNSPEC)
		ep.sa.sa_family = sock->sk->sk_family;
	else if (ep.sa.sa_family != sock->sk->sk_family)
		return -EAFNOSUPPORT;
	if (ep.sa.sa_family == AF_INET6)
		ep.in6.sin6_port = htons(port);
	else
		ep.in.sin_port = htons(port);
	return kernel_bind(sock, (struct sockaddr_unsized *)&ep, pool_endpoint_len(&ep));
}

int pool_socket_bind(struct pool_device *device, struct socket *sock, u16 port)
{
	return bind_address(&device->bind, sock, port);
}

int pool_socket_bind_caller(struct pool_device *device, struct socket *sock)
{
	int one = 1;

	if (device->bind.addr.sa.sa_family == AF_UNSPEC)
		return 0;
	/* The port is chosen when the other end is known: then it need not be one of its own. */
	sock->ops->setsockopt(sock, SOL_IP, IP_BIND_ADDRESS_NO_PORT, KERNEL_SOCKPTR(&one),
			      sizeof(one));
	return bind_address(&device->bind, sock, 0);
}

int pool_socket_try_bind(struct pool_device *device, const struct pool_bind *bind)
{
	int family = bind->addr.sa.sa_family ?: AF_INET;
	struct net *net = pool_device_net_get(device);
	struct socket *sock;
	int ret;

	if (!net)
		return -ENONET;
	ret = create(net, bind, family, SOCK_STREAM, IPPROTO_TCP, &sock);
	put_net(net);
	if (ret)
		return ret;
	ret = bind_address(bind, sock, 0);
	sock_release(sock);
	return ret;
}
