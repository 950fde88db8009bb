/*
 * Where the program's own files are.  Knows the place that it was built for
 * and the place where it runs; must not know what the files are for.
 */
#include "strack/datadir.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifndef STRACK_DATADIR
#error "STRACK_DATADIR is the folder that make install fills"
#endif

#define LINK_MAX_BYTES 65536

/* The path of our executable, or NULL where /proc is not there to tell. */
static char *own_path(void)
{
	size_t size = 256;
	char *path = NULL;
	ssize_t n;

	for (;;) {
		path = xrealloc(path, size);
		n = readlink("/proc/self/exe", path, size);
		if (n >= 0 && (size_t)n < size) {
			path[n] = '\0';
			return path;
		}
		if (n < 0 || size >= LINK_MAX_BYTES) {
			free(path);
			return NULL;
		}
		size *= 2;
	}
}

/* "/src/strack/build/git-strack" to "/src/strack"; NULL where it has no
 * folder above its own, or its own is none that `make` builds in: somebody's
 * ~/bin must not make ~/templates ours. */
static char *source_top(void)
{
	char *path = own_path();
	char *base, *folder;

	base = path ? strrchr(path, '/') : NULL;
	if (!base)
		goto none;
	*base = '\0';
	folder = strrchr(path, '/');
	if (!folder || !str_starts(folder + 1, "build"))
		goto none;
	*folder = '\0';
	return path;
none:
	free(path);
	return NULL;
}

/* In `top`/`folder`; NULL where it is not, or `top` is NULL. */
static char *look_in(const char *top, const char *folder, const char *name)
{
	char *path;

	if (!top)
		return NULL;
	path = xstrfmt("%s/%s/%s", top, folder, name);
	if (!access(path, R_OK))
		return path;
	free(path);
	return NULL;
}

static enum err find(
	const char *folder, const char *name, char **ret, struct error *err)
{
	char *top = source_top();
	char *path;

	/* What runs from its build folder takes the files that belong to it,
	 * not those of another version that is installed. */
	path = look_in(top, folder, name);
	if (!path)
		path = look_in(STRACK_DATADIR, folder, name);
	free(top);
	if (!path) {
		error_set(err, ERR_NOTFOUND, "%s/%s/%s: not found",
			STRACK_DATADIR, folder, name);
		error_hint(
			err, "install git-strack with its files: make install");
		return ERR_NOTFOUND;
	}
	*ret = path;
	return ERR_OK;
}

enum err datadir_file(const char *name, char **ret, struct error *err)
{
	return find("templates", name, ret, err);
}

enum err datadir_hook(const char *name, char **ret, struct error *err)
{
	return find("hooks", name, ret, err);
}
