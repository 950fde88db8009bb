/* git strack review: a verdict on an ad-hoc command that somebody else ran. */
#include <stdlib.h>
#include <string.h>

#include "find.h"
#include "strack/adhoc.h"
#include "strack/clock.h"
#include "strack/cmd.h"
#include "strack/decide.h"
#include "strack/review.h"
#include "strack/run.h"

struct review_opts {
	const char *reason;
	bool ok, flag;
};

static const struct opt options[] = {
	{ 0, "ok", OPT_FLAG, offsetof(struct review_opts, ok), NULL,
		"there is nothing to say against it" },
	{ 0, "flag", OPT_FLAG, offsetof(struct review_opts, flag), NULL,
		"somebody must look into it" },
	{ 'm', "message", OPT_STRING, offsetof(struct review_opts, reason),
		"<note>", "what you found, kept on the ledger" },
	{ .kind = OPT_END },
};

static const struct entry *entry_of(const struct ledger_entry *le)
{
	return le ? le->e : NULL;
}

/* ---- may it be reviewed? ---- */

/* Only what is over can be looked at.  Elsewhere it may be gone for good: then
 * its limit tells, and where it has none, the person does. */
static enum err check_over(struct session *s, const char *run,
	const struct adhoc *a, struct error *err)
{
	const struct entry *e = a->exec->e;
	int64_t limit = entry_number(e, KEY_LIMIT, 0);
	const char *host = entry_get(e, KEY_HOST);
	enum run_life life = RUN_ELSEWHERE;
	enum err rc;

	if (a->outcome)
		return ERR_OK;
	rc = session_run_life(s, run, &life, err);
	if (rc)
		return rc;
	if (life == RUN_ELSEWHERE &&
		(limit == 0 || clock_now_ms() > e->time_ms + limit * 1000)) {
		out_printf(&s->msg,
			"warning: nobody has told how run %s "
			"ended; when somebody does, it waits for a "
			"review again\n",
			run);
		return ERR_OK;
	}
	error_hint(err,
		"review it when it is over; see what it is doing:\n"
		"  git strack show %s",
		run);
	return error_set(err, ERR_HELD, "run %s is under way on %s", run,
		host ? host : "another host");
}

static enum err check_reviewer(struct session *s, const struct adhoc *a,
	const struct signer *signer, struct error *err)
{
	const char *by = entry_get(a->exec->e, KEY_SIGNER);
	const struct trust *trust;
	enum err rc = ledger_trust(s->ledger, &trust, err);

	if (rc ||
		!trust_same_person(trust, signer_key(signer)->fingerprint, by))
		return rc;
	error_hint(err, "somebody else who has the role approve must review "
			"it; who has:\n"
			"  git strack trust list");
	return error_set(err, ERR_HELD,
		"who ran a command can't review it: this one is %s's",
		session_signer_name(s, by));
}

/* ---- the entry ---- */

struct seen {
	const char *exec;
	const char *outcome; /* id of what was there to be looked at, or NULL */
	const char *run;
};

/* An outcome that came meanwhile was not looked at. */
static enum err still_so(struct ledger *l, void *arg, struct error *err)
{
	const struct seen *seen = arg;
	struct ledger_entryvec list = LEDGER_ENTRYVEC_INIT;
	struct ledger_entry *now = NULL;
	enum err rc = adhoc_outcome(l, seen->exec, &list, &now, err);
	bool same;

	if (rc == ERR_NOTFOUND) {
		error_reset(err);
		rc = ERR_OK;
	}
	same = now ? seen->outcome && !strcmp(now->e->id, seen->outcome)
		   : !seen->outcome;
	ledger_entryvec_release(&list);
	if (rc || same)
		return rc;
	error_hint(err, "look at it:\n  git strack show %s", seen->run);
	return error_set(err, ERR_HELD,
		"run %s: how it ended was recorded just now", seen->run);
}

static enum err record(struct session *s, const char *run,
	const struct adhoc *a, const struct review_opts *o, struct error *err)
{
	const struct entry *exec = a->exec->e;
	const struct entry *outcome = entry_of(a->outcome);
	struct seen seen = { exec->id, outcome ? outcome->id : NULL, run };
	struct entry e = ENTRY_INIT;
	struct ledger_write w = { .e = &e, .decide = still_so, .arg = &seen };
	enum err rc = session_person_signer(s, &w.signer, err);

	if (!rc)
		rc = check_reviewer(s, a, w.signer, err);
	entry_set_kind(&e, KIND_REVIEW);
	entry_set(&e, KEY_ENVIRONMENT, entry_get(exec, KEY_ENVIRONMENT));
	entry_set(&e, KEY_RUN, run);
	entry_set(&e, KEY_ENTRY, exec->id);
	entry_set(&e, KEY_VERDICT, o->ok ? VERDICT_OK : VERDICT_FLAG);
	run_set_masked(s, &e, KEY_REASON, o->reason);
	session_stamp(s, &e);
	/* In `local` it is about the other clone's. */
	entry_set(&e, KEY_CLONE, entry_get(exec, KEY_CLONE));
	if (!rc)
		rc = ledger_append(s->ledger, &w, err);
	entry_release(&e);
	return rc;
}

/* ---- the command ---- */

static enum err no_command(const char *typed, struct error *err)
{
	error_hint(err, "see which there are:\n  git strack log --exec");
	return error_set(
		err, ERR_FATAL, "'%s' is no ad-hoc command that counts", typed);
}

static enum err review(struct session *s, const char *typed,
	const struct review_opts *o, struct error *err)
{
	struct found found = FOUND_INIT;
	struct adhocs all = ADHOCS_INIT;
	const struct adhoc *a = NULL;
	enum err rc = find_run(s, typed, &found, err);

	if (!rc)
		rc = adhocs_load(s->ledger, &all, err);
	if (!rc && found.run && !strcmp(found.folder, LEDGER_EXEC_DIR))
		a = adhocs_find(&all, found.run);
	if (!rc && !a)
		rc = no_command(typed, err);
	if (!rc)
		rc = check_over(s, found.run, a, err);
	if (!rc)
		rc = record(s, found.run, a, o, err);
	if (!rc) {
		out_styled(&s->out, o->ok ? STYLE_GOOD : STYLE_BAD, "%s",
			o->ok ? VERDICT_OK : VERDICT_FLAG);
		out_printf(&s->out, "  run %s\n", found.run);
	}
	adhocs_release(&all);
	found_release(&found);
	return rc;
}

static enum err run(struct session *s, const void *opts,
	const struct cmd_args *a, struct error *err)
{
	const struct review_opts *o = opts;
	struct lost_report lost = LOST_REPORT_INIT;
	enum err rc;

	if (o->ok + o->flag != 1)
		return error_set(
			err, ERR_USAGE, "review: one of --ok and --flag");
	if (a->args->n + a->rest->n != 1)
		return error_set(err, ERR_USAGE, "review: which run?");
	rc = decide_reason("review", o->reason, err);
	if (!rc)
		rc = session_open(s, NULL, err);
	if (!rc)
		rc = session_ledger_for_writing(s, false, err);
	if (!rc) /* what is gone here is recorded first */
		rc = lost_record(s, false, &lost, err);
	if (!rc)
		rc = review(
			s, a->args->n ? a->args->v[0] : a->rest->v[0], o, err);
	lost_report_release(&lost);
	return rc;
}

const struct command cmd_review = {
	.name = "review",
	.usage = "review (--ok | --flag) -m <note> <run>",
	.summary = "Give a verdict on an ad-hoc command",
	.opts = options,
	.opts_size = sizeof(struct review_opts),
	.run = run,
};
