/*
 * The ad-hoc commands of a ledger: what opened each, how it ended, and who
 * reviewed it.
 */
#ifndef STRACK_ADHOC_H
#define STRACK_ADHOC_H

#include "strack/ledger.h"
#include "strack/strmap.h"

struct adhoc {
	struct ledger_entry *exec;     /* loaded; e is NULL: not readable */
	struct ledger_entry *outcome;  /* the last that counts, or NULL */
	struct ledger_entry **reviews; /* that count, oldest first */
	size_t nreviews, cap;
};

struct adhocs {
	struct ledger_entryvec entries; /* of the folder, oldest first */
	struct adhoc *v;                /* in the order of their execs */
	size_t n, cap;
	struct strmap by_id; /* exec to index + 1 */
};
#define ADHOCS_INIT                                                            \
	{                                                                      \
		LEDGER_ENTRYVEC_INIT, NULL, 0, 0, STRMAP_INIT                  \
	}

/* Reads all of them, those that a root disowned left out.  Good until the
 * release, whatever the ledger does. */
enum err adhocs_load(struct ledger *l, struct adhocs *ret, struct error *err);
void adhocs_release(struct adhocs *l);
/* By its run id, or NULL. */
const struct adhoc *adhocs_find(const struct adhocs *l, const char *run);
/* Has anybody looked at all of it?  A review from before its outcome says
 * nothing of that. */
bool adhoc_reviewed(const struct adhoc *a);

/* How the command ended that the exec of this id opened: the last entry that
 * counts, loaded.  ERR_NOTFOUND. */
enum err adhoc_outcome(struct ledger *l, const char *exec_id,
	struct ledger_entryvec *list, struct ledger_entry **ret,
	struct error *err);

#endif
