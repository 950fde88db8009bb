/*
 * git strack create: a new script from a template, named by the moment and
 * its description.
 */
#include "strack/cmd.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include "strack/clock.h"
#include "strack/companion.h"
#include "strack/file.h"
#include "strack/process.h"
#include "strack/script.h"
#include "strack/template.h"
#include "strack/text.h"

#define DESCRIPTION_MAX 1000 /* bytes; the line of a header has 1024 */

struct create_opts {
	const char *lang;
	bool edit, rollback, verify;
};

static const struct opt options[] = {
	{ 'l', "lang", OPT_STRING, offsetof(struct create_opts, lang), "<lang>",
		"sh (the default), bash, python, ruby, perl, node, php or "
		"sql" },
	{ 0, "rollback", OPT_FLAG, offsetof(struct create_opts, rollback), NULL,
		"with a companion that undoes it" },
	{ 0, "verify", OPT_FLAG, offsetof(struct create_opts, verify), NULL,
		"with a companion that tells whether its effect is there" },
	{ 'e', "edit", OPT_FLAG, offsetof(struct create_opts, edit), NULL,
		"open it in git's editor" },
	{ 0, NULL, OPT_END, 0, NULL, NULL },
};

/* ---- what is asked for ---- */

/* U+2028 and U+2029 end a line in JavaScript, and so its comments. */
static bool breaks_line(uint32_t cp)
{
	return cp < 0x20 || (cp >= 0x7f && cp <= 0x9f) || cp == 0x2028 ||
	       cp == 0x2029;
}

static enum err check_description(const struct buf *d, struct error *err)
{
	const char *s = d->ptr;
	size_t left = d->len, n;
	uint32_t cp;

	if (!left) {
		error_hint(err, "git strack create Give every user a theme");
		return error_set(err, ERR_USAGE,
			"no description: say in a few words what it is to do");
	}
	if (left > DESCRIPTION_MAX)
		return error_set(err, ERR_USAGE,
			"the description has %zu bytes, and %d are the most; "
			"put the rest into the script",
			left, DESCRIPTION_MAX);
	for (; left; s += n, left -= n) {
		n = utf8_next(s, left, &cp);
		if (!n)
			return error_set(err, ERR_USAGE,
				"the description is not UTF-8 text");
		if (breaks_line(cp))
			return error_set(err, ERR_USAGE,
				"the description has a line break or another "
				"control character (U+%04X); write one line",
				(unsigned)cp);
	}
	return ERR_OK;
}

/* All words are one description; quoting it is up to the person. */
static enum err take_description(const struct cmd_args *a, struct buf *ret,
	struct buf *slug, struct error *err)
{
	const struct strvec *lists[] = { a->args, a->rest };
	size_t i, j;
	enum err rc;

	for (i = 0; i < ARRAY_SIZE(lists); i++)
		for (j = 0; j < lists[i]->n; j++)
			buf_addf(ret, "%s%s", ret->len ? " " : "",
				lists[i]->v[j]);
	while (ret->len && ret->ptr[ret->len - 1] == ' ')
		buf_setlen(ret, ret->len - 1);
	buf_remove(ret, 0, strspn(ret->ptr, " "));
	rc = check_description(ret, err);
	if (!rc)
		rc = script_slug(ret->ptr, slug, err);
	return rc;
}

/* "Name <mail>" of the person, or who runs this where git knows none: a
 * script can be written before git is told. */
static void author(struct session *s, struct buf *ret)
{
	struct error ignored = ERROR_INIT;
	char *end;

	if (!repo_identity(s->repo, "AUTHOR", ret, &ignored)) {
		end = strrchr(ret->ptr, '>');
		if (end)
			buf_setlen(ret, (size_t)(end + 1 - ret->ptr));
	} else {
		buf_printf(ret, "%s", s->user);
	}
	error_release(&ignored);
}

/* ---- the command ---- */

/* A repository of one person gets its ledger now; a team's is looked for on
 * the remotes, which is for `init` alone. */
static enum err see_to_ledger(struct session *s, struct error *err)
{
	struct strvec remotes = STRVEC_INIT;
	enum err rc = session_ledger(s, err);

	if (rc != ERR_NOTFOUND)
		return rc;
	error_reset(err);
	rc = repo_remotes(s->repo, &remotes, err);
	if (!rc && remotes.n)
		out_printf(&s->msg, "no ledger here yet; before the first run, "
				    "type: git strack init\n");
	else if (!rc)
		rc = session_ledger_for_writing(s, true, err);
	strvec_release(&remotes);
	return rc;
}

/* `path` as seen from the folder `prefix` ("" or "a/b/"). */
static void seen_from(const char *prefix, const char *path, struct buf *ret)
{
	size_t common = 0, i;

	for (i = 0; prefix[i] && prefix[i] == path[i]; i++)
		if (prefix[i] == '/')
			common = i + 1;
	for (i = common; prefix[i]; i++)
		if (prefix[i] == '/')
			buf_adds(ret, "../");
	buf_adds(ret, path + common);
}

static enum err say_where(
	struct session *s, const char *path, struct error *err)
{
	struct buf shown = BUF_INIT;
	bool ignored = false;
	enum err rc = worktree_ignored(s->repo, path, &ignored, err);

	seen_from(repo_prefix(s->repo), path, &shown);
	out_text(&s->out, shown.ptr);
	out_printf(&s->out, "\n");
	if (!rc && ignored)
		out_printf(&s->msg, "git ignores this file, so it is never "
				    "run: see .gitignore\n");
	buf_release(&shown);
	return rc;
}

/* As git does it: the editor is a piece of shell, the file its argument. */
static enum err edit(struct session *s, const char *path, struct error *err)
{
	static const char *const ask[] = { "git", "var", "GIT_EDITOR", NULL };
	struct process_opts opts = { .argv = ask };
	struct buf editor = BUF_INIT;
	char *file = path_join(repo_work_tree(s->repo), path);
	char *line = NULL;
	int status = 0;
	enum err rc;

	rc = process_capture(&opts, &editor, err);
	if (rc)
		goto out;
	buf_trim_end(&editor);
	if (!strcmp(editor.ptr, ":"))
		goto out;
	line = xstrfmt("%s \"$@\"", editor.ptr);
	rc = out_finish(&s->out, err); /* what comes next is the editor's */
	if (!rc)
		rc = process_foreground((const char *const[]){ "sh", "-c", line,
						editor.ptr, file, NULL },
			&status, err);
	if (!rc && status)
		rc = error_set(err, ERR_FATAL,
			"%s is there, but the editor '%s' failed (exit %d)",
			path, editor.ptr, status);
out:
	free(line);
	free(file);
	buf_release(&editor);
	return rc;
}

/* A file that is to be written: the script, and its companions. */
struct draft {
	const char *what; /* NULL: the script */
	const char *lead; /* of its description */
	bool wanted;
	struct template template;
	struct buf text;
	char *path; /* once it is there */
};

static enum err draft(struct session *s, struct draft *d, const char *lang,
	const char *description, int64_t now, struct error *err)
{
	char *words = xstrfmt("%s%s", d->lead, description);
	struct buf who = BUF_INIT;
	enum err rc = template_find(s->repo, d->what ? "companion" : "script",
		lang, &d->template, err);

	author(s, &who);
	if (!rc)
		rc = template_fill(
			&d->template, words, who.ptr, now, &d->text, err);
	buf_release(&who);
	free(words);
	return rc;
}

static enum err place(struct session *s, struct draft *all, size_t n,
	const char *slug, int64_t now, struct error *err)
{
	char *lock = path_join(s->state_dir, "locks/create");
	enum err rc = script_place(s->repo, &s->settings, lock, &all->template,
		slug, now, &all->text, &all->path, err);

	for (size_t i = 1; !rc && i < n; i++)
		if (all[i].wanted)
			rc = companion_place(s->repo, all->path, all[i].what,
				&all[i].template, &all[i].text, &all[i].path,
				err);
	free(lock);
	return rc;
}

/* Everything that can be refused is, before anything is written. */
static enum err make(struct session *s, const struct create_opts *o,
	const char *description, const char *slug, char **ret,
	struct error *err)
{
	struct draft all[] = {
		{ NULL, "", true, TEMPLATE_INIT, BUF_INIT, NULL },
		{ COMPANION_ROLLBACK, "Undo: ", o->rollback, TEMPLATE_INIT,
			BUF_INIT, NULL },
		{ COMPANION_VERIFY, "Verify: ", o->verify, TEMPLATE_INIT,
			BUF_INIT, NULL },
	};
	int64_t now = clock_now_ms();
	enum err rc = ERR_OK;

	for (size_t i = 0; !rc && i < ARRAY_SIZE(all); i++)
		if (all[i].wanted)
			rc = draft(s, &all[i], o->lang ? o->lang : "sh",
				description, now, err);
	if (!rc)
		rc = session_prepare_state(s, err);
	if (!rc)
		rc = see_to_ledger(s, err);
	if (!rc)
		rc = place(s, all, ARRAY_SIZE(all), slug, now, err);
	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		if (all[i].path && say_where(s, all[i].path, rc ? NULL : err))
			rc = rc ? rc : ERR_FATAL;
		template_release(&all[i].template);
		buf_release(&all[i].text);
		if (i)
			free(all[i].path);
	}
	*ret = all->path;
	return rc;
}

static enum err run(struct session *s, const void *opts,
	const struct cmd_args *a, struct error *err)
{
	const struct create_opts *o = opts;
	struct buf description = BUF_INIT, slug = BUF_INIT;
	char *path = NULL;
	enum err rc = take_description(a, &description, &slug, err);

	if (!rc)
		rc = session_open(s, NULL, err);
	if (!rc && !repo_work_tree(s->repo)) {
		error_hint(err, "make it in a clone that has a work tree");
		rc = error_set(err, ERR_FATAL,
			"%s is bare: there is no work tree to put a script "
			"into",
			repo_git_dir(s->repo));
	}
	if (!rc)
		rc = make(s, o, description.ptr, slug.ptr, &path, err);
	if (!rc && o->edit)
		rc = edit(s, path, err);
	free(path);
	buf_release(&slug);
	buf_release(&description);
	return rc;
}

const struct command cmd_create = {
	.name = "create",
	.alias = "new",
	.usage = "create [<options>] <description>...",
	.summary = "Make a new script from a template",
	.opts = options,
	.opts_size = sizeof(struct create_opts),
	.run = run,
};
