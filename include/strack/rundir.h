/*
 * The folder of one run in this clone's state, runs/RUN: who runs it, its
 * lock, and the files that script and warden share.  It is there before the
 * claim is, and goes when the outcome is recorded, so that whoever finds one
 * can tell a run that lives from one that was lost.
 *
 *   lock    flock(2)ed as long as the runner (until it forks) or warden lives
 *   owner   `host`, `boot`, `pidns`, `script`, `env`: one `key value` a line,
 *           values percent-encoded as in an entry
 *   events  $STRACK_EVENTS
 *   resume  $STRACK_RESUME
 *   control a FIFO that is the warden's to read: orders from other terminals.
 *           Missing where the file system has none
 *   batch   id of the detached batch that the run belongs to; else missing
 *   cancelled
 *           who ended what a killed warden had left, and why; else missing
 */
#ifndef STRACK_RUNDIR_H
#define STRACK_RUNDIR_H

#include "strack/error.h"
#include "strack/lock.h"
#include "strack/session.h"
#include "strack/strvec.h"

struct rundir {
	char *path; /* NULL: none */
	struct lock lock;
	int control; /* the FIFO, for reading; -1: none */
};
#define RUNDIR_INIT                                                            \
	{                                                                      \
		NULL, LOCK_INIT, -1                                            \
	}

struct rundir_owner {
	char *host, *boot, *pidns; /* "" where not known */
	char *script, *env;
};
#define RUNDIR_OWNER_INIT                                                      \
	{                                                                      \
		NULL, NULL, NULL, NULL, NULL                                   \
	}
void rundir_owner_release(struct rundir_owner *o);

/* <state>/runs/RUN, or with `name` a file in it; the caller frees it. */
char *rundir_path(const char *state_dir, const char *run, const char *name);

/* Makes the folder, takes its lock, writes owner, an empty events file and
 * `resume`; durable.  Nothing is left on failure. */
enum err rundir_create(struct rundir *d, const char *state_dir, const char *run,
	const char *script, const char *env, const struct buf *resume,
	struct error *err);
/* ERR_NOTFOUND when it was not written yet (then there is no claim either). */
enum err rundir_read_owner(const char *state_dir, const char *run,
	struct rundir_owner *ret, struct error *err);

/* A file of one text.  ERR_EXISTS when it is there, ERR_NOTFOUND when the
 * folder is not. */
#define RUNDIR_BATCH "batch"
#define RUNDIR_CANCELLED "cancelled"
enum err rundir_put(const char *state_dir, const char *run, const char *name,
	const char *text, struct error *err);
/* ERR_NOTFOUND.  What it holds anybody of this user may have written. */
enum err rundir_get(const char *state_dir, const char *run, const char *name,
	struct buf *ret, struct error *err);

/* Does anything of the run live?  RUN_ELSEWHERE also where that can't be told
 * from here: another machine's, another pid namespace's, not readable. */
enum err rundir_life(const char *state_dir, const char *run, enum run_life *ret,
	struct error *err);

/* Removes the folder of a run that is over; a missing one is fine. */
enum err rundir_remove(
	const char *state_dir, const char *run, struct error *err);
/* The same if nothing of it lives (asked once more, and not in the instant in
 * which rundir_create makes one). */
enum err rundir_tidy(const char *state_dir, const char *run, struct error *err);
/* Run ids that have a folder here; none is fine. */
enum err rundir_list(
	const char *state_dir, struct strvec *ret, struct error *err);
/* Undoes rundir_create: removes the folder and lets go of the lock. */
void rundir_drop(struct rundir *d);
/* Only closes this process's hold on it; the warden keeps it. */
void rundir_forget(struct rundir *d);

/* Sets room aside on the disk, so that a run whose disk fills up can still be
 * recorded: refused before the claim when there is none.  Given back right
 * before the outcome is written. */
enum err rundir_reserve(
	const struct rundir *d, int64_t bytes, struct error *err);
void rundir_give_back(const struct rundir *d);

#endif
