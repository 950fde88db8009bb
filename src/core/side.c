/*
 * What is this clone's alone.  Where the ledger is shared, entries of `local`
 * go to refs/strack/local, which is never pushed: a ledger that begins at the
 * branch's tip, merges it whenever something is written, and is read beside it.
 */
#include "exchange.h"

#include <stdlib.h>
#include <string.h>

#include "strack/lock.h"
#include "strack/refs.h"
#include "strack/settings.h"

void side_free(struct ledger *l)
{
	ledger_free(l->side);
	l->side = NULL;
}

static bool is_mine(const struct ledger *l, const char *env, const char *clone)
{
	return env && clone && l->opts.clone && !strcmp(env, ENV_LOCAL) &&
	       !strcmp(clone, l->opts.clone);
}

struct ledger *ledger_side(const struct ledger *l)
{
	return l->side;
}

bool side_owns(const struct ledger *l, const struct entry *e)
{
	return !l->owner && (l->side || l->opts.remote) &&
	       is_mine(l, entry_get(e, KEY_ENVIRONMENT),
		       entry_get(e, KEY_CLONE));
}

/* Rows of ours that the branch has are of before it was shared: the side has
 * folded them, too. */
static void lay_over(struct ledger *l)
{
	size_t kept = 0;

	for (size_t i = 0; i < l->rows.n; i++) {
		struct state_row *r = &l->rows.v[i];

		if (is_mine(l, r->env, r->clone))
			state_row_release(r);
		else
			l->rows.v[kept++] = *r;
	}
	l->rows.n = kept;
	for (size_t i = 0; i < l->side->rows.n; i++) {
		const struct state_row *r = &l->side->rows.v[i];

		if (is_mine(l, r->env, r->clone))
			state_row_copy(rowvec_add(&l->rows), r);
	}
	l->indexed = false;
}

static enum err open_side(struct ledger *l, struct error *err)
{
	struct oid tip;
	struct ledger *side;
	bool moved;
	enum err rc = ref_read(l->opts.repo, LEDGER_LOCAL_REF, &tip, err);

	if (rc == ERR_NOTFOUND) /* was there one before? */
		rc = ref_read(l->opts.repo, LEDGER_LOCAL_SEEN_REF, &tip, err);
	if (rc == ERR_NOTFOUND) {
		error_reset(err);
		return ERR_OK;
	}
	if (rc)
		return rc;
	side = xcalloc(1, sizeof(*side));
	side->opts = l->opts;
	side->opts.remote = NULL;
	side->owner = l;
	rc = ledger_refresh_one(side, &moved, err);
	if (rc)
		ledger_free(side);
	else
		l->side = side;
	return rc;
}

enum err side_refresh(
	struct ledger *l, bool fresh, bool *moved, struct error *err)
{
	bool had = l->side != NULL;
	enum err rc;

	*moved = false;
	if (!had)
		rc = open_side(l, err);
	else
		rc = ledger_refresh_one(l->side, moved, err);
	if (!had && l->side)
		*moved = true;
	if (!rc && l->side && (fresh || *moved))
		lay_over(l);
	return rc;
}

/* The branch may be where nothing should be built on it. */
static enum err merge_branch(struct ledger *l, struct error *err)
{
	struct ledger *side = l->side;
	struct oid merged;
	bool there;
	enum err rc = history_is_ancestor(
		l->opts.repo, &l->tip, &side->tip, &there, err);

	if (rc || there || ledger_require_sound(l, NULL))
		return rc;
	rc = ledger_merge(l, &side->tip, &l->tip, &merged, err);
	if (!rc)
		rc = ledger_move_ref(l->opts.repo, l->opts.state_dir,
			LEDGER_LOCAL_REF, &merged, &side->tip, "merge", err);
	return rc;
}

enum err side_prepare(struct ledger *l, struct error *err)
{
	struct lock lock = LOCK_INIT;
	bool moved;
	enum err rc = ledger_lock(l, &lock, err);

	if (!rc)
		rc = ledger_refresh(l, &moved, err);
	if (!rc && l->side)
		rc = merge_branch(l, err);
	else if (!rc)
		rc = ledger_require_sound(l, err);
	if (!rc && !l->side)
		rc = ledger_move_ref(l->opts.repo, l->opts.state_dir,
			LEDGER_LOCAL_REF, &l->tip, NULL, "strack: begun", err);
	if (!rc)
		rc = ledger_refresh(l, &moved, err);
	lock_release(&lock, false);
	return rc;
}
