/*
 * Companions: the file beside a script that undoes it (`.rollback.EXT`) and
 * the one that tells whether its effect is in place (`.verify.EXT`).  Their
 * names are section 2 of the design and strack-script(7).
 */
#ifndef STRACK_COMPANION_H
#define STRACK_COMPANION_H

#include "strack/script.h"
#include "strack/strmap.h"

#define COMPANION_ROLLBACK "rollback"
#define COMPANION_VERIFY "verify"

/* What is in the folders that were asked about; each is looked at once. */
struct companions {
	struct repo *r;
	const struct settings *s;
	/* private */
	struct strmap folders;
	struct strmap by_stem;
};
#define COMPANIONS_INIT(repo, settings)                                        \
	{                                                                      \
		(repo), (settings), STRMAP_INIT, STRMAP_INIT                   \
	}
void companions_release(struct companions *c);

/* The companion `what` of a script of the work tree, read (script_read) and fit
 * to be started; *ret is the caller's (script_free), NULL where there is none.
 * ERR_BAD: there are two, it can't be started, or two scripts have a claim to
 * it; err names the files. */
enum err companion_find(struct companions *c, const char *script,
	const char *what, struct script **ret, struct error *err);

#endif
