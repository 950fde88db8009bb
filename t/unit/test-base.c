/* The containers and errors of src/base, and what must abort. */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "strack/buf.h"
#include "strack/error.h"
#include "strack/json.h"
#include "strack/strmap.h"
#include "strack/strvec.h"

static void assert_buf(const struct buf *b, const char *want)
{
	assert_string_equal(b->ptr, want);
	assert_int_equal(b->len, strlen(want));
}

/* buf */

static void buf_starts_empty(void **state)
{
	struct buf b = BUF_INIT;

	(void)state;
	assert_buf(&b, "");
	assert_int_equal(b.cap, 0);
	buf_reset(&b);
	buf_setlen(&b, 0);
	buf_trim_end(&b);
	buf_add(&b, NULL, 0);
	buf_adds(&b, "");
	buf_set(&b, "");
	buf_insert(&b, 0, NULL, 0);
	buf_remove(&b, 0, 0);
	assert_buf(&b, "");
	assert_ptr_equal(b.ptr, buf_empty);
	buf_release(&b);
	buf_release(&b);
	assert_ptr_equal(b.ptr, buf_empty);
}

static void buf_grows(void **state)
{
	struct buf b = BUF_INIT;
	int i;

	(void)state;
	for (i = 0; i < 10000; i++) {
		buf_addch(&b, (char)('a' + i % 26));
		assert_int_equal(b.ptr[b.len], 0);
		assert_true(b.len < b.cap);
	}
	assert_int_equal(b.len, 10000);
	for (i = 0; i < 10000; i++)
		assert_int_equal(b.ptr[i], 'a' + i % 26);
	buf_setlen(&b, 3);
	assert_buf(&b, "abc");
	buf_reset(&b);
	assert_buf(&b, "");
	assert_true(b.cap >= 10000);
	buf_grow(&b, 20000);
	assert_true(b.cap > 20000);
	assert_buf(&b, "");
	buf_release(&b);
}

static void buf_holds_nul(void **state)
{
	struct buf b = BUF_INIT;

	(void)state;
	buf_add(&b, "a\0b", 3);
	buf_addch(&b, '\0');
	assert_int_equal(b.len, 4);
	assert_memory_equal(b.ptr, "a\0b\0", 5);
	buf_trim_end(&b); /* a NUL is no blank */
	assert_int_equal(b.len, 4);
	buf_release(&b);
}

static void buf_formats(void **state)
{
	struct buf b = BUF_INIT;
	char *big;
	int n;

	(void)state;
	buf_addf(&b, "%d-%s", 7, "x");
	assert_buf(&b, "7-x");
	/* around the room that is tried first, and far over it */
	for (n = 50; n < 200; n++) {
		buf_reset(&b);
		buf_addf(&b, "%*s", n, "e");
		assert_int_equal(b.len, n);
		assert_int_equal(b.ptr[n - 1], 'e');
		assert_int_equal(b.ptr[n], 0);
	}
	buf_release(&b);
	for (n = 60; n < 70; n++) {
		buf_addf(&b, "%*s", n, "e");
		assert_int_equal(b.len, n);
		assert_int_equal(b.ptr[n - 1], 'e');
		buf_release(&b);
	}
	buf_printf(&b, "%0100000d", 1);
	assert_int_equal(b.len, 100000);
	buf_printf(&b, "<%s>", "own");
	buf_printf(&b, "%s%s", b.ptr, b.ptr);
	assert_buf(&b, "<own><own>");
	buf_printf(&b, "%s", "");
	assert_buf(&b, "");
	buf_release(&b);

	big = xstrfmt("%0300d|", 5);
	assert_int_equal(strlen(big), 301);
	free(big);
}

static void buf_counts(void **state)
{
	struct buf b = BUF_INIT;

	(void)state;
	buf_addnum(&b, 0, 1);
	buf_addch(&b, ' ');
	buf_addnum(&b, 7, 3);
	buf_addch(&b, ' ');
	buf_addnum(&b, 1234, 2);
	buf_fill(&b, '.', 0);
	buf_fill(&b, '.', 3);
	assert_string_equal(b.ptr, "0 007 1234...");
	buf_reset(&b);
	buf_addnum(&b, UINT64_MAX, 1);
	assert_string_equal(b.ptr, "18446744073709551615");
	buf_reset(&b);
	buf_addnum(&b, 1, 99); /* no more than fit */
	assert_string_equal(b.ptr, "00000000000000000001");
	buf_release(&b);
}

static void buf_inserts_and_removes(void **state)
{
	struct buf b = BUF_INIT;

	(void)state;
	buf_insert(&b, 0, "bd", 2);
	buf_insert(&b, 1, "c", 1);
	buf_insert(&b, 0, "a", 1);
	buf_insert(&b, 4, "e", 1);
	assert_buf(&b, "abcde");
	buf_remove(&b, 0, 1);
	assert_buf(&b, "bcde");
	buf_remove(&b, 3, 1);
	assert_buf(&b, "bcd");
	buf_remove(&b, 1, 1);
	assert_buf(&b, "bd");
	buf_remove(&b, 2, 0);
	buf_remove(&b, 0, 2);
	assert_buf(&b, "");
	buf_release(&b);
}

static void buf_of_itself(void **state)
{
	struct buf b = BUF_INIT, c = BUF_INIT;
	int i;

	(void)state;
	buf_addbuf(&b, &b);
	assert_buf(&b, "");
	buf_set(&b, "ab");
	for (i = 0; i < 10; i++)
		buf_addbuf(&b, &b);
	assert_int_equal(b.len, 2048);
	assert_memory_equal(b.ptr + 2040, "abababab", 9);
	buf_set(&b, b.ptr + 2045);
	assert_buf(&b, "bab");
	buf_set(&b, b.ptr);
	assert_buf(&b, "bab");
	buf_swap(&b, &c);
	assert_buf(&b, "");
	assert_buf(&c, "bab");
	buf_release(&b);
	buf_release(&c);
}

static void buf_detaches(void **state)
{
	struct buf b = BUF_INIT;
	char *s;

	(void)state;
	s = buf_detach(&b);
	assert_string_equal(s, "");
	free(s);
	buf_adds(&b, "x");
	s = buf_detach(&b);
	assert_string_equal(s, "x");
	free(s);
	assert_buf(&b, "");
	assert_int_equal(b.cap, 0);
}

static void buf_trims(void **state)
{
	struct buf b = BUF_INIT;

	(void)state;
	buf_set(&b, "  a b \t\r\n \n");
	buf_trim_end(&b);
	assert_buf(&b, "  a b");
	buf_set(&b, " \n");
	buf_trim_end(&b);
	assert_buf(&b, "");
	buf_release(&b);
}

static void strings(void **state)
{
	char *s;

	(void)state;
	assert_true(str_starts("abc", "ab"));
	assert_true(str_starts("abc", ""));
	assert_true(str_starts("", ""));
	assert_false(str_starts("a", "ab"));
	assert_false(str_starts("xab", "ab"));
	assert_true(str_ends("abc", "bc"));
	assert_true(str_ends("abc", ""));
	assert_false(str_ends("c", "bc"));
	assert_false(str_ends("bcx", "bc"));
	assert_true(str_empty(NULL));
	assert_true(str_empty(""));
	assert_false(str_empty(" "));
	s = xstrndup("abc", 2);
	assert_string_equal(s, "ab");
	free(s);
	s = xstrndup("abc", 9);
	assert_string_equal(s, "abc");
	free(s);
	s = xstrndup("abc", 0);
	assert_string_equal(s, "");
	free(s);
	free(xcalloc(0, 0));
	free(xrealloc(NULL, 0));
}

static void bad_setlen(void)
{
	struct buf b = BUF_INIT;

	buf_setlen(&b, 1);
}

static void bad_insert(void)
{
	struct buf b = BUF_INIT;

	buf_insert(&b, 1, "x", 1);
}

static void bad_remove(void)
{
	struct buf b = BUF_INIT;

	buf_adds(&b, "abc");
	buf_remove(&b, 1, SIZE_MAX);
}

static void bad_grow(void)
{
	struct buf b = BUF_INIT;

	buf_adds(&b, "abc");
	buf_grow(&b, SIZE_MAX - 2);
}

static void bad_depth(void)
{
	struct buf b = BUF_INIT;
	struct json j;
	int i;

	json_init(&j, &b);
	for (i = 0; i < JSON_DEPTH; i++)
		json_array(&j);
}

static void bad_close(void)
{
	struct buf b = BUF_INIT;
	struct json j;

	json_init(&j, &b);
	json_end_array(&j);
}

static void misuse_aborts(void **state)
{
	static void (*const misuses[])(void) = { bad_setlen, bad_insert,
		bad_remove, bad_grow, bad_depth, bad_close };
	int status;
	size_t i;
	pid_t pid;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(misuses); i++) {
		pid = fork();
		assert_true(pid >= 0);
		if (!pid) {
			/* cmocka and sanitizers may have handlers */
			signal(SIGABRT, SIG_DFL);
			if (!freopen("/dev/null", "w", stderr))
				_exit(1);
			misuses[i]();
			_exit(0);
		}
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_true(WIFSIGNALED(status));
		assert_int_equal(WTERMSIG(status), SIGABRT);
	}
}

/* strvec */

static void strvec_lists(void **state)
{
	struct strvec l = STRVEC_INIT;
	int i;

	(void)state;
	assert_null(l.v);
	assert_false(strvec_has(&l, ""));
	strvec_sort(&l);
	strvec_clear(&l);
	strvec_release(&l);
	strvec_pushl(&l, "c", "a", (char *)NULL);
	strvec_pushf(&l, "%c%d", 'b', 1);
	strvec_take(&l, xstrdup("\xc3\xa4"));
	assert_int_equal(l.n, 4);
	assert_null(l.v[4]);
	assert_true(strvec_has(&l, "b1"));
	assert_false(strvec_has(&l, "b"));
	strvec_sort(&l);
	assert_string_equal(l.v[0], "a");
	assert_string_equal(l.v[1], "b1");
	assert_string_equal(l.v[2], "c");
	assert_string_equal(l.v[3], "\xc3\xa4"); /* bytes are unsigned */
	assert_null(l.v[4]);
	strvec_clear(&l);
	assert_int_equal(l.n, 0);
	assert_null(l.v[0]);
	for (i = 0; i < 1000; i++) {
		strvec_pushf(&l, "%d", i);
		assert_null(l.v[l.n]);
	}
	assert_string_equal(l.v[999], "999");
	strvec_release(&l);
	assert_null(l.v);
}

static void strvec_splits(void **state)
{
	struct strvec l = STRVEC_INIT;

	(void)state;
	strvec_split(&l, "");
	strvec_split(&l, " \t ");
	assert_int_equal(l.n, 0);
	strvec_split(&l, "one");
	strvec_split(&l, "  two\tthree   four ");
	assert_int_equal(l.n, 4);
	assert_string_equal(l.v[0], "one");
	assert_string_equal(l.v[1], "two");
	assert_string_equal(l.v[2], "three");
	assert_string_equal(l.v[3], "four");
	strvec_release(&l);
}

/* strmap */

static void strmap_maps(void **state)
{
	struct strmap m = STRMAP_INIT;
	void **place;
	char key[32];
	int i, *n;

	(void)state;
	assert_null(strmap_get(&m, "x"));
	assert_false(strmap_has(&m, "x"));
	strmap_release(&m, free);
	for (i = 0; i < 5000; i++) {
		n = xcalloc(1, sizeof(*n));
		*n = i;
		snprintf(key, sizeof(key), "key%d", i);
		place = strmap_put(&m, key, n);
		assert_ptr_equal(*place, n);
	}
	assert_int_equal(m.n, 5000);
	assert_true(m.nslots >= 2 * m.n);
	for (i = 0; i < 5000; i++) {
		snprintf(key, sizeof(key), "key%d", i);
		assert_string_equal(m.items[i].key, key);
		n = strmap_get(&m, key);
		assert_non_null(n);
		assert_int_equal(*n, i);
	}
	assert_false(strmap_has(&m, "key5000"));
	assert_false(strmap_has(&m, ""));
	strmap_release(&m, free);
	assert_int_equal(m.n, 0);
	assert_false(strmap_has(&m, "key1"));
}

static void strmap_replaces(void **state)
{
	struct strmap m = STRMAP_INIT;
	char a, b, key[] = "k";

	(void)state;
	strmap_put(&m, key, &a);
	key[0] = '?'; /* the key was copied */
	strmap_put(&m, "", NULL);
	assert_true(strmap_has(&m, ""));
	assert_null(strmap_get(&m, ""));
	*strmap_put(&m, "k", NULL) = &b;
	assert_int_equal(m.n, 2);
	assert_ptr_equal(strmap_get(&m, "k"), &b);
	assert_string_equal(m.items[0].key, "k");
	strmap_release(&m, NULL);
}

/* error */

static void errors(void **state)
{
	struct error e = ERROR_INIT;

	(void)state;
	assert_int_equal(
		error_set(&e, ERR_BAD, "%s: line %d", "f", 3), ERR_BAD);
	assert_buf(&e.text, "f: line 3");
	assert_int_equal(e.sys, 0);
	error_prefix(&e, "%s", "dir");
	assert_buf(&e.text, "dir: f: line 3");
	error_prefix(&e, "<%s>", e.text.ptr);
	assert_buf(&e.text, "<dir: f: line 3>: dir: f: line 3");
	error_hint(&e, "try %s", "this");
	error_hint(&e, "or that");
	assert_buf(&e.hint, "try this\nor that");
	/* a new error, made of the text of the old one; its hint is gone */
	assert_int_equal(error_set(&e, ERR_NO, "[%s]", e.text.ptr), ERR_NO);
	assert_buf(&e.text, "[<dir: f: line 3>: dir: f: line 3]");
	assert_buf(&e.hint, "");
	error_hint(&e, "x");
	error_reset(&e);
	assert_buf(&e.text, "");
	assert_buf(&e.hint, "");
	error_prefix(&e, "what says nothing");
	assert_buf(&e.text, "");
	error_release(&e);
	error_release(&e);
}

static void errors_of_the_system(void **state)
{
	struct error e = ERROR_INIT;

	(void)state;
	errno = ENOENT;
	assert_int_equal(error_sys(&e, "cannot open %s", "f"), ERR_NOTFOUND);
	assert_buf(&e.text, "cannot open f: No such file or directory");
	assert_int_equal(e.sys, ENOENT);
	errno = EEXIST;
	assert_int_equal(error_sys(&e, "x"), ERR_EXISTS);
	errno = EACCES;
	assert_int_equal(error_sys(&e, "%s", e.text.ptr), ERR_FATAL);
	assert_buf(&e.text, "x: File exists: Permission denied");
	assert_int_equal(error_set(&e, ERR_FATAL, "y"), ERR_FATAL);
	assert_int_equal(e.sys, 0);
	error_release(&e);
}

static void errors_for_nobody(void **state)
{
	(void)state;
	assert_int_equal(error_set(NULL, ERR_MOVED, "x"), ERR_MOVED);
	errno = ENOENT;
	assert_int_equal(error_sys(NULL, "x"), ERR_NOTFOUND);
	errno = EIO;
	assert_int_equal(error_sys(NULL, "x"), ERR_FATAL);
	error_prefix(NULL, "x");
	error_hint(NULL, "x");
	error_reset(NULL);
	error_release(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(buf_starts_empty),
		cmocka_unit_test(buf_grows),
		cmocka_unit_test(buf_holds_nul),
		cmocka_unit_test(buf_formats),
		cmocka_unit_test(buf_counts),
		cmocka_unit_test(buf_inserts_and_removes),
		cmocka_unit_test(buf_of_itself),
		cmocka_unit_test(buf_detaches),
		cmocka_unit_test(buf_trims),
		cmocka_unit_test(strings),
		cmocka_unit_test(misuse_aborts),
		cmocka_unit_test(strvec_lists),
		cmocka_unit_test(strvec_splits),
		cmocka_unit_test(strmap_maps),
		cmocka_unit_test(strmap_replaces),
		cmocka_unit_test(errors),
		cmocka_unit_test(errors_of_the_system),
		cmocka_unit_test(errors_for_nobody),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
