/*
 * Locks of this clone: flock(2) on a file, held as long as any process holds
 * the descriptor (fork shares it, exec closes it), released by the kernel when
 * the last one dies.
 */
#ifndef STRACK_LOCK_H
#define STRACK_LOCK_H

#include <stdbool.h>
#include <sys/types.h>

#include "strack/buf.h"
#include "strack/error.h"

struct lock {
	int fd; /* -1: not held */
	char *path;
};

#define LOCK_INIT                                                              \
	{                                                                      \
		-1, NULL                                                       \
	}

/* Takes it.  `wait_ms` 0: at once ERR_HELD when somebody has it; > 0: tries
 * that long; < 0: for ever.  After locking, the path must still name the
 * locked file, otherwise it is opened again.  `mode` for a new file.  On
 * ERR_HELD `note` (may be NULL) gets what the holder wrote with lock_note. */
enum err lock_take(struct lock *l, const char *path, mode_t mode, int wait_ms,
	struct buf *note, struct error *err);
/* Writes one line into the file, to tell others who holds it. */
enum err lock_note(struct lock *l, const char *line, struct error *err);
/* Is it held by anybody (a missing file is not)?  Takes nothing. */
enum err lock_held(const char *path, bool *ret, struct error *err);
/* Unlinks the file (when `remove`) and lets go.  Safe when not held. */
void lock_release(struct lock *l, bool remove);
/* Only closes this process's descriptor: another that shares it holds on. */
void lock_forget(struct lock *l);

#endif
