/* Names: files that look like scripts, paths of other systems, stems. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "strack/namecheck.h"
#include "strack/script.h"
#include "strack/text.h"

enum { PLAIN, EXECUTABLE, SHEBANG, LINK };

/* `want` NULL: no mistake; else a part of the reason. */
static void check(const char *base, int how, const char *want)
{
	struct name_facts f = { .base = base,
		.executable = how == EXECUTABLE,
		.shebang = how == SHEBANG,
		.link = how == LINK };
	struct settings s;
	struct buf why = BUF_INIT;
	bool yes;

	settings_init(&s);
	yes = name_mistaken(&s, &f, &why);
	if (yes != (want != NULL) || (want && !strstr(why.ptr, want)))
		fail_msg("%s: %s", base, yes ? why.ptr : "no mistake");
	if (yes)
		assert_true(name_dated_roughly(base));
	buf_release(&why);
	settings_release(&s);
}

static void test_dates(void **state)
{
	(void)state;
	check("2026012_a.sh", PLAIN, "with 7 digits");
	check("20260102030405123-a.py", PLAIN, "with 17 digits");
	check("2026-01-02_a.sh", PLAIN, "rename it to 20260102_a.sh");
	check("2026.01.02-a.sh", PLAIN, "rename it to 20260102-a.sh");
	check("20260102 a.sh", PLAIN, "followed by ' '");
	check("20260102.sh", PLAIN, "followed by '.'");
	check("20260102T101500_a.sh", PLAIN, "followed by 'T'");
	check("20260102 rows", EXECUTABLE, "followed by ' '");
	check("2026-01-02_rows.dat", SHEBANG, "rename it");
}

static void test_dates_that_are_none(void **state)
{
	(void)state;
	check("1234567_a.sh", PLAIN, NULL);    /* no year */
	check("12345678abcd.js", PLAIN, NULL); /* month 56 */
	check("99999999999999999_a.sh", PLAIN, NULL);
	check("2026-13-02_a.sh", PLAIN, NULL);
	check("2026-1-02_a.sh", PLAIN, NULL);
	check("001_build.sh", PLAIN, NULL);
	check("2026_report.sh", PLAIN, NULL);
	check("deploy.sh", EXECUTABLE, NULL);
	check("", PLAIN, NULL);
}

static void test_data_is_left_alone(void **state)
{
	(void)state;
	check("20260102_rows.csv", PLAIN, NULL);
	check("2026-01-02_rows.csv", PLAIN, NULL);
	check("20260102 notes.txt", PLAIN, NULL);
	check("20260102 a.sh~", PLAIN, NULL);
	check("2026-01-02_a.sh.orig", EXECUTABLE, NULL);
	check("20260102_a.rollback.txt", SHEBANG, NULL);
	check("20260102_rows", PLAIN, NULL);
}

static void test_how_it_starts(void **state)
{
	(void)state;
	check("20260102_a.txt", SHEBANG, "chmod +x");
	check("20260102_a", SHEBANG, "chmod +x");
	check("20260102_a.SH", PLAIN, ".SH has no runner, .sh has");
	check("20260102_a.Py", PLAIN, ".Py has no runner, .py has");
	check("20260102_a.sh", LINK, "symbolic link");
	check("20260102_rows.csv", LINK, NULL);
}

static void windows(const char *path, const char *want)
{
	struct buf why = BUF_INIT;
	bool bad = name_bad_on_windows(path, &why);

	if (bad != (want != NULL) || (want && !strstr(why.ptr, want)))
		fail_msg("%s: %s", path, bad ? why.ptr : "fine");
	buf_release(&why);
}

static void test_windows(void **state)
{
	static const char bad[] = "<>:\"|?*\\";
	char path[] = "scripts/20260102_ .sh";

	(void)state;
	for (size_t i = 0; bad[i]; i++) {
		path[17] = bad[i];
		windows(path, "allows no");
	}
	windows("scripts/20260102_a.sh", NULL);
	windows("scripts/con/20260102_a.sh", "device");
	windows("scripts/Aux.d/20260102_a.sh", "device");
	windows("scripts/COM1/20260102_a.sh", "device");
	windows("LPT9.x/a", "device");
	windows("nul /a", "device");
	windows("scripts/console/com0/com10/lpt/20260102_a.sh", NULL);
	windows("scripts./20260102_a.sh", "dot");
	windows("scripts/20260102_a.sh ", "blank");
	windows("scripts/2026 01/20260102_a b.sh", NULL);
}

static void stem(const char *path, const char *what, const char *want)
{
	struct buf got = BUF_INIT;
	bool is = script_companion_stem(path, what, &got);

	assert_int_equal(is, want != NULL);
	if (want)
		assert_string_equal(got.ptr, want);
	buf_release(&got);
}

static void test_stems(void **state)
{
	struct buf got = BUF_INIT;

	(void)state;
	script_stem("scripts/a.b/20260102_a.tar.sh", &got);
	assert_string_equal(got.ptr, "scripts/a.b/20260102_a.tar");
	script_stem("scripts/a.b/20260102_a", &got);
	assert_string_equal(got.ptr, "scripts/a.b/20260102_a");
	buf_release(&got);
	stem("s/20260102_a.rollback.py", NULL, "s/20260102_a");
	stem("s/20260102_a.rollback.py", "rollback", "s/20260102_a");
	stem("s/20260102_a.rollback.py", "verify", NULL);
	stem("s/20260102_a.verify", "verify", "s/20260102_a");
	stem("s/20260102_a.tar.verify.sh", NULL, "s/20260102_a.tar");
	stem("s/20260102_a.sh", NULL, NULL);
	stem("s.rollback/20260102_a", NULL, NULL);
	stem("s/20260102_rollback.sh", NULL, NULL);
}

static void test_refused(void **state)
{
	(void)state;
	assert_null(script_path_refused("scripts/20260102_a.sh"));
	assert_non_null(script_path_refused("scripts/.strack/20260102_a.sh"));
	assert_non_null(script_path_refused("scripts/20260102_a\n.sh"));
	assert_non_null(script_path_refused("scripts/.git/20260102_a.sh"));
}

/* ---- names that are the same elsewhere ---- */

static bool same(const char *a, const char *b)
{
	struct buf x = BUF_INIT, y = BUF_INIT;
	bool yes;

	text_fold(&x, a);
	text_fold(&y, b);
	yes = !strcmp(x.ptr, y.ptr);
	buf_release(&x);
	buf_release(&y);
	return yes;
}

static void test_fold(void **state)
{
	(void)state;
	assert_true(same("Scripts/A.SH", "scripts/a.sh"));
	assert_true(same("caf\u00e9", "cafe\u0301"));
	assert_true(same("CAF\u00c9", "cafe\u0301"));
	assert_true(same("\u1ed9", "o\u0323\u0302")); /* two steps */
	assert_true(same("\u0416\u0451", "\u0436\u0415\u0308"));
	assert_true(same("\u03a3\u0386", "\u03c3\u0391\u0301"));
	assert_true(same("\uac01", "\u1100\u1161\u11a8")); /* Hangul */
	assert_true(same("\uac00", "\u1100\u1161"));
	assert_true(same("\u30ac", "\u30ab\u3099"));
	assert_true(same("\u0141\u00c6", "\u0142\u00e6"));
	assert_true(same("\u212b", "\u00e5")); /* the unit */
	assert_false(same("a", "b"));
	assert_false(same("\u00e9", "e"));
	assert_false(same("\u00e9", "e\u0300"));
	assert_false(same("\u0131", "i"));
	assert_false(same("\xff", "\xfe"));
	assert_true(same("\xff", "\xff"));
	assert_true(same("\U0001f600", "\U0001f600"));
	assert_false(same("\U0001f600", "\U0001f601"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_dates),
		cmocka_unit_test(test_dates_that_are_none),
		cmocka_unit_test(test_data_is_left_alone),
		cmocka_unit_test(test_how_it_starts),
		cmocka_unit_test(test_windows),
		cmocka_unit_test(test_stems),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_fold),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
