/* References, and the history behind them. */
#ifndef STRACK_REFS_H
#define STRACK_REFS_H

#include "strack/object.h"
#include "strack/strmap.h"
#include "strack/strvec.h"

/* ERR_NOTFOUND when missing; a symbolic ref is followed. */
enum err ref_read(
	struct repo *r, const char *name, struct oid *ret, struct error *err);
/* Compare-and-swap: `old` NULL means it must not exist.  ERR_MOVED when it
 * has another value; a lock held by another program is waited for (about 2 s,
 * jittered), then ERR_FATAL naming the .lock file and what to do when it is
 * stale.  Durable and read back when it returns ERR_OK. */
enum err ref_cas(struct repo *r, const char *name, const struct oid *new,
	const struct oid *old, const char *reflog, struct error *err);
/* Deletes it if it has the value `old`; ERR_MOVED otherwise. */
enum err ref_delete(struct repo *r, const char *name, const struct oid *old,
	struct error *err);
/* Names under a prefix ("refs/remotes/"), sorted. */
enum err ref_list(struct repo *r, const char *prefix, struct strvec *ret,
	struct error *err);
/* The work tree that has the branch checked out: its path, else ERR_NOTFOUND.
 */
enum err ref_checked_out(
	struct repo *r, const char *name, struct buf *path, struct error *err);

/* What the last line of a reflog says. */
struct reflog_line {
	struct oid old, new;
	struct buf message;
};
/* Of HEAD, or with `branch` of the branch that it is on.  ERR_NOTFOUND where
 * there is no such branch or no reflog. */
enum err ref_last_move(struct repo *r, bool branch, struct reflog_line *ret,
	struct error *err);

/* Commits reachable from `tip` and not from `base` (NULL: all), parents before
 * children (topological).  At the edge of a shallow clone ERR_NOTFOUND with
 * the fetch that mends it as hint. */
enum err history_list(struct repo *r, const struct oid *tip,
	const struct oid *base, struct oidvec *ret, struct error *err);
/* Is `a` equal to `b` or an ancestor of it?  A commit that is not here is no
 * ancestor. */
enum err history_is_ancestor(struct repo *r, const struct oid *a,
	const struct oid *b, bool *ret, struct error *err);
/* Commits of `tip` that touch `path`: the newest one (for who and when);
 * ERR_NOTFOUND. First-parent is not assumed. */
enum err history_last_change(struct repo *r, const struct oid *tip,
	const char *path, struct oid *ret, struct error *err);

/* The commit that words name as git reads them ("main", "HEAD~3",
 * "@{upstream}", an id).  ERR_NOTFOUND when they name none here. */
enum err rev_commit(
	struct repo *r, const char *rev, struct oid *ret, struct error *err);
/* The best commit that is behind both; ERR_NOTFOUND where there is none, or a
 * shallow clone does not reach back to it. */
enum err history_merge_base(struct repo *r, const struct oid *a,
	const struct oid *b, struct oid *ret, struct error *err);
/* What an earlier search at another tip found: a commit that is not in `fresh`
 * (a set of 40 hex digits) has of the paths what that tip had. */
struct added_before {
	const struct strmap *fresh;
	const struct oid *known; /* for each path; zero: not known */
};
/* For each of many paths the newest commit that added it, as `tip` has it, in
 * one walk: along a parent that has the same there, else along the first that
 * has the path at all, until none has.  Zero where `tip` does not have it and
 * where the history ends before (the edge of a shallow clone).  `before` may be
 * NULL.  `ret` has room for paths->n. */
enum err history_added(struct repo *r, const struct oid *tip,
	const struct strvec *paths, const struct added_before *before,
	struct oid *ret, struct error *err);

#endif
