/*
 * git strack rollback: runs the rollback companion of a script that ran, and
 * records it.
 */
#include <stddef.h>
#include <string.h>

#include "strack/cmd.h"
#include "strack/companion.h"
#include "strack/decide.h"
#include "strack/text.h"
#include "undo.h"
#include "where.h"

struct rollback_opts {
	const char *env, *message, *timeout;
	bool wait, allow_dirty, yes, offline;
};

#define AT(field) offsetof(struct rollback_opts, field)
static const struct opt options[] = {
	{ 'e', "env", OPT_STRING, AT(env), "<env>",
		"roll back in this environment" },
	{ 'm', "message", OPT_STRING, AT(message), "<why>",
		"the reason, kept on the ledger" },
	{ 0, "timeout", OPT_STRING, AT(timeout), "<duration>",
		"time limit (5m, 1h30m; 0 is none)" },
	{ 0, "wait", OPT_FLAG, AT(wait), NULL,
		"wait for other runners instead of giving up" },
	{ 0, "offline", OPT_FLAG, AT(offline), NULL,
		"in a shared environment: without claiming it first" },
	{ 0, "allow-dirty", OPT_FLAG, AT(allow_dirty), NULL,
		"use what is not committed in a shared environment" },
	{ 'y', "yes", OPT_FLAG, AT(yes), NULL,
		"don't ask before a protected environment" },
	{ .kind = OPT_END },
};

static enum err check_usage(const struct rollback_opts *o,
	const struct cmd_args *a, int64_t *timeout, struct error *err)
{
	*timeout = -1;
	if (a->args->n != 1 || a->has_rest)
		return error_set(err, ERR_USAGE,
			a->args->n ? "rollback: one script at a time"
				   : "rollback: which script?");
	if (o->timeout && !duration_parse(o->timeout, timeout))
		return error_set(err, ERR_USAGE,
			"rollback: --timeout: '%s' is not a duration; try 5m, "
			"90s or 1h30m",
			o->timeout);
	return o->message ? decide_reason("rollback", o->message, err) : ERR_OK;
}

static enum err open_place(
	struct session *s, const struct rollback_opts *o, struct error *err)
{
	bool local, allowed = true;
	enum err rc;

	s->offline = o->offline;
	s->must_reach = "rollback <script>";
	rc = session_open(s, o->env, err);
	if (!rc)
		rc = where_check(s, "rollback", " <script>", err);
	if (!rc)
		rc = where_open(s, err);
	if (rc)
		return rc;
	local = !strcmp(s->env, ENV_LOCAL);
	if (!local && o->allow_dirty)
		rc = run_dirty_allowed(s, &allowed, err);
	if (!rc)
		rc = where_config(s, local || (o->allow_dirty && allowed), err);
	return rc;
}

/* One that is gone from the work tree has no companion there either. */
static enum err find_script(struct session *s, const char *word,
	struct scriptvec *all, const struct script **ret, struct error *err)
{
	size_t here;
	enum err rc = decide_known(s, all, &here, err);

	if (!rc)
		rc = script_match(s->repo, all, word, ret, err);
	return rc;
}

static enum err run(struct session *s, const void *opts,
	const struct cmd_args *a, struct error *err)
{
	const struct rollback_opts *o = opts;
	struct scriptvec all = SCRIPTVEC_INIT;
	struct companions companions = COMPANIONS_INIT(NULL, NULL);
	struct script *companion = NULL;
	struct undo u = {
		.s = s, .reason = o->message, .wait = o->wait, .out = &s->out
	};
	enum err rc = check_usage(o, a, &u.timeout, err);

	if (!rc)
		rc = open_place(s, o, err);
	if (rc)
		return rc;
	companions.r = s->repo;
	companions.s = &s->settings;
	u.allow_dirty = o->allow_dirty || !strcmp(s->env, ENV_LOCAL);
	rc = find_script(s, a->args->v[0], &all, &u.script, err);
	if (!rc)
		rc = u.wait && s->ledger
			     ? undo_check_later(s, u.script->path, err)
			     : undo_check(s, u.script->path, err);
	if (!rc)
		rc = undo_companion(
			&companions, u.script->path, &companion, err);
	if (!rc)
		rc = where_ask(
			s, o->yes, "a rollback", "rollback", " <script>", err);
	u.companion = companion;
	if (!rc)
		rc = undo_run(&u, err);
	script_free(companion);
	companions_release(&companions);
	scriptvec_release(&all);
	return rc;
}

const struct command cmd_rollback = {
	.name = "rollback",
	.usage = "rollback [<options>] <script>",
	.summary = "Undo what a script did, with its companion",
	.opts = options,
	.opts_size = sizeof(struct rollback_opts),
	.run = run,
};
