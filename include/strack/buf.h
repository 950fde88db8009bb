/*
 * A growing byte buffer that always ends in a NUL (not counted).  Out of
 * memory aborts, here and in the other containers of src/base, and nowhere
 * else.
 */
#ifndef STRACK_BUF_H
#define STRACK_BUF_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf {
	char *ptr; /* never NULL; points to "" while nothing is allocated */
	size_t len;
	size_t cap; /* 0: ptr is not ours to free */
};

extern char buf_empty[1];
#define BUF_INIT                                                               \
	{                                                                      \
		buf_empty, 0, 0                                                \
	}

void buf_init(struct buf *b);
void buf_release(struct buf *b); /* frees; usable again afterwards */
void buf_reset(struct buf *b);   /* length 0, keeps the memory */
void buf_grow(struct buf *b, size_t extra);
void buf_setlen(struct buf *b, size_t len); /* len <= current length */
void buf_add(struct buf *b, const void *data, size_t len);
void buf_adds(struct buf *b, const char *s);
void buf_addch(struct buf *b, char c);
void buf_fill(struct buf *b, char c, size_t n);
/* In decimal, with zeros to at least `digits`: what printf does, but for where
 * it is done ten thousand times. */
void buf_addnum(struct buf *b, uint64_t n, int digits);
void buf_addf(struct buf *b, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
void buf_addv(struct buf *b, const char *fmt, va_list ap);
void buf_addbuf(struct buf *b, const struct buf *other);
void buf_insert(struct buf *b, size_t at, const void *data, size_t len);
void buf_remove(struct buf *b, size_t at, size_t len);
void buf_swap(struct buf *a, struct buf *b);
char *buf_detach(struct buf *b)
	__attribute__((returns_nonnull)); /* the caller frees it */
void buf_set(struct buf *b, const char *s);
void buf_printf(struct buf *b, const char *fmt, ...) /* replaces */
	__attribute__((format(printf, 2, 3)));
void buf_trim_end(struct buf *b); /* blanks and newlines at the end */

/* Allocation that aborts when there is no memory. */
void *xcalloc(size_t n, size_t size) __attribute__((returns_nonnull));
void *xrealloc(void *p, size_t size) __attribute__((returns_nonnull));
char *xstrdup(const char *s) __attribute__((returns_nonnull));
char *xstrndup(const char *s, size_t n) __attribute__((returns_nonnull));
char *xstrfmt(const char *fmt, ...)
	__attribute__((format(printf, 1, 2), returns_nonnull));

/* `array` (a pointer variable) gets room for `n` elements; `cap` is its
 * capacity variable. */
#define ARRAY_GROW(array, n, cap)                                              \
	do {                                                                   \
		if ((n) > (cap)) {                                             \
			(cap) = (cap)*3 / 2 + 16;                              \
			if ((cap) < (n))                                       \
				(cap) = (n);                                   \
			(array) = xrealloc((array), (cap) * sizeof(*(array))); \
		}                                                              \
	} while (0)

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* String predicates that C lacks. */
bool str_starts(const char *s, const char *prefix);
bool str_ends(const char *s, const char *suffix);
static inline bool str_empty(const char *s)
{
	return !s || !*s;
}

#endif
