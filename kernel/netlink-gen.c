// SPDX-License-Identifier: ((GPL-2.0 WITH Linux-syscall-note) OR BSD-3-Clause)
/* Do not edit directly, auto-generated from: */
/*	Documentation/netlink/specs/pool.yaml */
/* YNL-GEN kernel source */
/* To regenerate run: tools/net/ynl/ynl-regen.sh */

#include <net/netlink.h>
#include <net/genetlink.h>

#include "netlink-gen.h"

#include <uapi/linux/pool.h>

/* Integer value ranges */
static const struct netlink_range_validation pool_a_device_rekey_after_packets_range = {
	.min	= 1ULL,
	.max	= 251658240ULL,
};

static const struct netlink_range_validation pool_a_device_reject_after_packets_range = {
	.min	= 2ULL,
	.max	= 269484032ULL,
};

static const struct netlink_range_validation pool_a_peer_rekey_after_packets_range = {
	.min	= 1ULL,
	.max	= 251658240ULL,
};

static const struct netlink_range_validation pool_a_peer_reject_after_packets_range = {
	.min	= 2ULL,
	.max	= 269484032ULL,
};

/* Common nested types */
const struct nla_policy pool_allowed_ip_nl_policy[POOL_A_ALLOWED_IP_FLAGS + 1] = {
	[POOL_A_ALLOWED_IP_FAMILY] = { .type = NLA_U16, },
	[POOL_A_ALLOWED_IP_ADDRESS] = NLA_POLICY_MIN_LEN(4),
	[POOL_A_ALLOWED_IP_PREFIX_LEN] = { .type = NLA_U8, },
	[POOL_A_ALLOWED_IP_FLAGS] = NLA_POLICY_MASK(NLA_U32, 0x1),
};

/* POOL_CMD_DEVICE_GET - do */
static const struct nla_policy pool_device_get_nl_policy[POOL_A_DEVICE_IFNAME + 1] = {
	[POOL_A_DEVICE_IFINDEX] = { .type = NLA_U32, },
	[POOL_A_DEVICE_IFNAME] = { .type = NLA_NUL_STRING, .len = 15, },
};

/* POOL_CMD_DEVICE_SET - do */
static const struct nla_policy pool_device_set_nl_policy[POOL_A_DEVICE_BIND_DEVICE + 1] = {
	[POOL_A_DEVICE_IFINDEX] = { .type = NLA_U32, },
	[POOL_A_DEVICE_IFNAME] = { .type = NLA_NUL_STRING, .len = 15, },
	[POOL_A_DEVICE_FLAGS] = NLA_POLICY_MASK(NLA_U32, 0x1),
	[POOL_A_DEVICE_PRIVATE_KEY] = NLA_POLICY_EXACT_LEN(POOL_KEY_LEN),
	[POOL_A_DEVICE_LISTEN_PORT] = { .type = NLA_U16, },
	[POOL_A_DEVICE_TRANSPORT] = NLA_POLICY_RANGE(NLA_U32, 1, 4),
	[POOL_A_DEVICE_FWMARK] = { .type = NLA_U32, },
	[POOL_A_DEVICE_HEARTBEAT] = NLA_POLICY_MAX(NLA_U16, 3600),
	[POOL_A_DEVICE_NAME] = { .type = NLA_NUL_STRING, .len = POOL_NAME_MAX, },
	[POOL_A_DEVICE_ORGANISATION] = { .type = NLA_U64, },
	[POOL_A_DEVICE_SEGMENT] = { .type = NLA_U64, },
	[POOL_A_DEVICE_INIT_SKEW] = NLA_POLICY_MIN(NLA_U32, 30),
	[POOL_A_DEVICE_REKEY_AFTER_PACKETS] = NLA_POLICY_FULL_RANGE(NLA_U32, &pool_a_device_rekey_after_packets_range),
	[POOL_A_DEVICE_REKEY_AFTER_TIME] = NLA_POLICY_RANGE(NLA_U32, 1, 3540),
	[POOL_A_DEVICE_REJECT_AFTER_PACKETS] = NLA_POLICY_FULL_RANGE(NLA_U32, &pool_a_device_reject_after_packets_range),
	[POOL_A_DEVICE_REJECT_AFTER_TIME] = NLA_POLICY_RANGE(NLA_U32, 2, 3780),
	[POOL_A_DEVICE_DSCP] = NLA_POLICY_MAX(NLA_U8, 64),
	[POOL_A_DEVICE_BIND_ADDRESS] = NLA_POLICY_MAX_LEN(16),
	[POOL_A_DEVICE_BIND_DEVICE] = { .type = NLA_NUL_STRING, .len = 15, },
};

/* POOL_CMD_PEER_SET - do */
static const struct nla_policy pool_peer_set_nl_policy[POOL_A_PEER_REJECT_AFTER_TIME + 1] = {
	[POOL_A_PEER_IFINDEX] = { .type = NLA_U32, },
	[POOL_A_PEER_IFNAME] = { .type = NLA_NUL_STRING, .len = 15, },
	[POOL_A_PEER_PUBLIC_KEY] = NLA_POLICY_EXACT_LEN(POOL_KEY_LEN),
	[POOL_A_PEER_FLAGS] = NLA_POLICY_MASK(NLA_U32, 0xf),
	[POOL_A_PEER_PRESHARED_KEY] = NLA_POLICY_EXACT_LEN(POOL_KEY_LEN),
	[POOL_A_PEER_ENDPOINT] = NLA_POLICY_MIN_LEN(2),
	[POOL_A_PEER_TRANSPORT] = NLA_POLICY_RANGE(NLA_U32, 1, 4),
	[POOL_A_PEER_HEARTBEAT] = NLA_POLICY_MAX(NLA_U16, 3600),
	[POOL_A_PEER_ALLOWED_IP] = NLA_POLICY_NESTED(pool_allowed_ip_nl_policy),
	[POOL_A_PEER_ALLOWED_IP_AUTO] = { .type = NLA_FLAG, },
	[POOL_A_PEER_REKEY_AFTER_PACKETS] = NLA_POLICY_FULL_RANGE(NLA_U32, &pool_a_peer_rekey_after_packets_range),
	[POOL_A_PEER_REKEY_AFTER_TIME] = NLA_POLICY_RANGE(NLA_U32, 1, 3540),
	[POOL_A_PEER_REJECT_AFTER_PACKETS] = NLA_POLICY_FULL_RANGE(NLA_U32, &pool_a_peer_reject_after_packets_range),
	[POOL_A_PEER_REJECT_AFTER_TIME] = NLA_POLICY_RANGE(NLA_U32, 2, 3780),
};

/* POOL_CMD_PEER_DEL - do */
static const struct nla_policy pool_peer_del_nl_policy[POOL_A_PEER_PUBLIC_KEY + 1] = {
	[POOL_A_PEER_IFINDEX] = { .type = NLA_U32, },
	[POOL_A_PEER_IFNAME] = { .type = NLA_NUL_STRING, .len = 15, },
	[POOL_A_PEER_PUBLIC_KEY] = NLA_POLICY_EXACT_LEN(POOL_KEY_LEN),
};

/* POOL_CMD_PEER_GET - do */
static const struct nla_policy pool_peer_get_do_nl_policy[POOL_A_PEER_PUBLIC_KEY + 1] = {
	[POOL_A_PEER_IFINDEX] = { .type = NLA_U32, },
	[POOL_A_PEER_IFNAME] = { .type = NLA_NUL_STRING, .len = 15, },
	[POOL_A_PEER_PUBLIC_KEY] = NLA_POLICY_EXACT_LEN(POOL_KEY_LEN),
};

/* POOL_CMD_PEER_GET - dump */
static const struct nla_policy pool_peer_get_dump_nl_policy[POOL_A_PEER_IFNAME + 1] = {
	[POOL_A_PEER_IFINDEX] = { .type = NLA_U32, },
	[POOL_A_PEER_IFNAME] = { .type = NLA_NUL_STRING, .len = 15, },
};

/* POOL_CMD_SESSION_GET - dump */
static const struct nla_policy pool_session_get_nl_policy[POOL_A_SESSION_IFNAME + 1] = {
	[POOL_A_SESSION_IFINDEX] = { .type = NLA_U32, },
	[POOL_A_SESSION_IFNAME] = { .type = NLA_NUL_STRING, .len = 15, },
};

/* Ops table for pool */
static const struct genl_split_ops pool_nl_ops[] = {
	{
		.cmd		= POOL_CMD_DEVICE_GET,
		.pre_doit	= pool_nl_pre_doit,
		.doit		= pool_nl_device_get_doit,
		.post_doit	= pool_nl_post_doit,
		.policy		= pool_device_get_nl_policy,
		.maxattr	= POOL_A_DEVICE_IFNAME,
		.flags		= GENL_UNS_ADMIN_PERM | GENL_CMD_CAP_DO,
	},
	{
		.cmd	= POOL_CMD_DEVICE_GET,
		.dumpit	= pool_nl_device_get_dumpit,
		.flags	= GENL_UNS_ADMIN_PERM | GENL_CMD_CAP_DUMP,
	},
	{
		.cmd		= POOL_CMD_DEVICE_SET,
		.pre_doit	= pool_nl_pre_doit,
		.doit		= pool_nl_device_set_doit,
		.post_doit	= pool_nl_post_doit,
		.policy		= pool_device_set_nl_policy,
		.maxattr	= POOL_A_DEVICE_BIND_DEVICE,
		.flags		= GENL_UNS_ADMIN_PERM | GENL_CMD_CAP_DO,
	},
	{
		.cmd		= POOL_CMD_PEER_SET,
		.pre_doit	= pool_nl_pre_doit,
		.doit		= pool_nl_peer_set_doit,
		.post_doit	= pool_nl_post_doit,
		.policy		= pool_peer_set_nl_policy,
		.maxattr	= POOL_A_PEER_REJECT_AFTER_TIME,
		.flags		= GENL_UNS_ADMIN_PERM | GENL_CMD_CAP_DO,
	},
	{
		.cmd		= POOL_CMD_PEER_DEL,
		.pre_doit	= pool_nl_pre_doit,
		.doit		= pool_nl_peer_del_doit,
		.post_doit	= pool_nl_post_doit,
		.policy		= pool_peer_del_nl_policy,
		.maxattr	= POOL_A_PEER_PUBLIC_KEY,
		.flags		= GENL_UNS_ADMIN_PERM | GENL_CMD_CAP_DO,
	},
	{
		.cmd		= POOL_CMD_PEER_GET,
		.pre_doit	= pool_nl_pre_doit,
		.doit		= pool_nl_peer_get_doit,
		.post_doit	= pool_nl_post_doit,
		.policy		= pool_peer_get_do_nl_policy,
		.maxattr	= POOL_A_PEER_PUBLIC_KEY,
		.flags		= GENL_UNS_ADMIN_PERM | GENL_CMD_CAP_DO,
	},
	{
		.cmd		= POOL_CMD_PEER_GET,
		.dumpit		= pool_nl_peer_get_dumpit,
		.policy		= pool_peer_get_dump_nl_policy,
		.maxattr	= POOL_A_PEER_IFNAME,
		.flags		= GENL_UNS_ADMIN_PERM | GENL_CMD_CAP_DUMP,
	},
	{
		.cmd		= POOL_CMD_SESSION_GET,
		.dumpit		= pool_nl_session_get_dumpit,
		.policy		= pool_session_get_nl_policy,
		.maxattr	= POOL_A_SESSION_IFNAME,
		.flags		= GENL_UNS_ADMIN_PERM | GENL_CMD_CAP_DUMP,
	},
};

static const struct genl_multicast_group pool_nl_mcgrps[] = {
	[POOL_NLGRP_EVENTS] = { "events", .flags = GENL_MCAST_CAP_NET_ADMIN, },
};

struct genl_family pool_nl_family __ro_after_init = {
	.name		= POOL_FAMILY_NAME,
	.version	= POOL_FAMILY_VERSION,
	.netnsok	= true,
	.parallel_ops	= true,
	.module		= THIS_MODULE,
	.split_ops	= pool_nl_ops,
	.n_split_ops	= ARRAY_SIZE(pool_nl_ops),
	.mcgrps		= pool_nl_mcgrps,
	.n_mcgrps	= ARRAY_SIZE(pool_nl_mcgrps),
};
