/* Tests of src/run/control.c: the lines, and a pipe that anybody writes to. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "run/control.h"

static bool parse(const char *line, struct buf *ret)
{
	return control_parse(line, strlen(line), ret);
}

static void test_line(void **state)
{
	struct buf got = BUF_INIT;

	(void)state;
	assert_true(parse("cancel a@pts/3 too slow", &got));
	assert_string_equal(got.ptr, "a@pts/3: too slow");
	assert_true(parse("cancel a%20b@c 50%25 %0A%20", &got));
	assert_string_equal(got.ptr, "a b@c: 50% \n ");
	buf_release(&got);
}

static void test_no_order(void **state)
{
	static const char *const lines[] = { "", "cancel", "cancel ",
		"cancel who", "cancel who ", "cancel  why", "cancelled a b",
		"Cancel a b", " cancel a b", "cancel a %zz", "cancel %0 b",
		"cancel a %00", "cancel a%00b c", "stop a b" };
	struct buf got = BUF_INIT;

	(void)state;
	buf_set(&got, "as it was");
	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
		assert_false(parse(lines[i], &got));
		assert_string_equal(got.ptr, "as it was");
	}
	assert_false(control_parse("cancel a b\0c", 12, &got));
	buf_release(&got);
}

/* ---- a pipe ---- */

struct fixture {
	int fd;
	struct control control;
	struct buf got;
};

static void open_fixture(struct fixture *f)
{
	int ends[2];

	assert_int_equal(pipe2(ends, O_NONBLOCK), 0);
	f->fd = ends[1];
	f->control = (struct control){ .fd = ends[0], .line = BUF_INIT };
	buf_init(&f->got);
}

static void close_fixture(struct fixture *f)
{
	close(f->fd);
	close(f->control.fd);
	buf_release(&f->control.line);
	buf_release(&f->got);
}

static void put(struct fixture *f, const char *text, size_t n)
{
	assert_int_equal(write(f->fd, text, n), n);
}

#define PUT(f, text) put(f, text, sizeof(text) - 1)

static bool next(struct fixture *f)
{
	return control_next(&f->control, &f->got);
}

static void test_orders(void **state)
{
	struct fixture f;

	(void)state;
	open_fixture(&f);
	assert_false(next(&f));
	PUT(&f, "cancel a b\ncancel c d\ncanc");
	assert_true(next(&f));
	assert_string_equal(f.got.ptr, "a: b");
	assert_true(next(&f));
	assert_string_equal(f.got.ptr, "c: d");
	assert_false(next(&f));
	PUT(&f, "el e f\n");
	assert_true(next(&f));
	assert_string_equal(f.got.ptr, "e: f");
	assert_false(next(&f));
	close_fixture(&f);
}

static void test_garbage(void **state)
{
	struct fixture f;

	(void)state;
	open_fixture(&f);
	PUT(&f, "\n\0\xff\x80\ncancel\n\n%%%\ncancel a \0\ncancel a b\n");
	assert_true(next(&f));
	assert_string_equal(f.got.ptr, "a: b");
	assert_false(next(&f));
	close_fixture(&f);
}

/* A line that never ends takes no memory, and its end is no order. */
static void test_overlong(void **state)
{
	static char much[3 * PIPE_BUF];
	struct fixture f;

	(void)state;
	open_fixture(&f);
	memset(much, 'x', sizeof(much));
	for (int i = 0; i < 200; i++) {
		put(&f, much, sizeof(much));
		assert_false(next(&f));
		assert_true(f.control.line.len <= 2 * PIPE_BUF);
	}
	PUT(&f, "\ncancel a b\n");
	assert_true(next(&f));
	assert_string_equal(f.got.ptr, "a: b");
	put(&f, much, sizeof(much));
	assert_false(next(&f));
	PUT(&f, "cancel a b\n");
	assert_false(next(&f));
	close_fixture(&f);
}

/* Whoever floods it gets no more than one full pipe at a time. */
static void test_flood(void **state)
{
	static char lines[64 * 1024];
	struct fixture f;

	(void)state;
	open_fixture(&f);
	memset(lines, '\n', sizeof(lines));
	assert_true(fcntl(f.fd, F_SETPIPE_SZ, 256 * 1024) >= 256 * 1024);
	for (int i = 0; i < 3; i++)
		put(&f, lines, sizeof(lines));
	PUT(&f, "cancel a b\n");
	assert_false(next(&f));
	assert_false(next(&f));
	assert_false(next(&f));
	assert_true(next(&f));
	close_fixture(&f);
}

static void test_none(void **state)
{
	struct control c = { .fd = -1, .line = BUF_INIT };
	struct buf got = BUF_INIT;

	(void)state;
	assert_false(control_next(&c, &got));
	buf_release(&got);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_line),
		cmocka_unit_test(test_no_order),
		cmocka_unit_test(test_orders),
		cmocka_unit_test(test_garbage),
		cmocka_unit_test(test_overlong),
		cmocka_unit_test(test_flood),
		cmocka_unit_test(test_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
