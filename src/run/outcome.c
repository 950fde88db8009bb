/*
 * The entry that closes a run, from what its warden saw.
 */
#include "warden.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "strack/clock.h"
#include "strack/file.h"
#include "strack/process.h"

/* Why it did not go well. */
static void add_why(
	const struct warden *w, const char *refused, struct buf *reason)
{
	if (refused) {
		buf_adds(reason, refused);
	} else if (w->verdict) {
		buf_adds(reason, w->verdict);
	} else if (w->timed_out) {
		buf_adds(reason, "timed out after ");
		duration_format(reason, w->limit * 1000);
	} else if (w->cancelled) {
		buf_adds(reason, "cancelled");
	} else if (!w->reaped) {
		buf_adds(reason, "lost sight of it");
	} else if (WIFSIGNALED(w->status)) {
		buf_addf(reason, "killed by %s",
			process_signal_name(WTERMSIG(w->status)));
	} else {
		buf_addf(reason, "exit %d", WEXITSTATUS(w->status));
	}
	if (w->sql_said)
		buf_addf(reason, ": %s", w->sql_said);
	if (!refused && !w->reaped)
		buf_adds(reason, "; it could not be ended");
	if (w->j->req->undo)
		buf_insert(reason, 0, "rollback: ", strlen("rollback: "));
}

static bool went_well(const struct warden *w, const char *refused)
{
	return !refused && !w->verdict && !w->timed_out && !w->cancelled &&
	       w->reaped && WIFEXITED(w->status) && !WEXITSTATUS(w->status);
}

/* done, skip, fail, or lost where a database can't be asked; and why. */
static enum kind judge(
	const struct warden *w, const char *refused, struct buf *reason)
{
	if (went_well(w, refused)) {
		if (!w->said.skip)
			return KIND_DONE;
		buf_adds(reason, w->said.skip_reason);
		return KIND_SKIP;
	}
	add_why(w, refused, reason);
	if (w->committed) {
		buf_adds(reason, "; but it was committed: strack_runs has it");
		return KIND_DONE;
	}
	if (w->half && !strstr(reason->ptr, "is committed"))
		buf_adds(reason, "; the script ended the transaction that it "
				 "is: what it did before that is committed");
	if (w->unsure) {
		buf_adds(reason, "; and the database could not be asked "
				 "whether it was committed");
		return KIND_LOST;
	}
	return KIND_FAIL;
}

/* Whoever cancelled it gave a reason that may hold anything. */
static void set_cancelled(const struct warden *w, struct entry *e)
{
	struct buf text = BUF_INIT;

	if (!w->cancelled)
		return;
	buf_adds(&text, w->cancelled);
	capture_mask_text(w->j->cap, &text);
	entry_set(e, KEY_CANCELLED, text.ptr);
	buf_release(&text);
}

/* How it ended, in numbers. */
static void set_end(const struct warden *w, struct entry *e)
{
	if (w->reaped && WIFEXITED(w->status))
		entry_setf(e, KEY_EXIT, "%d", WEXITSTATUS(w->status));
	if (w->reaped && WIFSIGNALED(w->status))
		entry_setf(e, KEY_SIGNAL, "%d", WTERMSIG(w->status));
	if (w->timed_out)
		entry_setf(e, KEY_TIMED_OUT, "%" PRId64, w->limit);
	set_cancelled(w, e);
}

static void set_status(const struct warden *w, struct entry *e)
{
	struct buf t = BUF_INIT;
	int64_t left = w->started ? ending_left() : 0;

	/* Of what was committed, how its client ended is told in words. */
	if (!w->committed)
		set_end(w, e);
	if (left > 0)
		entry_setf(e, KEY_LEFT, "%" PRId64, left);
	duration_seconds(&t, w->end - w->start);
	entry_set(e, KEY_DURATION, t.ptr);
	buf_release(&t);
}

static void set_changed(const struct warden *w, struct entry *e)
{
	char now[SHA256_HEX + 1];

	if (!w->started || !w->j->file)
		return;
	if (job_hash_file(w->j, w->j->file, now, NULL) ||
		strcmp(now, w->j->raw) != 0)
		entry_set(e, KEY_CHANGED, "yes");
}

/* A rollback has kinds of its own. */
static enum kind kind_of(const struct warden *w, enum kind judged)
{
	if (!w->j->req->undo || judged == KIND_LOST)
		return judged;
	return judged == KIND_FAIL ? KIND_ROLLBACK_FAIL : KIND_ROLLBACK;
}

/* Which bytes judged it. */
static void set_verified(const struct warden *w, struct entry *e)
{
	char hex[OID_HEX + 1];

	if (!w->verified)
		return;
	oid_hex(&w->j->verify_blob, hex);
	entry_add_item(e, KEY_COMPANION, w->j->req->verify->path);
	entry_add_item(e, KEY_COMPANION, hex);
}

static void copy_keys(const struct entry *claim, struct entry *e)
{
	static const enum key keys[] = { KEY_SCRIPT, KEY_ENVIRONMENT, KEY_RUN,
		KEY_ATTEMPT, KEY_BLOB, KEY_COMMIT, KEY_RAW_SHA256, KEY_DIRTY };

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		entry_set(e, keys[i], entry_get(claim, keys[i]));
	entry_set(e, KEY_CLAIM, claim->id);
}

static enum err set_output(const struct warden *w, struct entry *e,
	struct buf *kept, struct error *err)
{
	char hex[SHA256_HEX + 1], oid[OID_HEX + 1];
	struct oid blob;
	enum err rc;

	capture_digest(w->j->cap, hex);
	entry_setf(e, KEY_OUTPUT_BYTES, "%" PRId64, capture_bytes(w->j->cap));
	entry_set(e, KEY_OUTPUT_SHA256, hex);
	if (!w->j->s->settings.log_share)
		return ERR_OK;
	capture_kept(w->j->cap, kept);
	if (!kept->len)
		return ERR_OK;
	/* Written with the entry, so that a full disk can't keep the outcome
	 * from the journal. */
	rc = object_hash(OBJECT_BLOB, kept->ptr, kept->len, &blob, err);
	if (rc)
		return rc;
	oid_hex(&blob, oid);
	entry_set(e, KEY_LOG, oid);
	return ERR_OK;
}

/* The script may have taken the state folder away.  When it can't be mended,
 * writing the entry tells. */
static void mend_state(const struct warden *w)
{
	char *journal = path_join(w->j->s->state_dir, "journal");

	if (access(journal, W_OK))
		session_prepare_state(w->j->s, NULL);
	free(journal);
}

enum err outcome_record(
	struct warden *w, const char *refused, struct error *err)
{
	struct entry e = ENTRY_INIT;
	struct ledger_write write = { .e = &e, .signer = w->j->signer };
	struct buf reason = BUF_INIT, kept = BUF_INIT;
	enum err rc;

	if (!w->reaped)
		w->end = clock_mono_ms();
	copy_keys(&w->j->claim, &e);
	entry_set_kind(&e, kind_of(w, judge(w, refused, &reason)));
	capture_mask_text(w->j->cap, &reason);
	entry_set(&e, KEY_REASON, reason.ptr);
	set_status(w, &e);
	set_changed(w, &e);
	set_verified(w, &e);
	said_checkpoints(&w->said, &e);
	session_stamp(w->j->s, &e);
	rundir_give_back(&w->j->dir);
	mend_state(w);
	rc = set_output(w, &e, &kept, err);
	if (!rc && kept.len)
		write.log = &kept;
	if (!rc)
		rc = ledger_append(w->j->s->ledger, &write, err);
	entry_release(&e);
	buf_release(&reason);
	buf_release(&kept);
	return rc;
}
