/*
 * The text around a SQL script.  It is one transaction with the row that says
 * so; the messages of the client go on to count the lines of the script alone.
 */
#include "sql.h"

#include <string.h>

/* The table is made where it is missing, in the same transaction: a script that
 * fails leaves nothing behind.  MariaDB can't do that. */
static const char *const tables[] = {
	[DATABASE_POSTGRESQL] =
		"CREATE TABLE strack_runs (run text PRIMARY KEY, "
		"script text NOT NULL, blob text NOT NULL, "
		"environment text NOT NULL, finished_at timestamptz)",
	[DATABASE_SQLITE] =
		"CREATE TABLE IF NOT EXISTS main.strack_runs (run TEXT PRIMARY "
		"KEY, script TEXT NOT NULL, blob TEXT NOT NULL, "
		"environment TEXT NOT NULL, finished_at TEXT)",
	[DATABASE_MARIADB] =
		"CREATE TABLE IF NOT EXISTS %s.strack_runs (run CHAR(26) "
		"PRIMARY KEY, script TEXT NOT NULL, `blob` CHAR(40) NOT NULL, "
		"environment VARCHAR(32) NOT NULL, "
		"finished_at DATETIME(3)) ENGINE=InnoDB",
};

static const char *const now[] = {
	[DATABASE_POSTGRESQL] = "clock_timestamp()",
	[DATABASE_SQLITE] = "strftime('%Y-%m-%dT%H:%M:%fZ', 'now')",
	[DATABASE_MARIADB] = "UTC_TIMESTAMP(3)",
};

/* INSERT INTO `table` ... ; the time of its end is `end`. */
static void add_row(const struct sql_wrap *w, const char *table,
	const char *end, struct buf *ret)
{
	const char *values[] = { w->run, w->script, w->blob, w->env };
	enum database_kind kind = w->db->kind;

	buf_addf(ret,
		"INSERT INTO %s (run, script, %s, environment, finished_at) "
		"VALUES (",
		table, kind == DATABASE_MARIADB ? "`blob`" : "blob");
	for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
		sql_quote(kind, values[i], ret);
		buf_adds(ret, ", ");
	}
	buf_addf(ret, "%s);%s", end,
		kind == DATABASE_MARIADB && w->transaction ? " " : "\n");
}

/*
 * The row is there from the beginning, without an end, and a savepoint behind
 * it.  A script that gets past sql_check() and commits all the same takes the
 * savepoint away, so that the end of it here is an error; and a row without an
 * end then tells what became of it.
 */
static void begin_row(
	const struct sql_wrap *w, const char *table, struct buf *ret)
{
	add_row(w, table, "NULL", ret);
	buf_addf(ret, "SAVEPOINT " SQL_SAVEPOINT ";%s",
		w->db->kind == DATABASE_MARIADB ? " " : "\n");
}

static void end_row(
	const struct sql_wrap *w, const char *table, struct buf *ret)
{
	buf_addf(ret,
		"RELEASE SAVEPOINT " SQL_SAVEPOINT ";\n"
		"UPDATE %s SET finished_at = %s WHERE run = ",
		table, now[w->db->kind]);
	sql_quote(w->db->kind, w->run, ret);
	buf_adds(ret, ";\nCOMMIT;\n");
}

/* Of a script that sees to its transactions itself: whole, and by itself. */
static void whole_row(const struct sql_wrap *w, const char *begin,
	const char *table, struct buf *ret)
{
	buf_adds(ret, begin);
	add_row(w, table, now[w->db->kind], ret);
	buf_adds(ret, "COMMIT;\n");
}

/* NAME and value of a parameter, one after the other. */
static void add_params(const struct sql_wrap *w, const char *before,
	const char *between, const char *after, bool word, struct buf *ret)
{
	for (size_t i = 0; w->params && i < w->params->n; i++) {
		const char *param = w->params->v[i];
		const char *eq = strchr(param, '=');

		buf_addf(ret, "%s%.*s%s", before, (int)(eq - param), param,
			between);
		if (word)
			sql_quote_word(w->db->kind, eq + 1, ret);
		else
			sql_quote(w->db->kind, eq + 1, ret);
		buf_adds(ret, after);
	}
}

/* ---- PostgreSQL ---- */

static void psql_begin(const struct sql_wrap *w, struct buf *ret)
{
	buf_adds(ret, "\\set QUIET on\n");
	add_params(w, "\\set ", " ", "\n", true, ret);
	if (w->part == PART_VERIFY) {
		buf_adds(ret, "BEGIN;\n");
		return;
	}
	if (w->transaction)
		buf_adds(ret, "BEGIN;\n");
	buf_addf(ret, "SELECT pg_advisory_%slock(",
		w->transaction ? "xact_" : "");
	sql_lock(w->db->kind, w->run, ret);
	buf_adds(ret, ") \\g /dev/null\n\\o ");
	sql_quote_word(w->db->kind, w->began, ret);
	buf_addf(ret,
		"\n\\o\n"
		"SELECT to_regclass('strack_runs') IS NULL AS strack_missing "
		"\\gset\n"
		"\\if :strack_missing\n%s;\n\\endif\n"
		/* whatever the script does to the search path */
		"SELECT format('%%I.%%I', n.nspname, c.relname) AS strack_runs "
		"FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
		"WHERE c.oid = to_regclass('strack_runs') \\gset\n",
		tables[DATABASE_POSTGRESQL]);
	if (w->transaction)
		begin_row(w, ":strack_runs", ret);
}

static void psql_wrap(const struct sql_wrap *w, struct buf *ret)
{
	psql_begin(w, ret);
	buf_adds(ret, "\\set QUIET off\n\\i ");
	sql_quote_word(w->db->kind, w->file, ret);
	buf_adds(ret, "\n\\set QUIET on\n");
	if (w->part == PART_VERIFY) {
		buf_adds(ret, "ROLLBACK;\n");
	} else if (w->transaction) {
		end_row(w, ":strack_runs", ret);
	} else { /* one that the script left open ends here */
		whole_row(w, "BEGIN;\n", ":strack_runs", ret);
	}
}

/* ---- SQLite ---- */

static void sqlite_wrap(const struct sql_wrap *w, struct buf *ret)
{
	bool judge = w->part == PART_VERIFY;

	buf_adds(ret, ".bail on\n.timeout 30000\n");
	if (w->params && w->params->n)
		buf_adds(ret, ".parameter init\n");
	add_params(w,
		"INSERT INTO temp.sqlite_parameters (key, value) VALUES (':",
		"', ", ");\n", false, ret);
	if (judge || w->transaction)
		buf_adds(ret, judge ? "BEGIN;\n" : "BEGIN IMMEDIATE;\n");
	if (!judge)
		buf_addf(ret, "%s;\n", tables[DATABASE_SQLITE]);
	if (!judge && w->transaction)
		begin_row(w, "main.strack_runs", ret);
	buf_adds(ret, ".read ");
	sql_quote_word(w->db->kind, w->file, ret);
	buf_addch(ret, '\n');
	if (judge) {
		buf_adds(ret, "ROLLBACK;\n");
	} else if (w->transaction) {
		end_row(w, "main.strack_runs", ret);
	} else { /* an error where the script left one open */
		whole_row(w, "BEGIN IMMEDIATE;\n", "main.strack_runs", ret);
	}
}

/* ---- MariaDB ---- */

/* What comes before the script stands in its first line, so that its lines are
 * counted right: the client stops at an error only in what it is given itself,
 * and goes on behind a file that it is told to read. */
static void mariadb_begin(const struct sql_wrap *w, const char *name,
	const char *table, struct buf *ret)
{
	add_params(w, "SET @", " = ", "; ", false, ret);
	if (w->part == PART_VERIFY) {
		buf_adds(ret, "START TRANSACTION; ");
	} else if (w->transaction) {
		buf_addf(ret, tables[DATABASE_MARIADB], name);
		buf_adds(ret, "; DO GET_LOCK(");
		sql_lock(w->db->kind, w->run, ret);
		buf_adds(ret, ", 0); START TRANSACTION; ");
		begin_row(w, table, ret);
	} else if (ret->len) {
		buf_addch(ret, '\n'); /* DELIMITER begins a line */
	}
}

static void add_script(const struct sql_wrap *w, struct buf *ret)
{
	const char *text = w->text->ptr;
	size_t mark = str_starts(text, "\xef\xbb\xbf") ? 3 : 0;

	buf_add(ret, text + mark, w->text->len - mark);
	buf_adds(ret, w->open ? "\n;\n" : "\n");
}

static void mariadb_wrap(const struct sql_wrap *w, struct buf *ret)
{
	struct buf name = BUF_INIT, table = BUF_INIT;

	buf_addch(&name, '`');
	for (const char *p = w->db->target; *p; p++)
		buf_addf(&name, "%s%c", *p == '`' ? "`" : "", *p);
	buf_addch(&name, '`');
	buf_printf(&table, "%s.strack_runs", name.ptr);
	mariadb_begin(w, name.ptr, table.ptr, ret);
	add_script(w, ret);
	if (w->part == PART_VERIFY) {
		buf_adds(ret, "ROLLBACK;\n");
	} else if (w->transaction) {
		end_row(w, table.ptr, ret);
	} else {
		buf_adds(ret, "delimiter ;\n");
		buf_addf(ret, tables[DATABASE_MARIADB], name.ptr);
		buf_adds(ret, ";\n");
		whole_row(w, "", table.ptr, ret);
	}
	buf_release(&name);
	buf_release(&table);
}

void sql_wrap(const struct sql_wrap *w, struct buf *ret)
{
	switch (w->db->kind) {
	case DATABASE_POSTGRESQL:
		psql_wrap(w, ret);
		return;
	case DATABASE_SQLITE:
		sqlite_wrap(w, ret);
		return;
	case DATABASE_MARIADB:
		mariadb_wrap(w, ret);
		return;
	}
}
