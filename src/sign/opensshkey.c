/*
 * Private key files, "openssh-key-v1" (OpenSSH, PROTOCOL.key): reads the
 * public key of any, the secret of unencrypted ed25519 ones.  Knows nothing
 * of files and of signing.  Whatever has held a secret is wiped.
 */
#include "opensshkey.h"

#include <sodium.h>
#include <string.h>

#include "pubkey.h"
#include "wire.h"

#define END "-----END OPENSSH PRIVATE KEY-----"
#define MAGIC "openssh-key-v1" /* with its final NUL */
#define CIPHER_NONE "none"
#define KDF_NONE "none"
#define BLOCK_NONE 8 /* what unencrypted keys are padded to */
#define SEED_LEN crypto_sign_SEEDBYTES

/* The outer fields, pointing into the decoded file. */
struct container {
	struct wire cipher;
	struct wire key;
	struct wire secret; /* encrypted, unless cipher is "none" */
};

static enum err bad(struct error *err)
{
	return error_set(
		err, ERR_BAD, "the private key file is damaged or cut off");
}

static enum err dearmor(
	const char *text, size_t len, struct buf *ret, struct error *err)
{
	static const char begin[] = OPENSSHKEY_BEGIN "\n";
	static const char begin_crlf[] = OPENSSHKEY_BEGIN "\r\n";
	static const char last[] = "\n" END;
	const char *from, *to, *after;

	if (len > sizeof(begin) && !memcmp(text, begin, sizeof(begin) - 1))
		from = text + sizeof(begin) - 1;
	else if (len > sizeof(begin_crlf) &&
		 !memcmp(text, begin_crlf, sizeof(begin_crlf) - 1))
		from = text + sizeof(begin_crlf) - 1;
	else
		return bad(err);
	to = memmem(from, (size_t)(text + len - from), last, sizeof(last) - 1);
	if (!to)
		return bad(err);
	/* ssh too wants the newline behind the last line. */
	after = to + sizeof(last) - 1;
	if (after < text + len && *after == '\r')
		after++;
	if (after == text + len || *after != '\n')
		return bad(err);
	if (!base64_decode(from, (size_t)(to - from), "\r\n", ret))
		return bad(err);
	return ERR_OK;
}

static enum err read_container(
	const struct buf *raw, struct container *ret, struct error *err)
{
	struct wire rest = wire_from(raw->ptr, raw->len);
	struct wire magic, kdf, options;
	uint32_t keys;
	bool plain;

	if (!wire_take(&rest, sizeof(MAGIC), &magic) ||
		memcmp(magic.p, MAGIC, sizeof(MAGIC)) != 0 ||
		!wire_string(&rest, &ret->cipher) ||
		!wire_string(&rest, &kdf) || !wire_string(&rest, &options) ||
		!wire_u32(&rest, &keys))
		return bad(err);
	if (keys != 1)
		return error_set(err, ERR_BAD,
			"the private key file holds %lu keys, not one",
			(unsigned long)keys);
	if (!wire_string(&rest, &ret->key) || !wire_string(&rest, &ret->secret))
		return bad(err);
	plain = wire_is(&ret->cipher, CIPHER_NONE);
	if (plain != wire_is(&kdf, KDF_NONE) || (plain && options.len))
		return bad(err);
	/* Only authenticated ciphers have something behind: their tag. */
	if (plain && rest.len)
		return bad(err);
	return ERR_OK;
}

static bool padding_ok(const struct wire *rest)
{
	size_t i;

	for (i = 0; i < rest->len; i++)
		if (rest->p[i] != ((i + 1) & 0xff))
			return false;
	return true;
}

/* The three copies of the public key must be that of the seed: signing with
 * another one gives the secret away. */
static bool pair_ok(const struct wire *secret, const struct wire *public)
{
	unsigned char pk[crypto_sign_PUBLICKEYBYTES];
	unsigned char sk[crypto_sign_SECRETKEYBYTES];
	bool ok;

	ok = crypto_sign_seed_keypair(pk, sk, secret->p) == 0 &&
	     !sodium_memcmp(sk, secret->p, sizeof(sk)) &&
	     !memcmp(pk, public->p, sizeof(pk));
	sodium_memzero(sk, sizeof(sk));
	return ok;
}

static enum err read_secret(
	const struct container *c, struct opensshkey *k, struct error *err)
{
	struct wire rest = c->secret;
	struct wire type, outer, public, secret, comment;
	uint32_t one, two;

	if (!pubkey_ed25519(&c->key, &outer))
		return bad(err);
	if (rest.len % BLOCK_NONE || !wire_u32(&rest, &one) ||
		!wire_u32(&rest, &two) || one != two ||
		!wire_string(&rest, &type) || !wire_is(&type, PUBKEY_ED25519) ||
		!wire_string(&rest, &public) || !wire_same(&public, &outer) ||
		!wire_string(&rest, &secret) ||
		secret.len != sizeof(k->secret) ||
		!wire_string(&rest, &comment) || !padding_ok(&rest))
		return bad(err);
	if (!pair_ok(&secret, &public))
		return error_set(err, ERR_BAD,
			"the private key does not belong to its public key");
	memcpy(k->secret, secret.p, sizeof(k->secret));
	k->usable = true;
	return ERR_OK;
}

enum err opensshkey_parse(
	const char *text, size_t len, struct opensshkey *ret, struct error *err)
{
	struct opensshkey k = OPENSSHKEY_INIT;
	struct buf raw = BUF_INIT;
	struct container c;
	enum err rc;

	rc = dearmor(text, len, &raw, err);
	if (rc)
		goto out;
	rc = read_container(&raw, &c, err);
	if (rc)
		goto out;
	rc = pubkey_from_blob(&c.key, &k.key, err);
	if (rc)
		goto out;
	if (wire_is(&c.cipher, CIPHER_NONE) &&
		!strcmp(k.key.type, PUBKEY_ED25519)) {
		rc = read_secret(&c, &k, err);
		if (rc)
			goto out;
	}
	*ret = k;
	k.key = (struct pubkey)PUBKEY_INIT; /* transferred */
out:
	opensshkey_release(&k);
	buf_burn(&raw);
	return rc;
}

void opensshkey_release(struct opensshkey *k)
{
	pubkey_release(&k->key);
	sodium_memzero(k->secret, sizeof(k->secret));
	k->usable = false;
}

static void put_secret(struct buf *b, const unsigned char *secret,
	const unsigned char *public, const char *comment)
{
	struct buf plain = BUF_INIT;
	unsigned char check[4];
	char pad = 1;

	buf_grow(&plain, 256 + strlen(comment)); /* no copy by growing */
	randombytes_buf(check, sizeof(check));
	buf_add(&plain, check, sizeof(check));
	buf_add(&plain, check, sizeof(check));
	pubkey_put_ed25519(&plain, public);
	wire_put_string(&plain, secret, OPENSSHKEY_SECRET_LEN);
	wire_put_text(&plain, comment);
	while (plain.len % BLOCK_NONE)
		buf_addch(&plain, pad++);
	wire_put_string(b, plain.ptr, plain.len);
	buf_burn(&plain);
}

void opensshkey_write(const unsigned char secret[OPENSSHKEY_SECRET_LEN],
	const char *comment, struct buf *b)
{
	const unsigned char *public = secret + SEED_LEN;
	struct buf raw = BUF_INIT;
	struct buf key = BUF_INIT;

	buf_grow(&raw, 512 + strlen(comment));
	pubkey_put_ed25519(&key, public);
	buf_add(&raw, MAGIC, sizeof(MAGIC));
	wire_put_text(&raw, CIPHER_NONE);
	wire_put_text(&raw, KDF_NONE);
	wire_put_text(&raw, ""); /* no options */
	wire_put_u32(&raw, 1);
	wire_put_string(&raw, key.ptr, key.len);
	put_secret(&raw, secret, public, comment);

	buf_grow(b, 2 * raw.len + 256);
	buf_adds(b, OPENSSHKEY_BEGIN "\n");
	base64_add(b, raw.ptr, raw.len, WIRE_COLUMNS);
	buf_adds(b, END "\n");
	buf_release(&key);
	buf_burn(&raw);
}
