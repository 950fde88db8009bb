/*
 * What can go wrong, and how it is told.
 *
 * A function that can fail returns an `enum err` and, only on failure, fills
 * a caller-owned `struct error` with what failed, on what, and why.  Only
 * main() prints it and maps the code to an exit status.
 */
#ifndef STRACK_ERROR_H
#define STRACK_ERROR_H

#include "strack/buf.h"

enum err {
	ERR_OK = 0,
	ERR_NO,       /* the answer is no: exit status 1 */
	ERR_HELD,     /* nothing was done, a decision is missing: 3 */
	ERR_FATAL,    /* an error: 128 */
	ERR_USAGE,    /* wrong usage: 129 */
	ERR_NOTFOUND, /* for callers to handle; fatal where they don't */
	ERR_EXISTS,   /* likewise */
	ERR_MOVED,    /* a compare-and-swap lost, look again; likewise */
	ERR_TOOBIG,   /* larger than the caller's maximum; likewise */
	ERR_BAD,      /* content that is not what it must be; likewise */
};

struct error {
	struct buf text; /* what failed, on what, why; no final newline */
	struct buf hint; /* how to go on, one command or sentence a line */
	int sys;         /* errno behind it, or 0 */
};

#define ERROR_INIT                                                             \
	{                                                                      \
		BUF_INIT, BUF_INIT, 0                                          \
	}

/* All of these return `code` (ERR_FATAL for error_sys), so that a failing
 * place reads `return error_set(err, ERR_NOTFOUND, ...)`.  `err` may be NULL:
 * then only the code is returned. */
enum err error_set(struct error *err, enum err code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Like error_set with ERR_FATAL, then ": " and strerror(errno).  ENOENT gives
 * ERR_NOTFOUND, EEXIST gives ERR_EXISTS. */
enum err error_sys(struct error *err, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* Puts `fmt` and ": " before the text that is there. */
void error_prefix(struct error *err, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* Adds one line to the hint; before or after the text is set. */
void error_hint(struct error *err, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* Exchanges what two of them say; either may be empty. */
void error_swap(struct error *a, struct error *b);

/* Empties it for another use; error_release also frees. */
void error_reset(struct error *err);
void error_release(struct error *err);

#endif
