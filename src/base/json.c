/*
 * The JSON writer: compact, one pass, nothing kept but where it stands.
 * Knows no types of git-strack's own.  Calls in an order that would not be
 * JSON are bugs of the caller and not looked for, except that the depth is.
 */
#include "strack/json.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "unicode.h"
#include "strack/text.h"

void json_init(struct json *j, struct buf *out)
{
	memset(j, 0, sizeof(*j));
	j->out = out;
}

/* What stands before any value. */
static void value(struct json *j)
{
	if (j->comma[j->depth])
		buf_addch(j->out, ',');
	j->comma[j->depth] = true;
}

static void open_level(struct json *j, char c)
{
	value(j);
	buf_addch(j->out, c);
	if (++j->depth >= JSON_DEPTH)
		abort();
	j->comma[j->depth] = false;
}

static void close_level(struct json *j, char c)
{
	if (--j->depth < 0)
		abort();
	buf_addch(j->out, c);
}

void json_object(struct json *j)
{
	open_level(j, '{');
}

void json_end_object(struct json *j)
{
	close_level(j, '}');
}

void json_array(struct json *j)
{
	open_level(j, '[');
}

void json_end_array(struct json *j)
{
	close_level(j, ']');
}

static void add_escaped(struct buf *b, uint32_t cp)
{
	static const char letters[] = "\b\f\n\r\t";
	const char *at;

	if (cp && cp < 0x20 && (at = strchr(letters, (int)cp)))
		buf_addf(b, "\\%c", "bfnrt"[at - letters]);
	else if (cp < 0x10000)
		buf_addf(b, "\\u%04x", (unsigned)cp);
	else
		buf_addf(b, "\\u%04x\\u%04x",
			(unsigned)(0xd800 + ((cp - 0x10000) >> 10)),
			(unsigned)(0xdc00 + ((cp - 0x10000) & 0x3ff)));
}

/* RFC 8259 asks for C0, `"` and `\` to be escaped; what out_escape() would
 * keep from a terminal is escaped too, as JSON is looked at on terminals and
 * means the same. */
static void add_string(struct buf *b, const char *s)
{
	size_t len = strlen(s), n, i;
	bool valid = utf8_valid(s, len);
	uint32_t cp;

	buf_addch(b, '"');
	for (i = 0; i < len; i += n) {
		n = utf8_next(s + i, len - i, &cp);
		if (!n) {
			buf_addf(b, "%%%02X", (unsigned)(unsigned char)s[i]);
			n = 1;
		} else if (cp == '%' && !valid) {
			buf_adds(b, "%25");
		} else if (cp == '"' || cp == '\\') {
			buf_addch(b, '\\');
			buf_addch(b, (char)cp);
		} else if (unicode_hidden(cp)) {
			add_escaped(b, cp);
		} else {
			buf_add(b, s + i, n);
		}
	}
	buf_addch(b, '"');
}

void json_key(struct json *j, const char *key)
{
	value(j);
	add_string(j->out, key);
	buf_addch(j->out, ':');
	j->comma[j->depth] = false; /* none between a key and its value */
}

void json_string(struct json *j, const char *s)
{
	if (!s) {
		json_null(j);
		return;
	}
	value(j);
	add_string(j->out, s);
}

void json_int(struct json *j, int64_t n)
{
	value(j);
	buf_addf(j->out, "%" PRId64, n);
}

void json_number(struct json *j, const char *literal)
{
	value(j);
	buf_adds(j->out, literal);
}

void json_bool(struct json *j, bool b)
{
	value(j);
	buf_adds(j->out, b ? "true" : "false");
}

void json_null(struct json *j)
{
	value(j);
	buf_adds(j->out, "null");
}

void json_kv(struct json *j, const char *key, const char *s)
{
	json_key(j, key);
	json_string(j, s);
}

void json_kv_int(struct json *j, const char *key, int64_t n)
{
	json_key(j, key);
	json_int(j, n);
}

void json_kv_bool(struct json *j, const char *key, bool b)
{
	json_key(j, key);
	json_bool(j, b);
}

void json_kv_null(struct json *j, const char *key)
{
	json_key(j, key);
	json_null(j);
}
