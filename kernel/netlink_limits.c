// SPDX-License-Identifier: GPL-2.0
/* The limits of keys, which devices and peers have alike. */
#include "netlink_priv.h"

#include "limits.h"

/* In the order of their attributes, as offsets from the first. */
enum {
	REKEY_PACKETS,
	REKEY_S,
	REJECT_PACKETS,
	REJECT_S,
};

static void take(struct genl_info *info, int attr, u32 *value)
{
	if (info->attrs[attr])
		*value = nla_get_u32(info->attrs[attr]);
}

int pool_nl_parse_limits(struct genl_info *info, int first, const struct pool_key_limits *now,
			 const struct pool_key_limits *fallback, struct pool_key_limits *out)
{
	static const struct pool_key_limits none;

	BUILD_BUG_ON(POOL_A_DEVICE_REJECT_AFTER_TIME - POOL_A_DEVICE_REKEY_AFTER_PACKETS !=
		     REJECT_S);
	BUILD_BUG_ON(POOL_A_PEER_REJECT_AFTER_TIME - POOL_A_PEER_REKEY_AFTER_PACKETS != REJECT_S);

	if (!fallback)
		fallback = &none;
	*out = *now;
	take(info, first + REKEY_PACKETS, &out->rekey_packets);
	take(info, first + REKEY_S, &out->rekey_s);
	take(info, first + REJECT_PACKETS, &out->reject_packets);
	take(info, first + REJECT_S, &out->reject_s);
	/* What the device was set to later is no fault of this request. */
	if ((info->attrs[first + REKEY_PACKETS] || info->attrs[first + REJECT_PACKETS]) &&
	    (out->rekey_packets ?: fallback->rekey_packets) >=
	    (out->reject_packets ?: fallback->reject_packets)) {
		GENL_SET_ERR_MSG(info, "rekey-after-packets must be below reject-after-packets");
		return -EINVAL;
	}
	if ((info->attrs[first + REKEY_S] || info->attrs[first + REJECT_S]) &&
	    (out->rekey_s ?: fallback->rekey_s) >= (out->reject_s ?: fallback->reject_s)) {
		GENL_SET_ERR_MSG(info, "rekey-after-time must be below reject-after-time");
		return -EINVAL;
	}
	return 0;
}

/* Readers look at one value at a time, without a lock. */
void pool_nl_set_limits(struct pool_key_limits *to, const struct pool_key_limits *from)
{
	WRITE_ONCE(to->rekey_packets, from->rekey_packets);
	WRITE_ONCE(to->reject_packets, from->reject_packets);
	WRITE_ONCE(to->rekey_s, from->rekey_s);
	WRITE_ONCE(to->reject_s, from->reject_s);
}

static int put(struct sk_buff *skb, int attr, u32 value)
{
	return value ? nla_put_u32(skb, attr, value) : 0;
}

int pool_nl_put_limits(struct sk_buff *skb, int first, const struct pool_key_limits *l)
{
	return put(skb, first + REKEY_PACKETS, l->rekey_packets) ||
	       put(skb, first + REKEY_S, l->rekey_s) ||
	       put(skb, first + REJECT_PACKETS, l->reject_packets) ||
	       put(skb, first + REJECT_S, l->reject_s) ? -EMSGSIZE : 0;
}
