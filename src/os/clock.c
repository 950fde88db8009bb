/*
 * Time and randomness of the machine, behind one door so that tests can set
 * the time.  Knows nothing of formats: those are in base/text.
 */
#include "strack/clock.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/random.h>
#include <time.h>
#include "strack/text.h"

static int64_t read_ms(clockid_t id)
{
	struct timespec ts;

	/* Cannot fail: both clocks are in every Linux, and &ts is ours. */
	if (clock_gettime(id, &ts))
		abort();
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

int64_t clock_mono_ms(void)
{
	return read_ms(CLOCK_MONOTONIC);
}

/* The end of the year 9999: no format of ours goes beyond it. */
#define LAST_SECOND INT64_C(253402300799)

int64_t clock_now_ms(void)
{
	/* Held here, so that a test's time goes on across a fork. */
	static bool looked, fixed;
	static int64_t shift;

	if (!looked) {
		const char *s = getenv("STRACK_TEST_NOW");
		int64_t start;

		looked = true;
		fixed = s && number_parse(s, &start) && start <= LAST_SECOND;
		if (fixed)
			shift = start * 1000 - clock_mono_ms();
	}
	/* From a monotonic clock: in a test nothing may set the time back. */
	return fixed ? clock_mono_ms() + shift : read_ms(CLOCK_REALTIME);
}

enum err random_bytes(void *p, size_t n, struct error *err)
{
	unsigned char *at = p;

	while (n) {
		ssize_t got = getrandom(at, n, 0);

		if (got < 0) {
			if (errno == EINTR)
				continue;
			error_sys(err, "no randomness");
			return ERR_FATAL;
		}
		at += got;
		n -= (size_t)got;
	}
	return ERR_OK;
}
