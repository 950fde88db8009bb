/*
 * git strack console: an interactive command, with a reason; its transcript is
 * kept.
 */
#include <stddef.h>
#include <stdlib.h>

#include "command.h"
#include "strack/cmd.h"

static const struct opt options[] = {
	{ 'm', "message", OPT_STRING, offsetof(struct command_opts, reason),
		"<why>", "the reason, kept on the ledger" },
	{ 'e', "env", OPT_STRING, offsetof(struct command_opts, env), "<env>",
		"work in this environment" },
	{ 0, "timeout", OPT_STRING, offsetof(struct command_opts, timeout),
		"<duration>", "time limit (5m, 1h30m; default none)" },
	{ 'y', "yes", OPT_FLAG, offsetof(struct command_opts, yes), NULL,
		"don't ask before a protected environment" },
	{ .kind = OPT_END },
};

static void started(const char *run, void *arg)
{
	struct session *s = arg;

	out_styled(&s->msg, STYLE_DIM,
		"run %s in %s: what this console shows is kept", run, s->env);
	out_printf(&s->msg, "\n");
	out_finish(&s->msg, NULL); /* it remembers a failure */
}

static enum err run(struct session *s, const void *opts,
	const struct cmd_args *a, struct error *err)
{
	const char *shell = getenv("SHELL");
	struct strvec words = STRVEC_INIT;
	struct command_wish wish = { .name = "console",
		.args = " -m <why>",
		.o = opts,
		.words = a->rest,
		.console = true,
		.started = started };
	enum err rc;

	if (a->args->n)
		return error_set(err, ERR_USAGE,
			"console: a shell other than yours stands behind a "
			"--");
	if (!a->rest->n) {
		strvec_push(&words, str_empty(shell) ? "sh" : shell);
		wish.words = &words;
	}
	rc = command_run(s, &wish, err);
	strvec_release(&words);
	return rc;
}

const struct command cmd_console = {
	.name = "console",
	.usage = "console [<options>] -m <why> [-- <shell> [<args>...]]",
	.summary = "Work in a shell, and record the session",
	.opts = options,
	.opts_size = sizeof(struct command_opts),
	.run = run,
};
