/*
 * What a unit test takes a sample of: all of it only where STRACK_LONG is set
 * (`make check-long`).  And the folder for what is thrown away.
 */
#ifndef UNIT_SAMPLE_H
#define UNIT_SAMPLE_H

#include <stdlib.h>
#include "strack/buf.h"

static inline int sample(int all, int few)
{
	return getenv("STRACK_LONG") ? all : few;
}

/* A template for mkdtemp, to be freed. */
static inline char *throw_away(void)
{
	const char *tmp = getenv("TMPDIR");

	return xstrfmt("%s/strack-unit-XXXXXX", tmp && *tmp ? tmp : "/tmp");
}

#endif
