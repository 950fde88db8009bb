/*
 * The repository that a command works on: found as git finds it (work tree,
 * sub-directory, linked work tree, bare, GIT_DIR, GIT_WORK_TREE), with git's
 * own idea of configuration, identity and ownership where libgit2's differs.
 */
#ifndef STRACK_REPO_H
#define STRACK_REPO_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include "strack/buf.h"
#include "strack/error.h"
#include "strack/object.h"
#include "strack/strvec.h"

struct repo;

/* Starts libgit2 (once: it costs 4 to 6 ms) with fsync of its files off (we
 * sync ourselves, see objects_sync and ref_cas), finds and opens.  Plain
 * errors for: no repository, sha256 or reftable format, owned by somebody
 * else (as git itself judges safe.directory), broken GIT_DIR. */
enum err repo_open(struct repo **ret, struct error *err);
void repo_free(struct repo *r);

/* Absolute paths without a final slash. */
const char *repo_git_dir(const struct repo *r);    /* of this work tree */
const char *repo_common_dir(const struct repo *r); /* of all of them */
const char *repo_work_tree(const struct repo *r);  /* NULL: bare */
/* The path of the current folder below the top: "" or "sub/dir/". */
const char *repo_prefix(const struct repo *r);

/* Commit of HEAD; ERR_NOTFOUND while there is none. */
enum err repo_head(struct repo *r, struct oid *ret, struct error *err);

/* The value that git would use (all scopes, includes, `git -c`, GIT_CONFIG_*),
 * valid until the repo is freed or repo_config_set; NULL when unset.  Where
 * any GIT_CONFIG* variable is set `git config` is asked, else libgit2. */
const char *repo_config(struct repo *r, const char *key);
/* A git boolean; `fallback` when unset; ERR_FATAL naming file and key when it
 * is none. */
enum err repo_config_bool(struct repo *r, const char *key, bool fallback,
	bool *ret, struct error *err);
/* Where the value stands, "file:.git/config", for messages. */
void repo_config_origin(struct repo *r, const char *key, struct buf *ret);
/* Sets it in this clone's config (shared by its work trees). NULL unsets. */
enum err repo_config_set(
	struct repo *r, const char *key, const char *value, struct error *err);

/* "Name <mail> 1763720102 +0000" as git would choose it, for "AUTHOR" or
 * "COMMITTER": variables, author.*, committer.* and user.* config, dates; where
 * the simple cases don't answer, `git var` is asked.  No identity is an error
 * that prints the two git config commands. */
enum err repo_identity(
	struct repo *r, const char *who, struct buf *ret, struct error *err);

/* Names of the configured remotes. */
enum err repo_remotes(struct repo *r, struct strvec *ret, struct error *err);
bool repo_is_shallow(struct repo *r);

/* core.sharedRepository as file and folder modes for the state folder:
 * 0600/0700, or 0660/0770 for group and wider. */
void repo_state_modes(struct repo *r, unsigned *file, unsigned *dir);

/* The folder where git looks for hooks, absolute, as git itself says; links in
 * it are not resolved, and it need not be there.  The caller frees it. */
enum err repo_hooks_dir(struct repo *r, char **ret, struct error *err);
/* Mode of an executable file or a folder: the umask and core.sharedRepository
 * applied, and all of it for the owner. */
mode_t repo_executable_mode(const struct repo *r);

/* ---- the work tree ---- */

/* What git would ignore (and does not track). `path` from the top. */
enum err worktree_ignored(
	struct repo *r, const char *path, bool *ret, struct error *err);
/* Blob id that `git add` would give the file (CRLF, ident and filter drivers
 * included; drivers only through git itself).  The index answers when its stat
 * data prove that the file is unchanged.  ERR_NOTFOUND; ERR_TOOBIG over `max`
 * bytes on disk.  With `write` the blob is also written to the object store. */
enum err worktree_blob(struct repo *r, const char *path, size_t max, bool write,
	struct oid *ret, struct error *err);
/* Is the path in the index? */
bool worktree_tracked(struct repo *r, const char *path);
/* What the index alone says of a file: is it tracked, and (*proved) is it, by
 * `st`, which lstat gave for it, unchanged and therefore still *blob? */
struct stat;
bool worktree_known(struct repo *r, const char *path, const struct stat *st,
	bool *proved, struct oid *blob);
/* Forgets what was read of the index (another program may have changed it). */
void worktree_refresh(struct repo *r);
/* Would libgit2 and git take this path in a tree (no .git, .., empty parts,
 * ...)? */
bool worktree_path_valid(const char *path);

#endif
