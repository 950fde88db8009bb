/*
 * Writing to the ledger: journal, objects, commit, compare-and-swap,
 * read-back, in this order, so that a crash at any instant leaves either
 * nothing, or an entry that the next command finds in the journal.
 *
 * Writers of this clone take turns under one lock; the compare-and-swap is
 * for everybody else.
 */
#include "exchange.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "strack/clock.h"
#include "strack/digest.h"
#include "strack/gc.h"
#include "strack/lock.h"
#include "strack/refs.h"
#include "strack/repo.h"
#include "strack/settings.h"

#define LOCK_WAIT_MS 60000
#define LOCK_WAIT_QUESTIONS 10 /* of a holder that asks a remote */

enum err ledger_lock(
	const struct ledger *l, struct lock *lock, struct error *err)
{
	char *path = xstrfmt("%s/locks/ledger", l->opts.state_dir);
	int wait = LOCK_WAIT_MS;
	unsigned file, dir;
	enum err rc;

	repo_state_modes(l->opts.repo, &file, &dir);
	if (l->opts.remote)
		wait += LOCK_WAIT_QUESTIONS * l->opts.network_ms;
	rc = lock_take(lock, path, file, wait, NULL, err);
	if (rc == ERR_HELD)
		rc = error_set(err, ERR_FATAL,
			"another process has been writing to the ledger for "
			"%d s (it holds %s)",
			wait / 1000, path);
	free(path);
	return rc;
}

/* A branch that is checked out somewhere would no longer match its work
 * tree. */
enum err ledger_refuse_checked_out(struct ledger *l, struct error *err)
{
	struct buf where = BUF_INIT;
	enum err rc = ERR_NOTFOUND;

	if (!l->owner)
		rc = ref_checked_out(l->opts.repo, LEDGER_REF, &where, err);
	error_reset(err);
	if (rc == ERR_OK) {
		error_hint(err,
			"switch that work tree to another branch:\n"
			"  git -C %s switch -",
			where.ptr);
		rc = error_set(err, ERR_FATAL,
			"the branch '%s' is checked out in %s, so it can't be "
			"written to",
			LEDGER_BRANCH, where.ptr);
	} else {
		rc = rc == ERR_NOTFOUND ? ERR_OK : rc;
	}
	buf_release(&where);
	return rc;
}

enum err ledger_may_sign(struct ledger *l, const struct signer *signer,
	unsigned role, const char *env, struct error *err)
{
	const struct pubkey *key = signer_key(signer);
	const struct trust *trust;
	struct buf roles = BUF_INIT;
	const char *why;
	enum err rc;

	rc = ledger_trust(l, &trust, err);
	if (rc)
		return rc;
	why = trust_refuses_now(trust, key->fingerprint, role, env);
	if (!why)
		return ERR_OK;
	roles_format(role, &roles);
	error_hint(err,
		"whoever holds a root key of this ledger can admit it:\n"
		"  git strack trust add '%s' --principal <name> --roles %s",
		key->line, roles.ptr);
	rc = error_set(err, ERR_HELD, "this can't be signed here: key %s %s",
		key->fingerprint, why);
	buf_release(&roles);
	return rc;
}

static enum err refuse_signer(
	struct ledger *l, const struct ledger_write *w, struct error *err)
{
	return ledger_may_sign(l, w->signer,
		w->role ? w->role : kind_info(w->e->kind)->role,
		entry_get(w->e, KEY_ENVIRONMENT), err);
}

/* Fills in what depends on the tip, signs, and names it. */
static enum err sign_entry(struct ledger *l, const struct ledger_write *w,
	struct journal_item *it, struct error *err)
{
	struct entry *e = w->e;
	struct buf path = BUF_INIT;
	char hex[OID_HEX + 1];
	enum err rc;

	oid_hex(&l->tip, hex);
	entry_set(e, KEY_LEDGER, l->id);
	entry_setf(e, KEY_SEQ, "%lld", (long long)l->max_seq + 1);
	entry_set(e, KEY_PREV, hex);
	entry_set(e, KEY_SIGNER, signer_key(w->signer)->fingerprint);
	buf_reset(&it->entry);
	entry_format(e, &it->entry);
	rc = signer_sign(w->signer, SIGN_NS_ENTRY, it->entry.ptr, it->entry.len,
		&it->entry, err);
	if (!rc && it->entry.len > ENTRY_MAX)
		rc = error_set(err, ERR_FATAL,
			"the entry would be longer than 64 KiB");
	if (rc)
		return rc;
	sha256_hex(it->entry.ptr, it->entry.len, e->id);
	entry_path(e, &path);
	free(it->path);
	it->path = buf_detach(&path);
	/* What we would not accept from others we do not write. */
	{
		struct entry check = ENTRY_INIT;

		rc = entry_parse(it->entry.ptr, it->entry.len, &check, err);
		if (!rc)
			rc = entry_path_check(e, it->path, err);
		if (rc) {
			error_prefix(err, "refusing to write a bad entry");
			rc = ERR_FATAL;
		}
		entry_release(&check);
	}
	return rc;
}

void ledger_pause(int attempt)
{
	unsigned char r = 0;
	struct timespec ts = { 0, 0 };

	random_bytes(&r, 1, NULL);
	ts.tv_nsec = (1 + attempt) * 1000000L + r * 20000L;
	nanosleep(&ts, NULL);
}

/* What a run left behind; that somebody decided it is no outcome of ours. */
bool ledger_keeps(const struct entry *e)
{
	return kind_info(e->kind)->replay && !entry_get(e, KEY_RESOLVED);
}

static enum err put_in_journal(struct ledger *l, struct ledger_write *w,
	struct journal_item *it, bool *journaled, struct error *err)
{
	char old[ENTRY_ID_HEX + 1];
	enum err rc;

	memcpy(old, w->e->id, sizeof(old));
	rc = sign_entry(l, w, it, err);
	if (!rc)
		rc = journal_write(l->opts.state_dir, w->e->id, it, err);
	if (rc)
		return rc;
	if (*journaled && strcmp(old, w->e->id) != 0)
		journal_drop(l->opts.state_dir, old, NULL);
	*journaled = true;
	return ERR_OK;
}

/* An outcome keeps its text over all attempts; everything else is decided
 * and signed anew on each tip. */
static enum err prepare(struct ledger *l, struct ledger_write *w,
	struct journal_item *it, bool *journaled, struct error *err)
{
	bool keeps = ledger_keeps(w->e);
	enum err rc = ERR_OK;

	if (w->decide && !(keeps && *journaled))
		rc = w->decide(l, w->arg, err);
	/* What happened is written down even by a key that was revoked
	 * meanwhile: it shows as untrusted, and a root decides. */
	if (!rc && !keeps)
		rc = refuse_signer(l, w, err);
	if (!rc && !(keeps && *journaled))
		rc = put_in_journal(l, w, it, journaled, err);
	return rc;
}

/* An outcome that can't even be tried (the branch is gone, rewound, checked
 * out, locked) is kept, on the tip that was seen last. */
static void keep_outcome(struct ledger *l, struct ledger_write *w,
	struct journal_item *it, bool *journaled)
{
	struct error ignored = ERROR_INIT; /* the first error is told */

	if (ledger_keeps(w->e) && !*journaled && l->loaded)
		put_in_journal(l, w, it, journaled, &ignored);
	error_release(&ignored);
}

/* What is known of the tip that was read last, while it was sound. */
struct footing {
	bool sound;
	struct oid tip;
	int64_t max_seq;
};

static struct footing footing_of(const struct ledger *l)
{
	struct footing f = { .sound = l->loaded &&
				      !ledger_require_sound(l, NULL),
		.tip = l->tip,
		.max_seq = l->max_seq };

	return f;
}

/* On a tip that is not sound an outcome is written all the same; but that tip
 * may have to go, so it names the one before. */
static enum err put_on_footing(struct ledger *l, struct ledger_write *w,
	struct journal_item *it, bool *journaled, const struct footing *f,
	struct error *err)
{
	struct footing now = footing_of(l);
	enum err rc;

	if (now.sound || !f->sound || *journaled || w->decide ||
		!ledger_keeps(w->e))
		return ERR_OK;
	l->tip = f->tip;
	l->max_seq = f->max_seq;
	rc = put_in_journal(l, w, it, journaled, err);
	l->tip = now.tip;
	l->max_seq = now.max_seq;
	return rc;
}

/* ---- with a remote ---- */

static bool is_shared(const struct ledger *l, const struct entry *e)
{
	const char *env = entry_get(e, KEY_ENVIRONMENT);

	return !l->owner && l->opts.remote &&
	       (!env || strcmp(env, ENV_LOCAL) != 0);
}

/* Who claims must know that nobody else has; and that a run is lost is said
 * only by who knows that nobody said otherwise.  Everything else may be sent
 * later. */
static bool must_be_sent(const struct ledger *l, const struct entry *e)
{
	if (!is_shared(l, e))
		return false;
	return e->kind == KIND_LOST ||
	       (!l->opts.offline &&
		       (e->kind == KIND_CLAIM || e->kind == KIND_UNDO));
}

static enum err not_claimed(const struct entry *e, struct error *err)
{
	const char *env = entry_get(e, KEY_ENVIRONMENT);

	error_hint(err,
		"what runs in %s is claimed there first, so that nobody else "
		"runs it: try again when it answers, or go without that "
		"certainty:\n  git strack %s --env %s --offline",
		env, e->kind == KIND_UNDO ? "rollback <script>" : "run", env);
	return ERR_HELD;
}

/* Branch and remote at one tip; *send: the entry is to go there, too. */
static enum err meet_first(struct ledger *l, const struct ledger_write *w,
	bool anew, bool *send, struct error *err)
{
	bool must = must_be_sent(l, w->e);
	enum exchange_how how = EXCHANGE_KNOWN;
	enum err rc;

	*send = false;
	if (must && l->opts.offline)
		return error_set(err, ERR_HELD, "the remote is not asked");
	if (!is_shared(l, w->e) || (l->down && !must))
		return ERR_OK;
	if (anew)
		how = w->e->kind == KIND_DISOWN ? EXCHANGE_ANY : EXCHANGE_ANEW;
	rc = exchange_meet(l, how, NULL, err);
	*send = !rc;
	if (rc == ERR_HELD && must)
		return not_claimed(w->e, err);
	/* What happened is recorded here in any case. */
	if (rc == ERR_HELD || (rc && ledger_keeps(w->e))) {
		l->down = true;
		error_reset(err);
		rc = ERR_OK;
	}
	return rc;
}

static enum err commit(struct ledger *l, struct ledger_write *w,
	const struct journal_item *it, bool send, struct error *err)
{
	bool must = must_be_sent(l, w->e);
	enum err rc = ledger_commit_item(l, w->e, w->signer, it,
		!send  ? SEND_NOT
		: must ? SEND_MUST
		       : SEND_TRY,
		err);

	w->unsure = rc && l->unsure;
	return rc == ERR_HELD ? not_claimed(w->e, err) : rc;
}

static enum err append_once(struct ledger *l, struct ledger_write *w,
	struct journal_item *it, bool *journaled, const struct footing *before,
	bool anew, struct error *err)
{
	bool moved, send = false;
	enum err rc = ledger_refresh(l, &moved, err);

	if (!rc)
		rc = ledger_refuse_checked_out(l, err);
	if (!rc)
		rc = meet_first(l, w, anew, &send, err);
	/* It was when we began; and only trust can mend it. */
	if (!rc && !ledger_keeps(w->e) &&
		kind_info(w->e->kind)->folder != FOLDER_TRUST)
		rc = ledger_require_sound(l, err);
	if (!rc)
		rc = put_on_footing(l, w, it, journaled, before, err);
	if (!rc)
		rc = prepare(l, w, it, journaled, err);
	return rc ? rc : commit(l, w, it, send, err);
}

static enum err append_locked(struct ledger *l, struct ledger_write *w,
	struct journal_item *it, bool *journaled, struct error *err)
{
	struct footing before = footing_of(l);
	bool shared = is_shared(l, w->e);
	int tries = shared ? EXCHANGE_TRIES : LEDGER_TRIES;
	enum err rc = ERR_MOVED;

	for (int i = 0; i < tries && rc == ERR_MOVED; i++) {
		if (i && shared && !l->down)
			exchange_pause(i);
		else if (i)
			ledger_pause(i);
		error_reset(err);
		rc = append_once(l, w, it, journaled, &before, i > 0, err);
	}
	if (rc == ERR_MOVED)
		rc = error_set(err, ERR_FATAL,
			"the branch '%s' moved %d times while this was "
			"written: another program keeps moving it",
			ledger_name(l), tries);
	return rc;
}

/* It is recorded, whatever reading it back into rows says; but somebody may
 * have taken the branch away by now.  It is safe when the tip that has it is
 * the one that no other may fall behind: before that an outcome stays in the
 * journal, and nothing is run on a claim. */
static enum err look_back(struct ledger *l, const struct entry *e,
	const struct journal_item *it, bool *safe, struct error *err)
{
	struct error later = ERROR_INIT;
	bool moved, there = false;
	enum err rc = ledger_refresh(l, &moved, &later);

	if (!rc)
		rc = ledger_holds(l, &l->tree, it, &there, &later);
	if (!rc && !there)
		rc = error_set(&later, ERR_FATAL,
			"somebody put the branch '%s' back while this was "
			"written (%s)",
			ledger_name(l), it->path);

	/* On a tip that is not sound it may go with that tip. */
	*safe = !rc && ledger_require_sound(l, NULL) == ERR_OK;
	if (*safe)
		ledger_remember(l);
	else if (rc)
		l->loaded = false;
	rc = rc && kind_info(e->kind)->opens ? ERR_FATAL : ERR_OK;
	if (rc && err) {
		error_release(err);
		*err = later;
		later = (struct error)ERROR_INIT; /* transferred */
	}
	error_release(&later);
	return rc;
}

/* Safe is what was sent, too, where it is shared. */
static bool is_sent(struct ledger *l, const struct ledger_write *w,
	const struct journal_item *it)
{
	bool there = false;

	if (!is_shared(l, w->e))
		return true;
	return !exchange_holds(l, it, &there, NULL) && there;
}

static enum err append(
	struct ledger *l, struct ledger_write *w, struct error *err)
{
	struct journal_item it = JOURNAL_ITEM_INIT;
	struct lock lock = LOCK_INIT;
	struct gc_hold gc = GC_HOLD_INIT;
	bool journaled = false, safe = false;
	enum err rc;

	if (w->script) {
		it.has_script = true;
		it.script = *w->script;
	}
	if (w->log) {
		it.has_log = true;
		buf_addbuf(&it.log, w->log);
	}
	rc = ledger_lock(l, &lock, err);
	if (!rc) /* there is more to come, and scripts may do anything */
		rc = file_map_keep(&l->cache, err);
	if (!rc)
		rc = gc_keep_away(l->opts.repo, &gc, err);
	if (!rc)
		rc = append_locked(l, w, &it, &journaled, err);
	gc_release(&gc);
	if (rc)
		keep_outcome(l, w, &it, &journaled);
	if (!rc)
		rc = look_back(l, w->e, &it, &safe, err);
	if ((safe && is_sent(l, w, &it)) || (rc && !ledger_keeps(w->e))) {
		if (journaled)
			journal_drop(l->opts.state_dir, w->e->id, NULL);
	} else if (rc && journaled) {
		error_hint(err,
			"what happened is kept in this clone's journal; "
			"the next `git strack run` or\n  git strack cleanup\n"
			"records it");
	}
	if (rc == ERR_FATAL && err && !err->hint.len)
		error_hint(err, "is the disk full, or read-only for you?");
	if (!rc && w->path)
		buf_set(w->path, it.path);
	lock_release(&lock, false);
	journal_item_release(&it);
	return rc;
}

enum err ledger_append(
	struct ledger *l, struct ledger_write *w, struct error *err)
{
	enum err rc = ERR_OK;

	w->unsure = l->unsure = false;
	l->down = l->down || l->opts.offline;
	if (l->opts.offline && is_shared(l, w->e) &&
		(w->e->kind == KIND_CLAIM || w->e->kind == KIND_UNDO))
		entry_set(w->e, KEY_UNCLAIMED, "yes");
	if (!side_owns(l, w->e))
		return append(l, w, err);
	rc = side_prepare(l, err);
	return rc ? rc : append(l->side, w, err);
}
