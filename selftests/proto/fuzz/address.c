// SPDX-License-Identifier: GPL-2.0
/* Address text: one text per address, and one address per text. */
#include "fuzz.h"

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	u8 identity[POOL_KEY_LEN] = { 1 }, addr[POOL_ADDR_LEN];
	char text[POOL_ADDR_TEXT_LEN];

	(void)argc;
	(void)argv;
	pool_addr_make(addr, 0x0123456789abcdef, 2, identity);
	pool_addr_format(text, addr);
	fuzz_seed("text", text, strlen(text));
	fuzz_seed("address", addr, sizeof(addr));
	return 0;
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	static const u8 identity[POOL_KEY_LEN];
	u8 addr[POOL_ADDR_LEN], back[POOL_ADDR_LEN], ip[16];
	char text[POOL_ADDR_TEXT_LEN], *copy;
	int err;

	/* as text */
	copy = malloc(size + 1);
	MUST(copy);
	memcpy(copy, data, size);
	copy[size] = '\0';
	if (!pool_addr_parse(addr, copy)) {
		MUST(!pool_addr_check(addr));
		pool_addr_format(text, addr);
		MUST(!strcmp(text, copy));
	}
	free(copy);

	/* a good text, changed */
	pool_addr_make(addr, 1, 2, identity);
	pool_addr_format(text, addr);
	copy = fuzz_copy(text, sizeof(text));
	/* in one place: of that CRC-32 misses nothing */
	if (fuzz_change((u8 *)copy, sizeof(text) - 1, data, size < 3 ? size : 3))
		MUST(pool_addr_parse(back, copy));
	free(copy);

	/* as an address; and with its checksum repaired */
	if (size < POOL_ADDR_LEN)
		return 0;
	memcpy(addr, data, sizeof(addr));
	for (int repair = 0; repair < 2; repair++) {
		err = pool_addr_check(addr);
		pool_addr_format(text, addr);
		MUST(strlen(text) == sizeof(text) - 1);
		MUST(pool_addr_parse(back, text) == err);
		MUST(!memcmp(addr, back, sizeof(addr)));
		MUST(err == (addr[0] != 0x11 || addr[1] || addr[2] || addr[3] ? -EINVAL :
			     repair ? 0 : err));
		pool_put32(addr + 28, pool_crc32(addr, 28));
	}
	pool_addr_to_ipv6(ip, addr);
	MUST(ip[0] == 0xfd && !memcmp(ip + 8, addr + 20, 8));
	return 0;
}
