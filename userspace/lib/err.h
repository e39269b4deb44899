/* SPDX-License-Identifier: GPL-2.0 */
/*
 * One error message, made where the trouble is and completed on its way up.
 * Nothing in lib/ prints or exits: what calls it decides.
 */
#ifndef _POOL_LIB_ERR_H
#define _POOL_LIB_ERR_H

#include <stdarg.h>

struct err {
	char text[600];
};

#define ERR_PRINTF(a, b) __attribute__((format(printf, a, b)))

/* Set the text. Always -1, to be returned. */
int err_set(struct err *e, const char *fmt, ...) ERR_PRINTF(2, 3);

/* Put words in front of the text. Always -1. */
int err_prepend(struct err *e, const char *fmt, ...) ERR_PRINTF(2, 3);

/* Put words behind the text. Always -1. */
int err_append(struct err *e, const char *fmt, ...) ERR_PRINTF(2, 3);

/* Always -1, with "out of memory". */
int err_nomem(struct err *e);

#endif /* _POOL_LIB_ERR_H */
