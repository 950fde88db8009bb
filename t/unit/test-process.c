/* Other programs: called, captured, started as scripts, found in /proc. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <cmocka.h>
#include "strack/clock.h"
#include "strack/process.h"

#define ARGV(...) ((const char *const[]){ __VA_ARGS__, NULL })
#define SH(text) ARGV("sh", "-c", text)
#define LONG_MS 20000 /* what a test waits for at most */

extern char **environ;

static struct process_result res = PROCESS_RESULT_INIT;
static struct error err = ERROR_INIT;

static int clean(void **state)
{
	(void)state;
	process_result_release(&res);
	error_release(&err);
	return waitpid(-1, NULL, WNOHANG) != -1; /* all was reaped */
}

static enum err sh(const char *text)
{
	struct process_opts o = { .argv = SH(text) };

	return process_run(&o, &res, &err);
}

static void runs(void **state)
{
	(void)state;
	assert_int_equal(sh("echo out; echo err >&2; exit 3"), ERR_OK);
	assert_int_equal(res.exit, 3);
	assert_int_equal(res.signal, 0);
	assert_string_equal(res.out.ptr, "out\n");
	assert_string_equal(res.err.ptr, "err\n");
	assert_int_equal(sh("kill -9 $$"), ERR_OK);
	assert_int_equal(res.exit, -1);
	assert_int_equal(res.signal, SIGKILL);
	assert_int_equal(sh("cat; exec >&- 2>&-; sleep 0.1; exit 4"), ERR_OK);
	assert_int_equal(res.exit, 4);
	assert_int_equal(res.out.len, 0);
}

static void missing(void **state)
{
	struct process_opts o = { .argv = ARGV("no-such-program-here") };

	(void)state;
	assert_int_equal(process_run(&o, &res, &err), ERR_NOTFOUND);
	assert_non_null(strstr(err.text.ptr, "no-such-program-here"));
	o.argv = ARGV("");
	assert_int_equal(process_run(&o, &res, &err), ERR_NOTFOUND);
	o.argv = ARGV("/etc/passwd");
	assert_int_equal(process_run(&o, &res, &err), ERR_FATAL);
	assert_int_equal(err.sys, EACCES);
	o.argv = ARGV("true");
	o.dir = "/no/such/folder";
	assert_int_equal(process_run(&o, &res, &err), ERR_FATAL);
	assert_non_null(strstr(err.text.ptr, "/no/such/folder"));
}

/* Far more than a pipe holds, in all three directions at once. */
static void no_deadlock(void **state)
{
	size_t len = 3 * 1024 * 1024;
	char *data = malloc(len);
	struct process_opts o = {
		.argv = SH("tee /dev/stderr; exit 7"),
		.input = data,
		.input_len = len,
		.max_out = len,
		.timeout_ms = LONG_MS,
	};

	(void)state;
	assert_non_null(data);
	for (size_t i = 0; i < len; i++)
		data[i] = (char)(i * 7 + i / 251);
	assert_int_equal(process_run(&o, &res, &err), ERR_OK);
	assert_int_equal(res.exit, 7);
	assert_int_equal(res.out.len, len);
	assert_memory_equal(res.out.ptr, data, len);
	assert_int_equal(res.err.len, len);
	assert_memory_equal(res.err.ptr, data, len);
	/* And one that reads nothing: no SIGPIPE for us. */
	o.argv = ARGV("true");
	assert_int_equal(process_run(&o, &res, &err), ERR_OK);
	assert_int_equal(res.exit, 0);
	free(data);
}

static void limits(void **state)
{
	struct process_opts o = {
		.argv = SH("printf 12345"),
		.max_out = 5,
		.timeout_ms = LONG_MS,
	};
	int64_t t = clock_mono_ms();

	(void)state;
	assert_int_equal(process_run(&o, &res, &err), ERR_OK);
	assert_string_equal(res.out.ptr, "12345");
	o.argv = SH("printf 123456");
	assert_int_equal(process_run(&o, &res, &err), ERR_TOOBIG);
	assert_string_equal(res.out.ptr, "12345"); /* as it was */
	o.argv = ARGV("yes");
	assert_int_equal(process_run(&o, &res, &err), ERR_TOOBIG);
	o.argv = SH("printf 123456 >&2");
	assert_int_equal(process_run(&o, &res, &err), ERR_OK);
	assert_string_equal(res.err.ptr, "12345");
	o.argv = SH("trap '' TERM; while :; do sleep 0.1; done");
	o.timeout_ms = 100;
	assert_int_equal(process_run(&o, &res, &err), ERR_FATAL);
	assert_non_null(strstr(err.text.ptr, "0.100 s"));
	o.argv = SH("kill -STOP $$");
	assert_int_equal(process_run(&o, &res, &err), ERR_FATAL);
	assert_true(clock_mono_ms() - t < LONG_MS);
}

/* What a program leaves behind may hold its pipes: nobody waits for that. */
static void left_behind(void **state)
{
	int64_t t = clock_mono_ms();
	pid_t pid;

	(void)state;
	assert_int_equal(sh("sleep 60 & echo $!"), ERR_OK);
	assert_true(clock_mono_ms() - t < LONG_MS);
	pid = (pid_t)strtol(res.out.ptr, NULL, 10);
	assert_true(pid > 1);
	assert_int_equal(kill(pid, SIGKILL), 0);
}

static void environment(void **state)
{
	static const char *const edits[] = { "STRACK_A=new", "STRACK_B",
		"STRACK_C=", NULL };
	struct process_opts o = {
		.argv = SH("echo $STRACK_A ${STRACK_B-unset} "
			   "${STRACK_C-unset} $STRACK_AB; pwd; tty"),
		.env = edits,
		.dir = "/",
	};

	(void)state;
	setenv("STRACK_A", "old", 1);
	setenv("STRACK_AB", "kept", 1);
	setenv("STRACK_B", "b", 1);
	assert_int_equal(process_run(&o, &res, &err), ERR_OK);
	assert_string_equal(res.out.ptr, "new unset kept\n/\nnot a tty\n");
}

static void said(void **state)
{
	struct process_opts o = { .argv = SH(
					  "echo a >&2; echo b >&2; exit 1") };
	struct buf out = BUF_INIT;

	(void)state;
	buf_adds(&out, "old");
	assert_int_equal(process_capture(&o, &out, &err), ERR_FATAL);
	assert_string_equal(err.text.ptr, "sh -c: a; b");
	assert_string_equal(out.ptr, "old");
	o.argv = SH("exit 9");
	assert_int_equal(process_capture(&o, &out, &err), ERR_FATAL);
	assert_string_equal(err.text.ptr, "sh -c: exit status 9");
	o.argv = SH("kill -TERM $$");
	assert_int_equal(process_capture(&o, &out, &err), ERR_FATAL);
	assert_string_equal(err.text.ptr, "sh -c: ended by SIGTERM");
	o.argv = SH("echo new");
	assert_int_equal(process_capture(&o, &out, &err), ERR_OK);
	assert_string_equal(out.ptr, "new\n");
	buf_release(&out);
}

static void handler(int sig)
{
	(void)sig;
}

/* Blocked, ignored and caught signals of ours are not the program's. */
static void signals(void **state)
{
	static const char ask[] = "sed -n 's/^Sig\\(Blk\\|Ign\\|Cgt\\):\t//p' "
				  "/proc/self/status";
	struct sigaction caught = { .sa_handler = handler }, was_usr, was_pipe;
	struct sigaction ignored = { .sa_handler = SIG_IGN };
	sigset_t set, old, now;

	(void)state;
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGALRM);
	assert_int_equal(sigprocmask(SIG_BLOCK, &set, &old), 0);
	assert_int_equal(sigaction(SIGUSR1, &caught, &was_usr), 0);
	assert_int_equal(sigaction(SIGPIPE, &ignored, &was_pipe), 0);
	assert_int_equal(sh(ask), ERR_OK);
	assert_string_equal(res.out.ptr, "0000000000000000\n"
					 "0000000000000000\n"
					 "0000000000000000\n");
	/* And ours are as they were. */
	assert_int_equal(sigprocmask(SIG_SETMASK, &old, &now), 0);
	assert_int_equal(sigismember(&now, SIGTERM), 1);
	assert_int_equal(sigismember(&now, SIGINT), 0);
	assert_int_equal(sigismember(&now, SIGPIPE), 0);
	assert_int_equal(sigaction(SIGUSR1, &was_usr, &caught), 0);
	assert_ptr_equal(caught.sa_handler, handler);
	assert_int_equal(sigaction(SIGPIPE, &was_pipe, NULL), 0);
}

/* Started by something that ignores SIGCHLD, as some supervisors do. */
static void ignored_children(void **state)
{
	(void)state;
	assert_true(signal(SIGCHLD, SIG_IGN) != SIG_ERR);
	assert_int_equal(sh("exit 5"), ERR_OK);
	assert_int_equal(res.exit, 5);
}

/* With all of 0, 1 and 2 closed, pipes would land on them. */
static void closed_descriptors(void **state)
{
	int status;
	pid_t pid;

	(void)state;
	assert_int_equal(process_fork(&pid, NULL), ERR_OK);
	if (!pid) {
		struct process_opts o = {
			.argv = SH("cat; echo err >&2"),
			.input = "in",
			.input_len = 2,
		};

		close(0);
		close(1);
		close(2);
		_exit(process_run(&o, &res, NULL) ||
			strcmp(res.out.ptr, "in") ||
			strcmp(res.err.ptr, "err\n"));
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void foreground(void **state)
{
	int status = -1;

	(void)state;
	assert_int_equal(
		process_foreground(SH("exit 6"), &status, &err), ERR_OK);
	assert_int_equal(status, 6);
	/* Ctrl-C reaches both of us; only the program may die of it. */
	assert_int_equal(process_foreground(SH("kill -INT $PPID; kill -INT $$"),
				 &status, &err),
		ERR_OK);
	assert_int_equal(status, 128 + SIGINT);
	assert_int_equal(
		process_foreground(ARGV("no-such-program"), &status, &err),
		ERR_NOTFOUND);
}

/* ---- scripts ---- */

static pid_t script(const char *text, int out)
{
	const char *step = NULL;
	struct exec_opts o = {
		.argv = SH(text),
		.envp = environ,
		.dir = "/",
		.out_fd = out,
	};
	pid_t pid = -1;

	assert_int_equal(process_exec(&o, &pid, &step, &err), ERR_OK);
	assert_true(pid > 0);
	return pid;
}

/* All that is written until every writer is gone. */
static void slurp(int fd, struct buf *b)
{
	char chunk[512];
	ssize_t n;

	while ((n = read(fd, chunk, sizeof(chunk))) > 0)
		buf_add(b, chunk, (size_t)n);
	assert_int_equal(n, 0);
	close(fd);
}

static void script_starts(void **state)
{
	struct buf said_it = BUF_INIT, want = BUF_INIT;
	struct sigaction ignored = { .sa_handler = SIG_IGN };
	sigset_t set, old;
	int p[2], status;
	pid_t pid;

	(void)state;
	assert_int_equal(pipe2(p, O_CLOEXEC), 0);
	assert_int_equal(sigaction(SIGHUP, &ignored, NULL), 0);
	sigfillset(&set);
	assert_int_equal(sigprocmask(SIG_BLOCK, &set, &old), 0);
	pid = script("echo 1; echo 2 >&2; pwd; cut -d' ' -f5 /proc/$$/stat;"
		     "sed -n 's/^Sig\\(Blk\\|Ign\\):\t//p' /proc/self/status;"
		     "readlink /proc/$$/fd/0; ls /proc/$$/fd | wc -l",
		p[1]);
	assert_int_equal(sigprocmask(SIG_SETMASK, &old, NULL), 0);
	assert_true(signal(SIGHUP, SIG_DFL) != SIG_ERR);
	close(p[1]);
	slurp(p[0], &said_it);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	buf_addf(&want,
		"1\n2\n/\n%ld\n0000000000000000\n0000000000000000\n"
		"/dev/null\n",
		(long)pid);
	assert_true(str_starts(said_it.ptr, want.ptr));
	buf_release(&said_it);
	buf_release(&want);
}

static void script_fails(void **state)
{
	char path[] = "/tmp/strack-unit-XXXXXX";
	struct exec_opts o = {
		.argv = ARGV(path), .envp = environ, .dir = "/", .out_fd = 2
	};
	const char *step = NULL;
	pid_t pid = -1;
	int fd = mkostemp(path, O_CLOEXEC);

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(write(fd, "echo hello\n", 11), 11);
	assert_int_equal(process_exec(&o, &pid, &step, &err), ERR_FATAL);
	assert_int_equal(err.sys, EACCES);
	assert_string_equal(step, "exec");
	assert_int_equal(fchmod(fd, 0700), 0);
	assert_int_equal(process_exec(&o, &pid, &step, &err), ERR_FATAL);
	assert_int_equal(err.sys, ETXTBSY);
	close(fd);
	/* No shebang: not for a shell to guess. */
	assert_int_equal(process_exec(&o, &pid, &step, &err), ERR_FATAL);
	assert_int_equal(err.sys, ENOEXEC);
	unlink(path);
	assert_int_equal(process_exec(&o, &pid, &step, &err), ERR_FATAL);
	assert_int_equal(err.sys, ENOENT);
	o.dir = "/no/such";
	assert_int_equal(process_exec(&o, &pid, &step, &err), ERR_FATAL);
	assert_string_equal(step, "chdir");
	o.dir = NULL;
	o.out_fd = 9999;
	assert_int_equal(process_exec(&o, &pid, &step, &err), ERR_FATAL);
	assert_string_equal(step, "dup");
	assert_int_equal(err.sys, EBADF);
	assert_int_equal(pid, -1);
}

/* The warden is killed: the kernel ends the script. */
static void script_dies_with_us(void **state)
{
	int p[2], status;
	struct buf rest = BUF_INIT;
	pid_t warden;
	char c;

	(void)state;
	assert_int_equal(pipe2(p, O_CLOEXEC), 0);
	assert_int_equal(process_fork(&warden, NULL), ERR_OK);
	if (!warden) {
		script("exec 2>&-; echo; exec sleep 60", p[1]);
		for (;;)
			pause();
	}
	close(p[1]);
	assert_int_equal(read(p[0], &c, 1), 1); /* the script runs */
	assert_int_equal(kill(warden, SIGKILL), 0);
	assert_int_equal(waitpid(warden, &status, 0), warden);
	slurp(p[0], &rest); /* ends when the sleep is dead */
	buf_release(&rest);
}

/* ---- /proc ---- */

static bool has(const struct pidvec *l, pid_t pid)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->v[i] == pid)
			return true;
	return false;
}

/* A child that says when it is ready, and then waits to be killed; with a
 * child of its own when `deep`. */
static pid_t sleeper(const char *name, bool deep)
{
	int p[2];
	char c;
	pid_t pid;

	assert_int_equal(pipe2(p, O_CLOEXEC), 0);
	assert_int_equal(process_fork(&pid, NULL), ERR_OK);
	if (!pid) {
		close(p[0]);
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		setpgid(0, 0);
		prctl(PR_SET_NAME, name);
		if (deep)
			sleeper("child", false);
		if (write(p[1], "", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	close(p[1]);
	assert_int_equal(read(p[0], &c, 1), 1);
	close(p[0]);
	return pid;
}

/* Ends it, and leaves it as a zombie. */
static void make_zombie(pid_t pid)
{
	siginfo_t info;

	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
}

static void descendants(void **state)
{
	/* A name that a careless reader of stat falls for. */
	pid_t odd = sleeper(") S 1 (\n) Z 1", true);
	pid_t dead = sleeper("dead", false);
	struct pidvec l = PIDVEC_INIT, below = PIDVEC_INIT;

	(void)state;
	make_zombie(dead);
	assert_int_equal(process_descendants(getpid(), &l, &err), ERR_OK);
	assert_int_equal(l.n, 2);
	assert_int_equal(l.v[0], odd);
	assert_int_equal(process_descendants(odd, &below, &err), ERR_OK);
	assert_int_equal(below.n, 1);
	assert_int_equal(below.v[0], l.v[1]);
	assert_true(process_group_alive(odd));
	assert_false(process_group_alive(dead)); /* a zombie only */
	assert_int_equal(waitpid(dead, NULL, 0), dead);
	assert_false(process_group_alive(dead));
	assert_false(process_group_alive(0));
	assert_false(process_group_alive(-1));
	process_signal_all(&l, SIGKILL);
	assert_int_equal(waitpid(odd, NULL, 0), odd);
	process_signal_all(&l, SIGKILL); /* gone: nothing happens */
	pidvec_release(&l);
	pidvec_release(&below);
}

static void environments(void **state)
{
	struct pidvec l = PIDVEC_INIT;
	struct buf big = BUF_INIT;
	/* Another test may run at the same time. */
	char *run = xstrfmt("STRACK_RUN=01K%ld", (long)getpid());
	char *run_and_more = xstrfmt("%sX", run);
	pid_t yes, longer, other;

	(void)state;
	/* More than one chunk before it, and at any offset in one. */
	buf_adds(&big, "STRACK_0=");
	while (big.len < 100001)
		buf_adds(&big, "STRACK_RUN=01K");
	assert_int_equal(putenv(big.ptr), 0);
	assert_int_equal(putenv(run), 0);
	yes = script("exec sleep 60", 2);
	assert_int_equal(putenv(run_and_more), 0);
	longer = script("exec sleep 60", 2);
	unsetenv("STRACK_RUN");
	other = script("exec sleep 60", 2);
	unsetenv("STRACK_0");
	assert_int_equal(process_with_env(run, &l, &err), ERR_OK);
	assert_int_equal(l.n, 1);
	assert_int_equal(l.v[0], yes);
	l.n = 0;
	make_zombie(yes);
	assert_int_equal(process_with_env(run, &l, &err), ERR_OK);
	assert_int_equal(l.n, 0);
	assert_int_equal(process_with_env(run_and_more, &l, &err), ERR_OK);
	assert_true(has(&l, longer));
	assert_false(has(&l, other));
	assert_int_equal(kill(longer, SIGKILL), 0);
	assert_int_equal(kill(other, SIGKILL), 0);
	assert_int_equal(waitpid(yes, NULL, 0), yes);
	assert_int_equal(waitpid(longer, NULL, 0), longer);
	assert_int_equal(waitpid(other, NULL, 0), other);
	pidvec_release(&l);
	buf_release(&big);
	free(run);
	free(run_and_more);
}

/* Processes come and go while they are looked at. */
static void vanishing(void **state)
{
	struct pidvec l = PIDVEC_INIT;
	int64_t until;
	pid_t pid;

	(void)state;
	pid = script("while :; do /bin/true; done", 2);
	for (until = clock_mono_ms() + 500; clock_mono_ms() < until;) {
		l.n = 0;
		assert_int_equal(
			process_descendants(getpid(), &l, &err), ERR_OK);
		assert_true(has(&l, pid));
		assert_true(process_group_alive(pid));
		assert_int_equal(
			process_with_env("STRACK_NO=1", &l, &err), ERR_OK);
	}
	assert_int_equal(kill(-pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	pidvec_release(&l);
}

static void names(void **state)
{
	struct buf b = BUF_INIT, c = BUF_INIT;

	(void)state;
	assert_string_equal(process_signal_name(SIGTERM), "SIGTERM");
	assert_string_equal(process_signal_name(70), "signal 70");
	assert_string_equal(process_signal_name(0), "signal 0");
	assert_string_equal(process_signal_name(-9), "signal -9");
	buf_adds(&b, "old");
	assert_int_equal(process_boot_id(&b, &err), ERR_OK);
	assert_int_equal(process_boot_id(&c, &err), ERR_OK);
	assert_string_equal(b.ptr, c.ptr);
	assert_null(strchr(b.ptr, '\n'));
	assert_int_equal(process_pid_namespace(&b, &err), ERR_OK);
	assert_true(!b.len || str_starts(b.ptr, "pid:["));
	buf_release(&b);
	buf_release(&c);
}

#define CLEANED(f) cmocka_unit_test_teardown(f, clean)

/* prove's perl ignores 32 and 33, which the C library keeps to itself. */
static void forget_internal_signals(void)
{
	const unsigned long fresh[8] = { 0 }; /* SIG_DFL */
	for (int sig = 32; sig <= 33; sig++)
		syscall(SYS_rt_sigaction, sig, fresh, NULL, 8);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CLEANED(runs),
		CLEANED(missing),
		CLEANED(no_deadlock),
		CLEANED(limits),
		CLEANED(left_behind),
		CLEANED(environment),
		CLEANED(said),
		CLEANED(signals),
		CLEANED(ignored_children),
		CLEANED(closed_descriptors),
		CLEANED(foreground),
		CLEANED(script_starts),
		CLEANED(script_fails),
		CLEANED(script_dies_with_us),
		CLEANED(descendants),
		CLEANED(environments),
		CLEANED(vanishing),
		CLEANED(names),
	};

	forget_internal_signals();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
