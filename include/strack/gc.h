/* Keeping `git gc` away from objects that no reference has yet. */
#ifndef STRACK_GC_H
#define STRACK_GC_H

#include "strack/repo.h"

struct gc_hold {
	char *path; /* of gc.pid; NULL: not held */
	struct buf text;
};
#define GC_HOLD_INIT                                                           \
	{                                                                      \
		NULL, BUF_INIT                                                 \
	}

/* From here to gc_release no `git gc` starts in this repository: one that
 * prunes at once (`--prune=now`) would remove what was just written.  Such a
 * one that runs already is waited for; after a minute ERR_FATAL.  One that
 * spares young objects, as it does unless told otherwise, is no matter.  Where
 * nothing can be held (no permission), ERR_OK. */
enum err gc_keep_away(struct repo *r, struct gc_hold *h, struct error *err);
void gc_release(struct gc_hold *h);
/* Did a killed process leave one behind?  gc_keep_away removes it. */
bool gc_is_left(struct repo *r);

#endif
