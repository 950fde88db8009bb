/* "Did you mean": the known name nearest to a mistyped one.  Private to
 * src/core. */
#ifndef CORE_NEAREST_H
#define CORE_NEAREST_H

#include <stddef.h>

/* The word to compare with is at most this long; nobody mistypes more. */
#define NEAREST_MAX 64

/* Distance between `word` and `name`, or -1 when they have too little in
 * common for one to be a slip for the other. */
int nearest_distance(const char *word, const char *name);

#endif
