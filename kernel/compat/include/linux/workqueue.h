/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Newer kernels want every workqueue to say WQ_PERCPU or WQ_UNBOUND (6.17);
 * older ones take the first for granted. It is an enum: #ifdef cannot see it.
 */
#ifndef _POOL_COMPAT_LINUX_WORKQUEUE_H
#define _POOL_COMPAT_LINUX_WORKQUEUE_H

#include_next <linux/workqueue.h>

#ifndef POOL_HAVE_WQ_PERCPU
#define WQ_PERCPU 0
#endif

#endif /* _POOL_COMPAT_LINUX_WORKQUEUE_H */
