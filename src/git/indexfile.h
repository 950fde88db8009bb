/*
 * Private to src/git: the names of git's index, and what it noted of each
 * file, without the cost of libgit2's own.
 */
#ifndef STRACK_GIT_INDEXFILE_H
#define STRACK_GIT_INDEXFILE_H

#include <stdint.h>
#include <string.h>
#include "strack/buf.h"
#include "strack/error.h"
#include "strack/object.h"

struct indexfile_entry {
	size_t stat; /* into `data` */
	size_t name; /* into `data`, or `names` in version 4 */
};

struct indexfile {
	struct buf data;  /* the file */
	struct buf names; /* version 4 has them folded */
	unsigned version;
	struct indexfile_entry *v; /* by name and stage */
	size_t n;
};
#define INDEXFILE_INIT                                                         \
	{                                                                      \
		.data = BUF_INIT, .names = BUF_INIT                            \
	}
void indexfile_release(struct indexfile *x);

/* ERR_BAD when it is nothing that we can read: malformed, newer, split or
 * sparse. */
enum err indexfile_read(
	struct indexfile *x, const char *path, struct error *err);
bool indexfile_has(const struct indexfile *x, const char *path);

/* As the index has it, numbers cut to 32 bits. */
struct indexfile_stat {
	uint32_t ctime_s, ctime_ns, mtime_s, mtime_ns;
	uint32_t ino, mode, uid, gid, size;
	struct oid id;
};
/* False when there is nothing to go by: unknown, in a conflict, or only
 * intended to be added. */
bool indexfile_stat(const struct indexfile *x, const char *path,
	struct indexfile_stat *ret);

#endif
