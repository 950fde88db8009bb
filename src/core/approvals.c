/*
 * Counts the approvals that a run may go by.  Nothing here is written, and
 * what an approval is worth for a claim that was made is judgeapprovals.c's.
 */
#include "strack/approvals.h"

#include <stdlib.h>
#include <string.h>

#include "approvers.h"
#include "strack/refs.h"

bool approvals_author(struct session *s, const char *script, struct buf *ret)
{
	struct commit c = COMMIT_INIT;
	struct buf name = BUF_INIT;
	struct oid head, id;
	int64_t when;
	bool ok;

	ok = !repo_head(s->repo, &head, NULL) &&
	     !history_last_change(s->repo, &head, script, &id, NULL) &&
	     !commit_read_any(s->repo, &id, &c, NULL) &&
	     commit_author(&c, &name, ret, &when) && ret->len;
	commit_release(&c);
	buf_release(&name);
	return ok;
}

bool approvals_is_author(const char *author, const char *name)
{
	return name && approvers_same_name(author, name);
}

/* ---- the approvals that there are ---- */

struct approvals {
	struct session *s;
	const struct approvals_ask *ask;
	const struct trust *trust;
	struct ledger_entryvec list;
};

static void release(struct approvals *a)
{
	ledger_entryvec_release(&a->list);
}

static enum err open_approvals(struct approvals *a, struct session *s,
	const struct approvals_ask *ask, struct error *err)
{
	enum err rc;

	*a = (struct approvals){ .s = s, .ask = ask };
	if (!s->ledger)
		return ERR_OK; /* nobody has said anything yet */
	rc = ledger_trust(s->ledger, &a->trust, err);
	return rc ? rc : ledger_list(s->ledger, ask->script, &a->list, err);
}

/* Reads entry `i`: an approval of the script for the environment, of whatever
 * bytes, that the ledger's judges let count.  NULL: it is none. */
static const struct entry *approval(struct approvals *a, size_t i)
{
	struct ledger_entry *le = &a->list.v[i];

	if (le->name.kind != KIND_APPROVE ||
		strcmp(le->name.env, a->ask->env) != 0)
		return NULL;
	if (ledger_load(a->s->ledger, le, NULL) || !le->e || le->problem ||
		le->disowned ||
		strcmp(entry_get(le->e, KEY_SCRIPT), a->ask->script) != 0)
		return NULL;
	return le->e;
}

static bool is_of_these_bytes(const struct approvals *a, const struct entry *e)
{
	return !strcmp(entry_get(e, KEY_BLOB), a->ask->blob);
}

/* ---- whose don't count ---- */

static void add_note(
	struct buf *note, const char *lead, const char *who, const char *why)
{
	buf_addf(note, "%s%s%s %s", note->len ? "; " : "", lead, who, why);
}

static const char *name_of(const struct approvals *a, const struct entry *e)
{
	const char *signer = entry_get(e, KEY_SIGNER);
	const char *name = trust_principal(a->trust, signer);

	return name ? name : signer;
}

/* The clone's key, which would sign the run, and the person's at it. */
static void bar_runner(const struct approvals *a, struct approvers *who)
{
	const struct signer *key;

	if (a->ask->any_runner)
		return;
	if (!session_clone_signer(a->s, &key, NULL))
		approvers_bar(who, signer_key(key)->fingerprint);
	if (!session_person_signer(a->s, &key, NULL))
		approvers_bar(who, signer_key(key)->fingerprint);
}

/* Why an approval of the right bytes does not count, or NULL.  `author` is
 * asked for when it first matters, for that may take a while. */
static const char *refused(const struct approvals *a, const struct entry *e,
	const struct approvers *who, struct buf *author, bool *asked)
{
	const char *signer = entry_get(e, KEY_SIGNER);

	if (trust_refuses_now(a->trust, signer, ROLE_APPROVE, a->ask->env))
		return "may no longer approve";
	if (approvers_barred(who, signer))
		return "would be the one who runs it";
	if (!*asked && !approvals_author(a->s, a->ask->script, author))
		buf_reset(author);
	*asked = true;
	if (author->len && (approvals_is_author(author->ptr,
				    trust_principal(a->trust, signer)) ||
				   approvals_is_author(author->ptr,
					   entry_get(e, KEY_USER))))
		return "is the author of its last change";
	return NULL;
}

static bool same_signer(const struct entry *a, const struct entry *b)
{
	return !strcmp(entry_get(a, KEY_SIGNER), entry_get(b, KEY_SIGNER));
}

enum err approvals_count(struct session *s, const struct approvals_ask *ask,
	int64_t *ret, struct buf *note, struct error *err)
{
	struct approvals a;
	struct approvers who;
	struct buf author = BUF_INIT;
	const struct entry *other = NULL;
	bool asked = false;
	enum err rc = open_approvals(&a, s, ask, err);

	who = (struct approvers)APPROVERS_INIT(a.trust);
	if (!rc && a.trust)
		bar_runner(&a, &who);
	for (size_t i = 0; !rc && i < a.list.n; i++) {
		const struct entry *e = approval(&a, i);
		const char *why;

		if (!e)
			continue;
		if (!is_of_these_bytes(&a, e)) {
			other = e; /* the last one tells most */
			continue;
		}
		if (other && same_signer(e, other))
			other = NULL;
		why = refused(&a, e, &who, &author, &asked);
		if (why)
			add_note(note, "", name_of(&a, e), why);
		else
			approvers_take(&who, entry_get(e, KEY_SIGNER));
	}
	if (!rc && other)
		add_note(
			note, "changed since ", name_of(&a, other), "approved");
	if (!rc)
		*ret = (int64_t)who.counted.n;
	approvers_release(&who);
	buf_release(&author);
	release(&a);
	return rc;
}

enum err approvals_has(struct session *s, const struct approvals_ask *ask,
	const char *fingerprint, bool *ret, struct error *err)
{
	struct approvals a;
	bool found = false;
	enum err rc = open_approvals(&a, s, ask, err);

	for (size_t i = 0; !rc && !found && i < a.list.n; i++) {
		const struct entry *e = approval(&a, i);

		found = e && is_of_these_bytes(&a, e) &&
			!strcmp(entry_get(e, KEY_SIGNER), fingerprint);
	}
	if (!rc)
		*ret = found;
	release(&a);
	return rc;
}
