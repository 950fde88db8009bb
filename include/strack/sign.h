/*
 * SSH signatures: PROTOCOL.sshsig of OpenSSH (magic preamble "SSHSIG",
 * version 1, hash sha512), armoured as ssh-keygen writes it (70 columns).
 * Unencrypted ed25519 keys sign and verify in process; every other kind of
 * key goes through ssh-keygen.
 */
#ifndef STRACK_SIGN_H
#define STRACK_SIGN_H

#include <stdbool.h>
#include "strack/buf.h"
#include "strack/error.h"

#define SIGN_NS_ENTRY "git-strack" /* namespace of entries */
#define SIGN_NS_GIT "git"          /* namespace of commits */
#define SIGN_BEGIN "-----BEGIN SSH SIGNATURE-----"
#define SIGN_END "-----END SSH SIGNATURE-----"

/* ---- public keys ---- */
struct pubkey {
	char *type;        /* "ssh-ed25519" */
	char *line;        /* "ssh-ed25519 AAAA...", without comment */
	char *fingerprint; /* "SHA256:" and 43 characters */
};
#define PUBKEY_INIT                                                            \
	{                                                                      \
		NULL, NULL, NULL                                               \
	}

/* "[options] type base64 [comment]" is not read: only "type base64
 * [comment]".  Types: ssh-ed25519, ssh-rsa, ecdsa-sha2-nistp{256,384,521} and
 * the sk- ones.  The blob's inner type must be the same, and the blob must be
 * canonical base64.  ERR_BAD otherwise. `len` may include a final newline. */
enum err pubkey_parse(
	const char *text, size_t len, struct pubkey *ret, struct error *err);
enum err pubkey_copy(struct pubkey *ret, const struct pubkey *from);
void pubkey_release(struct pubkey *k);

/* ---- making signatures ---- */
struct signer;

/* `spec` is a private or public key file (~/ is expanded), "key::ssh-...", or
 * a literal "ssh-...".  A private key file wider than 0600 (any group or other
 * bit) is refused like ssh does.  `program` is gpg.ssh.program, or NULL for
 * ssh-keygen; what it has to be given as a file goes for that time into a
 * folder of 0700 in `scratch`, SIGN_SCRATCH with six letters behind, which is
 * nobody else's (NULL: such a key opens and can't sign).  Reads files, asks no
 * agent yet. */
/* Begins as all that cleanup knows as litter. */
#define SIGN_SCRATCH ".tmp-strack-sign-"
enum err signer_open(const char *spec, const char *program, const char *scratch,
	struct signer **ret, struct error *err);
void signer_free(struct signer *s);
const struct pubkey *signer_key(const struct signer *s);
/* Appends the armoured signature, with its final newline. May ask the agent,
 * a token or for a passphrase (ssh-keygen does that itself on the terminal). */
enum err signer_sign(const struct signer *s, const char *ns, const void *data,
	size_t len, struct buf *ret, struct error *err);

/* Makes an unencrypted ed25519 key: `path` (0600) and `path`.pub, durable;
 * ERR_EXISTS when there is one. */
enum err signer_generate(
	const char *path, const char *comment, struct error *err);

/* ---- checking them ---- */
/* Is `armor` (exactly `alen` bytes) a signature as ssh-keygen writes it, by
 * the key that it carries, over data, in namespace `ns`?  Then `who` gets
 * that key.  ERR_BAD with the reason: not canonical armour, junk behind it,
 * another version, namespace or hash, wrong signature.  Only sha512 and
 * sha256 are accepted for `hash`; reserved must be empty.  `program` as
 * above.  It says nothing about trust. */
enum err signature_check(const char *armor, size_t alen, const char *ns,
	const void *data, size_t len, const char *program, struct pubkey *who,
	struct error *err);

#endif
