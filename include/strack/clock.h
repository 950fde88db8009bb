/* Time and randomness of the machine, behind one door so tests can set them. */
#ifndef STRACK_CLOCK_H
#define STRACK_CLOCK_H

#include <stddef.h>
#include <stdint.h>
#include "strack/error.h"

/* Unix milliseconds.  The environment variable STRACK_TEST_NOW (Unix seconds,
 * read at the first call) fixes the start: the clock then goes on from there.
 */
int64_t clock_now_ms(void);
/* CLOCK_MONOTONIC milliseconds: for durations and limits. */
int64_t clock_mono_ms(void);
/* getrandom(2) */
enum err random_bytes(void *p, size_t n, struct error *err);

#endif
