/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _POOL_LIB_ARRAY_H
#define _POOL_LIB_ARRAY_H

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

#endif /* _POOL_LIB_ARRAY_H */
