// SPDX-License-Identifier: GPL-2.0
/* What the views have in common. */
#include <ctype.h>
#include <langinfo.h>
#include <stdlib.h>
#include <unistd.h>

#include "pool.h"
#include "../lib/text.h"

static bool coloured;

void colour_init(void)
{
	const char *mode = getenv("POOL_COLOR"), *no = getenv("NO_COLOR");
	const char *term = getenv("TERM");

	if (mode && !strcmp(mode, "always"))
		coloured = true;
	else if ((mode && !strcmp(mode, "never")) || (no && *no))
		coloured = false;
	else
		coloured = isatty(STDOUT_FILENO) && term && strcmp(term, "dumb");
}

const char *colour(enum colour c)
{
	static const char * const code[] = {
		[C_RESET] = "\033[0m", [C_BOLD] = "\033[1m", [C_GREEN] = "\033[32m",
		[C_YELLOW] = "\033[33m", [C_RED] = "\033[31m", [C_CYAN] = "\033[36m",
	};

	return coloured ? code[c] : "";
}

const char *arrow(void)
{
	return strcmp(nl_langinfo(CODESET), "UTF-8") ? "->" : "\xe2\x86\x92";
}

void print_why(FILE *out, const char *why)
{
	size_t len = strlen(why);

	if (!len)
		return;
	/* "An INIT ..." but not "POOL ..." */
	if (isupper((unsigned char)why[0]) && !isupper((unsigned char)why[1]))
		putc(tolower((unsigned char)why[0]), out);
	else
		putc(why[0], out);
	if (why[len - 1] == '.')
		len--;
	fwrite(why + 1, 1, len - 1, out);
}

void print_foreign(FILE *out, const char *text)
{
	size_t len = strlen(text);
	unsigned int n;
	u32 cp;

	putc('"', out);
	for (; len; text += n, len -= n) {
		n = text_utf8(text, len, &cp);
		if (!n || text_is_control(cp) || cp == '"' || cp == '\\') {
			n = n ? n : 1;
			fprintf(out, "\\x%02x", (unsigned char)*text);
			if (n > 1)
				n = 1;
		} else {
			fwrite(text, 1, n, out);
		}
	}
	putc('"', out);
}
