// SPDX-License-Identifier: GPL-2.0
/* What the fake kernel knows, and the file it is kept in. */
#include <stdio.h>
#include <stdlib.h>

#include "fake_kernel.h"

struct fake_device fake_devices[FAKE_DEVICES];

static void must(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "fake kernel: %s\n", what);
	abort();
}

static FILE *state_file(const char *mode)
{
	const char *name = getenv("POOL_FAKE");

	must(name, "POOL_FAKE is not set");
	return fopen(name, mode);
}

static void defaults(void)
{
	u32 i;

	for (i = 0; i < FAKE_DEVICES; i++) {
		struct fake_device *d = &fake_devices[i];

		d->ifindex = 7 + i;
		snprintf(d->ifname, sizeof(d->ifname), "pool%u", i);
		d->listen_port = (u16)(9253 + i);
		d->transport = POOL_TRANSPORT_TCP;
		d->heartbeat = 5;
		d->init_skew = 30;
		d->limit[0] = (1U << 28) - (1U << 24);
		d->limit[1] = 3540;
		d->limit[2] = (1U << 28) + (1U << 20);
		d->limit[3] = 3780;
	}
}

static void load_peer(FILE *f, struct fake_peer *p)
{
	must(fread(p, sizeof(*p), 1, f) == 1, "short file");
	p->ips = calloc(p->n_ips + 1, sizeof(*p->ips));
	must(p->ips, "memory");
	must(fread(p->ips, sizeof(*p->ips), p->n_ips, f) == p->n_ips, "short file");
}

void fake_load(void)
{
	FILE *f = state_file("rb");
	u32 i, k;

	if (!f) {
		defaults();
		return;
	}
	must(fread(fake_devices, sizeof(fake_devices), 1, f) == 1, "short file");
	for (i = 0; i < FAKE_DEVICES; i++) {
		struct fake_device *d = &fake_devices[i];

		d->peers = calloc(d->n_peers + 1, sizeof(*d->peers));
		must(d->peers, "memory");
		for (k = 0; k < d->n_peers; k++)
			load_peer(f, &d->peers[k]);
	}
	fclose(f);
}

void fake_save(void)
{
	FILE *f = state_file("wb");
	u32 i, k;

	must(f, "cannot write the state");
	fwrite(fake_devices, sizeof(fake_devices), 1, f);
	for (i = 0; i < FAKE_DEVICES; i++) {
		struct fake_device *d = &fake_devices[i];

		for (k = 0; k < d->n_peers; k++) {
			fwrite(&d->peers[k], sizeof(d->peers[k]), 1, f);
			if (d->peers[k].n_ips)
				fwrite(d->peers[k].ips, sizeof(struct fake_ip), d->peers[k].n_ips,
				       f);
			free(d->peers[k].ips);
		}
		free(d->peers);
	}
	must(!fclose(f), "cannot write the state");
}

struct fake_peer *fake_find(struct fake_device *d, const u8 *key)
{
	u32 i;

	for (i = 0; i < d->n_peers; i++) {
		if (!memcmp(d->peers[i].key, key, POOL_KEY_LEN))
			return &d->peers[i];
	}
	return NULL;
}

struct fake_peer *fake_add(struct fake_device *d, const u8 *key)
{
	struct fake_peer *p;

	d->peers = reallocarray(d->peers, d->n_peers + 1, sizeof(*p));
	must(d->peers, "memory");
	p = &d->peers[d->n_peers++];
	memset(p, 0, sizeof(*p));
	memcpy(p->key, key, POOL_KEY_LEN);
	p->transport = d->transport;
	return p;
}

void fake_del(struct fake_device *d, struct fake_peer *p)
{
	free(p->ips);
	memmove(p, p + 1, (size_t)(&d->peers[d->n_peers] - (p + 1)) * sizeof(*p));
	d->n_peers--;
}

static bool same_ip(const struct fake_ip *a, const struct fake_ip *b)
{
	return a->family == b->family && a->prefix_len == b->prefix_len &&
	       !memcmp(a->addr, b->addr, sizeof(a->addr));
}

void fake_del_ip(struct fake_peer *p, const struct fake_ip *ip)
{
	u32 i;

	for (i = 0; i < p->n_ips; i++) {
		if (same_ip(&p->ips[i], ip)) {
			p->ips[i] = p->ips[--p->n_ips];
			return;
		}
	}
}

int fake_add_ip(struct fake_device *d, struct fake_peer *p, const struct fake_ip *ip)
{
	u32 i;

	/* It moves from whoever has it; that takes long with many peers. */
	for (i = 0; i < d->n_peers && d->n_peers < 1000; i++)
		fake_del_ip(&d->peers[i], ip);
	if (p->n_ips == FAKE_IPS)
		return -ENOSPC;
	p->ips = reallocarray(p->ips, p->n_ips + 1, sizeof(*p->ips));
	must(p->ips, "memory");
	p->ips[p->n_ips++] = *ip;
	return 0;
}
