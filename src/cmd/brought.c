/* Walks the history of the ledger back, one commit at a time, and remembers
 * what each brought.  Reads trees only, and no entry. */
#include "brought.h"

#include <stdlib.h>
#include <string.h>

#include "strack/refs.h"
#include "strack/repo.h"

struct adding {
	struct strmap *by_path;
	const char *commit;
};

/* The newest commit that added a path stands, as the walk goes back. */
static enum err note_added(char status, const char *path,
	const struct tree_entry *old, const struct tree_entry *new, void *arg,
	struct error *err)
{
	struct adding *a = arg;

	(void)old;
	(void)new;
	(void)err;
	if (status == 'A' && ledger_path_kind(path, NULL) == PATH_ENTRY &&
		!strmap_has(a->by_path, path))
		strmap_put(a->by_path, path, xstrdup(a->commit));
	return ERR_OK;
}

/* A merge brings nothing: its entries came by the commits that it joins. */
static void look_at(struct brought *b, struct repo *r, const struct oid *id)
{
	struct commit c = COMMIT_INIT, parent = COMMIT_INIT;
	char hex[OID_HEX + 1];
	struct adding adding = { &b->by_path, hex };
	const struct oid *old = NULL;

	oid_hex(id, hex);
	if (commit_read(r, id, &c, NULL) || c.parents.n > 1)
		goto out;
	if (c.parents.n) {
		if (commit_read(r, &c.parents.v[0], &parent, NULL))
			goto out;
		old = &parent.tree;
	}
	/* What can't be read brought nothing that we could name. */
	(void)tree_diff(r, old, &c.tree, note_added, &adding, NULL);
out:
	commit_release(&c);
	commit_release(&parent);
}

const char *brought_by(struct brought *b, struct session *s, const char *path)
{
	if (!b->listed) {
		b->listed = true;
		if (!history_list(s->repo, ledger_tip(s->ledger), NULL,
			    &b->commits, NULL))
			b->left = b->commits.n;
	}
	while (b->left && !strmap_has(&b->by_path, path))
		look_at(b, s->repo, &b->commits.v[--b->left]);
	return strmap_get(&b->by_path, path);
}

void brought_release(struct brought *b)
{
	oidvec_release(&b->commits);
	strmap_release(&b->by_path, free);
	*b = (struct brought)BROUGHT_INIT;
}
