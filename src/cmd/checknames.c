/*
 * What names say: files that look like scripts and are none, paths that other
 * systems can't have or can't tell apart, companions that are demanded, and
 * the scripts that others require.
 */
#include "check.h"

#include <stdlib.h>
#include <string.h>

#include "strack/circle.h"
#include "strack/namecheck.h"
#include "strack/script.h"
#include "strack/text.h"

/* ---- files that look like scripts ---- */

static bool begins_with_shebang(struct check *c, const struct tree_file *f)
{
	struct buf text = BUF_INIT;
	bool yes;

	/* What is too large to be a script, or not here, is none. */
	yes = !object_read(c->s->repo, &f->blob, OBJECT_BLOB, SCRIPT_MAX, &text,
		      NULL) &&
	      str_starts(text.ptr, "#!");
	buf_release(&text);
	return yes;
}

static void check_lookalike(struct check *c, const struct tree_file *f)
{
	struct name_facts facts = { .base = f->base,
		.executable = f->mode & 0100,
		.link = (f->mode & 0170000) == 0120000 };
	struct buf why = BUF_INIT;

	if (!name_dated_roughly(f->base))
		return;
	if (facts.link)
		facts.executable = false;
	else if (!facts.executable)
		facts.shebang = begins_with_shebang(c, f);
	if (name_mistaken(&c->settings, &facts, &why))
		check_add(c, f->path, "no-script", NULL, 0, "%s", why.ptr);
	buf_release(&why);
}

/* ---- other systems ---- */

static bool is_ours(const struct tree_file *f)
{
	return f->script ||
	       (script_name_dated(f->base) && script_name_companion(f->base));
}

static void check_portable(struct check *c, const struct tree_file *f)
{
	struct buf why = BUF_INIT;

	if (f->refused)
		check_add(c, f->path, "name", NULL, 0, "%s; rename it",
			f->refused);
	else if (name_bad_on_windows(f->path, &why))
		check_add(c, f->path, "name", NULL, 0, "%s", why.ptr);
	buf_release(&why);
}

static void check_collision(
	struct check *c, struct strmap *seen, const struct tree_file *f)
{
	struct buf folded = BUF_INIT;
	const char *other;

	text_fold(&folded, f->path);
	other = strmap_get(seen, folded.ptr);
	if (other)
		check_add(c, f->path, "collision", NULL, 0,
			"is the same name as %s where case or the form of "
			"accents does not count (macOS, Windows); rename one",
			other);
	else
		strmap_put(seen, folded.ptr, (void *)f->path);
	buf_release(&folded);
}

/* ---- a demanded rollback ---- */

static void check_rollbacks(struct check *c)
{
	struct strmap stems = STRMAP_INIT;
	struct buf stem = BUF_INIT;

	for (size_t i = 0; i < c->files.n; i++)
		if (script_companion_stem(
			    c->files.v[i].path, "rollback", &stem))
			strmap_put(&stems, stem.ptr, c);
	for (size_t i = 0; i < c->n; i++) {
		const struct checked *sc = &c->v[i];

		script_stem(sc->file->path, &stem);
		if (!strmap_has(&stems, stem.ptr) && !check_is_over(c, sc))
			check_add(c, sc->file->path, "rollback", NULL, 0,
				"has no rollback companion, which %s demands; "
				"write %s.rollback.EXT",
				SETTINGS_FILE, stem.ptr);
	}
	buf_release(&stem);
	strmap_release(&stems, NULL);
}

/* ---- requirements ---- */

struct graph {
	struct check *c;
	struct strmap names; /* path or base name to index + 1 */
	struct circle_edge *v;
	size_t n, cap;
};

static void tell_circle(const size_t *v, size_t n, void *arg)
{
	struct check *c = arg;
	struct buf way = BUF_INIT;

	for (size_t i = 1; i < n; i++)
		buf_addf(&way, "%s, which requires ", c->v[v[i]].file->path);
	check_add(c, c->v[v[0]].file->path, "circle", NULL, 0, "requires %s%s",
		way.ptr, n == 1 ? "itself" : "it");
	buf_release(&way);
}

/* A requirement is named as plan.h has it: by path or base name; one that ran
 * and is gone, by what the ledger knows. */
static bool ran_and_gone(
	const struct check *c, const char *name, const char *env)
{
	const struct rowvec *rows =
		c->s->ledger ? ledger_rows(c->s->ledger) : NULL;

	if (!rows)
		return false;
	if (check_settled(c, name, env, NULL, NULL))
		return true;
	for (size_t i = 0; !strchr(name, '/') && i < rows->n; i++) {
		const char *path = rows->v[i].script;
		const char *slash = strrchr(path, '/');

		if (!strcmp(slash ? slash + 1 : path, name) &&
			check_settled(c, path, env, NULL, NULL))
			return true;
	}
	return false;
}

static void check_missing(
	struct check *c, const struct checked *sc, const char *name)
{
	struct strvec lacking = STRVEC_INIT;

	for (size_t i = 0; i < sc->needs.n; i++)
		if (!ran_and_gone(c, name, sc->needs.v[i]))
			strvec_push(&lacking, sc->needs.v[i]);
	if (lacking.n && lacking.n == sc->needs.n)
		check_add(c, sc->file->path, "requires", NULL, 0,
			"requires %s, which is neither here nor settled", name);
	else
		for (size_t i = 0; i < lacking.n; i++)
			check_add(c, sc->file->path, "requires", lacking.v[i],
				0,
				"requires %s, which is gone and not settled in "
				"%s",
				name, lacking.v[i]);
	strvec_release(&lacking);
}

static void take_requirements(struct graph *g, size_t at)
{
	const struct checked *sc = &g->c->v[at];
	const struct strvec *req = &sc->header.requires;

	for (size_t i = 0; i < req->n; i++) {
		size_t to = (size_t)strmap_get(&g->names, req->v[i]);

		if (to) {
			ARRAY_GROW(g->v, g->n + 1, g->cap);
			g->v[g->n++] = (struct circle_edge){ at, to - 1 };
		} else if (!check_is_over(g->c, sc)) {
			check_missing(g->c, sc, req->v[i]);
		}
	}
}

static void check_requires(struct check *c)
{
	struct graph g = { .c = c, .names = STRMAP_INIT };

	/* the first in plan order answers to a name, and a path to itself */
	for (size_t i = c->n; i > 0; i--)
		strmap_put(&g.names, c->v[i - 1].file->base, (void *)i);
	for (size_t i = 0; i < c->n; i++)
		strmap_put(&g.names, c->v[i].file->path, (void *)(i + 1));
	for (size_t i = 0; i < c->n; i++)
		take_requirements(&g, i);
	circles_find(c->n, g.v, g.n, tell_circle, c);
	free(g.v);
	strmap_release(&g.names, NULL);
}

enum err check_names(struct check *c, struct error *err)
{
	struct strmap seen = STRMAP_INIT;

	(void)err;
	for (size_t i = 0; i < c->files.n; i++) {
		const struct tree_file *f = &c->files.v[i];

		if (!is_ours(f)) {
			check_lookalike(c, f);
			continue;
		}
		check_portable(c, f);
		check_collision(c, &seen, f);
	}
	if (c->settings.require_rollback)
		check_rollbacks(c);
	check_requires(c);
	strmap_release(&seen, NULL);
	return ERR_OK;
}
