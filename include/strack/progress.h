/*
 * How far a script says that it has come, how fast it gets on and how long it
 * will take.  Pure: times come from the caller.
 */
#ifndef STRACK_PROGRESS_H
#define STRACK_PROGRESS_H

#include <stdint.h>
#include "strack/buf.h"

struct progress {
	int64_t current; /* -1: nothing was said */
	int64_t total;   /* -1: not known */
	struct buf label;
};
#define PROGRESS_INIT                                                          \
	{                                                                      \
		-1, -1, BUF_INIT                                               \
	}
void progress_release(struct progress *p);
void progress_set(
	struct progress *p, int64_t current, int64_t total, const char *label);

/* 0 to 100, rounded down; -1 where it can't be told. */
int progress_percent(const struct progress *p);
/* Appends "6200 of 10000 users". */
void progress_count(const struct progress *p, struct buf *ret);
/* Appends that and " (62 %)"; nothing where nothing was said. */
void progress_text(const struct progress *p, struct buf *ret);

#define PACE_SAMPLES 16

/* The last half minute. */
struct pace {
	struct {
		int64_t ms, current;
	} v[PACE_SAMPLES]; /* oldest first, some time between them */
	int n;
	int64_t ms, current; /* of the last call */
};
/* `ms`: monotonic milliseconds.  What goes backwards begins again. */
void pace_add(struct pace *p, int64_t ms, int64_t current);
/* Appends "1240/s, 3s left", or of that what is known; with a leading ", ". */
void pace_text(
	const struct pace *p, const struct progress *progress, struct buf *ret);

#endif
