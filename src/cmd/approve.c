/*
 * git strack approve: signs the bytes of scripts off for an environment, with
 * the key of the person.  Whose approval counts for a run is decided when it
 * runs (core/approvals.c); here is refused what never would.
 */
#include <stdlib.h>
#include <string.h>

#include "strack/approvals.h"
#include "strack/clock.h"
#include "strack/cmd.h"
#include "strack/decide.h"
#include "strack/plan.h"
#include "strack/run.h"
#include "strack/text.h"

struct approve_opts {
	const char *env, *note;
	bool again, show;
};

static const struct opt options[] = {
	{ 'e', "env", OPT_STRING, offsetof(struct approve_opts, env), "<env>",
		"approve for this environment" },
	{ 'm', "message", OPT_STRING, offsetof(struct approve_opts, note),
		"<note>", "a note, kept on the ledger" },
	{ 0, "show", OPT_FLAG, offsetof(struct approve_opts, show), NULL,
		"print what would be approved, and approve nothing" },
	{ 0, "again", OPT_FLAG, offsetof(struct approve_opts, again), NULL,
		"approve what is settled already, to run it once more" },
	{ 0, NULL, OPT_END, 0, NULL, NULL },
};

struct item {
	const struct script *script;
	char blob[OID_HEX + 1];
	char commit[OID_HEX + 1];
	struct buf bytes; /* as git stores them */
	struct header header;
	const char *already; /* why there is nothing to do, or NULL */
};

struct approval {
	struct session *s;
	const struct approve_opts *o;
	const struct strvec *words;
	const struct signer *signer;
	struct scriptvec scripts;
	struct item *v;
	size_t n, cap;
};

static void release(struct approval *a)
{
	for (size_t i = 0; i < a->n; i++) {
		buf_release(&a->v[i].bytes);
		header_release(&a->v[i].header);
	}
	free(a->v);
	scriptvec_release(&a->scripts);
}

/* ---- where ---- */

static void hint_environments(
	const struct approval *a, bool asking, struct error *err)
{
	const struct settings *set = &a->s->settings;
	struct buf words = BUF_INIT;

	for (size_t i = 0; i < a->words->n; i++) {
		buf_addch(&words, ' ');
		shell_word(&words, a->words->v[i]);
	}
	for (size_t i = 0; i < set->nenvs; i++) {
		const struct environment_def *def = &set->envs[i];

		if (strcmp(def->name, ENV_LOCAL) != 0 &&
			(def->approvals || !asking))
			error_hint(err, "  git strack approve --env %s%s",
				def->name, words.ptr);
	}
	buf_release(&words);
}

static void hint_settings(struct error *err)
{
	error_hint(err,
		"an environment asks for approvals in " SETTINGS_FILE ":\n"
		"  [environment \"production\"]\n"
		"  approvals = 1");
}

/* Without a choice, the one environment that asks for approvals. */
static enum err choose_environment(struct approval *a, struct error *err)
{
	struct session *s = a->s;
	const char *only = NULL;
	size_t n = 0;

	for (size_t i = 0; !s->env_chosen && i < s->settings.nenvs; i++) {
		if (!s->settings.envs[i].approvals)
			continue;
		only = s->settings.envs[i].name;
		n++;
	}
	if (n == 1) {
		free(s->env);
		s->env = xstrdup(only);
		return ERR_OK;
	}
	if (s->env_chosen)
		return ERR_OK;
	if (n) {
		error_hint(err, "say which one:");
		hint_environments(a, true, err);
		return error_set(err, ERR_HELD,
			"no environment was chosen, and %zu of " SETTINGS_FILE
			" ask for approvals",
			n);
	}
	hint_settings(err);
	return error_set(err, ERR_HELD,
		"no environment was chosen, and none asks for approvals");
}

static enum err check_environment(struct approval *a, struct error *err)
{
	struct session *s = a->s;
	const char *env;
	enum err rc = choose_environment(a, err);

	if (rc)
		return rc;
	env = s->env;
	if (strcmp(env, ENV_LOCAL) != 0 && settings_env(&s->settings, env)) {
		if (!settings_approvals(&s->settings, env))
			out_printf(&s->msg,
				"note: " SETTINGS_FILE " asks for no approvals "
				"in %s\n",
				env);
		return ERR_OK;
	}
	if (settings_has_shared(&s->settings)) {
		error_hint(err, "say which environment is meant:");
		hint_environments(a, false, err);
	} else {
		hint_settings(err);
	}
	if (!strcmp(env, ENV_LOCAL))
		return error_set(err, ERR_HELD,
			"'%s' has no approvals: it is each clone's own", env);
	return error_set(err, ERR_HELD,
		SETTINGS_FILE " names no environment '%s': nobody would ask "
			      "for that approval",
		env);
}

/* ---- what ---- */

static enum err uncommitted(struct error *err, const char *path)
{
	struct buf word = BUF_INIT;

	shell_word(&word, path);
	error_hint(err, "commit it:\n  git add %s && git commit", word.ptr);
	buf_release(&word);
	return error_set(err, ERR_HELD,
		"%s: is not what is committed, and what is not committed can't "
		"be approved",
		path);
}

static enum err read_item(
	struct approval *a, struct item *it, struct error *err)
{
	const char *path = it->script->path;
	struct repo *r = a->s->repo;
	struct oid id, head;
	bool same;
	enum err rc = run_is_committed(a->s, path, &same, err);

	if (!rc && !same)
		return uncommitted(err, path);
	if (!rc)
		rc = repo_head(r, &head, err);
	if (!rc)
		rc = worktree_blob(r, path, SCRIPT_MAX, false, &id, err);
	if (!rc)
		rc = object_read(
			r, &id, OBJECT_BLOB, SCRIPT_MAX, &it->bytes, err);
	if (rc) {
		error_prefix(err, "%s", path);
		return ERR_FATAL;
	}
	oid_hex(&id, it->blob);
	oid_hex(&head, it->commit);
	rc = header_parse(path, it->bytes.ptr, it->bytes.len, &it->header, err);
	return rc ? ERR_FATAL : ERR_OK;
}

static enum err check_header(
	const struct approval *a, const struct item *it, struct error *err)
{
	const struct strvec *envs = &it->header.environments;

	if (!envs->n || strvec_has(envs, a->s->env))
		return ERR_OK;
	error_hint(err, "approve it for an environment that it is for:");
	for (size_t i = 0; i < envs->n; i++) {
		struct buf line = BUF_INIT;

		plan_command(
			&line, "approve", envs->v[i], "", it->script->path);
		error_hint(err, "  %s", line.ptr);
		buf_release(&line);
	}
	return error_set(err, ERR_HELD, "%s: by its header it is not for %s",
		it->script->path, a->s->env);
}

static bool is_mail_of(struct session *s, const char *mail)
{
	struct buf line = BUF_INIT;
	const char *open, *close;
	bool same = false;

	if (!repo_identity(s->repo, "AUTHOR", &line, NULL)) {
		close = strrchr(line.ptr, '>');
		open = close ? strchr(line.ptr, '<') : NULL;
		if (open && open < close) {
			buf_setlen(&line, (size_t)(close - line.ptr));
			same = approvals_is_author(mail, open + 1);
		}
	}
	buf_release(&line);
	return same ||
	       approvals_is_author(mail, repo_config(s->repo, "user.email"));
}

static enum err check_author(
	struct approval *a, const struct item *it, struct error *err)
{
	const char *key = signer_key(a->signer)->fingerprint;
	struct buf author = BUF_INIT;
	enum err rc = ERR_OK;

	if (approvals_author(a->s, it->script->path, &author) &&
		(is_mail_of(a->s, author.ptr) ||
			approvals_is_author(
				author.ptr, session_signer_name(a->s, key)))) {
		error_hint(err,
			"somebody else with the role 'approve' in %s "
			"has to approve it; see who may:\n"
			"  git strack trust list",
			a->s->env);
		rc = error_set(err, ERR_HELD,
			"%s: its last change is your own (%s), and nobody "
			"approves what they wrote",
			it->script->path, author.ptr);
	}
	buf_release(&author);
	return rc;
}

/* Settled on these bytes, or approved by this key. */
static enum err find_already(
	struct approval *a, struct item *it, struct error *err)
{
	const char *path = it->script->path;
	const struct approvals_ask ask = { path, it->blob, a->s->env, true };
	const struct state_row *r = ledger_row(a->s->ledger, path, a->s->env);
	bool has = false;
	enum err rc;

	it->already = NULL;
	if (r && state_settled(r->state) && r->blob &&
		!strcmp(r->blob, it->blob) && !a->o->again) {
		it->already = state_name(r->state);
		return ERR_OK;
	}
	rc = approvals_has(
		a->s, &ask, signer_key(a->signer)->fingerprint, &has, err);
	if (!rc && has)
		it->already = "approved by this key";
	return rc;
}

static enum err add_item(
	struct approval *a, const struct script *script, struct error *err)
{
	struct item *it;
	enum err rc;

	for (size_t i = 0; i < a->n; i++) {
		if (a->v[i].script == script)
			return ERR_OK; /* named twice */
	}
	ARRAY_GROW(a->v, a->n + 1, a->cap);
	it = &a->v[a->n++];
	*it = (struct item){ .script = script, .bytes = BUF_INIT };
	header_init(&it->header);
	rc = read_item(a, it, err);
	if (!rc)
		rc = check_header(a, it, err);
	if (rc || a->o->show)
		return rc;
	rc = find_already(a, it, err);
	if (!rc && !it->already)
		rc = check_author(a, it, err);
	return rc;
}

/* ---- showing ---- */

static void put_item(struct session *s, const struct item *it)
{
	struct buf size = BUF_INIT;

	size_format(&size, (int64_t)it->bytes.len);
	out_printf(&s->out, "    blob ");
	out_styled(&s->out, STYLE_ID, "%.12s", it->blob);
	out_printf(&s->out, ", %s, of commit ", size.ptr);
	out_styled(&s->out, STYLE_ID, "%.12s", it->commit);
	out_printf(&s->out, "\n");
	if (it->header.description) {
		out_printf(&s->out, "    ");
		out_text(&s->out, it->header.description);
		out_printf(&s->out, "\n");
	}
	buf_release(&size);
}

static void show_bytes(struct session *s, const struct item *it)
{
	const struct buf *b = &it->bytes;

	out_text_styled(&s->out, STYLE_BOLD, it->script->path);
	out_printf(&s->out, "\n");
	put_item(s, it);
	out_printf(&s->out, "\n");
	out_block(&s->out, b->ptr, b->len);
	if (b->len && b->ptr[b->len - 1] != '\n')
		out_printf(&s->out, "\n");
}

/* How many persons have approved it now, whoever runs it. */
static void say_count(struct session *s, const struct item *it)
{
	const struct approvals_ask ask = { it->script->path, it->blob, s->env,
		true };
	struct buf note = BUF_INIT;
	int64_t n, want = settings_approvals(&s->settings, s->env);

	if (want && !approvals_count(s, &ask, &n, &note, NULL)) {
		out_printf(&s->out, "    %lld of %lld approvals", (long long)n,
			(long long)want);
		if (note.len && n < want) {
			out_printf(&s->out, " (");
			out_text(&s->out, note.ptr);
			out_printf(&s->out, ")");
		}
		out_printf(&s->out, "\n");
	}
	buf_release(&note);
}

/* ---- signing ---- */

static enum err record(struct approval *a, struct item *it, struct error *err)
{
	struct session *s = a->s;
	const char *path = it->script->path;
	struct buf where = BUF_INIT;
	struct entry e = ENTRY_INIT;
	enum err rc = ERR_OK;

	buf_printf(&where, "for %s", s->env);
	if (it->already) {
		buf_addf(&where, " (%s)", it->already);
		decide_say(s, STYLE_DIM, "already", path, where.ptr);
		goto out;
	}
	entry_set_kind(&e, KIND_APPROVE);
	entry_set(&e, KEY_BLOB, it->blob);
	entry_set(&e, KEY_COMMIT, it->commit);
	run_set_masked(s, &e, KEY_REASON, a->o->note);
	rc = decide_record(
		s, &e, path, ledger_row(s->ledger, path, s->env), NULL, err);
	if (rc)
		goto out;
	decide_say(s, STYLE_GOOD, "approved", path, where.ptr);
	put_item(s, it);
	say_count(s, it);
out:
	entry_release(&e);
	buf_release(&where);
	return rc;
}

static enum err check_signer(struct approval *a, struct error *err)
{
	enum err rc = session_person_signer(a->s, &a->signer, err);

	return rc ? rc
		  : ledger_may_sign(a->s->ledger, a->signer, ROLE_APPROVE,
			    a->s->env, err);
}

/* Nobody knows who will run it, but this much can be told. */
static void note_own_key(struct approval *a)
{
	const struct signer *clone;

	if (session_clone_signer(a->s, &clone, NULL) ||
		strcmp(signer_key(clone)->fingerprint,
			signer_key(a->signer)->fingerprint) != 0)
		return;
	out_printf(&a->s->msg,
		"note: this key signs the runs of this clone, too, and they "
		"don't count its approvals\n");
}

/* ---- the whole ---- */

static enum err check_usage(const struct approve_opts *o,
	const struct cmd_args *a, struct error *err)
{
	if (!a->args->n)
		return error_set(err, ERR_USAGE, "approve: which script?");
	return o->note ? decide_reason("approve", o->note, err) : ERR_OK;
}

static enum err open_all(struct approval *a, struct error *err)
{
	enum err rc = session_open(a->s, a->o->env, err);

	if (!rc && !repo_work_tree(a->s->repo)) {
		error_hint(err, "approve in a clone that has a work tree");
		rc = error_set(err, ERR_FATAL,
			"this is a bare repository: it has no files that could "
			"be approved");
	}
	if (!rc)
		rc = check_environment(a, err);
	if (!rc && !a->o->show)
		rc = session_ledger_for_writing(a->s, false, err);
	if (!rc && !a->o->show)
		rc = check_signer(a, err);
	if (!rc)
		rc = script_discover(
			a->s->repo, &a->s->settings, &a->scripts, err);
	return rc;
}

static enum err run(struct session *s, const void *opts,
	const struct cmd_args *args, struct error *err)
{
	struct approval a = { .s = s, .o = opts, .words = args->args };
	enum err rc = check_usage(a.o, args, err);

	if (!rc)
		rc = open_all(&a, err);
	for (size_t i = 0; !rc && i < a.words->n; i++) {
		const struct script *script;

		rc = script_match(
			s->repo, &a.scripts, a.words->v[i], &script, err);
		if (!rc)
			rc = add_item(&a, script, err);
	}
	for (size_t i = 0; !rc && i < a.n; i++) {
		if (a.o->show)
			show_bytes(s, &a.v[i]);
		else
			rc = record(&a, &a.v[i], err);
	}
	if (!rc && !a.o->show)
		note_own_key(&a);
	release(&a);
	return rc;
}

const struct command cmd_approve = {
	.name = "approve",
	.usage = "approve [--env <env>] [-m <note>] [--again] <script>...\n"
		 "approve [--env <env>] --show <script>...",
	.summary = "Sign the bytes of scripts off for an environment",
	.opts = options,
	.opts_size = sizeof(struct approve_opts),
	.run = run,
};
