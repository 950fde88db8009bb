/* git strack exec: one command, with a reason, recorded like a script's run. */
#include <stddef.h>

#include "command.h"
#include "strack/cmd.h"

static const struct opt options[] = {
	{ 'm', "message", OPT_STRING, offsetof(struct command_opts, reason),
		"<why>", "the reason, kept on the ledger" },
	{ 'e', "env", OPT_STRING, offsetof(struct command_opts, env), "<env>",
		"run in this environment" },
	{ 0, "timeout", OPT_STRING, offsetof(struct command_opts, timeout),
		"<duration>", "time limit (5m, 1h30m; 0 is none)" },
	{ 'y', "yes", OPT_FLAG, offsetof(struct command_opts, yes), NULL,
		"don't ask before a protected environment" },
	{ .kind = OPT_END },
};

static enum err run(struct session *s, const void *opts,
	const struct cmd_args *a, struct error *err)
{
	const struct command_wish wish = { .name = "exec",
		.args = " -m <why> -- <command>",
		.o = opts,
		.words = a->rest };

	if (a->args->n)
		return error_set(
			err, ERR_USAGE, "exec: the command stands behind a --");
	return command_run(s, &wish, err);
}

const struct command cmd_exec = {
	.name = "exec",
	.usage = "exec [<options>] -m <why> -- <command> [<args>...]",
	.summary = "Run an ad-hoc command, and record it",
	.opts = options,
	.opts_size = sizeof(struct command_opts),
	.run = run,
};
