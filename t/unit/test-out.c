/* What people and programs get to see: escaping, width, streams, JSON. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <cmocka.h>

#include "strack/buf.h"
#include "strack/error.h"
#include "strack/json.h"
#include "strack/out.h"

static void assert_buf(const struct buf *b, const char *want)
{
	assert_string_equal(b->ptr, want);
	assert_int_equal(b->len, strlen(want));
}

/* escape, width */

static void assert_escape(const char *in, const char *keep, const char *want)
{
	struct buf b = BUF_INIT;

	out_escape(&b, in, strlen(in), keep);
	assert_buf(&b, want);
	buf_release(&b);
}

static void escapes(void **state)
{
	static const char *const table[][2] = {
		{ "", "" },
		{ "plain text ~", "plain text ~" },
		{ "a\nb\tc", "a\\nb\\tc" },
		{ "\033[31mred", "\\e[31mred" },
		{ "\r\a\b\177\001", "\\x0D\\x07\\x08\\x7F\\x01" },
		{ "back\\slash", "back\\slash" },
		{ "\xc2\x80\xc2\x9b\xc2\x9f", "\\u{0080}\\u{009B}\\u{009F}" },
		{ "\xc2\xa0\xc3\xa4", "\xc2\xa0\xc3\xa4" },
		{ "\xc2\xad", "\\u{00AD}" },
		{ "\xd8\x9c", "\\u{061C}" },
		{ "\xe2\x80\xae"
		  "x\xe2\x81\xa6",
			"\\u{202E}x\\u{2066}" },
		{ "\xe2\x80\x8b\xe2\x80\x8d\xe2\x80\x8e",
			"\\u{200B}\\u{200D}\\u{200E}" },
		{ "\xe2\x80\xa8\xef\xbb\xbf", "\\u{2028}\\u{FEFF}" },
		{ "\xf3\xa0\x81\x81", "\\u{E0041}" },
		{ "\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80" },
		{ "\xe2\x9d\xa4\xef\xb8\x8f", "\xe2\x9d\xa4\xef\xb8\x8f" },
		{ "\xff\x80"
		  "a\xc3",
			"\\xFF\\x80a\\xC3" },
		{ "\xed\xa0\x80", "\\xED\\xA0\\x80" }, /* a surrogate */
		{ "\xc0\x8a", "\\xC0\\x8A" },          /* overlong newline */
		{ "\xe2\x80", "\\xE2\\x80" },
	};
	struct buf b = BUF_INIT;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(table); i++)
		assert_escape(table[i][0], NULL, table[i][1]);
	assert_escape("a\n\tb\r", "\n\t", "a\n\tb\\x0D");
	assert_escape("a\n\tb", "", "a\\n\\tb");
	out_escape(&b, "a\0b", 3, "\n");
	assert_buf(&b, "a\\x00b");
	buf_release(&b);
}

/* Whatever comes in, what comes out is UTF-8 without controls, and a second
 * time changes nothing. */
static void escapes_anything(void **state)
{
	struct buf b = BUF_INIT, again = BUF_INIT;
	unsigned x = 1;
	char in[64];
	size_t i, k;

	(void)state;
	for (k = 0; k < 20000; k++) {
		for (i = 0; i < sizeof(in); i++) {
			x = x * 1103515245U + 12345U;
			in[i] = (char)(x >> 16);
		}
		buf_reset(&b);
		buf_reset(&again);
		out_escape(&b, in, sizeof(in), NULL);
		for (i = 0; i < b.len; i++) {
			assert_true((unsigned char)b.ptr[i] >= 0x20);
			assert_true(b.ptr[i] != 0x7f);
		}
		out_escape(&again, b.ptr, b.len, NULL);
		assert_string_equal(again.ptr, b.ptr);
	}
	buf_release(&b);
	buf_release(&again);
}

static void widths(void **state)
{
	(void)state;
	assert_int_equal(out_width(""), 0);
	assert_int_equal(out_width("abc"), 3);
	assert_int_equal(out_width("\xc3\xa4"), 1);
	assert_int_equal(out_width("a\xcc\x88"), 1); /* combining */
	assert_int_equal(out_width("\xe6\x97\xa5\xe6\x9c\xac"), 4);
	assert_int_equal(out_width("\xf0\x9f\x98\x80"), 2);
	assert_int_equal(out_width("\xef\xbc\xa1"), 2); /* fullwidth A */
	assert_int_equal(out_width("\xef\xbd\xb1"), 1); /* halfwidth A */
	assert_int_equal(out_width("\xea\xb0\x80"), 2); /* Hangul */
	/* the same syllable of two jamo */
	assert_int_equal(out_width("\xe1\x84\x80\xe1\x85\xa1"), 2);
	assert_int_equal(out_width("\xe2\x9d\xa4\xef\xb8\x8f"), 1);
	assert_int_equal(out_width("\xf0\xa0\x80\x80"), 2);
	assert_int_equal(out_width("\xcd\xb8"), 1); /* unassigned */
	assert_int_equal(out_width("\xff"), 1);
}

static void assert_fit(const char *in, int cols, bool pad, const char *want)
{
	struct buf b = BUF_INIT;

	out_fit(&b, in, cols, pad);
	assert_buf(&b, want);
	buf_release(&b);
}

static void fits(void **state)
{
	struct buf b = BUF_INIT;
	int cols, n;

	(void)state;
	assert_fit("abc", 5, false, "abc");
	assert_fit("abc", 5, true, "abc  ");
	assert_fit("", 4, true, "    ");
	assert_fit("abcde", 5, true, "abcde");
	assert_fit("abcdefgh", 7, true, "ab...gh");
	assert_fit("abcdefgh", 6, true, "ab...h");
	assert_fit("abcdefgh", 4, false, "a...");
	assert_fit("abcdefgh", 0, false, "a...");
	assert_fit("abcdefgh", -5, true, "a...");
	assert_fit("abcd", 1, true, "abcd");
	assert_fit("a\nb", 4, true, "a\\nb");
	assert_fit("a\033b", 4, true, "a\\eb");
	/* wide ones don't fit into an odd column */
	assert_fit("\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e\xe6\x97\xa5", 6, true,
		"\xe6\x97\xa5... ");
	assert_fit("\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e\xe6\x97\xa5", 4, true,
		"... ");
	/* marks stay with their letter on either side of the cut */
	assert_fit("a\xcc\x88"
		   "bcdefgh\xcc\x88",
		5, true,
		"a\xcc\x88"
		"...h\xcc\x88");
	assert_fit("abcdefg\xcc\x88", 4, true, "a...");
	for (cols = 4; cols < 90; cols++) {
		for (n = 0; n < 100; n++) {
			struct buf s = BUF_INIT;
			int k;

			for (k = 0; k < n; k++)
				buf_adds(&s, k % 3 ? "\xe6\x97\xa5"
						   : "x\xcc"
						     "\x88");
			buf_reset(&b);
			out_fit(&b, s.ptr, cols, true);
			assert_int_equal(out_width(b.ptr), cols);
			buf_release(&s);
		}
	}
	buf_release(&b);
}

/* out */

static void out_writes(void **state)
{
	static const char want[] =
		"1 two \\e[0m\\n \\t l1\n\tl2\\e\\xFF\n\0\033";
	struct out o;
	char *text = NULL;
	size_t size = 0;
	FILE *f = open_memstream(&text, &size);

	(void)state;
	assert_non_null(f);
	out_init(&o, f, -1);
	assert_false(o.tty);
	assert_false(o.color);
	assert_int_equal(o.width, 80);
	out_printf(&o, "%d ", 1);
	out_styled(&o, STYLE_BAD, "%s ", "two");
	out_text(&o, "\033[0m\n ");
	out_text_styled(&o, STYLE_ID, "\t ");
	out_block(&o, "l1\n\tl2\033\xff\n", 9);
	out_raw(&o, "\0\033", 2);
	assert_int_equal(out_finish(&o, NULL), ERR_OK);
	fclose(f);
	assert_int_equal(size, sizeof(want) - 1);
	assert_memory_equal(text, want, size);
	free(text);
}

static void out_colors(void **state)
{
	struct out o;
	char *text = NULL;
	size_t size = 0;
	FILE *f = open_memstream(&text, &size);

	(void)state;
	assert_non_null(f);
	out_init(&o, f, 1);
	assert_true(o.color);
	out_styled(&o, STYLE_GOOD, "ok");
	out_styled(&o, STYLE_NONE, "none");
	out_styled(&o, STYLE_BAD, "%s", "");
	out_text_styled(&o, STYLE_WAIT, "\033");
	assert_int_equal(out_finish(&o, NULL), ERR_OK);
	fclose(f);
	assert_string_equal(text, "\033[32mok\033[mnone\033[33m\\e\033[m");
	free(text);
}

static void out_tells_of_a_full_disk(void **state)
{
	struct error e = ERROR_INIT;
	struct out o;
	FILE *f = fopen("/dev/full", "w");
	int i;

	(void)state;
	assert_non_null(f);
	out_init(&o, f, -1);
	out_printf(&o, "x");
	assert_int_equal(out_finish(&o, &e), ERR_FATAL);
	assert_int_equal(e.sys, ENOSPC);
	assert_buf(&e.text, "cannot write the output: No space left on device");
	fclose(f);

	/* the error came long before the end */
	f = fopen("/dev/full", "w");
	assert_non_null(f);
	out_init(&o, f, -1);
	for (i = 0; i < 10000; i++)
		out_printf(&o, "line %d\n", i);
	errno = 0;
	assert_int_equal(out_finish(&o, &e), ERR_FATAL);
	assert_int_equal(e.sys, ENOSPC);
	assert_int_equal(out_finish(&o, NULL), ERR_FATAL);
	fclose(f);
	error_release(&e);
}

static void out_is_quiet_of_a_closed_pipe(void **state)
{
	struct error e = ERROR_INIT;
	struct out o;
	int fds[2], i;
	FILE *f;

	(void)state;
	signal(SIGPIPE, SIG_IGN);
	assert_int_equal(pipe(fds), 0);
	close(fds[0]);
	f = fdopen(fds[1], "w");
	assert_non_null(f);
	out_init(&o, f, -1);
	for (i = 0; i < 10000; i++)
		out_printf(&o, "line %d\n", i);
	error_set(&e, ERR_FATAL, "old");
	assert_int_equal(out_finish(&o, &e), ERR_NO);
	assert_buf(&e.text, "");
	fclose(f);
	error_release(&e);
	signal(SIGPIPE, SIG_DFL);
}

static void set_columns(int fd, unsigned short n)
{
	struct winsize ws = { 0 };

	ws.ws_row = 24;
	ws.ws_col = n;
	assert_int_equal(ioctl(fd, TIOCSWINSZ, &ws), 0);
}

static void out_on_a_terminal(void **state)
{
	struct out o;
	int fd;
	FILE *f;

	(void)state;
	fd = posix_openpt(O_RDWR | O_NOCTTY);
	if (fd < 0 || grantpt(fd) || unlockpt(fd))
		skip();
	f = fdopen(fd, "w");
	assert_non_null(f);
	if (!isatty(fd)) {
		fclose(f);
		skip();
	}
	setenv("TERM", "xterm", 1);
	unsetenv("NO_COLOR");
	out_init(&o, f, -1);
	assert_true(o.tty);
	assert_true(o.color);
	assert_int_equal(o.width, 80); /* a new one has size 0 */
	set_columns(fd, 100);
	out_init(&o, f, -1);
	assert_int_equal(o.width, 100);
	set_columns(fd, 7);
	out_init(&o, f, 0);
	assert_int_equal(o.width, 20);
	assert_false(o.color);
	setenv("NO_COLOR", "", 1);
	out_init(&o, f, -1);
	assert_true(o.color);
	setenv("NO_COLOR", "1", 1);
	out_init(&o, f, -1);
	assert_false(o.color);
	unsetenv("NO_COLOR");
	setenv("TERM", "dumb", 1);
	out_init(&o, f, -1);
	assert_false(o.color);
	unsetenv("TERM");
	out_init(&o, f, -1);
	assert_false(o.color);
	out_init(&o, f, 1);
	assert_true(o.color);
	fclose(f);
}

/* json */

static void json_nests(void **state)
{
	struct buf b = BUF_INIT;
	struct json j;

	(void)state;
	json_init(&j, &b);
	json_object(&j);
	json_kv(&j, "s", "x");
	json_kv(&j, "none", NULL);
	json_kv_int(&j, "min", INT64_MIN);
	json_kv_int(&j, "max", INT64_MAX);
	json_kv_bool(&j, "t", true);
	json_kv_bool(&j, "f", false);
	json_kv_null(&j, "n");
	json_key(&j, "duration");
	json_number(&j, "1.532");
	json_key(&j, "list");
	json_array(&j);
	json_string(&j, "a");
	json_int(&j, 0);
	json_object(&j);
	json_end_object(&j);
	json_array(&j);
	json_end_array(&j);
	json_bool(&j, true);
	json_null(&j);
	json_object(&j);
	json_kv(&j, "k", "v");
	json_end_object(&j);
	json_end_array(&j);
	json_kv(&j, "last", "");
	json_end_object(&j);
	assert_int_equal(j.depth, 0);
	assert_buf(&b,
		"{\"s\":\"x\",\"none\":null,\"min\":-9223372036854775808,"
		"\"max\":9223372036854775807,\"t\":true,\"f\":false,\"n\":null,"
		"\"duration\":1.532,\"list\":[\"a\",0,{},[],true,null,"
		"{\"k\":\"v\"}],\"last\":\"\"}");
	buf_release(&b);
}

static void json_depth(void **state)
{
	struct buf b = BUF_INIT;
	struct json j;
	int i;

	(void)state;
	json_init(&j, &b);
	for (i = 1; i < JSON_DEPTH; i++)
		json_array(&j);
	json_int(&j, 1);
	for (i = 1; i < JSON_DEPTH; i++)
		json_end_array(&j);
	assert_buf(&b, "[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]");
	buf_release(&b);
}

static void json_strings(void **state)
{
	static const char *const table[][2] = {
		{ "", "\"\"" },
		{ "a\"b\\c/", "\"a\\\"b\\\\c/\"" },
		{ "\b\f\n\r\t", "\"\\b\\f\\n\\r\\t\"" },
		{ "\001\033\037\177", "\"\\u0001\\u001b\\u001f\\u007f\"" },
		{ "\xc2\x9b", "\"\\u009b\"" },
		{ "\xe2\x80\xae", "\"\\u202e\"" },
		{ "\xf3\xa0\x81\x81", "\"\\udb40\\udc41\"" },
		{ "\xc3\xa4\xf0\x9f\x98\x80", "\"\xc3\xa4\xf0\x9f\x98\x80\"" },
		{ "100%", "\"100%\"" },
		{ "100%\xff", "\"100%25%FF\"" },
		{ "\xc3\n%\"", "\"%C3\\n%25\\\"\"" },
		{ "\xed\xa0\x80", "\"%ED%A0%80\"" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(table); i++) {
		struct buf b = BUF_INIT;
		struct json j;

		json_init(&j, &b);
		json_string(&j, table[i][0]);
		assert_buf(&b, table[i][1]);
		buf_release(&b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(escapes),
		cmocka_unit_test(escapes_anything),
		cmocka_unit_test(widths),
		cmocka_unit_test(fits),
		cmocka_unit_test(out_writes),
		cmocka_unit_test(out_colors),
		cmocka_unit_test(out_tells_of_a_full_disk),
		cmocka_unit_test(out_is_quiet_of_a_closed_pipe),
		cmocka_unit_test(out_on_a_terminal),
		cmocka_unit_test(json_nests),
		cmocka_unit_test(json_depth),
		cmocka_unit_test(json_strings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
