/* SPDX-License-Identifier: GPL-2.0 */
/*
 * From words to values. Each function takes one whole word, takes nothing for
 * granted, and says in @e what is wrong with it, the word first. 0 or -1.
 */
#ifndef _POOL_LIB_PARSE_H
#define _POOL_LIB_PARSE_H

#include "err.h"
#include "limits.h"
#include "text.h"

enum {
	/* The DSCP that stands for that of the inner packets. */
	DSCP_INHERIT = 64,
};

/* Decimal digits and nothing else. */
int parse_number(const char *word, u64 min, u64 max, u64 *out, struct err *e);

/* 0 to 65535; 0 lets the system choose. */
int parse_listen_port(const char *word, u16 *out, struct err *e);

/* The name of a transport, to enum pool_transport. */
int parse_transport(const char *word, u32 *out, struct err *e);

/* Decimal, 0x and hex digits, or "off". */
int parse_fwmark(const char *word, u32 *out, struct err *e);

/* Seconds from 0 to 3600, or "off". */
int parse_heartbeat(const char *word, u16 *out, struct err *e);

/* 30 or more seconds. */
int parse_init_skew(const char *word, u32 *out, struct err *e);

/* A limit on the life of keys, lower than what the protocol allows or the same. */
int parse_limit(const char *word, enum limit which, u32 *out, struct err *e);

/* 0 to 63, or "inherit", which is DSCP_INHERIT. */
int parse_dscp(const char *word, u8 *out, struct err *e);

/* An IPv4 or IPv6 address; or "none", and its family is 0. */
int parse_bind(const char *word, struct cidr *out, struct err *e);

enum {
	IFNAME_LEN = 16,
};

/* What can be the name of an interface; or "none", which is an empty one. */
int parse_bind_device(const char *word, char out[IFNAME_LEN], struct err *e);

/* Up to 16 hex digits, 0x allowed. */
int parse_hex64(const char *word, u64 *out, struct err *e);

/* UTF-8 of at most POOL_NAME_MAX bytes, no control characters. */
int parse_name(const char *word, char *out, struct err *e);

/* ADDRESS[/LENGTH]; bits behind the prefix are cleared. */
int parse_cidr(const char *word, struct cidr *out, struct err *e);

enum {
	ENDPOINT_HOST_LEN = 256,
	ENDPOINT_PORT_LEN = 6,
	ENDPOINT_PORT_DEFAULT = 9253,
};

/* HOST[:PORT] or [V6][:PORT], taken apart but not looked up. The port is 9253 if left out. */
int parse_endpoint(const char *word, char host[ENDPOINT_HOST_LEN], char port[ENDPOINT_PORT_LEN],
		   struct err *e);

/*
 * Look up what parse_endpoint() accepts. A name that cannot be looked up for
 * the moment is tried again, POOL_ENDPOINT_RESOLUTION_RETRIES times (15).
 */
int endpoint_resolve(const char *word, struct saddr *out, struct err *e);

#endif /* _POOL_LIB_PARSE_H */
