/*
 * Files of the work tree as git sees them: tracked, ignored, and the blob
 * that they would become.  The index spares reading files that did not
 * change.  Never executes what the work tree names, except filter drivers
 * that the user's own configuration defines, and those through git.
 */
#include "internal.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <git2/sys/repository.h>
#include "strack/file.h"

#define NAMES_MAX (256u << 20) /* bytes of `git ls-files` */

/* ---- the index ---- */

void index_release(struct index *x)
{
	indexfile_release(&x->file);
	strmap_release(&x->names, NULL);
	free(x->path);
	*x = (struct index){ .file = INDEXFILE_INIT };
}

void worktree_refresh(struct repo *r)
{
	index_release(&r->index);
	git_attr_cache_flush(r->git);
}

/* For an index that we can't read (split, sparse, damaged): the names from
 * git.  All files are then hashed. */
static enum err names_read(struct repo *r, struct error *err)
{
	static const char *const argv[] = { "git", "ls-files", "-z", NULL };
	struct process_result res = PROCESS_RESULT_INIT;
	enum err rc;

	rc = repo_git(r, argv, NULL, 0, NAMES_MAX, &res, err);
	if (rc) {
		error_prefix(err, "git ls-files");
		rc = ERR_FATAL;
	} else if (res.exit != 0) {
		buf_trim_end(&res.err);
		rc = error_set(err, ERR_FATAL, "can't read the index: %s",
			res.err.ptr);
	} else {
		const char *p = res.out.ptr;
		const char *end = p + res.out.len;

		for (; p < end; p += strlen(p) + 1)
			strmap_put(&r->index.names, p, r);
		r->index.foreign = true;
	}
	process_result_release(&res);
	return rc;
}

static enum err index_read(struct repo *r, struct error *err)
{
	struct index *x = &r->index;
	struct stat st;
	enum err rc = ERR_OK;

	if (x->read)
		return ERR_OK;
	index_release(x);
	x->path = repo_env_path(r, "GIT_INDEX_FILE");
	if (!x->path)
		x->path = path_join(r->git_dir, "index");
	/* its time from before the reading: an index that is replaced in
	 * between only makes more files look racy */
	if (stat(x->path, &st) < 0) {
		if (errno != ENOENT && errno != ENOTDIR)
			rc = error_sys(err, "%s", x->path);
	} else {
		x->mtime = st.st_mtim;
		if (indexfile_read(&x->file, x->path, NULL))
			rc = names_read(r, err);
	}
	x->read = !rc;
	return rc;
}

/* libgit2's own reading of the index, for what it does with files: the line
 * ends of new ones depend on what is there. */
static void index_lend(struct repo *r)
{
	git_index *git = NULL;

	if (r->index.lent)
		return;
	r->index.lent = true;
	if (r->index.foreign || access(r->index.path, F_OK) < 0)
		return;
	if (git_index_open(&git, r->index.path) < 0) {
		r->index.foreign = true;
		git_error_clear();
		return;
	}
	git_repository_set_index(r->git, git);
	git_index_set_caps(git, GIT_INDEX_CAPABILITY_FROM_OWNER);
	git_index_free(git); /* the repository holds it */
}

bool worktree_tracked(struct repo *r, const char *path)
{
	struct error err = ERROR_INIT;
	bool yes = false;

	/* worktree_blob and _ignored report what is wrong */
	if (index_read(r, &err) == ERR_OK)
		yes = indexfile_has(&r->index.file, path) ||
		      strmap_has(&r->index.names, path);
	error_release(&err);
	return yes;
}

/* ---- ignored ---- */

static enum err ask_ignored(
	struct repo *r, const char *path, bool *ret, struct error *err)
{
	char *name = xstrfmt("./%s", path); /* no pathspec magic */
	const char *argv[] = { "git", "check-ignore", "-q", "--", name, NULL };
	struct process_result res = PROCESS_RESULT_INIT;
	enum err rc;

	rc = repo_git(r, argv, NULL, 0, 0, &res, err);
	if (rc) {
		error_prefix(err, "git check-ignore");
		rc = ERR_FATAL;
	} else if (res.exit == 0 || res.exit == 1) {
		*ret = res.exit == 0;
	} else {
		buf_trim_end(&res.err);
		rc = error_set(err, ERR_FATAL, "git check-ignore %s: %s", path,
			res.err.ptr);
	}
	process_result_release(&res);
	free(name);
	return rc;
}

enum err worktree_ignored(
	struct repo *r, const char *path, bool *ret, struct error *err)
{
	int yes = 0;
	enum err rc;

	rc = index_read(r, err);
	if (rc)
		return rc;
	if (!r->work_tree || worktree_tracked(r, path)) {
		*ret = false;
		return ERR_OK;
	}
	if (r->config.ask_git)
		return ask_ignored(r, path, ret, err);
	if (git_ignore_path_is_ignored(&yes, r->git, path) < 0)
		return git_fail(err, ERR_FATAL,
			"can't tell whether git ignores %s", path);
	*ret = yes != 0;
	return ERR_OK;
}

/* ---- blobs ---- */

/* git's rule for racy entries: a file as young as the index may have changed
 * after it was hashed, without its time telling.  Where the file system keeps
 * no fractions, the whole second counts. */
static bool racy(const struct index *x, const struct timespec *mtime)
{
	if (mtime->tv_sec != x->mtime.tv_sec)
		return mtime->tv_sec > x->mtime.tv_sec;
	return mtime->tv_nsec == 0 || mtime->tv_nsec >= x->mtime.tv_nsec;
}

/* Proves that the file is what the index says, or returns false. */
static bool index_answers(struct repo *r, const char *path,
	const struct stat *st, struct oid *ret)
{
	struct indexfile_stat e;

	if (st->st_size == 0 || racy(&r->index, &st->st_mtim) ||
		!indexfile_stat(&r->index.file, path, &e) ||
		(e.mode & 0170000) != 0100000 ||
		e.size != (uint32_t)st->st_size ||
		e.ino != (uint32_t)st->st_ino ||
		e.uid != (uint32_t)st->st_uid ||
		e.gid != (uint32_t)st->st_gid ||
		e.mtime_s != (uint32_t)st->st_mtim.tv_sec ||
		e.mtime_ns != (uint32_t)st->st_mtim.tv_nsec ||
		e.ctime_s != (uint32_t)st->st_ctim.tv_sec ||
		e.ctime_ns != (uint32_t)st->st_ctim.tv_nsec)
		return false;
	*ret = e.id;
	return true;
}

bool worktree_known(struct repo *r, const char *path, const struct stat *st,
	bool *proved, struct oid *blob)
{
	*proved = !index_read(r, NULL) && index_answers(r, path, st, blob);
	return *proved || worktree_tracked(r, path);
}

static bool filter_set(struct repo *r, const char *name, const char *what)
{
	char *key = xstrfmt("filter.%s.%s", name, what);
	bool yes = !str_empty(repo_config(r, key));

	free(key);
	return yes;
}

/* Only git itself runs filter drivers and changes encodings. */
static enum err needs_git(
	struct repo *r, const char *path, bool *ret, struct error *err)
{
	const char *names[] = { "filter", "working-tree-encoding" };
	const char *v[2] = { NULL, NULL };

	index_lend(r);
	*ret = r->config.ask_git || r->index.foreign;
	if (*ret)
		return ERR_OK;
	if (git_attr_get_many(v, r->git, GIT_ATTR_CHECK_FILE_THEN_INDEX, path,
		    ARRAY_SIZE(names), names) < 0)
		return git_fail(err, ERR_FATAL,
			"can't read the attributes of %s", path);
	if (git_attr_value(v[0]) == GIT_ATTR_VALUE_STRING)
		*ret = filter_set(r, v[0], "clean") ||
		       filter_set(r, v[0], "process") ||
		       filter_set(r, v[0], "required");
	if (git_attr_value(v[1]) == GIT_ATTR_VALUE_STRING)
		*ret = true;
	return ERR_OK;
}

static enum err blob_by_git(struct repo *r, const char *path,
	const struct buf *data, bool write, struct oid *ret, struct error *err)
{
	char *where = xstrfmt("--path=%s", path);
	const char *argv[] = { "git", "hash-object", "--stdin", where,
		write ? "-w" : NULL, NULL };
	struct process_result res = PROCESS_RESULT_INIT;
	enum err rc;

	rc = repo_git(r, argv, data->ptr, data->len, 0, &res, err);
	buf_trim_end(&res.out);
	buf_trim_end(&res.err);
	if (rc) {
		error_prefix(err, "git hash-object");
		rc = ERR_FATAL;
	} else if (res.exit != 0 || !oid_parse(res.out.ptr, res.out.len, ret)) {
		rc = error_set(err, ERR_FATAL, "git hash-object %s: %s", path,
			res.err.ptr);
	}
	process_result_release(&res);
	free(where);
	return rc;
}

static enum err blob_of(struct repo *r, const void *data, size_t len,
	bool write, struct oid *ret, struct error *err)
{
	git_oid id;

	if (write)
		return object_write(r, OBJECT_BLOB, data, len, ret, err);
	if (git_odb_hash(&id, data, len, GIT_OBJECT_BLOB) < 0)
		return git_fail(err, ERR_FATAL, "can't hash a file");
	*ret = oid_from_git(&id);
	return ERR_OK;
}

/* On the way in, libgit2's own filters only take away carriage returns and
 * what stands in $Id$.  Looking up attributes costs more than this. */
static bool filters_matter(const struct buf *data)
{
	return memchr(data->ptr, '\r', data->len) ||
	       memmem(data->ptr, data->len, "$Id", 3);
}

static enum err blob_filtered(struct repo *r, const char *path,
	const struct buf *data, bool write, struct oid *ret, struct error *err)
{
	git_filter_list *filters = NULL;
	git_buf out = GIT_BUF_INIT;
	enum err rc;

	if (!filters_matter(data))
		return blob_of(r, data->ptr, data->len, write, ret, err);
	if (git_filter_list_load(&filters, r->git, NULL, path,
		    GIT_FILTER_TO_ODB, GIT_FILTER_ALLOW_UNSAFE) < 0)
		return git_fail(err, ERR_FATAL,
			"can't read the attributes of %s", path);
	if (!filters)
		return blob_of(r, data->ptr, data->len, write, ret, err);
	if (git_filter_list_apply_to_buffer(
		    &out, filters, data->ptr, data->len) < 0)
		rc = git_fail(err, ERR_FATAL, "can't filter %s", path);
	else
		rc = blob_of(
			r, out.ptr ? out.ptr : "", out.size, write, ret, err);
	git_buf_dispose(&out);
	git_filter_list_free(filters);
	return rc;
}

/* Reads the file and makes a blob of it. */
static enum err blob_from_file(struct repo *r, const char *path,
	const char *full, size_t max, bool write, struct oid *ret,
	struct error *err)
{
	struct buf data = BUF_INIT;
	bool by_git = false;
	enum err rc;

	rc = file_read(full, max, false, &data, err);
	if (!rc)
		rc = needs_git(r, path, &by_git, err);
	if (!rc)
		rc = by_git ? blob_by_git(r, path, &data, write, ret, err)
			    : blob_filtered(r, path, &data, write, ret, err);
	buf_release(&data);
	return rc;
}

enum err worktree_blob(struct repo *r, const char *path, size_t max, bool write,
	struct oid *ret, struct error *err)
{
	char *full;
	struct stat st;
	struct oid id;
	git_oid g;
	enum err rc;

	if (!r->work_tree)
		return error_set(err, ERR_FATAL,
			"%s: a bare repository has no files", path);
	rc = index_read(r, err);
	if (rc)
		return rc;
	full = path_join(r->work_tree, path);
	if (lstat(full, &st) < 0) {
		rc = errno == ENOENT || errno == ENOTDIR
			     ? error_set(err, ERR_NOTFOUND, "%s: no such file",
				       path)
			     : error_sys(err, "%s", path);
	} else if (!S_ISREG(st.st_mode)) {
		rc = error_set(err, ERR_BAD, "%s is not a regular file", path);
	} else if ((uintmax_t)st.st_size > max) {
		rc = error_set(err, ERR_TOOBIG,
			"%s has %lld bytes, more than the %zu allowed", path,
			(long long)st.st_size, max);
	} else if (index_answers(r, path, &st, &id)) {
		g = oid_to_git(&id);
		if (write && !git_odb_exists(r->odb, &g))
			rc = blob_from_file(
				r, path, full, max, write, &id, err);
	} else {
		rc = blob_from_file(r, path, full, max, write, &id, err);
	}
	if (!rc)
		*ret = id;
	free(full);
	return rc;
}
