/* SPDX-License-Identifier: GPL-2.0 */
/*
 * newlink takes struct rtnl_newlink_params (6.15). A driver writes the new
 * form, puts POOL_DEFINE_NEWLINK(fn) below it and .newlink = POOL_NEWLINK(fn)
 * into its ops.
 */
#ifndef _POOL_COMPAT_NET_RTNETLINK_H
#define _POOL_COMPAT_NET_RTNETLINK_H

#include_next <net/rtnetlink.h>

#ifdef POOL_HAVE_NEWLINK_PARAMS
#define POOL_DEFINE_NEWLINK(fn) static_assert((fn) != NULL)
#define POOL_NEWLINK(fn) fn
#else
struct rtnl_newlink_params {
	struct net *src_net;	/* already the one of IFLA_LINK_NETNSID, if given */
	struct nlattr **tb;
	struct nlattr **data;
};

static inline struct net *rtnl_newlink_link_net(struct rtnl_newlink_params *p)
{
	return p->src_net;
}

#define POOL_DEFINE_NEWLINK(fn)							\
static int fn##_compat(struct net *src_net, struct net_device *dev,		\
		       struct nlattr *tb[], struct nlattr *data[],		\
		       struct netlink_ext_ack *extack)				\
{										\
	struct rtnl_newlink_params params = {					\
		.src_net = src_net,						\
		.tb = tb,							\
		.data = data,							\
	};									\
										\
	return fn(dev, &params, extack);					\
}										\
struct rtnl_newlink_params
#define POOL_NEWLINK(fn) fn##_compat
#endif

#endif /* _POOL_COMPAT_NET_RTNETLINK_H */
