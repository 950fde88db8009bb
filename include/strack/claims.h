/* Claims as they stand on the ledger: which one a run, or the last run, had. */
#ifndef STRACK_CLAIMS_H
#define STRACK_CLAIMS_H

#include "strack/ledger.h"
#include "strack/session.h"
#include "strack/strvec.h"

/* Does it count, and for us: in `local` only what this clone wrote does? */
bool claims_ours(const struct session *s, const struct ledger_entry *le);

/* The newest claim of a script in the session's environment; with `run`, the
 * one of that run.  *ret is the caller's (entry_free).  ERR_NOTFOUND. */
enum err claims_find(struct session *s, const char *script, const char *run,
	struct entry **ret, struct error *err);

/* The parameters that it names, NAME=VALUE; false where one of them was a
 * secret, which is left out: nobody has it any more. */
bool claims_params(const struct entry *claim, struct strvec *ret);

#endif
