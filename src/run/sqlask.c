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

static enum sql_answer answer(const char *line, struct buf *why)
{
	if (!strcmp(line, "1\n"))
		return SQL_PRESENT;
	if (!strcmp(line, "0\n"))
		return SQL_ABSENT;
	buf_adds(why, "the database gave no answer that makes sense");
	return SQL_UNKNOWN;
}

static enum sql_answer ask_postgresql(const struct session *s,
	const struct database *db, const char *run, struct buf *why)
{
	struct buf text = BUF_INIT, said = BUF_INIT;
	enum sql_answer a = SQL_UNKNOWN;

	buf_addf(&text, "SET lock_timeout = '%ds';\nBEGIN;\n", WAIT_SECONDS);
	buf_adds(&text, "SELECT pg_advisory_xact_lock(");
	sql_lock(db->kind, run, &text);
	buf_addf(&text,
		") \\g /dev/null\n"
		"SELECT to_regclass('strack_runs') IS NULL AS strack_missing "
		"\\gset\n"
		"\\if :strack_missing\n\\echo 0\n\\else\n"
		"SELECT count(*) FROM strack_runs WHERE run = '%s';\n"
		"\\endif\nCOMMIT;\n",
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
	if (a == SQL_PRESENT) {
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
	char *row = xstrfmt(".timeout %d000\nSELECT count(*) FROM "
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
	char *row = xstrfmt(
		"SELECT COUNT(*) FROM strack_runs WHERE run = '%s';\n", run);
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
