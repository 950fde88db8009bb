/*
 * Checkpoints: what the attempts before left for the next one.
 */
#include "job.h"

#include <stdlib.h>
#include <string.h>

#include "strack/claims.h"
#include "strack/strmap.h"

static void take(struct strmap *last, const struct entry *e)
{
	const char *value = entry_get(e, KEY_CHECKPOINT);
	struct strvec items = STRVEC_INIT;

	if (value && entry_items(value, &items)) {
		for (size_t i = 0; i < items.n; i++) {
			char *eq = strchr(items.v[i], '=');
			char *old;

			if (!eq)
				continue;
			*eq = '\0';
			old = strmap_get(last, items.v[i]);
			strmap_put(last, items.v[i], xstrdup(eq + 1));
			free(old);
		}
	}
	strvec_release(&items);
}

/* After an attempt that finished (or was undone) there is nothing to go on
 * from: the next one is asked for on purpose, and begins at the beginning. */
static bool starts_anew(enum kind k)
{
	return k == KIND_DONE || k == KIND_SKIP || k == KIND_ROLLBACK ||
	       k == KIND_VOID || k == KIND_MARK;
}

static void forget(struct strmap *last)
{
	strmap_release(last, free);
	*last = (struct strmap)STRMAP_INIT;
}

enum err resume_collect(struct session *s, const char *script, bool undo,
	struct buf *ret, struct error *err)
{
	struct ledger_entryvec list = LEDGER_ENTRYVEC_INIT;
	struct strmap last = STRMAP_INIT;
	enum kind before = KIND_CLAIM;
	enum err rc = ledger_list(s->ledger, script, &list, err);

	for (size_t i = 0; !rc && i < list.n; i++) {
		struct ledger_entry *le = &list.v[i];
		enum kind k = le->name.kind;

		if (strcmp(le->name.env, s->env) != 0 ||
			(k != KIND_FAIL && k != KIND_LOST && !starts_anew(k)))
			continue;
		rc = ledger_load(s->ledger, le, err);
		if (rc || !claims_ours(s, le))
			continue;
		/* Who lets a lost run run again wants it to go on. */
		if (k == KIND_VOID && before == KIND_LOST)
			continue;
		if (starts_anew(k) || before == KIND_DONE)
			forget(&last);
		if (!starts_anew(k) || (undo && k == KIND_DONE))
			take(&last, le->e);
		before = k;
	}
	for (size_t i = 0; !rc && i < last.n; i++)
		buf_addf(ret, "%s %s\n", last.items[i].key,
			(const char *)last.items[i].value);
	strmap_release(&last, free);
	ledger_entryvec_release(&list);
	return rc;
}
