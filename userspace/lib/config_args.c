// SPDX-License-Identifier: GPL-2.0
/* The words of `pool set`. */
#include <sodium.h>
#include <stdlib.h>

#include "config.h"

static int check_peer(const struct config_peer *p, struct err *e)
{
	char key[KEY_TEXT_LEN];

	key_format(key, p->public_key);
	if (p->update_only && p->create_only)
		return err_set(e, "peer %s: \"update-only\" and \"create-only\" exclude each other",
			       key);
	if (p->rekey && p->create_only)
		return err_set(e, "peer %s: \"rekey\" is for a peer that is there, \"create-only\" for one that is not",
			       key);
	if (p->remove && (p->has || p->update_only || p->create_only || p->rekey))
		return err_set(e, "peer %s: \"remove\" goes with nothing else", key);
	return 0;
}

/* Words that stand alone. True if @word is one. */
static bool peer_flag(struct config_peer *p, const char *word)
{
	if (!strcmp(word, "remove"))
		p->remove = true;
	else if (!strcmp(word, "update-only"))
		p->update_only = true;
	else if (!strcmp(word, "create-only"))
		p->create_only = true;
	else if (!strcmp(word, "rekey"))
		p->rekey = true;
	else
		return false;
	return true;
}

int config_parse_args(struct config *c, int argc, char **argv, struct err *e)
{
	struct config_peer *p = NULL;
	int i, ret;

	for (i = 0; i < argc; i++) {
		const char *word = argv[i];
		char *value = i + 1 < argc ? argv[i + 1] : NULL;

		if (!strcmp(word, "peer")) {
			if (p && check_peer(p, e))
				return -1;
			if (!value)
				return err_set(e, "\"peer\": a public key is missing behind it");
			p = config_add_peer(c);
			if (!p)
				return err_nomem(e);
			if (key_parse_public(p->public_key, value, e))
				return err_prepend(e, "\"peer\": ");
			i++;
			continue;
		}
		if (p && peer_flag(p, word))
			continue;
		ret = config_set(c, p, CONFIG_ARGS, word, value ? value : "", e);
		if (!value && ret)
			return err_set(e, "\"%.64s\": a value is missing behind it", word);
		if (ret < 0) {
			/* No use against those who have seen it already, but no harm. */
			if (!strcmp(word, "private-key") || !strcmp(word, "preshared-key"))
				sodium_memzero(value, strlen(value));
			return err_prepend(e, "\"%s\": ", word);
		}
		if (!ret && p)
			return err_set(e, "\"%.64s\": no such setting of a peer (those of the device come before the first \"peer\")",
				       word);
		if (!ret)
			return err_set(e, "\"%.64s\": no such setting of a device (those of a peer come behind \"peer KEY\")",
				       word);
		i++;
	}
	if (p && check_peer(p, e))
		return -1;
	return config_check(c, CONFIG_ARGS, e);
}
