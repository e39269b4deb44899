/* SPDX-License-Identifier: GPL-2.0 */
/* What the files of the netlink family share, and no other needs. */
#ifndef _POOL_NETLINK_PRIV_H
#define _POOL_NETLINK_PRIV_H

#include "netlink-gen.h"
#include "transport.h"

struct pool_device;
struct pool_drops;
struct pool_key_limits;

extern bool pool_nl_registered;

struct pool_device *pool_nl_device_get(struct net *net, struct nlattr **attrs,
				       netdevice_tracker *tracker,
				       struct netlink_ext_ack *extack);

static inline struct pool_device *pool_nl_info_device(struct genl_info *info)
{
	return info->user_ptr[0];
}

int pool_nl_lock_for_change(struct pool_device *device, struct genl_info *info);
void pool_nl_unlock_after_change(struct pool_device *device);

/*
 * What the sockets are bound to. parse: what @device's would be after the request; 0, or
 * -errno with extack. put: as it is.
 */
struct pool_bind;
int pool_nl_parse_bind(struct pool_device *device, struct genl_info *info,
		       struct pool_bind *bind);
int pool_nl_put_bind(struct sk_buff *skb, struct pool_device *device);

int pool_nl_check_transport(struct nlattr *attr, struct genl_info *info);
int pool_nl_parse_key(struct genl_info *info, u8 key[POOL_KEY_LEN]);

/* The request succeeds, but whoever asked should know. Only if it will not fail. */
void pool_nl_warn_heartbeat(struct nlattr *attr, struct genl_info *info);

int pool_nl_put_names(struct sk_buff *skb, const struct pool_device *device);
int pool_nl_put_drops(struct sk_buff *skb, int attr, const struct pool_drops *drops);
int pool_nl_put_endpoint(struct sk_buff *skb, int attr, const union pool_endpoint *ep);

/*
 * Key limits: four attributes that follow each other from @first on, in the
 * device's set and in the peer's (BUILD_BUG_ON in netlink_limits.c).
 *
 * parse: what @now would be with those of the request; 0 stands for none of its
 * own, and then @fallback's holds, unless that is NULL. -EINVAL with extack if
 * new keys would not come before the hard stop.
 */
int pool_nl_parse_limits(struct genl_info *info, int first, const struct pool_key_limits *now,
			 const struct pool_key_limits *fallback, struct pool_key_limits *out);
int pool_nl_put_limits(struct sk_buff *skb, int first, const struct pool_key_limits *l);
void pool_nl_set_limits(struct pool_key_limits *to, const struct pool_key_limits *from);

#endif /* _POOL_NETLINK_PRIV_H */
