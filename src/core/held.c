/*
 * The entries that are being judged: those of a walk, and older ones of the
 * tree.  Says nothing about them.
 */
#include "held.h"

#include <stdlib.h>
#include <string.h>

void heldvec_release(struct heldvec *l)
{
	for (size_t i = 0; i < l->n; i++) {
		free(l->v[i].path);
		entry_free(l->v[i].own);
	}
	free(l->v);
	*l = (struct heldvec){ 0 };
}

void hold(struct heldvec *l, const char *path, const struct oid *blob)
{
	ARRAY_GROW(l->v, l->n + 1, l->cap);
	l->v[l->n++] = (struct held){ .path = xstrdup(path), .blob = *blob };
}

void hold_entry(struct ledger *l, const struct walk *w, struct held *h)
{
	bool again;

	h->walked = walk_entry(w, h->path);
	if (h->walked) {
		h->e = h->walked->e;
		memcpy(h->id, h->walked->id, sizeof(h->id));
		return;
	}
	/* junk that was disowned may be of any size */
	again = w->has_base && l->trust_ready && !l->disowned_ids.n;
	h->own = xcalloc(1, sizeof(*h->own));
	entry_init(h->own);
	if (!entry_load(l->opts.repo, &h->blob, again, h->own, h->id, NULL))
		h->e = h->own;
}

enum err hold_path(const char *path, const struct tree_entry *e, void *arg,
	struct error *err)
{
	struct heldvec *l = arg;

	(void)err;
	if (ledger_path_kind(path, NULL) == PATH_ENTRY)
		hold(l, path, &e->id);
	return ERR_OK;
}

int held_cmp(const void *a, const void *b)
{
	const struct held *x = a, *y = b;

	if (!x->e || !y->e)
		return (x->e != NULL) - (y->e != NULL);
	return entry_cmp(x->e, y->e);
}
