/*
 * Which commit touched a path last, after the rule of `git log -1 -- PATH`:
 * along a parent that has the same there, until none has.
 */
#include "strack/refs.h"
#include "internal.h"

/* What a commit has at the path: mode 0 is nothing. */
struct place {
	unsigned mode;
	struct oid id;
};

static bool same_place(const struct place *a, const struct place *b)
{
	return a->mode == b->mode && (!a->mode || oid_cmp(&a->id, &b->id) == 0);
}

/* Looks the path up below `tree`. */
static enum err place_find(struct repo *r, const struct oid *tree,
	const char *path, struct place *ret, struct error *err)
{
	enum err rc = tree_find(r, tree, path, &ret->mode, &ret->id, err);

	if (rc != ERR_NOTFOUND)
		return rc;
	error_reset(err);
	ret->mode = 0;
	return ERR_OK;
}

struct cursor {
	struct oid id;
	struct shape shape;
	struct place place;
};

/* Moves `c` to the first parent that has the same at the path.  *moved is
 * false where there is none; *rest counts the parents that are here. */
static enum err follow(struct repo *r, struct cursor *c, const char *path,
	bool *moved, size_t *rest, struct error *err)
{
	enum err rc = ERR_OK;

	*moved = false;
	*rest = 0;
	for (size_t i = 0; i < c->shape.parents.n && !rc && !*moved; i++) {
		struct cursor p = { .id = c->shape.parents.v[i] };

		rc = shape_read(r, &p.id, &p.shape, err);
		if (!rc && p.shape.there) {
			++*rest;
			p.place = c->place; /* same tree, same place */
			if (oid_cmp(&p.shape.tree, &c->shape.tree) != 0)
				rc = place_find(
					r, &p.shape.tree, path, &p.place, err);
			*moved = !rc && same_place(&p.place, &c->place);
		}
		if (*moved) {
			oidvec_release(&c->shape.parents);
			*c = p; /* transferred */
			break;
		}
		oidvec_release(&p.shape.parents);
	}
	return rc;
}

enum err history_last_change(struct repo *r, const struct oid *tip,
	const char *path, struct oid *ret, struct error *err)
{
	struct cursor c = { .id = *tip };
	bool moved = true;
	size_t rest = 0;
	enum err rc;

	rc = shape_read(r, tip, &c.shape, err);
	if (!rc && !c.shape.there)
		rc = error_set(err, ERR_NOTFOUND, "no such commit");
	if (!rc)
		rc = place_find(r, &c.shape.tree, path, &c.place, err);
	while (!rc && moved)
		rc = follow(r, &c, path, &moved, &rest, err);
	if (!rc && rest == 0 && !c.place.mode)
		rc = error_set(err, ERR_NOTFOUND, "%s is in no commit", path);
	if (!rc)
		*ret = c.id;
	oidvec_release(&c.shape.parents);
	return rc;
}
