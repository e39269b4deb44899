// SPDX-License-Identifier: GPL-2.0
/* What the fake kernel tells of itself. */
#include <arpa/inet.h>
#include <stdlib.h>
#include <time.h>

#include "../../kernel/proto/address.h"
#include "fake_kernel.h"

bool fake_busy(void)
{
	return getenv("POOL_FAKE_BUSY");
}

static void put_u64(struct nlmsghdr *nlh, u16 attr, u64 value)
{
	mnl_attr_put_u64(nlh, attr, value);
}

static void put_drop(struct nlmsghdr *nlh, u16 attr, u16 which, u64 value)
{
	struct nlattr *nest = mnl_attr_nest_start(nlh, attr);

	/* The pad attribute is there in a real answer, too. */
	mnl_attr_put(nlh, POOL_A_DROPS_PAD, 0, NULL);
	put_u64(nlh, which, value);
	put_u64(nlh, POOL_A_DROPS_MAX, 1);
	put_u64(nlh, POOL_A_DROPS_MAX + 7, 99);	/* of a newer kernel */
	mnl_attr_nest_end(nlh, nest);
}

/* Those that are set. */
static void put_limits(struct nlmsghdr *nlh, u16 first, const u32 limit[FAKE_LIMITS])
{
	u16 i;

	for (i = 0; i < FAKE_LIMITS; i++) {
		if (limit[i])
			mnl_attr_put_u32(nlh, first + i, limit[i]);
	}
}

void fake_put_device(struct nlmsghdr *nlh, const struct fake_device *d)
{
	u8 public_key[POOL_KEY_LEN], addr[POOL_ADDR_LEN];

	mnl_attr_put_u32(nlh, POOL_A_DEVICE_IFINDEX, d->ifindex);
	mnl_attr_put_strz(nlh, POOL_A_DEVICE_IFNAME, d->ifname);
	if (d->has_key) {
		pool_x25519_public(public_key, d->key);
		pool_addr_make(addr, d->organisation, d->segment, public_key);
		mnl_attr_put(nlh, POOL_A_DEVICE_PUBLIC_KEY, sizeof(public_key), public_key);
		mnl_attr_put(nlh, POOL_A_DEVICE_ADDRESS, sizeof(addr), addr);
	}
	mnl_attr_put_u16(nlh, POOL_A_DEVICE_LISTEN_PORT, d->listen_port);
	mnl_attr_put_u32(nlh, POOL_A_DEVICE_TRANSPORT, d->transport);
	mnl_attr_put_u32(nlh, POOL_A_DEVICE_FWMARK, d->fwmark);
	mnl_attr_put_u16(nlh, POOL_A_DEVICE_HEARTBEAT, d->heartbeat);
	if (d->name[0])
		mnl_attr_put_strz(nlh, POOL_A_DEVICE_NAME, d->name);
	put_u64(nlh, POOL_A_DEVICE_ORGANISATION, d->organisation);
	put_u64(nlh, POOL_A_DEVICE_SEGMENT, d->segment);
	mnl_attr_put_u32(nlh, POOL_A_DEVICE_INIT_SKEW, d->init_skew);
	mnl_attr_put_u32(nlh, POOL_A_DEVICE_PEERS, d->n_peers);
	mnl_attr_put_u32(nlh, POOL_A_DEVICE_SESSIONS, fake_busy() ? 2 * d->n_peers : 0);
	mnl_attr_put_u32(nlh, POOL_A_DEVICE_CONNECTIONS, fake_busy() ? d->n_peers : 0);
	mnl_attr_put_u32(nlh, POOL_A_DEVICE_UNPROVEN, 0);
	mnl_attr_put_u8(nlh, POOL_A_DEVICE_DIFFICULTY, 16);
	put_limits(nlh, POOL_A_DEVICE_REKEY_AFTER_PACKETS, d->limit);
	mnl_attr_put_u8(nlh, POOL_A_DEVICE_DSCP, d->dscp);
	if (d->bind_len)
		mnl_attr_put(nlh, POOL_A_DEVICE_BIND_ADDRESS, d->bind_len, d->bind);
	if (d->bind_device[0]) {
		/* "gone0" is the name of one that goes as soon as it is used. */
		if (strcmp(d->bind_device, "gone0"))
			mnl_attr_put_strz(nlh, POOL_A_DEVICE_BIND_DEVICE, d->bind_device);
		mnl_attr_put_u32(nlh, POOL_A_DEVICE_BIND_IFINDEX, 42);
	}
	mnl_attr_put_strz(nlh, POOL_A_DEVICE_AEAD_DRIVER, "aead(fast)");
	mnl_attr_put_strz(nlh, POOL_A_DEVICE_HMAC_DRIVER, "hmac(faster)");
	if (!fake_busy())
		return;
	put_u64(nlh, POOL_A_DEVICE_INITS_RECEIVED, 5);
	put_u64(nlh, POOL_A_DEVICE_HANDSHAKES, 1ULL << 60);
	mnl_attr_put_u32(nlh, POOL_A_DEVICE_SKEW_SEEN, (u32)-45);
	put_u64(nlh, POOL_A_DEVICE_REKEYS, 6);
	mnl_attr_put(nlh, POOL_A_DEVICE_OVERLOADED, 0, NULL);
	put_drop(nlh, POOL_A_DEVICE_DROPS, POOL_A_DROPS_RX_REPLAYED, 3);
	mnl_attr_put_u32(nlh, POOL_A_DEVICE_MAX + 3, 1);	/* of a newer kernel */
}

static void put_sockaddr(struct nlmsghdr *nlh, u16 attr, const char *text, u16 port)
{
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6, .sin6_port = htons(port) };
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons(port) };

	if (inet_pton(AF_INET, text, &in.sin_addr) == 1)
		mnl_attr_put(nlh, attr, sizeof(in), &in);
	else if (inet_pton(AF_INET6, text, &in6.sin6_addr) == 1)
		mnl_attr_put(nlh, attr, sizeof(in6), &in6);
}

static void put_codes(struct nlmsghdr *nlh, u16 attr, u16 which, u64 value)
{
	struct nlattr *nest = mnl_attr_nest_start(nlh, attr);

	mnl_attr_put(nlh, POOL_A_CODES_PAD, 0, NULL);
	put_u64(nlh, which, value);
	put_u64(nlh, POOL_A_CODES_OTHER, 1);
	put_u64(nlh, POOL_A_CODES_MAX + 1, 99);
	mnl_attr_nest_end(nlh, nest);
}

static void put_busy_peer(struct nlmsghdr *nlh, const struct fake_peer *p)
{
	static const char name[] = "evil\033[2J\"name\xff";

	mnl_attr_put_u32(nlh, POOL_A_PEER_STATE, POOL_PEER_STATE_UP);
	put_sockaddr(nlh, POOL_A_PEER_CONNECTION, "2001:db8::5", 40000);
	put_u64(nlh, POOL_A_PEER_LAST_HANDSHAKE, (u64)time(NULL) - 12 - p->key[0]);
	put_u64(nlh, POOL_A_PEER_LAST_RECEIVE, 1500);
	put_u64(nlh, POOL_A_PEER_RX_BYTES, 5ULL << 30);
	put_u64(nlh, POOL_A_PEER_TX_BYTES, 1536);
	put_u64(nlh, POOL_A_PEER_RX_PACKETS, UINT64_MAX);
	mnl_attr_put_u32(nlh, POOL_A_PEER_SESSIONS, 2);
	mnl_attr_put_strz(nlh, POOL_A_PEER_NAME, name);
	mnl_attr_put_u8(nlh, POOL_A_PEER_TRANSPORTS, 5);
	mnl_attr_put_u32(nlh, POOL_A_PEER_LAST_ERROR, POOL_REASON_PSK_MISMATCH);
	put_u64(nlh, POOL_A_PEER_LAST_ERROR_AGE, 5400);
	put_drop(nlh, POOL_A_PEER_DROPS, POOL_A_DROPS_TX_CONGESTED, 7);
	put_u64(nlh, POOL_A_PEER_TX_PACKETS, 12345);
	mnl_attr_put_u16(nlh, POOL_A_PEER_MAX_PLAINTEXT, 9000);
	put_u64(nlh, POOL_A_PEER_REKEYS, 3);
	put_u64(nlh, POOL_A_PEER_TX_URGENT, 345);
	put_u64(nlh, POOL_A_PEER_TX_MARKED, 67);
	put_u64(nlh, POOL_A_PEER_RX_LARGE, 8);
	put_u64(nlh, POOL_A_PEER_TX_LARGE, 9);
	mnl_attr_put_u32(nlh, POOL_A_PEER_QUEUE_LIMIT, 256);
	mnl_attr_put_u32(nlh, POOL_A_PEER_OVERLOAD, fake_fault("most", NULL) ? 255 : 72);
	put_codes(nlh, POOL_A_PEER_ERRORS, POOL_A_CODES_SEQ_INVALID, 3);
	put_codes(nlh, POOL_A_PEER_PEER_ERRORS, POOL_A_CODES_AUTH_FAIL, 12);
}

u32 fake_put_peer(struct nlmsghdr *nlh, const struct fake_device *d, const struct fake_peer *p,
		  u32 from)
{
	u32 i;

	mnl_attr_put_u32(nlh, POOL_A_PEER_IFINDEX, d->ifindex);
	mnl_attr_put_strz(nlh, POOL_A_PEER_IFNAME, d->ifname);
	mnl_attr_put(nlh, POOL_A_PEER_PUBLIC_KEY, POOL_KEY_LEN, p->key);
	if (!from) {
		if (p->has_psk)
			mnl_attr_put(nlh, POOL_A_PEER_HAS_PRESHARED_KEY, 0, NULL);
		if (p->endpoint_len)
			mnl_attr_put(nlh, POOL_A_PEER_ENDPOINT, p->endpoint_len, p->endpoint);
		mnl_attr_put_u32(nlh, POOL_A_PEER_TRANSPORT, p->transport);
		if (p->has_heartbeat)
			mnl_attr_put_u16(nlh, POOL_A_PEER_HEARTBEAT, p->heartbeat);
		put_limits(nlh, POOL_A_PEER_REKEY_AFTER_PACKETS, p->limit);
		if (fake_busy())
			put_busy_peer(nlh, p);
		else
			mnl_attr_put_u32(nlh, POOL_A_PEER_STATE, POOL_PEER_STATE_IDLE);
	}
	for (i = from; i < p->n_ips && nlh->nlmsg_len < 3000; i++) {
		struct nlattr *nest = mnl_attr_nest_start(nlh, POOL_A_PEER_ALLOWED_IP);
		const struct fake_ip *ip = &p->ips[i];

		mnl_attr_put_u16(nlh, POOL_A_ALLOWED_IP_FAMILY, ip->family);
		mnl_attr_put(nlh, POOL_A_ALLOWED_IP_ADDRESS, ip->family == AF_INET ? 4 : 16,
			     ip->addr);
		mnl_attr_put_u8(nlh, POOL_A_ALLOWED_IP_PREFIX_LEN, ip->prefix_len);
		mnl_attr_nest_end(nlh, nest);
	}
	return i < p->n_ips ? i : 0;
}

/* As measured here, or as the peer says (@told), which has another opinion of the time. */
static void put_telemetry(struct nlmsghdr *nlh, bool told)
{
	struct nlattr *nest = mnl_attr_nest_start(nlh, told ? POOL_A_SESSION_PEER_TELEMETRY :
							      POOL_A_SESSION_TELEMETRY);
	bool other = told && !fake_fault("agree", NULL);
	bool most = told && fake_fault("most", NULL);

	mnl_attr_put(nlh, POOL_A_TELEMETRY_PAD, 0, NULL);
	put_u64(nlh, POOL_A_TELEMETRY_RTT, other ? 250000000 : fake_fault("most", NULL) ? 0 : 80412345);
	put_u64(nlh, POOL_A_TELEMETRY_JITTER, told ? 480 : 4871000);
	mnl_attr_put_u32(nlh, POOL_A_TELEMETRY_LOSS, told ? 0 : 10123);
	put_u64(nlh, POOL_A_TELEMETRY_THROUGHPUT, most ? UINT32_MAX : told ? 12345 : 943210987);
	mnl_attr_put_u32(nlh, POOL_A_TELEMETRY_MTU, told ? 1448 : 0);
	mnl_attr_put_u32(nlh, POOL_A_TELEMETRY_QUEUE, most ? 65535 : told ? 0 : 17);
	put_u64(nlh, POOL_A_TELEMETRY_UPTIME, 3661ULL * 1000000000);
	mnl_attr_put_u32(nlh, POOL_A_TELEMETRY_REKEYS, 1);
	mnl_attr_put_u32(nlh, POOL_A_TELEMETRY_CONFIG_VERSION, 0);
	mnl_attr_put_u32(nlh, POOL_A_TELEMETRY_DIGEST, other ? 0x12345678 : 0xdeadbeef);
	put_u64(nlh, POOL_A_TELEMETRY_JOURNAL, 0);
	if (told)
		put_u64(nlh, POOL_A_TELEMETRY_AGE, 1840);
	mnl_attr_put_u32(nlh, POOL_A_TELEMETRY_MAX + 1, 5);	/* of a newer kernel */
	mnl_attr_nest_end(nlh, nest);
}

void fake_put_session(struct nlmsghdr *nlh, const struct fake_device *d,
		      const struct fake_peer *p, unsigned int which)
{
	u8 sid[POOL_SESSION_ID_LEN];

	memset(sid, 0xa0 + (int)which, sizeof(sid));
	mnl_attr_put_u32(nlh, POOL_A_SESSION_IFINDEX, d->ifindex);
	mnl_attr_put(nlh, POOL_A_SESSION_PUBLIC_KEY, POOL_KEY_LEN, p->key);
	mnl_attr_put(nlh, POOL_A_SESSION_SESSION_ID, sizeof(sid), sid);
	mnl_attr_put_u32(nlh, POOL_A_SESSION_ROLE, POOL_ROLE_RESPONDER);
	mnl_attr_put_u32(nlh, POOL_A_SESSION_STATE,
			 which ? POOL_SESSION_STATE_CONFIRMED : POOL_SESSION_STATE_PENDING);
	if (which)
		mnl_attr_put(nlh, POOL_A_SESSION_CURRENT, 0, NULL);
	mnl_attr_put_u32(nlh, POOL_A_SESSION_TRANSPORT, POOL_TRANSPORT_TCP);
	mnl_attr_put_u32(nlh, POOL_A_SESSION_EPOCH, which);
	put_u64(nlh, POOL_A_SESSION_AGE, 3661000);
	put_u64(nlh, POOL_A_SESSION_LAST_RECEIVE, 300);
	put_u64(nlh, POOL_A_SESSION_TX_SEQUENCE, 10);
	put_u64(nlh, POOL_A_SESSION_RX_SEQUENCE, 20);
	if (!which)
		return;
	put_sockaddr(nlh, POOL_A_SESSION_LOCAL, "192.0.2.1", 9253);
	put_sockaddr(nlh, POOL_A_SESSION_REMOTE, "192.0.2.2", 50000);
	mnl_attr_put_u32(nlh, POOL_A_SESSION_REATTACHED, 2);
	mnl_attr_put_u32(nlh, POOL_A_SESSION_REKEYS, which);
	put_u64(nlh, POOL_A_SESSION_EPOCH_AGE, 61000);
	put_telemetry(nlh, false);
	if (!fake_fault("mute", NULL))
		put_telemetry(nlh, true);
	if (!fake_fault("mute", NULL) && !fake_fault("agree", NULL))
		mnl_attr_put_u32(nlh, POOL_A_SESSION_MISMATCH,
				 POOL_MISMATCH_RTT | POOL_MISMATCH_DIGEST);
}

static const struct {
	u32 type;
	u32 reason;
	u32 count;
	u32 epoch;
	int code;		/* -1: none */
	u32 mismatch;
	int seconds;		/* -1: none */
	bool session;
	bool remote;
} events[FAKE_EVENTS] = {
	{ POOL_EVENT_TYPE_SESSION_UP, 0, 0, 0, -1, 0, -1, true, true },
	{ POOL_EVENT_TYPE_ERROR, POOL_REASON_UNKNOWN_PEER, 4, 0, -1, 0, -1, false, true },
	{ POOL_EVENT_TYPE_REKEYED, 0, 0, 3, -1, 0, -1, true, false },
	{ POOL_EVENT_TYPE_ROAMED, 0, 0, 0, -1, 0, -1, true, true },
	{ POOL_EVENT_TYPE_SUSPECT, 0, 0, 0, -1, 0, -1, true, false },
	{ POOL_EVENT_TYPE_OVERLOAD, 0, 0, 0, -1, 0, 12, true, false },
	{ POOL_EVENT_TYPE_OVERLOAD_END, 0, 0, 0, -1, 0, -1, true, false },
	{ POOL_EVENT_TYPE_MISMATCH, 0, 0, 0, -1, POOL_MISMATCH_RTT | POOL_MISMATCH_DIGEST, -1,
	  true, false },
	{ POOL_EVENT_TYPE_PEER_ERROR, 0, 5, 0, 0x01, 0, -1, true, false },
	{ POOL_EVENT_TYPE_PEER_ERROR, 0, 1, 0, 0x20, 0, -1, true, false },
	{ POOL_EVENT_TYPE_SESSION_DOWN, POOL_REASON_CLOSED_BY_PEER, 0, 0, 0x07, 0, -1, true, true },
};

void fake_put_event(struct nlmsghdr *nlh, unsigned int which)
{
	static const u8 key[POOL_KEY_LEN] = { 1, 2, 3 };
	static const u8 sid[POOL_SESSION_ID_LEN] = { 4, 5, 6 };

	mnl_attr_put_u32(nlh, POOL_A_EVENT_IFINDEX, 7);
	mnl_attr_put_strz(nlh, POOL_A_EVENT_IFNAME, "pool0");
	mnl_attr_put_u32(nlh, POOL_A_EVENT_TYPE, events[which].type);
	if (events[which].reason)
		mnl_attr_put_u32(nlh, POOL_A_EVENT_REASON, events[which].reason);
	if (events[which].session) {
		mnl_attr_put(nlh, POOL_A_EVENT_PUBLIC_KEY, sizeof(key), key);
		mnl_attr_put(nlh, POOL_A_EVENT_SESSION_ID, sizeof(sid), sid);
		mnl_attr_put_u32(nlh, POOL_A_EVENT_ROLE, POOL_ROLE_INITIATOR);
	}
	if (events[which].remote)
		put_sockaddr(nlh, POOL_A_EVENT_REMOTE, "2001:db8::7", 9253);
	if (events[which].count)
		mnl_attr_put_u32(nlh, POOL_A_EVENT_COUNT, events[which].count);
	if (events[which].epoch)
		mnl_attr_put_u32(nlh, POOL_A_EVENT_EPOCH, events[which].epoch);
	if (events[which].code >= 0)
		mnl_attr_put_u8(nlh, POOL_A_EVENT_CODE, (u8)events[which].code);
	if (events[which].mismatch)
		mnl_attr_put_u32(nlh, POOL_A_EVENT_MISMATCH, events[which].mismatch);
	if (events[which].seconds >= 0)
		mnl_attr_put_u32(nlh, POOL_A_EVENT_SECONDS, (u32)events[which].seconds);
	mnl_attr_put_u32(nlh, POOL_A_EVENT_MAX + 1, 1);	/* of a newer kernel */
}
