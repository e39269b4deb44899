/* SPDX-License-Identifier: GPL-2.0 */
/* Writing JSON: commas, indentation and escapes. */
#ifndef _POOL_LIB_JSON_H
#define _POOL_LIB_JSON_H

#include <stdio.h>

#include "state.h"

struct json {
	FILE *out;
	unsigned int depth;
	bool started;		/* something stands at this depth already */
	bool one_line;
};

/* @key is NULL inside of arrays and at the top. */
void json_open(struct json *j, const char *key, char bracket);
void json_close(struct json *j, char bracket);
void json_string(struct json *j, const char *key, const char *value);
void json_number(struct json *j, const char *key, u64 value);
void json_signed(struct json *j, const char *key, s64 value);
void json_bool(struct json *j, const char *key, bool value);
void json_null(struct json *j, const char *key);

/* The fields of @obj that are not hidden; what is not there is null. */
void json_fields(struct json *j, const struct field_set *set, const void *obj);

/* One device with its peers and their sessions, under its name. */
void json_device(struct json *j, const struct device_state *d);

#endif /* _POOL_LIB_JSON_H */
