/*
 * The binary form that SSH uses (RFC 4251), with every bound checked.  Knows
 * nothing of keys and signatures.
 */
#include "wire.h"

#include <sodium.h>
#include <string.h>

struct wire wire_from(const void *p, size_t len)
{
	struct wire w = { p, len };

	return w;
}

bool wire_take(struct wire *w, size_t n, struct wire *ret)
{
	if (w->len < n)
		return false;
	*ret = wire_from(w->p, n);
	w->p += n;
	w->len -= n;
	return true;
}

bool wire_u32(struct wire *w, uint32_t *ret)
{
	struct wire raw;

	if (!wire_take(w, 4, &raw))
		return false;
	*ret = (uint32_t)raw.p[0] << 24 | (uint32_t)raw.p[1] << 16 |
	       (uint32_t)raw.p[2] << 8 | raw.p[3];
	return true;
}

bool wire_string(struct wire *w, struct wire *ret)
{
	struct wire rest = *w;
	uint32_t len;

	if (!wire_u32(&rest, &len) || !wire_take(&rest, len, ret))
		return false;
	*w = rest;
	return true;
}

bool wire_is(const struct wire *w, const char *text)
{
	return w->len == strlen(text) && !memcmp(w->p, text, w->len);
}

bool wire_same(const struct wire *a, const struct wire *b)
{
	return a->len == b->len && !memcmp(a->p, b->p, a->len);
}

void wire_put_u32(struct buf *b, uint32_t v)
{
	unsigned char raw[4] = { (unsigned char)(v >> 24),
		(unsigned char)(v >> 16), (unsigned char)(v >> 8),
		(unsigned char)v };

	buf_add(b, raw, sizeof(raw));
}

void wire_put_string(struct buf *b, const void *p, size_t len)
{
	wire_put_u32(b, (uint32_t)len);
	buf_add(b, p, len);
}

void wire_put_text(struct buf *b, const char *text)
{
	wire_put_string(b, text, strlen(text));
}

/* Opens gaps for the newlines from the back, so that no second copy of what
 * may be a private key is needed. */
static size_t wrap(char *s, size_t len, size_t columns)
{
	size_t lines = (len + columns - 1) / columns;
	size_t i = lines;

	while (i-- > 0) {
		size_t n = i + 1 == lines ? len - i * columns : columns;

		memmove(s + i * (columns + 1), s + i * columns, n);
		s[i * (columns + 1) + n] = '\n';
	}
	return len + lines;
}

void base64_add(struct buf *b, const void *p, size_t len, size_t columns)
{
	size_t room =
		sodium_base64_encoded_len(len, sodium_base64_VARIANT_ORIGINAL);
	size_t n;
	char *at;

	buf_grow(b, room + (columns ? room / columns + 1 : 0));
	at = b->ptr + b->len;
	sodium_bin2base64(at, room, p, len, sodium_base64_VARIANT_ORIGINAL);
	n = room - 1;
	if (columns)
		n = wrap(at, n, columns);
	b->len += n;
	b->ptr[b->len] = '\0';
}

bool base64_decode(
	const char *s, size_t len, const char *ignore, struct buf *ret)
{
	size_t max = len / 4 * 3 + 3;
	const char *end;
	size_t n;

	buf_grow(ret, max);
	if (sodium_base642bin((unsigned char *)ret->ptr + ret->len, max, s, len,
		    ignore, &n, &end, sodium_base64_VARIANT_ORIGINAL) ||
		end != s + len) {
		buf_setlen(ret, ret->len); /* the final NUL again */
		return false;
	}
	ret->len += n;
	ret->ptr[ret->len] = '\0';
	return true;
}

void buf_burn(struct buf *b)
{
	if (b->cap)
		sodium_memzero(b->ptr, b->cap);
	buf_release(b);
}
