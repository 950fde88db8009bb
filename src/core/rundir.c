/*
 * The folder of one run in this clone's state.  Knows processes only as far
 * as to tell whether any is left of a run; knows no ledger.
 */
#include "strack/rundir.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "strack/file.h"
#include "strack/process.h"
#include "strack/text.h"

#define OWNER_MAX 65536
#define NOTE_MAX 16384

char *rundir_path(const char *state_dir, const char *run, const char *name)
{
	if (!name)
		return xstrfmt("%s/runs/%s", state_dir, run);
	return xstrfmt("%s/runs/%s/%s", state_dir, run, name);
}

/* ---- owner ---- */

static const char *const owner_keys[] = { "host", "boot", "pidns", "script",
	"env" };

static char **owner_field(struct rundir_owner *o, size_t i)
{
	char **const field[] = { &o->host, &o->boot, &o->pidns, &o->script,
		&o->env };

	return field[i];
}

void rundir_owner_release(struct rundir_owner *o)
{
	for (size_t i = 0; i < ARRAY_SIZE(owner_keys); i++) {
		free(*owner_field(o, i));
		*owner_field(o, i) = NULL;
	}
}

/* Who we are, as far as the machine tells. */
static void owner_self(struct rundir_owner *o)
{
	struct buf b = BUF_INIT;
	struct utsname u;

	o->host = xstrdup(uname(&u) ? "" : u.nodename);
	if (process_boot_id(&b, NULL))
		buf_reset(&b);
	o->boot = xstrdup(b.ptr);
	buf_reset(&b);
	if (process_pid_namespace(&b, NULL))
		buf_reset(&b);
	o->pidns = xstrdup(b.ptr);
	buf_release(&b);
}

static void owner_format(struct rundir_owner *o, struct buf *ret)
{
	for (size_t i = 0; i < ARRAY_SIZE(owner_keys); i++) {
		const char *value = *owner_field(o, i);

		buf_addf(ret, "%s ", owner_keys[i]);
		percent_encode(ret, value, strlen(value), false);
		buf_addch(ret, '\n');
	}
}

static bool owner_line(struct rundir_owner *o, const char *line, size_t len)
{
	struct buf value = BUF_INIT;
	size_t n;

	for (size_t i = 0; i < ARRAY_SIZE(owner_keys); i++) {
		n = strlen(owner_keys[i]);
		if (len <= n || memcmp(line, owner_keys[i], n) ||
			line[n] != ' ')
			continue;
		if (*owner_field(o, i) ||
			!percent_decode(&value, line + n + 1, len - n - 1)) {
			buf_release(&value);
			return false;
		}
		*owner_field(o, i) = buf_detach(&value);
		return true;
	}
	return true; /* a newer version's */
}

static bool owner_parse(struct rundir_owner *o, const struct buf *text)
{
	const char *p = text->ptr, *end = text->ptr + text->len, *nl;

	for (; p < end; p = nl + 1) {
		nl = memchr(p, '\n', (size_t)(end - p));
		if (!nl || !owner_line(o, p, (size_t)(nl - p)))
			return false;
	}
	for (size_t i = 0; i < ARRAY_SIZE(owner_keys); i++)
		if (!*owner_field(o, i))
			return false;
	return true;
}

enum err rundir_read_owner(const char *state_dir, const char *run,
	struct rundir_owner *ret, struct error *err)
{
	struct rundir_owner o = RUNDIR_OWNER_INIT;
	char *path = rundir_path(state_dir, run, "owner");
	struct buf text = BUF_INIT;
	enum err rc = file_read(path, OWNER_MAX, false, &text, err);

	if (!rc && !owner_parse(&o, &text))
		rc = error_set(err, ERR_BAD, "%s: not what a run writes", path);
	if (!rc) {
		*ret = o;
		o = (struct rundir_owner)RUNDIR_OWNER_INIT; /* transferred */
	}
	rundir_owner_release(&o);
	buf_release(&text);
	free(path);
	return rc;
}

/* ---- making and removing ---- */

/* Not synced: what a power cut takes from it nobody would read any more. */
static enum err plain_file(const char *state_dir, const char *run,
	const char *name, mode_t mode, const struct buf *text,
	struct error *err)
{
	char *path = rundir_path(state_dir, run, name);
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	enum err rc = ERR_OK;

	if (fd < 0) {
		rc = error_sys(err, "can't create %s", path);
		goto out;
	}
	if (fchmod(fd, mode) < 0)
		rc = error_sys(err, "can't set the mode of %s", path);
	if (!rc && text)
		rc = fd_write_all(fd, text->ptr, text->len, path, err);
	if (close(fd) < 0 && !rc)
		rc = error_sys(err, "can't close %s", path);
out:
	free(path);
	return rc;
}

/* The owner's file outlives a crash: it tells a reboot from a run that was
 * somewhere else. */
static enum err write_files(const char *state_dir, const char *run, mode_t mode,
	const char *script, const char *env, const struct buf *resume,
	struct error *err)
{
	struct rundir_owner o = RUNDIR_OWNER_INIT;
	struct buf text = BUF_INIT;
	char *owner = rundir_path(state_dir, run, "owner");
	enum err rc;

	owner_self(&o);
	o.script = xstrdup(script);
	o.env = xstrdup(env);
	owner_format(&o, &text);
	rc = plain_file(state_dir, run, "events", mode, NULL, err);
	if (!rc)
		rc = plain_file(state_dir, run, "resume", mode, resume, err);
	if (!rc)
		rc = file_create(owner, mode, text.ptr, text.len, err);
	rundir_owner_release(&o);
	buf_release(&text);
	free(owner);
	return rc;
}

/* Opened here and kept through the fork: as long as the run has a runner or a
 * warden, an order finds a reader.  For writing, too, so that it never ends. */
static enum err open_control(struct rundir *d, mode_t mode, struct error *err)
{
	char *path = path_join(d->path, "control");
	enum err rc = ERR_OK;
	struct stat st;

	if (mkfifo(path, 0600)) {
		/* a file system that has none */
		if (errno != EPERM && errno != EOPNOTSUPP && errno != ENOSYS)
			rc = error_sys(err, "can't create %s", path);
		goto out;
	}
	d->control = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW);
	if (d->control < 0 || fchmod(d->control, mode) ||
		fstat(d->control, &st))
		rc = error_sys(err, "can't open %s", path);
	else if (!S_ISFIFO(st.st_mode))
		rc = error_set(err, ERR_FATAL, "%s: is no FIFO", path);
out:
	free(path);
	return rc;
}

enum err rundir_put(const char *state_dir, const char *run, const char *name,
	const char *text, struct error *err)
{
	char *path = rundir_path(state_dir, run, name);
	mode_t mode = 0600;
	struct stat st;
	enum err rc;

	if (!stat(state_dir, &st))
		mode = (st.st_mode & 0660) | 0600;
	rc = file_create(path, mode, text, strlen(text), err);

	free(path);
	return rc;
}

enum err rundir_get(const char *state_dir, const char *run, const char *name,
	struct buf *ret, struct error *err)
{
	char *path = rundir_path(state_dir, run, name);
	enum err rc = file_read(path, NOTE_MAX, false, ret, err);

	free(path);
	return rc;
}

/* A folder that is there and not locked yet must not be taken for one that a
 * crash left: making and tidying take turns. */
#define TURN_WAIT_MS 10000

static enum err take_turn(
	const char *state_dir, struct lock *turn, struct error *err)
{
	char *path = path_join(state_dir, "locks/runs");
	struct stat st;
	enum err rc;

	if (stat(state_dir, &st))
		rc = error_sys(err, "cannot stat '%s'", state_dir);
	else
		rc = lock_take(turn, path, (st.st_mode & 0660) | 0600,
			TURN_WAIT_MS, NULL, err);
	free(path);
	return rc ? ERR_FATAL : ERR_OK;
}

enum err rundir_create(struct rundir *d, const char *state_dir, const char *run,
	const char *script, const char *env, const struct buf *resume,
	struct error *err)
{
	char *lock = rundir_path(state_dir, run, "lock");
	struct lock turn = LOCK_INIT;
	mode_t dir_mode, file_mode;
	struct stat st;
	enum err rc;

	d->path = rundir_path(state_dir, run, NULL);
	d->lock = (struct lock)LOCK_INIT;
	d->control = -1;
	/* The state folder has the modes that core.sharedRepository asks for.
	 */
	if (stat(state_dir, &st)) {
		rc = error_sys(err, "cannot stat '%s'", state_dir);
		goto out;
	}
	dir_mode = (st.st_mode & 0770) | 0700;
	file_mode = (st.st_mode & 0660) | 0600;
	rc = take_turn(state_dir, &turn, err);
	if (!rc)
		rc = dir_secure(d->path, dir_mode, err);
	/* Nobody else wants it; but whoever looks at it holds it for an
	 * instant, which may be long where the machine has no time. */
	if (!rc)
		rc = lock_take(
			&d->lock, lock, file_mode, TURN_WAIT_MS, NULL, err);
	lock_release(&turn, false);
	if (!rc)
		rc = open_control(d, file_mode, err);
	if (!rc)
		rc = write_files(
			state_dir, run, file_mode, script, env, resume, err);
out:
	if (rc) {
		rundir_drop(d);
		if (err && !err->hint.len)
			error_hint(err, "is the disk full, or read-only for "
					"you?");
		rc = rc == ERR_HELD ? ERR_HELD : ERR_FATAL;
	}
	free(lock);
	return rc;
}

enum err rundir_remove(
	const char *state_dir, const char *run, struct error *err)
{
	char *path = rundir_path(state_dir, run, NULL);
	enum err rc = dir_remove_all(path, err);

	free(path);
	return rc;
}

enum err rundir_reserve(
	const struct rundir *d, int64_t bytes, struct error *err)
{
	char *path = path_join(d->path, "reserve");
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	enum err rc = ERR_OK;
	struct stat st;

	if (fd < 0) {
		rc = error_sys(err, "can't create %s", path);
		goto out;
	}
	if (fstat(d->lock.fd, &st) || fchmod(fd, st.st_mode & 0660))
		rc = error_sys(err, "can't set the mode of %s", path);
	/* where the file system can't, the run goes without */
	if (!rc && fallocate(fd, 0, 0, (off_t)bytes) < 0 &&
		errno != EOPNOTSUPP && errno != ENOSYS) {
		rc = error_sys(err, "no room to record a run in %s", d->path);
		error_hint(err, "make room on that file system, then run it "
				"again");
	}
	if (close(fd) < 0 && !rc)
		rc = error_sys(err, "can't close %s", path);
out:
	free(path);
	return rc;
}

void rundir_give_back(const struct rundir *d)
{
	char *path = path_join(d->path, "reserve");

	unlink(path); /* gone already when the script removed our folder */
	free(path);
}

void rundir_drop(struct rundir *d)
{
	if (d->path)
		dir_remove_all(d->path, NULL);
	rundir_forget(d);
}

void rundir_forget(struct rundir *d)
{
	lock_forget(&d->lock);
	if (d->control >= 0)
		close(d->control); /* only read from */
	d->control = -1;
	free(d->path);
	d->path = NULL;
}

enum err rundir_list(
	const char *state_dir, struct strvec *ret, struct error *err)
{
	char *path = path_join(state_dir, "runs");
	struct strvec names = STRVEC_INIT;
	enum err rc = dir_list(path, &names, err);

	if (rc == ERR_NOTFOUND) {
		error_reset(err);
		rc = ERR_OK;
	}
	for (size_t i = 0; !rc && i < names.n; i++)
		if (ulid_valid(names.v[i]))
			strvec_push(ret, names.v[i]);
	strvec_release(&names);
	free(path);
	return rc;
}

/* ---- does anything of it live? ---- */

/* Can this process see what became of the owner's processes?  *rebooted: they
 * can't be there any more. */
static bool owner_is_near(const struct rundir_owner *o, bool *rebooted)
{
	struct rundir_owner self = RUNDIR_OWNER_INIT;
	bool near;

	owner_self(&self);
	*rebooted = false;
	/* One that can't be read is no proof of anything. */
	if (*o->boot && *self.boot && strcmp(o->boot, self.boot) != 0) {
		/* A state folder may be on a file system that machines share:
		 * another boot is proof only under the same name. */
		near = !strcmp(o->host, self.host);
		*rebooted = near;
	} else {
		near = !strcmp(o->pidns, self.pidns);
	}
	rundir_owner_release(&self);
	return near;
}

static enum err processes_left(
	const char *run, enum run_life *ret, struct error *err)
{
	struct pidvec left = PIDVEC_INIT;
	char *entry = xstrfmt("STRACK_RUN=%s", run);
	enum err rc = process_with_env(entry, &left, err);

	if (!rc)
		*ret = left.n ? RUN_ALIVE : RUN_GONE;
	pidvec_release(&left);
	free(entry);
	return rc;
}

static enum err unlocked_life(const char *state_dir, const char *run,
	enum run_life *ret, struct error *err)
{
	struct rundir_owner o = RUNDIR_OWNER_INIT;
	bool rebooted = false, near = true;
	enum err rc = rundir_read_owner(state_dir, run, &o, err);

	/* No owner: it crashed before its claim. */
	if (!rc)
		near = owner_is_near(&o, &rebooted);
	else if (rc == ERR_NOTFOUND || rc == ERR_BAD)
		rc = ERR_OK;
	if (rc)
		goto out;
	error_reset(err);
	if (!near)
		*ret = RUN_ELSEWHERE;
	else if (rebooted)
		*ret = RUN_GONE;
	else
		rc = processes_left(run, ret, err);
out:
	rundir_owner_release(&o);
	return rc;
}

enum err rundir_life(const char *state_dir, const char *run, enum run_life *ret,
	struct error *err)
{
	char *dir, *lock;
	bool held = false;
	struct stat st;
	enum err rc = ERR_OK;

	/* A run id of somebody else's entry is no path to follow. */
	if (!ulid_valid(run)) {
		*ret = RUN_ELSEWHERE;
		return ERR_OK;
	}
	dir = rundir_path(state_dir, run, NULL);
	lock = rundir_path(state_dir, run, "lock");
	if (lstat(dir, &st) || !S_ISDIR(st.st_mode) ||
		access(dir, R_OK | X_OK)) {
		*ret = RUN_ELSEWHERE;
		goto out;
	}
	rc = lock_held(lock, &held, err);
	if (!rc && held)
		*ret = RUN_ALIVE;
	else if (!rc)
		rc = unlocked_life(state_dir, run, ret, err);
	/* It ended while we looked. */
	if (!rc && *ret == RUN_GONE && lstat(dir, &st))
		*ret = RUN_ELSEWHERE;
out:
	free(dir);
	free(lock);
	return rc;
}

enum err rundir_tidy(const char *state_dir, const char *run, struct error *err)
{
	enum run_life life = RUN_ALIVE;
	struct lock turn = LOCK_INIT;
	enum err rc = take_turn(state_dir, &turn, err);

	if (!rc)
		rc = rundir_life(state_dir, run, &life, err);
	if (!rc && life == RUN_GONE)
		rc = rundir_remove(state_dir, run, err);
	lock_release(&turn, false);
	return rc;
}
