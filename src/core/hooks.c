/*
 * The folder of hooks as it is: where it is, whether it belongs to this
 * repository, and what stands in it.  Writes nothing.
 */
#include "strack/hooks.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "hookput.h"
#include "hooktext.h"
#include "hooktool.h"
#include "strack/file.h"
#include "strack/repo.h"

#define ASIDE ".strack-chained" /* hooks/chained knows it, too */

static const struct {
	const char *option;
	const char *names[HOOK_NR];
} sides[] = {
	[HOOKS_CLONE] = { "",
		{ "post-merge", "post-rewrite", "post-checkout" } },
	[HOOKS_SERVER] = { " --server", { "pre-receive" } },
};

void hooks_release(struct hooks *h)
{
	for (size_t i = 0; i < h->n; i++) {
		free(h->v[i].path);
		free(h->v[i].aside);
		free(h->v[i].line);
		free(h->v[i].in);
	}
	free(h->dir);
	free(h->tool_file);
	memset(h, 0, sizeof(*h));
}

char *hooks_own_dir(struct repo *r)
{
	return path_join(repo_common_dir(r), "hooks");
}

bool hook_works(const struct hook *k)
{
	return k->state == HOOK_INSTALLED || k->state == HOOK_CHAINED ||
	       k->state == HOOK_ADDED ||
	       (k->state == HOOK_EDITED && k->calls && !k->asleep);
}

/* ---- where ---- */

/* `path` without links, where its last parts need not be there yet; NULL
 * where nobody can say what it will be. */
static char *resolved(const char *path)
{
	char *real = realpath(path, NULL), *above, *whole;
	const char *slash = strrchr(path, '/');
	struct stat st;

	if (real)
		return real;
	if (errno != ENOENT || !lstat(path, &st) || !slash ||
		!strcmp(slash, "/..") || !strcmp(slash, "/."))
		return NULL; /* a link to nowhere, for one */
	above = slash == path ? xstrdup("/")
			      : xstrndup(path, (size_t)(slash - path));
	real = resolved(above);
	whole = real ? path_join(real, slash + 1) : NULL;
	free(real);
	free(above);
	return whole;
}

static bool is_below(const char *path, const char *top)
{
	char *real = top ? realpath(top, NULL) : NULL;
	size_t len = real ? strlen(real) : 0;
	bool yes = len && !strncmp(path, real, len) &&
		   (path[len] == '/' || !path[len]);

	free(real);
	return yes;
}

/* In git's own folders or a work tree; that of the main one may be looked at
 * from a linked one, when core.hooksPath is absolute. */
static bool is_inside(struct repo *r, const char *dir)
{
	const char *common = repo_common_dir(r);
	char *real = resolved(dir), *main_tree = NULL;
	bool yes;

	if (str_ends(common, "/.git"))
		main_tree = xstrndup(common, strlen(common) - 5);
	yes = real &&
	      (is_below(real, common) || is_below(real, repo_git_dir(r)) ||
		      is_below(real, repo_work_tree(r)) ||
		      is_below(real, main_tree));
	free(main_tree);
	free(real);
	return yes;
}

/* ---- what ---- */

/* What the file holds, wherever links lead; nothing where it is no file. */
static void read_any(const char *path, struct buf *ret)
{
	struct stat st;

	buf_reset(ret);
	if (stat(path, &st) || !S_ISREG(st.st_mode) ||
		file_read(path, HOOK_MAX, true, ret, NULL))
		buf_reset(ret);
}

/* Ours is what would be written now, or was so once. */
static enum err state_of_ours(const struct hook *k, const struct buf *text,
	enum hook_state *ret, struct error *err)
{
	struct buf want = BUF_INIT;
	enum err rc = ERR_OK;

	*ret = k->aside_there ? HOOK_CHAINED : HOOK_INSTALLED;
	if (k->line)
		rc = hook_wanted(k, k->aside_there, &want, err);
	if (!rc && k->line &&
		(want.len != text->len || strcmp(want.ptr, text->ptr)))
		*ret = HOOK_OUTDATED;
	else if (!rc && k->asleep)
		*ret = HOOK_DEAD;
	buf_release(&want);
	return rc;
}

static enum err judge(struct hook *k, mode_t mode, struct error *err)
{
	struct buf text = BUF_INIT;
	enum hook_whose whose = HOOK_THEIRS;
	enum err rc = ERR_OK;

	read_any(k->path, &text);
	if (S_ISREG(mode))
		whose = hook_text_whose(text.ptr, text.len);
	k->chainable = S_ISREG(mode) || S_ISLNK(mode);
	k->asleep = access(k->path, X_OK) != 0;
	k->calls = hook_text_calls(text.ptr, k->name);
	switch (whose) {
	case HOOK_OURS:
		rc = state_of_ours(k, &text, &k->state, err);
		break;
	case HOOK_CHANGED:
		k->state = HOOK_EDITED;
		break;
	case HOOK_THEIRS:
		k->state = k->calls && !k->asleep ? HOOK_ADDED : HOOK_FOREIGN;
		break;
	}
	buf_release(&text);
	return rc;
}

/* The tool may call us from its own file. */
static void ask_tool(const struct hooks *h, struct hook *k)
{
	struct buf text = BUF_INIT;

	if (!h->tool || (k->state != HOOK_MISSING && k->state != HOOK_FOREIGN))
		return;
	if (k->state == HOOK_MISSING && k->aside_there)
		return; /* one that nobody calls is what to tell of */
	free(k->in);
	k->in = hook_tool_place(h, k->name);
	if (!strcmp(k->in, k->path))
		return; /* that was judged already */
	read_any(k->in, &text);
	if (hook_text_calls(text.ptr, k->name))
		k->state = HOOK_ADDED;
	buf_release(&text);
}

static enum err look_at(
	const struct hooks *h, struct hook *k, bool lines, struct error *err)
{
	struct stat st, aside;
	enum err rc = ERR_OK;

	k->path = path_join(h->dir, k->name);
	k->aside = xstrfmt("%s%s", k->path, ASIDE);
	k->in = xstrdup(k->path);
	if (lines)
		rc = hook_line(k->name, &k->line, err);
	if (rc)
		return rc;
	k->aside_there = !lstat(k->aside, &aside);
	if (lstat(k->path, &st)) {
		if (errno != ENOENT && errno != ENOTDIR) {
			error_sys(err, "%s", k->path);
			return ERR_FATAL;
		}
		k->state = HOOK_MISSING;
	} else {
		k->dev = st.st_dev;
		k->ino = st.st_ino;
		k->half = k->aside_there && aside.st_dev == st.st_dev &&
			  aside.st_ino == st.st_ino;
		rc = judge(k, st.st_mode, err);
	}
	if (!rc)
		ask_tool(h, k);
	return rc;
}

enum err hooks_look(struct repo *r, enum hook_side side, const char *dir,
	bool lines, struct hooks *ret, struct error *err)
{
	struct hooks h = {
		.repo = r, .side = side, .option = sides[side].option
	};
	enum err rc = ERR_OK;

	if (dir)
		h.dir = xstrdup(dir);
	else
		rc = repo_hooks_dir(r, &h.dir, err);
	if (rc)
		goto out;
	h.outside = !is_inside(r, h.dir);
	if (side == HOOKS_CLONE)
		hook_tool_find(&h);
	while (!rc && h.n < HOOK_NR && sides[side].names[h.n]) {
		struct hook *k = &h.v[h.n];

		k->name = sides[side].names[h.n++];
		k->option = h.option;
		rc = look_at(&h, k, lines, err);
	}
	if (rc)
		goto out;
	*ret = h;
	memset(&h, 0, sizeof(h)); /* transferred */
out:
	hooks_release(&h);
	return rc;
}
