/*
 * Undoing what a script did, with its rollback companion: shared by `rollback`
 * and by `run`, where a header says `on-failure rollback`.
 */
#ifndef STRACK_CMD_UNDO_H
#define STRACK_CMD_UNDO_H

#include "strack/companion.h"
#include "strack/run.h"

struct undo {
	struct session *s;
	const struct script *script;
	const struct script *companion;
	const char *reason; /* or NULL */
	int64_t timeout;    /* seconds, 0 none; -1: as the companion says */
	bool allow_dirty, wait;
	struct out *out;   /* where it is told */
	bool quiet;        /* its output is not shown: a detached batch */
	const char *batch; /* see run_request */
};

/* Did it run here, so that there is something to undo?  ERR_HELD, and err says
 * what is so instead. */
enum err undo_check(struct session *s, const char *path, struct error *err);
/* The same, behind the run or rollback that has it in this clone. */
enum err undo_check_later(
	struct session *s, const char *path, struct error *err);
/* ERR_BAD where it has no rollback companion. */
enum err undo_companion(struct companions *c, const char *path,
	struct script **ret, struct error *err);

/* Runs the companion, and tells how it ended.  ERR_NO: it failed, and the
 * script is failed; otherwise as run_one. */
enum err undo_run(const struct undo *u, struct error *err);

#endif
