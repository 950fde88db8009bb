/* Private to src/core: what a script that could run waits for. */
#ifndef STRACK_CORE_PLANWAIT_H
#define STRACK_CORE_PLANWAIT_H

#include "strack/plan.h"
#include "strack/strmap.h"

struct planwait {
	const struct plan_facts *f;
	const struct plan
		*before;     /* items so far, in the order of f->scripts */
	struct strmap names; /* path or base name to index + 1, AMBIGUOUS */
};
void planwait_release(struct planwait *w);

/* Blocks the item if it waits for anything, with each reason and the commands
 * that bring it further. */
void planwait_check(struct planwait *w, struct plan_item *it);

#endif
