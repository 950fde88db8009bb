/*
 * To start the program takes longer than what it does.  As a server it is
 * started once, up to its main, and forks for each request: strings that end
 * with NUL, first what to add to the environment (STRACK_FAULT_DIR is where to
 * go), then an empty one, then the arguments.  The answer is the exit status,
 * an int, when all that was started is gone.  Part of fault.c's library.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "fault.h"

#define WORDS_MAX 64
#define REQUEST_MAX 65536

static int (*the_main)(int, char **, char **);
static char request[REQUEST_MAX + 1];
static char *words[WORDS_MAX + 1];

/* In the child; how many arguments there are. */
static int take_request(size_t len)
{
	char *p = request, *end = request + len;
	int n = 0;

	unsetenv("STRACK_FAULT_SERVER");
	for (; p < end && *p; p += strlen(p) + 1)
		if (putenv(p))
			abort();
	for (p++; p < end && n < WORDS_MAX; p += strlen(p) + 1)
		words[n++] = p;
	if (chdir(getenv("STRACK_FAULT_DIR")))
		abort();
	(void)fault_configure();
	return n;
}

static int wait_for_all(pid_t first)
{
	int status, ret = 0;
	pid_t got;

	while ((got = waitpid(-1, &status, 0)) > 0)
		if (got == first)
			ret = status;
	return ret;
}

/* Comes back in each child, with its arguments in `words`. */
static int serve(int fd)
{
	pid_t (*next)(void);

	*(void **)&next = dlsym(RTLD_NEXT, "fork");
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	for (;;) {
		ssize_t n = read(fd, request, REQUEST_MAX);
		int status;
		pid_t pid;

		if (n <= 0)
			_exit(0);
		pid = next();
		if (pid == 0) {
			close(fd);
			return take_request((size_t)n);
		}
		status = pid < 0 ? -1 : wait_for_all(pid);
		if (syscall(SYS_write, fd, &status, sizeof(status)) < 0)
			_exit(1);
	}
}

static int main_or_server(int argc, char **argv, char **envp)
{
	const char *fd = getenv("STRACK_FAULT_SERVER");

	if (!fd || strcmp(program_invocation_short_name, "git-strack") != 0)
		return the_main(argc, argv, envp);
	argc = serve(atoi(fd));
	return the_main(argc, words, environ);
}

int __libc_start_main(int (*main)(int, char **, char **), int argc, char **argv,
	void (*init)(void), void (*fini)(void), void (*rtld_fini)(void),
	void *stack_end);
int __libc_start_main(int (*main)(int, char **, char **), int argc, char **argv,
	void (*init)(void), void (*fini)(void), void (*rtld_fini)(void),
	void *stack_end)
{
	int (*next)(int (*)(int, char **, char **), int, char **,
		void (*)(void), void (*)(void), void (*)(void), void *);

	*(void **)&next = dlsym(RTLD_NEXT, "__libc_start_main");
	if (!next)
		abort();
	the_main = main;
	return next(
		main_or_server, argc, argv, init, fini, rtld_fini, stack_end);
}
