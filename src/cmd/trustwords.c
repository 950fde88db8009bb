/* git strack trust add, revoke and disown: a root's decisions. */
#include "trustwords.h"

#include <stdlib.h>
#include <string.h>

#include "strack/digest.h"
#include "strack/file.h"
#include "strack/refs.h"
#include "strack/run.h"
#include "strack/text.h"

#define KEY_FILE_MAX 65536

static enum err record(struct session *s, struct entry *e, const char *reason,
	struct error *err)
{
	struct ledger_write w = { .e = e };
	enum err rc = session_person_signer(s, &w.signer, err);

	if (rc)
		return rc;
	run_set_masked(s, e, KEY_REASON, reason);
	session_stamp(s, e);
	rc = ledger_append(s->ledger, &w, err);
	if (rc == ERR_HELD)
		error_reset(err);
	if (rc == ERR_HELD)
		rc = error_set(err, ERR_HELD,
			"only a root key may change trust, and yours (%s) is "
			"none",
			signer_key(w.signer)->fingerprint);
	return rc;
}

enum err trust_read_key(const char *arg, struct pubkey *key, struct error *err)
{
	struct buf text = BUF_INIT;
	enum err rc;

	if (strchr(arg, ' ') && !strchr(arg, '/'))
		buf_adds(&text, arg);
	else if (str_starts(arg, "ssh-") || str_starts(arg, "ecdsa-") ||
		 str_starts(arg, "sk-"))
		buf_adds(&text, arg);
	else if ((rc = file_read(arg, KEY_FILE_MAX, true, &text, err)))
		goto out;
	if (strstr(text.ptr, "PRIVATE KEY")) {
		rc = error_set(err, ERR_FATAL,
			"%s is a private key; the public one is wanted "
			"(%s.pub)",
			arg, arg);
		goto out;
	}
	rc = pubkey_parse(text.ptr, text.len, key, err);
	if (rc)
		error_prefix(err, "no public key");
out:
	buf_release(&text);
	return rc == ERR_OK ? ERR_OK : ERR_FATAL;
}

static enum err check_environments(
	const char *text, struct buf *ret, struct error *err)
{
	struct strvec words = STRVEC_INIT;
	struct buf spaced = BUF_INIT;
	enum err rc = ERR_OK;

	for (; *text; text++)
		buf_addch(&spaced, *text == ',' ? ' ' : *text);
	strvec_split(&words, spaced.ptr);
	for (size_t i = 0; !rc && i < words.n; i++) {
		if (!environment_name_valid(words.v[i]))
			rc = error_set(err, ERR_USAGE,
				"--environments: '%s' is no environment name",
				words.v[i]);
		buf_addf(ret, "%s%s", i ? " " : "", words.v[i]);
	}
	if (!rc && words.n == 0)
		rc = error_set(err, ERR_USAGE, "--environments: which?");
	strvec_release(&words);
	buf_release(&spaced);
	return rc;
}

enum err trust_word_add(struct session *s, const struct trust_opts *o,
	char *const *args, struct error *err)
{
	struct pubkey key = PUBKEY_INIT;
	struct entry e = ENTRY_INIT;
	struct buf roles = BUF_INIT, envs = BUF_INIT;
	unsigned bits;
	enum err rc;

	if (str_empty(o->principal))
		return error_set(err, ERR_USAGE,
			"trust add: whose key is it? --principal <name>");
	if (!roles_parse(o->roles ? o->roles : "run", &bits))
		return error_set(err, ERR_USAGE,
			"trust add: --roles: run, approve and root, not '%s'",
			o->roles);
	rc = trust_read_key(args[0], &key, err);
	if (!rc && o->environments)
		rc = check_environments(o->environments, &envs, err);
	if (rc)
		goto out;
	roles_format(bits, &roles);
	entry_set_kind(&e, KIND_TRUST_ADD);
	entry_set(&e, KEY_KEY, key.line);
	entry_set(&e, KEY_PRINCIPAL, o->principal);
	entry_set(&e, KEY_ROLES, roles.ptr);
	entry_set(&e, KEY_ENVIRONMENTS, envs.ptr);
	rc = record(s, &e, o->reason, err);
	if (!rc) {
		out_printf(&s->out, "admitted %s for %s: ", key.fingerprint,
			roles.ptr);
		out_text(&s->out, o->principal);
		out_printf(&s->out, "\n");
	}
out:
	pubkey_release(&key);
	entry_release(&e);
	buf_release(&roles);
	buf_release(&envs);
	return rc;
}

/* ---- revoke ---- */

/* A ledger commit by its id or the beginning of it. */
static enum err find_commit(
	struct session *s, const char *hex, struct oid *ret, struct error *err)
{
	struct oidvec ids = OIDVEC_INIT;
	size_t n = strlen(hex), found = 0;
	enum err rc;

	if (n < 4 || n > OID_HEX || !hex_is(hex, n))
		return error_set(err, ERR_NOTFOUND,
			"'%s' is no commit of the ledger", hex);
	rc = history_list(s->repo, ledger_tip(s->ledger), NULL, &ids, err);
	for (size_t i = 0; !rc && i < ids.n; i++) {
		char full[OID_HEX + 1];

		oid_hex(&ids.v[i], full);
		if (strncmp(full, hex, n) != 0)
			continue;
		*ret = ids.v[i];
		found++;
	}
	oidvec_release(&ids);
	if (!rc && found != 1)
		rc = error_set(err, found ? ERR_FATAL : ERR_NOTFOUND,
			found ? "'%s' begins several commits of the ledger"
			      : "'%s' is no commit of the ledger",
			hex);
	return rc;
}

bool trust_named_by(const struct trust_key *k, const char *arg)
{
	if (!strcmp(k->fingerprint, arg))
		return true;
	for (size_t i = 0; i < k->n; i++) {
		if (!k->v[i].closed && !strcmp(k->v[i].principal, arg))
			return true;
	}
	return false;
}

static bool is_open(const struct trust_key *k, bool root_only)
{
	for (size_t i = 0; i < k->n; i++) {
		if (!k->v[i].closed &&
			(!root_only || (k->v[i].roles & ROLE_ROOT)))
			return true;
	}
	return false;
}

/* What a key signs after its own end counts for nothing, so it can't be the
 * one that says so. */
static enum err refuse_own(
	struct session *s, const struct strvec *fingerprints, struct error *err)
{
	const struct signer *person;
	const char *own;
	enum err rc = session_person_signer(s, &person, err);

	if (rc)
		return rc;
	own = signer_key(person)->fingerprint;
	if (!strvec_has(fingerprints, own))
		return ERR_OK;
	error_hint(err,
		"whoever holds another root key types:\n"
		"  git strack trust revoke %s",
		own);
	return error_set(err, ERR_HELD,
		"a key can't revoke itself, and %s is yours", own);
}

enum err trust_no_such(const char *arg, struct error *err)
{
	error_hint(err, "see who is admitted:\n"
			"  git strack trust list");
	return error_set(err, ERR_FATAL, "'%s' is nobody who is admitted", arg);
}

/* Fingerprints to revoke: copied, because trust changes with each. */
static enum err collect(struct session *s, const char *arg,
	struct strvec *fingerprints, bool *again, struct error *err)
{
	const struct trust *t;
	size_t roots = 0;
	enum err rc = ledger_trust(s->ledger, &t, err);

	if (rc)
		return rc;
	for (size_t i = 0; i < t->n; i++) {
		if (!trust_named_by(&t->v[i], arg) || !is_open(&t->v[i], false))
			continue;
		strvec_push(fingerprints, t->v[i].fingerprint);
		roots += is_open(&t->v[i], true);
		*again = *again || t->v[i].revoked;
	}
	if (fingerprints->n == 0)
		return trust_no_such(arg, err);
	if (roots && roots == trust_roots(t)) {
		error_hint(err,
			"admit another root first:\n"
			"  git strack trust add <public key> --principal "
			"<name> --roles root");
		return error_set(
			err, ERR_HELD, "the last root can't be revoked");
	}
	return refuse_own(s, fingerprints, err);
}

enum err trust_word_revoke(struct session *s, const struct trust_opts *o,
	char *const *args, struct error *err)
{
	struct strvec fingerprints = STRVEC_INIT;
	struct oid after = *ledger_tip(s->ledger);
	char hex[OID_HEX + 1];
	bool again = false;
	enum err rc = ERR_OK;

	if (o->after)
		rc = find_commit(s, o->after, &after, err);
	if (!rc)
		rc = collect(s, args[0], &fingerprints, &again, err);
	oid_hex(&after, hex);
	for (size_t i = 0; !rc && i < fingerprints.n; i++) {
		struct entry e = ENTRY_INIT;

		entry_set_kind(&e, KIND_TRUST_REVOKE);
		entry_set(&e, KEY_FINGERPRINT, fingerprints.v[i]);
		entry_set(&e, KEY_AFTER, hex);
		rc = record(s, &e, o->reason, err);
		if (!rc)
			out_printf(&s->out, "revoked %s after %.12s\n",
				fingerprints.v[i], hex);
		entry_release(&e);
	}
	if (!rc && again)
		out_printf(&s->msg,
			"it was revoked before, and the first revocation "
			"holds: what it signed since it was admitted anew no "
			"longer counts\n");
	strvec_release(&fingerprints);
	return rc == ERR_NOTFOUND ? ERR_FATAL : rc;
}

/* ---- disown ---- */

static enum err refuse_founding(
	struct session *s, const struct oid *commit, struct error *err)
{
	if (oid_cmp(commit, ledger_root(s->ledger)) != 0)
		return ERR_OK;
	return error_set(err, ERR_FATAL,
		"what founded the ledger can't be disowned: all trust begins "
		"with it");
}

/* An entry by its path on the branch, its id or the beginning of that. */
static enum err find_entry(
	struct session *s, const char *arg, struct buf *id, struct error *err)
{
	struct ledger_entryvec list = LEDGER_ENTRYVEC_INIT;
	const struct ledger_entry *found = NULL;
	size_t n = strlen(arg);
	bool hex = n >= 4 && n <= ENTRY_ID_HEX && hex_is(arg, n);
	struct buf bytes = BUF_INIT;
	struct oid brought_by;
	char digest[SHA256_HEX + 1];
	enum err rc = ledger_list(s->ledger, "", &list, err);

	for (size_t i = 0; !rc && i < list.n; i++) {
		const struct ledger_entry *le = &list.v[i];

		if (strcmp(le->path, arg) != 0 &&
			!(hex && !strncmp(le->name.id, arg, n < 16 ? n : 16)))
			continue;
		if (found)
			rc = error_set(err, ERR_FATAL,
				"'%s' begins several entries' ids", arg);
		found = le;
	}
	if (!rc && !found)
		rc = error_set(err, ERR_NOTFOUND, "'%s' is no entry", arg);
	if (!rc)
		rc = ledger_commit_of(s->ledger, found->path, &brought_by, err);
	if (!rc)
		rc = refuse_founding(s, &brought_by, err);
	if (!rc)
		rc = object_read(s->repo, &found->blob, OBJECT_BLOB, ENTRY_MAX,
			&bytes, err);
	if (!rc) {
		sha256_hex(bytes.ptr, bytes.len, digest);
		buf_set(id, digest);
	}
	ledger_entryvec_release(&list);
	buf_release(&bytes);
	return rc;
}

enum err trust_word_disown(struct session *s, const struct trust_opts *o,
	char *const *args, struct error *err)
{
	struct entry e = ENTRY_INIT;
	struct buf id = BUF_INIT;
	struct oid commit;
	char hex[OID_HEX + 1];
	enum err rc;

	if (str_empty(o->reason))
		return error_set(
			err, ERR_USAGE, "trust disown: say why: -m <why>");
	entry_set_kind(&e, KIND_DISOWN);
	rc = find_commit(s, args[0], &commit, err);
	if (!rc) {
		rc = refuse_founding(s, &commit, err);
		oid_hex(&commit, hex);
		entry_set(&e, KEY_COMMIT, hex);
	} else if (rc == ERR_NOTFOUND) {
		error_reset(err);
		rc = find_entry(s, args[0], &id, err);
		entry_set(&e, KEY_ENTRY, id.ptr);
	}
	if (rc == ERR_NOTFOUND)
		error_hint(err, "verify names entries and commits:\n"
				"  git strack verify");
	if (!rc)
		rc = record(s, &e, o->reason, err);
	if (!rc)
		out_printf(&s->out, "disowned %s\n",
			entry_get(&e, KEY_ENTRY) ? entry_get(&e, KEY_ENTRY)
						 : hex);
	entry_release(&e);
	buf_release(&id);
	return rc == ERR_NOTFOUND ? ERR_FATAL : rc;
}
