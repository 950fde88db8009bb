/*
 * git strack hooks: installs the hooks that remind, or that of a server, takes
 * them away, tells how they are.  What is advised is hookadvice.c.
 */
#include <stdlib.h>
#include <string.h>

#include "hookwords.h"
#include "strack/cmd.h"
#include "strack/file.h"

struct hooks_opts {
	bool chain;
	bool server;
};

static const struct opt options[] = {
	{ 0, "chain", OPT_FLAG, offsetof(struct hooks_opts, chain), NULL,
		"install: call a hook that stands there first" },
	{ 0, "server", OPT_FLAG, offsetof(struct hooks_opts, server), NULL,
		"the hook of the repository that all push to" },
	{ 0, NULL, OPT_END, 0, NULL, NULL },
};

static enum hook_side side_of(const struct hooks_opts *o)
{
	return o->server ? HOOKS_SERVER : HOOKS_CLONE;
}

/* Of one that was cut short, wherever the hooks are. */
static enum err sweep(const struct hooks *h, struct error *err)
{
	size_t n = 0;

	return h->outside ? ERR_OK
			  : temps_remove(
				    h->dir, TEMP_PREFIX, false, false, &n, err);
}

/* All that can be put; what can't is told by the states, or by the first
 * error, which does not keep the others out. */
static enum err put_all(struct hooks *h, bool chain, struct error *err)
{
	struct error first = ERROR_INIT;
	enum err rc = ERR_OK, swept;

	for (size_t i = 0; !h->outside && i < h->n; i++) {
		enum err one = hook_put(h, &h->v[i], chain, rc ? NULL : &first);

		rc = rc ? rc : one;
	}
	/* Last: why a hook can't be put is the better message. */
	swept = sweep(h, rc ? NULL : &first);
	rc = rc ? rc : swept;
	if (rc) {
		error_release(err);
		*err = first;
		first = (struct error)ERROR_INIT; /* transferred */
	}
	error_release(&first);
	return rc;
}

static enum err word_install(
	struct session *s, const struct hooks_opts *o, struct error *err)
{
	struct hooks h = { 0 };
	enum err rc = hooks_look(s->repo, side_of(o), NULL, true, &h, err);

	if (!rc)
		rc = put_all(&h, o->chain, err);
	if (rc)
		goto out;
	hooks_list(s, &h);
	rc = hooks_advise(s, &h, false, err);
	if (!rc && o->server)
		hooks_advise_server(s);
	if (!rc)
		rc = hooks_verdict(&h, err);
	if (rc == ERR_HELD)
		error_hint(err,
			"what to do is printed above, and by:\n"
			"  git strack hooks status%s",
			h.option);
out:
	hooks_release(&h);
	return rc;
}

static enum err word_status(
	struct session *s, const struct hooks_opts *o, struct error *err)
{
	struct hooks h = { 0 };
	enum err rc = hooks_look(s->repo, side_of(o), NULL, true, &h, err);

	if (!rc) {
		hooks_list(s, &h);
		rc = hooks_advise(s, &h, true, err);
	}
	if (!rc && o->server)
		hooks_advise_server(s);
	hooks_release(&h);
	return rc;
}

/* ---- uninstall ---- */

static void say_taken(struct session *s, enum style style, const char *word,
	const struct hook *k, const char *detail)
{
	struct buf path = BUF_INIT;

	hooks_path(k->path, false, &path);
	out_styled(&s->out, style, "%s", word);
	out_printf(&s->out, "%*s", 10 - (int)strlen(word), "");
	out_text(&s->out, path.ptr);
	out_printf(&s->out, "%s\n", detail);
	buf_release(&path);
}

/* Why it is left, and what a person does about it. */
static void hint_left(const struct hook *k, struct error *err)
{
	struct buf path = BUF_INIT, aside = BUF_INIT, in = BUF_INIT;

	hooks_path(k->path, true, &path);
	hooks_path(k->aside, true, &aside);
	hooks_path(k->in, false, &in);
	if (k->state == HOOK_ADDED)
		error_hint(err,
			"remove the line that calls git strack from "
			"%s",
			in.ptr);
	else if (k->state == HOOK_EDITED && !k->aside_there)
		error_hint(err,
			"it was edited since; when you don't need "
			"it:\n  rm %s",
			path.ptr);
	else if (k->state == HOOK_EDITED)
		error_hint(err,
			"it was edited since; when you don't need "
			"it:\n  mv %s %s",
			aside.ptr, path.ptr);
	else
		error_hint(err,
			"another hook took the place of ours; see "
			"whether you need the one that ours called:\n"
			"  cat %s",
			aside.ptr);
	buf_release(&path);
	buf_release(&aside);
	buf_release(&in);
}

struct taken {
	size_t did;
	struct buf left; /* names */
};

static enum err take_all(
	struct session *s, struct hooks *h, struct taken *t, struct error *err)
{
	enum err rc = sweep(h, err);

	for (size_t i = 0; !rc && i < h->n; i++) {
		struct hook *k = &h->v[i];
		enum hook_taken what = HOOK_NOTHING;

		rc = hook_take(k, &what, err);
		if (rc || what == HOOK_NOTHING)
			continue;
		t->did++;
		if (what == HOOK_REMOVED)
			say_taken(s, STYLE_NONE, "removed", k, "");
		else if (what == HOOK_RESTORED)
			say_taken(s, STYLE_NONE, "restored", k,
				" (as it was before ours)");
		if (what != HOOK_LEFT)
			continue;
		buf_addf(&t->left, "%s%s", t->left.len ? ", " : "", k->name);
		say_taken(s, STYLE_WAIT, "left", k, "");
		hint_left(k, err);
	}
	return rc;
}

/* Also from git's own folder, where core.hooksPath was set since. */
static enum err word_uninstall(
	struct session *s, const struct hooks_opts *o, struct error *err)
{
	struct taken t = { 0, BUF_INIT };
	struct hooks now = { 0 }, own = { 0 };
	char *own_dir = hooks_own_dir(s->repo);
	enum err rc = hooks_look(s->repo, side_of(o), NULL, false, &now, err);

	if (!rc && !now.outside)
		rc = take_all(s, &now, &t, err);
	if (!rc && strcmp(now.dir, own_dir)) {
		rc = hooks_look(s->repo, side_of(o), own_dir, false, &own, err);
		if (!rc && !own.outside)
			rc = take_all(s, &own, &t, err);
	}
	if (!rc && t.left.len)
		rc = error_set(err, ERR_HELD,
			"hooks: %s: left for you to decide", t.left.ptr);
	else if (!rc && !t.did)
		out_printf(&s->out, "nothing to remove\n");
	free(own_dir);
	hooks_release(&now);
	hooks_release(&own);
	buf_release(&t.left);
	return rc;
}

/* ---- init ---- */

void hooks_for_init(struct session *s)
{
	struct error err = ERROR_INIT;
	struct hooks h = { 0 };
	struct buf path = BUF_INIT, safe = BUF_INIT;
	enum err rc = hooks_look(s->repo, HOOKS_CLONE, NULL, true, &h, &err);

	if (!rc)
		rc = put_all(&h, false, &err);
	if (!rc)
		rc = hooks_verdict(&h, &err);
	if (!rc) {
		hooks_path(h.dir, false, &path);
		out_printf(&s->out, "%-12s", "hooks");
		out_text(&s->out, path.ptr);
		out_printf(&s->out, "\n");
	} else {
		out_escape(&safe, err.text.ptr, err.text.len, "\n");
		out_printf(&s->msg,
			"git strack: warning: %s\n"
			"hint: the ledger is there, but nothing reminds of "
			"scripts; to see what to do:\n"
			"hint:   git strack hooks install\n",
			safe.ptr);
	}
	buf_release(&path);
	buf_release(&safe);
	hooks_release(&h);
	error_release(&err);
}

/* ---- the command ---- */

static const struct word {
	const char *name;
	bool chains;
	enum err (*run)(struct session *s, const struct hooks_opts *o,
		struct error *err);
} words[] = {
	{ "status", false, word_status },
	{ "install", true, word_install },
	{ "uninstall", false, word_uninstall },
};

static enum err run(struct session *s, const void *opts,
	const struct cmd_args *a, struct error *err)
{
	const struct hooks_opts *o = opts;
	const char *name = a->args->n ? a->args->v[0] : "status";
	const struct word *w = NULL;
	struct buf shown = BUF_INIT;
	enum err rc;

	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		if (!strcmp(words[i].name, name))
			w = &words[i];
	}
	out_escape(&shown, name, strlen(name), "");
	if (!w)
		rc = error_set(err, ERR_USAGE,
			"hooks: install, uninstall or status, not '%s'",
			shown.ptr);
	else if (a->args->n > 1 || a->has_rest)
		rc = error_set(
			err, ERR_USAGE, "hooks %s takes no arguments", w->name);
	else if (o->chain && !w->chains)
		rc = error_set(err, ERR_USAGE,
			"hooks %s: --chain goes with install", w->name);
	else
		rc = session_open_repo(s, err);
	if (!rc)
		rc = w->run(s, o, err);
	buf_release(&shown);
	return rc;
}

const struct command cmd_hooks = {
	.name = "hooks",
	.usage = "hooks [status] [--server]\n"
		 "hooks install [--server] [--chain]\n"
		 "hooks uninstall [--server]",
	.summary = "Hooks of git that remind of scripts, or guard a server",
	.opts = options,
	.opts_size = sizeof(struct hooks_opts),
	.run = run,
};
