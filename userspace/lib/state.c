// SPDX-License-Identifier: GPL-2.0
#include <linux/genetlink.h>
#include <stdlib.h>

#include "state.h"

static int malformed(struct err *e, const char *name)
{
	return err_set(e, "netlink: the kernel's \"%s\" is malformed: module and tool do not fit each other",
		       name);
}

static int decode_sockaddr(struct saddr *out, const struct nlattr *attr)
{
	size_t len = mnl_attr_get_payload_len(attr);
	const void *p = mnl_attr_get_payload(attr);
	sa_family_t family;

	memset(out, 0, sizeof(*out));
	if (len < sizeof(family))
		return -1;
	memcpy(&family, p, sizeof(family));
	if (family == AF_UNSPEC)
		return 0;
	if (family == AF_INET && len >= sizeof(out->in))
		out->len = sizeof(out->in);
	else if (family == AF_INET6 && len >= sizeof(out->in6))
		out->len = sizeof(out->in6);
	else
		return -1;
	memcpy(&out->in6, p, out->len);
	return 0;
}

static int decode_ip(struct cidr *out, const struct nlattr *attr)
{
	size_t len = mnl_attr_get_payload_len(attr);

	memset(out, 0, sizeof(*out));
	if (len != 4 && len != sizeof(out->addr))
		return -1;
	out->family = len == 4 ? AF_INET : AF_INET6;
	out->prefix_len = (u8)(8 * len);
	memcpy(out->addr, mnl_attr_get_payload(attr), len);
	return 0;
}

static int decode_string(char *out, size_t size, const struct nlattr *attr)
{
	size_t len = mnl_attr_get_payload_len(attr);

	len = strnlen(mnl_attr_get_payload(attr), len);
	if (len >= size)
		return -1;
	memcpy(out, mnl_attr_get_payload(attr), len);
	out[len] = '\0';
	return 0;
}

static int decode_drops(u64 **out, const struct nlattr *nest, struct err *e)
{
	const struct nlattr *attr;

	if (!*out)
		*out = calloc(POOL_A_DROPS_MAX + 1, sizeof(**out));
	if (!*out)
		return err_nomem(e);
	mnl_attr_for_each_nested(attr, nest) {
		u16 type = mnl_attr_get_type(attr);

		if (type <= POOL_A_DROPS_PAD || type > POOL_A_DROPS_MAX)
			continue;
		if (mnl_attr_validate(attr, MNL_TYPE_U64) < 0)
			return malformed(e, "drops");
		(*out)[type] = mnl_attr_get_u64(attr);
	}
	return 0;
}

static int decode_allowed_ip(struct peer_state *p, const struct nlattr *nest, struct err *e)
{
	const struct nlattr *attr;
	struct cidr ip = { 0 };
	size_t len = 0;

	mnl_attr_for_each_nested(attr, nest) {
		switch (mnl_attr_get_type(attr)) {
		case POOL_A_ALLOWED_IP_FAMILY:
			if (mnl_attr_validate(attr, MNL_TYPE_U16) < 0)
				return malformed(e, "allowed-ip");
			ip.family = mnl_attr_get_u16(attr);
			break;
		case POOL_A_ALLOWED_IP_ADDRESS:
			len = mnl_attr_get_payload_len(attr);
			if (len > sizeof(ip.addr))
				return malformed(e, "allowed-ip");
			memcpy(ip.addr, mnl_attr_get_payload(attr), len);
			break;
		case POOL_A_ALLOWED_IP_PREFIX_LEN:
			if (mnl_attr_validate(attr, MNL_TYPE_U8) < 0)
				return malformed(e, "allowed-ip");
			ip.prefix_len = mnl_attr_get_u8(attr);
			break;
		}
	}
	if (!(ip.family == AF_INET && len == 4 && ip.prefix_len <= 32) &&
	    !(ip.family == AF_INET6 && len == 16 && ip.prefix_len <= 128))
		return malformed(e, "allowed-ip");
	if (p->n_ips == p->max_ips) {
		size_t max = p->max_ips ? p->max_ips * 2 : 4;
		struct cidr *ips = reallocarray(p->ips, max, sizeof(*ips));

		if (!ips)
			return err_nomem(e);
		p->ips = ips;
		p->max_ips = max;
	}
	p->ips[p->n_ips++] = ip;
	return 0;
}

static int decode_codes(u64 out[POOL_A_CODES_MAX + 1], const struct nlattr *nest, struct err *e)
{
	const struct nlattr *attr;

	mnl_attr_for_each_nested(attr, nest) {
		u16 type = mnl_attr_get_type(attr);

		if (type <= POOL_A_CODES_PAD || type > POOL_A_CODES_MAX)
			continue;
		if (mnl_attr_validate(attr, MNL_TYPE_U64) < 0)
			return malformed(e, "codes");
		out[type] = mnl_attr_get_u64(attr);
	}
	return 0;
}

/* Copy @len bytes of an attribute that has just as many. */
static int decode_bytes(void *out, const struct nlattr *attr, size_t len)
{
	if (mnl_attr_get_payload_len(attr) != len)
		return -1;
	memcpy(out, mnl_attr_get_payload(attr), len);
	return 0;
}

static int decode_attr(const struct field_set *set, void *obj, const struct nlattr *attr,
		       struct err *e);

/* One level deep: a field of a nest is never a nest itself. */
static int decode_nest(const struct field_set *set, void *obj, const struct nlattr *nest,
		       struct err *e)
{
	const struct nlattr *attr;

	mnl_attr_for_each_nested(attr, nest) {
		if (decode_attr(set, obj, attr, e))
			return -1;
	}
	return 0;
}

static int decode_field(const struct field *f, void *obj, const struct nlattr *attr,
			struct err *e)
{
	void *member = (char *)obj + f->offset;
	int ret = -1;

	switch ((enum field_type)f->type) {
	case FIELD_FLAG:
		return 0;
	case FIELD_U8:
	case FIELD_TRANSPORTS:
	case FIELD_DSCP:
	case FIELD_CODE:
		ret = decode_bytes(member, attr, sizeof(u8));
		break;
	case FIELD_U16:
		ret = decode_bytes(member, attr, sizeof(u16));
		break;
	case FIELD_U32:
	case FIELD_S32:
	case FIELD_ENUM:
	case FIELD_BITS:
		ret = decode_bytes(member, attr, sizeof(u32));
		break;
	case FIELD_U64:
	case FIELD_HEX64:
		ret = decode_bytes(member, attr, sizeof(u64));
		break;
	case FIELD_KEY:
	case FIELD_ADDRESS:
		ret = decode_bytes(member, attr, POOL_KEY_LEN);
		break;
	case FIELD_SID:
		ret = decode_bytes(member, attr, POOL_SESSION_ID_LEN);
		break;
	case FIELD_STRING:
		ret = decode_string(member, STATE_STRING_LEN, attr);
		break;
	case FIELD_DRIVER:
		ret = decode_string(member, STATE_DRIVER_LEN, attr);
		break;
	case FIELD_SOCKADDR:
		ret = decode_sockaddr(member, attr);
		break;
	case FIELD_IP:
		ret = decode_ip(member, attr);
		break;
	case FIELD_DROPS:
		return decode_drops(member, attr, e);
	case FIELD_ALLOWED_IPS:
		return decode_allowed_ip(obj, attr, e);
	case FIELD_CODES:
		return decode_codes(member, attr, e);
	case FIELD_NEST:
		return decode_nest(f->nest, member, attr, e);
	}
	return ret ? malformed(e, f->name) : 0;
}

static int decode_attr(const struct field_set *set, void *obj, const struct nlattr *attr,
		       struct err *e)
{
	u64 *has = obj;
	size_t i;

	for (i = 0; i < set->n; i++) {
		if (set->field[i].attr != mnl_attr_get_type(attr))
			continue;
		if (decode_field(&set->field[i], obj, attr, e))
			return -1;
		*has |= 1ULL << set->field[i].attr;
		break;
	}
	return 0;
}

int state_decode(const struct nlmsghdr *nlh, const struct field_set *set, void *obj,
		 struct err *e)
{
	const struct nlattr *attr;

	if (mnl_nlmsg_get_payload_len(nlh) < sizeof(struct genlmsghdr))
		return malformed(e, "message");
	mnl_attr_for_each(attr, nlh, sizeof(struct genlmsghdr)) {
		if (decode_attr(set, obj, attr, e))
			return -1;
	}
	return 0;
}

static void free_peers(struct device_state *d)
{
	size_t i;

	for (i = 0; i < d->peers_here; i++) {
		free(d->peers[i].ips);
		free(d->peers[i].drops);
	}
	free(d->peers);
	d->peers = NULL;
	d->peers_here = 0;
	d->max_peers = 0;
}

static void free_sessions(struct device_state *d)
{
	free(d->sessions);
	d->sessions = NULL;
	d->sessions_here = 0;
	d->max_sessions = 0;
}

void state_free_device(struct device_state *d)
{
	free_peers(d);
	free_sessions(d);
	free(d->drops);
	memset(d, 0, sizeof(*d));
}

void state_free_list(struct device_list *list)
{
	size_t i;

	for (i = 0; i < list->n; i++)
		state_free_device(&list->dev[i]);
	free(list->dev);
	memset(list, 0, sizeof(*list));
}

/* @array, perhaps moved, with a zeroed element more. NULL without memory. */
static void *grow(void *array, size_t *n, size_t *max, size_t size)
{
	if (*n == *max) {
		size_t more = *max ? *max * 2 : 8;

		array = reallocarray(array, more, size);
		if (!array)
			return NULL;
		*max = more;
	}
	memset((char *)array + size * (*n)++, 0, size);
	return array;
}

/* The key that a message is about, or NULL. */
static const u8 *key_of(const struct nlmsghdr *nlh)
{
	const struct nlattr *attr;

	if (mnl_nlmsg_get_payload_len(nlh) < sizeof(struct genlmsghdr))
		return NULL;
	mnl_attr_for_each(attr, nlh, sizeof(struct genlmsghdr)) {
		if (mnl_attr_get_type(attr) == POOL_A_PEER_PUBLIC_KEY &&
		    mnl_attr_get_payload_len(attr) == POOL_KEY_LEN)
			return mnl_attr_get_payload(attr);
	}
	return NULL;
}

int state_add_peer(struct device_state *d, const struct nlmsghdr *nlh, struct err *e)
{
	const u8 *key = key_of(nlh);
	struct peer_state *peers;

	if (!key)
		return malformed(e, "public-key");
	if (!d->peers_here ||
	    memcmp(d->peers[d->peers_here - 1].public_key, key, POOL_KEY_LEN)) {
		peers = grow(d->peers, &d->peers_here, &d->max_peers, sizeof(*peers));
		if (!peers)
			return err_nomem(e);
		d->peers = peers;
	}
	return state_decode(nlh, &peer_fields, &d->peers[d->peers_here - 1], e);
}

int state_add_session(struct device_state *d, const struct nlmsghdr *nlh, struct err *e)
{
	struct session_state *sessions = grow(d->sessions, &d->sessions_here, &d->max_sessions,
					      sizeof(*sessions));

	if (!sessions)
		return err_nomem(e);
	d->sessions = sessions;
	return state_decode(nlh, &session_fields, &sessions[d->sessions_here - 1], e);
}

/* By peer; of one peer the current session first, then the youngest. */
static int session_cmp(const void *a, const void *b)
{
	const struct session_state *x = a, *y = b;
	int d = memcmp(x->public_key, y->public_key, POOL_KEY_LEN);

	if (!d)
		d = (int)STATE_HAS(y, POOL_A_SESSION_CURRENT) -
		    (int)STATE_HAS(x, POOL_A_SESSION_CURRENT);
	if (!d)
		d = (x->age > y->age) - (x->age < y->age);
	return d ? d : memcmp(x->session_id, y->session_id, POOL_SESSION_ID_LEN);
}

/* The first session that does not sort before @key. */
static size_t first_session(const struct device_state *d, const u8 *key)
{
	size_t low = 0, high = d->sessions_here;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (memcmp(d->sessions[mid].public_key, key, POOL_KEY_LEN) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

void state_join(struct device_state *d)
{
	size_t i, j;

	if (!d->sessions_here)
		return;
	qsort(d->sessions, d->sessions_here, sizeof(*d->sessions), session_cmp);
	for (i = 0; i < d->peers_here; i++) {
		struct peer_state *p = &d->peers[i];
		size_t first = first_session(d, p->public_key);

		for (j = first; j < d->sessions_here &&
		     !memcmp(d->sessions[j].public_key, p->public_key, POOL_KEY_LEN); j++)
			;
		p->sessions = &d->sessions[first];
		p->sessions_here = j - first;
	}
}

static int device_cb(const struct nlmsghdr *nlh, void *data, struct err *e)
{
	struct device_list *list = data;
	struct device_state *dev = grow(list->dev, &list->n, &list->max, sizeof(*dev));

	if (!dev)
		return err_nomem(e);
	list->dev = dev;
	return state_decode(nlh, &device_fields, &dev[list->n - 1], e);
}

static void device_restart(void *data)
{
	state_free_list(data);
}

static int peer_cb(const struct nlmsghdr *nlh, void *data, struct err *e)
{
	return state_add_peer(data, nlh, e);
}

static void peer_restart(void *data)
{
	free_peers(data);
}

static int session_cb(const struct nlmsghdr *nlh, void *data, struct err *e)
{
	return state_add_session(data, nlh, e);
}

static void session_restart(void *data)
{
	free_sessions(data);
}

int state_get_devices(struct nl *nl, const struct nl_dev *dev, struct device_list *list,
		      struct err *e)
{
	char buf[1024] __attribute__((aligned(NLMSG_ALIGNTO)));
	struct nlmsghdr *nlh = nl_start(nl, buf, POOL_CMD_DEVICE_GET, dev);

	memset(list, 0, sizeof(*list));
	if (!dev)
		return nl_dump(nl, nlh, device_cb, device_restart, list, NULL, e);
	if (nl_request(nl, nlh, device_cb, list, NULL, e))
		return -1;
	return list->n == 1 ? 0 : malformed(e, "device");
}

int state_get_peers(struct nl *nl, struct device_state *d, bool sessions, struct nl_error *ne,
		    struct err *e)
{
	char buf[1024] __attribute__((aligned(NLMSG_ALIGNTO)));
	const struct nl_dev dev = { .ifindex = d->ifindex };

	if (nl_dump(nl, nl_start(nl, buf, POOL_CMD_PEER_GET, &dev), peer_cb, peer_restart, d,
		    ne, e))
		return -1;
	if (!sessions)
		return 0;
	if (nl_dump(nl, nl_start(nl, buf, POOL_CMD_SESSION_GET, &dev), session_cb,
		    session_restart, d, ne, e))
		return -1;
	state_join(d);
	return 0;
}

u64 state_drops_total(const u64 *drops)
{
	u64 total = 0;
	u16 i;

	for (i = POOL_A_DROPS_PAD + 1; drops && i <= POOL_A_DROPS_MAX; i++)
		total += drops[i];
	return total;
}
