/*
 * The end of a SQL script that did not go well.  Its client may have died
 * when COMMIT was under way, so what the client says is not the last word: the
 * database is asked, where there is a doubt.
 */
#include "warden.h"

#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sql.h"

#define TAIL_LINES 60
#define TAIL_BYTES 8192
#define SAID_MAX 400

/* ---- what the client said ---- */

static bool is_error_line(enum database_kind kind, const char *line)
{
	switch (kind) {
	case DATABASE_POSTGRESQL:
		return strstr(line, ": ERROR:") || strstr(line, ": FATAL:") ||
		       str_starts(line, "psql: error:");
	case DATABASE_SQLITE:
		return str_starts(line, "Parse error ") ||
		       str_starts(line, "Runtime error ") ||
		       str_starts(line, "Error: ");
	case DATABASE_MARIADB:
		return str_starts(line, "ERROR ");
	}
	return false;
}

/* What is said of the statements around the script. */
static void explain(const struct warden *w, struct buf *line)
{
	const char *dir = w->j->dir.path, *error;

	if (strstr(line->ptr, SQL_SAVEPOINT) ||
		strstr(line->ptr, ": ERROR:  RELEASE SAVEPOINT can only")) {
		buf_set(line, "the script ended the transaction that it is; "
			      "what it did before that is committed");
	} else if (str_starts(line->ptr, dir)) {
		error = strstr(line->ptr, ": ERROR:");
		buf_remove(line, 0,
			error ? (size_t)(error + 2 - line->ptr) : strlen(dir));
		buf_adds(line, " (in the statements around the script; "
			       "strack-script(7))");
	}
}

/* The line of its output that says what went wrong, and where; "" is none. */
static void error_line(
	const struct warden *w, enum database_kind kind, struct buf *ret)
{
	struct buf tail = BUF_INIT;
	char *line, *rest;

	capture_tail(w->j->cap, TAIL_LINES, TAIL_BYTES, &tail);
	for (line = strtok_r(tail.ptr, "\n", &rest); line;
		line = strtok_r(NULL, "\n", &rest)) {
		if (!is_error_line(kind, line))
			continue;
		if (str_starts(line, "psql:") && line[5] != ' ')
			line += 5;
		buf_reset(ret);
		buf_add(ret, line, strnlen(line, SAID_MAX));
	}
	buf_release(&tail);
	explain(w, ret);
}

/* ---- the doubt ---- */

/* A connection that never was has committed nothing. */
static bool was_connected(
	const struct warden *w, const struct database *db, const char *error)
{
	static const char *const refused[] = { "ERROR 1044 ", "ERROR 1045 ",
		"ERROR 1049 ", "ERROR 1698 ", "ERROR 2002 ", "ERROR 2003 ",
		"ERROR 2005 " };
	char *began;
	bool yes;

	if (db->kind == DATABASE_MARIADB) {
		for (size_t i = 0; i < ARRAY_SIZE(refused); i++)
			if (str_starts(error, refused[i]))
				return false;
		return true;
	}
	if (db->kind == DATABASE_SQLITE)
		return true;
	began = rundir_path(w->j->s->state_dir, w->j->run, "began");
	yes = !access(began, F_OK);
	free(began);
	return yes;
}

static void ask(struct warden *w, const struct database *db)
{
	struct buf why = BUF_INIT;

	switch (sql_ask(w->j->s, db, w->j->run, &why)) {
	case SQL_PRESENT:
		w->committed = true;
		break;
	case SQL_ABSENT:
		break;
	case SQL_HALF:
		w->half = true;
		break;
	case SQL_UNKNOWN:
		w->unsure = true;
		capture_line(w->j->cap, why.ptr, why.len);
		break;
	}
	buf_release(&why);
}

/* One that was ended, and exits with 0 all the same, may have been through. */
static bool is_past_doubt(const struct warden *w)
{
	return w->reaped && WIFEXITED(w->status) && !WEXITSTATUS(w->status) &&
	       !w->timed_out && !w->cancelled;
}

void warden_ask_database(struct warden *w)
{
	const struct job *j = w->j;
	struct buf error = BUF_INIT;
	struct database db;

	if (!w->started || !j->file ||
		!script_is_sql(&j->s->settings, j->file) || is_past_doubt(w))
		return;
	database_init(&db);
	if (sql_database(j->s, &db, NULL)) {
		w->unsure = !j->file->header.no_transaction;
	} else {
		error_line(w, db.kind, &error);
		if (error.len)
			w->sql_said = xstrdup(error.ptr);
		if (!j->file->header.no_transaction &&
			was_connected(w, &db, error.ptr))
			ask(w, &db);
	}
	database_release(&db);
	buf_release(&error);
}
