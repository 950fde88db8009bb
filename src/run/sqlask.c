/*
 * Asks a database whether the row of a run is there.  A client that was killed
 * may have left a transaction that the server still ends: the lock that it
 * holds is waited for, so that "not there" means that it never will be.
 */
#include "sql.h"

#include <stdlib.h>
#include <string.h>

#include "strack/process.h"

#define ASK_MS 25000
#define WAIT_SECONDS 10 /* for its transaction */

/* Runs the client on `text`; ERR_OK only when it ended well. */
static enum err query(const struct session *s, const struct database *db,
	const struct buf *text, struct buf *ret, struct buf *why)
{
	struct program p = PROGRAM_INIT;
	struct strvec env = STRVEC_INIT;
	struct error err = ERROR_INIT;
	struct process_opts opts = { .dir = repo_work_tree(s->repo),
		.input = text->ptr,
		.input_len = text->len,
		.timeout_ms = ASK_MS };
	enum err rc;

	sql_client(db, NULL, true, &p);
	opts.argv = (const char *const *)p.argv.v;
	for (size_t i = 0; i < p.env.n; i++)
		strvec_push(&env, p.env.v[i]);
	opts.env = (const char *const *)env.v;
	rc = process_capture(&opts, ret, &err);
	if (rc)
		buf_addf(why, "the database could not be asked: %.*s",
			(int)strcspn(err.text.ptr, "\n"), err.text.ptr);
	program_release(&p);
	strvec_release(&env);
	error_release(&err);
	return rc;
}

/* The best of the numbers that it gave, a line each. */
static enum sql_answer answer(const char *lines, struct buf *why)
{
	enum sql_answer best = SQL_UNKNOWN;

	for (; *lines && lines[1] == '\n'; lines += 2) {
		enum sql_answer a = *lines == '2'   ? SQL_PRESENT
				    : *lines == '1' ? SQL_HALF
				    : *lines == '0' ? SQL_ABSENT
						    : SQL_UNKNOWN;

		if (a > best)
			best = a;
	}
	if (best != SQL_UNKNOWN && !*lines)
		return best;
	buf_adds(why, "the database gave no answer that makes sense");
	return SQL_UNKNOWN;
}

/* 2 where the row is whole, 1 where it has no end, 0 where there is none. */
#define ROW                                                                    \
	"SELECT CASE WHEN count(*) = 0 THEN 0 WHEN count(finished_at) = 0 "    \
	"THEN 1 ELSE 2 END FROM "

static enum sql_answer ask_postgresql(const struct session *s,
	const struct database *db, const char *run, struct buf *why)
{
	struct buf text = BUF_INIT, said = BUF_INIT;
	enum sql_answer a = SQL_UNKNOWN;

	/* What is seen is what is there once the lock is had. */
	buf_addf(&text,
		"SET lock_timeout = '%ds';\n"
		"BEGIN ISOLATION LEVEL READ COMMITTED;\n",
		WAIT_SECONDS);
	buf_adds(&text, "SELECT pg_advisory_xact_lock(");
	sql_lock(db->kind, run, &text);
	/* In any schema: the search path may be another one by now. */
	buf_addf(&text,
		") \\g /dev/null\n"
		"SELECT 0;\n"
		"SELECT format('" ROW "%%I.%%I WHERE run = %%L', n.nspname, "
		"c.relname, '%s') FROM pg_class c JOIN pg_namespace n ON n.oid "
		"= c.relnamespace WHERE c.relname = 'strack_runs' AND c.relkind "
		"IN ('r', 'p') \\gexec\n"
		"COMMIT;\n",
		run);
	if (!query(s, db, &text, &said, why))
		a = answer(said.ptr, why);
	buf_release(&text);
	buf_release(&said);
	return a;
}

/* Whether the table is there has to be known before it is named. */
static enum sql_answer ask_twice(const struct session *s,
	const struct database *db, const char *table, const char *row,
	struct buf *why)
{
	struct buf text = BUF_INIT, said = BUF_INIT;
	enum sql_answer a = SQL_UNKNOWN;

	buf_adds(&text, table);
	if (!query(s, db, &text, &said, why))
		a = answer(said.ptr, why);
	if (a == SQL_HALF) { /* 1: it is there */
		a = SQL_UNKNOWN;
		buf_set(&text, row);
		buf_reset(&said);
		if (!query(s, db, &text, &said, why))
			a = answer(said.ptr, why);
	}
	buf_release(&text);
	buf_release(&said);
	return a;
}

static enum sql_answer ask_sqlite(const struct session *s,
	const struct database *db, const char *run, struct buf *why)
{
	char *row = xstrfmt(".timeout %d000\n" ROW
			    "main.strack_runs WHERE run = '%s';\n",
		WAIT_SECONDS, run);
	char *table = xstrfmt(".timeout %d000\nSELECT count(*) FROM "
			      "main.sqlite_master WHERE type = 'table' AND "
			      "name = 'strack_runs';\n",
		WAIT_SECONDS);
	enum sql_answer a = ask_twice(s, db, table, row, why);

	free(row);
	free(table);
	return a;
}

static enum sql_answer ask_mariadb(const struct session *s,
	const struct database *db, const char *run, struct buf *why)
{
	char *row = xstrfmt(ROW "strack_runs WHERE run = '%s';\n", run);
	/* without the lock there is no answer */
	char *table = xstrfmt(
		"SELECT IF(GET_LOCK('git-strack %s', %d) = 1, (SELECT COUNT(*) "
		"FROM information_schema.tables WHERE table_schema = "
		"DATABASE() AND table_name = 'strack_runs'), NULL);\n",
		run, WAIT_SECONDS);
	enum sql_answer a = ask_twice(s, db, table, row, why);

	free(row);
	free(table);
	return a;
}

enum sql_answer sql_ask(const struct session *s, const struct database *db,
	const char *run, struct buf *why)
{
	switch (db->kind) {
	case DATABASE_POSTGRESQL:
		return ask_postgresql(s, db, run, why);
	case DATABASE_SQLITE:
		return ask_sqlite(s, db, run, why);
	case DATABASE_MARIADB:
		return ask_mariadb(s, db, run, why);
	}
	return SQL_UNKNOWN;
}
