/* Files, folders, locks and the clock. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>
#include "strack/clock.h"
#include "strack/file.h"
#include "strack/lock.h"
#include "strack/process.h"
#include "strack/term.h"

/* Each test stands in a folder of its own. */
static int enter(void **state)
{
	char *dir = xstrdup("/tmp/strack-unit-XXXXXX");

	*state = dir;
	return !mkdtemp(dir) || chdir(dir);
}

static int leave(void **state)
{
	char *dir = *state;
	int bad = chdir("/") || dir_remove_all(dir, NULL) || !access(dir, F_OK);

	free(dir);
	return bad;
}

static void put(const char *path, const char *text)
{
	assert_int_equal(
		file_replace(path, 0600, text, strlen(text), NULL), ERR_OK);
}

static void expect(const char *path, const char *text)
{
	struct buf b = BUF_INIT;

	assert_int_equal(file_read(path, 100, false, &b, NULL), ERR_OK);
	assert_string_equal(b.ptr, text);
	buf_release(&b);
}

static mode_t mode_of(const char *path)
{
	struct stat st;

	assert_int_equal(lstat(path, &st), 0);
	return st.st_mode & 07777;
}

static size_t names_in(const char *path)
{
	struct strvec names = STRVEC_INIT;
	size_t n;

	assert_int_equal(dir_list(path, &names, NULL), ERR_OK);
	n = names.n;
	strvec_release(&names);
	return n;
}

static void join(void **state)
{
	static const char *const rows[][3] = {
		{ "a", "b", "a/b" },
		{ "a/", "/b", "a/b" },
		{ "/", "b", "/b" },
		{ "", "b", "b" },
		{ "a", "", "a" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char *got = path_join(rows[i][0], rows[i][1]);

		assert_string_equal(got, rows[i][2]);
		free(got);
	}
}

static void reading(void **state)
{
	struct error err = ERROR_INIT;
	struct buf b = BUF_INIT;

	(void)state;
	buf_adds(&b, "x");
	assert_int_equal(file_read("no", 9, false, &b, &err), ERR_NOTFOUND);
	assert_int_equal(err.sys, ENOENT);
	put("f", "12345");
	assert_int_equal(file_read("f", 4, false, &b, &err), ERR_TOOBIG);
	assert_string_equal(b.ptr, "x");
	assert_int_equal(file_read("f", 5, false, &b, &err), ERR_OK);
	assert_string_equal(b.ptr, "x12345");
	assert_int_equal(symlink("f", "l"), 0);
	assert_int_equal(file_read("l", 9, false, &b, &err), ERR_FATAL);
	assert_non_null(strstr(err.text.ptr, "symbolic link"));
	assert_int_equal(file_read("l", 9, true, &b, &err), ERR_OK);
	assert_string_equal(b.ptr, "x1234512345");
	assert_int_equal(file_read(".", 9, false, &b, &err), ERR_FATAL);
	assert_int_equal(file_read(".", 9, true, &b, &err), ERR_FATAL);
	assert_int_equal(file_read("/dev/null", 9, false, &b, &err), ERR_FATAL);
	assert_int_equal(file_read("/dev/null", 9, true, &b, &err), ERR_OK);
	assert_int_equal(
		file_read("/dev/zero", 99999, true, &b, &err), ERR_TOOBIG);
	assert_int_equal(b.len, 11);
	assert_int_equal(mkfifo("p", 0600), 0);
	assert_int_equal(file_read("p", 9, false, &b, &err), ERR_FATAL);
	error_release(&err);
	buf_release(&b);
}

static void writing(void **state)
{
	char name[256];
	mode_t was = umask(077);

	(void)state;
	put("f", "old");
	assert_int_equal(file_replace("f", 0664, "new", 3, NULL), ERR_OK);
	expect("f", "new");
	assert_int_equal(mode_of("f"), 0664);
	assert_int_equal(file_create("f", 0600, "x", 1, NULL), ERR_EXISTS);
	expect("f", "new");
	assert_int_equal(file_create("g", 0640, "x", 1, NULL), ERR_OK);
	assert_int_equal(mode_of("g"), 0640);
	assert_int_equal(symlink("nowhere", "l"), 0);
	assert_int_equal(file_create("l", 0600, "x", 1, NULL), ERR_EXISTS);
	assert_int_equal(file_create("no/f", 0600, "", 0, NULL), ERR_NOTFOUND);
	assert_int_equal(mkdir("d", 0700), 0);
	assert_int_not_equal(file_replace("d", 0600, "x", 1, NULL), ERR_OK);
	assert_int_equal(names_in("."), 4);
	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	assert_int_equal(file_create(name, 0600, "x", 1, NULL), ERR_OK);
	assert_int_equal(file_remove(name, NULL), ERR_OK);
	assert_int_equal(file_remove(name, NULL), ERR_OK);
	assert_int_equal(file_remove("d", NULL), ERR_FATAL);
	assert_int_equal(file_sync("f", NULL), ERR_OK);
	assert_int_equal(file_sync(".", NULL), ERR_OK);
	assert_int_equal(file_sync("no", NULL), ERR_NOTFOUND);
	assert_int_equal(names_in("."), 4);
	umask(was);
}

/* Many at once: one has it, and it is one's own. */
static void one_winner(void **state)
{
	pid_t pids[8];
	int winners = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(pids); i++) {
		assert_int_equal(process_fork(&pids[i], NULL), ERR_OK);
		if (!pids[i])
			_exit(file_create("f", 0600, "all", 3, NULL));
	}
	for (size_t i = 0; i < ARRAY_SIZE(pids); i++) {
		int status;

		assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
		assert_true(WIFEXITED(status));
		winners += WEXITSTATUS(status) == ERR_OK;
		assert_true(WEXITSTATUS(status) == ERR_OK ||
			    WEXITSTATUS(status) == ERR_EXISTS);
	}
	assert_int_equal(winners, 1);
	expect("f", "all");
	assert_int_equal(names_in("."), 1);
}

static void full_device(void **state)
{
	struct error err = ERROR_INIT;
	int fd = open("/dev/full", O_WRONLY | O_CLOEXEC);

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(fd_write_all(fd, "x", 1, "it", &err), ERR_FATAL);
	assert_int_equal(err.sys, ENOSPC);
	close(fd);
	error_release(&err);
}

static void secure(void **state)
{
	struct error err = ERROR_INIT;
	mode_t was = umask(0777);

	(void)state;
	assert_int_equal(dir_secure("d", 0770, &err), ERR_OK);
	umask(was);
	assert_int_equal(mode_of("d"), 0770);
	assert_int_equal(dir_secure("d/", 0700, &err), ERR_OK);
	assert_int_equal(dir_secure("no/d", 0700, &err), ERR_NOTFOUND);
	put("f", "");
	assert_int_equal(dir_secure("f", 0700, &err), ERR_FATAL);
	assert_int_equal(symlink("d", "l"), 0);
	assert_int_equal(dir_secure("l", 0700, &err), ERR_FATAL);
	assert_int_equal(dir_secure("l/", 0700, &err), ERR_FATAL);
	assert_non_null(strstr(err.text.ptr, "symbolic link"));
	if (geteuid()) {
		assert_int_equal(dir_secure("/", 0700, &err), ERR_FATAL);
		assert_non_null(strstr(err.text.ptr, "belongs to"));
	}
	error_release(&err);
}

static void folders(void **state)
{
	struct strvec names = STRVEC_INIT;

	(void)state;
	assert_int_equal(dir_make_all("a//b/c/", NULL), ERR_OK);
	assert_int_equal(dir_make_all("a/b/c", NULL), ERR_OK);
	assert_int_equal(dir_make_all("/", NULL), ERR_OK);
	put("a/f", "");
	put("a/B", "");
	assert_int_not_equal(dir_make_all("a/f", NULL), ERR_OK);
	assert_int_not_equal(dir_make_all("a/f/g", NULL), ERR_OK);
	assert_int_equal(dir_list("no", &names, NULL), ERR_NOTFOUND);
	assert_int_equal(dir_list("a", &names, NULL), ERR_OK);
	assert_int_equal(names.n, 3);
	assert_string_equal(names.v[0], "B");
	assert_string_equal(names.v[1], "b");
	assert_string_equal(names.v[2], "f");
	strvec_release(&names);
}

static void removing(void **state)
{
	(void)state;
	assert_int_equal(dir_make_all("keep", NULL), ERR_OK);
	put("keep/f", "kept");
	assert_int_equal(dir_make_all("a/b/c", NULL), ERR_OK);
	put("a/b/f", "");
	assert_int_equal(symlink("../../keep", "a/b/l"), 0);
	assert_int_equal(symlink("keep", "l"), 0);
	assert_int_equal(dir_remove_all("a/", NULL), ERR_OK);
	assert_int_equal(dir_remove_all("a", NULL), ERR_OK);
	assert_int_equal(dir_remove_all("l/", NULL), ERR_OK);
	assert_int_equal(names_in("."), 1);
	expect("keep/f", "kept");
}

static void locks(void **state)
{
	struct lock a = LOCK_INIT, b = LOCK_INIT;
	struct buf note = BUF_INIT;
	bool held = true;

	(void)state;
	assert_int_equal(lock_held("l", &held, NULL), ERR_OK);
	assert_false(held);
	assert_int_equal(lock_take(&a, "l", 0660, 0, NULL, NULL), ERR_OK);
	assert_int_equal(mode_of("l"), 0660);
	assert_int_equal(fcntl(a.fd, F_GETFD), FD_CLOEXEC);
	assert_int_equal(lock_note(&a, "a longer line", NULL), ERR_OK);
	assert_int_equal(lock_note(&a, "run 1", NULL), ERR_OK);
	expect("l", "run 1\n");
	assert_int_equal(lock_held("l", &held, NULL), ERR_OK);
	assert_true(held);
	assert_int_equal(lock_take(&b, "l", 0600, 0, &note, NULL), ERR_HELD);
	assert_string_equal(note.ptr, "run 1");
	assert_int_equal(lock_take(&b, "l", 0600, 60, &note, NULL), ERR_HELD);
	assert_int_equal(b.fd, -1);
	lock_release(&a, false);
	assert_int_equal(lock_take(&b, "l", 0600, 0, NULL, NULL), ERR_OK);
	expect("l", ""); /* the note of the one before is gone */
	lock_release(&b, true);
	lock_release(&b, true);
	assert_int_equal(access("l", F_OK), -1);
	assert_int_equal(symlink("x", "s"), 0);
	assert_int_equal(lock_take(&a, "s", 0600, 0, NULL, NULL), ERR_FATAL);
	assert_int_equal(mkfifo("p", 0600), 0);
	assert_int_equal(lock_take(&a, "p", 0600, 0, NULL, NULL), ERR_FATAL);
	assert_int_not_equal(lock_take(&a, ".", 0600, 0, NULL, NULL), ERR_OK);
	buf_release(&note);
}

/* The parent lets go of its descriptor, and the child holds on. */
static void lock_inherited(void **state)
{
	struct lock l = LOCK_INIT;
	int p[2], status;
	bool held = false;
	pid_t pid;

	(void)state;
	assert_int_equal(pipe2(p, O_CLOEXEC), 0);
	assert_int_equal(lock_take(&l, "l", 0600, 0, NULL, NULL), ERR_OK);
	assert_int_equal(process_fork(&pid, NULL), ERR_OK);
	if (!pid) {
		char c;

		close(p[1]);
		_exit(read(p[0], &c, 1) != 0);
	}
	close(p[0]);
	lock_forget(&l);
	assert_int_equal(l.fd, -1);
	assert_int_equal(lock_held("l", &held, NULL), ERR_OK);
	assert_true(held);
	close(p[1]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(lock_held("l", &held, NULL), ERR_OK);
	assert_false(held);
}

/* The holder removes the file: who waited must not hold the removed one. */
static void lock_replaced(void **state)
{
	struct lock l = LOCK_INIT;
	struct stat st, now;
	int status;
	pid_t pid;

	(void)state;
	assert_int_equal(lock_take(&l, "l", 0600, 0, NULL, NULL), ERR_OK);
	assert_int_equal(process_fork(&pid, NULL), ERR_OK);
	if (!pid) {
		lock_forget(&l);
		_exit(lock_take(&l, "l", 0600, -1, NULL, NULL) ||
			fstat(l.fd, &st) || lstat("l", &now) ||
			st.st_ino != now.st_ino);
	}
	/* Whether it waits already or comes later, it must be right. */
	usleep(50000);
	lock_release(&l, true);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

/* Those who only look must never make a taker fail. */
static void lock_probed(void **state)
{
	bool held, bad = false;
	int status;
	pid_t pid;

	(void)state;
	assert_int_equal(process_fork(&pid, NULL), ERR_OK);
	if (!pid)
		for (;;)
			(void)lock_held("l", &held, NULL);
	for (int i = 0; i < 300 && !bad; i++) {
		struct lock l = LOCK_INIT;

		bad = lock_take(&l, "l", 0600, 0, NULL, NULL) != ERR_OK;
		lock_release(&l, i % 2);
	}
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_false(bad);
}

static void clocks(void **state)
{
	int64_t t = clock_mono_ms();
	unsigned char r[600] = { 0 };
	int status;
	pid_t pid;

	(void)state;
	assert_true(clock_mono_ms() >= t);
	assert_int_equal(process_fork(&pid, NULL), ERR_OK);
	if (!pid) {
		setenv("STRACK_TEST_NOW", "946684800", 1);
		t = clock_now_ms();
		setenv("STRACK_TEST_NOW", "1", 1);
		usleep(2000);
		_exit(t != INT64_C(946684800000) || clock_now_ms() <= t ||
			clock_now_ms() > t + 60000);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(random_bytes(r, sizeof(r), NULL), ERR_OK);
	assert_memory_not_equal(r, r + 300, 300);
}

static void terminal(void **state)
{
	static const struct {
		const char *columns;
		int width;
	} rows[] = { { "100", 100 }, { "5", 20 }, { "x", 80 }, { "", 80 },
		{ "99999999999", 80 }, { "-4", 80 } };
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	(void)state;
	assert_true(fd >= 0);
	assert_false(term_is_tty(fd));
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		setenv("COLUMNS", rows[i].columns, 1);
		assert_int_equal(term_width(fd), rows[i].width);
	}
	unsetenv("COLUMNS");
	assert_int_equal(term_width(fd), 80);
	close(fd);
}

static void mapping(void **state)
{
	struct mapping m = MAPPING_INIT;
	struct error err = ERROR_INIT;
	const char *at;

	(void)state;
	assert_int_equal(file_map("no", 9, &m, &err), ERR_NOTFOUND);
	assert_int_equal(file_map(".", 9, &m, &err), ERR_FATAL);
	put("f", "hello");
	assert_int_equal(symlink("f", "l"), 0);
	assert_int_equal(file_map("l", 9, &m, &err), ERR_FATAL);
	assert_int_equal(file_map("f", 4, &m, &err), ERR_TOOBIG);
	assert_null(m.ptr);
	error_reset(&err);
	assert_int_equal(file_map("f", 5, &m, &err), ERR_OK);
	assert_int_equal(m.len, 5);
	at = m.ptr;
	assert_int_equal(file_map_keep(&m, &err), ERR_OK);
	assert_int_equal(truncate("f", 0), 0);
	assert_ptr_equal(m.ptr, at);
	assert_memory_equal(at, "hello", 5);
	file_unmap(&m);
	assert_int_equal(file_map("f", 5, &m, &err), ERR_OK);
	assert_int_equal(m.len, 0);
	assert_int_equal(file_map_keep(&m, &err), ERR_OK);
	file_unmap(&m);
	error_release(&err);
}

/* In a session of its own a process has no terminal. */
static void nobody_to_ask(void **state)
{
	struct buf b = BUF_INIT;
	int status;
	pid_t pid;

	(void)state;
	assert_int_equal(process_fork(&pid, NULL), ERR_OK);
	if (!pid)
		_exit(setsid() < 0 || term_ask("?", &b, NULL) != ERR_NOTFOUND);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

#define IN_FOLDER(f) cmocka_unit_test_setup_teardown(f, enter, leave)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(join),
		IN_FOLDER(reading),
		IN_FOLDER(mapping),
		IN_FOLDER(writing),
		IN_FOLDER(one_winner),
		cmocka_unit_test(full_device),
		IN_FOLDER(secure),
		IN_FOLDER(folders),
		IN_FOLDER(removing),
		IN_FOLDER(locks),
		IN_FOLDER(lock_inherited),
		IN_FOLDER(lock_replaced),
		IN_FOLDER(lock_probed),
		cmocka_unit_test(clocks),
		cmocka_unit_test(terminal),
		cmocka_unit_test(nobody_to_ask),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
