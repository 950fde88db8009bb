/*
 * What is being made, beside where it goes.  Whoever makes it holds a flock(2)
 * on it, which goes with its process however that dies; so what nobody holds
 * was left by a crash, and may be removed at once instead of when it is old.
 */
#include "strack/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define TRIES 100
#define DEPTH_MAX 100 /* as discovery goes */

static bool is_at(int fd, const char *path)
{
	struct stat a, b;

	return !fstat(fd, &a) && !lstat(path, &b) && a.st_dev == b.st_dev &&
	       a.st_ino == b.st_ino;
}

/* false: one that removes what is abandoned came between the making and the
 * locking.  Where there are no locks, it finds none either, and removes
 * nothing. */
static bool hold(int fd, const char *path)
{
	int failed;

	do
		failed = flock(fd, LOCK_EX | LOCK_NB);
	while (failed && errno == EINTR);
	if (failed && errno == EWOULDBLOCK)
		return false;
	return is_at(fd, path);
}

enum err temp_file(const char *dir, const char *prefix, struct temp *ret,
	struct error *err)
{
	for (int i = 0; i < TRIES; i++) {
		char *path = xstrfmt("%s/%sXXXXXX", dir, prefix);
		int fd = mkostemp(path, O_CLOEXEC);

		if (fd < 0) {
			free(path);
			return error_sys(err, "%s", dir);
		}
		if (hold(fd, path)) {
			*ret = (struct temp){ fd, path };
			return ERR_OK;
		}
		close(fd); /* nothing was written */
		free(path);
	}
	return error_set(err, ERR_FATAL, "%s: temporary files vanish", dir);
}

enum err temp_folder(const char *dir, const char *prefix, struct temp *ret,
	struct error *err)
{
	for (int i = 0; i < TRIES; i++) {
		char *path = xstrfmt("%s/%sXXXXXX", dir, prefix);
		int fd = -1;

		if (mkdtemp(path))
			fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW |
						O_CLOEXEC);
		if (fd >= 0 && hold(fd, path)) {
			*ret = (struct temp){ fd, path };
			return ERR_OK;
		}
		if (fd < 0 && errno != ENOENT) {
			enum err rc = error_sys(err, "%s", dir);

			free(path);
			return rc == ERR_NOTFOUND ? ERR_FATAL : rc;
		}
		if (fd >= 0)
			close(fd); /* only locked */
		else if (access(dir, F_OK)) {
			free(path);
			return error_sys(err, "%s", dir);
		}
		free(path);
	}
	return error_set(err, ERR_FATAL, "%s: temporary folders vanish", dir);
}

void temp_forget(struct temp *t)
{
	if (t->fd >= 0)
		close(t->fd); /* synced by who wrote it */
	free(t->path);
	*t = (struct temp)TEMP_INIT;
}

/* Removes it unless it is held; what is gone by now is fine. */
static enum err remove_abandoned(
	const char *path, bool dry, size_t *n, struct error *err)
{
	int fd = open(path,
		O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	enum err rc = ERR_OK;
	struct stat st;

	if (fd < 0)
		return ERR_OK; /* gone, or none of ours */
	if (!fstat(fd, &st) && (S_ISREG(st.st_mode) || S_ISDIR(st.st_mode)) &&
		!flock(fd, LOCK_EX | LOCK_NB) && is_at(fd, path)) {
		++*n;
		if (!dry)
			rc = dir_remove_all(path, err);
	}
	close(fd); /* only locked */
	return rc;
}

/* Names that begin so, and folders where `folders` is not NULL. */
static enum err scan(const char *dir, const char *prefix, struct strvec *names,
	struct strvec *folders, struct error *err)
{
	DIR *d = opendir(dir);
	struct dirent *e;
	enum err rc = ERR_OK;

	if (!d)
		return error_sys(err, "%s", dir);
	while (errno = 0, e = readdir(d)) {
		if (str_starts(e->d_name, prefix))
			strvec_push(names, e->d_name);
		else if (folders && e->d_type == DT_DIR &&
			 strcmp(e->d_name, ".") && strcmp(e->d_name, "..") &&
			 strcmp(e->d_name, ".git"))
			strvec_push(folders, e->d_name);
	}
	if (errno) {
		error_sys(err, "%s", dir);
		rc = ERR_FATAL;
	}
	closedir(d);
	return rc;
}

static enum err remove_in(const char *dir, const char *prefix, int below,
	bool dry, size_t *n, struct error *err)
{
	struct strvec names = STRVEC_INIT, folders = STRVEC_INIT;
	enum err rc = scan(dir, prefix, &names, below ? &folders : NULL, err);

	if (rc == ERR_NOTFOUND) {
		error_reset(err);
		rc = ERR_OK;
	}
	for (size_t i = 0; !rc && i < names.n; i++) {
		char *path = path_join(dir, names.v[i]);

		rc = remove_abandoned(path, dry, n, err);
		free(path);
	}
	for (size_t i = 0; !rc && i < folders.n; i++) {
		char *path = path_join(dir, folders.v[i]);

		rc = remove_in(path, prefix, below - 1, dry, n, err);
		free(path);
	}
	strvec_release(&names);
	strvec_release(&folders);
	return rc;
}

enum err temps_remove(const char *dir, const char *prefix, bool below, bool dry,
	size_t *n, struct error *err)
{
	return remove_in(dir, prefix, below ? DEPTH_MAX : 0, dry, n, err);
}
