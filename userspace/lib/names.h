/* SPDX-License-Identifier: GPL-2.0 */
/* What the values of pool.yaml are called, and what they mean. */
#ifndef _POOL_LIB_NAMES_H
#define _POOL_LIB_NAMES_H

#include "../../kernel/proto/types.h"

struct name_why {
	const char *name;
	const char *why;
};

/*
 * The name of a value; "unknown" for one that a newer kernel may send.
 * Drop reasons and codes are numbered by their attribute, mismatches by bit.
 */
const char *name_transport(u32 value);
const char *name_role(u32 value);
const char *name_session_state(u32 value);
const char *name_peer_state(u32 value);
const char *name_event_type(u32 value);
const char *name_reason(u32 value);
const char *name_drop(u32 attr);
const char *name_code(u32 attr);
const char *name_mismatch(u32 bit);

/* A code as the protocol numbers it; 0 is "none". */
const char *name_wire_code(u32 code);

/* What it means in a few words, or "". */
const char *why_peer_state(u32 value);
const char *why_reason(u32 value);
const char *why_drop(u32 attr);

#endif /* _POOL_LIB_NAMES_H */
