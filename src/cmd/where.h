/*
 * What must hold of the place and the environment before anything runs there:
 * shared by the commands that run something.
 */
#ifndef STRACK_CMD_WHERE_H
#define STRACK_CMD_WHERE_H

#include "strack/session.h"

/* There is a work tree, and an environment was chosen where .strack.ini names
 * some.  `command` and `args` (" -m <why> ...", or "") make up the hint. */
enum err where_check(struct session *s, const char *command, const char *args,
	struct error *err);
/* Opens the ledger for writing where there is one, and records and tells what
 * was lost. */
enum err where_open(struct session *s, struct error *err);
/* Sets config_blob, which goes into every claim. */
enum err where_note_config(struct session *s, struct error *err);
/* The same.  Unless `allow`, .strack.ini must be what is committed. */
enum err where_config(struct session *s, bool allow, struct error *err);
/* A protected environment's name has to be typed, unless `yes`.  `what` would
 * be run there: "3 scripts". */
enum err where_ask(struct session *s, bool yes, const char *what,
	const char *command, const char *args, struct error *err);

#endif
