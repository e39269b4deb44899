// SPDX-License-Identifier: GPL-2.0
/* pool show, for people: what both ends of a session have measured, side by side */
#include <inttypes.h>

#include "pool.h"
#include "../lib/array.h"
#include "../lib/names.h"

enum {
	CELL_LEN = TEXT_NUMBER_LEN,
	/* Of the protocol: this much and more. */
	THROUGHPUT_MOST = 0xffffffff,
	QUEUE_MOST = 0xffff,
};

/* One figure of one view; without it a dash. */
typedef void (*cell_fn)(char buf[CELL_LEN], const struct telemetry_state *t);

static void cell_rtt(char buf[CELL_LEN], const struct telemetry_state *t)
{
	if (t->rtt)
		text_nanoseconds(buf, t->rtt);
}

/* There is none without a first round trip. */
static void cell_jitter(char buf[CELL_LEN], const struct telemetry_state *t)
{
	if (t->rtt)
		text_nanoseconds(buf, t->jitter);
}

static void cell_loss(char buf[CELL_LEN], const struct telemetry_state *t)
{
	snprintf(buf, CELL_LEN, "%.4g %%", (double)t->loss / 10000);
}

static void cell_throughput(char buf[CELL_LEN], const struct telemetry_state *t)
{
	text_rate(buf, t->throughput);
}

static void cell_throughput_told(char buf[CELL_LEN], const struct telemetry_state *t)
{
	char rate[TEXT_NUMBER_LEN];

	snprintf(buf, CELL_LEN, "%s%.24s", t->throughput >= THROUGHPUT_MOST ? ">= " : "",
		 text_rate(rate, t->throughput));
}

static void cell_queue(char buf[CELL_LEN], const struct telemetry_state *t)
{
	snprintf(buf, CELL_LEN, "%u packet%s", t->queue, t->queue == 1 ? "" : "s");
}

static void cell_queue_told(char buf[CELL_LEN], const struct telemetry_state *t)
{
	snprintf(buf, CELL_LEN, "%s%u packet%s", t->queue >= QUEUE_MOST ? ">= " : "", t->queue,
		 t->queue == 1 ? "" : "s");
}

static void cell_mtu(char buf[CELL_LEN], const struct telemetry_state *t)
{
	if (t->mtu)
		snprintf(buf, CELL_LEN, "%u bytes", t->mtu);
}

static void cell_uptime(char buf[CELL_LEN], const struct telemetry_state *t)
{
	text_span_short(buf, t->uptime / 1000000000);
}

static void cell_rekeys(char buf[CELL_LEN], const struct telemetry_state *t)
{
	snprintf(buf, CELL_LEN, "%u", t->rekeys);
}

static void cell_digest(char buf[CELL_LEN], const struct telemetry_state *t)
{
	snprintf(buf, CELL_LEN, "%08x", t->digest);
}

static const struct row {
	const char *name;
	u16 attr;
	u32 mismatch;
	cell_fn here;
	cell_fn told;
	bool only_mismatch;	/* says nothing to people as long as it is right */
} rows[] = {
	{ "rtt", POOL_A_TELEMETRY_RTT, POOL_MISMATCH_RTT, cell_rtt, cell_rtt, false },
	{ "jitter", POOL_A_TELEMETRY_JITTER, 0, cell_jitter, cell_jitter, false },
	{ "loss", POOL_A_TELEMETRY_LOSS, POOL_MISMATCH_LOSS, cell_loss, cell_loss, false },
	{ "throughput", POOL_A_TELEMETRY_THROUGHPUT, POOL_MISMATCH_THROUGHPUT, cell_throughput,
	  cell_throughput_told, false },
	{ "queue", POOL_A_TELEMETRY_QUEUE, 0, cell_queue, cell_queue_told, false },
	{ "mtu", POOL_A_TELEMETRY_MTU, 0, cell_mtu, cell_mtu, false },
	{ "uptime", POOL_A_TELEMETRY_UPTIME, POOL_MISMATCH_UPTIME, cell_uptime, cell_uptime,
	  false },
	{ "rekeys", POOL_A_TELEMETRY_REKEYS, POOL_MISMATCH_REKEYS, cell_rekeys, cell_rekeys,
	  false },
	{ "digest", POOL_A_TELEMETRY_DIGEST, POOL_MISMATCH_DIGEST, cell_digest, cell_digest, true },
};

static const char *cell(char buf[CELL_LEN], cell_fn fn, const struct telemetry_state *t, u16 attr)
{
	buf[0] = '\0';
	if (STATE_HAS(t, attr))
		fn(buf, t);
	return buf[0] ? buf : "-";
}

static void print_row(const struct session_state *s, const struct row *r)
{
	char here[CELL_LEN], told[CELL_LEN];
	bool flag = s->mismatch & r->mismatch;

	if (r->only_mismatch && !flag)
		return;
	printf("    %s%-10s  %16s  %16s%s%s\n", flag ? colour(C_RED) : "", r->name,
	       cell(here, r->here, &s->telemetry, r->attr),
	       cell(told, r->told, &s->peer_telemetry, r->attr), flag ? "  !" : "",
	       flag ? colour(C_RESET) : "");
}

void print_mismatch(u32 mismatch)
{
	const char *comma = "";
	u32 i;

	for (i = 0; i < 32; i++) {
		if (!(mismatch >> i & 1))
			continue;
		printf("%s%s", comma, name_mismatch(i));
		comma = ", ";
	}
}

void show_telemetry(const struct session_state *s)
{
	char span[TEXT_SPAN_LEN];
	size_t i;

	if (!STATE_HAS(s, POOL_A_SESSION_TELEMETRY) && !STATE_HAS(s, POOL_A_SESSION_PEER_TELEMETRY))
		return;
	printf("    %-10s  %16s  %16s", "", "here", "peer says");
	if (!STATE_HAS(s, POOL_A_SESSION_PEER_TELEMETRY))
		printf(" (nothing yet)");
	else if (STATE_HAS(&s->peer_telemetry, POOL_A_TELEMETRY_AGE))
		printf(" (%s)", text_ago(span, s->peer_telemetry.age / 1000));
	putchar('\n');
	for (i = 0; i < ARRAY_SIZE(rows); i++)
		print_row(s, &rows[i]);
	if (!s->mismatch)
		return;
	printf("    %sviews contradict: ", colour(C_RED));
	print_mismatch(s->mismatch);
	printf("%s\n", colour(C_RESET));
}
