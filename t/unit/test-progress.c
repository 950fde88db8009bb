/* How far, how fast, and how long still. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "strack/progress.h"

static void check_text(
	int64_t current, int64_t total, const char *label, const char *want)
{
	struct progress p = PROGRESS_INIT;
	struct buf text = BUF_INIT;

	progress_set(&p, current, total, label);
	progress_text(&p, &text);
	assert_string_equal(text.ptr, want);
	progress_release(&p);
	buf_release(&text);
}

static void test_text(void **state)
{
	(void)state;
	check_text(-1, -1, "x", "");
	check_text(0, -1, "", "0");
	check_text(7, -1, "users", "7 users");
	check_text(7, 0, "users", "7 users");
	check_text(0, 10, "", "0 of 10 (0 %)");
	check_text(199, 200, "rows", "199 of 200 rows (99 %)");
	check_text(200, 200, "rows", "200 of 200 rows (100 %)");
	check_text(201, 200, "rows", "201 of 200 rows");
	check_text(INT64_MAX, INT64_MAX, "",
		"9223372036854775807 of 9223372036854775807 (100 %)");
}

static void check_pace(
	const struct pace *p, int64_t current, int64_t total, const char *want)
{
	struct progress now = PROGRESS_INIT;
	struct buf text = BUF_INIT;

	progress_set(&now, current, total, "");
	pace_text(p, &now, &text);
	assert_string_equal(text.ptr, want);
	progress_release(&now);
	buf_release(&text);
}

static void test_pace(void **state)
{
	struct pace p = { .n = 0 };

	(void)state;
	check_pace(&p, 5, 10, "");
	pace_add(&p, 1000, 600);
	check_pace(&p, 600, 1000, "");
	pace_add(&p, 1500, 700); /* half a second says nothing yet */
	check_pace(&p, 700, 1000, "");
	pace_add(&p, 3000, 800); /* 200 in 2 s, from where it began */
	check_pace(&p, 800, 1000, ", 100/s, 2s left");
	check_pace(&p, 800, -1, ", 100/s");
	check_pace(&p, 800, 700, ", 100/s"); /* more than there is */
	pace_add(&p, 5000, 0);               /* something else is counted */
	check_pace(&p, 0, 1000, "");
	pace_add(&p, 7000, 1);
	check_pace(&p, 1, 1000, ", 0.5/s, 33m18s left");
	p.n = 0;
	pace_add(&p, 0, 0);
	pace_add(&p, 100000, 1);
	check_pace(&p, 1, 2, ", 0.6/min, 1m40s left");
	check_pace(&p, 1, INT64_MAX, ", 0.6/min"); /* no estimate any more */
}

/* What was long ago does not count: 10 a second for a minute, then 1. */
static void test_window(void **state)
{
	struct pace p = { .n = 0 };
	int64_t ms = 0, n = 0;

	(void)state;
	for (; ms < 60000; ms += 500, n += 5)
		pace_add(&p, ms, n);
	check_pace(&p, n, -1, ", 10/s");
	for (; ms < 120000; ms += 1000, n++)
		pace_add(&p, ms, n);
	check_pace(&p, n, -1, ", 1.0/s");
	assert_true(p.n <= PACE_SAMPLES);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_pace),
		cmocka_unit_test(test_window),
	};

	return cmocka_run_group_tests_name("progress", tests, NULL, NULL);
}
