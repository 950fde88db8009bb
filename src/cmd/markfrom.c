/*
 * mark --from: settles the scripts that another tool's table says have run.
 * The whole file is read and every row decided about before the first mark;
 * what is not certain is listed and left to the person.  Which tables there
 * are, and what their rows mean, is core/imports.c's.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mark.h"
#include "strack/csv.h"
#include "strack/decide.h"
#include "strack/file.h"
#include "strack/imports.h"
#include "strack/jsonread.h"
#include "strack/strmap.h"

#define BOM "\xef\xbb\xbf"
#define COMMANDS_SHOWN 10
#define CANDIDATES_SHOWN 5

enum action { ACT_MARK, ACT_ALREADY, ACT_PASS, ACT_LEAVE, ACT_NR };

struct step {
	enum action action;
	char *path; /* the one script that it may be about, or NULL */
	char *why;  /* or NULL */
};

struct job {
	struct session *s;
	const struct mark_opts *o;
	const char *name; /* of the file, for messages */
	struct table table;
	struct imports rows;
	struct import_names names;
	struct step *steps;   /* one for each row */
	struct strmap marked; /* paths that a row before settles */
	size_t count[ACT_NR];
};

/* ---- reading ---- */

static enum err read_text(struct job *j, struct buf *ret, struct error *err)
{
	enum err rc;

	if (!strcmp(j->o->from, "-"))
		rc = fd_read_all(
			STDIN_FILENO, j->name, TABLE_TEXT_MAX, ret, err);
	else
		rc = file_read(j->name, TABLE_TEXT_MAX, true, ret, err);
	if (rc == ERR_TOOBIG)
		error_hint(err, "export only the columns that are needed, or "
				"fewer rows at a time");
	if (!rc && ret->len >= 3 && !memcmp(ret->ptr, BOM, 3))
		buf_remove(ret, 0, 3);
	return rc;
}

static enum err read_rows(struct job *j, struct error *err)
{
	struct buf text = BUF_INIT;
	enum err rc = read_text(j, &text, err);

	if (!rc)
		rc = table_check_text(j->name, text.ptr, text.len, err);
	if (!rc && json_read_is(text.ptr, text.len))
		rc = json_read(j->name, text.ptr, text.len, &j->table, err);
	else if (!rc)
		rc = csv_read(j->name, text.ptr, text.len, &j->table, err);
	if (!rc)
		rc = imports_read(j->name, &j->table, &j->rows, err);
	if (rc == ERR_BAD)
		error_hint(err, "nothing was marked; how each tool's table is "
				"exported:\n  git strack mark --help");
	buf_release(&text);
	return rc;
}

static enum err read_names(struct job *j, struct error *err)
{
	struct scriptvec all = SCRIPTVEC_INIT;
	size_t here = 0;
	enum err rc = decide_known(j->s, &all, &here, err);

	for (size_t i = 0; !rc && i < all.n; i++)
		import_names_add(&j->names, all.v[i]->path, i < here);
	scriptvec_release(&all);
	return rc;
}

/* ---- deciding ---- */

/* `why` is taken; what the table itself says against it comes before. */
static void leave(struct step *st, const struct import_row *row,
	const char *path, char *why)
{
	st->action = ACT_LEAVE;
	st->path = path ? xstrdup(path) : NULL;
	st->why = row->why ? xstrfmt("%s%s%s", row->why, why ? ", and " : "",
				     why ? why : "")
			   : why;
	if (row->why)
		free(why);
}

static char *may_be(const struct strvec *may)
{
	struct buf why = BUF_INIT;

	buf_addf(&why, "it may be any of %zu: ", may->n);
	for (size_t i = 0; i < may->n && i < CANDIDATES_SHOWN; i++)
		buf_addf(&why, "%s%s", i ? ", " : "", may->v[i]);
	if (may->n > CANDIDATES_SHOWN)
		buf_adds(&why, ", ...");
	return buf_detach(&why);
}

/* There is one script, and the row is about it. */
static void decide_one(struct job *j, const struct import_row *row,
	struct step *st, const char *path)
{
	enum state state;

	mark_row(j->s, path, &state);
	if (state_settled(state) || strmap_has(&j->marked, path)) {
		st->action = ACT_ALREADY;
		st->path = xstrdup(path);
		st->why = xstrdup(state_settled(state) ? state_name(state)
						       : "by a row before");
	} else if (row->verdict != IMPORT_RAN) {
		leave(st, row, path, NULL);
	} else if (state != STATE_PENDING) {
		leave(st, row, path, xstrfmt("is %s here", state_name(state)));
	} else {
		st->action = ACT_MARK;
		st->path = xstrdup(path);
		strmap_put(&j->marked, path, j);
	}
}

/* Whichever of them the row is about, there is nothing to do. */
static bool all_settled(struct job *j, const struct strvec *may)
{
	enum state state;

	for (size_t i = 0; i < may->n; i++) {
		mark_row(j->s, may->v[i], &state);
		if (!state_settled(state))
			return false;
	}
	return may->n > 0;
}

static void decide_row(
	struct job *j, const struct import_row *row, struct step *st)
{
	struct strvec may = STRVEC_INIT;
	enum import_match match;

	if (row->verdict == IMPORT_PASS || row->verdict == IMPORT_OLD) {
		st->action = ACT_PASS;
		st->why = xstrdup(row->why);
		return;
	}
	match = import_match(&j->names, row, &may);
	if (all_settled(j, &may))
		match = IMPORT_MATCH_ONE;
	switch (match) {
	case IMPORT_MATCH_ONE:
		decide_one(j, row, st, may.v[0]);
		break;
	case IMPORT_MATCH_NONE:
		leave(st, row, NULL,
			xstrfmt("no script has that %s",
				row->file ? "name" : "version"));
		break;
	case IMPORT_MATCH_MANY:
		leave(st, row, NULL, may_be(&may));
		break;
	case IMPORT_MATCH_EXTENSION:
		leave(st, row, may.v[0],
			xstrfmt("%s has another extension", may.v[0]));
		break;
	}
	strvec_release(&may);
}

static void decide_all(struct job *j)
{
	j->steps = xcalloc(j->rows.n ? j->rows.n : 1, sizeof(*j->steps));
	for (size_t i = 0; i < j->rows.n; i++) {
		decide_row(j, &j->rows.v[i], &j->steps[i]);
		j->count[j->steps[i].action]++;
	}
}

/* ---- doing ---- */

/* The person's words, and what the table said. */
static enum err mark_row_of(struct job *j, size_t i, struct error *err)
{
	struct buf reason = BUF_INIT;
	enum err rc;

	buf_addf(&reason, "%s (", j->o->reason);
	imports_says(&j->rows, i, &reason);
	buf_adds(&reason, ")");
	rc = mark_record(j->s, j->o, j->steps[i].path, reason.ptr, err);
	buf_release(&reason);
	return rc;
}

static enum err do_step(struct job *j, size_t i, struct error *err)
{
	const struct import_row *row = &j->rows.v[i];
	const struct step *st = &j->steps[i];
	const char *called = row->file ? row->file : row->version;
	struct buf detail = BUF_INIT;
	enum err rc = ERR_OK;

	buf_addf(&detail, "%s (%s %zu)", st->why ? st->why : "", j->table.unit,
		row->where);
	switch (st->action) {
	case ACT_MARK:
		rc = mark_row_of(j, i, err);
		break;
	case ACT_ALREADY:
		decide_say(j->s, STYLE_DIM, "already", st->path, st->why);
		break;
	case ACT_PASS:
		decide_say(j->s, STYLE_DIM, "passed by", called, detail.ptr);
		break;
	case ACT_LEAVE:
		decide_say(j->s, STYLE_WAIT, "not marked", called, detail.ptr);
		break;
	case ACT_NR:
		break;
	}
	buf_release(&detail);
	return rc;
}

static void summary(struct job *j)
{
	out_printf(&j->s->out,
		"%zu %s, %zu settled already, %zu passed by, %zu not marked "
		"in %s\n",
		j->count[ACT_MARK], j->o->dry_run ? "to mark" : "marked",
		j->count[ACT_ALREADY], j->count[ACT_PASS], j->count[ACT_LEAVE],
		j->s->env);
}

/* How to settle by hand what did run after all. */
static enum err left_over(struct job *j, struct error *err)
{
	struct strmap shown = STRMAP_INIT;
	size_t n = j->count[ACT_LEAVE];

	error_hint(err, "what did run all the same is settled by hand:");
	for (size_t i = 0; i < j->rows.n && shown.n < COMMANDS_SHOWN; i++) {
		const struct step *st = &j->steps[i];

		if (st->action != ACT_LEAVE || !st->path ||
			strmap_has(&shown, st->path))
			continue;
		strmap_put(&shown, st->path, j);
		decide_hint(j->s, "mark -m <why>", st->path, err);
	}
	if (!shown.n) {
		bool local = !strcmp(j->s->env, ENV_LOCAL);

		error_hint(err, "  git strack mark%s%s -m <why> <script>",
			local ? "" : " --env ", local ? "" : j->s->env);
	}
	strmap_release(&shown, NULL);
	return error_set(err, ERR_NO,
		"%s: %zu of %zu row%s did not settle "
		"a script",
		j->name, n, j->rows.n, j->rows.n == 1 ? "" : "s");
}

static void job_release(struct job *j)
{
	for (size_t i = 0; j->steps && i < j->rows.n; i++) {
		free(j->steps[i].path);
		free(j->steps[i].why);
	}
	free(j->steps);
	imports_release(&j->rows);
	import_names_release(&j->names);
	strmap_release(&j->marked, NULL);
	table_release(&j->table);
}

enum err mark_from(
	struct session *s, const struct mark_opts *o, struct error *err)
{
	struct job j = { .s = s,
		.o = o,
		.name = strcmp(o->from, "-") ? o->from : "standard input",
		.table = TABLE_INIT,
		.rows = IMPORTS_INIT,
		.names = IMPORT_NAMES_INIT,
		.marked = STRMAP_INIT };
	enum err rc = read_rows(&j, err);

	if (!rc && !j.rows.n) {
		out_printf(&s->out, "the table has no rows\n");
		goto out;
	}
	if (!rc)
		rc = mark_open_ledger(s, o, err);
	if (!rc)
		rc = read_names(&j, err);
	if (rc)
		goto out;
	decide_all(&j);
	for (size_t i = 0; !rc && i < j.rows.n; i++)
		rc = do_step(&j, i, err);
	if (rc)
		goto out;
	summary(&j);
	if (j.count[ACT_LEAVE])
		rc = left_over(&j, err);
out:
	job_release(&j);
	return rc;
}
