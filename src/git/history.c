/*
 * Walking commits: what is new between two tips, and who descends from whom.
 * Reads raw commits and of them only parents and dates.  A git_revwalk is as
 * quick, but believes clocks (a wrong one makes old commits new), and can't
 * tell the edge of a shallow clone from a broken store.
 */
#include "strack/refs.h"
#include "internal.h"

#include <stdint.h>
#include <stdlib.h>

enum {
	NODE_LOADED = 1,
	NODE_MISSING = 2, /* not in this clone */
	NODE_QUEUED = 4,  /* is or was in the queue */
	NODE_DONE = 8,    /* was taken from it */
	NODE_HIDDEN = 16, /* reachable from the base */
	NODE_LISTED = 32,
	NODE_ABOVE = 64, /* descends from the base */
};

struct node {
	struct oid id;
	int64_t date; /* orders the queue and decides nothing */
	uint32_t parent;
	uint32_t nparents; /* node numbers in walk.parents */
	unsigned flags;
};

struct walk {
	struct repo *r;
	struct node *v;
	size_t n;
	size_t cap;
	uint32_t *slots; /* hash table: number of a node + 1 */
	size_t nslots;
	uint32_t *parents;
	size_t nparents;
	size_t cap_parents;
	uint32_t *heap; /* newest first */
	size_t nheap;
	size_t cap_heap;
	size_t open; /* nodes in the queue that are not hidden */
	uint32_t *stack;
	size_t cap_stack;
	bool base_seen; /* a commit that is not hidden has it as a parent */
};

static void walk_release(struct walk *w)
{
	free(w->v);
	free(w->slots);
	free(w->parents);
	free(w->heap);
	free(w->stack);
}

/* ---- nodes ---- */

static size_t slot_of(const struct walk *w, const struct oid *id)
{
	size_t h, i;

	memcpy(&h, id->id, sizeof(h)); /* ids are as random as it gets */
	for (i = h & (w->nslots - 1); w->slots[i];
		i = (i + 1) & (w->nslots - 1))
		if (oid_cmp(&w->v[w->slots[i] - 1].id, id) == 0)
			break;
	return i;
}

static void table_grow(struct walk *w)
{
	free(w->slots);
	w->nslots = w->nslots ? w->nslots * 2 : 256;
	w->slots = xcalloc(w->nslots, sizeof(*w->slots));
	for (size_t i = 0; i < w->n; i++)
		w->slots[slot_of(w, &w->v[i].id)] = (uint32_t)i + 1;
}

/* The number of the node for `id`, made if need be. */
static uint32_t node_at(struct walk *w, const struct oid *id)
{
	size_t slot;

	if (w->n * 2 >= w->nslots)
		table_grow(w);
	slot = slot_of(w, id);
	if (!w->slots[slot] || !w->v) {
		ARRAY_GROW(w->v, w->n + 1, w->cap);
		memset(&w->v[w->n], 0, sizeof(*w->v));
		w->v[w->n].id = *id;
		w->slots[slot] = (uint32_t)++w->n;
	}
	return w->slots[slot] - 1;
}

/* Parents and date from the text of a commit; false when it is none. */
static bool node_parse(struct walk *w, uint32_t at, const struct buf *raw)
{
	const char *p = raw->ptr;
	const char *end = raw->ptr + raw->len;
	const char *gt = NULL;
	struct oid id;
	uint32_t i;

	if (raw->len < 46 || memcmp(p, "tree ", 5) != 0 || p[45] != '\n')
		return false;
	w->v[at].parent = (uint32_t)w->nparents;
	for (p += 46; end - p > 48 && memcmp(p, "parent ", 7) == 0; p += 48) {
		if (!oid_parse(p + 7, OID_HEX, &id) || p[47] != '\n')
			return false;
		i = node_at(w, &id);
		ARRAY_GROW(w->parents, w->nparents + 1, w->cap_parents);
		w->parents[w->nparents++] = i;
		w->v[at].nparents++;
	}
	/* author, then committer, whose date counts */
	for (; p < end && *p != '\n'; p++) {
		const char *nl = memchr(p, '\n', (size_t)(end - p));

		if (!nl)
			return false;
		if (nl - p > 10 && memcmp(p, "committer ", 10) == 0)
			gt = memrchr(p, '>', (size_t)(nl - p));
		p = nl;
	}
	if (gt)
		w->v[at].date = strtoll(gt + 1, NULL, 10);
	return gt != NULL;
}

/* Reads the commit; sets NODE_MISSING where it is not in this clone. */
static enum err node_load(struct walk *w, uint32_t at, struct error *err)
{
	git_odb_object *o = NULL;
	struct oid id = w->v[at].id;
	char hex[OID_HEX + 1];
	struct buf raw;
	enum err rc;

	if (w->v[at].flags & (NODE_LOADED | NODE_MISSING))
		return ERR_OK;
	rc = object_get(w->r, &id, GIT_OBJECT_COMMIT, COMMIT_MAX, &o, err);
	if (rc == ERR_NOTFOUND) {
		error_reset(err);
		w->v[at].flags |= NODE_MISSING;
		return ERR_OK;
	}
	if (rc)
		return rc;
	raw = object_view(o);
	if (!node_parse(w, at, &raw)) {
		oid_hex(&id, hex);
		rc = error_set(err, ERR_BAD, "commit %s is malformed", hex);
	}
	w->v[at].flags |= NODE_LOADED;
	git_odb_object_free(o);
	return rc;
}

/* ---- the queue ---- */

static bool newer(const struct walk *w, uint32_t a, uint32_t b)
{
	return w->v[a].date > w->v[b].date;
}

static void heap_push(struct walk *w, uint32_t at)
{
	size_t i = w->nheap++, up;

	ARRAY_GROW(w->heap, w->nheap, w->cap_heap);
	for (; i > 0; i = up) {
		up = (i - 1) / 2;
		if (!newer(w, at, w->heap[up]))
			break;
		w->heap[i] = w->heap[up];
	}
	w->heap[i] = at;
}

static uint32_t heap_pop(struct walk *w)
{
	uint32_t top = w->heap[0];
	uint32_t last = w->heap[--w->nheap];
	size_t i = 0, down;

	for (;; i = down) {
		down = 2 * i + 1;
		if (down >= w->nheap)
			break;
		if (down + 1 < w->nheap &&
			newer(w, w->heap[down + 1], w->heap[down]))
			down++;
		if (!newer(w, w->heap[down], last))
			break;
		w->heap[i] = w->heap[down];
	}
	w->heap[i] = last;
	return top;
}

static enum err enqueue(struct walk *w, uint32_t at, struct error *err)
{
	enum err rc;

	if (w->v[at].flags & NODE_QUEUED)
		return ERR_OK;
	w->v[at].flags |= NODE_QUEUED;
	rc = node_load(w, at, err);
	if (rc || (w->v[at].flags & NODE_MISSING))
		return rc;
	heap_push(w, at);
	if (!(w->v[at].flags & NODE_HIDDEN))
		w->open++;
	return ERR_OK;
}

static void stack_push(struct walk *w, size_t *n, uint32_t at)
{
	ARRAY_GROW(w->stack, *n + 1, w->cap_stack);
	w->stack[(*n)++] = at;
}

/* Hides the node, and what was already reached through it. */
static enum err hide(struct walk *w, uint32_t first, struct error *err)
{
	size_t n = 0;
	uint32_t at;
	enum err rc;

	stack_push(w, &n, first);
	while (n > 0) {
		at = w->stack[--n];
		if (w->v[at].flags & NODE_HIDDEN)
			continue;
		w->v[at].flags |= NODE_HIDDEN;
		if (!(w->v[at].flags & NODE_QUEUED)) {
			rc = enqueue(w, at, err);
			if (rc)
				return rc;
		} else if (w->v[at].flags & NODE_DONE) {
			for (uint32_t i = 0;
				w->parents && i < w->v[at].nparents; i++)
				stack_push(
					w, &n, w->parents[w->v[at].parent + i]);
		} else if (!(w->v[at].flags & NODE_MISSING)) {
			w->open--;
		}
	}
	return ERR_OK;
}

/* Takes the newest commit from the queue and goes on to its parents. */
static enum err step(struct walk *w, uint32_t base, struct error *err)
{
	uint32_t at = heap_pop(w), p;
	bool hidden = w->v[at].flags & NODE_HIDDEN;
	enum err rc = ERR_OK;

	w->v[at].flags |= NODE_DONE;
	if (!hidden)
		w->open--;
	for (uint32_t i = 0; i < w->v[at].nparents && !rc; i++) {
		p = w->parents[w->v[at].parent + i];
		if (!hidden && p == base)
			w->base_seen = true;
		rc = hidden ? hide(w, p, err) : enqueue(w, p, err);
	}
	return rc;
}

/* Walks until only hidden commits are left to look at. */
static enum err paint(
	struct walk *w, uint32_t tip, uint32_t base, struct error *err)
{
	enum err rc;

	rc = enqueue(w, tip, err);
	if (!rc)
		rc = hide(w, base, err);
	while (!rc && w->open > 0)
		rc = step(w, base, err);
	return rc;
}

/* ---- listing ---- */

static enum err edge(struct walk *w, uint32_t at, struct error *err)
{
	enum object_type type;
	uint64_t size;
	char hex[OID_HEX + 1];
	enum err rc;

	/* says what is missing and how it is mended */
	rc = object_stat(w->r, &w->v[at].id, &type, &size, err);
	if (rc)
		return rc;
	oid_hex(&w->v[at].id, hex);
	return error_set(err, ERR_NOTFOUND,
		"commit %s came in while it was looked for", hex);
}

/* Appends what is reachable from `tip` and not hidden, parents first: depth
 * first, a commit after its last parent.  The stack holds a commit and the
 * number of its next parent, by turns. */
static enum err list_from(
	struct walk *w, uint32_t tip, struct oidvec *ret, struct error *err)
{
	size_t n = 0;
	uint32_t at, i, p;
	enum err rc;

	if (w->v[tip].flags & NODE_HIDDEN)
		return ERR_OK;
	w->v[tip].flags |= NODE_LISTED;
	stack_push(w, &n, tip);
	stack_push(w, &n, 0);
	while (n > 0) {
		i = w->stack[--n];
		at = w->stack[n - 1];
		rc = node_load(w, at, err);
		if (rc)
			return rc;
		if (w->v[at].flags & NODE_MISSING)
			return edge(w, at, err);
		if (i >= w->v[at].nparents) {
			oidvec_push(ret, &w->v[at].id);
			n--;
			continue;
		}
		stack_push(w, &n, i + 1);
		p = w->parents[w->v[at].parent + i];
		if (w->v[p].flags & (NODE_HIDDEN | NODE_LISTED))
			continue;
		w->v[p].flags |= NODE_LISTED;
		stack_push(w, &n, p);
		stack_push(w, &n, 0);
	}
	return ERR_OK;
}

/* Do all that are listed descend from the base?  Then none of them can be
 * reachable from it, however much of its history was not looked at. */
static bool all_above(struct walk *w, const struct oidvec *l, uint32_t base)
{
	for (size_t k = 0; k < l->n; k++) {
		struct node *c = &w->v[node_at(w, &l->v[k])];
		uint32_t i, p = 0;

		for (i = 0; i < c->nparents; i++) {
			p = w->parents[c->parent + i];
			if (p == base || (w->v[p].flags & NODE_ABOVE))
				break;
		}
		if (i == c->nparents)
			return false;
		c->flags |= NODE_ABOVE;
	}
	return true;
}

/* Lists what is new since `base`.  Dates only say where to look first: where
 * the list has commits beside the base, all that is behind the base is
 * walked, so that a wrong clock can't make old commits new. */
static enum err list_since(struct walk *w, uint32_t tip, uint32_t base,
	struct oidvec *ret, struct error *err)
{
	enum err rc;

	rc = paint(w, tip, base, err);
	if (!rc && (w->v[base].flags & NODE_MISSING))
		return edge(w, base, err);
	if (!rc)
		rc = list_from(w, tip, ret, err);
	if (rc || all_above(w, ret, base))
		return rc;
	while (!rc && w->nheap > 0)
		rc = step(w, base, err);
	for (size_t i = 0; i < w->n; i++)
		w->v[i].flags &= ~(unsigned)NODE_LISTED;
	ret->n = 0;
	return rc ? rc : list_from(w, tip, ret, err);
}

enum err history_list(struct repo *r, const struct oid *tip,
	const struct oid *base, struct oidvec *ret, struct error *err)
{
	struct oidvec list = OIDVEC_INIT;
	struct walk w = { .r = r };
	uint32_t t, b;
	enum err rc;

	if (base && oid_cmp(tip, base) == 0)
		return ERR_OK;
	t = node_at(&w, tip);
	if (base && !oid_is_zero(base)) {
		b = node_at(&w, base);
		rc = list_since(&w, t, b, &list, err);
	} else {
		rc = list_from(&w, t, &list, err);
	}
	for (size_t i = 0; i < list.n && !rc; i++)
		oidvec_push(ret, &list.v[i]);
	oidvec_release(&list);
	walk_release(&w);
	return rc;
}

enum err history_is_ancestor(struct repo *r, const struct oid *a,
	const struct oid *b, bool *ret, struct error *err)
{
	struct walk w = { .r = r };
	uint32_t tip, base;
	enum err rc;

	if (oid_cmp(a, b) == 0) {
		*ret = true;
		return ERR_OK;
	}
	tip = node_at(&w, b);
	base = node_at(&w, a);
	rc = enqueue(&w, tip, err);
	if (!rc)
		rc = hide(&w, base, err);
	/* what `a` can reach can't reach `a`: when only that is left, no */
	while (!rc && w.open > 0 && !w.base_seen)
		rc = step(&w, base, err);
	if (!rc)
		*ret = w.base_seen && !(w.v[base].flags & NODE_MISSING);
	walk_release(&w);
	return rc;
}
