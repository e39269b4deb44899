// SPDX-License-Identifier: GPL-2.0
/* Round trips per second of one byte over one TCP connection: rr -l | rr HOST SECONDS */
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { PORT = 5299 };

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static int serve(void)
{
	struct sockaddr_in6 any = { .sin6_family = AF_INET6, .sin6_port = htons(PORT) };
	int one = 1, fd, s = socket(AF_INET6, SOCK_STREAM, 0);
	char c;

	if (s < 0 || setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) ||
	    bind(s, (struct sockaddr *)&any, sizeof(any)) || listen(s, 8)) {
		perror("rr");
		return 1;
	}
	for (;;) {
		fd = accept(s, NULL, NULL);
		if (fd < 0)
			continue;
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
		while (read(fd, &c, 1) == 1 && write(fd, &c, 1) == 1)
			;
		close(fd);
	}
}

int main(int argc, char **argv)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM }, *ai;
	unsigned long n = 0;
	double start, end;
	char port[8], c = 0;
	int one = 1, fd;

	if (argc == 2 && !strcmp(argv[1], "-l"))
		return serve();
	if (argc != 3) {
		fprintf(stderr, "usage: rr -l | rr HOST SECONDS\n");
		return 2;
	}
	snprintf(port, sizeof(port), "%d", PORT);
	if (getaddrinfo(argv[1], port, &hints, &ai)) {
		fprintf(stderr, "rr: bad host\n");
		return 2;
	}
	fd = socket(ai->ai_family, SOCK_STREAM, 0);
	if (fd < 0 || connect(fd, ai->ai_addr, ai->ai_addrlen)) {
		perror("rr");
		return 1;
	}
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	start = now();
	end = start + atof(argv[2]);
	while (now() < end) {
		if (write(fd, &c, 1) != 1 || read(fd, &c, 1) != 1) {
			perror("rr");
			return 1;
		}
		++n;
	}
	printf("%.0f\n", (double)n / (now() - start));
	freeaddrinfo(ai);
	return 0;
}
