// SPDX-License-Identifier: GPL-2.0
/* DISCOVER and the search for the path MTU: bounds and pace hold, whatever happens when. */
#include "fuzz.h"

#define MS	1000000ULL

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	static const u8 answered[] = { 0, 0, 0, 1, 0, 0, 0, 255, 255, 1, 0, 0 };
	static const u8 late[] = { 0, 0, 0, 0, 4, 0, 3, 4, 0, 1, 0, 1 };
	static const u8 lost[] = { 2, 5, 192, 0, 4, 1, 0, 0, 4, 1, 4, 1, 0, 4, 1 };

	(void)argc;
	(void)argv;
	fuzz_seed("answered", answered, sizeof(answered));
	fuzz_seed("late", late, sizeof(late));
	fuzz_seed("lost", lost, sizeof(lost));
	return 0;
}

/* Three bytes each: what happens, and a number. */
int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	u64 now = 1, next, last_probe = 0, seq = 0;
	struct pool_discover d;
	struct pool_mtu m;
	u16 before, n, probe;
	u32 id = 0;
	u8 again[POOL_DISCOVER_LEN], *buf = fuzz_copy(data, size);

	if (!pool_discover_decode(&d, buf, size, size)) {
		pool_discover_encode(again, &d);
		MUST(again[0] == buf[0] && !memcmp(again + 2, buf + 2, 6));
	}
	free(buf);
	pool_mtu_init(&m, 484, 1472, now);
	for (; size >= 3; data += 3, size -= 3) {
		n = pool_get16(data + 1);
		before = m.size;
		switch (data[0] % 8) {
		case 0:
			now += n * MS;
			probe = pool_mtu_tick(&m, now, ++id, &next);
			MUST(next > 0 && next <= POOL_MTU_AGAIN_MS * MS);
			MUST(m.size == before || m.size == m.floor);
			if (!probe)
				break;
			MUST(probe >= m.size && probe <= m.ceiling);
			MUST(!last_probe || now - last_probe >= POOL_MTU_PROBE_MS * MS);
			last_probe = now;
			break;
		case 1:
			if (n & 1)
				pool_mtu_answered(&m, m.late_size, m.late_id, now);
			else
				pool_mtu_answered(&m, m.probe_size, m.probe_id, now);
			MUST(m.size >= before);
			break;
		case 2:
			pool_mtu_answered(&m, n, m.probe_id, now);
			MUST(m.size >= before);
			break;
		case 3:
			pool_mtu_ceiling(&m, n, now);
			MUST(m.ceiling == n);
			break;
		case 4:
			if (pool_mtu_wants_check(&m, n, now))
				pool_mtu_checked(&m, seq++, n, now, n * MS);
			break;
		case 5:
			pool_mtu_acked(&m, seq - n % 4, now);
			MUST(m.size == before);
			break;
		case 6:
			pool_mtu_doubt(&m, now);
			MUST(m.size == before);
			break;
		case 7:
			pool_mtu_refused(&m, now);
			MUST(m.size == m.floor);
			break;
		}
		MUST(m.floor <= m.size && m.size <= m.ceiling && m.floor <= 484);
		MUST(m.strikes < POOL_MTU_STRIKES);
	}
	return 0;
}
