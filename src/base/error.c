/*
 * Filling a caller's struct error.  Nothing here prints or exits: that is
 * for main() alone.
 */
#include "strack/error.h"

#include <errno.h>
#include <string.h>

/* A hint that belonged to an error that was handled must not stay; one that
 * was given before the text of a fresh error is for this one. */
static void forget_old(struct error *err)
{
	if (err->text.len)
		error_reset(err);
}

enum err error_set(struct error *err, enum err code, const char *fmt, ...)
{
	struct buf text = BUF_INIT;
	va_list ap;

	if (!err)
		return code;
	/* Not in place: the arguments may point into the old text. */
	va_start(ap, fmt);
	buf_addv(&text, fmt, ap);
	va_end(ap);
	forget_old(err);
	buf_swap(&err->text, &text);
	buf_release(&text);
	return code;
}

static enum err code_of_errno(int sys)
{
	if (sys == ENOENT)
		return ERR_NOTFOUND;
	if (sys == EEXIST)
		return ERR_EXISTS;
	return ERR_FATAL;
}

enum err error_sys(struct error *err, const char *fmt, ...)
{
	int sys = errno; /* before anything that may change it */
	struct buf text = BUF_INIT;
	va_list ap;

	if (!err)
		return code_of_errno(sys);
	va_start(ap, fmt);
	buf_addv(&text, fmt, ap);
	va_end(ap);
	buf_addf(&text, ": %s", strerror(sys));
	forget_old(err);
	buf_swap(&err->text, &text);
	err->sys = sys;
	buf_release(&text);
	return code_of_errno(sys);
}

void error_prefix(struct error *err, const char *fmt, ...)
{
	struct buf text = BUF_INIT;
	va_list ap;

	/* No text means that nothing is to be said (a closed pipe). */
	if (!err || !err->text.len)
		return;
	va_start(ap, fmt);
	buf_addv(&text, fmt, ap);
	va_end(ap);
	buf_adds(&text, ": ");
	buf_addbuf(&text, &err->text);
	buf_swap(&err->text, &text);
	buf_release(&text);
}

void error_hint(struct error *err, const char *fmt, ...)
{
	struct buf line = BUF_INIT;
	va_list ap;

	if (!err)
		return;
	va_start(ap, fmt);
	buf_addv(&line, fmt, ap);
	va_end(ap);
	if (err->hint.len)
		buf_addch(&err->hint, '\n');
	buf_addbuf(&err->hint, &line);
	buf_release(&line);
}

void error_reset(struct error *err)
{
	if (!err)
		return;
	buf_reset(&err->text);
	buf_reset(&err->hint);
	err->sys = 0;
}

void error_release(struct error *err)
{
	if (!err)
		return;
	buf_release(&err->text);
	buf_release(&err->hint);
	err->sys = 0;
}

void error_swap(struct error *a, struct error *b)
{
	struct error x = *a;

	*a = *b;
	*b = x;
}
