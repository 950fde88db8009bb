/*
 * Tests of src/run/capture.c: what is kept of the output, and its log.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "strack/digest.h"
#include "strack/text.h"
#include "run/capture.h"

static void assert_buf(const struct buf *b, const char *s, size_t len)
{
	assert_int_equal(b->len, len);
	assert_memory_equal(b->ptr, s, len);
}

static void test_kept_lines(void **state)
{
	struct capture *c = capture_new(-1, 100);
	struct buf kept = BUF_INIT;
	char line[32];
	int i;

	(void)state;
	for (i = 0; i < 1000; i++) {
		snprintf(line, sizeof(line), "line %03d\n", i);
		capture_add(c, line, 9);
	}
	capture_end(c);
	capture_kept(c, &kept);
	assert_string_equal(kept.ptr,
		"line 000\nline 001\nline 002\nline 003\nline 004\n"
		"[... 8910 bytes left out; SHA-256 of all of it is in the "
		"entry ...]\n"
		"line 995\nline 996\nline 997\nline 998\nline 999\n");
	buf_reset(&kept);
	capture_tail(c, 2, 100, &kept);
	assert_string_equal(kept.ptr, "line 998\nline 999\n");
	buf_reset(&kept);
	capture_tail(c, 2, 12, &kept);
	assert_string_equal(kept.ptr, "98\nline 999\n");
	buf_reset(&kept);
	capture_tail(c, 1000, 1000, &kept);
	assert_int_equal(strncmp(kept.ptr, "line 000\n", 9), 0);
	buf_release(&kept);
	capture_free(c);
}

/* Characters of 1 to 4 bytes without any newline: never cut inside one, and
 * never more than was allowed. */
static void test_kept_utf8(void **state)
{
	static const char *const ch[] = { "a", "\xc3\xa4", "\xe2\x82\xac",
		"\xf0\x9f\x98\x80" };
	struct buf in = BUF_INIT, kept = BUF_INIT;
	struct capture *c;
	const char *mark;
	int64_t keep;
	bool bare;
	int i;

	(void)state;
	for (i = 0; i < 400; i++)
		buf_adds(&in, ch[(i * i / 7 + i) % (int)ARRAY_SIZE(ch)]);
	for (keep = 0; keep <= (int64_t)in.len + 3; keep++) {
		c = capture_new(-1, keep);
		capture_add(c, in.ptr, in.len);
		capture_end(c);
		buf_reset(&kept);
		capture_kept(c, &kept);
		assert_true(utf8_valid(kept.ptr, kept.len));
		mark = strstr(kept.ptr, "[... ");
		if (!keep)
			assert_int_equal(kept.len, 0);
		else if (keep >= (int64_t)in.len)
			assert_buf(&kept, in.ptr, in.len);
		else {
			int64_t left = 0, rest;

			assert_non_null(mark);
			assert_int_equal(
				sscanf(mark, "[... %" SCNd64, &left), 1);
			assert_true(mark == kept.ptr || mark[-1] == '\n');
			rest = (int64_t)in.len - left;
			assert_true(rest <= keep && rest > keep - 8);
			/* its own end is the tail where nothing is behind it */
			bare = !strchr(mark, '\n')[1];
			buf_reset(&kept);
			capture_tail(c, 1, (size_t)keep, &kept);
			assert_true(utf8_valid(kept.ptr, kept.len));
			assert_true(kept.len <= (size_t)keep);
			assert_true(bare || str_ends(in.ptr, kept.ptr));
		}
		capture_free(c);
	}
	buf_release(&in);
	buf_release(&kept);
}

static void test_log_full(void **state)
{
	int fd = open("/dev/full", O_WRONLY | O_CLOEXEC);
	struct capture *c;
	struct buf kept = BUF_INIT;

	(void)state;
	if (fd < 0)
		skip();
	c = capture_new(fd, 100);
	capture_add(c, "one\n", 4);
	capture_add(c, "two\n", 4);
	capture_end(c);
	capture_kept(c, &kept);
	assert_string_equal(kept.ptr, "one\ntwo\n");
	assert_int_equal(capture_log_error(c), ENOSPC);
	buf_release(&kept);
	capture_free(c);
	close(fd);
}

static int start(void **state)
{
	(void)state;
	return sign_init(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kept_lines),
		cmocka_unit_test(test_kept_utf8),
		cmocka_unit_test(test_log_full),
	};

	return cmocka_run_group_tests(tests, start, NULL);
}
