// SPDX-License-Identifier: GPL-2.0
/* Header codec: what is decoded is encoded again, but for the reserved bytes. */
#include "fuzz.h"

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	u8 in[POOL_INIT_LEN] = { 0 }, sid[POOL_SID_LEN] = { 1 };

	(void)argc;
	(void)argv;
	pool_hs_header(in, POOL_INIT, sid, 1, POOL_INIT_PAYLOAD);
	fuzz_seed("init", in, sizeof(in));
	pool_hs_header(in, POOL_CHALLENGE, sid, 1, POOL_CHALLENGE_PAYLOAD);
	fuzz_seed("challenge", in, sizeof(in));
	return 0;
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	u8 in[POOL_AD_LEN] = { 0 }, out[POOL_AD_LEN];
	enum pool_type t;
	struct pool_hdr h, again;
	u8 *copy;

	memcpy(in, data, size < sizeof(in) ? size : sizeof(in));
	pool_hdr_decode(&h, in);
	pool_hdr_encode(out, &h);
	pool_hdr_decode(&again, out);
	in[1] = 0;
	in[47] = 0;
	MUST(!memcmp(in, out, sizeof(in)));
	MUST(h.seq == again.seq && h.flags == again.flags && h.timestamp == again.timestamp);

	copy = fuzz_copy(data, size);
	for (t = POOL_INIT; t <= POOL_RESPONSE; t++)
		if (!pool_hs_check_header(&h, copy, size, t, size < POOL_HDR_LEN ?
					  POOL_INIT_LEN : size)) {
			MUST(h.version == POOL_VERSION && h.type == t && !h.seq && !h.ack);
			MUST(h.payload_len == size - POOL_HDR_LEN && !h.channel);
		}
	free(copy);
	return 0;
}
