// SPDX-License-Identifier: GPL-2.0
/* A family with split operations on a kernel that has none; empty elsewhere. */

#include <net/genetlink.h>

#ifndef POOL_HAVE_GENL_SPLIT_OPS
#undef genl_register_family

#include "../netlink-gen.h"

struct genl_family pool_nl_family __ro_after_init;

/* By command; one operation holds its do and its dump. */
static struct genl_ops compat_ops[POOL_CMD_MAX] __ro_after_init;

static const struct genl_split_ops *find_do(u8 cmd)
{
	unsigned int i;

	for (i = 0; i < pool_nl_spec.n_split_ops; i++) {
		const struct genl_split_ops *op = &pool_nl_spec.split_ops[i];

		if (op->cmd == cmd && op->flags & GENL_CMD_CAP_DO)
			return op;
	}
	return NULL;
}

static int compat_pre_doit(const struct genl_ops *ops, struct sk_buff *skb,
			   struct genl_info *info)
{
	const struct genl_split_ops *op = find_do(ops->cmd);

	if (WARN_ON_ONCE(!op))
		return -EOPNOTSUPP;
	return op->pre_doit ? op->pre_doit(op, skb, info) : 0;
}

static void compat_post_doit(const struct genl_ops *ops, struct sk_buff *skb,
			     struct genl_info *info)
{
	const struct genl_split_ops *op = find_do(ops->cmd);

	if (!WARN_ON_ONCE(!op) && op->post_doit)
		op->post_doit(op, skb, info);
}

static int merge(struct genl_ops *to, const struct genl_split_ops *from)
{
	u8 flags = from->flags & ~(GENL_CMD_CAP_DO | GENL_CMD_CAP_DUMP);

	/* A command has one permission and one policy here: the do's. A dump
	 * is given attributes it would have refused and does not look at them.
	 */
	if (to->cmd && to->flags != flags)
		return -EINVAL;
	to->cmd = from->cmd;
	to->flags = flags;
	to->internal_flags = from->internal_flags;
	to->validate = from->validate;
	if (from->flags & GENL_CMD_CAP_DO) {
		to->doit = from->doit;
		to->policy = from->policy;
		to->maxattr = from->maxattr;
	} else {
		to->start = from->start;
		to->dumpit = from->dumpit;
		to->done = from->done;
		if (!to->policy) {
			to->policy = from->policy;
			to->maxattr = from->maxattr;
		}
	}
	return 0;
}

/* Called once, by the load of the module. */
int __init pool_compat_genl_register(struct genl_family *family)
{
	unsigned int i, n = 0;
	int err;

	for (i = 0; i < pool_nl_spec.n_split_ops; i++) {
		const struct genl_split_ops *op = &pool_nl_spec.split_ops[i];
		unsigned int at;

		for (at = 0; at < n; at++)
			if (compat_ops[at].cmd == op->cmd)
				break;
		if (at == n && WARN_ON(n++ == ARRAY_SIZE(compat_ops)))
			return -EINVAL;
		err = merge(&compat_ops[at], op);
		if (WARN_ON(err))
			return err;
	}

	strscpy(family->name, pool_nl_spec.name, sizeof(family->name));
	family->version = pool_nl_spec.version;
	family->netnsok = pool_nl_spec.netnsok;
	family->parallel_ops = pool_nl_spec.parallel_ops;
	family->module = pool_nl_spec.module;
	family->mcgrps = pool_nl_spec.mcgrps;
	family->n_mcgrps = pool_nl_spec.n_mcgrps;
	family->ops = compat_ops;
	family->n_ops = n;
	family->pre_doit = compat_pre_doit;
	family->post_doit = compat_post_doit;
	return genl_register_family(family);
}
#endif
