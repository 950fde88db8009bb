/*
 * Where new objects are written before they go where git looks for them.
 * libgit2 writes each to a file whose name nobody can tell from those of other
 * programs, so that after a crash it would have to lie about for days.  Here
 * it writes into a folder of ours, which is known to be abandoned once nobody
 * holds it (os/temp.c); git receive-pack does much the same.
 */
#include "internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <git2/odb_backend.h>
#include <git2/sys/odb_backend.h>

/* `git prune` knows those with tmp_ as litter, too. */
#define PREFIX "tmp_strack-"

/* It has to be beside them: what is elsewhere might be on another disk. */
static enum err open_folder(struct repo *r, struct error *err)
{
	struct temp folder = TEMP_INIT;
	enum err rc = temp_folder(r->objects_dir, PREFIX, &folder, err);

	if (rc)
		return rc;
	if (git_odb_backend_loose(
		    &r->incoming.loose, folder.path, -1, 0, 0, 0) < 0) {
		rc = git_fail(err, ERR_FATAL, "%s", folder.path);
		(void)rmdir(folder.path);
		temp_forget(&folder);
		return rc;
	}
	r->incoming.folder = folder; /* transferred */
	r->incoming.owner = getpid();
	return ERR_OK;
}

/* A child that was forked meanwhile leaves it to its parent. */
void incoming_close(struct repo *r)
{
	struct incoming *in = &r->incoming;

	if (!in->loose)
		return;
	in->loose->free(in->loose);
	in->loose = NULL;
	if (in->owner == getpid())
		(void)dir_remove_all(in->folder.path, NULL);
	temp_forget(&in->folder);
}

/* Whoever has just removed the folder, as empty, may do so again. */
static int publish(const char *from, const char *dir, const char *to)
{
	for (int i = 0;; i++) {
		if (mkdir(dir, 0777) && errno != EEXIST)
			return -1;
		if (!rename(from, to))
			return 0;
		if (errno != ENOENT || i == 10)
			return -1;
	}
}

static enum err cannot(struct repo *r, struct error *err)
{
	error_prefix(err, "can't write an object to %s", r->objects_dir);
	error_hint(err, "is the disk full, or read-only for you?");
	return ERR_FATAL;
}

static enum err write_new(struct repo *r, const git_oid *g, const void *data,
	size_t len, git_object_t type, struct error *err)
{
	char hex[OID_HEX + 1], *from, *dir, *to;
	struct oid id = oid_from_git(g);
	git_odb_backend *b;
	enum err rc = ERR_OK;

	if (r->incoming.loose && r->incoming.owner != getpid())
		incoming_close(r);
	if (!r->incoming.loose)
		rc = open_folder(r, err);
	if (rc)
		return rc;
	b = r->incoming.loose;
	if (b->write(b, g, data, len, type) < 0)
		return git_fail(err, ERR_FATAL, "%s", r->incoming.folder.path);
	oid_hex(&id, hex);
	from = xstrfmt("%s/%.2s/%s", r->incoming.folder.path, hex, hex + 2);
	dir = xstrfmt("%s/%.2s", r->objects_dir, hex);
	to = xstrfmt("%s/%s", dir, hex + 2);
	if (publish(from, dir, to)) {
		error_sys(err, "%s", to);
		rc = ERR_FATAL;
	}
	free(to);
	free(dir);
	free(from);
	return rc;
}

enum err incoming_write(struct repo *r, const void *data, size_t len,
	git_object_t type, git_oid *ret, struct error *err)
{
	mode_t before;
	enum err rc = ERR_OK;
	git_oid g;

	if (git_odb_hash(&g, data, len, type) < 0)
		return git_fail(err, ERR_FATAL, "can't hash an object");
	before = shared_enter(r);
	/* One that is there is only made to look new, so that gc spares it. */
	if (!git_odb_exists(r->odb, &g))
		rc = write_new(r, &g, data, len, type, err);
	else if (git_odb_write(&g, r->odb, data, len, type) < 0)
		rc = git_fail(err, ERR_FATAL, "one that is there");
	shared_leave(r, before);
	if (rc)
		return cannot(r, err);
	*ret = g;
	return ERR_OK;
}

enum err objects_tidy(struct repo *r, bool dry, size_t *n, struct error *err)
{
	return temps_remove(r->objects_dir, PREFIX, false, dry, n, err);
}
