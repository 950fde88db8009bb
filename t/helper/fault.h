/* What fault.c shares with the processes of a run and with fault-points.c. */
#include <stdatomic.h>
#include <stdint.h>

struct fault_shared {
	atomic_int count; /* calls so far that could have been hit */
	atomic_int hits;
	int64_t start; /* CLOCK_MONOTONIC, seconds */
};

#define FAULT_EXIT 77 /* of a process that was ended by _exit */

/* Reads the environment anew; is this git-strack? */
int fault_configure(void);
