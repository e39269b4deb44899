// SPDX-License-Identifier: GPL-2.0
/* Type-length-value lists. */
#include "tlv.h"

enum {
	TLV_HEAD = 2,	/* type, length */
	TLV_ACKED_LEN = 8,
	TLV_ERROR_LEN = 8,
};

/*
 * One UTF-8 sequence of at most @len bytes at @s: its length, or 0 when it is
 * malformed (overlong, surrogate, beyond U+10FFFF, cut off) or a control character.
 */
static size_t utf8_printable(const u8 *s, size_t len)
{
	u32 c, least;
	size_t n, i;

	if (s[0] < 0x80)
		return s[0] >= 0x20 && s[0] != 0x7f;
	if ((s[0] & 0xe0) == 0xc0) {
		n = 2;
		c = s[0] & 0x1f;
		least = 0x80;
	} else if ((s[0] & 0xf0) == 0xe0) {
		n = 3;
		c = s[0] & 0x0f;
		least = 0x800;
	} else if ((s[0] & 0xf8) == 0xf0) {
		n = 4;
		c = s[0] & 0x07;
		least = 0x10000;
	} else {
		return 0;
	}
	if (n > len)
		return 0;
	for (i = 1; i < n; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (s[i] & 0x3f);
	}
	if (c < least || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
		return 0;
	if (c < 0xa0)	/* C1 */
		return 0;
	return n;
}

bool pool_name_valid(const char *name, size_t len)
{
	const u8 *s = (const u8 *)name;
	size_t n;

	if (!len || len > POOL_NAME_MAX)
		return false;
	while (len) {
		n = utf8_printable(s, len);
		if (!n)
			return false;
		s += n;
		len -= n;
	}
	return true;
}

/* Only the shape: what a value means is for the session to judge. */
static bool value_valid(u8 type, const u8 *v, size_t len)
{
	switch (type) {
	case POOL_TLV_TRANSPORTS:
	case POOL_TLV_OFFLOAD:
	case POOL_TLV_OVERLOAD:
		return len == 1;
	case POOL_TLV_MAX_PLAINTEXT:
		return len == 2;
	case POOL_TLV_ADDRESS:
		return len == POOL_ADDR_LEN;
	case POOL_TLV_NAME:
		return pool_name_valid((const char *)v, len);
	case POOL_TLV_ACKED:
		return len == TLV_ACKED_LEN;
	case POOL_TLV_ERROR:
		return len == TLV_ERROR_LEN;
	default:
		return true;
	}
}

static void value_take(struct pool_tlvs *t, u8 type, const u8 *v, size_t len)
{
	struct pool_hello *h = &t->hello;

	switch (type) {
	case POOL_TLV_ACKED:
		if (t->n_acked < POOL_ACKED_MAX)
			t->acked[t->n_acked++] = pool_get64(v);
		return;
	case POOL_TLV_ERROR:
		if (t->n_errors == POOL_ERRORS_MAX)
			return;
		t->errors[t->n_errors].code = v[0];
		t->errors[t->n_errors].subcode = v[1];
		t->errors[t->n_errors++].count = pool_get32(v + 4);
		return;
	case POOL_TLV_OVERLOAD:
		if (t->has_overload)
			return;
		t->has_overload = true;
		t->overload_s = v[0];
		return;
	}

	if (type > POOL_TLV_NAME || h->present & 1U << type)
		return;
	h->present |= (u16)(1U << type);
	switch (type) {
	case POOL_TLV_TRANSPORTS:
		h->transports = v[0];
		break;
	case POOL_TLV_MAX_PLAINTEXT:
		h->max_plaintext = pool_get16(v);
		break;
	case POOL_TLV_OFFLOAD:
		h->offload = v[0];
		break;
	case POOL_TLV_ADDRESS:
		memcpy(h->address, v, POOL_ADDR_LEN);
		break;
	case POOL_TLV_NAME:
		memcpy(h->name, v, len);
		h->name_len = (u8)len;
		break;
	}
}

int pool_tlvs_parse(struct pool_tlvs *t, const u8 *buf, size_t len)
{
	size_t vlen;
	u8 type;

	memset(t, 0, sizeof(*t));
	while (len) {
		type = buf[0];
		if (type == POOL_TLV_PAD) {
			buf++;
			len--;
			continue;
		}
		if (len < TLV_HEAD)
			goto malformed;
		vlen = buf[1];
		buf += TLV_HEAD;
		len -= TLV_HEAD;
		if (vlen > len || !value_valid(type, buf, vlen))
			goto malformed;
		value_take(t, type, buf, vlen);
		buf += vlen;
		len -= vlen;
	}
	return 0;

malformed:
	/* Nothing of a malformed list may be acted upon. */
	memset(t, 0, sizeof(*t));
	return -EBADMSG;
}

static size_t put(u8 *buf, size_t room, u8 type, const void *v, size_t len)
{
	if (room < TLV_HEAD + len)
		return 0;
	buf[0] = type;
	buf[1] = (u8)len;
	memcpy(buf + TLV_HEAD, v, len);
	return TLV_HEAD + len;
}

size_t pool_hello_write(u8 *buf, size_t room, const struct pool_hello *h)
{
	size_t n = 0;
	u8 be[2];

	if (h->present & 1 << POOL_TLV_TRANSPORTS)
		n += put(buf + n, room - n, POOL_TLV_TRANSPORTS, &h->transports, 1);
	if (h->present & 1 << POOL_TLV_MAX_PLAINTEXT) {
		pool_put16(be, h->max_plaintext);
		n += put(buf + n, room - n, POOL_TLV_MAX_PLAINTEXT, be, sizeof(be));
	}
	if (h->present & 1 << POOL_TLV_OFFLOAD)
		n += put(buf + n, room - n, POOL_TLV_OFFLOAD, &h->offload, 1);
	if (h->present & 1 << POOL_TLV_ADDRESS)
		n += put(buf + n, room - n, POOL_TLV_ADDRESS, h->address, POOL_ADDR_LEN);
	/* The peer would drop the whole packet for a name that is not valid. */
	if (h->present & 1 << POOL_TLV_NAME && pool_name_valid(h->name, h->name_len))
		n += put(buf + n, room - n, POOL_TLV_NAME, h->name, h->name_len);
	return n;
}

size_t pool_acked_write(u8 *buf, size_t room, u64 seq)
{
	u8 be[TLV_ACKED_LEN];

	pool_put64(be, seq);
	return put(buf, room, POOL_TLV_ACKED, be, sizeof(be));
}

size_t pool_error_write(u8 *buf, size_t room, u8 code, u32 count)
{
	u8 v[TLV_ERROR_LEN] = { code };

	pool_put32(v + 4, count);
	return put(buf, room, POOL_TLV_ERROR, v, sizeof(v));
}

size_t pool_overload_write(u8 *buf, size_t room, u8 seconds)
{
	return put(buf, room, POOL_TLV_OVERLOAD, &seconds, 1);
}
