/*
 * Trees as raw bytes: one entry after the other, a path looked up, all of it
 * walked, and files added.  Comparing two is in treediff.c.
 */
#include "internal.h"

#include <stdlib.h>

/* "100644 name" NUL and 20 bytes */
bool tree_next(
	const struct buf *raw, size_t *pos, struct tree_entry *ret, bool *bad)
{
	const char *p = raw->ptr + *pos;
	const char *end = raw->ptr + raw->len;
	const char *nul;
	unsigned mode = 0;
	size_t digits = 0;

	*bad = false;
	if (p >= end)
		return false;
	*bad = true; /* until proven otherwise */
	for (; p < end && *p >= '0' && *p <= '7'; p++, digits++)
		mode = mode << 3 | (unsigned)(*p - '0');
	if (digits == 0 || digits > 7 || p >= end || *p++ != ' ')
		return false;
	nul = memchr(p, '\0', (size_t)(end - p));
	if (!nul || nul == p || end - nul < 1 + OID_RAW ||
		memchr(p, '/', (size_t)(nul - p)))
		return false;
	ret->name = p;
	ret->len = (size_t)(nul - p);
	ret->mode = mode;
	memcpy(ret->id.id, nul + 1, OID_RAW);
	*pos = (size_t)(nul + 1 + OID_RAW - raw->ptr);
	*bad = false;
	return true;
}

int tree_entry_cmp(const struct tree_entry *a, const struct tree_entry *b)
{
	size_t len = a->len < b->len ? a->len : b->len;
	int cmp = memcmp(a->name, b->name, len);
	unsigned char ca, cb;

	if (cmp)
		return cmp;
	ca = (unsigned char)a->name[len];
	cb = (unsigned char)b->name[len];
	if (!ca && mode_is_tree(a->mode))
		ca = '/';
	if (!cb && mode_is_tree(b->mode))
		cb = '/';
	return (ca > cb) - (ca < cb);
}

/* ---- one tree ---- */

static bool same_name(const struct tree_entry *a, const struct tree_entry *b)
{
	return a->len == b->len && memcmp(a->name, b->name, a->len) == 0;
}

bool open_files_add(struct open_files *files, const struct tree_entry *e)
{
	const struct tree_entry *top;

	while (files->n > 0) {
		top = &files->v[files->n - 1];
		if (top->len <= e->len &&
			memcmp(top->name, e->name, top->len) == 0)
			break;
		files->n--;
	}
	if (files->n > 0 && same_name(&files->v[files->n - 1], e))
		return false;
	if (!mode_is_tree(e->mode)) {
		ARRAY_GROW(files->v, files->n + 1, files->cap);
		files->v[files->n++] = *e;
	}
	return true;
}

enum err tree_iter_open(struct repo *r, const struct oid *id,
	struct tree_iter *ret, struct error *err)
{
	enum err rc = ERR_OK;

	memset(ret, 0, sizeof(*ret));
	buf_init(&ret->raw);
	if (!id)
		return ERR_OK;
	ret->id = *id;
	rc = object_get(r, id, GIT_OBJECT_TREE, TREE_MAX, &ret->object, err);
	if (!rc)
		ret->raw = object_view(ret->object);
	return rc;
}

void tree_iter_close(struct tree_iter *t)
{
	git_odb_object_free(t->object);
	t->object = NULL;
	free(t->files.v);
	memset(&t->files, 0, sizeof(t->files));
}

static enum err tree_bad(
	const struct oid *id, const char *why, struct error *err)
{
	char hex[OID_HEX + 1];

	oid_hex(id, hex);
	return error_set(err, ERR_BAD, "tree %s %s", hex, why);
}

enum err tree_iter_next(struct tree_iter *t, struct error *err)
{
	bool bad;

	t->prev = t->entry;
	t->start = t->pos;
	if (!tree_next(&t->raw, &t->pos, &t->entry, &bad)) {
		t->done = true;
		return bad ? tree_bad(&t->id, "is malformed", err) : ERR_OK;
	}
	if (t->checked && tree_entry_cmp(&t->prev, &t->entry) >= 0)
		return tree_bad(&t->id, "is not sorted", err);
	if (!open_files_add(&t->files, &t->entry))
		return tree_bad(&t->id, "has a name twice", err);
	t->checked = true;
	return ERR_OK;
}

/* ---- a path ---- */

/* Finds `name` in the tree.  No mode says that it is not there: a forged tree
 * may have an entry of mode 0. */
static enum err entry_find(struct repo *r, const struct oid *tree,
	const char *name, size_t len, bool *there, unsigned *mode,
	struct oid *ret, struct error *err)
{
	git_odb_object *o = NULL;
	struct tree_entry e;
	struct buf raw;
	size_t pos = 0;
	bool bad = false;
	enum err rc;

	*there = false;
	rc = object_get(r, tree, GIT_OBJECT_TREE, TREE_MAX, &o, err);
	if (rc)
		return rc;
	raw = object_view(o);
	while (tree_next(&raw, &pos, &e, &bad)) {
		if (e.len != len || memcmp(e.name, name, len) != 0)
			continue;
		*there = true;
		*mode = e.mode;
		*ret = e.id;
		break;
	}
	if (bad)
		rc = tree_bad(tree, "is malformed", err);
	git_odb_object_free(o);
	return rc;
}

enum err tree_find(struct repo *r, const struct oid *root, const char *path,
	unsigned *mode, struct oid *ret, struct error *err)
{
	struct oid id = *root, found;
	const char *p = path;
	unsigned m = MODE_TREE;
	bool there;
	size_t len;
	enum err rc;

	while (*p) {
		len = strcspn(p, "/");
		there = mode_is_tree(m);
		if (there) {
			rc = entry_find(
				r, &id, p, len, &there, &m, &found, err);
			if (rc) /* an object that is missing is no path */
				return rc == ERR_NOTFOUND ? ERR_FATAL : rc;
		}
		if (!there)
			return error_set(err, ERR_NOTFOUND,
				"'%s' is not in the tree", path);
		id = found;
		p += len + (p[len] == '/');
	}
	*mode = m;
	*ret = id;
	return ERR_OK;
}

/* ---- all of it ---- */

struct walker {
	struct repo *r;
	tree_walk_fn *fn;
	void *arg;
	struct buf path;
	unsigned nodes;
};

static enum err walk_one(
	struct walker *w, const struct oid *id, int depth, struct error *err)
{
	struct tree_iter t;
	size_t base = w->path.len;
	enum err rc;

	if (depth >= TREE_DEPTH)
		return tree_bad(id, "is nested too deeply", err);
	rc = tree_iter_open(w->r, id, &t, err);
	while (!rc) {
		rc = tree_iter_next(&t, err);
		if (rc || t.done)
			break;
		if (++w->nodes > TREE_NODES) {
			rc = error_set(err, ERR_TOOBIG,
				"the tree has more than %u files and folders",
				TREE_NODES);
			break;
		}
		buf_add(&w->path, t.entry.name, t.entry.len);
		if (mode_is_tree(t.entry.mode)) {
			buf_addch(&w->path, '/');
			rc = walk_one(w, &t.entry.id, depth + 1, err);
		} else {
			rc = w->fn(w->path.ptr, &t.entry, w->arg, err);
		}
		buf_setlen(&w->path, base);
	}
	tree_iter_close(&t);
	return rc;
}

enum err tree_walk(struct repo *r, const struct oid *root, const char *under,
	tree_walk_fn *fn, void *arg, struct error *err)
{
	struct walker w = { r, fn, arg, BUF_INIT, 0 };
	struct oid id = *root;
	unsigned mode = MODE_TREE;
	enum err rc = ERR_OK;

	if (*under)
		rc = tree_find(r, root, under, &mode, &id, err);
	if (rc == ERR_NOTFOUND) {
		error_reset(err);
		return ERR_OK;
	}
	if (rc || !mode_is_tree(mode))
		return rc;
	buf_adds(&w.path, under);
	if (w.path.len > 0 && w.path.ptr[w.path.len - 1] != '/')
		buf_addch(&w.path, '/');
	rc = walk_one(&w, &id, 0, err);
	buf_release(&w.path);
	return rc;
}

/* ---- adding ---- */

struct adder {
	struct repo *r;
	struct tree_addition *v; /* sorted by path, which is git's order */
	struct oidvec *written;
};

static enum err add_exists(const char *path, size_t skip,
	const struct tree_entry *e, struct error *err)
{
	return error_set(err, ERR_EXISTS, "%.*s%.*s is already there",
		(int)skip, path, (int)e->len, e->name);
}

/* The additions from `i` on that share the first part after `skip`: fills
 * `e`, returns where they end. */
static size_t group_at(const struct adder *a, size_t i, size_t to, size_t skip,
	struct tree_entry *e)
{
	const char *path = a->v[i].path;
	size_t len;

	e->name = path + skip;
	e->len = strcspn(e->name, "/");
	e->mode = e->name[e->len] ? MODE_TREE : MODE_FILE;
	e->id = a->v[i].blob;
	len = skip + e->len + 1;
	i++;
	while (mode_is_tree(e->mode) && i < to &&
		strncmp(a->v[i].path, path, len) == 0)
		i++;
	return i;
}

static void entry_emit(struct buf *out, const struct tree_entry *e)
{
	buf_addf(out, "%o ", e->mode);
	buf_add(out, e->name, e->len);
	buf_addch(out, '\0');
	buf_add(out, e->id.id, OID_RAW);
}

static enum err add_level(struct adder *a, const struct oid *base, size_t from,
	size_t to, size_t skip, struct oid *ret, int depth, struct error *err);

/* One addition (or all that go into one folder), beside the entry `old` of
 * the same name and type, if there is one. */
static enum err add_group(struct adder *a, const struct tree_entry *old,
	size_t from, size_t to, size_t skip, struct tree_entry *e, int depth,
	struct error *err)
{
	if (!mode_is_tree(e->mode)) {
		if (old)
			return add_exists(a->v[from].path, skip, e, err);
		return ERR_OK;
	}
	return add_level(a, old ? &old->id : NULL, from, to, skip + e->len + 1,
		&e->id, depth + 1, err);
}

/* Merges the entries of `t` and the additions into `out`. */
static enum err add_merge(struct adder *a, struct tree_iter *t, size_t from,
	size_t to, size_t skip, struct buf *out, int depth, struct error *err)
{
	const char *path = a->v[from].path; /* for what stands before skip */
	struct open_files files = { NULL, 0, 0 };
	struct tree_entry e;
	size_t next = from;
	int cmp;
	enum err rc;

	rc = tree_iter_next(t, err);
	while (!rc && (!t->done || from < to)) {
		cmp = -1;
		if (from < to) {
			next = group_at(a, from, to, skip, &e);
			cmp = t->done ? 1 : tree_entry_cmp(&t->entry, &e);
		}
		if (cmp < 0)
			e = t->entry;
		if (!open_files_add(&files, &e)) {
			rc = add_exists(path, skip, &e, err);
			break;
		}
		if (cmp < 0) {
			buf_add(out, t->raw.ptr + t->start, t->pos - t->start);
		} else {
			rc = add_group(a, cmp ? NULL : &t->entry, from, next,
				skip, &e, depth, err);
			entry_emit(out, &e);
			from = next;
		}
		if (!rc && cmp <= 0)
			rc = tree_iter_next(t, err);
	}
	free(files.v);
	return rc;
}

static enum err add_level(struct adder *a, const struct oid *base, size_t from,
	size_t to, size_t skip, struct oid *ret, int depth, struct error *err)
{
	struct buf out = BUF_INIT;
	struct tree_iter t;
	enum err rc;

	if (depth >= TREE_DEPTH)
		return error_set(err, ERR_BAD, "%s is nested too deeply",
			a->v[from].path);
	rc = tree_iter_open(a->r, base, &t, err);
	if (!rc)
		rc = add_merge(a, &t, from, to, skip, &out, depth, err);
	if (!rc)
		rc = object_write(
			a->r, OBJECT_TREE, out.ptr, out.len, ret, err);
	if (!rc)
		oidvec_push(a->written, ret);
	tree_iter_close(&t);
	buf_release(&out);
	return rc;
}

static int addition_cmp(const void *a, const void *b)
{
	const struct tree_addition *x = a, *y = b;

	return strcmp(x->path, y->path);
}

enum err tree_add(struct repo *r, const struct oid *base,
	const struct tree_addition *v, size_t n, struct oidvec *written,
	struct oid *ret, struct error *err)
{
	struct adder a = { .r = r, .written = written };
	enum err rc = ERR_OK;

	if (n == 0 && base) {
		*ret = *base;
		return ERR_OK;
	}
	if (n == 0) {
		rc = object_write(r, OBJECT_TREE, "", 0, ret, err);
		if (!rc)
			oidvec_push(written, ret);
		return rc;
	}
	a.v = xcalloc(n, sizeof(*a.v));
	for (size_t i = 0; i < n && !rc; i++) {
		a.v[i] = v[i];
		if (!worktree_path_valid(v[i].path))
			rc = error_set(err, ERR_BAD,
				"'%s' can't stand in a tree", v[i].path);
	}
	if (!rc) {
		qsort(a.v, n, sizeof(*a.v), addition_cmp);
		rc = add_level(&a, base, 0, n, 0, ret, 0, err);
	}
	free(a.v);
	return rc;
}
