/*
 * Who has approved the bytes of a script for an environment, and whose
 * approval counts now.  What verification demands of claims that were made is
 * strack-ledger(5)'s, "APPROVALS"; here is what a run asks before it makes one.
 */
#ifndef STRACK_APPROVALS_H
#define STRACK_APPROVALS_H

#include "strack/session.h"

struct approvals_ask {
	const char *script, *blob, *env;
	bool any_runner; /* also those of whoever would run it here */
};
/* How many persons approved these bytes and count.  `note` gets what is to be
 * said of approvals that don't, or nothing; it is not escaped. */
enum err approvals_count(struct session *s, const struct approvals_ask *ask,
	int64_t *ret, struct buf *note, struct error *err);
/* Is there an approval of these bytes by this very key that counts? */
enum err approvals_has(struct session *s, const struct approvals_ask *ask,
	const char *fingerprint, bool *ret, struct error *err);

/* Mail address of the author of the last commit that changed the script, as
 * that commit says: anybody can write anything there.  False where it can't
 * be told. */
bool approvals_author(struct session *s, const char *script, struct buf *ret);
/* Are these the same person?  `name` may be NULL. */
bool approvals_is_author(const char *author, const char *name);

#endif
