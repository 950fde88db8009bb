/* Commands: one const row each, found in the table of cmd.c. */
#ifndef STRACK_CMD_H
#define STRACK_CMD_H

#include "strack/opt.h"
#include "strack/session.h"

struct cmd_args {
	const struct strvec *args; /* what is no option */
	const struct strvec *rest; /* behind -- */
	bool has_rest;
};

struct command {
	const char *name;
	const char *alias;   /* or NULL */
	const char *usage;   /* after "git strack ", lines separated by \n */
	const char *summary; /* one line, for the list */
	const struct opt *opts;
	size_t opts_size;
	/* `opts` is the parsed struct. The session is initialised, not
	 * opened.  The result is the exit status: see enum err. */
	enum err (*run)(struct session *s, const void *opts,
		const struct cmd_args *args, struct error *err);
};

const struct command *cmd_find(const char *name);
const struct command *cmd_at(size_t i); /* NULL behind the last */

extern const struct command cmd_init;
extern const struct command cmd_create;
extern const struct command cmd_run;
extern const struct command cmd_attach;
extern const struct command cmd_cancel;
extern const struct command cmd_status;
extern const struct command cmd_log;
extern const struct command cmd_show;
extern const struct command cmd_approve;
extern const struct command cmd_mark;
extern const struct command cmd_reset;
extern const struct command cmd_resolve;
extern const struct command cmd_rollback;
extern const struct command cmd_remind;
extern const struct command cmd_cleanup;
extern const struct command cmd_exec;
extern const struct command cmd_console;
extern const struct command cmd_review;
extern const struct command cmd_remove;
extern const struct command cmd_check;
extern const struct command cmd_verify;
extern const struct command cmd_trust;
extern const struct command cmd_sync;
extern const struct command cmd_hooks;

#endif
