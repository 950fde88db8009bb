/*
 * Standard output through a pager.  The pager is the child and we write: so
 * an entry is read when the person has come to it, and the exit status stays
 * ours.
 */
#include "pager.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio_ext.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "strack/process.h"
#include "strack/repo.h"

static const char *choose(struct session *s)
{
	const char *command = getenv("GIT_PAGER");

	if (!command)
		command = repo_config(s->repo, "core.pager");
	if (!command)
		command = getenv("PAGER");
	if (!command)
		command = "less";
	return *command && strcmp(command, "cat") != 0 ? command : NULL;
}

/* A shell would only tell that the program is missing when our output is gone
 * already.  What is not a plain word is left to the shell to find. */
static bool is_there(const char *command)
{
	const char *dirs = getenv("PATH");
	size_t len = strcspn(command, " \t");
	bool found = false;

	if (strcspn(command, "|&;<>()$`\\\"'*?[#~=%/") < len)
		return true;
	while (dirs && *dirs && !found) {
		size_t n = strcspn(dirs, ":");
		char *path =
			xstrfmt("%.*s/%.*s", (int)n, dirs, (int)len, command);

		found = n && !access(path, X_OK);
		free(path);
		dirs += n + (dirs[n] == ':');
	}
	return found;
}

static void become_pager(const char *command, int in) __attribute__((noreturn));
static void become_pager(const char *command, int in)
{
	signal(SIGPIPE, SIG_DFL);
	signal(SIGINT, SIG_DFL);
	setenv("LESS", "FRX", 0);
	setenv("LV", "-c", 0);
	if (dup2(in, STDIN_FILENO) >= 0)
		execl("/bin/sh", "sh", "-c", command, (char *)NULL);
	_exit(127);
}

void pager_start(struct pager *p, struct session *s)
{
	const char *command = s->out.tty ? choose(s) : NULL;
	int fds[2] = { -1, -1 }, old = -1;
	pid_t pid;

	if (!command || !is_there(command) || pipe2(fds, O_CLOEXEC))
		return;
	old = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
	if (old < 0 || process_fork(&pid, NULL))
		goto out;
	if (!pid)
		become_pager(command, fds[0]);
	p->pid = pid;
	p->old_out = old;
	old = -1; /* transferred */
	/* Ctrl-C is for the pager: it goes on, and so do we until it ends. */
	signal(SIGINT, SIG_IGN);
	dup2(fds[1], STDOUT_FILENO);
out:
	close(fds[0]);
	close(fds[1]);
	if (old >= 0)
		close(old);
}

void pager_finish(struct pager *p, struct session *s)
{
	if (!p->pid)
		return;
	if (fflush(s->out.f) && errno != EPIPE && !s->out.sys)
		s->out.sys = errno;
	/* What the pager did not want must not follow on the terminal. */
	__fpurge(s->out.f);
	clearerr(s->out.f);
	if (s->out.sys == EPIPE)
		s->out.sys = 0;
	dup2(p->old_out, STDOUT_FILENO); /* the pager sees the end */
	close(p->old_out);
	while (waitpid(p->pid, NULL, 0) < 0 && errno == EINTR)
		;
	signal(SIGINT, SIG_DFL);
	*p = (struct pager)PAGER_INIT;
}
