/*
 * After a crash: what the journal still holds is committed when it is an
 * outcome, and thrown away when it is a claim or a decision that no ref holds
 * (its reason may be gone by now).
 */
#include "exchange.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "strack/file.h"
#include "strack/gc.h"
#include "strack/lock.h"
#include "strack/repo.h"
#include "strack/strvec.h"
#include "strack/text.h"

/* Nothing but journal files belongs there: what else there is was left by a
 * crash in the middle of writing one. */
static void sweep_journal(const struct ledger *l)
{
	char *dir = xstrfmt("%s/journal", l->opts.state_dir);
	struct strvec names = STRVEC_INIT;

	if (!dir_list(dir, &names, NULL)) {
		for (size_t i = 0; i < names.n; i++) {
			const char *name = names.v[i];
			char *path;

			if (strlen(name) == ENTRY_ID_HEX &&
				hex_is(name, ENTRY_ID_HEX))
				continue;
			path = path_join(dir, name);
			unlink(path);
			free(path);
		}
	}
	strvec_release(&names);
	free(dir);
}

static enum err signer_for(struct ledger *l, const struct entry *e,
	struct signer **ret, struct error *err)
{
	const char *want = entry_get(e, KEY_SIGNER);
	char *own = xstrfmt("%s/id_ed25519", l->opts.state_dir);
	char *former = xstrfmt("%s.old", own); /* clonekey.h */
	const char *specs[] = { getenv("STRACK_SIGNING_KEY_FILE"),
		repo_config(l->opts.repo, "strack.signingkey"), own, former,
		repo_config(l->opts.repo, "user.signingkey") };
	enum err rc = ERR_NOTFOUND;

	for (size_t i = 0; rc && i < ARRAY_SIZE(specs); i++) {
		struct signer *s = NULL;

		if (str_empty(specs[i]) ||
			signer_open(specs[i], l->opts.sign_program,
				l->opts.state_dir, &s, NULL))
			continue;
		if (!strcmp(signer_key(s)->fingerprint, want)) {
			*ret = s;
			rc = ERR_OK;
		} else {
			signer_free(s);
		}
	}
	free(own);
	free(former);
	if (rc)
		rc = error_set(err, ERR_FATAL,
			"the key that signed it (%s) is not here", want);
	return rc;
}

static enum err recommit(struct ledger *l, const struct journal_item *it,
	const struct entry *e, struct error *err)
{
	struct signer *signer = NULL;
	enum err rc = signer_for(l, e, &signer, err);

	for (int i = 0; !rc && i < LEDGER_TRIES; i++) {
		bool moved;

		rc = ledger_commit_item(l, e, signer, it, SEND_NOT, err);
		if (rc != ERR_MOVED)
			break;
		ledger_pause(i);
		error_reset(err);
		rc = ledger_refresh(l, &moved, err);
	}
	signer_free(signer);
	return rc == ERR_MOVED ? ERR_FATAL : rc;
}

/* Has a person decided meanwhile what became of the run?  Then the outcome
 * would be a second one. */
static enum err is_decided(struct ledger *l, const struct journal_item *it,
	const struct entry *e, bool *ret, struct error *err)
{
	struct ledger_entryvec list = LEDGER_ENTRYVEC_INIT;
	char *dir =
		xstrndup(it->path, (size_t)(strrchr(it->path, '/') - it->path));
	enum err rc = ledger_list(l, dir, &list, err);

	*ret = false;
	for (size_t i = 0; !rc && i < list.n; i++) {
		struct ledger_entry *le = &list.v[i];

		if (!kind_info(le->name.kind)->closes ||
			le->name.kind == KIND_LOST)
			continue;
		rc = ledger_load(l, le, err);
		if (!rc && le->e && !le->problem && !le->disowned &&
			!strcmp(entry_get(le->e, KEY_CLAIM),
				entry_get(e, KEY_CLAIM)))
			*ret = true;
	}
	ledger_entryvec_release(&list);
	free(dir);
	return rc;
}

struct found {
	struct journal_item it;
	struct entry e;
	struct ledger *place; /* where it belongs */
	/* It is an outcome that neither the branch that was read last has, nor
	 * a person has made one of their own in its place. */
	bool owed;
	bool sent; /* or is nowhere, and never will be */
};

/* Only what the remote has, too, is safe where there is one. */
static enum err is_sent(struct ledger *l, const struct journal_item *it,
	bool *ret, struct error *err)
{
	*ret = true;
	if (l->owner || !l->opts.remote)
		return ERR_OK;
	return exchange_holds(l, it, ret, err);
}

static enum err look_at(
	struct ledger *l, const char *id, struct found *f, struct error *err)
{
	bool there = false, decided = false;
	enum err rc = journal_read(l->opts.state_dir, id, &f->it, err);

	if (!rc)
		rc = entry_parse(f->it.entry.ptr, f->it.entry.len, &f->e, err);
	if (rc) {
		error_hint(err,
			"look at it, then move it away:\n"
			"  mv %s/journal/%.64s /tmp/",
			l->opts.state_dir, id);
		return rc;
	}
	memcpy(f->e.id, id, sizeof(f->e.id));
	if (side_owns(l, &f->e) && l->side)
		l = l->side;
	f->place = l;
	rc = ledger_holds(l, &l->tree, &f->it, &there, err);
	if (!rc && !there && ledger_keeps(&f->e))
		rc = is_decided(l, &f->it, &f->e, &decided, err);
	f->owed = !there && !decided && ledger_keeps(&f->e);
	f->sent = true;
	/* what stands on a tip that is not sound may go with it */
	if (!rc && there && ledger_require_sound(l, NULL))
		f->sent = false;
	else if (!rc && there)
		rc = is_sent(l, &f->it, &f->sent, err);
	return rc;
}

/* It may have been killed when the remote had it: brought once more it would be
 * there by two commits.  While the remote does not answer, or what it has is
 * not taken, it stays in the journal (*know is false). */
static enum err ask_first(struct ledger *l, const char *id, struct found *f,
	bool *know, struct error *err)
{
	*know = !l->opts.offline &&
		!exchange_meet(l, EXCHANGE_ANEW, NULL, NULL);
	if (!*know)
		return ERR_OK;
	entry_release(&f->e);
	f->e = (struct entry)ENTRY_INIT;
	return look_at(l, id, f, err);
}

/* Brings it to the branch, or with `drop` lets go of it if it is there. */
static enum err recover_one(
	struct ledger *l, const char *id, bool drop, struct error *err)
{
	struct found f = { .it = JOURNAL_ITEM_INIT, .e = ENTRY_INIT };
	bool know = true;
	enum err rc = look_at(l, id, &f, err);

	if (!rc && !drop && f.owed && f.place == l && l->opts.remote)
		rc = ask_first(l, id, &f, &know, err);
	if (!rc && !drop && f.owed && know)
		rc = recommit(f.place, &f.it, &f.e, err);
	if (!rc && drop && !f.owed && f.sent)
		rc = journal_drop(l->opts.state_dir, id, err);
	if (rc) {
		error_prefix(err, "journal entry %.16s can't be committed", id);
		rc = ERR_FATAL;
	}
	entry_release(&f.e);
	journal_item_release(&f.it);
	return rc;
}

/* Only what is on a tip that no other may fall behind any more is safe there:
 * somebody may put the branch back in the meantime. */
static enum err let_go(
	struct ledger *l, const struct strvec *ids, struct error *err)
{
	bool moved;
	enum err rc = ids->n ? ledger_refresh(l, &moved, err) : ERR_OK;

	if (rc || !ids->n || ledger_require_sound(l, NULL))
		return rc;
	ledger_remember(l);
	if (l->side && !ledger_require_sound(l->side, NULL))
		ledger_remember(l->side);
	for (size_t i = 0; !rc && i < ids->n; i++)
		rc = recover_one(l, ids->v[i], true, err);
	return rc;
}

enum err ledger_recover(struct ledger *l, struct error *err)
{
	struct strvec ids = STRVEC_INIT;
	struct gc_hold gc = GC_HOLD_INIT;
	struct lock lock = LOCK_INIT;
	char *dir = xstrfmt("%s/journal", l->opts.state_dir);
	struct strvec names = STRVEC_INIT;
	bool moved;
	enum err rc;

	ledger_sweep_refs(l->opts.repo, l->opts.state_dir);
	/* The lock costs nothing to speak of, but an empty journal is the
	 * rule, and needs none. */
	rc = dir_list(dir, &names, err);
	if (rc == ERR_NOTFOUND) {
		error_reset(err);
		rc = ERR_OK;
	}
	if (rc || (names.n == 0 && !gc_is_left(l->opts.repo)))
		goto out;
	rc = ledger_lock(l, &lock, err);
	if (!rc)
		rc = gc_keep_away(l->opts.repo, &gc, err);
	if (!rc)
		rc = journal_list(l->opts.state_dir, &ids, err);
	if (!rc)
		sweep_journal(l);
	for (size_t i = 0; !rc && i < ids.n; i++) {
		rc = ledger_refresh(l, &moved, err);
		if (!rc)
			rc = ledger_refuse_checked_out(l, err);
		if (!rc)
			rc = recover_one(l, ids.v[i], false, err);
	}
	if (!rc)
		rc = let_go(l, &ids, err);
out:
	gc_release(&gc);
	lock_release(&lock, false);
	strvec_release(&ids);
	strvec_release(&names);
	free(dir);
	return rc;
}
