/* Public keys in their binary form.  Private to src/sign. */
#ifndef STRACK_SIGN_PUBKEY_H
#define STRACK_SIGN_PUBKEY_H

#include "strack/error.h"
#include "strack/sign.h"
#include "wire.h"

#define PUBKEY_ED25519 "ssh-ed25519"
/* A key of 16384 bits, the largest that ssh takes, has 2 KiB. */
#define PUBKEY_BLOB_MAX 8192

/* Is it one key of a type that we take, whole and in its only encoding?
 * ERR_BAD otherwise. */
enum err pubkey_from_blob(
	const struct wire *blob, struct pubkey *ret, struct error *err);

/* The 32 bytes of an ssh-ed25519 blob; false when it is none. */
bool pubkey_ed25519(const struct wire *blob, struct wire *ret);

/* Appends the blob of an ed25519 key. */
void pubkey_put_ed25519(struct buf *b, const unsigned char raw[32]);

#endif
