// SPDX-License-Identifier: GPL-2.0
/* Any bytes as a configuration file: an error or a sound configuration. */
#include <stdlib.h>

#include "../lib/config.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	struct config c = { 0 };
	struct err e = { .text = "" };
	char *text;
	size_t i;

	/* Exactly as large as it is, so that a byte too far is seen. */
	text = malloc(size + 1);
	if (!text)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	if (config_parse_file(&c, text, size, size % 2 ? "/etc/pool" : NULL, &e)) {
		if (!*e.text)
			abort();
	} else {
		for (i = 0; i < c.n_peers; i++) {
			if (!(c.peers[i].has & HAS_PUBLIC_KEY) || key_is_zero(c.peers[i].public_key))
				abort();
		}
		if (c.dev.has & HAS_INIT_SKEW && c.dev.init_skew < 30)
			abort();
	}
	config_free(&c);
	free(text);
	return 0;
}
