/* What a merge, a rebase or a switch brought into the work tree, as git's
 * hooks tell it. */
#ifndef STRACK_CMD_CAMEIN_H
#define STRACK_CMD_CAMEIN_H

#include "strack/session.h"
#include "strack/strmap.h"

/* The hook that `name` is, with its arguments as git gave them (and, for
 * post-rewrite, standard input).  Puts the paths of files that are dated like
 * scripts and are new in HEAD's tree into `ret`.  *quiet: git is only on its
 * way, or nothing came and went, so nothing at all is to be said.  ERR_USAGE:
 * no hook of ours, or not its arguments. */
enum err came_in(struct session *s, const char *name, const struct strvec *args,
	struct strmap *ret, bool *quiet, struct error *err);

#endif
