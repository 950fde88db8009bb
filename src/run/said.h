/*
 * What a script said in its events file, as far as the run keeps it.
 */
#ifndef STRACK_RUN_SAID_H
#define STRACK_RUN_SAID_H

#include <stdbool.h>
#include "strack/entry.h"
#include "strack/strmap.h"
#include "capture.h"
#include "events.h"

struct said {
	struct capture *cap; /* NULL: nothing is logged or masked */
	bool skip;
	char *skip_reason;
	struct strmap checkpoints; /* owned values */
	size_t checkpoint_bytes;
	int64_t unknown, dropped;
	bool progress; /* a new one came */
	int64_t current, total;
	char *label;
};

#define SAID_INIT                                                              \
	{                                                                      \
		.checkpoints = STRMAP_INIT                                     \
	}
void said_release(struct said *s);
/* An event_fn; `arg` is the struct said. */
void said_event(const struct event *ev, void *arg);
/* Sets the checkpoint key of an outcome, masked. */
void said_checkpoints(const struct said *s, struct entry *e);

#endif
