// SPDX-License-Identifier: GPL-2.0
/* The address and the interface of a device's sockets. */
#include "netlink_priv.h"

#include <net/ipv6.h>

#include "device.h"

static int parse_address(struct nlattr *attr, struct netlink_ext_ack *extack,
			 union pool_endpoint *ep)
{
	struct in6_addr in6;
	bool local;
	__be32 in;

	memset(ep, 0, sizeof(*ep));
	switch (nla_len(attr)) {
	case 0:
		return 0;
	case sizeof(in):
		in = nla_get_in_addr(attr);
		ep->sa.sa_family = AF_INET;
		break;
	case sizeof(in6):
		in6 = nla_get_in6_addr(attr);
		in = in6.s6_addr32[3];
		ep->sa.sa_family = ipv6_addr_v4mapped(&in6) ? AF_INET : AF_INET6;
		break;
	default:
		NL_SET_ERR_MSG_ATTR(extack, attr, "an address has 4 bytes for IPv4, 16 for IPv6");
		return -EINVAL;
	}
	if (ep->sa.sa_family == AF_INET) {
		ep->in.sin_addr.s_addr = in;
		local = !ipv4_is_zeronet(in) && !ipv4_is_multicast(in) && !ipv4_is_lbcast(in);
	} else {
		ep->in6.sin6_addr = in6;
		local = !ipv6_addr_any(&in6) && !ipv6_addr_is_multicast(&in6);
	}
	if (!local) {
		NL_SET_ERR_MSG_ATTR(extack, attr,
				    "a socket is bound to an address of this host, or to none (empty)");
		return -EINVAL;
	}
	return 0;
}

/* By its name in the namespace of the sockets, where the asker may have no other. */
static int parse_interface(struct pool_device *device, struct nlattr *attr,
			   struct netlink_ext_ack *extack, int *ifindex)
{
	struct net *net = pool_device_net_get(device);
	struct net_device *dev;
	int err = 0;

	if (!net) {
		NL_SET_ERR_MSG(extack, "the network namespace of the device's sockets is gone");
		return -ENODEV;
	}
	*ifindex = 0;
	rcu_read_lock();
	if (nla_len(attr) > 1) {
		dev = dev_get_by_name_rcu(net, nla_data(attr));
		if (!dev) {
			NL_SET_ERR_MSG_ATTR(extack, attr,
					    "no such interface in the network namespace of the device's sockets");
			err = -ENODEV;
		} else if (dev == device->dev) {
			NL_SET_ERR_MSG_ATTR(extack, attr, "a device cannot carry itself");
			err = -ELOOP;
		} else {
			*ifindex = dev->ifindex;
		}
	}
	rcu_read_unlock();
	put_net(net);
	return err;
}

int pool_nl_parse_bind(struct pool_device *device, struct genl_info *info,
		       struct pool_bind *bind)
{
	struct nlattr *addr = info->attrs[POOL_A_DEVICE_BIND_ADDRESS];
	struct nlattr *name = info->attrs[POOL_A_DEVICE_BIND_DEVICE];
	int err = 0;

	*bind = device->bind;
	if (addr)
		err = parse_address(addr, info->extack, &bind->addr);
	if (!err && name)
		err = parse_interface(device, name, info->extack, &bind->ifindex);
	if (err)
		return err;
	if (bind->addr.sa.sa_family == AF_INET6 && !bind->ifindex &&
	    ipv6_addr_type(&bind->addr.in6.sin6_addr) & IPV6_ADDR_LINKLOCAL) {
		NL_SET_ERR_MSG_ATTR(info->extack, addr ?: name,
				    "a link-local address needs its interface (bind-device)");
		return -EINVAL;
	}
	return 0;
}

static int put_interface(struct sk_buff *skb, struct pool_device *device, int ifindex)
{
	struct net *net = pool_device_net_get(device);
	struct net_device *dev;
	int err = 0;

	if (net) {
		rcu_read_lock();
		dev = dev_get_by_index_rcu(net, ifindex);
		if (dev)
			err = nla_put_string(skb, POOL_A_DEVICE_BIND_DEVICE, dev->name);
		rcu_read_unlock();
		put_net(net);
	}
	return err ?: nla_put_u32(skb, POOL_A_DEVICE_BIND_IFINDEX, ifindex);
}

int pool_nl_put_bind(struct sk_buff *skb, struct pool_device *device)
{
	const struct pool_bind *bind = &device->bind;
	int err = 0;

	lockdep_assert_held(&device->update_lock);
	if (bind->addr.sa.sa_family == AF_INET)
		err = nla_put_in_addr(skb, POOL_A_DEVICE_BIND_ADDRESS,
				      bind->addr.in.sin_addr.s_addr);
	else if (bind->addr.sa.sa_family == AF_INET6)
		err = nla_put_in6_addr(skb, POOL_A_DEVICE_BIND_ADDRESS,
				       &bind->addr.in6.sin6_addr);
	if (!err && bind->ifindex)
		err = put_interface(skb, device, bind->ifindex);
	return err;
}
