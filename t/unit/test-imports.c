/* What other tools' tables say, and which script a row is about. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "strack/imports.h"

/* Cells with | between, rows with ; and ~ for NULL; the first are columns. */
static void make(struct table *t, const char *text)
{
	struct strvec lines = STRVEC_INIT;
	const char *p = text;

	for (bool more = true; more; p++) {
		size_t n = strcspn(p, ";");

		strvec_take(&lines, xstrndup(p, n));
		p += n;
		more = *p == ';';
	}
	for (size_t i = 0; i < lines.n; i++) {
		struct table_row *row = i ? table_add(t, i) : NULL;
		const char *c = lines.v[i];

		for (size_t k = 0;; k++, c++) {
			size_t n = strcspn(c, "|");
			char *cell = xstrndup(c, n);

			if (!row)
				strvec_push(&t->columns, cell);
			else if (strcmp(cell, "~") != 0)
				row->cell[k] = xstrdup(cell);
			free(cell);
			c += n;
			if (!*c)
				break;
		}
	}
	strvec_release(&lines);
}

/* "TOOL: row;row": + ran, - not, . pass, < old, with the why. */
static void says(const char *text, const char *want)
{
	static const char signs[] = { [IMPORT_RAN] = '+',
		[IMPORT_NOT] = '-',
		[IMPORT_PASS] = '.',
		[IMPORT_OLD] = '<' };
	struct table t = TABLE_INIT;
	struct imports l = IMPORTS_INIT;
	struct error err = ERROR_INIT;
	struct buf b = BUF_INIT;

	make(&t, text);
	if (imports_read("x", &t, &l, &err))
		fail_msg("%s", err.text.ptr);
	buf_addf(&b, "%s:", l.tools);
	for (size_t i = 0; i < l.n; i++)
		buf_addf(&b, " %c%s", signs[l.v[i].verdict],
			l.v[i].why ? l.v[i].why : "");
	assert_string_equal(b.ptr, want);
	buf_release(&b);
	error_release(&err);
	imports_release(&l);
	table_release(&t);
}

static void refused(const char *text, const char *why)
{
	struct table t = TABLE_INIT;
	struct imports l = IMPORTS_INIT;
	struct error err = ERROR_INIT;

	make(&t, text);
	assert_int_equal(imports_read("x", &t, &l, &err), ERR_BAD);
	if (!strstr(err.text.ptr, why))
		fail_msg("'%s' does not say '%s'", err.text.ptr, why);
	assert_int_equal(l.n, 0);
	error_release(&err);
	table_release(&t);
}

static void test_script_tracker(void **state)
{
	(void)state;
	says("id|filename|status|executed_at;1|a.rb|success|x;2|b.rb|skipped|x;"
	     "3|c.rb|failed|x;4|d.rb|running|x;5|e.rb|odd|x",
		"script_tracker: + + -failed there "
		"-is running there, or was cut off "
		"-its status 'odd' is not known here");
	says("EXECUTED_AT|FILENAME|STATUS;x|a.rb|SUCCESS", "script_tracker: +");
	refused("filename|status|executed_at;a|~|x",
		"x: row 1: 'status' has no value");
	refused("filename|status|executed_at;a|success|x;|success|x",
		"x: row 2: 'filename' has no value");
}

static void test_versions(void **state)
{
	(void)state;
	says("version;1;2", "data_migrate, after_party, dbmate or Rails: + +");
	refused("version;1;~", "row 2: 'version' has no value");
	/* golang-migrate's has one row, which stands for all before it */
	refused("version|dirty;1|f", "its columns are: version, dirty");
}

#define FLYWAY "installed_rank|version|type|script|success;"

static void test_flyway(void **state)
{
	(void)state;
	says(FLYWAY "1|1|BASELINE|<< >>|t;2|2|SQL|V2__a.sql|true;"
		    "3|~|SQL|R__b.sql|1;4|3|SQL|V3__c.sql|0;"
		    "5|4|JDBC|db.V4__d|t;6|5|NEW|V5__e.sql|t;"
		    "0|~|SCHEMA|\"public\"|t;8|6|SQL|V6__f.sql|maybe",
		"Flyway: .is a baseline + + -failed there + "
		"-its type 'NEW' is not known here .made the schema "
		"-its success 'maybe' is not known here");
	refused(FLYWAY "x|1|SQL|a|t", "row 1: 'installed_rank' is no whole");
	refused(FLYWAY "1|1|~|a|t", "row 1: 'type' has no value");
	refused("installed_rank|type|script|success;1|SQL|a|t",
		"its columns are: installed_rank, type, script, success");
}

/* The last row about a script decides, in whatever order they stand. */
static void test_flyway_last(void **state)
{
	(void)state;
	says(FLYWAY "1|2|SQL|V2__a.sql|t;2|2|UNDO_SQL|U2__a.sql|t",
		"Flyway: <row 2 is later and decides -was undone there");
	says(FLYWAY "2|2|UNDO_SQL|U2__a.sql|t;1|2|SQL|V2__a.sql|t",
		"Flyway: -was undone there <row 1 is later and decides");
	says(FLYWAY "1|2|SQL|a|t;2|2|UNDO_SQL|b|t;3|2|SQL|a|t",
		"Flyway: <row 2 is later and decides "
		"<row 3 is later and decides +");
	says(FLYWAY "1|2|SQL|a|f;2|2|SQL|a|t;3|3|SQL|b|t;4|3|DELETE|b|t",
		"Flyway: <row 2 is later and decides + "
		"<row 4 is later and decides -was deleted there");
	/* what has no version is known by its script */
	says(FLYWAY "9|~|SQL|R__a|t;10|~|SQL|R__a|f;11|~|SQL|R__b|t",
		"Flyway: <row 2 is later and decides -failed there +");
	/* 10 is later than 9, and a baseline is about no script */
	says(FLYWAY "10|2|SQL|a|t;9|2|UNDO_SQL|b|t;11|2|BASELINE|c|t",
		"Flyway: + <row 1 is later and decides .is a baseline");
	refused(FLYWAY "1|2|SQL|a|t;1|2|UNDO_SQL|b|t",
		"row 2: 'installed_rank' is 1 as in row 1");
}

static void test_reason(void **state)
{
	struct table t = TABLE_INIT;
	struct imports l = IMPORTS_INIT;
	struct error err = ERROR_INIT;
	struct buf b = BUF_INIT, cell = BUF_INIT;

	(void)state;
	make(&t, "filename|status|executed_at;a.rb|success|2026-01-02");
	assert_int_equal(imports_read("x", &t, &l, &err), ERR_OK);
	imports_says(&l, 0, &b);
	assert_string_equal(b.ptr,
		"script_tracker: status success, executed_at 2026-01-02");
	/* long values are cut between characters */
	for (int i = 0; i < 1000; i++)
		buf_adds(&cell, "\xe4\xb8\x96");
	free(t.v[0].cell[2]);
	t.v[0].cell[2] = xstrdup(cell.ptr);
	buf_reset(&b);
	imports_says(&l, 0, &b);
	assert_true(b.len < IMPORT_SAYS_MAX);
	assert_true(str_ends(b.ptr, "\xe4\xb8\x96..."));
	buf_release(&b);
	buf_release(&cell);
	imports_release(&l);
	table_release(&t);
	error_release(&err);
}

/* ---- which script ---- */

static void match(const struct import_names *l, const char *file,
	const char *version, enum import_match want, const char *paths)
{
	struct import_row row = { .file = file, .version = version };
	struct strvec may = STRVEC_INIT;
	struct buf b = BUF_INIT;

	assert_int_equal(import_match(l, &row, &may), want);
	for (size_t i = 0; i < may.n; i++)
		buf_addf(&b, "%s%s", i ? " " : "", may.v[i]);
	assert_string_equal(b.ptr, paths);
	buf_release(&b);
	strvec_release(&may);
}

static void test_match(void **state)
{
	struct import_names l = IMPORT_NAMES_INIT;

	(void)state;
	import_names_add(&l, "s/20260101_a.rb", true);
	import_names_add(&l, "s/20260102_b.sh", true);
	import_names_add(&l, "s/20260103_c.rb", true);
	import_names_add(&l, "t/20260103_c.rb", true);
	import_names_add(&l, "s/20260104_d.rb", true);
	import_names_add(&l, "s/20260104-e.sql", true);
	import_names_add(&l, "old/20260105_f.rb", false);
	import_names_add(&l, "old/20260101_a.rb", false);
	import_names_add(&l, "s/20260101_a.rb", true); /* again: no matter */

	match(&l, "20260101_a.rb", NULL, IMPORT_MATCH_ONE, "s/20260101_a.rb");
	match(&l, "x/20260101_a.rb", NULL, IMPORT_MATCH_ONE, "s/20260101_a.rb");
	/* a path is meant as it stands */
	match(&l, "old/20260101_a.rb", NULL, IMPORT_MATCH_ONE,
		"old/20260101_a.rb");
	match(&l, "t/20260103_c.rb", NULL, IMPORT_MATCH_ONE, "t/20260103_c.rb");
	match(&l, "20260103_c.rb", NULL, IMPORT_MATCH_MANY,
		"s/20260103_c.rb t/20260103_c.rb");
	match(&l, "20260105_f.rb", NULL, IMPORT_MATCH_ONE, "old/20260105_f.rb");
	match(&l, "20260102_b.rb", NULL, IMPORT_MATCH_EXTENSION,
		"s/20260102_b.sh");
	match(&l, "20260102_b", NULL, IMPORT_MATCH_EXTENSION,
		"s/20260102_b.sh");
	/* alike is no match */
	match(&l, "20260102_B.sh", NULL, IMPORT_MATCH_NONE, "");
	match(&l, "20260101_a", NULL, IMPORT_MATCH_EXTENSION,
		"s/20260101_a.rb");
	match(&l, "20260101_", NULL, IMPORT_MATCH_NONE, "");
	match(&l, "a.rb", NULL, IMPORT_MATCH_NONE, "");
	match(&l, "20260101_a.rb ", NULL, IMPORT_MATCH_EXTENSION,
		"s/20260101_a.rb");

	match(&l, NULL, "20260101", IMPORT_MATCH_ONE, "s/20260101_a.rb");
	match(&l, NULL, "2026010", IMPORT_MATCH_NONE, "");
	match(&l, NULL, "020260101", IMPORT_MATCH_NONE, "");
	match(&l, NULL, "20260104", IMPORT_MATCH_MANY,
		"s/20260104-e.sql s/20260104_d.rb");

	/* a file and a version: the name first, then the version, and the
	 * extension must be that of the file */
	match(&l, "V20260102__b.sh", "20260102", IMPORT_MATCH_ONE,
		"s/20260102_b.sh");
	match(&l, "V20260102__b.sql", "20260102", IMPORT_MATCH_EXTENSION,
		"s/20260102_b.sh");
	match(&l, "db.V20260102__B", "20260102", IMPORT_MATCH_EXTENSION,
		"s/20260102_b.sh");
	match(&l, "20260101_a.rb", "7", IMPORT_MATCH_ONE, "s/20260101_a.rb");
	match(&l, "R__views.sql", NULL, IMPORT_MATCH_NONE, "");
	import_names_release(&l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_script_tracker),
		cmocka_unit_test(test_versions),
		cmocka_unit_test(test_flyway),
		cmocka_unit_test(test_flyway_last),
		cmocka_unit_test(test_reason),
		cmocka_unit_test(test_match),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
