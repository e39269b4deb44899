/* SPDX-License-Identifier: GPL-2.0 */
/* Generic netlink with the family "pool": requests, dumps, batches, events. */
#ifndef _POOL_LIB_NL_H
#define _POOL_LIB_NL_H

#include <libmnl/libmnl.h>
#include <linux/netlink.h>

#include "../../kernel/proto/types.h"
#include "err.h"

enum {
	NL_MSG_MAX = 16384,	/* the largest message we make */
	NL_BATCH_BYTES = 65536,
	NL_BATCH_MSGS = 128,	/* so many acks fit into any receive buffer */
	NL_RECV_BYTES = 65536,
	NL_DUMP_TRIES = 50,
};

struct nl {
	struct mnl_socket *sock;
	u16 family;
	u32 events;		/* multicast group */
	u32 seq;
	u32 portid;
	char *rx;		/* NL_RECV_BYTES */
};

/* A device as the user named it: by index, or by name where that is 0. */
struct nl_dev {
	u32 ifindex;
	char name[16];
};

/* What the kernel said about a request that it refused, or took with a warning. */
struct nl_error {
	int code;		/* errno; 0: done */
	char text[300];		/* extack, or empty */
};

/* One message of an answer. 0 or -1 with @e. */
typedef int (*nl_cb)(const struct nlmsghdr *nlh, void *data, struct err *e);

/* Open a socket and find the family, which loads the module if it can. */
int nl_open(struct nl *nl, struct err *e);
void nl_close(struct nl *nl);

/* "pool0" or "7". */
int nl_dev_parse(struct nl_dev *dev, const char *word, struct err *e);

/* A request for @cmd in @buf (NL_MSG_MAX bytes), about @dev if there is one. */
struct nlmsghdr *nl_start(const struct nl *nl, void *buf, u8 cmd, const struct nl_dev *dev);

/*
 * Send, pass the answers to @cb (may be NULL), wait for the ack. With success
 * @ne (may be NULL) has a text if the kernel warns.
 */
int nl_request(struct nl *nl, struct nlmsghdr *nlh, nl_cb cb, void *data, struct nl_error *ne,
	       struct err *e);

/*
 * Dump. When the kernel says that the dump is not of one piece, @restart
 * forgets what @cb took and it begins again.
 */
int nl_dump(struct nl *nl, struct nlmsghdr *nlh, nl_cb cb, void (*restart)(void *data),
	    void *data, struct nl_error *ne, struct err *e);

/* Many requests in few system calls. */
struct nl_batch {
	struct nl *nl;
	char *buf;		/* NL_BATCH_BYTES */
	size_t used;
	unsigned int count;
	u32 first_seq;
	void *tag[NL_BATCH_MSGS];
	/* Told once for each request that was refused, or taken with a warning. */
	void (*answer)(void *ctx, void *tag, const struct nl_error *ne);
	void *ctx;
};

int nl_batch_init(struct nl_batch *b, struct nl *nl,
		  void (*answer)(void *ctx, void *tag, const struct nl_error *ne), void *ctx,
		  struct err *e);
/* Wipes what was sent. */
void nl_batch_uninit(struct nl_batch *b);

/* Begin a message; flushes if there is no room. NULL: @e. */
struct nlmsghdr *nl_batch_start(struct nl_batch *b, u8 cmd, const struct nl_dev *dev,
				struct err *e);
/* It is complete. */
void nl_batch_commit(struct nl_batch *b, const struct nlmsghdr *nlh, void *tag);
/* Send what is there and wait for the acks. -1: the socket failed. */
int nl_batch_flush(struct nl_batch *b, struct err *e);

/* Hear events. */
int nl_listen(struct nl *nl, struct err *e);

/* One read of events. 1: read; 0: some were lost; -1: @e. */
int nl_hear(struct nl *nl, nl_cb cb, void *data, struct err *e);

/*
 * Put the reason into words: the kernel's own text, or errno's, and what to do
 * about it. Always -1.
 */
int nl_explain(const struct nl_error *ne, struct err *e);

#endif /* _POOL_LIB_NL_H */
