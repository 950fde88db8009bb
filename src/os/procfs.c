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
#include "procfs.h"
#include "strack/file.h"

#define GROUP_TRIES 5

struct proc_table {
	struct proc_stat *v;
	size_t n;
	size_t cap;
};

void pidvec_release(struct pidvec *l)
{
	free(l->v);
	*l = (struct pidvec)PIDVEC_INIT;
}

void pidvec_push(struct pidvec *l, pid_t pid)
{
	ARRAY_GROW(l->v, l->n + 1, l->cap);
	l->v[l->n++] = pid;
}

int proc_open(pid_t pid, pid_t thread, const char *name)
{
	char *path = thread ? xstrfmt("/proc/%ld/task/%ld/%s", (long)pid,
				      (long)thread, name)
			    : xstrfmt("/proc/%ld/%s", (long)pid, name);
	int fd = open(path, O_RDONLY | O_CLOEXEC), sys = errno;

	free(path);
	errno = sys;
	return fd;
}

ssize_t proc_read(int fd, void *p, size_t n)
{
	ssize_t got;

	do
		got = read(fd, p, n);
	while (got < 0 && errno == EINTR);
	return got;
}

/* startcode, env_start and env_end are the 26th, 50th and 51st field of
 * proc(5); `text` begins with the 3rd. */
static void parse_env(const char *text, struct proc_stat *ret)
{
	char *end;

	for (int field = 3; field < 50; field++) {
		text += strspn(text, " ");
		if (field == 26)
			ret->start_code = strtoull(text, NULL, 10);
		text += strcspn(text, " ");
	}
	ret->env_start = strtoull(text, &end, 10);
	ret->env_end = strtoull(end, NULL, 10);
}

/* proc(5): pid (comm) state ppid pgrp ... flags is the 9th, num_threads the
 * 20th.  comm may hold anything, ") (" and newlines too, but nothing behind it
 * holds a parenthesis: so it ends at the last one. */
static bool parse_stat(const char *text, struct proc_stat *ret)
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
	parse_env(end + 1, ret);
	ret->headless = state == 'Z' && threads > 1;
	ret->alive =
		(state != 'Z' && state != 'X' && state != 'x') || ret->headless;
	return true;
}

bool proc_stat_read(pid_t pid, pid_t thread, struct proc_stat *ret)
{
	/* About 300 bytes in practice, and we need the first fields only. */
	char text[2048];
	int fd = proc_open(pid, thread, "stat");
	ssize_t n;

	if (fd < 0)
		return false;
	n = proc_read(fd, text, sizeof(text) - 1);
	close(fd);
	if (n <= 0)
		return false; /* ESRCH: it went between open and read */
	text[n] = '\0';
	ret->pid = pid;
	return parse_stat(text, ret);
}

enum err proc_pids(struct pidvec *ret, struct error *err)
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
	enum err rc = proc_pids(&pids, err);

	for (size_t i = 0; !rc && i < pids.n; i++) {
		ARRAY_GROW(t->v, t->n + 1, t->cap);
		if (proc_stat_read(pids.v[i], 0, &t->v[t->n]))
			t->n++;
	}
	pidvec_release(&pids);
	return rc;
}

static int by_parent(const void *a, const void *b)
{
	const struct proc_stat *x = a, *y = b;

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
