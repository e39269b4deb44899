/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _POOL_HANDSHAKE_H
#define _POOL_HANDSHAKE_H

#include "transport.h"

struct pool_session;

enum {
	POOL_REFUSED_THRESHOLD = 64,	/* refused RESPONSEs before the first rise */
};

/* INIT, CHALLENGE or RESPONSE from a path. Process context. */
enum pool_verdict pool_handshake_receive(struct pool_path *path, const u8 *pkt, size_t len);

/* Traffic waits for a session; any context. */
void pool_handshake_want(struct pool_peer *peer);

/* @s is confirmed: if it came of our attempt, that is over. */
void pool_handshake_done(struct pool_peer *peer, struct pool_session *s);

/* Under state_lock. @want: a session, and not just an end of the attempt under way;
 * @fresh_path: no path that has fallen silent will do.
 */
u64 pool_handshake_tick(struct pool_peer *peer, u64 now, bool want, bool fresh_path);
void pool_handshake_stop(struct pool_peer *peer);

#endif /* _POOL_HANDSHAKE_H */
