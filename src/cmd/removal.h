/* Private to `remove`: which scripts may go, and what stands in the way. */
#ifndef STRACK_CMD_REMOVAL_H
#define STRACK_CMD_REMOVAL_H

#include "strack/session.h"
#include "strack/strvec.h"

struct obstacle {
	char *env; /* where, or NULL: it is about the files */
	char *why;
	char *how; /* commands, one a line; may be empty */
};

struct removal { /* of one script */
	char *path;
	struct strvec files;   /* in the index: git is to remove them */
	struct strvec gone;    /* no longer there, but HEAD still has them */
	struct strvec settled; /* environments that settled it */
	struct strvec retire;  /* those of them that are not retired yet */
	bool has_blob;
	struct oid blob; /* of the script, in HEAD */
	struct obstacle *v;
	size_t n, cap;
	struct strvec needs; /* environments where it must be settled */
	struct strvec known; /* environments that the ledger knows it in */
};

struct removals {
	struct removal *v;
	size_t n, cap;
};
#define REMOVALS_INIT                                                          \
	{                                                                      \
		NULL, 0, 0                                                     \
	}
void removals_release(struct removals *l);

/* Those that the words name, and without words all that git has or lost since
 * HEAD.  The ledger is open.  What may not go has obstacles. */
enum err removals_find(struct session *s, const struct strvec *words,
	struct removals *ret, struct error *err);

/* ---- removaltext.c ---- */

/* "production: failed (exit 1); ...", what stands in the way of one. */
void removal_why(const struct removal *r, struct buf *ret);
/* All of it as an error; ERR_HELD. */
enum err removals_refuse(const struct removals *l, struct error *err);
/* Subject alone, and the whole message of the commit: each script, and where
 * and when it ran.  Reads the ledger. */
void removals_subject(const struct removals *l, struct buf *ret);
enum err removals_message(struct session *s, const struct removals *l,
	struct buf *ret, struct error *err);

#endif
