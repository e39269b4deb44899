/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a user asks for: the words of `pool set` or the lines of a file, parsed
 * and checked. Nothing here talks to the kernel.
 *
 * It goes in two steps. Parsing looks at words only; config_load() then reads
 * the files of the secrets and looks up the names of the endpoints.
 */
#ifndef _POOL_LIB_CONFIG_H
#define _POOL_LIB_CONFIG_H

#include <linux/pool.h>

#include "key.h"
#include "limits.h"
#include "parse.h"
#include "text.h"

enum config_default {
	CONFIG_LISTEN_PORT = 9253,
	CONFIG_HEARTBEAT = 5,		/* seconds */
	CONFIG_INIT_SKEW = 30,		/* seconds */
	CONFIG_PEERS_MAX = 65536,
};

/* Which members of a struct are spoken of. */
enum config_has {
	HAS_PRIVATE_KEY = 1 << 0,
	HAS_LISTEN_PORT = 1 << 1,
	HAS_TRANSPORT = 1 << 2,
	HAS_FWMARK = 1 << 3,
	HAS_HEARTBEAT = 1 << 4,
	HAS_NAME = 1 << 5,
	HAS_ORGANISATION = 1 << 6,
	HAS_SEGMENT = 1 << 7,
	HAS_INIT_SKEW = 1 << 8,
	HAS_PRESHARED_KEY = 1 << 9,
	HAS_ENDPOINT = 1 << 10,
	HAS_ALLOWED_IPS = 1 << 11,
	/* files only: a public key */
	HAS_PUBLIC_KEY = 1 << 12,
	/* in the order of enum limit */
	HAS_REKEY_PACKETS = 1 << 13,
	HAS_REKEY_TIME = 1 << 14,
	HAS_REJECT_PACKETS = 1 << 15,
	HAS_REJECT_TIME = 1 << 16,
	HAS_DSCP = 1 << 17,
	HAS_BIND = 1 << 18,
	HAS_BIND_DEVICE = 1 << 19,
};

#define HAS_LIMIT(limit) ((u32)HAS_REKEY_PACKETS << (limit))

struct config_device {
	u32 has;
	struct key_source private_key;
	u16 listen_port;
	u16 heartbeat;
	u32 transport;
	u32 fwmark;
	u32 init_skew;
	u64 organisation;
	u64 segment;
	u32 limit[LIMITS];
	u8 dscp;
	struct cidr bind;		/* family 0: none */
	char bind_device[IFNAME_LEN];	/* empty: none */
	char name[POOL_NAME_MAX + 1];
	bool replace_peers;
};

struct config_peer {
	u32 has;
	u8 public_key[POOL_KEY_LEN];
	struct key_source preshared_key;
	char *endpoint_word;
	struct saddr endpoint;		/* len 0: none */
	u32 transport;
	u16 heartbeat;
	u32 limit[LIMITS];
	bool remove;
	bool rekey;
	bool update_only;
	bool create_only;
	bool replace_allowed_ips;
	bool auto_add;
	bool auto_remove;
	struct cidr *ips;
	size_t n_ips;
	size_t max_ips;
	unsigned int line;		/* of its [Peer] in the file; 0 from the command line */
	bool unchanged;			/* the device has it like this already */
	bool failed;			/* the kernel refused it */
};

struct config {
	struct config_device dev;
	struct config_peer *peers;
	size_t n_peers;
	size_t max_peers;
	unsigned int stdin_used;	/* secrets that come from standard input */
};

void config_free(struct config *c);

/* A new, empty peer at the end; NULL without memory. Moves the others. */
struct config_peer *config_add_peer(struct config *c);

/* Append a prefix; -1 without memory. */
int config_add_ip(struct config_peer *p, const struct cidr *ip, struct err *e);

/* Where a word is written; some are good in one place only. */
enum config_place {
	CONFIG_ARGS,
	CONFIG_FILE,
};

/*
 * Take one setting of the device (peer NULL) or of a peer. @word is its name
 * on the command line ("listen-port") or in a file ("ListenPort"), depending
 * on @place. 1: taken; 0: no such setting here; -1: it is wrong.
 */
int config_set(struct config *c, struct config_peer *p, enum config_place place,
	       const char *word, const char *value, struct err *e);

/*
 * The words behind `pool set DEV`. @argv may be changed (a secret given as a
 * word is overwritten). A word of @why that is wrong is quoted in @e.
 */
int config_parse_args(struct config *c, int argc, char **argv, struct err *e);

/*
 * The text of a file, @len bytes; @dir is where relative names of files start
 * (NULL: the working directory). @text is changed.
 */
int config_parse_file(struct config *c, char *text, size_t len, const char *dir, struct err *e);

/*
 * What is wrong between the words: two peers with one prefix, one peer twice in
 * a file, a limit at or above another that must be higher. 0 or -1.
 */
int config_check(const struct config *c, enum config_place place, struct err *e);

/* Read the secrets and look up the endpoints. @warn as in key_load(). */
int config_load(struct config *c, void (*warn)(const char *text), struct err *e);

#endif /* _POOL_LIB_CONFIG_H */
