/*
 * Writing to a stream, in colour where that is wanted.  Remembers the first
 * write that failed, for out_finish() to tell.  What is escaped and how wide
 * it is stands in escape.c.
 */
#include "strack/out.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static const char *const sgr[STYLE_NR] = {
	[STYLE_NONE] = "",
	[STYLE_GOOD] = "\033[32m",
	[STYLE_BAD] = "\033[31m",
	[STYLE_WAIT] = "\033[33m",
	[STYLE_DIM] = "\033[2m",
	[STYLE_BOLD] = "\033[1m",
	[STYLE_ID] = "\033[33m",
};

static bool color_wanted(bool tty)
{
	const char *term = getenv("TERM");

	return tty && str_empty(getenv("NO_COLOR")) && !str_empty(term) &&
	       strcmp(term, "dumb") != 0;
}

static int width_of(int fd)
{
	struct winsize ws;

	if (ioctl(fd, TIOCGWINSZ, &ws) || !ws.ws_col)
		return 80;
	return ws.ws_col < 20 ? 20 : ws.ws_col;
}

void out_init(struct out *o, FILE *f, int color)
{
	int fd = fileno(f); /* -1 for a stream in memory */

	o->f = f;
	o->tty = fd >= 0 && isatty(fd);
	o->color = color < 0 ? color_wanted(o->tty) : color > 0;
	o->width = o->tty ? width_of(fd) : 80;
	o->sys = 0;
}

static void put(struct out *o, const void *data, size_t len)
{
	if (!len || fwrite(data, 1, len, o->f) == len || o->sys)
		return;
	o->sys = errno ? errno : EIO;
}

static void put_styled(struct out *o, enum style style, const struct buf *b)
{
	if (!o->color || style == STYLE_NONE || !b->len) {
		put(o, b->ptr, b->len);
		return;
	}
	put(o, sgr[style], strlen(sgr[style]));
	put(o, b->ptr, b->len);
	put(o, "\033[m", 3);
}

void out_printf(struct out *o, const char *fmt, ...)
{
	struct buf b = BUF_INIT;
	va_list ap;

	va_start(ap, fmt);
	buf_addv(&b, fmt, ap);
	va_end(ap);
	put(o, b.ptr, b.len);
	buf_release(&b);
}

void out_styled(struct out *o, enum style style, const char *fmt, ...)
{
	struct buf b = BUF_INIT;
	va_list ap;

	va_start(ap, fmt);
	buf_addv(&b, fmt, ap);
	va_end(ap);
	put_styled(o, style, &b);
	buf_release(&b);
}

void out_text_styled(struct out *o, enum style style, const char *s)
{
	struct buf b = BUF_INIT;

	out_escape(&b, s, strlen(s), NULL);
	put_styled(o, style, &b);
	buf_release(&b);
}

void out_text(struct out *o, const char *s)
{
	out_text_styled(o, STYLE_NONE, s);
}

void out_block(struct out *o, const char *data, size_t len)
{
	struct buf b = BUF_INIT;

	out_escape(&b, data, len, "\n\t");
	put(o, b.ptr, b.len);
	buf_release(&b);
}

void out_raw(struct out *o, const void *data, size_t len)
{
	put(o, data, len);
}

enum err out_finish(struct out *o, struct error *err)
{
	if (fflush(o->f) && !o->sys)
		o->sys = errno;
	/* Somebody wrote to the stream without us: the reason is gone. */
	if (ferror(o->f) && !o->sys)
		o->sys = EIO;
	if (!o->sys)
		return ERR_OK;
	if (o->sys == EPIPE) {
		error_reset(err);
		return ERR_NO;
	}
	/* Not error_sys: a code for callers to handle makes no sense here. */
	error_set(err, ERR_FATAL, "cannot write the output: %s",
		strerror(o->sys));
	if (err)
		err->sys = o->sys;
	return ERR_FATAL;
}
