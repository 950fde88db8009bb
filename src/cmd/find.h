/* From what a person typed to the run, or the entry, that is meant. */
#ifndef STRACK_CMD_FIND_H
#define STRACK_CMD_FIND_H

#include "strack/session.h"

struct found {
	char *run;    /* its id; NULL when an entry alone was found */
	char *entry;  /* path of the entry that was named, or NULL */
	char *folder; /* where its entries are */
	char *script; /* when a script was named, else NULL */
};
#define FOUND_INIT                                                             \
	{                                                                      \
		NULL, NULL, NULL, NULL                                         \
	}
void found_release(struct found *f);

/* A run id or entry id by a prefix of at least FIND_LEAST characters, or a
 * script (then its last run in s->env).  ERR_NOTFOUND, ERR_BAD with the
 * matches as hint. */
#define FIND_LEAST 4
enum err find_run(struct session *s, const char *typed, struct found *ret,
	struct error *err);

#endif
