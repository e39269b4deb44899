// SPDX-License-Identifier: GPL-2.0
#include "mtu.h"

#define MS 1000000ULL

int pool_discover_decode(struct pool_discover *d, const u8 *plain, size_t len, size_t packet_len)
{
	if (len < POOL_DISCOVER_LEN)
		return -1;
	d->op = plain[0];
	d->size = pool_get16(plain + 2);
	d->id = pool_get32(plain + 4);
	if (d->op == POOL_DISCOVER_PROBE)
		return d->size == packet_len ? 0 : -1;
	return d->op == POOL_DISCOVER_ANSWER ? 0 : -1;
}

void pool_discover_encode(u8 out[POOL_DISCOVER_LEN], const struct pool_discover *d)
{
	out[0] = d->op;
	out[1] = 0;
	pool_put16(out + 2, d->size);
	pool_put32(out + 4, d->id);
}

/* Look between what is in use and what the interface takes, that first. */
static void begin_search(struct pool_mtu *m)
{
	m->low = m->size;
	m->high = m->ceiling;
	m->top_first = true;
	m->tries = 0;
	/* What may be larger than the interface takes now; one of the size in use goes on. */
	if (m->probe_size > m->size)
		m->probe_size = 0;
	m->again_ns = 0;
	m->late_size = 0;
}

static void set_size(struct pool_mtu *m, u16 size)
{
	m->size = size;
	m->checking = false;
	m->unacked = false;
	m->strikes = 0;
	m->confirm = false;
}

/* Something of @len bytes has arrived: does that refute what has not? */
static bool end_row(struct pool_mtu *m, u16 len)
{
	if (m->strikes && len < m->strike_len)
		return false;
	m->strikes = 0;
	return true;
}

void pool_mtu_init(struct pool_mtu *m, u16 floor, u16 ceiling, u64 now)
{
	memset(m, 0, sizeof(*m));
	m->floor = floor < ceiling ? floor : ceiling;
	m->ceiling = ceiling;
	m->least = floor;
	set_size(m, m->floor);
	begin_search(m);
	/* The first probe at once, whatever the clock says. */
	m->probe_ns = now - POOL_MTU_PROBE_MS * MS;
}

void pool_mtu_ceiling(struct pool_mtu *m, u16 ceiling, u64 now)
{
	(void)now;
	if (ceiling == m->ceiling)
		return;
	m->ceiling = ceiling;
	m->floor = m->least < ceiling ? m->least : ceiling;
	if (m->size > ceiling || m->size < m->floor)
		set_size(m, m->size > ceiling ? ceiling : m->floor);
	begin_search(m);
}

/* Nothing that works can be shorter than the floor; and from there on it is found out. */
static void fall(struct pool_mtu *m)
{
	set_size(m, m->floor);
	begin_search(m);
}

/* @len bytes have not arrived. */
static void strike(struct pool_mtu *m, u16 len)
{
	if (m->size == m->floor)
		return;
	if (!m->strikes || len < m->strike_len)
		m->strike_len = len;
	m->confirm = true;
	if (++m->strikes >= POOL_MTU_STRIKES)
		fall(m);
}

static bool searching(const struct pool_mtu *m)
{
	return m->high > m->low && (m->top_first || m->high - m->low >= POOL_MTU_GRAIN);
}

/* The outstanding probe was not answered. */
static void probe_lost(struct pool_mtu *m, u64 now)
{
	u16 size = m->probe_size;

	m->probe_size = 0;
	if (size <= m->size) {
		strike(m, size);
		return;
	}
	if (++m->tries < POOL_MTU_TRIES)
		return;
	m->tries = 0;
	m->top_first = false;
	m->high = size;
	if (!searching(m))
		m->again_ns = now + POOL_MTU_AGAIN_MS * MS;
}

static u16 next_size(const struct pool_mtu *m)
{
	if (m->confirm)
		return m->size;
	if (!searching(m))
		return 0;
	return m->top_first ? m->high : (u16)((m->low + m->high) / 2);
}

u16 pool_mtu_tick(struct pool_mtu *m, u64 now, u32 id, u64 *next_ns)
{
	u64 pace = POOL_MTU_PROBE_MS * MS;
	u16 size;

	if (m->checking && now >= m->check_until_ns) {
		m->checking = false;
		strike(m, m->check_len);
	}
	if (m->again_ns && now >= m->again_ns)
		begin_search(m);
	if (!searching(m) && !m->again_ns)
		m->again_ns = now + POOL_MTU_AGAIN_MS * MS;
	*next_ns = ~0ULL;
	if (m->checking)
		*next_ns = m->check_until_ns - now;
	if (m->again_ns && m->again_ns - now < *next_ns)
		*next_ns = m->again_ns - now;
	if (now - m->probe_ns < pace) {
		if ((m->probe_size || next_size(m)) && pace - (now - m->probe_ns) < *next_ns)
			*next_ns = pace - (now - m->probe_ns);
		return 0;
	}
	if (m->probe_size) {
		m->late_size = m->probe_size;
		m->late_id = m->probe_id;
		probe_lost(m, now);
	}
	size = next_size(m);
	if (!size) {
		/* The loss may have ended the search. */
		if (m->again_ns - now < *next_ns)
			*next_ns = m->again_ns - now;
		return 0;
	}
	m->confirm = false;
	m->search_next = size == m->size;
	m->probe_size = size;
	m->probe_id = id;
	m->probe_ns = now;
	if (pace < *next_ns)
		*next_ns = pace;
	return size;
}

bool pool_mtu_answered(struct pool_mtu *m, u16 size, u32 id, u64 now)
{
	if (m->probe_size && size == m->probe_size && id == m->probe_id)
		m->probe_size = 0;
	else if (m->late_size && size == m->late_size && id == m->late_id)
		m->late_size = 0;
	else
		return false;
	end_row(m, size);
	if (size <= m->size)
		return false;
	m->tries = 0;
	if (size >= m->high) {
		m->top_first = false;
		m->high = size;	/* if it was judged lost too soon */
	}
	m->low = size;
	set_size(m, size);
	if (!searching(m))
		m->again_ns = now + POOL_MTU_AGAIN_MS * MS;
	return true;
}

bool pool_mtu_wants_check(const struct pool_mtu *m, size_t len, u64 now)
{
	return len > m->floor && !m->checking &&
	       (!m->check_ns || now - m->check_ns >= POOL_MTU_CHECK_MS * MS);
}

void pool_mtu_checked(struct pool_mtu *m, u64 seq, size_t len, u64 now, u64 timeout_ns)
{
	u64 least = POOL_MTU_CHECK_MIN_MS * MS;

	m->checking = true;
	m->unacked = true;
	m->check_seq = seq;
	m->check_len = len < m->size ? (u16)len : m->size;
	m->check_ns = now;
	m->check_until_ns = now + (timeout_ns > least ? timeout_ns : least);
}

void pool_mtu_acked(struct pool_mtu *m, u64 seq, u64 now)
{
	(void)now;
	if (!m->unacked || seq != m->check_seq)
		return;
	m->unacked = false;
	m->checking = false;
	if (end_row(m, m->check_len))
		m->confirm = false;
}

void pool_mtu_doubt(struct pool_mtu *m, u64 now)
{
	(void)now;
	if (m->size == m->floor || m->probe_size == m->size)
		return;
	/* A host that goes on believing it must not keep the search from its turns. */
	if (!(m->search_next && searching(m)))
		m->confirm = true;
}

void pool_mtu_refused(struct pool_mtu *m, u64 now)
{
	(void)now;
	if (m->size > m->floor)
		fall(m);
}
