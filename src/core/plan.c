/*
 * Decides about each script.  The order of the questions is the order of
 * what matters most: what is wrong with it, whether it is done, whether
 * somebody has it, whether a person must decide, what it waits for.
 */
#include "strack/plan.h"

#include <stdlib.h>
#include <string.h>
#include "planwait.h"
#include "strack/text.h"

void plan_release(struct plan *p)
{
	for (size_t i = 0; i < p->n; i++) {
		buf_release(&p->v[i].why);
		buf_release(&p->v[i].how);
		buf_release(&p->v[i].again);
		buf_release(&p->v[i].basis);
	}
	free(p->v);
	*p = (struct plan)PLAN_INIT;
}

void plan_basis(const struct state_row *row, struct buf *ret)
{
	buf_reset(ret);
	if (row)
		buf_addf(ret, "%s %s %x", row->entry ? row->entry : "",
			row->claim ? row->claim : "", row->flags);
}

static bool selected(const struct plan_wish *w, const struct script *sc)
{
	if (w->selected && !strvec_has(w->selected, sc->path))
		return false;
	return !w->tag || strvec_has(&sc->header.tags, w->tag);
}

void plan_command(struct buf *ret, const char *command, const char *env,
	const char *options, const char *path)
{
	buf_addf(ret, "%sgit strack %s ", ret->len ? "\n" : "", command);
	if (strcmp(env, ENV_LOCAL) != 0)
		buf_addf(ret, "--env %s ", env);
	buf_addf(ret, "%s%s", options, *options ? " " : "");
	shell_word(ret, path);
}

static void add_command(struct plan_item *it, const struct plan_facts *f,
	const char *command, const char *options)
{
	plan_command(&it->how, command, f->env, options, it->script->path);
}

static void wrong(struct plan_item *it)
{
	it->decision = PLAN_WRONG;
	buf_addbuf(&it->why, &it->script->problem.text);
	buf_addbuf(&it->how, &it->script->problem.hint);
}

static void untrusted(struct plan_item *it)
{
	it->decision = PLAN_STOP;
	buf_adds(&it->why, "the ledger has an entry about it that does not "
			   "count (untrusted)");
	buf_adds(&it->how, "git strack verify");
}

static void conflict(struct plan_item *it, const struct plan_facts *f)
{
	it->decision = PLAN_STOP;
	buf_adds(&it->why, "its entries contradict each other (conflict)");
	buf_adds(&it->how, "git strack verify");
	add_command(it, f, "mark", "-m <why>");
	add_command(it, f, "reset", "-m <why>");
}

static void held(struct plan_item *it, const struct plan_facts *f)
{
	const struct state_row *r = it->row;

	it->decision = PLAN_HELD;
	buf_addf(&it->why, "%s since it was claimed by %s on %s at ",
		state_name(it->state), r->user ? r->user : "somebody",
		r->host ? r->host : "an unknown host");
	time_format(&it->why, r->claim_ms);
	if (it->state != STATE_OVERDUE) {
		if (f->here(r, f->arg)) {
			add_command(it, f, "attach", "");
			add_command(it, f, "cancel", "-m <why>");
		}
		add_command(it, f, "run", "--wait");
		return;
	}
	add_command(it, f, "resolve", "--done -m <why>");
	add_command(it, f, "resolve", "--failed -m <why>");
	add_command(it, f, "resolve", "--pending -m <why>");
}

static void stop(struct plan_item *it, const struct plan_facts *f)
{
	it->decision = PLAN_STOP;
	buf_addf(&it->why, "%s", state_name(it->state));
	if (it->row && it->row->reason)
		buf_addf(&it->why, ": %s", it->row->reason);
	if (it->state == STATE_LOST) {
		buf_addf(&it->why, "%snobody knows whether %s worked",
			it->row && it->row->reason ? "; " : ": ",
			it->row && it->row->undo ? "its rollback" : "it");
		add_command(it, f, "resolve", "--done -m <why>");
		add_command(it, f, "resolve", "--failed -m <why>");
		add_command(it, f, "resolve", "--pending -m <why>");
		return;
	}
	/* Undone by half: to run it again would make it worse. */
	if (it->state == STATE_FAILED && it->row && it->row->undo)
		add_command(it, f, "rollback", "");
	else
		add_command(it, f, "run", "--retry");
	add_command(it, f, "mark", "-m <why>");
	if (it->state == STATE_ROLLED_BACK)
		add_command(it, f, "reset", "-m <why>");
}

/* ---- the decision ---- */

static void run_again(struct plan_item *it, const char *why)
{
	it->decision = PLAN_RUN;
	buf_set(&it->again, why);
}

static void decide_moved(struct plan_item *it, const struct plan_facts *f,
	const struct plan_wish *w, const char *from)
{
	it->flags |= FLAG_MOVED;
	if (w->again) {
		run_again(it, w->again);
		return;
	}
	it->decision = PLAN_STOP;
	buf_addf(&it->why, "it ran before as %s (moved)", from);
	add_command(it, f, "mark", "-m <why>");
	add_command(it, f, "run", "--again -m <why>");
}

static void decide_state(struct plan_item *it, const struct plan_facts *f,
	const struct plan_wish *w)
{
	const char *from;

	switch (it->state) {
	case STATE_PENDING:
		from = it->row ? NULL : f->moved_from(it->script->path, f->arg);
		if (from)
			decide_moved(it, f, w, from);
		else
			it->decision = PLAN_RUN;
		return;
	case STATE_DONE:
	case STATE_SKIPPED:
	case STATE_MARKED:
	case STATE_RETIRED:
		if (w->again)
			run_again(it, w->again);
		else
			it->decision = PLAN_SETTLED;
		return;
	case STATE_RUNNING:
	case STATE_OVERDUE:
		held(it, f);
		return;
	case STATE_FAILED:
		if (w->retrying && !strcmp(w->retrying, it->script->path)) {
			run_again(it, w->retrying_why);
			return;
		}
		/* fall through */
	case STATE_ROLLED_BACK:
		if (w->again)
			run_again(it, w->again);
		else if (w->retry &&
			 !(it->state == STATE_FAILED && it->row->undo))
			run_again(it, "retry");
		else
			stop(it, f);
		return;
	case STATE_LOST:
		/* a claim that is still open has to be closed first */
		if (it->row && !it->row->open && !it->row->undo &&
			it->script->header.idempotent)
			run_again(it, "idempotent, and the run before is lost");
		else if (it->row && !it->row->open && w->again)
			run_again(it, w->again);
		else
			stop(it, f);
		return;
	case STATE_NR:
		break;
	}
	wrong(it);
}

static void decide(struct plan_item *it, const struct plan_facts *f,
	const struct plan_wish *w, struct planwait *waiting)
{
	const struct header *h = &it->script->header;

	if (!selected(w, it->script)) {
		it->decision = PLAN_FILTERED;
		return;
	}
	if (it->flags & FLAG_UNTRUSTED) {
		untrusted(it);
		return;
	}
	if (it->flags & FLAG_CONFLICT) {
		conflict(it, f);
		return;
	}
	decide_state(it, f, w);
	if (it->decision == PLAN_SETTLED)
		return;
	if (it->script->problem.text.len) {
		buf_reset(&it->why);
		buf_reset(&it->how);
		wrong(it);
		return;
	}
	if (h->environments.n && !strvec_has(&h->environments, f->env)) {
		buf_reset(&it->why);
		buf_reset(&it->how);
		it->decision = PLAN_NOT_HERE;
		return;
	}
	if (it->decision == PLAN_RUN)
		planwait_check(waiting, it);
}

void plan_make(const struct plan_facts *facts, const struct plan_wish *wish,
	struct plan *ret)
{
	struct planwait waiting = { facts, ret, STRMAP_INIT };

	for (size_t i = 0; i < facts->scripts->n; i++) {
		struct plan_item *it;
		enum state state = STATE_PENDING;

		ARRAY_GROW(ret->v, ret->n + 1, ret->cap);
		it = &ret->v[ret->n];
		*it = (struct plan_item){ .script = facts->scripts->v[i],
			.why = BUF_INIT,
			.how = BUF_INIT,
			.again = BUF_INIT,
			.basis = BUF_INIT };
		it->row = facts->row(
			it->script->path, facts->env, &state, facts->arg);
		it->state = state;
		it->flags = it->row ? it->row->flags : 0;
		plan_basis(it->row, &it->basis);
		it->depends = it->script->header.requires.n > 0 ||
			      (facts->def && (facts->def->after ||
						     facts->def->approvals));
		it->attempt = 1 + (it->row ? it->row->attempt : 0);
		decide(it, facts, wish, &waiting);
		ret->n++;
	}
	planwait_release(&waiting);
}
