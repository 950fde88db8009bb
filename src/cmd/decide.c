/* Shared by mark, reset and resolve; see the header. */
#include "strack/decide.h"

#include <stdlib.h>
#include <string.h>

#include "strack/strmap.h"
#include "strack/text.h"

#define REASON_MAX 4096

/* Scripts that only the ledger knows join those of the work tree, so that
 * both are found in the same way. */
static void add_ledger_scripts(struct session *s, struct scriptvec *l)
{
	const struct rowvec *rows = s->ledger ? ledger_rows(s->ledger) : NULL;
	struct strmap have = STRMAP_INIT;

	for (size_t i = 0; i < l->n; i++)
		strmap_put(&have, l->v[i]->path, l);
	for (size_t i = 0; rows && i < rows->n; i++) {
		if (strmap_has(&have, rows->v[i].script))
			continue;
		strmap_put(&have, rows->v[i].script, l);
		scriptvec_add(l, rows->v[i].script);
	}
	strmap_release(&have, NULL);
}

enum err decide_known(struct session *s, struct scriptvec *ret, size_t *here,
	struct error *err)
{
	enum err rc = script_discover(s->repo, &s->settings, ret, err);

	if (rc)
		return rc;
	*here = ret->n;
	add_ledger_scripts(s, ret);
	return ERR_OK;
}

enum err decide_scripts(struct session *s, const struct strvec *words,
	struct strvec *paths, struct error *err)
{
	struct scriptvec all = SCRIPTVEC_INIT;
	size_t here;
	enum err rc = decide_known(s, &all, &here, err);

	for (size_t i = 0; !rc && i < words->n; i++) {
		const struct script *sc = NULL;

		rc = script_match(s->repo, &all, words->v[i], &sc, err);
		if (!rc && !strvec_has(paths, sc->path))
			strvec_push(paths, sc->path);
	}
	scriptvec_release(&all);
	return rc;
}

enum err decide_reason(
	const char *command, const char *reason, struct error *err)
{
	if (!reason || strspn(reason, " \t\n\r") == strlen(reason)) {
		error_hint(err, "say why: git strack %s -m <why> ...", command);
		return error_set(
			err, ERR_USAGE, "%s: a reason is needed", command);
	}
	if (strlen(reason) > REASON_MAX)
		return error_set(err, ERR_USAGE,
			"%s: the reason is longer than %d bytes", command,
			REASON_MAX);
	return ERR_OK;
}

enum err decide_signer_of(struct session *s, const char *script,
	const char *entry_id, struct buf *ret, struct error *err)
{
	struct ledger_entryvec list = LEDGER_ENTRYVEC_INIT;
	enum err rc = ledger_list(s->ledger, script, &list, err);
	bool found = false;

	for (size_t i = 0; !rc && !found && i < list.n; i++) {
		struct ledger_entry *le = &list.v[i];

		if (strncmp(le->name.id, entry_id, 16) != 0)
			continue;
		rc = ledger_load(s->ledger, le, err);
		if (!rc && le->e) {
			buf_set(ret, entry_get(le->e, KEY_SIGNER));
			found = true;
		}
	}
	if (!rc && !found)
		rc = error_set(err, ERR_NOTFOUND,
			"the ledger has no entry %.16s about %s", entry_id,
			script);
	ledger_entryvec_release(&list);
	return rc;
}

/* The person's key where it may; else the clone's, for its own entries. */
static enum err pick_signer(struct session *s, const struct entry *e,
	const char *over, const struct signer **ret, unsigned *role,
	struct error *err)
{
	const struct signer *person, *clone;
	const struct trust *trust;
	const char *env = entry_get(e, KEY_ENVIRONMENT);
	enum err rc;

	rc = session_person_signer(s, &person, err);
	if (!rc)
		rc = ledger_trust(s->ledger, &trust, err);
	if (rc)
		return rc;
	*ret = person;
	*role = kind_info(e->kind)->role;
	if (!over || !strcmp(over, signer_key(person)->fingerprint))
		return ERR_OK;
	*role = ROLE_APPROVE;
	if (!trust_refuses_now(trust, signer_key(person)->fingerprint,
		    ROLE_APPROVE, env) ||
		session_clone_signer(s, &clone, NULL) ||
		strcmp(over, signer_key(clone)->fingerprint) != 0)
		return ERR_OK;
	*ret = clone;
	*role = kind_info(e->kind)->role;
	return ERR_OK;
}

struct expected {
	const char *script;
	const char *env;
	enum state state;
	char *entry; /* id that made the state, or NULL */
	char *claim;
};

static bool same(const char *a, const char *b)
{
	return (!a && !b) || (a && b && !strcmp(a, b));
}

static enum err still_so(struct ledger *l, void *arg, struct error *err)
{
	const struct expected *x = arg;
	const struct state_row *now = ledger_row(l, x->script, x->env);

	/* the entry that retires leaves those ids as they are */
	if (x->state == (now ? now->state : STATE_PENDING) &&
		same(x->entry, now ? now->entry : NULL) &&
		same(x->claim, now ? now->claim : NULL))
		return ERR_OK;
	error_hint(err, "look again:\n  git strack status");
	return error_set(err, ERR_HELD,
		"%s: its state changed meanwhile (now %s)", x->script,
		now ? state_name(now->state) : "pending");
}

enum err decide_record(struct session *s, struct entry *e, const char *script,
	const struct state_row *row, const char *over, struct error *err)
{
	struct expected x = { .script = script,
		.state = row ? row->state : STATE_PENDING };
	struct ledger_write w = { .e = e, .decide = still_so, .arg = &x };
	enum err rc;

	if (row && row->entry)
		x.entry = xstrdup(row->entry);
	if (row && row->claim)
		x.claim = xstrdup(row->claim);
	entry_set(e, KEY_SCRIPT, script);
	session_stamp(s, e);
	x.env = entry_get(e, KEY_ENVIRONMENT);
	rc = pick_signer(s, e, over, &w.signer, &w.role, err);
	if (!rc)
		rc = ledger_append(s->ledger, &w, err);
	free(x.entry);
	free(x.claim);
	return rc;
}

enum err decide_may(
	struct session *s, enum kind kind, const char *env, struct error *err)
{
	const struct signer *person;
	enum err rc = session_person_signer(s, &person, err);

	if (!rc)
		rc = ledger_may_sign(
			s->ledger, person, kind_info(kind)->role, env, err);
	if (rc)
		error_prefix(err, "%s", env);
	return rc;
}

void decide_hint(const struct session *s, const char *command,
	const char *script, struct error *err)
{
	bool local = !strcmp(s->env, ENV_LOCAL);
	struct buf word = BUF_INIT;

	shell_word(&word, script);
	error_hint(err, "  git strack %s%s%s %s", command,
		local ? "" : " --env ", local ? "" : s->env, word.ptr);
	buf_release(&word);
}

void decide_say(struct session *s, enum style style, const char *word,
	const char *script, const char *detail)
{
	out_styled(&s->out, style, "%s", word);
	out_printf(&s->out, "  ");
	out_text(&s->out, script);
	if (detail) {
		out_printf(&s->out, "  ");
		out_text_styled(&s->out, STYLE_DIM, detail);
	}
	out_printf(&s->out, "\n");
}
