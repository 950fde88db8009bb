/*
 * What killed processes of this clone leave: lock files that nobody holds, and
 * files that were never finished.  None of it says anything, so it goes with
 * the next command that looks after lost runs.
 */
#include "strack/run.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "strack/file.h"
#include "strack/hooks.h"
#include "strack/lock.h"
#include "strack/object.h"
#include "strack/session.h"

/* A lock file that nobody holds harms nobody; it only lies about. */
static enum err stale_locks(
	const struct session *s, bool dry, size_t *n, struct error *err)
{
	char *dir = path_join(s->state_dir, "locks");
	struct strvec names = STRVEC_INIT;
	enum err rc = dir_list(dir, &names, err);

	for (size_t i = 0; !rc && i < names.n; i++) {
		char *path = path_join(dir, names.v[i]);
		struct lock lock = LOCK_INIT;
		bool held = true;

		/* those of scripts have a dot: ENV.HASH */
		if (strchr(names.v[i], '.') && !lock_held(path, &held, NULL) &&
			!held) {
			++*n;
			if (!dry &&
				!lock_take(&lock, path, 0600, 0, NULL, NULL))
				lock_release(&lock, true);
		}
		free(path);
	}
	strvec_release(&names);
	free(dir);
	return rc;
}

/* Copies of the cache: whoever loses one that it was writing does without. */
static enum err half_caches(
	const struct session *s, bool dry, size_t *n, struct error *err)
{
	char *dir = path_join(s->state_dir, "cache");
	struct strvec names = STRVEC_INIT;
	enum err rc = dir_list(dir, &names, err);

	for (size_t i = 0; !rc && i < names.n; i++) {
		char *path = path_join(dir, names.v[i]);

		if (str_starts(names.v[i], "ledger.")) {
			++*n;
			if (!dry)
				rc = file_remove(path, err);
		}
		free(path);
	}
	strvec_release(&names);
	free(dir);
	return rc;
}

/* What lies where others write, too, is removed if that can be done: a folder
 * that is none, or not for us, must not keep anything from running. */
static void in_work_tree(const struct session *s, bool dry, size_t *n)
{
	const char *top = repo_work_tree(s->repo);
	const struct strvec *paths = &s->settings.paths;

	if (!top)
		return;
	(void)temps_remove(top, TEMP_PREFIX, false, dry, n, NULL);
	for (size_t i = 0; i < paths->n; i++) {
		char *dir = path_join(top, paths->v[i]);

		(void)temps_remove(dir, TEMP_PREFIX, true, dry, n, NULL);
		free(dir);
	}
}

enum err litter_remove(const struct session *s, bool dry, struct litter *ret,
	struct error *err)
{
	char *hooks = hooks_own_dir(s->repo);
	enum err rc = stale_locks(s, dry, &ret->locks, err);

	if (!rc)
		rc = half_caches(s, dry, &ret->files, err);
	if (!rc)
		rc = temps_remove(s->state_dir, TEMP_PREFIX, false, dry,
			&ret->files, err);
	if (!rc) {
		(void)temps_remove(
			hooks, TEMP_PREFIX, false, dry, &ret->files, NULL);
		in_work_tree(s, dry, &ret->files);
	}
	if (!rc)
		rc = objects_tidy(s->repo, dry, &ret->files, err);
	free(hooks);
	return rc;
}
