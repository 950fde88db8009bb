/*
 * Runs that nobody recorded: their warden was killed, or the machine went
 * down.  Only where a run was can that be told (its folder is here, its lock
 * is free, nothing of it lives); elsewhere it stays running.
 */
#include "strack/run.h"

#include <stdlib.h>
#include <string.h>

#include "strack/adhoc.h"
#include "strack/process.h"
#include "strack/rundir.h"
#include "job.h"
#include "events.h"
#include "said.h"

void lost_report_release(struct lost_report *r)
{
	strvec_release(&r->lost);
	strvec_release(&r->settled);
	strvec_release(&r->alive);
	strvec_release(&r->tidied);
	strvec_release(&r->commands);
}

/* What it said before it was lost is in its folder: checkpoints, and what is
 * to be masked; and so is who ended what was left of it. */
static void add_said(const struct session *s, const char *run, struct entry *e)
{
	char *path = rundir_path(s->state_dir, run, "events");
	struct said said = SAID_INIT;
	struct buf text = BUF_INIT;
	struct events ev;
	bool more = false;

	said.cap = capture_new(-1, 0);
	environ_mask(&s->settings, said.cap);
	if (events_open(&ev, path, NULL) == ERR_OK) {
		/* What can't be read is not there: it was a crash. */
		if (!events_read(&ev, 0, said_event, &said, &more, NULL))
			events_end(&ev, said_event, &said);
		events_close(&ev);
		said_checkpoints(&said, e);
	}
	if (!rundir_get(s->state_dir, run, RUNDIR_CANCELLED, &text, NULL)) {
		capture_mask_text(said.cap, &text);
		entry_set(e, KEY_CANCELLED, text.ptr);
	}
	capture_free(said.cap);
	said_release(&said);
	buf_release(&text);
	free(path);
}

static void fill(
	const struct session *s, const struct state_row *r, struct entry *e)
{
	entry_set_kind(e, KIND_LOST);
	entry_set(e, KEY_SCRIPT, r->script);
	entry_set(e, KEY_ENVIRONMENT, r->env);
	entry_set(e, KEY_RUN, r->run);
	if (r->script)
		entry_setf(e, KEY_ATTEMPT, "%lld", (long long)r->attempt);
	entry_set(e, KEY_CLAIM, r->claim);
	entry_set(e, KEY_BLOB, r->blob);
	entry_set(e, KEY_REASON, "nothing is left of the run, and no outcome");
	add_said(s, r->run, e);
	session_stamp(s, e);
}

struct decision {
	const struct state_row *row; /* a copy of ours */
	bool still;
};

static enum err decide_command(
	struct ledger *l, struct decision *d, struct error *err)
{
	struct ledger_entryvec list = LEDGER_ENTRYVEC_INIT;
	struct ledger_entry *outcome;
	enum err rc = adhoc_outcome(l, d->row->claim, &list, &outcome, err);

	d->still = rc == ERR_NOTFOUND;
	if (d->still)
		error_reset(err);
	ledger_entryvec_release(&list);
	return d->still ? ERR_OK : rc ? rc : ERR_EXISTS;
}

/* Somebody may have recorded or resolved it meanwhile. */
static enum err decide(struct ledger *l, void *arg, struct error *err)
{
	struct decision *d = arg;
	const struct state_row *now;

	if (!d->row->script)
		return decide_command(l, d, err);
	now = ledger_row(l, d->row->script, d->row->env);
	d->still = now && now->open && now->claim &&
		   !strcmp(now->claim, d->row->claim);
	return d->still ? ERR_OK : ERR_EXISTS;
}

/* Under the script's lock: a runner that is just about to fork, or another
 * cleanup, has it. */
static enum err record_locked(
	struct session *s, const struct state_row *r, struct error *err)
{
	struct decision d = { .row = r };
	struct entry e = ENTRY_INIT;
	struct ledger_write w = { .e = &e, .decide = decide, .arg = &d };
	enum run_life life;
	bool moved;
	enum err rc;

	rc = session_clone_signer(s, &w.signer, err);
	/* The warden may have recorded it while we took the lock. */
	if (!rc)
		rc = session_run_life(s, r->run, &life, err);
	if (!rc && life != RUN_GONE)
		goto out;
	/* Or it came as far as the journal: asked only now that it is gone. */
	if (!rc)
		rc = ledger_recover(s->ledger, err);
	if (!rc)
		rc = ledger_refresh(s->ledger, &moved, err);
	if (rc)
		goto out;
	fill(s, r, &e);
	settle_ask(s, r, &e);
	rc = ledger_append(s->ledger, &w, err);
	if (rc == ERR_EXISTS && !d.still) {
		error_reset(err);
		rc = ERR_OK;
	}
	if (!rc)
		rc = rundir_remove(s->state_dir, r->run, err);
	/* Others may have decided about it; it stays as it is until the remote
	 * answers. */
	if (rc == ERR_HELD && ledger_is_down(s->ledger)) {
		error_reset(err);
		rc = ERR_OK;
	}
out:
	entry_release(&e);
	return rc;
}

static enum err record(
	struct session *s, const struct state_row *r, struct error *err)
{
	char *path;
	struct lock lock = LOCK_INIT;
	enum err rc;

	if (!r->script) /* it never held more than its folder */
		return record_locked(s, r, err);
	path = job_lock_path(s, r->env, r->script);
	rc = lock_take(&lock, path, job_file_mode(s), 0, NULL, err);
	if (rc == ERR_HELD) { /* then it is somebody else's affair */
		error_reset(err);
		rc = ERR_OK;
	} else if (!rc) {
		rc = record_locked(s, r, err);
		if (rc)
			error_prefix(err, "%s", r->script);
	}
	lock_release(&lock, true);
	free(path);
	return rc;
}

/* Rows go with the next refresh: what is of interest is copied. */
static void open_rows(const struct session *s, struct rowvec *ret)
{
	const struct rowvec *rows = ledger_rows(s->ledger);

	for (size_t i = 0; i < rows->n; i++) {
		const struct state_row *r = &rows->v[i];

		if (!r->open || !r->run || !r->claim || !r->script)
			continue;
		if (!strcmp(r->env, ENV_LOCAL) &&
			(!s->clone || strcmp(r->clone, s->clone) != 0))
			continue;
		state_row_copy(rowvec_add(ret), r);
	}
}

static bool is_open(const struct rowvec *rows, const char *run)
{
	for (size_t i = 0; i < rows->n; i++)
		if (!strcmp(rows->v[i].run, run))
			return true;
	return false;
}

/* Commands make no rows: those whose folder is here get one for us, without a
 * script.  The ledger is only asked where a folder is no script's. */
static enum err open_commands(
	struct session *s, struct rowvec *ret, struct error *err)
{
	struct adhocs all = ADHOCS_INIT;
	struct strvec runs = STRVEC_INIT;
	bool loaded = false;
	enum err rc = rundir_list(s->state_dir, &runs, err);

	for (size_t i = 0; !rc && i < runs.n; i++) {
		const struct adhoc *a;
		struct state_row *r;

		if (is_open(ret, runs.v[i]))
			continue;
		if (!loaded)
			rc = adhocs_load(s->ledger, &all, err);
		loaded = true;
		a = rc ? NULL : adhocs_find(&all, runs.v[i]);
		if (!a || a->outcome)
			continue;
		r = rowvec_add(ret);
		r->env = xstrdup(entry_get(a->exec->e, KEY_ENVIRONMENT));
		r->run = xstrdup(runs.v[i]);
		r->claim = xstrdup(a->exec->e->id);
	}
	adhocs_release(&all);
	strvec_release(&runs);
	return rc;
}

static enum err all_open(
	struct session *s, struct rowvec *ret, struct error *err)
{
	open_rows(s, ret);
	return open_commands(s, ret, err);
}

static enum err gone_runs(
	const struct session *s, struct strvec *ret, struct error *err)
{
	struct strvec runs = STRVEC_INIT;
	enum run_life life;
	enum err rc = rundir_list(s->state_dir, &runs, err);

	for (size_t i = 0; !rc && i < runs.n; i++) {
		rc = session_run_life(s, runs.v[i], &life, err);
		if (!rc && life == RUN_GONE)
			strvec_push(ret, runs.v[i]);
	}
	strvec_release(&runs);
	return rc;
}

/* Its claim may have come to the remote and not to us, as when it was killed in
 * between; only an exchange tells. */
static bool is_unsure(const struct session *s, const char *run)
{
	struct rundir_owner owner = RUNDIR_OWNER_INIT;
	bool yes;

	if (ledger_met(s->ledger) ||
		rundir_read_owner(s->state_dir, run, &owner, NULL))
		return false;
	yes = strcmp(owner.env, ENV_LOCAL) != 0;
	rundir_owner_release(&owner);
	return yes;
}

/* Folders of runs that crashed before their claim, or after their outcome.
 * First what is gone, then the ledger: a claim comes before its run can go. */
static enum err tidy(
	struct session *s, bool dry, struct lost_report *ret, struct error *err)
{
	struct strvec gone = STRVEC_INIT;
	struct rowvec open = ROWVEC_INIT;
	bool moved;
	enum err rc = gone_runs(s, &gone, err);

	if (rc || !gone.n)
		goto out;
	rc = ledger_refresh(s->ledger, &moved, err);
	if (!rc)
		rc = all_open(s, &open, err);
	for (size_t i = 0; !rc && i < gone.n; i++) {
		if (is_open(&open, gone.v[i]) || is_unsure(s, gone.v[i]))
			continue;
		strvec_push(&ret->tidied, gone.v[i]);
		if (!dry)
			rc = rundir_tidy(s->state_dir, gone.v[i], err);
	}
out:
	rowvec_release(&open);
	strvec_release(&gone);
	return rc;
}

/* What became of the claim of `r` when it was recorded; STATE_LOST also when
 * that can't be told. */
static enum state state_now(struct session *s, const struct state_row *r)
{
	const struct state_row *now =
		r->script ? ledger_row(s->ledger, r->script, r->env) : NULL;

	return now && now->claim && !strcmp(now->claim, r->claim) && !now->open
		       ? now->state
		       : STATE_LOST;
}

static void report(struct session *s, const struct state_row *r,
	enum run_life life, struct lost_report *ret)
{
	enum state state = state_now(s, r);

	if (life == RUN_GONE && state != STATE_LOST)
		strvec_pushf(&ret->settled, "%s: %s (%s)", state_name(state),
			r->script, r->env);
	else
		strvec_pushf(life == RUN_ALIVE ? &ret->alive
			     : r->script       ? &ret->lost
					       : &ret->commands,
			"%s%s (%s)", r->script ? "" : "run ",
			r->script ? r->script : r->run, r->env);
}

enum err lost_record(
	struct session *s, bool dry, struct lost_report *ret, struct error *err)
{
	struct rowvec open = ROWVEC_INIT;
	enum run_life life;
	enum err rc = all_open(s, &open, err);

	for (size_t i = 0; !rc && i < open.n; i++) {
		const struct state_row *r = &open.v[i];

		rc = session_run_life(s, r->run, &life, err);
		if (rc || life == RUN_ELSEWHERE)
			continue;
		if (life == RUN_GONE && !dry)
			rc = record(s, r, err);
		if (!rc)
			report(s, r, life, ret);
	}
	if (!rc)
		rc = tidy(s, dry, ret, err);
	if (!rc)
		rc = litter_remove(s, dry, &ret->litter, err);
	rowvec_release(&open);
	return rc;
}

enum err lost_record_run(struct session *s, const char *run, struct error *err)
{
	struct rowvec open = ROWVEC_INIT;
	enum run_life life = RUN_ELSEWHERE;
	enum err rc = session_run_life(s, run, &life, err);

	if (!rc)
		rc = all_open(s, &open, err);
	for (size_t i = 0; !rc && life == RUN_GONE && i < open.n; i++)
		if (!strcmp(open.v[i].run, run))
			rc = record(s, &open.v[i], err);
	rowvec_release(&open);
	return rc;
}

enum err lost_alive(struct session *s, const char *run, struct error *err)
{
	char *entry = xstrfmt("STRACK_RUN=%s", run);
	struct pidvec left = PIDVEC_INIT;
	struct buf pids = BUF_INIT;
	enum err rc = process_with_env(entry, &left, err);

	(void)s;
	for (size_t i = 0; i < left.n; i++)
		buf_addf(&pids, " %ld", (long)left.v[i]);
	if (!rc) {
		error_hint(err,
			"end them and record that it is lost:\n"
			"  git strack cancel -m <why> %s",
			run);
		rc = error_set(err, ERR_NO,
			"the warden of run %s is gone, but processes that it "
			"started live on:%s",
			run, pids.ptr);
	}
	buf_release(&pids);
	pidvec_release(&left);
	free(entry);
	return rc;
}
