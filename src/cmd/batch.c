/*
 * Runs what the plan says, in order, and plans again whenever the ledger has
 * moved: what another runner settled meanwhile is not run twice.
 */
#include "batch.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "strack/clock.h"

#define REPLANS 50

void batch_release(struct batch *b)
{
	plan_release(&b->plan);
	view_release(&b->view);
	companions_release(&b->companions);
	strvec_release(&b->selected);
	strvec_release(&b->todo);
	strvec_release(&b->given);
	buf_release(&b->retry_why);
	detach_release(&b->detach);
}

const struct plan_item *batch_find(const struct batch *b, const char *path)
{
	for (size_t i = 0; i < b->plan.n; i++)
		if (!strcmp(b->plan.v[i].script->path, path))
			return &b->plan.v[i];
	return NULL;
}

/* What is settled is read only when it is to be run once more. */
static enum err read_wanted(struct batch *b, struct error *err)
{
	enum err rc = ERR_OK;

	for (size_t i = 0; !rc && i < b->view.scripts.n; i++) {
		struct script *sc = b->view.scripts.v[i];

		if (sc->loaded ||
			(b->selected.n && !strvec_has(&b->selected, sc->path)))
			continue;
		if (!b->o->again && !b->o->tag)
			continue;
		rc = script_read(b->s->repo, &b->s->settings, sc, err);
	}
	return rc;
}

enum err batch_plan(struct batch *b, struct error *err)
{
	const struct plan_wish wish = {
		.selected = b->selected.n ? &b->selected : NULL,
		.tag = b->o->tag,
		.retry = b->o->retry,
		.again = b->o->again ? b->o->message : NULL,
		.retrying = b->retrying,
		.retrying_why = b->retry_why.ptr,
	};
	struct plan_facts facts;
	enum err rc = view_see(&b->view, b->s->env, err);

	if (!rc)
		rc = read_wanted(b, err);
	if (rc)
		return rc;
	plan_release(&b->plan);
	b->item = NULL;
	view_facts(&b->view, b->s->env, &facts);
	plan_make(&facts, &wish, &b->plan);
	if (b->s->ledger)
		b->planned_at = ledger_mark(b->s->ledger);
	return ERR_OK;
}

static bool is_stale(const struct batch *b)
{
	struct oid now = ledger_mark(b->s->ledger);

	return oid_cmp(&b->planned_at, &now) != 0;
}

/* Whose own entries are as they were when it was planned, and who waits for
 * nobody, needs no new plan because others (or our own last run) moved the
 * ledger: planning anew for each of 10,000 would take longer than to run. */
static bool stands(struct batch *b, struct plan_item *it)
{
	const struct state_row *now =
		ledger_row(b->s->ledger, it->script->path, b->s->env);
	struct buf basis = BUF_INIT;
	bool same;

	plan_basis(now, &basis);
	same = !it->depends && !strcmp(basis.ptr, it->basis.ptr);
	if (same)
		it->row = now; /* the one before is gone with the refresh */
	buf_release(&basis);
	return same;
}

/* The item of a path, planned anew where that is needed; NULL: it is gone. */
static enum err current(struct batch *b, const char *path,
	const struct plan_item **ret, struct error *err)
{
	const struct plan_item *it = batch_find(b, path);
	enum err rc = ERR_OK;

	if (is_stale(b) && !(it && stands(b, (struct plan_item *)it))) {
		rc = batch_plan(b, err);
		it = batch_find(b, path);
	}
	*ret = it;
	return rc;
}

void batch_collect(struct batch *b)
{
	strvec_clear(&b->todo);
	b->to_run = 0;
	for (size_t i = 0; i < b->plan.n; i++) {
		const struct plan_item *it = &b->plan.v[i];

		if (it->decision == PLAN_SETTLED ||
			it->decision == PLAN_FILTERED ||
			it->decision == PLAN_NOT_HERE)
			continue;
		strvec_push(&b->todo, it->script->path);
		b->to_run += it->decision == PLAN_RUN;
	}
}

/* ---- one script ---- */

struct turn {
	struct batch *b;
	const char *path;
	int64_t attempt;
	bool started;
};

static enum err still(bool *ret, void *arg, struct error *err)
{
	struct turn *t = arg;
	const struct plan_item *it;
	enum err rc = current(t->b, t->path, &it, err);

	if (rc)
		return rc;
	*ret = it && it->decision == PLAN_RUN && it->attempt == t->attempt;
	return ERR_OK;
}

static void started(const char *run, void *arg)
{
	struct turn *t = arg;

	(void)run;
	t->started = true;
	t->b->at++;
	batch_say_start(t->b, batch_find(t->b, t->path));
}

/* From the first on, what is said goes to the log; it begins with this one. */
static void running(const char *run, void *arg)
{
	struct turn *t = arg;
	struct batch *b = t->b;
	bool first = b->detach.fd >= 0;

	detach_started(&b->detach, b->s, run, (int64_t)(b->to_run - b->at));
	if (first)
		batch_say_start(b, batch_find(b, t->path));
}

static int64_t limit_of(const struct batch *b, const struct script *sc)
{
	return b->timeout >= 0 ? b->timeout : script_limit(&b->s->settings, sc);
}

static void count(struct batch *b, enum state state)
{
	switch (state) {
	case STATE_DONE:
		b->done++;
		return;
	case STATE_SKIPPED:
		b->skipped++;
		return;
	case STATE_LOST:
	case STATE_RUNNING:
		b->lost++;
		return;
	case STATE_FAILED:
	case STATE_PENDING:
	case STATE_OVERDUE:
	case STATE_MARKED:
	case STATE_ROLLED_BACK:
	case STATE_RETIRED:
	case STATE_NR:
		b->failed++;
		return;
	}
}

/* The row that the run left, said and counted. */
static enum err conclude(struct batch *b, const char *path, enum err rc,
	const struct run_report *rep, struct error *err)
{
	const struct state_row *r = ledger_row(b->s->ledger, path, b->s->env);
	enum state state = r ? r->state : STATE_PENDING;

	/* Who ends a run by hand does not want the next one either. */
	b->cancelled =
		rep->cancelled || (r && r->cancelled && state != STATE_RUNNING);
	if (rep->midline)
		out_printf(b->out, "\n");
	if (rc && rc != ERR_NO) {
		b->failed++; /* what became of it is not recorded */
		return rc;
	}
	count(b, state);
	if (r)
		batch_say_end(b, r);
	/* Its warden was killed, but somebody knew how it ended. */
	if (rc == ERR_NO && state == STATE_DONE) {
		out_printf(&b->s->msg, "warning: %s\n", err->text.ptr);
		error_reset(err);
		rc = ERR_OK;
	}
	if (!rc && (state == STATE_DONE || state == STATE_SKIPPED))
		return rc;
	if (r)
		batch_fail_text(b, r, rep, err);
	return ERR_NO;
}

/* ERR_MOVED: nothing was done, plan again. */
static enum err run_item(
	struct batch *b, const struct plan_item *it, struct error *err)
{
	struct turn turn = {
		.b = b, .path = it->script->path, .attempt = it->attempt
	};
	char *again = it->again.len ? xstrdup(it->again.ptr) : NULL;
	bool detached = *b->detach.id != '\0';
	const char *bytes = it->depends ? view_blob(&b->view, turn.path) : NULL;
	char *blob = bytes ? xstrdup(bytes) : NULL;
	struct strvec params = STRVEC_INIT, secrets = STRVEC_INIT;
	struct script *verify = NULL;
	struct run_request req = { .script = it->script,
		.attempt = it->attempt,
		.blob = blob,
		.again = again,
		.args = b->args,
		.params = &params,
		.secrets = &secrets,
		.timeout = limit_of(b, it->script),
		.from_start = b->o->from_start,
		.wait = b->o->wait,
		.allow_dirty = b->allow_dirty,
		.out = detached ? NULL : b->out,
		.nth = b->at + 1,
		.of = b->to_run,
		.batch = detached ? b->detach.id : NULL,
		.still = still,
		.started = started,
		.running = detached ? running : NULL,
		.arg = &turn };
	struct run_report rep = { .log_path = NULL };
	enum err rc = batch_params(b, it->script, &params, &secrets, err);

	if (!rc)
		rc = batch_verify(b, it->script, &verify, err);
	req.verify = verify;
	if (!rc)
		rc = run_one(b->s, &req, &rep, err);
	if (turn.started)
		rc = conclude(b, turn.path, rc, &rep, err);
	else if (rc && rc != ERR_MOVED)
		b->not_run++;
	run_report_release(&rep);
	script_free(verify);
	strvec_release(&params);
	strvec_release(&secrets);
	free(again);
	free(blob);
	return rc;
}

/* ---- those that are not run ---- */

/* Somebody has it: here its lock tells when it is over, elsewhere only the
 * ledger does. */
static enum err wait_for(struct batch *b, const char *path, struct error *err)
{
	const struct timespec second = { 1, 0 };
	struct ledger_exchange x = { 0, 0, false };
	bool moved = false;
	enum err rc = run_wait(b->s, path, err);

	if (!rc && strcmp(b->s->env, ENV_LOCAL) != 0)
		rc = ledger_exchange(b->s->ledger, false, &x, err);
	if (rc == ERR_HELD) { /* it may be back before the other is done */
		error_reset(err);
		rc = ERR_OK;
	}
	if (!rc)
		rc = ledger_refresh(b->s->ledger, &moved, err);
	if (!rc && !moved && !is_stale(b))
		nanosleep(&second, NULL);
	return rc ? rc : batch_plan(b, err);
}

static enum err pass(
	struct batch *b, const struct plan_item *it, struct error *err)
{
	b->not_run++;
	batch_say_passed(b, "not run", it, it->why.ptr);
	if (err->text.len)
		return ERR_OK; /* the first is told in full */
	batch_stop_text(it, err);
	return ERR_OK;
}

/* ---- the batch ---- */

/* A script whose header asks for it is run again when it failed, but not when a
 * person ended it. */
static bool retries(struct batch *b, const char *path, enum err rc)
{
	const struct plan_item *it = batch_find(b, path);
	const struct state_row *r = ledger_row(b->s->ledger, path, b->s->env);

	if (rc != ERR_NO || b->cancelled || !it || !r ||
		r->state != STATE_FAILED)
		return false;
	if (!b->retrying || strcmp(b->retrying, path) != 0)
		b->retry = 0;
	return b->retry < it->script->header.retries &&
	       !batch_lives_on(b, r->run, "retry");
}

static enum err retry(struct batch *b, const char *path, struct error *err)
{
	const struct script *sc = batch_find(b, path)->script;
	const struct timespec delay = { sc->header.retry_delay, 0 };

	error_reset(err); /* it was shown how it ended */
	b->failed--;
	b->at--;
	b->retrying = path;
	b->retry++;
	buf_reset(&b->retry_why);
	buf_printf(&b->retry_why, "retry %" PRId64 " of %" PRId64, b->retry,
		sc->header.retries);
	batch_say_retry(b, sc);
	nanosleep(&delay, NULL); /* a signal ends us */
	return batch_plan(b, err);
}

struct course {
	enum err rc; /* what the batch will answer */
	bool stop;
};

static void keep_first(
	struct course *p, enum err rc, struct error *first, struct error *err)
{
	if (!first->text.len) {
		error_release(first);
		*first = *err;
		*err = (struct error)ERROR_INIT; /* transferred */
	} else {
		error_reset(err);
	}
	if (p->rc != ERR_NO)
		p->rc = rc;
}

/* What somebody else has is theirs, and the rest is not; but nobody knows of
 * one that is overdue whether it still runs. */
bool batch_stops_at(const struct plan_item *it)
{
	return it->decision != PLAN_HELD || it->state == STATE_OVERDUE;
}

/* One step on one script; *again: it has to be looked at once more. */
static enum err step(struct batch *b, const char *path, struct course *p,
	struct error *first, bool *again, struct error *err)
{
	const struct plan_item *it;
	size_t failed = b->failed;
	enum err rc = current(b, path, &it, err);

	*again = false;
	if (rc)
		return rc;
	switch (it ? it->decision : PLAN_SETTLED) {
	case PLAN_RUN:
		rc = run_item(b, it, err);
		if (rc == ERR_MOVED) {
			*again = true;
			return batch_plan(b, err);
		}
		if (b->failed > failed && retries(b, path, rc)) {
			*again = true;
			return retry(b, path, err);
		}
		if (b->failed > failed && rc == ERR_NO)
			batch_roll_back(b, path, err);
		if (b->cancelled)
			p->stop = true;
		if (rc == ERR_NO || rc == ERR_HELD) {
			p->stop = p->stop || !b->o->keep_going;
			keep_first(p, rc, first, err);
			rc = ERR_OK;
		}
		return rc;
	case PLAN_BLOCKED:
		b->blocked++;
		batch_say_waiting(b, "blocked", it);
		return ERR_OK;
	case PLAN_HELD:
		if (b->o->wait && !batch_stops_at(it)) {
			*again = true;
			return wait_for(b, path, err);
		}
		/* fall through */
	case PLAN_STOP:
	case PLAN_WRONG:
		p->stop = !b->o->keep_going && batch_stops_at(it);
		if (p->rc == ERR_OK)
			p->rc = ERR_HELD;
		return pass(b, it, first);
	case PLAN_SETTLED:
	case PLAN_NOT_HERE:
	case PLAN_FILTERED:
		return ERR_OK; /* somebody else settled it meanwhile */
	}
	return rc;
}

static void only_blocked(
	const struct batch *b, struct course *p, struct error *first)
{
	const struct plan_item *it;

	if (p->rc || !b->blocked || b->done || b->skipped)
		return;
	p->rc = ERR_HELD;
	for (size_t i = 0; !first->text.len && i < b->todo.n; i++) {
		it = batch_find(b, b->todo.v[i]);
		if (it && it->decision == PLAN_BLOCKED)
			batch_stop_text(it, first);
	}
	if (b->blocked > 1)
		error_hint(first, "what the others wait for stands below each "
				  "of them, here and in git strack status");
}

enum err batch_run(struct batch *b, struct error *err)
{
	struct course p = { .rc = ERR_OK };
	struct error first = ERROR_INIT;
	int tries = 0;
	size_t i = 0;
	bool again = false;
	enum err rc = ERR_OK;

	b->start = clock_mono_ms();
	while (!rc && !p.stop && i < b->todo.n) {
		rc = step(b, b->todo.v[i], &p, &first, &again, err);
		if (!rc && again && !b->o->wait && ++tries > REPLANS)
			rc = error_set(err, ERR_FATAL,
				"the ledger keeps moving: another program "
				"writes to it all the time");
		if (!again || p.stop) {
			i++;
			tries = 0;
		}
	}
	b->not_run += b->todo.n - i;
	if (!rc) {
		only_blocked(b, &p, &first);
		rc = p.rc;
		error_release(err);
		*err = first;
		first = (struct error)ERROR_INIT; /* transferred */
	}
	error_release(&first);
	return rc;
}
