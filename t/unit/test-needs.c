/* Where a script must be settled: the header first, then the team's file. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "strack/needs.h"

static void check(const char *ini, const char *header, const char *want)
{
	struct settings s;
	struct header h;
	struct strvec got = STRVEC_INIT;
	struct buf text = BUF_INIT;

	settings_init(&s);
	header_init(&h);
	assert_int_equal(
		settings_parse(&s, "ini", ini, strlen(ini), NULL), ERR_OK);
	assert_int_equal(
		header_parse("a.sh", header, strlen(header), &h, NULL), ERR_OK);
	needs_environments(&s, &h, "here", &got);
	for (size_t i = 0; i < got.n; i++)
		buf_addf(&text, "%s%s", i ? " " : "", got.v[i]);
	assert_string_equal(text.ptr, want);
	buf_release(&text);
	strvec_release(&got);
	header_release(&h);
	settings_release(&s);
}

#define TWO "[environment \"staging\"]\n[environment \"production\"]\n"

static void test_header_wins(void **state)
{
	(void)state;
	check(TWO, "# strack: environments production\n", "production");
	check("", "# strack: environments qa staging qa\n", "qa staging");
}

static void test_file_is_next(void **state)
{
	(void)state;
	check(TWO, "# nothing\n", "staging production");
	check("[environment \"local\"]\n" TWO, "", "staging production");
}

static void test_local_counts_only_alone(void **state)
{
	(void)state;
	check(TWO, "# strack: environments local staging\n", "staging");
	check(TWO, "# strack: environments local\n", "local");
}

static void test_nothing_named(void **state)
{
	(void)state;
	check("", "", "here");
	check("[environment \"local\"]\n", "", "here");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_header_wins),
		cmocka_unit_test(test_file_is_next),
		cmocka_unit_test(test_local_counts_only_alone),
		cmocka_unit_test(test_nothing_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
