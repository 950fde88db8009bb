/*
 * Public keys as SSH writes them (RFC 4253, 5656, 8709 and OpenSSH's
 * PROTOCOL.u2f).  A key has exactly one accepted encoding: two texts for one
 * key would have two fingerprints, and trust goes by fingerprint.  Knows
 * nothing of files and of trust.
 */
#include "strack/sign.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "pubkey.h"

#define ED25519_LEN 32
#define RSA_MIN_BYTES 128 /* 1024 bits, as ssh-keygen refuses less */
#define RSA_MAX_BYTES 2048
#define APPLICATION_MAX 1024

/* What follows the type in a blob, a letter each: k an ed25519 key, e and n
 * an RSA exponent and modulus, c the curve's name, p a point on it, a the
 * application of a token. */
static const struct key_type {
	const char *name;
	const char *fields;
	const char *curve;
	size_t point; /* bytes of an uncompressed point */
} key_types[] = {
	{ PUBKEY_ED25519, "k", NULL, 0 },
	{ "ssh-rsa", "en", NULL, 0 },
	{ "ecdsa-sha2-nistp256", "cp", "nistp256", 65 },
	{ "ecdsa-sha2-nistp384", "cp", "nistp384", 97 },
	{ "ecdsa-sha2-nistp521", "cp", "nistp521", 133 },
	{ "sk-ssh-ed25519@openssh.com", "ka", NULL, 0 },
	{ "sk-ecdsa-sha2-nistp256@openssh.com", "cpa", "nistp256", 65 },
};

static const struct key_type *find_type(const struct wire *name)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(key_types); i++)
		if (wire_is(name, key_types[i].name))
			return &key_types[i];
	return NULL;
}

/* RFC 4251: positive, and no zero byte in front that isn't needed. */
static bool mpint_ok(const struct wire *n, size_t min, size_t max)
{
	size_t len = n->len;

	if (!len || n->p[0] & 0x80)
		return false;
	if (!n->p[0]) {
		if (len < 2 || !(n->p[1] & 0x80))
			return false;
		len--;
	}
	return len >= min && len <= max;
}

static bool field_ok(
	const struct key_type *type, char kind, const struct wire *value)
{
	switch (kind) {
	case 'k':
		return value->len == ED25519_LEN;
	case 'e':
		return mpint_ok(value, 1, RSA_MAX_BYTES);
	case 'n':
		return mpint_ok(value, RSA_MIN_BYTES, RSA_MAX_BYTES);
	case 'c':
		return wire_is(value, type->curve);
	case 'p':
		return value->len == type->point && value->p[0] == 0x04;
	case 'a':
		return value->len <= APPLICATION_MAX &&
		       !memchr(value->p, '\0', value->len);
	}
	return false;
}

static enum err check_blob(
	const struct wire *blob, const struct key_type **ret, struct error *err)
{
	const struct key_type *type;
	struct wire rest = *blob;
	struct wire value;
	const char *f;

	if (!wire_string(&rest, &value))
		return error_set(err, ERR_BAD, "the public key is cut off");
	type = find_type(&value);
	if (!type)
		return error_set(err, ERR_BAD,
			"public keys of this type are not supported");
	for (f = type->fields; *f; f++)
		if (!wire_string(&rest, &value) || !field_ok(type, *f, &value))
			return error_set(err, ERR_BAD,
				"the public key is not a valid %s key",
				type->name);
	if (rest.len)
		return error_set(err, ERR_BAD,
			"the public key has more bytes than a %s key",
			type->name);
	*ret = type;
	return ERR_OK;
}

static void add_fingerprint(struct buf *b, const struct wire *blob)
{
	unsigned char raw[crypto_hash_sha256_BYTES];

	crypto_hash_sha256(raw, blob->p, blob->len);
	buf_adds(b, "SHA256:");
	base64_add(b, raw, sizeof(raw), 0);
	buf_setlen(b, b->len - 1); /* ssh writes it without padding */
}

enum err pubkey_from_blob(
	const struct wire *blob, struct pubkey *ret, struct error *err)
{
	struct buf line = BUF_INIT;
	struct buf fingerprint = BUF_INIT;
	const struct key_type *type = NULL;
	enum err rc;

	if (blob->len > PUBKEY_BLOB_MAX)
		return error_set(err, ERR_BAD, "the public key is too long");
	rc = check_blob(blob, &type, err);
	if (rc)
		return rc;
	buf_adds(&line, type->name);
	buf_addch(&line, ' ');
	base64_add(&line, blob->p, blob->len, 0);
	add_fingerprint(&fingerprint, blob);
	ret->type = xstrdup(type->name);
	ret->line = buf_detach(&line);
	ret->fingerprint = buf_detach(&fingerprint);
	return ERR_OK;
}

bool pubkey_ed25519(const struct wire *blob, struct wire *ret)
{
	struct wire rest = *blob;
	struct wire type;

	return wire_string(&rest, &type) && wire_is(&type, PUBKEY_ED25519) &&
	       wire_string(&rest, ret) && ret->len == ED25519_LEN && !rest.len;
}

void pubkey_put_ed25519(struct buf *b, const unsigned char raw[32])
{
	wire_put_text(b, PUBKEY_ED25519);
	wire_put_string(b, raw, ED25519_LEN);
}

static bool blank(char c)
{
	return c == ' ' || c == '\t';
}

static bool has_control(const char *s, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		if (((unsigned char)s[i] < 0x20 && s[i] != '\t') ||
			s[i] == 0x7f)
			return true;
	return false;
}

/* Takes the word at *s, and the blanks behind it. */
static struct wire next_word(const char **s, const char *end)
{
	const char *p = *s;
	struct wire word;

	while (p < end && !blank(*p))
		p++;
	word = wire_from(*s, (size_t)(p - *s));
	while (p < end && blank(*p))
		p++;
	*s = p;
	return word;
}

enum err pubkey_parse(
	const char *text, size_t len, struct pubkey *ret, struct error *err)
{
	struct pubkey key = PUBKEY_INIT;
	struct buf blob = BUF_INIT;
	const char *s = text;
	struct wire type, b64, whole;
	enum err rc;

	if (len && text[len - 1] == '\n')
		len--;
	if (len > 4 * PUBKEY_BLOB_MAX || has_control(text, len)) {
		rc = error_set(err, ERR_BAD, "this is not one public key");
		goto out;
	}
	type = next_word(&s, text + len);
	b64 = next_word(&s, text + len);
	if (!find_type(&type)) {
		rc = error_set(err, ERR_BAD,
			"this is not a public key of a supported type "
			"(\"ssh-ed25519 AAAA...\")");
		goto out;
	}
	if (!base64_decode((const char *)b64.p, b64.len, NULL, &blob)) {
		rc = error_set(err, ERR_BAD,
			"the public key is not in canonical base64");
		goto out;
	}
	whole = wire_from(blob.ptr, blob.len);
	rc = pubkey_from_blob(&whole, &key, err);
	if (rc)
		goto out;
	if (!wire_is(&type, key.type)) {
		rc = error_set(err, ERR_BAD,
			"the public key says another type inside than outside");
		goto out;
	}
	*ret = key;
	key = (struct pubkey)PUBKEY_INIT; /* transferred */
out:
	pubkey_release(&key);
	buf_release(&blob);
	return rc;
}

enum err pubkey_copy(struct pubkey *ret, const struct pubkey *from)
{
	ret->type = xstrdup(from->type);
	ret->line = xstrdup(from->line);
	ret->fingerprint = xstrdup(from->fingerprint);
	return ERR_OK;
}

void pubkey_release(struct pubkey *k)
{
	free(k->type);
	free(k->line);
	free(k->fingerprint);
	*k = (struct pubkey)PUBKEY_INIT;
}
