/*
 * git strack status: every script and its state.  What is shown to people is
 * in statuslist.c and statusmatrix.c; here are the choice of what is shown
 * and the two forms for programs.
 *
 * --porcelain: one line a script and environment, fields separated by tabs,
 * in this order, and new ones only ever at the end:
 *
 *    1 state           6 attempt           11 timed out after, in seconds
 *    2 environment     7 time, RFC 3339    12 user
 *    3 script          8 duration, seconds 13 host
 *    4 flags, by `,`   9 exit status       14 fingerprint of the signer
 *    5 run id         10 signal            15 reason
 *
 * A field that is not known is empty.  Control characters, `%`, leading and
 * trailing blanks and bytes that are not UTF-8 are percent-encoded, as in the
 * entries themselves.  Lines are in plan order.
 */
#include "status.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "rowtext.h"
#include "strack/cmd.h"
#include "strack/text.h"

/* ---- what is shown ---- */

bool status_counts(const struct status_pick *p, const struct view_row *r)
{
	if (p->named.n && !strmap_has(&p->named, r->path))
		return false;
	if (p->opts->all)
		return true;
	if (r->script)
		return r->decision != PLAN_NOT_HERE;
	if (view_needs_decision(r))
		return true;
	/* gone from the work tree: only what is still open matters */
	return !state_settled(r->state) && r->state != STATE_PENDING &&
	       r->state != STATE_ROLLED_BACK;
}

bool status_shows(const struct status_pick *p, const struct view_row *r)
{
	const struct status_opts *o = p->opts;
	bool here = r->decision != PLAN_NOT_HERE;

	if (!status_counts(p, r))
		return false;
	if (!o->pending && !o->failed)
		return true;
	if (o->pending && r->state == STATE_PENDING && r->script && here)
		return true;
	return o->failed &&
	       (r->state == STATE_FAILED || r->state == STATE_LOST);
}

static enum err pick_named(struct session *s, const struct strvec *typed,
	struct status_pick *p, struct error *err)
{
	struct scriptvec known = SCRIPTVEC_INIT;
	const struct script *found;
	enum err rc = ERR_OK;

	if (typed->n)
		view_known_scripts(s, &known);
	for (size_t i = 0; !rc && i < typed->n; i++) {
		rc = script_match(s->repo, &known, typed->v[i], &found, err);
		if (!rc)
			strmap_put(&p->named, found->path, p);
	}
	scriptvec_release(&known);
	return rc;
}

static int str_cmp(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The environment that is asked about, or all: those that .strack.ini names,
 * this one, and those that the ledger knows. */
static void pick_envs(
	struct session *s, const struct status_opts *o, struct strvec *ret)
{
	const struct rowvec *rows = s->ledger ? ledger_rows(s->ledger) : NULL;
	struct strmap seen = STRMAP_INIT;
	size_t named;

	for (size_t i = 0; o->all_envs && i < s->settings.nenvs; i++)
		strvec_push(ret, s->settings.envs[i].name);
	if (!strvec_has(ret, s->env))
		strvec_push(ret, s->env);
	named = ret->n;
	for (size_t i = 0; o->all_envs && rows && i < rows->n; i++) {
		const char *env = rows->v[i].env;

		if (strmap_has(&seen, env))
			continue;
		strmap_put(&seen, env, ret);
		if (!strvec_has(ret, env) && ledger_env_used(s->ledger, env))
			strvec_push(ret, env);
	}
	if (ret->n > named)
		qsort(ret->v + named, ret->n - named, sizeof(*ret->v), str_cmp);
	strmap_release(&seen, NULL);
}

/* ---- for programs ---- */

static void add_field(struct buf *b, const char *s)
{
	buf_addch(b, '\t');
	if (s)
		out_percent(b, s);
}

static void add_number(struct buf *b, int64_t n, bool known)
{
	buf_addch(b, '\t');
	if (known)
		buf_addf(b, "%" PRId64, n);
}

static void add_porcelain(
	struct buf *b, const struct view_row *r, const char *env)
{
	static const struct state_row none = { .duration_ms = -1, .exit = -1 };
	const struct state_row *row = r->row ? r->row : &none;

	buf_adds(b, state_name(r->state));
	add_field(b, env);
	add_field(b, r->path);
	buf_addch(b, '\t');
	flags_text(r->flags, ",", b);
	add_field(b, row->run);
	add_number(b, row->attempt, row->attempt > 0);
	buf_addch(b, '\t');
	if (row->entry)
		time_format(b, row->time_ms);
	buf_addch(b, '\t');
	if (row->duration_ms >= 0)
		duration_seconds(b, row->duration_ms);
	add_number(b, row->exit, row->exit >= 0);
	add_number(b, row->signal, row->signal > 0);
	add_number(b, row->timed_out, row->timed_out > 0);
	add_field(b, row->user);
	add_field(b, row->host);
	add_field(b, row->signer);
	add_field(b, row->reason);
	buf_addch(b, '\n');
}

static void json_begin(
	struct json *j, const char *env, const struct strvec *envs)
{
	json_object(j);
	json_kv(j, "environment", env);
	json_key(j, "environments");
	json_array(j);
	for (size_t i = 0; i < envs->n; i++)
		json_string(j, envs->v[i]);
	json_end_array(j);
	json_key(j, "scripts");
	json_array(j);
}

static void json_end(struct session *s, struct json *j, struct buf *text)
{
	size_t unsent = 0;

	if (s->ledger)
		ledger_unsent(s->ledger, &unsent, NULL);
	json_end_array(j);
	json_kv(j, "remote", s->remote);
	json_kv_int(j, "unsent", (int64_t)unsent);
	json_end_object(j);
	buf_addch(text, '\n');
}

/* ---- the command ---- */

struct show {
	struct session *s;
	struct view view;
	struct status_pick pick;
	struct strvec envs;
	struct status_matrix matrix;
	struct buf text; /* of --json or --porcelain */
	struct json json;
	bool waiting; /* something is pending or needs a person */
};

static void show_env(struct show *sh, size_t env)
{
	const struct status_opts *o = sh->pick.opts;

	for (size_t i = 0; i < sh->view.n; i++) {
		const struct view_row *r = &sh->view.v[i];

		if (!status_counts(&sh->pick, r))
			continue;
		sh->waiting |= view_waits(r) || view_needs_decision(r);
		if (!o->json && !o->porcelain)
			continue;
		if (!status_shows(&sh->pick, r))
			continue;
		if (o->json)
			row_json(&sh->json, sh->s, r, sh->view.env);
		else
			add_porcelain(&sh->text, r, sh->view.env);
	}
	if (o->json || o->porcelain)
		return;
	if (o->all_envs)
		status_matrix_add(&sh->matrix, env, &sh->view, &sh->pick);
	else
		status_list(sh->s, &sh->view, &sh->pick);
}

static enum err show_all(struct show *sh, struct error *err)
{
	const struct status_opts *o = sh->pick.opts;
	enum err rc;

	rc = view_open(&sh->view, sh->s, err);
	if (rc)
		return rc;
	json_init(&sh->json, &sh->text);
	if (o->json)
		json_begin(
			&sh->json, o->all_envs ? NULL : sh->s->env, &sh->envs);
	for (size_t i = 0; !rc && i < sh->envs.n; i++) {
		rc = view_see(&sh->view, sh->envs.v[i], err);
		if (!rc)
			show_env(sh, i);
	}
	if (rc)
		return rc;
	if (o->json)
		json_end(sh->s, &sh->json, &sh->text);
	if (o->json || o->porcelain)
		out_raw(&sh->s->out, sh->text.ptr, sh->text.len);
	else if (o->all_envs && sh->matrix.lines.n)
		status_matrix_show(sh->s, &sh->matrix);
	else if (o->all_envs)
		status_nothing(sh->s, &sh->view, &sh->pick);
	return ERR_OK;
}

static void warn_of_problems(struct session *s)
{
	const struct problemvec *p =
		s->ledger ? ledger_problems(s->ledger) : NULL;

	if (!p || !p->n)
		return;
	out_printf(&s->msg,
		"git strack: warning: the ledger has %zu problem%s\n"
		"hint: see git strack verify\n",
		p->n, p->n == 1 ? "" : "s");
}

static enum err open_all(
	struct session *s, const struct status_opts *o, struct error *err)
{
	enum err rc;

	if (o->json && o->porcelain)
		return error_set(err, ERR_USAGE,
			"--json and --porcelain exclude each other");
	if (o->all_envs && o->env)
		return error_set(err, ERR_USAGE,
			"--env and --all-envs exclude each other");
	rc = session_open(s, o->env, err);
	if (!rc)
		rc = session_ledger(s, err);
	if (rc == ERR_NOTFOUND && s->repo && !s->ledger) {
		error_reset(err); /* nothing has run yet */
		rc = ERR_OK;
	}
	return rc;
}

static enum err run_status(struct session *s, const void *opts,
	const struct cmd_args *args, struct error *err)
{
	const struct status_opts *o = opts;
	struct show sh = { .s = s,
		.view = VIEW_INIT,
		.pick = { .opts = o, .named = STRMAP_INIT },
		.envs = STRVEC_INIT,
		.matrix = { &sh.envs, STRMAP_INIT },
		.text = BUF_INIT };
	enum err rc;

	rc = open_all(s, o, err);
	if (!rc)
		rc = pick_named(s, args->args, &sh.pick, err);
	if (!rc)
		rc = pick_named(s, args->rest, &sh.pick, err);
	if (rc)
		goto out;
	pick_envs(s, o, &sh.envs);
	rc = show_all(&sh, err);
	if (rc)
		goto out;
	warn_of_problems(s);
	s->wrote = true; /* or might have, before */
	if (o->exit_code && sh.waiting)
		rc = ERR_NO;
out:
	status_matrix_release(&sh.matrix);
	buf_release(&sh.text);
	strvec_release(&sh.envs);
	strmap_release(&sh.pick.named, NULL);
	view_release(&sh.view);
	return rc;
}

static const struct opt options[] = {
	{ 'e', "env", OPT_STRING, offsetof(struct status_opts, env), "<env>",
		"the environment to look at" },
	{ 0, "all-envs", OPT_FLAG, offsetof(struct status_opts, all_envs), NULL,
		"all environments, as a table" },
	{ 0, "pending", OPT_FLAG, offsetof(struct status_opts, pending), NULL,
		"only what has not run" },
	{ 0, "failed", OPT_FLAG, offsetof(struct status_opts, failed), NULL,
		"only what failed or got lost" },
	{ 'a', "all", OPT_FLAG, offsetof(struct status_opts, all), NULL,
		"also what was removed, or is for other environments" },
	{ 0, "exit-code", OPT_FLAG, offsetof(struct status_opts, exit_code),
		NULL, "exit with 1 when something waits to run or for you" },
	{ 0, "json", OPT_FLAG, offsetof(struct status_opts, json), NULL,
		"one JSON object" },
	{ 0, "porcelain", OPT_FLAG, offsetof(struct status_opts, porcelain),
		NULL, "stable lines for scripts, fields separated by tabs" },
	{ .kind = OPT_END },
};

const struct command cmd_status = {
	.name = "status",
	.usage = "status [<options>] [<script>...]",
	.summary = "Show every script and its state",
	.opts = options,
	.opts_size = sizeof(struct status_opts),
	.run = run_status,
};
