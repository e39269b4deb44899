// SPDX-License-Identifier: GPL-2.0
/* Whole files into memory that is wiped. */
#include <fcntl.h>
#include <sodium.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "pool.h"

enum {
	FILE_MAX = 256 << 20,	/* 65536 peers with a kilobyte of addresses each, and more */
};

/* As realloc(), but what was there is wiped. */
static char *enlarge(char *old, size_t used, size_t size)
{
	char *text = malloc(size);

	if (text && old)
		memcpy(text, old, used);
	file_free(old, used);
	return text;
}

char *file_read(const char *name, size_t *len, bool *others, struct err *e)
{
	bool is_stdin = !strcmp(name, "-");
	size_t used = 0, size = 65536;
	struct stat st;
	char *text;
	ssize_t n;
	int fd;

	fd = is_stdin ? STDIN_FILENO : open(name, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0) {
		err_set(e, "%.300s: %s", name, strerror(errno));
		return NULL;
	}
	*others = !fstat(fd, &st) && S_ISREG(st.st_mode) && st.st_mode & 07;
	text = malloc(size);
	while (text) {
		n = read(fd, text + used, size - 1 - used);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		used += (size_t)n;
		if (used < size - 1)
			continue;
		if (size >= FILE_MAX) {
			errno = EFBIG;
			n = -1;
			break;
		}
		size *= 2;
		text = enlarge(text, used, size);
	}
	if (!text) {
		err_nomem(e);
	} else if (n < 0) {
		err_set(e, "%.300s: %s", is_stdin ? "standard input" : name, strerror(errno));
		file_free(text, used);
		text = NULL;
	} else {
		text[used] = '\0';
		*len = used;
	}
	if (!is_stdin)
		close(fd);
	return text;
}

void file_free(char *text, size_t len)
{
	if (text)
		sodium_memzero(text, len);
	free(text);
}
