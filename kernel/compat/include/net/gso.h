/* SPDX-License-Identifier: GPL-2.0 */
/* skb_gso_segment() and friends moved here from linux/netdevice.h (6.5). */
#ifndef _POOL_COMPAT_NET_GSO_H
#define _POOL_COMPAT_NET_GSO_H

#ifdef POOL_HAVE_GSO_H
#include_next <net/gso.h>
#else
#include <linux/netdevice.h>
#endif

#endif /* _POOL_COMPAT_NET_GSO_H */
