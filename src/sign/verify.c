/*
 * Checking signatures: form, namespace and the cryptography, by the key that
 * the signature itself carries.  Whether that key may sign is src/core's to
 * say.  The way for ed25519 is the hot one of `verify`: no process, and only
 * a handful of allocations.
 */
#include "strack/sign.h"

#include <sodium.h>
#include <string.h>

#include "keygen.h"
#include "pubkey.h"
#include "sshsig.h"

static enum err check_ed25519(const struct sshsig *s, const struct wire *public,
	const void *data, size_t len, struct error *err)
{
	struct wire rest = s->sig;
	struct buf bytes = BUF_INIT;
	struct wire type, raw;
	int bad;

	if (!wire_string(&rest, &type) || !wire_is(&type, PUBKEY_ED25519) ||
		!wire_string(&rest, &raw) || raw.len != crypto_sign_BYTES ||
		rest.len)
		return error_set(err, ERR_BAD,
			"the signature is not of the kind that its key makes");
	sshsig_signed_bytes(&s->ns, &s->hash, data, len, &bytes);
	bad = crypto_sign_verify_detached(
		raw.p, (const unsigned char *)bytes.ptr, bytes.len, public->p);
	buf_release(&bytes);
	if (bad)
		return error_set(err, ERR_BAD,
			"the signature is wrong: it was made over other bytes "
			"or by another key");
	return ERR_OK;
}

enum err signature_check(const char *armor, size_t alen, const char *ns,
	const void *data, size_t len, const char *program, struct pubkey *who,
	struct error *err)
{
	struct pubkey key = PUBKEY_INIT;
	struct buf blob = BUF_INIT;
	struct wire public;
	struct sshsig s;
	enum err rc;

	rc = sshsig_dearmor(armor, alen, &blob, err);
	if (rc)
		goto out;
	rc = sshsig_decode(&blob, &s, err);
	if (rc)
		goto out;
	if (!wire_is(&s.ns, ns)) {
		rc = error_set(err, ERR_BAD,
			"the signature is for another namespace than '%s'", ns);
		goto out;
	}
	rc = pubkey_from_blob(&s.key, &key, err);
	if (rc)
		goto out;
	if (pubkey_ed25519(&s.key, &public))
		rc = check_ed25519(&s, &public, data, len, err);
	else
		rc = keygen_check(program, armor, alen, ns, data, len, err);
	if (rc)
		goto out;
	*who = key;
	key = (struct pubkey)PUBKEY_INIT; /* transferred */
out:
	pubkey_release(&key);
	buf_release(&blob);
	return rc;
}
