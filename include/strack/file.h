/*
 * Files and folders of this clone's state, written so that a crash leaves
 * the old or the new and never a half.  All opens are O_CLOEXEC.
 */
#ifndef STRACK_FILE_H
#define STRACK_FILE_H

#include <stdbool.h>
#include <sys/types.h>
#include "strack/buf.h"
#include "strack/error.h"
#include "strack/strvec.h"

/* Appends the whole of a regular file to `ret`.  ERR_NOTFOUND, ERR_TOOBIG
 * over `max` bytes (asked before reading, and held while reading), ERR_FATAL;
 * a link, device or folder is ERR_FATAL unless `follow`. */
enum err file_read(const char *path, size_t max, bool follow, struct buf *ret,
	struct error *err);

/* The same from a descriptor to its end, as of standard input; `name` is for
 * messages. */
enum err fd_read_all(int fd, const char *name, size_t max, struct buf *ret,
	struct error *err);

/* Replaces `path`: temporary file beside it, write, fsync, rename, fsync of
 * the folder.  Nothing is left behind on failure. */
enum err file_replace(const char *path, mode_t mode, const void *data,
	size_t len, struct error *err);

/* The same, where `path` is still that very file right before it is replaced:
 * ERR_EXISTS when it is another one by then, which stays. */
enum err file_replace_same(const char *path, dev_t dev, ino_t ino, mode_t mode,
	const void *data, size_t len, struct error *err);

/* Creates `path`, durable as above; ERR_EXISTS when it is there (link(2)
 * decides, so two at once have one winner). */
enum err file_create(const char *path, mode_t mode, const void *data,
	size_t len, struct error *err);

/* What is being made, beside where it goes.  It is locked while `fd` is open
 * in any process: who finds it unlocked knows that a crash left it. */
struct temp {
	int fd; /* -1: none */
	char *path;
};
#define TEMP_INIT                                                              \
	{                                                                      \
		-1, NULL                                                       \
	}
/* The names of file_replace's and file_create's. */
#define TEMP_PREFIX ".tmp-strack-"
/* Makes PREFIX and six letters in `dir`, for this user alone. */
enum err temp_file(const char *dir, const char *prefix, struct temp *ret,
	struct error *err);
enum err temp_folder(const char *dir, const char *prefix, struct temp *ret,
	struct error *err);
/* Closes it; the file or folder is the caller's to rename or remove first. */
void temp_forget(struct temp *t);
/* Removes what nobody makes any more in `dir`, and with `below` in the folders
 * below it, too; with `dry` only counts.  `n` is added to. */
enum err temps_remove(const char *dir, const char *prefix, bool below, bool dry,
	size_t *n, struct error *err);

/* unlink + fsync of the folder; a missing file is fine. */
enum err file_remove(const char *path, struct error *err);

/* write(2) until all is written; EINTR and short writes handled. */
enum err fd_write_all(int fd, const void *data, size_t len, const char *what,
	struct error *err);

/* A regular file as memory that can only be read, at a tenth of the cost of
 * reading it.  Who cuts the file short in place kills us, so: for files that
 * are replaced by renaming, and with file_map_keep() before a script runs. */
struct mapping {
	const char *ptr; /* NULL: none */
	size_t len;
};
#define MAPPING_INIT                                                           \
	{                                                                      \
		NULL, 0                                                        \
	}
/* ERR_NOTFOUND; ERR_TOOBIG over `max` bytes; ERR_FATAL also for a link. */
enum err file_map(
	const char *path, size_t max, struct mapping *ret, struct error *err);
/* From now on a copy, at the same address. */
enum err file_map_keep(struct mapping *m, struct error *err);
void file_unmap(struct mapping *m);

/* Opens `path` and fsyncs it (file or folder). ERR_NOTFOUND where missing. */
enum err file_sync(const char *path, struct error *err);

/* Makes files and folders durable that were just written, all of one file
 * system, that of the last one; missing ones are passed over.  Many are cheaper
 * by one syncfs(2) than by an fsync(2) each (measured: 0.3 against 1.5 ms for
 * an entry's objects), unless others have much unwritten data there. */
enum err files_sync(const struct strvec *paths, struct error *err);

/* A folder of our state: made with `mode` whatever the umask (parents must
 * be there) when missing, and refused when it is a link, no folder, or owned
 * by somebody else than the effective user (root may use anybody's).  Durable.
 */
enum err dir_secure(const char *path, mode_t mode, struct error *err);
/* mkdir -p with `mode` less the umask, for work-tree folders. */
enum err dir_make_all(const char *path, struct error *err);
/* Names in a folder without . and .., sorted bytewise; ERR_NOTFOUND. */
enum err dir_list(const char *path, struct strvec *ret, struct error *err);
/* Removes a folder and all below it; never follows links; missing is fine. */
enum err dir_remove_all(const char *path, struct error *err);

/* "a" and "b" to "a/b"; either may end or begin with a slash. */
char *path_join(const char *a, const char *b);

#endif
