/*
 * git's own commands for taking files away; see the header.  Paths go to them
 * as literal pathspecs from the top.
 */
#include "strack/porcelain.h"
#include "internal.h"

#include <stdlib.h>
#include <unistd.h>
#include "strack/file.h"

#define LISTING_MAX (256u << 20)
#define ARGS_MAX 200 /* paths on one command line */

/* Runs it where we stand, and makes an error of a failure. */
static enum err run_git(struct repo *r, struct process_opts *opts,
	const char *what, struct process_result *res, struct error *err)
{
	char *here = r->work_tree ? path_join(r->work_tree, r->prefix) : NULL;
	enum err rc;

	opts->dir = here;
	opts->max_out = LISTING_MAX;
	rc = repo_git_with(r, opts, res, err);
	free(here);
	if (rc) {
		error_prefix(err, "%s", what);
		return ERR_FATAL;
	}
	if (res->exit == 0)
		return ERR_OK;
	buf_trim_end(&res->err);
	if (res->signal)
		return error_set(err, ERR_FATAL, "%s: ended by %s", what,
			process_signal_name(res->signal));
	return error_set(err, ERR_FATAL, "%s failed (exit %d)%s%s", what,
		res->exit, res->err.len ? ": " : "", res->err.ptr);
}

/* ---- looking ---- */

static const char *change_word(char index, char tree)
{
	if (index == 'U' || tree == 'U' || (index == 'A' && tree == 'A') ||
		(index == 'D' && tree == 'D'))
		return FILE_UNMERGED;
	if (index == 'D')
		return FILE_DELETED;
	if (index != ' ')
		return FILE_STAGED;
	return tree == 'D' ? FILE_MISSED : FILE_EDITED;
}

enum err worktree_changes(struct repo *r, struct strmap *ret, struct error *err)
{
	static const char *const argv[] = { "git", "--no-optional-locks", "-c",
		"core.fsmonitor=false", "status", "--porcelain=v1", "-z",
		"--untracked-files=no", "--no-renames",
		"--ignore-submodules=all", NULL };
	struct process_opts opts = { .argv = argv };
	struct process_result res = PROCESS_RESULT_INIT;
	enum err rc = run_git(r, &opts, "git status", &res, err);

	if (!rc) {
		const char *p = res.out.ptr, *end = p + res.out.len;

		for (; p + 3 < end; p += strlen(p) + 1)
			strmap_put(ret, p + 3, (void *)change_word(p[0], p[1]));
	}
	process_result_release(&res);
	return rc;
}

enum err worktree_listing(struct repo *r, const struct strvec *folders,
	struct strmap *ret, struct error *err)
{
	struct strvec argv = STRVEC_INIT;
	struct process_opts opts = { 0 };
	struct process_result res = PROCESS_RESULT_INIT;
	enum err rc;

	strvec_pushl(&argv, "git", "ls-files", "-z", "--full-name", "--", NULL);
	for (size_t i = 0; i < folders->n; i++)
		strvec_pushf(&argv, ":(top,literal)%s", folders->v[i]);
	opts.argv = (const char *const *)argv.v;
	rc = run_git(r, &opts, "git ls-files", &res, err);
	if (!rc) {
		const char *p = res.out.ptr, *end = p + res.out.len;

		for (; p < end; p += strlen(p) + 1)
			strmap_put(ret, p, r);
	}
	process_result_release(&res);
	strvec_release(&argv);
	return rc;
}

/* ---- doing ---- */

/* By arguments, some at a time: `git rm --pathspec-from-file` of git 2.39 fails
 * below the top, and from the top it would take away the folder that we stand
 * in.  All were looked at before, so that the first call does not fail for
 * what the second holds. */
enum err worktree_remove(
	struct repo *r, const struct strvec *paths, struct error *err)
{
	enum err rc = ERR_OK;

	for (size_t i = 0; !rc && i < paths->n; i += ARGS_MAX) {
		struct process_result res = PROCESS_RESULT_INIT;
		struct process_opts opts = { 0 };
		struct strvec argv = STRVEC_INIT;

		strvec_pushl(&argv, "git", "-c", "core.hooksPath=/dev/null",
			"rm", "-q", "--", NULL);
		for (size_t k = i; k < paths->n && k < i + ARGS_MAX; k++)
			strvec_pushf(&argv, ":(top,literal)%s", paths->v[k]);
		opts.argv = (const char *const *)argv.v;
		rc = run_git(r, &opts, "git rm", &res, err);
		process_result_release(&res);
		strvec_release(&argv);
	}
	worktree_refresh(r);
	return rc;
}

const char *worktree_commit_refused(struct repo *r)
{
	static const struct {
		const char *file, *why;
	} under_way[] = {
		{ "MERGE_HEAD", "a merge is under way" },
		{ "CHERRY_PICK_HEAD", "a cherry-pick is under way" },
		{ "REVERT_HEAD", "a revert is under way" },
	};
	const char *why = NULL;

	for (size_t i = 0; !why && i < ARRAY_SIZE(under_way); i++) {
		char *path = path_join(r->git_dir, under_way[i].file);

		if (access(path, F_OK) == 0)
			why = under_way[i].why;
		free(path);
	}
	return why;
}

enum err worktree_commit(struct repo *r, const struct strvec *paths,
	const char *message, struct error *err)
{
	const char *argv[] = { "git", "commit", "-q", "--only",
		"--cleanup=whitespace", "-F", message, "--pathspec-from-file=-",
		"--pathspec-file-nul", NULL };
	struct process_opts opts = { .argv = argv, .inherit_err = true };
	struct process_result res = PROCESS_RESULT_INIT;
	struct buf input = BUF_INIT;
	enum err rc;

	for (size_t i = 0; i < paths->n; i++) {
		buf_addf(&input, ":(top,literal)%s", paths->v[i]);
		buf_addch(&input, '\0');
	}
	opts.input = input.ptr;
	opts.input_len = input.len;
	rc = run_git(r, &opts, "git commit", &res, err);
	worktree_refresh(r);
	buf_release(&input);
	process_result_release(&res);
	return rc;
}
