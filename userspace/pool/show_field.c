// SPDX-License-Identifier: GPL-2.0
/* pool show DEV FIELD: tables for scripts, columns parted by tabs */
#include <inttypes.h>

#include "../lib/array.h"
#include "pool.h"
#include "../lib/key.h"
#include "../lib/names.h"

static bool name_first;

/* What stands first in a line: the device if it is told, then a key if any. */
static void begin(const struct device_state *d, const u8 *key)
{
	char text[KEY_TEXT_LEN];

	if (name_first)
		printf("%s\t", d->ifname);
	if (key)
		printf("%s\t", key_format(text, key));
}

static void print_public_key(const struct device_state *d)
{
	char text[KEY_TEXT_LEN];

	fputs(STATE_HAS(d, POOL_A_DEVICE_PUBLIC_KEY) ? key_format(text, d->public_key) : "(none)",
	      stdout);
}

static void print_ips(const struct peer_state *p, char separator)
{
	char text[TEXT_CIDR_LEN];
	size_t i;

	for (i = 0; i < p->n_ips; i++) {
		if (i)
			putchar(separator);
		fputs(text_cidr(text, &p->ips[i]), stdout);
	}
	if (!p->n_ips)
		fputs("(none)", stdout);
}

static void print_heartbeat(u16 seconds)
{
	if (seconds)
		printf("%u", seconds);
	else
		fputs("off", stdout);
}

static void public_key(const struct device_state *d)
{
	begin(d, NULL);
	print_public_key(d);
	putchar('\n');
}

static void listen_port(const struct device_state *d)
{
	begin(d, NULL);
	printf("%u\n", d->listen_port);
}

static void peers(const struct device_state *d)
{
	char text[KEY_TEXT_LEN];
	size_t i;

	for (i = 0; i < d->peers_here; i++) {
		begin(d, NULL);
		puts(key_format(text, d->peers[i].public_key));
	}
}

static void endpoints(const struct device_state *d)
{
	char text[TEXT_SOCKADDR_LEN];
	size_t i;

	for (i = 0; i < d->peers_here; i++) {
		begin(d, d->peers[i].public_key);
		puts(text_sockaddr(text, &d->peers[i].endpoint));
	}
}

static void allowed_ips(const struct device_state *d)
{
	size_t i;

	for (i = 0; i < d->peers_here; i++) {
		begin(d, d->peers[i].public_key);
		print_ips(&d->peers[i], ' ');
		putchar('\n');
	}
}

static void latest_handshakes(const struct device_state *d)
{
	size_t i;

	for (i = 0; i < d->peers_here; i++) {
		begin(d, d->peers[i].public_key);
		printf("%" PRIu64 "\n", d->peers[i].last_handshake);
	}
}

static void transfer(const struct device_state *d)
{
	size_t i;

	for (i = 0; i < d->peers_here; i++) {
		begin(d, d->peers[i].public_key);
		printf("%" PRIu64 "\t%" PRIu64 "\n", d->peers[i].rx_bytes, d->peers[i].tx_bytes);
	}
}

static void sessions(const struct device_state *d)
{
	char sid[TEXT_SID_LEN], local[TEXT_SOCKADDR_LEN], remote[TEXT_SOCKADDR_LEN];
	size_t i, k;

	for (i = 0; i < d->peers_here; i++) {
		const struct peer_state *p = &d->peers[i];

		for (k = 0; k < p->sessions_here; k++) {
			const struct session_state *s = &p->sessions[k];

			begin(d, p->public_key);
			printf("%s\t%s\t%s\t%s\t%u\t%" PRIu64 "\t%s\t%s\n",
			       text_sid(sid, s->session_id), name_role(s->role),
			       name_session_state(s->state),
			       STATE_HAS(s, POOL_A_SESSION_CURRENT) ? "current" : "-", s->epoch,
			       s->age / 1000, text_sockaddr(local, &s->local),
			       text_sockaddr(remote, &s->remote));
		}
	}
}

static void drops_of(const struct device_state *d, const u8 *key, const u64 *drops)
{
	u16 i;

	for (i = POOL_A_DROPS_PAD + 1; drops && i <= POOL_A_DROPS_MAX; i++) {
		if (!drops[i])
			continue;
		begin(d, key);
		printf("%s%s\t%" PRIu64 "\n", key ? "" : "-\t", name_drop(i), drops[i]);
	}
}

static void drops(const struct device_state *d)
{
	size_t i;

	drops_of(d, NULL, d->drops);
	for (i = 0; i < d->peers_here; i++)
		drops_of(d, d->peers[i].public_key, d->peers[i].drops);
}

static void dump(const struct device_state *d)
{
	char text[TEXT_SOCKADDR_LEN], remote[TEXT_SOCKADDR_LEN];
	size_t i;

	begin(d, NULL);
	print_public_key(d);
	printf("\t%u\t%s\t0x%x\t", d->listen_port, name_transport(d->transport), d->fwmark);
	print_heartbeat(d->heartbeat);
	printf("\t%016" PRIx64 "\t%016" PRIx64 "\t%u\n", d->organisation, d->segment, d->init_skew);
	for (i = 0; i < d->peers_here; i++) {
		const struct peer_state *p = &d->peers[i];
		bool own = STATE_HAS(p, POOL_A_PEER_HEARTBEAT);

		begin(d, p->public_key);
		printf("%s\t%s\t", STATE_HAS(p, POOL_A_PEER_HAS_PRESHARED_KEY) ? "(set)" : "(none)",
		       text_sockaddr(text, &p->endpoint));
		print_ips(p, ',');
		printf("\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64 "\t", p->last_handshake, p->rx_bytes,
		       p->tx_bytes);
		print_heartbeat(own ? p->heartbeat : d->heartbeat);
		printf("\t%s\t%s\t%s\t%s\n",
		       name_transport(p->transport ? p->transport : d->transport),
		       name_peer_state(p->state), text_sockaddr(remote, &p->connection),
		       name_reason(p->last_error));
	}
}

static const struct view {
	const char *name;
	void (*print)(const struct device_state *d);
	bool peers;
	bool sessions;
} views[] = {
	{ "public-key", public_key, false, false },
	{ "listen-port", listen_port, false, false },
	{ "peers", peers, true, false },
	{ "endpoints", endpoints, true, false },
	{ "allowed-ips", allowed_ips, true, false },
	{ "latest-handshakes", latest_handshakes, true, false },
	{ "transfer", transfer, true, false },
	{ "sessions", sessions, true, true },
	{ "drops", drops, true, false },
	{ "dump", dump, true, false },
};

static const struct view *find(const char *field)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(views); i++) {
		if (!strcmp(views[i].name, field))
			return &views[i];
	}
	return NULL;
}

bool show_field_exists(const char *field)
{
	return find(field);
}

bool show_field_wants_peers(const char *field)
{
	const struct view *v = find(field);

	return v && v->peers;
}

bool show_field_wants_sessions(const char *field)
{
	const struct view *v = find(field);

	return v && v->sessions;
}

const char *show_field_list(void)
{
	return "public-key, listen-port, peers, endpoints, allowed-ips, latest-handshakes, transfer, sessions, drops, dump";
}

int show_field(const struct device_state *d, const char *field, bool with_name)
{
	const struct view *v = find(field);

	if (!v)
		return -1;
	name_first = with_name;
	v->print(d);
	return 0;
}
