/* SPDX-License-Identifier: GPL-2.0 */
/* Was asm/unaligned.h before 6.12. */
#ifndef _POOL_COMPAT_LINUX_UNALIGNED_H
#define _POOL_COMPAT_LINUX_UNALIGNED_H

#ifdef POOL_HAVE_UNALIGNED_H
#include_next <linux/unaligned.h>
#else
#include <asm/unaligned.h>
#endif

#endif /* _POOL_COMPAT_LINUX_UNALIGNED_H */
