/*
 * The entries of a ledger by name and one by one, for log, show and whoever
 * looks for a particular one.
 */
#include "ledger_i.h"

#include <stdlib.h>
#include <string.h>

#include "strack/refs.h"
#include "strack/repo.h"
#include "strack/settings.h"

void problemvec_release(struct problemvec *l)
{
	for (size_t i = 0; i < l->n; i++) {
		free(l->v[i].commit);
		free(l->v[i].entry);
		free(l->v[i].text);
	}
	free(l->v);
	*l = (struct problemvec)PROBLEMVEC_INIT;
}

void ledger_entryvec_release(struct ledger_entryvec *l)
{
	for (size_t i = 0; i < l->n; i++) {
		free(l->v[i].path);
		free(l->v[i].problem);
		entry_free(l->v[i].e);
	}
	free(l->v);
	*l = (struct ledger_entryvec)LEDGER_ENTRYVEC_INIT;
}

static enum err list_one(const char *path, const struct tree_entry *e,
	void *arg, struct error *err)
{
	struct ledger_entryvec *l = arg;
	struct entry_name name;
	struct ledger_entry *le;

	(void)err;
	if (ledger_path_kind(path, &name) != PATH_ENTRY)
		return ERR_OK;
	ARRAY_GROW(l->v, l->n + 1, l->cap);
	le = &l->v[l->n++];
	*le = (struct ledger_entry){
		.path = xstrdup(path), .blob = e->id, .name = name
	};
	return ERR_OK;
}

/* Those of this clone's alone that the branch does not have, from before it
 * was shared. */
static enum err add_side(struct ledger *l, const char *under,
	struct ledger_entryvec *list, struct error *err)
{
	struct ledger_entryvec more = LEDGER_ENTRYVEC_INIT;
	struct strmap have = STRMAP_INIT;
	enum err rc = tree_walk(l->side->opts.repo, &l->side->tree, under,
		list_one, &more, err);

	for (size_t i = 0; !rc && i < list->n; i++)
		if (!strcmp(list->v[i].name.env, ENV_LOCAL))
			strmap_put(&have, list->v[i].path, list);
	for (size_t i = 0; !rc && i < more.n; i++) {
		struct ledger_entry *le = &more.v[i];

		if (strcmp(le->name.env, ENV_LOCAL) != 0 ||
			strmap_has(&have, le->path))
			continue;
		ARRAY_GROW(list->v, list->n + 1, list->cap);
		list->v[list->n++] = *le;
		*le = (struct ledger_entry){ .path = NULL }; /* transferred */
	}
	strmap_release(&have, NULL);
	ledger_entryvec_release(&more);
	return rc;
}

static int name_cmp(const void *a, const void *b)
{
	const struct ledger_entry *x = a, *y = b;

	if (x->name.seq != y->name.seq)
		return x->name.seq < y->name.seq ? -1 : 1;
	return strcmp(x->name.id, y->name.id);
}

enum err ledger_list(struct ledger *l, const char *under,
	struct ledger_entryvec *ret, struct error *err)
{
	struct ledger_entryvec list = LEDGER_ENTRYVEC_INIT;
	enum err rc;

	rc = tree_walk(l->opts.repo, &l->tree, under, list_one, &list, err);
	if (!rc && l->side)
		rc = add_side(l, under, &list, err);
	if (rc) {
		ledger_entryvec_release(&list);
		return rc;
	}
	if (list.n)
		qsort(list.v, list.n, sizeof(*list.v), name_cmp);
	ledger_entryvec_release(ret);
	*ret = list;
	return ERR_OK;
}

static bool same_path(const struct problem *p, const char *path)
{
	return p->entry && !strcmp(p->entry, path);
}

static void note_problem(const struct ledger *l, struct ledger_entry *le)
{
	for (size_t i = 0; !le->problem && i < l->problems.n; i++) {
		if (same_path(&l->problems.v[i], le->path))
			le->problem = xstrdup(l->problems.v[i].text);
	}
}

enum err ledger_load(
	struct ledger *l, struct ledger_entry *le, struct error *err)
{
	struct error why = ERROR_INIT;

	(void)err;
	if (le->e || le->problem)
		return ERR_OK;
	le->e = xcalloc(1, sizeof(*le->e));
	entry_init(le->e);
	if (entry_load(l->opts.repo, &le->blob, false, le->e, NULL, &why)) {
		entry_free(le->e);
		le->e = NULL;
		le->problem = xstrdup(why.text.ptr);
	}
	error_release(&why);
	note_problem(l, le);
	if (l->side)
		note_problem(l->side, le);
	for (size_t i = 0; i < l->disowned.n; i++) {
		if (same_path(&l->disowned.v[i], le->path))
			le->disowned = true;
	}
	if (strmap_has(&l->disowned_paths, le->path) ||
		(le->e && strmap_has(&l->disowned_ids, le->e->id)))
		le->disowned = true;
	return ERR_OK;
}

enum err ledger_commit_of(
	struct ledger *l, const char *path, struct oid *ret, struct error *err)
{
	enum err rc =
		history_last_change(l->opts.repo, &l->tip, path, ret, err);

	if (rc == ERR_NOTFOUND && l->side) {
		error_reset(err);
		rc = ledger_commit_of(l->side, path, ret, err);
	}
	return rc;
}

enum err ledger_beside(struct ledger *l, const char *path, const char *suffix,
	struct buf *ret, struct error *err)
{
	char *full = xstrfmt("%s%s", path, suffix);
	struct oid blob;
	unsigned mode;
	enum err rc;

	rc = tree_find(l->opts.repo, &l->tree, full, &mode, &blob, err);
	if (!rc)
		rc = object_read(l->opts.repo, &blob, OBJECT_BLOB,
			ENTRY_SCRIPT_MAX, ret, err);
	free(full);
	if (rc == ERR_NOTFOUND && l->side) {
		error_reset(err);
		rc = ledger_beside(l->side, path, suffix, ret, err);
	}
	return rc;
}

enum err ledger_length(struct ledger *l, size_t *ret, struct error *err)
{
	struct oidvec ids = OIDVEC_INIT;
	enum err rc = history_list(l->opts.repo, &l->tip, NULL, &ids, err);

	if (!rc)
		*ret = ids.n;
	oidvec_release(&ids);
	return rc;
}

/* ---- of all of them ---- */

size_t ledger_entries(const struct ledger *l)
{
	return l->nentries;
}

size_t ledger_commits(const struct ledger *l)
{
	return l->ncommits;
}

size_t ledger_unheld(const struct ledger *l)
{
	return l->nunheld;
}

const struct problemvec *ledger_problems(const struct ledger *l)
{
	return &l->problems;
}

const struct problemvec *ledger_disowned(const struct ledger *l)
{
	return &l->disowned;
}
