/* Times and durations as text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>

#include "strack/text.h"

#define MS_2026 INT64_C(1795256102123) /* 2026-11-21T10:15:02.123Z */
#define MS_LAST INT64_C(253402300799999)

static void assert_buf(struct buf *b, const char *want)
{
	assert_string_equal(b->ptr, want);
	assert_int_equal(b->len, strlen(want));
	buf_release(b);
}

static void times(void **state)
{
	static const struct {
		int64_t ms;
		const char *text, *compact;
	} table[] = {
		{ 0, "1970-01-01T00:00:00.000Z", "19700101T000000Z" },
		{ -1, "1970-01-01T00:00:00.000Z", "19700101T000000Z" },
		{ MS_2026, "2026-11-21T10:15:02.123Z", "20261121T101502Z" },
		{ INT64_C(951782400000), "2000-02-29T00:00:00.000Z",
			"20000229T000000Z" },
		{ INT64_C(951868799999), "2000-02-29T23:59:59.999Z",
			"20000229T235959Z" },
		{ INT64_C(4107542400000), "2100-03-01T00:00:00.000Z",
			"21000301T000000Z" },
		{ MS_LAST, "9999-12-31T23:59:59.999Z", "99991231T235959Z" },
		{ INT64_MAX, "9999-12-31T23:59:59.999Z", "99991231T235959Z" },
		{ INT64_MIN, "1970-01-01T00:00:00.000Z", "19700101T000000Z" },
	};
	struct buf b = BUF_INIT;
	int64_t ms;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(table); i++) {
		time_format(&b, table[i].ms);
		assert_buf(&b, table[i].text);
		time_compact(&b, table[i].ms);
		assert_buf(&b, table[i].compact);
		if (table[i].ms < 0 || table[i].ms > MS_LAST)
			continue;
		assert_true(time_parse(table[i].text, &ms));
		assert_true(ms == table[i].ms);
		assert_true(time_compact_parse(table[i].compact, 16, &ms));
		assert_true(ms == table[i].ms / 1000 * 1000);
	}
}

/* Every day of the years that are told, against the C library. */
static void times_of_all_days(void **state)
{
	struct buf b = BUF_INIT;
	char want[40];
	struct tm tm;
	time_t t;
	int64_t ms;

	(void)state;
	for (t = 0; t <= MS_LAST / 1000; t += 86400 + 3601) {
		assert_non_null(gmtime_r(&t, &tm));
		assert_true(strftime(
			want, sizeof(want), "%Y-%m-%dT%H:%M:%S.007Z", &tm));
		buf_reset(&b);
		time_format(&b, (int64_t)t * 1000 + 7);
		assert_string_equal(b.ptr, want);
		assert_true(time_parse(want, &ms));
		assert_true(ms == (int64_t)t * 1000 + 7);
	}
	buf_release(&b);
}

static void times_read(void **state)
{
	static const char *const bad[] = { "", "2026-11-21",
		"2026-11-21T10:15:02", "2026-11-21T10:15:02.Z",
		"2026-11-21T10:15:02.1234567890Z", "2026-11-21 10:15:02Z",
		"2026-11-21t10:15:02Z", "2026-11-21T10:15:02z",
		"2026-11-21T10:15:02+00:00", "2026-11-21T10:15:60Z",
		"2026-11-21T24:00:00Z", "2026-11-21T10:60:00Z",
		"2026-02-29T00:00:00Z", "2100-02-29T00:00:00Z",
		"2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z",
		"2026-01-00T00:00:00Z", "2026-04-31T00:00:00Z",
		"1969-12-31T23:59:59Z", "26-11-21T10:15:02Z",
		"12026-11-21T10:15:02Z", "2026-11-21T10:15:02Zx",
		" 2026-11-21T10:15:02Z", "2026-11-21T10:15:02.12 Z",
		"2026-1-21T10:15:02Z", "2026-11-21T+1:15:02Z" };
	static const struct {
		const char *s;
		int ms;
	} good[] = {
		{ "2026-11-21T10:15:02Z", 0 },
		{ "2026-11-21T10:15:02.1Z", 100 },
		{ "2026-11-21T10:15:02.12Z", 120 },
		{ "2026-11-21T10:15:02.123Z", 123 },
		{ "2026-11-21T10:15:02.123999999Z", 123 },
		{ "2026-11-21T10:15:02.000000001Z", 0 },
	};
	int64_t ms = 77;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		assert_false(time_parse(bad[i], &ms));
	assert_false(time_compact_parse("20261121T101502Z", 15, &ms));
	assert_false(time_compact_parse("20261121T101502Zx", 17, &ms));
	assert_false(time_compact_parse("20261121 101502Z", 16, &ms));
	assert_false(time_compact_parse("20261121T1015\0Z", 16, &ms));
	assert_false(time_compact_parse("20260229T101502Z", 16, &ms));
	assert_int_equal(ms, 77);
	assert_true(time_compact_parse("20261121T101502Z.production", 16, &ms));
	assert_true(ms == MS_2026 - 123);
	for (i = 0; i < ARRAY_SIZE(good); i++) {
		assert_true(time_parse(good[i].s, &ms));
		assert_true(ms == MS_2026 - 123 + good[i].ms);
	}
}

static void days(void **state)
{
	static const char *const bad[] = { "", "today", "2026", "2026-11",
		"202611", "2026112", "202611211", "20261121101", "20261301",
		"2026-11-31", "2026-11-21x", "20261121101502Z",
		"20261121T101502", "2026/11/21" };
	int64_t ms = 77;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		assert_false(time_day_parse(bad[i], &ms));
	assert_int_equal(ms, 77);
	assert_true(time_day_parse("2026-11-21", &ms));
	assert_true(ms == INT64_C(1795219200000));
	assert_true(time_day_parse("20261121", &ms));
	assert_true(ms == INT64_C(1795219200000));
	assert_true(time_day_parse("20261121101502", &ms));
	assert_true(ms == MS_2026 - 123);
	assert_true(time_day_parse("2026-11-21T10:15:02Z", &ms));
	assert_true(ms == MS_2026 - 123);
	assert_true(time_day_parse("2026-11-21T10:15:02.123Z", &ms));
	assert_true(ms == MS_2026);
}

static void local_times(void **state)
{
	struct buf b = BUF_INIT;

	(void)state;
	setenv("TZ", "UTC0", 1);
	time_local(&b, MS_2026);
	assert_buf(&b, "2026-11-21 10:15:02 +0000");
	setenv("TZ", "XXX-5:45", 1); /* POSIX turns the sign round */
	time_local(&b, MS_2026);
	assert_buf(&b, "2026-11-21 16:00:02 +0545");
	setenv("TZ", "YYY3:30", 1);
	time_local(&b, MS_2026);
	assert_buf(&b, "2026-11-21 06:45:02 -0330");
	setenv("TZ", "UTC0", 1);
	time_local(&b, INT64_MIN);
	assert_buf(&b, "1970-01-01 00:00:00 +0000");
	time_local(&b, INT64_MAX);
	assert_buf(&b, "9999-12-31 23:59:59 +0000");
	unsetenv("TZ");
}

static void ago(void **state)
{
	static const struct {
		int64_t s;
		const char *want;
	} table[] = {
		{ -1, "in the future" },
		{ 0, "0 seconds ago" },
		{ 1, "1 second ago" },
		{ 89, "89 seconds ago" },
		{ 90, "2 minutes ago" },
		{ 300, "5 minutes ago" },
		{ 89 * 60, "89 minutes ago" },
		{ 90 * 60, "2 hours ago" },
		{ 35 * 3600, "35 hours ago" },
		{ 36 * 3600, "2 days ago" },
		{ 13 * 86400, "13 days ago" },
		{ 14 * 86400, "2 weeks ago" },
		{ 69 * 86400, "10 weeks ago" },
		{ 70 * 86400, "2 months ago" },
		{ 364 * 86400, "12 months ago" },
		{ 365 * 86400, "1 year ago" },
		{ 400 * 86400, "1 year, 1 month ago" },
		{ 600 * 86400, "1 year, 8 months ago" },
		{ 730 * 86400, "2 years ago" },
		{ 1825 * 86400, "5 years ago" },
		{ 3650 * 86400, "10 years ago" },
	};
	struct buf b = BUF_INIT;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(table); i++) {
		time_ago(&b, MS_2026, MS_2026 + table[i].s * 1000);
		assert_buf(&b, table[i].want);
	}
	time_ago(&b, MS_2026 + 100, MS_2026); /* the same second */
	assert_buf(&b, "0 seconds ago");
	time_ago(&b, INT64_MIN, INT64_MAX); /* nothing overflows */
	buf_release(&b);
}

static void durations(void **state)
{
	static const char *const bad[] = { "", "m", "5x", "-5m", "+5m", "5 m",
		"5m ", "1h30", "30m1h", "1m1m", "5M", "1.5h", "5mm", "0x5",
		"367d", "366d1s", "31622401", "99999999999999999999",
		"99999999999999999999d", "10000000m" };
	static const struct {
		const char *s;
		int64_t want;
	} good[] = {
		{ "0", 0 },
		{ "0s", 0 },
		{ "45", 45 },
		{ "90s", 90 },
		{ "5m", 300 },
		{ "1h30m", 5400 },
		{ "1h90m", 9000 },
		{ "1m05s", 65 },
		{ "2d", 172800 },
		{ "1d1h1m1s", 90061 },
		{ "1d1s", 86401 },
		{ "366d", 31622400 },
		{ "31622400", 31622400 },
	};
	int64_t s = 77;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		assert_false(duration_parse(bad[i], &s));
	assert_int_equal(s, 77);
	for (i = 0; i < ARRAY_SIZE(good); i++) {
		assert_true(duration_parse(good[i].s, &s));
		assert_true(s == good[i].want);
	}
}

static void durations_shown(void **state)
{
	static const struct {
		int64_t ms;
		const char *want, *seconds;
	} table[] = {
		{ -5, "0.0s", "0.000" },
		{ 0, "0.0s", "0.000" },
		{ 7, "0.0s", "0.007" },
		{ 300, "0.3s", "0.300" },
		{ 1532, "1.5s", "1.532" },
		{ 59999, "59.9s", "59.999" },
		{ 60000, "1m00s", "60.000" },
		{ 65999, "1m05s", "65.999" },
		{ 3599999, "59m59s", "3599.999" },
		{ 7380000, "2h03m", "7380.000" },
		{ 86399999, "23h59m", "86399.999" },
		{ 86400000, "1d00h", "86400.000" },
		{ 273600000, "3d04h", "273600.000" },
	};
	struct buf b = BUF_INIT;
	int64_t ms;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(table); i++) {
		duration_format(&b, table[i].ms);
		assert_buf(&b, table[i].want);
		duration_seconds(&b, table[i].ms);
		assert_buf(&b, table[i].seconds);
		if (table[i].ms < 0)
			continue;
		assert_true(duration_seconds_parse(table[i].seconds, &ms));
		assert_true(ms == table[i].ms);
	}
	duration_format(&b, INT64_MAX);
	buf_release(&b);
	duration_format(&b, INT64_MIN);
	assert_buf(&b, "0.0s");
	duration_seconds(&b, INT64_MAX);
	assert_buf(&b, "9223372036854775.807");
}

static void seconds_read(void **state)
{
	static const char *const bad[] = { "", ".5", "1.", "-1", "+1", "01",
		"1.5s", "1,5", "1.1234567890", "1.5.5", "9223372036854776",
		" 1", "1e3" };
	int64_t ms = 77;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		assert_false(duration_seconds_parse(bad[i], &ms));
	assert_int_equal(ms, 77);
	assert_true(duration_seconds_parse("300", &ms) && ms == 300000);
	assert_true(duration_seconds_parse("0.5", &ms) && ms == 500);
	assert_true(duration_seconds_parse("1.532999", &ms) && ms == 1532);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(times),
		cmocka_unit_test(times_of_all_days),
		cmocka_unit_test(times_read),
		cmocka_unit_test(days),
		cmocka_unit_test(local_times),
		cmocka_unit_test(ago),
		cmocka_unit_test(durations),
		cmocka_unit_test(durations_shown),
		cmocka_unit_test(seconds_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
