/* Processes that are hard to see in /proc: none of them may read as gone. */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>
#include "strack/clock.h"
#include "strack/process.h"
#include "sample.h"

#define LOOKS 200
#define SHORT_MS 500

extern char **environ;

/* ---- what they do: this program again, with a pipe as standard input ---- */

static void until_told(int ms)
{
	struct pollfd p = { .fd = 0, .events = POLLIN };

	if (poll(&p, 1, ms) > 0)
		_exit(0); /* the test has closed it */
}

static void *in_thread(void *arg)
{
	for (;;)
		until_told(1000);
	return arg;
}

/* Its first thread ends, and another runs on. */
static void headless(void)
{
	pthread_t t;

	if (!pthread_create(&t, NULL, in_thread, NULL))
		pthread_exit(NULL);
	_exit(1);
}

/* Each lives for an instant, and leaves a child. */
static void hopper(void)
{
	for (;;) {
		until_told(0);
		if (fork())
			_exit(0);
	}
}

/* It is in the middle of an execve(2) most of the time. */
static void changer(char **argv)
{
	until_told(0);
	execve("/proc/self/exe", argv, environ);
	_exit(1);
}

static void be(char **argv)
{
	if (!strcmp(argv[1], "headless"))
		headless();
	else if (!strcmp(argv[1], "hopper"))
		hopper();
	else if (!strcmp(argv[1], "changer"))
		changer(argv);
	for (;;)
		until_told(1000);
}

/* ---- the tests ---- */

static struct error err = ERROR_INIT;
static char mark[64]; /* of this very test: another may run beside it */

struct family {
	pid_t first;
	int in; /* closed: they end */
};

static struct family begin(const char *what, char *const *env)
{
	char *const argv[] = { (char *)"test-carriers", (char *)what, NULL };
	struct family f;
	int p[2];

	assert_int_equal(pipe(p), 0);
	f.first = fork();
	assert_true(f.first >= 0);
	if (!f.first) {
		dup2(p[0], 0);
		close(p[0]);
		close(p[1]);
		execve("/proc/self/exe", argv, env);
		_exit(127);
	}
	close(p[0]);
	f.in = p[1];
	return f;
}

static size_t carriers(void)
{
	struct pidvec l = PIDVEC_INIT;
	size_t n;

	assert_int_equal(process_with_env(mark, &l, &err), ERR_OK);
	n = l.n;
	pidvec_release(&l);
	return n;
}

/* Its orphans come to us. */
static void end(struct family *f)
{
	int64_t until = clock_mono_ms() + 20000;
	pid_t pid;

	close(f->in);
	while ((pid = waitpid(-1, NULL, WNOHANG)) >= 0) {
		assert_true(clock_mono_ms() < until);
		if (!pid)
			usleep(1000);
	}
	assert_int_equal(errno, ECHILD);
	assert_int_equal(carriers(), 0);
}

static void wait_seen(void)
{
	int64_t until = clock_mono_ms() + 20000;

	while (!carriers())
		assert_true(clock_mono_ms() < until);
}

static void always_seen(const char *what, char *const *env)
{
	struct family f = begin(what, env);

	wait_seen();
	for (int i = 0; i < sample(LOOKS, 60); i++) {
		assert_true(carriers() > 0);
		while (waitpid(-1, NULL, WNOHANG) > 0)
			;
	}
	end(&f);
}

static void first_thread_ended(void **state)
{
	char *const env[] = { mark, NULL };
	struct family f = begin("headless", env);
	size_t n = 0;

	(void)state;
	wait_seen();
	usleep(50000); /* its first thread is gone soon; no harm if not */
	assert_int_equal(carriers(), 1);
	assert_int_equal(process_signal_with_env(mark, 0, &n, &err), ERR_OK);
	assert_int_equal(n, 1);
	end(&f);
}

static void fork_and_exit(void **state)
{
	char *const env[] = { mark, NULL };

	(void)state;
	always_seen("hopper", env);
}

/* In front of the mark is more than is read at once. */
static void exec_all_the_time(void **state)
{
	static char big[100000] = "BIG=";
	char *const env[] = { big, mark, NULL };

	(void)state;
	memset(big + strlen(big), 'x', sizeof(big) - strlen(big) - 1);
	always_seen("changer", env);
}

/* That it has none is told at once. */
static void no_environment(void **state)
{
	char *const env[] = { NULL };
	struct family f[2] = { begin("sleeper", env), begin("headless", env) };
	int64_t until = clock_mono_ms() + 20000, t;

	(void)state;
	do { /* as quick as that once they have begun */
		t = clock_mono_ms();
		assert_int_equal(carriers(), 0);
		assert_true(t < until);
	} while (clock_mono_ms() - t > SHORT_MS);
	close(f[1].in);
	end(&f[0]);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(first_thread_ended),
		cmocka_unit_test(fork_and_exit),
		cmocka_unit_test(exec_all_the_time),
		cmocka_unit_test(no_environment),
	};
	int rc;

	if (argc > 1)
		be(argv);
	snprintf(mark, sizeof(mark), "STRACK_RUN=01KTEST%ld", (long)getpid());
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	rc = cmocka_run_group_tests(tests, NULL, NULL);
	error_release(&err);
	return rc;
}
