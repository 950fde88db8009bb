/*
 * SHA-256 of the ledger, and the start of libsodium.  Knows nothing of what
 * is digested; git's own object ids belong to src/git.
 */
#include "strack/digest.h"

#include <sodium.h>
#include <stdlib.h>

#include "strack/buf.h"

struct digest {
	crypto_hash_sha256_state state;
};

enum err sign_init(struct error *err)
{
	if (sodium_init() < 0)
		return error_set(err, ERR_FATAL,
			"libsodium cannot start: no source of random numbers");
	return ERR_OK;
}

struct digest *digest_new(void)
{
	struct digest *d = xcalloc(1, sizeof(*d));

	crypto_hash_sha256_init(&d->state);
	return d;
}

void digest_add(struct digest *d, const void *p, size_t n)
{
	if (n)
		crypto_hash_sha256_update(&d->state, p, n);
}

static void to_hex(
	const unsigned char raw[SHA256_LEN], char ret[SHA256_HEX + 1])
{
	sodium_bin2hex(ret, SHA256_HEX + 1, raw, SHA256_LEN);
}

void digest_final(struct digest *d, char ret[SHA256_HEX + 1])
{
	unsigned char raw[SHA256_LEN];

	crypto_hash_sha256_final(&d->state, raw);
	to_hex(raw, ret);
	digest_free(d);
}

void digest_free(struct digest *d)
{
	free(d);
}

void sha256_hex(const void *p, size_t n, char ret[SHA256_HEX + 1])
{
	unsigned char raw[SHA256_LEN];

	crypto_hash_sha256(raw, p, n);
	to_hex(raw, ret);
}
