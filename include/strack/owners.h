/*
 * Whose a script is: the author of the commit that added it.  Unsigned text,
 * so it is good for reminding people and decides nothing.
 */
#ifndef STRACK_OWNERS_H
#define STRACK_OWNERS_H

#include "strack/session.h"
#include "strack/strvec.h"

struct owner {
	bool known;
	bool yours; /* the mail is that of user.email (or author.email) */
	struct oid commit;
	char *name, *mail;
	int64_t when; /* Unix seconds */
};

/* For each path, as HEAD has it; not known where HEAD has no such path, or the
 * history does not reach so far back.  What was found is kept in the cache of
 * the state folder, where there is one, so that later only what is new in the
 * history is looked at.  Trouble with the history is no error: nothing is
 * known then.  `ret` has room for paths->n and is released by the caller. */
void owners_find(
	struct session *s, const struct strvec *paths, struct owner *ret);
void owner_release(struct owner *o);
/* Is somebody known as "you" at all? */
bool owners_know_you(struct session *s);

#endif
