/* SPDX-License-Identifier: GPL-2.0 */
/* netdev_max_backlog moved here from linux/netdevice.h (6.9). */
#ifndef _POOL_COMPAT_NET_HOTDATA_H
#define _POOL_COMPAT_NET_HOTDATA_H

#include <linux/netdevice.h>

#ifdef POOL_HAVE_NET_HOTDATA
#include_next <net/hotdata.h>
#define pool_compat_max_backlog() READ_ONCE(net_hotdata.max_backlog)
#else
#define pool_compat_max_backlog() READ_ONCE(netdev_max_backlog)
#endif

#endif /* _POOL_COMPAT_NET_HOTDATA_H */
