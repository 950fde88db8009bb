/*
 * Locks of this clone, with flock(2).  It was preferred to fcntl(2) locks
 * because it belongs to the open file and so passes to the warden by fork,
 * and to lock files made with O_EXCL because the kernel lets go of it however
 * its holders die.  What a lock is for is not known here.
 */
#include "strack/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include "strack/clock.h"
#include "strack/file.h"

#define NOTE_MAX 4096
/* lock_held holds a lock for an instant; a taker in no mood to wait still
 * waits this long, so that a `status` never makes a `run` fail. */
#define PROBE_MS 50
#define PROBE_STEP_MS 5
#define WAIT_STEP_MS 20
/* A file that is another one after each of so many locks is no file system
 * that a lock can be had on. */
#define REOPEN_MAX 1000

/* O_NONBLOCK: a fifo in place of the file must not hang us. */
#define OPEN_FLAGS (O_CLOEXEC | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK)

static enum err open_file(
	const char *path, mode_t mode, int *ret, struct error *err)
{
	struct stat st;
	int fd;

	do {
		fd = open(path, O_RDWR | OPEN_FLAGS);
		if (fd >= 0 || errno != ENOENT)
			break;
		fd = open(path, O_RDWR | O_CREAT | O_EXCL | OPEN_FLAGS,
			mode & 0600);
		if (fd >= 0 && fchmod(fd, mode)) {
			error_sys(err, "%s", path);
			close(fd);
			return ERR_FATAL;
		}
	} while (fd < 0 && errno == EEXIST);
	if (fd < 0) {
		enum err rc = error_sys(err, "%s", path);

		error_hint(err, "is the disk full, or read-only for you?");
		return rc;
	}
	if (fstat(fd, &st)) {
		error_sys(err, "%s", path);
		close(fd);
		return ERR_FATAL;
	}
	if (!S_ISREG(st.st_mode)) {
		close(fd);
		return error_set(err, ERR_FATAL,
			"%s: is no regular file, cannot lock it", path);
	}
	*ret = fd;
	return ERR_OK;
}

static bool same_file(int fd, const char *path)
{
	struct stat a, b;

	return !fstat(fd, &a) && !lstat(path, &b) && a.st_dev == b.st_dev &&
	       a.st_ino == b.st_ino;
}

/* The first line that the holder wrote. */
static void read_note(int fd, struct buf *note)
{
	char text[NOTE_MAX];
	ssize_t n = pread(fd, text, sizeof(text), 0);
	const char *end;

	buf_reset(note);
	if (n <= 0)
		return; /* a lock that says nothing is held all the same */
	end = memchr(text, '\n', (size_t)n);
	buf_add(note, text, end ? (size_t)(end - text) : (size_t)n);
}

static void pause_ms(int64_t ms)
{
	struct timespec ts = { ms / 1000, (long)(ms % 1000) * 1000000 };

	(void)nanosleep(&ts, NULL); /* the caller looks at the clock */
}

/* Waits for the lock of an open file until `until` on the monotonic clock. */
static enum err lock_fd(int fd, const char *path, int wait_ms, int64_t until,
	struct buf *note, struct error *err)
{
	for (;;) {
		int64_t left;

		if (!flock(fd, LOCK_EX | (wait_ms < 0 ? 0 : LOCK_NB)))
			return ERR_OK;
		if (errno == EINTR)
			continue;
		if (errno != EWOULDBLOCK) {
			error_sys(err, "%s: cannot lock it", path);
			return ERR_FATAL;
		}
		left = until - clock_mono_ms();
		if (left <= 0)
			break;
		if (left > (wait_ms ? WAIT_STEP_MS : PROBE_STEP_MS))
			left = wait_ms ? WAIT_STEP_MS : PROBE_STEP_MS;
		pause_ms(left);
	}
	if (note)
		read_note(fd, note);
	return error_set(err, ERR_HELD, "%s: somebody else holds it", path);
}

enum err lock_take(struct lock *l, const char *path, mode_t mode, int wait_ms,
	struct buf *note, struct error *err)
{
	int64_t until = clock_mono_ms() + (wait_ms ? wait_ms : PROBE_MS);
	struct stat st;
	int fd = -1, tries;
	enum err rc;

	for (tries = 0;; tries++) {
		rc = open_file(path, mode, &fd, err);
		if (!rc)
			rc = lock_fd(fd, path, wait_ms, until, note, err);
		if (rc)
			goto out;
		if (same_file(fd, path))
			break;
		/* Its last holder removed it while we waited. */
		close(fd);
		fd = -1;
		if (tries == REOPEN_MAX)
			return error_set(err, ERR_FATAL,
				"%s: is another file after each lock", path);
	}
	/* The note of the holder before us is not ours. */
	if (fstat(fd, &st) || (st.st_size && ftruncate(fd, 0))) {
		error_sys(err, "%s", path);
		rc = ERR_FATAL;
		goto out;
	}
	lock_forget(l);
	l->fd = fd;
	l->path = xstrdup(path);
	fd = -1; /* transferred */
out:
	if (fd >= 0)
		close(fd);
	return rc;
}

enum err lock_note(struct lock *l, const char *line, struct error *err)
{
	struct buf text = BUF_INIT;
	enum err rc;

	buf_addf(&text, "%s\n", line);
	if (ftruncate(l->fd, 0) || lseek(l->fd, 0, SEEK_SET) < 0) {
		error_sys(err, "%s", l->path);
		rc = ERR_FATAL;
	} else {
		rc = fd_write_all(l->fd, text.ptr, text.len, l->path, err);
	}
	buf_release(&text);
	return rc;
}

enum err lock_held(const char *path, bool *ret, struct error *err)
{
	enum err rc = ERR_OK;
	int fd, failed;

	fd = open(path, O_RDONLY | OPEN_FLAGS);
	if (fd < 0 && errno == ENOENT) {
		*ret = false;
		return ERR_OK;
	}
	if (fd < 0)
		return error_sys(err, "%s", path);
	/* Shared, so that those who look don't see each other. */
	do
		failed = flock(fd, LOCK_SH | LOCK_NB);
	while (failed && errno == EINTR);
	if (!failed || errno == EWOULDBLOCK) {
		*ret = failed;
	} else {
		error_sys(err, "%s: cannot lock it", path);
		rc = ERR_FATAL;
	}
	close(fd);
	return rc;
}

void lock_release(struct lock *l, bool remove)
{
	if (l->fd < 0)
		return;
	/* While it is held, so nobody else's new file goes; and when it does
	 * not go, a free lock file harms nobody. */
	if (remove && same_file(l->fd, l->path))
		(void)unlink(l->path);
	/* Not by close alone: a forked child may share it. */
	(void)flock(l->fd, LOCK_UN);
	lock_forget(l);
}

void lock_forget(struct lock *l)
{
	if (l->fd >= 0)
		close(l->fd);
	free(l->path);
	*l = (struct lock)LOCK_INIT;
}
