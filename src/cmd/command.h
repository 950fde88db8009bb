/* Ad-hoc commands: what exec and console share. */
#ifndef STRACK_CMD_COMMAND_H
#define STRACK_CMD_COMMAND_H

#include "strack/session.h"

struct command_opts {
	const char *env, *reason, *timeout;
	bool yes;
};

struct command_wish {
	const char *name; /* of ours: "exec" */
	const char *args; /* for hints: " -m <why> -- <command>" */
	const struct command_opts *o;
	const struct strvec *words; /* what is run */
	bool console;
	void (*started)(const char *run, void *arg); /* or NULL; gets the
							session */
};

/* Everything from the reason to the outcome, which is told on standard
 * error.  ERR_NO: it failed. */
enum err command_run(
	struct session *s, const struct command_wish *w, struct error *err);

#endif
