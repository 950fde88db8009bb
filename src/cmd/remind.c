/*
 * git strack remind: what came in, what waits, what went wrong, what can go
 * and whose it is.  What it looks at is remindsee.c and camein.c, how it is
 * shown remindtext.c and remindjson.c; here are options, configuration, and
 * that a hook never fails: then all goes to standard error, and an error is
 * one line.
 */
#include "remind.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "camein.h"
#include "strack/clock.h"
#include "strack/cmd.h"
#include "strack/repo.h"
#include "strack/text.h"

#define AFTER_KEY "strack.remindAfter"
#define MAX_KEY "strack.remindMax"
#define MAX_DEFAULT 5

/* ---- configuration ---- */

static enum err bad_value(struct session *s, const char *key, const char *value,
	const char *what, struct error *err)
{
	struct buf origin = BUF_INIT;

	repo_config_origin(s->repo, key, &origin);
	error_set(err, ERR_FATAL, "%s: %s: '%s' is no %s", origin.ptr, key,
		value, what);
	buf_release(&origin);
	return ERR_FATAL;
}

static enum err read_config(struct remind *r, struct error *err)
{
	const char *after = repo_config(r->s->repo, AFTER_KEY);
	const char *max = repo_config(r->s->repo, MAX_KEY);

	r->after = 0;
	r->max = MAX_DEFAULT;
	if (after && !duration_parse(after, &r->after))
		return bad_value(r->s, AFTER_KEY, after,
			"duration; try 7d, 12h or 0", err);
	if (max && !number_parse(max, &r->max))
		return bad_value(
			r->s, MAX_KEY, max, "number; try 5 or 20", err);
	return ERR_OK;
}

/* ---- the command ---- */

/* A history that is not sound can be looked at, but not relied on. */
static void warn_of_problems(struct session *s)
{
	const struct problemvec *p =
		s->ledger ? ledger_problems(s->ledger) : NULL;

	if (p && p->n)
		out_printf(&s->msg,
			"git strack: warning: the ledger has %zu problem%s: "
			"git strack verify\n",
			p->n, p->n == 1 ? "" : "s");
}

static enum err open_ledger(struct session *s, struct error *err)
{
	enum err rc;

	s->no_arrival = true; /* a hook asks nobody */
	rc = session_ledger(s, err);

	if (rc == ERR_NOTFOUND && !s->ledger) {
		error_reset(err); /* nothing has run yet */
		rc = ERR_OK;
	}
	return rc;
}

static enum err remind(
	struct remind *r, const struct cmd_args *args, struct error *err)
{
	struct session *s = r->s;
	const char *hook = r->opts->hook;
	enum err rc;

	rc = session_open(s, r->opts->env, err);
	if (!rc)
		rc = read_config(r, err);
	if (!rc && hook)
		rc = came_in(s, hook, args->rest, &r->came, &r->quiet, err);
	if (rc || r->quiet)
		return rc;
	rc = open_ledger(s, err);
	r->no_ledger = rc != ERR_OK;
	if (rc)
		return rc;
	r->now_ms = clock_now_ms();
	return remind_see(r, err);
}

static void show(struct remind *r)
{
	struct buf text = BUF_INIT;

	if (r->opts->json) {
		remind_json(r, &text);
		out_raw(&r->s->out, text.ptr, text.len);
	} else {
		remind_text(r, r->opts->hook ? &r->s->msg : &r->s->out);
	}
	buf_release(&text);
}

/* One line: the rest is told by the command without --hook, and what is wrong
 * with the ledger by verify.  Outside of a repository that git-strack can work
 * with it has no business. */
static void show_hook_error(
	const struct remind *r, enum err rc, const struct error *err)
{
	struct out *o = &r->s->msg;
	char *line = xstrndup(err->text.ptr, strcspn(err->text.ptr, "\n"));

	if (r->no_ledger) {
		out_printf(o, "git strack: the ledger can't be used, see: "
			      "git strack verify\n");
	} else if (r->s->repo || rc == ERR_USAGE) {
		out_printf(o, "git strack: ");
		out_text(o, line);
		out_printf(o, "\n");
	}
	free(line);
}

static enum err check_usage(const struct remind_opts *o,
	const struct cmd_args *args, struct error *err)
{
	if (args->args->n)
		return error_set(err, ERR_USAGE,
			"'%s': remind takes no script; see git strack status",
			args->args->v[0]);
	if (args->rest->n && !o->hook)
		return error_set(err, ERR_USAGE,
			"what stands behind -- belongs to --hook");
	if (o->hook && o->json)
		return error_set(
			err, ERR_USAGE, "--hook and --json exclude each other");
	return ERR_OK;
}

static enum err run_remind(struct session *s, const void *opts,
	const struct cmd_args *args, struct error *err)
{
	const struct remind_opts *o = opts;
	struct remind r = { .s = s,
		.opts = o,
		.came = STRMAP_INIT,
		.envs = STRVEC_INIT,
		.view = VIEW_INIT };
	enum err rc;

	rc = check_usage(o, args, err);
	if (!rc)
		rc = remind(&r, args, err);
	if (!rc && !r.quiet) {
		show(&r);
		warn_of_problems(s);
	}
	if (rc && o->hook) {
		show_hook_error(&r, rc, err);
		error_reset(err);
		rc = ERR_OK;
	}
	remind_release(&r);
	return rc;
}

static const struct opt options[] = {
	{ 'e', "env", OPT_STRING, offsetof(struct remind_opts, env), "<env>",
		"the environment that is this one" },
	{ 'a', "all", OPT_FLAG, offsetof(struct remind_opts, all), NULL,
		"list everything, not only some of each" },
	{ 0, "json", OPT_FLAG, offsetof(struct remind_opts, json), NULL,
		"everything as one JSON object" },
	{ 0, "hook", OPT_STRING, offsetof(struct remind_opts, hook), "<hook>",
		"what this hook of git has to say; never fails" },
	{ .kind = OPT_END },
};

const struct command cmd_remind = {
	.name = "remind",
	.usage = "remind [--env <env>] [--all | --json]\n"
		 "remind --hook <hook> -- <what git gave it>...",
	.summary = "Say what waits, what went wrong and what can go",
	.opts = options,
	.opts_size = sizeof(struct remind_opts),
	.run = run_remind,
};
