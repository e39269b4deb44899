/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Rekey inside a session (spec, "Rekey"): who offers, who answers, which keys
 * come of it. No clock and no lock: the caller serialises, repeats and installs.
 */
#ifndef _POOL_PROTO_REKEY_H
#define _POOL_PROTO_REKEY_H

#include "keys.h"

enum { POOL_REKEY_LEN = 40 };	/* bytes of plaintext */

enum pool_rekey_step {
	POOL_REKEY_OFFER = 1,
	POOL_REKEY_ANSWER = 2,
};

enum pool_rekey_phase {
	POOL_REKEY_IDLE,
	POOL_REKEY_OFFERED,	/* an offer of ours waits for its answer */
	POOL_REKEY_ANSWERED,	/* we wait for a packet in the next epoch */
};

enum pool_rekey_verdict {
	POOL_REKEY_DROP,	/* fits no state ("rekey") */
	POOL_REKEY_MALFORMED,
	POOL_REKEY_REPEAT,	/* the offer that was answered: send the answer again */
	POOL_REKEY_KNOWN,	/* the answer we have: only acknowledge it, in the new epoch */
	POOL_REKEY_ACCEPT,	/* a new offer: install receive keys, send the answer */
	POOL_REKEY_INSTALL,	/* an answer to our offer: install both directions */
};

/* One end's state; plain data, so that a copy may be tried and thrown away. */
struct pool_rekey {
	u8 sid[POOL_SID_LEN];
	u8 chain[POOL_KEY_LEN];		/* of @epoch */
	u32 epoch;			/* the newest we can send in */
	u8 phase;			/* enum pool_rekey_phase */
	u8 secret[POOL_KEY_LEN];	/* OFFERED: of our offer */
	u8 own[POOL_KEY_LEN];		/* our public ephemeral: of the offer, or of the answer */
	u8 theirs[POOL_KEY_LEN];	/* ephemeral last taken, of an offer or an answer */
	u8 next_chain[POOL_KEY_LEN];	/* ANSWERED: of @epoch + 1 */
};

/* Epoch 0 is there, its chain key is @chain. */
void pool_rekey_init(struct pool_rekey *r, const u8 sid[POOL_SID_LEN],
		     const u8 chain[POOL_KEY_LEN]);

/*
 * Write our offer for the next epoch; draws its ephemeral if there is none yet.
 * Only in IDLE and OFFERED: false, and nothing written, in ANSWERED.
 */
bool pool_rekey_offer(struct pool_rekey *r, u8 out[POOL_REKEY_LEN]);

/* Write the answer we gave, in ANSWERED; false otherwise. */
bool pool_rekey_answer(const struct pool_rekey *r, u8 out[POOL_REKEY_LEN]);

/*
 * What pool_rekey_receive() would say, by what costs nothing: ACCEPT and INSTALL
 * still hang on the curve operations.
 */
enum pool_rekey_verdict pool_rekey_look(const struct pool_rekey *r, u32 came_in, const u8 *plain,
					size_t len);

/**
 * pool_rekey_receive() - an authentic REKEY
 * @r: advanced if the verdict is ACCEPT or INSTALL, else unchanged (but that
 *	a lost comparison takes our own offer back with ACCEPT)
 * @came_in: the epoch whose keys it verified under
 * @plain: its plaintext, @len bytes
 * @identities: DH of the two identities
 * @isn: initial sequences of epoch @r->epoch by enum pool_direction; the new
 *	ranges will not meet theirs
 * @keys: with ACCEPT and INSTALL the new epoch's; the caller wipes them
 */
enum pool_rekey_verdict pool_rekey_receive(struct pool_rekey *r, u32 came_in, const u8 *plain,
					   size_t len, const u8 identities[POOL_KEY_LEN],
					   const u64 isn[2], struct pool_epoch_keys *keys);

/* ANSWERED: a packet has authenticated in the next epoch, which is ours now. */
void pool_rekey_switched(struct pool_rekey *r);

/* Keys of @epoch from the chain key of the one before (spec, "Rekey"); wipes @dh after. */
void pool_rekey_derive(struct pool_epoch_keys *out, const u8 chain[POOL_KEY_LEN],
		       const u8 sid[POOL_SID_LEN], u32 epoch, const u8 offer[POOL_KEY_LEN],
		       const u8 answer[POOL_KEY_LEN], u8 dh[2 * POOL_KEY_LEN]);

#endif /* _POOL_PROTO_REKEY_H */
