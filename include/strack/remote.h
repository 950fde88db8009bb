/*
 * Another repository that has a ledger, as git itself reaches it: any
 * transport, its credentials, its settings.  A push to it is a
 * compare-and-swap: one that is not a fast-forward is refused there.
 *
 * Nobody is ever asked for anything, and each question has a time limit.
 */
#ifndef STRACK_REMOTE_H
#define STRACK_REMOTE_H

#include <stdbool.h>
#include "strack/error.h"
#include "strack/object.h"

struct remote;

/* By the name of a configured remote.  ERR_FATAL where there is none of that
 * name, or it has several URLs to push to: a push to several repositories is no
 * compare-and-swap.  `timeout_ms` is for each question; 0 none. */
enum err remote_open(struct repo *r, const char *name, int timeout_ms,
	struct remote **ret, struct error *err);
void remote_free(struct remote *m);
const char *remote_name(const struct remote *m);

/* All of these: ERR_HELD when it can't be reached, does not answer in time, or
 * refuses, with git's own words. */

/* The commit that a reference has there; ERR_NOTFOUND when there is none. */
enum err remote_tip(
	struct remote *m, const char *ref, struct oid *ret, struct error *err);
enum remote_fetch {
	REMOTE_PLAIN,
	REMOTE_DEEPEN, /* all of a history that ends in a shallow clone */
	REMOTE_REFETCH /* all objects anew: a partial clone left some out */
};
/* Brings what `ref` has there into `into` here, whatever that was before, and
 * touches nothing else; ERR_NOTFOUND when there is none. */
enum err remote_fetch(struct remote *m, const char *ref, const char *into,
	enum remote_fetch how, struct error *err);
/* Lets `ref` be `id` there, which must be a fast-forward; with `dry` only asks
 * whether it may be.  ERR_OK: it was told so.  ERR_HELD: it may be there all
 * the same; look. */
enum err remote_push(struct remote *m, const struct oid *id, const char *ref,
	bool dry, struct error *err);

/* Does this clone leave out blobs that its remotes have? */
bool repo_is_partial(struct repo *r);

#endif
