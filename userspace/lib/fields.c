// SPDX-License-Identifier: GPL-2.0
/* The attributes of pool.yaml, in its order, and where they are kept. */
#include "array.h"
#include "names.h"
#include "state.h"

#define FIELD(set, upper, what, member, text)				\
	{ .attr = POOL_A_##upper, .type = FIELD_##what,			\
	  .offset = offsetof(struct set##_state, member), .name = text }
#define FLAG(upper, text)						\
	{ .attr = POOL_A_##upper, .type = FIELD_FLAG, .name = text }
#define HIDDEN(set, upper, what, member, text)				\
	{ .attr = POOL_A_##upper, .type = FIELD_##what, .hidden = true,	\
	  .offset = offsetof(struct set##_state, member), .name = text }
#define NAMED(set, upper, member, text, fn)				\
	{ .attr = POOL_A_##upper, .type = FIELD_ENUM,			\
	  .offset = offsetof(struct set##_state, member), .name = text, .value_name = fn }
/* With a unit in its key, where the name does not tell. */
#define UNIT(set, upper, what, member, text, text_key)			\
	{ .attr = POOL_A_##upper, .type = FIELD_##what,			\
	  .offset = offsetof(struct set##_state, member), .name = text, .key = text_key }
#define NEST(set, upper, member, text, fields)				\
	{ .attr = POOL_A_##upper, .type = FIELD_NEST,			\
	  .offset = offsetof(struct set##_state, member), .name = text, .nest = &(fields) }
#define BITS(set, upper, member, text, fn)				\
	{ .attr = POOL_A_##upper, .type = FIELD_BITS,			\
	  .offset = offsetof(struct set##_state, member), .name = text, .value_name = fn }
#define SET(set) { .field = set, .n = ARRAY_SIZE(set) }

static const struct field device[] = {
	FIELD(device, DEVICE_IFINDEX, U32, ifindex, "ifindex"),
	FIELD(device, DEVICE_IFNAME, STRING, ifname, "ifname"),
	FIELD(device, DEVICE_PUBLIC_KEY, KEY, public_key, "public-key"),
	FIELD(device, DEVICE_LISTEN_PORT, U16, listen_port, "listen-port"),
	NAMED(device, DEVICE_TRANSPORT, transport, "transport", name_transport),
	FIELD(device, DEVICE_FWMARK, U32, fwmark, "fwmark"),
	FIELD(device, DEVICE_HEARTBEAT, U16, heartbeat, "heartbeat"),
	FIELD(device, DEVICE_NAME, STRING, name, "name"),
	FIELD(device, DEVICE_ORGANISATION, HEX64, organisation, "organisation"),
	FIELD(device, DEVICE_SEGMENT, HEX64, segment, "segment"),
	FIELD(device, DEVICE_ADDRESS, ADDRESS, address, "address"),
	FIELD(device, DEVICE_INIT_SKEW, U32, init_skew, "init-skew"),
	HIDDEN(device, DEVICE_PEERS, U32, n_peers, "peers"),
	FIELD(device, DEVICE_SESSIONS, U32, n_sessions, "sessions"),
	FIELD(device, DEVICE_CONNECTIONS, U32, connections, "connections"),
	FIELD(device, DEVICE_UNPROVEN, U32, unproven, "unproven"),
	FIELD(device, DEVICE_DIFFICULTY, U8, difficulty, "difficulty"),
	FIELD(device, DEVICE_INITS_RECEIVED, U64, inits_received, "inits-received"),
	FIELD(device, DEVICE_CHALLENGES_SENT, U64, challenges_sent, "challenges-sent"),
	FIELD(device, DEVICE_PROVE_WORK_SENT, U64, prove_work_sent, "prove-work-sent"),
	FIELD(device, DEVICE_RESPONSES_RECEIVED, U64, responses_received, "responses-received"),
	FIELD(device, DEVICE_HANDSHAKES, U64, handshakes, "handshakes"),
	FIELD(device, DEVICE_CURVE_OPERATIONS, U64, curve_operations, "curve-operations"),
	FIELD(device, DEVICE_SKEW_SEEN, S32, skew_seen, "skew-seen"),
	FIELD(device, DEVICE_DROPS, DROPS, drops, "drops"),
	FIELD(device, DEVICE_REKEY_AFTER_PACKETS, U32, limit[LIMIT_REKEY_PACKETS],
	      "rekey-after-packets"),
	FIELD(device, DEVICE_REKEY_AFTER_TIME, U32, limit[LIMIT_REKEY_TIME],
	      "rekey-after-time"),
	FIELD(device, DEVICE_REJECT_AFTER_PACKETS, U32, limit[LIMIT_REJECT_PACKETS],
	      "reject-after-packets"),
	FIELD(device, DEVICE_REJECT_AFTER_TIME, U32, limit[LIMIT_REJECT_TIME],
	      "reject-after-time"),
	FIELD(device, DEVICE_DSCP, DSCP, dscp, "dscp"),
	FIELD(device, DEVICE_REKEYS, U64, rekeys, "rekeys"),
	FLAG(DEVICE_OVERLOADED, "overloaded"),
	FIELD(device, DEVICE_BIND_ADDRESS, IP, bind_address, "bind-address"),
	FIELD(device, DEVICE_BIND_DEVICE, STRING, bind_device, "bind-device"),
	FIELD(device, DEVICE_BIND_IFINDEX, U32, bind_ifindex, "bind-ifindex"),
	FIELD(device, DEVICE_AEAD_DRIVER, DRIVER, aead_driver, "aead-driver"),
	FIELD(device, DEVICE_HMAC_DRIVER, DRIVER, hmac_driver, "hmac-driver"),
};

static const struct field peer[] = {
	HIDDEN(peer, PEER_IFINDEX, U32, ifindex, "ifindex"),
	HIDDEN(peer, PEER_IFNAME, STRING, ifname, "ifname"),
	FIELD(peer, PEER_PUBLIC_KEY, KEY, public_key, "public-key"),
	FLAG(PEER_HAS_PRESHARED_KEY, "has-preshared-key"),
	FIELD(peer, PEER_ENDPOINT, SOCKADDR, endpoint, "endpoint"),
	NAMED(peer, PEER_TRANSPORT, transport, "transport", name_transport),
	FIELD(peer, PEER_HEARTBEAT, U16, heartbeat, "heartbeat"),
	FIELD(peer, PEER_ALLOWED_IP, ALLOWED_IPS, ips, "allowed-ip"),
	NAMED(peer, PEER_STATE, state, "state", name_peer_state),
	FIELD(peer, PEER_CONNECTION, SOCKADDR, connection, "connection"),
	FIELD(peer, PEER_LAST_HANDSHAKE, U64, last_handshake, "last-handshake"),
	FIELD(peer, PEER_LAST_RECEIVE, U64, last_receive, "last-receive"),
	FIELD(peer, PEER_RX_PACKETS, U64, rx_packets, "rx-packets"),
	FIELD(peer, PEER_RX_BYTES, U64, rx_bytes, "rx-bytes"),
	FIELD(peer, PEER_TX_PACKETS, U64, tx_packets, "tx-packets"),
	FIELD(peer, PEER_TX_BYTES, U64, tx_bytes, "tx-bytes"),
	FIELD(peer, PEER_HANDSHAKES, U64, handshakes, "handshakes"),
	HIDDEN(peer, PEER_SESSIONS, U32, n_sessions, "sessions"),
	FIELD(peer, PEER_STAGED, U32, staged, "staged"),
	FIELD(peer, PEER_NAME, STRING, name, "name"),
	FIELD(peer, PEER_TRANSPORTS, TRANSPORTS, transports, "transports"),
	FIELD(peer, PEER_MAX_PLAINTEXT, U16, max_plaintext, "max-plaintext"),
	FIELD(peer, PEER_ADDRESS, ADDRESS, address, "address"),
	NAMED(peer, PEER_LAST_ERROR, last_error, "last-error", name_reason),
	FIELD(peer, PEER_LAST_ERROR_AGE, U64, last_error_age, "last-error-age"),
	FIELD(peer, PEER_DROPS, DROPS, drops, "drops"),
	FIELD(peer, PEER_REKEY_AFTER_PACKETS, U32, limit[LIMIT_REKEY_PACKETS],
	      "rekey-after-packets"),
	FIELD(peer, PEER_REKEY_AFTER_TIME, U32, limit[LIMIT_REKEY_TIME],
	      "rekey-after-time"),
	FIELD(peer, PEER_REJECT_AFTER_PACKETS, U32, limit[LIMIT_REJECT_PACKETS],
	      "reject-after-packets"),
	FIELD(peer, PEER_REJECT_AFTER_TIME, U32, limit[LIMIT_REJECT_TIME],
	      "reject-after-time"),
	FIELD(peer, PEER_REKEYS, U64, rekeys, "rekeys"),
	FIELD(peer, PEER_TX_URGENT, U64, tx_urgent, "tx-urgent"),
	FIELD(peer, PEER_TX_MARKED, U64, tx_marked, "tx-marked"),
	FIELD(peer, PEER_QUEUE_LIMIT, U32, queue_limit, "queue-limit"),
	FIELD(peer, PEER_OVERLOAD, U32, overload, "overload"),
	FIELD(peer, PEER_ERRORS, CODES, errors, "errors"),
	FIELD(peer, PEER_PEER_ERRORS, CODES, peer_errors, "peer-errors"),
	FIELD(peer, PEER_RX_LARGE, U64, rx_large, "rx-large"),
	FIELD(peer, PEER_TX_LARGE, U64, tx_large, "tx-large"),
};

static const struct field telemetry[] = {
	UNIT(telemetry, TELEMETRY_RTT, U64, rtt, "rtt", "rtt_ns"),
	UNIT(telemetry, TELEMETRY_JITTER, U64, jitter, "jitter", "jitter_ns"),
	UNIT(telemetry, TELEMETRY_LOSS, U32, loss, "loss", "loss_ppm"),
	UNIT(telemetry, TELEMETRY_THROUGHPUT, U64, throughput, "throughput", "throughput_bps"),
	FIELD(telemetry, TELEMETRY_MTU, U32, mtu, "mtu"),
	FIELD(telemetry, TELEMETRY_QUEUE, U32, queue, "queue"),
	UNIT(telemetry, TELEMETRY_UPTIME, U64, uptime, "uptime", "uptime_ns"),
	FIELD(telemetry, TELEMETRY_REKEYS, U32, rekeys, "rekeys"),
	FIELD(telemetry, TELEMETRY_CONFIG_VERSION, U32, config_version, "config-version"),
	FIELD(telemetry, TELEMETRY_DIGEST, U32, digest, "digest"),
	FIELD(telemetry, TELEMETRY_JOURNAL, U64, journal, "journal"),
	/* The last one, for only what the peer has told has an age. */
	UNIT(telemetry, TELEMETRY_AGE, U64, age, "age", "age_ms"),
};

const struct field_set telemetry_fields = {
	.field = telemetry, .n = ARRAY_SIZE(telemetry) - 1,
};
const struct field_set peer_telemetry_fields = SET(telemetry);

static const struct field session[] = {
	HIDDEN(session, SESSION_IFINDEX, U32, ifindex, "ifindex"),
	HIDDEN(session, SESSION_IFNAME, STRING, ifname, "ifname"),
	HIDDEN(session, SESSION_PUBLIC_KEY, KEY, public_key, "public-key"),
	FIELD(session, SESSION_SESSION_ID, SID, session_id, "session-id"),
	NAMED(session, SESSION_ROLE, role, "role", name_role),
	NAMED(session, SESSION_STATE, state, "state", name_session_state),
	FLAG(SESSION_CURRENT, "current"),
	NAMED(session, SESSION_TRANSPORT, transport, "transport", name_transport),
	FIELD(session, SESSION_EPOCH, U32, epoch, "epoch"),
	FIELD(session, SESSION_AGE, U64, age, "age"),
	FIELD(session, SESSION_LAST_RECEIVE, U64, last_receive, "last-receive"),
	FIELD(session, SESSION_TX_SEQUENCE, U64, tx_sequence, "tx-sequence"),
	FIELD(session, SESSION_RX_SEQUENCE, U64, rx_sequence, "rx-sequence"),
	FIELD(session, SESSION_LOCAL, SOCKADDR, local, "local"),
	FIELD(session, SESSION_REMOTE, SOCKADDR, remote, "remote"),
	FIELD(session, SESSION_REATTACHED, U32, reattached, "reattached"),
	FIELD(session, SESSION_REKEYS, U32, rekeys, "rekeys"),
	UNIT(session, SESSION_EPOCH_AGE, U64, epoch_age, "epoch-age", "epoch_age_ms"),
	NEST(session, SESSION_TELEMETRY, telemetry, "telemetry", telemetry_fields),
	NEST(session, SESSION_PEER_TELEMETRY, peer_telemetry, "peer-telemetry",
	     peer_telemetry_fields),
	BITS(session, SESSION_MISMATCH, mismatch, "mismatch", name_mismatch),
};

static const struct field event[] = {
	FIELD(event, EVENT_IFINDEX, U32, ifindex, "ifindex"),
	FIELD(event, EVENT_IFNAME, STRING, ifname, "ifname"),
	NAMED(event, EVENT_TYPE, type, "type", name_event_type),
	NAMED(event, EVENT_REASON, reason, "reason", name_reason),
	FIELD(event, EVENT_PUBLIC_KEY, KEY, public_key, "public-key"),
	FIELD(event, EVENT_SESSION_ID, SID, session_id, "session-id"),
	NAMED(event, EVENT_ROLE, role, "role", name_role),
	FIELD(event, EVENT_REMOTE, SOCKADDR, remote, "remote"),
	FIELD(event, EVENT_COUNT, U32, count, "count"),
	FIELD(event, EVENT_EPOCH, U32, epoch, "epoch"),
	FIELD(event, EVENT_CODE, CODE, code, "code"),
	BITS(event, EVENT_MISMATCH, mismatch, "mismatch", name_mismatch),
	FIELD(event, EVENT_SECONDS, U32, seconds, "seconds"),
};

_Static_assert(POOL_A_DEVICE_MAX < 64 && POOL_A_PEER_MAX < 64 && POOL_A_SESSION_MAX < 64 &&
	       POOL_A_EVENT_MAX < 64 && POOL_A_TELEMETRY_MAX < 64, "more attributes than bits");

const struct field_set device_fields = SET(device);
const struct field_set peer_fields = SET(peer);
const struct field_set session_fields = SET(session);
const struct field_set event_fields = SET(event);
