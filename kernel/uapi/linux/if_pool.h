/* SPDX-License-Identifier: ((GPL-2.0 WITH Linux-syscall-note) OR BSD-3-Clause) */
/* IFLA_INFO_DATA of link kind "pool": what `ip link add … type pool` takes. */
#ifndef _UAPI_LINUX_IF_POOL_H
#define _UAPI_LINUX_IF_POOL_H

enum {
	IFLA_POOL_UNSPEC,
	IFLA_POOL_LISTEN_PORT,	/* u16, host order; 0 lets the system choose */
	IFLA_POOL_TRANSPORT,	/* u32, enum pool_transport */
	IFLA_POOL_FWMARK,	/* u32 */
	__IFLA_POOL_MAX
};

#define IFLA_POOL_MAX (__IFLA_POOL_MAX - 1)

#endif /* _UAPI_LINUX_IF_POOL_H */
