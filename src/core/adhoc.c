/*
 * Brings the entries of .strack/exec together, command by command.  Judges
 * nothing: what the ledger's judges found wrong is left out.
 */
#include "strack/adhoc.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

void adhocs_release(struct adhocs *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->v[i].reviews);
	free(l->v);
	strmap_release(&l->by_id, NULL);
	ledger_entryvec_release(&l->entries);
	*l = (struct adhocs)ADHOCS_INIT;
}

static bool counts(const struct ledger_entry *le)
{
	return le->e && !le->problem && !le->disowned;
}

static void take_exec(struct adhocs *l, struct ledger_entry *le)
{
	if (le->disowned)
		return;
	ARRAY_GROW(l->v, l->n + 1, l->cap);
	l->v[l->n++] = (struct adhoc){ .exec = le };
	if (counts(le))
		strmap_put(&l->by_id, le->e->id, (void *)(uintptr_t)l->n);
}

static struct adhoc *by_id(const struct adhocs *l, const char *id)
{
	uintptr_t at = (uintptr_t)strmap_get(&l->by_id, id);

	return at ? &l->v[at - 1] : NULL;
}

static void take_other(struct adhocs *l, struct ledger_entry *le)
{
	bool closes = kind_info(le->name.kind)->closes;
	const char *id;
	struct adhoc *a;

	if (!counts(le))
		return;
	id = entry_get(le->e, closes ? KEY_CLAIM : KEY_ENTRY);
	a = id ? by_id(l, id) : NULL;
	if (!a)
		return;
	if (closes) {
		a->outcome = le;
	} else if (le->name.kind == KIND_REVIEW) {
		ARRAY_GROW(a->reviews, a->nreviews + 1, a->cap);
		a->reviews[a->nreviews++] = le;
	}
}

enum err adhocs_load(struct ledger *l, struct adhocs *ret, struct error *err)
{
	struct adhocs all = ADHOCS_INIT;
	enum err rc = ledger_list(l, LEDGER_EXEC_DIR, &all.entries, err);

	for (size_t i = 0; !rc && i < all.entries.n; i++) {
		struct ledger_entry *le = &all.entries.v[i];

		rc = ledger_load(l, le, err);
		if (!rc && le->name.kind == KIND_EXEC)
			take_exec(&all, le);
		else if (!rc)
			take_other(&all, le);
	}
	if (!rc) {
		*ret = all;
		all = (struct adhocs)ADHOCS_INIT; /* transferred */
	}
	adhocs_release(&all);
	return rc;
}

const struct adhoc *adhocs_find(const struct adhocs *l, const char *run)
{
	for (size_t i = l->n; i > 0; i--) {
		const struct ledger_entry *le = l->v[i - 1].exec;

		if (counts(le) && !strcmp(entry_get(le->e, KEY_RUN), run))
			return &l->v[i - 1];
	}
	return NULL;
}

bool adhoc_reviewed(const struct adhoc *a)
{
	return a->nreviews &&
	       (!a->outcome || entry_cmp(a->reviews[a->nreviews - 1]->e,
				       a->outcome->e) > 0);
}

enum err adhoc_outcome(struct ledger *l, const char *exec_id,
	struct ledger_entryvec *list, struct ledger_entry **ret,
	struct error *err)
{
	enum err rc = ledger_list(l, LEDGER_EXEC_DIR, list, err);

	for (size_t i = list->n; !rc && i > 0; i--) {
		struct ledger_entry *le = &list->v[i - 1];

		if (!kind_info(le->name.kind)->closes)
			continue;
		rc = ledger_load(l, le, err);
		if (rc || !counts(le) ||
			strcmp(entry_get(le->e, KEY_CLAIM), exec_id) != 0)
			continue;
		*ret = le;
		return ERR_OK;
	}
	return rc ? rc
		  : error_set(err, ERR_NOTFOUND,
			    "the ledger does not say how it ended");
}
