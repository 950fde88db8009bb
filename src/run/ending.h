/*
 * Ending all that descends from this process, wherever it went: SIGTERM and
 * SIGCONT, a grace time, SIGKILL, and five seconds to be reaped.  The caller
 * must be a child subreaper and reap.
 */
#ifndef STRACK_RUN_ENDING_H
#define STRACK_RUN_ENDING_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define ENDING_REAP_MS 5000

enum ending_step { ENDING_NOT, ENDING_ASKED, ENDING_KILLED };

struct ending {
	enum ending_step step;
	int64_t deadline; /* monotonic milliseconds */
	pid_t group;      /* of the script, where /proc tells nothing */
};

void ending_begin(struct ending *e, pid_t group, int64_t now, int64_t grace_ms);
/* The grace time is over now. */
void ending_hurry(struct ending *e, int64_t now);
/* To be called every now and then; true when nothing is left, or what is left
 * can't be ended. */
bool ending_step(struct ending *e, int64_t now);
/* How many processes descend from us. */
int64_t ending_left(void);

#endif
