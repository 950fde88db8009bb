/*
 * Folders: those of our own state, which nobody else may own, and those of
 * the work tree.  Nothing here follows a link that it could be led away by.
 */
#include "strack/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Each level holds a descriptor; our own folders are three deep. */
#define DEPTH_MAX 200

#define DIR_FLAGS (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)

static char *without_slashes(const char *path)
{
	size_t len = strlen(path);

	/* A slash at the end would follow a link. */
	while (len > 1 && path[len - 1] == '/')
		len--;
	return xstrndup(path, len);
}

static enum err check_own(
	int fd, const char *path, struct stat *st, struct error *err)
{
	uid_t me = geteuid();

	if (fstat(fd, st)) {
		error_sys(err, "%s", path);
		return ERR_FATAL;
	}
	if (me && st->st_uid != me)
		return error_set(err, ERR_FATAL,
			"%s: belongs to user %ju, not to you (%ju)", path,
			(uintmax_t)st->st_uid, (uintmax_t)me);
	return ERR_OK;
}

static enum err open_own(const char *path, int *ret, struct error *err)
{
	struct stat st;
	int fd = open(path, DIR_FLAGS);
	enum err rc;

	if (fd < 0 && (errno == ELOOP || errno == ENOTDIR)) {
		if (!lstat(path, &st) && S_ISLNK(st.st_mode))
			return error_set(
				err, ERR_FATAL, "%s: is a symbolic link", path);
		errno = ENOTDIR;
	}
	if (fd < 0)
		return error_sys(err, "%s", path);
	rc = check_own(fd, path, &st, err);
	if (rc)
		close(fd);
	else
		*ret = fd;
	return rc;
}

enum err dir_secure(const char *path, mode_t mode, struct error *err)
{
	char *name = without_slashes(path), *parent = NULL, *slash;
	mode_t mask;
	bool made;
	int fd = -1;
	enum err rc;

	/* Narrow first: nobody gets in before the mode is what it must be.
	 * The umask must not keep us ourselves out. */
	mask = umask(077);
	made = !mkdir(name, 0700 & mode);
	umask(mask); /* never fails, and leaves errno alone */
	if (!made && errno != EEXIST) {
		rc = error_sys(err, "%s", path);
		goto out;
	}
	rc = open_own(name, &fd, err);
	if (rc || !made)
		goto out;
	if (fchmod(fd, mode)) {
		error_sys(err, "%s", path);
		rc = ERR_FATAL;
		goto out;
	}
	parent = xstrdup(name);
	slash = strrchr(parent, '/');
	if (slash)
		slash[slash == parent] = '\0';
	rc = file_sync(slash ? parent : ".", err);
out:
	if (fd >= 0)
		close(fd); /* only read from */
	free(parent);
	free(name);
	return rc;
}

enum err dir_make_all(const char *path, struct error *err)
{
	char *copy = without_slashes(path), *end, was;
	enum err rc = ERR_OK;
	struct stat st;

	for (char *at = copy; !rc && *at; at = end) {
		end = strchrnul(at + 1, '/');
		was = *end;
		*end = '\0';
		if (mkdir(copy, 0777) && errno != EEXIST) {
			/* A read-only or foreign folder on the way is fine
			 * as long as it is there. */
			int sys = errno;

			if (stat(copy, &st) || !S_ISDIR(st.st_mode)) {
				errno = sys;
				rc = error_sys(err, "%s", copy);
			}
		}
		*end = was;
	}
	if (!rc && (stat(copy, &st) || !S_ISDIR(st.st_mode))) {
		errno = ENOTDIR;
		rc = error_sys(err, "%s", path);
	}
	free(copy);
	return rc;
}

/* Takes the descriptor. */
static enum err list_fd(
	int fd, const char *path, struct strvec *ret, struct error *err)
{
	struct strvec names = STRVEC_INIT;
	enum err rc = ERR_OK;
	struct dirent *e;
	DIR *d = fdopendir(fd);

	if (!d) {
		error_sys(err, "%s", path);
		close(fd);
		return ERR_FATAL;
	}
	while (errno = 0, e = readdir(d))
		if (strcmp(e->d_name, ".") && strcmp(e->d_name, ".."))
			strvec_push(&names, e->d_name);
	if (errno) {
		error_sys(err, "%s", path);
		rc = ERR_FATAL;
	} else {
		strvec_sort(&names);
		for (size_t i = 0; i < names.n; i++)
			strvec_push(ret, names.v[i]);
	}
	closedir(d);
	strvec_release(&names);
	return rc;
}

enum err dir_list(const char *path, struct strvec *ret, struct error *err)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return error_sys(err, "%s", path);
	return list_fd(fd, path, ret, err);
}

static enum err remove_at(int at, const char *name, const char *path, int depth,
	struct error *err);

/* What is in the folder that `fd` is open on. */
static enum err empty_folder(
	int fd, const char *path, int depth, struct error *err)
{
	struct strvec names = STRVEC_INIT;
	enum err rc;
	int again;

	/* A descriptor of its own: closedir closes the one that it is given. */
	again = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	if (again < 0) {
		error_sys(err, "%s", path);
		return ERR_FATAL;
	}
	rc = list_fd(again, path, &names, err);
	for (size_t i = 0; !rc && i < names.n; i++) {
		char *below = path_join(path, names.v[i]);

		rc = remove_at(fd, names.v[i], below, depth + 1, err);
		free(below);
	}
	strvec_release(&names);
	return rc;
}

static enum err remove_at(int at, const char *name, const char *path, int depth,
	struct error *err)
{
	enum err rc;
	int fd, sys;

	/* unlink first: it never follows, and says when it is a folder. */
	if (!unlinkat(at, name, 0) || errno == ENOENT)
		return ERR_OK;
	sys = errno;
	if (sys != EISDIR && sys != EPERM) {
		error_sys(err, "%s", path);
		return ERR_FATAL;
	}
	if (depth > DEPTH_MAX)
		return error_set(err, ERR_FATAL, "%s: is over %d folders deep",
			path, DEPTH_MAX);
	fd = openat(at, name, DIR_FLAGS);
	if (fd < 0 && errno == ENOENT)
		return ERR_OK;
	if (fd < 0) {
		if (errno == ENOTDIR)
			errno = sys; /* no folder, and not ours to unlink */
		error_sys(err, "%s", path);
		return ERR_FATAL;
	}
	rc = empty_folder(fd, path, depth, err);
	close(fd); /* only read from */
	if (!rc && unlinkat(at, name, AT_REMOVEDIR) && errno != ENOENT) {
		error_sys(err, "%s", path);
		rc = ERR_FATAL;
	}
	return rc;
}

enum err dir_remove_all(const char *path, struct error *err)
{
	char *name = without_slashes(path);
	enum err rc = remove_at(AT_FDCWD, name, name, 0, err);

	free(name);
	return rc;
}
