/*
 * What is said about hooks: how they are, and what a person can do where they
 * are not as they should be.  Changes nothing.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "hookwords.h"
#include "strack/datadir.h"
#include "strack/file.h"
#include "strack/text.h"

#define SNIPPET_MAX 65536
#define STATE_COLUMNS 16
#define NAME_COLUMNS 15

static const struct {
	const char *word;
	enum style style;
} states[] = {
	[HOOK_MISSING] = { "missing", STYLE_WAIT },
	[HOOK_INSTALLED] = { "installed", STYLE_GOOD },
	[HOOK_CHAINED] = { "chained", STYLE_GOOD },
	[HOOK_OUTDATED] = { "outdated", STYLE_WAIT },
	[HOOK_DEAD] = { "not executable", STYLE_BAD },
	[HOOK_EDITED] = { "edited", STYLE_WAIT },
	[HOOK_ADDED] = { "added", STYLE_GOOD },
	[HOOK_FOREIGN] = { "foreign", STYLE_WAIT },
};

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static const char *from_here(const char *path, const char *cwd)
{
	size_t len = cwd ? strlen(cwd) : 0;

	if (len > 1 && !strncmp(path, cwd, len) && path[len] == '/')
		return path + len + 1;
	return path;
}

void hooks_path(const char *path, bool typed, struct buf *ret)
{
	char *cwd = getcwd(NULL, 0);

	if (typed)
		shell_word(ret, from_here(path, cwd));
	else
		buf_adds(ret, from_here(path, cwd));
	free(cwd);
}

/* `before` PATH `after`, in which nothing is foreign. */
static void say_about(struct session *s, const char *before, const char *path,
	const char *after)
{
	struct buf shown = BUF_INIT;

	hooks_path(path, false, &shown);
	out_printf(&s->out, "%s", before);
	out_text(&s->out, shown.ptr);
	out_printf(&s->out, "%s", after);
	buf_release(&shown);
}

/* A line to type that ends in the path. */
static void say_command(
	struct session *s, const char *command, const char *path)
{
	struct buf shown = BUF_INIT;

	hooks_path(path, true, &shown);
	out_printf(&s->out, "  %s ", command);
	out_text(&s->out, shown.ptr);
	out_printf(&s->out, "\n");
	buf_release(&shown);
}

/* ---- the table ---- */

/* What follows the name, with the path that it ends with; NULL: nothing. */
static const char *detail_of(const struct hook *k, const char **path)
{
	*path = k->aside;
	if (k->half)
		return "half chained: ";
	if (k->state == HOOK_CHAINED)
		return "calls first ";
	if (k->state == HOOK_FOREIGN && k->asleep) {
		*path = NULL;
		return "git passes over it, as it is not executable";
	}
	if (k->state == HOOK_ADDED) {
		*path = k->in;
		return "in ";
	}
	/* What ours would call once it is in order. */
	if (k->aside_there && k->state != HOOK_OUTDATED &&
		k->state != HOOK_DEAD)
		return "not called: ";
	return NULL;
}

static void list_one(struct session *s, const struct hook *k)
{
	const char *word = states[k->state].word;
	const char *path, *detail = detail_of(k, &path);

	out_styled(&s->out, states[k->state].style, "%s", word);
	out_printf(&s->out, "%*s%s", STATE_COLUMNS - (int)strlen(word), "",
		k->name);
	if (detail)
		out_printf(&s->out, "%*s%s",
			NAME_COLUMNS - (int)strlen(k->name), "", detail);
	if (detail && path)
		say_about(s, "", path, "");
	out_printf(&s->out, "\n");
}

void hooks_list(struct session *s, const struct hooks *h)
{
	struct buf origin = BUF_INIT;

	say_about(s, "hooks in ", h->dir, "");
	if (repo_config(s->repo, "core.hookspath")) {
		repo_config_origin(s->repo, "core.hookspath", &origin);
		out_printf(&s->out, " (core.hooksPath, ");
		out_text(&s->out, origin.ptr);
		out_printf(&s->out, ")");
	}
	out_printf(&s->out, "\n");
	for (size_t i = 0; i < h->n; i++)
		list_one(s, &h->v[i]);
	buf_release(&origin);
}

/* ---- advice ---- */

/* The line, and where to. */
static void advise_line(
	struct session *s, const struct hooks *h, const struct hook *k)
{
	if (!access(k->in, F_OK))
		say_about(s, "\nAdd this line to ", k->in,
			h->side == HOOKS_SERVER
				? ", where nothing has read the standard\n"
				  "input yet:\n\n"
				: ":\n\n");
	else
		say_about(s, "\nMake ", k->in,
			", executable, of these lines:\n\n  #!/bin/sh\n");
	out_printf(&s->out, "  %s\n", k->line);
}

static enum err advise_snippet(
	struct session *s, const struct hooks *h, struct error *err)
{
	const struct hook_tool *t = h->tool;
	struct buf text = BUF_INIT;
	char *path = NULL;
	enum err rc = datadir_hook(t->snippet, &path, err);

	if (!rc)
		rc = file_read(path, SNIPPET_MAX, true, &text, err);
	if (rc)
		goto out;
	out_printf(&s->out, "\n%s keeps the hooks here. Add this to ", t->name);
	if (t->kind == TOOL_PRE_COMMIT)
		out_printf(&s->out, "`repos:` in ");
	say_about(s, "", h->tool_file, "");
	if (t->kind == TOOL_LEFTHOOK && !str_ends(h->tool_file, ".yml") &&
		!str_ends(h->tool_file, ".yaml"))
		out_printf(&s->out, ", in its own format");
	out_printf(&s->out, ":\n\n");
	out_block(&s->out, text.ptr, text.len);
	out_printf(&s->out, "\nand then:\n\n  %s\n", t->after);
	/* What it generates is its own again at its next install. */
	out_printf(&s->out,
		"\nor, where %s is not in use, install all the "
		"same:\n\n  git strack hooks install --chain\n",
		t->name);
out:
	free(path);
	buf_release(&text);
	return rc;
}

static void advise_edited(struct session *s, const struct hook *k)
{
	say_about(s, "\n", k->path,
		" was edited since it was installed, and is left as it is.\n"
		"To have ours again:\n\n");
	say_command(s, "rm", k->path);
	out_printf(&s->out, "  git strack hooks install%s\n", k->option);
}

/* Where somebody else's stands, or, outside, ours may not. */
static void advise_foreign(
	struct session *s, const struct hooks *h, const struct hook *k)
{
	if (k->calls && k->asleep) {
		out_printf(&s->out,
			"\nThe line is there, but git can't execute the "
			"hook:\n\n");
		say_command(s, "chmod +x", k->path);
	} else {
		advise_line(s, h, k);
	}
	if (!h->outside && !h->tool)
		out_printf(&s->out,
			"\nor let ours call it first:\n\n"
			"  git strack hooks install%s --chain\n",
			h->option);
	if (k->aside_there && !k->half)
		say_about(s,
			"\nA hook that was set aside is not called any "
			"more; it is in ",
			k->aside, "\n");
}

static void advise_outside(struct session *s, const struct hooks *h)
{
	char *own = hooks_own_dir(s->repo);

	say_about(s, "\n", h->dir,
		" is outside of this repository and may serve\nothers, so "
		"nothing is written there.\n");
	for (size_t i = 0; i < h->n; i++) {
		if (!hook_works(&h->v[i]))
			advise_foreign(s, h, &h->v[i]);
	}
	out_printf(&s->out, "\nor let this repository have hooks of its own, "
			    "instead of those:\n\n");
	say_command(s, "git config core.hooksPath", own);
	out_printf(&s->out, "  git strack hooks install%s\n", h->option);
	free(own);
}

enum err hooks_advise(struct session *s, const struct hooks *h, bool status,
	struct error *err)
{
	bool told_tool = false, would_install = false;
	enum err rc = ERR_OK;

	if (h->outside) {
		if (hooks_verdict(h, NULL))
			advise_outside(s, h);
		return ERR_OK;
	}
	for (size_t i = 0; !rc && i < h->n; i++) {
		const struct hook *k = &h->v[i];

		if (hook_works(k))
			continue;
		if (k->state == HOOK_EDITED)
			advise_edited(s, k);
		else if (k->state != HOOK_FOREIGN &&
			 (k->state != HOOK_MISSING || !h->tool))
			would_install = true;
		else if (!h->tool || !h->tool->snippet)
			advise_foreign(s, h, k);
		else if (!told_tool)
			rc = advise_snippet(s, h, err);
		told_tool = told_tool || h->tool;
	}
	if (!rc && status && would_install)
		out_printf(&s->out,
			"\nTo install what is missing or not as it should "
			"be:\n\n  git strack hooks install%s\n",
			h->option);
	return rc;
}

/* They hold where a hook is not asked, or not there; each alone leaves a way.
 */
void hooks_advise_server(struct session *s)
{
	static const char *const keys[] = { "receive.denyDeletes",
		"receive.denyNonFastForwards" };
	bool told = false, on;

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		if (!repo_config_bool(s->repo, keys[i], false, &on, NULL) && on)
			continue;
		if (!told)
			out_printf(&s->out,
				"\nAs a second line of defence, for all "
				"branches of this repository:\n\n");
		told = true;
		out_printf(&s->out, "  git config %s true\n", keys[i]);
	}
}

enum err hooks_verdict(const struct hooks *h, struct error *err)
{
	struct buf names = BUF_INIT, path = BUF_INIT;
	bool foreign = false;
	enum err rc = ERR_OK;

	for (size_t i = 0; i < h->n; i++) {
		if (hook_works(&h->v[i]))
			continue;
		buf_addf(&names, "%s%s", names.len ? ", " : "", h->v[i].name);
		foreign = foreign || h->v[i].state != HOOK_EDITED;
	}
	hooks_path(h->dir, false, &path);
	if (!names.len)
		rc = ERR_OK;
	else if (h->outside)
		rc = error_set(err, ERR_HELD,
			"hooks: %s is outside of this repository: nothing "
			"was written there",
			path.ptr);
	else if (h->tool)
		rc = error_set(err, ERR_HELD,
			"hooks: %s keeps the hooks here, and %s does not call "
			"us yet",
			h->tool->name, base_name(h->tool_file));
	else if (foreign)
		rc = error_set(err, ERR_HELD,
			"hooks: %s in %s: somebody else's, left untouched",
			names.ptr, path.ptr);
	else
		rc = error_set(err, ERR_HELD,
			"hooks: %s in %s: edited since, left untouched",
			names.ptr, path.ptr);
	buf_release(&names);
	buf_release(&path);
	return rc;
}
