/*
 * Finds out which scripts may be removed: where each must be settled and is,
 * what its files are, and whether git would give them up without loss.
 * Changes nothing.
 */
#include "removal.h"

#include <stdlib.h>
#include <string.h>

#include "rowtext.h"
#include "strack/decide.h"
#include "strack/file.h"
#include "strack/needs.h"
#include "strack/porcelain.h"
#include "strack/refs.h"
#include "strack/text.h"
#include "strack/treefiles.h"

static void removal_release(struct removal *r)
{
	free(r->path);
	strvec_release(&r->files);
	strvec_release(&r->gone);
	strvec_release(&r->settled);
	strvec_release(&r->retire);
	strvec_release(&r->needs);
	strvec_release(&r->known);
	for (size_t i = 0; i < r->n; i++) {
		free(r->v[i].env);
		free(r->v[i].why);
		free(r->v[i].how);
	}
	free(r->v);
}

void removals_release(struct removals *l)
{
	for (size_t i = 0; i < l->n; i++)
		removal_release(&l->v[i]);
	free(l->v);
	*l = (struct removals)REMOVALS_INIT;
}

static void add_obstacle(
	struct removal *r, const char *env, const char *why, const char *how)
{
	ARRAY_GROW(r->v, r->n + 1, r->cap);
	r->v[r->n++] = (struct obstacle){ .env = env ? xstrdup(env) : NULL,
		.why = xstrdup(why),
		.how = xstrdup(how) };
}

/* What the search works with. */
struct search {
	struct session *s;
	struct view view;
	bool has_head;
	struct oid head;
	struct treefiles in_head;
	struct strmap in_index;
	struct strmap changes;
	struct removals *list;
	struct strmap by_path; /* to the index in `list` + 1 */
	struct strmap stems;   /* the same, of scripts that are to go */
	struct strmap kept;    /* stems of scripts that are to stay */
};

static void search_release(struct search *f)
{
	view_release(&f->view);
	treefiles_release(&f->in_head);
	strmap_release(&f->in_index, NULL);
	strmap_release(&f->changes, NULL);
	strmap_release(&f->by_path, NULL);
	strmap_release(&f->stems, NULL);
	strmap_release(&f->kept, NULL);
}

static struct removal *find(struct search *f, const char *path)
{
	size_t at = (size_t)strmap_get(&f->by_path, path);

	return at ? &f->list->v[at - 1] : NULL;
}

static struct removal *add_removal(struct search *f, const char *path)
{
	struct removals *l = f->list;
	struct buf stem = BUF_INIT;

	ARRAY_GROW(l->v, l->n + 1, l->cap);
	l->v[l->n++] = (struct removal){ .path = xstrdup(path) };
	strmap_put(&f->by_path, path, (void *)l->n);
	script_stem(path, &stem);
	strmap_put(&f->stems, stem.ptr, (void *)l->n);
	buf_release(&stem);
	return &l->v[l->n - 1];
}

/* ---- what git has ---- */

static enum err read_git(
	struct search *f, const struct strvec *paths, struct error *err)
{
	struct repo *r = f->s->repo;
	struct strvec folders = STRVEC_INIT;
	enum err rc = repo_head(r, &f->head, err);

	f->has_head = !rc;
	if (rc == ERR_NOTFOUND) {
		error_reset(err);
		rc = ERR_OK;
	}
	for (size_t i = 0; i < f->s->settings.paths.n; i++)
		strvec_push(&folders, f->s->settings.paths.v[i]);
	for (size_t i = 0; i < paths->n; i++) {
		const char *slash = strrchr(paths->v[i], '/');

		if (slash)
			strvec_pushf(&folders, "%.*s",
				(int)(slash - paths->v[i]), paths->v[i]);
	}
	if (!rc && f->has_head)
		rc = treefiles_read(
			r, &f->head, &f->s->settings, &f->in_head, err);
	if (!rc)
		rc = worktree_listing(r, &folders, &f->in_index, err);
	if (!rc)
		rc = worktree_changes(r, &f->changes, err);
	strvec_release(&folders);
	return rc;
}

static bool is_dropped(const struct search *f, const struct tree_file *file)
{
	return !strmap_has(&f->in_index, file->path);
}

/* Everything that git has, and what was taken from it since HEAD but is not
 * committed: a `remove` may have been interrupted. */
static void add_all(struct search *f)
{
	const struct rowvec *rows = ledger_rows(f->s->ledger);
	struct strmap known = STRMAP_INIT;

	for (size_t i = 0; i < f->view.scripts.n; i++)
		if (strmap_has(&f->in_index, f->view.scripts.v[i]->path))
			add_removal(f, f->view.scripts.v[i]->path);
	for (size_t i = 0; i < rows->n; i++)
		strmap_put(&known, rows->v[i].script, f);
	for (size_t i = 0; i < f->in_head.n; i++) {
		const struct tree_file *file = &f->in_head.v[i];

		if (file->script && is_dropped(f, file) &&
			strmap_has(&known, file->path) && !find(f, file->path))
			add_removal(f, file->path);
	}
	strmap_release(&known, NULL);
}

/* ---- files ---- */

static void note_kept(struct search *f)
{
	struct buf stem = BUF_INIT;

	for (size_t i = 0; i < f->view.scripts.n; i++) {
		const char *path = f->view.scripts.v[i]->path;

		if (find(f, path))
			continue;
		script_stem(path, &stem);
		strmap_put(&f->kept, stem.ptr, f);
	}
	buf_release(&stem);
}

/* Whose file is it, as the script itself or a companion?  A companion of a
 * script that stays as well (x.sh and x.py) stays with it. */
static struct removal *owner_of(struct search *f, const char *path)
{
	struct removal *r = find(f, path);
	struct buf stem = BUF_INIT;
	size_t at;

	if (!r && script_companion_stem(path, NULL, &stem) &&
		!strmap_has(&f->kept, stem.ptr)) {
		at = (size_t)strmap_get(&f->stems, stem.ptr);
		if (at)
			r = &f->list->v[at - 1];
	}
	buf_release(&stem);
	return r;
}

static void share_files(struct search *f)
{
	note_kept(f);
	for (size_t i = 0; i < f->in_index.n; i++) {
		const char *path = f->in_index.items[i].key;
		struct removal *r = owner_of(f, path);

		if (r)
			strvec_push(&r->files, path);
	}
	for (size_t i = 0; i < f->in_head.n; i++) {
		const struct tree_file *file = &f->in_head.v[i];
		struct removal *r = owner_of(f, file->path);

		if (r && is_dropped(f, file))
			strvec_push(&r->gone, file->path);
		if (r && !strcmp(r->path, file->path)) {
			r->blob = file->blob;
			r->has_blob = true;
		}
	}
}

static void add_file_obstacle(
	struct removal *r, const char *file, const char *change)
{
	char *why = xstrfmt("%s %s", file, change);
	struct buf how = BUF_INIT;

	buf_adds(&how, "git status -- ");
	shell_word(&how, file);
	add_obstacle(r, NULL, why, how.ptr);
	buf_release(&how);
	free(why);
}

static bool on_disk(struct search *f, const char *path)
{
	const char *blob = view_blob(&f->view, path);

	return blob != NULL;
}

/* What is not in git: where only this clone knows of it, it may be deleted
 * like any file, but not by us. */
static void check_untracked(struct search *f, struct removal *r)
{
	struct buf how = BUF_INIT;

	if (strmap_has(&f->in_index, r->path) || !on_disk(f, r->path))
		return;
	buf_adds(&how, "rm -- ");
	shell_word(&how, r->path);
	buf_adds(&how, "\ngit strack remove ");
	shell_word(&how, r->path);
	add_obstacle(r, NULL,
		"it is not in git, so git could not give it back; the ledger "
		"keeps the bytes that ran: delete the file, then retire it",
		how.ptr);
	buf_release(&how);
}

static void check_files(struct search *f, struct removal *r)
{
	for (size_t i = 0; i < r->files.n; i++) {
		const char *change = strmap_get(&f->changes, r->files.v[i]);

		/* git removes what is missed already without a word */
		if (change && strcmp(change, FILE_MISSED) != 0)
			add_file_obstacle(r, r->files.v[i], change);
	}
	check_untracked(f, r);
}

/* ---- where it must be settled ---- */

/* The bytes of a script that is gone: those of its last run. */
static enum err bytes_that_ran(
	struct session *s, const char *path, struct buf *ret, struct error *err)
{
	struct ledger_entryvec l = LEDGER_ENTRYVEC_INIT;
	enum err rc = ledger_list(s->ledger, path, &l, err);
	bool found = false;

	for (size_t i = l.n; !rc && !found && i > 0; i--) {
		if (l.v[i - 1].name.kind != KIND_CLAIM)
			continue;
		rc = ledger_beside(
			s->ledger, l.v[i - 1].path, ".script", ret, err);
		found = !rc;
		if (rc == ERR_NOTFOUND) {
			error_reset(err);
			rc = ERR_OK;
		}
	}
	ledger_entryvec_release(&l);
	return rc;
}

static enum err read_bytes(struct search *f, const struct removal *r,
	struct buf *ret, struct error *err)
{
	enum err rc;

	if (r->has_blob)
		return object_read(f->s->repo, &r->blob, OBJECT_BLOB,
			SCRIPT_MAX, ret, err);
	if (on_disk(f, r->path)) {
		char *full = path_join(repo_work_tree(f->s->repo), r->path);

		rc = file_read(full, SCRIPT_MAX, false, ret, err);
		free(full);
		return rc;
	}
	return bytes_that_ran(f->s, r->path, ret, err);
}

/* Where nothing of it is left but a mark, the ledger alone knows where it was
 * meant for. */
static enum err find_needs(
	struct search *f, struct removal *r, struct error *err)
{
	struct buf text = BUF_INIT;
	struct error bad = ERROR_INIT;
	struct header h;
	enum err rc = read_bytes(f, r, &text, err);

	header_init(&h);
	if (!rc && header_parse(r->path, text.ptr, text.len, &h, &bad)) {
		size_t skip = strlen(r->path) + 2; /* "PATH: " */

		add_obstacle(r, NULL,
			bad.text.len > skip ? bad.text.ptr + skip
					    : bad.text.ptr,
			"");
	}
	if (!rc && text.len)
		needs_environments(&f->s->settings, &h, f->s->env, &r->needs);
	header_release(&h);
	error_release(&bad);
	buf_release(&text);
	return rc;
}

static void find_known(struct search *f)
{
	const struct rowvec *rows = ledger_rows(f->s->ledger);

	for (size_t i = 0; i < rows->n; i++) {
		struct removal *r = find(f, rows->v[i].script);
		const char *env = rows->v[i].env;

		/* `local` rows of other clones are nobody else's business */
		if (r && !strvec_has(&r->known, env) &&
			ledger_row(f->s->ledger, r->path, env) == &rows->v[i])
			strvec_push(&r->known, env);
	}
}

/* ---- what each environment says ---- */

static void not_settled(struct removal *r, const char *env,
	const struct view_row *row, enum state state)
{
	struct buf why = BUF_INIT, how = BUF_INIT, more = BUF_INIT;

	buf_adds(&why, state_name(state));
	if (row) {
		row_why(row, &more);
		row_how(row, env, &how);
		if (row->flags)
			buf_addch(&why, ' ');
		flags_text(row->flags, " ", &why);
	}
	if (more.len)
		buf_addf(&why, ": %s", more.ptr);
	if (!how.len && row && row->script)
		plan_command(&how, "run", env, "", r->path);
	else if (!how.len)
		plan_command(&how, "mark", env, "-m <why>", r->path);
	add_obstacle(r, env, why.ptr, how.ptr);
	buf_release(&why);
	buf_release(&how);
	buf_release(&more);
}

static void other_bytes(struct removal *r, const char *env)
{
	struct buf how = BUF_INIT;

	plan_command(&how, "mark", env, "-m <why>", r->path);
	plan_command(&how, "run", env, "--again -m <why>", r->path);
	add_obstacle(r, env,
		"changed: what is there now is not what it was settled with",
		how.ptr);
	buf_release(&how);
}

/* Elsewhere than where it must be settled, only what is open or in doubt
 * stands in the way. */
static void judge(struct removal *r, const char *env,
	const struct view_row *row, const struct state_row *known)
{
	enum state state = row ? row->state : STATE_PENDING;
	unsigned odd = row ? row->flags & (FLAG_UNTRUSTED | FLAG_CONFLICT) : 0;
	bool needed = strvec_has(&r->needs, env);

	if (odd || (known && known->open) || (needed && !state_settled(state)))
		not_settled(r, env, row, state);
	else if (needed && row && row->script && row->flags & FLAG_CHANGED)
		other_bytes(r, env);
	else if (known && state_settled(known->state)) {
		strvec_push(&r->settled, env);
		if (known->state != STATE_RETIRED)
			strvec_push(&r->retire, env);
	}
}

static enum err judge_env(struct search *f, const char *env, struct error *err)
{
	struct strmap rows = STRMAP_INIT;
	enum err rc = view_see(&f->view, env, err);

	for (size_t i = 0; !rc && i < f->view.n; i++)
		strmap_put(&rows, f->view.v[i].path, &f->view.v[i]);
	for (size_t i = 0; !rc && i < f->list->n; i++) {
		struct removal *r = &f->list->v[i];

		if (strvec_has(&r->needs, env) || strvec_has(&r->known, env))
			judge(r, env, strmap_get(&rows, r->path),
				ledger_row(f->s->ledger, r->path, env));
	}
	strmap_release(&rows, NULL);
	return rc;
}

static enum err judge_all(struct search *f, struct error *err)
{
	struct strmap envs = STRMAP_INIT;
	enum err rc = ERR_OK;

	for (size_t i = 0; i < f->list->n; i++) {
		const struct removal *r = &f->list->v[i];

		for (size_t k = 0; k < r->needs.n; k++)
			strmap_put(&envs, r->needs.v[k], f);
		for (size_t k = 0; k < r->known.n; k++)
			strmap_put(&envs, r->known.v[k], f);
	}
	for (size_t i = 0; !rc && i < envs.n; i++)
		rc = judge_env(f, envs.items[i].key, err);
	strmap_release(&envs, NULL);
	return rc;
}

/* What was never on this branch was not removed from it: it may be alive on
 * another one. */
static enum err check_history(
	struct search *f, struct removal *r, struct error *err)
{
	bool shared = false;
	struct oid at;
	enum err rc;

	for (size_t i = 0; i < r->retire.n; i++)
		shared |= strcmp(r->retire.v[i], ENV_LOCAL) != 0;
	if (!shared || r->files.n || r->has_blob || on_disk(f, r->path))
		return ERR_OK;
	rc = f->has_head ? history_last_change(
				   f->s->repo, &f->head, r->path, &at, err)
			 : ERR_NOTFOUND;
	if (rc != ERR_NOTFOUND)
		return rc;
	error_reset(err);
	add_obstacle(r, NULL,
		repo_is_shallow(f->s->repo)
			? "whether it was removed can't be told in a shallow "
			  "clone"
			: "it was never on this branch, so it was not removed "
			  "from it",
		repo_is_shallow(f->s->repo) ? "git fetch --unshallow"
					    : "git switch <branch>");
	return ERR_OK;
}

static enum err search(
	struct search *f, const struct strvec *words, struct error *err)
{
	struct strvec paths = STRVEC_INIT;
	enum err rc = view_open(&f->view, f->s, err);

	if (!rc && words)
		rc = decide_scripts(f->s, words, &paths, err);
	if (!rc)
		rc = read_git(f, &paths, err);
	for (size_t i = 0; !rc && i < paths.n; i++)
		add_removal(f, paths.v[i]);
	if (!rc && !words)
		add_all(f);
	strvec_release(&paths);
	if (rc)
		return rc;
	share_files(f);
	find_known(f);
	for (size_t i = 0; !rc && i < f->list->n; i++) {
		check_files(f, &f->list->v[i]);
		rc = find_needs(f, &f->list->v[i], err);
	}
	if (!rc)
		rc = judge_all(f, err);
	for (size_t i = 0; !rc && i < f->list->n; i++)
		rc = check_history(f, &f->list->v[i], err);
	return rc;
}

enum err removals_find(struct session *s, const struct strvec *words,
	struct removals *ret, struct error *err)
{
	struct removals list = REMOVALS_INIT;
	struct search f = { .s = s,
		.view = VIEW_INIT,
		.in_head = TREEFILES_INIT,
		.in_index = STRMAP_INIT,
		.changes = STRMAP_INIT,
		.list = &list,
		.by_path = STRMAP_INIT,
		.stems = STRMAP_INIT,
		.kept = STRMAP_INIT };
	enum err rc = search(&f, words, err);

	search_release(&f);
	if (rc) {
		removals_release(&list);
		return rc;
	}
	*ret = list; /* transferred */
	return ERR_OK;
}
