/*
 * What a person sees while a script runs: its output, which is read from the
 * log that the warden writes, and how far it has come: on a terminal one line
 * that is drawn again and again, elsewhere a line now and then.  A slow or
 * stopped terminal holds up nobody but us.
 */
#ifndef STRACK_RUN_LIVE_H
#define STRACK_RUN_LIVE_H

#include <signal.h>
#include <stdint.h>
#include "strack/out.h"
#include "strack/progress.h"

struct live {
	struct out *out; /* output goes here; NULL: it is not shown */
	struct out *msg; /* and the line here, when it is a terminal */
	int fd;          /* the log; -1: none */
	/* Ends live_follow when it is set: by a handler; or NULL. */
	const volatile sig_atomic_t *stop;
	bool midline;    /* what was shown last did not end its line */
	bool shown;      /* the line stands on the terminal */
	struct buf hold; /* the begin of a UTF-8 character */
	int64_t start;   /* monotonic milliseconds */
	int64_t limit;   /* seconds, 0 none */
	size_t nth, of;  /* the script in its batch; 0: no batch */
	struct progress progress;
	struct pace pace;
	/* Of the lines that are not drawn again: when the next is due, and how
	 * long after it the one behind. */
	int64_t line_at, line_gap;
	bool line_news;   /* there is something to say */
	struct buf phase; /* what is waited for; empty: the script */
};

void live_init(struct live *l, struct out *out, struct out *msg,
	const char *log_path, int64_t limit);
void live_release(struct live *l);
/* Shows what has come into the log since. */
void live_follow(struct live *l);
/* No more will come. */
void live_end(struct live *l);
/* What the script says about how far it is. */
void live_progress(
	struct live *l, int64_t current, int64_t total, const char *label);
/* Draws the line again, or writes one when it is time for it. */
void live_line(struct live *l);
/* Takes it away. */
void live_clear(struct live *l);

#endif
