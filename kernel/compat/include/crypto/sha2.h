/* SPDX-License-Identifier: GPL-2.0 */
/* The context of the SHA-256 library was struct sha256_state before 6.17. */
#ifndef _POOL_COMPAT_CRYPTO_SHA2_H
#define _POOL_COMPAT_CRYPTO_SHA2_H

#include_next <crypto/sha2.h>

#ifndef POOL_HAVE_SHA256_CTX
#define sha256_ctx sha256_state
#endif

#endif /* _POOL_COMPAT_CRYPTO_SHA2_H */
