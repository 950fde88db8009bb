/*
 * git strack mark: settles scripts without running them, with a reason.
 * --baseline does so for all that are pending, as when an old repository or a
 * new database is taken over; --from (markfrom.c) for what the table of another
 * tool says has run.
 */
#include "mark.h"

#include <stdlib.h>
#include <string.h>

#include "strack/cmd.h"
#include "strack/clock.h"
#include "strack/decide.h"
#include "strack/run.h"
#include "strack/text.h"
#include "strack/view.h"

static const struct opt options[] = {
	{ 'e', "env", OPT_STRING, offsetof(struct mark_opts, env), "<env>",
		"mark in this environment" },
	{ 'm', "message", OPT_STRING, offsetof(struct mark_opts, reason),
		"<why>", "the reason, kept on the ledger" },
	{ 0, "baseline", OPT_FLAG, offsetof(struct mark_opts, baseline), NULL,
		"mark everything that is pending" },
	{ 0, "before", OPT_STRING, offsetof(struct mark_opts, before), "<date>",
		"with --baseline: only scripts dated before it" },
	{ 0, "from", OPT_STRING, offsetof(struct mark_opts, from), "<file>",
		"mark what another tool's table (CSV or JSON) says has run" },
	{ 'n', "dry-run", OPT_FLAG, offsetof(struct mark_opts, dry_run), NULL,
		"only show what would be marked" },
	{ 0, NULL, OPT_END, 0, NULL, NULL },
};

static enum err check_usage(const struct mark_opts *o, const struct cmd_args *a,
	int64_t *before, struct error *err)
{
	if (o->before && !o->baseline)
		return error_set(
			err, ERR_USAGE, "mark: --before goes with --baseline");
	if (o->before && !time_day_parse(o->before, before))
		return error_set(err, ERR_USAGE,
			"mark: '%s' is no date; try "
			"2026-11-21 or 20261121103000 (UTC)",
			o->before);
	if (o->baseline && o->from)
		return error_set(err, ERR_USAGE,
			"mark: --baseline and --from exclude each other");
	if ((o->baseline || o->from) && a->args->n)
		return error_set(err, ERR_USAGE, "mark: %s takes no scripts",
			o->baseline ? "--baseline" : "--from");
	if (!o->baseline && !o->from && a->args->n == 0)
		return error_set(err, ERR_USAGE, "mark: which script?");
	return decide_reason("mark", o->reason, err);
}

enum err mark_open_ledger(
	struct session *s, const struct mark_opts *o, struct error *err)
{
	enum err rc;

	if (!o->dry_run)
		return session_ledger_for_writing(s, true, err);
	rc = session_ledger(s, err);
	if (rc != ERR_NOTFOUND || s->ledger)
		return rc;
	error_reset(err);
	return ERR_OK;
}

const struct state_row *mark_row(
	struct session *s, const char *path, enum state *state)
{
	const struct state_row *r =
		s->ledger ? ledger_row(s->ledger, path, s->env) : NULL;

	*state = r ? session_state(s, r, clock_now_ms()) : STATE_PENDING;
	return r;
}

/* What status shows as pending: not what is for other environments alone. */
static enum err baseline_scripts(struct session *s, const struct mark_opts *o,
	int64_t before, struct strvec *paths, struct error *err)
{
	struct view v = VIEW_INIT;
	enum err rc = view_open(&v, s, err);

	if (!rc)
		rc = view_see(&v, s->env, err);
	for (size_t i = 0; !rc && i < v.n; i++) {
		const struct view_row *r = &v.v[i];
		int64_t when;

		if (!r->script || r->state != STATE_PENDING ||
			r->decision == PLAN_NOT_HERE)
			continue;
		if (o->before && (!script_name_time(r->script->base, &when) ||
					 when >= before))
			continue;
		strvec_push(paths, r->path);
	}
	view_release(&v);
	return rc;
}

static void set_blob(struct session *s, struct entry *e, const char *path)
{
	char hex[OID_HEX + 1];
	struct oid id;

	if (worktree_blob(s->repo, path, SCRIPT_MAX, false, &id, NULL))
		return; /* gone from the work tree: nothing to name */
	oid_hex(&id, hex);
	entry_set(e, KEY_BLOB, hex);
	if (repo_head(s->repo, &id, NULL))
		return;
	oid_hex(&id, hex);
	entry_set(e, KEY_COMMIT, hex);
}

static enum err record(struct session *s, const struct mark_opts *o,
	struct entry *e, const char *path, const char *reason,
	struct error *err)
{
	enum state state;
	const struct state_row *r = mark_row(s, path, &state);
	enum err rc;

	if (o->dry_run) {
		decide_say(s, STYLE_GOOD, "would mark", path, NULL);
		return ERR_OK;
	}
	run_set_masked(s, e, KEY_REASON, reason);
	rc = decide_record(s, e, path, r, NULL, err);
	if (!rc)
		decide_say(s, STYLE_GOOD, "marked", path, NULL);
	return rc;
}

enum err mark_record(struct session *s, const struct mark_opts *o,
	const char *path, const char *reason, struct error *err)
{
	struct entry e = ENTRY_INIT;
	enum err rc;

	entry_set_kind(&e, KIND_MARK);
	set_blob(s, &e, path);
	rc = record(s, o, &e, path, reason, err);
	entry_release(&e);
	return rc;
}

static enum err mark_one(struct session *s, const struct mark_opts *o,
	const char *path, struct error *err)
{
	struct entry e = ENTRY_INIT;
	enum state state;
	const struct state_row *r = mark_row(s, path, &state);
	enum err rc;

	entry_set_kind(&e, KIND_MARK);
	set_blob(s, &e, path);
	if (r && r->open) {
		if (state == STATE_LOST)
			error_hint(err, "record that it is lost, then decide:\n"
					"  git strack cleanup");
		else
			error_hint(err, "see what it is doing:\n"
					"  git strack status");
		rc = error_set(
			err, ERR_HELD, "%s is %s", path, state_name(state));
	} else if (r && state_settled(state) && !(r->flags & FLAG_CONFLICT) &&
		   r->blob && entry_get(&e, KEY_BLOB) &&
		   !strcmp(r->blob, entry_get(&e, KEY_BLOB))) {
		decide_say(s, STYLE_DIM, "already", path, state_name(state));
		rc = ERR_OK;
	} else {
		rc = record(s, o, &e, path, o->reason, err);
	}
	entry_release(&e);
	return rc;
}

static enum err mark_baseline(struct session *s, const struct mark_opts *o,
	int64_t before, struct strvec *paths, struct error *err)
{
	enum err rc = baseline_scripts(s, o, before, paths, err);

	if (!rc && !paths->n && o->before)
		out_printf(&s->out,
			"nothing that is pending in %s is dated before %s\n",
			s->env, o->before);
	else if (!rc && !paths->n)
		out_printf(&s->out, "nothing is pending in %s\n", s->env);
	return rc;
}

static enum err run(struct session *s, const void *opts,
	const struct cmd_args *a, struct error *err)
{
	const struct mark_opts *o = opts;
	struct strvec paths = STRVEC_INIT;
	int64_t before = 0;
	enum err rc = check_usage(o, a, &before, err);

	if (!rc)
		rc = session_open(s, o->env, err);
	if (!rc && (o->baseline || o->from) && !repo_work_tree(s->repo)) {
		error_hint(err, "name the scripts, or mark them in a clone "
				"that has a work tree");
		rc = error_set(err, ERR_FATAL,
			"this is a bare repository: it has no files that could "
			"be %s",
			o->baseline ? "a baseline" : "marked");
	}
	if (!rc && o->from)
		return mark_from(s, o, err);
	if (!rc)
		rc = mark_open_ledger(s, o, err);
	if (!rc)
		rc = o->baseline ? mark_baseline(s, o, before, &paths, err)
				 : decide_scripts(s, a->args, &paths, err);
	for (size_t i = 0; !rc && i < paths.n; i++)
		rc = mark_one(s, o, paths.v[i], err);
	strvec_release(&paths);
	return rc;
}

const struct command cmd_mark = {
	.name = "mark",
	.usage = "mark [--env <env>] [--dry-run] -m <why> <script>...\n"
		 "mark [--env <env>] [--dry-run] --baseline [--before <date>] "
		 "-m <why>\n"
		 "mark [--env <env>] [--dry-run] --from <file> -m <why>",
	.summary = "Settle scripts without running them",
	.opts = options,
	.opts_size = sizeof(struct mark_opts),
	.run = run,
};
