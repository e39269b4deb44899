// SPDX-License-Identifier: GPL-2.0
/* The settings of devices and peers, common to command line and files. */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "array.h"
#include "config.h"

void config_free(struct config *c)
{
	size_t i;

	key_source_free(&c->dev.private_key);
	for (i = 0; i < c->n_peers; i++) {
		key_source_free(&c->peers[i].preshared_key);
		free(c->peers[i].endpoint_word);
		free(c->peers[i].ips);
	}
	free(c->peers);
	memset(c, 0, sizeof(*c));
}

struct config_peer *config_add_peer(struct config *c)
{
	struct config_peer *peers;

	if (c->n_peers == c->max_peers) {
		size_t max = c->max_peers ? c->max_peers * 2 : 4;

		/* By hand: realloc() would leave the secrets behind. */
		peers = calloc(max, sizeof(*peers));
		if (!peers)
			return NULL;
		if (c->n_peers) {
			memcpy(peers, c->peers, c->n_peers * sizeof(*peers));
			sodium_memzero(c->peers, c->n_peers * sizeof(*peers));
		}
		free(c->peers);
		c->peers = peers;
		c->max_peers = max;
	}
	return &c->peers[c->n_peers++];
}

int config_add_ip(struct config_peer *p, const struct cidr *ip, struct err *e)
{
	if (p->n_ips == p->max_ips) {
		size_t max = p->max_ips ? p->max_ips * 2 : 4;
		struct cidr *ips = reallocarray(p->ips, max, sizeof(*ips));

		if (!ips)
			return err_nomem(e);
		p->ips = ips;
		p->max_ips = max;
	}
	p->ips[p->n_ips++] = *ip;
	return 0;
}

/* One item of a list of allowed-ips, its sign taken off. */
static int add_allowed_ip(struct config_peer *p, const char *word, char sign, struct err *e)
{
	struct cidr ip;

	if (!strcmp(word, "auto")) {
		if (sign == '-')
			p->auto_remove = true;
		else
			p->auto_add = true;
		return 0;
	}
	if (parse_cidr(word, &ip, e))
		return -1;
	ip.remove = sign == '-';
	return config_add_ip(p, &ip, e);
}

/*
 * All signed changes what is there, none signed replaces it. A mixture could
 * be read either way, so it is refused.
 */
static int set_allowed_ips(struct config_peer *p, enum config_place place, const char *value,
			   struct err *e)
{
	unsigned int with_sign = 0, without = 0;
	char *list = strdup(value), *rest = list, *item;
	int ret = 0;

	if (!list)
		return err_nomem(e);
	while (!ret && (item = strsep(&rest, ","))) {
		char sign = 0;

		item = text_trim(item);
		if (!*item && !rest && !with_sign && !without)
			break;
		if (*item == '+' || *item == '-') {
			sign = *item++;
			with_sign++;
		} else {
			without++;
		}
		if (!*item)
			ret = err_set(e, "an address is missing beside a comma or behind a sign");
		else if (sign && place == CONFIG_FILE)
			ret = err_set(e, "%c%.60s: + and - are for pool set; a file gives the whole list",
				      sign, item);
		else
			ret = add_allowed_ip(p, item, sign, e);
		if (!ret && with_sign && without)
			ret = err_set(e, "%.64s: give all of the list with + or -, or none of it",
				      value);
	}
	free(list);
	p->replace_allowed_ips = !with_sign;
	return ret;
}

static int set_key_file(struct config *c, struct key_source *src, const char *value, struct err *e)
{
	if (key_source_file(src, value, e))
		return -1;
	if (!strcmp(src->file, "-") && c->stdin_used++)
		return err_set(e, "standard input holds one secret, and it is taken already");
	return 0;
}

/* In a file the key itself may stand, or "none". */
static int set_key_inline(struct key_source *src, const char *value, struct err *e)
{
	if (!strcmp(value, "none")) {
		src->kind = KEY_REMOVE;
		return 0;
	}
	if (!key_parse(src->key, value))
		return err_set(e, "this is no key; a key is 44 characters of base64, as pool genkey prints it");
	src->kind = key_is_zero(src->key) ? KEY_REMOVE : KEY_INLINE;
	return 0;
}

static int set_endpoint(struct config_peer *p, const char *value, struct err *e)
{
	char host[ENDPOINT_HOST_LEN], port[ENDPOINT_PORT_LEN];

	if (!strcmp(value, "none"))
		return 0;
	if (parse_endpoint(value, host, port, e))
		return -1;
	p->endpoint_word = strdup(value);
	return p->endpoint_word ? 0 : err_nomem(e);
}

static int set_limit(u32 limit[LIMITS], u32 what, const char *value, struct err *e)
{
	u32 i;

	for (i = 0; HAS_LIMIT(i) != what; i++)
		;
	return parse_limit(value, i, &limit[i], e);
}

static int set_device(struct config *c, enum config_place place, u32 what, const char *value,
		      struct err *e)
{
	struct config_device *d = &c->dev;

	switch (what) {
	case HAS_PRIVATE_KEY:
		if (place == CONFIG_FILE)
			return set_key_inline(&d->private_key, value, e);
		return set_key_file(c, &d->private_key, value, e);
	case HAS_LISTEN_PORT:
		return parse_listen_port(value, &d->listen_port, e);
	case HAS_TRANSPORT:
		return parse_transport(value, &d->transport, e);
	case HAS_FWMARK:
		return parse_fwmark(value, &d->fwmark, e);
	case HAS_HEARTBEAT:
		return parse_heartbeat(value, &d->heartbeat, e);
	case HAS_NAME:
		return parse_name(value, d->name, e);
	case HAS_ORGANISATION:
		return parse_hex64(value, &d->organisation, e);
	case HAS_SEGMENT:
		return parse_hex64(value, &d->segment, e);
	case HAS_INIT_SKEW:
		return parse_init_skew(value, &d->init_skew, e);
	case HAS_DSCP:
		return parse_dscp(value, &d->dscp, e);
	case HAS_BIND:
		return parse_bind(value, &d->bind, e);
	case HAS_BIND_DEVICE:
		return parse_bind_device(value, d->bind_device, e);
	case HAS_REKEY_PACKETS:
	case HAS_REKEY_TIME:
	case HAS_REJECT_PACKETS:
	case HAS_REJECT_TIME:
		return set_limit(d->limit, what, value, e);
	default:
		return err_set(e, "not a setting of a device");
	}
}

static int set_peer(struct config *c, struct config_peer *p, enum config_place place, u32 what,
		    const char *value, struct err *e)
{
	switch (what) {
	case HAS_PUBLIC_KEY:
		return key_parse_public(p->public_key, value, e);
	case HAS_PRESHARED_KEY:
		if (place == CONFIG_FILE)
			return set_key_inline(&p->preshared_key, value, e);
		return set_key_file(c, &p->preshared_key, value, e);
	case HAS_ENDPOINT:
		return set_endpoint(p, value, e);
	case HAS_TRANSPORT:
		return parse_transport(value, &p->transport, e);
	case HAS_HEARTBEAT:
		return parse_heartbeat(value, &p->heartbeat, e);
	case HAS_ALLOWED_IPS:
		return set_allowed_ips(p, place, value, e);
	case HAS_REKEY_PACKETS:
	case HAS_REKEY_TIME:
	case HAS_REJECT_PACKETS:
	case HAS_REJECT_TIME:
		return set_limit(p->limit, what, value, e);
	default:
		return err_set(e, "not a setting of a peer");
	}
}

static const struct setting {
	const char *arg;
	const char *file;
	const char *key_file;	/* in a file: the same, out of another file */
	u32 what;
	bool of_device;
	bool of_peer;
	bool again;		/* in a file: more lines of it add up */
} settings[] = {
	{ "private-key", "PrivateKey", "PrivateKeyFile", HAS_PRIVATE_KEY, true, false, false },
	{ "listen-port", "ListenPort", NULL, HAS_LISTEN_PORT, true, false, false },
	{ "transport", "Transport", NULL, HAS_TRANSPORT, true, true, false },
	{ "fwmark", "FwMark", NULL, HAS_FWMARK, true, false, false },
	{ "heartbeat", "Heartbeat", NULL, HAS_HEARTBEAT, true, true, false },
	{ "name", "Name", NULL, HAS_NAME, true, false, false },
	{ "organisation", "Organisation", NULL, HAS_ORGANISATION, true, false, false },
	{ "segment", "Segment", NULL, HAS_SEGMENT, true, false, false },
	{ "init-skew", "InitSkew", NULL, HAS_INIT_SKEW, true, false, false },
	{ NULL, "PublicKey", NULL, HAS_PUBLIC_KEY, false, true, false },
	{ "preshared-key", "PresharedKey", "PresharedKeyFile", HAS_PRESHARED_KEY, false, true,
	  false },
	{ "endpoint", "Endpoint", NULL, HAS_ENDPOINT, false, true, false },
	{ "allowed-ips", "AllowedIPs", NULL, HAS_ALLOWED_IPS, false, true, true },
	{ "rekey-after-packets", "RekeyAfterPackets", NULL, HAS_REKEY_PACKETS, true, true, false },
	{ "rekey-after-time", "RekeyAfterTime", NULL, HAS_REKEY_TIME, true, true, false },
	{ "reject-after-packets", "RejectAfterPackets", NULL, HAS_REJECT_PACKETS, true, true,
	  false },
	{ "reject-after-time", "RejectAfterTime", NULL, HAS_REJECT_TIME, true, true, false },
	{ "dscp", "Dscp", NULL, HAS_DSCP, true, false, false },
	{ "bind", "BindAddress", NULL, HAS_BIND, true, false, false },
	{ "bind-device", "BindDevice", NULL, HAS_BIND_DEVICE, true, false, false },
};

int config_set(struct config *c, struct config_peer *p, enum config_place place,
	       const char *word, const char *value, struct err *e)
{
	u32 *has = p ? &p->has : &c->dev.has;
	size_t i;
	int ret;

	for (i = 0; i < ARRAY_SIZE(settings); i++) {
		const struct setting *s = &settings[i];
		bool from_file;

		if (!(p ? s->of_peer : s->of_device))
			continue;
		from_file = place == CONFIG_FILE && s->key_file && !strcasecmp(word, s->key_file);
		if (place == CONFIG_ARGS && (!s->arg || strcmp(word, s->arg)))
			continue;
		if (place == CONFIG_FILE && !from_file && strcasecmp(word, s->file))
			continue;
		if (*has & s->what && !(place == CONFIG_FILE && s->again))
			return err_set(e, "given twice%s",
				       place == CONFIG_FILE && s->key_file ?
				       ", here or by the name of a file" : "");
		*has |= s->what;
		if (place == CONFIG_FILE && !*value && s->what != HAS_NAME &&
		    s->what != HAS_ALLOWED_IPS)
			return err_set(e, "the value is missing");
		/* A name of a file is the same in both places. */
		ret = p ? set_peer(c, p, from_file ? CONFIG_ARGS : place, s->what, value, e) :
			  set_device(c, from_file ? CONFIG_ARGS : place, s->what, value, e);
		return ret ? -1 : 1;
	}
	return 0;
}

/* For sorting: family, then address, then length; the owner breaks ties. */
struct owned {
	struct cidr ip;
	size_t peer;
};

static int owned_cmp(const void *a, const void *b)
{
	const struct owned *x = a, *y = b;
	int d = memcmp(&x->ip, &y->ip, sizeof(x->ip));

	return d ? d : (x->peer > y->peer) - (x->peer < y->peer);
}

static int key_index_cmp(const void *a, const void *b)
{
	const struct config_peer * const *x = a, * const *y = b;
	int d = memcmp((*x)->public_key, (*y)->public_key, POOL_KEY_LEN);

	return d ? d : (*x > *y) - (*x < *y);
}

static const char *where(char *buf, size_t len, const struct config_peer *p)
{
	char key[KEY_TEXT_LEN];

	key_format(key, p->public_key);
	if (p->line)
		snprintf(buf, len, "%s (line %u)", key, p->line);
	else
		snprintf(buf, len, "%s", key);
	return buf;
}

static int check_twice(const struct config *c, struct err *e)
{
	const struct config_peer **index;
	char key[KEY_TEXT_LEN];
	int ret = 0;
	size_t i;

	index = calloc(c->n_peers, sizeof(*index));
	if (!index)
		return err_nomem(e);
	for (i = 0; i < c->n_peers; i++)
		index[i] = &c->peers[i];
	qsort(index, c->n_peers, sizeof(*index), key_index_cmp);
	for (i = 1; i < c->n_peers && !ret; i++) {
		const struct config_peer *p = index[i - 1], *q = index[i];

		if (q->line && !memcmp(p->public_key, q->public_key, POOL_KEY_LEN))
			ret = err_set(e, "line %u: peer %s is there already, at line %u", q->line,
				      key_format(key, q->public_key), p->line);
	}
	free(index);
	return ret;
}

static int check_overlap(const struct config *c, struct err *e)
{
	char cidr[TEXT_CIDR_LEN], one[80], other[80];
	struct owned *all;
	size_t i, j, n = 0;
	int ret = 0;

	for (i = 0; i < c->n_peers; i++)
		n += c->peers[i].n_ips;
	if (!n)
		return 0;
	all = calloc(n, sizeof(*all));
	if (!all)
		return err_nomem(e);
	n = 0;
	for (i = 0; i < c->n_peers; i++) {
		for (j = 0; j < c->peers[i].n_ips; j++) {
			if (c->peers[i].ips[j].remove)
				continue;
			all[n].ip = c->peers[i].ips[j];
			all[n++].peer = i;
		}
	}
	qsort(all, n, sizeof(*all), owned_cmp);
	for (i = 1; i < n && !ret; i++) {
		const struct config_peer *p = &c->peers[all[i - 1].peer];
		const struct config_peer *q = &c->peers[all[i].peer];

		if (!memcmp(&all[i - 1].ip, &all[i].ip, sizeof(all[i].ip)) &&
		    memcmp(p->public_key, q->public_key, POOL_KEY_LEN))
			ret = err_set(e, "%s is given to two peers, and only one can have it: %s and %s",
				      text_cidr(cidr, &all[i].ip), where(one, sizeof(one), p),
				      where(other, sizeof(other), q));
	}
	free(all);
	return ret;
}

/* Both of a kind in one place: the offer of new keys must come before the end of the old. */
static int check_limits(u32 has, const u32 limit[LIMITS], bool file, struct err *e)
{
	static const enum limit pairs[][2] = {
		{ LIMIT_REKEY_PACKETS, LIMIT_REJECT_PACKETS },
		{ LIMIT_REKEY_TIME, LIMIT_REJECT_TIME },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(pairs); i++) {
		enum limit rekey = pairs[i][0], reject = pairs[i][1];
		const struct limit_info *a = &limit_info[rekey], *b = &limit_info[reject];

		if (has & HAS_LIMIT(rekey) && has & HAS_LIMIT(reject) &&
		    limit[rekey] >= limit[reject])
			return err_set(e, "\"%s\": %u: must be less than \"%s\" (%u)",
				       file ? a->file : a->name, limit[rekey],
				       file ? b->file : b->name, limit[reject]);
	}
	return 0;
}

static int check_all_limits(const struct config *c, enum config_place place, struct err *e)
{
	char peer[80];
	size_t i;

	if (check_limits(c->dev.has, c->dev.limit, place == CONFIG_FILE, e))
		return -1;
	for (i = 0; i < c->n_peers; i++) {
		const struct config_peer *p = &c->peers[i];

		if (check_limits(p->has, p->limit, place == CONFIG_FILE, e))
			return err_prepend(e, "peer %s: ", where(peer, sizeof(peer), p));
	}
	return 0;
}

int config_check(const struct config *c, enum config_place place, struct err *e)
{
	if (check_all_limits(c, place, e))
		return -1;
	if (c->n_peers > CONFIG_PEERS_MAX)
		return err_set(e, "%zu peers: a device has at most %d", c->n_peers,
			       CONFIG_PEERS_MAX);
	if (!c->n_peers)
		return 0;
	if (check_twice(c, e))
		return -1;
	return check_overlap(c, e);
}

int config_load(struct config *c, void (*warn)(const char *text), struct err *e)
{
	char key[KEY_TEXT_LEN];
	size_t i;

	if (key_load(&c->dev.private_key, warn, e))
		return err_prepend(e, "private key: ");
	for (i = 0; i < c->n_peers; i++) {
		struct config_peer *p = &c->peers[i];

		if (key_load(&p->preshared_key, warn, e))
			return err_prepend(e, "peer %s: pre-shared key: ",
					   key_format(key, p->public_key));
		if (p->endpoint_word && endpoint_resolve(p->endpoint_word, &p->endpoint, e))
			return err_prepend(e, "peer %s: endpoint: ",
					   key_format(key, p->public_key));
	}
	return 0;
}
