/*
 * git strack init: ledger, key, what the team's file says of the ledger, and
 * the hooks.
 * Safe to repeat.
 */
#include <stdlib.h>
#include <string.h>

#include "hookwords.h"
#include "strack/cmd.h"
#include "strack/process.h"
#include "strack/run.h"

#define REMOTE_TIMEOUT_MS 30000

struct init_opts {
	bool no_hooks;
};

static const struct opt options[] = {
	{ 0, "no-hooks", OPT_FLAG, offsetof(struct init_opts, no_hooks), NULL,
		"install no hooks that remind of scripts" },
	{ 0, NULL, OPT_END, 0, NULL, NULL },
};

static void say(struct session *s, const char *what, const char *value)
{
	out_printf(&s->out, "%-12s", what);
	out_text(&s->out, value);
	out_printf(&s->out, "\n");
}

/* Does the remote have a ledger?  Nothing may be asked of a person here. */
static enum err ask_remote(const char *remote, bool *has, struct error *err)
{
	const char *argv[] = { "git", "ls-remote", "--exit-code", "--", remote,
		LEDGER_REF, NULL };
	const char *env[] = { "GIT_TERMINAL_PROMPT=0", NULL };
	struct process_opts o = {
		.argv = argv, .env = env, .timeout_ms = REMOTE_TIMEOUT_MS
	};
	struct process_result r = PROCESS_RESULT_INIT;
	enum err rc = process_run(&o, &r, err);

	if (!rc && r.exit != 0 && r.exit != 2) {
		buf_trim_end(&r.err);
		rc = error_set(err, ERR_HELD, "%s", r.err.ptr);
	}
	*has = r.exit == 0;
	process_result_release(&r);
	if (rc) {
		error_prefix(err,
			"the remote '%s' can't be asked whether it "
			"has a ledger",
			remote);
		error_hint(err,
			"a second ledger would split the team's "
			"history: try again when it can be reached, or\n"
			"  git remote remove %s",
			remote);
		return ERR_HELD;
	}
	return ERR_OK;
}

static enum err ask_remotes(struct session *s, struct error *err)
{
	struct strvec remotes = STRVEC_INIT;
	enum err rc = repo_remotes(s->repo, &remotes, err);
	bool has = false;

	for (size_t i = 0; !rc && i < remotes.n; i++) {
		rc = ask_remote(remotes.v[i], &has, err);
		if (rc || !has)
			continue;
		error_hint(err,
			"use it:\n"
			"  git fetch %s %s:%s\n  git strack init",
			remotes.v[i], LEDGER_BRANCH, LEDGER_BRANCH);
		rc = error_set(err, ERR_HELD,
			"the remote '%s' has a ledger already", remotes.v[i]);
	}
	strvec_release(&remotes);
	return rc;
}

/* Whoever holds a root key admits this clone at once; everybody else gets
 * the line that a root must type. */
static enum err admit_or_tell(struct session *s, struct error *err)
{
	const struct signer *clone, *person;
	const struct trust *trust;
	struct entry e = ENTRY_INIT;
	struct ledger_write w = { .e = &e };
	const char *fp;
	char *name = xstrfmt("%s@%s", s->user, s->host);
	enum err rc = session_clone_signer(s, &clone, err);

	if (!rc)
		rc = session_person_signer(s, &person, err);
	if (!rc)
		rc = ledger_trust(s->ledger, &trust, err);
	if (rc)
		goto out;
	fp = signer_key(clone)->fingerprint;
	if (!trust_refuses_now(trust, fp, ROLE_RUN, NULL)) {
		say(s, "key", fp);
	} else if (!trust_refuses_now(trust, signer_key(person)->fingerprint,
			   ROLE_ROOT, NULL)) {
		entry_set_kind(&e, KIND_TRUST_ADD);
		entry_set(&e, KEY_KEY, signer_key(clone)->line);
		entry_set(&e, KEY_PRINCIPAL, name);
		entry_set(&e, KEY_ROLES, "run");
		session_stamp(s, &e);
		w.signer = person;
		rc = ledger_append(s->ledger, &w, err);
		if (!rc)
			say(s, "admitted", fp);
	} else {
		say(s, "key", fp);
		out_printf(&s->out,
			"\nThis clone's key is not admitted yet. Whoever holds "
			"a root key types:\n\n  git strack trust add '%s' "
			"--principal %s --roles run\n\n",
			signer_key(clone)->line, name);
	}
out:
	entry_release(&e);
	free(name);
	return rc;
}

static enum err write_ini(struct session *s, struct error *err)
{
	const struct trust *trust;
	struct ledger_entryvec list = LEDGER_ENTRYVEC_INIT;
	enum err rc;

	if (!repo_work_tree(s->repo) || s->settings.ledger_id)
		return ERR_OK;
	rc = ledger_trust(s->ledger, &trust, err);
	if (!rc)
		rc = ledger_list(s->ledger, LEDGER_TRUST_DIR, &list, err);
	if (!rc && list.n)
		rc = ledger_load(s->ledger, &list.v[0], err);
	if (!rc && list.n && list.v[0].e) {
		rc = settings_write_ledger(s->repo, ledger_id(s->ledger),
			entry_get(list.v[0].e, KEY_SIGNER), err);
		if (!rc)
			say(s, "written",
				SETTINGS_FILE
				" (commit it, so that every clone knows this "
				"ledger)");
	}
	ledger_entryvec_release(&list);
	return rc;
}

static enum err run(struct session *s, const void *opts,
	const struct cmd_args *a, struct error *err)
{
	const struct init_opts *o = opts;
	struct litter litter = { 0, 0 };
	bool founded = false;
	enum err rc;

	if (a->args->n)
		return error_set(err, ERR_USAGE, "init takes no arguments");
	rc = session_open(s, NULL, err);
	if (!rc)
		rc = session_prepare_state(s, err);
	if (!rc) /* of one that was cut short */
		rc = litter_remove(s, false, &litter, err);
	if (!rc)
		rc = session_ledger(s, err);
	if (rc == ERR_NOTFOUND) {
		error_reset(err);
		rc = ask_remotes(s, err);
		if (!rc)
			rc = session_found_ledger(s, err);
		founded = !rc;
	} else if (!rc) {
		rc = session_make_key(s, err);
		/* Nothing is written to one that has problems, but init tells
		 * how this clone stands all the same. */
		if (!rc && !ledger_require_sound(s->ledger, NULL))
			rc = ledger_recover(s->ledger, err);
	}
	if (rc)
		return rc;
	say(s, founded ? "founded" : "ledger", ledger_id(s->ledger));
	say(s, "branch", LEDGER_BRANCH);
	rc = admit_or_tell(s, err);
	if (!rc)
		rc = write_ini(s, err);
	/* Last, and no failure of init: the ledger does without them. */
	if (!rc && !o->no_hooks)
		hooks_for_init(s);
	return rc;
}

const struct command cmd_init = {
	.name = "init",
	.usage = "init [--no-hooks]",
	.summary = "Make the ledger and this clone's key; safe to repeat",
	.opts = options,
	.opts_size = sizeof(struct init_opts),
	.run = run,
};
