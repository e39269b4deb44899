/* SPDX-License-Identifier: GPL-2.0 */
/* The commands of the tool. */
#ifndef _POOL_POOL_H
#define _POOL_POOL_H

#include <stdio.h>

#include "../lib/err.h"
#include "../lib/state.h"

#define POOL_VERSION "0.1"

/* Exit codes, as in pool(8). */
enum {
	POOL_OK = 0,
	POOL_REFUSED = 1,	/* by the kernel, or by what a file holds */
	POOL_USAGE = 2,
};

struct command {
	const char *name;
	const char *summary;
	const char *help;
	/* argv[0] is the command. An exit code comes back. */
	int (*run)(int argc, char **argv);
};

extern const struct command commands[];

/* NULL if there is none. */
const struct command *command_find(const char *name);

void help_print(FILE *out);
void help_reasons(void);

/* "pool: set: TEXT" on stderr, made safe to print. The code comes back. */
int fail(const char *command, const struct err *e, int code);
int fail_usage(const char *command, const char *fmt, ...) ERR_PRINTF(2, 3);

/* "pool: TEXT" and "pool: warning: TEXT" on stderr. */
void tell(const char *text);
void warn(const char *text);

/* Both of them for apply(). */
extern const struct apply_out apply_out;

/* Close stdout. @code, or POOL_REFUSED if not all of it was written. */
int finish(const char *command, int code);

/*
 * The whole of a file ("-": standard input), a zero behind it, in wiped-on-free
 * memory; NULL and @e. @warn_mode tells if others may read it.
 */
char *file_read(const char *name, size_t *len, bool *others, struct err *e);
void file_free(char *text, size_t len);

int cmd_genkey(int argc, char **argv);
int cmd_genpsk(int argc, char **argv);
int cmd_pubkey(int argc, char **argv);
int cmd_address(int argc, char **argv);
int cmd_set(int argc, char **argv);
int cmd_show(int argc, char **argv);
int cmd_showconf(int argc, char **argv);
int cmd_setconf(int argc, char **argv);
int cmd_monitor(int argc, char **argv);
int cmd_help(int argc, char **argv);

/* Colours, or nothing where they are not wanted. */
enum colour {
	C_RESET,
	C_BOLD,
	C_GREEN,
	C_YELLOW,
	C_RED,
	C_CYAN,
};

void colour_init(void);
const char *colour(enum colour c);

/* "->", or an arrow where the terminal knows one. */
const char *arrow(void);

/* "the handshake was not answered": a sentence of pool.yaml inside of another. */
void print_why(FILE *out, const char *why);

/* Text that a stranger chose, in quotes. */
void print_foreign(FILE *out, const char *text);

void show_human(const struct device_state *d);

/* The table of both views of a session, if the kernel has told of one. */
void show_telemetry(const struct session_state *s);

/* "rtt, digest" */
void print_mismatch(u32 mismatch);

/* 0, or -1 if @field is no view. */
int show_field(const struct device_state *d, const char *field, bool with_name);
bool show_field_exists(const char *field);
bool show_field_wants_peers(const char *field);
bool show_field_wants_sessions(const char *field);
const char *show_field_list(void);

#endif /* _POOL_POOL_H */
