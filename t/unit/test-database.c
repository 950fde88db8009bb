/* URLs of databases. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "strack/database.h"

static struct database d;

static bool parses(const char *url)
{
	return !database_parse(url, &d, NULL);
}

static void postgresql(void **state)
{
	(void)state;
	assert_true(
		parses("postgres://me:a%40b%3a@h:5433/app?sslmode=require"));
	assert_int_equal(d.kind, DATABASE_POSTGRESQL);
	assert_string_equal(d.password, "a@b:");
	assert_string_equal(
		d.target, "postgres://me@h:5433/app?sslmode=require");
	assert_string_equal(d.shown, d.target);
	assert_true(
		parses("postgresql:///app?host=/run/pg&password=x%20y&a=b"));
	assert_string_equal(d.password, "x y");
	assert_string_equal(d.target, "postgresql:///app?host=/run/pg&a=b");
	assert_true(parses("postgres://:pw@h/app"));
	assert_string_equal(d.target, "postgres://h/app");
	assert_true(parses("postgres://me@h/app?password=last"));
	assert_string_equal(d.password, "last");
	assert_string_equal(d.target, "postgres://me@h/app");
	assert_true(parses("postgres://h"));
	assert_null(d.password);
	assert_true(parses("postgres://a:p@ss@h/app")); /* the last @ counts */
	assert_string_equal(d.password, "p@ss");
	assert_false(parses("postgres://me:a%4@h/app"));
	assert_false(parses("postgres://me:a%00b@h/app"));
	assert_false(parses("postgres://me:a%0ab@h/app"));
	assert_false(parses("postgres://h/a pp"));
	assert_true(parses("postgres://me@h1:1,h2:22,[::1]:3/app"));
	assert_false(parses("postgres://me:hun/ter@h/app"));
	assert_false(parses("postgres://me:hun?ter@h/app"));
	assert_false(parses("postgres://h:12x/app"));
	assert_false(parses("postgres://h/app?sslpassword=x"));
	assert_false(parses("postgres://h/app?pass%77ord=x"));
	assert_false(parses("mysql://me:hun?ter@h/app"));
	assert_false(parses("mysql://me:hun/ter@h/app"));
}

static void mariadb(void **state)
{
	(void)state;
	assert_true(parses("mysql://me:p%2fw@db.example:3307/app"));
	assert_int_equal(d.kind, DATABASE_MARIADB);
	assert_string_equal(d.host, "db.example");
	assert_string_equal(d.port, "3307");
	assert_string_equal(d.user, "me");
	assert_string_equal(d.password, "p/w");
	assert_string_equal(d.target, "app");
	assert_string_equal(d.shown, "mysql://me@db.example:3307/app");
	assert_true(parses("mariadb:///app?socket=/run/my%20sql"));
	assert_null(d.host);
	assert_null(d.user);
	assert_string_equal(d.socket, "/run/my sql");
	assert_false(parses("mysql://h"));
	assert_false(parses("mysql://h/"));
	assert_false(parses("mysql://h/a/b"));
	assert_false(parses("mysql://h:12x/app"));
	assert_false(parses("mysql://h/app?charset=utf8"));
}

static void sqlite(void **state)
{
	(void)state;
	assert_true(parses("sqlite:db/app.db"));
	assert_int_equal(d.kind, DATABASE_SQLITE);
	assert_string_equal(d.target, "db/app.db");
	assert_true(parses("sqlite:///var/app%20x.db"));
	assert_string_equal(d.target, "/var/app x.db");
	assert_string_equal(d.shown, "sqlite:/var/app%20x.db");
	assert_true(parses("sqlite3://app.db"));
	assert_string_equal(d.target, "app.db");
	assert_false(parses("sqlite:"));
	assert_false(parses("sqlite::memory:"));
	assert_false(parses("sqlite:a.db?mode=ro"));
}

static void others(void **state)
{
	struct error err = ERROR_INIT;

	(void)state;
	assert_false(parses(""));
	assert_false(parses("app.db"));
	assert_false(parses("host=h dbname=app"));
	assert_int_equal(
		database_parse("oracle://me:secret@h/x", &d, &err), ERR_BAD);
	assert_null(strstr(err.text.ptr, "secret"));
	assert_string_equal(d.target, "app.db"); /* the last good one */
	error_release(&err);
}

static int end(void **state)
{
	(void)state;
	database_release(&d);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(postgresql),
		cmocka_unit_test(mariadb),
		cmocka_unit_test(sqlite),
		cmocka_unit_test(others),
	};

	database_init(&d);
	return cmocka_run_group_tests(tests, NULL, end);
}
