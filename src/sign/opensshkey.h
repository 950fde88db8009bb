/* Private key files of OpenSSH.  Private to src/sign. */
#ifndef STRACK_SIGN_OPENSSHKEY_H
#define STRACK_SIGN_OPENSSHKEY_H

#include <stdbool.h>
#include <stddef.h>
#include "strack/buf.h"
#include "strack/error.h"
#include "strack/sign.h"

#define OPENSSHKEY_BEGIN "-----BEGIN OPENSSH PRIVATE KEY-----"
#define OPENSSHKEY_SECRET_LEN 64

struct opensshkey {
	struct pubkey key;
	bool usable; /* `secret` holds an unencrypted ed25519 key */
	unsigned char secret[OPENSSHKEY_SECRET_LEN];
};
#define OPENSSHKEY_INIT                                                        \
	{                                                                      \
		PUBKEY_INIT, false,                                            \
		{                                                              \
			0                                                      \
		}                                                              \
	}

/* Reads an "openssh-key-v1" file (OpenSSH, PROTOCOL.key).  The public key is
 * in the clear, so encrypted keys and other types give that much.  ERR_BAD. */
enum err opensshkey_parse(const char *text, size_t len, struct opensshkey *ret,
	struct error *err);
void opensshkey_release(struct opensshkey *k); /* wipes it */

/* Appends the unencrypted file of an ed25519 key; `b` gets the room that it
 * needs at once, and is wiped by the caller. */
void opensshkey_write(const unsigned char secret[OPENSSHKEY_SECRET_LEN],
	const char *comment, struct buf *b);

#endif
