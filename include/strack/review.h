/* What a review must be to count.  Pure. */
#ifndef STRACK_REVIEW_H
#define STRACK_REVIEW_H

#include <stdbool.h>
#include "strack/entry.h"

#define VERDICT_OK "ok"
#define VERDICT_FLAG "flag"

/* Why the review does not count, as a whole sentence; NULL when it does.
 * `target` is the entry that it names, where there is one that counts, else
 * NULL; `same_person` tells whether one person signed both. */
const char *review_refuses(const struct entry *review,
	const struct entry *target, bool same_person);

#endif
