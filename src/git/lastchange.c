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

/* A commit's tree and parents.  Leaves *there false when it is not here. */
static enum err commit_shape(struct repo *r, const struct oid *id,
	struct oid *tree, struct oidvec *parents, bool *there,
	struct error *err)
{
	git_odb_object *o = NULL;
	const char *p, *end;
	struct oid parent;
	enum err rc;

	*there = false;
	rc = object_get(r, id, GIT_OBJECT_COMMIT, COMMIT_MAX, &o, err);
	if (rc == ERR_NOTFOUND && repo_is_shallow(r)) {
		error_reset(err);
		return ERR_OK; /* the history begins after it */
	}
	if (rc)
		return rc;
	p = git_odb_object_data(o);
	end = p + git_odb_object_size(o);
	if (end - p < 46 || memcmp(p, "tree ", 5) != 0 ||
		!oid_parse(p + 5, OID_HEX, tree))
		rc = error_set(err, ERR_BAD, "a commit is malformed");
	for (p += 46; !rc && end - p > 48 && memcmp(p, "parent ", 7) == 0 &&
		      oid_parse(p + 7, OID_HEX, &parent);
		p += 48)
		oidvec_push(parents, &parent);
	*there = !rc;
	git_odb_object_free(o);
	return rc;
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
	struct oid tree;
	struct oidvec parents;
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
	for (size_t i = 0; i < c->parents.n && !rc && !*moved; i++) {
		struct cursor p = { .id = c->parents.v[i] };
		bool there;

		rc = commit_shape(r, &p.id, &p.tree, &p.parents, &there, err);
		if (!rc && there) {
			++*rest;
			p.place = c->place; /* same tree, same place */
			if (oid_cmp(&p.tree, &c->tree) != 0)
				rc = place_find(
					r, &p.tree, path, &p.place, err);
			*moved = !rc && same_place(&p.place, &c->place);
		}
		if (*moved) {
			oidvec_release(&c->parents);
			*c = p; /* transferred */
			break;
		}
		oidvec_release(&p.parents);
	}
	return rc;
}

enum err history_last_change(struct repo *r, const struct oid *tip,
	const char *path, struct oid *ret, struct error *err)
{
	struct cursor c = { .id = *tip };
	bool there, moved = true;
	size_t rest = 0;
	enum err rc;

	rc = commit_shape(r, tip, &c.tree, &c.parents, &there, err);
	if (!rc && !there)
		rc = error_set(err, ERR_NOTFOUND, "no such commit");
	if (!rc)
		rc = place_find(r, &c.tree, path, &c.place, err);
	while (!rc && moved)
		rc = follow(r, &c, path, &moved, &rest, err);
	if (!rc && rest == 0 && !c.place.mode)
		rc = error_set(err, ERR_NOTFOUND, "%s is in no commit", path);
	if (!rc)
		*ret = c.id;
	oidvec_release(&c.parents);
	return rc;
}
