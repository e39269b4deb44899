// SPDX-License-Identifier: GPL-2.0
/*
 * Any bytes as answers of the kernel, and what is shown of them as JSON. The
 * first byte of each message chooses what it is an answer to, two more its
 * length.
 */
#include <linux/genetlink.h>
#include <stdlib.h>

#include "../lib/json.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

static void event_json(const struct event_state *ev)
{
	struct json j = { .one_line = true };
	static char *text;
	static size_t len;

	j.out = open_memstream(&text, &len);
	if (!j.out)
		abort();
	json_open(&j, NULL, '{');
	json_fields(&j, &event_fields, ev);
	json_close(&j, '}');
	fclose(j.out);
	free(text);
}

static void take(struct device_state *d, unsigned int what, const u8 *data, size_t size)
{
	struct event_state ev = { 0 };
	struct nlmsghdr *nlh;
	struct err e;
	size_t len = NLMSG_LENGTH(sizeof(struct genlmsghdr)) + size;

	/* libmnl looks at whole words, and so does the kernel fill its datagrams. */
	nlh = calloc(1, MNL_ALIGN(len));
	if (!nlh)
		return;
	nlh->nlmsg_len = (u32)len;
	memcpy((char *)nlh + NLMSG_LENGTH(sizeof(struct genlmsghdr)), data, size);
	switch (what % 4) {
	case 0:
		state_decode(nlh, &device_fields, d, &e);
		break;
	case 1:
		state_add_peer(d, nlh, &e);
		break;
	case 2:
		state_add_session(d, nlh, &e);
		break;
	default:
		if (!state_decode(nlh, &event_fields, &ev, &e))
			event_json(&ev);
		break;
	}
	free(nlh);
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	struct json j = { .one_line = true };
	struct device_state d = { 0 };
	static char *text;
	static size_t len;

	while (size > 3) {
		size_t n = ((size_t)data[1] << 8 | data[2]) % 2048;

		if (n > size - 3)
			n = size - 3;
		take(&d, data[0], data + 3, n);
		data += 3 + n;
		size -= 3 + n;
	}
	state_join(&d);
	j.out = open_memstream(&text, &len);
	if (!j.out)
		abort();
	json_device(&j, &d);
	fclose(j.out);
	free(text);
	state_free_device(&d);
	return 0;
}
