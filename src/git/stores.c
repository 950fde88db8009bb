/*
 * Opens the stores of a repository, objects and references, with libgit2's
 * options set as we need them.
 */
#include "internal.h"

#include <stdlib.h>
#include <string.h>
#include <git2/refdb.h>
#include <git2/sys/repository.h>

/* The character that a backslash and `*p`, of git's C quotes, stand for. */
static char quoted_char(const char **p)
{
	static const char names[] = "abfnrtv", are[] = "\a\b\f\n\r\t\v";
	const char *name = strchr(names, **p);
	unsigned n = 0;

	if (**p >= '0' && **p <= '7') {
		for (int i = 0; i < 3 && **p >= '0' && **p <= '7'; i++)
			n = n * 8 + (unsigned)(*(*p)++ - '0');
		return (char)n;
	}
	++*p;
	return name ? are[name - names] : (*p)[-1];
}

/* One item of a list that colons separate.  git quotes what has a colon in it,
 * or begins like a quoted one.  Moves behind it. */
static char *next_path(const char **list)
{
	struct buf path = BUF_INIT;
	const char *p = *list;

	if (*p == '"') {
		for (p++; *p && *p != '"';) {
			if (*p != '\\' || !p[1]) {
				buf_addch(&path, *p++);
				continue;
			}
			p++;
			buf_addch(&path, quoted_char(&p));
		}
	}
	if (*p == '"' && (!p[1] || p[1] == ':')) {
		p++;
	} else {
		p = *list + strcspn(*list, ":");
		buf_reset(&path);
		buf_add(&path, *list, (size_t)(p - *list));
	}
	*list = p + (*p == ':');
	return buf_detach(&path);
}

static enum err alternates_add(struct repo *r, struct error *err)
{
	const char *s = getenv("GIT_ALTERNATE_OBJECT_DIRECTORIES");
	enum err rc = ERR_OK;

	while (s && *s && !rc) {
		char *path = next_path(&s);

		if (*path && git_odb_add_disk_alternate(r->odb, path) < 0)
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
