/*
 * What git itself does to files, index and branch on our behalf, where only it
 * does it right: taking files away and committing that.  Nothing is forced.
 */
#ifndef STRACK_PORCELAIN_H
#define STRACK_PORCELAIN_H

#include "strack/error.h"
#include "strack/object.h"
#include "strack/strmap.h"
#include "strack/strvec.h"

/* What `git status` says of the tracked files that are not as in HEAD, by
 * path: one of the words below, static text. */
#define FILE_STAGED "has changes that are staged"
#define FILE_EDITED "has changes that are not committed"
#define FILE_UNMERGED "is in a merge conflict"
#define FILE_MISSED "is missing in the work tree"
#define FILE_DELETED "is deleted in the index"
enum err worktree_changes(
	struct repo *r, struct strmap *ret, struct error *err);

/* Paths in the index below the folders, as keys of `ret`. */
enum err worktree_listing(struct repo *r, const struct strvec *folders,
	struct strmap *ret, struct error *err);

/* `git rm` of exactly these paths from the top, without hooks.  Emptied
 * folders go, but for the one we stand in. */
enum err worktree_remove(
	struct repo *r, const struct strvec *paths, struct error *err);

/* Why no commit of some paths alone can be made just now, or NULL; static. */
const char *worktree_commit_refused(struct repo *r);
/* Commits what the work tree has at these paths and nothing else that is
 * staged, with the user's hooks, whose output goes to our standard error.
 * `message` is the path of a file. */
enum err worktree_commit(struct repo *r, const struct strvec *paths,
	const char *message, struct error *err);

#endif
