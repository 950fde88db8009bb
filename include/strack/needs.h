/*
 * Where a script has to be settled before it may be removed.  Pure.
 */
#ifndef STRACK_NEEDS_H
#define STRACK_NEEDS_H

#include "strack/header.h"
#include "strack/settings.h"
#include "strack/strvec.h"

/* Appends the shared environments that the script is for: those that its
 * header names, else those of .strack.ini.  `local` is each clone's own and
 * says nothing about the others; it is the answer only for a script that is
 * for nothing else.  Where no shared environment is named anywhere, `current`
 * (the session's) is all that there is. */
void needs_environments(const struct settings *s, const struct header *h,
	const char *current, struct strvec *ret);

#endif
