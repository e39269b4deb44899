/* SPDX-License-Identifier: GPL-2.0 */
/* crypto_memneq() moved here from crypto/algapi.h (6.7). */
#ifndef _POOL_COMPAT_CRYPTO_UTILS_H
#define _POOL_COMPAT_CRYPTO_UTILS_H

#ifdef POOL_HAVE_CRYPTO_UTILS_H
#include_next <crypto/utils.h>
#else
#include <crypto/algapi.h>
#endif

#endif /* _POOL_COMPAT_CRYPTO_UTILS_H */
