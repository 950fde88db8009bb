/*
 * Two trees as one that holds what either holds.  Where both have a path they
 * must have the same there: what is in a ledger never changes.
 */
#include "internal.h"

#include <stdlib.h>

struct joiner {
	struct repo *r;
	struct oidvec *written;
	struct buf path; /* for messages */
};

static enum err join(struct joiner *j, const struct oid *a, const struct oid *b,
	int depth, struct oid *ret, struct error *err);

static void emit(
	struct buf *out, const struct tree_entry *e, const struct oid *id)
{
	buf_addf(out, "%o ", e->mode);
	buf_add(out, e->name, e->len);
	buf_addch(out, '\0');
	buf_add(out, id->id, OID_RAW);
}

static enum err differs(
	struct joiner *j, const struct tree_entry *e, struct error *err)
{
	return error_set(err, ERR_EXISTS,
		"%s%.*s is there on both sides, and differs", j->path.ptr,
		(int)e->len, e->name);
}

/* Both have the name. */
static enum err join_entry(struct joiner *j, const struct tree_entry *a,
	const struct tree_entry *b, int depth, struct oid *ret,
	struct error *err)
{
	size_t len = j->path.len;
	enum err rc = ERR_OK;

	*ret = a->id;
	if (a->mode == b->mode && !oid_cmp(&a->id, &b->id))
		return ERR_OK;
	if (!mode_is_tree(a->mode) || !mode_is_tree(b->mode))
		return differs(j, a, err);
	buf_add(&j->path, a->name, a->len);
	buf_addch(&j->path, '/');
	rc = join(j, &a->id, &b->id, depth + 1, ret, err);
	buf_setlen(&j->path, len);
	return rc;
}

static enum err merge(struct joiner *j, struct tree_iter *a,
	struct tree_iter *b, int depth, struct buf *out, struct error *err)
{
	struct open_files files = { NULL, 0, 0 };
	const struct tree_entry *e;
	struct oid id;
	enum err rc = tree_iter_next(a, err);

	if (!rc)
		rc = tree_iter_next(b, err);
	while (!rc && (!a->done || !b->done)) {
		int cmp = a->done   ? 1
			  : b->done ? -1
				    : tree_entry_cmp(&a->entry, &b->entry);

		e = cmp > 0 ? &b->entry : &a->entry;
		id = e->id;
		if (!open_files_add(&files, e))
			rc = differs(j, e, err);
		else if (!cmp)
			rc = join_entry(
				j, &a->entry, &b->entry, depth, &id, err);
		emit(out, e, &id);
		if (!rc && cmp <= 0)
			rc = tree_iter_next(a, err);
		if (!rc && cmp >= 0)
			rc = tree_iter_next(b, err);
	}
	free(files.v);
	return rc;
}

static enum err join(struct joiner *j, const struct oid *a, const struct oid *b,
	int depth, struct oid *ret, struct error *err)
{
	struct tree_iter ia, ib;
	struct buf out = BUF_INIT;
	enum err rc;

	if (depth >= TREE_DEPTH)
		return error_set(
			err, ERR_BAD, "%s is nested too deeply", j->path.ptr);
	rc = tree_iter_open(j->r, a, &ia, err);
	if (rc)
		return rc;
	rc = tree_iter_open(j->r, b, &ib, err);
	if (!rc) {
		rc = merge(j, &ia, &ib, depth, &out, err);
		tree_iter_close(&ib);
	}
	tree_iter_close(&ia);
	if (!rc)
		rc = object_write(
			j->r, OBJECT_TREE, out.ptr, out.len, ret, err);
	if (!rc)
		oidvec_push(j->written, ret);
	buf_release(&out);
	return rc;
}

enum err tree_union(struct repo *r, const struct oid *a, const struct oid *b,
	struct oidvec *written, struct oid *ret, struct error *err)
{
	struct joiner j = { r, written, BUF_INIT };
	enum err rc = join(&j, a, b, 0, ret, err);

	buf_release(&j.path);
	return rc;
}
