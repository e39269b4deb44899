/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Split operations (6.2) and genl_info_dump() (6.6). The generated
 * netlink-gen.c describes the family with split operations; where the kernel
 * does not know them, that file is compiled to a description of our own
 * (POOL_COMPAT_GENL_SPEC), out of which compat/genl.c makes the real family
 * when it is registered. For everybody else pool_nl_family is the real one.
 */
#ifndef _POOL_COMPAT_NET_GENETLINK_H
#define _POOL_COMPAT_NET_GENETLINK_H

#include_next <net/genetlink.h>

#ifndef POOL_HAVE_GENL_SPLIT_OPS
/* Like the kernel's: the first three members are pre_doit, doit and post_doit
 * or start, dumpit and done, by GENL_CMD_CAP_DO or GENL_CMD_CAP_DUMP in @flags.
 */
struct genl_split_ops {
	union {
		struct {
			int (*pre_doit)(const struct genl_split_ops *ops,
					struct sk_buff *skb, struct genl_info *info);
			int (*doit)(struct sk_buff *skb, struct genl_info *info);
			void (*post_doit)(const struct genl_split_ops *ops,
					  struct sk_buff *skb, struct genl_info *info);
		};
		struct {
			int (*start)(struct netlink_callback *cb);
			int (*dumpit)(struct sk_buff *skb, struct netlink_callback *cb);
			int (*done)(struct netlink_callback *cb);
		};
	};
	const struct nla_policy *policy;
	unsigned int maxattr;
	u8 cmd;
	u8 internal_flags;
	u8 flags;
	u8 validate;
};

/* What a generated family may set. */
struct pool_genl_spec {
	const char *name;
	unsigned int version;
	bool netnsok;
	bool parallel_ops;
	struct module *module;
	const struct genl_split_ops *split_ops;
	u8 n_split_ops;
	const struct genl_multicast_group *mcgrps;
	u8 n_mcgrps;
};

extern struct pool_genl_spec pool_nl_spec;

int pool_compat_genl_register(struct genl_family *family);

#ifdef POOL_COMPAT_GENL_SPEC
#define genl_family pool_genl_spec
#define pool_nl_family pool_nl_spec
#else
#define genl_register_family(family) pool_compat_genl_register(family)
#endif
#endif /* !POOL_HAVE_GENL_SPLIT_OPS */

/* Good for ->attrs only. */
#ifndef POOL_HAVE_GENL_INFO_DUMP
#define genl_info_dump(cb) genl_dumpit_info(cb)
#endif

#endif /* _POOL_COMPAT_NET_GENETLINK_H */
