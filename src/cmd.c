/*
 * The command table.  A new command is one file in cmd/ and one row here.
 */
#include "strack/cmd.h"

#include <string.h>

static const struct command *const commands[] = {
	&cmd_init,
	&cmd_create,
	&cmd_run,
	&cmd_status,
	&cmd_log,
	&cmd_show,
	&cmd_approve,
	&cmd_mark,
	&cmd_reset,
	&cmd_resolve,
	&cmd_cleanup,
	&cmd_verify,
	&cmd_trust,
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
