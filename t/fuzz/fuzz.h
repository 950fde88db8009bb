/*
 * What the fuzz targets share.  A target is one file with the function that
 * libFuzzer and AFL++ call; replay.c calls it with the files of a corpus.
 *
 * A target asserts what must hold of its input with MUST, which aborts.  What
 * is safe to show is judged here by tables of our own, not by the program's.
 */
#ifndef STRACK_FUZZ_H
#define STRACK_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "strack/buf.h"
#include "strack/error.h"
#include "strack/out.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MUST(x)                                                                \
	do {                                                                   \
		if (!(x)) {                                                    \
			fprintf(stderr, "%s:%d: not so: %s\n", __FILE__,       \
				__LINE__, #x);                                 \
			abort();                                               \
		}                                                              \
	} while (0)

static inline bool fuzz_same(const struct buf *a, const struct buf *b)
{
	return a->len == b->len && !memcmp(a->ptr, b->ptr, a->len);
}

static inline bool fuzz_same_text(const char *a, const char *b)
{
	return a && b ? !strcmp(a, b) : a == b;
}

/* Nothing in it that a terminal would obey, or that hides or turns round what
 * stands beside it; `keep` names controls that may be there.  Whether it is
 * UTF-8 is looked at as well: a lone 0x9b is a C1 control to some. */
static inline bool fuzz_safe(const char *s, size_t len, const char *keep)
{
	const unsigned char *p = (const unsigned char *)s;

	for (size_t i = 0; i < len; i++) {
		unsigned char c = p[i];
		uint32_t cp = c;
		int more = c < 0x80 ? 0 : c >= 0xf0 ? 3 : c >= 0xe0 ? 2 : 1;

		if (c >= 0x80 && (c < 0xc2 || c > 0xf4))
			return false;
		if (more)
			cp = c & (0x3fu >> more);
		for (; more; more--) {
			if (++i >= len || (p[i] & 0xc0) != 0x80)
				return false;
			cp = cp << 6 | (p[i] & 0x3fu);
		}
		if (cp < 0x20 && cp && strchr(keep, (int)cp))
			continue;
		if (cp < 0x20 || (cp >= 0x7f && cp < 0xa0) || cp == 0x61c ||
			cp == 0x200e || cp == 0x200f || cp == 0x2028 ||
			cp == 0x2029 || (cp >= 0x202a && cp <= 0x202e) ||
			(cp >= 0x2066 && cp <= 0x2069) || cp == 0xfeff ||
			(cp >= 0xe0000 && cp <= 0xe007f))
			return false;
	}
	return true;
}

/* A function that failed said why, and what main() makes of it is safe. */
static inline void fuzz_error(enum err rc, struct error *err)
{
	struct buf shown = BUF_INIT;

	MUST(rc == ERR_BAD || rc == ERR_TOOBIG || rc == ERR_NOTFOUND);
	MUST(err->text.len && strlen(err->text.ptr) == err->text.len);
	out_escape(&shown, err->text.ptr, err->text.len, "");
	MUST(fuzz_safe(shown.ptr, shown.len, ""));
	buf_reset(&shown);
	out_escape(&shown, err->hint.ptr, err->hint.len, "\n");
	MUST(fuzz_safe(shown.ptr, shown.len, "\n"));
	buf_release(&shown);
	error_release(err);
}

/* The input with a NUL behind it, in memory of just that size, so that
 * reading past its end is seen. */
static inline char *fuzz_text(const uint8_t *data, size_t size)
{
	char *text = xcalloc(1, size + 1);

	if (size)
		memcpy(text, data, size);
	return text;
}

#endif
