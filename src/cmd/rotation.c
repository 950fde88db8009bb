/*
 * A key goes, and another one takes its place: the new one is admitted to what
 * the old one may do, then the old one is revoked, so that at no instant
 * neither counts.
 */
#include "rotation.h"

#include <stdlib.h>
#include <string.h>

#include "strack/clock.h"
#include "strack/run.h"

void rotation_release(struct rotation *r)
{
	for (size_t i = 0; i < r->n; i++) {
		free(r->v[i].principal);
		buf_release(&r->v[i].environments);
	}
	free(r->v);
	free(r->old);
	pubkey_release(&r->new);
	*r = (struct rotation)ROTATION_INIT;
}

static void add_environments(struct buf *b, const struct trust_admission *a)
{
	for (size_t i = 0; i < a->environments.n; i++)
		buf_addf(b, "%s%s", i ? " " : "", a->environments.v[i]);
}

static bool has_this(
	const struct trust_key *k, const struct rotation_admission *want)
{
	struct buf envs = BUF_INIT;
	bool found = false;

	for (size_t i = 0; k && !found && i < k->n; i++) {
		const struct trust_admission *a = &k->v[i];

		buf_reset(&envs);
		add_environments(&envs, a);
		found = !a->closed && a->roles == want->roles &&
			!strcmp(a->principal, want->principal) &&
			!strcmp(envs.ptr, want->environments.ptr);
	}
	buf_release(&envs);
	return found;
}

/* Copies, because trust changes with each entry. */
static void plan_admissions(struct rotation *r, const struct trust *t)
{
	const struct trust_key *old = trust_find(t, r->old);
	const struct trust_key *new = trust_find(t, r->new.fingerprint);

	for (size_t i = 0; old && i < old->n; i++) {
		const struct trust_admission *a = &old->v[i];
		struct rotation_admission *p;

		if (a->closed)
			continue;
		ARRAY_GROW(r->v, r->n + 1, r->cap);
		p = &r->v[r->n];
		*p = (struct rotation_admission){ .roles = a->roles,
			.environments = BUF_INIT };
		p->principal = xstrdup(a->principal);
		add_environments(&p->environments, a);
		if (has_this(new, p)) { /* of a rotation that was cut short */
			free(p->principal);
			buf_release(&p->environments);
		} else {
			r->n++;
		}
	}
}

static bool is_root(const struct trust *t, const struct signer *key)
{
	return !trust_refuses_now(
		t, signer_key(key)->fingerprint, ROLE_ROOT, NULL);
}

enum err rotation_plan(struct rotation *r, struct error *err)
{
	const struct signer *ours[2] = { NULL, NULL };
	const struct trust *t;
	enum err rc = session_person_signer(r->s, &ours[0], err);

	if (!rc && session_clone_signer(r->s, &ours[1], NULL))
		ours[1] = NULL; /* a root needs no clone's key */
	if (!rc)
		rc = ledger_trust(r->s->ledger, &t, err);
	if (rc)
		return rc;
	plan_admissions(r, t);
	r->of_root = !trust_refuses_now(t, r->old, ROLE_ROOT, NULL);
	for (size_t i = 0; i < ARRAY_SIZE(ours); i++) {
		if (!ours[i] || !is_root(t, ours[i]))
			continue;
		if (!r->root)
			r->root = ours[i];
		if (!r->last &&
			strcmp(signer_key(ours[i])->fingerprint, r->old) != 0)
			r->last = ours[i];
	}
	return ERR_OK;
}

enum err rotation_refuse_open(const struct rotation *r, struct error *err)
{
	const struct rowvec *rows = ledger_rows(r->s->ledger);
	int64_t now = clock_now_ms();

	for (size_t i = 0; i < rows->n; i++) {
		const struct state_row *row = &rows->v[i];

		if (!row->open || !row->signer || strcmp(row->signer, r->old) ||
			session_state(r->s, row, now) != STATE_RUNNING)
			continue;
		error_hint(err,
			"wait until it has ended, or decide what became of "
			"it: git strack resolve");
		return error_set(err, ERR_HELD,
			"%s is running in %s, and its outcome would not count "
			"any more when the key that began it (%s) goes now",
			row->script, row->env, r->old);
	}
	return ERR_OK;
}

enum err rotation_no_root(const struct rotation *r, struct error *err)
{
	error_hint(err,
		"whoever holds a root key of this ledger types:\n"
		"  git strack trust rotate %s '%s'",
		r->old, r->new.line);
	return error_set(err, ERR_HELD,
		"only a root key may change trust, and there is none here");
}

static enum err record(
	struct rotation *r, struct ledger_write *w, struct error *err)
{
	enum err rc;

	run_set_masked(r->s, w->e, KEY_REASON, r->reason);
	session_stamp(r->s, w->e);
	rc = ledger_append(r->s->ledger, w, err);
	if (rc)
		error_prefix(err, "rotating %s", r->old);
	return rc;
}

static enum err admit(struct rotation *r, const struct rotation_admission *a,
	struct error *err)
{
	struct entry e = ENTRY_INIT;
	struct ledger_write w = { .e = &e, .signer = r->root };
	struct buf roles = BUF_INIT;
	enum err rc;

	roles_format(a->roles, &roles);
	entry_set_kind(&e, KIND_TRUST_ADD);
	entry_set(&e, KEY_KEY, r->new.line);
	entry_set(&e, KEY_PRINCIPAL, a->principal);
	entry_set(&e, KEY_ROLES, roles.ptr);
	entry_set(&e, KEY_ENVIRONMENTS,
		a->environments.len ? a->environments.ptr : NULL);
	rc = record(r, &w, err);
	if (!rc) {
		out_printf(&r->s->out,
			"admitted %s for %s: ", r->new.fingerprint, roles.ptr);
		out_text(&r->s->out, a->principal);
		if (a->environments.len) {
			out_printf(&r->s->out, " in ");
			out_text(&r->s->out, a->environments.ptr);
		}
		out_printf(&r->s->out, "\n");
	}
	entry_release(&e);
	buf_release(&roles);
	return rc;
}

enum err rotation_admit(struct rotation *r, struct error *err)
{
	enum err rc = ERR_OK;

	for (size_t i = 0; !rc && i < r->n; i++)
		rc = admit(r, &r->v[i], err);
	return rc;
}

/* All that is on the ledger in the instant of the revocation goes on counting,
 * the admissions above among it; the tip may move until then. */
static enum err set_after(struct ledger *l, void *arg, struct error *err)
{
	char hex[OID_HEX + 1];

	(void)err;
	oid_hex(ledger_tip(l), hex);
	entry_set(arg, KEY_AFTER, hex);
	return ERR_OK;
}

enum err rotation_revoke(
	struct rotation *r, const struct signer *by, struct error *err)
{
	struct entry e = ENTRY_INIT;
	struct ledger_write w = {
		.e = &e, .signer = by, .decide = set_after, .arg = &e
	};
	enum err rc;

	entry_set_kind(&e, KIND_TRUST_REVOKE);
	entry_set(&e, KEY_FINGERPRINT, r->old);
	rc = record(r, &w, err);
	if (!rc)
		out_printf(&r->s->out, "revoked %s after %.12s\n", r->old,
			entry_get(&e, KEY_AFTER));
	entry_release(&e);
	return rc;
}
