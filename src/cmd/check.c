/*
 * git strack check: the gate for pull requests and deploys.  Looks at a commit,
 * HEAD unless another is named, and never at the work tree: what is judged is
 * what would be merged or deployed, in a CI, in a clone and in a bare
 * repository alike.  Nothing is written and nothing that the commit names is
 * executed.
 */
#include "check.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "strack/clock.h"
#include "strack/cmd.h"
#include "strack/json.h"
#include "strack/refs.h"
#include "strack/script.h"

struct check_opts {
	const char *base;
	bool json;
};

static const struct opt options[] = {
	{ 'b', "base", OPT_STRING, offsetof(struct check_opts, base), "<rev>",
		"compare with where its history left that of <rev>" },
	{ 0, "json", OPT_FLAG, offsetof(struct check_opts, json), NULL,
		"one JSON object" },
	{ .kind = OPT_END },
};

void check_add(struct check *c, const char *script, const char *check,
	const char *env, int line, const char *fmt, ...)
{
	struct buf message = BUF_INIT;
	va_list ap;

	va_start(ap, fmt);
	buf_addv(&message, fmt, ap);
	va_end(ap);
	ARRAY_GROW(c->found, c->nfound + 1, c->found_cap);
	c->found[c->nfound] = (struct finding){ .script = xstrdup(script),
		.check = check,
		.env = env ? xstrdup(env) : NULL,
		.line = line,
		.message = buf_detach(&message),
		.order = c->nfound };
	c->nfound++;
}

static void check_release(struct check *c)
{
	for (size_t i = 0; i < c->nfound; i++) {
		free(c->found[i].script);
		free(c->found[i].env);
		free(c->found[i].message);
	}
	free(c->found);
	for (size_t i = 0; i < c->n; i++) {
		header_release(&c->v[i].header);
		strvec_release(&c->v[i].needs);
	}
	free(c->v);
	treefiles_release(&c->files);
	treefiles_release(&c->before);
	settings_release(&c->settings);
}

/* ---- what is compared ---- */

static enum err no_base(struct session *s, struct error *err)
{
	if (repo_is_shallow(s->repo))
		error_hint(err, "this clone is shallow: let the CI clone all "
				"(fetch-depth: 0), or\n"
				"  git fetch --unshallow");
	error_hint(err, "name what it is to be merged into, or what is "
			"deployed:\n"
			"  git strack check --base origin/main");
	return error_set(err, ERR_FATAL,
		"there is nothing to compare with: no --base, no upstream of "
		"this branch, and no origin/HEAD");
}

/* The other history: --base, the upstream, what origin's HEAD is; and none
 * where there are no remotes. */
static enum err find_other(struct check *c, const struct check_opts *o,
	bool is_head, struct oid *ret, bool *found, struct error *err)
{
	static const char *const guesses[] = { "HEAD@{upstream}",
		"refs/remotes/origin/HEAD" };
	struct repo *r = c->s->repo;
	struct strvec remotes = STRVEC_INIT;
	enum err rc = ERR_NOTFOUND;

	*found = true;
	if (o->base) {
		rc = rev_commit(r, o->base, ret, err);
		if (rc == ERR_NOTFOUND) {
			error_prefix(err, "--base");
			error_hint(err, "see what there is, or fetch it:\n"
					"  git branch --all");
		}
		return rc;
	}
	for (size_t i = is_head ? 0 : 1; i < ARRAY_SIZE(guesses); i++) {
		rc = rev_commit(r, guesses[i], ret, NULL);
		if (rc != ERR_NOTFOUND)
			break;
	}
	if (rc != ERR_NOTFOUND)
		return rc;
	rc = repo_remotes(r, &remotes, err);
	if (!rc && remotes.n)
		rc = no_base(c->s, err);
	*found = false;
	strvec_release(&remotes);
	return rc;
}

static enum err find_commits(struct check *c, const struct check_opts *o,
	const char *rev, struct error *err)
{
	struct repo *r = c->s->repo;
	struct oid other;
	bool found;
	enum err rc;

	if (rev)
		rc = rev_commit(r, rev, &c->commit, err);
	else
		rc = repo_head(r, &c->commit, err);
	if (rc == ERR_NOTFOUND)
		error_hint(err, "%s",
			rev ? "see what there is:\n  git branch --all"
			    : "there is something to check after the first "
			      "git commit");
	if (!rc)
		rc = find_other(c, o, !rev, &other, &found, err);
	if (rc || !found)
		return rc;
	c->has_base = true;
	rc = history_merge_base(r, &c->commit, &other, &c->base, err);
	if (rc == ERR_NOTFOUND && !repo_is_shallow(r))
		error_hint(err, "name a commit of the same history:\n"
				"  git strack check --base <rev>");
	return rc;
}

/* What the base calls scripts, by its own settings: a folder that is no longer
 * looked into takes its scripts away.  Settings that can't be read there are no
 * fault of this commit. */
static enum err read_base(struct check *c, struct error *err)
{
	struct settings s;
	enum err rc;

	settings_init(&s);
	rc = settings_load_commit(&s, c->s->repo, &c->base, NULL);
	rc = treefiles_read(
		c->s->repo, &c->base, rc ? &c->settings : &s, &c->before, err);
	settings_release(&s);
	return rc;
}

/* A team that has a ledger wants to be told of what ran: without it, half of
 * the gate would stand open unseen. */
static enum err open_ledger(struct check *c, struct error *err)
{
	enum err rc = session_ledger(c->s, err);

	if (rc != ERR_NOTFOUND || c->s->ledger)
		return rc;
	if (!c->settings.ledger_id) {
		error_reset(err);
		return ERR_OK;
	}
	error_reset(err);
	error_hint(err, "let it come from the remote that has it:\n"
			"  git strack init --remote <name>\n"
			"  git strack sync");
	return error_set(err, ERR_FATAL,
		"%s names a ledger, and it is not here (no branch '%s')",
		SETTINGS_FILE, LEDGER_BRANCH);
}

/* ---- notes ---- */

/* Scripts of the work tree that are not what is judged. */
static void note_work_tree(struct check *c)
{
	struct scriptvec scripts = SCRIPTVEC_INIT;
	size_t differ = 0, same = 0;

	if (!repo_work_tree(c->s->repo) ||
		script_discover(c->s->repo, &c->settings, &scripts, NULL))
		return;
	for (size_t i = 0; i < scripts.n; i++) {
		const char *path = scripts.v[i]->path;
		const struct tree_file *f = treefiles_find(&c->files, path);
		struct oid blob;

		if (f && f->script &&
			!worktree_blob(c->s->repo, path, SCRIPT_MAX, false,
				&blob, NULL) &&
			!oid_cmp(&blob, &f->blob))
			same++;
		else if (!f || !f->script)
			differ++;
	}
	differ += c->files.scripts - same;
	if (differ)
		out_printf(&c->s->msg,
			"note: %zu script%s in the work tree %s not as in "
			"HEAD, which is what is checked\n",
			differ, differ == 1 ? "" : "s",
			differ == 1 ? "is" : "are");
	scriptvec_release(&scripts);
}

static void note_what_was_left_out(struct check *c, bool is_head)
{
	if (!c->s->ledger)
		out_printf(&c->s->msg,
			"note: there is no ledger, so what ran is not known\n");
	else if (!c->has_base)
		out_printf(&c->s->msg,
			"note: nothing to compare with, so scripts that were "
			"deleted are not looked for (--base <rev>)\n");
	if (c->s->ledger && ledger_problems(c->s->ledger)->n)
		out_printf(&c->s->msg,
			"git strack: warning: the ledger has problems\n"
			"hint: see git strack verify\n");
	if (is_head)
		note_work_tree(c);
}

/* ---- showing ---- */

static const char *base_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static int finding_cmp(const void *a, const void *b)
{
	const struct finding *x = a, *y = b;
	int c = strcmp(base_of(x->script), base_of(y->script));

	if (!c)
		c = strcmp(x->script, y->script);
	if (!c)
		c = (x->order > y->order) - (x->order < y->order);
	return c;
}

static void show_json(struct check *c)
{
	struct buf text = BUF_INIT;
	struct json j;
	char hex[OID_HEX + 1];

	json_init(&j, &text);
	json_object(&j);
	json_kv_bool(&j, "ok", c->nfound == 0);
	oid_hex(&c->commit, hex);
	json_kv(&j, "commit", hex);
	oid_hex(&c->base, hex);
	json_kv(&j, "base", c->has_base ? hex : NULL);
	json_kv_bool(&j, "ledger", c->s->ledger != NULL);
	json_key(&j, "findings");
	json_array(&j);
	for (size_t i = 0; i < c->nfound; i++) {
		const struct finding *f = &c->found[i];

		json_object(&j);
		json_kv(&j, "script", f->script);
		json_kv(&j, "check", f->check);
		json_kv(&j, "environment", f->env);
		if (f->line)
			json_kv_int(&j, "line", f->line);
		else
			json_kv_null(&j, "line");
		json_kv(&j, "message", f->message);
		json_end_object(&j);
	}
	json_end_array(&j);
	json_end_object(&j);
	buf_addch(&text, '\n');
	out_raw(&c->s->out, text.ptr, text.len);
	buf_release(&text);
}

static void show_text(struct check *c)
{
	char hex[OID_HEX + 1];

	for (size_t i = 0; i < c->nfound; i++) {
		out_text_styled(&c->s->out, STYLE_BOLD, c->found[i].script);
		out_printf(&c->s->out, ": ");
		out_text(&c->s->out, c->found[i].message);
		out_printf(&c->s->out, "\n");
	}
	out_printf(
		&c->s->msg, "%zu script%s checked", c->n, c->n == 1 ? "" : "s");
	oid_hex(&c->base, hex);
	if (c->has_base)
		out_printf(&c->s->msg, " against %.10s", hex);
	if (c->nfound)
		out_printf(&c->s->msg, ": %zu finding%s\n", c->nfound,
			c->nfound == 1 ? "" : "s");
	else
		out_printf(&c->s->msg, ": fine\n");
}

static enum err read_all(struct check *c, const struct check_opts *o,
	const char *rev, struct error *err)
{
	enum err rc = find_commits(c, o, rev, err);

	if (!rc)
		rc = settings_load_commit(
			&c->settings, c->s->repo, &c->commit, err);
	if (!rc)
		rc = open_ledger(c, err);
	if (!rc)
		rc = treefiles_read(
			c->s->repo, &c->commit, &c->settings, &c->files, err);
	if (!rc && c->has_base)
		rc = read_base(c, err);
	if (!rc)
		rc = check_files(c, err);
	return rc;
}

static enum err run(struct session *s, const void *opts,
	const struct cmd_args *a, struct error *err)
{
	const struct check_opts *o = opts;
	struct check c = {
		.s = s, .files = TREEFILES_INIT, .before = TREEFILES_INIT
	};
	const char *rev = a->args->n ? a->args->v[0] : NULL;
	enum err rc;

	if (a->args->n + a->rest->n > 1)
		return error_set(err, ERR_USAGE, "check: one commit at most");
	if (a->rest->n)
		return error_set(err, ERR_USAGE,
			"check: takes a commit, and "
			"no files");
	settings_init(&c.settings);
	c.now_ms = clock_now_ms();
	rc = session_open(s, NULL, err);
	if (!rc)
		rc = read_all(&c, o, rev, err);
	if (!rc && s->ledger)
		rc = check_ledger(&c, err);
	if (!rc)
		rc = check_names(&c, err);
	if (rc)
		goto out;
	if (c.nfound)
		qsort(c.found, c.nfound, sizeof(*c.found), finding_cmp);
	note_what_was_left_out(&c, !rev);
	if (o->json)
		show_json(&c);
	else
		show_text(&c);
	rc = c.nfound ? ERR_NO : ERR_OK;
out:
	check_release(&c);
	return rc;
}

const struct command cmd_check = {
	.name = "check",
	.usage = "check [--base <rev>] [--json] [<commit>]",
	.summary = "Gate for pull requests and deploys",
	.opts = options,
	.opts_size = sizeof(struct check_opts),
	.run = run,
};
