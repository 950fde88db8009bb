/*
 * A SQL file before it is started: its database, its bytes, the text around it.
 * Connects to nothing.
 */
#include "sql.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "strack/file.h"
#include "strack/sqltext.h"

#define NOTE "database"

/* ---- the database ---- */

/* One that is made by opening it would be the wrong one. */
static enum err check_file(
	struct session *s, struct database *db, struct error *err)
{
	char *path = *db->target == '/'
			     ? xstrdup(db->target)
			     : path_join(repo_work_tree(s->repo), db->target);
	struct stat st;

	free(db->target);
	free(db->shown);
	db->target = path;
	db->shown = xstrfmt("sqlite:%s", path); /* wherever it is asked from */
	if (!stat(path, &st)) {
		if (S_ISREG(st.st_mode))
			return ERR_OK;
		return error_set(err, ERR_FATAL,
			"%s: is no file; name the file of a database",
			db->shown);
	}
	if (errno != ENOENT)
		return error_sys(err, "%s", db->shown);
	error_hint(err, "an empty one is made by:\n  sqlite3 %s VACUUM", path);
	return error_set(
		err, ERR_FATAL, "%s: there is no such file", db->shown);
}

enum err sql_database(
	struct session *s, struct database *ret, struct error *err)
{
	enum err rc = settings_database(&s->settings, s->env, getenv, ret, err);

	if (rc)
		return ERR_FATAL;
	return ret->kind == DATABASE_SQLITE ? check_file(s, ret, err) : ERR_OK;
}

/* ---- the text ---- */

static enum err write_text(
	const char *path, const struct buf *text, struct error *err)
{
	enum err rc = file_remove(path, err); /* of a crash */

	/* it may hold secret parameters: for nobody else, whatever the group */
	return rc ? rc : file_create(path, 0600, text->ptr, text->len, err);
}

/* So that whoever finds the run lost asks the database that it had. */
static enum err note_database(struct job *j, const struct database *db,
	bool transaction, struct error *err)
{
	struct buf text = BUF_INIT;
	enum err rc;

	sql_identity(db, &text);
	buf_addf(&text, "\n%s\n%s\n", db->shown,
		transaction ? "transaction" : "no transaction");
	rc = rundir_put(j->s->state_dir, j->run, NOTE, text.ptr, err);
	buf_release(&text);
	return rc;
}

void sql_identity(const struct database *db, struct buf *ret)
{
	static const char *const variables[] = { "PGHOST", "PGHOSTADDR",
		"PGPORT", "PGDATABASE", "PGUSER", "PGSERVICE", "PGOPTIONS",
		"MYSQL_HOST", "MYSQL_TCP_PORT", "MYSQL_UNIX_PORT" };

	buf_adds(ret, db->shown);
	for (size_t i = 0; i < ARRAY_SIZE(variables); i++) {
		const char *value = getenv(variables[i]);

		if (db->kind != DATABASE_SQLITE && value && *value &&
			!strpbrk(value, "\r\n"))
			buf_addf(ret, " %s=%s", variables[i], value);
	}
}

void sql_note_release(struct sql_note *n)
{
	free(n->identity);
	free(n->shown);
	*n = (struct sql_note){ NULL, NULL, false };
}

bool sql_note_read(
	const struct session *s, const char *run, struct sql_note *ret)
{
	struct buf text = BUF_INIT;
	const char *p;
	size_t n;

	if (rundir_get(s->state_dir, run, NOTE, &text, NULL)) {
		buf_release(&text);
		return false;
	}
	n = strcspn(text.ptr, "\n");
	ret->identity = xstrndup(text.ptr, n);
	p = text.ptr + n + (text.ptr[n] == '\n');
	n = strcspn(p, "\n");
	ret->shown = xstrndup(p, n);
	ret->transaction = !strcmp(p + n, "\ntransaction\n");
	buf_release(&text);
	return true;
}

static enum err make(struct job *j, const struct script *file, enum part part,
	const struct database *db, struct program *ret, struct error *err)
{
	char *path = rundir_path(j->s->state_dir, j->run,
		part == PART_VERIFY ? "verify.sql" : "sql");
	char *began = rundir_path(j->s->state_dir, j->run, "began");
	char hex[OID_HEX + 1];
	struct buf text = BUF_INIT, around = BUF_INIT;
	struct sql_wrap w = { .db = db,
		.part = part,
		.transaction = !file->header.no_transaction,
		.run = j->run,
		.script = j->req->script->path,
		.blob = hex,
		.env = j->s->env,
		.params = j->req->params,
		.file = file->path,
		.began = began,
		.text = &text };
	enum err rc = job_read_file(j->s, file, &text, err);

	oid_hex(&j->blob, hex);
	if (!rc)
		rc = sql_check(db->kind, w.transaction || part == PART_VERIFY,
			file->path, text.ptr, text.len, &w.open, err);
	if (!rc) {
		sql_wrap(&w, &around);
		rc = write_text(path, &around, err);
	}
	if (!rc && part == PART_SCRIPT)
		rc = note_database(j, db, w.transaction, err);
	if (!rc)
		sql_client(db, path, false, ret);
	buf_release(&text);
	buf_release(&around);
	free(began);
	free(path);
	return rc;
}

/* A short one would shred the log; the clients don't print it. */
#define MASK_MIN 6

enum err sql_program(struct job *j, const struct script *file, enum part part,
	struct program *ret, struct error *err)
{
	struct database db;
	enum err rc;

	database_init(&db);
	rc = sql_database(j->s, &db, err);
	if (!rc && part == PART_SCRIPT && j->req->args && j->req->args->n)
		rc = error_set(err, ERR_USAGE,
			"a SQL script takes no arguments; declare parameters "
			"in its header: -- strack: param NAME required");
	if (!rc && j->cap && db.password && strlen(db.password) >= MASK_MIN)
		capture_mask(j->cap, db.password, strlen(db.password));
	if (!rc)
		rc = make(j, file, part, &db, ret, err);
	database_release(&db);
	return rc;
}

/* ---- before anything is run ---- */

enum err run_sql_check(
	struct session *s, const struct script *sc, struct error *err)
{
	struct buf text = BUF_INIT;
	struct database db;
	bool open;
	enum err rc;

	if (!script_is_sql(&s->settings, sc))
		return ERR_OK;
	database_init(&db);
	rc = sql_database(s, &db, err);
	if (!rc && !script_program_found(s->repo, database_client(db.kind)))
		rc = error_set(err, ERR_FATAL,
			"%s, which speaks to %s, is not installed",
			database_client(db.kind), db.shown);
	if (rc)
		error_prefix(err, "%s", sc->path);
	if (!rc)
		rc = job_read_file(s, sc, &text, err);
	if (!rc)
		rc = sql_check(db.kind, !sc->header.no_transaction, sc->path,
			text.ptr, text.len, &open, err);
	buf_release(&text);
	database_release(&db);
	return rc;
}
