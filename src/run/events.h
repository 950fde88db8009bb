/*
 * The lines that a script appends to $STRACK_EVENTS, read as they are
 * written.  The file is the record; this only follows it.  Knows no process.
 */
#ifndef STRACK_RUN_EVENTS_H
#define STRACK_RUN_EVENTS_H

#include <stdint.h>
#include "strack/buf.h"
#include "strack/error.h"

enum event_kind {
	EVENT_PROGRESS,
	EVENT_CHECKPOINT,
	EVENT_SKIP,
	EVENT_LOG,
	EVENT_MASK,
	EVENT_UNKNOWN,
	EVENT_NR
};

struct event {
	enum event_kind kind;
	const char *text; /* of skip, log, mask; the whole line when unknown */
	size_t len;
	const char *level;      /* of log: debug info warn error */
	int64_t current, total; /* of progress; total -1 unknown */
	const char *name,
		*value; /* of checkpoint; text is the label of progress */
};

#define EVENT_LINE_MAX 4096 /* a longer line is EVENT_UNKNOWN, cut */

typedef void event_fn(const struct event *ev, void *arg);

struct events {
	int fd;
	int watch_fd;    /* readable when the file was written to; -1: none */
	int64_t at;      /* bytes read so far */
	struct buf line; /* an unfinished line */
	bool overlong;   /* the rest of this line is dropped */
	int64_t unknown; /* lines that were no event */
};

/* Opens without following links; must be a regular file. */
enum err events_open(struct events *e, const char *path, struct error *err);
/* Lets watch_fd tell, where there is inotify(7) and it has room for us. */
void events_watch(struct events *e, const char *path);
/* Empties watch_fd. */
void events_heard(const struct events *e);
/* Hands out every complete line since the last call; at most `max` bytes a
 * call (0: all there is).  Truncation by the script starts again at its new
 * end.  Costs one fstat when nothing is new. *more: there is more to read. */
enum err events_read(struct events *e, int64_t max, event_fn *fn, void *arg,
	bool *more, struct error *err);
/* The last line counts without its newline too. */
void events_end(struct events *e, event_fn *fn, void *arg);
void events_close(struct events *e);

/* One line, pure; `line` is changed, line[len] is a NUL. NULs, control
 * characters: unknown; of an unknown line that begins with "mask" only that
 * word is handed out. */
void event_parse(char *line, size_t len, struct event *ret);

#endif
