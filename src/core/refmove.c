/*
 * Moves references so that a process that is killed on the way leaves nothing
 * that stops the others.  What git and libgit2 leave is NAME.lock, which
 * blocks everybody until a person removes it, for nobody can tell a dead
 * program's from a slow one's.  We can: whoever moves a reference here says so
 * in a note, under a flock(2) that goes with its process.  A note that is found
 * under that lock is a dead one's.  Notes are for convenience: where none can
 * be written, the reference is moved without.
 */
#include "ledger_i.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "strack/clock.h"
#include "strack/file.h"
#include "strack/lock.h"
#include "strack/refs.h"
#include "strack/repo.h"
#include "strack/text.h"

#define NOTE_MAX 4096
#define LOCK_WAIT_MS 10000
/* Another program's lock on a reference is empty for far less than that. */
#define EMPTY_MS 1000

static char *note_path(const char *state_dir)
{
	return path_join(state_dir, "moving");
}

/* "NAME ID\n", as move_ref writes it. */
static bool note_read(const char *path, char **name, struct buf *id)
{
	struct buf text = BUF_INIT;
	char *space;
	bool ok = false;

	if (file_read(path, NOTE_MAX, false, &text, NULL) == ERR_OK) {
		space = strchr(text.ptr, ' ');
		ok = space && str_starts(text.ptr, "refs/") &&
		     !strstr(text.ptr, "..") &&
		     text.len == (size_t)(space - text.ptr) + OID_HEX + 2 &&
		     hex_is(space + 1, OID_HEX);
	}
	if (ok) {
		*name = xstrndup(text.ptr, (size_t)(space - text.ptr));
		buf_set(id, space + 1); /* with its newline, as in the lock */
	}
	buf_release(&text);
	return ok;
}

/* Does the lock file hold what we would have written, or its beginning? */
static bool is_ours(const char *path, const struct buf *id, bool *whole)
{
	struct buf have = BUF_INIT;
	bool ours = file_read(path, NOTE_MAX, false, &have, NULL) == ERR_OK &&
		    have.len <= id->len && !memcmp(have.ptr, id->ptr, have.len);

	*whole = ours && have.len == id->len;
	buf_release(&have);
	return ours;
}

/* One that holds our value is ours.  An empty one may be of a program that has
 * just made it: it is given the time to write. */
static void remove_lock(const char *path, const struct buf *id)
{
	const struct timespec step = { 0, 20000000 };
	int64_t until = clock_mono_ms() + EMPTY_MS;
	struct stat first, now;
	bool whole;

	if (lstat(path, &first))
		return;
	while (!lstat(path, &now) && now.st_ino == first.st_ino &&
		is_ours(path, id, &whole)) {
		if (whole || clock_mono_ms() >= until) {
			unlink(path);
			return;
		}
		nanosleep(&step, NULL);
	}
}

/* Under the lock. */
static void sweep(struct repo *r, const char *state_dir)
{
	char *path = note_path(state_dir), *name = NULL, *lock;
	struct buf id = BUF_INIT;

	if (!access(path, F_OK)) {
		if (note_read(path, &name, &id)) {
			lock = xstrfmt("%s/%s.lock", repo_common_dir(r), name);
			remove_lock(lock, &id);
			free(lock);
		}
		unlink(path); /* half a note: it died before it moved */
	}
	buf_release(&id);
	free(name);
	free(path);
}

static bool take(struct repo *r, const char *state_dir, struct lock *lock)
{
	char *path = path_join(state_dir, "locks/refs");
	unsigned file, dir;
	bool ok;

	repo_state_modes(r, &file, &dir);
	ok = lock_take(lock, path, file, LOCK_WAIT_MS, NULL, NULL) == ERR_OK;
	free(path);
	return ok;
}

void ledger_sweep_refs(struct repo *r, const char *state_dir)
{
	char *path = note_path(state_dir);
	struct lock lock = LOCK_INIT;

	if (!access(path, F_OK) && take(r, state_dir, &lock))
		sweep(r, state_dir);
	lock_release(&lock, false);
	free(path);
}

static void note_write(struct repo *r, const char *path, const char *name,
	const struct oid *new)
{
	char hex[OID_HEX + 1];
	struct buf text = BUF_INIT;
	unsigned file, dir;
	int fd = open(path,
		O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd < 0)
		return;
	oid_hex(new, hex);
	buf_addf(&text, "%s %s\n", name, hex);
	repo_state_modes(r, &file, &dir);
	if (fchmod(fd, file) ||
		fd_write_all(fd, text.ptr, text.len, path, NULL))
		unlink(path);
	close(fd); /* it need not outlive a power cut */
	buf_release(&text);
}

/* libgit2 may have been unable to remove its lock, and says nothing of it.
 * false: it is still there, and the note has to tell the next one. */
static bool lock_is_gone(
	struct repo *r, const char *name, const struct oid *new)
{
	char *lock = xstrfmt("%s/%s.lock", repo_common_dir(r), name);
	char hex[OID_HEX + 1];
	struct buf id = BUF_INIT;
	bool whole, gone = true;

	oid_hex(new, hex);
	buf_addf(&id, "%s\n", hex);
	if (is_ours(lock, &id, &whole) && whole)
		gone = !unlink(lock);
	buf_release(&id);
	free(lock);
	return gone;
}

enum err ledger_move_ref(struct repo *r, const char *state_dir,
	const char *name, const struct oid *new, const struct oid *old,
	const char *reflog, struct error *err)
{
	char *path = note_path(state_dir);
	struct lock lock = LOCK_INIT;
	bool locked = take(r, state_dir, &lock);
	enum err rc;

	if (locked) {
		sweep(r, state_dir);
		note_write(r, path, name, new);
	}
	rc = ref_cas(r, name, new, old, reflog, err);
	if (locked && lock_is_gone(r, name, new))
		unlink(path); /* it stays: the next one finds no lock file */
	lock_release(&lock, false);
	free(path);
	return rc;
}
