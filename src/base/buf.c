/*
 * The byte buffer that all text is built with, and allocation that aborts:
 * no caller could do anything sensible without memory, so none is asked to.
 * Knows nothing of what the bytes mean.
 */
#include "strack/buf.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Shared by all empty buffers, hence never written to. */
char buf_empty[1] = "";

static _Noreturn void out_of_memory(void)
{
	static const char msg[] = "git strack: out of memory\n";

	/* stdio may want memory; and there is nobody to tell of a failure */
	if (write(STDERR_FILENO, msg, sizeof(msg) - 1) < 0)
		abort();
	abort();
}

void *xcalloc(size_t n, size_t size)
{
	void *p = calloc(n ? n : 1, size ? size : 1);

	if (!p)
		out_of_memory();
	return p;
}

void *xrealloc(void *p, size_t size)
{
	p = realloc(p, size ? size : 1);
	if (!p)
		out_of_memory();
	return p;
}

char *xstrndup(const char *s, size_t n)
{
	size_t len = strnlen(s, n);
	char *copy;

	if (len == SIZE_MAX)
		out_of_memory();
	copy = xrealloc(NULL, len + 1);
	memcpy(copy, s, len);
	copy[len] = '\0';
	return copy;
}

char *xstrdup(const char *s)
{
	return xstrndup(s, strlen(s));
}

char *xstrfmt(const char *fmt, ...)
{
	struct buf b = BUF_INIT;
	va_list ap;

	va_start(ap, fmt);
	buf_addv(&b, fmt, ap);
	va_end(ap);
	return buf_detach(&b);
}

void buf_init(struct buf *b)
{
	b->ptr = buf_empty;
	b->len = 0;
	b->cap = 0;
}

void buf_release(struct buf *b)
{
	if (b->cap)
		free(b->ptr);
	buf_init(b);
}

void buf_reset(struct buf *b)
{
	b->len = 0;
	if (b->cap)
		b->ptr[0] = '\0';
}

/* Afterwards there is room for `extra` more bytes and the NUL. */
void buf_grow(struct buf *b, size_t extra)
{
	size_t need, cap;

	if (extra > (size_t)PTRDIFF_MAX - 1 - b->len)
		out_of_memory();
	need = b->len + extra + 1;
	if (need <= b->cap)
		return;
	cap = b->cap + b->cap / 2 + 16;
	if (cap < need)
		cap = need;
	/* Without a buffer of its own b->ptr is a constant. */
	b->ptr = b->cap ? xrealloc(b->ptr, cap) : xcalloc(1, cap);
	b->cap = cap;
}

void buf_setlen(struct buf *b, size_t len)
{
	if (len > b->len)
		abort(); /* a bug in the caller, not something to go on with */
	b->len = len;
	if (b->cap)
		b->ptr[len] = '\0';
}

void buf_add(struct buf *b, const void *data, size_t len)
{
	if (!len)
		return;
	buf_grow(b, len);
	memcpy(b->ptr + b->len, data, len);
	b->len += len;
	b->ptr[b->len] = '\0';
}

void buf_adds(struct buf *b, const char *s)
{
	buf_add(b, s, strlen(s));
}

void buf_addch(struct buf *b, char c)
{
	buf_grow(b, 1);
	b->ptr[b->len++] = c;
	b->ptr[b->len] = '\0';
}

void buf_fill(struct buf *b, char c, size_t n)
{
	if (!n)
		return;
	buf_grow(b, n);
	memset(b->ptr + b->len, c, n);
	b->len += n;
	b->ptr[b->len] = '\0';
}

void buf_addnum(struct buf *b, uint64_t n, int digits)
{
	char text[20]; /* the largest has as many */
	size_t at = sizeof(text);

	do {
		text[--at] = (char)('0' + n % 10);
		n /= 10;
		digits--;
	} while (at && (n || digits > 0));
	buf_add(b, text + at, sizeof(text) - at);
}

void buf_addv(struct buf *b, const char *fmt, va_list ap)
{
	va_list again;
	int n;

	va_copy(again, ap);
	/* Most of what is formatted is short: try with what is there. */
	buf_grow(b, 64);
	n = vsnprintf(b->ptr + b->len, b->cap - b->len, fmt, ap);
	if (n < 0)
		out_of_memory(); /* the only other reason is over 2 GiB */
	if ((size_t)n >= b->cap - b->len) {
		buf_grow(b, (size_t)n);
		n = vsnprintf(b->ptr + b->len, b->cap - b->len, fmt, again);
		if (n < 0)
			out_of_memory();
	}
	va_end(again);
	b->len += (size_t)n;
}

void buf_addf(struct buf *b, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	buf_addv(b, fmt, ap);
	va_end(ap);
}

void buf_addbuf(struct buf *b, const struct buf *other)
{
	size_t len = other->len;

	if (!len)
		return;
	/* Grown first, so that a buffer can be added to itself. */
	buf_grow(b, len);
	memcpy(b->ptr + b->len, other->ptr, len);
	b->len += len;
	b->ptr[b->len] = '\0';
}

void buf_insert(struct buf *b, size_t at, const void *data, size_t len)
{
	if (at > b->len)
		abort();
	if (!len)
		return;
	buf_grow(b, len);
	memmove(b->ptr + at + len, b->ptr + at, b->len - at + 1);
	memcpy(b->ptr + at, data, len);
	b->len += len;
}

void buf_remove(struct buf *b, size_t at, size_t len)
{
	if (at > b->len || len > b->len - at)
		abort();
	if (!len)
		return;
	memmove(b->ptr + at, b->ptr + at + len, b->len - at - len + 1);
	b->len -= len;
}

void buf_swap(struct buf *a, struct buf *b)
{
	struct buf t = *a;

	*a = *b;
	*b = t;
}

char *buf_detach(struct buf *b)
{
	char *s = b->cap ? b->ptr : xstrdup("");

	buf_init(b);
	return s;
}

void buf_set(struct buf *b, const char *s)
{
	size_t len = strlen(s);

	/* `s` may be a part of b: then it fits and nothing is moved away. */
	if (len > b->len)
		buf_grow(b, len - b->len);
	if (b->cap) {
		memmove(b->ptr, s, len);
		b->ptr[len] = '\0';
	}
	b->len = len;
}

void buf_printf(struct buf *b, const char *fmt, ...)
{
	struct buf fresh = BUF_INIT;
	va_list ap;

	/* Not in place: the arguments may point into b. */
	va_start(ap, fmt);
	buf_addv(&fresh, fmt, ap);
	va_end(ap);
	buf_swap(b, &fresh);
	buf_release(&fresh);
}

void buf_trim_end(struct buf *b)
{
	size_t len = b->len;

	while (len && strchr(" \t\r\n", b->ptr[len - 1]) && b->ptr[len - 1])
		len--;
	buf_setlen(b, len);
}

bool str_starts(const char *s, const char *prefix)
{
	return !strncmp(s, prefix, strlen(prefix));
}

bool str_ends(const char *s, const char *suffix)
{
	size_t n = strlen(s), m = strlen(suffix);

	return n >= m && !memcmp(s + n - m, suffix, m);
}
