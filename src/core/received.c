/*
 * What a push would bring to the ledger of a server: judged before any ref
 * holds it, by what is there already.  What is there was judged when it came,
 * or is what a person has to clear up; it must not keep good entries out.
 * Knows nothing of hooks.
 */
#include "ledger_i.h"

#include <stdlib.h>
#include <string.h>

#include "strack/refs.h"
#include "strack/repo.h"

struct push {
	const struct ledger_opts *opts;
	const struct oid *old, *new;
	struct problemvec *ret;
	struct strmap fresh; /* hex of the commits that it brings */
	bool reaches_back;   /* it changes trust */
};

static void refuse(struct push *p, const struct oid *commit, const char *text)
{
	char hex[OID_HEX + 1];

	if (commit)
		oid_hex(commit, hex);
	ledger_add_problem(
		p->ret, commit ? hex : NULL, NULL, text, true, false);
}

/* Of the machine, or of the ledger?  What the pusher brought and nobody can
 * judge is refused as other things are. */
static bool is_theirs(enum err rc)
{
	return rc == ERR_TOOBIG || rc == ERR_BAD || rc == ERR_NOTFOUND;
}

static enum err meta_of(struct push *p, const struct oid *commit, char id[37],
	struct error *err)
{
	struct oid tree;
	enum err rc = commit_shape(p->opts->repo, commit, &tree, NULL, err);

	if (rc)
		return rc;
	rc = ledger_meta_read(p->opts->repo, &tree, id, err);
	if (rc == ERR_NOTFOUND)
		error_set(err, rc, "it has no .strack/ledger");
	return rc;
}

/* ---- what it may be at all ---- */

/* Whatever was there before: is it a ledger?  False: that was told. */
static enum err is_ledger(
	struct push *p, char id[37], bool *ret, struct error *err)
{
	struct buf text = BUF_INIT;
	enum err rc = meta_of(p, p->new, id, err);

	*ret = rc == ERR_OK;
	if (!is_theirs(rc))
		return rc;
	buf_addf(&text, "is no ledger: %s", err->text.ptr);
	refuse(p, p->new, text.ptr);
	buf_release(&text);
	error_reset(err);
	return ERR_OK;
}

/* Only forward, and of the same ledger. */
static enum err is_forward(
	struct push *p, const char *id, bool *ret, struct error *err)
{
	struct buf text = BUF_INIT;
	char was[37], hex[OID_HEX + 1];
	enum err rc;

	rc = history_is_ancestor(p->opts->repo, p->old, p->new, ret, err);
	if (rc || *ret)
		return rc;
	rc = meta_of(p, p->old, was, err);
	if (!rc && strcmp(was, id) != 0) {
		buf_addf(&text, "is another ledger: %s, but here is %s", id,
			was);
	} else {
		oid_hex(p->old, hex);
		buf_addf(&text,
			"is no fast-forward: it lacks %.12s, which is "
			"here; git strack sync brings both together",
			hex);
	}
	error_reset(err);
	refuse(p, p->new, text.ptr);
	buf_release(&text);
	return ERR_OK;
}

/* A person may have said on the server which ledger it is. */
static void check_root(struct push *p, const struct ledger *l)
{
	const char *want = repo_config(p->opts->repo, LEDGER_ROOT_CONFIG);
	struct buf text = BUF_INIT;
	char hex[OID_HEX + 1];

	oid_hex(&l->root, hex);
	if (!want || !strcmp(want, hex))
		return;
	buf_addf(&text,
		"is another ledger: it begins with %.12s, but " LEDGER_ROOT_CONFIG
		" here says %.12s",
		hex, want);
	refuse(p, p->new, text.ptr);
	buf_release(&text);
}

/* ---- what is new ---- */

static enum err find_fresh(struct push *p, struct error *err)
{
	struct oidvec ids = OIDVEC_INIT;
	char hex[OID_HEX + 1];
	enum err rc = history_list(p->opts->repo, p->new,
		oid_is_zero(p->old) ? NULL : p->old, &ids, err);

	for (size_t i = 0; !rc && i < ids.n; i++) {
		oid_hex(&ids.v[i], hex);
		strmap_put(&p->fresh, hex, p);
	}
	oidvec_release(&ids);
	return rc;
}

static enum err count_path(const char *path, const struct tree_entry *e,
	void *arg, struct error *err)
{
	(void)path;
	(void)e;
	(void)err;
	++*(size_t *)arg;
	return ERR_OK;
}

static enum err count_trust(struct push *p, const struct oid *commit,
	size_t *ret, struct error *err)
{
	struct oid tree;
	enum err rc = commit_shape(p->opts->repo, commit, &tree, NULL, err);

	*ret = 0;
	return rc ? rc
		  : tree_walk(p->opts->repo, &tree, LEDGER_TRUST_DIR,
			    count_path, ret, err);
}

static enum err find_trust(struct push *p, struct error *err)
{
	size_t was = 0, now = 0;
	enum err rc = count_trust(p, p->old, &was, err);

	if (!rc)
		rc = count_trust(p, p->new, &now, err);
	p->reaches_back = now != was;
	return rc;
}

static bool is_fresh(const struct push *p, const struct problem *f)
{
	return f->commit && strmap_has(&p->fresh, f->commit);
}

static bool is_among(const struct problemvec *l, const struct problem *f)
{
	for (size_t i = 0; i < l->n; i++) {
		if (!l->v[i].entry == !f->entry &&
			(!f->entry || !strcmp(l->v[i].entry, f->entry)) &&
			!strcmp(l->v[i].text, f->text))
			return true;
	}
	return false;
}

/* What is wrong with an entry that was there is the push's doing unless it was
 * wrong before, as when the new one comes before it in the order of entries.  A
 * root, whose word alone a change of trust is, may take away what counted. */
static void take_problems(struct push *p, const struct problemvec *now,
	const struct problemvec *before)
{
	for (size_t i = 0; i < now->n; i++) {
		const struct problem *f = &now->v[i];

		if (is_fresh(p, f) ||
			(!p->reaches_back && !is_among(before, f)))
			ledger_add_problem(p->ret, f->commit, f->entry, f->text,
				f->structural, f->lasting);
	}
}

static struct ledger *ledger_at(const struct push *p)
{
	struct ledger *l = xcalloc(1, sizeof(*l));

	l->opts = *p->opts;
	return l;
}

/* What was there, judged with what is here now: the code of old claims may have
 * come since, and what they lacked shows only then. */
static enum err judge_before(struct push *p, const struct oid *root,
	struct problemvec *ret, struct error *err)
{
	struct ledger *l = ledger_at(p);
	enum err rc;

	l->root = *root;
	rc = ledger_verify_at(l, p->old, p->old, true, err);
	if (!rc) {
		*ret = l->problems;
		l->problems = (struct problemvec)PROBLEMVEC_INIT;
		/* transferred */
	}
	ledger_free(l);
	return rc;
}

static bool any_stale(const struct push *p, const struct problemvec *l)
{
	for (size_t i = 0; i < l->n; i++) {
		if (!is_fresh(p, &l->v[i]))
			return true;
	}
	return false;
}

/* `l` is at `old`, where nothing was wrong. */
static enum err judge_on_good(
	struct push *p, struct ledger *l, struct error *err)
{
	struct problemvec before = PROBLEMVEC_INIT;
	const struct oid base = *p->old;
	enum err rc = ledger_verify_at(l, p->new, &base, false, err);

	if (!rc && !p->reaches_back && any_stale(p, &l->problems))
		rc = judge_before(p, &l->root, &before, err);
	if (!rc)
		take_problems(p, &l->problems, &before);
	problemvec_release(&before);
	return rc;
}

/* `l` is at `old`, where something is wrong: nothing is known by halves. */
static enum err judge_on_bad(
	struct push *p, struct ledger *l, struct error *err)
{
	struct problemvec before = l->problems;
	enum err rc;

	l->problems = (struct problemvec)PROBLEMVEC_INIT; /* transferred */
	ledger_forget(l);
	rc = ledger_verify_at(l, p->new, NULL, true, err);
	if (!rc)
		take_problems(p, &l->problems, &before);
	problemvec_release(&before);
	return rc;
}

static enum err judge_next(struct push *p, struct ledger *l, struct error *err)
{
	enum err rc = ledger_load_at(l, p->old, err);

	if (rc) {
		error_prefix(err, "what is here already can't be judged");
		return ERR_FATAL;
	}
	if (l->cache_stale)
		ledger_cache_store(l);
	rc = find_trust(p, err);
	if (rc)
		return rc;
	return l->clean ? judge_on_good(p, l, err) : judge_on_bad(p, l, err);
}

static enum err judge_first(struct push *p, struct ledger *l, struct error *err)
{
	const struct problemvec none = PROBLEMVEC_INIT;
	enum err rc = ledger_verify_at(l, p->new, NULL, true, err);

	if (!rc)
		take_problems(p, &l->problems, &none);
	return rc;
}

static enum err judge(struct push *p, struct error *err)
{
	bool first = oid_is_zero(p->old), go_on;
	struct ledger *l = NULL;
	char id[37];
	enum err rc = is_ledger(p, id, &go_on, err);

	if (!rc && go_on && !first)
		rc = is_forward(p, id, &go_on, err);
	if (rc || !go_on)
		return rc;
	rc = find_fresh(p, err);
	l = ledger_at(p);
	if (!rc)
		rc = first ? judge_first(p, l, err) : judge_next(p, l, err);
	if (!rc)
		check_root(p, l);
	if (is_theirs(rc)) {
		refuse(p, p->new, err->text.ptr);
		error_reset(err);
		rc = ERR_OK;
	}
	ledger_free(l);
	return rc;
}

enum err ledger_judge_push(const struct ledger_opts *opts,
	const struct oid *old, const struct oid *new, struct problemvec *ret,
	struct error *err)
{
	struct push p = { .opts = opts, .old = old, .new = new, .ret = ret };
	enum err rc = ERR_OK;

	if (oid_is_zero(new))
		refuse(&p, NULL, "the branch of a ledger is never deleted");
	else
		rc = judge(&p, err);
	strmap_release(&p.fresh, NULL);
	return rc;
}
