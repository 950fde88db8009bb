/*
 * Files that are there as a whole or not at all.  What is in them, and which
 * folder they belong in, is for the callers.
 */
#include "strack/file.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

char *path_join(const char *a, const char *b)
{
	size_t len = strlen(a);

	if (!len || !*b)
		return xstrdup(len ? a : b);
	while (len && a[len - 1] == '/')
		len--;
	while (*b == '/')
		b++;
	return xstrfmt("%.*s/%s", (int)len, a, b);
}

/* Everything up to `max` bytes; a file that grows while it is read is held to
 * it as well. */
static enum err read_fd(int fd, const char *path, size_t max, struct buf *ret,
	struct error *err)
{
	size_t start = ret->len, room = 4096;

	for (;;) {
		size_t have = ret->len - start;
		ssize_t n;

		/* One byte over the maximum is asked for, to see it. */
		if (room > max - have)
			room = max - have + 1;
		buf_grow(ret, room);
		n = read(fd, ret->ptr + ret->len, room);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			error_sys(err, "%s", path);
			return ERR_FATAL;
		}
		if (n == 0)
			return ERR_OK;
		ret->len += (size_t)n;
		ret->ptr[ret->len] = '\0';
		if ((size_t)n > max - have)
			return error_set(err, ERR_TOOBIG,
				"%s: is over %zu bytes", path, max);
		if (room < 256 * 1024)
			room *= 2;
	}
}

static enum err check_readable(
	int fd, const char *path, size_t max, bool follow, struct error *err)
{
	struct stat st;

	if (fstat(fd, &st)) {
		error_sys(err, "%s", path);
		return ERR_FATAL;
	}
	if (!S_ISREG(st.st_mode)) {
		if (!follow || S_ISDIR(st.st_mode))
			return error_set(
				err, ERR_FATAL, "%s: is no regular file", path);
		return ERR_OK;
	}
	if ((uintmax_t)st.st_size > max)
		return error_set(err, ERR_TOOBIG,
			"%s: has %jd bytes, at most %zu are read", path,
			(intmax_t)st.st_size, max);
	return ERR_OK;
}

static enum err read_all(int fd, const char *path, size_t max, bool follow,
	struct buf *ret, struct error *err)
{
	size_t start = ret->len;
	enum err rc = check_readable(fd, path, max, follow, err);

	if (!rc)
		rc = read_fd(fd, path, max, ret, err);
	if (rc && ret->len > start)
		buf_setlen(ret, start);
	return rc;
}

enum err fd_read_all(int fd, const char *name, size_t max, struct buf *ret,
	struct error *err)
{
	return read_all(fd, name, max, true, ret, err);
}

enum err file_read(const char *path, size_t max, bool follow, struct buf *ret,
	struct error *err)
{
	/* O_NONBLOCK: a fifo is opened only to be refused. */
	int flags = O_RDONLY | O_CLOEXEC | O_NOCTTY;
	enum err rc;
	int fd;

	fd = open(path, flags | (follow ? 0 : O_NOFOLLOW | O_NONBLOCK));
	if (fd < 0 && errno == ELOOP && !follow)
		return error_set(
			err, ERR_FATAL, "%s: is a symbolic link", path);
	if (fd < 0)
		return error_sys(err, "%s", path);
	rc = read_all(fd, path, max, follow, ret, err);
	close(fd); /* only read from */
	return rc;
}

enum err fd_write_all(int fd, const void *data, size_t len, const char *what,
	struct error *err)
{
	const char *at = data;

	while (len) {
		ssize_t n = write(fd, at, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN) {
			struct pollfd p = { .fd = fd, .events = POLLOUT };

			if (poll(&p, 1, -1) >= 0 || errno == EINTR)
				continue;
		}
		if (n == 0)
			errno = EIO; /* no progress, and no reason given */
		if (n <= 0) {
			error_sys(err, "%s", what);
			return ERR_FATAL;
		}
		at += n;
		len -= (size_t)n;
	}
	return ERR_OK;
}

enum err file_sync(const char *path, struct error *err)
{
	enum err rc = ERR_OK;
	struct stat st;
	int fd;

	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0)
		return error_sys(err, "%s", path);
	if (fsync(fd)) {
		int sys = errno;

		/* Some file systems have no fsync of folders; there is
		 * nothing better that we could ask of them. */
		if (sys != EINVAL || fstat(fd, &st) || !S_ISDIR(st.st_mode)) {
			errno = sys;
			error_sys(err, "%s: cannot be made durable", path);
			rc = ERR_FATAL;
		}
	}
	close(fd); /* only read from */
	return rc;
}

static char *folder_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	if (!slash)
		return xstrdup(".");
	return xstrndup(path, slash == path ? 1 : (size_t)(slash - path));
}

static enum err sync_folder_of(const char *path, struct error *err)
{
	char *dir = folder_of(path);
	enum err rc = file_sync(dir, err);

	free(dir);
	return rc == ERR_NOTFOUND ? ERR_FATAL : rc;
}

/* A temporary file beside `path`, written and on the disk.  Its name has
 * nothing of the path's own, which may be as long as names can be.  It stays
 * open, and so locked, until it has its name. */
static enum err write_temp(const char *path, mode_t mode, const void *data,
	size_t len, struct temp *ret, struct error *err)
{
	char *dir = folder_of(path);
	struct temp t = TEMP_INIT;
	enum err rc = temp_file(dir, TEMP_PREFIX, &t, err);

	free(dir);
	if (rc)
		return rc;
	rc = fd_write_all(t.fd, data, len, path, err);
	if (!rc && (fchmod(t.fd, mode) || fsync(t.fd))) {
		error_sys(err, "%s", path);
		rc = ERR_FATAL;
	}
	if (rc) {
		(void)unlink(t.path);
		temp_forget(&t);
	} else {
		*ret = t;
	}
	return rc;
}

static bool is_file(const char *path, dev_t dev, ino_t ino)
{
	struct stat st;

	return !lstat(path, &st) && st.st_dev == dev && st.st_ino == ino;
}

enum err file_replace_same(const char *path, dev_t dev, ino_t ino, mode_t mode,
	const void *data, size_t len, struct error *err)
{
	struct temp temp = TEMP_INIT;
	enum err rc = write_temp(path, mode, data, len, &temp, err);

	if (rc)
		return rc;
	if (!is_file(path, dev, ino)) {
		rc = error_set(err, ERR_EXISTS,
			"%s: somebody changed it meanwhile", path);
		(void)unlink(temp.path);
	} else if (rename(temp.path, path)) {
		rc = error_sys(err, "%s", path);
		(void)unlink(temp.path);
	} else {
		rc = sync_folder_of(path, err);
	}
	temp_forget(&temp);
	return rc;
}

enum err file_replace(const char *path, mode_t mode, const void *data,
	size_t len, struct error *err)
{
	struct temp temp = TEMP_INIT;
	enum err rc = write_temp(path, mode, data, len, &temp, err);

	if (rc)
		return rc;
	if (rename(temp.path, path)) {
		rc = error_sys(err, "%s", path);
		(void)unlink(temp.path);
	} else {
		rc = sync_folder_of(path, err);
	}
	temp_forget(&temp);
	return rc;
}

/* Gives `temp` its name unless that is taken. */
static int publish(const char *temp, const char *path)
{
	if (!link(temp, path)) {
		(void)unlink(temp); /* it is done; a second name is litter */
		return 0;
	}
	if (errno != EPERM && errno != EOPNOTSUPP && errno != ENOSYS)
		return -1;
	/* No hard links (FAT, some network shares): as good, but newer. */
	return renameat2(AT_FDCWD, temp, AT_FDCWD, path, RENAME_NOREPLACE);
}

enum err file_create(const char *path, mode_t mode, const void *data,
	size_t len, struct error *err)
{
	struct temp temp = TEMP_INIT;
	enum err rc = write_temp(path, mode, data, len, &temp, err);

	if (rc)
		return rc;
	if (publish(temp.path, path)) {
		rc = error_sys(err, "%s", path);
		(void)unlink(temp.path);
	} else {
		rc = sync_folder_of(path, err);
	}
	temp_forget(&temp);
	return rc;
}

enum err file_remove(const char *path, struct error *err)
{
	if (unlink(path)) {
		if (errno == ENOENT)
			return ERR_OK;
		error_sys(err, "%s", path);
		return ERR_FATAL;
	}
	return sync_folder_of(path, err);
}
