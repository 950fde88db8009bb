/*
 * Which commit added each of many paths.  A path is followed along one line of
 * the history, that of a parent that has the same there, and all paths are
 * followed together: a commit that many of them go through is read once.
 * Knows nothing of scripts and of people.
 */
#include "strack/refs.h"
#include "internal.h"

#include <stdlib.h>

/* A commit that the walk stands on, and the paths that it has. */
struct holder {
	struct oid id;
	struct shape shape;
	struct oid folder; /* the tree of search.under; zero: none */
	size_t *paths;     /* numbers of them */
	size_t n, cap;
};

/* What the last diff said of a path: only where `round` is the current one. */
struct mark {
	size_t round;
	char status;
	size_t parent; /* number + 1 of the first parent that has it otherwise
			*/
};

struct search {
	struct repo *r;
	const struct added_before *before;
	char *under;           /* the folder that all paths are in, or "" */
	struct strmap by_path; /* from `under` to number + 1 */
	struct mark *marks;
	size_t round;
	struct holder *v; /* no two of the same commit */
	size_t n, cap;
	struct oid *ret;
};

static void holder_release(struct holder *h)
{
	oidvec_release(&h->shape.parents);
	free(h->paths);
}

static void search_release(struct search *s)
{
	for (size_t i = 0; i < s->n; i++)
		holder_release(&s->v[i]);
	free(s->v);
	free(s->marks);
	free(s->under);
	strmap_release(&s->by_path, NULL);
}

/* ---- the paths ---- */

/* How much of `a` is folders that `b` is in as well, with the last slash. */
static size_t common_folder(const char *a, size_t len, const char *b)
{
	size_t end = 0;

	for (size_t i = 0; i < len && a[i] == b[i]; i++)
		if (a[i] == '/')
			end = i + 1;
	return end;
}

static void take_paths(struct search *s, const struct strvec *paths)
{
	size_t len = strlen(paths->v[0]);

	for (size_t i = 0; i < paths->n; i++)
		len = common_folder(paths->v[0], len, paths->v[i]);
	s->under = xstrndup(paths->v[0], len ? len - 1 : 0);
	for (size_t i = 0; i < paths->n; i++)
		strmap_put(&s->by_path, paths->v[i] + len, (void *)(i + 1));
	s->marks = xcalloc(paths->n, sizeof(*s->marks));
}

static void push_path(struct holder *h, size_t path)
{
	ARRAY_GROW(h->paths, h->n + 1, h->cap);
	h->paths[h->n++] = path;
}

/* ---- commits ---- */

static enum err find_folder(
	struct search *s, struct holder *h, struct error *err)
{
	unsigned mode = 0;
	enum err rc;

	if (!*s->under) {
		h->folder = h->shape.tree;
		return ERR_OK;
	}
	rc = tree_find(s->r, &h->shape.tree, s->under, &mode, &h->folder, err);
	if (rc == ERR_NOTFOUND) {
		error_reset(err);
		rc = ERR_OK;
	}
	if (!mode_is_tree(mode))
		h->folder = (struct oid){ { 0 } };
	return rc;
}

/* The place of the commit in s->v, read when it is new. */
static enum err holder_at(
	struct search *s, const struct oid *id, size_t *ret, struct error *err)
{
	struct holder h = { .id = *id };
	enum err rc;

	for (*ret = 0; *ret < s->n; ++*ret)
		if (oid_cmp(&s->v[*ret].id, id) == 0)
			return ERR_OK;
	rc = shape_read(s->r, id, &h.shape, err);
	if (!rc && h.shape.there)
		rc = find_folder(s, &h, err);
	if (rc) {
		holder_release(&h);
		return rc;
	}
	ARRAY_GROW(s->v, s->n + 1, s->cap);
	s->v[s->n++] = h; /* transferred */
	return ERR_OK;
}

/* Takes the newest: all that descends from it was mostly seen by then, so
 * that its paths come together.  The dates decide no more than that. */
static struct holder take_newest(struct search *s)
{
	size_t newest = 0;
	struct holder h;

	for (size_t i = 1; i < s->n; i++)
		if (s->v[i].shape.date > s->v[newest].shape.date)
			newest = i;
	h = s->v[newest];
	s->v[newest] = s->v[--s->n];
	return h;
}

/* ---- one step ---- */

static enum err mark_one(char status, const char *path,
	const struct tree_entry *old, const struct tree_entry *new, void *arg,
	struct error *err)
{
	struct search *s = arg;
	size_t at = (size_t)strmap_get(&s->by_path, path);

	(void)old;
	(void)new;
	(void)err;
	if (at) {
		s->marks[at - 1].round = s->round;
		s->marks[at - 1].status = status;
	}
	return ERR_OK;
}

/* Marks what differs in the folder of two commits (`old` zero: all). */
static enum err mark_changes(struct search *s, const struct oid *old,
	const struct oid *new, struct error *err)
{
	s->round++;
	return tree_diff(s->r, oid_is_zero(old) ? NULL : old,
		oid_is_zero(new) ? NULL : new, mark_one, s, err);
}

/* Gives the parent, number `nth`, what it has as the commit has it, and notes
 * what it has otherwise. */
static void hand_on(
	struct search *s, struct holder *h, struct holder *to, size_t nth)
{
	size_t left = 0;

	for (size_t i = 0; i < h->n; i++) {
		struct mark *m = &s->marks[h->paths[i]];

		if (m->round != s->round) {
			push_path(to, h->paths[i]);
			m->parent = 0;
			continue;
		}
		if (m->status == 'M' && !m->parent)
			m->parent = nth + 1;
		h->paths[left++] = h->paths[i];
	}
	h->n = left;
}

/* What no parent has as it is: it goes on where it was changed, or ends
 * here. */
static enum err finish_rest(
	struct search *s, struct holder *h, bool missing, struct error *err)
{
	size_t at;
	enum err rc;

	for (size_t i = 0; i < h->n; i++) {
		struct mark *m = &s->marks[h->paths[i]];

		if (!m->parent) {
			if (!missing)
				s->ret[h->paths[i]] = h->id;
			continue;
		}
		rc = holder_at(s, &h->shape.parents.v[m->parent - 1], &at, err);
		if (rc)
			return rc;
		push_path(&s->v[at], h->paths[i]);
		m->parent = 0;
	}
	return ERR_OK;
}

static enum err step(struct search *s, struct holder *h, struct error *err)
{
	bool missing = false;
	size_t at = 0;
	enum err rc;

	for (size_t i = 0; i < h->shape.parents.n && h->n; i++) {
		rc = holder_at(s, &h->shape.parents.v[i], &at, err);
		if (rc)
			return rc;
		if (!s->v[at].shape.there) {
			missing = true;
			continue;
		}
		rc = mark_changes(s, &s->v[at].folder, &h->folder, err);
		if (rc)
			return rc;
		hand_on(s, h, &s->v[at], i);
	}
	return finish_rest(s, h, missing, err);
}

/* Takes from an earlier search what it knows. */
static void use_before(struct search *s, struct holder *h)
{
	char hex[OID_HEX + 1];
	size_t left = 0;

	if (!s->before)
		return;
	oid_hex(&h->id, hex);
	if (strmap_has(s->before->fresh, hex))
		return;
	for (size_t i = 0; i < h->n; i++) {
		size_t path = h->paths[i];

		if (oid_is_zero(&s->before->known[path]))
			h->paths[left++] = path;
		else
			s->ret[path] = s->before->known[path];
	}
	h->n = left;
}

/* The paths that the tip has. */
static enum err begin(struct search *s, const struct oid *tip, size_t npaths,
	struct error *err)
{
	static const struct oid none;
	size_t at = 0;
	enum err rc;

	rc = holder_at(s, tip, &at, err);
	if (!rc && !s->v[at].shape.there)
		rc = error_set(err, ERR_NOTFOUND, "no such commit");
	if (!rc)
		rc = mark_changes(s, &none, &s->v[at].folder, err);
	for (size_t i = 0; !rc && i < npaths; i++)
		if (s->marks[i].round == s->round)
			push_path(&s->v[at], i);
	return rc;
}

enum err history_added(struct repo *r, const struct oid *tip,
	const struct strvec *paths, const struct added_before *before,
	struct oid *ret, struct error *err)
{
	struct search s = { .r = r, .before = before, .by_path = STRMAP_INIT };
	enum err rc;

	if (!paths->n)
		return ERR_OK;
	s.ret = xcalloc(paths->n, sizeof(*s.ret));
	take_paths(&s, paths);
	rc = begin(&s, tip, paths->n, err);
	while (!rc && s.n) {
		struct holder h = take_newest(&s);

		use_before(&s, &h);
		if (h.n)
			rc = step(&s, &h, err);
		holder_release(&h);
	}
	if (!rc)
		memcpy(ret, s.ret, paths->n * sizeof(*ret));
	free(s.ret);
	search_release(&s);
	return rc;
}
