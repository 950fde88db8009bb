/* ssh-keygen, for every key that isn't a plain ed25519 one.  Private to
 * src/sign. */
#ifndef STRACK_SIGN_KEYGEN_H
#define STRACK_SIGN_KEYGEN_H

#include <stdbool.h>
#include <stddef.h>
#include "strack/buf.h"
#include "strack/error.h"

#define KEYGEN_PROGRAM "ssh-keygen"

/* The key to sign with: a file, or a public key whose other half is in the
 * agent (`literal`; the other one is NULL). */
struct keygen_key {
	const char *program; /* or NULL for ssh-keygen */
	const char *scratch; /* where its files may be for the time */
	const char *path;
	const char *literal;
	bool token; /* asks on standard error to be touched */
};

/* Appends what the program wrote as signature, unchecked. */
enum err keygen_sign(const struct keygen_key *key, const char *ns,
	const void *data, size_t len, struct buf *ret, struct error *err);

/* Is `armor` a good signature over data, by the key that it carries?  ERR_BAD
 * if not, ERR_FATAL when the program can't tell. */
enum err keygen_check(const char *program, const char *armor, size_t alen,
	const char *ns, const void *data, size_t len, struct error *err);

#endif
