/*
 * git strack resolve: a person decides what became of a run that is lost, or
 * whose runner elsewhere has not reported within its limit.
 */
#include <stdlib.h>
#include <string.h>

#include "strack/cmd.h"
#include "strack/clock.h"
#include "strack/decide.h"
#include "strack/run.h"
#include "rowtext.h"

struct resolve_opts {
	const char *env;
	const char *reason;
	bool done, failed, pending;
};

static const struct opt options[] = {
	{ 0, "done", OPT_FLAG, offsetof(struct resolve_opts, done), NULL,
		"it worked" },
	{ 0, "failed", OPT_FLAG, offsetof(struct resolve_opts, failed), NULL,
		"it did not work" },
	{ 0, "pending", OPT_FLAG, offsetof(struct resolve_opts, pending), NULL,
		"it did nothing, and may run" },
	{ 'e', "env", OPT_STRING, offsetof(struct resolve_opts, env), "<env>",
		"resolve in this environment" },
	{ 'm', "message", OPT_STRING, offsetof(struct resolve_opts, reason),
		"<why>", "the reason, kept on the ledger" },
	{ 0, NULL, OPT_END, 0, NULL, NULL },
};

/* Only what nobody will report any more can be decided. */
static enum err may_resolve(struct session *s, const struct state_row *r,
	const char *path, struct error *err)
{
	enum state state =
		r ? session_state(s, r, clock_now_ms()) : STATE_PENDING;
	enum run_life life = RUN_ELSEWHERE;
	enum err rc;

	if (state == STATE_LOST || state == STATE_OVERDUE)
		return ERR_OK;
	if (state != STATE_RUNNING) {
		error_hint(err, "a settled or failed script is changed by");
		decide_hint(s, "mark -m <why>", path, err);
		decide_hint(s, "reset -m <why>", path, err);
		return error_set(err, ERR_HELD,
			"%s is %s: there is nothing to resolve", path,
			state_name(state));
	}
	rc = session_run_life(s, r->run, &life, err);
	if (rc)
		return rc;
	if (life == RUN_ELSEWHERE && r->limit == 0)
		return ERR_OK; /* without a limit it is never overdue */
	if (life == RUN_ALIVE) {
		error_hint(err, "follow it, or end it:");
		decide_hint(s, "attach", path, err);
		decide_hint(s, "cancel -m <why>", path, err);
	} else {
		error_hint(err, "see since when:\n  git strack status");
	}
	return error_set(err, ERR_HELD, "%s is running on %s%s", path,
		r->host ? r->host : "another host",
		life == RUN_ELSEWHERE ? ", and its time limit has not passed"
				      : "");
}

static void name_claim(struct entry *e, const struct state_row *r)
{
	entry_set(e, KEY_CLAIM, r->claim);
	entry_set(e, KEY_RUN, r->run);
	entry_setf(e, KEY_ATTEMPT, "%lld", (long long)r->attempt);
	entry_set(e, KEY_BLOB, r->blob);
	entry_set(e, KEY_RESOLVED, "yes");
}

/* What it is now; done, of a rollback, is rolled back. */
static void say_resolved(struct session *s, const char *path)
{
	const struct state_row *r = ledger_row(s->ledger, path, s->env);
	enum state state = r ? r->state : STATE_PENDING;

	decide_say(s, state_style(state), state_name(state), path, NULL);
}

static enum err resolve_one(struct session *s, const char *path,
	const struct resolve_opts *o, struct error *err)
{
	const struct state_row *r = ledger_row(s->ledger, path, s->env);
	struct entry e = ENTRY_INIT;
	struct buf over = BUF_INIT;
	const char *about;
	enum err rc = may_resolve(s, r, path, err);

	if (rc)
		return rc;
	/* a void withdraws the open claim, or the entry that says lost */
	about = o->pending && !r->open ? r->entry : r->claim;
	entry_set_kind(&e, o->done     ? KIND_DONE
			   : o->failed ? KIND_FAIL
				       : KIND_VOID);
	run_set_masked(s, &e, KEY_REASON, o->reason);
	if (o->pending)
		entry_set(&e, KEY_ENTRY, about);
	else
		name_claim(&e, r);
	rc = decide_signer_of(s, path, about, &over, err);
	if (!rc)
		rc = decide_record(s, &e, path, r, over.ptr, err);
	if (!rc)
		say_resolved(s, path);
	buf_release(&over);
	entry_release(&e);
	return rc;
}

static enum err check_usage(const struct resolve_opts *o,
	const struct cmd_args *a, struct error *err)
{
	if (o->done + o->failed + o->pending != 1)
		return error_set(err, ERR_USAGE,
			"resolve: one of --done, --failed and --pending");
	if (a->args->n == 0)
		return error_set(err, ERR_USAGE, "resolve: which script?");
	return decide_reason("resolve", o->reason, err);
}

static enum err run(struct session *s, const void *opts,
	const struct cmd_args *a, struct error *err)
{
	const struct resolve_opts *o = opts;
	struct strvec paths = STRVEC_INIT;
	struct lost_report lost = LOST_REPORT_INIT;
	enum err rc = check_usage(o, a, err);

	if (!rc)
		rc = session_open(s, o->env, err);
	if (!rc)
		rc = session_ledger_for_writing(s, false, err);
	if (!rc) /* what is gone here is recorded first */
		rc = lost_record(s, false, &lost, err);
	if (!rc)
		rc = decide_scripts(s, a->args, &paths, err);
	for (size_t i = 0; !rc && i < paths.n; i++)
		rc = resolve_one(s, paths.v[i], o, err);
	lost_report_release(&lost);
	strvec_release(&paths);
	return rc;
}

const struct command cmd_resolve = {
	.name = "resolve",
	.usage = "resolve [--env <env>] (--done | --failed | --pending) "
		 "-m <why> <script>...",
	.summary = "Decide what became of a lost or overdue run",
	.opts = options,
	.opts_size = sizeof(struct resolve_opts),
	.run = run,
};
