/* git strack trust: who may sign what. The words are trustwords.c. */
#include <stdlib.h>
#include <string.h>

#include "strack/cmd.h"
#include "trustwords.h"

static const struct opt options[] = {
	{ 0, "principal", OPT_STRING, offsetof(struct trust_opts, principal),
		"<name>", "add: whose key it is" },
	{ 0, "roles", OPT_STRING, offsetof(struct trust_opts, roles), "<roles>",
		"add: run, approve, root (default run)" },
	{ 0, "environments", OPT_STRING,
		offsetof(struct trust_opts, environments), "<envs>",
		"add: only in these (default all)" },
	{ 0, "after", OPT_STRING, offsetof(struct trust_opts, after),
		"<commit>", "revoke: last ledger commit that still counts" },
	{ 'm', "message", OPT_STRING, offsetof(struct trust_opts, reason),
		"<why>", "the reason, kept on the ledger" },
	{ 0, NULL, OPT_END, 0, NULL, NULL },
};

static const struct word {
	const char *name;
	size_t args;
	bool or_none;     /* may come without them, too */
	const char *what; /* it wants, or NULL */
	bool writes;
	trust_word_fn *run;
} words[] = {
	{ "list", 0, false, NULL, false, trust_word_list },
	{ "requests", 0, false, NULL, false, trust_word_requests },
	{ "add", 1, false, "a public key or its file", true, trust_word_add },
	{ "rotate", 2, true,
		"a fingerprint or principal and a public key or its file, or "
		"nothing for the key of this clone",
		true, trust_word_rotate },
	{ "revoke", 1, false, "a fingerprint or principal", true,
		trust_word_revoke },
	{ "disown", 1, false, "an entry or a ledger commit", true,
		trust_word_disown },
	{ "export", 0, false, NULL, false, trust_word_export },
};

/* Only who can mend what is not sound may take it. */
static bool is_root(struct session *s)
{
	const struct signer *person;

	return !session_person_signer(s, &person, NULL) &&
	       !ledger_may_sign(s->ledger, person, ROLE_ROOT, NULL, NULL);
}

static enum err run(struct session *s, const void *opts,
	const struct cmd_args *a, struct error *err)
{
	static char *const none[] = { NULL };
	const char *name = a->args->n ? a->args->v[0] : "list";
	const struct word *w = NULL;
	size_t given;
	enum err rc;

	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		if (!strcmp(words[i].name, name))
			w = &words[i];
	}
	if (!w)
		return error_set(err, ERR_USAGE,
			"trust: list, requests, add, rotate, revoke, disown "
			"or export, not '%s'",
			name);
	given = a->args->n ? a->args->n - 1 : 0;
	if (given != w->args && !(w->or_none && !given))
		return error_set(err, ERR_USAGE, "trust %s takes %s", w->name,
			w->what ? w->what : "no arguments");
	rc = session_open(s, NULL, err);
	/* These mend a ledger, so they must work on one that is not sound. */
	if (!rc && w->writes)
		rc = session_prepare_state(s, err);
	if (!rc)
		rc = session_ledger(s, err);
	if (!rc && w->writes) {
		s->wrote = true;
		rc = session_exchange(
			s, w->run == trust_word_disown && is_root(s), err);
	}
	if (!rc)
		rc = w->run(s, opts, given ? a->args->v + 1 : none, err);
	return rc;
}

const struct command cmd_trust = {
	.name = "trust",
	.usage = "trust [list]\n"
		 "trust requests\n"
		 "trust add <public key or file> --principal <name> "
		 "[--roles <roles>] [--environments <envs>]\n"
		 "trust rotate [<fingerprint or principal> <new public key or "
		 "file>] [-m <why>]\n"
		 "trust revoke <fingerprint or principal> "
		 "[--after <ledger commit>] [-m <why>]\n"
		 "trust disown <entry or commit> -m <why>\n"
		 "trust export",
	.summary = "Who may sign what on the ledger",
	.opts = options,
	.opts_size = sizeof(struct trust_opts),
	.run = run,
};
