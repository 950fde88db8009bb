/*
 * git strack log: the entries, newest first.  Names alone say which entries
 * are wanted, so only what is shown is read.
 */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "brought.h"
#include "entrytext.h"
#include "pager.h"
#include "strack/adhoc.h"
#include "strack/cmd.h"
#include "strack/repo.h"
#include "strack/text.h"
#include "strack/view.h"

struct log_opts {
	const char *count, *env, *kind;
	bool oneline, json, raw, exec, unreviewed;
};

struct log {
	struct session *s;
	const struct log_opts *opts;
	struct ledger_entryvec entries; /* all names, oldest first */
	int64_t max;                    /* -1: no limit */
	bool kinds[KIND_NR];
	struct strmap waiting; /* with --unreviewed: paths that are wanted */
	struct brought brought;
	struct buf text;
};

/* ---- what is asked for ---- */

static enum err unknown_kind(const char *word, struct error *err)
{
	struct buf all = BUF_INIT;

	for (int k = 0; k < KIND_NR; k++)
		buf_addf(&all, "%s%s", k ? " " : "",
			kind_info((enum kind)k)->name);
	error_hint(err, "kinds are: %s", all.ptr);
	buf_release(&all);
	return error_set(
		err, ERR_USAGE, "--kind: '%s' is no kind of entry", word);
}

static enum err parse_kinds(struct log *l, struct error *err)
{
	const char *p = l->opts->kind;
	enum err rc = ERR_OK;

	for (int k = 0; k < KIND_NR; k++)
		l->kinds[k] = !p;
	while (p && !rc) {
		size_t n = strcspn(p, ",");
		char *word = xstrndup(p, n);
		enum kind k;

		if (kind_parse(word, n, &k))
			l->kinds[k] = true;
		else
			rc = unknown_kind(word, err);
		free(word);
		p = p[n] ? p + n + 1 : NULL;
	}
	return rc;
}

static enum err parse_options(struct log *l, struct error *err)
{
	const struct log_opts *o = l->opts;

	if (o->oneline + o->json + o->raw > 1)
		return error_set(err, ERR_USAGE,
			"--oneline, --json and --raw exclude each other");
	l->max = -1;
	if (o->count && !number_parse(o->count, &l->max))
		return error_set(err, ERR_USAGE,
			"option '--max-count' wants a number, not '%s'",
			o->count);
	return parse_kinds(l, err);
}

static bool is_wanted(const struct log *l, const struct ledger_entry *le)
{
	if (l->opts->unreviewed && !strmap_has(&l->waiting, le->path))
		return false;
	return l->kinds[le->name.kind] &&
	       (!l->opts->env || !strcmp(le->name.env, l->opts->env));
}

static enum err list_waiting(struct log *l, struct error *err)
{
	struct adhocs all = ADHOCS_INIT;
	enum err rc = adhocs_load(l->s->ledger, &all, err);

	for (size_t i = 0; !rc && i < all.n; i++) {
		if (!adhoc_reviewed(&all.v[i]))
			strmap_put(&l->waiting, all.v[i].exec->path, l);
	}
	adhocs_release(&all);
	return rc;
}

static enum err list_commands(
	struct log *l, const struct cmd_args *args, struct error *err)
{
	enum err rc = ERR_OK;

	if (args->args->n || args->rest->n)
		return error_set(err, ERR_USAGE,
			"--exec and --unreviewed are about no script");
	if (l->opts->unreviewed)
		rc = list_waiting(l, err);
	if (!rc)
		rc = ledger_list(
			l->s->ledger, LEDGER_EXEC_DIR, &l->entries, err);
	return rc;
}

static enum err list_entries(
	struct log *l, const struct cmd_args *args, struct error *err)
{
	struct scriptvec known = SCRIPTVEC_INIT;
	const struct script *script = NULL;
	const char *typed;
	enum err rc;

	if (l->opts->exec || l->opts->unreviewed)
		return list_commands(l, args, err);
	if (args->args->n + args->rest->n > 1)
		return error_set(err, ERR_USAGE, "one script at most");
	if (!args->args->n && !args->rest->n)
		return ledger_list(l->s->ledger, "", &l->entries, err);
	typed = args->args->n ? args->args->v[0] : args->rest->v[0];
	view_known_scripts(l->s, &known);
	rc = script_match(l->s->repo, &known, typed, &script, err);
	if (!rc)
		rc = ledger_list(l->s->ledger, script->path, &l->entries, err);
	scriptvec_release(&known);
	return rc;
}

/* ---- forms ---- */

static void put_oneline(struct log *l, const struct ledger_entry *le)
{
	struct out *o = &l->s->out;

	buf_reset(&l->text);
	entry_short(le, &l->text);
	out_styled(o, STYLE_ID, "%s ", l->text.ptr);
	buf_reset(&l->text);
	if (le->e)
		entry_subject(le->e, &l->text);
	else
		buf_addf(&l->text, "%s: %s", kind_info(le->name.kind)->name,
			le->path);
	out_text(o, l->text.ptr);
	if (le->disowned)
		out_styled(o, STYLE_DIM, " (disowned)");
	if (le->problem) {
		out_styled(o, STYLE_BAD, " (does not count: ");
		out_text_styled(o, STYLE_BAD, le->problem);
		out_styled(o, STYLE_BAD, ")");
	}
	out_printf(o, "\n");
}

static void put_json(struct log *l, const struct ledger_entry *le)
{
	struct json j;

	buf_reset(&l->text);
	json_init(&j, &l->text);
	entry_json(&j, le, brought_by(&l->brought, l->s, le->path));
	buf_addch(&l->text, '\n');
	out_raw(&l->s->out, l->text.ptr, l->text.len);
}

/* As it stands, readable or not; a terminal gets it escaped all the same. */
static enum err put_raw(
	struct log *l, const struct ledger_entry *le, struct error *err)
{
	enum err rc;

	buf_reset(&l->text);
	rc = object_read(
		l->s->repo, &le->blob, OBJECT_BLOB, ENTRY_MAX, &l->text, err);
	if (rc) {
		out_printf(&l->s->msg, "git strack: warning: left out: ");
		out_text(&l->s->msg, le->path);
		out_printf(&l->s->msg, "\n");
		error_reset(err);
		return ERR_OK;
	}
	if (l->s->out.tty)
		out_block(&l->s->out, l->text.ptr, l->text.len);
	else
		out_raw(&l->s->out, l->text.ptr, l->text.len);
	return ERR_OK;
}

static enum err put(struct log *l, struct ledger_entry *le, struct error *err)
{
	enum err rc;

	if (l->opts->raw)
		return put_raw(l, le, err);
	rc = ledger_load(l->s->ledger, le, err);
	if (rc)
		return rc;
	if (l->opts->json)
		put_json(l, le);
	else if (l->opts->oneline)
		put_oneline(l, le);
	else
		entry_brief(l->s, le);
	/* Ten thousand of them would stay in memory. */
	entry_free(le->e);
	le->e = NULL;
	return ERR_OK;
}

/* Newest first; --raw the same entries the other way round, as it is a text
 * that others read from its beginning. */
static enum err put_all(struct log *l, struct error *err)
{
	size_t first = l->entries.n;
	int64_t left = l->max;
	enum err rc = ERR_OK;

	while (!rc && first && left && !l->s->out.sys) {
		struct ledger_entry *le = &l->entries.v[--first];

		if (!is_wanted(l, le))
			continue;
		left -= left > 0;
		if (!l->opts->raw)
			rc = put(l, le, err);
	}
	for (; !rc && l->opts->raw && first < l->entries.n; first++) {
		if (is_wanted(l, &l->entries.v[first]))
			rc = put(l, &l->entries.v[first], err);
	}
	return rc;
}

/* ---- the command ---- */

static enum err open_ledger(
	struct session *s, const struct log_opts *o, struct error *err)
{
	enum err rc;

	/* --env chooses among entries; it is not where we are */
	if (o->env && !environment_name_valid(o->env))
		return error_set(err, ERR_USAGE,
			"--env: '%s' is no name of an environment", o->env);
	rc = session_open(s, NULL, err);
	if (!rc)
		rc = session_ledger(s, err);
	return rc;
}

static enum err run_log(struct session *s, const void *opts,
	const struct cmd_args *args, struct error *err)
{
	struct log l = { .s = s,
		.opts = opts,
		.entries = LEDGER_ENTRYVEC_INIT,
		.waiting = STRMAP_INIT,
		.brought = BROUGHT_INIT,
		.text = BUF_INIT };
	struct pager pager = PAGER_INIT;
	enum err rc;

	rc = parse_options(&l, err);
	if (!rc)
		rc = open_ledger(s, opts, err);
	if (rc == ERR_NOTFOUND && s->state_dir && !s->ledger) {
		error_reset(err);
		out_printf(&s->msg, "nothing has run yet: this repository has "
				    "no ledger\n");
		rc = ERR_OK;
		goto out;
	}
	if (!rc)
		rc = list_entries(&l, args, err);
	if (rc)
		goto out;
	pager_start(&pager, s);
	rc = put_all(&l, err);
	pager_finish(&pager, s);
out:
	ledger_entryvec_release(&l.entries);
	strmap_release(&l.waiting, NULL);
	brought_release(&l.brought);
	buf_release(&l.text);
	return rc;
}

static const struct opt options[] = {
	{ 'n', "max-count", OPT_STRING, offsetof(struct log_opts, count),
		"<number>", "at most so many entries" },
	{ 'e', "env", OPT_STRING, offsetof(struct log_opts, env), "<env>",
		"only entries of this environment" },
	{ 0, "kind", OPT_STRING, offsetof(struct log_opts, kind),
		"<kind>[,...]", "only these kinds: claim, done, fail, ..." },
	{ 0, "exec", OPT_FLAG, offsetof(struct log_opts, exec), NULL,
		"only ad-hoc commands and their reviews" },
	{ 0, "unreviewed", OPT_FLAG, offsetof(struct log_opts, unreviewed),
		NULL, "only ad-hoc commands that wait for a review" },
	{ 0, "oneline", OPT_FLAG, offsetof(struct log_opts, oneline), NULL,
		"one line an entry" },
	{ 0, "json", OPT_FLAG, offsetof(struct log_opts, json), NULL,
		"one JSON object a line" },
	{ 0, "raw", OPT_FLAG, offsetof(struct log_opts, raw), NULL,
		"the entries as they are, oldest first" },
	{ .kind = OPT_END },
};

const struct command cmd_log = {
	.name = "log",
	.usage = "log [<options>] [<script>]",
	.summary = "Show the history of entries, newest first",
	.opts = options,
	.opts_size = sizeof(struct log_opts),
	.run = run_log,
};
