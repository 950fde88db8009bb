/* The header of a script: what is read, and what is said of mistakes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "strack/header.h"

static void parses(const char *text, struct header *h)
{
	struct error err = ERROR_INIT;

	header_init(h);
	if (header_parse("s.sh", text, strlen(text), h, &err))
		fail_msg("%s", err.text.ptr);
	error_release(&err);
}

static void refused(const char *text, const char *message)
{
	struct error err = ERROR_INIT;
	struct header h;

	header_init(&h);
	h.timeout = 77;
	assert_int_equal(
		header_parse("s.sh", text, strlen(text), &h, &err), ERR_BAD);
	assert_string_equal(err.text.ptr, message);
	assert_int_equal(h.timeout, 77); /* ret only on success */
	header_release(&h);
	error_release(&err);
}

static void test_all_keys(void **state)
{
	struct header h;

	(void)state;
	parses("#!/bin/sh\n"
	       "# strack: description Give every user a default theme \r\n"
	       "#   strack:timeout\t1h30m\n"
	       "# strack: environments staging production\n"
	       "# strack: requires 20251101093000_add_column.sh\n"
	       "# strack: tags users nightly\n"
	       "# strack: on-failure rollback\n"
	       "# strack: idempotent yes\n",
		&h);
	assert_string_equal(h.description, "Give every user a default theme");
	assert_int_equal(h.timeout, 5400);
	assert_int_equal(h.environments.n, 2);
	assert_string_equal(h.environments.v[1], "production");
	assert_int_equal(h.requires.n, 1);
	assert_int_equal(h.tags.n, 2);
	assert_true(h.rollback_on_failure);
	assert_true(h.idempotent);
	header_release(&h);
}

static void test_defaults(void **state)
{
	struct header h;

	(void)state;
	parses("echo 'strack: nonsense'\nx=1 # strack: nonsense\n", &h);
	assert_null(h.description);
	assert_int_equal(h.timeout, -1);
	assert_int_equal(h.environments.n, 0);
	assert_false(h.rollback_on_failure);
	assert_false(h.idempotent);
	header_release(&h);
}

static void test_leaders(void **state)
{
	static const char *const lines[] = {
		"# strack: timeout 5",
		"-- strack: timeout 5",
		"// strack: timeout 5",
		"; strack: timeout 5",
		"% strack: timeout 5",
		"/* strack: timeout 5 */",
		"/** strack: timeout 5*/",
		" * strack: timeout 5",
		"<!-- strack: timeout 5 -->",
		"\t## strack: timeout 5",
		"//// strack: timeout 5",
		"\xef\xbb\xbf# strack: timeout 5",
	};
	struct header h;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(lines); i++) {
		parses(lines[i], &h);
		assert_int_equal(h.timeout, 5);
		header_release(&h);
	}
	parses("- strack: timeout 5\n", &h);
	assert_int_equal(h.timeout, -1);
	header_release(&h);
}

static void test_only_the_first_lines(void **state)
{
	struct buf text = BUF_INIT;
	struct header h;
	int i;

	(void)state;
	for (i = 1; i < HEADER_LINES; i++)
		buf_adds(&text, "#\n");
	buf_adds(&text, "# strack: timeout 0\n# strack: nonsense\n");
	parses(text.ptr, &h);
	assert_int_equal(h.timeout, 0);
	header_release(&h);
	buf_release(&text);
}

static void test_mistakes(void **state)
{
	(void)state;
	refused("#\n#\n#\n# strack: timeout 5x\n",
		"s.sh: timeout: '5x' is not a duration (line 4); try 5m, 90s "
		"or 1h30m");
	refused("# strack: timout 5m\n",
		"s.sh: 'timout' is not a key of the header (line 1); did you "
		"mean timeout?");
	refused("# strack: colour red\n",
		"s.sh: 'colour' is not a key of the header (line 1); the keys "
		"are description, timeout, environments, requires, tags, "
		"on-failure, idempotent, transaction, retries, retry-delay, param");
	refused("#!/bin/sh\n# strack: retries 3\n",
		"s.sh: retries: only what may be run again harmlessly is "
		"repeated by itself (line 2); add 'strack: idempotent yes' if "
		"it may");
	refused("# strack: idempotent yes\n# strack: retry-delay 3s\n",
		"s.sh: retry-delay: there are no retries (line 2); add "
		"'strack: retries 3'");
	refused("# strack: retries 21\n",
		"s.sh: retries: '21' is not a number from 1 to 20 (line 1); "
		"try 3");
	refused("# strack: retry-delay 25h\n",
		"s.sh: retry-delay: '25h' is not a duration up to a day "
		"(line 1); try 10s or 5m");
	refused("# strack: timeout 5\n# strack: timeout 6\n",
		"s.sh: timeout: given twice (lines 1 and 2); keep one");
	refused("# strack: timeout\n",
		"s.sh: timeout: has no value (line 1); try 5m, 90s or 1h30m");
	refused("/* strack: timeout */\n",
		"s.sh: timeout: has no value (line 1); try 5m, 90s or 1h30m");
	refused("# strack:\n",
		"s.sh: 'strack:' without a key (line 1); try 'strack: "
		"description What it does'");
	refused("# strack: environments staging, production\n",
		"s.sh: environments: 'staging, production' is not a list of "
		"environments (line 1); write names like staging, with blanks "
		"between");
	refused("# strack: tags a,b\n",
		"s.sh: tags: 'a,b' is not a list of tags (line 1); write words "
		"with blanks between");
	refused("# strack: on-failure stop\n",
		"s.sh: on-failure: 'stop' is not known (line 1); try rollback");
	refused("# strack: idempotent maybe\n",
		"s.sh: idempotent: 'maybe' is not known (line 1); try yes or "
		"no");
	refused("# strack: description \xff\n",
		"s.sh: the 'strack:' line is not UTF-8 text (line 1)");
}

static void test_long_and_binary(void **state)
{
	static const char nul[] = "# strack: tags a\0b\n";
	struct error err = ERROR_INIT;
	struct buf text = BUF_INIT;
	struct header h;
	int i;

	(void)state;
	header_init(&h);
	buf_adds(&text, "# strack: ");
	for (i = 0; i < 2000; i++)
		buf_addch(&text, 'k');
	refused(text.ptr, "s.sh: the 'strack:' line is longer than 1024 bytes "
			  "(line 1)");
	assert_int_equal(
		header_parse("s", nul, sizeof(nul) - 1, &h, &err), ERR_BAD);
	assert_int_equal(header_parse("s", "", 0, &h, &err), ERR_OK);
	assert_int_equal(header_parse("s", "#", 1, &h, &err), ERR_OK);
	buf_release(&text);
	header_release(&h);
	error_release(&err);
}

static void test_line_at_fault(void **state)
{
	static const char text[] = "#!/bin/sh\n# strack: tags a\n\n"
				   "# strack: tags b\n";
	struct header h;
	int line = 0;

	(void)state;
	header_init(&h);
	assert_int_equal(
		header_parse_line("s", text, sizeof(text) - 1, &h, &line, NULL),
		ERR_BAD);
	assert_int_equal(line, 4);
	header_release(&h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_keys),
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_leaders),
		cmocka_unit_test(test_only_the_first_lines),
		cmocka_unit_test(test_mistakes),
		cmocka_unit_test(test_long_and_binary),
		cmocka_unit_test(test_line_at_fault),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
