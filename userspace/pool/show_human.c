// SPDX-License-Identifier: GPL-2.0
/* pool show, for people */
#include <arpa/inet.h>
#include <inttypes.h>
#include <stdlib.h>
#include <time.h>

#include "pool.h"
#include "../../kernel/proto/address.h"
#include "../lib/config.h"
#include "../lib/names.h"
#include "../lib/parse.h"

/* Seconds of an overload: so many and more. */
enum { OVERLOAD_MOST = 255 };

/* "  label: ", the label bold. */
static void label(const char *text)
{
	printf("  %s%s%s: ", colour(C_BOLD), text, colour(C_RESET));
}

static void print_address(const u8 *addr)
{
	char text[POOL_ADDR_TEXT_LEN], ipv6[INET6_ADDRSTRLEN];
	u8 mapped[16];

	pool_addr_format(text, addr);
	pool_addr_to_ipv6(mapped, addr);
	label("address");
	printf("%s\n", text);
	label("IPv6 address");
	printf("%s\n", inet_ntop(AF_INET6, mapped, ipv6, sizeof(ipv6)));
}

static void print_heartbeat(u16 seconds)
{
	label("heartbeat");
	if (seconds)
		printf("every %u second%s\n", seconds, seconds == 1 ? "" : "s");
	else
		puts("off");
}

static void print_drops(const u64 *drops)
{
	u64 total = state_drops_total(drops);
	u16 i;

	if (!total)
		return;
	label("dropped");
	printf("%s%" PRIu64 "%s\n", colour(C_YELLOW), total, colour(C_RESET));
	for (i = POOL_A_DROPS_PAD + 1; i <= POOL_A_DROPS_MAX; i++) {
		if (!drops[i])
			continue;
		printf("    %s: %" PRIu64 " (", name_drop(i), drops[i]);
		print_why(stdout, why_drop(i));
		puts(")");
	}
}

static void print_counts(const struct device_state *d)
{
	label("peers");
	printf("%u, %u session%s, %u connection%s", d->n_peers, d->n_sessions,
	       d->n_sessions == 1 ? "" : "s", d->connections, d->connections == 1 ? "" : "s");
	if (d->unproven)
		printf(" (%u of them unproven)", d->unproven);
	putchar('\n');
	if (!d->handshakes && !d->inits_received && !d->responses_received)
		return;
	label("handshakes");
	printf("%" PRIu64 " completed", d->handshakes);
	if (d->rekeys)
		printf(", %" PRIu64 " rekey%s", d->rekeys, d->rekeys == 1 ? "" : "s");
	if (d->inits_received)
		printf("; %" PRIu64 " INIT received, %" PRIu64 " CHALLENGE sent, %" PRIu64
		       " RESPONSE received", d->inits_received, d->challenges_sent,
		       d->responses_received);
	putchar('\n');
}

/* @seconds may be no number of whole minutes, and is no age. */
static void print_limit(const char *what, u32 packets, u32 seconds)
{
	char span[TEXT_SPAN_LEN];

	label(what);
	printf("%u packets or %s\n", packets, text_span(span, seconds));
}

/* The limits @now where one of them is not as @usual. */
static void print_limits(const u32 now[LIMITS], const u32 usual[LIMITS])
{
	if (now[LIMIT_REKEY_PACKETS] != usual[LIMIT_REKEY_PACKETS] ||
	    now[LIMIT_REKEY_TIME] != usual[LIMIT_REKEY_TIME])
		print_limit("new keys after", now[LIMIT_REKEY_PACKETS], now[LIMIT_REKEY_TIME]);
	if (now[LIMIT_REJECT_PACKETS] != usual[LIMIT_REJECT_PACKETS] ||
	    now[LIMIT_REJECT_TIME] != usual[LIMIT_REJECT_TIME])
		print_limit("hard stop after", now[LIMIT_REJECT_PACKETS], now[LIMIT_REJECT_TIME]);
}

/* What holds for the device; a kernel that does not tell has the default. */
static void device_limits(u32 out[LIMITS], const struct device_state *d)
{
	u32 i;

	for (i = 0; i < LIMITS; i++)
		out[i] = d->limit[i] ? d->limit[i] : limit_info[i].most;
}

static void print_device_limits(const struct device_state *d)
{
	u32 now[LIMITS], usual[LIMITS], i;

	device_limits(now, d);
	for (i = 0; i < LIMITS; i++)
		usual[i] = limit_info[i].most;
	print_limits(now, usual);
}

static void print_peer_limits(const struct device_state *d, const struct peer_state *p)
{
	u32 now[LIMITS], usual[LIMITS], i;

	device_limits(usual, d);
	for (i = 0; i < LIMITS; i++)
		now[i] = p->limit[i] ? p->limit[i] : usual[i];
	print_limits(now, usual);
}

static void print_dscp(u8 dscp)
{
	if (!dscp)
		return;
	label("dscp");
	if (dscp == DSCP_INHERIT)
		puts("that of the inner packets");
	else
		printf("%u\n", dscp);
}

static void print_bind(const struct device_state *d)
{
	char text[TEXT_CIDR_LEN];

	if (d->bind_address.family) {
		label("bound to");
		printf("%s\n", text_ip(text, &d->bind_address));
	}
	if (!d->bind_ifindex)
		return;
	label("bound to interface");
	if (d->bind_device[0])
		puts(d->bind_device);
	else
		printf("%snumber %u, which is gone%s\n", colour(C_RED), d->bind_ifindex,
		       colour(C_RESET));
}

static void print_device(const struct device_state *d)
{
	char key[KEY_TEXT_LEN];

	printf("%sinterface%s: %s%s%s%s\n", colour(C_BOLD), colour(C_RESET), colour(C_BOLD),
	       colour(C_GREEN), d->ifname, colour(C_RESET));
	label("public key");
	if (STATE_HAS(d, POOL_A_DEVICE_PUBLIC_KEY))
		printf("%s\n", key_format(key, d->public_key));
	else
		printf("(none) %spool set %s private-key FILE%s\n", colour(C_YELLOW), d->ifname,
		       colour(C_RESET));
	if (STATE_HAS(d, POOL_A_DEVICE_ADDRESS))
		print_address(d->address);
	if (d->name[0]) {
		label("name");
		print_foreign(stdout, d->name);
		putchar('\n');
	}
	label("listening port");
	if (d->listen_port)
		printf("%u\n", d->listen_port);
	else
		puts("(none)");
	label("transport");
	printf("%s\n", name_transport(d->transport));
	if (d->fwmark) {
		label("fwmark");
		printf("0x%x\n", d->fwmark);
	}
	print_bind(d);
	print_heartbeat(d->heartbeat);
	if (STATE_HAS(d, POOL_A_DEVICE_INIT_SKEW) && d->init_skew != CONFIG_INIT_SKEW) {
		label("allowed clock skew");
		printf("%u seconds\n", d->init_skew);
	}
	if (d->aead_driver[0]) {
		label("crypto");
		printf("%s, %s\n", d->aead_driver, d->hmac_driver);
	}
	print_dscp(d->dscp);
	print_device_limits(d);
	if (STATE_HAS(d, POOL_A_DEVICE_OVERLOADED)) {
		label("overloaded");
		printf("%syes%s (packets of peers come faster than this host takes them, and they are told)\n",
		       colour(C_YELLOW), colour(C_RESET));
	}
	if (d->skew_seen) {
		label("clock");
		printf("the last INIT refused for its time was %" PRId64 " seconds %s ours\n",
		       d->skew_seen < 0 ? -(s64)d->skew_seen : (s64)d->skew_seen,
		       d->skew_seen < 0 ? "behind" : "ahead of");
	}
	print_counts(d);
	if (d->difficulty > 16) {
		label("puzzle");
		printf("%u bits are asked of those who call\n", d->difficulty);
	}
	print_drops(d->drops);
}

static enum colour state_colour(u32 state)
{
	switch (state) {
	case POOL_PEER_STATE_UP:
		return C_GREEN;
	case POOL_PEER_STATE_UNREACHABLE:
		return C_RED;
	case POOL_PEER_STATE_CONNECTING:
	case POOL_PEER_STATE_SUSPECT:
		return C_YELLOW;
	default:
		return C_RESET;
	}
}

static void print_state(const struct peer_state *p)
{
	const char *why = why_peer_state(p->state);

	label("state");
	printf("%s%s%s", colour(state_colour(p->state)), name_peer_state(p->state),
	       colour(C_RESET));
	if (*why) {
		printf(" (");
		print_why(stdout, why);
		putchar(')');
	}
	if (p->staged)
		printf(", %u packet%s waiting", p->staged, p->staged == 1 ? "" : "s");
	putchar('\n');
}

static void print_handshake(const struct peer_state *p)
{
	u64 now = (u64)time(NULL);
	char span[TEXT_SPAN_LEN];

	if (!STATE_HAS(p, POOL_A_PEER_LAST_HANDSHAKE) || !p->last_handshake)
		return;
	label("latest handshake");
	if (p->last_handshake > now)
		puts("in the future (was the clock set back?)");
	else
		printf("%s\n", text_ago(span, now - p->last_handshake));
}

static void print_transfer(const struct peer_state *p)
{
	char rx[TEXT_NUMBER_LEN], tx[TEXT_NUMBER_LEN];

	if (!p->rx_bytes && !p->tx_bytes)
		return;
	label("transfer");
	printf("%s received, %s sent\n", text_bytes(rx, p->rx_bytes), text_bytes(tx, p->tx_bytes));
	if (!p->tx_urgent && !p->tx_marked && !p->tx_large)
		return;
	label("packets sent");
	printf("%" PRIu64 ", %" PRIu64 " of them urgent, %" PRIu64 " large, %" PRIu64
	       " marked CE (congestion)\n", p->tx_packets, p->tx_urgent, p->tx_large,
	       p->tx_marked);
}

static void print_queue(const struct peer_state *p)
{
	char span[TEXT_SPAN_LEN];

	if (STATE_HAS(p, POOL_A_PEER_OVERLOAD)) {
		label("overloaded");
		printf("%sit says so%s, for %s%s; the queue to it is cut\n", colour(C_YELLOW),
		       colour(C_RESET), p->overload >= OVERLOAD_MOST ? "at least " : "",
		       text_span(span, p->overload));
	}
	if (STATE_HAS(p, POOL_A_PEER_QUEUE_LIMIT)) {
		label("queue limit");
		printf("%u packets in each band\n", p->queue_limit);
	}
}

/* What the peer has told of itself in the handshake, and later. */
static void print_hello(const struct peer_state *p)
{
	const char *comma = "";
	u32 t;

	if (p->name[0]) {
		label("calls itself");
		print_foreign(stdout, p->name);
		putchar('\n');
	}
	if (!p->transports && !p->max_plaintext)
		return;
	label("accepts");
	for (t = POOL_TRANSPORT_TCP; t <= POOL_TRANSPORT_UDP; t++) {
		if (!(p->transports >> (t - POOL_TRANSPORT_TCP) & 1))
			continue;
		printf("%s%s", comma, name_transport(t));
		comma = ", ";
	}
	if (*comma)
		comma = "; ";
	if (p->max_plaintext)
		printf("%spackets of up to %u bytes", comma, p->max_plaintext);
	putchar('\n');
}

/* "seq-invalid 3, other 1 (WHOSE)" */
static void print_codes(const char *what, const u64 count[POOL_A_CODES_MAX + 1], const char *whose)
{
	const char *comma = "";
	u16 i;

	for (i = POOL_A_CODES_PAD + 1; i <= POOL_A_CODES_MAX && !count[i]; i++)
		;
	if (i > POOL_A_CODES_MAX)
		return;
	label(what);
	for (; i <= POOL_A_CODES_MAX; i++) {
		if (!count[i])
			continue;
		printf("%s%s%s%s %" PRIu64, comma, colour(C_YELLOW), name_code(i),
		       colour(C_RESET), count[i]);
		comma = ", ";
	}
	printf(" (%s)\n", whose);
}

static void print_last_error(const struct peer_state *p)
{
	const char *why = why_reason(p->last_error);
	char span[TEXT_SPAN_LEN];

	if (!STATE_HAS(p, POOL_A_PEER_LAST_ERROR) || p->last_error == POOL_REASON_NONE)
		return;
	label("last error");
	printf("%s%s%s", colour(C_RED), name_reason(p->last_error), colour(C_RESET));
	if (*why) {
		printf(": ");
		print_why(stdout, why);
	}
	if (STATE_HAS(p, POOL_A_PEER_LAST_ERROR_AGE))
		printf(", %s", text_ago(span, p->last_error_age / 1000));
	putchar('\n');
}

static void print_session(const struct session_state *s)
{
	char sid[TEXT_SID_LEN], span[TEXT_SPAN_LEN];
	char local[TEXT_SOCKADDR_LEN], remote[TEXT_SOCKADDR_LEN];

	label("session");
	printf("%s%s%s\n", colour(C_CYAN), text_sid(sid, s->session_id), colour(C_RESET));
	printf("    %s, %s%s, %s old\n", name_role(s->role), name_session_state(s->state),
	       STATE_HAS(s, POOL_A_SESSION_CURRENT) ? ", current" : "",
	       text_span(span, s->age / 1000));
	printf("    epoch %u", s->epoch);
	if (STATE_HAS(s, POOL_A_SESSION_EPOCH_AGE))
		printf(", its keys are %s old", text_span(span, s->epoch_age / 1000));
	putchar('\n');
	if (s->local.len || s->remote.len) {
		printf("    %s %s %s %s", name_transport(s->transport),
		       text_sockaddr(local, &s->local), arrow(),
		       text_sockaddr(remote, &s->remote));
		if (s->reattached)
			printf(", connection number %" PRIu64, (u64)s->reattached + 1);
		putchar('\n');
	} else {
		puts("    no connection at the moment");
	}
	printf("    %" PRIu64 " packets sent, %" PRIu64 " received in this epoch", s->tx_sequence,
	       s->rx_sequence);
	if (STATE_HAS(s, POOL_A_SESSION_LAST_RECEIVE))
		printf(", the last %s", text_ago(span, s->last_receive / 1000));
	putchar('\n');
	show_telemetry(s);
}

static void print_peer(const struct device_state *d, const struct peer_state *p)
{
	char key[KEY_TEXT_LEN], text[TEXT_SOCKADDR_LEN];
	size_t i;

	printf("\n%speer%s: %s%s%s%s\n", colour(C_BOLD), colour(C_RESET), colour(C_BOLD),
	       colour(C_YELLOW), key_format(key, p->public_key), colour(C_RESET));
	print_hello(p);
	if (STATE_HAS(p, POOL_A_PEER_STATE))
		print_state(p);
	if (STATE_HAS(p, POOL_A_PEER_HAS_PRESHARED_KEY)) {
		label("preshared key");
		puts("(set)");
	}
	if (p->endpoint.len) {
		label("endpoint");
		printf("%s\n", text_sockaddr(text, &p->endpoint));
	}
	if (p->connection.len) {
		label("connected to");
		printf("%s\n", text_sockaddr(text, &p->connection));
	}
	label("allowed ips");
	for (i = 0; i < p->n_ips; i++)
		printf("%s%s", i ? ", " : "", text_cidr(text, &p->ips[i]));
	puts(p->n_ips ? "" : "(none)");
	if (STATE_HAS(p, POOL_A_PEER_TRANSPORT) && p->transport != d->transport) {
		label("transport");
		printf("%s\n", name_transport(p->transport));
	}
	if (STATE_HAS(p, POOL_A_PEER_HEARTBEAT) && p->heartbeat != d->heartbeat)
		print_heartbeat(p->heartbeat);
	print_peer_limits(d, p);
	print_handshake(p);
	if (p->rekeys) {
		label("rekeys");
		printf("%" PRIu64 "\n", p->rekeys);
	}
	print_transfer(p);
	print_queue(p);
	print_last_error(p);
	print_codes("errors here", p->errors, "of its packets");
	print_codes("errors there", p->peer_errors, "of our packets, as it says");
	print_drops(p->drops);
	for (i = 0; i < p->sessions_here; i++)
		print_session(&p->sessions[i]);
}

/* The latest handshake first, and else as the kernel has them. */
static int recent_cmp(const void *a, const void *b)
{
	const struct peer_state * const *x = a, * const *y = b;

	if ((*x)->last_handshake != (*y)->last_handshake)
		return (*x)->last_handshake < (*y)->last_handshake ? 1 : -1;
	return (*x > *y) - (*x < *y);
}

void show_human(const struct device_state *d)
{
	const struct peer_state **sorted;
	size_t i;

	print_device(d);
	if (!d->peers_here)
		return;
	sorted = calloc(d->peers_here, sizeof(*sorted));
	for (i = 0; sorted && i < d->peers_here; i++)
		sorted[i] = &d->peers[i];
	if (sorted)
		qsort(sorted, d->peers_here, sizeof(*sorted), recent_cmp);
	for (i = 0; i < d->peers_here; i++)
		print_peer(d, sorted ? sorted[i] : &d->peers[i]);
	free(sorted);
}
