/*
 * Reads every script of a commit and judges what it says about itself and how
 * it would be started: what is wrong on every machine.
 */
#include "check.h"

#include <stdlib.h>
#include <string.h>

#include "strack/needs.h"
#include "strack/script.h"
#include "strack/sqltext.h"

/* Messages of the readers begin with the path, which stands before already. */
static const char *without_path(const char *path, const struct error *e)
{
	size_t n = strlen(path);

	return !strncmp(e->text.ptr, path, n) &&
			       str_starts(e->text.ptr + n, ": ")
		       ? e->text.ptr + n + 2
		       : e->text.ptr;
}

static void check_environments(struct check *c, struct checked *sc)
{
	const struct strvec *envs = &sc->header.environments;

	for (size_t i = 0; i < envs->n; i++) {
		if (!settings_has_shared(&c->settings) ||
			!strcmp(envs->v[i], ENV_LOCAL) ||
			settings_env(&c->settings, envs->v[i]))
			continue;
		check_add(c, sc->file->path, "environment", envs->v[i], 0,
			"is for the environment '%s', which %s does not name",
			envs->v[i], SETTINGS_FILE);
	}
}

/* Is it SQL that the database of some environment would take as one
 * transaction?  Where no URL stands in the file, what it is, is not known. */
static void check_sql(
	struct check *c, struct checked *sc, const struct buf *text)
{
	const struct tree_file *f = sc->file;
	struct script script = { .path = f->path, .base = f->base };
	struct error bad = ERROR_INIT;
	struct database db;
	bool open, wrong = false;

	if (!sc->header_ok || !script_is_sql(&c->settings, &script))
		return;
	database_init(&db);
	for (size_t i = 0; !wrong && i < c->settings.nenvs; i++) {
		const char *url = c->settings.envs[i].database;

		if (!url || *url == '$' || database_parse(url, &db, NULL))
			continue;
		wrong = sql_check(db.kind, !sc->header.no_transaction, f->path,
			text->ptr, text->len, &open, &bad);
	}
	if (wrong)
		check_add(c, f->path, "sql", NULL, 0, "%s",
			without_path(f->path, &bad));
	database_release(&db);
	error_release(&bad);
}

static void check_bytes(
	struct check *c, struct checked *sc, const struct buf *text)
{
	const struct tree_file *f = sc->file;
	struct error bad = ERROR_INIT;
	int line = 0;

	sc->header_ok = !header_parse_line(
		f->path, text->ptr, text->len, &sc->header, &line, &bad);
	if (!sc->header_ok)
		check_add(c, f->path, "header", NULL, line, "%s",
			without_path(f->path, &bad));
	check_sql(c, sc, text);
	error_reset(&bad);
	if (script_check_bytes(
		    &c->settings, f->path, f->mode & 0100, text, &bad))
		check_add(c, f->path, "runner", NULL, 0, "%s",
			without_path(f->path, &bad));
	error_release(&bad);
}

static enum err check_one(
	struct check *c, struct checked *sc, struct error *err)
{
	struct buf text = BUF_INIT;
	enum err rc = object_read(c->s->repo, &sc->file->blob, OBJECT_BLOB,
		SCRIPT_MAX, &text, err);

	if (rc == ERR_TOOBIG) {
		error_reset(err);
		rc = ERR_OK;
		check_add(c, sc->file->path, "runner", NULL, 0,
			"is larger than %u MiB; keep data in a file of its own",
			SCRIPT_MAX >> 20);
	} else if (!rc) {
		check_bytes(c, sc, &text);
	} else {
		error_prefix(err, "%s", sc->file->path);
	}
	needs_environments(&c->settings, &sc->header, c->s->env, &sc->needs);
	check_environments(c, sc);
	buf_release(&text);
	return rc;
}

enum err check_files(struct check *c, struct error *err)
{
	enum err rc = ERR_OK;

	c->v = xcalloc(c->files.scripts + 1, sizeof(*c->v));
	for (size_t i = 0; !rc && i < c->files.n; i++) {
		struct checked *sc;

		if (!c->files.v[i].script)
			continue;
		sc = &c->v[c->n++];
		sc->file = &c->files.v[i];
		header_init(&sc->header);
		rc = check_one(c, sc, err);
	}
	return rc;
}
