/*
 * git strack trust rotate <old> <new>: for a key that a person names.  All
 * that speaks against it is found before anything is written.
 */
#include "trustwords.h"

#include <stdlib.h>
#include <string.h>

#include "rotation.h"
#include "strack/clonekey.h"
#include "strack/repo.h"
#include "strack/text.h"

#define PROBE_NS "git-strack-probe" /* no entry, no commit */

static enum err several(const struct trust *t, const char *arg, const char *new,
	struct error *err)
{
	struct buf word = BUF_INIT;

	shell_word(&word, new);
	error_hint(err, "name the one that goes:");
	for (size_t i = 0; i < t->n; i++) {
		if (trust_named_by(&t->v[i], arg) &&
			trust_is_admitted(t, t->v[i].fingerprint))
			error_hint(err, "  git strack trust rotate %s %s",
				t->v[i].fingerprint, word.ptr);
	}
	buf_release(&word);
	return error_set(err, ERR_FATAL, "'%s' stands for several keys", arg);
}

static enum err find_old(
	const struct trust *t, char *const *args, char **ret, struct error *err)
{
	const char *found = NULL;

	for (size_t i = 0; i < t->n; i++) {
		if (!trust_named_by(&t->v[i], args[0]) ||
			!trust_is_admitted(t, t->v[i].fingerprint))
			continue;
		if (found)
			return several(t, args[0], args[1], err);
		found = t->v[i].fingerprint;
	}
	if (!found)
		return trust_no_such(args[0], err);
	*ret = xstrdup(found);
	return ERR_OK;
}

static enum err refuse_known(
	const struct rotation *r, const struct trust *t, struct error *err)
{
	const char *new = r->new.fingerprint;

	if (!strcmp(new, r->old))
		return error_set(err, ERR_FATAL,
			"%s is the key that is to go; the other one has to be "
			"new",
			new);
	if (!trust_was_admitted(t, new))
		return ERR_OK;
	if (!trust_is_admitted(t, new)) {
		error_hint(err, "make another key: ssh-keygen -t ed25519");
		return error_set(err, ERR_FATAL, "%s was revoked", new);
	}
	error_hint(err,
		"if that is what a rotation was cut short after, what is left "
		"is\n"
		"  git strack trust revoke %s",
		r->old);
	return error_set(err, ERR_FATAL, "%s is admitted already, for %s", new,
		trust_principal(t, new));
}

/* A key can't revoke itself.  Where the old one is the only root of ours, the
 * new one has to, so its other half must be here: tried before anything is
 * written. */
static enum err open_new(const struct rotation *r, const char *arg,
	struct signer **ret, struct error *err)
{
	struct error why = ERROR_INIT;
	struct buf sig = BUF_INIT;
	struct signer *key = NULL;
	enum err rc;

	rc = signer_open(arg, repo_config(r->s->repo, "gpg.ssh.program"),
		r->s->state_dir, &key, &why);
	if (!rc)
		rc = signer_sign(key, PROBE_NS, "x", 1, &sig, &why);
	if (!rc) {
		*ret = key;
		key = NULL; /* transferred */
	} else {
		error_hint(err,
			"admit it, and let whoever holds it revoke the old "
			"one:\n"
			"  git strack trust add '%s' --principal <name> "
			"--roles root\n"
			"  git strack trust revoke %s",
			r->new.line, r->old);
		rc = error_set(err, ERR_HELD,
			"a key can't revoke itself, %s is your only root, and "
			"the new key can't be used here: %s",
			r->old, why.text.ptr);
	}
	signer_free(key);
	error_release(&why);
	buf_release(&sig);
	return rc;
}

/* Who goes on signing with what was just revoked should hear of it. */
static void tell_holder(struct rotation *r)
{
	const struct signer *clone = NULL, *person = NULL;
	struct signer *waiting = NULL;
	const char *from = clonekey_named_by(r->s);

	if (!session_person_signer(r->s, &person, NULL) &&
		!session_clone_signer(r->s, &clone, NULL) && person != clone &&
		!strcmp(signer_key(person)->fingerprint, r->old))
		out_printf(&r->s->msg,
			"user.signingKey names the old key: let it name the "
			"new one\n");
	if (!clone || strcmp(signer_key(clone)->fingerprint, r->old) != 0)
		return;
	if (!from && !clonekey_waiting(r->s, &waiting, NULL) &&
		!strcmp(signer_key(waiting)->fingerprint, r->new.fingerprint))
		out_printf(&r->s->msg,
			"this clone has the new key at hand; to sign with it:\n"
			"  git strack trust rotate\n");
	else
		out_printf(&r->s->msg,
			"this clone signs with the old key: let %s name the "
			"new one\n",
			from ? from : "strack.signingKey");
	signer_free(waiting);
}

static enum err rotate(struct rotation *r, char *const *args, struct error *err)
{
	const struct trust *t;
	struct signer *new = NULL;
	enum err rc = ledger_trust(r->s->ledger, &t, err);

	if (!rc)
		rc = find_old(t, args, &r->old, err);
	if (!rc)
		rc = trust_read_key(args[1], &r->new, err);
	if (!rc)
		rc = refuse_known(r, t, err);
	if (!rc)
		rc = rotation_plan(r, err);
	if (!rc && !r->root)
		rc = rotation_no_root(r, err);
	if (!rc)
		rc = rotation_refuse_open(r, err);
	if (!rc && !r->last)
		rc = open_new(r, args[1], &new, err);
	if (!rc)
		rc = rotation_admit(r, err);
	if (!rc)
		rc = rotation_revoke(r, new ? new : r->last, err);
	if (!rc)
		tell_holder(r);
	signer_free(new);
	return rc;
}

enum err trust_word_rotate(struct session *s, const struct trust_opts *o,
	char *const *args, struct error *err)
{
	struct rotation r = ROTATION_INIT;
	enum err rc;

	if (o->principal || o->roles || o->environments)
		return error_set(err, ERR_USAGE,
			"trust rotate: the new key may do what the old one "
			"may; others are admitted with trust add");
	if (o->after)
		return error_set(err, ERR_USAGE,
			"trust rotate: all that the old key signed goes on "
			"counting; of a stolen one, trust revoke --after "
			"takes back a part");
	/* What is on the remote and not seen here would be behind the end of
	 * the old key. */
	if (ledger_is_down(s->ledger)) {
		error_hint(err, "try again when it answers");
		return error_set(err, ERR_HELD,
			"a key is not rotated while the remote can't be "
			"reached: what it signed there meanwhile would no "
			"longer count");
	}
	/* Nothing that waits to be committed may be left to the old key. */
	rc = ledger_require_sound(s->ledger, err);
	if (!rc)
		rc = ledger_recover(s->ledger, err);
	if (!rc && !args[0])
		return rotate_own(s, o->reason, err);
	r.s = s;
	r.reason = o->reason;
	if (!rc)
		rc = rotate(&r, args, err);
	rotation_release(&r);
	return rc;
}
