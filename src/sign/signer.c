/*
 * Making signatures.  A signer has one of the backends in the table below;
 * which one is decided when it is opened, from what the key file says.  Knows
 * nothing of entries, commits and trust.
 */
#include "strack/sign.h"

#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "strack/file.h"
#include "keygen.h"
#include "opensshkey.h"
#include "pubkey.h"
#include "sshsig.h"

#define KEY_FILE_MAX 65536

typedef enum err sign_fn(const struct signer *s, const char *ns,
	const void *data, size_t len, struct buf *ret, struct error *err);

static sign_fn sign_ed25519, sign_keygen;

enum backend_id { BACKEND_ED25519, BACKEND_FILE, BACKEND_AGENT };

static const struct backend {
	sign_fn *sign;
	bool literal; /* the key itself is handed on, not its file */
} backends[] = {
	[BACKEND_ED25519] = { sign_ed25519, false },
	[BACKEND_FILE] = { sign_keygen, false },
	[BACKEND_AGENT] = { sign_keygen, true },
};

struct signer {
	const struct backend *backend;
	struct pubkey key;
	char *path;    /* absolute; NULL for a literal key */
	char *program; /* or NULL */
	char *scratch; /* for temporary files, or NULL */
	unsigned char secret[OPENSSHKEY_SECRET_LEN];
};

/* ---- opening ---- */

static bool literal_key(const char *spec, const char **ret)
{
	/* git 2.39 knows these two and takes all else for a file. */
	if (str_starts(spec, "key::"))
		*ret = spec + strlen("key::");
	else if (str_starts(spec, "ssh-"))
		*ret = spec;
	else
		return false;
	return true;
}

static enum err absolute_path(const char *spec, char **ret, struct error *err)
{
	const char *home = getenv("HOME");
	char *cwd;

	if (str_starts(spec, "~/")) {
		if (str_empty(home))
			return error_set(err, ERR_FATAL,
				"%s: HOME is not set, so ~ has no meaning",
				spec);
		*ret = path_join(home, spec + 2);
		return ERR_OK;
	}
	if (*spec == '/') {
		*ret = xstrdup(spec);
		return ERR_OK;
	}
	/* The warden signs from another folder. */
	cwd = getcwd(NULL, 0);
	if (!cwd)
		return error_sys(err, "cannot tell the current folder");
	*ret = path_join(cwd, spec);
	free(cwd);
	return ERR_OK;
}

/* ssh's rule, sshkey_perm_ok: others can't read a key of ours. */
static enum err check_mode(const char *path, struct error *err)
{
	struct stat st;

	if (stat(path, &st))
		return error_sys(err, "%s", path);
	if (st.st_uid != getuid() || !(st.st_mode & 077))
		return ERR_OK;
	error_set(err, ERR_FATAL,
		"%s: mode %04o lets others use this private key", path,
		(unsigned)st.st_mode & 07777);
	error_hint(err, "chmod 600 '%s'", path);
	return ERR_FATAL;
}

static bool is_private(const struct buf *text)
{
	return str_starts(text->ptr, "-----BEGIN ") &&
	       !str_starts(text->ptr, "-----BEGIN PUBLIC KEY");
}

/* Room first: growing would leave copies of a private key behind. */
static enum err read_key_file(
	const char *path, struct buf *ret, struct error *err)
{
	enum err rc;

	buf_grow(ret, KEY_FILE_MAX + 1);
	rc = file_read(path, KEY_FILE_MAX, true, ret, err);
	if (rc == ERR_TOOBIG)
		rc = error_set(
			err, ERR_BAD, "%s: too big for a key file", path);
	return rc;
}

/* The first line that isn't empty or a comment, as ssh reads .pub files. */
static enum err parse_public(const struct buf *text, const char *path,
	struct pubkey *ret, struct error *err)
{
	const char *line = text->ptr;
	size_t n;
	enum err rc;

	for (;;) {
		line += strspn(line, " \t\r\n");
		n = strcspn(line, "\n");
		if (*line != '#')
			break;
		line += n;
	}
	while (n && line[n - 1] == '\r')
		n--;
	if (!n)
		return error_set(
			err, ERR_BAD, "%s: there is no key in it", path);
	rc = pubkey_parse(line, n, ret, err);
	if (rc)
		error_prefix(err, "%s", path);
	return rc;
}

static enum err read_public(
	const char *path, struct pubkey *ret, struct error *err)
{
	struct buf text = BUF_INIT;
	enum err rc;

	rc = read_key_file(path, &text, err);
	if (!rc)
		rc = parse_public(&text, path, ret, err);
	buf_burn(&text);
	return rc;
}

/* PEM files don't show their public key, and ssh-keygen too signs only with
 * the .pub file beside them. */
static enum err open_pem(struct signer *s, struct error *err)
{
	char *pub = xstrfmt("%s.pub", s->path);
	enum err rc;

	rc = read_public(pub, &s->key, err);
	if (rc == ERR_NOTFOUND) {
		rc = error_set(err, ERR_BAD,
			"%s: its public key file, %s, is missing", s->path,
			pub);
		error_hint(err, "ssh-keygen -y -f '%s' > '%s'", s->path, pub);
	}
	free(pub);
	return rc;
}

static enum err open_private(
	struct signer *s, const struct buf *text, struct error *err)
{
	struct opensshkey k = OPENSSHKEY_INIT;
	enum err rc;

	rc = check_mode(s->path, err);
	if (rc)
		return rc;
	if (!str_starts(text->ptr, OPENSSHKEY_BEGIN))
		return open_pem(s, err);
	rc = opensshkey_parse(text->ptr, text->len, &k, err);
	if (rc) {
		error_prefix(err, "%s", s->path);
		return rc;
	}
	s->key = k.key;
	k.key = (struct pubkey)PUBKEY_INIT; /* transferred */
	if (k.usable) {
		memcpy(s->secret, k.secret, sizeof(s->secret));
		s->backend = &backends[BACKEND_ED25519];
	}
	opensshkey_release(&k);
	return ERR_OK;
}

/* `path`.pub was named; `path` may have the secret.  Whatever is odd about it
 * is left to ssh-keygen, which asks the agent before it reads the file. */
static enum err try_private_half(struct signer *s, struct error *err)
{
	struct opensshkey k = OPENSSHKEY_INIT;
	struct buf text = BUF_INIT;
	char *path = xstrndup(s->path, strlen(s->path) - strlen(".pub"));
	enum err rc = ERR_OK;

	if (read_key_file(path, &text, NULL) ||
		opensshkey_parse(text.ptr, text.len, &k, NULL) || !k.usable ||
		strcmp(k.key.line, s->key.line) != 0)
		goto out;
	rc = check_mode(path, err);
	if (rc)
		goto out;
	memcpy(s->secret, k.secret, sizeof(s->secret));
	s->backend = &backends[BACKEND_ED25519];
out:
	opensshkey_release(&k);
	buf_burn(&text);
	free(path);
	return rc;
}

static enum err open_public(
	struct signer *s, const struct buf *text, struct error *err)
{
	enum err rc;

	rc = parse_public(text, s->path, &s->key, err);
	if (rc)
		return rc;
	if (strcmp(s->key.type, PUBKEY_ED25519) != 0 ||
		!str_ends(s->path, ".pub"))
		return ERR_OK;
	return try_private_half(s, err);
}

/* A name whose private half is in an agent only: `path`.pub is there. */
static enum err open_missing(struct signer *s, struct error *err)
{
	char *pub = xstrfmt("%s.pub", s->path);
	enum err rc;

	rc = read_public(pub, &s->key, err);
	if (rc == ERR_NOTFOUND)
		rc = error_set(err, ERR_NOTFOUND,
			"%s: there is no such key file", s->path);
	free(pub);
	return rc;
}

static enum err open_file(struct signer *s, const char *spec, struct error *err)
{
	struct buf text = BUF_INIT;
	enum err rc;

	s->backend = &backends[BACKEND_FILE];
	rc = absolute_path(spec, &s->path, err);
	if (rc)
		goto out;
	rc = read_key_file(s->path, &text, err);
	if (rc == ERR_NOTFOUND) {
		error_release(err); /* not an error after all */
		rc = open_missing(s, err);
	} else if (!rc && is_private(&text)) {
		rc = open_private(s, &text, err);
	} else if (!rc) {
		rc = open_public(s, &text, err);
	}
out:
	buf_burn(&text);
	return rc;
}

static enum err open_literal(
	struct signer *s, const char *text, struct error *err)
{
	enum err rc;

	s->backend = &backends[BACKEND_AGENT];
	rc = pubkey_parse(text, strlen(text), &s->key, err);
	if (rc)
		error_prefix(err, "the signing key '%s'", text);
	return rc;
}

enum err signer_open(const char *spec, const char *program, const char *scratch,
	struct signer **ret, struct error *err)
{
	struct signer *s = xcalloc(1, sizeof(*s));
	const char *literal;
	enum err rc;

	s->program = str_empty(program) ? NULL : xstrdup(program);
	s->scratch = scratch ? xstrdup(scratch) : NULL;
	if (str_empty(spec))
		rc = error_set(err, ERR_BAD, "the signing key is empty");
	else if (literal_key(spec, &literal))
		rc = open_literal(s, literal, err);
	else
		rc = open_file(s, spec, err);
	if (rc)
		goto out;
	*ret = s;
	s = NULL; /* transferred */
out:
	signer_free(s);
	return rc;
}

void signer_free(struct signer *s)
{
	if (!s)
		return;
	pubkey_release(&s->key);
	free(s->path);
	free(s->program);
	free(s->scratch);
	sodium_memzero(s->secret, sizeof(s->secret));
	free(s);
}

const struct pubkey *signer_key(const struct signer *s)
{
	return &s->key;
}

/* ---- signing ---- */

static enum err sign_ed25519(const struct signer *s, const char *ns,
	const void *data, size_t len, struct buf *ret, struct error *err)
{
	unsigned char raw[crypto_sign_BYTES];
	struct buf key = BUF_INIT;
	struct buf sig = BUF_INIT;
	struct buf work = BUF_INIT;
	struct sshsig parts;
	enum err rc = ERR_OK;

	parts.ns = wire_from(ns, strlen(ns));
	parts.hash = wire_from(SSHSIG_HASH, strlen(SSHSIG_HASH));
	sshsig_signed_bytes(&parts.ns, &parts.hash, data, len, &work);
	if (crypto_sign_detached(raw, NULL, (unsigned char *)work.ptr, work.len,
		    s->secret)) {
		rc = error_set(err, ERR_FATAL, "libsodium could not sign");
		goto out;
	}
	pubkey_put_ed25519(&key, s->secret + crypto_sign_SEEDBYTES);
	wire_put_text(&sig, PUBKEY_ED25519);
	wire_put_string(&sig, raw, sizeof(raw));
	parts.key = wire_from(key.ptr, key.len);
	parts.sig = wire_from(sig.ptr, sig.len);
	buf_reset(&work);
	sshsig_encode(&parts, &work);
	sshsig_armor(&work, ret);
out:
	buf_release(&work);
	buf_release(&sig);
	buf_release(&key);
	return rc;
}

/* Programs that stand in for ssh-keygen may break lines elsewhere; the ledger
 * has one form only.  And it can't take a bad signature back, so what
 * somebody else made is checked before it is used. */
static enum err accept(const struct signer *s, const char *ns,
	const struct buf *made, const void *data, size_t len, struct buf *ret,
	struct error *err)
{
	struct pubkey who = PUBKEY_INIT;
	struct buf blob = BUF_INIT;
	struct buf armor = BUF_INIT;
	enum err rc;

	rc = sshsig_dearmor_loose(made->ptr, made->len, &blob, err);
	if (rc)
		goto out;
	sshsig_armor(&blob, &armor);
	rc = signature_check(
		armor.ptr, armor.len, ns, data, len, s->program, &who, err);
	if (rc)
		goto out;
	if (strcmp(who.line, s->key.line) != 0) {
		rc = error_set(err, ERR_BAD, "it is by another key, %s",
			who.fingerprint);
		goto out;
	}
	buf_addbuf(ret, &armor);
out:
	pubkey_release(&who);
	buf_release(&armor);
	buf_release(&blob);
	return rc;
}

static enum err sign_keygen(const struct signer *s, const char *ns,
	const void *data, size_t len, struct buf *ret, struct error *err)
{
	struct keygen_key key = {
		.program = s->program,
		.scratch = s->scratch,
		.path = s->path,
		.literal = s->backend->literal ? s->key.line : NULL,
		.token = str_starts(s->key.type, "sk-"),
	};
	struct buf made = BUF_INIT;
	enum err rc;

	rc = keygen_sign(&key, ns, data, len, &made, err);
	if (rc) {
		error_prefix(err, "%s", s->path ? s->path : s->key.line);
		goto out;
	}
	rc = accept(s, ns, &made, data, len, ret, err);
	if (rc) {
		error_prefix(err, "%s made a signature that is no good",
			s->program ? s->program : KEYGEN_PROGRAM);
		rc = ERR_FATAL;
	}
out:
	buf_release(&made);
	return rc;
}

enum err signer_sign(const struct signer *s, const char *ns, const void *data,
	size_t len, struct buf *ret, struct error *err)
{
	return s->backend->sign(s, ns, data, len, ret, err);
}

/* ---- a new key ---- */

static enum err write_pair(const char *path, const char *comment,
	const unsigned char *public, const struct buf *private,
	struct error *err)
{
	char *pub_path = xstrfmt("%s.pub", path);
	struct buf blob = BUF_INIT;
	struct buf line = BUF_INIT;
	enum err rc;

	pubkey_put_ed25519(&blob, public);
	buf_adds(&line, PUBKEY_ED25519 " ");
	base64_add(&line, blob.ptr, blob.len, 0);
	if (*comment)
		buf_addf(&line, " %s", comment);
	buf_addch(&line, '\n');

	/* The private file decides who is first; only that one may replace a
	 * public file that was left behind. */
	rc = file_create(path, 0600, private->ptr, private->len, err);
	if (rc)
		goto out;
	rc = file_replace(pub_path, 0600, line.ptr, line.len, err);
	if (rc) {
		/* A public half alone would read as a key that an agent has;
		 * it may be there although it could not be made durable. */
		(void)file_remove(pub_path, NULL);
		(void)file_remove(path, NULL);
	}
out:
	buf_release(&line);
	buf_release(&blob);
	free(pub_path);
	return rc;
}

static bool comment_ok(const char *comment)
{
	const unsigned char *p = (const unsigned char *)comment;

	while (*p >= 0x20 && *p != 0x7f)
		p++;
	return !*p && p - (const unsigned char *)comment <= 1024;
}

enum err signer_generate(
	const char *path, const char *comment, struct error *err)
{
	unsigned char public[crypto_sign_PUBLICKEYBYTES];
	unsigned char secret[crypto_sign_SECRETKEYBYTES];
	struct buf text = BUF_INIT;
	enum err rc;

	if (!comment)
		comment = "";
	if (!comment_ok(comment))
		return error_set(err, ERR_BAD,
			"the comment of a key must be one short line");
	if (crypto_sign_keypair(public, secret))
		return error_set(
			err, ERR_FATAL, "libsodium could not make a key");
	opensshkey_write(secret, comment, &text);
	sodium_memzero(secret, sizeof(secret));
	rc = write_pair(path, comment, public, &text, err);
	buf_burn(&text);
	return rc;
}
