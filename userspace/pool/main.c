// SPDX-License-Identifier: GPL-2.0
/* pool: sets up and shows POOL devices. */
#include <locale.h>
#include <signal.h>
#include <stdlib.h>

#include "pool.h"
#include "../lib/apply.h"
#include "../lib/text.h"

static void to_stderr(const char *first, const char *second, const char *text)
{
	char safe[sizeof(((struct err *)0)->text) + 8];

	snprintf(safe, sizeof(safe), "%s", text);
	text_sanitise(safe);
	fprintf(stderr, "pool: %s%s%s\n", first, second, safe);
}

int fail(const char *command, const struct err *e, int code)
{
	to_stderr(command, ": ", e->text);
	if (code == POOL_USAGE)
		fprintf(stderr, "Try: pool help %s\n", command);
	return code;
}

int fail_usage(const char *command, const char *fmt, ...)
{
	struct err e;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(e.text, sizeof(e.text), fmt, ap);
	va_end(ap);
	return fail(command, &e, POOL_USAGE);
}

void tell(const char *text)
{
	to_stderr("", "", text);
}

void warn(const char *text)
{
	to_stderr("warning: ", "", text);
}

const struct apply_out apply_out = { .tell = tell, .warn = warn };

int finish(const char *command, int code)
{
	if (fflush(stdout) || ferror(stdout)) {
		fprintf(stderr, "pool: %s: the output could not be written: %s\n", command,
			strerror(errno));
		return code ? code : POOL_REFUSED;
	}
	return code;
}

const struct command *command_find(const char *name)
{
	const struct command *c;

	for (c = commands; c->name; c++) {
		if (!strcmp(c->name, name))
			return c;
	}
	return NULL;
}

static bool is_help(const char *word)
{
	return !strcmp(word, "--help") || !strcmp(word, "-h");
}

int cmd_help(int argc, char **argv)
{
	const struct command *c;

	if (argc > 2)
		return fail_usage("help", "one command at a time");
	if (argc < 2) {
		help_print(stdout);
		return finish("help", POOL_OK);
	}
	if (!strcmp(argv[1], "reasons")) {
		help_reasons();
		return finish("help", POOL_OK);
	}
	c = command_find(argv[1]);
	if (!c) {
		fprintf(stderr, "pool: help: there is no command \"%.64s\"\nTry: pool help\n",
			text_is_clean(argv[1], strlen(argv[1])) ? argv[1] : "?");
		return POOL_USAGE;
	}
	fputs(c->help, stdout);
	return finish("help", POOL_OK);
}

int main(int argc, char **argv)
{
	static char *show[] = { (char *)"show", NULL };
	const struct command *c;
	int i;

	setlocale(LC_CTYPE, "");
	/* A reader that goes away is told by the failing write, and no crime. */
	signal(SIGPIPE, SIG_DFL);
	if (argc < 2) {
		argv = show;
		argc = 1;
	} else {
		argv++;
		argc--;
	}
	if (is_help(argv[0])) {
		help_print(stdout);
		return finish("help", POOL_OK);
	}
	if (!strcmp(argv[0], "--version") || !strcmp(argv[0], "-V")) {
		printf("pool %s\n", POOL_VERSION);
		return finish("version", POOL_OK);
	}
	c = command_find(argv[0]);
	if (!c) {
		struct err e;

		err_set(&e, "there is no command \"%.64s\"", argv[0]);
		tell(e.text);
		fputs("Try: pool help\n", stderr);
		return POOL_USAGE;
	}
	for (i = 1; i < argc; i++) {
		/* A peer or a file may be called many things, but not this. */
		if (is_help(argv[i])) {
			fputs(c->help, stdout);
			return finish("help", POOL_OK);
		}
	}
	return c->run(argc, argv);
}
