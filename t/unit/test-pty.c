/* Pseudo-terminals, and a program that has one for its own. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>
#include "strack/buf.h"
#include "strack/process.h"
#include "strack/pty.h"

static struct error err = ERROR_INIT;

/* A terminal to begin with, as a person would have one. */
static void person(int *master, int *slave, struct terminal *t)
{
	*master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	assert_true(*master >= 0);
	assert_int_equal(grantpt(*master), 0);
	assert_int_equal(unlockpt(*master), 0);
	*slave = open(ptsname(*master), O_RDWR | O_NOCTTY | O_CLOEXEC);
	assert_true(*slave >= 0);
	terminal_set_size(*slave, 77, 33);
	assert_int_equal(terminal_read(*slave, t, &err), ERR_OK);
}

/* All that comes until everybody has closed it. */
static void read_all(int master, struct buf *ret)
{
	struct pollfd p = { .fd = master, .events = POLLIN };
	char chunk[512];
	ssize_t n = 0;

	while (poll(&p, 1, 10000) == 1 &&
		(n = read(master, chunk, sizeof(chunk))) > 0)
		buf_add(ret, chunk, (size_t)n);
	assert_int_equal(n, -1);
	assert_int_equal(errno, EIO);
}

static void reads_what_it_is(void **state)
{
	int master, slave, p[2];
	struct terminal t;

	(void)state;
	person(&master, &slave, &t);
	assert_int_equal(t.columns, 77);
	assert_int_equal(t.rows, 33);
	assert_true(t.modes.c_lflag & ECHO);
	assert_int_equal(pipe2(p, O_CLOEXEC), 0);
	t.columns = 1;
	assert_int_equal(terminal_read(p[0], &t, &err), ERR_FATAL);
	assert_int_equal(t.columns, 1);
	assert_non_null(strstr(err.text.ptr, "terminal"));
	error_reset(&err);
	close(p[0]);
	close(p[1]);
	close(master);
	close(slave);
}

static void raw_and_back(void **state)
{
	int master, slave;
	struct terminal t;
	struct termios now;

	(void)state;
	person(&master, &slave, &t);
	assert_true(terminal_make_raw(slave, &t));
	assert_int_equal(tcgetattr(slave, &now), 0);
	assert_false(now.c_lflag & (ECHO | ICANON | ISIG));
	terminal_restore(slave, &t, true);
	assert_int_equal(tcgetattr(slave, &now), 0);
	assert_int_equal(now.c_lflag, t.modes.c_lflag);
	/* Somebody else has taken it over, and wants no echo. */
	assert_true(terminal_make_raw(slave, &t));
	now.c_lflag &= ~(tcflag_t)ECHO;
	assert_int_equal(tcsetattr(slave, TCSANOW, &now), 0);
	terminal_restore(slave, &t, true);
	assert_int_equal(tcgetattr(slave, &now), 0);
	assert_false(now.c_lflag & ECHO);
	terminal_restore(slave, &t, false);
	assert_int_equal(tcgetattr(slave, &now), 0);
	assert_true(now.c_lflag & ECHO);
	close(master);
	close(slave);
}

static void one_like_it(void **state)
{
	int master, slave, m, s;
	unsigned short columns = 0, rows = 0;
	struct terminal t;
	struct termios now;

	(void)state;
	person(&master, &slave, &t);
	t.modes.c_cc[VERASE] = 7;
	assert_int_equal(pty_open(&t, &m, &s, &err), ERR_OK);
	assert_int_equal(fcntl(m, F_GETFD), FD_CLOEXEC);
	assert_int_equal(fcntl(s, F_GETFD), FD_CLOEXEC);
	assert_true(fcntl(m, F_GETFL) & O_NONBLOCK);
	assert_false(fcntl(s, F_GETFL) & O_NONBLOCK);
	assert_int_equal(tcgetattr(s, &now), 0);
	assert_int_equal(now.c_cc[VERASE], 7);
	assert_true(terminal_size(s, &columns, &rows));
	assert_int_equal(columns, 77);
	assert_int_equal(rows, 33);
	terminal_set_size(m, 100, 20);
	assert_true(terminal_size(s, &columns, &rows));
	assert_int_equal(columns, 100);
	assert_int_equal(rows, 20);
	close(m);
	close(s);
	close(master);
	close(slave);
}

/* Its session, its terminal, and nothing of ours. */
static void is_a_program_s_own(void **state)
{
	static const char *const argv[] = { "sh", "-c",
		"test \"$(tty)\" = \"$(readlink /proc/$$/fd/2)\" && echo same;"
		"set -- $(cat /proc/$$/stat);"
		"test $1 = $5 && test $1 = $6 && test $1 = $8 && echo leads;"
		"echo here >/dev/tty; ls -l /proc/$$/fd | grep -c ptmx; exit 4",
		NULL };
	struct exec_opts o = {
		.argv = argv, .envp = environ, .terminal = true
	};
	struct buf said = BUF_INIT;
	const char *step = NULL;
	int master, slave, m, s, status;
	struct terminal t;
	pid_t pid;

	(void)state;
	person(&master, &slave, &t);
	assert_int_equal(pty_open(&t, &m, &s, &err), ERR_OK);
	o.out_fd = s;
	assert_int_equal(process_exec(&o, &pid, &step, &err), ERR_OK);
	close(s);
	read_all(m, &said);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(WEXITSTATUS(status), 4);
	assert_string_equal(said.ptr, "same\r\nleads\r\nhere\r\n0\r\n");
	buf_release(&said);
	close(m);
	close(master);
	close(slave);
}

/* What is no terminal can't become one. */
static void needs_a_terminal(void **state)
{
	static const char *const argv[] = { "true", NULL };
	struct exec_opts o = {
		.argv = argv, .envp = environ, .terminal = true
	};
	const char *step = NULL;
	pid_t pid;

	(void)state;
	o.out_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	assert_int_equal(process_exec(&o, &pid, &step, &err), ERR_FATAL);
	assert_string_equal(step, "TIOCSCTTY");
	assert_int_equal(err.sys, ENOTTY);
	error_reset(&err);
	close(o.out_fd);
}

static int done(void **state)
{
	(void)state;
	error_release(&err);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_what_it_is),
		cmocka_unit_test(raw_and_back),
		cmocka_unit_test(one_like_it),
		cmocka_unit_test(is_a_program_s_own),
		cmocka_unit_test(needs_a_terminal),
	};

	return cmocka_run_group_tests(tests, NULL, done);
}
