// SPDX-License-Identifier: GPL-2.0
#include <linux/pool.h>

#include "limits.h"

const struct limit_info limit_info[LIMITS] = {
	[LIMIT_REKEY_PACKETS] = {
		.name = "rekey-after-packets", .file = "RekeyAfterPackets",
		.least = 1, .most = (1U << 28) - (1U << 24),
	},
	[LIMIT_REKEY_TIME] = {
		.name = "rekey-after-time", .file = "RekeyAfterTime",
		.least = 1, .most = 3540, .seconds = true,
	},
	[LIMIT_REJECT_PACKETS] = {
		.name = "reject-after-packets", .file = "RejectAfterPackets",
		.least = 2, .most = (1U << 28) + (1U << 20),
	},
	[LIMIT_REJECT_TIME] = {
		.name = "reject-after-time", .file = "RejectAfterTime",
		.least = 2, .most = 3780, .seconds = true,
	},
};

#define IN_ORDER(what)								\
	_Static_assert((int)POOL_A_##what##_REKEY_AFTER_TIME ==			\
			       POOL_A_##what##_REKEY_AFTER_PACKETS + LIMIT_REKEY_TIME &&	\
		       (int)POOL_A_##what##_REJECT_AFTER_PACKETS ==		\
			       POOL_A_##what##_REKEY_AFTER_PACKETS + LIMIT_REJECT_PACKETS &&	\
		       (int)POOL_A_##what##_REJECT_AFTER_TIME ==		\
			       POOL_A_##what##_REKEY_AFTER_PACKETS + LIMIT_REJECT_TIME,	\
		       "limits are numbered in another order than their attributes")

IN_ORDER(DEVICE);
IN_ORDER(PEER);
