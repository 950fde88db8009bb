/*
 * Runs of this clone that are under way: which there are, following one,
 * ending one, from any process of the clone.  And a batch that goes on by
 * itself.  Nothing here asks whether it is a script that runs.
 */
#ifndef STRACK_UNDERWAY_H
#define STRACK_UNDERWAY_H

#include "strack/lock.h"
#include "strack/progress.h"
#include "strack/session.h"
#include "strack/strvec.h"
#include "strack/text.h"

struct underway {
	char *run;
	char *script; /* as its folder names it; may be empty */
	char *env;
};
struct underwayvec {
	struct underway *v; /* oldest first */
	size_t n, cap;
};
#define UNDERWAYVEC_INIT                                                       \
	{                                                                      \
		NULL, 0, 0                                                     \
	}
void underwayvec_release(struct underwayvec *l);

/* Those of which something lives. */
enum err underway_list(
	const struct session *s, struct underwayvec *ret, struct error *err);

/* ---- following ---- */
struct watch {
	const char *run;
	int64_t since; /* Unix milliseconds of its beginning; 0: now */
	int64_t limit; /* seconds, 0 none */
	bool left;     /* a person pressed Ctrl-C: it goes on */
	bool midline;  /* what was shown last did not end its line */
};
/* Shows its output from the beginning, and the line that tells how long it
 * has been running, until it is over, Ctrl-C, or nobody reads. */
enum err underway_watch(struct session *s, struct watch *w, struct error *err);

/* How far its script says that it is, as text that may be shown.  false: it
 * said nothing, said too much to be read again and again, or the run is not
 * under way in this clone. */
bool underway_progress(
	const struct session *s, const char *run, struct progress *ret);

/* ---- ending ---- */
/* Asks the warden to end it; where there is none any more, ends what it left
 * behind, which takes as long as that takes.  `*orphans`: it was so.  ERR_OK
 * also when it ended by itself meanwhile. */
enum err underway_cancel(struct session *s, const char *run, const char *who,
	const char *why, bool *orphans, struct error *err);
/* Returns when the run is over and recorded, or its warden is gone. */
void underway_wait(const struct session *s, const char *run);
/* Does a process hold its lock: a runner that begins it, or its warden? */
bool underway_held(const struct session *s, const char *run);

/* ---- a batch that goes on by itself ---- */
struct detach {
	char id[ULID_LEN + 1]; /* of the batch */
	char *log_path;        /* of its messages */
	struct lock log;       /* the file, held as long as the batch lives */
	int fd;                /* to the other process; -1: nobody listens */
	pid_t pid;             /* of the batch; 0 in itself */
};
#define DETACH_INIT                                                            \
	{                                                                      \
		"", NULL, LOCK_INIT, -1, 0                                     \
	}
void detach_release(struct detach *d);

/* Makes the log and forks: the child, which is to be the batch, has pid 0 and
 * still the terminal of the parent, with which it dies. */
enum err detach_fork(
	struct detach *d, const struct session *s, struct error *err);
/* In the parent.  Waits until the first script runs (`run` gets its id, *more
 * how many are to follow); or the batch has ended before: then `run` is empty,
 * and the result is that of the batch. */
enum err detach_await(struct detach *d, char run[ULID_LEN + 1], int64_t *more,
	struct error *err);
/* In the batch, when a script runs: the first time its output becomes the log
 * and the parent is told. */
void detach_started(
	struct detach *d, struct session *s, const char *run, int64_t more);
/* In the batch, at its end.  If no script ran the parent is told; then `err`
 * is emptied and the result ERR_OK, else `rc`. */
enum err detach_ended(struct detach *d, enum err rc, struct error *err);

/* Does the batch that wrote this log live? */
bool detach_lives(const char *log_path);
/* <state>/logs/batch-ID.log; the caller frees it. */
char *detach_log_path(const struct session *s, const char *batch);

#endif
