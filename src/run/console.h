/*
 * The runner's side of a console: the person's terminal is put into raw mode,
 * what is typed goes to the warden, and what comes back is shown as it is.
 */
#ifndef STRACK_RUN_CONSOLE_H
#define STRACK_RUN_CONSOLE_H

#include "strack/pty.h"
#include "lifeline.h"

#define CONSOLE_TYPED_MAX 4096 /* of what is typed, in one packet */

struct console {
	struct terminal before; /* as it was when the run began */
	int life;
	bool gone;        /* the terminal hung up */
	bool waits;       /* for the warden to have taken what was typed */
	bool midline;     /* what was shown last did not end its line */
	struct buf typed; /* read, and not sent yet */
};

/* Standard input and output are one: how it is set up.  Nothing of it is
 * changed yet. */
enum err console_open(struct console *c, struct error *err);

/* Gets the messages that are not about the terminal; false: that was all. */
typedef bool console_fn(
	const struct life *l, const struct buf *text, void *arg);

/* Until the lifeline closes.  The terminal is as it was before, afterwards. */
void console_relay(struct console *c, int life, console_fn *fn, void *arg);

#endif
