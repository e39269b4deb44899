/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Sessions on datagrams: how long their packets may be, and where the peer is
 * (spec sections 6.16 and 7.8). Both ask by DISCOVER.
 */
#ifndef _POOL_MTU_H
#define _POOL_MTU_H

#include <linux/types.h>

struct pool_path;
struct pool_session;
struct pool_tlvs;

/*
 * Where a peer may be, after an authentic packet came from there. All under
 * session->path_lock.
 */
struct pool_roam {
	struct pool_path *candidate;	/* holds a reference */
	u32 id;				/* of the probes sent there */
	u16 size;			/* of the last one */
	u8 probes;
	u64 since_ns;			/* when it became one; 0: never one */
	u64 probe_ns;			/* the next probe, not before */
	u32 rx_bytes, tx_bytes;		/* at most three times the former may be sent */
};

/* An authentic DISCOVER of @packet_len bytes from @from; a drop reason or 0. Process context. */
u32 pool_discover_take(struct pool_session *s, struct pool_path *from, const u8 *plain, size_t len,
		       size_t packet_len);
/* What these TLVs acknowledge has passed. */
void pool_mtu_take_acks(struct pool_session *s, const struct pool_tlvs *tlvs);
/* A DATA packet of @len bytes goes out in @seq: should it ask for an ACK? */
bool pool_mtu_check(struct pool_session *s, struct pool_path *path, u64 seq, size_t len);
/* Probes and time-outs; ns until it wants to be called again. Process context. */
u64 pool_mtu_tick_session(struct pool_session *s, u64 now);

/* An authentic packet, the newest, came from @from, where the session is not. */
void pool_roam_heard(struct pool_session *s, struct pool_path *from, size_t len);
/* One came from where it is. */
void pool_roam_settled(struct pool_session *s);
/* The session is dead. */
void pool_roam_end(struct pool_session *s);
/* As pool_mtu_tick_session(). */
u64 pool_roam_tick(struct pool_session *s, u64 now);

#endif /* _POOL_MTU_H */
