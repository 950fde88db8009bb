/*
 * Starting other programs and waiting for them; the only file that forks.
 * What runs is an argument list, never a shell's text.  What a run of a
 * script means is the warden's business.
 *
 * All signals are blocked from before a fork until the child has put its
 * handlers back: a handler of ours must not run in the child, on what it
 * shares with us (a pipe that wakes the event loop, say).
 */
#include "strack/process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "launch.h"

enum step {
	STEP_GROUP,
	STEP_DEATHSIG,
	STEP_DUP,
	STEP_TERMINAL,
	STEP_CHDIR,
	STEP_EXEC
};

static const char *const step_names[] = {
	[STEP_GROUP] = "setpgid",
	[STEP_DEATHSIG] = "prctl",
	[STEP_DUP] = "dup",
	[STEP_TERMINAL] = "TIOCSCTTY",
	[STEP_CHDIR] = "chdir",
	[STEP_EXEC] = "exec",
};

struct failure {
	enum step step;
	int sys;
};

/* As execvp(3) looks things up, but before the fork, and without its handing
 * of files that have no shebang to a shell. */
static void find_program(struct strvec *ret, const char *name)
{
	const char *path = getenv("PATH");

	if (strchr(name, '/')) {
		strvec_push(ret, name);
		return;
	}
	if (!path)
		path = "/bin:/usr/bin";
	while (*name) {
		size_t len = strcspn(path, ":");

		if (len)
			strvec_pushf(ret, "%.*s/%s", (int)len, path, name);
		else
			strvec_pushf(ret, "./%s", name);
		if (!path[len])
			break;
		path += len + 1;
	}
}

/* From here to child_run: in the child, only what is async-signal-safe. */

static _Noreturn void child_fail(const struct launch *l, enum step step)
{
	struct failure f = { step, errno };
	ssize_t n;

	do
		n = write(l->report, &f, sizeof(f));
	while (n < 0 && errno == EINTR);
	_exit(127);
}

/* Handlers must go before the mask does.  A program that we only call keeps
 * what our caller chose to ignore (nohup), but always gets its SIGPIPE. */
static void child_signals(const struct launch *l)
{
	struct sigaction dfl = { .sa_handler = SIG_DFL }, now;

	for (int sig = 1; sig < NSIG; sig++) {
		if (sigaction(sig, NULL, &now))
			continue; /* not a signal that we may touch */
		if (now.sa_handler == SIG_IGN && !l->script && sig != SIGPIPE)
			continue;
		if (now.sa_handler != SIG_DFL)
			(void)sigaction(sig, &dfl, NULL); /* KILL, STOP */
	}
}

static void child_fds(const struct launch *l)
{
	int from[3];

	/* All out of the way first: one may sit where another must go. */
	for (int i = 0; i < 3; i++) {
		from[i] = l->fds[i];
		if (from[i] >= 0 && from[i] < 3)
			from[i] = fcntl(from[i], F_DUPFD_CLOEXEC, 3);
		if (l->fds[i] >= 0 && from[i] < 0)
			child_fail(l, STEP_DUP);
	}
	for (int i = 0; i < 3; i++)
		if (from[i] >= 0 && dup2(from[i], i) < 0)
			child_fail(l, STEP_DUP);
}

/* Is the next folder of PATH to be tried? */
static bool goes_on(int sys)
{
	return sys == ENOENT || sys == ENOTDIR || sys == EACCES;
}

static _Noreturn void child_exec(const struct launch *l)
{
	sigset_t none;
	int sys = ENOENT;

	sigemptyset(&none);
	if (sigprocmask(SIG_SETMASK, &none, NULL))
		child_fail(l, STEP_EXEC);
	for (size_t i = 0; i < l->paths.n; i++) {
		(void)execve(l->paths.v[i], (char *const *)(uintptr_t)l->argv,
			l->envp);
		if (l->paths.n == 1 || !goes_on(errno))
			child_fail(l, STEP_EXEC);
		/* It is there, and may not be run: say that in the end.  But
		 * a folder of PATH that is closed to us says nothing. */
		if (errno == EACCES && !access(l->paths.v[i], F_OK))
			sys = EACCES;
	}
	errno = sys;
	child_fail(l, STEP_EXEC);
}

static _Noreturn void child_run(const struct launch *l)
{
	if (l->script) {
		/* A session has a process group of its own, too. */
		if (l->terminal ? setsid() < 0 : setpgid(0, 0))
			child_fail(l, STEP_GROUP);
		if (prctl(PR_SET_PDEATHSIG, SIGKILL))
			child_fail(l, STEP_DEATHSIG);
		/* It is sent for deaths to come; ours may be past. */
		if (getppid() != l->parent)
			_exit(127);
	}
	child_signals(l);
	child_fds(l);
	if (l->terminal && ioctl(0, TIOCSCTTY, 0))
		child_fail(l, STEP_TERMINAL);
	if (l->dir && chdir(l->dir))
		child_fail(l, STEP_CHDIR);
	child_exec(l);
}

int pipe_high(int p[2])
{
	if (pipe2(p, O_CLOEXEC))
		return -1;
	for (int i = 0; i < 2; i++) {
		int high = p[i];

		if (high > 2)
			continue;
		high = fcntl(p[i], F_DUPFD_CLOEXEC, 3);
		if (high < 0) {
			int sys = errno;

			close(p[0]);
			close(p[1]);
			errno = sys;
			return -1;
		}
		close(p[i]);
		p[i] = high;
	}
	return 0;
}

void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* SIGCHLD that our caller ignores would make every wait fail with ECHILD. */
static void need_children(void)
{
	struct sigaction now;

	if (!sigaction(SIGCHLD, NULL, &now) &&
		(now.sa_handler == SIG_IGN || (now.sa_flags & SA_NOCLDWAIT)))
		(void)signal(SIGCHLD, SIG_DFL);
}

static pid_t fork_blocked(struct launch *l)
{
	sigset_t all, old;
	pid_t pid;
	int sys;

	need_children();
	l->parent = getpid();
	sigfillset(&all);
	if (sigprocmask(SIG_SETMASK, &all, &old))
		return -1;
	pid = fork();
	if (pid == 0)
		child_run(l);
	sys = errno;
	(void)sigprocmask(SIG_SETMASK, &old, NULL); /* it was ours before */
	errno = sys;
	return pid;
}

int launch_wait(pid_t pid, int *status)
{
	pid_t got;

	do
		got = waitpid(pid, status, 0);
	while (got < 0 && errno == EINTR);
	return got == pid ? 0 : -1;
}

/* Waits for the exec: end of file when it happened. */
static enum err await_exec(const struct launch *l, int fd, pid_t pid,
	const char **step, struct error *err)
{
	struct failure f = { STEP_EXEC, 0 };
	int status;
	ssize_t n;

	do
		n = read(fd, &f, sizeof(f));
	while (n < 0 && errno == EINTR);
	if (n == 0)
		return ERR_OK;
	/* Less than PIPE_BUF comes whole or not at all. */
	if (n != (ssize_t)sizeof(f))
		f.sys = n < 0 ? errno : EIO;
	(void)launch_wait(pid, &status);
	if (step)
		*step = step_names[f.step];
	errno = f.sys;
	if (f.step == STEP_CHDIR) {
		error_sys(err, "%s", l->dir);
		return ERR_FATAL; /* the program may well be there */
	}
	if (f.step == STEP_EXEC)
		return error_sys(err, "%s", l->argv[0]);
	error_sys(err, "%s: %s", l->argv[0], step_names[f.step]);
	return ERR_FATAL;
}

enum err launch_start(
	struct launch *l, pid_t *ret, const char **step, struct error *err)
{
	int report[2] = { -1, -1 };
	enum err rc;
	pid_t pid;

	if (step)
		*step = "pipe";
	if (pipe_high(report))
		return error_sys(err, "%s: pipe", l->argv[0]);
	l->report = report[1];
	find_program(&l->paths, l->argv[0]);
	pid = fork_blocked(l);
	if (pid < 0) {
		if (step)
			*step = "fork";
		rc = error_sys(err, "%s: fork", l->argv[0]);
		goto out;
	}
	close_fd(&report[1]);
	rc = await_exec(l, report[0], pid, step, err);
	if (!rc)
		*ret = pid;
out:
	close_fd(&report[0]);
	close_fd(&report[1]);
	strvec_release(&l->paths);
	return rc;
}

enum err process_fork(pid_t *pid, struct error *err)
{
	pid_t got;

	need_children();
	/* Else both would write it; what cannot be written is out_finish's
	 * to report. */
	(void)fflush(NULL);
	got = fork();
	if (got < 0) {
		error_sys(err, "fork");
		return ERR_FATAL;
	}
	*pid = got;
	return ERR_OK;
}

enum err process_fork_session(pid_t *pid, struct error *err)
{
	pid_t parent = getpid();
	enum err rc = process_fork(pid, err);

	if (rc || *pid)
		return rc;
	setsid(); /* can't fail: just forked, leads no group */
	(void)signal(SIGHUP, SIG_IGN);
	(void)prctl(PR_SET_PDEATHSIG, SIGTERM); /* can't fail: valid */
	/* It is sent for deaths to come; this one may be past. */
	if (getppid() != parent)
		_exit(1);
	return ERR_OK;
}

void process_let_go(void)
{
	(void)prctl(PR_SET_PDEATHSIG, 0); /* can't fail: valid */
}

enum err open_null(int *ret, struct error *err)
{
	*ret = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (*ret >= 0)
		return ERR_OK;
	error_sys(err, "/dev/null");
	return ERR_FATAL;
}

enum err process_exec(const struct exec_opts *opts, pid_t *ret,
	const char **step, struct error *err)
{
	struct launch l = {
		.argv = opts->argv,
		.envp = opts->envp,
		.dir = opts->dir,
		.fds = { -1, opts->out_fd, opts->out_fd },
		.script = true,
		.terminal = opts->terminal,
		.report = -1,
	};
	int in = -1;
	enum err rc = ERR_OK;

	*step = "open";
	if (opts->input) {
		in = open(opts->input, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
		if (in < 0)
			rc = error_sys(err, "%s", opts->input);
	} else if (!opts->terminal) {
		rc = open_null(&in, err);
	}
	if (rc)
		return rc;
	l.fds[0] = opts->terminal ? opts->out_fd : in;
	rc = launch_start(&l, ret, step, err);
	close_fd(&in);
	return rc ? ERR_FATAL : ERR_OK;
}

void signals_hold(struct held *h, int a, int b)
{
	sigemptyset(&h->set);
	sigaddset(&h->set, a);
	sigaddset(&h->set, b);
	sigemptyset(&h->before);
	(void)sigpending(&h->before);
	(void)sigprocmask(SIG_BLOCK, &h->set, &h->old);
}

void signals_let_go(struct held *h)
{
	const struct timespec now = { 0, 0 };

	for (int sig = 1; sig < NSIG; sig++) {
		sigset_t one;

		if (sigismember(&h->set, sig) != 1 ||
			sigismember(&h->before, sig) == 1)
			continue;
		sigemptyset(&one);
		sigaddset(&one, sig);
		while (sigtimedwait(&one, NULL, &now) < 0 && errno == EINTR)
			;
	}
	(void)sigprocmask(SIG_SETMASK, &h->old, NULL);
}

enum err process_foreground(
	const char *const *argv, int *exit_status, struct error *err)
{
	struct launch l = {
		.argv = argv,
		.envp = environ,
		.fds = { -1, -1, -1 },
		.report = -1,
	};
	struct held h;
	int status;
	pid_t pid;
	enum err rc;

	(void)fflush(NULL); /* what was printed comes before what it prints */
	/* Ctrl-C in an editor is for the editor. */
	signals_hold(&h, SIGINT, SIGQUIT);
	rc = launch_start(&l, &pid, NULL, err);
	if (!rc && launch_wait(pid, &status)) {
		error_sys(err, "%s: wait", argv[0]);
		rc = ERR_FATAL;
	}
	signals_let_go(&h);
	if (!rc)
		*exit_status = WIFEXITED(status) ? WEXITSTATUS(status)
						 : 128 + WTERMSIG(status);
	return rc;
}

const char *process_signal_name(int sig)
{
	static const char *const names[] = {
		[SIGHUP] = "SIGHUP",
		[SIGINT] = "SIGINT",
		[SIGQUIT] = "SIGQUIT",
		[SIGILL] = "SIGILL",
		[SIGTRAP] = "SIGTRAP",
		[SIGABRT] = "SIGABRT",
		[SIGBUS] = "SIGBUS",
		[SIGFPE] = "SIGFPE",
		[SIGKILL] = "SIGKILL",
		[SIGUSR1] = "SIGUSR1",
		[SIGSEGV] = "SIGSEGV",
		[SIGUSR2] = "SIGUSR2",
		[SIGPIPE] = "SIGPIPE",
		[SIGALRM] = "SIGALRM",
		[SIGTERM] = "SIGTERM",
		[SIGCHLD] = "SIGCHLD",
		[SIGCONT] = "SIGCONT",
		[SIGSTOP] = "SIGSTOP",
		[SIGTSTP] = "SIGTSTP",
		[SIGTTIN] = "SIGTTIN",
		[SIGTTOU] = "SIGTTOU",
		[SIGURG] = "SIGURG",
		[SIGXCPU] = "SIGXCPU",
		[SIGXFSZ] = "SIGXFSZ",
		[SIGVTALRM] = "SIGVTALRM",
		[SIGPROF] = "SIGPROF",
		[SIGWINCH] = "SIGWINCH",
		[SIGIO] = "SIGIO",
		[SIGPWR] = "SIGPWR",
		[SIGSYS] = "SIGSYS",
	};
	static _Thread_local char other[sizeof("signal -2147483648")];

	if (sig > 0 && (size_t)sig < ARRAY_SIZE(names) && names[sig])
		return names[sig];
	(void)snprintf(other, sizeof(other), "signal %d", sig);
	return other;
}
