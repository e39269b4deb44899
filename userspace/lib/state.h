/* SPDX-License-Identifier: GPL-2.0 */
/* What the kernel tells: devices, their peers, sessions, and events. */
#ifndef _POOL_LIB_STATE_H
#define _POOL_LIB_STATE_H

#include <linux/pool.h>

#include "limits.h"
#include "nl.h"
#include "text.h"

/* Text from the kernel: a name of a device or of a peer. */
enum {
	STATE_STRING_LEN = POOL_NAME_MAX + 1,
	STATE_DRIVER_LEN = 128,	/* as the kernel's own */
};

/*
 * Each struct begins with the attributes that were there, one bit for each
 * (1 << POOL_A_...); the members of the others are zero.
 */

/* What one end has measured in a session. */
struct telemetry_state {
	u64 has;
	u64 rtt;		/* nanoseconds; 0: not known yet */
	u64 jitter;		/* nanoseconds */
	u32 loss;		/* parts per million */
	u64 throughput;		/* bit/s */
	u32 mtu;		/* bytes; 0: not known */
	u32 queue;
	u64 uptime;		/* nanoseconds */
	u32 rekeys;
	u32 config_version;
	u32 digest;
	u64 journal;
	u64 age;		/* milliseconds; of the peer's only */
};

struct session_state {
	u64 has;
	u32 ifindex;
	char ifname[STATE_STRING_LEN];
	u8 public_key[POOL_KEY_LEN];
	u8 session_id[POOL_SESSION_ID_LEN];
	u32 role;
	u32 state;
	u32 transport;
	u32 epoch;
	u64 age;		/* milliseconds */
	u64 last_receive;	/* milliseconds ago */
	u64 tx_sequence;
	u64 rx_sequence;
	struct saddr local;
	struct saddr remote;
	u32 reattached;
	u32 rekeys;
	u64 epoch_age;		/* milliseconds */
	struct telemetry_state telemetry;
	struct telemetry_state peer_telemetry;
	u32 mismatch;		/* POOL_MISMATCH_... */
};

struct peer_state {
	u64 has;
	u32 ifindex;
	char ifname[STATE_STRING_LEN];
	u8 public_key[POOL_KEY_LEN];
	struct saddr endpoint;
	u32 transport;
	u16 heartbeat;
	u32 state;
	struct saddr connection;
	u64 last_handshake;	/* CLOCK_REALTIME seconds */
	u64 last_receive;	/* milliseconds ago */
	u64 rx_packets;
	u64 rx_bytes;
	u64 tx_packets;
	u64 tx_bytes;
	u64 handshakes;
	u32 n_sessions;		/* as told, beside what is in @sessions */
	u32 staged;
	char name[STATE_STRING_LEN];
	u8 transports;
	u16 max_plaintext;
	u8 address[POOL_KEY_LEN];
	u32 last_error;
	u64 last_error_age;	/* milliseconds */
	u64 *drops;		/* by attribute, POOL_A_DROPS_MAX + 1; NULL: none */
	u32 limit[LIMITS];	/* of the keys' life */
	u64 rekeys;
	u64 tx_urgent;
	u64 tx_marked;
	u64 rx_large, tx_large;
	u32 queue_limit;
	u32 overload;		/* seconds */
	u64 errors[POOL_A_CODES_MAX + 1];	/* by attribute */
	u64 peer_errors[POOL_A_CODES_MAX + 1];
	struct cidr *ips;
	size_t n_ips;
	size_t max_ips;
	const struct session_state *sessions;	/* into the device's */
	size_t sessions_here;
};

struct device_state {
	u64 has;
	u32 ifindex;
	char ifname[STATE_STRING_LEN];
	u8 public_key[POOL_KEY_LEN];
	u16 listen_port;
	u32 transport;
	u32 fwmark;
	u16 heartbeat;
	char name[STATE_STRING_LEN];
	u64 organisation;
	u64 segment;
	u8 address[POOL_KEY_LEN];
	u32 init_skew;
	u32 n_peers;		/* as told */
	u32 n_sessions;
	u32 connections;
	u32 unproven;
	u8 difficulty;
	u64 inits_received;
	u64 challenges_sent;
	u64 prove_work_sent;
	u64 responses_received;
	u64 handshakes;
	u64 curve_operations;
	int32_t skew_seen;
	u64 *drops;
	u32 limit[LIMITS];	/* of the keys' life */
	u8 dscp;		/* DSCP_INHERIT: of the inner packets */
	u64 rekeys;
	struct cidr bind_address;
	char bind_device[STATE_STRING_LEN];	/* empty: none, or it is gone */
	u32 bind_ifindex;
	char aead_driver[STATE_DRIVER_LEN];
	char hmac_driver[STATE_DRIVER_LEN];
	struct peer_state *peers;
	size_t peers_here;
	size_t max_peers;
	struct session_state *sessions;	/* sorted by public key */
	size_t sessions_here;
	size_t max_sessions;
};

struct event_state {
	u64 has;
	u32 ifindex;
	char ifname[STATE_STRING_LEN];
	u32 type;
	u32 reason;
	u8 public_key[POOL_KEY_LEN];
	u8 session_id[POOL_SESSION_ID_LEN];
	u32 role;
	struct saddr remote;
	u32 count;
	u32 epoch;
	u8 code;		/* as in the packet */
	u32 mismatch;		/* POOL_MISMATCH_... */
	u32 seconds;
};

struct device_list {
	struct device_state *dev;
	size_t n;
	size_t max;
};

/* How an attribute is stored and shown. */
enum field_type {
	FIELD_U8,
	FIELD_U16,
	FIELD_U32,
	FIELD_S32,
	FIELD_U64,
	FIELD_HEX64,		/* u64 that people write in hex */
	FIELD_STRING,
	FIELD_DRIVER,		/* a longer one */
	FIELD_FLAG,		/* its bit is all of it */
	FIELD_KEY,
	FIELD_SID,
	FIELD_ADDRESS,		/* a POOL address */
	FIELD_SOCKADDR,
	FIELD_IP,		/* 4 or 16 bytes */
	FIELD_ENUM,		/* u32 with a name */
	FIELD_TRANSPORTS,	/* u8, one bit for each transport */
	FIELD_DROPS,
	FIELD_ALLOWED_IPS,
	FIELD_DSCP,		/* u8, DSCP_INHERIT is a word */
	FIELD_CODE,		/* u8, a code of the protocol */
	FIELD_CODES,		/* a count for each code */
	FIELD_BITS,		/* u32, each bit with a name */
	FIELD_NEST,		/* attributes of their own, in @nest */
};

struct field {
	u16 attr;
	u8 type;
	bool hidden;		/* from JSON: something better stands there */
	size_t offset;
	const char *name;	/* as in pool.yaml */
	const char *key;	/* in JSON, if it is not the name */
	const char *(*value_name)(u32 value);
	const struct field_set *nest;
};

struct field_set {
	const struct field *field;
	size_t n;
};

extern const struct field_set device_fields;
extern const struct field_set peer_fields;
extern const struct field_set session_fields;
extern const struct field_set event_fields;
extern const struct field_set telemetry_fields;
extern const struct field_set peer_telemetry_fields;

#define STATE_HAS(obj, attr) (((obj)->has >> (attr)) & 1)

/*
 * Take the attributes of one message of the kernel into @obj, whose members
 * @set describes. Unknown attributes are passed over. -1: malformed, or no
 * memory.
 */
int state_decode(const struct nlmsghdr *nlh, const struct field_set *set, void *obj,
		 struct err *e);

/* A message of PEER_GET into @d; one for the last peer again adds allowed-ips. */
int state_add_peer(struct device_state *d, const struct nlmsghdr *nlh, struct err *e);

/* A message of SESSION_GET into @d. */
int state_add_session(struct device_state *d, const struct nlmsghdr *nlh, struct err *e);

/* Give each peer its sessions; peers stay in the kernel's order. */
void state_join(struct device_state *d);

/* Every device, or only @dev; nothing but the devices themselves. */
int state_get_devices(struct nl *nl, const struct nl_dev *dev, struct device_list *list,
		      struct err *e);

/* The peers of @d, and with @sessions their sessions. @ne may be NULL. */
int state_get_peers(struct nl *nl, struct device_state *d, bool sessions, struct nl_error *ne,
		    struct err *e);

u64 state_drops_total(const u64 *drops);

void state_free_list(struct device_list *list);
void state_free_device(struct device_state *d);

#endif /* _POOL_LIB_STATE_H */
