// SPDX-License-Identifier: GPL-2.0
/*
 * flood: packets from a file, over and over, from other people's addresses.
 *
 * Usage: flood [-r RATE] [-s ADDRESS] [-p PORT] DESTINATION udp:PORT|raw COUNT FILE
 *   FILE  packets, each after its length in two bytes, big-endian
 *   -s    the source address; without it one of 198.18.0.0/15 for each packet
 *   -p    the source port; without it any
 *   -r    packets a second at most
 *
 * IPv4. Prints how many packets and bytes of payload were sent, and in how long.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <netinet/ip.h>
#include <netinet/udp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
	BATCH = 32,
	PACKET_MAX = 1472,
	POOL_IPPROTO = 253,
};

struct packet {
	struct iphdr ip;
	struct udphdr udp;		/* of a raw packet the first bytes of its payload */
	uint8_t room[PACKET_MAX];
};

static struct packet packets[BATCH];
static struct mmsghdr messages[BATCH];
static struct iovec vecs[BATCH];

/* Quick, and the same each time: xorshift. */
static uint32_t random32(void)
{
	static uint64_t x = 88172645463325252ULL;

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	return x >> 16;
}

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

static uint8_t *read_file(const char *name, size_t *len)
{
	FILE *f = fopen(name, "rb");
	uint8_t *data;

	if (!f || fseek(f, 0, SEEK_END))
		err(1, "%s", name);
	*len = ftell(f);
	rewind(f);
	data = malloc(*len);
	if (!data || fread(data, 1, *len, f) != *len)
		err(1, "%s", name);
	fclose(f);
	return data;
}

/* What does not change from packet to packet. */
static void prepare(uint32_t to, int port)
{
	int i;

	for (i = 0; i < BATCH; ++i) {
		packets[i].ip = (struct iphdr){
			.version = 4,
			.ihl = 5,
			.ttl = 64,
			.protocol = port ? IPPROTO_UDP : POOL_IPPROTO,
			.daddr = to,
		};
		vecs[i].iov_base = &packets[i];
		messages[i].msg_hdr.msg_iov = &vecs[i];
		messages[i].msg_hdr.msg_iovlen = 1;
	}
}

/* The source and the payload of packet @i; no checksum of UDP, as IPv4 allows. */
static void fill(int i, uint32_t from, int from_port, int port, const uint8_t *data, size_t len)
{
	struct packet *p = &packets[i];
	uint8_t *payload = (uint8_t *)&p->udp;

	p->ip.saddr = from ? from : htonl(0xc6120000 | (random32() & 0x1ffff));
	if (port) {
		p->udp = (struct udphdr){
			.source = htons(from_port ? from_port : 1024 + (int)(random32() % 60000)),
			.dest = htons(port),
			.len = htons(sizeof(p->udp) + len),
		};
		payload += sizeof(p->udp);
	}
	memcpy(payload, data, len);
	vecs[i].iov_len = payload + len - (uint8_t *)p;
	p->ip.tot_len = htons(vecs[i].iov_len);
}

static void send_all(int sock, int n)
{
	int sent, done = 0;

	while (done < n) {
		sent = sendmmsg(sock, messages + done, n - done, 0);
		if (sent < 0 && errno != ENOBUFS && errno != EAGAIN && errno != EINTR)
			err(1, "sendmmsg");
		done += sent < 0 ? 0 : sent;
	}
}

int main(int argc, char **argv)
{
	int option, sock, port = 0, from_port = 0, i;
	struct sockaddr_in to = { .sin_family = AF_INET };
	size_t have, at = 0, len;
	long count, sent = 0;
	double rate = 0, begin, ahead;
	uint64_t bytes = 0;
	uint32_t from = 0;
	uint8_t *data;

	while ((option = getopt(argc, argv, "r:s:p:")) != -1) {
		if (option == 'r')
			rate = atof(optarg);
		else if (option == 'p')
			from_port = atoi(optarg);
		else if (option != 's' || inet_pton(AF_INET, optarg, &from) != 1)
			errx(2, "no such option, or no such address");
	}
	if (argc - optind != 4 || inet_pton(AF_INET, argv[optind], &to.sin_addr) != 1)
		errx(2, "usage: flood [-r RATE] [-s ADDRESS] [-p PORT] DESTINATION udp:PORT|raw COUNT FILE");
	if (!strncmp(argv[optind + 1], "udp:", 4))
		port = atoi(argv[optind + 1] + 4);
	else if (strcmp(argv[optind + 1], "raw"))
		errx(2, "udp:PORT or raw, not %s", argv[optind + 1]);
	count = atol(argv[optind + 2]);
	data = read_file(argv[optind + 3], &have);

	sock = socket(AF_INET, SOCK_RAW, IPPROTO_RAW);	/* which means IP_HDRINCL */
	if (sock < 0 || connect(sock, (struct sockaddr *)&to, sizeof(to)))
		err(1, "a raw socket");
	prepare(to.sin_addr.s_addr, port);
	begin = now();
	while (sent < count) {
		for (i = 0; i < BATCH && sent + i < count; ++i) {
			if (at + 2 > have)
				at = 0;
			len = data[at] << 8 | data[at + 1];
			if (len > PACKET_MAX || at + 2 + len > have)
				errx(1, "%s: no packet at byte %zu", argv[optind + 3], at);
			fill(i, from, from_port, port, data + at + 2, len);
			at += 2 + len;
			bytes += len;
		}
		send_all(sock, i);
		sent += i;
		ahead = rate > 0 ? sent / rate - (now() - begin) : 0;
		if (ahead > 0.001)
			usleep(ahead * 1e6);
	}
	printf("%ld packets %llu bytes %.2f seconds\n", sent, (unsigned long long)bytes,
	       now() - begin);
	return 0;
}
