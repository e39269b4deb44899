// SPDX-License-Identifier: GPL-2.0
/* pool monitor */
#include <time.h>

#include "pool.h"
#include "../lib/json.h"
#include "../lib/key.h"
#include "../lib/names.h"

static enum colour event_colour(u32 type)
{
	switch (type) {
	case POOL_EVENT_TYPE_SESSION_UP:
	case POOL_EVENT_TYPE_CONNECTION_UP:
	case POOL_EVENT_TYPE_OVERLOAD_END:
		return C_GREEN;
	case POOL_EVENT_TYPE_SESSION_DOWN:
	case POOL_EVENT_TYPE_CONNECTION_DOWN:
	case POOL_EVENT_TYPE_SUSPECT:
	case POOL_EVENT_TYPE_OVERLOAD:
		return C_YELLOW;
	case POOL_EVENT_TYPE_ERROR:
	case POOL_EVENT_TYPE_MISMATCH:
	case POOL_EVENT_TYPE_PEER_ERROR:
		return C_RED;
	default:
		return C_BOLD;
	}
}

/* What belongs to some types of events only. */
static void human_details(const struct event_state *ev)
{
	char span[TEXT_SPAN_LEN];

	if (STATE_HAS(ev, POOL_A_EVENT_EPOCH))
		printf(", epoch %u", ev->epoch);
	if (STATE_HAS(ev, POOL_A_EVENT_SECONDS))
		printf(", for %s", text_span(span, ev->seconds));
	if (ev->mismatch) {
		printf(", in ");
		print_mismatch(ev->mismatch);
	}
	/* An ordinary end has the code none, and nothing to tell. */
	if (ev->code > 0x0a)
		printf(", code 0x%02x", ev->code);
	else if (ev->code)
		printf(", code %s", name_wire_code(ev->code));
	if (ev->count > 1)
		printf(", %u times", ev->count);
}

static void human_line(const struct event_state *ev)
{
	char text[TEXT_SOCKADDR_LEN], stamp[32];
	struct timespec now;
	struct tm tm;

	clock_gettime(CLOCK_REALTIME, &now);
	localtime_r(&now.tv_sec, &tm);
	strftime(stamp, sizeof(stamp), "%H:%M:%S", &tm);
	printf("%s.%03ld %s: %s%s%s", stamp, now.tv_nsec / 1000000, ev->ifname,
	       colour(event_colour(ev->type)), name_event_type(ev->type), colour(C_RESET));
	if (STATE_HAS(ev, POOL_A_EVENT_PUBLIC_KEY))
		printf(" peer %s", key_format(text, ev->public_key));
	if (STATE_HAS(ev, POOL_A_EVENT_SESSION_ID))
		printf(" session %s", text_sid(text, ev->session_id));
	if (STATE_HAS(ev, POOL_A_EVENT_ROLE))
		printf(" as %s", name_role(ev->role));
	if (ev->remote.len)
		printf(" remote %s", text_sockaddr(text, &ev->remote));
	if (STATE_HAS(ev, POOL_A_EVENT_REASON) && ev->reason != POOL_REASON_NONE) {
		printf(": %s", name_reason(ev->reason));
		if (*why_reason(ev->reason)) {
			printf(" (");
			print_why(stdout, why_reason(ev->reason));
			putchar(')');
		}
	}
	human_details(ev);
	putchar('\n');
}

static void json_time(struct json *j)
{
	char stamp[40], text[64];
	struct timespec now;
	struct tm tm;

	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &tm);
	strftime(stamp, sizeof(stamp), "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(text, sizeof(text), "%s.%03ldZ", stamp, now.tv_nsec / 1000000);
	json_string(j, "time", text);
}

static void json_line(const struct event_state *ev)
{
	struct json j = { .out = stdout, .one_line = true };

	json_open(&j, NULL, '{');
	json_time(&j);
	if (ev)
		json_fields(&j, &event_fields, ev);
	else
		json_string(&j, "type", "lost");
	json_close(&j, '}');
	putchar('\n');
}

static int event_cb(const struct nlmsghdr *nlh, void *data, struct err *e)
{
	struct event_state ev = { 0 };
	const bool *as_json = data;

	if (state_decode(nlh, &event_fields, &ev, e))
		return -1;
	text_sanitise(ev.ifname);
	if (*as_json)
		json_line(&ev);
	else
		human_line(&ev);
	if (ferror(stdout))
		return err_set(e, "the output could not be written: %s", strerror(errno));
	return 0;
}

static int listen_on(struct nl *nl, bool as_json, struct err *e)
{
	int ret = nl_listen(nl, e);

	while (!ret) {
		int heard = nl_hear(nl, event_cb, &as_json, e);

		if (heard < 0)
			ret = -1;
		else if (!heard && as_json)
			json_line(NULL);
		else if (!heard)
			warn("events came faster than they were read, and some are lost");
	}
	return ret;
}

int cmd_monitor(int argc, char **argv)
{
	bool as_json = false;
	struct nl nl;
	struct err e;
	int i;

	for (i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--json") && strcmp(argv[i], "-j"))
			return fail_usage("monitor", "\"%.64s\": must be --json", argv[i]);
		as_json = true;
	}
	if (nl_open(&nl, &e))
		return fail("monitor", &e, POOL_REFUSED);
	colour_init();
	setvbuf(stdout, NULL, _IOLBF, 0);
	listen_on(&nl, as_json, &e);
	nl_close(&nl);
	return fail("monitor", &e, POOL_REFUSED);
}
