/* SPDX-License-Identifier: GPL-2.0 */
/* hrtimer_setup() took over from hrtimer_init() and a store in 6.13. */
#ifndef _POOL_COMPAT_LINUX_HRTIMER_H
#define _POOL_COMPAT_LINUX_HRTIMER_H

#include_next <linux/hrtimer.h>

#ifndef POOL_HAVE_HRTIMER_SETUP
static inline void hrtimer_setup(struct hrtimer *timer,
				 enum hrtimer_restart (*function)(struct hrtimer *),
				 clockid_t clock_id, enum hrtimer_mode mode)
{
	hrtimer_init(timer, clock_id, mode);
	timer->function = function;
}
#endif

#endif /* _POOL_COMPAT_LINUX_HRTIMER_H */
