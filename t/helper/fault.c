/*
 * An LD_PRELOAD that stops git-strack at the Nth call that changes something
 * (of libc's, so libgit2's in it, too): kills it, or lets the call fail.
 *
 *	STRACK_FAULT_COUNT=<file>	calls so far, of all processes of a run
 *	STRACK_FAULT_AT=<n>		which one; none: only counts
 *	STRACK_FAULT_HOW=kill|<errno>	in words: ENOSPC or EIO
 *	STRACK_FAULT_LONG=1		and all that come after it
 *	STRACK_FAULT_LOG=<file>		a line for what was hit
 *
 * What is killed in a write has written half of it.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum what {
	TAKES_ROOM = 1, /* what a full disk refuses */
	IS_START = 2,   /* of a process: fails for want of memory */
};

static atomic_int *count;
static int at, how, lasting;

__attribute__((constructor)) static void set_up(void)
{
	const char *file = getenv("STRACK_FAULT_COUNT");
	const char *n = getenv("STRACK_FAULT_AT");
	const char *word = getenv("STRACK_FAULT_HOW");
	void *map;
	int fd;

	if (!file || strcmp(program_invocation_short_name, "git-strack") != 0)
		return;
	fd = (int)syscall(
		SYS_openat, AT_FDCWD, file, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0 || syscall(SYS_ftruncate, fd, 4096L))
		abort();
	map = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (map == MAP_FAILED)
		abort();
	syscall(SYS_close, fd);
	at = n ? atoi(n) : 0;
	how = !word || !strcmp(word, "kill") ? 0
	      : !strcmp(word, "ENOSPC")      ? ENOSPC
					     : EIO;
	lasting = getenv("STRACK_FAULT_LONG") != NULL;
	count = map;
}

static void note(int n, const char *name, const char *on)
{
	const char *file = getenv("STRACK_FAULT_LOG");
	char line[512];
	int fd, len;

	if (!file)
		return;
	len = snprintf(line, sizeof(line), "%d %s %.400s\n", n, name, on);
	fd = (int)syscall(SYS_openat, AT_FDCWD, file,
		O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	if (fd < 0)
		return;
	syscall(SYS_write, fd, line, (size_t)len);
	syscall(SYS_close, fd);
}

/* 0: go on; else the call fails with it.  A `half` is done before a kill. */
static int hit(const char *name, const char *on, enum what what,
	const void *data, size_t len, int fd)
{
	int n;

	if (!count)
		return 0;
	n = atomic_fetch_add(count, 1) + 1;
	if (!at || n < at || (n > at && !lasting))
		return 0;
	if (n == at)
		note(n, name, on);
	if (!how) {
		if (data)
			syscall(SYS_write, fd, data, len / 2);
		syscall(SYS_kill, getpid(), SIGKILL);
	}
	if (how == ENOSPC && !(what & TAKES_ROOM))
		return what & IS_START && n == at ? EAGAIN : 0;
	if (what & IS_START)
		return n == at ? EAGAIN : 0;
	return how;
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
#define FAIL(...)                                                              \
	do {                                                                   \
		int sys_ = hit(__VA_ARGS__);                                   \
		if (sys_) {                                                    \
			errno = sys_;                                          \
			return -1;                                             \
		}                                                              \
	} while (0)

/* Files only: pipes and terminals don't fill up. */
static int is_file(int fd)
{
	struct stat st;

	return count && !fstat(fd, &st) && S_ISREG(st.st_mode);
}

ssize_t write(int fd, const void *data, size_t len)
{
	REAL(ssize_t, write, int, const void *, size_t);
	if (is_file(fd))
		FAIL("write", "", TAKES_ROOM, data, len, fd);
	return next(fd, data, len);
}

ssize_t pwrite(int fd, const void *data, size_t len, off_t off)
{
	REAL(ssize_t, pwrite, int, const void *, size_t, off_t);
	if (is_file(fd))
		FAIL("pwrite", "", TAKES_ROOM, NULL, 0, fd);
	return next(fd, data, len, off);
}

ssize_t pwrite64(int fd, const void *data, size_t len, off_t off)
{
	return pwrite(fd, data, len, off);
}

int ftruncate(int fd, off_t len)
{
	REAL(int, ftruncate, int, off_t);
	FAIL("ftruncate", "", 0, NULL, 0, fd);
	return next(fd, len);
}

int ftruncate64(int fd, off_t len)
{
	return ftruncate(fd, len);
}

#define ON_FD(name)                                                            \
	int name(int fd)                                                       \
	{                                                                      \
		REAL(int, name, int);                                          \
		FAIL(#name, "", 0, NULL, 0, fd);                               \
		return next(fd);                                               \
	}
ON_FD(fsync)
ON_FD(fdatasync)
ON_FD(syncfs)

#define ON_PATH(name, what)                                                    \
	int name(const char *path)                                             \
	{                                                                      \
		REAL(int, name, const char *);                                 \
		FAIL(#name, path, what, NULL, 0, -1);                          \
		return next(path);                                             \
	}
ON_PATH(unlink, 0)
ON_PATH(rmdir, 0)

int unlinkat(int dir, const char *path, int flags)
{
	REAL(int, unlinkat, int, const char *, int);
	FAIL("unlinkat", path, 0, NULL, 0, -1);
	return next(dir, path, flags);
}

#define ON_TWO(name)                                                           \
	int name(const char *a, const char *b)                                 \
	{                                                                      \
		REAL(int, name, const char *, const char *);                   \
		FAIL(#name, b, TAKES_ROOM, NULL, 0, -1);                       \
		return next(a, b);                                             \
	}
ON_TWO(link)
ON_TWO(rename)

int renameat2(int d, const char *a, int e, const char *b, unsigned flags)
{
	REAL(int, renameat2, int, const char *, int, const char *, unsigned);
	FAIL("renameat2", b, TAKES_ROOM, NULL, 0, -1);
	return next(d, a, e, b, flags);
}

int mkdir(const char *path, mode_t mode)
{
	REAL(int, mkdir, const char *, mode_t);
	FAIL("mkdir", path, TAKES_ROOM, NULL, 0, -1);
	return next(path, mode);
}

int mkdirat(int dir, const char *path, mode_t mode)
{
	REAL(int, mkdirat, int, const char *, mode_t);
	FAIL("mkdirat", path, TAKES_ROOM, NULL, 0, -1);
	return next(dir, path, mode);
}

#define ON_OPEN(name)                                                          \
	int name(const char *path, int flags, ...)                             \
	{                                                                      \
		mode_t mode = 0;                                               \
		va_list ap;                                                    \
		REAL(int, name, const char *, int, ...);                       \
		va_start(ap, flags);                                           \
		if (flags & O_CREAT)                                           \
			mode = va_arg(ap, mode_t);                             \
		va_end(ap);                                                    \
		if (flags & (O_WRONLY | O_RDWR) &&                             \
			strncmp(path, "/dev/", 5) != 0)                        \
			FAIL(#name, path, flags &O_CREAT ? TAKES_ROOM : 0,     \
				NULL, 0, -1);                                  \
		return next(path, flags, mode);                                \
	}
ON_OPEN(open)
ON_OPEN(open64)

#define ON_OPENAT(name)                                                        \
	int name(int dir, const char *path, int flags, ...)                    \
	{                                                                      \
		mode_t mode = 0;                                               \
		va_list ap;                                                    \
		REAL(int, name, int, const char *, int, ...);                  \
		va_start(ap, flags);                                           \
		if (flags & O_CREAT)                                           \
			mode = va_arg(ap, mode_t);                             \
		va_end(ap);                                                    \
		if (flags & (O_WRONLY | O_RDWR))                               \
			FAIL(#name, path, flags &O_CREAT ? TAKES_ROOM : 0,     \
				NULL, 0, -1);                                  \
		return next(dir, path, flags, mode);                           \
	}
/* what fortified code calls where flags are no constant */
int __open_2(const char *path, int flags);
int __open_2(const char *path, int flags)
{
	return open(path, flags);
}

ON_OPENAT(openat)
ON_OPENAT(openat64)

#define ON_TEMP(name)                                                          \
	int name(char *path)                                                   \
	{                                                                      \
		REAL(int, name, char *);                                       \
		FAIL(#name, path, TAKES_ROOM, NULL, 0, -1);                    \
		return next(path);                                             \
	}
ON_TEMP(mkstemp)
ON_TEMP(mkstemp64)

#define ON_OTEMP(name)                                                         \
	int name(char *path, int flags)                                        \
	{                                                                      \
		REAL(int, name, char *, int);                                  \
		FAIL(#name, path, TAKES_ROOM, NULL, 0, -1);                    \
		return next(path, flags);                                      \
	}
ON_OTEMP(mkostemp)
ON_OTEMP(mkostemp64)

int fallocate(int fd, int mode, off_t off, off_t len)
{
	REAL(int, fallocate, int, int, off_t, off_t);
	FAIL("fallocate", "", TAKES_ROOM, NULL, 0, -1);
	return next(fd, mode, off, len);
}

int fallocate64(int fd, int mode, off_t off, off_t len)
{
	return fallocate(fd, mode, off, len);
}

pid_t fork(void)
{
	REAL(pid_t, fork, void);
	FAIL("fork", "", IS_START, NULL, 0, -1);
	return next();
}

int execve(const char *path, char *const argv[], char *const envp[])
{
	REAL(int, execve, const char *, char *const[], char *const[]);
	FAIL("execve", path, IS_START, NULL, 0, -1);
	return next(path, argv, envp);
}
