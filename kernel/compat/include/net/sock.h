/* SPDX-License-Identifier: GPL-2.0 */
/* sk_drops_read() came with counters of more than one kind (6.18). */
#ifndef _POOL_COMPAT_NET_SOCK_H
#define _POOL_COMPAT_NET_SOCK_H

#include_next <net/sock.h>

#ifndef POOL_HAVE_SK_DROPS_READ
static inline int sk_drops_read(const struct sock *sk)
{
	return atomic_read(&sk->sk_drops);
}
#endif

#endif /* _POOL_COMPAT_NET_SOCK_H */
