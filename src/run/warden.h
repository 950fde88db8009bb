/* The state of a warden, for warden.c and outcome.c alone. */
#ifndef STRACK_RUN_WARDEN_H
#define STRACK_RUN_WARDEN_H

#include <time.h>
#include "control.h"
#include "ending.h"
#include "events.h"
#include "job.h"
#include "relay.h"
#include "said.h"

enum phase {
	PHASE_RUN,   /* the script lives */
	PHASE_GROUP, /* it has ended, its process group has not */
	PHASE_END,   /* everything is being ended */
	PHASE_OVER,
};

struct warden {
	struct job *j;
	/* signals; output of the script, or a console's terminal; -1: closed */
	int sig_fd, out_fd;
	int64_t limit; /* of what runs now, seconds; 0 none */
	timer_t timer;
	bool timer_set;
	bool warned; /* at 80 % of the time limit */
	pid_t pid;
	bool started, reaped;
	int status;         /* of wait(2), once reaped */
	int64_t start, end; /* monotonic milliseconds */
	enum phase phase;
	int64_t group_until;
	struct ending ending;
	struct events events;
	bool events_open;
	bool events_more;  /* there is more to read than was read at once */
	int64_t events_at; /* before that nobody is woken by events */
	struct control control;
	struct said said;
	bool timed_out;
	char *cancelled; /* who or what; NULL: not */
	bool runner_gone;
	bool tick_free; /* the runner has read the last tick */
	bool tick_due;
	int64_t log_bytes;  /* when the last tick was sent */
	struct relay relay; /* of a console */
	/* What its verify companion said against a run that went well, or why
	 * that could not be asked; NULL: nothing. */
	char *verdict;
	bool verified; /* it was asked */
	/* Of SQL that did not end well: the database has its row all the same,
	 * or can't be asked; and what is known of the failure. */
	bool committed, unsure;
	bool half; /* it ended its transaction by itself */
	char *sql_said;
};

/* Until what was started has ended, with all that it must not leave. */
void warden_watch(struct warden *w);
/* Takes what is left of its output and events. */
void warden_drain(struct warden *w);
/* Begins the time limit of what is about to start. */
enum err warden_limit(struct warden *w, int64_t seconds, struct error *err);

/* wardenstart.c, in this order: a session without a terminal, that reaps
 * orphans and gets its signals as a descriptor; the file is still what was
 * claimed; where the script writes to, and its other end; the script. */
enum err warden_detach(struct warden *w, struct error *err);
enum err warden_check_bytes(const struct job *j, const struct script *file,
	const char *raw, struct error *err);
enum err warden_open_output(const struct job *j, int out[2], struct error *err);
enum err warden_exec(struct warden *w, const struct program *p, enum part part,
	int out, struct error *err);

/* sqlend.c: what became of the transaction of SQL that did not end well. */
void warden_ask_database(struct warden *w);
/* verify.c: asks the verify companion of a script that went well. */
void warden_verify(struct warden *w);

/* Builds and records the outcome.  `refused`: why it was not started, or
 * NULL. */
enum err outcome_record(
	struct warden *w, const char *refused, struct error *err);

#endif
