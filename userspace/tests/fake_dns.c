// SPDX-License-Identifier: GPL-2.0
/* A name server that does not answer at once: for the host later.example. */
#include <dlfcn.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>

/* The declaration of the system's header, whose parameters are restrict. */
int getaddrinfo(const char *restrict host, const char *restrict port,
		const struct addrinfo *restrict hints, struct addrinfo **restrict list)
{
	int (*real)(const char *h, const char *p, const struct addrinfo *i, struct addrinfo **l);
	static unsigned int asked;

	if (host && !strcmp(host, "never.example"))
		return EAI_AGAIN;
	if (host && !strcmp(host, "later.example")) {
		if (asked++ < 2)
			return EAI_AGAIN;
		host = "192.0.2.77";
	}
	*(void **)&real = dlsym(RTLD_NEXT, "getaddrinfo");
	if (!real)
		abort();
	return real(host, port, hints, list);
}
