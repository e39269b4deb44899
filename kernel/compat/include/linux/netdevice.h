/* SPDX-License-Identifier: GPL-2.0 */
/* dev->lltx was a feature flag before 6.12; netif_threaded_enable() is of 6.17. */
#ifndef _POOL_COMPAT_LINUX_NETDEVICE_H
#define _POOL_COMPAT_LINUX_NETDEVICE_H

#include_next <linux/netdevice.h>

/* Called by setup, before the device is registered. */
static inline void pool_compat_set_lltx(struct net_device *dev)
{
#ifdef POOL_HAVE_LLTX_BIT
	dev->lltx = true;
#else
	dev->features |= NETIF_F_LLTX;
#endif
}

#ifndef POOL_HAVE_THREADED_ENABLE
static inline void netif_threaded_enable(struct net_device *dev)
{
	dev_set_threaded(dev, true);
}
#endif

#endif /* _POOL_COMPAT_LINUX_NETDEVICE_H */
