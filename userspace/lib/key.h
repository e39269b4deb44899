/* SPDX-License-Identifier: GPL-2.0 */
/* Keys as text (base64), and from files. */
#ifndef _POOL_LIB_KEY_H
#define _POOL_LIB_KEY_H

#include <linux/pool.h>

#include "../../kernel/proto/types.h"
#include "err.h"

enum {
	KEY_TEXT_LEN = 45,	/* 44 characters and the terminator */
};

/* Where a secret comes from. */
enum key_kind {
	KEY_UNSET,	/* not spoken of */
	KEY_INLINE,	/* in @key */
	KEY_FILE,	/* in the file @file; "-" is standard input */
	KEY_REMOVE,	/* take the key away */
};

struct key_source {
	enum key_kind kind;
	u8 key[POOL_KEY_LEN];
	char *file;
};

/* Exactly 44 characters of base64. Takes the same time whatever the key is. */
bool key_parse(u8 key[POOL_KEY_LEN], const char *text);
const char *key_format(char text[KEY_TEXT_LEN], const u8 key[POOL_KEY_LEN]);
bool key_is_zero(const u8 key[POOL_KEY_LEN]);

/* A base64 public key; the error quotes it. */
int key_parse_public(u8 key[POOL_KEY_LEN], const char *text, struct err *e);

/*
 * Read one key from @fd, blanks around it allowed. 1: a key; 0: nothing but
 * blanks; -1: neither. The error never quotes what was read.
 */
int key_read(u8 key[POOL_KEY_LEN], int fd, struct err *e);

/*
 * Turn KEY_FILE into KEY_INLINE or, from an empty file, KEY_REMOVE. A file
 * that others may read is told through @warn (may be NULL).
 */
int key_load(struct key_source *src, void (*warn)(const char *text), struct err *e);

/* "others may read FILE", if it is a file and they may. */
void key_check_mode(int fd, const char *file, void (*warn)(const char *text));

/* A file name, or the hint that a key was put where everyone sees it. */
int key_source_file(struct key_source *src, const char *word, struct err *e);

void key_source_free(struct key_source *src);

#endif /* _POOL_LIB_KEY_H */
