// SPDX-License-Identifier: GPL-2.0
#include <arpa/inet.h>
#include <inttypes.h>
#include <netdb.h>
#include <stdio.h>

#include "array.h"
#include "text.h"

unsigned int text_utf8(const char *s, size_t len, u32 *cp)
{
	static const u32 least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	const u8 *p = (const u8 *)s;
	unsigned int n, i;

	if (!len)
		return 0;
	if (p[0] < 0x80) {
		*cp = p[0];
		return 1;
	}
	if ((p[0] & 0xe0) == 0xc0)
		n = 2;
	else if ((p[0] & 0xf0) == 0xe0)
		n = 3;
	else if ((p[0] & 0xf8) == 0xf0)
		n = 4;
	else
		return 0;
	if (n > len)
		return 0;
	*cp = p[0] & (0xffu >> (n + 1));
	for (i = 1; i < n; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		*cp = *cp << 6 | (p[i] & 0x3f);
	}
	if (*cp < least[n] || *cp > 0x10ffff || (*cp >= 0xd800 && *cp <= 0xdfff))
		return 0;
	return n;
}

bool text_is_control(u32 cp)
{
	return cp < 0x20 || (cp >= 0x7f && cp < 0xa0) ||
	       cp == 0x200e || cp == 0x200f || cp == 0x061c ||	/* direction marks */
	       (cp >= 0x2028 && cp <= 0x202e) ||		/* line ends, direction */
	       (cp >= 0x2066 && cp <= 0x2069) || cp == 0xfeff;
}

bool text_is_clean(const char *s, size_t len)
{
	unsigned int n;
	u32 cp;

	for (; len; s += n, len -= n) {
		n = text_utf8(s, len, &cp);
		if (!n || text_is_control(cp))
			return false;
	}
	return true;
}

void text_sanitise(char *s)
{
	size_t len = strlen(s);
	unsigned int n;
	u32 cp;

	for (; len; s += n, len -= n) {
		n = text_utf8(s, len, &cp);
		if (n && !text_is_control(cp))
			continue;
		if (!n)
			n = 1;
		memset(s, '?', n);
	}
}

char *text_trim(char *s)
{
	size_t len;

	s += strspn(s, " \t\r");
	len = strlen(s);
	while (len && strchr(" \t\r", s[len - 1]))
		s[--len] = '\0';
	return s;
}

const char *text_bytes(char buf[TEXT_NUMBER_LEN], u64 bytes)
{
	static const char * const unit[] = { "KiB", "MiB", "GiB", "TiB", "PiB", "EiB" };
	double value = (double)bytes / 1024;
	unsigned int i = 0;

	if (bytes < 1024) {
		snprintf(buf, TEXT_NUMBER_LEN, "%u B", (unsigned int)bytes);
		return buf;
	}
	while (value >= 1024 && i < 5) {
		value /= 1024;
		i++;
	}
	snprintf(buf, TEXT_NUMBER_LEN, "%.2f %s", value, unit[i]);
	return buf;
}

/* @value in the largest of the units that lie 1000 apart, of which it has one. */
static const char *decimal(char buf[TEXT_NUMBER_LEN], u64 value, const char * const *unit,
			   unsigned int units)
{
	double shown = (double)value;
	unsigned int i = 0;

	/* 999.995 would be rounded to 1000.00. */
	while (shown >= 999.995 && i + 1 < units) {
		shown /= 1000;
		i++;
	}
	snprintf(buf, TEXT_NUMBER_LEN, i ? "%.2f %s" : "%.0f %s", shown, unit[i]);
	return buf;
}

const char *text_rate(char buf[TEXT_NUMBER_LEN], u64 bits)
{
	static const char * const unit[] = { "bit/s", "kbit/s", "Mbit/s", "Gbit/s", "Tbit/s" };

	return decimal(buf, bits, unit, ARRAY_SIZE(unit));
}

const char *text_nanoseconds(char buf[TEXT_NUMBER_LEN], u64 ns)
{
	static const char * const unit[] = { "ns", "us", "ms", "s" };

	return decimal(buf, ns, unit, ARRAY_SIZE(unit));
}

const char *text_span_short(char buf[TEXT_NUMBER_LEN], u64 seconds)
{
	static const struct {
		const char *name;
		u32 seconds;
	} unit[] = { { "d", 86400 }, { "h", 3600 }, { "min", 60 }, { "s", 1 } };
	unsigned int i = 0;

	while (i < ARRAY_SIZE(unit) - 1 && seconds < unit[i].seconds)
		i++;
	if (i == ARRAY_SIZE(unit) - 1)
		snprintf(buf, TEXT_NUMBER_LEN, "%" PRIu64 " s", seconds);
	else
		snprintf(buf, TEXT_NUMBER_LEN, "%" PRIu64 " %s %u %s", seconds / unit[i].seconds,
			 unit[i].name, (u32)(seconds % unit[i].seconds) / unit[i + 1].seconds,
			 unit[i + 1].name);
	return buf;
}

const char *text_span(char buf[TEXT_SPAN_LEN], u64 seconds)
{
	static const struct {
		const char *name;
		u32 seconds;
	} unit[] = {
		{ "year", 365 * 86400 }, { "day", 86400 }, { "hour", 3600 },
		{ "minute", 60 }, { "second", 1 },
	};
	size_t used = 0;
	unsigned int i;

	buf[0] = '\0';
	for (i = 0; i < ARRAY_SIZE(unit); i++) {
		u64 n = seconds / unit[i].seconds;

		seconds %= unit[i].seconds;
		if (!n || used >= TEXT_SPAN_LEN)
			continue;
		used += (size_t)snprintf(buf + used, TEXT_SPAN_LEN - used, "%s%" PRIu64 " %s%s",
					 used ? ", " : "", n, unit[i].name, n == 1 ? "" : "s");
	}
	if (!used)
		snprintf(buf, TEXT_SPAN_LEN, "0 seconds");
	return buf;
}

const char *text_ago(char buf[TEXT_SPAN_LEN], u64 seconds)
{
	size_t len;

	if (!seconds) {
		snprintf(buf, TEXT_SPAN_LEN, "now");
		return buf;
	}
	text_span(buf, seconds);
	len = strlen(buf);
	snprintf(buf + len, TEXT_SPAN_LEN - len, " ago");
	return buf;
}

const char *text_sockaddr(char buf[TEXT_SOCKADDR_LEN], const struct saddr *sa)
{
	char host[64], port[8];

	if (!sa->len || sa->sa.sa_family == AF_UNSPEC)
		snprintf(buf, TEXT_SOCKADDR_LEN, "(none)");
	else if (getnameinfo(&sa->sa, sa->len, host, sizeof(host), port, sizeof(port),
			     NI_NUMERICHOST | NI_NUMERICSERV))
		snprintf(buf, TEXT_SOCKADDR_LEN, "(unknown)");
	else if (!strcmp(port, "0"))	/* raw IP has none */
		snprintf(buf, TEXT_SOCKADDR_LEN, "%s", host);
	else if (sa->sa.sa_family == AF_INET6)
		snprintf(buf, TEXT_SOCKADDR_LEN, "[%s]:%s", host, port);
	else
		snprintf(buf, TEXT_SOCKADDR_LEN, "%s:%s", host, port);
	return buf;
}

const char *text_cidr(char buf[TEXT_CIDR_LEN], const struct cidr *c)
{
	size_t len;

	if (!inet_ntop(c->family, c->addr, buf, TEXT_CIDR_LEN))
		snprintf(buf, TEXT_CIDR_LEN, "?");
	len = strlen(buf);
	snprintf(buf + len, TEXT_CIDR_LEN - len, "/%u", c->prefix_len);
	return buf;
}

const char *text_ip(char buf[TEXT_CIDR_LEN], const struct cidr *c)
{
	if (!c->family)
		snprintf(buf, TEXT_CIDR_LEN, "(none)");
	else if (!inet_ntop(c->family, c->addr, buf, TEXT_CIDR_LEN))
		snprintf(buf, TEXT_CIDR_LEN, "?");
	return buf;
}

const char *text_sid(char buf[TEXT_SID_LEN], const u8 *sid)
{
	unsigned int i;

	for (i = 0; i < 16; i++)
		snprintf(buf + 2 * i, 3, "%02x", sid[i]);
	return buf;
}
