/*
 * Which processes carry a line in their environment.  Whoever asks takes "none"
 * for "it is over", so none is said only when that is sure: a process that
 * vanishes before it was looked at may have left a child behind that was not
 * listed yet, one in the middle of an execve(2) has no environment, and one
 * whose first thread has ended shows it only in another.
 */
#include "strack/process.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#include "procfs.h"
#include "strack/file.h"
#include "strack/text.h"

/* How long an execve(2) may take under load: so many times 5 ms. */
#define EXEC_TRIES 200
#define MOMENT_NS 5000000
/* Lists until nothing vanished that was new; a machine that forks as fast as
 * it can needs some. */
#define LIST_ROUNDS 100

enum look {
	LOOK_OTHER,   /* it does not carry it */
	LOOK_CARRIER, /* it does */
	LOOK_GONE,    /* it ended before that could be told */
	LOOK_UNSURE   /* it can't be told */
};

/* ---- one process ---- */

struct match {
	const char *entry;
	size_t len;
	size_t at;
	bool same; /* so far, the variable that is being read */
	bool found;
	unsigned long long bytes;
};

static void match_add(struct match *m, const char *p, ssize_t n)
{
	m->bytes += (unsigned long long)n;
	for (ssize_t i = 0; i < n && !m->found; i++) {
		if (!p[i]) {
			m->found = m->same && m->at == m->len;
			m->same = true;
			m->at = 0;
		} else {
			m->same = m->same && m->at < m->len &&
				  p[i] == m->entry[m->at++];
		}
	}
}

/* Streams an environment of any size through a small buffer; closes `fd`. */
static void match_read(struct match *m, int fd)
{
	char chunk[8192];
	ssize_t n = 0;

	while (!m->found && (n = proc_read(fd, chunk, sizeof(chunk))) > 0)
		match_add(m, chunk, n);
	/* A process may have written over its environment: the last entry
	 * need not be terminated. */
	if (!m->found && n == 0 && m->bytes)
		m->found = m->same && m->at == m->len;
	close(fd);
}

/* One of its other threads, which share one environment. */
static pid_t other_thread(pid_t pid)
{
	char *path = xstrfmt("/proc/%ld/task", (long)pid);
	DIR *d = opendir(path);
	struct dirent *e;
	pid_t found = 0;
	int64_t thread;

	while (d && !found && (e = readdir(d)))
		if (number_parse(e->d_name, &thread) && thread != pid)
			found = (pid_t)thread;
	if (d)
		closedir(d); /* only read from */
	free(path);
	return found;
}

/* Has it set up an environment, and was it this one all the time? */
static bool is_settled(
	const struct proc_stat *before, const struct proc_stat *after)
{
	return after->start_code && after->env_end &&
	       before->env_start == after->env_start &&
	       before->env_end == after->env_end;
}

/* What was read of the environment tells as long as it was all of it: that of
 * before an execve(2) ends early, and in the middle of one there is none. */
static enum look judge(const struct match *m, const struct proc_stat *before,
	const struct proc_stat *st)
{
	if (!st->alive)
		return LOOK_GONE;
	if (m->found)
		return LOOK_CARRIER;
	if (st->flags & PF_KTHREAD)
		return LOOK_OTHER;
	return is_settled(before, st) && m->bytes == st->env_end - st->env_start
		       ? LOOK_OTHER
		       : LOOK_UNSURE;
}

/* LOOK_UNSURE: ask again in a moment. */
static enum look look_once(pid_t pid, pid_t thread, const char *entry)
{
	struct match m = { .entry = entry, .len = strlen(entry), .same = true };
	struct proc_stat st, before = { 0 };
	int fd;

	if (!proc_stat_read(pid, thread, &before))
		return thread ? LOOK_UNSURE : LOOK_GONE;
	fd = proc_open(pid, thread, "environ");
	if (fd < 0 && (errno == EACCES || errno == EPERM))
		return LOOK_OTHER; /* somebody else's */
	if (fd >= 0)
		match_read(&m, fd);
	if (!proc_stat_read(pid, thread, &st))
		return thread ? LOOK_UNSURE : LOOK_GONE;
	if (!thread && st.headless && !m.found) {
		thread = other_thread(pid);
		return thread ? look_once(pid, thread, entry) : LOOK_UNSURE;
	}
	/* the thread has ended, which says nothing about the others */
	if (thread && !st.alive)
		return LOOK_UNSURE;
	return judge(&m, &before, &st);
}

static enum look look_at(pid_t pid, const char *entry)
{
	const struct timespec moment = { 0, MOMENT_NS };
	enum look is = look_once(pid, 0, entry);

	for (int i = 0; is == LOOK_UNSURE && i < EXEC_TRIES; i++) {
		(void)nanosleep(&moment, NULL);
		is = look_once(pid, 0, entry);
	}
	return is;
}

/* Held by a descriptor, it is the one that is looked at: a number alone may be
 * another's by now.  Only one that is known to carry it is told anything. */
static enum look look_and_signal(pid_t pid, const char *entry, int sig)
{
	int fd = sig ? (int)syscall(SYS_pidfd_open, pid, 0) : -1;
	enum look is;

	if (sig && fd < 0 && errno == ESRCH)
		return LOOK_GONE;
	is = look_at(pid, entry);
	/* errors: it is gone, or somebody else's */
	if (is == LOOK_CARRIER && sig && fd >= 0)
		(void)syscall(SYS_pidfd_send_signal, fd, sig, NULL, 0);
	else if (is == LOOK_CARRIER && sig) /* Linux before 5.3 */
		(void)kill(pid, sig);
	if (fd >= 0)
		close(fd);
	return is;
}

/* ---- all of them ---- */

static int by_number(const void *a, const void *b)
{
	pid_t x = *(const pid_t *)a, y = *(const pid_t *)b;

	return (x > y) - (x < y);
}

static bool has(const struct pidvec *l, pid_t pid)
{
	return l->n && bsearch(&pid, l->v, l->n, sizeof(*l->v), by_number);
}

struct search {
	const char *entry;
	int sig;
	struct pidvec found;
	pid_t vanished; /* the last one of this round; 0: none */
};

static bool is_zombie(pid_t pid)
{
	struct proc_stat st;

	return proc_stat_read(pid, 0, &st) && !st.alive;
}

/* Those that were not there in the round before. */
static void look_at_new(
	struct search *s, struct pidvec *now, const struct pidvec *before)
{
	size_t kept = 0;
	pid_t self = getpid();

	s->vanished = 0;
	for (size_t i = 0; i < now->n; i++) {
		if (now->v[i] == self || has(before, now->v[i])) {
			now->v[kept++] = now->v[i];
			continue;
		}
		switch (look_and_signal(now->v[i], s->entry, s->sig)) {
		case LOOK_CARRIER:
		case LOOK_UNSURE:
			pidvec_push(&s->found, now->v[i]);
			break;
		case LOOK_GONE:
			s->vanished = now->v[i];
			/* One that is listed again is looked at again: it
			 * could not be read, for want of memory, say. */
			if (!is_zombie(now->v[i]))
				continue;
			break;
		case LOOK_OTHER:
			break;
		}
		now->v[kept++] = now->v[i];
	}
	now->n = kept;
}

/* A child is listed behind its parent, in this list or in the next, as numbers
 * go up; so of a family that lives, one is in a list of which none vanished. */
static enum err search(struct search *s, struct error *err)
{
	struct pidvec list[2] = { PIDVEC_INIT, PIDVEC_INIT };
	enum err rc = ERR_OK;

	for (int i = 0; i < LIST_ROUNDS; i++) {
		struct pidvec *now = &list[i % 2];

		now->n = 0;
		rc = proc_pids(now, err);
		if (rc)
			break;
		qsort(now->v, now->n, sizeof(*now->v), by_number);
		look_at_new(s, now, &list[1 - i % 2]);
		if (s->found.n || !s->vanished)
			break;
	}
	/* It can't be told, and so it must not read as over. */
	if (!rc && !s->found.n && s->vanished)
		pidvec_push(&s->found, s->vanished);
	pidvec_release(&list[0]);
	pidvec_release(&list[1]);
	return rc;
}

enum err process_with_env(
	const char *entry, struct pidvec *ret, struct error *err)
{
	struct search s = { .entry = entry, .found = PIDVEC_INIT };
	enum err rc = search(&s, err);

	for (size_t i = 0; !rc && i < s.found.n; i++)
		pidvec_push(ret, s.found.v[i]);
	pidvec_release(&s.found);
	return rc;
}

enum err process_signal_with_env(
	const char *entry, int sig, size_t *n, struct error *err)
{
	struct search s = { .entry = entry, .sig = sig, .found = PIDVEC_INIT };
	enum err rc = search(&s, err);

	*n = s.found.n;
	pidvec_release(&s.found);
	return rc;
}
