/*
 * An object store in memory, which the input fills: for the targets that read
 * trees and commits.  The input is cut at lines that say "--"; what begins
 * with `b` is a blob, with `c` a commit, all else a tree.  Each id that the
 * input names is one of these objects (by its first byte), so that trees can
 * hold each other in ways that no hash allows.
 *
 * The doors from src/git/object.c to a repository on disk end here.
 */
#ifndef STRACK_FUZZ_STORE_H
#define STRACK_FUZZ_STORE_H

#include <git2/sys/odb_backend.h>

#include "fuzz.h"
#include "git/internal.h"
#include "strack/file.h"

#define STORE_MAX 64

struct stored {
	git_oid id; /* of those that were written */
	git_object_t type;
	char *data;
	size_t len;
};

static struct stored store[2 * STORE_MAX];
static size_t store_read, store_n; /* of the input; with those written */

static const struct stored *store_find(const git_oid *id)
{
	for (size_t i = store_read; i < store_n; i++)
		if (git_oid_equal(&store[i].id, id))
			return &store[i];
	return store_read ? &store[id->id[0] % store_read] : NULL;
}

static int backend_read(void **data, size_t *len, git_object_t *type,
	git_odb_backend *b, const git_oid *id)
{
	const struct stored *s = store_find(id);

	if (!s)
		return GIT_ENOTFOUND;
	*data = git_odb_backend_data_alloc(b, s->len + 1);
	MUST(*data);
	memcpy(*data, s->data, s->len);
	*len = s->len;
	*type = s->type;
	return 0;
}

static int backend_header(
	size_t *len, git_object_t *type, git_odb_backend *b, const git_oid *id)
{
	const struct stored *s = store_find(id);

	(void)b;
	if (!s)
		return GIT_ENOTFOUND;
	*len = s->len;
	*type = s->type;
	return 0;
}

static void store_add(
	const git_oid *id, const void *data, size_t len, git_object_t type)
{
	struct stored *s;

	if (store_n == ARRAY_SIZE(store))
		return;
	s = &store[store_n++];
	if (id)
		s->id = *id;
	s->type = type;
	s->len = len;
	s->data = xcalloc(1, len + 1);
	if (len)
		memcpy(s->data, data, len);
}

static int backend_write(git_odb_backend *b, const git_oid *id,
	const void *data, size_t len, git_object_t type)
{
	(void)b;
	store_add(id, data, len, type);
	return 0;
}

static int backend_exists(git_odb_backend *b, const git_oid *id)
{
	(void)b;
	for (size_t i = store_read; i < store_n; i++)
		if (git_oid_equal(&store[i].id, id))
			return 1;
	return 0;
}

static void backend_free(git_odb_backend *b)
{
	b->odb = NULL; /* the next input has it again */
}

static void store_cut(const char *p, size_t size)
{
	const char *end = p + size;

	while (store_n < STORE_MAX) {
		const char *cut = memmem(p, (size_t)(end - p), "\n--\n", 4);
		const char *to = cut ? cut : end;
		git_object_t type = GIT_OBJECT_TREE;

		if (p < to && *p == 'b')
			type = GIT_OBJECT_BLOB;
		else if (p < to && *p == 'c')
			type = GIT_OBJECT_COMMIT;
		if (type != GIT_OBJECT_TREE)
			p++;
		store_add(NULL, p, (size_t)(to - p), type);
		if (!cut)
			break;
		p = cut + 4;
	}
	store_read = store_n;
}

/* Fills `r` (a repository of nothing but objects) from the input. */
static void store_open(struct repo *r, const uint8_t *data, size_t size)
{
	static git_odb_backend backend;
	static bool begun;

	if (!begun) {
		MUST(git_libgit2_init() > 0);
		git_libgit2_opts(GIT_OPT_ENABLE_STRICT_HASH_VERIFICATION, 0);
		git_odb_init_backend(&backend, GIT_ODB_BACKEND_VERSION);
		backend.read = backend_read;
		backend.read_header = backend_header;
		backend.write = backend_write;
		backend.exists = backend_exists;
		backend.free = backend_free;
		begun = true;
	}
	store_cut((const char *)data, size);
	*r = (struct repo){ 0 };
	r->objects_dir = buf_empty;
	MUST(git_odb_new(&r->odb) == 0);
	MUST(git_odb_add_backend(r->odb, &backend, 1) == 0);
}

static void store_close(struct repo *r)
{
	git_odb_free(r->odb);
	for (size_t i = 0; i < store_n; i++)
		free(store[i].data);
	store_read = store_n = 0;
}

/* The id of object `i` of the input. */
static inline struct oid store_id(size_t i)
{
	struct oid id = { { (unsigned char)i } };

	id.id[OID_RAW - 1] = 1; /* no object has the id that is all zeros */
	return id;
}

/* ---- the doors ---- */

enum err git_fail(struct error *err, enum err code, const char *fmt, ...)
{
	(void)fmt;
	return error_set(err, code, "libgit2 failed");
}

enum err odb_open(struct repo *r, struct error *err)
{
	(void)r;
	return error_set(err, ERR_BAD, "libgit2 failed");
}

enum err incoming_write(struct repo *r, const void *data, size_t len,
	git_object_t type, git_oid *ret, struct error *err)
{
	(void)err;
	MUST(git_odb_write(ret, r->odb, data, len, type) == 0);
	return ERR_OK;
}

void incoming_close(struct repo *r)
{
	(void)r;
}

mode_t shared_enter(const struct repo *r)
{
	(void)r;
	return 0;
}

void shared_leave(const struct repo *r, mode_t before)
{
	(void)r;
	(void)before;
}

const char *repo_config(struct repo *r, const char *key)
{
	(void)r;
	(void)key;
	return NULL;
}

enum err repo_remotes(struct repo *r, struct strvec *ret, struct error *err)
{
	(void)r;
	(void)ret;
	(void)err;
	return ERR_OK;
}

bool repo_is_shallow(struct repo *r)
{
	(void)r;
	return false;
}

enum err files_sync(const struct strvec *paths, struct error *err)
{
	(void)paths;
	(void)err;
	return ERR_OK;
}

#endif
