/*
 * What differs between two trees, on their raw bytes.  The trees of a ledger
 * are long lists that differ in one place, so equal beginnings and ends are
 * skipped by comparing bytes.
 */
#include "internal.h"

struct differ {
	struct repo *r;
	tree_diff_fn *fn;
	void *arg;
	struct buf path;
	unsigned nodes;
};

/* Puts both at the entry in which the first difference lies. */
static void skip_head(struct tree_iter *a, struct tree_iter *b)
{
	size_t max = a->raw.len < b->raw.len ? a->raw.len : b->raw.len;
	size_t same = 0, at = 0, step;
	const char *nul;

	/* blocks first: memcmp is much quicker than a loop */
	while (same < max) {
		step = max - same < 256 ? max - same : 256;
		if (memcmp(a->raw.ptr + same, b->raw.ptr + same, step) != 0)
			break;
		same += step;
	}
	while (same < max && a->raw.ptr[same] == b->raw.ptr[same])
		same++;
	/* entries can only be told apart from the front */
	for (;;) {
		nul = memchr(a->raw.ptr + at, '\0', same - at);
		if (!nul)
			break;
		step = (size_t)(nul - a->raw.ptr) + 1 + OID_RAW;
		if (step > same)
			break;
		at = step;
	}
	a->pos = at;
	b->pos = at;
}

/* Bytes that are the same at the end of both. */
static size_t same_tail(const struct tree_iter *a, const struct tree_iter *b)
{
	const char *p = a->raw.ptr + a->raw.len;
	const char *q = b->raw.ptr + b->raw.len;
	size_t max = a->raw.len - a->pos, n = 0;

	if (b->raw.len - b->pos < max)
		max = b->raw.len - b->pos;
	while (max - n >= 256 && memcmp(p - n - 256, q - n - 256, 256) == 0)
		n += 256;
	while (n < max && p[-1 - (long)n] == q[-1 - (long)n])
		n++;
	return n;
}

static enum err diff_trees(struct differ *d, const struct oid *old,
	const struct oid *new, int depth, struct error *err);

/* An entry that only one side has, or a leaf that both have. */
static enum err report(struct differ *d, const struct tree_entry *old,
	const struct tree_entry *new, int depth, struct error *err)
{
	const struct tree_entry *e = new ? new : old;
	size_t base = d->path.len;
	enum err rc;

	if (++d->nodes > TREE_NODES)
		return error_set(err, ERR_TOOBIG,
			"the trees differ in more than %u files and folders",
			TREE_NODES);
	/* cppcheck-suppress nullPointer ; one of the two is always there */
	buf_add(&d->path, e->name, e->len);
	/* cppcheck-suppress nullPointer ; the same */
	if (mode_is_tree(e->mode)) {
		buf_addch(&d->path, '/');
		rc = diff_trees(d, old ? &old->id : NULL, new ? &new->id : NULL,
			depth + 1, err);
	} else {
		rc = d->fn(!old   ? 'A'
			   : !new ? 'D'
				  : 'M',
			d->path.ptr, old, new, d->arg, err);
	}
	buf_setlen(&d->path, base);
	return rc;
}

/* Both stand on an entry or are done; moves at least one of them on. */
static enum err diff_step(struct differ *d, struct tree_iter *a,
	struct tree_iter *b, int depth, struct error *err)
{
	int cmp = a->done   ? 1
		  : b->done ? -1
			    : tree_entry_cmp(&a->entry, &b->entry);
	enum err rc = ERR_OK;

	if (cmp < 0)
		rc = report(d, &a->entry, NULL, depth, err);
	else if (cmp > 0)
		rc = report(d, NULL, &b->entry, depth, err);
	else if (a->entry.mode != b->entry.mode ||
		 oid_cmp(&a->entry.id, &b->entry.id) != 0)
		rc = report(d, &a->entry, &b->entry, depth, err);
	if (!rc && cmp <= 0)
		rc = tree_iter_next(a, err);
	if (!rc && cmp >= 0)
		rc = tree_iter_next(b, err);
	return rc;
}

/* What is left, from where both stand, is the same. */
static bool at_tail(
	const struct tree_iter *a, const struct tree_iter *b, size_t tail)
{
	size_t left = a->raw.len - a->start;

	return !a->done && !b->done && left <= tail &&
	       left == b->raw.len - b->start;
}

static enum err diff_trees(struct differ *d, const struct oid *old,
	const struct oid *new, int depth, struct error *err)
{
	struct tree_iter a, b;
	size_t tail;
	enum err rc;

	if (old && new &&oid_cmp(old, new) == 0)
		return ERR_OK;
	if (depth >= TREE_DEPTH)
		return error_set(err, ERR_BAD,
			"the tree %s is nested too deeply", d->path.ptr);
	rc = tree_iter_open(d->r, old, &a, err);
	if (rc)
		return rc;
	rc = tree_iter_open(d->r, new, &b, err);
	if (rc)
		goto out;
	skip_head(&a, &b);
	tail = same_tail(&a, &b);
	rc = tree_iter_next(&a, err);
	if (!rc)
		rc = tree_iter_next(&b, err);
	while (!rc && !(a.done && b.done) && !at_tail(&a, &b, tail))
		rc = diff_step(d, &a, &b, depth, err);
	tree_iter_close(&b);
out:
	tree_iter_close(&a);
	return rc;
}

enum err tree_diff(struct repo *r, const struct oid *old, const struct oid *new,
	tree_diff_fn *fn, void *arg, struct error *err)
{
	struct differ d = { r, fn, arg, BUF_INIT, 0 };
	enum err rc;

	rc = diff_trees(&d, old, new, 0, err);
	buf_release(&d.path);
	return rc;
}
