/* SPDX-License-Identifier: GPL-2.0 */
/* kernel_bind() and kernel_connect() took a plain struct sockaddr before 6.19. */
#ifndef _POOL_COMPAT_LINUX_SOCKET_H
#define _POOL_COMPAT_LINUX_SOCKET_H

#include_next <linux/socket.h>

#ifndef POOL_HAVE_SOCKADDR_UNSIZED
#define sockaddr_unsized sockaddr
#endif

#endif /* _POOL_COMPAT_LINUX_SOCKET_H */
