/*
 * git strack mark: settles scripts without running them, with a reason.
 * --baseline does so for all that are pending, as when an old repository or a
 * new database is taken over.
 */
#include <stdlib.h>
#include <string.h>

#include "strack/cmd.h"
#include "strack/clock.h"
#include "strack/decide.h"
#include "strack/text.h"

struct mark_opts {
	const char *env;
	const char *reason;
	bool baseline;
	const char *before;
};

static const struct opt options[] = {
	{ 'e', "env", OPT_STRING, offsetof(struct mark_opts, env), "<env>",
		"mark in this environment" },
	{ 'm', "message", OPT_STRING, offsetof(struct mark_opts, reason),
		"<why>", "the reason, kept on the ledger" },
	{ 0, "baseline", OPT_FLAG, offsetof(struct mark_opts, baseline), NULL,
		"mark everything that is pending" },
	{ 0, "before", OPT_STRING, offsetof(struct mark_opts, before), "<date>",
		"with --baseline: only scripts dated before it" },
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
	if (o->baseline && a->args->n)
		return error_set(
			err, ERR_USAGE, "mark: --baseline takes no scripts");
	if (!o->baseline && a->args->n == 0)
		return error_set(err, ERR_USAGE, "mark: which script?");
	return decide_reason("mark", o->reason, err);
}

static enum err baseline_scripts(struct session *s, const struct mark_opts *o,
	int64_t before, struct strvec *paths, struct error *err)
{
	struct scriptvec all = SCRIPTVEC_INIT;
	enum err rc = script_discover(s->repo, &s->settings, &all, err);

	for (size_t i = 0; !rc && i < all.n; i++) {
		const struct script *sc = all.v[i];
		const struct state_row *r =
			ledger_row(s->ledger, sc->path, s->env);
		int64_t when;

		if (r && r->state != STATE_PENDING)
			continue;
		if (o->before &&
			(!script_name_time(sc->base, &when) || when >= before))
			continue;
		strvec_push(paths, sc->path);
	}
	scriptvec_release(&all);
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

static enum err mark_one(struct session *s, const char *path,
	const char *reason, struct error *err)
{
	const struct state_row *r = ledger_row(s->ledger, path, s->env);
	struct entry e = ENTRY_INIT;
	enum state state;
	enum err rc;

	entry_set_kind(&e, KIND_MARK);
	set_blob(s, &e, path);
	state = r ? session_state(s, r, clock_now_ms()) : STATE_PENDING;
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
		entry_set(&e, KEY_REASON, reason);
		rc = decide_record(s, &e, path, r, NULL, err);
		if (!rc)
			decide_say(s, STYLE_GOOD, "marked", path, NULL);
	}
	entry_release(&e);
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
	if (!rc && o->baseline && !repo_work_tree(s->repo)) {
		error_hint(err, "name the scripts, or mark them in a clone "
				"that has a work tree");
		rc = error_set(err, ERR_FATAL,
			"this is a bare repository: it has no files that could "
			"be a baseline");
	}
	if (!rc)
		rc = session_ledger_for_writing(s, true, err);
	if (!rc)
		rc = o->baseline ? baseline_scripts(s, o, before, &paths, err)
				 : decide_scripts(s, a->args, &paths, err);
	if (!rc && o->baseline && paths.n == 0)
		out_printf(&s->out, "nothing is pending in %s\n", s->env);
	for (size_t i = 0; !rc && i < paths.n; i++)
		rc = mark_one(s, paths.v[i], o->reason, err);
	strvec_release(&paths);
	return rc;
}

const struct command cmd_mark = {
	.name = "mark",
	.usage = "mark [--env <env>] -m <why> <script>...\n"
		 "mark [--env <env>] --baseline [--before <date>] -m <why>",
	.summary = "Settle scripts without running them",
	.opts = options,
	.opts_size = sizeof(struct mark_opts),
	.run = run,
};
