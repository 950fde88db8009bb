/* Files below cache/ in the state folder, private to core. */
#ifndef STRACK_CORE_CACHEFILE_H
#define STRACK_CORE_CACHEFILE_H

#include <stdbool.h>
#include "strack/buf.h"
#include "strack/file.h"

struct repo;

/* Maps the file and points `body` behind its first line.  False when there is
 * none, or another one than was written. */
bool cachefile_open(const char *path, const char *magic, size_t max,
	struct mapping *ret, const char **body);
/* Makes room for the first line; then the body is added. */
void cachefile_begin(struct buf *b, const char *magic);
/* Completes the first line and replaces the file, in a folder that is there;
 * where that fails there is no cache. */
void cachefile_store(
	struct repo *r, const char *path, const char *magic, struct buf *b);

#endif
