/*
 * git strack trust rotate: the key of this clone, which lies in the state
 * folder.  The new one is made beside it, admitted, put in place, and then the
 * old one is revoked: in this order the clone has a key that counts at every
 * instant, and a call after a crash finds out by itself what is left to do.
 */
#include <stdlib.h>
#include <string.h>

#include "rotation.h"
#include "strack/clonekey.h"
#include "strack/text.h"
#include "strack/underway.h"

static enum err refuse_named(
	struct session *s, const char *from, struct error *err)
{
	const struct signer *clone;
	const char *old = "<fingerprint>";

	if (!session_clone_signer(s, &clone, NULL))
		old = signer_key(clone)->fingerprint;
	error_hint(err,
		"make another key, let the ledger know it, then let %s name "
		"it:\n"
		"  ssh-keygen -t ed25519 -N '' -f <file>\n"
		"  git strack trust rotate %s <file>.pub",
		from, old);
	return error_set(err, ERR_FATAL,
		"this clone's key is the one that %s names; only one in the "
		"state folder is exchanged by itself",
		from);
}

static enum err refuse_underway(const struct session *s, struct error *err)
{
	struct underwayvec l = UNDERWAYVEC_INIT;
	enum err rc = underway_list(s, &l, err);

	if (!rc && l.n) {
		error_hint(err, "follow it, or end it:\n"
				"  git strack attach\n  git strack cancel");
		rc = error_set(err, ERR_HELD,
			"run %s is under way in this clone, and its outcome "
			"would not count any more when the key that began it "
			"goes now",
			l.v[0].run);
	}
	underwayvec_release(&l);
	return rc;
}

/* ---- what an earlier call left ---- */

/* The key before, if it was put aside and not revoked yet. */
static enum err find_unfinished(struct session *s, const struct trust *t,
	const char *own, char **ret, struct error *err)
{
	struct signer *former = NULL;
	enum err rc = clonekey_former(s, &former, err);
	const struct trust_key *k = NULL;

	if (!rc)
		k = trust_find(t, signer_key(former)->fingerprint);
	if (k && strcmp(k->fingerprint, own) != 0 && !k->revoked &&
		trust_is_admitted(t, k->fingerprint) &&
		trust_is_admitted(t, own))
		*ret = xstrdup(k->fingerprint);
	signer_free(former);
	if (rc == ERR_NOTFOUND) {
		error_reset(err);
		rc = ERR_OK;
	}
	return rc;
}

/* The one that waits, made where there is none, or one that a root revoked. */
static enum err waiting_key(struct session *s, const struct trust *t,
	struct signer **ret, struct error *err)
{
	enum err rc = clonekey_waiting(s, ret, err);

	if (!rc && trust_was_admitted(t, signer_key(*ret)->fingerprint) &&
		!trust_is_admitted(t, signer_key(*ret)->fingerprint)) {
		signer_free(*ret);
		*ret = NULL;
		rc = ERR_NOTFOUND;
	}
	if (rc != ERR_NOTFOUND)
		return rc;
	error_reset(err);
	rc = clonekey_make_waiting(s, err);
	return rc ? rc : clonekey_waiting(s, ret, err);
}

/* ---- the steps ---- */

static enum err exchange(struct rotation *r, struct error *err)
{
	enum err rc = clonekey_exchange(r->s, err);

	if (!rc)
		out_printf(&r->s->out, "this clone signs with %s from now on\n",
			r->new.fingerprint);
	return rc;
}

/* The key that is in place is a root where the old one was. */
static enum err revoke(struct rotation *r, struct error *err)
{
	const struct signer *by;
	enum err rc = ERR_OK;

	r->root = r->last = NULL; /* of before the exchange */
	rc = rotation_plan(r, err);
	by = r->last;
	if (!rc && !by) {
		error_hint(err,
			"whoever holds a root key of this ledger types:\n"
			"  git strack trust revoke %s",
			r->old);
		rc = error_set(err, ERR_HELD,
			"the old key is still admitted: there is no root key "
			"here to revoke it");
	}
	return rc ? rc : rotation_revoke(r, by, err);
}

static enum err all_steps(struct rotation *r, struct error *err)
{
	enum err rc = rotation_plan(r, err);

	if (!rc && r->n && !r->root)
		rc = rotation_no_root(r, err);
	if (!rc)
		rc = rotation_admit(r, err);
	if (!rc)
		rc = exchange(r, err);
	return rc ? rc : revoke(r, err);
}

static enum err refuse_unadmitted(const char *own, struct error *err)
{
	error_reset(err);
	error_hint(err, "what a root types to admit it:\n  git strack init");
	return error_set(err, ERR_FATAL,
		"%s, the key of this clone, is not admitted, so there is "
		"nothing that another one could take over",
		own);
}

static enum err rotate_locked(struct rotation *r, struct error *err)
{
	const struct signer *clone;
	struct signer *waiting = NULL;
	const struct trust *t;
	enum err rc = session_clone_signer(r->s, &clone, err);

	if (!rc)
		rc = ledger_trust(r->s->ledger, &t, err);
	if (!rc)
		rc = find_unfinished(
			r->s, t, signer_key(clone)->fingerprint, &r->old, err);
	if (rc)
		return rc;
	if (r->old) {
		rc = pubkey_copy(&r->new, signer_key(clone));
		if (!rc)
			rc = clonekey_tidy(r->s, err);
		return rc ? rc : revoke(r, err);
	}
	r->old = xstrdup(signer_key(clone)->fingerprint);
	if (trust_is_admitted(t, r->old)) {
		rc = rotation_refuse_open(r, err);
		if (!rc)
			rc = waiting_key(r->s, t, &waiting, err);
	} else {
		rc = clonekey_waiting(r->s, &waiting, err);
		if (rc == ERR_NOTFOUND ||
			(!rc && !trust_is_admitted(
					t, signer_key(waiting)->fingerprint)))
			rc = refuse_unadmitted(r->old, err);
	}
	if (!rc)
		rc = pubkey_copy(&r->new, signer_key(waiting));
	signer_free(waiting);
	if (rc)
		return rc;
	/* A root elsewhere has done the rest. */
	if (!trust_is_admitted(t, r->old))
		return exchange(r, err);
	return all_steps(r, err);
}

enum err rotate_own(struct session *s, const char *reason, struct error *err)
{
	struct rotation r = ROTATION_INIT;
	struct lock lock = LOCK_INIT;
	const char *from = clonekey_named_by(s);
	enum err rc;

	if (from)
		return refuse_named(s, from, err);
	r.s = s;
	r.reason = reason;
	rc = refuse_underway(s, err);
	if (!rc)
		rc = clonekey_lock(s, &lock, err);
	if (!rc)
		rc = rotate_locked(&r, err);
	lock_release(&lock, false);
	rotation_release(&r);
	return rc;
}
