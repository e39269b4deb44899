// SPDX-License-Identifier: GPL-2.0
/* Endpoints that are names. */
#include <netdb.h>
#include <stdlib.h>
#include <unistd.h>

#include "parse.h"

static u64 retries(void)
{
	const char *word = getenv("POOL_ENDPOINT_RESOLUTION_RETRIES");
	struct err ignored;
	u64 n;

	if (!word || parse_number(word, 0, 1000000, &n, &ignored))
		return 15;
	return n;
}

int endpoint_resolve(const char *word, struct saddr *out, struct err *e)
{
	struct addrinfo hints = { .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM };
	char host[ENDPOINT_HOST_LEN], port[ENDPOINT_PORT_LEN];
	struct addrinfo *list, *ai;
	unsigned int wait = 1;
	u64 left = retries();
	int ret;

	if (parse_endpoint(word, host, port, e))
		return -1;
	hints.ai_flags = AI_NUMERICSERV;
	if (*word == '[') {
		hints.ai_family = AF_INET6;
		hints.ai_flags |= AI_NUMERICHOST;
	}
	while ((ret = getaddrinfo(host, port, &hints, &list)) == EAI_AGAIN && left--) {
		sleep(wait);
		if (wait < 16)
			wait *= 2;
	}
	if (ret == EAI_NONAME && hints.ai_flags & AI_NUMERICHOST)
		return err_set(e, "%.64s: not an IPv6 address between the brackets", word);
	if (ret)
		return err_set(e, "%.64s: cannot look up the host: %s", word,
			       ret == EAI_SYSTEM ? strerror(errno) : gai_strerror(ret));
	memset(out, 0, sizeof(*out));
	for (ai = list; ai && !out->len; ai = ai->ai_next) {
		if ((ai->ai_family != AF_INET && ai->ai_family != AF_INET6) ||
		    ai->ai_addrlen > sizeof(out->in6))
			continue;
		memcpy(&out->sa, ai->ai_addr, ai->ai_addrlen);
		out->len = ai->ai_addrlen;
	}
	freeaddrinfo(list);
	if (!out->len)
		return err_set(e, "%.64s: the host has neither an IPv4 nor an IPv6 address", word);
	return 0;
}
