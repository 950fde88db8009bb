/*
 * References: reading, and moving them by compare-and-swap so that they are
 * on the disk when we say so.  Knows nothing of what they mean.
 */
#include "strack/refs.h"
#include "internal.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include "strack/clock.h"
#include "strack/file.h"

#define LOCK_WAIT_MS 2000 /* for another program to let go of a reference */
#define HEAD_MAX 4096
#define REFLOG_LINE 8192 /* bytes; a longer one is not understood */

static enum err ref_id(
	struct repo *r, const char *name, git_oid *ret, struct error *err)
{
	int rc = git_reference_name_to_id(ret, r->git, name);

	if (rc == GIT_ENOTFOUND)
		return error_set(
			err, ERR_NOTFOUND, "%s: no such reference", name);
	if (rc < 0)
		return git_fail(err, ERR_FATAL, "%s", name);
	return ERR_OK;
}

enum err ref_read(
	struct repo *r, const char *name, struct oid *ret, struct error *err)
{
	git_oid id;
	enum err rc;

	rc = ref_id(r, name, &id, err);
	if (!rc)
		*ret = oid_from_git(&id);
	return rc;
}

/* ---- moving ---- */

/* 5 to 50 ms, at random, so that two that wait don't meet again. */
static void wait_a_little(void)
{
	struct timespec t = { 0, 5000000 };
	unsigned char byte = 0;

	if (random_bytes(&byte, 1, NULL) == ERR_OK)
		t.tv_nsec += (long)byte * 176000;
	nanosleep(&t, NULL); /* a signal may cut it short */
}

static enum err locked(struct repo *r, const char *name, struct error *err)
{
	char *lock = xstrfmt("%s/%s.lock", r->common_dir, name);
	struct stat st;

	if (lstat(lock, &st) < 0) {
		free(lock);
		lock = path_join(r->common_dir, "packed-refs.lock");
	}
	error_set(err, ERR_FATAL,
		"%s: another program holds the reference (%s exists)", name,
		lock);
	lock_hint(lock, err);
	free(lock);
	return ERR_FATAL;
}

/* The reflog says who moved a branch, with the name that git would use. */
static void reflog_ident(struct repo *r)
{
	struct buf who = BUF_INIT;
	char *open, *close;

	if (r->has_reflog_ident)
		return;
	r->has_reflog_ident = true;
	if (repo_identity(r, "COMMITTER", &who, NULL) == ERR_OK) {
		open = strstr(who.ptr, " <");
		close = strrchr(who.ptr, '>');
		if (open && close && close > open) {
			*open = *close = '\0';
			git_repository_set_ident(r->git, who.ptr, open + 2);
		}
	}
	buf_release(&who); /* without one libgit2 writes "unknown" */
}

/* How many folders of `name` exist: those that are made on the way have to be
 * synced too. */
static size_t folders_there(const struct repo *r, const char *name)
{
	size_t there = 0;

	for (const char *p = strchr(name, '/'); p; p = strchr(p + 1, '/')) {
		char *dir = xstrfmt(
			"%s/%.*s", r->common_dir, (int)(p - name), name);
		bool yes = access(dir, F_OK) == 0;

		free(dir);
		if (!yes)
			break;
		there = (size_t)(p - name);
	}
	return there;
}

/* Syncs the folders between common_dir/NAME[0..from] and the file. */
static enum err folders_sync(
	const struct repo *r, const char *name, size_t from, struct error *err)
{
	const char *last = strrchr(name, '/');
	size_t len = last ? (size_t)(last - name) : 0;
	enum err rc;

	for (;;) {
		char *dir = xstrfmt("%s/%.*s", r->common_dir, (int)len, name);

		rc = file_sync(dir, err);
		free(dir);
		if (rc == ERR_NOTFOUND) { /* removed with its last reference */
			error_reset(err);
			rc = ERR_OK;
		}
		if (rc || len <= from)
			return rc;
		while (len > 0 && name[--len] != '/')
			;
	}
}

/* A write that reports success isn't one on a full disk: look. */
static enum err read_back(struct repo *r, const char *name,
	const struct oid *new, const struct oid *old, struct error *err)
{
	struct oid is;
	enum err rc;

	rc = ref_read(r, name, &is, err);
	if (rc == ERR_NOTFOUND || (!rc && old && oid_cmp(&is, old) == 0 &&
					  oid_cmp(&is, new) != 0)) {
		error_set(err, ERR_FATAL, "%s: the new value was not written",
			name);
		error_hint(err, "is the disk full?");
		return ERR_FATAL;
	}
	return rc; /* any other value: somebody moved it on since */
}

static int create_once(struct repo *r, const char *name, const git_oid *new,
	const git_oid *old, const char *reflog)
{
	mode_t before = shared_enter(r);
	git_reference *ref = NULL;
	int rc;

	/* force with a zero id means "must not exist", atomically; force=0
	 * would not be (several winners, measured) */
	rc = git_reference_create_matching(
		&ref, r->git, name, new, 1, old, reflog);
	git_reference_free(ref);
	shared_leave(r, before);
	return rc;
}

enum err ref_cas(struct repo *r, const char *name, const struct oid *new,
	const struct oid *old, const char *reflog, struct error *err)
{
	int64_t until = clock_mono_ms() + LOCK_WAIT_MS;
	size_t there = folders_there(r, name);
	git_oid to = oid_to_git(new);
	const char *last = strrchr(name, '/');
	git_oid from = { { 0 } };
	enum err rc;
	int git;

	if (old)
		from = oid_to_git(old);
	reflog_ident(r);
	git = create_once(r, name, &to, &from, reflog);
	while (git == GIT_ELOCKED && clock_mono_ms() < until) {
		wait_a_little();
		git = create_once(r, name, &to, &from, reflog);
	}
	if (git == GIT_ELOCKED)
		return locked(r, name, err);
	if (git == GIT_EMODIFIED || (git == GIT_ENOTFOUND && old) ||
		(git == GIT_EEXISTS && !old))
		return error_set(err, ERR_MOVED,
			"%s was moved by another program", name);
	if (git < 0) {
		git_fail(err, ERR_FATAL, "can't update %s", name);
		error_hint(err, "is the disk full, or read-only for you?");
		return ERR_FATAL;
	}
	rc = read_back(r, name, new, old, err);
	if (!rc && last && there < (size_t)(last - name))
		rc = folders_sync(r, name, there, err);
	return rc == ERR_NOTFOUND ? ERR_FATAL : rc;
}

static int delete_once(struct repo *r, const char *name, const git_oid *old)
{
	mode_t before;
	git_reference *ref = NULL;
	const git_oid *is;
	int rc;

	rc = git_reference_lookup(&ref, r->git, name);
	if (rc < 0)
		return rc;
	is = git_reference_target(ref);
	before = shared_enter(r);
	/* compares once more, under the lock */
	rc = is && git_oid_equal(is, old) ? git_reference_delete(ref)
					  : GIT_EMODIFIED;
	shared_leave(r, before);
	git_reference_free(ref);
	return rc;
}

enum err ref_delete(struct repo *r, const char *name, const struct oid *old,
	struct error *err)
{
	int64_t until = clock_mono_ms() + LOCK_WAIT_MS;
	git_oid from = oid_to_git(old);
	enum err rc;
	int git;

	git = delete_once(r, name, &from);
	while (git == GIT_ELOCKED && clock_mono_ms() < until) {
		wait_a_little();
		git = delete_once(r, name, &from);
	}
	if (git == GIT_ELOCKED)
		return locked(r, name, err);
	if (git == GIT_EMODIFIED || git == GIT_ENOTFOUND)
		return error_set(err, ERR_MOVED,
			"%s was moved by another program", name);
	if (git < 0)
		return git_fail(err, ERR_FATAL, "can't delete %s", name);
	rc = folders_sync(r, name, strlen("refs"), err);
	return rc == ERR_NOTFOUND ? ERR_FATAL : rc;
}

/* ---- looking around ---- */

enum err ref_list(struct repo *r, const char *prefix, struct strvec *ret,
	struct error *err)
{
	git_reference_iterator *it = NULL;
	char *glob = xstrfmt("%s*", prefix);
	const char *name;
	int rc;

	rc = git_reference_iterator_glob_new(&it, r->git, glob);
	while (rc == 0) {
		rc = git_reference_next_name(&name, it);
		if (rc == 0 && str_starts(name, prefix))
			strvec_push(ret, name);
	}
	git_reference_iterator_free(it);
	free(glob);
	if (rc != GIT_ITEROVER)
		return git_fail(err, ERR_FATAL, "can't list %s", prefix);
	git_error_clear();
	strvec_sort(ret);
	return ERR_OK;
}

/* Does the HEAD in this folder point to the branch? */
static bool head_points_to(const char *dir, const char *name)
{
	char *path = path_join(dir, "HEAD");
	struct buf head = BUF_INIT;
	bool yes = false;
	const char *p;

	if (file_read(path, HEAD_MAX, true, &head, NULL) == ERR_OK &&
		str_starts(head.ptr, "ref:")) {
		buf_trim_end(&head);
		p = head.ptr + 4;
		p += strspn(p, " \t");
		yes = strcmp(p, name) == 0;
	}
	buf_release(&head);
	free(path);
	return yes;
}

/* The folder of a linked work tree, from its `gitdir` file. */
static void linked_path(const char *dir, struct buf *ret)
{
	char *path = path_join(dir, "gitdir");
	struct buf link = BUF_INIT;

	if (file_read(path, HEAD_MAX, true, &link, NULL) == ERR_OK) {
		buf_trim_end(&link);
		if (str_ends(link.ptr, "/.git"))
			buf_setlen(&link, link.len - strlen("/.git"));
		buf_set(ret, link.ptr);
	} else {
		buf_set(ret, dir);
	}
	buf_release(&link);
	free(path);
}

/* The main work tree; false in a bare repository. */
static bool main_path(struct repo *r, struct buf *ret)
{
	bool bare = false;

	if (strcmp(r->git_dir, r->common_dir) == 0) {
		if (r->work_tree)
			buf_set(ret, r->work_tree);
		return r->work_tree != NULL;
	}
	if (repo_config_bool(r, "core.bare", false, &bare, NULL) || bare)
		return false;
	buf_set(ret, r->common_dir);
	if (str_ends(ret->ptr, "/.git"))
		buf_setlen(ret, ret->len - strlen("/.git"));
	return true;
}

enum err ref_checked_out(
	struct repo *r, const char *name, struct buf *path, struct error *err)
{
	struct strvec names = STRVEC_INIT;
	struct buf where = BUF_INIT;
	char *all = path_join(r->common_dir, "worktrees");
	bool found;
	enum err rc;

	found = head_points_to(r->common_dir, name) && main_path(r, &where);
	rc = found ? ERR_OK : dir_list(all, &names, err);
	for (size_t i = 0; i < names.n && !found; i++) {
		char *dir = path_join(all, names.v[i]);

		found = head_points_to(dir, name);
		if (found)
			linked_path(dir, &where);
		free(dir);
	}
	if (found)
		buf_set(path, where.ptr);
	else if (!rc || rc == ERR_NOTFOUND)
		rc = error_set(
			err, ERR_NOTFOUND, "%s is not checked out", name);
	strvec_release(&names);
	buf_release(&where);
	free(all);
	return rc;
}

/* ---- reflogs ---- */

/* Only the end is read: a reflog has a line for each thing that was ever done
 * there. */
static enum err read_tail(const char *path, struct buf *ret, struct error *err)
{
	struct stat st;
	off_t from;
	ssize_t got = -1;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

	if (fd < 0)
		return error_sys(err, "%s", path);
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode)) {
		from = st.st_size > REFLOG_LINE ? st.st_size - REFLOG_LINE : 0;
		buf_grow(ret, REFLOG_LINE);
		got = pread(fd, ret->ptr, REFLOG_LINE, from);
	}
	if (got < 0) {
		close(fd);
		return error_set(err, ERR_FATAL, "%s: can't be read", path);
	}
	close(fd); /* was only read */
	ret->len = (size_t)got;
	ret->ptr[got] = '\0';
	buf_trim_end(ret);
	return ERR_OK;
}

/* "OLD NEW NAME <MAIL> SECONDS ZONE\tMESSAGE", the last of them. */
static enum err parse_last(const char *path, const struct buf *text,
	struct reflog_line *ret, struct error *err)
{
	const char *nl = memrchr(text->ptr, '\n', text->len);
	const char *line = nl ? nl + 1 : text->ptr, *tab = strchr(line, '\t');

	if (strlen(line) < 2 * OID_HEX + 2 || line[OID_HEX] != ' ' ||
		!oid_parse(line, OID_HEX, &ret->old) ||
		!oid_parse(line + OID_HEX + 1, OID_HEX, &ret->new))
		return error_set(
			err, ERR_NOTFOUND, "%s: has no last line", path);
	buf_set(&ret->message, tab ? tab + 1 : "");
	return ERR_OK;
}

enum err ref_last_move(
	struct repo *r, bool branch, struct reflog_line *ret, struct error *err)
{
	git_reference *head = NULL;
	struct buf text = BUF_INIT;
	char *path = NULL;
	enum err rc = ERR_OK;

	if (!branch) {
		path = xstrfmt("%s/logs/HEAD", r->git_dir);
	} else if (git_reference_lookup(&head, r->git, "HEAD") == 0 &&
		   git_reference_type(head) == GIT_REFERENCE_SYMBOLIC) {
		path = xstrfmt("%s/logs/%s", r->common_dir,
			git_reference_symbolic_target(head));
	} else {
		git_error_clear();
		rc = error_set(err, ERR_NOTFOUND, "HEAD is on no branch");
	}
	if (!rc)
		rc = read_tail(path, &text, err);
	if (!rc)
		rc = parse_last(path, &text, ret, err);
	git_reference_free(head);
	free(path);
	buf_release(&text);
	return rc;
}
