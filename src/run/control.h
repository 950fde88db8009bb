/*
 * Orders to a warden from other terminals, through the FIFO in the folder of
 * its run.  No process ids, so none that another process has by now; and who
 * finds no reader knows that the warden is gone.
 *
 * An order is one line, written in one piece: `cancel WHO WHY`, both
 * percent-encoded as in an entry, WHO as an item.  Anybody who may write there
 * may write anything: what is no order is passed over.
 */
#ifndef STRACK_RUN_CONTROL_H
#define STRACK_RUN_CONTROL_H

#include <stdbool.h>
#include "strack/buf.h"
#include "strack/error.h"

struct control {
	int fd; /* -1: none */
	struct buf line;
	bool overlong; /* the rest of this line is dropped */
};

/* The next order: `ret` gets "WHO: WHY".  False when there is none now; then,
 * or after some orders in a row, others have their turn. */
bool control_next(struct control *c, struct buf *ret);
/* One line, pure. */
bool control_parse(const char *line, size_t len, struct buf *ret);

/* Writes one.  ERR_NOTFOUND: nobody reads there.  ERR_TOOBIG: the reason is
 * too long to be written in one piece. */
enum err control_cancel(const char *state_dir, const char *run, const char *who,
	const char *why, struct error *err);

#endif
