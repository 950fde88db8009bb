/*
 * Calls a program and collects what it says, both of its outputs and its
 * input served from one poll(2), so that neither side ever waits for the
 * other for ever.  Starts nothing itself: that is process.c.
 */
#include "strack/process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "launch.h"
#include "strack/clock.h"

#define MAX_OUT_DEFAULT (1024 * 1024)
#define GRACE_MS 2000 /* between TERM and KILL at a limit */
#define TICK_MS 20    /* how often to look where there is no pidfd */
#define SAID_MAX 2000 /* of standard error, in a message */
#define SAID_LINES 10

extern char **environ;

/* NAME=VALUE replaces or adds, NAME alone removes. */
static char *const *edit_environment(
	struct strvec *made, const char *const *edits)
{
	static char *const none[] = { NULL };
	size_t i, k;

	if (!edits && environ)
		return environ;
	for (i = 0; environ && environ[i]; i++) {
		size_t len = strcspn(environ[i], "=");

		for (k = 0; edits[k]; k++)
			if (strcspn(edits[k], "=") == len &&
				!strncmp(edits[k], environ[i], len))
				break;
		if (!edits[k])
			strvec_push(made, environ[i]);
	}
	for (k = 0; edits && edits[k]; k++)
		if (strchr(edits[k], '='))
			strvec_push(made, edits[k]);
	return made->n ? made->v : none;
}

enum why_over { GOES_ON, TOO_MUCH, TOO_LONG, BROKEN };

struct capture {
	const struct process_opts *opts;
	size_t max;
	pid_t pid;
	int pidfd; /* -1 where the kernel has none */
	int in, out, err;
	size_t sent;
	int64_t until; /* monotonic; 0: no limit */
	bool told;     /* it got its SIGTERM */
	bool over;     /* reaped */
	int status;
	enum why_over why;
	int sys; /* for BROKEN */
	struct process_result res;
};

static void capture_stop(struct capture *c, enum why_over why)
{
	if (c->why == GOES_ON)
		c->why = why;
	if (c->over)
		return; /* its number may be another's by now */
	/* TERM first: git removes its lock files then. */
	(void)kill(c->pid, c->told ? SIGKILL : SIGTERM);
	(void)kill(c->pid, SIGCONT);
	c->told = true;
	c->until = clock_mono_ms() + GRACE_MS;
}

static void feed(struct capture *c)
{
	const char *data = c->opts->input;
	ssize_t n = write(c->in, data + c->sent, c->opts->input_len - c->sent);

	if (n > 0)
		c->sent += (size_t)n;
	/* EPIPE: it does not want more, which is its right. */
	if ((n < 0 && errno != EINTR && errno != EAGAIN) ||
		c->sent == c->opts->input_len)
		close_fd(&c->in);
}

/* One read; false when there is nothing to be had now. */
static bool drain(struct capture *c, int *fd, struct buf *to, bool keep_all)
{
	char chunk[16384];
	ssize_t n = read(*fd, chunk, sizeof(chunk));
	size_t room = c->max - to->len;

	if (n < 0 && errno == EINTR)
		return true;
	if (n < 0 && errno == EAGAIN)
		return false;
	if (n <= 0) {
		if (n < 0) {
			c->sys = errno;
			capture_stop(c, BROKEN);
		}
		close_fd(fd);
		return false;
	}
	buf_add(to, chunk, (size_t)n < room ? (size_t)n : room);
	if ((size_t)n > room && keep_all && c->why == GOES_ON)
		capture_stop(c, TOO_MUCH);
	return true;
}

static void check_time(struct capture *c)
{
	if (c->until && clock_mono_ms() >= c->until)
		capture_stop(c, TOO_LONG);
}

static int poll_ms(const struct capture *c)
{
	int64_t left = c->until ? c->until - clock_mono_ms() : -1;

	if (c->until && left < 0)
		left = 0;
	/* Rounded up, or the last millisecond would be spent spinning. */
	if (c->until)
		left++;
	if (c->pidfd < 0 && (left < 0 || left > TICK_MS))
		left = TICK_MS;
	return (int)left;
}

static void reap(struct capture *c)
{
	pid_t got = waitpid(c->pid, &c->status, WNOHANG);

	if (got == 0 || (got < 0 && errno == EINTR))
		return;
	if (got < 0) {
		/* Somebody else has waited for it: nobody knows how it
		 * ended. */
		c->why = BROKEN;
		c->sys = errno;
	}
	c->over = true;
}

/* Until it has been reaped.  The end of its output is not waited for: a
 * process that it left behind (ssh's ControlPersist) may hold the pipes for
 * hours. */
static void capture_loop(struct capture *c)
{
	while (!c->over) {
		struct pollfd p[4] = {
			{ .fd = c->in, .events = POLLOUT },
			{ .fd = c->out, .events = POLLIN },
			{ .fd = c->err, .events = POLLIN },
			{ .fd = c->pidfd, .events = POLLIN },
		};

		if (poll(p, 4, poll_ms(c)) < 0 && errno != EINTR) {
			c->sys = errno;
			c->told = true; /* no way to wait for it: KILL */
			capture_stop(c, BROKEN);
			(void)launch_wait(c->pid, &c->status);
			c->over = true;
			break;
		}
		if (p[0].revents)
			feed(c);
		if (p[1].revents)
			drain(c, &c->out, &c->res.out, true);
		if (p[2].revents)
			drain(c, &c->err, &c->res.err, false);
		if (c->pidfd < 0 || p[3].revents)
			reap(c);
		if (!c->over)
			check_time(c);
	}
	/* What it had written before it ended is in the pipes. */
	while (c->out >= 0 && c->why == GOES_ON &&
		drain(c, &c->out, &c->res.out, true))
		;
	while (c->err >= 0 && c->res.err.len < c->max &&
		drain(c, &c->err, &c->res.err, false))
		;
}

static int unblock(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	return flags < 0 ? -1 : fcntl(fd, F_SETFL, flags | O_NONBLOCK);
}

/* One pipe: `ours` is nonblocking, `theirs` goes to the child. */
static enum err connect_pipe(int *ours, int *theirs, bool they_write,
	const char *name, struct error *err)
{
	int p[2];

	if (pipe_high(p)) {
		error_sys(err, "%s: pipe", name);
		return ERR_FATAL;
	}
	*ours = p[they_write ? 0 : 1];
	*theirs = p[they_write ? 1 : 0];
	if (unblock(*ours)) {
		error_sys(err, "%s: pipe", name);
		return ERR_FATAL;
	}
	return ERR_OK;
}

/* What the child gets as 0, 1 and 2, into `theirs`. */
static enum err connect_all(struct capture *c, int theirs[3], struct error *err)
{
	const char *name = c->opts->argv[0];
	enum err rc = ERR_OK;

	if (c->opts->inherit_in)
		theirs[0] = -1;
	else if (c->opts->input && c->opts->input_len)
		rc = connect_pipe(&c->in, &theirs[0], false, name, err);
	else
		rc = open_null(&theirs[0], err);
	if (!rc)
		rc = connect_pipe(&c->out, &theirs[1], true, name, err);
	if (!rc && !c->opts->inherit_err)
		rc = connect_pipe(&c->err, &theirs[2], true, name, err);
	return rc;
}

static enum err capture_verdict(const struct capture *c, struct error *err)
{
	const char *name = c->opts->argv[0];

	switch (c->why) {
	case GOES_ON:
		return ERR_OK;
	case TOO_MUCH:
		return error_set(err, ERR_TOOBIG,
			"%s: wrote more than %zu bytes", name, c->max);
	case TOO_LONG:
		return error_set(err, ERR_FATAL,
			"%s: was ended, it took longer than %d.%03d s", name,
			c->opts->timeout_ms / 1000, c->opts->timeout_ms % 1000);
	case BROKEN:
		break;
	}
	errno = c->sys;
	error_sys(err, "%s: lost touch with it", name);
	return ERR_FATAL;
}

static enum err capture_run(struct capture *c, struct error *err)
{
	struct strvec made = STRVEC_INIT;
	struct launch l = {
		.argv = c->opts->argv,
		.envp = c->opts->whole_env
				? c->opts->whole_env
				: edit_environment(&made, c->opts->env),
		.dir = c->opts->dir,
		.fds = { -1, -1, -1 },
		.report = -1,
	};
	enum err rc;

	rc = connect_all(c, l.fds, err);
	if (!rc)
		rc = launch_start(&l, &c->pid, NULL, err);
	for (int i = 0; i < 3; i++)
		close_fd(&l.fds[i]);
	strvec_release(&made);
	if (rc)
		return rc;
	if (c->opts->timeout_ms > 0)
		c->until = clock_mono_ms() + c->opts->timeout_ms;
	c->pidfd = (int)syscall(SYS_pidfd_open, c->pid, 0);
	capture_loop(c);
	return capture_verdict(c, err);
}

enum err process_run(const struct process_opts *opts,
	struct process_result *ret, struct error *err)
{
	struct capture c = {
		.opts = opts,
		.max = opts->max_out ? opts->max_out : MAX_OUT_DEFAULT,
		.pid = -1,
		.pidfd = -1,
		.in = -1,
		.out = -1,
		.err = -1,
		.res = PROCESS_RESULT_INIT,
	};
	struct held h;
	enum err rc;

	/* A program need not read what it is given. */
	signals_hold(&h, SIGPIPE, SIGPIPE);
	rc = capture_run(&c, err);
	close_fd(&c.in);
	close_fd(&c.out);
	close_fd(&c.err);
	close_fd(&c.pidfd);
	signals_let_go(&h);
	if (!rc) {
		if (WIFEXITED(c.status))
			c.res.exit = WEXITSTATUS(c.status);
		else
			c.res.signal = WTERMSIG(c.status);
		process_result_release(ret);
		*ret = c.res;
		c.res = (struct process_result)PROCESS_RESULT_INIT;
		/* transferred */
	}
	process_result_release(&c.res);
	return rc;
}

void process_result_release(struct process_result *r)
{
	buf_release(&r->out);
	buf_release(&r->err);
	r->exit = -1;
	r->signal = 0;
}

/* The first lines of what it said, as one. */
static void add_said(struct buf *b, const struct buf *said)
{
	const char *at = said->ptr;
	int lines = 0;

	while (*at && lines < SAID_LINES && b->len < SAID_MAX) {
		size_t len = strcspn(at, "\r\n");

		if (len) {
			buf_adds(b, lines++ ? "; " : ": ");
			buf_add(b, at, len < SAID_MAX ? len : SAID_MAX);
		}
		at += len;
		at += strspn(at, "\r\n");
	}
}

enum err process_capture(
	const struct process_opts *opts, struct buf *ret, struct error *err)
{
	struct process_result res = PROCESS_RESULT_INIT;
	struct buf why = BUF_INIT;
	enum err rc = process_run(opts, &res, err);

	if (rc)
		goto out;
	if (res.exit == 0) {
		buf_reset(ret);
		buf_swap(ret, &res.out);
		goto out;
	}
	buf_adds(&why, opts->argv[0]);
	if (opts->argv[1])
		buf_addf(&why, " %s", opts->argv[1]);
	if (res.signal)
		buf_addf(
			&why, ": ended by %s", process_signal_name(res.signal));
	else if (!res.err.len)
		buf_addf(&why, ": exit status %d", res.exit);
	add_said(&why, &res.err);
	rc = error_set(err, ERR_FATAL, "%s", why.ptr);
out:
	buf_release(&why);
	process_result_release(&res);
	return rc;
}
