/*
 * The command table.  A new command is one file in cmd/ and one row here.
 */
#include "strack/cmd.h"

#include <string.h>

static const struct command *const commands[] = {
	&cmd_init,
	&cmd_create,
	&cmd_run,
	&cmd_attach,
	&cmd_cancel,
	&cmd_status,
	&cmd_log,
	&cmd_show,
	&cmd_approve,
	&cmd_mark,
	&cmd_reset,
	&cmd_resolve,
	&cmd_rollback,
	&cmd_remind,
	&cmd_cleanup,
	&cmd_exec,
	&cmd_console,
	&cmd_review,
	&cmd_remove,
	&cmd_check,
	&cmd_verify,
	&cmd_trust,
	&cmd_sync,
	&cmd_hooks,
};

const struct command *cmd_at(size_t i)
{
	return i < ARRAY_SIZE(commands) ? commands[i] : NULL;
}

const struct command *cmd_find(const char *name)
{
	const struct command *c;

	for (size_t i = 0; (c = cmd_at(i)); i++) {
		if (!strcmp(c->name, name) ||
			(c->alias && !strcmp(c->alias, name)))
			return c;
	}
	return NULL;
}
