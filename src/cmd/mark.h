/* What the ways to mark share: named scripts, a baseline, another's table. */
#ifndef STRACK_CMD_MARK_H
#define STRACK_CMD_MARK_H

#include "strack/session.h"

struct mark_opts {
	const char *env;
	const char *reason;
	bool baseline;
	const char *before;
	const char *from;
	bool dry_run;
};

/* The ledger for writing; for a dry run only for reading, and it may be
 * missing then (s->ledger is NULL). */
enum err mark_open_ledger(
	struct session *s, const struct mark_opts *o, struct error *err);

/* What the ledger knows of the script in the session's environment, or NULL,
 * and its state with time and liveness applied. */
const struct state_row *mark_row(
	struct session *s, const char *path, enum state *state);

/* Records the mark, or says that it would. */
enum err mark_record(struct session *s, const struct mark_opts *o,
	const char *path, const char *reason, struct error *err);

/* mark --from: settles what another tool's table says has run. */
enum err mark_from(
	struct session *s, const struct mark_opts *o, struct error *err);

#endif
