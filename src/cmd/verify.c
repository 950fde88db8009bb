/*
 * git strack verify: checks what is new on the ledger since it was last found
 * good here, or with --full all of it, believing no cache.
 */
#include <stdlib.h>
#include <string.h>

#include "prereceive.h"
#include "strack/cmd.h"
#include "strack/json.h"

struct verify_opts {
	bool json;
	bool quiet;
	bool full;
	bool pre_receive;
};

static const struct opt options[] = {
	{ 0, "json", OPT_FLAG, offsetof(struct verify_opts, json), NULL,
		"print one JSON object" },
	{ 0, "full", OPT_FLAG, offsetof(struct verify_opts, full), NULL,
		"check everything, also what was found good before" },
	{ 0, "pre-receive", OPT_FLAG, offsetof(struct verify_opts, pre_receive),
		NULL, "judge a push, as a hook of a server" },
	{ 'q', "quiet", OPT_FLAG, offsetof(struct verify_opts, quiet), NULL,
		"print problems only" },
	{ 0, NULL, OPT_END, 0, NULL, NULL },
};

static void print_problem(struct session *s, const char *lead, enum style style,
	const struct problem *p)
{
	out_styled(&s->out, style, "%s", lead);
	out_printf(&s->out, ":");
	if (p->commit)
		out_styled(&s->out, STYLE_ID, " %.12s", p->commit);
	if (p->entry) {
		out_printf(&s->out, " ");
		out_text(&s->out, p->entry);
	}
	out_printf(&s->out, ": ");
	out_text(&s->out, p->text);
	out_printf(&s->out, "\n");
}

static bool has_problem(const struct problemvec *l, const struct problem *p)
{
	for (size_t i = 0; i < l->n; i++) {
		const struct problem *q = &l->v[i];

		if (q->commit && p->commit && !strcmp(q->commit, p->commit) &&
			!strcmp(q->text, p->text))
			return true;
	}
	return false;
}

/* Problems of what is this clone's alone, without those of the branch, which
 * it has merged. */
static size_t side_problems(struct session *s, const struct problem **ret)
{
	const struct ledger *side = ledger_side(s->ledger);
	const struct problemvec *l = side ? ledger_problems(side) : NULL;
	size_t n = 0;

	for (size_t i = 0; l && i < l->n; i++) {
		if (has_problem(ledger_problems(s->ledger), &l->v[i]))
			continue;
		if (ret)
			ret[n] = &l->v[i];
		n++;
	}
	return n;
}

static void json_problem(struct json *j, const struct problem *p)
{
	json_object(j);
	json_kv(j, "commit", p->commit);
	json_kv(j, "entry", p->entry);
	json_kv(j, "problem", p->text);
	json_end_object(j);
}

static void json_problems(struct json *j, const char *key,
	const struct problemvec *l, const struct problem **more, size_t n)
{
	json_key(j, key);
	json_array(j);
	for (size_t i = 0; i < l->n; i++)
		json_problem(j, &l->v[i]);
	for (size_t i = 0; i < n; i++)
		json_problem(j, more[i]);
	json_end_array(j);
}

static void print_json(struct session *s, size_t commits)
{
	struct buf b = BUF_INIT;
	struct json j;
	const struct problemvec *l = ledger_problems(s->ledger);
	size_t n = side_problems(s, NULL);
	const struct problem **more = xcalloc(n + 1, sizeof(*more));

	side_problems(s, more);
	json_init(&j, &b);
	json_object(&j);
	json_kv_bool(&j, "ok", l->n + n == 0);
	json_kv_int(&j, "entries", (int64_t)ledger_entries(s->ledger));
	json_kv_int(&j, "commits", (int64_t)commits);
	json_kv_int(&j, "checked", (int64_t)ledger_commits(s->ledger));
	json_kv_bool(&j, "full", ledger_commits(s->ledger) == commits);
	json_kv_int(&j, "unheld", (int64_t)ledger_unheld(s->ledger));
	json_problems(&j, "problems", l, more, n);
	json_problems(&j, "disowned", ledger_disowned(s->ledger), NULL, 0);
	json_end_object(&j);
	free(more);
	buf_addch(&b, '\n');
	out_raw(&s->out, b.ptr, b.len);
	buf_release(&b);
}

/* How much there is, and how much of it was checked now. */
static void print_amount(struct session *s, size_t commits)
{
	size_t now = ledger_commits(s->ledger);

	out_printf(&s->out, "%zu %s in %zu commit%s", ledger_entries(s->ledger),
		ledger_entries(s->ledger) == 1 ? "entry" : "entries", commits,
		commits == 1 ? "" : "s");
	if (now == commits)
		out_printf(&s->out, " checked: ");
	else if (now)
		out_printf(&s->out, ", %zu of them new: ", now);
	else
		out_printf(&s->out, ", none of them new: ");
}

static void print_verdict(struct session *s, size_t n)
{
	if (n)
		out_styled(&s->out, STYLE_BAD, "%zu problem%s", n,
			n == 1 ? "" : "s");
	else
		out_styled(&s->out, STYLE_GOOD, "good");
	out_printf(&s->out, "\n");
}

/* What is this clone's alone. */
static void print_side(struct session *s, bool quiet)
{
	size_t n = side_problems(s, NULL);
	const struct problem **all = xcalloc(n + 1, sizeof(*all));

	side_problems(s, all);
	for (size_t i = 0; i < n; i++)
		print_problem(s, "problem", STYLE_BAD, all[i]);
	if (!quiet && ledger_side(s->ledger)) {
		out_printf(&s->out,
			"what is this clone's alone (%s): ", LEDGER_LOCAL_REF);
		print_verdict(s, n);
	}
	free(all);
}

static void print_text(struct session *s, size_t commits, bool quiet)
{
	const struct problemvec *l = ledger_problems(s->ledger);
	const struct problemvec *d = ledger_disowned(s->ledger);
	size_t unheld = ledger_unheld(s->ledger);

	for (size_t i = 0; i < l->n; i++)
		print_problem(s, "problem", STYLE_BAD, &l->v[i]);
	for (size_t i = 0; !quiet && i < d->n; i++)
		print_problem(s, "disowned", STYLE_DIM, &d->v[i]);
	if (quiet)
		return;
	print_amount(s, commits);
	print_verdict(s, l->n);
	if (unheld)
		out_printf(&s->out,
			"%zu claim%s could not be held against approvals: what "
			"was to be approved can't be read here\n",
			unheld, unheld == 1 ? "" : "s");
}

/* What was called wrong before may have been mended outside of the ledger (an
 * object fetched, a program installed), so it is looked at again. */
static enum err check(struct session *s, bool full, struct error *err)
{
	enum err rc;

	if (full)
		return session_ledger_fully(s, err);
	rc = session_ledger(s, err);
	if (rc || ledger_commits(s->ledger) || !ledger_problems(s->ledger)->n)
		return rc;
	ledger_close(s->ledger);
	s->ledger = NULL;
	return session_ledger_fully(s, err);
}

static enum err run(struct session *s, const void *opts,
	const struct cmd_args *a, struct error *err)
{
	const struct verify_opts *o = opts;
	size_t commits = 0;
	enum err rc;

	if (a->args->n)
		return error_set(err, ERR_USAGE, "verify takes no arguments");
	if (o->pre_receive && o->json)
		return error_set(err, ERR_USAGE,
			"verify: --pre-receive does not go with --json");
	if (o->pre_receive)
		return pre_receive(s, o->full, err);
	rc = session_open(s, NULL, err);
	if (!rc)
		rc = check(s, o->full, err);
	if (!rc)
		rc = ledger_length(s->ledger, &commits, err);
	if (rc)
		return rc;
	if (o->json) {
		print_json(s, commits);
	} else {
		print_text(s, commits, o->quiet);
		print_side(s, o->quiet);
	}
	return ledger_problems(s->ledger)->n + side_problems(s, NULL) ? ERR_NO
								      : ERR_OK;
}

const struct command cmd_verify = {
	.name = "verify",
	.usage = "verify [--full] [--json] [--quiet]\n"
		 "verify --pre-receive [--full]",
	.summary = "Check every signature and rule of the ledger",
	.opts = options,
	.opts_size = sizeof(struct verify_opts),
	.run = run,
};
