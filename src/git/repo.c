/*
 * Finding and opening the repository as git would, including what libgit2
 * does otherwise: GIT_WORK_TREE, settings per work tree, safe.directory.
 * Knows nothing of objects, references and the ledger.
 */
#include "internal.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <git2/sys/repository.h>
#include "strack/file.h"
#include "strack/text.h"

/* Extensions of format 1 that change nothing for us.  objectformat and
 * refstorage are let in because format_check says it better than libgit2. */
static const char *const extensions[] = {
	"noop-v1",
	"preciousobjects",
	"partialclone",
	"worktreeconfig",
	"objectformat",
	"refstorage",
};

enum err git_fail(struct error *err, enum err code, const char *fmt, ...)
{
	const git_error *last = git_error_last();
	struct buf what = BUF_INIT;
	va_list ap;

	va_start(ap, fmt);
	buf_addv(&what, fmt, ap);
	va_end(ap);
	error_set(err, code, "%s: %s", what.ptr,
		last && last->message ? last->message : "unknown reason");
	buf_release(&what);
	return code;
}

void lock_hint(const char *lock, struct error *err)
{
	struct buf word = BUF_INIT;

	shell_word(&word, lock);
	error_hint(err, "wait for the other program; when none is running:");
	error_hint(err, "  rm %s", word.ptr);
	buf_release(&word);
}

static const char *env(const char *name)
{
	const char *s = getenv(name);

	return str_empty(s) ? NULL : s;
}

#define CACHE_BYTES (2 << 20)

/* libgit2's start-up is most of what a short command costs: once, here. */
static enum err library_start(struct error *err)
{
	if (git_libgit2_init() < 0)
		return git_fail(err, ERR_FATAL, "libgit2 does not start");
	/* Ownership is judged by owner_check, the way git does. */
	if (git_libgit2_opts(GIT_OPT_SET_OWNER_VALIDATION, 0) < 0 ||
		git_libgit2_opts(GIT_OPT_SET_EXTENSIONS, extensions,
			ARRAY_SIZE(extensions)) < 0 ||
		git_libgit2_opts(GIT_OPT_ENABLE_FSYNC_GITDIR, 0) < 0 ||
		/* A run looks at the same few trees and commits again and
		 * again.  What is written is read back once before it gets
		 * into the cache (objects_sync), and objects_refresh empties
		 * it. */
		git_libgit2_opts(
			GIT_OPT_SET_CACHE_MAX_SIZE, (ssize_t)CACHE_BYTES) < 0) {
		git_fail(err, ERR_FATAL, "libgit2 does not start");
		git_libgit2_shutdown();
		return ERR_FATAL;
	}
	return ERR_OK;
}

static enum err open_fail(int rc, const char *dir, struct error *err)
{
	const git_error *last = git_error_last();

	if (rc != GIT_ENOTFOUND) {
		if (last && last->message &&
			strstr(last->message, "unsupported extension"))
			error_hint(err, "this repository uses a feature of "
					"newer versions of git");
		else
			error_hint(err, "see what git says of it:\n"
					"  git status");
		return git_fail(err, ERR_FATAL, "can't open the repository");
	}
	if (dir) {
		error_hint(err, "let GIT_DIR name a repository's .git folder, "
				"or unset it");
		return error_set(err, ERR_FATAL,
			"not a git repository: '%s' (from GIT_DIR)", dir);
	}
	error_set(err, ERR_FATAL,
		"not a git repository (or any of the parent directories)");
	error_hint(err, "go to your repository, or make one with: git init");
	return ERR_FATAL;
}

static enum err open_git(git_repository **ret, struct error *err)
{
	const char *dir = env("GIT_DIR");
	const char *across = env("GIT_DISCOVERY_ACROSS_FILESYSTEM");
	unsigned flags = 0;
	int yes = 0, rc;

	if (dir)
		flags |= GIT_REPOSITORY_OPEN_NO_SEARCH |
			 GIT_REPOSITORY_OPEN_NO_DOTGIT;
	if (across && git_config_parse_bool(&yes, across) == 0 && yes)
		flags |= GIT_REPOSITORY_OPEN_CROSS_FS;
	rc = git_repository_open_ext(
		ret, dir ? dir : ".", flags, env("GIT_CEILING_DIRECTORIES"));
	return rc < 0 ? open_fail(rc, dir, err) : ERR_OK;
}

/* A copy without the slash that libgit2 puts at the end. */
static char *path_plain(const char *path)
{
	size_t len = strlen(path);

	while (len > 1 && path[len - 1] == '/')
		len--;
	return xstrndup(path, len);
}

static enum err path_real(const char *path, char **ret, struct error *err)
{
	char *real = realpath(path, NULL); /* malloc'ed by libc */

	if (!real)
		return error_sys(err, "%s", path);
	*ret = real;
	return ERR_OK;
}

/* With extensions.worktreeConfig `git sparse-checkout` moves core.bare and
 * core.worktree into a file that libgit2 1.5 doesn't read. */
static enum err worktree_config(struct repo *r, struct error *err)
{
	git_config *live = NULL;
	char *path = NULL;
	int on = 0, rc;
	enum err e = ERR_OK;

	rc = git_repository_config(&live, r->git);
	if (rc < 0)
		return git_fail(err, ERR_FATAL, "can't read the configuration");
	if (git_config_get_bool(&on, live, "extensions.worktreeconfig") < 0 ||
		!on)
		goto out;
	path = path_join(r->git_dir, "config.worktree");
	rc = git_config_add_file_ondisk(
		live, path, GIT_CONFIG_LEVEL_APP, r->git, 0);
	if (rc < 0 && rc != GIT_ENOTFOUND)
		e = git_fail(err, ERR_FATAL, "can't read %s", path);
out:
	git_error_clear();
	free(path);
	git_config_free(live);
	return e;
}

static bool same_folder(const char *with_slash, const char *plain)
{
	size_t len = strlen(plain);

	return with_slash && strncmp(with_slash, plain, len) == 0 &&
	       strcmp(with_slash + len, "/") == 0;
}

/* Where the work tree is, after git's rules: GIT_WORK_TREE, core.worktree,
 * core.bare; with an explicit GIT_DIR the current folder; else beside the git
 * folder, which libgit2 has found out. */
static enum err work_tree_find(struct repo *r, struct error *err)
{
	const char *tree = env("GIT_WORK_TREE");
	const char *found = git_repository_workdir(r->git);
	const char *set = NULL;
	char *base = NULL;
	enum err rc = ERR_OK;
	bool linked = strcmp(r->git_dir, r->common_dir) != 0;
	bool bare = false;

	if (!linked) {
		rc = repo_config_bool(r, "core.bare", !found, &bare, err);
		if (rc)
			return rc;
		set = repo_config(r, "core.worktree");
	}
	if (!tree && bare)
		return ERR_OK;
	if (tree) {
		rc = path_real(tree, &r->work_tree, err);
		if (rc) {
			error_prefix(err, "GIT_WORK_TREE");
			error_hint(err, "let it name the folder of your files, "
					"or unset it");
		}
	} else if (set) {
		base = *set == '/' ? xstrdup(set) : path_join(r->git_dir, set);
		rc = path_real(base, &r->work_tree, err);
		if (rc)
			error_prefix(err, "core.worktree");
	} else if (env("GIT_DIR")) {
		rc = path_real(".", &r->work_tree, err);
	} else if (found) {
		r->work_tree = path_plain(found);
	}
	free(base);
	if (rc == ERR_NOTFOUND)
		rc = ERR_FATAL; /* not ours to handle further up */
	if (rc || !r->work_tree || same_folder(found, r->work_tree))
		return rc;
	if (git_repository_set_workdir(r->git, r->work_tree, 0) < 0)
		return git_fail(
			err, ERR_FATAL, "can't use work tree %s", r->work_tree);
	return ERR_OK;
}

static bool owned(const char *path)
{
	uid_t me = geteuid();
	const char *sudo;
	char *end = NULL;
	unsigned long id;
	struct stat st;

	if (lstat(path, &st) < 0)
		return false; /* let git say what it thinks of that */
	if (st.st_uid == me)
		return true;
	sudo = me == 0 ? env("SUDO_UID") : NULL;
	if (!sudo)
		return false;
	errno = 0;
	id = strtoul(sudo, &end, 10);
	return !errno && *end == '\0' && st.st_uid == id;
}

/* Whoever owns a repository can make commands of ours run by its config and
 * hooks, so git refuses foreign ones that safe.directory doesn't name.  The
 * usual case is decided here, all others by git itself. */
static enum err owner_check(struct repo *r, struct error *err)
{
	static const char *const argv[] = { "git", "rev-parse", "--git-dir",
		NULL };
	struct process_opts opts = { .argv = argv };
	struct buf said = BUF_INIT;
	char *link = NULL;
	bool ok;
	enum err rc = ERR_OK;

	if (env("GIT_DIR"))
		return ERR_OK; /* named by the user, git doesn't ask either */
	if (r->work_tree) {
		link = path_join(r->work_tree, ".git");
		ok = owned(r->work_tree) && owned(r->git_dir) &&
		     (access(link, F_OK) != 0 || owned(link));
	} else {
		ok = owned(r->git_dir) &&
		     !repo_config(r, "safe.barerepository");
	}
	if (!ok)
		rc = process_capture(&opts, &said, err);
	if (rc == ERR_NOTFOUND)
		rc = ERR_FATAL;
	free(link);
	buf_release(&said);
	return rc;
}

/* Object formats that neither we nor libgit2 1.5 can read. */
static enum err format_check(struct repo *r, struct error *err)
{
	const char *hash = repo_config(r, "extensions.objectformat");
	const char *refs = repo_config(r, "extensions.refstorage");

	if (hash && strcasecmp(hash, "sha1") != 0) {
		error_hint(err, "use it in a repository of the usual kind:\n"
				"  git init --object-format=sha1");
		return error_set(err, ERR_FATAL,
			"%s: repositories with %s object names are not "
			"supported, only sha1",
			r->git_dir, hash);
	}
	if (refs && strcasecmp(refs, "files") != 0) {
		error_set(err, ERR_FATAL,
			"%s: references in the format '%s' are not supported, "
			"only files",
			r->git_dir, refs);
		error_hint(err, "git refs migrate --ref-format=files");
		return ERR_FATAL;
	}
	return ERR_OK;
}

/* git takes relative paths in GIT_INDEX_FILE and GIT_OBJECT_DIRECTORY from
 * the top of the work tree, because it goes there first. */
char *repo_env_path(const struct repo *r, const char *name)
{
	const char *s = env(name);
	char *cwd, *path;

	if (!s || *s == '/')
		return s ? xstrdup(s) : NULL;
	if (r->work_tree)
		return path_join(r->work_tree, s);
	cwd = getcwd(NULL, 0);
	path = cwd ? path_join(cwd, s) : xstrdup(s);
	free(cwd);
	return path;
}

static void prefix_find(struct repo *r)
{
	char *cwd = getcwd(NULL, 0);
	size_t len = r->work_tree ? strlen(r->work_tree) : 0;
	size_t git = strlen(r->git_dir);
	const char *rest;

	r->prefix = NULL;
	if (cwd && len > 0 && strncmp(cwd, r->work_tree, len) == 0) {
		rest = len == 1 ? cwd : cwd + len;
		/* inside .git there is no place in the work tree */
		if (*rest == '/' && rest[1] &&
			!(strncmp(cwd, r->git_dir, git) == 0 &&
				(cwd[git] == '/' || cwd[git] == '\0')))
			r->prefix = xstrfmt("%s/", rest + 1);
	}
	if (!r->prefix)
		r->prefix = xstrdup("");
	free(cwd);
}

/* Which umask gives the modes that core.sharedRepository asks for. */
static void shared_find(struct repo *r)
{
	const char *s = repo_config(r, "core.sharedrepository");
	mode_t mask = umask(0);
	char *end = NULL;
	long n;
	int yes = 0;

	umask(mask);
	r->umask = -1;
	if (!s || strcmp(s, "umask") == 0)
		return;
	n = strtol(s, &end, 8);
	if (strcmp(s, "group") == 0 || (*s && !*end && n == 1))
		r->umask = (int)(mask & ~0070u);
	else if (strcmp(s, "all") == 0 || strcmp(s, "world") == 0 ||
		 strcmp(s, "everybody") == 0 || (*s && !*end && n == 2))
		r->umask = (int)(mask & ~0075u);
	else if (*s && !*end && n > 2 && n <= 0777)
		r->umask = (int)(0777u & ~((unsigned)n | ((n & 0444u) >> 2)));
	else if (git_config_parse_bool(&yes, s) == 0 && yes)
		r->umask = (int)(mask & ~0070u);
}

mode_t shared_enter(const struct repo *r)
{
	return r->umask >= 0 ? umask((mode_t)r->umask) : 0;
}

void shared_leave(const struct repo *r, mode_t before)
{
	if (r->umask >= 0)
		umask(before);
}

void repo_state_modes(struct repo *r, unsigned *file, unsigned *dir)
{
	bool group = r->umask >= 0 && (r->umask & 0060) == 0;

	*file = group ? 0660 : 0600;
	*dir = group ? 0770 : 0700;
}

static enum err repo_fill(struct repo *r, struct error *err)
{
	const char *common = env("GIT_COMMON_DIR");
	enum err rc;

	r->git_dir = path_plain(git_repository_path(r->git));
	r->common_dir = path_plain(git_repository_commondir(r->git));
	if (common) {
		char *real = NULL;

		rc = path_real(common, &real, err);
		if (!rc && strcmp(real, r->common_dir) != 0)
			rc = error_set(err, ERR_FATAL,
				"GIT_COMMON_DIR=%s is not the common "
				"directory of %s",
				common, r->git_dir);
		free(real);
		if (rc)
			return ERR_FATAL;
	}
	rc = worktree_config(r, err);
	if (!rc)
		rc = config_load(r, err);
	if (!rc)
		rc = format_check(r, err);
	if (!rc)
		rc = work_tree_find(r, err);
	if (!rc)
		rc = owner_check(r, err);
	if (rc)
		return rc;
	prefix_find(r);
	shared_find(r);
	r->objects_dir = repo_env_path(r, "GIT_OBJECT_DIRECTORY");
	if (!r->objects_dir)
		r->objects_dir = path_join(r->common_dir, "objects");
	rc = odb_open(r, err);
	return rc ? rc : refs_open(r, err);
}

enum err repo_open(struct repo **ret, struct error *err)
{
	struct repo *r;
	enum err rc;

	rc = library_start(err);
	if (rc)
		return rc;
	r = xcalloc(1, sizeof(*r));
	buf_init(&r->config.text);
	buf_init(&r->author.person);
	buf_init(&r->committer.person);
	r->umask = -1;
	rc = open_git(&r->git, err);
	if (!rc)
		rc = repo_fill(r, err);
	if (rc) {
		repo_free(r);
		return rc;
	}
	*ret = r;
	return ERR_OK;
}

void repo_free(struct repo *r)
{
	if (!r)
		return;
	incoming_close(r);
	index_release(&r->index);
	config_release(&r->config);
	buf_release(&r->author.person);
	buf_release(&r->committer.person);
	git_odb_free(r->odb);
	git_repository_free(r->git);
	free(r->git_dir);
	free(r->common_dir);
	free(r->work_tree);
	free(r->objects_dir);
	free(r->prefix);
	free(r);
	git_libgit2_shutdown();
}

const char *repo_git_dir(const struct repo *r)
{
	return r->git_dir;
}

const char *repo_common_dir(const struct repo *r)
{
	return r->common_dir;
}

const char *repo_work_tree(const struct repo *r)
{
	return r->work_tree;
}

const char *repo_prefix(const struct repo *r)
{
	return r->prefix;
}

enum err repo_git_with(struct repo *r, const struct process_opts *with,
	struct process_result *ret, struct error *err)
{
	/* These mean something to `git config` alone, to where we stand, and
	 * to pathspecs, which we write ourselves. */
	static const char *const unset[] = { "GIT_CONFIG", "GIT_PREFIX",
		"GIT_LITERAL_PATHSPECS", "GIT_GLOB_PATHSPECS",
		"GIT_NOGLOB_PATHSPECS", "GIT_ICASE_PATHSPECS" };
	char *objects = repo_env_path(r, "GIT_OBJECT_DIRECTORY");
	char *index = repo_env_path(r, "GIT_INDEX_FILE");
	struct process_opts opts = *with;
	struct strvec vars = STRVEC_INIT;
	enum err rc;

	strvec_pushf(&vars, "GIT_DIR=%s", r->git_dir);
	if (r->work_tree)
		strvec_pushf(&vars, "GIT_WORK_TREE=%s", r->work_tree);
	if (objects)
		strvec_pushf(&vars, "GIT_OBJECT_DIRECTORY=%s", objects);
	if (index)
		strvec_pushf(&vars, "GIT_INDEX_FILE=%s", index);
	for (size_t i = 0; i < ARRAY_SIZE(unset); i++)
		strvec_push(&vars, unset[i]);
	for (size_t i = 0; with->env && with->env[i]; i++)
		strvec_push(&vars, with->env[i]);
	opts.env = (const char *const *)vars.v;
	if (!opts.dir)
		opts.dir = r->work_tree ? r->work_tree : r->git_dir;
	rc = process_run(&opts, ret, err);
	strvec_release(&vars);
	free(objects);
	free(index);
	return rc;
}

enum err repo_git(struct repo *r, const char *const *argv, const void *input,
	size_t len, size_t max_out, struct process_result *ret,
	struct error *err)
{
	const struct process_opts opts = { .argv = argv,
		.input = input,
		.input_len = len,
		.max_out = max_out };

	return repo_git_with(r, &opts, ret, err);
}

enum err repo_head(struct repo *r, struct oid *ret, struct error *err)
{
	git_oid id;
	int rc = git_reference_name_to_id(&id, r->git, "HEAD");

	if (rc == GIT_ENOTFOUND)
		return error_set(
			err, ERR_NOTFOUND, "HEAD: there is no commit yet");
	if (rc < 0)
		return git_fail(err, ERR_FATAL, "HEAD");
	*ret = oid_from_git(&id);
	return ERR_OK;
}

/* libgit2 looks beside the HEAD of a linked work tree, git in the common
 * folder. */
bool repo_is_shallow(struct repo *r)
{
	char *path = path_join(r->common_dir, "shallow");
	struct stat st;
	bool yes = stat(path, &st) == 0 && st.st_size > 0;

	free(path);
	return yes;
}
