/* SPDX-License-Identifier: GPL-2.0 */
/* What every unit test includes, in the order that cmocka wants. */
#ifndef _POOL_TESTS_UNIT_H
#define _POOL_TESTS_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "../lib/array.h"


/* The text of an error has these words. */
#define assert_says(e, words)							\
	do {									\
		if (!strstr((e)->text, words))					\
			fail_msg("\"%s\" does not say \"%s\"", (e)->text, words); \
	} while (0)

#endif /* _POOL_TESTS_UNIT_H */
