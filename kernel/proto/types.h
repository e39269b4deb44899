/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The protocol core is pure C: no skb, no socket, no lock, no allocation, no
 * clock. This header is all it needs of the world it is compiled into, the
 * kernel or a user-space library.
 */
#ifndef _POOL_PROTO_TYPES_H
#define _POOL_PROTO_TYPES_H

#ifdef __KERNEL__
#include <linux/build_bug.h>
#include <linux/errno.h>
#include <linux/math64.h>
#include <linux/string.h>
#include <linux/types.h>
#else
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/types.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
typedef int64_t s64;

/* Under the kernel's name: its 32-bit architectures do not divide 64 bits by themselves. */
static inline u64 div64_u64(u64 dividend, u64 divisor)
{
	return dividend / divisor;
}
#endif

static inline u16 pool_get16(const u8 *p)
{
	return (u16)((u16)p[0] << 8 | p[1]);
}

static inline u32 pool_get32(const u8 *p)
{
	return (u32)pool_get16(p) << 16 | pool_get16(p + 2);
}

static inline u64 pool_get64(const u8 *p)
{
	return (u64)pool_get32(p) << 32 | pool_get32(p + 4);
}

static inline void pool_put16(u8 *p, u16 v)
{
	p[0] = (u8)(v >> 8);
	p[1] = (u8)v;
}

static inline void pool_put32(u8 *p, u32 v)
{
	pool_put16(p, (u16)(v >> 16));
	pool_put16(p + 2, (u16)v);
}

static inline void pool_put64(u8 *p, u64 v)
{
	pool_put32(p, (u32)(v >> 32));
	pool_put32(p + 4, (u32)v);
}

#endif /* _POOL_PROTO_TYPES_H */
