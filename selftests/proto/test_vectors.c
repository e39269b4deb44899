// SPDX-License-Identifier: GPL-2.0
/* spec/vectors through the C core; the layout is in the README.md there. */
#include <jansson.h>
#include <sodium.h>

#include "test.h"

static const char *file_name, *case_name;

static void complain(const char *what, const char *member, int line)
{
	print_error("%s, case \"%s\", %s: %s (line %d)\n", file_name, case_name, member, what,
		    line);
	fail();
}

#define CHECK(cond, member) do {						\
	if (!(cond))								\
		complain("wrong: " #cond, member, __LINE__);			\
} while (0)

/* ---------------------------------------------------------------- members */

static json_t *member(json_t *o, const char *key)
{
	json_t *v = json_object_get(o, key);

	if (!v)
		complain("missing", key, 0);
	return v;
}

static const char *text(json_t *o, const char *key)
{
	const char *s = json_string_value(member(o, key));

	if (!s)
		complain("not a string", key, 0);
	return s;
}

static size_t bytes(json_t *o, const char *key, u8 *out, size_t room)
{
	long n = hex_bytes(out, room, text(o, key));

	if (n < 0)
		complain("not lower-case hex, or too long", key, 0);
	return (size_t)n;
}

static void exactly(json_t *o, const char *key, u8 *out, size_t len)
{
	if (bytes(o, key, out, len) != len)
		complain("too short", key, 0);
}

static u64 value64(json_t *o, const char *key)
{
	u8 be[8];

	exactly(o, key, be, 8);
	return pool_get64(be);
}

static u32 number(json_t *o, const char *key)
{
	json_t *v = member(o, key);

	if (!json_is_integer(v) || json_integer_value(v) < 0 ||
	    json_integer_value(v) > 0xffffffffLL)
		complain("not a number of 32 bits", key, 0);
	return (u32)json_integer_value(v);
}

static bool yes(json_t *o, const char *key)
{
	return json_is_true(json_object_get(o, key));
}

/* The member is @len bytes, these. */
static void same(json_t *o, const char *key, const void *got, size_t len)
{
	static u8 want[POOL_MAX_PACKET];
	static char hex[2 * 512 + 1];

	if (bytes(o, key, want, sizeof(want)) != len)
		complain("wrong length", key, 0);
	if (!memcmp(want, got, len))
		return;
	sodium_bin2hex(hex, sizeof(hex), got, len < 512 ? len : 512);
	print_error("we have %s\n", hex);
	complain("differs", key, 0);
}

static void same64(json_t *o, const char *key, u64 got)
{
	u8 be[8];

	pool_put64(be, got);
	same(o, key, be, sizeof(be));
}

static void for_cases(const char *file, void (*run)(json_t *o))
{
	const char *dir = getenv("POOL_VECTORS");
	static json_t *root;	/* still known if a case fails: no leak to complain of */
	json_t *cases, *o;
	json_error_t err;
	char path[4096];
	size_t n;

	snprintf(path, sizeof(path), "%s/%s", dir ? dir : "../../spec/vectors", file);
	file_name = file;
	case_name = "";
	root = json_load_file(path, JSON_REJECT_DUPLICATES, &err);
	if (!root) {
		print_error("%s:%d: %s\n", path, err.line, err.text);
		fail();
	}
	cases = member(root, "cases");
	CHECK(json_array_size(cases) > 0, "cases");
	json_array_foreach(cases, n, o) {
		case_name = "without a name";
		case_name = text(o, "name");
		run(o);
	}
	json_decref(root);
}

/* ------------------------------------------------------------------ files */

static void hkdf_case(json_t *o)
{
	static u8 ikm[4096], salt[4096], info[4096], okm[255 * 32];
	struct pool_vec v = { info, 0 };
	size_t salt_len = bytes(o, "salt", salt, sizeof(salt));
	u32 len = number(o, "length");
	u8 prk[32];

	CHECK(len <= sizeof(okm), "length");
	pool_hkdf_extract(prk, salt, salt_len, ikm, bytes(o, "ikm", ikm, sizeof(ikm)));
	same(o, "prk", prk, 32);
	v.len = bytes(o, "info", info, sizeof(info));
	CHECK(!pool_hkdf_expand(okm, len, prk, &v, 1), "okm");
	same(o, "okm", okm, len);
}

static void header_case(json_t *o)
{
	u8 in[POOL_AD_LEN], out[POOL_AD_LEN];
	struct pool_hdr h;

	exactly(o, "bytes", in, sizeof(in));
	pool_hdr_decode(&h, in);
	CHECK(h.version == number(o, "version"), "version");
	CHECK(h.type == number(o, "type"), "type");
	CHECK(h.flags == number(o, "flags"), "flags");
	CHECK(h.channel == number(o, "channel"), "channel");
	CHECK(h.payload_len == number(o, "payload_len"), "payload_len");
	same64(o, "seq", h.seq);
	same64(o, "ack", h.ack);
	same64(o, "timestamp", h.timestamp);
	same(o, "sid", h.sid, POOL_SID_LEN);
	if (yes(o, "encode")) {
		pool_hdr_encode(out, &h);
		same(o, "bytes", out, sizeof(out));
	}
}

static bool has(json_t *o, const char *key, bool got)
{
	bool want = json_object_get(o, key) != NULL;

	if (want != got)
		complain(want ? "we have not got it" : "we have got it", key, 0);
	return want;
}

static void tlv_case(json_t *o)
{
	static u8 buf[POOL_MAX_PAYLOAD], out[POOL_MAX_PAYLOAD];
	size_t len = bytes(o, "bytes", buf, sizeof(buf)), n;
	struct pool_hello *h;
	struct pool_tlvs t;
	json_t *v, *e;

	CHECK(json_is_boolean(member(o, "valid")), "valid");
	CHECK(!pool_tlvs_parse(&t, buf, len) == yes(o, "valid"), "valid");
	if (!yes(o, "valid"))
		return;
	h = &t.hello;
	if (has(o, "transports", h->present & 1 << POOL_TLV_TRANSPORTS))
		CHECK(h->transports == number(o, "transports"), "transports");
	/* 0 means the same as absent */
	if (has(o, "max_plaintext", h->max_plaintext))
		CHECK(h->max_plaintext == number(o, "max_plaintext"), "max_plaintext");
	if (has(o, "offload", h->present & 1 << POOL_TLV_OFFLOAD))
		CHECK(h->offload == number(o, "offload"), "offload");
	if (has(o, "address", h->present & 1 << POOL_TLV_ADDRESS))
		same(o, "address", h->address, POOL_ADDR_LEN);
	if (has(o, "name_hex", h->present & 1 << POOL_TLV_NAME))
		same(o, "name_hex", h->name, h->name_len);
	v = json_object_get(o, "acked");
	CHECK(json_array_size(v) == t.n_acked, "acked");
	json_array_foreach(v, n, e) {
		u8 be[8];

		CHECK(json_is_string(e) && hex_bytes(be, 8, json_string_value(e)) == 8, "acked");
		CHECK(pool_get64(be) == t.acked[n], "acked");
	}
	if (has(o, "error", t.n_errors)) {
		v = member(o, "error");
		CHECK(t.errors[0].code == number(v, "code"), "error");
		CHECK(t.errors[0].subcode == number(v, "subcode"), "error");
		CHECK(t.errors[0].count == number(v, "count"), "error");
	}
	if (has(o, "overload", t.has_overload))
		CHECK(t.overload_s == number(o, "overload"), "overload");
	if (yes(o, "write"))
		same(o, "bytes", out, pool_hello_write(out, sizeof(out), h));
}

static struct pool_responder responder;

static void puzzle_case(json_t *o)
{
	static const struct pool_identity self;
	u8 key[32], value[8], addr16[16], x[8], low[8] = { 0 };
	u8 pkt[POOL_CHALLENGE_LEN];
	struct pool_claim c = { .filled = false };
	u32 d = number(o, "difficulty");
	json_t *list, *e;
	size_t n;

	exactly(o, "K", key, 32);
	exactly(o, "secret8", value, 8);
	exactly(o, "addr16", addr16, 16);
	exactly(o, "E_i", c.E_i, 32);
	c.timestamp = value64(o, "timestamp");
	pool_sid(c.sid, c.E_i);
	same(o, "sid", c.sid, 16);
	CHECK(d <= 64, "difficulty");

	/* The seed as the responder sends it. */
	memset(&responder, 0, sizeof(responder));
	pool_responder_reset_with(&responder, &self, key, value, 0);
	responder.difficulty = (u8)d;
	pool_responder_challenge(&responder, &c, addr16, number(o, "issue"), false, pkt);
	same(o, "seed", pkt + POOL_HDR_LEN + POOL_CHALLENGE_SEED, 32);
	memcpy(c.seed, pkt + POOL_HDR_LEN + POOL_CHALLENGE_SEED, 32);

	list = member(o, "solutions");
	json_array_foreach(list, n, e) {
		CHECK(json_is_string(e) && hex_bytes(x, 8, json_string_value(e)) == 8,
		      "solutions");
		CHECK(pool_puzzle_check(c.seed, (u8)d, x), "solutions");
		if (n)
			continue;
		CHECK(pool_puzzle_search(c.seed, (u8)d, low, 100000000), "solutions");
		CHECK(!memcmp(low, x, 8), "solutions");
	}
	list = json_object_get(o, "wrong");
	json_array_foreach(list, n, e) {
		CHECK(json_is_string(e) && hex_bytes(x, 8, json_string_value(e)) == 8, "wrong");
		CHECK(!pool_puzzle_check(c.seed, (u8)d, x), "wrong");
	}
}

static void same_keys(json_t *keys, const struct pool_epoch_keys *k)
{
	static const char * const dirs[] = { "i2r", "r2i" };
	unsigned int d;
	json_t *o;

	for (d = 0; d < 2; d++) {
		o = member(keys, dirs[d]);
		same(o, "enc", k->dir[d].enc, 32);
		same(o, "mac", k->dir[d].mac, 32);
		same64(o, "isn", k->dir[d].isn);
	}
	same(keys, "chain", k->chain, 32);
}

static void epoch_case(json_t *o)
{
	u8 ck[32], h[32], chain[32], dh[64], sid[16], be[4], offer[32], answer[32];
	struct pool_vec v[] = {
		{ "pool1 rekey", 11 }, { sid, 16 }, { be, 4 }, { offer, 32 }, { answer, 32 },
	};
	u32 epoch = number(o, "epoch");
	struct pool_epoch_keys k;

	if (json_object_get(o, "old_chain")) {
		exactly(o, "old_chain", chain, 32);
		exactly(o, "dh_ephemeral", dh, 32);
		exactly(o, "dh_static", dh + 32, 32);
		exactly(o, "sid", sid, 16);
		exactly(o, "offer", offer, 32);
		exactly(o, "answer", answer, 32);
		pool_put32(be, epoch);
		pool_hkdf_extract(ck, chain, 32, dh, 64);
		same(o, "ck", ck, 32);
		pool_sha256(h, v, 5);
		same(o, "h", h, 32);
	}
	exactly(o, "ck", ck, 32);
	exactly(o, "h", h, 32);
	pool_epoch_derive(&k, ck, h, epoch);
	same_keys(member(o, "keys"), &k);
}

static const char * const hs_errors[] = {
	"ok", "length", "type", "version", "time", "hmac", "secret", "difficulty", "sid",
	"seed", "solution", "spent", "key", "seal", "tlv", "attempt",
};

_Static_assert(ARRAY_SIZE(hs_errors) == POOL_HS_ATTEMPT + 1, "every error has its name");

/* All that a handshake case gives us to begin with. */
struct hs_input {
	struct pool_identity a, b;
	u8 e[32], psk[32], addr16[16], key[32], eph[32], value[8], x[8];
	u8 hello[POOL_HELLO_MAX];
	size_t hello_len;
	u8 transport, index, difficulty;
	u64 time;
	u32 issue;
};

static void read_input(json_t *o, struct hs_input *in)
{
	exactly(o, "s_i", in->a.secret, 32);
	exactly(o, "s_r", in->b.secret, 32);
	CHECK(pool_x25519_public(in->a.public, in->a.secret), "s_i");
	CHECK(pool_x25519_public(in->b.public, in->b.secret), "s_r");
	same(o, "S_i", in->a.public, 32);
	same(o, "S_r", in->b.public, 32);
	exactly(o, "e_i", in->e, 32);
	exactly(o, "psk", in->psk, 32);
	exactly(o, "addr16", in->addr16, 16);
	exactly(o, "K", in->key, 32);
	exactly(o, "K_eph", in->eph, 32);
	exactly(o, "secret8", in->value, 8);
	exactly(o, "solution", in->x, 8);
	in->hello_len = bytes(o, "hello", in->hello, sizeof(in->hello));
	in->transport = (u8)number(o, "transport");
	in->index = (u8)number(o, "index");
	in->difficulty = (u8)number(o, "difficulty");
	in->time = value64(o, "timestamp");
	in->issue = number(o, "issue");
}

static void fresh_responder(const struct hs_input *in)
{
	memset(&responder, 0, sizeof(responder));
	pool_responder_reset_with(&responder, &in->b, in->key, in->value, in->index);
	memcpy(responder.secret[0].eph_key, in->eph, 32);
	responder.difficulty = in->difficulty;
}

static void fresh_initiator(json_t *o, const struct hs_input *in, struct pool_initiator *i)
{
	u8 pkt[POOL_INIT_LEN];

	CHECK(!pool_initiator_start_with(i, &in->a, in->b.public, in->psk, in->transport,
					 in->time, in->e, pkt), "e_i");
	same(o, "init", pkt, sizeof(pkt));
}

static void label_key(json_t *o, const char *key, const char *label, const u8 *first,
		      const u8 *second)
{
	struct pool_vec v[] = { { label, strlen(label) }, { first, 32 }, { second, 32 } };
	u8 out[32];

	pool_sha256(out, v, second ? 3 : 2);
	same(o, key, out, 32);
}

static void reject(json_t *r, const struct hs_input *in, struct pool_initiator *i)
{
	const char *at = text(r, "at"), *want = text(r, "error");
	static u8 pkt[POOL_MAX_PACKET], addr16[16];
	size_t len = bytes(r, "packet", pkt, sizeof(pkt));
	struct pool_epoch_keys keys;
	struct pool_challenge ch;
	struct pool_response rsp;
	enum pool_hs_error err;
	struct pool_claim c;
	u64 now = in->time;

	if (!strcmp(at, "init")) {
		if (json_object_get(r, "now"))
			now = value64(r, "now");
		err = pool_responder_init(&responder, pkt, len, now, 0, &c);
		if (!err && c.filled)
			err = pool_responder_check_work(&responder, &c, in->addr16, false);
	} else if (!strcmp(at, "challenge")) {
		err = pool_initiator_challenge(i, pkt, len, &ch);
		if (!err && ch.full)
			err = pool_initiator_response(i, &ch, in->x, in->hello, in->hello_len,
						      pkt, &keys);
	} else {
		CHECK(!strcmp(at, "response"), "at");
		memcpy(addr16, in->addr16, 16);
		if (json_object_get(r, "addr16"))
			exactly(r, "addr16", addr16, 16);
		err = pool_responder_open(&responder, pkt, len, addr16, in->transport, &rsp);
		if (!err)
			err = pool_responder_finish(&rsp, in->psk, pkt, &keys);
	}
	if (strcmp(hs_errors[err], want)) {
		print_error("we say \"%s\", the vector \"%s\"\n", hs_errors[err], want);
		complain("other verdict", text(r, "name"), 0);
	}
}

static void handshake_case(json_t *o)
{
	u8 pkt[POOL_RESPONSE_LEN], e_r[32], E_r[32];
	struct pool_epoch_keys ki, kr;
	struct pool_initiator i;
	struct pool_challenge c;
	struct pool_response rsp;
	struct pool_claim claim;
	struct hs_input in;
	json_t *list, *r;
	size_t n;

	read_input(o, &in);
	fresh_responder(&in);
	fresh_initiator(o, &in, &i);
	same(o, "E_i", i.E, 32);
	same(o, "sid", i.sid, 16);
	same(o, "h_1", i.sym.h, 32);
	label_key(o, "key_init", "pool1 init", in.b.public, NULL);
	label_key(o, "key_challenge", "pool1 challenge", i.E, in.b.public);

	exactly(o, "init", pkt, POOL_INIT_LEN);
	CHECK(!pool_responder_init(&responder, pkt, POOL_INIT_LEN, in.time, 0, &claim), "init");
	if (yes(o, "work_first")) {
		pool_responder_challenge(&responder, &claim, in.addr16, in.issue, false, pkt);
		same(o, "prove_work", pkt, POOL_CHALLENGE_LEN);
		CHECK(!pool_initiator_challenge(&i, pkt, POOL_CHALLENGE_LEN, &c), "prove_work");
		CHECK(!c.full, "prove_work");
		pool_initiator_fill(&i, &c, in.x, pkt);
		same(o, "init_filled", pkt, POOL_INIT_LEN);
		CHECK(!pool_responder_init(&responder, pkt, POOL_INIT_LEN, in.time, 0, &claim),
		      "init_filled");
		CHECK(claim.filled, "init_filled");
		CHECK(!pool_responder_check_work(&responder, &claim, in.addr16, false),
		      "init_filled");
	}
	pool_responder_challenge(&responder, &claim, in.addr16, in.issue, true, pkt);
	same(o, "challenge", pkt, POOL_CHALLENGE_LEN);
	CHECK(!pool_initiator_challenge(&i, pkt, POOL_CHALLENGE_LEN, &c), "challenge");
	CHECK(c.full, "challenge");
	same(o, "E_r", c.E_r, 32);
	exactly(o, "e_r", e_r, 32);
	CHECK(pool_x25519_public(E_r, e_r) && !memcmp(E_r, c.E_r, 32), "e_r");
	same(o, "seed", c.seed, 32);
	CHECK(pool_puzzle_check(c.seed, c.difficulty, in.x), "solution");

	CHECK(!pool_initiator_response(&i, &c, in.x, in.hello, in.hello_len, pkt, &ki),
	      "response");
	same(o, "response", pkt, POOL_RESPONSE_LEN);
	same_keys(member(o, "keys"), &ki);
	CHECK(!pool_responder_open(&responder, pkt, POOL_RESPONSE_LEN, in.addr16, in.transport,
				   &rsp), "response");
	CHECK(!memcmp(rsp.S_i, in.a.public, 32), "response");
	CHECK(!memcmp(rsp.hello, in.hello, in.hello_len), "response");
	CHECK(!pool_responder_finish(&rsp, in.psk, pkt, &kr), "response");
	same_keys(member(o, "keys"), &kr);

	fresh_responder(&in);
	fresh_initiator(o, &in, &i);
	list = json_object_get(o, "reject");
	json_array_foreach(list, n, r)
		reject(r, &in, &i);
}

static void packet_case(json_t *o)
{
	static u8 pkt[POOL_MAX_PACKET], want[POOL_MAX_PACKET];
	const char *error = json_string_value(json_object_get(o, "error"));
	u8 nonce[POOL_NONCE_LEN], prefix[4];
	struct pool_dir_keys keys;
	struct pool_cipher c;
	struct pool_hdr h;
	size_t len;
	int err;

	exactly(o, "enc", keys.enc, 32);
	exactly(o, "mac", keys.mac, 32);
	pool_cipher_init(&c, &keys);
	if (error) {
		len = bytes(o, "packet", pkt, sizeof(pkt));
		err = pool_packet_open(&c, NULL, pkt, len);
		CHECK(err == (!strcmp(error, "length") ? -EMSGSIZE :
			      !strcmp(error, "decrypt") ? -EBADMSG :
			      !strcmp(error, "auth") ? -EKEYREJECTED : 1), "error");
		return;
	}

	memset(&h, 0, sizeof(h));
	h.version = POOL_VERSION;
	h.type = (u8)number(o, "type");
	h.flags = (u16)number(o, "flags");
	h.seq = value64(o, "seq");
	h.ack = value64(o, "ack");
	exactly(o, "sid", h.sid, POOL_SID_LEN);
	h.timestamp = value64(o, "timestamp");
	h.channel = (u8)number(o, "channel");
	len = bytes(o, "plain", pkt + POOL_HDR_LEN, POOL_MAX_PLAINTEXT);
	h.payload_len = (u16)(len + POOL_TAG_LEN);
	pool_hdr_encode(pkt, &h);
	pool_cipher_nonce_prefix(&c, prefix);
	pool_nonce(nonce, prefix, h.seq);
	same(o, "nonce", nonce, sizeof(nonce));
	CHECK(!pool_packet_seal(&c, NULL, pkt, len), "packet");
	same(o, "hmac", pkt + POOL_AD_LEN, POOL_HASH_LEN);
	same(o, "packet", pkt, len + POOL_OVERHEAD);
	memcpy(want, pkt, len + POOL_OVERHEAD);
	CHECK(!pool_packet_open(&c, NULL, want, len + POOL_OVERHEAD), "packet");
	same(o, "plain", want + POOL_HDR_LEN, len);
}

static void address_case(json_t *o)
{
	u8 identity[32], addr[POOL_ADDR_LEN], back[POOL_ADDR_LEN], ip[16], node[8];
	const char *error = json_string_value(json_object_get(o, "error"));
	char out[POOL_ADDR_TEXT_LEN];

	if (error) {
		CHECK(pool_addr_parse(back, text(o, "text")) ==
		      (!strcmp(error, "format") ? -EINVAL :
		       !strcmp(error, "checksum") ? -EBADMSG : 1), "error");
		return;
	}
	exactly(o, "identity", identity, 32);
	pool_node_id(node, identity);
	same(o, "node_id", node, sizeof(node));
	pool_addr_make(addr, value64(o, "org"), value64(o, "segment"), identity);
	same(o, "address", addr, sizeof(addr));
	CHECK(!pool_addr_check(addr), "address");
	pool_addr_format(out, addr);
	CHECK(!strcmp(out, text(o, "text")), "text");
	CHECK(!pool_addr_parse(back, out) && !memcmp(back, addr, sizeof(addr)), "text");
	pool_addr_to_ipv6(ip, addr);
	same(o, "ipv6", ip, sizeof(ip));
}

static void replay_case(json_t *o)
{
	static const char * const verdicts[] = { "ok", "seen", "old", "range" };
	enum pool_replay_verdict v;
	struct pool_replay r;
	json_t *ops, *op;
	const char *seq, *want;
	char where[32];
	size_t n;
	u8 be[8];

	pool_replay_init(&r, value64(o, "first"), number(o, "bits"));
	ops = member(o, "ops");
	json_array_foreach(ops, n, op) {
		snprintf(where, sizeof(where), "ops[%zu]", n);
		seq = json_string_value(json_array_get(op, 0));
		want = json_string_value(json_array_get(op, 1));
		CHECK(seq && want && hex_bytes(be, 8, seq) == 8, where);
		v = pool_replay_peek(&r, pool_get64(be));
		CHECK(!strcmp(verdicts[v], want), where);
		CHECK(pool_replay_update(&r, pool_get64(be)) == v, where);
	}
}

static void telemetry_case(json_t *o)
{
	struct pool_telemetry t;
	u8 block[POOL_TELEMETRY_LEN], again[POOL_TELEMETRY_LEN];

	exactly(o, "bytes", block, sizeof(block));
	CHECK(!pool_telemetry_decode(&t, block, sizeof(block)), "bytes");
	CHECK(t.rtt_ns == value64(o, "rtt"), "rtt");
	CHECK(t.jitter_ns == value64(o, "jitter"), "jitter");
	CHECK(t.loss_ppm == number(o, "loss"), "loss");
	CHECK(t.throughput == number(o, "throughput"), "throughput");
	CHECK(t.mtu == number(o, "mtu"), "mtu");
	CHECK(t.queue == number(o, "queue"), "queue");
	CHECK(t.uptime_ns == value64(o, "uptime"), "uptime");
	CHECK(t.rekeys == number(o, "rekeys"), "rekeys");
	CHECK(t.config_version == number(o, "config"), "config");
	CHECK(t.digest == number(o, "digest"), "digest");
	CHECK(t.journal == value64(o, "journal"), "journal");
	pool_telemetry_encode(again, &t);
	same(o, "bytes", again, sizeof(again));
}

static void digest_case(json_t *o)
{
	u8 sid[POOL_SID_LEN], identity[POOL_KEY_LEN], a[POOL_NODE_ID_LEN], b[POOL_NODE_ID_LEN];

	exactly(o, "sid", sid, sizeof(sid));
	exactly(o, "S_a", identity, sizeof(identity));
	pool_node_id(a, identity);
	exactly(o, "S_b", identity, sizeof(identity));
	pool_node_id(b, identity);
	CHECK(pool_state_digest(sid, number(o, "epoch"), number(o, "config"),
				(u8)number(o, "transport"), a, b) == number(o, "digest"), "digest");
}

static u64 item64(json_t *array, size_t n, const char *key)
{
	const char *s = json_string_value(json_array_get(array, n));
	u8 be[8];

	CHECK(s && hex_bytes(be, sizeof(be), s) == sizeof(be), key);
	return pool_get64(be);
}

static void rtt_case(json_t *o)
{
	json_t *samples = member(o, "samples"), *after = member(o, "after"), *want;
	struct pool_rtt rtt = { 0 };
	size_t n;

	CHECK(json_array_size(samples) && json_array_size(samples) == json_array_size(after),
	      "after");
	for (n = 0; n < json_array_size(samples); n++) {
		pool_rtt_sample(&rtt, item64(samples, n, "samples"));
		want = json_array_get(after, n);
		CHECK(rtt.srtt == item64(want, 0, "after"), "after");
		CHECK(rtt.rttvar == item64(want, 1, "after"), "after");
	}
}

static void loss_case(json_t *o)
{
	json_t *epochs = member(o, "epochs"), *epoch, *arrivals;
	struct pool_loss loss = { 0 };
	size_t n, i;

	CHECK(json_array_size(epochs), "epochs");
	json_array_foreach(epochs, n, epoch) {
		arrivals = member(epoch, "arrivals");
		for (i = 0; i < json_array_size(arrivals); i++)
			pool_loss_received(&loss, (u32)n, value64(epoch, "first"),
					   item64(arrivals, i, "arrivals"), n);
		CHECK(pool_loss_ppm(&loss, n) == number(epoch, "ppm"), "ppm");
	}
}

static void segment_case(json_t *o)
{
	static u8 plain[POOL_MAX_PLAINTEXT];
	size_t len = bytes(o, "plain", plain, sizeof(plain)), packet = 0;
	bool valid = json_is_true(member(o, "valid"));
	const u8 *p = plain + POOL_SEGMENT_HDR;
	struct pool_segment m = { 0 }, own;
	u8 back[POOL_SEGMENT_HDR];
	int err = -1;

	if (len >= POOL_SEGMENT_HDR) {
		packet = len - POOL_SEGMENT_HDR;
		err = pool_segment_decode(&m, plain) ?: pool_segment_check(&m, p, packet);
	}
	CHECK(!err == valid, "valid");
	if (!valid)
		return;
	CHECK(m.type == number(o, "type"), "type");
	CHECK(m.flags == number(o, "flags"), "flags");
	CHECK(m.size == number(o, "size"), "size");
	CHECK(m.hdr_len == number(o, "header"), "header");
	CHECK(m.csum_start == number(o, "start"), "start");
	CHECK(m.csum_offset == number(o, "offset"), "offset");
	CHECK(pool_segment_count(&m, packet) == number(o, "count"), "count");
	CHECK(!pool_segment_describe(&own, m.size, p, packet), "plain");
	pool_segment_encode(back, &own);
	CHECK(!memcmp(back, plain, sizeof(back)), "plain");
}

#define VECTORS(name)								\
	static void name##_json(void **state)					\
	{									\
		(void)state;							\
		for_cases(#name ".json", name##_case);				\
	}

VECTORS(hkdf)
VECTORS(header)
VECTORS(tlv)
VECTORS(puzzle)
VECTORS(epoch)
VECTORS(handshake)
VECTORS(packet)
VECTORS(address)
VECTORS(replay)
VECTORS(telemetry)
VECTORS(digest)
VECTORS(rtt)
VECTORS(loss)
VECTORS(segment)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hkdf_json),
		cmocka_unit_test(header_json),
		cmocka_unit_test(tlv_json),
		cmocka_unit_test(puzzle_json),
		cmocka_unit_test(epoch_json),
		cmocka_unit_test(handshake_json),
		cmocka_unit_test(packet_json),
		cmocka_unit_test(address_json),
		cmocka_unit_test(replay_json),
		cmocka_unit_test(telemetry_json),
		cmocka_unit_test(digest_json),
		cmocka_unit_test(rtt_json),
		cmocka_unit_test(loss_json),
		cmocka_unit_test(segment_json),
	};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests_name("vectors", tests, NULL, NULL);
}
