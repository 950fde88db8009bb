/*
 * SSH signatures: armour, blob, and the check as a whole (in process: what is
 * left to ssh-keygen ends before it is called).  There is one text for each
 * signature that is taken, and no change of one is taken.
 */
#include "fuzz.h"

#include "sign/keygen.h"
#include "sign/pubkey.h"
#include "sign/sshsig.h"
#include "strack/digest.h"
#include "strack/sign.h"

static const char message[] = "strack-entry 1\nkind done\n";

/* For keys of other kinds; none gets here. */
enum err keygen_check(const char *program, const char *armor, size_t alen,
	const char *ns, const void *data, size_t len, struct error *err)
{
	(void)program, (void)armor, (void)alen, (void)ns;
	(void)data, (void)len, (void)err;
	abort();
}

static void check(const char *armor, size_t len, const struct buf *blob)
{
	struct error err = ERROR_INIT;
	struct pubkey who = PUBKEY_INIT, key = PUBKEY_INIT;
	struct wire raw;
	struct sshsig s;
	struct buf again = BUF_INIT;
	enum err rc;

	rc = sshsig_decode(blob, &s, &err);
	if (rc) {
		fuzz_error(rc, &err);
		return;
	}
	sshsig_encode(&s, &again);
	MUST(fuzz_same(&again, blob));
	buf_release(&again);
	if (!pubkey_ed25519(&s.key, &raw)) {
		rc = pubkey_from_blob(&s.key, &key, &err);
		if (rc)
			fuzz_error(rc, &err);
		pubkey_release(&key);
		return;
	}
	rc = signature_check(armor, len, SIGN_NS_ENTRY, message,
		sizeof(message) - 1, "/nonexistent", &who, &err);
	if (rc)
		fuzz_error(rc, &err);
	else
		MUST(wire_is(&s.ns, SIGN_NS_ENTRY) && who.fingerprint &&
			!strcmp(who.type, "ssh-ed25519"));
	pubkey_release(&who);
}

static void armoured(const char *text, size_t len)
{
	struct buf strict = BUF_INIT, loose = BUF_INIT, again = BUF_INIT;
	struct error err = ERROR_INIT;
	enum err rc, rc2;

	rc2 = sshsig_dearmor_loose(text, len, &loose, &err);
	if (rc2) {
		fuzz_error(rc2, &err);
		err = (struct error)ERROR_INIT;
	}
	rc = sshsig_dearmor(text, len, &strict, &err);
	if (rc) {
		fuzz_error(rc, &err);
		MUST(!strict.len);
	} else {
		MUST(!rc2 && fuzz_same(&strict, &loose));
		sshsig_armor(&strict, &again);
		MUST(again.len == len && !memcmp(again.ptr, text, len));
		check(text, len, &strict);
	}
	buf_release(&strict);
	buf_release(&loose);
	buf_release(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf blob = BUF_INIT, armor = BUF_INIT, back = BUF_INIT;
	struct error err = ERROR_INIT;
	char *text = fuzz_text(data, size);

	MUST(sign_init(&err) == ERR_OK);
	armoured(text, size);
	/* And the same bytes as a blob, which base64 keeps from being met. */
	buf_add(&blob, data, size);
	sshsig_armor(&blob, &armor);
	if (armor.len <= SSHSIG_ARMOR_MAX) {
		MUST(sshsig_dearmor(armor.ptr, armor.len, &back, &err) ==
			ERR_OK);
		MUST(fuzz_same(&blob, &back));
		check(armor.ptr, armor.len, &blob);
	}
	buf_release(&blob);
	buf_release(&armor);
	buf_release(&back);
	free(text);
	return 0;
}
