/*
 * Judges the entries of a ledger: who may sign what, what a root has disowned,
 * and what the entries about each script add up to.
 */
#include "ledger_i.h"

#include <stdlib.h>
#include <string.h>

#include "strack/refs.h"
#include "strack/repo.h"

/* One entry in hand, from the walk or read from the tree. */
struct held {
	char *path;
	struct oid blob;
	const struct wentry *walked; /* or NULL */
	struct entry *own;           /* read here, or NULL */
	const struct entry *e;       /* one of the two, or NULL */
	char id[ENTRY_ID_HEX + 1];   /* \"\" when its bytes can't be read */
};

struct heldvec {
	struct held *v;
	size_t n, cap;
};

static void heldvec_release(struct heldvec *l)
{
	for (size_t i = 0; i < l->n; i++) {
		free(l->v[i].path);
		entry_free(l->v[i].own);
	}
	free(l->v);
	*l = (struct heldvec){ 0 };
}

static void hold(struct heldvec *l, const char *path, const struct oid *blob)
{
	ARRAY_GROW(l->v, l->n + 1, l->cap);
	l->v[l->n++] = (struct held){ .path = xstrdup(path), .blob = *blob };
}

/* Fills h->e.  What the walk read is used; an older entry is read again (it
 * was verified then: only its bytes are needed).  One that can't be read is
 * left without e. */
static void hold_entry(struct ledger *l, const struct walk *w, struct held *h)
{
	h->walked = walk_entry(w, h->path);
	if (h->walked) {
		h->e = h->walked->e;
		memcpy(h->id, h->walked->id, sizeof(h->id));
		return;
	}
	h->own = xcalloc(1, sizeof(*h->own));
	entry_init(h->own);
	if (!entry_load(l->opts.repo, &h->blob, h->own, h->id, NULL))
		h->e = h->own;
}

/* ---- trust ---- */

struct trust_set {
	struct heldvec held;
	struct trust_fact *facts;
	struct pubkey *keys;
	size_t n;
};

static enum err hold_path(const char *path, const struct tree_entry *e,
	void *arg, struct error *err)
{
	struct heldvec *l = arg;

	(void)err;
	if (ledger_path_kind(path, NULL) == PATH_ENTRY)
		hold(l, path, &e->id);
	return ERR_OK;
}

static int held_cmp(const void *a, const void *b)
{
	const struct held *x = a, *y = b;

	if (!x->e || !y->e)
		return (x->e != NULL) - (y->e != NULL);
	return entry_cmp(x->e, y->e);
}

/* Was it brought by the root commit? */
static bool is_founding(struct ledger *l, const struct held *h)
{
	struct oid tree, blob;
	unsigned mode;

	return h->e->seq == 1 &&
	       !commit_shape(l->opts.repo, &l->root, &tree, NULL, NULL) &&
	       !tree_find(l->opts.repo, &tree, h->path, &mode, &blob, NULL) &&
	       !oid_cmp(&blob, &h->blob);
}

/* Nothing wrong with it alone.  That nobody complains of an entry that is
 * older than this walk may be because it was disowned, so it is no reason to
 * believe it. */
static bool is_sound(
	const struct ledger *l, const struct walk *w, const struct held *h)
{
	if (h->walked)
		return h->walked->sound;
	return strmap_has(&l->trust_at, h->path) ||
	       !entry_check_text(w, h->e, h->path, NULL);
}

/* Which commit brought it: from the walk, what was remembered, or history. */
static enum err commit_of(struct ledger *l, const struct walk *w,
	const struct held *h, struct oid *ret, struct error *err)
{
	const char *hex;

	if (h->walked) {
		*ret = w->v[h->walked->commit].id;
		return ERR_OK;
	}
	hex = strmap_get(&l->trust_at, h->path);
	if (hex && oid_parse(hex, OID_HEX, ret))
		return ERR_OK;
	return history_last_change(l->opts.repo, &l->tip, h->path, ret, err);
}

static void remember_commit(
	struct ledger *l, const char *path, const struct oid *id)
{
	char hex[OID_HEX + 1];

	if (strmap_has(&l->trust_at, path))
		return;
	oid_hex(id, hex);
	strmap_put(&l->trust_at, path, xstrdup(hex));
}

static enum err load_trust_set(struct ledger *l, struct walk *w,
	struct trust_set *s, struct error *err)
{
	enum err rc;

	rc = tree_walk(l->opts.repo, &l->tree, LEDGER_TRUST_DIR, hold_path,
		&s->held, err);
	for (size_t i = 0; !rc && i < s->held.n; i++)
		hold_entry(l, w, &s->held.v[i]);
	if (rc)
		return rc;
	qsort(s->held.v, s->held.n, sizeof(*s->held.v), held_cmp);
	s->facts = xcalloc(s->held.n + 1, sizeof(*s->facts));
	s->keys = xcalloc(s->held.n + 1, sizeof(*s->keys));
	for (size_t i = 0; !rc && i < s->held.n; i++) {
		const struct held *h = &s->held.v[i];
		struct trust_fact *f = &s->facts[s->n];
		const char *key;

		if (!h->e || kind_info(h->e->kind)->folder != FOLDER_TRUST ||
			!is_sound(l, w, h))
			continue;
		rc = commit_of(l, w, h, &f->at, err);
		if (!rc)
			remember_commit(l, h->path, &f->at);
		f->e = h->e;
		f->sound = true;
		f->founding = is_founding(l, h);
		key = entry_get(h->e, KEY_KEY);
		if (key &&
			!pubkey_parse(key, strlen(key), &s->keys[s->n], NULL))
			f->key_fingerprint = s->keys[s->n].fingerprint;
		s->n++;
	}
	return rc;
}

static const char *path_of(const struct trust_set *s, const struct entry *e)
{
	for (size_t i = 0; i < s->held.n; i++) {
		if (s->held.v[i].e == e)
			return s->held.v[i].path;
	}
	return NULL;
}

static void release_trust_set(struct trust_set *s)
{
	for (size_t i = 0; i < s->n; i++)
		pubkey_release(&s->keys[i]);
	free(s->keys);
	free(s->facts);
	heldvec_release(&s->held);
}

struct brought {
	struct strmap *paths; /* of the commit, not in the parents seen so far */
	struct strmap *now;   /* those that this parent lacks, too */
};

static enum err note_path(char status, const char *path,
	const struct tree_entry *old, const struct tree_entry *new, void *arg,
	struct error *err)
{
	struct brought *b = arg;

	(void)old;
	(void)new;
	(void)err;
	if (status == 'A' && ledger_path_kind(path, NULL) == PATH_ENTRY &&
		(!b->paths || strmap_has(b->paths, path)))
		strmap_put(b->now, path, arg);
	return ERR_OK;
}

/* The entries that a disowned commit brought: those that no parent has, for
 * a merge that breaks the rules may bring some. */
static void disown_commit(struct ledger *l, const char *hex)
{
	struct strmap paths = STRMAP_INIT;
	struct oidvec parents = OIDVEC_INIT;
	struct oid id, tree, old;
	bool ok = oid_parse(hex, strlen(hex), &id) &&
		  !commit_shape(l->opts.repo, &id, &tree, &parents, NULL);

	for (size_t i = 0; ok && (i < parents.n || i == 0); i++) {
		struct strmap now = STRMAP_INIT;
		struct brought b = { i ? &paths : NULL, &now };

		if (parents.n)
			ok = !commit_shape(l->opts.repo, &parents.v[i], &old,
				NULL, NULL);
		ok = ok && !tree_diff(l->opts.repo, parents.n ? &old : NULL,
				   &tree, note_path, &b, NULL);
		strmap_release(&paths, NULL);
		paths = now;
	}
	for (size_t i = 0; ok && i < paths.n; i++)
		strmap_put(&l->disowned_paths, paths.items[i].key, l);
	strmap_release(&paths, NULL);
	oidvec_release(&parents);
}

static void collect_disowned(struct ledger *l, const struct trust_set *s)
{
	strmap_release(&l->disowned_ids, NULL);
	strmap_release(&l->disowned_paths, NULL);
	for (size_t i = 0; i < s->n; i++) {
		const struct entry *e = s->facts[i].e;
		const char *id = entry_get(e, KEY_ENTRY);

		if (e->kind != KIND_DISOWN || !s->facts[i].valid)
			continue;
		if (!id)
			id = entry_get(e, KEY_COMMIT);
		if (!entry_get(e, KEY_ENTRY) &&
			!strmap_has(&l->disowned_ids, id))
			disown_commit(l, id);
		strmap_put(&l->disowned_ids, id, l);
	}
}

/* Takes what is disowned out of the trust entries; tells whether that changed
 * anything. */
static bool apply_disowned(struct ledger *l, struct trust_set *s)
{
	bool changed = false;

	for (size_t i = 0; i < s->n; i++) {
		struct trust_fact *f = &s->facts[i];
		bool junk = strmap_has(&l->disowned_ids, f->e->id) ||
			    strmap_has(&l->disowned_paths, path_of(s, f->e));

		if (f->founding || f->sound == !junk)
			continue;
		f->sound = !junk;
		changed = true;
	}
	return changed;
}

/* Trust says whose disowns count, and these which trust entries do, so both
 * are worked out until nothing changes.  Should roots who disown each other
 * keep it going round, the last round stands. */
static void work_out(struct ledger *l, struct walk *w, struct trust_set *s)
{
	for (size_t round = 0; round < s->n + 2; round++) {
		trust_work_out(&l->trust, s->facts, s->n, walk_reaches, w);
		collect_disowned(l, s);
		if (!apply_disowned(l, s))
			return;
	}
	trust_work_out(&l->trust, s->facts, s->n, walk_reaches, w);
}

enum err ledger_judge_trust(struct ledger *l, struct walk *w, struct error *err)
{
	struct trust_set s = { 0 };
	enum err rc;

	rc = load_trust_set(l, w, &s, err);
	if (rc)
		goto out;
	work_out(l, w, &s);
	/* The walk goes with this call: nobody may ask through it later. */
	for (size_t i = 0; i < s.n; i++) {
		const struct trust_fact *f = &s.facts[i];
		const char *path = path_of(&s, f->e);
		const struct wentry *we = walk_entry(w, path);

		if (we && !f->sound)
			walk_problem(w, &w->v[we->commit].id, path, false,
				"counts for nothing");
		else if (we && !f->valid)
			walk_problem(w, &w->v[we->commit].id, path, false,
				"signer %s %s", entry_get(f->e, KEY_SIGNER),
				f->problem);
	}
	for (size_t i = 0; i < s.n && !l->root_signer[0]; i++) {
		const char *by = entry_get(s.facts[i].e, KEY_SIGNER);

		if (s.facts[i].founding && strlen(by) < sizeof(l->root_signer))
			memcpy(l->root_signer, by, strlen(by) + 1);
	}
	l->trust_ready = true;
out:
	release_trust_set(&s);
	return rc;
}

/* ---- scripts ---- */

static const struct entry *held_by_id(const struct heldvec *l, const char *id)
{
	for (size_t i = 0; id && i < l->n; i++) {
		if (l->v[i].e && !strcmp(l->v[i].e->id, id))
			return l->v[i].e;
	}
	return NULL;
}

/* Deciding over what somebody else signed takes an approver. */
static unsigned role_needed(const struct heldvec *l, const struct entry *e)
{
	const struct entry *target = NULL;

	if (e->kind == KIND_VOID)
		target = held_by_id(l, entry_get(e, KEY_ENTRY));
	else if (entry_get(e, KEY_RESOLVED))
		target = held_by_id(l, entry_get(e, KEY_CLAIM));
	if (target && strcmp(entry_get(target, KEY_SIGNER),
			      entry_get(e, KEY_SIGNER)) != 0)
		return ROLE_APPROVE;
	return kind_info(e->kind)->role;
}

static bool is_disowned(
	const struct ledger *l, const struct walk *w, const struct held *h)
{
	char hex[OID_HEX + 1];

	if (strmap_has(&l->disowned_paths, h->path) ||
		(h->id[0] && strmap_has(&l->disowned_ids, h->id)))
		return true;
	if (!h->walked)
		return false;
	oid_hex(&w->v[h->walked->commit].id, hex);
	return strmap_has(&l->disowned_ids, hex);
}

static bool counts(struct ledger *l, struct walk *w, const struct heldvec *all,
	const struct held *h)
{
	const struct wcommit *c;
	const char *why;

	if (!h->walked) /* an earlier walk said so */
		return w->has_base;
	if (!h->walked->sound)
		return false;
	c = &w->v[h->walked->commit];
	why = trust_refuses(&l->trust, entry_get(h->e, KEY_SIGNER),
		role_needed(all, h->e), entry_get(h->e, KEY_ENVIRONMENT),
		&c->id);
	if (why)
		walk_problem(w, &c->id, h->path, false, "signer %s %s",
			entry_get(h->e, KEY_SIGNER), why);
	return why == NULL;
}

struct anomaly_arg {
	struct walk *w;
	const struct heldvec *held;
};

static void note_anomaly(const struct entry *e, const char *problem, void *arg)
{
	struct anomaly_arg *a = arg;

	for (size_t i = 0; i < a->held->n; i++) {
		const struct held *h = &a->held->v[i];

		if (h->e != e)
			continue;
		walk_problem(a->w,
			h->walked ? &a->w->v[h->walked->commit].id : NULL,
			h->path, false, "%s", problem);
		return;
	}
}

/* An entry that nobody can read says by its name alone whose it is. */
static void untrusted_by_name(
	struct ledger *l, size_t first, const struct held *h)
{
	const char *base = strrchr(h->path, '/') + 1;
	struct entry_name name;
	struct state_row *r;
	const char *clone = "";

	if (!entry_name_parse(base, strlen(base), &name) || !name.env[0])
		return;
	if (!strcmp(name.env, "local") && l->opts.clone)
		clone = l->opts.clone;
	for (size_t i = first; i < l->rows.n; i++) {
		r = &l->rows.v[i];
		if (!strcmp(r->env, name.env) && !strcmp(r->clone, clone)) {
			r->flags |= FLAG_UNTRUSTED;
			return;
		}
	}
	r = rowvec_add(&l->rows);
	r->script = xstrndup(h->path, (size_t)(base - 1 - h->path));
	r->env = xstrdup(name.env);
	r->clone = xstrdup(clone);
	r->flags = FLAG_UNTRUSTED;
}

/* Does it say what its place says?  What does not is charged to the place:
 * its text may name another script, and must not touch that one's rows. */
static bool in_place(const struct held *h)
{
	return h->e && (!h->walked || h->walked->sound) &&
		kind_info(h->e->kind)->folder != FOLDER_TRUST;
}

static void note_unreadable(struct ledger *l, struct walk *w, size_t first,
	const struct heldvec *held)
{
	for (size_t i = 0; i < held->n; i++) {
		const struct held *h = &held->v[i];

		if (in_place(h) || is_disowned(l, w, h))
			continue;
		if (!h->e && !h->walked) /* it was good once: its bytes are gone */
			walk_problem(w, NULL, h->path, false,
				"its bytes can't be read");
		if (!str_starts(h->path, ".strack/"))
			untrusted_by_name(l, first, h);
	}
}

static size_t dir_len(const char *path)
{
	return (size_t)(strrchr(path, '/') - path);
}

/* Folds the entries of one folder; `held` is in no order. */
static void fold_folder(struct ledger *l, struct walk *w, struct heldvec *held)
{
	struct anomaly_arg arg = { w, held };
	struct fact *facts = xcalloc(held->n, sizeof(*facts));
	struct rowvec scrap = ROWVEC_INIT;
	bool script = !str_starts(held->v[0].path, ".strack/");
	size_t n = 0, first = l->rows.n;

	for (size_t i = 0; i < held->n; i++)
		hold_entry(l, w, &held->v[i]);
	qsort(held->v, held->n, sizeof(*held->v), held_cmp);
	for (size_t i = 0; i < held->n; i++) {
		const struct held *h = &held->v[i];

		if (!in_place(h))
			continue;
		facts[n].e = h->e;
		facts[n].disowned = is_disowned(l, w, h);
		facts[n].counts = !facts[n].disowned && counts(l, w, held, h);
		if (facts[n].disowned && h->walked && h->walked->sound)
			walk_problem(w, &w->v[h->walked->commit].id, h->path,
				false, "counts for nothing");
		n++;
	}
	state_fold(facts, n, script ? &l->rows : &scrap, note_anomaly, &arg);
	/* Where an entry stands decides, not what a bad one says of it. */
	for (size_t i = first; script && i < l->rows.n; i++) {
		free(l->rows.v[i].script);
		l->rows.v[i].script = xstrndup(
			held->v[0].path, dir_len(held->v[0].path));
	}
	note_unreadable(l, w, first, held);
	rowvec_release(&scrap);
	free(facts);
}

static void drop_rows(struct ledger *l, const char *script)
{
	size_t kept = 0;

	for (size_t i = 0; i < l->rows.n; i++) {
		if (!strcmp(l->rows.v[i].script, script))
			state_row_release(&l->rows.v[i]);
		else
			l->rows.v[kept++] = l->rows.v[i];
	}
	l->rows.n = kept;
}

static bool is_trust_path(const char *path)
{
	return str_starts(path, LEDGER_TRUST_DIR "/");
}

static enum err hold_entries(const char *path, const struct tree_entry *e,
	void *arg, struct error *err)
{
	(void)err;
	if (ledger_path_kind(path, NULL) == PATH_ENTRY)
		hold(arg, path, &e->id);
	return ERR_OK;
}

static int dir_cmp(const void *a, const void *b)
{
	const struct held *x = a, *y = b;
	size_t xn = dir_len(x->path), yn = dir_len(y->path);
	int c = memcmp(x->path, y->path, xn < yn ? xn : yn);

	return c ? c : (xn > yn) - (xn < yn);
}

/* A walk goes folder by folder, but for a script whose path is a folder of
 * other scripts elsewhere in history; hence the sort. */
static enum err fold_everything(
	struct ledger *l, struct walk *w, struct error *err)
{
	struct heldvec all = { 0 };
	enum err rc;

	rowvec_release(&l->rows);
	rc = tree_walk(l->opts.repo, &l->tree, "", hold_entries, &all, err);
	l->nentries = all.n;
	if (!rc && all.n)
		qsort(all.v, all.n, sizeof(*all.v), dir_cmp);
	for (size_t i = 0, n; !rc && i < all.n; i += n) {
		struct heldvec folder = { 0 };

		for (n = 1; i + n < all.n; n++) {
			if (dir_cmp(&all.v[i], &all.v[i + n]) != 0)
				break;
		}
		if (is_trust_path(all.v[i].path))
			continue;
		folder.v = &all.v[i];
		folder.n = n;
		fold_folder(l, w, &folder);
		for (size_t k = i; k < i + n; k++) {
			entry_free(all.v[k].own); /* 10,000 scripts add up */
			all.v[k].own = NULL;
		}
	}
	heldvec_release(&all);
	return rc;
}

static enum err fold_touched(
	struct ledger *l, struct walk *w, struct error *err)
{
	struct strmap dirs = STRMAP_INIT;
	enum err rc = ERR_OK;

	for (size_t i = 0; i < w->nentries; i++) {
		l->nentries++;
		if (!is_trust_path(w->entries[i].path))
			strmap_put(&dirs, w->entries[i].dir, l);
	}
	for (size_t i = 0; !rc && i < dirs.n; i++) {
		struct heldvec all = { 0 }, direct = { 0 };
		const char *dir = dirs.items[i].key;

		drop_rows(l, dir);
		rc = tree_walk(
			l->opts.repo, &l->tree, dir, hold_entries, &all, err);
		/* only what is directly in it */
		for (size_t k = 0; !rc && k < all.n; k++) {
			if (dir_len(all.v[k].path) == strlen(dir))
				hold(&direct, all.v[k].path, &all.v[k].blob);
		}
		if (!rc && direct.n)
			fold_folder(l, w, &direct);
		heldvec_release(&all);
		heldvec_release(&direct);
	}
	strmap_release(&dirs, NULL);
	return rc;
}

/* ---- the verdict ---- */

/* Only an admitted key may merge. */
static void judge_merges(struct ledger *l, struct walk *w)
{
	for (size_t i = 0; i < w->n; i++) {
		const struct wcommit *c = &w->v[i];
		const char *why;

		if (c->nparents < 2 || !c->signer)
			continue;
		why = trust_refuses(&l->trust, c->signer,
			ROLE_RUN | ROLE_APPROVE, NULL, &c->id);
		if (why)
			walk_problem(w, &c->id, NULL, true,
				"merge signed by %s, which %s", c->signer, why);
	}
}

static void move_problems(struct ledger *l, struct walk *w)
{
	for (size_t i = 0; i < w->problems.n; i++) {
		const struct problem *p = &w->problems.v[i];
		const struct wentry *we =
			p->entry ? walk_entry(w, p->entry) : NULL;
		bool junk =
			!p->lasting &&
			((p->commit &&
				 strmap_has(&l->disowned_ids, p->commit)) ||
				(we && we->id[0] &&
					strmap_has(&l->disowned_ids, we->id)) ||
				(p->entry && strmap_has(&l->disowned_paths,
						     p->entry)));

		ledger_add_problem(junk ? &l->disowned : &l->problems,
			p->commit, p->entry, p->text, p->structural,
			p->lasting);
	}
}

enum err ledger_judge(
	struct ledger *l, struct walk *w, bool all, struct error *err)
{
	enum err rc;

	rc = ledger_judge_trust(l, w, err);
	if (!rc)
		rc = all ? fold_everything(l, w, err) : fold_touched(l, w, err);
	if (rc)
		return rc;
	judge_merges(l, w);
	move_problems(l, w);
	l->ncommits += w->n;
	if (w->n)
		l->max_seq = w->v[w->n - 1].max_seq;
	l->clean = l->problems.n == 0;
	l->indexed = false;
	return ERR_OK;
}
