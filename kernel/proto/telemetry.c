// SPDX-License-Identifier: GPL-2.0
/* Measuring a session: all integers, and the caller's clock in ns. */
#include "telemetry.h"

enum {
	OFF_JITTER = 8,
	OFF_LOSS = 16,
	OFF_THROUGHPUT = 20,
	OFF_MTU = 24,
	OFF_QUEUE = 26,
	OFF_UPTIME = 28,
	OFF_REKEYS = 36,
	OFF_CONFIG = 40,
	OFF_DIGEST = 44,
	OFF_JOURNAL = 48,
};

#define NS_PER_MS	1000000ULL
#define NS_PER_S	1000000000ULL
#define BUCKET_NS	(5 * NS_PER_S)
#define WINDOW_NS	(60 * NS_PER_S)		/* the spec wants 10 s to 5 min */
#define RTT_SLACK_NS	(20 * NS_PER_MS)
#define UPTIME_SLACK_NS	(10 * NS_PER_S)

static u64 at_most(u64 v, u64 max)
{
	return v < max ? v : max;
}

static u64 distance(u64 a, u64 b)
{
	return a > b ? a - b : b - a;
}

void pool_telemetry_encode(u8 out[POOL_TELEMETRY_LEN], const struct pool_telemetry *t)
{
	pool_put64(out, t->rtt_ns);
	pool_put64(out + OFF_JITTER, t->jitter_ns);
	pool_put32(out + OFF_LOSS, t->loss_ppm);
	pool_put32(out + OFF_THROUGHPUT, (u32)at_most(t->throughput, 0xffffffff));
	pool_put16(out + OFF_MTU, (u16)at_most(t->mtu, 0xffff));
	pool_put16(out + OFF_QUEUE, (u16)at_most(t->queue, 0xffff));
	pool_put64(out + OFF_UPTIME, t->uptime_ns);
	pool_put32(out + OFF_REKEYS, t->rekeys);
	pool_put32(out + OFF_CONFIG, t->config_version);
	pool_put32(out + OFF_DIGEST, t->digest);
	pool_put64(out + OFF_JOURNAL, t->journal);
}

int pool_telemetry_decode(struct pool_telemetry *t, const u8 *buf, size_t len)
{
	if (len < POOL_TELEMETRY_LEN)
		return -EBADMSG;
	t->rtt_ns = pool_get64(buf);
	t->jitter_ns = pool_get64(buf + OFF_JITTER);
	t->loss_ppm = pool_get32(buf + OFF_LOSS);
	t->throughput = pool_get32(buf + OFF_THROUGHPUT);
	t->mtu = pool_get16(buf + OFF_MTU);
	t->queue = pool_get16(buf + OFF_QUEUE);
	t->uptime_ns = pool_get64(buf + OFF_UPTIME);
	t->rekeys = pool_get32(buf + OFF_REKEYS);
	t->config_version = pool_get32(buf + OFF_CONFIG);
	t->digest = pool_get32(buf + OFF_DIGEST);
	t->journal = pool_get64(buf + OFF_JOURNAL);
	return 0;
}

u32 pool_state_digest(const u8 sid[POOL_SID_LEN], u32 epoch, u32 config_version, u8 transport,
		      const u8 a[POOL_NODE_ID_LEN], const u8 b[POOL_NODE_ID_LEN])
{
	bool a_first = memcmp(a, b, POOL_NODE_ID_LEN) <= 0;
	u8 state[POOL_SID_LEN + 4 + 4 + 1 + 2 * POOL_NODE_ID_LEN], *p = state;

	memcpy(p, sid, POOL_SID_LEN);
	p += POOL_SID_LEN;
	pool_put32(p, epoch);
	pool_put32(p + 4, config_version);
	p[8] = transport;
	memcpy(p + 9, a_first ? a : b, POOL_NODE_ID_LEN);
	memcpy(p + 9 + POOL_NODE_ID_LEN, a_first ? b : a, POOL_NODE_ID_LEN);
	return pool_crc32(state, sizeof(state));
}

/* ----------------------------------------------------------- round-trip time */

/* @from and the @to it nears by one part of 2^@shift, rounding toward @from. */
static u64 nearer(u64 from, u64 to, unsigned int shift)
{
	return to > from ? from + ((to - from) >> shift) : from - ((from - to) >> shift);
}

void pool_rtt_sample(struct pool_rtt *rtt, u64 sample_ns)
{
	if (!rtt->known) {
		rtt->srtt = sample_ns;
		rtt->rttvar = sample_ns / 2;
		rtt->known = true;
		return;
	}
	rtt->rttvar = nearer(rtt->rttvar, distance(rtt->srtt, sample_ns), 2);
	rtt->srtt = nearer(rtt->srtt, sample_ns, 3);
}

void pool_beats_sent(struct pool_beats *beats, u64 seq, u64 now)
{
	u8 i = beats->next;

	beats->ring[i].seq = seq;
	beats->ring[i].sent_ns = now;
	beats->ring[i].waits = true;
	beats->next = (u8)((i + 1) % POOL_BEATS_KEPT);
}

bool pool_beats_acked(struct pool_beats *beats, u64 seq, u64 now, u64 *took_ns)
{
	unsigned int i;

	for (i = 0; i < POOL_BEATS_KEPT; i++) {
		if (!beats->ring[i].waits || beats->ring[i].seq != seq)
			continue;
		beats->ring[i].waits = false;
		/* Another CPU's clock may be a little behind. */
		*took_ns = now > beats->ring[i].sent_ns ? now - beats->ring[i].sent_ns : 0;
		return true;
	}
	return false;
}

/* ---------------------------------------------------------------------- loss */

static struct pool_loss_bucket *bucket_open(struct pool_loss *loss, u32 epoch, u64 first,
					    u64 now)
{
	struct pool_loss_bucket *b;

	loss->newest = (loss->newest + 1) % POOL_LOSS_BUCKETS;
	if (loss->n < POOL_LOSS_BUCKETS)
		loss->n++;
	b = &loss->bucket[loss->newest];
	b->first = first;
	b->end = first;
	b->opened_ns = now;
	b->epoch = epoch;
	b->received = 0;
	return b;
}

/* The @age newest but one, two...; 0 is the newest. */
static u32 bucket_index(const struct pool_loss *loss, u32 age)
{
	return (loss->newest + POOL_LOSS_BUCKETS - age) % POOL_LOSS_BUCKETS;
}

static bool older_than(u64 then, u64 now, u64 ns)
{
	return now > then && now - then >= ns;
}

void pool_loss_received(struct pool_loss *loss, u32 epoch, u64 first, u64 seq, u64 now)
{
	struct pool_loss_bucket *b = &loss->bucket[loss->newest];
	u32 age;

	if (!loss->n || epoch > b->epoch)
		bucket_open(loss, epoch, first, now);
	else if (older_than(b->opened_ns, now, BUCKET_NS))
		bucket_open(loss, b->epoch, b->end, now);

	/* Of its epoch only the newest bucket can have its end below @seq. */
	for (age = 0; age < loss->n; age++) {
		b = &loss->bucket[bucket_index(loss, age)];
		if (b->epoch != epoch || seq < b->first)
			continue;
		if (seq >= b->end)
			b->end = seq + 1;
		b->received++;
		return;
	}
}

u32 pool_loss_ppm(const struct pool_loss *loss, u64 now)
{
	const struct pool_loss_bucket *b;
	u64 sent = 0, received = 0;
	u32 age;

	for (age = 0; age < loss->n; age++) {
		b = &loss->bucket[bucket_index(loss, age)];
		if (older_than(b->opened_ns, now, WINDOW_NS))
			break;
		sent += b->end - b->first;
		received += b->received;
	}
	/* At most 2^33 are sent in all: no overflow. */
	return received < sent ? (u32)div64_u64((sent - received) * POOL_PPM, sent) : 0;
}

/* ---------------------------------------------------------------- throughput */

void pool_rate_init(struct pool_rate *rate, u64 bytes, u64 now)
{
	rate->since_ns = now;
	rate->bytes = bytes;
	rate->bps = 0;
}

static bool too_soon(const struct pool_rate *rate, u64 now)
{
	return !older_than(rate->since_ns, now, NS_PER_S);
}

u64 pool_rate_peek(const struct pool_rate *rate, u64 bytes, u64 now)
{
	if (too_soon(rate, now))
		return rate->bps;
	/* In milliseconds, so that a petabyte does not overflow; they are 1000 or more. */
	bytes = at_most(bytes - rate->bytes, ~0ULL / 8000);
	return div64_u64(bytes * 8000, div64_u64(now - rate->since_ns, NS_PER_MS));
}

bool pool_rate_look(struct pool_rate *rate, u64 bytes, u64 now)
{
	if (too_soon(rate, now))
		return false;
	rate->bps = pool_rate_peek(rate, bytes, now);
	rate->since_ns = now;
	rate->bytes = bytes;
	return true;
}

/* ----------------------------------------------------------------- two views */

static bool lasts(u8 *run, bool contradiction)
{
	if (!contradiction)
		*run = 0;
	else if (*run < POOL_MISMATCH_RUN)
		++*run;
	return *run == POOL_MISMATCH_RUN;
}

static bool rtt_contradicts(u64 own, u64 peer)
{
	u64 greater = own > peer ? own : peer;

	return own && peer && distance(own, peer) > greater / 2 + RTT_SLACK_NS;
}

u32 pool_views_judge(struct pool_views *views, const struct pool_own_view *own,
		     const struct pool_telemetry *peer)
{
	u64 sent = at_most(own->sent, ~0ULL / 4);
	u32 mismatch = 0;

	if (lasts(&views->rtt_run, rtt_contradicts(own->rtt_ns, peer->rtt_ns)))
		mismatch |= POOL_MISMATCH_RTT;
	if (peer->loss_ppm > POOL_PPM)
		mismatch |= POOL_MISMATCH_LOSS;
	/* What cannot be said neither proves nor disproves. */
	if (own->sent_known ?
	    lasts(&views->throughput_run, peer->throughput > 2 * sent + 1000000) :
	    views->throughput_run == POOL_MISMATCH_RUN)
		mismatch |= POOL_MISMATCH_THROUGHPUT;
	if (distance(own->uptime_ns, peer->uptime_ns) >
	    UPTIME_SLACK_NS + at_most(own->rtt_ns, ~0ULL / 2))
		mismatch |= POOL_MISMATCH_UPTIME;
	if (peer->rekeys != own->epoch)
		mismatch |= POOL_MISMATCH_REKEYS;
	if (peer->digest != own->digest)
		mismatch |= POOL_MISMATCH_DIGEST;
	return mismatch;
}
