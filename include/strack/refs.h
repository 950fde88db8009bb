/* References, and the history behind them. */
#ifndef STRACK_REFS_H
#define STRACK_REFS_H

#include "strack/object.h"
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

#endif
