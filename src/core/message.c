/*
 * The commit message that goes with an entry: a subject that reads well in
 * `git log --oneline`, and trailers for `git log --format=%(trailers)`.
 */
#include "strack/entry.h"

#include <string.h>

#include "strack/text.h"

static void add_value(const struct entry *e, enum key k, struct buf *ret)
{
	const char *v = entry_get(e, k);

	if (v)
		percent_encode(ret, v, strlen(v), false);
}

/* What it is about, encoded as in the entry. */
static enum key subject_key(const struct entry *e)
{
	switch (e->kind) {
	case KIND_TRUST_ADD:
		return KEY_PRINCIPAL;
	case KIND_TRUST_REVOKE:
		return KEY_FINGERPRINT;
	case KIND_DISOWN:
		return entry_get(e, KEY_ENTRY) ? KEY_ENTRY : KEY_COMMIT;
	case KIND_EXEC:
	case KIND_REVIEW:
		return entry_get(e, KEY_RUN) ? KEY_RUN : KEY_ENTRY;
	case KIND_CLAIM:
	case KIND_DONE:
	case KIND_FAIL:
	case KIND_SKIP:
	case KIND_LOST:
	case KIND_MARK:
	case KIND_VOID:
	case KIND_UNDO:
	case KIND_ROLLBACK:
	case KIND_ROLLBACK_FAIL:
	case KIND_APPROVE:
	case KIND_RETIRE:
	case KIND_NR:
		break;
	}
	return entry_get(e, KEY_SCRIPT) ? KEY_SCRIPT : KEY_RUN;
}

void entry_subject(const struct entry *e, struct buf *ret)
{
	const char *duration = entry_get(e, KEY_DURATION);
	const char *env = entry_get(e, KEY_ENVIRONMENT);
	int64_t ms;

	buf_addf(ret, "%s: ", kind_info(e->kind)->name);
	add_value(e, subject_key(e), ret);
	if (!env)
		return;
	buf_addf(ret, " (%s", env);
	if (kind_info(e->kind)->closes && duration &&
		duration_seconds_parse(duration, &ms)) {
		buf_adds(ret, ", ");
		duration_format(ret, ms);
	}
	buf_addch(ret, ')');
}

void entry_message(const struct entry *e, struct buf *ret)
{
	static const struct {
		const char *trailer;
		enum key key;
	} trailers[] = {
		{ "Script", KEY_SCRIPT },
		{ "Environment", KEY_ENVIRONMENT },
		{ "Kind", KEY_KIND },
		{ "Run", KEY_RUN },
		{ "Exit", KEY_EXIT },
		{ "Signal", KEY_SIGNAL },
		{ "Duration", KEY_DURATION },
		{ "Host", KEY_HOST },
	};

	entry_subject(e, ret);
	buf_adds(ret, "\n\n");
	for (size_t i = 0; i < ARRAY_SIZE(trailers); i++) {
		if (!entry_get(e, trailers[i].key))
			continue;
		buf_addf(ret, "%s: ", trailers[i].trailer);
		add_value(e, trailers[i].key, ret);
		buf_addch(ret, '\n');
	}
}
