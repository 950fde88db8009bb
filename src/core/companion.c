/*
 * Finds the companions of a script in the folder that it is in.  Looks at
 * names first, as discover.c does, and starts nothing.
 */
#include "strack/companion.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "strack/file.h"
#include "strack/repo.h"

/* The files of one kind that share a stem; a third is as bad as a second. */
struct files {
	char *first, *second;
};

static void files_free(void *arg)
{
	struct files *f = arg;

	free(f->first);
	free(f->second);
	free(f);
}

void companions_release(struct companions *c)
{
	strmap_release(&c->folders, NULL);
	strmap_release(&c->by_stem, files_free);
}

/* "scripts/" of "scripts/x.sh"; "" at the top. */
static char *folder_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return xstrndup(path, slash ? (size_t)(slash + 1 - path) : 0);
}

/* What discovery asks of a script: a file, with a way to start it. */
static bool can_start(const struct companions *c, const char *path)
{
	char *absolute = path_join(repo_work_tree(c->r), path);
	const char *dot = strrchr(path, '.');
	struct stat st;
	bool ok = !lstat(absolute, &st) && S_ISREG(st.st_mode) &&
		  (st.st_mode & S_IXUSR ||
			  (dot && settings_runner(c->s, dot + 1)));

	free(absolute);
	return ok;
}

/* `what` is "script" for what is no companion. */
static struct files *files_of(
	struct companions *c, const char *what, const char *stem, bool make)
{
	char *key = xstrfmt("%s %s", what, stem);
	struct files *f = strmap_get(&c->by_stem, key);

	if (!f && make) {
		f = xcalloc(1, sizeof(*f));
		strmap_put(&c->by_stem, key, f);
	}
	free(key);
	return f;
}

static void note_file(struct companions *c, const char *path, const char *base)
{
	static const char *const whats[] = { COMPANION_ROLLBACK,
		COMPANION_VERIFY };
	const char *what = "script";
	struct buf stem = BUF_INIT;
	struct files *f;

	if (script_name_companion(base)) {
		what = NULL;
		for (size_t i = 0; !what && i < ARRAY_SIZE(whats); i++)
			if (script_companion_stem(path, whats[i], &stem))
				what = whats[i];
	} else {
		script_stem(path, &stem);
	}
	/* a companion that can't be started is told, and not taken for none */
	if (what && (script_name_companion(base) || can_start(c, path))) {
		f = files_of(c, what, stem.ptr, true);
		if (!f->first)
			f->first = xstrdup(path);
		else if (!f->second)
			f->second = xstrdup(path);
	}
	buf_release(&stem);
}

static enum err look_into(
	struct companions *c, const char *folder, struct error *err)
{
	struct strvec names = STRVEC_INIT;
	char *absolute;
	enum err rc;

	if (strmap_has(&c->folders, folder))
		return ERR_OK;
	absolute = path_join(repo_work_tree(c->r), folder);
	rc = dir_list(absolute, &names, err);
	if (rc == ERR_NOTFOUND) {
		error_reset(err);
		rc = ERR_OK;
	}
	for (size_t i = 0; !rc && i < names.n; i++) {
		char *path;

		if (!script_name_dated(names.v[i]))
			continue;
		path = xstrfmt("%s%s", folder, names.v[i]);
		note_file(c, path, names.v[i]);
		free(path);
	}
	if (!rc)
		strmap_put(&c->folders, folder, c);
	strvec_release(&names);
	free(absolute);
	return rc;
}

/* Another script than this one that has the same companions, or NULL. */
static const char *other_script(
	struct companions *c, const char *script, const char *stem)
{
	const struct files *f = files_of(c, "script", stem, false);

	if (!f)
		return NULL;
	return strcmp(f->first, script) != 0 ? f->first : f->second;
}

/* What is wrong with it stops whoever wants to start it. */
static enum err read_it(struct companions *c, const char *path,
	struct script **ret, struct error *err)
{
	struct script *sc = script_new(path);
	enum err rc = script_read(c->r, c->s, sc, err);

	if (!rc && sc->problem.text.len) {
		rc = error_set(err, ERR_BAD, "%s", sc->problem.text.ptr);
		if (sc->problem.hint.len)
			error_hint(err, "%s", sc->problem.hint.ptr);
	}
	if (rc) {
		script_free(sc);
		return rc;
	}
	*ret = sc;
	return ERR_OK;
}

enum err companion_find(struct companions *c, const char *script,
	const char *what, struct script **ret, struct error *err)
{
	struct buf stem = BUF_INIT;
	char *folder = folder_of(script);
	const struct files *f = NULL;
	const char *other;
	enum err rc = ERR_OK;

	*ret = NULL;
	script_stem(script, &stem);
	if (repo_work_tree(c->r))
		rc = look_into(c, folder, err);
	if (!rc)
		f = files_of(c, what, stem.ptr, false);
	if (!f)
		goto out;
	other = other_script(c, script, stem.ptr);
	if (f->second)
		rc = error_set(err, ERR_BAD,
			"%s: there are two %s companions, %s and %s; remove "
			"one",
			script, what, f->first, f->second);
	else if (other)
		rc = error_set(err, ERR_BAD,
			"%s: may be the companion of %s or of %s; rename one "
			"of the two scripts, and its companion with it",
			f->first, script, other);
	else
		rc = read_it(c, f->first, ret, err);
out:
	buf_release(&stem);
	free(folder);
	return rc;
}
