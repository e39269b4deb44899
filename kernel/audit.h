/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _POOL_AUDIT_H
#define _POOL_AUDIT_H

#include <linux/types.h>

struct pool_session;

/*
 * A record for the audit log, if that is on: @s came up, or went down for @reason
 * (enum pool_reason). Process context, sleeps.
 */
void pool_audit_session(const struct pool_session *s, bool up, u32 reason);

#endif /* _POOL_AUDIT_H */
