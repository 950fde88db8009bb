/*
 * Public keys, as a line of text and as a blob.  A key that is taken has one
 * line, and that line gives the same key.
 */
#include "fuzz.h"

#include "sign/pubkey.h"
#include "strack/digest.h"
#include "strack/sign.h"

static void one_form(struct pubkey *key)
{
	struct pubkey again = PUBKEY_INIT;
	struct error err = ERROR_INIT;
	const char *p;

	MUST(!strncmp(key->line, key->type, strlen(key->type)));
	MUST(!strncmp(key->fingerprint, "SHA256:", 7));
	MUST(strlen(key->fingerprint) == 50);
	for (p = key->line; *p; p++)
		MUST(*p >= 0x20 && *p < 0x7f);
	MUST(pubkey_parse(key->line, strlen(key->line), &again, &err) ==
		ERR_OK);
	MUST(!strcmp(again.line, key->line));
	MUST(!strcmp(again.fingerprint, key->fingerprint));
	pubkey_release(&again);
	pubkey_release(key);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct pubkey key = PUBKEY_INIT;
	struct error err = ERROR_INIT;
	struct wire blob = wire_from(data, size);
	enum err rc;

	MUST(sign_init(&err) == ERR_OK);
	rc = pubkey_parse((const char *)data, size, &key, &err);
	if (rc)
		fuzz_error(rc, &err);
	else
		one_form(&key);
	err = (struct error)ERROR_INIT;
	rc = pubkey_from_blob(&blob, &key, &err);
	if (rc)
		fuzz_error(rc, &err);
	else
		one_form(&key);
	return 0;
}
