/* SPDX-License-Identifier: GPL-2.0 */
/* How long one key is used: what the protocol allows, and how it is called. */
#ifndef _POOL_LIB_LIMITS_H
#define _POOL_LIB_LIMITS_H

#include "../../kernel/proto/types.h"

/* In the order of pool.yaml, for devices and for peers. */
enum limit {
	LIMIT_REKEY_PACKETS,
	LIMIT_REKEY_TIME,
	LIMIT_REJECT_PACKETS,
	LIMIT_REJECT_TIME,
	LIMITS,
};

struct limit_info {
	const char *name;	/* as a word of the command line */
	const char *file;	/* and in a file */
	u32 least;
	u32 most;		/* and the default: limits are only lowered */
	bool seconds;		/* or packets */
};

extern const struct limit_info limit_info[LIMITS];

#endif /* _POOL_LIB_LIMITS_H */
