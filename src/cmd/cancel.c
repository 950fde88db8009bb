/* git strack cancel: ends a run of this clone that is under way. */
#include <stdlib.h>

#include "strack/cmd.h"
#include "strack/decide.h"
#include "strack/run.h"
#include "strack/term.h"
#include "strack/underway.h"
#include "target.h"

struct cancel_opts {
	const char *env, *reason;
	bool no_wait;
};

static const struct opt options[] = {
	{ 'm', "message", OPT_STRING, offsetof(struct cancel_opts, reason),
		"<why>", "the reason, kept on the ledger" },
	{ 'e', "env", OPT_STRING, offsetof(struct cancel_opts, env), "<env>",
		"only runs in this environment" },
	{ 0, "no-wait", OPT_FLAG, offsetof(struct cancel_opts, no_wait), NULL,
		"don't wait until it has ended" },
	{ 0, NULL, OPT_END, 0, NULL, NULL },
};

#define COMMAND "cancel -m <why>"
#define RECORD_MS 3000 /* for another who is recording it */
#define TRIES 3        /* each but the first after the death of a warden */

struct cancel {
	struct session *s;
	const struct cancel_opts *o;
	struct target t;
	char *who;
};

static void say_asked(struct cancel *c)
{
	struct out *o = c->o->no_wait ? &c->s->out : &c->s->msg;
	struct buf grace = BUF_INIT;

	duration_format(&grace, c->s->settings.grace * 1000);
	out_printf(o, "asked to end run %s; it has %s for that\n", c->t.run,
		grace.ptr);
	out_finish(o, NULL);
	buf_release(&grace);
}

/* Until nothing of it lives, unless nobody is to wait for its warden. */
static enum err end_it(struct cancel *c, bool *asked, struct error *err)
{
	enum run_life life = RUN_ALIVE;
	bool orphans = false;
	enum err rc = ERR_OK;

	*asked = false;
	for (int i = 0; !rc && life == RUN_ALIVE && i < TRIES; i++) {
		rc = underway_cancel(
			c->s, c->t.run, c->who, c->o->reason, &orphans, err);
		if (rc == ERR_TOOBIG) {
			error_prefix(err, "cancel");
			rc = ERR_USAGE;
		}
		if (rc)
			break;
		*asked = !orphans;
		if (*asked && !i)
			say_asked(c);
		if (*asked && c->o->no_wait)
			break;
		underway_wait(c->s, c->t.run);
		rc = session_run_life(c->s, c->t.run, &life, err);
	}
	return rc;
}

/* What a warden could not record, or is not there to record. */
static enum err record(struct cancel *c, struct error *err)
{
	enum err rc = session_ledger_for_writing(c->s, false, err);

	if (!rc)
		rc = lost_record_run(c->s, c->t.run, err);
	if (!rc)
		rc = target_await(c->s, &c->t, RECORD_MS, err);
	return rc;
}

static enum err conclude(struct cancel *c, struct error *err)
{
	const struct entry *e;
	enum err rc = target_look(c->s, &c->t, err);

	if (!rc && !c->t.outcome && c->t.opening)
		rc = record(c, err);
	if (rc)
		return rc;
	e = c->t.outcome;
	if (!e)
		return target_elsewhere(c->s, &c->t, COMMAND, err);
	target_say_end(c->s, &c->t);
	if (entry_get(e, KEY_CANCELLED))
		return ERR_OK;
	error_hint(err, "what is known of it:\n  git strack show %s", c->t.run);
	return error_set(err, ERR_NO,
		"run %s had ended by itself before it could be cancelled: %s",
		c->t.run, state_name(target_state(&c->t)));
}

static enum err cancel_here(struct cancel *c, struct error *err)
{
	char *tty = term_name();
	bool asked;
	enum err rc;

	c->who = xstrfmt("%s@%s", c->s->user, tty ? tty : c->s->host);
	rc = end_it(c, &asked, err);
	if (!rc && !(asked && c->o->no_wait))
		rc = conclude(c, err);
	free(c->who);
	free(tty);
	return rc;
}

static enum err not_here(struct cancel *c, struct error *err)
{
	if (!c->t.outcome)
		return target_elsewhere(c->s, &c->t, COMMAND, err);
	target_say_end(c->s, &c->t);
	error_hint(err, "what is known of it:\n  git strack show %s", c->t.run);
	return error_set(err, ERR_NO,
		"run %s is over: there is nothing to cancel", c->t.run);
}

static enum err run_cancel(struct session *s, const void *opts,
	const struct cmd_args *a, struct error *err)
{
	struct cancel c = { .s = s, .o = opts, .t = TARGET_INIT };
	enum err rc;

	if (a->args->n > 1 || a->has_rest)
		return error_set(err, ERR_USAGE, "cancel: one run only");
	rc = decide_reason("cancel", c.o->reason, err);
	if (!rc)
		rc = session_open(s, c.o->env, err);
	if (!rc)
		rc = session_ledger(s, err);
	if (!rc)
		rc = target_find(s, COMMAND, a->args->n ? a->args->v[0] : NULL,
			c.o->env, &c.t, err);
	if (!rc)
		rc = c.t.here ? cancel_here(&c, err) : not_here(&c, err);
	target_release(&c.t);
	return rc;
}

const struct command cmd_cancel = {
	.name = "cancel",
	.usage = "cancel -m <why> [--env <env>] [--no-wait] [<run>|<script>]",
	.summary = "End a run that is under way",
	.opts = options,
	.opts_size = sizeof(struct cancel_opts),
	.run = run_cancel,
};
