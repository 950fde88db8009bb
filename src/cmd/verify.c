/*
 * git strack verify: checks the whole ledger from its first commit, believing
 * no cache.
 */
#include <string.h>

#include "strack/cmd.h"
#include "strack/json.h"

struct verify_opts {
	bool json;
	bool quiet;
};

static const struct opt options[] = {
	{ 0, "json", OPT_FLAG, offsetof(struct verify_opts, json), NULL,
		"print one JSON object" },
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

static void json_problems(
	struct json *j, const char *key, const struct problemvec *l)
{
	json_key(j, key);
	json_array(j);
	for (size_t i = 0; i < l->n; i++) {
		json_object(j);
		json_kv(j, "commit", l->v[i].commit);
		json_kv(j, "entry", l->v[i].entry);
		json_kv(j, "problem", l->v[i].text);
		json_end_object(j);
	}
	json_end_array(j);
}

static void print_json(struct session *s)
{
	struct buf b = BUF_INIT;
	struct json j;
	const struct problemvec *l = ledger_problems(s->ledger);

	json_init(&j, &b);
	json_object(&j);
	json_kv_bool(&j, "ok", l->n == 0);
	json_kv_int(&j, "entries", (int64_t)ledger_entries(s->ledger));
	json_kv_int(&j, "commits", (int64_t)ledger_commits(s->ledger));
	json_kv_int(&j, "unheld", (int64_t)ledger_unheld(s->ledger));
	json_problems(&j, "problems", l);
	json_problems(&j, "disowned", ledger_disowned(s->ledger));
	json_end_object(&j);
	buf_addch(&b, '\n');
	out_raw(&s->out, b.ptr, b.len);
	buf_release(&b);
}

static void print_text(struct session *s, bool quiet)
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
	out_printf(&s->out,
		"%zu %s in %zu commits checked: ", ledger_entries(s->ledger),
		ledger_entries(s->ledger) == 1 ? "entry" : "entries",
		ledger_commits(s->ledger));
	if (l->n)
		out_styled(&s->out, STYLE_BAD, "%zu problem%s", l->n,
			l->n == 1 ? "" : "s");
	else
		out_styled(&s->out, STYLE_GOOD, "good");
	out_printf(&s->out, "\n");
	if (unheld)
		out_printf(&s->out,
			"%zu claim%s could not be held against approvals: what "
			"was to be approved can't be read here\n",
			unheld, unheld == 1 ? "" : "s");
}

static enum err run(struct session *s, const void *opts,
	const struct cmd_args *a, struct error *err)
{
	const struct verify_opts *o = opts;
	enum err rc;

	if (a->args->n)
		return error_set(err, ERR_USAGE, "verify takes no arguments");
	rc = session_open(s, NULL, err);
	if (!rc)
		rc = session_ledger_fully(s, err);
	if (rc)
		return rc;
	if (o->json)
		print_json(s);
	else
		print_text(s, o->quiet);
	return ledger_problems(s->ledger)->n ? ERR_NO : ERR_OK;
}

const struct command cmd_verify = {
	.name = "verify",
	.usage = "verify [--json] [--quiet]",
	.summary = "Check every signature and rule of the ledger",
	.opts = options,
	.opts_size = sizeof(struct verify_opts),
	.run = run,
};
