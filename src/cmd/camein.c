/*
 * What came in is what HEAD's tree has and the tree before did not have: no
 * list of commits is needed for that, and what one's own rebased commits bring
 * is in both.
 *
 *    post-merge      ORIG_HEAD; where that is missing, what HEAD was before
 *    post-rewrite    what the branch was before the rebase, by its reflog; on
 *                    no branch, the newest commit that was rewritten
 *    post-checkout   the first argument; zeros are the empty tree
 */
#include "camein.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "strack/file.h"
#include "strack/refs.h"
#include "strack/repo.h"
#include "strack/script.h"
#include "strack/term.h"

#define INPUT_MAX (4u << 20) /* 40,000 rewritten commits */

struct coming {
	struct session *s;
	const struct strvec *args;
	struct oid head;
	struct oid before;
	bool known; /* `before` is; zero then is the empty tree */
	bool quiet;
	struct strmap *ret;
	const char *folder; /* that is being compared */
};

/* ---- the trees ---- */

static enum err take_new(char status, const char *path,
	const struct tree_entry *old, const struct tree_entry *new, void *arg,
	struct error *err)
{
	struct coming *c = arg;
	const char *slash = strrchr(path, '/');
	const char *base = slash ? slash + 1 : path;
	char *full;

	(void)old;
	(void)new;
	(void)err;
	if (status != 'A' || !script_name_dated(base) ||
		script_name_companion(base))
		return ERR_OK;
	full = xstrfmt("%s/%s", c->folder, path);
	strmap_put(c->ret, full, c);
	free(full);
	return ERR_OK;
}

/* The folder in the commit's tree; zero where it has none. */
static enum err folder_in(struct coming *c, const struct oid *commit,
	struct oid *ret, struct error *err)
{
	struct oid tree;
	unsigned mode = 0;
	enum err rc;

	*ret = (struct oid){ { 0 } };
	if (oid_is_zero(commit))
		return ERR_OK;
	rc = commit_tree(c->s->repo, commit, &tree, err);
	if (rc)
		return rc;
	rc = tree_find(c->s->repo, &tree, c->folder, &mode, ret, err);
	if (rc == ERR_NOTFOUND) {
		error_reset(err);
		return ERR_OK;
	}
	if (!rc && (mode & 0170000) != MODE_TREE)
		*ret = (struct oid){ { 0 } };
	return rc;
}

static enum err compare_folder(struct coming *c, struct error *err)
{
	struct oid old, new;
	enum err rc;

	rc = folder_in(c, &c->before, &old, err);
	if (!rc)
		rc = folder_in(c, &c->head, &new, err);
	if (rc || oid_is_zero(&new))
		return rc;
	return tree_diff(c->s->repo, oid_is_zero(&old) ? NULL : &old, &new,
		take_new, c, err);
}

static enum err compare(struct coming *c, struct error *err)
{
	const struct strvec *folders = &c->s->settings.paths;
	enum err rc = ERR_OK;

	for (size_t i = 0; !rc && i < folders->n; i++) {
		c->folder = folders->v[i];
		rc = compare_folder(c, err);
	}
	return rc;
}

/* ---- the hooks ---- */

static bool git_dir_has(struct session *s, const char *name)
{
	char *path = path_join(repo_git_dir(s->repo), name);
	struct stat st;
	bool yes = lstat(path, &st) == 0;

	free(path);
	return yes;
}

/* The one that applies patches goes to the new base before it makes its
 * folder; then only the reflog tells. */
static bool in_rebase(struct session *s)
{
	struct reflog_line last = { .message = BUF_INIT };
	bool yes = git_dir_has(s, "rebase-merge") ||
		   git_dir_has(s, "rebase-apply");

	if (!yes && !ref_last_move(s->repo, false, &last, NULL))
		yes = strstr(last.message.ptr, " (start): checkout ") != NULL;
	buf_release(&last.message);
	return yes;
}

/* What HEAD (or its branch) was before it became what it is; false where the
 * reflog is about something else. */
static bool moved_from(struct coming *c, bool branch, struct oid *ret)
{
	struct reflog_line last = { .message = BUF_INIT };
	bool known = !ref_last_move(c->s->repo, branch, &last, NULL) &&
		     oid_cmp(&last.new, &c->head) == 0;

	if (known)
		*ret = last.old;
	buf_release(&last.message);
	return known;
}

/* A squash ($1 is 1) moved nothing: ORIG_HEAD is HEAD then. */
static enum err post_merge(struct coming *c, struct error *err)
{
	(void)err;
	c->quiet = in_rebase(c->s); /* `exec git merge` in its list */
	c->known = !ref_read(c->s->repo, "ORIG_HEAD", &c->before, NULL) ||
		   moved_from(c, false, &c->before);
	return ERR_OK;
}

static void read_input(struct buf *b)
{
	ssize_t got;

	while (b->len < INPUT_MAX) {
		buf_grow(b, 65536);
		got = read(STDIN_FILENO, b->ptr + b->len, 65536);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			break;
		b->len += (size_t)got;
		b->ptr[b->len] = '\0';
	}
}

/* "OLD NEW" lines, the oldest first. */
static bool newest_rewritten(struct oid *ret)
{
	struct buf text = BUF_INIT;
	bool found = false;

	if (term_is_tty(STDIN_FILENO))
		return false; /* a person tries it out */
	read_input(&text);
	for (const char *p = text.ptr; *p;) {
		size_t n = strcspn(p, "\n");

		if (n > OID_HEX && p[OID_HEX] == ' ')
			found |= oid_parse(p, OID_HEX, ret);
		p += n + (p[n] == '\n');
	}
	buf_release(&text);
	return found;
}

static enum err post_rewrite(struct coming *c, struct error *err)
{
	(void)err;
	c->quiet = strcmp(c->args->v[0], "rebase") != 0;
	c->known = newest_rewritten(&c->before);
	c->known = moved_from(c, true, &c->before) || c->known;
	return ERR_OK;
}

/* In a rebase git goes to the new base first; then post-rewrite follows, but
 * where there was nothing to rewrite.  A bisection goes back and forth. */
static enum err post_checkout(struct coming *c, struct error *err)
{
	const char *from = c->args->v[0];
	bool ahead = false;
	enum err rc = ERR_OK;

	if (!oid_parse(from, strlen(from), &c->before))
		return error_set(err, ERR_USAGE,
			"post-checkout: '%s' is no commit", from);
	c->known = true;
	c->quiet = strcmp(c->args->v[2], "1") != 0 ||
		   oid_cmp(&c->before, &c->head) == 0 ||
		   git_dir_has(c->s, "BISECT_LOG");
	if (!c->quiet && in_rebase(c->s)) {
		rc = history_is_ancestor(
			c->s->repo, &c->before, &c->head, &ahead, err);
		c->quiet = !ahead;
	}
	return rc;
}

static const struct hook {
	const char *name;
	size_t least_args;
	enum err (*read)(struct coming *c, struct error *err);
} hooks[] = {
	{ "post-merge", 0, post_merge },
	{ "post-rewrite", 1, post_rewrite },
	{ "post-checkout", 3, post_checkout },
};

static enum err find_hook(const char *name, const struct strvec *args,
	const struct hook **ret, struct error *err)
{
	for (size_t i = 0; i < ARRAY_SIZE(hooks); i++) {
		if (strcmp(hooks[i].name, name) != 0)
			continue;
		if (args->n < hooks[i].least_args)
			return error_set(err, ERR_USAGE,
				"%s: hand on git's arguments: git strack "
				"remind --hook %s -- \"$@\"",
				name, name);
		*ret = &hooks[i];
		return ERR_OK;
	}
	return error_set(err, ERR_USAGE,
		"'%s' is no hook of ours; post-merge, post-rewrite and "
		"post-checkout are",
		name);
}

enum err came_in(struct session *s, const char *name, const struct strvec *args,
	struct strmap *ret, bool *quiet, struct error *err)
{
	struct coming c = { .s = s, .args = args, .ret = ret };
	const struct hook *hook = NULL;
	enum err rc;

	rc = find_hook(name, args, &hook, err);
	if (rc)
		return rc;
	*quiet = true;
	if (repo_head(s->repo, &c.head, NULL))
		return ERR_OK; /* an unborn branch has nothing */
	rc = hook->read(&c, err);
	if (rc)
		return rc;
	/* Where the commit of before is gone (a shallow clone, a gc) nobody can
	 * tell what is new, and the rest is still worth saying. */
	if (!c.quiet && c.known)
		compare(&c, NULL);
	*quiet = c.quiet;
	return ERR_OK;
}
