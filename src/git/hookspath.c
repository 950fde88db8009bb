/*
 * Where git looks for hooks, and the mode that a hook gets.  Must not know
 * what is in them.
 */
#include "internal.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "strack/file.h"

#define PATH_BYTES_MAX 65536

/* git alone knows core.hooksPath in all of its scopes, and linked work trees.
 * A relative answer is relative to where git was asked, and repo_git asks where
 * hooks are run: at the top of the work tree, or in a bare repository. */
enum err repo_hooks_dir(struct repo *r, char **ret, struct error *err)
{
	static const char *const argv[] = { "git", "rev-parse", "--git-path",
		"hooks", NULL };
	struct process_result said = PROCESS_RESULT_INIT;
	const char *base = r->work_tree ? r->work_tree : r->git_dir;
	const char *set = repo_config(r, "core.hookspath");
	enum err rc;

	rc = repo_git(r, argv, NULL, 0, PATH_BYTES_MAX, &said, err);
	if (rc)
		goto out;
	if (said.exit != 0) {
		buf_trim_end(&said.err);
		rc = error_set(err, ERR_FATAL,
			"git can't tell where its hooks are: %s", said.err.ptr);
		goto out;
	}
	if (said.out.len && said.out.ptr[said.out.len - 1] == '\n')
		buf_setlen(&said.out, said.out.len - 1);
	/* Of an empty one rev-parse makes the current folder, but where git
	 * looks for its hooks is "" and "/post-merge". */
	if (set && !*set)
		*ret = xstrdup("/");
	else if (said.out.ptr[0] == '/')
		*ret = xstrdup(said.out.ptr);
	else
		*ret = path_join(base, said.out.ptr);
out:
	process_result_release(&said);
	return rc;
}

mode_t repo_executable_mode(const struct repo *r)
{
	mode_t mask = umask(0);

	umask(mask);
	if (r->umask >= 0)
		mask = (mode_t)r->umask;
	/* Whatever the umask: git passes over what can't be executed. */
	return (0777 & ~mask) | 0700;
}
