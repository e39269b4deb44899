/* SPDX-License-Identifier: ((GPL-2.0 WITH Linux-syscall-note) OR BSD-3-Clause) */
/* Do not edit directly, auto-generated from: */
/*	Documentation/netlink/specs/pool.yaml */
/* YNL-GEN kernel header */
/* To regenerate run: tools/net/ynl/ynl-regen.sh */

#ifndef _LINUX_POOL_GEN_H
#define _LINUX_POOL_GEN_H

#include <net/netlink.h>
#include <net/genetlink.h>

#include <uapi/linux/pool.h>

/* Common nested types */
extern const struct nla_policy pool_allowed_ip_nl_policy[POOL_A_ALLOWED_IP_FLAGS + 1];

int pool_nl_pre_doit(const struct genl_split_ops *ops, struct sk_buff *skb,
		     struct genl_info *info);
void
pool_nl_post_doit(const struct genl_split_ops *ops, struct sk_buff *skb,
		  struct genl_info *info);

int pool_nl_device_get_doit(struct sk_buff *skb, struct genl_info *info);
int pool_nl_device_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb);
int pool_nl_device_set_doit(struct sk_buff *skb, struct genl_info *info);
int pool_nl_peer_set_doit(struct sk_buff *skb, struct genl_info *info);
int pool_nl_peer_del_doit(struct sk_buff *skb, struct genl_info *info);
int pool_nl_peer_get_doit(struct sk_buff *skb, struct genl_info *info);
int pool_nl_peer_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb);
int pool_nl_session_get_dumpit(struct sk_buff *skb,
			       struct netlink_callback *cb);

enum {
	POOL_NLGRP_EVENTS,
};

extern struct genl_family pool_nl_family;

#endif /* _LINUX_POOL_GEN_H */
