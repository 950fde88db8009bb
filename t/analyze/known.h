/*
 * Included before every file by t/analyze/analyze.sh.  gcc's analyzer looks at
 * one file at a time, and follows paths that what is said in a header's comment
 * rules out: here it is told.
 */
#ifndef ANALYZE_KNOWN_H
#define ANALYZE_KNOWN_H

/* The Makefile says what they are. */
#define STRACK_VERSION "0"
#define STRACK_DATADIR "/usr/local/share/git-strack"

/* ANALYZE_PLAIN: without, for error.c, which defines them. */
#ifndef ANALYZE_PLAIN
#include "strack/error.h"

/* What these return is never ERR_OK. */
static inline enum err known_failure(enum err code)
{
	if (code == ERR_OK)
		__builtin_unreachable();
	return code;
}
#define error_set(...) known_failure(error_set(__VA_ARGS__))
#define error_sys(...) known_failure(error_sys(__VA_ARGS__))
#endif

#endif
