// SPDX-License-Identifier: GPL-2.0
/* TLV lists: what parses can be written and parses the same. */
#include "fuzz.h"

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	static const u8 list[] = { 1, 1, 7, 2, 2, 5, 0x4c, 3, 1, 1, 5, 3, 'a', 0xc3, 0xa9,
				   0, 6, 8, 0, 0, 0, 0, 0, 0, 0, 9,
				   7, 8, 1, 2, 0, 0, 0, 0, 0, 3, 8, 1, 15, 9, 1, 0xff };
	u8 addr[2 + POOL_ADDR_LEN] = { POOL_TLV_ADDRESS, POOL_ADDR_LEN, 0x11 };

	(void)argc;
	(void)argv;
	fuzz_seed("list", list, sizeof(list));
	fuzz_seed("address", addr, sizeof(addr));
	fuzz_seed("names", "\x05\x04\xf0\x9f\x98\x80\x05\x03\xe2\x82\xac\x05\x02\xc2\xa0", 15);
	return 0;
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	struct pool_tlvs t, again;
	struct pool_hello *h = &t.hello;
	size_t room, len;
	u8 *buf, out[POOL_HELLO_MAX];

	buf = fuzz_copy(data, size);
	if (!pool_tlvs_parse(&t, buf, size)) {
		MUST(t.n_acked <= POOL_ACKED_MAX);
		MUST(t.n_errors <= POOL_ERRORS_MAX);
		MUST(!(h->present & 1 << POOL_TLV_NAME) ||
		     (h->name_len >= 1 && h->name_len <= POOL_NAME_MAX &&
		      strlen(h->name) == h->name_len && pool_name_valid(h->name, h->name_len)));
		len = pool_hello_write(out, sizeof(out), h);
		MUST(!pool_tlvs_parse(&again, out, len));
		MUST(!memcmp(h, &again.hello, sizeof(*h)));
	} else {
		MUST(!h->present && !t.n_acked && !t.n_errors && !t.has_overload);
	}
	free(buf);

	/* any hello at all, in any room */
	if (size > sizeof(*h)) {
		memcpy(h, data, sizeof(*h));
		room = data[sizeof(*h)];
		buf = malloc(room + 1);
		MUST(buf);
		len = pool_hello_write(buf, room, h);
		MUST(len <= room);
		MUST(!pool_tlvs_parse(&again, buf, len));
		free(buf);
	}
	return 0;
}
