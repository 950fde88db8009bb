/* Private to src/core: the entries that are being judged. */
#ifndef STRACK_CORE_HELD_H
#define STRACK_CORE_HELD_H

#include "ledger_i.h"

/* One entry in hand, from the walk or read from the tree. */
struct held {
	char *path;
	struct oid blob;
	const struct wentry *walked; /* or NULL */
	struct entry *own;           /* read here, or NULL */
	const struct entry *e;       /* one of the two, or NULL */
	char id[ENTRY_ID_HEX + 1];   /* "" when its bytes can't be read */
};

struct heldvec {
	struct held *v;
	size_t n, cap;
};

void heldvec_release(struct heldvec *l);
void hold(struct heldvec *l, const char *path, const struct oid *blob);
/* The same as a tree_walk_fn: entries only. */
enum err hold_path(const char *path, const struct tree_entry *e, void *arg,
	struct error *err);
/* Fills h->e.  What the walk read is used; an older entry is read again.  One
 * that can't be read is left without e. */
void hold_entry(struct ledger *l, const struct walk *w, struct held *h);
/* For qsort: order of entries, those that can't be read first. */
int held_cmp(const void *a, const void *b);

#endif
