/*
 * Walks the commits of a ledger, oldest first: shape of the history, what each
 * commit brings, and its signature.
 */
#include "walk.h"

#include <stdlib.h>
#include <string.h>

#include "strack/refs.h"
#include "strack/repo.h"
#include "strack/text.h"

void walk_release(struct walk *w)
{
	for (size_t i = 0; i < w->n; i++) {
		free(w->v[i].parents);
		free(w->v[i].signer);
	}
	for (size_t i = 0; i < w->nentries; i++) {
		free(w->entries[i].path);
		free(w->entries[i].dir);
		entry_free(w->entries[i].e);
	}
	free(w->v);
	free(w->entries);
	strmap_release(&w->by_id, NULL);
	strmap_release(&w->by_path, NULL);
	problemvec_release(&w->problems);
	if (w->failed)
		error_release(&w->failure);
	*w = (struct walk){ 0 };
}

void walk_problem(struct walk *w, const struct oid *commit, const char *entry,
	bool structural, const char *fmt, ...)
{
	struct buf text = BUF_INIT;
	struct problem *p;
	va_list ap;

	ARRAY_GROW(w->problems.v, w->problems.n + 1, w->problems.cap);
	p = &w->problems.v[w->problems.n++];
	*p = (struct problem){ .structural = structural };
	if (commit) {
		p->commit = xcalloc(1, OID_HEX + 1);
		oid_hex(commit, p->commit);
	}
	if (entry)
		p->entry = xstrdup(entry);
	va_start(ap, fmt);
	buf_addv(&text, fmt, ap);
	va_end(ap);
	p->text = buf_detach(&text);
}

bool walk_fails(struct walk *w, enum err rc, const struct error *err)
{
	if (rc != ERR_FATAL)
		return false;
	if (!w->failed) {
		w->failed = rc;
		w->failure = (struct error)ERROR_INIT;
		error_set(&w->failure, rc, "%s", err->text.ptr);
		if (err->hint.len)
			error_hint(&w->failure, "%s", err->hint.ptr);
	}
	return true;
}

const struct wcommit *walk_commit(const struct walk *w, const struct oid *id)
{
	char hex[OID_HEX + 1];
	size_t at;

	oid_hex(id, hex);
	at = (size_t)strmap_get(&w->by_id, hex);
	return at ? &w->v[at - 1] : NULL;
}

const struct wentry *walk_entry(const struct walk *w, const char *path)
{
	size_t at = (size_t)strmap_get(&w->by_path, path);

	return at ? &w->entries[at - 1] : NULL;
}

/* Depth first from b through the commits that were walked; where it leaves
 * them, libgit2 is asked. */
bool walk_reaches(const struct oid *a, const struct oid *b, void *arg)
{
	struct walk *w = arg;
	struct oidvec todo = OIDVEC_INIT;
	bool found = false;

	if (!oid_cmp(a, b))
		return true;
	w->stamp++;
	oidvec_push(&todo, b);
	while (todo.n && !found) {
		struct oid id = todo.v[--todo.n];
		struct wcommit *c = (struct wcommit *)walk_commit(w, &id);

		if (!c) {
			if (history_is_ancestor(w->repo, a, &id, &found, NULL))
				found = false;
			continue;
		}
		if (c->seen == w->stamp)
			continue;
		c->seen = w->stamp;
		for (size_t i = 0; i < c->nparents && !found; i++) {
			found = !oid_cmp(a, &c->parents[i]);
			oidvec_push(&todo, &c->parents[i]);
		}
	}
	oidvec_release(&todo);
	return found;
}

/* ---- one commit ---- */

struct brought { /* what a commit's tree has more than its parent's */
	struct walk *w;
	const struct oid *commit;
	struct strmap paths; /* to struct oid *, owned */
	bool merge;
};

static enum err note_change(char status, const char *path,
	const struct tree_entry *old, const struct tree_entry *new, void *arg,
	struct error *err)
{
	struct brought *b = arg;
	struct oid *id;

	(void)old;
	if (b->paths.n == BROUGHT_MAX)
		return error_set(err, ERR_TOOBIG,
			"it brings more than %d files, as no commit of a "
			"ledger does",
			BROUGHT_MAX);
	if (status != 'A') {
		walk_problem(b->w, b->commit, path, true,
			b->merge ? "merge is not the union of its parents (%s)"
				 : "not append-only (%s)",
			status == 'D' ? "deleted" : "changed");
		b->w->problems.v[b->w->problems.n - 1].lasting = true;
		return ERR_OK;
	}
	if (new->mode != MODE_FILE)
		walk_problem(b->w, b->commit, path, true,
			"not a regular file of mode 100644 (%06o)", new->mode);
	id = xcalloc(1, sizeof(*id));
	*id = new->id;
	free(strmap_get(&b->paths, path));
	strmap_put(&b->paths, path, id);
	return ERR_OK;
}

/* The tree of any commit, walked or older. */
static enum err tree_of(struct walk *w, const struct oid *id, struct oid *tree,
	struct error *err)
{
	const struct wcommit *c = walk_commit(w, id);

	if (!c)
		return commit_shape(w->repo, id, tree, NULL, err);
	*tree = c->tree;
	return ERR_OK;
}

static enum err seq_of(
	struct walk *w, const struct oid *id, int64_t *ret, struct error *err)
{
	const struct wcommit *c = walk_commit(w, id);
	struct oid tree;
	enum err rc;

	if (c) {
		*ret = c->max_seq;
		return ERR_OK;
	}
	if (w->has_base && w->base_seq >= 0 && !oid_cmp(id, &w->base)) {
		*ret = w->base_seq;
		return ERR_OK;
	}
	rc = tree_of(w, id, &tree, err);
	return rc ? rc : tree_max_seq(w->repo, &tree, ret, err);
}

static void check_commit_signature(
	struct walk *w, struct wcommit *wc, const struct commit *c)
{
	struct pubkey key = PUBKEY_INIT;
	struct error err = ERROR_INIT;
	enum err rc;

	if (c->signature.len == 0) {
		walk_problem(w, &c->id, NULL, true, "unsigned commit");
		return;
	}
	rc = signature_check(c->signature.ptr, c->signature.len, SIGN_NS_GIT,
		c->payload.ptr, c->payload.len, w->sign_program, &key, &err);
	if (!rc)
		wc->signer = xstrdup(key.fingerprint);
	else if (!walk_fails(w, rc, &err))
		walk_problem(w, &c->id, NULL, true,
			"commit without a good signature: %s", err.text.ptr);
	pubkey_release(&key);
	error_release(&err);
}

static void check_subject(
	struct walk *w, const struct commit *c, const char *want)
{
	size_t n = strcspn(c->message.ptr, "\n");

	if (!c->payload.len)
		return; /* no commit of ours: that was said */
	if (strlen(want) != n || memcmp(c->message.ptr, want, n) != 0)
		walk_problem(w, &c->id, NULL, true,
			"its subject is not its entry's (should be '%s')",
			want);
}

/* A tree that can't be listed is part of all trees that follow: no disown gets
 * past it, as none gets past one that is too large. */
static enum err compare(struct walk *w, const struct oid *old,
	const struct oid *new, tree_diff_fn *fn, void *arg, struct error *err)
{
	enum err rc = tree_diff(w->repo, old, new, fn, arg, err);

	return rc == ERR_BAD ? ERR_TOOBIG : rc;
}

struct union_arg {
	struct walk *w;
	const struct oid *commit;
	const struct strmap *first; /* added against the first parent */
	struct strmap left; /* of those, not found in another parent yet */
};

static enum err note_missing(char status, const char *path,
	const struct tree_entry *old, const struct tree_entry *new, void *arg,
	struct error *err)
{
	struct union_arg *u = arg;

	(void)old;
	(void)new;
	(void)err;
	if (status == 'A' && strmap_has(u->first, path))
		strmap_put(&u->left, path, (void *)1);
	return ERR_OK;
}

static void add_entry(struct walk *w, size_t commit, const char *path,
	const struct oid *blob, const struct entry_name *name)
{
	struct wentry *we;

	ARRAY_GROW(w->entries, w->nentries + 1, w->entries_cap);
	we = &w->entries[w->nentries++];
	*we = (struct wentry){ .path = xstrdup(path),
		.blob = *blob,
		.name = *name,
		.commit = commit };
	we->dir = xstrndup(path, (size_t)(strrchr(path, '/') - path));
	if (!strmap_has(&w->by_path, path))
		strmap_put(&w->by_path, path, (void *)w->nentries);
}

/* Such an entry is never checked: it must not count, and its script is to be
 * seen as untrusted. */
static void add_unread(
	struct walk *w, size_t commit, const char *path, const struct oid *blob)
{
	struct entry_name name;

	if (ledger_path_kind(path, &name) != PATH_ENTRY)
		return;
	add_entry(w, commit, path, blob, &name);
	if (name.seq > w->v[commit].max_seq)
		w->v[commit].max_seq = name.seq;
}

/* A merge holds what its parents hold and nothing else: against each parent
 * it only adds, and what it adds to the first is in another. */
static enum err check_merge(
	struct walk *w, size_t at, const struct commit *c, struct error *err)
{
	const struct wcommit *wc = &w->v[at];
	struct brought b = { .w = w, .commit = &c->id, .merge = true };
	struct union_arg u = { .w = w, .commit = &c->id };
	struct oid tree;
	enum err rc;

	rc = tree_of(w, &wc->parents[0], &tree, err);
	if (!rc)
		rc = compare(w, &tree, &c->tree, note_change, &b, err);
	u.first = &b.paths;
	for (size_t i = 1; !rc && i < wc->nparents; i++) {
		struct brought other = {
			.w = w, .commit = &c->id, .merge = true
		};

		rc = tree_of(w, &wc->parents[i], &tree, err);
		if (!rc)
			rc = compare(
				w, &tree, &c->tree, note_change, &other, err);
		strmap_release(&other.paths, free);
		if (!rc && i == 1)
			rc = compare(w, &tree, &c->tree, note_missing, &u, err);
	}
	for (size_t i = 0; !rc && i < u.left.n; i++) {
		const char *path = u.left.items[i].key;

		walk_problem(w, &c->id, path, true, "brought by a merge");
		add_unread(w, at, path, strmap_get(&b.paths, path));
	}
	if (!rc && w->v[at].nparents > 2)
		walk_problem(w, &c->id, NULL, true,
			"merge of more than two parents");
	check_subject(w, c, "merge");
	strmap_release(&b.paths, free);
	strmap_release(&u.left, NULL);
	return rc;
}

static void too_many(struct walk *w, size_t commit, const struct strmap *paths)
{
	const struct oid id = w->v[commit].id;

	walk_problem(w, &id, NULL, true, "brings %zu files, more than %d",
		paths->n, BROUGHT_READ_MAX);
	for (size_t i = 0; i < paths->n; i++)
		add_unread(
			w, commit, paths->items[i].key, paths->items[i].value);
}

/* One entry and the files beside it; the root two files more. */
static void sort_out(
	struct walk *w, size_t commit, const struct strmap *paths, bool root)
{
	const struct oid id = w->v[commit].id;
	size_t first = w->nentries, found;
	struct entry_name name;

	if (paths->n > BROUGHT_READ_MAX) {
		too_many(w, commit, paths);
		return;
	}
	for (size_t i = 0; i < paths->n; i++) {
		const char *path = paths->items[i].key;

		switch (ledger_path_kind(path, &name)) {
		case PATH_META:
			if (!root)
				walk_problem(w, &id, path, true,
					"brought by another commit than the "
					"first");
			break;
		case PATH_ENTRY:
			add_entry(
				w, commit, path, paths->items[i].value, &name);
			break;
		case PATH_JUNK:
			walk_problem(w, &id, path, true,
				"no entry, and nothing else may be here");
			break;
		case PATH_SCRIPT:
		case PATH_LOG:
			break;
		}
	}
	found = w->nentries - first;
	if (found != 1)
		walk_problem(w, &id, NULL, true, "brings %zu entries", found);
	for (size_t i = 0; i < paths->n; i++) {
		const char *path = paths->items[i].key;
		enum ledger_path kind = ledger_path_kind(path, &name);
		char *of;

		if (kind != PATH_SCRIPT && kind != PATH_LOG)
			continue;
		of = xstrndup(path, (size_t)(strrchr(path, '.') - path));
		if (found != 1 || strcmp(w->entries[first].path, of) != 0)
			walk_problem(w, &id, path, true,
				"is not of its commit's entry");
		free(of);
	}
	if (found)
		w->v[commit].entry = first + 1;
	for (size_t i = first; i < w->nentries; i++) {
		if (w->entries[i].name.seq > w->v[commit].max_seq)
			w->v[commit].max_seq = w->entries[i].name.seq;
		walk_check_entry(w, commit, i, paths);
	}
}

static void check_root(
	struct walk *w, const struct wcommit *wc, const struct strmap *paths)
{
	struct error err = ERROR_INIT;
	char id[37];

	if (oid_cmp(&wc->id, &w->root) != 0) {
		walk_problem(w, &wc->id, NULL, true, "a second root commit");
		return;
	}
	if (!strmap_has(paths, LEDGER_README))
		walk_problem(w, &wc->id, NULL, true,
			"the root brings no " LEDGER_README);
	if (ledger_meta_read(w->repo, &wc->tree, id, &err))
		walk_problem(w, &wc->id, NULL, true, "%s", err.text.ptr);
	error_release(&err);
}

static enum err check_plain(
	struct walk *w, size_t at, const struct commit *c, struct error *err)
{
	struct brought b = { .w = w, .commit = &c->id };
	struct wcommit *wc = &w->v[at];
	bool root = wc->nparents == 0;
	struct buf subject = BUF_INIT;
	struct oid tree;
	enum err rc = ERR_OK;

	if (!root)
		rc = tree_of(w, &wc->parents[0], &tree, err);
	if (!rc)
		rc = compare(
			w, root ? NULL : &tree, &c->tree, note_change, &b, err);
	if (rc)
		goto out;
	if (root)
		check_root(w, wc, &b.paths);
	sort_out(w, at, &b.paths, root);
	if (wc->entry && w->entries[wc->entry - 1].e) {
		const struct entry *e = w->entries[wc->entry - 1].e;
		const char *by = entry_get(e, KEY_SIGNER);

		entry_subject(e, &subject);
		check_subject(w, c, subject.ptr);
		if (wc->signer && strcmp(wc->signer, by) != 0)
			walk_problem(w, &c->id, NULL, true,
				"signed by another key than its entry");
	}
out:
	strmap_release(&b.paths, free);
	buf_release(&subject);
	return rc;
}

/* One that is no commit of ours has a shape all the same: what it brought,
 * and what stands on it, is looked at. */
static enum err read_any_commit(struct walk *w, const struct oid *id,
	struct commit *ret, struct error *err)
{
	enum err rc = commit_read(w->repo, id, ret, err);

	if (rc != ERR_BAD)
		return rc;
	walk_problem(w, id, NULL, true, "%s", err->text.ptr);
	error_reset(err);
	ret->id = *id;
	return commit_shape(w->repo, id, &ret->tree, &ret->parents, err);
}

static enum err check_commit(struct walk *w, size_t at, struct error *err)
{
	struct commit c = COMMIT_INIT;
	struct wcommit *wc = &w->v[at];
	enum err rc;

	rc = read_any_commit(w, &wc->id, &c, err);
	if (rc)
		goto out;
	wc->tree = c.tree;
	wc->nparents = c.parents.n;
	wc->parents = xcalloc(c.parents.n + 1, sizeof(*wc->parents));
	for (size_t i = 0; i < c.parents.n; i++) {
		int64_t seq = 0;

		wc->parents[i] = c.parents.v[i];
		rc = seq_of(w, &wc->parents[i], &seq, err);
		if (rc)
			goto out;
		if (seq > wc->max_seq)
			wc->max_seq = seq;
	}
	if (c.payload.len)
		check_commit_signature(w, wc, &c);
	rc = wc->nparents > 1 ? check_merge(w, at, &c, err)
			      : check_plain(w, at, &c, err);
out:
	commit_release(&c);
	return rc;
}

/* Is it the root of a ledger, and the one that is known? */
static bool is_our_root(const struct walk *w, const struct oid *id, bool *any)
{
	struct commit c = COMMIT_INIT;
	struct pubkey key = PUBKEY_INIT;
	char hex[OID_HEX + 1], ledger[37];
	bool ours;

	oid_hex(id, hex);
	*any = commit_read(w->repo, id, &c, NULL) == ERR_OK &&
	       c.parents.n == 0 &&
	       !ledger_meta_read(w->repo, &c.tree, ledger, NULL);
	ours = *any;
	if (ours && w->want_root)
		ours = !strcmp(w->want_root, hex);
	else if (ours && w->want_signer)
		ours = !signature_check(c.signature.ptr, c.signature.len,
			       SIGN_NS_GIT, c.payload.ptr, c.payload.len,
			       w->sign_program, &key, NULL) &&
		       !strcmp(key.fingerprint, w->want_signer);
	pubkey_release(&key);
	commit_release(&c);
	return ours;
}

/* Topological order begins with a root.  With several of them the ledger's is
 * the one that this clone or the team knows, for dates and places can be
 * forged; else the first that brought .strack/ledger. */
static void find_root(struct walk *w, const struct oidvec *ids)
{
	bool any, have = false;

	if (w->has_base || !ids->n)
		return;
	w->root = ids->v[0];
	for (size_t i = 0; i < ids->n; i++) {
		if (is_our_root(w, &ids->v[i], &any)) {
			w->root = ids->v[i];
			return;
		}
		if (any && !have)
			w->root = ids->v[i];
		have = have || any;
	}
}

static enum err walk_all(
	struct walk *w, const struct oid *tip, struct error *err)
{
	struct oidvec ids = OIDVEC_INIT;
	enum err rc;

	rc = history_list(
		w->repo, tip, w->has_base ? &w->base : NULL, &ids, err);
	if (!rc)
		find_root(w, &ids);
	for (size_t i = 0; !rc && i < ids.n; i++) {
		char hex[OID_HEX + 1];

		ARRAY_GROW(w->v, w->n + 1, w->cap);
		w->v[w->n++] = (struct wcommit){ .id = ids.v[i] };
		oid_hex(&ids.v[i], hex);
		strmap_put(&w->by_id, hex, (void *)w->n);
		rc = check_commit(w, w->n - 1, err);
		if (rc == ERR_BAD) { /* this commit is rotten: go on */
			walk_problem(
				w, &ids.v[i], NULL, true, "%s", err->text.ptr);
			error_reset(err);
			rc = ERR_OK;
		}
		if (rc == ERR_TOOBIG)
			error_prefix(err, "commit %.12s", hex);
		if (!rc && w->failed) {
			rc = error_set(
				err, w->failed, "%s", w->failure.text.ptr);
			if (w->failure.hint.len)
				error_hint(err, "%s", w->failure.hint.ptr);
		}
		if (w->progress && (i + 1) % 256 == 0)
			w->progress(i + 1, ids.n, w->progress_arg);
	}
	oidvec_release(&ids);
	return rc;
}

/* What is wrong with a commit is read off the error, also where the caller asks
 * for none. */
enum err walk_run(struct walk *w, const struct oid *tip, struct error *err)
{
	struct error ignored = ERROR_INIT;
	enum err rc = walk_all(w, tip, err ? err : &ignored);

	error_release(&ignored);
	return rc;
}
