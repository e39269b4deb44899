/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _POOL_NETLINK_H
#define _POOL_NETLINK_H

/* Last in the load of the module, and first in its unload. */
int pool_netlink_init(void);
void pool_netlink_exit(void);

#endif /* _POOL_NETLINK_H */
