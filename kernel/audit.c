// SPDX-License-Identifier: GPL-2.0
/* Who could talk to this host, and when: sessions in the audit log. */
#include "audit.h"
#include "device.h"
#include "peer.h"
#include "session.h"

#include <linux/audit.h>

/* Those that end a session; the others are shown as numbers. */
static const char *const reasons[] = {
	[POOL_REASON_NONE] = "none",
	[POOL_REASON_REPLACED] = "replaced",
	[POOL_REASON_SURPLUS] = "surplus",
	[POOL_REASON_CLOSED_BY_PEER] = "closed-by-peer",
	[POOL_REASON_DEAD] = "dead",
	[POOL_REASON_EXPIRED] = "expired",
	[POOL_REASON_NOT_CONFIRMED] = "not-confirmed",
	[POOL_REASON_PEER_REMOVED] = "peer-removed",
	[POOL_REASON_DEVICE_DOWN] = "device-down",
	[POOL_REASON_KEY_CHANGED] = "key-changed",
	[POOL_REASON_RESUMED] = "resumed",
	[POOL_REASON_AGED] = "aged",
};

void pool_audit_session(const struct pool_session *s, bool up, u32 reason)
{
	struct audit_buffer *ab;

	if (audit_enabled == AUDIT_OFF)
		return;
	/* Its own record: what a worker does is no part of anybody's system call. */
	ab = audit_log_start(NULL, GFP_KERNEL, AUDIT_KERNEL_OTHER);
	if (!ab)
		return;
	audit_log_format(ab, "op=%s dev=%s peer=%*phN session=%*phN",
			 up ? "pool-session-up" : "pool-session-down", s->device->dev->name,
			 POOL_KEY_LEN, s->peer->key, POOL_SID_LEN, s->sid);
	if (!up && reason < ARRAY_SIZE(reasons) && reasons[reason])
		audit_log_format(ab, " reason=%s", reasons[reason]);
	else if (!up)
		audit_log_format(ab, " reason=%u", reason);
	audit_log_end(ab);
}
