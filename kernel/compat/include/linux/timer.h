/* SPDX-License-Identifier: GPL-2.0 */
/* timer_delete() was del_timer() (6.2), timer_container_of() from_timer() (6.16). */
#ifndef _POOL_COMPAT_LINUX_TIMER_H
#define _POOL_COMPAT_LINUX_TIMER_H

#include_next <linux/timer.h>

#ifndef POOL_HAVE_TIMER_CONTAINER_OF
#define timer_container_of(var, callback_timer, timer_fieldname) \
	from_timer(var, callback_timer, timer_fieldname)
#endif

#ifndef POOL_HAVE_TIMER_DELETE
#define timer_delete(timer) del_timer(timer)
#define timer_delete_sync(timer) del_timer_sync(timer)
#endif

#endif /* _POOL_COMPAT_LINUX_TIMER_H */
