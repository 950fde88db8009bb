/*
 * Object ids, and objects by id: reading, writing, making durable.  Knows
 * nothing of what is in them.
 */
#include "internal.h"

#include <stdlib.h>
#include "strack/file.h"
#include "strack/text.h"

_Static_assert((int)OBJECT_COMMIT == (int)GIT_OBJECT_COMMIT &&
		       (int)OBJECT_TREE == (int)GIT_OBJECT_TREE &&
		       (int)OBJECT_BLOB == (int)GIT_OBJECT_BLOB &&
		       (int)OBJECT_TAG == (int)GIT_OBJECT_TAG,
	"types are passed on as they are");

/* ---- ids ---- */

void oidvec_push(struct oidvec *l, const struct oid *id)
{
	ARRAY_GROW(l->v, l->n + 1, l->cap);
	l->v[l->n++] = *id;
}

void oidvec_release(struct oidvec *l)
{
	free(l->v);
	memset(l, 0, sizeof(*l));
}

static int nibble(char c)
{
	return c <= '9' ? c - '0' : c - 'a' + 10;
}

bool oid_parse(const char *hex, size_t len, struct oid *ret)
{
	if (len != OID_HEX || !hex_is(hex, len))
		return false;
	for (size_t i = 0; i < OID_RAW; i++)
		ret->id[i] = (unsigned char)(nibble(hex[2 * i]) << 4 |
					     nibble(hex[2 * i + 1]));
	return true;
}

void oid_hex(const struct oid *id, char ret[OID_HEX + 1])
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < OID_RAW; i++) {
		ret[2 * i] = digits[id->id[i] >> 4];
		ret[2 * i + 1] = digits[id->id[i] & 15];
	}
	ret[OID_HEX] = '\0';
}

int oid_cmp(const struct oid *a, const struct oid *b)
{
	return memcmp(a->id, b->id, OID_RAW);
}

bool oid_is_zero(const struct oid *id)
{
	static const struct oid zero;

	return oid_cmp(id, &zero) == 0;
}

/* ---- reading ---- */

/* git 2.22 and later mark the remote, earlier ones the repository. */
static bool is_partial(struct repo *r, const char *remote)
{
	char *key = xstrfmt("remote.%s.promisor", remote);
	bool yes = repo_config(r, key) ||
		   repo_config(r, "extensions.partialclone");

	free(key);
	return yes;
}

static enum err missing(struct repo *r, const char *hex, struct error *err)
{
	struct strvec remotes = STRVEC_INIT;
	const char *remote = "origin";

	error_set(err, ERR_NOTFOUND, "object %s is not in this clone", hex);
	if (!err)
		return ERR_NOTFOUND;
	if (repo_remotes(r, &remotes, NULL) == ERR_OK && remotes.n > 0 &&
		!strvec_has(&remotes, remote))
		remote = remotes.v[0];
	if (!repo_is_shallow(r) && !is_partial(r, remote))
		error_hint(err, "see what else is gone, and fetch it from a "
				"clone that has it:\n"
				"  git fsck\n"
				"  git fetch --refetch <remote>");
	if (repo_is_shallow(r))
		error_hint(err,
			"git fetch --depth=2147483647 %s strack-ledger   "
			"# this clone is shallow",
			remote);
	if (is_partial(r, remote))
		error_hint(err,
			"git fetch --refetch --no-filter %s   "
			"# this clone is partial",
			remote);
	strvec_release(&remotes);
	return ERR_NOTFOUND;
}

/* Reads type and size.  A miss makes libgit2 look for new packs by itself;
 * any other failure may be a pack that `git gc` removed under us, so the
 * store is opened anew, once. */
static enum err header_read(struct repo *r, const struct oid *id,
	git_object_t *type, size_t *size, struct error *err)
{
	git_oid g = oid_to_git(id);
	char hex[OID_HEX + 1];
	int rc;

	rc = git_odb_read_header(size, type, r->odb, &g);
	if (rc < 0 && rc != GIT_ENOTFOUND) {
		enum err e = odb_open(r, err);

		if (e)
			return e;
		rc = git_odb_read_header(size, type, r->odb, &g);
	}
	if (rc == 0)
		return ERR_OK;
	oid_hex(id, hex);
	if (rc == GIT_ENOTFOUND)
		return missing(r, hex, err);
	return git_fail(err, ERR_BAD, "object %s can't be read", hex);
}

enum err object_stat(struct repo *r, const struct oid *id,
	enum object_type *type, uint64_t *size, struct error *err)
{
	git_object_t t = GIT_OBJECT_INVALID;
	size_t len = 0;
	enum err rc;

	rc = header_read(r, id, &t, &len, err);
	if (rc)
		return rc;
	*type = (enum object_type)t;
	*size = len;
	return ERR_OK;
}

static enum err body_read(struct repo *r, const struct oid *id,
	git_odb_object **ret, struct error *err)
{
	git_oid g = oid_to_git(id);
	char hex[OID_HEX + 1];
	int rc;

	rc = git_odb_read(ret, r->odb, &g);
	if (rc < 0 && rc != GIT_ENOTFOUND) {
		enum err e = odb_open(r, err);

		if (e)
			return e;
		rc = git_odb_read(ret, r->odb, &g);
	}
	if (rc == 0)
		return ERR_OK;
	oid_hex(id, hex);
	if (rc == GIT_ENOTFOUND)
		return missing(r, hex, err);
	return git_fail(err, ERR_BAD, "object %s is corrupt", hex);
}

static enum err type_check(const struct oid *id, git_object_t is,
	git_object_t want, struct error *err)
{
	char hex[OID_HEX + 1];

	if (is == want)
		return ERR_OK;
	oid_hex(id, hex);
	return error_set(err, ERR_BAD, "object %s is a %s and no %s", hex,
		git_object_type2string(is), git_object_type2string(want));
}

enum err object_get(struct repo *r, const struct oid *id, git_object_t type,
	size_t max, git_odb_object **ret, struct error *err)
{
	git_odb_object *o = NULL;
	git_object_t is = GIT_OBJECT_INVALID;
	char hex[OID_HEX + 1];
	size_t size = 0;
	enum err rc;

	rc = header_read(r, id, &is, &size, err);
	if (!rc)
		rc = type_check(id, is, type, err);
	if (rc)
		return rc;
	if (size > max) {
		oid_hex(id, hex);
		return error_set(err, ERR_TOOBIG,
			"object %s has %zu bytes, more than the %zu allowed",
			hex, size, max);
	}
	rc = body_read(r, id, &o, err);
	if (rc)
		return rc;
	/* another copy than the one whose header was read may answer */
	rc = type_check(id, git_odb_object_type(o), type, err);
	if (!rc && git_odb_object_size(o) > max)
		rc = error_set(err, ERR_TOOBIG, "object is too large");
	if (rc) {
		git_odb_object_free(o);
		return rc;
	}
	*ret = o;
	return ERR_OK;
}

enum err object_read(struct repo *r, const struct oid *id,
	enum object_type type, size_t max, struct buf *ret, struct error *err)
{
	git_odb_object *o = NULL;
	enum err rc;

	rc = object_get(r, id, (git_object_t)type, max, &o, err);
	if (rc)
		return rc;
	buf_add(ret, git_odb_object_data(o), git_odb_object_size(o));
	git_odb_object_free(o);
	return ERR_OK;
}

enum err object_read_again(struct repo *r, const struct oid *id,
	enum object_type type, struct buf *ret, struct error *err)
{
	git_odb_object *o = NULL;
	enum err rc;

	rc = body_read(r, id, &o, err);
	if (!rc)
		rc = type_check(
			id, git_odb_object_type(o), (git_object_t)type, err);
	if (!rc)
		buf_add(ret, git_odb_object_data(o), git_odb_object_size(o));
	git_odb_object_free(o);
	return rc;
}

/* ---- writing ---- */

enum err object_write(struct repo *r, enum object_type type, const void *data,
	size_t len, struct oid *ret, struct error *err)
{
	git_oid g;
	enum err rc = incoming_write(r, data, len, (git_object_t)type, &g, err);

	if (!rc)
		*ret = oid_from_git(&g);
	return rc;
}

enum err object_hash(enum object_type type, const void *data, size_t len,
	struct oid *ret, struct error *err)
{
	git_oid g;

	if (git_odb_hash(&g, data, len, (git_object_t)type) < 0)
		return git_fail(err, ERR_FATAL, "can't hash an object");
	*ret = oid_from_git(&g);
	return ERR_OK;
}

/* Reads an object back in full (a disk that filled up may have left half a
 * file) and names what must be synced: its file and that file's folder. */
static enum err object_look(struct repo *r, const struct oid *id,
	struct strvec *files, struct strvec *dirs, struct error *err)
{
	git_odb_object *o = NULL;
	char hex[OID_HEX + 1];
	char *dir;
	enum err rc;

	rc = body_read(r, id, &o, err);
	if (rc)
		return rc;
	git_odb_object_free(o);
	oid_hex(id, hex);
	dir = xstrfmt("%s/%.2s", r->objects_dir, hex);
	/* packed meanwhile, or in an alternate: git's affair, and missing */
	strvec_pushf(files, "%s/%s", dir, hex + 2);
	if (!strvec_has(dirs, dir))
		strvec_push(dirs, dir);
	free(dir);
	return ERR_OK;
}

enum err objects_sync(
	struct repo *r, const struct oidvec *ids, struct error *err)
{
	struct strvec files = STRVEC_INIT, dirs = STRVEC_INIT;
	enum err rc = ERR_OK;

	for (size_t i = 0; i < ids->n && !rc; i++)
		rc = object_look(r, &ids->v[i], &files, &dirs, err);
	for (size_t i = 0; i < dirs.n; i++)
		strvec_push(&files, dirs.v[i]);
	incoming_close(r);
	strvec_push(&files, r->objects_dir); /* a folder may be new itself */
	if (!rc)
		rc = files_sync(&files, err);
	strvec_release(&files);
	strvec_release(&dirs);
	return rc;
}

void objects_refresh(struct repo *r)
{
	/* When it fails, the old store stays and reads report what is wrong. */
	if (odb_open(r, NULL) != ERR_OK)
		git_error_clear();
}
