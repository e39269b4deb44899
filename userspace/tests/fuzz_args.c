// SPDX-License-Identifier: GPL-2.0
/* Any words behind `pool set DEV`; a newline parts them. */
#include <stdlib.h>

#include "../lib/config.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	char *copy = malloc(size + 1), *rest = copy, *word, *argv[64];
	struct err e = { .text = "" };
	struct config c = { 0 };
	int argc = 0, i;
	size_t k;

	if (!copy)
		return 0;
	memcpy(copy, data, size);
	copy[size] = '\0';
	/* Each in its own memory, so that a byte too far is seen. */
	while (argc < 64 && (word = strsep(&rest, "\n"))) {
		argv[argc] = strdup(word);
		if (!argv[argc++])
			abort();
	}
	if (config_parse_args(&c, argc, argv, &e)) {
		if (!*e.text)
			abort();
	} else {
		for (k = 0; k < c.n_peers; k++) {
			const struct config_peer *p = &c.peers[k];

			if (key_is_zero(p->public_key) || (p->update_only && p->create_only) ||
			    (p->remove && (p->has || p->rekey)))
				abort();
		}
	}
	config_free(&c);
	for (i = 0; i < argc; i++)
		free(argv[i]);
	free(copy);
	return 0;
}
