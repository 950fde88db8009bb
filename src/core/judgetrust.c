/*
 * Trust as the ledger has it: its trust entries brought together with their
 * commits and signatures, and what a root has disowned.  The rules are
 * trust.c's.
 */
#include "held.h"

#include <stdlib.h>
#include <string.h>

#include "strack/refs.h"
#include "strack/repo.h"

struct trust_set {
	struct heldvec held;
	struct trust_fact *facts;
	struct pubkey *keys;
	size_t n;
};

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
	bool revoked = false;
	enum err rc;

	rc = tree_walk(l->opts.repo, &l->tree, LEDGER_TRUST_DIR, hold_path,
		&s->held, err);
	for (size_t i = 0; !rc && i < s->held.n; i++) {
		hold_entry(l, w, &s->held.v[i]);
		if (s->held.v[i].e && s->held.v[i].e->kind == KIND_TRUST_REVOKE)
			revoked = true;
	}
	if (rc)
		return rc;
	if (s->held.n)
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
		/* Without a revocation nobody asks where an entry stands,
		 * and an answer may take all of the history. */
		f->at = l->tip;
		if (h->walked || revoked) {
			rc = commit_of(l, w, h, &f->at, err);
			if (!rc)
				remember_commit(l, h->path, &f->at);
		}
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
	struct strmap
		*paths;     /* of the commit, not in the parents seen so far */
	struct strmap *now; /* those that this parent lacks, too */
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
			ok = !commit_shape(
				l->opts.repo, &parents.v[i], &old, NULL, NULL);
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

	l->trust_ready = false;
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
