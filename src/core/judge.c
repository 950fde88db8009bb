/*
 * Judges the entries of a ledger: who may sign what, and what the entries
 * about each script add up to.
 */
#include "held.h"

#include <stdlib.h>
#include <string.h>

#include "strack/repo.h"
#include "strack/review.h"

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

/* What stands beside the branch, in this clone alone, goes by what was known
 * here when it was written. */
static const char *refuses(struct ledger *l, struct walk *w,
	const struct wcommit *c, const char *signer, unsigned role,
	const char *env)
{
	const char *why = trust_refuses(&l->trust, signer, role, env, &c->id);

	if (why && l->owner && !walk_reaches(&c->id, &l->owner->tip, w))
		why = trust_refuses_aside(&l->trust, signer, role, env, &c->id);
	return why;
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
	why = refuses(l, w, c, entry_get(h->e, KEY_SIGNER),
		role_needed(all, h->e), entry_get(h->e, KEY_ENVIRONMENT));
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

static const struct entry *counting(
	const struct fact *facts, size_t n, const char *id)
{
	for (size_t i = n; i > 0; i--) {
		const struct fact *f = &facts[i - 1];

		if (f->counts && !strcmp(f->e->id, id))
			return f->e;
	}
	return NULL;
}

static void judge_reviews(const struct ledger *l, const struct fact *facts,
	size_t n, struct anomaly_arg *arg)
{
	for (size_t i = 0; i < n; i++) {
		const struct entry *e = facts[i].e, *target;
		const char *why;

		if (!facts[i].counts || e->kind != KIND_REVIEW)
			continue;
		target = counting(facts, n, entry_get(e, KEY_ENTRY));
		why = review_refuses(e, target,
			target && trust_same_person(&l->trust,
					  entry_get(e, KEY_SIGNER),
					  entry_get(target, KEY_SIGNER)));
		if (why)
			note_anomaly(e, why, arg);
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
		if (!h->e &&
			!h->walked) /* it was good once: its bytes are gone */
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
	if (script)
		judge_approvals(l, facts, n, note_anomaly, &arg);
	state_fold(facts, n, script ? &l->rows : &scrap, note_anomaly, &arg);
	judge_reviews(l, facts, n, &arg);
	/* Where an entry stands decides, not what a bad one says of it. */
	for (size_t i = first; script && i < l->rows.n; i++) {
		free(l->rows.v[i].script);
		l->rows.v[i].script =
			xstrndup(held->v[0].path, dir_len(held->v[0].path));
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

static int dir_cmp(const void *a, const void *b)
{
	const struct held *x = a, *y = b;
	size_t xn = dir_len(x->path), yn = dir_len(y->path);
	int c = memcmp(x->path, y->path, xn < yn ? xn : yn);

	return c ? c : (xn > yn) - (xn < yn);
}

/* A walk knows the highest seq; without one the names tell. */
static void note_seq(struct ledger *l, const char *path)
{
	struct entry_name name;

	if (ledger_path_kind(path, &name) == PATH_ENTRY &&
		name.seq > l->max_seq)
		l->max_seq = name.seq;
}

/* A walk goes folder by folder, but for a script whose path is a folder of
 * other scripts elsewhere in history; hence the sort. */
static enum err fold_everything(
	struct ledger *l, struct walk *w, struct error *err)
{
	struct heldvec all = { 0 };
	enum err rc;

	rowvec_release(&l->rows);
	l->max_seq = 0;
	l->nunheld = 0;
	rc = tree_walk(l->opts.repo, &l->tree, "", hold_path, &all, err);
	l->nentries = all.n;
	for (size_t i = 0; !w->n && i < all.n; i++)
		note_seq(l, all.v[i].path);
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
		/* Whoever is admitted may turn out to be the person whose
		 * commands were reviewed. */
		strmap_put(&dirs,
			is_trust_path(w->entries[i].path) ? LEDGER_EXEC_DIR
							  : w->entries[i].dir,
			l);
	}
	for (size_t i = 0; !rc && i < dirs.n; i++) {
		struct heldvec all = { 0 }, direct = { 0 };
		const char *dir = dirs.items[i].key;

		drop_rows(l, dir);
		rc = tree_walk(
			l->opts.repo, &l->tree, dir, hold_path, &all, err);
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
		why = refuses(
			l, w, c, c->signer, ROLE_RUN | ROLE_APPROVE, NULL);
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
