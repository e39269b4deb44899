/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The handshake: INIT, CHALLENGE, RESPONSE, with a stateless responder and a
 * proof of work (spec, "Handshake"). Nothing here locks or allocates; the
 * caller serialises the use of one struct. Curve operations of the responder
 * are counted, so that tests and operators can see what an attacker makes it do.
 */
#ifndef _POOL_PROTO_HANDSHAKE_H
#define _POOL_PROTO_HANDSHAKE_H

#include "keys.h"
#include "tlv.h"

enum pool_handshake_sizes {
	POOL_INIT_LEN = POOL_HDR_LEN + 72,
	POOL_CHALLENGE_LEN = POOL_HDR_LEN + 72,
	POOL_RESPONSE_LEN = POOL_HDR_LEN + 184,
	POOL_RESPONSE_CLEAR = 56,
	POOL_RESPONSE_SEALED = 112,	/* S_i and TLVs, without the tag */
	POOL_FIRST_ACK_PLAIN = 80,
};

enum {
	POOL_DIFFICULTY_MIN = 16,	/* P11 */
	POOL_DIFFICULTY_MAX = 22,
	POOL_SECRETS = 3,		/* current and two previous (P02) */
	POOL_SECRET_ROTATE_S = 300,
	POOL_SPENT_SLOTS = 4096,	/* per secret */
	POOL_SPENT_LIMIT = 2,		/* filled INITs, and RESPONSEs, per seed */
	POOL_INIT_SKEW_S = 30,		/* P10 */
	POOL_CHALLENGES_MAX = 3,	/* different ones per attempt */
};

/* Why a handshake packet was refused. 0 is success. */
enum pool_hs_error {
	POOL_HS_OK,
	POOL_HS_LENGTH,		/* not the length of its type */
	POOL_HS_TYPE,		/* type, or fields that must be zero in it */
	POOL_HS_VERSION,
	POOL_HS_TIME,		/* INIT more than the skew away */
	POOL_HS_HMAC,
	POOL_HS_SECRET,		/* names no live secret */
	POOL_HS_DIFFICULTY,	/* outside of 16 to 22, or below what is asked now */
	POOL_HS_SID,		/* does not belong to the ephemeral key */
	POOL_HS_SEED,		/* not one we issued to this address */
	POOL_HS_SOLUTION,
	POOL_HS_SPENT,
	POOL_HS_KEY,		/* a low-order point */
	POOL_HS_SEAL,		/* RESPONSE: sealed part does not open */
	POOL_HS_TLV,
	POOL_HS_ATTEMPT,	/* CHALLENGE: not for this attempt */
};

/* SID = H("pool1 sid" || E_i)[0..15] */
void pool_sid(u8 out[POOL_SID_LEN], const u8 ephemeral[POOL_KEY_LEN]);

/* ------------------------------------------------------------- the puzzle */

/* Does H(seed || x) start with @difficulty zero bits? */
bool pool_puzzle_check(const u8 seed[POOL_HASH_LEN], u8 difficulty, const u8 x[8]);

/*
 * Try @tries values from *@x on (big-endian 8 bytes, counted up in place).
 * True when *@x solves it; else *@x is where to go on. Lets the caller yield.
 */
bool pool_puzzle_search(const u8 seed[POOL_HASH_LEN], u8 difficulty, u8 x[8], u32 tries);

/* ---------------------------------------------------------- the initiator */

struct pool_identity {
	u8 secret[POOL_KEY_LEN];
	u8 public[POOL_KEY_LEN];
};

/* One attempt. Wipe with pool_wipe() when it is over. */
struct pool_initiator {
	struct pool_identity self;
	u8 remote[POOL_KEY_LEN];	/* S_r */
	u8 psk[POOL_KEY_LEN];		/* zero when there is none */
	u8 transport;
	u8 e[POOL_KEY_LEN];
	u8 E[POOL_KEY_LEN];
	u8 sid[POOL_SID_LEN];
	u64 timestamp;
	bool worked;			/* a "prove work" was taken already */
	u8 n_seen;			/* full CHALLENGEs taken */
	u8 seen[POOL_CHALLENGES_MAX][POOL_HASH_LEN];	/* their hashes */
	struct pool_symmetric sym;	/* after step 1 */
};

/* A CHALLENGE that fits our attempt. */
struct pool_challenge {
	bool full;		/* carries E_r; else: prove work first */
	u8 E_r[POOL_KEY_LEN];
	u8 seed[POOL_HASH_LEN];
	u8 issue[4];
	u8 index;
	u8 difficulty;
	u8 digest[POOL_HASH_LEN];
	u8 ad[POOL_AD_LEN];	/* canonical header */
	u8 payload[72];
};

/**
 * pool_initiator_start() - draw a fresh attempt and write its INIT
 * @timestamp: CLOCK_REALTIME ns, above any earlier one to this peer; its low
 *	20 bits should be random
 * Return: POOL_HS_OK, or POOL_HS_KEY when @remote is a low-order point.
 */
enum pool_hs_error pool_initiator_start(struct pool_initiator *i,
					const struct pool_identity *self,
					const u8 remote[POOL_KEY_LEN],
					const u8 psk[POOL_KEY_LEN], u8 transport,
					u64 timestamp, u8 pkt[POOL_INIT_LEN]);

/* As above with a given ephemeral secret: for test vectors. */
enum pool_hs_error pool_initiator_start_with(struct pool_initiator *i,
					     const struct pool_identity *self,
					     const u8 remote[POOL_KEY_LEN],
					     const u8 psk[POOL_KEY_LEN], u8 transport,
					     u64 timestamp, const u8 e[POOL_KEY_LEN],
					     u8 pkt[POOL_INIT_LEN]);

/**
 * pool_initiator_challenge() - check a CHALLENGE, cheapest first
 * A second "prove work", a repeated CHALLENGE and a fourth different one are
 * POOL_HS_ATTEMPT. Only on POOL_HS_OK is it noted in @i, and @c filled.
 */
enum pool_hs_error pool_initiator_challenge(struct pool_initiator *i, const u8 *pkt,
					    size_t len, struct pool_challenge *c);

/* The same INIT with the work filled in, after a "prove work". */
void pool_initiator_fill(const struct pool_initiator *i, const struct pool_challenge *c,
			 const u8 x[8], u8 pkt[POOL_INIT_LEN]);

/**
 * pool_initiator_response() - answer a full CHALLENGE
 * @hello: TLVs to seal, as pool_hello_write() wrote them
 * @hello_len: at most POOL_HELLO_MAX
 * @keys: out, the keys of epoch 0
 * Return: POOL_HS_OK, or POOL_HS_KEY (low-order E_r); @keys then untouched.
 */
enum pool_hs_error pool_initiator_response(const struct pool_initiator *i,
					   const struct pool_challenge *c, const u8 x[8],
					   const u8 *hello, size_t hello_len,
					   u8 pkt[POOL_RESPONSE_LEN],
					   struct pool_epoch_keys *keys);

/* ---------------------------------------------------------- the responder */

struct pool_spent {
	u64 prefix;	/* seed[0..7] */
	u8 inits;
	u8 responses;
	bool used;
};

struct pool_secret {
	bool live;
	u8 index;
	u64 drawn_ns;			/* of the host's clock; 0: not dated yet */
	u8 key[POOL_KEY_LEN];		/* K */
	u8 value[8];			/* secret8 */
	u8 eph_key[POOL_KEY_LEN];	/* K' */
	u8 slot_key[POOL_KEY_LEN];	/* positions in the spent table */
	struct pool_spent spent[POOL_SPENT_SLOTS];
};

/* Of one device; some 200 KiB. Wipe with pool_wipe(). */
struct pool_responder {
	struct pool_identity self;
	u8 next_index;
	u8 newest;			/* slot of the newest secret */
	u8 difficulty;			/* asked now, 16 to 22 */
	u64 curve_ops;			/* X25519 operations done so far */
	struct pool_secret secret[POOL_SECRETS];
};

/*
 * Draw all secrets anew; old CHALLENGEs and RESPONSEs are void from here on.
 * Before the first call @r is zeroed memory: .curve_ops and .difficulty live on.
 */
void pool_responder_reset(struct pool_responder *r, const struct pool_identity *self);

/* A new current secret; the oldest dies. */
void pool_responder_rotate(struct pool_responder *r);

/**
 * pool_responder_refresh() - let secrets age
 * @r: dates secrets that have no date yet, rotates when the current one is
 *	POOL_SECRET_ROTATE_S old, wipes every one of POOL_SECRETS times that age
 * @now: ns, not 0, on a clock that counts time in suspend. Call it after a reset
 *	and before each use: how old a secret is must not hang on a timer.
 *
 * Return: ns from @now until it has something to do again.
 */
u64 pool_responder_refresh(struct pool_responder *r, u64 now);

/* As reset, with given secrets in slot 0: for test vectors. */
void pool_responder_reset_with(struct pool_responder *r, const struct pool_identity *self,
			       const u8 key[POOL_KEY_LEN], const u8 value[8], u8 index);

/* What an INIT or RESPONSE says in the clear. */
struct pool_claim {
	u8 E_i[POOL_KEY_LEN];
	u8 sid[POOL_SID_LEN];
	u64 timestamp;
	bool filled;		/* INIT with work; always true for RESPONSE */
	u8 issue[4];
	u8 index;
	u8 difficulty;
	u8 x[8];
	u8 seed8[8];
	u8 seed[POOL_HASH_LEN];	/* filled by pool_responder_check_work() */
};

/**
 * pool_responder_init() - check an INIT: length, type, version, timestamp, HMAC
 * @now: CLOCK_REALTIME ns
 * @skew: ns either way, at least POOL_INIT_SKEW_S seconds
 * No curve operation, no state. A claim with .filled must still pass
 * pool_responder_check_work().
 */
enum pool_hs_error pool_responder_init(const struct pool_responder *r, const u8 *pkt,
				       size_t len, u64 now, u64 skew, struct pool_claim *c);

/**
 * pool_responder_check_work() - is this work ours, for this address, unspent?
 * @addr16: source address, IPv4 as v4-mapped
 * @response: count it as a RESPONSE, else as a filled INIT
 * Order: secret live, difficulty, SID, seed, solution, spent. No curve operation.
 */
enum pool_hs_error pool_responder_check_work(struct pool_responder *r, struct pool_claim *c,
					     const u8 addr16[16], bool response);

/**
 * pool_responder_challenge() - write the CHALLENGE for a checked INIT
 * @full: with E_r (one curve operation); else "prove work first" (none)
 * @issue: the responder's clock in seconds, used when @c is not filled; a
 *	filled one repeats its own seed, issue time, index and difficulty
 */
void pool_responder_challenge(struct pool_responder *r, const struct pool_claim *c,
			      const u8 addr16[16], u32 issue, bool full,
			      u8 pkt[POOL_CHALLENGE_LEN]);

/* A RESPONSE whose sealed part has opened; wipe after use. */
struct pool_response {
	struct pool_claim claim;
	u8 S_i[POOL_KEY_LEN];
	u8 hello[POOL_HELLO_MAX];	/* the TLVs, padded with zeros */
	struct pool_symmetric sym;	/* all mixed but the pre-shared key */
};

/*
 * A RESPONSE in two steps, so that a limit per source can stand between them:
 * length, type, version and pool_responder_check_work() without a curve
 * operation; then, with the claim the first step filled, what costs four.
 */
enum pool_hs_error pool_responder_check_response(struct pool_responder *r, const u8 *pkt,
						 size_t len, const u8 addr16[16],
						 struct pool_claim *c);
enum pool_hs_error pool_responder_unseal(struct pool_responder *r, const u8 *pkt,
					 const u8 addr16[16], u8 transport,
					 const struct pool_claim *c, struct pool_response *out);

/**
 * pool_responder_open() - both steps: check a RESPONSE and unseal its identity
 * Length, type, version; then pool_responder_check_work(); only then curve
 * operations, four of them. S_i is not authenticated before
 * pool_responder_finish(). On an error @out holds no secrets.
 */
enum pool_hs_error pool_responder_open(struct pool_responder *r, const u8 *pkt, size_t len,
				       const u8 addr16[16], u8 transport,
				       struct pool_response *out);

/**
 * pool_responder_finish() - mix the PSK, derive the keys, check the HMAC
 * @pkt: the RESPONSE that pool_responder_open() was given
 * Return: POOL_HS_OK, or POOL_HS_HMAC (a wrong PSK shows here); @keys is then wiped.
 */
enum pool_hs_error pool_responder_finish(struct pool_response *rsp,
					 const u8 psk[POOL_KEY_LEN],
					 const u8 pkt[POOL_RESPONSE_LEN],
					 struct pool_epoch_keys *keys);

#endif /* _POOL_PROTO_HANDSHAKE_H */
