// SPDX-License-Identifier: GPL-2.0
/* The way from what a device is to what a file wants it to be. */
#include <stdlib.h>

#include "apply.h"
#include "../../kernel/proto/crypto.h"

/* A kernel that does not tell of a limit has its default. */
static void sync_device_limits(struct config_device *d, const struct device_state *now)
{
	u32 i;

	for (i = 0; i < LIMITS; i++) {
		bool told = now->has >> (POOL_A_DEVICE_REKEY_AFTER_PACKETS + i) & 1;

		if (!(d->has & HAS_LIMIT(i)))
			d->limit[i] = limit_info[i].most;
		if (d->limit[i] == (told ? now->limit[i] : limit_info[i].most))
			d->has &= ~HAS_LIMIT(i);
		else
			d->has |= HAS_LIMIT(i);
	}
}

/* What is not named is the default; what is so already is not sent. */
static void sync_device(struct config_device *d, const struct device_state *now)
{
	u8 public_key[POOL_KEY_LEN];

	if (!(d->has & HAS_LISTEN_PORT))
		d->listen_port = CONFIG_LISTEN_PORT;
	if (!(d->has & HAS_TRANSPORT))
		d->transport = POOL_TRANSPORT_TCP;
	if (!(d->has & HAS_HEARTBEAT))
		d->heartbeat = CONFIG_HEARTBEAT;
	if (!(d->has & HAS_INIT_SKEW))
		d->init_skew = CONFIG_INIT_SKEW;
	/* Zero is the default of the others, and it is there. */
	d->has |= HAS_LISTEN_PORT | HAS_TRANSPORT | HAS_FWMARK | HAS_HEARTBEAT | HAS_NAME |
		  HAS_ORGANISATION | HAS_SEGMENT | HAS_INIT_SKEW | HAS_DSCP |
		  HAS_BIND | HAS_BIND_DEVICE;
	sync_device_limits(d, now);

	/* Any port will do: the one it has, too. */
	if (d->listen_port == now->listen_port || !d->listen_port)
		d->has &= ~(u32)HAS_LISTEN_PORT;
	if (d->transport == now->transport)
		d->has &= ~(u32)HAS_TRANSPORT;
	if (d->fwmark == now->fwmark)
		d->has &= ~(u32)HAS_FWMARK;
	if (d->heartbeat == now->heartbeat)
		d->has &= ~(u32)HAS_HEARTBEAT;
	if (!strcmp(d->name, now->name))
		d->has &= ~(u32)HAS_NAME;
	if (d->organisation == now->organisation)
		d->has &= ~(u32)HAS_ORGANISATION;
	if (d->segment == now->segment)
		d->has &= ~(u32)HAS_SEGMENT;
	if (d->init_skew == now->init_skew)
		d->has &= ~(u32)HAS_INIT_SKEW;
	if (d->dscp == now->dscp)
		d->has &= ~(u32)HAS_DSCP;
	if (!memcmp(&d->bind, &now->bind_address, sizeof(d->bind)))
		d->has &= ~(u32)HAS_BIND;
	/* One that is gone has no name, and is none that a file could name. */
	if (!strcmp(d->bind_device, now->bind_device) && !d->bind_device[0] == !now->bind_ifindex)
		d->has &= ~(u32)HAS_BIND_DEVICE;
	if (!(d->has & HAS_PRIVATE_KEY))
		return;
	if (d->private_key.kind == KEY_REMOVE) {
		if (!STATE_HAS(now, POOL_A_DEVICE_PUBLIC_KEY))
			d->has &= ~(u32)HAS_PRIVATE_KEY;
	} else if (pool_x25519_public(public_key, d->private_key.key) &&
		   STATE_HAS(now, POOL_A_DEVICE_PUBLIC_KEY) &&
		   !memcmp(public_key, now->public_key, POOL_KEY_LEN)) {
		d->has &= ~(u32)HAS_PRIVATE_KEY;
	}
}

static int cidr_cmp(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct cidr));
}

static size_t sort_unique(struct cidr *ips, size_t n)
{
	size_t i, kept = 0;

	if (!n)
		return 0;
	qsort(ips, n, sizeof(*ips), cidr_cmp);
	for (i = 0; i < n; i++) {
		if (!kept || cidr_cmp(&ips[kept - 1], &ips[i]))
			ips[kept++] = ips[i];
	}
	return kept;
}

/* 1: the same prefixes; 0: not; -1: no memory. */
static int same_ips(struct config_peer *p, const struct peer_state *now, struct err *e)
{
	struct cidr *ips;
	size_t n;
	int ret;

	p->n_ips = sort_unique(p->ips, p->n_ips);
	if (!p->n_ips || !now->n_ips)
		return p->n_ips == now->n_ips;
	ips = reallocarray(NULL, now->n_ips, sizeof(*ips));
	if (!ips)
		return err_nomem(e);
	memcpy(ips, now->ips, now->n_ips * sizeof(*ips));
	n = sort_unique(ips, now->n_ips);
	ret = n == p->n_ips && !memcmp(ips, p->ips, n * sizeof(*ips));
	free(ips);
	return ret;
}

static bool same_endpoint(const struct saddr *a, const struct saddr *b)
{
	if (a->len != b->len)
		return false;
	if (!a->len)
		return true;
	if (a->sa.sa_family != b->sa.sa_family)
		return false;
	if (a->sa.sa_family == AF_INET)
		return a->in.sin_port == b->in.sin_port &&
		       a->in.sin_addr.s_addr == b->in.sin_addr.s_addr;
	return a->in6.sin6_port == b->in6.sin6_port &&
	       a->in6.sin6_scope_id == b->in6.sin6_scope_id &&
	       !memcmp(&a->in6.sin6_addr, &b->in6.sin6_addr, sizeof(a->in6.sin6_addr));
}

/* As sync_peer(), for the limits. */
static void sync_peer_limits(struct config_peer *p, const struct config_device *dev,
			     const struct peer_state *now)
{
	u32 i;

	for (i = 0; i < LIMITS; i++) {
		bool told = now->has >> (POOL_A_PEER_REKEY_AFTER_PACKETS + i) & 1;

		if (!(p->has & HAS_LIMIT(i)))
			p->limit[i] = dev->limit[i];
		if (told ? p->limit[i] == now->limit[i] : !(p->has & HAS_LIMIT(i)))
			p->has &= ~HAS_LIMIT(i);
		else
			p->has |= HAS_LIMIT(i);
	}
}

/*
 * Leave in @p only what differs from @now. The kernel has no way to make a
 * peer follow its device again in transport, heartbeat and limits, so where the
 * file names none the device's value is set.
 */
static int sync_peer(struct config_peer *p, const struct config_device *dev,
		     const struct peer_state *now, struct err *e)
{
	bool told = STATE_HAS(now, POOL_A_PEER_TRANSPORT);
	int same;

	if (!(p->has & HAS_TRANSPORT))
		p->transport = dev->transport;
	if (told ? p->transport == now->transport : !(p->has & HAS_TRANSPORT))
		p->has &= ~(u32)HAS_TRANSPORT;
	else
		p->has |= HAS_TRANSPORT;

	told = STATE_HAS(now, POOL_A_PEER_HEARTBEAT);
	if (!(p->has & HAS_HEARTBEAT))
		p->heartbeat = dev->heartbeat;
	if (told ? p->heartbeat == now->heartbeat : !(p->has & HAS_HEARTBEAT))
		p->has &= ~(u32)HAS_HEARTBEAT;
	else
		p->has |= HAS_HEARTBEAT;
	sync_peer_limits(p, dev, now);

	if (same_endpoint(&p->endpoint, &now->endpoint))
		p->has &= ~(u32)HAS_ENDPOINT;
	else
		p->has |= HAS_ENDPOINT;

	if (p->preshared_key.kind == KEY_REMOVE && !STATE_HAS(now, POOL_A_PEER_HAS_PRESHARED_KEY))
		p->has &= ~(u32)HAS_PRESHARED_KEY;

	same = same_ips(p, now, e);
	if (same < 0)
		return -1;
	if (same) {
		p->has &= ~(u32)HAS_ALLOWED_IPS;
		p->n_ips = 0;
	} else {
		p->has |= HAS_ALLOWED_IPS;
	}
	p->replace_allowed_ips = !same;
	p->unchanged = !(p->has & ~(u32)HAS_PUBLIC_KEY);
	return 0;
}

static int peer_cmp(const void *a, const void *b)
{
	const struct peer_state * const *x = a, * const *y = b;

	return memcmp((*x)->public_key, (*y)->public_key, POOL_KEY_LEN);
}

/* The peers of the device, to be found by key. */
struct lookup {
	const struct peer_state **sorted;	/* and a NULL behind them */
	bool *kept;				/* by place in @sorted */
	size_t n;
};

static int lookup_init(struct lookup *l, const struct device_state *now, struct err *e)
{
	size_t i;

	l->n = now->peers_here;
	l->sorted = calloc(l->n + 1, sizeof(*l->sorted));
	l->kept = calloc(l->n + 1, sizeof(*l->kept));
	if (!l->sorted || !l->kept)
		return err_nomem(e);
	for (i = 0; i < l->n; i++)
		l->sorted[i] = &now->peers[i];
	qsort(l->sorted, l->n, sizeof(*l->sorted), peer_cmp);
	return 0;
}

static void lookup_uninit(struct lookup *l)
{
	free(l->sorted);
	free(l->kept);
}

/* Its place in @sorted, or @n. */
static size_t lookup_peer(const struct lookup *l, const u8 *public_key)
{
	struct peer_state key = { 0 };
	const struct peer_state *want = &key, **found;

	memcpy(key.public_key, public_key, POOL_KEY_LEN);
	found = bsearch(&want, l->sorted, l->n, sizeof(*l->sorted), peer_cmp);
	return found ? (size_t)(found - l->sorted) : l->n;
}

/* The kernel has a pre-shared key that the file does not speak of. */
static bool keeps_key(const struct config_peer *p, const struct peer_state *now)
{
	return STATE_HAS(now, POOL_A_PEER_HAS_PRESHARED_KEY) && !(p->has & HAS_PRESHARED_KEY);
}

static int plan_removals(struct sync_plan *plan, const struct lookup *l, struct err *e)
{
	size_t i;

	plan->remove = calloc(l->n + 1, sizeof(*plan->remove));
	if (!plan->remove)
		return err_nomem(e);
	for (i = 0; i < l->n; i++) {
		if (!l->kept[i])
			memcpy(plan->remove[plan->n_remove++], l->sorted[i]->public_key,
			       POOL_KEY_LEN);
	}
	return 0;
}

/*
 * In a fresh start only those peers stay whose pre-shared key would be lost;
 * if there are none, the kernel can remove all of them by itself.
 */
static int sync_peers(struct config *c, const struct device_state *now, enum sync_mode mode,
		      struct lookup *l, struct sync_plan *plan, struct err *e)
{
	bool any_kept = false;
	size_t i;

	for (i = 0; i < c->n_peers; i++) {
		struct config_peer *p = &c->peers[i];
		size_t place = lookup_peer(l, p->public_key);
		const struct peer_state *old = l->sorted[place];

		if (!old || (mode == SYNC_FRESH && !keeps_key(p, old)))
			continue;
		l->kept[place] = true;
		any_kept = true;
		if (sync_peer(p, &c->dev, old, e))
			return -1;
	}
	if (mode == SYNC_FRESH && !any_kept) {
		c->dev.replace_peers = now->peers_here > 0;
		return 0;
	}
	return plan_removals(plan, l, e);
}

int sync_make(struct config *c, const struct device_state *now, enum sync_mode mode,
	      struct sync_plan *plan, struct err *e)
{
	struct lookup l = { 0 };
	int ret = 0;
	size_t i;

	memset(plan, 0, sizeof(*plan));
	sync_device(&c->dev, now);
	for (i = 0; i < c->n_peers && !ret; i++) {
		struct config_peer *p = &c->peers[i];
		struct cidr ip;

		if (!p->auto_add)
			continue;
		apply_auto_prefix(&ip, p->public_key, c->dev.organisation, c->dev.segment);
		ret = config_add_ip(p, &ip, e);
		p->auto_add = false;
	}
	if (!ret)
		ret = lookup_init(&l, now, e);
	if (!ret)
		ret = sync_peers(c, now, mode, &l, plan, e);
	lookup_uninit(&l);
	return ret;
}

void sync_free(struct sync_plan *plan)
{
	free(plan->remove);
	memset(plan, 0, sizeof(*plan));
}
