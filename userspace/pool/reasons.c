// SPDX-License-Identifier: GPL-2.0
/* pool help reasons: what pool.yaml says about drops, errors and states */
#include "pool.h"
#include "../lib/names.h"

static void line(const char *name, const char *why)
{
	printf("  %-18s ", name);
	if (*why)
		print_why(stdout, why);
	else
		fputs("as the name says", stdout);
	putchar('\n');
}

void help_reasons(void)
{
	u32 i;

	puts("Packets and connections dropped, by reason (tx: on the way out, rx: on the\n"
	     "way in, hs: handshakes, conn: connections):\n");
	for (i = POOL_A_DROPS_PAD + 1; i <= POOL_A_DROPS_MAX; i++)
		line(name_drop(i), why_drop(i));
	puts("\nReasons of events, and last errors:\n");
	for (i = POOL_REASON_NONE + 1; strcmp(name_reason(i), "unknown"); i++)
		line(name_reason(i), why_reason(i));
	puts("\nStates of a peer:\n");
	for (i = 0; strcmp(name_peer_state(i), "unknown"); i++)
		line(name_peer_state(i), why_peer_state(i));
}
