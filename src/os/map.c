/*
 * Files as memory.  Knows nothing of what is in them.
 */
#include "strack/file.h"

#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum err file_map(
	const char *path, size_t max, struct mapping *ret, struct error *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	struct stat st;
	void *p = NULL;
	enum err rc = ERR_OK;

	if (fd < 0)
		return error_sys(err, "%s", path);
	if (fstat(fd, &st))
		rc = error_sys(err, "%s", path);
	else if (!S_ISREG(st.st_mode))
		rc = error_set(err, ERR_FATAL, "%s: is no regular file", path);
	else if ((uintmax_t)st.st_size > max)
		rc = error_set(
			err, ERR_TOOBIG, "%s: is over %zu bytes", path, max);
	if (!rc && st.st_size) {
		/* read in one go: page by page it would take longer */
		p = mmap(NULL, (size_t)st.st_size, PROT_READ,
			MAP_PRIVATE | MAP_POPULATE, fd, 0);
		if (p == MAP_FAILED)
			rc = error_sys(err, "%s", path);
	}
	close(fd); /* was only read */
	if (!rc)
		*ret = (struct mapping){ p, (size_t)st.st_size };
	return rc;
}

enum err file_map_keep(struct mapping *m, struct error *err)
{
	char *copy;
	void *p;

	if (!m->ptr)
		return ERR_OK;
	copy = xrealloc(NULL, m->len);
	memcpy(copy, m->ptr, m->len);
	p = mmap((void *)m->ptr, m->len, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	if (p != MAP_FAILED)
		memcpy(p, copy, m->len);
	free(copy);
	return p == MAP_FAILED ? error_sys(err, "no memory for a file")
			       : ERR_OK;
}

void file_unmap(struct mapping *m)
{
	if (m->ptr)
		munmap((void *)m->ptr, m->len);
	*m = (struct mapping)MAPPING_INIT;
}
