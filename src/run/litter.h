/*
 * Removes what killed processes left lying about in this clone.  Private to
 * src/run: lost_record does it.
 */
#ifndef RUN_LITTER_H
#define RUN_LITTER_H

#include "strack/run.h"
#include "strack/session.h"

/* Removes it, or with `dry` only counts; adds to the counts. */
enum err litter_remove(const struct session *s, bool dry, struct litter *ret,
	struct error *err);

#endif
