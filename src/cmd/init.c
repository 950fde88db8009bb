/*
 * git strack init: ledger, key, what the team's file says of the ledger, and
 * the hooks.
 * Safe to repeat.
 */
#include <stdlib.h>
#include <string.h>

#include "hookwords.h"
#include "strack/cmd.h"
#include "strack/refs.h"
#include "strack/remote.h"
#include "strack/run.h"

struct init_opts {
	const char *remote;
	bool no_remote, no_hooks;
};

static const struct opt options[] = {
	{ 0, "remote", OPT_STRING, offsetof(struct init_opts, remote), "<name>",
		"the remote that every clone brings its entries to" },
	{ 0, "no-remote", OPT_FLAG, offsetof(struct init_opts, no_remote), NULL,
		"the ledger is this clone's alone" },
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

/* ---- the remote ---- */

/* The one to found a ledger on: the one that is named, the only one, or
 * "origin"; NULL: this clone's alone. */
static enum err choose_remote(struct session *s, const struct init_opts *o,
	char **ret, struct error *err)
{
	struct strvec names = STRVEC_INIT;
	enum err rc = ERR_OK;

	*ret = NULL;
	if (o->remote)
		*ret = xstrdup(o->remote);
	if (o->remote || o->no_remote || session_is_alone(s))
		return ERR_OK;
	if (s->remote) {
		*ret = xstrdup(s->remote);
		return ERR_OK;
	}
	rc = repo_remotes(s->repo, &names, err);
	if (!rc && names.n == 1)
		*ret = xstrdup(names.v[0]);
	else if (!rc && strvec_has(&names, "origin"))
		*ret = xstrdup("origin");
	if (!rc && names.n && !*ret) {
		error_hint(err, "say which one the ledger goes to:");
		for (size_t i = 0; i < names.n; i++)
			error_hint(err, "  git strack init --remote %s",
				names.v[i]);
		error_hint(err, "or keep it here:\n"
				"  git strack init --no-remote");
		rc = error_set(err, ERR_HELD,
			"this repository has several remotes, and none has a "
			"ledger");
	}
	strvec_release(&names);
	return rc;
}

static enum err may_push(struct session *s, const char *name,
	const struct oid *what, struct error *err)
{
	struct remote *m = NULL;
	enum err rc = remote_open(s->repo, name, s->network_ms, &m, err);

	if (!rc)
		rc = remote_push(m, what, LEDGER_REF, true, err);
	remote_free(m);
	return rc;
}

/* Before anything is made: a ledger that can't get there would be another one
 * than the team's. */
static enum err may_found(
	struct session *s, const char *name, struct error *err)
{
	struct oid head;
	enum err rc;

	if (!name || repo_head(s->repo, &head, NULL))
		return ERR_OK;
	rc = may_push(s, name, &head, err);
	if (rc == ERR_HELD)
		error_hint(err,
			"found it where you may push, or keep it here, where "
			"no other clone sees it:\n"
			"  git strack init --no-remote");
	return rc;
}

/* It can be read; but will it take what happens here? */
static void warn_of_push(struct session *s)
{
	struct error why = ERROR_INIT;

	if (s->remote && ledger_met(s->ledger) &&
		may_push(s, s->remote, ledger_tip(s->ledger), &why)) {
		out_printf(&s->msg, "warning: ");
		out_text(&s->msg, why.text.ptr);
		out_printf(&s->msg,
			"\nwarning: nothing can be run from here in a shared "
			"environment until it does\n");
	}
	error_release(&why);
}

static enum err not_asked(struct error *err)
{
	error_prefix(err, "a remote can't be asked whether it has a ledger");
	error_hint(err, "a second ledger would split the team's history: try "
			"again when it can be reached, or say where the "
			"team's is, or that there is none:\n"
			"  git strack init --remote <name>\n"
			"  git strack init --no-remote");
	return ERR_HELD;
}

/* Somebody else was quicker to found one there: ours, which nobody has seen,
 * makes room. */
static enum err give_way(struct session *s, struct error *err)
{
	struct oid tip = *ledger_tip(s->ledger), seen;
	enum err rc;

	ledger_free(s->ledger); /* it is not to be remembered */
	s->ledger = NULL;
	rc = ref_delete(s->repo, LEDGER_REF, &tip, err);
	if (!rc && !ref_read(s->repo, LEDGER_SEEN_REF, &seen, NULL))
		rc = ref_delete(s->repo, LEDGER_SEEN_REF, &seen, err);
	if (!rc)
		rc = repo_config_set(s->repo, LEDGER_ROOT_CONFIG, NULL, err);
	return rc ? rc : session_ledger(s, err);
}

/* Takes it for the ledger's, and brings both to one tip. */
static enum err share(
	struct session *s, const char *name, bool founded, struct error *err)
{
	struct ledger_exchange x = { 0, 0, false };
	struct error why = ERROR_INIT;
	char *there = NULL, *before = s->remote ? xstrdup(s->remote) : NULL;
	enum err rc = session_use_remote(s, name, err);

	if (!rc && before && (!name || strcmp(before, name) != 0))
		out_printf(&s->msg,
			"warning: the other clones stay at '%s' until each of "
			"them is told, too: nothing that is claimed there keeps "
			"this clone from running it\n",
			before);
	free(before);

	if (rc || !name)
		return rc;
	rc = ledger_exchange(s->ledger, false, &x, &why);
	if (rc == ERR_FATAL && founded &&
		!session_ask_remotes(s, &there, NULL) && there) {
		error_reset(&why);
		rc = give_way(s, &why);
	}
	if (rc)
		error_swap(&why, err);
	error_release(&why);
	free(there);
	return rc;
}

/* ---- keys ---- */

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

/* A ledger with one root is lost with its key. */
static void offer_second_root(struct session *s)
{
	out_printf(&s->out,
		"\nWhoever holds the root key admits the others. Let a second "
		"person hold one, too:\n\n  git strack trust add <public key> "
		"--principal <name> --roles root\n\n");
}

static enum err found(struct session *s, const struct init_opts *o,
	bool *founded, struct error *err)
{
	char *name = NULL;
	enum err rc;

	error_reset(err);
	if (!o->no_remote && s->unasked) {
		error_set(err, ERR_HELD, "%s", s->unasked);
		return not_asked(err);
	}
	rc = choose_remote(s, o, &name, err);
	if (!rc)
		rc = may_found(s, name, err);
	/* by itself: somebody may be quicker there */
	free(s->remote);
	s->remote = NULL;
	if (!rc)
		rc = session_found_ledger(s, err);
	*founded = !rc;
	if (!rc && (name || o->no_remote))
		rc = share(s, name, true, err);
	free(name);
	return rc;
}

/* The ledger is here, or came just now. */
static enum err join(
	struct session *s, const struct init_opts *o, struct error *err)
{
	enum err rc = session_make_key(s, err);

	/* Nothing is written to one that has problems, but init tells how this
	 * clone stands all the same. */
	if (rc || ledger_require_sound(s->ledger, NULL))
		return rc;
	rc = ledger_recover(s->ledger, err);
	if (rc)
		return rc;
	rc = o->remote || o->no_remote ? share(s, o->remote, false, err)
				       : session_exchange(s, false, err);
	if (!rc)
		warn_of_push(s);
	return rc;
}

static enum err open_ledger(struct session *s, const struct init_opts *o,
	bool *founded, struct error *err)
{
	struct remote *m = NULL;
	enum err rc;

	s->no_arrival = o->no_remote;
	s->quiet = true;
	if (o->remote) { /* before anything is asked there */
		rc = remote_open(s->repo, o->remote, s->network_ms, &m, err);
		remote_free(m);
		if (!rc && !s->remote)
			rc = session_use_remote(s, o->remote, err);
		if (rc)
			return rc;
	}
	rc = session_ledger(s, err);
	if (rc == ERR_NOTFOUND)
		return found(s, o, founded, err);
	return rc ? rc : join(s, o, err);
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
	if (o->remote && o->no_remote)
		return error_set(err, ERR_USAGE,
			"init: --remote and --no-remote exclude each other");
	rc = session_open(s, NULL, err);
	if (!rc)
		rc = session_prepare_state(s, err);
	if (!rc) /* of one that was cut short */
		rc = litter_remove(s, false, &litter, err);
	if (!rc)
		rc = open_ledger(s, o, &founded, err);
	if (rc)
		return rc;
	s->wrote = true;
	say(s, founded ? "founded" : "ledger", ledger_id(s->ledger));
	say(s, "branch", LEDGER_BRANCH);
	if (s->remote)
		say(s, "remote", s->remote);
	rc = admit_or_tell(s, err);
	if (!rc)
		rc = write_ini(s, err);
	/* Last, and no failure of init: the ledger does without them. */
	if (!rc && !o->no_hooks)
		hooks_for_init(s);
	if (!rc && founded)
		offer_second_root(s);
	return rc;
}

const struct command cmd_init = {
	.name = "init",
	.usage = "init [--remote <name> | --no-remote] [--no-hooks]",
	.summary = "Make the ledger and this clone's key; safe to repeat",
	.opts = options,
	.opts_size = sizeof(struct init_opts),
	.run = run,
};
