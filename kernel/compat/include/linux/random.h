/* SPDX-License-Identifier: GPL-2.0 */
/* get_random_u32_below() was prandom_u32_max() before 6.2. */
#ifndef _POOL_COMPAT_LINUX_RANDOM_H
#define _POOL_COMPAT_LINUX_RANDOM_H

#include_next <linux/random.h>

#ifndef POOL_HAVE_RANDOM_BELOW
#define get_random_u32_below(ceil) prandom_u32_max(ceil)
#endif

#endif /* _POOL_COMPAT_LINUX_RANDOM_H */
