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
};

/* wardenstart.c, in this order: a session without a terminal, that reaps
 * orphans and gets its signals as a descriptor; the file is still what was
 * claimed; where the script writes to, and its other end; the script. */
enum err warden_detach(struct warden *w, struct error *err);
enum err warden_check_bytes(const struct warden *w, struct error *err);
enum err warden_open_output(const struct job *j, int out[2], struct error *err);
enum err warden_exec(struct warden *w, int out, struct error *err);

/* Builds and records the outcome.  `refused`: why it was not started, or
 * NULL. */
enum err outcome_record(
	struct warden *w, const char *refused, struct error *err);

#endif
