/*
 * The ledger as commands see it: opened, brought up to date with its branch,
 * asked for rows and entries.  Judging is judge.c, writing append.c.
 */
#include "ledger_i.h"

#include <stdlib.h>
#include <string.h>

#include "strack/refs.h"
#include "strack/repo.h"
#include "strack/settings.h"
#include "strack/text.h"

void ledger_add_problem(struct problemvec *l, const char *commit,
	const char *entry, const char *text, bool structural, bool lasting)
{
	struct problem *p;

	ARRAY_GROW(l->v, l->n + 1, l->cap);
	p = &l->v[l->n++];
	*p = (struct problem){ .structural = structural, .lasting = lasting };
	p->commit = commit ? xstrdup(commit) : NULL;
	p->entry = entry ? xstrdup(entry) : NULL;
	p->text = xstrdup(text);
}

void ledger_forget(struct ledger *l)
{
	rowvec_release(&l->rows);
	file_unmap(&l->cache);
	strmap_release(&l->index, NULL);
	l->indexed = false;
	problemvec_release(&l->problems);
	problemvec_release(&l->disowned);
	trust_release(&l->trust);
	l->trust_ready = false;
	strmap_release(&l->trust_at, free);
	strmap_release(&l->disowned_ids, NULL);
	strmap_release(&l->disowned_paths, NULL);
	l->loaded = l->clean = false;
	l->reread++;
	l->root_signer[0] = '\0';
	l->nentries = 0;
	l->max_seq = 0;
}

void ledger_free(struct ledger *l)
{
	if (!l)
		return;
	side_free(l);
	remote_free(l->remote);
	ledger_forget(l);
	judge_forget_configs(l);
	free(l);
}

/* ---- bringing it up to date ---- */

static bool reaches(const struct oid *a, const struct oid *b, void *arg)
{
	struct ledger *l = arg;
	bool yes = false;

	return !history_is_ancestor(l->opts.repo, a, b, &yes, NULL) && yes;
}

static enum err tree_of_tip(
	struct ledger *l, const struct oid *tip, struct error *err)
{
	struct oid tree;
	enum err rc = commit_shape(l->opts.repo, tip, &tree, NULL, err);

	if (!rc) {
		l->tip = *tip;
		l->tree = tree;
	}
	return rc;
}

static enum err read_meta(struct ledger *l, struct error *err)
{
	enum err rc = ledger_meta_read(l->opts.repo, &l->tree, l->id, err);

	if (!rc)
		return ERR_OK;
	if (rc == ERR_FATAL) {
		error_prefix(err, "the branch '%s'", ledger_name(l));
		return rc;
	}
	if (rc == ERR_NOTFOUND)
		error_set(err, ERR_FATAL, "it has no %s", LEDGER_META);
	error_prefix(err, "the branch '%s' is not a git-strack ledger",
		ledger_name(l));
	if (!err->hint.len)
		error_hint(err,
			"if it is a branch of your own, rename it:\n"
			"  git branch -m %s another-name",
			LEDGER_BRANCH);
	return ERR_FATAL;
}

static bool reaches_back(const struct walk *w)
{
	for (size_t i = 0; i < w->nentries; i++) {
		if (w->entries[i].name.kind == KIND_TRUST_REVOKE ||
			w->entries[i].name.kind == KIND_DISOWN)
			return true;
	}
	return false;
}

/* Does it say of some key whose it is?  Approvals are counted by persons, so
 * that claims of long ago may have fewer or more of them by it. */
static bool names_persons(const struct walk *w)
{
	for (size_t i = 0; i < w->nentries; i++) {
		if (w->entries[i].name.kind == KIND_TRUST_ADD)
			return true;
	}
	return false;
}

/* Walks from `base` (NULL: from the root) and judges.  A revocation or disown
 * among what is new reaches back, so then everything is judged anew. */
static enum err verify_from(
	struct ledger *l, const struct oid *base, bool all, struct error *err)
{
	struct walk w = { .repo = l->opts.repo,
		.sign_program = l->opts.sign_program,
		.progress = l->opts.progress,
		.progress_arg = l->opts.progress_arg,
		.base_seq = -1 };
	enum err rc;

	memcpy(w.ledger_id, l->id, sizeof(w.ledger_id));
	w.want_root = repo_config(l->opts.repo, LEDGER_ROOT_CONFIG);
	w.want_signer = l->opts.expect_root;
	if (base) {
		w.has_base = true;
		w.base = *base;
		w.root = l->root;
		if (!all)
			w.base_seq = l->max_seq;
	}
	rc = walk_run(&w, &l->tip, err);
	if (rc)
		goto out;
	if (base && reaches_back(&w)) {
		walk_release(&w);
		ledger_forget(l);
		return verify_from(l, NULL, true, err);
	}
	if (!base)
		l->root = w.root;
	all = all || names_persons(&w);
	strmap_release(&l->disowned_ids, NULL);
	strmap_release(&l->disowned_paths, NULL);
	rc = ledger_judge(l, &w, all, err);
	l->trust.reaches = reaches;
	l->trust.arg = l;
	if (rc)
		goto out;
	l->loaded = true;
	l->cache_stale = true;
out:
	walk_release(&w);
	return rc;
}

/* Read before the branch is: read after it, it may be ahead of what was read of
 * a branch that another process has moved in between, which would look like one
 * that was rewound. */
static enum err seen_tip(
	struct ledger *l, struct oid *ret, bool *have, struct error *err)
{
	enum err rc = ref_read(l->opts.repo, ledger_seen_ref(l), ret, err);

	*have = rc == ERR_OK;
	if (rc == ERR_NOTFOUND) {
		error_reset(err);
		return ERR_OK;
	}
	return rc;
}

static enum err rewound(
	const struct ledger *l, const struct oid *seen, struct error *err)
{
	const char *name = ledger_name(l);
	char hex[OID_HEX + 1];

	oid_hex(seen, hex);
	error_hint(err,
		"see what is missing:\n"
		"  git log %s..%.12s\n"
		"put it back, when nothing else was added meanwhile:\n"
		"  git %s %s %.12s\n"
		"accept the loss (the entries above are gone from here):\n"
		"  git update-ref -d %s",
		name, hex, l->owner ? "update-ref" : "branch -f", name, hex,
		ledger_seen_ref(l));
	return error_set(err, ERR_FATAL,
		"the branch '%s' was rewound or replaced: %.12s, which was "
		"verified here before, is no longer part of it",
		name, hex);
}

static enum err check_root(struct ledger *l, struct error *err)
{
	const char *want = repo_config(l->opts.repo, LEDGER_ROOT_CONFIG);
	char hex[OID_HEX + 1];

	oid_hex(&l->root, hex);
	if (!want || !strcmp(want, hex))
		return ERR_OK;
	error_hint(err,
		"if it was replaced on purpose:\n"
		"  git config --unset %s && git update-ref -d %s",
		LEDGER_ROOT_CONFIG, LEDGER_SEEN_REF);
	return error_set(err, ERR_FATAL,
		"the branch '%s' is another ledger "
		"than before: it begins with %.12s, not with %.12s (%s)",
		LEDGER_BRANCH, hex, want, LEDGER_ROOT_CONFIG);
}

static enum err check_expected(struct ledger *l, struct error *err)
{
	const char *id = l->opts.expect_id, *root = l->opts.expect_root;

	if (id && strcmp(id, l->id) != 0) {
		error_hint(err,
			"fetch the ledger that the team uses, or correct "
			"[ledger] in " SETTINGS_FILE);
		return error_set(err, ERR_FATAL,
			"the branch '%s' is ledger "
			"%s, but %s says %s",
			LEDGER_BRANCH, l->id, SETTINGS_FILE, id);
	}
	if (root && strcmp(root, l->root_signer) != 0) {
		error_hint(err,
			"fetch the ledger that the team uses, or correct "
			"[ledger] in " SETTINGS_FILE);
		return error_set(err, ERR_FATAL,
			"the ledger was founded by "
			"%s, but %s says root = %s",
			l->root_signer[0] ? l->root_signer : "nobody",
			SETTINGS_FILE, root);
	}
	return ERR_OK;
}

static enum err no_branch(
	const struct ledger *l, const struct oid *seen, struct error *err)
{
	char hex[OID_HEX + 1];

	error_reset(err);
	if (!seen) {
		error_hint(err, "found one:\n  git strack init");
		return error_set(err, ERR_NOTFOUND,
			"this repository has no ledger (no branch '%s')",
			LEDGER_BRANCH);
	}
	oid_hex(seen, hex);
	error_hint(err, "put it back:\n  git %s %s %.12s",
		l->owner ? "update-ref" : "branch", ledger_name(l), hex);
	return error_set(err, ERR_FATAL,
		"the branch '%s' is gone, but a "
		"ledger was here before",
		ledger_name(l));
}

/* First look: from the cache, from the tip that was verified last, or from
 * the very beginning. */
static enum err load(struct ledger *l, const struct oid *tip,
	const struct oid *seen, struct error *err)
{
	struct oid base;
	bool have_base, good;
	const char *known;
	enum err rc;

	rc = tree_of_tip(l, tip, err);
	if (!rc)
		rc = read_meta(l, err);
	if (rc)
		return rc;
	if (seen && oid_cmp(seen, tip) != 0) {
		rc = history_is_ancestor(l->opts.repo, seen, tip, &good, err);
		if (!rc && !good)
			rc = rewound(l, seen, err);
		if (rc)
			return rc;
	}
	if (!l->opts.full && ledger_cache_load(l)) {
		if (!oid_cmp(&l->tip, tip))
			return ERR_OK;
		base = l->tip;
		rc = history_is_ancestor(l->opts.repo, &base, tip, &good, err);
		if (!rc && good && l->clean) {
			rc = tree_of_tip(l, tip, err);
			return rc ? rc : verify_from(l, &base, false, err);
		}
		if (rc)
			return rc;
		ledger_forget(l);
	}
	rc = tree_of_tip(l, tip, err);
	if (rc)
		return rc;
	/* Without a cache the last verified tip still spares verifying. */
	known = repo_config(l->opts.repo, LEDGER_ROOT_CONFIG);
	have_base = seen && !l->opts.full && known &&
		    oid_parse(known, strlen(known), &l->root);
	return verify_from(l, have_base ? seen : NULL, true, err);
}

static enum err sync_to(
	struct ledger *l, const struct oid *tip, struct error *err)
{
	struct oid base = l->tip;
	bool good, clean = l->clean;
	enum err rc;

	rc = history_is_ancestor(l->opts.repo, &base, tip, &good, err);
	if (!rc && !good)
		rc = rewound(l, &base, err);
	if (!rc)
		rc = tree_of_tip(l, tip, err);
	if (rc)
		return rc;
	if (clean)
		return verify_from(l, &base, false, err);
	ledger_forget(l);
	return verify_from(l, NULL, true, err);
}

/* There is a commit that nothing can be made of but to be without it. */
static enum err beyond_judging(struct ledger *l, struct error *err)
{
	struct oid seen;
	char hex[OID_HEX + 1];

	error_prefix(err, "the branch '%s' can't be judged", LEDGER_BRANCH);
	if (!ref_read(l->opts.repo, ledger_seen_ref(l), &seen, NULL)) {
		oid_hex(&seen, hex);
		error_hint(err,
			"put it back to what was verified here last:\n"
			"  git branch -f %s %.12s",
			LEDGER_BRANCH, hex);
	} else {
		error_hint(err,
			"put it back to a tip before that commit:\n"
			"  git log --first-parent --oneline %s",
			LEDGER_BRANCH);
	}
	return ERR_FATAL;
}

enum err ledger_go_to(
	struct ledger *l, const struct oid *tip, struct error *err)
{
	enum err rc =
		l->loaded ? sync_to(l, tip, err) : load(l, tip, NULL, err);

	if (!rc)
		rc = check_root(l, err);
	return rc ? rc : check_expected(l, err);
}

enum err ledger_refresh_one(struct ledger *l, bool *moved, struct error *err)
{
	struct oid tip, seen;
	bool have_seen;
	enum err rc;

	*moved = false;
	rc = seen_tip(l, &seen, &have_seen, err);
	if (!rc)
		rc = ref_read(l->opts.repo, ledger_ref(l), &tip, err);
	if (rc == ERR_NOTFOUND)
		return no_branch(l, have_seen ? &seen : NULL, err);
	if (rc)
		return rc;
	if (l->loaded && !oid_cmp(&tip, &l->tip))
		return ERR_OK;
	*moved = true;
	rc = l->loaded ? sync_to(l, &tip, err)
		       : load(l, &tip, have_seen ? &seen : NULL, err);
	if (!rc)
		rc = check_root(l, err);
	if (!rc)
		rc = check_expected(l, err);
	if (rc == ERR_TOOBIG)
		rc = beyond_judging(l, err);
	/* An object that is missing must not read as "no ledger yet". */
	return rc == ERR_NOTFOUND ? ERR_FATAL : rc;
}

enum err ledger_refresh(struct ledger *l, bool *moved, struct error *err)
{
	struct ledger *all = l->owner ? l->owner : l;
	bool branch = false, side = false;
	enum err rc = ledger_refresh_one(all, &branch, err);

	if (!rc)
		rc = side_refresh(all, branch, &side, err);
	*moved = branch || side;
	return rc;
}

enum err ledger_open(
	const struct ledger_opts *opts, struct ledger **ret, struct error *err)
{
	struct ledger *l = xcalloc(1, sizeof(*l));
	bool moved;
	enum err rc;

	l->opts = *opts;
	rc = ledger_refresh(l, &moved, err);
	if (rc) {
		ledger_free(l);
		return rc;
	}
	*ret = l;
	return ERR_OK;
}

/* Only forward: another process may have seen more than we have.  ERR_MOVED:
 * it moved it just now. */
static enum err move_seen(struct ledger *l)
{
	struct oid seen;
	bool have, forward = true;
	enum err rc = seen_tip(l, &seen, &have, NULL);

	if (!rc && have && !oid_cmp(&seen, &l->tip))
		return ERR_OK;
	if (!rc && have)
		rc = history_is_ancestor(
			l->opts.repo, &seen, &l->tip, &forward, NULL);
	if (!rc && forward)
		rc = ledger_move_ref(l->opts.repo, l->opts.state_dir,
			ledger_seen_ref(l), &l->tip, have ? &seen : NULL,
			"strack: verified", NULL);
	return rc;
}

/* What it costs to forget these is time, so failures are none. */
void ledger_remember(struct ledger *l)
{
	char hex[OID_HEX + 1];

	if (!l->loaded || !l->clean)
		return;
	for (int i = 0; i < LEDGER_TRIES; i++)
		if (move_seen(l) != ERR_MOVED)
			break;
	if (!l->owner && !repo_config(l->opts.repo, LEDGER_ROOT_CONFIG)) {
		oid_hex(&l->root, hex);
		repo_config_set(l->opts.repo, LEDGER_ROOT_CONFIG, hex, NULL);
	}
}

void ledger_close(struct ledger *l)
{
	if (!l)
		return;
	if (l->side) {
		ledger_close(l->side);
		l->side = NULL;
	}
	ledger_remember(l);
	if (l->loaded && l->cache_stale)
		ledger_cache_store(l);
	ledger_free(l);
}

/* ---- asking ---- */

const char *ledger_id(const struct ledger *l)
{
	return l->id;
}

const struct oid *ledger_tip(const struct ledger *l)
{
	return &l->tip;
}

const struct oid *ledger_root(const struct ledger *l)
{
	return &l->root;
}

enum err ledger_require_sound(const struct ledger *l, struct error *err)
{
	for (size_t i = 0; i < 2 * l->problems.n; i++) {
		const struct problem *p = &l->problems.v[i % l->problems.n];

		/* first those that no disown gets past */
		if (!p->structural || p->lasting != (i < l->problems.n))
			continue;
		error_hint(err, "see everything that is wrong:\n"
				"  git strack verify");
		if (p->lasting)
			error_hint(err,
				"put the branch back to a tip that "
				"verifies: its reflog has them\n"
				"  git reflog %s",
				ledger_name(l));
		else if (p->commit)
			error_hint(err,
				"a root may declare it junk:\n"
				"  git strack trust disown %s -m <why>",
				p->commit);
		return error_set(err, ERR_FATAL,
			"the ledger is not sound, so nothing is run or "
			"written: %s%.12s%s%s%s%s",
			p->commit ? "commit " : "", p->commit ? p->commit : "",
			p->entry ? " " : "", p->entry ? p->entry : "", ": ",
			p->text);
	}
	return ERR_OK;
}

/* Where something is wrong, trust is not to be had without the walk.  Another
 * ledger makes it: whoever asks may hold rows of this one. */
static enum err trust_anew(struct ledger *l, struct error *err)
{
	struct ledger *other = xcalloc(1, sizeof(*other));
	enum err rc;

	other->opts = l->opts;
	other->tip = l->tip;
	other->tree = l->tree;
	memcpy(other->id, l->id, sizeof(other->id));
	rc = verify_from(other, NULL, true, err);
	if (!rc) {
		trust_release(&l->trust);
		l->trust = other->trust;
		other->trust = (struct trust){ 0 }; /* transferred */
		l->trust.reaches = reaches;
		l->trust.arg = l;
		l->trust_ready = true;
	}
	ledger_free(other);
	return rc;
}

enum err ledger_trust(
	struct ledger *l, const struct trust **ret, struct error *err)
{
	struct walk w = { .repo = l->opts.repo };
	enum err rc = ERR_OK;

	if (!l->trust_ready && l->clean) {
		memcpy(w.ledger_id, l->id, sizeof(w.ledger_id));
		w.root = l->root;
		rc = ledger_judge_trust(l, &w, err);
		walk_release(&w);
		l->trust.reaches = reaches;
		l->trust.arg = l;
	} else if (!l->trust_ready) {
		rc = trust_anew(l, err);
	}
	if (!rc)
		*ret = &l->trust;
	return rc;
}

/* ---- tips that no ref holds: received.c ---- */

enum err ledger_load_at(
	struct ledger *l, const struct oid *tip, struct error *err)
{
	return load(l, tip, NULL, err);
}

enum err ledger_verify_at(struct ledger *l, const struct oid *tip,
	const struct oid *base, bool all, struct error *err)
{
	enum err rc = tree_of_tip(l, tip, err);

	if (!rc)
		rc = read_meta(l, err);
	return rc ? rc : verify_from(l, base, all, err);
}
