/* SPDX-License-Identifier: GPL-2.0 */
/* Text for people: safe to print whoever wrote it, sizes and times to read. */
#ifndef _POOL_LIB_TEXT_H
#define _POOL_LIB_TEXT_H

#include <netinet/in.h>

#include "../../kernel/proto/types.h"

enum {
	TEXT_NUMBER_LEN = 48,	/* text_bytes(), text_rate(), text_nanoseconds(), text_span_short() */
	TEXT_SPAN_LEN = 96,	/* text_span(), text_ago() */
	TEXT_SOCKADDR_LEN = 80,	/* [v6%scope]:port */
	TEXT_CIDR_LEN = INET6_ADDRSTRLEN + 4,
	TEXT_SID_LEN = 33,
};

/* A socket address as netlink carries it; len 0 is none. */
struct saddr {
	union {
		struct sockaddr sa;
		struct sockaddr_in in;
		struct sockaddr_in6 in6;
	};
	socklen_t len;
};

/* An inner prefix. */
struct cidr {
	u16 family;
	u8 prefix_len;
	u8 remove;
	u8 addr[16];
};

/*
 * Decode one UTF-8 sequence of at most @len bytes. Returns its length, or 0 if
 * it is not well formed (overlong, surrogate, truncated, above U+10FFFF).
 */
unsigned int text_utf8(const char *s, size_t len, u32 *cp);

/* A character that may do something to a terminal or to a line. */
bool text_is_control(u32 cp);

/* Well-formed UTF-8 without control characters. */
bool text_is_clean(const char *s, size_t len);

/* Put '?' for whatever is not clean. */
void text_sanitise(char *s);

/* Without the blanks around it. Changes @s. */
char *text_trim(char *s);

/* "1.50 KiB" */
const char *text_bytes(char buf[TEXT_NUMBER_LEN], u64 bytes);

/* "1 day, 2 hours, 5 seconds"; "0 seconds" */
const char *text_span(char buf[TEXT_SPAN_LEN], u64 seconds);

/* The two greatest parts of it: "1 d 2 h", "5 min 0 s", "7 s" */
const char *text_span_short(char buf[TEXT_NUMBER_LEN], u64 seconds);

/* "12.35 kbit/s", in steps of 1000 */
const char *text_rate(char buf[TEXT_NUMBER_LEN], u64 bits);

/* "80.41 ms", from ns to s */
const char *text_nanoseconds(char buf[TEXT_NUMBER_LEN], u64 ns);

/* text_span() and " ago", or "now" */
const char *text_ago(char buf[TEXT_SPAN_LEN], u64 seconds);

/* "192.0.2.1:9253", "[2001:db8::1]:9253", "(none)" */
const char *text_sockaddr(char buf[TEXT_SOCKADDR_LEN], const struct saddr *sa);

/* "10.0.0.0/8" */
const char *text_cidr(char buf[TEXT_CIDR_LEN], const struct cidr *c);

/* "10.0.0.1": the address of it alone; "(none)" without a family */
const char *text_ip(char buf[TEXT_CIDR_LEN], const struct cidr *c);

/* 32 hex digits */
const char *text_sid(char buf[TEXT_SID_LEN], const u8 *sid);

#endif /* _POOL_LIB_TEXT_H */
