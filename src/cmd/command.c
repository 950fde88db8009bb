/*
 * From a command that a person typed to its outcome.  What a command is
 * allowed to be, and what it means, is not our business: somebody else's, who
 * reviews it.
 */
#include "command.h"

#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "rowtext.h"
#include "strack/adhoc.h"
#include "strack/decide.h"
#include "strack/run.h"
#include "strack/term.h"
#include "strack/text.h"
#include "where.h"

static enum err check_usage(
	const struct command_wish *w, int64_t *timeout, struct error *err)
{
	const char *given = w->o->timeout;

	*timeout = -1;
	if (given && !duration_parse(given, timeout))
		return error_set(err, ERR_USAGE,
			"%s: --timeout: '%s' is not a duration; try 5m, 90s "
			"or 1h30m",
			w->name, given);
	if (!w->words->n || !*w->words->v[0])
		return error_set(err, ERR_USAGE, "%s: which command?", w->name);
	return decide_reason(w->name, w->o->reason, err);
}

static enum err check_terminal(struct error *err)
{
	if (term_is_tty(STDIN_FILENO) && term_is_tty(STDOUT_FILENO))
		return ERR_OK;
	error_hint(err, "without a terminal, run one command at a time:\n"
			"  git strack exec -m <why> -- <command>");
	return error_set(err, ERR_HELD,
		"console: standard input and output must be a terminal");
}

static enum err open_place(
	struct session *s, const struct command_wish *w, struct error *err)
{
	enum err rc = session_open(s, w->o->env, err);

	if (!rc)
		rc = where_check(s, w->name, w->args, err);
	if (!rc)
		rc = where_open(s, err);
	if (!rc)
		rc = where_config(s, !strcmp(s->env, ENV_LOCAL), err);
	if (!rc)
		rc = where_ask(s, w->o->yes,
			w->console ? "a console" : "a command", w->name,
			w->args, err);
	if (!rc && !s->ledger)
		rc = session_ledger_for_writing(s, true, err);
	return rc;
}

/* ---- the end ---- */

static void say_done(struct session *s, const struct run_report *rep,
	const struct ledger_entry *le)
{
	const char *took = entry_get(le->e, KEY_DURATION);
	const char *reason = entry_get(le->e, KEY_REASON);
	struct buf text = BUF_INIT;
	int64_t ms;

	out_styled(&s->msg, STYLE_GOOD, "%s",
		le->name.kind == KIND_SKIP ? "skipped" : "done");
	out_printf(&s->msg, "  run %s", rep->run);
	if (took && duration_seconds_parse(took, &ms)) {
		duration_format(&text, ms);
		out_styled(&s->msg, STYLE_DIM, "  %s", text.ptr);
	}
	if (reason) {
		out_printf(&s->msg, "  ");
		out_text(&s->msg, reason);
	}
	out_printf(&s->msg, "\n");
	buf_release(&text);
}

static enum err failed(const struct run_report *rep,
	const struct ledger_entry *le, struct error *err)
{
	struct result result = result_of_entry(le->e);
	struct buf text = BUF_INIT;

	result_text(&result, &text);
	error_hint(err, "all that is known of it:\n  git strack show %s",
		rep->run);
	error_set(err, ERR_NO, "run %s %s: %s", rep->run,
		le->name.kind == KIND_LOST ? "is lost" : "failed", text.ptr);
	buf_release(&text);
	return ERR_NO;
}

static enum err conclude(
	struct session *s, const struct run_report *rep, struct error *err)
{
	struct ledger_entryvec list = LEDGER_ENTRYVEC_INIT;
	struct ledger_entry *le = NULL;
	enum err rc = adhoc_outcome(s->ledger, rep->claim, &list, &le, err);

	if (!rc && (le->name.kind == KIND_DONE || le->name.kind == KIND_SKIP))
		say_done(s, rep, le);
	else if (!rc)
		rc = failed(rep, le, err);
	ledger_entryvec_release(&list);
	return rc == ERR_NOTFOUND ? ERR_FATAL : rc;
}

enum err command_run(
	struct session *s, const struct command_wish *w, struct error *err)
{
	struct run_request req = { .reason = w->o->reason,
		.args = w->words,
		.console = w->console,
		.out = &s->out,
		.started = w->started,
		.arg = s };
	struct run_report rep = { .log_path = NULL };
	enum err rc = check_usage(w, &req.timeout, err);

	if (!rc && w->console)
		rc = check_terminal(err);
	if (!rc)
		rc = open_place(s, w, err);
	if (rc)
		return rc;
	if (req.timeout < 0)
		req.timeout = w->console ? 0 : s->settings.timeout;
	rc = run_one(s, &req, &rep, err);
	/* What was shown stays as it is where a program reads it. */
	if (rep.midline && s->out.tty)
		out_printf(&s->msg, "\n");
	if (!rc)
		rc = conclude(s, &rep, err);
	else if (rep.run[0])
		error_hint(err, "what is known of it:\n  git strack show %s",
			rep.run);
	run_report_release(&rep);
	return rc;
}
