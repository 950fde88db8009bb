/*
 * Which commit brought which entry, for many entries asked for newest first.
 * The history is walked along with the questions, and each commit is looked
 * at once; to ask it anew for every entry would be quadratic.
 */
#ifndef STRACK_CMD_BROUGHT_H
#define STRACK_CMD_BROUGHT_H

#include "strack/session.h"
#include "strack/strmap.h"

struct brought {
	struct oidvec commits; /* parents first */
	size_t left;           /* how many were not looked at */
	struct strmap by_path; /* path to commit, hex (owned) */
	bool listed;
};
#define BROUGHT_INIT                                                           \
	{                                                                      \
		OIDVEC_INIT, 0, STRMAP_INIT, false                             \
	}

/* 40 hex, good until release; NULL when no commit that is here did. */
const char *brought_by(struct brought *b, struct session *s, const char *path);
void brought_release(struct brought *b);

#endif
