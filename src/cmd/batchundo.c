/* Companions of the scripts of a batch: found before it starts, and what is
 * rolled back when one fails. */
#include "batch.h"

#include <stdlib.h>
#include <string.h>

#include "strack/process.h"
#include "strack/text.h"
#include "undo.h"

enum err batch_verify(struct batch *b, const struct script *sc,
	struct script **ret, struct error *err)
{
	return companion_find(
		&b->companions, sc->path, COMPANION_VERIFY, ret, err);
}

/* Told before the script runs, and not when it has failed. */
static enum err check_committed(
	struct batch *b, const struct script *sc, struct error *err)
{
	bool same = true;
	enum err rc = ERR_OK;

	if (strcmp(b->s->env, ENV_LOCAL) != 0 && !b->o->allow_dirty)
		rc = run_is_committed(b->s, sc->path, &same, err);
	if (rc || same)
		return rc;
	error_hint(err, "commit it:\n  git commit %s", sc->path);
	return error_set(err, ERR_HELD,
		"%s is not what is committed; in the shared environment %s it "
		"must be",
		sc->path, b->s->env);
}

static enum err check_one(
	struct batch *b, const struct script *sc, struct error *err)
{
	struct script *found = NULL;
	enum err rc = run_sql_check(b->s, sc, err);

	if (!rc)
		rc = batch_verify(b, sc, &found, err);
	if (!rc && found)
		rc = run_sql_check(b->s, found, err);
	script_free(found);
	found = NULL;
	if (!rc && sc->header.rollback_on_failure)
		rc = undo_companion(&b->companions, sc->path, &found, err);
	if (!rc && found)
		rc = run_sql_check(b->s, found, err);
	if (!rc && found)
		rc = check_committed(b, found, err);
	script_free(found);
	return rc;
}

enum err batch_check_companions(struct batch *b, struct error *err)
{
	enum err rc = ERR_OK;

	for (size_t i = 0; !rc && i < b->plan.n; i++)
		if (b->plan.v[i].decision == PLAN_RUN)
			rc = check_one(b, b->plan.v[i].script, err);
	return rc;
}

bool batch_lives_on(const struct batch *b, const char *run, const char *what)
{
	char *entry = xstrfmt("STRACK_RUN=%s", run);
	struct pidvec left = PIDVEC_INIT;
	bool lives = process_with_env(entry, &left, NULL) || left.n;

	if (lives)
		out_printf(b->out, "no %s: processes that it started live on\n",
			what);
	pidvec_release(&left);
	free(entry);
	return lives;
}

/* What it failed of stays the first thing that is said. */
static void tell(struct error *err, enum err rc, struct error *undo)
{
	char *text = xstrdup(err->text.ptr);

	if (rc) {
		error_set(err, ERR_NO, "%s; and %s", text, undo->text.ptr);
		buf_set(&err->hint, undo->hint.ptr);
	} else {
		error_set(err, ERR_NO, "%s; it was rolled back", text);
	}
	free(text);
}

void batch_roll_back(struct batch *b, const char *path, struct error *err)
{
	const struct plan_item *it = batch_find(b, path);
	const struct state_row *r = ledger_row(b->s->ledger, path, b->s->env);
	struct error error = ERROR_INIT;
	struct script *companion = NULL;
	struct undo u = { .s = b->s,
		.timeout = -1,
		.reason = "on-failure rollback",
		.allow_dirty = b->allow_dirty,
		.out = b->out,
		.quiet = *b->detach.id,
		.batch = *b->detach.id ? b->detach.id : NULL };
	enum err rc;

	/* Who ends a run by hand decides what comes next. */
	if (!it || !it->script->header.rollback_on_failure || b->cancelled ||
		!r || r->state != STATE_FAILED || r->undo ||
		batch_lives_on(b, r->run, "rollback"))
		return;
	u.script = it->script;
	rc = undo_companion(&b->companions, path, &companion, &error);
	u.companion = companion;
	if (!rc)
		rc = undo_run(&u, &error);
	tell(err, rc, &error);
	script_free(companion);
	error_release(&error);
}
