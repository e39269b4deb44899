// SPDX-License-Identifier: GPL-2.0
#include <inttypes.h>

#include "../../kernel/proto/address.h"
#include "json.h"
#include "key.h"
#include "names.h"
#include "parse.h"

/* Text between quotes; what is not UTF-8 becomes U+FFFD. */
static void quoted(FILE *out, const char *s)
{
	size_t len = strlen(s);
	unsigned int n;
	u32 cp;

	putc('"', out);
	for (; len; s += n, len -= n) {
		n = text_utf8(s, len, &cp);
		if (!n) {
			n = 1;
			fputs("\\ufffd", out);
		} else if (cp == '"' || cp == '\\') {
			fprintf(out, "\\%c", (int)cp);
		} else if (text_is_control(cp)) {
			fprintf(out, "\\u%04x", cp);
		} else {
			fwrite(s, 1, n, out);
		}
	}
	putc('"', out);
}

static void new_line(struct json *j)
{
	unsigned int i;

	if (j->one_line)
		return;
	putc('\n', j->out);
	for (i = 0; i < j->depth; i++)
		fputs("  ", j->out);
}

/* What stands in front of a value. "listen-port" becomes "listen_port". */
static void begin(struct json *j, const char *key)
{
	if (j->started)
		putc(',', j->out);
	if (j->depth)
		new_line(j);
	j->started = true;
	if (!key)
		return;
	quoted(j->out, key);
	fputs(j->one_line ? ":" : ": ", j->out);
}

void json_open(struct json *j, const char *key, char bracket)
{
	begin(j, key);
	putc(bracket, j->out);
	j->depth++;
	j->started = false;
}

void json_close(struct json *j, char bracket)
{
	j->depth--;
	if (j->started)
		new_line(j);
	putc(bracket, j->out);
	j->started = true;
}

void json_string(struct json *j, const char *key, const char *value)
{
	begin(j, key);
	quoted(j->out, value);
}

void json_number(struct json *j, const char *key, u64 value)
{
	begin(j, key);
	fprintf(j->out, "%" PRIu64, value);
}

void json_signed(struct json *j, const char *key, s64 value)
{
	begin(j, key);
	fprintf(j->out, "%" PRId64, value);
}

void json_bool(struct json *j, const char *key, bool value)
{
	begin(j, key);
	fputs(value ? "true" : "false", j->out);
}

void json_null(struct json *j, const char *key)
{
	begin(j, key);
	fputs("null", j->out);
}

static void drops(struct json *j, const char *key, const u64 *drops)
{
	u16 i;

	json_open(j, key, '{');
	for (i = POOL_A_DROPS_PAD + 1; drops && i <= POOL_A_DROPS_MAX; i++) {
		if (drops[i])
			json_number(j, name_drop(i), drops[i]);
	}
	json_close(j, '}');
}

static void codes(struct json *j, const char *key, const u64 *count)
{
	u16 i;

	json_open(j, key, '{');
	for (i = POOL_A_CODES_PAD + 1; i <= POOL_A_CODES_MAX; i++) {
		if (count[i])
			json_number(j, name_code(i), count[i]);
	}
	json_close(j, '}');
}

static void bits(struct json *j, const struct field *f, const char *key, u32 value)
{
	u32 i;

	json_open(j, key, '[');
	for (i = 0; i < 32; i++) {
		if (value >> i & 1)
			json_string(j, NULL, f->value_name(i));
	}
	json_close(j, ']');
}

static void allowed_ips(struct json *j, const char *key, const struct peer_state *p)
{
	char text[TEXT_CIDR_LEN];
	size_t i;

	json_open(j, key, '[');
	for (i = 0; i < p->n_ips; i++)
		json_string(j, NULL, text_cidr(text, &p->ips[i]));
	json_close(j, ']');
}

static void transports(struct json *j, const char *key, u8 bits)
{
	u32 t;

	json_open(j, key, '[');
	for (t = POOL_TRANSPORT_TCP; t <= POOL_TRANSPORT_UDP; t++) {
		if (bits >> (t - POOL_TRANSPORT_TCP) & 1)
			json_string(j, NULL, name_transport(t));
	}
	json_close(j, ']');
}

/* The address itself, and the IPv6 address that it maps to. */
static void address(struct json *j, const char *key, const u8 *addr)
{
	char text[POOL_ADDR_TEXT_LEN], ipv6[TEXT_CIDR_LEN];
	struct cidr c = { .family = AF_INET6, .prefix_len = 128 };

	pool_addr_format(text, addr);
	json_string(j, key, text);
	pool_addr_to_ipv6(c.addr, addr);
	text_cidr(ipv6, &c);
	*strchr(ipv6, '/') = '\0';
	json_string(j, "address_ipv6", ipv6);
}

static void field(struct json *j, const struct field *f, const char *key, const void *obj)
{
	const void *member = (const char *)obj + f->offset;
	char text[TEXT_SOCKADDR_LEN];

	switch ((enum field_type)f->type) {
	case FIELD_U8:
		json_number(j, key, *(const u8 *)member);
		break;
	case FIELD_U16:
		json_number(j, key, *(const u16 *)member);
		break;
	case FIELD_U32:
		json_number(j, key, *(const u32 *)member);
		break;
	case FIELD_S32:
		json_signed(j, key, *(const int32_t *)member);
		break;
	case FIELD_U64:
		json_number(j, key, *(const u64 *)member);
		break;
	case FIELD_HEX64:
		snprintf(text, sizeof(text), "%016" PRIx64, *(const u64 *)member);
		json_string(j, key, text);
		break;
	case FIELD_STRING:
	case FIELD_DRIVER:
		json_string(j, key, member);
		break;
	case FIELD_FLAG:
		json_bool(j, key, true);
		break;
	case FIELD_KEY:
		json_string(j, key, key_format(text, member));
		break;
	case FIELD_SID:
		json_string(j, key, text_sid(text, member));
		break;
	case FIELD_ADDRESS:
		address(j, key, member);
		break;
	case FIELD_SOCKADDR:
		json_string(j, key, text_sockaddr(text, member));
		break;
	case FIELD_IP:
		json_string(j, key, text_ip(text, member));
		break;
	case FIELD_ENUM:
		json_string(j, key, f->value_name(*(const u32 *)member));
		break;
	case FIELD_TRANSPORTS:
		transports(j, key, *(const u8 *)member);
		break;
	case FIELD_DROPS:
		drops(j, key, *(u64 * const *)member);
		break;
	case FIELD_ALLOWED_IPS:
		allowed_ips(j, key, obj);
		break;
	case FIELD_DSCP:
		if (*(const u8 *)member == DSCP_INHERIT)
			json_string(j, key, "inherit");
		else
			json_number(j, key, *(const u8 *)member);
		break;
	case FIELD_CODE:
		json_string(j, key, name_wire_code(*(const u8 *)member));
		break;
	case FIELD_CODES:
		codes(j, key, member);
		break;
	case FIELD_BITS:
		bits(j, f, key, *(const u32 *)member);
		break;
	case FIELD_NEST:
		json_open(j, key, '{');
		json_fields(j, f->nest, member);
		json_close(j, '}');
		break;
	}
}

/* What a field that is not there looks like. */
static void absent(struct json *j, const struct field *f, const char *key)
{
	if (f->type == FIELD_FLAG) {
		json_bool(j, key, false);
	} else if (f->type == FIELD_DROPS || f->type == FIELD_CODES) {
		json_open(j, key, '{');
		json_close(j, '}');
	} else if (f->type == FIELD_ALLOWED_IPS || f->type == FIELD_TRANSPORTS ||
		   f->type == FIELD_BITS) {
		json_open(j, key, '[');
		json_close(j, ']');
	} else {
		json_null(j, key);
	}
	if (f->type == FIELD_ADDRESS)
		json_null(j, "address_ipv6");
}

static bool is_empty_sockaddr(const struct field *f, const void *obj)
{
	const struct saddr *sa;

	if (f->type != FIELD_SOCKADDR)
		return false;
	sa = (const void *)((const char *)obj + f->offset);
	return !sa->len;
}

void json_fields(struct json *j, const struct field_set *set, const void *obj)
{
	const u64 *has = obj;
	size_t i, k;

	for (i = 0; i < set->n; i++) {
		const struct field *f = &set->field[i];
		const char *name = f->key ? f->key : f->name;
		char key[40];

		if (f->hidden)
			continue;
		for (k = 0; k < sizeof(key) - 1 && name[k]; k++)
			key[k] = name[k] == '-' ? '_' : name[k];
		key[k] = '\0';
		if (*has >> f->attr & 1 && !is_empty_sockaddr(f, obj))
			field(j, f, key, obj);
		else
			absent(j, f, key);
	}
}

static void peer(struct json *j, const struct peer_state *p)
{
	size_t i;

	json_open(j, NULL, '{');
	json_fields(j, &peer_fields, p);
	json_open(j, "sessions", '[');
	for (i = 0; i < p->sessions_here; i++) {
		json_open(j, NULL, '{');
		json_fields(j, &session_fields, &p->sessions[i]);
		json_close(j, '}');
	}
	json_close(j, ']');
	json_close(j, '}');
}

void json_device(struct json *j, const struct device_state *d)
{
	size_t i;

	json_open(j, d->ifname, '{');
	json_fields(j, &device_fields, d);
	json_open(j, "peers", '[');
	for (i = 0; i < d->peers_here; i++)
		peer(j, &d->peers[i]);
	json_close(j, ']');
	json_close(j, '}');
}
