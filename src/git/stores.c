/*
 * Opens the stores of a repository, objects and references, with libgit2's
 * options set as we need them.
 */
#include "internal.h"

#include <stdlib.h>
#include <git2/refdb.h>
#include <git2/sys/repository.h>

static enum err alternates_add(struct repo *r, struct error *err)
{
	const char *s = getenv("GIT_ALTERNATE_OBJECT_DIRECTORIES");
	enum err rc = ERR_OK;
	size_t len;
	char *path;

	for (; s && *s && !rc; s += len + (s[len] != '\0')) {
		len = strcspn(s, ":");
		if (!len)
			continue;
		path = xstrndup(s, len);
		if (git_odb_add_disk_alternate(r->odb, path) < 0)
			rc = git_fail(err, ERR_FATAL,
				"GIT_ALTERNATE_OBJECT_DIRECTORIES: %s", path);
		free(path);
	}
	return rc;
}

enum err odb_open(struct repo *r, struct error *err)
{
	git_odb *odb = NULL;
	enum err rc;

	if (git_odb_open(&odb, r->objects_dir) < 0)
		return git_fail(
			err, ERR_FATAL, "can't open %s", r->objects_dir);
	git_odb_free(r->odb);
	r->odb = odb; /* transferred */
	rc = alternates_add(r, err);
	if (rc)
		return rc;
	if (git_repository_set_odb(r->git, r->odb) < 0)
		return git_fail(
			err, ERR_FATAL, "can't open %s", r->objects_dir);
	return ERR_OK;
}

/* References must be durable, and libgit2 looks at the option when it opens
 * their store; objects are synced by objects_sync, in one go. */
enum err refs_open(struct repo *r, struct error *err)
{
	git_refdb *refs = NULL;
	int rc;

	git_libgit2_opts(GIT_OPT_ENABLE_FSYNC_GITDIR, 1);
	rc = git_repository_refdb(&refs, r->git);
	git_libgit2_opts(GIT_OPT_ENABLE_FSYNC_GITDIR, 0);
	git_refdb_free(refs);
	if (rc < 0)
		return git_fail(err, ERR_FATAL, "can't open the references");
	return ERR_OK;
}
