/*
 * git strack show: one run in full.  Gathers the entries that are about it;
 * how they look is showrun.c and showoutput.c.
 */
#include "show.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "pager.h"
#include "strack/cmd.h"
#include "strack/repo.h"

struct show_opts {
	const char *env;
	bool output, script, raw;
};

/* ---- the entries of a run ---- */

static bool names_one_of(const struct shown *sh, const char *id)
{
	for (size_t i = 0; id && i < sh->n; i++) {
		if (sh->v[i]->e && !strcmp(sh->v[i]->e->id, id))
			return true;
	}
	return false;
}

/* Entries with its run id, and what names one of those (void, review). */
static bool is_about(const struct shown *sh, const struct ledger_entry *le)
{
	const char *run = le->e ? entry_get(le->e, KEY_RUN) : NULL;

	if (sh->found.entry && !strcmp(sh->found.entry, le->path))
		return true;
	if (!sh->found.run || !le->e)
		return false;
	return (run && !strcmp(run, sh->found.run)) ||
	       names_one_of(sh, entry_get(le->e, KEY_ENTRY));
}

static void take(struct shown *sh, struct ledger_entry *le)
{
	const struct kind_info *kind = kind_info(le->name.kind);

	ARRAY_GROW(sh->v, sh->n + 1, sh->cap);
	sh->v[sh->n++] = le;
	if (!le->e || le->problem || le->disowned)
		return; /* shown, but nothing follows from it */
	if (kind->opens && !sh->claim)
		sh->claim = le;
	if (kind->closes)
		sh->outcome = le;
}

static enum err gather(struct shown *sh, struct error *err)
{
	enum err rc;

	rc = ledger_list(sh->s->ledger, sh->found.folder, &sh->all, err);
	for (size_t i = 0; !rc && i < sh->all.n; i++) {
		struct ledger_entry *le = &sh->all.v[i];

		rc = ledger_load(sh->s->ledger, le, err);
		if (rc || !is_about(sh, le))
			continue;
		take(sh, le);
	}
	if (!rc && !sh->n)
		rc = error_set(err, ERR_NOTFOUND,
			"the ledger has no readable entry about it");
	return rc;
}

/* ---- raw forms ---- */

static void put_bytes(struct out *o, const struct buf *b)
{
	if (o->tty)
		out_block(o, b->ptr, b->len);
	else
		out_raw(o, b->ptr, b->len);
}

static enum err show_raw(struct shown *sh, struct error *err)
{
	struct buf text = BUF_INIT;
	enum err rc = ERR_OK;

	for (size_t i = 0; !rc && i < sh->n; i++) {
		/* an entry that was named is what is meant, and no other */
		if (sh->found.entry &&
			strcmp(sh->found.entry, sh->v[i]->path) != 0)
			continue;
		rc = object_read(sh->s->repo, &sh->v[i]->blob, OBJECT_BLOB,
			ENTRY_MAX, &text, err);
	}
	if (!rc)
		put_bytes(&sh->s->out, &text);
	buf_release(&text);
	return rc;
}

static enum err show_script(struct shown *sh, struct error *err)
{
	struct buf text = BUF_INIT;
	enum err rc = ERR_NOTFOUND;

	if (sh->claim)
		rc = ledger_beside(
			sh->s->ledger, sh->claim->path, ".script", &text, err);
	if (!rc)
		put_bytes(&sh->s->out, &text);
	else if (rc == ERR_NOTFOUND)
		error_set(err, ERR_NOTFOUND,
			"the ledger has no bytes of a script for this");
	buf_release(&text);
	return rc;
}

/* ---- the command ---- */

static enum err show(
	struct shown *sh, const struct show_opts *o, struct error *err)
{
	struct pager pager = PAGER_INIT;

	if (o->output)
		return show_output(sh, err);
	if (o->script)
		return show_script(sh, err);
	if (o->raw)
		return show_raw(sh, err);
	pager_start(&pager, sh->s);
	show_run(sh);
	pager_finish(&pager, sh->s);
	return ERR_OK;
}

static enum err run_show(struct session *s, const void *opts,
	const struct cmd_args *args, struct error *err)
{
	const struct show_opts *o = opts;
	struct shown sh = {
		.s = s, .found = FOUND_INIT, .all = LEDGER_ENTRYVEC_INIT
	};
	const char *typed;
	enum err rc;

	if (args->args->n + args->rest->n != 1)
		return error_set(err, ERR_USAGE,
			"which one? name a run, a script or an entry");
	if (o->output + o->script + o->raw > 1)
		return error_set(err, ERR_USAGE,
			"--output, --script and --raw exclude each other");
	typed = args->args->n ? args->args->v[0] : args->rest->v[0];
	rc = session_open(s, o->env, err);
	if (!rc)
		rc = session_ledger(s, err);
	if (!rc)
		rc = find_run(s, typed, &sh.found, err);
	if (!rc)
		rc = gather(&sh, err);
	if (!rc)
		rc = show(&sh, o, err);
	free(sh.v);
	ledger_entryvec_release(&sh.all);
	found_release(&sh.found);
	return rc;
}

static const struct opt options[] = {
	{ 'e', "env", OPT_STRING, offsetof(struct show_opts, env), "<env>",
		"of a script, the last run in this environment" },
	{ 0, "output", OPT_FLAG, offsetof(struct show_opts, output), NULL,
		"what it wrote, and nothing else" },
	{ 0, "script", OPT_FLAG, offsetof(struct show_opts, script), NULL,
		"the very bytes that ran" },
	{ 0, "raw", OPT_FLAG, offsetof(struct show_opts, raw), NULL,
		"its entries as they are" },
	{ .kind = OPT_END },
};

const struct command cmd_show = {
	.name = "show",
	.usage = "show [<options>] <run>|<script>|<entry>",
	.summary = "Show one run in full",
	.opts = options,
	.opts_size = sizeof(struct show_opts),
	.run = run_show,
};
