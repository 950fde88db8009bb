/* The binary form and the armour of SSH signatures.  Private to src/sign. */
#ifndef STRACK_SIGN_SSHSIG_H
#define STRACK_SIGN_SSHSIG_H

#include "strack/buf.h"
#include "strack/error.h"
#include "wire.h"

#define SSHSIG_HASH "sha512" /* the one that we write */
#define SSHSIG_ARMOR_MAX 32768

/* What a signature says (OpenSSH, PROTOCOL.sshsig); all of it points into
 * the blob. */
struct sshsig {
	struct wire key; /* blob of the public key */
	struct wire ns;
	struct wire hash; /* "sha512" or "sha256" */
	struct wire sig;  /* blob of the signature proper */
};

/* Both append the blob.  sshsig_dearmor takes only what ssh-keygen would
 * write, to the byte; sshsig_dearmor_loose other line lengths, CR LF and a
 * missing final newline too, for what other signing programs hand out. */
enum err sshsig_dearmor(
	const char *armor, size_t len, struct buf *ret, struct error *err);
enum err sshsig_dearmor_loose(
	const char *armor, size_t len, struct buf *ret, struct error *err);
void sshsig_armor(const struct buf *blob, struct buf *ret);

/* ERR_BAD: not a signature, another version or hash, reserved bytes used, or
 * bytes behind it. */
enum err sshsig_decode(
	const struct buf *blob, struct sshsig *ret, struct error *err);
void sshsig_encode(const struct sshsig *s, struct buf *ret);

/* Appends the bytes that the key really signs, for a message in namespace
 * `ns`. `hash` is one that sshsig_decode let through. */
void sshsig_signed_bytes(const struct wire *ns, const struct wire *hash,
	const void *data, size_t len, struct buf *ret);

#endif
