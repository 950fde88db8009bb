/* Making many files durable at once. */
#include "strack/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FEW 3
#define DIRTY_MAX_KIB (64 * 1024) /* a fraction of a second on a slow disk */
#define MEMINFO_MAX 65536

/* Unwritten data of the whole machine in KiB; -1 where nobody tells.  syncfs
 * waits for all of a file system's, other programs' too. */
static long dirty_kib(void)
{
	struct buf b = BUF_INIT;
	const char *p;
	long n = -1;

	if (file_read("/proc/meminfo", MEMINFO_MAX, false, &b, NULL) ==
		ERR_OK) {
		p = strstr(b.ptr, "\nDirty:");
		if (p)
			n = strtol(p + strlen("\nDirty:"), NULL, 10);
	}
	buf_release(&b);
	return n;
}

static enum err sync_one_by_one(const struct strvec *paths, struct error *err)
{
	enum err rc = ERR_OK;

	for (size_t i = 0; i < paths->n && !rc; i++) {
		rc = file_sync(paths->v[i], err);
		if (rc == ERR_NOTFOUND) {
			error_reset(err);
			rc = ERR_OK;
		}
	}
	return rc;
}

/* false: it has to be done one by one. */
static bool sync_file_system(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	bool ok;

	if (fd < 0)
		return false;
	ok = syncfs(fd) == 0;
	close(fd); /* nothing was written through it */
	return ok;
}

enum err files_sync(const struct strvec *paths, struct error *err)
{
	long dirty = paths->n > FEW ? dirty_kib() : -1;

	if (dirty >= 0 && dirty < DIRTY_MAX_KIB &&
		sync_file_system(paths->v[paths->n - 1]))
		return ERR_OK;
	return sync_one_by_one(paths, err);
}
