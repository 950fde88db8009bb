/*
 * Reads the files of a commit.  Names and modes decide what is a script, by
 * the same rules as in a work tree; no file is read.
 */
#include "strack/treefiles.h"

#include <stdlib.h>
#include <string.h>

#include "strack/repo.h"
#include "strack/script.h"
#include "walk.h"

void treefiles_release(struct treefiles *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->v[i].path);
	free(l->v);
	strmap_release(&l->by_path, NULL);
	*l = (struct treefiles)TREEFILES_INIT;
}

struct reading {
	struct treefiles *list;
	const struct settings *s;
	struct strmap seen; /* folders of the configuration may overlap */
};

static bool is_file(unsigned mode)
{
	return (mode & 0170000) == 0100000;
}

static bool starts(const struct settings *s, const struct tree_file *f)
{
	const char *dot = strrchr(f->base, '.');

	/* git's own idea of executable: the owner's bit */
	return f->mode & 0100 || (dot && settings_runner(s, dot + 1));
}

static enum err take(const char *path, const struct tree_entry *e, void *arg,
	struct error *err)
{
	struct reading *w = arg;
	struct treefiles *l = w->list;
	const char *slash;
	struct tree_file *f;

	(void)err;
	if ((e->mode & 0170000) == 0160000 || strmap_has(&w->seen, path))
		return ERR_OK; /* a submodule is another repository */
	strmap_put(&w->seen, path, w);
	ARRAY_GROW(l->v, l->n + 1, l->cap);
	f = &l->v[l->n++];
	*f = (struct tree_file){
		.path = xstrdup(path), .mode = e->mode, .blob = e->id
	};
	slash = strrchr(f->path, '/');
	f->base = slash ? slash + 1 : f->path;
	if (!is_file(e->mode) || !script_name_dated(f->base) ||
		script_name_companion(f->base) || !starts(w->s, f))
		return ERR_OK;
	f->refused = script_path_refused(f->path);
	f->script = true;
	l->scripts++;
	return ERR_OK;
}

static int file_cmp(const void *a, const void *b)
{
	const struct tree_file *x = a, *y = b;
	int c = strcmp(x->base, y->base);

	return c ? c : strcmp(x->path, y->path);
}

enum err treefiles_read(struct repo *r, const struct oid *commit,
	const struct settings *s, struct treefiles *ret, struct error *err)
{
	struct treefiles list = TREEFILES_INIT;
	struct reading w = { &list, s, STRMAP_INIT };
	struct oid tree;
	enum err rc = commit_shape(r, commit, &tree, NULL, err);

	for (size_t i = 0; !rc && i < s->paths.n; i++)
		rc = tree_walk(r, &tree, s->paths.v[i], take, &w, err);
	strmap_release(&w.seen, NULL);
	if (rc) {
		treefiles_release(&list);
		return rc;
	}
	if (list.n)
		qsort(list.v, list.n, sizeof(*list.v), file_cmp);
	for (size_t i = 0; i < list.n; i++)
		strmap_put(&list.by_path, list.v[i].path, (void *)(i + 1));
	treefiles_release(ret);
	*ret = list; /* transferred */
	return ERR_OK;
}

const struct tree_file *treefiles_find(
	const struct treefiles *l, const char *path)
{
	size_t at = (size_t)strmap_get(&l->by_path, path);

	return at ? &l->v[at - 1] : NULL;
}
