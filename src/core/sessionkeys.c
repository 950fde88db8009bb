/*
 * The keys of a clone and of the person at it, and the founding of a ledger
 * with them.
 */
#include "strack/session.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "strack/clock.h"
#include "strack/clonekey.h"
#include "strack/datadir.h"
#include "strack/file.h"
#include "strack/text.h"

static char *own_key_path(const struct session *s)
{
	return path_join(s->state_dir, "id_ed25519");
}

/* A key that is named somewhere may be a link, as for ssh; nothing in the state
 * folder is one. */
static enum err own_is_no_link(const char *own, struct error *err)
{
	struct stat st;

	if (lstat(own, &st) || !S_ISLNK(st.st_mode))
		return ERR_OK; /* opening it tells */
	error_hint(err, "let strack.signingKey name a key that lies elsewhere, "
			"and remove the link");
	return error_set(err, ERR_FATAL, "%s: is a symbolic link", own);
}

enum err session_clone_signer(
	struct session *s, const struct signer **ret, struct error *err)
{
	const char *program = repo_config(s->repo, "gpg.ssh.program");
	const char *from = "STRACK_SIGNING_KEY_FILE";
	const char *spec = getenv(from);
	char *own = own_key_path(s);
	enum err rc = ERR_OK;

	if (!s->clone_signer) {
		if (str_empty(spec)) {
			from = "strack.signingKey";
			spec = repo_config(s->repo, from);
		}
		if (str_empty(spec)) {
			from = NULL;
			spec = own;
		}
		if (spec == own)
			rc = own_is_no_link(own, err);
		if (!rc)
			rc = signer_open(spec, program, s->state_dir,
				&s->clone_signer, err);
		if (rc && from) {
			error_prefix(err, "%s", from);
			error_hint(err,
				"let %s name an SSH key that you may "
				"use, or unset it",
				from);
			rc = ERR_FATAL;
		}
		if (rc == ERR_NOTFOUND)
			error_hint(err, "make it:\n  git strack init");
	}
	if (!rc)
		*ret = s->clone_signer;
	free(own);
	return rc;
}

enum err session_make_key(struct session *s, struct error *err)
{
	const struct signer *have;
	char *own = own_key_path(s);
	char *comment = NULL;
	enum err rc = session_clone_signer(s, &have, err);

	if (rc == ERR_NOTFOUND) {
		error_reset(err);
		comment = xstrfmt("git-strack %s@%s", s->user, s->host);
		rc = signer_generate(own, comment, err);
		if (rc == ERR_EXISTS) /* another process was quicker */
			rc = ERR_OK;
	} else if (!rc) {
		rc = clonekey_mend(s, err); /* after a crash in either */
	}
	free(comment);
	free(own);
	return rc;
}

static bool person_signs_with_ssh(struct session *s)
{
	const char *format = repo_config(s->repo, "gpg.format");

	return format && !strcasecmp(format, "ssh") &&
	       !str_empty(repo_config(s->repo, "user.signingkey"));
}

enum err session_person_signer(
	struct session *s, const struct signer **ret, struct error *err)
{
	enum err rc = ERR_OK;

	if (!person_signs_with_ssh(s))
		return session_clone_signer(s, ret, err);
	if (!s->person_signer)
		rc = signer_open(repo_config(s->repo, "user.signingkey"),
			repo_config(s->repo, "gpg.ssh.program"), s->state_dir,
			&s->person_signer, err);
	if (rc) {
		error_prefix(err, "user.signingKey");
		error_hint(err, "let user.signingKey name an SSH key that you "
				"may use, or unset it");
		return ERR_FATAL;
	}
	*ret = s->person_signer;
	return ERR_OK;
}

/* "Name <mail>" of the person, else user@host. */
static char *person_name(struct session *s)
{
	const char *mail = repo_config(s->repo, "user.email");

	return !str_empty(mail) ? xstrdup(mail)
				: xstrfmt("%s@%s", s->user, s->host);
}

static enum err admit_clone_key(struct session *s, const struct signer *root,
	const struct signer *clone, struct error *err)
{
	struct entry e = ENTRY_INIT;
	struct ledger_write w = { .e = &e, .signer = root };
	char *name = xstrfmt("%s@%s", s->user, s->host);
	enum err rc;

	entry_set_kind(&e, KIND_TRUST_ADD);
	entry_set(&e, KEY_KEY, signer_key(clone)->line);
	entry_set(&e, KEY_PRINCIPAL, name);
	entry_set(&e, KEY_ROLES, "run");
	session_stamp(s, &e);
	rc = ledger_append(s->ledger, &w, err);
	entry_release(&e);
	free(name);
	return rc;
}

static enum err found(
	struct session *s, const struct signer *root, struct error *err)
{
	struct ledger_opts opts = { .repo = s->repo,
		.state_dir = s->state_dir };
	struct buf readme = BUF_INIT;
	char *path = NULL, *name = person_name(s);
	struct ledger_found_opts o = { .ledger = &opts,
		.root = root,
		.principal = name,
		.host = s->host,
		.user = s->user };
	enum err rc;

	rc = datadir_file("README.ledger.md", &path, err);
	if (!rc)
		rc = file_read(path, 1 << 20, true, &readme, err);
	o.readme = readme.ptr;
	if (!rc)
		rc = ledger_found(&o, err);
	buf_release(&readme);
	free(path);
	free(name);
	return rc;
}

enum err session_found_ledger(struct session *s, struct error *err)
{
	const struct signer *root = NULL, *clone = NULL;
	enum err rc = session_prepare_state(s, err);

	if (!rc)
		rc = session_make_key(s, err);
	if (!rc)
		rc = session_clone_signer(s, &clone, err);
	if (!rc)
		rc = session_person_signer(s, &root, err);
	if (!rc)
		rc = found(s, root, err);
	if (!rc)
		rc = session_ledger(s, err);
	if (!rc && root != clone)
		rc = admit_clone_key(s, root, clone, err);
	return rc;
}
