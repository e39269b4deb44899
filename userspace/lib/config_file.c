// SPDX-License-Identifier: GPL-2.0
/* Configuration files. */
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "array.h"
#include "config.h"

/* What people bring along from wg-quick. */
static const char *hint(const char *word)
{
	static const char * const quick[] = {
		"Address", "DNS", "MTU", "Table", "PreUp", "PostUp", "PreDown", "PostDown",
		"SaveConfig",
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(quick); i++) {
		if (!strcasecmp(word, quick[i]))
			return ": that is set by ip(8) or the network manager, not by pool";
	}
	if (!strcasecmp(word, "PersistentKeepalive"))
		return ": use Heartbeat";
	return "";
}

/* A relative name of a file starts beside the configuration. */
static int set_relative(struct config *c, struct config_peer *p, const char *word,
			const char *value, const char *dir, struct err *e)
{
	size_t len = strlen(word);
	char path[4096];

	if (!dir || len < 4 || strcasecmp(word + len - 4, "File") || !*value || *value == '/' ||
	    !strcmp(value, "-"))
		return config_set(c, p, CONFIG_FILE, word, value, e);
	if ((size_t)snprintf(path, sizeof(path), "%s/%s", dir, value) >= sizeof(path))
		return err_set(e, "%.64s...: the name is too long", value);
	return config_set(c, p, CONFIG_FILE, word, path, e);
}

static int end_of_peer(const struct config_peer *p, struct err *e)
{
	if (p && !(p->has & HAS_PUBLIC_KEY))
		return err_set(e, "line %u: this [Peer] has no PublicKey", p->line);
	return 0;
}

enum section {
	SECTION_NONE,
	SECTION_INTERFACE,
	SECTION_PEER,
};

static int start_section(struct config *c, const char *line, unsigned int number,
			 enum section *section, struct err *e)
{
	const struct config_peer *last = *section == SECTION_PEER ? &c->peers[c->n_peers - 1] :
								    NULL;
	struct config_peer *p;

	if (end_of_peer(last, e))
		return -1;
	if (!strcasecmp(line, "[Interface]")) {
		*section = SECTION_INTERFACE;
		return 0;
	}
	if (strcasecmp(line, "[Peer]"))
		return err_set(e, "line %u: %.64s: must be [Interface] or [Peer]", number, line);
	*section = SECTION_PEER;
	p = config_add_peer(c);
	if (!p)
		return err_nomem(e);
	p->line = number;
	p->replace_allowed_ips = true;
	return 0;
}

static int parse_line(struct config *c, char *line, unsigned int number, const char *dir,
		      enum section *section, struct err *e)
{
	struct config_peer *p;
	char *word, *value;
	int ret;

	line[strcspn(line, "#")] = '\0';
	line = text_trim(line);
	if (!*line)
		return 0;
	if (*line == '[')
		return start_section(c, line, number, section, e);
	value = strchr(line, '=');
	/* It may be a secret that lost its name, so it is not quoted. */
	if (!value)
		return err_set(e, "line %u: must be NAME = VALUE, [Interface] or [Peer]", number);
	*value++ = '\0';
	word = text_trim(line);
	value = text_trim(value);
	if (*section == SECTION_NONE)
		return err_set(e, "line %u: \"%.64s\": comes before [Interface] and [Peer]",
			       number, word);
	p = *section == SECTION_PEER ? &c->peers[c->n_peers - 1] : NULL;
	ret = set_relative(c, p, word, value, dir, e);
	if (ret < 0)
		return err_prepend(e, "line %u: \"%s\": ", number, word);
	if (!ret)
		return err_set(e, "line %u: \"%.64s\": no such setting in %s%s", number, word,
			       p ? "[Peer]" : "[Interface]", hint(word));
	return 0;
}

int config_parse_file(struct config *c, char *text, size_t len, const char *dir, struct err *e)
{
	enum section section = SECTION_NONE;
	unsigned int number = 0;
	char *line;

	if (memchr(text, '\0', len))
		return err_set(e, "this is no text: it has a zero byte");
	if (len >= 3 && !memcmp(text, "\xef\xbb\xbf", 3))
		text += 3;
	while ((line = strsep(&text, "\n"))) {
		if (parse_line(c, line, ++number, dir, &section, e))
			return -1;
	}
	if (section == SECTION_PEER && end_of_peer(&c->peers[c->n_peers - 1], e))
		return -1;
	return config_check(c, CONFIG_FILE, e);
}
