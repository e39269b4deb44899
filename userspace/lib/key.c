// SPDX-License-Identifier: GPL-2.0
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "key.h"

bool key_parse(u8 key[POOL_KEY_LEN], const char *text)
{
	size_t len;

	if (strlen(text) != KEY_TEXT_LEN - 1)
		return false;
	return !sodium_base642bin(key, POOL_KEY_LEN, text, KEY_TEXT_LEN - 1, NULL, &len, NULL,
				  sodium_base64_VARIANT_ORIGINAL) && len == POOL_KEY_LEN;
}

const char *key_format(char text[KEY_TEXT_LEN], const u8 key[POOL_KEY_LEN])
{
	return sodium_bin2base64(text, KEY_TEXT_LEN, key, POOL_KEY_LEN,
				 sodium_base64_VARIANT_ORIGINAL);
}

bool key_is_zero(const u8 key[POOL_KEY_LEN])
{
	return sodium_is_zero(key, POOL_KEY_LEN);
}

int key_parse_public(u8 key[POOL_KEY_LEN], const char *text, struct err *e)
{
	if (!key_parse(key, text))
		return err_set(e, "%.64s: a key is 44 characters of base64, as pool pubkey prints it",
			       text);
	if (key_is_zero(key))
		return err_set(e, "%.64s: this is no public key, it is all zero", text);
	return 0;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

int key_read(u8 key[POOL_KEY_LEN], int fd, struct err *e)
{
	char buf[256], *start = buf, *end;
	size_t used = 0;
	ssize_t n;
	int ret;

	do {
		n = read(fd, buf + used, sizeof(buf) - 1 - used);
		if (n > 0)
			used += (size_t)n;
	} while (n > 0 || (n < 0 && errno == EINTR));
	if (n < 0) {
		ret = err_set(e, "%s", strerror(errno));
		goto out;
	}
	end = buf + used;
	while (end > start && is_blank(end[-1]))
		end--;
	while (start < end && is_blank(*start))
		start++;
	*end = '\0';
	if (start == end)
		ret = 0;
	else if (strlen(start) == (size_t)(end - start) && key_parse(key, start))
		ret = 1;
	else
		ret = err_set(e, "this is no key; a key is 44 characters of base64, as pool genkey prints it");
out:
	sodium_memzero(buf, sizeof(buf));
	return ret;
}

void key_check_mode(int fd, const char *file, void (*warn)(const char *text))
{
	char text[300];
	struct stat st;

	if (!warn || fstat(fd, &st) || !S_ISREG(st.st_mode) || !(st.st_mode & 07))
		return;
	snprintf(text, sizeof(text), "%.200s: every user may open this secret: chmod 600", file);
	warn(text);
}

int key_load(struct key_source *src, void (*warn)(const char *text), struct err *e)
{
	bool is_stdin;
	int fd, ret;

	if (src->kind != KEY_FILE)
		return 0;
	is_stdin = !strcmp(src->file, "-");
	fd = is_stdin ? STDIN_FILENO : open(src->file, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return err_set(e, "%.200s: %s", src->file, strerror(errno));
	key_check_mode(fd, src->file, warn);
	ret = key_read(src->key, fd, e);
	if (!is_stdin)
		close(fd);
	if (ret < 0)
		return err_prepend(e, "%.200s: ", is_stdin ? "standard input" : src->file);
	/* The kernel takes all zero as "remove", and so does the tool. */
	src->kind = ret && !key_is_zero(src->key) ? KEY_INLINE : KEY_REMOVE;
	return 0;
}

int key_source_file(struct key_source *src, const char *word, struct err *e)
{
	u8 key[POOL_KEY_LEN];

	if (key_parse(key, word)) {
		sodium_memzero(key, sizeof(key));
		return err_set(e, "a secret on the command line is seen by every user: give the name of a file that holds it, or - for standard input");
	}
	if (!*word)
		return err_set(e, "the name of a file is missing");
	src->file = strdup(strcmp(word, "/dev/stdin") ? word : "-");
	if (!src->file)
		return err_nomem(e);
	src->kind = KEY_FILE;
	return 0;
}

void key_source_free(struct key_source *src)
{
	free(src->file);
	sodium_memzero(src, sizeof(*src));
}
