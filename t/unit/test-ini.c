/* .strack.ini: what inih would cut, swallow or continue, and what it reads. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "strack/ini.h"

/* Exactly as long as it is, so that a read behind it is seen. */
static enum err parse_n(
	const char *text, size_t len, struct ini_doc *d, struct error *err)
{
	char *copy = malloc(len ? len : 1);
	enum err rc;

	assert_non_null(copy);
	memcpy(copy, text, len);
	rc = ini_doc_parse("x.ini", copy, len, d, err);
	free(copy);
	return rc;
}

static void expect(const struct ini_doc *d, size_t i, const char *section,
	const char *key, const char *value, int line)
{
	assert_true(i < d->n);
	assert_string_equal(d->v[i].section, section);
	assert_string_equal(d->v[i].key, key);
	assert_string_equal(d->v[i].value, value);
	assert_int_equal(d->v[i].line, line);
}

/* Refused, naming the file and `line`, and nothing is given out. */
static void refuse_n(const char *text, size_t len, const char *line)
{
	struct ini_doc d = INI_DOC_INIT;
	struct error err = ERROR_INIT;

	assert_int_equal(parse_n(text, len, &d, &err), ERR_BAD);
	assert_int_equal(d.n, 0);
	assert_true(str_starts(err.text.ptr, "x.ini"));
	if (!strstr(err.text.ptr, line))
		fail_msg("'%s' does not name %s", err.text.ptr, line);
	error_release(&err);
}

static void refuse(const char *text, const char *line)
{
	refuse_n(text, strlen(text), line);
}

static void documented_example(void **state)
{
	static const char text[] =
		"[scripts]\n"
		"path = scripts\n"
		"timeout = 5m\n"
		"[runner \"py\"]\n"
		"command = python3\n"
		"[environment \"production\"]\n"
		"protected = yes        ; asks for the name, or --yes\n"
		"approvals = 1          ; by a trusted approver\n"
		"[log]\n"
		"keep = 64k             ; `share = no` keeps size only\n"
		"mask = *_TOKEN *_KEY DATABASE_URL";
	struct ini_doc d = INI_DOC_INIT;

	(void)state;
	assert_int_equal(parse_n(text, strlen(text), &d, NULL), ERR_OK);
	assert_int_equal(d.n, 7);
	expect(&d, 0, "scripts", "path", "scripts", 2);
	expect(&d, 1, "scripts", "timeout", "5m", 3);
	expect(&d, 2, "runner \"py\"", "command", "python3", 5);
	expect(&d, 3, "environment \"production\"", "protected", "yes", 7);
	expect(&d, 4, "environment \"production\"", "approvals", "1", 8);
	expect(&d, 5, "log", "keep", "64k", 10);
	expect(&d, 6, "log", "mask", "*_TOKEN *_KEY DATABASE_URL", 11);
	ini_doc_release(&d);
	assert_int_equal(d.n, 0);
}

static void values(void **state)
{
	static const char text[] = "\xef\xbb\xbf" /* byte order mark */
				   "top=1\r\n"
				   "\r\n"
				   "# a: comment\n"
				   "   ; an indented one\n"
				   "[s] ; why\n"
				   "url = a;b:c=d\n"
				   "none =\n"
				   "other = x:y\n"
				   "[t]\n"
				   "url = \xc3\xa9\n";
	struct ini_doc d = INI_DOC_INIT;

	(void)state;
	assert_int_equal(parse_n(text, strlen(text), &d, NULL), ERR_OK);
	assert_int_equal(d.n, 5);
	expect(&d, 0, "", "top", "1", 1);
	expect(&d, 1, "s", "url", "a;b:c=d", 6);
	expect(&d, 2, "s", "none", "", 7);
	expect(&d, 3, "s", "other", "x:y", 8);
	expect(&d, 4, "t", "url", "\xc3\xa9", 10);
	ini_doc_release(&d);
}

static void empty(void **state)
{
	struct ini_doc d = INI_DOC_INIT;

	(void)state;
	assert_int_equal(parse_n("", 0, &d, NULL), ERR_OK);
	assert_int_equal(parse_n("\n\n# x\n", 6, &d, NULL), ERR_OK);
	assert_int_equal(d.n, 0);
	ini_doc_release(&d);
}

static void bad_lines(void **state)
{
	(void)state;
	refuse("[a]\nx = 1\nnonsense\n", "line 3");
	refuse("[a]\nx = 1\n  more\n", "line 3");
	refuse("[a]\nx = 1\n\ty = 2\n", "line 3");
	refuse("[a]\nx = 1\n[open\n", "line 3");
	refuse("[a]\nx = 1\ny = 2\nx = 3\n", "line 4");
	refuse("[a]\nx = 1\n[b]\nx = 1\n[a]\nx = 2\n", "line 6");
	refuse("[a]\ny ;x = 1\n", "line 2");
	/* inih would take the colon, and lose what is behind the bracket */
	refuse("[a]\nx: 1\n", "line 2");
	refuse("[a]\nx: 1 = 2\n", "line 2");
	refuse("[a] x = 1\n", "line 1");
}

static void bad_bytes(void **state)
{
	(void)state;
	refuse_n("[a]\nx = 1\0002\n", 12, "line 2");
	refuse_n("x = 1\n\0", 7, "line 2");
	refuse("x = \xff\n", "line 1");
	refuse("x = 1\ny = \x1b[31m\n", "line 2");
	refuse("x = 1\ry = 2\n", "line 1");
}

static void long_lines(void **state)
{
	struct ini_doc d = INI_DOC_INIT;
	struct buf text = BUF_INIT;
	struct error err = ERROR_INIT;

	(void)state;
	buf_addf(&text, "k = %0194d\nz = 1\n", 7); /* 198 bytes */
	assert_int_equal(parse_n(text.ptr, text.len, &d, NULL), ERR_OK);
	assert_int_equal(d.n, 2);
	assert_int_equal(strlen(d.v[0].value), 194);
	ini_doc_release(&d);
	buf_printf(&text, "a = 1\nk = %0196d\n", 7); /* 200 */
	refuse(text.ptr, "line 2");
	buf_printf(&text, "[%049d]\nk = 1\n", 7);
	assert_int_equal(parse_n(text.ptr, text.len, &d, NULL), ERR_OK);
	assert_int_equal(strlen(d.v[0].section), 49);
	ini_doc_release(&d);
	buf_printf(&text, "a = 1\n[%050d]\nk = 1\n", 7);
	refuse(text.ptr, "line 2");
	buf_reset(&text);
	while (text.len <= 65536)
		buf_adds(&text, "# just a comment\n");
	assert_int_equal(parse_n(text.ptr, text.len, &d, &err), ERR_BAD);
	error_release(&err);
	buf_release(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(documented_example),
		cmocka_unit_test(values),
		cmocka_unit_test(empty),
		cmocka_unit_test(bad_lines),
		cmocka_unit_test(bad_bytes),
		cmocka_unit_test(long_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
