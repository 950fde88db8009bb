/* Tables from CSV, tab-separated values and JSON, and what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "strack/csv.h"
#include "strack/jsonread.h"

/* As mark --from does it. */
static enum err read_text(
	const char *text, size_t len, struct table *ret, struct error *err)
{
	enum err rc = table_check_text("x", text, len, err);

	if (rc)
		return rc;
	return json_read_is(text, len) ? json_read("x", text, len, ret, err)
				       : csv_read("x", text, len, ret, err);
}

/* "unit where:cell|cell" for each row behind "column|column", ~ for NULL. */
static void gives(const char *text, const char *want)
{
	struct table t = TABLE_INIT;
	struct error err = ERROR_INIT;
	struct buf b = BUF_INIT;

	if (read_text(text, strlen(text), &t, &err))
		fail_msg("%s", err.text.ptr);
	for (size_t i = 0; i < t.columns.n; i++)
		buf_addf(&b, "%s%s", i ? "|" : "", t.columns.v[i]);
	for (size_t i = 0; i < t.n; i++) {
		buf_addf(&b, " %s %zu:", t.unit, t.v[i].where);
		for (size_t k = 0; k < t.columns.n; k++)
			buf_addf(&b, "%s%s", k ? "|" : "",
				t.v[i].cell[k] ? t.v[i].cell[k] : "~");
	}
	assert_string_equal(b.ptr, want);
	buf_release(&b);
	error_release(&err);
	table_release(&t);
}

static void refused_n(const char *text, size_t len, const char *why)
{
	struct table t = TABLE_INIT;
	struct error err = ERROR_INIT;

	assert_int_equal(read_text(text, len, &t, &err), ERR_BAD);
	if (!strstr(err.text.ptr, why))
		fail_msg("'%s' does not say '%s'", err.text.ptr, why);
	assert_int_equal(strncmp(err.text.ptr, "x: ", 3), 0);
	assert_int_equal(t.n, 0); /* ret only on success */
	assert_int_equal(t.columns.n, 0);
	error_release(&err);
}

static void refused(const char *text, const char *why)
{
	refused_n(text, strlen(text), why);
}

static void test_csv(void **state)
{
	(void)state;
	gives("a,b\n1,2\n", "a|b line 2:1|2");
	gives("a,b\r\n1,2\r\n3,4\r\n", "a|b line 2:1|2 line 3:3|4");
	gives("a,b\n,\"\"\n", "a|b line 2:~|");
	gives("a\n\"x \"\"y\"\", z\"\n", "a line 2:x \"y\", z");
	gives("a,b\n\"1\n\n2\",x\n3,y\n", "a|b line 2:1\n\n2|x line 5:3|y");
	gives("\n\na\n\n1\n\n2\n", "a line 5:1 line 7:2");
	gives("a b, c\n 1 ,\t2 \n", "a b| c line 2: 1 |\t2 ");
	gives("a,b\n\xc3\xbc,NULL\n", "a|b line 2:\xc3\xbc|NULL");
	gives("only,a header\n", "only|a header");
}

static void test_tabs(void **state)
{
	(void)state;
	gives("a\tb\n1\t2\n", "a|b line 2:1|2");
	gives("a\tb\nNULL\t\\N\n\t0\n", "a|b line 2:~|~ line 3:~|0");
	gives("a\tb\nx\\ny\\tz\\\\n\t\"q\n", "a|b line 2:x\ny\tz\\n|\"q");
	/* what is no escape stands as it is */
	gives("a\tb\nx\\q\\\t,\n", "a|b line 2:x\\q\\|,");
}

static void test_csv_refused(void **state)
{
	(void)state;
	refused("", "is empty");
	refused(" \n\r\n\t", "is empty");
	refused("a,b\n1\n", "line 2: has 1 field, but the first line names 2");
	refused("a,b\n1,2\n1,2,3\n", "line 3: has 3 fields");
	refused("a,b\n\"1\n2\",3\n4,5,6\n", "line 4: has 3 fields");
	refused("a,b\n1,x\"y\n", "line 2, column 4");
	refused("a,b\n\"\xc3\xbc\",\"x\"y\n", "line 2, column 8");
	refused("a,b\n1,\"2\n3,4\n", "line 2: this row does not end");
	refused("a,b\r\"1,2\n", "this row does not end");
	refused("a,b\n1,2", "line 2: this row does not end");
	refused("a,b", "line 1: this row does not end");
	refused("a,,c\n", "line 1: column 2 has no name");
	refused("a,\"\"\n", "line 1: column 2 has no name");
	refused("a,b,A\n", "line 1: column 'A' stands twice");
	refused_n("a\n1\0\n", 5, "line 2, column 2: a NUL byte");
	refused("a\n\xc3\xbc\xff\n",
		"line 2, column 2: byte 0xff is not UTF-8");
	refused("a\n\xc3\n", "line 2, column 1: byte 0xc3");
}

static void test_limits(void **state)
{
	struct table t = TABLE_INIT;
	struct error err = ERROR_INIT;
	struct buf b = BUF_INIT;

	(void)state;
	for (int i = 0; i < TABLE_COLUMNS_MAX; i++)
		buf_addf(&b, "%sc%d", i ? "," : "", i);
	buf_addch(&b, '\n');
	assert_int_equal(read_text(b.ptr, b.len, &t, &err), ERR_OK);
	assert_int_equal(t.columns.n, TABLE_COLUMNS_MAX);
	table_release(&t);
	buf_insert(&b, 0, "more,", 5);
	refused_n(b.ptr, b.len, "more than 256 columns");

	buf_set(&b, "a\n");
	buf_fill(&b, 'x', TABLE_CELL_MAX);
	buf_addch(&b, '\n');
	assert_int_equal(read_text(b.ptr, b.len, &t, &err), ERR_OK);
	table_release(&t);
	buf_insert(&b, 2, "x", 1);
	refused_n(b.ptr, b.len, "line 2: field 1 has 1048577 bytes");

	buf_set(&b, "[{\"a\":\"");
	buf_fill(&b, 'x', TABLE_CELL_MAX + 1);
	buf_adds(&b, "\"}]");
	refused_n(b.ptr, b.len, "row 1: column 'a' has 1048577 bytes");

	buf_set(&b, "a\n");
	for (int i = 0; i <= TABLE_ROWS_MAX; i++)
		buf_adds(&b, "1\n");
	refused_n(b.ptr, b.len, "more than 1000000 rows");
	buf_release(&b);
	error_release(&err);
}

static void test_json(void **state)
{
	(void)state;
	gives("[{\"a\":\"x\",\"b\":null}]", "a|b row 1:x|~");
	gives(" [ {\"a\":1}\n,\n{\"b\":2,\"a\":-3} ] \n",
		"a|b row 1:1|~ row 2:-3|2");
	gives("{\"a\":1}\n{\"a\":2}\n", "a row 1:1 row 2:2");
	gives("{\"a\":1}{\"a\":2}", "a row 1:1 row 2:2");
	gives("{\"a\":1}", "a row 1:1");
	gives("{\"t\":[{\"a\":1},{\"a\":2}],\"n\":2}", "a row 1:1 row 2:2");
	gives("{\"a\":1,\"tags\":[\"x\",2]}", "a|tags row 1:1|[\"x\",2]");
	gives("[{\"a\":true,\"b\":false,\"c\":1.532,\"d\":{\"e\":[]}}]",
		"a|b|c|d row 1:true|false|1.532|{\"e\":[]}");
	gives("[{\"a\":\"\\u00fc\\n\\\"\"}]", "a row 1:\xc3\xbc\n\"");
	gives("[]", "");
}

static void test_json_numbers(void **state)
{
	(void)state;
	gives("[{\"v\":20260102030405}]", "v row 1:20260102030405");
	gives("[{\"v\":9223372036854775807},{\"v\":-9223372036854775808}]",
		"v row 1:9223372036854775807 row 2:-9223372036854775808");
	gives("[{\"v\":123456789012345678901234567890 ,\"w\":1}]",
		"v|w row 1:123456789012345678901234567890|1");
	gives("[{\"v\":-123456789012345678901234567890}]",
		"v row 1:-123456789012345678901234567890");
	/* in strings they are no numbers */
	gives("[{\"1234567890123456789012\":\"\\\"1234567890123456789012,\"}]",
		"1234567890123456789012 row 1:\"1234567890123456789012,");
	gives("[{\"v\":20260102030405.0}]", "v row 1:20260102030405");
	refused("[{\"v\":0123456789012345678901}]", "line 1, column ");
	refused("[{\"v\":1234567890123456789012x}]", "line 1, column ");
	refused("[{\"v\":--1234567890123456789012}]", "line 1, column ");
	/* the place is that of the file, though quotes were added before it */
	refused("[{\"v\":123456789012345678901234567890},\n{\"v\":,}]",
		"line 2, column 7: unexpected token near ','");
	refused("[{\"v\":123456789012345678901234567890, \"v\":,}]",
		"line 1, column 42: duplicate object key near '\"v\"'");
}

static void test_json_refused(void **state)
{
	struct buf deep = BUF_INIT;

	(void)state;
	refused("[", "line 1, column 2");
	refused("[{\"a\":1}", "']' expected near end of file");
	refused("{\"a\":\"x", "premature end of input");
	refused("[{\"a\":1},]", "line 1, column ");
	refused("[{\"a\":1}]\n[{\"a\":2}]", "line 2, column 1: something");
	refused("{\"a\":1}\n[{\"a\":2}]", "line 2, column 1: something");
	refused("{\"a\":1}\n3", "line 2, column ");
	refused("[{\"a\":1},2]", "row 2: is no object");
	refused("[{\"a\":1,\"a\":2}]", "duplicate object key");
	refused("[{\"a\":1},{\"A\":2}]", "row 2: the name of a column");
	refused("[{\"\":1}]", "row 1: a key is empty");
	refused("{\"a\":[{\"x\":1}],\"b\":[{\"x\":2}]}",
		"holds 2 arrays of rows");
	refused("[{\"a\":\"\\u0000\"}]", "line 1, column ");
	refused("[{\"a\":'x'}]", "line 1, column ");
	buf_fill(&deep, '[', 100000);
	refused_n(deep.ptr, deep.len, "maximum parsing depth reached");
	buf_release(&deep);
}

/* Cut off anywhere, a file gives an error, or rows that stood in it: never a
 * value that is shorter. */
static void test_cut(void **state)
{
	static const char *const whole[] = {
		"a,b\n1,20260102030405\n\"x\ny\",20260102030406\n",
		"a\tb\n1\t20260102030405\nx\\ny\t20260102030406\n",
		"{\"a\":1,\"b\":20260102030405}\n"
		"{\"a\":\"x\",\"b\":\"20260102030406\"}\n",
		"[{\"a\":1,\"b\":20260102030405},"
		"{\"a\":\"x\",\"b\":\"20260102030406\"}]\n",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(whole); i++) {
		for (size_t n = 0; n < strlen(whole[i]); n++) {
			struct table t = TABLE_INIT;
			struct error err = ERROR_INIT;
			char *cut = xstrndup(whole[i], n);

			if (read_text(cut, n, &t, &err))
				assert_true(err.text.len > 0);
			for (size_t k = 0; k < t.n; k++)
				assert_int_equal(strlen(t.v[k].cell[1]), 14);
			table_release(&t);
			error_release(&err);
			free(cut);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_csv),
		cmocka_unit_test(test_tabs),
		cmocka_unit_test(test_csv_refused),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_json),
		cmocka_unit_test(test_json_numbers),
		cmocka_unit_test(test_json_refused),
		cmocka_unit_test(test_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
