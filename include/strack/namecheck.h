/*
 * What is wrong with names: files that look like scripts and are none, and
 * paths that other systems can't have.  Pure.
 */
#ifndef STRACK_NAMECHECK_H
#define STRACK_NAMECHECK_H

#include <stdbool.h>
#include "strack/settings.h"

/* A file that is no script. */
struct name_facts {
	const char *base;
	bool executable;
	bool link;    /* a symbolic link */
	bool shebang; /* its text begins with #! */
};

/* Was it probably meant to be one?  Then `why` gets the reason and what to do,
 * in words that finish "PATH: ".  It takes both a date that is nearly right, or
 * right, and a way to start it, be it a nearly right one: data files, editor
 * leftovers, companions and helpers (`deploy.sh`, `001_build.sh`) are not
 * meant.  Without a git object at hand, whether `shebang` matters is told by
 * name_dated_roughly. */
bool name_mistaken(
	const struct settings *s, const struct name_facts *f, struct buf *why);
/* Could name_mistaken say yes, whatever its text is? */
bool name_dated_roughly(const char *base);

/* Why Windows can't have the path (a reserved name, a character, a blank or dot
 * at the end of a part), in words that finish "PATH: "; false where it can. */
bool name_bad_on_windows(const char *path, struct buf *why);

#endif
