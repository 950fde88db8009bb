/*
 * Puts hooks of ours into the folder, and takes them away.  At every instant
 * a hook of somebody else's is where it was, or aside with ours calling it.
 */
#include "hookput.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "hooktext.h"
#include "strack/datadir.h"
#include "strack/file.h"
#include "strack/repo.h"

#define FRAME "chained"

/* ---- the text ---- */

static enum err read_own(const char *name, struct buf *ret, struct error *err)
{
	char *path = NULL;
	enum err rc = datadir_hook(name, &path, err);

	if (!rc)
		rc = file_read(path, HOOK_MAX, true, ret, err);
	free(path);
	return rc;
}

enum err hook_line(const char *name, char **ret, struct error *err)
{
	struct buf stub = BUF_INIT;
	enum err rc = read_own(name, &stub, err);

	if (!rc) {
		rc = hook_text_line(&stub, ret, err);
		if (rc)
			error_prefix(err, "hooks/%s", name);
	}
	buf_release(&stub);
	return rc;
}

enum err hook_wanted(
	const struct hook *k, bool chained, struct buf *ret, struct error *err)
{
	struct buf stub = BUF_INIT, frame = BUF_INIT;
	enum err rc = read_own(k->name, &stub, err);

	if (!rc && chained)
		rc = read_own(FRAME, &frame, err);
	if (!rc) {
		rc = hook_text_make(&stub, chained ? &frame : NULL, ret, err);
		if (rc)
			error_prefix(
				err, "hooks/%s", chained ? FRAME : k->name);
	}
	buf_release(&frame);
	buf_release(&stub);
	return rc;
}

/* ---- putting ---- */

static enum err prepare_dir(const struct hooks *h, struct error *err)
{
	struct stat st;
	enum err rc;

	if (!stat(h->dir, &st) && S_ISDIR(st.st_mode))
		return ERR_OK;
	rc = dir_make_all(h->dir, err);
	if (rc)
		return rc;
	if (stat(h->dir, &st) ||
		chmod(h->dir,
			(st.st_mode & 07777) | repo_executable_mode(h->repo))) {
		error_sys(err, "%s", h->dir);
		return ERR_FATAL;
	}
	return ERR_OK;
}

/* A folder that we can't write to is a person's to open. */
static enum err not_written(
	const struct hooks *h, enum err rc, struct error *err)
{
	if (rc == ERR_EXISTS)
		error_hint(err,
			"somebody else was quicker; look, and again:\n"
			"  git strack hooks install%s",
			h->option);
	else if (rc)
		error_hint(err,
			"when %s can be written to, again:\n"
			"  git strack hooks install%s",
			h->dir, h->option);
	return rc ? ERR_FATAL : ERR_OK;
}

static enum err write_ours(
	struct hooks *h, struct hook *k, bool over, struct error *err)
{
	struct buf text = BUF_INIT;
	mode_t mode = repo_executable_mode(h->repo);
	enum err rc = hook_wanted(k, k->aside_there, &text, err);

	if (rc)
		goto out;
	if (over)
		rc = file_replace_same(
			k->path, k->dev, k->ino, mode, text.ptr, text.len, err);
	else
		rc = prepare_dir(h, err);
	/* What came up meanwhile is somebody else's, and not replaced. */
	if (!rc && !over)
		rc = file_create(k->path, mode, text.ptr, text.len, err);
	rc = not_written(h, rc, err);
	if (!rc)
		k->state = k->aside_there ? HOOK_CHAINED : HOOK_INSTALLED;
out:
	buf_release(&text);
	return rc;
}

static enum err cannot_chain(
	const struct hook *k, const char *why, struct error *err)
{
	error_hint(err,
		"it was left untouched; add a line to it instead, which this "
		"prints:\n  git strack hooks status%s",
		k->option);
	return error_set(
		err, ERR_HELD, "%s: can't be chained: %s", k->path, why);
}

static enum err sync_dir(const struct hook *k, struct error *err)
{
	char *dir =
		xstrndup(k->path, (size_t)(strrchr(k->path, '/') - k->path));
	enum err rc = file_sync(dir, err);

	free(dir);
	return rc ? ERR_FATAL : ERR_OK;
}

/* Is that name the hook that we found? */
static bool is_theirs(const struct hook *k, const char *path)
{
	struct stat st;

	return !lstat(path, &st) && st.st_dev == k->dev && st.st_ino == k->ino;
}

/* A second name, so that the first one stays in use until ours takes it.  To
 * rename it was rejected: a crash would leave a repository without its hook.
 * link(2) makes one of a symbolic link itself, too. */
static enum err set_aside(struct hook *k, struct error *err)
{
	if (link(k->path, k->aside)) {
		if (errno == EACCES || errno == EROFS || errno == ENOSPC) {
			error_sys(err, "%s", k->aside);
			return ERR_FATAL;
		}
		if (errno == EPERM || errno == EOPNOTSUPP || errno == ENOSYS)
			return cannot_chain(k,
				"it can get no second name, as it is "
				"another user's or the file system has no "
				"hard links",
				err);
		return cannot_chain(k, strerror(errno), err);
	}
	if (!is_theirs(k, k->aside)) {
		(void)unlink(k->aside); /* the first name is still there */
		return cannot_chain(k, "somebody changed it meanwhile", err);
	}
	return sync_dir(k, err);
}

static enum err put_before(struct hooks *h, struct hook *k, struct error *err)
{
	bool linked = false;
	enum err rc = ERR_OK;

	if (!k->chainable)
		return cannot_chain(k, "it is neither a file nor a link", err);
	if (k->aside_there && !k->half) {
		error_hint(err, "see which of the two you want, and remove "
				"the other");
		return error_set(err, ERR_HELD,
			"%s: can't be chained: %s is there already", k->path,
			k->aside);
	}
	if (!k->half) {
		rc = set_aside(k, err);
		linked = !rc;
		k->aside_there = !rc;
	}
	if (!rc)
		rc = write_ours(h, k, true, err);
	/* Ours may have taken the first name before something failed. */
	if (rc && linked && is_theirs(k, k->path)) {
		(void)unlink(k->aside);
		k->aside_there = false;
	}
	return rc;
}

enum err hook_put(
	struct hooks *h, struct hook *k, bool chain, struct error *err)
{
	bool theirs = h->tool && (!chain || h->tool->kind == TOOL_HUSKY);

	switch (k->state) {
	case HOOK_MISSING:
		return theirs ? ERR_OK : write_ours(h, k, false, err);
	case HOOK_OUTDATED:
	case HOOK_DEAD:
		return write_ours(h, k, true, err);
	case HOOK_FOREIGN:
		return theirs || !chain ? ERR_OK : put_before(h, k, err);
	case HOOK_INSTALLED:
	case HOOK_CHAINED:
	case HOOK_EDITED:
	case HOOK_ADDED:
		break;
	}
	return ERR_OK;
}

/* ---- taking away ---- */

/* Over ours, if that is there, in one step. */
static enum err put_back(struct hook *k, bool over, struct error *err)
{
	int bad = over ? rename(k->aside, k->path)
		       : renameat2(AT_FDCWD, k->aside, AT_FDCWD, k->path,
				 RENAME_NOREPLACE);

	if (bad) {
		error_sys(err, "%s", k->path);
		error_prefix(err, "%s can't be put back", k->aside);
		return ERR_FATAL;
	}
	k->aside_there = false;
	return sync_dir(k, err);
}

static enum err take_ours(
	struct hook *k, enum hook_taken *ret, struct error *err)
{
	bool chained = k->aside_there;
	enum err rc;

	if (chained)
		rc = put_back(k, true, err);
	else
		rc = file_remove(k->path, err);
	if (!rc)
		*ret = chained ? HOOK_RESTORED : HOOK_REMOVED;
	return rc;
}

/* Nothing is there, but the one that ours called once may be. */
static enum err take_missing(
	struct hook *k, enum hook_taken *ret, struct error *err)
{
	enum err rc;

	if (!k->aside_there) {
		*ret = HOOK_NOTHING;
		return ERR_OK;
	}
	rc = put_back(k, false, err);
	if (!rc)
		*ret = HOOK_RESTORED;
	return rc;
}

/* A second name that chaining left when it was cut short is ours to take. */
static enum err take_theirs(
	struct hook *k, enum hook_taken *ret, struct error *err)
{
	enum err rc = ERR_OK;

	if (k->half) {
		rc = file_remove(k->aside, err);
		if (rc)
			return rc;
		k->aside_there = k->half = false;
	}
	*ret = k->state == HOOK_ADDED || k->aside_there ? HOOK_LEFT
							: HOOK_NOTHING;
	return rc;
}

enum err hook_take(struct hook *k, enum hook_taken *ret, struct error *err)
{
	enum err rc = ERR_OK;

	switch (k->state) {
	case HOOK_INSTALLED:
	case HOOK_CHAINED:
	case HOOK_OUTDATED:
	case HOOK_DEAD:
		rc = take_ours(k, ret, err);
		break;
	case HOOK_MISSING:
		rc = take_missing(k, ret, err);
		break;
	case HOOK_FOREIGN:
	case HOOK_ADDED:
		rc = take_theirs(k, ret, err);
		break;
	case HOOK_EDITED:
		*ret = HOOK_LEFT;
		break;
	}
	if (rc)
		error_hint(err,
			"when that folder can be written to, again:\n"
			"  git strack hooks uninstall%s",
			k->option);
	return rc;
}
