/* SPDX-License-Identifier: GPL-2.0 */
/* A policy could not point to a constant range before 6.7, and had no word for "at most". */
#ifndef _POOL_COMPAT_NET_NETLINK_H
#define _POOL_COMPAT_NET_NETLINK_H

#include_next <net/netlink.h>

#ifndef POOL_HAVE_CONST_NLA_RANGE
/* Which it only reads. */
#undef NLA_POLICY_FULL_RANGE
#define NLA_POLICY_FULL_RANGE(attr_type, limits) {				\
	.type = (attr_type),							\
	.validation_type = NLA_VALIDATE_RANGE_PTR,				\
	.range = (struct netlink_range_validation *)(limits),			\
}
#endif

#ifndef NLA_POLICY_MAX_LEN
#define NLA_POLICY_MAX_LEN(_len)	{ .type = NLA_BINARY, .len = (_len) }
#endif

#endif /* _POOL_COMPAT_NET_NETLINK_H */
