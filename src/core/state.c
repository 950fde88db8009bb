/*
 * The state machine of scripts, as a fold over their entries in order.  What
 * each kind does to a row is one function in one table.
 */
#include "strack/state.h"

#include <stdlib.h>
#include <string.h>

#include "strack/text.h"

static const char *const state_names[STATE_NR] = {
	[STATE_PENDING] = "pending",
	[STATE_RUNNING] = "running",
	[STATE_OVERDUE] = "overdue",
	[STATE_DONE] = "done",
	[STATE_FAILED] = "failed",
	[STATE_SKIPPED] = "skipped",
	[STATE_MARKED] = "marked",
	[STATE_LOST] = "lost",
	[STATE_ROLLED_BACK] = "rolled-back",
	[STATE_RETIRED] = "retired",
};

static const char *const flag_names[FLAG_COUNT] = { "changed", "moved",
	"untrusted", "conflict", "late", "blocked", "dirty" };

const char *state_name(enum state s)
{
	return state_names[s];
}

bool state_parse(const char *name, enum state *ret)
{
	for (int s = 0; s < STATE_NR; s++) {
		if (!strcmp(state_names[s], name)) {
			*ret = (enum state)s;
			return true;
		}
	}
	return false;
}

bool state_settled(enum state s)
{
	return s == STATE_DONE || s == STATE_SKIPPED || s == STATE_MARKED ||
	       s == STATE_RETIRED;
}

const char *flag_name(unsigned bit)
{
	for (int i = 0; i < FLAG_COUNT; i++) {
		if (bit == 1u << i)
			return flag_names[i];
	}
	return "";
}

/* ---- rows ---- */

static char **row_strings(struct state_row *r, size_t i)
{
	char **all[] = { &r->script, &r->env, &r->clone, &r->run, &r->reason,
		&r->cancelled, &r->user, &r->host, &r->signer, &r->blob,
		&r->claim, &r->entry };

	return i < ARRAY_SIZE(all) ? all[i] : NULL;
}

void state_row_release(struct state_row *r)
{
	char **s;

	for (size_t i = 0; !r->borrowed && (s = row_strings(r, i)); i++) {
		free(*s);
		*s = NULL;
	}
}

void state_row_copy(struct state_row *ret, const struct state_row *from)
{
	char **s;

	*ret = *from;
	for (size_t i = 0; (s = row_strings(ret, i)); i++)
		*s = *s ? xstrdup(*s) : NULL;
	ret->borrowed = false;
}

void rowvec_release(struct rowvec *l)
{
	for (size_t i = 0; i < l->n; i++)
		state_row_release(&l->v[i]);
	free(l->v);
	*l = (struct rowvec)ROWVEC_INIT;
}

struct state_row *rowvec_add(struct rowvec *l)
{
	struct state_row *r;

	ARRAY_GROW(l->v, l->n + 1, l->cap);
	r = &l->v[l->n++];
	*r = (struct state_row){ .duration_ms = -1, .exit = -1 };
	return r;
}

/* ---- the fold ---- */

struct opened { /* a claim, undo or exec, and what became of it */
	const struct entry *e;
	size_t row;
	bool closed;
	enum kind by;                /* KIND_VOID: withdrawn */
	const struct entry *outcome; /* or NULL */
};

struct fold {
	struct rowvec *rows;
	size_t first; /* rows of this script begin here */
	struct opened *v;
	size_t n, cap;
	bool *offline; /* for each row: a claim of it said unclaimed */
	size_t offline_cap;
	const struct fact *facts;
	size_t nfacts;
	anomaly_fn *fn;
	void *arg;
};

static void anomaly(struct fold *f, const struct entry *e, const char *problem)
{
	if (f->fn)
		f->fn(e, problem, f->arg);
}

static const char *text_or_empty(const char *s)
{
	return s ? s : "";
}

static size_t find_row(struct fold *f, const struct entry *e)
{
	const char *env = text_or_empty(entry_get(e, KEY_ENVIRONMENT));
	const char *clone = text_or_empty(entry_get(e, KEY_CLONE));
	struct state_row *r;
	size_t i;

	for (i = f->first; i < f->rows->n; i++) {
		r = &f->rows->v[i];
		if (!strcmp(r->env, env) && !strcmp(r->clone, clone))
			return i;
	}
	r = rowvec_add(f->rows);
	r->script = xstrdup(text_or_empty(entry_get(e, KEY_SCRIPT)));
	r->env = xstrdup(env);
	r->clone = xstrdup(clone);
	ARRAY_GROW(f->offline, i - f->first + 1, f->offline_cap);
	f->offline[i - f->first] = false;
	return i;
}

static struct opened *find_opened(struct fold *f, const char *id)
{
	for (size_t i = f->n; id && i > 0; i--) { /* mostly a late one */
		if (!strcmp(f->v[i - 1].e->id, id))
			return &f->v[i - 1];
	}
	return NULL;
}

static struct opened *still_open(struct fold *f, size_t row)
{
	for (size_t i = f->n; i > 0; i--) {
		if (f->v[i - 1].row == row && !f->v[i - 1].closed)
			return &f->v[i - 1];
	}
	return NULL;
}

static void set_str(char **place, const char *value)
{
	free(*place);
	*place = value ? xstrdup(value) : NULL;
}

/* What every entry that makes a state leaves in the row. */
static void made_by(struct state_row *r, const struct entry *e)
{
	int64_t ms;
	const char *duration = entry_get(e, KEY_DURATION);

	r->time_ms = e->time_ms;
	r->duration_ms = -1;
	if (duration && duration_seconds_parse(duration, &ms))
		r->duration_ms = ms;
	r->exit = entry_number(e, KEY_EXIT, -1);
	r->signal = entry_number(e, KEY_SIGNAL, 0);
	r->timed_out = entry_number(e, KEY_TIMED_OUT, 0);
	set_str(&r->reason, entry_get(e, KEY_REASON));
	set_str(&r->cancelled, entry_get(e, KEY_CANCELLED));
	set_str(&r->user, entry_get(e, KEY_USER));
	set_str(&r->host, entry_get(e, KEY_HOST));
	set_str(&r->signer, entry_get(e, KEY_SIGNER));
	set_str(&r->entry, e->id);
}

static void fold_open(struct fold *f, const struct entry *e, size_t row)
{
	struct state_row *r = &f->rows->v[row];
	bool *offline = &f->offline[row - f->first];
	struct opened *before = still_open(f, row);

	if (entry_get(e, KEY_UNCLAIMED))
		*offline = true;
	if (e->kind == KIND_EXEC)
		before = NULL; /* commands may overlap */
	if (before)
		r->flags |= FLAG_CONFLICT;
	if (before && !*offline)
		anomaly(f, e, "a claim while another is open");
	if (e->kind == KIND_CLAIM && !before && r->state != STATE_PENDING &&
		!entry_get(e, KEY_AGAIN)) {
		r->flags |= FLAG_CONFLICT;
		if (!*offline)
			anomaly(f, e, "ran twice");
	}
	ARRAY_GROW(f->v, f->n + 1, f->cap);
	f->v[f->n++] = (struct opened){ .e = e, .row = row };
	r->open = true;
	r->undo = e->kind == KIND_UNDO;
	r->state = STATE_RUNNING;
	r->flags &= ~(unsigned)(FLAG_LATE | FLAG_DIRTY);
	if (entry_get(e, KEY_DIRTY))
		r->flags |= FLAG_DIRTY;
	made_by(r, e);
	set_str(&r->reason, NULL);
	set_str(&r->run, entry_get(e, KEY_RUN));
	if (entry_get(e, KEY_BLOB))
		set_str(&r->blob, entry_get(e, KEY_BLOB));
	set_str(&r->claim, e->id);
	r->attempt = entry_number(e, KEY_ATTEMPT, 0);
	r->limit = entry_number(e, KEY_LIMIT, 0);
	r->claim_ms = e->time_ms;
}

static bool same_key(const struct entry *a, const struct entry *b, enum key k)
{
	return !strcmp(
		text_or_empty(entry_get(a, k)), text_or_empty(entry_get(b, k)));
}

static bool same_if_said(
	const struct entry *a, const struct entry *b, enum key k)
{
	return !entry_get(b, k) || same_key(a, b, k);
}

/* Do the claim and what closes it speak of one run? */
static const char *outcome_differs(
	const struct entry *claim, const struct entry *e)
{
	bool undo = claim->kind == KIND_UNDO;

	if (!same_key(claim, e, KEY_SCRIPT) || !same_key(claim, e, KEY_RUN) ||
		!same_key(claim, e, KEY_ENVIRONMENT) ||
		!same_key(claim, e, KEY_CLONE))
		return "outcome of another run's claim";
	if (!same_if_said(claim, e, KEY_ATTEMPT))
		return "claim and outcome differ in attempt";
	if (!same_if_said(claim, e, KEY_BLOB))
		return "claim and outcome differ in blob";
	if ((e->kind == KIND_ROLLBACK || e->kind == KIND_ROLLBACK_FAIL) &&
		!undo)
		return "a rollback's outcome for what is no undo";
	return NULL;
}

static enum state outcome_state(
	const struct entry *claim, const struct entry *e)
{
	bool undo = claim->kind == KIND_UNDO;

	switch (e->kind) {
	case KIND_DONE:
		return undo ? STATE_ROLLED_BACK : STATE_DONE;
	case KIND_SKIP:
		return STATE_SKIPPED;
	case KIND_LOST:
		return STATE_LOST;
	case KIND_ROLLBACK:
		return STATE_ROLLED_BACK;
	default: /* fail, rollback-fail; the table calls us for no other */
		return STATE_FAILED;
	}
}

static void tell_claim(struct state_row *r, const struct entry *claim)
{
	r->undo = claim->kind == KIND_UNDO;
	set_str(&r->run, entry_get(claim, KEY_RUN));
	set_str(&r->claim, claim->id);
	r->attempt = entry_number(claim, KEY_ATTEMPT, 0);
	r->limit = entry_number(claim, KEY_LIMIT, 0);
	r->claim_ms = claim->time_ms;
}

static struct opened *newest_opened(struct fold *f, size_t row)
{
	for (size_t i = f->n; i > 0; i--) {
		if (f->v[i - 1].row == row)
			return &f->v[i - 1];
	}
	return NULL;
}

/* Of a claim that is open the row tells, not of a newer one that is closed. */
static void tell_open(struct fold *f, size_t row)
{
	struct state_row *r = &f->rows->v[row];
	const struct opened *o = still_open(f, row);
	const struct opened *told = r->claim ? find_opened(f, r->claim) : NULL;

	r->open = o != NULL;
	if (!o || (told && !told->closed))
		return;
	tell_claim(r, o->e);
}

static void fold_close(struct fold *f, const struct entry *e, size_t row)
{
	struct opened *o = find_opened(f, entry_get(e, KEY_CLAIM)), *newest;
	struct state_row *r = &f->rows->v[row];
	const char *problem =
		o ? outcome_differs(o->e, e) : "closes what is not there";
	bool withdrawn;

	if (problem) {
		r->flags |= FLAG_CONFLICT;
		anomaly(f, e, problem);
		return;
	}
	withdrawn = o->closed && (o->by == KIND_LOST || o->by == KIND_VOID);
	if (o->closed && (!withdrawn || e->kind == KIND_LOST)) {
		r->flags |= FLAG_CONFLICT;
		anomaly(f, e,
			e->kind == KIND_LOST ? "lost, but it was closed"
					     : "second outcome of one claim");
		return;
	}
	if (withdrawn && !entry_get(e, KEY_RESOLVED))
		r->flags |= FLAG_LATE;
	o->closed = true;
	o->by = e->kind;
	o->outcome = e;
	r->open = still_open(f, row) != NULL;
	/* The outcome of an older claim says something only while no newer
	 * one stands; that it came at all after a newer one is a conflict. */
	newest = newest_opened(f, row);
	if (newest != o) {
		r->flags |= FLAG_CONFLICT;
		if (r->state != STATE_RUNNING)
			return;
		if (newest && newest->outcome) /* it waited for this one */
			o = newest;
	}
	if (r->open) {
		tell_open(f, row);
		return;
	}
	if (strcmp(r->claim, o->e->id) != 0)
		tell_claim(r, o->e);
	r->state = outcome_state(o->e, o->outcome);
	made_by(r, o->outcome);
}

static void fold_mark(struct fold *f, const struct entry *e, size_t row)
{
	struct state_row *r = &f->rows->v[row];

	if (still_open(f, row)) {
		r->flags |= FLAG_CONFLICT;
		return;
	}
	r->state = STATE_MARKED;
	r->flags &= ~(unsigned)(FLAG_LATE | FLAG_DIRTY | FLAG_CONFLICT);
	made_by(r, e);
	if (entry_get(e, KEY_BLOB))
		set_str(&r->blob, entry_get(e, KEY_BLOB));
}

static const struct entry *find_fact(struct fold *f, const char *id)
{
	for (size_t i = 0; i < f->nfacts; i++) {
		if (f->facts[i].counts && !f->facts[i].disowned &&
			!strcmp(f->facts[i].e->id, id))
			return f->facts[i].e;
	}
	return NULL;
}

/* Is it what the row's state comes from?  Who withdrew another entry, without
 * the remote maybe, had not seen what came after it. */
static bool stands_on(const struct state_row *r, const char *id)
{
	return r->state == STATE_PENDING ||
	       (r->entry && !strcmp(r->entry, id)) ||
	       (r->claim && !strcmp(r->claim, id));
}

static void fold_void(struct fold *f, const struct entry *e, size_t row)
{
	const char *id = entry_get(e, KEY_ENTRY);
	const struct entry *target = find_fact(f, id);
	struct opened *o = find_opened(f, id);
	struct state_row *r = &f->rows->v[row];

	if (!target || entry_cmp(target, e) >= 0) {
		anomaly(f, e, "withdraws what is not there");
		return;
	}
	if (!same_key(target, e, KEY_ENVIRONMENT) ||
		!same_key(target, e, KEY_CLONE)) {
		anomaly(f, e, "withdraws an entry of another environment");
		return;
	}
	if (target->kind == KIND_VOID || target->kind == KIND_APPROVE ||
		target->kind == KIND_RETIRE) {
		anomaly(f, e, "withdraws what is no claim, mark or outcome");
		return;
	}
	if (o && !o->closed) {
		o->closed = true;
		o->by = KIND_VOID;
	}
	tell_open(f, row);
	if (r->open)
		return;
	if (!stands_on(r, id)) {
		r->flags |= FLAG_CONFLICT;
		return;
	}
	r->state = STATE_PENDING;
	r->flags &= ~(unsigned)(FLAG_LATE | FLAG_DIRTY | FLAG_CONFLICT);
	made_by(r, e);
}

static void fold_retire(struct fold *f, const struct entry *e, size_t row)
{
	struct state_row *r = &f->rows->v[row];

	if (!state_settled(r->state))
		return;
	r->state = STATE_RETIRED;
	r->time_ms = e->time_ms;
}

typedef void fold_fn(struct fold *f, const struct entry *e, size_t row);

/* Kinds without a row here change no state. */
static fold_fn *const folds[KIND_NR] = {
	[KIND_CLAIM] = fold_open,
	[KIND_UNDO] = fold_open,
	[KIND_EXEC] = fold_open,
	[KIND_DONE] = fold_close,
	[KIND_FAIL] = fold_close,
	[KIND_SKIP] = fold_close,
	[KIND_LOST] = fold_close,
	[KIND_ROLLBACK] = fold_close,
	[KIND_ROLLBACK_FAIL] = fold_close,
	[KIND_MARK] = fold_mark,
	[KIND_VOID] = fold_void,
	[KIND_RETIRE] = fold_retire,
};

void state_fold(const struct fact *v, size_t n, struct rowvec *ret,
	anomaly_fn *fn, void *arg)
{
	struct fold f = { .rows = ret,
		.first = ret->n,
		.facts = v,
		.nfacts = n,
		.fn = fn,
		.arg = arg };

	for (size_t i = 0; i < n; i++) {
		const struct entry *e = v[i].e;
		size_t row;

		if (v[i].disowned)
			continue;
		if (!v[i].counts) {
			row = find_row(&f, e);
			ret->v[row].flags |= FLAG_UNTRUSTED;
		} else if (folds[e->kind]) {
			row = find_row(&f, e);
			folds[e->kind](&f, e, row);
			if (v[i].conflict)
				ret->v[row].flags |= FLAG_CONFLICT;
		}
	}
	free(f.v);
	free(f.offline);
}
