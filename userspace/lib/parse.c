// SPDX-License-Identifier: GPL-2.0
#include <arpa/inet.h>
#include <inttypes.h>
#include <linux/pool.h>
#include <stdio.h>

#include "names.h"
#include "parse.h"

/* Digits of @base up to the end of @word; false on anything else or overflow. */
static bool digits(const char *word, unsigned int base, u64 *out)
{
	u64 value = 0;

	if (!*word)
		return false;
	for (; *word; word++) {
		unsigned int d;

		if (*word >= '0' && *word <= '9')
			d = (unsigned int)(*word - '0');
		else if (*word >= 'a' && *word <= 'f')
			d = (unsigned int)(*word - 'a') + 10;
		else if (*word >= 'A' && *word <= 'F')
			d = (unsigned int)(*word - 'A') + 10;
		else
			return false;
		if (d >= base || value > (UINT64_MAX - d) / base)
			return false;
		value = value * base + d;
	}
	*out = value;
	return true;
}

static bool has_hex_prefix(const char *word)
{
	return word[0] == '0' && (word[1] == 'x' || word[1] == 'X');
}

int parse_number(const char *word, u64 min, u64 max, u64 *out, struct err *e)
{
	if (!digits(word, 10, out) || *out < min || *out > max)
		return err_set(e, "%.64s: must be a number from %" PRIu64 " to %" PRIu64, word,
			       min, max);
	return 0;
}

int parse_listen_port(const char *word, u16 *out, struct err *e)
{
	u64 n;

	if (parse_number(word, 0, UINT16_MAX, &n, e))
		return -1;
	*out = (u16)n;
	return 0;
}

int parse_transport(const char *word, u32 *out, struct err *e)
{
	u32 t;

	for (t = POOL_TRANSPORT_TCP; t <= POOL_TRANSPORT_AUTO; t++) {
		if (!strcmp(word, name_transport(t))) {
			*out = t;
			return 0;
		}
	}
	return err_set(e, "%.64s: must be tcp, raw, udp or auto", word);
}

int parse_fwmark(const char *word, u32 *out, struct err *e)
{
	bool ok;
	u64 n;

	if (!strcmp(word, "off")) {
		*out = 0;
		return 0;
	}
	if (has_hex_prefix(word))
		ok = digits(word + 2, 16, &n);
	else
		ok = digits(word, 10, &n);
	if (!ok || n > UINT32_MAX)
		return err_set(e, "%.64s: must be a number up to 0xffffffff, or off", word);
	*out = (u32)n;
	return 0;
}

int parse_heartbeat(const char *word, u16 *out, struct err *e)
{
	u64 n = 0;

	if (strcmp(word, "off") && (!digits(word, 10, &n) || n > 3600))
		return err_set(e, "%.64s: must be a number of seconds from 0 to 3600, or off",
			       word);
	*out = (u16)n;
	return 0;
}

int parse_init_skew(const char *word, u32 *out, struct err *e)
{
	u64 n;

	if (!digits(word, 10, &n) || n < 30 || n > UINT32_MAX)
		return err_set(e, "%.64s: must be a number of seconds, 30 or more", word);
	*out = (u32)n;
	return 0;
}

int parse_limit(const char *word, enum limit which, u32 *out, struct err *e)
{
	const struct limit_info *l = &limit_info[which];
	u64 n;

	if (!digits(word, 10, &n) || n < l->least || n > l->most)
		return err_set(e, "%.64s: must be a number of %s from %u to %u (what the protocol allows can only be lowered)",
			       word, l->seconds ? "seconds" : "packets", l->least, l->most);
	*out = (u32)n;
	return 0;
}

int parse_dscp(const char *word, u8 *out, struct err *e)
{
	u64 n = DSCP_INHERIT;

	if (strcmp(word, "inherit") && (!digits(word, 10, &n) || n > 63))
		return err_set(e, "%.64s: must be a number from 0 to 63, or inherit", word);
	*out = (u8)n;
	return 0;
}

int parse_bind(const char *word, struct cidr *out, struct err *e)
{
	static const u8 mapped[12] = { [10] = 0xff, [11] = 0xff };

	memset(out, 0, sizeof(*out));
	if (!strcmp(word, "none"))
		return 0;
	if (inet_pton(AF_INET, word, out->addr) == 1)
		out->family = AF_INET;
	else if (inet_pton(AF_INET6, word, out->addr) == 1)
		out->family = AF_INET6;
	else
		return err_set(e, "%.64s: must be an IPv4 or IPv6 address of this host, or none",
			       word);
	/* As the kernel has it. */
	if (out->family == AF_INET6 && !memcmp(out->addr, mapped, sizeof(mapped))) {
		memmove(out->addr, out->addr + sizeof(mapped), 4);
		memset(out->addr + 4, 0, sizeof(mapped));
		out->family = AF_INET;
	}
	out->prefix_len = out->family == AF_INET ? 32 : 128;
	return 0;
}

int parse_bind_device(const char *word, char out[IFNAME_LEN], struct err *e)
{
	size_t len = strlen(word);

	if (!len || len >= IFNAME_LEN || strpbrk(word, "/: \t") || !text_is_clean(word, len))
		return err_set(e, "%.64s: must be the name of an interface, or none", word);
	memset(out, 0, IFNAME_LEN);
	if (strcmp(word, "none"))
		memcpy(out, word, len);
	return 0;
}

int parse_hex64(const char *word, u64 *out, struct err *e)
{
	const char *p = has_hex_prefix(word) ? word + 2 : word;

	if (strlen(p) > 16 || !digits(p, 16, out))
		return err_set(e, "%.64s: must be 1 to 16 hex digits", word);
	return 0;
}

int parse_name(const char *word, char *out, struct err *e)
{
	size_t len = strlen(word);

	if (len > POOL_NAME_MAX)
		return err_set(e, "%.64s: a name has at most %d bytes", word, POOL_NAME_MAX);
	if (!text_is_clean(word, len))
		return err_set(e, "%.64s: a name is UTF-8 without control characters", word);
	/* A file could not say so. */
	if (len && (*word == ' ' || word[len - 1] == ' '))
		return err_set(e, "\"%.64s\": a name neither begins nor ends with a blank", word);
	memcpy(out, word, len + 1);
	return 0;
}

static void clear_host_bits(u8 *addr, unsigned int bytes, unsigned int prefix_len)
{
	unsigned int i;

	for (i = 0; i < bytes; i++) {
		unsigned int keep = prefix_len > i * 8 ? prefix_len - i * 8 : 0;

		if (keep < 8)
			addr[i] &= (u8)(0xff00u >> keep);
	}
}

int parse_cidr(const char *word, struct cidr *out, struct err *e)
{
	const char *slash = strchr(word, '/');
	size_t len = slash ? (size_t)(slash - word) : strlen(word);
	char host[INET6_ADDRSTRLEN];
	unsigned int bits;
	u64 n;

	memset(out, 0, sizeof(*out));
	if (len < sizeof(host)) {
		memcpy(host, word, len);
		host[len] = '\0';
		if (inet_pton(AF_INET, host, out->addr) == 1)
			out->family = AF_INET;
		else if (inet_pton(AF_INET6, host, out->addr) == 1)
			out->family = AF_INET6;
	}
	if (!out->family)
		return err_set(e, "%.64s: must be an IPv4 or IPv6 address with a prefix length, like 10.0.0.0/16",
			       word);
	bits = out->family == AF_INET ? 32 : 128;
	n = bits;
	if (slash && (!digits(slash + 1, 10, &n) || n > bits))
		return err_set(e, "%.64s: prefix length must be 0 to %u", word, bits);
	out->prefix_len = (u8)n;
	clear_host_bits(out->addr, bits / 8, out->prefix_len);
	return 0;
}

int parse_endpoint(const char *word, char host[ENDPOINT_HOST_LEN], char port[ENDPOINT_PORT_LEN],
		   struct err *e)
{
	const char *start = word, *end = word + strcspn(word, ":");
	u64 n = ENDPOINT_PORT_DEFAULT;
	const char *port_word;

	if (*word == '[') {
		end = strchr(word, ']');
		if (!end || (end[1] && end[1] != ':'))
			return err_set(e, "%.64s: an IPv6 endpoint is written [ADDRESS]:PORT",
				       word);
		start = word + 1;
	} else if (*end && strchr(end + 1, ':')) {
		return err_set(e, "%.64s: an IPv6 endpoint is written [ADDRESS]:PORT", word);
	}
	if (start == end)
		return err_set(e, "%.64s: the host is missing, like HOST:9253", word);
	if (end - start >= ENDPOINT_HOST_LEN)
		return err_set(e, "%.64s...: the host is too long", word);
	port_word = end + (*end == ']');
	if (*port_word && (!digits(port_word + 1, 10, &n) || !n || n > UINT16_MAX))
		return err_set(e, "%.64s: the port must be a number from 1 to 65535", word);
	memcpy(host, start, (size_t)(end - start));
	host[end - start] = '\0';
	snprintf(port, ENDPOINT_PORT_LEN, "%u", (unsigned int)n);
	return 0;
}
