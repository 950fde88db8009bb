/*
 * An LD_PRELOAD that stops git-strack at the Nth call that changes something
 * (of libc's, so libgit2's in it, too): kills it, or lets the call fail.  It
 * can as well only count, or write down every such call in order.
 *
 *	STRACK_FAULT_COUNT=<file>	what the processes of a run share, below
 *	STRACK_FAULT_AT=<n>		which one; none: only counts
 *	STRACK_FAULT_HOW=kill|exit|EIO|ENOSPC|EINTR|short
 *	STRACK_FAULT_LONG=1		and all that come after it
 *	STRACK_FAULT_LOG=<file>		a line for what was hit
 *	STRACK_FAULT_TRACE=<file>	a line for every call that was made
 *	STRACK_FAULT_NOW=<seconds>	the time, and nothing is random: see
 *below STRACK_FAULT_SERVER=<fd>	waits there for what is to be done
 *
 * Only calls that can fail in that way are counted, so that each N is a fault:
 * ENOSPC where room is taken, EINTR and a short write where POSIX permits
 * them.  Pipes don't fill up and have no sectors: there one can only be
 * killed.  fork and exec fail with EAGAIN.  What is killed in a write has
 * written half of it.  Times of files (utimes) are no change that matters, and
 * what stdio writes to standard output is not seen here.
 *
 * With a fixed time, clocks stand still for seconds and randomness is the same
 * in every run.  So two runs that are stopped at points that make no difference
 * leave the very same ledger, which has to be audited only once.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>
#include "fault.h"

enum what {
	TAKES_ROOM = 1, /* what a full disk refuses */
	IS_START = 2,   /* of a process: fails for want of memory */
	INTERRUPTS = 4,
	SHORTENS = 8,
	IS_PIPE = 16,
};

enum how { KILL, EXIT, SHORT, ERRNO };

static struct fault_shared *shared;
static int active, at, lasting, sys;
static enum how how;
static const char *log_file, *trace_file;

/* ---- time and randomness ---- */

#define STEP_SECONDS 2

static int64_t fixed_now;
static uint64_t drawn;

static int64_t real_seconds(void)
{
	struct timespec ts;

	syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &ts);
	return ts.tv_sec;
}

/* It goes on all the same: somebody may be waiting for it. */
static int64_t passed(void)
{
	int64_t s = real_seconds() - shared->start;

	return s - s % STEP_SECONDS;
}

int clock_gettime(clockid_t id, struct timespec *ts)
{
	if (!fixed_now || (id != CLOCK_REALTIME && id != CLOCK_MONOTONIC))
		return (int)syscall(SYS_clock_gettime, id, ts);
	ts->tv_nsec = 0;
	ts->tv_sec =
		(id == CLOCK_REALTIME ? fixed_now : shared->start) + passed();
	return 0;
}

time_t time(time_t *ret)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	if (ret)
		*ret = ts.tv_sec;
	return ts.tv_sec;
}

int gettimeofday(struct timeval *restrict tv, void *restrict zone)
{
	struct timespec ts;

	(void)zone;
	clock_gettime(CLOCK_REALTIME, &ts);
	tv->tv_sec = ts.tv_sec;
	tv->tv_usec = ts.tv_nsec / 1000;
	return 0;
}

ssize_t getrandom(void *p, size_t n, unsigned flags)
{
	unsigned char *to = p;

	if (!fixed_now)
		return syscall(SYS_getrandom, p, n, flags);
	for (size_t i = 0; i < n; i++) { /* splitmix64 */
		uint64_t z = (uint64_t)fixed_now +
			     ++drawn * UINT64_C(0x9e3779b97f4a7c15);

		z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
		z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
		to[i] = (unsigned char)(z >> 56 ^ z >> 24);
	}
	return (ssize_t)n;
}

/* ---- what is counted ---- */

int fault_configure(void)
{
	const char *n = getenv("STRACK_FAULT_AT");
	const char *word = getenv("STRACK_FAULT_HOW");
	const char *now = getenv("STRACK_FAULT_NOW");

	if (!shared->start)
		shared->start = real_seconds();
	fixed_now = now ? atoll(now) : 0;
	drawn = 0;
	at = n ? atoi(n) : 0;
	how = !word || !strcmp(word, "kill") ? KILL
	      : !strcmp(word, "exit")        ? EXIT
	      : !strcmp(word, "short")       ? SHORT
					     : ERRNO;
	sys = how != ERRNO              ? 0
	      : !strcmp(word, "ENOSPC") ? ENOSPC
	      : !strcmp(word, "EINTR")  ? EINTR
					: EIO;
	lasting = getenv("STRACK_FAULT_LONG") != NULL;
	log_file = getenv("STRACK_FAULT_LOG");
	trace_file = getenv("STRACK_FAULT_TRACE");
	active = !strcmp(program_invocation_short_name, "git-strack");
	return active;
}

__attribute__((constructor)) static void set_up(void)
{
	const char *file = getenv("STRACK_FAULT_COUNT");
	void *map;
	int fd;

	if (!file)
		return;
	fd = (int)syscall(
		SYS_openat, AT_FDCWD, file, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0 || syscall(SYS_ftruncate, fd, (long)sizeof(*shared)))
		abort();
	map = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED,
		fd, 0);
	if (map == MAP_FAILED)
		abort();
	syscall(SYS_close, fd);
	shared = map;
	(void)fault_configure();
}

/* `on` is a path, or else `fd` is named. */
static void note(const char *file, const char *head, const char *on, int fd)
{
	char line[3 * 4096], link[64], path[4096];
	int to, len;

	if (!on) {
		ssize_t n;

		snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
		n = readlink(link, path, sizeof(path) - 1);
		path[n > 0 ? n : 0] = '\0';
		on = path;
	}
	len = snprintf(line, sizeof(line), "%s\t%.8000s\n", head, on);
	to = (int)syscall(SYS_openat, AT_FDCWD, file,
		O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	if (to < 0)
		return;
	syscall(SYS_write, to, line, (size_t)len);
	syscall(SYS_close, to);
}

static int applies(enum what what)
{
	if (how == KILL || how == EXIT)
		return 1;
	if (what & IS_PIPE)
		return 0;
	if (how == SHORT)
		return (what & SHORTENS) != 0;
	return sys == ENOSPC  ? (what & TAKES_ROOM) != 0
	       : sys == EINTR ? (what & INTERRUPTS) != 0
			      : 1;
}

/* Is it this call's turn? */
static int hit(const char *name, const char *on, int fd, enum what what)
{
	int n;

	if (!active || !applies(what))
		return 0;
	n = atomic_fetch_add(&shared->count, 1) + 1;
	if (!at || n < at || (n > at && !lasting))
		return 0;
	if (n > at && (what & IS_START) && how == ERRNO)
		return 0; /* full is the disk, not the memory */
	atomic_fetch_add(&shared->hits, 1);
	if (n == at && log_file) {
		char head[64];

		snprintf(head, sizeof(head), "%d %s", n, name);
		note(log_file, head, on, fd);
	}
	return 1;
}

static void die(void)
{
	if (how == EXIT)
		syscall(SYS_exit_group, FAULT_EXIT);
	syscall(SYS_kill, getpid(), SIGKILL);
}

/* -1: the call is to fail. */
static int strike(const char *name, const char *on, int fd, enum what what)
{
	if (!hit(name, on, fd, what))
		return 0;
	if (how != ERRNO)
		die();
	errno = what & IS_START ? EAGAIN : sys;
	return -1;
}

static void trace(const char *name, const char *a, const char *b, int fd)
{
	char head[4096 + 64];
	int keep = errno;

	if (!active || !trace_file)
		return;
	snprintf(head, sizeof(head), "%s%s%.4000s", name, b ? "\t" : "",
		b ? a : "");
	note(trace_file, head, b ? b : a, fd);
	errno = keep;
}

static void *real(const char *name)
{
	void *f = dlsym(RTLD_NEXT, name);

	if (!f)
		abort();
	return f;
}

#define REAL(type, name, ...)                                                  \
	static type (*next)(__VA_ARGS__);                                      \
	if (!next)                                                             \
	*(void **)&next = real(#name)

/* ---- writes ---- */

static enum what kind_of_fd(int fd)
{
	struct stat st;

	return fstat(fd, &st) || !S_ISREG(st.st_mode) ? IS_PIPE : 0;
}

ssize_t write(int fd, const void *data, size_t len)
{
	enum what what = TAKES_ROOM | INTERRUPTS;
	ssize_t rc;
	REAL(ssize_t, write, int, const void *, size_t);

	if (!active)
		return next(fd, data, len);
	what |= kind_of_fd(fd) | (len > 1 ? SHORTENS : 0);
	if (hit("write", NULL, fd, what)) {
		if (how == ERRNO) {
			errno = sys;
			return -1;
		}
		len = len > 1 ? len / 2 : len;
		if (how != SHORT) {
			if (!(what & IS_PIPE))
				syscall(SYS_write, fd, data, len);
			die();
		}
	}
	rc = next(fd, data, len);
	trace("write", NULL, NULL, fd);
	return rc;
}

ssize_t pwrite(int fd, const void *data, size_t len, off_t off)
{
	ssize_t rc;
	REAL(ssize_t, pwrite, int, const void *, size_t, off_t);

	if (active &&
		hit("pwrite", NULL, fd,
			TAKES_ROOM | INTERRUPTS | (len > 1 ? SHORTENS : 0))) {
		if (how == ERRNO) {
			errno = sys;
			return -1;
		}
		len = len > 1 ? len / 2 : len;
		if (how != SHORT) {
			syscall(SYS_pwrite64, fd, data, len, off);
			die();
		}
	}
	rc = next(fd, data, len, off);
	trace("pwrite", NULL, NULL, fd);
	return rc;
}

ssize_t pwrite64(int fd, const void *data, size_t len, off_t off)
{
	return pwrite(fd, data, len, off);
}

/* ---- all others: counted, made, written down ---- */

#define ON_FD(name, what, params, args)                                        \
	int name params                                                        \
	{                                                                      \
		int rc;                                                        \
		int(*next) params;                                             \
		*(void **)&next = real(#name);                                 \
		if (strike(#name, NULL, fd, what))                             \
			return -1;                                             \
		rc = next args;                                                \
		if (!rc)                                                       \
			trace(#name, NULL, NULL, fd);                          \
		return rc;                                                     \
	}
ON_FD(fsync, TAKES_ROOM | INTERRUPTS, (int fd), (fd))
ON_FD(fdatasync, TAKES_ROOM, (int fd), (fd))
ON_FD(syncfs, TAKES_ROOM, (int fd), (fd))
ON_FD(ftruncate, INTERRUPTS, (int fd, off_t len), (fd, len))
ON_FD(ftruncate64, INTERRUPTS, (int fd, off_t len), (fd, len))
ON_FD(fchmod, 0, (int fd, mode_t mode), (fd, mode))
ON_FD(fallocate, TAKES_ROOM | INTERRUPTS,
	(int fd, int mode, off_t off, off_t len), (fd, mode, off, len))
ON_FD(fallocate64, TAKES_ROOM | INTERRUPTS,
	(int fd, int mode, off_t off, off_t len), (fd, mode, off, len))

#define ON_PATH(name, what, params, args)                                      \
	int name params                                                        \
	{                                                                      \
		int rc;                                                        \
		int(*next) params;                                             \
		*(void **)&next = real(#name);                                 \
		if (strike(#name, path, -1, what))                             \
			return -1;                                             \
		rc = next args;                                                \
		if (!rc)                                                       \
			trace(#name, path, NULL, -1);                          \
		return rc;                                                     \
	}
ON_PATH(unlink, 0, (const char *path), (path))
ON_PATH(rmdir, 0, (const char *path), (path))
ON_PATH(unlinkat, 0, (int dir, const char *path, int f), (dir, path, f))
ON_PATH(mkdir, TAKES_ROOM, (const char *path, mode_t mode), (path, mode))
ON_PATH(mkfifo, TAKES_ROOM, (const char *path, mode_t mode), (path, mode))
ON_PATH(mkdirat, TAKES_ROOM, (int dir, const char *path, mode_t mode),
	(dir, path, mode))
ON_PATH(chmod, 0, (const char *path, mode_t mode), (path, mode))
ON_PATH(truncate, 0, (const char *path, off_t len), (path, len))

#define ON_TWO(name, params, args)                                             \
	int name params                                                        \
	{                                                                      \
		int rc;                                                        \
		int(*next) params;                                             \
		*(void **)&next = real(#name);                                 \
		if (strike(#name, b, -1, TAKES_ROOM))                          \
			return -1;                                             \
		rc = next args;                                                \
		if (!rc)                                                       \
			trace(#name, a, b, -1);                                \
		return rc;                                                     \
	}
ON_TWO(link, (const char *a, const char *b), (a, b))
ON_TWO(symlink, (const char *a, const char *b), (a, b))
ON_TWO(rename, (const char *a, const char *b), (a, b))
ON_TWO(renameat, (int d, const char *a, int e, const char *b), (d, a, e, b))
ON_TWO(renameat2, (int d, const char *a, int e, const char *b, unsigned f),
	(d, a, e, b, f))
ON_TWO(linkat, (int d, const char *a, int e, const char *b, int f),
	(d, a, e, b, f))
ON_TWO(symlinkat, (const char *a, int d, const char *b), (a, d, b))

/* Devices are no files that are written to. */
static int opened(const char *name, const char *path, int flags)
{
	if (!(flags & (O_WRONLY | O_RDWR)) || !strncmp(path, "/dev/null", 9) ||
		!strncmp(path, "/dev/tty", 8))
		return 0;
	return strike(name, path, -1,
		INTERRUPTS | (flags & O_CREAT ? TAKES_ROOM : 0));
}

static void trace_open(const char *name, const char *path, int flags, int fd)
{
	if (fd >= 0 && (flags & (O_WRONLY | O_RDWR)))
		trace(name, path, NULL, -1);
}

#define ON_OPEN(name, params, args)                                            \
	int name params                                                        \
	{                                                                      \
		mode_t mode = 0;                                               \
		va_list ap;                                                    \
		int rc;                                                        \
		int(*next) params;                                             \
		*(void **)&next = real(#name);                                 \
		va_start(ap, flags);                                           \
		if (flags & O_CREAT)                                           \
			mode = va_arg(ap, mode_t);                             \
		va_end(ap);                                                    \
		if (opened(#name, path, flags))                                \
			return -1;                                             \
		rc = next args;                                                \
		trace_open(#name, path, flags, rc);                            \
		return rc;                                                     \
	}
ON_OPEN(open, (const char *path, int flags, ...), (path, flags, mode))
ON_OPEN(open64, (const char *path, int flags, ...), (path, flags, mode))
ON_OPEN(openat, (int dir, const char *path, int flags, ...),
	(dir, path, flags, mode))
ON_OPEN(openat64, (int dir, const char *path, int flags, ...),
	(dir, path, flags, mode))

int creat(const char *path, mode_t mode)
{
	return open(path, O_WRONLY | O_CREAT | O_TRUNC, mode);
}

/* what fortified code calls where flags are no constant */
int __open_2(const char *path, int flags);
int __open_2(const char *path, int flags)
{
	return open(path, flags);
}

#define ON_TEMP(name, params, args)                                            \
	int name params                                                        \
	{                                                                      \
		int rc;                                                        \
		int(*next) params;                                             \
		*(void **)&next = real(#name);                                 \
		if (strike(#name, path, -1, TAKES_ROOM | INTERRUPTS))          \
			return -1;                                             \
		rc = next args;                                                \
		if (rc >= 0)                                                   \
			trace(#name, path, NULL, -1);                          \
		return rc;                                                     \
	}
ON_TEMP(mkstemp, (char *path), (path))
ON_TEMP(mkstemp64, (char *path), (path))
ON_TEMP(mkostemp, (char *path, int flags), (path, flags))
ON_TEMP(mkostemp64, (char *path, int flags), (path, flags))

char *mkdtemp(char *path)
{
	char *rc;
	REAL(char *, mkdtemp, char *);

	if (strike("mkdtemp", path, -1, TAKES_ROOM))
		return NULL;
	rc = next(path);
	if (rc)
		trace("mkdtemp", path, NULL, -1);
	return rc;
}

pid_t fork(void)
{
	pid_t rc;
	REAL(pid_t, fork, void);

	if (strike("fork", "", -1, IS_START))
		return -1;
	rc = next();
	if (rc > 0)
		trace("fork", "", NULL, -1);
	return rc;
}

/* One that is not there is no start, only a look along PATH. */
int execve(const char *path, char *const argv[], char *const envp[])
{
	REAL(int, execve, const char *, char *const[], char *const[]);

	if (!access(path, X_OK)) {
		if (strike("execve", path, -1, IS_START))
			return -1;
		trace("execve", path, NULL, -1);
	}
	return next(path, argv, envp);
}
