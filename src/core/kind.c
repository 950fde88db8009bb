/*
 * The tables of entries: kinds, keys, roles.  A new kind of entry is one row
 * here.  Knows nothing of texts or trees.
 */
#include "strack/entry.h"

#include <string.h>

#define OUTCOME (KEYBIT(KEY_CLAIM) | KEYBIT(KEY_RUN))

static const struct kind_info kinds[KIND_NR] = {
	[KIND_CLAIM] = { "claim", FOLDER_SCRIPT, ROLE_RUN,
		KEYBIT(KEY_RUN) | KEYBIT(KEY_ATTEMPT) | KEYBIT(KEY_BLOB) |
			KEYBIT(KEY_COMMIT) | KEYBIT(KEY_LIMIT),
		.opens = true },
	[KIND_DONE] = { "done", FOLDER_ANY, ROLE_RUN, OUTCOME, .closes = true,
		.replay = true },
	[KIND_FAIL] = { "fail", FOLDER_ANY, ROLE_RUN, OUTCOME, .closes = true,
		.replay = true },
	[KIND_SKIP] = { "skip", FOLDER_ANY, ROLE_RUN, OUTCOME, .closes = true,
		.replay = true },
	[KIND_LOST] = { "lost", FOLDER_ANY, ROLE_RUN, OUTCOME, .closes = true },
	[KIND_MARK] = { "mark", FOLDER_SCRIPT, ROLE_RUN, KEYBIT(KEY_REASON) },
	[KIND_VOID] = { "void", FOLDER_SCRIPT, ROLE_RUN,
		KEYBIT(KEY_ENTRY) | KEYBIT(KEY_REASON) },
	[KIND_UNDO] = { "undo", FOLDER_SCRIPT, ROLE_RUN,
		KEYBIT(KEY_RUN) | KEYBIT(KEY_ATTEMPT), .opens = true },
	[KIND_ROLLBACK] = { "rollback", FOLDER_SCRIPT, ROLE_RUN, OUTCOME,
		.closes = true, .replay = true },
	[KIND_ROLLBACK_FAIL] = { "rollback-fail", FOLDER_SCRIPT, ROLE_RUN,
		OUTCOME, .closes = true, .replay = true },
	[KIND_APPROVE] = { "approve", FOLDER_SCRIPT, ROLE_APPROVE,
		KEYBIT(KEY_BLOB) },
	[KIND_RETIRE] = { "retire", FOLDER_SCRIPT, ROLE_RUN, 0 },
	[KIND_EXEC] = { "exec", FOLDER_EXEC, ROLE_RUN,
		KEYBIT(KEY_RUN) | KEYBIT(KEY_REASON), .opens = true },
	[KIND_REVIEW] = { "review", FOLDER_EXEC, ROLE_APPROVE,
		KEYBIT(KEY_ENTRY) | KEYBIT(KEY_VERDICT) },
	[KIND_TRUST_ADD] = { "trust-add", FOLDER_TRUST, ROLE_ROOT,
		KEYBIT(KEY_KEY) | KEYBIT(KEY_PRINCIPAL) | KEYBIT(KEY_ROLES) },
	[KIND_TRUST_REVOKE] = { "trust-revoke", FOLDER_TRUST, ROLE_ROOT,
		KEYBIT(KEY_FINGERPRINT) | KEYBIT(KEY_AFTER) },
	[KIND_DISOWN] = { "disown", FOLDER_TRUST, ROLE_ROOT,
		KEYBIT(KEY_REASON) },
};

static const struct {
	const char *name;
	enum key_form form;
} keys[KEY_NR] = {
	[KEY_LEDGER] = { "ledger", FORM_UUID },
	[KEY_KIND] = { "kind", FORM_KIND },
	[KEY_SCRIPT] = { "script", FORM_TEXT },
	[KEY_ENVIRONMENT] = { "environment", FORM_ENVIRONMENT },
	[KEY_RUN] = { "run", FORM_ULID },
	[KEY_ATTEMPT] = { "attempt", FORM_NUMBER },
	[KEY_CLAIM] = { "claim", FORM_SHA256 },
	[KEY_BLOB] = { "blob", FORM_OID },
	[KEY_COMMIT] = { "commit", FORM_OID },
	[KEY_LIMIT] = { "limit", FORM_NUMBER },
	[KEY_CONFIG] = { "config", FORM_OID },
	[KEY_RAW_SHA256] = { "raw-sha256", FORM_SHA256 },
	[KEY_CHANGED] = { "changed-while-running", FORM_YES },
	[KEY_DIRTY] = { "dirty", FORM_YES },
	[KEY_AGAIN] = { "again", FORM_TEXT },
	[KEY_ENTRY] = { "entry", FORM_SHA256 },
	[KEY_RESOLVED] = { "resolved", FORM_YES },
	[KEY_VERDICT] = { "verdict", FORM_TEXT },
	[KEY_ARGS] = { "args", FORM_ITEMS },
	[KEY_PARAM] = { "param", FORM_ITEMS },
	[KEY_COMPANION] = { "companion", FORM_ITEMS },
	[KEY_REASON] = { "reason", FORM_TEXT },
	[KEY_CANCELLED] = { "cancelled", FORM_TEXT },
	[KEY_CHECKPOINT] = { "checkpoint", FORM_ITEMS },
	[KEY_LEFT] = { "left", FORM_NUMBER },
	[KEY_UNCLAIMED] = { "unclaimed", FORM_YES },
	[KEY_CLONE] = { "clone", FORM_TEXT },
	[KEY_KEY] = { "key", FORM_TEXT },
	[KEY_PRINCIPAL] = { "principal", FORM_TEXT },
	[KEY_ROLES] = { "roles", FORM_TEXT },
	[KEY_ENVIRONMENTS] = { "environments", FORM_TEXT },
	[KEY_FINGERPRINT] = { "fingerprint", FORM_FINGERPRINT },
	[KEY_AFTER] = { "after", FORM_OID },
	[KEY_TIME] = { "time", FORM_TIME },
	[KEY_DURATION] = { "duration", FORM_SECONDS },
	[KEY_EXIT] = { "exit", FORM_NUMBER },
	[KEY_SIGNAL] = { "signal", FORM_NUMBER },
	[KEY_TIMED_OUT] = { "timed-out", FORM_NUMBER },
	[KEY_OUTPUT_BYTES] = { "output-bytes", FORM_NUMBER },
	[KEY_OUTPUT_SHA256] = { "output-sha256", FORM_SHA256 },
	[KEY_LOG] = { "log", FORM_OID },
	[KEY_HOST] = { "host", FORM_TEXT },
	[KEY_USER] = { "user", FORM_TEXT },
	[KEY_SEQ] = { "seq", FORM_NUMBER },
	[KEY_PREV] = { "prev", FORM_OID },
	[KEY_SIGNER] = { "signer", FORM_FINGERPRINT },
};

const struct kind_info *kind_info(enum kind k)
{
	return &kinds[k];
}

bool kind_parse(const char *name, size_t len, enum kind *ret)
{
	for (int k = 0; k < KIND_NR; k++) {
		if (strlen(kinds[k].name) == len &&
			!memcmp(kinds[k].name, name, len)) {
			*ret = (enum kind)k;
			return true;
		}
	}
	return false;
}

const char *key_name(enum key k)
{
	return keys[k].name;
}

enum key_form key_form(enum key k)
{
	return keys[k].form;
}

bool key_parse(const char *name, size_t len, enum key *ret)
{
	for (int k = 0; k < KEY_NR; k++) {
		if (strlen(keys[k].name) == len &&
			!memcmp(keys[k].name, name, len)) {
			*ret = (enum key)k;
			return true;
		}
	}
	return false;
}
