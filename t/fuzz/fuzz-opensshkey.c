/*
 * Private key files: the text, and its bytes without the base64 that keeps a
 * fuzzer out.  A key that is taken is written and read again as the same one.
 */
#include "fuzz.h"

#include "sign/opensshkey.h"
#include "sign/wire.h"
#include "strack/digest.h"

static void read_key(const char *text, size_t len)
{
	struct opensshkey k = OPENSSHKEY_INIT, again = OPENSSHKEY_INIT;
	struct error err = ERROR_INIT;
	struct buf file = BUF_INIT;
	enum err rc;

	rc = opensshkey_parse(text, len, &k, &err);
	if (rc) {
		fuzz_error(rc, &err);
		return;
	}
	MUST(k.key.line && k.key.fingerprint);
	if (k.usable) {
		MUST(!strcmp(k.key.type, "ssh-ed25519"));
		opensshkey_write(k.secret, "comment", &file);
		MUST(opensshkey_parse(file.ptr, file.len, &again, &err) ==
			ERR_OK);
		MUST(again.usable && !strcmp(again.key.line, k.key.line));
		MUST(!memcmp(again.secret, k.secret, sizeof(k.secret)));
	}
	buf_release(&file);
	opensshkey_release(&again);
	opensshkey_release(&k);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct error err = ERROR_INIT;
	struct buf file = BUF_INIT;
	char *text = fuzz_text(data, size);

	MUST(sign_init(&err) == ERR_OK);
	read_key(text, size);
	buf_adds(&file, OPENSSHKEY_BEGIN "\n");
	base64_add(&file, data, size, WIRE_COLUMNS);
	buf_adds(&file, "-----END OPENSSH PRIVATE KEY-----\n");
	read_key(file.ptr, file.len);
	buf_release(&file);
	free(text);
	return 0;
}
