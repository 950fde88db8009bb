/*
 * What a commit does to scripts that ran, or that have yet to run: holds it
 * against the ledger, and against the commit that it is compared with.
 */
#include "check.h"

#include <string.h>

#include "strack/needs.h"
#include "strack/script.h"

bool check_settled(const struct check *c, const char *script, const char *env,
	const struct state_row **row, enum state *state)
{
	const struct state_row *r =
		c->s->ledger ? ledger_row(c->s->ledger, script, env) : NULL;
	enum state st = r ? session_state(c->s, r, c->now_ms) : STATE_PENDING;

	if (row)
		*row = r;
	if (state)
		*state = st;
	return r && state_settled(st) &&
	       !(r->flags & (FLAG_UNTRUSTED | FLAG_CONFLICT));
}

/* `local` is each clone's own: one that never ran anything, as a CI's, can't
 * tell what others did in theirs. */
static bool can_tell(const struct check *c, const char *env)
{
	return c->s->ledger && (strcmp(env, ENV_LOCAL) != 0 ||
				       ledger_env_used(c->s->ledger, env));
}

bool check_is_over(const struct check *c, const struct checked *sc)
{
	for (size_t i = 0; i < sc->needs.n; i++)
		if (!check_settled(
			    c, sc->file->path, sc->needs.v[i], NULL, NULL))
			return false;
	return true;
}

/* ---- edited after it ran ---- */

/* What failed or was rolled back is there to be mended, and what is pending
 * again will run as it is. */
static bool is_bound(enum state state)
{
	return state != STATE_PENDING && state != STATE_FAILED &&
	       state != STATE_ROLLED_BACK;
}

/* Did an entry that counts settle exactly these bytes there? */
static bool settled_with(
	struct check *c, const char *script, const char *env, const char *blob)
{
	struct ledger_entryvec l = LEDGER_ENTRYVEC_INIT;
	bool found = false;

	if (ledger_list(c->s->ledger, script, &l, NULL))
		return false;
	for (size_t i = 0; !found && i < l.n; i++) {
		struct ledger_entry *le = &l.v[i];
		const char *has;

		if (strcmp(le->name.env, env) != 0 ||
			(le->name.kind != KIND_DONE &&
				le->name.kind != KIND_SKIP &&
				le->name.kind != KIND_MARK) ||
			ledger_load(c->s->ledger, le, NULL) || le->problem ||
			le->disowned || !le->e)
			continue;
		has = entry_get(le->e, KEY_BLOB);
		found = has && !strcmp(has, blob);
	}
	ledger_entryvec_release(&l);
	return found;
}

static bool touched(const struct check *c, const struct tree_file *f)
{
	const struct tree_file *old = treefiles_find(&c->before, f->path);

	return c->has_base && (!old || oid_cmp(&old->blob, &f->blob) != 0);
}

static void check_edited(
	struct check *c, const struct checked *sc, const struct state_row *r)
{
	const struct tree_file *f = sc->file;
	enum state state = session_state(c->s, r, c->now_ms);
	char blob[OID_HEX + 1];

	oid_hex(&f->blob, blob);
	if (!r->blob || !strcmp(r->blob, blob) || !is_bound(state))
		return;
	/* A branch that is behind has bytes that ran before the last ones.
	 * But one that changes them back is no better than any change. */
	if (!touched(c, f) && settled_with(c, f->path, r->env, blob))
		return;
	if (state_settled(state))
		check_add(c, f->path, "edited", r->env, 0,
			"edited after it was %s in %s (with %.10s, now %.10s);"
			" restore it and write a new script",
			state_name(state), r->env, r->blob, blob);
	else
		check_add(c, f->path, "edited", r->env, 0,
			"edited while it is %s in %s (with %.10s, now %.10s)",
			state_name(state), r->env, r->blob, blob);
}

/* Where it ran at all; but what clones do for themselves is nobody's business
 * while there are environments that all share. */
static void check_all_edited(struct check *c)
{
	const struct rowvec *rows = ledger_rows(c->s->ledger);
	struct strmap by_path = STRMAP_INIT;

	for (size_t i = 0; i < c->n; i++)
		strmap_put(&by_path, c->v[i].file->path, &c->v[i]);
	for (size_t i = 0; i < rows->n; i++) {
		const struct state_row *r = &rows->v[i];
		const struct checked *sc = strmap_get(&by_path, r->script);

		if (!sc || ledger_row(c->s->ledger, r->script, r->env) != r)
			continue;
		if (strcmp(r->env, ENV_LOCAL) != 0 ||
			strvec_has(&sc->needs, ENV_LOCAL))
			check_edited(c, sc, r);
	}
	strmap_release(&by_path, NULL);
}

/* ---- deleted before it ran ---- */

/* A script with its bytes or its base name that the base has not: it was
 * renamed, and runs or stops under its new name. */
static bool renamed(const struct check *c, const struct tree_file *old)
{
	for (size_t i = 0; i < c->n; i++) {
		const struct tree_file *f = c->v[i].file;

		if (!treefiles_find(&c->before, f->path) &&
			(!strcmp(f->base, old->base) ||
				!oid_cmp(&f->blob, &old->blob)))
			return true;
	}
	return false;
}

static enum err needs_of(struct check *c, const struct tree_file *f,
	struct strvec *ret, struct error *err)
{
	struct buf text = BUF_INIT;
	struct header h;
	enum err rc = object_read(
		c->s->repo, &f->blob, OBJECT_BLOB, SCRIPT_MAX, &text, err);

	if (rc == ERR_TOOBIG) {
		error_reset(err);
		rc = ERR_OK;
	}
	header_init(&h);
	/* a header that can't be read names no environment */
	if (!rc)
		(void)header_parse(f->path, text.ptr, text.len, &h, NULL);
	needs_environments(&c->settings, &h, c->s->env, ret);
	header_release(&h);
	buf_release(&text);
	return rc;
}

static enum err check_deleted(
	struct check *c, const struct tree_file *old, struct error *err)
{
	const struct tree_file *now = treefiles_find(&c->files, old->path);
	struct strvec needs = STRVEC_INIT;
	enum err rc = ERR_OK;

	if ((now && now->script) || renamed(c, old))
		return ERR_OK;
	rc = needs_of(c, old, &needs, err);
	for (size_t i = 0; !rc && i < needs.n; i++) {
		enum state state;

		if (!can_tell(c, needs.v[i]) ||
			check_settled(c, old->path, needs.v[i], NULL, &state))
			continue;
		check_add(c, old->path, "deleted", needs.v[i], 0,
			"%s before it was settled in %s, where it is %s",
			now ? "made no script any more" : "deleted", needs.v[i],
			state_settled(state) ? "in doubt" : state_name(state));
	}
	strvec_release(&needs);
	return rc;
}

enum err check_ledger(struct check *c, struct error *err)
{
	enum err rc = ERR_OK;

	check_all_edited(c);
	for (size_t i = 0; !rc && i < c->before.n; i++)
		if (c->before.v[i].script)
			rc = check_deleted(c, &c->before.v[i], err);
	return rc;
}
