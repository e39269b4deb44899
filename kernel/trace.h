/* SPDX-License-Identifier: GPL-2.0 */
/* Tracepoints: /sys/kernel/tracing/events/pool. */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM pool

#if !defined(_POOL_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define _POOL_TRACE_H

#include <linux/tracepoint.h>

#include "device.h"
#include "peer.h"
#include "session.h"

#ifndef _POOL_TRACE_ENUMS
#define _POOL_TRACE_ENUMS
enum pool_trace_stage {
	POOL_STAGE_INIT_SENT,
	POOL_STAGE_INIT_TAKEN,
	POOL_STAGE_CHALLENGE_SENT,
	POOL_STAGE_PROVE_WORK_SENT,
	POOL_STAGE_CHALLENGE_TAKEN,
	POOL_STAGE_RESPONSE_SENT,
	POOL_STAGE_RESPONSE_TAKEN,
	POOL_STAGE_CONFIRMED,
};

enum pool_trace_rekey {
	POOL_TRACE_OFFER_SENT,
	POOL_TRACE_OFFER_TAKEN,
	POOL_TRACE_ANSWER_SENT,
	POOL_TRACE_ANSWER_TAKEN,
	POOL_TRACE_REKEY_DONE,		/* we send in the new epoch */
	POOL_TRACE_REKEY_DRAINED,	/* the old receive keys are wiped */
};
#endif

#define pool_show_type(type)						\
	__print_symbolic(type,						\
		{ POOL_INIT, "INIT" }, { POOL_CHALLENGE, "CHALLENGE" },	\
		{ POOL_RESPONSE, "RESPONSE" }, { POOL_DATA, "DATA" },	\
		{ POOL_ACK, "ACK" }, { POOL_HEARTBEAT, "HEARTBEAT" },	\
		{ POOL_REKEY, "REKEY" }, { POOL_CLOSE, "CLOSE" },	\
		{ POOL_CONFIG, "CONFIG" }, { POOL_ROLLBACK, "ROLLBACK" }, \
		{ POOL_DISCOVER, "DISCOVER" }, { POOL_JOURNAL, "JOURNAL" }, \
		{ POOL_INTEGRITY, "INTEGRITY" })

#define pool_show_stage(stage)						\
	__print_symbolic(stage,						\
		{ POOL_STAGE_INIT_SENT, "init-sent" },			\
		{ POOL_STAGE_INIT_TAKEN, "init-taken" },		\
		{ POOL_STAGE_CHALLENGE_SENT, "challenge-sent" },	\
		{ POOL_STAGE_PROVE_WORK_SENT, "prove-work-sent" },	\
		{ POOL_STAGE_CHALLENGE_TAKEN, "challenge-taken" },	\
		{ POOL_STAGE_RESPONSE_SENT, "response-sent" },		\
		{ POOL_STAGE_RESPONSE_TAKEN, "response-taken" },	\
		{ POOL_STAGE_CONFIRMED, "confirmed" })

#define pool_show_rekey(step)						\
	__print_symbolic(step,						\
		{ POOL_TRACE_OFFER_SENT, "offer-sent" },		\
		{ POOL_TRACE_OFFER_TAKEN, "offer-taken" },		\
		{ POOL_TRACE_ANSWER_SENT, "answer-sent" },		\
		{ POOL_TRACE_ANSWER_TAKEN, "answer-taken" },		\
		{ POOL_TRACE_REKEY_DONE, "done" },			\
		{ POOL_TRACE_REKEY_DRAINED, "drained" })

#define pool_show_drop(reason)						\
	__print_symbolic(reason,					\
		{ POOL_A_DROPS_TX_NOT_IP, "tx-not-ip" },		\
		{ POOL_A_DROPS_TX_NO_PEER, "tx-no-peer" },		\
		{ POOL_A_DROPS_TX_NO_ENDPOINT, "tx-no-endpoint" },	\
		{ POOL_A_DROPS_TX_NO_SESSION, "tx-no-session" },	\
		{ POOL_A_DROPS_TX_STAGED_FULL, "tx-staged-full" },	\
		{ POOL_A_DROPS_TX_CONGESTED, "tx-congested" },		\
		{ POOL_A_DROPS_TX_TOO_BIG, "tx-too-big" },		\
		{ POOL_A_DROPS_TX_NO_MEMORY, "tx-no-memory" },		\
		{ POOL_A_DROPS_TX_CRYPTO, "tx-crypto" },		\
		{ POOL_A_DROPS_TX_DOWN, "tx-down" },			\
		{ POOL_A_DROPS_RX_LENGTH, "rx-length" },		\
		{ POOL_A_DROPS_RX_TYPE, "rx-type" },			\
		{ POOL_A_DROPS_RX_VERSION, "rx-version" },		\
		{ POOL_A_DROPS_RX_NO_SESSION, "rx-no-session" },	\
		{ POOL_A_DROPS_RX_NOT_ENCRYPTED, "rx-not-encrypted" },	\
		{ POOL_A_DROPS_RX_COMPRESSED, "rx-compressed" },	\
		{ POOL_A_DROPS_RX_FRAGMENT, "rx-fragment" },		\
		{ POOL_A_DROPS_RX_REPLAYED, "rx-replayed" },		\
		{ POOL_A_DROPS_RX_TOO_OLD, "rx-too-old" },		\
		{ POOL_A_DROPS_RX_SEQUENCE, "rx-sequence" },		\
		{ POOL_A_DROPS_RX_DECRYPT, "rx-decrypt" },		\
		{ POOL_A_DROPS_RX_AUTH, "rx-auth" },			\
		{ POOL_A_DROPS_RX_EXPIRED, "rx-expired" },		\
		{ POOL_A_DROPS_RX_TLV, "rx-tlv" },			\
		{ POOL_A_DROPS_RX_CHANNEL, "rx-channel" },		\
		{ POOL_A_DROPS_RX_MALFORMED, "rx-malformed" },		\
		{ POOL_A_DROPS_RX_SOURCE, "rx-source" },		\
		{ POOL_A_DROPS_RX_NO_MEMORY, "rx-no-memory" },		\
		{ POOL_A_DROPS_RX_DOWN, "rx-down" },			\
		{ POOL_A_DROPS_HS_LENGTH, "hs-length" },		\
		{ POOL_A_DROPS_HS_TYPE, "hs-type" },			\
		{ POOL_A_DROPS_HS_VERSION, "hs-version" },		\
		{ POOL_A_DROPS_HS_TIME, "hs-time" },			\
		{ POOL_A_DROPS_HS_HMAC, "hs-hmac" },			\
		{ POOL_A_DROPS_HS_SECRET, "hs-secret" },		\
		{ POOL_A_DROPS_HS_DIFFICULTY, "hs-difficulty" },	\
		{ POOL_A_DROPS_HS_SID, "hs-sid" },			\
		{ POOL_A_DROPS_HS_SEED, "hs-seed" },			\
		{ POOL_A_DROPS_HS_SOLUTION, "hs-solution" },		\
		{ POOL_A_DROPS_HS_SPENT, "hs-spent" },			\
		{ POOL_A_DROPS_HS_KEY, "hs-key" },			\
		{ POOL_A_DROPS_HS_SEAL, "hs-seal" },			\
		{ POOL_A_DROPS_HS_TLV, "hs-tlv" },			\
		{ POOL_A_DROPS_HS_ATTEMPT, "hs-attempt" },		\
		{ POOL_A_DROPS_HS_UNKNOWN_PEER, "hs-unknown-peer" },	\
		{ POOL_A_DROPS_HS_PSK, "hs-psk" },			\
		{ POOL_A_DROPS_HS_REPLAYED, "hs-replayed" },		\
		{ POOL_A_DROPS_HS_SID_USED, "hs-sid-used" },		\
		{ POOL_A_DROPS_HS_LIMITED, "hs-limited" },		\
		{ POOL_A_DROPS_HS_NO_MEMORY, "hs-no-memory" },		\
		{ POOL_A_DROPS_HS_DOWN, "hs-down" },			\
		{ POOL_A_DROPS_CONN_LIMITED, "conn-limited" },		\
		{ POOL_A_DROPS_CONN_TIMEOUT, "conn-timeout" },		\
		{ POOL_A_DROPS_CONN_FRAMING, "conn-framing" },		\
		{ POOL_A_DROPS_CONN_NOT_ALLOWED, "conn-not-allowed" },	\
		{ POOL_A_DROPS_RX_REKEY, "rx-rekey" },			\
		{ POOL_A_DROPS_RX_TOO_BIG, "rx-too-big" },		\
		{ POOL_A_DROPS_RX_CONGESTED, "rx-congested" },		\
		{ POOL_A_DROPS_RX_FRAGMENT_EVICTED, "rx-fragment-evicted" }, \
		{ POOL_A_DROPS_RX_FRAGMENT_TIMEOUT, "rx-fragment-timeout" }, \
		{ POOL_A_DROPS_RX_ECN, "rx-ecn" },			\
		{ POOL_A_DROPS_RX_NOT_UNICAST, "rx-not-unicast" },	\
		{ POOL_A_DROPS_TX_UNREACHABLE, "tx-unreachable" },	\
		{ POOL_A_DROPS_TX_LOOP, "tx-loop" },			\
		{ POOL_A_DROPS_RX_SEGMENT, "rx-segment" },		\
		{ POOL_A_DROPS_TX_CODEL, "tx-codel" },			\
		{ POOL_A_DROPS_MAX, "max" })

DECLARE_EVENT_CLASS(pool_packet,
	/* @length: the whole POOL packet */
	TP_PROTO(const struct pool_session *s, u8 type, u64 sequence, size_t length),
	TP_ARGS(s, type, sequence, length),
	TP_STRUCT__entry(
		__array(char, dev, IFNAMSIZ)
		__field(u64, peer)
		__array(u8, sid, POOL_SID_LEN)
		__field(u8, type)
		__field(u64, sequence)
		__field(u32, length)
	),
	TP_fast_assign(
		strscpy(__entry->dev, s->device->dev->name, IFNAMSIZ);
		__entry->peer = s->peer->internal_id;
		memcpy(__entry->sid, s->sid, POOL_SID_LEN);
		__entry->type = type;
		__entry->sequence = sequence;
		__entry->length = length;
	),
	TP_printk("dev=%s peer=%llu session=%s type=%s sequence=%llu length=%u",
		  __entry->dev, __entry->peer, __print_hex_str(__entry->sid, POOL_SID_LEN),
		  pool_show_type(__entry->type), __entry->sequence, __entry->length)
);

/* Sealed, and handed to the path. */
DEFINE_EVENT(pool_packet, pool_tx,
	TP_PROTO(const struct pool_session *s, u8 type, u64 sequence, size_t length),
	TP_ARGS(s, type, sequence, length)
);

/* Found authentic. */
DEFINE_EVENT(pool_packet, pool_rx,
	TP_PROTO(const struct pool_session *s, u8 type, u64 sequence, size_t length),
	TP_ARGS(s, type, sequence, length)
);

/* @peer may be NULL: not known, shown as 0. */
TRACE_EVENT(pool_drop,
	TP_PROTO(const struct pool_device *device, const struct pool_peer *peer, u32 reason,
		 u64 count),
	TP_ARGS(device, peer, reason, count),
	TP_STRUCT__entry(
		__array(char, dev, IFNAMSIZ)
		__field(u64, peer)
		__field(u32, reason)
		__field(u64, count)
	),
	TP_fast_assign(
		strscpy(__entry->dev, device->dev->name, IFNAMSIZ);
		__entry->peer = peer ? peer->internal_id : 0;
		__entry->reason = reason;
		__entry->count = count;
	),
	TP_printk("dev=%s peer=%llu reason=%s count=%llu", __entry->dev, __entry->peer,
		  pool_show_drop(__entry->reason), __entry->count)
);

/* @peer may be NULL: a responder does not know it before the RESPONSE. */
TRACE_EVENT(pool_handshake,
	TP_PROTO(const struct pool_device *device, const struct pool_peer *peer, u32 stage),
	TP_ARGS(device, peer, stage),
	TP_STRUCT__entry(
		__array(char, dev, IFNAMSIZ)
		__field(u64, peer)
		__field(u32, stage)
	),
	TP_fast_assign(
		strscpy(__entry->dev, device->dev->name, IFNAMSIZ);
		__entry->peer = peer ? peer->internal_id : 0;
		__entry->stage = stage;
	),
	TP_printk("dev=%s peer=%llu stage=%s", __entry->dev, __entry->peer,
		  pool_show_stage(__entry->stage))
);

/* @epoch: the new one; @step: enum pool_trace_rekey. */
TRACE_EVENT(pool_rekey,
	TP_PROTO(const struct pool_session *s, u32 epoch, u32 step),
	TP_ARGS(s, epoch, step),
	TP_STRUCT__entry(
		__array(char, dev, IFNAMSIZ)
		__field(u64, peer)
		__array(u8, sid, POOL_SID_LEN)
		__field(u32, epoch)
		__field(u32, step)
	),
	TP_fast_assign(
		strscpy(__entry->dev, s->device->dev->name, IFNAMSIZ);
		__entry->peer = s->peer->internal_id;
		memcpy(__entry->sid, s->sid, POOL_SID_LEN);
		__entry->epoch = epoch;
		__entry->step = step;
	),
	TP_printk("dev=%s peer=%llu session=%s epoch=%u step=%s", __entry->dev, __entry->peer,
		  __print_hex_str(__entry->sid, POOL_SID_LEN), __entry->epoch,
		  pool_show_rekey(__entry->step))
);

/* A batch was sealed (@seal) or opened; @helped: records that other CPUs took. */
TRACE_EVENT(pool_batch,
	TP_PROTO(const struct pool_path *path, bool seal, u32 records, u32 bytes, u32 helped),
	TP_ARGS(path, seal, records, bytes, helped),
	TP_STRUCT__entry(
		__array(char, dev, IFNAMSIZ)
		__field(bool, seal)
		__field(u32, records)
		__field(u32, bytes)
		__field(u32, helped)
	),
	TP_fast_assign(
		strscpy(__entry->dev, path->device->dev->name, IFNAMSIZ);
		__entry->seal = seal;
		__entry->records = records;
		__entry->bytes = bytes;
		__entry->helped = helped;
	),
	TP_printk("dev=%s %s records=%u bytes=%u helped=%u", __entry->dev,
		  __entry->seal ? "seal" : "open", __entry->records, __entry->bytes,
		  __entry->helped)
);

#endif /* _POOL_TRACE_H */

#undef TRACE_INCLUDE_PATH
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_PATH .
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
