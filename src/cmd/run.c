/*
 * git strack run: what is asked for, and everything that is to be checked
 * before the first script starts.  The running is batch.c.
 */
#include <stdlib.h>
#include <string.h>

#include "batch.h"
#include "strack/clock.h"
#include "strack/cmd.h"
#include "strack/decide.h"
#include "strack/text.h"
#include "where.h"

#define DAY_MS (24 * 3600 * INT64_C(1000))

#define AT(field) offsetof(struct run_opts, field)
static const struct opt options[] = {
	{ 'n', "dry-run", OPT_FLAG, AT(dry_run), NULL,
		"only tell what would be run" },
	{ 'e', "env", OPT_STRING, AT(env), "<env>", "run in this environment" },
	{ 0, "retry", OPT_FLAG, AT(retry), NULL,
		"run failed and rolled-back scripts again" },
	{ 0, "from-start", OPT_FLAG, AT(from_start), NULL,
		"with --retry: forget the checkpoints of before" },
	{ 0, "again", OPT_FLAG, AT(again), NULL,
		"run the named scripts again though they are settled" },
	{ 'm', "message", OPT_STRING, AT(message), "<why>",
		"with --again: the reason, kept on the ledger" },
	{ 'k', "keep-going", OPT_FLAG, AT(keep_going), NULL,
		"go on behind a script that failed" },
	{ 0, "timeout", OPT_STRING, AT(timeout), "<duration>",
		"time limit of each script (5m, 1h30m; 0 is none)" },
	{ 0, "tag", OPT_STRING, AT(tag), "<tag>",
		"only scripts that have this tag" },
	{ 0, "param", OPT_LIST, AT(params), "<name>[=<value>]",
		"a parameter that the script's header declares" },
	{ 0, "wait", OPT_FLAG, AT(wait), NULL,
		"wait for other runners instead of giving up" },
	{ 0, "detach", OPT_FLAG, AT(detach), NULL,
		"go on in the background as soon as the first one runs" },
	{ 0, "offline", OPT_FLAG, AT(offline), NULL,
		"in a shared environment: run without claiming it first" },
	{ 0, "allow-dirty", OPT_FLAG, AT(allow_dirty), NULL,
		"run what is not committed in a shared environment" },
	{ 0, "from-the-beginning", OPT_FLAG, AT(from_the_beginning), NULL,
		"in a new environment: run old scripts, too" },
	{ 'y', "yes", OPT_FLAG, AT(yes), NULL,
		"don't ask before a protected environment" },
	{ 0, "json", OPT_FLAG, AT(json), NULL,
		"print results as JSON, all else to standard error" },
	{ 0, NULL, OPT_END, 0, NULL, NULL },
};

static enum err check_usage(const struct run_opts *o, const struct cmd_args *a,
	int64_t *timeout, struct error *err)
{
	*timeout = -1;
	if (o->timeout && !duration_parse(o->timeout, timeout))
		return error_set(err, ERR_USAGE,
			"run: --timeout: '%s' is not a duration; try 5m, 90s "
			"or 1h30m",
			o->timeout);
	if (o->message && !o->again)
		return error_set(err, ERR_USAGE, "run: -m goes with --again");
	if (o->again && o->retry)
		return error_set(err, ERR_USAGE,
			"run: --again and --retry exclude each other");
	if (o->from_start && !o->retry)
		return error_set(
			err, ERR_USAGE, "run: --from-start goes with --retry");
	if (o->again && !a->args->n)
		return error_set(err, ERR_USAGE, "run: --again: which script?");
	if (a->has_rest && a->args->n != 1)
		return error_set(err, ERR_USAGE,
			"run: arguments behind -- are for exactly one script");
	if (o->detach && o->dry_run)
		return error_set(err, ERR_USAGE,
			"run: --detach and --dry-run exclude each other");
	if (o->detach && o->json)
		return error_set(err, ERR_USAGE,
			"run: --json tells results, and --detach waits for "
			"none; ask later: git strack status --json");
	return o->again ? decide_reason("run --again", o->message, err)
			: ERR_OK;
}

static enum err open_ledger(
	struct session *s, const struct run_opts *o, struct error *err)
{
	enum err rc;

	if (!o->dry_run)
		return where_open(s, err);
	rc = session_ledger(s, err);
	if (rc == ERR_NOTFOUND) { /* founded when there is something to run */
		error_reset(err);
		return ERR_OK;
	}
	return rc ? rc : ledger_require_sound(s->ledger, err);
}

/* ---- what ---- */

static enum err select_scripts(
	struct batch *b, const struct strvec *words, struct error *err)
{
	enum err rc = ERR_OK;

	for (size_t i = 0; !rc && i < words->n; i++) {
		const struct script *sc = NULL;

		rc = script_match(
			b->s->repo, &b->view.scripts, words->v[i], &sc, err);
		if (!rc && !strvec_has(&b->selected, sc->path))
			strvec_push(&b->selected, sc->path);
	}
	if (!rc && b->args && b->selected.n != 1)
		rc = error_set(err, ERR_USAGE,
			"run: arguments behind -- are for exactly one script");
	return rc;
}

/* ` --env NAME` in a command that a person may paste. */
static const char *env_flag(const struct session *s)
{
	return strcmp(s->env, ENV_LOCAL) ? " --env " : "";
}

static const char *env_name(const struct session *s)
{
	return strcmp(s->env, ENV_LOCAL) ? s->env : "";
}

/* A script that can't be run is told before anything else is run: whoever
 * made the mistake is still there. */
static enum err check_wrong(const struct batch *b, struct error *err)
{
	for (size_t i = 0; i < b->plan.n; i++) {
		const struct plan_item *it = &b->plan.v[i];

		if (it->decision != PLAN_WRONG || b->o->keep_going)
			continue;
		if (it->how.len)
			error_hint(err, "%s", it->how.ptr);
		if (b->to_run)
			error_hint(err,
				"run the others all the same:\n"
				"  git strack run%s%s --keep-going",
				env_flag(b->s), env_name(b->s));
		return error_set(err, ERR_FATAL, "%s", it->why.ptr);
	}
	return ERR_OK;
}

/* Naming a script is a decision; everything that there is, is none. */
static enum err check_first_run(const struct batch *b, struct error *err)
{
	const struct session *s = b->s;
	const char *flag = env_flag(s), *env = env_name(s);
	int64_t now = clock_now_ms(), when;
	const char *oldest = NULL;
	size_t old = 0;

	if (b->o->from_the_beginning ||
		(s->ledger && ledger_env_used(s->ledger, s->env)))
		return ERR_OK;
	for (size_t i = 0; i < b->plan.n; i++) {
		const struct plan_item *it = &b->plan.v[i];
		const struct script *sc = it->script;

		/* Also those that were not selected: once one has run here,
		 * a plain run would take up all the others. */
		if (it->state != STATE_PENDING ||
			(it->decision != PLAN_RUN &&
				it->decision != PLAN_FILTERED))
			continue;
		/* digits that are no date tell nothing: they may be old */
		if (script_name_time(sc->base, &when) && when > now - DAY_MS)
			continue;
		if (!old++)
			oldest = sc->path;
	}
	if (!old)
		return ERR_OK;
	error_hint(err, "if their work is done already, settle them:");
	error_hint(err, "  git strack mark%s%s --baseline -m <why>", flag, env);
	error_hint(err, "if it is not, let them run:");
	error_hint(err, "  git strack run%s%s --from-the-beginning", flag, env);
	return error_set(err, ERR_HELD,
		"nothing has run in %s yet, and %zu of the pending scripts "
		"%s older than a day (the oldest: %s)",
		s->env, old, old == 1 ? "is" : "are", oldest);
}

/* ---- shared environments ---- */

static enum err not_committed(
	struct batch *b, const char *path, bool may_be_dirty, struct error *err)
{
	if (may_be_dirty) {
		error_hint(err, "commit it, or record that it was not:");
		error_hint(err, "  git strack run --env %s --allow-dirty",
			b->s->env);
	} else {
		error_hint(err, "commit it; what is not committed can't be "
				"approved:\n  git commit");
	}
	return error_set(err, ERR_HELD,
		"%s is not what is committed; in the shared environment %s it "
		"must be",
		path, b->s->env);
}

static enum err check_shared(struct batch *b, struct error *err)
{
	bool same, allowed;
	enum err rc = run_dirty_allowed(b->s, &allowed, err);

	if (rc)
		return rc;
	b->allow_dirty = b->o->allow_dirty && allowed;
	if (b->allow_dirty)
		return ERR_OK;
	rc = run_config_is_committed(b->s, &same, err);
	if (!rc && !same)
		return not_committed(b, SETTINGS_FILE, allowed, err);
	for (size_t i = 0; !rc && i < b->plan.n; i++) {
		const char *path = b->plan.v[i].script->path;

		if (b->plan.v[i].decision != PLAN_RUN)
			continue;
		rc = run_is_committed(b->s, path, &same, err);
		if (!rc && !same)
			return not_committed(b, path, allowed, err);
	}
	return rc;
}

static enum err check_committed(struct batch *b, struct error *err)
{
	struct oid head;
	bool same;
	enum err rc = where_note_config(b->s, err);

	if (rc)
		return rc;
	if (strcmp(b->s->env, ENV_LOCAL) != 0)
		return check_shared(b, err);
	b->allow_dirty = true;
	/* the message that tells how to go on without a commit */
	return repo_head(b->s->repo, &head, NULL)
		       ? run_is_committed(b->s, SETTINGS_FILE, &same, err)
		       : ERR_OK;
}

static enum err ask(const struct batch *b, struct error *err)
{
	char *what =
		xstrfmt("%zu script%s", b->to_run, b->to_run == 1 ? "" : "s");
	enum err rc =
		where_ask(b->s, b->o->yes || !b->to_run, what, "run", "", err);

	free(what);
	return rc;
}

/* ---- the whole ---- */

static void say_nothing(struct batch *b)
{
	const struct plan_item *it;

	if (!b->selected.n && !b->view.scripts.n) {
		out_printf(b->out, "no scripts yet; make one:\n"
				   "  git strack create <description>\n");
		return;
	}
	for (size_t i = 0; i < b->selected.n; i++) {
		it = batch_find(b, b->selected.v[i]);
		if (it->decision == PLAN_NOT_HERE)
			batch_say_passed(
				b, "not here", it, "its header names others");
		else if (it->decision == PLAN_SETTLED)
			batch_say_passed(b, state_name(it->state), it,
				"already; `--again -m <why>` runs it again");
	}
	if (!b->selected.n)
		out_printf(b->out, "nothing is pending in %s\n", b->s->env);
}

static enum err go(struct batch *b, struct error *err)
{
	struct error later = ERROR_INIT;
	enum err rc;

	rc = check_committed(b, err);
	if (!rc)
		rc = ask(b, err);
	if (!rc && !b->s->ledger) {
		rc = session_ledger_for_writing(b->s, true, err);
		if (!rc)
			rc = batch_plan(b, err);
	}
	if (rc)
		return rc;
	if (b->o->detach)
		return batch_detach(b, err);
	rc = batch_run(b, err);
	batch_say_summary(b);
	if (b->o->json && batch_plan(b, &later))
		out_printf(&b->s->msg, "warning: %s\n", later.text.ptr);
	error_release(&later);
	return rc;
}

static enum err prepare(
	struct batch *b, const struct cmd_args *a, struct error *err)
{
	enum err rc = where_check(b->s, "run", "", err);

	if (!rc)
		rc = open_ledger(b->s, b->o, err);
	if (!rc)
		rc = view_open(&b->view, b->s, err);
	if (!rc)
		rc = select_scripts(b, a->args, err);
	if (!rc)
		rc = batch_plan(b, err);
	if (rc)
		return rc;
	batch_collect(b);
	rc = check_wrong(b, err);
	if (!rc)
		rc = batch_check_params(b, err);
	if (!rc)
		rc = batch_check_companions(b, err);
	return rc ? rc : check_first_run(b, err);
}

static enum err run(struct session *s, const void *opts,
	const struct cmd_args *a, struct error *err)
{
	struct batch b = { .s = s,
		.o = opts,
		.args = a->has_rest ? a->rest : NULL,
		.view = VIEW_INIT,
		.plan = PLAN_INIT,
		.companions = COMPANIONS_INIT(NULL, NULL),
		.retry_why = BUF_INIT,
		.detach = DETACH_INIT };
	enum err rc = check_usage(b.o, a, &b.timeout, err);

	s->offline = b.o->offline;
	if (!rc)
		rc = session_open(s, b.o->env, err);
	s->must_reach = "run";
	b.companions.r = s->repo;
	b.companions.s = &s->settings;
	b.out = b.o->json ? &s->msg : &s->out;
	if (!rc)
		rc = prepare(&b, a, err);
	if (rc)
		goto out;
	if (!b.todo.n)
		say_nothing(&b);
	else if (b.o->dry_run)
		batch_say_plan(&b);
	else
		rc = go(&b, err);
	if (b.o->json)
		batch_json(&b);
out:
	batch_release(&b);
	return rc;
}

const struct command cmd_run = {
	.name = "run",
	.alias = "up",
	.usage = "run [<options>] [<script>...]\n"
		 "run [<options>] <script> -- <args>...",
	.summary = "Run what is pending, oldest first",
	.opts = options,
	.opts_size = sizeof(struct run_opts),
	.run = run,
};
