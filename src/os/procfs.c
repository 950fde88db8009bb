/*
 * What /proc says about other processes.  They come, go and change while it
 * is read: whatever has vanished is left out, and nothing here is a promise
 * about the moment after.
 */
#include "strack/process.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#include "strack/file.h"

#define PF_KTHREAD 0x00200000u /* include/linux/sched.h */
#define GROUP_TRIES 5
/* How long an execve(2) may take under load: so many times 5 ms. */
#define EXEC_TRIES 200

struct stat_line {
	pid_t pid;
	pid_t ppid;
	pid_t pgrp;
	unsigned flags;
	bool alive;
	bool no_env; /* not even an empty one: none was set up yet, or any more
		      */
};

struct proc_table {
	struct stat_line *v;
	size_t n;
	size_t cap;
};

void pidvec_release(struct pidvec *l)
{
	free(l->v);
	*l = (struct pidvec)PIDVEC_INIT;
}

static void pidvec_push(struct pidvec *l, pid_t pid)
{
	ARRAY_GROW(l->v, l->n + 1, l->cap);
	l->v[l->n++] = pid;
}

static int open_proc(pid_t pid, const char *name)
{
	char *path = xstrfmt("/proc/%ld/%s", (long)pid, name);
	int fd = open(path, O_RDONLY | O_CLOEXEC), sys = errno;

	free(path);
	errno = sys;
	return fd;
}

static ssize_t read_some(int fd, void *p, size_t n)
{
	ssize_t got;

	do
		got = read(fd, p, n);
	while (got < 0 && errno == EINTR);
	return got;
}

/* env_end is the 51st field of proc(5), and 0 while a process has no
 * environment; it is not when that is merely empty.  `text` begins with the
 * 3rd field. */
static bool has_no_env(const char *text)
{
	for (int field = 3; field < 51; field++) {
		text += strspn(text, " ");
		text += strcspn(text, " ");
	}
	text += strspn(text, " ");
	return text[0] == '0' && (text[1] == ' ' || text[1] == '\n');
}

/* proc(5): pid (comm) state ppid pgrp ... flags is the 9th, num_threads the
 * 20th.  comm may hold anything, ") (" and newlines too, but nothing behind it
 * holds a parenthesis: so it ends at the last one. */
static bool parse_stat(const char *text, struct stat_line *ret)
{
	const char *end = strrchr(text, ')');
	long ppid, pgrp, threads;
	unsigned flags;
	char state;

	if (!end || sscanf(end + 1,
			    " %c %ld %ld %*s %*s %*s %u %*s %*s %*s %*s %*s"
			    " %*s %*s %*s %*s %*s %ld",
			    &state, &ppid, &pgrp, &flags, &threads) != 5)
		return false;
	ret->ppid = (pid_t)ppid;
	ret->pgrp = (pid_t)pgrp;
	ret->flags = flags;
	/* A zombie with threads is a process whose first thread has ended and
	 * whose others run on. */
	ret->no_env = has_no_env(end + 1);
	ret->alive =
		(state != 'Z' && state != 'X' && state != 'x') || threads > 1;
	return true;
}

/* False when it is gone, or hidden from us. */
static bool read_stat(pid_t pid, struct stat_line *ret)
{
	/* About 300 bytes in practice, and we need the first fields only. */
	char text[2048];
	int fd = open_proc(pid, "stat");
	ssize_t n;

	if (fd < 0)
		return false;
	n = read_some(fd, text, sizeof(text) - 1);
	close(fd);
	if (n <= 0)
		return false; /* ESRCH: it went between open and read */
	text[n] = '\0';
	ret->pid = pid;
	return parse_stat(text, ret);
}

static enum err all_pids(struct pidvec *ret, struct error *err)
{
	enum err rc = ERR_OK;
	struct dirent *e;
	DIR *d = opendir("/proc");

	if (!d) {
		error_sys(err, "/proc");
		return ERR_FATAL;
	}
	while (errno = 0, e = readdir(d)) {
		char *end;
		long pid;

		if (!isdigit((unsigned char)e->d_name[0]))
			continue;
		pid = strtol(e->d_name, &end, 10);
		if (!*end && pid > 0)
			pidvec_push(ret, (pid_t)pid);
	}
	if (errno) {
		error_sys(err, "/proc");
		rc = ERR_FATAL;
	}
	closedir(d);
	return rc;
}

static enum err proc_table_read(struct proc_table *t, struct error *err)
{
	struct pidvec pids = PIDVEC_INIT;
	enum err rc = all_pids(&pids, err);

	for (size_t i = 0; !rc && i < pids.n; i++) {
		ARRAY_GROW(t->v, t->n + 1, t->cap);
		if (read_stat(pids.v[i], &t->v[t->n]))
			t->n++;
	}
	pidvec_release(&pids);
	return rc;
}

static int by_parent(const void *a, const void *b)
{
	const struct stat_line *x = a, *y = b;

	if (x->ppid != y->ppid)
		return x->ppid < y->ppid ? -1 : 1;
	return (x->pid > y->pid) - (x->pid < y->pid);
}

/* The first child of `parent` in a table that is sorted by parent. */
static size_t first_child(const struct proc_table *t, pid_t parent)
{
	size_t lo = 0, hi = t->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (t->v[mid].ppid < parent)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

enum err process_descendants(pid_t root, struct pidvec *ret, struct error *err)
{
	struct proc_table t = { NULL, 0, 0 };
	struct pidvec found = PIDVEC_INIT;
	pid_t parent = root;
	enum err rc;

	rc = proc_table_read(&t, err);
	if (rc)
		goto out;
	if (t.n)
		qsort(t.v, t.n, sizeof(*t.v), by_parent);
	/* Breadth first, so parents come before their children.  A zombie has
	 * no children any more: they went to the subreaper.  It ends because
	 * each process has one parent, and the root is never gone into twice.
	 */
	for (size_t done = 0;; parent = found.v[done++]) {
		size_t i = first_child(&t, parent);

		for (; i < t.n && t.v[i].ppid == parent; i++)
			if (t.v[i].alive && t.v[i].pid != root)
				pidvec_push(&found, t.v[i].pid);
		if (done == found.n)
			break;
	}
	for (size_t i = 0; i < found.n; i++)
		pidvec_push(ret, found.v[i]);
out:
	pidvec_release(&found);
	free(t.v);
	return rc;
}

/* Streams an environment of any size through a small buffer.  `*empty`: there
 * was not one byte in it. */
static bool environ_has(pid_t pid, const char *entry, bool *empty)
{
	size_t len = strlen(entry), at = 0;
	bool same = true, found = false;
	int fd = open_proc(pid, "environ");
	char chunk[8192];
	ssize_t n = 0;

	*empty = false;
	if (fd < 0)
		return false; /* gone, or somebody else's */
	*empty = true;
	while (!found && (n = read_some(fd, chunk, sizeof(chunk))) > 0) {
		*empty = false;
		for (ssize_t i = 0; i < n && !found; i++) {
			if (!chunk[i]) {
				found = same && at == len;
				same = true;
				at = 0;
			} else {
				same = same && at < len &&
				       chunk[i] == entry[at++];
			}
		}
	}
	/* A process may have written over its environment: the last entry
	 * need not be terminated. */
	if (!found && n == 0 && len)
		found = same && at == len;
	close(fd);
	return found;
}

/* In the middle of an execve(2) there is no environment, for as long as the
 * machine has no time for it; that must not read as "not of the run". */
static bool carries(pid_t pid, const char *entry)
{
	const struct timespec moment = { 0, 5000000 };
	struct stat_line st;
	bool empty;

	for (int i = 0; i < EXEC_TRIES; i++) {
		if (environ_has(pid, entry, &empty))
			return read_stat(pid, &st) && st.alive;
		if (!empty || !read_stat(pid, &st) || !st.alive ||
			(st.flags & PF_KTHREAD))
			return false;
		/* What it has since, the next look tells; none was there. */
		if (!st.no_env && i)
			return false;
		(void)nanosleep(&moment, NULL);
	}
	return false;
}

enum err process_with_env(
	const char *entry, struct pidvec *ret, struct error *err)
{
	struct pidvec pids = PIDVEC_INIT;
	pid_t self = getpid();
	enum err rc = all_pids(&pids, err);

	for (size_t i = 0; !rc && i < pids.n; i++)
		if (pids.v[i] != self && carries(pids.v[i], entry))
			pidvec_push(ret, pids.v[i]);
	pidvec_release(&pids);
	return rc;
}

/* Held by a descriptor, it is the one that is looked at: a number alone may be
 * another's by now. */
static bool signal_carrier(pid_t pid, const char *entry, int sig)
{
	int fd = (int)syscall(SYS_pidfd_open, pid, 0);
	bool does;

	if (fd < 0 && errno == ESRCH)
		return false;
	does = carries(pid, entry);
	/* errors: it is gone, or somebody else's */
	if (does && sig && fd >= 0)
		(void)syscall(SYS_pidfd_send_signal, fd, sig, NULL, 0);
	else if (does && sig) /* Linux before 5.3 */
		(void)kill(pid, sig);
	if (fd >= 0)
		close(fd);
	return does;
}

enum err process_signal_with_env(
	const char *entry, int sig, size_t *n, struct error *err)
{
	struct pidvec pids = PIDVEC_INIT;
	pid_t self = getpid();
	enum err rc = all_pids(&pids, err);

	*n = 0;
	for (size_t i = 0; !rc && i < pids.n; i++)
		if (pids.v[i] != self)
			*n += signal_carrier(pids.v[i], entry, sig);
	pidvec_release(&pids);
	return rc;
}

bool process_group_alive(pid_t pgid)
{
	if (pgid <= 0)
		return false;
	for (int i = 0; i < GROUP_TRIES; i++) {
		struct proc_table t = { NULL, 0, 0 };
		bool alive = false, dead = false;

		/* The kernel knows at once when nobody is left, not even a
		 * zombie; for -1 it would mean everybody. */
		if (pgid > 1 && kill(-pgid, 0) && errno == ESRCH)
			return false;
		if (proc_table_read(&t, NULL)) {
			free(t.v);
			return true; /* it exists, and we cannot look closer */
		}
		for (size_t k = 0; k < t.n; k++) {
			if (t.v[k].pgrp != pgid)
				continue;
			if (t.v[k].alive)
				alive = true;
			else
				dead = true;
		}
		free(t.v);
		if (alive)
			return true;
		if (dead)
			return false;
		/* The kernel sees one that we did not: it was born, or its
		 * parent went, behind our back.  Look again. */
	}
	return pgid > 1;
}

void process_signal_all(const struct pidvec *l, int sig)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->v[i] > 0) /* 0 and below name whole groups */
			(void)kill(l->v[i], sig);
}

enum err process_boot_id(struct buf *ret, struct error *err)
{
	struct buf text = BUF_INIT;
	enum err rc;

	rc = file_read(
		"/proc/sys/kernel/random/boot_id", 128, false, &text, NULL);
	if (rc == ERR_TOOBIG) {
		rc = error_set(err, ERR_FATAL, "boot_id: is over 128 bytes");
	} else {
		/* Anything else means that /proc does not have it for us. */
		if (rc)
			buf_reset(&text);
		buf_trim_end(&text);
		buf_reset(ret);
		buf_addbuf(ret, &text);
		rc = ERR_OK;
	}
	buf_release(&text);
	return rc;
}

enum err process_pid_namespace(struct buf *ret, struct error *err)
{
	char text[128];
	ssize_t n = readlink("/proc/self/ns/pid", text, sizeof(text));

	if (n == (ssize_t)sizeof(text))
		return error_set(
			err, ERR_FATAL, "/proc/self/ns/pid: is no namespace");
	buf_reset(ret);
	if (n > 0)
		buf_add(ret, text, (size_t)n);
	return ERR_OK;
}
