/*
 * Stands in for a running `git gc`, with its own gc.pid, so that none starts.
 * git takes gc.pid.lock, looks whether the process that gc.pid names is alive,
 * and renames the lock into place.  We take no lock, because one that a kill
 * leaves would block gc for good, while a gc.pid of a dead process does not:
 * we link the file into place and look whether git was just about to.
 */
#include "strack/gc.h"
#include "internal.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "strack/clock.h"
#include "strack/file.h"

#define TEMP_FILE "strack/gc.new" /* written by who has the ledger's lock */
#define PID_FILE_MAX 4096
#define CMDLINE_MAX 65536
#define WAIT_MS 60000
#define STEP_NS 10000000
#define STALE_SECONDS (12 * 3600) /* as git has it */
#define STALE_LOCK_SECONDS 60

static void host_name(struct buf *ret)
{
	struct utsname u;

	buf_set(ret, uname(&u) ? "" : u.nodename);
}

static bool is_young(const char *path, time_t seconds)
{
	struct stat st;

	return !lstat(path, &st) && st.st_mtime > time(NULL) - seconds;
}

/* Of "PID HOST": would git take it for a gc that runs?  0: no; -1: it does so
 * on another machine. */
static pid_t running(const char *path, const struct buf *text)
{
	struct buf host = BUF_INIT;
	char *end;
	long pid = strtol(text->ptr, &end, 10);
	bool here;

	if (pid <= 0 || *end != ' ' || !is_young(path, STALE_SECONDS))
		return 0;
	host_name(&host);
	here = !strcmp(end + 1, host.ptr);
	buf_release(&host);
	if (!here)
		return -1;
	return !kill((pid_t)pid, 0) || errno == EPERM ? (pid_t)pid : 0;
}

/* Does it remove young objects?  Another machine's can't be asked.  One of us
 * doesn't; that it is not gone yet is a failure to remove its file. */
static bool prunes(struct repo *r, pid_t pid)
{
	char *path = xstrfmt("/proc/%ld/cmdline", (long)pid);
	struct buf args = BUF_INIT;
	const char *p;
	bool yes = repo_config(r, "gc.pruneexpire") != NULL;

	if (pid > 0 && !file_read(path, CMDLINE_MAX, true, &args, NULL)) {
		p = args.ptr;
		if (str_ends(p, "git-strack"))
			yes = false;
		for (; p < args.ptr + args.len; p += strlen(p) + 1)
			if (str_starts(p, "--prune"))
				yes = true;
	}
	buf_release(&args);
	free(path);
	return yes;
}

/* A dead one's file, unless it was replaced since it was read. */
static void remove_stale(
	const char *path, const char *aside, const struct buf *text)
{
	struct buf now = BUF_INIT;

	if (rename(path, aside))
		return; /* somebody else did */
	/* A live one's is given back; if another is there by now, good. */
	if (file_read(aside, PID_FILE_MAX, false, &now, NULL) ||
		strcmp(now.ptr, text->ptr) != 0)
		renameat2(AT_FDCWD, aside, AT_FDCWD, path, RENAME_NOREPLACE);
	unlink(aside);
	buf_release(&now);
}

static bool put(const char *path, const char *temp, const struct buf *text)
{
	int fd;
	bool ok;

	unlink(temp); /* of a process that was killed here */
	fd = open(temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW,
		0644);
	if (fd < 0)
		return false;
	ok = !fd_write_all(fd, text->ptr, text->len, temp, NULL);
	close(fd); /* it need not outlive us */
	ok = ok && !link(temp, path);
	unlink(temp);
	return ok;
}

static bool says(const char *path, const struct buf *text)
{
	struct buf now = BUF_INIT;
	bool same = !file_read(path, PID_FILE_MAX, false, &now, NULL) &&
		    !strcmp(now.ptr, text->ptr);

	buf_release(&now);
	return same;
}

enum turn { TURN_OURS, TURN_NO_MATTER, TURN_WAIT };

static enum turn try_once(struct repo *r, struct gc_hold *h, const char *path,
	const char *temp, pid_t *who)
{
	char *lock = xstrfmt("%s.lock", path);
	struct buf text = BUF_INIT;
	enum turn turn = TURN_NO_MATTER;

	*who = 0;
	if (!file_read(path, PID_FILE_MAX, false, &text, NULL)) {
		*who = running(path, &text);
		if (*who) {
			turn = prunes(r, *who) ? TURN_WAIT : TURN_NO_MATTER;
			goto out;
		}
		remove_stale(path, temp, &text);
	}
	if (!put(path, temp, &h->text)) {
		turn = access(path, F_OK) ? TURN_NO_MATTER : TURN_WAIT;
		goto out;
	}
	/* git may have looked before we were there: then its lock is still
	 * here, or its file is where ours was. */
	if (is_young(lock, STALE_LOCK_SECONDS) || !says(path, &h->text)) {
		if (says(path, &h->text))
			unlink(path);
		turn = TURN_WAIT;
	} else {
		turn = TURN_OURS;
	}
out:
	buf_release(&text);
	free(lock);
	return turn;
}

enum err gc_keep_away(struct repo *r, struct gc_hold *h, struct error *err)
{
	const struct timespec step = { 0, STEP_NS };
	int64_t until = clock_mono_ms() + WAIT_MS;
	char *path = path_join(r->common_dir, "gc.pid");
	char *temp = path_join(r->common_dir, TEMP_FILE);
	struct buf host = BUF_INIT;
	enum turn turn;
	enum err rc = ERR_OK;
	pid_t who;

	host_name(&host);
	buf_printf(&h->text, "%ld %s", (long)getpid(), host.ptr);
	while ((turn = try_once(r, h, path, temp, &who)) == TURN_WAIT &&
		clock_mono_ms() < until)
		nanosleep(&step, NULL);
	if (turn == TURN_WAIT) {
		error_hint(err, "wait for its end, then try again");
		rc = error_set(err, ERR_FATAL,
			"git gc is running (process %ld) and may remove what "
			"is about to be written",
			(long)who);
	} else if (turn == TURN_OURS) {
		h->path = path;
		path = NULL; /* transferred */
	}
	buf_release(&host);
	free(path);
	free(temp);
	return rc;
}

void gc_release(struct gc_hold *h)
{
	if (h->path && says(h->path, &h->text))
		unlink(h->path);
	free(h->path);
	h->path = NULL;
	buf_release(&h->text);
}

bool gc_is_left(struct repo *r)
{
	char *path = path_join(r->common_dir, "gc.pid");
	char *temp = path_join(r->common_dir, TEMP_FILE);
	struct buf text = BUF_INIT;
	bool left = !file_read(path, PID_FILE_MAX, false, &text, NULL) &&
		    !running(path, &text);

	left = left || !access(temp, F_OK);
	buf_release(&text);
	free(temp);
	free(path);
	return left;
}
