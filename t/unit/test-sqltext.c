/* What of SQL matters: words outside of quotes, and where statements end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "strack/sqltext.h"

#define PG DATABASE_POSTGRESQL
#define LITE DATABASE_SQLITE
#define MY DATABASE_MARIADB

static bool open_end;
static struct error err;

/* The line that is at fault, 0: none, -1: no line was named. */
static int bad_line(enum database_kind kind, bool transaction, const char *text)
{
	const char *p;
	int line = -1;

	error_reset(&err);
	if (!sql_check(kind, transaction, "x.sql", text, strlen(text),
		    &open_end, &err))
		return 0;
	p = strstr(err.text.ptr, "(line ");
	return p && sscanf(p, "(line %d)", &line) == 1 ? line : -1;
}

#define GOOD(kind, text) assert_int_equal(bad_line(kind, true, text), 0)
#define BAD(kind, line, text) assert_int_equal(bad_line(kind, true, text), line)

static void transactions(void **state)
{
	static const enum database_kind kinds[] = { PG, LITE, MY };

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		enum database_kind k = kinds[i];

		GOOD(k, "");
		GOOD(k, "\n\n-- COMMIT;\n/* BEGIN; */ select 1;");
		GOOD(k, "select 'COMMIT;', \"a;COMMIT\" ; select 'it''s; END;'");
		BAD(k, 2, "select 1;\ncommit;");
		BAD(k, 3, "select 1\n;\ncommit");
		BAD(k, 1, "Begin");
		BAD(k, 1, "START /* x */ TRANSACTION;");
		BAD(k, 2, "-- x\nROLLBACK;");
		BAD(k, 1, "rollback work");
		BAD(k, 1, "end;");
		GOOD(k, "savepoint a; rollback to a; release savepoint a;");
		GOOD(k, "rollback work to savepoint a;");
		GOOD(k, "select case when 1 then 2 end;");
		BAD(k, 2, "select 1,\n'open");
		assert_int_equal(bad_line(k, false, "begin; commit;"), 0);
	}
}

static void ends(void **state)
{
	(void)state;
	GOOD(PG, "select 1;");
	assert_false(open_end);
	GOOD(PG, "select 1; -- the end");
	assert_false(open_end);
	GOOD(PG, "select 1; select 2 -- the end\n");
	assert_true(open_end);
	GOOD(PG, ";;");
	assert_false(open_end);
	GOOD(PG, "\xef\xbb\xbf-- nothing\n");
	assert_false(open_end);
}

static void of_postgresql(void **state)
{
	(void)state;
	GOOD(PG, "do $$ begin commit; end $$;");
	GOOD(PG, "select $a$ $b$ ; commit; $$ $a$;");
	BAD(PG, 2, "select 1,\n$x$ open $y$");
	GOOD(PG, "select $1, a$b from c; ");
	GOOD(PG, "select E'\\'; commit;', e'\\\\', 'a\\';");
	GOOD(PG, "/* a /* commit; */ b; */ select 1;");
	BAD(PG, 1, "/* a /* b */ select 1;");
	BAD(PG, 2, "select 1;\n\\! date");
	BAD(PG, 1, "select 1 \\gset");
	BAD(PG, 1, "copy t from stdin;\\.");
	BAD(PG, 1, "prepare transaction 'x';");
	GOOD(PG, "prepare p as select 1;");
	BAD(PG, 1, "abort;");
	GOOD(PG, "create function f() returns int begin atomic\n"
		 "select case when true then 1 end; select 2; end; select 3;");
	BAD(PG, 2,
		"create function f() returns int begin atomic\n"
		"select 1; end; commit;");
	GOOD(PG, "create index i on event(begin);");
	GOOD(PG, "create table x(event text, begin timestamptz);");
	BAD(PG, 1,
		"create function f(begin int) returns int language sql as "
		"'select 1'; end;");
	BAD(PG, 1,
		"create trigger begin before update on t execute function "
		"f(); end;");
	BAD(PG, 1, "copy t from stdin;\nit's\n");
	BAD(PG, 1, "select 1; -- x\rCOMMIT;");
	GOOD(PG, "copy t from '/x'; copy t to stdout;");
	GOOD(PG, "create table t (a int); create index concurrently i on t(a)");
}

static void of_sqlite(void **state)
{
	(void)state;
	GOOD(LITE, "create trigger t after insert on a begin\n"
		   "update b set c = case when 1 then 2 end;\nend;\nselect 1;");
	BAD(LITE, 3,
		"create temp trigger t after insert on a begin\n"
		"select 1;\nend; end;");
	BAD(LITE, 1, "create trigger t after insert on a begin select 1;");
	GOOD(LITE, "select [a;commit;b], `c;d`;");
	BAD(LITE, 1, ".read x");
	BAD(LITE, 3, "select 1;\n\n.shell x");
	GOOD(LITE, "select 1\n.5;");
	GOOD(LITE, "select '\\';");
	GOOD(LITE, "select 1 /* open");
	BAD(LITE, 2, "insert into t values (1)\n/\ncommit;");
	BAD(LITE, 2, "select 1\ngo \n;");
	GOOD(LITE, "select 1\n/ 2;");
	GOOD(LITE, "# it's a comment\nselect 1;\n# don't");
	BAD(LITE, 2, "# it's a comment\nCOMMIT;\n# don't");
	BAD(LITE, 1, "create table ev(event text, begin text); end;");
	GOOD(LITE, "create index i on event(begin); select 1;");
	BAD(LITE, 1,
		"create trigger begin before update on t begin select 1; "
		"end; end;");
}

static void of_mariadb(void **state)
{
	(void)state;
	GOOD(MY, "select 'it\\'s; commit;', \"\\\"; commit;\";");
	GOOD(MY, "# commit;\nselect 1 --1;\n-- commit;\nselect 2;");
	BAD(MY, 1, "select 1; /*!40101 commit */;");
	GOOD(MY, "/*!40101 insert into t values (1) */;");
	BAD(MY, 2, "select 1;\nalter table t add x int;");
	BAD(MY, 1, "create table t (x int);");
	GOOD(MY, "create temporary table t (x int); drop temporary table t;");
	GOOD(MY, "create or replace temporary table t (x int);");
	GOOD(MY, "analyze select 1;");
	BAD(MY, 1, "set password = 'x';");
	BAD(MY, 1, "truncate t;");
	BAD(MY, 1, "set session autocommit = 1;");
	GOOD(MY, "set @autocommits = 1;");
	BAD(MY, 1, "delimiter $$");
	BAD(MY, 1, "\\. x");
	BAD(MY, 1, "xa start 'x';");
	assert_int_equal(bad_line(MY, false,
				 "create procedure p() begin\nif 1 then select "
				 "1; end if; end; commit;"),
		0);
}

static void bytes(void **state)
{
	(void)state;
	assert_int_equal(
		sql_check(PG, true, "x.sql", "a\0b", 3, &open_end, NULL),
		ERR_BAD);
}

static int end(void **state)
{
	(void)state;
	error_release(&err);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(transactions),
		cmocka_unit_test(ends),
		cmocka_unit_test(of_postgresql),
		cmocka_unit_test(of_sqlite),
		cmocka_unit_test(of_mariadb),
		cmocka_unit_test(bytes),
	};

	return cmocka_run_group_tests(tests, NULL, end);
}
