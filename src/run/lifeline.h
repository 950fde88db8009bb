/*
 * What runner and warden tell each other: packets over a socket pair.  That
 * it closes says that the other is gone.  Nobody ever waits for the other to
 * read: a stopped runner must not stop the script.
 */
#ifndef STRACK_RUN_LIFELINE_H
#define STRACK_RUN_LIFELINE_H

#include <stdint.h>
#include <sys/types.h>
#include "strack/buf.h"
#include "strack/error.h"

enum life_kind {
	/* runner to warden */
	LIFE_CANCEL, /* signal, and who sent it; a second one: hurry */
	LIFE_SEEN,   /* the last tick was read, send the next */
	LIFE_INPUT,  /* text: typed at a console; wait for LIFE_TAKEN */
	LIFE_SIZE,   /* a columns, b rows of its terminal */
	/* warden to runner */
	LIFE_STARTED, /* the script runs */
	LIFE_TICK,    /* the log has grown, or progress was made */
	LIFE_PHASE,   /* text: what it is waiting for now */
	LIFE_FAILED,  /* the outcome could not be recorded: text, NUL, hint */
	LIFE_DONE,    /* it is recorded */
	LIFE_TAKEN,   /* the terminal has what was typed */
	LIFE_OUTPUT,  /* text: what a console shows */
	LIFE_CLOSED,  /* the other is gone; never sent */
};

struct life {
	enum life_kind kind;
	int sig;   /* of a cancel */
	int code;  /* si_code */
	pid_t pid; /* who sent it, or 0 */
	uid_t uid;
	int64_t a, b; /* progress: current and total (-1 unknown) */
};

#define LIFE_TEXT_MAX 16384

enum err lifeline_open(int ends[2], struct error *err);
/* False is no error: the other may be gone, or have no room. Async-signal-safe
 * without text. */
bool lifeline_send(int fd, const struct life *l, const void *text, size_t len);
/* False when there is nothing now; `text` gets what came with it. */
bool lifeline_next(int fd, struct life *ret, struct buf *text);

#endif
