/*
 * Output for people and programs.  Results go to stdout, progress and
 * messages to stderr.  Nothing that came from a script, a file name or a
 * foreign entry reaches a terminal raw: C0, C1, bidirectional and other
 * invisible format controls, and bytes that are not UTF-8 are shown escaped.
 */
#ifndef STRACK_OUT_H
#define STRACK_OUT_H

#include <stdbool.h>
#include <stdio.h>
#include "strack/buf.h"
#include "strack/error.h"

enum style {
	STYLE_NONE,
	STYLE_GOOD, /* green: done */
	STYLE_BAD,  /* red: failed, lost, untrusted */
	STYLE_WAIT, /* yellow: pending, running, overdue, blocked */
	STYLE_DIM,  /* what matters least */
	STYLE_BOLD, /* headings */
	STYLE_ID,   /* yellow: ids, as in git log */
	STYLE_NR
};

struct out {
	FILE *f;
	bool tty;
	bool color;
	int width; /* columns; 80 where it is no terminal, at least 20 */
	int sys;   /* errno of the first write that failed, or 0 */
};

/* `color`: 1 on, 0 off, -1 only on a terminal (and TERM is not dumb and
 * NO_COLOR is not set to something). */
void out_init(struct out *o, FILE *f, int color);

/* printf for text of our own; arguments that came from outside must have
 * gone through out_escape or be printed with out_text. */
void out_printf(struct out *o, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
void out_styled(struct out *o, enum style style, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* Foreign text: escaped; newline and tab are escaped too. */
void out_text(struct out *o, const char *s);
void out_text_styled(struct out *o, enum style style, const char *s);
/* Foreign text of many lines (script output): newline and tab pass. */
void out_block(struct out *o, const char *data, size_t len);
/* Bytes as they are: for --raw to a pipe and the like. */
void out_raw(struct out *o, const void *data, size_t len);
/* fflush and the error that any write before had; a closed pipe is ERR_NO
 * with an empty text (main exits quietly). */
enum err out_finish(struct out *o, struct error *err);

/* Appends `s` escaped to `b`: control characters as \n, \t, \e, \xHH, C1 and
 * bidirectional controls as \u{HHHH}, bytes that are not UTF-8 as \xHH;
 * everything else as it is.  `keep` lists ASCII controls that pass ("\n\t"). */
void out_escape(struct buf *b, const char *s, size_t len, const char *keep);
/* For programs that read it back: percent_encode, and what out_escape would not
 * show either is encoded too, byte by byte, as porcelain is looked at. */
void out_percent(struct buf *b, const char *s);
/* Columns that valid, escaped UTF-8 takes on a terminal (wide East Asian and
 * emoji count 2, combining marks 0); independent of the locale. */
int out_width(const char *s);
/* Appends `s` escaped, cut in the middle with "..." to at most `cols` columns
 * (at least 4), and padded with blanks to `cols` when `pad`. */
void out_fit(struct buf *b, const char *s, int cols, bool pad);

#endif
