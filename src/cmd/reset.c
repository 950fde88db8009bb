/* git strack reset: makes scripts pending again, with a reason. */
#include <string.h>

#include "strack/cmd.h"
#include "strack/clock.h"
#include "strack/decide.h"
#include "strack/run.h"

struct reset_opts {
	const char *env;
	const char *reason;
};

static const struct opt options[] = {
	{ 'e', "env", OPT_STRING, offsetof(struct reset_opts, env), "<env>",
		"reset in this environment" },
	{ 'm', "message", OPT_STRING, offsetof(struct reset_opts, reason),
		"<why>", "the reason, kept on the ledger" },
	{ 0, NULL, OPT_END, 0, NULL, NULL },
};

static enum err refuse(const struct session *s, const char *path,
	enum state state, struct error *err)
{
	if (state == STATE_RUNNING) {
		error_hint(err, "wait for its end, or end it, where it runs:");
		decide_hint(s, "attach", path, err);
		decide_hint(s, "cancel -m <why>", path, err);
	} else {
		error_hint(err, "decide what became of it:");
		decide_hint(s, "resolve --done -m <why>", path, err);
		decide_hint(s, "resolve --failed -m <why>", path, err);
		decide_hint(s, "resolve --pending -m <why>", path, err);
	}
	return error_set(err, ERR_HELD, "%s is %s", path, state_name(state));
}

static enum err reset_one(struct session *s, const char *path,
	const char *reason, struct error *err)
{
	const struct state_row *r = ledger_row(s->ledger, path, s->env);
	struct entry e = ENTRY_INIT;
	struct buf over = BUF_INIT;
	const char *was;
	enum err rc;

	if (!r || r->state == STATE_PENDING) {
		decide_say(s, STYLE_DIM, "already", path, "pending");
		return ERR_OK;
	}
	if (r->open)
		return refuse(
			s, path, session_state(s, r, clock_now_ms()), err);
	was = state_name(r->state);
	entry_set_kind(&e, KIND_VOID);
	entry_set(&e, KEY_ENTRY, r->entry);
	run_set_masked(s, &e, KEY_REASON, reason);
	rc = decide_signer_of(s, path, r->entry, &over, err);
	if (!rc)
		rc = decide_record(s, &e, path, r, over.ptr, err);
	if (!rc) {
		struct buf detail = BUF_INIT;

		buf_addf(&detail, "was %s", was);
		decide_say(s, STYLE_WAIT, "pending", path, detail.ptr);
		buf_release(&detail);
	}
	buf_release(&over);
	entry_release(&e);
	return rc;
}

static enum err run(struct session *s, const void *opts,
	const struct cmd_args *a, struct error *err)
{
	const struct reset_opts *o = opts;
	struct strvec paths = STRVEC_INIT;
	enum err rc = ERR_OK;

	if (a->args->n == 0)
		return error_set(err, ERR_USAGE, "reset: which script?");
	rc = decide_reason("reset", o->reason, err);
	if (!rc)
		rc = session_open(s, o->env, err);
	if (!rc)
		rc = session_ledger_for_writing(s, false, err);
	if (!rc)
		rc = decide_scripts(s, a->args, &paths, err);
	for (size_t i = 0; !rc && i < paths.n; i++)
		rc = reset_one(s, paths.v[i], o->reason, err);
	strvec_release(&paths);
	return rc;
}

const struct command cmd_reset = {
	.name = "reset",
	.usage = "reset [--env <env>] -m <why> <script>...",
	.summary = "Make scripts pending again",
	.opts = options,
	.opts_size = sizeof(struct reset_opts),
	.run = run,
};
