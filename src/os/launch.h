/*
 * How process.c starts a program, for collect.c, which reads what it says.
 * Private to src/os.
 */
#ifndef OS_LAUNCH_H
#define OS_LAUNCH_H

#include <signal.h>
#include <stdbool.h>
#include <sys/types.h>
#include "strack/error.h"
#include "strack/strvec.h"

struct launch {
	const char *const *argv;
	char *const *envp;
	const char *dir;
	int fds[3];    /* what becomes 0, 1 and 2; -1: it stays ours */
	bool script;   /* own group, dies with us, every signal's default */
	bool terminal; /* and own session, with 0 as its terminal */
	/* set by launch_start */
	struct strvec paths; /* what to execute: the first that can be */
	pid_t parent;
	int report; /* close-on-exec pipe for what failed */
};

/* Forks and waits for the exec.  ERR_NOTFOUND when there is no such program;
 * `*step` is written on failure, and `step` may be NULL. */
enum err launch_start(
	struct launch *l, pid_t *ret, const char **step, struct error *err);
/* waitpid(2) for this child, to its end; -1 with errno. */
int launch_wait(pid_t pid, int *status);

/* Signals that must not end us meanwhile: held back, and those that came are
 * dropped at the end. */
struct held {
	sigset_t set;
	sigset_t before; /* pending already: not ours to drop */
	sigset_t old;
};
void signals_hold(struct held *h, int a, int b);
void signals_let_go(struct held *h);

/* A pipe whose ends stay clear of the standard descriptors; -1 with errno. */
int pipe_high(int p[2]);
/* Closes what is open, and makes it -1. */
void close_fd(int *fd);
enum err open_null(int *ret, struct error *err);

#endif
