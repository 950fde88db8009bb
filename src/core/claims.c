/* Reads claims back from the ledger. */
#include "strack/claims.h"

#include <stdlib.h>
#include <string.h>

bool claims_ours(const struct session *s, const struct ledger_entry *le)
{
	const char *clone;

	if (!le->e || le->problem || le->disowned)
		return false;
	clone = entry_get(le->e, KEY_CLONE);
	return strcmp(s->env, ENV_LOCAL) != 0 ||
	       (clone && s->clone && !strcmp(clone, s->clone));
}

static bool is_of_run(const struct entry *e, const char *run)
{
	return !run || !strcmp(entry_get(e, KEY_RUN), run);
}

enum err claims_find(struct session *s, const char *script, const char *run,
	struct entry **ret, struct error *err)
{
	struct ledger_entryvec list = LEDGER_ENTRYVEC_INIT;
	bool found = false;
	enum err rc = ledger_list(s->ledger, script, &list, err);

	for (size_t i = list.n; !rc && !found && i > 0; i--) {
		struct ledger_entry *le = &list.v[i - 1];

		if (le->name.kind != KIND_CLAIM ||
			strcmp(le->name.env, s->env) != 0)
			continue;
		rc = ledger_load(s->ledger, le, err);
		if (rc || !claims_ours(s, le) || !is_of_run(le->e, run))
			continue;
		*ret = le->e;
		le->e = NULL; /* transferred */
		found = true;
	}
	if (!rc && !found)
		rc = error_set(err, ERR_NOTFOUND,
			"%s: the ledger has no claim of a run of it", script);
	ledger_entryvec_release(&list);
	return rc;
}

#define MASKED "***" /* what a secret became */

bool claims_params(const struct entry *claim, struct strvec *ret)
{
	const char *value = entry_get(claim, KEY_PARAM);
	struct strvec items = STRVEC_INIT;
	bool all = true;

	if (value && entry_items(value, &items)) {
		for (size_t i = 0; i < items.n; i++) {
			if (strstr(items.v[i], MASKED))
				all = false;
			else
				strvec_push(ret, items.v[i]);
		}
	}
	strvec_release(&items);
	return all;
}
