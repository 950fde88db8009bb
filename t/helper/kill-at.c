/*
 * An LD_PRELOAD that ends the program with SIGKILL at a chosen instant: before
 * the N-th call that changes a file whose path holds a given text.
 *
 *	KILL_AT=[before|after]:CALL:TEXT[:N]
 *
 * CALL is rename, link, unlink or fsync (of a descriptor).  TEXT is looked for
 * in the path, for two paths in the second.  KILL_ONLY=warden|runner limits it
 * to processes that lead a session of their own, or do not.  KILL_SIGNAL=STOP
 * only stops it, so that something can be done meanwhile.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int matches(const char *when, const char *call, const char *path)
{
	static int seen;
	const char *spec = getenv("KILL_AT"), *only = getenv("KILL_ONLY");
	char text[256], want[16], name[16];
	int n = 1;

	if (!spec || sscanf(spec, "%15[^:]:%15[^:]:%255[^:]:%d", want, name,
			     text, &n) < 3)
		return 0;
	if (strcmp(want, when) != 0 || strcmp(name, call) != 0 ||
		!strstr(path, text))
		return 0;
	/* git, which it starts, has the library too, and is not meant. */
	if (strcmp(program_invocation_short_name, "git-strack") != 0)
		return 0;
	if (only && (!strcmp(only, "warden")) != (getsid(0) == getpid()))
		return 0;
	return ++seen == n;
}

static void strike(const char *when, const char *call, const char *path)
{
	if (matches(when, call, path))
		kill(getpid(), getenv("KILL_SIGNAL") ? SIGSTOP : SIGKILL);
}

int rename(const char *from, const char *to)
{
	int (*real)(const char *, const char *) = dlsym(RTLD_NEXT, "rename");
	int rc;

	strike("before", "rename", to);
	rc = real(from, to);
	strike("after", "rename", to);
	return rc;
}

int link(const char *from, const char *to)
{
	int (*real)(const char *, const char *) = dlsym(RTLD_NEXT, "link");
	int rc;

	strike("before", "link", to);
	rc = real(from, to);
	strike("after", "link", to);
	return rc;
}

int unlink(const char *path)
{
	int (*real)(const char *) = dlsym(RTLD_NEXT, "unlink");
	int rc;

	strike("before", "unlink", path);
	rc = real(path);
	strike("after", "unlink", path);
	return rc;
}

int fsync(int fd)
{
	int (*real)(int) = dlsym(RTLD_NEXT, "fsync");
	char link[64], path[4096];
	ssize_t n;
	int rc;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, path, sizeof(path) - 1);
	path[n > 0 ? n : 0] = '\0';
	strike("before", "fsync", path);
	rc = real(fd);
	strike("after", "fsync", path);
	return rc;
}
