/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A stand-in for pool.ko, linked into a copy of the tool in place of libmnl's
 * socket functions. It keeps devices and peers in a file, so that one command
 * sees what the one before it did, and is as strict as the policies of
 * pool.yaml. Environment:
 *
 *   POOL_FAKE        the file (needed)
 *   POOL_FAKE_LOG    append a line for each request
 *   POOL_FAKE_BUSY   peers have sessions, counters and errors
 *   POOL_FAKE_FAULT  words parted by commas:
 *                    nofamily, eperm, noext (no extack texts), intr=N (the
 *                    first N dumps are torn), always-intr, refuse=N (the Nth
 *                    PEER_SET fails), eintr (a receive is interrupted),
 *                    busyport, notransport (those are refused), truncate (a reply
 *                    is malformed), gone=N (the device is there N times),
 *                    agree, mute, most (of a busy peer: it measures the same,
 *                    it has told nothing yet, all that a report can hold)
 */
#ifndef _POOL_TESTS_FAKE_KERNEL_H
#define _POOL_TESTS_FAKE_KERNEL_H

#include <libmnl/libmnl.h>
#include <linux/genetlink.h>
#include <linux/pool.h>
#include <netinet/in.h>

#include "../../kernel/proto/types.h"

enum {
	FAKE_FAMILY = 0x21,
	FAKE_GROUP = 9,
	FAKE_DEVICES = 2,
	FAKE_IPS = 2000,
	FAKE_PORTID = 4711,
	FAKE_LIMITS = 4,	/* rekey-after-packets and the three behind it */
	FAKE_EVENTS = 11,
};

struct fake_ip {
	u16 family;
	u8 prefix_len;
	u8 addr[16];
};

struct fake_peer {
	u8 key[POOL_KEY_LEN];
	u8 has_psk;
	u8 psk[POOL_KEY_LEN];
	u8 endpoint[sizeof(struct sockaddr_in6)];
	u32 endpoint_len;
	u32 transport;
	u16 heartbeat;
	u8 has_heartbeat;
	u32 limit[FAKE_LIMITS];	/* 0: the device's */
	u32 n_ips;
	struct fake_ip *ips;	/* behind the peer in the file */
};

struct fake_device {
	u32 ifindex;
	char ifname[16];
	u8 has_key;
	u8 key[POOL_KEY_LEN];
	u16 listen_port;
	u32 transport;
	u32 fwmark;
	u16 heartbeat;
	char name[POOL_NAME_MAX + 1];
	u64 organisation;
	u64 segment;
	u32 init_skew;
	u32 limit[FAKE_LIMITS];
	u8 dscp;
	u8 bind[16];
	u32 bind_len;
	char bind_device[16];
	u32 n_peers;
	struct fake_peer *peers;
};

extern struct fake_device fake_devices[FAKE_DEVICES];

/* fake_state.c */
void fake_load(void);
void fake_save(void);
struct fake_peer *fake_find(struct fake_device *d, const u8 *key);
struct fake_peer *fake_add(struct fake_device *d, const u8 *key);
void fake_del(struct fake_device *d, struct fake_peer *p);
int fake_add_ip(struct fake_device *d, struct fake_peer *p, const struct fake_ip *ip);
void fake_del_ip(struct fake_peer *p, const struct fake_ip *ip);

/* fake_reply.c: attributes of answers */
void fake_put_device(struct nlmsghdr *nlh, const struct fake_device *d);
/* Allowed-ips from @from on; where the next message goes on, or 0. */
u32 fake_put_peer(struct nlmsghdr *nlh, const struct fake_device *d, const struct fake_peer *p,
		  u32 from);
void fake_put_session(struct nlmsghdr *nlh, const struct fake_device *d,
		      const struct fake_peer *p, unsigned int which);
void fake_put_event(struct nlmsghdr *nlh, unsigned int which);
bool fake_busy(void);

/* fake_set.c: carry out a request. A negative errno, and a text or NULL. */
int fake_set(const struct nlmsghdr *nlh, struct fake_device **dev, const char **text);
struct fake_device *fake_device_of(const struct nlmsghdr *nlh);

bool fake_fault(const char *name, unsigned int *number);

#endif /* _POOL_TESTS_FAKE_KERNEL_H */
