/*
 * SSH signatures (OpenSSH, PROTOCOL.sshsig): the blob, its armour, and the
 * bytes that are signed.  Pure; knows nothing of how keys sign or verify.
 */
#include "sshsig.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "strack/sign.h"

#define PREAMBLE "SSHSIG"
#define PREAMBLE_LEN (sizeof(PREAMBLE) - 1)
#define VERSION 1

static const struct hash {
	const char *name;
	size_t len;
	int (*digest)(
		unsigned char *, const unsigned char *, unsigned long long);
} hashes[] = {
	{ SSHSIG_HASH, crypto_hash_sha512_BYTES, crypto_hash_sha512 },
	{ "sha256", crypto_hash_sha256_BYTES, crypto_hash_sha256 },
};

static const struct hash *find_hash(const struct wire *name)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(hashes); i++)
		if (wire_is(name, hashes[i].name))
			return &hashes[i];
	return NULL;
}

void sshsig_armor(const struct buf *blob, struct buf *ret)
{
	buf_adds(ret, SIGN_BEGIN "\n");
	base64_add(ret, blob->ptr, blob->len, WIRE_COLUMNS);
	buf_adds(ret, SIGN_END "\n");
}

static bool begins(const char *s, size_t len, const char *with)
{
	return len >= strlen(with) && !memcmp(s, with, strlen(with));
}

enum err sshsig_dearmor_loose(
	const char *armor, size_t len, struct buf *ret, struct error *err)
{
	const char *from = armor + strlen(SIGN_BEGIN);
	const char *to;

	if (!begins(armor, len, SIGN_BEGIN))
		return error_set(err, ERR_BAD,
			"this is not an SSH signature (it does not begin with "
			"\"" SIGN_BEGIN "\")");
	if (len > SSHSIG_ARMOR_MAX)
		return error_set(err, ERR_BAD, "the signature is too long");
	to = memmem(from, len - strlen(SIGN_BEGIN), SIGN_END, strlen(SIGN_END));
	if (!to)
		return error_set(err, ERR_BAD,
			"the signature is cut off: \"" SIGN_END
			"\" is missing");
	if (!base64_decode(from, (size_t)(to - from), "\r\n", ret))
		return error_set(
			err, ERR_BAD, "the signature is not valid base64");
	return ERR_OK;
}

enum err sshsig_dearmor(
	const char *armor, size_t len, struct buf *ret, struct error *err)
{
	struct buf blob = BUF_INIT;
	struct buf again = BUF_INIT;
	enum err rc;

	rc = sshsig_dearmor_loose(armor, len, &blob, err);
	if (rc)
		goto out;
	/* Writing it again is the shortest complete check of line lengths,
	 * blanks, padding and what stands behind. */
	sshsig_armor(&blob, &again);
	if (again.len < len && !memcmp(again.ptr, armor, again.len))
		rc = error_set(err, ERR_BAD,
			"there is something behind the signature");
	else if (again.len != len || memcmp(again.ptr, armor, len) != 0)
		rc = error_set(err, ERR_BAD,
			"the signature is not written as ssh-keygen does it");
	else
		buf_addbuf(ret, &blob);
out:
	buf_release(&again);
	buf_release(&blob);
	return rc;
}

enum err sshsig_decode(
	const struct buf *blob, struct sshsig *ret, struct error *err)
{
	struct wire rest = wire_from(blob->ptr, blob->len);
	struct wire preamble, reserved;
	struct sshsig s;
	uint32_t version;

	if (!wire_take(&rest, PREAMBLE_LEN, &preamble) ||
		!wire_is(&preamble, PREAMBLE) || !wire_u32(&rest, &version))
		return error_set(err, ERR_BAD, "this is not an SSH signature");
	if (version != VERSION)
		return error_set(err, ERR_BAD,
			"the signature is of version %lu, not 1",
			(unsigned long)version);
	if (!wire_string(&rest, &s.key) || !wire_string(&rest, &s.ns) ||
		!wire_string(&rest, &reserved) ||
		!wire_string(&rest, &s.hash) || !wire_string(&rest, &s.sig))
		return error_set(err, ERR_BAD, "the signature is cut off");
	if (rest.len)
		return error_set(err, ERR_BAD,
			"the signature has bytes behind its last field");
	if (reserved.len)
		return error_set(err, ERR_BAD,
			"the signature uses a field that is reserved");
	if (!find_hash(&s.hash))
		return error_set(err, ERR_BAD,
			"the signature's hash is neither sha512 nor sha256");
	*ret = s;
	return ERR_OK;
}

void sshsig_encode(const struct sshsig *s, struct buf *ret)
{
	buf_add(ret, PREAMBLE, PREAMBLE_LEN);
	wire_put_u32(ret, VERSION);
	wire_put_string(ret, s->key.p, s->key.len);
	wire_put_string(ret, s->ns.p, s->ns.len);
	wire_put_text(ret, ""); /* reserved */
	wire_put_string(ret, s->hash.p, s->hash.len);
	wire_put_string(ret, s->sig.p, s->sig.len);
}

void sshsig_signed_bytes(const struct wire *ns, const struct wire *hash,
	const void *data, size_t len, struct buf *ret)
{
	unsigned char digest[crypto_hash_sha512_BYTES];
	const struct hash *h = find_hash(hash);

	if (!h)
		abort(); /* sshsig_decode let it through */
	h->digest(digest, data, len);
	buf_add(ret, PREAMBLE, PREAMBLE_LEN);
	wire_put_string(ret, ns->p, ns->len);
	wire_put_text(ret, ""); /* reserved */
	wire_put_string(ret, hash->p, hash->len);
	wire_put_string(ret, digest, h->len);
}
