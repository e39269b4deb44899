/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Extended acks took formatted text in 6.2; before, a message must be static,
 * and the format itself is what the user sees. So use it only where the text
 * makes sense without its arguments.
 */
#ifndef _POOL_COMPAT_LINUX_NETLINK_H
#define _POOL_COMPAT_LINUX_NETLINK_H

#include_next <linux/netlink.h>

#ifndef POOL_HAVE_EXTACK_FMT
#define NL_SET_ERR_MSG_FMT_MOD(extack, fmt, args...) \
	NL_SET_ERR_MSG_MOD((extack), fmt)
#endif

#endif /* _POOL_COMPAT_LINUX_NETLINK_H */
