// SPDX-License-Identifier: GPL-2.0
#include <linux/pool.h>

#include "array.h"
#include "names.h"
#include "names-gen.h"

_Static_assert(ARRAY_SIZE(drop_names) == POOL_A_DROPS_MAX + 1 &&
	       ARRAY_SIZE(code_names) == POOL_A_CODES_MAX + 1, "pool.h is older than pool.yaml");

static const char *name_of(const struct name_why *table, size_t count, u32 value)
{
	return value < count && table[value].name ? table[value].name : "unknown";
}

static const char *why_of(const struct name_why *table, size_t count, u32 value)
{
	return value < count && table[value].why ? table[value].why : "";
}

#define NAME(what)							\
const char *name_##what(u32 value)					\
{									\
	return name_of(what##_names, ARRAY_SIZE(what##_names), value);	\
}

#define WHY(what)							\
const char *why_##what(u32 value)					\
{									\
	return why_of(what##_names, ARRAY_SIZE(what##_names), value);	\
}

NAME(transport)
NAME(role)
NAME(session_state)
NAME(peer_state)
NAME(event_type)
NAME(reason)
NAME(drop)
NAME(code)
NAME(mismatch)
WHY(peer_state)
WHY(reason)
WHY(drop)

_Static_assert((int)POOL_A_CODES_AUTH_FAIL == POOL_A_CODES_PAD + 0x01 &&
	       (int)POOL_A_CODES_VERSION_MISMATCH == POOL_A_CODES_PAD + 0x0a &&
	       (int)POOL_A_CODES_OTHER == POOL_A_CODES_PAD + 0x0b,
	       "the attributes do not follow the codes of the protocol");

const char *name_wire_code(u32 code)
{
	if (!code)
		return "none";
	return name_code(code < 0x0b ? POOL_A_CODES_PAD + code : POOL_A_CODES_OTHER);
}
