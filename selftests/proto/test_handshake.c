// SPDX-License-Identifier: GPL-2.0
/* The handshake: both ends, and everything each must refuse. */
#include <sodium.h>

#include "test.h"

#define SEC 1000000000ULL

/* One handshake between two ends, every packet of it kept. */
struct world {
	struct pool_identity a, b;	/* initiator, responder */
	u8 psk[32];
	u8 addr[16];
	u64 time;
	u32 issue;
	struct pool_responder r;
	struct pool_initiator i;
	struct pool_claim claim;
	struct pool_challenge c;
	struct pool_response rsp;
	struct pool_epoch_keys ki, kr;
	u8 x[8];
	u8 hello[POOL_HELLO_MAX];
	size_t hello_len;
	u8 init[POOL_INIT_LEN];
	u8 prove[POOL_CHALLENGE_LEN];
	u8 filled[POOL_INIT_LEN];
	u8 challenge[POOL_CHALLENGE_LEN];
	u8 response[POOL_RESPONSE_LEN];
};

static struct world w;

static const u8 small_points[][32] = {
	{ 0 }, { 1 },
	{ 0xe0, 0xeb, 0x7a, 0x7c, 0x3b, 0x41, 0xb8, 0xae, 0x16, 0x56, 0xe3, 0xfa, 0xf1, 0x9f,
	  0xc4, 0x6a, 0xda, 0x09, 0x8d, 0xeb, 0x9c, 0x32, 0xb1, 0xfd, 0x86, 0x62, 0x05, 0x16,
	  0x5f, 0x49, 0xb8, 0x00 },
};

/* The tests solve the same few puzzles again and again. */
static void solve(const u8 seed[32], u8 difficulty, u8 x[8])
{
	static struct { u8 seed[32], difficulty, x[8]; } known[64];
	static unsigned int n;
	unsigned int i;

	for (i = 0; i < n; i++)
		if (known[i].difficulty == difficulty && !memcmp(known[i].seed, seed, 32)) {
			memcpy(x, known[i].x, 8);
			return;
		}
	memset(x, 0, 8);
	while (!pool_puzzle_search(seed, difficulty, x, 1000))
		;
	if (n < ARRAY_SIZE(known)) {
		memcpy(known[n].seed, seed, 32);
		memcpy(known[n].x, x, 8);
		known[n++].difficulty = difficulty;
	}
}

static void identity(struct pool_identity *id, u8 fill)
{
	memset(id->secret, fill, 32);
	assert_true(pool_x25519_public(id->public, id->secret));
}

/* A responder with known secrets, and an INIT. */
static void world_init(void)
{
	struct pool_hello h = { .present = 0x2e, .transports = 7, .max_plaintext = 1356,
				.offload = 1, .name_len = 5, .name = "alice" };
	u8 key[32], value[8], e[32];

	memset(&w, 0, sizeof(w));
	identity(&w.a, 0x11);
	identity(&w.b, 0x22);
	memset(w.psk, 0x33, 32);
	unhex(w.addr, 16, "00000000000000000000ffffc0000201");
	w.time = 1800000000 * SEC + 12345;
	w.issue = 777;
	w.hello_len = pool_hello_write(w.hello, sizeof(w.hello), &h);
	memset(key, 0x44, 32);
	memset(value, 0x55, 8);
	memset(e, 0x66, 32);
	pool_responder_reset_with(&w.r, &w.b, key, value, 255);
	assert_int_equal(pool_initiator_start_with(&w.i, &w.a, w.b.public, w.psk,
						   POOL_TRANSPORT_UDP, w.time, e, w.init), 0);
	assert_int_equal(pool_responder_init(&w.r, w.init, sizeof(w.init), w.time, 0,
					     &w.claim), 0);
	assert_false(w.claim.filled);
}

/* … up to a CHALLENGE that the initiator took */
static void world_challenge(void)
{
	world_init();
	pool_responder_challenge(&w.r, &w.claim, w.addr, w.issue, true, w.challenge);
	assert_int_equal(pool_initiator_challenge(&w.i, w.challenge, sizeof(w.challenge),
						  &w.c), 0);
	assert_true(w.c.full);
	solve(w.c.seed, w.c.difficulty, w.x);
}

/* … up to a RESPONSE */
static void world_response(void)
{
	world_challenge();
	assert_int_equal(pool_initiator_response(&w.i, &w.c, w.x, w.hello, w.hello_len,
						 w.response, &w.ki), 0);
}

/* … up to a filled INIT, as parsed by the responder */
static void world_filled(void)
{
	world_init();
	pool_responder_challenge(&w.r, &w.claim, w.addr, w.issue, false, w.prove);
	assert_int_equal(pool_initiator_challenge(&w.i, w.prove, sizeof(w.prove), &w.c), 0);
	assert_false(w.c.full);
	solve(w.c.seed, w.c.difficulty, w.x);
	pool_initiator_fill(&w.i, &w.c, w.x, w.filled);
	assert_int_equal(pool_responder_init(&w.r, w.filled, sizeof(w.filled), w.time, 0,
					     &w.claim), 0);
	assert_true(w.claim.filled);
}

static enum pool_hs_error open_response(const u8 *pkt)
{
	return pool_responder_open(&w.r, pkt, POOL_RESPONSE_LEN, w.addr, POOL_TRANSPORT_UDP,
				   &w.rsp);
}

static void forget_spent(void)
{
	unsigned int n;

	for (n = 0; n < POOL_SECRETS; n++)
		memset(w.r.secret[n].spent, 0, sizeof(w.r.secret[n].spent));
}

static void remac_init(u8 pkt[POOL_INIT_LEN])
{
	pool_hs_mac_init(pkt + POOL_AD_LEN, w.b.public, pkt);
}

static void remac_challenge(u8 pkt[POOL_CHALLENGE_LEN])
{
	pool_hs_mac_challenge(pkt + POOL_AD_LEN, w.i.E, w.b.public, pkt);
}

static enum pool_hs_error init_says(const u8 *pkt)
{
	struct pool_claim c;

	return pool_responder_init(&w.r, pkt, POOL_INIT_LEN, w.time, 0, &c);
}

/* ------------------------------------------------------------ what must work */

static void assert_same_keys(void)
{
	assert_memory_equal(w.ki.chain, w.kr.chain, 32);
	assert_memory_equal(w.ki.dir[0].enc, w.kr.dir[0].enc, 32);
	assert_memory_equal(w.ki.dir[0].mac, w.kr.dir[0].mac, 32);
	assert_memory_equal(w.ki.dir[1].enc, w.kr.dir[1].enc, 32);
	assert_memory_equal(w.ki.dir[1].mac, w.kr.dir[1].mac, 32);
	assert_true(w.ki.dir[0].isn == w.kr.dir[0].isn);
	assert_true(w.ki.dir[1].isn == w.kr.dir[1].isn);
	assert_memory_not_equal(w.ki.dir[0].enc, w.ki.dir[1].enc, 32);
	assert_memory_not_equal(w.ki.dir[0].mac, w.ki.dir[1].mac, 32);
}

static void full_handshake(void **state)
{
	struct pool_tlvs t;

	(void)state;
	world_init();
	assert_true(w.r.curve_ops == 0);
	world_response();
	assert_true(w.r.curve_ops == 1);
	assert_int_equal(open_response(w.response), POOL_HS_OK);
	assert_true(w.r.curve_ops == 5);
	assert_memory_equal(w.rsp.S_i, w.a.public, 32);
	assert_true(w.rsp.claim.filled);
	assert_true(w.rsp.claim.timestamp == w.time);
	assert_memory_equal(w.rsp.claim.sid, w.i.sid, 16);
	assert_int_equal(pool_tlvs_parse(&t, w.rsp.hello, sizeof(w.rsp.hello)), 0);
	assert_string_equal(t.hello.name, "alice");
	assert_int_equal(pool_responder_finish(&w.rsp, w.psk, w.response, &w.kr), POOL_HS_OK);
	assert_same_keys();
	/* finishing again gives the same: a caller may try another key in between */
	memset(&w.kr, 0, sizeof(w.kr));
	assert_int_equal(pool_responder_finish(&w.rsp, w.psk, w.response, &w.kr), POOL_HS_OK);
	assert_same_keys();
	assert_true(w.r.curve_ops == 5);
}

static void packets_on_the_wire(void **state)
{
	struct pool_hdr h;
	u8 sid[16];

	(void)state;
	world_response();
	pool_sid(sid, w.i.E);
	assert_int_equal(w.init[0], 0x10);
	assert_int_equal(w.challenge[0], 0x11);
	assert_int_equal(w.response[0], 0x12);
	pool_hdr_decode(&h, w.init);
	assert_int_equal(h.payload_len, 72);
	assert_memory_equal(h.sid, sid, 16);
	assert_true(h.timestamp == w.time);
	assert_int_equal(h.flags, 0);
	assert_memory_equal(w.init + 80, w.i.E, 32);
	pool_hdr_decode(&h, w.challenge);
	assert_int_equal(h.payload_len, 72);
	assert_memory_equal(h.sid, sid, 16);
	assert_true(h.timestamp == w.time);
	/* issue time, index, difficulty */
	assert_hex(w.challenge + 80 + 64, "00000309" "ff" "10" "0000");
	pool_hdr_decode(&h, w.response);
	assert_int_equal(h.payload_len, 184);
	assert_memory_equal(h.sid, sid, 16);
	assert_true(h.timestamp == w.time);
	assert_memory_equal(w.response + 80, w.i.E, 32);
	assert_memory_equal(w.response + 112, w.challenge + 80 + 32, 8);
	assert_hex(w.response + 120, "00000309" "ff" "10" "0000");
	assert_memory_equal(w.response + 128, w.x, 8);
}

static void random_handshakes(void **state)
{
	static const u8 none[32];
	int n;

	(void)state;
	for (n = 0; n < 3; n++) {
		memset(&w, 0, sizeof(w));
		pool_random(w.a.secret, 32);
		pool_random(w.b.secret, 32);
		pool_x25519_public(w.a.public, w.a.secret);
		pool_x25519_public(w.b.public, w.b.secret);
		pool_responder_reset(&w.r, &w.b);
		pool_random(w.addr, 16);
		assert_int_equal(pool_initiator_start(&w.i, &w.a, w.b.public, none,
						      POOL_TRANSPORT_TCP, 5 * SEC, w.init), 0);
		assert_int_equal(pool_responder_init(&w.r, w.init, sizeof(w.init), 9 * SEC, 0,
						     &w.claim), 0);
		pool_responder_challenge(&w.r, &w.claim, w.addr, 1, true, w.challenge);
		assert_int_equal(pool_initiator_challenge(&w.i, w.challenge,
							  sizeof(w.challenge), &w.c), 0);
		solve(w.c.seed, w.c.difficulty, w.x);
		assert_int_equal(pool_initiator_response(&w.i, &w.c, w.x, NULL, 0, w.response,
							 &w.ki), 0);
		assert_int_equal(pool_responder_open(&w.r, w.response, sizeof(w.response),
						     w.addr, POOL_TRANSPORT_TCP, &w.rsp), 0);
		assert_memory_equal(w.rsp.S_i, w.a.public, 32);
		assert_int_equal(pool_responder_finish(&w.rsp, none, w.response, &w.kr), 0);
		assert_same_keys();
	}
}

static void work_first(void **state)
{
	static const u8 zero[32];
	u8 seed[32];

	(void)state;
	world_filled();
	assert_memory_equal(w.prove + 80, zero, 32);
	assert_true(w.r.curve_ops == 0);
	memcpy(seed, w.c.seed, 32);
	assert_int_equal(pool_responder_check_work(&w.r, &w.claim, w.addr, false), POOL_HS_OK);
	assert_true(w.r.curve_ops == 0);
	/* much later and at another difficulty: the answer repeats the old puzzle */
	w.r.difficulty = 17;
	pool_responder_challenge(&w.r, &w.claim, w.addr, w.issue + 100, true, w.challenge);
	assert_memory_equal(w.challenge + 80 + 32, w.prove + 80 + 32, 40);
	assert_true(w.r.curve_ops == 1);
	assert_int_equal(pool_initiator_challenge(&w.i, w.challenge, sizeof(w.challenge),
						  &w.c), 0);
	assert_true(w.c.full);
	assert_memory_equal(w.c.seed, seed, 32);
	/* one solution serves both */
	assert_int_equal(pool_initiator_response(&w.i, &w.c, w.x, w.hello, w.hello_len,
						 w.response, &w.ki), 0);
	assert_int_equal(open_response(w.response), POOL_HS_OK);
	assert_int_equal(pool_responder_finish(&w.rsp, w.psk, w.response, &w.kr), POOL_HS_OK);
	assert_same_keys();
}

static void stateless_and_repeatable(void **state)
{
	u8 again[POOL_CHALLENGE_LEN];

	(void)state;
	world_challenge();
	pool_responder_challenge(&w.r, &w.claim, w.addr, w.issue, true, again);
	assert_memory_equal(again, w.challenge, sizeof(again));
	/* another second, another seed and another ephemeral key */
	pool_responder_challenge(&w.r, &w.claim, w.addr, w.issue + 1, true, again);
	assert_memory_not_equal(again + 80, w.challenge + 80, 32);
	assert_memory_not_equal(again + 112, w.challenge + 112, 32);
	/* another address too */
	w.addr[15] ^= 1;
	pool_responder_challenge(&w.r, &w.claim, w.addr, w.issue, true, again);
	assert_memory_not_equal(again + 80, w.challenge + 80, 32);
	assert_memory_not_equal(again + 112, w.challenge + 112, 32);
}

static void puzzle(void **state)
{
	u8 seed[32] = { 1 }, x[8], y[8], hash[32];
	struct pool_vec v[] = { { seed, 32 }, { x, 8 } };
	u8 d, zeros;

	(void)state;
	for (d = 0; d <= 17; d++) {
		memset(x, 0, 8);
		/* in small steps, as the solver does */
		while (!pool_puzzle_search(seed, d, x, 100))
			;
		pool_sha256(hash, v, 2);
		for (zeros = 0; zeros < 64; zeros++)
			if (hash[zeros / 8] >> (7 - zeros % 8) & 1)
				break;
		assert_true(zeros >= d);
		assert_true(pool_puzzle_check(seed, zeros, x));
		assert_false(pool_puzzle_check(seed, (u8)(zeros + 1), x));
		/* one search in one go finds the same */
		memset(y, 0, 8);
		assert_true(pool_puzzle_search(seed, d, y, ~0U));
		assert_memory_equal(x, y, 8);
	}
	assert_false(pool_puzzle_search(seed, 22, x, 0));
	/* counting up carries, and wraps */
	memset(x, 0xff, 8);
	x[0] = 0;
	assert_false(pool_puzzle_search(seed, 255, x, 1));
	assert_hex(x, "0100000000000000");
	memset(x, 0xff, 8);
	assert_false(pool_puzzle_search(seed, 255, x, 1));
	assert_hex(x, "0000000000000000");
}

/* ----------------------------------------------------------- INIT refused */

static void init_lengths(void **state)
{
	struct pool_claim c;
	size_t len;
	u8 *cut;

	(void)state;
	world_init();
	for (len = 0; len < POOL_INIT_LEN; len++) {
		cut = malloc(len ? len : 1);
		assert_non_null(cut);
		memcpy(cut, w.init, len);
		assert_int_equal(pool_responder_init(&w.r, cut, len, w.time, 0, &c),
				 POOL_HS_LENGTH);
		free(cut);
	}
	cut = calloc(1, POOL_INIT_LEN + 1);
	assert_non_null(cut);
	memcpy(cut, w.init, POOL_INIT_LEN);
	assert_int_equal(pool_responder_init(&w.r, cut, POOL_INIT_LEN + 1, w.time, 0, &c),
			 POOL_HS_LENGTH);
	pool_put16(cut + 44, 71);
	remac_init(cut);
	assert_int_equal(init_says(cut), POOL_HS_LENGTH);
	free(cut);
}

static void init_header(void **state)
{
	static const size_t must_be_zero[] = { 3, 4, 11, 12, 19, 46 };
	static const size_t reserved[] = { 1, 47 };
	u8 pkt[POOL_INIT_LEN];
	size_t n;

	(void)state;
	world_init();
	memcpy(pkt, w.init, sizeof(pkt));
	pkt[0] = 0x11;
	remac_init(pkt);
	assert_int_equal(init_says(pkt), POOL_HS_TYPE);
	pkt[0] = 0x20;
	remac_init(pkt);
	assert_int_equal(init_says(pkt), POOL_HS_VERSION);
	pkt[0] = 0x00;
	remac_init(pkt);
	assert_int_equal(init_says(pkt), POOL_HS_VERSION);
	for (n = 0; n < ARRAY_SIZE(must_be_zero); n++) {
		memcpy(pkt, w.init, sizeof(pkt));
		pkt[must_be_zero[n]] = 1;
		remac_init(pkt);
		assert_int_equal(init_says(pkt), POOL_HS_TYPE);
	}
	/* reserved: ignored, but covered by the HMAC */
	for (n = 0; n < ARRAY_SIZE(reserved); n++) {
		memcpy(pkt, w.init, sizeof(pkt));
		pkt[reserved[n]] = 1;
		assert_int_equal(init_says(pkt), POOL_HS_HMAC);
		remac_init(pkt);
		assert_int_equal(init_says(pkt), POOL_HS_OK);
	}
	memcpy(pkt, w.init, sizeof(pkt));
	pkt[2] = 0xfc;
	remac_init(pkt);
	assert_int_equal(init_says(pkt), POOL_HS_OK);
	pkt[2] = 0x02;
	remac_init(pkt);
	assert_int_equal(init_says(pkt), POOL_HS_TYPE);
}

static void init_zero_fields_are_ignored(void **state)
{
	static const u8 zero[8];
	u8 pkt[POOL_INIT_LEN];
	struct pool_claim c;
	size_t n;

	(void)state;
	/* the difficulty alone says whether it is filled; without, nothing is taken from it */
	world_init();
	memcpy(pkt, w.init, sizeof(pkt));
	for (n = 32; n < 72; n++)
		pkt[80 + n] = n == 37 ? 0 : 0x80;
	assert_int_equal(init_says(pkt), POOL_HS_HMAC);
	remac_init(pkt);
	memset(&c, 0xff, sizeof(c));
	assert_int_equal(pool_responder_init(&w.r, pkt, sizeof(pkt), w.time, 0, &c), POOL_HS_OK);
	assert_false(c.filled);
	assert_int_equal(c.index, 0);
	assert_memory_equal(c.x, zero, 8);
	assert_memory_equal(c.seed8, zero, 8);
	assert_memory_equal(c.issue, zero, 4);
	assert_memory_equal(c.E_i, w.i.E, 32);

	world_filled();
	memcpy(pkt, w.filled, sizeof(pkt));
	pkt[80 + 38] = pkt[80 + 71] = 0xff;
	remac_init(pkt);
	assert_int_equal(init_says(pkt), POOL_HS_OK);
}

static void init_time(void **state)
{
	struct pool_claim c;
	const u64 skew = 30 * SEC;

	(void)state;
	world_init();
#define AT(now, skew) pool_responder_init(&w.r, w.init, sizeof(w.init), now, skew, &c)
	assert_int_equal(AT(w.time + skew, skew), POOL_HS_OK);
	assert_int_equal(AT(w.time - skew, skew), POOL_HS_OK);
	assert_int_equal(AT(w.time + skew + 1, skew), POOL_HS_TIME);
	assert_int_equal(AT(w.time - skew - 1, skew), POOL_HS_TIME);
	assert_int_equal(AT(0, skew), POOL_HS_TIME);
	assert_int_equal(AT(~0ULL, skew), POOL_HS_TIME);
	/* wider if the operator says so, never narrower */
	assert_int_equal(AT(w.time + skew + 1, skew + 1), POOL_HS_OK);
	assert_int_equal(AT(w.time + skew, 0), POOL_HS_OK);
	assert_int_equal(AT(0, ~0ULL), POOL_HS_OK);
#undef AT
}

static void init_time_before_hmac(void **state)
{
	struct pool_claim c;

	(void)state;
	world_init();
	w.init[60] ^= 1;
	assert_int_equal(pool_responder_init(&w.r, w.init, sizeof(w.init),
					     w.time + 31 * SEC, 0, &c), POOL_HS_TIME);
	assert_int_equal(init_says(w.init), POOL_HS_HMAC);
}

static void flip_all_of_an_init(const u8 *pkt)
{
	u8 copy[POOL_INIT_LEN];
	enum pool_hs_error err, want;
	size_t bit, at;

	for (bit = 0; bit < 8 * POOL_INIT_LEN; bit++) {
		at = bit / 8;
		memcpy(copy, pkt, sizeof(copy));
		copy[at] ^= (u8)(1 << bit % 8);
		err = init_says(copy);
		want = POOL_HS_HMAC;
		if (at == 0)
			want = bit < 4 ? POOL_HS_TYPE : POOL_HS_VERSION;
		else if ((at == 2 && bit % 8 < 2) || (at >= 3 && at < 20) || at == 46)
			want = POOL_HS_TYPE;
		else if (at == 44 || at == 45)
			want = POOL_HS_LENGTH;
		else if (at >= 36 && at < 44)
			want = err == POOL_HS_TIME ? POOL_HS_TIME : POOL_HS_HMAC;
		assert_int_equal(err, want);
	}
	assert_true(w.r.curve_ops == 0);
}

static void init_every_flipped_bit(void **state)
{
	(void)state;
	world_init();
	flip_all_of_an_init(w.init);
	world_filled();
	flip_all_of_an_init(w.filled);
}

/* Our key is not the one that the INIT was made for. */
static void wrong_peer_key(void **state)
{
	struct pool_identity other;
	u8 e[32];

	(void)state;
	world_init();
	identity(&other, 0x77);
	memset(e, 0x66, 32);
	assert_int_equal(pool_initiator_start_with(&w.i, &w.a, other.public, w.psk,
						   POOL_TRANSPORT_UDP, w.time, e, w.init), 0);
	assert_int_equal(init_says(w.init), POOL_HS_HMAC);
	assert_true(w.r.curve_ops == 0);

	/* nor does a CHALLENGE of one who is not the peer help */
	world_init();
	pool_hs_header(w.challenge, POOL_CHALLENGE, w.i.sid, w.time, 72);
	w.challenge[80] = 9;
	w.challenge[80 + 69] = 16;
	pool_hs_mac_challenge(w.challenge + 48, w.i.E, other.public, w.challenge);
	assert_int_equal(pool_initiator_challenge(&w.i, w.challenge, POOL_CHALLENGE_LEN,
						  &w.c), POOL_HS_HMAC);
}

/* ----------------------------------------------------------- work refused */

static enum pool_hs_error check(bool response)
{
	enum pool_hs_error err;
	struct pool_claim c = w.claim;

	err = pool_responder_check_work(&w.r, &c, w.addr, response);
	assert_true(w.r.curve_ops == 0);
	return err;
}

static void work_secret(void **state)
{
	(void)state;
	world_filled();
	w.claim.index++;
	assert_int_equal(check(false), POOL_HS_SECRET);
	w.claim.index--;
	assert_int_equal(check(false), POOL_HS_OK);
}

static void work_difficulty(void **state)
{
	static const u8 outside[] = { 1, 15, 23, 255 };
	u8 d, ask;
	size_t n;

	(void)state;
	world_filled();
	for (n = 0; n < ARRAY_SIZE(outside); n++) {
		w.claim.difficulty = outside[n];
		assert_int_equal(check(false), POOL_HS_DIFFICULTY);
	}
	/* while raised: one below what is asked passes this check, two do not */
	for (ask = 16; ask <= 22; ask++)
		for (d = 16; d <= 22; d++) {
			w.r.difficulty = ask;
			w.claim.difficulty = d;
			w.claim.seed8[0] ^= 0xff;	/* so that none is ever right */
			assert_int_equal(check(false), d + 2 <= ask ? POOL_HS_DIFFICULTY :
					 POOL_HS_SEED);
			w.claim.seed8[0] ^= 0xff;
		}
}

static void work_at_all_difficulties(void **state)
{
	(void)state;
	/* 17 and 18 cost the test some time, 22 would cost it minutes */
	for (u8 d = 16; d <= 18; d++) {
		world_init();
		w.r.difficulty = d;
		pool_responder_challenge(&w.r, &w.claim, w.addr, w.issue, true, w.challenge);
		assert_int_equal(pool_initiator_challenge(&w.i, w.challenge,
							  POOL_CHALLENGE_LEN, &w.c), 0);
		assert_int_equal(w.c.difficulty, d);
		solve(w.c.seed, d, w.x);
		assert_int_equal(pool_initiator_response(&w.i, &w.c, w.x, NULL, 0, w.response,
							 &w.ki), 0);
		assert_int_equal(open_response(w.response), POOL_HS_OK);
		forget_spent();
		/* it has risen by one meanwhile, then by another */
		w.r.difficulty = (u8)(d + 1);
		assert_int_equal(open_response(w.response), POOL_HS_OK);
		w.r.difficulty = (u8)(d + 2);
		assert_int_equal(open_response(w.response), POOL_HS_DIFFICULTY);
	}
}

static void work_sid(void **state)
{
	(void)state;
	world_filled();
	w.claim.sid[0] ^= 1;
	assert_int_equal(check(false), POOL_HS_SID);
	w.claim.sid[0] ^= 1;
	w.claim.E_i[5] ^= 1;
	assert_int_equal(check(false), POOL_HS_SID);
}

static void work_seed(void **state)
{
	u8 i;

	(void)state;
	world_filled();
	w.addr[15]++;			/* another address */
	assert_int_equal(check(false), POOL_HS_SEED);
	w.addr[15]--;
	w.claim.issue[3]++;		/* another time */
	assert_int_equal(check(false), POOL_HS_SEED);
	w.claim.issue[3]--;
	w.claim.timestamp++;		/* another attempt */
	assert_int_equal(check(false), POOL_HS_SEED);
	w.claim.timestamp--;
	w.claim.difficulty++;		/* harder than asked is another puzzle too */
	assert_int_equal(check(false), POOL_HS_SEED);
	w.claim.difficulty--;
	for (i = 0; i < 8; i++) {
		w.claim.seed8[i] ^= 0x80;
		assert_int_equal(check(false), POOL_HS_SEED);
		w.claim.seed8[i] ^= 0x80;
	}
	assert_int_equal(check(false), POOL_HS_OK);
}

static void work_solution(void **state)
{
	(void)state;
	world_filled();
	w.claim.x[7] ^= 1;
	assert_int_equal(check(false), POOL_HS_SOLUTION);
	w.claim.x[7] ^= 1;
	assert_int_equal(check(false), POOL_HS_OK);
}

static void work_spent(void **state)
{
	int n;

	(void)state;
	world_filled();
	/* what fails spends nothing */
	w.claim.x[7] ^= 1;
	for (n = 0; n < 5; n++)
		assert_int_equal(check(false), POOL_HS_SOLUTION);
	w.claim.x[7] ^= 1;
	/* two of each */
	for (n = 0; n < 2; n++) {
		assert_int_equal(check(false), POOL_HS_OK);
		assert_int_equal(check(true), POOL_HS_OK);
	}
	for (n = 0; n < 5; n++) {
		assert_int_equal(check(false), POOL_HS_SPENT);
		assert_int_equal(check(true), POOL_HS_SPENT);
	}
	/* the bookkeeping of another secret is not ours */
	pool_responder_rotate(&w.r);
	assert_int_equal(check(true), POOL_HS_SPENT);
}

static void response_spent(void **state)
{
	u64 ops;

	(void)state;
	world_response();
	assert_int_equal(open_response(w.response), POOL_HS_OK);
	assert_int_equal(open_response(w.response), POOL_HS_OK);
	ops = w.r.curve_ops;
	assert_int_equal(open_response(w.response), POOL_HS_SPENT);
	assert_true(w.r.curve_ops == ops);
	/* a wrong seal spends just as well: the curve operations were done */
	forget_spent();
	w.response[200] ^= 1;
	assert_int_equal(open_response(w.response), POOL_HS_SEAL);
	assert_int_equal(open_response(w.response), POOL_HS_SEAL);
	ops = w.r.curve_ops;
	assert_int_equal(open_response(w.response), POOL_HS_SPENT);
	assert_true(w.r.curve_ops == ops);
}

static void spent_table_overwrites(void **state)
{
	struct pool_spent *slot = NULL, *s;
	unsigned int n, used = 0;

	(void)state;
	world_filled();
	assert_int_equal(check(false), POOL_HS_OK);
	for (n = 0; n < POOL_SPENT_SLOTS; n++) {
		s = &w.r.secret[0].spent[n];
		if (s->used) {
			slot = s;
			used++;
		}
	}
	assert_int_equal(used, 1);
	assert_non_null(slot);
	assert_int_equal(slot->inits, 1);
	assert_int_equal(slot->responses, 0);
	assert_true(slot->prefix == pool_get64(w.claim.seed8));
	/* another seed at the same place takes it over, counters and all */
	slot->prefix ^= 1;
	slot->inits = slot->responses = POOL_SPENT_LIMIT;
	assert_int_equal(check(true), POOL_HS_OK);
	assert_int_equal(slot->inits, 0);
	assert_int_equal(slot->responses, 1);
	assert_true(slot->prefix == pool_get64(w.claim.seed8));
}

/* Cheapest first, in the order that the spec gives. */
static void work_order(void **state)
{
	(void)state;
	world_filled();
	w.claim.index++;
	w.claim.difficulty = 15;
	w.claim.sid[0] ^= 1;
	w.claim.seed8[0] ^= 1;
	w.claim.x[0] ^= 1;
	assert_int_equal(check(false), POOL_HS_SECRET);
	w.claim.index--;
	assert_int_equal(check(false), POOL_HS_DIFFICULTY);
	w.claim.difficulty = 16;
	assert_int_equal(check(false), POOL_HS_SID);
	w.claim.sid[0] ^= 1;
	assert_int_equal(check(false), POOL_HS_SEED);
	w.claim.seed8[0] ^= 1;
	assert_int_equal(check(false), POOL_HS_SOLUTION);
	w.claim.x[0] ^= 1;
	assert_int_equal(check(false), POOL_HS_OK);
}

static void solution_of_another_ephemeral(void **state)
{
	struct pool_claim first;
	u8 e[32], pkt[POOL_INIT_LEN];

	(void)state;
	world_filled();
	first = w.claim;
	memset(e, 0x67, 32);
	assert_int_equal(pool_initiator_start_with(&w.i, &w.a, w.b.public, w.psk,
						   POOL_TRANSPORT_UDP, w.time, e, pkt), 0);
	pool_initiator_fill(&w.i, &w.c, w.x, pkt);
	assert_int_equal(pool_responder_init(&w.r, pkt, sizeof(pkt), w.time, 0, &w.claim), 0);
	assert_memory_equal(w.claim.x, first.x, 8);
	assert_int_equal(check(false), POOL_HS_SEED);
	w.claim = first;
	assert_int_equal(check(false), POOL_HS_OK);
}

static void rotation(void **state)
{
	int n;

	(void)state;
	for (n = 0; n <= 4; n++) {
		u64 ops;
		int i;

		world_response();
		ops = w.r.curve_ops;
		for (i = 0; i < n; i++)
			pool_responder_rotate(&w.r);
		/* the index was 255, so it wraps on the way */
		assert_int_equal(w.r.secret[w.r.newest].index, (u8)(255 + n));
		if (n < POOL_SECRETS) {
			assert_int_equal(open_response(w.response), POOL_HS_OK);
			assert_int_equal(pool_responder_finish(&w.rsp, w.psk, w.response,
							       &w.kr), POOL_HS_OK);
			assert_same_keys();
		} else {
			assert_int_equal(open_response(w.response), POOL_HS_SECRET);
			assert_true(w.r.curve_ops == ops);
		}
	}
	/* a new secret begins with an empty table */
	world_filled();
	memset(w.r.secret[1].spent, 0xff, sizeof(w.r.secret[1].spent));
	pool_responder_rotate(&w.r);
	assert_int_equal(w.r.newest, 1);
	for (n = 0; n < POOL_SPENT_SLOTS; n++)
		assert_false(w.r.secret[1].spent[n].used || w.r.secret[1].spent[n].prefix);

	/* a filled INIT of a dead secret is answered like an unfilled one */
	world_filled();
	assert_int_equal(pool_responder_check_work(&w.r, &w.claim, w.addr, false), 0);
	for (n = 0; n < 3; n++)
		pool_responder_rotate(&w.r);
	pool_responder_challenge(&w.r, &w.claim, w.addr, 5, true, w.challenge);
	assert_int_equal(w.challenge[80 + 68], w.r.secret[w.r.newest].index);
	assert_hex(w.challenge + 80 + 64, "00000005");
}

/* Whenever it is looked at, in whatever rhythm: no secret is used beyond its age. */
static void secrets_age(void **state)
{
	const u64 s = 1000000000ULL, life = POOL_SECRETS * POOL_SECRET_ROTATE_S * s;
	u64 rand = 7, now = 5 * s, due;
	unsigned int n, i, live, fewest = POOL_SECRETS, most = 0;

	(void)state;
	world_init();
	pool_responder_refresh(&w.r, now);
	for (n = 0; n < 20000; n++) {
		/* mostly misaligned with the rotation, sometimes long asleep */
		now += test_rand(&rand) % ((test_rand(&rand) % 100 ? 40 : 2000) * s);
		due = pool_responder_refresh(&w.r, now);
		assert_true(due > 0 && due <= POOL_SECRET_ROTATE_S * s);
		assert_true(w.r.secret[w.r.newest].live);
		assert_true(now - w.r.secret[w.r.newest].drawn_ns < POOL_SECRET_ROTATE_S * s);
		for (i = live = 0; i < POOL_SECRETS; i++) {
			if (!w.r.secret[i].live)
				continue;
			live++;
			assert_true(now - w.r.secret[i].drawn_ns < life);
			assert_true(due <= life - (now - w.r.secret[i].drawn_ns));
		}
		fewest = live < fewest ? live : fewest;
		most = live > most ? live : most;
	}
	assert_int_equal(fewest, 1);
	assert_int_equal(most, POOL_SECRETS);
	/* a reset begins anew, whatever the time */
	pool_responder_reset(&w.r, &w.r.self);
	pool_responder_refresh(&w.r, now);
	assert_true(w.r.secret[w.r.newest].drawn_ns == now);
}

static void indices_cycle(void **state)
{
	unsigned int n, i, j;
	u8 index;

	(void)state;
	world_init();
	index = 255;
	for (n = 0; n < 600; n++) {
		pool_responder_rotate(&w.r);
		index++;
		assert_int_equal(w.r.secret[w.r.newest].index, index);
		for (i = 0; i < POOL_SECRETS; i++)
			for (j = 0; j < i; j++)
				assert_false(w.r.secret[i].live && w.r.secret[j].live &&
					     w.r.secret[i].index == w.r.secret[j].index);
	}
}

static void reset_kills_the_past(void **state)
{
	enum pool_hs_error err;
	u64 ops;
	int n;

	(void)state;
	for (n = 0; n < 20; n++) {
		world_response();
		w.r.difficulty = 17;
		ops = w.r.curve_ops;
		pool_responder_reset(&w.r, &w.b);
		err = open_response(w.response);
		/* SEED if the new index happens to be the old one */
		assert_true(err == POOL_HS_SECRET || err == POOL_HS_SEED);
		/* what counts for the device's life goes on */
		assert_true(w.r.curve_ops == ops);
		assert_int_equal(w.r.difficulty, 17);
	}
	/* even at the same index with another key, and with the same key and another value */
	world_response();
	w.r.secret[0].key[0] ^= 1;
	assert_int_equal(open_response(w.response), POOL_HS_SEED);
	w.r.secret[0].key[0] ^= 1;
	w.r.secret[0].value[0] ^= 1;
	assert_int_equal(open_response(w.response), POOL_HS_SEED);
}

static void secrets_differ(void **state)
{
	u64 ops = 0;

	(void)state;
	memset(&w.r, 0, sizeof(w.r));
	identity(&w.b, 0x22);
	pool_responder_reset(&w.r, &w.b);
	assert_int_equal(w.r.difficulty, POOL_DIFFICULTY_MIN);
	assert_true(w.r.curve_ops == ops);
	assert_true(w.r.secret[0].live);
	assert_false(w.r.secret[1].live || w.r.secret[2].live);
	pool_responder_rotate(&w.r);
	assert_memory_not_equal(w.r.secret[0].key, w.r.secret[1].key, 32);
	assert_memory_not_equal(w.r.secret[0].value, w.r.secret[1].value, 8);
	assert_memory_not_equal(w.r.secret[1].key, w.r.secret[1].eph_key, 32);
	assert_memory_not_equal(w.r.secret[1].key, w.r.secret[1].slot_key, 32);
	assert_memory_not_equal(w.r.secret[1].eph_key, w.r.secret[1].slot_key, 32);
}

/* ------------------------------------------------------ CHALLENGE refused */

static enum pool_hs_error challenge_says(const u8 *pkt, size_t len)
{
	struct pool_initiator before = w.i;
	enum pool_hs_error err = pool_initiator_challenge(&w.i, pkt, len, &w.c);

	if (err)
		assert_memory_equal(&before, &w.i, sizeof(before));
	return err;
}

static void challenge_fields(void **state)
{
	u8 pkt[POOL_CHALLENGE_LEN], *big;
	size_t n;

	(void)state;
	world_init();
	pool_responder_challenge(&w.r, &w.claim, w.addr, w.issue, true, w.challenge);
#define EDIT(at, value, want) do {						\
	memcpy(pkt, w.challenge, sizeof(pkt));					\
	pkt[at] = (u8)(value);							\
	remac_challenge(pkt);							\
	assert_int_equal(challenge_says(pkt, sizeof(pkt)), want);		\
} while (0)
	EDIT(0, 0x10, POOL_HS_TYPE);
	EDIT(0, 0x12, POOL_HS_TYPE);
	EDIT(0, 0x21, POOL_HS_VERSION);
	EDIT(3, 1, POOL_HS_TYPE);
	EDIT(4, 1, POOL_HS_TYPE);
	EDIT(19, 1, POOL_HS_TYPE);
	EDIT(46, 1, POOL_HS_TYPE);
	EDIT(45, 73, POOL_HS_LENGTH);
	EDIT(20, pkt[20] ^ 1, POOL_HS_ATTEMPT);
	EDIT(43, pkt[43] ^ 1, POOL_HS_ATTEMPT);
	EDIT(80 + 69, 0, POOL_HS_DIFFICULTY);
	EDIT(80 + 69, 15, POOL_HS_DIFFICULTY);
	EDIT(80 + 69, 23, POOL_HS_DIFFICULTY);
	EDIT(80 + 69, 255, POOL_HS_DIFFICULTY);
	for (n = 0; n < POOL_CHALLENGE_LEN; n++) {
		u8 *cut = malloc(n ? n : 1);

		assert_non_null(cut);
		memcpy(cut, w.challenge, n);
		assert_int_equal(challenge_says(cut, n), POOL_HS_LENGTH);
		free(cut);
	}
	big = calloc(1, POOL_CHALLENGE_LEN + 1);
	assert_non_null(big);
	memcpy(big, w.challenge, POOL_CHALLENGE_LEN);
	assert_int_equal(challenge_says(big, POOL_CHALLENGE_LEN + 1), POOL_HS_LENGTH);
	free(big);
	/* the reserved ones are taken, and so is the cap */
	EDIT(1, 1, POOL_HS_OK);
	EDIT(80 + 69, 22, POOL_HS_OK);
#undef EDIT
}

static void challenge_every_flipped_bit(void **state)
{
	u8 pkt[POOL_CHALLENGE_LEN];
	enum pool_hs_error err, want;
	size_t bit, at;

	(void)state;
	world_init();
	pool_responder_challenge(&w.r, &w.claim, w.addr, w.issue, true, w.challenge);
	for (bit = 0; bit < 8 * sizeof(pkt); bit++) {
		at = bit / 8;
		memcpy(pkt, w.challenge, sizeof(pkt));
		pkt[at] ^= (u8)(1 << bit % 8);
		err = challenge_says(pkt, sizeof(pkt));
		want = POOL_HS_HMAC;
		if (at == 0)
			want = bit < 4 ? POOL_HS_TYPE : POOL_HS_VERSION;
		else if ((at == 2 && bit % 8 < 2) || (at >= 3 && at < 20) || at == 46)
			want = POOL_HS_TYPE;
		else if (at >= 20 && at < 44)
			want = POOL_HS_ATTEMPT;
		else if (at == 44 || at == 45)
			want = POOL_HS_LENGTH;
		assert_int_equal(err, want);
	}
	assert_int_equal(challenge_says(w.challenge, sizeof(w.challenge)), POOL_HS_OK);
}

static void challenge_of_another_attempt(void **state)
{
	u8 first[POOL_CHALLENGE_LEN], e[32];

	(void)state;
	world_challenge();
	memcpy(first, w.challenge, sizeof(first));
	memset(e, 0x68, 32);
	assert_int_equal(pool_initiator_start_with(&w.i, &w.a, w.b.public, w.psk,
						   POOL_TRANSPORT_UDP, w.time + 1, e, w.init),
			 0);
	assert_int_equal(challenge_says(first, sizeof(first)), POOL_HS_ATTEMPT);
}

static void challenges_per_attempt(void **state)
{
	u8 pkt[4][POOL_CHALLENGE_LEN];
	u32 n;

	(void)state;
	world_init();
	for (n = 0; n < 4; n++)
		pool_responder_challenge(&w.r, &w.claim, w.addr, n, true, pkt[n]);
	for (n = 0; n < 3; n++) {
		assert_int_equal(challenge_says(pkt[n], POOL_CHALLENGE_LEN), POOL_HS_OK);
		/* the same once more */
		assert_int_equal(challenge_says(pkt[n], POOL_CHALLENGE_LEN), POOL_HS_ATTEMPT);
		assert_int_equal(challenge_says(pkt[0], POOL_CHALLENGE_LEN), POOL_HS_ATTEMPT);
	}
	/* a fourth different one */
	assert_int_equal(challenge_says(pkt[3], POOL_CHALLENGE_LEN), POOL_HS_ATTEMPT);
}

static void second_prove_work(void **state)
{
	u8 other[POOL_CHALLENGE_LEN];

	(void)state;
	world_init();
	pool_responder_challenge(&w.r, &w.claim, w.addr, 1, false, w.prove);
	pool_responder_challenge(&w.r, &w.claim, w.addr, 2, false, other);
	assert_int_equal(challenge_says(w.prove, POOL_CHALLENGE_LEN), POOL_HS_OK);
	assert_int_equal(challenge_says(w.prove, POOL_CHALLENGE_LEN), POOL_HS_ATTEMPT);
	assert_int_equal(challenge_says(other, POOL_CHALLENGE_LEN), POOL_HS_ATTEMPT);
	/* it is none of the three full ones */
	for (u32 n = 0; n < 3; n++) {
		pool_responder_challenge(&w.r, &w.claim, w.addr, n, true, other);
		assert_int_equal(challenge_says(other, POOL_CHALLENGE_LEN), POOL_HS_OK);
	}
}

/* ------------------------------------------------------- RESPONSE refused */

static void response_lengths(void **state)
{
	u8 pkt[POOL_RESPONSE_LEN + 1] = { 0 };
	size_t len;

	(void)state;
	world_response();
	for (len = 0; len < POOL_RESPONSE_LEN; len++) {
		u8 *cut = malloc(len ? len : 1);

		assert_non_null(cut);
		memcpy(cut, w.response, len);
		assert_int_equal(pool_responder_open(&w.r, cut, len, w.addr,
						     POOL_TRANSPORT_UDP, &w.rsp),
				 POOL_HS_LENGTH);
		free(cut);
	}
	memcpy(pkt, w.response, POOL_RESPONSE_LEN);
	assert_int_equal(pool_responder_open(&w.r, pkt, sizeof(pkt), w.addr,
					     POOL_TRANSPORT_UDP, &w.rsp), POOL_HS_LENGTH);
}

static void response_every_flipped_bit(void **state)
{
	enum pool_hs_error err, want;
	u8 pkt[POOL_RESPONSE_LEN];
	bool curves;
	size_t bit, at;
	u64 ops;

	(void)state;
	world_response();
	for (bit = 0; bit < 8 * sizeof(pkt); bit++) {
		at = bit / 8;
		memcpy(pkt, w.response, sizeof(pkt));
		pkt[at] ^= (u8)(1 << bit % 8);
		forget_spent();
		ops = w.r.curve_ops;
		err = open_response(pkt);
		if (!err)
			err = pool_responder_finish(&w.rsp, w.psk, pkt, &w.kr);

		curves = false;
		if (at == 0) {
			want = bit < 4 ? POOL_HS_TYPE : POOL_HS_VERSION;
		} else if ((at == 2 && bit % 8 < 2) || (at >= 3 && at < 20) || at == 46) {
			want = POOL_HS_TYPE;
		} else if (at < 20 || at == 47) {
			want = POOL_HS_HMAC;	/* reserved: only the HMAC has them */
			curves = true;
		} else if (at < 36) {
			want = POOL_HS_SID;
		} else if (at < 44) {
			want = POOL_HS_SEED;	/* timestamp */
		} else if (at < 46) {
			want = POOL_HS_LENGTH;
		} else if (at < 80) {
			want = POOL_HS_HMAC;
			curves = true;
		} else if (at < 112) {
			want = POOL_HS_SID;	/* E_i */
		} else if (at < 124) {
			want = POOL_HS_SEED;	/* seed, issue time */
		} else if (at == 124) {
			want = POOL_HS_SECRET;
		} else if (at == 125) {
			want = (pkt[at] < 16 || pkt[at] > 22) ? POOL_HS_DIFFICULTY :
			       POOL_HS_SEED;
		} else if (at < 128) {
			want = POOL_HS_SEAL;	/* ignored zeros: the transcript has them */
			curves = true;
		} else if (at < 136) {
			want = POOL_HS_SOLUTION;
		} else {
			want = POOL_HS_SEAL;
			curves = true;
		}
		assert_int_equal(err, want);
		assert_int_equal(w.r.curve_ops != ops, curves);
	}
	forget_spent();
	assert_int_equal(open_response(w.response), POOL_HS_OK);
	assert_int_equal(pool_responder_finish(&w.rsp, w.psk, w.response, &w.kr), POOL_HS_OK);
}

static void response_of_another_time(void **state)
{
	u64 ops;

	(void)state;
	world_challenge();
	/* the initiator itself changes its mind: a later record of acceptance */
	w.i.timestamp++;
	assert_int_equal(pool_initiator_response(&w.i, &w.c, w.x, NULL, 0, w.response,
						 &w.ki), 0);
	ops = w.r.curve_ops;
	assert_int_equal(open_response(w.response), POOL_HS_SEED);
	assert_true(w.r.curve_ops == ops);
}

static void response_from_elsewhere(void **state)
{
	(void)state;
	world_response();
	w.addr[0] ^= 1;
	assert_int_equal(open_response(w.response), POOL_HS_SEED);
}

static void response_on_another_transport(void **state)
{
	(void)state;
	world_response();
	assert_int_equal(pool_responder_open(&w.r, w.response, POOL_RESPONSE_LEN, w.addr,
					     POOL_TRANSPORT_TCP, &w.rsp), POOL_HS_SEAL);
}

static void wrong_psk(void **state)
{
	static const struct pool_epoch_keys wiped;
	u8 psk[32];

	(void)state;
	world_response();
	assert_int_equal(open_response(w.response), POOL_HS_OK);
	memcpy(psk, w.psk, 32);
	psk[31] ^= 1;
	memset(&w.kr, 0xff, sizeof(w.kr));
	assert_int_equal(pool_responder_finish(&w.rsp, psk, w.response, &w.kr), POOL_HS_HMAC);
	assert_memory_equal(&w.kr, &wiped, sizeof(wiped));
	memset(psk, 0, 32);
	assert_int_equal(pool_responder_finish(&w.rsp, psk, w.response, &w.kr), POOL_HS_HMAC);
	assert_int_equal(pool_responder_finish(&w.rsp, w.psk, w.response, &w.kr), POOL_HS_OK);
}

static void malformed_hello(void **state)
{
	static const u8 bad[] = { POOL_TLV_NAME, 1, '\n' };

	(void)state;
	world_challenge();
	assert_int_equal(pool_initiator_response(&w.i, &w.c, w.x, bad, sizeof(bad),
						 w.response, &w.ki), 0);
	assert_int_equal(open_response(w.response), POOL_HS_TLV);
}

static void hello_too_long_is_cut(void **state)
{
	u8 hello[POOL_HELLO_MAX + 20];

	(void)state;
	world_challenge();
	memset(hello, 0, sizeof(hello));
	memset(hello + POOL_HELLO_MAX, 0xff, 20);
	assert_int_equal(pool_initiator_response(&w.i, &w.c, w.x, hello, sizeof(hello),
						 w.response, &w.ki), 0);
	assert_int_equal(open_response(w.response), POOL_HS_OK);
	assert_int_equal(pool_responder_finish(&w.rsp, w.psk, w.response, &w.kr), POOL_HS_OK);
}

/* -------------------------------------------------------- low-order points */

static void low_order_remote(void **state)
{
	static const struct pool_initiator wiped;
	size_t n;

	(void)state;
	world_init();
	for (n = 0; n < ARRAY_SIZE(small_points); n++) {
		assert_int_equal(pool_initiator_start(&w.i, &w.a, small_points[n], w.psk, 1,
						      w.time, w.init), POOL_HS_KEY);
		assert_memory_equal(&w.i, &wiped, sizeof(wiped));
	}
}

static void low_order_challenge(void **state)
{
	static const u8 zero[POOL_RESPONSE_LEN];
	struct pool_epoch_keys before;
	size_t n;

	(void)state;
	/* the zero point is "prove work first" */
	for (n = 1; n < ARRAY_SIZE(small_points); n++) {
		world_challenge();
		memcpy(w.challenge + 80, small_points[n], 32);
		remac_challenge(w.challenge);
		assert_int_equal(challenge_says(w.challenge, POOL_CHALLENGE_LEN), POOL_HS_OK);
		memset(&w.ki, 0xee, sizeof(w.ki));
		before = w.ki;
		assert_int_equal(pool_initiator_response(&w.i, &w.c, w.x, NULL, 0, w.response,
							 &w.ki), POOL_HS_KEY);
		assert_memory_equal(&w.ki, &before, sizeof(before));
		assert_memory_equal(w.response, zero, sizeof(zero));
	}
}

/* A claim for any E_i with its work done, as an attacker would make it. */
static void claim_for(const u8 E_i[32])
{
	struct pool_challenge c = { .full = true };

	memset(&w.claim, 0, sizeof(w.claim));
	memcpy(w.claim.E_i, E_i, 32);
	pool_sid(w.claim.sid, E_i);
	w.claim.timestamp = w.time;
	pool_responder_challenge(&w.r, &w.claim, w.addr, w.issue, true, w.challenge);
	memcpy(c.seed, w.challenge + 80 + 32, 32);
	solve(c.seed, 16, w.x);

	memset(w.response, 0, sizeof(w.response));
	pool_hs_header(w.response, POOL_RESPONSE, w.claim.sid, w.time, 184);
	memcpy(w.response + 80, E_i, 32);
	memcpy(w.response + 112, c.seed, 8);
	memcpy(w.response + 120, w.challenge + 80 + 64, 8);
	memcpy(w.response + 128, w.x, 8);
}

static void low_order_ephemeral(void **state)
{
	size_t n;
	u64 ops;

	(void)state;
	for (n = 0; n < ARRAY_SIZE(small_points); n++) {
		world_init();
		claim_for(small_points[n]);
		ops = w.r.curve_ops;
		assert_int_equal(open_response(w.response), POOL_HS_KEY);
		assert_true(w.r.curve_ops == ops + 2);
	}
}

/*
 * A RESPONSE with any S_i, made by someone who has an e_i but no s_i; @shared
 * is what he takes DH(s_i, E_r) to be.
 */
static void forge_identity(const u8 S_i[32], const u8 shared[32])
{
	u8 plain[POOL_RESPONSE_SEALED] = { 0 }, dh[32], key[32];
	struct pool_vec v[2] = { { w.c.ad, 48 }, { w.c.payload, 72 } };
	struct pool_symmetric s = w.i.sym;
	struct pool_epoch_keys k;

	pool_mix_hash(&s, v, 2);
	assert_true(pool_x25519(dh, w.i.e, w.c.E_r));
	pool_mix_key(&s, dh, 32);
	assert_true(pool_x25519(dh, w.i.e, w.b.public));
	pool_mix_key(&s, dh, 32);
	v[0] = (struct pool_vec){ w.response, 48 };
	v[1] = (struct pool_vec){ w.response + 80, 56 };
	pool_mix_hash(&s, v, 2);
	pool_hs_seal_key(key, &s);
	memcpy(plain, S_i, 32);
	pool_seal_once(w.response + 136, plain, sizeof(plain), s.h, 32, key);
	v[0] = (struct pool_vec){ w.response + 136, 128 };
	pool_mix_hash(&s, v, 1);
	pool_mix_key(&s, shared, 32);
	pool_mix_key(&s, w.psk, 32);
	pool_epoch_derive(&k, s.ck, s.h, 0);
	pool_hs_mac_response(w.response + 48, k.dir[0].mac, w.response, plain, plain + 32);
}

static void low_order_identity(void **state)
{
	static const u8 zero[32];
	size_t n;
	u64 ops;

	(void)state;
	for (n = 0; n < ARRAY_SIZE(small_points); n++) {
		world_response();
		forge_identity(small_points[n], zero);
		ops = w.r.curve_ops;
		assert_int_equal(open_response(w.response), POOL_HS_KEY);
		assert_true(w.r.curve_ops == ops + 4);
	}
}

/* ------------------------------------------------------ man in the middle */

/* He knows every public key, but no secret key of either end. */
static void mitm_takes_another_identity(void **state)
{
	struct pool_identity victim;
	u8 shared[32];

	(void)state;
	/* the forger's own hand: with the right secret it is a true RESPONSE */
	world_response();
	assert_true(pool_x25519(shared, w.a.secret, w.c.E_r));
	forge_identity(w.a.public, shared);
	assert_int_equal(open_response(w.response), POOL_HS_OK);
	assert_int_equal(pool_responder_finish(&w.rsp, w.psk, w.response, &w.kr), POOL_HS_OK);

	/* without: it opens, and shows whom he claims to be, and that is all */
	world_response();
	identity(&victim, 0x78);
	assert_true(pool_x25519(shared, w.i.e, w.c.E_r));
	forge_identity(victim.public, shared);
	assert_int_equal(open_response(w.response), POOL_HS_OK);
	assert_memory_equal(w.rsp.S_i, victim.public, 32);
	assert_int_equal(pool_responder_finish(&w.rsp, w.psk, w.response, &w.kr),
			 POOL_HS_HMAC);
}

static void mitm_replaces_ephemeral(void **state)
{
	u8 e[32], E[32], x[8];

	(void)state;
	/* his own E_r to the initiator: the HMAC's key is public, so it is taken … */
	world_challenge();
	memset(e, 0x79, 32);
	assert_true(pool_x25519_public(E, e));
	memcpy(w.challenge + 80, E, 32);
	remac_challenge(w.challenge);
	assert_int_equal(challenge_says(w.challenge, POOL_CHALLENGE_LEN), POOL_HS_OK);
	memcpy(x, w.x, 8);
	assert_int_equal(pool_initiator_response(&w.i, &w.c, x, w.hello, w.hello_len,
						 w.response, &w.ki), 0);
	/* … but the true responder cannot open what comes of it */
	assert_int_equal(open_response(w.response), POOL_HS_SEAL);

	/* every other byte of CHALLENGE is bound too, by the seed or the transcript */
	world_challenge();
	w.challenge[80 + 70] = 1;
	remac_challenge(w.challenge);
	assert_int_equal(challenge_says(w.challenge, POOL_CHALLENGE_LEN), POOL_HS_OK);
	assert_int_equal(pool_initiator_response(&w.i, &w.c, w.x, NULL, 0, w.response,
						 &w.ki), 0);
	assert_int_equal(open_response(w.response), POOL_HS_SEAL);

	world_challenge();
	w.challenge[80 + 32 + 31] ^= 1;		/* a byte of the seed that is not sent back */
	remac_challenge(w.challenge);
	assert_int_equal(challenge_says(w.challenge, POOL_CHALLENGE_LEN), POOL_HS_OK);
	assert_int_equal(pool_initiator_response(&w.i, &w.c, w.x, NULL, 0, w.response,
						 &w.ki), 0);
	assert_int_equal(open_response(w.response), POOL_HS_SEAL);
}

/* He has a handshake of his own with the responder's CHALLENGE. */
static void mitm_replaces_initiator(void **state)
{
	u8 e[32], E[32];

	(void)state;
	world_response();
	memset(e, 0x7a, 32);
	assert_true(pool_x25519_public(E, e));
	/* E_i with the SID that belongs to it: the seed was for the other one */
	memcpy(w.response + 80, E, 32);
	pool_sid(w.response + 20, E);
	assert_int_equal(open_response(w.response), POOL_HS_SEED);
	assert_true(w.r.curve_ops == 1);
}

static void two_sessions_share_nothing(void **state)
{
	struct pool_epoch_keys first;
	u8 e[32];

	(void)state;
	world_response();
	first = w.ki;
	memset(e, 0x7b, 32);
	assert_int_equal(pool_initiator_start_with(&w.i, &w.a, w.b.public, w.psk,
						   POOL_TRANSPORT_UDP, w.time, e, w.init), 0);
	assert_int_equal(pool_responder_init(&w.r, w.init, sizeof(w.init), w.time, 0,
					     &w.claim), 0);
	pool_responder_challenge(&w.r, &w.claim, w.addr, w.issue, true, w.challenge);
	assert_int_equal(challenge_says(w.challenge, POOL_CHALLENGE_LEN), POOL_HS_OK);
	/* the initiator needs no valid work to derive keys */
	assert_int_equal(pool_initiator_response(&w.i, &w.c, w.x, NULL, 0, w.response,
						 &w.ki), 0);
	assert_memory_not_equal(first.dir[0].enc, w.ki.dir[0].enc, 32);
	assert_memory_not_equal(first.dir[1].enc, w.ki.dir[1].enc, 32);
	assert_memory_not_equal(first.chain, w.ki.chain, 32);
}

/* What the two ends agreed on carries packets, and not back to their sender. */
static void keys_carry_packets(void **state)
{
	struct pool_hdr h = { .version = 1, .type = POOL_ACK, .flags = POOL_F_ENCRYPTED,
			      .payload_len = POOL_FIRST_ACK_PLAIN + POOL_TAG_LEN };
	u8 pkt[POOL_OVERHEAD + POOL_FIRST_ACK_PLAIN] = { 0 }, copy[sizeof(pkt)];
	struct pool_cipher tx, rx;

	(void)state;
	world_response();
	assert_int_equal(open_response(w.response), POOL_HS_OK);
	assert_int_equal(pool_responder_finish(&w.rsp, w.psk, w.response, &w.kr), POOL_HS_OK);
	pool_cipher_init(&tx, &w.kr.dir[POOL_R2I]);
	pool_cipher_init(&rx, &w.ki.dir[POOL_R2I]);
	h.seq = w.kr.dir[POOL_R2I].isn;
	pool_hdr_encode(pkt, &h);
	assert_int_equal(pool_packet_seal(&tx, NULL, pkt, POOL_FIRST_ACK_PLAIN), 0);
	memcpy(copy, pkt, sizeof(pkt));
	assert_int_equal(pool_packet_open(&rx, NULL, copy, sizeof(copy)), 0);
	pool_cipher_init(&rx, &w.kr.dir[POOL_I2R]);
	memcpy(copy, pkt, sizeof(pkt));
	assert_int_equal(pool_packet_open(&rx, NULL, copy, sizeof(copy)), -EBADMSG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(full_handshake),
		cmocka_unit_test(packets_on_the_wire),
		cmocka_unit_test(random_handshakes),
		cmocka_unit_test(work_first),
		cmocka_unit_test(stateless_and_repeatable),
		cmocka_unit_test(puzzle),
		cmocka_unit_test(init_lengths),
		cmocka_unit_test(init_header),
		cmocka_unit_test(init_zero_fields_are_ignored),
		cmocka_unit_test(init_time),
		cmocka_unit_test(init_time_before_hmac),
		cmocka_unit_test(init_every_flipped_bit),
		cmocka_unit_test(wrong_peer_key),
		cmocka_unit_test(work_secret),
		cmocka_unit_test(work_difficulty),
		cmocka_unit_test(work_at_all_difficulties),
		cmocka_unit_test(work_sid),
		cmocka_unit_test(work_seed),
		cmocka_unit_test(work_solution),
		cmocka_unit_test(work_spent),
		cmocka_unit_test(response_spent),
		cmocka_unit_test(spent_table_overwrites),
		cmocka_unit_test(work_order),
		cmocka_unit_test(solution_of_another_ephemeral),
		cmocka_unit_test(rotation),
		cmocka_unit_test(secrets_age),
		cmocka_unit_test(indices_cycle),
		cmocka_unit_test(reset_kills_the_past),
		cmocka_unit_test(secrets_differ),
		cmocka_unit_test(challenge_fields),
		cmocka_unit_test(challenge_every_flipped_bit),
		cmocka_unit_test(challenge_of_another_attempt),
		cmocka_unit_test(challenges_per_attempt),
		cmocka_unit_test(second_prove_work),
		cmocka_unit_test(response_lengths),
		cmocka_unit_test(response_every_flipped_bit),
		cmocka_unit_test(response_of_another_time),
		cmocka_unit_test(response_from_elsewhere),
		cmocka_unit_test(response_on_another_transport),
		cmocka_unit_test(wrong_psk),
		cmocka_unit_test(malformed_hello),
		cmocka_unit_test(hello_too_long_is_cut),
		cmocka_unit_test(low_order_remote),
		cmocka_unit_test(low_order_challenge),
		cmocka_unit_test(low_order_ephemeral),
		cmocka_unit_test(low_order_identity),
		cmocka_unit_test(mitm_takes_another_identity),
		cmocka_unit_test(mitm_replaces_ephemeral),
		cmocka_unit_test(mitm_replaces_initiator),
		cmocka_unit_test(two_sessions_share_nothing),
		cmocka_unit_test(keys_carry_packets),
	};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests_name("handshake", tests, NULL, NULL);
}
