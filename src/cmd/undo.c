/*
 * Undoing the last run of a script: which one that is, what its companion is
 * told of it, and how it ended.
 */
#include "undo.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "endedtext.h"
#include "strack/claims.h"
#include "strack/decide.h"
#include "strack/plan.h"
#include "strack/process.h"
#include "strack/text.h"

#define TRIES 10 /* the ledger may move under our eyes */

/* ---- is there anything to undo ---- */

static bool can_undo(const struct state_row *r)
{
	return r && !r->open &&
	       !(r->flags & (FLAG_UNTRUSTED | FLAG_CONFLICT)) &&
	       (r->state == STATE_DONE || r->state == STATE_FAILED ||
		       r->state == STATE_LOST) &&
	       r->claim;
}

static enum err nothing_to_undo(struct session *s, const char *path,
	const struct state_row *r, struct error *err)
{
	enum state state = r ? r->state : STATE_PENDING;

	if (r && r->flags & (FLAG_UNTRUSTED | FLAG_CONFLICT)) {
		error_hint(err, "see what is wrong:\n  git strack verify");
		return error_set(err, ERR_HELD,
			"%s: its entries don't tell what ran", path);
	}
	switch (state) {
	case STATE_RUNNING:
	case STATE_OVERDUE:
		error_hint(err, "wait for its end, or end it, where it runs; "
				"of one that is gone, decide what became:");
		decide_hint(s, "attach", path, err);
		decide_hint(s, "cancel -m <why>", path, err);
		decide_hint(s, "resolve --failed -m <why>", path, err);
		return error_set(err, ERR_HELD, "%s is %s", path,
			r->undo ? "being rolled back" : state_name(state));
	case STATE_ROLLED_BACK:
		error_hint(err, "to run it once more:");
		decide_hint(s, "run --retry", path, err);
		return error_set(
			err, ERR_HELD, "%s is rolled back already", path);
	case STATE_PENDING:
	case STATE_SKIPPED:
	case STATE_MARKED:
	case STATE_RETIRED:
	case STATE_DONE:
	case STATE_FAILED:
	case STATE_LOST:
	case STATE_NR:
		break;
	}
	error_hint(err, "see what is known of it:");
	decide_hint(s, "log", path, err);
	return error_set(err, ERR_HELD,
		"%s is %s in %s: there is no run to undo", path,
		state_name(state), s->env);
}

enum err undo_check(struct session *s, const char *path, struct error *err)
{
	const struct state_row *r =
		s->ledger ? ledger_row(s->ledger, path, s->env) : NULL;

	return can_undo(r) ? ERR_OK : nothing_to_undo(s, path, r, err);
}

enum err undo_check_later(
	struct session *s, const char *path, struct error *err)
{
	bool moved;
	enum err rc = run_wait(s, path, err);

	if (!rc)
		rc = ledger_refresh(s->ledger, &moved, err);
	return rc ? rc : undo_check(s, path, err);
}

enum err undo_companion(struct companions *c, const char *path,
	struct script **ret, struct error *err)
{
	struct buf stem = BUF_INIT;
	enum err rc = companion_find(c, path, COMPANION_ROLLBACK, ret, err);

	if (!rc && !*ret) {
		script_stem(path, &stem);
		error_hint(err, "write %s.rollback.EXT, in any language",
			stem.ptr);
		rc = error_set(
			err, ERR_BAD, "%s has no rollback companion", path);
	}
	buf_release(&stem);
	return rc;
}

/* ---- the run that is undone ---- */

struct undone {
	char run[ULID_LEN + 1];
	char *blob;
	int64_t attempt;
	struct strvec params; /* but for secrets, which nobody has any more */
};

static void undone_release(struct undone *u)
{
	free(u->blob);
	strvec_release(&u->params);
}

static enum err last_claim(struct session *s, const char *path,
	struct undone *ret, struct error *err)
{
	struct entry *e = NULL;
	enum err rc = claims_find(s, path, NULL, &e, err);

	if (rc)
		return rc == ERR_NOTFOUND ? ERR_HELD : rc;
	snprintf(ret->run, sizeof(ret->run), "%s", entry_get(e, KEY_RUN));
	ret->blob = xstrdup(entry_get(e, KEY_BLOB));
	ret->attempt = entry_number(e, KEY_ATTEMPT, 1);
	claims_params(e, &ret->params); /* what there is of them */
	entry_free(e);
	return ERR_OK;
}

/* What it is still doing would be undone before it is done. */
static enum err nothing_lives(
	const char *path, const char *run, struct error *err)
{
	char *entry = xstrfmt("STRACK_RUN=%s", run);
	struct pidvec left = PIDVEC_INIT;
	struct buf pids = BUF_INIT;
	enum err rc = process_with_env(entry, &left, err);

	for (size_t i = 0; !rc && i < left.n; i++)
		buf_addf(&pids, " %ld", (long)left.v[i]);
	if (!rc && left.n) {
		error_hint(err, "end them first:\n  kill%s", pids.ptr);
		rc = error_set(err, ERR_HELD,
			"%s: processes that its run %s started live on:%s",
			path, run, pids.ptr);
	}
	buf_release(&pids);
	pidvec_release(&left);
	free(entry);
	return rc;
}

/* ---- running it ---- */

struct turn {
	const struct undo *u;
	struct buf basis; /* of the row that it was decided on */
};

static enum err still(bool *ret, void *arg, struct error *err)
{
	struct turn *t = arg;
	const struct state_row *r =
		ledger_row(t->u->s->ledger, t->u->script->path, t->u->s->env);
	struct buf now = BUF_INIT;

	(void)err;
	plan_basis(r, &now);
	*ret = can_undo(r) && !strcmp(now.ptr, t->basis.ptr);
	buf_release(&now);
	return ERR_OK;
}

static void started(const char *run, void *arg)
{
	const struct turn *t = arg;
	struct out *out = t->u->out;

	(void)run;
	out_styled(out, STYLE_BOLD, "rolling back ");
	out_text_styled(out, STYLE_BOLD, t->u->script->path);
	out_printf(out, " with ");
	out_text(out, t->u->companion->base);
	out_printf(out, "\n");
	out_finish(out, NULL);
}

static int64_t limit_of(const struct undo *u)
{
	return u->timeout >= 0 ? u->timeout
			       : script_limit(&u->s->settings, u->companion);
}

static enum err failed(const struct undo *u, const struct state_row *r,
	const struct run_report *rep, struct error *err)
{
	const struct result result = result_of_row(r);
	struct buf why = BUF_INIT;

	result_text(&result, &why);
	if (!err->text.len) /* else it is known better already */
		error_set(err, ERR_NO, "%s is %s: %s", u->script->path,
			r->state == STATE_LOST ? "lost in its rollback"
					       : "not rolled back",
			why.len ? why.ptr : "nobody knows why");
	error_hint(err, "what it said:\n  git strack show %s%s", rep->run,
		access(rep->log_path, R_OK) ? "" : " --output");
	error_hint(
		err, "mend what is there and roll back again, or settle it:");
	decide_hint(u->s,
		r->state == STATE_LOST ? "resolve --done -m <why>" : "rollback",
		u->script->path, err);
	decide_hint(u->s,
		r->state == STATE_LOST ? "resolve --failed -m <why>"
				       : "mark -m <why>",
		u->script->path, err);
	buf_release(&why);
	return ERR_NO;
}

static enum err conclude(const struct undo *u, enum err rc,
	const struct run_report *rep, struct error *err)
{
	const struct state_row *r =
		ledger_row(u->s->ledger, u->script->path, u->s->env);
	struct result result;

	if (rep->midline)
		out_printf(u->out, "\n");
	if (!r || (rc && rc != ERR_NO))
		return rc;
	result = result_of_row(r);
	ended_line(u->out, r->state, r->script, r->duration_ms, &result);
	/* Its warden was killed, but the database knew how it ended. */
	if (rc == ERR_NO && r->state == STATE_ROLLED_BACK) {
		out_printf(&u->s->msg, "warning: %s\n", err->text.ptr);
		error_reset(err);
		rc = ERR_OK;
	}
	if (!rc && r->state == STATE_ROLLED_BACK)
		return ERR_OK;
	return failed(u, r, rep, err);
}

static enum err once(const struct undo *u, struct error *err)
{
	struct undone undone = { .params = STRVEC_INIT };
	struct turn turn = { .u = u, .basis = BUF_INIT };
	struct run_request req = { .script = u->script,
		.undo = u->companion,
		.undone = undone.run,
		.params = &undone.params,
		.reason = u->reason,
		.timeout = limit_of(u),
		.wait = u->wait,
		.allow_dirty = u->allow_dirty,
		.out = u->quiet ? NULL : u->out,
		.batch = u->batch,
		.still = still,
		.started = started,
		.arg = &turn };
	struct run_report rep = { .log_path = NULL };
	enum err rc = u->wait ? undo_check_later(u->s, u->script->path, err)
			      : undo_check(u->s, u->script->path, err);

	if (!rc)
		rc = last_claim(u->s, u->script->path, &undone, err);
	if (!rc)
		rc = nothing_lives(u->script->path, undone.run, err);
	if (!rc) {
		plan_basis(ledger_row(u->s->ledger, u->script->path, u->s->env),
			&turn.basis);
		req.blob = undone.blob;
		req.attempt = undone.attempt;
		rc = run_one(u->s, &req, &rep, err);
	}
	if (rep.run[0])
		rc = conclude(u, rc, &rep, err);
	run_report_release(&rep);
	buf_release(&turn.basis);
	undone_release(&undone);
	return rc;
}

enum err undo_run(const struct undo *u, struct error *err)
{
	enum err rc = ERR_MOVED;

	for (int i = 0; i < TRIES && rc == ERR_MOVED; i++)
		rc = once(u, err);
	if (rc == ERR_MOVED)
		rc = error_set(err, ERR_FATAL,
			"the ledger keeps moving: another program writes to it "
			"all the time");
	return rc;
}
